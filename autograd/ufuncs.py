"""What NumPy calls the operators and functions of nodes.

NumPy hands what its universal functions should do with a node over to it, by their names: those of its
scalars' operators among them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from autograd.floats.convert import is_array, to_float
from autograd.op import TABLE

__all__ = [
    "COMPARISONS", "INSTEAD", "OTHER_NAMES", "applied", "counterpart", "instead", "is_of_numbers", "refusal",
]


def _clip(x: Any, low: Any = -math.inf, high: Any = math.inf) -> Any:
    """Clamp a number, by bounds of which one may be a node."""
    if isinstance(low, float) and isinstance(high, float):
        return TABLE["clamp"](x, low, high)
    return TABLE["minimum"](TABLE["maximum"](x, low), high)


_OPERATORS: Final[dict[str, tuple[str, Callable[..., Any]]]] = {
    "add": ("a + b", operator.add), "subtract": ("a - b", operator.sub), "multiply": ("a * b", operator.mul),
    "divide": ("a / b", operator.truediv), "power": ("a ** b", operator.pow),
    "float_power": ("a ** b", operator.pow), "floor_divide": ("a // b", operator.floordiv),
    "remainder": ("a % b", operator.mod), "divmod": ("divmod(a, b)", divmod),
    "negative": ("-x", operator.neg), "positive": ("+x", operator.pos), "conjugate": ("+x", operator.pos),
    "real": ("+x", operator.pos), "clip": ("x.clamp(low, high)", _clip),
}  # fmt: skip
_EQUALITY: Final = ("equal", "not_equal")
COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "equal": operator.eq, "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le,
    "greater": operator.gt, "greater_equal": operator.ge,
}  # fmt: skip
"""NumPy's functions that compare."""
_FROM_THE_OTHER_SIDE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "less": operator.gt, "less_equal": operator.ge, "greater": operator.lt, "greater_equal": operator.le,
}  # fmt: skip
OTHER_NAMES: Final = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "absolute": "abs", "fabs": "abs", "rint": "round",
    "fmax": "maximum", "fmin": "minimum", "clip": "clamp", "deg2rad": "radians", "rad2deg": "degrees",
    "expit": "sigmoid", "log_expit": "logsigmoid", "gammaln": "lgamma", "psi": "digamma",
    "ndtr": "normal_cdf", "ndtri": "normal_quantile", "_zeta": "zeta",
    "jv": "jn", "yv": "yn", "iv": "bessel_i", "kv": "kn",
}  # fmt: skip
"""The table's names of functions that NumPy, or ``scipy.special``, calls otherwise."""
INSTEAD: Final = {
    "heaviside": "autograd.where(x > 0.0, 1.0, 0.0)", "logaddexp2": "(2.0**a + 2.0**b).log2()",
    "matmul": "autograd.dot(a, b)", "isnan": "math.isnan(x.data)", "isinf": "math.isinf(x.data)",
    "isfinite": "math.isfinite(x.data)", "ldexp": "x * 2.0**n", "modf": "x - autograd.floor(x)",
    "k0": "autograd.kn(0, x)", "k1": "autograd.kn(1, x)", "k0e": "autograd.exp(x) * autograd.kn(0, x)",
    "k1e": "autograd.exp(x) * autograd.kn(1, x)", "kve": "autograd.exp(x) * autograd.kn(n, x)",
    "ive": "autograd.exp(-abs(x)) * autograd.bessel_i(n, x)", "jve": "autograd.jn(n, x)",
    "yve": "autograd.yn(n, x)", "exp1": "autograd.expn(1, x)", "expi": "-autograd.expn(1, -x), below 0",
    "interp": "y0 + (x - x0) * (y1 - y0) / (x1 - x0) of its neighbours",
    "sici": "autograd.sinint(x) and autograd.cosint(x)",
    "log_ndtr": "autograd.logerfc(-x / math.sqrt(2.0)) - math.log(2.0)",
    "binom": "autograd.exp(-autograd.betaln(1.0 + n - k, 1.0 + k)) / (1.0 + n)",
    "poch": "autograd.gamma(x + n) / autograd.gamma(x)", "rgamma": "1.0 / autograd.gamma(x)",
    "cosm1": "-2.0 * autograd.sin(0.5 * x) ** 2", "exprel": "autograd.expm1(x) / x",
    "boxcox": "autograd.expm1(p * autograd.log(x)) / p",
    "boxcox1p": "autograd.expm1(p * autograd.log1p(x)) / p",
    "huber": "nn.losses.huber_loss(x, 0.0, delta=d)", "pseudo_huber": "d * (autograd.hypot(d, x) - d)",
    "gammasgn": "autograd.sign(autograd.gamma(x))", "betaincc": "autograd.betainc(b, a, 1.0 - x)",
    "airy": "autograd.airyai(x), autograd.airyai(x, 1) and the same of autograd.airybi",
    "ellipkm1": "autograd.ellipk(1.0 - p)",
    **dict.fromkeys(["_riemann_zeta", "lambertw", "_lambertw", "hyp1f1", "hyp2f1", "hyp0f1", "struve",
                     "gammaincinv", "betaincinv", "spence", "ellipkinc", "ellipeinc", "gdtr", "chdtr",
                     "fdtr", "wofz"],
                    "autograd.custom_op(name, value, partials)"),
}  # fmt: skip
"""What to write for functions of NumPy's and of ``scipy.special`` that are no rows."""


