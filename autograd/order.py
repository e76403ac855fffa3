"""Sorting a graph: every node after what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import ops
from autograd.value import Value

__all__ = ["Bundle", "sort"]


class Bundle:
    """A vector of operands that dot products share. In a sorted graph it stands between them and its elements.

    So does a checkpointed call, a subclass with a method ``replay``, between its results and what they rest on.
    """

    __slots__ = ("_a", "grad")
    op = _row = note = _b = _da = _db = None

    def __init__(self, elements: tuple[Any, ...]) -> None:
        self._a = elements
        self.grad: Any = None


def sort(root: Value | Bundle, stop: Iterable[Value] = ()) -> tuple[list[Any], dict[int, Bundle]]:
    """Return the nodes below ``root``, each after its parents, and the bundles among them by their tuple's id.

    The nodes of ``stop`` are left out, and so is what only they rest on.
    """
    order: list[Any] = []
    bundles: dict[int, Bundle] = {}
    done: set[Any] = set(stop)
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
        a = node._a
        if a is None:  # a leaf rests on nothing
            order.append(node)
            continue
        push(node)
        push(None)
        if a.__class__ is Value:
            if a not in done:
                push(a)
        elif a.__class__ is tuple:
            if node._row is not ops.dot:
                call = None if node._row is None else node._row.call
                if call is not None:
                    bundles[id(call)] = call
                    if call not in done:
                        push(call)
                    continue
                stack += [x for x in a if x.__class__ is Value and x not in done]
                continue
            for vector, local in zip(a, node._b):
                if local is None:  # numbers alone
                    continue
                bundle = bundles.get(id(vector))
                if bundle is None:
                    bundle = bundles[id(vector)] = Bundle(vector)
                if bundle not in done:
                    push(bundle)
            continue
        b = node._b
        if b.__class__ is Value and b not in done:
            push(b)
    return order, bundles
