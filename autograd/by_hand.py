"""Nodes that a program makes itself, as programs written for micrograd do.

``out = Value(data, (a, b), "+")`` names what ``out`` was computed from, and ``out._backward = closure`` says
how the chain rule goes on from there: the closure adds to ``a.grad`` and ``b.grad`` what follows from
``out.grad``. In the graph a `ByHand` call stands between such a node and its operands. A pass calls the
closure with the node's ``grad`` set to what has arrived, and the operands' to zero; what it finds in them
then is what they receive, and each ``grad`` is put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from autograd.errors import GraphError
from autograd.floats.convert import is_number, to_float
from autograd.modes import ACTIVE, MODE, refuse_while_tracing
from autograd.native import engine
from autograd.node import Call, Node, apply_modes, check_label
from autograd.op import ANY, OpOfCall
from autograd.words import gettext, marked

if TYPE_CHECKING:
    from autograd.value import Value

__all__ = ["ByHand", "Children", "assign_name", "assign_rule", "one_step", "rest_on", "rule_of"]

_INSTEAD: Final = marked(
    "define the operation with autograd.custom_op(name, value, partials), and call that"
)
_DOES_NOTHING: Final = (lambda: None).__code__.co_code


class Children(tuple[Any, ...]):
    """Nodes, each once, in their order: equal to a set of them, as micrograd's ``_prev`` is, and to a tuple.

    Examples
    --------
    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> (a * b)._prev == {a, b}, (a * b)._prev | {a} == {b, a}, len((a * a)._prev)
    (True, True, 1)
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Compare with a set as a set, and with what else there is as a tuple."""
        if isinstance(other, AbstractSet):
            return frozenset(self) == other
        return tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __and__(self, other: Iterable[Any]) -> set[Any]:
        return set(self) & set(other)

    def __or__(self, other: Iterable[Any]) -> set[Any]:
        return set(self) | set(other)

    def __sub__(self, other: Iterable[Any]) -> set[Any]:
        return set(self) - set(other)

    def __rsub__(self, other: Iterable[Any]) -> set[Any]:
        return set(other) - set(self)

    __rand__, __ror__ = __and__, __or__


class ByHand(Call):
    """What stands between a node that was made by hand and its operands: the closure of its derivatives.

    Parameters
    ----------
    elements
        The operands: nodes, each once, and numbers.
    name
        What the program calls the operation.
    """

    __slots__ = ("name", "node", "rule")
    runs_others_code = True

    def __init__(self, elements: tuple[Any, ...], name: str) -> None:
        super().__init__(elements)
        self.count = 1
        self.name = name
        self.node: Any = None
        self.rule: Callable[[], Any] | None = None

    def operands(self, index: Any) -> tuple[Any, ...]:  # noqa: ARG002
        """Return the operands."""
        return self.elements

    def local(self, index: Any) -> Sequence[float | None]:  # noqa: ARG002
        """Return the local derivatives: what the closure makes of a gradient of 1; None without one."""
        return [None] * len(self.elements) if self.rule is None else self._asked(1.0)

    def pull(self, cotangents: Sequence[Any], recorded: bool = False) -> Sequence[Any]:
        """Return what each operand receives."""
        (g,) = cotangents
        if not recorded:
            return self._asked(g)
        received = self._asked(g._data if isinstance(g, Node) else g)
        return [None if x is None else self._once(x, (g,)) for x in received]

    def push(self, tangents: Sequence[Any], recorded: bool = False) -> Sequence[Any]:
        """Return what the node receives from the tangents of the operands."""
        local = self._asked(1.0)
        given = [(d, t) for d, t in zip(local, tangents, strict=True) if d is not None and t is not None]
        total = 0.0
        for d, t in given:
            total += d * (t._data if isinstance(t, Node) else t)
        return [self._once(total, [t for _, t in given]) if recorded else total]

    def found_rule(self) -> Callable[[], Any]:
        """Return the function that says how the chain rule goes on; raise where nobody has assigned one."""
        if self.rule is None:
            raise GraphError(gettext(
                "the node {name} was made by hand and has no rule for its derivative: assign out._backward, "
                "a function that adds to the grad of its operands; or {INSTEAD}",
                name=f"{self.name!r:.60}", INSTEAD=gettext(_INSTEAD),
            ))  # fmt: skip
        return self.rule

    def _once(self, number: float, more: Iterable[Any]) -> Any:
        """Return a derivative as a node, which raises where it is differentiated again: nobody knows how."""
        node = Node._new()
        node._data, node.grad, node.note = number, 0.0, None
        nodes = [x for x in (*self.elements, *more) if isinstance(x, Node)]
        of = self.name or gettext("a node by hand")
        _attach(node, ByHand(tuple(dict.fromkeys(nodes)), gettext("derivative of {name}", name=of)))
        return apply_modes(node) if ACTIVE else node

    def _asked(self, g: Any) -> list[float | None]:
        """Return what the closure adds to each operand's ``grad`` where the node's is ``g``."""
        rule = self.found_rule()
        nodes = [x for x in self.elements if isinstance(x, Node)]
        before = [(x, x.grad) for x in (self.node, *nodes)]
        try:
            for x in nodes:
                x.grad = 0.0
            self.node.grad = g
            rule()
            return [to_float(x.grad) if isinstance(x, Node) else None for x in self.elements]
        finally:
            for x, grad in before:
                x.grad = grad


class _OpByHand(OpOfCall):
    """The row of a node that was made by hand: a name."""

    __slots__ = ()
    no_copy = marked(
        "this graph holds a node that was made by hand, Value(data, operands, name) with a function as its "
        "_backward, of which a copy would lead to the original's operands; define the operation with "
        "autograd.custom_op(name, value, partials), and call that"
    )


def _refuse(*_: Any) -> Any:
    """Stand in for the value and the partials of a row by hand."""
    raise GraphError(gettext(
        "a node that was made by hand, Value(data, operands, name), has its number from the program that "
        "made it, and none for other operands; {INSTEAD}",
        INSTEAD=gettext(_INSTEAD),
    ))  # fmt: skip


@lru_cache(256)
def _row(name: str) -> _OpByHand:
    return _OpByHand(name or "by_hand", _refuse, _refuse, arity=ANY)


def _attach(node: Any, call: ByHand) -> None:
    """Make a leaf the result of a call by hand."""
    refuse_while_tracing("makes a node by hand", _INSTEAD)
    call.node = node
    node._fill_result(_row(call.name), call, 0)


def rest_on(node: Value, children: Any, name: Any) -> None:
    """Make a leaf one that was computed, by hand, from others."""
    if isinstance(children, Node) or not isinstance(children, Iterable):
        raise TypeError(gettext(
            "after its number a Value takes its label, a text, or a tuple of the Values that it was "
            "computed from, not {kind} {children}; write Value(data, (x,), 'name')",
            kind=type(children).__name__, children=f"{children!r:.60}",
        ))  # fmt: skip
    elements = _each_once(children)
    if not elements:
        return
    if node._row is not None:
        raise GraphError(gettext("what a node rests on cannot be changed: its number was computed from that"))
    _attach(node, ByHand(elements, check_label(name)))
    if ACTIVE:
        apply_modes(node)


def _each_once(children: Iterable[Any]) -> tuple[Any, ...]:
    """Check what a node is said to rest on."""
    found: dict[Any, Any] = {}
    for x in children:
        if not isinstance(x, Node) and not is_number(x):
            raise TypeError(gettext(
                "a Value that is made by hand rests on Values and numbers, not on {kind} {x}",
                kind=type(x).__name__, x=f"{x!r:.60}",
            ))  # fmt: skip
        found[id(x)] = x if isinstance(x, Node) else to_float(x)
    return tuple(found.values())


def rule_of(node: Value) -> Callable[[], Any] | None:
    """Return the function that somebody assigned to a node's ``_backward``; None where nobody did."""
    call = node._call
    return call.rule if isinstance(call, ByHand) else None


