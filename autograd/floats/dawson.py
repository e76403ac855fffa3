"""Dawson's integral and its derivatives.

Near zero it is a polynomial about a whole number or the zero of its slope, of ten bits more than a float, and
its derivatives come by a recurrence. Where the terms of that cancel out, the series of exp(x**2) and of its
integral serve, whose terms are positive (DLMF 7.6.1): in pairs of floats, their quotient has digits to spare;
where not even those suffice, in decimal numbers. Far away the asymptotic series serves, differentiated (DLMF
7.12.1).
"""

from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from functools import lru_cache

from autograd.floats.bessel import _over, _sum, _times
from autograd.floats.elementary import INF, NAN, is_order, two_product, two_sum
from autograd.floats.expansions import DAWSON, DAWSON_DEGREE, LEAD, expanded


def _series(x: float) -> tuple[float, float, float, float]:
    """Give exp(x**2) and the integral of exp(t**2) up to x, divided by x, in two parts each (DLMF 7.6.1)."""
    square, square_low = two_product(x, x)
    term, term_low, power, power_low, whole, whole_low, k = 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0
    while term > 1e-33 * power:
        k += 1.0
        term, term_low = _times(term, term_low, square, square_low)
        term, term_low = _over(term, term_low, k, 0.0)
        power, power_low = _sum(power, power_low, term, term_low)
        q, q_low = _over(term, term_low, 2.0 * k + 1.0, 0.0)
        whole, whole_low = _sum(whole, whole_low, q, q_low)
    return power, power_low, whole, whole_low


def _asymptotic(x: float, n: int) -> float:
    """Sum of the asymptotic series of Dawson's function, differentiated n times, from its second term on.

    The first one, of (-1)**n n! / (2 x**(n + 1)), counts as 1 (DLMF 7.12.1).
    """
    total, term, k, w = 0.0, 1.0, 0.0, 0.5 / x / x
    while term > 1e-18 * (1.0 + total) and k < 500.0:
        k += 1.0
        # (2 k - 1)!! / (2 x**2)**k, and the factors that differentiation brings.
        term *= (2.0 * k + n - 1.0) * (2.0 * k + n) / (2.0 * k) * w
        total += term
    return total


def _derivative_of_decimals(a: float, n: int) -> float:
    """Derivative of order n > 0 by the same series and recurrence, with all digits that its terms cancel."""
    digits = 80 + int(n * math.log10(2.0 * (a + n) + 1.0))
    with localcontext(Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX)):
        x = Decimal(a)
        square, least, term, power, whole, k = x * x, Decimal(10) ** -digits, Decimal(1), Decimal(1), x, 0
        while term > least * power:
            k += 1
            term *= square / k
            power += term
            whole += term * x / (2 * k + 1)
        before = whole / power
        y = 1 - 2 * x * before
        for k in range(1, n):
            before, y = y, -2 * (x * y + k * before)
        return float(y)


NEAR = 7.5
"""Up to here the table serves."""


def _near(a: float) -> tuple[float, float]:
    """Give Dawson's integral of 0 to 7.5 in two parts, of which the second one has ten bits."""
    return expanded(DAWSON, DAWSON_DEGREE, int(a + 0.5), a, 0)


# By interpolation: of z = 1 / a**2, from 7.5 on, what the slope times -2 / z has beyond 1, over z, last one
# first.
_FAR = (
    206874954254.6004, -10922469170.951342, 605409279.9584566, 3853445.666305215, 1411487.8387624559,
    133368.97422779794, 15843.934463085017, 2111.451746098705, 324.8438369654354, 59.06249986284801,
    13.12500000011184, 3.7499999999999645, 1.5,
)  # fmt: skip


