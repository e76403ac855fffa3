"""The constants of a graph that move with an argument: what a function computes beside its graph.

A graph is recorded once more with other arguments. Where it holds the same operations, only its constants can
have changed; those that did are numbers that ``float(x)``, ``x.data`` or ``math.sin(x)`` took out of the
graph, and each costs the gradient its slope times what the output owes it. No digits are lost in subtracting
values of the function, however flat it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from autograd.backward import sort
from autograd.node import Bundle
from autograd.op import OpOfCall
from autograd.testing.numeric import Estimate, local_derivative, richardson
from autograd.value import Value

__all__ = ["Constants", "Graph"]


class Graph:
    """A recorded graph: its operations, its constants, and where each of them stands."""

    def __init__(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        self.outputs = list(outputs)
        self.nodes = [
            node for node in sort(Bundle(tuple(outputs)), inputs)[0][:-1] if isinstance(node, Value)
        ]
        self.constants: list[float] = []
        self.places: list[tuple[Value, int | None]] = []
        number: dict[Value, int] = {x: i for i, x in enumerate(inputs)}
        shape: list[Hashable] = []
        for node in self.nodes:
            number[node] = len(number)
            if node.op is None:
                self._hold(node, None, node.data)
                shape.append(None)
                continue
            # A checkpointed call keeps its operations to itself, so that no two of them can be compared.
            row: Any = [object() if isinstance(node.op, OpOfCall) else node.op]
            for i, x in enumerate(node.operands):
                if isinstance(x, Value):
                    row.append(number[x])
                else:
                    self._hold(node, i, x)
                    row.append(None)
            shape.append(tuple(row))
        self.shape = (shape, [number[y] for y in outputs])

    def _hold(self, node: Value, operand: int | None, x: float) -> None:
        self.places.append((node, operand))
        self.constants.append(float(x))


class Constants:
    """The constants of a function's graph, watched while one argument moves.

    Parameters
    ----------
    record
        The function's graph at given arguments; None where it has none.
    at
        The arguments.
    """

    def __init__(self, record: Callable[[Sequence[float]], Graph | None], at: Sequence[float]) -> None:
        self._record, self._at = record, list(at)
        self.graph = record(at)
        again = record(at)
        self.steady = self.graph is not None and again is not None and _same(self.graph, again)
        """Whether the function, called again, does the same."""
        self._locals: dict[tuple[Value, int], Estimate | None] = {}

    def missing(self, i: int) -> list[Estimate | None]:
        """Return, for each output, what its gradient lacks for the argument ``i``.

        None where the graph's operations change too.
        """
        graph = self.graph
        assert graph is not None
        moved = self._moved(i)
        if moved is None:
            return [None] * len(graph.outputs)
        return self._carried(graph, {graph.places[k]: self._slope(k, i) for k in moved})

    def _beside(self, i: int, t: float) -> Graph | None:
        """Return the graph with another number for one argument, if it has the same operations."""
        assert self.graph is not None
        other = self._record([*self._at[:i], t, *self._at[i + 1 :]])
        return other if other is not None and other.shape == self.graph.shape else None

    def _moved(self, i: int) -> set[int] | None:
        """Return which constants are other numbers beside the point.

        None where the operations are others, however near.
        """
        assert self.graph is not None
        x, moved, near = self._at[i], set[int](), 0
        h = 1e-2 * max(1.0, abs(x))
        steps = [h, 1e-3 * h, 1e-6 * h]
        if 0.0 < abs(x) < 1.0:
            steps += [1e-2 * abs(x), 1e-6 * abs(x)]
        if x == 0.0:
            steps.append(1e-12)
        for step in steps:
            found = [self._beside(i, t) for t in (x - step, x + step)]
            near = near if None in found else near + 1
            for other in found:
                if other is not None:
                    moved |= {
                        k
                        for k, (a, b) in enumerate(zip(self.graph.constants, other.constants, strict=True))
                        if not _equal(a, b)
                    }
        return moved if near else None

    def _slope(self, k: int, i: int) -> Estimate | None:
        def along(t: float) -> float:
            beside = self._beside(i, t)
            return math.nan if beside is None else beside.constants[k]

        return richardson(along, self._at[i])

    def _carried(
        self, graph: Graph, slopes: dict[tuple[Value, int | None], Estimate | None]
    ) -> list[Estimate | None]:
        """Carry the slopes of constants forward to the outputs, by differences of the operations' values."""
        nothing = Estimate(0.0, 0.0, "")
        tangents: dict[Value, Estimate | None] = {}
        for node in graph.nodes:
            if node.op is None:
                if (node, None) in slopes:
                    tangents[node] = slopes[node, None]
                continue
            terms = [
                (j, tangents.get(x, nothing) if isinstance(x, Value) else slopes.get((node, j), nothing))
                for j, x in enumerate(node.operands)
            ]
            terms = [(j, t) for j, t in terms if t is not nothing]
            if terms:
                tangents[node] = self._step(node, terms)
        return [tangents.get(y, nothing) for y in graph.outputs]

    def _step(self, node: Value, terms: list[tuple[int, Estimate | None]]) -> Estimate | None:
        """Return the slope of a node from those of some of its operands.

        None where one of them is not known.
        """
        total = off = 0.0
        for j, t in terms:
            if (node, j) not in self._locals:
                numbers = [x.data if isinstance(x, Value) else x for x in node.operands]
                self._locals[node, j] = local_derivative(node.op, numbers, j)  # type: ignore[arg-type]
            d = self._locals[node, j]
            if t is None or d is None:
                return None
            total += t.derivative * d.derivative
            off += (
                abs(d.derivative) * t.uncertainty
                + d.uncertainty * (abs(t.derivative) + t.uncertainty)
                + 4e-15 * abs(t.derivative * d.derivative)
            )
        return Estimate(total, off, "Richardson") if math.isfinite(total) and math.isfinite(off) else None


def _same(a: Graph, b: Graph) -> bool:
    return a.shape == b.shape and all(map(_equal, a.constants, b.constants))


def _equal(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)
