"""Complete elliptic integrals of the parameter m = k**2, and their derivatives.

Both are found by the arithmetic-geometric mean (DLMF 19.8.5, 19.8.6) in pairs of floats. Their derivatives
obey the recurrence that the differential equation gives (DLMF 19.4.8, 19.4.9, differentiated), which is
divided by m each time: so within 1/2 of zero a series serves, of next to no alternating terms.
"""

from __future__ import annotations

import math

from autograd.floats.bessel import _over, _sum, _times
from autograd.floats.elementary import INF, NAN, is_order, two_product, two_sum

ELLIPTIC_ORDER = 30.0
"""The largest order of derivative: each takes all lower ones."""
_HALF_PI, _HALF_PI_REST = 1.5707963267948966, 6.123233995736766e-17
_UP = 2.0**300
"""Far below zero the derivatives are found times this, lest what rounding took from them be no float."""


def _both(m: float) -> tuple[float, float, float, float]:
    """Give the integrals of the first and second kind, in two parts each, for -1e300 < m < 1."""
    square, square_low = two_sum(1.0, -m)
    g = math.sqrt(square)
    p, low = two_product(g, g)
    g_low = (((square - p) - low) + square_low) / (2.0 * g)
    a, a_low, power = 1.0, 0.0, 0.5
    # 1 less half of all 2**n c**2, of which the first is m.
    rest, rest_low = two_sum(1.0, -0.5 * m)
    c = 1.0
    while abs(c) > 1e-17 * a:
        c, c_low = _sum(0.5 * a, 0.5 * a_low, -0.5 * g, -0.5 * g_low)
        p, p_low = _times(a, a_low, g, g_low)
        a, a_low = _sum(0.5 * a, 0.5 * a_low, 0.5 * g, 0.5 * g_low)
        g = math.sqrt(p)
        q, low = two_product(g, g)
        g_low = (((p - q) - low) + p_low) / (2.0 * g)
        power *= 2.0
        p, p_low = _times(c, c_low, c, c_low)
        rest, rest_low = _sum(rest, rest_low, -power * p, -power * p_low)
    first, first_low = _over(_HALF_PI, _HALF_PI_REST, a, a_low)
    second, second_low = _times(first, first_low, rest, rest_low)
    return first, first_low, second, second_low


def ellipk(m: float) -> float:
    """Complete elliptic integral of the first kind."""
    if not -1e300 < m < 1.0:
        if m == 1.0:
            return INF
        return _far(m) if m < 0.0 else NAN
    first, low, _, _ = _both(m)
    return first + low


def ellipe(m: float) -> float:
    """Complete elliptic integral of the second kind."""
    if not -1e300 < m < 1.0:
        if m == 1.0:
            return 1.0
        return math.sqrt(-m) if m < 0.0 else NAN
    _, _, second, low = _both(m)
    return second + low


def _far(m: float) -> float:
    """Integral of the first kind far below zero (DLMF 19.12.1, 19.7.3)."""
    return (1.3862943611198906 + 0.5 * math.log(-m)) / math.sqrt(-m) if m > -INF else 0.0


def _near_zero(m: float, n: int, half: float) -> float:
    """Derivative of order n > 0 within 1/2 of zero.

    It is (1 - m)**(-n), of the second kind once less, times a hypergeometric function (DLMF 15.5.2, 15.8.1),
    whose series is all but its first term.
    """
    total, term, k = 0.0, 1.0, 0.0
    while abs(term) > 1e-18:
        term *= (k + 1.0 - half) * (k + 0.5) / ((n + 1.0 + k) * (k + 1.0)) * m
        k += 1.0
        total += term
    y, y_low = two_sum(1.0, total)
    y, y_low = _times(y, y_low, _HALF_PI, _HALF_PI_REST)
    rest, rest_low = two_sum(1.0, -m)
    for i in range(n):
        # By one factor of each of (half)_n and (1/2)_n, and by n!.
        y, y_low = _times(y, y_low, (i + half) * (i + 0.5), 0.0)
        y, y_low = _over(y, y_low, i + 1.0, 0.0)
        if i > 0 or half > 0.0:
            y, y_low = _over(y, y_low, rest, rest_low)
    return y + y_low


def ellip_derivative(m: float, order: float, kind: float) -> float:
    """Derivative of a whole order of the complete elliptic integral of the first or second kind."""
    if not is_order(order) or order > ELLIPTIC_ORDER or kind not in (1.0, 2.0) or not m <= 1.0:
        return NAN
    n = int(order)
    if n == 0:
        return ellipk(m) if kind == 1.0 else ellipe(m)
    sign = 1.0 if kind == 1.0 else -1.0
    if m == 1.0:
        return sign * INF
    if abs(m) <= 0.5:
        return _near_zero(m, n, 0.5 * sign)
    if m < -1e200:
        # What is greater than nothing at all in doubles.
        if n > 1:
            return -0.25 / math.sqrt(-m) / -m if kind == 2.0 and n == 2 else 0.0 * sign
        return 0.5 * (_far(m) - 1.0 / math.sqrt(-m)) / -m if kind == 1.0 else -0.5 / math.sqrt(-m)
    first, first_low, second, second_low = _both(m)
    up = _UP if m < -1e40 else 1.0
    rest, rest_low = two_sum(1.0, -m)
    first, first_low, second, second_low = first * up, first_low * up, second * up, second_low * up
    if kind == 1.0:
        # (E / (1 - m) - K) / (2 m)
        before, before_low = first, first_low
        y, low = _over(second, second_low, rest, rest_low)
        y, low = _sum(y, low, -first, -first_low)
    else:
        before, before_low = second, second_low
        y, low = _sum(second, second_low, -first, -first_low)
    y, low = _over(y, low, 2.0 * m, 0.0)
    # (1 - m) m f'' + (c - 2 m) f' - f / 4 = 0 with c = 1, and (1 - m) m f'' + (1 - m) f' + f / 4 = 0,
    # differentiated k times.
    for k in range(n - 1):
        c = (k + 0.5) * (k + 0.5) if kind == 1.0 else (k + 0.5) * (k - 0.5)
        d, d_low = two_product(-(2.0 * k + (2.0 if kind == 1.0 else 1.0)), m)
        d, d_low = _sum(d, d_low, k + 1.0, 0.0)
        p, p_low = _times(before, before_low, c, 0.0)
        q, q_low = _times(y, low, -d, -d_low)
        p, p_low = _sum(p, p_low, q, q_low)
        p, p_low = _over(p, p_low, rest, rest_low)
        before, before_low = y, low
        y, low = _over(p, p_low, m, 0.0)
        if not abs(y) < 1e290:
            return sign * INF
    return (y + low) / up
