"""The node: a number, the operation and operands it came from, the local derivatives, and notes.

How these are stored is explained in `Node`. Code outside of this module uses the methods; only
the hottest loops (value.py, vectors.py, backward.py, sweep.py) and keep/copying.py touch the slots.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, SupportsFloat, TypeVar
from weakref import WeakSet, ref

from autograd.errors import AnomalyError
from autograd.floats.convert import to_float
from autograd.modes import ACTIVE, MODE, refuse_while_tracing, user_line
from autograd.native import engine
from autograd.op import ANY, Op
from autograd.words import gettext, marked

if TYPE_CHECKING:
    from autograd.value import Value

__all__ = [
    "HOOKED",
    "NODE_SLOTS",
    "OTHER_SLOTS",
    "SLOTS",
    "Bundle",
    "Call",
    "ConstantNote",
    "Handle",
    "Node",
    "Note",
    "apply_modes",
    "check_label",
]

HOOKED: Final[WeakSet[Any]] = WeakSet()
"""All hooks that are registered; while it is empty, a backward pass need not look for any."""


class Note:
    """Rarely needed data of a node: a label, a module path, a source line, hooks; kept apart to save memory.

    Many nodes may share one note, so a node that writes to its own copies it first.

    Parameters
    ----------
    label
        The node's name.
    scope
        Path of the module that made the node, such as ``layer1.n2``.
    source
        ``file:line`` that made it, where a mode that notes it was on.

    Attributes
    ----------
    hooks : tuple of callable
        Called with the node's gradient; see `Node.register_hook`.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> x.note = Note("x", "encoder")
    >>> x.label, x.scope
    ('x', 'encoder')
    """

    __slots__ = ("hooks", "label", "scope", "source")

    def __init__(self, label: str = "", scope: str = "", source: str = "") -> None:
        self.label = label
        self.scope = scope
        self.source = source
        self.hooks: tuple[Callable[[Any], Any], ...] = ()


class ConstantNote(Note):
    """The note of a leaf that counts as a constant: one detached inside `grad`, `jvp` and the like."""

    __slots__ = ()


_NO_NOTE: Final = Note()
_INSTEAD_OF_DATA: Final = marked(
    "write x itself in place of x.data or x.item(); "
    "a number that is no argument or parameter can be read before the call, and an operation of your own is "
    "a custom_op"
)


def check_label(label: Any) -> str:
    """Return the label; raise TypeError where it is no text."""
    if not isinstance(label, str):
        raise TypeError(gettext(
            "a label is text, got {kind} {label}; write label=str(...)",
            kind=type(label).__name__, label=f"{label!r:.40}",
        ))  # fmt: skip
    return label


NODE_SLOTS: Final = ("grad", "_a", "_b")
"""The slots of a node that may hold nodes, or tuples of them."""
OTHER_SLOTS: Final = ("_data", "_da", "_db", "_row")
"""The slots of a node that never hold nodes: numbers and the operation."""
SLOTS: Final = (*NODE_SLOTS, *OTHER_SLOTS, "note")
"""All slots of a node: those of the class `Value`, or of its type in C."""


class Node:
    """The data of a `Value`, without its operators."""

    # A node of one or two operands keeps them in _a and _b, and the local derivatives in _da and _db; None
    # there means that nothing flows to the operand: it is a constant, or a branch that was not taken. With
    # more operands, _a is the tuple of them and _b the tuple of local derivatives; a dot product keeps in _a
    # the pair of its vectors, which are tuples, and in _b, for each, the list of floats that is its local
    # derivative. One of several results of an operation keeps in _a their call and in _b its index. A leaf
    # has None everywhere.
    # Where C was compiled, the type that it makes keeps the same (native/node.h), the numbers as such.
    if not TYPE_CHECKING:  # a type checker is to know the slots, which are of `Value`
        __slots__ = ()

    _pool: ClassVar[list[Any]]
    """Unused nodes of the class `Value`, whose module assigns this and the next."""
    _new: ClassVar[Any]
    """Makes an unused node, whose slots are to be filled."""
    _kind: ClassVar[Any]
    """The class `Value`."""
    _row: Op | None
    grad: Any
    note: Note | None
    _data: float
    _a: Any
    _b: Any
    _da: float | None
    _db: float | None

    # Making a node.

    @staticmethod
    def record(op: Op, data: float, operands: tuple[Any, ...], local: Sequence[Any]) -> Any:
        """Make the node of an operation that was computed.

        Parameters
        ----------
        op
            The row.
        data
            The result.
        operands
            Nodes and floats, constants included; for a dot product, the pair of its vectors.
        local
            One derivative for each operand, None where nothing flows; for a dot product, one list a vector.

        Returns
        -------
        Value
            The node, as the modes in force want it.

        Examples
        --------
        >>> from autograd import Value, ops
        >>> x = Value(3.0)
        >>> y = Value.record(ops.square, 9.0, (x,), (6.0,))
        >>> y.backward()
        >>> x.grad
        6.0
        """
        node = Node._new()
        node._data = data
        node.grad = 0.0
        node.note = None
        node._fill(op, operands, local)
        return apply_modes(node) if ACTIVE else node

    @staticmethod
    def record_result(op: Op, data: float, call: Call, index: int) -> Any:
        """Make the node of one of a call's results.

        Parameters
        ----------
        op, data
            As `record` takes them.
        call
            The call of the operation.
        index
            Which of the results it is.

        Returns
        -------
        Value
            The node, as the modes in force want it.
        """
        node = Node._new()
        node._data = data
        node.grad = 0.0
        node.note = None
        node._fill_result(op, call, index)
        return apply_modes(node) if ACTIVE else node

    def _fill(self, op: Op, operands: tuple[Any, ...], local: Sequence[Any]) -> None:
        """Write the operation, operands and local derivatives into the slots of a new node."""
        self._row = op
        count = len(operands)
        if count > 2 or op.arity == ANY:
            self._a, self._b = operands, (*local, *[None] * (count - len(local)))
            self._da = self._db = None
        else:
            self._a, self._da = operands[0], local[0]
            self._b = operands[1] if count > 1 else None
            self._db = local[1] if len(local) > 1 else None

    def _fill_result(self, op: Op, call: Call, index: int) -> None:
        """Write one result of a call into the slots of a new node."""
        self._row = op
        self._a, self._b = call, float(index)
        self._da = self._db = None

    # What the node holds.

    @property
    def data(self) -> float:
        """The number; while the compiler records a function there is none yet, and TracingError is raised."""
        if ACTIVE:
            refuse_while_tracing("reads the number in a Value", _INSTEAD_OF_DATA)
        return self._data

    @data.setter
    def data(self, number: SupportsFloat) -> None:
        if ACTIVE:
            refuse_while_tracing(
                "assigns to a Value",
                "assign before or after the call; inside, make a new Value of the old: x = x + 1.0",
            )
        self._data = to_float(number)

    @property
    def op(self) -> Op | None:
        """The row of the table that made the node; None on a leaf."""
        return self._row

    @op.setter
    def op(self, row: Any) -> None:
        raise AttributeError(gettext(
            "a node's operation cannot be changed to {row}: its data and derivatives are those of what was "
            "computed; apply the other operation to the operands, as in autograd.ops.mul(*node.operands), "
            "which makes another node",
            row=f"{row!r:.60}",
        ))  # fmt: skip

    def item(self) -> float:
        """Return the number, as in PyTorch."""
        return self.data

    @property
    def operands(self) -> tuple[Any, ...]:
        """What the operation was applied to, constants included, in order."""
        a, b = self._a, self._b
        if isinstance(a, Node) or a.__class__ is float:
            return (a,) if b is None else (a, b)
        if self._row is None:
            return ()
        if self._call is not None:
            return self._call.operands(b)
        if self._vectors is not None:
            ws, xs = self._vectors
            return (*ws, *xs)
        return a  # type: ignore[no-any-return]

    @property
    def _call(self) -> Call | None:
        """The call of which the node is one of several results; None where it is no such thing."""
        return self._a if isinstance(self._a, Call) else None

    @property
    def _index(self) -> int:
        """Which of a call's results the node is."""
        return int(self._b)

    @property
    def _vectors(self) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
        """The two vectors whose product the node is; None where it is none."""
        return self._a if isinstance(self._a, tuple) and isinstance(self._a[0], tuple) else None

    def _predecessors(self) -> tuple[Any, ...]:
        """Return what the node was made from, for walks: nodes, numbers, None, or its `Call`."""
        a = self._a
        if a.__class__ is not tuple:
            return (a,) if isinstance(a, Call) else (a, self._b)
        return (*a[0], *a[1]) if a[0].__class__ is tuple else a

    @property
    def parents(self) -> tuple[Value, ...]:
        """The operands that are nodes; one that occurs twice stands twice."""
        a, b = self._a, self._b
        if isinstance(a, Node):  # of most nodes, without a list
            return (a, b) if isinstance(b, Node) else (a,)  # type: ignore[return-value]
        return tuple([x for x in self.operands if isinstance(x, Node)])  # type: ignore[misc]

    @property
    def local_grads(self) -> tuple[float, ...]:
        """The local derivative for each of `parents`, zero for a branch that was not taken.

        Those of a checkpointed call were not stored: its function is run again for them.
        """
        return tuple(0.0 if d is None else d for x, d in self.edges())

    def edges(self) -> list[tuple[Any, float | None]]:
        """Each parent with its local derivative; None where the branch was not taken, so nothing flows."""
        refuse_while_tracing(
            "reads the local derivatives of a Value", "write autograd.grad(f)(x), whose result is a Value"
        )
        return self._edges()

    def _edges(self) -> list[tuple[Any, float | None]]:
        if self._row is None:
            return []
        pairs: Any
        if self._call is not None:
            pairs = zip(self._call.elements, self._call.local(self._b))
        elif self._vectors is not None:
            pairs = [
                pair
                for vector, local in zip(self._vectors, self._b)
                if local is not None
                for pair in zip(vector, local)
            ]
        elif self._a.__class__ is tuple:
            pairs = zip(self._a, self._b)
        else:
            pairs = (self._a, self._da), (self._b, self._db)
        return [(x, d) for x, d in pairs if isinstance(x, Node)]

    # Notes.

    @property
    def label(self) -> str:
        """The node's name, or the empty string."""
        return (self.note or _NO_NOTE).label

    @label.setter
    def label(self, label: str) -> None:
        self._own_note().label = check_label(label)

    @property
    def scope(self) -> str:
        """Path of the module that made the node, such as ``layer1.n2``, or the empty string."""
        return (self.note or _NO_NOTE).scope

    @property
    def source(self) -> str:
        """``file:line`` that made the node, where a mode that notes it was on; else the empty string."""
        return (self.note or _NO_NOTE).source

    def _own_note(self) -> Note:
        # Nodes of one module share one note: copy it before writing.
        old = self.note or _NO_NOTE
        self.note = (ConstantNote if old.__class__ is ConstantNote else Note)(
            old.label, old.scope, old.source
        )
        self.note.hooks = old.hooks
        return self.note

    def register_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call ``hook(gradient)`` in every backward pass, once the node's gradient is complete.

        Parameters
        ----------
        hook
            Receives the gradient of the pass; returns None, or the gradient to use in its place.

        Returns
        -------
        Handle
            Its ``remove()`` takes the hook away again, as in PyTorch; so does calling it.

        Raises
        ------
        TypeError
            If ``hook`` is no function.

        Examples
        --------
        >>> from autograd import Value
        >>> x = Value(3.0)
        >>> handle = x.register_hook(lambda g: 10.0 * g)
        >>> (x * x).backward()
        >>> x.grad
        60.0
        >>> handle.remove()
        """
        if not callable(hook):
            raise TypeError(gettext(
                "a hook is a function of the gradient, got {kind}",
                kind=type(hook).__name__,
            ))  # fmt: skip
        if engine is not None:
            engine.watch()  # a hook may refer to what depends on its node, which is a cycle for the collector
        own = partial(hook)  # an object of its own, should a function be registered twice
        HOOKED.add(own)
        note = self._own_note()
        note.hooks = (*note.hooks, own)
        return Handle(self, own)


class Handle:
    """What `Node.register_hook` returns, to remove the hook again.

    It refers to the node, and the node not to it, so there is no reference cycle. The hook lives as long as
    the node or a copy of it.
    """

    __slots__ = ("_hook", "_node")

    def __init__(self, node: Node, hook: Callable[[Any], Any]) -> None:
        self._node, self._hook = node, ref(hook)

    def remove(self) -> None:
        """Take the hook away."""
        hook = self._hook()
        if any(h is hook for h in (self._node.note or _NO_NOTE).hooks):
            note = self._node._own_note()
            note.hooks = tuple(h for h in note.hooks if h is not hook)

    __call__ = remove


class Bundle:
    """A tuple of operands, treated as one node while a graph is sorted and differentiated.

    Dot products that share a vector add their gradients to its bundle, as a list; then each element gets its
    part. A bundle of several outputs also serves as the one root of a pass.
    """

    __slots__ = ("_a", "grad")
    op = _row = note = _b = _da = _db = None
    recomputed = False
    """Whether this is a checkpointed call: its nodes are made again by `replay` in the backward pass."""
    runs_others_code = False
    """Whether a backward pass calls a user's function here, so that no ``grad`` may hold a mark meanwhile."""

    def __init__(self, elements: tuple[Any, ...]) -> None:
        self._a = elements
        self.grad: Any = None

    def replay(self, cotangents: Any, grads: dict[Any, Any], recorded: bool) -> Any:
        """Compute the dropped nodes again; return the pass through them, which comes first, or None."""
        raise NotImplementedError

    def pull(self, cotangents: Any, recorded: bool = False) -> Sequence[Any]:  # noqa: ARG002
        """Return what each element receives."""
        received: Sequence[Any] = cotangents
        return received

    @property
    def elements(self) -> tuple[Any, ...]:
        """The operands."""
        return self._a

    def _predecessors(self) -> tuple[Any, ...]:
        return self._a


