"""Charts as SVG, drawn here: curves, points, regions, grids; without matplotlib, in a browser's Python too.

What the lessons show. A chart is text of a few kilobytes, the same on every machine; its letters are the
reader's fonts, so that any script can be written. `nn.plot` draws with matplotlib, for papers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import autograd
from autograd.keep.files import write_atomically
from autograd.render.escape import xml
from autograd.words import gettext, marked
from nn.checks import data_of, is_sequence

__all__ = ["Chart", "beside", "chart", "grid", "regions"]

# Okabe and Ito's colours, which colour-blind readers tell apart; and dashes, for who sees none.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 4", "12 4", "4 2")
FONT = "system-ui,'Segoe UI',Helvetica,Arial,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif"
LEFT, RIGHT, TOP, BOTTOM = 58.0, 12.0, 30.0, 40.0
# What axes and curves are called again and again: these words have translations.
WORDS = (
    marked("step"), marked("epoch"), marked("loss"), marked("error"), marked("accuracy"),
    marked("training"), marked("validation"), marked("test"), marked("by hand"), marked("engine"),
    marked("truth"), marked("depth"), marked("layer"), marked("angle"), marked("time"),
    marked("derivative"), marked("class 0"), marked("class 1"), marked("class 2"),
    marked("distance in time"), marked("before training"), marked("after training"), marked("gradient"),
    marked("input"), marked("filter"), marked("output"),
)  # fmt: skip
Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]


class Chart:
    """A picture as SVG text.

    Parameters
    ----------
    svg
        The whole document; it loads nothing.

    Examples
    --------
    >>> Chart("<svg/>").svg
    '<svg/>'
    """

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the picture to a file, and return its path.

        Parameters
        ----------
        path
            Where to write; a file that is there is replaced whole.
        """
        return str(write_atomically(path, self.svg))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Chart, {len(self.svg) / 1024:.1f} kB; .save('chart.svg') writes it>"


def chart(
    curves: Series | None = None,
    points: Series | None = None,
    *,
    title: str = "",
    x: str = "x",
    y: str = "y",
    log: str = "",
    span: tuple[float, float] | None = None,
    size: tuple[float, float] = (560.0, 300.0),
) -> Chart:
    """Draw curves and points, each under its name.

    Parameters
    ----------
    curves, points
        From names to places along both axes; a name that begins with an underscore is not in the legend.
    title, x, y
        The inscriptions.
    log
        The axes that are logarithmic: ``"x"``, ``"y"`` or ``"xy"``; what is not positive is left out of them.
    span
        The ends of the vertical axis; by default all is shown.
    size
        Width and height in pixels.

    Returns
    -------
    Chart

    Raises
    ------
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> picture = chart({"square": ([0, 1, 2], [0, 1, 4])}, points={"vertex": ([0], [0])})
    >>> picture.svg.count("<polyline"), "vertex" in picture.svg
    (1, True)
    """
    lines = {name: _pairs(series, log) for name, series in (curves or {}).items()}
    marks = {name: _pairs(series, log) for name, series in (points or {}).items()}
    everything = [pair for pairs in [*lines.values(), *marks.values()] for pair in pairs]
    if not everything:
        raise ValueError(gettext(
            "there is nothing to draw: give curves or points with at least one finite number"
        ))  # fmt: skip
    frame = _Frame(everything, log, span, size)
    parts = []
    names = [*lines, *marks]
    for name, pairs in lines.items():
        k = names.index(name)
        dash = f' stroke-dasharray="{DASHES[k % len(DASHES)]}"' if DASHES[k % len(DASHES)] else ""
        places = " ".join(f"{frame.x(a):.1f},{frame.y(b):.1f}" for a, b in pairs)
        parts.append(
            f'<polyline points="{places}" fill="none" stroke="{COLOURS[k % len(COLOURS)]}" '
            f'stroke-width="1.8"{dash} clip-path="url(#c)"/>'
        )
    for name, pairs in marks.items():
        colour = COLOURS[names.index(name) % len(COLOURS)]
        parts += [_dot(frame.x(a), frame.y(b), names.index(name), colour) for a, b in pairs if frame.shows(b)]
    return _whole(frame, parts, title, x, y, [name for name in names if not name.startswith("_")], names)


