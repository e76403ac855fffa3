"""What a diagnosis found, as text and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import fill

from autograd.testing.diagnosis.graphs import Graph, is_close
from autograd.testing.diagnosis.judge import Finding
from autograd.testing.diagnosis.misconceptions import MISCONCEPTIONS
from autograd.value import Value
from autograd.words import columns, gettext, padded

__all__ = ["Diagnosis"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with an engine, what it lacks, and remarks; False where something is wrong.

    Examples
    --------
    >>> from autograd import Value
    >>> from autograd.testing import diagnose
    >>> diagnosis = diagnose(Value)
    >>> bool(diagnosis), diagnosis.findings
    (True, [])
    """

    title: str
    """The name of the class."""
    findings: Sequence[Finding]
    """What is wrong, the smallest graph first."""
    missing: Mapping[str, str]
    """What the class does not have, which is not wrong: an expression, and what was looked for."""
    notes: Sequence[str]
    """Remarks: where recursion ends, what a second pass adds."""
    checked: int
    """How many graphs were right."""
    hint: int = 1
    """How much is said."""

    def __bool__(self) -> bool:
        return not self.findings

    @property
    def kinds(self) -> list[str]:
        """The names of what is misunderstood."""
        return [finding.kind for finding in self.findings]

    @property
    def svg(self) -> str:
        """The first finding's graph, with the right gradients; the class's own stand beside the names."""
        return _svg(self.findings[0]) if self.findings else ""

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>{self.svg}"

    def __str__(self) -> str:
        parts = [_told(finding, self.hint) for finding in self.findings]
        if not self.findings:
            parts.append(
                gettext(
                    "Nothing is wrong: {count} graphs of one to three operations have the right "
                    "gradients.",
                    count=self.checked,
                )
            )
        if self.missing:
            parts.append(gettext("Not there, and so not tried: {missing}.", missing=", ".join(self.missing)))
        parts += [gettext("Remark: {note}", note=note) for note in self.notes]
        if self.findings and self.hint == 1:
            parts.append(gettext("A second hint says more: hint=2, or --hint 2."))
        return "\n\n".join(map(_wrapped, parts))

    __repr__ = __str__


def begun(title: str) -> str:
    """Return a title as the beginning of a sentence."""
    return f"{title[0].upper()}{title[1:]}"


def _wrapped(text: str) -> str:
    """Break long lines of prose; those of a graph are kept."""
    return "\n".join(
        line if line.startswith("    ") else fill(line, 88, break_on_hyphens=False)
        for line in text.split("\n")
    )


def _told(finding: Finding, hint: int) -> str:
    """Return a finding as text: the graph, yours and the right gradients, and what to think about."""
    what = MISCONCEPTIONS[finding.kind]
    count = len(finding.graph.steps)
    others = [x for x in finding.operations[1:] if x != finding.operations[0]]
    head = gettext(
        "{title} ({count} operation)." if count == 1 else "{title} ({count} operations).",
        title=begun(gettext(what.title)), count=count,
    )  # fmt: skip
    lines = [head, ""]
    lines += [f"    {line}" for line in _table(finding)]
    lines.append("")
    if finding.detail:
        lines.append(finding.detail)
    lines.append(gettext(what.think))
    if others:
        lines.append(gettext("The same happens with: {others}.", others=', '.join(dict.fromkeys(others))))
    if hint > 1:
        lines.append(gettext(what.more))
        if finding.formula:
            lines.append(gettext("Your numbers are those of {formula}.", formula=gettext(finding.formula)))
    return "\n".join(lines)


def _table(finding: Finding) -> list[str]:
    """Return the graph line by line, with numbers and gradients; what is wrong is marked."""
    graph, text = finding.graph, _texts(finding.graph)
    if not finding.got:
        at = ", ".join(f"{name} = {finding.point[name]:g}" for name in graph.leaves)
        return [*graph.lines(), gettext("at {point}", point=at)]
    rows = [("", gettext("value"), gettext("your gradient"), gettext("right"), "")]
    for name, line in text.items():
        got, right = finding.got.get(name), finding.right[name]
        is_shown = got is not None or name in graph.leaves
        is_wrong = is_shown and name in graph.leaves and not is_close(got, right)
        value = finding.values.get(name)
        rows.append((
            line, "-" if value is None else f"{value:.6g}",
            "-" if got is None else f"{got:.6g}", f"{right:.6g}", gettext("<- wrong") if is_wrong else "",
        ))  # fmt: skip
    widths = [max(columns(row[i]) for row in rows) for i in range(5)]
    return [
        "  ".join(
            padded(cell, width) if i in (0, 4) else " " * (width - columns(cell)) + cell
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _texts(graph: Graph) -> dict[str, str]:
    """Return the line of each name; a leaf's is its name."""
    made = {name: line for (name, _, _), line in zip(graph.steps, graph.lines(), strict=True)}
    return {name: name for name in graph.leaves} | made


def _svg(finding: Finding) -> str:
    """Draw the graph."""
    graph = finding.graph
    nodes = graph.run({name: Value(finding.point[name], name) for name in graph.leaves})
    for name, node in nodes.items():
        got, right = finding.got.get(name), finding.right.get(name)
        is_wrong = got is not None and right is not None and not is_close(got, right)
        node.label = gettext("{name} (yours: {got})", name=name, got=f"{got:.4g}") if is_wrong else name
    root = nodes[graph.output]
    root.backward()
    return str(root.draw(engine="builtin").svg())
