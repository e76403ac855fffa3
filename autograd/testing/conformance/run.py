"""The suite: each function of a library at its points, in every mode, order and precision, and the faults."""

from __future__ import annotations

import math
import queue
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

from autograd.errors import UsageError
from autograd.testing.conformance.adapter import DTYPES, MODES, Adapter
from autograd.testing.conformance.data import Function, load, single
from autograd.testing.conformance.judge import FAULTS, judge
from autograd.testing.conformance.region import region
from autograd.testing.conformance.target import Died, Failed, Target, columns
from autograd.words import gettext

__all__ = ["Alarm", "Fault", "Outcome", "Plan", "conform", "examine"]

SCALARS = 16
"""So many points are tried as single numbers too."""
MANY, FEW = 62, 3
"""So many numbers are asked for at once to find where a fault ends: of arrays, and by themselves."""
TOGETHER = 24
"""At most so many derivatives are compiled as one function."""


class Way(NamedTuple):
    """How a derivative is asked for."""

    mode: str
    dtype: str
    shape: str
    jit: bool

    def __str__(self) -> str:
        return f"{self.mode}, {self.shape}, {'jitted' if self.jit else 'eager'}"


class Asked(NamedTuple):
    """One derivative, asked for in one way."""

    path: tuple[int, ...]
    way: Way


Batch = tuple[Asked, ...]
"""What is asked for at once: of compiled functions, all that are of one precision and shape."""


class Alarm(NamedTuple):
    """One number that is not what it should be."""

    way: Way
    point: tuple[float, ...]
    expected: float
    got: float
    ulp: float


@dataclass
class Fault:
    """A kind of fault: one function and derivative, one precision, one symptom."""

    function: str
    path: tuple[int, ...]
    dtype: str
    symptom: str
    """One of `FAULTS`, or ``crash`` or ``hang``."""
    alarms: list[Alarm] = field(default_factory=list)
    region: str = ""
    """Where it holds."""
    script: str = ""
    """A program that shows it with the library alone."""
    message: str = ""

    @property
    def name(self) -> str:
        """What baselines know it by, such as ``expm1' float64 zero``."""
        return f"{derivative_name(self.function, self.path)} {self.dtype} {self.symptom}"

    @property
    def worst(self) -> Alarm:
        """The alarm with the largest error, not compiled if it shows so; of equal ones the simplest point."""

        def rank(alarm: Alarm) -> tuple[bool, float, int, str]:
            return not alarm.way.jit, alarm.ulp, -sum(len(repr(x)) for x in alarm.point), alarm.way.shape

        return max(self.alarms, key=rank)

    @property
    def ways(self) -> str:
        """The ways in which it shows."""
        seen = dict.fromkeys(alarm.way for alarm in self.alarms)
        modes = [mode for mode in MODES if any(way.mode == mode for way in seen)]
        shapes = list(dict.fromkeys(way.shape for way in seen))
        jits = [word for jit, word in ((False, "eager"), (True, "jitted")) if any(w.jit is jit for w in seen)]
        return "; ".join(", ".join(words) for words in (modes, shapes, jits))


def derivative_name(function: str, path: Sequence[int]) -> str:
    """Name a derivative.

    Examples
    --------
    >>> derivative_name("tanh", (0, 0)), derivative_name("atan2", (0, 1))
    ("tanh''", 'atan2_xy')
    """
    several = load()[function].operands > 1 if function in load() else any(path)
    return f"{function}_{''.join('xyz'[i] for i in path)}" if several else function + "'" * len(path)


