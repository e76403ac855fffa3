"""Turn recorded objects into arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

import numpy as np

from autograd import ops
from autograd.calculus.lookup import ENTRY, Lookup
from autograd.compiler.graph.counting import bincount
from autograd.compiler.graph.expand import RESULTS, adds_up, forget, lower, lower_results
from autograd.compiler.graph.ir import HALF, INPUT, LARGE, PARAM, QUIET, SHIFT, SOP, Builder, Ints, distinct
from autograd.compiler.graph.lookups import enter
from autograd.compiler.record.recording import Tape, constant, refuse_no_grad, resting_on, with_outside
from autograd.joint import MultiOpCall
from autograd.native import engine
from autograd.node import Bundle
from autograd.op import ANY
from autograd.value import Value

__all__ = ["Recorded", "extract", "turns"]


MANY = 10_000
"""Operands from which on what is known of a row with so many is not kept."""


LOOSE = -8
"""From here down, places in a list of what has no number: constants, and leaves not yet met."""


class Recorded:
    """The nodes of a tape in a `Builder`, and which leaves they rest on.

    Attributes
    ----------
    ids : dict
        From leaf to its number; without the engine's C, from recorded node, too.
    captured : list of Value
        Leaves that are neither parameters nor arguments; their data is read at every call.
    nodes, start, stamp
        The recorded nodes, the first one's number, and its stamp in the engine's C.
    begin, noted, outside
        The number of the tape's first node, which bear notes, and what was recorded before.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.ids: dict[Any, int] = {}
        self.captured: list[Value] = []
        self.stretches: list[tuple[int, int]] = []
        self.fixed: dict[float, int] = {}
        self.nodes: list[Any] = []
        self.noted: list[Any] = []
        self.outside: list[Any] = []
        self.start = self.begin = self.stamp = 0

    def leaves(self, values: Sequence[Value], kind: int) -> Ints:
        """Enter leaves, in order."""
        ids = self.b.new(kind, len(values))
        self.ids.update(zip(values, ids.tolist(), strict=True))
        if kind in (PARAM, INPUT) and len(ids):
            self.stretches.append((int(ids[0]), int(ids[-1])))
        return ids

    def table(self, rows: Sequence[Sequence[Any]]) -> Ints:
        """Return the nodes of a table of one column after the other; its numbers become leaves."""
        flat = [x if isinstance(x, Value) else constant(x) for row in rows for x in row]
        fresh = [x for x in dict.fromkeys(flat) if x.op is None and x not in self.ids]
        self.leaves(fresh, INPUT)
        self.captured += fresh
        return self.resolve(flat).reshape(len(rows), -1).T

    def is_even(self, column: Ints) -> bool:
        """Tell whether a column of a table is of leaves at equal distances."""
        low, high = int(column.min()), int(column.max())
        steps = np.diff(column)
        return (steps == steps[:1]).all() and any(a <= low and high <= b for a, b in self.stretches)

    def resolve(self, objects: list[Any], bound: float = math.inf) -> Ints:
        """Return the nodes of Values and numbers, of finite ones beyond a bound a leaf's."""
        return self.enter(*self.numbers(objects), bound)

    def numbers(self, objects: list[Any]) -> tuple[Ints, list[Any]]:
        """Return the number of each object, at most `LOOSE` what has none; and those, in a list."""
        if engine is not None and self.stamp:
            found, loose = engine.find(objects, self.nodes, self.stamp, self.start, self.ids)
            return np.frombuffer(found, np.int64), loose
        numbers = np.fromiter(map(self.ids.get, objects, repeat(-1)), np.int64, len(objects))
        missing = np.flatnonzero(numbers < 0)
        numbers[missing] = LOOSE - np.arange(len(missing))
        return numbers, [objects[i] for i in missing.tolist()]

    def enter(self, found: Ints, loose: list[Any], bound: float) -> Ints:
        """Return the nodes that have these numbers, and of what has none, entered in order."""
        missing = np.flatnonzero(found < 0)
        if len(missing):
            places = LOOSE - found[missing]
            first = np.empty(len(loose), np.int64)
            first[places[::-1]] = missing[::-1]
            there = distinct(places)
            for i in there[np.argsort(first[there])].tolist():
                first[i] = self._enter(loose[i], bound)
            found[missing] = first[places]
        return found

    def forget(self, nodes: Sequence[Value]) -> None:
        """Undo that nodes were entered as recorded ones, just now."""
        self.b.drop()
        for x in nodes if self.stamp == 0 else ():
            del self.ids[x]

    def _enter(self, x: Any, bound: float) -> int:
        if isinstance(x, Value):
            return self._capture(x)
        if not bound < abs(x) < math.inf:
            return self.b.constant(x)
        if x not in self.fixed:
            self.fixed[x] = self._capture(constant(x))
        return self.fixed[x]

    def _capture(self, leaf: Value) -> int:
        if leaf not in self.ids:
            self.leaves([leaf], INPUT)
            self.captured.append(leaf)
        return self.ids[leaf]


