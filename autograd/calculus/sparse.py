"""Sparse Jacobians: of each output the derivatives in those inputs alone on which it rests.

Which these are is read off the graph, an output at a time; a pass goes through what the output rests on and
nothing else, so the price is that of all these parts together, and no derivative that is zero by structure is
computed or kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from autograd.modes import is_tracing

__all__ = ["Coordinates", "finished", "maker"]


class Coordinates:
    """A sparse matrix as three lists: in which row and which column each value stands, by rows.

    What ``jacobian(f, sparse=True)`` returns where SciPy is not installed, or where the values are nodes.

    Parameters
    ----------
    rows, columns
        Whole numbers from 0, as many as values.
    values
        Numbers or nodes.
    shape
        How many rows and columns the matrix has.

    Examples
    --------
    >>> matrix = Coordinates([0, 1, 1], [0, 0, 2], [5.0, 6.0, 7.0], (2, 3))
    >>> rows, columns, values = matrix
    >>> values
    [5.0, 6.0, 7.0]
    >>> matrix.to_lists()
    [[5.0, 0.0, 0.0], [6.0, 0.0, 7.0]]
    """

    __slots__ = ("columns", "rows", "shape", "values")

    def __init__(
        self, rows: Sequence[int], columns: Sequence[int], values: Any, shape: tuple[int, int]
    ) -> None:
        self.rows, self.columns, self.values, self.shape = rows, columns, values, shape

    def __iter__(self) -> Iterator[Any]:
        return iter((self.rows, self.columns, self.values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Coordinates) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self.shape)

    def __repr__(self) -> str:
        return f"Coordinates({list(self.rows)!r}, {list(self.columns)!r}, {self.values!r}, {self.shape!r})"

    def _all(self) -> tuple[Any, ...]:
        return list(self.rows), list(self.columns), list(self.values), self.shape

    def of(self, values: Any) -> Coordinates:
        """Return a matrix with other values in the same places."""
        return Coordinates(self.rows, self.columns, values, self.shape)

    def to_lists(self) -> list[list[Any]]:
        """Return the rows, zeros included."""
        found: list[list[Any]] = [[0.0] * self.shape[1] for _ in range(self.shape[0])]
        for i, j, value in zip(self.rows, self.columns, self.values, strict=True):
            found[i][j] = value
        return found


def finished(matrix: Coordinates) -> Any:
    """Return a matrix of numbers as one of SciPy's, where that is installed.

    Nodes stay where they are, and so do numbers while a function is recorded.
    """
    if is_tracing() or find_spec("scipy") is None or any(x.__class__ is not float for x in matrix.values):
        return matrix
    return maker(matrix)(matrix.values)


def maker(matrix: Coordinates) -> Any:
    """Return what makes a matrix of SciPy's of values that stand in these places."""
    np, csr_array = import_module("numpy"), import_module("scipy.sparse").csr_array
    columns = np.array(matrix.columns, np.int32)
    ends = np.zeros(matrix.shape[0] + 1, np.int32)
    np.cumsum(np.bincount(np.array(matrix.rows, np.intp), minlength=matrix.shape[0]), out=ends[1:])
    return lambda values: csr_array((np.asarray(values, np.float64), columns, ends), shape=matrix.shape)