def regions(
    model: Callable[[list[float]], Any],
    points: Any,
    labels: Any,
    *,
    title: str = "",
    steps: int = 48,
    margin: float = 0.3,
    size: tuple[float, float] = (420.0, 340.0),
) -> Chart:
    """Colour the plane by the class that a model gives each point, and draw the samples on it.

    Parameters
    ----------
    model
        Takes a point of two numbers; returns one score, whose sign decides, or one for each class.
    points, labels
        Samples of two features, and their classes 0, 1, 2, ...
    title
        What stands above.
    steps, margin
        Places along each axis, and the room around the samples in their units.
    size
        Width and height in pixels.

    Returns
    -------
    Chart

    Examples
    --------
    >>> regions(lambda p: p[0], [[-1.0, 0.0], [1.0, 0.0]], [0, 1], steps=4).svg.count("<circle")
    2
    """
    samples = [[data_of(value) for value in point] for point in points]
    corners = [
        (min(p[0] for p in samples) - margin, min(p[1] for p in samples) - margin),
        (max(p[0] for p in samples) + margin, max(p[1] for p in samples) + margin),
    ]
    frame = _Frame(corners, "", None, size, tight=True)
    (left, low), (right, high) = corners
    wide, tall = (right - left) / steps, (high - low) / steps
    # The whole lets the ground through, not each by itself, for a seam would show where two of them meet.
    parts = ['<g opacity=".22" shape-rendering="crispEdges">']
    with autograd.no_grad():
        for j in range(steps):
            row = [_class(model([left + (i + 0.5) * wide, low + (j + 0.5) * tall])) for i in range(steps)]
            start = 0
            for i in range(1, steps + 1):  # neighbours of one class are one rectangle
                if i == steps or row[i] != row[start]:
                    a, b = frame.x(left + start * wide), frame.x(left + i * wide)
                    top, end = frame.y(low + (j + 1) * tall), frame.y(low + j * tall)
                    parts.append(
                        f'<rect x="{a:.1f}" y="{top:.1f}" width="{b - a:.1f}" height="{end - top + 0.3:.1f}" '
                        f'fill="{COLOURS[row[start] % len(COLOURS)]}"/>'
                    )
                    start = i
    parts.append("</g>")
    kinds = sorted({int(label) for label in labels})
    for sample, label in zip(samples, labels, strict=True):
        k = int(label)
        parts.append(_dot(frame.x(sample[0]), frame.y(sample[1]), k, COLOURS[k % len(COLOURS)]))
    names = [f"class {k}" for k in range(max(kinds) + 1)]
    return _whole(frame, parts, title, "x0", "x1", [f"class {k}" for k in kinds], names)


def grid(
    rows: Sequence[Sequence[float]],
    *,
    title: str = "",
    across: Sequence[str] = (),
    down: Sequence[str] = (),
    numbers: bool = False,
    size: tuple[float, float] = (220.0, 220.0),
) -> Chart:
    """Draw numbers as cells: blue above zero, orange below, the darker the larger.

    Parameters
    ----------
    rows
        The numbers, from top to bottom.
    title
        What stands above.
    across, down
        Names of the columns and rows.
    numbers
        Whether each cell shows its number.
    size
        Width and height in pixels.

    Returns
    -------
    Chart

    Examples
    --------
    >>> grid([[0.0, 1.0], [-1.0, 0.5]], numbers=True).svg.count("<rect")
    5
    """
    table = [[data_of(value) for value in row] for row in rows]
    largest = max((abs(value) for row in table for value in row), default=0.0) or 1.0
    left, top = (44.0 if down else 6.0), (30.0 if title else 6.0) + (16.0 if across else 0.0)
    cell = min((size[0] - left - 6.0) / max(len(table[0]), 1), (size[1] - top - 6.0) / len(table))
    parts = []
    for j, row in enumerate(table):
        for i, value in enumerate(row):
            x, y = left + i * cell, top + j * cell
            colour = COLOURS[0] if value >= 0.0 else COLOURS[1]
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}" fill="{colour}" '
                f'fill-opacity="{abs(value) / largest:.2f}" stroke="#ccc" stroke-width=".5"/>'
            )
            if numbers:
                parts.append(_text(x + cell / 2, y + cell / 2 + 4, f"{value:.3g}", "middle"))
    parts += [_text(left + (i + 0.5) * cell, top - 5, name, "middle") for i, name in enumerate(across)]
    parts += [_text(left - 5, top + (j + 0.5) * cell + 4, name, "end") for j, name in enumerate(down)]
    if title:
        parts.append(_text(size[0] / 2, 18, _spoken(title), "middle", bold=True))
    return Chart(_svg(size, "".join(parts), title))


