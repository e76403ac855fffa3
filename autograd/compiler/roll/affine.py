"""Find the loops in a list of addresses: nested arithmetic progressions (Ketterlin and Clauss, CGO 2008)."""

from __future__ import annotations

import math
from collections import Counter
from operator import mul, sub
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import repeated
from autograd.native import engine

__all__ = ["Slanted", "addresses", "compress", "nest", "slanted", "strides_of", "within"]


SPARSEST = 8
"""The part that slanted loops are of rectangular ones, at the least; a tetrahedron is a sixth."""
RAGGED = 0.75
"""What part of the addresses may begin a round of a slanted loop."""
SMALL = 400
"""So many addresses are looked at by Python in slanted loops, as NumPy takes longer."""


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


_Nest = tuple[tuple[int, ...], list[tuple[int, ...]]] | None


def nest(columns: Any, order: Any = None, terms: int = 1) -> _Nest:
    """Return loop sizes, outermost first, and for each column its strides.

    None if the columns are no such loop nest.

    Parameters
    ----------
    columns
        Addresses, equally many in each. All columns run through one common loop nest.
    order
        Which row of the columns comes when, of as many ``terms`` each; of the first column, which is in this
        order already, there is one address for each row.

    Examples
    --------
    >>> nest(np.array([[0, 1, 2, 10, 11, 12], [5, 5, 5, 6, 6, 6]]))
    ((2, 3), [(10, 1), (1, 0)])
    """
    if engine is not None:
        turn = None if order is None else np.ascontiguousarray(order, np.int64)
        found: _Nest = engine.nest([np.ascontiguousarray(c, np.int64) for c in columns], turn, terms)
        return found
    if order is not None:
        rest = [c.reshape(len(order), terms)[order].ravel() for c in columns[1:]]
        columns = repeated(columns[0], terms), *rest
    columns = np.array(columns)
    sizes: list[int] = []
    strides: list[list[int]] = []
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
        strides.append(step.tolist())
        columns = blocks[:, :, 0]
    return tuple(sizes[::-1]), list(zip(*strides[::-1], strict=True)) or [()] * len(columns)


def slanted(columns: Any) -> tuple[tuple[int, ...], Any] | None:
    """Do as `nest` does, where sizes of loops may grow evenly along the loops around them, as in a triangle.

    Examples
    --------
    >>> slanted(np.array([[0, 10, 11, 20, 21, 22]]))
    ((3, Slanted(3, 1, (1,))), array([[10,  1]]))
    """
    count, length = columns.shape
    rows: list[Any] = columns.tolist() if columns.size <= SMALL else list(columns)
    size = length
    runs: list[tuple[int, Any]] = []  # of each loop, innermost first: its size, or the row of its sizes
    strides: list[Any] = []
    while size > 1:
        if len(rows) > len(_SPREAD):  # more slanted loops than any has
            return None
        is_few = isinstance(rows[0], list)
        found = (_few_rounds if is_few else _rounds)(rows)
        if found is None:
            return None
        lengths, step, left = found
        rows, size, most = list[Any](left), len(lengths), max(lengths)
        runs.append((most, len(rows) if min(lengths) < most else None))
        if min(lengths) < most:
            rows.append(lengths if is_few else np.array(lengths))
        if size * len(rows) <= SMALL and not is_few:
            rows = [row.tolist() for row in rows]
        strides.append(step)
    steps = np.zeros((len(rows), len(runs)), np.int64)
    for k, step in enumerate(strides[::-1]):
        steps[: len(step), k] = step
    sizes = [
        most if row is None else Slanted(most, int(rows[row][0]), tuple(steps[row, : -1 - k].tolist()))
        for k, (most, row) in enumerate(runs)
    ]
    if math.prod(sizes) > SPARSEST * length:
        return None  # a few odd addresses are loops in some way or other
    return tuple(sizes[::-1]), steps[:count]


def _few_rounds(rows: list[list[int]]) -> tuple[list[int], Any, list[list[int]]] | None:
    """Do as `_rounds` does, for so few addresses that Python is faster."""
    steps = list(zip(*[map(sub, row[1:], row) for row in rows], strict=True))
    counts = Counter(steps)
    ((usual, most),) = counts.most_common(1)
    length = len(rows[0])
    if length - 1 - most > RAGGED * length:
        return None
    tied = [step for step, count in counts.items() if count == most]
    if len(tied) > 1:
        usual = min(tied, key=lambda step: (sum(map(mul, step, _WEIGHTS)) + (1 << 63)) % (1 << 64))
    starts = [0, *[i for i, step in enumerate(steps, 1) if step != usual]]
    lengths = list(map(sub, [*starts[1:], length], starts))
    return lengths, usual, [[row[i] for i in starts] for row in rows]


def _rounds(rows: list[Any]) -> tuple[list[int], Any, list[Any]] | None:
    """Return the sizes of the innermost loop, its strides, and the addresses that it begins at."""
    columns = np.stack(rows)
    steps = columns[:, 1:] - columns[:, :-1]
    key = _SPREAD[: len(columns)] @ steps
    ordered = np.sort(key)
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    usual = ordered[first[np.diff(first, append=len(key)).argmax()]]
    edges = np.flatnonzero(key != usual) + 1
    if len(edges) > RAGGED * columns.shape[1]:
        return None
    starts = np.concatenate([[0], edges])
    lengths = np.diff(starts, append=columns.shape[1]).tolist()
    return lengths, steps[:, int((key == usual).argmax())], list(columns[:, starts])


_SPREAD = np.random.default_rng(0).integers(1 << 20, 1 << 40, 16) * 2 + 1  # tells columns' steps apart
_WEIGHTS = _SPREAD.tolist()


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
