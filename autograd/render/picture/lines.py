"""Breaking a long picture into lines, as a text is: where, and how its edges turn from one to another.

What comes in: how much room the layers of boxes take along the flow, and from which layer to which each edge
runs. What goes out: the layers of each line, and for each edge that leaves its line a way around all boxes:
down behind its tail, along a lane between two lines, where need be along one before all lines, and down to
its head. Edges of one tail share their way until they part.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from autograd.render.picture.graph import Edge
from autograd.render.picture.layered import Item, place_layers

__all__ = ["Turn", "Wrapping", "broken"]

LINE: Final = 1200.0
"""Length of a line in pixels, if that is enough for a page of the shape of a screen."""
PAGE: Final = 16 / 9
EMPTY: Final = 0.35
"""Of a line before the last: less than that is nearly nothing,"""
SLACK: Final = 1.4
"""and lines of that are better then, if nobody gave their length."""
LONG: Final = 1.5
"""Lines that a picture must exceed to be broken,"""
STRIP: Final = 3.5
"""and breadths, across the flow, that it is long."""
TANGLED: Final = 8
"""Boxes, at most, from which edges run from one line to another."""
LANE: Final = 9.0
ROOM: Final = 11.0
"""Between a line and the lanes beside it."""
ENTRY: Final = 30.0
"""Before the first layer of a line, where labels have none, for the edges that turn there."""
STRETCH: Final = 24.0
"""At most, between two layers, for lines to be of one length."""

Span = tuple[int, int, Edge]


class Turn(NamedTuple):
    """How an edge leaves its line and comes to another one, in places along the flow and across it."""

    after: float
    """Along: where it leaves its line,"""
    leaving: float
    """across: the lane on which it goes back,"""
    margin: float
    """along: how far,"""
    arriving: float
    """across: the lane on which it comes to its head; the same as before if that is in the next line,"""
    before: float
    """along: where it enters the line."""

    def moved(self, along: float, across: float) -> Turn:
        """Return the same turn in a picture that begins elsewhere."""
        return Turn(
            self.after + along, self.leaving + across, self.margin + along, self.arriving + across,
            self.before + along,
        )  # fmt: skip

    def corners(self, start: float, end: float) -> list[tuple[float, float]]:
        """Return the corners of the way between two places across the flow."""
        back = self.before if self.leaving == self.arriving else self.margin
        listed = [
            (self.after, start), (self.after, self.leaving), (back, self.leaving), (back, self.arriving),
            (self.before, self.arriving), (self.before, end),
        ]  # fmt: skip
        return [point for point, _ in itertools.groupby(listed)]


@dataclass(slots=True)
class Wrapping:
    """The lines of a picture."""

    lines: list[range]
    """The layers of each: those of boxes are ``stride`` apart, those of the labels before them between."""
    stretch: list[float]
    """What is added to the gaps of each line."""
    gap: float
    turning: dict[str, Span]
    """By their names the edges between lines, with the numbers of the layers of boxes."""
    lanes: list[dict[str, int]] = field(default_factory=list)
    """Below each line, the lane of each box from which an edge runs there."""
    margins: dict[str, int] = field(default_factory=dict)
    """Before all lines, the lane of each box from which an edge runs to a line that is not the next."""
    floors: list[float] = field(default_factory=list)
    """Where each line ends across the flow."""

    stride: int = 2
    """2, or 1 where there are no layers of labels."""
    beyond: float = 20.0
    """Room along the flow after the last layer, for the edges that turn there."""

    def place(self, layers: list[list[Item]], *, sweeps: int) -> float:
        """Set ``at`` of every item, line by line; return the extent of all."""
        extent = 0.0
        for line, lanes in zip(self.lines, [*self.lanes, {}], strict=True):
            part = layers[line.start : line.stop]
            high = place_layers(part, sweeps=sweeps)
            for item in itertools.chain.from_iterable(part):
                item.at += extent
            self.floors.append(extent + high)
            extent += high + (2 * ROOM + LANE * max(0, len(lanes) - 1) if lanes else 0.0)
        return extent

    def starts(self, widths: list[float]) -> list[float]:
        """Return where each layer begins along the flow, whose widths are given."""
        found = []
        for line, stretch in zip(self.lines, self.stretch, strict=True):
            at = 20.0 + LANE * len(self.margins)
            if self.stride == 1 and line.start:
                at += ENTRY
            for i in line:
                found.append(at)
                at += widths[i] + self.gap + stretch
        return found

    def turns(self, starts: list[float], widths: list[float]) -> dict[str, Turn]:
        """Return the way of each edge between lines, by its name."""
        leaving: dict[int, dict[str, int]] = {}
        entering: dict[int, dict[str, int]] = {}
        stride = self.stride
        of = {k // stride: i for i, line in enumerate(self.lines) for k in line if k % stride == 0}
        found = {}
        for name, (a, b, edge) in self.turning.items():
            here, there = (side.setdefault(k, {}) for side, k in ((leaving, a), (entering, b)))
            out, into = (places.setdefault(edge.tail, len(places)) % 3 for places in (here, there))
            gaps = of[a], of[b] - 1
            lanes = [self.floors[g] + ROOM + LANE * self.lanes[g][edge.tail] for g in gaps]
            if stride == 1:
                before = starts[b] - ENTRY - 4.0 * into
            else:
                before = starts[2 * b - 1] + (-6.0 - 4.0 * into if widths[2 * b - 1] else 1.0 + 3.0 * into)
            found[name] = Turn(
                starts[stride * a] + widths[stride * a] + 6.0 + 4.0 * out, lanes[0],
                LANE * self.margins.get(edge.tail, 0) + 2.0, lanes[1], before,
            )  # fmt: skip
        return found


def broken(
    widths: list[float], room: list[float], gap: float, spans: Iterable[Span], *, high: float, most: float,
    stride: int = 2,
) -> Wrapping | None:  # fmt: skip
    """Break layers of boxes into lines.

    Parameters
    ----------
    widths, room
        Of each layer, and of the labels before it, along the flow.
    gap
        Between boxes and labels.
    spans
        The edges, from layer to layer.
    high
        The extent across the flow of the largest layer.
    most
        The length of a line; 0 for one that makes a page, if the picture is a strip.
    stride
        From one layer of boxes to the next: 2 where labels have layers between them.

    Returns
    -------
    Wrapping or None
        None if one line will do, or if there would be more edges between lines than one can follow.
    """
    spans = list(spans)
    sums = [0.0, *itertools.accumulate(w + r + stride * gap for w, r in zip(widths, room, strict=True))]
    whole = sums[-1]
    given = most
    if not most:
        most = max(LINE, (PAGE * (high + 3 * ROOM) * whole) ** 0.5)
        if whole < LONG * most or whole < STRIP * high:
            return None
    elif whole <= most:
        return None
    elif stride == 1:
        most += gap  # there is none after the last layer of a line, nor labels
    crossings = _crossings(spans, len(widths))
    cuts = _cuts(sums, crossings, most)
    first = [sums[b] - sums[a] for a, b in itertools.pairwise(cuts[:-1])]
    if not given and first and min(first) < EMPTY * most:
        cuts = _cuts(sums, crossings, SLACK * most)
    if len(cuts) == 2:
        return None
    line_of = [i for i, (a, b) in enumerate(itertools.pairwise(cuts)) for _ in range(a, b)]
    lines = [
        range(max(0, stride * (a - 1) + 1), stride * (b - 1) + 1) for a, b in itertools.pairwise(cuts)
    ]
    lengths = [sums[b] - sums[a] for a, b in itertools.pairwise(cuts)]
    longest = max(lengths)
    stretch = [
        min(STRETCH, (longest - x) / max(1, len(line) - 1)) for x, line in zip(lengths, lines, strict=True)
    ]
    stretch[-1] = min(stretch[-1], sum(stretch[:-1]) / len(stretch[:-1]))
    found = Wrapping(lines, stretch, gap, {}, stride=stride)
    found.turning = {edge.id: (a, b, edge) for a, b, edge in spans if line_of[a] != line_of[b]}
    found.lanes = [{} for _ in lines[1:]]
    ends = sorted((a, edge.tail, line_of[a], line_of[b]) for a, b, edge in found.turning.values())
    for _, tail, here, there in ends:
        found.lanes[here].setdefault(tail, len(found.lanes[here]))
        if there > here + 1:
            found.margins.setdefault(tail, len(found.margins))
    for _, tail, here, there in ends:
        if there > here + 1:
            found.lanes[there - 1].setdefault(tail, len(found.lanes[there - 1]))
    return found if max(map(len, found.lanes)) <= TANGLED and len(found.margins) <= TANGLED else None


def _crossings(spans: list[Span], count: int) -> list[int]:
    """Return how many boxes have an edge across the place before each layer."""
    reach: dict[str, tuple[int, int]] = {}
    for a, b, edge in spans:
        reach[edge.tail] = a, max(b, reach.get(edge.tail, (a, b))[1])
    changes = Counter[int]()
    for a, b in reach.values():
        changes[a + 1] += 1
        changes[b + 1] -= 1
    return list(itertools.accumulate(changes[i] for i in range(count + 1)))


def _cuts(sums: list[float], crossings: list[int], most: float) -> list[int]:
    """Return where lines begin, and the end: few edges between lines, and no line much shorter than others.

    As paragraphs are set: the best way to each place is found from those to the places before it.
    """
    count = len(sums) - 1
    most = max(most, *(b - a for a, b in itertools.pairwise(sums)))
    number = -(-sums[-1] // most)
    ideal = min(most, 1.05 * sums[-1] / number)
    best: list[tuple[float, int]] = [(0.0, 0)]
    first = 0  # the first place from which a line reaches the end
    for end in range(1, count + 1):
        whole = sums[end]
        while whole - sums[first] > most:
            first += 1
        short = 0.3 if end == count else 1.0  # the last line may be
        best.append(min([
            (best[i][0] + (short if part < 0.0 else 1.0) * part * part + 0.03 * crossings[i], i)
            for i in range(first, end)
            for part in [(whole - sums[i]) / ideal - 1.0]
        ]))  # fmt: skip
    cuts = [count]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    return cuts[::-1]
