"""Rows of the table in terms of the intermediate representation, many applications of a row at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.graph.ir import (
    ARITY,
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
)
from autograd.compiler.graph.simplify import fuse_equal
from autograd.compiler.graph.symbol import Step, recorded
from autograd.op import Op

__all__ = ["expanded", "lower"]


def lower(
    b: Builder, op: Op, params: tuple[float, ...], columns: list[Ints], out: Ints | None = None
) -> Ints:
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
    rule = SPECIAL.get(op.name)
    if rule is None and op.name == "power" and params == (2.0,):
        rule = _square
    if out is None:
        out = b.new(SOP, count)
    if rule is not None:
        rule(b, columns, out, params)
    elif len(columns) > ARITY:
        raise NotImplementedError(
            f"{op.name}() of {len(columns)} operands cannot be compiled; write it in terms of smaller "
            "operations"
        )
    else:
        _call(b, op, params, columns, out)
    return out


def _call(b: Builder, op: Op, params: tuple[float, ...], columns: list[Ints], out: Ints) -> None:
    kind = b.row(op, params)
    b.assign(out, kind)
    b.call(out, columns)


def _fresh(b: Builder, op: Op, *columns: Ints) -> Ints:
    return lower(b, op, (), list(columns))


def _add(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    for x in xs:
        b.add(out, 1.0, x)


def _sub(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    b.add(out, 1.0, xs[0])
    b.add(out, -1.0, xs[1])


def _neg(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    b.add(out, -1.0, xs[0])


def _mul(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    b.add(out, 1.0, xs[0], xs[1])


def _square(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    b.add(out, 1.0, xs[0], xs[0])


def _div(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    # By a constant whose reciprocal is an ordinary number: a product. Anything else stays a quotient.
    value = b.constant_values(xs[1])
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1.0 / value
    plain = np.isfinite(value) & (np.abs(inverse) < LARGE) & (np.abs(inverse) > 1e-300)
    if plain.any():
        b.add(out[plain], inverse[plain], xs[0][plain])
    if not plain.all():
        b.assign(out[~plain], b.row(ops.div, ()))
        b.call(out[~plain], [x[~plain] for x in xs])


def _div_slope(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    _div(b, [_fresh(b, ops.neg, _fresh(b, ops.div, *xs)), xs[1]], out, ())


def _reciprocal(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    _call(b, ops.div, (), [np.full(len(out), ONE), xs[0]], out)


def _scaled_power(b: Builder, xs: list[Ints], out: Ints, params: Any) -> None:
    factor, exponent = params
    b.add(out, factor, lower(b, ops.power, (exponent,), xs))


def _mean(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    for x in xs:
        b.add(out, 1.0 / len(xs), x)


def _dot(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    half = len(xs) // 2
    for x, y in zip(xs[:half], xs[half:], strict=True):
        b.add(out, 1.0, x, y)


def _prod(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    total = xs[0]
    for x in xs[1:-1]:
        total = _fresh(b, ops.mul, total, x)
    if len(xs) == 1:
        b.add(out, 1.0, total)
    else:
        b.add(out, 1.0, total, xs[-1])


def _extremum(kind: int) -> Any:
    def rule(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
        b.assign(out, kind)
        for x in xs:
            b.add(out, 1.0, x)

    return rule


def _exponentials(b: Builder, xs: list[Ints]) -> tuple[Any, Any, Ints, Ints, Ints]:
    """Return the maximum, the shifted exponentials and their sum for each *distinct* row of operands."""
    rows = np.stack(xs, axis=1)
    order = np.lexsort(xs[::-1])
    new = np.concatenate([[True], (rows[order][1:] != rows[order][:-1]).any(axis=1)])
    table = rows[order[new]]
    inverse = np.empty(len(rows), np.int64)
    inverse[order] = np.cumsum(new) - 1
    top = b.new(SOP, len(table))
    _extremum(MAX)(b, list(table.T), top, ())
    b.stop(top)  # its gradient cancels out
    powers = [_fresh(b, ops.exp, _fresh(b, ops.sub, x, top)) for x in table.T]
    total = b.new(SOP, len(table))
    _add(b, powers, total, ())
    return inverse, powers, top, total, table


def _logsumexp(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    which, _powers, top, total, _table = _exponentials(b, xs)
    b.add(out, 1.0, top[which])
    b.add(out, 1.0, _fresh(b, ops.log, total)[which])


def _softmax(b: Builder, xs: list[Ints], out: Ints, params: Any) -> None:
    _each_softmax(b, xs, out, np.arange(len(out)), np.full(len(out), int(params[0])))


def _each_softmax(b: Builder, xs: list[Ints], out: Ints, call: Ints, index: Ints) -> None:
    which, powers, _, total, _ = _exponentials(b, xs)
    which = which[call]
    _call(b, ops.div, (), [np.stack(powers)[index, which], total[which]], out)


def _softmax_rest(b: Builder, xs: list[Ints], out: Ints, params: Any) -> None:
    which, powers, _, total, table = _exponentials(b, xs)
    rest = b.new(SOP, len(table))
    _add(b, [p for i, p in enumerate(powers) if i != int(params[0])], rest, ())
    _call(b, ops.div, (), [rest[which], total[which]], out)


def _log_softmax(b: Builder, xs: list[Ints], out: Ints, params: Any) -> None:
    _each_log_softmax(b, xs, out, np.arange(len(out)), np.full(len(out), int(params[0])))


def _each_log_softmax(b: Builder, xs: list[Ints], out: Ints, call: Ints, index: Ints) -> None:
    which, _, top, total, table = _exponentials(b, xs)
    which = which[call]
    b.add(out, 1.0, table[which, index])
    b.add(out, -1.0, top[which])
    b.add(out, -1.0, _fresh(b, ops.log, total)[which])


def _norm(b: Builder, xs: list[Ints], out: Ints, _: Any) -> None:
    total = xs[0]
    if len(xs) == 1:
        _call(b, ops.abs, (), [total], out)
        return
    for x in xs[1:-1]:
        total = _fresh(b, ops.hypot, total, x)
    _call(b, ops.hypot, (), [total, xs[-1]], out)


def _direction(b: Builder, xs: list[Ints], out: Ints, params: Any) -> None:
    if len(xs) == 1:
        _call(b, ops.sign, (), xs, out)
        return
    if len(xs) == 2:
        _call(b, ops.direction, params, xs, out)
        return
    _each_direction(b, xs, out, np.arange(len(out)), np.full(len(out), int(params[0])))


def _each_direction(b: Builder, xs: list[Ints], out: Ints, call: Ints, index: Ints) -> None:
    if len(xs) < 3:
        for i in distinct(index).tolist():
            where = index == i
            _direction(b, [x[call[where]] for x in xs], out[where], (float(i),))
        return
    length = b.new(SOP, len(xs[0]))
    _norm(b, xs, length, ())
    _call(b, ops.div, (), [np.stack(xs)[index, call], length[call]], out)


SPECIAL: dict[str, Any] = {
    "add": _add, "sub": _sub, "neg": _neg, "mul": _mul, "square": _square, "div": _div,
    "div_slope": _div_slope, "scaled_power": _scaled_power, "reciprocal": _reciprocal, "sum": _add,
    "mean": _mean, "dot": _dot, "prod": _prod, "max": _extremum(MAX), "min": _extremum(MIN),
    "logsumexp": _logsumexp, "softmax": _softmax, "softmax_rest": _softmax_rest, "log_softmax": _log_softmax,
    "norm": _norm, "direction": _direction,
}  # fmt: skip
"""How to take apart the rows that are not kept as they are."""

BY_INDEX: dict[str, Any] = {
    "softmax": _each_softmax,
    "log_softmax": _each_log_softmax,
    "direction": _each_direction,
}
"""Those of which the last constant is an index: all results of many calls at a time.

