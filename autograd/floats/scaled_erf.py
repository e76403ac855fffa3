"""Error functions beside their exponentials: scaled ones, their logarithms, and that of imaginary numbers.

The derivatives of exp(x**2) erfc(x) are, but for a factor, repeated integrals of erfc (DLMF 7.18.3). Of one
sign each, they fall fast for positive x: there a continued fraction gives the ratio of each to the one before
(DLMF 7.18.7), and their product loses nothing. For negative x that recurrence is a sum of one sign.

Those of the logarithms are sums of products of such ratios, or polynomials in the first one. Their terms
cancel out, hence pairs of floats.
"""

from __future__ import annotations

import math

from autograd.floats.bessel import _over, _sum, _times
from autograd.floats.dawson import _asymptotic, both
from autograd.floats.elementary import INF, NAN, is_order, two_product, two_sum
from autograd.floats.gaussian import FRACTION, _times_gaussian

_TWO_INV_ROOT_PI, _TWO_INV_ROOT_PI_REST = 1.1283791670955126, 1.533545961316588e-17
_ROOT_PI, _ROOT_PI_REST = 1.772453850905516, -7.666586499825799e-17
LOG_ORDER = 30.0
"""The largest order of a logarithm's derivative: each takes all lower ones."""
_NEAR = 0.36
"""From here on the continued fraction of erfc serves."""
_FEW = 0.6
"""Below this number the first derivative is a difference that loses next to nothing."""
_MIDDLE = 3.0
"""Up to here, and down to as far below zero, the series in pairs of floats serve."""


def _beside(x: float) -> tuple[float, float]:
    """Give in two parts what is beside x in erfcx(x) = 1 / (sqrt(pi) (x + ...)), x >= 0.36, DLMF 7.9.1."""
    if x >= 30.0:
        return _over(0.5, 0.0, x + 1.0 / (x + 1.5 / (x + 2.0 / (x + 2.5 / (x + 3.0 / x)))), 0.0)
    u, p = (x - 2.1213203435596424) / (x + 2.1213203435596424), 0.0
    for coefficient in FRACTION:
        p = p * u + coefficient
    d, d_low = two_sum(2.0 * x, 2.8284271247461903)
    return _over(p, 0.0, d, d_low)


def _scaled(x: float) -> tuple[float, float]:
    """Give erfcx(x) for 0.36 <= x < 1e150 in two parts."""
    rest, low = _beside(x)
    d, d_low = two_sum(x, rest)
    d_low += low
    q, q_low = _times(d, d_low, _ROOT_PI, _ROOT_PI_REST)
    return _over(1.0, 0.0, q, q_low)


def erfcx(x: float) -> float:
    """Scaled complementary error function exp(x**2) erfc(x)."""
    if x < _NEAR:
        if x < -27.0:
            return INF
        square, lost = two_product(x, x)
        half = math.exp(0.5 * square) if square > 700.0 else 1.0
        y = half * math.erfc(x) * half if half > 1.0 else math.exp(square) * math.erfc(x)
        return y + y * lost if y < INF else y
    if x > 1e150:
        return 0.5 * _TWO_INV_ROOT_PI / x
    if x != x:
        return x
    y, low = _scaled(x)
    return y + low


def _ratio(x: float, n: int) -> float:
    """Quotient of the derivatives of erfcx of orders n and n - 1, with the other sign, for x >= 0.25."""
    # What is left of the start after k steps more is about exp(-2 x (sqrt(2 (n + k)) - sqrt(2 n))).
    r, root = 0.0, math.sqrt(2.0 * n) + 19.0 / x
    for k in range(10 + n + int(0.5 * root * root - n), n - 1, -1):
        r = k / (x + 0.5 * r)
    return r


def erfcx_derivative(x: float, order: float) -> float:
    """Derivative of a whole order of the scaled complementary error function."""
    if not is_order(order) or x != x:
        return NAN
    n = int(order)
    if n == 0:
        return erfcx(x)
    if abs(x) == INF:
        return INF if x < 0.0 and n % 2 == 0 else -INF if x < 0.0 else 0.0 if n % 2 == 0 else -0.0
    if n == 1 and _FEW <= x < 1e150:
        rest, low = _beside(x)
        d, d_low = two_sum(x, rest)
        q, q_low = _over(rest, low, d, d_low)
        y, y_low = _times(q, q_low, -_TWO_INV_ROOT_PI, -_TWO_INV_ROOT_PI_REST)
        return y + y_low
    y = erfcx(x)
    if x >= _FEW or (n > 1 and x >= 0.25):
        r = _ratio(x, n)
        product = r
        for k in range(n - 1, 0, -1):
            r = k / (x + 0.5 * r)
            product *= r
        return -(y * product) if n % 2 == 1 else y * product
    before, slope = y, _first_slope(x, y)
    for k in range(1, n):
        before, slope = slope, 2.0 * x * slope + 2.0 * k * before
    return slope


