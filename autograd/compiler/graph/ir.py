"""The intermediate representation: a scalar graph as a few arrays instead of a million objects.

A node is a leaf, a row of the table applied to at most three operands, or a *sum of products*: the sum of
``coefficient * a * b`` over its terms. Products, sums, differences, dot products and the adjoints of
everything are of that last kind, which is why matrix products can be found later: they are what many
equally built sums of products look like from afar.

Node 0 is the constant one, so that a term without a second factor has ``b = 0``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.graph.counting import bincount, repeated
from autograd.compiler.graph.lookups import SCATTER
from autograd.native import engine
from autograd.ops import Op
from autograd.words import gettext

__all__ = [
    "ARITY", "CONST", "EXTREMA", "FIRST_ROW", "INPUT", "LANE", "LEAVES", "MAX", "MIN", "ONE", "PARAM",
    "QUIET", "SOP", "Builder", "Graph", "Terms", "distinct", "joined", "renamed",
]  # fmt: skip

Ints = NDArray[np.int64]

ONE = 0
"""The node that is the constant 1."""

CONST, PARAM, INPUT, LANE, SOP, MAX, MIN = range(7)
"""Kinds of nodes: constant, parameter, shared input, an example's input, sum of products, extrema."""
FIRST_ROW = 8
"""Kinds from here on are rows of the table, with their constants."""
QUIET = np.errstate(all="ignore")
"""Decorates what computes with a program's constants.

What they become is the program's affair, of which NumPy need not warn.
"""
LARGE = 2.0**64
"""By no more than this does a pass multiply a number on its way through sums."""
BOUND = 2.0**300
"""Where a number of a program is beyond this bound, but finite, the engine has the last word.

Sums of products are rewritten: terms in another order, coefficients multiplied out. Below the bound nothing
overflows in any
order: two factors, six passes' coefficients of at most `LARGE`, and 2**39 terms stay below 2**1024."""
LEVELS, EDGES = -1, -2
LEAVES = (CONST, PARAM, INPUT, LANE)
EXTREMA = (MAX, MIN)
ARITY = 3
"""Most operands of a row; what has more is a sum of products or an extremum, or is taken apart."""


def _wide(nodes: Any) -> Ints:
    """Return nodes as 64-bit numbers, also where NumPy's own have 32: keys of three nodes need them."""
    return np.asarray(nodes, np.int64)


@dataclass
class Terms:
    """The terms of all sums of products (and the operands of the extrema), unordered.

    Term i adds ``coef[i] * a[i] * b[i]`` to ``node[i]``; where ``over[i]``, also summed over the lanes.
    """

    node: Ints
    coef: NDArray[np.float64]
    a: Ints
    b: Ints
    over: NDArray[np.bool_]

    def __post_init__(self) -> None:
        self.node, self.a, self.b = map(_wide, (self.node, self.a, self.b))

    def __len__(self) -> int:
        return len(self.node)

    def take(self, which: Any) -> Terms:
        """Return the terms that an index or a mask selects."""
        if which.dtype.char == "?":
            which = np.flatnonzero(which)
        taken = object.__new__(Terms)  # columns of the right kind already
        taken.node, taken.coef, taken.a = self.node[which], self.coef[which], self.a[which]
        taken.b, taken.over = self.b[which], self.over[which]
        return taken

    def copy(self) -> Terms:
        """Return a copy."""
        return Terms(self.node.copy(), self.coef.copy(), self.a.copy(), self.b.copy(), self.over.copy())


def joined(*pieces: Terms) -> Terms:
    """Return terms one after the other."""
    return Terms(
        *[np.concatenate([getattr(t, f) for t in pieces]) for f in ("node", "coef", "a", "b", "over")]
    )