@lru_cache(maxsize=16)  # a value and its derivative ask for the same
def both(a: float) -> tuple[float, float, float]:
    """Give Dawson's integral of a >= 0 and what it lacks, a few tenths of its last place; and its slope."""
    if a < NEAR:
        start = int(min(a, NEAR - 0.5) + 0.5) * (DAWSON_DEGREE + LEAD + 3)
        whole, first = a - DAWSON[start], start + 2 + LEAD
        d = whole - DAWSON[start + 1]
        square, even, odd, even_slope, odd_slope = d * d, 0.0, 0.0, 0.0, 0.0
        for k in range(DAWSON_DEGREE, LEAD, -2):
            b, c, j = DAWSON[first + k], DAWSON[first + k - 1], k - 1
            even, even_slope = even * square + b, even_slope * square + b * k
            odd, odd_slope = odd * square + c, odd_slope * square + c * j
        b, c = DAWSON[first + LEAD], DAWSON[start + 12]
        even, even_slope = even * square + b, even_slope * square + 6.0 * b
        odd, odd_slope = odd * square + c, odd_slope * square + 5.0 * c
        b, c = DAWSON[start + 10], DAWSON[start + 8]
        even, even_slope = even * square + b, even_slope * square + 4.0 * b
        odd, odd_slope = odd * square + c, odd_slope * square + 3.0 * c
        c, c_low = DAWSON[start + 6], DAWSON[start + 7]
        slope = c + c + (c_low + c_low + d * (odd_slope + d * even_slope))
        more = square * (c + d * (odd + d * even))
        c = DAWSON[start + 4]
        p, lost = two_product(c, d)
        y, rest = two_sum(DAWSON[start + 2], p)
        d_low = (whole - d) - DAWSON[start + 1]
        return y, rest + (more + (lost + DAWSON[start + 3])), c + (d * slope + d_low * slope)
    half = 0.5 / a
    lead, slope, square = half / a, 0.0, 4.0 * half * half
    for c in _FAR:
        slope = slope * square + c
    slope *= square
    p, lost = two_product(half, a) if a < 1e280 else (0.5, 0.0)
    slope = -lead - lead * slope
    return half, ((0.5 - p) - lost) * (2.0 * half) - half * slope, slope


def _by_recurrence(x: float, n: int, y: float, low: float) -> tuple[float, float]:
    """Derivative of order n > 0 from the value in two parts, and what its terms have grown to beside it."""
    before, before_low, size, lesser = y, low, 2.0 * x * y, y
    y, low = _times(y, low, -2.0 * x, 0.0)
    y, low = _sum(y, low, 1.0, 0.0)
    for k in range(1, n):
        p, p_low = _times(y, low, -2.0 * x, 0.0)
        q, q_low = _times(before, before_low, -2.0 * k, 0.0)
        before, before_low = y, low
        y, low = _sum(p, p_low, q, q_low)
        size, lesser = 2.0 * (x * size + k * lesser), size
    y += low
    return y, size / abs(y) if y != 0.0 else INF if size > 1e-290 else 0.0


def dawsn(x: float) -> float:
    """Dawson's integral: exp(-x**2) times the integral of exp(t**2) up to x."""
    y, low, _ = both(abs(x))
    return math.copysign(y + low, x)


def dawsn_derivative(x: float, order: float) -> float:
    """Derivative of a whole order of Dawson's integral."""
    if order == 1.0:
        _, _, slope = both(abs(x))
        return slope
    return _higher(x, order)


def _higher(x: float, order: float) -> float:
    """Give the derivative of any other order."""
    if not is_order(order) or x != x:
        return NAN
    n, a = int(order), abs(x)
    if n == 0:
        return dawsn(x)
    if a == INF:
        return 0.0
    if a > 7.0 + 1.5 * math.sqrt(order):
        y, low = (0.5 / a, 0.0) if a > 1e280 else _over(0.5, 0.0, a, 0.0)
        for k in range(1, n + 1):
            if a > 1e280:
                y *= k / a
            else:
                y, low = _times(y, low, float(k), 0.0)
                y, low = _over(y, low, a, 0.0)
        y += low + y * _asymptotic(a, n)
        y = -y if n % 2 == 1 else y
    else:
        y, lost = 0.0, INF
        if a < NEAR:
            y, low = _near(a)
            y, lost = _by_recurrence(a, n, y, low)
        if not lost < 128.0 and a < 24.0:  # up to there exp(a**2) is a double
            power, power_low, whole, whole_low = _series(a)
            y, low = _over(whole, whole_low, power, power_low)
            y, low = _times(y, low, a, 0.0)
            y, lost = _by_recurrence(a, n, y, low)
            lost *= 128e-15
        if not lost < 128.0:
            y = _derivative_of_decimals(a, n)
    return -y if x < 0.0 and n % 2 == 0 else y
