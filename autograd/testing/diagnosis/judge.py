"""From what a class answered to what is wrong with it.

The graphs are looked at from the smallest on. One whose operations were right by themselves asks about the
pass; what was found wrong is not asked again in larger graphs, so that one mistake is reported once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from autograd.backward import gradients
from autograd.testing.diagnosis.graphs import OPERATIONS, Graph, is_close
from autograd.testing.diagnosis.misconceptions import WRONG_RULES
from autograd.value import Value
from autograd.words import gettext, marked

__all__ = ["Finding", "Judge"]

Answer = dict[str, Any]
OF_THE_PASS = frozenset({
    "left over", "seed", "not one", "zeroed", "nothing", "stops", "restart", "visited", "order", "first met",
    "stack order", "equal",
})  # fmt: skip
"""After one of these, larger graphs say nothing new."""
BASE = frozenset({"add", "mul", "power", "iadd", "isub", "imul"})
"""Other operations are often made of these, and wrong with them: they are looked at afterwards."""


@dataclass(slots=True)
class Finding:
    """One thing that is wrong, on the smallest graph that shows it.

    Examples
    --------
    >>> from autograd.testing.diagnosis.graphs import catalogue
    >>> finding = Finding("seed", catalogue()[0], {"a": 1.3, "b": -0.7})
    >>> finding.kind, finding.graph.lines()
    ('seed', ['y = a * b'])
    """

    kind: str
    """A key of ``MISCONCEPTIONS``."""
    graph: Graph
    """The smallest graph that shows it."""
    point: Mapping[str, float]
    """The numbers of its leaves."""
    got: Mapping[str, float | None] = field(default_factory=dict)
    """The class's gradient of each name, where there is one."""
    right: Mapping[str, float] = field(default_factory=dict)
    """The gradients that are right."""
    values: Mapping[str, float | None] = field(default_factory=dict)
    """The class's numbers."""
    detail: str = ""
    """What was seen, in a sentence."""
    formula: str = ""
    """The formula that the numbers are those of, where one is known."""
    operations: list[str] = field(default_factory=list)
    """All operations that show it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A graph at a point, as this package computes it."""

    values: dict[str, float]
    grads: dict[str, float]


def truth(graph: Graph, point: Mapping[str, float]) -> Truth:
    """Return the right numbers and gradients of all that has a name."""
    found = graph.run({name: Value(point[name], name) for name in graph.leaves})
    rows = gradients(found[graph.output], list(found.values()))
    return Truth(
        {name: node.data for name, node in found.items()}, dict(zip(found, map(float, rows), strict=True))
    )


