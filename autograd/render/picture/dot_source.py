"""A picture in the DOT language.

Once complete, for Graphviz's own drawing, and once bare, to ask it for a layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from autograd.render import escape
from autograd.render.colours import of_factor
from autograd.render.picture.graph import Box, Edge, Picture
from autograd.render.picture.measure import edge_label, edge_size, node_size, rows, title, word
from autograd.render.picture.palette import LIGHT

__all__ = ["body", "layout_source", "source"]

FACE = "Helvetica,Arial,sans-serif"
CLEAR: Final = 3.0  # on each side of a label
_ORDER = "ordering=in"  # operands as they are written, the first on top
_EDGE_STYLE = (
    f'fontname="{FACE}" fontsize=9 color="{LIGHT["edge"]}" fontcolor="{LIGHT["quiet"]}" arrowsize=0.6'
)


def source(graph: Picture, *, flow: bool = False) -> str:
    """Return the picture as a DOT program, without the help of any package."""
    return "digraph {\n" + "".join(body(graph, flow=flow)) + "}\n"


def body(graph: Picture, *, flow: bool = False) -> list[str]:
    """Return the statements between the braces, one a line."""
    heading = [
        (
            f'\tgraph [rankdir={graph.rankdir} bgcolor=white fontname="{FACE}" fontsize=11 nodesep=0.25 '
            f"ranksep=0.35 pad=0.15 {_ORDER} labelloc=b labeljust=l]\n"
        ),
        f'\tnode [shape=plain fontname="{FACE}" fontsize=11]\n',
        f"\tedge [{_EDGE_STYLE}]\n",
    ]
    if graph.notices:
        heading.append(f"\tlabel={escape.dot('; '.join(graph.notices))}\n")
    return [*heading, *_nested(graph, _card), *(_edge(edge, flow=flow) for edge in graph.edges)]


def layout_source(graph: Picture, *, flow: bool, labels: bool) -> str:
    """Return a program of boxes of the right sizes, whose layout is then drawn here."""

    def box(node: Box) -> str:
        width, height = node_size(node)
        return f"{node.id} [width={width / 72:.3f} height={height / 72:.3f}]"

    lines = [
        f"\tgraph [rankdir={graph.rankdir} nodesep=0.2 ranksep={0.3 if labels else 0.5} {_ORDER}]\n",
        '\tnode [shape=box fixedsize=true label=""]\n',
    ]
    lines += ["\tedge [arrowhead=none]\n", *_nested(graph, box)]
    for edge in graph.edges:
        label = ""
        if labels:
            # Graphviz lays a label beside the line, and knows nothing of the band along it.
            w, h = (side + 2 * CLEAR if flow and side else side for side in edge_size(edge, flow=flow))
            label = (
                f'label=<<TABLE BORDER="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="{w:.0f}" HEIGHT="{h:.0f}">'
                '<TR><TD></TD></TR></TABLE>> '
            )
        lines.append(f"\t{edge.tail} -> {edge.head} [{label}id={edge.id}]\n")
    return "digraph {\n" + "".join(lines) + "}\n"


def _nested(graph: Picture, show: Callable[[Box], str]) -> Iterator[str]:
    """Yield the nodes inside their clusters. An explicit stack, for scopes may nest deeper than Python's."""
    inside: dict[str, list[Box]] = {}
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
            caption = graph.caption(path)
            yield f"{tabs[1:]}subgraph cluster_{index[path]} {{\n"
            yield (
                f'{tabs}graph [label={escape.dot(caption)} style="rounded,filled" color="{LIGHT["rule"]}" '
                f'fillcolor="{LIGHT["cluster"]}" fontcolor="{LIGHT["quiet"]}" labelloc=t]\n'
            )
            stack.append((path, False))
        for node in inside.get(path, ()):
            yield f"{tabs}{show(node)}\n"
        stack.extend((child, True) for child in reversed(children.get(path, ())))


def _card(node: Box) -> str:
    """Return a box as an HTML-like table: operation and name, value, gradient on its colour."""
    head = LIGHT["leaf"] if node.kind.startswith("leaf") else LIGHT["head"]
    name = escape.dot_html(title(node))
    operation = escape.dot_html(node.operation)
    count = f" ×{node.count}" if node.count > 1 else ""
    left = operation if operation and name else f"<B>{operation or name or word(node)}</B>"
    right = f"<B>{name}</B>" if operation and name else word(node) if name else ""
    saved = "▾" if node.saved else ""
    cells = [(
        f'<TR><TD ALIGN="LEFT" BGCOLOR="{head}">{left}</TD><TD ALIGN="RIGHT" BGCOLOR="{head}">'
        f'{right}{count}{saved} </TD></TR>'
    )]
    for what, said, text in rows(node):
        colour = LIGHT[node.tone] if what == "grad" else LIGHT["card"]
        mark = {"zero": "○ ", "nan": "! "}.get(node.tone, "") if what == "grad" else ""
        cell = f'<FONT POINT-SIZE="9">{escape.dot_html(said)}</FONT>'
        cells.append(
            f'<HR/><TR><TD ALIGN="LEFT" BGCOLOR="{colour}">{cell}</TD>'
            f'<TD ALIGN="RIGHT" BGCOLOR="{colour}">{mark}{escape.dot_html(text)}</TD></TR>'
        )
    line = (
        f'BORDER="{2 if node.kind == "output" else 1}" '
        f'COLOR="{LIGHT["ink"] if node.kind == "output" else LIGHT["line"]}"'
    )
    table = (
        f'<TABLE {line} CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" BGCOLOR="{LIGHT["card"]}">'
        f'{"".join(cells)}</TABLE>'
    )
    tooltip = escape.dot(" | ".join(node.tooltip)) if node.tooltip else '""'
    return f"{node.id} [label=<{table}> id={node.id} tooltip={tooltip}]"


def _edge(edge: Edge, *, flow: bool) -> str:
    text = escape.dot("\n".join(edge_label(edge, flow=flow))).replace("↵", "\\n")
    attributes = [f"label={text}", f"id={edge.id}", f"tooltip={escape.dot(' | '.join(edge.tooltip))}"]
    if edge.factor is not None:
        color = of_factor(edge.factor).light
        attributes += [f'fontcolor="{color}"', f'color="{color}"', "penwidth=2"]
    elif not edge.taken:
        attributes.append("style=dotted")
    elif flow and edge.tone not in ("none", "zero", "n1", "p1"):  # the palest would be lost on white
        attributes += [
            f'color="{LIGHT[edge.tone]}"',
            f"penwidth={1 + 0.6 * int(edge.tone[1:]) if edge.tone != 'nan' else 3}",
        ]
    return f"\t{edge.tail} -> {edge.head} [{' '.join(attributes)}]\n"
