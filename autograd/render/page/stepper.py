"""stepper(root): one page that plays both passes, step by step, with the arithmetic in words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from autograd.errors import GraphError
from autograd.render import colours, escape
from autograd.render.derive.derivation import Row, forward_formula, numbers, single_ways
from autograd.render.derive.derivation import rows as formula_rows
from autograd.render.derive.steps import Steps, positioned_edges, steps
from autograd.render.derive.text import local_derivative
from autograd.render.formula.symbols import Symbol, apply_raw, holds, literal, name
from autograd.render.formula.text import plain, plain_name
from autograd.render.labels import MINUS, number, shorten, width
from autograd.render.page import compact
from autograd.render.page.jupyter import picture_size, shown_height
from autograd.render.page.page import Page
from autograd.render.picture import engines
from autograd.render.picture.draw import colour_factors
from autograd.render.picture.graph import Picture, build
from autograd.render.picture.svg import to_svg
from autograd.value import Value
from autograd.words import current, gettext, language, marked

__all__ = ["Stepper", "filled", "stepper"]

LIMIT: Final = 300
FRAMES: Final = 500
# Heights of the page around the picture, in pixels, as its style sheet makes them.
_REST: Final = 264.0
_TRAINING: Final = 222.0
_LINE: Final = 30.0
_NARROW: Final = 108
_EDGES: Final = 34.0
_MOST: Final = 900.0  # of a frame; a higher picture scrolls in it

_ICONS: Final = {
    "first": (marked("First step"), "M5 4h3v16H5zM20 4v16L9 12z"),
    "prev": (marked("Previous step"), "M17 4v16L5 12z"),
    "play": (marked("Play"), "M6 4l14 8-14 8z"), "next": (marked("Next step"), "M7 4v16l12-8z"),
    "end": (marked("Last step"), "M16 4h3v16h-3zM4 4v16l11-8z"),
    "run": (marked("Play training"), "M6 4l14 8-14 8z"),
}  # fmt: skip


class Stepper(Page):
    """A page as text, with ways to put it out.

    Attributes
    ----------
    html : str
        The whole page; it loads nothing from elsewhere.
    svg : str
        The picture in it with the final numbers, for readers without JavaScript.
    """

    file = "steps.html"

    def __init__(self, html: str, svg: str, height: str) -> None:
        super().__init__(html, svg)
        self.height, self.title = height, gettext("Backpropagation, step by step")


def _height(svg: str, least: float, heading: str, *, training: bool) -> str:
    """Return the style that makes a frame as high as the page in it, which follows the frame's breadth.

    The picture shrinks with the frame, down to ``least``; on a narrow one the controls take more lines.
    """
    rest = _REST + (_TRAINING if training else 0.0) + _LINE * math.floor(width(heading, 20.0) / 900.0)
    # The first of the two is for browsers that do not know the unit of the second.
    shown = shown_height(svg, least, edges=_EDGES)
    total = (
        f"{rest:.0f}px + {shown} + clamp(0px,(820px - 100cqw)*9,20px) + "
        f"clamp(0px,(560px - 100cqw)*9,{_NARROW}px)"
    )
    return f"height:{min(_MOST, rest + picture_size(svg)[1]):.0f}px;height:min({_MOST:.0f}px,{total})"


def stepper(
    root: Value | Iterable[Value],
    *,
    wrt: Value | None = None,
    rankdir: str = "LR",
    title: str = "",
    engine: str = "auto",
    timeout: float = engines.TIMEOUT,
    lang: str | None = None,
) -> Stepper:
    """Make a page that plays backpropagation: each forward and backward step, with its arithmetic.

    Parameters
    ----------
    root
        The output of a graph; or an iterable of outputs, one for each step of a training, of graphs that are
        alike. A generator may update the parameters between two of them: numbers are taken at once.
    wrt
        A node, the factors of whose derivative are coloured in the picture and in the arithmetic, as in
        ``explain(root, wrt, colors=True)``.
    rankdir
        Direction of the forward pass.
    title
        Heading of the page.
    engine, timeout
        As for `autograd.draw`.
    lang
        Language of the page's words, ``"en"`` or ``"zh"``; by default what ``CHAINRULE_LANG`` names, else
        English.

    Returns
    -------
    Stepper
        ``.save("steps.html")`` writes the page; a notebook shows it by itself.

    Raises
    ------
    GraphError
        If the graph has more than 300 nodes, the graphs of a training differ, or ``wrt`` is no node of the
        first.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> page = stepper(x * x)
    >>> "x.grad" in page.html or page.html.count("<button")
    5
    """
    if not isinstance(root, Iterable | Value):
        raise TypeError(gettext(
            "stepper() takes a Value, or an iterable of those, got {kind}",
            kind=type(root).__name__,
        ))  # fmt: skip
    with language(lang):
        return _made(root, wrt, rankdir, title, engine, timeout)


def _made(
    root: Value | Iterable[Value], wrt: Value | None, rankdir: str, title: str, engine: str, timeout: float
) -> Stepper:
    """Make the page in the language in force."""
    roots = iter([root] if isinstance(root, Value) else root)
    first = next(roots, None)
    if first is None:
        raise ValueError(gettext("stepper() got no graph; pass a Value, or an iterable of at least one"))
    listed = steps(first)
    if len(listed.nodes) > LIMIT:
        raise GraphError(gettext(
            "the graph has {count} nodes; beyond {LIMIT} nobody steps through. Take a part of it, or "
            "draw(root, depth=1)",
            count=len(listed.nodes), LIMIT=LIMIT,
        ))  # fmt: skip
    shown = filled(listed, rankdir)
    if wrt is not None:
        colour_factors(shown, listed.nodes, wrt)
    described = formula_rows(listed, listed.backward)
    frames = [_frame(listed)]
    for later in roots:
        now = _like(steps(later), listed, len(frames))
        frames.append(_frame(now))
        described = _lasting(described, listed, now)
    _make_room(shown, listed, frames)
    placed, news = engines.place(shown, flow=True, labels=True, engine=engine, timeout=timeout)
    # Small pictures may shrink to the window; large ones scroll before they become unreadable.
    least = "" if wrt is None else colours.sheet("color", ".say ") + (
        f"@media(prefers-color-scheme:dark){{{colours.sheet('color', '.say ', dark=True)}}}"
    )
    least += f".stage svg{{min-width:{0.75 * placed.width:.0f}px}}"
    svg = to_svg(shown, placed, flow=True, bands=False, slim=True, news=news)
    heading = title or gettext("Backpropagation through {name}", name=listed.names[listed.root])
    page = _page(listed, shown, described, frames, svg=svg, heading=heading).replace(
        "</style></head>", f"{least}</style></head>", 1
    )
    return Stepper(page, svg, _height(svg, 0.75 * placed.width, heading, training=len(frames) > 1))


def filled(listed: Steps, rankdir: str) -> Picture:
    """Build the picture with the gradients of the pass that is played, not those in the graph."""
    shown = build(listed.nodes, rankdir=rankdir, gradients=listed.gradients)
    for node, box in zip(listed.nodes, shown.nodes, strict=True):
        box.title = box.title or listed.names[node].rpartition(".")[2]
    return shown


def _make_room(shown: Picture, listed: Steps, frames: list[dict[str, Any]]) -> None:
    """Give each box and label the width of the widest number that it will ever show."""
    numbers: list[list[str]] = [[] for _ in shown.nodes]
    flows: dict[tuple[str, str, int], list[str]] = {}
    index = {v: i for i, v in enumerate(listed.nodes)}
    for frame in frames:
        for i, value in enumerate(frame["value"]):
            numbers[i].append(value)
        for (v, position), local, add, after in zip(
            _edges(listed), frame["local"], frame["add"], frame["after"], strict=True
        ):
            parent: Any = v.operands[position]
            numbers[index[parent]].append(after)
            flows.setdefault((f"n{index[parent]}", f"n{index[v]}", position), []).extend(
                (local, f"\N{LEFTWARDS ARROW} {add}")
            )
    for box, texts in zip(shown.nodes, numbers, strict=True):
        box.widest = max((f"○ {text}" for text in texts), key=lambda text: width(text, 1.0))
    for edge in shown.edges:
        edge.widest = max(flows[edge.tail, edge.head, edge.position], key=lambda text: width(text, 1.0))


def _like(listed: Steps, first: Steps, i: int) -> Steps:
    """Check that a later graph has the steps of the first."""
    if _shape(listed) != _shape(first):
        raise GraphError(gettext(
            "graph {count} of the training is built differently from the first; a playback needs the same "
            "operations in the same order",
            count=i + 1,
        ))  # fmt: skip
    if i >= FRAMES:
        raise GraphError(gettext(
            "a playback holds at most {FRAMES} training steps; yield every tenth, say",
            FRAMES=FRAMES,
        ))  # fmt: skip
    return listed


def _shape(listed: Steps) -> list[tuple[Any, ...]]:
    """Return the operation of each node with the places of its operands."""
    index = {v: i for i, v in enumerate(listed.nodes)}
    return [(v.op, *(index[x] if isinstance(x, Value) else None for x in v.operands)) for v in listed.nodes]


def _lasting(described: tuple[Row, ...], listed: Steps, now: Steps) -> tuple[Row, ...]:
    """Return the rows, without the formulas that do not give the numbers of a later graph."""
    twin = dict(zip(listed.nodes, now.nodes, strict=True))
    values = {listed.names[v]: twin[v].data for v in listed.nodes}
    slopes = {(s.node, s.position): s.local for s in now.backward}

    def lasts(row: Row) -> bool:
        return row.formula is None or holds(
            row.formula, values, slopes.get((twin[row.step.node], row.step.position), 0.0)
        )

    return tuple(row if lasts(row) else replace(row, formula=None) for row in described)


def _edges(listed: Steps) -> list[tuple[Value, int]]:
    """Return each edge as (node, position of the operand), in the order of the backward pass."""
    return [(v, i) for v in reversed(listed.nodes) for i, x in enumerate(v.operands) if isinstance(x, Value)]


def _frame(listed: Steps) -> dict[str, Any]:
    """Return the numbers of one pass as they are printed: the page does no arithmetic on them."""
    ran = {(s.node, s.position): s for s in listed.backward}
    found = [ran.get(key) for key in _edges(listed)]
    slopes = {(v, i): local for v in listed.nodes for i, _, local in positioned_edges(v)}
    locals_ = [slopes[key] for key in _edges(listed)]
    running = dict.fromkeys(listed.nodes, "0")
    running[listed.root] = "1"
    after = []
    for s, (v, i) in zip(found, _edges(listed), strict=True):
        parent: Any = v.operands[i]
        if s is not None:
            running[parent] = number(s.after)
        after.append(running[parent])
    upstream = [number(listed.gradients[v]) for v, _ in _edges(listed)]
    frame = {
        "value": [number(v.data, minus=MINUS) for v in listed.nodes],
        "calc": [_calculation(v) for v in listed.nodes],
        "local": ["0" if local is None else number(local) for local in locals_],
        "add": ["0" if s is None else number(s.contribution) for s in found], "after": after, "seed": "1",
        "loss": listed.root.data if math.isfinite(listed.root.data) else 0.0,
    }  # fmt: skip
    if upstream != [running[v] for v, _ in _edges(listed)]:  # a hook changed a gradient on its way
        frame["up"] = upstream
    return frame


def _calculation(v: Value) -> str:
    """Return the operation on numbers."""
    if v.op is None:
        return ""
    values = {str(i): x.data for i, x in enumerate(v.operands) if isinstance(x, Value)}
    if not holds(
        apply_raw(v.op, [name(str(i)) if str(i) in values else x for i, x in enumerate(v.operands)]),
        values,
        v.data,
    ):
        return ""
    return shorten(
        plain(
            apply_raw(v.op, [literal(_operand(x.data)) if isinstance(x, Value) else x for x in v.operands])
        ),
        90,
    )


def _operand(x: float) -> str:
    text = number(x)
    return f"({text})" if text.startswith("-") else text


def _page(
    listed: Steps,
    shown: Picture,
    described: tuple[Row, ...],
    frames: list[dict[str, Any]],
    *,
    svg: str,
    heading: str,
) -> str:
    index = {v: i for i, v in enumerate(listed.nodes)}
    found = {(r.step.node, r.step.position): r for r in described}
    values = numbers(listed)
    single = single_ways(listed.nodes, set(listed.nodes))
    back: list[list[Any]] = []
    step_of: dict[tuple[int, int, int], int] = {}
    for v, i in _edges(listed):
        parent: Any = v.operands[i]
        row = found.get((v, i))
        formula = None if row is None else row.formula
        place = i + 1 if sum(x is parent for x in v.operands) > 1 else 0
        total = not place and (v, parent) in single
        head = (
            []
            if total
            else [local_derivative(listed.names[v], listed.names[parent], total=False, place=place)]
        )
        step_of[index[v], index[parent], i] = len(back)
        back.append(
            [
                index[v],
                index[parent],
                shorten(plain(formula), 60) if isinstance(formula, Symbol) else "",
                *head,
            ]
        )
    position = {box.id: i for i, box in enumerate(shown.nodes)}
    wires = [
        [position[e.head], step_of[position[e.head], position[e.tail], e.position] if e.taken else -1]
        for e in shown.edges
    ]
    nodes = []
    for v in listed.nodes:
        computed = forward_formula(listed, v, values)
        nodes.append([plain_name(listed.names[v]), "" if computed is None else shorten(plain(computed), 90)])
    data: dict[str, Any] = {"nodes": nodes, "wires": wires, "back": back, "frames": frames}
    if any(edge.factor is not None for edge in shown.edges):
        factors = [-1] * len(back)
        for edge, (_, step) in zip(shown.edges, wires, strict=True):
            if step >= 0 and edge.factor is not None:
                factors[step] = edge.factor % len(colours.FACTORS)
        data["factors"] = factors
    return _fill(heading, svg, data, training=len(frames) > 1)


def _button(key: str) -> str:
    label, path = _ICONS[key]
    classes = ' class="play" aria-pressed="false"' if key == "play" else ""
    return (
        f'<button id="{key}" type="button" aria-label="{gettext(label)}"{classes}><svg viewBox="0 0 24 24" '
        f'aria-hidden="true"><path d="{path}"/></svg></button>'
    )


def _shorter(path: str) -> str:
    """Return the data of a path without what it can be read without."""
    path = path.replace("l0 -", "v-")
    return re.sub(r"(?<=\d) (?=-\d)", "", path)


def _fill(heading: str, svg: str, data: dict[str, Any], *, training: bool) -> str:
    css, script = compact.style("stepper.css"), compact.script(compact.text("stepper.js"))
    svg = re.sub(r' d="[^"]*"', lambda found: _shorter(found[0]), svg.replace("</g>\n<g", "</g><g"))
    bar = "".join(_button(key) for key in ("first", "prev", "play", "next", "end"))
    train = ""
    if training:
        train = (
            '<div class="bar train">' + _button("run") + '<label id="loss" for="train"></label>'
            '<input id="train" type="range" min="0" value="0" '
            f'aria-label="{gettext("Training step")}"></div>'
            f'<figure><figcaption>{gettext("loss")}</figcaption>'
            '<svg class="curve" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" '
            f'aria-label="{gettext("Loss over the training steps")}">'
            '<line x1="0" x2="1000" y1="99" y2="99"/><path/><line class="pin" y1="0" y2="100"/></svg>'
            '</figure>'
        )
    return (
        f'<!DOCTYPE html>\n<html lang="{current().replace("_", "-")}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{escape.xml(heading)}</title><link rel="icon" href="data:,"><style>{css}</style></head>'
        '\n<body><main>'
        f"<h1>{escape.xml(heading)}</h1><p>"
        + gettext(
            "Values flow forward; gradients flow back: each parent receives the local derivative times its "
            "child's gradient."
        )
        + "</p>\n"
        f'<div class="stage" tabindex="0" role="region" aria-label="{gettext("Computation graph")}">'
        f'{svg}</div>\n'
        f'<div class="bar" role="toolbar" aria-label="{gettext("Steps")}">{bar}'
        f'<input id="step" type="range" min="0" max="1" value="0" aria-label="{gettext("Step")}">'
        f'<span class="count" aria-hidden="true"></span></div>\n{train}'
        '<div class="say" role="status" aria-live="polite"><b></b><code></code></div>\n'
        "<noscript><p>"
        + gettext("The picture shows the final numbers; stepping through them needs JavaScript.")
        + "</p></noscript></main>\n"
        f'<script type="application/json" id="steps">{escape.script(data)}</script>\n<script>'
        f'{script}</script></body></html>\n'
    )