class Call(Bundle):
    """One call of an operation with several results.

    In a sorted graph it stands behind its operands and before its results.
    """

    __slots__ = ("count",)
    count: int

    def recompute(self) -> list[Any]:
        """Return the results, computed again, with all nodes between them and the operands."""
        raise NotImplementedError

    def check(self, index: int, now: float) -> None:
        """Raise where the data of a result is another number now than it was."""

    def operands(self, index: Any) -> tuple[Any, ...]:
        """Return the operands of one result, constants included."""
        raise NotImplementedError

    def local(self, index: Any) -> Sequence[float | None]:
        """Return the local derivatives of one result."""
        raise NotImplementedError

    def push(self, tangents: Sequence[Any], recorded: bool = False) -> Sequence[Any]:
        """Return what each result receives from the tangents of the operands."""
        raise NotImplementedError


_Made = TypeVar("_Made", bound=Node)


def apply_modes(node: _Made) -> _Made:
    """Apply the modes in force to a new node: the check for anomalies, no_grad, notes, the tape."""
    mode = MODE.get()
    if mode.anomaly and not math.isfinite(node._data):
        numbers = [x._data if isinstance(x, Node) else x for x in node.operands]
        if all(map(math.isfinite, numbers)):
            assert node.op is not None
            operation = f"{node.op.name}({', '.join(map(repr, node.op.written(numbers)))})"
            raise AnomalyError(gettext(
                "{operation} = {number}: not finite although its operand is. Recorded at {line}"
                if len(numbers) == 1
                else "{operation} = {number}: not finite although its operands are. Recorded at {line}",
                operation=operation, number=node._data, line=user_line(),
            ))  # fmt: skip
    if not mode.grad:
        node._row = node._a = node._b = node._da = node._db = None
    constant = not mode.grad and mode.differentiating
    if mode.scope or mode.sources or constant:
        node.note = (ConstantNote if constant else Note)("", mode.scope, user_line() if mode.sources else "")
    if mode.tape is not None:
        mode.tape.append(node)
        if engine is not None and mode.grad and not (mode.anomaly or mode.scope or mode.sources):
            engine.taped(MODE.tokens, mode.tape)
    return node
