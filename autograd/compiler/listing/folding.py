"""Lines of a printed program that repeat, as those of one round over a variable.

Which statements repeat is known from the program (`autograd.compiler.roll.repeats`). The lines of their
rounds become those of a loop only if they differ in nothing but whole numbers that grow evenly, so that what
a loop says is what its lines said one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from autograd.compiler.roll.repeats import repeats

__all__ = ["fold_texts", "folded"]

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
