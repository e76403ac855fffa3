"""How an operation is written: a few shapes of notation, of which each language draws every one.

A row of the table says ``form=Function("arctan")`` or ``form=Root("sqrt")``; or, where it is written with
other rows, a function of its operands such as ``lambda x: log(1.0 + x)``. Plain text, LaTeX, MathML and
whatever else draw the shapes, and know no row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ATOM", "CALL", "NEGATION", "POWER", "PRODUCT", "SUM", "Auxiliary", "Cases", "Comparison",
    "Fence", "Form",
    "Fraction", "Function", "Infix", "Power", "Prefix", "Products", "Root",
]  # fmt: skip

# How tightly a printed form binds, for parentheses; an atom is a name, a number, or what has brackets of its
# own.
SUM, PRODUCT, NEGATION, POWER, CALL, ATOM = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Form:
    """A shape of notation."""


@dataclass(frozen=True, slots=True)
class Infix(Form):
    """Operands with a sign between them: ``a + b``, or a sum of more; ``a mod b``."""

    sign: str
    """``+``, ``-``, ``*`` or a word."""
    precedence: int
    """How tightly the whole binds."""
    left: int
    """How tightly the first operand must bind to stand without brackets."""
    right: int
    """The same of each other operand."""


@dataclass(frozen=True, slots=True)
class Comparison(Form):
    """A comparison in Iverson's brackets: ``[a > b]`` is 1 where it holds, and 0 elsewhere."""

    sign: str
    """``>``, ``>=``, ``<``, ``<=`` or ``==``."""


@dataclass(frozen=True, slots=True)
class Prefix(Form):
    """A sign in front: ``-x``."""

    sign: str


@dataclass(frozen=True, slots=True)
class Power(Form):
    """A power: of two operands, or of a constant base such as e."""

    base: str = ""


@dataclass(frozen=True, slots=True)
class Root(Form):
    """A root; the square root without its degree."""

    word: str
    """The function's name, where no root can be drawn."""
    degree: int = 2


@dataclass(frozen=True, slots=True)
class Fraction(Form):
    """The first operand above the second."""


@dataclass(frozen=True, slots=True)
class Fence(Form):
    """The operand in brackets of its own: ``|x|``."""

    left: str
    right: str
    word: str = ""
    """The function's name, where these brackets cannot be written."""


@dataclass(frozen=True, slots=True)
class Function(Form):
    """An upright name before its operands: ``tanh x``, ``atan2(y, x)``."""

    word: str
    """The name in words."""
    letter: str = ""
    """What stands for it in a formula, such as a Greek letter, if not the word."""
    index: str = ""
    """The name of the constant that stands below the line, such as the index of a softmax.

    Or a number: a base.
    """
    order: str = ""
    """The name of the constant that stands raised in brackets: the order of a derivative."""


@dataclass(frozen=True, slots=True)
class Auxiliary(Form):
    """What only rules use: a derivation writes it out with other rows, or as a derivative: ``sinc'(x)``.

    It exists since what it is written out as loses digits, or leaves the range of doubles, where it does not.
    Where neither gives its number, a derivation has no formula: the row's own name stands in none.
    """

    write: Callable[..., Any] | None = None
    """The formula of the operands and constants; None where there is none for such constants."""
    of: Callable[..., tuple[Any, Sequence[Any], Sequence[Any]] | None] | None = None
    """Of the constants: the function of which it is a derivative, and that one's constants.

    Third, the order in each operand that stands in its brackets. None where it is no derivative of a row's.
    """


@dataclass(frozen=True, slots=True)
class Cases(Form):
    """The second operand if the first, a condition, holds; else the third."""


@dataclass(frozen=True, slots=True)
class Products(Form):
    """The sum of the products of two vectors, which follow each other."""
