"""Find the rounds of loops in a graph: stretches of nodes that are built alike, as those of time steps are.

The nodes stand in a sequence in which they can be computed, that of recording; the adjoints of a gradient go
the other way. Where what a node is comes again and again at one distance, there is a loop, and a stretch of
that length is a round. It counts if the places of all operands move evenly from round to round: those of the
round before, of inputs, or of another loop's rounds, whose results a gradient reads backwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import mixed, repeated
from autograd.compiler.graph.ir import CONST, ONE, SOP, Graph, Ints, csr, spans

__all__ = ["LEAST", "Found", "Stretch", "find", "operands_of", "sequence_of", "stretches"]

LEAST = 8
"""Rounds from which a loop is made before there are statements."""
NARROW = 8.0
"""Nodes that can be computed at once, on average, from which groups of them over whole arrays do better."""
WINDOW = 8
"""So many nodes in a row are compared with others to find a distance at which they come again."""
TRIES = 12
"""Distances tried around one node."""
LOOKS = 256
"""Distances looked at around one node, to find those that are worth a try."""
TOGETHER = 8
"""So many rounds are one if that makes their constants equal."""
DEEPEST = 3
"""How many loops around a loop are looked for."""


@dataclass
class Stretch:
    """Rounds in a sequence: ``count`` of ``period`` places each, from ``start`` on."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        """The first place after it."""
        return self.start + self.period * self.count


@dataclass
class Found:
    """The sequence of nodes, their places in it, the loops in order, and the operands of all nodes.

    Those of the node in place q are ``operands[first[q]:first[q + 1]]``: of a row as it has them, of a sum
    the two factors of each term, whose coefficients are ``coefs[first_coef[q]:first_coef[q + 1]]``. ``level``
    is that of each node.
    """

    sequence: Ints
    place: Ints
    grids: list[Stretch]
    """Rounds that are alike in kind; results of one place in all of them are to stand in a row."""
    loops: list[Stretch]
    """Those of them whose operands move evenly too."""
    first: Ints
    operands: Ints
    first_coef: Ints
    coefs: Any
    level: Ints

    @property
    def looped(self) -> int:
        """How many nodes are in loops."""
        return sum(loop.period * loop.count for loop in self.loops)

    def table(self, loop: Stretch) -> Ints:
        """Return the operands of a loop's nodes, a row for each round."""
        return self.operands[self.first[loop.start] : self.first[loop.end]].reshape(loop.count, -1)

    def coefficients(self, loop: Stretch) -> Any:
        """Return the coefficients of the terms of a loop's nodes, a row for each round."""
        return self.coefs[self.first_coef[loop.start] : self.first_coef[loop.end]].reshape(loop.count, -1)


