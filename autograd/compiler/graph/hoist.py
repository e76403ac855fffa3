"""Compute early what is ready early: the products of a recurring sum that do not rest on the recurrence.

The sums of a recurrent network's steps each hold a product of the step's input, which could be computed
before the first step. Split off, these products of all steps are one matrix product; the recurrence keeps
what has to wait.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount, mixed, numbered
from autograd.compiler.graph.ir import ONE, SOP, Graph, Ints, Terms, distinct, joined, renamed
from autograd.compiler.graph.schedule import FINE, signatures, term_keys
from autograd.compiler.graph.simplify import absorb, canonical, compact

__all__ = ["hoist", "joined", "outside", "with_room"]

RECURS = 4
"""On how many levels a kind of sum must occur for its early products to be worth their own statement."""
PATTERNS = 8
"""For how many kinds of early parts other sums are searched for the same.

Each takes a pass over the graph.
"""


def hoist(graph: Graph) -> Graph:
    """Split early products off the sums of a kind that recurs on many levels; the rest stays in place."""
    level, lane = graph.levels(), graph.lane()
    if level.max() < RECURS:
        return graph
    sums = np.flatnonzero(graph.kind == SOP)
    signature = signatures(graph, lane, FINE)
    depth = int(level.max()) + 1
    places = distinct(signature[sums] * depth + level[sums])
    recurring = bincount(places // depth, minlength=int(signature.max()) + 1) >= RECURS
    t = graph.terms
    inside = np.flatnonzero((recurring[signature] & (graph.kind == SOP))[t.node])
    some = t.take(inside)
    first = np.full(len(recurring), depth)
    np.minimum.at(first, signature[sums], level[sums])
    waits = np.maximum(level[some.a], level[some.b]) >= first[signature[some.node]]
    waits |= some.over | (some.a == ONE)
    # Only where a product moves.
    moves = np.zeros(len(recurring), bool)
    moves[signature[some.node[~waits & (some.b != ONE)]]] = True
    worth = moves[signature[some.node]]
    inside, waits = inside[worth], waits[worth]
    if not len(inside):
        return graph
    some = t.take(inside)
    kinds = _classes(graph, lane, some)
    # A class of terms moves only as a whole, or the sums would no longer be built alike.
    pair = signature[some.node] * (int(kinds.max()) + 1) + kinds
    which = numbered(pair)
    late = np.zeros(which.max() + 1, bool)
    late[which[waits]] = True
    early = np.flatnonzero(~late[which])
    if not len(early):
        return graph
    members = bincount(signature[sums], minlength=len(recurring))
    uneven = _uneven(some.node[early], which[early], members, signature)
    taken = np.zeros(len(t), bool)
    taken[inside[early[~uneven[which[early]]]]] = True
    # And something has to wait.
    products, rest = [
        bincount(t.node[mask], minlength=graph.size) > 0 for mask in (taken & (t.b != ONE), ~taken)
    ]
    taken &= (products & rest)[t.node]
    return _split(graph, _joined(graph, taken, lane)) if taken.any() else graph


def _classes(graph: Graph, lane: Any, t: Terms) -> Ints:
    """Number the classes of some terms.

    Alike in the kinds of their factors, and lone factors in their coefficient too.
    """
    lone = np.where(t.b == ONE, t.coef, np.inf) + 0.0  # without -0.0
    return numbered(term_keys(graph, lane, t) * (len(t) + 1) + numbered(lone.view(np.int64)))


def _uneven(nodes: Ints, which: Ints, members: Ints, signature: Ints) -> Any:
    """Tell which classes do not occur equally often in each sum of their kind."""
    cells, counts = np.unique(which * (int(nodes.max()) + 1) + nodes, return_counts=True)
    of, node = cells // (int(nodes.max()) + 1), cells % (int(nodes.max()) + 1)
    low, high, seen = (
        np.full(which.max() + 1, len(which)),
        np.zeros(which.max() + 1, np.int64),
        bincount(of),
    )
    np.minimum.at(low, of, counts)
    np.maximum.at(high, of, counts)
    wanted = np.zeros(which.max() + 1, np.int64)
    wanted[of] = members[signature[node]]
    return (low != high) | (seen != wanted)


def _joined(graph: Graph, taken: Any, lane: Any) -> Any:
    """Take the same terms from sums that differ in the rest only, such as a recurrence's first step."""
    t = graph.terms
    kinds, ready = _classes(graph, lane, t), graph.is_leaf()
    for node in _patterns(t.node[taken], kinds[taken])[:PATTERNS].tolist():
        wanted, count = np.unique(kinds[taken & (t.node == node)], return_counts=True)
        apart = (graph.kind[t.node] == SOP) & ~t.over & (lane[t.node] == lane[node])
        apart &= ready[t.a] & ready[t.b] & ((t.node < graph.forward) == (node < graph.forward))
        fits = bincount(t.node[taken], minlength=graph.size) == 0
        for k, n in zip(wanted.tolist(), count.tolist(), strict=True):
            fits &= bincount(t.node[apart & (kinds == k)], minlength=graph.size) == n
        more = apart & fits[t.node] & np.isin(kinds, wanted)
        taken = taken | (more & (bincount(t.node[~more], minlength=graph.size) > 0)[t.node])
    return taken


