"""The error functions and their relatives, with the rounding error of x**2 made good.

exp(-x**2) magnifies a relative error of its exponent x**2 times: 700 ulp in the tail. Hence pairs of floats.
"""

# ruff: noqa: PLR0124 - NaN alone differs from itself

from __future__ import annotations

import math
from decimal import Decimal, localcontext

from autograd.gamma import DIGITS, PI
from autograd.special import INF, two_product

_TWO_INV_SQRT_PI = 1.1283791670955126
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


def gaussian(x: float, order: float, scale: float) -> float:
    """Derivative of exp(-x**2 / scale) of a whole order, by the recurrence of Hermite's polynomials."""
    if abs(x) == INF:
        return 0.0
    before, polynomial = 0.0, 1.0
    for n in range(int(order)):
        before, polynomial = polynomial, -2.0 / scale * (x * polynomial + n * before)
    return _times_gaussian(polynomial, x, scale)


def _tail(x: float, scale: int, factor: float = 1.0) -> float:
    """Product of ``factor`` and 1 / sqrt(scale pi) times the integral of exp(-t**2 / scale) 2 / scale from x > 1 on.

    The continued fraction DLMF 7.9.1, all of whose terms are positive. That is erfc(x) for a scale of 1 and
    the normal law's tail for a scale of 2. Decimal numbers keep what underflow takes from the exponential.
    """
    r = 0.0
    for k in range(400 if x < 2.0 else 120 if x < 4.0 else 50, 0, -1):
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
