"""Lay out stencils: numbers that are computed anew, level by level, from what stands around them.

Each node of such a program is a new state of a *site*: of a leaf's, or of one beside it. What a node reads
stands at a few distances from its own site, the same ones everywhere but at a border, where there are leaves
that never change, or nothing at all. So the states of one level are stored in a grid, each where its site is,
and nodes that read at the same distances are a statement: those inside, and those along each side of a
border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import mixed, repeated
from autograd.compiler.graph.ir import ONE, Graph, Ints, csr, longest_paths, spans
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.graph.schedule import FINE, signatures
from autograd.compiler.roll.addresses import Column, Plan, loop_cuts
from autograd.compiler.roll.affine import nest
from autograd.compiler.roll.cells import Layout

__all__ = ["Stencils"]

NOWHERE = -(1 << 40)
"""The site of what has none."""
MOST = 32
"""Operands, on average, of nodes that are no stencil."""
MANY = 12
"""Terms from which they are added up in loops."""
DISTANCES = 40
"""So many distances are known of one kind of nodes, at the most."""
SPARSEST = 4
"""How many times as wide as a level has nodes a grid may be."""
OFFERS = 8
"""So many sites are looked at for one that is free."""
FEW = 64
"""So many ways in which nodes of a group read are not too many."""
LONG = 400
"""So many statements are not too many in any program."""
SPREAD = 0.03
"""And so many more for each node."""


class Stencils(Layout):
    """A layout in which all states of a site stand at one place of their grids."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._apart, self._uneven = False, False
        self._alike = signatures(graph, self.is_lane, FINE)
        self._sites = _Sites(graph, self.is_lane, self.address)

    def run(self) -> bool:
        """Make all statements; tell whether that was worth it, else stop in between."""
        most = LONG + SPREAD * self.graph.size
        if len(self._sites.groups) > most or any(op is ENTRY for op, _ in self.graph.rows):
            return False
        for group in self._sites.groups:
            if not self._sites.settle(group):
                return False
            self._give(group)
            kinds = self._alike[group] * 2 + (self.pin[group] >= 0)
            for kind in np.unique(kinds):
                self.place(group[kinds == kind])
            if self._uneven or len(self.statements) > most:
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
        self.pin[group] = self.room(bool(self.is_lane[group[0]]), width) + site - first

    def place(self, group: Ints) -> None:
        """Make the statement of a group, or one for each way in which its nodes read."""
        plan = self._even_plan(group)
        if plan is not None:
            self._commit(group, plan)
            return
        for part in self._by_distances(group):
            plan = self._even_plan(part)
            if plan is None:
                self._uneven = True
                return
            self._commit(part, plan)

    def _even_plan(self, group: Ints) -> Plan | None:
        """Return a plan without gathers, in which the terms of sums are apart if they can be; or None."""
        for apart in (True, False):
            self._apart, self._sorted = apart, (None, 0, {})
            plan = self._plan(group, strict=True)
            if plan is not None:
                return plan
        return None

    def _by_distances(self, group: Ints) -> Iterator[Ints]:
        """Yield the nodes that read alike: each operand at one distance, or the same one; in loops."""
        site = self._sites.of[group]
        if site[0] == NOWHERE:
            yield group
            return
        t = self.graph.terms.take(self.order[spans(self.start[group], self.start[group + 1])])
        cell = repeated(np.arange(len(group)), self.start[group + 1] - self.start[group])
        with np.errstate(over="ignore"):
            a, b = self._ways(site[cell], t.a), self._ways(site[cell], t.b)
            keys = np.zeros(len(group), np.uint64)
            np.add.at(keys, cell, mixed(mixed(t.coef.view(np.int64)) + mixed(a * b) + mixed(a + b)))
            for k, column in enumerate(self.graph.args[group].T):
                if column[0] >= 0:
                    keys += mixed(self._ways(site, column) + np.uint64(k))
        order = np.argsort(site, kind="stable")
        _, first, which = np.unique(keys[order], return_index=True, return_inverse=True)
        for k in np.argsort(first).tolist():
            part = order[which.ravel() == k]
            place = site[part][None, :]
            cuts = [] if nest(place) is not None else loop_cuts(place)
            yield from np.split(group[part], cuts)

    def _ways(self, site: Ints, operands: Ints) -> Any:
        """Tell how operands are read: at a distance from sites, or where they stand, as more of them are."""
        at = np.where(operands == ONE, -1, self.address[operands])
        far = np.where(at >= 0, at - site, 0)
        often = []
        for way in (far, at):
            _, which, counts = np.unique(way, return_inverse=True, return_counts=True)
            often.append(counts[which.ravel()])
        is_far = often[0] >= often[1]
        return mixed(np.where(is_far, far, at) * 2 + is_far)

    def _classes(self, group: Ints, level: int) -> list[Ints]:
        """Sort the terms of a group into classes, a single node's by the kinds of their factors alone."""
        # Whatever statements are read: they are others the first time.
        return super()._classes(group, 0 if len(group) == 1 and level == 1 else level)

    def _columns(self, group: Ints, classes: list[Ints]) -> tuple[list[Column], Any] | None:
        """Return the terms of classes, or each by itself."""
        found = super()._columns(group, classes)
        if found is None or not self._apart:
            return found
        return [one for c in found[0] for one in _apart(c)], found[1]


