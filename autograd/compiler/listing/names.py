"""Names and shapes for stretches of the arenas: from the labels of leaves, and from how views use results."""

from __future__ import annotations

import keyword
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.compiler.backends.numpy.spelling import CODE
from autograd.compiler.roll.program import LANES, Program, Ref, Statement
from autograd.compiler.roll.repeats import Loop, places, weighted
from autograd.op import TABLE

__all__ = ["Region", "Regions", "leaf_regions"]


@dataclass
class Region:
    """A named array in an arena."""

    name: str
    base: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def lane(self) -> bool:
        """Whether there is one number for each lane."""
        return abs(self.base) >= LANES

    def first(self) -> int:
        """Return the lowest address."""
        return self.base + sum(min(0, (n - 1) * s) for n, s in zip(self.shape, self.strides, strict=True))

    def last(self) -> int:
        """Return the highest address."""
        return self.base + sum(max(0, (n - 1) * s) for n, s in zip(self.shape, self.strides, strict=True))

    def place(self, address: int) -> tuple[int, ...] | None:
        """Return the index of an address, or None if it is not in the array."""
        rest, where = address - self.first(), {}
        if rest < 0:
            return None
        for n, s in sorted(zip(self.shape, self.strides, strict=True), key=lambda x: -abs(x[1])):
            k = min(rest // abs(s), n - 1) if s else 0
            where[s] = k if s >= 0 else n - 1 - k
            rest -= k * abs(s)
        return None if rest else tuple(where[s] for s in self.strides)

    def places(self, addresses: Any) -> list[Any]:
        """Return, for each axis, the indices of many addresses, which are in the array."""
        rest, where = addresses - self.first(), [np.zeros_like(addresses)] * len(self.shape)
        for d in sorted(range(len(self.shape)), key=lambda d: -abs(self.strides[d])):
            n, s = self.shape[d], self.strides[d]
            k = np.minimum(rest // abs(s), n - 1) if s else 0 * rest
            where[d] = k if s >= 0 else n - 1 - k
            rest = rest - k * abs(s)
        return where


INDEX = re.compile(r"\[(\d+)\]")
"""What a label says of a place in an array."""
NUMBERED = re.compile(r"(.*?[A-Za-z_])_?(\d+)")
"""A label that ends in a number."""
IN_ROWS = re.compile(r"([A-Za-z]+)(\d+)_(\d+)")
"""A label that ends in two, a row and a column."""
RESERVED = frozenset([
    *keyword.kwlist, *keyword.softkwlist, "N", "float", "range", "reversed", "nan", "inf", "add",
    "broadcast_to", "einsum", "empty", "zeros", "array", "stack", "r_",
    "view", "shared", "lanes", "gradient", "int64",
    *TABLE, *(name for text in CODE.values() for name in re.findall(r"[A-Za-z_]\w*", text)),
])  # fmt: skip
"""What a printed program says by itself, so that nothing of the user's may bear the name."""


class Regions:
    """All named arrays, found by address."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.list: list[Region] = []
        self.names: set[str] = set(taken)
        self.next: dict[str, int] = {}  # the next number to try behind a name
        self.at: dict[int, Region] = {}

    def fresh(self, name: str) -> str:
        """Return the name, with a number behind it if it is taken."""
        name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name)).strip("_") or "v"
        if not name.isidentifier():
            name = f"v{name}" if f"v{name}".isidentifier() else re.sub(r"[^0-9A-Za-z_]+", "_", f"v{name}")
        found, k = name, self.next.get(name, 2)
        while found in self.names or found in RESERVED:
            found, k = f"{name}_{k}", k + 1
        self.next[name] = k
        self.names.add(found)
        return found

    def add(self, region: Region) -> Region:
        """Enter an array."""
        self.list.append(region)
        size = int(np.prod(region.shape))
        addresses = np.full(region.shape, region.base, np.int64)
        for axis, s in enumerate(region.strides):
            shape = [1] * len(region.shape)
            shape[axis] = -1
            addresses += (np.arange(region.shape[axis]) * s).reshape(shape)
        self.at.update(zip(addresses.ravel().tolist(), [region] * size, strict=True))
        return region

    def find(self, address: int) -> Region:
        """Return the array that holds an address."""
        return self.at[address]


def split_label(label: str) -> tuple[str, tuple[int, ...]]:
    """Separate a label's name from its indices.

    Examples
    --------
    >>> split_label("w1[3][7]"), split_label("layer1.n2.w0"), split_label("layer1.n2.b")
    (('w1', (3, 7)), ('layer1_w', (2, 0)), ('layer1_b', (2,)))
    >>> split_label("tokens.w5_0")
    ('tokens_w', (5, 0))
    """
    brackets = INDEX.findall(label)
    if brackets:
        return INDEX.sub("", label), tuple(map(int, brackets))
    parts = label.split(".")
    if len(parts) < 2:
        found = IN_ROWS.fullmatch(label)
        if found is not None:
            return found[1], (int(found[2]), int(found[3]))
        found = NUMBERED.fullmatch(label)
        return (label, ()) if found is None else (found[1], (int(found[2]),))
    found = IN_ROWS.fullmatch(parts[-1])
    if found is not None:
        return "_".join([*parts[:-1], found[1]]), (int(found[2]), int(found[3]))
    indices, names = [], parts[:-2]
    for i, part in enumerate(parts[-2:]):
        found = re.fullmatch(r"([A-Za-z_]*?)(\d+)", part)
        if found is None:
            names.append(part)
        else:
            indices.append(int(found[2]))
            if i == 1 or not re.fullmatch(r"n|neurons?", found[1]):
                names.append(found[1])
    return "_".join(n for n in names if n), tuple(indices)


def leaf_regions(regions: Regions, leaves: list[tuple[int, str]], prefix: str) -> None:
    """Make arrays of leaves, given as (address, label), by the patterns of their labels."""
    groups: dict[Any, list[tuple[tuple[int, ...], int]]] = {}
    plain: dict[str, int] = {}
    for address, label in leaves:
        name, index = split_label(label) if label else ("", ())
        groups.setdefault((name, len(index)), []).append((index, address))
        plain[label] = plain.get(label, 0) + 1
    for (name, _), members in groups.items():
        _leaf_group(regions, name or prefix, members if name else [((), a) for _, a in members])


def _leaf_group(regions: Regions, name: str, members: list[tuple[tuple[int, ...], int]]) -> None:
    """Make arrays of leaves of one name: a grid by their indices if it is full, else runs."""
    indices = [m[0] for m in members]
    addresses = np.array([m[1] for m in members])
    distinct = len(set(indices)) == len(indices)
    if distinct and indices[0]:
        table = np.array(indices)
        low, high = table.min(0), table.max(0)
        shape = tuple((high - low + 1).tolist())
        if int(np.prod(shape)) == len(members):
            grid = np.full(shape, -1, np.int64)
            grid[tuple((table - low).T)] = addresses
            strides = tuple(
                int(np.take(grid, 1, axis=i).ravel()[0] - grid.ravel()[0]) if n > 1 else 0
                for i, n in enumerate(shape)
            )
            fits = all((np.diff(grid, axis=i) == s).all() for i, s in enumerate(strides))
            if fits and grid.min() >= 0 and all(s > 0 or n == 1 for s, n in zip(strides, shape, strict=True)):
                _enter(regions, name, int(grid.ravel()[0]), shape, strides)
                return
        if len(indices[0]) > 1:
            for first in dict.fromkeys(i[0] for i in indices):
                _leaf_group(regions, f"{name}_{first}", [(i[1:], a) for i, a in members if i[0] == first])
            return
    # Without indices that make a grid: whatever runs of addresses there are.
    ordered = np.sort(addresses)
    for run in np.split(ordered, np.flatnonzero(np.diff(ordered) != 1) + 1):
        _enter(regions, name, int(run[0]), (len(run),) if len(run) > 1 else (), (1,) if len(run) > 1 else ())


def _enter(regions: Regions, name: str, base: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
    """Enter an array without its axes of length 1, which only obscure a formula."""
    kept = [(n, s) for n, s in zip(shape, strides, strict=True) if n > 1]
    regions.add(Region(regions.fresh(name), base, tuple(n for n, _ in kept), tuple(s for _, s in kept)))


def cut_points(program: Program, found: Sequence[Loop]) -> dict[int, set[int]]:
    """For each statement (by position), the sizes at which views of its results break off.

    Where rounds move through results by a step, each is a row, and no row of another length is in the way.
    """
    cuts: dict[int, set[int]] = {}
    for k, n, step in views_of_results(program):
        cuts.setdefault(k, set()).update((step, step * n))
    moves: dict[int, set[tuple[int, int]]] = {}
    for k, n, step in _moves(program, found):
        cuts.setdefault(k, set()).add(step)
        moves.setdefault(k, set()).add((step, step * n))
    for k, rows in moves.items():
        cuts[k] = {
            c for c in cuts[k] if all(step % c == 0 or (c >= whole and c % step == 0) for step, whole in rows)
        }
    return cuts


def views_of_results(program: Program) -> Iterator[tuple[int, int, int]]:
    """Yield the number of a statement, and a size and a stride with which its results are read or written."""
    made = _made(program)
    for s, _ in weighted(program):
        for sizes, ref in _views(s):
            k = made(ref.base)
            if k >= 0:
                yield from ((k, n, abs(x)) for n, x in zip(sizes, ref.strides, strict=True) if x)


def _moves(program: Program, found: Sequence[Loop]) -> Iterator[tuple[int, int, int]]:
    """Yield the number of a statement before a loop, in how many rounds and how far one moves through it."""
    made = _made(program)
    for loop in found:
        for i in range(loop.start, loop.start + loop.period):
            here, there = (_views(program.statements[k]) for k in (i, i + loop.period))
            for (_, a), (_, b) in zip(here, there, strict=True):
                k = made(a.base)
                if a.base != b.base and k >= 0 and not loop.start <= k < loop.end and made(b.base) == k:
                    yield k, loop.count, abs(b.base - a.base)


def _made(program: Program) -> Callable[[int], int]:
    """Return what tells the number of the statement whose results hold an address, or -1."""
    starts = sorted((low, high, i) for i, (low, high) in enumerate(places(program)))
    bases = [s[0] for s in starts]

    def number(address: int) -> int:
        """Return that of an address."""
        k = bisect_right(bases, address) - 1
        return starts[k][2] if k >= 0 and address <= starts[k][1] else -1

    return number


def _views(s: Statement) -> Iterator[tuple[tuple[int, ...], Ref]]:
    """Yield the operands and results of a statement that are views, with the sizes of its loops."""
    loops = [(p.sizes, [p.result, p.a, p.b]) for p in s.parts]
    loops += [(s.sizes, [s.result, *s.operands])] if s.op is not None else []
    for sizes, refs in loops:
        yield from ((sizes, r) for r in refs if r is not None and r.base >= 0 and r.strides)


def shape_of(count: int, cuts: set[int]) -> tuple[int, ...]:
    """Return the finest shape of ``count`` numbers that breaks at cut points only.

    Examples
    --------
    >>> shape_of(30, {1, 10, 30})
    (3, 10)
    """
    chain = [1]
    for c in sorted(cuts):
        if c > chain[-1] and c <= count and count % c == 0 and c % chain[-1] == 0:
            chain.append(c)
    if chain[-1] != count:
        chain.append(count)
    return tuple(b // a for a, b in pairwise(chain))[::-1]
