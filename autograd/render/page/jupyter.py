"""What a notebook is given: a frame with a live page, and an image for where frames are stripped."""

from __future__ import annotations

import base64
import re
from typing import Final

from autograd.render import escape

__all__ = ["framed", "picture_size", "shown_height"]


GROWN: Final = 2400
"""Pixels of a frame that grows with its page, at most; what is below scrolls."""
_GROW: Final = (
    "window.addEventListener('message',e=>{if(e.source===this.contentWindow&&e.data>0)"
    f"this.style.height=Math.min(e.data,{GROWN})+'px'}});this.contentWindow.postMessage('height','*')"
)
"""Asks the page in a frame for its height, and makes the frame as high whenever it answers."""


def framed(page: str, svg: str, *, height: str, title: str, grows: bool = False) -> str:
    """Return a page as a frame, and a picture beside it, of which a reader sees one.

    A notebook that is not trusted loses style sheets and frames and keeps the image; where it is trusted, the
    style sheet hides the image.

    Parameters
    ----------
    page
        The document in the frame.
    svg
        The picture in its place.
    height
        The frame's height: one declaration or several of CSS. ``100cqw`` is the breadth of the notebook's
        column.
    title
        What it is, for those who do not see it.
    grows
        Whether the page answers the message ``height`` with its own, in pixels, and again when it changes.
    """
    picture = base64.b64encode(svg.encode()).decode()
    source = page.replace("&", "&amp;").replace('"', "&quot;")
    onload = f' onload="{escape.xml(_GROW)}"' if grows else ""
    return (
        '<style>.ag-live+img{display:none}</style><div style="container-type:inline-size">'
        f'<iframe class="ag-live" srcdoc="{source}" sandbox="allow-scripts" title="{escape.xml(title)}" '
        f'style="display:block;width:100%;border:0;{height}"{onload}></iframe>'
        f'<img alt="{escape.xml(title)}" src="data:image/svg+xml;base64,{picture}"></div>'
    )


def shown_height(svg: str, least: float, *, edges: float = 0.0) -> str:
    """Return, in CSS, the height of a picture that shrinks with its column, to the breadth ``least``."""
    breadth, height = picture_size(svg)
    ratio = height / breadth
    return f"clamp({least * ratio:.0f}px,{100 * ratio:.3f}cqw - {edges * ratio:.0f}px,{height:.0f}px)"


def picture_size(svg: str) -> tuple[float, float]:
    """Return the breadth and the height that an SVG document gives itself.

    Examples
    --------
    >>> picture_size('<svg class="ag" width="120" height="64.5" viewBox="0 0 120 64.5">')
    (120.0, 64.5)
    """
    match = re.search(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', svg)
    assert match is not None, "every picture states its size"
    return float(match[1]), float(match[2])
