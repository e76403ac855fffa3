"""What a reader finds when pointing at a box or an edge, and which values the backward pass reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.render.derive.derivation import single_ways
from autograd.render.derive.steps import positioned_edges, unique_names
from autograd.render.derive.text import local_derivative
from autograd.render.formula.symbols import Symbol, local_formulas, name, result_formula, true_formulas
from autograd.render.formula.text import plain, plain_name
from autograd.render.labels import number, visible
from autograd.render.picture.graph import Picture, gradient_of
from autograd.value import Value
from autograd.words import gettext

__all__ = ["annotate"]


def annotate(graph: Picture, nodes: Sequence[Value], *, saved: bool) -> None:
    """Fill in tooltips and, with ``saved``, the marks of saved values; there is one box for each node."""
    names = unique_names(tuple(nodes))
    values = {names[v]: v.data for v in nodes}
    single = single_ways(nodes, set(nodes))
    symbols = {v: name(names[v]) for v in nodes}
    boxes = dict(zip(nodes, graph.nodes, strict=True))
    received: dict[Value, list[str]] = {v: [] for v in nodes}
    read: set[Symbol] = set()
    edges = iter(graph.edges)
    for v in nodes:
        if v.op is None:
            continue
        operands = [symbols[x] if isinstance(x, Value) else x for x in v.operands]
        slopes = {position: local for position, _, local in positioned_edges(v) if local is not None}
        formulas = local_formulas(v.op, symbols[v], operands)
        held = true_formulas(v.op, symbols[v], operands, values, slopes)
        leaves = _leaves(formulas) if formulas is not None else {symbols[x] for x in v.parents}
        read |= leaves
        g = gradient_of(v)
        for position, parent, local in positioned_edges(v):
            edge = next(edges)
            edge.saved = saved and symbols[parent] in leaves
            place = position + 1 if sum(x is parent for x in v.operands) > 1 else 0
            head = local_derivative(
                names[v], names[parent], total=not place and (v, parent) in single, place=place
            )
            if local is None or not edge.taken:
                edge.tooltip = (gettext("{head}: branch not taken, nothing flows back", head=head),)
                continue
            slope = plain(held[position]) if position in held else ""
            shown = (
                f"{head} = {slope} = {number(local)}"
                if slope and slope != number(local)
                else f"{head} = {number(local)}"
            )
            total = f"{number(local)} * {number(g)} = {number(local * g)}"
            edge.tooltip = (shown, gettext("flows back: {total}", total=total))
            line = gettext("from {name}: {total}", name=plain_name(names[v]), total=total)
            received[parent].append(f"  {line}")
    for v in nodes:
        box = boxes[v]
        box.saved = saved and symbols[v] in read
        operands = [symbols[x] if isinstance(x, Value) else x for x in v.operands]
        formula = None if v.op is None else result_formula(v.op, operands, values, v.data)
        lines = [f"{plain_name(names[v])} = {plain(formula)}"] if formula is not None else []
        if v.op is None and v.label:
            lines.append(visible(v.label))
        lines += [
            gettext("value {number}", number=repr(v.data)),
            f"{gettext('grad')} {gradient_of(v)!r}",
            *(
                received[v]
                if len(received[v]) <= 12
                else [
                    *received[v][:11],
                    "  " + gettext("and {count} more", count=len(received[v]) - 11),
                ]
            ),
        ]
        if v.source:
            # Without its folder: the picture may be published, and notebooks' files have none that tells
            # anything.
            line = v.source.replace(chr(92), "/").rpartition("/")[2]
            lines.append(gettext("made at {place}", place=line))
        box.tooltip = tuple(lines)


def _leaves(formulas: Any) -> set[Symbol]:
    """Return the names that occur in formulas."""
    found: set[Symbol] = set()
    stack = [formulas]
    while stack:
        part = stack.pop()
        if isinstance(part, Symbol):
            if part.kind == "name":
                found.add(part)
            else:
                stack.append(part.parts)
        elif isinstance(part, tuple):
            stack.extend(part)
    return found
