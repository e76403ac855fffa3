"""Formulas as plain text, close to what one writes by hand: ``2e``, ``1 - a^2``, ``tanh z``."""

from __future__ import annotations

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
from autograd.render.formula.formula import Formula
from autograd.render.formula.notation import (
    Notation,
    Printed,
    coefficient_text,
    few,
    is_bare,
    primes,
    signed,
    split_function,
    split_product,
    terms_of_dot,
)

__all__ = ["plain", "plain_name"]

_SUBSCRIPT = re.compile(r"(?:\[[\w, ]*\]|\([0-9]+\))+\Z")
_CONFUSING = re.compile(r"[\s+*/^=<>|,;:\"`~!@#$%&?\\(){}\[\]\u2212×÷·→−-]|\A[\d.]|\A(?:inf|nan|NaN)?\Z")


def plain_name(text: str) -> str:
    """Return a name, in quotation marks where it could be read as a number or a formula.

    Examples
    --------
    >>> [plain_name(text) for text in ("w", "layer1.n2.w0", "w[3]", "a + b", "2")]
    ['w', 'layer1.n2.w0', 'w[3]', '"a + b"', '"2"']
    """
    if not _CONFUSING.search(_SUBSCRIPT.sub("", text)):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def plain(x: Any) -> str:
    """Return a formula or a number as text.

    Examples
    --------
    >>> from autograd import ops
    >>> from autograd.render.formula.symbols import name
    >>> a, b = name("a"), name("b")
    >>> plain(2.0 * a), plain(1.0 - a * a), plain(-(a / b)), plain((a + b) ** 2), plain(ops.tanh(a + b))
    ('2a', '1 - a^2', '-a/b', '(a + b)^2', 'tanh(a + b)')
    """
    return _TEXT.show(x)[0]


class _Text(Notation):
    """Plain text."""

    def number(self, x: float) -> Printed:
        text = coefficient_text(x)
        return text, NEGATION if text.startswith("-") else ATOM

    def name(self, text: str) -> str:
        return plain_name(text)

    def brackets(self, text: str) -> str:
        return f"({text})"

    def add(self, terms: list[tuple[bool, str]]) -> str:
        return signed(terms)

    def product(self, x: Formula) -> Printed:
        sign, number, above, divisor, below = split_product(x)
        text = sign + self._line(number, above)
        if below or divisor != 1.0:
            under = self._line(divisor, below)
            lone = len(below) + (divisor != 1.0) == 1
            text += f"/{under}" if lone else f"/({under})"
        elif not sign and number == 1.0 and len(above) == 1:
            return text, POWER
        return text, NEGATION if sign else PRODUCT

    def _line(self, number: float, powers: Sequence[tuple[Any, float]]) -> str:
        parts = [self._raised(base, exponent) for base, exponent in powers]
        if not parts:
            return coefficient_text(number)
        body = "*".join(parts)
        if number == 1.0:
            return body
        text = coefficient_text(number)
        # 2e, but 2*v1 and 0.5*x: juxtaposed only where no one reads a name into it.
        short = len(parts) == 1 and (parts[0][0] == "(" or len(parts[0].partition("^")[0]) == 1)
        juxtaposed = text.isdigit() and short and (body[0] not in "eE0123456789" or body == "e")
        return f"{text}{body}" if juxtaposed else f"{text}*{body}"

    def _raised(self, base: Any, exponent: float) -> str:
        if exponent == 1.0:
            return self.wrap(base, NEGATION)
        if exponent == 0.5:
            return f"sqrt({plain(base)})"
        return f"{self.wrap(base, ATOM)}^{coefficient_text(exponent)}"

    def _listed(self, operands: Sequence[Any]) -> str:
        return ", ".join(few([plain(x) for x in operands], "..."))

    # The shapes.

    def infix(self, form: Infix, _: Op, operands: Sequence[Any]) -> Printed:
        sides = [self.wrap(x, form.right if i else form.left) for i, x in enumerate(operands)]
        if not sides:
            return ("1" if form.sign == "*" else "0"), ATOM
        return ("*" if form.sign == "*" else f" {form.sign} ").join(few(sides, "...")), form.precedence

    def comparison(self, form: Comparison, _: Op, operands: Sequence[Any]) -> Printed:
        return f"[{f' {form.sign} '.join(map(plain, operands))}]", ATOM

    def prefix(self, form: Prefix, _: Op, operands: Sequence[Any]) -> Printed:
        return form.sign + self.wrap(operands[0], PRODUCT), NEGATION

    def power(self, form: Power, _: Op, operands: Sequence[Any]) -> Printed:
        base = form.base or self.wrap(operands[0], ATOM)
        return f"{base}^{self.wrap(operands[-1], ATOM)}", POWER

    def root(self, form: Root, op: Op, operands: Sequence[Any]) -> Printed:
        return self.function(Function(form.word), op, operands)

    def fraction(self, _: Fraction, __: Op, operands: Sequence[Any]) -> Printed:
        return f"{self.wrap(operands[0], PRODUCT)}/{self.wrap(operands[1], POWER)}", PRODUCT

    def fence(self, form: Fence, _: Op, operands: Sequence[Any]) -> Printed:
        inside = self._listed(operands)
        return f"{form.word}({inside})" if form.word else f"{form.left}{inside}{form.right}", ATOM

    def function(
        self, form: Function, op: Op, operands: Sequence[Any], *, orders: Sequence[Any] = ()
    ) -> Printed:
        below, _, rest = split_function(form, op, operands)
        count, raised = primes(orders, plain)
        mark = f"^({raised})" if raised else "'" * count
        if isinstance(below, float):
            return f"{form.word}_{int(below)}{mark}({self._listed(rest)})", ATOM
        if isinstance(below, Formula):
            return f"{form.word}_{self.wrap(below, ATOM)}{mark}({self._listed(rest)})", ATOM
        title = form.word + (below or "") + mark
        if is_bare(operands) and not mark:
            return f"{title} {plain(operands[0])}", CALL
        return f"{title}({self._listed(op.written(operands))})", ATOM

    def cases(self, _: Cases, __: Op, operands: Sequence[Any]) -> Printed:
        condition, a, b = map(plain, operands)
        return f"({a} if {condition} else {b})", ATOM

    def products(self, _: Products, __: Op, operands: Sequence[Any]) -> Printed:
        terms = [
            "*".join(self.wrap(x, NEGATION) for x in factors) or "1" for factors in terms_of_dot(operands)
        ]
        return " + ".join(few(terms, "...")) or "0", SUM if len(terms) > 1 else PRODUCT


_TEXT = _Text()
