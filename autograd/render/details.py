"""What a reader finds when pointing at a box or an edge, and which values the backward pass reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.render.explain_text import derivative
from autograd.render.graph import Graph, gradient_of
from autograd.render.plain import plain
from autograd.render.steps import positioned_edges, unique_names
from autograd.render.symbols import Symbol, apply_raw, local_formulas, name
from autograd.render.text import number, visible
from autograd.value import Value

__all__ = ["annotate"]


def annotate(graph: Graph, nodes: Sequence[Value], *, saved: bool) -> None:
    """Fill in tooltips and, where ``saved`` asks for them, the marks of saved values. One box for each node."""
    names = unique_names(tuple(nodes))
    symbols = {v: name(names[v]) for v in nodes}
    boxes = dict(zip(nodes, graph.nodes, strict=True))
    received: dict[Value, list[str]] = {v: [] for v in nodes}
    read: set[Symbol] = set()
    edges = iter(graph.edges)
    for v in nodes:
        if v.op is None:
            continue
        formulas = local_formulas(v.op, symbols[v], [symbols[x] if isinstance(x, Value) else x for x in v.operands])
        leaves = _leaves(formulas) if formulas is not None else {symbols[x] for x in v.parents}
        read |= leaves
        g = gradient_of(v)
        for position, parent, local in positioned_edges(v):
            edge = next(edges)
            edge.saved = saved and symbols[parent] in leaves
            head = derivative(names[v], names[parent])
            if local is None or not edge.taken:
                edge.tooltip = (f"{head}: branch not taken, nothing flows back",)
                continue
            formula = plain(formulas[position]) if formulas is not None and position < len(formulas) else ""
            shown = f"{head} = {formula} = {number(local)}" if formula and formula != number(local) else f"{head} = {number(local)}"
            total = f"{number(local)} * {number(g)} = {number(local * g)}"
            edge.tooltip = (shown, f"flows back: {total}")
            received[parent].append(f"  from {names[v]}: {total}")
    for v in nodes:
        box = boxes[v]
        box.saved = saved and symbols[v] in read
        lines = [] if v.op is None else [f"{names[v]} = {plain(apply_raw(v.op, [symbols[x] if isinstance(x, Value) else x for x in v.operands]))}"]
        if v.op is None and v.label:
            lines.append(visible(v.label))
        lines += [f"value {v.data!r}", f"grad {gradient_of(v)!r}", *(received[v] if len(received[v]) <= 12 else [*received[v][:11], f"  and {len(received[v]) - 11} more"])]
        if v.source:
            # Without its folder: the picture may be published, and notebooks' files have none that tells anything.
            lines.append(f"made at {v.source.replace(chr(92), '/').rpartition('/')[2]}")
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
