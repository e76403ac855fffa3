"""Graphs in and out of memory: deepcopy, pickle and JSON, at any depth and with sharing kept.

All three translate the slots of a node: nodes become twins, indices or names, and everything else stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from weakref import WeakSet

from autograd import ops
from autograd.backward import toposort
from autograd.errors import GraphError
from autograd.files import decode_float, encode_float, parse_json, read_text, write_atomically
from autograd.value import Note, Value

__all__ = ["deepcopy", "from_json", "load", "reduce", "save", "to_json"]

FORMAT, VERSION = "chainrule.graph", 1


def _closure(roots: Iterable[Value]) -> list[Value]:
    """Return all nodes that ``roots`` refer to: operands, and gradients that are nodes."""
    found = list(roots)
    seen = set(found)
    for node in found:  # grows as it goes
        for x in (*node.operands, node.grad):
            if isinstance(x, Value) and x not in seen:
                seen.add(x)
                found.append(x)
    return found


def _translator(swap: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Apply ``swap`` inside tuples as well, keeping tuples shared that were."""
    tuples: dict[int, tuple[Any, Any]] = {}

    def translate(x: Any) -> Any:
        if x.__class__ is not tuple:
            return swap(x)
        if id(x) not in tuples:
            tuples[id(x)] = x, tuple(map(translate, x))
        return tuples[id(x)][1]

    return translate


_MOVED = ("grad", "_a", "_b")  # the slots that may hold nodes
_KEPT = ("_data", "_da", "_db", "op")


def deepcopy(root: Value, memo: dict[int, Any]) -> Value:
    """Copy the graph below ``root``; what ``copy.deepcopy`` calls."""
    old = [node for node in _closure([root]) if id(node) not in memo]
    for node in old:
        memo[id(node)] = object.__new__(Value)
    translate = _translator(lambda x: memo[id(x)] if x.__class__ is Value else x)
    for node in old:
        twin = memo[id(node)]
        for slot in _KEPT:
            setattr(twin, slot, getattr(node, slot))
        for slot in _MOVED:
            setattr(twin, slot, translate(getattr(node, slot)))
        twin.note = None
        if node.note is not None:
            twin.note = Note(node.note.label, node.note.scope, node.note.source)
            twin.note.hooks = node.note.hooks
    memo.setdefault(id(memo), []).append(old)  # as the copy module does: an id must not be used again meanwhile
    return memo[id(root)]  # type: ignore[no-any-return]


class _Packed:
    """A set of nodes that a pickle holds as one flat object, so that no recursion follows their edges.

    Pickle's memo sees to it that each pack is written once. A pack that is alive is found again when
    another root into the same graph is pickled beside the first, which keeps what they share shared.
    """

    alive: ClassVar[WeakSet[_Packed]] = WeakSet()

    def __init__(self, root: Value) -> None:
        self.elsewhere: list[_Packed] = []
        self.nodes: list[Value] = []
        found, seen = [root], {root}
        for node in found:
            self.nodes.append(node)
            for x in (*node.operands, node.grad):
                if isinstance(x, Value) and x not in seen:
                    seen.add(x)
                    pack = _Packed.holding(x)
                    if pack is None:
                        found.append(x)
                    elif pack not in self.elsewhere:
                        self.elsewhere.append(pack)
        self.index = {id(node): i for i, node in enumerate(self.nodes)}
        _Packed.alive.add(self)

    @staticmethod
    def holding(node: Value) -> _Packed | None:
        """Return the living pack that holds ``node``."""
        return next((pack for pack in _Packed.alive if id(node) in pack.index), None)

    def number(self, x: Any) -> Any:
        """Return what stands for a node: its index here, or the pair of another pack's number and the index there."""
        if x.__class__ is not Value:
            return x
        if id(x) in self.index:
            return self.index[id(x)]
        return next([k, pack.index[id(x)]] for k, pack in enumerate(self.elsewhere) if id(x) in pack.index)

    def __reduce__(self) -> tuple[Any, ...]:
        # Written afresh for every pickle, so that it holds the data of that moment.
        translate = _translator(self.number)
        rows = []
        for node in self.nodes:
            note = None if node.note is None else (node.note.label, node.note.scope, node.note.source)
            moved = [translate(getattr(node, slot)) for slot in _MOVED]
            rows.append((*moved, *[getattr(node, slot) for slot in _KEPT], note))
        return _unpack, (rows, self.elsewhere)


class _Unpacked:
    """The nodes of a pack, while a pickle is read."""

    def __init__(self, nodes: list[Value]) -> None:
        self.nodes = nodes


