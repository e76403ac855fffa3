"""Lengths, directions and inverse powers of points, over the whole range of doubles.

Squares and quotients leave that range long before the results do. Where they do, decimal numbers, whose
exponents do not end, take over.
"""



from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

from autograd.floats.elementary import INF, NAN, div, is_order, two_product, two_sum
from autograd.floats.gamma import DIGITS
from autograd.floats.many import exact_sum, place, sum


def norm(*xs: float) -> float:
    """Euclidean length."""
    return math.hypot(*xs)


def direction(*operands: float) -> float:
    """Quotient x[index] / norm(x), the cosine of the angle to an axis.

    It is 0 for the zero vector. The index comes last.
    """
    *xs, index = operands
    i, r = place("direction", index, len(xs)), math.hypot(*xs)
    return _cosine(xs[i], r, _rest(r, xs)) if 1e-140 < r < 1e140 else _cosines(tuple(xs))[i]


def directions(_: float, *xs: float) -> tuple[float, ...]:
    """Every `direction`: the partials of the length."""
    r = math.hypot(*xs)
    if not 1e-140 < r < 1e140:
        return _cosines(xs)
    rest = _rest(r, xs)
    return tuple([_cosine(x, r, rest) for x in xs])


def _rest(r: float, xs: Sequence[float]) -> float:
    """What rounding the length to r lost."""
    square, lost = two_product(r, r)
    parts = [-square, -lost]
    for x in xs:
        parts += two_product(x, x)
    return math.fsum(parts) / (2.0 * r)


def _cosine(x: float, r: float, rest: float) -> float:
    """Quotient x / (r + rest), by one step of Newton's method."""
    c = x / r
    if abs(c) < 1e-140:
        return c
    p, lost = two_product(c, r)
    return c + ((x - p) - lost - c * rest) / r


def _cosines(xs: tuple[float, ...]) -> tuple[float, ...]:
    """Give `directions` where the squares leave the range."""
    infinite = len([x for x in xs if math.isinf(x)])
    if any(x != x for x in xs) or infinite > 1:
        return (NAN,) * len(xs)
    if infinite:
        return tuple(math.copysign(1.0, x) if math.isinf(x) else 0.0 for x in xs)
    if not any(xs):
        return (0.0,) * len(xs)
    with localcontext(DIGITS):
        exact = [+Decimal(x) for x in xs]
        r = builtins.sum(x * x for x in exact).sqrt()  # type: ignore[union-attr]
        return tuple(float(x / r) for x in exact)


def is_extreme(xs: Sequence[float]) -> bool:
    """Whether powers of a length, or products of its cosines, leave the range."""
    r = math.hypot(*xs)
    if 1e-100 < r < 1e100:
        return any(0.0 < abs(x) < 1e-100 for x in xs)
    return r > 0.0 and all(map(math.isfinite, xs))


