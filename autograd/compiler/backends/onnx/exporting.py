"""From a program's statements to the nodes of an ONNX graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from autograd.compiler.backends.onnx.spelling import ATTRIBUTES, FUNCTIONS, OPERATORS, template
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.roll.affine import compress
from autograd.compiler.roll.program import LANES, Part, Ref, Statement
from autograd.op import Op
from autograd.words import gettext

__all__ = ["exported"]

OPSET, FORMAT = 18, 8
"""The versions of ONNX's operators and of its files: of 2022, which runtimes of the years since can read."""
LETTERS = "abcdefghijklmnopqrstuvwxy"
"""Of a part's loops; z is that over the examples."""


def _with(operator: str, *, turned: bool = False, truth: bool = False) -> Callable[[Term, Any], Term]:
    """Return a method that adds a node of two operands."""

    def method(self: Term, other: Any) -> Term:
        pair = [self.number(), self.graph.term(other).number()]
        return self.graph.node(operator, *(pair[::-1] if turned else pair), truth=truth)

    return method


class Term:
    """A tensor of the graph, which Python's operators make others of; a comparison's is one of truths."""

    def __init__(self, graph: Graph, name: str, *, truth: bool = False) -> None:
        self.graph, self.name, self.truth = graph, name, truth

    def number(self) -> Term:
        """Return 1.0 for what is true, and 0.0."""
        return self.graph.node("Cast", self, to=TensorProto.DOUBLE) if self.truth else self

    __add__, __radd__ = _with("Add"), _with("Add", turned=True)
    __sub__, __rsub__ = _with("Sub"), _with("Sub", turned=True)
    __mul__, __rmul__ = _with("Mul"), _with("Mul", turned=True)
    __truediv__, __rtruediv__ = _with("Div"), _with("Div", turned=True)
    __pow__, __rpow__ = _with("Pow"), _with("Pow", turned=True)
    __gt__, __ge__ = _with("Greater", truth=True), _with("GreaterOrEqual", truth=True)
    __lt__, __le__ = _with("Less", truth=True), _with("LessOrEqual", truth=True)
    __eq__ = _with("Equal", truth=True)  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def __ne__(self, other: Any) -> Term:  # type: ignore[override]
        return self.graph.node("Not", self == other, truth=True)


