"""A program with its arrays, loaded and run."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from autograd.bulk import gather
from autograd.compiler.backends import Bound, load
from autograd.compiler.graph.ir import CONST, INPUT, LANE
from autograd.compiler.record.trace import Source
from autograd.compiler.results import Block, Taker, taker
from autograd.compiler.roll.program import LANES, Program
from autograd.native import engine as native

__all__ = ["Engine"]


class Engine:
    """A program with its arrays, on one backend, for one number of lanes.

    Attributes
    ----------
    latest
        The views of the arguments whose ``shapes`` were asked for last.
    direct
        What takes a tuple of these, and runs; it returns None where they are not just numbers and doubles.
    """

    def __init__(self, program: Program, source: Source, backend: str, lanes: int, like: Any = None) -> None:
        start = time.perf_counter()
        self.lanes, self.backend = lanes, backend
        self.bound: Bound = like.another(lanes) if like else load(backend).bind(program, lanes)
        self.program = program = self.bound.program
        self.calls = self.bound.count
        graph = program.graph
        self.shared, self.rows = self.bound.shared, self.bound.lanes
        count = program.parameters
        self.theta, self.gradient = self.shared[:count], self.shared[count : 2 * count]
        constants = program.constants
        self.shared[len(self.shared) - len(constants) :] = constants
        self.batch = graph.scale >= 0
        if self.batch:
            self.shared[program.address[graph.scale]] = 1.0 / lanes
            self.shared[program.address[graph.lanes]] = float(lanes)
        inputs = np.flatnonzero(graph.kind == INPUT)
        inputs = inputs[2:] if self.batch else inputs
        sizes = [int(np.prod(shape)) for shape in source.shapes]
        total = 0 if self.batch else sum(sizes)
        own = np.flatnonzero(graph.kind == LANE) if self.batch else inputs[:total]
        self.first = int(program.address[own[0]]) - (LANES if self.batch else 0) if len(own) else 0
        captured = program.address[inputs[total:]]
        self.captured = self.shared[int(captured[0]) : int(captured[-1]) + 1] if len(captured) else None
        self._views: dict[Any, list[Any]] = {}
        self.shapes: Any = None
        self.latest: list[Any] = []
        self.direct: Any = None
        self.takers: list[Taker | None] = [None, None]
        self.outputs = program.outputs
        self.fixed = (graph.kind[graph.outputs] == CONST).tolist()
        self.finite = bool(np.isfinite(graph.value[graph.outputs]).all())
        for name in ("descend", "optimize"):  # `Descending` and `Optimizing`, which it takes long to ask for
            if hasattr(self.bound, name):
                setattr(self, name, getattr(self.bound, name))
        self.value_at = int(self.outputs[0]) if len(self.outputs) else -1
        self.run = self.bound.run if self.finite else _never
        self.seconds = time.perf_counter() - start

    def views(self, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """Return where arguments of these shapes belong, as views of those shapes, examples in front."""
        found = self._views.get(shapes)
        if found is None:
            found, at = [], self.first
            for shape in shapes:
                size = math.prod(shape)
                if self.batch:
                    rows = self.rows[at : at + size].reshape(*shape, self.lanes)
                    found.append(np.moveaxis(rows, -1, 0))
                else:
                    found.append(self.shared[at : at + size].reshape(shape))
                at += size
            self._views[tuple(shapes)] = found
        self.shapes, self.latest = shapes, found
        code, self.direct = getattr(self.bound, "code", None), None
        if code and native and not self.batch and self.run == self.bound.run:
            ends = tuple(accumulate(map(math.prod, shapes), initial=self.first))
            for array in (self.shared, self.rows):
                memoryview(array)  # an array keeps what its buffer is, for the next who asks
            self.direct = partial(native.perform, code, self.shared, self.rows, self.lanes, ends)
        return found

    def load(self, given: Any, captured: list[Any]) -> None:
        """Put the arguments, and the data of the captured leaves, into their places."""
        for view, array in zip(self.views(given.shapes), given.arrays, strict=True):
            if given.spans is None:
                view[...] = array
                continue
            for start, end in given.spans:
                view[start:end] = array[start:end]
        if self.captured is not None:
            gather(captured, self.captured)

    def attempt(self, theta: Any) -> tuple[float, Any] | None:
        """Return the loss and its gradient at these parameters; None where the engine has to evaluate."""
        self.theta[:] = theta
        return (self.shared.item(self.value_at), self.gradient.copy()) if self.run() else None

    def columns(self) -> list[list[float]]:
        """Return, for each output, the number for each example."""
        rows = self.rows if self.batch else None
        found: Any = taker(Block(np.arange(len(self.outputs))), self.outputs, self.shared, rows, True)()
        columns: list[list[float]] = found.reshape(-1, len(self.outputs)).T.tolist()
        return columns

    def results(self, form: Any, arrays: bool) -> Any:
        """Return what a function without parameters returned, its nested lists as arrays or as they are."""
        take = self.takers[arrays]
        if take is None:
            rows = self.rows if self.batch else None
            take = self.takers[arrays] = taker(form, self.outputs, self.shared, rows, arrays)
        return take()


def _never() -> bool:
    """Stand in for a program one of whose results is a constant that is not finite."""
    return False
