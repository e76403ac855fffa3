"""A compiled function over NumPy arrays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd.compiler.backends import Engine
from autograd.compiler.frontend import trace
from autograd.compiler.recording import Recent, argument_names, flatten, nested, rebuild, training
from autograd.compiler.report import Report, eager, worst
from autograd.compiler.structure import Structure, plain_descent, quiet
from autograd.compiler.verify import verify
from autograd.errors import GraphError
from autograd.value import Value

__all__ = ["Compiled"]


class Compiled:
    """A compiled function; made by `compile`.

    Attributes
    ----------
    source : str
        The program over NumPy arrays, for reading.
    python_source : str
        The program in straight-line Python over floats.
    c_source : str
        The program in C.
    """

    def __init__(
        self, f: Callable[..., Any], params: list[Value] | None, batch: bool, reduction: str,
        penalty: Callable[[], Any] | None, backend: str,
    ) -> None:  # fmt: skip
        self._f, self._params, self._batch = f, params, batch
        self._reduction, self._penalty, self._backend = reduction, penalty, backend
        self._traces, self._structures = Recent(), Recent()
        self._latest: tuple[Structure, Engine] | None = None
        self._names = argument_names(f)

    # Recording.

    def _prepare(self, data: Sequence[Any]) -> tuple[Structure, Engine]:
        arrays, lanes = self._arrays(data)
        shapes = tuple(a.shape[1:] if self._batch else a.shape for a in arrays)
        structure: Structure = self._traces.recall(shapes, lambda: self._record(list(shapes), arrays))
        engine = structure.engine(lanes)
        engine.load(arrays, [v._data for v in structure.source.captured])
        self._latest = structure, engine
        return structure, engine

    def _record(self, shapes: list[tuple[int, ...]], arrays: list[Any]) -> Structure:
        """Record the function; compile what came out unless a recording of the same structure was compiled before."""
        start = time.perf_counter()
        examples = [a[0] if self._batch else a for a in arrays]
        names = [*self._names[: len(shapes)], *(f"x{i}" for i in range(len(self._names), len(shapes)))]
        source = trace(
            self._f, self._params, names, shapes, examples, batch=self._batch, reduction=self._reduction, penalty=self._penalty,
        )  # fmt: skip
        key = source.key()
        seconds = time.perf_counter() - start
        known = key in self._structures
        structure: Structure = self._structures.recall(key, lambda: Structure(source, self._backend))
        return structure.of(source, seconds + (0.0 if known else structure.seconds))

    def retrace(self) -> None:
        """Record the function anew at the next call.

        Recordings are kept by the shapes of the arguments. Call this after changing anything else that a recording
        goes by: a list or a flag that the function closes over, the structure of a model. Programs are kept by a
        hash of the recorded graph, the last eight of them: what was compiled before is not compiled again.
        """
        self._traces.clear()
        self._latest = None

    def _arrays(self, data: Sequence[Any]) -> tuple[list[Any], int]:
        arrays = []
        for i, x in enumerate(data):
            try:
                arrays.append(np.asarray(x, np.float64))
            except (TypeError, ValueError) as error:
                raise TypeError(f"argument {i} must be a number or a rectangular nested list of numbers: {error}") from None
        if not self._batch:
            return arrays, 1
        counts = {a.shape[0] if a.ndim else None for a in arrays}
        if len(counts) != 1 or None in counts or 0 in counts:
            shown = ", ".join(str(a.shape) for a in arrays)
            raise ValueError(f"with batch=True every argument needs the same number of examples, at least one, along its first axis; got shapes {shown}")
        return arrays, arrays[0].shape[0]

    # Evaluating.

    def __call__(self, *data: Any) -> Any:
        """Return the loss, and add the gradients to the parameters' ``grad``; without parameters, the function's result."""
        if self._params is None:
            structure, engine = self._prepare(data)
            with quiet():
                outputs = engine.evaluate()
            if not all(map(math.isfinite, outputs)):
                return self._plain(data)
            return rebuild(structure.source.structure, outputs)
        value, grads = self.value_and_grad(*data)
        for p, g in zip(self._params, grads.tolist(), strict=True):
            p.grad += g
        return value

    def value_and_grad(self, *data: Any) -> tuple[float, Any]:
        """Return the loss and the gradients, an array in the order of the parameters. Writes no ``grad``."""
        if self._params is None:
            raise TypeError("this function was compiled without params; compile value_and_grad(f), or pass params")
        _, engine = self._prepare(data)
        with quiet():
            value, grads = engine.step([p._data for p in self._params])
            finite = engine.finite()
        if not finite:
            return self._exact(data)
        return value, np.array(grads)

    def _plain(self, data: Sequence[Any]) -> Any:
        arrays, _ = self._arrays(data)
        result = self._f(*map(_values, arrays))
        leaves: list[Any] = []
        structure = flatten(result, leaves)
        return rebuild(structure, [x._data if isinstance(x, Value) else float(x) for x in leaves])

    def _roots(self, data: Sequence[Any]) -> Iterator[tuple[Any, float]]:
        """Yield the losses of the examples one by one, and the penalty, with their weights, from the engine itself."""
        arrays, lanes = self._arrays(data)
        weight = 1.0 / lanes if self._batch and self._reduction == "mean" else 1.0
        for i in range(lanes):
            yield self._f(*[_values(a[i] if self._batch else a) for a in arrays]), weight
        if self._penalty is not None:
            yield self._penalty(), 1.0

    def _exact(self, data: Sequence[Any]) -> tuple[float, Any]:
        """Evaluate with the engine itself, example by example: what NaN, infinity and untaken branches do there."""
        assert self._params is not None
        total, grads = eager(self._roots(data), self._params)
        return total, np.array(grads)

    # Training.

    def train(self, *data: Any, callback: Callable[[int, float], Any] | None = None) -> list[float]:
        """Take optimizer steps on the same data: ``train(X, Y, optimizer, steps)``.

        Parameters and state stay in arrays; the Values get their data at the end, before each call of the
        callback, and if an exception such as an interrupt ends the training.

        Parameters
        ----------
        data
            The function's arguments, then an optimizer of `nn.optim` over the same parameters, then the
            number of steps, then perhaps a callback.
        callback
            Called after each step with its number, from 0, and the loss before it; stops the training if it
            returns True.

        Returns
        -------
        list of float
            The loss before each step.
        """
        args, optimizer, steps, callback = training(data, callback, self._params)
        assert self._params is not None
        _, engine = self._prepare(args)
        theta = np.array([p._data for p in self._params])
        losses: list[float] = []
        if callback is None and plain_descent(optimizer) and hasattr(engine.bound, "descend"):
            losses += self._descend(engine, optimizer, steps)
            theta = np.array([p._data for p in self._params])
        try:
            for i in range(len(losses), steps):
                with quiet():
                    value, grads = engine.step(theta)
                    finite = engine.finite()
                if not finite:
                    self._store(theta)
                    value, grads = self._exact(args)
                losses.append(value)
                theta = optimizer.step_flat(theta, np.asarray(grads))
                if callback is not None:
                    self._store(theta)
                    if callback(i, value):
                        break
        finally:
            self._store(theta)
        return losses

    def _descend(self, engine: Engine, optimizer: Any, steps: int) -> list[float]:
        """Take plain steps inside the backend, as far as all numbers are finite."""
        assert self._params is not None
        engine.theta[:] = [p._data for p in self._params]
        losses = [float(x) for x in engine.bound.descend(steps, optimizer.lr)]
        optimizer.steps += len(losses)
        self._store(engine.theta)
        return losses

    def _store(self, theta: Any) -> None:
        assert self._params is not None
        for p, x in zip(self._params, theta.tolist(), strict=True):
            p.data = x

    # Looking at it.

    def _made(self) -> tuple[Structure, Engine]:
        if self._latest is None:
            if self._names or self._batch:
                raise GraphError("nothing is compiled yet: call the function on data once, for the shapes of its arguments")
            self._prepare(())
        assert self._latest is not None
        return self._latest

    @property
    def source(self) -> str:
        """The program over NumPy arrays, with the labels of the leaves."""
        from autograd.compiler.source import write

        structure, _ = self._made()
        return write(structure.program)

    @property
    def python_source(self) -> str:
        """The program in straight-line Python over floats."""
        from autograd.compiler.emit_python import python_program

        structure, _ = self._made()
        return python_program(structure.program)

    @property
    def c_source(self) -> str:
        """The program in C."""
        from autograd.compiler.emit_c import c_program

        structure, _ = self._made()
        return c_program(structure.program)

    def report(self) -> Report:
        """Return counts, times, the backend and why it was chosen, and what fell back to gathering."""
        structure, engine = self._made()
        program = structure.program
        facts = {
            "recorded nodes": structure.source.raw,
            "nodes with gradient": program.graph.size,
            "statements": len(program.statements),
            "calls": engine.calls,
            "backend": structure.backend,
            "because": structure.why,
            "compile seconds": round(structure.seconds + engine.seconds, 4),
            "memory of a call": f"{8 * (program.shared + program.lanes * engine.lanes) / 2**20:.3f} MB",
        }
        return Report(facts, [s.note for s in program.statements if s.note])

    def check(self, *data: Any, tolerance: float = 1e-12) -> float:
        """Compare with the engine itself on the same data; raise GraphError if a number is off.

        Parameters
        ----------
        data
            As for a call.
        tolerance
            Relative; where terms cancel, 64 units in the last place of the sum of their absolute values are
            allowed besides.

        Returns
        -------
        float
            The largest relative error.
        """
        if self._params is None:
            raise TypeError("check() compares a loss and its gradients; compile with params")
        structure, _ = self._prepare(data)
        verify(structure.program)
        value, grads = self.value_and_grad(*data)
        return worst((value, grads.tolist()), lambda: self._roots(data), self._params, tolerance)


def _values(array: Any) -> Any:
    """Return an array as nested lists of Values."""
    return nested(iter([Value(x) for x in array.ravel().tolist()]), array.shape)
