"""Reverse mode: sort the graph topologically, then apply the chain rule from the output to the leaves."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import Any

from autograd import ops
from autograd.errors import AnomalyError, GraphError
from autograd.modes import ACTIVE, MODE
from autograd.value import Value

__all__ = ["adjoints", "backward", "gradients", "toposort", "zero_grad"]


class Bundle:
    """A vector of operands that dot products share; in a sorted graph it stands between them and its elements."""

    __slots__ = ("_a",)
    op = note = _b = _da = _db = None

    def __init__(self, elements: tuple[Any, ...]) -> None:
        self._a = elements


def _sort(root: Value) -> tuple[list[Any], dict[int, Bundle]]:
    """Return the nodes below ``root``, each after its parents, and the bundles among them by their tuple's id."""
    order: list[Any] = []
    bundles: dict[int, Bundle] = {}
    done: set[Any] = set()
    stack: list[Any] = [root]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if node is None:  # all that lies below the node under this mark has been placed
            order.append(pop())
            continue
        if node in done:
            continue
        done.add(node)
        push(node)
        push(None)
        a = node._a
        if a.__class__ is Value:
            if a not in done:
                push(a)
        elif a.__class__ is tuple:
            stack += _parents(node, bundles, done)
            continue
        b = node._b
        if b.__class__ is Value and b not in done:
            push(b)
    return order, bundles


def _parents(node: Any, bundles: dict[int, Bundle], done: set[Any]) -> list[Any]:
    """Return what an n-ary node, a dot product or a bundle rests on, as far as it is not done."""
    if node.op is not ops.dot:
        return [x for x in node._a if x.__class__ is Value and x not in done]
    for vector in node._a:
        if id(vector) not in bundles:
            bundles[id(vector)] = Bundle(vector)
    return [bundles[id(vector)] for vector in node._a]


def toposort(root: Value) -> list[Value]:
    """Return every node below ``root``, each after its parents; ``root`` comes last.

    Iterative, so any depth will do; the order is the same in every process.

    Examples
    --------
    >>> a = Value(2.0, "a"); b = Value(3.0, "b")
    >>> [v.label or v.op.name for v in toposort(a * b + a)]
    ['b', 'a', 'mul', 'add']
    """
    order, bundles = _sort(root)
    return [node for node in order if node.__class__ is Value] if bundles else order


def adjoints(root: Value, seed: float = 1.0) -> dict[Any, float | None]:
    """Map each node below ``root`` to its gradient, None where nothing reaches it. Nothing is written.

    The entries are in topological order. (Some keys are bundles of nodes, of no interest to callers.)
    """
    order, bundles = _sort(root)
    grads: dict[Any, Any] = dict.fromkeys(order)
    grads[root] = seed
    for node in reversed(order):
        g = grads[node]
        if g is None:
            continue
        note = node.note
        if note is not None and note.hooks:
            g = grads[node] = _hooked(note.hooks, g)
        da = node._da
        if da is not None:
            a = node._a
            old = grads[a]
            grads[a] = g * da if old is None else old + g * da
        db = node._db
        if db is not None:
            b = node._b
            old = grads[b]
            grads[b] = g * db if old is None else old + g * db
        elif da is None and node._a.__class__ is tuple:
            _spread(node, g, grads, bundles)
    return grads


def _spread(node: Any, g: Any, grads: dict[Any, Any], bundles: dict[int, Bundle]) -> None:
    """Add to what an n-ary node, a dot product or a bundle rests on what reaches it through the node."""
    if node.op is ops.dot:
        for vector, local in zip(node._a, node._b):
            if local is not None:
                bundle = bundles[id(vector)]
                old = grads[bundle]
                grads[bundle] = [g * d for d in local] if old is None else [s + g * d for s, d in zip(old, local)]
    elif node.__class__ is Bundle:
        for x, d in zip(node._a, g):
            if x.__class__ is Value:
                old = grads[x]
                grads[x] = d if old is None else old + d
    else:
        for x, d in zip(node._a, node._b):
            if d is not None:
                old = grads[x]
                grads[x] = g * d if old is None else old + g * d


_set_grad = Value.grad.__set__
_writing = Lock()


def backward(root: Value, gradient: Any = 1.0) -> None:
    grads = adjoints(root, gradient)
    with _writing:
        nodes = list(grads) 
        total = [(x.grad if g is None else x.grad + g) if x.op is None else 0.0 if g is None else g for x, g in grads.items() if x.__class__ is Value]
        deque(map(_set_grad, nodes, total), 0)
