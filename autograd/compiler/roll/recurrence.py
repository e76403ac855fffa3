"""Lay out the loops of a graph: one round of each, and how far it moves from round to round.

What the nodes in one place of all rounds compute stands in a row. Of a loop's places those that rest on
themselves, rounds before, are its recurrence and stay a loop; the others are computed for all rounds at once,
before or after it (loop distribution: Allen and Kennedy, Automatic translation of Fortran programs to vector
form, TOPLAS 1987).
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import repeated
from autograd.compiler.graph.ir import Graph, Ints, distinct
from autograd.compiler.graph.rounds import Found, Stretch
from autograd.compiler.graph.schedule import FINE, signatures
from autograd.compiler.roll.affine import strides_of
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import LANES, Part, Ref, Statement
from autograd.compiler.roll.repeats import Rounds

__all__ = ["Recurrences"]

BEYOND = 16
"""So many nodes before and after the rounds may stand in the row of their results."""


class Recurrences:
    """The loops of a graph, and the groups of nodes before, between and after them."""

    def __init__(self, layout: Layout, graph: Graph, found: Found) -> None:
        self.layout, self.found = layout, found
        self.rows = _Rows(layout, found)
        signature = signatures(graph, layout.is_lane, FINE)
        self.kind = found.level * (int(signature.max()) + 1) + signature
        self.groups = [self._grouped(nodes) for nodes in self.rows.segments()]

    @property
    def breadth(self) -> float:
        """How many nodes of a round can be computed at once, on average."""
        loops, sequence = self.found.loops, self.found.sequence
        middle = [x.start + x.count // 2 * x.period for x in loops]
        kinds = [self.kind[sequence[k : k + x.period]] for k, x in zip(middle, loops, strict=True)]
        return sum(map(len, kinds)) / sum([len(distinct(kind)) for kind in kinds])

    def _grouped(self, nodes: Ints) -> list[Ints]:
        """Return groups of nodes by level and signature; what stands in rows is by itself."""
        key, alone = self.kind[nodes], self.rows.apart[nodes]
        order = np.lexsort((np.arange(len(nodes)) * alone, alone, key))
        ordered, key, alone = nodes[order], key[order], alone[order]
        cuts = np.flatnonzero((np.diff(key) != 0) | alone[1:]) + 1
        return np.split(ordered, cuts) if len(nodes) else []

    def place(self) -> None:
        """Make the statements: rounds where there are loops, of groups of nodes elsewhere."""
        for groups, loop in zip(self.groups, [*self.found.loops, None], strict=True):
            self.rows.begin()
            for group in groups:
                self.layout.place(group)
            self.rows.finish()
            if loop is not None:
                _Loop(self.layout, self.found, loop).place()


class _Rows:
    """The addresses of what the rounds of loops compute: for each place in a round, a row over all rounds.

    Nodes before and after the rounds that are read as if they belonged to them stand in the rows, too.

    Attributes
    ----------
    apart
        Tells for each node whether its address is in a row.
    """

    def __init__(self, layout: Layout, found: Found) -> None:
        self.layout, self.found = layout, found
        self.apart = np.zeros(len(layout.pin), bool)
        self.owner = np.full(len(found.sequence), -1)
        for i, grid in enumerate(found.grids):
            self.owner[grid.start : grid.end] = i
        self.places = [np.arange(grid.start, grid.end) for grid in found.grids]
        for loop in found.loops:
            self._reach(loop)
        for places in self.places:
            self.apart[found.sequence[places]] = True
        self.starts: list[tuple[int, int]] = []

    def _reach(self, loop: Stretch) -> None:
        """Note what a loop reads before and after the rounds of a loop."""
        found, layout = self.found, self.layout
        at = found.place[found.table(loop)]
        first, last = at[0], at[-1]
        moves = np.flatnonzero((first >= 0) & (first != last))
        home = self.owner[at[loop.count // 2, moves]]
        for i, grid in enumerate(found.grids):
            own = moves[home == i]
            own = own[(last[own] - first[own]) % (grid.period * (loop.count - 1)) == 0]
            places = at[:, own].ravel()
            places = np.unique(places[(places < grid.start) | (places >= grid.end)])
            places = places[(self.owner[places] < 0) & (layout.pin[found.sequence[places]] < 0)]
            rounds = (places - grid.start) // grid.period
            places = places[(rounds >= -BEYOND) & (rounds < grid.count + BEYOND)]
            self.places[i] = np.concatenate([self.places[i], places])
            self.owner[places] = i

    def segments(self) -> list[Ints]:
        """Return the nodes before, between and after the loops, and give all rows their addresses.

        As in all programs, what is computed later has the higher address.
        """
        layout, sequence = self.layout, self.found.sequence
        segments, done, given = [], 0, 0
        for loop in [*self.found.loops, Stretch(len(sequence), 1, 0)]:
            nodes = sequence[done : loop.start]
            self.starts.append((layout.next, layout.next_lane))
            own = nodes[~self.apart[nodes]]
            lanes = int(layout.is_lane[own].sum())
            layout.next += len(own) - lanes + 1  # one more for the number one
            layout.next_lane += lanes
            while given < len(self.found.grids) and self.found.grids[given].start <= loop.start:
                self._give(given)
                given += 1
            segments.append(nodes)
            done = loop.end
        return segments

    def _give(self, i: int) -> None:
        """Give the rows of some rounds their addresses."""
        layout, grid = self.layout, self.found.grids[i]
        rounds, which = np.divmod(self.places[i] - grid.start, grid.period)
        low, high = np.zeros(grid.period, np.int64), np.zeros(grid.period, np.int64)
        np.minimum.at(low, which, rounds)
        np.maximum.at(high, which, rounds + 1)
        room = high - low + 1  # a place is left free, or two rows could be read as one
        is_lane = layout.is_lane[self.found.sequence[grid.start : grid.start + grid.period]]
        base = np.empty(grid.period, np.int64)
        for of, start in ((~is_lane, layout.next), (is_lane, LANES + layout.next_lane)):
            base[of] = start + np.cumsum(room[of]) - room[of] - low[of]
        layout.next += int(room[~is_lane].sum())
        layout.next_lane += int(room[is_lane].sum())
        layout.pin[self.found.sequence[self.places[i]]] = base[which] + rounds

    def begin(self) -> None:
        """Let the results of a segment stand where there is room for them."""
        self.end = self.layout.next, self.layout.next_lane
        self.layout.next, self.layout.next_lane = self.starts.pop(0)

    def finish(self) -> None:
        """Let what comes next stand behind everything."""
        self.layout.next, self.layout.next_lane = self.end


class _Loop:
    """The places of a loop's rounds."""

    def __init__(self, layout: Layout, found: Found, loop: Stretch) -> None:
        self.layout, self.loop = layout, loop
        self.nodes = found.sequence[loop.start : loop.end].reshape(loop.count, loop.period)
        table, self.coefs = found.table(loop), found.coefficients(loop)
        known = np.where(layout.pin >= 0, layout.pin, layout.address)
        first, first_coef = [
            x[loop.start : loop.start + loop.period + 1] for x in (found.first, found.first_coef)
        ]
        sizes = np.diff(first)
        self.places = [slice(*pair) for pair in pairwise((first - first[0]).tolist())]
        self.terms = [slice(*pair) for pair in pairwise((first_coef - first_coef[0]).tolist())]
        self.table, self.address = table, known[table]
        steps = np.diff(self.address, axis=0)
        self.step = steps[0]
        even = (steps == steps[0]).all(axis=0)
        of = repeated(np.arange(loop.period), sizes)
        self.is_even = np.ones(loop.period, bool)
        self.is_even[of[~even]] = False
        self.moves = np.zeros(layout.graph.size + 1, np.int64)
        self.moves[table[0]] = np.unique(self.step, return_inverse=True)[1]
        self.lane = layout.is_lane[self.nodes[0]]
        self._link(found.place[table], of)

    def _link(self, at: Ints, of: Ints) -> None:
        """Note which places rest on which."""
        loop = self.loop
        self.below: list[set[int]] = [set() for _ in range(loop.period)]
        inside = ((at >= loop.start) & (at < loop.end)).any(axis=0)
        step = at[1] - at[0]
        self.mixed = bool((inside & (step != 0) & (step != loop.period)).any())
        for k in np.flatnonzero(inside).tolist():
            self.below[of[k]].add(int((at[0, k] - loop.start) % loop.period))

    def place(self) -> None:
        """Make the statements."""
        if self.mixed:
            self._recur(list(range(self.loop.period)))
            return
        for recurs, places in self._parts():
            if recurs:
                self._recur(places)
            else:
                self._at_once(places[0])

    def _parts(self) -> list[tuple[bool, list[int]]]:
        """Return what is computed one after the other: the places of a recurrence, or one by itself."""
        of, members = _components(self.below)
        recurs = [len(m) > 1 or m[0] in self.below[m[0]] for m in members]
        kinds = [(r, bool(self.lane[m[0]]) and r) for r, m in zip(recurs, members, strict=True)]
        above: list[set[int]] = [set() for _ in members]
        waiting = [0] * len(members)
        for j, below in enumerate(self.below):
            for k in below:
                if of[k] != of[j] and of[j] not in above[of[k]]:
                    above[of[k]].add(of[j])
                    waiting[of[j]] += 1
        ready: dict[tuple[bool, bool], list[tuple[int, int]]] = {}
        for c, m in enumerate(members):
            if not waiting[c]:
                ready.setdefault(kinds[c], []).append((min(m), c))
        for queue in ready.values():
            heapq.heapify(queue)
        out: list[tuple[bool, list[int]]] = []
        kind = (False, False)
        while any(ready.values()):
            if not ready.get(kind):  # all that can be computed at once goes first
                kind = (False, False) if ready.get((False, False)) else min(k for k in ready if ready[k])
                out += [(True, [])] * kind[0]
            c = heapq.heappop(ready[kind])[1]
            if recurs[c]:
                out[-1][1].extend(members[c])
            else:
                out.append((False, members[c]))
            for d in above[c]:
                waiting[d] -= 1
                if not waiting[d]:
                    heapq.heappush(ready.setdefault(kinds[d], []), (min(members[d]), d))
        return [(r, sorted(places)) for r, places in out]

    def _at_once(self, j: int) -> None:
        """Make the statement of one place over all rounds."""
        nodes = self.nodes[:, j]
        made = self._pair(j) if self.is_even[j] else None
        if made is None:
            self.layout.place(nodes)
            return
        self._settle(j)
        statement = _over_rounds(made[0], made[1], nodes)
        for place, numbers in made[2].items():
            _put(statement, place, Ref(constants=numbers))
        self.layout.statements.append(statement)

    def _recur(self, places: list[int]) -> None:
        """Make the statements of some places, round by round."""
        if self.is_even[places].all():
            made: list[_Made] = []
            for j in places:
                one = self._pair(j)
                if one is None:
                    break
                self._settle(j)
                made.append(one)
            else:
                for one in made:
                    self._store(*one)
                first, second = [x[0] for x in made], [x[1] for x in made]
                self.layout.statements.append(
                    Rounds(first, second, [self.nodes[:, j : j + 1] for j in places])
                )
                return
        for row in self.nodes:
            for j in places:
                self.layout.place(row[j : j + 1])

    def _settle(self, j: int) -> None:
        """Note that one place is laid out in all rounds."""
        nodes = self.nodes[:, j]
        self.layout.address[nodes] = self.layout.pin[nodes]
        self.layout.block[nodes] = self.layout.block[nodes[0]]

    def _store(self, first: Statement, second: Statement, numbers: _Numbers) -> None:
        """Let constants that differ from round to round stand in a table that is part of the arena."""
        for place, table in numbers.items():
            strides = strides_of(table.shape)
            refs = [Ref(0, strides[1:]), Ref(strides[0], strides[1:])]
            self.layout.tables.append((refs, table))
            for s, ref in zip((first, second), refs, strict=True):
                _put(s, place, ref)

    def _pair(self, j: int) -> _Made | None:
        """Return the statements of one place in the first two rounds, and constants that differ.

        None where an operand's parts part ways.
        """
        layout = self.layout
        before = len(layout.statements)
        layout.moves = self.moves
        layout.place(self.nodes[0, j : j + 1])
        layout.moves = None
        (statement,) = layout.statements[before:]
        del layout.statements[before:]
        assert isinstance(statement, Statement)
        own = self.places[j]
        step = dict(zip(self.address[0, own].tolist(), self.step[own].tolist(), strict=True))
        step[int(layout.pin[self.nodes[0, j]])] = 1

        def moved(r: Ref, sizes: tuple[int, ...]) -> Ref:
            """Return an operand in the second round."""
            if r.constants is not None or (r.base < 0 and r.addresses is None):
                return replace(r)
            steps = {step[x] for x in r.expand(sizes).ravel().tolist()}
            if len(steps) > 1:
                raise _UnevenError
            (way,) = steps
            if r.addresses is not None:
                return replace(r, addresses=r.addresses + way)
            return replace(r, base=r.base + way)

        try:
            numbers = self._numbers(j, statement)
            parts = [
                Part(
                    p.sizes, moved(p.result, p.sizes),
                    moved(p.coef, p.sizes) if isinstance(p.coef, Ref) else p.coef,
                    None if p.a is None else moved(p.a, p.sizes),
                    None if p.b is None else moved(p.b, p.sizes), p.over,
                )
                for p in statement.parts
            ]  # fmt: skip
            second = replace(
                statement, nodes=self.nodes[1, j : j + 1], parts=parts,
                result=moved(statement.result, statement.sizes),
                operands=[moved(r, statement.sizes) for r in statement.operands],
            )  # fmt: skip
        except _UnevenError:
            return None
        return statement, second, numbers

    def _numbers(self, j: int, s: Statement) -> _Numbers:
        """Return, for each part and operand of a statement whose constants differ, those of all rounds."""
        count, table = self.loop.count, self.table[:, self.places[j]]
        found: _Numbers = {}
        if s.op is not None:
            values = self.layout.graph.value[table]
            for k, r in enumerate(s.operands):
                if r.constants is not None and (values[:, k] != values[0, k]).any():
                    found["operand", k] = values[:, k].reshape(count, *[1] * len(s.sizes))
            return found
        coefs = self.coefs[:, self.terms[j]]
        differs = (coefs != coefs[0]).any(axis=0)
        if not differs.any():
            return found
        factors = [self._key(*pair) for pair in self.address[0, self.places[j]].reshape(-1, 2).tolist()]
        alone = np.array([key == (-1, -1) for key in factors])
        column = {key: k for k, key in enumerate(factors)}
        if len(column) + max(int(alone.sum()) - 1, 0) < len(factors):
            raise _UnevenError
        if (differs & alone).any() and not any(
            p.a is None for p in s.parts
        ):  # that of the first round is zero
            s.parts.append(Part((), Ref(int(self.layout.pin[s.nodes[0]]), (), lane=s.lane), 0.0, None, None))
        for i, p in enumerate(s.parts):
            if p.a is None:
                if (differs & alone).any():
                    found["part", i] = coefs[:, alone].sum(axis=1).reshape(count, *[1] * len(p.sizes))
                continue
            a, b = [np.full(p.sizes, -1) if r is None else r.expand(p.sizes) for r in (p.a, p.b)]
            which = [
                column[self._key(*pair)] for pair in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
            ]
            if differs[which].any():
                found["part", i] = coefs[:, which].reshape(count, *p.sizes)
        return found

    @staticmethod
    def _key(a: int, b: int) -> tuple[int, int]:
        """Return the addresses of two factors in order."""
        return (a, b) if a < b else (b, a)


