"""From a function to the simplified graph of its value and gradient."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd.calculus.trees import atoms, is_ndarray
from autograd.compiler.graph.differentiate import differentiate
from autograd.compiler.graph.expand import expanded
from autograd.compiler.graph.hoist import hoist, outside
from autograd.compiler.graph.ir import ARITY, CONST, INPUT, LANE, ONE, PARAM, QUIET, SOP, Builder, Graph
from autograd.compiler.graph.simplify import adopt, canonical, settle_lane_sums, simplify
from autograd.compiler.record.extract import Recorded, extract, turns
from autograd.compiler.record.recording import Tape, flatten, nested, only_numbers, record, without_draws
from autograd.compiler.report import HOOKED_INSIDE
from autograd.value import Value

__all__ = ["Source", "trace"]


@dataclass
class Source:
    """A recorded function: its graph, and where its numbers come from.

    Attributes
    ----------
    inputs
        For each argument, the shape of one example; ``()`` for a number.
    captured
        Leaves whose data is read at every call.
    structure
        Of the result where there is no gradient: nested lists and tuples with positions in ``outputs``.
    raw
        Number of nodes before anything was simplified.
    stopped
        Tells for each node whether no gradient flows through it; None where no gradient is wanted.
    outside
        Nodes that were computed before the recording and are used in it.
    aside
        Why calls are left to the engine, or empty.
    pulled
        Whether the function itself takes derivatives, for which hooks are called.
    arrays
        Whether it returns an array of NumPy, whatever its arguments are.
    """

    graph: Graph
    shapes: list[tuple[int, ...]]
    captured: list[Value]
    structure: Any
    raw: int
    stopped: Any
    outside: list[Value] = field(default_factory=list)
    aside: str = ""
    pulled: bool = False
    arrays: bool = False

    def key(self) -> bytes:
        """Return a hash of all that the program depends on.

        What differs without making another program: the data of the leaves, and what inputs are called.
        """
        g = self.graph
        digest = hashlib.sha256()
        kinds = g.kind[[*g.labels]].tolist() if g.labels else []
        named = [x for x, kind in zip(g.labels.items(), kinds, strict=True) if kind not in (INPUT, LANE)]
        rows = [(op.name, id(op), params) for op, params in g.rows]
        data = sum(math.prod(shape) for shape in self.shapes)
        others = g.scale, g.lanes, self.stopped is None, str(self.structure)
        digest.update(repr((sorted(named), rows, data, *others)).encode())
        t = g.terms
        marks = np.zeros(0, bool) if self.stopped is None else self.stopped
        constants, operands = g.value[g.kind == CONST], g.args.ravel()
        there = np.flatnonzero(operands >= 0)
        wide = np.int32 if g.size < 2**31 // ARITY else np.int64
        numbers = (there, operands[there], t.node, t.a, t.b, g.outputs, g.pinned)
        for array in (g.kind, constants, t.coef, t.over, marks, *[x.astype(wide) for x in numbers]):
            digest.update(len(array).to_bytes(8, "little"))
            digest.update(np.ascontiguousarray(array).data)
        return digest.digest()

    def fixed(self) -> tuple[bytes, list[float]]:
        """Return what a second recording would repeat.

        The graph, and the data of the leaves that it rests on.
        """
        return self.key(), [v._data for v in self.captured]

    @QUIET
    def finished(self) -> Source:
        """Return the same with the graph simplified and differentiated."""
        return replace(
            self,
            graph=forward_only(self.graph)
            if self.stopped is None
            else with_gradient(self.graph, self.stopped),
        )

    def like(self, other: Source) -> Source:
        """Return the same with the graph of another of this key, but with this one's names of inputs."""
        own, old = [
            np.flatnonzero((g.kind == INPUT) | (g.kind == LANE)).tolist() for g in (self.graph, other.graph)
        ]
        labels = {
            new: self.graph.labels[i] for i, new in zip(own, old, strict=True) if i in self.graph.labels
        }
        inputs = set(old)
        kept = {i: label for i, label in other.graph.labels.items() if i not in inputs}
        return replace(self, graph=replace(other.graph, labels={**kept, **labels}))


def trace(f: Callable[..., Any], *args: Any, penalty: Callable[[], Any] | None, **options: Any) -> Source:
    """Record a function, which must not draw random numbers; see `_trace` for the parameters."""
    return without_draws(lambda: _trace(f, *args, penalty=penalty, **options), f, penalty)


