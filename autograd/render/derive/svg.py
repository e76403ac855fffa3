"""A derivation as one SVG, for a slide: formulas as shapes, so that no reader needs a font of mathematics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from autograd.errors import optional
from autograd.render import escape, labels
from autograd.render.colours import FACTORS, sheet
from autograd.render.derive import text
from autograd.render.derive.derivation import Derivation
from autograd.render.derive.mathml import (
    BAR,
    accumulation,
    all_sides,
    bar,
    formulas,
    local,
    matrix,
    sides_of,
    total,
)
from autograd.render.derive.text import (
    check_line,
    forward_lines,
    gradient_lines,
    hook_lines,
    leaf_lines,
    left_side,
    omitted_line,
    stale_line,
    table_lines,
)
from autograd.render.formula.mathml import equation, identifier, mathml, mathml_number
from autograd.render.picture.palette import DARK, LIGHT
from autograd.words import gettext

__all__ = ["to_svg"]

SIZE = 20.0  # of the letters, in pixels
GAP = 36.0  # between columns
MARGIN = 24.0
WIDE = 1200.0
"""A formula that is wider, in pixels, is broken at its equality signs."""
FONTS = "system-ui,'Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"

# As ziamath writes one: an empty one, a blank, ends at once.
_GLYPH = re.compile(r'(<symbol id="([^"]*)"[^>]*?(?:/>|>.*?</symbol>))', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Cell:
    """What stands in a line: its size around the baseline, and its marks from there."""

    width: float
    above: float
    below: float
    marks: str


_Line = tuple[_Cell, ...]


class _Setter:
    """Sets formulas and words; each glyph is defined once."""

    def __init__(self) -> None:
        purpose = gettext("setting the formulas of an SVG")
        self._typeset: Any = optional("ziamath", purpose, "pip install 'chainrule[picture]'").Math
        self.glyphs: dict[str, str] = {}

    def words(self, text: str, *, bold: bool = False) -> _Cell:
        """Return words in the reader's own font."""
        weight = ' font-weight="600"' if bold else ""
        marks = f'<text font-size="{SIZE - 3:g}"{weight}>{escape.xml(text)}</text>'
        return _Cell(labels.width(text, SIZE - 3, bold=bold), SIZE, SIZE / 3, marks)

    def formula(self, source: str, plain: str) -> _Cell:
        """Return a formula; as plain text where the font of mathematics lacks one of its letters."""
        # As elements: in text ziamath looks for hyphens with patterns that reach over the ends of elements.
        tree = ElementTree.fromstring(source)  # noqa: S314 - written here
        for part in tree.iter():
            if part.tag.endswith("}mo") and part.text == BAR:
                part.text = "\u2015"  # ziamath draws a line for it, but pieces that overlap for a bar's sign
        _flatten(tree)
        shown = self._typeset(tree, size=SIZE)
        letters = re.sub(r"<[^>]*>|&[^;]*;|\s", "", source)
        if not all(map(shown.font.glyphindex, letters)):
            return self.words(plain)
        width, height = shown.getsize()
        below = -shown.getyofst()  # where its ink ends
        drawn: str = shown.svg()
        for glyph, name in _GLYPH.findall(drawn):
            self.glyphs.setdefault(name, glyph)
        marks = re.sub(r"</?svg[^>]*>", "", _GLYPH.sub("", drawn))
        for k, colour in enumerate(FACTORS):
            marks = marks.replace(f'fill="{colour.light}"', f'class="f{k}"')
        marks = marks.replace('"black"', '"currentColor"')
        return _Cell(width, max(height - below, 0.7 * SIZE), max(below, 0.2 * SIZE), marks)


def _flatten(part: ElementTree.Element) -> None:
    """Give a row the parts of the rows in it, since ziamath sets each of these twice, and so on inside them.

    But for those that an operator begins: a sign would be an operation there, a bracket as high as the line.
    """
    for child in part:
        _flatten(child)
    if part.tag.endswith(("}mrow", "}math")):
        part[:] = [inner for child in part for inner in (child if _is_only_a_group(child) else [child])]


def _is_only_a_group(part: ElementTree.Element) -> bool:
    plain = part.tag.endswith("}mrow") and not part.attrib
    return plain and not (len(part) and part[0].tag.endswith("}mo"))


