"""Bring a graph into the form in which equal structure looks equal. Every pass returns a new graph.

Nothing here distributes, and nothing is folded because two numbers happen to be equal: a coincidence in the
data would make one sample's graph unlike the others'. Nor does a sum lose an overflow: of numbers below
`ir.BOUND` there is none in any order, and what cancels stays, so that infinities meet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.ir import (
    ARITY,
    CONST,
    FIRST_ROW,
    LANE,
    LARGE,
    ONE,
    QUIET,
    SOP,
    Graph,
    Ints,
    Terms,
    distinct,
    joined,
    reach,
)
from autograd.native import engine

__all__ = [
    "absorb",
    "adopt",
    "alias",
    "canonical",
    "compact",
    "fold",
    "fuse_equal",
    "settle_lane_sums",
    "simplify",
]

PASSES = ["canonical", "merge_equal", "fold", "alias", "compact", "absorb", "fuse_equal"]
"""In the order in which the engine has them."""
COLUMNS = ["i2", "f8", "i8", "i8", "u1", "i8", "i8", "f8", "i8", "i8", "?"]
"""What the engine takes of a graph; of it there come nodes' new numbers in place of marks."""
FOUND = [*COLUMNS[:4], "i8", *COLUMNS[5:]]


def simplify(graph: Graph) -> Graph:
    """Run the passes below until they have nothing left to do."""
    return run(graph, "canonical merge_equal fold alias compact absorb fold alias compact fuse_equal")


def run(graph: Graph, passes: str) -> Graph:
    """Run passes, in C where the engine is there."""
    if engine is None:
        for one in passes.split():
            graph = globals()[one](graph)
        return graph
    t, args = graph.terms, graph.args
    mark = kept(graph) | graph.scatters() * np.uint8(4)
    mark[[i for i in (ONE, graph.scale, graph.lanes) if i >= 0]] |= 2
    given = (
        graph.kind, graph.value, graph.primal, graph.turn, mark,
        args if (graph.kind >= FIRST_ROW).any() else args[:0], t.node, t.coef, t.a, t.b, t.over,
    )  # fmt: skip
    columns = tuple([np.ascontiguousarray(x, kind) for x, kind in zip(given, COLUMNS, strict=True)])
    found = engine.simplify(bytes(map(PASSES.index, passes.split())), columns)
    if found is None:
        return graph
    columns = tuple(map(np.frombuffer, found, FOUND))
    kind, value, primal, turn, number, own, *terms = columns
    return graph.renumbered(
        number, kind=kind, value=value, primal=primal, turn=turn,
        args=own.reshape(-1, ARITY) if len(own) else args[: len(kind)], terms=Terms(*terms),
    )  # fmt: skip


def kept(graph: Graph) -> Any:
    """Tell, for each node, whether it must survive under its own number."""
    keep = np.zeros(graph.size, bool)
    keep[graph.outputs] = True
    keep[graph.pinned[graph.pinned >= 0]] = True
    return keep


@QUIET
def canonical(graph: Graph, changed: Any = None) -> Graph:
    """Move constant factors into the coefficients, and a lone factor to the first place.

    Of all terms, or of those that have changed.
    """
    some = t = graph.terms
    if changed is not None:
        some = t.take(changed := np.flatnonzero(changed))
    constant = graph.kind == CONST
    constant[ONE] = False
    wrong = constant[some.a] | constant[some.b]
    wrong = np.flatnonzero(wrong | (some.b != ONE) & ((some.b < some.a) | (some.a == ONE)))
    wrong = wrong[graph.kind[some.node[wrong]] == SOP]
    if not len(wrong):
        return graph
    some = some.take(wrong)
    wrong = wrong if changed is None else changed[wrong]
    t = t.copy()
    for factor in (some.a, some.b):
        hit = constant[factor]
        some.coef[hit] *= graph.value[factor[hit]]
        factor[hit] = ONE
    swap = (some.a == ONE) | (some.b != ONE) & (some.b < some.a)
    some.a[swap], some.b[swap] = some.b[swap], some.a[swap]
    t.coef[wrong], t.a[wrong], t.b[wrong] = some.coef, some.a, some.b
    return replace(graph, terms=t)


def _settled(graph: Graph, changed: Any) -> Graph:
    """Return a graph in canonical form without equal terms, as it was before some terms changed."""
    return merge_equal(canonical(graph, changed), changed)