def _trace(
    f: Callable[..., Any], params: Sequence[Value] | None, names: Sequence[str],
    shapes: list[tuple[int, ...]], examples: list[Any],
    *, batch: bool, reduction: str, penalty: Callable[[], Any] | None,
) -> Source:  # fmt: skip
    """Record ``f`` on arguments of the given shapes.

    Parameters
    ----------
    f, params, batch, reduction, penalty
        As for `autograd.compile`.
    names
        Of the arguments, for the printed source.
    shapes, examples
        Of each argument: its shape (without the batch), and numbers of that shape.
    """
    b = Builder()
    rec = Recorded(b)
    labels: dict[int, str] = {}
    parameters = rec.leaves(list(params or ()), PARAM)
    given = zip(parameters.tolist(), params or (), strict=True)
    labels.update({i: p.note.label for i, p in given if p.note is not None and p.note.label})
    scale, count = (int(i) for i in b.new(INPUT, 2)) if batch else (-1, -1)
    args = []
    for name, shape, example in zip(names, shapes, examples, strict=True):
        fresh = [Value(x) for x in np.asarray(example, float).ravel().tolist()]
        ids = rec.leaves(fresh, LANE if batch else INPUT)
        labels.update(zip(ids.tolist(), _elements(name, shape), strict=True))
        args.append(nested(iter(fresh), shape))
    tape = Tape(looks_up=True)
    result = record(f, args, tape)
    extra = record(penalty, (), tape) if penalty is not None else 0.0
    arrays = any(map(is_ndarray, atoms(result)))
    leaves: list[Any] = []
    structure = flatten(result, leaves)
    only_numbers([*leaves, extra], structure, result, loss=params is not None)
    extract(rec, tape, [x for x in (*leaves, extra) if isinstance(x, Value)])
    noted = [(i, v.note) for i in rec.noted if (v := rec.nodes[i]).note is not None]
    labels.update({rec.start + i: note.label for i, note in noted if note.label})
    results = rec.resolve([x if isinstance(x, Value) else float(x) for x in leaves])
    if params is not None:
        total = b.new(SOP, 1)
        over = np.array([batch])
        b.add(total, 1.0, results[:1], scale if batch and reduction == "mean" else ONE, over)
        if penalty is not None:
            b.add(total, 1.0, rec.resolve([extra if isinstance(extra, Value) else float(extra)]))
        results = total
    labels.update({rec.ids[v]: v.label for v in rec.captured if v.label})
    stopped = np.concatenate([np.zeros(0, np.int64), *b.stopped])
    marks = np.zeros(b.size, bool)
    marks[stopped] = True
    none = np.full(len(parameters), -1)
    forward = canonical(b.graph(
        outputs=results, pinned=none, labels=labels, scale=scale, lanes=count, turn=turns(rec, tape),
    ))  # fmt: skip
    aside = HOOKED_INSIDE if any(note.hooks for _, note in noted) else ""
    return Source(
        forward, shapes, rec.captured, structure, len(tape), None if params is None else marks, rec.outside,
        aside, bool(tape.visits), arrays,
    )  # fmt: skip


def _elements(name: str, shape: tuple[int, ...]) -> list[str]:
    """Return the names of an array's elements, in order."""
    names = [name]
    for n in shape:
        names = [f"{above}[{k}]" for above in names for k in range(n)]
    return names


def forward_only(graph: Graph) -> Graph:
    """Simplify a graph without parameters."""
    return hoist(simplify(expanded(graph)))


def with_gradient(graph: Graph, stopped: Any) -> Graph:
    """Simplify the forward graph, append the gradient, simplify again."""
    graph = simplify(expanded(_differentiated(graph, stopped)))
    while (settled := settle_lane_sums(graph)) is not graph:
        graph = simplify(settled)  # which may absorb more that all lanes share
    return hoist(outside(adopt(graph)))


def _differentiated(graph: Graph, stopped: Any) -> Graph:
    """Simplify the forward graph and append the gradient."""
    # Extrema through which nothing flows keep their mark through renumbering as a made-up label.
    marked = {int(i): "\0stop" for i in np.flatnonzero(stopped)}
    graph = simplify(replace(graph, labels={**graph.labels, **marked}))
    stop = np.array([i for i, label in graph.labels.items() if label == "\0stop"], np.int64)
    labels = {i: label for i, label in graph.labels.items() if label != "\0stop"}
    b = Builder.resumed(graph)
    params = np.flatnonzero(graph.kind == PARAM)
    scale, lanes = graph.scale, graph.lanes
    full = differentiate(b, graph, stop, int(graph.outputs[0]), params, graph.lane())
    full.labels, full.scale, full.lanes, full.forward = labels, scale, lanes, graph.size
    return full
