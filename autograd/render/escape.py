"""Text made safe for each format, in one place: no label reaches a page, a program or a formula as markup."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from autograd.render.labels import shorten, visible

__all__ = ["dot", "dot_html", "latex", "markdown", "mermaid", "script", "xml"]

LONGEST = 2000  # characters of a string in DOT, of which Graphviz reads 16,384 bytes at most

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "`": r"\`{}",
}  # fmt: skip


def xml(text: str) -> str:
    """Escape for SVG, HTML and MathML: as content, and inside quoted attributes.

    Examples
    --------
    >>> xml('</script> & "x"')
    '&lt;/script&gt; &amp; &quot;x&quot;'
    """
    text = visible(text)
    for raw, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(raw, entity)
    return text


def dot(text: str) -> str:
    r"""Quote as a string of the DOT language, in which a backslash starts an escape of its own.

    Examples
    --------
    >>> print(dot('say "hi" \\N'))
    "say \"hi\" \\N"
    """
    return '"' + shorten(visible(text), LONGEST).replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot_html(text: str) -> str:
    """Escape for the text of an HTML-like label in DOT, where some brackets would end a section.

    Examples
    --------
    >>> dot_html("<b>]]")
    '&lt;b&gt;&#93;&#93;'
    """
    return xml(text).replace("]", "&#93;")


def latex(text: str) -> str:
    r"""Escape for LaTeX's text mode, as inside ``\\text{...}``.

    Examples
    --------
    >>> print(latex("50% of x_1"))
    50\% of x\_1
    """
    return "".join(_LATEX.get(c) or (f"${c}$" if _mathematical(c) else c) for c in visible(text))


def _mathematical(c: str) -> bool:
    """Whether a typesetter may take a character for a command for formulas, which has no place in text."""
    return not c.isascii() and (unicodedata.category(c) == "Sm" or "\u2100" <= c < "\u2150")


def markdown(text: str) -> str:
    r"""Escape for the cell of a Markdown table.

    Examples
    --------
    >>> print(markdown("a|b*c"))
    a\|b\*c
    """
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|~$" else c for c in visible(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mermaid(text: str) -> str:
    """Escape for a quoted label of a Mermaid flow chart, which reads numeric entities.

    Examples
    --------
    >>> mermaid('"a" -> b')
    '#34;a#34; -#62; b'
    """
    return "".join(f"#{ord(c)};" if c in '"#&<>;`[]{}()|\\%*_~' else c for c in visible(text))


def script(data: Any) -> str:
    r"""Return JSON that can stand inside a ``script`` element.

    Nothing in it closes the element or opens a comment.

    Examples
    --------
    >>> print(script("</script>"))
    "\u003c/script\u003e"
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = re.sub("[\ud800-\udfff\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
