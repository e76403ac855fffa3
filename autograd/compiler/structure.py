"""What a compiled function holds: the programs of its structures, and the report on them."""

from __future__ import annotations

import inspect
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.backends import Engine, choose
from autograd.compiler.frontend import Source
from autograd.compiler.layout import roll
from autograd.compiler.toolchain import CompilationError
from autograd.errors import GraphError

__all__ = ["Recent", "Report", "Structure", "argument_names", "plain_descent", "quiet", "worst_of"]


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


class Recent(OrderedDict[Any, Any]):
    """The few entries that were used last."""

    def __init__(self, limit: int = 8) -> None:
        super().__init__()
        self.limit = limit

    def recall(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return the entry, made now if it is not there; it is the last to go."""
        if key not in self:
            self[key] = make()
            if len(self) > self.limit:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]


class Structure:
    """One recorded structure of a function: its program, and engines for each number of lanes."""

    def __init__(self, source: Source, backend: str) -> None:
        start = time.perf_counter()
        self.source = source.finished()
        self.program = roll(self.source.graph)
        self.seconds = time.perf_counter() - start
        self.asked = backend
        self.backend, self.why = choose(backend, self.program)
        self.engines = Recent()

    def engine(self, lanes: int) -> Engine:
        """Return the program with arrays for a number of lanes."""
        engine: Engine = self.engines.recall(lanes, lambda: self._engine(lanes))
        return engine

    def _engine(self, lanes: int) -> Engine:
        try:
            return Engine(self.program, self.source, self.backend, lanes)
        except (CompilationError, OSError) as error:
            if self.asked != "auto":
                raise
            self.backend, self.why = choose("auto", self.program, against=str(error))
            return Engine(self.program, self.source, self.backend, lanes)

    def of(self, source: Source, seconds: float) -> Structure:
        """Return the same program and engines for another recording of the same key, which took so many seconds."""
        other = copy(self)
        other.source = source.like(self.source)
        other.program = replace(self.program, graph=other.source.graph)
        other.seconds = seconds
        return other


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
