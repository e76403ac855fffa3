"""The error functions and their relatives, with the rounding error of x**2 made good.

exp(-x**2) magnifies a relative error of its exponent x**2 times: 700 ulp in the tail. Hence pairs of floats.
"""

# ruff: noqa: PLR0124 - NaN alone differs from itself

from __future__ import annotations

import math

from autograd.special import INF, two_product

_INV_SQRT_PI = 0.5641895835477563
_TWO_INV_SQRT_PI = 1.1283791670955126
_INV_SQRT_2PI = 0.3989422804014327
_SQRT_HALF, _SQRT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17


def _times_gaussian(c: float, x: float, scale: float, less: float = 0.0) -> float:
    """Product c exp(-x**2 / scale) (1 - less) for a scale of 1 or 2; no underflow unless the product does."""
    if abs(x) > 1e3:
        return x if x != x else 0.0 * math.copysign(1.0, c)
    square, lost = two_product(x, x)
    less += lost / scale
    if square < 500.0:
        p = c * math.exp(-square / scale)
        return p - p * less
    half = math.exp(-0.5 * square / scale)
    p = c * half
    return (p - p * less) * half


def gaussian(x: float, order: float, scale: float) -> float:
    """Derivative of exp(-x**2 / scale) of a whole order, by the recurrence of Hermite's polynomials."""
    if abs(x) == INF:
        return 0.0
    before, polynomial = 0.0, 1.0
    for n in range(int(order)):
        before, polynomial = polynomial, -2.0 / scale * (x * polynomial + n * before)
    return _times_gaussian(polynomial, x, scale)


def _erfcx(x: float) -> float:
    """Product exp(x**2) erfc(x) for x >= 2, by the continued fraction DLMF 7.9.2 (all its terms are positive)."""
    t = x
    for k in range(60 if x < 4.0 else 24, 0, -1):
        t = x + 0.5 * k / t
    return _INV_SQRT_PI / t


def erfc(x: float) -> float:
    """Complementary error function."""
    return _times_gaussian(_erfcx(x), x, 1.0) if x > 2.0 else math.erfc(x)


def _half_erfc(x: float) -> float:
    """Half of erfc(-x / sqrt(2)) for x > -1.75: the error of x / sqrt(2) made good by the derivative."""
    t, lost = two_product(-x, _SQRT_HALF)
    lost -= x * _SQRT_HALF_REST
    return 0.5 * (math.erfc(t) - _TWO_INV_SQRT_PI * math.exp(-t * t) * lost)


def _tail(x: float) -> float:
    """The r in normal_cdf(-x) = density(x) / (x + r), x > 1.75: a continued fraction of positive terms, DLMF 7.9.1."""
    r = 0.0
    for k in range(120 if x < 4.0 else 40, 0, -1):
        r = k / (x + r)
    return r


def normal_cdf(x: float) -> float:
    """Distribution function of the standard normal law."""
    if abs(x) > 1e3:
        return 1.0 if x > 0.0 else 0.0
    return _times_gaussian(_INV_SQRT_2PI / (_tail(-x) - x), x, 2.0) if x < -1.75 else _half_erfc(x)


def gelu(x: float) -> float:
    """Product of x and `normal_cdf`."""
    if abs(x) > 1e3:
        return x if x > 0.0 else -0.0
    if x >= -1.75:
        return x * _half_erfc(x)
    r = _tail(-x)
    return _times_gaussian(-_INV_SQRT_2PI, x, 2.0, r / (r - x))
