"""The fast backward pass on floats; `backward` tries it first where no mode or hook is on.

`adjoints` keeps its marks and sums in dicts. Here they live in the nodes' own ``grad`` (only the sums of
leaves are in a dict), which takes half the time. A test proves that both give the same bits.

Two float objects 0.0, new in each pass, serve as marks and are recognised by identity (``is``). What an
interrupted pass leaves behind reads as 0.0, and the next pass does not take it for a mark.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from types import FrameType
from typing import Any, Final, TypeVar

from autograd.errors import GraphError
from autograd.floats.convert import to_float
from autograd.native import engine
from autograd.node import Bundle, Call, Node
from autograd.words import gettext

__all__ = ["add_floats", "add_to_leaves", "in_turn", "sweep"]

T = TypeVar("T")

# The calls of `in_turn` that wait or work: whoever is in front has the turn.
_QUEUE: Final[list[FrameType]] = []


def in_turn(work: Callable[[], T]) -> T:
    """Do ``work``, which reads or writes the ``grad`` of many nodes, while no other thread does.

    This is a queue and not a lock, which would stay locked if an interrupt struck before its release.

    Raises
    ------
    GraphError
        If this very thread is in the middle of it.
    """
    if engine is not None:  # in C it is done at one go
        return work()
    me = sys._getframe()
    _QUEUE.append(me)
    try:
        if _QUEUE[0] is not me:
            _wait_for_turn(me)
        return work()
    finally:
        _QUEUE.remove(me)
        del me  # a frame that holds itself would keep the graph until the collector comes by


def _wait_for_turn(me: FrameType) -> None:
    """Wait until those in front are gone.

    A frame that an interrupt kept from leaving the queue counts as gone once it no longer runs.
    """
    while (front := _QUEUE[0]) is not me:
        if _is_below(front, me):
            raise GraphError(gettext(
                "backward() or a copy was called for in the middle of a backward() of this thread, by a "
                "signal handler or a finalizer; let the handler take note, and do it afterwards"
            ))  # fmt: skip
        try:
            front.clear()  # raises while it is executed
        except RuntimeError:
            time.sleep(1e-4)
        else:
            with suppress(ValueError):  # another thread has found the same
                _QUEUE.remove(front)


def _is_below(frame: FrameType, top: FrameType | None) -> bool:
    """Tell whether a call is in progress on the stack of this thread, of which ``top`` is the innermost."""
    while top is not None and top is not frame:
        top = top.f_back
    return top is frame


def _after_fork() -> None:
    """Start anew in a forked process: the threads that wait or work are not in it."""
    me = sys._getframe()
    _QUEUE[:] = [frame for frame in _QUEUE if _is_below(frame, me)]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_ZERO: Final = 0.0
_PLAIN: Final = {float, type(None)}
_get_grad: Final = attrgetter("grad")


def _exchange(nodes: list[Any], before: list[Any], after: list[Any]) -> bool:  # noqa: ARG001
    """Set the nodes' ``grad`` to ``after``, all at once; return whether that was done.

    The version in C refuses where a ``grad`` is no longer the object in ``before``. Here `in_turn` keeps
    other threads out, so nothing needs to be compared, and the one call into C is not split by an interrupt
    from the keyboard.
    """
    if nodes:
        deque(map(Node._kind.__dict__["grad"].__set__, nodes, after), maxlen=0)
    return True


def _new_grad(node: Any, before: Any, g: Any) -> Any:
    """Return the new ``grad`` of a node to which a pass brings ``g``.

    A leaf adds it to what it had, if anything; any other node holds just ``g``.
    """
    if node._a is not None:
        return 0.0 if g is None else g
    if g is None:
        return before
    if isinstance(before, Node):
        return before + g
    if before.__class__ is not float and before is not None:
        before = _grad_as_float(node, before)
    return before + g if before else g


def _grad_as_float(leaf: Any, grad: Any) -> float:
    """Return what somebody has put into a leaf's ``grad`` as a float."""
    try:
        return to_float(grad)
    except (TypeError, OverflowError) as error:
        leaf = (
            gettext("the leaf {label}", label=f"{leaf.label!r:.60}") if leaf.label
            else gettext("a leaf of data {data}", data=repr(leaf._data))
        )  # fmt: skip
        raise type(error)(gettext(
            "the grad of {leaf} holds {grad}, of type {kind}, to which no gradient can be added; set it to a "
            "number such as 0.0 before the pass",
            leaf=leaf, grad=f"{grad!r:.40}", kind=type(grad).__name__,
        )) from None  # fmt: skip


