"""Copy into rows what the rounds of a loop read unevenly, such as what observed symbols pick from a table.

Data that the recording has frozen may say which parameters or inputs a round reads: then their addresses
follow no rule, and rounds that are alike in all else are no loop. `uneven` finds what is read so, and
`copied` gives each operand there a copy of what it reads, in the order of reading: one statement gathers the
copies of all rounds, and the rounds read them one after the other. So it is with tables that are computed
before, such as probabilities, and with numbers that differ from round to round, such as what was measured at
each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.compiler.graph.hoist import joined, with_room
from autograd.compiler.graph.ir import ONE, Graph, Ints, Terms, distinct
from autograd.compiler.roll.program import LANES

__all__ = ["COMPUTED", "Numbers", "Read", "copied", "uneven"]


FEW = 2
"""Rounds at either end that may be peculiar."""
COMPUTED = 2 * LANES
"""From here on addresses stand for what is computed, which has none yet."""


@dataclass
class Read:
    """What one operand of a statement reads in all rounds of a loop.

    ``leaves`` has a row for each round, of leaves or of numbers of a table that is ``computed``. Of every use
    of one, ``consumer`` is the node, ``column`` the operand of a row, or -1 of a sum, and ``which`` its place
    among those of all rounds.
    """

    leaves: Ints
    consumer: Ints
    column: int
    which: Ints
    computed: bool


@dataclass
class Numbers:
    """The coefficients of one summand of a statement in all rounds of a loop, a row for each.

    Of every term that has one, ``consumer`` is the sum, ``factor`` the other factor, and ``which`` its place.
    """

    values: Any
    consumer: Ints
    factor: Ints
    which: Ints


def uneven(graph: Graph, address: Ints, terms: tuple[Ints, Ints], nodes: Ints) -> Iterator[Read | Numbers]:
    """Yield what the nodes of a group read unevenly from elsewhere, and the coefficients that differ.

    ``nodes`` has a row for each round, ``address`` is that of each leaf, and of what is computed outside of
    rounds a number that grows; it is -1 of all else. ``terms`` are those of all nodes as `csr` gives them.
    """
    t = graph.terms

    def taken(nodes: Ints, operands: Ints, column: int) -> Iterator[Read]:
        """Yield what one operand of nodes reads; of the first round it may be of another kind."""
        first = int(not (address[operands[0]] >= 0).all())
        at = address[operands[first:]]
        if (at >= 0).all() and _differs(np.diff(at, axis=0)):
            computed = at >= COMPUTED
            if computed.any() and (not computed.all() or 2 * len(distinct(at.ravel())) > at.size):
                return  # no table, but numbers of each round
            leaves, which = _distinct(operands[first:])
            yield Read(leaves, nodes[first:].ravel(), column, which, bool(computed.any()))

    start, order = terms
    counts = start[nodes + 1] - start[nodes]
    for k, column in enumerate(np.moveaxis(graph.args[nodes], 2, 0)):
        yield from taken(nodes, column, k)
    usual = counts[len(counts) // 2]
    odd = np.flatnonzero((counts != usual).any(axis=1))
    low, high = [odd[odd < FEW].max(initial=-1) + 1, odd[odd >= len(counts) - FEW].min(initial=len(counts))]
    if len(odd) > low + len(counts) - high:
        return
    for size in distinct(usual).tolist():
        some = nodes[low:high, usual == size]
        for k in range(size):
            which = order[start[some] + k]
            if t.over[which].any():
                continue
            for factor in (t.a[which], t.b[which]):
                yield from taken(some, factor, -1)
            if (t.b[which] == ONE).all() and _differs(t.coef[which]):
                values, place = _distinct(t.coef[which])
                yield Numbers(values, some.ravel(), t.a[which].ravel(), place)


def _differs(table: Any) -> bool:
    """Tell whether not all rows are alike, whatever the first and the last few."""
    inner = table[FEW:-FEW]
    return bool((inner != inner[0]).any())


def _distinct(table: Any) -> tuple[Any, Ints]:
    """Return the different columns of a table, as they come, and the place there of each number."""
    _, first, which = np.unique(table, axis=1, return_index=True, return_inverse=True)
    places = np.argsort(np.argsort(first))[which.ravel()]
    return table[:, np.sort(first)], (np.arange(len(table))[:, None] * len(first) + places).ravel()


def copied(graph: Graph, reads: list[Read | Numbers]) -> tuple[Graph, list[Ints], list[Ints]]:
    """Return a graph in which operands are copies, those of leaves and numbers, and those of all else."""
    sizes = [r.leaves.size if isinstance(r, Read) else r.values.size for r in reads]
    graph, number, made = with_room(graph, sum(sizes), 0)
    copies = np.split(made, np.cumsum(sizes)[:-1])
    args, t = graph.args.copy(), graph.terms
    a, b, coef = t.a.copy(), t.b.copy(), t.coef.copy()
    for r, own in zip(reads, copies, strict=True):
        if isinstance(r, Numbers):
            mine = replace(t, coef=coef, a=a, b=b)
            _use(mine, graph.size, number[r.consumer], number[r.factor], own[r.which])
            continue
        consumer, leaf, copy = number[r.consumer], number[r.leaves.ravel()[r.which]], own[r.which]
        if r.column >= 0:
            args[consumer, r.column] = copy
            continue
        key = consumer * graph.size + leaf
        order = np.argsort(key, kind="stable")
        key, copy = key[order], copy[order]
        for factor in (a, b):
            wanted = t.node * graph.size + factor
            i = np.searchsorted(key, wanted).clip(max=len(key) - 1)
            hit = key[i] == wanted
            factor[hit] = copy[i[hit]]
    pieces = []
    for r, own in zip(reads, copies, strict=True):
        one, apart = np.full(own.size, ONE), np.zeros(own.size, bool)
        if isinstance(r, Numbers):
            pieces.append(Terms(own, r.values.ravel(), one, one, apart))
        else:
            pieces.append(Terms(own, np.ones(own.size), number[r.leaves.ravel()], one, apart))
    graph = replace(graph, args=args, terms=joined(replace(t, a=a, b=b, coef=coef), *pieces))
    first, rows = list[Ints](), list[Ints]()
    for r, own in zip(reads, copies, strict=True):
        (rows if isinstance(r, Read) and r.computed else first).append(own)
    return graph, first, rows


def _use(t: Terms, size: int, consumer: Ints, factor: Ints, copy: Ints) -> None:
    """Let terms of one factor have a copy in place of their coefficients."""
    key = consumer * size + factor
    order = np.argsort(key, kind="stable")
    key, copy = key[order], copy[order]
    wanted = t.node * size + t.a
    i = np.searchsorted(key, wanted).clip(max=len(key) - 1)
    hit = np.flatnonzero((key[i] == wanted) & (t.b == ONE))
    times = np.zeros(len(key), np.int64)
    np.add.at(times, i[hit], 1)
    hit = hit[times[i[hit]] == 1]  # two terms of one factor, of both signs, stay as they are
    first, second = t.a[hit], copy[i[hit]]
    lone = first == ONE
    t.coef[hit] = 1.0
    t.a[hit] = np.where(lone, second, np.minimum(first, second))
    t.b[hit] = np.where(lone, ONE, np.maximum(first, second))
