"""How NumPy spells the primitives: the rows of the table that compiled programs compute as they are.

What NumPy has itself stands in `CODE`; the functions here, for what it lacks, take operands, the row's
constants, and where to write. A row that is in neither place is computed by its own value, number by number:
exactly the same, in the engine's C where that was compiled, and slower without it; ``report()`` names it. A
program whose result or gradient is not finite is evaluated again by the engine itself, so these functions
need not reproduce the engine's special cases, as long as no NaN or infinity gets lost.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from autograd.compiler.backends.numpy import special
from autograd.compiler.backends.numpy.special import by_row, by_value
from autograd.compiler.graph.lookups import ENTRY
from autograd.floats.elementary import ARTANH
from autograd.form import Comparison
from autograd.op import TABLE, Op

__all__ = ["CODE", "calls_of", "compares", "expression", "function_of", "number_by_number"]


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
    """1 / cosh(x), where cosh(x) is a number; beyond that an exponential."""
    np.divide(1.0, np.cosh(x, out=out), out=out)
    _amend(out, np.abs(x) > 700.0, lambda x: 2.0 * np.exp(-np.abs(x)), x)


def sech_squared(x: Any, out: Any) -> None:
    """The derivative of tanh, from one exponential."""
    np.abs(x, out=out)
    np.multiply(out, -2.0, out=out)
    np.exp(out, out=out)
    np.divide(out, np.square(out + 1.0), out=out)
    np.multiply(out, 4.0, out=out)


def _amend(out: Any, where: Any, function: Callable[..., Any], *operands: Any) -> None:
    """Enter what another function gives, where it holds that it serves."""
    if where.any():
        out[where] = function(*[np.broadcast_to(x, out.shape)[where] for x in operands])


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


def softplus(x: Any, out: Any) -> None:
    """log(1 + exp(x))."""
    np.maximum(x, 0.0, out=out)
    np.add(out, np.log1p(np.exp(-np.abs(x))), out)


def exp10(x: Any, out: Any) -> None:
    """10 ** x: exp(n log(10)) for a short n, whose product is exact, times what is left."""
    short = np.floor(np.clip(x, -400.0, 400.0) * 262144.0) / 262144.0
    rest = 2.302585092994046 * np.clip(x - short, -1.0, 1.0) + 2.064431423637055e-07 * short
    np.exp(2.3025848865509033 * short, out=out)
    np.add(out, out * (rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0)))), out=out)


def logit(x: Any, out: Any) -> None:
    """log(x / (1 - x)); about 1/2, where it is zero, of 1 and an exact difference's quotient."""
    rest = 1.0 - x
    near = np.abs(x - 0.5) < 0.25
    np.log(np.divide(x, rest, out=out), out=out)
    np.log1p((2.0 * x - 1.0) / rest, out=out, where=near)


def _nothing(x: Any, y: Any, out: Any) -> None:
    """Enter 0 where x is, for every number y."""
    out[np.equal(x, 0.0) & ~np.isnan(y)] = 0.0


def xlogy(x: Any, y: Any, out: Any) -> None:
    """x log(y); 0 where x is, whatever the logarithm."""
    np.multiply(x, np.log(y, out=out), out=out)
    _nothing(x, y, out)


def xlog1py(x: Any, y: Any, out: Any) -> None:
    """x log(1 + y); 0 where x is, whatever the logarithm."""
    np.multiply(x, np.log1p(y, out=out), out=out)
    _nothing(x, y, out)


def xdivy(x: Any, y: Any, out: Any) -> None:
    """x / y; 0 where x is, whatever the divisor."""
    np.divide(x, y, out=out)
    _nothing(x, y, out)


def entr(x: Any, out: Any) -> None:
    """-x log(x); 0 at zero, minus infinity below."""
    np.multiply(np.negative(x), np.log(x, out=out), out=out)
    out[np.equal(x, 0.0)] = 0.0
    out[np.less(x, 0.0)] = -np.inf


def log1psq(x: Any, out: Any) -> None:
    """log(1 + x**2), far out 2 log(abs(x))."""
    np.log1p(np.square(x), out=out)
    _amend(out, np.abs(x) > 1e9, lambda x: 2.0 * np.log(np.abs(x)), x)


def log1mexp(x: Any, out: Any) -> None:
    """log(1 - exp(x)); whichever difference with 1 is the larger one is taken."""
    np.log1p(-np.exp(x), out=out)
    _amend(out, np.greater(x, -0.6931471805599453), lambda x: np.log(-np.expm1(x)), x)


