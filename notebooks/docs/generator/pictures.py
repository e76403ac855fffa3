"""Computation graphs drawn while the site is built, inline, so that they follow its colours."""

from __future__ import annotations

import autograd
from autograd import Value


def first() -> str:
    """Return the picture of the first page."""
    w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
    loss = ((w * x + b).tanh() - y) ** 2
    loss.backward()
    return inline(autograd.draw(loss).svg())


def inline(svg: str) -> str:
    """Return a picture as one line of HTML, which Markdown leaves alone."""
    return f'<figure class="wide">{svg.strip().replace(chr(10), "")}</figure>'
