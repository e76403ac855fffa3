"""What a compiled function holds: the programs of its structures."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import replace
from typing import Any

from autograd.compiler.backends import Reusable
from autograd.compiler.backends.c.toolchain import CompilationError, broken
from autograd.compiler.cache import Recent
from autograd.compiler.choose import CALLS, Engine, choose
from autograd.compiler.graph.ir import SOP
from autograd.compiler.record.trace import Source
from autograd.compiler.roll.cells import roll

__all__ = ["Structure"]


class Structure:
    """One recorded structure of a function: its program, and engines for each number of lanes.

    An engine belongs to the call that took it until that gives it back. There are as many as were ever in use
    at once.
    """

    def __init__(self, source: Source, backend: str, *, brief: bool = False) -> None:
        start = time.perf_counter()
        self.source = source.finished()
        self.program = roll(self.source.graph)
        self.seconds = time.perf_counter() - start
        self.asked, self.calls = backend, 1 if brief else CALLS
        self.backend, self.why = choose(backend, self.program, calls=self.calls)
        shared, rows = self.program.shared, self.program.lanes
        self.engines = Recent(64, weigh=lambda lanes, _: 8.0 * (shared + rows * lanes))
        self.model: dict[str, Any] = {}
        graph = self.program.graph
        computed = set(graph.terms.node.tolist()) if graph.pinned.size else set()
        self.unreached = [
            i
            for i, n in enumerate(graph.pinned.tolist())
            if n < 0 or (graph.kind[n] == SOP and n not in computed)
        ]

    @property
    def weight(self) -> float:
        """Roughly, the bytes that it takes."""
        return 600.0 * self.program.graph.size + 16.0 * self.program.shared

    def engine(self, lanes: int) -> Engine:
        """Return an engine for a number of lanes that no one else uses, until `release`."""
        try:
            engine: Engine = self._idle(lanes).pop()
        except IndexError:
            engine = self._engine(lanes)
        return engine

    def release(self, engine: Engine) -> None:
        """Take an engine back."""
        self._idle(engine.lanes).append(engine)

    def _idle(self, lanes: int) -> list[Engine]:
        idle: list[Engine] = self.engines.recall(lanes, list)
        return idle

    def _engine(self, lanes: int) -> Engine:
        backend = self.backend
        try:
            engine = Engine(self.program, self.source, backend, lanes, self.model.get(backend))
        except (CompilationError, OSError) as error:
            # A program that a working compiler refuses is a defect, which who asked for C wants to see.
            reason = broken() or (str(error) if isinstance(error, OSError) else "")
            if self.asked != "auto" and not reason:
                raise
            backend, self.why = choose(self.asked, self.program, {backend: reason or str(error)}, self.calls)
            self.backend = backend
            engine = Engine(self.program, self.source, backend, lanes)
        if isinstance(engine.bound, Reusable):
            self.model.setdefault(backend, engine.bound)
        return engine

    def of(self, source: Source, seconds: float) -> Structure:
        """Return the same program and engines for another recording of the same key, and its seconds."""
        other = copy(self)
        other.source = source.like(self.source)
        other.program = replace(self.program, graph=other.source.graph)
        other.seconds = seconds
        return other
