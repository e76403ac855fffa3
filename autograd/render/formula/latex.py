r"""Formulas as LaTeX, from the rows' templates; for MathJax, KaTeX and TeX itself."""

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
from autograd.render.formula.notation import (
    Notation,
    Printed,
    coefficient_text,
    few,
    primes,
    signed,
    split_function,
    split_product,
    terms_of_dot,
)
from autograd.render.labels import Blank, number

__all__ = ["GREEK", "LETTERS", "latex", "latex_name", "latex_number"]

_ALPHABET = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    ".",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
LETTERS = {word: chr(0x3B1 + i) for i, word in enumerate(_ALPHABET)} | {
    word.capitalize(): chr(0x391 + i) for i, word in enumerate(_ALPHABET)
}
"""Greek letters by their names."""
GREEK = frozenset(_ALPHABET) - {"omicron", "."} | frozenset(
    ["Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"]
)
"""Those that TeX has a command for: the others look like Latin letters."""
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
    if isinstance(x, Blank):
        return rf"\underset{{{x.place}}}{{\underline{{\hspace{{3em}}}}}}"
    return _exponent(number(x))


def _exponent(text: str) -> str:
    if text.endswith("inf"):
        return text.replace("inf", r"\infty")
    if text == "NaN":
        return r"\mathrm{NaN}"
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


def latex(x: Any) -> str:
    r"""Return a formula or a number as LaTeX.

    Examples
    --------
    >>> from autograd import ops
    >>> from autograd.render.formula.symbols import name
    >>> a, b = name("a"), name("b")
    >>> latex(1.0 - a * a), latex(-(a / b)), latex(ops.tanh(a + b)), latex(0.5 / a)
    ('1 - a^{2}', '-\\frac{a}{b}', '\\tanh \\left(a + b\\right)', '\\frac{1}{2 \\, a}')
    """
    return _LATEX.show(x)[0]


def _joined(factors: Sequence[str]) -> str:
    """Multiply: side by side where letters meet, with a dot before a digit and between words."""
    out = "".join(factors[:1])
    for before, factor in itertools.pairwise(factors):
        words = any(mark in part for mark in (r"\text{", r"\mathrm{") for part in (before, factor))
        out += (r" \cdot " if words or factor[0].isdigit() else r" \, ") + factor
    return out


def _title(form: Function) -> str:
    """Return a function's name, upright; or what stands for it."""
    if not form.letter:
        word = form.word.replace("_", r"\_")
        return rf"\{word}" if word in _NAMED else rf"\operatorname{{{word}}}"
    return " ".join(map(_word, form.letter.split()))


def _word(word: str) -> str:
    if word.isascii() and word.isalpha():
        return rf"\{word}" if word in _NAMED else rf"\operatorname{{{word}}}"
    stem = word.rstrip(_RAISED)
    if stem != word and stem.isascii():  # J₁ is a letter with an index, erf⁻¹ a name
        shown = stem if len(stem) == 1 else _word(stem)
    else:
        shown = "".join(_LETTERS.get(c, c) for c in stem)
    return shown + word[len(stem) :].translate(_PLACES)


