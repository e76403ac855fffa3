"""From statements to calls of NumPy, with views made once and results written in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.compiler.backends.finite import Finite, quiet
from autograd.compiler.backends.numpy.contract import Calls, Moving, alike, contract, pick, spread, strided
from autograd.compiler.backends.numpy.spelling import calls_of
from autograd.compiler.graph.counting import places
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.roll.affine import compress
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import Rounds, blocks

__all__ = ["Bound", "bind"]


AHEAD = 32
"""How many statements ahead are looked at for what could be gathered in the same call."""


class Bound:
    """A program over its own arrays, for one number of lanes.

    Attributes
    ----------
    shared : array (numbers,)
    lanes : array (rows, lanes)
    calls : list
        Name of the function and its arrays, in order.
    """

    def __init__(self, program: Program, lanes: int) -> None:
        self.program = program
        self.width = lanes
        self.shared = np.zeros(max(program.shared, 1))
        if program.one >= 0:
            self.shared[program.one] = 1.0
        self.lanes = np.zeros((max(program.lanes, 1), lanes))
        self.calls = Calls()
        self.parts: dict[Any, dict[str, Any]] = {}
        self.gathered: dict[int, Any] = {}
        self.tables: dict[int, Any] = {}
        self.kept: list[Statement] = []
        self.views: dict[Any, Any] = {}
        self.arenas: list[Any] = [self.shared, self.lanes]
        self.moved: dict[Any, Moving | None] = {}
        items = [
            item
            for block in blocks(program)
            for item in (block if isinstance(block, Rounds) and _looks_up(block) else [block])
        ]
        self._plan_gathers(items)
        at = 0
        for item in items:
            if isinstance(item, Rounds):
                self._repeat(item, at)
                at += len(item)
            else:
                self._emit(item)
                at += 1
        if len(program.copies[0]):
            self.calls.add(_copy, self.shared, program.copies[0], program.copies[1])
        for start, end in program.emptied:
            self.calls.add(self.shared[start:end].fill, 0.0)
        for s in program.scattered:
            self._scatter(s)
        self._compute: Callable[[], None] = self.calls.function()
        self._finite = Finite(program, self.shared, self.lanes, inner=True)
        self.count = self.calls.count()

    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold."""
        with quiet():
            self._compute()
            return self._finite()

    def array(self, ref: Ref, sizes: tuple[int, ...], lane: bool) -> Any:
        """Return an operand as an array over all loops (and the lanes).

        Loops that do not matter have stride 0.
        """
        width = (self.width,) if lane else ()
        if ref.constants is not None:
            return spread(ref.constants, sizes, width)
        if ref.addresses is not None:
            table = ref.addresses
            if not ref.lane:
                return spread(self.gathered[id(ref)], sizes, width)
            made = np.empty((*table.shape, self.width))
            self.calls.add(_take_rows, self.lanes, places(table - LANES), made)
            return np.broadcast_to(made, sizes + width)
        key = ref.base, ref.strides, sizes, ref.lane, lane
        if key not in self.views:
            arena: Any = self.shared
            base, step, last = ref.base, 8, 0
            if ref.lane:
                arena, base, step, last = self.lanes, ref.base - LANES, 8 * self.width, 8
            steps = (*[step * s for s in ref.strides], *[last for _ in width])
            self.views[key] = strided(arena, sizes + width, steps, step * base)
        return self.views[key]

    def _repeat(self, loop: Rounds, at: int) -> None:
        """Enter a known loop: the calls of its first round, with the views of all rounds."""
        self._gather_rounds(loop, at)
        made = []
        for statements in (loop.first, loop.second):
            outer, self.calls = self.calls, Calls()
            self.parts.clear()  # of another round
            for s in statements:
                self._emit(s)
            made.append(self.calls.list)
            self.calls = outer
        self.parts.clear()
        first, second = made
        if alike(first, second):
            body = []
            for (f, here), (_, there) in zip(first, second, strict=True):
                body.append((f, [self._views_of(x, y, loop.count) for x, y in zip(here, there, strict=True)]))
            self.calls.repeat(body, loop.count)
        else:
            self.kept += loop  # what is gathered is known by its operand, which none is to follow in memory
            for s in self.kept[-len(loop) :]:
                self._emit(s)

    def _gather_rounds(self, loop: Rounds, at: int) -> None:
        """Gather for all rounds what is there before the first, and in each what is there when it begins."""
        rounds = np.arange(loop.count)[:, None]
        begin = at + len(loop.first) * rounds
        groups: dict[int, list[tuple[Any, Ref, Ref]]] = {}
        for s, t in zip(loop.first, loop.second, strict=True):
            for here, there in zip(_read(s), _read(t), strict=True):
                table = here.addresses.ravel() + (there.addresses - here.addresses).flat[0] * rounds
                made = self.made_by[table]
                key = 0 if (made < at).all() else 1 if (made < begin).all() else id(here)
                groups.setdefault(key, []).append((table, here, there))
        for key, group in groups.items():
            table = places(np.concatenate([x for x, *_ in group], 1))
            self.arenas.append(table if key else np.empty(table.shape))
            if not key:
                self.calls.add(self.shared.take, table, None, self.arenas[-1], "clip")
            for row, refs in zip(self.arenas[-1], zip(*[refs for _, *refs in group], strict=True)):
                (self._gather if key else self._cut_up)(row, refs)

    def _gather(self, table: Any, refs: Sequence[Ref]) -> None:
        """Have some operands gathered by one call, before the first that takes part."""
        self.tables.update(dict.fromkeys(map(id, refs), (table, refs)))

    def _cut_up(self, made: Any, refs: Sequence[Ref]) -> None:
        """Take note of what was gathered for some operands."""
        at = 0
        for r in refs:
            self.gathered[id(r)] = made[at : at + r.addresses.size].reshape(r.addresses.shape)
            at += r.addresses.size

    def _views_of(self, here: Any, there: Any, count: int) -> Any:
        """Return an operand of all rounds, from those of the first two."""
        if not isinstance(here, np.ndarray) or here is there:
            return here
        at, then = here.ctypes.data, there.ctypes.data
        key = at, then, here.shape, here.strides, count
        if key not in self.moved:
            self.moved[key] = None
            for arena in self.arenas:
                end = (place := arena.ctypes.data) + arena.nbytes
                if at != then and place <= at < end and place <= then < end:
                    strides = then - at, *here.strides
                    every = np.ndarray((count, *here.shape), arena.dtype, arena, at - place, strides)
                    self.moved[key] = Moving(every)
        return self.moved[key] or here

    def _plan_gathers(self, items: list[Any]) -> None:
        """Note which statement makes each number, and what one call gathers for this and for later ones."""
        self.made_by = np.full(len(self.shared), -1)
        at, reads = 0, []
        for item in items:
            refs: list[Ref] = []
            if isinstance(item, Rounds):
                for k, own in enumerate(item.nodes):
                    to = self.program.address[own]
                    times = at + k + len(item.first) * np.arange(len(to))[:, None]
                    self.made_by[to[to < LANES]] = np.broadcast_to(times, to.shape)[to < LANES]
            else:
                refs = _read(item)
                if not item.lane:
                    self.made_by[self.program.address[item.nodes]] = at
            reads.append((at, refs, max([self.made_by[r.addresses].max() for r in refs], default=-1)))
            at += len(item) if isinstance(item, Rounds) else 1
        for i, (at, refs, _) in enumerate(reads):
            if refs and id(refs[0]) not in self.tables:
                later = [own for _, own, ready in reads[i + 1 : i + AHEAD] if ready < at]
                refs += [r for own in later for r in own if id(r) not in self.tables]
                self._gather(places(np.concatenate([r.addresses.ravel() for r in refs])), refs)

    def _ragged(self, s: Statement) -> None:
        part = s.parts[0]
        a, b = self.gathered[id(part.a)], self.gathered[id(part.b)]
        self.calls.add(np.multiply, a, b, a)
        coef = part.coef.constants if isinstance(part.coef, Ref) else part.coef
        if isinstance(part.coef, Ref) or coef != 1.0:
            self.calls.add(np.multiply, a, coef, a)
        out = self.array(s.result, (len(s.nodes),), False)
        self.calls.add(np.add.reduceat, a, s.starts, 0, None, out)

    def _place(self, ref: Ref, sizes: tuple[int, ...], lane: bool) -> Any:
        """Return places in a table, of length 1 along loops that do not matter."""
        x = self.array(ref, sizes, lane)
        return _cut(x, tuple(1 if not step else n for n, step in zip(x.shape, x.strides, strict=True)))

    @staticmethod
    def _addresses(first: Ref, sizes: tuple[int, ...], lane: bool) -> Any:
        """Return the addresses of the first entries, over all loops."""
        table = compress(first.expand(sizes))
        return places(table.reshape(table.shape + (1,) * lane))

    def _entry(self, s: Statement) -> None:
        """Enter the entries of tables."""
        index, first = s.operands
        step, count = map(int, s.params)
        at = self._addresses(first, s.sizes, s.lane)
        out = self.array(s.result, s.sizes, s.lane)
        self.calls.add(_look_up, self.shared, self._place(index, s.sizes, s.lane), at, step, count, out)

    def _scatter(self, s: Statement) -> None:
        """Enter what adds the gradients of entries to those of tables."""
        received, index, first = s.operands
        step, count = map(int, s.params)
        lane = index.lane or received.lane
        for r in (received, index):
            if r.addresses is not None and not r.lane:
                self.gathered[id(r)] = made = np.empty(r.addresses.shape)
                self.calls.add(self.shared.take, places(r.addresses), None, made, "clip")
        at = self._addresses(first, s.sizes, lane) + self.program.parameters
        gradients, place = self.array(received, s.sizes, lane), self._place(index, s.sizes, lane)
        self.calls.add(_scatter, self.shared, gradients, place, at, step, count)

    def _emit(self, s: Statement) -> None:
        for r in _read(s):
            if id(r) not in self.gathered:
                table, refs = self.tables.get(id(r), (places(r.addresses.ravel()), [r]))
                made = np.empty(len(table))
                self.calls.add(self.shared.take, table, None, made, "clip")
                self._cut_up(made, refs)
        if s.op is ENTRY:
            self._entry(s)
        elif s.op is not None:
            arrays = [self.array(r, s.sizes, s.lane) for r in s.operands]
            operands = [
                x.ravel()[0] if x.size and not any(x.strides) and r.constants is not None else x
                for x, r in zip(arrays, s.operands, strict=True)
            ]
            out = self.array(s.result, s.sizes, s.lane)
            for call in calls_of(s.op, operands, s.params, out, self._parts(s)):
                self.calls.add(*call)
        elif s.starts is not None:
            self._ragged(s)
        elif s.extremum:
            self._extremum(s)
        else:
            self._sum(s)

    def _views(self, part: Part, s: Statement) -> tuple[Any, Any, Any]:
        """Return result, a, b as arrays over the part's loops; a sum over lanes is one more loop."""
        lane = s.lane or part.over or any(r is not None and r.lane for r in (part.a, part.b))
        out = self.array(part.result, part.sizes, lane)
        a = None if part.a is None else self.array(part.a, part.sizes, lane)
        b = None if part.b is None else self.array(part.b, part.sizes, lane)
        if isinstance(part.coef, Ref):
            table = self.array(part.coef, part.sizes, lane)
            if a is None:
                a = table
            elif b is None:
                b = table
            else:
                product = np.empty_like(
                    a[
                        tuple(
                            slice(None) if x or y else slice(0, 1)
                            for x, y in zip(a.strides, table.strides, strict=True)
                        )
                    ]
                )
                self.calls.add(np.multiply, *[_cut(x, product.shape) for x in (a, table)], product)
                a = np.broadcast_to(product, a.shape)
        return out, a, b

    def _parts(self, s: Statement) -> dict[str, Any]:
        """Return what rows of the same operands left, and where this one may leave something."""
        if any(r.base < 0 for r in s.operands):  # of tables of numbers or addresses
            return {}
        key = s.sizes, s.lane, *((r.base, r.strides) for r in s.operands)
        return self.parts.setdefault(key, {})

    def _extremum(self, s: Statement) -> None:
        ufunc = np.maximum if s.extremum == "max" else np.minimum
        for i, part in enumerate(s.parts):
            out, a, _ = self._views(part, s)
            axes = tuple(k for k in range(out.ndim) if out.strides[k] == 0 and out.shape[k] > 1)
            target = pick(out, [k for k in range(out.ndim) if k not in axes])
            if a is None:
                a, axes = np.broadcast_to(np.asarray(part.coef), target.shape), ()
            if i == 0:
                self.calls.add(ufunc.reduce, a, axes, None, target)
            elif axes:
                made = np.empty(target.shape)
                self.calls.add(ufunc.reduce, a, axes, None, made)
                self.calls.add(ufunc, target, made, target)
            else:
                self.calls.add(ufunc, target, a, target)

    def _total(self, s: Statement) -> None:
        """Enter a single number with many parts.

        Each part on its own, then one product with the coefficients.
        """
        parts = np.ones(len(s.parts))
        coefs = np.ones(len(s.parts))
        for k, part in enumerate(s.parts):
            out, a, b = self._views(part, s)
            coefs[k] = 1.0 if isinstance(part.coef, Ref) else part.coef
            if a is not None:
                contract(self.calls, 1.0, strided(parts, out.shape, out.strides, 8 * k), a, b)
        self.calls.add(
            np.dot, parts, coefs, self.array(Ref(int(self.program.address[s.nodes[0]])), (), False)
        )

    def _sum(self, s: Statement) -> None:
        if len(s.nodes) == 1 and not s.lane and len(s.parts) > 2:
            self._total(s)
            return
        parts = []
        for part in s.parts:
            out, a, b = self._views(part, s)
            coef = 1.0 if isinstance(part.coef, Ref) else part.coef
            heavy = any(st == 0 and n > 1 for st, n in zip(out.strides, out.shape, strict=True))
            simple = a is None or (b is None and not heavy)
            parts.append((simple, coef, out, a, b))
        # What needs a contraction comes first and writes to its place; lone factors with a plus sign next.
        parts.sort(key=lambda p: (p[0], p[1] < 0.0 if p[3] is not None else True, p[3] is None))
        first = parts[0]
        rest = parts[1:]
        if (
            first[0]
            and first[3] is not None
            and first[1] == 1.0
            and rest
            and rest[0][0]
            and abs(rest[0][1]) == 1.0
            and rest[0][3] is not None
            and rest[0][3].shape == first[3].shape
        ):
            _, coef, out, a, _ = rest.pop(0)
            self.calls.add(np.add if coef > 0 else np.subtract, first[3], a, out)
        else:
            contract(self.calls, *first[1:])
        for simple, coef, out, a, b in rest:
            if simple and a is None:
                self.calls.add(np.add, out, coef, out)
            elif simple and abs(coef) == 1.0:
                self.calls.add(np.add if coef > 0 else np.subtract, out, a, out)
            else:
                cut = pick(
                    out,
                    [i for i, (st, n) in enumerate(zip(out.strides, out.shape, strict=True)) if st or n == 1],
                )
                made = np.empty(cut.shape)
                strides = iter(made.strides)
                full = strided(
                    made,
                    out.shape,
                    tuple(
                        0 if st == 0 and n > 1 else next(strides)
                        for st, n in zip(out.strides, out.shape, strict=True)
                    ),
                )
                contract(self.calls, abs(coef), full, a, b)
                self.calls.add(np.add if coef > 0 else np.subtract, cut, made, cut)


