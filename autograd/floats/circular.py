"""Sine and cosine of multiples of pi, which reduce their operand exactly, and what is made of them."""

from __future__ import annotations

import math

from autograd.floats.elementary import INF, NAN, div, is_order, two_product

PI, PI_REST = math.pi, 1.2246467991473532e-16


def _within(x: float, period: float) -> float:
    """Remainder of a finite number by a whole period, up to half of it and what rounding a quotient takes."""
    if abs(x) < 1e15:  # the sum rounds to whole numbers; neither product nor difference rounds
        return x - period * ((x / period + 6755399441055744.0) - 6755399441055744.0)
    return math.remainder(x, period)


def sinpi(x: float) -> float:
    """Sine of pi x, which is reduced exactly; zero at whole numbers, with the sign of x."""
    if not math.isfinite(x):
        return NAN
    r = _within(x, 2.0)
    if abs(r) > 0.5:
        r = math.copysign(1.0, r) - r
    if r == 0.0:
        return math.copysign(0.0, x)
    if abs(r) > 0.25:
        return math.copysign(math.cos(PI * (0.5 - abs(r))), r)
    return _sine_of(r) if abs(r) > 1e-290 else PI * r


def _sine_of(r: float) -> float:
    """Sine of pi r for a small r, with what rounding the product lost."""
    t, lost = two_product(PI, r)
    y = math.sin(t)
    return y + (lost + r * PI_REST) * math.cos(t)


def cospi(x: float) -> float:
    """Cosine of pi x, which is reduced exactly; zero at the halves."""
    if not math.isfinite(x):
        return NAN
    r = abs(_within(x, 2.0))
    if r <= 0.25:
        return math.cos(PI * r)
    if r >= 0.75:
        return -math.cos(PI * (1.0 - r))
    return _sine_of(0.5 - r) if r != 0.5 else 0.0


RADIANS, RADIANS_REST = 0.017453292519943295, 2.9486522708701687e-19  # pi / 180


def _sine_of_degrees(r: float) -> float:
    """Sine of an angle in degrees from -45 to 45."""
    t = r * RADIANS
    if abs(r) < 1e-290:
        return t
    _, lost = two_product(r, RADIANS)
    return math.sin(t) + (lost + r * RADIANS_REST) * math.cos(t)


def sind(x: float) -> float:
    """Sine of an angle in degrees, which is reduced exactly: right at multiples of 30 and 90."""
    if not math.isfinite(x):
        return NAN
    r = _within(x, 360.0)
    if abs(r) > 90.0:
        r = math.copysign(180.0, r) - r
    if r == 0.0:
        return math.copysign(0.0, x)
    if abs(r) == 30.0:
        return math.copysign(0.5, r)
    return _sine_of_degrees(r) if abs(r) <= 45.0 else math.copysign(_cosine_of_degrees(90.0 - abs(r)), r)


def _cosine_of_degrees(r: float) -> float:
    """Cosine of an angle in degrees from -45 to 45."""
    return math.cos(r * RADIANS)


def cosd(x: float) -> float:
    """Cosine of an angle in degrees, which is reduced exactly: right at multiples of 60 and 90."""
    if not math.isfinite(x):
        return NAN
    r = abs(_within(x, 360.0))
    sign = 1.0
    if r > 90.0:
        r, sign = 180.0 - r, -1.0
    if r == 90.0:
        return 0.0
    if r == 60.0:
        return 0.5 * sign
    return sign * (_cosine_of_degrees(r) if r <= 45.0 else _sine_of_degrees(90.0 - r))


def tand(x: float) -> float:
    """Tangent of an angle in degrees, which is reduced exactly: right at multiples of 45 and 90."""
    if not math.isfinite(x):
        return NAN
    r = _within(x, 180.0)
    if abs(r) > 90.0:
        r -= math.copysign(180.0, r)
    if r == 0.0:
        return math.copysign(0.0, x)
    if abs(r) == 45.0:
        return math.copysign(1.0, r)
    if abs(r) <= 45.0:
        return _tangent_of_degrees(r)
    return math.copysign(div(1.0, _tangent_of_degrees(90.0 - abs(r))), r)


def _tangent_of_degrees(r: float) -> float:
    """Tangent of an angle in degrees from -45 to 45."""
    t = r * RADIANS
    if abs(r) < 1e-290:
        return t
    _, lost = two_product(r, RADIANS)
    y = math.tan(t)
    return y + (lost + r * RADIANS_REST) * (1.0 + y * y)


