"""Layout programs, each asked in a process of its own with a time limit, tried in turn.

First a ``dot`` on the path; then the Graphviz that the pygraphviz wheel brings along, in a child process,
for a crash in its C code must not take Python with it; then the built-in layout, which needs nothing.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import Any, Final

from autograd.errors import MissingDependencyError
from autograd.render.picture.dot_source import layout_source
from autograd.render.picture.graph import Picture
from autograd.render.picture.layout import Placement, Rect, layout
from autograd.words import gettext

__all__ = ["ENGINES", "FORMATS", "EngineError", "convert", "place"]

ENGINES: Final = ("dot", "pygraphviz", "builtin")
FORMATS: Final = ("png", "pdf", "jpg", "gif", "ps", "json", "svg")
TIMEOUT: Final = 30.0
DOT_BOXES: Final = 300
DENSE: Final = 1.2  # edges a box
DOT_SPANS: Final = 800  # sum of the edges' lengths in layers: about 0.2 s

_CHILD: Final = (
    "import sys, warnings; warnings.simplefilter('ignore'); import pygraphviz; "
    "graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()); form, prog, args = sys.argv[1:4]; "
    "sys.stdout.buffer.write(graph.draw(prog=prog, args=args, format=form))"
)


class EngineError(RuntimeError):
    """A layout program is absent, crashed, took too long, or printed something else than asked for."""


def _command(engine: str, form: str, *, placed: bool) -> list[str]:
    if engine == "dot":
        program = shutil.which("dot")
        if program is None:
            raise EngineError(gettext("there is no dot program on the path"))
        return [program, f"-T{form}", *(["-Kneato", "-n2"] if placed else [])]
    if find_spec("pygraphviz") is None:
        raise EngineError(gettext("the package pygraphviz is not installed"))
    return [sys.executable, "-c", _CHILD, form, *(["neato", "-n2"] if placed else ["dot", ""])]


def _run(engine: str, form: str, program: str, timeout: float, *, placed: bool = False) -> bytes:
    """Run one engine; whatever goes wrong is an EngineError."""
    command = _command(engine, form, placed=placed)
    try:
        done = subprocess.run(
            command, input=program.encode(), capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(gettext(
            "{engine} took longer than {timeout} s",
            engine=engine, timeout=f"{timeout:g}",
        )) from None
    except OSError as error:
        said = gettext("{engine} cannot be started: {error}", engine=engine, error=error)
        raise EngineError(said) from error
    if done.returncode or not done.stdout:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise EngineError(gettext(
            "{engine} failed with code {code}{why}",
            engine=engine, code=done.returncode, why=f": {told[-1]}" if told else "",
        ))
    return done.stdout


def convert(
    program: str, form: str, *, timeout: float = TIMEOUT, engine: str = "auto", placed: bool = False
) -> bytes:
    """Draw a DOT program in a format of Graphviz's, such as png or pdf.

    Parameters
    ----------
    program
        In the DOT language.
    form
        One of `FORMATS`.
    timeout
        Seconds for each engine.
    engine
        The one to use; ``auto`` tries all.
    placed
        Whether the program says where everything is.

    Raises
    ------
    MissingDependencyError
        If no engine could; the message says what each of them answered.
    """
    problems = []
    for name in ("dot", "pygraphviz") if engine in ("auto", "builtin") else (engine,):
        try:
            return _run(name, form, program, timeout, placed=placed)
        except EngineError as error:
            problems.append(str(error))
    purpose = gettext(
        "Drawing {form} ({problems}; svg works without)",
        form=form, problems='; '.join(problems),
    )
    raise MissingDependencyError(
        gettext("a working Graphviz"),
        purpose,
        gettext(
            "pip install 'chainrule[picture]' or 'chainrule[graph]', or your system's graphviz package",
        ),
    )


def place(
    graph: Picture, *, flow: bool, labels: bool, engine: str = "auto", timeout: float = TIMEOUT,
    line: float | None = None,
) -> tuple[Placement, list[str]]:  # fmt: skip
    """Place a picture by the first engine that can; also return what the others answered.

    The built-in layout alone breaks a picture into lines, which are no longer than ``line`` (see `layout`).
    Absence is no news where the built-in layout stands in; a crash, a hang and rubbish are.
    """
    if engine not in ("auto", *ENGINES):
        raise ValueError(gettext(
            "there is no layout engine {engine}; choose from auto, {engines}",
            engine=repr(engine), engines=', '.join(ENGINES),
        ))
    news: list[str] = []
    if engine == "auto" and not _suits_dot(graph):
        engine = "builtin"
    if engine == "auto" and line is not None and graph.view == "graph":
        placed = layout(graph, flow=flow, labels=labels, line=line)
        if placed.lines > 1:
            return placed, news
    for name in ENGINES[:2] if engine == "auto" else (engine,):
        if name == "builtin":
            break
        try:
            answer = _run(name, "json", layout_source(graph, flow=flow, labels=labels), timeout)
            return _parse(answer, graph, name), news
        except EngineError as error:
            absent = "no dot program" in str(error) or "not installed" in str(error)
            if engine != "auto" or not absent:
                news.append(f"layout by the next engine, since {error}")
    return layout(graph, flow=flow, labels=labels, line=line), news


def _suits_dot(graph: Picture) -> bool:
    """Whether dot will do well, and soon.

    It staggers nested clusters into a staircase, with edges through boxes, where the built-in layout gives
    each cluster its place and each edge its lane. And its time grows with the lengths of the edges: minutes
    for a chain of 500 nodes whose input is used all along.
    """
    if len(graph.edges) > DENSE * len(graph.nodes):  # it sets labels beside the edges of others
        return False
    if graph.view != "graph" or graph.inset is not None or any(edge.back for edge in graph.edges):
        return False
    if any(node.scope for node in graph.nodes) or len(graph.nodes) > DOT_BOXES:
        return False
    return graph.span() <= DOT_SPANS


def _parse(answer: bytes, graph: Picture, engine: str) -> Placement:
    """Read the positions out of Graphviz's JSON; its y axis points up."""
    try:
        data = json.loads(answer)
        left, low, right, high = _numbers(data["bb"])
        placed = Placement(right - left + 16.0, high - low + 16.0, engine=engine)
        scopes = graph.scopes()

        def point(x: float, y: float) -> tuple[float, float]:
            return x - left + 8.0, high - y + 8.0

        for thing in data.get("objects", ()):
            if thing["name"].startswith("cluster_"):
                x0, y0, x1, y1 = _numbers(thing["bb"])
                x, y = point(x0, y1)
                placed.clusters[scopes[int(thing["name"][8:])]] = Rect(x, y, x1 - x0, y1 - y0)
            elif "pos" in thing:
                x, y = point(*_numbers(thing["pos"]))
                w, h = float(thing["width"]) * 72, float(thing["height"]) * 72
                placed.nodes[thing["name"]] = Rect(x - w / 2, y - h / 2, w, h)
        sizes = {edge.id: edge for edge in graph.edges}
        for thing in data.get("edges", ()):
            points = [point(*_numbers(pair)) for pair in thing["pos"].split() if pair[0] not in "es"]
            placed.curves[sizes[thing["id"]].id] = points
            if "lp" in thing:
                x, y = point(*_numbers(thing["lp"]))
                w, h = _label_size(thing)
                placed.labels[thing["id"]] = Rect(x - w / 2, y - h / 2, w, h)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise EngineError(
            gettext(
                "{engine} printed something that is no layout ({kind}: {error})",
                engine=engine, kind=type(error).__name__, error=error,
            )
        ) from error
    if set(placed.nodes) != {node.id for node in graph.nodes} or set(placed.curves) != {
        edge.id for edge in graph.edges
    }:
        raise EngineError(gettext("{engine} left out nodes or edges", engine=engine))
    if any(len(points) % 3 != 1 or len(points) < 4 for points in placed.curves.values()):
        raise EngineError(gettext("{engine} printed something that is no curve", engine=engine))
    return placed


def _label_size(thing: dict[str, Any]) -> tuple[float, float]:
    """Read the size of a label back from the table that asked for it."""
    label = thing["label"]
    return float(label.split('WIDTH="')[1].split('"')[0]), float(label.split('HEIGHT="')[1].split('"')[0])


def _numbers(text: str) -> list[float]:
    numbers = [float(x) for x in text.split(",")]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(gettext("not finite: {text}", text=repr(text)))
    return numbers
