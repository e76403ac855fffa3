"""Which numbers of a program are looked at for their size: see `ir.BOUND`.

Those that sums of products add and multiply, since these are rewritten, and rows are not. Where a size
follows from another, the other is looked at: a row's results may never be larger than its operands, or small
by nature.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.ir import (
    BOUND,
    CONST,
    EXTREMA,
    FIRST_ROW,
    SOP,
    Graph,
    Ints,
    csr,
    distinct,
    flood,
    spans,
)  # fmt: skip
from autograd.op import ANY, TABLE, Op

__all__ = ["BOUNDED", "NEAR", "SMALL", "rooted", "runs", "size_of", "watched"]

SMALL = 1e17
NEAR = 2.0**40
"""Where leaves, and what `rooted` tells, are below this, no number that is looked at reaches `ir.BOUND`."""
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
    # A product follows from one factor, where the other is small by nature; that factor is looked at itself.
    single = (
        sums & (bincount(t.node, minlength=graph.size)[t.node] == 1) & ~t.over & (np.abs(t.coef) <= SMALL)
    )
    products = single & ((sizes[t.a] == BOUNDED) | (sizes[t.b] == BOUNDED))
    origin = np.full(graph.size, -1)
    origin[t.node[products]] = np.where(sizes[t.a] == BOUNDED, t.b, t.a)[products]
    origin[(origin >= 0) & (origin[origin] >= 0)] = -1
    smaller = (sizes == SMALLER) | np.isin(graph.kind, EXTREMA)
    needed = np.zeros(graph.size, bool)
    fresh = distinct(np.concatenate([t.a[sums], t.b[sums], graph.args[graph.scatters(), 0]]))
    while len(fresh):
        needed[fresh] = True
        through = np.zeros(graph.size, bool)
        through[fresh[smaller[fresh]]] = True
        below = np.concatenate([graph.args[through].ravel(), t.a[through[t.node]], origin[fresh]])
        fresh = distinct(below[below >= 0])
        fresh = fresh[~needed[fresh]]
    return needed & ~smaller & (sizes != BOUNDED) & (origin < 0) & (graph.kind != CONST)


@lru_cache(maxsize=1024)
def extent(op: Op, params: tuple[float, ...]) -> float:
    """Return, by trying, how many bits what a bounded row comes to has at most, with one to spare."""
    found = [abs(op.value(*xs, *params)) for xs in product(PROBES if op.arity < 3 else FEW, repeat=op.arity)]
    return math.log2(max([2.0, *[2.0 * y for y in found if y < math.inf]]))


def rooted(graph: Graph) -> Any:
    """Tell for each node whether it is looked at in place of those that are `watched`.

    Where the leaves and these are smaller than `NEAR`, so that a few numbers are to be looked at, the sizes
    of the others follow: each node has at most as many bits as its operands allow, and one whose size does
    not follow, or has become too many bits, is looked at itself.
    """
    looked, t, levels = watched(graph), graph.terms, graph.levels()
    if not looked.any() or levels.max() > DEEPEST:
        return looked & (graph.kind >= SOP)
    near, most = math.log2(NEAR), math.log2(BOUND)
    sizes = np.array([0] * FIRST_ROW + [size_of(op, params) for op, params in graph.rows])[graph.kind]
    ends = [extent(op, params) if size_of(op, params) else 0.0 for op, params in graph.rows]
    extents = np.array([0.0] * FIRST_ROW + ends)[graph.kind]
    with np.errstate(divide="ignore"):
        bits = np.where(graph.kind == CONST, np.maximum(np.log2(np.abs(graph.value)), 0.0), near)
        weights = np.log2(np.abs(t.coef)) + 40.0 * t.over  # of no more than 2**40 lanes
    roots = (graph.kind >= FIRST_ROW) & (sizes == 0)
    start, order = csr(t.node, np.arange(len(t)), graph.size)
    first, nodes = csr(levels, np.arange(graph.size), int(levels.max()) + 1)
    for a, b in zip(first[1:-1].tolist(), first[2:].tolist(), strict=True):
        own = nodes[a:b]
        rows = own[graph.kind[own] >= FIRST_ROW]
        if len(rows):
            operands = graph.args[rows]
            largest = np.where(operands >= 0, bits[operands], 0.0).max(1)
            bounded = sizes[rows] == BOUNDED
            bits[rows] = np.where(bounded, extents[rows], np.maximum(largest, math.log2(SMALL)))
            bits[rows[sizes[rows] == 0]] = near
        sums = own[(graph.kind[own] >= SOP) & (graph.kind[own] < FIRST_ROW)]
        counts = start[sums + 1] - start[sums]
        sums, counts = sums[counts > 0], counts[counts > 0]
        if len(sums):
            terms = order[spans(start[sums], start[sums + 1])]
            each = weights[terms] + bits[t.a[terms]] + bits[t.b[terms]]
            found = np.maximum.reduceat(each, np.cumsum(counts) - counts) + np.log2(counts)
            over = found > most
            roots[sums[over]] = True
            bits[sums] = np.where(over, near, np.maximum(found, 0.0))
    # Those alone from which something that is looked at follows.
    producers, consumers = graph.edges()
    past = ~roots[consumers]
    needed = looked.copy()
    flood(*csr(consumers[past], producers[past], graph.size), needed, np.flatnonzero(needed))
    return roots & needed


def runs(addresses: Ints, most: int, gap: int) -> list[tuple[int, int]]:
    """Return at most so many stretches (start, end) that cover addresses, and gaps of up to that length."""
    a = np.unique(addresses)
    if not len(a):
        return []
    gaps = np.diff(a)
    cuts = np.flatnonzero(gaps > gap)
    cuts = np.sort(cuts[np.argsort(-gaps[cuts], kind="stable")][: most - 1])
    starts, ends = a[np.concatenate([[0], cuts + 1])], a[np.concatenate([cuts, [len(a) - 1]])] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