class Judge:
    """Looks at the answers one after the other.

    Parameters
    ----------
    graphs
        What was asked.
    answers
        What each graph was answered: the lines of the child by their number.
    """

    def __init__(self, graphs: Sequence[Graph], answers: Mapping[int, Answer]) -> None:
        self.graphs, self.answers = graphs, answers
        self.findings: list[Finding] = []
        self.missing: dict[str, str] = {}
        self.wrong: set[str] = set()
        self.absent: set[str] = set()
        self.right = 0

    def run(self) -> None:
        """Judge all graphs, until something is wrong with the pass itself."""
        if self._nothing_arrives():
            return
        for k, graph in sorted(enumerate(self.graphs), key=lambda pair: not pair[1].operations <= BASE):
            is_made_of_wrong = not graph.operations <= BASE and self.wrong & (
                {"add", "mul", "power"} if "div" in graph.operations else {"add", "mul"}
            )
            if graph.operations & self.wrong or is_made_of_wrong:
                continue
            finding = self._look(k, graph)
            if finding is None:
                continue
            finding.operations = [graph.subject]
            known = next((f for f in self.findings if f.kind == finding.kind), None)
            if known is not None and not finding.formula and known.kind not in ("rule", "variable"):
                known.operations.append(graph.subject)
            else:
                self.findings.append(finding)
            self.wrong.add(graph.subject)
            if finding.kind in OF_THE_PASS:
                return

    def gradient_seen(self) -> bool:
        """Whether any gradient was read, or anything else went wrong first."""
        seen = [s for answer in self.answers.values() for s in answer.get("seen", ())]
        read = [s["grads"] for s in seen if "grads" in s]
        return not read or any(g is not None for grads in read for g in grads.values())

    def _nothing_arrives(self) -> bool:
        """Whether all gradients of all graphs of one operation are zero, or 1, or off by the output's own."""
        shown: tuple[Graph, Answer, Answer] | None = None
        all_zero = all_one = all_off = True
        for k, graph in enumerate(self.graphs):
            answer = self.answers.get(k, {})
            first = (answer.get("seen") or [{}])[0]
            if graph.question != "rule" or graph.subject == "add" or "grads" not in first:
                continue
            seen = answer["seen"][0]
            all_zero = all_zero and not any(seen["grads"][name] for name in graph.leaves)
            all_one = all_one and all(seen["grads"][name] == 1.0 for name in graph.leaves)
            all_off = all_off and _is_off_by_output(graph, seen)
            if not (all_zero or all_one or all_off):
                return False
            shown = shown or (graph, seen, answer.get("seeded", {}))
        if shown is None:
            return False
        graph, seen, seeded = shown
        right = truth(graph, graph.points[0]).grads
        if all_off and not all_zero:
            kind = "not one"
        elif all_one:
            kind = "restart"
        elif seen["grads"].get(graph.output):
            kind = "nothing"
        elif all(is_close(seeded.get("grads", {}).get(name), right[name]) for name in graph.leaves):
            kind = "seed"
        else:
            kind = "zeroed"
        self.findings.append(
            Finding(kind, graph, graph.points[0], seen["grads"], right, seen["values"], operations=["all"])
        )
        return True

    def _look(self, k: int, graph: Graph) -> Finding | None:
        """Return what is wrong with one graph, if anything."""
        answer = self.answers.get(k)
        if answer is None:
            return None
        if "lost" in answer:
            kind = answer["lost"].split()[0]
            return Finding(kind, graph, graph.points[0], detail=_lost(answer["lost"]))
        seen = answer["seen"]
        if len(seen) == 1:  # nothing could be read
            return Finding("raises", graph, graph.points[0], detail=_raised(seen[0]["raised"]))
        missing = next((s["missing"] for s in seen if "missing" in s), None)
        if missing is not None:
            self._not_there(graph, missing)
            return None
        points = [*graph.points, graph.points[0]]
        wrong = [i for i, (s, p) in enumerate(zip(seen, points, strict=True)) if not _is_right(graph, s, p)]
        if not wrong:
            self.right += 1
            return None
        if 0 not in wrong and len(points) - 1 in wrong:
            return self._finding("left over", graph, seen[-1], points[-1])
        return self._name(k, graph, seen, points, wrong[0])

    def _not_there(self, graph: Graph, why: str) -> None:
        """Note what the class does not have, once for each operation."""
        if graph.question in ("rule", "power", "constant", "reflected") and graph.subject not in self.absent:
            self.missing[graph.lines()[0].removeprefix("y = ")] = why
        if graph.question in ("rule", "power"):
            self.absent.add(graph.subject)

    @staticmethod
    def _finding(kind: str, graph: Graph, seen: Answer, point: Mapping[str, float], **more: Any) -> Finding:
        grads, values = seen.get("grads", {}), seen.get("values", {})
        return Finding(kind, graph, point, grads, truth(graph, point).grads, values, **more)

    def _name(
        self, k: int, graph: Graph, seen: list[Answer], points: list[Mapping[str, float]], i: int
    ) -> Finding | None:
        """Name what is wrong with a graph, at the first point where it is."""
        s, point = seen[i], points[i]
        raised = s.get("raised")
        if raised is not None:
            kind = self._of_exception(graph, raised)
            if not kind:
                self._not_there(graph, _raised(raised))
                return None
            return self._finding(kind, graph, s, point, detail=_raised(raised))
        right = truth(graph, point)
        changed = [x for x in graph.leaves if not is_close(_after(s, x), point[x])]
        if changed:
            x = changed[0]
            detail = gettext(
                "{x} was {before}, and is {after} afterwards.",
                x=x, before=f"{point[x]:g}", after=_number(_after(s, x)),
            )
            return self._finding("in place", graph, s, point, detail=detail)
        if not is_close(s["values"][graph.output], right.values[graph.output]):
            if graph.question == "rule" and not OPERATIONS[graph.subject].special and _is_own(graph, seen):
                what = gettext("{subject} computes something else of that name", subject=graph.subject)
                self._not_there(graph, what)
                self.wrong.add(graph.subject)
                return None
            kind = {"rule": "value", "power": "value"}.get(graph.question, graph.question)
            kind = kind if kind in ("value", "constant", "reflected", "negative base", "equal") else "value"
            detail = (
                gettext(
                    "y is {got}, and should be {right}.",
                    got=_number(s['values'][graph.output]), right=f"{right.values[graph.output]:.6g}",
                )
            )
            return self._finding(kind, graph, s, point, detail=detail)
        more = self._of_rule(graph, seen, points) if graph.question in ("rule", "power") else {}
        kind = more.pop("kind", "") or self._of_question(k, graph, s, point)
        return self._finding(kind, graph, s, point, **more)

    def _means_constants(self, graph: Graph) -> bool:
        """Whether a class means to take numbers: an operator takes one, or there is a reflected one."""
        about = [(g, (self.answers.get(k, {}).get("seen") or [{}])[0]) for k, g in enumerate(self.graphs)]
        return any(
            (g.question == "constant" and "grads" in s)
            or (g.question == "reflected" and "missing" not in s and s)
            or (g.operations <= {"neg", "sub"} and g.question == "rule" and "raised" in s)
            for g, s in about
            if g is not graph
        )

    def _of_exception(self, graph: Graph, raised: list[str]) -> str:
        """Return the kind that an exception shows; nothing where the class refuses in words."""
        stage, name, _ = raised
        if name == "RecursionError":
            return "recursion"
        if stage == "result":
            return "result"
        if graph.question in ("negative base", "equal"):
            return graph.question
        if graph.question in ("constant", "reflected"):
            is_meant = stage != "forward" or self._means_constants(graph)
            return graph.question if is_meant and (stage != "forward" or name == "AttributeError") else ""
        if graph.subject == "pow" and stage == "forward":
            return ""  # a power of two nodes is often not meant to be there
        return "raises"

    @staticmethod
    def _of_rule(graph: Graph, seen: list[Answer], points: list[Mapping[str, float]]) -> dict[str, str]:
        """Say what a wrong local derivative is: whose formula, or off by which factor."""
        pairs = [(s, p, truth(graph, p)) for s, p in zip(seen, points, strict=True) if "grads" in s]
        found = [[(s["grads"][x], t.grads[x]) for s, p, t in pairs] for x in graph.leaves]
        off = [
            (x, rows)
            for x, rows in zip(graph.leaves, found, strict=True)
            if not all(is_close(got, right) for got, right in rows)
        ]
        if len(off) == 2 and all(
            is_close(s["grads"]["a"], t.grads["b"]) and is_close(s["grads"]["b"], t.grads["a"])
            for s, _, t in pairs
        ):
            said = gettext("a received what belongs to b, and b what belongs to a.")
            return {"kind": "swapped", "detail": said}
        x, rows = off[0]
        if not any(got for got, _ in rows) and (graph.subject != "relu" or any(right for _, right in rows)):
            return {"kind": "detached", "detail": _sentence(x, rows)}
        for kind, formula, words in WRONG_RULES.get(graph.subject, ()):
            n = graph.steps[0][2][-1]
            numbers = [
                _formula(formula, p["a"], t.values["y"], n if isinstance(n, int) else 0) for _, p, t in pairs
            ]
            if all(is_close(got, number) for (got, _), number in zip(rows, numbers, strict=True)):
                return {"kind": kind, "detail": _sentence(x, rows), "formula": words}
        return {"kind": "rule", "detail": _sentence(x, rows)}

    def _of_question(self, k: int, graph: Graph, seen: Answer, point: Mapping[str, float]) -> str:
        """Name a wrong gradient of a graph that asks about the pass."""
        got, right = seen["grads"], truth(graph, point).grads
        inner = got.get("b1")
        match graph.question:
            case "shared":
                return "overwritten" if _shares_lost(graph, point, got) else "order"
            case "depth":
                if any(got[x] for x in ("a", "c")):
                    return "order"
                return "stops" if inner is None or is_close(inner, right["b1"]) else "zeroed"
            case "chain":
                if inner is not None and is_close(inner, 1.0):
                    return "restart"
                return "chain"
            case "visited":
                return "order" if _shares_lost(graph, point, got) else "visited"
            case "order":
                if not _shares_lost(graph, point, got):
                    return "visited"
                return self._of_order(k, graph)
            case "in place":
                return "in place"
        return graph.question

    def _of_order(self, k: int, graph: Graph) -> str:
        """Tell orders apart: by which of two graphs, the same but for the operands' places, is wrong."""
        if graph.steps[-1][2] != ("b1", "b2") or self.graphs[k + 1].steps[:-1] != graph.steps[:-1]:
            return "stack order" if graph.steps[-1][2] == ("b2", "b1") else "overwritten"
        other = self.answers.get(k + 1, {}).get("seen", [{}])[0]
        both = "grads" in other and not _is_right(self.graphs[k + 1], other, graph.points[0])
        return "order" if both else "first met"


