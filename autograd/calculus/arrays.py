"""NumPy's arrays as arguments of functions that are differentiated.

Such a function gets an `Array`, an array of nodes. NumPy's operators, functions and methods take it: each
element goes through a row of the table, a sum or a product along an axis is one node, and so is each element
of a matrix product. While it runs, arithmetic of one node with an array of numbers makes an `Array` as well,
as NumPy's broadcasting has it; everywhere else that is refused.

NumPy is imported with this module, which `autograd.calculus.trees` imports where it meets an array.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from autograd import ops
from autograd.conversion import check_function
from autograd.floats.convert import to_float
from autograd.many import dots, norm
from autograd.modes import is_tracing
from autograd.ufuncs import COMPARISONS, counterpart
from autograd.value import Value
from autograd.words import gettext

__all__ = ["Array", "build", "check", "elements"]

_REDUCTIONS: Final = {
    "add": ops.sum, "multiply": ops.prod, "maximum": ops.max, "minimum": ops.min, "fmax": ops.max,
    "fmin": ops.min, "logaddexp": ops.logsumexp,
}  # fmt: skip
_OF_NUMBERS: Final = frozenset(
    (
        "isnan", "isinf", "isfinite", "signbit", "logical_and", "logical_or", "logical_not", "logical_xor",
        "bitwise_and", "bitwise_or",
    )
)  # fmt: skip
"""NumPy's functions whose results are true or false: they look at the numbers, as comparisons do."""


