"""Print a program as a person would write it: NumPy expressions over arrays with the user's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from itertools import product as pairs_of
from typing import Any

import numpy as np

from autograd.compiler.backends.numpy.spelling import compares
from autograd.compiler.graph.ir import CONST, INPUT, LANE, PARAM
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.listing import lookups
from autograd.compiler.listing.assembly import evenly
from autograd.compiler.listing.copies import copied, filled
from autograd.compiler.listing.expressions import product, row_text, wrapped
from autograd.compiler.listing.names import (
    Region,
    cut_points,
    leaf_regions,
    shape_of,
    split_label,
)
from autograd.compiler.listing.rounds import Family, families
from autograd.compiler.listing.views import Views, loops_over, number
from autograd.compiler.roll.affine import strides_of
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import (
    FEWEST,
    Loop,
    Moving,
    UnevenError,
    loops,
    places,
    read,
    replaced,
    weighted,
)
from autograd.op import CUSTOM, Op

__all__ = ["Writer", "written"]


APART = [*sorted(pairs_of(range(3), repeat=2), key=sum), *[(k, d) for k in range(3, 11) for d in range(3)]]
"""How many of the first and of the last rounds of a loop may be written out: what they read may be older."""
FEW_TERMS = 4
"""So many terms are written out where an array of them has no name."""
FEW_ARRAYS = 4
"""So many arrays are written to in one line."""
FEW_OUTPUTS = 8
"""So many results are listed one by one."""


def written(
    program: Program,
    make: Callable[[Program, list[Loop]], Any] | None = None,
    found: list[Loop] | None = None,
) -> tuple[Any, list[str]]:
    """Return the program's lines, repeats as loops, and the writer, which knows what the names mean.

    ``make`` makes another writer than `Writer`, for other loops than those that `repeats.loops` finds.
    """
    found = loops(program) if found is None else found
    while True:
        writer = (make or Writer)(program, found)
        lines, uneven = writer.lines()
        if not uneven:
            return writer, lines
        # The rounds differ in more than numbers: once more, with names of their own for their results.
        found = [loop for loop in found if loop not in uneven]


@dataclass
class Target:
    """Where a statement writes.

    Attributes
    ----------
    region
        The array; None where the result is part of arrays that are there already, such as a gradient.
    axes
        The (stride, size) of each of its axes.
    family
        That of which the array holds all results, if there is one.
    declared
        The line that makes the array, if it is made empty.
    """

    region: Region | None
    axes: list[tuple[int, int]]
    family: Family | None = None
    declared: list[str] = field(default_factory=list)


class Writer(Views):
    """Expressions for the statements of a program.

    Attributes
    ----------
    leaves : list of Region
        Those of the parameters, of their gradients, and of the data.
    tables : dict
        From the names of arrays of constants to those of the tables that they are.
    few : int
        Products of a vector and a matrix of at most so many numbers are elementwise ones, summed.
    """

    few = 0

    def __init__(self, program: Program, found: list[Loop]) -> None:
        super().__init__(program)
        self.loops = found
        graph, address = program.graph, program.address
        self.scale = int(address[graph.scale]) if graph.scale >= 0 else -1
        self.count_at = int(address[graph.lanes]) if graph.lanes >= 0 else -1
        for kind, prefix in ((PARAM, "theta"), (INPUT, "c"), (LANE, "x")):
            nodes = [
                n for n in np.flatnonzero(graph.kind == kind).tolist() if n not in (graph.scale, graph.lanes)
            ]
            leaf_regions(self.regions, [(int(address[n]), graph.labels.get(n, "")) for n in nodes], prefix)
        for at, name in ((self.scale, "1 / N"), (self.count_at, "N")):
            if at >= 0:
                self.regions.add(Region(name, at, (), ()))
        for region in [r for r in self.regions.list if r.base < program.parameters]:
            self.regions.add(
                Region(
                    self.regions.fresh(f"d_{region.name}"),
                    region.base + program.parameters,
                    region.shape,
                    region.strides,
                )
            )
        self.leaves = list(self.regions.list)
        self.tables: dict[str, str] = {}
        for base, shape in program.tables:
            numbers = program.constants[len(program.constants) - program.shared + base :]
            table = self._table("const", numbers[: np.prod(shape, dtype=int)].reshape(shape))
            region = self.regions.add(Region(self.name_of(table), base, shape, strides_of(shape)))
            self.tables[region.name] = table
        self.cuts = cut_points(program, self.loops)
        self.outputs = {int(address[n]) for n in graph.outputs.tolist() if graph.kind[n] != CONST}
        self.counter = 0
        own = dict.fromkeys(
            s.op for s, _ in weighted(program) if s.op is not None and CUSTOM.get(s.op.name) is not None
        )
        self.called = {
            op: self.regions.fresh(op.name) for op in own
        }  # two custom operations may bear one name
        self.everything = self.regions.fresh("theta")
        self.output = self.regions.fresh("output") if len(graph.outputs) > 1 else ""
        self.masks: set[str] = set()
        self._plan()

    def _plan(self) -> None:
        """Give names to results, and to the loop's variable."""
        self.families = families(self.program, self.loops, self.cuts, self.regions.at, self.outputs)
        self.targets = [self._planned(i, low) for i, (low, _) in enumerate(places(self.program))]
        self.variable = next(
            (x for x in ("t", "k", "i") if x not in self.regions.names), None
        ) or self.regions.fresh("round_number")

    def lines(self) -> tuple[list[str], list[Loop]]:
        """Return the lines, and the loops that cannot be written as such."""
        out: list[str] = []
        uneven: list[Loop] = []
        done = 0
        for loop in self.loops:
            out += self._lines(done, loop.start)
            done = loop.start
            # The first or the last rounds may read what has a name of its own.
            for skip, drop in APART:
                first, end = loop.start + skip * loop.period, loop.end - drop * loop.period
                if (end - first) // loop.period < FEWEST:
                    continue
                before, tables = self._lines(done, first), len(self.constants)
                try:
                    body = self._body(first, end, loop.period)
                except UnevenError:
                    self.forget(tables)
                    continue
                out += before + body
                done = end
                break
            else:
                uneven.append(loop)
        return out + self._lines(done, len(self.program.statements)) + self._ending(), uneven

    def _lines(self, first: int, end: int) -> list[str]:
        """Return the lines of statements one by one."""
        statements = self.program.statements
        return [
            line
            for i in range(first, end)
            for line in (*self.targets[i].declared, self._line(i, statements[i]))
        ]

    def _body(self, first: int, end: int, period: int) -> list[str]:
        """Return the lines of a loop: its first round's, with numbers that move from round to round."""
        statements = self.program.statements
        moving = [_moving(statements[i], statements[i + period]) for i in range(first, first + period)]
        self.rounds, self.moved, self.begin, self.way = (end - first) // period, [], 0, 1
        found: list[str] = []
        try:
            # Once to see which numbers move: the first that moves by one is to be the variable itself.
            for _ in range(2):
                found = [self._line(first + k, s, period) for k, s in enumerate(moving)]
                steady = next((x for x in self.moved if abs(x.step) == 1), None)
                self.begin, self.way = (0, 1) if steady is None else (int(steady), steady.step)
            low, high = sorted((self.begin, self.begin + self.way * (self.rounds - 1)))
        finally:
            self.rounds = 1
        steps = f"range({low}, {high + 1})" if low else f"range({high + 1})"
        return [
            *(line for i in range(first, end) for line in self.targets[i].declared),
            f"for {self.variable} in {steps if self.way > 0 else f'reversed({steps})'}:",
            *(f"    {line}" for line in found),
        ]

    def _line(self, i: int, s: Statement, period: int = 0) -> str:
        """Return the line of a statement; in a loop, of one whose numbers move, with the period."""
        target = self.targets[i]
        if target.region is None:
            text, axes = self._pinned(s)
            return f"{text} = {self._value(s, axes)}"
        text = target.region.name
        if target.family is not None:
            k = target.family.index(i)
            text += f"[{self.whole(Moving(k, target.family.index(i + period) - k) if period else k)}]"
        elif period:
            raise UnevenError  # each round writes to another name
        return f"{text} = {self._value(s, target.axes)}"

    def is_scale(self, ref: Ref) -> bool:
        """Tell whether an operand is one over the number of examples."""
        if ref.table is not None or self.scale < 0 or int(ref.base) != self.scale:
            return False
        if isinstance(ref.base, Moving):
            raise UnevenError
        return True

    def _ending(self) -> list[str]:
        """Return the lines that copy gradients and results to their places."""
        graph, address = self.program.graph, self.program.address
        origins, targets = self.program.copies
        lines = [*self.copied(targets, origins), *self.added()]
        outputs = graph.outputs
        fixed = graph.kind[outputs] == CONST
        values = graph.value[outputs]
        if len(outputs) == 1:
            name = self._output(0)
            if fixed[0]:
                return [*lines, f"{name} = {float(values[0])!r}"]
            made = self._scalar(int(address[outputs[0]]))
            return lines if made == name else [*lines, f"{name} = {made}"]
        if len(outputs) <= FEW_OUTPUTS:
            texts = [
                number(x) if known else self._scalar(int(address[n]))
                for n, known, x in zip(outputs.tolist(), fixed.tolist(), values.tolist(), strict=True)
            ]
            return [*lines, f"{self.output} = [{', '.join(texts)}]"]
        # All results, one after the other; zeros are the ground on which the others stand.
        base = -len(outputs) - LANES * int((address[outputs[~fixed]] >= LANES).any())
        region = self.regions.add(Region(self.output, base, (len(outputs),), (1,)))
        places = region.base + np.arange(len(outputs))
        zero = fixed & (values == 0.0)
        found = self.copied(places[~fixed], address[outputs[~fixed]])
        if not (len(found) == 1 and found[0].startswith(f"{self.output} = ")):  # not all at once
            size = f"({len(outputs)}, {self.wide})" if region.lane else len(outputs)
            lines.append(f"{self.output} = {'zeros' if zero.any() else 'empty'}({size})")
        lines += found
        for x in np.unique(values[fixed & ~zero]).tolist():
            lines += filled(self, places[fixed & (values == x)], number(x))
        return lines

    def copied(self, targets: Any, origins: Any) -> list[str]:
        """Return lines that copy from addresses to addresses."""
        return copied(self, targets, origins)

    def _output(self, k: int) -> str:
        """Return the name of a result that is computed by itself."""
        if self.program.graph.forward >= 0:
            return "loss"
        return "output" if len(self.program.graph.outputs) == 1 else f"output{k}"

    def _scalar(self, address: int) -> str:
        """Return the text of one number."""
        region = self.regions.find(address)
        index = region.place(address)
        return region.name + (f"[{', '.join(map(str, index))}]" if index else "")

    # Names of results.

    def _planned(self, i: int, base: int) -> Target:
        """Return where a statement writes: a new array, with its name, unless it is there already."""
        family = self.families.get(i)
        if family is None and base in self.regions.at:
            return Target(None, [])
        if family is not None and family.target is not None:
            known: Target = family.target
            return known
        s = self.program.statements[i]
        shape = shape_of(len(s.nodes), self.cuts.get(i, set()) if family is None else family.cuts)
        strides = strides_of(shape)
        places = self.program.address[s.nodes]
        if int(np.ptp(places)) >= len(places):  # what others compute stands between
            result, over = (s.result, s.sizes) if s.op is not None else (s.parts[0].result, s.parts[0].sizes)
            pairs = zip(result.strides, over, strict=True)
            strides, shape = zip(*sorted([(abs(t), n) for t, n in pairs if t and n > 1])[::-1], strict=True)
        axes = list(zip(strides, shape, strict=True))
        name = self.regions.fresh(self._name(s))
        if s.op is not None and compares(s.op, s.params):
            self.masks.add(name)
        if family is None:
            return Target(self.regions.add(Region(name, base, shape, strides)), axes)
        region = self.regions.add(family.enter(name, shape, strides))
        sizes = [*map(str, region.shape), *([self.wide] if region.lane else [])]
        made = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
        family.target = Target(region, axes, family)
        return Target(region, axes, family, [f"{name} = empty({made})"])

    def _pinned(self, s: Statement) -> tuple[str, list[tuple[int, int]]]:
        """Return the text and the axes of a result that is part of arrays which are there."""
        result = s.result if s.op is not None else s.parts[0].result
        sizes = s.sizes if s.op is not None else s.parts[0].sizes
        places = self.program.address[s.nodes]
        base = int(places.min())
        if isinstance(result.base, Moving):
            base = Moving(base, result.base.step)
        else:
            region = self.regions.find(base)
            whole = Ref(region.base, region.strides).expand(region.shape).ravel()
            if np.array_equal(np.sort(places), np.sort(whole)):
                return region.name, list(zip(region.strides, region.shape, strict=True))
        place = Ref(base, tuple(abs(x) for x in result.strides))
        found = self.named(place, sizes)
        if found is not None:
            axes, text = found
        else:  # of several arrays
            axes, text = self._several(s, place, sizes)
            if text:
                return text, axes
            shape, strides = tuple(n for _, n in axes), tuple(s for s, _ in axes)
            start = self.whole(base - self.program.parameters)
            text = f"view(gradient, {start}, {shape}, {strides})"
        return f"{text}[...]" if text.endswith(")") else text, axes

    def _several(self, s: Statement, place: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        """Return the axes of a result in several arrays, and the text of these, if they are few."""
        axes = sorted(
            ((t, n) for t, n in zip(place.strides, sizes, strict=True) if t and n > 1), reverse=True
        )
        order = [k for k, (t, n) in enumerate(zip(place.strides, sizes, strict=True)) if t and n > 1]
        parts = (
            [s.operands] if s.op is not None else [[p.coef, p.a, p.b] for p in s.parts if p.sizes == sizes]
        )
        (step, count), *rest = axes
        if count > FEW_ARRAYS or not any(self._covers(refs, sizes, order, s.lane) for refs in parts):
            return axes, ""
        texts = []
        for k in range(count):
            found = self.named(
                Ref(place.base + k * step, tuple([t for t, _ in rest])), tuple([n for _, n in rest])
            )
            if found is None or found[0] != rest or found[1].endswith(")"):
                return axes, ""
            texts.append(found[1])
        return axes, ", ".join(texts)

    def _name(self, s: Statement, *, alone: bool = True) -> str:
        """Return a name for a result: its label, what it is the gradient of, or what computed it.

        ``alone`` tells whether nothing else has the name.
        """
        graph, address = self.program.graph, self.program.address
        node = int(s.nodes[0])
        if alone and int(address[node]) in self.outputs and len(s.nodes) == 1:
            return self._output(graph.outputs.tolist().index(node))
        label = graph.labels.get(node)
        if label:
            return split_label(label)[0]
        primal = int(graph.primal[node])
        if primal >= 0 and int(address[primal]) in self.regions.at:
            return f"d_{self.regions.find(int(address[primal])).name}"
        if (
            s.op is not None
            or s.extremum
            or (len(s.parts) == 1 and s.parts[0].b is None and s.parts[0].a is not None)
        ):
            refs = [
                r
                for r in (s.operands if s.op is not None else [s.parts[0].a])
                if r is not None and r.constants is None
            ]
            verb = s.extremum or ("sum" if s.op is None else s.op.noun or s.op.name)
            if refs:
                first = refs[0].base if refs[0].table is None else int(refs[0].table.flat[0])
                inner = self.regions.find(first).name
                if len(inner) < 16 and " " not in inner:
                    return f"{verb}_{inner}"
            self.counter += 1
            return f"{verb}{self.counter}"
        self.counter += 1
        forward = graph.forward < 0 or node < graph.forward
        return f"z{self.counter}" if forward else f"g{self.counter}"

    def _value(self, s: Statement, target: list[Any]) -> str:
        """Return the text of what a statement computes, with the axes of its target."""
        if s.op is not None:
            sizes, refs = self.refined(s.sizes, [s.result, *s.operands])
            order = loops_over(refs[0], sizes, target)
            if s.op is ENTRY:
                made = self.entries(refs[1], refs[2], sizes, s.params, order, lane=s.lane)
            else:
                made = self.row(s.op, s.params, [self.aligned(r, sizes, order, s.lane) for r in refs[1:]])
            return self._shaped(
                made,
                [sizes[i] for i in order],
                target,
                s.lane,
                self._covers(refs[1:], sizes, order, s.lane),
            )
        if s.starts is not None:
            part = s.parts[0]
            factors = [
                self.operand(r, part.sizes)[0] for r in (part.a, part.b, part.coef) if isinstance(r, Ref)
            ]
            factors += [] if isinstance(part.coef, Ref) or part.coef == 1.0 else [number(part.coef)]
            text = f"add.reduceat({' * '.join(factors)}, {self._table('index', s.starts)})"
            return self._shaped(text, [len(s.nodes)], target, s.lane, True)
        pieces = []
        for part in s.parts if s.extremum else chain.from_iterable(map(self._written_out, s.parts)):
            sizes, refs = self.refined(part.sizes, [part.result, part.coef, part.a, part.b])
            shown = Part(sizes, refs[0], refs[1], refs[2], refs[3], part.over)
            order = loops_over(shown.result, sizes, target)
            sign, text = self.product(shown, order, s.lane, s.extremum)
            full = self._covers(refs[1:], sizes, order, s.lane)
            pieces.append((sign, self._shaped(text, [sizes[i] for i in order], target, s.lane, full)))
        if s.extremum:
            # Of two at a time: a third argument would be where NumPy writes the result.
            return reduce(lambda a, b: f"{s.extremum}imum({a}, {b})", [text for _, text in pieces])
        pieces.sort(key=lambda p: (p[0] < 0, "@" not in p[1]))  # the matrix product first
        first = pieces[0][1]
        # NumPy negates no truth values, but subtracts them.
        minus = "0 - " if first.split(" ")[0].split("[")[0] in self.masks else "-"
        text = (minus if pieces[0][0] < 0 else "") + first
        for sign, piece in pieces[1:]:
            text += f" {'-' if sign < 0 else '+'} {piece}"
        return text

    def _written_out(self, part: Part) -> list[Part]:
        """Return a short sum over what lies in several arrays as its terms, each of arrays with names.

        Not a matrix product, which is easier to recognise as a whole.
        """
        kept = _moves(part.result, part.sizes)
        along = [kept & _moves(r, part.sizes) for r in (part.a, part.b, part.coef) if isinstance(r, Ref)]
        if any(x - y and y - x for x in along for y in along):
            return [part]
        for k, n in enumerate(part.sizes):
            if isinstance(n, Moving):
                continue
            if 1 < n <= FEW_TERMS and not (part.result.strides and part.result.strides[k]):
                terms = [_term(part, k, j) for j in range(n)]
                if not self._is_named(part) and all(map(self._is_named, terms)):
                    return terms
        return [part]

    def _is_named(self, part: Part) -> bool:
        """Tell whether the factors of a part are slices of arrays."""
        for r in (part.a, part.b):
            if r is None or r.constants is not None:
                continue
            steps = [abs(s) for s, n in zip(r.strides, part.sizes, strict=False) if s and n > 1]
            if r.addresses is not None or len(set(steps)) < len(steps):
                return False
            try:
                if self.named(r, part.sizes) is None:
                    return False
            except UnevenError:
                return False
        return True

    def name_of(self, table: str) -> str:
        """Return the name of the array of constants that a table is."""
        return table

    def row(self, op: Op, params: tuple[float, ...], texts: list[str]) -> str:
        """Return the text of a row applied to texts."""
        return row_text(op, params, texts, self.called.get(op, ""))

    def turned(self, text: str, count: int) -> str:  # noqa: ARG002
        """Return the text of the transpose of a matrix of so many numbers, to be multiplied by another."""
        return f"{text}.T"

    def entries(
        self, place: Ref, first: Ref, sizes: tuple[int, ...], params: Any, order: list[int], *, lane: bool
    ) -> str:
        """Return the text of entries of tables."""
        return lookups.entries(self, place, first, sizes, params, order, lane=lane)

    def added(self) -> list[str]:
        """Return the lines that add to the gradients of tables."""
        lines = lookups.emptied(self, self.program)
        return [*lines, *(lookups.scattered(self, s) for s in self.program.scattered)]

    def product(self, part: Part, order: list[int], lane: bool, extremum: str) -> tuple[float, str]:
        """Return the sign and the text of one part of a statement."""
        return product(self, part, order, lane, extremum)

    def _shaped(self, text: str, sizes: list[int], target: list[Any], lane: bool, full: bool) -> str:
        """Let a result of other axes than those of its array have these.

        ``full`` tells whether it runs along all of its axes already.
        """
        wanted = [n for _, n in target]
        if sizes == wanted or int(np.prod(sizes)) != int(np.prod(wanted)):
            return text
        ranked = sorted(range(len(target)), key=lambda k: -target[k][0])
        before, after = [
            ", ".join([*map(str, shape), *([self.wide] if lane else [])])
            for shape in (sizes, [wanted[k] for k in ranked])
        ]
        text = wrapped(text) if full else f"broadcast_to({text}, ({before}))"
        text = f"{text}.reshape({after})"
        if ranked == sorted(ranked):
            return text
        axes = [str(ranked.index(k)) for k in range(len(target))] + ([str(len(target))] if lane else [])
        return f"{text}.transpose({', '.join(axes)})"

    @staticmethod
    def _covers(refs: Iterable[Any], sizes: tuple[int, ...], order: list[int], lane: bool) -> bool:
        """Tell whether operands together run along some loops, and along the lanes if there are any."""
        along: set[int] = set()
        lanes = False
        for r in refs:
            if isinstance(r, Ref):
                along |= _moves(r, sizes)
                lanes |= r.lane
        return along.issuperset(order) and (lanes or not lane)


def _moves(r: Ref, sizes: tuple[int, ...]) -> set[int]:
    """Return the loops along which an operand moves."""
    steps = r.strides if r.table is None else [n - 1 for n in r.table.shape]
    return {k for k, (s, n) in enumerate(zip(steps, sizes, strict=False)) if s and n > 1}


def _term(part: Part, axis: int, j: int) -> Part:
    """Return what a part adds in one round of one of its loops."""

    def less(x: Any) -> Any:
        """Return an operand without the loop."""
        if not isinstance(x, Ref):
            return x
        if x.table is None:
            move, steps = (
                (x.strides[axis], (*x.strides[:axis], *x.strides[axis + 1 :])) if x.strides else (0, ())
            )
            return replace(x, base=x.base + j * move, strides=steps)
        table = np.take(x.table, j if x.table.shape[axis] > 1 else 0, axis=axis)
        if x.constants is not None:
            return table.item() if x is part.coef and table.size == 1 else replace(x, constants=table)
        step = x.base.step if isinstance(x.base, Moving) else 0
        return evenly(table, step, x.lane) or replace(x, addresses=table)

    sizes = (*part.sizes[:axis], *part.sizes[axis + 1 :])
    return Part(sizes, less(part.result), less(part.coef), less(part.a), less(part.b), part.over)


def _moving(here: Statement, there: Statement) -> Statement:
    """Return a statement of a loop, whose numbers move as they do from its first round to the second."""
    kind, numbers = read(here)
    other, following = read(there)
    if kind != other:
        raise UnevenError
    return replaced(
        here, [x if x == y else Moving(x, y - x) for x, y in zip(numbers, following, strict=True)]
    )