def add_to_leaves(grads: dict[Any, Any], check: Callable[[Any, Any, Any], Any] | None = None) -> None:
    """Add gradients to the ``grad`` of leaves, and set those of other nodes: all, or none.

    ``check`` is called with each leaf, what it will hold, and the two terms of that sum.
    """
    nodes, arrived = list(grads), grads.values()
    done = False
    while not done:  # another thread may have added to the same leaves meanwhile
        before = list(map(_get_grad, nodes))
        after = list(map(_new_grad, nodes, before, arrived))
        if check is not None:
            for node, old, g, now in zip(nodes, before, arrived, after, strict=True):
                if node._a is None and g is not None:
                    check(node, now, (old or 0.0, g))
        done = _exchange(nodes, before, after)


def _add_floats(nodes: Any, numbers: Any) -> bool:
    """Do as `add_floats` says."""
    numbers = numbers if numbers.__class__ is list else numbers.tolist()
    while True:  # another thread may have added to the same leaves meanwhile
        before = list(map(_get_grad, nodes))
        if not _PLAIN.issuperset(map(type, before)) or any(
            old is None and g == 0.0 for old, g in zip(before, numbers, strict=True)
        ):
            return False
        after = [old if g is None else old + g if old else g for old, g in zip(before, numbers, strict=True)]
        if _exchange(nodes, before, after):
            return True


def add_floats(nodes: Any, numbers: Any) -> bool:
    """Add a number, if not None, to the ``grad`` of each leaf; return whether that was done.

    The numbers are a list, or an array of doubles.

    It is not, and no leaf is changed, where a ``grad`` is neither a float nor None, or is None and the number
    is 0.0: then it is unclear whether a gradient of zero arrived, or none at all.
    """
    return _add_floats(nodes, numbers)


def _is_derived_from() -> bool:
    """Tell whether anybody has derived a class from `Value`, in which ``grad`` may be anything."""
    return bool(Node._kind.__subclasses__())


def _sweep(root: Node, gradient: float) -> bool:
    """Fill ``grad`` of every node below ``root``; return whether that was possible.

    It is not, and no leaf is changed, at a call that runs a user's code, in a cycle, once a class was derived
    from `Value`, or where a slot holds what it should not; `backward` takes the general pass then. Where an
    exception strikes, leaves keep what they had.
    """
    if _is_derived_from():
        return False
    sums: dict[Any, Any] = {}
    # Two marks, computed, since two literals would be one object.
    is_open = _ZERO + 0.0  # what lies below the node is being sorted
    empty = _ZERO + 0.0  # the node is sorted, and no gradient has arrived yet
    if root._a is None:
        sums[root] = gradient
    else:
        order: list[Any] = []
        try:
            bundles = _sort(root, order, is_open, empty)
            if bundles is None:
                return False
            root.grad = gradient
            _accumulate(order, bundles, sums, empty)
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
            return False
    add_to_leaves(sums)
    return True


