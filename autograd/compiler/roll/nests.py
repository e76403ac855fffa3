"""Lay out triangles: groups that shrink or grow from level to level, and sums that do within a group.

Nodes of one family, which are alike but for how many terms they add up, stand in a grid: a row for each
level, shifted so that what is read from other families stands at few distances. Then the statements of all
levels differ in numbers that move evenly, and a backend whose loops may have moving bounds prints those of
one level (`repeats.read`). Within a statement, the sizes of loops may grow along other loops (`Slanted`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, cast

import numpy as np

from autograd.compiler.graph.counting import bincount, mixed, repeated
from autograd.compiler.graph.ir import (
    CONST,
    EXTREMA,
    FIRST_ROW,
    INPUT,
    LANE,
    MAX,
    ONE,
    Graph,
    Ints,
    csr,
    spans,
)
from autograd.compiler.graph.schedule import FINE, families, signatures
from autograd.compiler.roll.addresses import Plan
from autograd.compiler.roll.affine import addresses, slanted, strides_of, within
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Part, Ref, Statement
from autograd.compiler.roll.repeats import FEWEST as ROUNDS
from autograd.compiler.roll.repeats import lines

__all__ = ["Nested"]

FEWEST = 4
"""Groups from which a family has a grid."""
LOOKS = (512, 2048, 8192)
"""After so many groups it is looked at how many lines there are."""
SIMPLE = 2
"""Loops within each other of which there cannot be fewer."""
UNEVEN = 0.02
"""What part of the groups may be in no loops, be it slanted ones; some, with so few, always may."""
UNKNOWN = -(1 << 40)
"""The column of what is in no grid."""
WIDEST = 8
"""How many times as wide as its family's groups on average one may be that stands in their grid."""
HEADS = 8
"""By the addresses of so many terms at the most it is told how the results of sums stand in a grid."""
WAYS = 8
"""So many groups are looked at for one in the order of which another one may stand."""