def absorb(graph: Graph, among: Any = True) -> Graph:
    """Write a sum that is used once, as a whole term of another sum, into that other sum.

    Sums that ``among``, a truth for each node, does not have stay as they are.
    """
    t = graph.terms
    # A pinned node is a gradient; what it is made of may move into it, but it stays.
    free = (graph.uses() == 1) & (graph.kind == SOP) & ~kept(graph) & among
    inner = (t.b == ONE) & free[t.a] & (graph.kind[t.node] == SOP)
    if not inner.any():
        return graph
    units = inner & (np.abs(t.coef) == 1.0)
    for inside in (inner, units):
        parent, coef, over, growth = _chains(
            graph.size, t.a[inside], t.node[inside], t.coef[inside], t.over[inside]
        )
        rest = t.take(~inside)
        if (inside == units).all() or _kept_in_sight(rest, coef[rest.node], growth[rest.node], graph.size):
            break
    terms = Terms(parent[rest.node], rest.coef * coef[rest.node], rest.a, rest.b, rest.over | over[rest.node])
    return merge_equal(replace(graph, terms=terms), terms.node != rest.node)


def _chains(size: int, start: Ints, end: Ints, coef: Any, over: Any) -> tuple[Ints, Any, Any, Any]:
    """Follow links from node to node to their ends.

    Returns for each node the end, the product of the coefficients on the way, whether a link is over lanes,
    and a bound of the products on the way and of their reciprocals.
    """
    to, factor, lanes = np.arange(size), np.ones(size), np.zeros(size, bool)
    to[start], factor[start], lanes[start] = end, coef, over
    growth = _size(factor)
    with np.errstate(over="ignore", invalid="ignore"):
        while True:  # pointer doubling: chains shrink to half their length each time
            further = to[to]
            if (further == to).all():
                return to, factor, lanes, growth
            factor = factor * factor[to]
            growth = growth * growth[to]
            lanes = lanes | lanes[to]
            to = further


def _size(coef: Any) -> Any:
    """How far numbers are from 1, as a factor of at least 1; zeros count as 1."""
    size = np.abs(coef)
    return np.maximum(size, np.divide(1.0, size, out=np.ones_like(size), where=size > 0.0))


def _kept_in_sight(t: Terms, factor: Any, growth: Any, size: int) -> bool:
    """Tell whether terms may be multiplied.

    No coefficient on the way is large or small, and no multiple of x ends up as x itself.
    """
    lone = (t.b == ONE) & (bincount(t.node, minlength=size)[t.node] == 1)
    undone = lone & (np.abs(t.coef * factor) == 1.0) & ((np.abs(t.coef) != 1.0) | (growth > 1.0))
    return not (((_size(t.coef) * growth > LARGE) | undone) & (t.a != ONE)).any()


def merge_equal(graph: Graph, changed: Any = None) -> Graph:
    """Add up the coefficients of terms with the same factors, and the same sign, in the same sum.

    In each sum, or in those of terms that have changed.
    """
    t, n = graph.terms, graph.size
    among = np.arange(len(t))
    if changed is not None:
        touched = np.zeros(n, bool)
        touched[t.node[changed]] = True
        among = np.flatnonzero(touched[t.node])
    if not len(among):
        return graph
    everything, t = t, t.take(among)
    key = ((t.node * n + t.a) * n + t.b) * 2 + t.over
    order = np.argsort(key, kind="stable")
    key = key[order]
    same = key[1:] == key[:-1]
    if n >= 1_600_000 and same.any():  # the key did not fit into 63 bits
        order = np.lexsort((t.over, t.b, t.a, t.node))
        same = np.ones(len(t) - 1, bool)
        for column in (t.node, t.a, t.b, t.over):
            same &= column[order][1:] == column[order][:-1]
    if same.any():
        same &= graph.kind[t.node[order[1:]]] == SOP
    if not same.any():
        return graph
    group, coef = np.concatenate([[0], np.cumsum(~same)]), t.coef[order]
    negative, positive = np.zeros((2, group[-1] + 1), bool)
    negative[group[coef < 0.0]] = True
    positive[group[~(coef < 0.0) & ~((coef == 0.0) & (t.a[order] == ONE))]] = True  # a zero has no sign
    same &= ~(negative & positive)[group[1:]]
    if not same.any():
        return graph
    starts, group = np.concatenate([[0], np.flatnonzero(~same) + 1]), np.cumsum(~same)[same]
    coef, stay = everything.coef.copy(), np.ones(len(everything), bool)
    np.add.at(coef, among[order[starts[group]]], t.coef[order[1:][same]])
    stay[among[order[1:][same]]] = False
    return replace(graph, terms=replace(everything, coef=coef).take(stay))


