"""An SVG picture of this package as a DOT program, so that Graphviz makes PNG and PDF of it, mark for mark.

Shapes go into the background, in the xdot language; texts become nodes without a border, for Graphviz 14
crashes over text in a background. What is understood of SVG and CSS is what `autograd.render.picture.svg`
writes.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from autograd.render import escape
from autograd.render.labels import width
from autograd.render.page.jupyter import picture_size

__all__ = ["painted_source"]

FACE: Final = "Helvetica,Arial,sans-serif"
SHARP: Final = 144.0  # dots an inch: two for each pixel of the SVG, as screens have them
LARGEST: Final = 8_000.0  # dots; a bitmap much larger takes minutes, and few programs open it
_CURVE: Final = 0.5523  # of the radius: where a cubic that follows a quarter of a circle has its handles

Point = tuple[float, float]
Style = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What selectors see of an element."""

    tag: str
    classes: frozenset[str]
    first: bool  # of its tag among its siblings
    after: frozenset[str]  # classes of the sibling before it


def painted_source(svg: str, *, bitmap: bool = True) -> str:
    """Return a program that draws the picture and moves nothing (for neato -n2).

    A bitmap has two dots for each pixel.
    """
    breadth, height = picture_size(svg)
    root = ET.fromstring(svg)  # noqa: S314 - written here, a moment ago
    painter = _Painter(height, _Sheet(root.findtext("{http://www.w3.org/2000/svg}style") or ""))
    painter.paint(root)
    dots = min(SHARP, 72.0 * LARGEST / max(breadth, height)) if bitmap else 72.0
    # Graphviz reads strings of at most 16 kB, but joins those with a plus between them.
    background = '" +\n"'.join(_pieces(painter.shapes, 15_000))
    lines = [
        f'\tgraph [bgcolor="{painter.paper}" pad=0 dpi={dots:.0f} _background="{background}"]\n',
        f'\tnode [shape=none margin=0 label="" width=0 height=0 fontname="{FACE}"]\n',
        '\tcorner0 [pos="0.5,0.5"]\n',  # a point wide, at the least
        f'\tcorner1 [pos="{breadth - 0.5:g},{height - 0.5:g}"]\n',
    ]
    return "digraph {\n" + "".join(lines) + "".join(painter.texts) + "}\n"


def _pieces(words: list[str], most: int) -> Iterator[str]:
    """Yield the words in pieces of at most so many characters, as few as can be."""
    piece: list[str] = []
    size = 0
    for word in words:
        if size + len(word) >= most:
            yield "".join(piece)
            piece, size = [], 0
        piece += word, " "
        size += len(word) + 1
    yield "".join(piece)