class Nested(Layout):
    """A layout of groups in which triangles are loops.

    Attributes
    ----------
    fewest
        How many lines there are at the least: one for each group, or for all of a kind that may be a loop.
    """

    def __init__(self, graph: Graph, *, apart: bool) -> None:
        super().__init__(graph)
        for kind in (INPUT, LANE):
            self.blocks += self._label_blocks(np.flatnonzero(graph.kind == kind), self.blocks)
        self._groups, self._kinds = families(graph, self.is_lane, self.block, apart=apart)
        counts = np.bincount(self._kinds[[group[0] for group in self._groups]])
        self.fewest = int(np.where(counts < ROUNDS, counts, 1).sum())
        self._returned = np.full(graph.size, -1, np.int64)
        self._returned[graph.outputs] = np.arange(len(graph.outputs))

    def run(self, most: int) -> bool:
        """Make all statements; tell whether that was worth it, else stop in between.

        It is not where many are in no loops, or where more than ``most`` lines are to be expected.
        """
        self._family = self._families(self._kinds)
        stands = np.where(self._is_grid[self._family], self._family, np.arange(len(self._groups)))
        self._stands = np.where(self._group_of >= 0, stands[self._group_of], -2 - self.block)
        self._in_order()
        self._offsets = self._aligned()
        self._given: set[int] = set()
        self._alike = signatures(self.graph, self.is_lane, FINE)
        self._uneven = 0
        for i, group in enumerate(self._groups):
            self._give(int(self._family[i]))
            self.place(group)
            if self._uneven > UNEVEN * len(self._groups) + FEWEST:
                return False
            # A loop of few rounds so far may be as many lines.
            if i in LOOKS and lines(cast("list[Statement]", self.statements)) > (ROUNDS + 1) * most:
                return False
        return True

    # Grids.

    def _families(self, kinds: Ints) -> Ints:
        """Number the families of groups: those of one kind, and those of which sums read many alike."""
        g, groups = self.graph, self._groups
        self._group_of = of = np.full(g.size, -1, np.int64)
        of[np.concatenate(groups)] = repeated(np.arange(len(groups)), np.array(list(map(len, groups))))
        parent = list(range(len(groups)))

        def root(i: int) -> int:
            """Return the group that stands for its family."""
            while parent[i] != i:
                parent[i] = i = parent[parent[i]]
            return i

        known: dict[int, int] = {}
        for i, group in enumerate(groups):
            parent[root(i)] = root(known.setdefault(int(kinds[group[0]]), i))
        t = g.terms
        for factor, other in ((t.a, t.b), (t.b, t.a)):
            there = (of[factor] >= 0) & (factor != ONE)
            what = g.kind[factor] * 2 + self.is_lane[factor]
            key = np.stack([t.node[there], what[there], g.kind[other[there]], of[factor[there]]])
            key = key[:, np.lexsort(key[::-1])]
            same = (key[:3, 1:] == key[:3, :-1]).all(axis=0) & (key[3, 1:] != key[3, :-1])
            pairs = np.stack([key[3, :-1][same], key[3, 1:][same]])
            for i, j in set(map(tuple, pairs.T.tolist())):
                parent[root(i)] = root(j)
        roots = np.array([root(i) for i in range(len(groups))])
        sizes = np.array(list(map(len, groups)))
        wide = sizes > WIDEST * (bincount(roots, sizes) / np.maximum(bincount(roots), 1))[roots]
        # One that is much wider than the others would make a grid that is empty nearly everywhere.
        apart = np.where(wide, len(groups) + np.arange(len(groups)), roots)
        _, first, which = np.unique(apart, return_index=True, return_inverse=True)
        roots = first[which.ravel()]
        self._is_grid = bincount(roots, minlength=len(groups)) >= FEWEST
        return roots

    def _in_order(self) -> None:
        """Let nodes of each group stand as those of another one, or the leaves, that they read one by one."""
        producers, consumers = self.graph.edges()
        there = (self._group_of[producers] >= 0) | (self.address[producers] >= 0)
        start, producers = csr(consumers[there], producers[there], self.graph.size)
        of = np.where(self._group_of >= 0, self._group_of, len(self._groups) + self.block)
        rank = self.address.copy()
        for i, group in enumerate(self._groups):
            rank[group] = np.arange(len(group))
            if len(group) == 1:
                continue
            read = producers[spans(start[group], start[group + 1])]
            number = repeated(rank[group], start[group + 1] - start[group])
            ways = []
            for other in np.flatnonzero(bincount(of[read]) == len(group))[:WAYS]:
                mine = of[read] == other
                way = rank[read[mine]]
                steps = np.diff(np.sort(way))
                if (np.diff(number[mine]) == 1).all() and 0 < steps[0] == steps.max() == steps.min():
                    ways.append(way)
            if ways and not any((np.diff(way) > 0).all() for way in ways):
                self._groups[i] = group[np.argsort(ways[0])]
                rank[self._groups[i]] = np.arange(len(group))

    def _aligned(self) -> Ints:
        """Return for each group of a family the column of its grid in which it begins.

        Group by group, beside those that have a column: where most of what is read from one to the other
        stands at one distance, at that. What is read one by one tells more than what all read of all.
        """
        graph, of, count = self.graph, self._group_of, len(self._groups)
        sizes = np.array([len(group) for group in self._groups])
        most = np.zeros(count, np.int64)
        np.maximum.at(most, self._family, sizes)
        wide = self._is_grid[self._family] & (most[self._family] > 1)
        place = np.full(graph.size, UNKNOWN)
        place[np.concatenate(self._groups)] = spans(np.zeros(count, np.int64), sizes)
        place[(of < 0) | ~wide[of]] = UNKNOWN
        near = self._neighbours(place)
        columns: dict[int, int] = {}
        for first in np.argsort(np.where(wide, -sizes, 1), kind="stable")[: wide.sum()].tolist():
            votes: dict[tuple[int, int], float] = {}
            queue = [(0.0, first, 0)]
            while queue:
                _, group, column = heappop(queue)
                if group in columns:
                    continue
                columns[group] = column
                for other, distance, vote in near.get(group, ()):
                    if other not in columns:
                        key = other, column + distance
                        votes[key] = votes.get(key, 0.0) - vote
                        heappush(queue, (votes[key], *key))
        offsets = np.array([columns.get(i, 0) for i in range(count)])
        self._column = np.where(place == UNKNOWN, UNKNOWN, place + offsets[of])
        return offsets

    def _neighbours(self, place: Ints) -> dict[int, list[tuple[int, int, float]]]:
        """Return for each group those that it reads or is read by: how far from it they begin, and a vote."""
        producers, consumers = self.graph.edges()
        both = (place[producers] != UNKNOWN) & (place[consumers] != UNKNOWN)
        producers, consumers = producers[both], consumers[both]
        near: dict[int, list[tuple[int, int, float]]] = {}
        if not len(producers):
            return near
        far, count = place[consumers] - place[producers], len(self._groups)
        span = 2 * int(np.abs(far).max()) + 1
        pairs = self._group_of[consumers] * count + self._group_of[producers]
        keys, often = np.unique(pairs * span + far + span // 2, return_counts=True)
        pairs, far = keys // span, keys % span - span // 2
        first = np.flatnonzero(np.diff(pairs, prepend=-1))
        total, usual = np.add.reduceat(often, first), np.lexsort((-often, pairs))[first]
        shared = (often[usual] == 1) & (total > 1)  # one number is read by all, say
        votes = np.where(shared, 0.0, often[usual] ** 3 / total**2)
        for pair, distance, vote in zip(
            pairs[usual].tolist(), far[usual].tolist(), votes.tolist(), strict=True
        ):
            if vote:
                one, other = divmod(pair, count)
                near.setdefault(one, []).append((other, distance, vote))
                near.setdefault(other, []).append((one, -distance, vote))
        return near

    def _give(self, family: int) -> None:
        """Give a family its grid, unless it has it."""
        if not self._is_grid[family] or family in self._given:
            return
        self._given.add(family)
        of = np.flatnonzero(self._family == family)
        of = of[[bool(self.pin[self._groups[i][0]] < 0) for i in of]]  # gradients have places
        if not len(of):
            return
        first = self._groups[of[0]][0]
        begin = self._offsets[of] - self._offsets[of].min()
        width = int((begin + [len(self._groups[i]) for i in of]).max())
        width += width > 1  # one place is left free, or two rows could be read as one
        base = self.room(bool(self.is_lane[first]), width * len(of))
        self.grids.append((base, len(of), width))
        for row, (i, at) in enumerate(zip(of.tolist(), begin.tolist(), strict=True)):
            group = self._groups[i]
            self.pin[group] = base + row * width + at + np.arange(len(group))

    # Statements.

    def place(self, group: Ints) -> None:
        """Make the statement of a group: of rectangular loops, of slanted ones, or with gathers."""
        plan = self._regular(group)
        if plan is not None:
            self._commit(group, plan)
            return
        is_row = self.graph.kind[group[0]] >= FIRST_ROW
        statement = self._slanted_row(group) if is_row else self._slanted_sum(group)
        if statement is not None:
            self.statements.append(statement)
            return
        self._uneven += 1
        alike = self._alike[group]  # which have a statement in any case
        for kind in np.unique(alike):
            super().place(group[alike == kind])

    def _commit(self, group: Ints, plan: Plan | None) -> None:
        """Store the results of a group, and enter its statement; where nothing fits, not in its grid."""
        if plan is None and self.pin[group[0]] >= 2 * self.parameters:
            self.pin[group] = -1
            plan = self._plan(group, strict=False)
        super()._commit(group, plan)

    def _settled(self, nodes: Ints, sizes: tuple[int, ...], strides: Any) -> Ref:
        """Let results stand in a grid; return them as an operand."""
        lane = bool(self.is_lane[nodes[0]])
        if self.pin[nodes[0]] >= 0:
            self.allocate(nodes, pinned=True)
        else:
            room = 1 + sum((int(n) - 1) * x for n, x in zip(sizes, strides, strict=True))
            base = self.room(lane, room + 1)
            self.address[nodes] = addresses(sizes, strides, base).ravel()
            self.block[nodes] = self.blocks
            self.blocks += 1
        return Ref(int(self.address[nodes[0]]), tuple(map(int, strides)), lane=lane)

    def _ordered(self, group: Ints, keys: list[Any]) -> Iterator[Any]:
        """Yield orders to try, each once: as recorded, as returned, and by operands."""
        returned = [self._returned[group]] if self._returned[group[0]] >= 0 else []
        tried: list[Ints] = []
        for key in (np.arange(len(group)), *returned, *keys):
            order = np.argsort(key, kind="stable")
            if not _comes_again(order, tried):
                yield order

    def _slanted_row(self, group: Ints) -> Statement | None:
        """Make the statement of a row over slanted loops, or return None."""
        g = self.graph
        op, params = g.rows[int(g.kind[group[0]]) - FIRST_ROW]
        columns = [c for c in g.args[group].T if c[0] >= 0]
        moving = [self.address[c] for c in columns if g.kind[c[0]] != CONST]
        if any(len(np.unique(g.value[c])) > 1 for c in columns if g.kind[c[0]] == CONST):
            return None
        for order in self._ordered(group, moving):
            found = self._grid(group[order], [x[order] for x in moving])
            if found is None:
                continue
            sizes, (out, *strides) = found
            nodes = group[order]
            operands, k = [], 0
            for c in columns:
                if g.kind[c[0]] == CONST:
                    operands.append(Ref(constants=np.array(g.value[c[0]])))
                    continue
                at = int(self.address[c[order[0]]])
                operands.append(Ref(at, tuple(strides[k].tolist()), lane=bool(self.is_lane[c[0]])))
                k += 1
            result = self._settled(nodes, sizes, out)
            return Statement(
                nodes, result.lane, op=op, params=params, operands=operands, sizes=sizes, result=result
            )
        return None

    def _grid(self, nodes: Ints, columns: list[Any]) -> tuple[tuple[int, ...], list[Any]] | None:
        """Return loops over nodes, and the strides of their results and of other addresses."""
        pinned = self.pin[nodes[0]] >= 0
        found = slanted(np.stack([self.pin[nodes], *columns] if pinned else columns)) if columns else None
        if found is None:
            return None
        sizes, strides = found
        if pinned:
            return sizes, list(strides)
        room = [int(n) + (k > 0) for k, n in enumerate(sizes)]
        return sizes, [np.array(strides_of(tuple(room)), np.int64), *strides]

    def _slanted_sum(self, group: Ints) -> Statement | None:
        """Make the statement of sums, or of extrema, over slanted loops, or return None."""
        summed = self._summed(group)
        if summed is None:
            return None
        best: _Laid | None = None
        tried: list[Ints] = []
        for tell in self._ways_to_tell(summed):
            key = summed.key
            for column in tell:
                key = mixed(key) + mixed(column)
            classes = np.unique(key, return_inverse=True)[1].ravel()
            if not _comes_again(classes, tried):
                found = self._laid(summed, classes)
                if found is not None and (best is None or found.deepest < best.deepest):
                    best = found
            if best is not None and (best.deepest <= SIMPLE or len(tell) > 2):
                break
        return None if best is None else self._statement(summed, best)

    def _ways_to_tell(self, summed: _Summed) -> Iterator[list[Ints]]:
        """Yield what could tell apart the terms of a sum; at last, four columns, all that stand somewhere."""
        stands = [self._stands[x] for x in summed.factors]
        beside = [self._beside(x, self._column[summed.group][summed.cell]) for x in summed.factors]
        yield from ([], stands, beside, stands + beside)
        turns = [self._turns(summed, k) for k in (0, 1)]
        for column in (*turns[0], *turns[1]):
            yield [column]

    def _summed(self, group: Ints) -> _Summed | None:
        """Return the terms of a group; None where their numbers differ, or they are summed over lanes."""
        g = self.graph
        which = self.order[spans(self.start[group], self.start[group + 1])]
        cell = repeated(np.arange(len(group)), self.start[group + 1] - self.start[group])
        t = g.terms.take(which)
        extremum = int(g.kind[group[0]]) in EXTREMA
        constant = (g.kind[t.a] == CONST) if extremum else (t.a == ONE) & ~t.over
        if t.over.any() or constant.all() or (constant.any() and extremum):
            return None
        offset = np.zeros(len(group))
        np.add.at(offset, cell[constant], t.coef[constant])
        if (offset != offset[0]).any():
            return None
        t, cell = t.take(~constant), cell[~constant]
        at = self._at(t.a), self._at(t.b)
        swap = at[1] < at[0]
        a, b = np.where(swap, t.b, t.a), np.where(swap, t.a, t.b)
        first, second = [self.kind[x] * 2 + self.is_lane[x] for x in (a, b)]
        key = mixed(mixed(t.coef.view(np.int64)) + mixed(first * 4 + (b == ONE))) + mixed(second)
        at = np.where(swap, at[1], at[0]), np.where(swap, at[0], at[1])
        return _Summed(group, cell, (a, b), at, t.coef, key, float(offset[0]), extremum)

    def _beside(self, nodes: Ints, columns: Ints) -> Ints:
        """Tell whether nodes stand before, in, or behind columns of a grid."""
        own = self._column[nodes]
        return np.where((own == UNKNOWN) | (columns == UNKNOWN), 0, np.sign(own - columns))

    @staticmethod
    def _turns(summed: _Summed, k: int) -> tuple[Ints, Ints]:
        """Tell how far one factor of each term is from that of the term before, in order of the other one.

        And how often that has changed. Of a symmetric matrix, of which one half is there, a row is read along
        a column from the diagonal on; and two sums over rows of the same matrices are told apart.
        """
        key = np.unique(summed.key, return_inverse=True)[1].ravel()
        order = np.lexsort((summed.at[1 - k], key, summed.cell))
        at, cell, key = summed.at[k][order], summed.cell[order], key[order]
        step = np.diff(at, prepend=at[:1])
        first = np.concatenate([[True], (np.diff(cell) != 0) | (np.diff(key) != 0)])
        followed = np.flatnonzero(first[:-1] & ~first[1:])
        steps, counts = np.unique(step[followed + 1], return_counts=True)
        usual = steps[counts.argmax()] if len(steps) else 0
        step[first] = usual
        breaks = np.cumsum(step != usual)
        begin = np.maximum.accumulate(np.where(first, np.arange(len(at)), 0))
        out = np.empty((2, len(at)), np.int64)
        out[:, order] = step, breaks - breaks[begin]
        return out[0], out[1]

    def _laid(self, summed: _Summed, key: Ints) -> _Laid | None:
        """Return loops over sums whose terms are of some classes, as few within each other as can be."""
        group, cell, at = summed.group, summed.cell, summed.at
        sort = np.lexsort((at[1], at[0], cell, key))
        classes = np.split(sort, np.flatnonzero(np.diff(key[sort])) + 1)
        heads = []  # where the first term of each cell is read, of classes that all cells have
        everywhere = True
        for c in classes:
            first = np.flatnonzero(np.concatenate([[True], np.diff(cell[c]) != 0]))
            if len(first) == len(group):
                heads += [column[c][first] for column in at[: summed.factor_count(c)]]
            else:
                everywhere = False
        if summed.extremum and not everywhere:
            return None
        if not heads:  # each result has terms of its own classes
            first = np.flatnonzero(np.diff(summed.cell, prepend=-1) != 0)
            heads = [column[first] for column in at] if len(first) == len(group) else []
        heads = heads[:HEADS]
        best: _Laid | None = None
        for order in self._ordered(group, heads[:2]):
            for sizes, strides, results in self._layouts(group, order, heads):
                parts = self._parts(summed, classes, order, results)
                if parts is None:
                    continue
                if summed.offset or not everywhere:
                    over = slanted(results[order][None])
                    if over is None:
                        continue
                    parts.insert(0, (over[0], over[1], classes[0][:0]))
                deepest = max(len(loops) for loops, *_ in parts)
                if best is None or deepest < best.deepest:
                    best = _Laid(deepest, order, sizes, strides, results, parts)
                    if deepest <= SIMPLE:
                        return best
        return best

    def _layouts(self, group: Ints, order: Any, heads: list[Any]) -> Iterator[tuple[Any, Any, Ints]]:
        """Yield sizes and strides of results in an order, and where each result of the group then is."""
        row = (len(group),), np.ones(1, np.int64)
        if self.pin[group[0]] >= 0:
            yield *row, self.pin[group]
            return
        rank = np.argsort(order)
        grid = self._grid(group[order], [head[order] for head in heads])
        for sizes, strides in [row] if grid is None else [(grid[0], grid[1][0]), row]:
            yield sizes, strides, addresses(sizes, strides).ravel()[rank]

    def _parts(
        self, summed: _Summed, classes: list[Ints], order: Any, results: Ints
    ) -> list[tuple[Any, Any, Ints]] | None:
        """Return loops over each class of terms, with strides and the terms in order; or None."""
        parts, rank = [], np.argsort(order)
        for c in classes:
            terms = c[np.argsort(rank[summed.cell[c]], kind="stable")]
            cells = summed.cell[terms]
            columns = [results[cells], *[at[terms] for at in summed.at[: summed.factor_count(c)]]]
            found = slanted(np.stack(columns))
            if found is None or not _adds_up(found[0], found[1][0], 1 + int((cells[1:] != cells[:-1]).sum())):
                return None
            parts.append((*found, terms))
        return parts

    def _statement(self, summed: _Summed, laid: _Laid) -> Statement:
        """Return the statement of sums, with their results in their places."""
        nodes = summed.group[laid.order]
        result = self._settled(nodes, laid.sizes, laid.strides)
        shift = int(self.address[nodes[0]]) - int(laid.results[laid.order[0]])
        made = []
        for loops, (out, *factors), terms in laid.parts:
            strides = tuple(map(int, out))
            if not len(terms):  # before all others, for what has none of some
                target = Ref(int(self.address[nodes[0]]), strides, lane=result.lane)
                made.append(Part(loops, target, summed.offset, None, None))
                continue
            first = terms[0]
            refs = [
                Ref(int(at[first]), tuple(map(int, factor)), lane=bool(self.is_lane[of[first]]))
                for at, of, factor in zip(summed.at, summed.factors, factors, strict=False)
            ]
            target = Ref(shift + int(laid.results[summed.cell[first]]), strides, lane=result.lane)
            second = refs[1] if len(refs) > 1 else None
            made.append(Part(loops, target, float(summed.coef[first]), refs[0], second))
        kind = int(self.graph.kind[nodes[0]])
        extremum = "" if not summed.extremum else "max" if kind == MAX else "min"
        return Statement(nodes, result.lane, made, extremum=extremum)


@dataclass
class _Summed:
    """The terms of a group of sums, the lower address first; ``key`` tells what they are."""

    group: Ints
    cell: Ints
    factors: tuple[Ints, Ints]
    at: tuple[Ints, Ints]
    coef: Any
    key: Any
    offset: float
    extremum: bool

    def factor_count(self, terms: Ints) -> int:
        """Return how many factors terms of one class have."""
        return 1 if self.factors[1][terms[0]] == ONE else 2


@dataclass
class _Laid:
    """Loops over a group of sums: ``deepest`` within each other; ``results`` tells where each is.

    Each part has its loops, the strides of results and factors, and its terms.
    """

    deepest: int
    order: Any
    sizes: tuple[int, ...]
    strides: Any
    results: Ints
    parts: list[tuple[Any, Any, Ints]]


def _comes_again(numbers: Ints, tried: list[Ints]) -> bool:
    """Tell whether numbers were tried; they are from now on."""
    tried.append(numbers)
    return any(np.array_equal(numbers, other) for other in tried[:-1])


def _adds_up(sizes: tuple[int, ...], strides: Any, cells: int) -> bool:
    """Tell whether loops are over so many results, and within them over what is summed for each."""
    out = int((strides != 0).sum())
    if not (strides[:out] != 0).all():
        return False
    inside = within(sizes[:out])
    return (math.prod(sizes[:out]) if inside is None else int(inside.sum())) == cells
