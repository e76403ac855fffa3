"""A picture in the DOT language: once complete, for Graphviz's own drawing, and once bare, to ask it for a layout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from autograd.render import escape
from autograd.render.graph import Edge, Graph, Node
from autograd.render.layout import Layout
from autograd.render.measure import BOX, edge_label, edge_size, node_size, rows, title
from autograd.render.palette import LIGHT
from autograd.render.text import shorten, visible

__all__ = ["body", "layout_source", "placed_source", "source"]

FACE = "Helvetica,Arial,sans-serif"
_EDGE_STYLE = f'fontname="{FACE}" fontsize=9 color="{LIGHT["edge"]}" fontcolor="{LIGHT["quiet"]}" arrowsize=0.6'


def source(graph: Graph, *, flow: bool = False) -> str:
    """Return the picture as a DOT program, without the help of any package."""
    return "digraph {\n" + "".join(body(graph, flow=flow)) + "}\n"


def body(graph: Graph, *, flow: bool = False) -> list[str]:
    """Return the statements between the braces, one a line."""
    heading = [
        f'\tgraph [rankdir={graph.rankdir} bgcolor=white fontname="{FACE}" fontsize=11 nodesep=0.25 ranksep=0.35 pad=0.15 labelloc=b labeljust=l]\n',
        f'\tnode [shape=plain fontname="{FACE}" fontsize=11]\n',
        f"\tedge [{_EDGE_STYLE}]\n",
    ]
    if graph.notices:
        heading.append(f"\tlabel={escape.dot('; '.join(graph.notices))}\n")
    return [*heading, *_nested(graph, _card), *(_edge(edge, flow=flow) for edge in graph.edges)]


def layout_source(graph: Graph, *, flow: bool, labels: bool) -> str:
    """Return a program of boxes of the right sizes, whose layout is then drawn here."""

    def box(node: Node) -> str:
        width, height = node_size(node)
        return f"{node.id} [width={width / 72:.3f} height={height / 72:.3f}]"

    lines = [f"\tgraph [rankdir={graph.rankdir} nodesep=0.2 ranksep={0.3 if labels else 0.5}]\n", '\tnode [shape=box fixedsize=true label=""]\n']
    lines += ["\tedge [arrowhead=none]\n", *_nested(graph, box)]
    for edge in graph.edges:
        label = ""
        if labels:
            w, h = edge_size(edge, flow=flow)
            label = f'label=<<TABLE BORDER="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="{w:.0f}" HEIGHT="{h:.0f}"><TR><TD></TD></TR></TABLE>> '
        lines.append(f"\t{edge.tail} -> {edge.head} [{label}id={edge.id}]\n")
    return "digraph {\n" + "".join(lines) + "}\n"


def placed_source(graph: Graph, placed: Layout, *, flow: bool, notices: Sequence[str] = ()) -> str:
    """Return a program in which everything has its place already, for Graphviz to draw and not to move (neato -n2)."""
    heading = f'\tgraph [bgcolor=white outputorder=nodesfirst fontname="{FACE}" fontsize=11 pad=0.15 labeljust=l]\n'
    lines = [heading, f'\tnode [shape=plain fontname="{FACE}" fontsize=11]\n', f"\tedge [{_EDGE_STYLE}]\n"]
    if notices:
        lines.append(f"\tlabel={escape.dot('; '.join(notices))}\n")

    def centre(x: float, y: float, w: float, h: float) -> str:
        return f'pos="{x + w / 2:.2f},{placed.height - y - h / 2:.2f}"'

    for i, (path, r) in enumerate(sorted(placed.clusters.items(), key=lambda item: item[0].count("."))):
        size = f"width={r.width / 72:.4f} height={r.height / 72:.4f} fixedsize=true"
        look = f'shape=box style="rounded,filled" color="{LIGHT["rule"]}" fillcolor="{LIGHT["cluster"]}" fontcolor="{LIGHT["quiet"]}"'
        where = centre(r.x, r.y, r.width, r.height)
        lines.append(f"\tcluster{i} [label={escape.dot(_caption(graph, path))} labelloc=t {look} {size} {where}]\n")
    for node in graph.nodes:
        at = placed.nodes[node.id]
        card = _card(node, width=at.width)
        lines.append(f"\t{card[:-1]} {centre(at.x, at.y, at.width, at.height)}]\n")
    across = graph.rankdir in ("LR", "RL") and placed.engine == "built-in"
    for edge in graph.edges:
        points = [f"{x:.2f},{placed.height - y:.2f}" for x, y in placed.curves[edge.id]]
        (x0, y0), (x1, y1) = placed.curves[edge.id][-2:]
        # The arrowhead takes the last six points of the way.
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        points[-1] = f"{x1 - 6 * (x1 - x0) / length:.2f},{placed.height - y1 + 6 * (y1 - y0) / length:.2f}"
        way = f'pos="e,{x1:.2f},{placed.height - y1:.2f} {" ".join(points)}"'
        label = placed.labels.get(edge.id)
        spot = "" if label is None else f' lp="{label.x + label.width / 2:.2f},{placed.height - label.y - label.height / 2:.2f}"'
        lines.append(f"{_edge(edge, flow=flow, label=label is not None, apart=across).rstrip()[:-1]} {way}{spot}]\n")
    return "digraph {\n" + "".join(lines) + "}\n"


def _caption(graph: Graph, path: str) -> str:
    count = graph.scope_counts.get(path, 1)
    return shorten(visible(path.rpartition(".")[2]), 24) + (f"  ×{count}" if count > 1 else "")


def _nested(graph: Graph, show: Callable[[Node], str]) -> Iterator[str]:
    """Yield the nodes inside their clusters. An explicit stack, for scopes may nest deeper than Python's."""
    inside: dict[str, list[Node]] = {}
    for node in graph.nodes:
        inside.setdefault(node.scope, []).append(node)
    scopes = graph.scopes()
    index = {path: i for i, path in enumerate(scopes)}
    children: dict[str, list[str]] = {}
    for path in scopes:
        children.setdefault(path.rpartition(".")[0], []).append(path)
    stack: list[tuple[str, bool]] = [("", True)]
    while stack:
        path, opening = stack.pop()
        tabs = "\t" * (path.count(".") + 2 if path else 1)
        if not opening:
            yield tabs[1:] + "}\n"
            continue
        if path:
            caption = _caption(graph, path)
            yield f"{tabs[1:]}subgraph cluster_{index[path]} {{\n"
            yield f'{tabs}graph [label={escape.dot(caption)} style="rounded,filled" color="{LIGHT["rule"]}" fillcolor="{LIGHT["cluster"]}" fontcolor="{LIGHT["quiet"]}" labelloc=t]\n'
            stack.append((path, False))
        for node in inside.get(path, ()):
            yield f"{tabs}{show(node)}\n"
        stack.extend((child, True) for child in reversed(children.get(path, ())))