@dataclass
class Graph:
    """A scalar graph. Passes return a new one."""

    kind: NDArray[np.int16]
    value: NDArray[np.float64]
    """Of constants; zero elsewhere."""
    args: Ints
    """(nodes, ARITY) operands of the rows; -1 where there is none."""
    primal: Ints
    """For the adjoint of a node, that node; -1 elsewhere."""
    terms: Terms
    rows: list[tuple[Op, tuple[float, ...]]]
    """What the kinds from FIRST_ROW on mean."""
    outputs: Ints
    """Nodes whose values are wanted; the first is the loss where there are parameters."""
    pinned: Ints
    """For each parameter, the node that is its gradient."""
    labels: dict[int, str] = field(default_factory=dict)
    forward: int = -1
    """How many nodes the forward pass has.

    Those after them belong to the gradient. -1 where there is none.
    """
    scale: int = -1
    """The leaf 1 / number of lanes, or -1."""
    lanes: int = -1
    """The leaf that holds the number of lanes, or -1."""
    turn: Any = None
    """For each node, when it comes in the order of recording, in which gradients go back."""

    def __post_init__(self) -> None:
        self.args, self.primal, self.outputs, self.pinned = map(
            _wide, (self.args, self.primal, self.outputs, self.pinned)
        )
        if self.turn is None:
            self.turn = 2 * np.arange(self.size)

    @cached_property
    def known(self) -> dict[int, Any]:
        """What was asked of it before: levels, edges, and kinds of nodes by how much they have in common."""
        return {}

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.kind)

    def is_leaf(self) -> NDArray[np.bool_]:
        """Tell, for each node, whether it is a leaf."""
        return self.kind <= LANE

    def edges(self) -> tuple[Ints, Ints]:
        """Return producers and consumers, one pair for each use of a node."""
        edges: tuple[Ints, Ints] | None = self.known.pop(EDGES, None)
        if edges is None:
            (consumers, operands), t = self.reads(), self.terms
            second = np.flatnonzero(t.b != ONE)
            producers = np.concatenate([operands, t.a, t.b[second]])
            edges = producers, np.concatenate([consumers, t.node, t.node[second]])
        return edges

    def reads(self) -> tuple[Ints, Ints]:
        """Return the rows and their operands, one pair for each."""
        rows = np.flatnonzero(self.kind >= FIRST_ROW)
        operands = self.args[rows].ravel()
        there = np.flatnonzero(operands >= 0)
        return rows[there // ARITY], operands[there]

    def reading(self, number: Ints, which: Any = None) -> Ints:
        """Return what nodes, or which of them, read, by other numbers."""
        rows, size = self.kind >= FIRST_ROW, self.size if which is None else len(which)
        if not rows.any():
            return self.args[:size]
        rows = np.flatnonzero(rows if which is None else rows[which])
        args = np.full((size, ARITY), -1)
        args[rows] = np.append(number, -1)[self.args[rows if which is None else which[rows]]]
        return args

    def renumbered(self, number: Ints, **fields: Any) -> Graph:
        """Return the graph by other numbers, -1 where a node is gone; these behind each other, and -1."""
        ahead = number[: self.forward] >= 0 if self.forward >= 0 else None
        return replace(
            self, outputs=number[self.outputs], pinned=number[self.pinned],
            labels=renamed(self.labels, number), scale=int(number[self.scale]), lanes=int(number[self.lanes]),
            forward=-1 if ahead is None else int(ahead.sum()), **fields,
        )  # fmt: skip

    def uses(self) -> Ints:
        """Return for each node how often it is used; of the number 1, nothing."""
        columns = self.terms.a, self.terms.b, self.reads()[1]
        uses = sum((bincount(x, minlength=self.size) for x in columns), np.zeros(self.size, np.int64))
        uses[ONE] = 0
        return uses

    def levels(self) -> Ints:
        """Return for each node the length of the longest path to it; leaves are at 0."""
        if LEVELS not in self.known:
            self.known[EDGES] = edges = self.edges()  # asked for next, and then not kept, as they are many
            self.known[LEVELS] = longest_paths(self.size, *edges)
        levels: Ints = self.known[LEVELS]
        return levels

    def lane(self) -> NDArray[np.bool_]:
        """Tell, for each node, whether it differs from lane to lane."""
        return spread(self, self.kind == LANE, through_sums=False) & ~self.scatters()

    def row(self, node: int) -> Op | None:
        """Return the row of the table that a node is; None where it is none."""
        kind = int(self.kind[node])
        return self.rows[kind - FIRST_ROW][0] if kind >= FIRST_ROW else None

    def scatters(self) -> NDArray[np.bool_]:
        """Tell, for each node, whether it scatters a gradient over a table: then it stays, unread."""
        found = [False] * FIRST_ROW + [op is SCATTER for op, _ in self.rows]
        return np.array(found)[self.kind] if any(found) else np.zeros(self.size, bool)


def spread(graph: Graph, marked: NDArray[np.bool_], *, through_sums: bool = True) -> NDArray[np.bool_]:
    """Mark also whatever rests on marked nodes; through a sum over the lanes only if asked to."""
    marked = marked.copy()
    if not marked.any():
        return marked
    producers, consumers = graph.edges()
    if not through_sums:
        t = graph.terms
        second = t.b != ONE
        closed = np.concatenate(
            [np.zeros(len(producers) - len(t) - int(second.sum()), bool), t.over, t.over[second]]
        )
        producers, consumers = producers[~closed], consumers[~closed]
    reach(producers, consumers, marked)
    return marked


def reach(producers: Ints, consumers: Ints, marked: NDArray[np.bool_]) -> None:
    """Mark all nodes that edges lead to from those that are marked."""
    if engine is None:
        flood(*csr(producers, consumers, len(marked)), marked, np.flatnonzero(marked))
    else:
        engine.mark_reached(producers, consumers, marked)


def renamed(labels: dict[int, str], number: Ints) -> dict[int, str]:
    """Return labels of nodes by their new numbers, without those of which that is -1."""
    new = number[np.fromiter(labels, np.int64, len(labels))].tolist()
    return {i: label for i, label in zip(new, labels.values(), strict=True) if i >= 0}


def flood(start: Ints, targets: Ints, marked: NDArray[np.bool_], frontier: Ints) -> None:
    """Mark all that is reached from the frontier, which is marked already; see `csr` for the edges."""
    first, to, mark = start.data, targets.data, marked.data
    reached = frontier.tolist()
    for node in reached:
        for below in to[first[node] : first[node + 1]]:
            if not mark[below]:
                mark[below] = True
                reached.append(below)


def distinct(numbers: Any) -> Any:
    """Return the distinct ones among numbers from 0, in order.

    By marks or by sorting, since NumPy's own function hashes.
    """
    if not len(numbers):
        return numbers
    top = int(numbers.max())
    if top < 16 * len(numbers):
        there = np.zeros(top + 1, bool)
        there[numbers] = True
        return np.flatnonzero(there)
    ordered = np.sort(numbers)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]


