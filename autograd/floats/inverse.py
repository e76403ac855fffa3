"""Inverses of the error functions, and the scaled error function.

Where an inverse is steep its derivative, an exponential of its square, magnifies its rounding error. So what
the result, as a float, lacks is found with it: one step of Newton's method tells.
"""

from __future__ import annotations

import math
from functools import lru_cache

from autograd.floats.elementary import INF, NAN, two_product, two_sum
from autograd.floats.gaussian import _tail, erfc, gaussian, normal_cdf

_HALF_SQRT_PI, _TWO_INV_SQRT_PI, _SQRT_2PI = 0.8862269254527580, 1.1283791670955126, 2.5066282746310002
_SQRT_HALF, _MUCH = 0.7071067811865476, 2.0**200


# As polynomials by interpolation: of sqrt(-2 log(p)) the quantile of p, up to 4.4 and to 9; of the square of
# the error function, up to 1/2, its inverse over it. The last coefficient is first.
_TO_FOUR = (
    6.707988502881196e-06, -0.0002021412959551639, 0.002716351805661919, -0.021461778715497294,
    0.11068420421084464, -0.3912866310476615, 0.9705805385107309, -1.7109208345452454, 3.2029550093197754,
    -2.4324853704888705,
)  # fmt: skip
_TO_NINE = (
    -1.4929858241720876e-06, 7.147319990921502e-05, -0.0014642975982408276, 0.016738935370765262,
    -0.11685473080323751, 1.5170655098540091, -1.5608507480102234,
)  # fmt: skip
_MIDDLE = (
    0.09744709100615317, 0.029879802093704128, 0.06896367937208363, 0.08618737360781972,
    0.12757172755743224, 0.23201342070144965, 0.8862269260812957,
)  # fmt: skip
_CLOSE = 1e-6
"""A step of so little of the whole leaves less than a float's last bit: its error is of the third order."""


def _normal_start(p: float) -> float:
    """Quantile of a probability below 0.3 to six digits; far out to a few (Abramowitz, Stegun 26.2.23)."""
    t, y = math.sqrt(-2.0 * math.log(p)), 0.0
    if t < 4.4:
        for c in _TO_FOUR:
            y = y * t + c
        return y
    if t < 9.0:
        for c in _TO_NINE:
            y = y * t + c
        return y
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    return t - above / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))


def _of_far_tail(q: float, scale: int) -> tuple[float, float]:
    """Where the tail of exp(-y**2 / scale) is q < 1e-240: a float, and what it lacks.

    Both are multiplied by so much that neither is subnormal; the slope is by a continued fraction (DLMF
    7.9.1).
    """
    y, d, half = _normal_start(q), 1.0, 0.5 * scale
    if scale == 1:
        y *= _SQRT_HALF
    for _ in range(8):
        d = math.log(_tail(y, scale, _MUCH) / (q * _MUCH))
        d *= half / (y + half / (y + 2.0 * half / (y + 3.0 * half / (y + 4.0 * half / y))))
        z = y + d
        if z == y or abs(d) < 1e-15 * y:
            return z, (y - z) + d
        y = z
    return y, 0.0


def _of_tail(q: float) -> tuple[float, float]:
    """Where erfc is q, for 0 < q < 1/2: a float, and what it lacks.

    Newton's steps are of the logarithm, which is nearly a parabola.
    """
    if q < 1e-240:
        return _of_far_tail(q, 1)
    y, d = _normal_start(0.5 * q) * _SQRT_HALF, 1.0
    for _ in range(4):
        tail = erfc(y)
        slope = _TWO_INV_SQRT_PI * gaussian(y, 0.0, 1.0)
        ratio = tail / slope
        d = math.log(tail / q) if abs(tail - q) > 0.01 * q else math.log1p((tail - q) / q)
        d *= ratio
        # The second derivative of the logarithm.
        d /= 1.0 - 0.5 * d * (2.0 * y - 1.0 / ratio)
        z = y + d
        if abs(d) < _CLOSE * y:
            return z, (y - z) + d
        y = z
    return y, 0.0


def _of_middle(x: float) -> tuple[float, float]:
    """Where erf is x, for 0 <= x < 1/2: a float, and what it lacks."""
    square, y = x * x, 0.0
    for c in _MIDDLE:
        y = y * square + c
    y *= x
    d = (x - math.erf(y)) * (_HALF_SQRT_PI * math.exp(y * y))
    return two_sum(y, d / (1.0 + y * d))


