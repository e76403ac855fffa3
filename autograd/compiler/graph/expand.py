"""Rows of the table in terms of the intermediate representation, many applications of a row at a time.

A row that is a sum of products, or an extremum, is entered as that (`Op.terms`). A row of any number of
operands is written out in other rows at once (`Op.expand`), since a node holds few operands; any other row
that says what it is in other rows stays what it is until its own rule has been used, and is written out after
differentiation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.graph.counting import bincount, repeated
from autograd.compiler.graph.ir import (
    ARITY,
    CONST,
    FIRST_ROW,
    LARGE,
    MAX,
    MIN,
    ONE,
    SOP,
    Builder,
    Graph,
    Ints,
    Terms,
    distinct,
    renamed,
)
from autograd.compiler.graph.simplify import kept, run
from autograd.compiler.graph.symbol import OPERAND, Step, Symbol, Total, recorded, total_of
from autograd.op import ANY, SEVERAL, MultiOp, Op
from autograd.words import gettext

__all__ = ["Plan", "adds_up", "expanded", "forget", "lower", "lower_results"]

Columns = Sequence[Ints] | Ints
"""Nodes: a row of them for each operand."""

KINDS = {"": SOP, "max": MAX, "min": MIN}
"""The kind of node for each `Op.extremum`."""
SMALLEST = 1e-300
"""By no less than this is a number multiplied in place of a division."""


def lower(b: Builder, op: Op, params: tuple[float, ...], columns: Columns, out: Ints | None = None) -> Ints:
    """Apply a row to columns of operands; return the nodes of the results.

    Parameters
    ----------
    b
        Receives the nodes.
    op, params
        The row, and its constants.
    columns
        One array of nodes for each operand, all of one length.
    out
        Nodes for the results, where they exist already.
    """
    count = len(out) if out is not None else len(columns[0]) if columns else 1
    if out is None:
        out = b.new(SOP, count)
    total = total_of(op, params, len(columns))
    if total is not None:
        _add_up(b, op, params, total, columns, out)
    elif op in RESULTS:
        lower_results(b, op, columns, out, np.arange(count), np.full(count, int(params[-1])))
    elif op.arity == ANY and (written := written_out(op, params, len(columns))) is not None:
        _write_out(b, written, columns, out, np.arange(count), np.zeros(count, np.int64))
    else:
        _call(b, op, params, columns, out)
    return out


def _call(b: Builder, op: Op, params: tuple[float, ...], columns: Columns, out: Ints) -> None:
    """Enter nodes of a row as such."""
    if len(columns) > ARITY:
        raise NotImplementedError(gettext(
            "{name}() of {count} operands cannot be compiled; write it in terms of smaller operations",
            name=op.name, count=len(columns),
        ))  # fmt: skip
    b.assign(out, b.row(op, params))
    b.call(out, list(columns))


# Sums of products.


def _add_up(b: Builder, op: Op, params: tuple[float, ...], total: Total, columns: Columns, out: Ints) -> None:
    """Enter nodes of a row that is a total of products; where a factor is no number, nodes of the row."""
    count = len(columns)
    numbers: list[Any] = []
    if total.steps[count:]:
        numbers = _numbers(b, total, columns)
        plain = np.ones(len(out), bool)
        for x in numbers:
            plain &= np.isfinite(x) & (np.abs(x) < LARGE) & (np.abs(x) > SMALLEST)
        if not plain.all():
            _call(b, op, params, [x[~plain] for x in columns], out[~plain])
        columns, out = [x[plain] for x in columns], out[plain]
        numbers = [x[plain] for x in numbers]
    if op.extremum:
        b.assign(out, KINDS[op.extremum])
    if _stops(op, params, count):
        b.stop(out)
    coefs, even, *factors = _arrays(op, params, count)
    table = np.empty((count + 1, len(out)), np.int64)
    table[:count], table[count] = columns, ONE
    scale = coefs[0] if even else np.tile(coefs, len(out))
    if numbers:
        scale = np.tile(coefs, (len(out), 1))
        for k, (_, those) in enumerate(total.terms):
            for i in those:
                if i >= count:
                    scale[:, k] *= numbers[i - count]
        scale = scale.ravel()
    b.add(repeated(out, len(coefs)), scale, *[ONE if x is None else table[x].T.ravel() for x in factors])


@lru_cache(maxsize=1024)
def _arrays(op: Op, params: tuple[float, ...], count: int) -> tuple[Any, bool, Any, Any]:
    """Return the coefficients of a total, whether all are one number, and which operands its products have.

    ``count`` stands for the number 1, and None for this alone.
    """
    total = total_of(op, params, count)
    assert total is not None
    pairs = [(*[i for i in factors if i < count], count, count)[:2] for _, factors in total.terms]
    coefs = np.array([coef for coef, _ in total.terms])
    first, second = np.array(pairs, np.int64).reshape(-1, 2).T
    even = len(coefs) > 0 and not np.diff(coefs.view(np.int64)).any()
    return coefs, even, first, None if (second == count).all() else second


def _numbers(b: Builder, total: Total, columns: Columns) -> list[Any]:
    """Return for each step its numbers; NaN where it is none."""
    steps = total.steps[len(columns) :]
    read = {x for _, given in steps for x in given if x.__class__ is int}
    values = [b.constant_values(x) if i in read else None for i, x in enumerate(columns)]
    for op, given in steps:
        operands = [values[x] if x.__class__ is int else np.full(len(columns[0]), x) for x in given]
        known = np.flatnonzero(~np.isnan(operands).any(0))
        made = np.full(len(columns[0]), np.nan)
        made[known] = [op.value(*xs) for xs in zip(*[x[known].tolist() for x in operands], strict=True)]
        values.append(made)
    return values[len(columns) :]


@lru_cache(maxsize=1024)
def _stops(op: Op, params: tuple[float, ...], count: int) -> bool:
    """Tell whether a row lets no gradient through: each of its derivatives is the number zero."""
    count = 2 + count % 2 if op.arity == ANY and count > 2 else count  # of more, each is like these
    known: list[Step] = [(op, OPERAND)] * (count + 1)
    partials, _ = recorded(lambda *xs: op.rule(xs[count], (*xs[:count], *params)), known, (), guards=False)
    return all(p.__class__ is float and p == 0.0 for p in partials[:count])


def adds_up(op: Op, params: tuple[float, ...], count: int) -> bool:
    """Tell whether all that a row becomes are sums of products."""
    if total_of(op, params, count) is not None:
        return not op.extremum
    written = written_out(op, params, count) if op.arity == ANY else None
    return written is not None and all(
        adds_up(row, tuple(given[len(given) - len(row.params) :]), len(given) - len(row.params))
        for row, given in written.steps[count:]
    )


def forget() -> None:
    """Drop what is known of rows, which for rows of very many operands is much."""
    for known in (total_of, _arrays, _stops, written_out):
        known.cache_clear()


# Rows in other rows.


class Plan:
    """Steps behind those that are known, of one row and depth together; what only results read is left."""

    def __init__(self, steps: list[Step], known: int, results: Sequence[int | float] = ()) -> None:
        read = {x for _, given in steps[known:] for x in given if x.__class__ is int}
        left = {x for x in results if x.__class__ is int} - read
        self.steps, self.constants = len(steps), dict[str, int]()  # these stand behind those
        depth, alike = [0] * known, dict[Any, Any]()
        for i, (op, given) in enumerate(steps[known:], known):
            count = len(given) - len(op.params)
            below = [depth[x] for x in given[:count] if x.__class__ is int]
            depth.append(self.steps if i in left else 1 + max(below, default=0))
            operands = [x if x.__class__ is int else self._constant(x) for x in given[:count]]
            alike.setdefault((depth[i], op, given[count:], count), []).append((i, operands))
        self.groups: list[Any] = [
            (*row, *[np.array(x).T for x in zip(*some, strict=True)])
            for row, some in sorted(alike.items(), key=lambda pair: pair[0][0])
        ]

    def _constant(self, x: float) -> int:
        return self.constants.setdefault(x.hex(), self.steps + len(self.constants))

    def table(self, b: Builder, known: Columns) -> Ints:
        """Take the steps for many nodes; return a row of nodes for each, and for each constant."""
        made = np.empty((self.steps + len(self.constants), len(known[0])), np.int64)
        made[: len(known)] = known
        for x, k in self.constants.items():
            made[k] = b.constant(float.fromhex(x))
        for depth, op, params, count, steps, operands in self.groups:
            if depth < self.steps:
                columns = [made[x].ravel() for x in operands[:count]]
                made[steps] = lower(b, op, params, columns).reshape(len(steps), -1)
        return made


class Written(NamedTuple):
    """A row, or all results of an operation that has several, in other rows."""

    results: list[int | float]
    """Of each the step, or its number."""
    steps: list[Step]
    plan: Plan


@lru_cache(maxsize=1024)
def written_out(op: Op | MultiOp, params: tuple[float, ...], count: int) -> Written | None:
    """Return what is said of a row, with a number of operands, in other rows; None if nothing is."""
    if op.expand is None:
        return None
    row = op.row if isinstance(op, MultiOp) else op
    known: list[Step] = [(row, OPERAND)] * count
    found, steps = recorded(op.expand, known, params, guards=True)
    if found is None:
        return None
    found = found if isinstance(op, MultiOp) else [found]
    results = [x.where if isinstance(x, Symbol) else float(x) for x in found]
    return Written(results, steps, Plan(steps, count, results))


RESULTS: dict[Op, MultiOp] = {several.row: several for several in SEVERAL.values()}
"""The operations with several results, by the row of one."""


def lower_results(b: Builder, op: Op, columns: Columns, out: Ints, call: Ints, index: Ints) -> None:
    """Enter results of an operation that has several: of many calls, and of each any.

    Parameters
    ----------
    b
        Receives the nodes.
    op
        The row of one result, of which the last constant is the index.
    columns
        A column for each operand, with an entry for each call.
    out, call, index
        For each result its node, its call and its index.
    """
    written = written_out(RESULTS[op], (), len(columns))
    if written is not None:
        _write_out(b, written, columns, out, call, index)
        return
    for i in distinct(index).tolist():
        where = index == i
        _call(b, op, (float(i),), [x[call[where]] for x in columns], out[where])


def _write_out(b: Builder, written: Written, columns: Columns, out: Ints, call: Ints, index: Ints) -> None:
    """Write results out in other rows; equal calls share the steps before the last."""
    rows = np.asarray(columns).T
    order = np.lexsort(rows.T[::-1])
    new = np.concatenate([[True], (rows[order][1:] != rows[order][:-1]).any(axis=1)])
    which = np.empty(len(rows), np.int64)
    which[order] = np.cumsum(new) - 1
    plan, results = written.plan, written.results
    made = plan.table(b, rows[order[new]].T)
    order = np.argsort(index, kind="stable")
    out, index, place = out[order], index[order], which[call[order]]
    step = np.array([x if x.__class__ is int else -1 for x in results])[index]
    for depth, op, params, count, steps, operands in plan.groups:
        if depth == plan.steps:
            number = np.full(depth + 1, -1)
            number[steps] = np.arange(len(steps))
            number = number[step]
            where = np.flatnonzero(number >= 0)
            columns = [made[x[number[where]], place[where]] for x in operands[:count]]
            lower(b, op, params, columns, out[where])
            step[where] = plan.steps
    for i in distinct(index[step < plan.steps]).tolist():
        where, result = np.flatnonzero(index == i), results[i]
        if isinstance(result, float):
            b.add(out[where], result, ONE)
        else:
            b.add(out[where], 1.0, made[result][place[where]])


def _taken(b: Builder, step: Step, made: list[Ints], place: Ints) -> tuple[Op, tuple[float, ...], list[Ints]]:
    """Return the row of a step, its constants, and its operands in some places."""
    op, given = step
    count = len(given) - len(op.params)
    operands = [
        made[x][place] if x.__class__ is int else np.full(len(place), b.constant(x)) for x in given[:count]
    ]
    return op, tuple(given[count:]), operands


# After differentiation.


def expanded(graph: Graph) -> Graph:
    """Write the rows that say what they are in other rows as that.

    It comes after differentiation, so that the table's own derivatives stay; what a value and its derivative
    have in common is then computed once. The other rows stay rows until all is written out, so that equal
    ones are found.
    """
    changed = False
    while kinds := _present(graph, _is_kept_till_now):
        graph, changed = run(_expand_once(graph, kinds), "fuse_equal"), True
    return _lowered(graph) if changed else graph


def _is_kept_till_now(op: Op, params: tuple[float, ...]) -> bool:
    """Tell whether a row of the graph says what it is in other rows."""
    return op.arity != ANY and written_out(op, params, op.arity) is not None


def _is_the_graphs_own(op: Op, params: tuple[float, ...]) -> bool:
    """Tell whether there is another form for a row of the graph than a row."""
    return op.arity == ANY or total_of(op, params, op.arity) is not None


def _present(graph: Graph, wanted: Callable[[Op, tuple[float, ...]], bool]) -> list[int]:
    """Return the kinds of the rows that occur and for which a function of row and constants holds."""
    there = bincount(graph.kind, minlength=FIRST_ROW + len(graph.rows))[FIRST_ROW:]
    return [FIRST_ROW + i for i, row in enumerate(graph.rows) if there[i] and wanted(*row)]


def _expand_once(graph: Graph, kinds: list[int]) -> Graph:
    """Replace each row of these kinds by the steps of its expansion; the last step keeps the row's number."""
    b, chosen = _without_calls(graph, kinds)
    origin, nothing = np.arange(graph.size), np.zeros(graph.size, bool)
    for kind, nodes, columns in chosen:
        op, params = graph.rows[kind - FIRST_ROW]
        written = written_out(op, params, len(columns))
        assert written is not None
        made, everywhere = list(columns), np.arange(len(nodes))
        (result,) = written.results
        for i, step in enumerate(written.steps[len(columns) :], len(columns)):
            row, constants, operands = _taken(b, step, made, everywhere)
            last = i == len(written.steps) - 1 == result
            out = nodes if last else b.new(SOP, len(nodes))
            _call(b, row, constants, operands, out)
            made.append(out)
            origin = np.append(origin, np.zeros(b.size - len(origin), np.int64))  # constants stand in front
            if not last:
                origin[out] = nodes
        if result == 0.0 and result.__class__ is float:
            nothing[nodes] = True
        elif isinstance(result, float):
            b.assign(nodes, SOP)
            b.add(nodes, result, ONE)
        elif result != len(written.steps) - 1 or len(written.steps) == len(columns):
            b.assign(nodes, SOP)
            b.add(nodes, 1.0, made[result])
    origin = np.append(origin, np.zeros(b.size - len(origin), np.int64))
    return _sorted(_without(_finished(b, graph), nothing), origin)