def _sort(root: Node, order: list[Any], is_open: float, empty: float) -> dict[int, Bundle] | None:
    """Sort as `sort` does, but without the leaves.

    It is None at a call that runs a user's code, or where a node depends on itself.
    """
    bundles: dict[int, Bundle] = {}
    kind = root.__class__
    stack: list[Any] = [root]
    pop, push, place = stack.pop, stack.append, order.append
    while stack:
        node = pop()
        g = node.grad
        if g is is_open:  # all that lies below it has been placed
            place(node)
            node.grad = empty
            continue
        if g is empty:
            continue
        while True:  # down to what rests on nothing that is still to be placed
            node.grad = is_open
            a = node._a
            b = node._b
            first = second = empty
            if a.__class__ is kind:
                first = a.grad
                if first is not empty and a._a is None:  # a leaf
                    first = empty
            elif a.__class__ is not float:  # there are more operands than two
                rests_on = _below(a, b, bundles)
                if rests_on is None:
                    return None
                below = [x for x in rests_on if x.grad is not empty]
                if below:
                    if any(x.grad is is_open for x in below):
                        return None
                    push(node)
                    stack += below
                    break
            if b.__class__ is kind:
                second = b.grad
                if second is not empty and b._a is None:
                    second = empty
            if first is is_open or second is is_open:
                return None
            if second is not empty:
                push(node)
                if first is not empty:
                    push(a)
                node = b
            elif first is not empty:
                push(node)
                node = a
            else:
                place(node)
                node.grad = empty
                break
    return bundles


def _below(a: Any, b: Any, bundles: dict[int, Bundle]) -> list[Any] | None:
    """Return what a node of many operands, one of several results or a bundle depends on, but leaves.

    It is None at a call that runs a user's code.
    """
    if isinstance(a, Call):
        return None if a.runs_others_code else [a]
    if a and a[0].__class__ is tuple:
        return [
            bundles.get(id(v)) or _bundle(v, bundles)
            for v, local in zip(a, b, strict=True)
            if local is not None
        ]
    kind = Node._kind
    return [x for x in a if x.__class__ is kind and x._a is not None]


def _bundle(vector: tuple[Any, ...], bundles: dict[int, Bundle]) -> Bundle:
    found = bundles[id(vector)] = Bundle(vector)
    return found


def _accumulate(order: list[Any], bundles: dict[int, Bundle], sums: dict[Any, Any], empty: float) -> None:
    """Apply the chain rule: each parent's gradient += the node's gradient * the local derivative."""
    arrived = sums.get
    for node in reversed(order):
        g = node.grad
        if g is empty:
            continue
        # Both operands written out: by a loop over them the whole pass takes a fifth longer.
        da = node._da
        if da is not None:
            a = node._a
            old = a.grad
            if old is empty:
                a.grad = g * da
            elif a._a is not None:
                a.grad = old + g * da
            else:
                old = arrived(a)
                sums[a] = g * da if old is None else old + g * da
        db = node._db
        if db is not None:
            b = node._b
            old = b.grad
            if old is empty:
                b.grad = g * db
            elif b._a is not None:
                b.grad = old + g * db
            else:
                old = arrived(b)
                sums[b] = g * db if old is None else old + g * db
        elif da is None and (node._a.__class__ is tuple or isinstance(node._a, Call)):
            _spread(node, g, bundles, sums, empty)


def _spread(node: Any, g: Any, bundles: dict[int, Bundle], sums: dict[Any, Any], empty: float) -> None:
    """Apply the chain rule from what has more than two operands, or a call, to what it depends on."""
    if isinstance(node, Bundle):
        terms = node.pull(g)
        node.grad = None
    elif isinstance(node._a, Call):
        call, index = node._a, int(node._b)
        if call.grad is empty:
            call.grad = [-0.0] * call.count  # to which any number can be added without changing it
        call.grad[index] += g
        return
    elif node._a[0].__class__ is tuple:
        for vector, local in zip(node._a, node._b):
            if local is not None:
                bundle = bundles[id(vector)]
                old = bundle.grad
                bundle.grad = (
                    [g * d for d in local] if old is empty else [s + g * d for s, d in zip(old, local)]
                )
        return
    else:
        terms = [None if d is None else g * d for d in node._b]
    arrived = sums.get
    for x, term in zip(node._a, terms, strict=True):
        if term is not None and isinstance(x, Node):
            if x._a is None:
                old = arrived(x)
                sums[x] = term if old is None else old + term
            else:
                old = x.grad
                x.grad = term if old is empty else old + term


sweep: Callable[[Node, float], bool] = _sweep
# All once more in C, where that was compiled: see native/pass.c.
if engine is not None:
    sweep, _exchange, _add_floats = engine.sweep, engine.exchange, engine.add_floats
