"""What a compiled function holds: the programs of its structures, and the report on them."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.compiler.backends import Engine, choose
from autograd.compiler.frontend import Source
from autograd.compiler.ir import INPUT, LANE
from autograd.compiler.layout import roll
from autograd.errors import GraphError

__all__ = ["Report", "Structure", "argument_names", "plain_descent", "quiet", "worst_of"]


def quiet() -> Any:
    """Return a context without NumPy's warnings: the engine gives none for infinity and NaN either."""
    return np.errstate(all="ignore")


class Report:
    """What the compiler made of a function; ``str()`` of it is for reading."""

    def __init__(self, facts: dict[str, Any], notes: list[str]) -> None:
        self.facts = facts
        self.notes = notes

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        lines = [f"{name:<{width}}  {fact}" for name, fact in self.facts.items()]
        return "\n".join(lines + [f"fallback: {note}" for note in self.notes])

    __repr__ = __str__


class Structure:
    """One recorded structure of a function: its program, and engines for each number of lanes."""

    def __init__(self, source: Source, names: list[str], backend: str, seconds: float) -> None:
        self.source = source
        self.names = names
        start = time.perf_counter()
        self.program = roll(source.graph)
        self.seconds = seconds + time.perf_counter() - start
        self.backend, self.why = choose(backend, self.program)
        self.engines: dict[int, Engine] = {}
        graph = source.graph
        self.inputs = np.flatnonzero(graph.kind == INPUT)
        self.lanes = np.flatnonzero(graph.kind == LANE)

    def engine(self, lanes: int) -> Engine:
        """Return the program with arrays for a number of lanes."""
        if lanes not in self.engines:
            if len(self.engines) >= 8:
                del self.engines[next(iter(self.engines))]
            self.engines[lanes] = Engine(self.program, self.source, self.backend, lanes)
        return self.engines[lanes]


def plain_descent(optimizer: Any) -> bool:
    """Tell whether an optimizer just subtracts lr * gradient: it has no state, and does so where asked."""
    if getattr(optimizer, "slots", None) != ():
        return False
    lr = optimizer.lr
    probes = [(2.0, 3.0), (-1e8, 1e-3), (0.0, -7.0)]
    return all(optimizer.update(x, g, (), lr, 1)[0] == x - lr * g for x, g in probes)


def worst_of(got: float, want: float, size: float, tolerance: float, what: str) -> float:
    """Return the relative error of a number; raise if it is beyond the tolerance."""
    if got == want or (got != got and want != want):
        return 0.0
    error = abs(got - want)
    allowed = tolerance * abs(want) + (64 * 2.0**-53 * size if math.isfinite(size) else 0.0)
    if not error <= allowed:
        raise GraphError(f"{what} is {got!r} compiled and {want!r} computed by the engine: a defect of the compiler, or of a function that is not the same at each call")
    return error / abs(want) if abs(want) > 1e-6 * size else error / max(size, 5e-324)


def argument_names(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional arguments, for the printed source."""
    try:
        given = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