def _apart(c: Column) -> Iterator[Column]:
    """Yield the terms of a class one by one, or where there are many in loops."""
    count = c.a.shape[1]
    cuts = list(range(1, count))
    if count > MANY:
        cuts = loop_cuts(c.a[:1] if c.b is None else np.vstack([c.a[:1], c.b[:1]]))
    for i, j in pairwise([0, *cuts, count]):
        a, b, coef = [None if x is None else x[:, i:j] for x in (c.a, c.b, c.coef)]
        yield replace(c, a=a, b=b, coef=coef)


class _Sites:
    """The sites of nodes, and the groups that can be computed at once, in order.

    Of a leaf it is its address. A node is so placed that it reads at distances at which nodes of its kind
    have read before, or at the same ones the other way round, as an adjoint does; no two of a group have one
    site.

    Attributes
    ----------
    of
        The site of each node, or NOWHERE.
    groups
        The nodes of one level and kind, apart where they read the same. What is computed as late as it can be
        is so in step, whether or not it rests on a border.
    """

    def __init__(self, graph: Graph, lane: Any, address: Ints) -> None:
        self.of = np.where(address >= 0, address, NOWHERE)
        work = graph.args[:, 0] >= 0
        work[graph.terms.node] = True
        producers, consumers = graph.edges()
        inner = work[producers] & work[consumers]
        after = longest_paths(graph.size, consumers[inner], producers[inner])
        self._kind = graph.kind.astype(np.int64) * 2 + lane
        key = (int(after.max()) - after) * (int(self._kind.max()) + 1) + self._kind
        layer = _layers(graph.size, producers, consumers, key)
        nodes = np.flatnonzero(work)
        nodes = nodes[np.lexsort((nodes, layer[nodes], key[nodes]))]
        cuts = np.flatnonzero((np.diff(key[nodes]) != 0) | (np.diff(layer[nodes]) != 0))
        self.groups = np.split(nodes, cuts + 1)
        self._start, self._operands = csr(consumers, producers, graph.size)
        self._known: dict[int, Ints] = {}
        self._offers: dict[tuple[int, int, int], list[tuple[int, int]]] = {}

    def settle(self, group: Ints) -> bool:
        """Give the nodes of a group their sites; tell whether they read as those of a stencil do."""
        counts = self._start[group + 1] - self._start[group]
        if counts.sum() > MOST * len(group):
            return True  # a sum over all that there is, say
        number = repeated(np.arange(len(group)), counts)
        read = self.of[self._operands[spans(self._start[group], self._start[group + 1])]]
        number, read = _distinct(number[read != NOWHERE], read[read != NOWHERE])
        if not len(number):
            return True
        patterns = _patterns(number, read)
        if len(patterns) > FEW + len(group) // 8:
            return False
        kind, offers = int(self._kind[group[0]]), []
        for _ in range(3):
            known = self._known.get(kind, np.zeros(0, np.int64))
            offers = [self._offered(kind, known, p) for p in patterns]
            odd = [p for p, o in zip(patterns, offers, strict=True) if not o or 2 * o[0][1] < len(p.far)]
            if not odd:
                break
            size = len(max(odd, key=lambda p: len(p.nodes)).far)
            found = _seeded(np.vstack([p.first[:, None] + p.far for p in odd if len(p.far) == size]))
            known = np.unique(np.concatenate([known, found, -found]))
            if len(known) > DISTANCES:
                return False
            self._known[kind] = known
        self._choose(group, patterns, offers)
        return True

    def _choose(self, group: Ints, patterns: list[_Pattern], offers: list[list[tuple[int, int]]]) -> None:
        """Give nodes the sites that are offered first, of which none is another one's already."""
        taken: set[int] = set()
        best = [-offered[0][1] if offered else 0 for offered in offers]
        for i in np.argsort(best, kind="stable").tolist():
            left = list(zip(group[patterns[i].nodes].tolist(), patterns[i].first.tolist(), strict=True))
            for far, _ in offers[i]:
                later = []
                for node, first in left:
                    if first + far in taken:
                        later.append((node, first))
                    else:
                        taken.add(first + far)
                        self.of[node] = first + far
                left = later

    def _offered(self, kind: int, known: Ints, p: _Pattern) -> list[tuple[int, int]]:
        """Return where a site may be from the first operand, and how many operands are then as known."""
        key = kind, len(known), p.key
        if key not in self._offers:
            far = (p.far[:, None] - known).ravel()
            near = np.tile(np.abs(known), len(p.far))
            order = np.lexsort((near, far))
            far, near = far[order], near[order]
            places, first, often = np.unique(far, return_index=True, return_counts=True)
            best = np.lexsort((places, near[first], -often))[:OFFERS]
            self._offers[key] = list(zip(places[best].tolist(), often[best].tolist(), strict=True))
        return self._offers[key]


