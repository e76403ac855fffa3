"""Graphs as expressions of SymPy, and expressions of SymPy as functions of numbers and Values.

A row becomes what SymPy calls it (`SPELLED`), else what its shape of notation says, else the formula or the
expansion in other rows that the table holds. The way back reads the same table in the other direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from autograd import many, ops
from autograd.backward import toposort
from autograd.errors import GraphError, optional
from autograd.form import Auxiliary, Cases, Comparison, Form, Infix, Power, Prefix, Products, Root
from autograd.form import Fraction as Over
from autograd.op import TABLE, Op
from autograd.operators import Operators
from autograd.render.formula.formula import form_of
from autograd.value import Value
from autograd.words import gettext

__all__ = ["from_sympy", "to_sympy"]

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name: name for name in (
        "exp", "log", "sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "asec", "acsc",
        "acot", "atan2", "sinh", "cosh", "tanh", "sech", "csch", "coth", "asinh", "acosh", "atanh", "asech",
        "acsch", "acoth", "erf", "erfc", "erfinv", "floor", "sign", "digamma", "trigamma", "gamma", "beta",
        "cbrt",
    )}
    | {"maximum": "Max", "minimum": "Min", "max": "Max", "min": "Min", "lgamma": "loggamma",
       "ceil": "ceiling", "abs": "Abs"}
)  # fmt: skip
"""Functions of SymPy that are a row, with its operands in its order."""


def _slope(s: Any, f: Callable[[Any], Any], x: Any, order: Any) -> Any:
    """Return the derivative of some order of what SymPy writes, at an expression."""
    t = s.Dummy()
    return s.diff(f(t), t, int(order)).subs(t, x)


SPELLED: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({
    "exp2": lambda s, x: 2**x, "log2": lambda s, x: s.log(x, 2), "log10": lambda s, x: s.log(x, 10),
    "logit": lambda s, x: s.log(x / (1 - x)), "logaddexp": lambda s, a, b: s.log(s.exp(a) + s.exp(b)),
    "xlogy": lambda s, a, b: a * s.log(b), "xlog1py": lambda s, a, b: a * s.log(1 + b),
    "entr": lambda s, x: -x * s.log(x), "rel_entr": lambda s, a, b: a * s.log(a / b),
    "kl_div": lambda s, a, b: a * s.log(a / b) - a + b,
    "log1mexp": lambda s, x: s.log(1 - s.exp(-s.Abs(x))), "logexpm1": lambda s, x: s.log(s.exp(x) - 1),
    "softplus": lambda s, x: s.log(1 + s.exp(x)), "sigmoid": lambda s, x: 1 / (1 + s.exp(-x)),
    "sigmoid_slope": lambda s, x: s.exp(-x) / (1 + s.exp(-x)) ** 2,
    "sinpi": lambda s, x: s.sin(s.pi * x), "cospi": lambda s, x: s.cos(s.pi * x),
    "sind": lambda s, x: s.sin(s.pi * x / 180), "cosd": lambda s, x: s.cos(s.pi * x / 180),
    "tand": lambda s, x: s.tan(s.pi * x / 180), "degrees": lambda s, x: x * 180 / s.pi,
    "radians": lambda s, x: x * s.pi / 180, "sinc": lambda s, x: s.sinc(s.pi * x),
    "normal_cdf": lambda s, x: s.erfc(-x / s.sqrt(2)) / 2,
    "normal_quantile": lambda s, x: s.sqrt(2) * s.erfinv(2 * x - 1),
    "polygamma": lambda s, x, order: s.polygamma(order, x),
    "betaln": lambda s, a, b: s.log(s.beta(a, b)),
    "gammainc": lambda s, x, a: s.lowergamma(a, x) / s.gamma(a),
    "gammaincc": lambda s, x, a: s.uppergamma(a, x) / s.gamma(a),
    "betainc": lambda s, x, a, b: s.betainc_regularized(a, b, 0, x),
    "erfi": lambda s, x: s.erfi(x), "erfcx": lambda s, x: s.exp(x**2) * s.erfc(x),
    "logerfc": lambda s, x: s.log(s.erfc(x)), "logerfcx": lambda s, x: x**2 + s.log(s.erfc(x)),
    "exp_square": lambda s, x: s.exp(x**2), "sinint": lambda s, x: s.Si(x), "cosint": lambda s, x: s.Ci(x),
    "ellipk": lambda s, m: s.elliptic_k(m), "ellipe": lambda s, m: s.elliptic_e(m),
    "zeta": lambda s, q, order: s.zeta(order, q), "kn": lambda s, x, order: s.besselk(order, x),
    "erfcinv": lambda s, x: s.erfinv(1 - x), "expn": lambda s, x, order: s.expint(order, x),
    "j0": lambda s, x: s.besselj(0, x), "j1": lambda s, x: s.besselj(1, x),
    "y0": lambda s, x: s.bessely(0, x), "y1": lambda s, x: s.bessely(1, x),
    "i0": lambda s, x: s.besseli(0, x), "i1": lambda s, x: s.besseli(1, x),
    "jn": lambda s, x, order: s.besselj(order, x), "yn": lambda s, x, order: s.bessely(order, x),
    "bessel_i": lambda s, x, order: s.besseli(order, x),
    "i0e": lambda s, x: s.exp(-s.Abs(x)) * s.besseli(0, x),
    "i1e": lambda s, x: s.exp(-s.Abs(x)) * s.besseli(1, x),
    "airyai": lambda s, x, order: _slope(s, s.airyai, x, order),
    "airybi": lambda s, x, order: _slope(s, s.airybi, x, order),
    "dawsn": lambda s, x: s.sqrt(s.pi) / 2 * s.exp(-(x**2)) * s.erfi(x),
    "dawsn_derivative": lambda s, x, order: _slope(
        s, lambda t: s.sqrt(s.pi) / 2 * s.exp(-(t**2)) * s.erfi(t), x, order),
    "erfcx_derivative": lambda s, x, order: _slope(s, lambda t: s.exp(t**2) * s.erfc(t), x, order),
    "sinc_derivative": lambda s, x, order: _slope(s, lambda t: s.sin(s.pi * t) / (s.pi * t), x, order),
    "jn_derivative": lambda s, x, order, slope: _slope(s, lambda t: s.besselj(order, t), x, slope),
    "yn_derivative": lambda s, x, order, slope: _slope(s, lambda t: s.bessely(order, t), x, slope),
    "ine": lambda s, x, order, slope: _slope(s, lambda t: s.exp(-t) * s.besseli(order, t), x, slope),
    "gamma_density": lambda s, x, a, order: _slope(
        s, lambda t: t ** (a - 1) * s.exp(-t) / s.gamma(a), x, order),
    "beta_density": lambda s, x, a, b, order: _slope(
        s, lambda t: t ** (a - 1) * (1 - t) ** (b - 1) / s.beta(a, b), x, order),
    "trunc": lambda s, x: s.sign(x) * s.floor(s.Abs(x)),
    "fmod": lambda s, a, b: a - b * s.sign(a / b) * s.floor(s.Abs(a / b)),
    "copysign": lambda s, a, b: s.Abs(a) * s.Piecewise((1, b >= 0), (-1, True)),
    "leaky_relu": lambda s, x, slope: s.Piecewise((x, x > 0), (slope * x, True)),
    "elu": lambda s, x, alpha: s.Piecewise((x, x > 0), (alpha * (s.exp(x) - 1), True)),
    "hypot": lambda s, a, b: s.sqrt(a**2 + b**2), "norm": lambda s, *xs: s.sqrt(s.Add(*[x**2 for x in xs])),
    "logsumexp": lambda s, *xs: s.log(s.Add(*map(s.exp, xs))),
    "softmax": lambda s, *xs: s.exp(xs[int(xs[-1])]) / s.Add(*map(s.exp, xs[:-1])),
    "log_softmax": lambda s, *xs: xs[int(xs[-1])] - s.log(s.Add(*map(s.exp, xs[:-1]))),
})  # fmt: skip
"""Rows that SymPy writes with several of its functions."""

_RELATIONS: Final = MappingProxyType({">": "Gt", ">=": "Ge", "<": "Lt", "<=": "Le", "==": "Eq"})
_SHAPES: Final[Mapping[type[Form], Callable[..., Any]]] = MappingProxyType({
    Infix: lambda s, form, *xs: (
        s.Add(*xs) if form.sign == "+" else s.Mul(*xs) if form.sign == "*"
        else xs[0] - xs[1] if form.sign == "-" else s.Mod(*xs) if form.sign == "mod" else None
    ),
    Prefix: lambda s, form, x: -x,
    Power: lambda s, form, *xs: xs[0] ** xs[1] if not form.base else s.Integer(int(form.base)) ** xs[0],
    Root: lambda s, form, x: s.root(x, form.degree),
    Over: lambda s, form, a, b: a / b,
    Comparison: lambda s, form, a, b: s.Piecewise((1, getattr(s, _RELATIONS[form.sign])(a, b)), (0, True)),
    Cases: lambda s, form, condition, a, b: s.Piecewise((a, s.Ne(condition, 0)), (b, True)),
    Products: lambda s, form, *xs: s.Add(*map(s.Mul, xs[: len(xs) // 2], xs[len(xs) // 2 :])),
})  # fmt: skip
"""What the shapes of notation mean."""


def _sympy() -> Any:
    return optional("sympy", gettext("expressions of SymPy"), "pip install sympy", what="SymPy")


class _Expression(Operators):
    """An expression that rows may be applied to."""

    __slots__ = ("of",)

    def __init__(self, of: Any) -> None:
        self.of = of

    @staticmethod
    def _apply(op: Op, operands: tuple[Any, ...]) -> Any:
        return _Expression(_applied(op, [_bare(x) for x in operands]))


def _bare(x: Any) -> Any:
    """Return an expression of SymPy for an operand."""
    return x.of if isinstance(x, _Expression) else _number(float(x))


def _number(x: float) -> Any:
    """Return a float, exactly where it is a fraction that people write."""
    sympy = _sympy()
    if not math.isfinite(x):
        return {math.inf: sympy.oo, -math.inf: -sympy.oo}.get(x, sympy.nan)
    fraction = Fraction(x)
    if fraction.denominator <= 64 and abs(fraction.numerator) < 2**53:
        return sympy.Rational(fraction.numerator, fraction.denominator)
    return sympy.Float(x, 17)


def _applied(op: Op, operands: Sequence[Any]) -> Any:
    """Return a row applied to expressions of SymPy."""
    sympy = _sympy()
    is_row = TABLE.get(op.name) is op  # a custom operation may be named as a row
    if is_row and op.name in NAMES:
        return getattr(sympy, NAMES[op.name])(*operands)
    if is_row and op.name in SPELLED:
        return SPELLED[op.name](sympy, *operands)
    form = form_of(op)
    shape = _SHAPES.get(form.__class__) if form is not None else None
    found = None if shape is None else shape(sympy, form, *operands)
    if found is not None:
        return found
    formula = op.form if form is None else form.write if isinstance(form, Auxiliary) else None
    for write in (formula, op.expand):
        written = _written(write, op, operands)
        if written is not None:
            return written
    raise GraphError(gettext(
        "SymPy has no function for {name}, and the table does not write it with others; cut the graph "
        "below it, by detach, or write it with other functions",
        name=op.name,
    ))  # fmt: skip


def _written(write: Any, op: Op, operands: Sequence[Any]) -> Any:
    """Return a formula of a row's operands in other rows; None where there is none for these."""
    if write is None:
        return None
    constants = len(op.params)
    given = [_Expression(x) for x in operands[: len(operands) - constants]]
    settled = [float(x) for x in operands[len(operands) - constants :]]
    found = write(*given, *settled)
    return None if found is None else _bare(found)