def _first_slope(x: float, y: float) -> float:
    """Derivative of erfcx, whose value is y, below 0.6."""
    if y > 1e280:
        return 2.0 * x * y
    p, lost = two_product(2.0 * x, y)
    d, rest = two_sum(p, -_TWO_INV_ROOT_PI)
    return d + (rest + lost - _TWO_INV_ROOT_PI_REST)


def logerfcx(x: float) -> float:
    """Logarithm of `erfcx`."""
    if abs(x) > 1e150:
        return x * x if x < 0.0 else -math.log(x) - 0.5723649429247001 if x < INF else -INF
    if x < _NEAR:
        square, lost = two_product(x, x)
        return square + (math.log1p(-math.erf(x)) + lost)
    if x != x:
        return x
    y, low = _scaled(x)
    return math.log(y) + low / y


def logerfc(x: float) -> float:
    """Logarithm of the complementary error function."""
    if x < _NEAR:
        return math.log1p(-math.erf(x))
    if x > 1e150:
        return -(x * x)
    if x != x:
        return x
    square, lost = two_product(x, x)
    return -square + (logerfcx(x) - lost)


def _hazard(x: float) -> tuple[float, float]:
    """Give 2 / (sqrt(pi) erfcx(x)), the slope of -log(erfc(x)), in two parts, for abs(x) up to 3.

    By exp(x**2) and 2 / sqrt(pi) times the series of exp(x**2) erf(x) (DLMF 7.6.2), both of positive terms.
    """
    square, square_low = two_product(x, x)
    power, power_low, term, term_low, k = 1.0, 0.0, 1.0, 0.0, 0.0
    whole, whole_low, part, part_low = 1.0, 0.0, 1.0, 0.0
    while part > 1e-33 * whole:
        k += 1.0
        term, term_low = _times(term, term_low, square, square_low)
        term, term_low = _over(term, term_low, k, 0.0)
        power, power_low = _sum(power, power_low, term, term_low)
        part, part_low = _times(part, part_low, square, square_low)
        part, part_low = _over(part, part_low, k + 0.5, 0.0)
        whole, whole_low = _sum(whole, whole_low, part, part_low)
    whole, whole_low = _times(whole, whole_low, x, 0.0)
    power, power_low = _times(power, power_low, 0.5 * _ROOT_PI, 0.5 * _ROOT_PI_REST)
    d, d_low = _sum(power, power_low, -whole, -whole_low)
    return _over(1.0, 0.0, d, d_low)


def _log_slopes(x: float, n: int) -> tuple[float, float]:
    """Give the derivative of order n of logerfc up to 3 in two parts.

    The first one is q = -2 / (sqrt(pi) erfcx(x)); the others follow from q' = -q (2 x + q).
    """
    if x < -_MIDDLE:
        first, first_low = _times_gaussian(-_TWO_INV_ROOT_PI / math.erfc(x), x, 1.0), 0.0
        # The others are its products; it may be subnormal where they are not.
        scale = 1.0
        if n > 1 and abs(first) < 1e-250:
            scale = 2.0**200
            half = math.exp(-0.5 * x * x) if x > -40.0 else 0.0
            first = -0.5 * _TWO_INV_ROOT_PI * half * scale * half
            _, lost = two_product(x, x)
            first -= first * lost
    else:
        first, first_low = _hazard(x)
        first, first_low, scale = -first, -first_low, 1.0
    high, low = [first], [first_low]
    for k in range(1, n):
        total, total_low, ways = 0.0, 0.0, 1.0
        for j in range(k):
            # The other factor is the derivative of order j of 2 x + q.
            g, g_low = high[j] / scale, low[j] / scale
            if j == 0:
                g, g_low = _sum(2.0 * x, 0.0, g, g_low)
            elif j == 1:
                g, g_low = _sum(2.0, 0.0, g, g_low)
            p, p_low = _times(high[k - 1 - j], low[k - 1 - j], g, g_low)
            p, p_low = _times(p, p_low, -ways, 0.0)
            total, total_low = _sum(total, total_low, p, p_low)
            ways = ways * (k - 1 - j) / (j + 1)
        high.append(total)
        low.append(total_low)
    return high[n - 1] / scale, low[n - 1] / scale


