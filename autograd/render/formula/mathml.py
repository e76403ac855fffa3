"""Formulas as MathML Core, which browsers show without a library."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.op import CALL, NEGATION, POWER, PRODUCT, SUM
from autograd.render import escape
from autograd.render.formula.latex import GREEK
from autograd.render.formula.notation import ATOM, Notation, Printed, coefficient_text, few, split_product, terms_of_dot
from autograd.render.formula.symbols import Symbol
from autograd.render.labels import MINUS, number

__all__ = ["LETTERS", "equation", "fraction", "identifier", "mathml", "mathml_number", "operator", "row"]

TIMES, APPLY = "&#x2062;", "&#x2061;"  # multiplication and application, for ears and line breaks
_DOTS = "<mo>⋯</mo>"
_THIN = '<mspace width="0.17em"/>'
_DIGIT = re.compile(r"\A(?:<\w+>)*<mn>")  # begins with a number
_WORD = re.compile(r"<mi>\w\w")
_ALPHABET = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", ".", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"]
LETTERS = {word: chr(0x3B1 + i) for i, word in enumerate(_ALPHABET)} | {word.capitalize(): chr(0x391 + i) for i, word in enumerate(_ALPHABET)}
_TITLES = {"log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sigmoid": "σ", "normal_cdf": "Φ", "maximum": "max",
           "minimum": "min", "digamma": "ψ", "relu": "ReLU"}  # fmt: skip


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
    return _number(number(x))


def _number(text: str) -> str:
    sign, text = (operator(MINUS), text[1:]) if text.startswith("-") else ("", text)
    if text in ("NaN", "nan"):
        return "<mi>NaN</mi>"
    if text == "inf":
        return row(sign, "<mi>∞</mi>")
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return row(sign, f"<mn>{mantissa}</mn>", operator("×"), f"<msup><mn>10</mn>{_number(str(int(exponent)))}</msup>")
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
    '<math displaystyle="true" xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mi>x</mi><mo>=</mo><mn>2</mn></mrow></math>'
    """
    return f'<math displaystyle="true" xmlns="http://www.w3.org/1998/Math/MathML">{row(operator("=").join(sides))}</math>'


def mathml(x: Any) -> str:
    """Return a symbol or a number as MathML, without the ``math`` element.

    Examples
    --------
    >>> from autograd.render.formula.symbols import name
    >>> mathml(1.0 / name("x"))
    '<mfrac><mn>1</mn><mi>x</mi></mfrac>'
    """
    return _NOTATION.show(x)[0]


def _fence(inside: str, left: str = "(", right: str = ")") -> str:
    return row(operator(left), inside, operator(right))


def _atom(x: float) -> Printed:
    return _number(coefficient_text(x)), NEGATION if x < 0 else ATOM


def _add(terms: list[tuple[bool, str]]) -> str:
    first = "" if terms[0][0] is False else operator(MINUS)
    return row(first + terms[0][1], *(operator(MINUS if negative else "+") + term for negative, term in terms[1:]))


def _product(x: Symbol) -> Printed:
    sign, factor, above, divisor, below = split_product(x)
    body = _line(factor, above)
    if below or divisor != 1.0:
        body = fraction(body, _line(divisor, below))
    elif not sign and factor == 1.0 and len(above) == 1:
        return body, POWER
    return (row(operator(MINUS), body), NEGATION) if sign else (body, PRODUCT)


def _line(factor: float, powers: Sequence[tuple[Any, float]]) -> str:
    parts = [_raised(base, exponent) for base, exponent in powers]
    if factor != 1.0 or not parts:
        parts.insert(0, mathml(factor))
    return _joined(parts)


def _joined(factors: Sequence[str]) -> str:
    """Multiply: side by side where letters meet, with a dot before a digit and between words, which would run together."""
    out = list(factors[:1])
    for before, factor in itertools.pairwise(factors):
        digit = _DIGIT.search(factor) is not None
        words = "<mtext>" in before or "<mtext>" in factor or _WORD.search(before + factor) is not None
        out += [operator("·") if digit or words else operator(TIMES) + _THIN, factor]
    return row(*out) if len(out) > 1 else "".join(out)


def _raised(base: Any, exponent: float) -> str:
    if exponent == 1.0:
        return _wrap(base, NEGATION + 1)
    if exponent == 0.5:
        return f"<msqrt>{mathml(base)}</msqrt>"
    return f"<msup>{_wrap(base, ATOM)}{mathml(exponent)}</msup>"