def _patterns(nodes: Ints, kinds: Ints) -> Ints:
    """Return for each pattern of classes one sum that has it."""
    total = np.zeros(int(nodes.max()) + 1, np.uint64)
    np.add.at(total, nodes, mixed(kinds))
    owners = distinct(nodes)
    first: Ints = owners[np.unique(total[owners], return_index=True)[1]]
    return first


def _split(graph: Graph, taken: Any) -> Graph:
    """Move terms into sums of their own, which the forward pass computes if it had the terms."""
    t = graph.terms
    owners = distinct(t.node[taken])
    ahead = int((owners < graph.forward).sum())
    graph, number, made = with_room(graph, ahead, len(owners) - ahead)
    new = np.zeros(len(number), np.int64)
    new[owners] = made
    ones = np.ones(len(owners))
    extra = Terms(number[owners], ones, made, np.full(len(owners), ONE), np.zeros(len(owners), bool))
    moved = replace(graph.terms, node=np.where(taken, new[t.node], graph.terms.node))
    graph.turn[made] = graph.turn[number[owners]]
    return replace(graph, terms=joined(moved, extra))


def with_room(graph: Graph, ahead: int, behind: int) -> tuple[Graph, Ints, Ints]:
    """Return a graph with new sums, of no terms so far: at the end of the forward pass, and at the very end.

    And the new number of each node, and those of the new sums.
    """
    n = graph.size
    end = graph.forward if graph.forward >= 0 else n
    number = np.append(np.arange(n), -1)  # of -1 too
    number[end:-1] += ahead
    made = np.concatenate([end + np.arange(ahead), n + ahead + np.arange(behind)])

    def grown(old: Any, fill: Any) -> Any:
        """Return an array over the nodes with room for the new ones."""
        new = np.full((n + len(made), *old.shape[1:]), fill, old.dtype)
        new[number[:-1]] = old
        return new

    t = graph.terms
    return replace(
        graph, kind=grown(graph.kind, SOP), value=grown(graph.value, 0.0),
        turn=grown(graph.turn, 0), args=grown(graph.reading(number), -1),
        primal=grown(number[graph.primal], -1),
        terms=Terms(number[t.node], t.coef, number[t.a], number[t.b], t.over),
        outputs=number[graph.outputs], pinned=number[graph.pinned],
        labels=renamed(graph.labels, number),
        forward=graph.forward + ahead if graph.forward >= 0 else -1,
        scale=int(number[graph.scale]), lanes=int(number[graph.lanes]),
    ), number, made  # fmt: skip


def outside(graph: Graph) -> Graph:
    """Multiply by what lanes share after adding over them, where several terms then have one such sum."""
    t, lane = graph.terms, graph.lane()
    alone = np.flatnonzero(t.over & (graph.kind[t.node] == SOP) & (lane[t.a] != lane[t.b]))
    first = lane[t.a[alone]]
    varies, shared = [np.where(which, t.a[alone], t.b[alone]) for which in (first, ~first)]
    several = bincount(varies, minlength=graph.size) > 1
    several &= bincount(varies[shared != ONE], minlength=graph.size) > 0
    old, moved = np.flatnonzero(several), several[varies]
    if not len(old):
        return graph
    early = bincount(varies[moved & (t.node[alone] < graph.forward)], minlength=graph.size)[old] > 0
    old = np.concatenate([old[early], old[~early]])
    graph, number, made = with_room(graph, int(early.sum()), int((~early).sum()))
    t, total = graph.terms, np.zeros(graph.size, np.int64)
    total[old] = made
    at = alone[moved]
    t.a[at], t.b[at], t.over[at] = total[varies[moved]], number[shared[moved]], False
    extra = Terms(made, np.ones(len(old)), number[old], np.full(len(old), ONE), np.ones(len(old), bool))
    graph = canonical(replace(graph, terms=joined(t, extra)))
    t, lane = graph.terms, graph.lane()
    within = np.zeros(graph.size, bool)  # sums of what differs from lane to lane alone
    within[number[old]] = True
    within[t.node[t.over | ~(lane[t.a] | lane[t.b])]] = False
    return compact(absorb(graph, within))
