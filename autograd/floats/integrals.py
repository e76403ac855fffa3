"""Sine and cosine integrals, and the derivatives of sin(x) / x.

Below 20 their power series (DLMF 6.6.5, 6.6.6) serve, in pairs of floats, since the terms alternate; above it
a continued fraction gives what they have beside the sine and cosine (DLMF 6.2.17 to 6.2.20).
"""

from __future__ import annotations

import math

from autograd.floats.bessel import _EULER, _EULER_REST, _log, _over, _sum, _times
from autograd.floats.circular import quotient_derivative
from autograd.floats.elementary import INF, NAN, is_order, two_product

_FAR = 20.0
"""From here on the continued fraction serves."""
_HALF_PI, _HALF_PI_REST = 1.5707963267948966, 6.123233995736766e-17


def _alternating(x: float, first: float) -> tuple[float, float]:
    """Sum of (-1)**j x**k / (k k!) over k = first + 2 j, for 0 < x < 20, in two parts."""
    square, square_low = two_product(x, x)
    power, power_low = (x, 0.0) if first == 1.0 else (-0.5 * square, -0.5 * square_low)
    total, total_low, k = power / first, power_low / first, first
    while abs(power) > 1e-33 * abs(total) or k < x:
        power, power_low = _times(power, power_low, -square, -square_low)
        power, power_low = _over(power, power_low, (k + 1.0) * (k + 2.0), 0.0)
        k += 2.0
        q, q_low = _over(power, power_low, k, 0.0)
        total, total_low = _sum(total, total_low, q, q_low)
    return total, total_low


def _auxiliary(x: float) -> tuple[float, float]:
    """Give the functions f and g of DLMF 6.2.17 and 6.2.18, each times x, for x from 20 on.

    They are the parts of the exponential integral of i x, by its continued fraction (DLMF 6.9.1).
    """
    if x > 1e9:
        return 1.0, 1.0 / x
    k = float(int(12.0 + 600.0 / x))
    re, im = 2.0 * k + 1.0, x
    while k > 0.0:
        share = k * k / (re * re + im * im)
        re, im = 2.0 * k - 1.0 - share * re, x + share * im
        k -= 1.0
    share = x / (re * re + im * im)
    return im * share, re * share


def sinint(x: float) -> float:
    """Sine integral: that of sin(t) / t over t from 0 to x (DLMF 6.2.9)."""
    a = abs(x)
    if a < 1e-8 or x != x:
        return x
    if a < _FAR:
        y, low = _alternating(a, 1.0)
        y += low
    elif a == INF:
        y = _HALF_PI
    else:
        f, g = _auxiliary(a)
        y = _HALF_PI - ((f * math.cos(a) + g * math.sin(a)) / a - _HALF_PI_REST)
    return y if x > 0.0 else -y


def cosint(x: float) -> float:
    """Cosine integral: less that of cos(t) / t over t from x on (DLMF 6.2.11); NaN below zero."""
    if not x > 0.0:
        return -INF if x == 0.0 else NAN
    if x == INF:
        return 0.0
    if x >= _FAR:
        f, g = _auxiliary(x)
        return (f * math.sin(x) - g * math.cos(x)) / x
    y, low = _log(x)
    y, low = _sum(y, low, _EULER, _EULER_REST)
    if x > 1e-20:
        rest, rest_low = _alternating(x, 2.0)
        y, low = _sum(y, low, rest, rest_low)
    return y + low


def sine_quotient(x: float, order: float) -> float:
    """Derivative of a whole order of sin(x) / x."""
    if not is_order(order) or x != x:
        return NAN
    a = abs(x)
    if a == INF:
        return 0.0
    n = int(order)
    if n == 0:
        return math.sin(a) / a if a > 1e-8 else 1.0
    y = quotient_derivative(a, n, math.sin(a), math.cos(a))
    return -y if x < 0.0 and n % 2 == 1 else y
