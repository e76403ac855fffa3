"""Find statements that repeat with all addresses moved by fixed distances, and write such repeats as loops.

A loop is found in the program itself (`loops`), and written only if the lines of its rounds differ in nothing
but whole numbers that grow evenly (`folded`), so that what a loop says is what its lines said one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.compiler.roll.program import Program, Ref, Statement

__all__ = ["FEWEST", "Loop", "fold_texts", "folded", "loops"]

FEWEST = 4
"""Rounds from which a repeat is worth a loop."""
LONGEST = 64
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


def _shape(s: Statement) -> tuple[Any, tuple[int, ...]]:
    """Return what a statement is apart from its addresses, and these."""
    bases: list[int] = []

    def seen(r: Ref | float | None) -> Any:
        """Return what an operand is apart from where it begins, which is noted."""
        if not isinstance(r, Ref):
            return r
        if r.constants is not None:
            return r.constants.shape, r.constants.tobytes()
        first = r.base if r.addresses is None else int(r.addresses.ravel()[0])
        bases.append(first)
        return r.lane, r.strides if r.addresses is None else (
            r.addresses.shape,
            (r.addresses - first).tobytes(),
        )

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
            count = _rounds(shapes, bases, i, j - i)
            if count >= FEWEST and count * (j - i) > best.count * best.period:
                best = Loop(i, j - i, count)
            j = again[j]
        if best.count > 1:
            # As late a start as possible: what is peculiar in the first round then stays outside as a whole.
            later = [
                k
                for k in range(i + 1, i + best.period)
                if _rounds(shapes, bases, k, best.period) == best.count
            ]
            best = Loop(max(later, default=i), best.period, best.count)
            found.append(best)
        i = best.end if best.count > 1 else i + 1
    return found


def _rounds(shapes: list[int], bases: list[tuple[int, ...]], start: int, period: int) -> int:
    """Return how many rounds of a length follow each other from a statement on."""
    steps: list[tuple[int, ...]] = []
    at = start + period
    while at < len(shapes) and shapes[at] == shapes[at - period]:
        step = tuple(b - a for a, b in zip(bases[at - period], bases[at], strict=True))
        if len(steps) == period and steps[(at - start) % period] != step:
            break
        if len(steps) < period:
            steps.append(step)
        at += 1
    return (at - start) // period


WHOLE = re.compile(r"(?<![\w.])(?<![eE][+-])\d+(?![\w.])")
"""A whole number that is no part of a name or of another number."""


def read(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return a text without its whole numbers, and these.

    Examples
    --------
    >>> read("a1[12] = 1e-05 * b[3]")
    (('a1[', '] = 1e-05 * b[', ']'), (12, 3))
    """
    return tuple(WHOLE.split(text)), tuple(map(int, WHOLE.findall(text)))


def folded(rounds: Sequence[Sequence[str]], variable: str) -> tuple[list[str], int, int] | None:
    """Write the lines of many rounds as those of one, over a variable.

    None if they differ in more than numbers.

    Returns
    -------
    tuple
        The lines; the variable's first value; and whether it grows (1) or shrinks (-1). It is chosen so that
        the first number that moves is the variable itself.

    Examples
    --------
    >>> folded([["a[1] = b[9] + 2"], ["a[2] = b[8] + 2"], ["a[3] = b[7] + 2"]], "t")
    (['a[t] = b[10 - t] + 2'], 1, 1)
    """
    skeletons, firsts = zip(*map(read, rounds[0]), strict=True)
    steps: list[list[int]] = [[0] * len(x) for x in firsts]
    for k, lines in enumerate(rounds[1:], start=1):
        shapes, here = zip(*map(read, lines), strict=True)
        if shapes != skeletons:
            return None
        if k == 1:
            steps = [[b - a for a, b in zip(*pair, strict=True)] for pair in zip(firsts, here, strict=True)]
        if any(
            x != a + k * d
            for row, old, move in zip(here, firsts, steps, strict=True)
            for x, a, d in zip(row, old, move, strict=True)
        ):
            return None
    moving = [
        (a, d) for pair in zip(firsts, steps, strict=True) for a, d in zip(*pair, strict=True) if abs(d) == 1
    ]
    first, way = moving[0] if moving else (0, 1)
    out = []
    for line, skeleton, numbers, moves in zip(rounds[0], skeletons, firsts, steps, strict=True):
        found = WHOLE.findall(line)
        text = skeleton[0]
        for i, (x, d) in enumerate(zip(numbers, moves, strict=True)):
            value = (
                found[i]
                if not d
                else _expression(d * way, x - d * way * first, variable, text, skeleton[i + 1])
            )
            text += value + skeleton[i + 1]
        out.append(text)
    return out, first, way


def _expression(factor: int, rest: int, variable: str, before: str, after: str) -> str:
    """Return ``factor * variable + rest``, in parentheses where its neighbours could take it apart."""
    term = variable if abs(factor) == 1 else f"{abs(factor)} * {variable}"
    moved = f" {'-' if rest < 0 else '+'} {abs(rest)}" if rest else ""
    text = f"{rest} - {term}" if factor < 0 else f"{term}{moved}"
    alone = before.rstrip()[-1:] in tuple("[(,:+") and after.lstrip()[:1] in tuple("]),:")
    return text if alone or text == variable else f"({text})"


def fold_texts(
    texts: list[str], variable: str, written: Callable[[list[str], int, int, int], list[str]]
) -> list[str]:
    """Write texts that repeat as loops, by ``written(texts of a round, first value, way, rounds)``."""
    out, at = [], 0
    for loop in repeats(list(map(read, texts))):
        found = folded(
            [texts[k : k + loop.period] for k in range(loop.start, loop.end, loop.period)], variable
        )
        if found is not None:
            out += [*texts[at : loop.start], *written(*found, loop.count)]
            at = loop.end
    return out + texts[at:]
