"""Graphs copied and pickled, at any depth and with sharing kept.

Both read the slots of a node: a copy replaces each node there by its copy, a pickle by its index.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import Any
from weakref import ref

from autograd.backward import sort
from autograd.errors import GraphError
from autograd.joint import MultiOpCall
from autograd.node import NODE_SLOTS, OTHER_SLOTS, Bundle, Call, Node, Note
from autograd.op import OpOfCall
from autograd.sweep import in_turn
from autograd.words import gettext

__all__ = ["attributes", "deepcopy", "give", "like", "reduce", "refuse_call"]


def like(node: Node) -> Any:
    """Return a blank node of the same class."""
    kind = node.__class__
    return Node._new() if kind is Node._kind else kind.__new__(kind)


def attributes(node: Node) -> dict[str, Any]:
    """Return what a node of a class that a user derived holds beside what every node does."""
    if node.__class__ is Node._kind:
        return {}
    held = dict(getattr(node, "__dict__", ()))
    for kind in node.__class__.__mro__:
        if kind is Node._kind:
            break
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(node, name):
                held[name] = getattr(node, name)
    return held


def give(node: Node, held: dict[str, Any]) -> None:
    """Give a node what `attributes` found in another."""
    for name, x in held.items():
        object.__setattr__(node, name, x)


def _closure(root: Node, known: Container[int]) -> list[Any]:
    """Return what ``root`` refers to: operands, gradients that are nodes, and calls with several results.

    Those whose ids are ``known`` are left out, and so is what only they refer to.
    """
    found: list[Any] = [root]
    seen = {root}
    for node in found:  # grows as it goes
        for x in _referred(node):
            if x not in seen and id(x) not in known:
                seen.add(x)
                found.append(x)
    return found


def _referred(node: Any) -> list[Any]:
    """Return the nodes and the calls with several results that a node or such a call refers to."""
    refuse_call(node)
    return [
        x
        for x in (*node._predecessors(), None if isinstance(node, Call) else node.grad)
        if isinstance(x, (Node, Call))
    ]


def refuse_call(node: Any) -> None:
    """Raise where a node is the result of a checkpointed call, or was made by hand.

    A copy of it would still lead to the original's operands.
    """
    if isinstance(node.op, OpOfCall):
        raise GraphError(gettext(node.op.no_copy))


def _refuse_cycles(nodes: list[Any]) -> None:
    """Raise where a node depends on itself; what others than ``nodes`` depend on is not looked at."""
    known = set(nodes)
    sort(
        Bundle(tuple(nodes)),
        [x for node in nodes for x in node._predecessors() if isinstance(x, (Node, Call)) and x not in known],
    )


class _Translator:
    """Replace nodes by ``swap(node)``, in tuples too; tuples that were shared stay shared."""

    # Not a function that calls itself: that one would be a cycle, which keeps the graph until the collector
    # comes by.
    def __init__(self, swap: Callable[[Any], Any]) -> None:
        self.swap = swap
        self.tuples: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any) -> Any:
        if x.__class__ is not tuple:
            return self.swap(x)
        if id(x) not in self.tuples:
            self.tuples[id(x)] = x, tuple(map(self, x))
        return self.tuples[id(x)][1]


_KEPT_BY_CALLS = ("kind", "_values", "_kept")


_ROW_OF_CALL = 1 + len(_KEPT_BY_CALLS)  # how much a pickle holds of a call with several results
_ROW_OF_NODE = 5 + len(OTHER_SLOTS)  # and of a node; of one of a derived class, that class behind it


def _numbers_of(call: MultiOpCall) -> tuple[Any, ...]:
    """Return what a call keeps, as a pickle holds it; where two are the same they stay so."""
    values = call.values
    return call.kind, values, values if call._kept is call._values else call.kept


def _fill(call: MultiOpCall, operands: tuple[Any, ...], kept: Iterable[Any]) -> None:
    call.grad = None
    call._a, call.count = operands, len(operands)
    for slot, x in zip(_KEPT_BY_CALLS, kept, strict=True):
        setattr(call, slot, x)


def deepcopy(root: Node, memo: dict[int, Any]) -> Any:
    """Copy the graph below ``root``; what ``copy.deepcopy`` calls."""
    # Between the passes of other threads: each ``grad`` is a number then.
    twin, old = in_turn(partial(_copied, root, memo))
    for node in old:
        if held := isinstance(node, Node) and attributes(node):
            give(memo[id(node)], copy.deepcopy(held, memo))
    return twin


def _copied(root: Node, memo: dict[int, Any]) -> Any:
    old = _closure(root, memo)
    _refuse_cycles(old)
    for node in old:
        memo[id(node)] = object.__new__(MultiOpCall) if node.__class__ is MultiOpCall else like(node)
    translate = _Translator(lambda x: memo[id(x)] if isinstance(x, (Node, MultiOpCall)) else x)
    for node in old:
        twin = memo[id(node)]
        if node.__class__ is MultiOpCall:
            _fill(twin, translate(node.elements), [getattr(node, slot) for slot in _KEPT_BY_CALLS])
            continue
        for slot in OTHER_SLOTS:
            setattr(twin, slot, getattr(node, slot))
        for slot in NODE_SLOTS:
            setattr(twin, slot, translate(getattr(node, slot)))
        twin.note = None
        if node.note is not None:
            twin.note = Note(node.note.label, node.note.scope, node.note.source)
            twin.note.hooks = node.note.hooks
    # As the copy module does: an id must not be used again meanwhile.
    memo.setdefault(id(memo), []).append(old)
    return memo[id(root)], old


class _Packs(threading.local):
    """The living packs of this thread, by the ids of their nodes."""

    def __init__(self) -> None:
        self.holding: dict[int, ref[_Packed]] = {}

    def find(self, node: Node) -> _Packed | None:
        """Return the living pack that holds ``node``."""
        found = self.holding.get(id(node))
        return None if found is None else found()


_packs = _Packs()


def _forget(ids: Iterable[int], holding: dict[int, ref[_Packed]], _: Any) -> None:
    for i in ids:
        holding.pop(i, None)


class _Packed:
    """A set of nodes that a pickle holds as one flat object, so that no recursion follows their edges.

    Pickle's memo sees to it that each pack is written once. A pack that is alive is found again when
    another root into the same graph is pickled beside the first, which keeps what they share shared.
    """

    def __init__(self, root: Node) -> None:
        self.elsewhere: list[_Packed] = []
        self.nodes: list[Any] = []  # and the calls with several results
        self.index: dict[int, int] = {}
        # When the pack goes, and before its nodes do, their ids are forgotten, for others may get them.
        self.reference: Any = ref(self, partial(_forget, self.index, _packs.holding))
        self._take(root)
        self._add_dependencies()
        _refuse_cycles(self.nodes)

    def _take(self, node: Node | MultiOpCall) -> None:
        refuse_call(node)
        self.index[id(node)] = len(self.nodes)
        self.nodes.append(node)
        _packs.holding[id(node)] = self.reference

    def _add_dependencies(self) -> None:
        for node in self.nodes:  # grows as it goes
            for x in _referred(node):
                if id(x) not in self.index:
                    pack = _packs.find(x)
                    if pack is None:
                        self._take(x)
                    elif pack not in self.elsewhere:
                        self.elsewhere.append(pack)

    def number(self, x: Any) -> Any:
        """Return what stands for a node.

        That is its index here, or the pair of another pack's number and the index there.
        """
        if not isinstance(x, (Node, MultiOpCall)):
            return x
        if id(x) in self.index:
            return self.index[id(x)]
        return next([k, pack.index[id(x)]] for k, pack in enumerate(self.elsewhere) if id(x) in pack.index)

    def __reduce__(self) -> tuple[Any, ...]:
        return in_turn(self._written)

    def _written(self) -> tuple[Any, ...]:
        # Written afresh for every pickle, so that it holds the data of that moment, and gradients that came
        # since.
        self._add_dependencies()
        translate = _Translator(self.number)
        rows: list[tuple[Any, ...]] = []
        for node in self.nodes:
            if node.__class__ is MultiOpCall:
                rows.append((translate(node.elements), *_numbers_of(node)))
                continue
            note = None if node.note is None else (node.note.label, node.note.scope, node.note.source)
            # Whatever else a user has put in ``grad``, say the int 0, is told from a node's number by its
            # place.
            linked = isinstance(node.grad, Node)
            grad = (translate(node.grad), None) if linked else (None, node.grad)
            kind = () if node.__class__ is Node._kind else (node.__class__,)
            rows.append(
                (
                    *grad,
                    translate(node._a),
                    translate(node._b),
                    *[getattr(node, slot) for slot in OTHER_SLOTS],
                    note,
                    *kind,
                )
            )
        held = {i: more for i, x in enumerate(self.nodes) if isinstance(x, Node) and (more := attributes(x))}
        return (_unpack, (rows, self.elsewhere), *([held] if held else []))


class _Unpacked:
    """The nodes of a pack, while a pickle is read."""

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes

    def __setstate__(self, held: dict[int, dict[str, Any]]) -> None:
        """Give nodes of derived classes their attributes, which may be nodes of the pack."""
        for i, more in held.items():
            give(self.nodes[i], more)


def _unpack(rows: list[tuple[Any, ...]], elsewhere: list[_Unpacked]) -> _Unpacked:
    nodes: list[Any] = [
        object.__new__(MultiOpCall)
        if len(row) == _ROW_OF_CALL
        else Node._new()
        if len(row) == _ROW_OF_NODE
        else row[-1].__new__(row[-1])
        for row in rows
    ]

    def node_of(x: Any) -> Any:
        if x.__class__ is int:
            return nodes[x]
        # A list of two whole numbers names a node of another pack; a list of floats is a dot product's
        # derivative.
        if x.__class__ is list and len(x) == 2 and x[0].__class__ is int:
            return elsewhere[x[0]].nodes[x[1]]
        return x

    translate = _Translator(node_of)
    for node, row in zip(nodes, rows, strict=True):
        if node.__class__ is MultiOpCall:
            _fill(node, translate(row[0]), row[1:])
            continue
        link, grad, a, b, *kept, note = row[:_ROW_OF_NODE]
        node.grad = grad if link is None else translate(link)
        node._a, node._b = translate(a), translate(b)
        for slot, x in zip(OTHER_SLOTS, kept, strict=True):
            setattr(node, slot, x)
        node.note = None if note is None else Note(*note)
    return _Unpacked(nodes)


def reduce(node: Node) -> tuple[Any, ...]:
    """Tell ``pickle`` how to rebuild ``node``: from a pack of its whole graph. Hooks are not kept."""
    pack = _packs.find(node) or _Packed(node)
    return _pick, (pack, pack.index[id(node)])


def _pick(pack: _Unpacked, index: int) -> Node:
    return pack.nodes[index]  # type: ignore[no-any-return]
