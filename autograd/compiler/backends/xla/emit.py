"""From a program to a pure function of JAX: the listing, whose names become values that are never changed.

`Traced` prints the statements as the listing does, with names alone: what the listing reads by address is put
together from the arrays that hold it. Python's own parser then takes the lines apart (`_Pure`): what is
written into an array becomes a new array of that name, and a loop becomes a `fori_loop` that carries the
arrays which its rounds write.
"""

from __future__ import annotations

import ast
import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special

from autograd.compiler.backends.xla.spelling import definitions, functions, spelled
from autograd.compiler.graph.bounds import rooted, watched
from autograd.compiler.graph.ir import CONST, INPUT, LANE, Graph
from autograd.compiler.listing.copies import copied
from autograd.compiler.listing.lookups import firsts
from autograd.compiler.listing.names import Region
from autograd.compiler.listing.source import Writer, written
from autograd.compiler.listing.views import number
from autograd.compiler.roll.affine import strides_of
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import Loop, Moving, UnevenError, weighted
from autograd.op import Op

__all__ = ["Emitted", "emitted"]

LISTED = 2000
"""Tables of up to so many numbers are printed."""
COPIED = 4096
"""Transposes of matrices of up to so many numbers are copied before a product."""
OWN = frozenset({"jax", "jnp", "lax", "special", "np", "program", "inputs", "mask", "width", "part", "state"})
"""What the text says by itself."""


@dataclass
class Emitted:
    """A program as a function of JAX.

    Attributes
    ----------
    text
        The function `program` of parameters, inputs, lanes and the number of examples, and what it calls.
    function
        The same, which returns the result, the gradient, the arrays in which `rooted` numbers are, and those
        in which there are `watched` ones.
    inputs, lanes
        The stretches of the two arenas that hold its inputs.
    key
        Equal for functions that compute the same.
    """

    text: str
    function: Callable[..., Any]
    inputs: slice
    lanes: slice
    key: str


def emitted(program: Program, *, masked: bool = False) -> Emitted:
    """Return a program as a function of JAX; ``masked`` where there are more lanes than examples."""
    writer, lines = written(program, lambda given, found: Traced(given, found, masked=masked))
    assert isinstance(writer, Traced)
    return writer.finished(lines)


