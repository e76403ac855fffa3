"""Formulas as plain text, close to what one writes by hand: ``2e``, ``1 - a^2``, ``tanh z``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.op import CALL, NEGATION, POWER, PRODUCT, SUM
from autograd.render.symbols import Symbol

__all__ = ["ATOM", "coefficient_text", "plain", "split_product", "sum_parts"]

ATOM = 6  # binds tighter than any operation: a name, a number
SHOWN = 6  # operands of a long list that are printed

_INFIX: dict[str, tuple[str, int, int]] = {  # template, least precedence of the left and the right operand
    "add": ("{0} + {1}", SUM, SUM), "sub": ("{0} - {1}", SUM, PRODUCT), "mul": ("{0}*{1}", PRODUCT, NEGATION),
    "div": ("{0}/{1}", PRODUCT, POWER), "neg": ("-{0}", PRODUCT, 0), "power": ("{0}^{1}", ATOM, ATOM), "pow": ("{0}^{1}", ATOM, ATOM),
    "square": ("{0}^2", ATOM, 0), "reciprocal": ("1/{0}", POWER, 0), "mod": ("{0} mod {1}", NEGATION, POWER),
    "expm1": ("e^{0} - 1", ATOM, 0), "log1p": ("ln(1 + {0})", SUM, 0), "exp": ("e^{0}", ATOM, 0), "exp2": ("2^{0}", ATOM, 0),
    "greater": ("[{0} > {1}]", 0, 0), "greater_equal": ("[{0} >= {1}]", 0, 0), "less": ("[{0} < {1}]", 0, 0),
    "less_equal": ("[{0} <= {1}]", 0, 0), "equal": ("[{0} = {1}]", 0, 0), "abs": ("|{0}|", 0, 0),
    "floor": ("floor({0})", 0, 0), "ceil": ("ceil({0})", 0, 0), "floordiv": ("floor({0}/{1})", PRODUCT, POWER),
}  # fmt: skip
_BRACKETED = {"log1p", "greater", "greater_equal", "less", "less_equal", "equal", "abs", "floor", "ceil", "floordiv"}
_FUNCTIONS = {"log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "maximum": "max", "minimum": "min", "normal_cdf": "Phi"}


def plain(x: Any) -> str:
    """Return a symbol or a number as text.

    Examples
    --------
    >>> from autograd.render.symbols import name
    >>> a, b = name("a"), name("b")
    >>> plain(2.0 * a), plain(1.0 - a * a), plain(-(a / b)), plain((a + b) ** 2), plain(ops.tanh(a + b))
    ('2a', '1 - a^2', '-a/b', '(a + b)^2', 'tanh(a + b)')
    """
    return _print(x)[0]


def coefficient_text(x: float) -> str:
    """Return a constant as it was probably typed; long ones to four significant digits."""
    text = repr(int(x)) if x == x and abs(x) < 1e15 and x == int(x) else repr(x)
    return text if len(text.lstrip("-")) <= 6 else f"{x:.4g}"


def _print(x: Any) -> tuple[str, int]:
    """Return the text and how tightly it binds."""
    if not isinstance(x, Symbol):
        text = coefficient_text(x)
        return text, NEGATION if text.startswith("-") else ATOM
    if x.kind == "name":
        return x.parts[0], ATOM
    if x.kind == "sum":
        return _sum(x), SUM
    if x.kind == "product":
        return _product(x)
    return _call(*x.parts)


def _wrap(x: Any, least: int) -> str:
    text, precedence = _print(x)
    return text if precedence >= least else f"({text})"


def sum_parts(x: Symbol) -> list[tuple[float, Any]]:
    """Return the terms of a sum with their coefficients in reading order: a positive one first."""
    constant, terms = x.parts
    parts: list[tuple[float, Any]] = list(terms)
    if constant != 0.0:
        leading = constant > 0 and all(c < 0 for c, _ in terms)
        parts.insert(0 if leading else len(parts), (constant, None))
    return parts


def _sum(x: Symbol) -> str:
    out = ""
    for i, (coefficient, term) in enumerate(sum_parts(x)):
        sign = "-" if coefficient < 0 else "+"
        magnitude = abs(coefficient)
        text = coefficient_text(magnitude) if term is None else _scaled(magnitude, term)
        out += (f" {sign} " if i else "-" if sign == "-" else "") + text
    return out


def _scaled(magnitude: float, term: Symbol) -> str:
    if magnitude == 1.0:
        return _wrap(term, PRODUCT)
    coefficient, factors = term.parts if term.kind == "product" else (1.0, ((term, 1.0),))
    return _product(Symbol("product", (coefficient * magnitude, factors)))[0]


def split_product(x: Symbol) -> tuple[str, float, list[tuple[Any, float]], float, list[tuple[Any, float]]]:
    """Return sign, number and powers above the line, number and powers below it."""
    coefficient, factors = x.parts
    sign, magnitude = ("-" if coefficient < 0 else ""), abs(coefficient)
    above = [(b, e) for b, e in factors if e > 0]
    below = [(b, -e) for b, e in factors if e < 0]
    # 0.5 x / y reads better as x / (2 y).
    if magnitude < 1.0 and 1.0 / magnitude == round(1.0 / magnitude) and 1.0 / magnitude <= 12.0:
        return sign, 1.0, above, 1.0 / magnitude, below
    return sign, magnitude, above, 1.0, below


def _product(x: Symbol) -> tuple[str, int]:
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


def _call(op: ops.Op, operands: tuple[Any, ...]) -> tuple[str, int]:
    special: Callable[..., tuple[str, int]] | None = _SPECIAL.get(op.name)
    if special:
        return special(*operands)
    if op.name in _INFIX:
        template, left, right = _INFIX[op.name]
        sides = [_wrap(x, least) for x, least in zip(operands, (left, right), strict=False)]
        return template.format(*sides), ATOM if op.name in _BRACKETED else POWER if op.name in ("exp", "exp2") else op.precedence
    title = _FUNCTIONS.get(op.name, op.name)
    if len(operands) == 1 and operands and isinstance(operands[0], Symbol) and operands[0].kind == "name":
        return f"{title} {operands[0].parts[0]}", CALL
    return f"{title}({_listed(operands)})", ATOM


def _listed(operands: Sequence[Any], separator: str = ", ") -> str:
    texts = [plain(x) for x in operands]
    if len(texts) > SHOWN:
        texts = [*texts[: SHOWN - 2], "...", texts[-1]]
    return separator.join(texts)


def _dot(*operands: Any) -> tuple[str, int]:
    half = len(operands) // 2
    pairs = zip(operands[:half], operands[half:], strict=True)
    # The 1 that a bias is multiplied by says nothing.
    terms = ["*".join(_wrap(x, NEGATION) for x in pair if x != 1.0) or "1" for pair in pairs]
    if len(terms) > SHOWN:
        terms = [*terms[: SHOWN - 2], "...", terms[-1]]
    return " + ".join(terms) or "0", SUM if len(terms) > 1 else PRODUCT


def _plus(*operands: Any) -> tuple[str, int]:
    return _listed([*operands], " + ") or "0", SUM


def _step(a: Any, b: Any, tie: Any = 0.0) -> tuple[str, int]:
    return f"[{plain(a)} {'>=' if tie == 1.0 else '>'} {plain(b)}]", ATOM


def _indexed(title: str) -> Callable[..., tuple[str, int]]:
    return lambda *operands: (f"{title}_{int(operands[-1])}({_listed(operands[:-1])})", ATOM)


_SPECIAL: dict[str, Callable[..., tuple[str, int]]] = {
    "dot": _dot,
    "sum": _plus,
    "mean": lambda *xs: (f"({_listed(xs, ' + ')})/{len(xs)}", PRODUCT),
    "prod": lambda *xs: ("*".join(_wrap(x, NEGATION) for x in xs[:SHOWN]) + ("*..." if len(xs) > SHOWN else "") or "1", PRODUCT),
    "step": _step,
    "where": lambda c, a, b: (f"({plain(a)} if {plain(c)} else {plain(b)})", ATOM),
    "softmax": _indexed("softmax"),
    "log_softmax": _indexed("log_softmax"),
    "direction": _indexed("direction"),
    "restrict": _print,
    "saturate": _print,
}
