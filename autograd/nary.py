"""Values of the operations over any number of floats, and of those that need a common scale."""

# ruff: noqa: PLR0124 - NaN alone differs from itself

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable
from decimal import Decimal, localcontext
from functools import lru_cache
from operator import mul

from autograd.gamma import DIGITS
from autograd.special import INF, NAN, two_sum

_BIG = 2.0**1000


def sum(*xs: float) -> float:
    """Sum, rounded once."""
    try:
        return math.fsum(xs)
    except ValueError:  # infinities of both signs
        return NAN
    except OverflowError:  # on the way, or in the end
        return math.fsum(x / _BIG for x in xs) * _BIG


def mean(*xs: float) -> float:
    """Arithmetic mean."""
    _require("mean", xs)
    total = sum(*xs)
    if math.isinf(total):
        return sum(*[x / _BIG for x in xs]) / len(xs) * _BIG
    return total / len(xs)


def dot(*xs: float) -> float:
    """Scalar product of the first half with the second half."""
    half = len(xs) // 2
    if len(xs) != 2 * half:
        raise TypeError(f"dot() takes two vectors of one length, got {len(xs)} numbers in all")
    return dot_vectors(xs[:half], xs[half:])


def dot_vectors(ws: Iterable[float], xs: Iterable[float]) -> float:
    """Scalar product of two vectors, by the built-in sum: the hottest line of a network's forward pass."""
    return builtins.sum(map(mul, ws, xs), 0.0)


def max(*xs: float) -> float:
    """The largest; NaN if there is a NaN."""
    _require("max", xs)
    return NAN if any(x != x for x in xs) else builtins.max(xs)


def min(*xs: float) -> float:
    """The smallest; NaN if there is a NaN."""
    _require("min", xs)
    return NAN if any(x != x for x in xs) else builtins.min(xs)


def _require(name: str, xs: tuple[float, ...]) -> None:
    if not xs:
        raise TypeError(f"{name}() takes at least one operand")


# Exponentials are taken relative to the largest, and those of the others summed apart from its 1: log1p of
# that sum keeps the digits that log(1 + ...) would lose.


@lru_cache(maxsize=8)  # a rule asks for the weights one by one
def _exponentials(xs: tuple[float, ...]) -> tuple[list[float], int]:
    """List of exp(x - max) for each x, and the place of the maximum."""
    top = max(*xs)
    if top != top:
        return [NAN] * len(xs), 0
    at = xs.index(top)
    powers = []
    for x in xs:
        d, lost = two_sum(x, -top)
        e = math.exp(d)
        powers.append(e + e * lost)
    powers[at] = 1.0 if math.isfinite(top) or xs.count(top) == 1 else NAN
    return powers, at


@lru_cache(maxsize=8)
def _total(xs: tuple[float, ...]) -> float:
    return math.fsum(_exponentials(xs)[0])


def _others(xs: tuple[float, ...]) -> tuple[float, float]:
    """The maximum, and the sum of the other exponentials."""
    powers, at = _exponentials(xs)
    return max(*xs), math.fsum(powers[:at] + powers[at + 1 :])


def logsumexp(*xs: float) -> float:
    """Logarithm log(exp(x1) + exp(x2) + ...), without overflow."""
    if not xs:
        return -INF
    if math.isinf(top := max(*xs)):
        return top
    top, rest = _others(xs)
    return top + math.log1p(rest)


def softmax(*operands: float) -> float:
    """Share exp(x[index]) / (exp(x[0]) + exp(x[1]) + ...); the index comes last."""
    *xs, index = operands
    key = tuple(xs)
    return _exponentials(key)[0][_place("softmax", index, len(xs))] / _total(key)


def log_softmax(*operands: float) -> float:
    """Logarithm of the softmax; the index comes last."""
    *xs, index = operands
    x = xs[_place("log_softmax", index, len(xs))]
    top, rest = _others(tuple(xs))
    if math.isinf(top):
        return NAN if xs.count(top) > 1 else 0.0 if x == top else -INF
    return (x - top) - math.log1p(rest)


def _place(name: str, index: float, count: int) -> int:
    place = int(index)
    if place != index or not 0 <= place < count:
        raise IndexError(f"{name}() of {count} operands takes a whole index from 0 to {count - 1}, got {index:g}")
    return place


# Lengths. Decimal numbers, whose exponents do not end, keep the squares in range and every digit of the ratio.


def norm(*xs: float) -> float:
    """Euclidean length."""
    return math.hypot(*xs)


def direction(*operands: float) -> float:
    """Quotient x[index] / norm(x), the cosine of the angle to an axis; 0 for the zero vector. The index comes last."""
    *xs, index = operands
    x = xs[_place("direction", index, len(xs))]
    if any(v != v for v in xs):
        return NAN
    if any(map(math.isinf, xs)):
        alone = builtins.sum(map(math.isinf, xs)) == 1
        return (math.copysign(1.0, x) if math.isinf(x) else 0.0) if alone else NAN
    with localcontext(DIGITS):
        return float(+Decimal(x) / _length(tuple(xs))) if any(xs) else 0.0


@lru_cache(maxsize=8)  # a rule asks for the cosines one by one
def _length(xs: tuple[float, ...]) -> Decimal:
    return builtins.sum((+Decimal(x)) ** 2 for x in xs).sqrt()  # type: ignore[union-attr]


def complex_power(x: float, y: float, order: float) -> tuple[float, float]:
    """Real and imaginary part of (x + iy)**-order; NaN at zero.

    The operands may be 600 orders of magnitude apart.
    """
    if x == 0.0 == y or x != x or y != y:
        return NAN, NAN
    if math.isinf(x) or math.isinf(y):
        return 0.0, 0.0
    with localcontext(DIGITS):
        u, v = +Decimal(x), +Decimal(y)
        square = u * u + v * v
        u, v = u / square, -v / square
        re, im = Decimal(1), Decimal(0)
        for _ in range(int(order)):
            re, im = re * u - im * v, re * v + im * u
        return float(re), float(im)