def _after(seen: Answer, name: str) -> float | None:
    """Return a leaf's number after all; before the pass already, if it is wrong there."""
    numbers: dict[str, float | None] = seen["after"] if "after" in seen else seen["values"]
    return numbers[name]


def _is_right(graph: Graph, seen: Answer, point: Mapping[str, float]) -> bool:
    if "grads" not in seen:
        return False
    right = truth(graph, point)
    return is_close(seen["values"][graph.output], right.values[graph.output]) and all(
        is_close(seen["grads"][x], right.grads[x]) or (right.grads[x] == 0.0 and seen["grads"][x] is None)
        for x in graph.leaves
    ) and all(is_close(_after(seen, x), point[x]) for x in graph.leaves)  # fmt: skip


def _is_off_by_output(graph: Graph, seen: Answer) -> bool:
    """Whether the output's gradient is not 1, and the leaves' are what they should be times that."""
    seed = seen["grads"].get(graph.output)
    if not seed or is_close(seed, 1.0):
        return False
    right = truth(graph, graph.points[0]).grads
    got = [(seen["grads"][x], seed * right[x]) for x in graph.leaves]
    return all(is_close(g, s) or (g is not None and math.isnan(g) and math.isnan(s)) for g, s in got)


def _is_own(graph: Graph, seen: list[Answer]) -> bool:
    """Whether a function's gradient is the slope of its own values, whatever its name promises."""
    for s in seen:
        near = s.get("near")
        if near is None or None in near:
            return False
        low, high = near
        if not is_close_to_slope(s["grads"]["a"], (high - low) / 2e-4):
            return False
    return graph.leaves == ["a"]