class Array(np.ndarray[Any, Any]):
    """An array of nodes (and numbers among them), on which NumPy computes by the rows of the table."""

    @staticmethod
    def _apply(op: Any, operands: tuple[Any, ...]) -> Any:
        """Apply a row, or any function of numbers, element by element, after NumPy's broadcasting."""
        if not any(isinstance(x, np.ndarray) for x in operands):
            for x in operands:
                if not isinstance(x, Value):
                    to_float(x)  # which says what is wrong
        columns = np.broadcast_arrays(*[_plain(x) for x in operands])
        return _made(list(map(op, *[column.ravel().tolist() for column in columns])), columns[0].shape)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return Array._ufunc(ufunc, method, inputs, options)

    @staticmethod
    def _ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Compute what a universal function of NumPy's does, on nodes."""
        out = options.pop("out", None)
        compute = {"__call__": _call, "reduce": _reduce, "outer": _outer}.get(method)
        result = (
            _by_numpy(ufunc, method, inputs, options) if compute is None else compute(ufunc, inputs, options)
        )
        return result if out is None else _into(out, result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        ours = _FUNCTIONS.get(function)
        if ours is not None:
            return ours(*args, **kwargs)
        refused = TypeError(gettext(
            "NumPy's {name} takes no Values; write what it computes with +, -, *, / and @, or give it and "
            "its derivative a name by autograd.custom_op",
            name=f"{function.__module__}.{function.__name__}",
        ))  # fmt: skip
        check_function(function.__name__)
        if function.__module__.startswith(("numpy.linalg", "numpy.fft")):
            raise refused
        try:
            result = super().__array_function__(function, types, args, kwargs)
        except (TypeError, AttributeError) as error:
            raise (refused if any(words in str(error) for words in _OBSCURE) else error) from None
        # Some of NumPy's functions make a plain array of what they are given.
        return result.view(Array) if type(result) is np.ndarray and result.dtype == object else result

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """Return a copy, where it is to be one of doubles: nodes hold these."""
        return super().astype(object if np.dtype(dtype) == np.float64 else dtype, *args, **options)

    def dot(self, other: Any, out: Any = None) -> Any:
        """Return the product, as `numpy.dot` does."""
        result = _dot(self, other)
        return result if out is None else _into((out,), result)


_OBSCURE = "dtype('O')", "not supported for the input types", "object has no attribute", "no callable"
"""What NumPy says of objects that it does not know."""


def elements(array: Any) -> list[Any]:
    """Return the elements of an array in order: numbers of Python, and nodes."""
    found: list[Any] = np.asarray(array).ravel().tolist()
    return found


def build(items: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Return an array of this shape: of doubles, where all are numbers, else an `Array`."""
    if all(x.__class__ is float for x in items):
        return np.array(items, np.float64).reshape(shape)
    # An array that is assigned a list asks each node for an array.
    return np.fromiter(items, object, len(items)).reshape(shape).view(Array)


def check(array: Any) -> None:
    """Raise where an array has holes, whose derivatives would be those of what lies beneath.

    And where its ``*`` is another product than that of nodes.
    """
    if isinstance(array, np.matrix):
        raise TypeError(gettext(
            "it is an np.matrix, whose * is the product of matrices; pass np.asarray(x), and write @ for that"
        ))  # fmt: skip
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(gettext(
            "it is masked; fill in what is missing, as with x.filled(0.0), or leave that out"
        ))  # fmt: skip


def _plain(x: Any) -> Any:
    """Return an operand as an array of objects, which broadcasting and ``tolist`` leave as they are."""
    if isinstance(x, np.ndarray):
        check(x)
        return np.asarray(x)
    if isinstance(x, (list, tuple)):
        return np.array(x, object)
    cell = np.empty((), object)
    cell[()] = x
    return cell


def _made(items: list[Any], shape: tuple[int, ...]) -> Any:
    """Return what an operation made: as NumPy does, an array, or its only element where it has no axis."""
    return build(items, shape) if shape else items[0]


def _number(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x


def _numbers(x: Any) -> Any:
    """Return the numbers in an operand; an array of booleans as it is."""
    if isinstance(x, np.ndarray) and x.dtype.kind == "b":
        return x
    plain = _plain(x)
    return np.array([_number(item) for item in plain.ravel().tolist()]).reshape(plain.shape)


def _into(out: tuple[Any, ...], result: Any) -> Any:
    """Write a result where ``out=`` or an operator such as += wants it."""
    target = out[0]
    if target.dtype != object and not (isinstance(result, np.ndarray) and result.dtype != object):
        raise TypeError(gettext(
            "an array of {dtype} holds no Values; write total = total + x in place of total += x, or start "
            "from np.zeros_like(x)",
            dtype=target.dtype,
        ))  # fmt: skip
    target[...] = result
    return target


# What a universal function does.


def _call(ufunc: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    name = ufunc.__name__
    if options.pop("where", True) is not True:
        raise TypeError(gettext(
            "NumPy's {name} takes no where= for Values; write np.where(condition, a, b)",
            name=name,
        ))  # fmt: skip
    if is_tracing() and name in _WHILE_RECORDING:
        return Array._apply(_WHILE_RECORDING[name], inputs)
    if name in COMPARISONS:
        compare = COMPARISONS[name]
        pairs = [np.asarray(_numbers(x), object) for x in inputs]
        return np.asarray(np.frompyfunc(compare, 2, 1)(*pairs)).astype(bool)[()]
    if name in _OF_NUMBERS:
        return ufunc(*map(_numbers, inputs))
    if name in _PRODUCTS:
        return _PRODUCTS[name](*inputs)
    if name == "clip":
        return _clip(*inputs)
    if name == "divmod":
        return Array._apply(operator.floordiv, inputs), Array._apply(operator.mod, inputs)
    return Array._apply(counterpart(name), inputs)


def _truth(x: Any) -> Any:
    return 1.0 - ops.equal(x, 0.0)


_WHILE_RECORDING: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(ops, name) for name in COMPARISONS if name != "not_equal"},
    "not_equal": lambda a, b: 1.0 - ops.equal(a, b), "isnan": lambda x: 1.0 - ops.equal(x, x),
    "logical_and": lambda a, b: _truth(a) * _truth(b), "bitwise_and": operator.mul,
    "logical_or": lambda a, b: ops.maximum(_truth(a), _truth(b)), "bitwise_or": ops.maximum,
    "logical_not": lambda x: ops.equal(x, 0.0), "invert": lambda x: 1.0 - x,
}  # fmt: skip
"""What asks for truth: while the compiler records, numbers 1.0 and 0.0 that `where` takes."""


def _reduce(ufunc: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    (x,) = inputs
    name, row = ufunc.__name__, _REDUCTIONS.get(ufunc.__name__)
    if name in _OF_NUMBERS:
        return ufunc.reduce(_numbers(x), **options)
    if isinstance(options.get("where"), Array):
        return _call(ufunc, inputs, options)  # which says what to write
    axis, keepdims = options.get("axis", 0), options.get("keepdims", False)
    usual = options.get("where", True) is True and options.get("initial", np._NoValue) in (None, np._NoValue)
    a = _plain(x)
    if row is None or not usual or not a.size:
        return _by_numpy(ufunc, "reduce", inputs, options)
    return _along(lambda *cells: cells[0] if len(cells) == 1 else row(*cells), a, axis, keepdims)


def _along(row: Callable[..., Any], a: Any, axis: Any, keepdims: bool) -> Any:
    """Apply a function of any number of operands along some axes, or along all."""
    axes = range(a.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(sorted(range(a.ndim)[i] for i in axes))
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    shape = tuple(a.shape[i] for i in kept)
    rows = a.transpose(kept + axes).reshape(math.prod(shape), -1).tolist()
    made = _made([row(*cells) for cells in rows], shape)
    return np.expand_dims(_plain(made), axes).view(Array) if keepdims else made


def _outer(ufunc: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    a, b = map(_plain, inputs)
    return _call(ufunc, (a.reshape(a.shape + (1,) * b.ndim), b), options)


def _by_numpy(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Let NumPy do it with Python's operators: sums that run along, and what else is rare."""
    options.pop("dtype", None)
    given = [np.asarray(x, object) if isinstance(x, Array) else x for x in inputs]
    made = getattr(ufunc, method)(*given, **options)
    return made.view(Array) if isinstance(made, np.ndarray) and made.dtype == object else made


def _clip(x: Any, low: Any, high: Any) -> Any:
    if not any(isinstance(bound, (Value, np.ndarray)) for bound in (low, high)):
        low, high = to_float(low), to_float(high)
        return Array._apply(lambda item: ops.clamp(item, low, high), (x,))
    return Array._apply(ops.minimum, (Array._apply(ops.maximum, (x, low)), high))


# Products of vectors and matrices: one node for each element.


def _matmul(a: Any, b: Any) -> Any:
    a, b = _plain(a), _plain(b)
    if not a.ndim or not b.ndim:
        raise TypeError(gettext("@ takes vectors and matrices; write a * b for the product with a number"))
    if a.shape[-1] != b.shape[-2:][0]:
        raise ValueError(gettext(
            "@ takes rows as long as the columns, got shapes {shape} and {shape2}",
            shape=a.shape, shape2=b.shape,
        ))  # fmt: skip
    matrices_a, matrices_b = a if a.ndim > 1 else a[None], b if b.ndim > 1 else b[:, None]
    lead = np.broadcast_shapes(matrices_a.shape[:-2], matrices_b.shape[:-2])
    matrices_a = np.broadcast_to(matrices_a, lead + matrices_a.shape[-2:])
    matrices_b = np.broadcast_to(matrices_b, lead + matrices_b.shape[-2:])
    items = []
    for place in np.ndindex(*lead):
        rows = [tuple(row) for row in matrices_a[place].tolist()]
        columns = [dots(rows, tuple(column)) for column in matrices_b[place].T.tolist()]
        items += [column[i] for i in range(len(rows)) for column in columns]
    shape = lead + (a.shape[-2:-1] if a.ndim > 1 else ()) + (b.shape[-1:] if b.ndim > 1 else ())
    return _made(items, shape)


def _dot(a: Any, b: Any) -> Any:
    a, b = _plain(a), _plain(b)
    if not a.ndim or not b.ndim:
        return Array._apply(operator.mul, (a, b))
    return _matmul(a, b) if b.ndim <= 2 and a.ndim <= 2 else np.dot(a, b)


def _inner(a: Any, b: Any) -> Any:
    b = _plain(b)
    return _dot(a, b.T if b.ndim == 2 else b)


def _vecdot(a: Any, b: Any) -> Any:
    return _reduce(np.add, (Array._apply(operator.mul, (a, b)),), {"axis": -1})


_PRODUCTS: Final[dict[str, Callable[..., Any]]] = {
    "matmul": _matmul, "vecdot": _vecdot,
}  # fmt: skip


# Functions of NumPy's that are no universal ones and would ask for floats.


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    a = _plain(x)
    if not isinstance(axis, int) and (axis is not None or a.ndim != 1):  # of a matrix
        if ord not in (None, "fro"):
            raise TypeError(gettext(
                "np.linalg.norm takes Values for norms of vectors, and Frobenius's of matrices"
            ))  # fmt: skip
        ord = 2
    row = {
        None: _euclidean, 2: _euclidean, 1: _of_sizes(ops.sum), math.inf: _of_sizes(ops.max),
        -math.inf: _of_sizes(ops.min),
    }.get(ord) or (lambda *cells: ops.sum(*[abs(cell) ** ord for cell in cells]) ** (1.0 / ord))  # fmt: skip
    return _along(row, a, axis, keepdims)


def _euclidean(*cells: Any) -> Any:
    return norm(cells)


def _of_sizes(row: Any) -> Callable[..., Any]:
    return lambda *cells: row(*map(abs, cells))


def _on_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **options: function(*map(_numbers, args), **options)


def _where(condition: Any, *cases: Any) -> Any:
    """Do as `numpy.where` does, with a condition of nodes as `autograd.where` does."""
    if cases and is_tracing() and _plain(condition).dtype == object:
        return Array._apply(ops.where, (condition, *cases))
    return _by_numpy(np, "where", (condition, *cases), {})


_FUNCTIONS: Final[dict[Any, Callable[..., Any]]] = {
    np.dot: _dot, np.inner: _inner, np.vdot: lambda a, b: _dot(np.ravel(a), np.ravel(b)),
    np.where: _where, np.linalg.norm: _norm, np.i0: lambda x: Array._apply(ops.i0, (x,)),
    **{function: _on_numbers(function) for function in (np.isclose, np.allclose, np.array_equal)},
}  # fmt: skip
