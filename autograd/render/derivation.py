"""The chain rule of one graph: rows with formulas and numbers, products along paths, and a numeric check."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd.errors import GraphError
from autograd.render.steps import BackwardStep, Steps, steps
from autograd.render.symbols import Symbol, apply_raw, local_formulas, name
from autograd.value import Value

__all__ = ["Derivation", "Row", "derive", "rows"]

LIMIT = 200
PATHS_SHOWN = 4
BESIDE = 12  # operands; of longer lists a formula prints the ends alone


@dataclass(frozen=True, slots=True)
class Row:
    """One backward step with its formula."""

    step: BackwardStep
    rule: str
    node: str
    parent: str
    formula: Any
    """Symbol or number; None where the row's rule has no symbolic form."""
    shared: bool
    """Whether the parent has several consumers, so that the running total tells something."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """Everything that an explanation prints.

    Attributes
    ----------
    output : str
        Name of the node that is differentiated.
    target : str or None
        Name of the node that it is differentiated with respect to.
    forward : tuple of (name, formula, value)
        The formula is None for what the rows rest on and do not derive.
    rows : tuple of Row
    gradient : float or None
    paths : list of paths or None
        Each path a list of rows from the output to the target; None where there are too many to print.
    last : tuple of Row
        The rows that add to the target.
    numeric : float or None
        Finite difference.
    omitted : int
        Steps beyond ``depth``.
    """

    steps: Steps
    output: str
    target: str | None
    seed: float
    forward: tuple[tuple[str, Symbol | None, float], ...]
    rows: tuple[Row, ...]
    gradient: float | None
    paths: tuple[tuple[Row, ...], ...] | None
    last: tuple[Row, ...]
    numeric: float | None
    omitted: int

    @property
    def difference(self) -> float:
        """Relative difference between the gradient and the finite difference."""
        if self.numeric is None or self.gradient is None:
            return math.nan
        return abs(self.numeric - self.gradient) / max(abs(self.gradient), abs(self.numeric), 1e-8)


_TITLES = {"mul": "multiply", "sub": "subtract", "add": "add", "div": "divide", "neg": "negate", "pow": "power", "square": "power"}


def derive(root: Value, wrt: Value | None, *, depth: int | None = None, limit: int = LIMIT, seed: float = 1.0) -> Derivation:
    """Work out the chain rule of the graph below ``root``.

    Parameters
    ----------
    root
        The node to differentiate.
    wrt
        The node to differentiate with respect to; None for every one.
    depth
        How many operations back from the output to go; None for all.
    limit
        More rows than this are an error.
    seed
        The gradient that the pass starts with.
    """
    listed = steps(root, seed)
    if wrt is not None and not isinstance(wrt, Value):
        raise TypeError(f"wrt is the Value to differentiate with respect to, got {type(wrt).__name__}; leave it away for all")
    if wrt is not None and wrt not in listed.names:
        raise GraphError(f"{listed.names[root]} does not depend on {wrt.label or repr(wrt)}: it is no node of this graph, so there is nothing to derive")
    relevant = _depending(listed, wrt)
    near = _near(listed, depth)
    chosen = [s for s in listed.backward if s.parent in relevant and s.node in relevant]
    shown = [s for s in chosen if s.node in near]
    if len(shown) > limit:
        raise GraphError(
            f"the derivation has {len(shown)} steps, more than {limit}, and would not be read; pass depth=5 for the five operations "
            f"nearest the output, wrt= a node closer to it, or limit={len(shown)} to print it all the same"
        )
    found = rows(listed, shown)
    involved = {s.node for s in shown}
    # What they rest on and is not derived here has its number, without a formula.
    beside = {x for node in involved if len(node.operands) <= BESIDE for x in node.parents if x.op is not None} - involved
    forward = tuple(
        (f.name, _forward_formula(listed, f.node) if f.node in involved else None, f.value) for f in listed.forward if f.node in involved or f.node in beside
    )
    complete = wrt is not None and len(shown) == len(chosen)
    last = tuple(row for row in found if row.step.parent is wrt) if wrt is not None else ()
    return Derivation(
        listed, listed.names[root], None if wrt is None else listed.names[wrt], seed, forward, found,
        None if wrt is None else listed.gradients[wrt], _paths(found, root, wrt) if complete and wrt is not None else None, last,
        None if wrt is None else seed * finite_difference(listed, wrt), len(chosen) - len(shown),
    )  # fmt: skip


def _depending(listed: Steps, wrt: Value | None) -> set[Value]:
    """Return the nodes through which ``wrt`` acts on the output, itself included."""
    if wrt is None:
        return set(listed.nodes)
    depending = {wrt}
    for node in listed.nodes:
        if node not in depending and any(parent in depending for parent in node.parents):
            depending.add(node)
    return depending


def _near(listed: Steps, depth: int | None) -> set[Value]:
    """Return the nodes fewer than ``depth`` operations from the output."""
    if depth is None:
        return set(listed.nodes)
    if depth < 1:
        raise ValueError(f"depth is a number of operations, at least 1, not {depth}")
    near, ring = {listed.root}, [listed.root]
    for _ in range(depth - 1):
        ring = [p for node in ring for p in dict.fromkeys(node.parents) if p not in near and not near.add(p)]  # type: ignore[func-returns-value]
    return near


def _symbol(listed: Steps, x: Any) -> Any:
    return name(listed.names[x]) if isinstance(x, Value) else x


def _forward_formula(listed: Steps, node: Value) -> Symbol:
    assert node.op is not None
    return apply_raw(node.op, [_symbol(listed, x) for x in node.operands])


def rows(listed: Steps, shown: Sequence[BackwardStep]) -> tuple[Row, ...]:
    """Attach to each step its formula; a node's rule runs once for all its edges."""
    consumers: dict[Value, int] = {}
    for s in shown:
        consumers[s.parent] = consumers.get(s.parent, 0) + 1
    formulas: dict[Value, tuple[Any, ...] | None] = {}
    listed_rows = []
    for s in shown:
        op = s.node.op
        assert op is not None
        if s.node not in formulas:
            formulas[s.node] = local_formulas(op, name(listed.names[s.node]), [_symbol(listed, x) for x in s.node.operands])
        of_node = formulas[s.node]
        twice = sum(x is s.parent for x in s.node.operands) > 1
        title = _TITLES.get(op.name, op.name) + (f" ({s.position + 1})" if twice else "")
        formula = of_node[s.position] if of_node is not None and s.position < len(of_node) else None
        listed_rows.append(Row(s, title, listed.names[s.node], listed.names[s.parent], formula, consumers[s.parent] > 1))
    return tuple(listed_rows)