_Numbers = dict[tuple[str, int], Any]
"""Constants of all rounds, by the part or the operand and its number."""
_Made = tuple[Statement, Statement, _Numbers]


def _put(s: Statement, place: tuple[str, int], numbers: Ref) -> None:
    """Let a part's coefficient, or an operand, be what stands somewhere."""
    kind, k = place
    if kind == "part":
        s.parts[k].coef = numbers
    else:
        s.operands[k] = numbers


class _UnevenError(Exception):
    """An operand's parts move in different ways."""


def _over_rounds(s: Statement, second: Statement, nodes: Ints) -> Statement:
    """Return the statement of all rounds at once, from those of the first two."""
    count = len(nodes)

    def along(r: Ref, other: Ref) -> Ref:
        """Return an operand with one more loop, over the rounds, in front."""
        if r.constants is not None:
            return replace(r, constants=r.constants.reshape(1, *r.constants.shape))
        if r.addresses is not None:
            steps = (other.addresses - r.addresses) * np.arange(count).reshape(-1, *[1] * r.addresses.ndim)
            return replace(r, addresses=r.addresses + steps)
        return replace(r, strides=(other.base - r.base, *r.strides)) if r.base >= 0 else replace(r)

    parts = [
        Part(
            (count, *p.sizes), along(p.result, q.result),
            along(p.coef, q.coef) if isinstance(p.coef, Ref) and isinstance(q.coef, Ref) else p.coef,
            None if p.a is None or q.a is None else along(p.a, q.a),
            None if p.b is None or q.b is None else along(p.b, q.b), p.over,
        )
        for p, q in zip(s.parts, second.parts, strict=True)
    ]  # fmt: skip
    return replace(
        s, nodes=nodes, parts=parts, sizes=(count, *s.sizes) if s.op is not None else s.sizes,
        result=along(s.result, second.result),
        operands=[along(r, other) for r, other in zip(s.operands, second.operands, strict=True)],
    )  # fmt: skip


def _components(below: list[set[int]]) -> tuple[list[int], list[list[int]]]:
    """Return the strongly connected components of a graph (Tarjan): of each node which, and their members."""
    size = len(below)
    number, lowest, of = [-1] * size, [0] * size, [-1] * size
    stack: list[int] = []
    members: list[list[int]] = []
    count = 0
    for root in range(size):
        if number[root] >= 0:
            continue
        path = [(root, iter(below[root]))]
        number[root] = lowest[root] = count
        count += 1
        stack.append(root)
        while path:
            node, rest = path[-1]
            for k in rest:
                if number[k] < 0:
                    number[k] = lowest[k] = count
                    count += 1
                    stack.append(k)
                    path.append((k, iter(below[k])))
                    break
                if of[k] < 0:
                    lowest[node] = min(lowest[node], number[k])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    found = []
                    while of[node] < 0:
                        k = stack.pop()
                        of[k] = len(members)
                        found.append(k)
                    members.append(found)
    return of, members
