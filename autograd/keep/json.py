"""Graphs as JSON, at any depth and with sharing kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from autograd import ops
from autograd.backward import toposort
from autograd.errors import GraphError
from autograd.floats.convert import to_float
from autograd.joint import MultiOpCall
from autograd.keep.copying import refuse_call
from autograd.keep.files import (
    DEPTH,
    NAME,
    SIZE,
    decode_float,
    encode_float,
    entries_within,
    parse_json,
    read_text,
    write_atomically,
)
from autograd.keep.recordable import agrees, call_agrees, difference
from autograd.modes import check_path, refuse_constant
from autograd.op import several
from autograd.value import Note, Value
from autograd.words import gettext, marked

__all__ = ["from_json", "load", "save", "to_json"]

FORMAT, VERSION = "chainrule.graph", 1


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
    TypeError
        If it is no Value.
    GraphError
        If a node's gradient is itself a node, or a label or scope is longer than what `from_json` reads.
    TracingError
        Inside a function that is differentiated, where the graph depends on the function's arguments.

    Examples
    --------
    >>> x = Value(2.0, label="x")
    >>> from_json(to_json(x * x)).parents[0].label
    'x'
    """
    import json

    if not isinstance(root, Value):
        hint = gettext("write the Value that all others lead to")
        if hasattr(root, "parameters") or isinstance(root, dict):
            hint = gettext("a model writes its numbers itself: model.save(path)")
        raise TypeError(gettext(
            "a graph is written from one Value, got {kind}; {hint}",
            kind=type(root).__name__, hint=hint,
        ))  # fmt: skip
    nodes = toposort(root)
    refuse_constant(
        [root],
        "writes a Value to JSON",
        "what is read from it",
        "Write x itself in place of a copy, or x.detach() where a constant is meant",
    )
    names = {node: f"n{i}" for i, node in enumerate(nodes)}
    vectors: dict[int, tuple[str, list[Any]]] = {}

    def encode(x: Any) -> Any:
        return names[x] if isinstance(x, Value) else encode_float(x)

    def encode_vector(vector: tuple[Any, ...]) -> str:
        if id(vector) not in vectors:
            vectors[id(vector)] = f"v{len(vectors)}", [encode(x) for x in vector]
        return vectors[id(vector)][0]

    calls: dict[MultiOpCall, tuple[str, dict[str, Any]]] = {}

    def encode_call(call: MultiOpCall) -> str:
        if call not in calls:
            held: dict[str, Any] = {
                "op": call.kind.name,
                "operands": [encode(x) for x in call.elements],
                "values": list(map(encode_float, call.values)),
            }
            if call._kept is not call._values:
                held["kept"] = list(map(encode_float, call.kept))
            if not call_agrees(call):
                held["assigned"] = True
            calls[call] = f"c{len(calls)}", held
        return calls[call][0]

    rows = []
    for node in nodes:
        refuse_call(node)
        if isinstance(node.grad, Value):
            raise GraphError(gettext(
                "a gradient of this graph is itself a Value; set it to a number (zero_grad, or .grad = "
                ".grad.data) before saving"
            ))  # fmt: skip
        # None is what users of PyTorch clear gradients with.
        grad = 0.0 if node.grad is None else to_float(node.grad)
        row: dict[str, Any] = {"data": encode_float(node.data), "grad": encode_float(grad)}
        try:
            _check_names(node.label, node.scope)
        except ValueError as error:
            raise GraphError(gettext(
                "{node} is not saved: {error}",
                node=f"{node!r:.60}", error=error,
            )) from None  # fmt: skip
        if node.label:
            row["label"] = node.label
        if node.scope:
            row["scope"] = node.scope
        if isinstance(node._call, MultiOpCall):
            row["call"], row["index"] = encode_call(node._call), node._index
        elif node.op is not None:
            row["op"] = node.op.saved_name()
            row["operands"] = (
                [encode(x) for x in node.operands]
                if node._vectors is None
                else [encode_vector(v) for v in node._vectors]
            )
            local = [d for _, d in node.edges()]
            row["local"] = [None if d is None else encode_float(d) for d in local]
            if not agrees(node.op, node._data, node.operands, local):
                row["assigned"] = True
        rows.append(row)
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "vectors": [v for _, v in vectors.values()],
    }
    if calls:  # of operations with several results: the operands of each once
        document["calls"] = [held for _, held in calls.values()]
    document["nodes"] = rows
    return json.dumps(document, allow_nan=False, ensure_ascii=False)


