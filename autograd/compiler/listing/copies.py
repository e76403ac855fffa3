"""Numbers that are copied to other places, such as results: by slices of arrays, or by tables of indices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.listing.views import Views, loops_over
from autograd.compiler.roll.affine import nest, strides_of
from autograd.compiler.roll.program import LANES, Ref

__all__ = ["copied", "filled"]

MOST = 12
"""So many slices are easier to read than a table."""
FEW = 4
"""So many slices are easier to read than a view by strides."""


def copied(w: Views, targets: Any, origins: Any, most: int = MOST) -> list[str]:
    """Return lines that copy from addresses to addresses.

    Parameters
    ----------
    w
        What knows the arrays.
    targets, origins
        The addresses, of which every target is another one.
    most
        So many slices are easier to read than a table.
    """
    lines = []
    regions = [np.array([id(w.regions.find(a)) for a in side.tolist()]) for side in (targets, origins)]
    for own in dict.fromkeys(zip(*map(np.ndarray.tolist, regions), strict=True)):
        which = np.flatnonzero((regions[0] == own[0]) & (regions[1] == own[1]))
        columns = np.stack([targets[which], origins[which]])
        pieces = list(_pieces(columns))
        if len(pieces) > most:
            to, of = map(w.regions.find, columns[:, 0].tolist())
            column = "[:, None]" * (to.lane and not of.lane)
            lines.append(f"{w.gathered(columns[0])} = {w.gathered(columns[1])}{column}")
        else:
            for sizes, target, origin in pieces:
                lines += _copy(w, sizes, target, origin)
    return lines


def filled(w: Views, targets: Any, text: str) -> list[str]:
    """Return lines that write one number, given as text, to addresses of one array."""
    pieces = list(_pieces(targets[None]))
    if len(pieces) > MOST:
        return [f"{w.gathered(targets)} = {text}"]
    return [f"{line} = {text}" for sizes, target in pieces for _, line in _slices(w, sizes, [target])]


def _pieces(columns: Any) -> Iterator[tuple[Any, ...]]:
    """Yield loops over columns of addresses, as sizes and an operand for each: one nest, or else runs."""
    found = nest(columns)
    if found is not None:
        sizes, strides = found
        if not sizes:  # a single number
            sizes, strides = (1,), [(0,)] * len(columns)
        yield (sizes, *(Ref(int(c[0]), s) for c, s in zip(columns, strides, strict=True)))
        return
    start, count = 0, columns.shape[1]
    while start < count:
        step = columns[:, start + 1] - columns[:, start] if start + 1 < count else 0 * columns[:, start]
        end = start + 1
        while end < count and (columns[:, end] - columns[:, end - 1] == step).all():
            end += 1
        yield ((end - start,), *(Ref(int(c[start]), (int(s),)) for c, s in zip(columns, step, strict=True)))
        start = end


def _copy(w: Views, sizes: tuple[int, ...], target: Ref, origin: Ref) -> Iterator[str]:
    """Yield the lines that copy an operand."""
    lane = abs(target.base) >= LANES
    if target.strides == strides_of(sizes):  # which follow one another
        to = w.view(replace(target, strides=(1,)), (math.prod(sizes),))[1]
        shape, (_, of) = w.refined(sizes, [target, origin])
        axes, text = w.view(of, shape)
        if not to.endswith(")") and not text.startswith("view("):
            order = [k for k, n in enumerate(shape) if n > 1]
            text = w.aligned(of, shape, order, lane=lane)
            flat = len(order) < 2 or len(axes) < len(order)
            row = f".reshape(-1, {w.wide if of.base >= LANES else 1})" if lane else ".ravel()"
            yield f"{to} = {text if flat or text.endswith(row) else f'{text}{row}'}"
            return
    for (shape, (to, of)), text in _slices(w, sizes, [target, origin]):
        axes, _ = w.view(to, shape)
        yield f"{text} = {w.aligned(of, shape, loops_over(to, shape, axes), lane=lane)}"


def _slices(w: Views, sizes: tuple[int, ...], refs: list[Ref]) -> Iterator[tuple[Any, str]]:
    """Yield the sizes and operands, and the first one's text: of all at once, or of few slices of it."""
    shape, parts = w.refined(sizes, refs)
    text = w.view(parts[0], shape)[1]
    if text.startswith("view("):
        axis = min((k for k, n in enumerate(shape) if n > 1), key=lambda k: shape[k])
        if shape[axis] <= FEW:
            for k in range(shape[axis]):
                less = [
                    Ref(r.base + k * r.strides[axis], (*r.strides[:axis], *r.strides[axis + 1 :]))
                    for r in parts
                ]
                yield from _slices(w, (*shape[:axis], *shape[axis + 1 :]), less)
            return
    yield (shape, parts), f"{text}[...]" if text.endswith(")") else text
