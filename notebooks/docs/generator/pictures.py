"""Computation graphs drawn while the site is built, inline, so that they follow its colours."""

from __future__ import annotations

import re

import autograd
from autograd import Value
from autograd.words import language

SHRINK, LEAST = 0.9, 560.0  # the part of its breadth that a picture keeps at least, and how many pixels


def first(lang: str = "en") -> str:
    """Return the picture of the first page, in a language."""
    w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
    loss = ((w * x + b).tanh() - y) ** 2
    loss.backward()
    with language(lang):
        return inline(autograd.draw(loss).svg())


def inline(svg: str) -> str:
    """Return a picture as one line of HTML, which Markdown leaves alone."""
    return f'<figure class="wide">{legible(svg).strip().replace(chr(10), "")}</figure>'


def legible(svg: str) -> str:
    """Keep a broad picture from being shrunk until nobody can read it; its figure scrolls instead."""
    width = re.search(r"<svg[^>]*? width=[\"']([\d.]+)", svg)
    if width is None:
        return svg
    least = f"min-width:{min(float(width[1]), max(LEAST, SHRINK * float(width[1]))):.0f}px;"
    return re.sub(r"(?<=style=[\"'])", least, svg, count=1)
