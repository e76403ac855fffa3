"""A graph as the network that it is: neurons in columns, weights as lines, inputs and targets beside them.

A neuron is found in the graph, whatever made it: the nodes of a scope that weigh operands with parameters of
that scope, which their labels tell (``layer1.n2.w0`` is a parameter of ``layer1.n2``), add up, and apply a
function of one operand. All else is drawn as it is: results round, data with corners. A neuron that fires for
several samples, or at several times, is one; what leads from it to itself goes back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Protocol

from autograd.modes import no_grad
from autograd.op import Op
from autograd.render.derive.steps import positioned_edges
from autograd.render.labels import MINUS, brief, number, visible
from autograd.render.picture.details import annotate
from autograd.render.picture.graph import (
    Box,
    Edge,
    Picture,
    build,
    gradient_of,
    largest,
    operation_text,
    path_of,
    shade_of,
    short_label,
    span_of,
    spread,
    strongest,
    tone,
)
from autograd.render.picture.rolling import roll
from autograd.value import Value
from autograd.words import gettext

__all__ = ["Network", "build_network"]

MOST: Final = 10  # neurons of a layer, or inputs, that are drawn one by one
FIRST: Final = 5  # of more, so many from the first on,
LAST: Final = 2  # and so many before the end, with one in place of those between

_RUNS: Final = re.compile(r"(\d+)")


class Network(Protocol):
    """What can be drawn without a graph: a model that can be tried."""

    def example_outputs(self) -> list[Value]:
        """Return the outputs for inputs of zero, which are labelled x0, x1, ...."""
        ...


@dataclass(slots=True, eq=False)
class _Unit:
    """Nodes drawn as one: a neuron that fires once, or any other node by itself."""

    members: list[Value]
    scope: str = ""
    inputs: list[tuple[Value | None, Value | float]] = field(default_factory=list)
    """The operands, each with its weight if it has one."""
    bias: Value | None = None
    affine: bool = False
    """Whether it is a weighted sum to which nothing has been applied yet."""
    neuron: bool = False


@dataclass(slots=True, eq=False)
class _Group:
    """Units, data or constants of one key, drawn as one."""

    key: Any
    first: int
    units: list[_Unit] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    scope: str = ""
    leaf: Value | None = None
    layer: str = ""
    order: tuple[Any, ...] = ()


def build_network(
    nodes: Sequence[Value], *, roots: Sequence[Value] = (), rankdir: str = "LR", unfold: str = "",
    values: bool = True, rounds: bool = False, scale: float | None = None,
) -> Picture:  # fmt: skip
    """Turn sorted nodes into a picture of neurons and lines.

    Parameters
    ----------
    nodes
        Each after its operands.
    roots
        The outputs; the last node by default.
    rankdir
        Direction of the forward pass.
    unfold
        The path of a neuron whose own graph is drawn in its place.
    values
        Whether the numbers in the neurons mean anything.
    rounds
        Whether what is done again and again is drawn once, also where no neuron does it.
    scale
        The gradient that has the strongest colour; the largest by default.

    Raises
    ------
    ValueError
        If no neuron has the path that is to be unfolded.
    """
    with no_grad():  # the terms of a row may be made with other rows
        units = _units(nodes)
    paths = dict.fromkeys(unit.scope for unit in units if unit.neuron)
    opened = {path for path in paths if unfold and (path == unfold or path.endswith(f".{unfold}"))}
    if unfold and not opened:
        there = ", ".join(sorted(paths, key=_natural)[:6]) or gettext(
            "none: no node lies in the scope of a parameter"
        )
        raise ValueError(gettext(
            "there is no neuron {unfold} to unfold; the graph has {there}",
            unfold=repr(unfold), there=there,
        ))  # fmt: skip
    return _Builder(nodes, units, roots or nodes[-1:], opened, values=values, rounds=rounds).picture(
        rankdir, scale
    )


def _units(nodes: Sequence[Value]) -> list[_Unit]:
    """Return the nodes that are no leaves, those of a neuron together, each after what it reads."""
    parameters: dict[str, set[Value]] = {}
    for v in nodes:
        if v.op is None and "." in v.label:
            parameters.setdefault(v.label.rpartition(".")[0], set()).add(v)
    own_of = {scope: _own(scope, parameters) for scope in {v.scope for v in nodes if v.op is not None}}
    uses = Counter(p for v in nodes for p in v.parents)
    home: dict[Value, _Unit] = {}
    units: dict[_Unit, None] = {}
    for v in nodes:
        if v.op is None:
            continue
        own = own_of[v.scope]
        parts = _products(v.op, v.operands) if own else None

        waiting = {
            x: unit
            for x in {*v.parents}
            if (unit := home.get(x)) is not None and unit.affine and unit.scope == v.scope and uses[x] == 1
        }
        if parts is not None and any(
            any(isinstance(x, Value) and x in own for x in part) or (len(part) == 1 and part[0] in waiting)
            for part in parts
        ):
            unit = _Unit([], v.scope, affine=True, neuron=True)
            for part in parts:
                _take(unit, part, own, [waiting[x] for x in part if len(part) == 1 and x in waiting], units)
            unit.members.append(v)
        elif v.op.arity == 1 and len(waiting) == 1:
            (unit,) = waiting.values()
            unit.members.append(v)
            unit.affine = False
        else:
            unit = _Unit([v], v.scope, [(None, x) for x in _shown(v.op, v.operands)])
        for member in unit.members:
            home[member] = unit
        units.pop(unit, None)  # its place is that of its last node
        units[unit] = None
    return list(units)


def _inside(unit: _Unit, nodes: Sequence[Value], all_: Picture) -> Picture:
    """Return the graph of one neuron alone, whose inputs are boxes without operands."""
    whole = replace(all_)
    boxes = dict(zip(nodes, whole.nodes, strict=True))
    members = {boxes[v].id for v in unit.members}
    wanted = members | {boxes[p].id for v in unit.members for p in v.parents}
    boxes = {v: replace(box) for v, box in boxes.items() if box.id in wanted}
    whole.nodes = [*boxes.values()]
    whole.edges = [replace(edge) for edge in whole.edges if edge.head in members]
    for v, box in boxes.items():
        if box.id not in members:
            box.title = box.title if v.op is None else short_label(v.label, "") or visible(v.scope)
            if v.op is not None:
                box.kind = "leaf input"
            box.operation, box.scope = "", unit.scope if box.scope == unit.scope else ""
    for parts in (whole.nodes, whole.edges):
        for part in parts:
            part.id = f"i{part.id}"
    for edge in whole.edges:
        edge.tail, edge.head = f"i{edge.tail}", f"i{edge.head}"
    whole.notices = []
    return whole


def _own(scope: str, parameters: dict[str, set[Value]]) -> set[Value]:
    """Return the parameters that belong to a scope, which may lie in one of the user's."""
    path = scope
    while path and path not in parameters:
        path = path.partition(".")[2]
    return parameters.get(path, set())


