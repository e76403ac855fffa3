"""The plain backward pass, in place: what `backward` does where floats are all that is wanted.

`adjoints` marks nodes in a set and adds up gradients in a dict, and so changes no node. Here marks and sums both live in
the nodes' own ``grad``, which takes half the time. A test proves that the two agree to the bit.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from threading import Lock, get_ident
from typing import Any, Final, TypeVar

from autograd import ops
from autograd.errors import GraphError
from autograd.native import REPLACED, engine
from autograd.node import Node
from autograd.order import Bundle, sort
from autograd.value import Value

__all__ = ["in_turn", "sweep", "total", "write"]

T = TypeVar("T")

_turn: Final = [Lock()]
_whose: Final[list[int]] = []  # the thread whose turn it is


def in_turn(work: Callable[[], T]) -> T:
    """Do ``work``, which writes to ``grad`` or copies it, once no other thread does such a thing.

    Raises
    ------
    GraphError
        If this very thread is in the middle of it.
    """
    if get_ident() in _whose:
        raise GraphError(
            "backward() or a copy was called for in the middle of a backward() of this thread, by a signal handler or a finalizer; "
            "let the handler take note, and do it afterwards"
        )
    with _turn[0]:
        try:
            _whose.append(get_ident())
            return work()
        finally:
            _whose.clear()


def _renew() -> None:
    """Start anew in a forked process: the thread that held the lock is not in it, and would never release it."""
    _turn[0] = Lock()
    _whose.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


class _Mark:
    """What stands in ``grad``, while a pass is under way, in place of the number to come."""

    def __repr__(self) -> str:
        return "<not known yet: a backward pass is under way>"


_OPEN: Final = _Mark()  # what lies below this node is being sorted
_EMPTY: Final = _Mark()  # the node is sorted, and nothing has reached it

_get_grad: Final = attrgetter("grad")
_set_grad: Final = Node.__dict__["grad"].__set__


def write(nodes: Iterable[Any], grads: Iterable[Any]) -> None:
    """Set the nodes' ``grad``, in one go through C, which no interrupt from the keyboard can split."""
    deque(map(_set_grad, nodes, grads), maxlen=0)


def total(before: Any, g: Any) -> Any:
    """Return what a leaf holds after a pass that brings it ``g``: the very bits of ``g``, if it held nothing."""
    if g is None or g is _EMPTY:
        return before
    return before + g if before.__class__ is Value or before else g


def sweep(root: Value, gradient: float) -> bool:
    """Fill ``grad`` of every node below ``root``; False, with no leaf changed, if a call among them is checkpointed.

    Where an exception strikes, such as an interrupt from the keyboard, leaves keep what they had and the rest is zero.
    """
    order: list[Any] = []
    leaves: list[Any] = []
    before: list[Any] = []
    try:
        bundles = _sort(root, order, leaves, before)
        if bundles is not None:
            root.grad = gradient
            _accumulate(order, bundles)
            # No comprehension: from Python 3.12 on an exception at its jump back escapes the `try`.
            write(leaves, list(map(total, before, map(_get_grad, leaves))))
            return True
        _undo(root, leaves, before)
        return False
    except BaseException:
        _undo(root, leaves, before)  # again, where it was that which was interrupted
        raise


def _undo(root: Value, leaves: list[Any], before: list[Any]) -> None:
    """Leave no mark behind: the leaves hold what they had, and the rest zero."""
    write(leaves, before)
    for node in sort(root)[0]:
        if node.op is not None:
            node.grad = 0.0


def _sort(root: Value, order: list[Any], leaves: list[Any], before: list[Any]) -> dict[int, Bundle] | None:
    """Sort as `sort` does, but into leaves, with the gradients they had, and the rest; None at a checkpointed call."""
    bundles: dict[int, Bundle] = {}
    stack: list[Any] = [root]
    pop, push, place, keep, leaf = stack.pop, stack.append, order.append, before.append, leaves.append
    is_open, empty = _OPEN, _EMPTY
    while stack:
        node = pop()
        g = node.grad
        if g is is_open:  # all that lies below it has been placed
            place(node)
            node.grad = empty
            continue
        if g is empty:
            continue
        a = node._a
        if a is None:
            keep(g)
            leaf(node)
            node.grad = empty
            continue
        b = node._b
        if a.__class__ is tuple:
            if node.op is ops.dot:
                (ws, xs), (w_local, x_local) = a, b
                below: list[Any] = []
                if w_local is not None:
                    bundle = bundles.get(id(ws)) or _bundle(ws, bundles)
                    if bundle.grad is not empty:
                        below.append(bundle)
                if x_local is not None:
                    bundle = bundles.get(id(xs)) or _bundle(xs, bundles)
                    if bundle.grad is not empty:
                        below.append(bundle)
            elif node.op is not None and node.op.call is not None:
                return None
            else:
                below = [x for x in a if x.__class__ is Value and x.grad is not empty]
            if below:
                push(node)
                node.grad = is_open
                stack += below
                continue
        else:
            first = a.__class__ is Value and a.grad is not empty
            second = b.__class__ is Value and b.grad is not empty
            if first or second:
                push(node)
                node.grad = is_open
                if first:
                    push(a)
                if second:
                    push(b)
                continue
        place(node)
        node.grad = empty
    return bundles


def _bundle(vector: tuple[Any, ...], bundles: dict[int, Bundle]) -> Bundle:
    found = bundles[id(vector)] = Bundle(vector)
    return found


def _accumulate(order: list[Any], bundles: dict[int, Bundle]) -> None:
    """Apply the chain rule: each parent's gradient += the node's gradient * the local derivative."""
    empty = _EMPTY
    for node in reversed(order):
        g = node.grad
        if g is empty:
            node.grad = 0.0
            continue
        da = node._da
        if da is not None:
            a = node._a
            old = a.grad
            a.grad = g * da if old is empty else old + g * da
        db = node._db
        if db is not None:
            b = node._b
            old = b.grad
            b.grad = g * db if old is empty else old + g * db
        elif da is None and node._a.__class__ is tuple:
            _spread(node, g, bundles)


def _spread(node: Any, g: Any, bundles: dict[int, Bundle]) -> None:
    """Apply the chain rule from an n-ary node, a dot product or a bundle to what it rests on."""
    if node.op is ops.dot:
        (ws, xs), (w_local, x_local) = node._a, node._b
        if w_local is not None:
            bundle = bundles[id(ws)]
            old = bundle.grad
            bundle.grad = [g * d for d in w_local] if old is _EMPTY else [s + g * d for s, d in zip(old, w_local)]
        if x_local is not None:
            bundle = bundles[id(xs)]
            old = bundle.grad
            bundle.grad = [g * d for d in x_local] if old is _EMPTY else [s + g * d for s, d in zip(old, x_local)]
        return
    terms = g if node.__class__ is Bundle else [None if d is None else g * d for d in node._b]
    for x, term in zip(node._a, terms):
        if term is not None and x.__class__ is Value:
            old = x.grad
            x.grad = term if old is _EMPTY else old + term


# The two loops once more in C, where that was compiled: see native/engine.c.
if engine is not None:
    engine.take_pass(Bundle, _OPEN, _EMPTY, ops.dot)
    REPLACED.update(_sort=_sort, _accumulate=_accumulate)
    _sort, _accumulate = engine.sort, engine.accumulate
