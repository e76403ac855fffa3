"""Bessel functions of whole orders and their derivatives, and modified ones, also times exp(-abs(x)).

Below 25 those of orders 0 and 1 are polynomials about their zeros, and the others are made of them by the
recurrence over the orders. Where its terms cancel out, it goes backwards, from an order at which nothing is
left of them, in pairs of floats, divided by a sum that is known: Miller's way (DLMF 3.6). So they are right
relatively, next to their zeros too. Above it asymptotic series serve (DLMF 10.17, 10.40), and the recurrence
forwards, as far as the order: there an error counts beside the amplitude sqrt(2 / (pi x)) of the waves.

A derivative is a sum of functions of other orders (DLMF 10.6.7, 10.29.5), which is taken here, since a sum of
rules would be of infinities of both signs next to zero.
"""

from __future__ import annotations

import math

from autograd.floats.elementary import INF, LN2_HIGH, NAN, exp, is_order, two_product, two_sum
from autograd.floats.expansions import (
    BESSEL_I,
    BESSEL_J,
    BESSEL_K,
    BESSEL_Y,
    I_DEGREE,
    J_DEGREE,
    K_DEGREE,
    Y_DEGREE,
    expanded,
    expanded_difference,
    expanded_value,
)

_FAR = 25.0
"""From here on the asymptotic series serve."""
_NEAR = 1e-8
"""Up to here the first term of the power series serves."""
# Numbers in two parts. The second part of ln 2 is what LN2_HIGH, of 33 bits, lacks.
_EULER, _EULER_REST = 0.5772156649015329, -4.942915152430645e-18
_TWO_INV_PI, _TWO_INV_PI_REST = 0.6366197723675814, -3.935735335036497e-17
_LN2_LOW, _LN2_LEAST = 7.371002565167799e-13, 1.94704509238075e-31
_EULER_LESS_LN2 = -0.11593151565841245
_SQRT_2PI = 2.5066282746310002
_FEW = 2.0**-5
"""By so much of its terms may a sum cancel out that is made of numbers with ten more bits than a float."""
_LARGE, _SMALL = 1e280, 2.0**-900
_LN_SMALL, _LN_SMALL_REST = 623.8324625039508, 2.7532759472367637e-14
_LESS, _MORE = 2.0**-200, 2.0**200


