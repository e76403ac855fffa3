"""Which numbers of a program are looked at for their size: see `ir.BOUND`.

Those that sums of products add and multiply, since these are rewritten, and rows are not. Where a size
follows from another, the other is looked at: a row's results may never be larger than its operands, or small
by nature.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.ir import (
    ARITY,
    BOUND,
    CONST,
    EXTREMA,
    FIRST_ROW,
    MAX,
    ONE,
    PARAM,
    QUIET,
    SOP,
    Graph,
    Ints,
    csr,
    distinct,
    reach,
    spans,
)  # fmt: skip
from autograd.op import ANY, TABLE, Op

__all__ = ["BOUNDED", "CLOSE", "NEAR", "SMALL", "rooted", "runs", "size_of", "watched"]

SMALL = 1e17
NEAR, CLOSE = 2.0**40, 2.0**24
"""Where data are below the first, and parameters, and what `rooted` tells, below the second, no number that
is looked at reaches `ir.BOUND`."""
DEEPEST = 4096
"""`rooted` takes graphs of up to so many levels."""
_HALF = [
    0.0,
    1e-300,
    1e-10,
    0.5,
    1.0 - 2.0**-53,
    1.0,
    1.0 + 2.0**-52,
    2.5,
    30.0,
    400.0,
    710.0,
    1e5,
    1e100,
    1e300,
    math.inf,
]
PROBES = [*_HALF, *[-x for x in _HALF]]
FEW = [0.0, 1e-300, 1.0, -1.0, 1e300, -1e300, math.inf]
SMALLER, BOUNDED = 1, 2


@lru_cache(maxsize=1024)
def size_of(op: Op, params: tuple[float, ...]) -> int:
    """Tell, by trying, whether results are never larger than operands or `SMALL`, or than that; else 0."""
    if TABLE.get(op.name) is not op or op.arity == ANY:  # a user's own function, which may do anything
        return 0
    found = BOUNDED
    for xs in product(PROBES if op.arity < 3 else FEW, repeat=op.arity):
        y = abs(op.value(*xs, *params))
        if SMALL < y < math.inf:
            if y > max([abs(x) for x in xs if math.isfinite(x)], default=0.0):
                return 0
            found = SMALLER
    return found


def watched(graph: Graph) -> Any:
    """Tell for each node whether its size is looked at."""
    t = graph.terms
    sums = graph.kind[t.node] == SOP
    sizes = np.array([0] * FIRST_ROW + [size_of(op, params) for op, params in graph.rows])[graph.kind]
    smaller = (sizes == SMALLER) | (graph.kind == EXTREMA[0]) | (graph.kind == EXTREMA[1])
    bounded, origin = sizes == BOUNDED, np.full(graph.size, -1)
    if bounded.any():
        # A product follows from one factor, where the other is small by nature; that one is looked at itself.
        small = bounded[t.a]
        some = np.flatnonzero((small | bounded[t.b]) & sums & ~t.over & (np.abs(t.coef) <= SMALL))
        some = some[bincount(t.node, minlength=graph.size)[t.node[some]] == 1]
        origin[t.node[some]] = np.where(small[some], t.b[some], t.a[some])
        origin[(origin >= 0) & (origin[origin] >= 0)] = -1
    needed = np.zeros(graph.size, bool)
    needed[graph.args[graph.scatters(), 0]] = True
    for factor in (t.a, t.b):
        needed[np.where(sums, factor, ONE)] = True
    follows = smaller | (origin >= 0)
    fresh = np.flatnonzero(needed & follows)
    while len(fresh):
        through = np.zeros(graph.size, bool)
        through[fresh[smaller[fresh]]] = True
        below = np.concatenate([graph.args[through].ravel(), t.a[through[t.node]], origin[fresh]])
        fresh = distinct(below[below >= 0])
        fresh = fresh[~needed[fresh]]
        needed[fresh] = True
    return needed & ~follows & ~bounded & (graph.kind != CONST)


class Trial(NamedTuple):
    """What trials tell of the results of a row.

    Attributes
    ----------
    bits
        How many they have at most; infinity where they may be of any size.
    grows
        Whether those of the largest operand come on top.
    low
        What they are not below.
    """

    bits: float
    grows: bool
    low: float


ANYWHERE = (-math.inf, math.inf)


@lru_cache(maxsize=4096)
def tried(op: Op, params: tuple[float, ...], domains: tuple[tuple[float, float], ...]) -> Trial:
    """Return what trials tell of a row whose operands lie in some intervals."""
    if TABLE.get(op.name) is not op or op.arity == ANY:  # a user's own function, which may do anything
        return Trial(math.inf, False, -math.inf)
    probes = PROBES if op.arity < 3 else FEW
    every = product(*[{x for x in (low, high, *probes) if low <= x <= high} for low, high in domains])
    found = [(op.value(*xs, *params), max(map(abs, xs))) for xs in every]
    point = all(low == high for low, high in domains)
    low = found[0][0] if point else 0.0 if all(y >= 0.0 for y, _ in found) else -math.inf
    largest = max([abs(y) for y, _ in found if abs(y) < math.inf], default=0.0)
    growth = max([abs(y) / max(x, 1.0) for y, x in found if x < math.inf and y == y], default=0.0)
    if largest <= SMALL:
        return Trial(math.log2(max(2.0, 2.0 * largest)), False, low)
    if growth <= 1.0:
        return Trial(0.0, True, low)
    return Trial(math.log2(growth) + 1.0 if growth <= SMALL else math.inf, True, low)


class Shifted(NamedTuple):
    """Differences between numbers and the largest of some, to which they belong: none is above 0.

    Attributes
    ----------
    largest
        For each node that is one, the maximum; -1 for all others.
    zero
        For each node whether it is the difference between a number and itself.
    least
        For each sum of one row of all differences to a maximum what it is not below, as one of them is 0;
        minus infinity for all others.
    """

    largest: Any
    zero: Any
    least: Any


def shifted(graph: Graph, lows: Any) -> Shifted:
    """Return what is known of differences to maxima: of each softmax; ``lows`` of each node's kind."""
    t, size = graph.terms, graph.size
    largest, least = np.full(size, -1), np.full(size, -math.inf)
    alone = (t.b == ONE) & ~t.over
    order = np.argsort(t.node, kind="stable")
    counts = bincount(t.node, minlength=size)
    ends = np.cumsum(counts)
    # Sums of two terms, c a - c m.
    pairs = np.flatnonzero((graph.kind == SOP) & (counts == 2))
    first, second = order[ends[pairs] - 2], order[ends[pairs] - 1]
    first, second = np.where(t.coef[first] > 0.0, first, second), np.where(t.coef[first] > 0.0, second, first)
    fits = alone[first] & alone[second] & (t.coef[first] > 0.0) & (t.coef[first] == -t.coef[second])
    pairs, number, top = pairs[fits], t.a[first[fits]], t.a[second[fits]]
    operands = (graph.kind[t.node] == MAX) & alone & (t.coef == 1.0)
    members = distinct(t.node[operands] * size + t.a[operands])
    fits = (number == top) | np.isin(top * size + number, members)
    pairs, number, top = pairs[fits], number[fits], top[fits]
    largest[pairs] = top
    single = bincount(members // size, minlength=size)
    zero = np.zeros(size, bool)
    zero[pairs] = (number == top) | (single[top] == 1)
    of = np.full(size, -1)
    of[pairs] = number
    # Sums of f(a - m) for all a of which m is the maximum, with coefficients above 0.
    row = (graph.kind >= FIRST_ROW) & (graph.args[:, 1] < 0) & (lows >= 0.0)
    below = np.where(row, graph.args[:, 0], ONE)
    good = alone & (t.coef > 0.0) & (largest[below[t.a]] >= 0) & (graph.kind[t.node] == SOP)
    whole = bincount(t.node[good], minlength=size) == counts
    terms = np.flatnonzero(good & whole[t.node])
    if not len(terms):
        return Shifted(largest, zero, least)
    nodes, tops, kinds = t.node[terms], largest[below[t.a[terms]]], graph.kind[t.a[terms]]
    for same in (tops, kinds):
        lowest, highest = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
        np.minimum.at(lowest, nodes, same)
        np.maximum.at(highest, nodes, same)
        keep = (lowest == highest)[nodes]
        terms, nodes, tops, kinds = terms[keep], nodes[keep], tops[keep], kinds[keep]
    met = distinct(nodes * size + of[below[t.a[terms]]]) // size
    there = bincount(met, minlength=size)
    all_met = there[nodes] == np.maximum(single[tops], 1)
    at_zero = np.array([0.0] * FIRST_ROW + [_at_zero(op, params) for op, params in graph.rows])
    smallest = np.full(size, math.inf)
    np.minimum.at(smallest, nodes[all_met], (t.coef[terms] * at_zero[kinds])[all_met])
    return Shifted(largest, zero, np.where(smallest < math.inf, smallest, least))


def _at_zero(op: Op, params: tuple[float, ...]) -> float:
    """Return what a row of one operand is at 0; 0 where it is none."""
    y = op.value(0.0, *params) if op.arity == 1 and TABLE.get(op.name) is op else 0.0
    return y if 0.0 < y < math.inf else 0.0


@QUIET
def rooted(graph: Graph) -> Any:
    """Tell for each node whether it is looked at in place of those that are `watched`.

    Where the data are smaller than `NEAR`, and parameters and these smaller than `CLOSE`, so that a few
    numbers are to be looked at, the sizes of the others follow: each node has at most as many bits as its
    operands allow, and one whose size does not follow, or has become too many bits, is looked at itself.
    """
    looked, t, levels = watched(graph), graph.terms, graph.levels()
    if not looked.any() or levels.max() > DEEPEST:
        return looked & (graph.kind >= SOP)
    near, close, most = math.log2(NEAR), math.log2(CLOSE), math.log2(BOUND)
    rows = [tried(op, params, (ANYWHERE,) * op.arity) for op, params in graph.rows]

    def of_kind(numbers: list[Any], other: Any) -> Any:
        """Return a number for each node, given one for each row."""
        return np.array([other] * FIRST_ROW + numbers)[graph.kind]

    bits = of_kind([x.bits for x in rows], near)
    grows, lows = of_kind([x.grows for x in rows], False), of_kind([x.low for x in rows], -math.inf)
    high = np.full(graph.size, math.inf)
    shift = shifted(graph, lows)
    high[shift.largest >= 0] = 0.0
    lows[shift.zero] = 0.0
    constant = graph.kind == CONST
    with np.errstate(divide="ignore"):
        bits[constant] = np.maximum(np.log2(np.abs(graph.value[constant])), 0.0)
        weights = np.log2(np.abs(t.coef)) + 40.0 * t.over  # of no more than 2**40 lanes
    lows[constant] = high[constant] = graph.value[constant]
    bits[graph.kind == PARAM] = close
    if graph.scale >= 0:  # 1 / lanes
        bits[graph.scale] = lows[graph.scale] = 0.0
    open_ended = np.isinf(bits)
    roots = np.zeros(graph.size, bool)
    start, order = csr(t.node, np.arange(len(t)), graph.size)
    first, nodes = csr(levels, np.arange(graph.size), int(levels.max()) + 1)
    for a, b in zip(first[1:-1].tolist(), first[2:].tolist(), strict=True):
        own = nodes[a:b]
        asked = own[open_ended[own]]
        if len(asked):
            _narrowed(graph, asked, lows, high, bits, grows)
        more = own[grows[own]]
        if len(more):
            operands = graph.args[more]
            bits[more] += np.where(operands >= 0, bits[operands], 0.0).max(1)
        sums = own[(graph.kind[own] >= SOP) & (graph.kind[own] < FIRST_ROW)]
        counts = start[sums + 1] - start[sums]
        sums, counts = sums[counts > 0], counts[counts > 0]
        if len(sums):
            terms, offsets = order[spans(start[sums], start[sums + 1])], np.cumsum(counts) - counts
            x, y = t.a[terms], t.b[terms]
            found = np.maximum.reduceat(weights[terms] + bits[x] + bits[y], offsets) + np.log2(counts)
            bits[sums] = np.maximum(found, 0.0)
            # Each term is at least that much, which is known of what is not below 0, and of squares.
            product_low = np.maximum(lows[x], 0.0) * np.maximum(lows[y], 0.0)
            positive = (t.coef[terms] >= 0.0) & ((x == y) | ((lows[x] >= 0.0) & (lows[y] >= 0.0)))
            added = np.add.reduceat(np.where(positive, t.coef[terms] * product_low, -math.inf), offsets)
            plain = graph.kind[sums] == SOP
            lows[sums[plain]] = np.maximum(np.maximum(added, shift.least[sums])[plain], lows[sums[plain]])
        over = own[bits[own] > most]
        roots[over] = True
        bits[over] = close
    # Those alone from which something that is looked at follows.
    producers, consumers = graph.edges()
    past = ~roots[consumers]
    needed = looked.copy()
    reach(consumers[past], producers[past], needed)
    return roots & needed


def _narrowed(graph: Graph, nodes: Any, lows: Any, high: Any, bits: Any, grows: Any) -> None:
    """Enter what is known of rows of any size for what is known of their operands."""
    args = graph.args[nodes]
    there = args >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        floors = np.where(lows[args] > 0.0, 2.0 ** np.floor(np.log2(lows[args])), lows[args])
    floors = np.where(there & (lows[args] >= 0.0), floors, -math.inf)
    tops = np.where(there & (high[args] <= 0.0) & (floors <= 0.0), 0.0, math.inf)
    key = np.column_stack([graph.kind[nodes], floors, tops])
    for case in np.unique(key, axis=0):
        op, params = graph.rows[int(case[0]) - FIRST_ROW]
        domains = tuple(zip(case[1 : 1 + op.arity].tolist(), case[1 + ARITY :].tolist()))
        found = tried(op, params, domains[: op.arity])
        mine = nodes[(key == case).all(1)]
        bits[mine], grows[mine] = found.bits, found.grows
        lows[mine] = np.maximum(lows[mine], found.low)


def runs(addresses: Ints, most: int, gap: int) -> list[tuple[int, int]]:
    """Return at most so many stretches (start, end) that cover addresses, and gaps of up to that length."""
    a = distinct(addresses)
    if not len(a):
        return []
    gaps = np.diff(a)
    cuts = np.flatnonzero(gaps > gap)
    cuts = np.sort(cuts[np.argsort(-gaps[cuts], kind="stable")][: most - 1])
    starts, ends = a[np.concatenate([[0], cuts + 1])], a[np.concatenate([cuts, [len(a) - 1]])] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
