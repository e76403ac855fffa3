"""draw(root): a picture of a graph that shows itself in a notebook and saves itself to a file."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Final

from autograd.backward import toposort
from autograd.errors import GraphError, MissingDependencyError
from autograd.floats.convert import check_count
from autograd.keep.files import write_atomically
from autograd.render.derive.steps import steps
from autograd.render.page.jupyter import picture_frame
from autograd.render.picture import dot_source, engines
from autograd.render.picture.details import annotate
from autograd.render.picture.folding import build_folded, depth_of
from autograd.render.picture.graph import Graph, build
from autograd.render.picture.layout import Layout
from autograd.render.picture.listing import listing, mermaid
from autograd.render.picture.painted import painted_source
from autograd.render.picture.svg import summary, to_svg
from autograd.value import Value

__all__ = ["Drawing", "draw", "draw_dot", "trace"]

HEAVY: Final = 1_000_000  # characters of SVG; beyond, a notebook holds it once and not three times
READABLE: Final = 300  # boxes; more are folded
LISTED: Final = 40  # boxes; beyond, the text in place of a picture is one line
DETAILED: Final = 1500  # boxes; beyond, nobody points at them one by one
LIMIT: Final = 5000  # boxes; beyond, nobody finds anything
THREADS: Final = 60_000  # edges; beyond, the picture is grey all over
DIRECTIONS: Final = ("LR", "RL", "TB", "BT")


class Drawing:
    """A picture, and the ways to put it out.

    Attributes
    ----------
    graph : Graph
        The neutral structure: boxes, edges, clusters.
    source : str
        A DOT program.
    """

    graph: Graph
    _options: dict[str, Any]
    _placed: Layout | None
    _news: list[str]

    def _fill(self, graph: Graph, root: Value, options: dict[str, Any]) -> None:
        self.graph = graph
        self._root = root
        self._options = options
        self._placed = None
        self._news = []

    @property
    def source(self) -> str:
        """The picture as a DOT program."""
        return dot_source.source(self.graph, flow=self._options["flow"])

    def layout(self) -> Layout:
        """Return where everything is; computed once."""
        if self._placed is None:
            o = self._options
            self._placed, self._news = engines.place(
                self.graph, flow=o["flow"], labels=o["labels"], engine=o["engine"], timeout=o["timeout"]
            )
        return self._placed

    def svg(self) -> str:
        """Return the picture as an SVG document, which can also stand inside a page."""
        return self._svg(self._options["theme"])

    def _svg(self, theme: str) -> str:
        placed = self.layout()
        return to_svg(
            self.graph,
            placed,
            theme=theme,
            flow=self._options["flow"],
            legend=self._options["legend"],
            news=self._news,
        )

    def to_mermaid(self) -> str:
        """Return the picture as a Mermaid flow chart, which code hosts draw inside Markdown."""
        return mermaid(self.graph, flow=self._options["flow"])

    def listing(self) -> str:
        """Return every node of the graph as a line of text, in static single assignment form."""
        return listing(steps(self._root))

    def data(self, form: str) -> bytes:
        """Return the picture in a format: svg, dot, mmd, txt, or one of Graphviz's, such as png and pdf."""
        texts = {
            "svg": self.svg,
            "dot": lambda: self.source,
            "gv": lambda: self.source,
            "mmd": self.to_mermaid,
            "txt": self.listing,
        }
        if form in texts:
            return texts[form]().encode()
        if form not in engines.FORMATS:
            raise ValueError(
                f"a picture has the formats {', '.join(dict.fromkeys([*texts, *engines.FORMATS]))}, not "
                f"{form!r}"
            )
        return self._converted(form)

    def _converted(self, form: str) -> bytes:
        """Return the picture drawn by Graphviz, as it is in the SVG."""
        o = self._options
        if form == "json":  # Graphviz's own, of its own layout
            return engines.convert(self.source, form, timeout=o["timeout"], engine=o["engine"])
        program = painted_source(
            self._svg("light" if o["theme"] == "auto" else o["theme"]), bitmap=form not in ("pdf", "ps")
        )
        return engines.convert(program, form, timeout=o["timeout"], engine=o["engine"], placed=True)

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        **_: Any,
    ) -> str:
        """Write the picture to a file whose ending names the format: svg, png, pdf, dot, mmd, txt.

        Parameters
        ----------
        filename
            ``graph.svg``, for instance.
        directory
            A folder, for those who pass it so to graphviz.

        Returns
        -------
        str
            The path of the file.
        """
        path = Path(directory or "") / (filename or "graph.svg")
        data = self.data(path.suffix.lstrip(".").lower() or "dot")
        path.parent.mkdir(parents=True, exist_ok=True)
        return str(write_atomically(path, data))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # JupyterLab shows SVG as an image: cut off where it is broad, without tooltips, and not at all in a
        # notebook that is not trusted. So it is given the picture inside HTML, which outranks it; others take
        # the SVG.
        svg = self.svg()
        bundle = {"image/svg+xml": svg, "text/plain": repr(self)}
        if len(svg) < HEAVY:
            bundle["text/html"] = picture_frame(svg, summary(self.graph))
        return bundle

    def __repr__(self) -> str:
        head = f"<{summary(self.graph)}; .save('graph.svg') writes it>"
        return (
            f"{head}\n{self.listing()}"
            if len(self.graph.nodes) <= LISTED and not self.graph.notices
            else head
        )

    def _repr_svg_(self) -> str:
        return self.svg()


