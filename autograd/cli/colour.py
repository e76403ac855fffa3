"""Colour in a terminal, as its user wants it: ``NO_COLOR``, ``FORCE_COLOR`` and ``CLICOLOR_FORCE`` say so."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

__all__ = ["is_wanted", "painted"]

_CODES: Final = {"missing": 33, "broken": 31, "name": 1}


def is_wanted(stream: TextIO | None) -> bool:
    """Tell whether colour may be written.

    ``NO_COLOR`` comes first, as for Python itself; then what asks for colour; then the kind of stream.

    Parameters
    ----------
    stream
        Where the text goes; None where it is closed.

    Returns
    -------
    bool

    Examples
    --------
    >>> import io
    >>> is_wanted(io.StringIO()) and not os.environ.get("FORCE_COLOR")
    False
    """
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if os.environ.get("TERM") == "dumb" or os.environ.get("CLICOLOR") == "0":
        return False
    if sys.platform == "win32" and not any(map(os.environ.get, ("WT_SESSION", "ANSICON", "TERM"))):
        return False  # a console that may show the codes themselves
    return stream is not None and stream.isatty()


def painted(text: str, kind: str, stream: TextIO | None) -> str:
    """Return a text in the colour of what it tells of, where colour is wanted.

    Parameters
    ----------
    text
        What is shown.
    kind
        ``"name"``, ``"missing"`` or ``"broken"``; any other is left as it is.
    stream
        Where the text goes.

    Returns
    -------
    str
    """
    if kind not in _CODES or not is_wanted(stream):
        return text
    return f"\033[{_CODES[kind]}m{text}\033[0m"
