"""What a formula is, before anything is known of how to write it down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.form import Form, Function
from autograd.op import Op
from autograd.operators import Operators

__all__ = ["Formula", "form_of", "literal", "written"]


class Formula:
    """A formula. Immutable; equal formulas have equal keys.

    Attributes
    ----------
    kind : str
        ``name`` with a string; ``number`` with one that is printed as it stands; ``sum`` with a constant and
        terms (coefficient, formula); ``product`` with a coefficient and factors (formula, exponent); ``call``
        with a row and its operands. Numbers among the parts are floats.
    """

    __slots__ = ("key", "kind", "parts")

    def __init__(self, kind: str, parts: tuple[Any, ...]) -> None:
        self.kind = kind
        self.parts = parts
        self.key: tuple[Any, ...] = (kind, *(_key(p) for p in parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _key(part: Any) -> Any:
    if isinstance(part, Formula):
        return part.key
    if isinstance(part, tuple):
        return tuple(_key(p) for p in part)
    return part.name if isinstance(part, Op) else part


class _AsWritten(Formula, Operators):
    """A formula that the operators of a row's form leave as it was written: ``1.0 * x`` stays a product."""

    __slots__ = ()

    @staticmethod
    def _apply(op: Op, operands: tuple[Any, ...]) -> Any:
        return _AsWritten("call", (op, operands))


def form_of(op: Op) -> Form | None:
    """Return the shape in which a row is written, or None where it is written with other rows.

    See `written`.
    """
    return Function(op.name) if op.form is None else op.form if isinstance(op.form, Form) else None


def written(op: Op, operands: Sequence[Any]) -> Any:
    """Return a row's formula as it is written with other rows.

    None where it is not, or not for such operands.
    """
    if op.form is None or isinstance(op.form, Form):
        return None
    try:
        return op.form(*[_AsWritten(x.kind, x.parts) if isinstance(x, Formula) else x for x in operands])
    # A user's own may ask for what a formula has not.
    except (TypeError, ValueError, ArithmeticError, IndexError):
        return None


def literal(text: str) -> Formula:
    """Return a number that is printed already."""
    return Formula("number", (text,))
