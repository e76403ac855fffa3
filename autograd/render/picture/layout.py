"""The built-in layout: layered, with clusters inside clusters, in plain Python.

Each cluster is laid out by itself and then takes part in its surroundings as one box. Every edge has a
slot for its label between the layers, so that no label covers another, and passes the layers in between
in a slot of its own. A picture that would be a strip is broken into lines, as a text is.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Final

from autograd.render.picture.graph import Edge, Picture
from autograd.render.picture.layered import SEPARATION, Item, assign_layers, order_layers, place_layers
from autograd.render.picture.lines import Turn, Wrapping, broken
from autograd.render.picture.measure import caption_room, edge_size, node_size

__all__ = ["Placement", "Rect", "layout"]

GAP: Final = 18.0  # between a layer of boxes and the labels beside it
BARE_GAP: Final = 34.0  # between layers where labels are left out
LANE: Final = 7.0  # distance of edges that lead back
LINES: Final = 84.0  # between columns of neurons: room for lines from each to each
PAD: Final = 14.0  # inside a cluster
CAPTION: Final = 22.0  # for the name of a cluster
MARGIN: Final = 8.0
ASTRIDE: Final = 36.0  # the height of a label with the line in its middle
ASPECT: Final = 1.4  # breadth to height, where there is a choice

Point = tuple[float, float]
Step = Point | Turn


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Placement:
    """Where everything is, in pixels."""

    width: float = 0.0
    height: float = 0.0
    nodes: dict[str, Rect] = field(default_factory=dict)
    clusters: dict[str, Rect] = field(default_factory=dict)
    curves: dict[str, list[Point]] = field(default_factory=dict)
    """For each edge a chain of cubic Bezier segments from tail to head: 1 + 3n points."""
    labels: dict[str, Rect] = field(default_factory=dict)
    engine: str = "built-in"
    lanes: dict[str, float] = field(default_factory=dict)
    """Where, in a box, the edges lie that lead back."""
    columns: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    """The ends, along the flow, of the layer in which an item of a box stands."""
    slots: dict[str, list[Step]] = field(default_factory=dict)
    """For each edge, in each box, the places that it passes."""
    lines: int = 1
    """Into how many lines the picture is broken."""


@dataclass(slots=True)
class _Box:
    """A cluster, or the whole picture, while it is laid out."""

    path: str
    items: dict[str, Item] = field(default_factory=dict)  # node id, or cluster path and a dot
    arrows: list[tuple[Item, Item, Edge]] = field(default_factory=list)
    entering: list[tuple[Item, Edge]] = field(default_factory=list)
    leaving: list[tuple[Item, Edge]] = field(default_factory=list)
    children: dict[str, _Box] = field(default_factory=dict)
    chains: dict[str, list[Item]] = field(default_factory=dict)  # edge id -> its slots in this box
    layers: list[list[Item]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    main: float = 0.0
    cross: float = 0.0
    count: int = 0
    back: list[Edge] = field(default_factory=list)
    """Edges that lead back to the next round of a loop, each with a lane of its own below the boxes."""
    wrapping: Wrapping | None = None
    """The lines into which the layers are broken."""


def layout(
    graph: Picture, *, flow: bool = False, labels: bool = True, line: float | None = None
) -> Placement:
    """Place a picture.

    Parameters
    ----------
    graph
        What to place; its ``rankdir`` is LR, RL, TB or BT.
    flow
        Whether labels have a second line, for what flows back.
    labels
        Whether edges have labels at all.
    line
        The longest extent along the flow, in pixels, beyond which the picture is broken into lines; 0 breaks
        strips only, into a page; None none.
    """
    horizontal, straight = graph.rankdir in ("LR", "RL"), graph.view == "network"
    root = _Box("")
    homes = {node.id: _home(root, node.scope) for node in graph.nodes}
    for node in graph.nodes:
        width, height = node_size(node)
        item = Item(node.id, width, height) if horizontal else Item(node.id, height, width)
        homes[node.id][-1].items[node.id] = item
        for box in homes[node.id]:
            box.count += 1
    for edge in graph.edges:
        if edge.back:
            _common(homes[edge.tail], homes[edge.head]).back.append(edge)
        else:
            _enter(homes[edge.tail], homes[edge.head], edge)
    size = len(graph.nodes) + len(graph.edges)
    # Lanes for long edges are worth their time as long as they are few beside the boxes.
    lanes = size < 2500 and graph.span() < 4 * size + 400
    sweeps = 8 if size < 2500 else 4 if size < 15_000 else 2
    _arrange(
        root,
        _Options(
            horizontal, flow, labels and not straight, sweeps=sweeps, reach=10_000 if lanes else 6,
            bare=graph.crowded, straight=straight, line=None if graph.crowded else line,
        ),
    )
    result = Placement(lines=len(root.wrapping.lines) if root.wrapping is not None else 1)
    _collect(root, MARGIN, MARGIN, horizontal, result)
    _route(graph, homes, horizontal, result)
    main, cross = root.main + 2 * MARGIN, root.cross + 2 * MARGIN
    result.width, result.height = (main, cross) if horizontal else (cross, main)
    if graph.rankdir in ("RL", "BT"):
        _mirror(result, horizontal)
    return result


@dataclass(frozen=True, slots=True)
class _Options:
    """How a picture is laid out."""

    horizontal: bool
    flow: bool
    labels: bool
    sweeps: int
    reach: int  # an edge over more layers than this keeps no slots on its way
    bare: bool  # no slots at all: too many edges for any to be followed
    straight: bool = False  # lines from layer to layer, without labels
    line: float | None = None  # the extent beyond which the whole is broken into lines

    @property
    def stride(self) -> int:
        """From one layer of boxes to the next: labels stand in layers of their own between them."""
        return 1 if self.bare or self.straight else 2

    @property
    def gap(self) -> float:
        """The distance of layers."""
        return LINES if self.straight else BARE_GAP if self.bare else GAP if self.labels else BARE_GAP / 2


def _home(root: _Box, scope: str) -> list[_Box]:
    """Return the boxes around a node, outermost first, making those that are missing."""
    boxes = [root]
    path = ""
    for part in scope.split(".") if scope else ():
        path = f"{path}.{part}" if path else part
        # Ends as no node's id does, whatever the module is called.
        children, key = (
            boxes[-1].children,
            f"{path}.",
        )
        if key not in children:
            children[key] = _Box(path)
            boxes[-1].items[key] = Item(key, 0.0, 0.0)
        boxes.append(children[key])
    return boxes


def _enter(tails: list[_Box], heads: list[_Box], edge: Edge) -> None:
    """Tell each box which of its items the edge connects, enters or leaves."""
    common = 0
    while common < min(len(tails), len(heads)) and tails[common] is heads[common]:
        common += 1
    tail, head = _item(tails, common - 1, edge.tail), _item(heads, common - 1, edge.head)
    tails[common - 1].arrows.append((tail, head, edge))
    for i in range(common, len(tails)):
        tails[i].leaving.append((_item(tails, i, edge.tail), edge))
    for i in range(common, len(heads)):
        heads[i].entering.append((_item(heads, i, edge.head), edge))


def _common(tails: list[_Box], heads: list[_Box]) -> _Box:
    """Return the innermost box around both ends of an edge."""
    return [one for one, two in zip(tails, heads, strict=False) if one is two][-1]


def _returned(
    a: Point, b: Point, after: float, before: float, lane: float, *, horizontal: bool
) -> list[Point]:
    """Return the way of an edge that leads back: out of its column, along a lane below, and up again."""
    (ax, ay), (bx, by) = (a, b) if horizontal else ((a[1], a[0]), (b[1], b[0]))
    chain = _rounded([(ax, ay), (after, ay), (after, lane), (before, lane), (before, by), (bx, by)])
    return chain if horizontal else [(y, x) for x, y in chain]


def _rounded(corners: list[Point], radius: float = 5.0) -> list[Point]:
    """Join points by straight segments with round corners."""
    chain = [corners[0]]
    for before, (x, y), after in zip(corners, corners[1:], corners[2:], strict=False):
        into, onto = _towards((x, y), before, radius), _towards((x, y), after, radius)
        chain += _line(chain[-1], into)[1:]
        chain += [(x, y), (x, y), onto]
    return chain + _line(chain[-1], corners[-1])[1:]


def _towards(a: Point, b: Point, most: float) -> Point:
    """Return a point between two, at most so far from the first, and not beyond their middle."""
    length = math.dist(a, b)
    part = min(most, length / 2) / length if length else 0.0
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _item(boxes: list[_Box], i: int, node: str) -> Item:
    """Return what stands in ``boxes[i]`` for a node that lies in the innermost of ``boxes``."""
    return boxes[i].items[f"{boxes[i + 1].path}." if i + 1 < len(boxes) else node]


def _arrange(box: _Box, options: _Options) -> None:
    """Lay out the clusters inside, then the box itself; it recurses as deep as scopes nest."""
    for key, child in box.children.items():
        _arrange(child, options)
        box.items[key].main, box.items[key].cross = child.main, child.cross
    items = list(box.items.values())
    forward = assign_layers(items, [(a, b) for a, b, _ in box.arrows])
    # Labels stand in layers of their own: the boxes take the even ones.
    stride = options.stride
    depth = max((item.layer for item in items), default=0)
    for item in items:
        item.layer *= stride
    layers: list[list[Item]] = [[] for _ in range(stride * depth + 1)]
    for item in items:
        layers[item.layer].append(item)
    box.layers = layers
    if options.bare:
        for a, b in dict.fromkeys(forward):
            a.after.append(b)
            b.before.append(a)
    else:
        if not box.path and options.line is not None:
            box.wrapping = _wrapping(box, set(forward), options)
        _give_slots(box, set(forward), options)
    # The sort visits last operands first: the other way round is the order in which they were written.
    for layer in layers:
        if not options.straight and box.arrows:
            layer.reverse()
        for i, item in enumerate(layer):
            item.at = float(i)
    order_layers(layers, sweeps=options.sweeps)
    if options.bare:
        box.layers = layers = _wrapped(layers, options, aspect=ASPECT / 4 if box.path else ASPECT)
    if box.wrapping is not None:
        extent = box.wrapping.place(layers, sweeps=options.sweeps)
    else:
        extent = place_layers(layers, sweeps=options.sweeps)
    _stack(box, extent, options)


def _wrapping(box: _Box, forward: set[tuple[Item, Item]], options: _Options) -> Wrapping | None:
    """Return the lines into which a box is broken, or None where it is no strip, or too tangled."""
    assert options.line is not None
    stride = options.stride
    boxes = [[item for item in layer if item.solid] for layer in box.layers[::stride]]
    widths = [max(item.main for item in layer) for layer in boxes]
    room = [0.0] * len(boxes)  # for the labels before each layer of boxes
    spans = []
    for a, b, edge in box.arrows:
        if (a, b) in forward:
            spans.append((a.layer // stride, b.layer // stride, edge))
            if options.labels and edge.shown:
                size = edge_size(edge, flow=options.flow)
                room[b.layer // 2] = max(room[b.layer // 2], size[0 if options.horizontal else 1])
    high = max(sum(item.cross + SEPARATION for item in layer) for layer in boxes)
    return broken(widths, room, options.gap, spans, high=high, most=options.line, stride=stride)


def _give_slots(box: _Box, forward: set[tuple[Item, Item]], options: _Options) -> None:
    """Give every edge that passes through a box its slots."""
    layers = box.layers
    for a, b, edge in box.arrows:
        if (a, b) in forward:
            _connect(box, layers, a, b, edge, options=options)
    for item, edge in box.entering:
        _chain(box, layers, edge, range(item.layer), ends=(None, item), options=options)
    for item, edge in box.leaving:
        _chain(box, layers, edge, range(item.layer + 1, len(layers)), ends=(item, None), options=options)


def _wrapped(layers: list[list[Item]], options: _Options, *, aspect: float) -> list[list[Item]]:
    """Break layers into columns, so that the whole is no strip.

    Clusters stand high, for several stand side by side.
    """
    area = sum((item.main + BARE_GAP) * (item.cross + SEPARATION) for layer in layers for item in layer)
    most = (area / aspect if options.horizontal else area * aspect) ** 0.5
    columns: list[list[Item]] = []
    for layer in layers:
        room = 0.0
        for item in layer:
            if room < item.cross + SEPARATION:
                columns.append([])
                room = max(most, item.cross + SEPARATION)
            columns[-1].append(item)
            room -= item.cross + SEPARATION
    return columns


def _connect(box: _Box, layers: list[list[Item]], a: Item, b: Item, edge: Edge, *, options: _Options) -> None:
    """Give an edge its slots between two items, one of them for the label, beside the head."""
    near = b.layer - 1
    turns = box.wrapping is not None and edge.id in box.wrapping.turning
    short = not turns and b.layer - a.layer <= 2 * options.reach
    if turns and options.stride == 1:
        near = b.layer  # what is before it is in another line
    span = range(a.layer + 1, b.layer) if short else range(near, b.layer)
    _chain(box, layers, edge, span, ends=(None if turns else a, b), options=options)
    if options.labels and edge.shown:
        width, height = edge_size(edge, flow=options.flow)
        slot = box.chains[edge.id][-1]
        # Along the line one text stands above it and one below; where the line runs down, both on a plate.
        slot.main, slot.cross = (width, ASTRIDE) if options.horizontal else (height, width)


def _chain(
    box: _Box,
    layers: list[list[Item]],
    edge: Edge,
    span: range,
    *,
    ends: tuple[Item | None, Item | None],
    options: _Options,
) -> None:
    if len(span) > 2 * options.reach:
        return
    slots = [Item(edge, 0.0, 0.0, layer, solid=False) for layer in span]
    for slot in slots:
        layers[slot.layer].append(slot)
    linked = [item for item in (ends[0], *slots, ends[1]) if item is not None]
    for one, two in itertools.pairwise(linked):
        if two.layer - one.layer == 1:  # an edge that leaves out layers pulls at nothing
            one.after.append(two)
            two.before.append(one)
    box.chains[edge.id] = slots


def _stack(box: _Box, extent: float, options: _Options) -> None:
    """Set where each layer starts along the flow, and the size of the box."""
    inset = PAD if box.path else 0.0
    at = inset + (CAPTION if box.path and not options.horizontal else 0.0)
    box.widths = [max((item.main for item in layer), default=0.0) for layer in box.layers]
    if box.wrapping is not None:
        box.starts = box.wrapping.starts(box.widths)
    else:
        box.starts = [*itertools.accumulate((w + options.gap for w in box.widths[:-1]), initial=at)]
    box.main = max(start + width for start, width in zip(box.starts, box.widths, strict=True)) + inset
    box.main += box.wrapping.beyond if box.wrapping is not None else 0.0
    lanes = LANE * len(box.back) + (LANE if box.back else 0.0)
    box.cross = extent + lanes + 2 * inset + (CAPTION if box.path and options.horizontal else 0.0)


def _collect(root: _Box, main: float, cross: float, horizontal: bool, result: Placement) -> None:
    """Turn positions inside boxes into positions in the picture."""
    stack = [(root, main, cross)]
    while stack:
        box, main, cross = stack.pop()
        inset = PAD if box.path else 0.0
        if box.path:
            result.clusters[box.path] = _rect(main, cross, box.main, box.cross, horizontal)
        if box.back:
            result.lanes[box.path] = cross + box.cross - inset - LANE * (len(box.back) + 1)
        across = cross + inset + (CAPTION if box.path and horizontal else 0.0)
        for start, width, layer in zip(box.starts, box.widths, box.layers, strict=True):
            for item in layer:
                if not isinstance(item.key, Edge):
                    result.columns[box.path, item.key] = main + start, main + start + width
                module = not isinstance(item.key, Edge) and item.key in box.children
                # Modules side by side begin together.
                m = main + start + (0.0 if module else (width - item.main) / 2)
                c = across + item.at - item.cross / 2
                if isinstance(item.key, Edge):
                    if item.main:
                        result.labels[item.key.id] = _rect(m, c, item.main, item.cross, horizontal)
                    points = [(main + start, c + item.cross / 2), (main + start + width, c + item.cross / 2)]
                    if not horizontal:
                        points = [(y, x) for x, y in points]
                    result.slots.setdefault(f"{box.path}\0{item.key.id}", []).extend(points)
                elif item.key in box.children:
                    stack.append((box.children[item.key], m, c))
                else:
                    result.nodes[item.key] = _rect(m, c, item.main, item.cross, horizontal)
        if box.wrapping is not None:
            for name, turn in box.wrapping.turns(box.starts, box.widths).items():
                way = result.slots.setdefault(f"{box.path}\0{name}", [])
                way.insert(0, turn.moved(main, across))


def _rect(main: float, cross: float, along: float, across: float, horizontal: bool) -> Rect:
    return Rect(main, cross, along, across) if horizontal else Rect(cross, main, across, along)


def _route(graph: Picture, homes: dict[str, list[_Box]], horizontal: bool, result: Placement) -> None:
    """Draw each edge through its slots, between ports that are spread over the boxes' sides."""
    slots = result.slots
    ways: dict[str, list[Step]] = {}
    for edge in graph.edges:
        tails, heads = homes[edge.tail], homes[edge.head]
        if edge.back:
            ways[edge.id] = []
            continue
        common = 0
        while common < min(len(tails), len(heads)) and tails[common] is heads[common]:
            common += 1
        boxes = [*reversed(tails[common:]), heads[common - 1], *heads[common:]]
        ways[edge.id] = [point for box in boxes for point in slots.get(f"{box.path}\0{edge.id}", ())]
    out = _ports(graph, ways, result, horizontal, head=False)
    into = _ports(graph, ways, result, horizontal, head=True)
    for edge in graph.edges:
        if edge.back:
            box = _common(homes[edge.tail], homes[edge.head])
            lane = result.lanes[box.path] + LANE * (1 + box.back.index(edge))
            after = result.columns[homes[edge.tail][-1].path, edge.tail][1]
            before = result.columns[homes[edge.head][-1].path, edge.head][0]
            turn = 5.0 + 4.0 * (box.back.index(edge) % 3)
            result.curves[edge.id] = _returned(
                out[edge.id], into[edge.id], after + turn, before - turn, lane, horizontal=horizontal
            )
            continue
        start, end = out[edge.id], into[edge.id]
        points: list[Step] = [start, *ways[edge.id], end]
        if not graph.crowded:
            points = _along_columns(start, end, homes[edge.tail], homes[edge.head], edge, result, graph)
        straight = graph.view == "network" and len(points) == 2
        result.curves[edge.id] = _line(start, end) if straight else _smooth(points, horizontal)


