"""What a run found, as text, Markdown, JUnit's XML and JSON; and baselines, which know faults of old."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from autograd.errors import UsageError
from autograd.testing.conformance.judge import FAULTS
from autograd.testing.conformance.run import Fault, Outcome, derivative_name
from autograd.words import gettext, marked

__all__ = ["as_json", "junit", "markdown", "read_baseline", "text", "write_baseline"]

BASELINE = "chainrule.conformance.baseline"


def text(outcome: Outcome, known: Iterable[str] = (), *, everything: bool = False) -> str:
    """Return the report for a terminal.

    Parameters
    ----------
    outcome
        What a run found.
    known
        The names of a baseline's faults, which are counted only.
    everything
        Whether each choice and each flushed derivative has a line.

    Examples
    --------
    >>> from autograd.testing.conformance import Outcome
    >>> print(text(Outcome("mine", "1.0")))
    mine 1.0: nothing could be judged
    """
    new = outcome.new(known)
    lines = [_headline(outcome, len(new))]
    for fault in new:
        lines += ["", _title(fault), *[f"    {line}" for line in _details(fault)]]
        lines += [f"    | {line}" for line in fault.script.splitlines()]
    for what, found in (
        (marked("choices of its own, at kinks and outside of domains"), outcome.policies),
        (marked("derivatives with subnormal numbers that count as zero"), outcome.flushed),
    ):
        if found:
            said = gettext("{count} {what}, which are no faults", count=len(found), what=gettext(what))
            lines += ["", said]
            if everything:
                lines += [f"    {_line(fault)}" for fault in found]
    for problem in outcome.problems:
        lines += ["", gettext("adapter: {problem}", problem=problem)]
    return "\n".join(lines)


def _headline(outcome: Outcome, new: int) -> str:
    old = len(outcome.faults) - new
    count = gettext(_COUNTED[min(new, 2)], count=new)
    if old:
        count = gettext(_BESIDE[min(new, 2)], count=new, old=old)
    name = f"{outcome.library} {outcome.version}".strip()
    if not outcome.derivatives and not outcome.faults:
        return gettext("{name}: nothing could be judged", name=name)
    return gettext(
        "{name}: {faults} in {count} derivatives", name=name, faults=count, count=outcome.derivatives
    )


_COUNTED = (marked("no fault"), marked("{count} fault"), marked("{count} faults"))
_BESIDE = (
    marked("no new fault beside {old} known ones"), marked("{count} new fault beside {old} known ones"),
    marked("{count} new faults beside {old} known ones"),
)  # fmt: skip


def _title(fault: Fault) -> str:
    if fault.symptom in ("crash", "hang"):
        what, where = gettext(_ENDS[fault.symptom]), fault.message
    else:
        what, where = gettext(FAULTS[fault.symptom]), fault.region
    return gettext(
        "{derivative} in {dtype}: {what}, {where}",
        derivative=_name(fault), dtype=fault.dtype, what=what, where=where,
    )  # fmt: skip


_ENDS = {"crash": marked("crash"), "hang": marked("hang")}


def _name(fault: Fault) -> str:
    return derivative_name(fault.function, fault.path)


def _details(fault: Fault) -> list[str]:
    if fault.symptom in ("crash", "hang"):
        return [gettext("asked for: {way}", way=fault.worst.way)]
    worst = fault.worst
    at = ", ".join(f"{name} = {x!r}" for name, x in zip("xyz", worst.point, strict=False))
    error = f", {worst.ulp:.2g} ulp" if math.isfinite(worst.ulp) else ""
    told = gettext(
        "at {at} it should be {expected} and is {got}{error}",
        at=at, expected=repr(worst.expected), got=repr(worst.got), error=error,
    )  # fmt: skip
    return [told, fault.ways]


def _line(fault: Fault) -> str:
    worst = fault.worst
    at = ", ".join(map(repr, worst.point))
    return gettext(
        "{function} in {dtype} at {at}: {got}",
        function=derivative_name(fault.function, fault.path), dtype=fault.dtype, at=at, got=repr(worst.got),
    )


def markdown(outcome: Outcome, known: Iterable[str] = ()) -> str:
    """Return the report as Markdown: a table of the faults, and a program for each.

    Examples
    --------
    >>> from autograd.testing.conformance import Outcome
    >>> print(markdown(Outcome("mine", "1.0")))
    # mine 1.0: nothing could be judged
    <BLANKLINE>
    """
    new = outcome.new(known)
    lines = [f"# {_headline(outcome, len(new))}", ""]
    if new:
        lines += [
            gettext("| derivative | precision | symptom | where | worst at | expected | got | ulp |"),
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += ["| " + " | ".join(_cells(fault)) + " |" for fault in new]
    for fault in new:
        lines += ["", f"## {_title(fault)}", "", fault.ways, "", "```python", fault.script, "```"]
    for what, found in (
        (gettext("Choices of its own"), outcome.policies),
        (gettext("Subnormal numbers as zero"), outcome.flushed),
    ):
        if found:
            lines += ["", f"## {what}", "", *[f"- {_line(fault)}" for fault in found]]
    if outcome.problems:
        lines += ["", f"## {gettext('The adapter')}", "", *[f"- {problem}" for problem in outcome.problems]]
    return "\n".join(lines) + ("\n" if new or outcome.policies else "")


def _cells(fault: Fault) -> list[str]:
    worst = fault.worst
    return [
        f"`{derivative_name(fault.function, fault.path)}`", fault.dtype, fault.symptom, fault.region,
        ", ".join(map(repr, worst.point)), repr(worst.expected), repr(worst.got), f"{worst.ulp:.2g}",
    ]  # fmt: skip


def junit(outcome: Outcome, known: Iterable[str] = ()) -> str:
    """Return JUnit's XML: one test for each function, which fails by its new faults.

    Examples
    --------
    >>> from autograd.testing.conformance import Outcome
    >>> junit(Outcome("mine"))
    '<testsuite name="chainrule conform mine" tests="0" failures="0" time="0.00" />'
    """
    new = outcome.new(known)
    failed = {fault.function for fault in new}
    names = list(dict.fromkeys([*outcome.judged, *(fault.function for fault in outcome.faults)]))
    suite = ElementTree.Element(
        "testsuite", name=f"chainrule conform {outcome.library}", tests=str(len(names)),
        failures=str(len(failed)), time=f"{outcome.seconds:.2f}",
    )  # fmt: skip
    for name in names:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"{outcome.library}.derivatives", name=name
        )
        for fault in new:
            if fault.function == name:
                failure = ElementTree.SubElement(case, "failure", message=_title(fault), type=fault.symptom)
                failure.text = "\n".join([*_details(fault), "", fault.script])
    return ElementTree.tostring(suite, encoding="unicode")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return what is worth keeping of a run, such as a page of the docs shows.

    Examples
    --------
    >>> from autograd.testing.conformance import Outcome
    >>> as_json(Outcome("mine", "1.0"))["library"]
    'mine'
    """
    def rows(faults: Sequence[Fault]) -> list[dict[str, Any]]:
        return [
            {
                "derivative": derivative_name(fault.function, fault.path), "order": len(fault.path),
                "dtype": fault.dtype, "symptom": fault.symptom, "region": fault.region, "ways": fault.ways,
                "at": [repr(x) for x in fault.worst.point], "expected": repr(fault.worst.expected),
                "got": repr(fault.worst.got), "script": fault.script,
            }
            for fault in faults
        ]  # fmt: skip

    return {
        "library": outcome.library, "version": outcome.version, "derivatives": outcome.derivatives,
        "functions": len(outcome.judged), "seconds": round(outcome.seconds, 1),
        "faults": rows(outcome.faults), "policies": rows(outcome.policies),
        "flushed": rows(outcome.flushed), "problems": outcome.problems,
    }  # fmt: skip


