"""Large graphs made readable.

Modules become one box, and what repeats is drawn once, marked with how often.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from autograd.form import Function, Infix
from autograd.op import ANY, Op
from autograd.render.derive.steps import positioned_edges
from autograd.render.labels import MINUS, number, visible
from autograd.render.picture.graph import (
    Box,
    Edge,
    Picture,
    gradient_of,
    leaf_kind,
    operation_text,
    path_of,
    scope_of,
    shade_of,
    short_label,
    span_of,
    spread,
    strongest,
    tone,
)
from autograd.render.picture.rolling import Rounds, carried, pattern, roll
from autograd.value import Value

__all__ = ["build_folded", "depth_of"]

ASKED = 500  # nodes of an arrow between groups, at most, whose local derivatives are read
ROLLED = 60  # boxes; a picture of rounds that has more is no shorter than others
_DIGITS = re.compile(r"\d+")
_Key = tuple[int, int, int, bool]
"""An arrow: from which group to which one, to which of its places, and whether it leads to the next round."""


@dataclass(slots=True, eq=False)
class _Group:
    """Nodes drawn as one box: a single node, a module, or repeats of either."""

    members: list[Value]
    scope: str
    op: Op | None
    module: str = ""
    scopes: set[str] = field(default_factory=set)
    count: int = 1


def depth_of(nodes: Sequence[Value]) -> int:
    """Return how many levels of modules there are."""
    return max((path.count(".") + 1 for v in nodes if (path := path_of(v.scope))), default=0)


def build_folded(
    nodes: Sequence[Value], *, depth: int | None, repeats: bool, rankdir: str, scale: float | None = None
) -> Picture:
    """Turn sorted nodes into a picture: one box for each module at ``depth``, one for each kind of repeat."""
    if repeats and depth is None:
        rolled = _rolled(nodes, rankdir, scale)
        if rolled is not None:
            return rolled
    groups, index = _modules(nodes, depth)
    arrows = _arrows(nodes, index)
    if repeats:
        classes = _classes(groups, arrows)
        if classes is not None:
            groups, renumbered = _merge(groups, classes)
            index = {v: renumbered[i] for v, i in index.items()}
    return _picture(nodes, groups, index, rankdir, scale)


def _rolled(nodes: Sequence[Value], rankdir: str, scale: float | None) -> Picture | None:
    """Return the picture in which rounds are drawn once, on plates; None where there are none, or few."""
    rolled = roll(nodes)
    covered = sum(found.period * found.count for found in rolled.rounds)
    if 2 * covered < len(rolled.place):
        return None
    groups: list[_Group] = []
    index: dict[Value, int] = {}
    numbers: dict[Any, int] = {}
    users: dict[Value, int] = {}
    scopes = {*rolled.scopes}
    places, first, around = rolled.place, rolled.first, rolled.around
    known = {*places}
    for v, i in places.items():
        leaves = set(rolled.parents[v]).difference(known)
        if leaves:
            known |= leaves
            users.update(dict.fromkeys(leaves, i))
    for v in nodes:
        place = places.get(v)
        key: Any = v
        if place is not None:
            key = first[place]
        elif (user := users.get(v)) is not None and around[user]:
            key = "leaf", first[user], _DIGITS.sub("*", v.label.rpartition(".")[2])
        number = numbers.get(key, -1)
        if number < 0:
            number = numbers[key] = len(groups)
            groups.append(_Group([], scope_of(v, scopes), v.op, "", set()))
        index[v] = number
        group = groups[number]
        group.members.append(v)
        group.scopes.add((place is not None and rolled.scopes[place]) or v.label.rpartition(".")[0])
    for group in groups:
        group.count = len(group.members)
    if len(groups) > ROLLED:
        return None
    graph = _picture(nodes, groups, index, rankdir, scale, rolled.turns(), rolled.parents)
    sequence = list(rolled.place)
    plates: dict[Rounds, str] = {}
    for box, group in zip(graph.nodes, groups, strict=True):
        v = group.members[0]
        place = rolled.place.get(v, users.get(v))
        whole = rolled.around[place] if place is not None else ()
        times = 1
        for found in whole:
            times *= found.count
        if v.op is None and len(group.members) < times:
            whole = ()
        names = []
        modules = 1  # how many the scope stands for
        for found in whole:
            if sequence[found.start].scope != sequence[found.start + found.period].scope:
                modules *= found.count
                continue
            if found not in plates:
                plates[found] = f"#{len(plates)}"
            names.append(plates[found])
            path = ".".join(names)
            graph.scope_counts[path] = found.count
            graph.scope_names[path] = "each step" if found.carries else "each"
        own = pattern(scope_of(v, scopes)) if len(group.scopes) > 1 else scope_of(v, scopes)
        box.scope = ".".join([*names, own] if own else names)
        if modules > 1:
            graph.scope_counts[box.scope] = modules
        if whole and len(group.members) == times:
            box.count = modules
    inside = {box.id: box for box in graph.nodes}
    for edge in graph.edges:
        ends = inside[edge.tail], inside[edge.head]
        if edge.count > 1 and any(box.scope.startswith("#") for box in ends):
            edge.count = 1
    return graph


def _modules(nodes: Sequence[Value], depth: int | None) -> tuple[list[_Group], dict[Value, int]]:
    """Put each node in a group of its own, or in that of its module at ``depth``."""
    scopes = {v.scope for v in nodes if v.scope}
    groups: list[_Group] = []
    index: dict[Value, int] = {}
    modules: dict[str, int] = {}
    for v in nodes:
        scope = scope_of(v, scopes)
        parts = scope.split(".") if scope else []
        if depth is not None and len(parts) >= depth:
            path = ".".join(parts[:depth])
            if path not in modules:
                modules[path] = len(groups)
                outer = path.rpartition(".")[0]
                groups.append(_Group([], outer, None, path, {outer}))
            groups[modules[path]].members.append(v)
            index[v] = modules[path]
        else:
            index[v] = len(groups)
            groups.append(_Group([v], scope, v.op, "", {scope}))
    return groups, index


def _arrows(nodes: Sequence[Value], index: dict[Value, int]) -> list[list[tuple[int, int]]]:
    """Return, for each group, its operands in other groups with their positions."""
    below: list[list[tuple[int, int]]] = [[] for _ in range(max(index.values()) + 1)]
    for v in nodes:
        i = index[v]
        if v.op is not None and not _symmetric(v.op):
            below[i] += [
                (index[x], position)
                for position, x in enumerate(v.operands)
                if isinstance(x, Value) and index[x] != i
            ]
        else:
            below[i] += [(index[x], 0) for x in v.operands if isinstance(x, Value) and index[x] != i]
    return below


_SYMMETRIC = frozenset(["+", "*", "max", "min"])


def _symmetric(op: Op) -> bool:
    """Whether it makes no difference in which order the operands stand."""
    sign = (
        op.form.sign if isinstance(op.form, Infix) else op.form.word if isinstance(op.form, Function) else ""
    )
    return op.arity == ANY or sign in _SYMMETRIC


def _order(below: list[list[tuple[int, int]]]) -> list[int] | None:
    """Return the groups after their operands; None where modules depend on each other in a circle."""
    tails = [{j for j, _ in arrows} for arrows in below]
    waiting = [len(found) for found in tails]
    above: list[list[int]] = [[] for _ in below]
    for i, found in enumerate(tails):
        for j in found:
            above[j].append(i)
    order = [i for i, w in enumerate(waiting) if not w]
    for i in order:  # grows on the way
        for j in above[i]:
            waiting[j] -= 1
            if not waiting[j]:
                order.append(j)
    return order if len(order) == len(below) else None


def _classes(groups: list[_Group], below: list[list[tuple[int, int]]]) -> list[int] | None:
    """Number the groups so that alike ones share a number.

    Alike in what they are made of, and in what is made of them.

    A chain such as ``a + b + c + ...`` counts as one sum, for its links are alike to a reader.
    """
    order = _order(below)
    if order is None:
        return None
    interned: dict[Any, int] = {}
    above: list[list[tuple[int, int]]] = [[] for _ in groups]
    for i, arrows in enumerate(below):
        for j, position in arrows:
            above[j].append((i, position))
    made_of = [0] * len(groups)
    parts: list[frozenset[Any]] = [frozenset()] * len(groups)
    link = [False] * len(groups)  # whether the only consumer is the next link of the same chain
    for i in order:
        group = groups[i]
        operands: set[Any] = set()
        for j, position in below[i]:
            if (
                group.op is not None
                and groups[j].op is group.op
                and len(above[j]) == 1
                and groups[j].scopes == group.scopes
            ):
                link[j] = True
                operands |= parts[j]
            else:
                operands.add((made_of[j], position))
        parts[i] = frozenset(operands)
        kind = group.op.name if group.op is not None else "module" if group.module else "leaf"
        made_of[i] = interned.setdefault(
            (kind, pattern(group.module), pattern(group.scope), parts[i]), len(interned)
        )
    used_in = [0] * len(groups)
    for i in reversed(order):
        if link[i]:
            used_in[i] = used_in[above[i][0][0]]
        else:
            users = frozenset((used_in[j], position) for j, position in above[i])
            used_in[i] = interned.setdefault((made_of[i], users), len(interned))
    return used_in


def _merge(groups: list[_Group], classes: list[int]) -> tuple[list[_Group], list[int]]:
    """Make one group of each class."""
    numbers: dict[int, int] = {}
    merged: list[_Group] = []
    renumbered = []
    for group, kind in zip(groups, classes, strict=True):
        if kind not in numbers:
            numbers[kind] = len(merged)
            merged.append(_Group(list(group.members), group.scope, group.op, group.module, set(group.scopes)))
        else:
            into = merged[numbers[kind]]
            into.members += group.members
            into.scopes |= group.scopes
            into.count += 1
            if group.module != into.module:
                into.module = pattern(into.module)
        renumbered.append(numbers[kind])
    for group in merged:
        if len(group.scopes) > 1:
            group.scope = pattern(group.scope)
    return merged, renumbered


def _picture(
    nodes: Sequence[Value], groups: list[_Group], index: dict[Value, int], rankdir: str,
    scale: float | None,
    turns: Mapping[Value, tuple[Any, int, Any, int]] = MappingProxyType({}),
    parents: Mapping[Value, tuple[Value, ...]] = MappingProxyType({}),
) -> Picture:  # fmt: skip
    """Return the picture of groups; the parents of nodes are read where they are not given.

    An arrow between groups of many is as strong, and has one local derivative, as a number of its edges tell
    that are taken evenly from all.
    """
    gradients = {v: gradient_of(v) for v in nodes}
    scale = span_of(gradients, nodes[-1:]) if scale is None else scale
    scopes = {v.scope for v in nodes} - {""}
    has_pass = any(gradients.values())
    graph = Picture(rankdir=rankdir, scale=scale)
    output = index[nodes[-1]]
    for i, group in enumerate(groups):
        graph.nodes.append(_box(i, group, gradients, scale, scopes, has_pass=has_pass, output=i == output))
        if len(group.scopes) > 1:
            graph.scope_counts[group.scope] = max(len(group.scopes), graph.scope_counts.get(group.scope, 0))

    edges: dict[_Key, list[tuple[float | None, float]]] = {}
    counts: Counter[_Key] = Counter()
    # Nodes of a group whose operands are of the same groups differ in nothing that an arrow shows.
    alike: dict[tuple[int, tuple[int, ...], tuple[bool, ...]], list[Value]] = {}
    group_of, turn_of = index.__getitem__, turns.get
    for v in nodes:
        head, turn = index[v], turn_of(v)
        if groups[head].count == 1 and not groups[head].module:
            for position, parent, local in positioned_edges(v):
                tail = index[parent]
                place = position if groups[tail].count == 1 else -1
                key = tail, head, place, carried(turn_of(parent), turn)
                edges.setdefault(key, []).append((local, gradients[v]))
                counts[key] += 1
            continue
        listed = parents.get(v) or v.parents
        tails = tuple(map(group_of, listed))
        back: tuple[bool, ...] = ()
        if turn is not None and not {*map(turn_of, listed)}.issubset((None, turn)):
            back = tuple([carried(before, turn) for before in map(turn_of, listed)])
            back = back if any(back) else ()
        shared = head, tails, back
        if shared not in alike:
            alike[shared] = []
            for key in _keys(*shared):
                edges.setdefault(key, [])
        alike[shared].append(v)
    heads: dict[_Key, list[Value]] = {}
    for shared, found in alike.items():
        for key, times in Counter(_keys(*shared)).items():
            counts[key] += times * len(found)
            heads.setdefault(key, []).extend(found)
    read: dict[Value, dict[tuple[int, bool], list[tuple[float | None, float]]]] = {}
    for key, found in heads.items():
        for v in found[:: -(-len(found) // ASKED)]:
            if v not in read:
                parts: dict[tuple[int, bool], list[tuple[float | None, float]]] = {}
                read[v] = parts
                turn, gradient = turn_of(v), gradients[v]
                for parent, local in v.edges():
                    to = index[parent], carried(turn_of(parent), turn)
                    parts.setdefault(to, []).append((local, gradient))
            edges[key] += read[v].get((key[0], key[-1]), ())
    for (tail, head, position, again), flows in edges.items():
        graph.edges.append(
            _arrow(len(graph.edges), tail, head, position, flows=flows, scale=scale, has_pass=has_pass)
        )
        graph.edges[-1].back = again
        graph.edges[-1].count = counts[tail, head, position, again]
    if not has_pass:
        graph.notices.append("no gradients yet: call backward() first")
    return graph


def _keys(head: int, tails: tuple[int, ...], back: tuple[bool, ...]) -> list[_Key]:
    """Return the arrows of a node: its operands' groups, and which of them lead back."""
    return [
        (tail, head, -1, again)
        for tail, again in zip(tails, back or itertools.repeat(False), strict=False)
        if tail != head or again
    ]


