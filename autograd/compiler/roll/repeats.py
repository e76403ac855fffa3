"""Find statements that repeat with all addresses moved by fixed distances.

`loops` finds those that differ in addresses alone. `read` and `replaced` are for backends in whose loops any
number may grow from round to round, sizes among them: those of the rounds are compared, and the first
statement is written once, with numbers that move (`Moving`) in place of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from operator import mul, sub
from typing import Any, overload

import numpy as np

from autograd.compiler.graph.ir import Ints
from autograd.compiler.roll.affine import Slanted
from autograd.compiler.roll.program import Part, Program, Ref, Statement

__all__ = [
    "FEWEST", "Loop", "Moving", "Rounds", "UnevenError", "Unrolled", "blocks", "length", "lines", "loops",
    "places", "printed", "read", "repeats", "replaced", "shape", "weighted",
]  # fmt: skip

FEWEST = 4
"""Rounds from which a repeat is worth a loop."""
LONGEST = 512
"""Most statements of one round."""
WEIGHTS = [3**k % (1 << 61) for k in range(40, 104)]


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
        kinds: list[Any] = []
        for n in sizes:
            numbers.append(n)
            if isinstance(n, Slanted):
                numbers.extend((n.first, *n.steps))
            kinds.append(("slanted", len(n.steps)) if isinstance(n, Slanted) else n > 1)
        return tuple(kinds)

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
        return tuple([
            Slanted(next(left), next(left), tuple([next(left) for _ in n.steps]))
            if isinstance(n, Slanted) else next(left)
            for n in sizes
        ])  # fmt: skip

    def seen(r: Ref | float | None) -> Any:
        """Return an operand."""
        if not isinstance(r, Ref):
            return r
        base = next(left)
        if r.addresses is not None:
            base = base - int(r.addresses.flat[0])
        return Ref(base, tuple([next(left) for _ in r.strides]), r.addresses, r.constants, r.lane)

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


@dataclass
class Rounds:
    """A loop: the statements of the first round and of the second, which tells how far addresses move.

    Attributes
    ----------
    nodes
        For each statement its nodes, a row for each round.
    """

    first: list[Statement]
    second: list[Statement]
    nodes: list[Ints]

    @property
    def count(self) -> int:
        """How many rounds."""
        return len(self.nodes[0])

    @property
    def is_narrow(self) -> bool:
        """Whether each statement computes one number."""
        return all(nodes.shape[1] == 1 for nodes in self.nodes)

    def __len__(self) -> int:
        return len(self.first) * self.count

    def __iter__(self) -> Iterator[Statement]:
        return map(self.statement, range(len(self)))

    @cached_property
    def numbers(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """The whole numbers in each statement in the first round, and how far each moves."""
        pairs = [(read(a)[1], read(b)[1]) for a, b in zip(self.first, self.second, strict=True)]
        return [(here, tuple([y - x for x, y in zip(here, there, strict=True)])) for here, there in pairs]

    def moving(self, k: int) -> list[int]:
        """Return the whole numbers in a statement, of which some move."""
        return [Moving(x, d) if d else x for x, d in zip(*self.numbers[k], strict=True)]

    def statement(self, i: int) -> Statement:
        """Return a statement, counted through all rounds."""
        r, k = divmod(i, len(self.first))
        numbers = [x + r * d for x, d in zip(*self.numbers[k], strict=True)]
        made = replaced(self.first[k], numbers)
        made.nodes = self.nodes[k][r]
        for old, new in zip(_tables(self.first[k]), _tables(made), strict=True):
            if old.addresses is not None:
                new.addresses = old.addresses + new.base
        return made


def _tables(s: Statement) -> list[Ref]:
    """Return the operands of a statement that may be tables."""
    parts = [x for p in s.parts for x in (p.a, p.b) if x is not None]
    return [*parts, *s.operands]


class Unrolled(Sequence[Statement]):
    """The statements of blocks, each a statement or rounds, one after the other; made as they are read."""

    def __init__(self, made: Sequence[Statement | Rounds]) -> None:
        self.blocks = list(made)
        self.starts = [0]
        for block in self.blocks:
            self.starts.append(self.starts[-1] + (len(block) if isinstance(block, Rounds) else 1))

    def __len__(self) -> int:
        return self.starts[-1]

    @overload
    def __getitem__(self, i: int) -> Statement: ...
    @overload
    def __getitem__(self, i: slice) -> list[Statement]: ...
    def __getitem__(self, i: int | slice) -> Statement | list[Statement]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        i %= len(self)
        k = bisect_right(self.starts, i) - 1
        block = self.blocks[k]
        return block.statement(i - self.starts[k]) if isinstance(block, Rounds) else block

    def __iter__(self) -> Iterator[Statement]:
        for block in self.blocks:
            if isinstance(block, Rounds):
                yield from block
            else:
                yield block


def blocks(program: Program) -> Sequence[Statement | Rounds]:
    """Return the statements of a program, of known loops the rounds instead."""
    made = program.statements
    return made.blocks if isinstance(made, Unrolled) else made


def places(program: Program) -> list[tuple[int, int]]:
    """Return for each statement of a program the first and the last address that it writes to."""
    address = program.address
    found: list[tuple[int, int]] = []
    for block in blocks(program):
        if isinstance(block, Rounds):
            low, high = [
                np.stack([end(address[nodes], axis=1) for nodes in block.nodes], axis=1).ravel().tolist()
                for end in (np.min, np.max)
            ]
            found += zip(low, high, strict=True)
        else:
            at = address[block.nodes]
            found.append((int(at.min()), int(at.max())))
    return found


def weighted(program: Program) -> list[tuple[Statement, int]]:
    """Return the statements of a program, those of known loops once, and how often each runs."""
    return [
        pair
        for block in blocks(program)
        for pair in ([(s, block.count) for s in block.first] if isinstance(block, Rounds) else [(block, 1)])
    ]


def shape(s: Statement) -> tuple[Any, tuple[int, ...]]:
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
    found: list[Loop] = []
    single: list[tuple[Any, tuple[int, ...]]] = []
    at = 0

    def search() -> None:
        """Look for repeats in the statements before a known loop."""
        start = at - len(single)
        found.extend([Loop(start + x.start, x.period, x.count) for x in repeats(single)])
        single.clear()

    for block in blocks(program):
        if isinstance(block, Rounds):
            search()
            found.append(Loop(at, len(block.first), block.count))
            at += len(block)
        else:
            single.append(shape(block))
            at += 1
    search()
    return found


def length(program: Program) -> int:
    """Return the number of statements of a program, those of repeats counted once."""
    return len(program.statements) - sum((x.count - 1) * x.period for x in loops(program))


def printed(program: Program) -> int:
    """Return the number of statements that are printed where loops may have moving bounds."""
    alone = [s for s in blocks(program) if not isinstance(s, Rounds)]
    return lines(alone) + sum(len(s.first) for s in blocks(program) if isinstance(s, Rounds))


def lines(statements: Sequence[Statement]) -> int:
    """Return the number of some statements of which those of loops with moving bounds count once."""
    found = repeats([read(s) for s in statements])
    return len(statements) - sum((x.count - 1) * x.period for x in found)


def repeats(items: Sequence[tuple[Any, tuple[int, ...]]]) -> list[Loop]:
    """Return where items, given as kinds and the numbers in them, repeat with evenly growing numbers."""
    numbers: dict[Any, int] = {}
    shapes = [numbers.setdefault(shape, len(numbers)) for shape, _ in items]
    bases = [addresses for _, addresses in items]
    # Sums by which it is soon seen that numbers do not grow evenly; those that seem to are compared.
    sums = [sum(map(mul, base, WEIGHTS)) for base in bases]
    following: dict[int, int] = {}
    again = [0] * len(shapes)
    for i in reversed(range(len(shapes))):
        again[i] = following.get(shapes[i], 0)
        following[shapes[i]] = i
    uneven: dict[int, int] = {}
    found, i = [], 0
    while i < len(shapes):
        best, j = Loop(i, 1, 1), again[i]
        while j and j - i <= LONGEST:
            period = j - i
            j = again[j]
            # Rounds of two periods are rounds of one, twice as many.
            if best.count > 1 and period % best.period == 0:
                continue
            if i <= uneven.get(period, -1) < i + period:
                continue
            last = _repeats_until(shapes, bases, sums, i, period)
            if last < i + period:
                uneven[period] = last
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


def _repeats_until(
    shapes: list[int], bases: list[tuple[int, ...]], sums: list[int], start: int, period: int
) -> int:
    """Return the first statement of a round that does not come again often enough, evenly; or its end.

    Whether one does says nothing of where the round begins.
    """
    for first in range(start, start + period):
        places = slice(first, first + FEWEST * period, period)
        if shapes[places].count(shapes[first]) < FEWEST:
            return first
        here, there, *more = sums[places]
        if any(x - here != k * (there - here) for k, x in enumerate(more, 2)):
            return first
        steps = [tuple(map(sub, y, x)) for x, y in pairwise(bases[places])]
        if steps.count(steps[0]) < len(steps):
            return first
    return start + period


def _end(shapes: list[int], bases: list[tuple[int, ...]], start: int, period: int) -> int:
    """Return where the rounds of a length end that follow each other from a statement on."""
    steps: list[tuple[int, ...]] = []
    at = start + period
    while at < len(shapes) and shapes[at] == shapes[at - period]:
        step = tuple(map(sub, bases[at], bases[at - period]))
        if len(steps) == period and steps[(at - start) % period] != step:
            break
        if len(steps) < period:
            steps.append(step)
        at += 1
    return at
