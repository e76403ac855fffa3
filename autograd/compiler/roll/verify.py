"""Check a program against the graph it was rolled from."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.compiler.graph.ir import CONST, EXTREMA, FIRST_ROW, ONE, SOP, Graph
from autograd.compiler.roll.program import Program, Ref, Statement

__all__ = ["verify", "verify_graph"]


def verify_graph(graph: Graph) -> None:
    """Check what every pass must leave intact.

    Raises
    ------
    AssertionError
        Naming what is wrong.
    """
    n = graph.size
    t = graph.terms
    _require(graph.kind[ONE] == CONST and graph.value[ONE] == 1.0, "node 0 is the constant one")
    _require(
        len(graph.value) == n and graph.args.shape[0] == n and len(graph.primal) == n,
        "arrays have one length",
    )
    for column in (t.node, t.a, t.b):
        _require(len(column) == len(t) and (column >= 0).all() and (column < n).all(), "terms refer to nodes")
    _require(np.isin(graph.kind[t.node], (SOP, *EXTREMA)).all(), "only sums and extrema have terms")
    rows = graph.args[:, 0] >= 0
    _require((rows == (graph.kind >= FIRST_ROW)).all(), "rows and only rows have operands")
    _require(
        (graph.args < n).all() and (graph.kind < FIRST_ROW + len(graph.rows)).all(), "operands and rows exist"
    )
    graph.levels()  # raises on a cycle


def verify(program: Program) -> None:
    """Check that every address is written once, after what it is made of, and exactly by the graph's terms.

    Raises
    ------
    AssertionError
        Naming what is wrong.
    """
    graph = program.graph
    verify_graph(graph)
    written: dict[int, int] = {}
    leaves = np.flatnonzero(graph.is_leaf() & (graph.kind != CONST))
    ready = set(program.address[leaves].tolist())
    _require(len(ready) == len(leaves), "leaves have places of their own")
    for s in program.statements:
        _check(program, s, ready)
        places = program.address[s.nodes].tolist()
        for place in places:
            _require(place not in ready, "each address is written once")
        written.update(dict.fromkeys(places, 1))
        ready.update(places)
    t = graph.terms
    work = np.flatnonzero(graph.args[:, 0] >= 0)
    done = (
        np.concatenate([s.nodes for s in program.statements]) if program.statements else np.zeros(0, np.int64)
    )
    _require(len(np.unique(done)) == len(done), "each node is computed once")
    _require(np.isin(work, done).all() and np.isin(np.unique(t.node), done).all(), "each node is computed")


def _check(program: Program, s: Statement, ready: set[int]) -> None:
    graph, address = program.graph, program.address
    if s.op is not None:
        _same(s.result.expand(s.sizes).ravel(), address[s.nodes], "results are where their nodes are")
        columns = [c for c in graph.args[s.nodes].T if c[0] >= 0]
        for ref, column in zip(s.operands, columns, strict=True):
            if ref.constants is not None or graph.kind[column[0]] == CONST:
                _same(_constants(program, ref, s.sizes), graph.value[column], "constants are the nodes'")
            else:
                _same(ref.expand(s.sizes).ravel(), address[column], "operands are read where their nodes are")
                _require(
                    set(np.unique(address[column]).tolist()) <= ready,
                    "operands are computed before they are read",
                )
        return
    number = {int(a): i for i, a in enumerate(address[s.nodes].tolist())}
    got: list[Any] = []
    for part in s.parts:
        cells = [number.get(int(r), -1) for r in part.result.expand(part.sizes).ravel()]
        _require(min(cells) >= 0, "results are where their nodes are")
        a, b = [_addresses(r, part.sizes) for r in (part.a, part.b)]
        if s.starts is not None:
            _require(
                (np.diff(cells) >= 0).all()
                and (np.asarray(cells)[s.starts] == np.arange(len(s.nodes))).all(),
                "stretches begin at their results",
            )
            a, b = [[-1 if x == program.one else x for x in column] for column in (a, b)]
            given = [sorted(pair, key=lambda x: (x < 0, x)) for pair in zip(a, b, strict=True)]
            a, b = [p[0] for p in given], [p[1] for p in given]
        coef = _constants(program, part.coef, part.sizes)
        got += [*zip(cells, a, b, coef.tolist(), [part.over] * len(cells), strict=True)]
        for column in (a, b):
            _require({x for x in column if x >= 0} <= ready, "factors are computed before they are read")
    t = graph.terms.take(np.isin(graph.terms.node, s.nodes))
    if s.extremum:
        t = t.take(graph.kind[t.a] != CONST)
    cells = [number[int(x)] for x in address[t.node]]
    want_pairs = [
        sorted((_place(address, a), _place(address, b)), key=lambda x: (x < 0, x))
        for a, b in zip(t.a.tolist(), t.b.tolist(), strict=True)
    ]
    want = [
        (c, p[0], p[1], k, o)
        for c, p, k, o in zip(cells, want_pairs, t.coef.tolist(), t.over.tolist(), strict=True)
    ]
    _require(sorted(_real(want)) == sorted(_real(got)), "a statement adds up exactly its nodes' terms")
    if s.extremum:
        return
    sums: dict[str, dict[int, float]] = {"got": {}, "want": {}}
    for name, terms in (("got", got), ("want", want)):
        for c, x, y, k, o in terms:
            if x == y == -1 and not o and k:
                sums[name][c] = sums[name].get(c, 0.0) + k
    got_sums, want_sums = [{c: x for c, x in sums[name].items() if x} for name in ("got", "want")]
    _require(got_sums == want_sums, "constant terms are the nodes'")


def _constants(program: Program, ref: Ref | float, sizes: tuple[int, ...]) -> Any:
    """Return the numbers of a coefficient or of a constant operand, one for each iteration."""
    if isinstance(ref, Ref) and ref.constants is None:
        return program.constants[ref.expand(sizes).ravel() - program.shared + len(program.constants)]
    return np.broadcast_to(ref.constants if isinstance(ref, Ref) else ref, sizes).ravel()


def _real(terms: list[Any]) -> list[Any]:
    return [x for x in terms if x[1] != -1 or x[2] != -1 or x[4]]


def _place(address: Any, node: int) -> int:
    return -1 if node == ONE else int(address[node])


def _addresses(ref: Ref | None, sizes: tuple[int, ...]) -> list[int]:
    if ref is None:
        return [-1] * int(np.prod(sizes))
    out: list[int] = ref.expand(sizes).ravel().tolist()
    return out


def _same(got: Any, want: Any, what: str) -> None:
    _require(got.shape == want.shape and bool(((got == want) | ((got != got) & (want != want))).all()), what)


def _require(truth: Any, what: str) -> None:
    if not truth:
        raise AssertionError(f"the program is not sound: {what}")