def _scaled_log_slope(x: float, n: int) -> float:
    """Derivative of order n of logerfcx from 3 on, from the ratios of those of erfcx to it."""
    if x > 1e5:
        # Of -log(x) - 1 / (2 x**2).
        y = -1.0 / x
        for k in range(1, n):
            y *= -(k / x)
        return y - y * (0.5 * n * (n + 1) / x / x)
    shares, shares_low, high, low = [1.0], [0.0], [0.0], [0.0]
    ratios, ratios_low = [0.0] * (n + 1), [0.0] * (n + 1)
    r, r_low, root = 0.0, 0.0, math.sqrt(2.0 * n) + 38.0 / x
    for k in range(10 + n + int(0.5 * root * root - n), 0, -1):
        d, d_low = _sum(x, 0.0, 0.5 * r, 0.5 * r_low)
        r, r_low = _over(float(k), 0.0, d, d_low)
        if k <= n:
            ratios[k], ratios_low[k] = r, r_low
    for k in range(1, n + 1):
        s, s_low = _times(-shares[k - 1], -shares_low[k - 1], ratios[k], ratios_low[k])
        shares.append(s)
        shares_low.append(s_low)
        total, total_low, ways = s, s_low, 1.0
        for j in range(1, k):
            # ways is how many choices there are of j - 1 of k - 1.
            p, p_low = _times(high[j], low[j], shares[k - j], shares_low[k - j])
            p, p_low = _times(p, p_low, -ways, 0.0)
            total, total_low = _sum(total, total_low, p, p_low)
            ways = ways * (k - j) / j
        high.append(total)
        low.append(total_low)
    return high[n] + low[n]


def logerfc_derivative(x: float, order: float, square: float) -> float:
    """Derivative of a whole order of square times x**2 and the logarithm of the complementary error function.

    With square = 1 that is the logarithm of the scaled function.
    """
    if not is_order(order) or order > LOG_ORDER or square not in (0.0, 1.0) or x != x:
        return NAN
    n = int(order)
    if n == 0:
        return logerfcx(x) if square == 1.0 else logerfc(x)
    # What the square adds.
    other = 2.0 * x if n == 1 else 2.0 if n == 2 else 0.0
    if x < _MIDDLE:
        if x < -40.0:
            return other if square == 1.0 and n < 3 else -0.0 if n == 1 else 0.0
        y, low = _log_slopes(x, n)
        if square == 1.0:
            y, low = _sum(y, low, other, 0.0)
        return y + low
    y = _scaled_log_slope(x, n) if x < INF else -0.0 if n % 2 == 1 else 0.0
    return y if square == 1.0 else y - other


# Of imaginary numbers.


def erfi(x: float) -> float:
    """Imaginary error function -i erf(i x)."""
    a = abs(x)
    if a < 7.0:
        if a < 1e-150:
            return _TWO_INV_ROOT_PI * x
        # Dawson's integral times exp(x**2)
        y, low, _ = both(a)
        y, low = _times(y, low, _TWO_INV_ROOT_PI, _TWO_INV_ROOT_PI_REST)
        square, lost = two_product(a, a)
        power = math.exp(square)
        p, rest = two_product(power, y)
        return math.copysign(p + (rest + power * low + p * lost), x)
    if not a < 27.0:
        return x if x != x else math.copysign(INF, x)
    square, lost = two_product(x, x)
    y, low = _over(0.5 * _TWO_INV_ROOT_PI, 0.5 * _TWO_INV_ROOT_PI_REST, x, 0.0)
    more = _asymptotic(a, 0) + lost
    if square < 650.0:
        power = math.exp(square)
        p, rest = two_product(power, y)
        return p + (rest + power * low + p * more)
    half = math.exp(0.5 * square)
    p, rest = two_product(half, y)
    p += rest + half * low + p * more
    return p * half


def exp_square(x: float) -> float:
    """exp(x**2)."""
    if not abs(x) < 27.0:
        return x if x != x else INF
    square, lost = two_product(x, x)
    half = math.exp(0.5 * square) if square > 700.0 else 1.0
    if half > 1.0:
        return (half + half * lost) * half
    y = math.exp(square)
    return y + y * lost