def counterpart(name: str) -> Any:
    """Return the function of ours that does on numbers what a universal function of NumPy's does.

    Parameters
    ----------
    name
        Its name in NumPy, or in ``scipy.special``.

    Returns
    -------
    callable
        An operator of Python, or a row of the table.

    Raises
    ------
    TypeError
        Where there is none, with what to write.

    Examples
    --------
    >>> counterpart("arctan2")
    <operation atan2>
    """
    found = _OPERATORS[name][1] if name in _OPERATORS else TABLE.get(OTHER_NAMES.get(name, name))
    if found is None:
        raise TypeError(refusal(name))
    return found


def applied(name: str, operands: tuple[Any, ...]) -> Any:
    """Apply a universal function of NumPy's to nodes and numbers.

    Parameters
    ----------
    name
        NumPy's name of the function.
    operands
        Of which one is a node.

    Returns
    -------
    Value, tuple of Value, or bool
        What the operator or row gives.

    Raises
    ------
    TypeError
        Where there is none of the kind here, or an operand is no number, with what to write.

    Examples
    --------
    >>> from autograd import Value
    >>> applied("subtract", (3.0, Value(1.0)))
    Value(data=2.0, grad=0.0)
    """
    if name in COMPARISONS:
        a, b = [x if hasattr(x, "_apply") else _compared(x, name) for x in operands]
        # An operator of a node comes before NumPy's, which would hand it over once more.
        if hasattr(a, "_apply"):
            return COMPARISONS[name](a, b)
        return _FROM_THE_OTHER_SIDE.get(name, COMPARISONS[name])(b, a)
    compute = counterpart(name)
    return compute(*[x if hasattr(x, "_apply") else to_float(x) for x in operands])


def is_of_numbers(name: str, operands: tuple[Any, ...]) -> bool:
    """Return whether a function of NumPy's is one of a row's, and what it is given are nodes and numbers.

    Parameters
    ----------
    name
        NumPy's name of the function.
    operands
        What it is given.

    Returns
    -------
    bool

    Examples
    --------
    >>> from autograd import Value
    >>> is_of_numbers("sinc", (Value(0.5),)), is_of_numbers("sinc", ([0.5],))
    (True, False)
    """
    row = TABLE.get(OTHER_NAMES.get(name, name))
    return (
        row is not None and 0 < row.arity <= len(operands) <= row.arity + len(row.params)
        and all(hasattr(x, "_apply") or isinstance(x, (int, float)) for x in operands)
    )


def _compared(x: Any, name: str) -> Any:
    """Return an operand of a comparison as it was before NumPy made an array of it."""
    if getattr(x, "ndim", 1) == 0:
        return x[()]
    return None if name in _EQUALITY and not is_array(x) else x  # what is no number is different


def refusal(name: str) -> str:
    """Return why a function of NumPy takes no node, and what to write instead.

    Examples
    --------
    >>> refusal("arcsin")
    "NumPy's arcsin takes no Value; write autograd.asin, or x.data for its number, which leaves the graph"
    >>> refusal("add")
    "NumPy's add takes no Value; write a + b, or x.data for its number, which leaves the graph"
    """
    write = instead(name)
    alternative = f"{write}, or " if write else ""
    return f"NumPy's {name} takes no Value; write {alternative}x.data for its number, which leaves the graph"


def instead(name: str) -> str:
    """Return what to write for a function of NumPy's, or of ``scipy.special``; empty where nothing is known.

    Examples
    --------
    >>> instead("arcsin"), instead("matmul"), instead("spacing")
    ('autograd.asin', 'autograd.dot(a, b)', '')
    """
    ours = OTHER_NAMES.get(name, name)
    write = _OPERATORS[name][0] if name in _OPERATORS else INSTEAD.get(name, "")
    return write or (f"autograd.{ours}" if ours in TABLE else "")
