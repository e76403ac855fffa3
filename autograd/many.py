"""Functions over iterables of numbers and nodes: each result is one node, not a chain of them."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from autograd import ops
from autograd.floats.convert import is_number
from autograd.spellings import TENSORS, refuse
from autograd.vectors import dot as _dot
from autograd.vectors import dots as _dots
from autograd.words import gettext

if TYPE_CHECKING:
    from autograd.op import Op
    from autograd.typing import Real
    from autograd.value import Value

__all__ = ["dot", "dots", "log_softmax", "logsumexp", "max", "mean", "min", "norm", "prod", "softmax", "sum"]

F = TypeVar("F", bound=Callable[..., Any])

_ALONG: Final = ("axis", "dim")
_OF_NORM: Final = ("p", "ord")
_IDLE: Final = {
    **dict.fromkeys(_ALONG, ("None", "0", "-1")), **dict.fromkeys(("keepdims", "keepdim"), ("False",)),
    **dict.fromkeys(_OF_NORM, ("None", "2", "2.0", "'fro'")), "dtype": ("None", "<class 'float'>"),
}  # fmt: skip
"""What others ask of arrays: the values, as they are written, that ask for nothing of one list."""
_BY_COLUMN: Final = "[autograd.{who}(column) for column in zip(*rows)]"
_OF_ROWS: Final = {
    "None": "autograd.{who}([x for row in rows for x in row])", "0": _BY_COLUMN, "-2": _BY_COLUMN,
}  # fmt: skip
_INSTEAD: Final = {
    **dict.fromkeys(_ALONG, "[autograd.{who}(row) for row in rows]"), "dtype": TENSORS["dtype"][1],
    **dict.fromkeys(("keepdims", "keepdim"), "[autograd.{who}(xs)]"),
    **dict.fromkeys(_OF_NORM, "autograd.sum([autograd.abs(x) ** p for x in xs]) ** (1 / p)"),
    "initial": "autograd.{who}([initial, *xs])", "start": "autograd.{who}([start, *xs])",
    "weights": "autograd.dot(weights, xs) / sum(weights)",
    "where": "autograd.{who}([x for x, kept in zip(xs, where) if kept])",
    "b": "autograd.logsumexp([x + math.log(weight) for x, weight in zip(xs, b)])",
}  # fmt: skip
"""What to write for any other."""


def _of_one_list(function: F) -> F:
    """Keep it from a signature that others' options are understood; a wrapper around them would cost time."""
    signature = inspect.signature(function)
    ours = [p for name, p in signature.parameters.items() if name not in ("axis", "theirs")]
    function.__signature__ = signature.replace(parameters=ours)  # type: ignore[attr-defined]
    return function


def _refuse_options(who: str, operands: tuple[Any, ...], given: Mapping[str, Any]) -> None:
    """Refuse what others ask of arrays, unless it asks for nothing of one list."""
    rows = any(hasattr(x, "__len__") for x in operands)
    for name, x in given.items():
        asked = repr(x[0] if isinstance(x, (tuple, list)) and len(x) == 1 else x)
        of_rows = rows and name in _ALONG
        known = name in _INSTEAD and (who == "norm" or name not in _OF_NORM)
        if known and asked in _IDLE.get(name, ()) and not of_rows:
            continue
        instead = _INSTEAD[name] if known else "autograd.{who}(xs)"
        refuse(who, name, x, (_OF_ROWS.get(asked, instead) if of_rows else instead).replace("{who}", who))


def _operands(
    values: Iterable[Any], who: str, empty: bool = False, axis: Any = (), theirs: Any = ()
) -> tuple[Any, ...]:
    try:
        operands = tuple(values)
    except TypeError:
        raise TypeError(gettext(
            "{who}() takes one iterable of numbers or Values, got {kind}; write {who}([a, b, c])",
            who=who, kind=type(values).__name__,
        )) from None  # fmt: skip
    if axis or theirs:
        first = {"p" if who == "norm" else "axis": axis if len(axis) > 1 else axis[0]} if axis else {}
        _refuse_options(who, operands, first | dict(theirs))
    if not operands and not empty:
        raise ValueError(gettext("{who}() of nothing is not defined; pass at least one number", who=who))
    return operands


_NOTHING: Final[Any] = object()


def _is_python_s(operands: tuple[Any, ...]) -> bool:
    """Whether Python's own function is meant: all are whole numbers, or one is neither a number nor a node.

    What begins with a float or a node is not looked through.
    """
    if not operands or operands[0].__class__ is float or hasattr(operands[0], "_apply"):
        return not operands
    if any(hasattr(x, "_apply") for x in operands):
        return False
    return all(isinstance(x, Integral) for x in operands) or not all(map(is_number, operands))


