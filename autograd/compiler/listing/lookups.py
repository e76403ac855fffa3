"""How a printed program looks entries up, as in ``E[int64(token)]``, and adds to the gradients of tables."""

from __future__ import annotations

from typing import Any

from autograd.compiler.listing.expressions import LANE_LOOP, spread, wrapped
from autograd.compiler.roll.affine import compress
from autograd.compiler.roll.program import Program, Ref, Statement
from autograd.compiler.roll.repeats import Moving, UnevenError

__all__ = ["emptied", "entries", "firsts", "scattered"]

TABLE = -2
"""What stands for the axis of a table among the loops that are the axes of a text."""


def entries(
    w: Any, place: Ref, first: Ref, sizes: tuple[int, ...], params: Any, order: list[int], *, lane: bool
) -> str:
    """Return the text of entries, with axes for the loops in an order, and for the lanes if there are any.

    Parameters
    ----------
    w
        What knows the arrays.
    place, first, sizes
        The places, and the first entries, over loops.
    params
        The distance of entries, and how many there are.
    """
    found = _indexed(w, place, first, sizes, params)
    if found is None:
        step, at = int(params[0]), wrapped(f"int64({w.aligned(place, sizes, order, lane)})")
        return f"shared[{firsts(w, first, sizes, order, lane=lane)} + {step} * {at}]"
    table, index, axes = found
    return spread(f"{table}[{index}]", axes, order, lane)


def scattered(w: Any, s: Statement) -> str:
    """Return the line that adds what entries receive to the gradients of tables."""
    count = w.program.parameters
    first = s.operands[2]
    if first.addresses is None:
        first = Ref(first.base + count, first.strides)
    else:
        first = Ref(addresses=first.addresses + count)
    sizes, (received, place, first) = w.refined(s.sizes, [*s.operands[:2], first])
    found = _indexed(w, place, first, sizes, s.params)
    if found is None:
        order, lane = list(range(len(sizes))), place.lane or received.lane
        at = wrapped(f"int64({w.aligned(place, sizes, order, lane)})")
        at = f"{firsts(w, first, sizes, order, -count, lane=lane)} + {int(s.params[0])} * {at}"
        return f"add.at(gradient, {at}, {w.aligned(received, sizes, order, lane)})"
    table, index, axes = found
    text, own_axes, has_lane = w.operand(received, sizes)
    text = spread(text, [*own_axes, *[LANE_LOOP] * has_lane], axes, lane=False)
    where = index if index.startswith("int64") else f"({index})"
    return f"add.at({table}, {where}, {text})"


def _indexed(
    w: Any, place: Ref, first: Ref, sizes: tuple[int, ...], params: Any
) -> tuple[str, str, list[int]] | None:
    """Return the text of a table and of its index, and the axes of both together.

    None where the table is no slice of an array, or each place has a table of its own.
    """
    step, count = map(int, params)
    if first.addresses is not None or isinstance(first.base, Moving) or count == 1:
        return None
    named = w.named(Ref(first.base, (step, *first.strides)), (count, *sizes))
    if named is None:
        return None
    loops = {abs(t): k for k, (t, n) in enumerate(zip(first.strides, sizes, strict=True)) if t and n > 1}
    index, own, has_lane = w.operand(place, sizes)
    own = [*own, *[LANE_LOOP] * has_lane]
    axes = [TABLE if t == step else loops.get(t, TABLE) for t, _ in named[0]]
    if step in loops or len(set(axes)) < len(axes) or set(own) & set(axes):
        return None
    at = axes.index(TABLE)
    return named[1], f"{':, ' * at}int64({index})", [*axes[:at], *own, *axes[at + 1 :]]


def firsts(
    w: Any, first: Ref, sizes: tuple[int, ...], order: list[int], offset: int = 0, *, lane: bool
) -> str:
    """Return the text of the places of first entries, with axes for the loops in an order."""
    if any(isinstance(x, Moving) for x in (first.base, *first.strides)):
        raise UnevenError
    table = compress(first.expand(sizes)) + offset
    axes = [k for k, n in enumerate(table.shape) if n > 1]
    if not axes:
        return str(int(table.ravel()[0]))
    return spread(w._table("index", table.reshape([table.shape[k] for k in axes])), axes, order, lane)


def emptied(w: Any, program: Program) -> list[str]:
    """Return the lines that let gradients be zero to which what is scattered is all that is added."""
    lines, count = [], program.parameters
    for start, end in program.emptied:
        at = start
        while at < end:
            region = w.regions.find(at)
            whole = Ref(region.base, region.strides).expand(region.shape).ravel()
            if at == whole.min() and whole.max() < end and len(whole) == whole.max() + 1 - at:
                shape = f"({', '.join(map(str, region.shape))}{',' * (len(region.shape) == 1)})"
                lines.append(f"{region.name} = " + (f"zeros({shape})" if region.shape else "0.0"))
                at += len(whole)
            else:
                lines.append(f"gradient[{at - count}:{end - count}] = 0.0")
                break
    return lines
