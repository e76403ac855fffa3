"""The text of one product, or of one row, in a printed program."""

from __future__ import annotations

import math
import re
import string
from typing import Any

from autograd.compiler.backends.numpy.spelling import expression
from autograd.compiler.listing.views import number
from autograd.compiler.roll.program import Part, Ref
from autograd.op import Op

__all__ = ["LANE_LOOP", "product", "row_text", "spread"]

LANE_LOOP = -1
LETTERS = "ijklmopqrstuvwxyzabcdefgh" + string.ascii_uppercase
"""Of loops in a sum of products; there is another one for the lanes."""


def simple(text: str) -> bool:
    """Tell whether a text needs no parentheses in a product."""
    depth = 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == " " and depth == 0:
            return False
    return not text.startswith("-")


def wrapped(text: str) -> str:
    """Put parentheses around a text that needs them."""
    return text if simple(text) else f"({text})"


def row_text(op: Op, params: tuple[float, ...], texts: list[str], called: str = "") -> str:
    """Return a row applied to texts; ``called`` is its name, where it has another than the table's."""
    if called:
        return f"{called}({', '.join([*texts, *map(number, params)])})"
    template = expression(op, params)
    if template is None:
        return f"{op.name}({', '.join(op.written([*texts, *map(number, params)]))})"
    call = re.fullmatch(r"\w+\(.*\)", template) is not None
    return template.format(*(texts if call else map(wrapped, texts)), *map(number, params))


def product(w: Any, part: Part, order: list[int], lane: bool, extremum: str) -> tuple[float, str]:
    """Return the sign and the text of one part of a statement; loops in ``order`` are the result's axes."""
    coef = part.coef
    sizes = part.sizes
    a, b = part.a, part.b
    if isinstance(coef, Ref):
        if a is None:
            return 1.0, w.aligned(coef, sizes, order, lane)
        if b is None:
            b, coef = coef, 1.0
        else:
            return 1.0, _einsum(w, sizes, [coef, a, b], order, lane)
    if a is None:
        return (1.0 if coef >= 0 or extremum else -1.0), number(coef if extremum else abs(coef))
    divide = ""
    for x, y in ((a, b), (b, a)):
        if x is not None and y is not None and w.is_scale(x):
            a, b, divide = y, None, " / N"
            break
    text = _two(w, part, a, b, order, lane) if b is not None else _one(w, sizes, a, order, lane, extremum)
    return _scaled(coef, text + divide if not divide or simple(text) else f"({text}){divide}")


def _scaled(coef: float, text: str) -> tuple[float, str]:
    """Return the sign of a coefficient, and a text times its size."""
    sign = -1.0 if coef < 0 else 1.0
    if abs(coef) == 1.0:
        return sign, text
    return sign, f"{wrapped(text) if ' @ ' in text else text} * {number(abs(coef))}"


def _one(w: Any, sizes: tuple[int, ...], a: Ref, order: list[int], lane: bool, extremum: str) -> str:
    """Return the text of one factor, summed over the loops along which the result does not move."""
    text, axes, has_lane = w.operand(a, sizes)
    full = [*axes, *([LANE_LOOP] if has_lane else [])]
    kept = {*order, *([LANE_LOOP] if lane else [])}
    summed = [k for k, i in enumerate(full) if i not in kept]
    if not summed:
        return str(w.aligned(a, sizes, order, lane))
    verb = extremum or "sum"
    where = "" if len(summed) == len(full) else str(summed[0]) if len(summed) == 1 else str(tuple(summed))
    reduced = f"{wrapped(text)}.{verb}({where})"
    left = [i for i in full if i in kept]
    return spread(reduced, left, order, lane)


def spread(text: str, axes: list[int], order: list[int], lane: bool) -> str:
    """Align axes that are left with those of the result."""
    wanted = [*order, *([LANE_LOOP] if lane else [])]
    if not axes:
        return text
    present = [i for i in wanted if i in axes]
    if present != axes:
        text = (
            f"{text}.T"
            if len(axes) == 2
            else f"{text}.transpose({', '.join(str(axes.index(i)) for i in present)})"
        )
    index = [":" if i in axes else "None" for i in wanted]
    while index and index[0] == "None":
        index.pop(0)
    return text if "None" not in index else f"{text}[{', '.join(index)}]"


def _two(w: Any, part: Part, a: Ref, b: Ref, order: list[int], lane: bool) -> str:
    """Return the text of a product of two factors: elementwise, as a matrix product, or by einsum."""
    sizes = part.sizes
    (text_a, axes_a, lane_a), (text_b, axes_b, lane_b) = w.operand(a, sizes), w.operand(b, sizes)
    full_a = [*axes_a, *([LANE_LOOP] if lane_a else [])]
    full_b = [*axes_b, *([LANE_LOOP] if lane_b else [])]
    wanted = [*order, *([LANE_LOOP] if lane else [])]
    summed = [i for i in dict.fromkeys([*full_a, *full_b]) if i not in wanted]
    if not summed:
        return f"{wrapped(w.aligned(a, sizes, order, lane))} * {wrapped(w.aligned(b, sizes, order, lane))}"
    if not wanted and full_a == full_b:
        is_dot = w.dots and len(axes_a) == 1 and not lane_a
        return f"{text_a} @ {text_b}" if is_dot else f"({text_a} * {text_b}).sum()"
    # A loop along which both operands move and the result does too is a batch; einsum says it best.
    batch = [i for i in wanted if i in full_a and i in full_b]
    rows = [i for i in wanted if i in full_a and i not in batch]
    columns = [i for i in wanted if i in full_b and i not in batch]
    shared = all(i in full_a and i in full_b for i in summed)
    if (
        not batch
        and shared
        and len(summed) == 1
        and len(rows) <= 1
        and len(columns) <= 1
        and len(rows) + len(columns) == len(wanted)
    ):
        if rows and columns and wanted != rows + columns:
            text_a, text_b, full_a, full_b, rows, columns = text_b, text_a, full_b, full_a, columns, rows
        count = math.prod([sizes[i] for i in [*rows, *summed] if i != LANE_LOOP])
        left = text_a if full_a == rows + summed else w.turned(text_a, count)
        right = text_b if full_b == summed + columns else f"{text_b}.T"
        if not columns and LANE_LOOP not in [*rows, *summed] and count <= w.few:
            return f"({left} * {right}).sum({len(rows)})"
        return f"{left} @ {right}"
    return _einsum(w, sizes, [a, b], order, lane)


def _einsum(w: Any, sizes: tuple[int, ...], factors: list[Ref], order: list[int], lane: bool) -> str:
    """Return a product of any factors, summed over whatever the result does not move along."""
    texts, found = [], []
    for r in factors:
        text, axes, has_lane = w.operand(r, sizes)
        texts.append(text)
        found.append([*axes, *([LANE_LOOP] if has_lane else [])])
    wanted = [*order, *([LANE_LOOP] if lane else [])]
    every = list(dict.fromkeys([*wanted, *(i for axes in found for i in axes)]))
    letters = {i: "n" if i == LANE_LOOP else LETTERS[k] for k, i in enumerate(every)}
    left = [i for i in wanted if any(i in axes for axes in found)]
    spell = ["".join(letters[i] for i in axes) for axes in (*found, left)]
    return spread(f"einsum('{','.join(spell[:-1])}->{spell[-1]}', {', '.join(texts)})", left, order, lane)
