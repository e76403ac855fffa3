"""The table of operations, from its rows: formulas, by running the rules on symbols, and kinks."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import autograd
from autograd import ANY, TABLE, Op, Value, ops
from autograd.form import Comparison
from autograd.render.formula.latex import latex
from autograd.render.formula.symbols import apply_raw, name
from generator.mathml import mathml

NAMES = {1: ("x",), 2: ("a", "b"), 3: ("c", "a", "b"), ANY: ("x0", "x1", "x2")}
_VECTORS = ("a0", "a1", "b0", "b1")
_OPERATORS = {
    "a + b": operator.add, "a - b": operator.sub, "a * b": operator.mul, "a / b": operator.truediv,
    "a // b": operator.floordiv, "a % b": operator.mod, "a ** b": operator.pow, "-x": lambda x, _: -x,
    "x ** 3": lambda x, _: x**3,
}  # fmt: skip
# Which row each of Python's operators applies, found by applying it.
_SIGNS = {apply(Value(2.0), Value(3.0)).op: text for text, apply in _OPERATORS.items()}


def table() -> str:
    """Return every section of the table as HTML, under Markdown headings."""
    out = []
    for title, rows in sections():
        out += [f"## {title}", '<div class="operations" markdown="0"><table><thead><tr>']
        out += [
            f"<th>{head}</th>"
            for head in ("operation", "value", "partial derivatives", "domain", "kinks", "source")
        ]
        out += ["</tr></thead><tbody>", *map(_row, rows), "</tbody></table></div>", ""]
    return "\n".join(out).replace("<tr>\n", "<tr>").replace("</th>\n", "</th>")


def sections() -> Iterator[tuple[str, list[Op]]]:
    """Yield the headings under which `autograd.ops` lists its rows, with the rows below each."""
    source = Path(ops.__file__).read_text(encoding="utf-8")
    rows: dict[int, Op] = {}
    for node in ast.parse(source).body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(target, ast.Name) and getattr(ops, target.id) is TABLE.get(target.id):
            rows[node.lineno] = TABLE[target.id]
    lines = ["", *source.splitlines()]
    headings = [i for i in range(2, len(lines)) if lines[i].startswith("# ") and not lines[i - 1]]
    for start, end in pairwise([*headings, len(lines)]):
        below = [op for line, op in rows.items() if start < line < end]
        if below:
            yield re.split(r"[.:]", lines[start].removeprefix("# "))[0], below


def formulas(op: Op) -> tuple[str, list[str], list[str]]:
    """Return the value, the partials as computed, and the partials as a textbook has them, as LaTeX.

    Examples
    --------
    >>> formulas(TABLE["tanh"])[2]
    ['1 - y^{2}']
    """
    operands: list[Any] = [name(text) for text in _names(op)]
    count = len(operands)
    operands += [
        1.0 if key == "index" else name(key) for key in op.params
    ]  # an index chooses the rule's formula
    value = latex(apply_raw(op, operands))
    computed = _partials(op.partials, operands, count)
    textbook = _partials(op.textbook, operands, count) if op.textbook else computed
    return value, computed, textbook


def _names(op: Op) -> tuple[str, ...]:
    return _VECTORS if op.vectors else NAMES[op.arity]


def _partials(rule: Any, operands: list[Any], count: int) -> list[str]:
    """Return one formula for each partial.

    There is none where the rule asks for the number or the order of a symbol.
    """
    try:
        return [latex(p) for p in rule(name("y"), *operands)[:count]]
    except TypeError:
        return []


def _labelled(op: Op, partials: list[str]) -> str:
    """Return formulas with what each is the derivative by.

    One stands for all where the operands are alike.
    """
    if op.arity == 1:
        return "".join(f"<div>{mathml(p)}</div>" for p in partials)
    if op.arity == ANY and not op.vectors and "index" not in op.params:
        partials = partials[:1]
    names = [latex(name(text)) for text in _names(op)]
    lines = [mathml(rf"\partial_{{{x}}} y = {p}") for x, p in zip(names, partials, strict=False)]
    return "".join(f"<div>{line}</div>" for line in lines)


def _row(op: Op) -> str:
    value, computed, textbook = formulas(op)
    usage = _usage(op)
    if not textbook:
        raise LookupError(f"the rule of {op.name} does not run on symbols; give the row a textbook form")
    shown = _labelled(op, textbook)
    if computed and computed != textbook:
        shown += f"<small>computed as</small>{_labelled(op, computed)}"
    cells = [
        f'<code id="op-{op.name}">{op.name}</code><br><small>{usage}</small>',
        mathml(value), shown, domain(op), kinks(op), escape(op.source),
    ]  # fmt: skip
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _usage(op: Op) -> str:
    """Return how one writes it: an operator, a method, a function."""
    arguments = ", ".join((*NAMES[op.arity], *op.params))
    public = getattr(autograd, op.name, None)
    ways = [_SIGNS[op]] if op in _SIGNS else []
    if isinstance(op.form, Comparison) and op.form.sign != "==":  # which on Values says whether they are one
        ways.append(f"a {op.form.sign} b")
    if not ways and op.arity != ANY and callable(getattr(Value, op.name, None)):
        first, _, rest = arguments.partition(", ")
        ways.append(f"{first}.{op.name}({rest})")
    if op.arity == ANY and callable(public):
        ways.append(f"{op.name}(a, b)" if op.vectors else f"{op.name}(xs)")
    elif public is op:
        ways.append(f"{op.name}({arguments})")
    if not ways:
        return "in rules only"
    return "<br>".join(f"<code>{escape(way)}</code>" for way in ways)


def domain(op: Op) -> str:
    """Return the open intervals of a row, as inequalities.

    Examples
    --------
    >>> domain(TABLE["log"]), domain(TABLE["asin"]), domain(TABLE["exp"])
    ('x &gt; 0', '-1 &lt; x &lt; 1', '')
    """
    names = ["x", "x", "x"] if op.arity == ANY else list(NAMES[op.arity])
    parts = []
    for text, (low, high) in zip(names, op.domain, strict=False):
        if math.isfinite(low) and math.isfinite(high):
            parts.append(f"{low:.6g} < {text} < {high:.6g}")
        elif math.isfinite(low):
            parts.append(f"{text} > {low:.6g}")
        elif math.isfinite(high):
            parts.append(f"{text} < {high:.6g}")
    return escape(", ".join(parts))


_GRID = [i / 2 for i in range(-16, 17)]
_LOW, _HIGH = -2.5, 3.5  # stand for parameters without a finite default


def kinks(op: Op) -> str:
    """Return where a row has no derivative, and what it gives there, found by asking it on a grid.

    Examples
    --------
    >>> kinks(TABLE["relu"])
    'x = 0: 0'
    """
    if op.kink is None:
        return ""
    if op.arity == ANY:
        return _many(op)
    if op.arity == 1:
        return _one(op)
    if op.arity == 2:
        params = tuple(op.params.values())
        zeros = {(a, b) for a in _GRID for b in _GRID if b and op.kink(a, b, *params) == 0.0}
        pairs = {(a, b) for a in _GRID for b in _GRID if b}
        if zeros == {(a, b) for a, b in pairs if a == b}:
            slopes = op.local(op.value(1.0, 1.0, *params), (1.0, 1.0, *params))
            return f"a = b: {', '.join(f'{s + 0.0:.4g}' for s in slopes)}"
        if zeros == {(a, b) for a, b in pairs if math.remainder(a, b) == 0.0}:
            return "a is a multiple of b"
        if zeros == {(a, b) for a, b in pairs if a and math.remainder(a, b) == 0.0}:
            return "a is a multiple of b, but 0"
        if zeros == {(a, b) for a, b in pairs if abs(math.remainder(a, b)) == 0.5 * abs(b)}:
            return "a is half way between multiples of b"
        if zeros == {(a, b) for a, b in pairs if a == 0.0}:  # beside b = 0
            return f"a = 0 or b = 0: {op.local(0.0, (0.0, 1.0))[0]:.4g}"
    if op.arity == 3 and op.kink(0.0, 1.0, 2.0) == 0.0 and op.kink(1.0, 1.0, 1.0) > 0.0:
        return "c = 0"
    raise LookupError(
        f"the kinks of {op.name} are none of those that this page can put into words; teach it those"
    )


def _one(op: Op) -> str:
    stand_ins = dict(zip([k for k, v in op.params.items() if math.isinf(v)], (_LOW, _HIGH), strict=False))
    params = tuple(stand_ins.get(key, value) for key, value in op.params.items())
    assert op.kink is not None
    zeros = [x for x in _GRID if op.kink(x, *params) == 0.0]
    slopes = {op.local(op.value(x, *params), (x, *params))[0] + 0.0 for x in zeros}
    words = " and ".join(f"{s:.4g}" for s in sorted(slopes))
    if zeros == [x for x in _GRID if x == int(x)]:
        return f"whole x: {words}"
    if zeros == [x for x in _GRID if x == int(x) and x]:
        return f"whole x, but 0: {words}"
    if zeros == [x for x in _GRID if x != int(x)]:
        return f"x half way between: {words}"
    by_value = {v: k for k, v in stand_ins.items()}
    if not zeros or len(zeros) > 3:
        raise LookupError(
            f"the kinks of {op.name} are none of those that this page can put into words; teach it those"
        )
    places = [by_value.get(x) or f"{x:.6g}" for x in zeros]
    return f"{', '.join(f'x = {place}' for place in places)}: {words}"


def _many(op: Op) -> str:
    assert op.kink is not None
    if op.kink(2.0, 2.0, 1.0) == 0.0 and op.kink(2.0, 1.0, 1.0) > 0.0:
        return "the largest tie: they share 1"
    if op.kink(1.0, 1.0, 2.0) == 0.0 and op.kink(1.0, 2.0, 2.0) > 0.0:
        return "the smallest tie: they share 1"
    raise LookupError(
        f"the kinks of {op.name} are none of those that this page can put into words; teach it those"
    )