def from_json(text: str, *, limit: int = SIZE) -> Value:
    """Rebuild the graph that `to_json` wrote, and return its root.

    Parameters
    ----------
    text
        A JSON document.
    limit
        The text may hold a value for every 16 of so many bytes, and at least ten million of them; by default
        256 MiB. Each dot product counts as so many values as it multiplies.

    Returns
    -------
    Value
        The output of a graph of new nodes, with the data and gradients that were written.

    Raises
    ------
    GraphError
        If the text is anything else, or no recording of that operation gives those local derivatives; the
        message says what is wrong and in which node.

    Examples
    --------
    >>> from_json("[]")
    Traceback (most recent call last):
    ...
    autograd.errors.GraphError: not a graph: expected an object with "format": "chainrule.graph"
    """
    try:
        document = parse_json(text, limit=limit)
    except ValueError as error:
        raise GraphError(gettext("not a graph: {error}", error=error)) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise GraphError(gettext('not a graph: expected an object with "format": "{format}"', format=FORMAT))
    if document.get("version") != VERSION:
        raise GraphError(gettext(
            "a graph of version {found}; this program reads version {version}",
            found=f"{document.get('version')!r:.60}", version=VERSION,
        ))  # fmt: skip
    rows, vectors, held = document.get("nodes"), document.get("vectors"), document.get("calls", [])
    if not isinstance(rows, list) or not rows or not isinstance(vectors, list) or not isinstance(held, list):
        raise GraphError(gettext(
            'not a graph: "nodes" must be a list of at least one node, and "vectors" and "calls" lists'
        ))  # fmt: skip
    nodes: list[Value] = []
    calls = _Calls(held, nodes)
    shared = _Vectors(vectors, nodes, limit)
    for number, row in enumerate(rows):
        try:
            nodes.append(_decode(row, nodes, shared, calls))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise GraphError(gettext(
                "node {number} of the graph: {error}",
                number=number, error=error.args[0] if error.args else repr(error),
            )) from None  # fmt: skip
    return nodes[-1]


def _decode(row: Any, nodes: Sequence[Value], vectors: _Vectors, calls: _Calls) -> Value:
    """Make one node of its JSON object; its operands are among ``nodes``."""
    if not isinstance(row, dict):
        raise ValueError(gettext("expected an object"))
    unknown = row.keys() - {
        "data",
        "grad",
        "label",
        "scope",
        "op",
        "operands",
        "local",
        "assigned",
        "call",
        "index",
    }
    if unknown:
        raise ValueError(gettext("unknown key {key}", key=f"{min(unknown)!r:.60}"))
    for key in ("data", "grad"):
        if key not in row:
            raise ValueError(gettext("the key {key} is missing", key=repr(key)))
    for key in ("label", "scope", "op"):
        if not isinstance(row.get(key, ""), str):
            raise ValueError(gettext("{key} must be text", key=key))
    _check_names(row.get("label", ""), row.get("scope", ""))
    node = Value(_number(row["data"]))
    node.grad = _number(row["grad"])
    if row.get("label") or row.get("scope"):
        node.note = Note(row.get("label", ""), row.get("scope", ""))
    if "call" in row:
        _decode_result(node, row, calls)
    elif "op" in row:
        _decode_operation(node, row, nodes, vectors)
    return node


def _check_names(label: str, scope: str) -> None:
    """Raise ValueError where a name is not one for a file."""
    for what, name in ((marked("label"), label), (marked("scope"), scope)):
        if len(name) > NAME:
            raise ValueError(gettext(
                "the {what} has {count} characters, more than the limit of {limit}",
                what=gettext(what), count=len(name), limit=NAME,
            ))  # fmt: skip
    if scope:
        check_path(scope)
        if (depth := scope.count(".") + 1) > DEPTH:
            raise ValueError(gettext(
                "the scope has {depth} modules within each other, more than the limit of {limit}",
                depth=depth, limit=DEPTH,
            ))  # fmt: skip


def _decode_result(node: Value, row: dict[str, Any], calls: _Calls) -> None:
    if row.keys() & {"op", "operands", "local"}:
        raise ValueError(gettext(
            "one of several results has its call and index, and no operation of its own"
        ))  # fmt: skip
    call, index = calls.find(row["call"]), row.get("index")
    if type(index) is not int or not 0 <= index < call.count:
        raise ValueError(gettext(
            "index of {name} is {index}, and there are {count} results",
            name=call.kind.row.name, index=f"{index!r:.40}", count=call.count,
        ))  # fmt: skip
    node._fill_result(call.kind.row, call, index)


