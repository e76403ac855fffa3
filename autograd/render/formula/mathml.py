"""Formulas as MathML Core, which browsers show without a library."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from autograd.form import (
    ATOM,
    CALL,
    NEGATION,
    POWER,
    PRODUCT,
    SUM,
    Cases,
    Comparison,
    Fence,
    Fraction,
    Function,
    Infix,
    Power,
    Prefix,
    Products,
    Root,
)
from autograd.op import Op
from autograd.render import escape
from autograd.render.formula.formula import Formula
from autograd.render.formula.latex import GREEK, LETTERS
from autograd.render.formula.notation import (
    Notation,
    Printed,
    coefficient_text,
    few,
    is_bare,
    primes,
    split_function,
    split_product,
    terms_of_dot,
)
from autograd.render.labels import MINUS, Blank, number

__all__ = ["LETTERS", "equation", "fraction", "identifier", "mathml", "mathml_number", "operator", "row"]

TIMES, APPLY = "&#x2062;", "&#x2061;"  # multiplication and application, for ears and line breaks
_DOTS = "<mo>⋯</mo>"
_THIN = '<mspace width="0.17em"/>'
_DIGIT = re.compile(r"\A(?:<\w+>)*<mn>")  # begins with a number
_WORD = re.compile(r"<mi>\w\w")


def identifier(text: str) -> str:
    """Return a label as an identifier: Greek as a letter, digits below the line.

    Examples
    --------
    >>> identifier("theta1")
    '<msub><mi>θ</mi><mn>1</mn></msub>'
    """
    stem = text.rstrip("0123456789")
    digits = text[len(stem) :]
    stem = stem.removesuffix("_") if digits else stem
    if not (stem.isascii() and stem.isalpha()):
        return f"<mtext>{escape.xml(text)}</mtext>"
    shown = f"<mi>{LETTERS[stem] if stem in GREEK else stem}</mi>"
    return f"<msub>{shown}<mn>{digits}</mn></msub>" if digits else shown


def mathml_number(x: float) -> str:
    """Return a number, as `autograd.render.labels.number` rounds it."""
    if isinstance(x, Blank):
        return f"<munder><mtext>_____</mtext><mn>{x.place}</mn></munder>"
    return _number(number(x))


def _number(text: str) -> str:
    sign, text = (operator(MINUS), text[1:]) if text.startswith("-") else ("", text)
    if text in ("NaN", "nan"):
        return "<mi>NaN</mi>"
    if text == "inf":
        return row(sign, "<mi>∞</mi>")
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return row(
            sign,
            f"<mn>{mantissa}</mn>",
            operator("×"),
            f"<msup><mn>10</mn>{_number(str(int(exponent)))}</msup>",
        )
    return row(sign, f"<mn>{mantissa}</mn>") if sign else f"<mn>{mantissa}</mn>"


def operator(text: str) -> str:
    """Return an operator."""
    return f"<mo>{text if text in (TIMES, APPLY) else escape.xml(text)}</mo>"


def row(*parts: str) -> str:
    """Join parts into one."""
    return f"<mrow>{''.join(parts)}</mrow>"


def fraction(above: str, below: str) -> str:
    """Return a fraction."""
    return f"<mfrac>{above}{below}</mfrac>"


def equation(*sides: str) -> str:
    """Return a whole formula, its sides joined by equality signs.

    Examples
    --------
    >>> equation(identifier("x"), mathml_number(2.0))
    '<math displaystyle="true"
    xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mi>x</mi><mo>=</mo><mn>2</mn></mrow></math>'
    """
    return (
        '<math displaystyle="true" xmlns="http://www.w3.org/1998/Math/MathML">'
        f'{row(operator("=").join(sides))}</math>'
    )


def mathml(x: Any) -> str:
    """Return a symbol or a number as MathML, without the ``math`` element.

    Examples
    --------
    >>> from autograd.render.formula.symbols import name
    >>> mathml(1.0 / name("x"))
    '<mfrac><mn>1</mn><mi>x</mi></mfrac>'
    """
    return _MATHML.show(x)[0]


def _fenced(inside: str, left: str = "(", right: str = ")") -> str:
    return row(operator(left), inside, operator(right))


def _joined(factors: Sequence[str]) -> str:
    """Multiply: side by side where letters meet, with a dot before a digit and between words."""
    out = list(factors[:1])
    for before, factor in itertools.pairwise(factors):
        digit = _DIGIT.search(factor) is not None
        words = "<mtext>" in before or "<mtext>" in factor or _WORD.search(before + factor) is not None
        out += [operator("·") if digit or words else operator(TIMES) + _THIN, factor]
    return row(*out) if len(out) > 1 else "".join(out)


_SIGNS = {"-": MINUS, ">=": "≥", "<=": "≤", "==": "="}


class _MathML(Notation):
    """MathML Core."""

    def number(self, x: float) -> Printed:
        return _number(coefficient_text(x)), NEGATION if x < 0 else ATOM

    def name(self, text: str) -> str:
        return identifier(text)

    def brackets(self, text: str) -> str:
        return _fenced(text)

    def add(self, terms: list[tuple[bool, str]]) -> str:
        first = "" if terms[0][0] is False else operator(MINUS)
        rest = (operator(MINUS if negative else "+") + term for negative, term in terms[1:])
        return row(first + terms[0][1], *rest)

    def product(self, x: Formula) -> Printed:
        sign, factor, above, divisor, below = split_product(x)
        if below or divisor != 1.0:
            body = fraction(self._side(factor, above), self._side(divisor, below))
            return (row(operator(MINUS), body), NEGATION) if sign else (body, PRODUCT)
        body = self._line(factor, above)
        if not sign and factor == 1.0 and len(above) == 1:
            return body, POWER
        return (row(operator(MINUS), body), NEGATION) if sign else (body, PRODUCT)

    def _side(self, factor: float, powers: Sequence[tuple[Any, float]]) -> str:
        """Return what stands above or below the line of a fraction, which needs no brackets where alone."""
        alone = factor == 1.0 and len(powers) == 1 and powers[0][1] == 1.0
        return mathml(powers[0][0]) if alone else self._line(factor, powers)

    def _line(self, factor: float, powers: Sequence[tuple[Any, float]]) -> str:
        parts = [self._raised(base, exponent) for base, exponent in powers]
        if factor != 1.0 or not parts:
            parts.insert(0, mathml(factor))
        return _joined(parts)

    def _raised(self, base: Any, exponent: float) -> str:
        if exponent == 1.0:
            return self.wrap(base, POWER)
        if exponent == 0.5:
            return f"<msqrt>{mathml(base)}</msqrt>"
        return self.power_of(base, exponent)

    def superscript(self, base: str, above: str) -> str:
        return f"<msup>{base}{above}</msup>"

    def _listed(self, operands: Sequence[Any]) -> str:
        return row(operator(",").join(few([mathml(x) for x in operands], _DOTS)))

    # The shapes.

    def infix(self, form: Infix, _: Op, operands: Sequence[Any]) -> Printed:
        if form.sign == "*":  # no sign, so that a minus in front of a factor needs its brackets
            sides = [self.wrap(x, POWER if i else PRODUCT) for i, x in enumerate(operands)]
            return _joined(few(sides, _DOTS)) or "<mn>1</mn>", PRODUCT
        sides = [self.wrap(x, form.right if i else form.left) for i, x in enumerate(operands)]
        sign = operator(_SIGNS.get(form.sign, form.sign))
        return row(sign.join(few(sides, _DOTS)) or "<mn>0</mn>"), form.precedence

    def comparison(self, form: Comparison, _: Op, operands: Sequence[Any]) -> Printed:
        sign = operator(_SIGNS.get(form.sign, form.sign))
        return _fenced(row(sign.join(map(mathml, operands))), "[", "]"), ATOM

    def prefix(self, form: Prefix, _: Op, operands: Sequence[Any]) -> Printed:
        return row(operator(_SIGNS.get(form.sign, form.sign)), self.wrap(operands[0], PRODUCT)), NEGATION

    def power(self, form: Power, _: Op, operands: Sequence[Any]) -> Printed:
        if form.base:
            base = f"<mn>{form.base}</mn>" if form.base.isdigit() else f"<mi>{form.base}</mi>"
            return self.superscript(base, mathml(operands[-1])), POWER
        return self.power_of(*operands), POWER

    def root(self, form: Root, _: Op, operands: Sequence[Any]) -> Printed:
        inside = mathml(operands[0])
        if form.degree == 2:
            return f"<msqrt>{inside}</msqrt>", ATOM
        return f"<mroot>{row(inside)}<mn>{form.degree}</mn></mroot>", ATOM

    def fraction(self, _: Fraction, __: Op, operands: Sequence[Any]) -> Printed:
        return fraction(mathml(operands[0]), mathml(operands[1])), PRODUCT

    def fence(self, form: Fence, _: Op, operands: Sequence[Any]) -> Printed:
        inside = mathml(operands[0]) if len(operands) == 1 else self._listed(operands)
        return _fenced(inside, form.left, form.right), ATOM

    def function(
        self, form: Function, op: Op, operands: Sequence[Any], power: str = "", *, orders: Sequence[Any] = ()
    ) -> Printed:
        below, above, rest = split_function(form, op, operands)
        title = f"<mi>{escape.xml(form.letter or form.word)}</mi>"
        count, raised = primes(orders, mathml)
        if orders:
            power = _fenced(row(operator(",").join(raised.split(", ")))) if raised else operator("′" * count)
        if below is not None:
            index = mathml(below) if isinstance(below, float) else f"<mn>{below}</mn>"
            title = f"<msubsup>{title}{index}{power}</msubsup>" if power else f"<msub>{title}{index}</msub>"
        elif power:
            title = self.superscript(title, power)
        if above is not None:
            title = f"<msup>{title}{_fenced(mathml(above))}</msup>"
        if is_bare(rest) and not form.letter and not orders:
            return row(title, operator(APPLY), _THIN, mathml(rest[0])), CALL
        return row(title, operator(APPLY), _fenced(self._listed(rest))), CALL

    def cases(self, _: Cases, __: Op, operands: Sequence[Any]) -> Printed:
        def line(x: str, words: str, rest: str) -> str:
            """Return a row of the table."""
            return f"<mtr><mtd>{x}</mtd><mtd><mtext>{words}</mtext>{rest}</mtd></mtr>"

        condition, a, b = map(mathml, operands)
        lines = line(a, "if&#xA0;", condition) + line(b, "else", "")
        return row(operator("{"), f'<mtable columnalign="left">{lines}</mtable>'), SUM

    def products(self, _: Products, __: Op, operands: Sequence[Any]) -> Printed:
        terms = [
            _joined([self.wrap(x, POWER) for x in factors]) or "<mn>1</mn>"
            for factors in terms_of_dot(operands)
        ]
        return row(operator("+").join(few(terms, _DOTS))), SUM


_MATHML = _MathML()
