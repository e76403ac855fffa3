"""Find what a graph does again and again, so that it is drawn once: time steps, samples, neurons of a layer.

The nodes stand in the order in which they can be computed. Where what is applied comes again at one distance,
a stretch of that length is a round, as in the loops of compiled programs; it counts if the operands move
evenly from round to round: with the rounds, or not at all. What a round reads of the one before it is
carried. Rounds are looked for within a round, too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from autograd.op import ANY
from autograd.value import Value

__all__ = ["Rolled", "Rounds", "carried", "pattern", "roll"]

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
    """The rounds of a graph, whose nodes that are no leaves have numbers in the order of computation."""

    place: dict[Value, int]
    parents: dict[Value, tuple[Value, ...]]
    """Of each of those nodes."""
    scopes: list[str]
    """For each number that of its node."""
    rounds: list[Rounds]
    first: list[int]
    """For each number that of the same node in the first of all rounds."""
    around: list[tuple[Rounds, ...]]
    """For each number the rounds that it is in, the outermost first."""

    def turns(self) -> dict[Value, tuple[Rounds | None, int, Rounds | None, int]]:
        """Return for each node the outermost rounds with which one it is in, and those within them."""
        found: dict[Value, tuple[Rounds | None, int, Rounds | None, int]] = {}
        turn: tuple[Rounds | None, int, Rounds | None, int] = None, 0, None, 0
        around: tuple[Rounds, ...] | None = None
        end = -1  # of what is in the same turn as the node before
        for i, v in enumerate(self.place):
            if i >= end or self.around[i] is not around:
                around = self.around[i]
                turn, end = _turn(i, around)
            found[v] = turn
        return found


def _turn(
    i: int, around: tuple[Rounds, ...]
) -> tuple[tuple[Rounds | None, int, Rounds | None, int], int]:
    """Return in which turn of which rounds a number is, and the number with which that turn ends at last."""
    if not around:
        return (None, 0, None, 0), i + 1
    outer = around[0]
    turn = (i - outer.start) // outer.period
    before = turn * outer.period
    end = before + outer.start + outer.period
    if len(around) == 1:
        return (outer, turn, None, 0), end
    inner = around[1]
    second = (i - before - inner.start) // inner.period
    return (outer, turn, inner, second), min(end, before + inner.start + (second + 1) * inner.period)


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
    operations = {v: v.op for v in nodes}
    parents = {v: v.parents for v, op in operations.items() if op is not None}
    sequence = _computed(parents)
    place = {v: i for i, v in enumerate(sequence)}
    scopes = [v.scope for v in sequence]
    patterns = {scope: pattern(scope) for scope in set(scopes)}
    numbers: dict[object, int] = {}
    looks = []
    for v, scope in zip(sequence, scopes, strict=True):
        op = operations[v]
        assert op is not None
        look = op, patterns[scope], len(v.operands) if op.arity == ANY else 0
        looks.append(numbers.setdefault(look, len(numbers)))
    rounds = _Finder(sequence, place, looks).within(0, len(sequence), DEEPEST)
    first = list(range(len(sequence)))
    around: list[tuple[Rounds, ...]] = [()] * len(sequence)
    _spread(rounds, first, around)
    return Rolled(place, parents, scopes, rounds, first, around)


def _spread(rounds: list[Rounds], first: list[int], around: list[tuple[Rounds, ...]]) -> None:
    """Note of what is in rounds where it stands in the first of them."""
    for found in rounds:
        _spread(found.inner, first, around)
        head = slice(found.start, found.start + found.period)
        around[head] = [(found, *inner) for inner in around[head]]
        first[found.start : found.end] = first[head] * found.count
        around[found.start : found.end] = around[head] * found.count


def _computed(parents: dict[Value, tuple[Value, ...]]) -> list[Value]:
    """Return what is no leaf, after its operands, and each as soon before its use as can be.

    Of the operands of a node those that take longest come first, as a loop computes them.
    """
    waiting: dict[Value, list[Value]] = {}
    depth: dict[Value, int] = {}
    is_computed, depth_of = parents.__contains__, depth.__getitem__
    for v, listed in parents.items():
        waiting[v] = below = list(filter(is_computed, listed))
        if len(below) < 2:
            depth[v] = depth_of(below[0]) + 1 if below else 1
        else:
            depth[v] = max(map(depth_of, below)) + 1
            below.reverse()
            below.sort(key=depth_of)  # taken from the end
    order: dict[Value, None] = {}
    used: set[Value] = set().union(*parents.values())
    stack = [v for v in reversed(parents) if v not in used]  # the outputs, the first to be taken first
    while stack:
        v = stack[-1]
        below = waiting[v]
        while below and below[-1] in order:
            below.pop()
        if below:
            stack.append(below.pop())
        else:
            stack.pop()
            order[v] = None
    return list(order)


def carried(before: tuple[Any, int, Any, int] | None, turn: tuple[Any, int, Any, int] | None) -> bool:
    """Whether what is read in a turn of rounds was computed in an earlier one; a leaf is in none."""
    if before is None or turn is None or before is turn:
        return False
    (one, i, inner, j), (two, k, other, m) = before, turn
    return one is two and one is not None and (i != k or (inner is other and j != m))


class _Finder:
    """What is known of the sequence."""

    def __init__(self, sequence: list[Value], place: dict[Value, int], looks: list[int]) -> None:
        self.sequence, self.place, self.looks = sequence, place, looks
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