@dataclass
class Outcome:
    """What a run found.

    Parameters
    ----------
    library, version
        What was tried.
    """

    library: str
    version: str = ""
    faults: list[Fault] = field(default_factory=list)
    policies: list[Fault] = field(default_factory=list)
    """Choices at kinks and outside of domains that differ from the middle of the slopes, or from NaN."""
    flushed: list[Fault] = field(default_factory=list)
    """Where subnormal numbers count as zero."""
    problems: list[str] = field(default_factory=list)
    """What the adapter says and the library does not do."""
    judged: Counter[str] = field(default_factory=Counter)
    """How many derivatives of each function were judged."""
    seconds: float = 0.0

    @property
    def derivatives(self) -> int:
        """How many numbers were judged."""
        return sum(self.judged.values())

    def new(self, known: Iterable[str]) -> list[Fault]:
        """Return the faults that are not among the names of a baseline."""
        names = set(known)
        return [fault for fault in self.faults if fault.name not in names]


@dataclass(frozen=True)
class Plan:
    """What to try of a library.

    Parameters
    ----------
    functions
        The suite's names; all that the adapter has by default.
    modes, dtypes
        Those of the adapter by default.
    order
        The highest.
    quick
        Of arrays alone; first derivatives in double precision at all points, and a third of the points of
        others; higher ones in one mode and precision.
    jit
        Whether compiled functions are tried; by default where that is not slow.
    regions
        Whether to find where each fault holds.
    """

    functions: tuple[str, ...] = ()
    modes: tuple[str, ...] = MODES
    dtypes: tuple[str, ...] = DTYPES
    order: int = 3
    quick: bool = False
    jit: bool | None = None
    regions: bool = True

    def chosen(self, adapter: Adapter) -> list[str]:
        """Return the functions to try.

        Raises
        ------
        UsageError
            If one is not in the suite, or not in the adapter; or if the adapter's fields are not what they
            should be.
        """
        known = load()
        adapter.verify()
        for name in adapter.functions:
            if name not in known:
                close = get_close_matches(name, known, 1)
                hint = _meant(close, known)
                raise UsageError(
                    gettext(
                        "the adapter of {library} has a function {name}, which the suite has not; {hint}",
                        library=adapter.name, name=name, hint=hint,
                    )
                )
        for name in self.functions:
            if name not in adapter.functions:
                close = get_close_matches(name, adapter.functions, 1)
                hint = _meant(close, adapter.functions)
                raise UsageError(gettext(
                    "the adapter of {library} has no function {name}; {hint}",
                    library=adapter.name, name=name, hint=hint,
                ))
        return [
            name
            for name in known
            if name in (self.functions or adapter.functions) and name in adapter.functions
        ]

    def ways(self, adapter: Adapter, order: int) -> Iterator[Way]:
        """Return how to ask for a derivative: arrays first, then single numbers, then compiled."""
        jit = bool(adapter.jit) and (not adapter.jit_is_slow if self.jit is None else self.jit)
        for compiled in (jit and adapter.eager_is_slow,) if self.quick else (False, True)[: 1 + jit]:
            if compiled and adapter.jit_is_slow and order > 1:
                continue
            # Where compiling is what takes the time: higher derivatives in one way alone.
            once = order > 1 and (self.quick or (jit and not compiled and adapter.eager_is_slow))
            again = order > 1 and compiled
            for shape in adapter.shapes:
                # Compiled, higher derivatives of single numbers show no fault that those of arrays do not.
                if shape == "scalar" and len(adapter.shapes) > 1 and (self.quick or once or again):
                    continue
                for mode in self.modes:
                    for dtype in self.dtypes:
                        first = mode == self.modes[0] and dtype == self.dtypes[0]
                        if once and not first:
                            continue
                        if mode in adapter.derivative and dtype in adapter.dtypes:
                            yield Way(mode, dtype, shape, compiled)


