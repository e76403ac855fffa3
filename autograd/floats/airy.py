"""Airy functions and their derivatives of every order.

About zero their power series serve (DLMF 9.4.1, 9.4.3), in pairs of floats; from 2 on the decaying one is a
Bessel function K of order 1/3, whose integral has a positive integrand (DLMF 9.6.2, 9.6.3); beyond 10 on both
sides asymptotic series do (DLMF 9.7.5 to 9.7.12), beside exponentials and waves of 2/3 abs(x)**1.5 in two
parts. The higher derivatives follow from the differential equation w'' = x w, differentiated.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, localcontext
from functools import lru_cache

from autograd.floats.bessel import _over, _root, _sum, _times
from autograd.floats.elementary import INF, NAN, is_order, two_product, two_sum

AIRY_ORDER = 60.0
"""The largest order of derivative: each takes all lower ones."""
_FAR = 10.0
"""From here on the asymptotic series serve."""
_AI, _AI_REST = 0.3550280538878172, 2.05233632436212e-17  # at zero
_SLOPE, _SLOPE_REST = 0.2588194037928068, -2.522243111610832e-17  # of Ai at zero, with the other sign
_ROOT_3, _ROOT_3_REST = 1.7320508075688772, 1.0035084221806903e-16
_TWO_THIRDS, _TWO_THIRDS_REST = 0.6666666666666666, 3.700743415417188e-17
_INV_ROOT_PI, _INV_ROOT_PI_REST = 0.5641895835477563, 7.66772980658295e-18
_INV_PI = 0.3183098861837907
_HUGE = 1e11
"""From here on sines and cosines need more digits of their operand than two floats have."""


def _k_integral(x: float, order: float) -> tuple[float, float]:
    """Integral of exp(-x (cosh t - 1)) cosh(order t) over t from 0 on, for x from 1/2 on, in two parts.

    That is exp(x) K of that order, which need not be whole (DLMF 10.32.9), by the trapezoidal rule: its error
    is an exponential of the number of steps.
    """
    h = 0.21 / math.sqrt(1.0 + 0.12 * x)
    h = 134217729.0 * h - (134217729.0 * h - h)  # of so few bits that its multiples are floats
    total, low, k, term = 0.5, 0.0, 0.0, 1.0
    while term > 1e-19:
        k += 1.0
        s = math.sinh(0.5 * h * k)
        p, lost = two_product(s, s)
        p, rest = two_product(-2.0 * x, p)
        term = math.exp(p)
        term -= term * (2.0 * x * lost - rest)
        if order > 0.0:
            term *= math.cosh(order * h * k)
        total, lost = two_sum(total, term)
        low += lost
    y, rest = two_product(h, total)
    return y, rest + h * low


def _from_zero(x: float, slope: int) -> tuple[float, float, float, float]:
    """Give the two series of DLMF 9.4.1, with their constants, or those of their derivatives."""
    cube, cube_low = two_product(x, x)
    cube, cube_low = _times(cube, cube_low, x, 0.0)
    if slope == 0:
        f, f_low, g, g_low, k = 1.0, 0.0, x, 0.0, 0.0
    else:
        f, f_low = two_product(0.5 * x, x)
        g, g_low, k = 1.0, 0.0, 0.0
    even, even_low, odd, odd_low = f, f_low, g, g_low
    while abs(f) + abs(g) > 1e-34 * (abs(even) + abs(odd)) or k * k * k < abs(cube):
        k += 3.0
        f, f_low = _times(f, f_low, cube, cube_low)
        f, f_low = _over(f, f_low, k * (k - 1.0) if slope == 0 else k * (k + 2.0), 0.0)
        even, even_low = _sum(even, even_low, f, f_low)
        g, g_low = _times(g, g_low, cube, cube_low)
        g, g_low = _over(g, g_low, k * (k + 1.0) if slope == 0 else k * (k - 2.0), 0.0)
        odd, odd_low = _sum(odd, odd_low, g, g_low)
    even, even_low = _times(even, even_low, _AI, _AI_REST)
    odd, odd_low = _times(odd, odd_low, _SLOPE, _SLOPE_REST)
    return even, even_low, odd, odd_low


def _zeta(x: float) -> tuple[float, float]:
    """Give 2/3 x**1.5 in two parts, for x up to 1e190."""
    root, low = _root(x, 1.0, 0.0)
    y, y_low = _times(root, low, x, 0.0)
    return _times(y, y_low, _TWO_THIRDS, _TWO_THIRDS_REST)


def _rest_of_series(z: float, slope: int, sign: float, first: float, stride: float) -> float:
    """Sum of sign**j u(k) / z**k, or of v(k), over k = first + stride j > 0 (DLMF 9.7.2)."""
    total, term, k, c = 0.0, 1.0, 0.0, sign if first == 0.0 else 1.0
    wanted = stride if first == 0.0 else first
    while abs(term) > 1e-19 and k < 2.0 * z:
        k += 1.0
        term *= (6.0 * k - 5.0) * (6.0 * k - 1.0) / (72.0 * k) / z
        if k == wanted:
            total += c * (term if slope == 0 else -term * (6.0 * k + 1.0) / (6.0 * k - 1.0))
            c *= sign
            wanted += stride
    return total


def _decaying(x: float, slope: int) -> float:
    """Ai or its derivative, with the other sign, from 2 on."""
    if x > 110.0:
        return 0.0
    z, z_low = _zeta(x)
    if x < _FAR:
        y, low = _k_integral(z, 1.0 / 3.0 if slope == 0 else 2.0 / 3.0)
        root, root_low = _root(x, 1.0 / 3.0, 1.850371707708594e-17) if slope == 0 else (x, 0.0)
        if slope == 1:
            root, root_low = _over(x, 0.0, _ROOT_3, _ROOT_3_REST)
        y, low = _times(y, low, root, root_low)
        y, low = _times(y, low, _INV_PI, -1.9678676675182486e-17)
    else:
        y, low = _amplitude(x, slope)
        more = _rest_of_series(z, slope, -1.0, 0.0, 1.0)
        y, low = 0.5 * y, 0.5 * (low + y * more)
    power = math.exp(-0.5 * z)
    low -= y * z_low
    if z < 700.0:
        power = math.exp(-z)
        p, lost = two_product(y, power)
        return p + (lost + low * power)
    p, lost = two_product(y, power)
    return (p + (lost + low * power)) * power


def _amplitude(x: float, slope: int) -> tuple[float, float]:
    """Give 1 / (sqrt(pi) x**(1/4)), or for the derivative x**(1/4) / sqrt(pi), in two parts."""
    root, low = _root(x, 1.0, 0.0) if x < 1e300 else (math.sqrt(x), 0.0)  # whose square might overflow
    fourth = math.sqrt(root)
    square, lost = two_product(fourth, fourth)
    rest = (((root - square) - lost) + low) / (2.0 * fourth)
    if slope == 0:
        return _over(_INV_ROOT_PI, _INV_ROOT_PI_REST, fourth, rest)
    return _times(_INV_ROOT_PI, _INV_ROOT_PI_REST, fourth, rest)


def _growing(x: float, slope: int) -> float:
    """Bi or its derivative, from 10 on."""
    if x > 110.0:
        return INF
    z, z_low = _zeta(x)
    y, low = _amplitude(x, slope)
    low += y * (_rest_of_series(z, slope, 1.0, 0.0, 1.0) + z_low)
    power = math.exp(z if z < 650.0 else 0.5 * z)
    p, lost = two_product(y, power)
    p += lost + low * power
    return p if z < 650.0 else p * power


_DIGITS = Context(prec=540)


@lru_cache(maxsize=1)
def _turn() -> Decimal:
    """Give 2 pi with 510 digits, by Machin's formula."""
    total = 0
    for factor, n in ((32, 5), (-8, 239)):
        power, k = (1 << 1720) // n, 1
        while power:
            total += factor * (power // k if k % 4 == 1 else -(power // k))
            power //= n * n
            k += 2
    with localcontext(_DIGITS):
        return Decimal(total) / (1 << 1720)


def _huge_phase(x: float) -> float:
    """Remainder of 2/3 x**1.5, of up to 463 digits, by 2 pi."""
    with localcontext(_DIGITS):
        return float(2 * Decimal(x) * Decimal(x).sqrt() / 3 % _turn())


def _waves(x: float, slope: int) -> tuple[float, float]:
    """Ai and Bi or their derivatives at -x, for x from 10 on (DLMF 9.7.9 to 9.7.12)."""
    if x < _HUGE:
        z, z_low = _zeta(x)
        sine, cosine = math.sin(z), math.cos(z)
        s, c = math.sin(z_low), math.cos(z_low)
        sine, cosine = sine * c + cosine * s, cosine * c - sine * s
        p = 1.0 + _rest_of_series(z, slope, -1.0, 0.0, 2.0)
        q = _rest_of_series(z, slope, -1.0, 1.0, 2.0)
    else:
        phase = _huge_phase(x)
        sine, cosine, p, q = math.sin(phase), math.cos(phase), 1.0, 0.0
    y, _ = _amplitude(x, slope)
    # Beside the sine and cosine of z - pi / 4.
    y *= 0.7071067811865476
    s, c = y * (sine - cosine), y * (sine + cosine)
    return (c * p + s * q, c * q - s * p) if slope == 0 else (s * p - c * q, c * p + s * q)


def _airy(x: float, slope: int, growing: bool) -> float:
    """Ai or Bi, or the derivative of it."""
    if x < -_FAR:
        decaying, other = _waves(-x, slope)
        return other if growing else decaying
    if growing and x > _FAR:
        return _growing(x, slope)
    if not growing and x > 2.0:
        y = _decaying(x, slope)
        return y if slope == 0 else -y
    even, even_low, odd, odd_low = _from_zero(x, slope)
    if not growing:
        y, low = _sum(even, even_low, -odd, -odd_low)
        return y + low
    y, low = _sum(even, even_low, odd, odd_low)
    y, low = _times(y, low, _ROOT_3, _ROOT_3_REST)
    return y + low


def _derivative(x: float, order: float, growing: bool) -> float:
    """Derivative of a whole order of Ai or Bi."""
    if not is_order(order) or order > AIRY_ORDER or x != x:
        return NAN
    n = int(order)
    if x == INF:
        return INF if growing else -0.0 if n % 2 == 1 else 0.0
    if x == -INF:
        return 0.0 if n == 0 else NAN
    if n < 2:
        return _airy(x, n, growing)
    # Of three derivatives one after the other, the next one after the last is made of the first two.
    first, second, third = 0.0, _airy(x, 0, growing), _airy(x, 1, growing)
    for k in range(n - 1):
        first, second, third = second, third, x * second + k * first
    return third


def airyai(x: float, order: float) -> float:
    """Derivative of a whole order of the Airy function Ai."""
    return _derivative(x, order, False)


def airybi(x: float, order: float) -> float:
    """Derivative of a whole order of the Airy function Bi."""
    return _derivative(x, order, True)
