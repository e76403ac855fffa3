"""What NumPy, pandas and others ask nodes for, and what to write where that function takes none.

A list of nodes becomes an array of objects, which most of NumPy's functions compute with as with numbers, so
that the graph is kept. Others would want doubles, and lose it, or fail in words of their own. What comes in
here is NumPy's request for an array or a number; what goes out, where the function that asks is one of these,
is an error that names it and what to write. It is known by the frame of its Python, as `numpy.gradient` is.
"""

from __future__ import annotations

from types import FrameType
from typing import Final

from autograd.op import TABLE
from autograd.ufuncs import OTHER_NAMES, instead
from autograd.words import gettext, marked

__all__ = [
    "REFUSED", "check_array", "check_function", "check_number", "refusal_of_many", "refusal_of_question",
]  # fmt: skip

_ELIMINATION: Final = marked(
    "the elimination with +, -, * and /, or autograd.custom_op(name, value, partials)"
)
_PARTIALS: Final = marked("autograd.custom_op(name, value, partials), with the derivatives you know")
_WAVES: Final = marked("autograd.dot(values, cosines) and autograd.dot(values, sines)")
_QUANTILE: Final = marked("sorted(values)[k], or a + (b - a) * t between two of them")
REFUSED: Final[dict[str, str]] = {
    # numpy.linalg
    **dict.fromkeys(["solve", "inv", "tensorsolve", "tensorinv", "lstsq", "pinv", "cholesky", "qr", "slogdet",
                     "cond"], _ELIMINATION),
    "det": marked("a * d - b * c of [[a, b], [c, d]], or the elimination with +, -, * and /"),
    **dict.fromkeys(["eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals", "matrix_rank", "roots"],
                    _PARTIALS),
    # numpy.fft
    **dict.fromkeys([f"{way}{axes}" for way in ("fft", "ifft", "rfft", "irfft") for axes in ("", "2", "n")]
                    + ["hfft", "ihfft"], _WAVES),
    # statistics
    "cov": "autograd.sum([(x - mx) * (y - my) for x, y in zip(xs, ys)]) / (n - 1)",
    "corrcoef": marked(
        "autograd.dot(a, b) / (autograd.norm(a) * autograd.norm(b)) of numbers without their mean"
    ),
    "bincount": marked("autograd.sum([...]) for each bin"),
    # lines and polynomials
    "gradient": "[(b - a) / (2.0 * h) for a, b in zip(values, values[2:])]",
    "interp": marked("y0 + (x - x0) * (y1 - y0) / (x1 - x0) of its neighbours"),
    "polydiv": marked("Horner's rule with + and *"),
    "polyfit": marked("autograd.gradients of the sum of squares, and nn.optim.LBFGS"),
    # one by one
    **dict.fromkeys(["isneginf", "isposinf"], "[math.isinf(x.data) for x in values]"),
    "nan_to_num": "[autograd.where(math.isnan(x.data), 0.0, x) for x in values]",
    "angle": "autograd.atan2(y, x)", "sort_complex": "sorted(values)",
    "logical_xor": "(x.data != 0.0) != (y.data != 0.0)", "frexp": "math.frexp(x.data)",
    **{name: f"autograd.{name}(values)" for name in ("logsumexp", "log_softmax")},
    **dict.fromkeys(["assert_allclose", "assert_array_less", "assert_array_almost_equal"],
                    marked("[x.data for x in values] on both sides")),
}  # fmt: skip
"""What to write in place of functions of NumPy's that take no nodes, be it since they want doubles."""
_INSTEAD: Final = REFUSED | {
    "covariance": REFUSED["cov"], "correlation": REFUSED["corrcoef"],
    "linear_regression": REFUSED["polyfit"],
    **dict.fromkeys(["percentile", "quantile", "nanpercentile", "nanquantile"], _QUANTILE),
    **dict.fromkeys(["fmean", "mean"], "autograd.mean(values)"),
    **dict.fromkeys(["std", "var"], "autograd.mean([(x - m) ** 2 for x in values])"),
    "geometric_mean": "autograd.exp(autograd.mean([x.log() for x in values]))",
    **dict.fromkeys(["cdf", "pdf", "zscore"], "autograd.normal_cdf((x - mu) / sigma)"),
    **{f"__{left}{name}__": f"[x {sign} v for x in column]" for left in ("", "r") for name, sign in
       (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"))},
    "full_like": "np.full(shape, x)", "piecewise": "autograd.where(x > 0.0, a, b)",
    "polyval": "functools.reduce(lambda y, c: y * x + c, cs)",
}  # fmt: skip
"""What to write in place of those, and of functions that take nodes in one way and not in another."""
_OF_MANY: Final = ("polyval",)
"""Functions that take nodes in lists, and none that stands alone."""
_ONE_BY_ONE: Final = "[autograd.{}(x) for x in values]"
_OWNERS: Final = {"pandas": "pandas'", "polars": "polars'", "statistics": "statistics'"}
"""Whose functions are called by the class too."""
_LIBRARIES: Final = {"numpy", *_OWNERS}
_PLOTTING: Final = {"matplotlib", "mpl_toolkits", "seaborn"}
_SCIPYS: Final = ("scipy.special", "scipy._lib")
_KEEPING: Final = ("softmax",)
"""The functions of ``scipy.special`` in Python that compute with nodes as they are."""
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
    if name in REFUSED or (module.startswith("scipy") and name not in _KEEPING):
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


def check_function(name: str, *, of_one: bool = False) -> None:
    """Raise where a function of NumPy's that is no universal one takes no node.

    Parameters
    ----------
    name
        Its name.
    of_one
        Whether it is given a node that stands alone, and not an array of them.

    Raises
    ------
    TypeError
        With what to write in its place.
    """
    if name in REFUSED or (of_one and name in _OF_MANY):
        raise TypeError(refusal_of_many(name))


def refusal_of_many(name: str, whose: str = "NumPy's") -> str:
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
    one_by_one = _ONE_BY_ONE.format(row.name) if row and row.arity == 1 else ""
    write = _INSTEAD.get(name) or one_by_one or instead(name)
    if not write:
        return gettext(
            "{function} takes no Values; write [x.data for x in values] for their numbers, which leave the "
            "graph",
            function=function,
        )  # fmt: skip
    return gettext(
        "{function} takes no Values; write {write}, or [x.data for x in values] for their numbers, which "
        "leave the graph",
        function=function, write=gettext(write),
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
