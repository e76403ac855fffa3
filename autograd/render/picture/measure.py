"""How large the boxes are, in pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from autograd.render.formula.latex import LETTERS
from autograd.render.labels import shorten, width
from autograd.render.picture.graph import Box, Edge
from autograd.words import current, gettext, marked

__all__ = [
    "BOX", "DISC", "SHEETS", "Size", "caption", "caption_room", "edge_label", "edge_size", "is_disc",
    "node_size", "title", "typeset", "word",
]  # fmt: skip

_NAME: Final = re.compile(r"([A-Za-z]+)(?:_([0-9]+))?")
TITLE_LIMIT: Final = 26


@dataclass(frozen=True, slots=True)
class Size:
    """Measures shared by layout and drawing."""

    head: float = 25.0
    row: float = 20.0
    pad: float = 10.0
    gap: float = 11.0
    font: float = 13.0
    small: float = 11.5
    tiny: float = 10.5
    least: float = 88.0


BOX: Final = Size()
DISC: Final = 52.0
"""The diameter of a neuron."""
SHEETS: Final = ("leaf data", "leaf input")
"""The kinds of boxes that are drawn as a sheet of paper."""
_WORDS: Final = {
    "leaf": marked("leaf"), "leaf parameter": marked("weight"), "leaf data": marked("data"),
    "leaf input": marked("input"),
}  # fmt: skip
_ROWS: Final = {"value": marked("value"), "holds": marked("holds"), "grad": marked("grad")}
_DISCS: Final = ("neuron", "unit", "data", "weight")


def is_disc(node: Box) -> bool:
    """Whether a box is drawn small, as in a picture of neurons: round, or with corners where it is data."""
    return node.kind.startswith(_DISCS)


def caption(node: Box) -> str:
    """Return what stands below a neuron: its name, and how many it is."""
    name = title(node) if node.operation else ""
    return " ".join(part for part in (name, f"×{node.count}" if node.count > 1 else "") if part)


def caption_room(node: Box) -> float:
    """Return how much of a box's height is what stands below it."""
    return 17.0 if is_disc(node) and caption(node) else 0.0


def title(node: Box) -> str:
    """Return the name as it fits the box, typeset."""
    return shorten(typeset(node.title), TITLE_LIMIT)


def typeset(name: str) -> str:
    """Return a name as formulas have it: a Greek letter for its name, what follows a low line below the line.

    Examples
    --------
    >>> [typeset(name) for name in ("alpha_1", "theta", "w_12", "w0", "a_max", "_1")]
    ['α₁', 'θ', 'w₁₂', 'w0', 'a_max', '_1']
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return name
    word, index = match[1], match[2] or ""
    return LETTERS.get(word, word) + "".join(chr(0x2080 + int(digit)) for digit in index)


def word(node: Box) -> str:
    """Return what stands in the head of a leaf beside its name, or in its place."""
    found = _WORDS.get(node.kind, "") if node.kind != "leaf" or not node.title else ""
    return found and gettext(found)


def rows(node: Box) -> list[tuple[str, str, str]]:
    """Return the rows below the head, value, then gradient: what each is, the word for it, and its number."""
    names = _row_words(current())
    listed = [(node.value_name, names[node.value_name], node.value)]
    if node.gradient:
        listed.append(("grad", names["grad"], node.gradient))
    return listed


@cache
def _row_words(_: str) -> dict[str, str]:
    """Return the words of rows in the language in force, which is given."""
    return {what: gettext(name) for what, name in _ROWS.items()}


def node_size(node: Box) -> tuple[float, float]:
    """Return width and height of a box."""
    if is_disc(node):
        lines = [node.operation or title(node), node.value]
        inside = max(width(line, BOX.small) for line in lines) + (14.0 if all(lines) else 24.0)
        below = width(caption(node), BOX.small)
        return round(max(DISC, inside, below)), DISC + caption_room(node)
    named = bool(node.title)
    left = node.operation or ("" if named else word(node))
    head = (
        width(title(node), BOX.font, bold=True)
        + width(left, BOX.font, bold=not named)
        + (BOX.gap if left and named else 0.0)
    )
    if named and not left and word(node):
        head += width(word(node), BOX.tiny) + BOX.gap + (5.0 if node.kind in SHEETS else 0.0)
    if node.count > 1:
        head += width(f"×{node.count}", BOX.tiny, bold=True) + 16.0
    if node.saved:
        head += 14.0
    # Zero and what is not finite have a mark before them.
    differing = node.mark.split()
    signed = node.tone in ("zero", "nan")
    known = rows(node)
    listed = [
        (f"≠ {name}" if what in differing else name, f"○ {text}" if what == "grad" and signed else text)
        for what, name, text in known
    ]
    listed.append((known[0][1], node.widest))
    widest = max([head, *(width(name, BOX.tiny) + BOX.gap + width(text, BOX.small) for name, text in listed)])
    return round(max(BOX.least, widest + 2 * BOX.pad)), BOX.head + BOX.row * len(known)


def edge_label(edge: Edge, *, flow: bool) -> list[str]:
    """Return the lines beside an edge: the local derivative, and what flows back."""
    if not edge.shown:
        return []
    if edge.count > 1:
        return [f"×{edge.count}"] if not edge.local else [edge.local, f"×{edge.count}"]
    if not edge.taken:
        return [gettext("not taken")]
    lines = [edge.local, f"← {edge.contribution}"] if flow and edge.contribution else [edge.local]
    return [line for line in lines if line]


def edge_size(edge: Edge, *, flow: bool) -> tuple[float, float]:
    """Return width and height of the label of an edge, its lines one below the other."""
    lines = edge_label(edge, flow=flow)
    if not edge.shown:
        return 0.0, 0.0
    return round(max(width(line, BOX.tiny) for line in [*lines, edge.widest]) + 6.0), 14.0 * len(lines) + 4.0
