"""A page as text, which is saved, or framed in a notebook."""

from __future__ import annotations

import os
from pathlib import Path

from autograd.keep.files import write_atomically
from autograd.render.page.jupyter import framed

__all__ = ["Page"]


class Page:
    """A page as text, with ways to put it out.

    Attributes
    ----------
    html : str
        The whole page; it loads nothing from elsewhere.
    svg : str
        The picture in its place, where a notebook is not trusted or scripts are off.
    """

    title = "A page"
    file = "page.html"
    height = "height:900px"
    """Of the frame in a notebook, which is called by the title."""
    grows = False
    """Whether the page tells the frame its height."""

    def __init__(self, html: str, svg: str) -> None:
        self.html = html
        self.svg = svg

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the page to a file, and return its path.

        Parameters
        ----------
        path
            Where to write; folders that are missing are made, and a file that is there is replaced whole.
        """
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return str(write_atomically(target, self.html))

    def _repr_html_(self) -> str:
        return framed(self.html, self.svg, height=self.height, title=self.title, grows=self.grows)

    def __repr__(self) -> str:
        size = len(self.html.encode()) / 1024
        return f"<{type(self).__name__}, {size:.1f} kB; .save({self.file!r}) writes the page>"
