"""The chain rule of one graph: rows with formulas and numbers, products along paths, and a numeric check."""

from __future__ import annotations

import itertools
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from autograd.errors import GraphError
from autograd.floats.convert import check_count
from autograd.form import Fraction, Infix, Power, Prefix
from autograd.op import ANY, Op, OpOfCall
from autograd.render.derive.network import Equation, network_equations
from autograd.render.derive.steps import BackwardStep, Steps, steps
from autograd.render.derive.variables import Gradient, in_variables, shown_leaves
from autograd.render.formula.symbols import (
    Symbol,
    agree,
    apply_raw,
    evaluate,
    name,
    result_formula,
    true_formulas,
)
from autograd.value import Value
from autograd.words import gettext, marked

__all__ = [
    "Derivation", "Row", "coloured_edges", "derive", "forward_formula", "numbers", "rows", "single_ways",
]  # fmt: skip

LIMIT = 200
PATHS_SHOWN = 4
BESIDE = 12  # operands; of longer lists a formula prints the ends alone
LARGE = 4000  # nodes; beyond, nobody asks in how many ways one acts on another


@dataclass(frozen=True, slots=True)
class Row:
    """One backward step with its formula."""

    step: BackwardStep
    rule: str
    node: str
    parent: str
    formula: Any
    """Symbol or number; None where the row's rule has no symbolic form that gives the number at hand."""
    shared: bool
    """Whether the parent has several consumers, so that the running total tells something."""
    total: bool
    """Whether the parent acts on the node through this operand alone.

    The partial derivative is the total one.
    """
    place: int
    """Which operand is meant, counted from 1, where the parent is several of them; else 0."""
    factor: int | None = None
    """Which factor of the products along the paths it is, counted from 0, where these have colours."""


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
        The formula is None for what the rows depend on and do not derive, and where none gives the value.
    stale : tuple of str
        Names of the nodes whose formulas do not give their values: data was changed after the graph was made,
        say.
    rows : tuple of Row
    gradient : float or None
    paths : list of paths or None
        Each path a list of rows from the output to the target; None where there are too many to print, or a
        hook changes a gradient on the way.
    factored : bool
        Whether the formulas along the paths give the gradient as well.
    last : tuple of Row
        The rows that add to the target, where their sum is its gradient.
    hooks : tuple of (name, before, after)
        What hooks made of the gradients of the nodes derived here.
    numeric : float or None
        Finite difference; None without a target, and where a checkpointed call is on the way to it.
    omitted : int
        Steps beyond ``depth``.
    variables : tuple of (name, formula, gradient)
        The gradient of the target, else of each leaf where these are few, in the leaves alone; the formula is
        None where it is too long or does not give the number. Empty where a seed, a hook or ``depth`` is in
        the way.
    network : tuple of Equation
        The four equations of backpropagation, where the graph is a network's.
    key : tuple of float
        What a worksheet leaves out, in the order of its blanks.
    """

    steps: Steps
    output: str
    target: str | None
    seed: float
    forward: tuple[tuple[str, Symbol | None, float], ...]
    stale: tuple[str, ...]
    rows: tuple[Row, ...]
    gradient: float | None
    paths: tuple[tuple[Row, ...], ...] | None
    factored: bool
    last: tuple[Row, ...]
    hooks: tuple[tuple[str, float, float], ...]
    numeric: float | None
    omitted: int
    variables: tuple[Gradient, ...]
    network: tuple[Equation, ...] = ()
    key: tuple[float, ...] = ()

    @property
    def plain_pass(self) -> bool:
        """Whether gradients are derivatives of the output: no seed but 1, and no hook."""
        return self.seed == 1.0 and not self.hooks

    @property
    def difference(self) -> float:
        """Relative difference between the gradient and the finite difference."""
        if self.numeric is None or self.gradient is None:
            return math.nan
        return abs(self.numeric - self.gradient) / max(abs(self.gradient), abs(self.numeric), 1e-8)


def step_title(op: Op) -> str:
    """Return what is done at a step, in a word: what its sign is called, else the row's name.

    What only rules use is called as in pictures.

    Examples
    --------
    >>> from autograd import ops
    >>> [step_title(op) for op in (ops.mul, ops.div, ops.power, ops.square, ops.tanh)]
    ['multiply', 'divide', 'power', 'square', 'tanh']
    """
    match op.form:
        case Power(base=""):
            return gettext("power")
        case Fraction():
            return gettext("divide")
        case Prefix():
            return gettext("negate")
        case Infix(sign) if op.arity != ANY:
            return gettext(_SIGNS.get(sign, op.name))
    return op.symbol if op.auxiliary else op.name


_SIGNS = {"*": marked("multiply"), "-": marked("subtract"), "+": marked("add")}


def derive(
    root: Value, wrt: Value | None, *, depth: int | None = None, limit: int = LIMIT, seed: float = 1.0,
    colors: bool = False,
) -> Derivation:
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
    colors
        Whether the factors of the products along the paths have colours.
    """
    depth = None if depth is None else check_count("depth", depth, marked("operations"))
    listed = steps(root, seed)
    if wrt is not None and not isinstance(wrt, Value):
        raise TypeError(
            gettext(
                "wrt is the Value to differentiate with respect to, got {kind}; leave it away for all",
                kind=type(wrt).__name__,
            )
        )
    if wrt is not None and wrt not in listed.names:
        raise GraphError(
            gettext(
                "{root} does not depend on {given}: it is no node of this graph, so there is nothing "
                "to derive",
                root=listed.names[root], given=wrt.label or repr(wrt),
            )
        )
    relevant = _depending(listed, wrt)
    near = _near(listed, depth)
    chosen = [s for s in listed.backward if s.parent in relevant and s.node in relevant]
    shown = [s for s in chosen if s.node in near]
    if len(shown) > limit:
        raise GraphError(
            gettext(
                "the derivation has {count} steps, more than {limit}, and would not be read; pass "
                "depth=5 for the five operations nearest the output, wrt= a node closer to it, or "
                "limit={count} to print it all the same",
                count=len(shown), limit=limit,
            )
        )
    found = rows(listed, shown)
    involved = {s.node for s in shown}
    # What they depend on and is not derived here has its number, without a formula.
    beside = {
        x for node in involved if len(node.operands) <= BESIDE for x in node.parents if x.op is not None
    } - involved
    values = numbers(listed)
    formulas = {node: forward_formula(listed, node, values) for node in involved}
    forward = tuple(
        (f.name, formulas.get(f.node), f.value)
        for f in listed.forward
        if f.node in involved or f.node in beside
    )
    stale = tuple(
        f.name
        for f in listed.forward
        if f.node in formulas and formulas[f.node] is None and _is_stale(listed, f.node, values)
    )
    hooks = tuple(
        (listed.names[v], before, listed.gradients[v])
        for v, before in listed.hooked.items()
        if v in relevant and (v in near or v is wrt)
    )
    paths: tuple[tuple[Row, ...], ...] | None = None
    last: tuple[Row, ...] = ()
    factored = False
    if wrt is not None and len(shown) == len(chosen):
        last = tuple(row for row in found if row.step.parent is wrt)
        if not agree(
            sum((row.step.contribution for row in last), start=seed if wrt is root else 0.0),
            listed.gradients[wrt],
        ):
            last = ()  # its own hook, or an overflow on the way
        if not hooks:
            paths = _paths(found, root, wrt)
            paths = (
                paths
                if paths and _sum_along(paths, seed, lambda row: row.step.local, listed.gradients[wrt])
                else None
            )
        if colors and paths:
            found, paths = _coloured(found, paths)
            last = tuple(row for row in found if row.step.parent is wrt) if last else ()
        factored = paths is not None and _sum_along(
            paths,
            seed,
            lambda row: row.step.local if row.formula is None else evaluate(row.formula, values),
            listed.gradients[wrt],
        )
    variables: tuple[Gradient, ...] = ()
    if seed == 1.0 and not listed.hooked and len(shown) == len(chosen):
        variables = in_variables(listed, shown_leaves(listed) if wrt is None else [wrt])
    return Derivation(
        listed, listed.names[root], None if wrt is None else listed.names[wrt], seed, forward, stale, found,
        None if wrt is None else listed.gradients[wrt], paths, factored, last, hooks,
        None if wrt is None or (difference := finite_difference(listed, wrt)) is None else seed * difference,
        len(chosen) - len(shown), variables, tuple(network_equations(listed)),
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
    near, ring = {listed.root}, [listed.root]
    while ring and depth > 1:  # however far beyond the leaves that is
        depth -= 1
        parents = dict.fromkeys(p for node in ring for p in node.parents)
        ring = [p for p in parents if p not in near]
        near.update(ring)
    return near


def _symbol(listed: Steps, x: Any) -> Any:
    return name(listed.names[x]) if isinstance(x, Value) else x


def numbers(listed: Steps) -> dict[str, float]:
    """Return the number of each name."""
    return {listed.names[node]: node.data for node in listed.nodes}


def forward_formula(listed: Steps, node: Value, values: Mapping[str, float]) -> Symbol | None:
    """Return how a node was computed; None for a leaf, and where its operands no longer give its value."""
    if node.op is None:
        return None
    return result_formula(node.op, [_symbol(listed, x) for x in node.operands], values, node.data)


def _is_stale(listed: Steps, node: Value, values: Mapping[str, float]) -> bool:
    """Whether a node's operands no longer give its value."""
    if node.op is None or isinstance(node.op, OpOfCall):
        return False
    formula = apply_raw(node.op, [_symbol(listed, x) for x in node.operands])
    try:
        return not agree(evaluate(formula, values), node.data)
    # A user's own operation may refuse its operands.
    except (ArithmeticError, TypeError, ValueError, IndexError):
        return True


def _sum_along(
    paths: Sequence[Sequence[Row]], seed: float, factor: Callable[[Row], float], gradient: float
) -> bool:
    """Whether the products of some factors along the paths add up to the gradient."""
    total = 0.0
    for path in paths:
        product = seed
        for row in path:
            product *= factor(row)
        total += product
    return agree(total, gradient)


def single_ways(nodes: Sequence[Value], heads: AbstractSet[Value]) -> set[tuple[Value, Value]]:
    """Return, for nodes in ``heads``, the pairs (node, operand) where the operand acts on it in one way only.

    Only then is the partial derivative in this operand the derivative of one with respect to the other.
    """
    below: dict[Value, int] = {}  # bit k: depends on node k
    index = {node: k for k, node in enumerate(nodes)}
    large = len(nodes) > LARGE
    found = set()
    for node in nodes:
        parents = node.parents
        reached = 0
        if not large:
            for parent in set(parents):
                reached |= below[parent]
            below[node] = reached
            for parent in parents:
                below[node] |= 1 << index[parent]
        if node in heads:
            counts = Counter(parents)
            found |= {
                (node, p) for p in parents
                if len(parents) == 1 or (not large and not reached >> index[p] & 1 and counts[p] == 1)
            }
    return found


def rows(listed: Steps, shown: Sequence[BackwardStep]) -> tuple[Row, ...]:
    """Attach to each step its formula; a node's rule runs once for all its edges."""
    consumers: dict[Value, int] = {}
    for s in shown:
        consumers[s.parent] = consumers.get(s.parent, 0) + 1
    formulas: dict[Value, dict[int, Any]] = {}
    values = numbers(listed)
    slopes: dict[Value, dict[int, float]] = {}
    for s in shown:
        slopes.setdefault(s.node, {})[s.position] = s.local
    single = single_ways(listed.nodes, slopes.keys())
    listed_rows = []
    for s in shown:
        op = s.node.op
        assert op is not None
        if s.node not in formulas:
            operands = [_symbol(listed, x) for x in s.node.operands]
            formulas[s.node] = true_formulas(op, name(listed.names[s.node]), operands, values, slopes[s.node])
        place = s.position + 1 if sum(x is s.parent for x in s.node.operands) > 1 else 0
        title = step_title(op) + (f" ({place})" if place else "")
        formula = formulas[s.node].get(s.position)
        total = not place and (s.node, s.parent) in single
        listed_rows.append(
            Row(
                s,
                title,
                listed.names[s.node],
                listed.names[s.parent],
                formula,
                consumers[s.parent] > 1,
                total,
                place,
            )
        )
    return tuple(listed_rows)


def _coloured(
    rows: Sequence[Row], paths: tuple[tuple[Row, ...], ...]
) -> tuple[tuple[Row, ...], tuple[tuple[Row, ...], ...]]:
    """Number the factors in the order in which the paths name them."""
    order = {row: k for k, row in enumerate(dict.fromkeys(map(id, itertools.chain(*paths))))}
    made = {id(row): replace(row, factor=order.get(id(row))) for row in rows}
    return tuple(made[id(row)] for row in rows), tuple(tuple(made[id(r)] for r in path) for path in paths)


def coloured_edges(root: Value, wrt: Value) -> dict[tuple[Value, int], int]:
    """Return, by node and place of the operand, which factor each edge on the paths to ``wrt`` is.

    They are counted as in the formulas of the derivation with colours; none where those have none.
    """
    derivation = derive(root, wrt, limit=sys.maxsize, colors=True)
    return {
        (row.step.node, row.step.position): row.factor for row in derivation.rows if row.factor is not None
    }


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


def finite_difference(listed: Steps, wrt: Value) -> float | None:
    """Return the central difference of fourth order of the output in ``wrt``, by recomputing the graph.

    It is None where a checkpointed call stands in between, which knows its value at one point only.
    """
    x = wrt.data
    h = 1e-3 * max(abs(x), 1e-2) if x else 1e-3
    depending = _depending(listed, wrt)
    below = [node for node in listed.nodes if node in depending and node is not wrt]
    if any(isinstance(node.op, OpOfCall) for node in below):
        return None

    def output(at: float) -> float:
        values = {wrt: at}
        for node in below:
            assert node.op is not None
            try:
                values[node] = node.op.value(
                    *[values.get(p, p.data) if isinstance(p, Value) else p for p in node.operands]
                )
            except (ArithmeticError, ValueError):  # a user's own operation, outside of its domain
                values[node] = math.nan
        return values[listed.root]

    if wrt is listed.root:
        return 1.0
    return (8.0 * (output(x + h) - output(x - h)) - (output(x + 2 * h) - output(x - 2 * h))) / (12.0 * h)
