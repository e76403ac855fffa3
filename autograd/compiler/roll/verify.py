"""Check a program against the graph it was rolled from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.compiler.graph.ir import CONST, EXTREMA, FIRST_ROW, ONE, SOP, Graph, Terms, spans
from autograd.compiler.roll.affine import Slanted, addresses, within
from autograd.compiler.roll.program import LANES, Part, Program, Ref, Statement

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
    leaves = np.flatnonzero(graph.is_leaf() & (graph.kind != CONST))
    ready = _Ready(program)
    _require(ready.add(program.address[leaves]), "leaves have places of their own")
    t = graph.terms
    order = np.argsort(t.node, kind="stable")
    sorted_terms = t.take(order)
    nests = _nests(program)
    for s in program.statements:
        if s.shared == 0:
            nest = next(nests)
            _check_nest(program, nest, ready)
            written = np.concatenate([program.address[one.nodes] for one in nest])
            _require(ready.add(written), "each address is written once")
        _require(((program.address[s.nodes] >= LANES) == s.lane).all(), "results are where their kind is")
        if s.op is not None:
            _check_row(program, s, ready)
        else:
            ends = [np.searchsorted(sorted_terms.node, s.nodes, side) for side in ("left", "right")]
            _check_sum(program, s, ready, sorted_terms.take(spans(*ends)), np.subtract(ends[1], ends[0]))
        _require(s.shared >= 0 or ready.add(program.address[s.nodes]), "each address is written once")
    for s in program.scattered:
        _check_row(program, s, ready)
    work = np.flatnonzero(graph.args[:, 0] >= 0)
    done = np.zeros(graph.size, np.int64)
    for s in [*program.statements, *program.scattered]:
        np.add.at(done, s.nodes, 1)
    _require((done <= 1).all(), "each node is computed once")
    _require((done[work] > 0).all() and (done[t.node] > 0).all(), "each node is computed")


class _Ready:
    """Which places of the two arenas hold their numbers already."""

    def __init__(self, program: Program) -> None:
        self._shared = program.shared
        self._is = np.zeros(program.shared + program.lanes + 1, np.bool_)  # the last: a place that is none

    def _index(self, places: Any) -> Any:
        index = np.where(places >= LANES, places - LANES + self._shared, places)
        return np.where((index >= 0) & (index < len(self._is) - 1), index, len(self._is) - 1)

    def has(self, places: Any) -> bool:
        """Tell whether all of them are."""
        return bool(self._is[self._index(places)].all())

    def add(self, places: Any) -> bool:
        """Add some; False if one was there, is named twice, or is none."""
        index = self._index(places)
        if self._is[index].any():
            return False
        self._is[index] = True
        self._is[-1] = False
        return int(np.count_nonzero(self._is[np.unique(index)])) == len(index)


def _nests(program: Program) -> Iterator[list[Statement]]:
    """Yield the statements that run in the same loops, one after the other."""
    found: list[Statement] = []
    for s in program.statements:
        if s.shared <= 0 and found:
            yield found
            found = []
        if s.shared >= 0:
            found.append(s)
    if found:
        yield found


def _check_nest(program: Program, nest: list[Statement], ready: _Ready) -> None:
    """Check that statements in the same loops read what is computed in rounds before, or before in theirs."""
    graph, address = program.graph, program.address
    depth = max(len(s.sizes) for s in nest)
    turns, places, opened = [], np.zeros(depth + 1, np.int64), 0
    for s in nest:
        _require(s.shared <= opened, "loops that statements share are open")
        opened = len(s.sizes)
        places[s.shared] += 1
        places[s.shared + 1 :] = 0
        turn = np.zeros((len(s.nodes), 2 * depth + 1), np.int64)  # place in the body, round of the loop, ...
        turn[:, ::2] = places
        inside = within(s.sizes)
        rounds = np.indices(tuple(map(int, s.sizes))).reshape(opened, -1)
        turn[:, 1 : 2 * opened : 2] = (rounds if inside is None else rounds[:, inside.ravel()]).T
        turns.append(turn)
    nodes = np.concatenate([s.nodes for s in nest])
    when = np.full(graph.size, -1)
    when[nodes[np.lexsort(np.concatenate(turns).T[::-1])]] = np.arange(len(nodes))
    producers, consumers = graph.edges()
    own = (when[consumers] >= 0) & (graph.kind[producers] != CONST)
    producers, consumers = producers[own], consumers[own]
    late = when[producers] >= when[consumers]
    outside = when[producers] < 0
    in_time = not late.any() and ready.has(address[producers[outside]])
    _require(in_time, "operands are computed before they are read")


def _check_row(program: Program, s: Statement, ready: _Ready) -> None:
    graph, address = program.graph, program.address
    _same(s.result.expand(s.sizes).ravel(), address[s.nodes], "results are where their nodes are")
    columns = [c for c in graph.args[s.nodes].T if c[0] >= 0]
    for ref, column in zip(s.operands, columns, strict=True):
        if ref.constants is not None or graph.kind[column[0]] == CONST:
            _same(_constants(program, ref, s.sizes), graph.value[column], "constants are the nodes'")
        else:
            _same(ref.expand(s.sizes).ravel(), address[column], "operands are read where their nodes are")
            _require(ready.has(address[column]), "operands are computed before they are read")


def _check_sum(program: Program, s: Statement, ready: _Ready, t: Terms, counts: Any) -> None:
    """Check a sum of products or an extremum, given the terms of its nodes and how many each has."""
    address, places = program.address, program.address[s.nodes]
    order = np.argsort(places)
    what = "a statement adds up exactly its nodes' terms"
    _require(s.parts, what)
    listed = []
    for part in s.parts:
        results = part.result.expand(part.sizes).ravel()
        if any(isinstance(n, Slanted) for n in part.sizes):
            _require(
                _once(part, s.shared >= 0), "loops over results are over each once, and around what is summed"
            )
        at = np.minimum(np.searchsorted(places[order], results), len(places) - 1)
        _require((places[order[at]] == results).all(), "results are where their nodes are")
        cells = order[at]
        a, b = [_addresses(r, part.sizes) for r in (part.a, part.b)]
        if s.starts is not None:
            _require(
                (np.diff(cells) >= 0).all() and np.array_equal(cells[s.starts], np.arange(len(places))),
                "stretches begin at their results",
            )
            a, b = [np.where(x == program.one, _ABSENT, x) for x in (a, b)]
        for column in (a, b):
            _require(ready.has(column[column != _ABSENT]), "factors are computed before they are read")
        over = np.full(len(cells), part.over)
        listed.append(_pairs(cells, a, b, _constants(program, part.coef, part.sizes), over))
    got = [np.concatenate(column) for column in zip(*listed, strict=True)]
    cells = np.repeat(np.arange(len(places)), counts)
    if s.extremum:
        kept = program.graph.kind[t.a] != CONST
        t, cells = t.take(kept), cells[kept]
    a, b = [np.where(x == ONE, _ABSENT, address[x]) for x in (t.a, t.b)]
    want = list(_pairs(cells, a, b, t.coef, t.over))
    if s.extremum:  # where what is there twice changes nothing
        got, want = map(_distinct, (got, want))
    for x, y in zip(_in_order(got), _in_order(want), strict=True):
        _same(x, y, what)
    if not s.extremum:
        given, wanted = [
            np.bincount(c[one], weights=k[one], minlength=len(places))
            for c, a, b, over, k in (got, want)
            for one in [(a == _ABSENT) & (b == _ABSENT) & ~over]
        ]
        _same(given, wanted, "constant terms are the nodes'")


def _once(part: Part, in_order: bool) -> bool:
    """Tell whether the outer loops are over results, each once, and the inner ones over what is summed.

    Where numbers are computed one after the other, a sum may have no term.
    """
    moves = np.array(part.result.strides) != 0
    out = int(moves.sum())
    results = part.result.expand(part.sizes)
    of = addresses(part.sizes[:out], part.result.strides[:out], part.result.base).ravel()
    count = len(np.unique(of))
    return bool(moves[:out].all()) and len(of) == count and (in_order or count == len(np.unique(results)))


_ABSENT = np.iinfo(np.int64).max  # in place of an address: a factor of one


def _pairs(cells: Any, a: Any, b: Any, coef: Any, over: Any) -> tuple[Any, ...]:
    """Return the columns of some terms, the lower factor first."""
    return cells, np.minimum(a, b), np.maximum(a, b), over, coef


def _distinct(terms: list[Any]) -> list[Any]:
    """Return the columns of some terms without those that are there before."""
    first = np.unique(np.stack(terms[:3]), axis=1, return_index=True)[1]
    return [column[first] for column in terms]


def _in_order(terms: Sequence[Any]) -> list[Any]:
    """Return the columns sorted, without constant terms, and those that fill up a row."""
    _, a, b, over, coef = terms
    real = ((a != _ABSENT) | (b != _ABSENT) | over) & (coef != 0.0)
    order = np.lexsort([column[real] for column in terms[::-1]])
    return [column[real][order] for column in terms]


def _constants(program: Program, ref: Ref | float, sizes: tuple[int, ...]) -> Any:
    """Return the numbers of a coefficient or of a constant operand, one for each iteration."""
    if isinstance(ref, Ref) and ref.constants is None:
        return program.constants[ref.expand(sizes).ravel() - program.shared + len(program.constants)]
    full = np.broadcast_to(ref.constants if isinstance(ref, Ref) else ref, tuple(map(int, sizes)))
    inside = within(sizes)
    return full.ravel() if inside is None else full[inside]


def _addresses(ref: Ref | None, sizes: tuple[int, ...]) -> Any:
    return (ref or Ref(_ABSENT, (0,) * len(sizes))).expand(sizes).ravel()


def _same(got: Any, want: Any, what: str) -> None:
    _require(got.shape == want.shape and bool(((got == want) | ((got != got) & (want != want))).all()), what)


def _require(truth: Any, what: str) -> None:
    if not truth:
        raise AssertionError(f"the program is not sound: {what}")