class Traced(Writer):
    """Expressions of jax.numpy, over arrays that have names."""

    taken = OWN
    few = 64  # which XLA computes along with what is around it

    def __init__(self, program: Program, found: list[Loop], *, masked: bool) -> None:
        self.masked, self.weighing = masked, False
        self.weighed: tuple[Any, ...] | None = None
        self.kept: set[str] = set()  # gradients that start as zeros, some of which stay so
        if masked:
            self.wide = "width"
        super().__init__(program, found)
        own = program.address[self._own_inputs()]
        self.inputs = int(own.min(initial=program.shared))

    # What differs from the listing.

    def turned(self, text: str, count: int) -> str:
        """Return the text of the transpose of a matrix; a small one is copied: XLA multiplies rows."""
        return f"lax.optimization_barrier({text}.T)" if self.few < count <= COPIED else f"{text}.T"

    def entries(
        self, place: Ref, first: Ref, sizes: tuple[int, ...], params: Any, order: list[int], *, lane: bool
    ) -> str:
        """Return the text of entries of tables: of all parameters, or of all inputs."""
        own = self._start(first) < self.program.parameters
        arena, offset = (self.everything, 0) if own else ("inputs", self.inputs)
        at = firsts(self, first, sizes, order, -offset, lane=lane)
        step, count = map(int, params)
        return f"entry({arena}, {at}, {step}, {count}, {self.aligned(place, sizes, order, lane)})"

    @staticmethod
    def _start(ref: Ref) -> int:
        """Return the first address of an operand."""
        return int(ref.base if ref.addresses is None else ref.addresses.flat[0])

    def added(self) -> list[str]:
        """Return no line: what is added to gradients is, when these are one vector."""
        return []

    def _scattered(self, s: Statement) -> str:
        """Return the line that adds what entries receive to the gradient."""
        received, place, first = s.operands
        lane, order = place.lane or received.lane, list(range(len(s.sizes)))
        texts = [self.aligned(r, s.sizes, order, lane) for r in (place, received)]
        if self.masked and lane:
            texts[1] = f"{texts[1]} * mask"
        at = firsts(self, first, s.sizes, order, lane=lane)
        step, count = map(int, s.params)
        return f"gradient = scatter(gradient, {at}, {step}, {count}, {texts[0]}, {texts[1]})"

    def name_of(self, table: str) -> str:
        """Return a name of its own: a loop's variable indexes arrays of JAX alone."""
        return self.regions.fresh(f"array_of_{table}")

    def row(self, op: Op, params: tuple[float, ...], texts: list[str]) -> str:
        """Return the text of a row applied to texts."""
        return spelled(op, params, texts)

    def product(self, part: Part, order: list[int], lane: bool, extremum: str) -> tuple[float, str]:
        """Return the sign and the text of a part; a sum over the lanes leaves out those of no example."""
        self.weighing, self.weighed = self.masked and part.over, None
        try:
            return super().product(part, order, lane, extremum)
        finally:
            self.weighing = False

    def operand(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[str, list[int], bool]:
        """Return text, loops in the order of the text's axes, and whether there is an axis of lanes."""
        text, axes, lane = super().operand(ref, sizes)
        own = ref.base, ref.strides, id(ref.table)
        if self.weighing and lane and self.weighed in (None, own):
            self.weighed = own
            text = f"({text} * mask)"
        return text, axes, lane

    def _value(self, s: Statement, target: list[Any]) -> str:
        """Return the text of what a statement computes, with the shape of its target."""
        text = super()._value(s, target)
        reads = s.op is not None or any(p.a is not None for p in s.parts)
        if not reads and any(isinstance(p.coef, Ref) for p in s.parts):
            text = f"array({text})"  # of tables alone; a loop's variable indexes arrays of JAX alone
        groups: list[tuple[Ref, tuple[int, ...], Sequence[Any]]] = [
            (p.result, p.sizes, [p.coef, p.a, p.b]) for p in s.parts
        ]
        if s.op is not None:
            groups = [(s.result, s.sizes, s.operands)]
        filled = [self._fills(result, sizes, refs, s.lane) for result, sizes, refs in groups]
        if s.starts is not None or any(filled):
            return text
        shape = ", ".join([*(str(n) for _, n in target), *([self.wide] if s.lane else [])])
        return f"broadcast_to({text}, ({shape}{',' * (', ' not in shape and bool(shape))}))"

    def _fills(self, result: Ref, sizes: tuple[int, ...], refs: Sequence[Any], lane: bool) -> bool:
        """Tell whether operands together run along all loops of a result."""
        moving = [k for k, (n, s) in enumerate(zip(sizes, result.strides, strict=True)) if s and n > 1]
        return self._covers(refs, sizes, moving, lane)

    def indices(self, index: Any) -> str:
        """Return the text of indices along one axis."""
        text = super().indices(index)
        return f"array({text})" if text.startswith("[") else text

    def _strided(self, ref: Ref, sizes: tuple[int, ...]) -> tuple[list[tuple[int, int]], str]:
        """Return axes and text of a view that is no slice of one array."""
        moving = [k for k, (n, s) in enumerate(zip(sizes, ref.strides, strict=True)) if s and n > 1]
        steps, shape = tuple(ref.strides[k] for k in moving), tuple(sizes[k] for k in moving)
        if any(isinstance(x, Moving) for x in (*steps, *shape)):
            raise UnevenError
        step = ref.base.step if isinstance(ref.base, Moving) else 0
        text = self.scattered(Ref(int(ref.base), steps).expand(shape), Moving(0, step), ref.base >= LANES)
        return [(abs(s), n) for s, n in zip(steps, shape, strict=True)], text

    def scattered(self, addresses: Any, start: int, lane: bool) -> str:
        """Return the text of numbers at any addresses: of the arrays that hold them, one behind the other."""
        step = start.step if isinstance(start, Moving) else 0
        table = np.asarray(addresses) + int(start)
        if not step:
            return self.together(table, lane)
        rounds = np.arange(self.rounds).reshape(-1, *[1] * table.ndim)
        round_number = self.whole(Moving(0, 1))
        return self.together(table + step * rounds, lane, f"[{round_number}]")

    def together(self, table: Any, lane: bool, behind: str = "") -> str:
        """Return the text of the numbers at addresses; ``behind`` indexes the table first."""
        flat = table.ravel()
        found, where = self._owners(flat)
        texts, index, at = [], np.zeros(len(flat), np.int64), 0
        for k, region in enumerate(found):
            mine = where == k
            text, places, count = self._flat(region, lane), np.zeros(int(mine.sum()), np.int64), 1
            if region is not None and region.shape:
                places = np.ravel_multi_index(tuple(region.places(flat[mine])), region.shape)
                count = math.prod(region.shape)
                if self._sums_again(region, places):
                    text, places, count = f"twice({text}, 0)", 2 * places, 2 * count
            texts.append(text)
            index[mine] = at + places
            at += count
        text = texts[0] if len(texts) == 1 else f"concatenate([{', '.join(texts)}])"
        if not behind and len(flat) and (np.diff(index) == 1).all():
            first, last = int(index[0]), int(index[-1]) + 1
            text = text if (first, last) == (0, at) else f"{text}[{first}:{last}]"
            if table.ndim != 1:
                text = (
                    f"{text}.reshape({', '.join([*map(str, table.shape), *([self.wide] if lane else [])])})"
                )
            return text
        index_name = self._table("index", index.reshape(table.shape))
        return f"{text}[array({index_name}){behind}]" if behind else f"{text}[{index_name}]"

    def picked(self, region: Region, index: Any, axis: int) -> tuple[str, Any]:
        """Return the text of an array, and indices along an axis of it."""
        if self._sums_again(region, index):
            return f"twice({region.name}, {axis})", 2 * index
        return region.name, index

    def _sums_again(self, region: Region, index: Any) -> bool:
        """Tell whether XLA would compute sums anew for each of the numbers that are gathered."""
        return region.name in self.sums and len(np.unique(index)) < len(index)

    @cached_property
    def sums(self) -> set[str]:
        """The names of arrays of sums that are no products of matrices, which XLA computes once anyway."""
        return {
            self.regions.find(int(self.program.address[s.nodes].min())).name
            for s, _ in weighted(self.program)
            for p in s.parts
            if (p.over or math.prod(p.sizes) > len(s.nodes))
            and all(self._fills(p.result, p.sizes, [x], s.lane) for x in (p.a, p.b) if x is not None)
        }

    def _owners(self, flat: Any) -> tuple[list[Region | None], Any]:
        """Return the arrays that hold addresses, and for each address which of them; None holds a one."""
        known: dict[int, int] = {}
        found: list[Region | None] = []
        where = []
        for a in flat.tolist():
            region = None if a == self.program.one else self.regions.find(a)
            if id(region) not in known:
                known[id(region)] = len(found)
                found.append(region)
            where.append(known[id(region)])
        return found, np.array(where, np.int64)

    def _flat(self, region: Region | None, lane: bool) -> str:
        """Return the text of an array as one row, or as rows of lanes."""
        text = "array([1.0])" if region is None else region.name
        shape: tuple[int, ...] = (1,) if region is None else region.shape
        if region is not None and region.lane:
            return f"{text}[None]" if not shape else f"{text}.reshape(-1, {self.wide})"
        if not shape:
            text, shape = f"array([{text}])", (1,)
        flat = text if len(shape) == 1 else f"{text}.reshape(-1)"
        if not lane:
            return flat
        return f"broadcast_to({flat}[:, None], ({int(np.prod(shape))}, {self.wide}))"

    def _line(self, i: int, s: Statement, period: int = 0) -> str:
        """Return the line of a statement; of one whose result lies in several arrays, several."""
        line = super()._line(i, s, period)
        if not line.startswith("view("):
            return line
        if period:
            raise UnevenError
        value = line.partition("[...] = ")[2]
        _, axes = self._pinned(s)
        low = int(self.program.address[s.nodes].min())
        table = Ref(low, tuple(t for t, _ in axes)).expand(tuple(n for _, n in axes)).ravel()
        shape = "".join(f"{n}, " for _, n in axes)
        lines = [f"part = broadcast_to({value}, ({shape})).reshape(-1)"]
        for region in dict.fromkeys(self.regions.find(a).name for a in table.tolist()):
            own = next(r for r in self.regions.list if r.name == region)
            mine = np.array([self.regions.find(a) is own for a in table.tolist()])
            if not own.shape:
                lines.append(f"{region} = part[{int(np.flatnonzero(mine)[0])}]")
                continue
            from_where = np.flatnonzero(mine)
            places = own.places(table[mine])
            if len(from_where) == math.prod(own.shape):  # all of it, each number once
                index = from_where[np.argsort(np.ravel_multi_index(tuple(places), own.shape))]
                first = int(index[0])
                even = (np.diff(index) == 1).all()
                text = f"{first}:{first + len(index)}" if even else self._table("index", index)
                lines.append(f"{region} = part[{text}].reshape({', '.join(map(str, own.shape))})")
                continue
            to = ", ".join([self._table("index", p) for p in places])
            lines.append(f"{region}[{to}] = part[{self._table('index', from_where)}]")
        return "; ".join(lines)

    def _body(self, first: int, end: int, period: int) -> list[str]:
        """Return the lines of a loop, if there is a loop of JAX for them."""
        lines = super()._body(first, end, period)
        loop = ast.parse("\n".join(lines)).body[-1]
        assert isinstance(loop, ast.For)
        _Pure(self).loop(loop)  # raises where a slice's length changes from round to round
        return lines

    def _ending(self) -> list[str]:
        """Return the lines that copy gradients to their places; where these are many, all at once."""
        origins, targets = self.program.copies
        owners = np.array([id(self.regions.find(a)) for a in targets.tolist()])
        lines = []
        for owner in dict.fromkeys(owners.tolist()):
            mine = owners == owner
            region = self.regions.find(int(targets[mine][0]))
            found = copied(self, targets[mine], origins[mine])
            if len(found) > 2 and region.shape:  # one new array instead
                origin = dict(zip(targets[mine].tolist(), origins[mine].tolist(), strict=True))
                own = Ref(region.base, region.strides).expand(region.shape)
                table = np.array([origin.get(a, a) for a in own.ravel().tolist()]).reshape(own.shape)
                found = [f"{region.name} = {self.together(table, region.lane)}"]
                if (table == own).any():
                    self.kept.add(region.name)
            lines += found
        return lines

    # The function as a whole.

    def _own_inputs(self) -> Any:
        """Tell of each node whether it is an input of the user's."""
        graph = self.program.graph
        nodes = np.arange(graph.size)
        return (graph.kind == INPUT) & (nodes != graph.scale) & (nodes != graph.lanes)

    def finished(self, lines: list[str]) -> Emitted:
        """Return the function, given its lines."""
        program = self.program
        graph, address = program.graph, program.address
        places = {"inputs": address[self._own_inputs()], "lanes": address[graph.kind == LANE] - LANES}
        ends = {k: (int(a.min()), int(a.max()) + 1) if len(a) else (0, 0) for k, a in places.items()}
        ends["theta"] = (0, program.parameters)
        head = ["N = lanes.shape[1]"] if program.lanes and not self.masked else []
        if self.everything != "theta" and self._uses(lines, self.everything):
            head.append(f"{self.everything} = theta")  # before an array is called so
        if self.masked:
            head += ["width = lanes.shape[1]", "mask = 1.0 * (arange(width) < N)"]
        for region in self.leaves:
            arena = "lanes" if region.lane else "theta" if region.base < program.parameters else "inputs"
            if region.name.isidentifier() and region.name != "N" and not self._is_gradient(region):
                base = region.base - (LANES if region.lane else 0)
                head.append(f"{region.name} = {self._leaf(arena, ends[arena], base, region)}")
        head += [f"{name} = array({table})" for name, table in self.tables.items() if self._uses(lines, name)]
        pure = _Pure(self)
        body = pure.lines(lines)
        gradients = [r for r in self.leaves if self._is_gradient(r)]
        zeros = [
            f"{r.name} = zeros({r.shape})" if r.shape else f"{r.name} = 0.0"
            for r in gradients
            if r.name not in pure.whole or r.name in self.kept
        ]
        ending = [f"gradient = {self._joined(gradients)}"] if gradients else []
        ending += [self._scattered(s) for s in program.scattered]
        result = self._result()
        shown = f"return {result}, gradient" if gradients else f"return {result}"
        looked = [f"[{', '.join(self._looked_at(which))}]" for which in (rooted, watched)]
        inner = f"return ({result}, {'gradient' if gradients else 'zeros(0)'}, {', '.join(looked)})"
        code = "\n".join(
            f"    {line}" for text in [*head, *zeros, *body, *ending] for line in text.split("\n")
        )
        signature = "def program(theta, inputs, lanes, N=1):"
        space: dict[str, Any] = {"jax": jax, "jnp": jnp, "lax": lax, "special": special, **self.constants}
        names = {
            x.id for x in ast.walk(ast.parse(f"{signature}\n{code}\n    {inner}")) if isinstance(x, ast.Name)
        }
        called = sorted(
            x for x in names if hasattr(jnp, x) and x not in self._bound(code) and x not in functions
        )
        space.update({x: getattr(jnp, x) for x in called})
        own_functions = definitions(names)
        for source in (own_functions, f"{signature}\n{code}\n    {inner}"):
            exec(compile(source, "<program for XLA>", "exec"), space)  # noqa: S102
        parts = ["import jax.numpy as jnp", "from jax import lax"]
        if called:
            parts.append(f"from jax.numpy import {', '.join(called)}")
        if "jax." in own_functions:
            parts.insert(0, "import jax")
        if "special." in own_functions:
            parts.append("from jax.scipy import special")
        tables = [f"{name} = {_literal(x)}" for name, x in self.constants.items() if name in names]
        text = "\n".join([*parts, *(["import numpy as np", ""] if tables else []), *tables])
        text += "\n\n\n" + (own_functions + "\n\n" if own_functions else "")
        text += f'{signature}\n    """{self._described(gradients)}"""\n{code}\n    {shown}'
        whole = [text, inner, *(x.dtype.str + str(x.shape) for x in self.constants.values())]
        key = hashlib.sha256("\n".join(whole).encode())
        for x in self.constants.values():
            key.update(np.asarray(x).tobytes())
        stretches = slice(*ends["inputs"]), slice(*ends["lanes"])
        return Emitted(text, _precise(space["program"]), *stretches, key.hexdigest())

    @staticmethod
    def _bound(code: str) -> set[str]:
        """Return the names that a text gives a value."""
        tree = ast.parse(f"def f():\n{code}\n    pass")
        return {x.id for x in ast.walk(tree) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)}

    @staticmethod
    def _uses(lines: list[str], name: str) -> bool:
        """Tell whether lines have a name."""
        return any(isinstance(x, ast.Name) and x.id == name for x in ast.walk(ast.parse("\n".join(lines))))

    def _is_gradient(self, region: Region) -> bool:
        """Tell whether an array holds gradients of parameters."""
        return self.program.parameters <= region.base < 2 * self.program.parameters

    @staticmethod
    def _described(gradients: list[Region]) -> str:
        """Return what the function returns, as a sentence."""
        return "Return the loss and its gradient." if gradients else "Return the results."

    def _leaf(self, arena: str, ends: tuple[int, int], base: int, region: Region) -> str:
        """Return the text of an array that lies in a vector, or in rows of lanes."""
        shape, strides = region.shape, region.strides
        low, high = ends
        count = int(np.prod(shape))
        tail = ", -1" if region.lane else ""
        start = base - low
        if not shape:
            return f"{arena}[{start}]"
        order = sorted(range(len(shape)), key=lambda k: -strides[k])
        ranked = tuple(shape[k] for k in order)
        sorted_strides = tuple(strides[k] for k in order)
        turned = ""
        if order != list(range(len(shape))):
            axes = [str(order.index(k)) for k in range(len(shape))] + (
                [str(len(shape))] if region.lane else []
            )
            turned = f".transpose({', '.join(axes)})"
        if sorted_strides == strides_of(ranked):
            text = arena if (start, count) == (0, high - low) else f"{arena}[{start}:{start + count}]"
            return text if len(shape) == 1 else f"{text}.reshape({', '.join(map(str, ranked))}{tail}){turned}"
        n, s = ranked[0], sorted_strides[0]
        inner = int(np.prod(ranked[1:]))
        before = max(0, start + n * s - (high - low))
        if sorted_strides[1:] == strides_of(ranked[1:]) and before + inner <= s and start >= before:
            text = f"{arena}[{start - before}:{start - before + n * s}].reshape({n}, {s}{tail})"
            if len(ranked) == 1:
                return f"{text}[:, {before}]"
            text += f"[:, {before}:{before + inner}]"
            return (
                f"{text}{turned}"
                if len(ranked) == 2
                else f"{text}.reshape({', '.join(map(str, ranked))}{tail}){turned}"
            )
        table = Ref(start, strides).expand(shape)
        return f"{arena}[{self._table('index', table)}]"

    def _joined(self, regions: list[Region]) -> str:
        """Return the text of arrays that fill a stretch of addresses, as one vector in that order."""
        pieces, left = [], sorted(regions, key=Region.first)
        while left:
            group, end = [left.pop(0)], 0
            end = group[0].last()
            while left and left[0].first() < end:
                group.append(left.pop(0))
                end = max(end, group[-1].last())
            pieces.append(self._interleaved(group))
        return pieces[0] if len(pieces) == 1 else f"concatenate([{', '.join(pieces)}])"

    def _interleaved(self, group: list[Region]) -> str:
        """Return the same for arrays that lie between each other's rows."""
        rows = [self._rows(r) for r in group]
        if len(group) == 1 and group[0].strides == strides_of(group[0].shape):
            return self._flat(group[0], False)
        found = [r for r in rows if r is not None]
        count, distance = found[0][:2] if found else (0, 0)
        even = len(found) == len(rows) and all(r[:2] == (count, distance) for r in found)
        if even and sum(r[2] for r in found) == distance:
            inner = ", ".join(r[3] for r in found)
            return f"{inner if len(found) == 1 else f'concatenate([{inner}], 1)'}.reshape(-1)"
        at = np.concatenate([Ref(r.base, r.strides).expand(r.shape).ravel() for r in group])
        flat = ", ".join(self._flat(r, False) for r in group)
        text = flat if len(group) == 1 else f"concatenate([{flat}])"
        return f"{text}[{self._table('index', np.argsort(at))}]"

    @staticmethod
    def _rows(region: Region) -> tuple[int, int, int, str] | None:
        """Return number, distance and length of an array's rows, and its text as a matrix of them."""
        order = sorted(range(len(region.shape)), key=lambda k: -region.strides[k])
        if not order:
            return None
        shape, strides = [region.shape[k] for k in order], [region.strides[k] for k in order]
        if strides[-1] < 1 or tuple(strides[1:]) != strides_of(tuple(shape[1:])):
            return None
        text = region.name
        if order != sorted(order):
            text += f".transpose({', '.join(map(str, order))})"
        width = int(np.prod(shape[1:]))
        if len(shape) != 2:
            text += f".reshape({shape[0]}, {width})"
        return shape[0], strides[0], width, text

    def _result(self) -> str:
        """Return the text of what the program computes: the loss, a number, or all results in a row."""
        program, graph = self.program, self.program.graph
        fixed, values = graph.kind[graph.outputs] == CONST, graph.value[graph.outputs]
        places = program.address[graph.outputs]
        if graph.forward >= 0:
            return number(float(values[0])) if fixed[0] else self._scalar(int(places[0]))
        if not len(places):
            return "zeros(0)"
        lane = bool((places[~fixed] >= LANES).any())
        if fixed.all():
            return self._table("const", values)
        if not fixed.any():
            return self.together(places, lane)
        known = self._table("const", values[fixed])
        known = f"broadcast_to({known}[:, None], ({int(fixed.sum())}, {self.wide}))" if lane else known
        rank = np.argsort(np.concatenate([np.flatnonzero(~fixed), np.flatnonzero(fixed)]))
        return f"concatenate([{self.together(places[~fixed], lane)}, {known}])[{self._table('index', rank)}]"

    def _looked_at(self, which: Callable[[Graph], Any]) -> list[str]:
        """Return the names of arrays among whose numbers are some that must not be too large."""
        names: dict[str, None] = {}
        for k, stretches in enumerate(self.program.looked_at(64, (0, 0), which)):
            for start, end in stretches:
                offset = LANES if k else 0
                for a in range(start + offset, end + offset):
                    region = self.regions.at.get(a)
                    if region is not None and region.name.isidentifier() and region.name != "N":
                        names[region.name] = None
        return list(names)