def _without(graph: Graph, nothing: Any) -> Graph:
    """Leave out the terms of nodes that are nothing at all, and of sums of which nothing is left."""
    if not nothing.any():
        return graph
    nothing = np.append(nothing, np.zeros(graph.size - len(nothing), bool))
    kind, t, keep = graph.kind.copy(), graph.terms, kept(graph)
    while nothing.any():
        kind[nothing & ~keep] = CONST
        gone = (graph.kind[t.node] == SOP) & (nothing[t.a] | nothing[t.b])
        emptied = np.zeros(graph.size, bool)
        emptied[t.node[gone]] = True
        t = t.take(~gone)
        emptied[t.node] = False
        nothing = emptied
    return replace(graph, kind=kind, terms=t)


def _lowered(graph: Graph) -> Graph:
    """Write rows of which the intermediate representation has a form of its own in that form."""
    kinds = _present(graph, _is_the_graphs_own)
    b, chosen = _without_calls(graph, kinds)
    for kind, nodes, columns in chosen:
        b.assign(nodes, SOP)
        lower(b, *graph.rows[kind - FIRST_ROW], columns, nodes)
    return _sorted(
        _finished(b, graph), np.append(np.arange(graph.size), np.zeros(b.size - graph.size, np.int64))
    )


def _without_calls(graph: Graph, kinds: list[int]) -> tuple[Builder, list[tuple[int, Ints, list[Ints]]]]:
    """Return a builder that goes on where the graph ends, but without the operands of rows of these kinds.

    And for each kind its nodes, with a column for each operand.
    """
    found = [(kind, np.flatnonzero(graph.kind == kind)) for kind in kinds]
    columns = [[c for c in graph.args[nodes].T if c[0] >= 0] for _, nodes in found]
    b = Builder.resumed(graph)
    b.args = graph.args.copy()
    for _, nodes in found:
        b.args[nodes] = -1
    return b, [(kind, nodes, given) for (kind, nodes), given in zip(found, columns, strict=True)]


