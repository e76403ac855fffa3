r"""Formulas as LaTeX, from the rows' templates; for MathJax, KaTeX and TeX itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.op import CALL, NEGATION, POWER, PRODUCT, SUM
from autograd.render import escape
from autograd.render.formula.notation import (
    ATOM,
    Notation,
    Printed,
    coefficient_text,
    few,
    signed,
    split_product,
    terms_of_dot,
)
from autograd.render.formula.symbols import Symbol
from autograd.render.labels import number

__all__ = ["GREEK", "latex", "latex_name", "latex_number"]

GREEK = frozenset(
    ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"]
)
_NAME = re.compile(r"([A-Za-z]+)(?:_?([0-9]+))?\Z")


def latex_name(text: str) -> str:
    r"""Return a label as it stands in a formula: Greek by its name, digits below the line, a path upright.

    Examples
    --------
    >>> [latex_name(t) for t in ("w", "v12", "theta_1", "loss", "layer1.n2", "50%")]
    ['w', 'v_{12}', '\\theta_{1}', '\\mathrm{loss}', '\\text{layer1.n2}', '\\text{50\\%}']
    """
    match = _NAME.match(text)
    if not match:
        return rf"\text{{{escape.latex(text)}}}"
    stem, digits = match.groups()
    stem = f"\\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    return f"{stem}_{{{digits}}}" if digits else stem


def latex_number(x: float) -> str:
    r"""Return a number as LaTeX.

    Examples
    --------
    >>> [latex_number(x) for x in (2.0, -0.5, 1e-9, float("inf"))]
    ['2', '-0.5000', '1.000 \\times 10^{-9}', '\\infty']
    """
    return _exponent(number(x))


def _exponent(text: str) -> str:
    if text.endswith("inf"):
        return text.replace("inf", r"\infty")
    if text == "NaN":
        return r"\mathrm{NaN}"
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


def latex(x: Any) -> str:
    r"""Return a symbol or a number as LaTeX.

    Examples
    --------
    >>> from autograd.render.formula.symbols import name
    >>> a, b = name("a"), name("b")
    >>> latex(1.0 - a * a), latex(-(a / b)), latex(ops.tanh(a + b)), latex(0.5 / a)
    ('1 - a^{2}', '-\\frac{a}{b}', '\\tanh \\left(a + b\\right)', '\\frac{1}{2 \\, a}')
    """
    return _NOTATION.show(x)[0]


def _number(x: float) -> Printed:
    text = _exponent(coefficient_text(x))
    return text, NEGATION if text.startswith("-") else PRODUCT if "times" in text else ATOM


def _product(x: Symbol) -> Printed:
    sign, factor, above, divisor, below = split_product(x)
    if below or divisor != 1.0:
        return rf"{sign}\frac{{{_line(factor, above)}}}{{{_line(divisor, below)}}}", NEGATION if sign else PRODUCT
    if sign and factor == 1.0 and len(above) == 1 and above[0][1] == 1.0:
        return "-" + _wrap(above[0][0], NEGATION + 1), NEGATION
    text = sign + _line(factor, above)
    power = not sign and factor == 1.0 and len(above) == 1
    return text, POWER if power else NEGATION if sign else PRODUCT


def _line(factor: float, powers: Sequence[tuple[Any, float]]) -> str:
    if factor == 1.0 and len(powers) == 1 and powers[0][1] == 1.0:
        return latex(powers[0][0])  # alone above or below the line of a fraction
    parts = [_raised(base, exponent) for base, exponent in powers]
    if factor != 1.0 or not parts:
        parts.insert(0, latex(factor))
    return _joined(parts)


def _joined(factors: Sequence[str]) -> str:
    """Multiply: side by side where letters meet, with a dot before a digit and between words, which would run together."""
    out = "".join(factors[:1])
    for before, factor in itertools.pairwise(factors):
        words = any(mark in part for mark in (r"\text{", r"\mathrm{") for part in (before, factor))
        out += (r" \cdot " if words or factor[0].isdigit() else r" \, ") + factor
    return out


def _raised(base: Any, exponent: float) -> str:
    if exponent == 1.0:
        return _wrap(base, NEGATION + 1)
    if exponent == 0.5:
        return rf"\sqrt{{{latex(base)}}}"
    return f"{_wrap(base, ATOM)}^{{{latex(exponent)}}}"


# Characters before a placeholder that enclose it already: no parentheses are needed.
_ENCLOSING = ("{{", "(", "|", "[", r"\lfloor ", ", ")


def _call(op: ops.Op, operands: tuple[Any, ...]) -> Printed:
    special = _SPECIAL.get(op.name)
    if special:
        return special(*operands)
    if op.arity == ops.ANY or op.latex in ("", "{0}"):  # the latter are the identity, but for a guard
        title = op.latex.replace("{{", "{").replace("}}", "}") if op.latex and "{0}" not in op.latex else rf"\operatorname{{{_letters(op.name)}}}"
        return rf"{title}\left({_listed(operands, ', ')}\right)", ATOM
    template, sides = op.latex, []
    for i, x in enumerate(operands):
        at = template.find(f"{{{i}}}")
        enclosed = template[:at].endswith(_ENCLOSING)
        base = template[at + 3 :].startswith("^")
        # A subtrahend and a divisor bind tighter than what stands on the left.
        least = ATOM if base else 0 if enclosed else ATOM if op.precedence == CALL else op.precedence + (i > 0)
        sides.append(_wrap(x, least))
    fenced = template.startswith((r"\left", r"\lfloor", r"\lceil", "[", "(")) and template.endswith((r"\rfloor", r"\rceil", "]", ")", "|"))
    precedence = ATOM if fenced else CALL if op.precedence == CALL else op.precedence
    return template.format(*sides), POWER if template.startswith(("e^", "2^")) and op.precedence == CALL else precedence


def _letters(name: str) -> str:
    return name.replace("_", r"\_")


def _listed(operands: Sequence[Any], separator: str, least: int = 0) -> str:
    return separator.join(few([_wrap(x, least) for x in operands], r"\cdots"))


def _dot(*operands: Any) -> Printed:
    terms = [_joined([_wrap(x, NEGATION + 1) for x in factors]) or "1" for factors in terms_of_dot(operands)]
    return " + ".join(few(terms, r"\cdots")) or "0", SUM if len(terms) > 1 else PRODUCT


def _where(condition: Any, a: Any, b: Any) -> Printed:
    return rf"\begin{{cases}} {latex(a)} & \text{{if }} {latex(condition)} \\ {latex(b)} & \text{{else}} \end{{cases}}", SUM


def _indexed(title: str) -> Callable[..., Printed]:
    return lambda *operands: (rf"{title}_{{{int(operands[-1])}}}\left({_listed(operands[:-1], ', ')}\right)", ATOM)


_NOTATION: Notation = Notation(_number, latex_name, _product, _call, r"\left({}\right)".format, signed)
_wrap: Callable[[Any, int], str] = _NOTATION.wrap

_SPECIAL: dict[str, Callable[..., Printed]] = {
    "dot": _dot,
    "mul": lambda a, b: (_joined([_wrap(a, PRODUCT), _wrap(b, NEGATION + 1)]), PRODUCT),
    "sum": lambda *xs: (_listed(xs, " + ", PRODUCT) or "0", SUM if len(xs) > 1 else PRODUCT),
    "mean": lambda *xs: (rf"\frac{{{_listed(xs, ' + ', PRODUCT)}}}{{{len(xs)}}}", PRODUCT),
    "prod": lambda *xs: (_joined(few([_wrap(x, NEGATION + 1) for x in xs], r"\cdots")) or "1", PRODUCT),
    "where": _where,
    "softmax": _indexed(r"\operatorname{softmax}"),
    "log_softmax": _indexed(r"\ln \operatorname{softmax}"),
    "direction": _indexed(r"\operatorname{direction}"),
}