def _products(op: Op, operands: Sequence[Any]) -> Sequence[tuple[Any, ...]] | None:
    """Return an operation as a sum of products of its operands, or None where it is none."""
    if op.terms is None or op.extremum:
        return None
    return op.terms(*operands)


def _take(
    unit: _Unit, part: tuple[Any, ...], own: set[Value], waiting: list[_Unit], units: dict[_Unit, None]
) -> None:
    """Make a product part of a neuron."""
    weights = [x for x in part if isinstance(x, Value) and x in own]
    if waiting:
        for other in waiting:
            unit.members += other.members
            unit.inputs += other.inputs
            unit.bias = unit.bias or other.bias
            units.pop(other, None)
    elif weights and (len(part) == 1 or 1.0 in [x for x in part if not isinstance(x, Value)]):
        unit.bias = weights[0]
    elif weights and len(part) == 2:
        other = part[1] if part[0] is weights[0] else part[0]
        unit.inputs.append((weights[0], other))
    else:
        unit.inputs += [(None, x) for x in part]


def _shown(op: Op, operands: Sequence[Any]) -> list[Any]:
    """Return the operands that are nodes in the picture: all but the constants that belong to the row."""
    count = len(operands) - len(op.params)
    return [x for x in operands[:count] if isinstance(x, Value) or len(operands) > 1]