def sinc(x: float) -> float:
    """Quotient sin(pi x) / (pi x), whose divisor keeps its rounding error; 1 at zero."""
    if abs(x) < 1e-9:
        return 1.0
    if abs(x) > 1e290:
        return x if x != x else sinpi(x) / x if abs(x) < INF else 0.0
    t, lost = two_product(PI, x)
    y = sinpi(x) / t
    return y - y * ((lost + x * PI_REST) / t)


# By interpolation: of x**2, for x up to 0.65, the slope of sinc(x) over x. The last coefficient is first.
SINC_SLOPE = (
    3.2808172216075555e-09, -1.3134909604506056e-07, 4.049880626470051e-06, -9.76622111138817e-05,
    0.0017811455126320102, -0.023460810354135254, 0.20918278254121092, -1.1445109447325044,
    3.2469697011334144, -3.289868133696453,
)  # fmt: skip


def _sinc_slope(x: float) -> float:
    """Derivative of `sinc` at a finite number: (cos(pi x) - sinc(x)) / x, by one reduction of its operand."""
    if abs(x) < 0.65:
        y, square = 0.0, x * x
        for c in SINC_SLOPE:
            y = y * square + c
        return x * y
    if abs(x) > 1e290:
        return cospi(x) / x
    r = _within(abs(x), 2.0)
    a = abs(r)
    rest = 1.0 - a if a > 0.5 else a
    beside = rest if rest <= 0.25 else 0.5 - rest
    t, lost = two_product(PI, beside)
    cosine = math.cos(t)
    sine = math.sin(t) + (lost + beside * PI_REST) * cosine
    if rest > 0.25:
        sine, cosine = cosine, sine
    t, lost = two_product(PI, abs(x))
    y = sine / t
    y -= y * ((lost + abs(x) * PI_REST) / t)
    return ((-cosine if a > 0.5 else cosine) - (y if r > 0.0 else -y)) / x


def sinc_derivative(x: float, order: float) -> float:
    """Derivative of `sinc` of a whole order: that of sin(t) / t, times powers of pi."""
    if not is_order(order) or x != x:
        return NAN
    if abs(x) == INF:
        return 0.0
    n = left_over = int(order)
    if n < 2:
        return sinc(x) if n == 0 else _sinc_slope(x)
    a = abs(x)
    # Next to zero an odd derivative is a multiple of the operand, which as a subnormal has few digits.
    scale = 2.0**600 if a < 1e-290 and n % 2 == 1 else 1.0
    a *= scale
    # The powers of pi in pairs; but where the operand is huge, one of them goes with it.
    t, sine, cosine = PI * a, sinpi(a), cospi(a)
    if a > 1e290:
        y, left_over = _of_sine(n, sine, cosine) / a, n - 1
    else:
        y = quotient_derivative(t, n, sine, cosine)
    power, rest = 1.0, 0.0
    for _ in range(left_over):
        power, lost = two_product(power, PI)
        rest = rest * PI + lost + power / PI * PI_REST
    y = (y * power + y * rest if power < 1e280 else y * power) / scale
    return -y if x < 0.0 and n % 2 == 1 else y


def quotient_derivative(t: float, n: int, sine: float, cosine: float) -> float:
    """Derivative of order n > 0 of sin(t) / t at t >= 0, where sine and cosine are known.

    The derivatives f of sin(t) / t obey t f(n) = g(n) - n f(n - 1), where g are those of the sine. That is
    used from the order 0 on where t is large, and backwards, from an order so high that nothing is left of
    it, elsewhere (DLMF 10.51.2 is of this kind).
    """
    if t > n + 1.0:
        y = sine / t
        for k in range(1, n + 1):
            y = (_of_sine(k, sine, cosine) - k * y) / t
        return y
    last, left = n, 1.0
    while left > 1e-19 or last < n + 3:
        last += 1
        left *= t / last
    y = 0.0
    for k in range(last, n, -1):
        y = (_of_sine(k, sine, cosine) - t * y) / k
    return y


def _of_sine(k: int, sine: float, cosine: float) -> float:
    """Derivative of the sine of order k."""
    quarter = k % 4
    return sine if quarter == 0 else cosine if quarter == 1 else -sine if quarter == 2 else -cosine