def _unpack(rows: list[tuple[Any, ...]], elsewhere: list[_Unpacked]) -> _Unpacked:
    nodes: list[Value] = [object.__new__(Value) for _ in rows]

    def node_of(x: Any) -> Any:
        if x.__class__ is int:
            return nodes[x]
        # A list of two whole numbers names a node of another pack; a list of floats is a dot product's derivative.
        if x.__class__ is list and len(x) == 2 and x[0].__class__ is int:
            return elsewhere[x[0]].nodes[x[1]]
        return x

    translate = _translator(node_of)
    for node, row in zip(nodes, rows, strict=True):
        for slot, x in zip(_MOVED, row, strict=False):
            setattr(node, slot, translate(x))
        for slot, x in zip(_KEPT, row[len(_MOVED) :], strict=False):
            setattr(node, slot, x)
        node.note = None if row[-1] is None else Note(*row[-1])
    return _Unpacked(nodes)


def reduce(node: Value) -> tuple[Any, ...]:
    """Tell ``pickle`` how to rebuild ``node``: from a pack of its whole graph. Hooks are not kept."""
    pack = _Packed.holding(node) or _Packed(node)
    return _pick, (pack, pack.index[id(node)])


def _pick(pack: _Unpacked, index: int) -> Value:
    return pack.nodes[index]


def to_json(root: Value) -> str:
    """Write the graph below ``root`` as JSON text.

    Parameters
    ----------
    root
        The output of the graph.

    Returns
    -------
    str
        A JSON document. Floats round-trip exactly; hooks are not kept.

    Raises
    ------
    GraphError
        If a node's gradient is itself a node.

    Examples
    --------
    >>> x = Value(2.0, label="x")
    >>> from_json(to_json(x * x)).parents[0].label
    'x'
    """
    import json

    nodes = toposort(root)
    names = {node: f"n{i}" for i, node in enumerate(nodes)}
    vectors: dict[int, tuple[str, list[Any]]] = {}

    def encode(x: Any) -> Any:
        return names[x] if x.__class__ is Value else encode_float(x)

    def encode_vector(vector: tuple[Any, ...]) -> str:
        if id(vector) not in vectors:
            vectors[id(vector)] = f"v{len(vectors)}", [encode(x) for x in vector]
        return vectors[id(vector)][0]

    rows = []
    for node in nodes:
        if node.grad.__class__ is Value:
            raise GraphError("a gradient of this graph is itself a Value; set it to a number (zero_grad, or .grad = .grad.data) before saving")
        row: dict[str, Any] = {"data": encode_float(node.data), "grad": encode_float(node.grad)}
        if node.label:
            row["label"] = node.label
        if node.scope:
            row["scope"] = node.scope
        if node.op is not None:
            row["op"] = node.op.name
            row["operands"] = [encode_vector(v) for v in node._a] if node.op is ops.dot else [encode(x) for x in node.operands]
            row["local"] = [None if d is None else encode_float(d) for _, d in node.edges()]
        rows.append(row)
    document = {"format": FORMAT, "version": VERSION, "vectors": [v for _, v in vectors.values()], "nodes": rows}
    return json.dumps(document, allow_nan=False, ensure_ascii=False)


