"""The table of operations. Each row is everything that is known about one operation.

Everything else reads the rows: `Value`'s operators, the backward pass, forward mode, the compiler's
emitters, pictures, derivations, Hypothesis strategies and the tests. To add an operation, add a row.

A rule ``partials(y, *operands)`` returns the local partial derivatives, ``y`` being the output. It uses
operators and other rows only, so that it runs on floats (a plain backward pass), on Values (whence every
higher order) and on symbols (derivations).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd import special
from autograd.real import to_float

__all__ = ["ANY", "TABLE", "Op"]

ANY = -1  # the arity of an operation over any number of operands
INF = math.inf
REALS = (-INF, INF)

# How tightly a printed form binds, for parentheses.
SUM, PRODUCT, NEGATION, POWER, CALL = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Op:
    """One row of the table, and the function itself: ``exp(2.0)`` is a float, ``exp(Value(2.0))`` a Value.

    Rows are singletons: copied and pickled by name.
    """

    name: str
    """Identifier, and name of the method and function."""
    value: Callable[..., float]
    """``value(*operands)``: IEEE result; never raises on floats."""
    partials: Callable[..., tuple[Any, ...]]
    """``partials(y, *operands)``: one local derivative for each differentiable operand."""
    arity: int = 1
    """Number of differentiable operands, or ANY."""
    params: Mapping[str, float] = field(default_factory=dict)
    """Constants that follow the operands, with their defaults, such as a slope; never differentiated."""
    symbol: str = ""
    """What a graph node shows; the name where empty."""
    latex: str = ""
    r"""Template for `str.format`, such as ``\tanh {0}``; ``{0}`` is the first operand."""
    numpy: str = ""
    """Template over NumPy arrays; functions are NumPy's or those of the compiler's run-time library."""
    c: str = ""
    """Template over C doubles; functions are libm's or those of the compiler's run-time library."""
    precedence: int = CALL
    """How tightly the printed form binds: SUM, PRODUCT, NEGATION, POWER or CALL."""
    domain: tuple[tuple[float, float], ...] = (REALS,)
    """For each operand (the last repeats) the open interval where the value and all derivatives exist."""
    kink: Callable[..., float] | None = None
    """``kink(*operands)``: distance to the nearest point without a derivative; None where smooth."""
    gated: bool = False
    """Whether a partial of zero is structural: the branch is not taken and receives no gradient at all."""
    source: str = ""
    """Where the formula stands: a DLMF section or a textbook's equation."""

    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Apply to numbers (a float results) or to operands of which one is a node (a node results)."""
        if self.params:
            operands = self._with_params(operands, params)
        elif params:
            raise TypeError(f"{self.name}() takes no keyword {next(iter(params))!r}")
        for x in operands:
            if x.__class__ is not float:
                apply = getattr(x, "_apply", None)
                if apply is not None:
                    return apply(self, operands)
        self.check_count(len(operands))
        return self.value(*map(to_float, operands))

    def local(self, y: float, operands: tuple[float, ...]) -> tuple[float, ...]:
        """Evaluate the partials on floats, by IEEE's rules where Python's division would raise."""
        try:
            return self.partials(y, *operands)
        except ZeroDivisionError:
            return tuple(map(float, self.partials(Ieee(y), *map(Ieee, operands))))

    def _with_params(self, operands: tuple[Any, ...], given: Mapping[str, Any]) -> tuple[Any, ...]:
        """Fill in the constants that follow the operands, by keyword or by default."""
        if self.arity == ANY:
            missing = list(self.params)
        else:
            missing = list(self.params)[max(len(operands) - self.arity, 0):]
        for name in given:
            if name not in missing:
                raise TypeError(f"{self.name}() takes {', '.join(self.params)} beside its operands, once each, not {name!r}")
        return (*operands, *(given.get(name, self.params[name]) for name in missing))

    def check_count(self, count: int) -> None:
        """Raise TypeError where ``count`` operands (constants included) do not fit."""
        wanted = self.arity + len(self.params)
        if self.arity != ANY and count != wanted:
            raise TypeError(f"{self.name}() takes {wanted} operands, got {count}")

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return lookup, (self.name,)


class Ieee(float):
    """A float whose division by zero gives infinity or NaN, for the rules; Python's own raises."""

    __slots__ = ()

    def _apply(self, op: Op, operands: tuple[Any, ...]) -> Ieee:
        return Ieee(op.value(*map(float, operands)))

    def __add__(self, other: float) -> Ieee:
        return Ieee(float(self) + float(other))

    def __sub__(self, other: float) -> Ieee:
        return Ieee(float(self) - float(other))

    def __rsub__(self, other: float) -> Ieee:
        return Ieee(float(other) - float(self))

    def __mul__(self, other: float) -> Ieee:
        return Ieee(float(self) * float(other))

    def __truediv__(self, other: float) -> Ieee:
        return Ieee(special.div(float(self), float(other)))

    def __rtruediv__(self, other: float) -> Ieee:
        return Ieee(special.div(float(other), float(self)))

    def __neg__(self) -> Ieee:
        return Ieee(-float(self))

    __radd__ = __add__
    __rmul__ = __mul__


