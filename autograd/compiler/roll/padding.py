"""Fill up the shorter ones of sums that are alike but for how many terms they have, as in a triangle's rows.

A person writes a rectangle with a mask there. What a sum reads goes on evenly behind its end where a longer
sum begins with the same; otherwise its first term is repeated. What is filled in has coefficients of zero; an
extremum needs none, as what it repeats changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.ir import FIRST_ROW, ONE, Graph, Ints, spans
from autograd.compiler.graph.schedule import FINE, signatures, with_set
from autograd.compiler.roll.addresses import Column, Plan
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Ref, Statement

__all__ = ["Padded"]

WAYS = 5
"""From so many parts on a group is not cut by what it reads."""
MOST = 3.0
"""How many times as many terms there may be with those that are filled in."""


class Padded(Layout):
    """A layout of groups in which sums may have unequally many terms."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._alike = signatures(graph, self.is_lane, FINE)
        self._fills = False

    def place(self, group: Ints) -> None:
        """Make the statement of a group, or one for each number of terms."""
        alike = self._alike[group]
        if self.graph.kind[group[0]] >= FIRST_ROW or (alike == alike[0]).all():
            super().place(group)
            return
        whole = self._filled(group)
        parts = self._by_origin(group)
        plans = [self._filled(part) for part in parts] if len(parts) < WAYS else []
        found = [plan for plan in plans if plan is not None]
        if len(found) == len(parts) and (whole is None or sum(p.price for p in found) < whole.price):
            for part, plan in zip(parts, found, strict=True):
                self._commit(part, plan)
        elif whole is not None:
            self._commit(group, whole)
        else:
            for kind in np.unique(alike):
                super().place(group[alike == kind])

    def _by_origin(self, group: Ints) -> list[Ints]:
        """Split a group by the statements that its operands come from, however many of each."""
        g, t = self.graph, self.graph.terms.take(self.order[spans(self.start[group], self.start[group + 1])])
        low, high = np.minimum(self.block[t.a], self.block[t.b]), np.maximum(self.block[t.a], self.block[t.b])
        real = (t.a != ONE) | t.over
        keys = with_set(np.zeros(g.size, np.int64), t.node[real], (low * self.blocks + high)[real])[group]
        return [group[keys == key] for key in np.unique(keys)]

    def _filled(self, group: Ints) -> Plan | None:
        """Return a plan for a group whose sums are filled up, if there is one."""
        self._fills = True
        try:
            return self._plan(group, strict=False)
        finally:
            self._fills = False

    def _ragged(self, group: Ints) -> Plan | None:
        """Plan sums of unequal length one behind the other, unless they are filled up."""
        return None if self._fills else super()._ragged(group)

    def _finished(
        self, nodes: Ints, base: int, cost: int, order: Any, columns: list[Column], offset: Any, fits: Any,
        pinned: bool,
    ) -> Statement:  # fmt: skip
        """Return the statement of a plan, in whose tables nothing is repeated."""
        fits = [(gathered, *_in_blocks(sizes, refs)) for gathered, sizes, refs in fits]
        return super()._finished(nodes, base, cost, order, columns, offset, fits, pinned)

    def _even(
        self, cell: Ints, factors: list[Ints], coef: Any, count: int, *, extremum: bool
    ) -> tuple[list[Ints], Any] | None:
        """Return factors and coefficients as rows, one for each cell, of which the shorter are filled up."""
        found = super()._even(cell, factors, coef, count, extremum=extremum)
        if found is not None or not self._fills:
            return found
        counts = bincount(cell, minlength=count)
        longest = int(counts.max())
        if longest * count > MOST * len(cell) or not counts.all():
            return None
        first = np.cumsum(counts) - counts
        before = np.arange(len(cell)) - first[cell]
        rows = [_Rows(counts, cell, at) for at in (before, before + (longest - counts)[cell])]
        if extremum:  # where the first term changes nothing
            return [rows[0].filled(x, x[first]) for x in factors], rows[0].filled(coef, coef[first])
        # What goes on evenly does so behind the end, or before the beginning.
        best = max(rows, key=lambda r: sum(r.continued(x) is not None for x in factors))
        made = [best.continued(x) for x in factors]
        made = [best.filled(x, x[first]) if m is None else m for x, m in zip(factors, made, strict=True)]
        return made, best.filled(coef, 0.0 * first)


class _Rows:
    """Where what a class of terms has stands in rows of one length: ``cell`` and ``place`` of each term."""

    def __init__(self, counts: Ints, cell: Ints, place: Ints) -> None:
        self._counts, self._cell, self._place = counts, cell, place

    def filled(self, x: Any, fill: Any) -> Any:
        """Return rows, of which each is filled up with a number of its own."""
        rows = np.repeat(fill.astype(x.dtype)[:, None], self._counts.max(), 1)
        rows[self._cell, self._place] = x
        return rows

    def continued(self, x: Ints) -> Any:
        """Return rows that go on as those of the longest do with which they share an end; or None."""
        rows = self.filled(x, np.full(len(self._counts), -1))
        models = rows[self._counts == rows.shape[1]]
        end = 0 if (rows[:, 0] >= 0).all() else -1
        known, first = np.unique(models[:, end], return_index=True)
        made = models[first[np.minimum(np.searchsorted(known, rows[:, end]), len(known) - 1)]]
        return made if (made[self._cell, self._place] == x).all() else None


def _in_blocks(sizes: tuple[int, ...], refs: list[Ref]) -> tuple[tuple[int, ...], list[Ref]]:
    """Return loops and operands, with two loops for one along which tables hold each number several times."""
    for k in reversed(range(len(sizes))):
        n = sizes[k]
        tables = [r.addresses for r in refs if r.addresses is not None and r.addresses.shape[k] > 1]
        moves = [np.diff(t, axis=k).any(axis=tuple(j for j in range(t.ndim) if j != k)) for t in tables]
        block = math.gcd(n, *[int(x) + 1 for move in moves for x in np.flatnonzero(move)])
        if not tables or block == 1:
            continue
        sizes = (*sizes[:k], n // block, block, *sizes[k + 1 :])
        refs = [_cut(r, k, block) for r in refs]
    return sizes, refs


def _cut(r: Ref, k: int, block: int) -> Ref:
    """Return an operand over two loops in place of one, the inner one over a block."""
    if r.addresses is not None:
        return replace(
            r, addresses=np.expand_dims(r.addresses.take(range(0, r.addresses.shape[k], block), k), k + 1)
        )
    if not r.strides:
        return r
    return replace(r, strides=(*r.strides[:k], r.strides[k] * block, *r.strides[k:]))
