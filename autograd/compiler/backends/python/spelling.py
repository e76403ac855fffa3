"""How straight-line Python spells operations on floats. Needs the standard library only."""

from __future__ import annotations

import math
import re
from typing import Any

from autograd.floats import many
from autograd.op import TABLE, Op

__all__ = ["NAMES", "PARTS", "exact", "expression", "is_tight", "signed", "total"]

NAMES: dict[str, Any] = {
    name: getattr(math, name) for name in ("exp", "sin", "cos", "tanh", "fabs", "sqrt", "log", "nan")
} | {"total": many.total}

CODE = {
    "div": "{0} / {1}", "exp": "exp({0})", "sin": "sin({0})", "cos": "cos({0})", "tanh": "tanh({0})",
    "abs": "fabs({0})", "relu": "(0.0 if {0} <= 0.0 else {0})", "sqrt": "sqrt({0})", "log": "log({0})",
    "sigmoid": "({part[1]} if {0} > 0.0 else {part[0]} * {part[1]})",
    "sigmoid_slope": "{part[0]} * {part[1]} * {part[1]}",
}  # fmt: skip
"""Rows that Python does itself. What it raises, the caller takes for a result that is not finite."""

FOR_CONSTANTS: dict[tuple[str, tuple[float, ...]], str] = {
    ("step", (0.0,)): "(1.0 if {0} > {1} else 0.0 if {0} <= {1} else nan)",
}
"""The same for some constants of a row only."""

_LOGISTIC = "exp(-{0} if {0} > 0.0 else {0})", "1.0 / (1.0 + {part[0]})"  # whose exponential is at most 1
PARTS = {"sigmoid": _LOGISTIC, "sigmoid_slope": _LOGISTIC}
"""What stands as ``part`` in a row's expression: computed once, for all rows of the same operands too."""


def expression(op: Op, params: tuple[float, ...]) -> str | None:
    """Return a row as an expression of its operands; None where it is computed by its value."""
    if TABLE.get(op.name) is not op:  # a custom operation may be named as a row
        return None
    return FOR_CONSTANTS.get((op.name, params)) or CODE.get(op.name)


def is_tight(text: str) -> bool:
    """Tell whether an expression may be a factor as it stands: a call, or what is in parentheses.

    Examples
    --------
    >>> is_tight("exp({0})"), is_tight("{0} / {1}"), is_tight("(1.0 if {0} else 2.0) / (1.0 + {0})")
    (True, False, False)
    """
    return re.fullmatch(r"\w*\([^()]*\)", text) is not None


MOST = 100
"""Most terms that follow each other without parentheses."""


def total(parts: list[str]) -> str:
    """Return signed terms as one expression.

    Examples
    --------
    >>> total(["- x", "+ 2.0 * y"])
    '-x + 2.0 * y'
    """
    if len(parts) > MOST:  # Python's own compiler is recursive: each sign is one level
        return f"total(({', '.join([total([part]) for part in parts])}))"
    text = " ".join(parts)
    return "0.0" if not parts else text[2:] if text.startswith("+") else f"-{text[2:]}"


def signed(coef: float, factors: list[str]) -> str:
    """Return a product as a term with its sign.

    Examples
    --------
    >>> signed(-1.0, ["x", "y"]), signed(2.0, ["x"]), signed(1.0, [])
    ('- x * y', '+ 2.0 * x', '+ 1.0')
    """
    sign = "-" if coef < 0 else "+"
    texts = [*([exact(abs(coef))] if abs(coef) != 1.0 or not factors else []), *factors]
    return f"{sign} {' * '.join(texts)}"


def exact(x: float) -> str:
    """Return the text of a float."""
    return repr(x) if math.isfinite(x) else f"float('{x}')"
