# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (The hot operators ask `x.__class__ is Value`: faster than isinstance, and pyright does not follow it.)
"""The node: a number that remembers how it was computed.

A `Value` is a `Node` (its operation, a row of the table, its operands and the local derivative for each of
them) with operators. It refers to the nodes it was made from and never to the nodes made from it, so a graph
is freed by reference counting alone, at any depth.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, SupportsFloat, TypeGuard, overload

from autograd import ops, ufuncs
from autograd.backward import backward
from autograd.blocks import blocks
from autograd.by_hand import Children, assign_name, assign_rule, one_step, rest_on, rule_of
from autograd.conversion import check_array, check_function, check_number
from autograd.elsewhere import Elsewhere
from autograd.floats import elementary
from autograd.floats.convert import exact, is_array, is_number, to_float
from autograd.joint import MultiOpCall
from autograd.joint import record as record_all
from autograd.keep.copying import attributes, deepcopy, give, like, reduce
from autograd.lazy import lazy_import
from autograd.modes import ACTIVE, MODE, is_tracing, refuse_constant, refuse_while_tracing
from autograd.native import engine
from autograd.node import SLOTS, Call, ConstantNote, Node, Note, apply_modes, check_label
from autograd.op import ANY, SEVERAL
from autograd.operators import Number, Operators
from autograd.spellings import told_instead
from autograd.vectors import dot
from autograd.words import gettext, marked

if TYPE_CHECKING:
    from autograd.ops import MultiOp, Op
    from autograd.render.derive.explanation import Explanation
    from autograd.render.picture.drawing import Drawing
    from autograd.typing import Grad

__all__ = ["Note", "Number", "Value"]

_INSTEAD_OF_COPY: Final = marked(
    "write x itself in place of the copy: what a recorded function computes never changes"
)
_tanh: Final = math.tanh
_exp: Final = math.exp
_sech_squared: Final = elementary.sech_squared
_IN_PYTHON: Final[bool] = not engine
_NOTHING: Final = ()
_NO_LABEL: Final = ""
_ADD, _SUB, _MUL, _TANH, _RELU = ops.add, ops.sub, ops.mul, ops.tanh, ops.relu


_OPTIONS: Final = {
    "requires_grad": "nothing: every Value is differentiated, and x.detach() is a constant",
    **dict.fromkeys(["dtype", "device"], "nothing: a Value holds one float of Python"),
    **dict.fromkeys(["name", "_label"], "label='...'"), "op": "Value(data, (x,), 'name')",
    **dict.fromkeys(["children", "parents", "prev", "_prev", "_parents"], "Value(data, (x,), 'name')"),
    "grad": "x.grad = number after x = Value(data)", "value": "Value(number)", "val": "Value(number)",
}  # fmt: skip
"""What other libraries, and forks of micrograd, give to the class beside a number."""
_IDLE: Final = {"requires_grad": (True,), "dtype": (None, float), "device": (None, "cpu")}
"""Of those what asks for nothing."""


def _check_options(others: dict[str, Any]) -> None:
    """Refuse an option that there is not, unless it asks for nothing."""
    for name, x in others.items():
        if x not in _IDLE.get(name, ()):
            remedy = f"write {_OPTIONS[name]}" if name in _OPTIONS else ""
            raise TypeError(gettext("Value() has no option {name}", name=repr(name)) + told_instead(remedy))


class Value(Node, Operators, Elsewhere):
    """A scalar in a computation graph.

    Parameters
    ----------
    data
        The number: int, bool, float, Fraction or a NumPy real scalar; stored as a float.
    label
        A name for pictures, derivations and compiled source. Any text.
    _children, _op
        As in micrograd: the Values that ``data`` was computed from, and what the program calls the operation.
        Assign to ``_backward`` a function that adds to their ``grad`` what follows from this node's. It is
        called in each pass; it cannot be compiled, copied or differentiated twice, as a `custom_op` can. The
        name of an operation on nothing is not kept.
    **others
        What other libraries take besides is refused, and the error says what to write instead; but for what
        asks for nothing, as ``requires_grad=True`` does.

    Attributes
    ----------
    data : float
        The number. Assigning one changes later computations, not those recorded already.
    grad : float or Value
        The derivative of the node on which `backward` was called with respect to this one; a Value after
        ``backward(create_graph=True)``. Leaves accumulate it over calls; interior nodes hold that of the
        latest call.
    op : Op or None
        The row of the table that made the node; None on a leaf. Read-only.

    Raises
    ------
    TypeError
        If ``data`` is not a real number, or ``label`` no text; the message says what to write instead.
    OverflowError
        If ``data`` is a whole number too large for a float.

    Examples
    --------
    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2.0
    >>> y.backward()
    >>> y.data, x.grad
    (11.0, 6.0)

    An operation by hand, as in a program written for micrograd:

    >>> out = Value(math.exp(x.data), (x,), "exp")
    >>> def _backward():
    ...     x.grad += out.data * out.grad
    >>> out._backward = _backward
    >>> x.grad = 0.0
    >>> out.backward()
    >>> round(x.grad, 4)
    20.0855
    """

    __slots__ = SLOTS
    if TYPE_CHECKING:
        grad: Grad

    @overload
    def __init__(self, data: SupportsFloat, label: str, /) -> None: ...
    @overload
    def __init__(
        self, data: SupportsFloat, _children: Iterable[Number] = (), _op: str = "", label: str = ""
    ) -> None: ...
    def __init__(
        self, data: Any, _children: Any = _NOTHING, _op: Any = "", label: Any = _NO_LABEL, **others: Any
    ) -> None:
        if others:
            _check_options(others)
        self._data = data if data.__class__ is float else to_float(data)
        self.grad = 0.0
        self._row = self._a = self._b = self._da = self._db = self.note = None
        if _children is not _NOTHING or label is not _NO_LABEL:
            self._describe(_children, _op, label)

    def _describe(self, children: Any, op: Any, label: Any) -> None:
        """Take the label, or what a program written for micrograd says that the value rests on."""
        if isinstance(children, str):
            if label:
                raise TypeError(gettext(
                    "Value() was given two labels, {children} and {label}",
                    children=f"{children!r:.40}", label=f"{label!r:.40}",
                ))  # fmt: skip
            label, children = children, ()
        if label or label.__class__ is not str:
            self.note = Note(check_label(label))
        if children.__class__ is not tuple or children:
            self._rest_on(children, op)

    if _IN_PYTHON:  # in C a new node is a leaf of 0.0

        def __init_subclass__(cls, **options: Any) -> None:
            super().__init_subclass__(**options)
            if "__new__" not in vars(cls):
                type.__setattr__(cls, "__new__", _blank_of_class)

    # micrograd's names.

    @property
    def _prev(self) -> tuple[Value, ...]:
        return Children(dict.fromkeys(self.parents))

    @_prev.setter
    def _prev(self, children: Any) -> None:
        self._rest_on(children, "")

    _children = _prev

    @property
    def _op(self) -> str:
        return "" if self.op is None else self.op.symbol or self.op.name

    @_op.setter
    def _op(self, name: Any) -> None:
        assign_name(self, name)

    @property
    def _backward(self) -> Callable[[], Any]:
        """The one step of the chain rule that leads on from this node: it adds to the parents' ``grad``."""
        return rule_of(self) or partial(one_step, self)

    @_backward.setter
    def _backward(self, rule: Callable[[], Any]) -> None:
        assign_rule(self, rule)

    def _rest_on(self, children: Any, name: Any) -> None:
        """Make this leaf one that was computed, by hand, from others."""
        rest_on(self, children, name)

    # Recording.

    @staticmethod
    def _apply(op: Op, operands: tuple[Any, ...]) -> Value:
        """Compute ``op`` and record it: the general path, of which the operators below are short cuts."""
        # Most operations have one operand or two, and no constants.
        if op.arity == 1 == len(operands) and not op.params:
            (a,) = operands
            y = op.value(a._data)
            (slope,) = op.local(y, (a._data,))
            return Node.record(op, y, operands, (None if op.gated and slope == 0.0 else slope,))
        if op.vectors:
            half = len(operands) // 2
            return dot(operands[:half], operands[half:])
        op.check_count(len(operands))
        if op.arity == ANY and engine is not None and (made := engine.many(op, operands)) is not None:
            return made
        try:
            operands = tuple([x if isinstance(x, Value) else to_float(x) for x in operands])
        except TypeError:
            arrays = MODE.get().arrays
            if arrays is None:
                raise
            return arrays._apply(op, operands)
        if op.params:
            constants = operands[-len(op.params) :]
            for x in constants:
                if isinstance(x, Value):
                    name = list(op.params)[constants.index(x)]
                    raise TypeError(gettext(
                        "the {name} of {signature} must be a number, not a Value: there is no derivative "
                        "for it",
                        name=name, signature=op.signature(),
                    ))  # fmt: skip
        if len(operands) == 2 and op.arity != ANY:
            a, b = operands
            numbers = x, z = a if a.__class__ is float else a._data, b if b.__class__ is float else b._data
            y = op.value(x, z)
            slopes = op.local(y, numbers)
            da: float | None = None if a.__class__ is float else slopes[0]
            db: float | None = None if b.__class__ is float else slopes[1]
            if op.gated:
                da, db = da or None, db or None
            return Node.record(op, y, operands, (da, db))
        data = tuple([x._data if isinstance(x, Value) else x for x in operands])
        y = op.value(*data)
        local: list[float | None] = list(op.local(y, data))
        for i, x in enumerate(operands):
            if not isinstance(x, Value):
                if i < len(local):
                    local[i] = None
            elif op.gated and local[i] == 0.0:
                local[i] = None
        return Node.record(op, y, operands, local)

    @staticmethod
    def _apply_all(kind: MultiOp, operands: tuple[Any, ...]) -> list[Value]:
        """Compute an operation with several results and record them."""
        return record_all(kind, operands)

    # The hottest operators carry their row's rule inline; a test proves them equal to their rows.

    def __add__(self, other: Number) -> Value:
        if other.__class__ is Value:
            y = self._data + other._data
            db: float | None = 1.0
        elif other.__class__ is float:
            y = self._data + other
            db = None
        else:
            return self._apply(_ADD, (self, other))
        node = _POOL.pop() if _POOL else _new()
        node._data = y
        node.grad = 0.0
        node._row = _ADD
        node._a = self
        node._b = other
        node._da = 1.0
        node._db = db
        node.note = None
        return apply_modes(node) if ACTIVE else node

    def __sub__(self, other: Number) -> Value:
        if other.__class__ is Value:
            y = self._data - other._data
            db: float | None = -1.0
        elif other.__class__ is float:
            y = self._data - other
            db = None
        else:
            return self._apply(_SUB, (self, other))
        node = _POOL.pop() if _POOL else _new()
        node._data = y
        node.grad = 0.0
        node._row = _SUB
        node._a = self
        node._b = other
        node._da = 1.0
        node._db = db
        node.note = None
        return apply_modes(node) if ACTIVE else node

    def __mul__(self, other: Number) -> Value:
        if other.__class__ is Value:
            da = other._data
            db: float | None = self._data
        elif other.__class__ is float:
            da = other
            db = None
        else:
            return self._apply(_MUL, (self, other))
        node = _POOL.pop() if _POOL else _new()
        node._data = self._data * da
        node.grad = 0.0
        node._row = _MUL
        node._a = self
        node._b = other
        node._da = da
        node._db = db
        node.note = None
        return apply_modes(node) if ACTIVE else node

    def tanh(self) -> Value:
        """Hyperbolic tangent."""
        node = _POOL.pop() if _POOL else _new()
        x = self._data
        e = _exp(-2.0 * abs(x))
        q = e - e * (e / (1.0 + e))
        node._data = _tanh(x)
        node.grad = 0.0
        node._row = _TANH
        node._a = self
        node._da = _sech_squared(x) if e < 1e-300 else 4.0 * (q - q * q)
        node._b = node._db = node.note = None
        return apply_modes(node) if ACTIVE else node

    def relu(self) -> Value:
        """Rectified linear unit, max(0, x); the derivative at 0 is 0."""
        node = _POOL.pop() if _POOL else _new()
        x = self._data
        if x > 0.0:
            node._data = x
            node._da = 1.0
        elif x <= 0.0:
            node._data = 0.0
            node._da = None
        else:
            node._data = node._da = x
        node.grad = 0.0
        node._row = _RELU
        node._a = self
        node._b = None
        node._db = None
        node.note = None
        return apply_modes(node) if ACTIVE else node

    def __pos__(self) -> Value:
        return self

    # Comparison is by data, with a number exact, as that of floats, and with an array element by element. Two
    # nodes are equal where they are one, and the hash is the object's, so that sets and dicts of nodes work.
    # While the compiler records, a comparison by data is a node, which `where` takes and `if` refuses.

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Value):
            if ACTIVE and self is not other:
                _refuse_two_nodes()
            return self is other
        if is_tracing():
            return ops.equal(self, other) if _is_number(other) else NotImplemented
        number = exact(other)
        return NotImplemented if number is None else self._data == number

    def __ne__(self, other: object) -> Any:
        if isinstance(other, Value):
            if ACTIVE and self is not other:
                _refuse_two_nodes()
            return self is not other
        if is_tracing():
            return 1.0 - ops.equal(self, other) if _is_number(other) else NotImplemented
        number = exact(other)
        return NotImplemented if number is None else self._data != number

    __hash__ = object.__hash__

    def __lt__(self, other: Number) -> Any:
        return ops.less(self, other) if is_tracing() else self._data < _comparable(other)

    def __le__(self, other: Number) -> Any:
        return ops.less_equal(self, other) if is_tracing() else self._data <= _comparable(other)

    def __gt__(self, other: Number) -> Any:
        return ops.greater(self, other) if is_tracing() else self._data > _comparable(other)

    def __ge__(self, other: Number) -> Any:
        return ops.greater_equal(self, other) if is_tracing() else self._data >= _comparable(other)

    # Leaving the graph.

    def __bool__(self) -> bool:
        refuse_while_tracing(
            "asks for the truth of a Value",
            "write autograd.where(condition, a, b) in place of if/else, and/or, min/max; to sort, for each j "
            "and each i < j, a[i], a[j] = autograd.minimum(a[i], a[j]), autograd.maximum(a[i], a[j])",
        )
        return self._data != 0.0

    def __float__(self) -> float:
        self._leave("autograd's function in place of math's: autograd.sqrt(x), or x.sqrt()")
        check_number(sys._getframe(1))
        return self._data

    def __int__(self) -> int:
        self._leave("autograd.floor(x)")
        return int(self._data)

    __trunc__ = __int__

    if not TYPE_CHECKING:  # to which it would make a node one of the real numbers

        def as_integer_ratio(self) -> NoReturn:
            """Refuse: ``statistics`` would make a number of the ratio, through which no gradient flows."""
            raise TypeError(gettext(
                "the functions of statistics leave the graph; write autograd.mean(values), or "
                "statistics.mean([v.data for v in values]) for the number alone"
            ))  # fmt: skip

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Give NumPy the node itself, in an array without axes, but to a function that would lose it."""
        import numpy as np

        check_array(sys._getframe(1))
        cell = np.empty((), object)
        cell[()] = self
        return cell

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        """Let NumPy's universal functions, and its scalars, compute by the rows of the table."""
        arrays = MODE.get().arrays
        if arrays is not None and (
            method != "__call__" or any(isinstance(x, arrays.__base__) for x in operands)
        ):
            return arrays._ufunc(ufunc, method, operands, options)
        if method != "__call__" or options:
            raise TypeError(ufuncs.refusal(ufunc.__name__))
        return ufuncs.applied(ufunc.__name__, operands)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Let NumPy's functions of numbers compute by rows, and compare a node with a number.

        NumPy's other functions see an object that they do not know.
        """
        import numpy as np

        if not kwargs and ufuncs.is_of_numbers(function.__name__, args):
            return ufuncs.applied(function.__name__, args)
        if function in (np.isclose, np.allclose, np.array_equal):
            args = tuple([float(x) if isinstance(x, Value) else x for x in args])
            kwargs = {name: float(x) if isinstance(x, Value) else x for name, x in kwargs.items()}
        else:
            check_function(function.__name__, of_one=True)
        return np.ndarray.__array_function__(np.empty(0), function, (), args, kwargs)

    # The rest of what `numbers.Complex` asks of a number.

    @property
    def real(self) -> Value:
        """The node itself: its number is real."""
        return self

    @property
    def imag(self) -> float:
        """Zero."""
        return 0.0

    def conjugate(self) -> Value:
        """Return the node itself: its number is real."""
        return self

    def _leave(self, instead: str) -> None:
        """Refuse to give the number away where that would be silently wrong."""
        beside = MODE.get().arrays is not None
        refuse_while_tracing(
            "asks for the number in a Value",
            "write {instead}, and np.zeros_like(x) or np.array([...]) in place of an array of floats"
            if beside
            else "write {instead}",
            instead=instead,
        )
        refuse_constant(
            [self], "asks for the number in a Value", "what is computed from that number alone",
            "Write {instead}, and np.zeros_like(x) or np.array([...]) in place of an array of floats; or "
            "x.detach() or x.item(), where that is meant" if beside else
            "Write {instead}; or x.detach() or x.item(), where that is meant",
            instead=instead,
        )  # fmt: skip

    def _refuse_copy(self, does: str) -> None:
        """Refuse a copy of what has no number yet, or of what the copy would not lead to."""
        refuse_while_tracing("{does} a Value", _INSTEAD_OF_COPY, does=does)
        grads = [self.grad] if isinstance(self.grad, Value) else []
        refuse_constant(
            [self, *grads],
            "{does} a Value",
            "the copy",
            "Write x itself in place of the copy, or x.detach() where a constant is meant",
            does=does,
        )

    def __index__(self) -> int:
        chosen = marked(
            "autograd.take(E, i) in place of E[i], or autograd.dot([autograd.equal(i, float(k)) for k in "
            "range(len(E))], E); nn.Embedding is such a table. A count of rounds, as in range(n), is static: "
            "compile(f, static_argnames='n')"
        )
        refuse_while_tracing("looks something up in a list by a Value", "write {instead}", instead=chosen)
        raise TypeError(gettext(
            "a Value is no whole number; write int(x.data), as in E[int(x.data)], or in a function that is "
            "compiled {chosen}",
            chosen=gettext(chosen),
        ))  # fmt: skip

    def detach(self) -> Value:
        """Return a fresh leaf with the same data, through which no gradient flows."""
        refuse_while_tracing(
            "asks for the number in a Value, by detach()",
            "write the part behind it as a function of its own, compiled apart",
        )
        leaf = Value(self._data, self.label)
        if MODE.get().differentiating:
            leaf.note = ConstantNote(self.label)
        return leaf

    def pow(self, exponent: Number) -> Value:
        """Return the power, as ``x ** exponent`` does: PyTorch's name.

        Parameters
        ----------
        exponent
            A number, or a Value.
        """
        return self**exponent

    # PyTorch's questions.

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made it."""
        return self._row is None

    @property
    def requires_grad(self) -> bool:
        """Whether derivatives flow to it: yes, but where a function that is differentiated detached it."""
        return self.note.__class__ is not ConstantNote

    @requires_grad.setter
    def requires_grad(self, wanted: Any) -> None:  # noqa: ARG002
        raise AttributeError(gettext(
            "every Value is differentiated, and none is a constant; for a constant write x.data, or "
            "x.detach() of what was computed, and leave out of the optimizer what is not to be learnt"
        ))  # fmt: skip

    # Walks over the whole graph.

    def backward(
        self,
        gradient: Any = 1.0,
        *,
        create_graph: bool = False,
        retain_graph: bool | None = None,  # noqa: ARG002
        inputs: Value | Iterable[Value] | None = None,
    ) -> None:
        """Fill ``grad`` of this node and of every node below; see `autograd.backward.backward`.

        Parameters
        ----------
        gradient
            The derivative of what you are after with respect to this node.
        create_graph
            Whether the gradients are Values, which can be differentiated again.
        retain_graph
            Taken since PyTorch's programs pass it. A graph lives as long as something refers to it, either
            way.
        inputs
            The nodes whose ``grad`` to write, as in PyTorch; by default that of all.

        Examples
        --------
        >>> x = Value(2.0)
        >>> y = x ** 3
        >>> y.backward()
        >>> x.grad
        12.0
        """
        backward(self, gradient, create_graph=create_graph, inputs=inputs)

    def draw(self, **options: Any) -> Drawing:
        """Draw the graph below this node; see `autograd.draw` for the options."""
        return lazy_import("draw")(self, **options)

    def explain(self, wrt: Value | None = None, style: str = "text", **options: Any) -> Explanation:
        """Derive the gradient of this node step by step; see `autograd.explain`."""
        return lazy_import("explain")(self, wrt, style, **options)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        self._refuse_copy("copies")
        return deepcopy(self, memo)

    def __copy__(self) -> Value:
        self._refuse_copy("copies")
        twin: Value = like(self)
        for slot in SLOTS:
            setattr(twin, slot, getattr(self, slot))
        give(twin, attributes(self))
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        self._refuse_copy("pickles")
        return reduce(self)

    def __format__(self, spec: str) -> str:
        if spec and ACTIVE:
            refuse_while_tracing(
                "formats the number in a Value",
                "print(x) shows that it is recorded; print its number after the call",
            )
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        if is_tracing():  # a text that shows no number can be printed, and no number be read from it
            return f"Value(data=..., grad=...{label})"
        return f"Value(data={self._data!r}, grad={self.grad!r}{label})"


