"""Print a graph as straight-line Python over floats: for graphs too small or too sequential for arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from autograd.calculus.lookup import is_place
from autograd.compiler.backends.finite import Finite, quiet
from autograd.compiler.backends.python.spelling import (
    NAMES,
    PARTS,
    exact,
    expression,
    is_tight,
    signed,
    total,
)
from autograd.compiler.graph.bounds import watched
from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.ir import BOUND, CONST, EXTREMA, FIRST_ROW, INPUT, LANE, MAX, ONE, PARAM, csr
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.roll.program import LANES, Program
from autograd.floats import many
from autograd.op import Op
from autograd.words import gettext

__all__ = ["BoundPython", "python_program"]

LONGEST = 400
"""Length up to which a text is written into the place where it is used."""


class PythonWriter:
    """Collects lines, writing a value that is used once into the place where it is used."""

    def __init__(self, program: Program) -> None:
        self.program, self.graph = program, program.graph
        graph = self.graph
        self.names: dict[str, Any] = dict(NAMES)
        start, order = csr(graph.terms.node, np.arange(len(graph.terms)), graph.size)
        self.start, self.order = start.tolist(), order.tolist()
        producers, _ = graph.edges()
        uses = bincount(producers, minlength=graph.size)
        uses[graph.outputs] += 2
        uses[graph.pinned[graph.pinned >= 0]] += 2
        self.uses = uses.tolist()
        self.watched = set(np.flatnonzero(watched(graph)).tolist())  # and so has a name
        self.guarded = {f"x{n}" for n in self.watched}
        self.text: dict[int, str] = {}
        self.tight: dict[int, bool] = {}
        self.parts: dict[str, str] = {}
        self.lane = graph.lane().tolist()
        self.terms = tuple(
            x.tolist() for x in (graph.terms.coef, graph.terms.a, graph.terms.b, graph.terms.over)
        )
        self.args = graph.args.tolist()
        self.kinds = graph.kind.tolist()
        for node in np.flatnonzero(graph.kind == CONST).tolist():
            x = float(graph.value[node])
            self.text[node] = exact(x)
            self.tight[node] = x >= 0
        for node in np.flatnonzero((graph.kind > CONST) & graph.is_leaf()).tolist():
            self.text[node], self.tight[node] = f"x{node}", True

    def factor(self, node: int) -> str:
        """Return an operand's text, in parentheses if it needs them."""
        return self.text[node] if self.tight[node] else f"({self.text[node]})"

    def define(self, node: int, text: str, lines: list[str], *, tight: bool = False) -> None:
        """Give a node its text: the expression itself if it is used once and short, else a variable."""
        if self.uses[node] == 1 and node not in self.watched and len(text) < LONGEST:
            self.text[node], self.tight[node] = text, tight
            return
        lines.append(f"x{node} = {text}")
        self.text[node], self.tight[node] = f"x{node}", True

    def sum_text(self, node: int, over: bool | None = None) -> str:
        """Return the text of a sum of products, or of those of its terms that are or are not over lanes."""
        coefs, first, second, overs = self.terms
        parts = []
        for i in self.order[self.start[node] : self.start[node + 1]]:
            if over is not None and overs[i] != over:
                continue
            parts.append(signed(coefs[i], [self.factor(x) for x in (first[i], second[i]) if x != ONE]))
        return total(parts)

    def node(self, node: int, lines: list[str]) -> None:
        """Write one node."""
        kind = self.kinds[node]
        if kind < FIRST_ROW and kind not in EXTREMA:
            text = self.sum_text(node)
            self.define(node, text, lines, tight=" " not in text and not text.startswith("-"))
        elif kind in EXTREMA:
            members = [self.terms[1][i] for i in self.order[self.start[node] : self.start[node + 1]]]
            name = "largest" if kind == MAX else "smallest"

            self.names[name] = many.max if kind == MAX else many.min
            self.define(node, f"{name}({', '.join(self.text[m] for m in members)})", lines, tight=True)
        else:
            self._row(node, kind, lines)

    def _named(self, node: int, lines: list[str]) -> str:
        """Return the name of a variable, or a number, for an operand whose text stands more than once."""
        if not self.text[node].isidentifier() and self.kinds[node] != CONST:
            lines.append(f"x{node} = {self.text[node]}")
            self.text[node], self.tight[node] = f"x{node}", True
        return self.factor(node)

    def _function(self, op: Op) -> str:
        """Return the name of a row's value; two custom operations may bear one name."""
        name = f"f_{op.name}"
        while self.names.setdefault(name, op.value) is not op.value:
            name += "_"
        return name

    def _row(self, node: int, kind: int, lines: list[str]) -> None:
        op, params = self.graph.rows[kind - FIRST_ROW]
        if op is ENTRY:
            self.names["entry"] = entry
            place, first = self.args[node][:2]
            self.define(node, f"entry({self._table(first, params)}, {self.text[place]})", lines, tight=True)
            return
        operands = [a for a in self.args[node] if a >= 0]
        text = expression(op, params)
        if text is None:
            given = [*(self.text[a] for a in operands), *map(exact, params)]
            self.define(node, f"{self._function(op)}({', '.join(given)})", lines, tight=True)
            return
        parts = PARTS.get(op.name, ())
        for i, x in enumerate(operands):
            if "".join((text, *parts)).count(f"{{{i}}}") > 1:
                self._named(x, lines)
        factors = list(map(self.factor, operands))
        names: list[str] = []
        for k, part in enumerate(parts):
            fresh, value = f"x{node}_{k}", part.format(*factors, part=names)
            names.append(self.parts.setdefault(value, fresh))
            if names[-1] == fresh:
                lines.append(f"{fresh} = {value}")
        self.define(node, text.format(*factors, part=names), lines, tight=is_tight(text))

    def _table(self, first: int, params: tuple[float, ...]) -> str:
        """Return what of a list is a table: the list, where it begins, its step and its length."""
        at, count = int(self.program.address[first]), self.program.parameters
        name, at = ("theta", at) if at < count else ("inputs", at - 2 * count)
        return f"{name}, {at}, {int(params[0])}, {int(params[1])}"

    def _scatter(self, node: int) -> str:
        """Return the line that notes what the entry of a table receives."""
        self.names["scatter"] = scatter
        received, place, first = self.args[node]
        table = self._table(first, self.graph.rows[self.kinds[node] - FIRST_ROW][1]).removeprefix("theta, ")
        return f"scatter(received, {table}, {self.text[place]}, {self.text[received]})"

    def body(self) -> tuple[list[str], list[str], list[str], list[str]]:
        """Return the lines before, for and after the lanes, and the names of the lanes' inputs."""
        before: list[str] = []
        inside: list[str] = []
        after: list[str] = []
        late = set(self.graph.terms.node[self.graph.terms.over].tolist())
        over = frozenset(late)
        for s in self.program.statements:
            for node in s.nodes.tolist():
                if node in over:
                    before.append(f"x{node} = 0.0")
                    inside.append(f"x{node} += {self.sum_text(node, over=True)}")
                    rest = self.sum_text(node, over=False)
                    if rest != "0.0":
                        after.append(f"x{node} += {rest}")
                    self.text[node], self.tight[node] = f"x{node}", True
                    continue
                if self.lane[node]:
                    self.node(node, inside)
                    continue
                terms = self.order[self.start[node] : self.start[node + 1]] if late else []
                if not late.isdisjoint([*self.args[node], *[x[i] for x in self.terms[1:3] for i in terms]]):
                    late.add(node)
                self.node(node, after if node in late else before)
        for s in self.program.scattered:
            for node in s.nodes.tolist():
                (inside if self.lane[self.args[node][1]] else after).append(self._scatter(node))
        rows = [f"x{n}" for n in np.flatnonzero(self.graph.kind == LANE).tolist()]
        return before, inside, after, rows

    def guards(self, names: list[str]) -> list[str]:
        """Return lines that raise OverflowError where one of the numbers is too large."""
        names = [name for name in names if name in self.guarded]
        groups = [", ".join(names[i : i + 200]) for i in range(0, len(names), 200)]
        return [f"if not length({group}) < {BOUND!r}: guard({group})" for group in groups]

    def program_text(self, *, guarded: bool) -> str:
        """Return a function of one step, and one of many steps of gradient descent.

        ``guarded`` says whether they raise OverflowError where a number is so large that the order of a sum
        matters.
        """
        graph = self.graph
        before, inside, after, rows = self.body()
        params = [f"x{n}" for n in np.flatnonzero(graph.kind == PARAM).tolist()]
        inputs = [f"x{n}" for n in np.flatnonzero(graph.kind == INPUT).tolist()]
        if guarded:
            before = [*before, *self.guards([*params, *inputs, *_targets(before)])]
            inside = [*inside, *self.guards([*rows, *_targets(inside)])]
            after = [*after, *self.guards(_targets(after))]
        kept = [n for n in dict.fromkeys(graph.outputs.tolist()) if self.lane[n]]
        before = [*before, *(f"of_{n} = []" for n in kept)]
        inside = [*inside, *(f"of_{n}.append({self.text[n]})" for n in kept)]
        core = list(before)
        if rows:
            core += [f"for {', '.join(rows)}, in lanes:", *(f"    {line}" for line in inside or ["pass"])]
        core += after
        grads = [self.text.get(n, "0.0") for n in graph.pinned.tolist()]
        outputs = [f"of_{n}" if self.lane[n] else self.text[n] for n in graph.outputs.tolist()]
        if any(op is ENTRY for op, _ in graph.rows):
            return self._with_tables(core, grads, outputs)
        load = ([f"({', '.join(params)},) = theta"] if params else []) + (
            [f"({', '.join(inputs)},) = inputs"] if inputs else []
        )
        lines = ["def run(theta, inputs, lanes):", *(f"    {x}" for x in load + core)]
        lines += [f"    return [{', '.join(outputs)}], [{', '.join(grads)}]"]
        if params and graph.outputs.size == 1:
            lines += ["", "def train(theta, inputs, lanes, steps, lr, losses):", *(f"    {x}" for x in load)]
            lines += ["    for step in range(steps):", *(f"        {x}" for x in core)]
            lines += [
                f"        zero = {total([f'+ {x}' for x in dict.fromkeys([*outputs, *grads])])}",
                "        if zero - zero != 0.0:",
                "            break",
            ]
            lines += [f"        losses.append({outputs[0]})"]
            lines += [f"        {p} -= lr * {g}" for p, g in zip(params, grads, strict=True) if g != "0.0"]
            lines += [f"    return [{', '.join(params)}]"]
        return "\n".join(lines) + "\n"

    def _with_tables(self, core: list[str], grads: list[str], outputs: list[str]) -> str:
        """Return the functions of a program with tables: of these no single number has a name."""
        graph = self.graph
        load = []
        for name, kind in (("theta", PARAM), ("inputs", INPUT)):
            own = np.flatnonzero(graph.kind == kind).tolist()
            load += [f"x{n} = {name}[{i}]" for i, n in enumerate(own) if self.uses[n]]
        count = len(grads)
        load += ["received = {}"] * bool(self.program.scattered)
        core = [*core, f"gradient = [0.0] * {count}"]
        core += [f"gradient[{i}] = {g}" for i, g in enumerate(grads) if g != "0.0"]
        if self.program.scattered:
            core += ["for i, g in received.items():", "    gradient[i] += g"]
        lines = ["def run(theta, inputs, lanes):", *(f"    {x}" for x in (*load, *core))]
        lines += [f"    return [{', '.join(outputs)}], gradient"]
        if count and graph.outputs.size == 1:
            lines += ["", "def train(theta, inputs, lanes, steps, lr, losses):"]
            lines += ["    for step in range(steps):", *(f"        {x}" for x in (*load, *core))]
            lines += [
                f"        zero = sum(gradient, {outputs[0]})",
                "        if zero - zero != 0.0:",
                "            break",
                f"        losses.append({outputs[0]})",
                "        theta = [x - lr * g for x, g in zip(theta, gradient)]",
                "    return theta",
            ]
        return "\n".join(lines) + "\n"


