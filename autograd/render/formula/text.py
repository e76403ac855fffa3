"""Formulas as plain text, close to what one writes by hand: ``2e``, ``1 - a^2``, ``tanh z``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.op import CALL, NEGATION, POWER, PRODUCT, SUM
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

__all__ = ["plain", "plain_name"]

_INFIX: dict[str, tuple[str, int, int]] = {  # template, least precedence of the left and the right operand
    "add": ("{0} + {1}", SUM, SUM), "sub": ("{0} - {1}", SUM, PRODUCT), "mul": ("{0}*{1}", PRODUCT, NEGATION),
    "div": ("{0}/{1}", PRODUCT, POWER), "neg": ("-{0}", PRODUCT, 0), "power": ("{0}^{1}", ATOM, ATOM), "pow": ("{0}^{1}", ATOM, ATOM),
    "square": ("{0}^2", ATOM, 0), "reciprocal": ("1/{0}", POWER, 0), "mod": ("{0} mod {1}", NEGATION, POWER),
    "expm1": ("e^{0} - 1", ATOM, 0), "log1p": ("ln(1 + {0})", SUM, 0), "exp": ("e^{0}", ATOM, 0), "exp2": ("2^{0}", ATOM, 0),
    "greater": ("[{0} > {1}]", 0, 0), "greater_equal": ("[{0} >= {1}]", 0, 0), "less": ("[{0} < {1}]", 0, 0),
    "less_equal": ("[{0} <= {1}]", 0, 0), "equal": ("[{0} == {1}]", 0, 0), "abs": ("|{0}|", 0, 0),
    "floor": ("floor({0})", 0, 0), "ceil": ("ceil({0})", 0, 0), "floordiv": ("floor({0}/{1})", PRODUCT, POWER),
}  # fmt: skip
_BRACKETED = {"log1p", "greater", "greater_equal", "less", "less_equal", "equal", "abs", "floor", "ceil", "floordiv"}
_FUNCTIONS = {"log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "maximum": "max", "minimum": "min", "normal_cdf": "Phi"}


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
    """Return a symbol or a number as text.

    Examples
    --------
    >>> from autograd.render.formula.symbols import name
    >>> a, b = name("a"), name("b")
    >>> plain(2.0 * a), plain(1.0 - a * a), plain(-(a / b)), plain((a + b) ** 2), plain(ops.tanh(a + b))
    ('2a', '1 - a^2', '-a/b', '(a + b)^2', 'tanh(a + b)')
    """
    return _NOTATION.show(x)[0]


def _number(x: float) -> Printed:
    text = coefficient_text(x)
    return text, NEGATION if text.startswith("-") else ATOM


def _product(x: Symbol) -> Printed:
    sign, number, above, divisor, below = split_product(x)
    text = sign + _line(number, above)
    if below or divisor != 1.0:
        under = _line(divisor, below)
        lone = len(below) + (divisor != 1.0) == 1
        text += f"/{under}" if lone else f"/({under})"
    elif not sign and number == 1.0 and len(above) == 1:
        return text, POWER
    return text, NEGATION if sign else PRODUCT


def _line(number: float, powers: Sequence[tuple[Any, float]]) -> str:
    parts = [_raised(base, exponent) for base, exponent in powers]
    if not parts:
        return coefficient_text(number)
    body = "*".join(parts)
    if number == 1.0:
        return body
    text = coefficient_text(number)
    # 2e, but 2*v1 and 0.5*x: juxtaposed only where no one reads a name into it.
    juxtaposed = text.isdigit() and len(parts) == 1 and (parts[0][0] == "(" or len(parts[0].partition("^")[0]) == 1)
    return f"{text}{body}" if (juxtaposed and body[0] not in "eE0123456789") or (juxtaposed and body == "e") else f"{text}*{body}"


def _raised(base: Any, exponent: float) -> str:
    if exponent == 1.0:
        return _wrap(base, PRODUCT + 1)
    if exponent == 0.5:
        return f"sqrt({plain(base)})"
    return f"{_wrap(base, ATOM)}^{coefficient_text(exponent)}"


def _call(op: ops.Op, operands: tuple[Any, ...]) -> Printed:
    special: Callable[..., Printed] | None = _SPECIAL.get(op.name)
    if special:
        return special(*operands)
    if op.name in _INFIX:
        template, left, right = _INFIX[op.name]
        sides = [_wrap(x, least) for x, least in zip(operands, (left, right), strict=False)]
        return template.format(*sides), ATOM if op.name in _BRACKETED else POWER if op.name in ("exp", "exp2") else op.precedence
    title = _FUNCTIONS.get(op.name, op.name)
    if len(operands) == 1 and operands and isinstance(operands[0], Symbol) and operands[0].kind == "name":
        return f"{title} {plain_name(operands[0].parts[0])}", CALL
    return f"{title}({_listed(op.written(operands))})", ATOM


def _listed(operands: Sequence[Any], separator: str = ", ") -> str:
    return separator.join(few([plain(x) for x in operands], "..."))


def _dot(*operands: Any) -> Printed:
    terms = ["*".join(_wrap(x, NEGATION) for x in factors) or "1" for factors in terms_of_dot(operands)]
    return " + ".join(few(terms, "...")) or "0", SUM if len(terms) > 1 else PRODUCT


def _plus(*operands: Any) -> Printed:
    return _listed([*operands], " + ") or "0", SUM


def _indexed(title: str) -> Callable[..., Printed]:
    return lambda *operands: (f"{title}_{int(operands[-1])}({_listed(operands[:-1])})", ATOM)


_NOTATION: Notation = Notation(_number, plain_name, _product, _call, "({})".format, signed)
_wrap: Callable[[Any, int], str] = _NOTATION.wrap

_SPECIAL: dict[str, Callable[..., Printed]] = {
    "dot": _dot,
    "sum": _plus,
    "mean": lambda *xs: (f"({_listed(xs, ' + ')})/{len(xs)}", PRODUCT),
    "prod": lambda *xs: ("*".join(few([_wrap(x, NEGATION) for x in xs], "...")) or "1", PRODUCT),
    "where": lambda c, a, b: (f"({plain(a)} if {plain(c)} else {plain(b)})", ATOM),
    "softmax": _indexed("softmax"),
    "log_softmax": _indexed("log_softmax"),
    "direction": _indexed("direction"),
}