def _box(
    i: int, group: _Group, gradients: dict[Value, float], scale: float, scopes: set[str], *, has_pass: bool,
    output: bool,
) -> Box:  # fmt: skip
    members = group.members
    arrived = [gradients[v] for v in members]
    if group.module:
        parameters = sum(v.op is None for v in members) // group.count
        title = visible(group.module.rpartition(".")[2])
        value = f"{len(members) // group.count} nodes" + (f", {parameters} leaves" if parameters else "")
        node = Box(
            f"n{i}",
            title,
            "",
            value,
            "",
            kind="group",
            scope=group.scope,
            count=group.count,
            value_name="holds",
        )
    else:
        labels = {
            short_label(label, group.scope if group.count == 1 else label.rpartition(".")[0])
            for label in {v.label for v in members}
        }
        patterns = {_DIGITS.sub("*", label) for label in labels}
        title = labels.pop() if len(labels) == 1 else patterns.pop() if len(patterns) == 1 else ""
        operations = {operation_text(v) for v in members[:200]}
        operation = operations.pop() if len(operations) == 1 else operation_text(members[0]).split(" ")[0]
        kind = leaf_kind(members[0], scopes) if group.op is None else "output" if output else "operation"
        node = Box(
            f"n{i}",
            title,
            operation,
            spread([v.data for v in members]),
            "",
            kind=kind,
            scope=group.scope,
            count=len(members),
        )
    if has_pass:
        node.gradient = spread(arrived)
        node.tone = shade_of(members[0], strongest(arrived), scale, members[:1] if output else ())
    return node


def _arrow(
    i: int,
    tail: int,
    head: int,
    position: int,
    *,
    flows: list[tuple[float | None, float]],
    scale: float,
    has_pass: bool,
) -> Edge:
    locals_ = {number(local, minus=MINUS) for local in {local for local, _ in flows} if local is not None}
    taken = any(local is not None for local, _ in flows)
    contributions = [g * local for local, g in flows if local is not None]
    shade = tone(strongest(contributions), scale) if has_pass and contributions else "none"
    edge = Edge(
        f"e{i}",
        f"n{tail}",
        f"n{head}",
        max(position, 0),
        locals_.pop() if len(locals_) == 1 else "",
        tone=shade,
        taken=taken,
        count=len(flows),
    )
    if len(contributions) == 1 and has_pass:
        edge.contribution = number(contributions[0], minus=MINUS)
    return edge
