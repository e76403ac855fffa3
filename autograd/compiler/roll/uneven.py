"""Copy into rows what the rounds of a loop read unevenly, such as what observed symbols pick from a table.

Data that the recording has frozen may say which parameters or inputs a round reads: then their addresses
follow no rule, and rounds that are alike in all else are no loop. `uneven` finds such rounds among
statements, and `copied` gives each operand there a copy of what it reads, in the order of reading: one
statement gathers the copies of all rounds, and the rounds read them one after the other. So it is with
numbers that differ from round to round, such as what was measured at each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.compiler.graph.hoist import joined, with_room
from autograd.compiler.graph.ir import ONE, Graph, Ints, Terms
from autograd.compiler.graph.rounds import LEAST
from autograd.compiler.roll.program import Part, Program, Ref, Statement
from autograd.compiler.roll.repeats import Loop, Rounds, blocks, read, repeats

__all__ = ["Numbers", "Read", "copied", "uneven"]


@dataclass
class Read:
    """What one operand of a statement reads in all rounds of a loop.

    ``leaves`` has a row of leaves for each round. Of every use of one, ``consumer`` is the node, ``column``
    the operand of a row, or -1 of a sum, and ``which`` its place among the leaves of all rounds.
    """

    leaves: Ints
    consumer: Ints
    column: int
    which: Ints


@dataclass
class Numbers:
    """The coefficients of one summand of a statement in all rounds of a loop, a row for each.

    Of every term that has one, ``consumer`` is the sum, ``factor`` the other factor, and ``which`` its place.
    """

    values: Any
    consumer: Ints
    factor: Ints
    which: Ints


Operand = tuple[Ref, Ref, tuple[int, ...], int]
"""An operand, the results that it serves, the sizes of both, and its column in a row or -1."""


def uneven(program: Program) -> list[Read | Numbers]:
    """Return what rounds read unevenly that are a loop but for that."""
    graph = program.graph
    leaf = graph.is_leaf() & (program.address >= 0)
    nodes = np.flatnonzero(program.address >= 0)
    nodes = nodes[np.argsort(program.address[nodes], kind="stable")]
    at = program.address[nodes]
    leaves = set(program.address[leaf].tolist())

    def named(addresses: Ints) -> Ints:
        """Return the nodes that stand somewhere."""
        found: Ints = nodes[np.searchsorted(at, addresses).clip(max=len(at) - 1)]
        return np.where(addresses == program.one, ONE, found) if program.one >= 0 else found

    found: list[Read | Numbers] = []
    for run in _runs(program):
        for loop in repeats([_shape(s, leaves) for s in run]):
            if loop.count >= LEAST:
                found += _of(loop, run, leaves, named)
                found += _numbers_of(loop, run, named)
    return found


def _runs(program: Program) -> Iterator[list[Statement]]:
    """Yield the statements between known loops."""
    run: list[Statement] = []
    for block in blocks(program):
        if isinstance(block, Rounds):
            yield run
            run = []
        else:
            run.append(block)
    yield run


def _operands(s: Statement) -> Iterator[Operand]:
    """Yield what a statement reads."""
    for p in s.parts:
        for r in (p.a, p.b):
            if r is not None:
                yield r, p.result, p.sizes, -1
    for k, r in enumerate(s.operands):
        if r.constants is None:
            yield r, s.result, s.sizes, k


def _begin(r: Ref) -> int:
    return r.base if r.addresses is None else int(r.addresses.flat[0])


def _axes(r: Ref) -> tuple[bool, ...]:
    """Tell of each loop whether an operand moves along it."""
    if r.addresses is not None:
        return tuple([n > 1 for n in r.addresses.shape])
    return tuple([x != 0 for x in r.strides])


def _shape(s: Statement, leaves: set[int]) -> tuple[Any, tuple[int, ...]]:
    """Return what a statement is, whatever the leaves that it reads, and its other numbers."""
    loose = {id(r) for r, *_ in _operands(s) if _begin(r) in leaves}

    def seen(r: Ref | None) -> Ref | None:
        """Return an operand without what there is to a leaf's."""
        return Ref(0, tuple(map(int, _axes(r))), lane=r.lane) if r is not None and id(r) in loose else r

    parts = [
        Part(p.sizes, p.result, 1.0 if p.b is None else p.coef, seen(p.a), seen(p.b), p.over) for p in s.parts
    ]
    return read(replace(s, parts=parts, operands=[x for x in map(seen, s.operands) if x is not None]))


def _of(loop: Loop, run: list[Statement], leaves: set[int], named: Any) -> list[Read]:
    """Return the operands of a loop's statements that are uneven, and leaves."""
    found: list[Read] = []
    for k in range(loop.start, loop.start + loop.period):
        rounds = run[k : loop.end : loop.period]
        for columns in zip(*map(_operands, rounds), strict=True):
            if _begin(columns[0][0]) in leaves and not _is_even([r for r, *_ in columns]):
                one = _read(columns, leaves, named)
                if one is not None:
                    found.append(one)
    return found


def _is_even(refs: list[Ref]) -> bool:
    """Tell whether views move evenly from round to round."""
    steps = {b.base - a.base for a, b in pairwise(refs)}
    return len(steps) == 1 and all(r.addresses is None and r.strides == refs[0].strides for r in refs)


