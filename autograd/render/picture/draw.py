"""draw(root): a picture of a graph, and what is asked of it."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from autograd.backward import toposort
from autograd.blocks import collector_paused
from autograd.errors import GraphError, MissingDependencyError
from autograd.floats.convert import check_count, is_number
from autograd.render.derive.derivation import coloured_edges
from autograd.render.page.jupyter import picture_size
from autograd.render.picture import engines
from autograd.render.picture.details import annotate
from autograd.render.picture.differences import beside
from autograd.render.picture.drawing import Drawing
from autograd.render.picture.folding import build_folded, depth_of
from autograd.render.picture.graph import Picture, build, gradient_of, span_of
from autograd.render.picture.measure import BOX
from autograd.render.picture.network import Network, build_network
from autograd.value import Value
from autograd.words import gettext, marked

__all__ = ["draw", "draw_dot", "trace"]

READABLE: Final = 300  # boxes; more are folded
ROLLED: Final = 60  # boxes, from which a recurrence is drawn as one step
LOOP: Final = 3  # boxes of a step and what it reads, at least
STEPS: Final = 8  # nodes in the place of one box of it, at least
DETAILED: Final = 1500  # boxes; beyond, nobody points at them one by one
LIMIT: Final = 5000  # boxes; beyond, nobody finds anything
THREADS: Final = 60_000  # edges; beyond, the picture is grey all over
MANY: Final = 4  # edges of a box, from which there is no room for their labels
READ: Final = 12.0  # pixels of a text that is read from afar
ASIDE: Final = 80.0  # pixels at the ends of the lines of a picture, in which edges turn
PARTS: Final = (60, 45, 34, 26, 20, 15, 11, 8, 6)  # boxes of a part of a graph that does not fit
BOX_ROOM: Final = 4000.0  # square pixels that a box takes at least, with text that can be read
SMALLEST: Final = 200.0  # pixels of a picture's side
DIRECTIONS: Final = ("LR", "RL", "TB", "BT")


def draw(
    root: Value | Network, *, wrt: Value | None = None, versus: Value | None = None, view: str | None = None,
    unfold: str = "", format: str = "svg",
    rankdir: str | None = None, depth: int | None = None, size: tuple[float, float] | None = None,
    fold: bool | None = None, nearest: int | None = None, flow: bool = True, saved: bool = False,
    labels: bool = True,
    edges: str = "room", wrap: bool | float = True,
    legend: bool = True, theme: str = "auto", engine: str = "auto", timeout: float = engines.TIMEOUT,
    force: bool = False,
) -> Drawing:  # fmt: skip
    """Draw the graph below ``root``: values, gradients, local derivatives, and what flows back.

    Parameters
    ----------
    root
        The output of the graph. Call ``root.backward()`` first to see gradients. Or a model, whose neurons
        and weights are drawn without a graph of its own.
    wrt
        A node, the factors of whose derivative are coloured along the paths to it, each edge as its factor
        is in ``explain(root, wrt, colors=True)``.
    versus
        The output of another graph, which is drawn in a second column; a frame marks what has another value
        or gradient, and what is in one of them only.
    view, unfold
        ``graph`` draws a box for each node, as is done for an output by default; ``network`` draws neurons
        as circles, weights as lines whose colour is the sign and whose width is the size, and inputs,
        targets and constants beside them, as is done for a model. ``unfold="layer1.n2"`` draws that neuron's
        own graph in its place.
    format, theme
        What ``pipe()`` gives by default: svg, png, pdf. And ``light``, ``dark``, or ``auto``: as the reader's
        system.
    rankdir
        Direction of the forward pass: LR, RL, TB or BT; LR by default, and TB for two graphs, which stand
        beside each other across it.
    size
        Width and height in pixels, such as ``(1280, 720)`` for a projector. The picture is fitted into it
        with text of at least 12 pixels: as it is if there is room; else without the labels of edges, with
        repeats drawn once, as a network, with modules as one box each, or only what is nearest to the
        output, and says so.
    depth, fold
        How many levels of modules are drawn open, those at that level being one box each. And whether repeats
        are drawn once, marked xN; by default so from 300 nodes on, and a recurrence of many steps from 60.
    nearest
        How many boxes are drawn at most, those nearest to the output; three dots mark an operation whose
        operands are not all there.
    flow, saved, labels, legend
        Whether to show what flows back, which values the backward pass reads, local derivatives, and a
        legend.
    edges
        ``room`` leaves out labels where edges run from each of many boxes to each of many others, and a
        pointer shows them; ``all`` sets them there too.
    wrap
        Whether a picture that would be a strip is broken into lines, as a text is; a number is the length of
        a line in pixels. Graphviz does not do so.
    engine, timeout
        ``auto``, ``dot``, ``pygraphviz`` or ``builtin``, and the seconds after which the next one is tried.
    force
        Draw more than 5,000 boxes or 60,000 edges all the same.

    Returns
    -------
    Drawing
        A `graphviz.Digraph` as well, where that package is installed; where it is broken, a warning says so
        once. ``.save("graph.svg")`` writes a file; a notebook shows it by itself.

    Raises
    ------
    GraphError
        If there would be more than 5,000 boxes or 60,000 edges, or ``wrt`` is no node below ``root``.
    ValueError
        For an option that is none, edges to colour that the picture does not have, a neuron to unfold that
        is not there, and a size that is too small.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> picture = draw(y)
    >>> [(edge.tail, edge.head, edge.local) for edge in picture.graph.edges]
    [('n0', 'n1', '3'), ('n0', 'n1', '3')]
    """
    _check_options(rankdir, theme, depth, edges, wrap)
    if nearest is not None:
        nearest = check_count("nearest", nearest, marked("boxes"))
        if fold or depth is not None or view == "network" or unfold or not isinstance(root, Value):
            raise ValueError(gettext(
                "nearest= counts the nodes of a graph, each by itself; draw the output of one, without "
                "depth=, fold=True, unfold= and view='network'"
            ))  # fmt: skip
    if versus is not None and not isinstance(versus, Value):
        raise TypeError(gettext(
            "versus is a Value, the output of another graph, got {kind}",
            kind=type(versus).__name__,
        ))  # fmt: skip
    if versus is not None and unfold:
        raise ValueError(gettext(
            "beside another graph no neuron is unfolded; pass unfold= or versus=, one of them"
        ))  # fmt: skip
    if size is not None:
        return _fitted(root, size, {
            "wrt": wrt, "versus": versus, "view": view, "unfold": unfold, "format": format,
            "rankdir": rankdir,
            "depth": depth,
            "fold": fold, "nearest": nearest,
            "flow": flow, "saved": saved, "labels": labels, "edges": edges, "legend": legend,
            "wrap": wrap,
            "theme": theme, "engine": engine, "timeout": timeout, "force": force,
        })  # fmt: skip
    rankdir = rankdir or ("LR" if versus is None else "TB")
    roots = [root] if isinstance(root, Value) else _outputs(root)
    view = view or ("network" if unfold or not isinstance(root, Value) else "graph")
    if view not in ("graph", "network"):
        raise ValueError(gettext("view is graph or network, not {view}", view=repr(view)))
    drawn = [(roots, isinstance(root, Value)), *([([versus], True)] if versus is not None else [])]
    sorted_ = [
        toposort(listed[0])
        if len(listed) == 1
        else list(dict.fromkeys(v for x in listed for v in toposort(x)))
        for listed, _ in drawn
    ]
    gradients = [{v: gradient_of(v) for v in nodes} for nodes in sorted_]
    spans = [span_of(known, listed) for known, (listed, _) in zip(gradients, drawn, strict=True)]
    graphs = []
    for nodes, known, (listed, values) in zip(sorted_, gradients, drawn, strict=True):
        if view == "network":
            graph = build_network(
                nodes, roots=listed, rankdir=rankdir, unfold=unfold, values=values, rounds=bool(fold),
                scale=max(spans),
            )  # fmt: skip
            _check(len(graph.nodes), len(graph.edges), force=force)
        else:
            with collector_paused():
                # Whether each node is asked for by itself.
                apart = wrt is not None or versus is not None or saved or edges == "all"
                whole = fold is None and apart and depth is None and len(nodes) <= READABLE
                graph = _graph(
                    known, rankdir, depth, False if whole else fold, nearest,
                    saved=saved, force=force, scale=max(spans),
                )  # fmt: skip
        graphs.append(graph)
    graph = beside(*graphs) if versus is not None else graphs[0]
    if wrt is not None:
        colour_factors(graph, sorted_[0], wrt)
    if labels and graph.crowded:
        labels = flow = False
        graph.notices.append(gettext(
            "{count} edges: local derivatives and flow are left out; draw a part of the graph to see them",
            count=len(graph.edges),
        ))  # fmt: skip
    if edges == "room" and labels and view == "graph":
        _leave_room(graph)
    elif edges == "all":
        for edge in graph.edges:
            edge.shown = True
    drawing = _blank(format)
    drawing._fill(
        graph,
        roots[-1],
        {
            "flow": flow,
            "labels": labels,
            "legend": legend,
            "theme": theme,
            "engine": engine,
            "timeout": timeout,
            "line": (0.0 if wrap else None) if isinstance(wrap, bool) else float(wrap),
        },
    )
    return drawing


def _fitted(root: Value | Network, size: tuple[float, float], options: dict[str, Any]) -> Drawing:
    """Return the most telling picture that can be read in a given size."""
    pair = isinstance(size, (tuple, list)) and len(size) == 2
    if not pair or not all(is_number(side) and SMALLEST <= side < math.inf for side in size):
        raise ValueError(gettext(
            "size is width and height in pixels, {SMALLEST} at least, such as (1280, 720), not {size}",
            SMALLEST=f"{SMALLEST:g}", size=repr(size),
        ))  # fmt: skip
    ways: list[tuple[dict[str, Any], str]] = [
        ({}, ""),
        ({"flow": False}, gettext("what flows back is left out")),
        ({"flow": False, "labels": False}, gettext("local derivatives and flow are left out")),
        ({"fold": True}, ""),
        ({"fold": True, "flow": False, "labels": False}, gettext("local derivatives and flow are left out")),
        ({"view": "network"}, gettext("drawn as a network")),
        ({"view": "network", "fold": True}, gettext("drawn as a network, repeats once")),
        ({"depth": 1}, gettext("modules are drawn as one box each")),
        ({"depth": 1, "flow": False, "labels": False}, gettext("modules are drawn as one box each")),
        *(({"nearest": most, "flow": False}, "") for most in PARTS),
    ]
    if options["nearest"] is not None:
        ways = ways[:3]
    if options["versus"] is not None or options["depth"] is not None or options["fold"] is not None:
        ways = [way for way in ways if not {"depth", "nearest"} & way[0].keys()]
    if options["wrt"] is not None:  # whose edges are those of the whole graph
        ways = [way for way in ways if not {"view", "fold", "depth", "nearest"} & way[0].keys()]
    elif options["view"] is not None or not isinstance(root, Value):
        other = {"view"} if options["view"] == "graph" else {"view", "depth", "nearest"}
        ways = [way for way in ways if not other & way[0].keys()] + [({"fold": True}, "")]
    largest = 0.0
    if options["wrap"] is True:
        long = size[1] if options["rankdir"] in ("TB", "BT") else size[0]
        options = {**options, "wrap": max(SMALLEST, long * BOX.tiny / READ - ASIDE)}
    if options["versus"] is not None and options["rankdir"] is None:
        ways = [({**way, "rankdir": flow}, words) for way, words in ways for flow in ("TB", "LR")]
    for changes, words in ways:
        picture = draw(root, **{**options, **changes})
        if len(picture.graph.nodes) * BOX_ROOM > size[0] * size[1] and changes != ways[-1][0]:
            continue  # laid out it would take longer, and not fit either
        if words:
            picture.graph.notices.append(
                gettext("{what}, for it to fit; without size= there is more", what=words)
            )
        width, height = picture_size(picture.svg())
        zoom = min(size[0] / width, size[1] / height)
        if zoom * BOX.tiny >= READ:
            picture._options["size"] = size
            return picture
        largest = max(largest, zoom * BOX.tiny)
    raise ValueError(gettext(
        "in {size} x {size2} pixels the text of this picture would have {largest} pixels, of {READ} that "
        "can be read from afar; draw a part of the graph, fold modules with depth=1, or make it larger",
        size=f"{size[0]:g}", size2=f"{size[1]:g}", largest=f"{largest:.1f}", READ=f"{READ:g}",
    ))  # fmt: skip


def colour_factors(graph: Picture, nodes: Sequence[Value], wrt: Value) -> None:
    """Give the edges on the paths to a node the colours that their factors have in its derivation.

    Raises
    ------
    ValueError
        If the picture does not show each node by itself.
    """
    if graph.view != "graph" or len(graph.nodes) != len(nodes):
        raise ValueError(gettext(
            "wrt= colours the edges of a picture that shows each node of one graph by itself; draw without "
            "versus=, view=, unfold= and depth=, and with fold=False"
        ))  # fmt: skip
    factors = coloured_edges(nodes[-1], wrt)
    heads = {box.id: node for box, node in zip(graph.nodes, nodes, strict=True)}
    for edge in graph.edges:
        edge.factor = factors.get((heads[edge.head], edge.position))
    if not factors and wrt is not nodes[-1]:
        graph.notices.append(
            gettext(
                "no edge is coloured: there are too many paths, or their products do not give the gradient"
            )
        )


def _outputs(model: Network) -> list[Value]:
    """Return the outputs of a model."""
    outputs = getattr(model, "example_outputs", None)
    if outputs is None or isinstance(model, type):
        kind = type(model).__name__
        what = gettext("the class {name}", name=model.__name__) if isinstance(model, type) else kind
        raise TypeError(gettext(
            "draw takes a Value, the output of a graph, or a model of nn, got {what}",
            what=what,
        ))  # fmt: skip
    return list(outputs())


def _leave_room(graph: Picture) -> None:
    """Leave out the labels of edges that run from each of many boxes to each of many others."""
    out, into = Counter(edge.tail for edge in graph.edges), Counter(edge.head for edge in graph.edges)
    for edge in graph.edges:
        edge.shown = out[edge.tail] < MANY or into[edge.head] < MANY
    left = sum(not edge.shown for edge in graph.edges)
    if left:
        graph.notices.append(gettext(
            "{count} labels are left out where edges are dense; edges='all' sets them", count=left
        ))  # fmt: skip


def _check_options(
    rankdir: str | None, theme: str, depth: int | None, edges: str, wrap: bool | float
) -> None:
    if not isinstance(wrap, bool) and not (is_number(wrap) and SMALLEST <= wrap < math.inf):
        raise ValueError(gettext(
            "wrap is True, False, or the length of a line in pixels, {SMALLEST} at least, not {wrap}",
            SMALLEST=f"{SMALLEST:g}", wrap=repr(wrap),
        ))  # fmt: skip
    if edges not in ("room", "all"):
        raise ValueError(gettext("edges is room or all, not {edges}", edges=repr(edges)))
    if rankdir is not None and rankdir not in DIRECTIONS:
        raise ValueError(gettext(
            "rankdir is one of {names}, not {rankdir}",
            names=', '.join(DIRECTIONS), rankdir=repr(rankdir),
        ))  # fmt: skip
    if theme not in ("auto", "light", "dark"):
        raise ValueError(gettext("theme is auto, light or dark, not {theme}", theme=repr(theme)))
    if depth is not None:
        check_count("depth", depth, marked("levels of modules"))


def _blank(form: str) -> Drawing:
    """Return an empty drawing: a Digraph where graphviz is installed, which the pictures do not need."""
    try:
        from autograd.render.picture.dot import DigraphDrawing
    except MissingDependencyError as error:
        if error.broken and not _NOTICED:  # what is absent is no news
            _NOTICED.append(True)
            warnings.warn(gettext(
                "{error}. The picture is drawn without it",
                error=error,
            ), RuntimeWarning, stacklevel=3)  # fmt: skip
        return Drawing()
    return DigraphDrawing(form)


_NOTICED: list[bool] = []


def _graph(
    gradients: dict[Value, float], rankdir: str, depth: int | None, fold: bool | None,
    nearest: int | None = None, *, saved: bool, force: bool, scale: float,
) -> Picture:  # fmt: skip
    """Build the picture at a size that a reader and a layout engine can take."""
    nodes = list(gradients)
    if nearest is not None:
        graph = build(nodes, rankdir=rankdir, gradients=gradients, scale=scale)
        if len(nodes) <= DETAILED:
            annotate(graph, nodes, saved=saved)
        keep_nearest(graph, nearest)
        _check(len(graph.nodes), len(graph.edges), force=force)
        return graph
    if depth is None and fold is None and ROLLED < len(nodes) <= READABLE:
        graph = build_folded(gradients, depth=None, repeats=True, rankdir=rankdir, scale=scale)
        loops = any(edge.back for edge in graph.edges)
        # More than one operation again and again: a chain of one is broken into lines.
        fold = loops and len(graph.nodes) > LOOP and len(graph.nodes) * STEPS <= len(nodes)
    if depth is None and (fold is False or (fold is None and len(nodes) <= READABLE)):
        _check(len(nodes), sum(len(v.parents) for v in nodes), force=force)
        graph = build(nodes, rankdir=rankdir, gradients=gradients, scale=scale)
        if len(nodes) <= DETAILED:
            annotate(graph, nodes, saved=saved)
        return graph
    if depth is not None:
        graph = build_folded(gradients, depth=depth, repeats=bool(fold), rankdir=rankdir, scale=scale)
        if fold is None and len(graph.nodes) > READABLE:
            graph = build_folded(gradients, depth=depth, repeats=True, rankdir=rankdir, scale=scale)
    else:
        graph = build_folded(gradients, depth=None, repeats=True, rankdir=rankdir, scale=scale)
        deepest = depth_of(nodes) if fold is None and len(graph.nodes) > READABLE else 0
        for levels in range(deepest, 0, -1):
            if len(graph.nodes) <= READABLE:
                break
            graph = build_folded(gradients, depth=levels, repeats=True, rankdir=rankdir, scale=scale)
    _check(len(graph.nodes), len(graph.edges), force=force)
    if len(graph.nodes) < len(nodes):
        graph.notices.append(gettext(
            "{count} nodes folded into {boxes}; fold=False shows all of them, depth= sets the level of "
            "modules",
            count=len(nodes), boxes=len(graph.nodes),
        ))  # fmt: skip
    return graph


def keep_nearest(graph: Picture, most: int) -> None:
    """Leave out all but the boxes nearest to the output; dots mark those whose operands are not all there."""
    into: dict[str, list[str]] = {}
    for edge in graph.edges:
        into.setdefault(edge.head, []).append(edge.tail)
    reached = [graph.nodes[-1].id]
    kept = {*reached}
    for name in reached:  # which grows: the nearest first
        for tail in into.get(name, ()):
            if tail not in kept and len(kept) < most:
                kept.add(tail)
                reached.append(tail)
    whole = len(graph.nodes)
    graph.nodes = [box for box in graph.nodes if box.id in kept]
    graph.edges = [edge for edge in graph.edges if {edge.tail, edge.head} <= kept]
    for box in graph.nodes:
        if not kept.issuperset(into.get(box.id, ())):
            box.operation = f"… {box.operation}"
    if len(kept) < whole:
        graph.notices.append(gettext(
            "the {count} of {whole} nodes nearest to the output; nearest= sets how many",
            count=len(kept), whole=whole,
        ))  # fmt: skip


def _check(boxes: int, edges: int, *, force: bool) -> None:
    if (boxes > LIMIT or edges > THREADS) and not force:
        raise GraphError(gettext(
            "the picture would have {boxes} boxes and {edges} edges, in which nobody finds anything; fold "
            "modules with depth=1 (or 2, 3), draw a part of the graph, or pass force=True",
            boxes=boxes, edges=edges,
        ))  # fmt: skip


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Drawing:
    """Draw the graph, by micrograd's name and signature.

    Parameters
    ----------
    root
        The output of the graph.
    format
        Of the file that the drawing renders to, such as ``svg`` or ``png``.
    rankdir
        ``LR`` from left to right, ``TB`` from top to bottom.

    Returns
    -------
    Drawing
        As `draw` does.

    Examples
    --------
    >>> x = Value(3.0)
    >>> draw_dot(x * x, rankdir="TB").graph.rankdir
    'TB'
    """
    return draw(root, format=format, rankdir=rankdir)


def trace(root: Value) -> tuple[list[Value], list[tuple[Value, Value]]]:
    """Return the nodes and the edges below ``root``, as micrograd does.

    Lists in topological order where micrograd has sets: an edge that occurs twice, as in ``a * a``, stands
    twice.

    Parameters
    ----------
    root
        The output of the graph.

    Returns
    -------
    list of Value, list of pairs of Value
        Nodes, and edges ``(operand, result)``.

    Examples
    --------
    >>> x = Value(3.0)
    >>> nodes, edges = trace(x * x)
    >>> len(nodes), len(edges)
    (2, 2)
    """
    nodes = toposort(root)
    return nodes, [(parent, node) for node in nodes for parent in node.parents]