@lru_cache(maxsize=16)  # a value and its derivatives ask for the same
def _erfinv(x: float) -> tuple[float, float]:
    if x < 0.5:
        return _of_middle(x)
    return _of_tail(1.0 - x)


def erfinv(x: float) -> float:
    """Inverse of the error function; infinite at -1 and 1, NaN beyond."""
    if not abs(x) < 1.0:
        return math.copysign(INF, x) if abs(x) == 1.0 else NAN
    if abs(x) < 1e-150:
        return _HALF_SQRT_PI * x
    return math.copysign(_erfinv(abs(x))[0], x)


def _inverse_slope(y: float, lost: float) -> float:
    """Slope sqrt(pi) / 2 exp(y**2) of the inverse of the error function."""
    square, rest = two_product(y, y)
    if square > 700.0:
        half = math.exp(0.5 * square)
        return _HALF_SQRT_PI * half * (half * (1.0 + (rest + 2.0 * y * lost)))
    e = _HALF_SQRT_PI * math.exp(square)
    return e + e * (rest + 2.0 * y * lost)


def erfinv_slope(x: float) -> float:
    """Derivative of `erfinv`."""
    if not abs(x) < 1.0:
        return INF if abs(x) == 1.0 else NAN
    y, lost = _erfinv(abs(x))
    return _inverse_slope(y, lost)


@lru_cache(maxsize=16)  # a value and its derivatives ask for the same
def _erfcinv(x: float) -> tuple[float, float]:
    if x < 0.5:
        return _of_tail(x)
    if x <= 1.5:
        y, lost = _of_middle(abs(1.0 - x))
        return math.copysign(y, 1.0 - x), math.copysign(1.0, 1.0 - x) * lost
    y, lost = _of_tail(2.0 - x)
    return -y, -lost


def erfcinv(x: float) -> float:
    """Inverse of the complementary error function, from 0 to 2."""
    if not 0.0 < x < 2.0:
        return INF if x == 0.0 else -INF if x == 2.0 else NAN
    return _erfcinv(x)[0]


def erfcinv_slope(x: float) -> float:
    """Derivative of `erfcinv`."""
    if not 0.0 < x < 2.0:
        return -INF if x in (0.0, 2.0) else NAN
    y, lost = _erfcinv(x)
    return -_inverse_slope(y, lost)


@lru_cache(maxsize=16)  # a value and its derivatives ask for the same
def _quantile(p: float) -> tuple[float, float]:
    """Quantile of the normal law for 0 < p <= 1/2: a float, and what it lacks."""
    if p > 0.3:
        x, y = p - 0.5, 0.0
        for c in _MIDDLE:
            y = y * (4.0 * x * x) + c
        y *= 2.0 * x / _SQRT_HALF
        power = math.exp(-0.5 * y * y)
        # Next to 1/2 the difference from it counts.
        at = 0.5 * math.erf(y * _SQRT_HALF) + 0.5 * _TWO_INV_SQRT_PI * power * (y * -4.833646656726457e-17)
        d = (x - at) * _SQRT_2PI / power
        return two_sum(y, d / (1.0 + 0.5 * y * d))
    if p < 1e-240:
        y, d = _of_far_tail(p, 2)
        return -y, -d
    y = -_normal_start(p)
    for _ in range(4):
        tail = normal_cdf(y)
        ratio = tail * _SQRT_2PI / gaussian(y, 0.0, 2.0)
        d = math.log1p((p - tail) / tail) if abs(p - tail) < 0.01 * tail else math.log(p / tail)
        d *= ratio
        d /= 1.0 - 0.5 * d * (y + 1.0 / ratio)
        z = y + d
        if abs(d) < _CLOSE * abs(y):
            return z, (y - z) + d
        y = z
    return y, 0.0


def normal_quantile(p: float) -> float:
    """Inverse of the distribution function of the standard normal law."""
    if not 0.0 < p < 1.0:
        return -INF if p == 0.0 else INF if p == 1.0 else NAN
    return _quantile(p)[0] if p <= 0.5 else -_quantile(1.0 - p)[0]


def normal_quantile_slope(p: float) -> float:
    """Derivative sqrt(2 pi) exp(y**2 / 2) of `normal_quantile`."""
    if not 0.0 < p < 1.0:
        return INF if p in (0.0, 1.0) else NAN
    y, lost = _quantile(min(p, 1.0 - p))
    square, rest = two_product(y, y)
    more = 0.5 * rest + y * lost
    if square > 1400.0:
        half = math.exp(0.25 * square)
        return _SQRT_2PI * half * (half * (1.0 + more))
    e = _SQRT_2PI * math.exp(0.5 * square)
    return e + e * more
