"""Append the gradient to a graph, from the table's own rules.

A rule is run once for each row that occurs, on symbols; what it did is then repeated for all nodes of that
row at a time. The adjoint of a node is one sum of products: the contributions of its consumers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.graph.expand import lower
from autograd.compiler.graph.ir import EXTREMA, FIRST_ROW, ONE, SOP, Builder, Graph, Ints, distinct, spread
from autograd.compiler.graph.symbol import Step, Symbol, recorded
from autograd.op import Op

__all__ = ["Template", "differentiate", "template"]


class Template:
    """What a row's rule does: a list of steps, and for each operand its partial derivative."""

    def __init__(self, op: Op, params: tuple[float, ...], count: int) -> None:
        # Symbols are numbered from 0: each operand first, then the row's own application.
        known: list[Step] = [*((op, ("operand", i)) for i in range(count)), (op, (*range(count), *params))]

        def rule(*xs: Any) -> Any:
            """Take the result behind the operands."""
            return op.rule(xs[count], (*xs[:count], *xs[count + 1 :]))

        partials, self.steps = recorded(rule, known, params, guards=False)
        self.operands = count
        self.partials = [self._reduced(p, op.gated) for p in partials[:count]]

    def _reduced(self, p: Any, gated: bool) -> int | float:
        """Return the step that computes a partial, or its number; a step function's zero is structural."""
        if not isinstance(p, Symbol):
            return float(p)
        op, given = self.steps[p.where]
        return (
            0.0 if gated and op is ops.mul and 0.0 in [x for x in given if x.__class__ is float] else p.where
        )

    def run(self, b: Builder, y: Ints, operands: list[Ints]) -> list[Ints | float]:
        """Repeat the steps for many nodes; return each partial as nodes or as one number."""
        results = [*operands, y]
        for op, given in self.steps[self.operands + 1 :]:
            count = len(given) - len(op.params)
            columns = [
                results[x] if x.__class__ is int else np.full(len(y), b.constant(x)) for x in given[:count]
            ]
            results.append(lower(b, op, tuple(given[count:]), columns))
        return [results[p] if isinstance(p, int) else p for p in self.partials]


_TEMPLATES: dict[tuple[Op, tuple[float, ...], int], Template] = {}


def template(op: Op, params: tuple[float, ...], count: int) -> Template:
    """Return what a row's rule does."""
    key = (op, params, count)
    if key not in _TEMPLATES:
        _TEMPLATES[key] = Template(op, params, count)
    return _TEMPLATES[key]


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
    """Share the gradient among the operands that attain the extremum, as the row's rule says."""
    t = graph.terms.take(np.isin(graph.terms.node, nodes))
    hit = lower(b, ops.equal, (), [t.a, t.node])
    which = np.searchsorted(nodes, t.node)
    count = b.new(SOP, len(nodes))[which]
    b.add(count, 1.0, hit)
    share = lower(b, ops.div, (), [hit, count])
    contribute(t.a, 1.0, t.node, share)