def _decode_call(held: Any, nodes: Sequence[Value]) -> MultiOpCall:
    """Make a call with several results of its JSON object."""
    if not isinstance(held, dict):
        raise ValueError(gettext("a call is an object"))
    unknown = held.keys() - {"op", "operands", "values", "kept", "assigned"}
    if unknown:
        raise ValueError(gettext("unknown key {key} of a call", key=f"{min(unknown)!r:.60}"))
    for key in ("operands", "values", "kept"):
        if not isinstance(held.get(key, held.get("values")), list):
            raise ValueError(gettext("{key} of a call must be a list", key=key))
    kind = several(held.get("op", ""))
    operands = tuple(_operand(x, nodes) for x in held["operands"])
    if not any(isinstance(x, Value) for x in operands):
        raise ValueError(gettext("{name} of constants alone is no node", name=kind.row.name))
    values = list(map(_number, held["values"]))
    kept = list(map(_number, held["kept"])) if "kept" in held else values
    if not len(operands) == len(values) == len(kept):
        raise ValueError(gettext(
            "a call of {name} has as many values, and as many numbers kept, as operands",
            name=kind.name,
        ))  # fmt: skip
    call = MultiOpCall(kind, operands, values, kept)
    if not isinstance(held.get("assigned", False), bool):
        raise ValueError(gettext("assigned must be true or false"))
    if not held.get("assigned", False) and not call_agrees(call):
        raise ValueError(gettext(
            "the numbers of a call of {name} are not those that its operands give",
            name=kind.name,
        ))  # fmt: skip
    return call


def _decode_operation(node: Value, row: dict[str, Any], nodes: Sequence[Value], vectors: _Vectors) -> None:
    op = ops.lookup(row["op"])
    operands, local, assigned = row.get("operands"), row.get("local"), row.get("assigned", False)
    if not isinstance(operands, list) or not isinstance(local, list):
        raise ValueError(gettext("an operation needs the lists operands and local"))
    if not isinstance(assigned, bool):
        raise ValueError(gettext("assigned must be true or false"))
    given = [None if d is None else _number(d) for d in local]
    if op.vectors:
        node._fill(op, *vectors.product(op, node._data, operands, given, assigned=assigned))
        return
    flat = tuple(_operand(x, nodes) for x in operands)
    op.check_count(len(flat))
    _check_constants(op, flat)
    _check_number(sum(isinstance(x, Value) for x in flat), given)
    if wrong := difference(op, node._data, flat, given, assigned=assigned):
        raise ValueError(wrong)
    known = iter(given)
    floats = [next(known) if isinstance(x, Value) else None for x in flat]
    node._fill(op, flat, floats)


def _check_number(count: int, local: list[float | None]) -> None:
    if len(local) != count:
        raise ValueError(gettext(
            "{count} of the operands are nodes, but there are {given} local derivatives",
            count=count, given=len(local),
        ))  # fmt: skip


class _Calls:
    """The calls of operations with several results of a file, each made when a result asks for it."""

    def __init__(self, rows: list[Any], nodes: Sequence[Value]) -> None:
        self.rows, self.nodes = rows, nodes
        self.made: dict[str, MultiOpCall] = {}

    def find(self, name: Any) -> MultiOpCall:
        """Return the call of that name."""
        if name not in self.made:
            self.made[name] = _decode_call(_entry(name, "c", self.rows, marked("call")), self.nodes)
        return self.made[name]


