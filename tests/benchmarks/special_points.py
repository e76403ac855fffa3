"""Twenty points at which derivatives go wrong, and what they are there: limits, worked out by hand or by
mpmath."""

from __future__ import annotations

import math
from functools import cache

from autograd import ops
from autograd.testing import oracle

__all__ = ["POINTS", "expected", "hips_program", "is_right"]

INF, NAN = math.inf, math.nan
POINTS = (
    0.0, -0.0, 5e-324, -1e-300, 1e-10, 0.5, 1.0, -1.0, 2.5, -3.5, 20.5, -40.0, 40.0, 709.5, -740.0, 1e10,
    1e200, -1e200, INF, -INF,
)  # fmt: skip

# The limit at +inf and -inf; NaN where there is none, and outside the domain.
AT_INFINITY = {
    "exp": (INF, 0.0), "exp2": (INF, 0.0), "expm1": (INF, 0.0), "log": (0.0, NAN), "log1p": (0.0, NAN),
    "log2": (0.0, NAN), "log10": (0.0, NAN),
    "sqrt": (0.0, NAN), "square": (INF, -INF), "reciprocal": (0.0, 0.0), "sin": (NAN, NAN), "cos": (NAN, NAN),
    "tan": (NAN, NAN),
    "asin": (NAN, NAN), "acos": (NAN, NAN), "atan": (0.0, 0.0), "sinh": (INF, INF), "cosh": (INF, -INF),
    "tanh": (0.0, 0.0),
    "asinh": (0.0, 0.0), "acosh": (0.0, NAN), "atanh": (NAN, NAN), "sigmoid": (0.0, 0.0), "erf": (0.0, 0.0),
    "erfc": (0.0, 0.0),
    "softplus": (1.0, 0.0),
}  # fmt: skip
# At the ends of domains, and poles.
AT_EDGES = {
    ("log", 0.0): INF, ("log2", 0.0): INF, ("log10", 0.0): INF, ("log1p", -1.0): INF, ("sqrt", 0.0): INF,
    ("reciprocal", 0.0): -INF,
    ("asin", 1.0): INF, ("asin", -1.0): INF, ("acos", 1.0): -INF, ("acos", -1.0): -INF, ("acosh", 1.0): INF,
    ("atanh", 1.0): INF, ("atanh", -1.0): INF,
}  # fmt: skip
DOMAINS = {
    "log": (0.0, INF), "log2": (0.0, INF), "log10": (0.0, INF), "log1p": (-1.0, INF), "sqrt": (0.0, INF),
    "asin": (-1.0, 1.0), "acos": (-1.0, 1.0), "acosh": (1.0, INF), "atanh": (-1.0, 1.0),
}  # fmt: skip


@cache
def expected() -> dict[str, list[float]]:
    """Return the derivatives of the 26 functions at the 20 points."""
    return {name: [_expected(name, x) for x in POINTS] for name in AT_INFINITY}


def _expected(name: str, x: float) -> float:
    if math.isinf(x):
        return AT_INFINITY[name][x < 0.0]
    if (name, x) in AT_EDGES:
        return AT_EDGES[name, x]
    low, high = DOMAINS.get(name, (-INF, INF))
    if not low < x < high:
        return NAN
    return oracle.to_double(oracle.derivative(ops.TABLE[name], [x], 0))


def is_right(computed: float, exact: float) -> bool:
    """Whether a derivative is right to nine digits; NaN and infinities must be where they belong."""
    if math.isnan(exact) or math.isinf(exact):
        return computed == exact or (math.isnan(computed) and math.isnan(exact))
    return abs(computed - exact) <= 1e-9 * abs(exact) + 5e-324


def hips_program() -> str:
    """Return a program for an interpreter with HIPS autograd that prints its version, then function, point
    and derivative."""
    renamed = {
        "asin": "arcsin",
        "acos": "arccos",
        "atan": "arctan",
        "asinh": "arcsinh",
        "acosh": "arccosh",
        "atanh": "arctanh",
    }
    # The logistic function and its integral are not in it.
    functions = {name: f"s.{name}" if name in ("erf", "erfc") else f"np.{renamed.get(name, name)}"
                 for name in AT_INFINITY if name not in ("sigmoid", "softplus")}  # fmt: skip
    return "\n".join([
        "import importlib.metadata, warnings; warnings.simplefilter('ignore')",
        "print(importlib.metadata.version('autograd'))",
        "import autograd.numpy as np, autograd.scipy.special as s",
        "from autograd import grad",
        f"points = [np.float64(x) for x in {[str(x) for x in POINTS]}]",
        *(f"for x in points: print({name!r}, float(x), float(grad({f})(x)))" for name,
            f in functions.items()),
    ])  # fmt: skip
