"""Operands that lie in several arrays, or unevenly in one: as arrays that are put together, or indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.compiler.roll.program import Ref
from autograd.compiler.roll.repeats import Moving, UnevenError

if TYPE_CHECKING:
    from autograd.compiler.listing.views import Views

__all__ = ["along", "evenly"]

MOST = 4096
"""Operands of more numbers are not looked at one by one."""
PIECES = 6
"""So many arrays put together are still easier to read than a table."""


def evenly(table: Any, step: int, lane: bool) -> Ref | None:
    """Return a table of addresses as a view, if it is one; ``step``: how far it moves from round to round."""
    base = int(table.flat[0])
    strides = tuple(
        [int(np.take(table, 1, axis=k).flat[0]) - base if n > 1 else 0 for k, n in enumerate(table.shape)]
    )
    view = Ref(base, strides, lane=lane)
    if not (view.expand(table.shape) == table).all():
        return None
    view.base = Moving(base, step) if step else base
    return view


def assembled(w: Views, table: Any, step: int, lane: bool, depth: int = 2) -> tuple[str, list[int]] | None:
    """Return the text of the numbers at the addresses of a table, and its axes in the order of the text's.

    None where they are scattered over too many arrays.
    """
    if table.size > MOST or int(table.flat[0]) not in w.regions.at:
        return None
    view = evenly(table, step, lane)
    if view is not None:
        found = w.named(view, table.shape)
        if found is not None:
            axes, text = found
            places = {abs(s): k for k, s in enumerate(view.strides) if s}
            return text, [places[s] for s, _ in axes]
    return (_put_together(w, table, step, lane, depth) if depth else None) or _indexed(w, table, step)


def _put_together(w: Views, table: Any, step: int, lane: bool, depth: int) -> tuple[str, list[int]] | None:
    """Return the same as arrays behind each other along one axis."""
    ways = []
    for axis in range(table.ndim):
        firsts = np.moveaxis(table, axis, 0).reshape(table.shape[axis], -1)[:, 0].tolist()
        regions = [w.regions.at.get(a) for a in firsts]
        cuts = [k for k in range(1, len(regions)) if regions[k] is not regions[k - 1]]
        ways.append((len(cuts), axis, cuts))
    for count, axis, cuts in sorted(ways):
        if not 0 < count < PIECES:
            continue
        blocks = np.split(table, cuts, axis=axis)
        single = [block.shape[axis] == 1 for block in blocks]
        rest = [k for k in range(table.ndim) if k != axis]
        texts, orders = [], []
        for block, one in zip(blocks, single, strict=True):
            found = assembled(w, np.take(block, 0, axis=axis) if one else block, step, lane, depth - 1)
            if found is None:
                break
            text, order = found
            order = [rest[k] for k in order] if one else order
            if not one and axis not in order:
                break
            if not one and order[0] != axis:
                if len(order) > 2 or lane:
                    break
                text, order = f"{text}.T", order[::-1]
            texts.append(f"{text}[None]" if one and (order or lane) and not all(single) else text)
            orders.append(order if one else order[1:])
        else:
            if all(order == orders[0] for order in orders):
                text = ", ".join(texts)
                return f"stack([{text}])" if all(single) else f"r_[{text}]", [axis, *orders[0]]
    return None


def _indexed(w: Views, table: Any, step: int) -> tuple[str, list[int]] | None:
    """Return the same as one array, indexed by a list along one of its axes."""
    region = w.regions.find(int(table.flat[0]))
    if any(w.regions.at.get(a) is not region for a in table.ravel().tolist()):
        return None
    places = region.places(table)
    parts, order, listed, text = [], [], 0, region.name
    start = w.place(region, Moving(int(table.flat[0]), step) if step else int(table.flat[0]))
    if start is None:
        return None
    for d, n in enumerate(region.shape):
        along = [k for k in range(table.ndim) if (np.diff(places[d], axis=k) != 0).any()]
        if not along:
            parts.append(w.whole(start[d]))
            continue
        if len(along) > 1 or along[0] in order or isinstance(start[d], Moving):
            return None
        order.append(along[0])
        index = np.moveaxis(places[d], along[0], 0).reshape(table.shape[along[0]], -1)[:, 0]
        even = len(np.unique(np.diff(index))) == 1
        gap = int(index[1] - index[0])
        if not even:
            listed += 1
            text, index = w.picked(region, index, d)
        parts.append(w.slice_of(int(index[0]), int(index[-1]), gap, n) if even else w.indices(index))
    if listed > 1 or len(order) < table.ndim:
        return None
    return f"{text}[{', '.join(parts)}]", order


def along(w: Views, ref: Ref, sizes: tuple[int, ...]) -> tuple[str, list[int]] | None:
    """Return the text of an operand and its loops in the order of the text's axes; None if too scattered."""
    table = ref.table
    step = ref.base.step if isinstance(ref.base, Moving) else 0
    if table is None:
        still = tuple([n if s else 1 for n, s in zip(sizes, ref.strides, strict=True)])
        if np.prod(still) > MOST:
            return None
        table = Ref(int(ref.base), ref.strides).expand(still)
    axes = [k for k, n in enumerate(table.shape) if n > 1]
    kept, moved = len(w.constants), len(w.moved)
    try:
        found = assembled(w, table.reshape([table.shape[k] for k in axes]), step, ref.lane)
    except UnevenError:
        found = None
    if found is None:
        w.forget(kept)
        del w.moved[moved:]
        return None
    text, order = found
    return text, [axes[k] for k in order]
