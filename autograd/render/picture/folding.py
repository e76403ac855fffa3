"""Large graphs made readable.

Modules become one box, and what repeats is drawn once, marked with how often.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd.form import Function, Infix
from autograd.op import ANY, Op
from autograd.render.labels import MINUS, number, visible
from autograd.render.picture.graph import (
    Box,
    Edge,
    Picture,
    leaf_kind,
    operation_text,
    path_of,
    scope_of,
    shade_of,
    short_label,
    spread,
    strongest,
    tone,
)
from autograd.render.picture.rolling import Rolled, Rounds, operands_of, pattern, roll_numbered
from autograd.value import Value
from autograd.words import gettext

__all__ = ["build_folded", "depth_of"]

ASKED = 500  # nodes of an arrow between groups, at most, whose local derivatives are read
ROLLED = 60  # boxes; a picture of rounds that has more is no shorter than others
_DIGITS = re.compile(r"\d+")
_Key = tuple[int, int, int, bool]
"""An arrow: from which group to which one, to which of its places, and whether it leads to the next round."""


class _Listed:
    """The nodes of a graph, after their operands, and by their numbers what is asked of them again."""

    def __init__(self, nodes: list[Value], gradients: list[float]) -> None:
        self.nodes, self.gradients = nodes, gradients
        self.operands = operands_of(nodes)
        self.scopes = [v.scope for v in nodes]


@dataclass(slots=True, eq=False)
class _Group:
    """Nodes drawn as one box: a single node, a module, or repeats of either."""

    members: list[int]
    scope: str
    op: Op | None
    module: str = ""
    scopes: set[str] = field(default_factory=set)
    count: int = 1


def depth_of(nodes: Sequence[Value]) -> int:
    """Return how many levels of modules there are."""
    return max((path.count(".") + 1 for v in nodes if (path := path_of(v.scope))), default=0)


def build_folded(
    gradients: Mapping[Value, float], *, depth: int | None, repeats: bool, rankdir: str, scale: float
) -> Picture:
    """Turn sorted nodes into a picture: one box for each module at ``depth``, one for each kind of repeat.

    The gradients are those of the nodes, in their order.
    """
    listed = _Listed(list(gradients), list(gradients.values()))
    if repeats and depth is None:
        rolled = _rolled(listed, rankdir, scale)
        if rolled is not None:
            return rolled
    groups, index = _modules(listed, depth)
    arrows = _arrows(listed, index)
    if repeats:
        classes = _classes(groups, arrows)
        if classes is not None:
            groups, renumbered = _merge(groups, classes)
            index = [renumbered[i] for i in index]
    return _picture(listed, groups, index, rankdir, scale)


def _rolled(listed: _Listed, rankdir: str, scale: float) -> Picture | None:
    """Return the picture in which rounds are drawn once, on plates; None where there are none, or few."""
    nodes, operands, scopes = listed.nodes, listed.operands, listed.scopes
    rolled = roll_numbered(nodes, operands, scopes)
    order, places, first, around = rolled.order, rolled.places, rolled.first, rolled.around
    if 2 * sum(found.period * found.count for found in rolled.rounds) < len(order):
        return None
    users: dict[int, int] = {}  # of leaves, the first place where each is used
    known = {*order}
    for place, i in enumerate(order):
        if not known.issuperset(operands[i]):
            leaves = set(operands[i]) - known
            users.update(dict.fromkeys(leaves, place))
            known |= leaves
    modules_seen = {*scopes}
    groups: list[_Group] = []
    index: list[int] = []
    numbers: dict[Any, int] = {}
    computed = len(order)
    for i, place in enumerate(places):
        key: Any = i, "alone"
        if place < computed:
            key = first[place]
        elif (user := users.get(i)) is not None and around[user]:
            key = first[user], _DIGITS.sub("*", nodes[i].label.rpartition(".")[2])
        number = numbers.get(key, -1)
        if number < 0:
            number = numbers[key] = len(groups)
            groups.append(_Group([], scope_of(nodes[i], modules_seen), nodes[i].op, "", set()))
        index.append(number)
        groups[number].members.append(i)
    if len(groups) > ROLLED:
        return None
    for group in groups:
        group.count = len(group.members)
        group.scopes = {scopes[i] or nodes[i].label.rpartition(".")[0] for i in group.members}
    graph = _picture(listed, groups, index, rankdir, scale, rolled)
    plates: dict[Rounds, str] = {}
    for box, group in zip(graph.nodes, groups, strict=True):
        i = group.members[0]
        v = nodes[i]
        at = places[i] if v.op is not None else users.get(i)
        whole = around[at] if at is not None else ()
        times = 1
        for found in whole:
            times *= found.count
        if v.op is None and len(group.members) < times:
            whole = ()
        names = []
        modules = 1  # how many the scope stands for
        for found in whole:
            if scopes[order[found.start]] != scopes[order[found.start + found.period]]:
                modules *= found.count
                continue
            if found not in plates:
                plates[found] = f"#{len(plates)}"
            names.append(plates[found])
            path = ".".join(names)
            graph.scope_counts[path] = found.count
            graph.scope_names[path] = gettext("each step") if found.carries else gettext("each")
        own = scope_of(v, modules_seen)
        own = pattern(own) if len(group.scopes) > 1 else own
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


def _modules(listed: _Listed, depth: int | None) -> tuple[list[_Group], list[int]]:
    """Put each node in a group of its own, or in that of its module at ``depth``."""
    scopes = {*listed.scopes} - {""}
    groups: list[_Group] = []
    index: list[int] = []
    modules: dict[str, int] = {}
    for i, v in enumerate(listed.nodes):
        scope = scope_of(v, scopes)
        parts = scope.split(".") if scope else []
        if depth is not None and len(parts) >= depth:
            path = ".".join(parts[:depth])
            if path not in modules:
                modules[path] = len(groups)
                outer = path.rpartition(".")[0]
                groups.append(_Group([], outer, None, path, {outer}))
            groups[modules[path]].members.append(i)
            index.append(modules[path])
        else:
            index.append(len(groups))
            groups.append(_Group([i], scope, v.op, "", {scope}))
    return groups, index


def _arrows(listed: _Listed, index: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Return, for each group, its operands in other groups with their positions."""
    below: list[list[tuple[int, int]]] = [[] for _ in range(max(index) + 1)]
    for v, operands, i in zip(listed.nodes, listed.operands, index, strict=True):
        at = _positions(v) if v.op is not None and not _symmetric(v.op) else itertools.repeat(0)
        below[i] += [(index[x], place) for x, place in zip(operands, at, strict=False) if index[x] != i]
    return below