def from_json(text: str) -> Value:
    """Rebuild the graph that `to_json` wrote, and return its root.

    Parameters
    ----------
    text
        A JSON document.

    Returns
    -------
    Value
        The output of a graph of new nodes, with the data and gradients that were written.

    Raises
    ------
    GraphError
        If the text is anything else; the message says what is wrong and in which node.

    Examples
    --------
    >>> from_json("[]")
    Traceback (most recent call last):
    ...
    autograd.errors.GraphError: not a graph: expected an object with "format": "chainrule.graph"
    """
    try:
        document = parse_json(text)
    except ValueError as error:
        raise GraphError(f"not a graph: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise GraphError(f'not a graph: expected an object with "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise GraphError(f"a graph of version {document.get('version')!r}; this program reads version {VERSION}")
    rows, vectors = document.get("nodes"), document.get("vectors")
    if not isinstance(rows, list) or not rows or not isinstance(vectors, list):
        raise GraphError('not a graph: "nodes" must be a list of at least one node, and "vectors" a list')
    nodes: list[Value] = []
    tuples: dict[str, tuple[Any, ...]] = {}
    for number, row in enumerate(rows):
        try:
            nodes.append(_decode(row, nodes, vectors, tuples))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise GraphError(f"node {number} of the graph: {error.args[0] if error.args else error!r}") from None
    return nodes[-1]


def _decode(row: Any, nodes: Sequence[Value], vectors: list[Any], tuples: dict[str, tuple[Any, ...]]) -> Value:
    """Make one node of its JSON object; its operands are among ``nodes``."""
    if not isinstance(row, dict):
        raise ValueError("expected an object")
    unknown = row.keys() - {"data", "grad", "label", "scope", "op", "operands", "local"}
    if unknown:
        raise ValueError(f"unknown key {min(unknown)!r}")
    for key in ("data", "grad"):
        if key not in row:
            raise ValueError(f"the key {key!r} is missing")
    for key in ("label", "scope", "op"):
        if not isinstance(row.get(key, ""), str):
            raise ValueError(f"{key} must be text")
    node = Value(decode_float(row["data"]))
    node.grad = decode_float(row["grad"])
    if row.get("label") or row.get("scope"):
        node.note = Note(row.get("label", ""), row.get("scope", ""))
    if "op" in row:
        _decode_operation(node, row, nodes, vectors, tuples)
    return node


def _decode_operation(
    node: Value, row: dict[str, Any], nodes: Sequence[Value], vectors: list[Any], tuples: dict[str, tuple[Any, ...]]
) -> None:
    op = node.op = ops.lookup(row["op"])
    operands, local = row.get("operands"), row.get("local")
    if not isinstance(operands, list) or not isinstance(local, list):
        raise ValueError("an operation needs the lists operands and local")
    pair: list[tuple[Any, ...]] = []
    flat: tuple[Any, ...]
    if op is ops.dot:
        pair = [_vector(name, nodes, vectors, tuples) for name in operands]
        if len(pair) != 2 or len(pair[0]) != len(pair[1]):
            raise ValueError("dot takes two vectors of one length")
        flat = (*pair[0], *pair[1])
    else:
        flat = tuple(_operand(x, nodes) for x in operands)
        op.check_count(len(flat))
    parents = [x for x in flat if isinstance(x, Value)]
    if len(parents) != len(local):
        raise ValueError(f"{len(parents)} of the operands are nodes, but there are {len(local)} local derivatives")
    known = iter(local)
    floats = [(None if (d := next(known)) is None else decode_float(d)) if isinstance(x, Value) else None for x in flat]
    if op is ops.dot:
        half = len(pair[0])
        node._a = tuple(pair)
        halves = zip(pair, (floats[:half], floats[half:]), strict=True)
        node._b = tuple([d or 0.0 for d in ds] if any(isinstance(x, Value) for x in v) else None for v, ds in halves)
    elif len(flat) > 2 or op.arity == ops.ANY:
        node._a, node._b = flat, tuple(floats)
    else:
        node._a, node._b = (*flat, None)[:2]
        node._da, node._db = (*floats, None)[:2]


def _operand(x: Any, nodes: Sequence[Value]) -> Value | float:
    if isinstance(x, str) and x[:1] == "n" and x[1:].isdecimal():
        if int(x[1:]) >= len(nodes):
            raise ValueError(f"the operand {x!r} does not stand before its result")
        return nodes[int(x[1:])]
    return decode_float(x)


def _vector(name: Any, nodes: Sequence[Value], vectors: list[Any], tuples: dict[str, tuple[Any, ...]]) -> tuple[Any, ...]:
    if name not in tuples:
        if not (isinstance(name, str) and name[:1] == "v" and name[1:].isdecimal() and int(name[1:]) < len(vectors)):
            raise ValueError(f"there is no vector {name!r}")
        tuples[name] = tuple(_operand(x, nodes) for x in vectors[int(name[1:])])
    return tuples[name]


def save(root: Value, path: str | os.PathLike[str]) -> None:
    """Write the graph below ``root`` to a JSON file, whole or not at all.

    Parameters
    ----------
    root
        The output of the graph.
    path
        The file; one that is there is replaced at once, so that a reader sees the old graph or the new one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Value(2.0) * 3.0, folder + "/graph.json")
    ...     load(folder + "/graph.json")
    Value(data=6.0, grad=0.0)
    """
    write_atomically(path, to_json(root))


def load(path: str | os.PathLike[str]) -> Value:
    """Read the graph that `save` wrote, and return its root.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Value
        As `from_json` does.

    Raises
    ------
    GraphError
        If the file holds anything else.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> x = Value(2.0, "x")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(x ** 3, folder + "/graph.json")
    ...     y = load(folder + "/graph.json")
    >>> y.backward()
    >>> y.parents
    (Value(data=2.0, grad=12.0, label='x'),)
    """
    try:
        text = read_text(path)
    except ValueError as error:
        raise GraphError(str(error)) from None
    return from_json(text)
