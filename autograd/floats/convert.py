"""Which objects count as a real number, and the one conversion of them to a Python float."""

from __future__ import annotations

import numbers
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

from autograd.words import gettext, marked

__all__ = ["check_count", "exact", "is_array", "is_number", "to_float"]

_MOMENT = marked("a moment is no number; take the time since another of them, and that in seconds or days")
_DURATION = marked(
    "take it in some unit first: x.total_seconds(), or with NumPy x / numpy.timedelta64(1, 's')"
)
_REMEDY = {
    "complex": marked(
        "take .real or abs() of it first; this engine differentiates real functions "
        "(SciPy's logsumexp is autograd.logsumexp)"
    ),
    "str": marked("convert it first: float(text)"),
    "bytes": marked("convert it first: float(text)"),
    "NoneType": marked("a function that should have returned a number perhaps returned nothing"),
    "NAType": marked("it stands for what is missing; fill it in, or leave it out"),
    "datetime64": _MOMENT, "datetime": _MOMENT, "date": _MOMENT, "Timestamp": _MOMENT,
    "timedelta64": _DURATION, "timedelta": _DURATION, "Timedelta": _DURATION,
    "Decimal": marked("convert it first: float(x) (a Decimal's extra digits would be lost silently)"),
    "list": marked("make one Value for each element: [Value(x) for x in xs]"),
    "tuple": marked("make one Value for each element: [Value(x) for x in xs]"),
    "ndarray": marked(
        "make one Value for each element: [Value(x) for x in array.ravel()], or use .item() for one; "
        "a function that is to take arrays is called with one, as in autograd.grad(f)(array)"
    ),
    "Value": marked(
        "it is a node already; use it as it is, or v.detach() for a fresh leaf with the same data"
    ),
}


def is_number(x: Any) -> bool:
    """Whether `to_float` accepts it.

    Examples
    --------
    >>> is_number(1), is_number("1")
    (True, False)
    """
    # NumPy registers its real scalars with numbers.Real, all but its bool.
    kind = type(x)
    if isinstance(x, numbers.Real):
        return kind.__name__ != "timedelta64"  # which NumPy registers too
    return kind.__module__ == "numpy" and kind.__name__.startswith("bool")


def is_array(x: Any) -> bool:
    """Whether it is a NumPy array of numbers."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray) and x.dtype.kind in "biufc"


def exact(x: Any) -> Any:
    """Return what a float is compared with so that nothing is rounded; None for what is no number.

    A number is itself: Python compares a float with an int, a Fraction, a Decimal or a complex number
    exactly. One of NumPy's, which would round the float, is the same number in Python; of an array of short
    floats, an array of doubles.

    Examples
    --------
    >>> exact(2**53 + 1), exact("1")
    (9007199254740993, None)
    """
    kind: Any = type(x)
    if kind is float or kind is int:
        return x
    if is_array(x):
        return x.astype(float) if x.dtype.kind == "f" and x.dtype.itemsize < 8 else x
    if not is_number(x):
        return x if isinstance(x, Decimal | complex) else None
    if kind.__module__ != "numpy":
        return x
    # NumPy's bool, or a whole number.
    if not issubclass(kind, numbers.Real) or issubclass(kind, numbers.Integral):
        return int(x)
    try:
        return Fraction(*x.as_integer_ratio())
    except (OverflowError, ValueError):  # infinity and NaN
        return float(x)


def check_count(name: str, number: Any, what: str) -> int:
    """Check a number of things, of which there must be at least one.

    Raises
    ------
    TypeError
        Where it is no whole number.
    ValueError
        Where it is less than 1.

    Examples
    --------
    >>> check_count("depth", 2.5, "operations")
    Traceback (most recent call last):
    ...
    TypeError: depth is a number of operations, whole and at least 1, not 2.5
    """
    whole = not isinstance(number, bool) and hasattr(number, "__index__")
    if not whole or number.__index__() < 1:
        raise (ValueError if whole else TypeError)(
            gettext(
                "{name} is a number of {what}, whole and at least 1, not {number}",
                name=name, what=gettext(what), number=f"{number!r:.60}",
            )
        )
    return int(number.__index__())


def to_float(x: Any) -> float:
    """Convert an accepted number (int, bool, float, Fraction, NumPy real scalar) to a float.

    Raises
    ------
    TypeError
        Where ``x`` is anything else, with what to write instead.
    OverflowError
        Where ``x`` is a whole number or fraction beyond the largest double.
    """
    kind = type(x)
    if kind is float:
        return x  # type: ignore[no-any-return]
    if is_number(x):
        try:
            return float(x)
        except OverflowError:
            raise OverflowError(gettext(
                "{kind} too large for a float (about 1.8e308 is the end); scale it down first",
                kind=kind.__name__,
            )) from None  # fmt: skip
    many = hasattr(x, "to_numpy") and hasattr(x, "__len__")
    usual = marked("give its numbers, x.to_numpy()") if many else marked("convert it first: float(x)")
    remedy = _REMEDY.get(kind.__name__, usual)
    shown = "" if kind.__name__ in ("ndarray", "Value") else f" {' '.join(repr(x).split()):.60}"
    raise TypeError(gettext(
        "expected a real number, got {kind}{shown}; {remedy}",
        kind=kind.__name__, shown=shown, remedy=gettext(remedy),
    ))  # fmt: skip
