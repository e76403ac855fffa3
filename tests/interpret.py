"""Evaluate a graph node by node, with the table's own values: what every backend must agree with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.compiler.graph.ir import CONST, FIRST_ROW, LEAVES, MAX, SOP, Graph, csr

__all__ = ["interpret"]


def interpret(graph: Graph, leaves: dict[int, Any], lanes: int) -> list[Any]:
    """Return the value of every node: a float, or a list with one for each lane.

    Parameters
    ----------
    graph
        What to evaluate.
    leaves
        The value of each leaf that is not a constant; an array over the lanes for a lane.
    lanes
        How many there are.
    """
    values: list[Any] = [None] * graph.size
    start, order = csr(graph.terms.node, np.arange(len(graph.terms)), graph.size)
    t = graph.terms
    for node in np.argsort(graph.levels(), kind="stable").tolist():
        kind = int(graph.kind[node])
        mine = order[start[node] : start[node + 1]]
        if kind == CONST:
            values[node] = float(graph.value[node])
        elif kind in LEAVES:
            values[node] = leaves[node]
        elif kind == SOP:
            total: Any = 0.0
            for c, a, b, over in zip(
                t.coef[mine].tolist(),
                t.a[mine].tolist(),
                t.b[mine].tolist(),
                t.over[mine].tolist(),
                strict=True,
            ):
                term = c * values[a] * values[b]
                total = total + (math.fsum(np.broadcast_to(term, lanes)) if over else term)
            values[node] = total
        elif kind < FIRST_ROW:
            values[node] = (
                np.stack(np.broadcast_arrays(*[values[a] for a in t.a[mine]])).max(0)
                if kind == MAX
                else np.stack(np.broadcast_arrays(*[values[a] for a in t.a[mine]])).min(0)
            )
        else:
            op, params = graph.rows[kind - FIRST_ROW]
            operands = [values[a] for a in graph.args[node].tolist() if a >= 0]
            if any(isinstance(x, np.ndarray) and x.ndim for x in operands):
                columns = np.broadcast_arrays(*operands, np.zeros(lanes))[:-1]
                values[node] = np.array(
                    [op.value(*map(float, xs), *params) for xs in zip(*columns, strict=True)]
                )
            else:
                values[node] = op.value(*map(float, operands), *params)
    return values
