"""What a notebook is given: a frame with a live page, and an image for where frames are stripped."""

from __future__ import annotations

import base64
import re

from autograd.render import escape

__all__ = ["framed", "picture_frame", "picture_size", "shown_height"]

_LEAST = 0.6  # a picture shrinks with its page to this part of its breadth, and then scrolls


def framed(page: str, svg: str, *, height: str, title: str) -> str:
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
    """
    picture = base64.b64encode(svg.encode()).decode()
    source = page.replace("&", "&amp;").replace('"', "&quot;")
    return (
        '<style>.ag-live+img{display:none}</style><div style="container-type:inline-size">'
        f'<iframe class="ag-live" srcdoc="{source}" sandbox="allow-scripts" title="{escape.xml(title)}" '
        f'style="display:block;width:100%;border:0;{height}"></iframe>'
        f'<img alt="{escape.xml(title)}" src="data:image/svg+xml;base64,{picture}"></div>'
    )


def picture_frame(svg: str, title: str, *, style: str = "", script: str = "") -> str:
    """Return a picture as a notebook shows it: as broad as the column allows, with its tooltips.

    A style sheet and a script may let the reader look closer.
    """
    breadth, height = picture_size(svg)
    least = _LEAST * breadth
    page = (
        "<!DOCTYPE html><meta charset=utf-8><style>"
        f"body{{margin:0}}svg{{display:block;min-width:{least:.0f}px}}{style}</style>{svg}"
        + (f"<script>{script}</script>" if script else "")
    )
    # Room for a scroll bar, where there is one.
    shown = f"calc({shown_height(svg, least)} + clamp(0px,({least:.0f}px - 100cqw)*9,16px))"
    return framed(
        page, svg, height=f"max-width:{breadth:.0f}px;height:{height:.0f}px;height:{shown}", title=title
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
