"""A placed picture as SVG: no script, no network, no identifiers that could collide with another picture's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autograd.render.escape import xml
from autograd.render.graph import LEVELS, Edge, Graph, Node
from autograd.render.layout import Layout, Rect
from autograd.render.measure import BOX, edge_label, rows, title
from autograd.render.palette import DARK, LIGHT, variables
from autograd.render.text import MINUS, number, shorten, visible, width

__all__ = ["FONT", "style", "to_svg"]

FONT: Final = "ui-sans-serif,system-ui,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif"
LEGEND_ROW: Final = 24.0

# Properties inside the presentation attributes of old viewers would not work, so each colour is given twice:
# as an attribute (light), and as a rule with a custom property, which dark mode redefines.
_RULES: Final = (
    ".ag{font-family:" + FONT + ";font-variant-numeric:tabular-nums}"
    ".ag text{fill:var(--ink)}.ag .q{fill:var(--quiet)}.ag .b{font-weight:600}.ag .paper{fill:var(--paper)}"
    ".ag .card{fill:var(--card);stroke:var(--line)}.ag .head{fill:var(--head)}.ag .leaf .head{fill:var(--leaf)}"
    ".ag .output>.card{stroke:var(--ink);stroke-width:2}.ag .cl{fill:var(--cluster);stroke:var(--rule)}.ag .rule{stroke:var(--rule)}"
    ".ag .wire{stroke:var(--edge)}.ag .tip{fill:var(--edge)}.ag .pill{fill:var(--paper)}.ag .in .pill{fill:var(--cluster)}"
    ".ag .saved{fill:var(--saved)}.ag .ring{stroke:var(--quiet)}.ag .chev{stroke:var(--ink)}"
    + "".join(f".ag .t-{t}{{fill:var(--{t})}}.ag .s-{t}{{stroke:var(--{t})}}" for t in ("zero", "none", "nan"))
    + "".join(f".ag .t-{s}{i}{{fill:var(--{s}{i})}}.ag .s-{s}{i}{{stroke:var(--{s}{i})}}" for s in "np" for i in range(1, LEVELS + 1))
    + ".ag text.on{fill:var(--on)}"
)


def style(theme: str = "auto") -> str:
    """Return the style sheet: ``auto`` follows the reader's system, ``light`` and ``dark`` do not."""
    # Pictures of different themes may stand in one page, where each style sheet applies to all.
    sheet = f".ag-{theme}{{{variables(DARK if theme == 'dark' else LIGHT)}}}{_RULES}"
    return sheet + (f"@media (prefers-color-scheme:dark){{.ag-auto{{{variables(DARK)}}}}}" if theme == "auto" else "")


def to_svg(graph: Graph, placed: Layout, *, theme: str = "auto", flow: bool = False, legend: bool = True, news: Sequence[str] = ()) -> str:
    """Return the picture as a complete SVG document without an XML declaration, fit for a file and for a page."""
    strips = _legend(graph, flow=flow) if legend else []
    notices = [*graph.notices, *news]
    inner = max([placed.width, 2 * BOX.pad + max((width(text, BOX.small) for text in notices), default=0.0)])
    lines, legend_width = _wrap(strips, max(inner, 420.0))
    total_width = max(inner, legend_width)
    total_height = placed.height + LEGEND_ROW * (len(lines) + len(notices)) + (8.0 if lines or notices else 0.0)
    shift = (total_width - placed.width) / 2
    label = _summary(graph)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ag ag-{theme}" width="{_n(total_width)}" height="{_n(total_height)}" '
        f'viewBox="0 0 {_n(total_width)} {_n(total_height)}" role="img" aria-label="{xml(label)}" font-family="{xml(FONT)}" '
        'style="max-width:100%;height:auto">',
        f"<style>{style(theme)}</style>",
        f'<rect class="paper" width="100%" height="100%" rx="8" fill="{(DARK if theme == "dark" else LIGHT)["paper"]}"/>',
        f'<g transform="translate({_n(shift)} 0)">' if shift else "<g>",
    ]
    parts += [_cluster(graph, path, rect) for path, rect in sorted(placed.clusters.items(), key=lambda p: p[0].count("."))]
    if flow:
        parts += [_band(edge, placed.curves[edge.id]) for edge in graph.edges if edge.taken and edge.tone not in ("none", "zero")]
    parts += [_edge(edge, placed, graph, flow=flow) for edge in graph.edges]
    parts += [_node(node, placed.nodes[node.id]) for node in graph.nodes]
    parts.append("</g>")
    y = placed.height + 4.0
    for text in notices:
        y += LEGEND_ROW
        parts.append(_text(BOX.pad, y - 8.0, text, BOX.small, "q"))
    for line in lines:
        y += LEGEND_ROW
        x = BOX.pad
        for strip_width, strip in line:
            parts.append(f'<g class="legend" transform="translate({_n(x)} {_n(y - 12.0)})">{strip}</g>')
            x += strip_width + 22.0
    parts.append("</svg>")
    return "\n".join(part for part in parts if part) + "\n"


