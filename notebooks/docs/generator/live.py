"""The live page that the site has in one of its own."""

from __future__ import annotations

import autograd
from autograd import Value

NAME = "live-page.html"


def whole() -> str:
    """Return the page itself."""
    w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
    a = (w * x + b).tanh()
    a.label = "a"
    loss = (a - y) ** 2
    loss.label = "L"
    return autograd.live(loss, title="Backpropagation, live").html


def embedded() -> str:
    """Return a frame with the page in it."""
    return f'<iframe src="{NAME}" title="The live page" style="height:min(88vh,1100px)"></iframe>'
