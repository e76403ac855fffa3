"""What NumPy makes arrays and numbers of nodes for, and what to write where that function takes none.

A list of nodes becomes an array of objects, which most of NumPy's functions compute with as with numbers, so
that the graph is kept. Others would want doubles, and lose it, or fail in words of their own: what comes in is
a request for an array or a number, and what goes out, where the function that asks is such a one, is an error
that names it and what to write. `numpy.gradient` asks by the frame of its Python; a function that is C,
such as `scipy.special.gamma` or `Generator.normal`, by the name in the line that calls it.
"""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from autograd.op import TABLE
from autograd.ufuncs import OTHER_NAMES, instead
from autograd.words import gettext

__all__ = ["check_array", "check_number", "refusal_of_many"]

_ELIMINATION: Final = "the elimination with +, -, * and /, or autograd.custom_op(name, value, partials)"
_PARTIALS: Final = "autograd.custom_op(name, value, partials), with the derivatives you know"
_WAVES: Final = "autograd.dot(values, cosines) and autograd.dot(values, sines)"
_QUANTILE: Final = "sorted(values)[k], or a + (b - a) * t between two of them"
_POLYNOMIAL: Final = "Horner's rule with + and *"
_MANY: Final[dict[str, str]] = {
    # numpy.linalg
    **dict.fromkeys(["solve", "inv", "tensorsolve", "tensorinv", "lstsq", "pinv", "cholesky", "qr", "slogdet",
                     "matrix_power", "cond"], _ELIMINATION),
    "det": "a * d - b * c of [[a, b], [c, d]], or the elimination with +, -, * and /",
    **dict.fromkeys(["eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals", "matrix_rank", "matrix_norm"],
                    _PARTIALS),
    # numpy.fft
    **dict.fromkeys([f"{way}{axes}" for way in ("fft", "ifft", "rfft", "irfft") for axes in ("", "2", "n")]
                    + ["hfft", "ihfft"], _WAVES),
    # statistics
    **dict.fromkeys(["percentile", "quantile", "nanpercentile", "nanquantile"], _QUANTILE),
    "cov": "autograd.sum([(x - mx) * (y - my) for x, y in zip(xs, ys)]) / (n - 1)",
    "corrcoef": "autograd.dot(a, b) / (autograd.norm(a) * autograd.norm(b)) of what is left without the means",
    "histogram": "the bins of the numbers", "histogramdd": "the bins of the numbers",
    "histogram2d": "the bins of the numbers", "bincount": "autograd.sum([...]) for each bin",
    # lines and polynomials
    "gradient": "[(b - a) / (2.0 * h) for a, b in zip(values, values[2:])]",
    "interp": "y0 + (x - x0) * (y1 - y0) / (x1 - x0) of its neighbours",
    "unwrap": "x + 2.0 * math.pi * k", "geomspace": "[a * (b / a) ** (i / (n - 1)) for i in range(n)]",
    "linspace": "[a + (b - a) * (i / (n - 1)) for i in range(n)]",
    "logspace": "[10.0 ** (a + (b - a) * (i / (n - 1))) for i in range(n)]",
    "arange": "[a + i * step for i in range(n)]",
    **dict.fromkeys(["poly", "polydiv", "polyint"], _POLYNOMIAL),
    "polyfit": "autograd.gradients of the sum of squares, or nn.optim.LBFGS on it",
    "roots": _PARTIALS, "polyroots": _PARTIALS,
    # one by one
    **dict.fromkeys(["isneginf", "isposinf"], "[math.isinf(x.data) for x in values]"),
    "nan_to_num": "[autograd.where(math.isnan(x.data), 0.0, x) for x in values]",
    "angle": "autograd.atan2(y, x)", "sort_complex": "sorted(values)", "real_if_close": "values",
    "full_like": "np.full(shape, x)", "ediff1d": "[b - a for a, b in zip(values, values[1:])]",
    "piecewise": "autograd.where(x > 0.0, a, b)",
    **dict.fromkeys(["isclose", "allclose", "array_equal", "assert_allclose", "assert_array_less",
                     "assert_array_almost_equal"], "[x.data for x in values] on both sides"),
    "bartlett": "the formula", "kaiser": "the formula", "frexp": "math.frexp(x.data)",
    "float_power": "[x ** p for x in values]", "divmod": "[divmod(x, y) for x in values]",
    **dict.fromkeys(["nextafter", "spacing", "signbit"], ""),
}  # fmt: skip
"""What to write in place of functions of NumPy's that want doubles."""
_DRAWN: Final = "mean + deviation * rng.normal(), with numbers inside of the parentheses"
_TAKE_NUMBERS: Final = ("savetxt", "format_float_positional", "format_float_scientific")
"""Functions of NumPy's that write numbers, as ``format(x, '.3f')`` does."""


