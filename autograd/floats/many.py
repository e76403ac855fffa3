"""Values of the operations over any number of floats, and of those that need a common scale."""



from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import mul
from typing import Any

from autograd.floats.elementary import (
    INF,
    LN2,
    NAN,
    div,
    log,
    maximum,
    minimum,
    prod,
    products_of_others,
    two_sum,
)
from autograd.words import gettext

_BIG = 2.0**1000


def sum(*xs: float) -> float:
    """Sum, rounded once."""
    return exact_sum(xs)


def exact_sum(xs: Sequence[float]) -> float:
    """Sum of a list or tuple, rounded once."""
    try:
        return math.fsum(xs)
    except ValueError:  # infinities of both signs
        return NAN
    except OverflowError:  # on the way, or in the end
        return sum(*[x / _BIG for x in xs]) * _BIG


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
        raise TypeError(gettext(
            "dot() takes two vectors of one length, got {count} numbers in all",
            count=len(xs),
        ))  # fmt: skip
    return dot_vectors(xs[:half], xs[half:])


START: Any = 0.0 if sys.version_info < (3, 12) else False
"""Where the built-in sum of floats starts, so that it adds them one by one on every version of Python.

From a float on, Python 3.12 and later compensate for rounding, which would give other bits. The sum of
nothing is this.
"""


def dot_vectors(ws: Iterable[float], xs: Iterable[float]) -> float:
    """Scalar product of two vectors, by the built-in sum: the hottest line of a network's forward pass."""
    return builtins.sum(map(mul, ws, xs), START) or 0.0


def total(xs: Iterable[float]) -> float:
    """Sum from left to right, rounded at each step."""
    return builtins.sum(xs, START) or 0.0


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
        raise TypeError(gettext("{name}() takes at least one operand", name=name))


def prod_slopes(_: float, *xs: float) -> tuple[float, ...]:
    """Partials of the product: for each operand what stands before it times what stands behind it."""
    if all(x and math.isfinite(x) for x in xs):
        return products_of_others(xs)
    # With a zero, an infinity or NaN among the others, those and the signs decide.
    ordinary = [x for x in xs if x and math.isfinite(x)]
    decisive = [math.copysign(1.0, x) if x and math.isfinite(x) else x for x in xs]
    before, behind = [1.0], [1.0]
    for x in decisive:
        before.append(before[-1] * x)
    for x in decisive[::-1]:
        behind.append(behind[-1] * x)
    slopes = [a * b for a, b in zip(before[:-1], behind[-2::-1], strict=True)]
    if len(ordinary) == len(xs) - 1:
        for i, x in enumerate(xs):
            if not (x and math.isfinite(x)):
                slopes[i] = prod(*ordinary)
    return tuple(slopes)


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
        d = x - top
        if d < -800.0:
            powers.append(0.0)
            continue
        t = d - x
        e = math.exp(d)
        powers.append(e + e * ((x - (d - t)) - (top + t)))  # what the difference lost, as in two_sum
    powers[at] = 1.0 if math.isfinite(top) or xs.count(top) == 1 else NAN
    return powers, at


@lru_cache(maxsize=8)
def weights(xs: tuple[float, ...]) -> tuple[float, ...]:
    """Softmax of all operands."""
    powers = _exponentials(xs)[0]
    total = math.fsum(powers)
    return tuple([p / total for p in powers])


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


def logaddexp(a: float, b: float) -> float:
    """`logsumexp` of two numbers: with what their difference lost made good."""
    top, low = maximum(a, b), minimum(a, b)
    if not math.isfinite(top):
        return top
    distance, lost = two_sum(low, -top)
    power = math.exp(distance)
    return top + math.log1p(power + power * lost)


def softmax(*operands: float) -> float:
    """Share exp(x[index]) / (exp(x[0]) + exp(x[1]) + ...); the index comes last."""
    *xs, index = operands
    return weights(tuple(xs))[place("softmax", index, len(xs))]


def log_softmax(*operands: float) -> float:
    """Logarithm of the softmax; the index comes last."""
    *xs, index = operands
    x = xs[place("log_softmax", index, len(xs))]
    top, rest = _others(tuple(xs))
    if math.isinf(top):
        return NAN if xs.count(top) > 1 else 0.0 if x == top else -INF
    return (x - top) - math.log1p(rest)


def softmax_rest(*operands: float) -> float:
    """1 less the softmax, as the sum of the other weights; the index comes last."""
    *xs, index = operands
    w, i = weights(tuple(xs)), place("softmax_rest", index, len(xs))
    return sum(*w[:i], *w[i + 1 :])


def share(a: float, b: float) -> float:
    """Softmax of the first of two."""
    return weights((a, b))[0]


def share_slope(a: float, b: float) -> float:
    """Product of the two shares."""
    first, second = weights((a, b))
    return first * second


def logsubexp(a: float, b: float) -> float:
    """Logarithm of abs(exp(a) - exp(b)): with what their difference lost made good."""
    top, low = maximum(a, b), minimum(a, b)
    if not math.isfinite(top):
        return top if low < top or top != top else NAN if top > 0.0 else top
    distance, lost = two_sum(low, -top)
    if distance > -LN2:
        return top + log(-math.expm1(distance))
    power = math.exp(distance)
    return top + math.log1p(-(power + power * lost))


