"""A derivation as Markdown."""

from __future__ import annotations

from autograd.render import escape
from autograd.render.derive.derivation import Derivation
from autograd.render.derive.network import equations
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
from autograd.words import gettext

__all__ = ["to_markdown"]


def to_markdown(d: Derivation) -> str:
    """Return the derivation as Markdown: a list, a table, and the product."""
    lines = []
    if d.forward:
        lines += [f"**{gettext('Forward')}**", ""]
        lines += [f"- {_code(line)}" for line in forward_lines(d)]
        lines += [*([f"- {escape.markdown(stale_line(d))}"] if d.stale else []), ""]
    heads = (gettext("step"), gettext("rule"), gettext("local derivative"), gettext("accumulation"))
    lines += [f"**{gettext('Backward')}**", "", f"| {' | '.join(heads)} |", "|---:|---|---|---|"]
    lines += [
        f"| {i} | {escape.markdown(rule)} | {_code(local, cell=True)} | {_code(total, cell=True)} |"
        for i, rule, local, total in table_lines(d)
    ]
    lines += [part for line in hook_lines(d) for part in ("", escape.markdown(line))]
    if d.omitted:
        lines += ["", f"*{omitted_line(d)}*"]
    if d.target is not None:
        sides = " = ".join([left_side(d), *gradient_lines(d)])
        lines += ["", f"**{gettext('Gradient')}**", "", _code(sides)]
        if not d.key:
            lines += ["", f"*{gettext('Check')}: {escape.markdown(check_line(d))}*"]
    elif d.variables:
        lines += ["", f"**{gettext('Gradient')}**", "", *(f"- {_code(line)}" for line in leaf_lines(d))]
    if d.network:
        lines += ["", f"**{gettext('The errors of the layers')}**"]
    for block in equations(d.network):
        lines += ["", "```", *block, "```"]
    return "\n".join(lines)


def _code(text: str, *, cell: bool = False) -> str:
    """Return text as a code span, fenced by more backticks than it contains."""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|') if cell else text}{pad}{fence}"
