"""The error functions and their relatives, with the rounding error of x**2 made good.

exp(-x**2) magnifies a relative error of its exponent x**2 times: 700 ulp in the tail. Hence pairs of floats.
"""



from __future__ import annotations

import math

from autograd.floats.elementary import INF, NAN, is_order, two_product, two_sum

_INV_SQRT_2PI = 0.3989422804014327


def _times_gaussian(c: float, x: float, scale: float) -> float:
    """Product c exp(-x**2 / scale) for a scale of 1 or 2; no underflow unless the product does."""
    if abs(x) > 1e3:
        return x if x != x else 0.0 * math.copysign(1.0, c)
    square, lost = two_product(x, x)
    far = square >= 500.0  # there the exponential is applied in two halves
    power = math.exp((-0.5 * square if far else -square) / scale)
    p = c * power
    p -= p * (lost / scale)
    return p * power if far else p


def _hermite(x: float, order: int, scale: float) -> tuple[float, float]:
    """Factor of exp(-x**2 / scale) in its derivative of that order, in two parts.

    They are right next to the polynomial's zeros, too.
    """
    c = -2.0 / scale
    before, polynomial = (0.0, 0.0), (1.0, 0.0)
    for n in range(order):
        p, q = two_product(x, polynomial[0])
        m, r = two_product(float(n), before[0])
        s, t = two_sum(p, m)
        t += q + r + x * polynomial[1] + n * before[1]
        before, polynomial = polynomial, (c * s, c * t)
    return polynomial


def gaussian(x: float, order: float, scale: float) -> float:
    """Derivative of exp(-x**2 / scale) of a whole order, by Hermite's recurrence (DLMF 18.9.1)."""
    if not is_order(order) or not scale > 0.0:
        return NAN
    if abs(x) == INF:
        return 0.0
    if order == 0.0:
        return _times_gaussian(1.0, x, scale)
    if order == 1.0:
        return _times_gaussian(-2.0 / scale * x, x, scale)
    high, low = _hermite(x, int(order), scale) if abs(x) <= 1e3 else (x, 0.0)
    return _times_gaussian(high + low, x, scale)


# exp(x**2 / 2) times the integral of exp(-t**2 / 2) from x on is 1 / (x + R(x)), and R(x), a continued
# fraction (DLMF 7.9.1), is the polynomial below in u = (x - 3) / (x + 3), divided by x + 2: its Chebyshev
# interpolant on 0.5 < x < 45. The first coefficient is that of the highest power.
FRACTION = (
    1.7068841975369062e-07, -3.004257599527761e-07, -1.0904844616048148e-06, 9.059169273969715e-07,
    4.82452431353622e-06, 2.1701452991769484e-06, -1.4916423933508207e-05, -2.6201617582917015e-05,
    2.5227830533117907e-05, 0.0001170302725806736, 2.2619816611059523e-05, -0.00035937068891826106,
    -0.00034974555868526146, 0.000850679878478174, 0.0015972665816134301, -0.0015902575099377668,
    -0.0054667669115487354, 0.002286132510108365, 0.01664264784714263, -0.002689965724635728,
    -0.049771296725770665, 0.00975430445170461, 0.15761017439395278, -0.125953843469249,
    -0.41818367397542433, 1.4154932746521824,
)  # fmt: skip
# What the normal law's distribution function has beyond 1/2, divided by x, as a polynomial in x**2, for x up
# to 0.5.
CENTRAL = (
    -3.8933233225991865e-08, 6.650101104334696e-07, -9.444446258157116e-06, 0.00011543466209333412,
    -0.001187328213794146, 0.009973557009981067, -0.06649038006690478, 0.3989422804014327,
)  # fmt: skip


def _tail(x: float, scale: float, factor: float) -> float:
    """Product of a factor, 1 / sqrt(scale pi) and the integral of exp(-t**2 / scale) 2 / scale from x on.

    That is erfc(x) for a scale of 1 and the normal law's tail for a scale of 2. Every step but the
    exponential keeps its rounding error; far out that one is applied in two halves, lest it lack digits
    before the product does.
    """
    ratio = 1.4142135623730951 if scale == 1.0 else 1.0
    root = 1.772453850905516 if scale == 1.0 else 2.5066282746310007  # sqrt(scale pi), in two parts
    root_rest = -7.666586499825799e-17 if scale == 1.0 else -1.8328579980459167e-16
    z = x * ratio
    u, p = (z - 3.0) / (z + 3.0), 0.0
    for coefficient in FRACTION:
        p = p * u + coefficient
    d, d_rest = two_sum(x, p / (z + 2.0) / ratio)
    q, q_rest = two_product(d, root)
    q_rest += d * root_rest + d_rest * root
    square, lost = two_product(x, x)
    far = square > 700.0 * scale
    power = math.exp((-0.5 * square if far else -square) / scale)
    n, n_rest = two_product(power, factor)
    y = n / q
    p, p_rest = two_product(y, q)
    y += ((n - p) - p_rest + n_rest - y * q_rest) / q - y * (lost / scale)
    return y * power if far else y


def _central(x: float) -> float:
    """What the normal law's distribution function has beyond 1/2, for abs(x) up to 0.5."""
    p, square = 0.0, x * x
    for coefficient in CENTRAL:
        p = p * square + coefficient
    return x * p


def erfc(x: float) -> float:
    """Complementary error function."""
    if x > 30.0:
        return 0.0
    return _tail(x, 1.0, 1.0) if x > 2.0 else math.erfc(x)


def normal_cdf(x: float) -> float:
    """Distribution function of the standard normal law."""
    a = abs(x)
    if a <= 0.5:
        return 0.5 + _central(x)
    tail = 0.0 if a > 40.0 else _tail(a, 2.0, 1.0)
    return 1.0 - tail if x > 0.0 else tail


def gelu(x: float) -> float:
    """Product of x and `normal_cdf`."""
    if abs(x) > 40.0:
        return x if x > 0.0 else -0.0
    return _tail(-x, 2.0, x) if x < -0.5 else x * normal_cdf(x)


def gelu_slope(x: float, order: float) -> float:
    """Derivative of `gelu` of a whole order from 1.

    From the second order on it is the difference of two derivatives of the density.
    """
    if not is_order(order) or order == 0.0:
        return NAN
    if order == 1.0:
        return normal_cdf(x) - _INV_SQRT_2PI * gaussian(x, 1.0, 2.0)
    if abs(x) > 1e3:
        return x if x != x else 0.0
    high, low = _hermite(x, int(order) - 2, 2.0)
    less, least = _hermite(x, int(order), 2.0)
    difference, rest = two_sum(high, -less)
    return _times_gaussian(_INV_SQRT_2PI * (difference + (rest + low - least)), x, 2.0)
