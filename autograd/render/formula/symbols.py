"""Symbols: what the rows' rules are run on to print derivatives, simplified enough to read.

A symbol is a name, a sum, a product of powers, or an operation applied to symbols. Sums and products are
kept flat, so ``1 * (b * 1)`` is ``b`` and ``x * x`` is ``x^2`` as soon as they are made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd import ops
from autograd.floats import elementary
from autograd.form import Auxiliary, Form, Fraction, Infix, Power, Prefix, Products
from autograd.op import OpOfCall
from autograd.operators import Operators
from autograd.render.formula.formula import Formula, form_of, literal, written
from autograd.render.formula.notation import is_named
from autograd.render.formula.text import plain
from autograd.words import gettext

__all__ = [
    "Symbol",
    "agree",
    "apply_raw",
    "candidates",
    "evaluate",
    "holds",
    "literal",
    "local_formulas",
    "name",
    "result_formula",
    "true_formulas",
]

N_ARY_LIMIT = 48  # formulas of operations over more operands than this help nobody


class Symbol(Formula, Operators):
    """A formula that is simplified as it is made."""

    __slots__ = ()

    def __float__(self) -> float:
        raise TypeError(gettext("a symbol has no number; write the rule with this package's functions"))

    def __repr__(self) -> str:
        return plain(self)

    @staticmethod
    def _apply(op: ops.Op, operands: tuple[Any, ...]) -> Any:
        """Apply a row, and simplify: sums, products and powers, and what is written with those."""
        form = form_of(op)
        rule = None if form is None else _ALGEBRA.get(form.__class__)
        try:
            found = (
                op.form(*operands) if callable(op.form) else None if rule is None else rule(form, operands)
            )
        # A user's own may ask for what a symbol has not.
        except (TypeError, ValueError, ArithmeticError, IndexError):
            found = None
        return Symbol("call", (op, operands)) if found is None else found


def name(text: str) -> Symbol:
    """Return the symbol of that name."""
    return Symbol("name", (text,))


def apply_raw(op: ops.Op, operands: Sequence[Any]) -> Any:
    """Apply a row as it stands, for formulas that must show what was computed."""
    return Symbol("call", (op, tuple(operands)))


# Sums: a constant and terms.


def _terms(x: Any) -> tuple[float, tuple[tuple[float, Any], ...]]:
    if not isinstance(x, Formula):
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


def _factors(x: Any) -> tuple[float, tuple[tuple[Any, float], ...]]:
    if not isinstance(x, Formula):
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
    if isinstance(exponent, Formula):
        return None
    if not isinstance(base, Formula):
        return elementary.pow(float(base), exponent)
    coefficient, factors = _factors(base)
    if exponent == 0.0:
        return 1.0
    # A root of a product is the product of roots only where the factors are positive.
    if not float(exponent).is_integer() and (coefficient != 1.0 or len(factors) != 1 or factors[0][1] != 1.0):
        return Symbol("product", (1.0, ((base, exponent),)))
    return _product(elementary.pow(coefficient, exponent), [(b, e * exponent) for b, e in factors])


def _over(a: Any, b: Any) -> Any:
    if not isinstance(b, Formula):
        return _times(a, elementary.div(1.0, float(b)))
    return _times(a, _power(b, -1.0))


def _infix(form: Infix, operands: Sequence[Any]) -> Any:
    if form.sign == "-":
        return _sum(operands[0], _times(-1.0, operands[1]))
    return _sum(*operands) if form.sign == "+" else _times(*operands) if form.sign == "*" else None


_ALGEBRA: dict[type[Form], Callable[[Any, Sequence[Any]], Any]] = {
    Infix: _infix,
    Prefix: lambda _, operands: _times(-1.0, *operands),
    Fraction: lambda _, operands: _over(*operands),
    Power: lambda form, operands: None if form.base else _power(*operands),
    Auxiliary: lambda form, operands: None if form.write is None else form.write(*operands),
}
"""What is simplified, by the shape of a row; None where it stays as it is."""


def evaluate(x: Any, values: Mapping[str, float]) -> float:
    """Return the number that a formula stands for, names having the given values.

    Computed as the formula is printed, by IEEE's rules.

    Examples
    --------
    >>> evaluate(1.0 - name("a") * name("a"), {"a": 0.5})
    0.75
    """
    if not isinstance(x, Formula):
        return float(x)
    if x.kind == "name":
        return values[x.parts[0]]
    if x.kind == "sum":
        constant, terms = x.parts
        return float(sum((c * evaluate(t, values) for c, t in terms), start=constant))
    if x.kind == "product":
        coefficient, factors = x.parts
        above, below = coefficient, 1.0
        for base, exponent in factors:
            b = evaluate(base, values)
            raised = elementary.sqrt(b) if abs(exponent) == 0.5 else elementary.pow(b, abs(exponent))
            if exponent < 0.0:
                below *= raised
            else:
                above *= raised
        return elementary.div(above, below)
    op, operands = x.parts
    numbers = [evaluate(operand, values) for operand in operands]
    if not all(map(math.isfinite, numbers)):
        # What is written with other rows may differ there from the row: floor(a/b) of an infinite number.
        formula = written(op, operands)
        if formula is not None:
            return evaluate(formula, values)
    return float(op.value(*numbers))


def agree(x: float, y: float) -> bool:
    """Whether two numbers are the same to every digit that is printed, and a few more.

    Examples
    --------
    >>> agree(0.1 + 0.2, 0.3), agree(math.nan, math.nan), agree(0.0, 1e-20)
    (True, True, False)
    """
    if x == y or (x != x and y != y):
        return True
    size = max(abs(x), abs(y))
    return abs(x - y) <= size * (1e-9 if size >= 1e-3 else 1e-6) and math.isfinite(size)


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
    found = candidates(op, output, operands)
    return found[0] if found else None


def true_formulas(
    op: ops.Op,
    output: Symbol,
    operands: Sequence[Any],
    values: Mapping[str, float],
    slopes: Mapping[int, float],
) -> dict[int, Any]:
    """Return, by position, the formulas that hold for the numbers at hand.

    A textbook's form may not: ``1 - a^2`` is 0 where ``a`` has been rounded to 1, and ``x/x`` is NaN at 0.
    Then the accurate form is taken, and where that does not hold either, none.

    Parameters
    ----------
    op, output, operands
        As `local_formulas` takes them.
    values
        The number of each name.
    slopes
        For each position the local derivative as the engine has it.
    """
    held: dict[int, Any] = {}
    for formulas in candidates(op, output, operands):
        for position, slope in slopes.items():
            if position not in held and position < len(formulas) and holds(formulas[position], values, slope):
                held[position] = formulas[position]
    return held


def result_formula(
    op: ops.Op, operands: Sequence[Any], values: Mapping[str, float], number: float
) -> Symbol | None:
    """Return how a row's result was computed; None where no formula that readers know gives its number.

    A row that only rules use is written out with others, where that gives the number.
    """
    for apply in (Symbol._apply, apply_raw) if isinstance(op.form, Auxiliary) else (apply_raw,):
        formula = apply(op, tuple(operands))
        if isinstance(formula, Symbol) and holds(formula, values, number):
            return formula
    return None


def holds(formula: Any, values: Mapping[str, float], number: float) -> bool:
    """Whether a formula gives a number, names having the given values; a call's result is what it gave.

    One that has a name which only rules use says nothing.
    """
    if not is_named(formula):
        return False
    if isinstance(formula, Symbol) and isinstance(formula.parts[0], OpOfCall):
        return True
    try:
        return agree(evaluate(formula, values), number)
    # A user's own operation may refuse its operands.
    except (ArithmeticError, TypeError, ValueError, IndexError):
        return False


def candidates(op: ops.Op, output: Symbol, operands: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the forms of a row's rule on symbols: the textbook's first, then the accurate one."""
    form = form_of(op)
    linear = form is None or isinstance(form, Products) or (isinstance(form, Infix) and form.sign == "+")
    if len(operands) > N_ARY_LIMIT and not linear:
        return []
    found = []
    for rule in (op.textbook, op.partials):
        if rule is None:
            continue
        try:
            found.append(tuple(rule(output, *operands)))
        except (TypeError, ValueError, ArithmeticError, IndexError):
            # The rule asked a symbol for its number or its order, or has none for such a constant.
            continue
    return found
