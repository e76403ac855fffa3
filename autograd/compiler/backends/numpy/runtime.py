"""Rows of the table over NumPy arrays. Each function takes operands, the row's constants, and where to write.

What is not here is computed as the row's ``numpy`` field says; what that cannot say, by the row's own value, number
by number: slower, and exactly the same.
A program whose result or gradient is not finite is evaluated again by the engine itself, so these functions
need not reproduce the engine's special cases, as long as no NaN or infinity gets lost.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from autograd.floats import elementary
from autograd.floats import gaussian as normal
from autograd.op import TABLE, Op

__all__ = ["function_of", "number_by_number", "positive"]


def sigmoid(x: Any, out: Any) -> None:
    """1 / (1 + exp(-x)), from exp(-abs(x)) so that nothing overflows."""
    # exp(x) is inf where 1 / (1 + inf) = 0 is right to an absolute 1e-308; both tails are accurate.
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    np.divide(1.0, out, out=out)


def sigmoid_slope(x: Any, out: Any) -> None:
    """The derivative of the logistic function."""
    np.abs(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.divide(out, np.square(out + 1.0), out=out)


def sech(x: Any, out: Any) -> None:
    """2 / (exp(x) + exp(-x)), from exp(-abs(x)) so that nothing overflows."""
    np.abs(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    e2 = np.square(out)
    np.add(out, out, out=out)
    np.subtract(out, out * (e2 / (1.0 + e2)), out=out)


def sech_squared(x: Any, out: Any) -> None:
    """The derivative of tanh, from one exponential."""
    np.abs(x, out=out)
    np.multiply(out, -2.0, out=out)
    np.exp(out, out=out)
    np.divide(out, np.square(out + 1.0), out=out)
    np.multiply(out, 4.0, out=out)


def step(a: Any, b: Any, tie: float, out: Any) -> None:
    """1 where a > b, ``tie`` where equal, 0 where a < b; NaN where one of them is."""
    np.greater(a, b, out=out)
    if tie:
        np.add(out, np.equal(a, b) * tie, out=out)
    np.copyto(out, np.nan, where=np.isnan(a) | np.isnan(b))


def positive(x: Any, zeros: Any, out: Any) -> None:
    """`step` of x and 0 without a tie: 1 where x > 0, else 0, and NaN where x is."""
    np.sign(x, out)
    np.maximum(out, zeros, out=out)


def relu(x: Any, out: Any) -> None:
    """max(x, 0)."""
    np.maximum(x, 0.0, out=out)


def leaky_relu(x: Any, factor: float, out: Any) -> None:
    """x where positive, else factor * x."""
    out[...] = np.where(x > 0.0, x, factor * x)


def elu(x: Any, alpha: float, out: Any) -> None:
    """x where positive, else alpha * expm1(x)."""
    out[...] = np.where(x > 0.0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def selu(x: Any, out: Any) -> None:
    """Scaled elu."""
    elu(x, elementary.SELU_ALPHA, out)
    np.multiply(out, elementary.SELU_SCALE, out=out)


def softplus(x: Any, out: Any) -> None:
    """log(1 + exp(x))."""
    np.maximum(x, 0.0, out=out)
    np.add(out, np.log1p(np.exp(-np.abs(x))), out)


def logsigmoid(x: Any, out: Any) -> None:
    """log(sigmoid(x))."""
    np.minimum(x, 0.0, out=out)
    np.subtract(out, np.log1p(np.exp(-np.abs(x))), out)


def silu(x: Any, out: Any) -> None:
    """x * sigmoid(x)."""
    e = np.exp(-np.abs(x))
    np.multiply(x, np.where(np.less(x, 0.0), e, 1.0) / (1.0 + e), out)


def where(condition: Any, a: Any, b: Any, out: Any) -> None:
    """a where the condition is not zero, else b."""
    out[...] = np.where(np.not_equal(condition, 0.0), a, b)


def clamp(x: Any, low: float, high: float, out: Any) -> None:
    """Limit to an interval."""
    np.maximum(x, low, out=out)
    np.minimum(out, high, out=out)


def relu6(x: Any, out: Any) -> None:
    """Limit to [0, 6]."""
    clamp(x, 0.0, 6.0, out)


def hardtanh(x: Any, out: Any) -> None:
    """Limit to [-1, 1]."""
    clamp(x, -1.0, 1.0, out)


def restrict(x: Any, out: Any) -> None:
    """x without the sign of zero; NaN below zero."""
    np.abs(x, out=out)
    out[np.broadcast_to(np.less(x, 0.0), out.shape)] = np.nan


def saturate(x: Any, out: Any) -> None:
    """x, but the largest number in place of infinity."""
    clamp(x, -1.7976931348623157e308, 1.7976931348623157e308, out)


def direction(a: Any, b: Any, index: float, out: Any) -> None:
    """a / hypot(a, b) or b / hypot(a, b); 0 at the origin."""
    length = np.hypot(a, b)
    out[...] = np.divide((a, b)[int(index)], np.where(length == 0.0, 1.0, length))


def logaddexp(a: Any, b: Any, out: Any) -> None:
    """log(exp(a) + exp(b))."""
    top = np.maximum(a, b)
    np.add(top, np.log1p(np.exp(-np.abs(np.subtract(a, b)))), out)


def power(x: Any, exponent: float, out: Any) -> None:
    """x ** exponent; small whole powers by products."""
    if exponent == 3.0:
        np.multiply(np.square(x), x, out)
    elif exponent == -1.0:
        np.divide(1.0, x, out)
    elif exponent == 0.5:
        out[...] = np.where(np.equal(x, -np.inf), np.inf, np.sqrt(x) + 0.0)
    else:
        np.power(x, exponent, out)


def monomial(c: Any, x: Any, exponent: Any, order: float, logs: float, out: Any) -> None:
    """c * x ** (exponent - order) * log(x) ** logs."""
    e = np.subtract(exponent, order)
    whole = np.power(x, e)
    size = np.abs(whole)
    based = np.greater(x, 0.0) if logs else np.greater(x, 0.0) | (np.less(x, 0.0) & np.equal(e, np.rint(e)) & np.equal(e + order, exponent) & (np.abs(e) < 1e15))
    plain = based & (size > 1e-290) & (size < 1e290)
    np.multiply(whole, c, out=out)
    if logs:
        np.multiply(out, np.log(x) ** logs, out=out)
    if not plain.all():  # zeros, infinities, NaN and what lies at the ends of the range, one by one
        odd = ~np.broadcast_to(plain, out.shape)
        columns = [np.broadcast_to(v, out.shape)[odd].tolist() for v in (c, x, exponent)]
        out[odd] = [elementary.monomial(k, a, b, order, logs) for k, a, b in zip(*columns, strict=True)]


def gaussian(x: Any, order: float, scale: float, out: Any) -> None:
    """The derivative of a whole order of exp(-x * x / scale), by Hermite's recurrence."""
    u = x / scale**0.5
    before, now = np.ones_like(u), 2.0 * u
    for k in range(1, int(order) + 1):
        before, now = now, 2.0 * u * now - 2.0 * k * before
    np.multiply(before * (-1.0 / scale**0.5) ** order, np.exp(-u * u), out=out)