def _read(columns: tuple[Operand, ...], leaves: set[int], named: Any) -> Read | None:
    """Return what an operand reads in all rounds; None if there is more than leaves."""
    rows, consumers, places = [], [], []
    for i, (r, result, sizes, _) in enumerate(columns):
        cut = tuple([slice(None) if moves else slice(0, 1) for moves in _axes(r)])
        row = r.expand(sizes)[cut]
        where = i * row.size + np.arange(row.size).reshape(row.shape)
        rows.append(row.ravel())
        consumers.append(result.expand(sizes).ravel())
        places.append(np.broadcast_to(where, sizes).ravel())
    read_from = np.stack(rows)
    if not leaves.issuperset(read_from.ravel().tolist()):
        return None
    return Read(named(read_from), named(np.concatenate(consumers)), columns[0][3], np.concatenate(places))


def _numbers_of(loop: Loop, run: list[Statement], named: Any) -> Iterator[Numbers]:
    """Yield the coefficients of a loop's statements that differ from round to round."""
    for k in range(loop.start, loop.start + loop.period):
        for parts in zip(*[s.parts for s in run[k : loop.end : loop.period]], strict=True):
            tables = [_coefficients(p) for p in parts]
            if parts[0].b is None and any(not np.array_equal(x, tables[0]) for x in tables):
                yield _numbers(parts, tables, named)


def _coefficients(p: Part) -> Any:
    """Return the coefficients of a summand, with length 1 along loops that do not matter."""
    return p.coef.constants if isinstance(p.coef, Ref) else np.array(p.coef)


def _numbers(parts: tuple[Part, ...], tables: list[Any], named: Any) -> Numbers:
    """Return the coefficients of a summand in all rounds."""
    if len({x.shape for x in tables}) > 1:
        tables = [np.broadcast_to(x, p.sizes) for x, p in zip(tables, parts, strict=True)]
    consumers, factors, places = [], [], []
    for i, (p, x) in enumerate(zip(parts, tables, strict=True)):
        which = i * x.size + np.arange(x.size).reshape(x.shape)
        places.append(np.broadcast_to(which, p.sizes).ravel())
        consumers.append(named(p.result.expand(p.sizes).ravel()))
        factors.append(np.full(places[-1].shape, ONE) if p.a is None else named(p.a.expand(p.sizes).ravel()))
    values = np.stack([x.ravel() for x in tables])
    return Numbers(values, np.concatenate(consumers), np.concatenate(factors), np.concatenate(places))


def copied(graph: Graph, reads: list[Read | Numbers]) -> tuple[Graph, list[Ints]]:
    """Return a graph in which operands are copies, and these, for each of what was read."""
    sizes = [r.leaves.size if isinstance(r, Read) else r.values.size for r in reads]
    graph, number, made = with_room(graph, sum(sizes), 0)
    copies = np.split(made, np.cumsum(sizes)[:-1])
    args, t = graph.args.copy(), graph.terms
    a, b, coef = t.a.copy(), t.b.copy(), t.coef.copy()
    for r, own in zip(reads, copies, strict=True):
        if isinstance(r, Numbers):
            mine = replace(t, coef=coef, a=a, b=b)
            _use(mine, graph.size, number[r.consumer], number[r.factor], own[r.which])
            continue
        consumer, leaf, copy = number[r.consumer], number[r.leaves.ravel()[r.which]], own[r.which]
        if r.column >= 0:
            args[consumer, r.column] = copy
            continue
        key = consumer * graph.size + leaf
        order = np.argsort(key, kind="stable")
        key, copy = key[order], copy[order]
        for factor in (a, b):
            wanted = t.node * graph.size + factor
            i = np.searchsorted(key, wanted).clip(max=len(key) - 1)
            hit = key[i] == wanted
            factor[hit] = copy[i[hit]]
    pieces = []
    for r, own in zip(reads, copies, strict=True):
        one, apart = np.full(own.size, ONE), np.zeros(own.size, bool)
        if isinstance(r, Numbers):
            pieces.append(Terms(own, r.values.ravel(), one, one, apart))
        else:
            pieces.append(Terms(own, np.ones(own.size), number[r.leaves.ravel()], one, apart))
    return replace(graph, args=args, terms=joined(replace(t, a=a, b=b, coef=coef), *pieces)), copies


def _use(t: Terms, size: int, consumer: Ints, factor: Ints, copy: Ints) -> None:
    """Let terms of one factor have a copy in place of their coefficients."""
    key = consumer * size + factor
    order = np.argsort(key, kind="stable")
    key, copy = key[order], copy[order]
    wanted = t.node * size + t.a
    i = np.searchsorted(key, wanted).clip(max=len(key) - 1)
    hit = np.flatnonzero((key[i] == wanted) & (t.b == ONE))
    times = np.zeros(len(key), np.int64)
    np.add.at(times, i[hit], 1)
    hit = hit[times[i[hit]] == 1]  # two terms of one factor, of both signs, stay as they are
    first, second = t.a[hit], copy[i[hit]]
    lone = first == ONE
    t.coef[hit] = 1.0
    t.a[hit] = np.where(lone, second, np.minimum(first, second))
    t.b[hit] = np.where(lone, ONE, np.maximum(first, second))
