"""From a graph to a program: what can be computed together is laid out in groups, time steps in rounds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np

from autograd.compiler.graph.bounds import runs
from autograd.compiler.graph.ir import CONST, FIRST_ROW, QUIET, Graph, Ints, distinct
from autograd.compiler.graph.lookups import SCATTER
from autograd.compiler.graph.rounds import find
from autograd.compiler.graph.schedule import groups, together
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.nests import Nested
from autograd.compiler.roll.padding import Padded
from autograd.compiler.roll.program import Program, Statement
from autograd.compiler.roll.recurrence import Recurrences
from autograd.compiler.roll.repeats import Rounds, Unrolled, blocks, length, printed, weighted
from autograd.compiler.roll.sequential import TRIES, Sequential
from autograd.compiler.roll.steady import MOST, Cycle, TooLongError, cycles, place_groups
from autograd.compiler.roll.stencils import Stencils
from autograd.compiler.roll.uneven import COMPUTED, Numbers, Read, copied, uneven

__all__ = ["nested", "padded", "roll"]

SHORTER = 0.5
"""What part of its lines a program has at the most, with triangles as loops, if they are to be."""
FEWER = 0.8
"""What part of its lines a program has at the most, with shorter sums filled up or loops in order."""
PART = 16
"""One in so many nodes is in rounds that read copies, at least, if such are to be made."""
MUCH = 100
"""Statements from which another choice of groups is tried."""
SMOOTH = 500
"""Nodes for each statement from which there is nothing to find, where nothing is gathered."""
LONG = 12
"""Statements from which it is worth looking for triangles where nothing is gathered."""
SHORT = 5000
"""Nodes up to which it is worth looking for other loops than rounds."""
GAIN = 16
"""So many lines for each table a longer program has at the most if there may be stencils in it."""
FULL, SPARSE = 64, 3
"""So many nodes for each statement, of which one in so many gathers, are products of matrices."""
MANY, BROAD = 60, 100_000
"""Statements from which it is worth looking for loops in the order of recording, and nodes up to which."""
TERMS = 12
"""So many terms fit into a line."""
TABLE = 4
"""So many lines a table of addresses is worth."""


@QUIET
def roll(graph: Graph, first: Sequence[Ints] = (), rows: Sequence[Ints] = ()) -> Program:
    """Schedule a graph and lay it out, with copies of what rounds read unevenly.

    What is computed ``first``, and what is computed in its turn, stand in ``rows`` of their own.
    """
    layout, ahead = _begun(graph, first, rows)
    lane, copies = layout.is_lane, bool(first or rows)
    found = find(graph, lane, ahead)
    if found is None:
        whole = groups(graph, lane, ahead)
        program = _rolled(layout, copies, [whole], [cycles(graph, lane, whole)])
        if (size := length(program)) > MUCH:  # what comes again may move as in no loop
            other = groups(graph, lane, ahead, once=False)
            if len(other) < len(whole):
                layout, known = _begun(graph, first, rows)[0], cycles(graph, lane, other)
                with suppress(TooLongError):
                    return _rolled(layout, copies, [other], [known], most=size - 1)
        return program
    rounds = Recurrences(layout, graph, found)
    if 2 * found.looped < len(found.sequence) or rounds.breadth >= 1 / SHORTER:
        whole = groups(graph, lane, ahead)
        known = cycles(graph, lane, whole)
        most = int(SHORTER * (sum(loop.period for loop in found.loops) + sum(map(len, rounds.groups))))
        if found.looped < sum(nodes.size for cycle in known for nodes in cycle.groups):
            most = len(whole)
        if len(whole) - sum(cycle.again for cycle in known) <= most:
            with suppress(TooLongError):
                return _rolled(_begun(graph, first, rows)[0], copies, [whole], [known], most=most)
    parts = rounds.groups
    return _rolled(layout, copies, parts, [cycles(graph, lane, part) for part in parts], rounds)


def _begun(graph: Graph, first: Sequence[Ints], rows: Sequence[Ints]) -> tuple[Layout, Any]:
    """Return a layout of what is computed first, and with room for rows; and which nodes are computed."""
    layout = Layout(graph)
    ahead = np.zeros(graph.size, bool)
    for nodes in first:
        ahead[nodes] = True
        layout.place_row(nodes)
    for nodes in rows:
        layout.pin[nodes] = layout.room(False, len(nodes)) + np.arange(len(nodes))
    return layout, ahead


def _rolled(
    layout: Layout, copies: bool, parts: list[list[Ints]], known: list[list[Cycle]],
    rounds: Recurrences | None = None, most: int = MOST,
) -> Program:  # fmt: skip
    """Return the program of narrow loops, or of groups, if it has no more than so many statements.

    Rounds read ``copies`` already, or such are made where they are needed. Groups are those before, between
    and after narrow loops, or of the whole graph.
    """
    graph = layout.graph
    if not copies:
        reads = _uneven_reads(layout, parts, [cycle for part in known for cycle in part])
        if reads:
            program = roll(*copied(graph, reads))
            if any(isinstance(s, Rounds) for s in blocks(program)):
                if length(program) > most:
                    raise TooLongError
                return program
    if rounds is None:
        place_groups(layout, parts[0], known[0], most)
    else:
        rounds.place()
        for group in together(graph, layout.is_lane, graph.scatters()):
            layout.place(group)
    return _finished(layout)


def _uneven_reads(layout: Layout, parts: list[list[Ints]], known: list[Cycle]) -> list[Read | Numbers]:
    """Return what rounds read unevenly, if those that do are more than a small part of all nodes."""
    graph, address, terms = layout.graph, layout.address.copy(), (layout.start, layout.order)
    end = graph.forward if graph.forward >= 0 else graph.size
    computed = (address < 0) & ~layout.is_lane & (np.arange(graph.size) < end)
    for nodes in (nodes for cycle in known for nodes in cycle.groups):
        computed[nodes] = False
    address[computed] = COMPUTED + np.flatnonzero(computed)
    reads, looped = list[Read | Numbers](), 0
    for cycle in known:
        found = [x for nodes in cycle.groups for x in uneven(graph, address, terms, nodes)]
        looped += sum(nodes.size for nodes in cycle.groups) if found else 0
        reads += found
    return reads if PART * looped > sum(len(group) for part in parts for group in part) else []


@QUIET
def nested(program: Program, *, in_order: bool = False) -> Program:
    """Return a program for loops with moving bounds, if it is much shorter: triangles are loops in it.

    Or if fewer operands are read by tables of addresses, each of which is worth some lines. With
    ``in_order``, loops may hold several statements, and compute their numbers one after the other.
    """
    graph, count, given = program.graph, len(program.statements), _Tried(program)
    if graph.scatters().any():
        return program
    rounds = [s for s in blocks(program) if isinstance(s, Rounds) and (in_order or s.is_narrow)]
    if not given.tables and (rounds or count < LONG or graph.size > SMOOTH * count):
        return program
    if count > MANY and graph.size > FULL * count and SPARSE * given.tables < count:
        return program
    large, worth = graph.size > SHORT, graph.size > SMOOTH * given.lines or given.tables > given.lines
    if large and (2 * given.price > graph.size or (rounds and not worth)):
        return program
    found: list[_Tried] = []
    for apart in () if large and rounds else (False, True):
        layout = Nested(graph, apart=apart)
        if layout.fewest <= max(SHORTER * (count + TABLE * given.tables), LONG) and layout.run(given.price):
            found.insert(0, _Tried(_finished(layout)))
            if not found[0].tables and found[0].price <= SHORTER * given.price:
                break
    best = _best(given, found)
    if best.tables and not (large and (rounds or GAIN * best.tables < best.lines)):
        stencils = Stencils(graph)
        if stencils.run():
            best = _best(given, [*found, _Tried(_finished(stencils))])
    count = best.lines if best.tables or large else len(best.program.statements)
    several = count > (LONG if best.tables else MANY)
    if in_order and graph.size <= BROAD and several:
        sequential = Sequential(graph)
        if sequential.run(best.price, 1 if large and rounds else TRIES):
            best = _best(best, [_Tried(_finished(sequential))], FEWER)
    return best.program


class _Tried:
    """A program with its lines, those that read tables of addresses, and how long it is with these.

    What is added up term by term makes lines longer, which counts too.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tables = sum(bool(s.note) for s, _ in weighted(program))
        self.long = sum(max(0, len(s.parts) - TERMS) for s, _ in weighted(program))

    @cached_property
    def lines(self) -> int:
        """How many statements are printed."""
        return printed(self.program)

    @cached_property
    def price(self) -> int:
        """How long it is."""
        return self.lines + self.long + TABLE * self.tables