def _summary(graph: Graph) -> str:
    output = graph.nodes[-1]
    return f"Computation graph of {output.title or 'the output'} = {output.value}: {len(graph.nodes)} nodes, {len(graph.edges)} edges"


def _n(x: float) -> str:
    """Print a coordinate without noise, so that equal pictures have equal bytes."""
    return f"{x:.1f}".removesuffix(".0").replace("-0", "0") if abs(x) < 0.05 else f"{x:.1f}".removesuffix(".0")


def _text(x: float, y: float, text: str, size: float, classes: str = "", *, anchor: str = "") -> str:
    extra = (f' class="{classes}"' if classes else "") + (f' text-anchor="{anchor}"' if anchor else "")
    # A right-to-left label keeps its own order and disturbs nothing around it.
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" unicode-bidi="isolate"{extra}>{xml(text)}</text>'


def _node(node: Node, at: Rect) -> str:
    """Return a box: head with operation and name, then value, then gradient on its colour."""
    radius = 11.0 if node.kind == "leaf" else 5.0
    x, y, w, h = at.x, at.y, at.width, at.height
    out = [f'<g class="node {node.kind}" data-node="{node.id}">']
    if node.tooltip:
        out.append(f"<title>{xml(chr(10).join(node.tooltip)).replace('↵', chr(10))}</title>")
    if node.kind == "group" or node.count > 1:
        for off in (6.0, 3.0):
            out.append(f'<rect class="card" x="{_n(x + off)}" y="{_n(y + off)}" width="{_n(w)}" height="{_n(h)}" rx="{radius}" fill="#fff" stroke="#8a97a5"/>')
    out.append(f'<rect class="card" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="{radius}" fill="#fff" stroke="#8a97a5"/>')
    fill = LIGHT["leaf"] if node.kind == "leaf" else LIGHT["head"]
    out.append(f'<path class="head" d="{_tab(x, y, w, BOX.head, radius, top=True)}" fill="{fill}"/>')
    name, base = title(node), y + BOX.head / 2 + 4.5
    if node.operation:
        out.append(_text(x + BOX.pad, base, node.operation, BOX.font, "q" if name else "b"))
        right = x + w - BOX.pad
        if node.saved:
            out.append(_saved(right - 7.0, y + BOX.head / 2))
            right -= 14.0
        if node.count > 1:
            out.append(_text(right, base, f"×{node.count}", BOX.tiny, "q b", anchor="end"))
            right -= width(f"×{node.count}", BOX.tiny) + 8.0
        if name:
            out.append(_text(right, base, name, BOX.font, "b", anchor="end"))
    else:
        out.append(_text(x + BOX.pad, base, name or "leaf", BOX.font, "b" if name else "q"))
        right = x + w - BOX.pad
        if node.saved:
            out.append(_saved(right - 7.0, y + BOX.head / 2))
            right -= 14.0
        if node.count > 1:
            out.append(_text(right, base, f"×{node.count}", BOX.tiny, "q b", anchor="end"))
    top = y + BOX.head
    for what, text in rows(node):
        on = what == "grad" and node.tone != "none"
        if on:
            out.append(f'<path class="t-{node.tone}" d="{_tab(x, top, w, BOX.row, radius, top=False)}" fill="{LIGHT[node.tone]}"/>')
        out.append(f'<path class="rule" d="M{_n(x)} {_n(top)}h{_n(w)}" stroke="#d5dce3"/>')
        ink = "on" if node.tone == "nan" and on else ""
        out.append(_text(x + BOX.pad, top + 14.0, what, BOX.tiny, ink if on else "q"))
        mark = {"zero": "○ ", "nan": "⚠ "}.get(node.tone, "") if on else ""
        out.append(_text(x + w - BOX.pad, top + 14.0, mark + text, BOX.small, ink, anchor="end"))
        top += BOX.row
    # The border once more, above the fills.
    out.append(f'<rect class="card" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="{radius}" style="fill:none" fill="none" stroke="#8a97a5"/>')
    out.append("</g>")
    return "".join(out)