class _Vector:
    """A vector of dot products, which many may share."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items
        self.data = [x._data if isinstance(x, Value) else x for x in items]
        self.places = [i for i, x in enumerate(items) if isinstance(x, Value)]


class _Vectors:
    """The vectors of a file, each made when a product asks for it, and how many products may still be."""

    def __init__(self, rows: list[Any], nodes: Sequence[Value], limit: int) -> None:
        self.rows, self.nodes, self.limit = rows, nodes, limit
        self.left = entries_within(limit)
        self.made: dict[str, _Vector] = {}

    def find(self, name: Any) -> _Vector:
        """Return the vector of that name."""
        if name not in self.made:
            self.made[name] = _Vector(
                tuple(_operand(x, self.nodes) for x in _entry(name, "v", self.rows, marked("vector")))
            )
        return self.made[name]

    def product(
        self, op: ops.Op, y: float, operands: list[Any], local: list[float | None], *, assigned: bool
    ) -> tuple[tuple[Any, ...], tuple[list[float] | None, ...]]:
        """Return what a dot product's node holds: the pair of vectors, and for each the derivative by it."""
        pair = [self.find(name) for name in operands]
        if len(pair) != 2 or len(pair[0].items) != len(pair[1].items):
            raise ValueError(gettext("{name} takes two vectors of one length", name=op.name))
        w, x = pair
        if not (w.places or x.places):
            raise ValueError(gettext("{name} of constants alone is no node", name=op.name))
        _check_number(len(w.places) + len(x.places), local)
        self.left -= len(w.items)
        if self.left < 0:
            raise GraphError(gettext(
                "not accepted: dot products of more numbers than the limit of {limit}, counting "
                "each vector as often as it is used; limit={more} accepts twice as many",
                limit=entries_within(self.limit), more=2 * self.limit,
            ))  # fmt: skip
        half = len(w.places)
        derivatives = [x.data, w.data]  # shared, where they are what recording makes them
        for i, (ours, other, given) in enumerate(((w, x, local[:half]), (x, w, local[half:]))):
            if given != [other.data[place] for place in ours.places]:
                derivatives[i] = [*other.data]
                for place, d in zip(ours.places, given, strict=True):
                    derivatives[i][place] = d
        shared = derivatives[0] is x.data and derivatives[1] is w.data
        if not shared and (wrong := difference(op, y, (*w.items, *x.items), local, assigned=assigned)):
            raise ValueError(wrong)
        return (w.items, x.items), tuple(
            d if v.places else None for v, d in zip(pair, derivatives, strict=True)
        )


def _check_constants(op: ops.Op, flat: tuple[Any, ...]) -> None:
    """Check what recording would have refused.

    That is constants that are nodes, or that the operation does not take.
    """
    constants = flat[len(flat) - len(op.params) :] if op.params else ()
    for name, x in zip(op.params, constants, strict=True):
        if isinstance(x, Value):
            raise ValueError(gettext(
                "{name} of {op} is a constant, and is given as a node",
                name=name, op=op.name,
            ))  # fmt: skip
        if name == "index" and not (x.is_integer() and 0 <= x < len(flat) - 1):
            raise ValueError(gettext(
                "index of {name} is {index}, and there are {count} operands",
                name=op.name, index=repr(x), count=len(flat) - 1,
            ))  # fmt: skip
    op.check_params(constants)
    if not any(isinstance(x, Value) for x in flat):
        raise ValueError(gettext("{name} of constants alone is no node", name=op.name))


def _number(x: Any) -> float:
    """Return a number of the file; infinity only where it is spelt out."""
    if isinstance(x, float) and x - x != 0.0:
        raise ValueError(gettext(
            'a number is too large for a float; write "inf" or "-inf" where infinity is meant'
        ))  # fmt: skip
    return decode_float(x)


def _operand(x: Any, nodes: Sequence[Value]) -> Value | float:
    if isinstance(x, str) and x[:1] == "n" and x[1:].isdecimal():
        if int(x[1:]) >= len(nodes):
            raise ValueError(gettext("the operand {x} does not stand before its result", x=f"{x!r:.60}"))
        return nodes[int(x[1:])]
    return _number(x)


def _entry(name: Any, letter: str, entries: list[Any], what: str) -> Any:
    """Return what the file holds under a name such as ``v3``."""
    if not (
        isinstance(name, str) and name[:1] == letter and name[1:].isdecimal() and int(name[1:]) < len(entries)
    ):
        raise ValueError(gettext("there is no {what} {name}", what=gettext(what), name=f"{name!r:.60}"))
    return entries[int(name[1:])]


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


def load(path: str | os.PathLike[str], *, limit: int = SIZE) -> Value:
    """Read the graph that `save` wrote, and return its root.

    Parameters
    ----------
    path
        The file.
    limit
        Bytes of the largest file that is read, 256 MiB by default; it decides how many values may be, too, as
        in `from_json`.

    Returns
    -------
    Value
        As `from_json` does.

    Raises
    ------
    GraphError
        If the file holds anything else, or more than the limit.
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
        text = read_text(path, limit=limit)
    except ValueError as error:
        raise GraphError(str(error)) from None
    return from_json(text, limit=limit)
