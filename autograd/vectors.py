"""Scalar products of vectors, each recorded as one node: what networks spend their time on."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import Any, Final

from autograd import ops
from autograd.floats import many
from autograd.floats.convert import to_float
from autograd.modes import ACTIVE
from autograd.native import engine
from autograd.node import Node

__all__ = ["dot", "dots"]

_dot_value: Final = many.dot_vectors
_DOT: Final = ops.dot
_START: Final = many.START


def dot(ws: tuple[Any, ...], xs: tuple[Any, ...]) -> Any:
    """Record the scalar product of two vectors of one length as one node; of numbers alone, return a float.

    Where many nodes share a tuple, a backward pass adds up its gradient as one vector.
    """
    if engine is not None:
        node = engine.dot(ws, xs)
        if node is not None:
            return node
    return _record_dot(*_vector(ws), *_vector(xs))


def dots(rows: Sequence[tuple[Any, ...]], xs: tuple[Any, ...]) -> list[Any]:
    """Record the scalar product of each row with ``xs``, as `dot` does, looking at ``xs`` only once."""
    if engine is not None:
        found = engine.dots(rows, xs)
        if found is not None:
            return found  # type: ignore[no-any-return]
    vector = xs, x_data, x_recorded = _vector(xs)
    constant = None if x_recorded else (x_data, None)
    nodes: list[Any] = []
    pool, new, row, start = Node._pool, Node._new, _DOT, _START
    for ws in rows:
        try:
            w_data = [w._data for w in ws]
        except AttributeError:
            w_data = []
        if ACTIVE or not w_data:
            nodes.append(_record_dot(*_vector(ws), *vector))
            continue
        # What `_record_dot` and `many.dot_vectors` do, in the hottest loop of a network's forward pass.
        node = pool.pop() if pool else new()
        node._data = sum(map(mul, w_data, x_data), start) or 0.0
        node.grad = 0.0
        node._row = row
        node._a = ws, xs
        node._b = constant or (x_data, w_data)
        node._da = node._db = node.note = None
        nodes.append(node)
    return nodes


def _record_dot(
    ws: tuple[Any, ...],
    w_data: list[float],
    w_recorded: bool,
    xs: tuple[Any, ...],
    x_data: list[float],
    x_recorded: bool,
) -> Any:
    y = _dot_value(w_data, x_data)
    if not (w_recorded or x_recorded):
        return y
    return Node.record(_DOT, y, (ws, xs), (x_data if w_recorded else None, w_data if x_recorded else None))


def _vector(xs: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[float], bool]:
    """Return a vector whose constants are floats, its data, and whether it holds a node."""
    try:
        return xs, [x._data for x in xs], bool(xs)
    except AttributeError:
        if {x.__class__ for x in xs} <= {float}:
            return xs, list(xs), False
        xs = tuple([x if isinstance(x, Node) else to_float(x) for x in xs])
        data = [x._data if isinstance(x, Node) else x for x in xs]
        return xs, data, any(isinstance(x, Node) for x in xs)
