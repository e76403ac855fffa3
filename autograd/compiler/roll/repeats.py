"""Find statements that repeat with all addresses moved by fixed distances.

`loops` finds those that differ in addresses alone. `read` and `replaced` are for backends in whose loops any
number may grow from round to round, sizes among them: those of the rounds are compared, and the first
statement is written once, with numbers that move (`Moving`) in place of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from autograd.compiler.roll.program import Part, Program, Ref, Statement

__all__ = ["FEWEST", "Loop", "Moving", "UnevenError", "loops", "read", "repeats", "replaced"]

FEWEST = 4
"""Rounds from which a repeat is worth a loop."""
LONGEST = 512
"""Most statements of one round."""


@dataclass(frozen=True)
class Loop:
    """``count`` rounds of ``period`` statements, from number ``start`` on."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        """The first statement after the loop."""
        return self.start + self.period * self.count


def _table(r: Ref) -> Any:
    """Return what a table is apart from its first address; None of a view."""
    if r.constants is not None:
        return r.constants.shape, r.constants.tobytes()
    if r.addresses is not None:
        return r.addresses.shape, (r.addresses - r.addresses.flat[0]).tobytes()
    return None


def read(s: Statement) -> tuple[Any, tuple[int, ...]]:
    """Return what a statement is apart from its whole numbers, and these.

    They are, for each operand, where it begins and its strides, and the sizes of the loops. What is printed
    in another way belongs to what the statement is: a loop of one round, a stride of zero or backwards.
    """
    numbers: list[int] = []

    def sizes_of(sizes: tuple[int, ...]) -> Any:
        """Note the sizes of loops; return which are loops at all."""
        numbers.extend(sizes)
        return tuple([n > 1 for n in sizes])

    def seen(r: Ref | float | None) -> Any:
        """Note the numbers of an operand; return what else there is to it."""
        if not isinstance(r, Ref):
            return r
        numbers.append(r.base if r.addresses is None else int(r.addresses.flat[0]))
        numbers.extend(r.strides)
        return r.lane, _table(r), tuple([(x > 0) - (x < 0) for x in r.strides])

    parts = tuple(
        [(p.over, sizes_of(p.sizes), seen(p.result), seen(p.coef), seen(p.a), seen(p.b)) for p in s.parts]
    )
    row = (s.op or s.extremum, s.params, sizes_of(s.sizes), seen(s.result), *map(seen, s.operands))
    starts = None if s.starts is None else s.starts.tobytes()
    return (s.lane, len(s.nodes) if s.starts is not None else 0, parts, row, starts), tuple(numbers)


def replaced(s: Statement, numbers: Sequence[int]) -> Statement:
    """Return a statement with other numbers, in the order of `read`; a table only moves as a whole."""
    left = iter(numbers)

    def sizes_of(sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Return the sizes of loops."""
        return tuple([next(left) for _ in sizes])

    def seen(r: Ref | float | None) -> Any:
        """Return an operand."""
        if not isinstance(r, Ref):
            return r
        base = next(left)
        if r.addresses is not None:
            base = base - int(r.addresses.flat[0])
        return replace(r, base=base, strides=tuple([next(left) for _ in r.strides]))

    parts = [
        Part(sizes_of(p.sizes), seen(p.result), seen(p.coef), seen(p.a), seen(p.b), p.over) for p in s.parts
    ]
    sizes = sizes_of(s.sizes)
    result, *operands = map(seen, (s.result, *s.operands))
    return replace(s, parts=parts, sizes=sizes, result=result, operands=operands)