_RAISED = "⁻¹₀₁"
_PLACES = str.maketrans({"⁻": "^{-1}", "¹": "", "₀": "_0", "₁": "_1"})
_NAMED = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "ln",
        "log",
        "exp",
        "max",
        "min",
    ]
)
"""Functions whose names TeX knows."""
_LETTERS = {letter: rf"\{word}" for word, letter in LETTERS.items() if word in GREEK}
_SIGNS = {"*": r"\,", ">=": r"\geq", "<=": r"\leq", "==": "=", "mod": r"\bmod"}
_FENCES = {"⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "‖": r"\|"}


class _Latex(Notation):
    """LaTeX."""

    def number(self, x: float) -> Printed:
        text = _exponent(coefficient_text(x))
        return text, NEGATION if text.startswith("-") else PRODUCT if "times" in text else ATOM

    def name(self, text: str) -> str:
        return latex_name(text)

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)"

    def add(self, terms: list[tuple[bool, str]]) -> str:
        return signed(terms)

    def product(self, x: Formula) -> Printed:
        sign, factor, above, divisor, below = split_product(x)
        if below or divisor != 1.0:
            body = rf"\frac{{{self._line(factor, above)}}}{{{self._line(divisor, below)}}}"
            return sign + body, NEGATION if sign else PRODUCT
        if sign and factor == 1.0 and len(above) == 1 and above[0][1] == 1.0:
            return "-" + self.wrap(above[0][0], POWER), NEGATION
        text = sign + self._line(factor, above)
        power = not sign and factor == 1.0 and len(above) == 1
        return text, POWER if power else NEGATION if sign else PRODUCT

    def _line(self, factor: float, powers: Sequence[tuple[Any, float]]) -> str:
        if factor == 1.0 and len(powers) == 1 and powers[0][1] == 1.0:
            return latex(powers[0][0])  # alone above or below the line of a fraction
        parts = [self._raised(base, exponent) for base, exponent in powers]
        if factor != 1.0 or not parts:
            parts.insert(0, latex(factor))
        return _joined(parts)

    def _raised(self, base: Any, exponent: float) -> str:
        if exponent == 1.0:
            return self.wrap(base, POWER)
        if exponent == 0.5:
            return rf"\sqrt{{{latex(base)}}}"
        return self.power_of(base, exponent)

    def superscript(self, base: str, above: str) -> str:
        return f"{base}^{{{above}}}"

    def _listed(self, operands: Sequence[Any]) -> str:
        return ", ".join(few([latex(x) for x in operands], r"\cdots"))

    # The shapes.

    def infix(self, form: Infix, _: Op, operands: Sequence[Any]) -> Printed:
        if form.sign == "*":  # no sign, so that a minus in front of a factor needs its brackets
            return _joined(
                few([self.wrap(x, POWER if i else PRODUCT) for i, x in enumerate(operands)], r"\cdots")
            ) or "1", PRODUCT
        sides = [self.wrap(x, form.right if i else form.left) for i, x in enumerate(operands)]
        return f" {_SIGNS.get(form.sign, form.sign)} ".join(few(sides, r"\cdots")) or "0", form.precedence

    def comparison(self, form: Comparison, _: Op, operands: Sequence[Any]) -> Printed:
        return f"[{f' {_SIGNS.get(form.sign, form.sign)} '.join(map(latex, operands))}]", ATOM

    def prefix(self, form: Prefix, _: Op, operands: Sequence[Any]) -> Printed:
        return form.sign + self.wrap(operands[0], PRODUCT), NEGATION

    def power(self, form: Power, _: Op, operands: Sequence[Any]) -> Printed:
        if form.base:
            return f"{form.base}^{{{latex(operands[-1])}}}", POWER
        return self.power_of(*operands), POWER

    def root(self, form: Root, _: Op, operands: Sequence[Any]) -> Printed:
        degree = "" if form.degree == 2 else f"[{form.degree}]"
        return rf"\sqrt{degree}{{{latex(operands[0])}}}", ATOM

    def fraction(self, _: Fraction, __: Op, operands: Sequence[Any]) -> Printed:
        return rf"\frac{{{latex(operands[0])}}}{{{latex(operands[1])}}}", PRODUCT

    def fence(self, form: Fence, _: Op, operands: Sequence[Any]) -> Printed:
        left, right = _FENCES.get(form.left, form.left), _FENCES.get(form.right, form.right)
        return rf"\left{left}{self._listed(operands)}\right{right}", ATOM

    def function(
        self, form: Function, op: Op, operands: Sequence[Any], power: str = "", *, orders: Sequence[Any] = ()
    ) -> Printed:
        below, above, rest = split_function(form, op, operands)
        title = _title(form)
        if below is not None:
            title += f"_{{{int(below) if isinstance(below, float) else below}}}"
        if above is not None:
            title += f"^{{({latex(above)})}}"
        count, raised = primes(orders, latex)
        title += f"^{{({raised})}}" if raised else "'" * count
        if power:
            title += f"^{{{power}}}"
        if len(rest) == 1 and not form.letter and not orders:
            return f"{title} {self.wrap(rest[0], ATOM)}", CALL
        simple = all(not isinstance(x, Formula) or x.kind in ("name", "number") for x in rest)
        inside = self._listed(rest)
        return title + (f"({inside})" if simple else self.brackets(inside)), CALL

    def cases(self, _: Cases, __: Op, operands: Sequence[Any]) -> Printed:
        condition, a, b = map(latex, operands)
        lines = rf"{a} & \text{{if }} {condition} \\ {b} & \text{{else}}"
        return rf"\begin{{cases}} {lines} \end{{cases}}", SUM

    def products(self, _: Products, __: Op, operands: Sequence[Any]) -> Printed:
        terms = [_joined([self.wrap(x, POWER) for x in factors]) or "1" for factors in terms_of_dot(operands)]
        return " + ".join(few(terms, r"\cdots")) or "0", SUM if len(terms) > 1 else PRODUCT


_LATEX = _Latex()
