r"""A derivation as LaTeX: one ``aligned`` environment, fit for MathJax, KaTeX and amsmath."""

from __future__ import annotations

from typing import Any

from autograd.render import escape
from autograd.render.colours import of_factor
from autograd.render.derive.derivation import Derivation, Row
from autograd.render.derive.network import MATRIX, Equation
from autograd.render.derive.text import check_line, factors, stale_line
from autograd.render.formula.latex import latex, latex_name, latex_number
from autograd.render.formula.symbols import Symbol

__all__ = ["to_latex"]


def _partial(row: Row) -> str:
    place = f"_{{{row.place}}}" if row.place else ""
    text = rf"\frac{{\partial{place} {latex_name(row.node)}}}{{\partial {latex_name(row.parent)}}}"
    return _coloured(row, text)


def _coloured(row: Row, text: str) -> str:
    """Return what belongs to a factor, in its colour: xcolor's command, which MathJax and KaTeX know."""
    return text if row.factor is None else rf"\textcolor{{{of_factor(row.factor).name}}}{{{text}}}"


def _total(above: str, below: str) -> str:
    return rf"\frac{{\mathrm{{d}} {latex_name(above)}}}{{\mathrm{{d}} {latex_name(below)}}}"


def _bar(name: str) -> str:
    """Return the sign of an adjoint, the gradient that has arrived at a node."""
    return rf"\overline{{{latex_name(name)}}}"


def _signed(x: float) -> str:
    text = latex_number(x)
    return rf"\left({text}\right)" if text.startswith("-") else text


def to_latex(d: Derivation) -> str:
    """Return the derivation as LaTeX for display mathematics."""
    lines = [
        "& "
        + " = ".join([latex_name(name), *([] if formula is None else [latex(formula)]), latex_number(value)])
        for name, formula, value in d.forward
    ]
    if d.stale:
        lines.append(rf"& \text{{({escape.latex(stale_line(d))})}}")
    lines.append(rf"& {_bar(d.output)} = {latex_number(d.seed)}")
    if d.rows:  # aligned by themselves: a long formula above or below would push their columns apart
        lines.append("& " + _aligned([_row(row) for row in d.rows]))
    lines += [
        rf"& {_bar(name)} : {latex_number(before)} \mapsto {latex_number(after)} \quad \text{{by its hook}}"
        for name, before, after in d.hooks
    ]
    if d.omitted:
        lines.append(rf"& \text{{{d.omitted} more steps lie deeper}}")
    if d.target is not None and d.gradient is not None:
        left = _total(d.output, d.target) if d.plain_pass else _bar(d.target)
        middles = [*_products(d), *(latex(formula) for _, formula, _ in d.variables if formula is not None)]
        alone = latex_number(float(d.gradient))
        lines += [f"& {left} = {middle}" for middle in dict.fromkeys(middles) if middle != alone]
        check = "" if d.key else rf" \quad \text{{{escape.latex(check_line(d))}}}"
        lines.append(f"& {left} = {latex_number(d.gradient)}{check}")
    elif d.variables:
        for leaf, formula, gradient in d.variables:
            alone = latex_number(float(gradient))
            shown = [] if formula is None or latex(formula) == alone else [latex(formula)]
            sides = dict.fromkeys([_total(d.output, leaf), *shown, latex_number(gradient)])
            lines.append("& " + " = ".join(sides))
    lines += [_equation(e) for e in d.network]
    return _aligned(lines)


def _aligned(lines: list[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _row(row: Row) -> str:
    s = row.step
    value = latex_number(s.local)
    formula = "" if row.formula is None else latex(row.formula)
    local = (
        f"{formula} = {value}"
        if formula and formula != value and not isinstance(row.formula, float)
        else value
    )
    product = rf"{_coloured(row, value)} \cdot {_signed(s.upstream)} = {latex_number(s.contribution)}"
    line = rf"& {_partial(row)} = {local} && {_bar(row.parent)} \mathrel{{+}}= {product}"
    return (
        rf"{line} && \left[{latex_number(s.before)} \to {latex_number(s.after)}\right]"
        if row.shared
        else line
    )


def _products(d: Derivation) -> list[str]:
    if not d.paths:
        terms = [
            rf"{_partial(r)} \, {_total(d.output, r.node) if d.plain_pass else _bar(r.node)}"
            for r in d.last[:6]
        ]
        return [" + ".join(terms) + (r" + \cdots" if len(d.last) > 6 else "")] if terms else []
    seed = [] if d.seed == 1.0 else [latex_number(d.seed)]
    chains = [r" \, ".join([*seed, *map(_partial, path)]) for path in d.paths]
    products = []
    for path in d.paths if d.factored else ():
        sign, kept = factors(path)
        alone = len(kept) == 1 and sign > 0 and d.seed == 1.0
        texts = [_factor(r, formula, alone=alone) for r, formula in kept]
        if d.seed != 1.0:
            texts.insert(0, latex_number(d.seed))
        products.append(("-" if sign < 0 else "") + (r" \cdot ".join(texts) or "1"))
    return [
        line
        for line in dict.fromkeys((" + ".join(chains), " + ".join(products).replace("+ -", "- ")))
        if line
    ]


def _factor(r: Row, formula: Any, *, alone: bool) -> str:
    if formula is None:
        return _partial(r)
    text = latex(formula)
    loose = (isinstance(formula, Symbol) and formula.kind == "sum") or text.startswith("-")
    return _coloured(r, rf"\left({text}\right)" if loose and not alone else text)


def _equation(e: Equation) -> str:
    rows = [row[:MATRIX] + ([None] if len(row) > MATRIX else []) for row in e.value[:MATRIX]]
    body = r" \\ ".join(" & ".join(r"\cdots" if x is None else latex_number(x) for x in row) for row in rows)
    if len(e.value) > MATRIX:
        body += r" \\ \vdots"
    return rf"& \text{{{e.name}}} \quad {e.latex} = \begin{{pmatrix}} {body} \end{{pmatrix}}"