def _precise(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose products of matrices are computed in all of their digits."""

    def program(*args: Any) -> Any:
        """Compute so."""
        with jax.default_matmul_precision("highest"):
            return function(*args)

    return program


def _literal(table: Any) -> str:
    """Return a table as text, if that is not too long."""
    if table.size > LISTED:
        return f"...  # {table.shape} numbers"
    # Not an array of JAX, which would hold single precision wherever the text is read without doubles.
    return re.sub("inf|nan", r"np.\g<0>", f"np.array({table.tolist()})")


class _Pure:
    """Turns lines that write into arrays into lines that make new ones."""

    def __init__(self, writer: Traced) -> None:
        self.writer = writer
        self.whole: set[str] = set()
        self.rounds = 0
        self.seen: set[str] = set()

    def lines(self, lines: list[str]) -> list[str]:
        """Return lines of a pure function."""
        out: list[str] = []
        for statement in ast.parse("\n".join(lines)).body:
            made = self.loop(statement) if isinstance(statement, ast.For) else self.assigned(statement)
            out += [ast.unparse(ast.fix_missing_locations(x)) for x in made]
        return out

    def assigned(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return an assignment as such to names alone."""
        assert isinstance(statement, ast.Assign)
        value = _Numbers().visit(statement.value)
        target = statement.targets[0]
        if isinstance(target, ast.Tuple):
            found = [_assign("part", value)]
            for k, each in enumerate(target.elts):
                found += self.put(each, _parsed(f"part[{k}]"))
            return found
        return self.put(target, value)

    def put(self, target: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Return what makes a value that of a name, or of a part of an array."""
        if isinstance(target, ast.Name):
            if target.id not in self.seen:
                self.whole.add(target.id)
            self.seen.add(target.id)
            return [_assign(target.id, value)]
        load = _loaded(target)
        if isinstance(target, ast.Subscript):
            inner = _loaded(target.value)
            if isinstance(target.slice, ast.Constant) and target.slice.value is ...:
                return self.put(target.value, _call("broadcast_to", value, _attribute(inner, "shape")))
            index = ast.Subscript(_attribute(inner, "at"), target.slice, ast.Load())
            self.note(target.value)
            return self.put(target.value, ast.Call(_attribute(index, "set"), [value], []))
        if isinstance(target, ast.Attribute) and target.attr == "T":
            return self.put(target.value, _attribute(value, "T"))
        if isinstance(target, ast.Call) and isinstance(target.func, ast.Attribute):
            inner = target.func.value
            if target.func.attr == "transpose":
                axes = [int(ast.unparse(a)) for a in target.args]
                back: list[ast.expr] = [ast.Constant(axes.index(k)) for k in range(len(axes))]
                return self.put(inner, ast.Call(_attribute(value, "transpose"), back, []))
            shape = _attribute(_loaded(inner), "shape")
            return self.put(inner, ast.Call(_attribute(value, "reshape"), [shape], []))
        raise AssertionError(ast.unparse(load))

    def kept(self, row: ast.Subscript, statement: ast.Assign, known: _Known) -> list[ast.stmt]:
        """Return the assignment of a row of an array, whose value keeps a name for the rest of the round."""
        assert isinstance(row.value, ast.Name)
        name, array = self.writer.regions.fresh(f"row_{row.value.id}"), _loaded(row.value)
        self.note(row)
        known.rows[ast.unparse(row)] = name
        known.names.add(name)
        rest = ast.Subscript(_attribute(array, "shape"), _parsed_slice("1:"), ast.Load())
        value = _call("broadcast_to", _Numbers().visit(statement.value), rest)
        changed = _call("put", array, _loaded(row.slice), ast.Name(name, ast.Load()))
        return [_assign(name, value), _assign(row.value.id, changed)]

    def note(self, target: ast.expr) -> None:
        """Take note of an array that is written to in part."""
        while not isinstance(target, ast.Name):
            target = target.func.value if isinstance(target, ast.Call) else target.value  # type: ignore[attr-defined]
        self.seen.add(target.id)

    def loop(self, loop: ast.For) -> list[ast.stmt]:
        """Return a loop as a function of one round, which is called for each."""
        variable = ast.unparse(loop.target)
        assert isinstance(loop.iter, ast.Call)
        back = ast.unparse(loop.iter.func) == "reversed"
        steps = loop.iter.args[0] if back else loop.iter
        assert isinstance(steps, ast.Call)
        ends = [int(ast.unparse(x)) for x in steps.args]
        low, high = ends if len(ends) == 2 else (0, ends[0])
        body: list[ast.stmt] = []
        known = _Known()
        for statement in loop.body:
            moved = known.visit(_Moved(variable).visit(statement))
            row = known.row_of(moved)
            body += self.assigned(moved) if row is None else self.kept(row, moved, known)
        own = [ast.unparse(x.targets[0]) for x in body if isinstance(x, ast.Assign)]
        carried = [x for x in dict.fromkeys(own) if x != "part" and x not in known.names]
        self.rounds += 1
        name = (
            self.writer.regions.fresh(f"round_{self.rounds}")
            if self.rounds > 1
            else self.writer.regions.fresh("round_of_loop")
        )
        names = ", ".join(carried)
        state = names if len(carried) == 1 else f"({names})"
        text = [f"def {name}({variable}, state):"]
        if back:
            text.append(f"    {variable} = {high - 1 + low} - {variable}")
        text.append(f"    {names} = state")
        function = ast.parse("\n".join([*text, f"    return {names}"])).body[0]
        assert isinstance(function, ast.FunctionDef)
        function.body[-1:-1] = body
        return [function, *ast.parse(f"{names} = lax.fori_loop({low}, {high}, {name}, {state})").body]


class _Moved(ast.NodeTransformer):
    """Slices whose ends move from round to round become slices of a fixed length from a place that moves."""

    def __init__(self, variable: str) -> None:
        self.variable = variable

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Index by a range in place of such a slice."""
        self.generic_visit(node)
        elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not any(isinstance(x, ast.Slice) and self._moves(x) for x in elements):
            return node
        moved = [self._range(x) if isinstance(x, ast.Slice) and self._moves(x) else x for x in elements]
        if sum(not isinstance(x, ast.Slice) for x in moved) > 1:  # indices in several places would be paired
            raise UnevenError
        node.slice = moved[0] if len(moved) == 1 else ast.Tuple(moved, ast.Load())
        return node

    def _moves(self, x: ast.AST) -> bool:
        """Tell whether the loop's variable occurs."""
        return any(isinstance(n, ast.Name) and n.id == self.variable for n in ast.walk(x))

    def _at(self, x: ast.expr | None, t: int) -> int:
        """Return the value of an end of a slice in one round."""
        if x is None:
            raise UnevenError
        return int(eval(ast.unparse(x), {self.variable: t}))  # noqa: S307 - of numbers and the variable

    def _range(self, x: ast.Slice) -> ast.expr:
        """Return the indices of a slice."""
        step = 1 if x.step is None else self._at(x.step, 0)
        lengths = {len(range(self._at(x.lower, t), self._at(x.upper, t), step)) for t in (0, 1, 2)}
        if len(lengths) > 1:
            raise UnevenError
        n = lengths.pop()
        factor = "" if step == 1 else f"{step} * "
        assert x.lower is not None
        return _parsed(f"{ast.unparse(x.lower)} + {factor}arange({n})")


class _Known(ast.NodeTransformer):
    """Rows that a round has written are read by the names of their values."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.names: set[str] = set()

    def row_of(self, statement: ast.AST) -> ast.Subscript | None:
        """Return the row of an array that an assignment writes, if it writes one."""
        assert isinstance(statement, ast.Assign)
        row = statement.targets[0]
        for target in ast.walk(row):  # what was known of an array that changes is so no more
            if isinstance(target, ast.Name):
                self.rows = {k: v for k, v in self.rows.items() if not k.startswith(f"{target.id}[")}
        whole = isinstance(row, ast.Subscript) and isinstance(row.value, ast.Name)
        if not whole or any(isinstance(x, ast.Slice | ast.Tuple) for x in ast.walk(row)):
            return None
        assert isinstance(row, ast.Subscript)
        arithmetic = ast.Name | ast.Constant | ast.BinOp | ast.operator | ast.expr_context
        index = [x for x in ast.walk(row.slice) if not isinstance(x, arithmetic)]
        is_row = not index and not (isinstance(row.slice, ast.Constant) and row.slice.value is ...)
        return row if is_row else None

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Read a row by the name of its value."""
        self.generic_visit(node)
        name = self.rows.get(ast.unparse(node)) if isinstance(node.ctx, ast.Load) else None
        return node if name is None else ast.Name(name, ast.Load())


class _Numbers(ast.NodeTransformer):
    """Whole numbers that 32 bits do not hold become floats."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Return a number that any device takes."""
        if isinstance(node.value, int) and abs(node.value) >= 2**31:
            return ast.Constant(float(node.value))
        return node


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _parsed_slice(text: str) -> ast.expr:
    subscript = _parsed(f"x[{text}]")
    assert isinstance(subscript, ast.Subscript)
    return subscript.slice


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _attribute(x: ast.expr, name: str) -> ast.expr:
    return ast.Attribute(x, name, ast.Load())


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _loaded(x: ast.expr) -> ast.expr:
    """Return an expression that was written to as one that is read."""
    return _parsed(ast.unparse(x))