def _blank_of_class(cls: Any, *_: Any, **__: Any) -> Any:
    """Return a node of a class that a user derived, whose own ``__init__`` need not call ours."""
    node = object.__new__(cls)
    node._data = node.grad = 0.0
    node._row = node._a = node._b = node._da = node._db = node.note = None
    return node


def _made_in_c(python: Any) -> Any:
    """Return the type of nodes in C, which takes from the class above what it does not do itself.

    The slots, the operators and the methods of rows are its own; what is rare in these it hands over to
    `Operators`.
    """
    rows = [
        (op, op.name, op.arity, tuple(map(float, op.params.values())), op.gated, op.params_first,
         op.python is not None)
        for op in ops.TABLE.values()
    ]
    engine.take_rows(rows, ops.Op._call, math.hypot, apply_modes)
    engine.take_pass(MultiOpCall, [(kind, name) for name, kind in SEVERAL.items()])
    operators = {name: f for name, f in vars(Operators).items() if callable(f)}
    of_c = {"__init__", "__dict__", "__weakref__", "__slots__", *SLOTS, *operators}
    names = {name: x for name, x in vars(python).items() if name not in of_c}
    methods = {
        name: (op, operators[name]) for name, op in ops.TABLE.items() if name in operators and op.arity > 0
    }
    title, bases = f"{python.__module__}.{python.__name__}", python.__bases__
    return engine.node_type(title, bases, names, python.__init__, ACTIVE, Call, operators, methods)