def one_minus_square_power(x: Any, exponent: float, out: Any) -> None:
    """(1 - x * x) ** exponent; NaN beyond 1."""
    restrict((1.0 - x) * (1.0 + x), out)
    np.power(out, exponent, out=out)


def gelu_slope(x: Any, order: float, out: Any) -> None:
    """The derivative of a whole order of gelu."""
    if order == 1.0:
        _by_value(normal.normal_cdf)(x, out)
        np.add(out, x * np.exp(-0.5 * np.square(x)) / (2.0 * np.pi) ** 0.5, out=out)
    else:
        less = np.empty_like(out)
        gaussian(x, order - 2.0, 2.0, out)
        gaussian(x, order, 2.0, less)
        np.subtract(out, less, out=out)
        np.divide(out, (2.0 * np.pi) ** 0.5, out=out)


def sign(x: Any, out: Any) -> None:
    """Sign."""
    np.sign(x, out)


def round_digits(x: Any, ndigits: float, out: Any) -> None:
    """Round half to even."""
    if ndigits == 0.0:
        np.rint(x, out)
    else:
        _by_value(elementary.round)(x, ndigits, out)


FUNCTIONS: dict[str, Callable[..., None]] = {
    f.__name__: f
    for f in (
        sigmoid, sigmoid_slope, sech, sech_squared, step, relu, leaky_relu, elu, selu, softplus, logsigmoid, silu, where, clamp, relu6, hardtanh,
        restrict, saturate, direction, logaddexp, power, monomial, gaussian, gelu_slope, one_minus_square_power, sign,
    )
} | {"round": round_digits}  # fmt: skip


def _by_value(value: Callable[..., float]) -> Callable[..., None]:
    bare = getattr(value, "bare", value)  # of a custom operation, the user's own function, without its check

    def apply(*operands: Any) -> None:
        *given, out = operands
        numbers = [np.broadcast_to(x, out.shape).ravel().tolist() for x in given]
        results = list(map(bare, *numbers))
        if not {float}.issuperset(map(type, results)):
            results = list(map(value, *numbers))
        out[...] = np.array(results).reshape(out.shape)

    return apply


OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less", ast.LtE: "less_equal", ast.Eq: "equal",
}  # fmt: skip


def _as_spelled(op: Op) -> Callable[..., Any] | None:
    """Return the function that a row's ``numpy`` template is; None where it names what NumPy does not have."""
    names = [f"x{i}" for i in range(op.arity + len(op.params))]
    text = op.numpy.format(*names)
    tree = ast.parse(text, mode="eval").body if "{" in op.numpy else None
    if tree is None or not all(n.id in names or hasattr(np, n.id) for n in ast.walk(tree) if isinstance(n, ast.Name)):
        return None
    operands: list[ast.expr] = []
    ufunc: Any = None
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        operands, ufunc = tree.args, getattr(np, tree.func.id)
    elif isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
        operands, ufunc = [tree.left, tree.right], getattr(np, OPERATORS[type(tree.op)])
    if isinstance(ufunc, np.ufunc) and [ast.unparse(x) for x in operands] == names:
        return ufunc  # which writes its result in place
    function = eval(f"lambda {', '.join(names)}: {text}", dict(vars(np)))  # noqa: S307 - the table's own text
    return lambda *given: np.copyto(given[-1], function(*given[:-1]))


@lru_cache(maxsize=256)
def function_of(op: Op) -> Callable[..., Any]:
    """Return the function that applies a row to arrays: operands, constants, then the result.

    A function above, if there is one of the row's name; else what the row's ``numpy`` field says; else its value.
    """
    found = _whole(op)
    return _by_value(op.value) if found is None else found


def _whole(op: Op) -> Callable[..., Any] | None:
    """Return the function that applies a row to whole arrays; None where there is none."""
    own = TABLE.get(op.name) is op  # a custom operation may be named as a function above
    return (FUNCTIONS.get(op.name) if own else None) or _as_spelled(op)


def number_by_number(ops: Iterable[Op]) -> list[str]:
    """Return the names of those rows that NumPy has no function for, so that Python evaluates them number by number."""
    return sorted({op.name for op in ops if _whole(op) is None})