def beside(*charts: Chart) -> Chart:
    """Put charts side by side into one picture.

    Parameters
    ----------
    *charts
        From left to right.

    Returns
    -------
    Chart

    Examples
    --------
    >>> one = grid([[1.0]])
    >>> beside(one, one).svg.count("<svg")
    3
    """
    width, high, parts = 0.0, 0.0, []
    for k, one in enumerate(charts):
        size = [float(one.svg.split(f'{side}="', 1)[1].split('"', 1)[0]) for side in ("width", "height")]
        inner = one.svg.replace("<svg ", f'<svg x="{width:g}" ', 1).replace("#c)", f"#c{k})")
        parts.append(inner.replace('id="c"', f'id="c{k}"').replace(' style="max-width:100%;height:auto"', ""))
        width, high = width + size[0], max(high, size[1])
    return Chart(_svg((width, high), "".join(parts), ""))


class _Frame:
    """Where numbers lie in the picture, and the marks of its axes."""

    def __init__(
        self,
        pairs: Sequence[tuple[float, float]],
        log: str,
        span: tuple[float, float] | None,
        size: tuple[float, float],
        *,
        tight: bool = False,
    ) -> None:
        self.size, self.log = size, log
        xs, ys = zip(*pairs, strict=True)
        self.across = _ends(min(xs), max(xs), "x" in log, tight=True)
        self.up = span or _ends(min(ys), max(ys), "y" in log, tight=tight)
        if span and "y" in log:
            self.up = math.log10(span[0]), math.log10(span[1])

    def x(self, value: float) -> float:
        value = math.log10(value) if "x" in self.log else value
        low, high = self.across
        return LEFT + (value - low) / (high - low) * (self.size[0] - LEFT - RIGHT)

    def y(self, value: float) -> float:
        value = math.log10(value) if "y" in self.log else value
        low, high = self.up
        return self.size[1] - BOTTOM - (value - low) / (high - low) * (self.size[1] - TOP - BOTTOM)

    def shows(self, value: float) -> bool:
        return TOP - 1.0 <= self.y(value) <= self.size[1] - BOTTOM + 1.0

    def axes(self) -> str:
        right, bottom = self.size[0] - RIGHT, self.size[1] - BOTTOM
        box = f'x="{LEFT:g}" y="{TOP:g}" width="{right - LEFT:g}" height="{bottom - TOP:g}"'
        parts = [f'<rect {box} fill="none" stroke="#999"/>']
        for value, name in _ticks(*self.across, log="x" in self.log):
            at = f"{self.x(value):.1f}"
            parts.append(f'<path d="M{at} {TOP:g}V{bottom:g}" stroke="#8883"/>')
            parts.append(_text(float(at), bottom + 15, name, "middle"))
        for value, name in _ticks(*self.up, log="y" in self.log):
            at = f"{self.y(value):.1f}"
            parts.append(f'<path d="M{LEFT:g} {at}H{right:g}" stroke="#8883"/>')
            parts.append(_text(LEFT - 5, float(at) + 4, name, "end"))
        return "".join(parts)


def _pairs(series: tuple[Sequence[float], Sequence[float]], log: str) -> list[tuple[float, float]]:
    """Return the places that can be drawn."""
    pairs = [(float(data_of(a)), float(data_of(b))) for a, b in zip(*series, strict=True)]
    return [
        (a, b)
        for a, b in pairs
        if math.isfinite(a) and math.isfinite(b) and (a > 0 or "x" not in log) and (b > 0 or "y" not in log)
    ]


def _ends(low: float, high: float, log: bool, *, tight: bool) -> tuple[float, float]:
    if log:
        low, high = math.log10(low), math.log10(high)
    if low == high:
        low, high = low - 0.5, high + 0.5
    room = 0.0 if tight else 0.05 * (high - low)
    return low - room, high + room