def _finished(b: Builder, graph: Graph) -> Graph:
    """Return what a builder holds, with the marks of the graph that it began with."""
    primal = np.append(graph.primal, np.full(b.size - graph.size, -1))
    marks = {
        name: getattr(graph, name)
        for name in ("outputs", "pinned", "labels", "forward", "scale", "lanes", "turn")
    }
    return b.graph(primal=primal, **marks)


def _sorted(graph: Graph, origin: Ints) -> Graph:
    """Number each new node next to that which it serves, so that the forward pass keeps what it computes."""
    if len(graph.turn) == graph.size:
        return graph
    order = np.argsort(origin, kind="stable")
    number = np.full(graph.size + 1, -1)  # of -1 too
    number[order] = np.arange(graph.size)
    t = graph.terms
    return replace(
        graph, kind=graph.kind[order], value=graph.value[order], args=graph.reading(number, order),
        primal=number[graph.primal[order]], turn=graph.turn[origin[order]],
        terms=Terms(number[t.node], t.coef, number[t.a], number[t.b], t.over),
        outputs=number[graph.outputs], pinned=number[graph.pinned], labels=renamed(graph.labels, number),
        forward=int((origin < graph.forward).sum()) if graph.forward >= 0 else -1,
        scale=int(number[graph.scale]), lanes=int(number[graph.lanes]),
    )  # fmt: skip
