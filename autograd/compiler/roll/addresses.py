"""Fit loops to a group of nodes.

One loop nest for the results and their operands, or gathers where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograd.compiler.graph.ir import Ints
from autograd.compiler.roll.affine import compress, nest
from autograd.compiler.roll.program import LANES, Ref, Statement

__all__ = ["Column", "Plan", "fitted", "fitted_terms", "gather_price", "pieces"]


@dataclass
class Column:
    """The terms of one class: (cells, terms) addresses and coefficients."""

    a: Any
    b: Any
    coef: Any
    over: bool
    lane_a: bool
    lane_b: bool

    @cached_property
    def gathered(self) -> int:
        """How many factors are no loops in any order: the mean of loops is amid the first and the last."""
        given = [x for x in (self.a, self.b) if x is not None]
        return sum(bool(2 * x.sum() != x.size * (x.min() + x.max())) for x in given)


@dataclass
class Plan:
    """How a group could be computed, at what price in calls."""

    price: float
    order: Any
    pinned: bool
    finish: Callable[[Ints, int], Statement]


def gather_price(refs: Any) -> float:
    """Return what gathering costs, in calls."""
    tables = [r.addresses for r in refs if r.addresses is not None]
    return float(sum(1.0 + t.size * (100 if t.ravel()[0] >= LANES else 1) / 500.0 for t in tables))


def pieces(c: Column) -> list[Column]:
    """Cut the terms of a single cell into a few loop nests, if that is possible and they are not one."""
    rows = c.a if c.b is None else np.vstack([c.a, c.b])
    if nest(rows) is not None:
        return [c]
    cuts = loop_cuts(rows)
    if len(cuts) > 16:
        return [c]
    parts = []
    for i, j in zip([0, *cuts], [*cuts, rows.shape[1]], strict=True):
        parts.append(
            Column(
                c.a[:, i:j], None if c.b is None else c.b[:, i:j], c.coef[:, i:j], c.over, c.lane_a, c.lane_b
            )
        )
    return parts


def loop_cuts(rows: Any) -> list[int]:
    """Return where to cut a list of addresses so that each piece is a loop, or a loop of equal loops."""
    starts, i, length = [], 0, rows.shape[1]
    steps = np.diff(rows, axis=1)
    same = (steps[:, 1:] == steps[:, :-1]).all(axis=0)
    breaks = np.flatnonzero(~same) + 1
    while i < length:
        starts.append(i)
        k = int(np.searchsorted(breaks, i + 1))
        i = int(breaks[k]) + 1 if k < len(breaks) else length
        if len(starts) > 4096:
            return list(range(1, length))
    ends = [*starts[1:], length]
    cuts, k = [], 0
    while k < len(starts):  # runs that repeat at equal distances are one piece
        size, m = ends[k] - starts[k], k + 1
        while (
            m < len(starts)
            and ends[m] - starts[m] == size
            and (
                m == k + 1
                or (
                    rows[:, starts[m]] - rows[:, starts[m - 1]] == rows[:, starts[k + 1]] - rows[:, starts[k]]
                ).all()
            )
            and (size == 1 or (steps[:, starts[m]] == steps[:, starts[k]]).all())
        ):
            m += 1
        if k:
            cuts.append(starts[k])
        k = m
    return cuts


def fitted(results: Any, columns: list[Any], order: Any, strict: bool, terms: int = 1) -> tuple[Any, int]:
    """Find the loops common to the results and as many columns as possible; the others are gathered.

    Columns have rows of so many terms, which come in an order; results are in this order.
    """
    good = [results, *[c for c in columns if c is not None]]
    found = nest(good, order, terms)
    missing = set[int]()
    if found is None:
        if strict:
            return None, 0
        good = [results]
        for k, c in enumerate(columns):
            more = nest([*good, c], order, terms) if c is not None else None
            if more is not None:
                good.append(c)
                found = more
            elif c is not None:
                missing.add(k)
        if len(good) == 1:
            found = nest(good, order, terms)
        if found is None:
            return None, 0
    sizes, (strides, *others) = found
    refs, first = [Ref(int(results[0]), strides)], int(order[0]) * terms
    left = iter(others)
    for k, c in enumerate(columns):
        if k in missing:
            refs.append(Ref(addresses=compress(c[order].reshape(sizes))))
        else:
            refs.append(Ref() if c is None else Ref(c.item(first), next(left)))
    return (sizes, refs), len(missing)


def fitted_terms(results: Any, c: Column, order: Any, strict: bool) -> tuple[int, Any, Any] | None:
    """Do as `fitted` does, for the terms of one class, whose loops are innermost."""
    factors = [c.a] if c.b is None else [c.a, c.b]
    chosen, missing = fitted(results, factors, order, strict, c.a.shape[1])
    return None if chosen is None else (missing, *chosen)