def csr(keys: Ints, values: Ints, size: int) -> tuple[Ints, Ints]:
    """Group values by key: those of key k are ``values[start[k]:start[k + 1]]``."""
    start = np.zeros(size + 1, np.int64)
    np.cumsum(bincount(keys, minlength=size), out=start[1:])
    return start, values[np.argsort(keys, kind="stable")]


def spans(starts: Ints, ends: Ints) -> Ints:
    """Concatenate the ranges from each start to its end."""
    if len(starts) == 1:
        return np.arange(starts[0], ends[0])
    counts = ends - starts
    offsets = repeated(ends - np.cumsum(counts), counts)
    return offsets + np.arange(len(offsets))


def longest_paths(size: int, producers: Ints, consumers: Ints) -> Ints:
    """Return for each node the number of edges on the longest path that ends there.

    Raises
    ------
    ValueError
        If the graph has a cycle, which can only be a defect of a pass.
    """
    if engine is not None:
        found = engine.levels(size, producers, consumers)
        if found is None:
            raise ValueError(gettext("the graph has a cycle"))
        return np.frombuffer(found, np.int64)
    waiting = bincount(consumers, minlength=size).tolist()
    start, targets = csr(producers, consumers, size)
    first, to, level = start.data, targets.data, [0] * size
    ready = [node for node, count in enumerate(waiting) if not count]
    for node in ready:
        for below in to[first[node] : first[node + 1]]:
            level[below] = level[node] + 1  # the last one to come has the longest path
            waiting[below] -= 1
            if not waiting[below]:
                ready.append(below)
    if len(ready) != size:
        raise ValueError(gettext("the graph has a cycle"))
    return np.array(level, np.int64)