def _natural(text: str) -> tuple[Any, ...]:
    return tuple(int(part) if part.isdigit() else part for part in _RUNS.split(text))


class _Builder:
    """What is known of the units while they become boxes."""

    def __init__(
        self, nodes: Sequence[Value], units: list[_Unit], roots: Sequence[Value], opened: set[str], *,
        values: bool, rounds: bool,
    ) -> None:  # fmt: skip
        self.roots, self.opened, self.values = set(roots), opened, values
        self.units = units
        self.of = {v: unit for unit in self.units for v in unit.members}
        self.nodes = nodes
        self.uses = Counter(x for unit in units for _, x in unit.inputs if isinstance(x, Value))
        fired = Counter(unit.scope for unit in self.units if unit.neuron)
        self.many = any(count > 1 for count in fired.values())
        self.rolled = roll(nodes) if rounds and not self.many else None
        self.numbers = {v: i for i, v in enumerate(nodes)} if self.rolled is not None else {}
        layers: dict[str, list[str]] = {}
        for scope in fired:
            layers.setdefault(scope.rpartition(".")[0], []).append(scope)
        self.layers = {layer: sorted(scopes, key=_natural) for layer, scopes in layers.items()}
        self.groups: dict[Any, _Group] = {}
        self.keys: dict[_Unit, Any] = {}
        self.boxes: Picture | None = None
        self.edges: dict[tuple[_Group, _Group], list[tuple[Value | None, Value | float, Value]]] = {}

    def picture(self, rankdir: str, scale: float | None) -> Picture:
        """Return the picture."""
        gradients = {v: gradient_of(v) for v in self.nodes}
        scale = span_of(gradients, self.roots) if scale is None else scale
        graph = Picture(rankdir=rankdir, scale=scale, view="network")
        self.has_pass = any(gradients.values())
        for unit in self.units:
            head = self._group_of(unit)
            for position, (weight, x) in enumerate(unit.inputs):
                tail = self._operand(unit, position, x)
                self.edges.setdefault((tail, head), []).append((weight, x, unit.members[-1]))
        for root in self.roots - {*self.of}:  # nothing is computed
            self._leaf(("leaf", root), (0, 0, -len(self.groups)), root)
        groups = sorted(self.groups.values(), key=lambda group: group.order)
        ids = {group: f"n{i}" for i, group in enumerate(groups)}
        graph.nodes = [self._box(ids[group], group, scale) for group in groups]
        if self.values and not self.has_pass:
            graph.notices.append(gettext("no gradients yet: call backward() first"))
        weights = [abs(w.data) for listed in self.edges.values() for w, _, _ in listed if w is not None]
        graph.heaviest = largest(weights)
        back = self._back()
        for (tail, head), listed in self.edges.items():
            edge = self._edge(f"e{len(graph.edges)}", ids, tail, head, listed, graph)
            edge.back = (tail, head) in back
            graph.edges.append(edge)
        for unit in self.units:
            if unit.neuron and unit.scope in self.opened:
                graph.inset = _inside(unit, *self._whole())
        graph.insides = {
            ids[group]: partial(lambda unit: _inside(unit, *self._whole()), group.units[0])
            for group in groups
            if group.key[0] == "neuron"
        }
        return graph

    def _whole(self) -> tuple[Sequence[Value], Picture]:
        """Return the whole graph, with a box for each node, of which the insides of neurons are parts."""
        if self.boxes is None:
            self.boxes = build(self.nodes)
            annotate(self.boxes, self.nodes, saved=False)
        return self.nodes, self.boxes

    def _group_of(self, unit: _Unit) -> _Group:
        """Return the group of a unit, making it if it is the first of its key."""
        v = unit.members[-1]
        if unit.neuron:
            layer = unit.scope.rpartition(".")[0]
            scopes = self.layers[layer]
            place = scopes.index(unit.scope) if len(scopes) > MOST else 0
            hidden = len(scopes) > MOST and FIRST <= place < len(scopes) - LAST
            key: Any = ("neurons", layer) if hidden else ("neuron", unit.scope)
            order: tuple[Any, ...] = (1, _natural(scopes[FIRST] if hidden else unit.scope))
            scope = layer if len(scopes) > 1 else layer.rpartition(".")[0]
        else:
            below = frozenset(
                self.keys.get(self.of[x], x) if x in self.of else None
                for _, x in unit.inputs
                if isinstance(x, Value)
            )
            assert v.op is not None
            key = ("node", v.op, v.scope, below) if self.many and v not in self.roots else ("node", v)
            in_round = self._round(v)
            if in_round is not None:
                key = ("rounds", in_round)
            order = (2, -len(self.groups))
            scope = path_of(v.scope)
        self.keys[unit] = key
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group(key, len(self.groups), scope=scope, order=order)
            group.layer = unit.scope.rpartition(".")[0]
        group.units.append(unit)
        group.values.append(v.data)
        group.gradients.append(gradient_of(v))
        if v.label:
            group.labels.append(short_label(v.label, v.scope))
        return group

    def _round(self, v: Value) -> int | None:
        """Return the number, in the first round, of a node that is in rounds; None of any other."""
        if self.rolled is None:
            return None
        place = self.rolled.places[self.numbers[v]]
        return self.rolled.first[place] if self.rolled.around[place] else None

    def _is_carried(self, x: Value | float, v: Value) -> bool:
        """Whether an operand was computed in an earlier round than the node."""
        if self.rolled is None or not isinstance(x, Value):
            return False
        return any(self.rolled.earlier([self.numbers[x]], self.numbers[v]))

    def _operand(self, unit: _Unit, position: int, x: Value | float) -> _Group:
        """Return the group of an operand: another unit's, or that of a leaf or a constant."""
        if isinstance(x, Value) and x in self.of:
            return self.groups[self.keys[self.of[x]]]
        layer = unit.scope.rpartition(".")[0]
        order: tuple[Any, ...] = (0, position, -len(self.groups))
        if isinstance(x, Value) and not unit.neuron and "." in x.label:
            key: Any = ("weights",)
        elif unit.neuron and len(unit.inputs) > MOST and FIRST <= position < len(unit.inputs) - LAST:
            key, order = ("inputs", layer), (0, FIRST)
        elif isinstance(x, Value) and self._round(unit.members[-1]) is not None and self.uses[x] == 1:
            key = ("rounds", self._round(unit.members[-1]), position)
        elif isinstance(x, Value) and not (self.many and unit.neuron):
            key = ("leaf", x.label) if self.many and x.label else ("leaf", x)
        else:
            key = ("data", layer if unit.neuron else self.keys[unit], position)
        return self._leaf(key, order, x)

    def _leaf(self, key: Any, order: tuple[Any, ...], x: Value | float) -> _Group:
        """Return the group of a leaf or a constant, which it joins."""
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group(key, len(self.groups), order=order)
            group.leaf = x if isinstance(x, Value) else None
        group.values.append(x.data if isinstance(x, Value) else float(x))
        if isinstance(x, Value):
            group.gradients.append(gradient_of(x))
            if x.label:
                group.labels.append(visible(x.label))
        return group

    def _back(self) -> set[tuple[_Group, _Group]]:
        """Return the lines that lead back: within a layer, to the next round, or where they close a loop."""
        back: set[tuple[_Group, _Group]] = set()
        beyond: dict[_Group, list[_Group]] = {}
        late = []
        for (tail, head), listed in self.edges.items():
            same = tail.key[0] == head.key[0] == "neuron" and tail.layer == head.layer
            again = any(self._is_carried(x, v) for _, x, v in listed[1:2])
            if tail.units and (same or again):
                back.add((tail, head))
            elif tail.units and tail.first >= head.first:
                late.append((tail, head))
            else:
                beyond.setdefault(tail, []).append(head)
        for tail, head in late:
            reached, pending = {head}, [head]
            while pending and tail not in reached:
                new = {*beyond.get(pending.pop(), ())} - reached
                reached |= new
                pending += new
            if tail in reached:
                back.add((tail, head))
            else:
                beyond.setdefault(tail, []).append(head)
        return back

    def _box(self, name: str, group: _Group, scale: float) -> Box:
        """Return a group as it is drawn."""
        labels = {*group.labels}
        patterns = {_RUNS.sub("*", label) for label in labels}
        title = labels.pop() if len(labels) == 1 else patterns.pop() if len(patterns) == 1 else ""
        value = spread(group.values, short=True) if self.values else ""
        box = Box(name, title, "", value, "", scope=group.scope)
        if not group.units:
            box.kind = "weight" if group.key[0] == "weights" else "data"
            box.title = gettext("weights") if group.key[0] == "weights" else title
            if group.key[0] == "inputs":
                box.title = f"{title} ⋮"
            if group.leaf is None and not self.values:
                box.value = brief(group.values[0], minus=MINUS)
            box.tooltip = (f"{title} {gettext('value {number}', number=spread(group.values))}".strip(),)
        else:
            unit = group.units[0]
            v = unit.members[-1]
            box.kind = "unit"
            box.count = len(group.units)
            box.operation = operation_text(v, constants=False)
            if unit.neuron:
                self._neuron(box, group, unit)
            if v in self.roots or unit.scope in self.opened:
                box.kind += " output"
        if self.has_pass and self.values and group.gradients:
            box.gradient = spread(group.gradients, short=True)
            member = group.units[0].members[-1] if group.units else group.leaf
            alone = member is not None and len(group.gradients) == 1
            roots = self.roots if alone else ()
            box.tone = shade_of(member or self.nodes[-1], strongest(group.gradients), scale, roots)
            box.tooltip = (*box.tooltip, f"{gettext('grad')} {spread(group.gradients)}")
        return box

    def _neuron(self, box: Box, group: _Group, unit: _Unit) -> None:
        """Say in a box what neuron it is."""
        box.kind = "neuron"
        layer, _, last = unit.scope.rpartition(".")
        alone = len(self.layers[layer]) == 1
        box.title = box.title or visible((layer.rpartition(".")[2] or last) if alone else last)
        if unit.affine:
            box.operation = "Σ"
        if group.key[0] == "neurons":
            hidden = len(self.layers[layer]) - FIRST - LAST
            box.operation, box.value, box.title = "⋮", gettext("{count} more", count=hidden), ""
            box.count = 1
            return
        told = [f"{visible(unit.scope)}: {spread(group.values)}"]
        if unit.bias is not None:
            told.append(f"{visible(unit.bias.label)} = {number(unit.bias.data)}")
        told += [
            f"{visible(w.label)} = {number(w.data)}, {gettext('grad')} {number(gradient_of(w))}"
            for w, _ in unit.inputs[:8]
            if w is not None
        ]
        box.tooltip = tuple(told)

    def _edge(
        self, name: str, ids: dict[_Group, str], tail: _Group, head: _Group,
        listed: list[tuple[Value | None, Value | float, Value]], graph: Picture,
    ) -> Edge:  # fmt: skip
        """Return the line between two groups."""
        weights = {w: None for w, _, _ in listed}
        edge = Edge(name, ids[tail], ids[head], count=len(listed))
        if len(weights) == 1 and None not in weights:
            (w,) = weights
            assert w is not None
            edge.weight, edge.local, edge.shown = w.data, brief(w.data, minus=MINUS), False
            edge.tone = tone(w.data, graph.heaviest)
            told = f"{visible(w.label)} = {number(w.data)}, {gettext('grad')} {number(gradient_of(w))}"
            edge.tooltip = (told,)
        elif len(weights) > 1:
            values = spread([w.data for w in weights if w is not None])
            edge.tooltip = (gettext("{count} weights, {values}", count=len(weights), values=values),)
        else:
            for _, x, v in listed[:1]:
                for _, parent, local in positioned_edges(v):
                    if parent is x and local is not None:
                        edge.local, edge.shown = brief(local, minus=MINUS), False
                        edge.tooltip = (gettext("local derivative {number}", number=number(local)),)
        return edge