@dataclass(slots=True)
class _Painter:
    height: float
    sheet: _Sheet
    paper: str = "white"
    shapes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def paint(self, root: ET.Element) -> None:
        """Paint an element and what is in it, in the order of the document."""
        for element, chain, (dx, dy) in _walk(root):
            tag = chain[-1].tag
            style = self.sheet.style(chain)
            if "paper" in chain[-1].classes:
                self.paper = style["fill"]
            elif tag == "rect":
                self._shape([_rounded(element, dx, dy)], style)
            elif tag == "path":
                self._shape(
                    _subpaths(element.get("d", ""), dx, dy),
                    {**style, "stroke-width": element.get("stroke-width", style.get("stroke-width", "1"))},
                )
            elif tag == "text":
                self._text(element, dx, dy, style)

    def _shape(self, paths: list[list[Point]], style: Style) -> None:
        alpha = f"{round(255 * float(style.get('opacity', '1'))):02x}"
        fill, stroke = style.get("fill", "#000000"), style.get("stroke", "none")
        pen = "#00000000" if stroke == "none" else stroke + alpha
        dashes = "6 -dashed" if "stroke-dasharray" in style else "5 -solid"
        breadth = f"setlinewidth({float(style.get('stroke-width', '1').removesuffix('px')):g})"
        self.shapes.append(f"S {dashes} S {len(breadth)} -{breadth} c {len(pen)} -{pen}")
        if fill != "none":
            self.shapes.append(f"C {len(fill + alpha)} -{fill}{alpha}")
        for points in paths:
            self.shapes.append(
                f"{'B' if fill == 'none' else 'b'} {len(points)} "
                + " ".join(f"{x:.1f} {self.height - y:.1f}" for x, y in points)
            )

    def _text(self, element: ET.Element, dx: float, dy: float, style: Style) -> None:
        content = element.text or ""
        size = float(style["font-size"].removesuffix("px"))
        x, y = float(element.get("x", "0")) + dx, float(element.get("y", "0")) + dy
        anchor = style.get("text-anchor", "start")
        if "stroke" in style:  # a halo: the ground, under the text
            w = width(content, size)
            left = x - w / 2
            box = ET.Element(
                "rect",
                {
                    "x": str(left),
                    "y": str(y - 0.85 * size),
                    "width": str(w),
                    "height": str(1.05 * size),
                    "rx": "3",
                },
            )
            self._shape([_rounded(box, 0.0, 0.0)], {"fill": style["stroke"]})
        room = 1.3 * width(content, size) + 12.0  # a face broader than expected must not be cut off
        align, centre = {
            "start": ("LEFT", x + room / 2),
            "end": ("RIGHT", x - room / 2),
            "middle": ("CENTER", x),
        }[anchor]
        shown = escape.dot_html(content)
        if style.get("font-weight") == "600":
            shown = f"<B>{shown}</B>"
        table = '<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0"><TR>'
        cell = (
            f'<TD ALIGN="{align}" FIXEDSIZE="TRUE" WIDTH="{room:.0f}" HEIGHT="{1.6 * size:.0f}"><FONT '
            f'POINT-SIZE="{size:g}" COLOR="{style["fill"]}">{shown}</FONT></TD></TR></TABLE>'
        )
        if content.strip():
            self.texts.append(
                f'\tt{len(self.texts)} [pos="{centre:.1f},{self.height - y + 0.36 * size:.1f}" '
                f'label=<{table}{cell}>]\n'
            )


def _walk(root: ET.Element) -> Iterator[tuple[ET.Element, tuple[_Kind, ...], Point]]:
    """Yield every element with the kinds of its ancestors and itself, and how far it is moved."""
    stack: list[tuple[ET.Element, tuple[_Kind, ...], Point]] = [
        (root, (_kind(root, set(), None),), (0.0, 0.0))
    ]
    while stack:
        element, chain, (dx, dy) = stack.pop()
        yield element, chain, (dx, dy)
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        if moved:
            dx, dy = dx + float(moved[1]), dy + float(moved[2])
        seen: set[str] = set()
        before = None
        inside = []
        for child in element:
            inside.append((child, (*chain, _kind(child, seen, before)), (dx, dy)))
            before = child
        stack.extend(reversed(inside))


def _kind(element: ET.Element, seen: set[str], before: ET.Element | None) -> _Kind:
    tag = element.tag.rpartition("}")[2]
    first = tag not in seen
    seen.add(tag)
    return _Kind(
        tag,
        frozenset((element.get("class") or "").split()),
        first,
        frozenset() if before is None else frozenset((before.get("class") or "").split()),
    )


class _Sheet:
    """A style sheet, and which of its rules apply to an element."""

    def __init__(self, css: str) -> None:
        self._rules: list[tuple[int, int, list[str], Style]] = []
        self._known: dict[tuple[_Kind, ...], Style] = {}
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
            style = dict(part.split(":", 1) for part in body.split(";") if part)
            for selector in selectors.split(","):
                weight = 10 * (selector.count(".") + selector.count(":")) + len(
                    re.findall(r"(?:^|[ +])[a-z]", selector)
                )
                self._rules.append((weight, len(self._rules), selector.split(), style))
        self._rules.sort(key=lambda rule: rule[:2])

    def style(self, chain: tuple[_Kind, ...]) -> Style:
        """Return what applies to the last element of a chain of ancestors.

        Opacity comes from the groups around it too.
        """
        if chain not in self._known:
            found: Style = dict(self.style(chain[:-1])) if len(chain) > 1 else {}
            found = {name: value for name, value in found.items() if name == "opacity"}
            for _, _, parts, style in self._rules:
                if _matches(parts, chain):
                    found.update(style)
            self._known[chain] = found
        return self._known[chain]


