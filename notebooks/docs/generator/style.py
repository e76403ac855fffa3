"""Colours of the pictures, so that they follow the switch between light and dark at the top of a page."""

from __future__ import annotations

from autograd.render.palette import DARK, LIGHT, variables


def pictures() -> str:
    """Return a style sheet that overrides what each picture says of itself."""
    return (
        f'[data-md-color-scheme="default"] .ag{{{variables(LIGHT)}}}\n'
        f'[data-md-color-scheme="slate"] .ag{{{variables(DARK)}}}\n'
    )