def assign_rule(node: Value, rule: Any) -> None:
    """Have a pass call ``rule`` at a node, as assigning to ``_backward`` asks."""
    if not callable(rule):
        raise TypeError(gettext(
            "_backward is a function without arguments, which adds to the grad of the operands, not {rule}",
            rule=f"{rule!r:.60}",
        ))  # fmt: skip
    refuse_while_tracing("assigns a rule to a node", _INSTEAD)
    call = node._call
    if isinstance(call, ByHand):
        call.rule = rule
    elif node._row is not None:
        by_hand = ByHand(_each_once(node.operands), node._op)
        node._da = node._db = None
        _attach(node, by_hand)
        by_hand.rule = rule
        if engine is not None:
            engine.watch()  # nodes that rest on it already are known to no collector
    elif MODE.get().grad and getattr(getattr(rule, "__code__", None), "co_code", None) != _DOES_NOTHING:
        raise GraphError(gettext(
            "this Value rests on nothing, so no pass would call its _backward: name what it was computed "
            "from, as in out = Value(data, (a, b), 'name'); or {INSTEAD}",
            INSTEAD=gettext(_INSTEAD),
        ))  # fmt: skip


def assign_name(node: Value, name: Any) -> None:
    """Name the operation of a node by hand; of a leaf it is not kept, and of other nodes it is what it is."""
    call = node._call
    if isinstance(call, ByHand):
        call.name = check_label(name)
        node._row = _row(name)
    elif node._row is not None and name != node._op:
        raise GraphError(gettext(
            "the operation of this node is {op}, by which it was computed; {INSTEAD}",
            op=repr(node._op), INSTEAD=gettext(_INSTEAD),
        ))  # fmt: skip


def one_step(node: Value) -> None:
    """Add to the ``grad`` of each operand what the chain rule gives it of this node's: one step of a pass."""
    call = node._call
    if isinstance(call, ByHand):
        call.found_rule()()
        return
    for x, d in node.edges():
        if d is not None:
            x.grad = (0.0 if x.grad is None else x.grad) + d * node.grad
