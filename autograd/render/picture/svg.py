"""A placed picture as SVG: no script, no network, no identifiers that another picture might have."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from autograd.render.colours import FACTORS, factor_rules
from autograd.render.escape import xml
from autograd.render.labels import width
from autograd.render.picture.graph import LEVELS, Box, Edge, Picture
from autograd.render.picture.layout import Placement, Rect, layout
from autograd.render.picture.legend import LEGEND_ROW, entries, wrap
from autograd.render.picture.measure import (
    BOX,
    SHEETS,
    caption,
    caption_room,
    edge_label,
    is_disc,
    rows,
    title,
    word,
)
from autograd.render.picture.palette import DARK, LIGHT
from autograd.render.picture.shapes import coordinate, saved_mark, text
from autograd.words import gettext

__all__ = ["FONT", "style", "summary", "to_svg"]

ENLARGED: Final = 2.0  # times its own size, at most, is a picture that is fitted into a larger one
SPARSE: Final = 400  # labels over the lines; of more, none seeks a place where no other is
TIP: Final = 8.0  # length of an arrowhead
ROUND: Final = {"leaf": 11, "leaf parameter": 18, "leaf data": 0, "leaf input": 0}
"""How round the corners of a box are; 5 of any other."""
Show = Callable[[str], str]
FONT: Final = "ui-sans-serif,system-ui,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif"
CHINESE: Final = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC'"
"""Fonts of the usual systems for Chinese, in its simplified shapes, which a picture names that has any."""
_HAN: Final = re.compile("[\u3400-\u9fff]")

_SHAPE: Final = (
    (".ag", f"font-family:{FONT};font-variant-numeric:tabular-nums"), (".ag text", "unicode-bidi:isolate"),
    (".ag .h", f"font-size:{BOX.font:g}px"), (".ag .v,.ag .w", f"font-size:{BOX.small:g}px"),
    (".ag .k,.ag .edge text", f"font-size:{BOX.tiny:g}px"), (".ag .b", "font-weight:600"),
    (".ag .e,.ag .v", "text-anchor:end"), (".ag .edge text", "text-anchor:middle"),
    (".ag .edge text,.ag text.over", "paint-order:stroke;stroke-width:5px;stroke-linejoin:round"),
    (".ag .wire,.ag .band", "fill:none"), (".ag .wire", "stroke-width:1.2"),
    (".ag .cut", "stroke-dasharray:3 4"), (".ag .output .card", "stroke-width:2"),
    (".ag .ring", "stroke-width:.5"), (".ag .crowd", "opacity:.4"),
)  # fmt: skip
"""What is the same in every theme: selectors, and what they set."""


_CLASS: Final = re.compile(r"\.([a-z][-\w]*)")
_TEXTS: Final = re.compile(r"<text[^>]*>([^<]*)</text>")
_CLASSES: Final = re.compile(r'class="([^"]*)"')
_MIDDLE: Final = ".ag text.m{text-anchor:middle}"  # stronger than what another picture in the page says


def _frames(theme: str) -> str:
    """Return the rules for frames around what differs from another graph."""
    rules = ".ag .frame{fill:none;stroke-width:3}.ag .alone .frame{stroke-dasharray:6 4}"
    rules += f".ag-{theme} .alone .card{{stroke:none}}"
    rules += f".ag-{theme} .frame{{stroke:{(DARK if theme == 'dark' else LIGHT)['saved']}}}"
    dark = f"@media(prefers-color-scheme:dark){{.ag-auto .frame{{stroke:{DARK['saved']}}}}}"
    return rules + (dark if theme == "auto" else "")


_TONES: Final = (
    *(f"{sign}{i}" for sign in "np" for i in range(1, LEVELS + 1)), "zero", "none", "nan", "seed",
)  # fmt: skip
_SHADED: Final = {"t": "fill", "s": "stroke"}


def _rules(rules: Iterable[tuple[str, str]], used: AbstractSet[str] | None, scope: str = "") -> str:
    """Return a style sheet with the rules whose classes are used."""
    return "".join(
        ",".join(f"{scope}{part}" for part in parts) + f"{{{rule}}}"
        for selector, rule in rules
        if (
            parts := [
                part
                for part in selector.split(",")
                if used is None or used >= set(_CLASS.findall(part))
            ]
        )
    )


def _colours(scope: str, c: dict[str, str], used: AbstractSet[str] | None) -> str:
    """Return the rules that set colours: written out, for not every viewer knows custom properties."""
    rules = {
        "text": f"fill:{c['ink']}", ".q,.mid+.k,.edge text:first-of-type": f"fill:{c['quiet']}",
        ".paper": f"fill:{c['paper']}", ".edge text": f"stroke:{c['paper']}",
        "text.over": f"stroke:{c['cluster']}",
        ".in text": f"stroke:{c['cluster']}", ".plate": f"fill:{c['paper']}",
        ".in .plate": f"fill:{c['cluster']}", ".card": f"fill:{c['head']};stroke:{c['line']}",
        ".leaf .card": f"fill:{c['leaf']}", ".fold": f"fill:{c['rule']}", ".mid": f"fill:{c['card']}",
        ".output .card": f"stroke:{c['ink']}", ".cl": f"fill:{c['cluster']};stroke:{c['rule']}",
        ".wire": f"stroke:{c['edge']}", ".tip": f"fill:{c['edge']}", ".saved": f"fill:{c['saved']}",
        ".ring": f"stroke:{c['quiet']}", "text.on": f"fill:{c['on']}",
    }  # fmt: skip
    shades = {f".{letter}-{t}": f"{what}:{c[t]}" for letter, what in _SHADED.items() for t in _TONES}
    factors = [
        rule
        for what, parts in (("fill", " text:first-of-type"), ("stroke", " .wire"), ("fill", " .tip"))
        for rule in factor_rules(what, parts, dark=c is DARK)
    ]
    return _rules([*rules.items(), *shades.items(), *factors], used, f"{scope} ")


def style(theme: str = "auto", used: AbstractSet[str] | None = None) -> str:
    """Return the style sheet: ``auto`` follows the reader's system, ``light`` and ``dark`` do not.

    Of the colours those are there whose classes are used; all by default.
    """
    # Pictures of different themes may stand in one page, where each style sheet applies to all.
    sheet = _rules(_SHAPE, used) + _colours(f".ag-{theme}", DARK if theme == "dark" else LIGHT, used)
    return sheet + (
        f"@media(prefers-color-scheme:dark){{{_colours('.ag-auto', DARK, used)}}}" if theme == "auto" else ""
    )


def to_svg(
    graph: Picture, placed: Placement, *, theme: str = "auto", flow: bool = False, bands: bool = True,
    legend: bool = True,
    slim: bool = False, live: int = 0, news: Sequence[str] = (), size: tuple[float, float] | None = None,
    show: Show = lambda part: "",
) -> str:  # fmt: skip
    """Return the picture as an SVG document, without an XML declaration: fit for a file and for a page.

    Parameters
    ----------
    graph, placed
        What to draw, and where.
    theme
        ``auto``, ``light`` or ``dark``.
    flow, bands
        Whether edges are labelled with what flows back, and whether it is drawn as bands.
    legend
        Whether to explain the colours.
    slim
        Whether to leave out tooltips and the names of edges' ends, for a page that says both in its own way.
    live
        Above 0, there is also what a page shows when the reader points or clicks: labels of edges for which
        there is no room, and the graphs of neurons that have at most so many boxes.
    news
        Lines below the picture beside the graph's own notices.
    size
        Width and height in pixels, into which the picture is fitted; its own by default.
    show
        Returns, for an edge or a box, attributes for what flows back and for its gradient: when they appear.
    """
    notices = [*graph.notices, *news]
    inset = layout(graph.inset, flow=flow) if graph.inset is not None else Placement()
    told = 2 * BOX.pad + max((width(line, BOX.small) for line in notices), default=0.0)
    inner = max(placed.width, inset.width, told)
    lines, legend_width = wrap(
        entries(graph, flow=flow, bands=bands, labels=bool(placed.labels)) if legend else [],
        max(inner, 420.0),
    )
    total_width = max(inner, legend_width)
    total_height = (
        placed.height
        + inset.height
        + LEGEND_ROW * (len(lines) + len(notices))
        + (8.0 if lines or notices else 0.0)
    )
    n = coordinate
    outer = size or (total_width, total_height)
    zoom = min(outer[0] / total_width, outer[1] / total_height, ENLARGED) if size else 1.0
    shift = (outer[0] / zoom - total_width) / 2, (outer[1] / zoom - total_height) / 2
    parts = [
        (f'<svg xmlns="http://www.w3.org/2000/svg" class="ag ag-{theme}" width="{n(outer[0])}" '
        f'height="{n(outer[1])}" '
        f'viewBox="0 0 {n(outer[0] / zoom)} {n(outer[1] / zoom)}" role="img" '
        f'aria-label="{xml(summary(graph))}" '
        'style="max-width:100%;height:auto">'),
        "",  # the style sheet, when it is known what is used
        '<rect class="paper" width="100%" height="100%" rx="8"/>',
        *([f'<g transform="translate({n(shift[0])} {n(shift[1])})">'] if size else []),
        f'<g transform="translate({n((total_width - placed.width) / 2)} 0)">',
    ]
    parts += _content(graph, placed, flow=flow, bands=bands, slim=slim, show=show, live=live > 0)
    parts.append("</g>")
    if live and graph.insides:
        parts += ["<defs>", *_insides(graph, live, flow=flow), "</defs>"]
    if graph.inset is not None:
        parts.append(f'<g transform="translate({n((total_width - inset.width) / 2)} {n(placed.height)})">')
        parts += _content(graph.inset, inset, flow=flow, bands=bands, slim=slim, show=show)
        parts.append("</g>")
    y = placed.height + inset.height + 4.0
    for line in notices:
        y += LEGEND_ROW
        parts.append(text(BOX.pad, y - 8.0, line, "w q"))
    for entry_line in lines:
        y += LEGEND_ROW
        x = BOX.pad
        for entry_width, entry in entry_line:
            parts.append(f'<g class="legend" transform="translate({n(x)} {n(y - 12.0)})">{entry}</g>')
            x += entry_width + 22.0
    used = set(" ".join(_CLASSES.findall("".join(parts))).split())
    if slim or (live and graph.insides):  # the page changes the colours
        used |= {f"t-{tone}" for tone in _TONES} | {"on"}
    sheet = style(theme, used) + (_MIDDLE if graph.view == "network" else "")
    sheet += _frames(theme) if any(node.mark for node in graph.nodes) else ""
    parts[1] = f"<style>{sheet}</style>"
    svg = "\n".join([*parts, "</g></svg>" if size else "</svg>"]) + "\n"
    if _HAN.search(svg):
        svg = svg.replace(FONT, FONT.replace("Helvetica", f"{CHINESE},Helvetica"), 1)
    return svg


def _insides(graph: Picture, most: int, *, flow: bool) -> Iterator[str]:
    """Yield the graphs of neurons: of those alike the first, and of the others what is written in them."""
    alike: dict[Any, dict[str, Picture]] = {}
    for name, make in graph.insides.items():
        part = make()
        shape = [(box.operation, box.kind, box.scope != "", box.title != "") for box in part.nodes]
        ids = {box.id: i for i, box in enumerate(part.nodes)}
        wires = [
            (ids[edge.tail], ids[edge.head], edge.taken, len(edge_label(edge, flow=flow)))
            for edge in part.edges
        ]
        if len(shape) <= most:
            alike.setdefault((*shape, *wires), {})[name] = part
    for parts in alike.values():
        _widen([part.nodes for part in parts.values()], [part.edges for part in parts.values()], flow=flow)
        first, *others = parts
        placed = layout(parts[first], flow=flow)
        written = {}
        for name, part in parts.items():
            pairs = zip(part.nodes, parts[first].nodes, strict=True)
            boxes = {new.id: placed.nodes[old.id] for new, old in pairs}
            there = replace(placed, nodes=boxes, curves={}, labels={}, clusters={})
            for new, old in zip(part.edges, parts[first].edges, strict=True):
                there.curves[new.id] = placed.curves[old.id]
                if old.id in placed.labels:
                    there.labels[new.id] = placed.labels[old.id]
            scopes = zip(part.scopes(), parts[first].scopes(), strict=True)
            there.clusters = {new: placed.clusters[old] for new, old in scopes}
            drawn = _content(part, there, flow=flow, bands=False, slim=True, show=lambda part: "")
            written[name] = "".join(drawn)
        size = f"0 0 {coordinate(placed.width)} {coordinate(placed.height)}"
        told = xml(inside_summary(graph, first))
        yield f'<g data-inside="{first}" data-size="{size}" aria-label="{told}">{written[first]}</g>'
        for name in others:
            changes = []
            for i, listed in enumerate((_TEXTS, _CLASSES)):
                both = zip(listed.findall(written[first]), listed.findall(written[name]), strict=True)
                changes += [[i, k, html.unescape(new)] for k, (old, new) in enumerate(both) if new != old]
            told = xml(inside_summary(graph, name))
            yield (
                f'<g data-inside="{name}" data-like="{first}" aria-label="{told}" '
                f'data-changes="{xml(json.dumps(changes, ensure_ascii=False, separators=(",", ":")))}"/>'
            )


def _widen(nodes: Sequence[Sequence[Box]], edges: Sequence[Sequence[Edge]], *, flow: bool) -> None:
    """Give boxes and edges that stand for each other room for all that is written in them."""
    for boxes in zip(*nodes, strict=True):
        numbers = [f"○ {number}" for box in boxes for number in (box.value, box.gradient)]
        for box in boxes:
            box.widest = max(numbers, key=len)
    for same in zip(*edges, strict=True):
        lines = [line for edge in same for line in edge_label(edge, flow=flow)]
        for edge in same:
            edge.widest = max(lines, key=len, default="")


def _content(
    graph: Picture, placed: Placement, *, flow: bool, bands: bool, slim: bool, show: Show, live: bool = False
) -> list[str]:
    """Return clusters, edges, labels without room of their own, and boxes, each kind over the one before."""
    parts = [
        _cluster(graph, path, rect)
        for path, rect in sorted(placed.clusters.items(), key=lambda item: item[0].count("."))
    ]
    if flow and bands:
        parts += [
            _shown(_band(edge, placed.curves[edge.id]), show(edge.id))
            for edge in graph.edges
            if edge.taken and edge.weight is None and edge.tone not in ("none", "zero")
        ]
    vertical = graph.rankdir in ("TB", "BT")
    parts += [
        _weight(edge, placed.curves[edge.id], graph.heaviest)
        for edge in graph.edges
        if edge.weight is not None
    ]
    inside = {node.id: bool(node.scope) for node in graph.nodes}
    if graph.crowded:
        parts += _texture(graph, placed)
    else:
        parts += [
            _edge(
                edge,
                placed,
                flow=flow,
                slim=slim,
                inside=inside[edge.tail] and inside[edge.head],
                vertical=vertical,
                shown=show(edge.id),
            )
            for edge in graph.edges
            if edge.weight is None
        ]
    parts += _afloat(graph, placed, inside, live=live)
    if vertical:
        parts += [_caption(graph, path, rect, " over") for path, rect in placed.clusters.items()]
    parts += [_node(node, placed.nodes[node.id], slim=slim, shown=show(node.id)) for node in graph.nodes]
    return parts


def _afloat(graph: Picture, placed: Placement, inside: dict[str, bool], *, live: bool) -> Iterator[str]:
    """Yield the labels of edges for which the layout has no room: on their lines, hidden until pointed at.

    Labels that are to be shown all the same are not hidden. Those of one box stand apart along their lines,
    and as far as can be from all others. They lie over all lines, so that none runs through them.
    """
    if graph.crowded:
        return
    out: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.id not in placed.labels and edge.local and not edge.back:
            out.setdefault(edge.head, []).append(edge)
    taken: list[Rect] = []
    for edges in out.values():
        for k, edge in enumerate(edges):
            if not live and not (edge.shown and graph.view == "network"):
                continue
            words = edge.local if edge.count < 2 else f"{edge.local} ×{edge.count}"
            part = (k + 1.0) / (len(edges) + 1.0)
            x, y = _free(placed.curves[edge.id], part, width(words, BOX.tiny), taken)
            hidden = "" if edge.shown and graph.view == "network" else ' class="hid" display="none"'
            kind = "edge in" if edge.weight is None and inside[edge.tail] and inside[edge.head] else "edge"
            yield (
                f'<g class="{kind}" data-label="{edge.id}"><text{hidden} x="{coordinate(x)}" '
                f'y="{coordinate(y + 3.5)}">{xml(words)}</text></g>'
            )


def _free(
    points: list[tuple[float, float]], part: float, breadth: float, taken: list[Rect]
) -> tuple[float, float]:
    """Return a place on a chain for a label, near a part of it, where no other is if there is such a one."""
    room = Rect(0.0, 0.0, breadth + 4.0, BOX.tiny + 4.0)
    best, least = (0.0, 0.0), math.inf
    for step in (0.0, -0.08, 0.08, -0.16, 0.16, -0.24, 0.24, -0.32, 0.32):
        x, y = _along(points, min(max(part + step, 0.12), 0.88))
        at = Rect(x - room.width / 2, y - room.height / 2, room.width, room.height)
        covered = sum(
            max(0.0, min(at.x + at.width, other.x + other.width) - max(at.x, other.x))
            * max(0.0, min(at.y + at.height, other.y + other.height) - max(at.y, other.y))
            for other in taken
        )
        if covered < least:
            best, least = (x, y), covered
        if not covered or len(taken) > SPARSE:
            break
    x, y = best
    taken.append(Rect(x - room.width / 2, y - room.height / 2, room.width, room.height))
    return best


def _along(points: list[tuple[float, float]], part: float) -> tuple[float, float]:
    """Return the place on a chain of cubic segments at a part of their number."""
    count = (len(points) - 1) // 3
    i = min(int(part * count), count - 1)
    t = part * count - i
    p, q, r, s = points[3 * i : 3 * i + 4]
    pq, qr, rs = _between(p, q, t), _between(q, r, t), _between(r, s, t)
    return _between(_between(pq, qr, t), _between(qr, rs, t), t)


def inside_summary(graph: Picture, name: str) -> str:
    """Say which neuron it is whose graph is shown."""
    (box,) = [box for box in graph.nodes if box.id == name]
    name = f"{f'{box.scope}.' if box.scope else ''}{title(box)}"
    if box.count > 1:
        return gettext("inside {name}, the first of {count}", name=name, count=box.count)
    return gettext("inside {name}", name=name)


def summary(graph: Picture) -> str:
    """Say in a sentence what is drawn."""
    output = ([node for node in graph.nodes if "output" in node.kind.split()] or graph.nodes)[-1]
    value = f" = {output.value}" if output.value else ""
    return gettext(
        "Computation graph of {name}: {nodes} nodes, {edges} edges",
        name=f"{output.title or gettext('the output')}{value}",
        nodes=len(graph.nodes), edges=len(graph.edges),
    )  # fmt: skip


def _tooltip(lines: Sequence[str]) -> str:
    return f"<title>{chr(10).join(map(xml, lines))}</title>" if lines else ""


def _disc(node: Box, at: Rect) -> str:
    """Return a neuron, or what stands beside one: operation or name, and value."""
    n, w, h = coordinate, at.width, at.height - caption_room(node)
    r = 6.0 if node.kind.startswith(("data", "weight")) else h / 2
    card = f'<rect class="card" width="{n(w)}" height="{n(h)}" rx="{n(r)}"/>'
    kind = f"{node.kind} leaf" if node.kind == "data" else node.kind
    kind = f"{kind} {node.mark}".rstrip()
    out = [f'<g class="node {kind}" data-node="{node.id}" transform="translate({n(at.x)} {n(at.y)})">']
    out.append(_tooltip(node.tooltip))
    if node.count > 1:
        out.append(card.replace("<rect", '<rect x="3" y="3"'))
    out.append(card)
    inset, middle = 1.0, h / 2
    q = r - inset
    low = h - inset
    name = node.operation or title(node)
    if node.value and (name or node.tone != "none"):
        shade = f"t-{node.tone}" if node.tone != "none" else "mid"
        flat = w - 2 * inset - 2 * q
        out.append(
            f'<path class="{shade}" d="M{n(inset)} {n(middle)}h{n(w - 2 * inset)}v{n(low - middle - q)}'
            f'q0 {n(q)} -{n(q)} {n(q)}h-{n(flat)}q-{n(q)} 0 -{n(q)} -{n(q)}z"/>'
            if r < h / 2
            else f'<path class="{shade}" d="{_bowl(w, h, inset)}"/>'
        )
    on = " on" if node.tone == "nan" else ""
    mark = {"nan": "⚠ "}.get(node.tone, "")
    if name:
        out.append(text(w / 2, middle - 6.0 if node.value else middle + 4.5, name, "v b m"))
    if node.value:
        out.append(text(w / 2, middle + 14.0 if name else middle + 4.5, mark + node.value, f"v m{on}"))
    if node.mark:
        out.append(
            f'<rect class="frame" width="{n(w)}" height="{n(h)}" rx="{n(r)}"/>'
        )
    if caption(node):
        out.append(text(w / 2, h + (15.0 if node.count > 1 else 13.0), caption(node), "v q m"))
    return "".join([*out, "</g>"])


def _bowl(w: float, h: float, inset: float) -> str:
    """Return the lower half of a rounded box."""
    n, r = coordinate, h / 2 - inset
    k = 0.5523 * r  # where a cubic that follows a quarter of a circle has its handles
    left, right, low = inset, w - inset, h - inset
    return (
        f"M{n(left)} {n(h / 2)}H{n(right)}C{n(right)} {n(h / 2 + k)} {n(right - r + k)} {n(low)} "
        f"{n(right - r)} {n(low)}H{n(left + r)}C{n(left + r - k)} {n(low)} {n(left)} {n(h / 2 + k)} "
        f"{n(left)} {n(h / 2)}z"
    )


def _weight(edge: Edge, points: list[tuple[float, float]], heaviest: float) -> str:
    """Return the line of a weight: its sign as colour, its size as width."""
    share = abs(edge.weight or 0.0) / heaviest if heaviest else 0.0
    sign = "p4" if (edge.weight or 0.0) > 0 else "n4"
    line = {"zero": "wire cut", "nan": "band s-nan"}.get(edge.tone, f"band s-{sign}")
    return (
        f'<g class="edge" data-edge="{edge.id}" data-tail="{edge.tail}" data-head="{edge.head}">'
        f'{_tooltip(edge.tooltip)}<path class="{line}" d="{_path(points)}" '
        f'stroke-width="{0.8 + 4.2 * min(share, 1.0):.1f}"/></g>'
    )


def _shown(part: str, attributes: str) -> str:
    """Return a part in a group with attributes, if there are any."""
    return f"<g {attributes}>{part}</g>" if attributes else part


def _node(node: Box, at: Rect, *, slim: bool, shown: str = "") -> str:
    """Return a box: head with operation and name, then value, then gradient on its colour."""
    if is_disc(node):
        return _disc(node, at)
    n, w, h = coordinate, at.width, at.height
    r = ROUND.get(node.kind, 5)
    card = f'<rect class="card" width="{n(w)}" height="{n(h)}" rx="{r}"/>'
    kind = f"{node.kind} {node.mark}".rstrip()
    out = [f'<g class="node {kind}" data-node="{node.id}" transform="translate({n(at.x)} {n(at.y)})">']
    if not slim:
        out.append(_tooltip(node.tooltip))
    if node.count > 1:  # a stack of cards
        out += [card.replace("<rect", f'<rect x="{off}" y="{off}"') for off in (6, 3)]
    out.append(card)
    name, base, right = title(node), BOX.head / 2 + 4.5, w - BOX.pad
    if node.operation:
        out.append(text(BOX.pad, base, node.operation, "h q" if name else "h b"))
    else:
        out.append(text(BOX.pad, base, name or word(node), "h b" if name else "h q"))
    if node.kind in SHEETS:  # with a folded corner
        out.append(f'<path class="fold" d="M{n(w - 9)} .5v8.5h8.5z"/>')
        right -= 5.0
    if node.saved:
        out.append(saved_mark(right - 7.0, BOX.head / 2))
        right -= 14.0
    if node.count > 1:
        out.append(text(right, base, f"×{node.count}", "k q b e"))
        right -= width(f"×{node.count}", BOX.tiny) + 8.0
    if name and node.operation:
        out.append(text(right, base, name, "h b e"))
    elif name and word(node):
        out.append(text(right, base, word(node), "k q e"))
    top = BOX.head
    listed = rows(node)
    inset = 2 if slim else 1  # inside the border, which a page may make thicker
    q = max(0, r - inset)
    for i, (what, said, number) in enumerate(listed):
        tinted = what == "grad" and node.tone != "none"
        fill = f"t-{node.tone}" if tinted else "mid"
        shape = f"M{inset} {n(top)}h{n(w - 2 * inset)}"
        if i == len(listed) - 1:  # with the card's round corners
            shape += f"v{n(BOX.row - q - inset)}q0 {q}-{q} {q}H{inset + q}q-{q} 0-{q}-{q}z"
        else:
            shape += f"v{n(BOX.row)}H{inset}z"
        ink = " on" if tinted and node.tone == "nan" else ""
        differs = what in node.mark.split()
        mark = {"zero": "○ ", "nan": "⚠ "}.get(node.tone, "") if tinted else ""
        row = [
            f'<path class="{fill}" d="{shape}"/>',
            text(BOX.pad, top + 14.0, f"≠ {said}" if differs else said, f"k{ink}"),
            text(w - BOX.pad, top + 14.0, mark + number, f"v{ink}{' b' if differs else ''}"),
        ]
        if what == "grad" and shown:  # below, what is seen before
            row = [f'<path class="mid" d="{shape}"/>', row[1], _shown("".join(row), shown)]
        out += row
        top += BOX.row
    if node.mark:  # a frame around what differs from the other graph
        out.append(f'<rect class="frame" width="{n(w)}" height="{n(h)}" rx="{r}"/>')
    return "".join([*out, "</g>"])


def _caption(graph: Picture, path: str, at: Rect, halo: str = "") -> str:
    y = at.y + at.height - 7.0 if graph.rankdir == "BT" else at.y + 16.0
    return text(at.x + 12.0, y, graph.caption(path), f"w q b{halo}")


def _cluster(graph: Picture, path: str, at: Rect) -> str:
    n, caption = coordinate, _caption(graph, path, at)
    if graph.rankdir in ("TB", "BT"):
        caption = ""  # over the edges
    return (
        f'<g class="cluster" data-scope="{xml(path)}"><rect class="cl" x="{n(at.x)}" y="{n(at.y)}" '
        f'width="{n(at.width)}" '
        f'height="{n(at.height)}" rx="10"/>{caption}</g>'
    )


def _path(points: list[tuple[float, float]]) -> str:
    n = coordinate
    parts = [f"M{n(points[0][0])} {n(points[0][1])}"]
    for i in range(1, len(points) - 2, 3):
        straight = points[i - 1][1] == points[i + 2][1] == points[i][1] == points[i + 1][1]
        end = points[i + 2]
        if straight and parts[-1][0] == "H":  # on, in the same direction
            parts.pop()
        parts.append(
            f"H{n(end[0])}" if straight else "C" + " ".join(f"{n(x)} {n(y)}" for x, y in points[i : i + 3])
        )
    return "".join(parts).replace(" -", "-")


def _texture(graph: Picture, placed: Placement) -> list[str]:
    """Return all edges as one element for each kind of line: a browser could not take an element for each."""
    out = []
    for kind, taken in (("wire", True), ("wire cut", False)):
        lines = []
        for edge in graph.edges:
            if edge.taken is taken:
                (ax, ay), *middle, (zx, zy) = [(round(x), round(y)) for x, y in placed.curves[edge.id]]
                lines.append(f"M{ax} {ay}C{' '.join(f'{x} {y}' for x, y in middle)} {zx} {zy}")
        if lines:
            out.append(f'<g class="crowd"><path class="{kind}" d="{"".join(lines)}"/></g>')
    return out


def _band(edge: Edge, points: list[tuple[float, float]]) -> str:
    """Return what flows back along an edge: a band as broad as it is strong."""
    breadth = {"1": 2.5, "2": 4.0, "3": 5.5, "4": 7.0}.get(edge.tone[1:], 7.0)
    # It ends where the arrowhead begins, which would be lost in it.
    return (
        f'<path class="band s-{edge.tone}" data-band="{edge.id}" d="{_path(_without_tip(points))}" '
        f'stroke-width="{breadth:g}"/>'
    )


def _without_tip(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a chain of cubic segments without its last eight pixels, by de Casteljau's subdivision."""
    *before, p, q, r, s = points
    part, length, cut = 20, 0.0, [p, q, r, s]
    while part and length < TIP:
        part -= 1
        t = part / 20
        pq, qr, rs = _between(p, q, t), _between(q, r, t), _between(r, s, t)
        left, right = _between(pq, qr, t), _between(qr, rs, t)
        shorter = [p, pq, left, _between(left, right, t)]
        length += math.dist(shorter[-1], cut[-1])
        cut = shorter
    return [*before, *cut]


