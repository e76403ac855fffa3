"""Print programs in whose loops any number may move: triangles, as loops around slices with moving ends.

What is read is what the C backend reads (`roll.nests`): statements of slanted loops, and rounds of statements
in which sizes grow. A loop along which another one grows is written as such; what is left are slices.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.listing.copies import copied
from autograd.compiler.listing.fuse import Block, fused
from autograd.compiler.listing.growing import Growing, first_of, fitted, grown, values
from autograd.compiler.listing.names import Region, shape_of, views_of_results
from autograd.compiler.listing.short import apart, needed
from autograd.compiler.listing.source import Writer, written
from autograd.compiler.roll.affine import Slanted, nest, slanted, strides_of
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import (
    Moving,
    Rounds,
    UnevenError,
    blocks,
    length,
    places,
    read,
    repeats,
    replaced,
)
from autograd.compiler.roll.rolled import nested

__all__ = ["NestWriter", "listed", "write"]

MOST = 1 << 20
"""Rounds of loops, of which more are not looked at."""
SHORTER = 0.75
"""What part of its statements a program has at the most, with triangles as loops, if they are to be."""
TABLE, FEW = 4, 8
"""So many lines a table of addresses is worth that triangles need not, and so many tables count."""
SLICES = 3
"""So many slices of what is returned are easier to read than a table; as many, however large it is."""
LONGEST = 20_000
"""Statements up to which triangles are looked for."""


def write(program: Program) -> str:
    """Return the program as text."""
    return "\n".join(listed(program)[1])


def listed(program: Program) -> tuple[Writer, list[str]]:
    """Return a program's writer and its lines: with triangles as loops, where these are fewer."""
    count = len(program.statements)
    looks_up = any(op is ENTRY for op, _ in program.graph.rows)
    rounds = [s for s in blocks(program) if isinstance(s, Rounds)]
    known = looks_up or program.scattered or any(s.is_narrow for s in rounds)
    if count <= LONGEST and not known:
        short = apart(nested(program))
        gathered, left = [sum(bool(s.note) for s in x.statements) for x in (program, short)]
        most = length(program) + TABLE * min(gathered - left, FEW)
        found = repeats([read(s) for s in short.statements])
        if len(short.statements) - sum((x.count - 1) * x.period for x in found) <= SHORTER * most:
            try:
                writer, lines = written(short, NestWriter, found)
            except UnevenError:
                return written(program)
            if len(lines) <= most:
                return writer, lines
    return written(program)


@dataclass
class Open:
    """A loop whose body is printed; its variable is ``begin`` at first, and goes up (1) or down (-1)."""

    name: str
    count: int
    begin: int = 0
    way: int = 1

    def head(self, w: NestWriter) -> str:
        """Return the line that begins the loop."""
        low, high = self.begin, self.begin + (self.count - 1) * self.way
        if self.way < 0:
            low, high = high, low
        start = f"{w.whole(low)}, " if low or isinstance(low, Moving) else ""
        steps = f"range({start}{w.whole(high + 1)})"
        return f"for {self.name} in {steps if self.way > 0 else f'reversed({steps})'}:"


@dataclass
class Rows:
    """Where results stand a row for each round: so many rows of a width, so many addresses apart."""

    base: int
    count: int
    step: int
    width: int

    def has(self, address: int) -> bool:
        """Tell whether an address is in one of the rows."""
        row, column = divmod(address - self.base, self.step)
        return 0 <= row < self.count and column < self.width

    def region(self, name: str) -> Region:
        """Return the array."""
        if self.width == 1:
            return Region(name, self.base, (self.count,), (self.step,))
        return Region(name, self.base, (self.count, self.width), (self.step, 1))