def logexpm1(x: Any, out: Any) -> None:
    """log(exp(x) - 1); about its zero at log(2) of 1 + 2 expm1(x - log(2))."""

    def up_to_one(x: Any) -> Any:
        """Give it where exp(-x) is no small number."""
        beside = np.log1p(2.0 * np.expm1((x - 0.6931471805599453) - 2.3190468138462996e-17))
        return np.where(x < 0.4, np.log(np.expm1(x)), beside)

    np.add(x, np.log1p(-np.exp(np.negative(x)), out=out), out=out)
    _amend(out, np.less_equal(x, 1.0), up_to_one, x)


def log1pmx(x: Any, out: Any) -> None:
    """log(1 + x) - x; where that is a difference of like numbers, by the inverse hyperbolic tangent."""
    np.subtract(np.log1p(x, out=out), x, out=out)
    _amend(out, np.less(x, 1.5) & np.greater(x, -0.8), _log1pmx, x)


def _log1pmx(x: Any) -> Any:
    """Give the same by r = x / (2 + x), since 2 r - x = -x r."""
    r = x / (2.0 + x)
    square = r * r
    return r * (2.0 * square * special.horner(square, ARTANH) - x)


def log_ratio(x: Any, y: Any, out: Any) -> None:
    """log(x / y): of 1 and the difference by the smaller one, with its sign; of each where that overflows."""
    least = np.minimum(x, y)
    d = np.subtract(x, y)
    np.copysign(np.log1p(np.abs(np.divide(d, least, out=out), out=out), out=out), d, out=out)
    _amend(out, np.isinf(out), lambda x, y: np.log(x) - np.log(y), x, y)
    _amend(out, np.less(least, 0.0), np.log, least)


def rel_entr(x: Any, y: Any, out: Any) -> None:
    """x log(x / y); 0 where x is."""
    log_ratio(x, y, out)
    np.multiply(x, out, out=out)
    _nothing(x, y, out)
    _beyond(x, y, out)


def _beyond(x: Any, y: Any, out: Any) -> None:
    """Enter infinity where an operand is below zero, for all numbers."""
    below = np.less(x, 0.0) | np.less(y, 0.0)
    _amend(out, below, lambda x, y: np.where(np.isnan(x + y), np.nan, np.inf), x, y)


def kl_div(x: Any, y: Any, out: Any) -> None:
    """x log(x / y) - x + y; where these cancel out, by twice the inverse hyperbolic tangent of r.

    That is r = (x - y) / (x + y), whose first term makes (x - y) r of them.
    """

    def apart(x: Any, y: Any) -> Any:
        """Give it where each of them is a large part of the result."""
        ratio = np.empty(x.shape)
        log_ratio(x, y, ratio)
        return np.where(x == 0.0, y, x * ratio - x + y)

    d = np.subtract(x, y)
    r = d / np.add(x, y)
    square = r * r
    out[...] = r * (d + 2.0 * np.multiply(x, square) * special.horner(square, ARTANH))
    _amend(out, ~(square < 0.44), apart, x, y)
    _beyond(x, y, out)


def csch(x: Any, out: Any) -> None:
    """1 / sinh(x), where sinh(x) is a number; beyond that of powers."""
    far = np.greater(np.abs(x), 700.0)
    np.divide(1.0, np.sinh(np.where(far, 1.0, x)), out=out)
    if far.any():
        np.copyto(out, np.copysign(2.0 * np.exp(706.0 - np.abs(x)) * 2.443969469407077e-307, x), where=far)


def remainder(x: Any, y: Any, out: Any) -> None:
    """x less the nearest multiple of y, the even one of two."""
    size = np.abs(y)
    rest = np.fmod(np.abs(x), 2.0 * size)
    less = rest - size
    less = np.where(less + less >= size, less - size, less)
    np.multiply(np.copysign(1.0, x), np.where(rest + rest > size, less, rest), out=out)


def sinpi(x: Any, out: Any) -> None:
    """sin(pi x), zero at whole numbers."""
    whole = np.rint(x)
    np.multiply(special.sign_of(whole), np.sin(np.pi * (x - whole)), out=out)


def cospi(x: Any, out: Any) -> None:
    """cos(pi x), zero at the halves."""
    whole = np.rint(x)
    np.multiply(special.sign_of(whole), np.sin(np.pi * (0.5 - np.abs(x - whole))), out=out)


