"""The neutral structure that every renderer draws.

Nodes, edges, clusters, and what the legend must explain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograd.op import ANY
from autograd.render.derive.steps import positioned_edges
from autograd.render.formula.notation import coefficient_text
from autograd.render.labels import MINUS, brief, number, shorten, visible
from autograd.render.picture.glyphs import glyph_of, has_constant_exponent, power_glyph
from autograd.value import Value
from autograd.words import gettext

__all__ = [
    "CROWDED",
    "LEVELS",
    "Box",
    "Edge",
    "Picture",
    "build",
    "largest",
    "leaf_kind",
    "shade_of",
    "span_of",
    "spread",
    "strongest",
    "tone",
]  # fmt: skip

LEVELS = 4  # shades on each side of zero
LEVELS_DRAWN = 32  # of modules within each other; what lies deeper is drawn in the last of them
CROWDED = 8000  # edges; beyond, nobody follows one, and their labels would be most of the picture


@dataclass(slots=True)
class Box:
    """A box: a node of the graph, or several that were folded into one."""

    id: str
    title: str
    """The name given by the user, or empty."""
    operation: str
    """What was applied, constants included; empty on a leaf."""
    value: str
    gradient: str
    """Empty where no backward pass has been run."""
    tone: str = "none"
    """Colour class of the gradient."""
    kind: str = "operation"
    """leaf (``leaf parameter`` and ``leaf data`` in a graph of modules), operation, output or group;
    neuron, unit, data or weight in a picture of neurons."""
    scope: str = ""
    count: int = 1
    saved: bool = False
    """Whether the backward pass reads this node's value."""
    tooltip: tuple[str, ...] = ()
    value_name: str = "value"
    widest: str = ""
    """The longest number that the box must have room for, where it changes."""
    mark: str = ""
    """Beside another graph: ``alone``, or ``differs`` and the rows that do."""


@dataclass(slots=True)
class Edge:
    """An operand of a node, drawn from the operand (tail) to the node (head)."""

    id: str
    tail: str
    head: str
    position: int = 0
    local: str = ""
    """The local derivative; empty where several edges are folded into one."""
    contribution: str = ""
    """What flows back along the edge."""
    tone: str = "none"
    taken: bool = True
    """Whether a gradient can flow: false behind a branch that was not taken."""
    saved: bool = False
    count: int = 1
    tooltip: tuple[str, ...] = ()
    widest: str = ""
    weight: float | None = None
    """What a neuron multiplies this input by, where the picture is one of neurons."""
    shown: bool = True
    """Whether there is room for a label."""
    factor: int | None = None
    """Which factor of the derivative in one node it is, whose factors have colours."""
    back: bool = False
    """Whether it leads to the next round of a loop, and so against the direction of all others."""


@dataclass(slots=True)
class Picture:
    """A whole picture, before any layout."""

    nodes: list[Box] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    rankdir: str = "LR"
    scale: float = 0.0
    """Largest finite gradient; colours are relative to it."""
    notices: list[str] = field(default_factory=list)
    """What was left out, and how to see it."""
    scope_counts: dict[str, int] = field(default_factory=dict)
    """For a scope that stands for several: how many."""
    scope_names: dict[str, str] = field(default_factory=dict)
    """What is written on a scope, where that is not the last step of its path."""
    view: str = "graph"
    """``graph``, or ``network``: round neurons, and lines for weights."""
    inset: Picture | None = None
    """A part of the graph, drawn below by itself: what is in one of the neurons."""
    insides: dict[str, Callable[[], Picture]] = field(default_factory=dict)
    """For a neuron, by the name of its box, what makes the picture of what is in it: for a page."""
    heaviest: float = 0.0
    """Largest finite weight; the lines' widths are relative to it."""

    def caption(self, path: str) -> str:
        """Return what is written on a scope: its name, and how many it stands for."""
        name = self.scope_names.get(path) or shorten(visible(path.rpartition(".")[2]), 24)
        count = self.scope_counts.get(path, 1)
        return name + (f"  ×{count}" if count > 1 else "")

    @property
    def crowded(self) -> bool:
        """Whether there are so many edges that they are drawn as one texture."""
        return len(self.edges) > CROWDED

    @property
    def tones(self) -> set[str]:
        """The colour classes in use, for the legend."""
        own = {node.tone for node in self.nodes} | {e.tone for e in self.edges if e.weight is None}
        return own | (self.inset.tones if self.inset is not None else set())

    def span(self) -> int:
        """Return the sum of the edges' lengths, in layers of the longest path."""
        layer = {node.id: 0 for node in self.nodes}
        for edge in self.edges:  # sorted by their heads, as the nodes are
            if edge.back:
                continue
            layer[edge.head] = max(layer[edge.head], layer[edge.tail] + 1)
        return sum(layer[edge.head] - layer[edge.tail] for edge in self.edges)

    def scopes(self) -> list[str]:
        """Every path that is a cluster, outer before inner."""
        paths: dict[str, None] = {}
        for node in self.nodes:
            parts = node.scope.split(".") if node.scope else []
            for depth in range(1, len(parts) + 1):
                paths.setdefault(".".join(parts[:depth]))
        return list(paths)


