"""The entries of a table in the place that a number tells, while a function is recorded for compilation.

Elsewhere the number is known, and Python looks the entries up. A recording keeps one call for all columns of
a table; its results are as cheap for the compiler as any other node, whatever the length of the table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from autograd import ops
from autograd.calculus import trees
from autograd.calculus.checkpointing import CheckpointedCall
from autograd.modes import MODE, is_tracing
from autograd.node import Node
from autograd.op import ANY, Op
from autograd.value import Value
from autograd.vectors import dot
from autograd.words import gettext

__all__ = ["ENTRY", "Lookup", "entries", "is_place", "one_hot", "take"]


def take(table: Sequence[Any], place: Any) -> Any:
    """Return the entry of a list in the place that a number or a Value tells, as ``table[place]`` does.

    While a function is recorded for `autograd.compile` the number in a Value is not known. The program then
    looks the entry up at each call, and its gradient arrives there; of leaves, such as parameters, in a time
    that does not depend on the length of the list.

    Parameters
    ----------
    table
        The entries: numbers, Values, or nested lists of these, all of one structure. It must not change while
        a function is recorded.
    place
        A whole number from 0 to below their number, also as a float or in a Value. There is no gradient for
        it.

    Returns
    -------
    Any
        The entry.

    Raises
    ------
    IndexError
        If there is no such place.
    TypeError
        If it is no whole number.

    Examples
    --------
    >>> from autograd import Value, compile
    >>> rows = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    >>> [x.data for x in take(rows, 1)]
    [3.0, 4.0]
    >>> compile(lambda i: take(rows, i), batch=True)([1.0, 0.0, 1.0])
    [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    """
    if isinstance(place, Value) and is_tracing():
        return _recorded(table, place)
    number = place.data if isinstance(place, Value) else place
    try:
        found = int(number)
    except (TypeError, ValueError, OverflowError):
        found = None
    if found is None or found != number:
        raise TypeError(gettext("take() looks up whole numbers, got {place}", place=f"{place!r:.60}"))
    if not 0 <= found < len(table):
        raise IndexError(gettext(
            "take() has the places 0 to {count} here, got {place}",
            count=len(table) - 1, place=found,
        ))  # fmt: skip
    return table[found]


def _recorded(table: Sequence[Any], place: Value) -> Any:
    """Return an entry while a function is recorded."""
    known = getattr(MODE.get().tape, "tables", {})
    if id(table) not in known:
        rows: list[list[Any]] = []
        structures = []
        for entry in table:
            leaves: list[Any] = []
            listed = entry.tolist() if trees.is_array(entry) else entry
            structures.append(trees.map_leaves(partial(_noted, leaves), listed))
            rows.append(leaves)
        if any(structure != structures[0] for structure in structures):
            raise TypeError(gettext(
                "take() needs entries of one structure while a function is recorded for compilation"
            ))  # fmt: skip
        if not rows:
            raise IndexError(gettext("take() of nothing: there is no place in an empty list"))
        known[id(table)] = table, rows  # the table stays, so that no other one has its number
    rows = known[id(table)][1]
    found = iter(entries(rows, place))
    return trees.map_leaves(lambda _: next(found), table[0])


def _noted(leaves: list[Any], x: Any) -> int:
    """Note a leaf of an entry; return what stands for any."""
    leaves.append(x)
    return 0


def one_hot(index: Value, count: int) -> tuple[list[Any], Any]:
    """Return the one-hot vector of a place that is not known while a function is recorded, and a zero or NaN.

    That is 0, or NaN where the number is none from 0 to ``count`` - 1: the engine then evaluates again, and
    says so.
    """
    hot = [ops.equal(index, float(k)) for k in range(count)]
    return hot, ops.where(ops.sum(*hot), 0.0, math.nan)


def entries(rows: Sequence[Sequence[Any]], index: Value) -> list[Any]:
    """Return the row of a table in a place that is not known while a function is recorded.

    Parameters
    ----------
    rows
        The table: rows of one length, of numbers and Values. It must not change while the function is
        recorded.
    index
        The place; where it is none from 0 to below the number of rows, the entries are NaN.
    """
    if not getattr(MODE.get().tape, "looks_up", False):
        return _products(rows, index)
    call = Lookup(rows, index)
    return [call.result(k) for k in range(call.count)]


def _products(rows: Sequence[Sequence[Any]], index: Value) -> list[Any]:
    """Return the same as products with a one-hot vector."""
    hot, known = one_hot(index, len(rows))
    return [known + dot(tuple(hot), column) for column in zip(*rows, strict=True)]


def is_place(index: float, count: int) -> bool:
    """Tell whether a number is one of the places from 0 to below ``count``.

    Examples
    --------
    >>> is_place(2.0, 3), is_place(3.0, 3), is_place(0.5, 3)
    (True, False, False)
    """
    return 0.0 <= index < count and index == int(index)


def _value(index: float, *column: float) -> float:
    """Return the entry of a column; NaN where there is no such place."""
    return column[int(index)] if is_place(index, len(column)) else math.nan


def _partials(_: Any, index: Any, *column: Any) -> tuple[Any, ...]:
    """Return 0 for the place, and for each entry whether it is the one."""
    return 0.0, *[ops.equal(index, float(k)) for k in range(len(column))]


ENTRY = Op("entry", _value, _partials, arity=ANY, gated=True)
"""The row of an entry: of the place, and the column in which it is looked up."""


class Lookup(CheckpointedCall):
    """A row of a table: what stands in one place of each column.

    Parameters
    ----------
    rows, index
        As for `entries`.
    """

    __slots__ = ("index", "rows")

    def __init__(self, rows: Sequence[Sequence[Any]], index: Value) -> None:
        self.rows, self.index = rows, index
        self.count = len(rows[0])
        self.grad = None

    @property
    def _a(self) -> tuple[Any, ...]:  # type: ignore[override]
        """What the call depends on: put together where a derivative is asked for, as a table may be long."""
        return (self.index, *self.nodes())

    def nodes(self) -> list[Value]:
        """Return the nodes of the table."""
        return list(dict.fromkeys(x for row in self.rows for x in row if isinstance(x, Value)))

    def result(self, index: int) -> Value:
        """Return the node of a column's entry."""
        place = self.index._data
        x = self.rows[int(place)][index] if is_place(place, len(self.rows)) else math.nan
        node: Value = Node.record_result(ENTRY, x._data if isinstance(x, Node) else float(x), self, index)
        return node

    def operands(self, index: Any) -> tuple[Any, ...]:
        """Return the place, and a column."""
        return (self.index, *[row[int(index)] for row in self.rows])

    def edges(self, index: int) -> list[tuple[Any, Any]]:
        """Return the entries of a column that are nodes, each with whether it is the one."""
        return [
            (row[index], ops.equal(self.index, float(k)))
            for k, row in enumerate(self.rows)
            if isinstance(row[index], Value)
        ]

    def recompute(self) -> list[Any]:
        """Return the entries as products, for derivatives that are recorded."""
        return _products(self.rows, self.index)