def _best(given: _Tried, found: list[_Tried], part: float = SHORTER) -> _Tried:
    """Return the shortest of some programs if it is a part as long as one at the most, or reads fewer tables.

    One with tables, which may grow with the size of the problem, must be half as long as one without.
    """
    if not found:
        return given
    best = min(found, key=lambda tried: tried.price * (2 if tried.tables else 1))
    fewer = best.price < given.price and best.tables < given.tables
    return best if fewer or best.price <= part * given.price else given


@QUIET
def padded(program: Program) -> Program:
    """Return a program in which sums that are alike but for how many terms they have are one statement.

    Where that makes it much shorter; rounds stay as they are.
    """
    graph = program.graph
    if len(program.statements) < LONG or any(isinstance(s, Rounds) for s in blocks(program)):
        return program
    layout = Padded(graph)
    found = groups(graph, layout.is_lane, np.zeros(graph.size, bool), even=False)
    if len(found) > FEWER * len(program.statements):
        return program
    for group in found:
        layout.place(group)
    other = _finished(layout)
    return other if length(other) <= FEWER * length(program) else program


def _finished(layout: Layout) -> Program:
    """Return the program of a layout."""
    graph = layout.graph
    scattered = [s for s in layout.statements if isinstance(s, Statement) and s.op is SCATTER]
    made = layout.statements[: len(layout.statements) - len(scattered)]  # they come last
    statements: Sequence[Statement] = [s for s in made if not isinstance(s, Rounds)]
    if len(statements) < len(made):
        statements = Unrolled(made)
    copies = [
        np.concatenate([c[i] for c in layout.copies]) if layout.copies else np.zeros(0, np.int64)
        for i in (0, 1)
    ]
    outputs = layout.address[graph.outputs]
    fixed = graph.kind[graph.outputs] == CONST
    bits, which = np.unique(graph.value[graph.outputs[fixed]].view(np.int64), return_inverse=True)
    outputs[fixed] = layout.next + which
    constants, tables, end = [bits.view(np.float64)], [], layout.next + len(bits)
    for refs, table in layout.tables:
        for ref in refs:
            ref.base += end
        tables.append((end, table.shape))
        constants.append(table.ravel())
        end += table.size
    return Program(
        graph,
        statements,
        layout.address,
        end,
        layout.next_lane,
        (copies[0], copies[1]),
        layout.parameters,
        layout.one,
        np.concatenate(constants),
        outputs,
        tables,
        scattered,
        _emptied(layout) if scattered else [],
        layout.grids,
    )


def _emptied(layout: Layout) -> list[tuple[int, int]]:
    """Return the stretches of gradients to which what is scattered is all that is added."""
    graph, count = layout.graph, layout.parameters
    where = np.zeros(count, bool)
    nodes = np.flatnonzero(graph.scatters())
    for kind in distinct(graph.kind[nodes]).tolist():
        step, length = map(int, graph.rows[kind - FIRST_ROW][1])
        firsts = np.unique(layout.address[graph.args[nodes[graph.kind[nodes] == kind], 2]])
        where[firsts[:, None] + step * np.arange(length)] = True
    computed = np.zeros(graph.size, bool)
    computed[graph.terms.node] = True
    computed |= graph.args[:, 0] >= 0
    where &= (graph.pinned < 0) | ~computed[graph.pinned]
    return [(count + a, count + b) for a, b in runs(np.flatnonzero(where), count, 1)]
