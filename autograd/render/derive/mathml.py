"""A derivation as HTML with MathML, which browsers show without any library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd.render import escape
from autograd.render.colours import FACTORS, of_factor, sheet
from autograd.render.derive.derivation import Derivation, Row
from autograd.render.derive.network import MATRIX, Equation
from autograd.render.derive.text import check_line, factors, hook_lines, stale_line
from autograd.render.derive.variables import Gradient
from autograd.render.formula.mathml import (
    equation,
    fraction,
    identifier,
    mathml,
    mathml_number,
    operator,
    row,
)
from autograd.render.formula.symbols import Symbol
from autograd.render.labels import number
from autograd.words import gettext

__all__ = [
    "BAR",
    "accumulation",
    "all_sides",
    "bar",
    "formulas",
    "local",
    "matrix",
    "sides_of",
    "to_mathml",
    "total",
]


BAR = "‾"
"""The sign over a name that stands for its adjoint."""
# Named twice, to outweigh what notebooks say of tables.
_STYLE = (
    ".ag-derivation{line-height:1.6;overflow-x:auto}.ag-derivation table{border-collapse:collapse}"
    ".ag-derivation.ag-derivation "
    ":is(th,td){padding:.25em 1.4em .25em 0;text-align:left;vertical-align:middle}"
    ".ag-derivation.ag-derivation ul{list-style:none;padding-left:0;margin-left:0}.ag-derivation "
    ".of{font-weight:600;margin:.8em 0 .2em}"
)


_DARK = sheet("color", ".ag-derivation ", dark=True)


def _partial(r: Row) -> str:
    curly = f"<msub><mi>∂</mi><mn>{r.place}</mn></msub>" if r.place else "<mi>∂</mi>"
    return _coloured(r, fraction(row(curly, identifier(r.node)), row("<mi>∂</mi>", identifier(r.parent))))


def _coloured(r: Row, text: str) -> str:
    """Return what belongs to a factor, in its colour; the class is for dark pages."""
    if r.factor is None:
        return text
    k = r.factor % len(FACTORS)
    return f'<mrow class="f{k}" mathcolor="{of_factor(k).light}">{text}</mrow>'


def total(above: str, below: str) -> str:
    """Return the derivative of one name with respect to another."""
    upright = '<mi mathvariant="normal">d</mi>'
    return fraction(row(upright, identifier(above)), row(upright, identifier(below)))


def bar(name: str) -> str:
    """Return the sign of an adjoint, the gradient that has arrived at a node."""
    return f'<mover>{identifier(name)}<mo stretchy="true">{BAR}</mo></mover>'


def _times(*factors: str) -> str:
    return row(operator("·").join(factors))


def _fenced(text: str, left: str = "(", right: str = ")") -> str:
    return row(operator(left), text, operator(right))


def _signed(x: float) -> str:
    return _fenced(mathml_number(x)) if number(x).startswith("-") else mathml_number(x)


def to_mathml(d: Derivation) -> str:
    """Return the derivation as an HTML fragment: lists and a table of formulas."""
    coloured = any(r.factor is not None for r in d.rows)
    dark = f"@media(prefers-color-scheme:dark){{{_DARK}}}" if coloured else ""
    parts = [f'<div class="ag-derivation"><style>{_STYLE}{dark}</style>']
    if d.forward:
        parts.append(f'<p class="of">{gettext("Forward")}</p><ul>')
        for name, formula, value in d.forward:
            shown = [] if formula is None else [mathml(formula)]
            parts.append(f"<li>{equation(identifier(name), *shown, mathml_number(value))}</li>")
        parts += [*([f"<li>{escape.xml(stale_line(d))}</li>"] if d.stale else []), "</ul>"]
    parts.append(
        f'<p class="of">{gettext("Backward")}</p><table><thead><tr><th>{gettext("step")}</th>'
        f'<th>{gettext("rule")}</th><th>{gettext("local derivative")}</th><th>{gettext("accumulation")}</th>'
        '</tr></thead><tbody>'
    )
    parts.append(
        _table_row(
            "0",
            gettext("seed"),
            equation(total(d.output, d.output), "<mn>1</mn>"),
            equation(bar(d.output), mathml_number(d.seed)),
        )
    )
    parts += [
        _table_row(str(i), r.rule, local(r), " ".join(accumulation(r))) for i, r in enumerate(d.rows, 1)
    ]
    parts.append("</tbody></table>")
    parts += [f"<p>{escape.xml(line)}</p>" for line in hook_lines(d)]
    if d.omitted:
        parts.append(f"<p>{gettext('{count} more steps lie deeper.', count=d.omitted)}</p>")
    if d.target is not None and d.gradient is not None:
        left = total(d.output, d.target) if d.plain_pass else bar(d.target)
        sides = all_sides(d)
        parts.append(f'<p class="of">{gettext("Gradient")}</p><p>{equation(left, *sides)}</p>')
        if not d.key:
            parts.append(f"<p>{escape.xml(check_line(d))}</p>")
    elif d.variables:
        parts.append(f'<p class="of">{gettext("Gradient")}</p><ul>')
        for gradient in d.variables:
            sides = [*formulas([gradient]), mathml_number(gradient[2])]
            parts.append(f"<li>{equation(total(d.output, gradient[0]), *sides)}</li>")
        parts.append("</ul>")
    if d.network:
        parts.append(f'<p class="of">{gettext("The errors of the layers")}</p><table><tbody>')
        parts += [
            f"<tr><td>{gettext('layer {number}', number=e.layer)}</td><td>{e.name}</td>"
            f"<td>{equation(*sides_of(e), matrix(e.value))}</td></tr>"
            for e in d.network
        ]
        parts.append("</tbody></table>")
    parts.append("</div>")
    return "\n".join(parts)


def formulas(gradients: Iterable[Gradient]) -> list[str]:
    """Return those gradients that have a formula in the leaves, and one that is not the number itself."""
    shown = [(mathml(formula), x) for _, formula, x in gradients if formula is not None]
    return [text for text, x in shown if text != mathml_number(float(x))]


def all_sides(d: Derivation) -> list[str]:
    """Return what the gradient of the node that was asked for is equal to, its number at the end."""
    assert d.gradient is not None
    alone = mathml_number(float(d.gradient))
    middles = dict.fromkeys([*_products(d), *formulas(d.variables)])
    return [*(side for side in middles if side != alone), mathml_number(d.gradient)]


def _table_row(*cells: str) -> str:
    first, rule, *rest = cells
    return (
        f"<tr><td>{first}</td><td>{escape.xml(rule)}</td>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"
    )


def local(r: Row) -> str:
    """Return the local derivative, as formula and number."""
    value = mathml_number(r.step.local)
    formula = [] if r.formula is None or isinstance(r.formula, float) else [mathml(r.formula)]
    return equation(_partial(r), *formula, value)


def accumulation(r: Row) -> list[str]:
    """Return what is added, and how the sum grows where others add to it, too."""
    s = r.step
    made = equation(
        row(bar(r.parent), operator("+="), _times(_coloured(r, mathml_number(s.local)), _signed(s.upstream))),
        mathml_number(s.contribution),
    )
    if not r.shared:
        return [made]
    change = row(mathml_number(s.before), operator("→"), mathml_number(s.after))
    return [made, equation(_fenced(change, "[", "]"))]


def _products(d: Derivation) -> list[str]:
    """Return the products along the paths, in symbols and in formulas, or the sum over the consumers."""
    if not d.paths:
        terms = [
            _times(_partial(r), total(d.output, r.node) if d.plain_pass else bar(r.node))
            for r in d.last[:6]
        ]
        return (
            [row(operator("+").join([*terms, *(["<mo>⋯</mo>"] if len(d.last) > 6 else [])]))] if terms else []
        )
    chains: list[str] = []
    products: list[str] = []
    for path in d.paths:
        seed = [] if d.seed == 1.0 else [mathml_number(d.seed)]
        chains.append(_times(*seed, *map(_partial, path)))
        sign, kept = factors(path)
        alone = len(kept) == 1 and sign > 0 and d.seed == 1.0
        texts = [*seed]
        for r, factor in kept:
            shown = _partial(r) if factor is None else _coloured(r, mathml(factor))
            texts.append(shown if alone or not _loose(factor) else _fenced(shown))
        product = _times(*texts) if texts else "<mn>1</mn>"
        plus = operator("+") if products else ""
        products.append((operator("\N{MINUS SIGN}") if sign < 0 else plus) + product)
    return [row(operator("+").join(chains)), *([row(*products)] if d.factored else [])]


def _loose(factor: Any) -> bool:
    """Whether a factor needs brackets: a sum, or what begins with a minus."""
    if not isinstance(factor, Symbol):
        return isinstance(factor, float) and factor < 0.0
    return factor.kind == "sum" or (factor.kind == "product" and factor.parts[0] < 0.0)


def sides_of(e: Equation) -> tuple[str, str]:
    """Return the two sides of one of the four equations of backpropagation."""

    def at(letter: str, layer: int) -> str:
        return f"<msup><mi>{letter}</mi><mn>{layer}</mn></msup>"

    def element(letter: str, layer: int, index: str) -> str:
        return f"<msubsup><mi>{letter}</mi><mi>{index}</mi><mn>{layer}</mn></msubsup>"

    n = e.layer
    delta, slope = at("δ", n), row(operator("⊙"), "<msup><mi>f</mi><mo>′</mo></msup>", _fenced(at("z", n)))
    cost = "<mrow><mi>∂</mi><mi>C</mi></mrow>"
    match e.name:
        case "BP1":
            return delta, row("<msub><mo>∇</mo><mi>a</mi></msub>", "<mi>C</mi>", slope)
        case "BP2":
            transposed = f"<msup>{_fenced(at('W', n + 1))}<mi>T</mi></msup>"
            return delta, row(_fenced(row(transposed, at("δ", n + 1))), slope)
        case "BP3":
            return fraction(cost, row("<mi>∂</mi>", at("b", n))), delta
    return fraction(cost, row("<mi>∂</mi>", element("W", n, "jk"))), row(
        element("a", n - 1, "k"), element("δ", n, "j")
    )


def matrix(value: list[list[float]]) -> str:
    """Return a matrix of numbers, the corner of one that is large."""
    lines = [
        [mathml_number(x) for x in line[:MATRIX]] + ["<mo>⋯</mo>"] * (len(line) > MATRIX)
        for line in value[:MATRIX]
    ]
    lines += [["<mo>⋮</mo>"]] * (len(value) > MATRIX)
    body = "".join(f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in line)}</mtr>" for line in lines)
    return _fenced(f"<mtable>{body}</mtable>")