@QUIET
def extract(rec: Recorded, tape: list[Value], roots: Sequence[Value]) -> None:
    """Enter all recorded nodes, which ``rec`` then knows."""
    b = rec.b
    rows, ends, order, firsts, seconds, loose, whole = _read(rec, tape)
    found = rec.numbers([*roots])[0].tolist()
    more = [r for r, i in zip(roots, found, strict=True) if r.op is not None and i < 0]
    count = len(tape)
    if more or not whole:
        rec.forget(tape)
        tape = with_outside([*tape, *more], rec.ids)
        rows, ends, order, firsts, seconds, loose, _ = _read(rec, tape)
    ahead = len(tape) - count - len(more)
    rec.begin += ahead
    rec.outside = [*tape[:ahead], *more]
    rec.noted = [i for i in rec.noted if 0 <= i - ahead < count]
    # What tables are of is to stand in one row, and so comes before all that uses single entries.
    for op, start, end in sorted(zip(rows, [0, *ends], ends), key=lambda group: group[0] is not ENTRY):
        where = order[start:end]
        out = where + rec.start
        enter = _entering(op)
        if enter is not None:
            enter(rec, op, [tape[i] for i in where.tolist()], out)
            continue
        bound = LARGE if not op.params and adds_up(op, (), op.arity) else math.inf
        columns = [rec.enter(firsts[start:end], loose, bound)]
        if op.params:
            _by_params(rec, op, [(tape[i]._b,) for i in where.tolist()], columns, out)
            continue
        if op.arity == 2:
            columns.append(rec.enter(seconds[start:end], loose, bound))
        lower(b, op, (), columns, out)


def turns(rec: Recorded, tape: Tape) -> Ints:
    """Return when each node comes: as recorded; in passes back, in the opposite order of what it is for.

    A gradient comes when its node is visited, and what a rule computes right after the gradient of its node.
    What belongs to a pass back has an odd number, all else an even one.
    """
    turn = np.arange(rec.b.size, dtype=np.int64) << SHIFT + 1
    if engine is not None:
        engine.turns(tape.visits, rec.nodes, rec.stamp, rec.start, rec.ids, turn, rec.begin)
        return turn

    def when(x: Any) -> int:
        """Return when a node comes, leaves before all others."""
        if isinstance(x, Bundle):
            return max([1 + when(e) for e in x.elements], default=0)
        i = rec.ids.get(x, 0)
        return 4 * (int(turn[i]) >> SHIFT) if getattr(x, "op", None) else -4 * i

    low, keys = 0, list[int]()
    starts, visited = tape.visits[::2], tape.visits[1::2]
    for start, x, end in zip(starts, visited, [*starts[1:], 0]):
        if not isinstance(x, dict):
            low = low if keys else start + rec.begin
            keys += [1 - when(x)] * (end - start)
            continue
        early: dict[int, int] = {}
        for y, g in x.items():
            i = rec.ids.get(g, 0) - low if isinstance(g, Value) else -1
            if 0 <= i < len(keys):
                early[i] = min(early.get(i, -when(y)), -when(y))
        for i, key in early.items():
            keys[i] = key
        order, number = np.argsort(keys, kind="stable"), np.arange(low, low + len(keys))
        turn[low + order] = (2 * number + 1 << SHIFT) + HALF + np.array(keys)[order]
        keys = []
    return turn


