"""A derivation as plain text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.render.derive.derivation import Derivation, Row
from autograd.render.derive.network import equations
from autograd.render.formula.symbols import Symbol
from autograd.render.formula.text import plain, plain_name
from autograd.render.labels import number
from autograd.words import columns, gettext

__all__ = [
    "accumulation",
    "check_line",
    "derivative",
    "factors",
    "forward_lines",
    "gradient_lines",
    "hook_lines",
    "leaf_lines",
    "left_side",
    "local_derivative",
    "omitted_line",
    "stale_line",
    "table_lines",
    "to_text",
]


def derivative(above: str, below: str) -> str:
    """Return the derivative as one line of text.

    Examples
    --------
    >>> derivative("L", "w"), derivative("loss", "layer1.n0.w2")
    ('dL/dw', 'd loss/d layer1.n0.w2')
    """
    return _fraction(above, below, "d", "d")


def _fraction(above: str, below: str, first: str, second: str) -> str:
    if all(len(x) <= 3 and x.isalnum() and x[0].isalpha() for x in (above, below)):
        return f"{first}{above}/{second}{below}"
    return f"{first} {plain_name(above)}/{second} {plain_name(below)}"


_INDEX = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def local_derivative(node: str, operand: str, *, total: bool, place: int = 0) -> str:
    """Return a node's derivative in one of its operands: with a curly d where it is not the ``total`` one.

    With the ``place`` of the operand, counted from 1, where the same node is several of them.

    Examples
    --------
    >>> local_derivative("y", "x", total=True), local_derivative("y", "x", total=False, place=2)
    ('dy/dx', '∂₂y/∂x')
    """
    curly = "d" if total else f"∂{str(place).translate(_INDEX) if place else ''}"
    return _fraction(node, operand, curly, "d" if total else "∂")


def _local_of(row: Row) -> str:
    return local_derivative(row.node, row.parent, total=row.total, place=row.place)


def factors(path: Sequence[Row]) -> tuple[float, list[tuple[Row, Any]]]:
    """Return the product along a path: its sign, and the rows whose factor is not 1 or -1, with this formula.

    It is None where the row has none, and stands for itself.
    """
    sign = 1.0
    kept: list[tuple[Row, Any]] = []
    for row in path:
        formula = row.formula
        if isinstance(formula, float) and abs(formula) == 1.0:
            sign *= formula
        elif formula is None:
            kept.append((row, None))
        elif isinstance(formula, Symbol) and formula.kind == "product" and formula.parts[0] == -1.0:
            sign = -sign
            kept.append((row, -formula))
        else:
            kept.append((row, formula))
    return sign, kept


def _product(path: Sequence[Row], seed: float) -> str:
    sign, kept = factors(path)
    texts = []
    for row, factor in kept:
        text = _local_of(row) if factor is None else plain(factor)
        bare = factor is None or (
            not (isinstance(factor, Symbol) and factor.kind == "sum") and not text.startswith("-")
        )
        texts.append(text if bare or (len(kept) == 1 and sign > 0 and seed == 1.0) else f"({text})")
    if seed != 1.0:
        texts.insert(0, number(seed))
    return ("-" if sign < 0 else "") + (" * ".join(texts) or "1")


def _local(row: Row) -> str:
    """Return the local derivative, as formula and number."""
    value = number(row.step.local)
    text = _local_of(row)
    if row.formula is not None:
        shown = plain(row.formula)
        if shown != value and not isinstance(row.formula, float):
            text += f" = {shown}"
    return f"{text} = {value}"


def _grad(name: str) -> str:
    return f"{plain_name(name)}.grad"


def left_side(d: Derivation) -> str:
    """Return what the gradient is called.

    The derivative, or what the pass leaves where a seed or hooks changed it.
    """
    assert d.target is not None
    return derivative(d.output, d.target) if d.plain_pass else _grad(d.target)


def accumulation(row: Row) -> list[str]:
    """Return what is added, and how the sum grows where others add to it, too."""
    s = row.step
    line = f"{_grad(row.parent)} += {number(s.local)} * {number(s.upstream)} = {number(s.contribution)}"
    return [line, f"[{number(s.before)} -> {number(s.after)}]"] if row.shared else [line]


def table_lines(d: Derivation) -> list[tuple[str, str, str, str]]:
    """Return the rows of the table: step, rule, local derivative, accumulation."""
    first = f"{derivative(d.output, d.output)} = 1", f"{_grad(d.output)} = {number(d.seed)}"
    seed = ("0", gettext("seed"), *first)
    return [
        seed,
        *((str(i), row.rule, _local(row), "  ".join(accumulation(row))) for i, row in enumerate(d.rows, 1)),
    ]


def gradient_lines(d: Derivation) -> list[str]:
    """Return the product along the paths, or the sum over the consumers, and its number."""
    if d.target is None or d.gradient is None:
        return []
    lines = []
    if d.paths:
        seed = [] if d.seed == 1.0 else [number(d.seed)]
        chains = [" * ".join([*seed, *map(_local_of, path)]) for path in d.paths]
        # With one path of one edge the chain would only repeat the left side.
        if len(chains) > 1 or len(d.paths[0]) > 1:
            lines.append(" + ".join(chains))
        if d.factored:
            lines.append(" + ".join(_product(path, d.seed) for path in d.paths).replace("+ -", "- "))
    elif d.last:
        arrived = {r.node: derivative(d.output, r.node) if d.plain_pass else _grad(r.node) for r in d.last}
        lines.append(
            " + ".join(f"{_local_of(r)} * {arrived[r.node]}" for r in d.last[:6])
            + (" + ..." if len(d.last) > 6 else "")
        )
    lines += [plain(formula) for _, formula, _ in d.variables if formula is not None]
    # A formula that is the number itself says no more; nor does a worksheet give it away.
    alone = number(float(d.gradient))
    return [*(line for line in dict.fromkeys(lines) if line != alone), number(d.gradient)]


def leaf_lines(d: Derivation) -> list[str]:
    """Return the gradient of each leaf, in the leaves and as a number."""
    if d.target is not None:
        return []
    return [
        " = ".join(dict.fromkeys([derivative(d.output, leaf), *shown, number(gradient)]))
        for leaf, formula, gradient in d.variables
        for text in ["" if formula is None else plain(formula)]
        for shown in [[text] if text not in ("", number(float(gradient))) else []]
    ]


def check_line(d: Derivation, show: Callable[[float], str] = number) -> str:
    """Return the verdict of the finite difference in words."""
    if d.numeric is None:
        return gettext(
            "no finite difference: a checkpointed or compiled call, or a node by hand, has its value at one "
            "point only"
        )
    if not math.isfinite(d.numeric):
        return gettext(
            "finite difference {numeric}: the function is not defined around this point",
            numeric=show(d.numeric),
        )
    size = gettext("below 1e-8") if d.difference < 1e-8 else f"{d.difference:.1e}"
    verdict = (
        ""
        if d.difference < 1e-4
        else gettext(" -- they differ: hooks change the gradient")
        if d.hooks
        else gettext(" -- they differ: a kink, a cancellation, or a wrong rule")
    )
    return gettext(
        "finite difference {numeric}, relative difference {size}{verdict}",
        numeric=show(d.numeric), size=size, verdict=verdict,
    )  # fmt: skip


def hook_lines(d: Derivation, show: Callable[[float], str] = number) -> list[str]:
    """Return what the hooks made of gradients."""
    return [
        gettext(
            "{grad}: its hook made {after} of {before}",
            grad=_grad(name),
            after=show(after),
            before=show(before),
        )
        for name, before, after in d.hooks
    ]


def stale_line(d: Derivation) -> str:
    """Return which nodes have no formula, and why."""
    names = ", ".join(map(plain_name, d.stale[:6])) + (", ..." if len(d.stale) > 6 else "")
    return (
        gettext("{names}: the numbers of their operands give another value now")
        if len(d.stale) > 1
        else gettext("{names}: the numbers of its operands give another value now")
    ).format(names=names)


def omitted_line(d: Derivation) -> str:
    """Return how many steps were left out."""
    return gettext("{count} more steps lie deeper; a larger depth= shows them", count=d.omitted)


def forward_lines(d: Derivation) -> list[str]:
    """Return how each node was computed."""
    return [
        " = ".join([plain_name(name), *([] if formula is None else [plain(formula)]), number(value)])
        for name, formula, value in d.forward
    ]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def to_text(d: Derivation) -> str:
    """Return the derivation as aligned text."""
    lines = []
    if d.forward:
        lines += [
            gettext("Forward"),
            *(f"  {line}" for line in forward_lines(d)),
            *([f"  ({stale_line(d)})"] if d.stale else []),
            "",
        ]
    table = table_lines(d)
    widths = [max(columns(row[i]) for row in table) for i in range(3)]
    lines.append(gettext("Backward"))
    lines += [
        "  " + "  ".join([*map(_padded, row, widths), row[3]]).rstrip()
        for row in table
    ]
    lines += [f"  {line}" for line in hook_lines(d)]
    if d.omitted:
        lines.append(f"  ... {omitted_line(d)}")
    if d.target is not None:
        left = left_side(d)
        lines += ["", gettext("Gradient")]
        lines += [
            f"  {left if i == 0 else ' ' * len(left)} = {line}" for i, line in enumerate(gradient_lines(d))
        ]
        if not d.key:
            lines += ["", gettext("Check"), f"  {check_line(d)}"]
    elif d.variables:
        lines += ["", gettext("Gradient"), *(f"  {line}" for line in leaf_lines(d))]
    if d.network:
        lines += ["", gettext("The errors of the layers")]
    for block in equations(d.network):
        lines += ["", *(f"  {line}" for line in block)]
    return "\n".join(lines)