def _call(op: ops.Op, operands: tuple[Any, ...]) -> Printed:
    rule = _SPECIAL.get(op.name)
    if rule:
        return rule(*operands)
    title = f"<mi>{escape.xml(_TITLES.get(op.name, op.name))}</mi>"
    if op.params and op.arity == ops.ANY:
        title, operands = f"<msub>{title}{mathml(operands[-1])}</msub>", operands[:-1]
    if len(operands) == 1 and isinstance(operands[0], Symbol) and operands[0].kind == "name":
        return row(title, operator(APPLY), _THIN, mathml(operands[0])), CALL
    return row(title, operator(APPLY), _fence(_listed(op.written(operands), ","))), ATOM


def _listed(operands: Sequence[Any], separator: str, least: int = 0) -> str:
    return _elided([_wrap(x, least) for x in operands], separator)


def _elided(texts: list[str], separator: str) -> str:
    return row(operator(separator).join(few(texts, _DOTS)))


def _dot(*operands: Any) -> Printed:
    return _elided([_joined([_wrap(x, NEGATION + 1) for x in factors]) or "<mn>1</mn>" for factors in terms_of_dot(operands)], "+"), SUM


def _infix(sign: str, precedence: int, *, fenced: bool = False) -> Callable[..., Printed]:
    def show(a: Any, b: Any, *_: Any) -> Printed:
        body = row(_wrap(a, 0 if fenced else precedence), operator(sign), _wrap(b, 0 if fenced else precedence + (sign != "+")))
        return (_fence(body, "[", "]"), ATOM) if fenced else (body, precedence)

    return show


def _power(a: Any, b: Any) -> Printed:
    return f"<msup>{_wrap(a, ATOM)}{mathml(b)}</msup>", POWER


def _where(condition: Any, a: Any, b: Any) -> Printed:
    def line(x: Any, words: str, rest: str) -> str:
        return f"<mtr><mtd>{mathml(x)}</mtd><mtd><mtext>{words}</mtext>{rest}</mtd></mtr>"

    return row(operator("{"), f"<mtable columnalign=\"left\">{line(a, 'if&#xA0;', mathml(condition))}{line(b, 'else', '')}</mtable>"), SUM


_NOTATION: Notation = Notation(_atom, identifier, _product, _call, _fence, _add)
_wrap: Callable[[Any, int], str] = _NOTATION.wrap

_SPECIAL: dict[str, Callable[..., Printed]] = {
    "add": _infix("+", SUM), "sub": _infix(MINUS, SUM), "mul": lambda a, b: (_joined([_wrap(a, PRODUCT), _wrap(b, NEGATION + 1)]), PRODUCT), "mod": _infix("mod", PRODUCT),
    "div": lambda a, b: (fraction(mathml(a), mathml(b)), PRODUCT), "reciprocal": lambda x: (fraction("<mn>1</mn>", mathml(x)), PRODUCT),
    "neg": lambda x: (row(operator(MINUS), _wrap(x, PRODUCT)), NEGATION), "power": _power, "pow": _power,
    "square": lambda x: _power(x, 2.0), "sqrt": lambda x: (f"<msqrt>{mathml(x)}</msqrt>", ATOM),
    "cbrt": lambda x: (f"<mroot>{row(mathml(x))}<mn>3</mn></mroot>", ATOM), "exp": lambda x: (f"<msup><mi>e</mi>{mathml(x)}</msup>", POWER),
    "exp2": lambda x: (f"<msup><mn>2</mn>{mathml(x)}</msup>", POWER), "abs": lambda x: (_fence(mathml(x), "|", "|"), ATOM),
    "floor": lambda x: (_fence(mathml(x), "⌊", "⌋"), ATOM), "ceil": lambda x: (_fence(mathml(x), "⌈", "⌉"), ATOM),
    "floordiv": lambda a, b: (_fence(fraction(mathml(a), mathml(b)), "⌊", "⌋"), ATOM),
    "greater": _infix(">", SUM, fenced=True), "greater_equal": _infix("≥", SUM, fenced=True), "less": _infix("<", SUM, fenced=True),
    "less_equal": _infix("≤", SUM, fenced=True), "equal": _infix("=", SUM, fenced=True), "where": _where, "dot": _dot,
    "sum": lambda *xs: (_listed(xs, "+", PRODUCT), SUM), "prod": lambda *xs: (_joined(few([_wrap(x, NEGATION + 1) for x in xs], _DOTS)), PRODUCT),
    "mean": lambda *xs: (fraction(_listed(xs, "+", PRODUCT), f"<mn>{len(xs)}</mn>"), PRODUCT),
}  # fmt: skip