@overload
def sum(values: Iterable[Real], /, start: Real = ...) -> float: ...
@overload
def sum(values: Iterable[Real | Value], /, start: Real | Value = ...) -> Value: ...
@overload
def sum(values: Iterable[Any], /, start: Any = ...) -> Any: ...
@_of_one_list
def sum(values: Iterable[Any], /, start: Any = 0, **theirs: Any) -> Any:
    """Return the sum, correctly rounded; zero of nothing.

    Of whole numbers, and of what can be added and is no number, it is Python's own `sum`.

    Parameters
    ----------
    values
        Numbers or Values.
    start
        What is added to them.

    Returns
    -------
    Value or float
        One node. A number where no operand is a Value.

    Examples
    --------
    >>> import autograd
    >>> autograd.sum([1.0, autograd.Value(2.0), 3.0])
    Value(data=6.0, grad=0.0)
    """
    operands = _operands(values, "sum", True, (), theirs)
    if start.__class__ is not int or start:
        operands = (*operands, start) if operands and operands[0].__class__ is float else (start, *operands)
    if not _is_python_s(operands):
        return ops.sum(*operands)
    try:
        return builtins.sum(operands[1:], operands[0]) if operands else start
    except TypeError:
        return ops.sum(*operands)  # which says what is no number


@overload
def mean(values: Iterable[Real]) -> float: ...
@overload
def mean(values: Iterable[Real | Value]) -> Value: ...
@_of_one_list
def mean(values: Iterable[Any], *axis: Any, **theirs: Any) -> Any:
    """Return the arithmetic mean.

    Parameters
    ----------
    values
        Numbers or Values.

    Returns
    -------
    Value or float
        One node. A float where no operand is a Value.

    Raises
    ------
    ValueError
        Of nothing.

    Examples
    --------
    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return ops.mean(*_operands(values, "mean", False, axis, theirs))


@overload
def prod(values: Iterable[Real]) -> float: ...
@overload
def prod(values: Iterable[Real | Value]) -> Value: ...
@_of_one_list
def prod(values: Iterable[Any], *axis: Any, **theirs: Any) -> Any:
    """Return the product, rounded once, whatever the order of its factors; one of nothing.

    So what overflows on the way, as ``1e200 * 1e200 * 1e-300`` does, need not be infinite.

    Parameters
    ----------
    values
        Numbers or Values.

    Returns
    -------
    Value or float
        One node. A float where no operand is a Value.

    Examples
    --------
    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    return ops.prod(*_operands(values, "prod", True, axis, theirs))


