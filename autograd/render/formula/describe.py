"""What ``help()`` says of an operation: made from its row."""

from __future__ import annotations

import math
from typing import Any

from autograd.op import ANY, Op
from autograd.render.formula.symbols import apply_raw, local_formulas, name
from autograd.render.formula.text import plain

__all__ = ["describe"]


def describe(op: Op) -> str:
    """Return an operation's call, formula, derivatives, domain and source, as lines of text.

    Parameters
    ----------
    op
        The row.

    Examples
    --------
    >>> from autograd import sin
    >>> print(describe(sin))
    sin(x): a float of numbers, a Value where an operand is one.
    <BLANKLINE>
    y = sin x
    dy/dx = cos x
    Domain: all real numbers.
    Source: DLMF 4.20.1.
    """
    operands, constants = _names(op), [name(constant) for constant in op.params]
    lines = [f"{op.signature()}: a float of numbers, a Value where an operand is one.", ""]
    if op.arity != ANY:
        lines.append(f"y = {plain(apply_raw(op, [*operands, *constants]))}")
        for x, slope in zip(operands, _slopes(op, operands), strict=False):
            lines.append(f"dy/d{plain(x)} = {plain(slope)}")
    lines += [f"{_constant(op, constant, default)}." for constant, default in op.params.items()]
    lines.append(f"Domain: {', '.join(map(_interval, dict.fromkeys(op.domain)))}.")
    return "\n".join([*lines, f"Source: {op.source}." if op.source else ""]).rstrip()


def _names(op: Op) -> list[Any]:
    return [name("x")] if op.arity == 1 else [name(f"x{i}") for i in range(max(op.arity, 0))]


def _slopes(op: Op, operands: list[Any]) -> tuple[Any, ...]:
    """Return the formulas of the derivatives at the default constants; none where the rule gives none."""
    return local_formulas(op, name("y"), [*operands, *map(float, op.params.values())]) or ()


def _constant(op: Op, constant: str, default: float) -> str:
    low, high = op.whole.get(constant, (0.0, 0.0))
    kind = f"a whole number from {low:g} to {high:g}" if constant in op.whole else "a number"
    return f"{constant}: {kind}, {default:g} by default"


def _interval(bounds: tuple[float, float]) -> str:
    low, high = bounds
    if math.isinf(low) and math.isinf(high):
        return "all real numbers"
    if math.isinf(high):
        return f"numbers above {low:g}"
    return f"numbers from {low:g} to {high:g}"
