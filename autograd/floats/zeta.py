"""Hurwitz' zeta function, and the inverse of digamma."""

from __future__ import annotations

import math

from autograd.floats.bessel import _log, _over, _sum
from autograd.floats.elementary import INF, NAN, pow, two_sum
from autograd.floats.gamma import digamma, polygamma

_EULER = 0.5772156649015329
# B(2 j) / (2 j)!, DLMF 24.2.
_BERNOULLI = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
    -3617 / 10670622842880000, 43867 / 5109094217170944000, -174611 / 802857662698291200000,
)  # fmt: skip


def zeta(q: float, s: float) -> float:
    """Hurwitz' zeta function, the sum of (k + q)**-s from k = 0 on, for s > 1 and q > 0.

    The first terms are added up, and the others by Euler's and Maclaurin's formula (DLMF 25.11.28).
    """
    if not s >= 1.0 or not q >= 0.0:
        return NAN
    if s == 1.0 or q == 0.0:
        return INF
    if q == INF:
        return 0.0
    if s == INF:
        return 0.0 if q > 1.0 else 1.0 if q == 1.0 else INF
    total = pow(q, -s)
    if total == INF:
        return INF
    low, k, w, lost, term = 0.0, 0.0, q, 0.0, total
    # From where on the terms of the formula fall fast.
    while w < 10.0 + 1.2 * s and term > 1e-19 * total:
        k += 1.0
        w, lost = two_sum(q, k)
        term = pow(w, -s)
        term -= term * (s * lost / w)
        total, rest = two_sum(total, term)
        low += rest
    if k > 0.0 and term <= 1e-19 * total:
        return total + low
    if k == 0.0:
        total = 0.0
    # What is left begins with the last term, of which half is in the formula.
    more = pow(w, 1.0 - s) / (s - 1.0)
    more -= more * ((s - 1.0) * lost / w)
    half = 0.5 * term if k == 0.0 else -0.5 * term
    inverse = 1.0 / w
    factor, rest = s * inverse, 0.0
    for j in range(10):
        rest += _BERNOULLI[j] * factor
        factor *= (s + 2.0 * j + 1.0) * inverse * ((s + 2.0 * j + 2.0) * inverse)
    whole, lost = two_sum(total, more)
    return whole + (low + lost + (half + rest * term))


# The inverse of digamma.

# Digamma of 1/2 + z is log(z) + 1 / (24 z**2) - 7 / (960 z**4) + ... (DLMF 5.11.2 and 5.5.8); so z is
# u = exp(x) and a series in 1 / u, whose coefficients are these, the last one first.
_TURNED = (
    38800188510523 / 2191186722816000, -3058641 / 504627200, 615881 / 199065600, -1525 / 580608, 3 / 640,
    -1 / 24,
)  # fmt: skip

def _psi(y: float) -> tuple[float, float]:
    """Give digamma of a positive number in two parts, by its recurrence and DLMF 5.11.2."""
    total, low, k = 0.0, 0.0, 0.0
    z, z_low = y, 0.0
    while z < 14.0:
        q, q_low = _over(1.0, 0.0, z, z_low)
        total, low = _sum(total, low, -q, -q_low)
        k += 1.0
        z, z_low = two_sum(y, k)
    w = 1.0 / z / z
    series = w * (
        1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760 - w / 12)))))
    )
    q, q_low = _over(0.5, 0.0, z, z_low)
    total, low = _sum(total, low, -q, -q_low - series)
    ln, ln_low = _log(z)
    return _sum(total, low, ln, ln_low + z_low / z)


def invdigamma(x: float) -> float:
    """Positive number whose digamma is x."""
    if x != x:
        return x
    if x > 3.0:
        u = math.exp(x) if x < 709.782712893384 else INF
        if u == INF:
            return u
        w, rest = 1.0 / u / u, 0.0
        for c in _TURNED:
            rest = rest * w + c
        return u + (0.5 + rest / u)
    if x < -1e17:
        return -1.0 / x
    # Newton's steps, the last one from a digamma that has digits to spare.
    y = math.exp(x) + 0.5 if x > -2.2 else 1.0 / (-x - _EULER)
    for _ in range(4):
        y -= (digamma(y) - x) / polygamma(y, 1.0)
    for _ in range(2):
        value, low = _psi(y)
        d, lost = two_sum(value, -x)
        d += lost + low
        y -= d / polygamma(y, 1.0)
    return y


def invdigamma_slopes(y: float, _: float) -> tuple[float]:
    """Give the derivative of `invdigamma`, whose value is y."""
    if y > 1e9:
        return (y - 0.5,)
    return (1.0 / polygamma(y, 1.0) if y > 1e-100 else y * y,)