@dataclass
class _Pattern:
    """Nodes that read at the same distances ``far`` from their ``first`` operand, the lowest."""

    key: int
    nodes: Ints
    first: Ints
    far: Ints


def _patterns(number: Ints, read: Ints) -> list[_Pattern]:
    """Return the nodes apart that read differently, given what each reads in order."""
    begin = np.flatnonzero(np.diff(number, prepend=-1))
    far = read - read[begin][np.cumsum(np.diff(number, prepend=-1) != 0) - 1]
    with np.errstate(over="ignore"):
        keys = np.add.reduceat(mixed(far), begin)
    size = np.diff(np.append(begin, len(number)))
    made = []
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
    for which in np.split(order, cuts):
        at = int(begin[which[0]])
        made.append(_Pattern(
            int(keys[which[0]]), number[begin[which]], read[begin[which]], far[at : at + size[which[0]]]
        ))  # fmt: skip
    return made


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


def _seeded(rows: Ints) -> Ints:
    """Return the distances at which most nodes read, from one operand that is a different one for each."""
    size = rows.shape[1]
    ways = [rows - rows[:, k : k + 1] for k in range(size)]
    prices = [
        (len(rows) - len(np.unique(rows[:, k])), len(np.unique(ways[k], axis=0)), abs(2 * k - size + 1))
        for k in range(size)
    ]
    distances, often = np.unique(ways[prices.index(min(prices))], return_counts=True)
    found: Ints = distances[8 * often >= len(rows)]
    return found