def length_slope(*operands: float) -> float:
    """Derivative of `norm`, after the operands how often it is taken by each; all are finite, not all zero.

    With t of order m_i in the i-th direction the length of x + t is r sqrt(1 + (2 x t + t t) / r**2), whose
    binomial series gives the coefficient of t**m: a sum over how many pairs of each order come from t t. Over
    the same power of r its terms are whole numbers, once the operands are, and so cancel to the last digit.
    """
    count = len(operands) // 2
    ratios = [x.as_integer_ratio() for x in operands[:count]]
    shift = builtins.max(below for _, below in ratios)  # each a power of two
    xs, orders = [above * (shift // below) for above, below in ratios], list(map(int, operands[count:]))
    degree, square = builtins.sum(orders), builtins.sum(x * x for x in xs)
    total = 0
    for pairs in itertools.product(*[range(m // 2 + 1) for m in orders]):
        power = degree - builtins.sum(pairs)  # of 1 / r**2
        # (1/2 choose power) power! is an odd product over 2**power.
        term = math.prod(range(1 - 2 * (power - 1), 2, 2)) if power else 1
        for m, j, x in zip(orders, pairs, xs, strict=True):
            term *= x ** (m - 2 * j) * (math.factorial(m) // (math.factorial(m - 2 * j) * math.factorial(j)))
            term *= 2 ** (m - 2 * j)
        total += term * square ** (degree - power) * 2 ** (degree - power)
    with localcontext(DIGITS):
        scaled = Decimal(total) / 2**degree * Decimal(square).sqrt() / Decimal(square) ** degree
        return float(scaled * Decimal(shift) ** (degree - 1))


def direction_slopes(y: float, *operands: float) -> tuple[float, ...]:
    """Partials of `direction`: the sum of the other cosines squared, by the length, or -y cosine by it."""
    *xs, index = operands
    i, r = int(index), math.hypot(*xs)
    if 1e-290 < r < INF and (r >= 1.0 or all(abs(x) > 1e-290 or x == 0.0 for x in xs)):
        cosines = directions(r, *xs)
        slopes = [-y * (c / r) for c in cosines]
        slopes[i] = sum(*[c * (c / r) for j, c in enumerate(cosines) if j != i])
        return tuple(slopes)
    if not any(xs) or not all(map(math.isfinite, xs)):
        return tuple(NAN if y != y or r == 0.0 else 0.0 for _ in xs)
    with localcontext(DIGITS):
        exact = [+Decimal(x) for x in xs]
        squares = [x * x for x in exact]
        cube = builtins.sum(squares) ** Decimal("1.5")
        ratios = [-exact[i] * x / cube for x in exact]
        ratios[i] = builtins.sum(squares[:i] + squares[i + 1 :], Decimal(0)) / cube
        return tuple(map(float, ratios))


def direction_row(xs: Sequence[float], place: int) -> tuple[float, ...]:
    """Partials of one direction."""
    return direction_slopes(direction(*xs, float(place)), *xs, float(place))


def direction_pull(xs: Sequence[float], g: Sequence[float]) -> list[float]:
    """Sums of g times the partials of all directions.

    The matrix is symmetric, so that it serves tangents as well.
    """
    r = math.hypot(*xs)
    if not any(xs) or not all(map(math.isfinite, (*xs, *g))):
        cosines = directions(r, *xs)
        along = [c * x for c, x in zip(cosines, g, strict=True)]
        return [div(x, r) - c * div(exact_sum(along), r) for c, x in zip(cosines, g, strict=True)]
    if 1e-140 < r < 1e140 and all(abs(x) > 1e-150 or x == 0.0 for x in (*xs, *g)):
        cosines = directions(r, *xs)
        along = [c * x for c, x in zip(cosines, g, strict=True)]
        mean = exact_sum(along)
        slopes = [(x - c * mean) / r for c, x in zip(cosines, g, strict=True)]
        at = builtins.max(range(len(xs)), key=lambda i: abs(cosines[i]))
        if abs(cosines[at]) > 0.75:
            squares = [c * c for c in cosines]
            squares[at] = along[at] = 0.0
            slopes[at] = (g[at] * exact_sum(squares) - cosines[at] * exact_sum(along)) / r
        return slopes
    with localcontext(DIGITS):
        exact, received = [+Decimal(x) for x in xs], [+Decimal(x) for x in g]
        at = builtins.max(range(len(xs)), key=lambda i: abs(xs[i]))
        pairs = [pair for i, pair in enumerate(zip(exact, received, strict=True)) if i != at]
        others = builtins.sum([p * p for p, _ in pairs], Decimal(0))
        rest = builtins.sum([p * q for p, q in pairs], Decimal(0))
        square, inner = others + exact[at] ** 2, rest + exact[at] * received[at]
        cube = square ** Decimal("1.5")
        ratios = [(q * square - p * inner) / cube for p, q in zip(exact, received, strict=True)]
        ratios[at] = (received[at] * others - exact[at] * rest) / cube
        return list(map(float, ratios))


def complex_power(x: float, y: float, order: float) -> tuple[float, float]:
    """Real and imaginary part of (x + iy)**-order; NaN at zero.

    The operands may be 600 orders of magnitude apart.
    """
    if x == 0.0 == y or x != x or y != y or not is_order(order):
        return NAN, NAN
    if math.isinf(x) or math.isinf(y):
        return 0.0, 0.0
    return _inverse(x, y) if order == 1.0 else _higher_inverse(x, y, order)


def _higher_inverse(x: float, y: float, order: float) -> tuple[float, float]:
    """Give `complex_power` for a finite number: where pairs of doubles do not suffice, by decimal numbers."""
    e = math.frexp(max(abs(x), abs(y)))[1] - 1  # so that a subnormal number beside 1 stays as it is
    u, v = math.ldexp(x, -e), math.ldexp(-y, -e)
    if order <= MOST and (abs(u) > 1e-140 or u == 0.0) and (abs(v) > 1e-140 or v == 0.0):
        real, imaginary = _inverse_power(u, v, int(order))
        return _ldexp(real, -e * int(order)), _ldexp(imaginary, -e * int(order))
    with localcontext(DIGITS):
        a, b = +Decimal(x), +Decimal(y)
        square = a * a + b * b
        a, b = a / square, -b / square
        re, im = Decimal(1), Decimal(0)
        for _ in range(int(order)):
            re, im = re * a - im * b, re * b + im * a
        return float(re), float(im)


MOST = 100.0
"""The highest power that doubles in pairs hold."""


def _inverse_power(u: float, v: float, order: int) -> tuple[float, float]:
    """Real and imaginary part of (u - iv)**-order, for numbers of which the larger is from a half to one.

    (u + iv)**order by the square of the length to that power, each in two doubles.
    """
    p, p_lost = two_product(u, u)
    q, q_lost = two_product(v, v)
    square, rest = two_sum(p, q)
    rest += p_lost + q_lost
    re, re_rest, im, im_rest, size, size_rest = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0
    for _ in range(order):
        p, p_lost = two_product(re, u)
        q, q_lost = two_product(im, v)
        r, r_lost = two_product(re, v)
        s, s_lost = two_product(im, u)
        p_lost += re_rest * u - im_rest * v - q_lost
        r_lost += re_rest * v + im_rest * u + s_lost
        p, q = two_sum(p, -q)
        r, s = two_sum(r, s)
        re, re_rest = two_sum(p, q + p_lost)
        im, im_rest = two_sum(r, s + r_lost)
        p, p_lost = two_product(size, square)
        size, size_rest = two_sum(p, p_lost + size * rest + size_rest * square)
    return _quotient(re, re_rest, size, size_rest), _quotient(im, im_rest, size, size_rest)


def _quotient(a: float, a_rest: float, b: float, b_rest: float) -> float:
    """Quotient of two numbers of two doubles each."""
    y = a / b
    p, lost = two_product(y, b)
    return y + (((a - p) - lost) + a_rest - y * b_rest) / b


def _inverse(x: float, y: float) -> tuple[float, float]:
    """Real and imaginary part of 1 / (x + iy).

    The squares keep their rounding errors. Where they may leave the range of doubles, the operands are
    divided by a power of two that brings the larger to between a half and one.
    """
    if 1e-140 < max(abs(x), abs(y)) < 1e140:
        a, a_rest = two_product(x, x)
        b, b_rest = two_product(y, y)
        s, rest = two_sum(a, b)
        rest = (rest + a_rest + b_rest) / s
        u, v = x / s, -y / s
        return u - u * rest, v - v * rest
    e = math.frexp(max(abs(x), abs(y)))[1]
    u, v = math.ldexp(x, -e), math.ldexp(y, -e)
    a, a_rest = two_product(u, u)
    b, b_rest = two_product(v, v)
    s, rest = two_sum(a, b)
    rest = (rest + a_rest + b_rest) / s
    (u, j), (v, k) = math.frexp(x), math.frexp(-y)
    u, v = u / s, v / s
    return _ldexp(u - u * rest, j - 2 * e), _ldexp(v - v * rest, k - 2 * e)


def inverse_slopes(_: float, a: float, b: float) -> tuple[float, float]:
    """Partials of atan2: both parts of 1 / (b + ia)."""
    return complex_power(b, a, 1.0)


def _ldexp(m: float, e: int) -> float:
    try:
        return math.ldexp(m, e)
    except OverflowError:
        return math.copysign(INF, m)
