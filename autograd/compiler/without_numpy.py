"""Compiled functions where there is no NumPy.

The recorded nodes, one after the other, as straight-line Python.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from autograd.backward import _reverse
from autograd.compiler.backends.python.spelling import NAMES, PARTS, exact, expression, signed, total
from autograd.compiler.compiled import Arguments, CompiledFunction
from autograd.compiler.graph.symbol import total_of
from autograd.compiler.record.recording import (
    Tape,
    flatten,
    nested,
    only_numbers,
    rebuild,
    record,
    refuse_no_grad,
    stacked,
    with_outside,
    without_draws,
)
from autograd.compiler.report import HOOKED_INSIDE
from autograd.errors import MissingDependencyError
from autograd.floats.convert import to_float
from autograd.joint import MultiOpCall
from autograd.node import Call, Node
from autograd.value import Value
from autograd.words import gettext

__all__ = ["PlainCompiled"]

Shape = tuple[int, ...]


class Straight:
    """A recorded function as text and as a Python function ``run(theta, inputs, lanes)``.

    Parameters
    ----------
    params, inputs
        Parameters, and arguments of one example, with the names that they get.
    results
        The outputs; with ``grads``, the loss of one example.
    grads
        For each parameter the gradient of an example's loss; or None.
    extra
        The penalty and its gradients, if there is one.
    """

    def __init__(
        self, tape: list[Value], params: list[Value], inputs: list[tuple[str, Value]], results: list[Any],
        grads: list[Any] | None,
        extra: list[Any], batch: bool,
    ) -> None:  # fmt: skip
        self.space: dict[str, Any] = dict(NAMES)
        self.text: dict[Any, str] = {}
        self.taken: set[str] = {"theta", "inputs", "lanes", "run", *NAMES}
        self.captured: list[Value] = []
        self.lane: set[Any] = {v for _, v in inputs} if batch else set()
        names = [self._leaf(p, p.label or f"p{i}") for i, p in enumerate(params)]
        rows = [self._leaf(v, name) for name, v in inputs]
        roots = [x for x in (*results, *(grads or ()), *extra) if isinstance(x, Value)]
        recorded = set(tape)
        computed = [x for x in dict.fromkeys(roots) if x.op is not None and x not in recorded]
        refuse_no_grad([*tape, *computed])
        order = with_outside([*tape, *computed], ())
        self.outside = [v for v in order if v not in recorded]
        self.fixed = [not isinstance(x, Value) for x in results]
        self.unreached = [i for i, g in enumerate(grads or ()) if g.__class__ is float and g == 0.0]
        before, inside = self._lines(order, roots)
        constants = [self._leaf(v, v.label or f"c{i}", known=True) for i, v in enumerate(self.captured)]
        found = [self._of(x) for x in results]
        pulled = [self._of(x) for x in grads or ()]
        more = [self._of(x) for x in extra]
        lines = ["def run(theta, inputs, lanes):"]
        fixed = constants if batch else [*rows, *constants]
        lines += [
            f"    ({', '.join(own)},) = {name}" for own, name in ((names, "theta"), (fixed, "inputs")) if own
        ]
        lines += [f"    {line}" for line in before]
        if batch:
            sums = ["loss_sum", *(f"d_{name}" for name in names)]
            lines += [f"    {name} = 0.0" for name in sums]
            lines.append(f"    for ({', '.join(rows)},) in lanes:" if rows else "    for _ in lanes:")
            lines += [f"        {line}" for line in inside]
            lines += [
                f"        {name} += {x}"
                for name, x in zip(sums, [*found, *pulled], strict=True)
                if x != "0.0"
            ]
            found, pulled = sums[:1], sums[1:]
        lines.append(f"    return [{', '.join(found)}], [{', '.join(pulled)}], [{', '.join(more)}]")
        self.source = "\n".join(lines)
        # Of names and numbers made above only.
        exec(compile(self.source, "<straight-line program>", "exec"), self.space)  # noqa: S102
        self.run: Callable[..., tuple[list[float], list[float], list[float]]] = self.space["run"]

    def _leaf(self, v: Any, name: str, *, known: bool = False) -> str:
        if known:
            return self.text[v]
        name = re.sub(r"\W+", "_", name).strip("_") or "v"
        name = name if name.isidentifier() else f"v{name}"
        found, k = name, 2
        while found in self.taken or f"d_{found}" in self.taken:
            found, k = f"{name}_{k}", k + 1
        self.taken.add(found)
        self.text[v] = found
        return found

    def _of(self, x: Any) -> str:
        if not isinstance(x, Value):
            return exact(float(x))
        if x not in self.text:
            self.captured.append(x)
            self._leaf(x, x.label or "c")
        return self.text[x]

    def _lines(self, tape: list[Value], roots: list[Value]) -> tuple[list[str], list[str]]:
        """Return the lines of all nodes that the roots rest on.

        Those that all lanes share, and those of each lane.
        """
        live: set[Any] = set(roots)
        for node in reversed(tape):
            if node in live:
                rests_on, call = node._predecessors(), node._call
                if call is not None and call not in live:
                    rests_on = (call, *call.elements)
                live.update(x for x in rests_on if isinstance(x, (Node, Call)))
        shared: list[str] = []
        each: list[str] = []
        for node in tape:
            if node not in live:
                continue
            for x, text in self._statements(node):
                name = self._leaf(x, getattr(x, "label", "") or f"v{len(self.text)}")
                lane = any(part.__class__ is not float and part in self.lane for part in x._predecessors())
                (each if lane else shared).append(f"{name} = {text}")
                if lane:
                    self.lane.add(x)
        return shared, each

    def _statements(self, node: Value) -> Iterator[tuple[Any, str]]:
        """Yield what is to be computed for a node, with its text.

        Where it is one of several results, first the list of all.
        """
        call = node._call
        if not isinstance(call, MultiOpCall):
            yield node, self._expression(node)
            return
        if call not in self.text:
            self.space[f"f_{call.kind.name}"] = call.kind.values
            yield call, f"f_{call.kind.name}(({', '.join(map(self._of, call.elements))},))"
        yield node, f"{self.text[call]}[{node._index}]"

    def _expression(self, node: Value) -> str:
        op = node.op
        assert op is not None
        operands = node.operands
        count = len(operands) - len(op.params)
        params = tuple(operands[count:])
        text = expression(op, params)
        if text is not None and op.name not in PARTS and isinstance(operands[0], Value):
            return text.format(*map(self._factor, operands))
        found = None if op.extremum else total_of(op, params, count)
        if found is not None and not found.steps[count:]:
            return total(
                [signed(coef, [self._factor(operands[i]) for i in factors]) for coef, factors in found.terms]
            )
        name = f"f_{op.name}"
        while (
            self.space.setdefault(name, op.value) is not op.value
        ):  # two custom operations may bear one name
            name += "_"
        return f"{name}({', '.join(map(self._of, operands))})"

    def _factor(self, x: Any) -> str:
        text = self._of(x)
        return f"({text})" if text.startswith("-") else text


class Flat(Arguments):
    """The arguments of a call: flat lists of floats."""

    __slots__ = ("examples",)

    def __init__(
        self, shapes: Sequence[Shape], examples: list[list[list[float]]], given: list[list[Any]] | None
    ) -> None:
        super().__init__(shapes, len(examples), given)
        self.examples = examples

    def numbers(self, i: int) -> list[list[float]]:
        """Return, for each argument of an example, its flat numbers."""
        return self.examples[i]

    def own(self) -> Flat:
        """Return the same: its lists were made for it."""
        return self

    def part(self, start: int, end: int) -> Flat:
        """Return some of the examples."""
        return Flat(self.shapes, self.examples[start:end], None)


class PlainStructure:
    """A recorded function, and what `call` asks of a structure."""

    def __init__(
        self, program: Straight, structure: Any, tape: Tape, seconds: float, batch: bool, mean: bool
    ) -> None:
        self.program, self.structure, self.nodes, self.seconds = program, structure, len(tape), seconds
        self.batch, self.mean = batch, mean
        self.source, self.form = self, structure
        self.captured, self.outside = program.captured, program.outside
        self.aside = HOOKED_INSIDE if any(v.note is not None and v.note.hooks for v in tape) else ""
        self.pulled, self.arrays = bool(tape.visits), False
        self.unreached = program.unreached
        self.weight = 100.0 * len(program.source)

    def fixed(self) -> tuple[str, list[float]]:
        """Return what a second recording would repeat.

        The program, and the data of the leaves that it rests on.
        """
        return self.program.source, [v._data for v in self.captured]

    def engine(self, lanes: int) -> PlainEngine:  # noqa: ARG002
        """Return what runs the program."""
        return PlainEngine(self)

    def release(self, engine: PlainEngine) -> None:
        """Take an engine back: it is made anew for each call."""


class PlainEngine:
    """A program with the numbers of one call."""

    def __init__(self, structure: PlainStructure) -> None:
        self.structure, self.fixed = structure, structure.program.fixed
        self.given: Any = None
        self.captured: list[float] = []
        self._columns: list[list[float]] = []

    def load(self, given: Flat, captured: list[Any]) -> None:
        """Take the arguments, and the data of the captured leaves."""
        self.given, self.captured = given, [v._data for v in captured]

    def _run(self, theta: list[float]) -> tuple[list[float], list[float]] | None:
        """Return the outputs and gradients.

        None if Python's own arithmetic gives up or a number is not finite.
        """
        rows = [[x for flat in example for x in flat] for example in self.given.examples]
        batch = self.structure.batch
        try:
            found, grads, extra = self.structure.program.run(
                theta, self.captured if batch else rows[0] + self.captured, rows
            )
        except (OverflowError, ValueError, ZeroDivisionError):
            return None
        if batch and self.structure.mean:
            found, grads = [x / len(rows) for x in found], [g / len(rows) for g in grads]
        if extra:
            found, grads = [found[0] + extra[0]], [g + e for g, e in zip(grads, extra[1:], strict=True)]
        return (found, grads) if all(map(math.isfinite, (*found, *grads))) else None

    def attempt(self, theta: list[float]) -> tuple[float, list[float]] | None:
        """Return the loss and its gradient at the given parameters.

        None if a number of these is not finite.
        """
        found = self._run(theta)
        return None if found is None else (found[0][0], found[1])

    def run(self) -> bool:
        """Compute the outputs of a function without parameters; tell whether all are finite."""
        rows = [[x for flat in example for x in flat] for example in self.given.examples]
        try:
            found = [self.structure.program.run([], row + self.captured, [])[0] for row in rows]
        except (OverflowError, ValueError, ZeroDivisionError):
            return False
        self._columns = list(map(list, zip(*found, strict=True)))
        return all(map(math.isfinite, chain.from_iterable(found)))

    def columns(self) -> list[list[float]]:
        """Return, for each output, the number for each example."""
        return self._columns

    def results(self, form: Any, _: bool) -> Any:
        """Return what the function returned."""
        return (
            stacked(form, self._columns)
            if self.structure.batch
            else rebuild(form, [column[0] for column in self._columns])
        )


class PlainCompiled(CompiledFunction):
    """A compiled function in Python alone; `autograd.compile` makes it where NumPy is missing.

    Attributes
    ----------
    source, python_source : str
        The program.
    """

    _in_arrays = False

    @staticmethod
    def _vector(numbers: Iterable[float]) -> list[float]:
        return list(numbers)

    def _theta(self) -> list[float]:
        assert self._params is not None
        return [p._data for p in self._params]

    def _store(self, theta: Any) -> None:
        assert self._params is not None
        for p, x in zip(self._params, theta, strict=True):
            p.data = float(x)

    def _arranged(self, result: Any, given: Any) -> Any:  # noqa: ARG002
        return result

    def _record(self, given: Any) -> PlainStructure:
        return without_draws(lambda: self._recorded(given), self._f, self._penalty)

    def _recorded(self, given: Any) -> PlainStructure:
        start = time.perf_counter()
        shapes = given.shapes
        names = [*self._names[: len(shapes)], *(f"x{i}" for i in range(len(self._names), len(shapes)))]
        inputs: list[tuple[str, Value]] = []
        args = []
        for name, shape, flat in zip(names, shapes, given.examples[0], strict=True):
            fresh = list(map(Value, flat))
            inputs += [
                (name + "".join(f"_{k}" for k in index), v)
                for index, v in zip(_indices(shape), fresh, strict=True)
            ]
            args.append(nested(iter(fresh), shape))
        tape = Tape()
        result = record(self._f, args, tape)
        leaves: list[Any] = []
        structure = flatten(result, leaves)
        penalty = [] if self._penalty is None else [record(self._penalty, (), tape)]
        only_numbers([*leaves, *penalty], structure, result, loss=self._params is not None)
        grads = None
        if self._params is not None:
            grads, *more = [
                record(lambda loss=loss: self._gradients(loss), (), tape) for loss in [leaves[0], *penalty]
            ]
            penalty += [g for column in more for g in column]
        batch = self._batch and grads is not None  # else it is run for each example
        program = Straight(tape, self._params or [], inputs, leaves, grads, penalty, batch)
        return PlainStructure(
            program, structure, tape, time.perf_counter() - start, self._batch, self._reduction == "mean"
        )

    def _gradients(self, loss: Any) -> list[Any]:
        """Return the gradient of a loss for each parameter; 0.0 where none reaches it."""
        assert self._params is not None
        found = _reverse(loss, 1.0, True) if isinstance(loss, Value) else {}
        return [0.0 if (g := found.get(p)) is None else g for p in self._params]

    def _parsed(self, data: Sequence[Any]) -> Flat:
        """Return the shapes of one example's arguments, and the flat numbers of each example's."""
        shapes, flats = [], []
        for i, x in enumerate(data):
            try:
                shape, flat = _flat(x, self._argument(i))
            except ValueError as error:
                raise TypeError(gettext(
                    "{argument} must be a number or a rectangular nested list of numbers: {error}",
                    argument=self._argument(i), error=error,
                )) from None  # fmt: skip
            shapes.append(shape)
            flats.append(flat)
        given = flats if any(isinstance(x, Value) for flat in flats for x in flat) else None
        flats = [[x._data if isinstance(x, Value) else x for x in flat] for flat in flats]
        if not self._batch:
            return Flat(shapes, [flats], given)
        count = self._checked([shape[0] if shape else None for shape in shapes], shapes)
        sizes = [len(flat) // count for flat in flats]
        examples = [
            [flat[k * n : (k + 1) * n] for flat, n in zip(flats, sizes, strict=True)] for k in range(count)
        ]
        return Flat([s[1:] for s in shapes], examples, given)

    @property
    def source(self) -> str:
        """The program in Python."""
        source: str = self._made()[0].program.source
        return source

    python_source = source

    @property
    def c_source(self) -> str:
        """Raise MissingDependencyError: only the rolled program is printed in C."""
        raise MissingDependencyError("NumPy", gettext("the program in C"), "pip install numpy")

    @property
    def jax_source(self) -> str:
        """Raise MissingDependencyError: only the rolled program is printed for JAX."""
        raise MissingDependencyError("NumPy", "jax_source", "pip install numpy")

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Raise MissingDependencyError: only the rolled program is written to files."""
        raise MissingDependencyError("NumPy", f"export({os.fspath(path)!r})", "pip install numpy")

    def _verify(self, structure: Any) -> None:
        """Do nothing: the text is the recorded nodes themselves, one after the other."""

    def _facts(self) -> tuple[dict[str, Any], list[str]]:
        structure, _ = self._made()
        why = gettext(
            "{backend} was asked for, but there is no NumPy; install it with: pip install numpy",
            backend=repr(self._backend),
        )  # fmt: skip
        return {
            "recorded nodes": structure.nodes, "statements": structure.program.source.count("\n"),
            "backend": "python", "because": why,
            "compile seconds": round(structure.seconds, 4),
        }, []  # fmt: skip


def _indices(shape: Shape) -> Iterator[Shape]:
    """Yield all indices of a shape, the last fastest."""
    if not shape:
        yield ()
        return
    for i in range(shape[0]):
        for rest in _indices(shape[1:]):
            yield (i, *rest)


def _flat(x: Any, name: str) -> tuple[Shape, list[Any]]:
    """Return the shape of nested lists, and their numbers and nodes."""
    if not isinstance(x, (list, tuple)):
        try:
            return (), [x if isinstance(x, Value) else to_float(x)]
        except (TypeError, OverflowError) as error:
            raise type(error)(f"{name}: {error}") from None
    parts = [_flat(part, f"{name}[{i}]") for i, part in enumerate(x)]
    if len({shape for shape, _ in parts}) > 1:
        raise ValueError(gettext("its rows are not of one length"))
    return (len(parts), *(parts[0][0] if parts else ())), [v for _, flat in parts for v in flat]
