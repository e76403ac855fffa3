"""The small pieces that SVG is made of."""

from __future__ import annotations

from autograd.render.escape import xml

__all__ = ["coordinate", "saved_mark", "text"]


def coordinate(x: float) -> str:
    """Print a coordinate to a tenth and without noise, so that equal pictures have equal bytes.

    Examples
    --------
    >>> [coordinate(x) for x in (12.0, 0.25, -0.04, 3.14159)]
    ['12', '.2', '0', '3.1']
    """
    tenths = round(x * 10.0)
    if tenths % 10 == 0:
        return f"{tenths // 10}"
    if tenths < 0:
        return f"-{-tenths // 10 or ''}.{-tenths % 10}"
    return f"{tenths // 10 or ''}.{tenths % 10}"


def text(x: float, y: float, content: str, classes: str) -> str:
    """Return a line of text, an element of its own, so that a right-to-left label disturbs no neighbour."""
    styled = f' class="{classes}"' if classes else ""
    return f'<text{styled} x="{coordinate(x)}" y="{coordinate(y)}">{xml(content)}</text>'


def saved_mark(x: float, y: float) -> str:
    """Return the bookmark of a value that the backward pass reads."""
    return f'<path class="saved" d="M{coordinate(x)} {coordinate(y - 5)}h7v10l-3.5 -3l-3.5 3z"/>'
