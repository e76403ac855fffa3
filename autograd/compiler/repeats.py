"""Find statements that repeat with all addresses moved by fixed distances, and write such repeats as loops.

A loop is found in the program itself (`loops`), and written only if the lines of its rounds differ in nothing but
whole numbers that grow evenly (`folded`), so that what a loop says is what its lines said one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.compiler.program import Program, Ref, Statement

__all__ = ["FEWEST", "Loop", "fold_runs", "folded", "loops"]

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
        if not isinstance(r, Ref):
            return r
        if r.constants is not None:
            return r.constants.shape, r.constants.tobytes()
        first = r.base if r.addresses is None else int(r.addresses.ravel()[0])
        bases.append(first)
        return r.lane, r.strides if r.addresses is None else (r.addresses.shape, (r.addresses - first).tobytes())

    parts = tuple((p.sizes, p.over, *map(seen, (p.result, p.coef, p.a, p.b))) for p in s.parts)
    row = (s.op.name if s.op is not None else s.extremum, s.params, s.sizes, *map(seen, (s.result, *s.operands)))
    return (s.lane, parts, row, None if s.starts is None else s.starts.tobytes()), tuple(bases)


def loops(program: Program) -> list[Loop]:
    """Return the repeats in a program, in order, none within another."""
    numbers: dict[Any, int] = {}
    shapes, bases = [], []
    for s in program.statements:
        shape, addresses = _shape(s)
        shapes.append(numbers.setdefault(shape, len(numbers)))
        bases.append(addresses)
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
            later = [k for k in range(i + 1, i + best.period) if _rounds(shapes, bases, k, best.period) == best.count]
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


WHOLE = re.compile(r"(?<![\w.])\d+(?![\w.])")


def folded(rounds: Sequence[Sequence[str]], variable: str) -> tuple[list[str], int, int] | None:
    """Write the lines of many rounds as those of one, over a variable; None if they differ in more than numbers.

    Returns
    -------
    tuple
        The lines; the variable's first value; and whether it grows (1) or shrinks (-1). It is chosen so that the
        first number that moves is the variable itself.

    Examples
    --------
    >>> folded([["a[1] = b[9] + 2"], ["a[2] = b[8] + 2"], ["a[3] = b[7] + 2"]], "t")
    (['a[t] = b[10 - t] + 2'], 1, 1)
    """
    skeletons = [WHOLE.split(line) for line in rounds[0]]
    firsts = [[int(x) for x in WHOLE.findall(line)] for line in rounds[0]]
    steps: list[list[int]] = []
    for k, lines in enumerate(rounds[1:], start=1):
        if [WHOLE.split(line) for line in lines] != skeletons:
            return None
        here = [[int(x) for x in WHOLE.findall(line)] for line in lines]
        if k == 1:
            steps = [[b - a for a, b in zip(*pair, strict=True)] for pair in zip(firsts, here, strict=True)]
        if here != [[a + k * d for a, d in zip(*pair, strict=True)] for pair in zip(firsts, steps, strict=True)]:
            return None
    moving = [(a, d) for pair in zip(firsts, steps, strict=True) for a, d in zip(*pair, strict=True) if abs(d) == 1]
    first, way = moving[0] if moving else (0, 1)
    out = []
    for line, skeleton, numbers, moves in zip(rounds[0], skeletons, firsts, steps, strict=True):
        found = WHOLE.findall(line)
        text = skeleton[0]
        for i, (x, d) in enumerate(zip(numbers, moves, strict=True)):
            value = found[i] if not d else _expression(d * way, x - d * way * first, variable, text, skeleton[i + 1])
            text += value + skeleton[i + 1]
        out.append(text)
    return out, first, way


def _expression(factor: int, rest: int, variable: str, before: str, after: str) -> str:
    """Return ``factor * variable + rest``, in parentheses where its neighbours could take it apart."""
    if factor == -1:
        text = f"{rest} - {variable}"
    else:
        text = variable if factor == 1 else f"{factor} * {variable}"
        text += f" {'-' if rest < 0 else '+'} {abs(rest)}" if rest else ""
    alone = before.rstrip()[-1:] in tuple("[(,:") and after.lstrip()[:1] in tuple("]),:")
    return text if alone or text == variable else f"({text})"


def fold_runs(lines: list[str], variable: str, written: Callable[[list[str], int, int, int], list[str]]) -> list[str]:
    """Write lines that follow each other and differ in evenly growing numbers only as loops of one line."""
    out, i = [], 0
    while i < len(lines):
        skeleton, j = WHOLE.split(lines[i]), i + 1
        steps: list[int] = []
        while j < len(lines) and WHOLE.split(lines[j]) == skeleton:
            here, last = [list(map(int, WHOLE.findall(x))) for x in (lines[j], lines[j - 1])]
            step = [a - b for a, b in zip(here, last, strict=True)]
            if steps and step != steps:
                break
            steps, j = step, j + 1
        found = folded([[x] for x in lines[i:j]], variable) if j - i >= FEWEST else None
        out += lines[i:j] if found is None else written(found[0], found[1], found[2], j - i)
        i = j
    return out