def _along_columns(
    start: Point, stop: Point, tails: list[_Box], heads: list[_Box], edge: Edge, result: Placement,
    graph: Picture,
) -> list[Step]:  # fmt: skip
    """Let an edge run straight while it is in the column of an item, where others stand above and below."""
    horizontal = graph.rankdir in ("LR", "RL")
    least = 40.0 if graph.view == "network" else 16.0  # over less, a curve hardly leaves its height

    def end(part: list[_Box], node: str, side: int, port: Point) -> list[Step]:
        """Return the points from a port to the end of the outermost column, with the slots on the way."""
        way: list[Step] = [port]
        for i in range(len(part) - 1, common - 2, -1):
            key = node if i == len(part) - 1 else f"{part[i + 1].path}."
            at = result.columns[part[i].path, key][side]
            last = way[-1]
            assert not isinstance(last, Turn), "only the whole picture is broken into lines"
            x, y = last
            if abs(at - (x if horizontal else y)) >= least:
                way.append((at, y) if horizontal else (x, at))
            if i >= common:
                own = result.slots.get(f"{part[i].path}\0{edge.id}", [])
                way += own if side else own[::-1]
        return way

    common = len([one for one, two in zip(tails, heads, strict=False) if one is two])
    between = result.slots.get(f"{tails[common - 1].path}\0{edge.id}", [])
    before = end(tails, edge.tail, 1, start)
    return [*before, *between, *end(heads, edge.head, 0, stop)[::-1]]