def check_array(frame: FrameType) -> None:
    """Raise where NumPy makes an array of nodes for a function that takes none.

    Parameters
    ----------
    frame
        What runs as NumPy asks.

    Raises
    ------
    TypeError
        With what to write in place of the function.
    """
    name, _ = _asking(frame)
    if name in _MANY:
        raise TypeError(refusal_of_many(name))
    if not name and (function := _called(frame)) is not None:
        name, kinds = function.__name__, getattr(function, "types", None)
        if _is_drawing(function):
            raise TypeError(refusal_of_many(name, _DRAWN))
        if name in _MANY or (kinds is not None and not any(kind.startswith("O") for kind in kinds)):
            raise TypeError(refusal_of_many(name))


def check_number(frame: FrameType) -> None:
    """Raise where a function of NumPy's asks for the number in a node, and would go on without the graph.

    Parameters
    ----------
    frame
        What runs as it asks.

    Raises
    ------
    TypeError
        With what to write in place of the function.
    """
    name, module = _asking(frame)
    if name and name not in _TAKE_NUMBERS and not module.startswith("numpy.testing"):
        raise TypeError(refusal_of_many(name))


def refusal_of_many(name: str, write: str = "") -> str:
    """Return why a function of NumPy's takes no nodes, and what to write.

    Examples
    --------
    >>> refusal_of_many("gradient")[:80]
    "NumPy's gradient takes no Values; write [(b - a) / (2.0 * h) for a, b in zip(val"
    >>> refusal_of_many("gamma")[:65]
    "NumPy's gamma takes no Values; write [autograd.gamma(x) for x in "
    """
    row = TABLE.get(OTHER_NAMES.get(name, name))
    one_by_one = f"[autograd.{row.name}(x) for x in values]" if row and row.arity == 1 else ""
    write = write or _MANY.get(name) or one_by_one or instead(name)
    if not write:
        return gettext(
            "NumPy's {name} takes no Values; write [x.data for x in values] for their numbers, which leave "
            "the graph",
            name=name,
        )  # fmt: skip
    return gettext(
        "NumPy's {name} takes no Values; write {write}, or [x.data for x in values] for their numbers, which "
        "leave the graph",
        name=name, write=write,
    )  # fmt: skip


def _asking(frame: FrameType | None) -> tuple[str, str]:
    """Return the function of NumPy's, and its module, by which a program asks; two empty texts for none."""
    name = module = ""
    while frame is not None:
        here = frame.f_globals.get("__name__", "")
        if here.startswith("numpy."):
            name, module = frame.f_code.co_name, here
        elif here != "autograd.value":  # which hands over what NumPy asks
            break
        frame = frame.f_back
    return name, module


def _is_drawing(function: Any) -> bool:
    """Whether it is a method of NumPy's generators, but one that only chooses among what it is given."""
    owner = getattr(function, "__self__", None)
    chooses = function.__name__ in ("choice", "shuffle", "permutation", "permuted")
    return type(owner).__module__.startswith("numpy.random") and not chooses


def _called(frame: FrameType) -> Any:
    """Return the function that a frame is calling, if its name tells; None, if it does not."""
    path = _names_called(frame.f_code, frame.f_lasti)
    found: Any = None
    for place, name in enumerate(path):
        if not place:
            found = frame.f_locals.get(name, frame.f_globals.get(name))
        elif isinstance(found, ModuleType) or type(found).__module__.startswith("numpy"):
            found = getattr(found, name, None)
        else:
            return None
    return found if hasattr(found, "__name__") else None


@lru_cache(maxsize=1024)
def _names_called(code: CodeType, place: int) -> tuple[str, ...]:
    """Return the names joined by dots before the parentheses of the call at a place in compiled code."""
    steps = list(dis.get_instructions(code))
    call = next((step for step in steps if step.offset == place), None)
    if call is None or call.positions is None or call.positions.lineno is None:
        return ()
    lineno, end, column, end_column = call.positions
    before = [
        step for step in steps
        if step.offset < place and step.positions and step.argval.__class__ is str
        and (step.positions.lineno, step.positions.col_offset) == (lineno, column)
        and (step.positions.end_lineno, step.positions.end_col_offset) < (end, end_column)
    ]  # fmt: skip
    return tuple([step.argval for step in before if step.opname.startswith("LOAD_")])