def write_baseline(path: str, outcome: Outcome) -> None:
    """Write the names of the faults that there are now."""
    names = sorted(fault.name for fault in outcome.faults)
    content = {"format": BASELINE, "library": outcome.library, "version": outcome.version, "faults": names}
    Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_baseline(path: str, library: str) -> list[str]:
    """Return the names of the faults that are known.

    Raises
    ------
    UsageError
        If the file is no baseline, or one of another library.
    """
    how = gettext("write one with --write-baseline")
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(gettext(
            "{path} is no baseline: {error}; {how}",
            path=path, error=error, how=how,
        )) from error
    if not isinstance(content, dict) or content.get("format") != BASELINE:
        raise UsageError(gettext(
            '{path} is no baseline: it has no "format": "{baseline}"; {how}',
            path=path, baseline=BASELINE, how=how,
        ))
    if content.get("library") != library:
        raise UsageError(gettext(
            "{path} is a baseline of {given}, not of {library}; {how}",
            path=path, given=content.get('library'), library=library, how=how,
        ))
    names = content.get("faults")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(gettext("{path}: its faults are not a list of names; {how}", path=path, how=how))
    return names


WRITERS: dict[str, Callable[[Outcome, Sequence[str]], str]] = {
    "junit": lambda outcome, known: junit(outcome, known) + "\n",
    "markdown": markdown,
    "json": lambda outcome, _: json.dumps(as_json(outcome), indent=1) + "\n",
}
"""What writes each kind of file."""