def fold(graph: Graph) -> Graph:
    """Turn sums of constants into constants, as far as the chain of them reaches."""
    free = ~kept(graph)
    while True:
        t = graph.terms
        sums = (graph.kind == SOP) & free
        count = bincount(t.node, minlength=graph.size)
        # An adjoint without contributions: nothing flows there, nor further on.
        empty = sums & (graph.primal >= 0) & (count == 0)
        dead = empty[t.a] | empty[t.b] if empty.any() else np.zeros(len(t), bool)
        gone = graph.scatters() & empty[graph.args[:, 0]]
        if dead.any() or gone.any():
            kind, args = np.where(gone, CONST, graph.kind), np.where(gone[:, None], -1, graph.args)
            graph = replace(graph, terms=t.take(~dead), kind=kind.astype(np.int16), args=args)
            continue
        own = bincount(t.node[(t.a == ONE) & ~t.over], minlength=graph.size)
        constant = sums & ~empty & (count == own)
        if not constant.any():
            return graph
        gone = constant[t.node]
        value = graph.value.copy()
        value[constant] = bincount(t.node[gone], t.coef[gone], minlength=graph.size)[constant]
        kind = graph.kind.copy()
        kind[constant] = CONST
        t = t.take(~gone)
        graph = _settled(replace(graph, kind=kind, value=value, terms=t), constant[t.a] | constant[t.b])


def alias(graph: Graph) -> Graph:
    """Use x itself in place of a sum that consists of x alone; of c * x alone, where only sums use it."""
    t = graph.terms
    count = bincount(t.node, minlength=graph.size)
    free = (graph.kind == SOP) & (count == 1) & ~kept(graph)
    single = free[t.node] & (t.b == ONE) & ~t.over & (t.a != ONE)
    if not single.any():
        return graph
    needed = np.zeros(graph.size, bool)
    needed[graph.reads()[1]] = True
    needed[t.a[graph.kind[t.node] != SOP]] = True
    # A multiple that is used once moves into the coefficient there.
    single &= (t.coef == 1.0) | (((t.coef == -1.0) | (graph.uses() == 1)[t.node]) & ~needed[t.node])
    if not single.any():
        return graph
    units = single & (np.abs(t.coef) == 1.0)
    for chosen in (single, units):
        single = chosen
        to, sign, _, growth = _chains(graph.size, t.node[single], t.a[single], t.coef[single], False)
        exact = (single == units).all()
        if exact or _kept_in_sight(t, sign[t.a] * sign[t.b], growth[t.a] * growth[t.b], graph.size):
            break
    # A multiple must not be reached through one that a row reads, nor one taken back on the way.
    sign = np.where((sign == 1.0) & (growth > 1.0), np.nan, sign)
    if (sign[needed & (to != np.arange(graph.size))] != 1.0).any():
        to = np.where(sign != 1.0, np.arange(graph.size), to)
        sign = np.ones(graph.size)
        chosen = single & (t.coef == 1.0)
        single = chosen & (to[t.node] != t.node)
    rest = t.take(~single)
    sums = graph.kind[rest.node] == SOP
    factor = np.where(sums, sign[rest.a] * sign[rest.b], 1.0)
    terms = Terms(rest.node, rest.coef * factor, to[rest.a], to[rest.b], rest.over)
    changed = (terms.a != rest.a) | (terms.b != rest.b)
    return _settled(replace(graph, terms=terms, args=graph.reading(to)), changed)


def adopt(graph: Graph) -> Graph:
    """Let a gradient that only repeats another sum be that sum."""
    t, n = graph.terms, graph.size
    keep = kept(graph)
    keep[graph.args[graph.scatters(), 0]] = True  # read when gradients have been added to already
    pinned = np.zeros(n, bool)
    pinned[graph.pinned[graph.pinned >= 0]] = True
    among = np.flatnonzero(pinned[t.node])
    some, count = t.take(among), bincount(t.node, minlength=n)
    lone = (some.coef == 1.0) & (some.b == ONE) & ~some.over & (some.a != ONE) & (graph.kind[some.a] == SOP)
    # Sums of the forward pass stay what they are: nothing of the gradient may come before them.
    copies = lone & (count[some.node] == 1) & ~keep[some.a] & (some.a >= graph.forward)
    copies = np.flatnonzero(copies & ~graph.lane()[some.a] & ~_beside_others(some, lone, count))
    if not len(copies):
        return graph
    sums, first = np.unique(some.a[copies], return_index=True)
    copies = copies[first]
    own, live = some.node[copies], np.ones(n + 1, bool)
    live[sums], live[-1] = False, False
    number = np.where(live, np.cumsum(live) - 1, -1)  # of -1 too
    to = number.copy()
    to[sums] = number[own]
    primal = graph.primal.copy()
    primal[own] = np.where(primal[own] >= 0, primal[own], primal[sums])
    rest = np.ones(len(t), bool)
    rest[among[copies]] = False
    t, which = t.take(rest), np.flatnonzero(live)
    moved = ~live[t.a] | ~live[t.b]
    return canonical(graph.renumbered(
        number, kind=graph.kind[which], value=graph.value[which], args=graph.reading(to, which),
        primal=number[primal[which]], turn=graph.turn[which],
        terms=Terms(to[t.node], t.coef, to[t.a], to[t.b], t.over),
    ), moved)  # fmt: skip


