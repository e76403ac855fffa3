"""What the colours and marks of a picture mean: only what the picture uses."""

from __future__ import annotations

from typing import Final

from autograd.render.labels import MINUS, number, width
from autograd.render.picture.graph import LEVELS, Picture
from autograd.render.picture.measure import BOX
from autograd.render.picture.shapes import coordinate, saved_mark, text
from autograd.words import gettext

__all__ = ["LEGEND_ROW", "entries", "wrap"]

LEGEND_ROW: Final = 24.0
CELL: Final = 15.0

_WEIGHTS: Final = (
    '<path class="band s-n4" d="M0 -4H26" stroke-width="1.5"/>'
    '<path class="band s-p4" d="M0 3H26" stroke-width="5"/>'
)
_WIRE: Final = '<path class="wire" d="M0 0H26"/><path class="tip" d="M26 0l-8 3.6v-7.2z"/>'


def entries(
    graph: Picture, *, flow: bool, bands: bool = True, labels: bool = True
) -> list[tuple[float, str]]:
    """Return the entries with their widths."""
    listed: list[tuple[float, str]] = []
    tones = graph.tones - {"seed"}
    if tones - {"none"}:
        listed.append(_scale(graph.scale) if graph.scale else _zero())
    if "nan" in tones:
        listed.append(_swatch('<path class="t-nan ring" d="M0 -7h15v14H0z"/>', gettext("⚠ not finite")))
    if any(edge.weight is not None for edge in graph.edges):
        listed.append(_swatch(_WEIGHTS, gettext("weight: below zero, above; as broad as large"), 26.0))
    elif graph.edges and not graph.crowded:
        told = labels and any(edge.local for edge in graph.edges)
        words = gettext("operand, with local derivative") if told else gettext("operand")
        listed.append(_swatch(_WIRE, words, 26.0))
    if flow and (graph.view == "graph" or graph.inset is not None) and tones - {"none", "zero"}:
        mark = '<path class="band s-p3" d="M0 0H26" stroke-width="5.5"/>' if bands else ""
        listed.append(_swatch(mark, gettext("← what flows back"), 26.0 if bands else -7.0))
    if any(not edge.taken for edge in graph.edges):
        listed.append(
            _swatch(
                '<path class="wire cut" d="M0 0H26"/>', gettext("branch not taken: nothing flows back"), 26.0
            )
        )
    if any(node.saved for node in graph.nodes):
        listed.append(_swatch(saved_mark(0.0, 0.0), gettext("value saved for the backward pass"), 7.0))
    for mark, words in (
        ("differs", gettext("differs from the other graph")),
        ("alone", gettext("in this graph only")),
    ):
        if any(node.mark.startswith(mark) for node in graph.nodes):
            frame = '<rect class="frame" y="-7" width="22" height="14" rx="4"/>'
            listed.append(_swatch(f'<g class="{mark}">{frame}</g>', words, 22.0))
    if any(node.count > 1 for node in graph.nodes) or graph.scope_counts:
        folded = gettext("N alike, folded; range of values")
        listed.append(_swatch(text(0.0, 4.0, "×N", "w q b"), folded, 18.0))
    return listed


def _scale(largest: float) -> tuple[float, str]:
    """Return the scale of gradients, from the largest below zero to the largest above."""
    low, high = number(-largest, minus=MINUS), number(largest, minus=MINUS)
    left = width(gettext("gradient"), BOX.small) + 12.0 + width(low, BOX.tiny)
    cells = [f"n{i}" for i in range(LEVELS, 0, -1)] + ["zero"] + [f"p{i}" for i in range(1, LEVELS + 1)]
    parts = [text(0.0, 4.0, gettext("gradient"), "w q"), text(left, 4.0, low, "k e")]
    parts += [
        f'<path class="t-{cell} ring" d="M{coordinate(left + 6 + CELL * i)} -7h15v14h-15z"/>'
        for i, cell in enumerate(cells)
    ]
    parts.append(text(left + 6 + CELL * (LEVELS + 0.5) - 4.0, 4.0, "○", "k"))
    right = left + 12 + CELL * len(cells)
    parts.append(text(right, 4.0, high, "k"))
    return right + width(high, BOX.tiny), "".join(parts)


def _zero() -> tuple[float, str]:
    """Return the mark of a gradient of 0, where there is no other."""
    mark = '<path class="t-zero ring" d="M0 -7h15v14H0z"/>' + text(3.5, 4.0, "○", "k")
    return _swatch(mark, f"{gettext('gradient')} 0")


def _swatch(mark: str, words: str, room: float = CELL) -> tuple[float, str]:
    return room + 7.0 + width(words, BOX.small), mark + text(room + 7.0, 4.0, words, "w q")


def wrap(listed: list[tuple[float, str]], limit: float) -> tuple[list[list[tuple[float, str]]], float]:
    """Break the legend into lines no wider than the picture; return them and the widest line's width."""
    lines: list[list[tuple[float, str]]] = []
    at, widest = 0.0, 0.0
    for entry in listed:
        if not lines or at + entry[0] > limit - 2 * BOX.pad:
            lines.append([])
            at = 0.0
        lines[-1].append(entry)
        at += entry[0] + 22.0
        widest = max(widest, at - 22.0 + 2 * BOX.pad)
    return lines, widest
