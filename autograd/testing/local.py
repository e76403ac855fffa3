"""Each operation of a recorded graph held against its own values, and the chain rule over those."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd import ops
from autograd.form import Cases
from autograd.testing.numeric import Estimate, local_derivative
from autograd.value import Value
from autograd.words import gettext, marked

__all__ = ["Fault", "Local", "ancestors", "between", "examine", "near", "total_derivative"]

PACKAGE = str(Path(__file__).parent.parent)


@dataclass
class Fault:
    """An operation whose local derivative is not that of its value."""

    operand: Value
    text: str
    size: float


@dataclass
class Local:
    """A node with, for each parent, its local derivative as found from values alone."""

    node: Value
    edges: list[tuple[Value, Estimate | None]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    kink: str = ""
    nearest_kink: float = math.inf
    edge_of_domain: str = ""


def ancestors(y: Value, local: list[Local]) -> list[Local]:
    """Return those of the nodes that ``y`` depends on, in order."""
    wanted: set[Value] = {y}
    found = []
    for item in reversed(local):
        if item.node in wanted:
            found.append(item)
            wanted.update(x for x, _ in item.edges)
    return found[::-1]


def between(x: Value, above: list[Local]) -> list[Local]:
    """Return those of the nodes that depend on ``x``, in order."""
    below: set[Value] = {x}
    found = []
    for item in above:
        if any(p in below for p, _ in item.edges):
            below.add(item.node)
            found.append(item)
    return found


def total_derivative(x: Value, y: Value, nodes: Iterable[Local]) -> Estimate | None:
    """Return the derivative of ``y`` that follows from the operations' values.

    By the chain rule, forward from ``x``.
    """
    tangents: dict[Value, tuple[float, float]] = {x: (1.0, 0.0)}
    method = "complex step"
    for item in nodes:
        total = size = 0.0
        for parent, estimate in item.edges:
            if parent not in tangents:
                continue
            if estimate is None:
                return None
            t, off = tangents[parent]
            total += t * estimate.derivative
            # 16 ulp for the products and sums on each path, beside what each factor is off.
            size += (
                abs(estimate.derivative) * off
                + estimate.uncertainty * (abs(t) + off)
                + 4e-15 * abs(t * estimate.derivative)
            )
            if estimate.method != "complex step":
                method = estimate.method
        tangents[item.node] = total, size
    if y not in tangents:
        return Estimate(0.0, 0.0, method)
    derivative, uncertainty = tangents[y]
    return (
        Estimate(derivative, uncertainty, method)
        if math.isfinite(derivative) and math.isfinite(uncertainty)
        else None
    )


def examine(node: Value, active: set[Any], rtol: float | None) -> Local:
    """Hold a node's local derivatives against its row's values."""
    op = node.op
    assert op is not None
    item = Local(node)
    numbers = [x.data if isinstance(x, Value) else x for x in node.operands]
    item.nearest_kink = _nearest_kink(node, numbers)
    if item.nearest_kink == 0.0:
        item.kink = _said(op, numbers, marked("{call} has no derivative there"))
    undefined = any(map(math.isnan, numbers))
    if undefined or math.isnan(node.data):
        item.edge_of_domain = "" if undefined else _said(op, numbers, marked("{call} is outside its domain"))
        item.edges += [(x, None) for x in node.parents if x in active]
        return item
    analytic = dict(zip(_positions(node), node.edges(), strict=True))
    for i, (parent, d) in analytic.items():
        if parent not in active:
            continue
        estimate = local_derivative(op, numbers, i)
        item.edges.append((parent, estimate))
        if item.kink or estimate is None:
            continue
        # A branch that was not taken passes nothing on, whatever its derivative.
        given = 0.0 if d is None else d
        tolerance = max(estimate.uncertainty, (rtol or 0.0) * abs(estimate.derivative))
        if near(given, estimate.derivative, tolerance):
            if given and not estimate.derivative and estimate.method != "complex step":
                # Values that are all one number do not bear a small slope out.
                item.edges[-1] = (
                    parent,
                    None,
                )
            continue
        if _on_edge(op, numbers, i):
            item.edge_of_domain = _said(op, numbers, marked("{call} is at the edge of its domain"))
            continue
        where = ""
        if node.source and not node.source.startswith(PACKAGE):
            where = gettext(", recorded at {source}", source=node.source)
        text = (
            gettext(
                "{call} = {result}{where}: its rule gives {given} for operand {place}, its values "
                "{numeric} ({method})",
                call=_call(op, numbers), result=repr(node.data), where=where, given=repr(given),
                place=i + 1, numeric=repr(estimate.derivative), method=gettext(estimate.method),
            )
        )
        size = abs(given - estimate.derivative) / max(abs(estimate.derivative), tolerance, 5e-324)
        item.faults.append(Fault(parent, text, math.inf if math.isnan(size) else size))
    if not math.isfinite(node.data) and not item.kink and any(_on_edge(op, numbers, i) for i in analytic):
        item.edge_of_domain = _said(op, numbers, marked("{call} is at the edge of its domain"))
    return item


def _positions(node: Value) -> list[int]:
    """Return which operands are nodes, in order: those for which there are edges."""
    return [i for i, x in enumerate(node.operands) if isinstance(x, Value)]


def _nearest_kink(node: Value, numbers: list[float]) -> float:
    """Return how far the operands are from a point without a derivative, relative to their size."""
    op = node.op
    assert op is not None
    if op.kink is None:
        return math.inf
    if isinstance(op.form, Cases):
        # A condition made of branches without a slope, such as a comparison, changes where those change,
        # which is looked at there, and not where it is 0.
        condition = node.operands[0]
        if not isinstance(condition, Value) or (
            condition.op is not None and condition.op.gated and not any(condition.local_grads)
        ):
            return math.inf
    return op.kink(*numbers) / max(1.0, *map(abs, numbers[: max(op.arity, 1)]))


def _on_edge(op: ops.Op, numbers: list[float], i: int) -> bool:
    return numbers[i] in op.domain[min(i, len(op.domain) - 1)]


def _said(op: ops.Op, numbers: Iterable[float], message: str) -> str:
    """Return a message about a call; what a rule is written with is nothing that a reader has written."""
    if op.auxiliary:
        return gettext("one of its functions has no such derivative there")
    return gettext(message, call=_call(op, numbers))


def _call(op: ops.Op, numbers: Iterable[float]) -> str:
    return f"{op.name}({', '.join(map(repr, op.written(list(numbers))))})"


def near(a: float, b: float, tolerance: float) -> bool:
    """Whether two numbers are equal, both NaN, or apart by no more than the tolerance."""
    return a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= max(tolerance, 5e-324)