def _matches(parts: list[str], chain: tuple[_Kind, ...]) -> bool:
    """Whether the last part selects the last element, and each one before it an ancestor, in order."""
    if not _selects(parts[-1], chain[-1]):
        return False
    wanted = len(parts) - 2
    for kind in reversed(chain[:-1]):
        if wanted >= 0 and _selects(parts[wanted], kind):
            wanted -= 1
    return wanted < 0


def _selects(part: str, kind: _Kind) -> bool:
    before, plus, part = part.rpartition("+")
    if plus and not set(before.split(".")[1:]) <= kind.after:
        return False
    part, colon, _ = part.partition(":")  # first-of-type, the only one there is
    tag, *classes = part.split(".")
    return (not tag or tag == kind.tag) and set(classes) <= kind.classes and (not colon or kind.first)


def _end(command: str, v: list[float], at: Point, start: Point, dx: float) -> Point:
    """Return where a straight segment ends."""
    x, y = at
    match command:
        case "l":
            return x + v[0], y + v[1]
        case "H":
            return v[0] + dx, y
        case "h":
            return x + v[0], y
        case "v":
            return x, y + v[0]
    return start


def _line(a: Point, b: Point) -> list[Point]:
    """Return the rest of a straight cubic segment from a to b."""
    (x0, y0), (x1, y1) = a, b
    return [(x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3), (x1 - (x1 - x0) / 3, y1 - (y1 - y0) / 3), b]


def _rounded(element: ET.Element, dx: float, dy: float) -> list[Point]:
    x, y, w, h, r = (float(element.get(key, "0")) for key in ("x", "y", "width", "height", "rx"))
    x, y, k = x + dx, y + dy, r * (1.0 - _CURVE)
    corners = [  # where each corner begins, its two handles, and where it ends
        ((x + w - r, y), (x + w - k, y), (x + w, y + k), (x + w, y + r)),
        ((x + w, y + h - r), (x + w, y + h - k), (x + w - k, y + h), (x + w - r, y + h)),
        ((x + r, y + h), (x + k, y + h), (x, y + h - k), (x, y + h - r)),
        ((x, y + r), (x, y + k), (x + k, y), (x + r, y)),
    ]
    points = [(x + r, y)]
    for begin, one, two, end in corners:
        points += [*_line(points[-1], begin), one, two, end]
    return points


def _subpaths(data: str, dx: float, dy: float) -> list[list[Point]]:
    """Return the cubic segments of a path: M, H, h, v, l, C, q and z, which are all that is used."""
    paths: list[list[Point]] = []
    tokens = re.findall(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)", data)
    at = 0
    command = ""
    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
        count = {"M": 2, "l": 2, "H": 1, "h": 1, "v": 1, "C": 6, "q": 4, "z": 0}[command]
        v = [float(t) for t in tokens[at : at + count]]
        at += count
        if command == "M":
            paths.append([(v[0] + dx, v[1] + dy)])
            continue
        path = paths[-1]
        x, y = path[-1]
        if command == "C":
            path += [(v[i] + dx, v[i + 1] + dy) for i in (0, 2, 4)]
        elif command == "q":  # the same parabola, as a cubic
            path += [
                (x + 2 / 3 * v[0], y + 2 / 3 * v[1]),
                (x + v[2] + 2 / 3 * (v[0] - v[2]), y + v[3] + 2 / 3 * (v[1] - v[3])),
                (x + v[2], y + v[3]),
            ]
        else:
            path += _line((x, y), _end(command, v, (x, y), path[0], dx))
    return paths