def _ports(
    graph: Picture, ways: dict[str, list[Step]], result: Placement, horizontal: bool, *, head: bool
) -> dict[str, Point]:
    """Spread the ends of edges over the side of each box, in the order in which they arrive."""
    ends: dict[str, list[tuple[float, int, str]]] = {}
    for i, edge in enumerate(graph.edges):
        way, other = ways[edge.id], result.nodes[edge.tail if head else edge.head]
        near = (way[-1] if head else way[0]) if way else _middle(other)
        across = near.leaving if isinstance(near, Turn) else near[1 if horizontal else 0]
        ends.setdefault(edge.head if head else edge.tail, []).append((across, i, edge.id))
    ports = {}
    captions = {node.id: caption_room(node) for node in graph.nodes}
    for node, listed in ends.items():
        rect = result.nodes[node]
        side = rect.height - captions[node] if horizontal else rect.width
        listed.sort()
        # Edges that leave their line share their way, and so one port.
        leaving = [name for _, _, name in listed if not head and ways[name]]
        shared = {name for name in leaving if isinstance(ways[name][0], Turn)}
        apart = len(listed) - max(0, len(shared) - 1)
        k = -1
        for i, (_, _, edge_id) in enumerate(listed):
            k += not (i and {edge_id, listed[i - 1][2]} <= shared)
            offset = side / 2 if graph.view == "network" else side * (k + 1) / (apart + 1)
            if horizontal:
                ports[edge_id] = (rect.x + (0.0 if head else rect.width), rect.y + offset)
            else:
                ports[edge_id] = (rect.x + offset, rect.y + (0.0 if head else rect.height))
    return ports


