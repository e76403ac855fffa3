"""What stands for an operation in a box: the sign that a reader of mathematics knows."""

from __future__ import annotations

from typing import Final

from autograd.form import Function, Power
from autograd.op import Op
from autograd.render.labels import MINUS, visible

__all__ = ["glyph_of", "has_constant_exponent", "power_glyph"]

_GLYPHS: Final = {
    "*": "×",
    "-": MINUS,
    "/": "÷",
    "**": "^",
    "//": "⌊÷⌋",
    "x²": "( )²",
    "|x|": "| |",
    "·": "dot",
}
"""What is drawn in place of a row's symbol."""
_EXPONENTS: Final = {"2": "( )²", "3": "( )³", "0.5": "( )^½"}


def glyph_of(op: Op) -> str:
    """Return the sign of an operation, or its name as it stands in formulas.

    Examples
    --------
    >>> from autograd import ops
    >>> [glyph_of(op) for op in (ops.mul, ops.div, ops.square, ops.sigmoid, ops.relu, ops.log, ops.tanh)]
    ['×', '÷', '( )²', 'σ', 'ReLU', 'ln', 'tanh']
    """
    if op.symbol:
        return visible(_GLYPHS.get(op.symbol, op.symbol))
    below = op.form.index if isinstance(op.form, Function) and op.form.index not in op.params else ""
    return visible(f"{op.form.word}{below}" if isinstance(op.form, Function) else op.name)


def has_constant_exponent(op: Op) -> bool:
    """Whether an operation is a power of which the exponent is a constant."""
    return isinstance(op.form, Power) and not op.form.base and len(op.params) == 1


def power_glyph(exponent: str) -> str:
    """Return the sign of a power with a constant exponent.

    Examples
    --------
    >>> power_glyph("2"), power_glyph("1.5")
    ('( )²', '^ 1.5')
    """
    return _EXPONENTS.get(exponent, f"^ {exponent}")