@overload
def dot(a: Iterable[Real], b: Iterable[Real]) -> float: ...
@overload
def dot(a: Iterable[Real | Value], b: Iterable[Real | Value]) -> Value: ...
def dot(a: Iterable[Any], b: Iterable[Any]) -> Any:
    """Return the scalar product of two vectors of one length.

    Parameters
    ----------
    a, b
        Numbers or Values. Where they are tuples and many products share one, a backward pass is faster.

    Returns
    -------
    Value or float
        One node. A float where no operand is a Value.

    Raises
    ------
    ValueError
        If one is longer than the other.

    Examples
    --------
    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    # tuple() of a tuple is that tuple itself, which the backward pass relies on.
    ws, xs = _operands(a, "dot", True), _operands(b, "dot", True)
    if len(ws) != len(xs):
        raise ValueError(gettext(
            "dot() takes two vectors of one length, got {count} and {count2} numbers",
            count=len(ws), count2=len(xs),
        ))  # fmt: skip
    return _dot(ws, xs)


@overload
def dots(rows: Iterable[Iterable[Real]], b: Iterable[Real]) -> list[float]: ...
@overload
def dots(rows: Iterable[Iterable[Real | Value]], b: Iterable[Real | Value]) -> list[Value]: ...
def dots(rows: Iterable[Iterable[Any]], b: Iterable[Any]) -> list[Any]:
    """Return the scalar product of each row with ``b``, that is, a matrix times a vector; each is one node.

    Faster than a loop over `dot`, in the same way where rows and ``b`` are tuples.

    Parameters
    ----------
    rows
        The matrix, row by row.
    b
        The vector, as long as each row.

    Returns
    -------
    list
        One number or Value for each row.

    Examples
    --------
    >>> dots([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0])
    [12.0, 34.0]
    """
    xs = _operands(b, "dots", True)
    pairs = [row if type(row) is tuple else _operands(row, "dots", True) for row in rows]
    length = len(xs)
    for ws in pairs:
        if len(ws) != length:
            raise ValueError(gettext(
                "dots() takes rows as long as the vector, {count} numbers, got one of {count2}",
                count=len(xs), count2=len(ws),
            ))  # fmt: skip
    return _dots(pairs, xs)


def _extreme(
    pythons: Callable[..., Any], op: Op, values: Any, others: tuple[Any, ...],
    key: Callable[[Any], Any] | None, default: Any, theirs: Mapping[str, Any],
) -> Any:
    """What Python's own `max` or `min` gives of what is no node, and else the row's node."""
    operands = _operands(
        (values, *others) if others else values, op.name, default is not _NOTHING, (), theirs
    )
    if not operands:
        return default
    if key is None and not _is_python_s(operands):
        return op(*operands)
    try:
        return pythons(operands, key=key)
    except TypeError:
        if key is not None:
            raise
        return op(*operands)  # which says what is no number


@overload
def max(values: Iterable[Real], /) -> float: ...
@overload
def max(values: Iterable[Real | Value], /) -> Value: ...
@overload
def max(values: Real, /, *others: Real) -> float: ...
@overload
def max(values: Real | Value, /, *others: Real | Value) -> Value: ...
@overload
def max(values: Any, /, *others: Any, key: Callable[[Any], Any] | None = ..., default: Any = ...) -> Any: ...
@_of_one_list
def max(
    values: Any, /, *others: Any, key: Callable[[Any], Any] | None = None, default: Any = _NOTHING,
    **theirs: Any,
) -> Any:
    """Return the largest; n that tie share the gradient, 1/n each.

    Of whole numbers, of what can be compared and is no number, and with ``key``, it is Python's own `max`.

    Parameters
    ----------
    values
        Numbers or Values.
    others
        More of them, where ``values`` is the first and no sequence.
    key
        What to compare them by: then one of the operands itself is returned.
    default
        What to return of nothing.

    Returns
    -------
    Value or float
        One node. A number where no operand is a Value.

    Raises
    ------
    ValueError
        Of nothing, without a ``default``.

    Examples
    --------
    >>> max([1.0, 5.0, 2.0])
    5.0
    """
    return _extreme(builtins.max, ops.max, values, others, key, default, theirs)


@overload
def min(values: Iterable[Real], /) -> float: ...
@overload
def min(values: Iterable[Real | Value], /) -> Value: ...
@overload
def min(values: Real, /, *others: Real) -> float: ...
@overload
def min(values: Real | Value, /, *others: Real | Value) -> Value: ...
@overload
def min(values: Any, /, *others: Any, key: Callable[[Any], Any] | None = ..., default: Any = ...) -> Any: ...
@_of_one_list
def min(
    values: Any, /, *others: Any, key: Callable[[Any], Any] | None = None, default: Any = _NOTHING,
    **theirs: Any,
) -> Any:
    """Return the smallest; n that tie share the gradient, 1/n each.

    Of whole numbers, of what can be compared and is no number, and with ``key``, it is Python's own `min`.

    Parameters
    ----------
    values
        Numbers or Values.
    others
        More of them, where ``values`` is the first and no sequence.
    key
        What to compare them by: then one of the operands itself is returned.
    default
        What to return of nothing.

    Returns
    -------
    Value or float
        One node. A number where no operand is a Value.

    Raises
    ------
    ValueError
        Of nothing, without a ``default``.

    Examples
    --------
    >>> min([1.0, 5.0, 2.0])
    1.0
    """
    return _extreme(builtins.min, ops.min, values, others, key, default, theirs)


@overload
def norm(values: Iterable[Real]) -> float: ...
@overload
def norm(values: Iterable[Real | Value]) -> Value: ...
@_of_one_list
def norm(values: Iterable[Any], *axis: Any, **theirs: Any) -> Any:
    """Return the Euclidean norm, without overflow on the way; zero of nothing.

    Parameters
    ----------
    values
        Numbers or Values.

    Returns
    -------
    Value or float
        One node. A float where no operand is a Value.

    Examples
    --------
    >>> norm([1e200, 0.0])
    1e+200
    """
    return ops.norm(*_operands(values, "norm", True, axis, theirs))


@overload
def logsumexp(values: Iterable[Real]) -> float: ...
@overload
def logsumexp(values: Iterable[Real | Value]) -> Value: ...
@_of_one_list
def logsumexp(values: Iterable[Any], *axis: Any, **theirs: Any) -> Any:
    """Return log(sum(exp(x))), without overflow on the way.

    Parameters
    ----------
    values
        Numbers or Values.

    Returns
    -------
    Value or float
        One node. A float where no operand is a Value.

    Raises
    ------
    ValueError
        Of nothing.

    Examples
    --------
    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return ops.logsumexp(*_operands(values, "logsumexp", False, axis, theirs))


@overload
def softmax(values: Iterable[Real]) -> list[float]: ...
@overload
def softmax(values: Iterable[Real | Value]) -> list[Value]: ...
@_of_one_list
def softmax(values: Iterable[Any], *axis: Any, **theirs: Any) -> list[Any]:
    """Return exp(x_i) / sum_j exp(x_j) for each i; time and memory grow with the number of operands.

    Parameters
    ----------
    values
        Numbers or Values.

    Returns
    -------
    list of Value, or of float
        One probability for each number; they add up to 1.

    Raises
    ------
    ValueError
        Of nothing.

    Examples
    --------
    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    xs = _operands(values, "softmax", False, axis, theirs)
    return ops.softmaxes(*xs)


@overload
def log_softmax(values: Iterable[Real]) -> list[float]: ...
@overload
def log_softmax(values: Iterable[Real | Value]) -> list[Value]: ...
@_of_one_list
def log_softmax(values: Iterable[Any], *axis: Any, **theirs: Any) -> list[Any]:
    """Return log(softmax(x)_i) for each i, accurate where the probability rounds to 0 or 1.

    Parameters
    ----------
    values
        Numbers or Values.

    Returns
    -------
    list of Value, or of float
        One logarithm for each number.

    Raises
    ------
    ValueError
        Of nothing.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    xs = _operands(values, "log_softmax", False, axis, theirs)
    return ops.log_softmaxes(*xs)
