"""Sorting a graph: every node after what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import ops
from autograd.errors import GraphError
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

    The nodes of ``stop`` are left out, and so is what only they rest on. A node that rests on itself raises GraphError.
    """
    order: list[Any] = []
    bundles: dict[int, Bundle] = {}
    placed: dict[Any, bool] = dict.fromkeys(stop, True)  # False while what lies below is being sorted
    is_placed = placed.get
    stack: list[Any] = [root]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if node is None:  # all that lies below the node under this mark has been placed
            node = pop()
            order.append(node)
            placed[node] = True
            continue
        if node in placed:
            if not placed[node]:
                raise GraphError(
                    f"{node!r:.60} rests on itself, through operands that were set by hand; no operation can make such a graph, "
                    "so leave the slots whose names begin with an underscore alone"
                )
            continue
        a = node._a
        if a is None:  # a leaf rests on nothing
            placed[node] = True
            order.append(node)
            continue
        placed[node] = False
        push(node)
        push(None)
        if a.__class__ is Value:
            if not is_placed(a):
                push(a)
        elif a.__class__ is tuple:
            if node._row is not ops.dot:
                call = None if node._row is None else node._row.call
                if call is not None:
                    bundles[id(call)] = call
                    if not is_placed(call):
                        push(call)
                    continue
                stack += [x for x in a if x.__class__ is Value and not is_placed(x)]
                continue
            for vector, local in zip(a, node._b):
                if local is None:  # numbers alone
                    continue
                bundle = bundles.get(id(vector))
                if bundle is None:
                    bundle = bundles[id(vector)] = Bundle(vector)
                if not is_placed(bundle):
                    push(bundle)
            continue
        b = node._b
        if b.__class__ is Value and not is_placed(b):
            push(b)
    return order, bundles
