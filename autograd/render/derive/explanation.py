"""explain(loss, wrt=w): the chain rule of a graph, step by step, with symbols and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd.render.derive import latex, markdown, mathml, svg, text
from autograd.render.derive.blanks import blanked
from autograd.render.derive.derivation import LIMIT, Derivation, derive
from autograd.render.labels import Blank, number
from autograd.value import Value
from autograd.words import gettext, language

__all__ = ["Explanation", "explain"]

_STYLES = {
    "text": text.to_text,
    "markdown": markdown.to_markdown,
    "latex": latex.to_latex,
    "mathml": mathml.to_mathml,
    "svg": svg.to_svg,
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A derivation, which prints itself in one of five styles.

    Attributes
    ----------
    derivation : Derivation
        The steps with their formulas and numbers.
    style : str
        What ``str()`` gives.
    lang : str or None
        The language of its words.
    gradient : float or None
        The derivative, where one node was asked for.
    """

    derivation: Derivation
    style: str
    lang: str | None = None

    @property
    def gradient(self) -> float | None:
        """The derivative with respect to the node that was asked for."""
        return self.derivation.gradient

    @property
    def key(self) -> str:
        """The numbers that a worksheet leaves out, each with the mark of its blank; empty without blanks.

        Examples
        --------
        >>> x = Value(3.0, "x")
        >>> print(explain(x * x, wrt=x, blanks=True).key)
        ① 9
        ② 3
        ③ 3
        ④ 3
        ⑤ 3
        ⑥ 6
        """
        return "\n".join(
            f"{Blank(x, k).mark} {number(x)}" for k, x in enumerate(self.derivation.key, 1)
        )

    def svg(self) -> str:
        """Return the explanation as one SVG, for a slide.

        Raises
        ------
        MissingDependencyError
            Without ziamath, which sets the formulas.
        """
        return self.to("svg")

    def to(self, style: str) -> str:
        """Return the explanation as ``text``, ``markdown``, ``latex``, ``mathml`` or ``svg``."""
        if style not in _STYLES:
            raise ValueError(gettext(
                "an explanation has the styles {names}, not {style}",
                names=', '.join(_STYLES), style=repr(style),
            ))  # fmt: skip
        with language(self.lang):
            return _STYLES[style](self.derivation)

    def __str__(self) -> str:
        return self.to(self.style)

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # Jupyter shows the richest that it trusts; the text is there for the others.
        shown = self.to(self.style)
        bundle = {"text/plain": shown}
        if self.style == "markdown":
            bundle["text/markdown"] = shown
        elif self.style == "latex":
            bundle["text/latex"] = f"$\\displaystyle {shown}$"
        elif self.style == "mathml":
            bundle["text/html"] = shown
        elif self.style == "svg":
            bundle |= {"image/svg+xml": shown, "text/plain": self.to("text")}
        return bundle


def explain(
    root: Value,
    wrt: Value | None = None,
    style: str = "text",
    *,
    depth: int | None = None,
    limit: int = LIMIT,
    gradient: float = 1.0,
    blanks: bool = False,
    colors: bool = False,
    lang: str | None = None,
) -> Explanation:
    """Derive the gradient of ``root``, one row for each edge of the graph, with symbols and numbers.

    Parameters
    ----------
    root
        The node to differentiate.
    wrt
        The node to differentiate with respect to; every one where it is left out, and then the gradients of
        up to four leaves follow. With it come the product of the local derivatives, the same in the leaves
        alone where that can be read, and a check by finite differences.
    style
        ``text``, ``markdown``, ``latex``, ``mathml`` or ``svg``.
    depth
        How many operations back from ``root`` to go; all of them where it is left out.
    limit
        More rows than this are an error rather than a flood.
    gradient
        The seed of the pass.
    blanks
        Make a worksheet: results are left out, and stand in the explanation's ``key``.
    colors
        Give each factor of the products along the paths to ``wrt`` a colour, the same in the formulas and the
        table: in LaTeX (with xcolor, in MathJax and in KaTeX), MathML and SVG.
    lang
        Language of the words, ``"en"`` or ``"zh"``; by default what ``CHAINRULE_LANG`` names, else English.

    Returns
    -------
    Explanation
        Its ``str()`` is the derivation; a notebook shows it by itself.

    Raises
    ------
    GraphError
        If ``wrt`` is no node below ``root``, or the derivation exceeds ``limit``.
    ValueError
        If there are no words in that language.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.label = "y"
    >>> print(explain(y, wrt=x))
    Forward
      y = x*x = 9
    <BLANKLINE>
    Backward
      0  seed          dy/dy = 1       y.grad = 1
      1  multiply (1)  ∂₁y/∂x = x = 3  x.grad += 3 * 1 = 3  [0 -> 3]
      2  multiply (2)  ∂₂y/∂x = x = 3  x.grad += 3 * 1 = 3  [3 -> 6]
    <BLANKLINE>
    Gradient
      dy/dx = ∂₁y/∂x + ∂₂y/∂x
            = x + x
            = 2x
            = 6
    <BLANKLINE>
    Check
      finite difference 6.0000, relative difference below 1e-8

    The same as a worksheet:

    >>> sheet = explain(y, wrt=x, blanks=True)
    >>> print(str(sheet).splitlines()[1], "and in the key", sheet.key.splitlines()[0])
      y = x*x = ①____ and in the key ① 9

    >>> print(explain(y, wrt=x, lang="zh").to("text").splitlines()[0])
    前向传播
    """
    if style not in _STYLES:
        raise ValueError(gettext(
            "an explanation has the styles {names}, not {style}",
            names=', '.join(_STYLES), style=repr(style),
        ))  # fmt: skip
    with language(lang):
        derivation = derive(root, wrt, depth=depth, limit=limit, seed=gradient, colors=colors)
        return Explanation(blanked(derivation) if blanks else derivation, style, lang)
