"""What NumPy, pandas and others ask nodes for, and what to write where that function takes none.

A list of nodes becomes an array of objects, which most of NumPy's functions compute with as with numbers, so
that the graph is kept. Others would want doubles, and lose it, or fail in words of their own. What comes in
here is NumPy's request for an array or a number; what goes out, where the function that asks is one of these,
is an error that names it and what to write. `numpy.gradient` is known by the frame of its Python; a
function in C, such as `scipy.special.gamma` or `Generator.normal`, by the name in the line that calls it.
"""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from autograd.op import TABLE
from autograd.ufuncs import OTHER_NAMES, instead
from autograd.words import gettext

__all__ = ["check_array", "check_function", "check_number", "refusal_of_many", "refusal_of_question"]

_ELIMINATION: Final = "the elimination with +, -, * and /, or autograd.custom_op(name, value, partials)"
_PARTIALS: Final = "autograd.custom_op(name, value, partials), with the derivatives you know"
_WAVES: Final = "autograd.dot(values, cosines) and autograd.dot(values, sines)"
_QUANTILE: Final = "sorted(values)[k], or a + (b - a) * t between two of them"
_REFUSED: Final[dict[str, str]] = {
    # numpy.linalg
    **dict.fromkeys(["solve", "inv", "tensorsolve", "tensorinv", "lstsq", "pinv", "cholesky", "qr", "slogdet",
                     "cond"], _ELIMINATION),
    "det": "a * d - b * c of [[a, b], [c, d]], or the elimination with +, -, * and /",
    **dict.fromkeys(["eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals", "matrix_rank", "roots"],
                    _PARTIALS),
    # numpy.fft
    **dict.fromkeys([f"{way}{axes}" for way in ("fft", "ifft", "rfft", "irfft") for axes in ("", "2", "n")]
                    + ["hfft", "ihfft"], _WAVES),
    # statistics
    "cov": "autograd.sum([(x - mx) * (y - my) for x, y in zip(xs, ys)]) / (n - 1)",
    "corrcoef": "autograd.dot(a, b) / (autograd.norm(a) * autograd.norm(b)) of numbers without their mean",
    "bincount": "autograd.sum([...]) for each bin",
    # lines and polynomials
    "gradient": "[(b - a) / (2.0 * h) for a, b in zip(values, values[2:])]",
    "interp": "y0 + (x - x0) * (y1 - y0) / (x1 - x0) of its neighbours",
    "polydiv": "Horner's rule with + and *",
    "polyfit": "autograd.gradients of the sum of squares, and nn.optim.LBFGS",
    # one by one
    **dict.fromkeys(["isneginf", "isposinf"], "[math.isinf(x.data) for x in values]"),
    "nan_to_num": "[autograd.where(math.isnan(x.data), 0.0, x) for x in values]",
    "angle": "autograd.atan2(y, x)", "sort_complex": "sorted(values)",
    "logical_xor": "(x.data != 0.0) != (y.data != 0.0)", "frexp": "math.frexp(x.data)",
    **{name: f"autograd.{name}(values)" for name in ("logsumexp", "log_softmax")},
    **dict.fromkeys(["assert_allclose", "assert_array_less", "assert_array_almost_equal"],
                    "[x.data for x in values] on both sides"),
}  # fmt: skip
"""What to write in place of functions of NumPy's that take no nodes, be it since they want doubles."""
_INSTEAD: Final = _REFUSED | {
    "covariance": _REFUSED["cov"], "correlation": _REFUSED["corrcoef"],
    "linear_regression": _REFUSED["polyfit"],
    **dict.fromkeys(["percentile", "quantile", "nanpercentile", "nanquantile"], _QUANTILE),
    **dict.fromkeys(["fmean", "mean"], "autograd.mean(values)"),
    **dict.fromkeys(["std", "var"], "autograd.mean([(x - m) ** 2 for x in values])"),
    "geometric_mean": "autograd.exp(autograd.mean([x.log() for x in values]))",
    **dict.fromkeys(["cdf", "pdf", "zscore"], "autograd.normal_cdf((x - mu) / sigma)"),
    **{f"__{left}{name}__": f"[x {sign} v for x in column]" for left in ("", "r") for name, sign in
       (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"))},
    "full_like": "np.full(shape, x)", "piecewise": "autograd.where(x > 0.0, a, b)",
}  # fmt: skip
"""What to write in place of those, and of functions that take nodes in one way and not in another."""
_OWNERS: Final = {"pandas": "pandas'", "polars": "polars'", "statistics": "statistics'"}
"""Whose functions are called by the class too."""
_LIBRARIES: Final = {"numpy", *_OWNERS}
_PLOTTING: Final = {"matplotlib", "mpl_toolkits", "seaborn"}
_SCIPYS: Final = ("scipy.special", "scipy._lib")
_KEEPING: Final = ("softmax",)
"""The functions of ``scipy.special`` in Python that compute with nodes as they are."""
_DRAWN: Final = "mean + deviation * rng.normal(), with numbers inside of the parentheses"
_TAKE_NUMBERS: Final = (
    "savetxt", "format_float_positional", "format_float_scientific", "to_csv", "to_numpy", "astype",
    "__init__",
)  # fmt: skip
"""Functions that write numbers, as ``format(x, '.3f')`` does, or are asked for them by name."""


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
    name, module = _asking(frame)
    if name in _REFUSED or (module.startswith("scipy") and name not in _KEEPING):
        raise TypeError(refusal_of_many(name))
    if not name and (function := _called(frame)) is not None:
        name, kinds = function.__name__, getattr(function, "types", None)
        if _is_drawing(function):
            raise TypeError(refusal_of_many(name, _DRAWN))
        if name in _REFUSED or (kinds is not None and not any(kind.startswith("O") for kind in kinds)):
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
    asked_for = name.rpartition(".")[2] in _TAKE_NUMBERS and not module.startswith("polars")
    if name and not asked_for and not module.startswith("numpy.testing"):
        raise TypeError(refusal_of_many(name, whose=_OWNERS.get(module.partition(".")[0], "NumPy's")))


def refusal_of_question(frame: FrameType) -> str:
    """Return why a function of NumPy's that asks a node for what only an array has takes none.

    Parameters
    ----------
    frame
        What runs as it asks.

    Returns
    -------
    str
        Empty, where it is no function of NumPy's.
    """
    name, _ = _asking(frame)
    return name and refusal_of_many(name)


def check_function(name: str) -> None:
    """Raise where a function of NumPy's that is no universal one takes no node.

    Parameters
    ----------
    name
        Its name.

    Raises
    ------
    TypeError
        With what to write in its place.
    """
    if name in _REFUSED:
        raise TypeError(refusal_of_many(name))


def refusal_of_many(name: str, write: str = "", whose: str = "NumPy's") -> str:
    """Return why a function of NumPy's takes no nodes, and what to write.

    Examples
    --------
    >>> refusal_of_many("gradient")[:80]
    "NumPy's gradient takes no Values; write [(b - a) / (2.0 * h) for a, b in zip(val"
    >>> refusal_of_many("gamma")[:65]
    "NumPy's gamma takes no Values; write [autograd.gamma(x) for x in "
    """
    function = f"{whose} {name.removesuffix('.__init__')}"
    name = name.rpartition(".")[2]
    row = TABLE.get(OTHER_NAMES.get(name, name))
    one_by_one = f"[autograd.{row.name}(x) for x in values]" if row and row.arity == 1 else ""
    write = write or _INSTEAD.get(name) or one_by_one or instead(name)
    if not write:
        return gettext(
            "{function} takes no Values; write [x.data for x in values] for their numbers, which leave the "
            "graph",
            function=function,
        )  # fmt: skip
    return gettext(
        "{function} takes no Values; write {write}, or [x.data for x in values] for their numbers, which "
        "leave the graph",
        function=function, write=write,
    )  # fmt: skip


def _asking(frame: FrameType | None) -> tuple[str, str]:
    """Return the function of NumPy's, and its module, by which a program asks; two empty texts for none."""
    name = module = ""
    while frame is not None:
        here = frame.f_globals.get("__name__", "")
        package = here.partition(".")[0]
        if package in _LIBRARIES or here.startswith(_SCIPYS):
            code, module = frame.f_code, here
            name = code.co_qualname if package in _OWNERS else code.co_name
        elif package in _PLOTTING:  # which shows numbers
            return "", ""
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