def _card(node: Node, *, width: float = 0.0) -> str:
    """Return a box as an HTML-like table: operation and name, value, gradient on its colour."""
    head = LIGHT["leaf"] if node.kind == "leaf" else LIGHT["head"]
    name = escape.dot_html(title(node))
    operation = escape.dot_html(node.operation)
    count = f" ×{node.count}" if node.count > 1 else ""
    left = f"<B>{name or 'leaf'}</B>" if not operation else f"<B>{operation}</B>" if not name else operation
    right = f"<B>{name}</B>" if operation and name else ""
    saved = "▾" if node.saved else ""
    # Where the box has a size already, its cells share it.
    top, row = (f' WIDTH="{width / 2 - 1:.0f}" HEIGHT="{h - 1:.0f}"' if width else "" for h in (BOX.head, BOX.row))
    cells = [f'<TR><TD ALIGN="LEFT" BGCOLOR="{head}"{top}>{left}</TD><TD ALIGN="RIGHT" BGCOLOR="{head}"{top}>{right}{count}{saved} </TD></TR>']
    for what, text in rows(node):
        colour = LIGHT[node.tone] if what == "grad" else LIGHT["card"]
        mark = {"zero": "○ ", "nan": "! "}.get(node.tone, "") if what == "grad" else ""
        cells.append(
            f'<HR/><TR><TD ALIGN="LEFT" BGCOLOR="{colour}"{row}><FONT POINT-SIZE="9">{what}</FONT></TD>'
            f'<TD ALIGN="RIGHT" BGCOLOR="{colour}"{row}>{mark}{escape.dot_html(text)}</TD></TR>'
        )
    line = f'BORDER="{2 if node.kind == "output" else 1}" COLOR="{LIGHT["ink"] if node.kind == "output" else LIGHT["line"]}"'
    table = f'<TABLE {line} CELLBORDER="0" CELLSPACING="0" CELLPADDING="{2 if width else 4}" BGCOLOR="{LIGHT["card"]}">{"".join(cells)}</TABLE>'
    tooltip = escape.dot(" | ".join(node.tooltip)) if node.tooltip else '""'
    return f"{node.id} [label=<{table}> id={node.id} tooltip={tooltip}]"


def _edge(edge: Edge, *, flow: bool, label: bool = True, apart: bool = False) -> str:
    lines = edge_label(edge, flow=flow) if label else []
    # Above and below the line, not on it.
    text = escape.dot(("\n\n" if apart else "\n").join(lines) + ("\n\n" if apart and len(lines) == 1 else "")).replace("↵", "\\n")
    attributes = [f"label={text}", f"id={edge.id}", f"tooltip={escape.dot(' | '.join(edge.tooltip))}"]
    if not edge.taken:
        attributes.append("style=dotted")
    elif flow and edge.tone not in ("none", "zero", "n1", "p1"):  # the palest would be lost on white
        attributes += [f'color="{LIGHT[edge.tone]}"', f"penwidth={1 + 0.6 * int(edge.tone[1:]) if edge.tone != 'nan' else 3}"]
    return f"\t{edge.tail} -> {edge.head} [{' '.join(attributes)}]\n"
