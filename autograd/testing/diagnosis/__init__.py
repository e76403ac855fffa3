"""What is wrong with somebody's own engine: the smallest graph on which it errs, and why.

The class runs in a child process, on a few dozen graphs of one to three operations. It may be spelt as it
likes; what it does not have is not wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograd.errors import UsageError
from autograd.testing.diagnosis import child
from autograd.testing.diagnosis.child import DEEP, Forked, Spawned, observations
from autograd.testing.diagnosis.graphs import catalogue
from autograd.testing.diagnosis.judge import Finding, Judge, wraps_no_constants
from autograd.testing.diagnosis.misconceptions import MISCONCEPTIONS
from autograd.testing.diagnosis.report import Diagnosis, begun
from autograd.words import gettext

__all__ = ["Diagnosis", "Finding", "diagnose"]


def diagnose(
    make: Callable[..., Any] | str,
    *,
    hint: int = 1,
    spelling: Mapping[str, Any] | None = None,
    timeout: float = 5.0,
) -> Diagnosis:
    """Find the smallest graph on which somebody's own scalar engine is wrong, and say what to think about.

    Parameters
    ----------
    make
        The class of a node, such as your own ``Value``; or a function that makes a leaf of one number; or
        ``"file.py:Value"``.
    hint
        1 asks the question that leads to the cause, 2 says more.
    spelling
        What things are called, where that is not found: names or functions for ``"data"``, ``"grad"``,
        ``"backward"``, and for operations such as ``"tanh"``.
    timeout
        The seconds after which a graph that waits is given up; one that computes is given up sooner.

    Returns
    -------
    Diagnosis
        False where something is wrong; ``str()`` tells what, ``.svg`` draws the graph.

    Raises
    ------
    ValueError
        If nothing can be tried: there is no number to read, or no backward pass.

    Notes
    -----
    The class runs in a child process with limits of time and memory. It may print, hang, crash or exit.
    A browser's Python starts no processes: there it runs in this one, without limits.

    Examples
    --------
    >>> from autograd import Value
    >>> print(diagnose(Value))
    Nothing is wrong: ... graphs of one to three operations have the right gradients.
    """
    if child.inside.get():
        raise UsageError(gettext(
            'diagnose() was called while it imports your file; put it under if __name__ == "__main__"'
        ))
    if hint not in (1, 2):
        raise UsageError(gettext("hint={hint}: there are two, 1 and 2", hint=repr(hint)))
    if not timeout > 0.0:
        raise UsageError(gettext(
            "timeout={timeout}: a number of seconds, more than 0",
            timeout=repr(timeout),
        ))
    if sys.platform == "emscripten" and callable(make):
        lines = child.here(make, dict(spelling or {}))
    else:
        lines = list(observations(_starter(make, dict(spelling or {})), timeout))
    unusable = next((line["unusable"] for line in lines if "unusable" in line), None)
    if unusable is not None:
        raise UsageError(unusable)
    head = next(line for line in lines if "spelling" in line)
    graphs = catalogue(whole=head["whole"])
    answers = {line["end"]: line for line in lines if "end" in line}
    judge = Judge(graphs, answers)
    if not judge.gradient_seen():
        raise UsageError(
            gettext(
                "after {method} no gradient was found at any node: name the attribute with "
                'spelling={{"grad": ...}}; is it set at all?',
                method=head['spelling']['backward'],
            )
        )
    judge.run()
    if not judge.findings and not judge.right:
        raise UsageError(
            gettext(
                "{engine} has no operation that is known here: an operator such as __mul__, or a "
                'function mul(a, b) beside the class; name yours with spelling={{"mul": ...}}',
                engine=head['title'],
            )
        )
    notes, zeroing = _beyond(answers, len(graphs))
    if wraps_no_constants(judge):
        what = MISCONCEPTIONS["constant"]
        said = gettext(
            "{title}, so a + 3 ends in an AttributeError. {think}",
            title=begun(gettext(what.title)), think=gettext(what.think),
        )  # fmt: skip
        notes.insert(0, said)
    if zeroing is not None and not judge.findings:
        judge.findings.append(zeroing)
    return Diagnosis(head["title"], judge.findings, judge.missing, notes, judge.right, hint)


def _starter(make: Any, spelling: dict[str, Any]) -> Callable[[int], Forked | Spawned]:
    """Return what starts a child."""
    if isinstance(make, str):
        file, colon, name = make.rpartition(":")
        if not colon or not name or not file:
            raise UsageError(gettext(
                "{make}: write the file and the class, such as engine.py:Value",
                make=repr(make),
            ))
        if not Path(file).is_file():
            raise UsageError(gettext("there is no file {file}", file=file))
        return lambda first: Spawned(file, name, spelling, first)
    if not callable(make):
        raise UsageError(
            gettext(
                "diagnose() takes a class, or a function that makes a node of a number; got {kind}",
                kind=type(make).__name__,
            )
        )
    if hasattr(os, "fork"):
        return lambda first: Forked(make, spelling, first)
    module = sys.modules.get(getattr(make, "__module__", ""))
    path, name = getattr(module, "__file__", None), getattr(make, "__qualname__", "")
    if path is None or not name or "<" in name or any(map(callable, spelling.values())):
        raise UsageError(
            gettext(
                "this system cannot copy a process, so the class must stand in a file: "
                'diagnose("engine.py:Value"), with names alone in spelling',
            )
        )
    return lambda first: Spawned(path, name, spelling, first)


def _beyond(answers: Mapping[int, dict[str, Any]], count: int) -> tuple[list[str], Finding | None]:
    """Return what the trials that are no graphs say: remarks, and whether zeroing leaves something."""
    notes, finding = [], None
    zeroing = answers.get(count, {}).get("zeroing")
    if zeroing is not None and len(zeroing) == 5:
        name, first, zeroed, second, _ = zeroing
        if first == 2.0 and zeroed and second == 4.0:
            graph = catalogue()[0]
            detail = gettext(
                "dy/da is 2; after {name}() and a second pass it is {second}.",
                name=name, second=f"{second:g}",
            )
            point = {"a": 3.0, "b": 2.0}
            finding = Finding("zeroing forgotten", graph, point, detail=detail, operations=["all"])
    once, twice = answers.get(count + 1, {}).get("again", (None, None))
    if once and twice and twice / once not in (1.0, 2.0):
        notes.append(
            gettext(
                "backward() twice on the same graph gives {times} times the gradient: the nodes "
                "between add to what the first pass left in them.",
                times=f"{twice / once:g}",
            )
        )
    deep = answers.get(count + 2, {})
    if deep.get("deep") == "RecursionError":
        notes.append(
            gettext(
                "A chain of {count} additions ends in a RecursionError: the pass, or its order, "
                "recurses.",
                count=DEEP,
            )
        )
    elif "lost" in deep:
        said = (
            gettext("A chain of {count} additions does not end in time.", count=DEEP)
            if deep["lost"] == "hang"
            else gettext("A chain of {count} additions ends the process.", count=DEEP)
        )
        notes.append(said)
    return notes, finding
