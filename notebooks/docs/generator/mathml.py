"""Formulas between dollar signs become MathML while the site is built, so that no script has to be loaded."""

from __future__ import annotations

import re
from typing import Any

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor

# A dollar sign that opens has no space behind it, one that closes none before it and no digit behind it,
# so that prices and shell variables stay as they are.
INLINE = r"(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])"
_TAG = re.compile(r"\\tag\{([^}]*)\}")
_LIMIT = re.compile(
    r"<msub><mo>(lim|max|min)</mo>(<mi>\w</mi>|<mrow>(?:<m[ino]>[^<]*</m[ino]>)*</mrow>)</msub>"
)
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")


def mathml(latex: str, *, display: bool = False) -> str:
    r"""Return a formula as one line of MathML.

    Examples
    --------
    >>> mathml("x^2")[:40]
    '<math xmlns="http://www.w3.org/1998/Math'
    """
    # The converter knows the outer environment and not the inner one.
    latex = latex.replace("{aligned}", "{align*}")
    html = convert(latex, display="block" if display else "inline").replace("\n", "")
    # A bar with an exponent would be fenced by itself, and stretch to another height than its partner.
    if "<mi>&</mi>" in html or "\\" in html:
        raise ValueError(f"a formula has something that cannot be converted: {latex:.200}")
    html = html.replace("<mo>&#x02016;</mo>", '<mo stretchy="false">&#x02016;</mo>')
    html = html.replace("<mo><mrow><mo>&#x0002B;</mo></mrow></mo><mo>&#x0003D;</mo>", "<mo>+=</mo>")
    if display:  # where there is room, limits stand below
        html = _LIMIT.sub(r"<munder><mo>\1</mo>\2</munder>", html)
    # Bars enclose here; without this they would be spaced as a relation is.
    return re.sub(
        r"<mo( stretchy=\"false\")?>(\||&#x0007C;)</mo>", r'<mo lspace="0" rspace="0"\1>|</mo>', html
    )


def _numbered(latex: str) -> str:
    """Return a displayed formula as HTML, with its number at the right."""
    tag = _TAG.search(latex)
    number = f'<span class="number">({tag[1]})</span>' if tag else ""
    return f'<div class="formula">{mathml(_TAG.sub("", latex).strip(), display=True)}{number}</div>'


class _Inline(InlineProcessor):
    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str  # noqa: ARG002
    ) -> tuple[str, int, int]:
        return self.md.htmlStash.store(mathml(m.group(1))), m.start(0), m.end(0)


class _Display(Preprocessor):
    """Replaces what stands between two lines (or ends of one line) ``$$``, outside of code."""

    def run(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        formula: list[str] | None = None
        fence = ""
        for given in lines:
            line = given
            opening = _FENCE.match(line)
            if fence:
                fence = "" if line.strip() == fence else fence
            elif opening and formula is None:
                fence = opening[1]
            elif formula is None and line.strip().startswith("$$"):
                formula, line = [], line.strip()[2:]
            if formula is None:
                out.append(line)
                continue
            body, end, _ = line.partition("$$")
            formula.append(body)
            if end:
                out += ["", self.md.htmlStash.store(_numbered(" ".join(formula))), ""]
                formula = None
        if formula is not None:
            raise ValueError(f"a formula that starts with $$ has no end: {' '.join(formula):.60}")
        return out


class MathML(Extension):
    """``$x^2$`` in a line, ``$$x^2$$`` as a block."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register both; after code spans (190), before the backslash escapes (180)."""
        md.preprocessors.register(_Display(md), "mathml-display", 26)
        md.inlinePatterns.register(_Inline(INLINE, md), "mathml-inline", 185)


def makeExtension(**options: Any) -> MathML:
    """Make the extension, as Markdown asks for it."""
    return MathML(**options)