class Graph:
    """Nodes and constants of a graph of ONNX, and which tensor holds the number of which address."""

    def __init__(self, shared: int, lanes: int) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[Any, Any] = {}
        self.held: list[Term] = []
        self.sizes: list[int] = []
        self.count = 0
        self.owner = [np.full(size, -1, np.int64) for size in (shared, lanes)]
        self.place = [np.zeros(size, np.int64) for size in (shared, lanes)]
        self.functions = self._functions()

    def _functions(self) -> dict[str, Callable[..., Term]]:
        """Return what templates may call."""

        def operator(kind: str) -> Callable[..., Term]:
            told: dict[str, Any] = ATTRIBUTES.get(kind, {})
            return lambda *given: self.node(kind, *(self.term(x).number() for x in given), **told)

        space: dict[str, Any] = {name: operator(kind) for name, kind in OPERATORS.items()}
        space.update(where=self.chosen)
        for name, (*operands, formula) in FUNCTIONS.items():
            space[name] = eval(f"lambda {', '.join(operands)}: {formula}", space)  # noqa: S307 - the text there
        return space

    def chosen(self, condition: Term, yes: Any, no: Any) -> Term:
        """Return one of two numbers, by a condition."""
        truth = condition if condition.truth else condition != 0.0
        return self.node("Where", truth, self.term(yes).number(), self.term(no).number())

    def fresh(self) -> str:
        """Return a name that no tensor has."""
        self.count += 1
        return f"t{self.count}"

    def node(self, kind: str, *given: Term, truth: bool = False, **attributes: Any) -> Term:
        """Add a node; return its result."""
        name = self.fresh()
        self.nodes.append(helper.make_node(kind, [x.name for x in given], [name], **attributes))
        return Term(self, name, truth=truth)

    def constant(self, numbers: Any, kind: Any = np.int64) -> Term:
        """Return a tensor of known numbers; equal ones are one."""
        array = np.ascontiguousarray(numbers, kind).reshape(np.shape(numbers))
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.constants:
            self.constants[key] = numpy_helper.from_array(array, self.fresh())
        return Term(self, self.constants[key].name)

    def term(self, x: Any) -> Term:
        """Return what is no tensor as one."""
        return x if isinstance(x, Term) else self.constant(float(x), np.float64)

    def hold(self, addresses: Any, term: Term) -> None:
        """Say that a flat tensor holds the numbers of addresses of one arena, in order."""
        flat = np.ravel(addresses)
        if not len(flat):
            return
        arena = int(flat[0] >= LANES)
        at = flat - LANES * arena
        self.owner[arena][at] = len(self.held)
        self.place[arena][at] = np.arange(len(flat))
        self.held.append(term)
        self.sizes.append(len(flat))

    def read(self, addresses: Any, *, column: bool = False) -> Term:
        """Return the numbers at addresses, in their shape; examples last, or an axis of one (``column``)."""
        table = np.asarray(addresses)
        arena = int(table.size and table.flat[0] >= LANES)
        at = table - LANES * arena
        owners = self.owner[arena][at]
        found = np.unique(owners)
        starts = np.zeros(len(self.held) + 1, np.int64)
        ends = np.cumsum([0, *(self.sizes[k] for k in found)])
        starts[found] = ends[:-1]
        index = self.place[arena][at] + starts[owners]
        texts = [self.held[k] for k in found]
        whole = texts[0] if len(texts) == 1 else self.node("Concat", *texts, axis=0)
        tail = (-1,) if arena else (1,) * column
        flat, size = index.ravel(), int(ends[-1])
        if len(flat) and (np.diff(flat) == 1).all():
            if len(flat) < size:
                first, last = int(flat[0]), int(flat[-1]) + 1
                whole = self.node(
                    "Slice", whole, self.constant([first]), self.constant([last]), self.constant([0])
                )
            return self.node("Reshape", whole, self.constant([*index.shape, *tail]))
        return self.node(
            "Gather", whole, self.constant(index.reshape(index.shape + tail * (not arena))), axis=0
        )

    def result(self, target: Any, addresses: Any, value: Term, shape: tuple[int, ...]) -> Term:
        """Return a tensor of loops as one that is flat, in the order of the target's addresses.

        The tensor's ``shape`` has a 1 for loops that do not matter; what no address names is zero.
        """
        lane = int(target[0] >= LANES)
        positions = np.arange(math.prod(shape)).reshape(shape)
        known = np.full(int(target.max()) - (low := int(target.min())) + 1, -1, np.int64)
        known[np.ravel(addresses) - low] = np.broadcast_to(positions, np.shape(addresses)).ravel()
        order, count = known[target - low], positions.size
        flat = self.node("Reshape", value, self.constant([count, -1] if lane else [count]))
        if (order < 0).any():
            flat = self.node("Concat", flat, self.node("Sub", *(self.node("Slice", flat, *(
                self.constant([k]) for k in (0, 1, 0))),) * 2), axis=0)  # fmt: skip
            order = np.where(order < 0, count, order)
        if len(order) == count and (order == np.arange(count)).all():
            return flat
        return self.node("Gather", flat, self.constant(order), axis=0)


