"""Sorting a graph: every node after what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import ops
from autograd.bundle import Bundle, Call
from autograd.errors import GraphError
from autograd.value import Value

__all__ = ["sort"]


def sort(root: Value | Bundle, stop: Iterable[Any] = ()) -> tuple[list[Any], dict[int, Bundle]]:
    """Return the nodes below ``root``, each after its parents, and the bundles among them by the id of their tuple or call.

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
        elif isinstance(a, Call):
            bundles[id(a)] = a
            if not is_placed(a):
                push(a)
            continue
        b = node._b
        if b.__class__ is Value and not is_placed(b):
            push(b)
    return order, bundles