class Moving(int):
    """A whole number that grows by a step from round to round of a loop; as an int that of the first."""

    step: int

    def __new__(cls, first: int, step: int) -> Moving:
        """Make one; with a step of zero too."""
        made = super().__new__(cls, first)
        made.step = step
        return made

    def __add__(self, other: int) -> Moving:
        return Moving(int(self) + int(other), self.step + getattr(other, "step", 0))

    def __sub__(self, other: int) -> Moving:
        return Moving(int(self) - int(other), self.step - getattr(other, "step", 0))

    def __mul__(self, other: int) -> Moving:
        if isinstance(other, Moving):
            raise UnevenError
        return Moving(int(self) * other, self.step * other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: int) -> Moving:
        return Moving(other - int(self), -self.step)

    def __neg__(self) -> Moving:
        return Moving(-int(self), -self.step)

    def __abs__(self) -> Moving:
        return -self if self < 0 else self

    def __format__(self, spec: str) -> str:
        raise UnevenError

    def __str__(self) -> str:
        raise UnevenError

    def __repr__(self) -> str:
        return f"Moving({int(self)}, {self.step})"


class UnevenError(Exception):
    """A number that differs from round to round stands where it cannot."""


def _shape(s: Statement) -> tuple[Any, tuple[int, ...]]:
    """Return what a statement is apart from its addresses, and these."""
    bases: list[int] = []

    def seen(r: Ref | float | None) -> Any:
        """Return what an operand is apart from where it begins, which is noted."""
        if not isinstance(r, Ref):
            return r
        if r.constants is None:
            bases.append(r.base if r.addresses is None else int(r.addresses.flat[0]))
        return r.lane, _table(r) or r.strides

    parts = tuple((p.sizes, p.over, *map(seen, (p.result, p.coef, p.a, p.b))) for p in s.parts)
    row = (s.op or s.extremum, s.params, s.sizes, *map(seen, (s.result, *s.operands)))
    return (s.lane, parts, row, None if s.starts is None else s.starts.tobytes()), tuple(bases)


def loops(program: Program) -> list[Loop]:
    """Return the repeats in a program, in order, none within another."""
    return repeats([_shape(s) for s in program.statements])


def repeats(items: Sequence[tuple[Any, tuple[int, ...]]]) -> list[Loop]:
    """Return where items, given as kinds and the numbers in them, repeat with evenly growing numbers."""
    numbers: dict[Any, int] = {}
    shapes = [numbers.setdefault(shape, len(numbers)) for shape, _ in items]
    bases = [addresses for _, addresses in items]
    following: dict[int, int] = {}
    again = [0] * len(shapes)
    for i in reversed(range(len(shapes))):
        again[i] = following.get(shapes[i], 0)
        following[shapes[i]] = i
    found, i = [], 0
    while i < len(shapes):
        best, j = Loop(i, 1, 1), again[i]
        while j and j - i <= LONGEST:
            period = j - i
            j = again[j]
            # Rounds of two periods are rounds of one, twice as many.
            if (best.count > 1 and period % best.period == 0) or not _may_repeat(shapes, bases, i, period):
                continue
            end = _end(shapes, bases, i, period)
            count = (end - i) // period
            if count >= FEWEST and count * period > best.count * best.period:
                # As late a start as possible: what is peculiar in the first round then stays outside as a
                # whole.
                best = Loop(min(i + period - 1, end - count * period), period, count)
        if best.count > 1:
            found.append(best)
        i = best.end if best.count > 1 else i + 1
    return found


def _may_repeat(shapes: list[int], bases: list[tuple[int, ...]], start: int, period: int) -> bool:
    """Tell whether the first statement comes again often enough, with evenly growing numbers."""
    places = range(start, start + FEWEST * period, period)
    if places[-1] >= len(shapes) or any(shapes[at] != shapes[start] for at in places):
        return False
    rows = [bases[at] for at in places]
    steps = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(rows)]
    return all(step == steps[0] for step in steps)


def _end(shapes: list[int], bases: list[tuple[int, ...]], start: int, period: int) -> int:
    """Return where the rounds of a length end that follow each other from a statement on."""
    steps: list[tuple[int, ...]] = []
    at = start + period
    while at < len(shapes) and shapes[at] == shapes[at - period]:
        step = tuple([b - a for a, b in zip(bases[at - period], bases[at], strict=True)])
        if len(steps) == period and steps[(at - start) % period] != step:
            break
        if len(steps) < period:
            steps.append(step)
        at += 1
    return at