class Builder:
    """Grows a graph, many nodes at a time."""

    def __init__(self) -> None:
        self.kinds: list[NDArray[Any]] = [np.array([CONST], np.int16)]
        self.values: list[NDArray[np.float64]] = [np.ones(1)]
        self.size = 1
        self.numbers: dict[int, float] = {}  # of the constants but the first ones
        self.args = np.zeros((0, ARITY), np.int64)
        self.calls: list[tuple[Ints, list[Ints]]] = []
        self.pieces: list[Terms] = []
        self.rows: list[tuple[Op, tuple[float, ...]]] = []
        self.row_kinds: dict[tuple[Op, tuple[float, ...]], int] = {}
        self.assigned: list[tuple[Ints, int]] = []
        self.stopped: list[Ints] = []

    @classmethod
    def resumed(cls, graph: Graph) -> Builder:
        """Return a builder that goes on where a graph ends."""
        b = cls()
        b.kinds, b.values, b.size, b.args = [graph.kind], [graph.value], graph.size, graph.args
        b.pieces = [graph.terms]
        b.rows = list(graph.rows)
        b.row_kinds = {key: FIRST_ROW + i for i, key in enumerate(b.rows)}
        return b

    @cached_property
    def constants(self) -> dict[str, int]:
        """The constants, by their numbers."""
        first = np.flatnonzero(self.kinds[0] == CONST)
        numbers = map(float.hex, self.values[0][first].tolist())
        return dict(zip(numbers, first.tolist(), strict=True)) | {(1.0).hex(): ONE}

    def new(self, kind: int, count: int) -> Ints:
        """Make ``count`` nodes and return their ids."""
        ids = np.arange(self.size, self.size + count)
        self.kinds.append(np.full(count, kind, np.int16))
        self.values.append(np.zeros(count))
        self.size += count
        return ids

    def drop(self) -> None:
        """Take back the nodes that were made last."""
        self.values.pop()
        self.size -= len(self.kinds.pop())

    def constant(self, x: float) -> int:
        """Return the node of a constant."""
        key = float(x).hex()
        if key not in self.constants:
            self.constants[key] = int(self.new(CONST, 1)[0])
            self.values[-1][0] = x
            self.numbers[self.constants[key]] = float(x)
        return self.constants[key]

    def row(self, op: Op, params: tuple[float, ...]) -> int:
        """Return the kind that stands for a row of the table with these constants."""
        key = (op, params)
        if key not in self.row_kinds:
            self.row_kinds[key] = FIRST_ROW + len(self.rows)
            self.rows.append(key)
        return self.row_kinds[key]

    def assign(self, ids: Ints, kind: int) -> None:
        """Say of what kind nodes are."""
        self.assigned.append((ids, kind))

    def stop(self, ids: Ints) -> None:
        """Let no gradient flow through nodes."""
        self.stopped.append(ids)

    def constant_values(self, ids: Ints) -> NDArray[np.float64]:
        """Return the values of the nodes that are constants, NaN for the others."""
        first, late = ids.clip(max=len(self.kinds[0]) - 1), ids >= len(self.kinds[0])
        found = np.where(self.kinds[0][first] == CONST, self.values[0][first], np.nan)
        found[late] = [self.numbers.get(i, np.nan) for i in ids[late].tolist()]
        return found

    def call(self, out: Ints, operands: list[Ints]) -> None:
        """Enter the operands of row nodes."""
        self.calls.append((out, operands))

    def add(self, node: Ints, coef: Any, a: Any, b: Any = ONE, over: Any = False) -> None:
        """Enter terms; numbers are repeated for every node."""
        full = [
            x if isinstance(x, np.ndarray) and x.ndim else np.ndarray(node.shape, kind, kind(x), 0, (0,))
            for x, kind in ((coef, np.float64), (a, np.int64), (b, np.int64), (over, np.bool_))
        ]
        self.pieces.append(Terms(node, *full))

    def gathered(self) -> Terms:
        """Return all terms entered so far."""
        empty = np.zeros(0, np.int64)
        self.pieces = [joined(Terms(empty, np.zeros(0), empty, empty, np.zeros(0, bool)), *self.pieces)]
        return self.pieces[0]

    def graph(self, **fields: Any) -> Graph:
        """Return the finished graph."""
        kind = np.concatenate(self.kinds)
        for ids, what in self.assigned:
            kind[ids] = what
        args = np.broadcast_to(np.int64(-1), (self.size, ARITY))
        calls = [call for call in self.calls if len(call[0])]
        if calls or (self.kinds[0] >= FIRST_ROW).any():
            args = args.copy()
            args[: len(self.args)] = self.args
        for out, operands in calls:
            for j, column in enumerate(operands):
                args[out, j] = column
        primal = fields.pop("primal", np.full(self.size, -1, np.int64))
        return Graph(
            kind, np.concatenate(self.values), args, primal, self.gathered(), list(self.rows), **fields
        )
