"""What a compiled function holds: the programs of its structures."""

from __future__ import annotations

import math
import threading
import time
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np

from autograd.compiler.backends import AT_ONCE, BACKENDS, load
from autograd.compiler.backends.c.toolchain import CompilationError, broken
from autograd.compiler.backends.placing import Threaded
from autograd.compiler.cache import Recent
from autograd.compiler.choose import CALLS, choose
from autograd.compiler.engine import Engine
from autograd.compiler.graph.ir import FIRST_ROW, INPUT, LANE, SOP
from autograd.compiler.record.trace import Source
from autograd.compiler.results import form_of
from autograd.compiler.roll.rolled import roll
from autograd.compiler.training import in_background
from autograd.words import gettext

__all__ = ["Engines", "Structure", "structure_of"]


TRIALS = 10
"""So many runs of what was built in the background are compared with those before."""
SMALL = 1000
"""Nodes of programs that are kept for whoever compiles the same once more."""
KNOWN: Final = Recent(8, 2.0**24, lambda _, structure: structure.weight)
"""Those."""


class Engines:
    """The engines of a program.

    An engine belongs to the call that took it until that gives it back. There are as many as were ever in use
    at once.

    Attributes
    ----------
    backend, why
        Which one it is, and why.
    builder
        The thread that builds a better one in the background, once it has begun; or None.
    """

    def __init__(self, program: Any, source: Source, asked: str, lanes: int, calls: int) -> None:
        self.program, self.source, self.asked = program, source, asked
        self.lanes, self.calls = lanes, calls
        self._choose({})
        shared, rows = program.shared, program.lanes
        self.pools = Recent(64, weigh=lambda lanes, _: 8.0 * (shared + rows * lanes))
        self.model: dict[str, Any] = {}
        self.builder: threading.Thread | None = None
        self.before, self.took = self.backend, math.inf
        self.trials: list[float] = []

    def _choose(self, failed: dict[str, str]) -> None:
        """Choose a backend, and what is to be built in the background."""
        found = choose(self.asked, self.program, failed, self.lanes, self.calls)
        self.backend, self.why, self.later, self.left = found
        if isinstance(self.asked, Threaded):
            self.backend = Threaded(self.backend, self.asked.threads)
            self.later = self.later and Threaded(self.later, self.asked.threads)

    def idle(self, lanes: int) -> list[Engine]:
        """Return the engines for a number of lanes that nobody uses."""
        idle: list[Engine] = self.pools.recall(lanes, list)
        return idle

    def take(self, lanes: int, idle: list[Engine] | None = None) -> Engine:
        """Return an engine that no one else uses, until `release`."""
        idle = self.idle(lanes) if idle is None else idle
        while True:
            try:
                engine = idle.pop()
            except IndexError:
                return self._made(lanes)
            if engine.backend is self.backend:  # else one of before a better one was ready
                return engine

    def release(self, engine: Engine) -> None:
        """Take an engine back."""
        self.idle(engine.lanes).append(engine)

    def _made(self, lanes: int) -> Engine:
        """Return a new engine."""
        backend = self.backend
        try:
            engine = Engine(self.program, self.source, backend, lanes, self.model.get(backend))
        except (CompilationError, OSError) as error:
            # A program that a working compiler refuses is a defect, which who asked for C wants to see.
            reason = broken() or (str(error) if isinstance(error, OSError) else "")
            if self.asked not in ("auto", AT_ONCE) and not reason:
                raise
            self._choose({backend: reason or str(error)})
            backend = self.backend
            engine = Engine(self.program, self.source, backend, lanes)
        if hasattr(engine.bound, "another"):
            self.model.setdefault(backend, engine.bound)
        if self.later and self.builder is None:
            engine.run = partial(self._counted, engine.run)
        elif self.later and self.later == backend:
            engine.run = partial(self._tried, engine, engine.run)
        return engine

    def _counted(self, run: Any) -> bool:
        """Run a program, and time it; begin to build the better one when it has run often enough."""
        self.left -= 1
        if self.left <= 0 and self.builder is None:
            self.builder = in_background(self._build)
        start = time.perf_counter()
        ready: bool = run()
        self.took = min(self.took, time.perf_counter() - start)
        return ready

    def _build(self) -> None:
        """Build the better one, for the calls that begin when it is ready; tell of it in ``why``."""
        start, title = time.perf_counter(), gettext(load(self.later).title)
        try:
            engine = Engine(self.program, self.source, self.later, self.lanes)
        except Exception as error:  # noqa: BLE001 - nobody but the report hears of it
            self.why += gettext("; it could not be: {kind}: {error}", kind=type(error).__name__, error=error)
            return
        if hasattr(engine.bound, "another"):
            self.model[self.later] = engine.bound
        engine.run = partial(self._tried, engine, engine.run)
        self.idle(self.lanes).append(engine)
        self.before, self.backend = self.backend, self.later
        took = f"{time.perf_counter() - start:.1f}"
        self.why += gettext("; so {title} was, in {took} s", title=title, took=took)

    def _tried(self, engine: Engine, run: Any) -> bool:
        """Run what was built, and time it; after a few runs, go back if the one before took less."""
        start = time.perf_counter()
        ready: bool = run()
        self.trials.append(time.perf_counter() - start)
        if len(self.trials) >= TRIALS:
            engine.run, engine.shapes = run, None
            if min(self.trials) > self.took and self.backend == self.later:
                self.backend = self.before
                title = gettext(load(self.before).title)
                self.why += gettext("; as it took longer, {title} goes on", title=title)
        return ready


