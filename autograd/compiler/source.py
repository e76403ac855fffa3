"""Print a program as a person would write it: NumPy expressions over arrays with the user's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.compiler.ir import CONST, INPUT, LANE, PARAM
from autograd.compiler.names import Region, Regions, cut_points, leaf_regions, shape_of, strides_of
from autograd.compiler.program import LANES, Part, Program, Ref, Statement

__all__ = ["Writer", "write"]


def write(program: Program) -> str:
    """Return the program as text."""
    return "\n".join(Writer(program).lines())


MASKS = ("step", "greater", "greater_equal", "less", "less_equal", "equal")


class Writer:
    """Expressions for the statements of a program.

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
        graph, address = program.graph, program.address
        self.scale = int(address[graph.scale]) if graph.scale >= 0 else -1
        self.count_at = int(address[graph.lanes]) if graph.lanes >= 0 else -1
        for kind, prefix in ((PARAM, "theta"), (INPUT, "c"), (LANE, "x")):
            nodes = [n for n in np.flatnonzero(graph.kind == kind).tolist() if n not in (graph.scale, graph.lanes)]
            leaf_regions(self.regions, [(int(address[n]), graph.labels.get(n, "")) for n in nodes], prefix)
        for at, name in ((self.scale, "1 / N"), (self.count_at, "N")):
            if at >= 0:
                self.regions.add(Region(name, at, (), ()))
        for region in [r for r in self.regions.list if r.base < program.parameters]:
            self.regions.add(Region(self.regions.fresh(f"d_{region.name}"), region.base + program.parameters, region.shape, region.strides))
        self.cuts = cut_points(program)
        self.outputs = {int(address[n]) for n in graph.outputs.tolist() if graph.kind[n] != CONST}
        self.counter = 0
        self.masks: set[str] = set()

    def lines(self) -> list[str]:
        """Return one line for each statement."""
        out = []
        for i, s in enumerate(self.program.statements):
            target, loops = self._target(i, s)
            out.append(f"{target} = {self._value(s, loops)}")
        graph, address = self.program.graph, self.program.address
        for origin, target in zip(*self.program.copies, strict=True):
            out.append(f"{self._scalar(int(target))} = {self._scalar(int(origin))}")
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
        if base in self.regions.at:  # a pinned gradient: its array exists
            region = self.regions.find(base)
            result = s.result if s.op is not None else s.parts[0].result
            sizes = s.sizes if s.op is not None else s.parts[0].sizes
            whole = len(places) == int(np.prod(region.shape)) and base == region.base
            if whole or int(places.max()) <= region.last():
                axes, text = self._view(Ref(base, tuple(abs(x) for x in result.strides)), sizes)
                return (region.name if whole else text), self._axes(region, axes, whole=whole)
            return f"gradient[{base - self.program.parameters}:{int(places.max()) + 1 - self.program.parameters}]", [(1, len(places))]
        shape = shape_of(len(s.nodes), self.cuts.get(i, set()))
        region = Region(self.regions.fresh(self._name(s)), base, shape, strides_of(shape))
        self.regions.add(region)
        if s.op is not None and s.op.name in MASKS:
            self.masks.add(region.name)
        return region.name, list(zip(region.strides, region.shape, strict=True))

    @staticmethod
    def _axes(region: Region, axes: Any, *, whole: bool) -> list[Any]:
        return list(zip(region.strides, region.shape, strict=True)) if whole else list(axes)

    def _name(self, s: Statement) -> str:
        graph, address = self.program.graph, self.program.address
        node = int(s.nodes[0])
        if int(address[node]) in self.outputs and len(s.nodes) == 1:
            return "loss" if graph.forward >= 0 else f"output{graph.outputs.tolist().index(node)}"
        label = graph.labels.get(node)
        if label:
            from autograd.compiler.names import split_label

            return split_label(label)[0]
        primal = int(graph.primal[node])
        if primal >= 0 and int(address[primal]) in self.regions.at:
            return f"d_{self.regions.find(int(address[primal])).name}"
        if s.op is not None or s.extremum or (len(s.parts) == 1 and s.parts[0].b is None and s.parts[0].a is not None):
            refs = [r for r in (s.operands if s.op is not None else [s.parts[0].a]) if r is not None and (r.base >= 0 or r.addresses is not None)]
            verb = s.extremum or ("sum" if s.op is None else {"step": "pos", "slope": "slope", "div": "ratio"}.get(s.op.name, s.op.name))
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

    # Views.

    def _view(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        """Return the (stride, size) of each axis, in the text's order, and the text of a view."""
        region = self.regions.find(ref.base)
        start = region.place(ref.base)
        wanted = {abs(s): (n, s) for n, s in zip(sizes, ref.strides, strict=True) if s and n > 1}
        if start is None:
            return self._strided(ref, sizes)
        parts, axes, used = [], [], set()
        for d, (n, t) in enumerate(zip(region.shape, region.strides, strict=True)):
            hits = [s for s in wanted if s not in used and t and s % t == 0 and s // t < n and (wanted[s][0] - 1) * (s // t) < n]
            # The loop that runs along this axis: the one of the largest stride that still belongs to it.
            hits = [s for s in hits if not any(t < u <= s for u in region.strides if u != t)]
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
                parts.append(f"{first or ''}:{last + 1 if last + 1 < n else ''}" + (f":{step}" if step > 1 else ""))
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

    def _refined(self, sizes: tuple[int, ...], refs: list[Ref | None]) -> tuple[tuple[int, ...], list[Ref | None]]:
        """Split loops that run over several axes of an array, so that each runs along one."""
        shape, strides = list(sizes), [list(r.strides) if r is not None and r.base >= 0 else None for r in refs]
        tables = [r is not None and r.base < 0 for r in refs]
        changed = not any(tables)
        while changed:
            changed = False
            for ref, own in zip(refs, strides, strict=True):
                if ref is None or own is None:
                    continue
                region = self.regions.find(ref.base)
                for axis, (n, s) in enumerate(zip(shape, own, strict=True)):
                    for outer in region.strides:
                        if s > 0 and n > 1 and outer > s and outer % s == 0 and outer // s < n and n % (outer // s) == 0:
                            inner = outer // s
                            for other in strides:
                                if other is not None:
                                    other[axis : axis + 1] = [other[axis] * inner, other[axis]]
                            shape[axis : axis + 1] = [n // inner, inner]
                            changed = True
                            break
                    if changed:
                        break
                if changed:
                    break
        out: list[Ref | None] = [r if own is None or r is None else Ref(r.base, tuple(own), lane=r.lane) for r, own in zip(refs, strides, strict=True)]
        return tuple(shape), out

    # Values.

    def _value(self, s: Statement, target: list[Any]) -> str:
        from autograd.compiler.expressions import product, row_text

        if s.op is not None:
            sizes, refs = self._refined(s.sizes, [s.result, *s.operands])
            order = self._loops(refs[0], sizes, target)
            texts = [self._aligned(r, sizes, order, s.lane) for r in refs[1:]]
            return row_text(s.op, s.params, texts)
        pieces = []
        for part in s.parts:
            sizes, refs = self._refined(part.sizes, [part.result, part.a, part.b])
            shown = Part(sizes, refs[0], part.coef, refs[1], refs[2], part.over)  # type: ignore[arg-type]
            if isinstance(part.coef, Ref) and sizes != part.sizes:
                shown = part
                sizes = part.sizes
            order = self._loops(shown.result, sizes, target)
            pieces.append(product(self, shown, order, s.lane, s.extremum))
        if s.extremum:
            return pieces[0][1] if len(pieces) == 1 else f"{'maximum' if s.extremum == 'max' else 'minimum'}({', '.join(p[1] for p in pieces)})"
        pieces.sort(key=lambda p: (p[0] < 0, "@" not in p[1]))  # the matrix product first
        first = pieces[0][1]
        # NumPy negates no truth values, but subtracts them.
        minus = "0 - " if first.split(" ")[0].split("[")[0] in self.masks else "-"
        text = (minus if pieces[0][0] < 0 else "") + first
        for sign, piece in pieces[1:]:
            text += f" {'-' if sign < 0 else '+'} {piece}"
        return text

    def _loops(self, result: Ref | None, sizes: tuple[int, ...], target: list[Any]) -> list[int]:
        """Return the loops over which the result moves, in the order of the target's axes."""
        assert result is not None
        moving = [i for i, (n, s) in enumerate(zip(sizes, result.strides, strict=True)) if s and n > 1]
        rank = {s: k for k, (s, _) in enumerate(target)}
        return sorted(moving, key=lambda i: rank.get(abs(result.strides[i]), -abs(result.strides[i]) - 1000))

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
        index = [":" if i in axes else "None" for i in order] + ([":" if has_lane else "None"] if lane else [])
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
            name = f"{'const' if ref.constants is not None else 'index'}{len(self.constants)}"
            flat = table.reshape([n for n in table.shape if n > 1])
            self.constants[name] = flat if ref.constants is not None else flat - (LANES if ref.lane else 0)
            if ref.constants is not None:
                return name, axes, False
            return f"{'lanes' if ref.lane else 'shared'}[{name}]", axes, ref.lane
        axes_found, text = self._view(ref, sizes)
        strides = {abs(s): i for i, (n, s) in enumerate(zip(sizes, ref.strides, strict=True)) if s and n > 1}
        return text, [strides[s] for s, _ in axes_found], ref.base >= LANES


def number(x: float) -> str:
    """Return a number's text, without a useless fraction."""
    return repr(int(x)) if abs(x) < 1e15 and x == int(x) else repr(x)