Each takes the builder, a column for each operand with an entry for each call, and for each result its node,
its call and its index.
"""


def expanded(graph: Graph) -> Graph:
    """Write the rows that say what they are in other rows as that.

    It comes after differentiation, so that the table's own derivatives stay; what a value and its derivative
    have in common is then computed once. The other rows stay rows until all is written out, so that equal
    ones are found.
    """
    written_out = False
    while kinds := _present(graph, lambda op, _: op.expand is not None):
        graph, written_out = fuse_equal(_expand_once(graph, kinds)), True
    return _lowered(graph) if written_out else graph


def _present(graph: Graph, wanted: Any) -> list[int]:
    """Return the kinds of the rows that occur and for which a function of row and constants holds."""
    there = np.bincount(graph.kind, minlength=FIRST_ROW + len(graph.rows))[FIRST_ROW:]
    return [FIRST_ROW + i for i, row in enumerate(graph.rows) if there[i] and wanted(*row)]


def _expand_once(graph: Graph, kinds: list[int]) -> Graph:
    """Replace each row of these kinds by the steps of its expansion; the last step keeps the row's number."""
    b, chosen = _without_calls(graph, kinds)
    origin = np.arange(graph.size)
    for kind, nodes, columns in chosen:
        op, params = graph.rows[kind - FIRST_ROW]
        known: list[Step] = [(op, ("operand", i)) for i in range(len(columns))]
        assert op.expand is not None
        result, steps = recorded(op.expand, known, params, guards=True)
        results = list(columns)
        for i, (row, given) in enumerate(steps[len(columns) :], len(columns)):
            count = len(given) - len(row.params)
            operands = [
                results[x] if x.__class__ is int else np.full(len(nodes), b.constant(x))
                for x in given[:count]
            ]
            last = i == len(steps) - 1 == result.where
            out = nodes if last else b.new(SOP, len(nodes))
            _call(b, row, tuple(given[count:]), operands, out)
            results.append(out)
            origin = np.append(origin, np.zeros(b.size - len(origin), np.int64))  # constants stand in front
            if not last:
                origin[out] = nodes
        if result.where != len(steps) - 1 or len(steps) == len(columns):
            b.assign(nodes, SOP)
            b.add(nodes, 1.0, results[result.where])
    origin = np.append(origin, np.zeros(b.size - len(origin), np.int64))
    return _sorted(_finished(b, graph), origin)