def entry(numbers: list[float], first: int, step: int, count: int, place: float) -> float:
    """Return the entry of a table in a list; NaN where there is no such place."""
    return numbers[first + step * int(place)] if is_place(place, count) else math.nan


def scatter(
    received: dict[int, float], first: int, step: int, count: int, place: float, number: float
) -> None:
    """Note what the entry of a table receives."""
    if is_place(place, count):
        at = first + step * int(place)
        received[at] = received.get(at, 0.0) + number


def python_program(program: Program) -> str:
    """Return the program as Python over floats."""
    return PythonWriter(program).program_text(guarded=False)


def _targets(lines: list[str]) -> list[str]:
    return list(dict.fromkeys(line.partition(" ")[0] for line in lines))


def guard(*numbers: float) -> None:
    """Raise OverflowError if a finite number is beyond the bound."""
    if any(BOUND <= abs(x) < math.inf for x in numbers):
        raise OverflowError(gettext("a number is so large that the order of a sum may matter"))


class BoundPython:
    """A program in Python, with the arrays that the other backends have, for the leaves."""

    def __init__(self, program: Program, lanes: int) -> None:
        writer = PythonWriter(program)
        text = writer.program_text(guarded=True)
        self.program = program
        self.shared = np.zeros(max(program.shared, 1))
        self.lanes = np.zeros((max(program.lanes, 1), lanes))
        self.count = text.count("\n")
        space = {**writer.names, "length": math.hypot, "guard": guard}
        # Of names and numbers made above only.
        exec(compile(text, "<straight-line program>", "exec"), space)  # noqa: S102
        self._run: Callable[..., Any] = space["run"]
        self._train: Callable[..., Any] | None = space.get("train")
        graph = program.graph
        self._inputs_at = program.address[np.flatnonzero(graph.kind == INPUT)]
        self._rows = int((graph.kind == LANE).sum())
        self._outputs = [
            int(program.address[n]) if graph.kind[n] != CONST else -1 for n in graph.outputs.tolist()
        ]
        self._loaded: tuple[list[float], list[Any]] = ([], [])
        self._finite = Finite(program, self.shared, self.lanes, inner=False)

    def another(self, lanes: int) -> BoundPython:
        """Return the same program with arrays of its own."""
        twin = copy(self)
        twin.shared, twin.lanes = np.zeros_like(self.shared), np.zeros((len(self.lanes), lanes))
        twin._finite = Finite(self.program, twin.shared, twin.lanes, inner=False)
        return twin

    def load(self) -> None:
        """Take the leaves' numbers from the arrays."""
        self._loaded = self.shared[self._inputs_at].tolist(), self.lanes[: self._rows].T.tolist()

    def run(self) -> bool:
        """Compute everything from what stands in the leaves; tell whether the results hold."""
        self.load()
        count = self.program.parameters
        try:
            outputs, grads = self._run(self.shared[:count].tolist(), *self._loaded)
        except (OverflowError, ValueError, ZeroDivisionError):
            outputs, grads = [math.nan] * len(self._outputs), [math.nan] * count
        self.shared[count : 2 * count] = grads
        for at, x in zip(self._outputs, outputs, strict=True):
            if at >= LANES:
                self.lanes[at - LANES] = x
            elif at >= 0:
                self.shared[at] = x
        with quiet():
            return self._finite()

    def descend(self, steps: int, lr: float) -> Any:
        """Take steps of gradient descent; return the losses of those taken."""
        self.load()
        count = self.program.parameters
        losses: list[float] = []
        assert self._train is not None
        try:
            self.shared[:count] = self._train(self.shared[:count].tolist(), *self._loaded, steps, lr, losses)
        except (OverflowError, ValueError, ZeroDivisionError):
            taken = len(losses)
            losses = []
            if taken:
                self.shared[:count] = self._train(
                    self.shared[:count].tolist(), *self._loaded, taken, lr, losses
                )
        return losses
