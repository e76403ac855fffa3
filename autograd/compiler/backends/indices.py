"""Whole numbers and indices in a program's text: constants, or expressions of the loops around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.compiler.roll.affine import Slanted
from autograd.compiler.roll.program import Part
from autograd.compiler.roll.repeats import Moving

__all__ = ["ROUND", "bound", "index", "is_loop", "packed", "split", "whole"]

ROUND = "round_of_loop"
"""A loop's variable. A test checks that no variable is called like a function that a row's text calls."""


def whole(x: int) -> str:
    """Return a whole number's text; of one that moves, as an expression of the loop's variable."""
    if not isinstance(x, Moving):
        return str(x)
    term = ROUND if abs(x.step) == 1 else f"{abs(x.step)} * {ROUND}"
    if not int(x) and x.step > 0:
        return term
    return f"{int(x)} {'-' if x.step < 0 else '+'} {term}"


def index(strides: Any, base: int = 0) -> str:
    """Return base + sum of stride * loop variable."""
    text = whole(base) if base or isinstance(base, Moving) else ""
    for k, s in enumerate(strides):
        if s:
            size = abs(s)
            factor = whole(size) if not isinstance(size, Moving) else f"({whole(size)})"
            term = f"i{k}" if factor == "1" else f"{factor} * i{k}"
            sign = "-" if s < 0 else "+"
            text = f"{text} {sign} {term}" if text else f"{sign}{term}".removeprefix("+")
    return text or "0"


def bound(size: int) -> str:
    """Return the bound of a loop; of a slanted one, as an expression of the loops around it."""
    return index(size.steps, size.first) if isinstance(size, Slanted) else whole(size)


def is_loop(size: int) -> bool:
    """Tell whether a loop has more than one round, or may have."""
    return size > 1 or isinstance(size, Slanted)


def packed(shape: Sequence[int]) -> list[int]:
    """Return the strides of a table of that shape; 0 along loops that do not matter."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step if n > 1 else 0)
        step *= n
    return strides[::-1]


def split(part: Part) -> tuple[list[int], list[int]]:
    """Return the loops over the results of a part, and those over what is summed for each."""
    strides = part.result.strides or (0,) * len(part.sizes)
    out = [k for k in range(len(part.sizes)) if strides[k]]
    return out, [k for k in range(len(part.sizes)) if not strides[k]]