def sinc(x: Any, out: Any) -> None:
    """sin(pi x) / (pi x), whose divisor keeps its rounding error; 1 at zero."""
    near = np.abs(x) < 1e-9
    t, lost = special.two_product(np.where(near, 1.0, x), np.pi)
    sinpi(x, out)
    np.divide(out, t, out=out)
    np.subtract(out, out * ((lost + x * 1.2246467991473532e-16) / t), out=out)
    out[near] = 1.0


def where(condition: Any, a: Any, b: Any, out: Any) -> None:
    """a where the condition is not zero, else b."""
    out[...] = np.where(np.not_equal(condition, 0.0), a, b)


def clamp(x: Any, low: float, high: float, out: Any) -> None:
    """Limit to an interval."""
    np.maximum(x, low, out=out)
    np.minimum(out, high, out=out)


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
    if np.less(length, 1e-290).any():  # a length that is not normal has few digits
        a, b = (np.where(np.less(length, 1e-290), np.ldexp(x, 600), x) for x in (a, b))
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
    """c * x ** (exponent - order) * log(x) ** logs; 0 where c is, and for a power of zero with logs."""
    e = np.subtract(exponent, order)
    size = np.power(np.abs(x), e)
    sign = np.where(np.less(x, 0.0), -1.0, 1.0)
    sign = np.power(sign, exponent) * sign**order
    y = sign * size * c
    ordinary = (size > 1e-290) & (size < 1e290)
    if not ordinary.all():
        # The power may leave the range of doubles although the product does not: its root comes in twice.
        # (Where even that does not help, the product is infinite, and the engine evaluates.)
        root = np.power(np.abs(x), 0.5 * e)
        y = np.where(ordinary | np.equal(x, 0.0) | ~np.isfinite(x), y, c * root * (sign * root))
    zero = np.equal(c, 0.0) | (np.isposinf(x) & np.less(e, 0.0))
    if logs:  # which a power of zero outweighs, as long as it is one
        y *= np.log(x) ** logs
        zero |= np.equal(x, 0.0) & np.greater_equal(exponent, order)
    out[...] = np.where(zero, 0.0, y)


def gaussian(x: Any, order: float, scale: float, out: Any) -> None:
    """The derivative of a whole order of exp(-x * x / scale), by Hermite's recurrence."""
    u = x / scale**0.5
    before, now = np.ones_like(u), 2.0 * u
    for k in range(1, int(order) + 1):
        before, now = now, 2.0 * u * now - 2.0 * k * before
    # The square of a number of few bits is exact, and what it leaves of the other is small.
    near = np.clip(x, -50.0, 50.0)
    few = np.rint(64.0 * near) / 64.0
    power = np.exp(-few * few / scale) * np.exp((few - near) * (few + near) / scale)
    np.multiply(before * (-1.0 / scale**0.5) ** order, power, out=out)


def sign(x: Any, out: Any) -> None:
    """Sign."""
    np.sign(x, out)


def round_digits(x: Any, ndigits: float, out: Any) -> None:
    """Round to a number of decimals, halves to even, but for those of powers of ten that are no floats.

    By exact remainders, or by products that keep their rounding error.
    """
    if ndigits == 0.0:
        np.rint(x, out)
        return
    unit = 10.0 ** abs(ndigits)
    if ndigits < 0.0:
        rest, odd = np.fmod(x, unit), np.abs(np.fmod(x, 2.0 * unit)) >= unit
        up = (np.abs(rest) > 0.5 * unit) | ((np.abs(rest) == 0.5 * unit) & odd)
        np.copysign(x - np.where(up, rest - np.copysign(unit, x), rest), x, out)
        return
    scaled, lost = special.two_product(x, unit)
    whole = np.rint(scaled)
    beside = (lost != 0.0) & (np.abs(scaled - whole) == 0.5)  # no tie
    whole = np.where(beside, scaled + np.copysign(0.5, lost), whole)
    # From 2**52 on a float has no more decimals.
    out[...] = np.where(np.abs(scaled) < 2.0**52, np.copysign(whole / unit, x), x)


def _inverse_powers(x: Any, y: Any, order: float) -> tuple[Any, Any]:
    """Real and imaginary part of (x + iy)**-order."""
    length = np.hypot(x, y)
    u, v = x / length / length, np.negative(y) / length / length
    re, im = u, v
    for _ in range(int(order) - 1):
        re, im = re * u - im * v, re * v + im * u
    return re, im


def re_inverse_power(x: Any, y: Any, order: float, out: Any) -> None:
    """The real part of (x + iy)**-order."""
    out[...] = _inverse_powers(x, y, order)[0]


def im_inverse_power(x: Any, y: Any, order: float, out: Any) -> None:
    """The imaginary part of (x + iy)**-order."""
    out[...] = _inverse_powers(x, y, order)[1]