def tone(gradient: float | None, scale: float) -> str:
    """Return the colour class of a gradient: ``none``, ``zero``, ``nan``, ``n1``..``n4`` or ``p1``..``p4``.

    Shades follow the square root, for gradients span orders of magnitude.

    Examples
    --------
    >>> [tone(g, 1.0) for g in (None, 0.0, -1.0, 1e-6, float("nan"))]
    ['none', 'zero', 'n4', 'p1', 'nan']
    """
    if gradient is None:
        return "none"
    if not math.isfinite(gradient):
        return "nan"
    if gradient == 0.0 or scale == 0.0:
        return "zero"
    level = min(LEVELS, max(1, math.ceil(LEVELS * (abs(gradient) / scale) ** 0.5 - 1e-9)))
    return f"{'p' if gradient > 0 else 'n'}{level}"


def span_of(gradients: Mapping[Value, float], roots: Collection[Value]) -> float:
    """Return the largest finite gradient but those that the backward pass began with, which say nothing."""
    found = list(gradients.values())
    for v in set(roots):
        if gradients.get(v) == 1.0:
            found.remove(1.0)
    return largest(found)


def shade_of(v: Value, gradient: float, scale: float, roots: Collection[Value]) -> str:
    """Return the colour class of a node's gradient: ``seed`` where the backward pass began with it.

    Examples
    --------
    >>> x, y = Value(1.0), Value(2.0)
    >>> shade_of(y, 1.0, 4.0, [y]), shade_of(x, 1.0, 4.0, [y]), shade_of(y, 2.0, 4.0, [y])
    ('seed', 'p2', 'p3')
    """
    return "seed" if gradient == 1.0 and v in roots else tone(gradient, scale)


def leaf_kind(v: Value, scopes: Collection[str]) -> str:
    """Return the kind of a leaf: a parameter if it belongs to a module, data beside modules."""
    if not scopes:
        return "leaf"
    return "leaf parameter" if "." in v.label and scope_of(v, scopes) else "leaf data"


def gradient_of(node: Value) -> float:
    """Return what ``grad`` holds as a number; with ``create_graph`` it is a node."""
    found = node.grad
    if type(found) is float:
        return found
    return 0.0 if found is None else float(found.data if isinstance(found, Value) else found)


def operation_text(node: Value, *, constants: bool = True) -> str:
    """Return what a box says of its operation: the sign, and constant operands where they stand.

    Examples
    --------
    >>> from autograd import ops
    >>> x = Value(3.0)
    >>> [operation_text(v) for v in (x * x, x * 2.0, 1.0 - x, x ** 2, ops.softmax(x, 1.0, index=0))]
    ['×', '× 2', '1 −', '( )²', 'softmax[0]']
    """
    op = node.op
    if op is None:
        return ""
    glyph = glyph_of(op)
    operands = node.operands
    if op.arity == ANY and op.params:  # the constant says which of several results this is
        return f"{glyph}[{number(operands[-1])}]"
    if op.arity == ANY:
        return f"{glyph} {len(operands) // 2 if op.vectors else len(operands)}"
    fixed = {
        i: coefficient_text(x).replace("-", MINUS) for i, x in enumerate(operands) if not isinstance(x, Value)
    }
    if has_constant_exponent(op):
        return power_glyph(fixed[1])
    if not constants:
        return glyph
    if len(operands) == 2 and op.arity == 2 and fixed:
        return f"{fixed[0]} {glyph}" if 0 in fixed else f"{glyph} {fixed[1]}"
    if fixed and len(fixed) <= 2:
        return f"{glyph} ({', '.join(fixed.values())})"
    return glyph