def _paths(rows: Sequence[Row], root: Value, wrt: Value) -> tuple[tuple[Row, ...], ...] | None:
    """Return the paths from output to target, or None where they are more than fit a page.

    Counted first, in linear time: their number grows exponentially with the depth of a network.
    """
    counts: dict[Value, int] = {root: 1}
    outgoing: dict[Value, list[Row]] = {}
    for row in rows:
        outgoing.setdefault(row.step.node, []).append(row)
        counts[row.step.parent] = counts.get(row.step.parent, 0) + counts.get(row.step.node, 0)
    if root is wrt or counts.get(wrt, 0) > PATHS_SHOWN:
        return None
    found = []
    stack: list[tuple[Value, tuple[Row, ...]]] = [(root, ())]
    while stack:
        node, path = stack.pop()
        if node is wrt:
            found.append(path)
            continue
        stack.extend((row.step.parent, (*path, row)) for row in reversed(outgoing.get(node, ())))
    return tuple(found)


def finite_difference(listed: Steps, wrt: Value) -> float:
    """Return the central difference of fourth order of the output in ``wrt``, by recomputing the graph."""
    x = wrt.data
    h = 1e-3 * max(abs(x), 1e-2) if x else 1e-3
    below = [node for node in listed.nodes if node in _depending(listed, wrt) and node is not wrt]

    def output(at: float) -> float:
        values = {wrt: at}
        for node in below:
            assert node.op is not None
            values[node] = node.op.value(*[values.get(p, p.data) if isinstance(p, Value) else p for p in node.operands])
        return values[listed.root]

    if wrt is listed.root:
        return 1.0
    return (8.0 * (output(x + h) - output(x - h)) - (output(x + 2 * h) - output(x - 2 * h))) / (12.0 * h)
