"""The live page that the site has in one of its own."""

from __future__ import annotations

import autograd
from autograd import Value

NAMES = {"en": "live-page.html", "zh": "live-page-zh.html"}


def whole(lang: str) -> str:
    """Return the page itself, in a language."""
    w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
    a = (w * x + b).tanh()
    a.label = "a"
    loss = (a - y) ** 2
    loss.label = "L"
    title = {"en": "Backpropagation, live", "zh": "反向传播，现场演示"}[lang]
    return autograd.live(loss, title=title, lang=lang).html


def embedded(lang: str) -> str:
    """Return a frame with the page in it; pages in another language stand in its folder."""
    source, title = ("", "The live page") if lang == "en" else ("../", "现场演示")
    style = "height:min(88vh,1100px)"
    return f'<iframe src="{source}{NAMES[lang]}" title="{title}" style="{style}"></iframe>'
