"""Symbols: what the rows' rules are run on to print derivatives, simplified enough to read.

A symbol is a name, a sum, a product of powers, or an operation applied to symbols. Sums and products are
kept flat, so ``1 * (b * 1)`` is ``b`` and ``x * x`` is ``x^2`` as soon as they are made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.operators import Operators

__all__ = ["Symbol", "apply_raw", "local_formulas", "name"]

N_ARY_LIMIT = 48  # formulas of operations over more operands than this help nobody


class Symbol(Operators):
    """An expression. Immutable; equal expressions have equal keys.

    Attributes
    ----------
    kind : str
        ``name`` with a string; ``sum`` with a constant and terms (coefficient, symbol); ``product`` with a
        coefficient and factors (symbol, exponent); ``call`` with a row and its operands.
    """

    __slots__ = ("key", "kind", "parts")

    def __init__(self, kind: str, parts: tuple[Any, ...]) -> None:
        self.kind = kind
        self.parts = parts
        self.key: tuple[Any, ...] = (kind, *(_key(p) for p in parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __float__(self) -> float:
        raise TypeError("a symbol has no number; write the rule with this package's functions")

    def __repr__(self) -> str:
        from autograd.render.plain import plain

        return plain(self)

    @staticmethod
    def _apply(op: ops.Op, operands: tuple[Any, ...]) -> Any:
        """Apply a row, and simplify."""
        rule = _RULES.get(op.name)
        return rule(*operands) if rule else Symbol("call", (op, operands))


def _key(part: Any) -> Any:
    if isinstance(part, Symbol):
        return part.key
    if isinstance(part, tuple):
        return tuple(_key(p) for p in part)
    return part.name if isinstance(part, ops.Op) else part


def name(text: str) -> Symbol:
    """Return the symbol of that name."""
    return Symbol("name", (text,))


def apply_raw(op: ops.Op, operands: Sequence[Any]) -> Symbol:
    """Apply a row as it stands, for formulas that must show what was computed."""
    return Symbol("call", (op, tuple(operands)))


# Sums: a constant and terms.


def _terms(x: Any) -> tuple[float, tuple[tuple[float, Symbol], ...]]:
    if not isinstance(x, Symbol):
        return float(x), ()
    if x.kind == "sum":
        return x.parts[0], x.parts[1]
    if x.kind == "product" and x.parts[0] != 1.0:
        return 0.0, ((x.parts[0], _product(1.0, x.parts[1])),)
    return 0.0, ((1.0, x),)


def _sum(*operands: Any) -> Any:
    constant = 0.0
    coefficients: dict[Symbol, float] = {}
    for x in operands:
        c, terms = _terms(x)
        constant += c
        for coefficient, term in terms:
            coefficients[term] = coefficients.get(term, 0.0) + coefficient
    terms = tuple((c, t) for t, c in coefficients.items() if c != 0.0)
    if not terms:
        return constant
    if constant == 0.0 and len(terms) == 1:
        return _times(terms[0][0], terms[0][1])
    return Symbol("sum", (constant, terms))


# Products: a coefficient and powers.


def _factors(x: Any) -> tuple[float, tuple[tuple[Symbol, float], ...]]:
    if not isinstance(x, Symbol):
        return float(x), ()
    if x.kind == "product":
        return x.parts[0], x.parts[1]
    return 1.0, ((x, 1.0),)


def _product(coefficient: float, factors: Sequence[tuple[Symbol, float]]) -> Any:
    if coefficient == 0.0 or not factors:
        return coefficient
    if coefficient == 1.0 and len(factors) == 1 and factors[0][1] == 1.0:
        return factors[0][0]
    if len(factors) == 1 and factors[0][1] == 1.0 and factors[0][0].kind == "sum" and coefficient == -1.0:
        constant, terms = factors[0][0].parts
        return Symbol("sum", (-constant, tuple((-c, t) for c, t in terms)))
    return Symbol("product", (coefficient, tuple(factors)))


def _times(*operands: Any) -> Any:
    coefficient = 1.0
    powers: dict[Symbol, float] = {}
    for x in operands:
        c, factors = _factors(x)
        coefficient *= c
        for base, exponent in factors:
            powers[base] = powers.get(base, 0.0) + exponent
    return _product(coefficient, [(b, e) for b, e in powers.items() if e != 0.0])


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, Symbol):
        return Symbol("call", (ops.pow, (base, exponent)))
    if not isinstance(base, Symbol):
        return ops.pow(base, exponent)
    coefficient, factors = _factors(base)
    if exponent == 0.0:
        return 1.0
    # A root of a product is the product of roots only where the factors are positive.
    if exponent != int(exponent) and (coefficient != 1.0 or len(factors) != 1 or factors[0][1] != 1.0):
        return Symbol("product", (1.0, ((base, exponent),)))
    return _product(coefficient**exponent, [(b, e * exponent) for b, e in factors])


def _over(a: Any, b: Any) -> Any:
    if not isinstance(b, Symbol):
        return _times(a, 1.0 / b)
    return _times(a, _power(b, -1.0))


def _mean(*operands: Any) -> Any:
    return _over(_sum(*operands), float(len(operands)))



_RULES: dict[str, Callable[..., Any]] = {
    "add": _sum,
    "sub": lambda a, b: _sum(a, _times(-1.0, b)),
    "neg": lambda x: _times(-1.0, x),
    "mul": _times,
    "div": _over,
    "div_slope": lambda a, b: _over(_times(-1.0, a), _power(b, 2.0)),
    "reciprocal": lambda x: _power(x, -1.0),
    "square": lambda x: _power(x, 2.0),
    "power": _power,
    "scaled_power": lambda x, c, e: _times(c, _power(x, e)),
    "pow": _power,
    "scaled_exp": lambda x, c: _times(c, ops.exp(x)),
    "sum": _sum,
    "prod": _times,
    "mean": _mean,
    # Guards of the domain, which change no value inside it.
    "restrict": lambda x: x,
    "saturate": lambda x: x,
}


def local_formulas(op: ops.Op, output: Symbol, operands: Sequence[Any]) -> tuple[Any, ...] | None:
    """Run a row's rule on symbols: one formula for each differentiable operand.

    Parameters
    ----------
    op
        The row. Its textbook form is taken, where it has one.
    output, operands
        Symbols; constants among the operands are floats.

    Returns
    -------
    tuple or None
        None where the rule does not run on symbols, as a user's own may not, or has too many operands.

    Examples
    --------
    >>> local_formulas(ops.mul, name("m"), (name("w"), name("x")))
    (x, w)
    >>> local_formulas(ops.tanh, name("a"), (name("z"),))
    (1 - a^2,)
    """
    if op.arity == ops.ANY and len(operands) > N_ARY_LIMIT and op.name not in ("sum", "mean", "dot"):
        return None
    rule = op.textbook or op.partials
    try:
        return rule(output, *operands)
    except TypeError:  # the rule asked a symbol for its number or its order
        return None
