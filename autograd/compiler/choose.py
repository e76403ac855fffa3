"""The backends behind one face, and the choice between them."""

from __future__ import annotations

import math
import struct
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.backends.c.bind import BoundC
from autograd.compiler.backends.c.emit import unsupported
from autograd.compiler.backends.c.toolchain import find_compiler, no_compiler
from autograd.compiler.backends.numpy.emit import bind
from autograd.compiler.backends.python.emit import BoundPython
from autograd.compiler.graph.ir import BOUND, CONST, INPUT, LANE, Graph, Ints
from autograd.compiler.record.trace import Source
from autograd.compiler.roll.program import LANES, Program

__all__ = ["Engine", "choose"]


class Engine:
    """A program with its arrays, on one backend, for one number of lanes."""

    def __init__(self, program: Program, source: Source, backend: str, lanes: int, like: Any = None) -> None:
        start = time.perf_counter()
        self.program, self.lanes, self.backend = program, lanes, backend
        if hasattr(like, "another"):
            self.bound: Any = like.another(lanes)
        elif backend == "c":
            self.bound = BoundC(program, lanes)
        elif backend == "python":
            self.bound = BoundPython(program, lanes)
        else:
            self.bound = bind(program, lanes)
        self.calls = self.bound.count
        graph = program.graph
        self.shared, self.rows = self.bound.shared, self.bound.lanes
        count = program.parameters
        self.theta, self.gradient = self.shared[:count], self.shared[count : 2 * count]
        self._pack = struct.Struct(f"{count}d").pack_into
        self._looked_at = [self.gradient]
        if backend == "numpy":
            for a, stretches in zip((self.shared, self.rows), program.looked_at(8, (4096, 1 + 1024 // lanes)), strict=True):
                self._looked_at += [a[start:end].ravel() for start, end in stretches]
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
        if hasattr(self.bound, "descend"):
            self.descend = self.bound.descend
        self.value_at = self.outputs[0] if self.outputs else (True, 0.0)
        self.seconds = time.perf_counter() - start

    def _where(self, nodes: Ints) -> list[tuple[bool, Any]]:
        graph = self.program.graph
        return [(True, float(graph.value[n])) if graph.kind[n] == CONST else (False, int(self.program.address[n])) for n in nodes.tolist()]

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
        """Return the loss and its gradient at the given parameters; None where the engine has the last word."""
        if theta.__class__ is list:
            self._pack(self.theta, 0, *theta)  # in half the time
        else:
            self.theta[:] = theta
        if not self.run():
            return None
        fixed, where = self.value_at
        return where if fixed else self.shared.item(where), self.gradient.copy()

    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold.

        They do not where the loss, a gradient or an output is not finite, or a number is beyond `BOUND`.
        """
        if self.backend == "c":
            return not self.bound.run() and self.finite
        with quiet():  # the engine gives no warnings for infinity and NaN either
            self.bound.run()
            if sum([float(a.dot(a)) for a in self._looked_at]) < BOUND * BOUND:
                return self.finite and all(fixed or math.isfinite(self.shared.item(where)) for fixed, where in self.outputs)
            sizes = [np.abs(a) for a in self._looked_at]
            results = [self.gradient, self.shared[[where for fixed, where in self.outputs if not fixed]]]
            # Of x - x NumPy adds up the coefficients first, so that infinities do not meet.
            limit = math.inf if cancels(self.program.graph) else sys.float_info.max
            large = any(bool(((x >= BOUND) & (x <= limit)).any()) for x in sizes)
            return self.finite and not large and all(bool(np.isfinite(x).all()) for x in results)

    def trainer(self, start: Sequence[float], lr: float) -> Any:
        """Return a function that takes one step of gradient descent, for measurements."""
        self.theta[:] = start
        theta, gradient, run = self.theta, self.gradient, self.run
        where = self.value_at[1] if not self.value_at[0] else 0
        shared, scaled = self.shared, np.empty(len(self.theta))

        def step() -> float:
            if not run():
                raise FloatingPointError("the loss or a gradient is not finite")
            np.multiply(gradient, lr, out=scaled)
            np.subtract(theta, scaled, out=theta)
            return float(shared.item(where))

        return step

    def evaluate(self) -> list[float] | None:
        """Return the outputs of a function without parameters; None where the engine has the last word."""
        if not self.run():
            return None
        shared = self.shared
        return [where if fixed else shared.item(where) for fixed, where in self.outputs]


def cancels(graph: Graph) -> bool:
    """Tell whether a sum holds one term with both signs."""
    t = graph.terms
    order = np.lexsort((t.b, t.a, t.node))
    same = np.ones(max(len(t) - 1, 0), bool)
    for column in (t.node, t.a, t.b):
        same &= column[order][1:] == column[order][:-1]
    return bool((same & (np.diff(np.sign(t.coef[order])) != 0)).any())


def quiet() -> Any:
    """Return a context without NumPy's warnings: the engine gives none for infinity and NaN either."""
    return np.errstate(all="ignore")


_NOTICED: list[str] = []


def choose(backend: str, program: Program, *, against: str = "") -> tuple[str, str]:
    """Return the backend to use, and why; ``against`` is a reason to do without C.

    ``"auto"`` compares estimates for one call. C has to make up for the C compiler's time, about half a second, in
    CALLS calls: what is called a few times, or takes microseconds anyhow, does not start a compiler. The choice
    depends on the program and on whether there is a compiler, and on nothing else, so it is the same next time.
    """
    if backend == "c":
        reason = against or against_c(program)
        if (against or reason.startswith("no C compiler")) and not _NOTICED:
            _NOTICED.append(reason)
            warnings.warn(f"compile(backend='c'): {reason}; using NumPy", RuntimeWarning, stacklevel=5)
        return ("numpy", f"C was asked for, but {reason}") if reason else ("c", "asked for")
    if backend != "auto":
        return backend, "asked for"
    by_numpy, by_python, by_c, building = estimates(program)
    others = {"numpy": by_numpy, "python": by_python}
    chosen = min(others, key=others.__getitem__)
    why = f"estimates: NumPy {by_numpy:.0f} us, straight-line Python {by_python:.0f} us, C {by_c:.1f} us a call"
    if CALLS * (others[chosen] - by_c) * 1e-6 <= building:
        return chosen, f"{why}; C would not make up for {building:.1f} s of building it in {CALLS} calls"
    reason = against or against_c(program)
    return (chosen, f"{why}, but {reason}") if reason else ("c", why)


def against_c(program: Program) -> str:
    """Return why the program is not for C, or an empty text."""
    reason = unsupported(program)
    if not reason and largest_product(program) > BLAS_FROM:
        reason = "matrix products of this size are faster with the BLAS behind NumPy"
    if not reason and find_compiler() is None:
        reason = no_compiler()
    return reason


CALLS = 3000
"""How often a compiled function is called, as far as the choice of a backend is concerned."""


def estimates(program: Program) -> tuple[float, float, float, float]:
    """Return the microseconds of a call with NumPy, in Python and in C, and the seconds that the C compiler takes.

    Lanes count as a hundred examples. Measured on the benchmarks' systems, they are right within a factor of three.
    """
    width = 100.0 if graph_has_lanes(program) else 1.0
    terms, rows = width * len(program.graph.terms), width * float((program.graph.args[:, 0] >= 0).sum())
    refs = [r for s in program.statements for r in (*s.operands, *(x for p in s.parts for x in (p.a, p.b) if x is not None))]
    gathered = sum(width * r.addresses.size for r in refs if r.addresses is not None)
    arrays = sum(2.0 * len(s.parts) + (3.0 if s.op is not None else 0.0) + (1.0 if s.note else 0.0) for s in program.statements)
    by_numpy = 0.5 * arrays + 0.0005 * (terms + 6.0 * rows)
    by_python = 2.0 + 0.03 * (terms + 6.0 * rows) if terms + 6.0 * rows < PYTHON_LIMIT * width else math.inf
    by_c = 0.5 + 0.0002 * terms + 0.003 * rows + 0.01 * len(program.statements) + 0.004 * gathered
    return by_numpy, by_python, by_c, 0.4 + 1e-5 * gathered / width + 1e-4 * len(program.statements)


BLAS_FROM = 3e6
"""Multiplications in one matrix product from which BLAS beats plain loops, a lane counting as fifty."""


def largest_product(program: Program) -> float:
    """Return how many multiplications the largest matrix product has."""
    width = 50.0 if graph_has_lanes(program) else 1.0
    sizes = [float(np.prod(p.sizes)) * (width if p.over or s.lane else 1.0) for s in program.statements for p in s.parts if p.b is not None]
    return max(sizes, default=0.0)


PYTHON_LIMIT = 200_000
"""Largest straight-line program worth having: Python needs some 10 microseconds to compile each line."""


def graph_has_lanes(program: Program) -> bool:
    """Tell whether the program runs over lanes."""
    return bool((program.graph.kind == LANE).any())