def _sum(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Add numbers in two parts each."""
    s, lost = two_sum(a, b)
    lost += a_low + b_low
    t = s + lost
    return t, (s - t) + lost


def _times(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Multiply numbers in two parts each."""
    p, lost = two_product(a, b)
    lost += a * b_low + a_low * b
    t = p + lost
    return t, (p - t) + lost


def _over(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """Divide numbers in two parts each."""
    q = a / b
    p, lost = two_product(q, b)
    return q, (((a - p) - lost) + a_low - q * b_low) / b


def _log(x: float, sharp: float = 23.0) -> tuple[float, float]:
    """Logarithm of an ordinary number in two parts, by the series of artanh (DLMF 4.6.4).

    Up to the term of the order ``sharp`` that is in pairs of floats: 23 for all bits, 3 for ten more than a
    float has.
    """
    m, k = math.frexp(x)
    if m < 0.7071067811865476:
        m, k = 2.0 * m, k - 1
    d, d_low = two_sum(1.0, m)
    t, t_low = _over(m - 1.0, 0.0, d, d_low)
    square, square_low = _times(t, t_low, t, t_low)
    y, y_low, n = 0.0, 0.0, 2.0 * sharp - 1.0 if sharp > 3.0 else 25.0
    while n > sharp:
        y = y * square + 2.0 / n
        n -= 2.0
    while n > 0.0:
        q, q_low = _over(2.0, 0.0, n, 0.0)
        y, y_low = _times(y, y_low, square, square_low)
        y, y_low = _sum(y, y_low, q, q_low)
        n -= 2.0
    y, y_low = _times(y, y_low, t, t_low)
    e = float(k)
    p, lost = two_product(e, _LN2_LOW)
    y, y_low = _sum(y, y_low, p, lost + e * _LN2_LEAST)
    return _sum(e * LN2_HIGH, 0.0, y, y_low)


def _portion(m: int, k: int) -> float:
    """Binomial coefficient over 2**m; 0 outside of 0 to m."""
    if k < 0 or k > m:
        return 0.0
    y, halves = 1.0, m
    for i in range(1, min(k, m - k) + 1):
        y = y * (m - i + 1) / i
        if y > 1.0 and halves > 0:
            y *= 0.5
            halves -= 1
    for _ in range(halves):
        y *= 0.5
    return y


def _weight(n: int, m: int, k: int) -> float:
    """Give how much of the function of order k is in the derivative of order m of that of order n.

    Functions of orders below zero are those above it, but for signs.
    """
    if (n + m + k) % 2 == 1 or k > n + m or k < n - m:
        return 0.0
    j = int(0.5 * (k - n + m))
    y = _portion(m, j) + (_portion(m, j - k) if k > 0 else 0.0)
    return -y if j % 2 == 1 else y


def _last(order: float, x: float) -> int:
    """Return from where on nothing is left of the functions J beside that of an order."""
    return int(max(order, x) + 19.0 * math.cbrt(x) + 10.0)


def _below(
    k: float, t: float, t_low: float, f: float, f_low: float, above: float, above_low: float
) -> tuple[float, float]:
    """Give what is below order k of a solution, by what is above it (DLMF 10.6.1); t is 2 / x."""
    c, c_low = two_product(k, t)
    g, g_low = _times(c, c_low + k * t_low, f, f_low)
    return _sum(g, g_low, -above, -above_low)


def _by_miller(x: float, last: int) -> tuple[list[float], list[float], float, float]:
    """Give J of the orders 0 to last but for a factor, in two parts each, and that factor, for x > 0.

    By way of J0 + 2 J2 + ... = 1 (DLMF 10.12.4).
    """
    t, t_low = _over(2.0, 0.0, x, 0.0)
    f, f_low, above, above_low = 1e-200, 0.0, 0.0, 0.0
    total, total_low = 0.0, 0.0
    high, low = [0.0] * (last + 1), [0.0] * (last + 1)
    for k in range(last, -1, -1):
        # f is of order k.
        high[k], low[k] = f, f_low
        if k % 2 == 0:
            twice = 1.0 if k == 0 else 2.0
            total, total_low = _sum(total, total_low, twice * f, twice * f_low)
        if k > 0:
            g, g_low = _below(float(k), t, t_low, f, f_low, above, above_low)
            above, above_low, f, f_low = f, f_low, g, g_low
            if abs(f) > _LARGE:
                f, f_low, above, above_low = f * _SMALL, f_low * _SMALL, above * _SMALL, above_low * _SMALL
                total, total_low = total * _SMALL, total_low * _SMALL
                for i in range(k, last + 1):
                    high[i], low[i] = high[i] * _SMALL, low[i] * _SMALL
    return high, low, total, total_low


def _j_by_miller(x: float, n: int, m: int) -> float:
    """Derivative of order m of J of order n for x > 0, by way of J0 + 2 J2 + ... = 1 (DLMF 10.12.4)."""
    t, t_low = _over(2.0, 0.0, x, 0.0)
    f, f_low, above, above_low = 1e-200, 0.0, 0.0, 0.0
    total, total_low, wanted, wanted_low = 0.0, 0.0, 0.0, 0.0
    for k in range(_last(float(n + m), x), -1, -1):
        # f is of order k.
        c = _weight(n, m, k)
        if c != 0.0:
            g, g_low = _times(c, 0.0, f, f_low)
            wanted, wanted_low = _sum(wanted, wanted_low, g, g_low)
        if k % 2 == 0:
            twice = 1.0 if k == 0 else 2.0
            total, total_low = _sum(total, total_low, twice * f, twice * f_low)
        if k > 0:
            g, g_low = _below(float(k), t, t_low, f, f_low, above, above_low)
            above, above_low, f, f_low = f, f_low, g, g_low
            if abs(f) > _LARGE:
                f, f_low, above, above_low = f * _SMALL, f_low * _SMALL, above * _SMALL, above_low * _SMALL
                total, total_low = total * _SMALL, total_low * _SMALL
                wanted, wanted_low = wanted * _SMALL, wanted_low * _SMALL
    w, w_low = _over(wanted, wanted_low, total, total_low)
    return w + w_low


def _y_by_miller(x: float) -> tuple[float, float, float, float]:
    """Give Y of orders 0 and 1 in two parts each, for x > 0, as sums of all J (DLMF 10.8.3)."""
    last = _last(0.0, x)
    high, low, total, total_low = _by_miller(x, last)
    even, even_low, odd, odd_low = 0.0, 0.0, 0.0, 0.0
    for k in range(last, 0, -1):
        half, way = 0.5 * k, 1.0 if k % 4 < 2 else -1.0
        if k % 2 == 0:
            q, q_low = _over(way * high[k], way * low[k], half, 0.0)
            even, even_low = _sum(even, even_low, q, q_low)
        else:
            q, q_low = _over(-way * high[k], -way * low[k], half + 0.5, 0.0)
            odd, odd_low = _sum(odd, odd_low, q, q_low)
            if k > 1:
                q, q_low = _over(-way * high[k], -way * low[k], half - 0.5, 0.0)
                odd, odd_low = _sum(odd, odd_low, q, q_low)
    ln, ln_low = _log(0.5 * x)
    ln, ln_low = _sum(ln, ln_low, _EULER, _EULER_REST)
    c, c_low = _over(_TWO_INV_PI, _TWO_INV_PI_REST, total, total_low)
    y, y_low = _times(ln, ln_low, high[0], low[0])
    y, y_low = _sum(y, y_low, -2.0 * even, -2.0 * even_low)
    zero, zero_low = _times(y, y_low, c, c_low)
    y, y_low = _times(ln, ln_low, high[1], low[1])
    y, y_low = _sum(y, y_low, odd, odd_low)
    q, q_low = _over(high[0], low[0], x, 0.0)
    y, y_low = _sum(y, y_low, -q, -q_low)
    one, one_low = _times(y, y_low, c, c_low)
    return zero, zero_low, one, one_low


def _j_expanded(x: float, slope: int) -> tuple[float, float]:
    """Derivative up to the second of J of order 0, in two parts, the second of ten bits, for x below 25."""
    return expanded(BESSEL_J, J_DEGREE, _j_row(x), x, slope)


def _j_row(x: float) -> int:
    """Return which row of the table serves J next to a number."""
    at = int(x * _TWO_INV_PI)
    return at + 1 if at > 0 or x > 0.8 else 0


def _y_row(x: float) -> int:
    """Return which row of the table serves Y next to a number from 0.6 on."""
    at = int(x * _TWO_INV_PI)
    return at + 2 if at > 0 or x > 1.15 else 1


def _y_expanded(x: float, slope: int) -> tuple[float, float]:
    """Derivative of Y of order 0 in two parts, the second of ten bits, for x from 1e-10 to 25.

    Up to the first; from 0.6 on up to the second.
    """
    if x > 0.6:
        return expanded(BESSEL_Y, Y_DEGREE, _y_row(x), x, slope)
    # DLMF 10.8.2, and its derivative
    y, low = _log(0.5 * x, 3.0)
    y, low = _sum(y, low, _EULER, _EULER_REST)
    j, j_low = expanded(BESSEL_J, J_DEGREE, 0, x, slope)
    y, low = _times(y, low, j, j_low)
    if slope == 1:
        j, j_low = expanded(BESSEL_J, J_DEGREE, 0, x, 0)
        q, q_low = _over(j, j_low, x, 0.0)
        y, low = _sum(y, low, q, q_low)
    y, low = _times(y, low, _TWO_INV_PI, _TWO_INV_PI_REST)
    rest, rest_low = expanded(BESSEL_Y, Y_DEGREE, 0, x, slope)
    return _sum(y, low, rest, rest_low)


def _root(x: float, factor: float, rest: float) -> tuple[float, float]:
    """Square root of the product of x and a factor, each in two parts."""
    square, lost = two_product(x, factor)
    r = math.sqrt(square)
    p, low = two_product(r, r)
    return r, (((square - p) - low) + lost + x * rest) / (2.0 * r)


# Of the asymptotic series, DLMF 10.17.3, of orders 0 and 1: (P - 1) x**2 and Q x as polynomials of 1 / x**2,
# by interpolation from 25 on, the last coefficient first.
_P_ZERO = (
    -90430.76204934336, 2979.875505292669, -109.95574240148161, 6.074008248566093, -0.5725014120675112,
    0.11215209960848893, -0.07031249999999999,
)  # fmt: skip
_Q_ZERO = (
    -14386.188510148178, 543.3371687916456, -24.37206086838676, 1.727722837096879, -0.22710800047631327,
    0.0732421874998773, -0.125,
)  # fmt: skip
_P_ONE = (
    97359.50380577664, -3240.1862250340755, 121.53239587423089, -6.883878257868897, 0.6765925789210179,
    -0.14419555663967956, 0.11718749999999999,
)  # fmt: skip
_Q_ONE = (
    15574.079186870717, -595.2776765520358, 27.239755310877285, -1.9935267353343191, 0.27757644521247277,
    -0.10253906249986854, 0.375,
)  # fmt: skip


def _hankel(x: float, slope: int) -> tuple[float, float, float, float]:
    """Derivatives up to the second of J and Y of order 0, in two parts each, for x from 25 on.

    By the asymptotic series, DLMF 10.17.3 and 10.17.4.
    """
    p, q, first, second, inverse = 0.0, 0.0, 0.0, 0.0, 1.0 / x
    square = inverse * inverse
    if slope != 1:
        for c in _P_ZERO:
            p = p * square + c
        for c in _Q_ZERO:
            q = q * square + c
        p, q = p * square, q * inverse
    if slope != 0:
        for c in _P_ONE:
            first = first * square + c
        for c in _Q_ONE:
            second = second * square + c
        first, second = first * square, second * inverse
    sine, cosine = math.sin(x), math.cos(x)
    s, s_low = two_sum(sine, cosine)
    d, d_low = two_sum(sine, -cosine)
    # Of order 0 they are s + j and d + y, of order 1 d + other and -s - another.
    j, y = s_low + (p * s - q * d), d_low + (p * d + q * s)
    other, another = d_low + (first * d + second * s), s_low + (first * s - second * d)
    if slope == 0:
        high, low, above, above_low = s, j, d, y
    elif slope == 1:
        high, low, above, above_low = -d, -other, s, another
    else:  # order 1 over x less order 0
        high, low, above, above_low = -s, (d + other) * inverse - j, -d, -(s + another) * inverse - y
    if x > 1e280:
        root = math.sqrt(math.pi) * math.sqrt(x)
        return (high + low) / root, 0.0, (above + above_low) / root, 0.0
    root, rest = _root(x, math.pi, 1.2246467991473532e-16)
    high, low = _over(high, low, root, rest)
    above, above_low = _over(above, above_low, root, rest)
    return high, low, above, above_low


def _forwards(
    x: float, n: int, m: int, zero: float, zero_low: float, one: float, one_low: float
) -> tuple[float, float]:
    """Derivative of order m of the function of order n, from those of orders 0 and 1 by the recurrence.

    It is of numbers 2**200 times smaller, lest Y overflows before the derivative does. Beside it stands what
    it would be if nothing cancelled out, which the errors of those of orders 0 and 1 count beside.
    """
    total, total_low, size, lesser, greater = 0.0, 0.0, 0.0, abs(zero) * _LESS, abs(one) * _LESS
    zero, zero_low, one, one_low = zero * _LESS, zero_low * _LESS, one * _LESS, one_low * _LESS
    for k in range(n + m + 1):
        c = _weight(n, m, k)
        if c != 0.0:
            g, g_low = _times(c, 0.0, zero, zero_low)
            total, total_low = _sum(total, total_low, g, g_low)
            size += abs(c) * lesser
        if abs(one) > _LARGE:
            return (INF if m % 2 == 1 else -INF), 0.0
        c, c_low = _over(2.0 * k + 2.0, 0.0, x, 0.0) if x < _LARGE else (0.0, 0.0)
        g, g_low = _times(c, c_low, one, one_low)
        g, g_low = _sum(g, g_low, -zero, -zero_low)
        zero, zero_low, one, one_low = one, one_low, g, g_low
        lesser, greater = greater, c * greater + lesser
    return (total + total_low) * _MORE, size * _MORE


def _first_term(x: float, n: int, m: int) -> float:
    """First term of the power series of the derivative of order m of J or I of order n, without its sign.

    It is the one of the power 2 j + n of x, the first from m on (DLMF 10.2.2).
    """
    j = int(0.5 * (m - n + 1)) if m > n else 0
    p = 2 * j + n - m
    y, low = 1.0, 0.0
    for i in range(1, n + 2 * j + 1):  # none of m, p, j and n + j is more
        if i <= m:
            y, low = _times(y, low, 0.5 * (p + i), 0.0)
        if i <= p:
            y, low = _times(y, low, 0.5 * x, 0.0)
        if i <= n + j:
            y, low = _over(y, low, float(i), 0.0)
        if i <= j:
            y, low = _over(y, low, float(i), 0.0)
    return y + low


def jn(x: float, order: float) -> float:
    """Bessel function J of a whole order."""
    return jn_derivative(x, order, 0.0)


def jn_derivative(x: float, order: float, slope: float) -> float:
    """Derivative of a whole order of the Bessel function J of a whole order."""
    if not is_order(order) or not is_order(slope) or x != x:
        return NAN
    n, m = int(order), int(slope)
    a = abs(x)
    if a == INF:
        return 0.0
    if a < _NEAR:
        y = _first_term(a, n, m)
        if m > n and (m - n + 1) % 4 > 1:
            y = -y
    elif a < _FAR and n + m <= 1:
        y, low = expanded_value(BESSEL_J, J_DEGREE, _j_row(a), a, n + m)
        y = -(y + low) if n == 1 else y + low
    elif a < _FAR and n <= 1 and n + m == 2:
        y, low = expanded_value(BESSEL_J, J_DEGREE, _j_row(a), a, 2)
        size = min(1.0, 0.8 / math.sqrt(a))
        if abs(y) < 0.25 * size:
            y, low = _j_expanded(a, 2)
        y = -(y + low) if n == 1 else y + low
        if abs(y) < _FEW * size:
            y = _j_by_miller(a, n, m)
    elif n <= 1 and n + m <= 2:
        y, low, _, _ = _hankel(a, n + m)
        y = -(y + low) if n == 1 else y + low
    elif a < _FAR:
        y, size = 0.0, 1.0
        if n + m < a + 1.0:
            zero, zero_low = _j_expanded(a, 0)
            one, one_low = _j_expanded(a, 1)
            y, size = _forwards(a, n, m, zero, zero_low, -one, -one_low)
        if abs(y) < _FEW * size:
            y = _j_by_miller(a, n, m)
    elif order + slope > 0.9 * a:
        y = _j_by_miller(a, n, m)
    else:
        zero, zero_low, _, _ = _hankel(a, 0)
        one, one_low, _, _ = _hankel(a, 1)
        y, _ = _forwards(a, n, m, zero, zero_low, -one, -one_low)
    return -y if x < 0.0 and (n + m) % 2 == 1 else y


def _y_near_zero(x: float, n: int, m: int) -> float:
    """Give what the derivative of order m of Y of order n begins with (DLMF 10.8.1, 10.8.2)."""
    if n + m == 0:
        y, low = _log(x)
        y, low = _sum(y, low, _EULER_LESS_LN2, 0.0)
        y, low = _times(y, low, _TWO_INV_PI, _TWO_INV_PI_REST)
        return y + low
    y, low = _over(_TWO_INV_PI * _LESS, _TWO_INV_PI_REST * _LESS, x, 0.0)
    for k in range(1, n + m):
        y, low = _times(y, low, 2.0 * k if k < n else float(k), 0.0)
        if y > _LARGE * x:
            return INF if m % 2 == 1 else -INF
        y, low = _over(y, low, x, 0.0)
    y = (y + low) * _MORE
    return y if m % 2 == 1 else -y


def yn(x: float, order: float) -> float:
    """Bessel function Y of a whole order; NaN below zero, minus infinity there."""
    return yn_derivative(x, order, 0.0)


def yn_derivative(x: float, order: float, slope: float) -> float:
    """Derivative of a whole order of the Bessel function Y of a whole order."""
    if not is_order(order) or not is_order(slope) or not x >= 0.0:
        return NAN
    n, m = int(order), int(slope)
    if x == 0.0:
        return INF if m % 2 == 1 else -INF
    if x == INF:
        return 0.0
    if x < 1e-10:
        return _y_near_zero(x, n, m)
    if 0.6 < x < _FAR and n + m <= 1:
        y, low = expanded_value(BESSEL_Y, Y_DEGREE, _y_row(x), x, n + m)
        return -(y + low) if n == 1 else y + low
    if x < _FAR and n <= 1 and (n + m <= 1 or (n + m == 2 and x > 0.6)):
        y, low = _y_expanded(x, n + m)
        y = -(y + low) if n == 1 else y + low
        if n + m <= 1 or abs(y) > _FEW * (1.0 + 1.0 / x):
            return y
    elif x >= _FAR and n <= 1 and n + m <= 2:
        _, _, y, low = _hankel(x, n + m)
        return -(y + low) if n == 1 else y + low
    if x < _FAR:
        zero, zero_low = _y_expanded(x, 0)
        one, one_low = _y_expanded(x, 1)
    else:
        _, _, zero, zero_low = _hankel(x, 0)
        _, _, one, one_low = _hankel(x, 1)
    one, one_low = -one, -one_low
    y, size = _forwards(x, n, m, zero, zero_low, one, one_low)
    if x < _FAR and abs(y) < _FEW * size:
        zero, zero_low, one, one_low = _y_by_miller(x)
        y, size = _forwards(x, n, m, zero, zero_low, one, one_low)
    return y


def _scaled(x: float, n: int, m: int) -> tuple[float, float]:
    """Derivative of order m of exp(-x) I of order n, x >= 0, but for factors 2**-900, and their number.

    It is a sum of that function's neighbours: (cos - 1)**m, times which their integrals are (DLMF 10.32.3),
    is a sum of cosines. Those factors are left out lest digits are lost where the product is next to zero.
    """
    count = 0.0
    if x > 30.0 + n * n * (m + 1) + 3 * m:
        return _far_scaled(x, float(n), float(m)), count
    t, t_low = _over(2.0, 0.0, x, 0.0)
    f, f_low, above, above_low = 1.0, 0.0, 0.0, 0.0
    total, total_low, wanted, wanted_low = 0.0, 0.0, 0.0, 0.0
    for k in range(n + m + 10 + int(math.sqrt(160.0 * x)), -1, -1):
        twice = 1.0 if k == 0 else 2.0
        total, total_low = _sum(total, total_low, twice * f, twice * f_low)
        if n - m <= k <= n + m:
            c = _portion(2 * m, m + k - n) + (_portion(2 * m, m - k - n) if k > 0 else 0.0)
            c = c if (k + n + m) % 2 == 0 else -c
            g, g_low = _times(c, 0.0, f, f_low)
            wanted, wanted_low = _sum(wanted, wanted_low, g, g_low)
        if k > 0:
            order = float(k)
            c, c_low = two_product(order, t)
            g, g_low = _times(c, c_low + order * t_low, f, f_low)
            g, g_low = _sum(g, g_low, above, above_low)
            above, above_low, f, f_low = f, f_low, g, g_low
            if f > _LARGE:
                f, f_low, above, above_low = f * _SMALL, f_low * _SMALL, above * _SMALL, above_low * _SMALL
                total, total_low = total * _SMALL, total_low * _SMALL
                if k > n - m:
                    wanted, wanted_low = wanted * _SMALL, wanted_low * _SMALL
                else:
                    count += 1.0
    w, w_low = _over(wanted, wanted_low, total, total_low)
    return (w + w_low) * 2.0**m, count


def _far_scaled(x: float, n: float, m: float) -> float:
    """Asymptotic series, DLMF 10.40.1, differentiated m times."""
    factor, k = 1.0, 0.0
    while k < m:
        factor *= -(k + 0.5) / x
        k += 1.0
    rest, term, k = 0.0, 1.0, 0.0
    while abs(term) > 1e-19 and k < 200.0:
        k += 1.0
        term *= -(4.0 * n * n - (2.0 * k - 1.0) * (2.0 * k - 1.0)) / (8.0 * k) / x
        term *= (k + m - 0.5) / (k - 0.5)
        rest += term
    if x > 1e280:
        return (1.0 + rest) * factor / _SQRT_2PI / math.sqrt(x)
    total, lost = two_sum(1.0, rest)
    root, root_low = _root(x, 2.0 * math.pi, 2.4492935982947064e-16)
    high, low = _over(total, lost, root, root_low)
    return high * factor + low * factor


def ine(x: float, order: float, slope: float) -> float:
    """Derivative of the order ``slope`` of exp(-abs(x)) I of a whole order."""
    if not is_order(order) or not is_order(slope) or x != x:
        return NAN
    n, m = int(order), int(slope)
    a = abs(x)
    if a == INF:
        return 0.0
    if n <= 1 and m <= 1 and _NEAR < a < _I_FAR:
        y = _scaled_expanded(a, n, m)
        return -y if x < 0.0 and (n + m) % 2 == 1 else y
    y, count = _scaled(a, n, m) if a > 1e-20 else (_at_zero(a, n, m), 0.0)
    while count > 0.0 and y != 0.0:
        y *= _SMALL
        count -= 1.0
    return -y if x < 0.0 and (n + m) % 2 == 1 else y


def _at_zero(x: float, n: int, m: int) -> float:
    """Give `_scaled` of a number next to zero: the first term of its power series."""
    if m <= n:
        return _first_term(x, n, m)
    y = _portion(2 * m, m + n) * 2.0**m
    return y if (m + n) % 2 == 0 else -y


_I_FAR = 31.0
"""From here on the asymptotic series of I and K of orders 0 and 1 serve, with as many terms as are below."""
# Of 1 / x, the last one first, DLMF 10.40.1; K has those of -1 / x.
_I_TERMS = {
    n: tuple([
        math.prod([((2.0 * j - 1.0) * (2.0 * j - 1.0) - 4.0 * n * n) / (8.0 * j) for j in range(1, k + 1)])
        for k in range(20, 0, -1)
    ])
    for n in (0, 1)
}  # fmt: skip
# The same of the derivative of order 1, DLMF 10.40.5.
_I_SLOPE_TERMS = tuple([
    -(4.0 * k * k + 3.0) / (8.0 * k)
    * math.prod([((2.0 * j - 1.0) * (2.0 * j - 1.0) - 4.0) / (8.0 * j) for j in range(1, k)])
    for k in range(20, 0, -1)
])  # fmt: skip
_EXP_32, _EXP_32_REST = 78962960182680.69, 0.007660978022635108
_SECOND_ORDER = (1 / 73156608000, 1 / 914457600, 1 / 14515200, 1 / 302400, 1 / 8640, 1 / 360, 1 / 24, 1 / 3)


def _i_expanded(x: float, order: int) -> float:
    """Modified Bessel function I of an order up to 2, for x from 1e-8 to 31."""
    if order == 2 and x < 0.8125:  # DLMF 10.25.2
        y, z = 0.0, 0.25 * x * x
        for c in _SECOND_ORDER:
            y = y * z + c
        square, lost = two_product(x, x)
        first = 0.125 * square
        return first + (first * (y * z) + 0.125 * lost)
    at = int(x * 0.6153846153846154 + 0.5)
    if order < 2:
        y, low = expanded_value(BESSEL_I, I_DEGREE, at, x, order)
        return y + low
    y, low = expanded(BESSEL_I, I_DEGREE, at, x, 2)  # I2 = 2 I0'' - I0
    zero, zero_low = expanded(BESSEL_I, I_DEGREE, at, x, 0)
    y, low = _sum(2.0 * y, 2.0 * low, -zero, -zero_low)
    return y + low


# By interpolation: the slope of exp(-x) I1 from 1.4 to 1.7 over the distance to its zero; last coefficient
# first.
_I1E_ZERO, _I1E_ZERO_REST = 1.5451272579925426, 1.0630756383046672e-16
_I1E_SLOPE = (
    -7.707957046027437e-07, 4.4684778721272555e-06, -2.3394316677561266e-05, 0.00011090874459774085,
    -0.0004698272296739459, 0.0017519744510644066, -0.005637298635944046, 0.015214710546338665,
    -0.03294765027144747, 0.052706243068277564, -0.050026009428196336,
)  # fmt: skip


def _scaled_expanded(x: float, n: int, m: int) -> float:
    """Derivative of order m <= 1 of exp(-x) I of order n <= 1, 1e-8 < x < 31."""
    if n == 1 and m == 1 and 1.4 < x < 1.7:
        d, y = (x - _I1E_ZERO) - _I1E_ZERO_REST, 0.0
        for c in _I1E_SLOPE:
            y = y * d + c
        return y * d
    at = int(x * 0.6153846153846154 + 0.5)
    if m == 0:
        y, low = expanded_value(BESSEL_I, I_DEGREE, at, x, n)
    else:
        y, low = expanded_difference(BESSEL_I, I_DEGREE, at, x, n)
    power = math.exp(-x)
    y, lost = two_product(y, power)
    return y + (lost + low * power)


def _i_far(x: float, slope: int) -> float:
    """Derivative up to the second of the modified Bessel function I of order 0, for x from 31 on."""
    if x > 720.0:
        return INF
    inverse, rest = 1.0 / x, 0.0
    if slope == 0:
        for c in _I_TERMS[0]:
            rest = rest * inverse + c
    elif slope == 1:
        for c in _I_TERMS[1]:
            rest = rest * inverse + c
    else:
        for c in _I_SLOPE_TERMS:
            rest = rest * inverse + c
    root, root_low = _root(x, 2.0 * math.pi, 2.4492935982947064e-16)
    total, lost = two_sum(1.0, rest * inverse)
    y, low = _over(total, lost, root, root_low)
    if x > 700.0:  # exp(x) may leave the doubles
        y, low = _times(y, low, _EXP_32, _EXP_32_REST)
        x -= 32.0
    power = math.exp(x)
    return y * power + low * power


def modified(x: float, order: float) -> float:
    """Modified Bessel function I of a whole order."""
    if not is_order(order) or x != x:
        return NAN
    if abs(x) == INF:
        return INF if x > 0.0 or order % 2.0 == 0.0 else -INF
    a, n = abs(x), int(order)
    if n <= 1 and a >= _I_FAR:
        y = _i_far(a, n)
        return -y if x < 0.0 and n == 1 else y
    if n <= 2 and a < _I_FAR:
        y = _i_expanded(a, n) if a > _NEAR else _first_term(a, n, 0)
        return -y if x < 0.0 and n == 1 else y
    y, count = _scaled(a, n, 0) if a > 1e-20 else (_at_zero(a, n, 0), 0.0)
    p, low = two_product(count, -_LN_SMALL)
    power, lost = two_sum(a, p)
    low += lost - count * _LN_SMALL_REST
    if count > 0.0:
        y += y * low
    half = exp(0.5 * power)
    y = y * half * half if abs(power) > 700.0 else y * math.exp(power)
    return -y if x < 0.0 and n % 2 == 1 else y


def i1_slope(x: float) -> float:
    """Derivative of the modified Bessel function I of order 1, which is the second one of order 0."""
    a = abs(x)
    if not a < INF:
        return a
    if a >= _I_FAR:
        return _i_far(a, 2)
    y, low = expanded_value(BESSEL_I, I_DEGREE, int(a * 0.6153846153846154 + 0.5), a, 2)
    return y + low


# The modified functions K.

_K_NEAR = 0.125
"""Up to here the power series of K of orders 0 and 1 serve."""
_K_FAR = 32.0
"""From here on their asymptotic series serve."""


def _k_expanded(x: float) -> tuple[float, float, float, float]:
    """Give exp(x) K of orders 0 and 1 in two parts each, for x from 1/8 to 32.

    The second is what the first one falls by and the first, all of which is positive.
    """
    m, k = math.frexp(x)
    at = 2 * k + 5 if m >= 0.75 else 2 * k + 4
    zero, zero_low = expanded_value(BESSEL_K, K_DEGREE, at, x, 0)
    fall, fall_low = expanded_value(BESSEL_K, K_DEGREE, at, x, 1)
    one, one_low = _sum(zero, zero_low, -fall, -fall_low)
    return zero, zero_low, one, one_low


def _k_from_zero(x: float) -> tuple[float, float, float, float]:
    """Give K of orders 0 and 1 in two parts each, for x up to 1/8 (DLMF 10.31.1, 10.31.2).

    All but the logarithm and 1 / x is a small part of them.
    """
    z = 0.25 * x * x
    zero, zero_low = _log(0.5 * x, 3.0)
    zero, zero_low = _sum(-zero, -zero_low, -_EULER, -_EULER_REST)
    rest = 1.0 + z * (1 / 4 + z * (1 / 36 + z * (1 / 576 + z / 14400)))
    odd = 1.0 + z * (1 / 2 + z * (1 / 12 + z * (1 / 144 + z / 2880)))
    more = 1.0 + z * (3 / 8 + z * (11 / 216 + z * (25 / 6912 + z * (137 / 864000))))
    even = 1.0 + z * (5 / 4 + z * (5 / 18 + z * (47 / 1728 + z * (131 / 86400))))
    one, one_low = _over(1.0, 0.0, x, 0.0)
    one, one_low = _sum(one, one_low, -0.5 * x * (zero * odd + 0.5 * even), 0.0)
    zero, zero_low = _sum(zero, zero_low, z * (zero * rest + more), 0.0)
    return zero, zero_low, one, one_low


def _k_far(x: float) -> tuple[float, float, float, float]:
    """Asymptotic series of exp(x) K of orders 0 and 1 in two parts each, for x from 32 on (DLMF 10.40.2)."""
    inverse, first, second = -1.0 / x, 0.0, 0.0
    for c in _I_TERMS[0]:
        first = first * inverse + c
    for c in _I_TERMS[1]:
        second = second * inverse + c
    root, root_low = _root(x, _TWO_INV_PI, _TWO_INV_PI_REST)
    total, lost = two_sum(1.0, first * inverse)
    zero, zero_low = _over(total, lost, root, root_low)
    total, lost = two_sum(1.0, second * inverse)
    one, one_low = _over(total, lost, root, root_low)
    return zero, zero_low, one, one_low


def kn(x: float, order: float) -> float:
    """Modified Bessel function K of a whole order; NaN below zero, infinite there.

    From those of orders 0 and 1, from 1/8 on times exp(x), by the recurrence over the orders (DLMF 10.29.1).
    """
    if not is_order(order) or not x >= 0.0:
        return NAN
    n = int(order)
    if x == 0.0 or x > 1490.0:
        return INF if x == 0.0 else 0.0
    if x < 1e-10:
        if n == 0:
            y, low = _log(x)
            y, low = _sum(-y, -low, -_EULER_LESS_LN2, 0.0)
            return y + low
        y, low = _over(_LESS, 0.0, x, 0.0)
        for k in range(1, n):
            if y > _LARGE * x:
                return INF
            y, low = _times(y, low, 2.0 * k, 0.0)
            y, low = _over(y, low, x, 0.0)
        return (y + low) * _MORE
    if x < _K_NEAR:
        zero, zero_low, one, one_low = _k_from_zero(x)
    elif x < _K_FAR:
        zero, zero_low, one, one_low = _k_expanded(x)
    else:
        zero, zero_low, one, one_low = _k_far(x)
    count = 0
    for k in range(n):
        if k > 0:
            c, c_low = _over(2.0 * k, 0.0, x, 0.0)
            y, y_low = _times(c, c_low, one, one_low)
            y, y_low = _sum(y, y_low, zero, zero_low)
            zero, zero_low, one, one_low = one, one_low, y, y_low
        if one > _LARGE:
            zero, zero_low, one, one_low = zero * _SMALL, zero_low * _SMALL, one * _SMALL, one_low * _SMALL
            count += 1
    y, low = (one, one_low) if n > 0 else (zero, zero_low)
    if x < 700.0:
        power = math.exp(-x) if x >= _K_NEAR else 1.0
        y, lost = two_product(y, power)
        y += lost + low * power
        for _ in range(count):
            y /= _SMALL
        return y
    half = math.exp(-0.5 * x)
    y, lost = two_product(y, half)
    y += lost + low * half
    for _ in range(count):
        y = y * 2.0**450 * half * 2.0**450 / half
    return y * half
