"""Find what a graph does again and again, so that it is drawn once: time steps, samples, neurons of a layer.

The nodes stand in the order in which they can be computed. Where what is applied comes again at one distance,
a stretch of that length is a round, as in the loops of compiled programs; it counts if the operands move
evenly from round to round: with the rounds, or not at all. What a round reads of the one before it is
carried. Rounds are looked for within a round, too.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Final

from autograd.native import engine
from autograd.op import ANY
from autograd.value import Value

__all__ = ["Rolled", "Rounds", "operands_of", "pattern", "roll", "roll_numbered"]

LEAST: Final = 3
"""Rounds from which they are drawn as one."""
TRIES: Final = 12
"""Distances tried around one node."""
KINDS: Final = 8
"""So many kinds of nodes, the rarest, are looked at to find rounds."""
DEEPEST: Final = 4
"""Rounds within rounds are looked for so often."""

_DIGITS: Final = re.compile(r"\d+")


@dataclass(slots=True, eq=False)
class Rounds:
    """``count`` rounds of ``period`` nodes, from number ``start`` of the sequence on."""

    start: int
    period: int
    count: int
    inner: list[Rounds] = field(default_factory=list)
    """Those within the first round."""
    carries: bool = False
    """Whether a round reads what the one before it computed."""

    @property
    def end(self) -> int:
        """The first node after them."""
        return self.start + self.period * self.count


@dataclass(slots=True)
class Rolled:
    """The rounds of a graph, whose nodes that are no leaves have places in the order of computation."""

    order: list[int]
    """The number of the node at each place."""
    places: list[int]
    """The place of each node; of a leaf more than all of them."""
    rounds: list[Rounds]
    first: list[int]
    """For each place that of the same node in the first of all rounds."""
    around: list[tuple[Rounds, ...]]
    """For each place the rounds that it is in, the outermost first."""
    begins: list[int]
    """For each node the place where its turn begins, of the outer two rounds around it; 0 without rounds."""

    def earlier(self, operands: Sequence[int], node: int) -> tuple[bool, ...]:
        """Return which operands of a node were computed in an earlier turn of its rounds; () if none was."""
        place, begin = self.places[node], self.begins[node]
        if min(map(self.places.__getitem__, operands), default=begin) >= begin:
            return ()
        outer = self.around[place][0]
        before = (place - outer.start) // outer.period * outer.period
        first, turn, inner = outer.start, outer.start + before, begin
        if len(self.around[place]) > 1:
            inner = self.around[place][1].start + before
        found = [first <= at < turn or inner <= at < begin for at in map(self.places.__getitem__, operands)]
        return tuple(found) if any(found) else ()


@lru_cache(maxsize=4096)
def pattern(path: str) -> str:
    """Return a path in which the number of the last module is left open.

    Examples
    --------
    >>> pattern("layer1.n12")
    'layer1.n*'
    """
    outer, dot, last = path.rpartition(".")
    return f"{outer}{dot}{_DIGITS.sub('*', last)}"


def roll(nodes: Sequence[Value]) -> Rolled:
    """Find the rounds in sorted nodes.

    Examples
    --------
    >>> from autograd import Value, toposort
    >>> w, h = Value(0.5, "w"), Value(0.0, "h0")
    >>> for x in (0.1, 0.2, 0.3, 0.4):
    ...     h = (w * h + x).tanh()
    >>> [(found.period, found.count, found.carries) for found in roll(toposort(h)).rounds]
    [(3, 4, True)]
    """
    return roll_numbered(nodes, operands_of(nodes), [v.scope for v in nodes])


def operands_of(nodes: Sequence[Value]) -> list[tuple[int, ...]]:
    """Return for each of sorted nodes the numbers of its operands that are nodes; one is as often there.

    Examples
    --------
    >>> from autograd import Value, toposort
    >>> x = Value(3.0)
    >>> operands_of(toposort(x * x))
    [(), (0, 0)]
    """
    numbers = dict(zip(nodes, range(len(nodes)), strict=True))
    if engine is not None:
        found: list[tuple[int, ...]] = engine.operands(list(nodes), numbers)
        return found
    return [tuple(map(numbers.__getitem__, v.parents)) for v in nodes]


def roll_numbered(
    nodes: Sequence[Value], operands: Sequence[tuple[int, ...]], scopes: Sequence[str]
) -> Rolled:
    """Find the rounds in sorted nodes, of which the numbers of operands and the scopes are known."""
    ops = list(map(attrgetter("op"), nodes))
    order = _computed(operands, [op is None for op in ops])
    places = [len(nodes)] * len(nodes)
    for place, i in enumerate(order):
        places[i] = place
    sequence = [nodes[i] for i in order]
    made = [(ops[i], scopes[i]) for i in order]
    numbers: dict[object, int] = {}
    kinds = {}
    for kind in dict.fromkeys(made):
        op, scope = kind
        kinds[kind] = numbers.setdefault((op, pattern(scope)), len(numbers))
    looks = list(map(kinds.__getitem__, made))
    several = {op for op, _ in kinds if op.arity == ANY}
    if several:
        for place, (op, _) in enumerate(made):
            if op in several:
                look = looks[place], len(sequence[place].operands)
                looks[place] = numbers.setdefault(look, len(numbers))
    rounds = _Finder(sequence, looks).within(0, len(sequence), DEEPEST)
    first, since = list(range(len(sequence))), list(range(len(sequence)))
    around: list[tuple[Rounds, ...]] = [()] * len(sequence)
    _spread(rounds, first, around, since, 2)
    begins = [0] * len(nodes)
    for place, i in enumerate(order):
        begins[i] = place - since[place]
    return Rolled(order, places, rounds, first, around, begins)


def _spread(
    rounds: list[Rounds], first: list[int], around: list[tuple[Rounds, ...]], since: list[int], levels: int
) -> None:
    """Note of what is in rounds where it stands in the first of them, and in its turn of so many levels."""
    for found in rounds:
        head = slice(found.start, found.start + found.period)
        if levels > 0:
            since[head] = range(found.period)
        _spread(found.inner, first, around, since, levels - 1)
        around[head] = [(found, *inner) for inner in around[head]]
        around[found.start : found.end] = around[head] * found.count
        for known in (first, since):
            known[found.start : found.end] = known[head] * found.count


def _computed(operands: Sequence[tuple[int, ...]], leaves: Sequence[bool]) -> list[int]:
    """Return what is no leaf, after its operands, and each as soon before its use as can be.

    Of the operands of a node those that take longest come first, as a loop computes them.
    """
    depth = [0] * len(operands)  # of leaves
    depth_of = depth.__getitem__
    waiting: list[list[int]] = []  # for each node its operands that are no leaves, the next one at the end
    for i, listed in enumerate(operands):
        below = list(filter(depth_of, listed))
        waiting.append(below)
        if len(below) > 1:
            depth[i] = max(map(depth_of, below)) + 1
            below.reverse()
            below.sort(key=depth_of)
        elif not leaves[i]:
            depth[i] = depth[below[0]] + 1 if below else 1
    used = set(itertools.chain.from_iterable(operands))
    stack = [i for i in reversed(range(len(operands))) if depth[i] and i not in used]  # the first one on top
    order: list[int] = []
    done = bytearray(len(operands))
    while stack:
        i = stack[-1]
        below = waiting[i]
        while below and done[below[-1]]:
            below.pop()
        if below:
            stack.append(below.pop())
        else:
            stack.pop()
            done[i] = True
            order.append(i)
    return order


class _Finder:
    """What is known of the sequence."""

    def __init__(self, sequence: list[Value], looks: list[int]) -> None:
        self.sequence, self.looks = sequence, looks
        self.place = dict(zip(sequence, range(len(sequence)), strict=True))
        self.alike: dict[int, list[int]] = {}
        for i, look in enumerate(looks):
            self.alike.setdefault(look, []).append(i)

    def within(self, low: int, high: int, depth: int) -> list[Rounds]:
        """Return the rounds between two places, in order."""
        found: list[Rounds] = []
        todo = [(low, high)]
        while todo:
            low, high = todo.pop()
            best = self._best(low, high) if high - low >= LEAST else None
            if best is None:
                continue
            if depth > 1 and best.period >= LEAST:
                best.inner = self.within(best.start, best.start + best.period, depth - 1)
            found.append(best)
            todo += [(low, best.start), (best.end, high)]
        return sorted(found, key=lambda rounds: rounds.start)

    def _best(self, low: int, high: int) -> Rounds | None:
        """Return the rounds that cover most between two places."""
        best: Rounds | None = None
        kinds = []
        for places in self.alike.values():
            first, end = bisect_left(places, low), bisect_left(places, high)
            if end - first >= LEAST:
                kinds.append((end - first, places[(first + end) // 2]))
        # What comes rarely comes once a round, and so the longest rounds are found first.
        for _, anchor in sorted(kinds)[:KINDS]:
            for found in self._around(anchor, low, high):
                if best is None or found.period * found.count > best.period * best.count:
                    best = found
            if best is not None and 2 * best.period * best.count > high - low:
                break
        return best

    def _around(self, anchor: int, low: int, high: int) -> Iterator[Rounds]:
        """Yield the rounds, by growing length, that a place belongs to."""
        looks, places = self.looks, self.alike[self.looks[anchor]]
        reach, i = 0, bisect_left(places, anchor + 1)
        back = bisect_left(places, anchor) - 1
        for _ in range(TRIES):
            while i < len(places) and places[i] - anchor <= reach:
                i += 1
            while back >= 0 and anchor - places[back] <= reach:
                back -= 1
            near = [places[i] - anchor] if i < len(places) and places[i] < high else []
            near += [anchor - places[back]] if back >= 0 and places[back] >= low else []
            if not near or LEAST * min(near) > high - low:
                return
            period = reach = min(near)
            end = begin = min(anchor, high - period - 1)
            if looks[begin] != looks[begin + period]:
                begin = end = anchor - period
                if begin < low or looks[begin] != looks[begin + period]:
                    continue
            while begin > low and looks[begin - 1] == looks[begin - 1 + period]:
                begin -= 1
            while end < high - period and looks[end] == looks[end + period]:
                end += 1
            count = (end + period - begin) // period
            found = Rounds(begin, period, count)
            if count >= LEAST and self._even(found):
                yield found
                reach = max(reach, found.end - anchor, anchor - begin)

    def _even(self, found: Rounds) -> bool:
        """Whether the operands move evenly; looked at in a few rounds. Notes whether anything is carried."""
        start, period, count = found.start, found.period, found.count
        looked = sorted({1, 2, count // 2, count - 1} - {0})
        for j in range(period):
            steps: list[list[int | None]] = []
            for r in looked:
                here = self.sequence[start + r * period + j].operands
                before = self.sequence[start + (r - 1) * period + j].operands
                steps.append([])
                for x, y in zip(here, before, strict=True):
                    at = self.place.get(x) if isinstance(x, Value) else None
                    was = self.place.get(y) if isinstance(y, Value) else None
                    if at is None:
                        steps[-1].append(None)
                        continue
                    if start <= at < start + r * period and at >= start + (r - 1) * period:
                        found.carries = True
                    first = was is None or (r == 1 and was < start)
                    steps[-1].append(-1 if first else at - was if was is not None else None)
            for column in zip(*steps, strict=True):
                known = {step for step in column if step != -1}
                if len(known) > 1:
                    return False
        return True
