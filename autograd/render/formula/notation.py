"""What plain text, LaTeX and MathML have in common.

How a formula is taken apart, and where brackets are needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from autograd.form import ATOM, PRODUCT, SUM, Auxiliary, Form, Function
from autograd.op import Op
from autograd.render.formula.formula import Formula, form_of, written

__all__ = [
    "SHOWN", "Notation", "Printed", "coefficient_text", "derived", "few", "is_bare", "is_named", "primes",
    "raised_name", "signed", "split_function", "split_product", "terms_of_dot",
]  # fmt: skip

SHOWN: Final = 6  # operands of a long list that are printed

Printed = tuple[str, int]
"""A text, and how tightly it binds."""


class Notation:
    """A language of formulas: a subclass has a method for each shape of `autograd.form`, and knows no row."""

    function: Callable[..., Printed]
    """Prints a function of operands; with a power at its name, where a language uses `power_of`.

    And with the orders of a derivative, as `primes` splits them.
    """

    def number(self, x: float) -> Printed:
        """Print a float."""
        raise NotImplementedError

    def name(self, text: str) -> str:
        """Print a name."""
        raise NotImplementedError

    def product(self, x: Formula) -> Printed:
        """Print a coefficient and powers."""
        raise NotImplementedError

    def brackets(self, text: str) -> str:
        """Put a text into brackets."""
        raise NotImplementedError

    def add(self, terms: list[tuple[bool, str]]) -> str:
        """Join terms, each with whether it is subtracted."""
        raise NotImplementedError

    def show(self, x: Any) -> Printed:
        """Print a formula or a number."""
        if not isinstance(x, Formula):
            return self.number(x)
        if x.kind == "name":
            return self.name(x.parts[0]), ATOM
        if x.kind == "number":
            return x.parts[0], ATOM
        if x.kind == "sum":
            terms = [
                (coefficient < 0, self._term(abs(coefficient), term)) for coefficient, term in _sum_parts(x)
            ]
            return self.add(terms), SUM
        return self.product(x) if x.kind == "product" else self._call(*x.parts)

    def wrap(self, x: Any, least: int) -> str:
        """Print an operand, in brackets where it binds less tightly than ``least``."""
        text, precedence = self.show(x)
        return text if precedence >= least else self.brackets(text)

    def power_of(self, base: Any, exponent: Any) -> str:
        """Print a power: of a function of one operand, such as tanh, at its name."""
        x = base
        while isinstance(x, Formula) and x.kind == "call" and (other := written(*x.parts)) is not None:
            x = other
        if isinstance(x, Formula) and x.kind == "call":
            op, operands = x.parts
            form = form_of(op)
            if raised_name(form, op, operands, exponent):
                return self.function(form, op, operands, self.show(exponent)[0])[0]
        return self.superscript(self.wrap(base, ATOM), self.show(exponent)[0])

    def superscript(self, base: str, above: str) -> str:
        """Print a power of what has its brackets."""
        raise NotImplementedError

    def auxiliary(self, form: Auxiliary, op: Op, operands: Sequence[Any]) -> Printed:
        """Print a derivative; what is none has its name, and stands in no derivation (see `is_named`)."""
        found = derived(form, op, operands)
        if found is None:
            return self.function(Function(op.name), op, operands)
        row, given, orders = found
        shape = form_of(row)
        shape = shape if isinstance(shape, Function) else Function(row.name)
        if not any(orders):
            return self.function(shape, row, given)
        return self.function(shape, row, given, orders=orders)

    def _call(self, op: Op, operands: tuple[Any, ...]) -> Printed:
        formula = written(op, operands)
        if formula is not None:
            return self.show(formula)
        form = form_of(op) or Function(op.name)
        shown: Printed = getattr(self, form.__class__.__name__.lower())(form, op, operands)
        return shown

    def _term(self, magnitude: float, term: Formula | None) -> str:
        if term is None:
            return self.number(magnitude)[0]
        if magnitude == 1.0:
            return self.wrap(term, PRODUCT)
        scale, factors = term.parts if term.kind == "product" else (1.0, ((term, 1.0),))
        return self.product(Formula("product", (scale * magnitude, factors)))[0]


def raised_name(form: Form | None, op: Op, operands: Sequence[Any], exponent: Any) -> bool:
    """Whether a power stands at a function's name: ``sin² x``, but ``(max(a, b))²`` and ``(sin x)^(-1)``.

    A negative one there would be read as an inverse function, a fraction or a letter as a name's index.
    """
    if not isinstance(form, Function) or not isinstance(exponent, float):
        return False
    _, above, rest = split_function(form, op, operands)
    whole = 2.0 <= exponent < math.inf and exponent.is_integer()
    return whole and above is None and len(rest) == 1 and (form.letter or form.word).isalpha()


def derived(
    form: Auxiliary, op: Op, operands: Sequence[Any]
) -> tuple[Op, tuple[Any, ...], tuple[Any, ...]] | None:
    """Return the function of which a row is a derivative, that one's operands, and the orders; or None."""
    count = len(operands) - len(op.params)
    found = None if form.of is None else form.of(*operands[count:])
    return None if found is None else (found[0], (*operands[:count], *found[1]), tuple(found[2]))