def _read(s: Statement) -> list[Ref]:
    """Return the operands of a statement that are gathered from the shared arena."""
    refs = [r for p in s.parts for r in (p.a, p.b) if r is not None] + s.operands
    return [r for r in refs if r.addresses is not None and not r.lane]


def _looks_up(loop: Rounds) -> bool:
    """Tell whether a loop reads from tables of entries, or gathers lanes."""
    return any(
        s.op is ENTRY or any(r is not None and r.lane and r.addresses is not None for r in refs)
        for s in loop.first
        for refs in [(*s.operands, *[x for p in s.parts for x in (p.a, p.b)])]
    )


def _cut(x: Any, shape: tuple[int, ...]) -> Any:
    return x[(*[slice(0, n) for n in shape], ...)]  # a view, even of a single number


def _take_rows(source: Any, table: Any, out: Any) -> None:
    source.take(table, axis=0, out=out, mode="clip")


def _places(index: Any, count: int) -> tuple[Any, Any]:
    """Return places in a table as whole numbers, 0 for what is none; and where that is, or None."""
    known = (index >= 0.0) & (index < count) & (index == np.floor(index))
    if known.all():
        return index.astype(np.intp), None
    return np.where(known, index, 0.0).astype(np.intp), ~known


def _look_up(arena: Any, index: Any, first: Any, step: int, count: int, out: Any) -> None:
    """Look entries up in tables; what there is no place for is NaN."""
    at, unknown = _places(index, count)
    arena.take(at * step + first, None, out, "clip")
    if unknown is not None:
        np.copyto(out, np.nan, where=unknown)


def _scatter(arena: Any, received: Any, index: Any, first: Any, step: int, count: int) -> None:
    """Add to tables what their entries receive."""
    at, unknown = _places(index, count)
    if unknown is not None:
        received = np.where(unknown, 0.0, received)
    to = np.broadcast_to(at * step + first, received.shape)
    np.add.at(arena, to.ravel(), received.ravel())


def _copy(arena: Any, origin: Any, target: Any) -> None:
    arena[target] = arena[origin]


def bind(program: Program, lanes: int = 1) -> Bound:
    """Return the program over fresh arrays, for a number of lanes."""
    with quiet():
        return Bound(program, lanes)