class Structure:
    """One recorded structure of a function: its program, and engines for each number of lanes."""

    seconds = 0.0

    def __init__(self, source: Source, backend: str, lanes: int, *, brief: bool = False) -> None:
        self.recorded = source
        finished = source.finished()
        self.program = roll(finished.graph)
        self.source = replace(finished, graph=self.program.graph)
        self.form = form_of(source.structure)
        self.engines = Engines(self.program, self.source, backend, lanes, 1 if brief else CALLS)
        graph = self.program.graph
        empty = graph.kind == SOP
        empty[graph.terms.node] = False
        self.unreached: list[int] = np.flatnonzero((graph.pinned < 0) | empty[graph.pinned]).tolist()
        count = self.program.parameters
        self.emptied = [np.arange(a - count, b - count) for a, b in self.program.emptied]
        if self.emptied:
            looked_up = set(np.concatenate(self.emptied).tolist())
            self.unreached = [i for i in self.unreached if i not in looked_up]
        self.tables = _tables(self.program) if self.emptied else []

    def untouched(self, rows: Any, captured: list[Any]) -> list[int]:
        """Return the parameters in tables that nothing looks up; none of them where that is not known.

        ``rows`` holds the numbers among the arguments, a row for each example.
        """
        if self.tables is None or not self.emptied:
            return []
        touched = np.zeros(self.program.parameters, bool)
        for rank, firsts, step, count in self.tables:
            at = rows[:, rank] if rank < rows.shape[1] else np.array([captured[rank - rows.shape[1]]._data])
            touched[np.add.outer(step * at[(at >= 0) & (at < count)].astype(np.int64), firsts)] = True
        candidates = np.concatenate(self.emptied)
        untouched: list[int] = candidates[~touched[candidates]].tolist()
        return untouched

    @property
    def weight(self) -> float:
        """Roughly, the bytes that it takes."""
        return 600.0 * self.program.graph.size + 16.0 * self.program.shared

    def engine(self, lanes: int) -> Engine:
        """Return an engine for a number of lanes that no one else uses, until `release`."""
        return self.engines.take(lanes)

    def release(self, engine: Engine) -> None:
        """Take an engine back."""
        self.engines.release(engine)

    def plain(self, engine: Engine) -> Engine:
        """Return an engine over the program as all backends read it, with the numbers of another one."""
        other = Engine(self.program, self.source, next(iter(BACKENDS)), engine.lanes)
        if engine.captured is not None and other.captured is not None:
            other.captured[:] = engine.captured
        return other

    def of(self, source: Source, seconds: float) -> Structure:
        """Return the same program and engines for another recording of the same key, and its seconds."""
        other = copy(self)
        if source is not self.recorded:
            other.source = source.like(self.source)
            other.program = replace(self.program, graph=other.source.graph)
        other.seconds = seconds
        return other


def structure_of(source: Source, key: bytes, backend: str, lanes: int, *, brief: bool) -> Structure:
    """Return a structure of this key: for small programs that may be one of another function.

    Not in C, whose library stays mapped as long as its program is kept.
    """
    make = partial(Structure, backend=backend, lanes=lanes, brief=brief)
    if source.graph.size > SMALL or backend.__class__ is not str or backend == "c":
        return make(source)
    if not _is_of_lists(source.structure):
        return make(source)
    bare = replace(source, captured=[], outside=[])
    found: Structure = KNOWN.recall((key, backend, brief), lambda: make(bare))
    return found if backend in ("auto", AT_ONCE, found.engines.backend) else make(source)


def _is_of_lists(x: Any) -> bool:
    return x.__class__ is int or (x.__class__ in (list, tuple) and all(map(_is_of_lists, x)))


def _tables(program: Any) -> list[tuple[int, Any, int, int]] | None:
    """Return by which argument each table of parameters is looked up, its first parameters, step and length.

    None where that is by something that is computed.
    """
    graph = program.graph
    nodes = np.flatnonzero(graph.scatters())
    found = []
    for place in np.unique(graph.args[nodes, 1]).tolist():
        if graph.kind[place] not in (LANE, INPUT):
            return None
        own = np.flatnonzero(graph.kind == graph.kind[place])
        rank = int(np.searchsorted(own, place))
        if graph.kind[place] == INPUT and graph.scale >= 0:  # behind the arguments, which are lanes
            rank += int((graph.kind == LANE).sum()) - 2
        mine = nodes[graph.args[nodes, 1] == place]
        for kind in np.unique(graph.kind[mine]).tolist():
            step, count = map(int, graph.rows[kind - FIRST_ROW][1])
            firsts = program.address[graph.args[mine[graph.kind[mine] == kind], 2]]
            found.append((rank, firsts, step, count))
    return found