def is_named(x: Any) -> bool:
    """Whether a formula says all its functions by names that readers know, and none by a rule's own."""
    if not isinstance(x, Formula):
        return all(map(is_named, x)) if isinstance(x, tuple) else True
    if x.kind == "call":
        op, operands = x.parts
        if isinstance(op.form, Auxiliary) and derived(op.form, op, operands) is None:
            return False
        return all(map(is_named, operands))
    return all(map(is_named, x.parts))


def primes(orders: Sequence[Any], show: Callable[[Any], str]) -> tuple[int, str]:
    """Return the number of primes of a derivative, or what stands raised in brackets: ``f''``, ``f^(1, 2)``.

    In brackets is the order in each operand, or an order that nobody would count.
    """
    if len(orders) == 1 and orders[0] in (1.0, 2.0, 3.0):
        return int(orders[0]), ""
    return 0, ", ".join(map(show, orders)) if any(orders) else ""


def is_bare(operands: Sequence[Any]) -> bool:
    """Whether there is one operand only, and that a name: ``tanh z`` needs no brackets."""
    return len(operands) == 1 and isinstance(operands[0], Formula) and operands[0].kind == "name"


def split_function(form: Function, op: Op, operands: Sequence[Any]) -> tuple[Any, Any, list[Any]]:
    """Return what stands below and above a function's name, or None, and what a call has in its brackets."""
    constants = dict(zip(op.params, range(len(operands) - len(op.params), len(operands)), strict=True))
    apart = [constants[name] for name in (form.index, form.order) if name in constants]
    rest = [operands[i] for i in op.written(range(len(operands))) if i not in apart]
    below = operands[constants[form.index]] if form.index in constants else form.index or None
    return below, operands[constants[form.order]] if form.order in constants else None, rest


def coefficient_text(x: float) -> str:
    """Return a constant as it was probably typed.

    Long ones to four significant digits, unless they would look like whole numbers.

    Examples
    --------
    >>> [coefficient_text(x) for x in (2.0, -0.5, 1 / 3, 1.0000001, 1234567.0, 1e20, float("nan"), -0.0)]
    ['2', '-0.5', '0.3333', '1.0000001', '1234567', '1e+20', 'NaN', '-0']
    """
    if x != x:
        return "NaN"
    if x == 0.0:
        return "-0" if math.copysign(1.0, x) < 0.0 else "0"
    whole = abs(x) < 1e15 and float(x).is_integer()
    text = repr(int(x)) if whole else repr(x)
    if len(text.lstrip("-")) <= 6:
        return text
    short = f"{x:.4g}"
    rounded = float(short)
    return (
        text
        if rounded != x and (whole or rounded.is_integer()) and math.isfinite(rounded) and abs(x) < 1e15
        else short
    )


def _sum_parts(x: Formula) -> list[tuple[float, Any]]:
    """Return the terms of a sum with their coefficients in reading order: a positive one first."""
    constant, terms = x.parts
    parts: list[tuple[float, Any]] = list(terms)
    if constant != 0.0:
        leading = constant > 0 and all(c < 0 for c, _ in terms)
        parts.insert(0 if leading else len(parts), (constant, None))
    return parts


def split_product(x: Formula) -> tuple[str, float, list[tuple[Any, float]], float, list[tuple[Any, float]]]:
    """Return sign, number and powers above the line, number and powers below it."""
    coefficient, factors = x.parts
    factors = sorted(factors, key=lambda factor: _is_open(factor[0]))  # x sin x, since sin x x is sin(x x)
    sign, magnitude = ("-" if coefficient < 0 else ""), abs(coefficient)
    below = [(b, -e) for b, e in factors if e < 0]
    above = [(b, e) for b, e in factors if not e < 0]  # NaN, too
    # 0.5 x / y reads better as x / (2 y).
    if 1.0 / 12.0 <= magnitude < 1.0 and (1.0 / magnitude).is_integer():
        return sign, 1.0, above, 1.0 / magnitude, below
    return sign, magnitude, above, 1.0, below


def _is_open(x: Any) -> bool:
    """Whether a factor ends with an operand without brackets, to which what follows would belong."""
    if not isinstance(x, Formula) or x.kind != "call":
        return False
    op, operands = x.parts
    formula = written(op, operands)
    if formula is not None:
        return _is_open(formula)
    form = form_of(op)
    return isinstance(form, Function) and not form.letter and is_bare(split_function(form, op, operands)[2])


def signed(terms: list[tuple[bool, str]]) -> str:
    """Join terms by their signs, as plain text and LaTeX write them."""
    text = "".join(f" {'-' if negative else '+'} {term}" for negative, term in terms)
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}"


def few(texts: list[str], dots: str) -> list[str]:
    """Return the texts, or the ends of a long list."""
    return texts if len(texts) <= SHOWN else [*texts[: SHOWN - 2], dots, texts[-1]]


def terms_of_dot(operands: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the factors of each term of a dot product; the 1 that a bias is multiplied by says nothing."""
    half = len(operands) // 2
    for pair in zip(operands[:half], operands[half:], strict=True):
        yield [x for x in pair if x != 1.0]
