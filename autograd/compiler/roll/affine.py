"""Find the loops in a list of addresses: nested arithmetic progressions (Ketterlin and Clauss, CGO 2008)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["compress", "nest", "strides_of"]


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
