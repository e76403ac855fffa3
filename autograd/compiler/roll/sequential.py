"""Lay out programs as they were recorded: the loops in which a user wrote them, one number after the other.

The order of recording is one in which everything can be computed, and where a program was written with
loops, it has their structure: nodes that are built alike come again, with operands whose addresses move
evenly. So runs of such nodes become a loop, runs of such loops a loop around them, and so on (nested loop
recognition: Ketterlin and Clauss, CGO 2008). What a border makes different stands between the loops. Each
result stands where its node is in the sequence, and as nothing is computed in another order, it matters not
what rests on what: sweeps along rows, back along columns, or in place are all the same.

For example, ``for i in range(1, n): x[i] = 0.5 * x[i - 1] + u[i]``, within a loop that starts again from the
last ``x``, is recorded as one sum with the addresses (100; 99, 1), the next with (101; 100, 2), and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import repeated
from autograd.compiler.graph.ir import CONST, EXTREMA, FIRST_ROW, MAX, ONE, Ints
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.graph.rounds import operands_of, sequence_of
from autograd.compiler.graph.schedule import mixed
from autograd.compiler.roll.affine import Slanted, compress
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Part, Ref, Statement

__all__ = ["Sequential"]

FEWEST = 3
"""Rounds from which there is a loop: of fewer, any move evenly."""
LONGEST = 256
"""Most statements and loops of one round."""
MANY = 40
"""Operands from which a node is a statement by itself."""
LONG = 400
"""So many statements are not too many in any program."""
SPREAD = 0.03
"""And so many more for each node."""

Item = int | list[list[Any]]
"""A place in the sequence, or a loop: its rounds, each a list of items."""


class Sequential(Layout):
    """A layout in which nodes are computed one after the other, in loops around loops."""

    def run(self) -> bool:
        """Make all statements; tell whether that was worth it."""
        graph = self.graph
        if self.has_lanes or any(op is ENTRY for op, _ in graph.rows):
            return False
        work = graph.args[:, 0] >= 0
        work[graph.terms.node] = True
        sequence = sequence_of(graph, work, graph.levels())
        if sequence is None:
            return False
        self._sequence = sequence
        self._first, self._operands, self._first_coef, self._coefs = operands_of(graph, sequence)
        self._long = np.diff(self._first) > MANY
        free = self.pin[sequence] < 0
        self.pin[sequence[free]] = self.next + np.flatnonzero(free)
        self.next += len(sequence)
        self._stands = np.where(work, self.pin, self.address)
        items = _folded(*self._told(work))
        found = list(_leaves([[item] for item in items], []))
        if len(found) > LONG + SPREAD * len(sequence):
            return False
        before: list[Any] = []
        for loops, places in found:
            together = len(list(takewhile(lambda pair: pair[0] is pair[1], zip(before, loops, strict=False))))
            node = sequence[places[:1]]
            if self._long[places[0]]:
                self.place(node)
            else:
                statement = self._statement(loops, places)
                if statement is None:
                    return False
                self.address[statement.nodes] = self.pin[statement.nodes]
                self.block[statement.nodes] = self.blocks
                self.blocks += 1
                statement.shared = together if loops else -1
                self.statements.append(statement)
            before = loops
        return True

    def _told(self, work: Any) -> tuple[Any, Any]:
        """Return two hashes for each place: of what a node is, and, linear in them, of its addresses."""
        graph, sequence = self.graph, self._sequence
        count = np.diff(self._first)
        cell = repeated(np.arange(len(sequence)), count)
        number = np.arange(len(cell)) - self._first[cell]
        kind = np.where(work, -1, graph.kind)
        kind[ONE] = -2
        with np.errstate(over="ignore"):
            what = mixed(graph.kind[sequence] + 1000 * count)
            np.add.at(what, cell, mixed(kind[self._operands] + 1000 * number))
            what[self._long] = mixed(np.flatnonzero(self._long))
            ways = mixed(np.arange(int(count.max()) + 1))
            at = np.where(graph.kind == CONST, 0, self._stands).astype(np.uint64)
            where = self.pin[sequence].astype(np.uint64) * ways[-1]
            np.add.at(where, cell, at[self._operands] * ways[number])
        return what, where

    def _statement(self, loops: list[Ints], places: Ints) -> Statement | None:
        """Return the statement of the nodes in some places, or None where addresses do not move evenly."""
        graph, nodes = self.graph, self._sequence[places]
        rounds = np.zeros((1, 0), np.int64)
        sizes: list[int] = []
        for counts in loops:
            size = _even(rounds, counts)
            if size is None:
                return None
            first, steps = size
            sizes.append(Slanted(int(counts.max()), first, steps) if any(steps) else first)
            inner = np.arange(int(counts.sum())) - repeated(np.cumsum(counts) - counts, counts)
            rounds = np.column_stack([np.repeat(rounds, counts, axis=0), inner])

        def table(numbers: Any) -> Any:
            """Return numbers over all loops."""
            full = np.full(tuple(map(int, sizes)), numbers[0])
            if sizes:
                full[tuple(rounds.T)] = numbers
            return compress(full)

        def ref(at: Ints) -> Ref:
            """Return an operand."""
            way = _even(rounds, at)
            if way is None:
                raise _UnevenError
            return Ref(*way)

        size = int(self._first[places[0] + 1] - self._first[places[0]])
        columns = self._operands[self._first[places][:, None] + np.arange(size)].T
        fixed = [bool(graph.kind[c[0]] == CONST) for c in columns]
        kind = int(graph.kind[nodes[0]])
        try:
            refs = [None if f else ref(self._stands[c]) for c, f in zip(columns, fixed, strict=True)]
            result = ref(self.pin[nodes])
        except _UnevenError:
            return None
        shape = tuple(sizes)
        if kind >= FIRST_ROW:
            op, params = graph.rows[kind - FIRST_ROW]
            operands = [
                Ref(constants=table(graph.value[c])) if r is None else r
                for c, r in zip(columns, refs, strict=True)
            ]
            return Statement(
                nodes, False, op=op, params=params, operands=operands, sizes=shape, result=result
            )
        coefs = self._coefs[self._first_coef[places][:, None] + np.arange(size // 2)].T
        extremum = kind in EXTREMA
        parts = []
        for k, numbers in enumerate(coefs):
            a, b = refs[2 * k : 2 * k + 2]
            if a is None:
                numbers = graph.value[columns[2 * k]] if extremum else numbers
                a, b = b, a
            steady = (numbers == numbers[0]).all()
            coef = float(numbers[0]) if steady else Ref(constants=table(numbers))
            parts.append(Part(shape, result, coef, a, b))
        name = "" if not extremum else "max" if kind == MAX else "min"
        return Statement(nodes, False, parts, extremum=name)


class _UnevenError(Exception):
    """The addresses of an operand do not move evenly."""


def _folded(what: Any, where: Any) -> list[Item]:
    """Return places as items, those in loops where what they are comes again and where moves evenly."""
    items: list[Item] = list(range(len(what)))
    period = 1
    with np.errstate(over="ignore"):
        while FEWEST * period <= len(items) and period <= LONGEST:
            step = where[period:] - where[:-period]
            again = (what[period:] == what[:-period])[period:] & (what[period:] == what[:-period])[:-period]
            again &= step[period:] == step[:-period]
            edges = np.flatnonzero(np.diff(np.concatenate([[0], again, [0]])))
            made: list[Item] = []
            kinds, places, done = [], [], 0
            for low, high in edges.reshape(-1, 2).tolist():
                end = high + 2 * period
                count = (end - max(low, done)) // period
                if count < FEWEST:
                    continue
                low = end - count * period
                body = slice(low, low + period)
                ways = mixed(np.arange(2 * period + 1))
                kind = mixed(what[body] * ways[:period]).sum(keepdims=True)
                place = (where[body] * ways[:period] + step[body] * ways[period:-1]).sum(keepdims=True)
                kinds += [what[done:low], mixed(kind)]
                places += [where[done:low], place + np.uint64(count) * ways[-1]]
                made += items[done:low]
                made.append([items[k : k + period] for k in range(low, end, period)])
                done = end
            if done:
                what = np.concatenate([*kinds, what[done:]])
                where = np.concatenate([*places, where[done:]])
                items = made + items[done:]
            period = 1 if done else period + 1
    return items


def _leaves(slots: list[list[Item]], loops: list[Ints]) -> Iterator[tuple[list[Ints], Ints]]:
    """Yield, for what stands in one place of a round in all rounds, the loops around it, and its places.

    Of each loop there is an array: how many rounds it has, in all rounds of those around it.
    """
    for slot in slots:
        if isinstance(slot[0], int):
            yield loops, np.array(slot)
            continue
        rounds = [body for loop in slot if not isinstance(loop, int) for body in loop]
        counts = np.array([len(loop) for loop in slot if not isinstance(loop, int)])
        yield from _leaves([list(column) for column in zip(*rounds, strict=True)], [*loops, counts])


def _even(rounds: Ints, numbers: Ints) -> tuple[int, tuple[int, ...]] | None:
    """Return the first of some numbers, and how they grow along loops; None where that is not even."""
    inside = rounds.sum(axis=1) == 1
    steps = np.zeros(rounds.shape[1], np.int64)
    steps[np.nonzero(rounds[inside])[1]] = numbers[inside] - numbers[0]
    if (numbers[0] + rounds @ steps != numbers).any():
        return None
    return int(numbers[0]), tuple(steps.tolist())