def is_close_to_slope(got: float | None, slope: float) -> bool:
    """Whether a gradient is a difference quotient, as far as that has digits."""
    return got is not None and abs(got - slope) <= 1e-3 * max(1.0, abs(slope))


def _formula(f: Any, a: float, y: float, n: int) -> float:
    try:
        return float(f(a, y, n))
    except (ArithmeticError, ValueError):
        return math.nan


def _sentence(x: str, rows: Sequence[tuple[float | None, float]]) -> str:
    """Say how a derivative is off: by a factor that is the same at all points, or not."""
    got, right = next((g, r) for g, r in rows if not is_close(g, r))
    text = gettext(
        "dy/d{x} is {got}, and should be {right}",
        x=x, got=_number(got), right=f"{right:.6g}",
    )
    if got is None or not got:
        return f"{text}."
    factors = [g / r for g, r in rows if g is not None and r]
    if factors and all(abs(f - factors[0]) <= 1e-4 * abs(factors[0]) for f in factors):
        return gettext("{said}: off by the factor {factor}.", said=text, factor=f"{factors[0]:.4g}")
    if not right:
        return f"{text}."
    return gettext(
        "{said}: off by the factor {factor} here, and by others elsewhere.",
        said=text, factor=f"{got / right:.4g}",
    )  # fmt: skip


def _shares(graph: Graph, point: Mapping[str, float], leaf: str) -> list[float]:
    """Return what each path from the output to a leaf contributes."""
    values = truth(graph, point).values
    steps = {name: (operation, operands) for name, operation, operands in graph.steps}

    def below(name: str, weight: float) -> Iterator[float]:
        if name == leaf:
            yield weight
        if name not in steps:
            return
        operation, operands = steps[name]
        nodes = [Value(values[x]) if isinstance(x, str) else float(x) for x in operands]
        made = OPERATIONS[operation].run(*nodes)
        for x, node in zip(operands, nodes, strict=True):
            if isinstance(node, Value) and isinstance(x, str):
                yield from below(x, weight * float(gradients(made, node)))

    return list(below(graph.output, 1.0))


def _shares_lost(graph: Graph, point: Mapping[str, float], got: Mapping[str, float | None]) -> bool:
    """Whether each wrong gradient is the sum of some of the paths' shares, but not of all."""
    right = truth(graph, point).grads
    for x in graph.leaves:
        if is_close(got[x], right[x]):
            continue
        shares = _shares(graph, point, x)
        sums = [sum(some) for n in range(len(shares)) for some in combinations(shares, n)]
        if not any(is_close(got[x] or 0.0, total) for total in sums):
            return False
    return True


def _raised(raised: Sequence[str]) -> str:
    stage, name, text = raised
    if stage == "result":
        if name == "NoneType":
            return gettext("The operation returns nothing.")
        return gettext("The operation returns a {kind}, which is no node.", kind=name)
    where = gettext(_STAGES.get(stage, _READ))
    return f"{where}: {name}{': ' if text else ''}{text}."


_STAGES = {"forward": marked("While the graph is built"), "backward": marked("In the pass")}
_READ = marked("Where it is read")


def _lost(why: str) -> str:
    if why == "hang":
        return gettext("It was stopped: so small a graph takes no time.")
    number = why.split()[1]
    if number == "0":
        return gettext("The process ended by itself.")
    return gettext("The process ended by signal {number}.", number=number)


def wraps_no_constants(judge: Judge) -> bool:
    """Whether no operator takes a number, and none seems meant to."""
    return any("AttributeError" in why for text, why in judge.missing.items() if text.endswith(" 3"))


def _number(x: float | None) -> str:
    return gettext("nothing") if x is None else f"{x:.6g}"
