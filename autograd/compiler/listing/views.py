"""How a printed program reads an operand: as a view of a named array, in the order of the result's axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.compiler.listing.names import Regions
from autograd.compiler.roll.program import LANES, Program, Ref

__all__ = ["Views", "number"]


class Views:
    """Texts of operands.

    Attributes
    ----------
    regions : Regions
        The arrays, with their names.
    constants : dict
        The tables that the text refers to.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.regions = Regions()
        self.constants: dict[str, Any] = {}

    def _view(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        """Return the (stride, size) of each axis, in the text's order, and the text of a view."""
        region = self.regions.find(ref.base)
        start = region.place(ref.base)
        wanted = {abs(s): (n, s) for n, s in zip(sizes, ref.strides, strict=True) if s and n > 1}
        if start is None:
            return self._strided(ref, sizes)
        parts, axes, used = [], [], set()
        for d, (n, t) in enumerate(zip(region.shape, region.strides, strict=True)):
            one = abs(t)
            hits = [
                s
                for s in wanted
                if s not in used
                and t
                and s % one == 0
                and s // one < n
                and (wanted[s][0] - 1) * (s // one) < n
            ]
            # The loop that runs along this axis: the one of the largest stride that still belongs to it.
            hits = [s for s in hits if not any(one < abs(u) <= s for u in region.strides if u != t)]
            if not hits:
                parts.append(str(start[d]))
                continue
            s = hits[0]
            used.add(s)
            count, signed = wanted[s]
            step = signed // t
            first, last = start[d], start[d] + (count - 1) * step
            if not 0 <= last < n:
                return self._strided(ref, sizes)
            if count == n and step == 1:
                parts.append(":")
            elif step > 0:
                parts.append(
                    f"{first or ''}:{last + 1 if last + 1 < n else ''}" + (f":{step}" if step > 1 else "")
                )
            else:
                parts.append(f"{first}:{last - 1 if last else ''}:{step}")
            axes.append((s, count))
        if len(used) != len(wanted):
            return self._strided(ref, sizes)
        while parts and parts[-1] == ":":
            parts.pop()
        return axes, region.name + (f"[{', '.join(parts)}]" if parts else "")

    def _strided(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        if ref.base == 0 and sizes == (self.program.parameters,) and ref.strides == (1,):
            return [(1, sizes[0])], "theta"
        arena, base = ("lanes", ref.base - LANES) if ref.base >= LANES else ("shared", ref.base)
        axes = [(abs(s), n) for n, s in zip(sizes, ref.strides, strict=True) if s and n > 1]
        steps = [s for n, s in zip(sizes, ref.strides, strict=True) if s and n > 1]
        return axes, f"view({arena}, {base}, {tuple(n for _, n in axes)}, {tuple(steps)})"

    def _refined(self, sizes: tuple[int, ...], refs: list[Any]) -> tuple[tuple[int, ...], list[Any]]:
        """Split loops that run over several axes of an array, so that each runs along one, and forwards."""
        shape = list(sizes)
        refs = list(refs)
        axis = 0
        while axis < len(shape):
            inner = self._inner(
                shape[axis],
                [r.strides[axis] for r in refs if isinstance(r, Ref) and r.base >= 0 and r.strides],
                refs,
            )
            if inner:
                refs = [_divided(r, axis, inner) for r in refs]
                shape[axis : axis + 1] = [shape[axis] // inner, inner]
                continue
            # A loop over results runs forwards in these, any other as most operands are stored.
            own = refs[0].strides[axis] if refs[0].strides else 0
            ways = (
                [own]
                if own
                else [
                    self._way(r, r.strides[axis])
                    for r in refs
                    if isinstance(r, Ref) and r.base >= 0 and r.strides
                ]
            )
            if shape[axis] > 1 and sum(ways) < 0:
                refs = [_turned(r, axis, shape[axis]) for r in refs]
            axis += 1
        return tuple(shape), refs

    def _inner(self, n: int, strides: list[int], refs: list[Any]) -> int:
        """Return into blocks of which size a loop falls that runs over two axes of an array, or 0."""
        arrays = [r for r in refs if isinstance(r, Ref) and r.base >= 0 and r.strides]
        for ref, s in zip(arrays, strides, strict=True):
            for outer in self.regions.find(ref.base).strides:
                if (
                    s > 0
                    and n > 1
                    and outer > s
                    and outer % s == 0
                    and outer // s < n
                    and n % (outer // s) == 0
                ):
                    return outer // s
        return 0

    def _way(self, ref: Ref, stride: int) -> int:
        """Return 1 if a loop reads an array forwards, -1 if backwards, 0 if it stays."""
        along = [t for t in self.regions.find(ref.base).strides if 0 < abs(t) <= abs(stride)]
        return (1 if stride * max(along, key=abs) > 0 else -1) if along else 0

    def _aligned(self, ref: Ref | None, sizes: tuple[int, ...], order: list[int], lane: bool) -> str:
        """Return an operand's text with its axes in the given order, and None where it has none."""
        assert ref is not None
        text, axes, has_lane = self.operand(ref, sizes)
        if not axes and not has_lane:
            return text
        present = [i for i in order if i in axes]
        if present != axes:
            perm = [axes.index(i) for i in present] + ([len(axes)] if has_lane else [])
            text = f"{text}.T" if perm == [1, 0] else f"{text}.transpose({', '.join(map(str, perm))})"
        index = [":" if i in axes else "None" for i in order] + (
            [":" if has_lane else "None"] if lane else []
        )
        while index and index[0] == "None":
            index.pop(0)
        return text if "None" not in index else f"{text}[{', '.join(index)}]"

    def operand(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[str, list[int], bool]:
        """Return text, loops in the order of the text's axes, and whether there is an axis of lanes."""
        if ref.constants is not None or ref.addresses is not None:
            table = ref.constants if ref.constants is not None else ref.addresses
            axes = [i for i, n in enumerate(table.shape) if n > 1]
            if table.size == 1 and ref.constants is not None:
                return number(float(table.ravel()[0])), [], False
            flat = table.reshape([n for n in table.shape if n > 1])
            if ref.constants is not None:
                return self._table("const", flat), axes, False
            # Tables that differ in where they begin only are one, which is how repeats of a gather become a
            # loop.
            first = int(flat.min())
            start = first - (LANES if ref.lane else 0)
            arena, place = "lanes" if ref.lane else "shared", f" + {start}" if start else ""
            return f"{arena}[{self._table('index', flat - first)}{place}]", axes, ref.lane
        moving = [i for i, (n, s) in enumerate(zip(sizes, ref.strides, strict=True)) if s and n > 1]
        strides = {abs(ref.strides[i]): i for i in moving}
        if len(strides) < len(
            moving
        ):  # two loops along one axis, as in a convolution: no index of the array says that
            return self._strided(ref, sizes)[1], moving, ref.base >= LANES
        axes_found, text = self._view(ref, sizes)
        return text, [strides[s] for s, _ in axes_found], ref.base >= LANES

    def _table(self, prefix: str, table: Any) -> str:
        """Return the name of a table; equal ones have one name."""
        for name, known in self.constants.items():
            if name.startswith(prefix) and known.shape == table.shape and known.tobytes() == table.tobytes():
                return name
        name = f"{prefix}{len(self.constants)}"
        self.constants[name] = table
        return name


def _divided(r: Any, axis: int, inner: int) -> Any:
    """Return an operand with one loop as two."""
    if not isinstance(r, Ref):
        return r
    if r.base >= 0:
        steps = r.strides and (*r.strides[:axis], r.strides[axis] * inner, *r.strides[axis:])
        return Ref(r.base, steps, lane=r.lane)
    table = r.constants if r.constants is not None else r.addresses
    n = table.shape[axis]
    table = table.reshape(
        *table.shape[:axis], *((n // inner, inner) if n > 1 else (1, 1)), *table.shape[axis + 1 :]
    )
    return Ref(constants=table) if r.constants is not None else Ref(addresses=table, lane=r.lane)


def _turned(r: Any, axis: int, n: int) -> Any:
    """Return an operand with a loop run backwards."""
    if not isinstance(r, Ref):
        return r
    if r.base >= 0:
        steps = r.strides and (*r.strides[:axis], -r.strides[axis], *r.strides[axis + 1 :])
        return Ref(r.base + (n - 1) * (r.strides[axis] if r.strides else 0), steps, lane=r.lane)
    table = np.flip(r.constants if r.constants is not None else r.addresses, axis)
    return Ref(constants=table) if r.constants is not None else Ref(addresses=table, lane=r.lane)


def number(x: float) -> str:
    """Return a number's text, without a useless fraction."""
    return repr(int(x)) if abs(x) < 1e15 and x == int(x) else repr(x)