TABLE: dict[str, Op] = {}


def lookup(name: str) -> Op:
    """Return the row of that name."""
    try:
        return TABLE[name]
    except KeyError:
        raise KeyError(f"no operation named {name!r} in the table; a custom_op must be defined before its graphs are loaded") from None


def row(name: str, value: Callable[..., float], partials: Callable[..., tuple[Any, ...]], **fields: Any) -> Op:
    """Make a row and enter it in the table."""
    if name in TABLE:
        raise ValueError(f"the table has an operation {name!r} already; choose another name")
    TABLE[name] = op = Op(name, value, partials, **fields)
    return op


# Arithmetic.
add = row(
    "add", lambda a, b: a + b, lambda y, a, b: (1.0, 1.0), arity=2,
    symbol="+", latex="{0} + {1}", numpy="{0} + {1}", c="{0} + {1}", precedence=SUM,
)
sub = row(
    "sub", lambda a, b: a - b, lambda y, a, b: (1.0, -1.0), arity=2,
    symbol="-", latex="{0} - {1}", numpy="{0} - {1}", c="{0} - {1}", precedence=SUM,
)
mul = row(
    "mul", lambda a, b: a * b, lambda y, a, b: (b, a), arity=2,
    symbol="*", latex=r"{0} \, {1}", numpy="{0} * {1}", c="{0} * {1}", precedence=PRODUCT,
)
div = row(
    "div", special.div, lambda y, a, b: (1.0 / b, -y / b), arity=2,
    symbol="/", latex=r"\frac{{{0}}}{{{1}}}", numpy="{0} / {1}", c="{0} / {1}", precedence=PRODUCT,
    domain=(REALS, (0.0, INF)),
)
neg = row(
    "neg", lambda x: -x, lambda y, x: (-1.0,),
    symbol="-", latex="-{0}", numpy="-{0}", c="-{0}", precedence=NEGATION,
)
power = row(
    "power", special.pow, lambda y, x, c: (c * power(x, c - 1.0) if c else 0.0,), params={"exponent": 2.0},
    symbol="**", latex="{0}^{{{1}}}", numpy="{0} ** {1}", c="pow({0}, {1})", precedence=POWER, domain=((0.0, INF),),
)
pow = row(
    "pow", special.pow, lambda y, a, b: (b * y / a, y * log(a)), arity=2,
    symbol="**", latex="{0}^{{{1}}}", numpy="{0} ** {1}", c="pow({0}, {1})", precedence=POWER, domain=((0.0, INF), REALS),
)

# Exponentials and logarithms.
exp = row("exp", special.exp, lambda y, x: (y,), latex="e^{{{0}}}", numpy="exp({0})", c="exp({0})")
log = row("log", special.log, lambda y, x: (1.0 / x,), latex=r"\ln {0}", numpy="log({0})", c="log({0})", domain=((0.0, INF),))
sqrt = row("sqrt", special.sqrt, lambda y, x: (0.5 / y,), latex=r"\sqrt{{{0}}}", numpy="sqrt({0})", c="sqrt({0})", domain=((0.0, INF),))
square = row("square", lambda x: x * x, lambda y, x: (2.0 * x,), latex="{0}^2", numpy="square({0})", c="{0} * {0}")

# Sigmoids.
sigmoid = row(
    "sigmoid", special.sigmoid, lambda y, x: (sigmoid(x) * sigmoid(-x),),
    symbol="σ", latex=r"\sigma({0})", numpy="sigmoid({0})", c="sigmoid({0})",
)
tanh = row(
    "tanh", math.tanh, lambda y, x: (4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x),),
    latex=r"\tanh {0}", numpy="tanh({0})", c="tanh({0})",
)
relu = row(
    "relu", special.relu, lambda y, x: (greater(x, 0.0),), kink=abs, gated=True,
    symbol="ReLU", latex=r"\max(0, {0})", numpy="relu({0})", c="relu({0})",
)

# Comparisons: 1 or 0, with derivative 0.
greater = row(
    "greater", lambda a, b: float(a > b) if a == a and b == b else math.nan, lambda y, a, b: (0.0, 0.0), arity=2, gated=True,
    symbol=">", latex="[{0} > {1}]", numpy="greater({0}, {1})", c="greater({0}, {1})", kink=lambda a, b: abs(a - b),
)

# Any number of operands.
sum = row("sum", special.sum, lambda y, *xs: (1.0,) * len(xs), arity=ANY, symbol="Σ", latex=r"\sum", numpy="sum", c="sum")
dot = row(
    "dot", special.dot, lambda y, *xs: (*xs[len(xs) // 2:], *xs[:len(xs) // 2]), arity=ANY,
    symbol="·", latex=r"\cdot", numpy="dot", c="dot",
)
