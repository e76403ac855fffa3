"""Formulas as MathML Core, which browsers show without a library."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.op import CALL, NEGATION, POWER, PRODUCT, SUM
from autograd.render import escape
from autograd.render.latex import GREEK
from autograd.render.plain import ATOM, coefficient_text, split_product, sum_parts
from autograd.render.symbols import Symbol
from autograd.render.text import MINUS, number

__all__ = ["equation", "fraction", "identifier", "mathml", "mathml_number", "operator", "row"]

SHOWN = 6
TIMES, APPLY = "&#x2062;", "&#x2061;"  # multiplication and application, for ears and line breaks
_THIN = '<mspace width="0.17em"/>'
_DIGIT = re.compile(r"\A(?:<\w+>)*<mn>")  # begins with a number
_WORD = re.compile(r"<mi>\w\w")
_ALPHABET = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", ".", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"]
_GREEK = {word: chr(0x3B1 + i) for i, word in enumerate(_ALPHABET)} | {word.capitalize(): chr(0x391 + i) for i, word in enumerate(_ALPHABET)}
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
    shown = f"<mi>{_GREEK[stem] if stem in GREEK else stem}</mi>"
    return f"<msub>{shown}<mn>{digits}</mn></msub>" if digits else shown


def mathml_number(x: float) -> str:
    """Return a number, as `autograd.render.text.number` rounds it."""
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
    >>> from autograd.render.symbols import name
    >>> mathml(1.0 / name("x"))
    '<mfrac><mn>1</mn><mi>x</mi></mfrac>'
    """
    return _print(x)[0]


def _print(x: Any) -> tuple[str, int]:
    if not isinstance(x, Symbol):
        return _number(coefficient_text(x)), NEGATION if x < 0 else ATOM
    if x.kind == "name":
        return identifier(x.parts[0]), ATOM
    if x.kind == "sum":
        return _sum(x), SUM
    if x.kind == "product":
        return _product(x)
    return _call(*x.parts)


def _fence(inside: str, left: str = "(", right: str = ")") -> str:
    return row(operator(left), inside, operator(right))


def _wrap(x: Any, least: int) -> str:
    text, precedence = _print(x)
    return text if precedence >= least else _fence(text)


def _sum(x: Symbol) -> str:
    out = []
    for i, (coefficient, term) in enumerate(sum_parts(x)):
        if i or coefficient < 0:
            out.append(operator(MINUS if coefficient < 0 else "+"))
        magnitude = abs(coefficient)
        if term is None:
            out.append(_print(magnitude)[0])
        elif magnitude == 1.0:
            out.append(_wrap(term, PRODUCT))
        else:
            scale, factors = term.parts if term.kind == "product" else (1.0, ((term, 1.0),))
            out.append(_product(Symbol("product", (scale * magnitude, factors)))[0])
    return row(*out)


def _product(x: Symbol) -> tuple[str, int]:
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
        parts.insert(0, _print(factor)[0])
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
    return f"<msup>{_wrap(base, ATOM)}{_print(exponent)[0]}</msup>"


def _call(op: ops.Op, operands: tuple[Any, ...]) -> tuple[str, int]:
    rule = _SPECIAL.get(op.name)
    if rule:
        return rule(*operands)
    title = f"<mi>{escape.xml(_TITLES.get(op.name, op.name))}</mi>"
    if op.params and op.arity == ops.ANY:
        title, operands = f"<msub>{title}{_print(operands[-1])[0]}</msub>", operands[:-1]
    if len(operands) == 1 and isinstance(operands[0], Symbol) and operands[0].kind == "name":
        return row(title, operator(APPLY), _THIN, mathml(operands[0])), CALL
    return row(title, operator(APPLY), _fence(_listed(operands, ","))), ATOM


def _listed(operands: Sequence[Any], separator: str, least: int = 0) -> str:
    return _elided([_wrap(x, least) for x in operands], separator)


def _elided(texts: list[str], separator: str) -> str:
    return row(operator(separator).join(_few(texts)))


def _few(texts: list[str]) -> list[str]:
    return texts if len(texts) <= SHOWN else [*texts[: SHOWN - 2], "<mo>⋯</mo>", texts[-1]]


def _dot(*operands: Any) -> tuple[str, int]:
    half = len(operands) // 2
    pairs = zip(operands[:half], operands[half:], strict=True)
    return _elided([_joined([_wrap(x, NEGATION + 1) for x in pair if x != 1.0]) or "<mn>1</mn>" for pair in pairs], "+"), SUM


def _infix(sign: str, precedence: int, *, fenced: bool = False) -> Callable[..., tuple[str, int]]:
    def show(a: Any, b: Any, *_: Any) -> tuple[str, int]:
        body = row(_wrap(a, 0 if fenced else precedence), operator(sign), _wrap(b, 0 if fenced else precedence + (sign != "+")))
        return (_fence(body, "[", "]"), ATOM) if fenced else (body, precedence)

    return show


def _power(a: Any, b: Any) -> tuple[str, int]:
    return f"<msup>{_wrap(a, ATOM)}{mathml(b)}</msup>", POWER


def _where(condition: Any, a: Any, b: Any) -> tuple[str, int]:
    def line(x: Any, words: str, rest: str) -> str:
        return f"<mtr><mtd>{mathml(x)}</mtd><mtd><mtext>{words}</mtext>{rest}</mtd></mtr>"

    return row(operator("{"), f"<mtable columnalign=\"left\">{line(a, 'if&#xA0;', mathml(condition))}{line(b, 'else', '')}</mtable>"), SUM


_SPECIAL: dict[str, Callable[..., tuple[str, int]]] = {
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
    "step": lambda a, b, tie=0.0: _infix("≥" if tie == 1.0 else ">", SUM, fenced=True)(a, b),
    "sum": lambda *xs: (_listed(xs, "+", PRODUCT), SUM), "prod": lambda *xs: (_joined(_few([_wrap(x, NEGATION + 1) for x in xs])), PRODUCT),
    "mean": lambda *xs: (fraction(_listed(xs, "+", PRODUCT), f"<mn>{len(xs)}</mn>"), PRODUCT),
    "restrict": _print, "saturate": _print,
}  # fmt: skip
