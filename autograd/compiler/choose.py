"""A program with its arrays, loaded and run; and the choice of a backend, by what each would take."""

from __future__ import annotations

import math
import struct
import time
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from autograd.compiler.backends import BACKENDS, Bound, Descending, Reusable, load, work_of
from autograd.compiler.graph.ir import CONST, INPUT, LANE, Ints
from autograd.compiler.record.trace import Source
from autograd.compiler.roll.program import LANES, Program

__all__ = ["CALLS", "Engine", "choose"]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Engine:
    """A program with its arrays, on one backend, for one number of lanes."""

    def __init__(self, program: Program, source: Source, backend: str, lanes: int, like: Any = None) -> None:
        start = time.perf_counter()
        self.program, self.lanes, self.backend = program, lanes, backend
        self.bound: Bound = (
            like.another(lanes) if isinstance(like, Reusable) else load(backend).bind(program, lanes)
        )
        self.calls = self.bound.count
        graph = program.graph
        self.shared, self.rows = self.bound.shared, self.bound.lanes
        count = program.parameters
        self.theta, self.gradient = self.shared[:count], self.shared[count : 2 * count]
        self._pack = struct.Struct(f"{count}d").pack_into
        if graph.scale >= 0:
            self.shared[program.address[graph.scale]] = 1.0 / lanes
            self.shared[program.address[graph.lanes]] = float(lanes)
        inputs = np.flatnonzero(graph.kind == INPUT)
        self.batch = graph.scale >= 0
        inputs = inputs[2:] if self.batch else inputs
        sizes = [int(np.prod(shape)) for shape in source.shapes]
        total = 0 if self.batch else sum(sizes)
        self.data_at = program.address[np.flatnonzero(graph.kind == LANE) if self.batch else inputs[:total]]
        self.first = int(self.data_at[0] - LANES) if self.batch and len(self.data_at) else 0
        self.captured_at = program.address[inputs[total:]]
        self.outputs = self._where(graph.outputs)
        self.fixed = [fixed for fixed, _ in self.outputs]
        self.finite = all(math.isfinite(where) for _, where in self.outputs)
        if isinstance(self.bound, Descending):
            self.descend = self.bound.descend
        self.value_at = self.outputs[0] if self.outputs else (True, 0.0)
        self.seconds = time.perf_counter() - start

    def _where(self, nodes: Ints) -> list[tuple[bool, Any]]:
        graph = self.program.graph
        return [
            (True, float(graph.value[n])) if graph.kind[n] == CONST else (False, int(self.program.address[n]))
            for n in nodes.tolist()
        ]

    def load(self, given: Any, captured: Sequence[float]) -> None:
        """Put the arguments, and the data of the captured leaves, into their places."""
        if len(self.captured_at):
            self.shared[self.captured_at] = captured
        arrays = given.arrays
        if not arrays:
            return
        if self.batch:
            first = self.first
            for a in arrays:
                rows = a.reshape(self.lanes, -1).T
                self.rows[first : first + len(rows), : self.lanes] = rows
                first += len(rows)
        else:
            self.shared[self.data_at] = np.concatenate([a.ravel() for a in arrays])

    def attempt(self, theta: Any) -> tuple[float, Any] | None:
        """Return the loss and its gradient at these parameters; None where the engine has to evaluate."""
        if theta.__class__ is list:
            self._pack(self.theta, 0, *theta)  # in half the time
        else:
            self.theta[:] = theta
        if not self.run():
            return None
        fixed, where = self.value_at
        return where if fixed else self.shared.item(where), self.gradient.copy()

    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold."""
        return self.bound.run() and self.finite

    def evaluate(self) -> list[float] | None:
        """Return the outputs of a function without parameters; None where the engine has the last word."""
        if not self.run():
            return None
        shared = self.shared
        return [where if fixed else shared.item(where) for fixed, where in self.outputs]


_NOTICED: list[str] = []

CALLS = 3000
"""How often a compiled function is called, as far as the choice of a backend is concerned."""


def choose(
    asked: str, program: Program, failed: Mapping[str, str] = NOTHING, calls: int = CALLS
) -> tuple[str, str]:
    """Return the backend to use, and why; ``failed`` names backends that did not work, with a reason each.

    ``"auto"`` compares what each would take for so many calls, building included: for what is called a few
    times, or takes microseconds anyhow, no compiler is started. The choice depends on the program and on
    whether there is a compiler, and on nothing else, so it is the same next time. Measured on the benchmarks'
    systems, the estimates are right within a factor of three.
    """
    if asked == "auto":
        return _cheapest(program, failed, calls)
    backend = load(asked)
    absent = failed.get(asked) or backend.absent()
    reason = absent or backend.against(program)
    if absent and asked not in _NOTICED:
        _NOTICED.append(asked)
        instead = load(next(iter(BACKENDS))).title
        warnings.warn(f"compile(backend={asked!r}): {absent}; using {instead}", RuntimeWarning, stacklevel=5)
    if not reason:
        return asked, "asked for"
    return next(iter(BACKENDS)), f"{backend.title} was asked for, but {reason}"


def _cheapest(program: Program, failed: Mapping[str, str], calls: int) -> tuple[str, str]:
    """Return the backend that takes least for all calls, of those that can run the program, and why."""
    work = work_of(program)
    backends = {name: load(name) for name in BACKENDS}
    costs = {name: backend.cost(work) for name, backend in backends.items()}
    order = sorted(costs, key=lambda name: calls * 1e-6 * costs[name].microseconds + costs[name].seconds)
    shown = [f"{backends[name].title} {_rounded(cost.microseconds)} us" for name, cost in costs.items()]
    why = f"estimates: {', '.join(shown)} a call"
    reasons = {name: failed.get(name) or b.absent() or b.against(program) for name, b in backends.items()}
    name = next(name for name in order if not reasons[name])  # the first one refuses nothing
    why += "".join(f", but {reasons[other]}" for other in order[: order.index(name)])
    for other, cost in costs.items():
        if order.index(other) > order.index(name) and cost.microseconds < costs[name].microseconds:
            why += (
                f"; {backends[other].title} would not make up for {cost.seconds:.1f} s of building it "
                f"in {calls} calls"
            )
    return name, why


def _rounded(microseconds: float) -> str:
    """Return a time with two digits or more."""
    return f"{microseconds:.{0 if microseconds >= 10 else 1}f}"
