"""Style sheets and scripts of pages, in the reader's language, without what a browser does not need."""

from __future__ import annotations

import re
from importlib.resources import files

from autograd.words import gettext, unpacked

__all__ = ["script", "spoken", "style", "text"]

_COMMENT = re.compile(r"\n\s*(?://[^\n]*(?=\n))?")
_MARK = re.compile(r"\[\[(.+?)\]\]")


PAGES = "autograd.render.page"


def text(name: str, package: str = PAGES) -> str:
    """Return a file of a package's pages as it is."""
    return unpacked(files(package), f"assets/{name}")


def spoken(written: str) -> str:
    """Return a text with what stands in double brackets said in the language in force."""
    return _MARK.sub(lambda found: gettext(found[1]), written)


def style(name: str, package: str = PAGES) -> str:
    """Return a style sheet without blanks that mean nothing."""
    return re.sub(r"\s*([{};,])\s*|(:) ", r"\1\2", _COMMENT.sub("\n", text(name, package)))


def script(written: str) -> str:
    """Return a script in the language in force, without comments that have a line of their own and indents.

    Nor with the blank behind a semicolon: outside of double brackets a string has to write it as an escape.
    """
    written = _MARK.sub(lambda found: gettext(found[1]).replace("; ", r";\x20"), written)
    found = re.sub(r"(?<=[;{,(])\n+|(?<=\n)\n+", "", _COMMENT.sub("\n", written))
    return re.sub(
        r" (=>|&&|\|\||[!=]==|\?\?) |\b(if|for) (?=\()|(\)) (?=\{)|(;) (?=[\w$])", r"\1\2\3\4", found
    )
