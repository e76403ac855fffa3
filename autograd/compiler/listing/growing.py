"""Whole numbers that grow evenly along loops around a line: where slices begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from autograd.compiler.roll.repeats import Moving, UnevenError

__all__ = ["Growing", "first_of", "fitted", "grown", "values"]


class Growing(Moving):
    """A whole number that grows evenly along loops; as an int, that of a round in which no slice is short.

    Attributes
    ----------
    first
        The number in the first round of all loops.
    steps
        How much it grows from round to round of each loop, outermost first.
    """

    first: int
    steps: tuple[int, ...]

    def __new__(cls, number: int, first: int, steps: tuple[int, ...]) -> Growing:
        """Make one, of steps that are not all zero; `grown` makes any."""
        made = int.__new__(cls, number)
        made.first, made.steps = first, steps
        return made

    @property
    def step(self) -> int:  # type: ignore[override]
        """There is no single one."""
        raise UnevenError

    def __add__(self, other: int) -> int:  # type: ignore[override]
        steps = other.steps if isinstance(other, Growing) else ()
        total = tuple([a + b for a, b in zip_longest(self.steps, steps, fillvalue=0)])
        return grown(int(self) + int(other), self.first + first_of(other), total)

    __radd__ = __add__  # type: ignore[assignment]

    def __neg__(self) -> int:  # type: ignore[override]
        return self * -1

    def __sub__(self, other: int) -> int:  # type: ignore[override]
        return self + -other

    def __rsub__(self, other: int) -> int:  # type: ignore[override]
        return -self + other

    def __mul__(self, other: int) -> int:  # type: ignore[override]
        if isinstance(other, Moving):
            raise UnevenError
        return grown(int(self) * other, self.first * other, tuple([x * other for x in self.steps]))

    __rmul__ = __mul__  # type: ignore[assignment]


def grown(number: int, first: int, steps: Sequence[int]) -> int:
    """Return a number that grows, if it does."""
    return Growing(number, first, tuple(steps)) if any(steps) else int(number)


def first_of(x: int) -> int:
    """Return a number in the first round of all loops."""
    return x.first if isinstance(x, Growing) else int(x)


def values(first: int, steps: Sequence[int], points: Any) -> Any:
    """Return a number in all rounds, given as the (rounds, loops) numbers of each loop's rounds.

    Examples
    --------
    >>> values(5, (10, -1), np.array([[0, 0], [1, 0], [1, 1]]))
    array([ 5, 15, 14])
    """
    count = min(len(steps), points.shape[1])
    return first + points[:, :count] @ np.array(steps[:count], np.int64)


def fitted(column: Any, points: Any) -> tuple[int, list[int]]:
    """Return how a number grows along loops, given what it is in all rounds.

    Examples
    --------
    >>> fitted(np.array([5, 15, 14]), np.array([[0, 0], [1, 0], [1, 1]]))
    (5, [10, -1])
    """
    if (column == column[0]).all():
        return int(column[0]), []
    full = np.column_stack([np.ones(len(column)), points])
    first, *steps = np.rint(np.linalg.lstsq(full, column, rcond=None)[0]).astype(np.int64).tolist()
    if (values(first, steps, points) != column).any():
        raise UnevenError
    return first, steps