def _beside_others(some: Terms, lone: Any, count: Ints) -> Any:
    """Tell of which terms a sum is built like another that a gradient repeats and adds a number to.

    As where a label says to which of the slopes of a round 1 is added: all of them stay sums of their own.
    """
    shifted = np.zeros(len(count), bool)
    shifted[some.node[(some.a == ONE) & ~some.over]] = True
    more = lone & shifted[some.node] & (count[some.node] == 2)
    return np.isin(count[some.a], distinct(count[some.a[more]]))


def compact(graph: Graph) -> Graph:
    """Drop what no output rests on, and number the rest anew, in the same order."""
    live = _live(graph)
    if live.all():
        return graph
    which = np.flatnonzero(live)
    number = np.full(graph.size + 1, -1)  # of -1 too
    number[which] = np.arange(len(which))
    t = graph.terms.take(live[graph.terms.node])
    return graph.renumbered(
        number, kind=graph.kind[which], value=graph.value[which], args=graph.reading(number, which),
        primal=number[graph.primal[which]], turn=graph.turn[which],
        terms=Terms(number[t.node], t.coef, number[t.a], number[t.b], t.over),
    )  # fmt: skip


def _live(graph: Graph) -> Any:
    """Tell for each node whether it is a leaf or an output rests on it."""
    keep = (graph.kind <= LANE) & (graph.kind != CONST)
    keep |= kept(graph) | graph.scatters()
    keep[[ONE, *[special for special in (graph.scale, graph.lanes) if special >= 0]]] = True
    producers, consumers = graph.edges()
    reach(consumers, producers, keep)
    return keep


def fuse_equal(graph: Graph) -> Graph:
    """Compute a row of the same operands once: the rules of neighbouring operands repeat steps."""
    for _ in range(16):
        rows = np.flatnonzero((graph.kind >= FIRST_ROW) & ~graph.scatters())
        if not len(rows):
            return graph
        n = graph.size + 1
        high = graph.kind[rows].astype(np.int64) * n + graph.args[rows, 0]
        low = (graph.args[rows, 1] + 1) * n + graph.args[rows, 2] + 1
        order = np.lexsort((low, high))
        new = np.ones(len(rows), bool)
        new[1:] = (high[order][1:] != high[order][:-1]) | (low[order][1:] != low[order][:-1])
        if new.all():
            return graph
        to = np.arange(graph.size)
        to[rows[order]] = rows[order[np.flatnonzero(new)]][np.cumsum(new) - 1]
        to = np.where(kept(graph), np.arange(graph.size), to)
        t, turn = graph.terms, graph.turn.copy()
        np.minimum.at(turn, to, graph.turn)
        terms = Terms(t.node, t.coef, to[t.a], to[t.b], t.over)
        changed = (terms.a != t.a) | (terms.b != t.b)
        graph = compact(_settled(replace(graph, args=graph.reading(to), terms=terms, turn=turn), changed))
    return graph


def settle_lane_sums(graph: Graph) -> Graph:
    """Give a sum over lanes of what all lanes share its factor, the number of lanes."""
    lane = graph.lane()
    t = graph.terms.copy()
    same = t.over & ~lane[t.a] & ~lane[t.b]
    if not same.any():
        return graph
    for factor in (t.a, t.b):  # N times 1/N
        hit = same & (factor == graph.scale) & (graph.scale >= 0)
        factor[hit] = ONE
        t.over[hit] = False
        same &= ~hit
    t.over[same] = False
    lone = same & (t.b == ONE)
    t.b[lone] = graph.lanes
    both = np.flatnonzero(same & ~lone)
    products: Ints = graph.size + np.arange(len(both))
    extra = Terms(products, np.ones(len(both)), t.a[both], t.b[both], np.zeros(len(both), bool))
    t.a[both], t.b[both] = products, graph.lanes
    terms = joined(t, extra)
    grow = len(both)
    return canonical(replace(
        graph, kind=np.append(graph.kind, np.full(grow, SOP, np.int16)),
        value=np.append(graph.value, np.zeros(grow)),
        args=np.vstack([graph.args, np.full((grow, graph.args.shape[1]), -1)]),
        primal=np.append(graph.primal, np.full(grow, -1)), terms=terms,
        turn=np.append(graph.turn, graph.turn[t.node[both]]),
    ))  # fmt: skip