if engine is not None and not TYPE_CHECKING:
    Value = _made_in_c(Value)

# Blank nodes, for the operators above to fill: quicker than a call of __init__.
_POOL, _new = blocks(partial(object.__new__, Value))
if engine is not None:
    _new = engine.blank
Node._pool = _POOL
Node._new = staticmethod(_new)
Node._kind = Value


def _refuse_two_nodes() -> None:
    """Raise where the compiler records a comparison of nodes: their numbers may be meant."""
    refuse_while_tracing(
        "compares two Values by ==, which asks whether they are one node",
        "write autograd.equal(x, y) for their numbers, or x is y",
    )


def _comparable(x: Any) -> Any:
    """Return the number on the other side of <, <=, > or >=."""
    if isinstance(x, Value):
        return x._data
    if hasattr(x, "_apply"):  # an array of nodes, which compares itself
        return x
    number = exact(x)
    # to_float says what is wrong with it.
    return to_float(x) if number is None or isinstance(number, complex) else number


def _is_number(x: Any) -> TypeGuard[SupportsFloat]:
    """Whether a node can be compared with it while the compiler records."""
    if is_array(x):
        refuse_while_tracing(
            "compares a Value with an array",
            "compare with one number at a time: [v == float(x) for x in array]",
        )
    return is_number(x)


# So that what asks for a number, such as pytest.approx, takes a node. Not as a real one: what asks for that
# wants a float.
numbers.Complex.register(Value)
