"""Numbers and labels as people read them, and the width of text without a font at hand."""

from __future__ import annotations

import math
import unicodedata
from typing import Final, Self

__all__ = ["Blank", "brief", "number", "shorten", "visible", "width"]

MINUS: Final = "\N{MINUS SIGN}"


class Blank(float):
    """A number that a worksheet leaves out.

    Attributes
    ----------
    place : int
        Its number in the key, counted from 1.
    """

    __slots__ = ("place",)
    place: int

    def __new__(cls, value: float, place: int) -> Self:
        """Leave out a number."""
        blank = super().__new__(cls, value)
        blank.place = place
        return blank

    @property
    def mark(self) -> str:
        """What stands before the line: its place, in a circle where Unicode has one.

        Examples
        --------
        >>> Blank(0.5, 3).mark, Blank(0.5, 51).mark
        ('③', '(51)')
        """
        for first, start, end in ((1, 0x2460, 20), (21, 0x3251, 35), (36, 0x32B1, 50)):
            if first <= self.place <= end:
                return chr(start + self.place - first)
        return f"({self.place})"


def number(x: float, *, digits: int = 4, minus: str = "-") -> str:
    """Return ``x`` as a reader wants it.

    Whole numbers bare, others to ``digits`` decimals, extremes with an exponent, a `Blank` as a line.

    Examples
    --------
    >>> [number(x) for x in (1.0, 0.5, -0.79127, 1e-9, 123456.7, float("nan"), -0.0)]
    ['1', '0.5000', '-0.7913', '1.000e-09', '1.235e+05', 'NaN', '0']
    """
    if isinstance(x, Blank):
        return f"{x.mark}____"
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        text = "inf" if x > 0 else "-inf"
    elif x == int(x) and abs(x) < 1e6:
        text = str(int(x))
    elif 10.0**-digits * 5 <= abs(x) < 1e5:
        text = f"{x:.{digits}f}"
    else:
        text = f"{x:.{digits - 1}e}"
    return text.replace("-", minus) if minus != "-" else text


def brief(x: float, *, minus: str = "-") -> str:
    """Return ``x`` in few characters, for where there is little room: about two digits.

    Examples
    --------
    >>> [brief(x) for x in (3.0, -2.4482, 0.04132, 0.000123, 123.456, 1e9, float("inf"))]
    ['3', '-2.45', '0.041', '1.2e-04', '123', '1.0e+09', 'inf']
    """
    if not math.isfinite(x) or x == int(x):
        return number(x, digits=2, minus=minus)
    text = f"{x:.0f}" if 100 <= abs(x) < 1e5 else f"{x:.2f}" if 0.1 <= abs(x) < 100 else ""
    text = text or (f"{x:.2g}" if 1e-3 <= abs(x) < 0.1 else number(x, digits=2))
    return text.replace("-", minus) if minus != "-" else text


def visible(text: str) -> str:
    r"""Return ``text`` with every character that prints nothing, or moves its neighbours, made visible.

    Line breaks become arrows, control characters their pictures; direction overrides, surrogates and
    non-characters, which no XML may hold, become code points in angle brackets.

    Examples
    --------
    >>> visible("a\nb\x00\u202e")
    'a↵b␀⟨U+202E⟩'
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(c: str) -> str:
    code = ord(c)
    if c in "\n\r\u2028\u2029":
        return "↵"
    if c == "\t":
        return "⇥"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    category = unicodedata.category(c)
    if category in ("Cc", "Cs", "Co", "Cn") or (category == "Cf" and code not in (0x200C, 0x200D)):
        return f"⟨U+{code:04X}⟩"
    return c


def shorten(text: str, limit: int = 28) -> str:
    """Cut the middle out of a long text; the end of a path tells more than its middle.

    Examples
    --------
    >>> shorten("layer1.neuron12.weight345", 15)
    'layer1.…eight345'
    """
    if len(text) <= limit + 1:
        return text
    head = limit // 2
    return f"{text[:head]}…{text[head - limit :]}"


# Widths in em of DejaVu Sans, the broadest of the faces asked for: a box too wide looks better than a text
# cut off.
_NARROW: Final = frozenset("ijlI.,:;'|!()[]{}/\\ -·´`ˈ°")
_MIDDLE: Final = frozenset('tfrs"')
_SIGNS: Final = frozenset("+=<>~#×÷\u2212≤≥→←√Σ∂∞○^")
_WIDE: Final = frozenset("mwMW@%&…")
_BOLD: Final = 1.12  # how much broader a bold face is


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide ``text`` is, in the unit of the font's ``size``; rather too wide than too narrow.

    Examples
    --------
    >>> width("ii", 10.0) < width("mm", 10.0) < width("\N{CJK UNIFIED IDEOGRAPH-6F22}" * 2, 10.0)
    True
    """
    return size * sum(map(_em, text)) * (_BOLD if bold else 1.0)


def _em(c: str) -> float:
    if c in _NARROW:
        return 0.4
    if c in _MIDDLE:
        return 0.53
    if c in _SIGNS:
        return 0.88
    if c in _WIDE:
        return 1.0
    if c < "\x7f":
        return 0.79 if c.isupper() else 0.64
    if unicodedata.combining(c):
        return 0.0
    # Scripts with broad letters, and emoji, whose pictures exceed the em.
    if unicodedata.east_asian_width(c) in "WF":
        return 1.05 if ord(c) < 0x1F000 else 1.4
    return 0.78
