"""Colours of the factors of a product: the same in a formula, a table, a picture and a page."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["FACTORS", "Colour", "of_factor"]


class Colour(NamedTuple):
    """A colour by its name in LaTeX's xcolor, on white and on a dark ground."""

    name: str
    light: str
    dark: str


FACTORS: Final = (
    Colour("blue", "#0b57d0", "#8ab8ff"),
    Colour("red", "#c5221f", "#ff9a94"),
    Colour("teal", "#00736a", "#5cd6c8"),
    Colour("orange", "#a84b00", "#ffb066"),
    Colour("violet", "#7b1fa2", "#d6a5ff"),
    Colour("olive", "#5b6600", "#cbd75a"),
    Colour("magenta", "#ad1457", "#ff8fc0"),
    Colour("brown", "#6d4c41", "#d3b3a6"),
)


def of_factor(place: int) -> Colour:
    """Return the colour of a factor, counted from 0; the ninth has that of the first again.

    Examples
    --------
    >>> of_factor(1).name, of_factor(8) is of_factor(0)
    ('red', True)
    """
    return FACTORS[place % len(FACTORS)]
