"""Lay out groups of nodes; of those that come again and again, as those of time steps do, only the first few.

Groups stand in the order in which they are computed. Where they come again in kind and size there is a loop if
the addresses of all operands move evenly from round to round. Its statements are then those of one round and
of the next, and no others are looked for.
"""

from __future__ import annotations

import numpy as np

from autograd.compiler.graph.ir import Graph, Ints, spans
from autograd.compiler.graph.rounds import Stretch, stretches
from autograd.compiler.graph.schedule import FINE, mixed, signatures
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Statement
from autograd.compiler.roll.repeats import FEWEST, Rounds, shape

__all__ = ["place_groups"]

TRIES = 3
"""How often it is looked whether all rounds to come move as the last two do."""


def place_groups(layout: Layout, graph: Graph, found: list[Ints]) -> None:
    """Make the statements of groups."""
    done = 0
    if found:
        sizes = np.array([len(group) for group in found])
        kinds = signatures(graph, layout.is_lane, FINE)[[int(group[0]) for group in found]]
        with np.errstate(over="ignore"):
            looks = mixed(mixed(kinds) + mixed(sizes))
        for stretch in stretches(looks):
            for group in found[done : stretch.start]:
                layout.place(group)
            _Steady(layout, graph, found, stretch).place()
            done = stretch.end
    for group in found[done:]:
        layout.place(group)


class _Steady:
    """Rounds of groups that are alike in kind and size."""

    def __init__(self, layout: Layout, graph: Graph, found: list[Ints], loop: Stretch) -> None:
        self.layout, self.graph, self.found, self.loop = layout, graph, found, loop
        self.nodes = np.concatenate(found[loop.start : loop.end]).reshape(loop.count, -1)
        self.made: list[list[Statement]] = []

    def place(self) -> None:
        """Make the statements, one by one until those of all other rounds are known."""
        layout, loop, tries, done = self.layout, self.loop, TRIES, 0
        before = self._state()
        while done < loop.count:
            first = loop.start + done * loop.period
            for group in self.found[first : first + loop.period]:
                layout.place(group)
            after = self._state()
            self.made.append(layout.statements[int(before[0]) : int(after[0])])  # type: ignore[arg-type]
            done += 1
            if tries and loop.count - done >= FEWEST and self._moves(done - 2, done - 1):
                end = self._end(done, *(after - before)[1:].tolist())
                tries -= 1
                if end - done >= FEWEST:
                    self._enter(done, end)
                    done, tries = end, 0
                    after = self._state()
            before = after

    def _state(self) -> Ints:
        """Return how many statements there are, and what is next."""
        layout = self.layout
        return np.array([len(layout.statements), layout.next, layout.next_lane, layout.blocks])

    def _moves(self, here: int, there: int) -> bool:
        """Tell whether the statements of two rounds are the same but for addresses, in the same places."""
        if here < 0 or len(self.made[here]) != len(self.made[there]):
            return False
        pairs = list(zip(self.made[here], self.made[there], strict=True))
        if any(shape(a)[0] != shape(b)[0] for a, b in pairs):
            return False
        turn = np.full(self.graph.size, -1)
        places = []
        for r, made in ((here, self.made[here]), (there, self.made[there])):
            turn[self.nodes[r]] = np.arange(self.nodes.shape[1])
            places.append(np.concatenate([turn[s.nodes] for s in made]))
        return np.array_equal(*places)

    def _end(self, done: int, shared: int, lanes: int, blocks: int) -> int:
        """Give all rounds to come their addresses; return the first that does not move as the last two do."""
        layout, graph, nodes = self.layout, self.graph, self.nodes[done - 2 :]
        at, blocks_of = layout.address, layout.block
        step = at[nodes[1]] - at[nodes[0]]
        pins = layout.pin[nodes]
        own = np.where(layout.is_lane[nodes[0]], lanes, shared)
        if ((step != own) & (pins[0] < 0)).any():
            return done
        rounds = np.arange(len(nodes))[:, None]
        ahead, known = nodes[2:], layout.next
        at[ahead] = (at[nodes[0]] + rounds * step)[2:]
        blocks_of[ahead] = (blocks_of[nodes[0]] + rounds * blocks)[2:]
        even = ((pins < 0) | (pins == at[nodes])).all(axis=1) & ((pins < 0) == (pins[0] < 0)).all(axis=1)
        counts = layout.start[nodes + 1] - layout.start[nodes]
        even &= (counts == counts[0]).all(axis=1)
        good = _first_not(even)
        flat = nodes[:good].ravel()
        which = layout.order[spans(layout.start[flat], layout.start[flat + 1])].reshape(good, -1)
        t = graph.terms
        read = np.concatenate([graph.args[nodes[:good]].reshape(good, -1), t.a[which], t.b[which]], axis=1)
        places = np.where(read < 0, -1, at[read])
        steps = np.diff(places, axis=0)
        even = np.ones(good, bool)
        even[1:] = (steps == steps[0]).all(axis=1)
        for numbers in (np.where(read < 0, 0.0, graph.value[read]), t.coef[which], t.over[which]):
            even &= (numbers == numbers[0]).all(axis=1)
        good = _first_not(even)
        left = nodes[max(good, 2) :]
        at[left] = -1
        more = max(good, 2) - 2
        layout.next += more * shared
        layout.next_lane += more * lanes
        layout.blocks += more * blocks
        return done + more

    def _enter(self, done: int, end: int) -> None:
        """Enter the loop that ends where all rounds do that move as the two before ``done``."""
        layout = self.layout
        first, steps = done - 2, self._steps(done - 2)
        while first and self._moves(first - 1, first) and self._steps(first - 1) == steps:
            first -= 1
        made = self.made[first:done]
        del layout.statements[len(layout.statements) - sum(map(len, made)) :]
        turn = np.full(self.graph.size, -1)
        turn[self.nodes[first]] = np.arange(self.nodes.shape[1])
        nodes = [self.nodes[first:end, turn[s.nodes]] for s in made[0]]
        layout.statements.append(Rounds(made[0], made[1], nodes))

    def _steps(self, r: int) -> list[list[int]]:
        """Return how far the addresses in statements move from a round to the next."""
        pairs = zip(self.made[r], self.made[r + 1], strict=True)
        return [[y - x for x, y in zip(shape(a)[1], shape(b)[1], strict=True)] for a, b in pairs]


def _first_not(true: np.ndarray) -> int:
    """Return the first place at which something is not true, or how many there are."""
    return len(true) if true.all() else int(np.argmin(true))
