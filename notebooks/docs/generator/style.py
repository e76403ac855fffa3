"""Colours of the pictures, so that they follow the switch between light and dark at the top of a page."""

from __future__ import annotations

from autograd.render.picture.palette import DARK, LIGHT
from autograd.render.picture.svg import _colours


def pictures() -> str:
    """Return a style sheet that overrides what each picture says of itself; the longer selector wins."""
    light = _colours('[data-md-color-scheme="default"] .ag-auto', LIGHT, None)
    return f"{light}\n{_colours('[data-md-color-scheme=slate] .ag-auto', DARK, None)}\n"
