"""Lay out stencils: numbers that are computed anew, level by level, from what stands around them.

Each node of such a program is a new state of a *site*: of a leaf's, or of one beside it. What a node reads
stands at a few distances from its own site, the same ones everywhere but at a border, where there are leaves
that never change, or nothing at all. So the states of one level are stored in a grid, each where its site is,
and nodes that read at the same distances are a statement: those inside, and those along each side of a
border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount, repeated
from autograd.compiler.graph.ir import ONE, Graph, Ints, csr, longest_paths, spans
from autograd.compiler.graph.schedule import FINE, mixed, signatures
from autograd.compiler.roll.addresses import Column, Plan, loop_cuts
from autograd.compiler.roll.affine import nest
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import LANES

__all__ = ["Stencils"]

NOWHERE = -(1 << 40)
"""The site of what has none."""
MOST = 32
"""Operands, on average, of nodes that are no stencil."""
DISTANCES = 64
"""So many distances are known of one kind of nodes, at the most."""
SPARSEST = 4
"""How many times as wide as a level has nodes a grid may be."""
ROUNDS = 8
"""So often is looked for a site that is free."""


class Stencils(Layout):
    """A layout in which all states of a site stand at one place of their grids."""

    def __init__(self, graph: Graph, *, late: bool) -> None:
        super().__init__(graph)
        self._apart = False
        self._alike = signatures(graph, self.is_lane, FINE)
        self._sites = _Sites(graph, self.is_lane, self.address, late=late)

    def run(self, most: int) -> bool:
        """Make all statements; tell whether these are at most so many, else stop in between."""
        for group in self._sites.groups:
            self._give(group)
            kinds = self._alike[group] * 2 + (self.pin[group] >= 0)
            for kind in np.unique(kinds):
                self.place(group[kinds == kind])
            if len(self.statements) > most:
                return False
        return True

    def _give(self, group: Ints) -> None:
        """Give the nodes of a level their places in a grid, unless they would be too few in it."""
        site = self._sites.of[group]
        group = group[(site != NOWHERE) & (self.pin[group] < 0)]
        if not len(group):
            return
        site = self._sites.of[group]
        first = int(site.min())
        width = int(site.max()) - first + 2  # one place is left free, or two grids could be read as one
        if width > SPARSEST * (len(group) + MOST):
            return
        if self.is_lane[group[0]]:
            base, self.next_lane = LANES + self.next_lane, self.next_lane + width
        else:
            base, self.next = self.next, self.next + width
        self.pin[group] = base + site - first

    def place(self, group: Ints) -> None:
        """Make the statement of a group, or one for each way in which its nodes read."""
        if len(group) == 1 and self._place_alone(int(group[0])):
            return
        plan = self._regular(group)
        if plan is not None:
            self._commit(group, plan)
            return
        for part in self._by_distances(group):
            self._commit(part, self._regular(part) or self._term_by_term(part))

    def _commit(self, group: Ints, plan: Plan | None) -> None:
        """Store the results of a group, and enter its statement; where nothing fits, not in its grid."""
        if plan is None:
            if self.pin[group[0]] >= 2 * self.parameters:
                self.pin[group] = -1
            plan = self._plan(group, strict=False)
        super()._commit(group, plan)

    def _by_distances(self, group: Ints) -> Iterator[Ints]:
        """Yield the nodes that read alike: each operand at one distance, or the same one; in loops."""
        site = self._sites.of
        if site[group[0]] == NOWHERE:
            yield group
            return
        args, t = self.graph.args, self.graph.terms.take(
            self.order[spans(self.start[group], self.start[group + 1])]
        )
        keys = np.zeros(self.graph.size, np.int64)
        with np.errstate(over="ignore"):
            for k, column in enumerate(args[group].T):
                if column[0] >= 0:
                    keys[group] += (self._read(group, column) * np.uint64(2 * k + 3)).view(np.int64)
            a, b = [self._read(t.node, x) for x in (t.a, t.b)]
            key = mixed(mixed(t.coef.view(np.int64)) + mixed(a * b) + mixed(a + b))
            np.add.at(keys, t.node, key.view(np.int64))
        keys = keys[group]
        order = np.argsort(site[group], kind="stable")
        _, first, which = np.unique(keys[order], return_index=True, return_inverse=True)
        for k in np.argsort(first).tolist():
            part = group[order][which.ravel() == k]
            place = site[part][None, :]
            cuts = [] if nest(place) is not None else loop_cuts(place)
            yield from np.split(part, cuts)

    def _read(self, nodes: Ints, operands: Ints) -> Any:
        """Tell how nodes read operands: at a distance, or where they stand, whichever more nodes do."""
        at = np.where(operands == ONE, 0, self.address[operands])
        far = np.where(at > 0, at - self._sites.of[nodes], 0)
        ways = []
        for x in (far, at):
            _, which, counts = np.unique(x, return_inverse=True, return_counts=True)
            ways.append(counts[which.ravel()])
        return mixed(np.where(ways[0] >= ways[1], far, at) * 2 + (ways[0] >= ways[1]))

    def _term_by_term(self, group: Ints) -> Plan | None:
        """Return a plan without gathers in which each term of a sum is by itself."""
        self._sorted, self._apart = (None, 0, {}), True
        try:
            return self._plan(group, strict=True)
        finally:
            self._sorted, self._apart = (None, 0, {}), False

    def _columns(self, group: Ints, level: int) -> tuple[list[Column], Any] | None:
        """Sort the terms of a group into classes, or each by itself."""
        found = super()._columns(group, level)
        if found is None or not self._apart:
            return found
        return [one for c in found[0] for one in _one_by_one(c)], found[1]


def _one_by_one(c: Column) -> Iterator[Column]:
    """Yield the terms of a class, each of which all cells have one of."""
    for k in range(c.a.shape[1]):
        one = [None if x is None else x[:, k : k + 1] for x in (c.a, c.b, c.coef)]
        yield replace(c, a=one[0], b=one[1], coef=one[2])


class _Sites:
    """The sites of all nodes, and the groups that can be computed at once, in order.

    Of a leaf it is its address. A node is so placed that it reads at distances at which nodes of its kind
    have read before, or where it is read by those that do; no two of a group have one site.

    Attributes
    ----------
    of
        The site of each node, or NOWHERE.
    groups
        The nodes of one level and kind, apart where they read the same.
    """

    def __init__(self, graph: Graph, lane: Any, address: Ints, *, late: bool) -> None:
        self.of = np.where(address >= 0, address, NOWHERE)
        work = graph.args[:, 0] >= 0
        work[graph.terms.node] = True
        producers, consumers = graph.edges()
        inner = work[producers] & work[consumers]
        way = (consumers[inner], producers[inner]) if late else (producers[inner], consumers[inner])
        level = longest_paths(graph.size, *way)
        level = level.max() - level if late else level
        nodes = np.flatnonzero(work)
        kind = graph.kind.astype(np.int64) * 2 + lane
        key = level * (int(kind.max()) + 1) + kind
        layer = _layers(graph.size, producers, consumers, key)
        nodes = nodes[np.lexsort((nodes, layer[nodes], key[nodes]))]
        cuts = np.flatnonzero((np.diff(key[nodes]) != 0) | (np.diff(layer[nodes]) != 0))
        self.groups = np.split(nodes, cuts + 1)
        self._start, self._operands = csr(consumers, producers, graph.size)
        self._known: dict[int, Ints] = {}
        for group in self.groups:
            self._settle(group, int(kind[group[0]]))

    def _settle(self, group: Ints, kind: int) -> None:
        """Give the nodes of a group their sites."""
        counts = self._start[group + 1] - self._start[group]
        if counts.sum() > MOST * len(group):
            return
        number = repeated(np.arange(len(group)), counts)
        read = self.of[self._operands[spans(self._start[group], self._start[group + 1])]]
        number, read = _distinct(number[read != NOWHERE], read[read != NOWHERE])
        counts = bincount(number, minlength=len(group))
        for _ in range(3):
            site, hits = _matched(number, read, self._known.get(kind, np.zeros(0, np.int64)), len(group))
            odd = 2 * hits < counts
            if not odd.any():
                break
            found = _seeded(number, read, odd, counts)
            known = self._known.get(kind, np.zeros(0, np.int64))
            known = np.unique(np.concatenate([known, found, -found]))
            self._known[kind] = known[np.argsort(np.abs(known), kind="stable")[:DISTANCES]]
        self.of[group] = site


def _layers(size: int, producers: Ints, consumers: Ints, key: Ints) -> Ints:
    """Number the nodes of one key that read the same, from 0; most often there is one."""
    with np.errstate(over="ignore"):
        total = mixed(key)
        np.add.at(total, consumers, mixed(producers))
    order = np.argsort(total, kind="stable")
    first = np.concatenate([[True], total[order][1:] != total[order][:-1]])
    layer = np.empty(size, np.int64)
    layer[order] = np.arange(size) - np.maximum.accumulate(np.where(first, np.arange(size), 0))
    return layer


def _distinct(number: Ints, read: Ints) -> tuple[Ints, Ints]:
    """Return pairs in order, each once."""
    order = np.lexsort((read, number))
    number, read = number[order], read[order]
    first = np.ones(len(read), bool)
    first[1:] = (number[1:] != number[:-1]) | (read[1:] != read[:-1])
    return number[first], read[first]


def _matched(number: Ints, read: Ints, known: Ints, count: int) -> tuple[Ints, Ints]:
    """Return sites from which as many operands as can be stand at known distances, and how many do."""
    site, hits = np.full(count, NOWHERE), np.zeros(count, np.int64)
    if not len(known):
        return site, hits
    node, place = repeated(number, len(known)), (read[:, None] - known).ravel()
    near = np.tile(np.abs(known), len(read))
    order = np.lexsort((near, place, node))
    node, place, near = node[order], place[order], near[order]
    first = np.ones(len(node), bool)
    first[1:] = (node[1:] != node[:-1]) | (place[1:] != place[:-1])
    often = np.diff(np.append(np.flatnonzero(first), len(node)))
    node, place, near = node[first], place[first], near[first]
    best = np.lexsort((place, near, node, -often))
    node, place, often = node[best], place[best], often[best]
    for _ in range(ROUNDS):
        if not len(node):
            break
        _, wanted = np.unique(node, return_index=True)  # what each would like best
        wanted = np.sort(wanted)
        _, taken = np.unique(place[wanted], return_index=True)
        won = wanted[taken]
        site[node[won]], hits[node[won]] = place[won], often[won]
        left = (site[node] == NOWHERE) & ~np.isin(place, place[won])
        node, place, often = node[left], place[left], often[left]
    return site, hits


def _seeded(number: Ints, read: Ints, odd: Any, counts: Ints) -> Ints:
    """Return the distances at which most nodes read, from one operand that is a different one for each."""
    values, often = np.unique(counts[odd], return_counts=True)
    size = int(values[often.argmax()])
    if not size:
        return np.zeros(0, np.int64)
    rows = read[(odd & (counts == size))[number]].reshape(-1, size)
    best = None
    for k in range(size):
        far = rows - rows[:, k : k + 1]
        shared = len(rows) - len(np.unique(rows[:, k]))
        price = shared, len(np.unique(far, axis=0)), abs(2 * k - size + 1)
        if best is None or price < best[0]:
            best = price, far
    found, often = np.unique(best[1], return_counts=True)
    return found[8 * often >= len(rows)]