def to_sympy(root: Value, symbols: Mapping[Value, Any] | None = None) -> Any:
    """Return the graph below a node as an expression of SymPy.

    Parameters
    ----------
    root
        The output of the graph.
    symbols
        The symbol, or any expression, that stands for each of some nodes. By default each leaf with a label
        is a real symbol of that name, and each other leaf its number.

    Returns
    -------
    sympy.Expr
        The expression. Numbers such as 0.5 are exact fractions in it.

    Raises
    ------
    GraphError
        If SymPy has no function for an operation of the graph.
    MissingDependencyError
        If SymPy is not installed.

    Examples
    --------
    >>> from autograd import Value, from_sympy, grad, sin, to_sympy
    >>> x, y = Value(0.5, "x"), Value(2.0, "y")
    >>> expression = to_sympy(sin(x * y) + 0.5 * x**2)  # doctest: +SKIP
    >>> expression, expression.diff("x")  # doctest: +SKIP
    (x**2/2 + sin(x*y), x + y*cos(x*y))
    """
    sympy = _sympy()
    if not isinstance(root, Value):
        raise TypeError(gettext(
            "to_sympy takes a Value, the output of a graph, got {kind}",
            kind=type(root).__name__,
        ))  # fmt: skip
    found: dict[Value, Any] = {node: sympy.sympify(x) for node, x in (symbols or {}).items()}
    for node in toposort(root):
        if node in found:
            continue
        if node.op is None:
            found[node] = sympy.Symbol(node.label) if node.label else _number(node.data)
        else:
            found[node] = _applied(
                node.op, [found[x] if isinstance(x, Value) else _number(float(x)) for x in node.operands]
            )
    return found[root]


