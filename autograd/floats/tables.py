"""Tables and columns of other libraries as data: the one conversion of them, to NumPy's arrays.

Whatever has ``to_numpy`` (pandas, polars, ...), ``__dataframe__`` or ``__array__`` will do. The rows of a
table are the samples; an index is no part of the data.
"""

from __future__ import annotations

import ctypes
from numbers import Integral
from typing import Any

from autograd.errors import optional
from autograd.floats.convert import is_number
from autograd.words import gettext

__all__ = ["as_rows"]

_KINDS = {0: "int", 1: "uint", 2: "float", 20: "bool"}
"""The kinds of numbers in the dataframe interchange protocol."""


def is_table(x: Any) -> str:
    """Return the method by which another library's table or column becomes an array; none of all else."""
    if type(x).__module__ in ("builtins", "numpy", "numpy.ma") or hasattr(x, "_apply"):
        return ""
    ways = ("to_numpy", "__dataframe__", "__array__")
    return next((way for way in ways if callable(getattr(x, way, 0))), "")


def as_rows(x: Any, name: str) -> Any:
    """Return a table, or a column, as an array of numbers; what is neither as it is.

    Parameters
    ----------
    x
        A table (its rows are the samples), a column, a tensor; or lists, numbers, arrays.
    name
        What it is called in errors.

    Returns
    -------
    array or object
        Whole numbers stay whole; True and False become 1 and 0.

    Raises
    ------
    ValueError
        Where a cell is missing, naming its row and column.
    TypeError
        Where a column holds what is no number, such as words, with what to write instead.

    Examples
    --------
    >>> as_rows([[1.0, 2.0]], "x")
    [[1.0, 2.0]]
    """
    table = is_table(x)
    if not table:
        return x
    np = optional(
        "numpy", gettext("data in a {kind}", kind=type(x).__name__), "pip install numpy", what="NumPy"
    )
    if table == "__array__" and hasattr(x, "detach"):  # a tensor that is differentiated gives no array
        x = x.detach()
    if hasattr(x, "iter_columns"):  # polars makes one type of all columns, of dates too
        columns = [_numbers(np, column.to_numpy(), column, name) for column in x.iter_columns()]
        return np.stack(columns, axis=1) if columns else np.empty((0, 0))
    if table == "__dataframe__":
        return _numbers(np, _interchanged(np, x, name), x, name)
    return _numbers(np, np.asarray(x.to_numpy() if table == "to_numpy" else x), x, name)


def _numbers(np: Any, array: Any, x: Any, name: str) -> Any:
    if array.dtype.kind in "fiu":
        return array
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    cells = list(array.flat) if array.dtype.kind in "mM" else array.ravel().tolist()
    for place, cell in enumerate(cells):
        if array.dtype.kind in "mM" or (not is_number(cell) and type(cell).__name__ != "Value"):
            row = place // (array.shape[1] if array.ndim > 1 else 1)
            raise _problem(cell, row, _column(array, x, place), name)
    whole = all(isinstance(cell, Integral) for cell in cells)
    return np.array(cells, np.int64 if whole else np.float64).reshape(array.shape)


def _column(array: Any, x: Any, place: int) -> str:
    """Return what the column of a cell is called."""
    if array.ndim > 1:
        names = list(getattr(x, "columns", getattr(x, "column_names", range(array.shape[1]))))
        return gettext(" of column {name}", name=repr(names[place % array.shape[1]]))
    label = getattr(x, "name", None)
    return gettext(" of column {name}", name=repr(label)) if isinstance(label, str) and label else ""


def _problem(cell: Any, row: int, column: str, name: str) -> Exception:
    kind = type(cell).__name__
    where = gettext("{name}: row {row}{column}", name=name, row=row, column=column)
    if cell is None or kind in ("NAType", "NaTType"):
        return ValueError(gettext(
            "{where} is missing; fill it in or leave the row out, as with dropna() or drop_nulls()",
            where=where,
        ))  # fmt: skip
    if isinstance(cell, (str, bytes)):
        return TypeError(gettext(
            "{where} holds the word {cell}; make numbers of words first: for targets their places, "
            "pandas.factorize(column)[0] or column.cast(polars.Categorical).to_physical(), and for features "
            "columns of 0 and 1, pandas.get_dummies(table) or table.to_dummies()",
            where=where, cell=f"{cell!r:.40}",
        ))  # fmt: skip
    return TypeError(gettext(
        "{where} holds {cell}, a {kind}; data are numbers, so make numbers of it first",
        where=where, cell=f"{cell!r:.40}", kind=kind,
    ))  # fmt: skip


def _interchanged(np: Any, x: Any, name: str) -> Any:
    """Return the numbers of a table that speaks the dataframe interchange protocol alone."""
    frame = x.__dataframe__()
    columns = []
    for title in frame.column_names():
        column = frame.get_column_by_name(title)
        kind, bits, *_ = column.dtype
        if kind not in _KINDS:
            raise TypeError(gettext(
                "{name}: column {title} holds no numbers; make numbers of words or dates first, or leave it "
                "out",
                name=name, title=repr(title),
            ))  # fmt: skip
        if column.null_count:
            raise ValueError(gettext(
                "{name}: column {title} misses {null_count} of its cells; fill them in",
                name=name, title=repr(title), null_count=column.null_count,
            ))  # fmt: skip
        columns.append(np.concatenate([_chunk(np, part, _KINDS[kind], bits) for part in column.get_chunks()]))
    return np.stack(columns, axis=1) if columns else np.empty((frame.num_rows(), 0))


def _chunk(np: Any, part: Any, kind: str, bits: int) -> Any:
    buffer, _ = part.get_buffers()["data"]
    raw = np.frombuffer((ctypes.c_uint8 * buffer.bufsize).from_address(buffer.ptr), np.uint8)
    if bits == 1:
        found = np.unpackbits(raw, bitorder="little").astype(bool)
    else:
        found = raw.view(bool if kind == "bool" else f"{kind}{bits}")
    return found[part.offset : part.offset + part.size()].copy()