def _positions(v: Value) -> list[int]:
    """Return where among all operands of a node those stand that are nodes."""
    return [position for position, x in enumerate(v.operands) if isinstance(x, Value)]


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
    listed: _Listed, groups: list[_Group], index: Sequence[int], rankdir: str, scale: float,
    rolled: Rolled | None = None,
) -> Picture:  # fmt: skip
    """Return the picture of groups of nodes.

    An arrow between groups of many is as strong, and has one local derivative, as a number of its edges tell
    that are taken evenly from all.
    """
    nodes, gradients = listed.nodes, listed.gradients
    scopes = {*listed.scopes} - {""}
    has_pass = any(gradients)
    graph = Picture(rankdir=rankdir, scale=scale)
    output = index[-1]
    for i, group in enumerate(groups):
        graph.nodes.append(
            _box(i, group, listed, scale, scopes, has_pass=has_pass, output=i == output)
        )
        if len(group.scopes) > 1:
            graph.scope_counts[group.scope] = max(len(group.scopes), graph.scope_counts.get(group.scope, 0))

    edges: dict[_Key, list[tuple[float | None, float]]] = {}
    counts: Counter[_Key] = Counter()
    # Nodes of a group whose operands are of the same groups differ in nothing that an arrow shows.
    alike: dict[tuple[int, tuple[int, ...], tuple[bool, ...]], list[int]] = {}
    single = [group.count == 1 and not group.module for group in groups]
    group_of = index.__getitem__
    places, begins = (rolled.places, rolled.begins) if rolled is not None else ([], [])
    place_of = places.__getitem__
    for i, below in enumerate(listed.operands):
        if not below:
            continue
        head = index[i]
        if single[head]:
            for position, x, (_, local) in zip(_positions(nodes[i]), below, nodes[i].edges(), strict=True):
                tail = index[x]
                key = tail, head, position if groups[tail].count == 1 else -1, False
                edges.setdefault(key, []).append((local, gradients[i]))
                counts[key] += 1
            continue
        back: tuple[bool, ...] = ()
        if rolled is not None and min(map(place_of, below)) < begins[i]:
            back = rolled.earlier(below, i)
        shared = head, tuple(map(group_of, below)), back
        found = alike.get(shared)
        if found is None:
            found = alike[shared] = []
            for key in _keys(*shared):
                edges.setdefault(key, [])
        found.append(i)
    heads: dict[_Key, list[tuple[int, tuple[bool, ...]]]] = {}
    for (head, tails, back), found in alike.items():
        members = [(i, back) for i in found]
        for key, times in Counter(_keys(head, tails, back)).items():
            counts[key] += times * len(found)
            heads.setdefault(key, []).extend(members)
    read: dict[int, dict[tuple[int, bool], list[tuple[float | None, float]]]] = {}
    for key, found_ in heads.items():
        for i, back in found_[:: -(-len(found_) // ASKED)]:
            if i not in read:
                parts: dict[tuple[int, bool], list[tuple[float | None, float]]] = {}
                read[i] = parts
                gradient, again_ = gradients[i], back or itertools.repeat(False)
                for x, again, (_, local) in zip(listed.operands[i], again_, nodes[i].edges(), strict=False):
                    parts.setdefault((index[x], again), []).append((local, gradient))
            edges[key] += read[i].get((key[0], key[-1]), ())
    for (tail, head, position, again), flows in edges.items():
        graph.edges.append(
            _arrow(len(graph.edges), tail, head, position, flows=flows, scale=scale, has_pass=has_pass)
        )
        graph.edges[-1].back = again
        graph.edges[-1].count = counts[tail, head, position, again]
    if not has_pass:
        graph.notices.append(gettext("no gradients yet: call backward() first"))
    return graph


def _keys(head: int, tails: tuple[int, ...], back: tuple[bool, ...]) -> list[_Key]:
    """Return the arrows of a node: its operands' groups, and which of them lead back."""
    return [
        (tail, head, -1, again)
        for tail, again in zip(tails, back or itertools.repeat(False), strict=False)
        if tail != head or again
    ]


def _box(
    i: int, group: _Group, listed: _Listed, scale: float, scopes: set[str], *, has_pass: bool, output: bool
) -> Box:
    members = [listed.nodes[number] for number in group.members]
    arrived = [listed.gradients[number] for number in group.members]
    if group.module:
        parameters = sum(v.op is None for v in members) // group.count
        title = visible(group.module.rpartition(".")[2])
        inner = len(members) // group.count
        value = (
            gettext("{nodes} nodes, {leaves} leaves", nodes=inner, leaves=parameters)
            if parameters
            else gettext("{nodes} nodes", nodes=inner)
        )
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
    locals_: set[str] = set()
    for found in {local for local, _ in flows if local is not None}:
        locals_.add(number(found, minus=MINUS))
        if len(locals_) > 1:
            break
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
