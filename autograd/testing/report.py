"""What a gradient check found, for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograd.words import columns, gettext, marked, padded

__all__ = ["Entry", "GradcheckError", "Report", "ulps"]


def ulps(computed: float, exact: float) -> float:
    """Return the distance in units in the last place of ``exact``; 0 where both are NaN.

    Parameters
    ----------
    computed, exact
        What was found, and what it should be.

    Returns
    -------
    float
        In units of ``math.ulp(exact)``; infinity where only one is finite.

    Examples
    --------
    >>> ulps(1.0 + 2**-52, 1.0)
    1.0
    """
    if computed == exact or (math.isnan(computed) and math.isnan(exact)):
        return 0.0
    if not math.isfinite(computed) or not math.isfinite(exact):
        return math.inf
    return abs(computed - exact) / math.ulp(exact)


class GradcheckError(AssertionError):
    """A gradient is wrong; the message is the report.

    Parameters
    ----------
    report
        All derivatives of the check; also the attribute ``report``.

    Examples
    --------
    >>> from autograd import custom_op
    >>> from autograd.testing import GradcheckError, gradcheck
    >>> half_wrong = custom_op("half_wrong", lambda x: x * x, lambda y, x: (x,))
    >>> try:
    ...     gradcheck(half_wrong, (3.0,))
    ... except GradcheckError as error:
    ...     print(len(error.report.failures))
    1
    """

    def __init__(self, report: Report) -> None:
        super().__init__(f"\n{report}")
        self.report = report


@dataclass(frozen=True, slots=True)
class Entry:
    """One derivative that was checked.

    Examples
    --------
    >>> entry = Entry("df/dx", 3.0, analytic=3.0, numeric=6.0, method="complex step", status="wrong")
    >>> entry.error
    0.5
    """

    what: str
    """Which one, such as ``df/dx``."""
    at: float
    """Where: the input's number."""
    analytic: float
    """What the engine says."""
    numeric: float
    """What the values say; NaN where they say nothing."""
    method: str
    """How ``numeric`` was found."""
    status: str
    """``ok``, ``wrong``, ``kink`` (a jump too) or ``not checked``."""
    note: str = ""
    """Why it is wrong, and which operation is suspected; or why it was not checked."""

    @property
    def error(self) -> float:
        """Relative error."""
        if self.analytic == self.numeric:
            return 0.0
        return abs(self.analytic - self.numeric) / abs(self.numeric) if self.numeric else math.inf

    @property
    def ulp(self) -> float:
        """Error in units in the last place."""
        return ulps(self.analytic, self.numeric)


@dataclass(slots=True)
class Report:
    """All derivatives of one check. False where one is wrong; ``str()`` gives a table.

    Parameters
    ----------
    entries
        One `Entry` for each derivative.

    Examples
    --------
    >>> from autograd.testing import gradcheck
    >>> report = gradcheck(lambda x: x * x, (3.0,), raise_exception=False)
    >>> bool(report), [(entry.what, entry.analytic) for entry in report]
    (True, [('df/dx', 6.0)])
    """

    entries: list[Entry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not any(entry.status == "wrong" for entry in self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    @property
    def verdict(self) -> str:
        """``right`` where all is, ``wrong`` where anything is; else ``cannot tell``."""
        if not self:
            return "wrong"
        return "right" if self.entries and all(e.status == "ok" for e in self.entries) else "cannot tell"

    @property
    def failures(self) -> list[Entry]:
        """The entries that are wrong."""
        return [entry for entry in self.entries if entry.status == "wrong"]

    @property
    def checked(self) -> list[Entry]:
        """The entries that were held against numbers, and are right or wrong.

        At a kink there is no number.
        """
        return [entry for entry in self.entries if entry.status in ("ok", "wrong")]

    def __str__(self) -> str:
        head = (
            gettext("derivative"), gettext("at"), gettext("analytic"), gettext("numeric"), "ulp",
            gettext("relative"), gettext("method"), "",
        )  # fmt: skip
        rows: list[tuple[str, ...]] = [head]
        for e in self.entries:
            known = not math.isnan(e.numeric)
            rows.append((
                e.what, _short(e.at), repr(e.analytic), repr(e.numeric) if known else "-",
                _short(e.ulp) if known else "-", _short(e.error) if known else "-", gettext(e.method) or "-",
                gettext(e.status),
            ))  # fmt: skip
        widths = [max(columns(row[i]) for row in rows) for i in range(len(head))]
        lines = [
            "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        notes = {
            gettext(_NOTES[e.status], what=e.what, note=e.note)
            for e in self.entries
            if e.note
        }
        wrong = len(self.failures)
        count, right, kinks = (
            len(self.entries),
            *(sum(e.status == status for e in self.entries) for status in ("ok", "kink")),
        )
        if wrong:
            verdict = gettext("{wrong} of {count} derivatives wrong", wrong=wrong, count=count)
        elif not self.checked:
            verdict = gettext("nothing could be checked: none of {count} derivatives", count=count)
            verdict += gettext(", {count} at a kink", count=kinks) if kinks else ""
        else:
            verdict = (
                gettext("no error in {count} derivatives", count=count)
                if right == count
                else gettext("no error in {right} of {count} derivatives", right=right, count=count)
            )
            verdict += gettext(", {count} at a kink", count=kinks) if kinks else ""
            rest = count - len(self.checked) - kinks
            verdict += gettext(", {count} not checked", count=rest) if rest else ""
        return "\n".join([verdict, "", *lines, *([""] if notes else []), *sorted(notes)])

    __repr__ = __str__


_NOTES = {
    "ok": marked("{what} is ok: {note}"), "wrong": marked("{what} is wrong: {note}"),
    "kink": marked("{what} is a kink: {note}"), "not checked": marked("{what} is not checked: {note}"),
}  # fmt: skip
_STATUSES = (marked("ok"), marked("wrong"), marked("kink"), marked("not checked"))
_METHODS = (
    marked("complex step"), marked("differences"), marked("Richardson"), marked("adjoint identity"),
)  # fmt: skip


def _short(x: float) -> str:
    return f"{x:.6g}"
