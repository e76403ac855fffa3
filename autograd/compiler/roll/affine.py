"""Find the loops in a list of addresses: nested arithmetic progressions (Ketterlin and Clauss, CGO 2008)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["Slanted", "addresses", "compress", "nest", "slanted", "strides_of", "within"]


SPARSEST = 8
"""The part that slanted loops are of rectangular ones, at the least; a tetrahedron is a sixth."""


class Slanted(int):
    """The size of a loop that grows evenly along loops around it; as an int, the largest.

    Attributes
    ----------
    first
        The size in the first round of all loops around it.
    steps
        How much it grows from round to round of each of them, outermost first.
    """

    first: int
    steps: tuple[int, ...]

    def __new__(cls, most: int, first: int, steps: tuple[int, ...]) -> Slanted:
        """Make one."""
        made = super().__new__(cls, most)
        made.first, made.steps = first, steps
        return made

    def __repr__(self) -> str:
        return f"Slanted({int(self)}, {self.first}, {self.steps})"


def nest(columns: Any) -> tuple[tuple[int, ...], Any] | None:
    """Return loop sizes, outermost first, and for each column its strides.

    None if the columns are no such loop nest.

    Parameters
    ----------
    columns
        (columns, length) addresses. All columns run through one common loop nest.

    Examples
    --------
    >>> nest(np.array([[0, 1, 2, 10, 11, 12], [5, 5, 5, 6, 6, 6]]))
    ((2, 3), array([[10,  1],
           [ 1,  0]]))
    """
    count = len(columns)
    sizes: list[int] = []
    strides: list[Any] = []
    while columns.shape[1] > 1:
        length = columns.shape[1]
        step = columns[:, 1] - columns[:, 0]
        broken = (columns[:, 1:] - columns[:, :-1] != step[:, None]).any(axis=0)
        run = int(broken.argmax()) + 1
        if not broken[run - 1]:
            run = length
        if length % run:
            return None
        blocks = columns.reshape(len(columns), length // run, run)
        if run < length and (blocks != blocks[:, :, :1] + step[:, None, None] * np.arange(run)).any():
            return None
        sizes.append(run)
        strides.append(step)
        columns = blocks[:, :, 0]
    return tuple(sizes[::-1]), np.array(strides[::-1], np.int64).reshape(len(sizes), count).T


def slanted(columns: Any) -> tuple[tuple[int, ...], Any] | None:
    """Do as `nest` does, where sizes of loops may grow evenly along the loops around them, as in a triangle.

    Examples
    --------
    >>> slanted(np.array([[0, 10, 11, 20, 21, 22]]))
    ((3, Slanted(3, 1, (1,))), array([[10,  1]]))
    """
    count, length = columns.shape
    runs: list[tuple[int, Any]] = []  # of each loop, innermost first: its size, or the row of its sizes
    strides: list[Any] = []
    while columns.shape[1] > 1:
        found = _rounds(columns) if len(columns) <= len(_SPREAD) else None  # more slanted loops than any has
        if found is None:
            return None
        lengths, step, columns = found
        runs.append((int(lengths.max()), len(columns)))
        if (lengths != lengths[0]).any():
            columns = np.vstack([columns, lengths])
        else:
            runs[-1] = runs[-1][0], None
        strides.append(step)
    steps = np.zeros((len(columns), len(runs)), np.int64)
    for k, step in enumerate(strides[::-1]):
        steps[: len(step), k] = step
    sizes = [
        most if row is None else Slanted(most, int(columns[row, 0]), tuple(steps[row, : -1 - k].tolist()))
        for k, (most, row) in enumerate(runs)
    ]
    if math.prod(sizes) > SPARSEST * length:
        return None  # a few odd addresses are loops in some way or other
    return tuple(sizes[::-1]), steps[:count]


def _rounds(columns: Any) -> tuple[Any, Any, Any] | None:
    """Return the sizes of the innermost loop, its strides, and the addresses that it begins at."""
    steps = np.diff(columns, axis=1)
    key = steps.T @ _SPREAD[: len(columns)]
    keys, first, counts = np.unique(key, return_index=True, return_counts=True)
    most = int(counts.argmax())
    edges = np.flatnonzero(key != keys[most]) + 1
    if len(edges) > 0.75 * columns.shape[1]:
        return None
    starts = np.concatenate([[0], edges])
    lengths = np.diff(np.append(starts, columns.shape[1]))
    return lengths, steps[:, first[most]], columns[:, starts]


_SPREAD = np.random.default_rng(0).integers(1 << 20, 1 << 40, 16) * 2 + 1  # tells columns' steps apart


def addresses(sizes: tuple[int, ...], strides: Any, base: int = 0) -> Any:
    """Return base + the sum of stride * loop variable for all rounds, those of a slanted loop in a row."""
    shape = tuple(map(int, sizes))
    total = np.full(shape, base, np.int64)
    for k, stride in enumerate(strides):
        total += (stride * np.arange(shape[k])).reshape([-1 if j == k else 1 for j in range(len(shape))])
    inside = within(sizes)
    return total if inside is None else total[inside]


def within(sizes: tuple[int, ...]) -> Any:
    """Tell of each round of the largest loops whether it is one; None where no loop is slanted."""
    inside = None
    for k, n in enumerate(sizes):
        if isinstance(n, Slanted):
            end = addresses(tuple(map(int, sizes[:k])), n.steps, n.first)
            fits = np.arange(int(n)) < end[..., None]
            fits = fits.reshape(fits.shape + (1,) * (len(sizes) - k - 1))
            inside = fits if inside is None else inside & fits
    return None if inside is None else np.broadcast_to(inside, tuple(map(int, sizes)))


def compress(table: Any) -> Any:
    """Return an array with each axis along which it does not change cut to length 1.

    Examples
    --------
    >>> compress(np.array([[1, 2], [1, 2]])).shape
    (1, 2)
    """
    for axis in range(table.ndim):
        first = np.take(table, [0], axis=axis)
        if table.shape[axis] > 1 and (table == first).all():
            table = first
    return table


def strides_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of a contiguous array, in numbers."""
    out, step = [], 1
    for n in reversed(shape):
        out.append(step)
        step *= n
    return tuple(out[::-1])
