"""Print a program as a person would write it: NumPy expressions over arrays with the user's names."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from autograd.compiler.backends.numpy.spelling import compares
from autograd.compiler.graph.ir import CONST, INPUT, LANE, PARAM
from autograd.compiler.listing.expressions import product, row_text
from autograd.compiler.listing.folding import fold_texts, folded
from autograd.compiler.listing.names import (
    Region,
    cut_points,
    leaf_regions,
    shape_of,
    split_label,
    strides_of,
)
from autograd.compiler.listing.rounds import families
from autograd.compiler.listing.views import Views, number
from autograd.compiler.roll.program import Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import FEWEST, Loop, loops
from autograd.op import CUSTOM

__all__ = ["Writer", "write", "written"]


def write(program: Program) -> str:
    """Return the program as text."""
    return "\n".join(written(program)[1])


def written(program: Program) -> tuple[Writer, list[str]]:
    """Return the program's lines, repeats as loops, and the writer, which knows what the names mean."""
    found = loops(program)
    while True:
        writer = Writer(program, found)
        lines, unlike = writer.lines()
        if not unlike:
            return writer, lines
        # The rounds differ in more than numbers: once more, with names of their own for their results.
        found = [loop for loop in found if loop not in unlike]


VERBS = {"step": "pos", "sech_squared": "slope", "sigmoid_slope": "slope", "div": "ratio"}
"""What results of a row are called, if not as the row."""


