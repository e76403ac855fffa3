"""A derivation as plain text and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.render import escape
from autograd.render.derivation import Derivation, Row
from autograd.render.plain import plain
from autograd.render.symbols import Symbol
from autograd.render.text import fixed, number

__all__ = ["check_line", "derivative", "factors", "to_markdown", "to_text"]


def derivative(above: str, below: str) -> str:
    """Return the derivative as one line of text.

    Examples
    --------
    >>> derivative("L", "w"), derivative("loss", "layer1.n0.w2")
    ('dL/dw', 'd loss/d layer1.n0.w2')
    """
    short = all(len(x) <= 3 and x.isalnum() for x in (above, below))
    return f"d{above}/d{below}" if short else f"d {above}/d {below}"


def factors(path: Sequence[Row]) -> tuple[float, list[Any]]:
    """Return the product along a path: its sign, and the factors that are not 1 or -1.

    A row without a formula contributes the name of its derivative.
    """
    sign = 1.0
    kept: list[Any] = []
    for row in path:
        formula = row.formula
        if isinstance(formula, float) and abs(formula) == 1.0:
            sign *= formula
        elif formula is None:
            kept.append(derivative(row.node, row.parent))
        elif isinstance(formula, Symbol) and formula.kind == "product" and formula.parts[0] == -1.0:
            sign = -sign
            kept.append(-formula)
        else:
            kept.append(formula)
    return sign, kept


def _product(path: Sequence[Row], seed: float) -> str:
    sign, kept = factors(path)
    texts = []
    for factor in kept:
        text = factor if isinstance(factor, str) else plain(factor)
        bare = isinstance(factor, str) or (not (isinstance(factor, Symbol) and factor.kind == "sum") and not text.startswith("-"))
        texts.append(text if bare or (len(kept) == 1 and sign > 0) else f"({text})")
    if seed != 1.0:
        texts.insert(0, number(seed))
    return ("-" if sign < 0 else "") + (" * ".join(texts) or "1")


def _local(row: Row) -> str:
    """Return the local derivative, as formula and number."""
    value = number(row.step.local)
    text = derivative(row.node, row.parent)
    if row.formula is not None:
        shown = plain(row.formula)
        if shown != value and not isinstance(row.formula, float):
            text += f" = {shown}"
    return f"{text} = {value}"


def _accumulation(row: Row) -> str:
    s = row.step
    line = f"{row.parent}.grad += {number(s.local)} * {number(s.upstream)} = {number(s.contribution)}"
    return f"{line}  [{number(s.before)} -> {number(s.after)}]" if row.shared else line


def _table(d: Derivation) -> list[tuple[str, str, str, str]]:
    seed = ("0", "seed", f"{derivative(d.output, d.output)} = 1", f"{d.output}.grad = {number(d.seed)}")
    return [seed, *((str(i), row.rule, _local(row), _accumulation(row)) for i, row in enumerate(d.rows, 1))]


def _gradient_lines(d: Derivation) -> list[str]:
    """Return the product along the paths, or the sum over the consumers, and its number."""
    if d.target is None or d.gradient is None:
        return []
    lines = []
    if d.paths:
        chains = [" * ".join(derivative(row.node, row.parent) for row in path) for path in d.paths]
        # With one path of one edge the chain would only repeat the left side.
        if len(chains) > 1 or len(d.paths[0]) > 1:
            lines.append(" + ".join(chains))
        lines.append(" + ".join(_product(path, d.seed) for path in d.paths).replace("+ -", "- "))
    elif d.last and not d.omitted:
        lines.append(" + ".join(f"{derivative(r.node, d.target)} * {derivative(d.output, r.node)}" for r in d.last[:6]) + (" + ..." if len(d.last) > 6 else ""))
    value = number(d.gradient)
    return [*(line for line in lines if line != value), value]


def check_line(d: Derivation, show: Callable[[float], str] = number) -> str:
    """Return the verdict of the finite difference in words."""
    if d.numeric is None:
        return ""
    if not math.isfinite(d.numeric):
        return f"finite difference {show(d.numeric)}: the function is not defined around this point"
    size = "below 1e-8" if d.difference < 1e-8 else f"{d.difference:.1e}"
    verdict = "" if d.difference < 1e-4 else " -- they differ: a kink, a cancellation, or a wrong rule"
    return f"finite difference {show(d.numeric)}, relative difference {size}{verdict}"


def _omitted(d: Derivation) -> str:
    return f"{d.omitted} more steps lie deeper; a larger depth= shows them"


def _forward(d: Derivation) -> list[str]:
    return [" = ".join([name, *([] if formula is None else [plain(formula)]), fixed(value)]) for name, formula, value in d.forward]


def to_text(d: Derivation) -> str:
    """Return the derivation as aligned text."""
    lines = []
    if d.forward:
        lines += ["Forward", *(f"  {line}" for line in _forward(d)), ""]
    table = _table(d)
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    lines.append("Backward")
    lines += ["  " + "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip() for row in table]
    if d.omitted:
        lines.append(f"  ... {_omitted(d)}")
    if d.target is not None:
        left = derivative(d.output, d.target)
        lines += ["", "Gradient"]
        lines += [f"  {left if i == 0 else ' ' * len(left)} = {line}" for i, line in enumerate(_gradient_lines(d))]
        lines += ["", "Check", f"  {check_line(d)}"]
    return "\n".join([*lines, *_network(d, to_plain=True)])


def to_markdown(d: Derivation) -> str:
    """Return the derivation as Markdown: a list, a table, and the product."""
    lines = []
    if d.forward:
        lines += ["**Forward**", ""]
        lines += [f"- {_code(line)}" for line in _forward(d)]
        lines.append("")
    lines += ["**Backward**", "", "| step | rule | local derivative | accumulation |", "|---:|---|---|---|"]
    lines += [f"| {i} | {escape.markdown(rule)} | {_code(local, cell=True)} | {_code(total, cell=True)} |" for i, rule, local, total in _table(d)]
    if d.omitted:
        lines += ["", f"*{_omitted(d)}*"]
    if d.target is not None:
        lines += ["", "**Gradient**", "", f"{_code(' = '.join([derivative(d.output, d.target), *_gradient_lines(d)]))}", ""]
        lines.append(f"*Check: {escape.markdown(check_line(d))}*")
    return "\n".join([*lines, *_network(d, to_plain=False)])


def _code(text: str, *, cell: bool = False) -> str:
    """Return text as a code span, fenced by more backticks than it contains."""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|') if cell else text}{pad}{fence}"


def _network(d: Derivation, *, to_plain: bool) -> list[str]:
    """Return the four equations of backpropagation, where the graph is a network's."""
    from autograd.render.network import equations

    blocks = equations(d.steps)
    if not blocks:
        return []
    lines = ["", "The errors of the layers" if to_plain else "**The errors of the layers**"]
    for block in blocks:
        lines += ["", *(f"  {line}" for line in block)] if to_plain else ["", "```", *block, "```"]
    return lines