def _lowered(graph: Graph) -> Graph:
    """Write rows of which the intermediate representation has a form of its own in that form."""
    kinds = _present(graph, lambda op, params: op.name in SPECIAL or (op is ops.power and params == (2.0,)))
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
    args = graph.args.copy()
    for _, nodes in found:
        args[nodes] = -1
    b = Builder.resumed(replace(graph, args=args))
    return b, [(kind, nodes, given) for (kind, nodes), given in zip(found, columns, strict=True)]


def _finished(b: Builder, graph: Graph) -> Graph:
    """Return what a builder holds, with the marks of the graph that it began with."""
    primal = np.append(graph.primal, np.full(b.size - graph.size, -1))
    marks = {
        name: getattr(graph, name) for name in ("outputs", "pinned", "labels", "forward", "scale", "lanes")
    }
    return b.graph(primal=primal, **marks)


def _sorted(graph: Graph, origin: Ints) -> Graph:
    """Number each new node next to that which it serves, so that the forward pass keeps what it computes."""
    order = np.argsort(origin, kind="stable")
    number = np.empty(graph.size, np.int64)
    number[order] = np.arange(graph.size)

    def renumbered(nodes: Any) -> Any:
        """Return the new numbers; -1 stays."""
        return np.where(np.asarray(nodes) >= 0, number[nodes], -1)

    t = graph.terms
    return replace(
        graph, kind=graph.kind[order], value=graph.value[order], args=renumbered(graph.args[order]),
        primal=renumbered(graph.primal[order]),
        terms=Terms(number[t.node], t.coef, number[t.a], number[t.b], t.over),
        outputs=renumbered(graph.outputs), pinned=renumbered(graph.pinned),
        labels={int(number[k]): label for k, label in graph.labels.items()},
        forward=int((origin < graph.forward).sum()) if graph.forward >= 0 else -1,
        scale=int(renumbered(graph.scale)), lanes=int(renumbered(graph.lanes)),
    )  # fmt: skip
