"""Compute early what is ready early: the products of a recurring sum that do not rest on the recurrence.

The sums of a recurrent network's steps each hold a product of the step's input, which could be computed
before the first step. Split off, these products of all steps are one matrix product; the recurrence keeps
what has to wait.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.ir import ONE, SOP, Graph, Ints, Terms, distinct, renamed
from autograd.compiler.graph.schedule import FINE, mixed, signatures, term_keys

__all__ = ["hoist"]

RECURS = 4
"""On how many levels a kind of sum must occur for its early products to be worth their own statement."""
PATTERNS = 8
"""For how many kinds of early parts other sums are searched for the same.

Each takes a pass over the graph.
"""


def hoist(graph: Graph) -> Graph:
    """Split early products off the sums of a kind that recurs on many levels; the rest stays in place."""
    level, lane = graph.levels(), graph.lane()
    sums = np.flatnonzero(graph.kind == SOP)
    signature = signatures(graph, lane, FINE)
    depth = int(level.max()) + 1
    places = distinct(signature[sums] * depth + level[sums])
    recurring = bincount(places // depth, minlength=int(signature.max()) + 1) >= RECURS
    t = graph.terms
    inside = np.flatnonzero(recurring[signature[t.node]] & (graph.kind[t.node] == SOP))
    if not len(inside):
        return graph
    first = np.full(len(recurring), depth)
    np.minimum.at(first, signature[sums], level[sums])
    ready = np.maximum(level[t.a], level[t.b])
    kinds = _classes(graph, lane)
    # A class of terms moves only as a whole, or the sums would no longer be built alike.
    pair = signature[t.node[inside]] * (int(kinds.max()) + 1) + kinds[inside]
    _, which = np.unique(pair, return_inverse=True)
    late = np.zeros(which.max() + 1, bool)
    late[
        which[(ready[inside] >= first[signature[t.node[inside]]]) | t.over[inside] | (t.a[inside] == ONE)]
    ] = True
    uneven = _uneven(t.node[inside], which, bincount(signature[sums], minlength=len(recurring)), signature)
    moves = ~late[which] & ~uneven[which]
    taken = np.zeros(len(t), bool)
    taken[inside[moves]] = True
    # Only where a product moves, and something has to wait.
    products, rest = [
        bincount(t.node[mask], minlength=graph.size) > 0 for mask in (taken & (t.b != ONE), ~taken)
    ]
    taken &= (products & rest)[t.node]
    return _split(graph, _joined(graph, taken, kinds, lane)) if taken.any() else graph


def _classes(graph: Graph, lane: Any) -> Ints:
    """Number the classes of terms.

    Alike in the kinds of their factors, and lone factors in their coefficient too.
    """
    t = graph.terms
    lone = np.where(t.b == ONE, t.coef, np.inf)
    order = np.lexsort((lone, keys := term_keys(graph, lane)))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(keys[order]) != 0) | (lone[order][1:] != lone[order][:-1])
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(new) - 1
    return number


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


def _joined(graph: Graph, taken: Any, kinds: Ints, lane: Any) -> Any:
    """Take the same terms from sums that differ in the rest only, such as a recurrence's first step."""
    t = graph.terms
    ready = graph.is_leaf()
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
    new = made[np.searchsorted(owners, t.node).clip(max=len(owners) - 1)]
    ones = np.ones(len(owners))
    extra = Terms(number[owners], ones, made, np.full(len(owners), ONE), np.zeros(len(owners), bool))
    moved = replace(graph.terms, node=np.where(taken, new, graph.terms.node))
    graph.turn[made] = graph.turn[number[owners]]
    return replace(graph, terms=joined(moved, extra))


def joined(*pieces: Terms) -> Terms:
    """Return terms one after the other."""
    return Terms(
        *[np.concatenate([getattr(t, f) for t in pieces]) for f in ("node", "coef", "a", "b", "over")]
    )


def with_room(graph: Graph, ahead: int, behind: int) -> tuple[Graph, Ints, Ints]:
    """Return a graph with new sums, of no terms so far: at the end of the forward pass, and at the very end.

    And the new number of each node, and those of the new sums.
    """
    n = graph.size
    end = graph.forward if graph.forward >= 0 else n
    number = np.arange(n)
    number[end:] += ahead
    made = np.concatenate([end + np.arange(ahead), n + ahead + np.arange(behind)])

    def grown(old: Any, fill: Any) -> Any:
        """Return an array over the nodes with room for the new ones."""
        new = np.full((n + len(made), *old.shape[1:]), fill, old.dtype)
        new[number] = old
        return new

    def renumbered(nodes: Ints) -> Ints:
        """Return the new numbers; -1 stays."""
        return np.where(nodes >= 0, number[nodes], -1)

    t = graph.terms
    return replace(
        graph, kind=grown(graph.kind, SOP), value=grown(graph.value, 0.0),
        turn=grown(graph.turn, 0), args=grown(renumbered(graph.args), -1),
        primal=grown(renumbered(graph.primal), -1),
        terms=Terms(number[t.node], t.coef, number[t.a], number[t.b], t.over),
        outputs=renumbered(graph.outputs), pinned=renumbered(graph.pinned),
        labels=renamed(graph.labels, number),
        forward=graph.forward + ahead if graph.forward >= 0 else -1,
        scale=int(renumbered(np.array(graph.scale))), lanes=int(renumbered(np.array(graph.lanes))),
    ), number, made  # fmt: skip
