"""Dawson's integral and its derivatives.

Near zero it is a polynomial about a whole number, of ten bits more than a float, and its derivatives come by
a recurrence. Where the terms of that cancel out, the series of exp(x**2) and of its integral serve, whose
terms are positive (DLMF 7.6.1): in pairs of floats, their quotient has digits to spare; where not even those
suffice, in decimal numbers. Far away the asymptotic series serves, differentiated (DLMF 7.12.1).
"""

from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

from autograd.floats.bessel import _over, _sum, _times
from autograd.floats.elementary import INF, NAN, is_order, two_product
from autograd.floats.expansions import DAWSON, DAWSON_DEGREE, expanded, expanded_value


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


def _value(a: float, slope: int = 0) -> tuple[float, float]:
    """Give the same, or its derivative, in two parts, but right to a few tenths of a last place alone."""
    return expanded_value(DAWSON, DAWSON_DEGREE, int(a + 0.5), a, slope)


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
    return dawsn_derivative(x, 0.0)


def dawsn_derivative(x: float, order: float) -> float:
    """Derivative of a whole order of Dawson's integral."""
    if not is_order(order) or x != x:
        return NAN
    n, a = int(order), abs(x)
    if a == INF:
        return 0.0
    if a > (NEAR if n < 2 else 7.0 + 1.5 * math.sqrt(order)):
        y, low = (0.5 / a, 0.0) if a > 1e280 else _over(0.5, 0.0, a, 0.0)
        for k in range(1, n + 1):
            if a > 1e280:
                y *= k / a
            else:
                y, low = _times(y, low, float(k), 0.0)
                y, low = _over(y, low, a, 0.0)
        y += low + y * _asymptotic(a, n)
        y = -y if n % 2 == 1 else y
    elif n == 0:
        y, low = _value(a)
        y += low
    else:
        y, lost = 0.0, INF
        if n == 1:
            y, low = _value(a, 1)
            y += low
            lost = 0.0 if abs(y) > 0.125 or a > 1.5 else INF  # there is a zero at 0.92
        if a < NEAR and lost > 0.0:
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
