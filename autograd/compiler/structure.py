"""What a compiled function holds: the programs of its structures."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.backends import Engine, choose
from autograd.compiler.frontend import Source
from autograd.compiler.layout import roll
from autograd.compiler.recording import Recent
from autograd.compiler.toolchain import CompilationError, broken

__all__ = ["Structure", "plain_descent", "quiet"]


def quiet() -> Any:
    """Return a context without NumPy's warnings: the engine gives none for infinity and NaN either."""
    return np.errstate(all="ignore")


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
            # A program that a working compiler refuses is a defect, which who asked for C wants to see.
            reason = broken() or (str(error) if isinstance(error, OSError) else "")
            if self.asked != "auto" and not reason:
                raise
            self.backend, self.why = choose(self.asked, self.program, against=reason or str(error))
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
