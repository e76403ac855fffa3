"""Gradients in the variables alone: ``2*x*sin x + x^2*cos x`` instead of a product of local derivatives.

The chain rule is run on formulas: each node stands for its formula in the leaves, and each step of the
backward pass adds the local derivative there, times what has arrived. A formula is kept where it gives the
number at hand and is short enough to be read.
"""

from __future__ import annotations

from typing import Any

from autograd.render.derive.steps import Steps
from autograd.render.formula.formula import Formula
from autograd.render.formula.symbols import Symbol, candidates, holds, name
from autograd.render.formula.text import plain
from autograd.value import Value

__all__ = ["Gradient", "in_variables", "shown_leaves"]

NODES = 60
"""Of a graph with more nodes nobody would read the formula."""
LETTERS = 120
"""Nor a longer one than this."""
SHOWN = 4
"""Of how many leaves the gradients are shown, where none is asked for."""

Gradient = tuple[str, Any, float]
"""The name of a leaf, the formula of its gradient (None where there is none), and its number."""


def shown_leaves(listed: Steps) -> list[Value]:
    """Return the leaves whose gradients are shown where none is asked for; none where there are many.

    They come as one reads the program's expression, from left to right. Those without a label are left out
    where others have one.
    """
    leaves: dict[Value, None] = {}
    seen, stack = set(), [listed.root]
    while stack:
        node = stack.pop()
        if node in seen or node not in listed.gradients:
            continue
        seen.add(node)
        if node.op is None:
            leaves[node] = None
        stack += reversed(node.parents)
    found = [x for x in leaves if x.label] or list(leaves)
    return found if len(found) <= SHOWN and listed.root not in leaves else []


def in_variables(listed: Steps, wanted: list[Value]) -> tuple[Gradient, ...]:
    """Return the gradient of each wanted node, as a formula in the leaves and as a number.

    Parameters
    ----------
    listed
        The steps of the graph, with a seed of 1 and no hook on the way.
    wanted
        Nodes of the graph.
    """
    found = _chain_rule(listed) if len(listed.nodes) <= NODES else {}
    values = {listed.names[node]: node.data for node in listed.nodes}
    gradients = []
    for node in wanted:
        number, formula = listed.gradients[node], found.get(node)
        true = isinstance(formula, Formula) and _is_short(formula) and holds(formula, values, number)
        gradients.append((listed.names[node], formula if true else None, number))
    return tuple(gradients)


def _chain_rule(listed: Steps) -> dict[Value, Any]:
    """Run both passes on formulas; None stands for what has none, or too long a one."""
    values = {listed.names[node]: node.data for node in listed.nodes}
    formulas: dict[Value, Any] = {}
    for node in listed.nodes:
        formulas[node] = _forward(listed, node, formulas, values)
    local: dict[Value, list[tuple[Any, ...]]] = {}
    arrived: dict[Value, Any] = {listed.root: 1.0}
    for step in listed.backward:
        node = step.node
        if node not in local:
            operands = [formulas[x] if isinstance(x, Value) else x for x in node.operands]
            assert node.op is not None
            known = formulas[node] is not None
            local[node] = candidates(node.op, formulas[node], operands) if known else []
        slopes = [slopes[step.position] for slopes in local[node] if step.position < len(slopes)]
        slope = next((d for d in slopes if holds(d, values, step.local)), None)
        before, upstream = arrived.get(step.parent, 0.0), arrived[node]
        total: Any = None
        if slope is not None and before is not None and upstream is not None:
            total = before + upstream * slope
        arrived[step.parent] = total if total is None or _is_short(total) else None
    return arrived


def _forward(listed: Steps, node: Value, formulas: dict[Value, Any], values: dict[str, float]) -> Any:
    """Return the formula of a node in the leaves."""
    if node.op is None:
        return name(listed.names[node])
    operands = tuple([formulas[x] if isinstance(x, Value) else x for x in node.operands])
    if any(x is None for x in operands):
        return None
    formula = Symbol._apply(node.op, operands)
    return formula if _is_short(formula) and holds(formula, values, node.data) else None


def _is_short(formula: Any) -> bool:
    return len(plain(formula)) <= LETTERS