class NestWriter(Writer):
    """Expressions for the statements of a program in whose loops any number may move.

    Attributes
    ----------
    opened : list of Open
        The loops whose body is printed, outermost first.
    points : array (rounds, loops)
        The number of the round of each, for all rounds of all of them.
    middle : array (loops,)
        A round in which no slice is short.
    made : dict
        The array of which a statement, by its number, is the first to write something.
    loose : bool
        Whether operands may be views by strides.
    """

    dots = True

    def _plan(self) -> None:
        self.opened: list[Open] = []
        self.points = np.zeros((1, 0), np.int64)
        self.middle: Any = self.points[0]
        self.loose = False
        names = [x for x in "ijkl" if x not in self.regions.names]
        self.variables = names if len(names) > 2 else [self.regions.fresh(f"round_{k}") for k in range(4)]
        self.regions.names.update(self.variables)
        self.made: dict[int, Region] = {}
        self.runs: dict[int, list[int]] = {}
        for k, n, step in views_of_results(self.program):
            if step == 1:
                self.runs.setdefault(k, []).extend([int(n), int(n) - 1][: 1 + isinstance(n, Slanted)])
        statements, at = self.program.statements, places(self.program)
        starts = {low: i for i, (low, _) in enumerate(at)}
        rows = [x for grid in self.program.grids for x in self._kinds_of_rows(*grid, at)]
        for loop in self.loops:
            for i in range(loop.start, loop.start + loop.period):
                if at[i][0] not in self.regions.at and not any(x.has(at[i][0]) for x in rows):
                    rows.append(self._rows([at[k] for k in range(i, loop.end, loop.period)], starts, i))
        for i, (low, high) in enumerate(at):
            if low not in self.regions.at:
                mine = next((x for x in rows if x.has(low)), None)
                name = self.regions.fresh(self._name(statements[i], alone=mine is None))
                region = mine.region(name) if mine is not None else self._alone(i, low, high, name)
                self.made[i] = self.regions.add(region)
            if high not in self.regions.at:
                raise UnevenError

    def _kinds_of_rows(
        self, base: int, count: int, columns: int, at: list[tuple[int, int]]
    ) -> Iterator[Rows]:
        """Yield where results in a grid stand: of rows that take turns, each kind by itself."""
        steps = [
            abs(at[i + loop.period][0] - at[i][0]) // columns
            for loop in self.loops for i in range(loop.start, loop.start + loop.period)
            if base <= at[i][0] < base + count * columns
        ]  # fmt: skip
        kinds = math.gcd(*steps) or 1
        places = np.sort(self.program.address[self.program.address >= base])
        row, column = np.divmod(places[places < base + count * columns] - base, columns)
        for kind in range(kinds):
            mine = row % kinds == kind
            if mine.any():
                first, low, high = row[mine].min(), column[mine].min(), column[mine].max()
                most = (row[mine].max() - first) // kinds + 1
                yield Rows(int(base + first * columns + low), int(most), kinds * columns, int(high - low) + 1)

    def _rows(self, at: list[tuple[int, int]], starts: dict[int, int], i: int) -> Rows:
        """Return where a loop's statement writes, and what goes on with that before and after the loop."""
        (first, _), (last, _), step = at[0], at[-1], at[1][0] - at[0][0]
        width = 1 + max(high - low for low, high in at)
        if width > abs(step):
            raise UnevenError
        while self._goes_on(starts.get(first - step), i):
            first -= step
        while self._goes_on(starts.get(last + step), i):
            last += step
        return Rows(min(first, last), abs((last - first) // step) + 1, abs(step), width)

    def _goes_on(self, k: int | None, i: int) -> bool:
        """Tell whether a statement computes something like another one."""
        if k is None:
            return False
        other, s = [self.program.statements[x] for x in (k, i)]
        low = int(self.program.address[other.nodes].min())
        alike = other.op is s.op and other.extremum == s.extremum and other.lane == s.lane
        free = low not in self.regions.at and low not in self.outputs
        return alike and free and len(other.nodes) <= len(s.nodes)

    def _alone(self, i: int, low: int, high: int, name: str) -> Region:
        """Return an array for the results of one statement."""
        s = self.program.statements[i]
        result, sizes = (s.result, s.sizes) if s.op is not None else (s.parts[0].result, s.parts[0].sizes)
        if high - low >= len(s.nodes):  # which have gaps
            axes = [(t, int(n)) for n, t in zip(sizes, result.strides, strict=True) if t and n > 1]
            axes.sort(reverse=True)
            return Region(name, low, tuple([n for _, n in axes]), tuple([t for t, _ in axes]))
        runs = self.runs.get(i, [])  # of which each is whole rows, or less than one
        rows = {c for c in self.cuts.get(i, set()) if all(n <= c or n % c == 0 for n in runs)}
        shape = shape_of(len(s.nodes), rows)
        return Region(name, low, shape, strides_of(shape))

    # Lines.

    def _lines(self, first: int, end: int) -> list[str]:
        return [line for block in self._fused(range(first, end), self.program.statements[first:end])
                for line in (*block.declared, *block.text())]  # fmt: skip

    def _fused(self, numbers: Sequence[int], statements: Sequence[Statement]) -> list[Block]:
        """Return the lines of statements."""
        found: list[Block] = []
        for i, s in zip(numbers, statements, strict=True):
            made = self._blocks(s)
            region = self.made.get(i)
            if region is not None and (made[0].heads or not made[0].lines[0].startswith(f"{region.name} = ")):
                sizes = [*map(str, region.shape), *([self.wide] if region.lane else [])]
                shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
                made[0].declared.append(f"{region.name} = empty({shape})")
            found += made
        return fused(found)

    def _body(self, first: int, end: int, period: int) -> list[str]:
        statements = self.program.statements
        moving = []
        for i in range(first, first + period):
            (kind, numbers), (other, following) = read(statements[i]), read(statements[i + period])
            if kind != other:
                raise UnevenError
            pairs = zip(numbers, following, strict=True)
            moving.append(replaced(statements[i], [x if x == y else Moving(x, y - x) for x, y in pairs]))
        count = (end - first) // period
        self.opened, self.points = [Open(self.variables[0], count)], np.arange(count)[:, None]
        found: list[Block] = []
        try:
            for _ in range(2):  # once to see which numbers move
                self.moved = []
                found = self._fused(range(first, first + period), moving)
                self._begin(0, 0)
            head = self.opened[0].head(self)
        finally:
            self.opened, self.points = [], np.zeros((1, 0), np.int64)
        if any(i in self.made for i in range(first + period, end)):
            raise UnevenError  # each round writes to another name
        declared = [line for block in found for line in block.declared]
        return [*declared, head, *(f"    {line}" for block in found for line in block.text())]

    def _blocks(self, s: Statement) -> list[Block]:
        """Return the lines of a statement, in loops where its slices move."""
        if s.op is not None or s.starts is not None:
            return [self._block(s)]
        groups: dict[Any, list[Part]] = {}
        for part in s.parts:
            loops = zip(part.sizes, part.result.strides, strict=True)
            moves = [(_told(n), t) for n, t in loops if t and is_loop(n)]
            groups.setdefault((int(part.result.base), *moves), []).append(part)
        if s.extremum and len(groups) > 1:
            raise UnevenError
        made: list[Block] = []
        there: set[int] = set()
        for parts in groups.values():
            places = set(parts[0].result.expand(parts[0].sizes).flat) if len(groups) > 1 else set()
            known = places & there
            if known and known != places:
                raise UnevenError
            there |= places
            made += self._sum(s, parts, "+" * bool(known))
        return made

    def _sum(self, s: Statement, parts: list[Part], sign: str) -> Iterator[Block]:
        """Yield the lines of parts of a sum that are for the same results."""
        inside = [any(not p.result.strides[k] for k in needed(p.sizes)) for p in parts]
        together = [p for p, x in zip(parts, inside, strict=True) if not x]
        alone = [p for p, x in zip(parts, inside, strict=True) if x]
        if s.extremum and alone:
            raise UnevenError
        if not together and not sign:
            sizes, result = parts[0].sizes, parts[0].result
            out = [k for k in range(len(sizes)) if result.strides[k]]
            place = replace(result, strides=tuple([result.strides[k] for k in out]))
            together = [Part(tuple([sizes[k] for k in out]), place, 0.0, None, None)]
        together = [p for p in together if p.a is not None or p.coef != 0.0] or together[:1]
        if together:
            yield self._block(replace(s, parts=together), sign)
        for p in alone:
            yield self._block(replace(s, parts=[p]), "+")

    def _block(self, s: Statement, sign: str = "") -> Block:
        """Return the line of a statement, in as few loops as its operands can be read in."""
        pieces = _pieces(s)
        sizes, (result, *_) = pieces[0]
        least = set().union(*(needed(each) for each, _ in pieces))
        ways = [least]
        for k in range(len(sizes)):
            if is_loop(sizes[k]) and k not in least and (len(pieces) == 1 or result.strides[k]):
                ways.append(ways[-1] | {k})
        points, opened, moved, tables = self.points, len(self.opened), len(self.moved), len(self.constants)
        for self.loose in (False, True):
            for way in ways:
                summed = any(not result.strides[k] for k in way) if result.strides else bool(way)
                if (summed and (s.extremum or not sign)) or (s.starts is not None and way):
                    continue
                try:
                    return self._in_loops(s, sorted(way), sign)
                except UnevenError:
                    del self.moved[moved:]
                    self.forget(tables)
                finally:
                    del self.opened[opened:]
                    self.points = points
        raise UnevenError

    def _in_loops(self, s: Statement, way: list[int], sign: str) -> Block:
        """Return the line of a statement within some of its loops."""
        outside = len(self.opened)
        pieces = _pieces(s)
        sizes, (result, *_) = pieces[0]
        for each, (place, *_) in pieces:
            if any(_told(each[k]) != _told(sizes[k]) or place.strides[k] != result.strides[k] for k in way):
                raise UnevenError
        for k in way:
            self._open(*self._grows(sizes[k], way, outside))
        self._find_middle([self._grows(n, way, outside) for each, _ in pieces
                           for k, n in enumerate(each) if k not in way and is_loop(n)])  # fmt: skip
        found = []
        for each, refs in pieces:
            left = [k for k in range(len(each)) if k not in way]
            inner = tuple([self._number(*self._grows(each[k], way, outside)) for k in left])
            found.append((inner, [self._peeled(r, each, way, left, outside) for r in refs]))
        if s.op is not None:
            inner, (result, *operands) = found[0]
            made = replace(s, sizes=inner, result=result, operands=operands)
        else:
            pairs = zip(s.parts, found, strict=True)
            parts = [Part(n, to, coef, a, b, p.over) for p, (n, (to, coef, a, b)) in pairs]
            made = replace(s, parts=parts)
            if s.starts is not None:
                made.result = self._peeled(s.result, (), [], [], outside)
        heads, line = [""], ""
        for _ in range(2):  # once to see which numbers move
            moved = len(self.moved)
            line = self._text(made, sign)
            for k in range(outside, len(self.opened)):
                self._begin(k, moved)
            heads = [loop.head(self) for loop in self.opened[outside:]]
        return Block(heads, [line])

    def _text(self, s: Statement, sign: str) -> str:
        """Return the line of a statement of which only the innermost loops are left."""
        shape: tuple[int, ...] = (len(s.nodes),)
        place = replace(s.result, strides=(1,))
        if s.starts is None:
            shape, (place, *_) = self.refined(*_pieces(s)[0])
        found = self.named(place, shape) if place.table is None else None
        if found is None:
            raise UnevenError
        axes, text = found
        value = self._value(s, axes)
        if sign and value.startswith("-") and not _is_sum(value):
            sign, value = "-", value[1:]
        whole = text.endswith(")") or (text.isidentifier() and bool(axes) and not self._fills(s))
        return f"{text}{'[...]' if whole else ''} {sign}= {value}"

    def _fills(self, s: Statement) -> bool:
        """Tell whether what is computed has all axes of the result."""
        if s.starts is not None:
            return True
        count, along = 0, set()
        for sizes, (result, *refs) in _pieces(s):
            order = [k for k, n in enumerate(sizes) if n > 1 and result.strides[k]]
            along |= {order.index(k) for k in order if self._covers(refs, sizes, [k], False)}
            count = len(order)
        lanes = any(isinstance(r, Ref) and r.lane for _, (_, *refs) in _pieces(s) for r in refs)
        return len(along) == count and (lanes or not s.lane)

    def copied(self, targets: Any, origins: Any) -> list[str]:
        """Return lines that copy from addresses to addresses, triangles in loops."""
        lines: list[str] = []
        regions = [np.array([id(self.regions.find(a)) for a in x.tolist()]) for x in (targets, origins)]
        for own in dict.fromkeys(zip(*map(np.ndarray.tolist, regions), strict=True)):
            which = np.flatnonzero((regions[0] == own[0]) & (regions[1] == own[1]))
            columns = np.stack([targets[which], origins[which]])
            found = None if nest(columns) is not None else slanted(columns)
            if found is None or len(needed(found[0])) > 1 or columns.max() >= LANES:
                self.loose = True
                lines += copied(self, targets[which], origins[which], SLICES)
                continue
            sizes, (to, of) = found
            target = Ref(int(columns[0, 0]), tuple(to.tolist()))
            origin = Ref(int(columns[1, 0]), tuple(of.tolist()))
            s = Statement(np.zeros(0, np.int64), False, [Part(sizes, target, 1.0, origin, None)])
            lines += [line for block in self._blocks(s) for line in block.text()]
        return lines

    # Loops.

    def _open(self, first: int, steps: Sequence[int]) -> None:
        """Enter a loop of a size."""
        counts = values(first, steps, self.points)
        if len(self.opened) == len(self.variables) or counts.min() < 1 or counts.sum() > MOST:
            raise UnevenError
        rows = np.repeat(np.arange(len(counts)), counts)
        inner = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.points = np.column_stack([self.points[rows], inner])
        self.opened.append(Open(self.variables[len(self.opened)], grown(first, first, steps)))

    @staticmethod
    def _grows(x: int, way: list[int], outside: int) -> tuple[int, list[int]]:
        """Return a number in the first round of all loops, and how much it grows along each.

        Those outside of the statement, of which rounds are the first, and then those of its own ``way``.
        """
        steps = [0] * (outside + len(way))
        if not isinstance(x, Slanted):
            if isinstance(x, Moving):
                steps[0] = x.step
            return int(x), steps
        if isinstance(x.first, Moving):
            steps[0] = x.first.step
        for k, step in enumerate(x.steps):
            if isinstance(step, Moving) or (step and k not in way):
                raise UnevenError
            if step:
                steps[outside + way.index(k)] = step
        return int(x.first), steps

    def _find_middle(self, sizes: list[tuple[int, list[int]]]) -> None:
        """Find a round in which all loops of some sizes have more rounds than one."""
        least = np.full(len(self.points), 2)
        for first, steps in sizes:
            least = np.minimum(least, values(first, steps, self.points))
        if least.max() < 2 or least.min() < 1:
            raise UnevenError
        self.middle = self.points[int(least.argmax())]

    def _number(self, first: int, steps: Sequence[int]) -> int:
        """Return a number that grows along the loops that are open."""
        return grown(int(values(first, steps, self.middle[None])[0]), first, steps)

    def _peeled(self, r: Any, sizes: tuple[int, ...], way: list[int], left: list[int], outside: int) -> Any:
        """Return an operand within some of its loops."""
        if not isinstance(r, Ref):
            return r
        first, steps = self._grows(r.base, way, outside)
        table = r.table
        if table is not None:
            if table.ndim and any(
                table.shape[k] > 1 for k in range(table.ndim) if k in way or _told(sizes[k]) != sizes[k]
            ):
                raise UnevenError
            table = table.reshape([table.shape[k] for k in left] if table.ndim else [])
            if r.addresses is None:
                return replace(r, constants=table)
            return replace(r, base=self._number(first, steps) if any(steps) else r.base, addresses=table)
        if any(isinstance(t, Moving) for t in r.strides):
            raise UnevenError
        for j, k in enumerate(way):
            steps[outside + j] += r.strides[k] if r.strides else 0
        return replace(
            r, base=self._number(first, steps), strides=tuple([r.strides[k] for k in left if r.strides])
        )

    def _begin(self, k: int, since: int) -> None:
        """Let a loop's variable be the first number that moves by one along it, and along none inside."""
        for x in self.moved[since:]:
            if isinstance(x, Growing) and x.steps[k : k + 1] in ((1,), (-1,)) and not any(x.steps[k + 1 :]):
                self.opened[k].begin = grown(x.first, x.first, x.steps[:k])
                self.opened[k].way = x.steps[k]
                return

    # Numbers.

    def whole(self, x: int) -> str:
        """Return the text of a whole number; of one that grows, as an expression of the loops' variables."""
        if not isinstance(x, Growing):
            return super().whole(x)
        self.moved.append(x)
        rest, steps = x.first, list(x.steps)
        terms: list[tuple[int, str]] = []
        for k in reversed(range(len(steps))):
            loop = self.opened[k]
            factor = steps[k] * loop.way
            if factor:
                terms.insert(0, (factor, loop.name if abs(factor) == 1 else f"{abs(factor)} * {loop.name}"))
                rest -= factor * first_of(loop.begin)
                for j, step in enumerate(getattr(loop.begin, "steps", ())):
                    steps[j] -= factor * step
        terms.sort(key=lambda term: term[0] < 0)
        if rest:
            terms.insert(0 if not terms or terms[0][0] < 0 else len(terms), (rest, str(abs(rest))))
        text = ""
        for factor, term in terms:
            sign = "-" if factor < 0 else "+"
            text = f"{text} {sign} {term}" if text else f"-{term}" if factor < 0 else term
        return text or "0"

    def _ends(self, x: int) -> tuple[int, int]:
        if not isinstance(x, Growing):
            return int(x), int(x)
        found = values(x.first, x.steps, self.points)
        return int(found.min()), int(found.max())

    def place(self, region: Region, address: int) -> tuple[int, ...] | None:
        """Return the index of an address in an array, in all rounds; None if it is not in the array."""
        if not isinstance(address, Growing):
            return region.place(int(address))
        at = values(address.first, address.steps, self.points)
        index = region.places(at)
        again = region.base + sum([i * t for i, t in zip(index, region.strides, strict=True)])
        inside = [((i >= 0) & (i < n)).all() for i, n in zip(index, region.shape, strict=True)]
        if (again != at).any() or not all(inside):
            return None
        return tuple([self._number(*fitted(i, self.points)) for i in index])

    def slice_of(self, first: int, last: int, step: int, n: int) -> str:
        """Return the text of a slice of an axis of n, from one index to and including another."""
        if not isinstance(first, Growing) and not isinstance(last, Growing):
            return super().slice_of(first, last, step, n)
        if step < 0 and self._ends(last)[0] + step < 0:  # whose end is no number
            if step == -1:
                return f"{self.slice_of(last, first, 1, n)}][::-1"
            raise UnevenError
        begin = self.whole(first) if first or isinstance(first, Growing) or step < 0 else ""
        after = last + (1 if step > 0 else -1)
        end = self.whole(after) if isinstance(last, Growing) or step < 0 or last + step < n else ""
        return f"{begin}:{end}" + (f":{step}" if step != 1 else "")

    # Operands.

    def named(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str] | None:
        """Return the axes of a slice of an array, and its text; None where it is none."""
        if int(ref.base) not in self.regions.at:
            return None
        return self._whole_array(ref, sizes) if isinstance(ref.base, Growing) else super().named(ref, sizes)

    def _reshaped(self, region: Region, start: Any, sizes: Any, ref: Ref) -> Any:
        moves = any(isinstance(x, Moving) for x in sizes)
        return None if moves else super()._reshaped(region, start, sizes, ref)

    def _inner(self, n: int, strides: list[int], refs: list[Any]) -> int:
        return 0 if isinstance(n, Moving) else super()._inner(n, strides, refs)

    def operand(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[str, list[int], bool]:
        """Return text, loops in the order of the text's axes, and whether there is an axis of lanes."""
        table = ref.table
        if table is not None:
            if not isinstance(ref.base, Moving):
                return super().operand(ref, sizes)
            loops = [k for k, n in enumerate(table.shape) if n > 1]
            return self.scattered(table.squeeze(), ref.base, ref.lane), loops, ref.lane
        moving = [k for k, (n, s) in enumerate(zip(sizes, ref.strides, strict=True)) if s and n > 1]
        if not self.opened:
            found = self._diagonal(ref, sizes, moving) or super().operand(ref, sizes)
            if found[0].startswith("view(") and not self.loose:
                raise UnevenError
            return found
        strides = {abs(ref.strides[k]): k for k in moving}
        named = self.named(ref, sizes) if len(strides) == len(moving) else None
        if named is None and not self.loose:
            raise UnevenError
        axes, text = named or self._strided(ref, sizes)
        return text, [strides[s] for s, _ in axes] if named else moving, ref.lane

    def _diagonal(
        self, ref: Ref, sizes: tuple[int, ...], moving: list[int]
    ) -> tuple[str, list[int], bool] | None:
        """Return a diagonal of a matrix; None if it is none."""
        region = self.regions.at.get(int(ref.base))
        if len(moving) != 1 or region is None or len(region.shape) != 2 or region.lane:
            return None
        last, stride = min(region.shape) - 1, ref.strides[moving[0]]
        ends = [(0, 0), (last, last)][:: 1 if stride > 0 else -1]
        if last != sizes[moving[0]] - 1 or abs(stride) != sum(region.strides):
            return None
        if [region.place(ref.base + k * stride) for k in (0, last)] != ends:
            return None
        return f"{region.name}.diagonal(){'[::-1]' * (stride < 0)}", moving, False


def is_loop(n: int) -> bool:
    """Tell whether a loop has more rounds than one, or may have."""
    return n > 1 or isinstance(n, (Slanted, Moving))


def _told(n: int) -> Any:
    """Return what tells the size of a loop: a number, if it is one in all rounds."""
    if isinstance(n, Slanted):
        return _told(n.first), *map(_told, n.steps)
    return (int(n), n.step) if isinstance(n, Moving) else int(n)


def _pieces(s: Statement) -> list[tuple[tuple[int, ...], list[Any]]]:
    """Return the loops of each part of a statement, or of a row: with the result, and what is read."""
    return [(p.sizes, [p.result, p.coef, p.a, p.b]) for p in s.parts] or [(s.sizes, [s.result, *s.operands])]


def _is_sum(text: str) -> bool:
    """Tell whether a text has more terms than one."""
    tree = ast.parse(text, mode="eval").body
    return isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub))