def build(
    nodes: Sequence[Value], *, rankdir: str = "LR", gradients: dict[Value, float] | None = None,
    scale: float | None = None,
) -> Picture:  # fmt: skip
    """Turn sorted nodes into a picture, one box for each.

    Gradients are the nodes' own unless others are given; their colours are relative to the largest of them,
    unless a scale is given.
    """
    gradients = gradients or {v: gradient_of(v) for v in nodes}
    roots = nodes[-1:]
    scale = span_of(gradients, roots) if scale is None else scale
    has_pass = any(g != 0.0 for g in gradients.values())
    ids = {v: f"n{i}" for i, v in enumerate(nodes)}
    scopes = {v.scope for v in nodes if v.scope}
    reached = _reached(nodes)
    graph = Picture(rankdir=rankdir, scale=scale)
    for v in nodes:
        g, scope = gradients[v], scope_of(v, scopes)
        kind = leaf_kind(v, scopes) if v.op is None else "output" if v is nodes[-1] else "operation"
        graph.nodes.append(
            Box(
                ids[v], short_label(v.label, scope), operation_text(v), number(v.data, minus=MINUS),
                number(g, minus=MINUS) if has_pass else "",
                shade_of(v, g, scale, roots) if has_pass else "none", kind, scope,
            )
        )  # fmt: skip
        for position, parent, local in positioned_edges(v):
            taken = local is not None and v in reached
            flow = g * local if local is not None and taken and has_pass else None
            graph.edges.append(
                Edge(
                    f"e{len(graph.edges)}", ids[parent], ids[v], position,
                    "0" if local is None else number(local, minus=MINUS),
                    "" if flow is None else number(flow, minus=MINUS),
                    tone(flow, scale) if has_pass else "none", taken,
                )
            )  # fmt: skip
    if not has_pass:
        graph.notices.append(gettext("no gradients yet: call backward() first"))
    return graph


def _reached(nodes: Sequence[Value]) -> set[Value]:
    """Return the nodes that a backward pass comes to.

    Nothing flows below a branch that was not taken, not even 0 * NaN.
    """
    reached = {nodes[-1]}
    for v in reversed(nodes):
        if v in reached:
            reached.update(parent for parent, local in v.edges() if local is not None)
    return reached


def scope_of(v: Value, scopes: Collection[str]) -> str:
    """Return the cluster of a node; a parameter, which no module computes, belongs where its label says."""
    if v.scope or v.op is not None:
        return path_of(v.scope)
    path = v.label.rpartition(".")[0]
    path = ".".join(path.split(".", LEVELS_DRAWN)[:LEVELS_DRAWN])
    while path and path not in scopes:
        path = path.rpartition(".")[0]
    return path_of(path)


@lru_cache(maxsize=4096)
def path_of(scope: str) -> str:
    """Return a module path as it is drawn: without empty steps, and no deeper than anyone would follow."""
    return ".".join([part for part in scope.split(".") if part][:LEVELS_DRAWN]) if "." in scope else scope


def short_label(label: str, scope: str) -> str:
    """Return the label, without the path that the clusters around the node show already."""
    return visible((label.removeprefix(f"{scope}.") or label) if scope else label)


def largest(xs: Iterable[float]) -> float:
    """Return the largest finite size of the numbers; zero where there is none."""
    return max(map(abs, filter(math.isfinite, xs)), default=0.0)


def strongest(xs: Sequence[float]) -> float:
    """Return the number farthest from zero; one that is not finite, where there is any."""
    low, high = min(xs), max(xs)
    total = sum(xs)
    if not math.isfinite(total):  # an overflow of finite numbers comes here too
        return next((x for x in xs if not math.isfinite(x)), max(xs, key=abs))
    return high if high >= -low else low


def spread(xs: Sequence[float], *, short: bool = False) -> str:
    """Return one number, or the ends of a range."""
    finite = list(filter(math.isfinite, xs))
    strange = set()
    if len(finite) < len(xs):
        strange = {number(x, minus=MINUS) for x in xs if not math.isfinite(x)}
    ends = [] if not finite else [min(finite)] if min(finite) == max(finite) else [min(finite), max(finite)]
    texts = [
        brief(x, minus=MINUS) if short else number(x, minus=MINUS, digits=4 if len(ends) == 1 else 2)
        for x in ends
    ]
    return ", ".join([*([" … ".join(texts)] if texts else []), *sorted(strange)])