# The way back: the classes of SymPy's expressions, and what they are here.


def _chosen(*pieces: tuple[Any, Any]) -> Any:
    """Return what the first condition that holds chooses; NaN where none does."""
    found: Any = math.nan
    for value, condition in reversed(pieces):
        holds_always = isinstance(condition, float) and condition == 1.0
        found = value if holds_always else ops.where(condition, value, found)
    return found


_ROWS: Final[dict[str, Callable[..., Any]]] = {
    name: TABLE[row] for row, name in NAMES.items() if name not in ("Max", "Min")
}
CLASSES: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(_ROWS | {
    "Add": lambda *xs: many.sum(xs), "Mul": lambda *xs: many.prod(xs), "Pow": lambda a, b: a**b,
    "Mod": ops.mod, "Max": lambda *xs: many.max(xs), "Min": lambda *xs: many.min(xs),
    "Piecewise": _chosen, "ExprCondPair": lambda *pair: pair,
    "And": lambda *xs: many.min(xs), "Or": lambda *xs: many.max(xs),
    "Not": lambda x: 1.0 - x, "Heaviside": lambda x, tie=0.5: ops.step(x, 0.0, tie),
    "StrictGreaterThan": ops.greater, "GreaterThan": ops.greater_equal, "StrictLessThan": ops.less,
    "LessThan": ops.less_equal, "Equality": ops.equal, "Unequality": lambda a, b: 1.0 - ops.equal(a, b),
    "polygamma": ops.polygamma, "expint": ops.expn, "besselj": ops.jn, "bessely": ops.yn,
    "besseli": ops.bessel_i, "besselk": ops.kn, "erfi": ops.erfi, "Si": ops.sinint, "Ci": ops.cosint,
    "elliptic_k": ops.ellipk, "elliptic_e": ops.ellipe, "zeta": lambda s, q=1.0: ops.zeta(s, q),
    "airyai": ops.airyai, "airyaiprime": lambda x: ops.airyai(x, 1.0),
    "airybi": ops.airybi, "airybiprime": lambda x: ops.airybi(x, 1.0),
    "sinc": lambda x: ops.sinc(x / math.pi), "erfcinv": ops.erfcinv,
    "lowergamma": lambda a, x: ops.gammainc(a, x) * ops.gamma(a),
    "uppergamma": lambda a, x: ops.gammaincc(a, x) * ops.gamma(a),
    "betainc_regularized": lambda a, b, low, x: ops.betainc(a, b, x) - ops.betainc(a, b, low),
    "frac": lambda x: ops.mod(x, 1.0), "factorial": lambda n: ops.gamma(n + 1.0),
    "RisingFactorial": lambda x, k: ops.gamma(x + k) / ops.gamma(x),
    "FallingFactorial": lambda x, k: ops.gamma(x + 1.0) / ops.gamma(x - k + 1.0),
    "binomial": lambda n, k: ops.gamma(n + 1.0) / (ops.gamma(k + 1.0) * ops.gamma(n - k + 1.0)),
})  # fmt: skip
"""For the name of a class of SymPy's, the function of numbers and Values."""


