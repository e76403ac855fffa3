"""A derivation as HTML with MathML, which browsers show without any library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd.render import escape
from autograd.render.derive.derivation import Derivation, Row
from autograd.render.derive.network import MATRIX, Equation, network_equations
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
from autograd.words import gettext

__all__ = ["to_mathml"]


# Named twice, to outweigh what notebooks say of tables.
_STYLE = (
    ".ag-derivation{line-height:1.6;overflow-x:auto}.ag-derivation table{border-collapse:collapse}"
    ".ag-derivation.ag-derivation "
    ":is(th,td){padding:.25em 1.4em .25em 0;text-align:left;vertical-align:middle}"
    ".ag-derivation.ag-derivation ul{list-style:none;padding-left:0;margin-left:0}.ag-derivation "
    ".of{font-weight:600;margin:.8em 0 .2em}"
)


def _partial(r: Row) -> str:
    curly = f"<msub><mi>∂</mi><mn>{r.place}</mn></msub>" if r.place else "<mi>∂</mi>"
    return fraction(row(curly, identifier(r.node)), row("<mi>∂</mi>", identifier(r.parent)))


def _total(above: str, below: str) -> str:
    upright = '<mi mathvariant="normal">d</mi>'
    return fraction(row(upright, identifier(above)), row(upright, identifier(below)))


def _bar(name: str) -> str:
    return f'<mover>{identifier(name)}<mo stretchy="true">‾</mo></mover>'


def _times(*factors: str) -> str:
    return row(operator("·").join(factors))


def _fenced(text: str, left: str = "(", right: str = ")") -> str:
    return row(operator(left), text, operator(right))


def _signed(x: float) -> str:
    return _fenced(mathml_number(x)) if x < 0 else mathml_number(x)


def to_mathml(d: Derivation) -> str:
    """Return the derivation as an HTML fragment: lists and a table of formulas."""
    parts = [f'<div class="ag-derivation"><style>{_STYLE}</style>']
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
            equation(_total(d.output, d.output), "<mn>1</mn>"),
            equation(_bar(d.output), mathml_number(d.seed)),
        )
    )
    parts += [_table_row(str(i), r.rule, _local(r), _accumulation(r)) for i, r in enumerate(d.rows, 1)]
    parts.append("</tbody></table>")
    parts += [f"<p>{escape.xml(line)}</p>" for line in hook_lines(d)]
    if d.omitted:
        parts.append(f"<p>{gettext('{count} more steps lie deeper.', count=d.omitted)}</p>")
    if d.target is not None and d.gradient is not None:
        left = _total(d.output, d.target) if d.plain_pass else _bar(d.target)
        sides = dict.fromkeys([*_products(d), *_formulas(d.variables), mathml_number(d.gradient)])
        parts.append(f'<p class="of">{gettext("Gradient")}</p><p>{equation(left, *sides)}</p>')
        parts.append(f"<p>{escape.xml(check_line(d))}</p>")
    elif d.variables:
        parts.append(f'<p class="of">{gettext("Gradient")}</p><ul>')
        for gradient in d.variables:
            sides = dict.fromkeys([*_formulas([gradient]), mathml_number(gradient[2])])
            parts.append(f"<li>{equation(_total(d.output, gradient[0]), *sides)}</li>")
        parts.append("</ul>")
    found = network_equations(d.steps)
    if found:
        parts.append(f'<p class="of">{gettext("The errors of the layers")}</p><table><tbody>')
        parts += [
            f"<tr><td>{gettext('layer {number}', number=e.layer)}</td><td>{e.name}</td>"
            f"<td>{equation(*_sides(e), _matrix(e.value))}</td></tr>"
            for e in found
        ]
        parts.append("</tbody></table>")
    parts.append("</div>")
    return "\n".join(parts)


def _formulas(gradients: Iterable[Gradient]) -> list[str]:
    """Return those gradients that have a formula in the leaves."""
    return [mathml(formula) for _, formula, _ in gradients if formula is not None]


def _table_row(*cells: str) -> str:
    first, rule, *rest = cells
    return (
        f"<tr><td>{first}</td><td>{escape.xml(rule)}</td>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"
    )


def _local(r: Row) -> str:
    value = mathml_number(r.step.local)
    formula = [] if r.formula is None or isinstance(r.formula, float) else [mathml(r.formula)]
    return equation(_partial(r), *formula, value)


def _accumulation(r: Row) -> str:
    s = r.step
    total = equation(
        row(_bar(r.parent), operator("+="), _times(mathml_number(s.local), _signed(s.upstream))),
        mathml_number(s.contribution),
    )
    if not r.shared:
        return total
    change = row(mathml_number(s.before), operator("→"), mathml_number(s.after))
    return f"{total} {equation(_fenced(change, '[', ']'))}"


def _products(d: Derivation) -> list[str]:
    if not d.paths:
        terms = [
            _times(_partial(r), _total(d.output, r.node) if d.plain_pass else _bar(r.node))
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
        texts = seed
        for factor in kept:
            shown = _partial(factor) if isinstance(factor, Row) else mathml(factor)
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


def _sides(e: Equation) -> tuple[str, str]:
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


def _matrix(value: list[list[float]]) -> str:
    """Return a matrix of numbers, the corner of one that is large."""
    lines = [
        [mathml_number(x) for x in line[:MATRIX]] + ["<mo>⋯</mo>"] * (len(line) > MATRIX)
        for line in value[:MATRIX]
    ]
    lines += [["<mo>⋮</mo>"]] * (len(value) > MATRIX)
    body = "".join(f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in line)}</mtr>" for line in lines)
    return _fenced(f"<mtable>{body}</mtable>")
