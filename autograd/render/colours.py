"""Colours of the factors of a product: the same in a formula, a table, a picture and a page."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["FACTORS", "Colour", "factor_rules", "of_factor", "sheet"]


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


def factor_rules(what: str, parts: str = "", *, dark: bool = False) -> list[tuple[str, str]]:
    """Return a rule of a style sheet for each colour: its selector, and what it sets.

    Parameters
    ----------
    what
        The property: ``fill``, ``stroke`` or ``color``.
    parts
        What is coloured inside of an element that has the class of a factor; itself by default.
    dark
        Whether the ground is dark.
    """
    return [(f".f{k}{parts}", f"{what}:{c.dark if dark else c.light}") for k, c in enumerate(FACTORS)]


def sheet(what: str, scope: str = "", *, dark: bool = False) -> str:
    """Return the rules as a style sheet, for elements inside of a scope.

    Examples
    --------
    >>> sheet("fill", ".page ")[:27]
    '.page .f0{fill:#0b57d0}.pag'
    """
    return "".join(f"{scope}{part}{{{rule}}}" for part, rule in factor_rules(what, dark=dark))
