"""The report on a compiled function, and the comparison with the engine. Standard library only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from autograd import ops
from autograd.backward import gradients, toposort
from autograd.compiler.graph.symbol import Total, total_of
from autograd.errors import GraphError
from autograd.modes import mode
from autograd.node import HOOKED
from autograd.op import OpOfCall
from autograd.value import Value
from autograd.words import columns, gettext, marked, padded

__all__ = ["ANOMALY", "HOOKED_INSIDE", "HOOKED_OUTSIDE", "NOT_FINITE", "Report", "eager", "rounding", "worst"]

# Why a call is left to the engine.
ANOMALY = marked("detect_anomaly() looks at each operation")
HOOKED_INSIDE = marked("a hook is registered on a node inside the function")
HOOKED_OUTSIDE = marked("a hook is registered on a node that the function closes over")
NOT_FINITE = marked(
    "a number of the program was not finite, perhaps in a branch that was not taken, beyond 2**300, or one "
    "that takes more digits than doubles have"
)


_FACTS = (
    marked("recorded nodes"), marked("nodes with gradient"), marked("statements"), marked("calls"),
    marked("backend"), marked("because"), marked("compile seconds"), marked("memory of a call"),
    marked("number by number"), marked("left to the engine"),
)  # fmt: skip


class Report:
    """What the compiler made of a function; ``str()`` of it is for reading."""

    def __init__(self, facts: dict[str, Any], notes: list[str]) -> None:
        self.facts = facts
        self.notes = notes

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def __str__(self) -> str:
        named = {gettext(name): fact for name, fact in self.facts.items()}
        width = max(map(columns, named))
        lines = [f"{padded(name, width)}  {fact}" for name, fact in named.items()]
        for note, count in Counter(self.notes).items():
            times = f" ({count} ×)" if count > 1 else ""
            lines.append(gettext("fallback: {note}", note=note) + times)
        return "\n".join(lines)

    __repr__ = __str__


def eager(roots: Iterable[tuple[Any, float]], params: Sequence[Value]) -> tuple[float, list[float]]:
    """Return the weighted sum of losses and its gradients as the engine itself computes them."""
    with mode(grad=True):  # inside no_grad too, where a derivative is asked for
        if HOOKED:  # a hook sees the gradient of all losses together, once
            weighted = [weight * loss for loss, weight in roots]
            roots = [(weighted[0] if len(weighted) == 1 else ops.sum(*weighted), 1.0)]
        value, sums = 0.0, [0.0] * len(params)
        for loss, weight in roots:
            value += weight * float(loss)
            if isinstance(loss, Value):
                sums = [
                    s + float(g) for s, g in zip(sums, gradients(loss, params, gradient=weight), strict=True)
                ]
    return value, sums


UNIT = 2.0**-53
"""What a rounding changes a number by, at most, relative to it."""
SLACK = 16.0
"""How many times the bound of rounding errors two ways of computing one thing may differ."""


def worst(
    got: tuple[float, Sequence[float]], roots: Callable[[], Iterable[tuple[Any, float]]],
    params: Sequence[Value], tolerance: float,
) -> float:  # fmt: skip
    """Return the largest relative error of a loss and its gradients; raise if one is beyond the tolerance."""
    value, grads = got
    right, wanted = eager(roots(), params)
    loss_lost, grads_lost = rounding(roots(), params)
    errors = [worst_of(value, right, loss_lost, tolerance, gettext("the loss"))]
    for p, g, want, lost in zip(params, grads, wanted, grads_lost, strict=True):
        name = gettext("the gradient of {name}", name=p.label or repr(p))
        errors.append(worst_of(g, want, lost, tolerance, name))
    return max(errors)


def worst_of(got: float, want: float, lost: float, tolerance: float, what: str) -> float:
    """Return the relative error of a number.

    Raise if it is beyond the tolerance and what roundings explain.
    """
    if got == want or (got != got and want != want):
        return 0.0
    error = abs(got - want)
    if not error <= tolerance * abs(want) + (SLACK * lost if math.isfinite(lost) else 0.0):
        raise GraphError(gettext(
            "{what} is {got} compiled and {want} computed by the engine, where roundings explain a "
            "difference of {allowed}: either the compiler is at fault, or the function is not the same at "
            "each call",
            what=what, got=repr(got), want=repr(want), allowed=f"{SLACK * lost:.1e}",
        ))  # fmt: skip
    terms = lost / UNIT
    return (
        error / abs(want)
        if abs(want) > 1e-6 * terms or not math.isfinite(terms)
        else error / max(terms, 5e-324)
    )


def rounding(roots: Iterable[tuple[Any, float]], params: Sequence[Value]) -> tuple[float, list[float]]:
    """Return bounds of what rounding does to the weighted sum of losses and to its gradients.

    A running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 3.3), forward and then
    backward. Each operation rounds by a unit of the terms that it adds, or else of its operands' effects.
    """
    lost, total_of_terms = 0.0, 0.0
    sums, terms_of = [0.0] * len(params), [0.0] * len(params)
    for root, weight in roots:
        total_of_terms += abs(weight * float(root))
        if not isinstance(root, Value):
            continue
        errors, moved = _forward(root)
        lost += abs(weight) * errors.get(root, 0.0)
        # For each node the gradient, its error, and the sum of the absolute values of all path products.
        reached: dict[Any, tuple[float, float, float]] = {root: (weight, 0.0, abs(weight))}
        for node in reversed(toposort(root)):
            g, e, size = reached.get(node, (0.0, 0.0, 0.0))
            if node.op is None or not (e or size):
                continue
            for (x, local), change in zip(node.edges(), moved.get(node) or repeat(0.0)):
                d = local or 0.0
                old = reached.get(x, (0.0, 0.0, 0.0))
                more = abs(d) * e + (abs(g) + e) * change + 3.0 * UNIT * size * abs(d)
                reached[x] = (old[0] + g * d, old[1] + more, old[2] + size * abs(d))
        for i, p in enumerate(params):
            _, e, size = reached.get(p, (0.0, 0.0, 0.0))
            sums[i] += e
            terms_of[i] += size
    return lost + 3.0 * UNIT * total_of_terms, [
        e + 3.0 * UNIT * size for e, size in zip(sums, terms_of, strict=True)
    ]


def _forward(root: Value) -> tuple[dict[Any, float], dict[Any, list[float]]]:
    """Return for each node its error, and by how much its local derivatives may be off."""
    errors: dict[Any, float] = {}
    terms: dict[Any, float] = {}  # of a sum, the absolute values of all that it adds; of others their own
    moved: dict[Any, list[float]] = {}
    for node in toposort(root):
        y = abs(node._data)
        if node.op is None:
            terms[node] = y
            continue
        edges = [(x, abs(d or 0.0)) for x, d in node.edges()]
        total = _total(node)
        linear = total is not None and total.is_linear()
        if linear:  # whose terms may be added in another order, those of its operands among them
            own = sum([d * terms[x] for x, d in edges]) + sum(
                [abs(x) for x in node.operands if not isinstance(x, Value)]
            )
        else:
            own = sum([d * abs(x._data) for x, d in edges])
        terms[node] = max(y, own) if linear else y
        changes = [] if linear else _changes(node, errors)
        if changes:
            moved[node] = changes
        # With the change of the derivative on the way, which is all there is where that is zero, as at the
        # bottom of a square.
        off = [(d + change) * errors.get(x, 0.0) for (x, d), change in zip(edges, changes or repeat(0.0))]
        errors[node] = sum(off) + 3.0 * UNIT * max(y, own)
    return errors, moved


def _total(node: Value) -> Total | None:
    """Return a node as a sum of products of its operands; None if it is none."""
    op, operands = node.op, node.operands
    assert op is not None
    count = len(operands) - len(op.params)
    found = None if op.extremum else total_of(op, tuple(operands[count:]), count)
    return None if found is None or found.steps[count:] else found


def _changes(node: Value, errors: dict[Any, float]) -> list[float]:
    """Return how far each local derivative moves when the operands move by their errors."""
    op, operands = node.op, node.operands
    assert op is not None
    off = [errors.get(x, 0.0) if isinstance(x, Value) else 0.0 for x in operands]
    if isinstance(op, OpOfCall) or not any(off):
        return []
    total = _total(node)
    if total is not None:  # whose local derivative is the other factor
        moved = [0.0] * len(off)
        for coef, factors in total.terms:
            for i, j in (factors, factors[::-1]) if len(factors) == 2 else ():
                moved[i] += abs(coef) * off[j]
        return [e for e, x in zip(moved, operands) if isinstance(x, Value)]
    numbers = tuple([x._data if isinstance(x, Value) else x for x in operands])
    here = op.local(node._data, numbers)
    changes = [0.0] * len(here)
    # One operand at a time, each way; where there are many, all of them.
    ways = (
        [[e if i == j else 0.0 for i, e in enumerate(off)] for j in range(len(off)) if off[j]]
        if len(off) < 4
        else [off]
    )
    for way in [*ways, *([-e for e in way] for way in ways)]:
        there = tuple([x + e for x, e in zip(numbers, way, strict=True)])
        for i, (d, other) in enumerate(zip(here, op.local(op.value(*there), there), strict=True)):
            change = abs(other - d)
            changes[i] += change if change == change else 0.0
    return [c for c, x in zip(changes, operands) if isinstance(x, Value)]