def to_svg(d: Derivation) -> str:
    """Return the derivation as SVG: the forward steps, the table, the gradient.

    Parameters
    ----------
    d
        The derivation.

    Raises
    ------
    MissingDependencyError
        Without ziamath, which sets the formulas.
    """
    setter = _Setter()
    blocks: list[tuple[str, list[_Line]]] = []
    if d.forward:
        lines: list[_Line] = []
        for (name, formula, value), plain in zip(d.forward, forward_lines(d), strict=True):
            shown = [] if formula is None else [mathml(formula)]
            lines.append((setter.formula(equation(identifier(name), *shown, mathml_number(value)), plain),))
        lines += [(setter.words(stale_line(d)),)] * bool(d.stale)
        blocks.append((gettext("Forward"), lines))
    seed = equation(total(d.output, d.output), "<mn>1</mn>"), equation(bar(d.output), mathml_number(d.seed))
    table = table_lines(d)
    # Each formula beside how it is written in plain text.
    cells = [
        list(zip(seed, table[0][2:], strict=True)),
        *(
            [(local(r), told[2]), *zip(accumulation(r), text.accumulation(r), strict=True)]
            for r, told in zip(d.rows, table[1:], strict=True)
        ),
    ]
    lines = [
        (setter.words(told[0]), setter.words(told[1]), *(setter.formula(*cell) for cell in row))
        for told, row in zip(table, cells, strict=True)
    ]
    lines += [(setter.words(line),) for line in hook_lines(d)]
    if d.omitted:
        lines.append((setter.words(omitted_line(d)),))
    blocks.append((gettext("Backward"), lines))
    if d.target is not None and d.gradient is not None:
        left = total(d.output, d.target) if d.plain_pass else bar(d.target)
        sides = all_sides(d)
        told = gradient_lines(d)
        whole = setter.formula(equation(left, *sides), " = ".join([left_side(d), *told]))
        lines = [(whole,)]
        if whole.width > WIDE:  # a line for each side
            first = setter.formula(equation(left, sides[0]), f"{left_side(d)} = {told[0]}")
            lines = [(first,), *((setter.formula(equation("", side), f"= {side}"),) for side in sides[1:])]
        lines += [] if d.key else [(setter.words(check_line(d)),)]
        blocks.append((gettext("Gradient"), lines))
    elif d.variables:
        lines = []
        for (name, formula, x), plain in zip(d.variables, leaf_lines(d), strict=True):
            shown = [*formulas([(name, formula, x)]), mathml_number(x)]
            lines.append((setter.formula(equation(total(d.output, name), *shown), plain),))
        blocks.append((gettext("Gradient"), lines))
    if d.network:
        blocks.append((
            gettext("The errors of the layers"),
            [
                (
                    setter.words(gettext("layer {number}", number=e.layer)), setter.words(e.name),
                    setter.formula(equation(*sides_of(e), matrix(e.value)), e.text),
                )
                for e in d.network
            ],
        ))  # fmt: skip
    return _drawn(setter, blocks)


def _drawn(setter: _Setter, blocks: list[tuple[str, list[_Line]]]) -> str:
    """Place lines below one another, the columns of each block aligned."""
    parts: list[str] = []
    y = widest = 0.0
    for title, lines in blocks:
        y += 0.6 * SIZE if parts else 0.0
        widths: list[float] = []
        for line in lines:
            if len(line) > 1:
                widths += [0.0] * (len(line) - len(widths))
                for k, cell in enumerate(line):
                    widths[k] = max(widths[k], cell.width)
        for line in [(setter.words(title, bold=True),), *lines]:
            y += 0.15 * SIZE + max(cell.above for cell in line)
            x = MARGIN
            for k, cell in enumerate(line):
                parts.append(f'<g transform="translate({x:.1f} {y + MARGIN:.1f})">{cell.marks}</g>')
                widest = max(widest, x + cell.width)
                x += (widths[k] if k < len(widths) else cell.width) + GAP
            y += max(cell.below for cell in line) + 0.5 * SIZE
    dark, light = sheet("fill", dark=True), sheet("fill")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{widest + MARGIN:.0f}" '
        f'height="{y + 2 * MARGIN:.0f}" viewBox="0 0 {widest + MARGIN:.0f} {y + 2 * MARGIN:.0f}" '
        f'font-family="{FONTS}" fill="currentColor">'
        f"<style>{_ground(LIGHT)}{light}@media(prefers-color-scheme:dark){{{_ground(DARK)}{dark}}}</style>"
        f"<defs>{''.join(setter.glyphs.values())}</defs>"
        f'<rect class="paper" width="100%" height="100%" rx="8"/>{"".join(parts)}</svg>'
    )


def _ground(colours: dict[str, str]) -> str:
    """Return the rules for letters and what they stand on, for a page around them may be of another theme."""
    return f"svg{{color:{colours['ink']}}}.paper{{fill:{colours['paper']}}}"
