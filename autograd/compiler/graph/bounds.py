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

from autograd.compiler.graph.ir import CONST, EXTREMA, FIRST_ROW, SOP, Graph, Ints, distinct
from autograd.op import ANY, TABLE, Op

__all__ = ["BOUNDED", "SMALL", "runs", "size_of", "watched"]

SMALL = 1e17
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
        sums & (np.bincount(t.node, minlength=graph.size)[t.node] == 1) & ~t.over & (np.abs(t.coef) <= SMALL)
    )
    products = single & ((sizes[t.a] == BOUNDED) | (sizes[t.b] == BOUNDED))
    origin = np.full(graph.size, -1)
    origin[t.node[products]] = np.where(sizes[t.a] == BOUNDED, t.b, t.a)[products]
    origin[(origin >= 0) & (origin[origin] >= 0)] = -1
    smaller = (sizes == SMALLER) | np.isin(graph.kind, EXTREMA)
    needed = np.zeros(graph.size, bool)
    fresh = distinct(np.concatenate([t.a[sums], t.b[sums]]))
    while len(fresh):
        needed[fresh] = True
        through = np.zeros(graph.size, bool)
        through[fresh[smaller[fresh]]] = True
        below = np.concatenate([graph.args[through].ravel(), t.a[through[t.node]], origin[fresh]])
        fresh = distinct(below[below >= 0])
        fresh = fresh[~needed[fresh]]
    return needed & ~smaller & (sizes != BOUNDED) & (origin < 0) & (graph.kind != CONST)


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
