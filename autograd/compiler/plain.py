"""Compiled functions where there is no NumPy: the recorded nodes, one after the other, as straight-line Python."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd import ops
from autograd.backward import _reverse
from autograd.compiler.recording import (
    Recent,
    Tape,
    argument_names,
    flatten,
    nested,
    only_numbers,
    rebuild,
    record,
    training,
    with_outside,
)
from autograd.compiler.report import Report, eager, worst
from autograd.compiler.straight import NAMES, TEMPLATES, TWICE, exact, total
from autograd.errors import GraphError, MissingDependencyError
from autograd.value import Value

__all__ = ["PlainCompiled"]

Shape = tuple[int, ...]


class Straight:
    """A recorded function as text and as a Python function ``run(theta, inputs, lanes)``.

    Parameters
    ----------
    leaves
        Parameters, and arguments of one example, with the names that they get.
    results
        The outputs; with ``grads``, the loss of one example.
    grads
        For each parameter the gradient of an example's loss; or None.
    extra
        The penalty and its gradients, if there is one.
    """

    def __init__(
        self, tape: list[Value], params: list[Value], inputs: list[tuple[str, Value]], results: list[Any], grads: list[Any] | None,
        extra: list[Any], batch: bool,
    ) -> None:  # fmt: skip
        self.space: dict[str, Any] = dict(NAMES)
        self.text: dict[Any, str] = {}
        self.taken: set[str] = {"theta", "inputs", "lanes", "run", *NAMES}
        self.captured: list[Value] = []
        self.lane: set[Value] = {v for _, v in inputs} if batch else set()
        names = [self._leaf(p, p.label or f"p{i}") for i, p in enumerate(params)]
        rows = [self._leaf(v, name) for name, v in inputs]
        roots = [x for x in (*results, *(grads or ()), *extra) if isinstance(x, Value)]
        recorded = set(tape)
        computed = [x for x in dict.fromkeys(roots) if x.op is not None and x not in recorded]
        before, inside = self._lines(with_outside([*tape, *computed], ()), roots)
        constants = [self._leaf(v, v.label or f"c{i}", known=True) for i, v in enumerate(self.captured)]
        found = [self._of(x) for x in results]
        pulled = [self._of(x) for x in grads or ()]
        more = [self._of(x) for x in extra]
        lines = ["def run(theta, inputs, lanes):"]
        fixed = constants if batch else [*rows, *constants]
        lines += [f"    ({', '.join(own)},) = {name}" for own, name in ((names, "theta"), (fixed, "inputs")) if own]
        lines += [f"    {line}" for line in before]
        if batch:
            sums = ["loss_sum", *(f"d_{name}" for name in names)]
            lines += [f"    {name} = 0.0" for name in sums]
            lines.append(f"    for ({', '.join(rows)},) in lanes:" if rows else "    for _ in lanes:")
            lines += [f"        {line}" for line in inside]
            lines += [f"        {name} += {x}" for name, x in zip(sums, [*found, *pulled], strict=True) if x != "0.0"]
            found, pulled = sums[:1], sums[1:]
        lines.append(f"    return [{', '.join(found)}], [{', '.join(pulled)}], [{', '.join(more)}]")
        self.source = "\n".join(lines)
        exec(compile(self.source, "<straight-line program>", "exec"), self.space)  # noqa: S102 - only names and numbers made above
        self.run: Callable[..., tuple[list[float], list[float], list[float]]] = self.space["run"]

    def _leaf(self, v: Value, name: str, *, known: bool = False) -> str:
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
        """Return the lines of all nodes that the roots rest on: those that all lanes share, and those of each lane."""
        live = set(roots)
        for node in reversed(tape):
            if node in live:
                live.update(x for x in node.operands if isinstance(x, Value))
        shared: list[str] = []
        each: list[str] = []
        for node in tape:
            if node not in live:
                continue
            lane = any(x.__class__ is Value and x in self.lane for x in node.operands)
            text = self._expression(node)
            name = self._leaf(node, node.label or f"v{len(self.text)}")
            (each if lane else shared).append(f"{name} = {text}")
            if lane:
                self.lane.add(node)
        return shared, each

    def _expression(self, node: Value) -> str:
        op = node.op
        assert op is not None
        if op is ops.dot:
            products = [f"+ {self._factor(a)} * {self._factor(b)}" for a, b in zip(*node._a, strict=True)]
            return total(products)
        operands = node.operands
        if op in (ops.add, ops.sum):
            return total([f"+ {self._factor(x)}" for x in operands])
        if op is ops.mul or op is ops.sub:
            return f"{self._factor(operands[0])} {op.symbol} {self._factor(operands[1])}"
        if op is ops.neg:
            return f"-{self._factor(operands[0])}"
        if op.name in TEMPLATES and (op.name not in TWICE or isinstance(operands[0], Value)):
            return TEMPLATES[op.name].format(*map(self._factor, operands))
        self.space[f"f_{op.name}"] = op.value
        return f"f_{op.name}({', '.join(map(self._of, operands))})"

    def _factor(self, x: Any) -> str:
        text = self._of(x)
        return f"({text})" if text.startswith("-") else text


class PlainCompiled:
    """A compiled function in Python alone; `autograd.compile` makes it where NumPy is missing.

    Attributes
    ----------
    source, python_source : str
        The program.
    """

    def __init__(
        self, f: Callable[..., Any], params: list[Value] | None, batch: bool, reduction: str, penalty: Callable[[], Any] | None,
        backend: str,
    ) -> None:  # fmt: skip
        self._f, self._params, self._batch = f, params, batch
        self._reduction, self._penalty, self._backend = reduction, penalty, backend
        self._names = argument_names(f)
        self._programs = Recent()
        self._latest: tuple[Straight, Any, int, float] | None = None

    def _recorded(self, shapes: list[Shape], examples: list[list[float]]) -> tuple[Straight, Any, int, float]:
        start = time.perf_counter()
        names = [*self._names[: len(shapes)], *(f"x{i}" for i in range(len(self._names), len(shapes)))]
        inputs: list[tuple[str, Value]] = []
        args = []
        for name, shape, flat in zip(names, shapes, examples, strict=True):
            fresh = list(map(Value, flat))
            inputs += [(name + "".join(f"_{k}" for k in index), v) for index, v in zip(_indices(shape), fresh, strict=True)]
            args.append(nested(iter(fresh), shape))
        tape = Tape()
        result = record(self._f, args, tape)
        leaves: list[Any] = []
        structure = flatten(result, leaves)
        penalty = [] if self._penalty is None else [record(self._penalty, (), tape)]
        only_numbers([*leaves, *penalty], structure, result, loss=self._params is not None)
        grads = None
        if self._params is not None:
            grads, *more = [record(lambda loss=loss: self._gradients(loss), (), tape) for loss in [leaves[0], *penalty]]
            penalty += [g for column in more for g in column]
        program = Straight(tape, self._params or [], inputs, leaves, grads, penalty, self._batch)
        return program, structure, len(tape), time.perf_counter() - start

    def _gradients(self, loss: Any) -> list[Any]:
        assert self._params is not None
        found = _reverse(loss, 1.0, True) if isinstance(loss, Value) else {}
        return [0.0 if (g := found.get(p)) is None else g for p in self._params]

    def retrace(self) -> None:
        """Record the function anew at the next call."""
        self._programs.clear()
        self._latest = None

    def _arrays(self, data: Sequence[Any]) -> tuple[list[Shape], list[list[list[float]]]]:
        """Return the shape of each argument of one example, and the flat numbers of the arguments of each example."""
        shapes, flats = [], []
        for i, x in enumerate(data):
            try:
                shape, flat = _flat(x)
            except (TypeError, ValueError) as error:
                raise TypeError(f"argument {i} must be a number or a rectangular nested list of numbers: {error}") from None
            shapes.append(shape)
            flats.append(flat)
        if not self._batch:
            return shapes, [flats]
        counts = {shape[0] if shape else None for shape in shapes}
        if len(counts) != 1 or None in counts or 0 in counts:
            shown = ", ".join(map(str, shapes))
            raise ValueError(f"with batch=True every argument needs the same number of examples, at least one, along its first axis; got shapes {shown}")
        count = shapes[0][0]
        sizes = [len(flat) // count for flat in flats]
        return [s[1:] for s in shapes], [[flat[k * n : (k + 1) * n] for flat, n in zip(flats, sizes, strict=True)] for k in range(count)]

    def _run(self, data: Sequence[Any]) -> tuple[list[float], list[float]] | None:
        """Return the outputs and gradients; None if Python's own arithmetic gives up or a number is not finite."""
        shapes, examples = self._arrays(data)
        latest = self._latest = self._programs.recall(tuple(shapes), lambda: self._recorded(shapes, examples[0]))
        program = latest[0]
        rows = [[x for flat in example for x in flat] for example in examples]
        captured = [v._data for v in program.captured]
        theta = [p._data for p in self._params or ()]
        try:
            found, grads, extra = program.run(theta, captured if self._batch else rows[0] + captured, rows)
        except (OverflowError, ValueError, ZeroDivisionError):
            return None
        if self._batch and self._reduction == "mean":
            found, grads = [x / len(rows) for x in found], [g / len(rows) for g in grads]
        if extra:
            found, grads = [found[0] + extra[0]], [g + e for g, e in zip(grads, extra[1:], strict=True)]
        return (found, grads) if all(map(math.isfinite, (*found, *grads))) else None

    def __call__(self, *data: Any) -> Any:
        """Return the loss, and add the gradients to the parameters' ``grad``; without parameters, the function's result."""
        if self._params is None:
            found = self._run(data)
            if found is not None:
                return rebuild(self._made()[1], found[0])
            ((result, _),) = self._roots(data)
            leaves: list[Any] = []
            structure = flatten(result, leaves)
            return rebuild(structure, list(map(float, leaves)))
        value, grads = self.value_and_grad(*data)
        for p, g in zip(self._params, grads, strict=True):
            p.grad += g
        return value

    def value_and_grad(self, *data: Any) -> tuple[float, list[float]]:
        """Return the loss and the gradients in the order of the parameters. Writes no ``grad``."""
        if self._params is None:
            raise TypeError("this function was compiled without params; compile value_and_grad(f), or pass params")
        found = self._run(data)
        return eager(self._roots(data), self._params) if found is None else (found[0][0], found[1])

    def _roots(self, data: Sequence[Any]) -> Iterator[tuple[Any, float]]:
        """Yield the losses of the examples one by one, and the penalty, with their weights, from the engine itself."""
        shapes, examples = self._arrays(data)
        weight = 1.0 / len(examples) if self._batch and self._reduction == "mean" else 1.0
        for example in examples:
            yield self._f(*[nested(map(Value, flat), shape) for flat, shape in zip(example, shapes, strict=True)]), weight
        if self._penalty is not None:
            yield self._penalty(), 1.0

    def train(self, *data: Any, callback: Callable[[int, float], Any] | None = None) -> list[float]:
        """Take optimizer steps on the same data: ``train(X, Y, optimizer, steps)``; see `autograd.compiler.Compiled.train`."""
        args, optimizer, steps, callback = training(data, callback, self._params)
        assert self._params is not None
        before = [p.grad for p in self._params]
        losses: list[float] = []
        try:
            for i in range(steps):
                value, grads = self.value_and_grad(*args)
                losses.append(value)
                for p, g in zip(self._params, grads, strict=True):
                    p.grad = g
                optimizer.step()
                if callback is not None and callback(i, value):
                    break
        finally:
            for p, g in zip(self._params, before, strict=True):
                p.grad = g
        return losses

    @property
    def source(self) -> str:
        """The program in Python."""
        return self._made()[0].source

    python_source = source

    @property
    def c_source(self) -> str:
        """Raise MissingDependencyError: only the rolled program is printed in C."""
        raise MissingDependencyError("NumPy", "the program in C", "pip install numpy")

    def _made(self) -> tuple[Straight, Any, int, float]:
        if self._latest is None:
            if self._names or self._batch:
                raise GraphError("nothing is compiled yet: call the function on data once, for the shapes of its arguments")
            self._run(())
        assert self._latest is not None
        return self._latest

    def report(self) -> Report:
        """Return counts, times, and why Python runs the program."""
        program, _, nodes, seconds = self._made()
        lines = program.source.count("\n")
        why = f"{self._backend!r} was asked for, but there is no NumPy; install it with: pip install numpy"
        return Report({"recorded nodes": nodes, "statements": lines, "backend": "python", "because": why, "compile seconds": round(seconds, 4)}, [])

    def check(self, *data: Any, tolerance: float = 1e-12) -> float:
        """Compare with the engine itself on the same data; return the largest relative error, or raise GraphError."""
        if self._params is None:
            raise TypeError("check() compares a loss and its gradients; compile with params")
        return worst(self.value_and_grad(*data), lambda: self._roots(data), self._params, tolerance)


def _indices(shape: Shape) -> Iterator[Shape]:
    """Yield all indices of a shape, the last fastest."""
    if not shape:
        yield ()
        return
    for i in range(shape[0]):
        for rest in _indices(shape[1:]):
            yield (i, *rest)


def _flat(x: Any) -> tuple[Shape, list[float]]:
    """Return the shape of nested lists, and their numbers."""
    if not isinstance(x, (list, tuple)):
        return (), [float(x)]
    parts = list(map(_flat, x))
    if len({shape for shape, _ in parts}) > 1:
        raise ValueError("its rows are not of one length")
    return (len(parts), *(parts[0][0] if parts else ())), [v for _, flat in parts for v in flat]
