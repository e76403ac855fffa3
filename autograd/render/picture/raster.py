"""PNG and PDF of an SVG picture by libraries that draw it mark for mark, where one is installed.

resvg brings everything with it; CairoSVG also writes PDF, and needs the system's Cairo.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from autograd.errors import MissingDependencyError, optional
from autograd.render.page.jupyter import picture_size
from autograd.words import gettext

__all__ = ["INSTALL", "rastered"]

INSTALL: Final = "pip install 'chainrule[picture]'"
SHARP: Final = 2.0  # dots for each pixel, as screens have them
LARGEST: Final = 8_000.0  # dots; a bitmap much larger takes minutes, and few programs open it


def rastered(svg: str, form: str) -> bytes | None:
    """Return a picture as png or pdf; None where no library is there that draws it.

    A library that is installed and broken counts as none: another way is tried.
    """
    svg = svg.replace(' style="max-width:100%;height:auto"', "", 1)  # for pages
    zoom = min(SHARP, LARGEST / max(picture_size(svg)))
    drawn = _by_resvg(svg, zoom) if form == "png" else None
    return _by_cairo(svg, zoom, form) if drawn is None and form in ("png", "pdf") else drawn


def _by_resvg(svg: str, zoom: float) -> bytes | None:
    """Return a bitmap drawn by resvg, or None."""
    if find_spec("resvg_py") is None:
        return None
    try:
        resvg = optional("resvg_py", gettext("Drawing png"), INSTALL)
        return bytes(resvg.svg_to_bytes(svg_string=svg, zoom=zoom))
    except (MissingDependencyError, ValueError):
        return None


def _by_cairo(svg: str, zoom: float, form: str) -> bytes | None:
    """Return what CairoSVG draws, or None, as where the system's Cairo is absent."""
    if find_spec("cairosvg") is None:
        return None
    try:
        cairo = optional("cairosvg", gettext("Drawing {form}", form=form), INSTALL)
    except MissingDependencyError:
        return None
    if form == "pdf":
        return bytes(cairo.svg2pdf(bytestring=svg.encode()))
    return bytes(cairo.svg2png(bytestring=svg.encode(), scale=zoom))