def _middle(rect: Rect) -> Point:
    return rect.x + rect.width / 2, rect.y + rect.height / 2


def _line(a: Point, b: Point) -> list[Point]:
    """Join two points by a straight segment."""
    (x0, y0), (x1, y1) = a, b
    return [a, ((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), b]


def _smooth(points: list[Step], horizontal: bool) -> list[Point]:
    """Join points by cubic segments whose ends run along the flow."""
    start = points[0]
    assert not isinstance(start, Turn)
    chain = [start]
    for step, then in zip(points[1:], [*points[2:], None], strict=True):
        if isinstance(step, Turn):
            assert then is not None and not isinstance(then, Turn), "an edge turns before its label"
            chain += _turned(chain[-1], step, then, horizontal)
            continue
        (x0, y0), (x1, y1) = chain[-1], step
        if (x0, y0) == (x1, y1):
            continue
        if horizontal:
            bend = (x1 - x0) / 2 if x1 > x0 else 40.0
            chain += [(x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
        else:
            bend = (y1 - y0) / 2 if y1 > y0 else 40.0
            chain += [(x0, y0 + bend), (x1, y1 - bend), (x1, y1)]
    return chain


def _turned(a: Point, turn: Turn, b: Point, horizontal: bool) -> list[Point]:
    """Return the rest of the way between two points in two lines."""
    (ax, ay), (bx, by) = (a, b) if horizontal else ((a[1], a[0]), (b[1], b[0]))
    chain = _rounded([(ax, ay), *turn.corners(ay, by), (bx, by)], 8.0)[1:]
    return chain if horizontal else [(y, x) for x, y in chain]


def _mirror(result: Placement, horizontal: bool) -> None:
    """Turn left and right, or top and bottom, around."""

    def flip(r: Rect) -> Rect:
        x, y = (result.width - r.x - r.width, r.y) if horizontal else (r.x, result.height - r.y - r.height)
        return Rect(x, y, r.width, r.height)

    for placed in (result.nodes, result.clusters, result.labels):
        for key, rect in placed.items():
            placed[key] = flip(rect)
    for key, points in result.curves.items():
        result.curves[key] = [
            (result.width - x, y) if horizontal else (x, result.height - y) for x, y in points
        ]