def from_sympy(expression: Any, symbols: Iterable[Any] | Any | None = None) -> Callable[..., Any]:
    """Return the function that an expression of SymPy is of its symbols.

    Parameters
    ----------
    expression
        An expression, a list or tuple of them, or a matrix. Derivatives, integrals, limits, products and sums
        in it are worked out by SymPy first.
    symbols
        The symbols, in the order of the function's arguments; one, or several. By default the expression's
        own, in the order of their names.

    Returns
    -------
    callable
        A function of numbers or Values, which `grad`, `jacobian`, `compile` and the others take.

    Raises
    ------
    GraphError
        If there is no row for a function of the expression, or it has symbols that are not among those given.
    MissingDependencyError
        If SymPy is not installed.

    Examples
    --------
    >>> from autograd import from_sympy, grad
    >>> from sympy.abc import x, y  # doctest: +SKIP
    >>> f = from_sympy(x**2 * y + 1, (x, y))  # doctest: +SKIP
    >>> f(3.0, 2.0), grad(f, argnums=(0, 1))(3.0, 2.0)  # doctest: +SKIP
    (19.0, (12.0, 9.0))
    """
    sympy = _sympy()
    columns = expression.cols if isinstance(expression, sympy.MatrixBase) else 1
    expression = list(expression) if isinstance(expression, sympy.MatrixBase) else expression  # row by row
    several = isinstance(expression, (list, tuple))
    roots = [_carried_out(sympy.sympify(part)) for part in (expression if several else [expression])]
    free = sorted(set().union(*[root.free_symbols for root in roots]), key=str)
    if symbols is None:
        names = free
    else:
        names = [symbols] if isinstance(symbols, (sympy.Symbol, str)) else list(symbols)
        names = [next((s for s in free if s.name == n), n) if isinstance(n, str) else n for n in names]
    strange = [str(symbol) for symbol in free if symbol not in names]
    if strange:
        raise GraphError(gettext(
            "the expression has the symbols {strange} beside {names}; give a place to each, in symbols",
            strange=", ".join(strange), names=", ".join(map(str, names)) or gettext("none"),
        ))  # fmt: skip
    for root in roots:
        for part in sympy.preorder_traversal(root):
            _known(part)

    def f(*numbers: Any) -> Any:
        if len(numbers) != len(names):
            raise TypeError(gettext(
                "this function takes {count} numbers, {names}",
                count=len(names), names=", ".join(map(str, names)),
            ))  # fmt: skip
        found: dict[Any, Any] = dict(zip(names, numbers, strict=True))
        results = [_evaluated(root, found) for root in roots]
        if columns > 1:
            return [results[i : i + columns] for i in range(0, len(results), columns)]
        return type(expression)(results) if several else results[0]

    f.__doc__ = f"Return the expression's number at {', '.join(map(str, names))}."
    return f


