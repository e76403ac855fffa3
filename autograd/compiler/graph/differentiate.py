"""Append the gradient to a graph, from the table's own rules.

A rule is run once for each row that occurs, on symbols; what it did is then repeated for all nodes of that
row at a time. The adjoint of a node is one sum of products: the contributions of its consumers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograd.compiler.graph.expand import KINDS, Plan
from autograd.compiler.graph.ir import (
    EXTREMA,
    FIRST_ROW,
    ONE,
    PARAM,
    SOP,
    Builder,
    Graph,
    Ints,
    csr,
    distinct,
    spread,
)
from autograd.compiler.graph.lookups import ENTRY, SCATTER
from autograd.compiler.graph.symbol import OPERAND, Step, Symbol, recorded, total_of
from autograd.op import ANY, TABLE, Op

__all__ = ["Template", "differentiate", "template"]

EXTREMUM_ROWS = {KINDS[op.extremum]: op for op in TABLE.values() if op.extremum and op.arity == ANY}
"""The rows whose rules hold for the extrema of the graph."""


class Template:
    """What a row's rule does: a list of steps, and for each operand its partial derivative."""

    def __init__(self, op: Op, params: tuple[float, ...], count: int) -> None:
        # Symbols are numbered from 0: each operand first, then the row's own application.
        known: list[Step] = [*[(op, OPERAND)] * count, (op, (*range(count), *params))]

        def rule(*xs: Any) -> Any:
            """Take the result behind the operands."""
            return op.rule(xs[count], (*xs[:count], *xs[count + 1 :]))

        partials, self.steps = recorded(rule, known, params, guards=False)
        self.plan = Plan(self.steps, len(known))
        self.operands = count
        self.partials = [self._reduced(p, op.gated) for p in partials[:count]]

    def _reduced(self, p: Any, gated: bool) -> int | float:
        """Return the step that computes a partial, or its number; a step function's zero is structural."""
        if not isinstance(p, Symbol):
            return float(p)
        return 0.0 if gated and _vanishes(*self.steps[p.where]) else p.where

    def run(self, b: Builder, y: Ints, operands: list[Ints]) -> list[Ints | float]:
        """Repeat the steps for many nodes; return each partial as nodes or as one number."""
        results = self.plan.table(b, [*operands, y])
        return [results[p] if isinstance(p, int) else p for p in self.partials]


def _vanishes(op: Op, given: tuple[Any, ...]) -> bool:
    """Tell whether each product that a step adds up has the number zero as a factor."""
    count = len(given) - len(op.params)
    total = total_of(op, tuple(given[count:]), count)
    zeros = {i for i, x in enumerate(given[:count]) if x.__class__ is float and x == 0.0}
    return total is not None and all(zeros.intersection(factors) for _, factors in total.terms)


@lru_cache(maxsize=1024)
def template(op: Op, params: tuple[float, ...], count: int) -> Template:
    """Return what a row's rule does."""
    return Template(op, params, count)


def differentiate(b: Builder, graph: Graph, stopped: Ints, loss: int, params: Ints, lane: Any) -> Graph:
    """Return the graph with the gradient of ``loss`` for each of ``params``.

    Parameters
    ----------
    b
        The builder that holds the graph's rows and constants, but no terms and calls of its own.
    graph
        The forward graph.
    stopped
        Nodes through which no gradient flows.
    lane
        For each node, whether it differs from lane to lane.
    """
    size = graph.size
    first = int(b.new(SOP, size)[0])
    active = np.zeros(size, bool)
    active[params] = True
    active = spread(graph, active)
    blocked = np.zeros(size, bool)
    blocked[stopped] = True
    live = ~blocked & (graph.kind >= SOP)

    def contribute(target: Ints, coef: Any, source: Ints, factor: Any, over: Any = False) -> None:
        """Add a multiple of the gradients of some nodes to those of others."""
        wanted = active[target]
        if not wanted.all():
            target, source = target[wanted], source[wanted]
            coef, factor, over = [x[wanted] if isinstance(x, np.ndarray) else x for x in (coef, factor, over)]
        # A consumer in every lane of what all lanes share: its contributions are summed over the lanes.
        b.add(target + first, coef, source + first, factor, (over | lane[source]) & ~lane[target])

    t = graph.terms
    sums = live[t.node] & (graph.kind[t.node] == SOP)
    t = t.take(sums)
    contribute(t.a, t.coef, t.node, t.b, t.over)
    second = np.flatnonzero(t.b != ONE)
    contribute(t.b[second], t.coef[second], t.node[second], t.a[second], t.over[second])
    for kind in distinct(graph.kind[live & (graph.kind > SOP)]).tolist():
        nodes = np.flatnonzero(live & (graph.kind == kind))
        if kind in EXTREMA:
            _extrema(b, graph, nodes, contribute)
            continue
        op, constants = graph.rows[kind - FIRST_ROW]
        if op is ENTRY:
            own = nodes[graph.kind[graph.args[nodes, 1]] == PARAM]
            if len(own):
                b.call(b.new(b.row(SCATTER, constants), len(own)), [own + first, *graph.args[own, :2].T])
            continue
        columns = [c for c in graph.args[nodes].T if c[0] >= 0]
        rule = template(op, constants, len(columns))
        for x, p in zip(columns, rule.run(b, nodes, columns), strict=True):
            if isinstance(p, float):
                if p != 0.0:
                    contribute(x, p, nodes, ONE)
            else:
                contribute(x, 1.0, nodes, p)
    b.add(np.array([loss + first]), 1.0, ONE)
    pinned = params + first
    primal = np.full(b.size, -1, np.int64)
    primal[first : first + size] = np.arange(size)
    return b.graph(primal=primal, outputs=np.array([loss]), pinned=pinned)


def _extrema(b: Builder, graph: Graph, nodes: Ints, contribute: Any) -> None:
    """Share the gradient among the operands of extrema as their row's rule says."""
    t = graph.terms.take(np.isin(graph.terms.node, nodes))
    start, operands = csr(np.searchsorted(nodes, t.node), t.a, len(nodes))
    counts = np.diff(start)
    row = EXTREMUM_ROWS[int(graph.kind[nodes[0]])]
    for count in distinct(counts).tolist():
        where = np.flatnonzero(counts == count)
        columns = list(operands[start[where] + np.arange(count)[:, None]])
        for x, p in zip(columns, template(row, (), count).run(b, nodes[where], columns), strict=True):
            contribute(x, *((p, nodes[where], ONE) if isinstance(p, float) else (1.0, nodes[where], p)))
