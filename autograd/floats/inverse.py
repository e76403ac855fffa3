"""Inverses of the error functions, and of the normal law's distribution function.

One step of Newton's method, with the two terms of its series that come next, takes a start of four digits or
more to all. The slope is an exponential of the inverse's square, which magnifies a rounding error: so it is
of the start, whose square keeps its own, and goes on by the step.
"""

from __future__ import annotations

import math
from functools import lru_cache

from autograd.floats.elementary import INF, NAN, two_product, two_sum
from autograd.floats.gaussian import FRACTION

_SQRT_HALF, _MUCH = 0.7071067811865476, 2.0**200

# By interpolation: of w = -log(1 - x**2) the normal law's quantile of (1 + x) / 2 over x, up to 6; from there
# on what it has beyond sqrt(2 w), of (s - 2) / (s + 2) for s = sqrt(w). The last coefficient is first.
_NEAR = (
    -6.57085134372e-09, 1.70244302397e-07, -1.34562991658e-06, -2.38841199192e-06, 8.91416756697e-05,
    -0.000230824125609, -0.00324546057855, 0.0163009659941, 0.328123925779, 1.25331388934,
)  # fmt: skip
_FAR = (
    5.55535796752, -24.1513624959, 45.494896014, -48.258660877, 31.590357745, -13.2336868291, 3.81946032871,
    -0.62708684471, -0.195414917574,
)  # fmt: skip
# Of z**2, up to 1, what the normal law's distribution function has beyond 1/2 and z / sqrt(2 pi), over z**3.
_CENTRAL = (
    4.159943870100479e-12, -1.1106081839615823e-10, 2.271275942791936e-09, -4.122508861802809e-08,
    6.659686586592936e-07, -9.444656074707297e-06, 0.00011543468758780861, -0.0011873282154782438,
    0.00997355701003575, -0.06649038006690544,
)  # fmt: skip


def _start(x: float, tail: float) -> float:
    """Quantile of the normal law that is exceeded with probability tail / 2, where x is 1 - tail."""
    w, y = -math.log(tail * (2.0 - tail)), 0.0
    if w < 6.0:
        for c in _NEAR:
            y = y * w + c
        return x * y
    s = math.sqrt(w)
    u = (s - 2.0) / (s + 2.0)
    for c in _FAR:
        y = y * u + c
    return x * (y + 1.4142135623730951 * s)


@lru_cache(maxsize=16)  # a value and its derivative ask for the same
def _inverse(q: float, q_rest: float, x: float, scale: float) -> tuple[float, float]:
    """Where the tail of exp(-y**2 / scale) is q + q_rest: y >= 0, and -dy/dq.

    That is erfc for a scale of 1, and x is 1 - q; for 2 the normal law's tail, and x is 1/2 - q.
    """
    twice = 2.0 / scale
    # 1 / sqrt(scale pi), in two parts.
    root = 0.5641895835477563 if scale == 1.0 else 0.3989422804014327
    root_rest = 7.66772980658294e-18 if scale == 1.0 else -2.4923272022777433e-17
    whole = x if scale == 1.0 else 2.0 * x
    y = _start(whole, q if scale == 1.0 else 2.0 * q)
    if scale == 1.0:
        y *= _SQRT_HALF
    square, lost = two_product(y, y)
    far = q < 1e-240  # there the exponential is applied in two halves, and both sides are multiplied
    power = math.exp((-0.5 * square if far else -square) / scale)
    if far:
        power *= power * _MUCH
        q *= _MUCH
    p, p_rest = two_product(power, root)
    p_rest += power * root_rest - p * (lost / scale)
    if whole < 0.68:
        z, rest, d = twice * square, 0.0, 1.0
        for c in _CENTRAL:
            rest = rest * z + c
        rest *= z
        if scale == 1.0:
            rest *= 2.8284271247461903
        t, t_rest = two_product(y, twice * root)
        difference = (x - t) - (t_rest + y * (twice * root_rest + rest))
    else:
        z, rest = y if scale == 2.0 else 1.4142135623730951 * y, 0.0
        u = (z - 3.0) / (z + 3.0)
        for c in FRACTION:
            rest = rest * u + c
        rest /= z + 2.0
        d, d_rest = two_sum(y, rest if scale == 2.0 else _SQRT_HALF * rest)
        t, t_rest = two_product(q, d)
        difference = (p - t) + (p_rest - t_rest - q * d_rest - q_rest * d)
    over = 1.0 / (twice * p)
    step, bend = difference * over / d, twice * y
    step += step * step * (0.5 * bend + step * (bend * bend + 0.5 * twice) / 3.0)
    e = twice * step * (y + 0.5 * step)
    e += e * e * (0.5 + e / 6.0)
    slope = over + over * (e - p_rest * twice * over)
    return y + step, slope * _MUCH if far else slope


def erfinv(x: float) -> float:
    """Inverse of the error function; infinite at -1 and 1, NaN beyond."""
    a = abs(x)
    if not a < 1.0:
        return math.copysign(INF, x) if a == 1.0 else NAN
    if a < 1e-150:
        return 0.8862269254527580 * x
    q = 1.0 - a
    y, _ = _inverse(q, (1.0 - q) - a, a, 1.0)
    return math.copysign(y, x)


def erfinv_slope(x: float) -> float:
    """Derivative of `erfinv`."""
    a = abs(x)
    if not a < 1.0:
        return INF if a == 1.0 else NAN
    q = 1.0 - a
    _, slope = _inverse(q, (1.0 - q) - a, a, 1.0)
    return slope


def erfcinv(x: float) -> float:
    """Inverse of the complementary error function, from 0 to 2."""
    if not 0.0 < x < 2.0:
        return INF if x == 0.0 else -INF if x == 2.0 else NAN
    q = x if x < 1.0 else 2.0 - x
    y, _ = _inverse(q, 0.0, 1.0 - q, 1.0)
    return math.copysign(y, 1.0 - x)


def erfcinv_slope(x: float) -> float:
    """Derivative of `erfcinv`."""
    if not 0.0 < x < 2.0:
        return -INF if x in (0.0, 2.0) else NAN
    q = x if x < 1.0 else 2.0 - x
    _, slope = _inverse(q, 0.0, 1.0 - q, 1.0)
    return -slope


def normal_quantile(p: float) -> float:
    """Inverse of the distribution function of the standard normal law."""
    if not 0.0 < p < 1.0:
        return -INF if p == 0.0 else INF if p == 1.0 else NAN
    q = p if p < 0.5 else 1.0 - p
    y, _ = _inverse(q, 0.0, 0.5 - q, 2.0)
    return math.copysign(y, p - 0.5)


def normal_quantile_slope(p: float) -> float:
    """Derivative sqrt(2 pi) exp(y**2 / 2) of `normal_quantile`."""
    if not 0.0 < p < 1.0:
        return INF if p in (0.0, 1.0) else NAN
    q = p if p < 0.5 else 1.0 - p
    _, slope = _inverse(q, 0.0, 0.5 - q, 2.0)
    return slope
