"""Lay out groups of nodes: of those that come again and again, as those of time steps do, the first few.

Groups stand in the order in which they are computed. Where they come again in kind and size there is a loop
if the addresses of all operands move evenly from round to round. Its statements are then those of one round
and of the next, and no others are looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import mixed, repeated
from autograd.compiler.graph.ir import ARITY, Graph, Ints, spans
from autograd.compiler.graph.schedule import again
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Statement
from autograd.compiler.roll.repeats import FEWEST, Rounds, shape
from autograd.native import engine

__all__ = ["MOST", "Cycle", "TooLongError", "cycles", "place_groups"]

FIRST = 6
"""So many rounds are laid out one by one, of which two must move as all others do."""
TRIES = 2
"""How often in a row no loop is found before the rest is laid out one by one."""
MOST = 1 << 30
"""More statements than there are."""


@dataclass
class Cycle:
    """Groups that come again: of the first of so many to the end, and those of each place, a row a round."""

    start: int
    end: int
    groups: list[Ints]

    @property
    def again(self) -> int:
        """How many groups are those of a round before."""
        return self.end - self.start - len(self.groups)


def cycles(graph: Graph, lane: Any, found: list[Ints]) -> list[Cycle]:
    """Return where groups come again in kind and size."""
    if not found:
        return []
    made = []
    for x in again(graph, lane, found):
        places = range(x.start, x.start + x.period)
        made.append(Cycle(x.start, x.end, [np.stack(found[k : x.end : x.period]) for k in places]))
    return made


class TooLongError(Exception):
    """A program has more statements than it may have."""


def place_groups(layout: Layout, found: list[Ints], known: list[Cycle], most: int = MOST) -> None:
    """Make the statements of groups, given where they come again, if there are no more than so many."""
    done = 0
    for cycle in [*known, Cycle(len(found), len(found), [])]:
        _place(layout, found[done : cycle.start], most)
        groups, failed = cycle.groups, 0
        while groups and len(groups[0]) >= FIRST and failed < TRIES:
            rounds = _Steady(layout, groups)
            failed = 0 if rounds.place() else failed + 1
            _place(layout, (), most)
            groups = [nodes[rounds.done :] for nodes in groups]
        for row in zip(*groups, strict=True):
            _place(layout, row, most)
        done = cycle.end


def _place(layout: Layout, groups: Iterable[Ints], most: int) -> None:
    """Make the statements of some groups, if there are no more than so many in all."""
    for group in groups:
        layout.place(group)
    made = layout.statements if most < MOST else []
    if sum(len(s.first) if isinstance(s, Rounds) else 1 for s in made) > most:
        raise TooLongError


class _Steady:
    """Rounds of groups that are alike in kind and size.

    Attributes
    ----------
    nodes
        Those of each round, in columns.
    groups
        The columns of those that are placed together.
    made
        The statements of each round.
    """

    def __init__(self, layout: Layout, groups: list[Ints]) -> None:
        self.layout, self.graph, self.count = layout, layout.graph, len(groups[0])
        self.nodes = np.concatenate(groups, axis=1)
        group = repeated(np.arange(len(groups)), np.array([g.shape[1] for g in groups]))
        keys = np.stack([group, self._motions()], axis=1)
        which = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
        self.groups = [np.flatnonzero(which == k) for k in range(int(which.max()) + 1)]
        self.made: list[list[Statement]] = []
        self.done, self.stands, self.pins = 0, False, self.nodes

    def place(self) -> bool:
        """Make the statements of the first rounds; tell whether there is a loop among them.

        Where they do not settle as suits each best, or read through tables, results have to stand in order.
        """
        before = self._state()
        notes = self._settle(MOST + 1)
        if notes:
            found = self._undo(before)
            self._stand()
            if self._settle(notes) >= notes:
                self._undo(before)
                self._restore(found)
        self.layout.moves = None
        return notes < MOST or self.stands

    def _settle(self, limit: int) -> int:
        """Make the statements of the first rounds, and of all that move as these do, if there are such.

        Return how many of a round's read through tables; more than any number if nothing was found, or not
        fewer than a limit.
        """
        layout = self.layout
        self.made, self.done = [], 0
        while self.done < min(FIRST, self.count - FEWEST):
            before = self._state()
            self._place(self.done)
            self.made.append(layout.statements[before[0] :])  # type: ignore[arg-type]
            self.done += 1
            if self.done > 1 and sum(bool(s.note) for s in self.made[-1]) >= limit:
                break
            if self._alike(self.done - 2, self.done - 1):
                room = [y - x for x, y in zip(before[1:4], self._state()[1:4], strict=True)]
                more = self._ahead(self.done - 2, *room)
                if more >= FEWEST:
                    self._enter(more)
                    return sum(bool(s.note) for s in self.made[-1])
        return MOST

    def _place(self, r: int) -> None:
        """Make the statements of a round."""
        for group in self.groups:
            self.layout.place(self.nodes[r, group])
        if self.stands:
            self.layout.block[self.nodes[r]] = self.layout.blocks

    def _state(self) -> tuple[int, ...]:
        """Return how many statements there are, what is free, and what else may become of the layout."""
        at = self.layout
        return len(at.statements), at.next, at.next_lane, at.blocks, at.one, len(at.copies)

    def _undo(self, state: tuple[int, ...]) -> Any:
        """Take back all that was made, and where results are to stand; return what `_restore` wants."""
        layout, nodes = self.layout, self.nodes
        given = layout.statements[state[0] :], layout.copies[state[-1] :]
        left = self._state(), self.done, *given, layout.address[nodes], layout.block[nodes]
        made, layout.next, layout.next_lane, layout.blocks, layout.one, copies = state
        del layout.statements[made:], layout.copies[copies:]
        layout.address[nodes] = -1
        if self.stands:
            layout.pin[nodes] = self.pins
            self.stands = False
        return left

    def _restore(self, left: Any) -> None:
        """Make again what was taken back."""
        layout, nodes = self.layout, self.nodes
        state, self.done, made, copies, layout.address[nodes], layout.block[nodes] = left
        _, layout.next, layout.next_lane, layout.blocks, layout.one, _ = state
        layout.statements += made
        layout.copies += copies

    def _operands(self, nodes: Ints) -> tuple[Ints, Ints, list[Any]]:
        """Return what nodes read in as many rounds, from the first on, as have equally many terms.

        The operands, a row for each round; the columns that read them; and what else there is to the terms.
        """
        layout, t = self.layout, self.graph.terms
        counts = layout.start[nodes + 1] - layout.start[nodes]
        good = _until((counts == counts[0]).all(axis=1))
        flat = nodes[:good].ravel()
        which = layout.order[spans(layout.start[flat], layout.start[flat + 1])].reshape(good, -1)
        read = [self.graph.args[nodes[:good]].reshape(good, -1), t.a[which], t.b[which]]
        columns = np.arange(nodes.shape[1])
        of = [repeated(columns, np.full(len(columns), ARITY)), *2 * [repeated(columns, counts[0])]]
        return np.concatenate(read, axis=1), np.concatenate(of), [t.coef[which], t.over[which]]

    def _evenly(self, nodes: Ints) -> int:
        """Return over how many rounds all that nodes read moves as from the first to the second."""
        layout, graph = self.layout, self.graph
        if engine is not None:
            args = np.ascontiguousarray(graph.args if graph.rows else graph.args[:0])
            given = layout.sums(nodes.ravel())
            return int(engine.evenly(*given, args, graph.value, nodes.shape[1]))
        read, _, numbers = self._operands(nodes)
        places = np.where(read < 0, -1, layout.address[read])
        even = np.ones(len(read), bool)
        even[1:] = (np.diff(places, axis=0) == places[1] - places[0]).all(axis=1)
        for table in (np.where(read < 0, 0.0, graph.value[read]), *numbers):
            even &= (table == table[0]).all(axis=1)
        return _until(even)

    def _motions(self) -> Ints:
        """Return for each column a number that tells how what it reads from elsewhere moves; note it, too."""
        keys, moves = np.zeros(self.nodes.shape[1], np.int64), np.zeros(self.graph.size + 1, np.int64)
        some = [*range(FIRST), *range(-FIRST, 0), self.count // 3 - 1, self.count // 3]
        read, of, _ = self._operands(self.nodes[some])
        at = np.where(read < 0, -1, self.layout.address[read])
        if len(at) > 2:
            known = (at >= 0).all(axis=0)
            step = (at[-1] - at[-2])[known].astype(np.uint64)
            moves[self.nodes] = moves[read[:, ~known]] = 1
            moves[read[:, known]] = mixed(step).view(np.int64)
            np.add.at(keys, of[known], moves[read[0, known]])
        self.layout.moves = moves
        return keys

    def _stand(self) -> None:
        """Let results stand by level, and in the order of recording."""
        layout, nodes = self.layout, self.nodes
        self.stands, self.pins = True, layout.pin[nodes]
        first, primal = nodes[0], self.graph.primal[nodes[0]]
        order = np.lexsort((np.where(primal >= 0, primal, first), self.graph.levels()[first]))
        is_lane, free = layout.is_lane[first[order]], (self.pins[:, order] < 0).all(axis=0)
        for lane in (False, True):
            own = nodes[:, order[free & (is_lane == lane)]]
            layout.pin[own] = layout.room(lane, own.size) + np.arange(own.size).reshape(own.shape)

    def _alike(self, here: int, there: int) -> bool:
        """Tell whether two rounds have the same statements but for addresses, of the same columns."""
        if here < 0 or len(self.made[here]) != len(self.made[there]):
            return False
        pairs = zip(self.made[here], self.made[there], strict=True)
        if any(shape(a)[0] != shape(b)[0] or any(p.over for p in a.parts) for a, b in pairs):
            return False
        first, second = [np.concatenate(self._columns(r)) for r in (here, there)]
        return np.array_equal(first, second)

    def _columns(self, r: int) -> list[Ints]:
        """Return for each statement of a round the columns of its nodes."""
        turn = np.empty(self.graph.size, np.int64)
        turn[self.nodes[r]] = np.arange(self.nodes.shape[1])
        return [turn[s.nodes] for s in self.made[r]]

    def _ahead(self, first: int, shared: int, lanes: int, blocks: int) -> int:
        """Give rounds to come their addresses, as long as all moves as from a round to the next.

        Return how many. ``shared``, ``lanes`` and ``blocks`` are how much room a round takes.
        """
        layout, nodes = self.layout, self.nodes[first:]
        at, pins = layout.address, layout.pin[nodes]
        step = at[nodes[1]] - at[nodes[0]]
        if ((pins[0] < 0) & (step != np.where(layout.is_lane[nodes[0]], lanes, shared))).any():
            return 0
        rounds = np.arange(len(nodes))[:, None]
        at[nodes[2:]] = (at[nodes[0]] + rounds * step)[2:]
        even = ((pins < 0) == (pins[0] < 0)).all(axis=1) & ((pins < 0) | (pins == at[nodes])).all(axis=1)
        more = max(min(_until(even), self._evenly(nodes)) - 2, 0)
        at[nodes[2 + more :]] = -1
        if more >= FEWEST:
            layout.block[nodes[2 : 2 + more]] = (layout.block[nodes[0]] + rounds * blocks)[2 : 2 + more]
            layout.next, layout.next_lane = layout.next + more * shared, layout.next_lane + more * lanes
            layout.blocks += more * blocks
        else:
            at[nodes[2:]] = -1
        return more

    def _enter(self, more: int) -> None:
        """Enter the loop of the last two rounds and some more, and of those before them that move alike.

        What is of no lane is a loop by itself, before that of lanes.
        """
        layout, first = self.layout, self.done - 2
        while first and self._alike(first - 1, first) and self._steps(first - 1) == self._steps(first):
            first -= 1
        made = self.made[first:]
        self.done += more
        del layout.statements[-sum(map(len, made)) :]
        nodes = [self.nodes[first : self.done, columns] for columns in self._columns(first)]
        for lane in (False, True):
            own = [k for k, s in enumerate(made[0]) if s.lane == lane]
            here, there = [[statements[k] for k in own] for statements in made[:2]]
            if own:
                layout.statements.append(Rounds(here, there, [nodes[k] for k in own]))

    def _steps(self, r: int) -> list[list[int]]:
        """Return how far the addresses in statements move from a round to the next."""
        pairs = zip(self.made[r], self.made[r + 1], strict=True)
        return [[y - x for x, y in zip(shape(a)[1], shape(b)[1], strict=True)] for a, b in pairs]


def _until(true: Any) -> int:
    """Return the first place at which something is not true, or how many there are."""
    return len(true) if true.all() else int(np.argmin(true))