def find(graph: Graph, lane: Any, ahead: Any) -> Found | None:
    """Return the narrow loops of a graph, or None if there are none worth it.

    ``ahead`` tells of each node whether it is computed before all others.
    """
    work = graph.args[:, 0] >= 0
    work[graph.terms.node] = True
    work &= ~(ahead | graph.scatters())
    if int(work.sum()) < LEAST * LEAST:
        return None
    level = graph.levels()
    if int(work.sum()) >= NARROW * int(level.max()):
        return None
    sequence = sequence_of(graph, work, level, np.arange(graph.size))
    if sequence is None:
        return None
    looks = _looks(graph, lane)[sequence]
    candidates = stretches(looks)
    if not candidates:
        return None
    place = np.full(graph.size, -1, np.int64)
    place[sequence] = np.arange(len(sequence))
    first, operands, first_coef, coefs = operands_of(graph, sequence)
    # Leaves count down from -2 and constants are all alike: only that they move evenly matters.
    at = np.where(work, place, -2 - np.arange(graph.size))
    at[graph.kind == CONST] = -1
    found = Found(sequence, place, [], [], first, operands, first_coef, coefs, level)
    for stretch in candidates:
        grid = _steady(stretch, graph.value[found.table(stretch)], found.coefficients(stretch))
        single, even = grid, _even(grid, at[found.table(grid)])
        for times in range(2, TOGETHER + 1):
            if even or grid.count < 2 * LEAST:
                break
            # Rounds of a loop within another may read what comes before all of them: then several are one.
            grid = Stretch(single.start, single.period * times, single.count // times)
            even = _even(grid, at[found.table(grid)])
        found.loops += even
        found.grids += [grid] * bool(even)
    _drop_parts(found)
    if 4 * found.looped < len(sequence):
        return None
    return found


def _drop_parts(found: Found) -> None:
    """Drop rounds of which longer ones read some as if these belonged to a round of their own."""
    owner = np.full(len(found.sequence) + 1, -1)  # the last one is that of what is not in the sequence
    for i, grid in enumerate(found.grids):
        owner[grid.start : grid.end] = i
    sizes = np.array([grid.period * grid.count for grid in found.grids] + [0])
    parts: set[int] = set()
    for loop in sorted(found.loops, key=lambda loop: -loop.period * loop.count):
        if int(owner[loop.start]) not in parts:
            at = found.place[found.table(loop)[[0, loop.count // 2, -1]]]
            first, home, last = owner[at[:, (at[0] != at[2]) & (at >= 0).all(axis=0)]]
            ends = np.stack([first, last])
            parts.update(ends[(ends != home) & (sizes[ends] < sizes[home])].tolist())
    parts.discard(-1)
    found.loops = [loop for loop in found.loops if int(owner[loop.start]) not in parts]
    found.grids = [grid for i, grid in enumerate(found.grids) if i not in parts]


def sequence_of(graph: Graph, work: Any, level: Ints, turn: Ints) -> Ints | None:
    """Return the nodes that are computed in an order that is alike in all rounds; None if there is none."""
    n, forward = graph.size, graph.forward if graph.forward >= 0 else graph.size
    turn = 2 * turn
    top = int(turn[:forward].max(initial=0)) + 1
    producers, consumers = graph.edges()
    inner = work[producers]
    producers, consumers = producers[inner], consumers[inner]
    if forward < n:
        behind = np.arange(n) >= forward
        own = behind & (graph.primal >= 0)
        turn[own] = 2 * top - turn[graph.primal[own]] + 1
        # The steps of rules: as soon as what they rest on allows, seen from the end of the forward pass.
        steps = behind & ~own & work
        latest = np.zeros(n, np.int64)
        ahead = steps[consumers] & (producers < forward)
        np.maximum.at(latest, consumers[ahead], turn[producers[ahead]])
        turn[steps] = 2 * top - latest[steps]
        after = steps[consumers] & (producers >= forward)
        for _ in range(64):
            before = turn.copy()
            np.maximum.at(turn, consumers[after], turn[producers[after]])
            if (turn == before).all():
                break
    for _ in range(64):
        late = turn[producers] > turn[consumers]
        if not late.any():
            nodes = np.flatnonzero(work)
            return nodes[np.lexsort((nodes, level[nodes], turn[nodes]))]
        np.minimum.at(turn, producers[late], turn[consumers[late]])
    return None


def _looks(graph: Graph, lane: Any) -> Any:
    """Return a hash of what each node is, with the kinds of its operands; constants are all alike."""
    n, t = graph.size, graph.terms
    with np.errstate(over="ignore"):
        own = mixed(mixed(graph.kind.astype(np.int64) * 2 + lane) + _of_no_size(graph.value))
        own[ONE] = 1
        start, order = csr(t.node, np.arange(len(t)), n)
        t = t.take(order)
        number = (np.arange(len(t)) - start[t.node]).astype(np.uint64)
        coef = mixed(mixed(_of_no_size(t.coef) + number * np.uint64(3)) + t.over)
        total = own.copy()
        np.add.at(total, t.node, coef)
        fixed = (graph.kind[t.node] != SOP) & (graph.kind[t.a] == CONST)  # an extremum's bound
        np.add.at(total, t.node[fixed], mixed(graph.value[t.a[fixed]].view(np.uint64)))
        for i, column in enumerate(graph.args.T):
            there = column >= 0
            total[there] += mixed(own[column[there]] + np.uint64(i))
        np.add.at(total, t.node, mixed(mixed(own[t.a] + number) * np.uint64(5) + own[t.b]))
        # What has a place of its own, or is gathered over lanes, belongs to no loop.
        apart = np.zeros(n, bool)
        apart[graph.pinned[graph.pinned >= 0]] = True
        apart[t.node[t.over]] = True
        total[apart] = mixed(np.flatnonzero(apart))
    return mixed(total)


def _of_no_size(numbers: Any) -> Any:
    """Return the bits of infinities and NaN, and 0 for all other numbers."""
    return np.where(np.isfinite(numbers), np.uint64(0), numbers.view(np.uint64))


def stretches(looks: Any) -> list[Stretch]:
    """Return stretches of rounds in a sequence of hashes, in order, as long as can be found."""
    size = len(looks)
    if size < LEAST * 2:
        return []
    windows, width = looks.copy(), 1
    with np.errstate(over="ignore"):
        while width < WINDOW:
            windows[: size - width] = mixed(windows[: size - width] * np.uint64(3) + windows[width:])
            windows[size - width :] = mixed(np.arange(width) + width)  # of no whole window
            width *= 2
    found: list[Stretch] = []
    todo = [(0, size)]
    tries = 0
    while todo and tries < 256:
        low, high = todo.pop()
        if high - low < LEAST * 2:
            continue
        tries += 1
        middle = (low + high) // 2
        best = _around(min(middle, high - WINDOW), looks, windows, low, high)
        if best is None:
            if high - low >= 4 * WINDOW:
                todo += [(low, middle), (middle, high)]
            continue
        for _ in range(DEEPEST):
            # What comes once in a round of a loop around this one is where this one ends.
            around = _around(min(best.end - WINDOW // 2, high - WINDOW), looks, windows, low, high)
            if around is None or around.period * around.count <= best.period * best.count:
                break
            best = around
        found.append(best)
        todo += [(low, best.start), (best.end, high)]
    return sorted(found, key=lambda loop: loop.start)


def _around(anchor: int, looks: Any, windows: Any, low: int, high: int) -> Stretch | None:
    """Return the longest stretch of rounds, within bounds, that a place belongs to."""
    same = windows[low:high] == windows[anchor]
    distances = np.unique(np.abs(np.flatnonzero(same) + low - anchor))
    best: Stretch | None = None
    reach = tries = 0
    for _ in range(LOOKS):
        k = int(np.searchsorted(distances, reach, side="right"))
        if k == len(distances) or tries == TRIES:
            break
        reach = period = int(distances[k])
        if best is not None and period % best.period == 0:
            # Rounds of two periods are rounds of one; longer ones come after the end of these.
            reach = max(reach, best.end - anchor, anchor - best.start)
            continue
        if LEAST * period > high - low:
            break
        again = same[(anchor - low) % period :: period]
        if not _often(again, (anchor - low) // period):
            continue
        tries += 1
        unlike = np.flatnonzero(looks[low : high - period] != looks[low + period : high]) + low
        i = int(np.searchsorted(unlike, min(anchor, high - period - 1)))
        begin = int(unlike[i - 1]) + 1 if i else low
        end = (int(unlike[i]) if i < len(unlike) else high - period) + period
        count = (end - begin) // period
        if count >= LEAST and (best is None or count * period > best.count * best.period):
            # As late a start as possible: what is peculiar in the first round stays outside.
            best = Stretch(end - count * period, period, count)
    return best


def _often(again: Any, k: int) -> bool:
    """Tell whether a place is one of so many in a row, but one, at which something comes again."""
    unlike = np.flatnonzero(~again)
    i = int(np.searchsorted(unlike, k))
    first = int(unlike[i - 1]) + 1 if i else 0
    return (int(unlike[i]) if i < len(unlike) else len(again)) - first >= LEAST - 1


def operands_of(graph: Graph, sequence: Ints) -> tuple[Ints, Ints, Ints, Any]:
    """Return where the operands of nodes begin, and these; and the same of their coefficients."""
    n, t = graph.size, graph.terms
    start, order = csr(t.node, np.arange(len(t)), n)
    counts = start[1:] - start[:-1]
    rows = (graph.args >= 0).sum(1)
    sizes = (rows + 2 * counts)[sequence]
    first = np.zeros(len(sequence) + 1, np.int64)
    np.cumsum(sizes, out=first[1:])
    operands = np.full(int(first[-1]), ONE, np.int64)
    own = rows[sequence]
    for i, column in enumerate(graph.args.T):
        there = own > i
        operands[first[:-1][there] + i] = column[sequence[there]]
    which = order[spans(start[sequence], start[sequence + 1])]
    of = repeated(np.arange(len(sequence)), counts[sequence])
    number = np.arange(len(which)) - repeated(
        np.cumsum(counts[sequence]) - counts[sequence], counts[sequence]
    )
    operands[first[of] + 2 * number] = t.a[which]
    operands[first[of] + 2 * number + 1] = t.b[which]
    first_coef = np.zeros(len(sequence) + 1, np.int64)
    np.cumsum(counts[sequence], out=first_coef[1:])
    return first, operands, first_coef, t.coef[which]


def _steady(loop: Stretch, *constants: Any) -> Stretch:
    """Return a loop without the first or last few rounds where the constants of the others are the same.

    Or where those of every second round are, or of every third: then as many rounds are one.
    """
    for times in range(1, TOGETHER + 1):
        size = loop.count - times
        if loop.count // times < LEAST:
            break
        unlike = np.flatnonzero(~np.all([(x[times:] == x[:-times]).all(axis=1) for x in constants], axis=0))
        k = int(np.searchsorted(unlike, size // 2))
        first = int(unlike[k - 1]) + 1 if k else 0
        end = (int(unlike[k]) if k < len(unlike) else size) + times
        count = (end - first) // times
        if count >= LEAST and end - first >= loop.count - TOGETHER:
            return Stretch(loop.start + (end - count * times) * loop.period, times * loop.period, count)
    return loop


def _even(loop: Stretch, at: Ints) -> list[Stretch]:
    """Return those rounds of a loop over which the places of all operands move evenly."""
    steps = np.diff(at, axis=0)
    steady = (steps[1:] == steps[:-1]).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steady, [False]]).astype(np.int8)))
    found, free = [], 0
    for low, high in edges.reshape(-1, 2).tolist():
        first, end = max(low, free), high + 2
        while end - first >= LEAST and _ambiguous(at[first], at[first + 1]):
            first += 1
        if end - first >= LEAST:
            found.append(Stretch(loop.start + first * loop.period, loop.period, end - first))
            free = end
    return found


def _ambiguous(here: Ints, there: Ints) -> bool:
    """Tell whether what stands in one place in a round moves in two ways."""
    pairs = set(zip(here.tolist(), there.tolist(), strict=True))
    return len(pairs) > len({x for x, _ in pairs})