def draw(
    root: Value, *, format: str = "svg", rankdir: str = "LR", depth: int | None = None, fold: bool | None = None, flow: bool = True,
    saved: bool = False, labels: bool = True, legend: bool = True, theme: str = "auto", engine: str = "auto", timeout: float = engines.TIMEOUT,
    force: bool = False,
) -> Any:  # fmt: skip
    """Draw the graph below ``root``: values, gradients, local derivatives, and what flows back.

    Parameters
    ----------
    root
        The output of the graph. Call ``root.backward()`` first to see gradients.
    format, theme
        What ``pipe()`` gives by default: svg, png, pdf. And ``light``, ``dark``, or ``auto``: as the reader's
        system.
    rankdir
        Direction of the forward pass: LR, RL, TB or BT.
    depth, fold
        How many levels of modules are drawn open, those at that level being one box each. And whether repeats
        are drawn once, marked xN; by default so from 300 nodes on.
    flow, saved, labels, legend
        Whether to show what flows back, which values the backward pass reads, local derivatives, and a
        legend.
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
        If there would be more than 5,000 boxes or 60,000 edges.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> picture = draw(y)
    >>> [(edge.tail, edge.head, edge.local) for edge in picture.graph.edges]
    [('n0', 'n1', '3'), ('n0', 'n1', '3')]
    """
    _check_options(rankdir, theme, depth)
    graph = _graph(toposort(root), rankdir, depth, fold, saved=saved, force=force)
    if labels and graph.crowded:
        labels = flow = False
        graph.notices.append(
            f"{len(graph.edges)} edges: local derivatives and flow are left out; draw a part of the graph "
            "to see them"
        )
    drawing = _blank(format)
    drawing._fill(
        graph,
        root,
        {
            "flow": flow,
            "labels": labels,
            "legend": legend,
            "theme": theme,
            "engine": engine,
            "timeout": timeout,
        },
    )
    return drawing


def _check_options(rankdir: str, theme: str, depth: int | None) -> None:
    if rankdir not in DIRECTIONS:
        raise ValueError(f"rankdir is one of {', '.join(DIRECTIONS)}, not {rankdir!r}")
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"theme is auto, light or dark, not {theme!r}")
    if depth is not None:
        check_count("depth", depth, "levels of modules")


def _blank(form: str) -> Drawing:
    """Return an empty drawing: a Digraph where graphviz is installed, for the pictures themselves need no package."""
    try:
        from autograd.render.picture.dot import DigraphDrawing
    except MissingDependencyError as error:
        if error.broken and not _NOTICED:  # what is absent is no news
            _NOTICED.append(True)
            warnings.warn(f"{error}. The picture is drawn without it", RuntimeWarning, stacklevel=3)
        return Drawing()
    return DigraphDrawing(form)


_NOTICED: list[bool] = []


def _graph(
    nodes: list[Value], rankdir: str, depth: int | None, fold: bool | None, *, saved: bool, force: bool
) -> Graph:
    """Build the picture at a size that a reader and a layout engine can take."""
    if depth is None and (fold is False or (fold is None and len(nodes) <= READABLE)):
        _check(len(nodes), sum(len(v.parents) for v in nodes), force=force)
        graph = build(nodes, rankdir=rankdir)
        if len(nodes) <= DETAILED:
            annotate(graph, nodes, saved=saved)
        return graph
    if depth is not None:
        graph = build_folded(nodes, depth=depth, repeats=bool(fold), rankdir=rankdir)
        if fold is None and len(graph.nodes) > READABLE:
            graph = build_folded(nodes, depth=depth, repeats=True, rankdir=rankdir)
    else:
        graph = build_folded(nodes, depth=None, repeats=True, rankdir=rankdir)
        for levels in range(depth_of(nodes), 0, -1) if fold is None else ():
            if len(graph.nodes) <= READABLE:
                break
            graph = build_folded(nodes, depth=levels, repeats=True, rankdir=rankdir)
    _check(len(graph.nodes), len(graph.edges), force=force)
    if len(graph.nodes) < len(nodes):
        graph.notices.append(
            f"{len(nodes)} nodes folded into {len(graph.nodes)}; fold=False shows all of them, depth= sets "
            "the level of modules"
        )
    return graph


def _check(boxes: int, edges: int, *, force: bool) -> None:
    if (boxes > LIMIT or edges > THREADS) and not force:
        raise GraphError(
            f"the picture would have {boxes} boxes and {edges} edges, in which nobody finds anything; fold "
            "modules with depth=1 (or 2, 3), "
            "draw a part of the graph, or pass force=True"
        )


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Any:
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