def _carried_out(root: Any) -> Any:
    """Return an expression whose derivatives, sums, limits and so on SymPy has worked out where it can."""
    sympy = _sympy()
    waiting = (sympy.Derivative, sympy.Integral, sympy.Limit, sympy.Product, sympy.Subs, sympy.Sum)
    return root.replace(lambda part: isinstance(part, waiting), lambda part: part.doit())


def _known(part: Any) -> None:
    """Refuse what is no row, no real number and no symbol."""
    if part.args and part.func.__name__ not in CLASSES:
        raise GraphError(gettext(
            "there is no row for SymPy's {function}, in {part}; write it with other functions, as by "
            "expression.rewrite or expression.doit()",
            function=part.func.__name__, part=part,
        ))  # fmt: skip
    if not (part.args or part.is_Symbol or part.is_Boolean or part.is_extended_real or part is _sympy().nan):
        raise GraphError(gettext("SymPy's {part} is no real number", part=part))


def _evaluated(root: Any, found: dict[Any, Any]) -> Any:
    """Return an expression's number or Value; ``found`` keeps what was evaluated, each once."""
    pending = [root]
    while pending:
        part = pending[-1]
        waiting = [x for x in part.args if x not in found]
        if part in found:
            pending.pop()
        elif not part.args:
            found[part] = float(bool(part)) if part.is_Boolean else float(part)
        elif part.is_number and part.is_extended_real:  # such as sqrt(2), which SymPy rounds but once
            found[part] = float(part)
        elif waiting:
            pending += waiting
        else:
            found[part] = CLASSES[part.func.__name__](*[found[x] for x in part.args])
    return found[root]