def _ticks(low: float, high: float, *, log: bool) -> list[tuple[float, str]]:
    """Return round numbers between two ends, and how they are written."""
    if log:
        every = max(1, math.ceil((high - low) / 6))
        powers = range(math.ceil(low), math.floor(high) + 1)
        return [(10.0**k, f"1e{k}" if abs(k) > 3 else f"{10.0**k:g}") for k in powers if k % every == 0]
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(m * unit for m in (1.0, 2.0, 5.0, 10.0) if m * unit >= rough)
    first = math.ceil(low / step - 1e-9)
    values = [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]
    return [(value, f"{value:.6g}".replace("-", "\N{MINUS SIGN}")) for value in values]


def _class(output: Any) -> int:
    if is_sequence(output):
        scores = [data_of(score) for score in output]
        return scores.index(max(scores))
    return int(data_of(output) > 0.0)


def _dot(x: float, y: float, kind: int, colour: str) -> str:
    """Return a mark: a disc, a triangle, a square or a diamond."""
    if kind % 4 == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colour}" stroke="#fff" stroke-width=".7"/>'
    shapes = ("m0-4.4l4.2 7.4h-8.4z", "m-3.2-3.2h6.4v6.4h-6.4z", "m0-4.4l4.4 4.4-4.4 4.4-4.4-4.4z")
    shape = shapes[kind % 4 - 1]
    return f'<path d="M{x:.1f} {y:.1f}{shape}" fill="{colour}" stroke="#fff" stroke-width=".7"/>'


def _text(x: float, y: float, content: str, anchor: str = "start", *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{xml(content)}</text>'


def _spoken(words: str) -> str:
    return gettext(words)


def _whole(
    frame: _Frame, parts: list[str], title: str, x: str, y: str, legend: list[str], names: list[str]
) -> Chart:
    """Put axes, content, inscriptions and legend together."""
    width, height = frame.size
    right, bottom = width - RIGHT, height - BOTTOM
    clip = (
        f'<clipPath id="c"><rect x="{LEFT:g}" y="{TOP:g}" width="{right - LEFT:g}" '
        f'height="{bottom - TOP:g}"/></clipPath>'
    )
    middle = (LEFT + right) / 2
    out = [clip, frame.axes(), *parts]
    if title:
        out.append(_text(middle, 18, _spoken(title), "middle", bold=True))
    out.append(_text(middle, height - 8, _spoken(x), "middle"))
    turned = f'transform="rotate(-90 14 {(TOP + bottom) / 2:g})"'
    out.append(_text(14, (TOP + bottom) / 2, _spoken(y), "middle").replace("<text ", f"<text {turned} ", 1))
    line = height + 14.0
    at = LEFT
    for name in legend if len(legend) > 1 or (legend and legend[0]) else ():
        shown = _spoken(name)
        room = 30.0 + 7.2 * sum(2 if ord(letter) > 0x2E7F else 1 for letter in shown)
        if at + room > width and at > LEFT:
            at, line = LEFT, line + 18.0
        k = names.index(name)
        dash = f' stroke-dasharray="{DASHES[k % len(DASHES)]}"' if DASHES[k % len(DASHES)] else ""
        colour = COLOURS[k % len(COLOURS)]
        is_curve = any(f'stroke="{colour}" stroke-width="1.8"' in part for part in parts)
        out.append(
            f'<path d="M{at:.0f} {line - 4:.0f}h18" stroke="{colour}" stroke-width="2"{dash}/>'
            if is_curve
            else _dot(at + 9, line - 4, k, colour)
        )
        out.append(_text(at + 23, line, shown))
        at += room
    total = line + 8.0 if at > LEFT else height
    return Chart(_svg((width, total), "".join(out), title))


def _svg(size: tuple[float, float], content: str, title: str) -> str:
    label = f' aria-label="{xml(title)}"' if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:g}" height="{size[1]:g}" '
        f'viewBox="0 0 {size[0]:g} {size[1]:g}" role="img"{label} style="max-width:100%;height:auto" '
        f'font-family="{FONT}" font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>'
        f"{content}</svg>\n"
    )
