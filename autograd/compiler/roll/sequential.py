"""Lay out programs as they were recorded: the loops in which a user wrote them, one number after the other.

The order of recording is one in which everything can be computed, and where a program was written with
loops, it has their structure: nodes that are built alike come again, with operands whose addresses move
evenly. So runs of such nodes become a loop, runs of such loops a loop around them, and so on (nested loop
recognition: Ketterlin and Clauss, CGO 2008). What a border makes different stands between the loops. As
nothing is computed in another order, it matters not what rests on what: sweeps along rows, back along
columns, or in place are all the same. Gradients come in the opposite order of what they are for, and stand
beside it (`Graph.turn`), or in grids of their own.

In triangles loops grow. Two rounds or fewer are no loop by themselves, but where the loop around goes on
evenly to them, they are one of its rounds; so are one or two terms where others of their kind make loops.
And nodes stand evenly if each loop has room for its longest round: loops are found by kinds alone first, and
with such places again, if that gives fewer statements.

For example, ``for i in range(1, n): x[i] = 0.5 * x[i - 1] + u[i]``, within a loop that starts again from the
last ``x``, is recorded as one sum with the addresses (100; 99, 1), the next with (101; 100, 2), and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import mixed, numbered, repeated
from autograd.compiler.graph.ir import CONST, EXTREMA, FIRST_ROW, HALF, MAX, ONE, QUIET, SHIFT, Ints, distinct
from autograd.compiler.graph.lookups import ENTRY
from autograd.compiler.graph.rounds import operands_of, sequence_of
from autograd.compiler.roll.affine import Slanted, compress
from autograd.compiler.roll.cells import Layout
from autograd.compiler.roll.program import Part, Ref, Statement

__all__ = ["TRIES", "Sequential"]

FEWEST = 3
"""Rounds from which there is a loop: of two, any move evenly."""
LONGEST = 256
"""Most statements and loops of one round."""
FLAT = 9
"""Terms of a sum that are not looked for loops; two neighbours along each of two axes, and more, are so."""
SPARSEST = 8
"""How many times as many places as numbers there may be."""
TRIES = 4
"""How many ways to place nodes are tried."""
MANY = 24
"""Operands from which a node is a statement by itself, a loop counting as one."""

Item = int | list[list[Any]]
"""A place in a sequence, or a loop: its rounds, each a list of items."""


class Sequential(Layout):
    """A layout in which nodes are computed one after the other, in loops around loops."""

    @QUIET
    def run(self, most: int, tries: int = TRIES) -> bool:
        """Make all statements; tell whether that could be done, with no more than so many."""
        graph = self.graph
        if self.has_lanes or any(op is ENTRY for op, _ in graph.rows):
            return False
        work = graph.args[:, 0] >= 0
        work[graph.terms.node] = True
        sequence = sequence_of(graph, work, graph.levels(), graph.turn)
        if sequence is None:
            return False
        self._sequence, self._stands = sequence, np.where(work, -1, self.address)
        self._stands[sequence] = self.next + np.arange(len(sequence))
        self._read(work)
        is_back = (graph.turn[sequence] >> SHIFT & 1) * (tries > 1)
        number = np.arange(int(np.append(is_back, 1).argmax()))
        self._beside: Any = None
        best = self._shortest(len(number), tries, lambda at: self._place(number if at is None else at))
        if len(number) < len(sequence):
            self._passes(len(number))
            number = number if best[3] is None else best[3]
            best = self._shortest(
                len(sequence),
                tries - 1,
                lambda at: self._place(number, at if at is None else at[len(number) :]),
            )
        count, loops_of, self._stands, _ = best
        if count > most:
            return False
        self.pin[sequence] = self._stands[sequence]
        self.next = max(self.next, int(self.pin[sequence].max(initial=-1)) + 1)
        before: list[Any] = []
        read: list[tuple[list[Ints], Ints]] = []
        for loops, places in loops_of:
            if self._entry[places[0]] >= 0:
                read.append((loops, self._entry[places]))
                continue
            shared = len([*takewhile(lambda pair: pair[0] is pair[1], zip(before, loops, strict=False))])
            before = loops
            nodes = -1 - self._entry[places]
            if not loops and len(read) > MANY:
                self.place(sequence[nodes])
            elif not self._enter(loops, nodes, shared, read):
                return False
            read = []
        return True

    def _shortest(self, nodes: int, tries: int, place: Any) -> tuple[int, list[Any], Any, Any]:
        """Return how few statements the first nodes make, their loops, where all stand, and their numbers.

        Of several ways to place them: without numbers, and in grids.
        """
        number, best, ways = None, (1 << 60, list[Any](), self._stands, None), list[Any]()
        for tried in range(tries):
            place(number)
            what, where, is_node = self._told()
            end = int(self._ends[nodes])
            what, where, is_node = what[:end], where[:end], is_node[:end]
            folded = _folded(what, where, is_node)
            leaves = list(_leaves([[item] for item in next(folded)], []))
            count = sum(bool(is_node[at[0]]) for _, at in leaves)
            if not tried:
                ways = [_folded(what[:, [0, 0]], np.zeros_like(where), is_node), *[folded] * (tries - 2)]
            if count < best[0]:
                best, ways[-1] = (count, leaves, self._stands.copy(), number), folded
            items = next(ways[tried], None) if best[0] >= FLAT and tried < tries - 1 else None
            if items is None:
                break
            at = np.full(end, -1)
            _gridded([[item] for item in items], np.zeros(1, np.int64), at, is_node)
            number = at[is_node]
            if number.max(initial=0) > SPARSEST * len(self._sequence):
                break
        return best

    def _place(self, ahead: Ints, back: Any = None) -> None:
        """Note where nodes stand, by numbers; those of passes back without, beside what they are for."""
        stands, sequence, end = self._stands, self._sequence, self.next + int(ahead.max(initial=-1)) + 1
        stands[sequence[: len(ahead)]] = self.next + ahead
        if back is None and self._beside:
            beside, shift, array = self._beside
            at = stands[beside] + shift
            low, high = np.full(int(array.max()) + 1, end), np.zeros(int(array.max()) + 1, np.int64)
            np.minimum.at(low, array, at)
            np.maximum.at(high, array, at + 1)
            back = at + (np.cumsum(high - low) - high)[array]
            if back.max() > 2 * SPARSEST * len(sequence) or len(distinct(back)) < len(back):
                back = np.arange(len(array))
        if back is not None:
            stands[sequence[len(ahead) :]] = end + back
        pinned = self.pin[sequence]
        stands[sequence[pinned >= 0]] = pinned[pinned >= 0]

    def _passes(self, ahead: int) -> None:
        """Note beside what the nodes of passes back stand, how far from it, and in which array."""
        graph, back = self.graph, self._sequence[ahead:]
        order = graph.turn >> SHIFT
        key = HALF - (graph.turn[back] & (2 * HALF - 1))
        by = np.setdiff1d(np.arange(graph.size), back)
        by = by[np.argsort(order[by], kind="stable")]
        want = np.where(key < 0, -key // 2, (key + 2) // 4)
        beside = by[np.searchsorted(order[by], want, side="right") - 1]
        shift = np.where((key > 0) & (want < order[self._sequence].min()), want // 2, 0)  # copies of leaves
        beside[shift > 0] = ONE
        which = (key % 4 > 0) + 2 * (order[beside] != want) + 4 * (shift > 0)
        which += 8 * graph.kind[back].astype(np.int64)
        whole = (beside + graph.size * shift << 18) + which
        by = np.argsort(whole, kind="stable")
        end = np.flatnonzero(np.diff(whole[by], append=-1)) + 1
        rank = np.empty_like(by)
        rank[by] = repeated(end, np.diff(end, prepend=0)) - np.arange(len(by))
        self._beside = beside, shift, numbered((rank << 18) + which)

    def _read(self, work: Any) -> None:
        """Note what the nodes read: operands of rows, and terms, each with two factors and a coefficient.

        Terms come by their kinds; then as written, those of gradients in the order of what they read.
        """
        first, operands, _, coefs = operands_of(self.graph, self._sequence)
        width = np.where(self.graph.kind[self._sequence] >= FIRST_ROW, 1, 2)
        count = np.diff(first) // width
        self._start = np.concatenate([[0], np.cumsum(count)])
        self._cell = repeated(np.arange(len(count)), count)
        number = np.arange(len(self._cell)) - self._start[self._cell]
        at = first[self._cell] + number * width[self._cell]
        is_term = width[self._cell] == 2
        self._a, self._b = operands[at], np.full(len(at), ONE)
        self._b[is_term] = operands[at[is_term] + 1]
        self._coef = np.ones(len(at))
        self._coef[is_term] = coefs
        latest = np.maximum(self._stands[self._a], self._stands[self._b])
        latest[~is_term | (self.graph.turn[self._sequence] >> SHIFT & 1 == 0)[self._cell]] = 0
        kind = np.where(work, -1, self.graph.kind)
        kind[ONE] = -2
        what = mixed(mixed(kind[self._a]) + mixed(kind[self._b] + 99))
        order = np.lexsort((number, latest, np.where(is_term, what, 0), self._cell))
        self._a, self._b = self._a[order], self._b[order]
        self._coef, self._what = self._coef[order], what[order]

    def _told(self) -> tuple[Any, Any, Any]:
        """Return two hashes for each entry: of what it is, and, linear in them, of its addresses.

        Each has a second column, for entries that are alike wherever what they read comes from.

        Entries are nodes, each after its terms where sums are long; and whether they are nodes.
        """
        graph, sequence, what = self.graph, self._sequence, self._what
        stands = np.where(graph.kind == CONST, 0, self._stands).astype(np.uint64)
        where = stands[self._a] * _WAYS[0] + stands[self._b] * _WAYS[1]
        size = np.diff(self._start)
        is_sum = graph.kind[sequence] < FIRST_ROW
        summed = is_sum & (size > (0 if len(np.unique(size[is_sum])) > FLAT else FLAT))
        flat = ~summed[self._cell]
        cell = self._cell[flat]
        number = np.flatnonzero(flat) - self._start[cell]
        kind = mixed(graph.kind[sequence] + 1000 * np.where(summed, 0, size))
        whole = kind.copy()
        place = self._stands[sequence].astype(np.uint64)
        np.add.at(whole, cell, mixed(what[flat] + number.astype(np.uint64)))
        np.add.at(place, cell, where[flat] * mixed(number))
        ends = np.cumsum(np.where(summed, size, 0))
        self._ends = np.concatenate([[0], ends + np.arange(1, len(ends) + 1)])
        self._entry = np.insert(np.flatnonzero(~flat), ends, -1 - np.arange(len(size)))
        is_node = self._entry < 0
        told = [
            np.insert(terms[~flat], ends, nodes)
            for terms, nodes in ((what, whole), (0 * what, kind), (where, place), (0 * where, 0 * place))
        ]
        return np.column_stack(told[:2]), np.column_stack(told[2:]), is_node

    def _enter(
        self, loops: list[Ints], places: Ints, shared: int, read: list[tuple[list[Ints], Ints]]
    ) -> bool:
        """Make the statement of the nodes in some places; tell whether all addresses move evenly."""
        graph, nodes = self.graph, self._sequence[places]
        kind = int(graph.kind[nodes[0]])
        size = int(self._start[places[0] + 1] - self._start[places[0]])
        read = read or [(loops, self._start[places] + k) for k in range(size)]
        try:
            nest = _Nest(loops)
            result = nest.ref(self.pin[nodes])
            made = []
            for around, at in read:
                own = nest if len(around) == len(loops) else _Nest(around)
                made.append(self._part(own, at, result))
        except _UnevenError:
            return False
        statement = Statement(nodes, False, made, sizes=nest.sizes, shared=shared if loops else -1)
        if kind >= FIRST_ROW:
            statement.op, statement.params = graph.rows[kind - FIRST_ROW]
            statement.operands = [_operand(part) for part in made]
            statement.result, statement.parts = result, []
        elif kind in EXTREMA:
            statement.extremum = "max" if kind == MAX else "min"
        self.address[nodes] = self.pin[nodes]
        self.block[nodes] = self.blocks
        self.blocks += 1
        self.statements.append(statement)
        return True

    def _part(self, nest: _Nest, at: Ints, result: Ref) -> Part:
        """Return what is read in each round of loops: two factors, or one, or a number."""
        graph, numbers = self.graph, self._coef[at]
        refs = []
        for nodes in (self._a[at], self._b[at]):
            if graph.kind[nodes[0]] != CONST:
                refs.append(nest.ref(self._stands[nodes]))
            elif nodes[0] != ONE:
                numbers = numbers * graph.value[nodes]
        a, b = [*refs, None, None][:2]
        target = replace(result, strides=(*result.strides, *[0] * (len(nest.sizes) - len(result.strides))))
        return Part(nest.sizes, target, nest.number(numbers), a, b)


_WAYS = mixed(np.arange(4 * LONGEST))


def _operand(part: Part) -> Ref:
    """Return an operand of a row."""
    if part.a is not None:
        return part.a
    return part.coef if isinstance(part.coef, Ref) else Ref(constants=np.array(part.coef))


class _UnevenError(Exception):
    """Addresses that do not move evenly."""


class _Nest:
    """Loops within each other, given of each how many rounds it has in all rounds of those around it."""

    def __init__(self, loops: list[Ints]) -> None:
        self.rounds = np.zeros((1, 0), np.int64)
        self.sizes: tuple[int, ...] = ()
        for counts in loops:
            first, steps = self._even(counts)
            size = Slanted(int(counts.max()), first, steps) if any(steps) else first
            inner = np.arange(int(counts.sum())) - repeated(np.cumsum(counts) - counts, counts)
            self.rounds = np.column_stack([np.repeat(self.rounds, counts, axis=0), inner])
            self.sizes = *self.sizes, size

    def _even(self, numbers: Ints) -> tuple[int, tuple[int, ...]]:
        """Return the first of some numbers, and how they grow along the loops."""
        rounds = np.column_stack([np.ones(len(self.rounds), np.int64), self.rounds])
        first = [0, *np.argmax(self.rounds != self.rounds[0], axis=0)]  # where each loop goes on
        steps = np.rint(np.linalg.pinv(rounds[first]) @ numbers[first]).astype(np.int64)
        if (rounds @ steps != numbers).any():
            raise _UnevenError
        return int(steps[0]), tuple(steps[1:].tolist())

    def ref(self, at: Ints) -> Ref:
        """Return what stands at some addresses."""
        return Ref(*self._even(at))

    def number(self, numbers: Any) -> float | Ref:
        """Return a number, or a table over the loops where it is not the same in all rounds."""
        if (numbers == numbers[0]).all():
            return float(numbers[0])
        table = np.full(tuple(map(int, self.sizes)), numbers[0])
        table[tuple(self.rounds.T)] = numbers
        return Ref(constants=compress(table))


def _folded(what: Any, where: Any, is_node: Any) -> Iterator[list[Item]]:
    """Yield entries as items, in loops where what comes again and where moves evenly; then wherever it is."""
    raws = [_Raw(what[:, loose], where[:, loose], is_node) for loose in range(2)]
    begin, counts, moves = _runs(what[:, 0], where[:, 0], is_node)
    items: list[Item] = begin.tolist()
    looped = counts > 0
    for first in np.flatnonzero(looped).tolist():
        items[first] = [[k] for k in range(int(begin[first]), int(begin[first] + counts[first]))]
    closed = is_node[begin]  # whether an item ends with a node
    whats, wheres = what[begin], where[begin]
    move = np.column_stack([moves, 0 * moves])[looped]
    whats[looped] = mixed(mixed(whats[looped] * _WAYS[0]))
    wheres[looped] = wheres[looped] * _WAYS[0] + move * _WAYS[1]
    wheres[looped] += (counts[looped].astype(np.uint64) * _WAYS[-1])[:, None]
    for loose, raw in enumerate(raws):
        what, where = whats[:, loose], wheres[:, loose]
        untried = np.arange(LONGEST + 1) > 0
        while untried.any() and FEWEST * (period := int(untried.argmax())) <= len(items):
            untried[period] = False
            same = what[period:] == what[:-period]
            at = np.flatnonzero(same[period:] & same[:-period])
            step = where[at + period] - where[at]
            at = at[where[at + 2 * period] - where[at + period] == step]
            edges = np.flatnonzero(np.diff(at, prepend=-2, append=-2) != 1)
            runs = np.column_stack([at[edges[:-1]], at[edges[1:] - 1] + 1])
            made: list[Item] = []
            loops: list[tuple[int, int, int, int, bool]] = []
            done, keep = 0, np.ones(len(items), bool)
            for first, last in runs[runs[:, 1] - runs[:, 0] >= period].tolist():
                end = last + 2 * period
                whole = bool(closed[first : first + period].any())
                while whole and not closed[end - 1]:
                    end -= 1
                count = (end - max(first, done)) // period
                low = end - count * period  # late: what is peculiar in the first round then stays outside
                if whole and 0 < low < end and not closed[low - 1]:
                    count, low = count - 1, low + period
                if count < FEWEST:
                    continue
                rounds = [items[k : k + period] for k in range(low, end, period)]
                body, back = low, 0
                if any(isinstance(x, list) and len(x) != len(y) for x, y in zip(*rounds[:2], strict=True)):
                    low, end, back = raw.extended(rounds, begin, low, end, done)
                made += [*items[done:low], rounds]
                loops.append((low, body, back, len(rounds), whole))
                keep[low:end] = False
                done = end
            if done:
                low, body, back, count, whole = np.array(loops).T
                at, ways = body[:, None] + np.arange(period), _WAYS[: 2 * period, None]
                move = wheres[at + period] - wheres[at]
                place = (wheres[at] - back[:, None, None].astype(np.uint64) * move) * ways[:period]
                rounds_of = count[:, None].astype(np.uint64) * _WAYS[-1]
                place = (place + move * ways[period:]).sum(axis=1) + rounds_of
                kind = mixed(mixed(whats[at] * _WAYS[:period, None]).sum(axis=1))
                before = np.cumsum(keep)[low]
                whats, wheres, begin, closed = [
                    np.insert(x[keep], before, new, axis=0)
                    for x, new in ((whats, kind), (wheres, place), (begin, begin[low]), (closed, whole != 0))
                ]
                what, where = whats[:, loose], wheres[:, loose]
                items = made + items[done:]
                untried[1:] |= _again([what, where], before + np.arange(len(before)))
        yield items


def _again(columns: list[Any], new: Ints) -> Any:
    """Tell of which periods there may be loops of some new items."""
    if len(new) > LONGEST:
        return True
    at = 2 * LONGEST + new[:, None] + np.arange(-2, 3)[:, None, None] * np.arange(1, LONGEST + 1)
    what, where = [np.pad(x, 2 * LONGEST)[at] for x in columns]
    same, step = what[1:] == what[:-1], np.diff(where, axis=0)
    return (same[1:] & same[:-1] & (step[1:] == step[:-1])).any(axis=(0, 1))


def _runs(what: Any, where: Any, is_node: Any) -> tuple[Ints, Ints, Any]:
    """Return where items begin, how many terms each is that move evenly, 0 where none do, and how."""
    step = np.append(where[1:] - where[:-1], 0).astype(np.uint64)
    pair = np.append(~is_node[1:] & ~is_node[:-1] & (what[1:] == what[:-1]), False)
    key = mixed(what + mixed(step))
    thrice = np.flatnonzero(pair[1:] & pair[:-1] & (key[1:] == key[:-1]))
    if not len(thrice):
        return np.arange(len(what)), np.zeros(len(what), np.int64), step
    usual = np.sort(key[thrice])
    link = pair & (usual[np.minimum(np.searchsorted(usual, key), len(usual) - 1)] == key)
    link[1:] &= ~link[:-1] | (key[1:] == key[:-1])
    by = thrice[np.argsort(what[thrice], kind="stable")]
    kind = np.minimum(np.searchsorted(what[by], what), len(by) - 1)
    known = (what[by[kind]] == what) & ~is_node
    before, after = np.append(False, link[:-1]), np.append(link[1:], False)
    apart, usual = pair & ~(link | before | after), link & ~before & after
    apart, usual = (np.bincount(kind[x], minlength=len(by)) for x in (apart, usual))
    link &= before | after | (apart <= usual)[kind]  # two may move as others by chance
    begin = np.flatnonzero(np.append(True, ~link[:-1]))
    counts = np.where(known[begin], np.diff(begin, append=len(what)), 0)
    moves = np.where(counts == 1, step[by[kind[begin]]], step[begin])
    group = np.where(known[begin], np.cumsum(is_node)[begin] + len(what) * kind[begin], -1)
    looped = np.argsort(group, kind="stable")
    size = np.unique(group, return_counts=True)[1]
    size = repeated(size, size)
    for way in (size, -size):  # one term moves as two do before or behind it, in a sum of as many loops
        like = looped[(np.arange(len(looped)) + way) % len(looped)]
        same = (size > 1) & (counts[looped] == 1) & (counts[like] == 2)
        same &= kind[begin[looped]] == kind[begin[like]]
        moves[looped[same]] = step[begin[like[same]]]
    return begin, counts, moves


class _Raw:
    """What all entries are, and behind them those of a round that is predicted."""

    def __init__(self, what: Any, where: Any, is_node: Any) -> None:
        self.size, self.is_node = len(what), is_node
        self._columns = what, where
        self._told: list[list[int]] = []

    def extended(
        self, rounds: list[list[Item]], begin: Ints, low: int, end: int, done: int
    ) -> tuple[int, int, int]:
        """Put rounds before and behind those of a loop if what they would be is there, however short.

        Return where it begins and ends now, and how many have come before.
        """
        self._told = self._told or [x.tolist() for x in self._columns]
        edges, back = np.append(begin, self.size), 0
        for near, far in ((0, 1), (-1, -2)):
            while (body := self._next(rounds[near], rounds[far])) is not None:
                size = len(self._told[0]) - self.size
                at = int(edges[end] if near else edges[low] - size)
                place = int(np.searchsorted(edges, at + size if near else at))
                there = done <= place < len(edges) and edges[place] == (at + size if near else at) and size
                if not there or any(x[at : at + size] != x[self.size :] for x in self._told):
                    break
                body = _shifted(body, at - self.size)
                if near:
                    rounds.append(body)
                    end = place
                elif at and not self.is_node[at - 1]:
                    break
                else:
                    rounds.insert(0, body)
                    low, back = place, back + 1
        return low, end, back

    def _next(self, near: list[Item], far: list[Item]) -> list[Item] | None:
        """Return the round that comes next to two, of entries behind all others."""
        for x in self._told:
            del x[self.size :]
        return self._predicted(near, near, far)

    def _predicted(self, near: list[Item], ahead: list[Item], far: list[Item]) -> list[Item] | None:
        """Return a round that is so much ahead of one as another is of a third; its entries are noted."""
        what, where = self._told
        made: list[Item] = []
        for some in zip(near, ahead, far, strict=True):
            x, y, z = some
            if isinstance(x, int) or isinstance(y, int) or isinstance(z, int):
                if not (isinstance(x, int) and isinstance(y, int) and isinstance(z, int)):
                    return None
                made.append(len(what))
                what.append(what[x])
                where.append((where[x] + where[y] - where[z]) % (1 << 64))
                continue
            loop: list[Any] = []
            long = max(x, y, key=len)
            least, count = min(map(len, (x, y, z))), len(x) + len(y) - len(z)
            if count < 0 or (count > least and (not least or len(long) < 2)):
                return None
            for k in range(count):
                loop.append(
                    self._predicted(
                        *((r[k] for r in (x, y, z)) if k < least else (loop[-1], long[-1], long[-2]))
                    )
                )
                if loop[-1] is None:
                    return None
            made.append(loop)
        return made


def _shifted(body: list[Item], by: int) -> list[Item]:
    """Return a round with its entries elsewhere."""
    return [x + by if isinstance(x, int) else [_shifted(r, by) for r in x] for x in body]


def _inside(slot: list[Any]) -> tuple[Ints, list[list[Any]]]:
    """Return how many rounds loops have, and what stands in each place of a round in all rounds."""
    rounds = [body for loop in slot for body in loop]
    return np.array([*map(len, slot)]), [list(column) for column in zip(*rounds, strict=True)]


def _width(slots: list[list[Any]], is_node: Any) -> int:
    """Return how many places the nodes of a round take, loops as many as the longest has."""
    width = 0
    for slot in slots:
        if isinstance(slot[0], int):
            width += int(is_node[slot[0]])
        else:
            counts, inner = _inside(slot)
            width += (int(counts.max()) + bool(np.ptp(counts))) * _width(inner, is_node)
    return width


def _gridded(slots: list[list[Any]], base: Ints, at: Ints, is_node: Any) -> None:
    """Give nodes places in the order of entries, loops as many as the longest has."""
    for slot in slots:
        if isinstance(slot[0], int):
            at[slot] = base
            base = base + int(is_node[slot[0]])
        else:
            counts, inner = _inside(slot)
            width = _width(inner, is_node)
            number = np.arange(int(counts.sum())) - repeated(np.cumsum(counts) - counts, counts)
            _gridded(inner, np.repeat(base, counts) + width * number, at, is_node)
            base = base + width * (int(counts.max()) + bool(np.ptp(counts)))


def _leaves(slots: list[list[Any]], loops: list[Ints]) -> Iterator[tuple[list[Ints], Ints]]:
    """Yield, for what stands in one place of a round in all rounds, the loops around it, and its places.

    Of each loop there is an array: how many rounds it has, in all rounds of those around it.
    """
    for slot in slots:
        if isinstance(slot[0], int):
            yield loops, np.array(slot)
        else:
            counts, inner = _inside(slot)
            yield from _leaves(inner, [*loops, counts] if (counts != 1).any() else loops)
