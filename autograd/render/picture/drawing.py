"""A picture of a graph that shows itself in a notebook and saves itself to a file."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Final

from autograd.backward import toposort
from autograd.floats.convert import is_number
from autograd.keep.files import write_atomically
from autograd.render.derive.steps import steps
from autograd.render.picture import dot_source, engines
from autograd.render.picture.animated import gif, moments, moving, still
from autograd.render.picture.graph import Picture
from autograd.render.picture.layout import Placement
from autograd.render.picture.listing import listing, mermaid
from autograd.render.picture.painted import painted_source
from autograd.render.picture.raster import rastered
from autograd.render.picture.shown import output, page
from autograd.render.picture.svg import summary, to_svg
from autograd.value import Value
from autograd.words import gettext

__all__ = ["Drawing"]

HEAVY: Final = 1_000_000  # characters of SVG; beyond, a notebook shows an image that does not move
UNFOLDED: Final = 80  # boxes of a neuron, at most, that a page unfolds
FEW: Final = 24  # and a notebook, which is to remain small
LISTED: Final = 40  # boxes; beyond, the text in place of a picture is one line


class Drawing:
    """A picture, and the ways to put it out.

    Attributes
    ----------
    graph : Picture
        The neutral structure: boxes, edges, clusters.
    source : str
        A DOT program.
    """

    graph: Picture
    _options: dict[str, Any]
    _placed: Placement | None
    _news: list[str]

    def _fill(self, graph: Picture, root: Value, options: dict[str, Any]) -> None:
        self.graph = graph
        self._root = root
        self._options = options
        self._placed = None
        self._news = []

    @property
    def source(self) -> str:
        """The picture as a DOT program."""
        return dot_source.source(self.graph, flow=self._options["flow"])

    def layout(self) -> Placement:
        """Return where everything is; computed once."""
        if self._placed is None:
            o = self._options
            self._placed, self._news = engines.place(
                self.graph, flow=o["flow"], labels=o["labels"], engine=o["engine"], timeout=o["timeout"],
                line=o.get("line"),
            )  # fmt: skip
        return self._placed

    def svg(self) -> str:
        """Return the picture as an SVG document, which can also stand inside a page."""
        return self._svg(self._options["theme"], self._options.get("size"))

    def _svg(
        self, theme: str, size: tuple[float, float] | None = None, show: dict[str, str] | None = None, *,
        live: int = 0,
    ) -> str:  # fmt: skip
        placed = self.layout()
        return to_svg(
            self.graph,
            placed,
            theme=theme,
            flow=self._options["flow"],
            legend=self._options["legend"],
            news=self._news,
            size=size,
            live=live,
            show=lambda part: show.get(part, "") if show else "",
        )

    def animate(self, form: str = "svg", *, seconds: float = 0.6) -> bytes:
        """Return the backward pass as a moving picture, for a README or a slide.

        What flows back appears edge by edge, in the order of ``backward()``; a gradient appears when its last
        part arrives. It plays again and again; where the reader's system asks for no motion it is still.

        Parameters
        ----------
        form
            ``svg``, which moves by its style sheet, without a script; or ``gif``, for which Pillow and resvg
            are needed.
        seconds
            For a step.

        Returns
        -------
        bytes
            The file.

        Raises
        ------
        ValueError
            If the picture does not show each node by itself, no backward pass has been run, or ``seconds`` is
            not above 0.
        MissingDependencyError
            If a GIF is asked for and there is nothing that draws one.

        Examples
        --------
        >>> from autograd import Value, draw
        >>> x = Value(3.0, "x")
        >>> y = x * x
        >>> y.backward()
        >>> draw(y, engine="builtin").animate().count(b"@keyframes")
        2
        """
        if form not in ("svg", "gif"):
            raise ValueError(gettext("a moving picture is svg or gif, not {form}", form=repr(form)))
        if not is_number(seconds) or not 0.0 < seconds < math.inf:
            raise ValueError(gettext(
                "seconds, for a step, is a number above 0 such as 0.6, not {seconds}",
                seconds=repr(seconds),
            ))  # fmt: skip
        if self.graph.view != "graph" or len(self.graph.nodes) != len(toposort(self._root)):
            raise ValueError(gettext(
                "a moving picture shows each node by itself; draw with fold=False and no depth"
            ))  # fmt: skip
        if not self.graph.tones - {"none"}:
            raise ValueError(gettext("there is no backward pass to play; call backward() first, then draw"))
        theme = self._options["theme"]
        found = moments(self.graph, self._root)
        if form == "gif":
            calm = "light" if theme == "auto" else theme
            return gif([self._svg(calm, show=shown) for shown in still(found)], seconds)
        rules, shown = moving(found, seconds)
        return self._svg(theme, show=shown).replace("</style>", f"{rules}</style>", 1).encode()

    def to_mermaid(self) -> str:
        """Return the picture as a Mermaid flow chart, which code hosts draw inside Markdown."""
        return mermaid(self.graph, flow=self._options["flow"])

    def listing(self) -> str:
        """Return every node of the graph as a line of text, in static single assignment form."""
        return listing(steps(self._root))

    def data(self, form: str) -> bytes:
        """Return the picture in a format.

        They are svg, html (a page in which it can be zoomed, and clicked), dot, mmd, txt, or one of
        Graphviz's, such as png and pdf.
        """
        texts = {
            "svg": self.svg,
            "html": lambda: page(self._live(UNFOLDED), summary(self.graph)),
            "dot": lambda: self.source,
            "gv": lambda: self.source,
            "mmd": self.to_mermaid,
            "txt": self.listing,
        }
        if form in texts:
            return texts[form]().encode()
        if form not in engines.FORMATS:
            raise ValueError(
                gettext(
                    "a picture has the formats {given}, not {form}",
                    given=', '.join(dict.fromkeys([*texts, *engines.FORMATS])), form=repr(form),
                )
            )
        return self._converted(form)

    def _converted(self, form: str) -> bytes:
        """Return the picture drawn by a library or by Graphviz, as it is in the SVG."""
        o = self._options
        if form == "json":  # Graphviz's own, of its own layout
            return engines.convert(self.source, form, timeout=o["timeout"], engine=o["engine"])
        theme = "light" if o["theme"] == "auto" else o["theme"]
        own = o["engine"] in ("auto", "builtin")  # another was asked for by name
        drawn = rastered(self._svg(theme, o.get("size")), form) if own else None
        if drawn is not None:
            return drawn
        program = painted_source(
            self._svg(theme), bitmap=form not in ("pdf", "ps")
        )
        return engines.convert(program, form, timeout=o["timeout"], engine=o["engine"], placed=True)

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        **_: Any,
    ) -> str:
        """Write the picture to a file whose ending names the format: svg, html, png, pdf, dot, mmd, txt.

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
        # notebook that is not trusted. So it is given the picture once, inside HTML.
        svg = self._live(FEW)
        if len(svg) > HEAVY:
            return {"image/svg+xml": svg, "text/plain": repr(self)}
        return {"text/html": output(svg, summary(self.graph)), "text/plain": repr(self)}

    def __repr__(self) -> str:
        head = f"<{summary(self.graph)}; .save('graph.svg') writes it>"
        return (
            f"{head}\n{self.listing()}"
            if len(self.graph.nodes) <= LISTED and not self.graph.notices
            else head
        )

    def _live(self, most: int) -> str:
        """Return the picture with what a page shows when the reader points or clicks.

        Neurons are unfolded that have at most so many boxes.
        """
        return self._svg(self._options["theme"], self._options.get("size"), live=most)