class Exporter:
    """The statements of one program, entered into a graph."""

    def __init__(self, engine: Any, shapes: Sequence[tuple[int, ...]], theta: Any) -> None:
        program = self.program = engine.program
        self.engine, self.batch = engine, engine.batch
        self.graph = graph = Graph(len(engine.shared), max(program.lanes, 1))
        numbers = np.array(engine.shared, float)
        numbers[: 2 * program.parameters] = 0.0
        graph.hold(np.arange(len(numbers)), graph.constant(numbers, np.float64))
        self.inputs = [
            helper.make_tensor_value_info(
                f"x{k}", TensorProto.DOUBLE, ["examples"] * self.batch + list(shape)
            )
            for k, shape in enumerate(shapes)
        ]
        self.defaults = []
        if program.parameters:
            count = [program.parameters]
            self.inputs.append(helper.make_tensor_value_info("theta", TensorProto.DOUBLE, count))
            self.defaults.append(numpy_helper.from_array(np.array(theta, float), "theta"))
            graph.hold(np.arange(program.parameters), Term(graph, "theta"))
        at = engine.first + LANES * self.batch
        for k, size in enumerate(map(math.prod, shapes)):
            flat = graph.node(
                "Reshape", Term(graph, f"x{k}"), graph.constant([-1, size] if self.batch else [size])
            )
            graph.hold(
                np.arange(at, at + size), graph.node("Transpose", flat, perm=[1, 0]) if self.batch else flat
            )
            at += size
        if self.batch:
            rows = graph.node("Shape", Term(graph, "x0"), start=0, end=1)
            self.examples = graph.node("Cast", rows, to=TensorProto.DOUBLE)
            scale, lanes = (program.address[k] for k in (program.graph.scale, program.graph.lanes))
            graph.hold([int(scale)], graph.term(1.0) / self.examples)
            graph.hold([int(lanes)], self.examples)
            self.ones = graph.node("Expand", graph.constant([1.0], np.float64), rows)

    def enter(self, s: Statement) -> None:
        """Enter a statement's nodes."""
        target = self.program.address[s.nodes].ravel()
        if s.op is ENTRY:
            made = self._entry(s, target)
        elif s.op is not None:
            made = self._row(s, s.op, target)
        elif s.starts is not None:
            made = self._ragged(s)
        else:
            parts = [self._part(s, part, target) for part in s.parts]
            made = parts[0]
            for other in parts[1:]:
                made = self.graph.functions[f"{s.extremum}imum"](made, other) if s.extremum else made + other
        self.graph.hold(target, made)

    def _axes(self, ref: Ref, sizes: tuple[int, ...]) -> list[int]:
        """Return the loops that matter for an operand."""
        if ref.table is not None:
            return [k for k, n in enumerate(np.shape(ref.table)) if n > 1]
        return [k for k, n in enumerate(sizes) if n > 1 and ref.strides[k]]

    def _operand(self, ref: Ref, sizes: tuple[int, ...], kept: list[int], *, column: bool = False) -> Term:
        """Return an operand over some loops, the others dropped."""
        table = ref.table if ref.constants is not None else ref.expand(sizes)
        table = np.asarray(table)[tuple(slice(None) if k in kept else 0 for k in range(len(sizes)))]
        if ref.constants is not None:
            return self.graph.constant(table.reshape(table.shape + (1,) * column), np.float64)
        return self.graph.read(table, column=column)

    def _aligned(self, ref: Ref, sizes: tuple[int, ...], *, lane: bool) -> Term:
        """Return an operand with an axis for each loop, of one where it does not matter."""
        axes = self._axes(ref, sizes)
        table = np.asarray(ref.table) if ref.constants is not None else ref.expand(sizes)
        table = table[tuple(slice(None) if k in axes else slice(0, 1) for k in range(len(sizes)))]
        if ref.constants is not None:
            return self.graph.constant(table.reshape(table.shape + (1,) * lane), np.float64)
        return self.graph.read(table, column=lane)

    def _places(self, place: Ref, first: Any, s: Statement, *, lane: bool) -> tuple[Term, Term]:
        """Return where in an array entries of tables are, and whether they are any; ``first`` of each."""
        graph = self.graph
        step, count = map(int, s.params)
        x = self._aligned(place, s.sizes, lane=lane)
        known = (x >= 0.0).number() * (x < float(count)).number()
        whole: Any = x == graph.node("Floor", x)
        known = known * whole.number() != 0.0
        at = graph.node("Cast", graph.chosen(known, x, 0.0), to=TensorProto.INT64)
        table = compress(first)
        firsts = graph.constant(table.reshape(table.shape + (1,) * lane))
        return graph.node("Add", graph.node("Mul", at, graph.constant([step])), firsts), known

    def _entry(self, s: Statement, target: Any) -> Term:
        """Return entries of tables."""
        graph = self.graph
        place, first = s.operands
        step, count = map(int, s.params)
        table = first.expand(s.sizes)
        low = int(table.min()) + min(step * (count - 1), 0)
        high = int(table.max()) + max(step * (count - 1), 0)
        at, known = self._places(place, table - low, s, lane=s.lane)
        found = graph.node("Gather", graph.read(np.arange(low, high + 1)), at, axis=0)
        value = graph.chosen(known, found, math.nan)
        if s.lane:
            value = value * self.ones
        shape = [1] * len(s.sizes)
        for ref in s.operands:
            for k in self._axes(ref, s.sizes):
                shape[k] = s.sizes[k]
        return graph.result(target, s.result.expand(s.sizes), value, tuple(shape))

    def _scatter(self, s: Statement) -> None:
        """Enter what adds to the gradients of tables."""
        graph, count = self.graph, self.program.parameters
        gradients = np.arange(count, 2 * count)
        received, place, first = s.operands
        lane = any(r.lane for r in s.operands)
        at, known = self._places(place, first.expand(s.sizes), s, lane=lane)
        value = graph.chosen(known, self._aligned(received, s.sizes, lane=lane), 0.0)
        flat = graph.constant([-1])
        shape = graph.node("Shape", graph.node("Add", value, graph.node("Cast", at, to=TensorProto.DOUBLE)))
        given = [graph.node("Reshape", graph.node("Expand", x, shape), flat) for x in (at, value)]
        graph.hold(gradients, graph.node(
            "ScatterElements", graph.read(gradients), *given, axis=0, reduction="add"
        ))  # fmt: skip

    def _row(self, s: Statement, op: Op, target: Any) -> Term:
        text = template(op)
        assert text is not None
        shape = [1] * len(s.sizes)
        operands = []
        for ref in s.operands:
            table = np.asarray(ref.table) if ref.constants is not None else ref.expand(s.sizes)
            axes = self._axes(ref, s.sizes)
            table = table[tuple(slice(None) if k in axes else slice(0, 1) for k in range(len(s.sizes)))]
            for k in axes:
                shape[k] = s.sizes[k]
            operands.append(
                self.graph.constant(table.reshape(table.shape + (1,) * s.lane), np.float64)
                if ref.constants is not None else self.graph.read(table, column=s.lane)
            )  # fmt: skip
        space: dict[str, Any] = {f"x{k}": x for k, x in enumerate([*operands, *s.params])}
        made = eval(text.format(*space), {**self.graph.functions, **space})  # noqa: S307 - a template
        value = self.graph.term(made).number()
        if s.lane:
            value = value * self.ones
        return self.graph.result(target, s.result.expand(s.sizes), value, tuple(shape))

    def _part(self, s: Statement, part: Part, target: Any) -> Term:
        """Return one summand of a sum of products, or what an extremum is taken of."""
        graph, sizes = self.graph, part.sizes
        tables = [x for x in (part.a, part.b, part.coef) if isinstance(x, Ref)]
        axes = [self._axes(ref, sizes) for ref in tables]
        used = sorted({k for own in axes for k in own})
        mine = self._axes(part.result, sizes)
        kept = [k for k in mine if k in used]
        lane = any(ref.lane for ref in tables)
        terms = [self._operand(ref, sizes, own) for ref, own in zip(tables, axes, strict=True)]
        shape = tuple(sizes[k] if k in kept else 1 for k in range(len(sizes)))
        if s.extremum:
            made = terms[0] if part.a is not None else graph.term(part.coef)
            gone = [axes[0].index(k) for k in used if k not in kept] if terms else []
            if gone:
                made = graph.node(f"Reduce{s.extremum.capitalize()}", made, graph.constant(gone), keepdims=0)
        else:
            factor = 1.0 if isinstance(part.coef, Ref) else float(part.coef)
            # What no operand differs along is added as often as the loop is long.
            factor *= math.prod(n for k, n in enumerate(sizes) if k not in used and k not in mine)
            made = graph.term(factor)
            if terms:
                given = [
                    "".join(LETTERS[k] for k in own) + "z" * ref.lane
                    for ref, own in zip(tables, axes, strict=True)
                ]
                result = "".join(LETTERS[k] for k in kept) + "z" * (lane and not part.over)
                plain = len(terms) == 1 and given[0] == result
                product = terms[0] if plain else graph.node(
                    "Einsum", *terms, equation=f"{','.join(given)}->{result}"
                )  # fmt: skip
                made = product if factor == 1.0 else product * made
            if part.over and not lane:
                made = made * self.examples
        if s.lane and not lane:
            made = graph.node("Unsqueeze", made, graph.constant([-1])) * self.ones
        return graph.result(target, part.result.expand(sizes), made, shape)

    def _ragged(self, s: Statement) -> Term:
        """Return sums of unequally many terms: of rows as long as the longest, filled up with zeros."""
        (part,) = s.parts
        graph, count = self.graph, part.sizes[0]
        product: Any = (
            part.coef if not isinstance(part.coef, Ref) else self._operand(part.coef, part.sizes, [0])
        )
        for ref in (part.a, part.b):
            product = product if ref is None else self._operand(ref, part.sizes, [0]) * product
        filled = graph.node("Concat", graph.term(product), graph.constant([0.0], np.float64), axis=0)
        lengths = np.diff([*s.starts, count])
        index = np.full((len(lengths), int(lengths.max())), count)
        for row, (start, length) in enumerate(zip(s.starts, lengths, strict=True)):
            index[row, :length] = np.arange(start, start + length)
        rows = graph.node("Gather", filled, graph.constant(index), axis=0)
        return graph.node("ReduceSum", rows, graph.constant([1]), keepdims=0)

    def finished(self, name: str) -> bytes:
        """Return the file: a loss and its gradient, or results, of the arguments and the parameters."""
        program, graph = self.program, self.graph
        for s in program.statements:
            self.enter(s)
        origins, targets = program.copies
        if len(origins):
            graph.hold(targets, graph.read(origins))
        for s in program.scattered:
            self._scatter(s)
        count = program.parameters
        if count:
            results: dict[str, tuple[list[Any], Term]] = {"loss": ([], self.graph.read(self.engine.value_at))}
            results["gradient"] = ([count], graph.read(np.arange(count, 2 * count)))
        else:
            rows = [graph.read([int(a)], column=True) for a in self.engine.outputs]
            if self.batch:
                rows = [row * self.ones for row in rows]
            whole = graph.node("Concat", *rows, axis=0)
            whole = graph.node("Transpose", whole, perm=[1, 0]) if self.batch else graph.node(
                "Reshape", whole, graph.constant([len(rows)])
            )  # fmt: skip
            results = {"results": (["examples"] * self.batch + [len(rows)], whole)}
        for key, (_, term) in results.items():
            graph.nodes.append(helper.make_node("Identity", [term.name], [key]))
        outputs = [
            helper.make_tensor_value_info(key, TensorProto.DOUBLE, shape)
            for key, (shape, _) in results.items()
        ]
        read = {name for node in graph.nodes for name in node.input}  # of what is not, runtimes complain
        constants = [*self.defaults, *(tensor for tensor in graph.constants.values() if tensor.name in read)]
        made = helper.make_graph(graph.nodes, name, self.inputs, outputs, constants)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(made, opset_imports=opset, ir_version=FORMAT, producer_name="chainrule")
        checker.check_model(model)
        written: bytes = model.SerializeToString()
        return written


def exported(engine: Any, shapes: Sequence[tuple[int, ...]], theta: Any, name: str) -> bytes:
    """Return a file of ONNX with the program, and the numbers of parameters and constants.

    The arguments are those of C's `exported`.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        If operations have no counterpart among ONNX's operators over doubles; the message names them.
    """
    rows = {s.op for s in engine.program.statements if s.op is not None}
    unknown = sorted(op.name for op in rows if op is not ENTRY and template(op) is None)
    if unknown:
        raise ValueError(gettext(
            "{operations} cannot be written with ONNX's operators over doubles; write a header: "
            'step.export("step.h")',
            operations=", ".join(unknown),
        ))  # fmt: skip
    return Exporter(engine, shapes, theta).finished(name)