FUNCTIONS: dict[str, Callable[..., None]] = {
    f.__name__: f
    for f in (
        sigmoid, sigmoid_slope, sech, sech_squared, step, relu, leaky_relu, elu, softplus, exp10, logit,
        xlogy, xlog1py, xdivy, entr, log1psq, log1mexp, log1pmx, logexpm1,
        log_ratio, rel_entr, kl_div, csch, remainder, sinpi, cospi, sinc, where,
        clamp, restrict, saturate, direction, logaddexp, power, monomial, gaussian, sign, re_inverse_power,
        im_inverse_power, special.erf, special.erfc, special.normal_cdf, special.lgamma, special.digamma,
    )
} | {"round": round_digits}  # fmt: skip
"""By the name of their row."""

BY_ENGINE = ("lgamma", "digamma")
"""Of those, the ones that the engine's C computes sooner, where that was compiled."""

CODE: dict[str, str] = {
    "div": "{0} / {1}",
    "floordiv": "floor_divide({0}, {1})",
    "fmod": "fmod({0}, {1})",
    "copysign": "copysign({0}, {1})",
    "trunc": "trunc({0})",
    "mod": "mod({0}, {1})",
    "power": "{0} ** {1}",
    "pow": "{0} ** {1}",
    "sqrt": "sqrt({0})",
    "cbrt": "cbrt({0})",
    "exp": "exp({0})",
    "exp2": "exp2({0})",
    "expm1": "expm1({0})",
    "log": "log({0})",
    "log1p": "log1p({0})",
    "log2": "log2({0})",
    "log10": "log10({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "tan": "tan({0})",
    "asin": "arcsin({0})",
    "acos": "arccos({0})",
    "atan": "arctan({0})",
    "sinh": "sinh({0})",
    "cosh": "cosh({0})",
    "tanh": "tanh({0})",
    "asinh": "arcsinh({0})",
    "acosh": "arccosh({0})",
    "atanh": "arctanh({0})",
    "clamp": "clip({0}, {1}, {2})",
    "abs": "abs({0})",
    "sign": "sign({0})",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "round": "round({0}, {1})",
    "maximum": "maximum({0}, {1})",
    "minimum": "minimum({0}, {1})",
    "where": "where({0}, {1}, {2})",
    "hypot": "hypot({0}, {1})",
    "atan2": "arctan2({0}, {1})",
    "logaddexp": "logaddexp({0}, {1})",
    "relu": "maximum({0}, 0)",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "equal": "{0} == {1}",
}
"""What NumPy has itself, as an expression of operands and constants; and how listings print the others."""

FOR_CONSTANTS: dict[tuple[str, tuple[float, ...]], str] = {("step", (0.0,)): "{0} > {1}"}
"""The same for some constants of a row only, where listings print it."""


def expression(op: Op, params: tuple[float, ...]) -> str | None:
    """Return a row as an expression; None where NumPy has none, and for a user's own operation."""
    if TABLE.get(op.name) is not op:
        return None
    return FOR_CONSTANTS.get((op.name, params)) or CODE.get(op.name)


def compares(op: Op, params: tuple[float, ...]) -> bool:
    """Tell whether a row's expression is a comparison, whose result NumPy does not negate."""
    return re.fullmatch(r"\{0\} [<>=]=? \{1\}", expression(op, params) or "") is not None


OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less", ast.LtE: "less_equal", ast.Eq: "equal",
}  # fmt: skip


def _as_spelled(op: Op) -> Callable[..., Any] | None:
    """Return the function that a row's expression in `CODE` is; None where there is none."""
    if op.name not in CODE or TABLE.get(op.name) is not op:  # a custom operation may be named as a row
        return None
    names = [f"x{i}" for i in range(op.arity + len(op.params))]
    text = CODE[op.name].format(*names)
    tree = ast.parse(text, mode="eval").body
    operands: list[ast.expr] = []
    ufunc: Any = None
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        operands, ufunc = tree.args, getattr(np, tree.func.id)
    elif isinstance(tree, ast.BinOp):
        operands, ufunc = [tree.left, tree.right], getattr(np, OPERATORS[type(tree.op)])
    elif isinstance(tree, ast.Compare):
        operands, ufunc = [tree.left, *tree.comparators], getattr(np, OPERATORS[type(tree.ops[0])])
    if isinstance(ufunc, np.ufunc) and [ast.unparse(x) for x in operands] == names:
        return ufunc  # which writes its result in place
    function = eval(f"lambda {', '.join(names)}: {text}", dict(vars(np)))  # noqa: S307 - the text above
    return lambda *given: np.copyto(given[-1], function(*given[:-1]))