def minuend_share(a: float, b: float) -> float:
    """Quotient exp(a) / (exp(a) - exp(b)), a derivative of `logsubexp`."""
    power, rest = _power_and_rest(a, b)
    return div(1.0, rest) if a >= b else div(-power, rest)


def minuend_share_slope(a: float, b: float) -> float:
    """Product of both minuend shares."""
    power, rest = _power_and_rest(a, b)
    return -div(power / rest, rest) if rest != 0.0 else -INF


def _power_and_rest(a: float, b: float) -> tuple[float, float]:
    """Exponential of -abs(a - b), and 1 less that."""
    distance, lost = two_sum(a, -b)
    if distance > 0.0:
        distance, lost = -distance, -lost
    power = math.exp(distance)
    power += power * lost
    return power, 0.0 - math.expm1(distance) - power * lost


def softmaxes(_: float, *xs: float) -> tuple[float, ...]:
    """Every `softmax`: the partials of logsumexp."""
    return weights(xs)


def softmax_slopes(_: float, *operands: float) -> tuple[float, ...]:
    """Partials of the softmax: on the diagonal y times the sum of the other weights, else -y times one."""
    *xs, index = operands
    return softmax_row(weights(tuple(xs)), int(index))


def softmax_row(w: Sequence[float], place: int) -> tuple[float, ...]:
    """Partials of one softmax by the weights."""
    y = w[place]
    slopes = [-y * v for v in w]
    slopes[place] = y * sum(*w[:place], *w[place + 1 :])
    return tuple(slopes)


def softmax_rest_slopes(y: float, *operands: float) -> tuple[float, ...]:
    """Partials of 1 less the softmax: the softmax's, with the other sign."""
    *xs, index = operands
    w, place = weights(tuple(xs)), int(index)
    slopes = [w[place] * v for v in w]
    slopes[place] = -(w[place] * y)
    return tuple(slopes)


def log_softmax_slopes(_: float, *operands: float) -> tuple[float, ...]:
    """Partials of its logarithm: the sum of the other weights on the diagonal, minus the weight elsewhere."""
    *xs, index = operands
    return log_softmax_row(weights(tuple(xs)), int(index))


def log_softmax_row(w: Sequence[float], place: int) -> tuple[float, ...]:
    """Partials of one logarithm of a softmax by the weights."""
    slopes = [-v for v in w]
    slopes[place] = sum(*w[:place], *w[place + 1 :])
    return tuple(slopes)


# All results at once. Where one weight is more than all others together, what multiplies it is taken relative
# to what comes with that one: 1 less its weight is then never a difference.


def log_softmaxes(xs: tuple[float, ...]) -> list[float]:
    """Every `log_softmax`."""
    top, rest = _others(xs)
    if math.isinf(top):
        several = xs.count(top) > 1
        return [NAN if several else 0.0 if x == top else -INF for x in xs]
    scale = math.log1p(rest)
    return [(x - top) - scale for x in xs]


def _relative(w: Sequence[float], g: Sequence[float]) -> tuple[list[float], float]:
    """Return g less what comes with a dominating weight, and the mean of that by the weights."""
    top = builtins.max(w)
    at = w.index(top) if top > 0.5 else -1
    h = list(g)
    if at >= 0:
        c = g[at]
        h = [x - c for x in g]
        h[at] = 0.0
    return h, exact_sum([v * x for v, x in zip(w, h, strict=True)])


def softmax_pull(w: Sequence[float], g: Sequence[float]) -> list[float]:
    """Sums of g times the partials of all softmaxes.

    The matrix is symmetric, so that it serves tangents as well.
    """
    h, mean = _relative(w, g)
    return [v * (x - mean) for v, x in zip(w, h, strict=True)]


def log_softmax_push(w: Sequence[float], t: Sequence[float]) -> list[float]:
    """Sums of the partials of each logarithm of a softmax times t."""
    h, mean = _relative(w, t)
    return [x - mean for x in h]


def log_softmax_pull(w: Sequence[float], g: Sequence[float]) -> list[float]:
    """Sums of g times the partials of all logarithms of softmaxes."""
    total = exact_sum(g)
    slopes = [x - v * total for v, x in zip(w, g, strict=True)]
    top = builtins.max(w)
    if top > 0.5:
        at = w.index(top)
        slopes[at] = g[at] * exact_sum([*w[:at], *w[at + 1 :]]) - top * exact_sum([*g[:at], *g[at + 1 :]])
    return slopes


def place(name: str, index: float, count: int) -> int:
    """Check an index, which counts from 0."""
    place = int(index)
    if place != index or not 0 <= place < count:
        raise IndexError(gettext(
            "{name}() of {count} operands takes a whole index from 0 to {count2}, got {index}",
            name=name, count=count, count2=count - 1, index=f"{index:g}",
        ))  # fmt: skip
    return place