def _entering(op: Any) -> Any:
    """Return what enters the nodes of an operation that has not just one or two operands; None if it has."""
    if op is ENTRY:
        return _lookups
    if op.vectors:
        return _vectors
    return _many if op.arity == ANY or op.arity + len(op.params) > 2 else None


ELSEWHERE, CALLED = -3, -4
"""In place of the number of an operand: what the engine's C says of one that has none."""


def _read(rec: Recorded, tape: list[Value]) -> tuple[Any, ...]:
    """Number recorded nodes; return their operations, and where those of each end in the columns that follow.

    These are places on the tape, and of first and second operands what `Recorded.numbers` returns,
    or -1 for none. Then the list that goes with that, and whether all that operations made has a number.
    """
    rec.nodes, rec.start = tape, rec.b.size
    rec.begin = rec.start
    try:
        read = None if engine is None else engine.read(tape, rec.start, rec.ids)
    except TypeError:
        refuse_no_grad(tape)
        raise
    if read is not None:
        rec.b.new(4, len(tape))
        rec.stamp, ops, ends, *columns, loose, rec.noted = read
        order, first, second = [np.frombuffer(column, np.int64) for column in columns]
        called = dict.fromkeys(tape[i]._a for i in order[first == CALLED].tolist())
        below = [x for x in resting_on(called) if isinstance(x, Value)]
        whole = not any((x == ELSEWHERE).any() for x in (first, second, rec.numbers(below)[0]))
        return ops, ends, order, first, second, loose, whole
    refuse_no_grad(tape)
    rec.leaves(tape, 4)
    rec.noted = [i for i, x in enumerate(tape) if x.note is not None]
    made_by = list(map(attrgetter("op"), tape))
    code = {op: i for i, op in enumerate(dict.fromkeys(made_by))}
    codes = np.fromiter(map(code.__getitem__, made_by), np.int64, len(tape))
    order = np.argsort(codes, kind="stable")
    sides = [*map(attrgetter("_a"), tape), *map(attrgetter("_b"), tape)]
    found, loose = rec.numbers([x if isinstance(x, (Value, float)) else None for x in sides])
    first, second = found.reshape(2, -1)[:, order]
    ends = np.cumsum(bincount(codes)).tolist()
    return [*code], ends, order, first, second, loose, with_outside(tape, rec.ids) is tape


def _vectors(rec: Recorded, op: Any, nodes: list[Any], out: Ints) -> None:
    """Enter nodes over two vectors each, those of one length at a time."""
    elements: list[Any] = []
    starts: dict[int, int] = {}  # of vectors among the elements: many nodes may share one
    pairs = [node._vectors for node in nodes]
    for vector in chain.from_iterable(pairs):
        if id(vector) not in starts:
            starts[id(vector)] = len(elements)
            elements += vector
    found = rec.resolve(elements, LARGE)
    places = np.array([[starts[id(a)], starts[id(b)]] for a, b in pairs])
    lengths = np.array([len(a) for a, _ in pairs])
    for length in distinct(lengths).tolist():
        where = np.flatnonzero(lengths == length)
        table = found[places[where][:, :, None] + np.arange(length)]
        lower(rec.b, op, (), table.reshape(len(where), -1).T, out[where])