@lru_cache(maxsize=256)
def function_of(op: Op) -> Callable[..., Any]:
    """Return the function that applies a row to arrays: operands, constants, then the result.

    A function above, if there is one of the row's name; else what `CODE` says; else its value.
    """
    found = _whole(op)
    if found is not None:
        return by_row(op, found) if op.name in BY_ENGINE and TABLE.get(op.name) is op else found
    if TABLE.get(op.name) is not op:
        return by_value(op.value)
    return by_row(op)


def _whole(op: Op) -> Callable[..., Any] | None:
    """Return the function that applies a row to whole arrays; None where there is none."""
    own = TABLE.get(op.name) is op  # a custom operation may be named as a function above
    return (FUNCTIONS.get(op.name) if own else None) or _as_spelled(op)


def number_by_number(ops: Iterable[Op]) -> list[str]:
    """Return the names of rows without a function over arrays, which Python evaluates number by number."""
    return sorted({op.name for op in ops if op is not ENTRY and _whole(op) is None})


# Where one call of a function is not the fastest way: the calls, each as a function and its arguments.

Calls = list[tuple[Any, ...]]
Parts = dict[str, Any]


def _compare(op: Op) -> Callable[..., Calls]:
    """Compare into booleans, then widen them, which is faster than comparing into floats."""

    def calls(operands: list[Any], _params: tuple[float, ...], out: Any, _parts: Parts) -> Calls:
        """Return the two calls."""
        truth = np.empty(out.shape, bool)
        return [(function_of(op), *operands, truth), (np.copyto, out, truth.view(np.int8))]

    return calls


def _step(operands: list[Any], params: tuple[float, ...], out: Any, _parts: Parts) -> Calls:
    """Compare with zero by the sign."""
    a, b = operands
    if params[0] or not (isinstance(b, float) and b == 0.0):
        return [(step, a, b, *params, out)]
    return [(positive, a, np.zeros(out.shape), out)]


def _relu(operands: list[Any], _params: tuple[float, ...], out: Any, _parts: Parts) -> Calls:
    """Compare with an array of zeros: NumPy has no fast loop for the maximum of an array and a number."""
    return [(np.maximum, *operands, np.zeros(out.shape), out)]


def _monomial(operands: list[Any], params: tuple[float, ...], out: Any, _parts: Parts) -> Calls:
    """Write the derivative of a power with a constant exponent, c * x ** e, as that."""
    c, x, exponent = operands
    order, logs = params
    if logs or not (isinstance(c, float) and isinstance(exponent, float)):
        return [(monomial, c, x, exponent, order, logs, out)]
    return [(np.power, x, float(exponent) - order, out), (np.multiply, out, float(c), out)]


def _sigmoid(operands: list[Any], _params: tuple[float, ...], out: Any, parts: Parts) -> Calls:
    """Compute y = 1 / (1 + e) with e = exp(-x), and leave both for the derivative."""
    e = np.empty(out.shape)
    parts["exp(-x)"], parts["sigmoid"] = e, out
    return [(np.negative, *operands, e), (np.exp, e, e), (np.add, e, 1.0, out), (np.divide, 1.0, out, out)]


def _sigmoid_slope(operands: list[Any], _params: tuple[float, ...], out: Any, parts: Parts) -> Calls:
    """Compute e y y, which needs no exponential where the sigmoid has been computed."""
    if not parts:
        return [(sigmoid_slope, *operands, out)]
    e, y = parts["exp(-x)"], parts["sigmoid"]
    return [(np.multiply, e, y, out), (np.multiply, out, y, out)]


CALLS: dict[Op, Callable[..., Calls]] = {
    **{op: _compare(op) for op in TABLE.values() if isinstance(op.form, Comparison)},
    TABLE["step"]: _step, TABLE["relu"]: _relu, TABLE["monomial"]: _monomial, TABLE["sigmoid"]: _sigmoid,
    TABLE["sigmoid_slope"]: _sigmoid_slope,
}  # fmt: skip


def calls_of(op: Op, operands: list[Any], params: tuple[float, ...], out: Any, parts: Parts) -> Calls:
    """Return the calls that apply a row: functions with their arguments.

    ``parts`` holds arrays that rows of the same operands have left, by what they are; the calls may use them,
    and leave more.
    """
    if op in CALLS:
        return CALLS[op](operands, params, out, parts)
    return [(function_of(op), *operands, *params, out)]
