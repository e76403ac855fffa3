"""Style sheets and scripts of pages, without what a browser does not need."""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["script", "style", "text"]

_COMMENT = re.compile(r"\n\s*(?://[^\n]*(?=\n))?")


PAGES = "autograd.render.page"


def text(name: str, package: str = PAGES) -> str:
    """Return a file of a package's pages as it is."""
    return (files(package) / "assets" / name).read_text(encoding="utf-8")


def style(name: str, package: str = PAGES) -> str:
    """Return a style sheet without blanks that mean nothing."""
    return re.sub(r"\s*([{};,])\s*|(:) ", r"\1\2", _COMMENT.sub("\n", text(name, package)))


def script(written: str) -> str:
    """Return a script without comments that have a line of their own, and without what lines begin with.

    Nor with the blank behind a semicolon: in a string it is to be written as an escape.
    """
    found = re.sub(r"(?<=[;{,(])\n+|(?<=\n)\n+", "", _COMMENT.sub("\n", written))
    return re.sub(
        r" (=>|&&|\|\||[!=]==|\?\?) |\b(if|for) (?=\()|(\)) (?=\{)|(;) (?=[\w$])", r"\1\2\3\4", found
    )
