"""How straight-line Python spells operations on floats. Needs the standard library only."""

from __future__ import annotations

import math
from typing import Any

from autograd.floats import many

__all__ = ["NAMES", "TEMPLATES", "TWICE", "exact", "signed", "total"]

NAMES: dict[str, Any] = {
    name: getattr(math, name) for name in ("exp", "sin", "cos", "tanh", "fabs", "sqrt", "log", "nan")
} | {"total": many.total}

TEMPLATES = {
    "div": "{0} / {1}", "exp": "exp({0})", "sin": "sin({0})", "cos": "cos({0})", "tanh": "tanh({0})",
    "abs": "fabs({0})", "relu": "(0.0 if {0} <= 0.0 else {0})", "sqrt": "sqrt({0})", "log": "log({0})",
}  # fmt: skip
"""Rows that Python does itself. What it raises, the caller takes for a result that is not finite."""
TWICE = {"relu"}


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
