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
from dataclasses import replace
from itertools import takewhile
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import repeated
from autograd.compiler.graph.ir import CONST, EXTREMA, FIRST_ROW, MAX, ONE, Graph, Ints, spans
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.graph.rounds import operands_of, sequence_of
from autograd.compiler.graph.schedule import mixed
from autograd.compiler.roll.affine import Slanted, compress
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Part, Ref, Statement

__all__ = ["Sequential"]

FEWEST, TERMS = 3, 4
"""Rounds from which there is a loop, and from which one over what is added up: of two, any move evenly."""
LONGEST = 256
"""Most statements and loops of one round."""
FLAT = 9
"""Terms of a sum that are not looked for loops; two neighbours along each of two axes, and more, are so."""
MANY = 24
"""Operands from which a node is a statement by itself, a loop counting as one."""

Item = int | list[list[Any]]
"""A place in a sequence, or a loop: its rounds, each a list of items."""


class Sequential(Layout):
    """A layout in which nodes are computed one after the other, in loops around loops."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._bodies: dict[int, list[Item]] = {}

    def run(self, most: int) -> bool:
        """Make all statements; tell whether that could be done, with no more than so many."""
        graph = self.graph
        if self.has_lanes or any(op is ENTRY for op, _ in graph.rows):
            return False
        work = graph.args[:, 0] >= 0
        work[graph.terms.node] = True
        sequence = sequence_of(graph, work, graph.levels(), graph.turn)
        if sequence is None:
            return False
        free = self.pin[sequence] < 0
        self.pin[sequence[free]] = self.next + np.flatnonzero(free)
        self.next += len(sequence)
        self._sequence, self._stands = sequence, np.where(work, self.pin, self.address)
        self._read()
        with np.errstate(over="ignore"):
            found = list(_leaves([[item] for item in _folded(*self._told(work), FEWEST)[0]], []))
        if len(found) > most:
            return False
        before: list[Any] = []
        for loops, places in found:
            shared = len([*takewhile(lambda pair: pair[0] is pair[1], zip(before, loops, strict=False))])
            before = loops
            if self._long[places[0]]:
                self.place(sequence[places])
            elif not self._enter(loops, places, shared):
                return False
        return True

    def _read(self) -> None:
        """Note what the nodes read: operands of rows, and terms, each with two factors and a coefficient."""
        first, operands, _, coefs = operands_of(self.graph, self._sequence)
        width = np.where(self.graph.kind[self._sequence] >= FIRST_ROW, 1, 2)
        count = np.diff(first) // width
        self._start = np.concatenate([[0], np.cumsum(count)])
        self._cell = repeated(np.arange(len(count)), count)
        self._number = np.arange(len(self._cell)) - self._start[self._cell]
        at = first[self._cell] + self._number * width[self._cell]
        is_term = width[self._cell] == 2
        self._a, self._b = operands[at], np.full(len(at), ONE)
        self._b[is_term] = operands[at[is_term] + 1]
        self._coef = np.ones(len(at))
        self._coef[is_term] = coefs
        latest = np.where(is_term, np.maximum(self._stands[self._a], self._stands[self._b]), 0)
        order = np.lexsort((self._number, latest, self._cell))
        self._a, self._b, self._coef = self._a[order], self._b[order], self._coef[order]

    def _told(self, work: Any) -> tuple[Any, Any]:
        """Return two hashes for each place: of what a node is, and, linear in them, of its addresses."""
        graph, sequence = self.graph, self._sequence
        kind = np.where(work, -1, graph.kind)
        kind[ONE] = -2
        stands = np.where(graph.kind == CONST, 0, self._stands).astype(np.uint64)
        what = mixed(mixed(kind[self._a]) + mixed(kind[self._b] + 99))
        where = stands[self._a] * _WAYS[0] + stands[self._b] * _WAYS[1]
        cell, what, where = self._looped(what, where)
        count = np.bincount(cell, minlength=len(sequence))
        number = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
        whole, place = mixed(graph.kind[sequence] + 1000 * count), self.pin[sequence].astype(np.uint64)
        np.add.at(whole, cell, mixed(what + number.astype(np.uint64)))
        np.add.at(place, cell, where * mixed(number))
        self._long = count > MANY
        whole[self._long] = mixed(np.flatnonzero(self._long))
        return whole, place

    def _looped(self, what: Any, where: Any) -> tuple[Ints, Any, Any]:
        """Find loops in long sums; return of which place each item is that is read, and its two hashes."""
        size = np.diff(self._start)
        summed = np.flatnonzero((size > FLAT) & (self.graph.kind[self._sequence] < FIRST_ROW))
        begins = np.cumsum(size[summed]) - size[summed]
        # Before the terms of each sum stands something that comes once.
        self._entry = np.insert(spans(self._start[summed], self._start[summed + 1]), begins, -1 - summed)
        head, at = self._entry < 0, self._entry
        items, kinds, places = _folded(
            np.where(head, mixed(at), what[at]), np.where(head, np.uint64(0), where[at]), TERMS
        )
        own = np.array([not (isinstance(item, int) and head[item]) for item in items], bool)
        of = summed[np.cumsum(~own) - 1]
        for k, item, is_own in zip(of.tolist(), items, own.tolist(), strict=True):
            if is_own:
                self._bodies.setdefault(k, []).append(item)
        flat = ~np.isin(self._cell, summed)
        cell = np.concatenate([self._cell[flat], of[own]])
        order = np.argsort(cell, kind="stable")
        what, where = np.concatenate([what[flat], kinds[own]]), np.concatenate([where[flat], places[own]])
        return cell[order], what[order], where[order]

    def _enter(self, loops: list[Ints], places: Ints, shared: int) -> bool:
        """Make the statement of the nodes in some places; tell whether all addresses move evenly."""
        graph, nodes = self.graph, self._sequence[places]
        kind = int(graph.kind[nodes[0]])
        first = int(places[0])
        if first in self._bodies:
            slots = [[*column] for column in zip(*(self._bodies[k] for k in places.tolist()), strict=True)]
            read = [(around, self._entry[at]) for around, at in _leaves(slots, loops)]
        else:
            size = self._start[first + 1] - self._start[first]
            read = [(loops, self._start[places] + k) for k in range(size)]
        try:
            nest = _Nest(loops)
            result = nest.ref(self.pin[nodes])
            made = []
            for around, at in read:
                own = nest if len(around) == len(loops) else _Nest(around)
                made.append(self._part(own, at, result))
        except _UnevenError:
            return False
        statement = Statement(nodes, False, made, sizes=nest.sizes, shared=shared if loops else -1)
        if kind >= FIRST_ROW:
            statement.op, statement.params = graph.rows[kind - FIRST_ROW]
            statement.operands = [_operand(part) for part in made]
            statement.result, statement.parts = result, []
        elif kind in EXTREMA:
            statement.extremum = "max" if kind == MAX else "min"
        self.address[nodes] = self.pin[nodes]
        self.block[nodes] = self.blocks
        self.blocks += 1
        self.statements.append(statement)
        return True

    def _part(self, nest: _Nest, at: Ints, result: Ref) -> Part:
        """Return what is read in each round of loops: two factors, or one, or a number."""
        graph, numbers = self.graph, self._coef[at]
        refs = []
        for nodes in (self._a[at], self._b[at]):
            if graph.kind[nodes[0]] != CONST:
                refs.append(nest.ref(self._stands[nodes]))
            elif nodes[0] != ONE:
                numbers = numbers * graph.value[nodes]
        a, b = [*refs, None, None][:2]
        target = replace(result, strides=(*result.strides, *[0] * (len(nest.sizes) - len(result.strides))))
        return Part(nest.sizes, target, nest.number(numbers), a, b)


_WAYS = mixed(np.arange(4 * LONGEST))


def _operand(part: Part) -> Ref:
    """Return an operand of a row."""
    if part.a is not None:
        return part.a
    return part.coef if isinstance(part.coef, Ref) else Ref(constants=np.array(part.coef))


class _UnevenError(Exception):
    """Addresses that do not move evenly."""


class _Nest:
    """Loops within each other, given of each how many rounds it has in all rounds of those around it."""

    def __init__(self, loops: list[Ints]) -> None:
        self.rounds = np.zeros((1, 0), np.int64)
        self.sizes: tuple[int, ...] = ()
        for counts in loops:
            first, steps = self._even(counts)
            size = Slanted(int(counts.max()), first, steps) if any(steps) else first
            inner = np.arange(int(counts.sum())) - repeated(np.cumsum(counts) - counts, counts)
            self.rounds = np.column_stack([np.repeat(self.rounds, counts, axis=0), inner])
            self.sizes = *self.sizes, size

    def _even(self, numbers: Ints) -> tuple[int, tuple[int, ...]]:
        """Return the first of some numbers, and how they grow along the loops."""
        inside = self.rounds.sum(axis=1) == 1
        steps = np.zeros(self.rounds.shape[1], np.int64)
        steps[np.nonzero(self.rounds[inside])[1]] = numbers[inside] - numbers[0]
        if (numbers[0] + self.rounds @ steps != numbers).any():
            raise _UnevenError
        return int(numbers[0]), tuple(steps.tolist())

    def ref(self, at: Ints) -> Ref:
        """Return what stands at some addresses."""
        return Ref(*self._even(at))

    def number(self, numbers: Any) -> float | Ref:
        """Return a number, or a table over the loops where it is not the same in all rounds."""
        if (numbers == numbers[0]).all():
            return float(numbers[0])
        table = np.full(tuple(map(int, self.sizes)), numbers[0])
        table[tuple(self.rounds.T)] = numbers
        return Ref(constants=compress(table))


def _folded(what: Any, where: Any, fewest: int) -> tuple[list[Item], Any, Any]:
    """Return places as items, in loops where what comes again and where moves evenly; and both of these."""
    items: list[Item] = list(range(len(what)))
    period = 1
    while fewest * period <= len(items) and period <= LONGEST:
        step = where[period:] - where[:-period]
        same = what[period:] == what[:-period]
        again = same[period:] & same[:-period] & (step[period:] == step[:-period])
        edges = np.flatnonzero(np.diff(np.concatenate([[0], again, [0]])))
        made: list[Item] = []
        kinds, places, done = [], [], 0
        for first, last in edges.reshape(-1, 2).tolist():
            end = last + 2 * period
            count = (end - max(first, done)) // period
            if count < fewest:
                continue
            low = end - count * period  # late: what is peculiar in the first round then stays outside
            body = slice(low, low + period)
            ways = _WAYS[: 2 * period]
            kinds += [what[done:low], mixed(mixed(what[body] * ways[:period]).sum(keepdims=True))]
            place = (where[body] * ways[:period] + step[body] * ways[period:]).sum(keepdims=True)
            places += [where[done:low], place + np.uint64(count) * _WAYS[-1]]
            made += items[done:low]
            made.append([items[k : k + period] for k in range(low, end, period)])
            done = end
        if done:
            what, where = [np.concatenate([*x, y[done:]]) for x, y in ((kinds, what), (places, where))]
            items = made + items[done:]
        period = 1 if done else period + 1
    return items, what, where


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
