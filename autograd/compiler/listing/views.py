"""How a printed program reads an operand: as a view of a named array, in the order of the result's axes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.listing.assembly import along
from autograd.compiler.listing.names import Region, Regions
from autograd.compiler.roll.affine import strides_of
from autograd.compiler.roll.program import LANES, Program, Ref
from autograd.compiler.roll.repeats import Moving, UnevenError

__all__ = ["Views", "loops_over", "number"]


FEW = 6
"""So many numbers of a table are printed as they are."""


class Views:
    """Texts of operands.

    Attributes
    ----------
    regions : Regions
        The arrays, with their names.
    constants : dict
        The tables that the text refers to.
    rounds : int
        How many rounds the loop has whose body is printed; 1 outside of loops.
    variable, begin, way
        The loop's variable, its value in the first round, and whether it grows (1) or shrinks (-1).
    moved : list of Moving
        The numbers printed so far that differ from round to round.
    everything : str
        The name of all parameters, one after the other.
    """

    everything: str
    wide = "N"
    """What stands for the length of the axis of the lanes."""
    dots = False
    """Whether products of rows of numbers are written as such, and not as a sum."""
    taken: frozenset[str] = frozenset()
    """Names that nothing of the user's may bear, beside those that are reserved anyway."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.regions = Regions(self.taken)
        self.constants: dict[str, Any] = {}
        self._named: dict[Any, str] = {}
        self.rounds, self.variable, self.begin, self.way = 1, "t", 0, 1
        self.moved: list[Moving] = []

    def whole(self, x: int) -> str:
        """Return the text of a whole number; of one that moves, as an expression of the loop's variable."""
        if not isinstance(x, Moving):
            return str(x)
        self.moved.append(x)
        factor = x.step * self.way
        rest = int(x) - factor * self.begin
        term = self.variable if abs(factor) == 1 else f"{abs(factor)} * {self.variable}"
        if factor < 0:
            return f"{rest} - {term}"
        return f"{term} {'-' if rest < 0 else '+'} {abs(rest)}" if rest else term

    def _ends(self, x: int) -> tuple[int, int]:
        """Return a number in the first and in the last round."""
        return int(x), int(x) + (x.step * (self.rounds - 1) if isinstance(x, Moving) else 0)

    def place(self, region: Region, address: int) -> tuple[int, ...] | None:
        """Return the index of an address in an array, in all rounds; None if it is not in the array."""
        here = region.place(int(address))
        if here is None or not isinstance(address, Moving):
            return here
        there = region.place(int(address) + address.step)
        if there is None:
            raise UnevenError
        index = tuple([a if a == b else Moving(a, b - a) for a, b in zip(here, there, strict=True)])
        if any(not 0 <= self._ends(x)[1] < n for x, n in zip(index, region.shape, strict=True)):
            raise UnevenError
        return index

    def view(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        """Return the (stride, size) of each axis, in the text's order, and the text of a view."""
        return self.named(ref, sizes) or self._strided(ref, sizes)

    def named(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str] | None:
        """Return the same as a slice of an array; None where it is none."""
        if ref.base == 0 and sizes == (self.program.parameters,) and ref.strides == (1,):
            return self._whole_array(ref, sizes) or ([(1, sizes[0])], self.everything)
        return self._whole_array(ref, sizes)

    def _whole_array(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str] | None:
        """Return the same where it is not all parameters."""
        region = self.regions.find(ref.base)
        start = self.place(region, ref.base)
        wanted = {abs(s): (n, s) for n, s in zip(sizes, ref.strides, strict=True) if s and n > 1}
        if start is None:
            return None
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
                parts.append(self.whole(start[d]))
                continue
            s = hits[0]
            used.add(s)
            count, signed = wanted[s]
            step = signed // t
            first, last = start[d], start[d] + (count - 1) * step
            if not all(0 <= x < n for x in self._ends(last)):
                return None
            full = count == n and step == 1 and not isinstance(count, Moving)
            parts.append(":" if full else self.slice_of(first, last, step, n))
            axes.append((s, count))
        if len(used) != len(wanted):
            return self._reshaped(region, start, sizes, ref)
        while parts and parts[-1] == ":":
            parts.pop()
        return axes, region.name + _indexed(parts)

    def slice_of(self, first: int, last: int, step: int, n: int) -> str:
        """Return the text of a slice of an axis of n, from one index to and including another."""
        if isinstance(last, Moving):
            if step < 0 and 0 in self._ends(last):
                raise UnevenError  # the end of a slice backwards to the first element is no number
            begin, end = self.whole(first), self.whole(last + 1 if step > 0 else last - 1)
        elif step > 0:
            begin, end = str(first or ""), str(last + 1 if last + step < n else "")
        else:
            begin, end = str(first), str(last - 1 if last + step >= 0 else "")
        return f"{begin}:{end}" + (f":{step}" if step != 1 else "")

    def _reshaped(
        self, region: Region, start: tuple[int, ...], sizes: tuple[int, ...], ref: Ref
    ) -> tuple[list[tuple[int, int]], str] | None:
        """Return the same for a view that runs through an array without gaps, in other axes than it has."""
        axes = sorted(((s, n) for n, s in zip(sizes, ref.strides, strict=True) if n > 1), reverse=True)
        shape = tuple([n for _, n in axes])
        total = math.prod(shape)
        outer = next(
            (d for d in range(len(region.shape)) if region.strides[d:] == strides_of(region.shape[d:])), -1
        )
        if outer < 0 or tuple([s for s, _ in axes]) != strides_of(shape):
            return None
        inner, own, strides = region.shape[outer:], start[outer:], region.strides[outer:]
        index = [self.whole(x) for x in start[:outer]]
        first = sum(i * s for i, s in zip(own, strides, strict=True))
        if not all(0 <= x <= math.prod(inner) - total for x in self._ends(first)):
            return None
        rows, size = inner[0], strides[0]
        flat = f".reshape(-1, {self.wide})" if region.lane else ".ravel()"
        name = region.name
        if total != rows * size:
            if total % size or any(x or isinstance(x, Moving) for x in own[1:]):
                name, index, rows, size = f"{name}{_indexed(index)}{flat}", [], rows * size, 1
            else:
                first = own[0]
            index.append(self.slice_of(first, first + total // size - 1, 1, rows))
        name += _indexed(index)
        if len(shape) == 1:
            return axes, name if size == 1 else name + flat
        return axes, f"{name}.reshape({', '.join([*map(str, shape), *([self.wide] if region.lane else [])])})"

    def _strided(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        """Return the same, with the text of a view by address and strides."""
        arena, base = ("lanes", ref.base - LANES) if ref.base >= LANES else ("shared", ref.base)
        if base < 0:  # of what is returned, which is in no arena
            region = self.regions.find(base)
            arena, base = region.name, base - region.base
        kept = [(n, s) for n, s in zip(sizes, ref.strides, strict=True) if s and n > 1]
        comma = "," * (len(kept) == 1)
        shape, steps = [", ".join([self.whole(x[k]) for x in kept]) for k in (0, 1)]
        text = f"view({arena}, {self.whole(base)}, ({shape}{comma}), ({steps}{comma}))"
        return [(abs(s), n) for n, s in kept], text

    def refined(self, sizes: tuple[int, ...], refs: list[Any]) -> tuple[tuple[int, ...], list[Any]]:
        """Split loops that run over several axes of an array, so that each runs along one, and forwards."""
        shape = list(sizes)
        refs = list(refs)
        axis = 0
        while axis < len(shape):
            inner = self._inner(
                shape[axis],
                [r.strides[axis] for r in _views(refs)],
                refs,
            )
            if inner:
                refs = [_divided(r, axis, inner) for r in refs]
                shape[axis : axis + 1] = [shape[axis] // inner, inner]
                continue
            # A loop over results runs forwards in these, any other as most operands are stored.
            own = refs[0].strides[axis] if refs[0].strides else 0
            ways = [own] if own else [self._way(r, r.strides[axis]) for r in _views(refs)]
            if shape[axis] > 1 and sum(ways) < 0:
                refs = [_turned(r, axis, shape[axis]) for r in refs]
            axis += 1
        return tuple(shape), refs

    def _inner(self, n: int, strides: list[int], refs: list[Any]) -> int:
        """Return into blocks of which size a loop falls that runs over two axes of an array, or 0."""
        for ref, s in zip(_views(refs), strides, strict=True):
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

    def aligned(self, ref: Ref | None, sizes: tuple[int, ...], order: list[int], lane: bool) -> str:
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
        table = ref.table
        if table is not None:
            axes = [i for i, n in enumerate(table.shape) if n > 1]
            if table.size == 1 and ref.constants is not None:
                return number(float(table.ravel()[0])), [], False
            flat = table.reshape([n for n in table.shape if n > 1])
            if ref.constants is not None:
                return self._constants(flat), axes, False
            found = along(self, ref, sizes)
            if found is not None:
                return *found, ref.lane
            return (
                self.scattered(flat, ref.base if isinstance(ref.base, Moving) else 0, ref.lane),
                axes,
                ref.lane,
            )
        moving = [i for i, (n, s) in enumerate(zip(sizes, ref.strides, strict=True)) if s and n > 1]
        strides = {abs(ref.strides[i]): i for i in moving}
        if len(strides) < len(
            moving
        ):  # two loops along one axis, as in a convolution: no index of the array says that
            return self._strided(ref, sizes)[1], moving, ref.base >= LANES
        named = self.named(ref, sizes)
        if named is None:
            found = along(self, ref, sizes)
            if found is not None:
                return *found, ref.base >= LANES
        axes_found, text = named or self._strided(ref, sizes)
        return text, [strides[s] for s, _ in axes_found], ref.base >= LANES

    def scattered(self, addresses: Any, start: int, lane: bool) -> str:
        """Return the text of numbers at any addresses; ``start`` moves them from round to round of a loop."""
        # Tables that differ in where they begin only are one, which is how repeats of a gather become a loop.
        first = int(addresses.min())
        start = start + (first - (LANES if lane else 0))
        place = f" + {self.whole(start)}" if start or isinstance(start, Moving) else ""
        return f"{'lanes' if lane else 'shared'}[{self._table('index', addresses - first)}{place}]"

    def _constants(self, table: Any) -> str:
        """Return the text of constants: a few as they are, others by the name of a table."""
        if table.ndim == 1 and len(table) <= FEW and np.isfinite(table).all():
            return f"array([{', '.join(map(number, table.tolist()))}])"
        return self._table("const", table)

    def indices(self, index: Any) -> str:
        """Return the text of indices along one axis: a few as they are, others by the name of a table."""
        return (
            f"[{', '.join(map(str, index.tolist()))}]" if len(index) <= FEW else self._table("index", index)
        )

    def picked(self, region: Region, index: Any, axis: int) -> tuple[str, Any]:  # noqa: ARG002
        """Return the text of an array, and indices along an axis of it."""
        return region.name, index

    def gathered(self, addresses: Any) -> str:
        """Return the text of numbers of one array, at any addresses of it."""
        region = self.regions.find(int(addresses[0]))
        return f"{region.name}[{', '.join(self._table('index', axis) for axis in region.places(addresses))}]"

    def forget(self, count: int) -> None:
        """Keep only the first so many tables."""
        for known in (self.constants, self._named):
            while len(known) > count:
                known.popitem()

    def _table(self, prefix: str, table: Any) -> str:
        """Return the name of a table; equal ones have one name."""
        key = prefix, table.shape, table.tobytes()
        if key not in self._named:
            self._named[key] = f"{prefix}{len(self._named)}"
            self.constants[self._named[key]] = table
        return self._named[key]


def _indexed(parts: list[str]) -> str:
    """Return the text of an index, if there is one."""
    return f"[{', '.join(parts)}]" if parts else ""


def _views(refs: list[Any]) -> list[Ref]:
    """Return those operands that are views over loops."""
    return [r for r in refs if isinstance(r, Ref) and r.table is None and r.strides]


def loops_over(result: Ref | None, sizes: tuple[int, ...], target: list[Any]) -> list[int]:
    """Return the loops over which the result moves, in the order of the target's axes."""
    assert result is not None
    moving = [i for i, (n, s) in enumerate(zip(sizes, result.strides, strict=True)) if s and n > 1]
    rank = {s: k for k, (s, _) in enumerate(target)}
    if all(abs(result.strides[i]) in rank for i in moving):
        return sorted(moving, key=lambda i: rank[abs(result.strides[i])])
    return sorted(moving, key=lambda i: -abs(result.strides[i]))


def _divided(r: Any, axis: int, inner: int) -> Any:
    """Return an operand with one loop as two."""
    if not isinstance(r, Ref):
        return r
    table = r.table
    if table is None:
        steps = r.strides and (*r.strides[:axis], r.strides[axis] * inner, *r.strides[axis:])
        return replace(r, strides=steps)
    n = table.shape[axis]
    table = table.reshape(
        *table.shape[:axis], *((n // inner, inner) if n > 1 else (1, 1)), *table.shape[axis + 1 :]
    )
    return replace(r, constants=table) if r.addresses is None else replace(r, addresses=table)


def _turned(r: Any, axis: int, n: int) -> Any:
    """Return an operand with a loop run backwards."""
    if not isinstance(r, Ref):
        return r
    if r.table is None:
        steps = r.strides and (*r.strides[:axis], -r.strides[axis], *r.strides[axis + 1 :])
        return replace(r, base=r.base + (n - 1) * (r.strides[axis] if r.strides else 0), strides=steps)
    table = np.flip(r.table, axis)
    return replace(r, constants=table) if r.addresses is None else replace(r, addresses=table)


def number(x: float) -> str:
    """Return a number's text, without a useless fraction."""
    return repr(int(x)) if abs(x) < 1e15 and x == int(x) else repr(x)
