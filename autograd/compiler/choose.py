"""The choice of a backend, by what each would take."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from autograd.compiler.backends import AT_ONCE, BACKENDS, Work, load
from autograd.compiler.roll.program import Program
from autograd.compiler.roll.repeats import weighted
from autograd.words import gettext

__all__ = ["CALLS", "Choice", "choose", "work_of"]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NOTICED: list[str] = []

CALLS = 3000
"""How often a compiled function is called, as far as that choice is concerned."""
QUICK = 0.1
"""A backend that is built in so many seconds may be waited for."""
WORTH = 0.8
"""What part of a call's time the other must take at most to be worth building."""


class Choice(NamedTuple):
    """What runs a program."""

    backend: str
    why: str
    later: str = ""
    """The backend that is to be built in the background, or an empty text."""
    after: int = 0
    """After how many calls."""


def choose(
    asked: str, program: Program, failed: Mapping[str, str] = NOTHING, lanes: int = 100, calls: int = CALLS
) -> Choice:
    """Choose a backend; ``failed`` names those that did not work, with a reason each.

    ``"auto"`` takes what is at hand and would take least for so many calls. Where another would take less for
    each call, but has to be built, that begins in the background once calls have lost as much time as
    building it takes: together that is at most twice the least, however many calls there are. `AT_ONCE`
    compares what each would take for all calls, building included: so the choice depends on the program, the
    number of examples and whether there is a compiler, and on nothing else. Of the benchmark's 108 estimates
    100 are right within a factor of three, all within one of eight.
    """
    if asked in ("auto", AT_ONCE):
        return _cheapest(program, failed, lanes, calls, wait=asked == AT_ONCE)
    backend = load(asked)
    absent = failed.get(asked) or backend.absent()
    reason = absent or backend.against(program)
    if absent and asked not in _NOTICED:
        _NOTICED.append(asked)
        instead = gettext(load(next(iter(BACKENDS))).title)
        warnings.warn(gettext(
            "compile(backend={asked}): {absent}; using {instead}",
            asked=repr(asked), absent=absent, instead=instead,
        ), RuntimeWarning, stacklevel=5)  # fmt: skip
    if not reason:
        return Choice(asked, gettext("asked for"))
    why = gettext("{title} was asked for, but {reason}", title=gettext(backend.title), reason=reason)
    return Choice(next(iter(BACKENDS)), why)


def _cheapest(
    program: Program, failed: Mapping[str, str], lanes: int, calls: int, *, wait: bool
) -> Choice:
    """Return the backend that takes least, of those that can run the program."""
    work = work_of(program, lanes)
    backends = {name: load(name) for name in BACKENDS}
    costs = {name: backend.cost(work) for name, backend in backends.items()}
    titles = {name: gettext(backend.title) for name, backend in backends.items()}
    shown = [f"{titles[name]} {_rounded(cost.microseconds)} us" for name, cost in costs.items()]
    why = gettext("estimates: {shown} a call", shown=", ".join(shown))
    reasons = {name: failed.get(name) or b.absent() or b.against(program) for name, b in backends.items()}
    able = [name for name in costs if not reasons[name]]  # the first one refuses nothing
    start = min(
        [name for name in able if wait or costs[name].seconds <= QUICK] or able,
        key=lambda name: calls * 1e-6 * costs[name].microseconds + costs[name].seconds,
    )
    mine = costs[start].microseconds
    why += "".join(
        gettext(", but {reason}", reason=reason)
        for name, reason in reasons.items()
        if reason and costs[name].microseconds < mine
    )
    better = [name for name in able if costs[name].microseconds < (mine if wait else WORTH * mine)]
    if not better or (calls < CALLS and not wait):
        return Choice(start, why)
    later = min(better, key=lambda name: costs[name].microseconds)
    title, seconds = titles[later], costs[later].seconds
    if wait:
        why += gettext(
            "; {title} would not make up for {seconds} s of building it in {calls} calls",
            title=title, seconds=f"{seconds:.1f}", calls=calls,
        )  # fmt: skip
        return Choice(start, why)
    lost = 1e-6 * (mine - costs[later].microseconds)
    after = max(1, math.ceil(seconds / lost))
    why += gettext("; after {after} calls {title} is built in the background", after=after, title=title)
    return Choice(start, why, later, after)


def _rounded(microseconds: float) -> str:
    """Return a time with two digits or more."""
    return f"{microseconds:.{0 if microseconds >= 10 else 1}f}"


def work_of(program: Program, lanes: int = 100) -> Work:
    """Return what there is to do in a call of a program, on so many examples."""
    graph = program.graph
    lane = graph.lane()
    width = np.where(lane, float(lanes if program.lanes else 1), 1.0)
    terms = width[graph.terms.node]
    terms[graph.terms.over] = lanes
    over = graph.terms.over | lane[graph.terms.node]
    is_row = graph.args[:, 0] >= 0
    statements = weighted(program)
    refs = [
        (r, times)
        for s, times in statements
        for r in (*s.operands, *(x for p in s.parts for x in (p.a, p.b) if x is not None))
    ]
    calls = [
        times * (2.0 * len(s.parts) + 3.0 * (s.op is not None) + bool(s.note)) for s, times in statements
    ]
    lists = [getattr(load(name), "number_by_number", None) for name in BACKENDS]  # as `Gradual` has it
    slow = {name for names in lists if names for name in names(program)}
    return Work(
        calls=sum(calls),
        statements=float(len(program.statements)),
        written=float(len(statements)),
        terms=float(terms.sum()),
        rows=float(width[is_row].sum()),
        lane_terms=float(terms[over].sum()),
        lane_rows=float(width[is_row & lane].sum()),
        slow_rows=float(
            sum(
                times * width[s.nodes].sum()
                for s, times in statements
                if s.op is not None and s.op.name in slow
            )
        ),
        gathered=float(
            sum(
                times * r.addresses.size * (lanes if r.lane else 1)
                for r, times in refs
                if r.addresses is not None
            )
        ),
        lines=float(len(graph.terms) + 6 * is_row.sum()),
    )