class Writer(Views):
    """Expressions for the statements of a program.

    Attributes
    ----------
    leaves : list of Region
        Those of the parameters, of their gradients, and of the data.
    """

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
        self.cuts = cut_points(program)
        self.outputs = {int(address[n]) for n in graph.outputs.tolist() if graph.kind[n] != CONST}
        self.counter = 0
        own = dict.fromkeys(
            s.op for s in program.statements if s.op is not None and CUSTOM.get(s.op.name) is not None
        )
        self.called = {
            op: self.regions.fresh(op.name) for op in own
        }  # two custom operations may bear one name
        self.masks: set[str] = set()
        self.families = families(
            program, found, self.cuts, lambda at: at in self.regions.at or at in self.outputs
        )
        self.made: list[str] = []

    def lines(self) -> tuple[list[str], list[Loop]]:
        """Return the lines, and the loops that cannot be written as such."""
        single = []
        declared: list[list[str]] = []
        for i, s in enumerate(self.program.statements):
            target, axes = self._target(i, s)
            single.append(f"{target} = {self._value(s, axes)}")
            declared.append(self.made)
            self.made = []
        variable = next(
            (x for x in ("t", "k", "i") if x not in self.regions.names), None
        ) or self.regions.fresh("round_number")
        out: list[str] = []
        unlike: list[Loop] = []
        i = 0
        for loop in self.loops:
            rounds = [single[k : k + loop.period] for k in range(loop.start, loop.end, loop.period)]
            # The first or the last round may read what has a name of its own.
            ends = [
                (skip, drop)
                for skip, drop in ((0, 0), (1, 0), (0, 1), (1, 1))
                if loop.count - skip - drop >= FEWEST
            ]
            found = [
                (skip, drop, text)
                for skip, drop in ends
                if (text := folded(rounds[skip : loop.count - drop], variable)) is not None
            ]
            if not found:
                unlike.append(loop)
                continue
            skip, drop, text = found[0]
            first, last = loop.start + skip * loop.period, loop.end - drop * loop.period
            out += [x for k in range(i, first) for x in (*declared[k], single[k])]
            out += [x for k in range(first, last) for x in declared[k]] + _loop(
                *text, loop.count - skip - drop, variable
            )
            i = last
        out += [x for k in range(i, len(single)) for x in (*declared[k], single[k])]
        return out + self._ending(variable), unlike

    def _ending(self, variable: str) -> list[str]:
        """Return the lines that copy gradients and results to their places."""
        out = []
        graph, address = self.program.graph, self.program.address
        for origin, target in zip(*self.program.copies, strict=True):
            out.append(f"{self._scalar(int(target))} = {self._scalar(int(origin))}")
        out = fold_texts(
            out, variable, lambda lines, first, way, count: _loop(lines, first, way, count, variable)
        )
        for k, n in enumerate(graph.outputs.tolist()):
            if graph.kind[n] == CONST:
                out.append(f"{self._output(k)} = {float(graph.value[n])!r}")
            elif self.regions.find(int(address[n])).name != self._output(k) and graph.pinned.size:
                out.append(f"{self._output(k)} = {self._scalar(int(address[n]))}")
        return out

    def _output(self, k: int) -> str:
        return "loss" if self.program.graph.forward >= 0 else f"output{k}"

    def _scalar(self, address: int) -> str:
        region = self.regions.find(address)
        index = region.place(address)
        return region.name + (f"[{', '.join(map(str, index))}]" if index else "")

    # Names of results.

    def _target(self, i: int, s: Statement) -> tuple[str, list[Any]]:
        places = self.program.address[s.nodes]
        base = int(places.min())
        family = self.families.get(i)
        if family is None and base in self.regions.at:  # a pinned gradient: its array exists
            region = self.regions.find(base)
            result = s.result if s.op is not None else s.parts[0].result
            sizes = s.sizes if s.op is not None else s.parts[0].sizes
            if np.array_equal(
                np.sort(places), np.sort(Ref(region.base, region.strides).expand(region.shape).ravel())
            ):
                return region.name, list(zip(region.strides, region.shape, strict=True))
            axes, text = self._view(Ref(base, tuple(abs(x) for x in result.strides)), sizes)
            if text.startswith("view("):  # of several arrays
                axes = sorted(axes, reverse=True)
                sizes, strides = tuple(n for _, n in axes), tuple(s for s, _ in axes)
                text = f"view(gradient, {base - self.program.parameters}, {sizes}, {strides})[...]"
            return text, axes
        shape = shape_of(len(s.nodes), self.cuts.get(i, set()) if family is None else family.cuts)
        axes = list(zip(strides_of(shape), shape, strict=True))
        if family is None or family.region is None:
            name = self.regions.fresh(self._name(s))
            if s.op is not None and compares(s.op, s.params):
                self.masks.add(name)
            if family is None:
                self.regions.add(Region(name, base, shape, strides_of(shape)))
                return name, axes
            self._declare(self.regions.add(family.enter(name, shape, strides_of(shape))))
        assert family.region is not None
        return f"{family.region.name}[{family.index(i)}]", axes

    def _declare(self, region: Region) -> None:
        sizes = [*map(str, region.shape), *(["N"] if region.lane else [])]
        shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
        self.made.append(f"{region.name} = empty({shape})")

    def _name(self, s: Statement) -> str:
        graph, address = self.program.graph, self.program.address
        node = int(s.nodes[0])
        if int(address[node]) in self.outputs and len(s.nodes) == 1:
            return "loss" if graph.forward >= 0 else f"output{graph.outputs.tolist().index(node)}"
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
                if r is not None and (r.base >= 0 or r.addresses is not None)
            ]
            verb = s.extremum or ("sum" if s.op is None else VERBS.get(s.op.name, s.op.name))
            if refs:
                first = refs[0].base if refs[0].base >= 0 else int(refs[0].addresses.ravel()[0])
                inner = self.regions.find(first).name
                if len(inner) < 16 and " " not in inner:
                    return f"{verb}_{inner}"
            self.counter += 1
            return f"{verb}{self.counter}"
        self.counter += 1
        forward = graph.forward < 0 or node < graph.forward
        return f"z{self.counter}" if forward else f"g{self.counter}"

    def _value(self, s: Statement, target: list[Any]) -> str:
        if s.op is not None:
            sizes, refs = self._refined(s.sizes, [s.result, *s.operands])
            order = self._loops(refs[0], sizes, target)
            texts = [self._aligned(r, sizes, order, s.lane) for r in refs[1:]]
            return self._shaped(
                row_text(s.op, s.params, texts, self.called.get(s.op, "")),
                [sizes[i] for i in order],
                target,
                s.lane,
            )
        if s.starts is not None:
            part = s.parts[0]
            factors = [
                self.operand(r, part.sizes)[0] for r in (part.a, part.b, part.coef) if isinstance(r, Ref)
            ]
            factors += [] if isinstance(part.coef, Ref) or part.coef == 1.0 else [number(part.coef)]
            text = f"add.reduceat({' * '.join(factors)}, {self._table('index', s.starts)})"
            return self._shaped(text, [len(s.nodes)], target, s.lane)
        pieces = []
        for part in s.parts:
            sizes, refs = self._refined(part.sizes, [part.result, part.coef, part.a, part.b])
            shown = Part(sizes, refs[0], refs[1], refs[2], refs[3], part.over)
            order = self._loops(shown.result, sizes, target)
            sign, text = product(self, shown, order, s.lane, s.extremum)
            pieces.append((sign, self._shaped(text, [sizes[i] for i in order], target, s.lane)))
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

    @staticmethod
    def _shaped(text: str, sizes: list[int], target: list[Any], lane: bool) -> str:
        """Let a result of other axes than those of its array have these."""
        wanted = [n for _, n in target]
        if sizes == wanted or int(np.prod(sizes)) != int(np.prod(wanted)):
            return text
        ranked = sorted(range(len(target)), key=lambda k: -target[k][0])
        before, after = [
            ", ".join([*map(str, shape), *(["N"] if lane else [])])
            for shape in (sizes, [wanted[k] for k in ranked])
        ]
        text = f"broadcast_to({text}, ({before})).reshape({after})"
        if ranked == sorted(ranked):
            return text
        axes = [str(ranked.index(k)) for k in range(len(target))] + ([str(len(target))] if lane else [])
        return f"{text}.transpose({', '.join(axes)})"

    def _loops(self, result: Ref | None, sizes: tuple[int, ...], target: list[Any]) -> list[int]:
        """Return the loops over which the result moves, in the order of the target's axes."""
        assert result is not None
        moving = [i for i, (n, s) in enumerate(zip(sizes, result.strides, strict=True)) if s and n > 1]
        rank = {s: k for k, (s, _) in enumerate(target)}
        if all(abs(result.strides[i]) in rank for i in moving):
            return sorted(moving, key=lambda i: rank[abs(result.strides[i])])
        return sorted(moving, key=lambda i: -abs(result.strides[i]))


def _loop(lines: list[str], first: int, way: int, count: int, variable: str) -> list[str]:
    """Return the lines of a loop whose variable starts at a number and goes up or down."""
    low, high = (first, first + count) if way > 0 else (first - count + 1, first + 1)
    steps = f"range({low}, {high})" if low else f"range({high})"
    return [
        f"for {variable} in {steps if way > 0 else f'reversed({steps})'}:",
        *(f"    {line}" for line in lines),
    ]