def _saved(x: float, y: float) -> str:
    return f'<path class="saved" d="M{_n(x)} {_n(y - 5)}h7v10l-3.5 -3l-3.5 3z" fill="{LIGHT["saved"]}"/>'


def _tab(x: float, y: float, w: float, h: float, r: float, *, top: bool) -> str:
    """Return the path of a strip whose outer corners are rounded as the box's are."""
    if top:
        return f"M{_n(x)} {_n(y + h)}v{_n(r - h)}q0 {_n(-r)} {_n(r)} {_n(-r)}h{_n(w - 2 * r)}q{_n(r)} 0 {_n(r)} {_n(r)}v{_n(h - r)}z"
    return f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h - r)}q0 {_n(r)} {_n(-r)} {_n(r)}h{_n(2 * r - w)}q{_n(-r)} 0 {_n(-r)} {_n(-r)}z"


def _cluster(graph: Graph, path: str, at: Rect) -> str:
    count = graph.scope_counts.get(path, 1)
    name = shorten(visible(path.rpartition(".")[2]), 24) + (f"  ×{count}" if count > 1 else "")
    y = at.y + at.height - 7.0 if graph.rankdir == "BT" else at.y + 16.0
    return (
        f'<g class="cluster" data-scope="{xml(path)}"><rect class="cl" x="{_n(at.x)}" y="{_n(at.y)}" width="{_n(at.width)}" height="{_n(at.height)}" '
        f'rx="10" fill="#f7f9fb" stroke="#d5dce3"/>{_text(at.x + 12.0, y, name, BOX.small, "q b")}</g>'
    )


