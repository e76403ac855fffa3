"""What NumPy calls the operators and functions of nodes.

NumPy's scalars and arrays hand what they should do with a node over to it, by the name of a NumPy function.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from autograd.floats.convert import is_array, to_float
from autograd.op import TABLE

__all__ = ["reflected", "refusal"]

_OPERATORS: Final[dict[str, tuple[str, Callable[[Any, Any], Any]]]] = {
    "add": ("a + b", operator.add), "subtract": ("a - b", operator.sub), "multiply": ("a * b", operator.mul),
    "divide": ("a / b", operator.truediv), "power": ("a ** b", operator.pow),
    "float_power": ("a ** b", operator.pow), "floor_divide": ("a // b", operator.floordiv),
    "remainder": ("a % b", operator.mod), "divmod": ("divmod(a, b)", divmod),
}  # fmt: skip
_SIGNS: Final = {name: written for name, (written, _) in _OPERATORS.items()} | {"negative": "-x"}
_EQUALITY: Final = {"equal": operator.eq, "not_equal": operator.ne}
_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = _EQUALITY | {  # from the node's side
    "less": operator.gt, "less_equal": operator.ge, "greater": operator.lt, "greater_equal": operator.le,
}  # fmt: skip
_OTHER_NAMES: Final = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "absolute": "abs", "fabs": "abs", "rint": "round",
    "fmax": "maximum", "fmin": "minimum", "clip": "clamp",
}  # fmt: skip
"""The table's names of functions that NumPy calls otherwise."""


def reflected(name: str, x: Any) -> Callable[[Any], Any] | None:
    """Return what a binary operator of NumPy does with a node to its right.

    Parameters
    ----------
    name
        NumPy's name of the operator.
    x
        The operand to its left: a number, or an array of one.

    Returns
    -------
    function or None
        Of the node; None where the name is not that of an operator.

    Examples
    --------
    >>> from autograd import Value
    >>> reflected("subtract", 3.0)(Value(1.0))
    Value(data=2.0, grad=0.0)
    """
    if name in _COMPARISONS:
        if getattr(x, "ndim", 1) == 0:  # NumPy makes an array of a number that it compares
            x = x[()]
        elif name in _EQUALITY and not is_array(x):
            x = None  # what is no number is different
        return lambda node: _COMPARISONS[name](node, x)
    if name in _OPERATORS:
        return lambda node: _OPERATORS[name][1](to_float(x), node)
    return None


def refusal(name: str) -> str:
    """Return why a function of NumPy takes no node, and what to write instead.

    Examples
    --------
    >>> refusal("arcsin")
    "NumPy's arcsin takes no Value; write autograd.asin, or x.data for its number, which leaves the graph"
    >>> refusal("add")
    "NumPy's add takes no Value; write a + b, or x.data for its number, which leaves the graph"
    """
    ours = _OTHER_NAMES.get(name, name)
    instead = _SIGNS.get(name) or (f"autograd.{ours}" if ours in TABLE else "")
    alternative = f"{instead}, or " if instead else ""
    return f"NumPy's {name} takes no Value; write {alternative}x.data for its number, which leaves the graph"
