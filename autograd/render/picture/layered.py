"""Placing items in layers: which layer, in which order, and where, for one box of a picture.

Sugiyama, Tagawa and Toda 1981: longest-path layers, barycentre ordering, then positions that minimise the
squared distance to the neighbours subject to the order, by pooling adjacent violators.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["SEPARATION", "Item", "assign_layers", "order_layers", "place_layers"]

SEPARATION: Final = 14.0
THREAD: Final = 7.0  # distance between the line of an edge and its neighbour in a layer


@dataclass(slots=True, eq=False)
class Item:
    """Something that takes room in a layer.

    A node, a cluster, the label of an edge, or an edge passing by.
    """

    key: Any
    main: float
    """Extent along the direction of flow."""
    cross: float
    layer: int = 0
    at: float = 0.0
    """Centre across the flow."""
    before: list[Item] = field(default_factory=list)
    after: list[Item] = field(default_factory=list)
    solid: bool = True
    """Whether it is a box, not a line."""


def assign_layers(items: list[Item], arrows: list[tuple[Item, Item]]) -> list[tuple[Item, Item]]:
    """Set ``layer`` by longest path, sources as late as possible; return the arrows that point forward.

    Clusters may depend on each other both ways; the arrows against the order of ``items`` then go backward.
    """
    position = {item: i for i, item in enumerate(items)}
    order, forward = _topological(items, arrows)
    if order is None:
        forward = [(a, b) for a, b in arrows if position[a] < position[b]]
        order = items
    heads: dict[Item, list[Item]] = {item: [] for item in items}
    tails: dict[Item, int] = dict.fromkeys(items, 0)
    for a, b in forward:
        heads[a].append(b)
        tails[b] += 1
    for item in items:
        item.layer = 0
    for item in order:
        for head in heads[item]:
            head.layer = max(head.layer, item.layer + 1)
    for item in items:
        if not tails[item] and heads[item]:
            item.layer = min(head.layer for head in heads[item]) - 1
    return forward


def _topological(
    items: list[Item], arrows: list[tuple[Item, Item]]
) -> tuple[list[Item] | None, list[tuple[Item, Item]]]:
    """Return the items sorted along the arrows, or None where they run in circles."""
    heads: dict[Item, list[Item]] = {item: [] for item in items}
    waiting = dict.fromkeys(items, 0)
    for a, b in arrows:
        heads[a].append(b)
        waiting[b] += 1
    order = [item for item in items if not waiting[item]]
    for item in order:  # grows on the way
        for head in heads[item]:
            waiting[head] -= 1
            if not waiting[head]:
                order.append(head)
    return (order if len(order) == len(items) else None), arrows


def order_layers(layers: list[list[Item]], *, sweeps: int) -> None:
    """Sort each layer by the barycentre of its neighbours, and keep the order with fewest crossings."""
    count = sum(map(len, layers))
    best = [list(layer) for layer in layers]
    fewest = _crossings(layers) if count <= 3000 else None
    for sweep in range(sweeps):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            index = _indices(layer, before=down)
            layer.sort(key=lambda item: index[item])
            for i, item in enumerate(layer):
                item.at = float(i)
        if fewest is not None:
            crossings = _crossings(layers)
            if crossings < fewest:
                fewest, best = crossings, [list(layer) for layer in layers]
            if not fewest:
                break
    if fewest is not None:
        for layer, order in zip(layers, best, strict=True):
            layer[:] = order


def _indices(layer: list[Item], *, before: bool) -> dict[Item, float]:
    """Return the mean rank of each item's neighbours on one side; its own rank where it has none."""
    index = {}
    for i, item in enumerate(layer):
        near = item.before if before else item.after
        index[item] = sum(n.at for n in near) / len(near) if near else float(i)
    return index


def _crossings(layers: list[list[Item]]) -> int:
    """Count the pairs of lines that cross, with a Fenwick tree for each pair of layers."""
    total = 0
    for left, right in itertools.pairwise(layers):
        rank = {item: i for i, item in enumerate(right)}
        tree = [0] * (len(right) + 1)
        seen = 0
        for item in left:
            ends = sorted(rank[n] for n in item.after if n in rank)
            for end in ends:
                i, at_or_before = end + 1, 0
                while i:
                    at_or_before += tree[i]
                    i &= i - 1
                total += seen - at_or_before
            for end in ends:
                seen += 1
                i = end + 1
                while i <= len(right):
                    tree[i] += 1
                    i += i & -i
    return total


def place_layers(layers: list[list[Item]], *, sweeps: int) -> float:
    """Set ``at`` of every item, centred on its neighbours as far as room allows; return the total extent."""
    for layer in layers:
        at = 0.0
        for i, item in enumerate(layer):
            at += _distance(layer[i - 1], item) if i else item.cross / 2
            item.at = at
    for sweep in range(sweeps):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            _settle(layer, before=down if sweep < sweeps - 1 else None)
    low = min((item.at - item.cross / 2 for layer in layers for item in layer), default=0.0)
    for layer in layers:
        for item in layer:
            item.at -= low
    return max((item.at + item.cross / 2 for layer in layers for item in layer), default=0.0)


def _distance(a: Item, b: Item) -> float:
    """Return how far apart the centres of neighbours in a layer must be."""
    return (a.cross + b.cross) / 2 + (SEPARATION if a.solid or b.solid else THREAD)


def _settle(layer: list[Item], *, before: bool | None) -> None:
    """Move the items of one layer to their neighbours' mean, keeping order and distance."""
    # Measured from the tightest packing, the constraint is that offsets do not decrease: an isotonic
    # regression.
    packed, at = [], 0.0
    for i, item in enumerate(layer):
        at += _distance(layer[i - 1], item) if i else 0.0
        packed.append(at)
    blocks: list[list[float]] = []  # sum of wishes, weight, number of items
    for item, base in zip(layer, packed, strict=True):
        near = item.before + item.after if before is None else item.before if before else item.after
        wish = sum(n.at for n in near) / len(near) if near else item.at
        # A line wants to be straight more than a box wants to be centred.
        weight = (1.0 if item.solid else 4.0) * (1.0 if near else 0.05)
        blocks.append([(wish - base) * weight, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            total, weight, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += weight
            blocks[-1][2] += count
    i = 0
    for total, weight, count in blocks:
        for _ in range(int(count)):
            layer[i].at = packed[i] + total / weight
            i += 1
