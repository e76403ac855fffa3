"""The error functions and their relatives, with the rounding error of x**2 made good.

exp(-x**2) magnifies a relative error of its exponent x**2 times: 700 ulp in the tail. Hence pairs of floats.
"""



from __future__ import annotations

import math
from decimal import Decimal, localcontext

from autograd.floats.elementary import INF, NAN, is_order, two_product, two_sum
from autograd.floats.gamma import DIGITS, PI

_TWO_INV_SQRT_PI, _INV_SQRT_2PI = 1.1283791670955126, 0.3989422804014327
_SQRT_HALF, _SQRT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17


def _times_gaussian(c: float, x: float, scale: float) -> float:
    """Product c exp(-x**2 / scale) for a scale of 1 or 2; no underflow unless the product does."""
    if abs(x) > 1e3:
        return x if x != x else 0.0 * math.copysign(1.0, c)
    square, lost = two_product(x, x)
    lost /= scale
    if square < 500.0:
        p = c * math.exp(-square / scale)
        return p - p * lost
    half = math.exp(-0.5 * square / scale)
    p = c * half
    return (p - p * lost) * half


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
# fraction (DLMF 7.9.1), is the polynomial below in u = A - B / (x + C): its Chebyshev interpolant on 1 < x <
# 36. As R is at most a third of x + R, the polynomial's rounding errors hardly count.
_A, _B, _C = 1.2, 7.7, 2.5
_R = (
    0.22955947850709338, -0.25770663904795393, 0.052168546146597765, 0.009957870052726261,
    -0.0060266054606746685, -0.0011304535206450126, 0.000838186795797225, 0.0002202819734053682,
    -0.00011691289921440635, -5.030932647730588e-05, 1.3048887717737238e-05, 1.0884452785965036e-05,
    -2.8629715341095435e-07, -1.975034000943089e-06, -3.909159103800347e-07, 2.5156853016271777e-07,
    1.3397877259226521e-07, -6.6903008236202555e-09, -2.5772545283120275e-08, -6.368501735759139e-09,
    2.881477505749939e-09, 1.6671718641866898e-09, -1.3093718127873087e-10, -1.6670016639648474e-10,
)  # fmt: skip
_HIGHEST_FIRST = _R[:0:-1]
# For each scale s: sqrt(2 / s), sqrt(s / 2), and sqrt(s pi) in two parts.
_CONSTANTS = {
    1: (math.sqrt(2.0), math.sqrt(0.5), 1.772453850905516, -7.666586499825799e-17),
    2: (1.0, 1.0, 2.5066282746310007, -1.8328579980459167e-16),
}


def _tail(x: float, scale: int, factor: float = 1.0) -> float:
    """Product of ``factor``, 1 / sqrt(scale pi) and the integral of exp(-t**2 / scale) 2 / scale from x > 1.

    That is erfc(x) for a scale of 1 and the normal law's tail for a scale of 2. Every step but the
    exponential keeps its rounding error.
    """
    square, lost = two_product(x, x)
    if square > 600.0 * scale:
        return _far_tail(x, scale, factor)
    to_normal, from_normal, root, root_rest = _CONSTANTS[scale]
    u = _A - _B / (to_normal * x + _C)
    p = 0.0
    for coefficient in _HIGHEST_FIRST:
        p = p * u + coefficient
    r, r_rest = two_sum(_R[0], p * u)
    d, d_rest = two_sum(x, r * from_normal)
    d_rest += r_rest * from_normal
    n, n_rest = two_product(math.exp(-square / scale), factor)
    q, q_rest = two_product(d, root)
    q_rest += d * root_rest + d_rest * root
    y = n / q
    p, p_rest = two_product(y, q)
    return y + (((n - p) - p_rest + n_rest - y * q_rest) / q - y * (lost / scale))


def _far_tail(x: float, scale: int, factor: float) -> float:
    """Give `_tail` where it comes near the end of the range: decimal numbers keep what underflow takes."""
    r = 0.0
    for k in range(20, 0, -1):
        r = 0.5 * scale * k / (x + r)
    with localcontext(DIGITS):
        numerator = Decimal(factor) * (Decimal(x) ** 2 / -scale).exp()
        return float(numerator / (Decimal(x) + Decimal(r)) / (scale * PI).sqrt())


def erfc(x: float) -> float:
    """Complementary error function."""
    if x > 30.0:
        return 0.0
    return _tail(x, 1) if x > 2.0 else math.erfc(x)


def _half_erfc(x: float) -> float:
    """Half of erfc(-x / sqrt(2)) for x >= -1: the error of x / sqrt(2) made good by the derivative."""
    t, lost = two_product(-x, _SQRT_HALF)
    lost -= x * _SQRT_HALF_REST
    return 0.5 * (math.erfc(t) - _TWO_INV_SQRT_PI * math.exp(-t * t) * lost)


def normal_cdf(x: float) -> float:
    """Distribution function of the standard normal law."""
    if abs(x) > 40.0:
        return 1.0 if x > 0.0 else 0.0
    return _tail(-x, 2) if x < -1.0 else _half_erfc(x)


def gelu(x: float) -> float:
    """Product of x and `normal_cdf`."""
    if abs(x) > 40.0:
        return x if x > 0.0 else -0.0
    return _tail(-x, 2, x) if x < -1.0 else x * _half_erfc(x)


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