def _path(points: list[tuple[float, float]]) -> str:
    start, rest = points[0], points[1:]
    d = [f"M{_n(start[0])} {_n(start[1])}"]
    for i in range(0, len(rest) - 2, 3):
        d.append("C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in rest[i : i + 3]))
    return "".join(d)


def _band(edge: Edge, points: list[tuple[float, float]]) -> str:
    """Return what flows back along an edge: a band as broad as it is strong."""
    breadth = {"1": 2.5, "2": 4.0, "3": 5.5, "4": 7.0}.get(edge.tone[1:], 7.0)
    return (
        f'<path class="band s-{edge.tone}" data-band="{edge.id}" d="{_path(points)}" fill="none" stroke="{LIGHT[edge.tone]}" '
        f'stroke-width="{breadth}" stroke-linecap="round"/>'
    )


def _edge(edge: Edge, placed: Layout, graph: Graph, *, flow: bool) -> str:
    points = placed.curves[edge.id]
    (bx, by), (x, y) = points[-2], points[-1]
    length = ((x - bx) ** 2 + (y - by) ** 2) ** 0.5 or 1.0
    ux, uy = (x - bx) / length, (y - by) / length
    tip = f"M{_n(x)} {_n(y)}L{_n(x - 8 * ux - 3.6 * uy)} {_n(y - 8 * uy + 3.6 * ux)}L{_n(x - 8 * ux + 3.6 * uy)} {_n(y - 8 * uy - 3.6 * ux)}z"
    dash = ' stroke-dasharray="3 4"' if not edge.taken else ""
    out = [f'<g class="edge" data-edge="{edge.id}" data-tail="{edge.tail}" data-head="{edge.head}">']
    if edge.tooltip:
        out.append(f"<title>{xml(chr(10).join(edge.tooltip)).replace('↵', chr(10))}</title>")
    out.append(f'<path class="wire" d="{_path(points)}" fill="none" stroke="#7c8a98" stroke-width="1.2"{dash}/>')
    out.append(f'<path class="tip" d="{tip}" fill="#7c8a98"/>')
    at = placed.labels.get(edge.id)
    if at is not None:
        out.append(f'<rect class="pill" x="{_n(at.x + 1)}" y="{_n(at.y + 1)}" width="{_n(at.width - 2)}" height="{_n(at.height - 2)}" rx="7" fill="#fff"/>')
        for i, line in enumerate(edge_label(edge, flow=flow)):
            out.append(_text(at.x + at.width / 2, at.y + 12.5 + 14.0 * i, line, BOX.tiny, "" if i else "q", anchor="middle"))
    out.append("</g>")
    return "".join(out)


def _legend(graph: Graph, *, flow: bool) -> list[tuple[float, str]]:
    """Return the entries of the legend with their widths: only what the picture uses."""
    entries: list[tuple[float, str]] = []
    tones = graph.tones
    if tones - {"none"}:
        low, high = number(-graph.scale, minus=MINUS), number(graph.scale, minus=MINUS)
        left = width("gradient", BOX.small) + 16.0 + width(low, BOX.tiny)
        cells = [f"n{i}" for i in range(LEVELS, 0, -1)] + ["zero"] + [f"p{i}" for i in range(1, LEVELS + 1)]
        strip = _text(0.0, 4.0, "gradient", BOX.small, "q") + _text(left, 4.0, low, BOX.tiny, anchor="end")
        for i, cell in enumerate(cells):
            strip += f'<rect class="t-{cell} ring" x="{_n(left + 6 + 15 * i)}" y="-7" width="15" height="14" fill="{LIGHT[cell]}" stroke="#5b6875" stroke-width=".5"/>'
        strip += _text(left + 6 + 15 * LEVELS + 7.5, 4.0, "○", BOX.tiny, anchor="middle")
        strip += _text(left + 12 + 15 * len(cells), 4.0, high, BOX.tiny)
        entries.append((left + 12 + 15 * len(cells) + width(high, BOX.tiny), strip))
    if "nan" in tones:
        entries.append(_swatch(f'<rect class="t-nan ring" x="0" y="-7" width="15" height="14" fill="{LIGHT["nan"]}" stroke="#5b6875"/>', "⚠ not finite"))
    if any(edge.local for edge in graph.edges):
        wire = '<path class="wire" d="M0 0H26" stroke="#7c8a98" stroke-width="1.2"/><path class="tip" d="M26 0l-8 3.6v-7.2z" fill="#7c8a98"/>'
        entries.append(_swatch(wire, "operand, with local derivative", 26.0))
    if flow and tones - {"none", "zero"}:
        band = f'<path class="s-p3" d="M0 0H26" stroke="{LIGHT["p3"]}" stroke-width="5.5" stroke-linecap="round"/>'
        entries.append(_swatch(band, "← flows back", 28.0))
    if any(not edge.taken for edge in graph.edges):
        entries.append(_swatch('<path class="wire" d="M0 0H26" stroke="#7c8a98" stroke-dasharray="3 4"/>', "branch not taken: nothing flows back", 26.0))
    if any(node.saved for node in graph.nodes):
        entries.append(_swatch(_saved(0.0, 0.0), "value saved for the backward pass", 7.0))
    if any(node.count > 1 for node in graph.nodes):
        entries.append(_swatch(_text(0.0, 4.0, "×N", BOX.small, "q b"), "N alike, folded; range of values", 18.0))
    return entries


def _swatch(mark: str, text: str, room: float = 15.0) -> tuple[float, str]:
    return room + 7.0 + width(text, BOX.small), mark + _text(room + 7.0, 4.0, text, BOX.small, "q")


def _wrap(entries: list[tuple[float, str]], limit: float) -> tuple[list[list[tuple[float, str]]], float]:
    """Break the legend into lines no wider than the picture."""
    lines: list[list[tuple[float, str]]] = []
    at, widest = 0.0, 0.0
    for entry in entries:
        if not lines or at + entry[0] > limit - 2 * BOX.pad:
            lines.append([])
            at = 0.0
        lines[-1].append(entry)
        at += entry[0] + 22.0
        widest = max(widest, at - 22.0 + 2 * BOX.pad)
    return lines, widest
