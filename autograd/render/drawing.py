"""draw(root): a picture of a graph that shows itself in a notebook and saves itself to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograd.backward import toposort
from autograd.render.graph import Graph, build
from autograd.render.layout import Layout, layout
from autograd.render.svg import to_svg
from autograd.value import Value

__all__ = ["Drawing", "draw"]


class Drawing:
    """A picture: its neutral structure, and ways to put it out."""

    def __init__(self, graph: Graph, *, flow: bool, theme: str) -> None:
        self.graph = graph
        self._flow = flow
        self._theme = theme
        self._placed: Layout | None = None

    def layout(self) -> Layout:
        """Return where everything is; computed once."""
        if self._placed is None:
            self._placed = layout(self.graph, flow=self._flow)
        return self._placed

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        return to_svg(self.graph, self.layout(), theme=self._theme, flow=self._flow)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file."""
        target = Path(path)
        target.write_text(self.svg(), encoding="utf-8")
        return target

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg()}


def draw(root: Value, *, rankdir: str = "LR", flow: bool = True, theme: str = "auto") -> Drawing:
    """Draw the graph below ``root``."""
    return Drawing(build(toposort(root), rankdir=rankdir), flow=flow, theme=theme)