def conform(
    adapter: Adapter, plan: Plan | None = None, *, python: str = "", timeout: float = 60.0, jobs: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Outcome:  # fmt: skip
    """Hold a library's derivatives against the expectations.

    Parameters
    ----------
    adapter
        How the library is called.
    plan
        What to try; everything by default.
    python
        The interpreter in whose environment the library is installed; this one by default.
    timeout
        How many seconds one call may take.
    jobs
        How many processes run at a time.
    progress
        Called with the name of each function that is done.

    Returns
    -------
    Outcome
        The faults, the library's own choices, and what was wrong with the adapter.

    Examples
    --------
    >>> from autograd.testing.conformance import Plan, conform, find
    >>> outcome = conform(find("chainrule"), Plan(functions=("expm1",)))
    >>> outcome.faults, outcome.derivatives > 500
    ([], True)
    """
    plan = plan or Plan()
    names = plan.chosen(adapter)
    outcome = Outcome(adapter.name)
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in names:
        waiting.put(name)
    errors: list[BaseException] = []
    parts: dict[str, _Part] = {}

    def work() -> None:
        try:
            with Target(adapter, python or sys.executable, timeout) as target:
                outcome.version = target.version
                while not errors:
                    try:
                        name = waiting.get_nowait()
                    except queue.Empty:
                        return
                    parts[name] = _Part(target, plan, load()[name]).run()
                    if progress is not None:
                        progress(name)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(max(1, min(jobs, len(names))))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as error:
        errors.append(error)
        raise
    if errors:
        raise errors[0]
    for name in names:
        parts[name].into(outcome)
    return outcome


def examine(target: Target, plan: Plan, name: str) -> Outcome:
    """Judge one function of a library that is running already.

    Parameters
    ----------
    target
        The library.
    plan
        What to try of it.
    name
        The function.
    """
    outcome = Outcome(target.adapter.name, target.version)
    _Part(target, plan, load()[name]).run().into(outcome)
    return outcome


class _Part:
    """One function of a library."""

    def __init__(self, target: Target, plan: Plan, function: Function) -> None:
        self.target, self.plan, self.function = target, plan, function
        self.adapter = target.adapter
        self.text = self.adapter.functions[function.name]
        self.found: dict[tuple[tuple[int, ...], str, str], Fault] = {}
        self.problems: list[str] = []
        self.judged = 0
        self.batches: dict[Asked, Batch] = {asked: batch for batch in self._planned() for asked in batch}

    def _planned(self) -> list[Batch]:
        """Return what to ask for at once, in its order."""
        asked = [
            Asked(path, way)
            for path in self.function.derivatives
            if len(path) <= self.plan.order
            for way in self.plan.ways(self.adapter, len(path))
            if self.adapter.has(self.function.name, way.mode, len(path))
        ]
        alone: list[Batch] = [(one,) for one in asked if not one.way.jit]
        compiled: dict[Way, list[Asked]] = {}
        for one in asked:
            if one.way.jit:
                compiled.setdefault(one.way._replace(mode=""), []).append(one)
        together = [
            tuple(several[start : start + TOGETHER])
            for several in compiled.values()
            for start in range(0, len(several), TOGETHER)
        ]
        return alone + together

    def _apart(self, batch: Batch) -> list[Batch]:
        """Take each of a batch's derivatives for itself from now on."""
        parts: list[Batch] = [(one,) for one in batch]
        self.batches.update(zip(batch, parts, strict=True))
        return parts

    def into(self, outcome: Outcome) -> None:
        """Add what was found."""
        for fault in self.found.values():
            kind = {"policy": outcome.policies, "flushed": outcome.flushed}.get(fault.symptom, outcome.faults)
            kind.append(fault)
        outcome.problems += self.problems
        outcome.judged[self.function.name] += self.judged

    def run(self) -> _Part:
        """Judge every derivative, unless the function is another than it is said to be."""
        if not self.batches or not self._is_what_it_says():
            return self
        for batch in dict.fromkeys(self.batches.values()):
            if not self._judge(batch):
                return self
        for path, dtype, symptom in list(self.found):
            # Where digits are lost until nothing is left is one fault.
            if symptom == "digits" and (path, dtype, "zero") in self.found:
                self.found[path, dtype, "zero"].alarms += self.found.pop((path, dtype, symptom)).alarms
        for fault in self.found.values():
            if fault.symptom in FAULTS:
                self._explain(fault)
        return self

    def _is_what_it_says(self) -> bool:
        """Whether the function's first derivative is that of its name at most ordinary points."""
        name = self.function.name
        asked = next(iter(self.batches))
        path, way = asked
        rows = [
            (point, expectation)
            for point, expectation in zip(self.function.points, self.function.derivatives[path], strict=True)
            if expectation is not None and expectation.value is not None and expectation.loss < 4
            and all(0.05 < abs(x) < 6.0 for x in point)
        ]  # fmt: skip
        try:
            got = self._first([point for point, _ in rows], asked)
        except Failed as failed:
            self._refused(path, way.mode, failed)
            return False
        except Died as died:
            self._died((), way, died)
            return False
        bad = [
            (point, expectation.value, d)
            for (point, expectation), d in zip(rows, got, strict=True)
            if not abs(d - (expectation.value or 0.0)) <= 1e-3 * max(abs(expectation.value or 0.0), 1e-3)
        ]
        if len(bad) * 2 <= len(rows):
            return True
        point, expected, d = min(bad, key=lambda row: len(repr(row[0])))
        at = ", ".join(f"{x:.6g}" for x in point)
        self.problems.append(
            gettext(
                "the adapter's {name} is not {name}: the derivative of {expression} at {at} is {d}, "
                "and that of {name} is {expected}; mend the expression, or take {name} out of the "
                "adapter's functions",
                name=name, expression=self.text, at=at, d=f"{d:.6g}", expected=f"{expected:.6g}",
            )
        )
        return False

    def _first(self, points: Sequence[tuple[float, ...]], asked: Asked) -> list[float]:
        """Return the first derivative; alone, where the library refuses it in company."""
        try:
            return self._numbers(asked, points)
        except (Failed, Died):
            if len(self.batches[asked]) == 1:
                raise
            self._apart(self.batches[asked])
            return self._numbers(asked, points)

    def _refused(self, path: tuple[int, ...], mode: str, failed: Failed) -> None:
        name = derivative_name(self.function.name, path)
        if failed.error == "ShapeError":
            self.problems.append(
                gettext(
                    "the adapter's {function} changes the shape: {what}; write {expression} so that it "
                    "is taken element by element",
                    function=self.function.name, what=failed.message, expression=self.text,
                )
            )
            return
        lack = f"{self.function.name} {mode} order {len(path)}"
        self.problems.append(
            gettext(
                "{library} has no {mode} derivative {name} of {expression} ({failed}); take {function} "
                "out of the adapter's functions, or put {lack} into its lacks",
                library=self.adapter.name, mode=mode, name=name, expression=self.text, failed=failed,
                function=self.function.name, lack=repr(lack),
            )
        )

    def _numbers(self, asked: Asked, points: Sequence[tuple[float, ...]]) -> list[float]:
        """Return one derivative at some points."""
        batch = self.batches[asked]
        return self._run(batch, points, only=batch.index(asked))[0]

    def _run(
        self, batch: Batch, points: Sequence[tuple[float, ...]], only: int | None = None
    ) -> list[list[float]]:
        """Return each derivative of a batch at some points, or only one of them."""
        way = batch[0].way
        wanted = [(path, way.mode) for path, way in batch]
        return self.target.run(
            function=self.text, wanted=wanted, dtype=way.dtype, shape=way.shape, jit=way.jit,
            columns=columns(points), only=only,
        )  # fmt: skip

    def _judge(self, batch: Batch) -> bool:
        """Judge what is asked for at once; False where nothing more is to be had."""
        chosen = [self._chosen(path, way) for path, way in batch]
        places = sorted(set().union(*chosen))
        if not places:
            return True
        try:
            results = self._run(batch, [self.function.points[place] for place in places])
        except (Failed, Died) as error:
            if len(batch) > 1:
                return all(self._judge(one) for one in self._apart(batch))
            path, way = next(iter(batch))
            if isinstance(error, Died):
                self._died(path, way, error)
                return True
            self._refused(path, way.mode, error)
            return False
        for asked, mine, numbers in zip(batch, chosen, results, strict=True):
            at = dict(zip(places, numbers, strict=True))
            self.judged += len(mine)
            for place in mine:
                self._one(asked, place, at[place])
        return True

    def _one(self, asked: Asked, place: int, got: float) -> None:
        """Judge one number."""
        path, way = asked
        point, expectation = self.function.points[place], self.function.derivatives[path][place]
        assert expectation is not None
        verdict = judge(expectation, got, way.dtype, len(path), point)
        if verdict.kind == "right":
            return
        key = path, way.dtype, verdict.kind
        fault = self.found.setdefault(key, Fault(self.function.name, path, way.dtype, verdict.kind))
        fault.alarms.append(Alarm(way, point, verdict.expected, got, verdict.ulp))

    def _chosen(self, path: tuple[int, ...], way: Way) -> list[int]:
        """Return the places of the points that the precision holds, and at which something is expected."""
        places = [
            place
            for place, expectation in enumerate(self.function.derivatives[path])
            if expectation is not None
            and (way.dtype == "float64" or all(single(x) == x for x in self.function.points[place]))
        ]
        if way.shape == "scalar" and len(self.adapter.shapes) > 1:
            return places[:: max(1, len(places) // SCALARS)]
        return places[::3] if self.plan.quick and (len(path) > 1 or way.dtype != "float64") else places

    def _died(self, path: tuple[int, ...], way: Way, died: Died) -> None:
        fault = Fault(self.function.name, path, way.dtype, died.kind, message=str(died))
        fault.alarms.append(Alarm(way, self.function.points[0], math.nan, math.nan, math.inf))
        self.found.setdefault((path, way.dtype, died.kind), fault)

    def _explain(self, fault: Fault) -> None:
        """Find where a fault holds, and write the program that shows it."""
        worst = fault.worst
        fault.script = self.adapter.script(
            fault.function, fault.path, worst.way.mode, fault.dtype, worst.point, expected=worst.expected,
            shape=worst.way.shape, jit=worst.way.jit,
        )  # fmt: skip
        fault.region = _points_text(fault)
        hurry = self.plan.quick and (len(fault.path) > 1 or fault.dtype != self.adapter.dtypes[0])
        if self.plan.regions and not hurry:
            # In arrays, if it shows there: many numbers are to be tried.
            way = min(
                (alarm.way for alarm in fault.alarms if alarm.point == worst.point),
                key=lambda way: (way.shape != "array", way.jit, way != worst.way),
            )

            def ask(points: Sequence[tuple[float, ...]]) -> list[float]:
                return self._numbers(Asked(fault.path, way), points)

            try:
                between = MANY if way.shape == "array" else FEW
                fault.region = region(
                    fault.function, fault.path, fault.dtype, worst.point, ask, between
                ) or _points_text(fault)
            except (Failed, Died):
                return


def _meant(close: Sequence[str], known: Iterable[str]) -> str:
    """Say what a name may have been meant for, or all that there are."""
    if close:
        return gettext("did you mean {name}?", name=close[0])
    return gettext("it has {known}", known=", ".join(known))


def _points_text(fault: Fault) -> str:
    """Say at which of the suite's points a fault shows."""
    points = sorted({alarm.point for alarm in fault.alarms})
    if len(points) == 1:
        return gettext("at {point}", point=", ".join(map(repr, points[0])))
    if len(points[0]) > 1:
        return gettext("at {count} of the suite's points", count=len(points))
    numbers = [x for point in points for x in point]
    return gettext(
        "at {count} points from {low} to {high}",
        count=len(points), low=f"{numbers[0]:.6g}", high=f"{numbers[-1]:.6g}",
    )