def _between(a: tuple[float, float], b: tuple[float, float], t: float) -> tuple[float, float]:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def _edge(
    edge: Edge, placed: Placement, *, flow: bool, slim: bool, inside: bool, vertical: bool, shown: str = ""
) -> str:
    """Return a line with its arrowhead, which is drawn out, for markers need identifiers; and its label."""
    n, points = coordinate, placed.curves[edge.id]
    if slim:
        points = [(float(round(x)), float(round(y))) for x, y in points]
    (bx, by), (x, y) = points[-2], points[-1]
    length = ((x - bx) ** 2 + (y - by) ** 2) ** 0.5 or 1.0
    ux, uy = (x - bx) / length, (y - by) / length
    tip = f"M{n(x)} {n(y)}l{n(-8 * ux - 3.6 * uy)} {n(-8 * uy + 3.6 * ux)}l{n(7.2 * uy)} {n(-7.2 * ux)}z"
    ends = "" if slim else f' data-tail="{edge.tail}" data-head="{edge.head}"'
    kind = f"edge{' in' if inside else ''}"
    if edge.factor is not None:
        kind += f" f{edge.factor % len(FACTORS)}"
    out = [f'<g class="{kind}" data-edge="{edge.id}"{ends}>']
    if not slim:
        out.append(_tooltip(edge.tooltip))
    out.append(
        f'<path class="wire{"" if edge.taken else " cut"}" d="{_path(points)}"/><path class="tip" d="{tip}"/>'
    )
    at = placed.labels.get(edge.id)
    if at is not None:
        lines = edge_label(edge, flow=flow)
        # Along a line of ours, one text above it and one below; else one below the other, on a plate where
        # the line runs down.
        ours = placed.engine == "built-in"
        if vertical and ours:
            out.append(
                f'<rect class="plate" x="{n(at.x + 2)}" y="{n(at.y + 1)}" width="{n(at.width - 4)}" '
                f'height="{n(at.height - 2)}" rx="6"/>'
            )
        spare = at.height - 14.0 * len(lines) - 4.0
        first, step = (9.5, 23.0) if ours and not vertical else (12.5 + spare / 2, 14.0)
        out += [
            # No group around the second: it would be the first of its kind in there, in the first's colour.
            text(round(at.x + at.width / 2), round(at.y + first + step * i), line, "").replace(
                "<text", f"<text {shown}" if i and shown else "<text", 1
            )
            for i, line in enumerate(lines)
        ]
    return "".join([*out, "</g>"])