def _lookups(rec: Recorded, _: Any, nodes: list[Any], out: Ints) -> None:
    """Enter entries of tables: of leaves that stand at equal distances as such, of others as products."""
    tables: dict[int, Ints] = {}
    calls: dict[Lookup, list[int]] = {}
    for i, node in enumerate(nodes):
        calls.setdefault(node._call, []).append(i)
    indices = rec.resolve([call.index for call in calls])
    found: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for (call, own), index in zip(calls.items(), indices.tolist(), strict=True):
        if id(call.rows) not in tables:
            tables[id(call.rows)] = rec.table(call.rows)
        hot: list[Any] = []
        for i in own:
            column = tables[id(call.rows)][nodes[i]._index]
            if rec.is_even(column):
                step = int(column[1] - column[0]) if len(column) > 1 else 1
                found.setdefault((step, len(column)), []).append((i, index, int(column[0])))
            else:
                hot = hot or _one_hot(rec.b, index, len(column))
                rec.b.add(np.full(len(column), out[i]), 1.0, hot[0], column)
                rec.b.add(out[i : i + 1], 1.0, hot[1])
    for (step, count), entries in found.items():
        which, places, firsts = np.array(entries, np.int64).T
        enter(rec.b, out[which], places, firsts, step, count)


def _one_hot(b: Builder, index: int, count: int) -> list[Any]:
    """Return the one-hot vector of a place, and a node that is 0, or NaN where there is no such place."""
    places = np.array([b.constant(float(k)) for k in range(count)])
    hot = lower(b, ops.equal, (), [np.full(count, index), places])
    total = b.new(SOP, 1)
    b.add(np.full(count, total[0]), 1.0, hot)
    zero, nan = [np.array([b.constant(x)]) for x in (0.0, math.nan)]
    return [hot, lower(b, ops.where, (), [total, zero, nan])]


def _many(rec: Recorded, op: Any, nodes: list[Any], out: Ints) -> None:
    """Enter nodes of many operands, those of one number of operands at a time."""
    joint = [isinstance(node._call, MultiOpCall) for node in nodes]
    if any(joint):
        where = np.flatnonzero(joint)
        _results(rec, op, [nodes[i] for i in where.tolist()], out[where])
        where = np.flatnonzero(np.logical_not(joint))
        nodes, out = [nodes[i] for i in where.tolist()], out[where]
        if not nodes:
            return
    constants = len(op.params)
    given = [node.operands for node in nodes]
    counts = np.array(list(map(len, given)))
    for count in distinct(counts).tolist():
        where = np.flatnonzero(counts == count)
        chosen = [given[i] for i in where.tolist()]
        bound = LARGE if not constants and adds_up(op, (), count) else math.inf
        table = rec.resolve([x for operands in chosen for x in operands[: count - constants]], bound)
        columns = np.ascontiguousarray(table.reshape(len(where), -1).T)
        if op in RESULTS:
            index = np.array([int(operands[-1]) for operands in chosen])
            lower_results(rec.b, op, columns, out[where], np.arange(len(where)), index)
        elif constants:
            _by_params(rec, op, [operands[count - constants :] for operands in chosen], columns, out[where])
        else:
            lower(rec.b, op, (), columns, out[where])
    if counts.max() > MANY:
        forget()


def _results(rec: Recorded, op: Any, nodes: list[Any], out: Ints) -> None:
    """Enter results of operations that have several, calls of one number of operands at a time."""
    number = {call: i for i, call in enumerate(dict.fromkeys(node._call for node in nodes))}
    calls = list(number)
    counts = np.array([call.count for call in calls])
    which, index = np.array([number[node._call] for node in nodes]), np.array([node._index for node in nodes])
    for count in distinct(counts).tolist():
        chosen = np.flatnonzero(counts == count)
        table = rec.resolve([x for i in chosen.tolist() for x in calls[i].elements]).reshape(len(chosen), -1)
        row = np.full(len(calls), -1)
        row[chosen] = np.arange(len(chosen))
        where = np.flatnonzero(row[which] >= 0)
        columns = np.ascontiguousarray(table.T)
        lower_results(rec.b, op, columns, out[where], row[which[where]], index[where])


def _by_params(
    rec: Recorded, op: Any, params: list[tuple[float, ...]], columns: Sequence[Ints] | Ints, out: Ints
) -> None:
    """Enter nodes whose rows have constants, those of equal constants at a time."""
    number = {p: i for i, p in enumerate(dict.fromkeys(params))}
    which = np.fromiter(map(number.__getitem__, params), np.int64, len(params))
    for p, i in number.items():
        where = np.flatnonzero(which == i)
        lower(rec.b, op, p, [c[where] for c in columns], out[where])
