"""What a row of the table of operations is. The rows themselves are in `ops`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, SupportsFloat, overload

from autograd.errors import GraphError
from autograd.floats import elementary
from autograd.floats.convert import is_number, to_float
from autograd.form import Auxiliary, Form
from autograd.modes import MODE
from autograd.native import engine
from autograd.spellings import CONSTANTS, OPERANDS, told_instead
from autograd.words import gettext, marked

if TYPE_CHECKING:
    from autograd.operators import Operators
    from autograd.typing import Real
    from autograd.value import Value

__all__ = [
    "ANY",
    "INF",
    "REALS",
    "SEVERAL",
    "TABLE",
    "Ieee",
    "MultiOp",
    "Op",
    "OpOfCall",
    "lookup",
    "multi",
    "row",
    "several",
]

ANY = -1  # the arity of an operation over any number of operands
INF = math.inf
REALS = (-INF, INF)


# What calls a row: in C, where that was compiled, which hands over to `Op._call` whatever is rare.
_Called: Any = object if engine is None else engine.Callable


class _Description:
    """The docstring of `Op`, and for ``help()`` of a row one that is made from it."""

    def __init__(self, of_class: str | None) -> None:
        self.of_class = of_class

    def __get__(self, op: Op | None, _: type) -> str | None:
        if op is None:
            return self.of_class
        described: str = import_module("autograd.render.formula.describe").describe(op)
        return described


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Op(_Called):  # type: ignore[misc]
    r"""One row of the table, and the function itself: ``exp(2.0)`` is a float, ``exp(Value(2.0))`` a Value.

    Rows are singletons: copied and pickled by name.

    Examples
    --------
    >>> from autograd import TABLE, Value
    >>> sigmoid = TABLE["sigmoid"]
    >>> sigmoid(0.0), sigmoid(Value(0.0))
    (0.5, Value(data=0.5, grad=0.0))
    >>> sigmoid.source, sigmoid.form.letter
    ('Bishop, PRML, eq. 4.88', 'σ')
    """

    __doc__ = _Description(__doc__)  # pyright: ignore[reportAssignmentType]

    name: str
    """Identifier, and name of the method and function."""
    value: Callable[..., float]
    """``value(*operands)``: IEEE result; never raises on floats."""
    partials: Callable[..., tuple[Any, ...]]
    """``partials(y, *operands)``: one local derivative for each differentiable operand."""
    arity: int = 1
    """Number of differentiable operands, or ANY."""
    params: Mapping[str, float] = field(default_factory=dict)
    """Constants that follow the operands, with their defaults, such as a slope; never differentiated."""
    whole: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Of those constants, which are whole numbers, and from where to where; another one is refused."""
    params_first: bool = False
    """Whether a call writes the constants before the operands, as ``polygamma(n, x)`` does."""
    symbol: str = ""
    """What a graph node shows; the name where empty."""
    noun: str = ""
    """What the listing of a compiled program calls a result, as in ``ratio_x``; the name where empty."""
    form: Form | Callable[..., Any] | None = None
    """How it is written: a shape, or a formula of its operands and constants in other rows.

    By default its name before its operands.
    """
    expand: Callable[..., Any] | None = None
    """``expand(*operands)``, constants included: the same in other rows, for compiled programs.

    None where they compute the row itself: as a primitive, by a translation of its value, or number by
    number. A row of any number of operands is differentiated as what it is written out as, any other by its
    own rule.
    """
    terms: Callable[..., Sequence[tuple[Any, ...]] | None] | None = None
    """``terms(*operands)``, constants included: the row as a sum of products, for compiled programs.

    Of each product the factors: one or two operands, and numbers, which may be made of operands where these
    are numbers. None where, for such constants, the row is no sum of products.
    """
    extremum: str = ""
    """``max`` or ``min`` where the row is that of its terms, and not their sum."""
    auxiliary: bool = False
    """Whether only rules of other rows use it, as they do where the form is `Auxiliary`.

    Nothing then offers it to users: no strategy draws it.
    """
    guard: bool = False
    """Whether it gives back its operand but where that, or what is made of it, is NaN or infinite."""
    domain: tuple[tuple[float, float], ...] = (REALS,)
    """For each operand (the last repeats) the open interval where the value and all derivatives exist."""
    kink: Callable[..., float] | None = None
    """``kink(*operands)``: distance to the nearest point without a derivative; None where smooth."""
    pole: Callable[..., float] | None = None
    """``pole(*operands)``: distance to the nearest pole; None where the domain's ends are all there are."""
    vectors: bool = False
    """Whether the operands are two vectors of one length, one behind the other, which nodes may share."""
    gated: bool = False
    """Whether a partial of zero is structural: the branch is not taken and receives no gradient at all."""
    float_partials: Callable[..., tuple[float, ...]] | None = None
    """The partials on floats by a shorter way, to the bit.

    Or better ones, at the ends of the range of doubles.
    """
    textbook: Callable[..., tuple[Any, ...]] | None = None
    """The partials as a textbook prints them, where the accurate rule looks different.

    For derivations only.
    """
    python: Callable[..., Any] | None = None
    """Python's own function of that name, for what is no float; NotImplemented where the row computes."""
    source: str = ""
    """Where the formula stands: a DLMF section or a textbook's equation."""

    if TYPE_CHECKING:

        @overload
        def __call__(self, *operands: Real, **params: float) -> float: ...
        @overload
        def __call__(self, *operands: Operators | SupportsFloat, **params: float) -> Value: ...
        def __call__(self, *operands: Any, **params: Any) -> Any:
            """Apply to numbers, or to operands of which one is a node."""

    def _call(self, *operands: Any, **params: Any) -> Any:
        """Apply to numbers (a float results) or to operands of which one is a node (a node results)."""
        if self.python is not None:
            if params:
                operands, params = self._by_position(operands, params)
            if not any(hasattr(x, "_apply") for x in operands):
                try:
                    found = self.python(*operands)
                except TypeError:  # it is not called so; nor is the row, which says more
                    found = NotImplemented
                if found is not NotImplemented:
                    return found
        if self.params:
            if params or self.arity == ANY or len(operands) != self.arity + len(self.params):
                operands = self._with_params(operands, params)
            elif self.params_first:
                operands = (*operands[len(self.params) :], *operands[: len(self.params)])
            if self.whole:
                self.check_params(operands[len(operands) - len(self.params) :])
        elif params:
            raise TypeError(gettext(
                "{name}() takes no keyword {name2}",
                name=self.name, name2=repr(next(iter(params))),
            ) + (self._instead() if "base" in params else ""))  # fmt: skip
        plain = True
        for x in operands:
            if x.__class__ is not float:
                apply = getattr(x, "_apply", None)
                if apply is not None:
                    return apply(self, operands)
                plain = False
        self.check_count(len(operands))
        if plain:
            return self.value(*operands)
        try:
            numbers = list(map(to_float, operands))
        except TypeError:
            arrays = MODE.get().arrays
            if arrays is None:
                raise
            return arrays._apply(self, operands)
        return self.value(*numbers)

    if engine is None:
        __call__ = _call

    def _by_position(
        self, operands: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return operands and constants without the keywords of Python's own function."""
        try:
            return inspect.signature(self.python or self.value).bind(*operands, **params).args, {}
        except TypeError:
            return operands, params

    def local(self, y: float, operands: tuple[float, ...]) -> tuple[float, ...]:
        """Evaluate the partials on floats, by IEEE's rules where Python's division or power would raise.

        Parameters
        ----------
        y
            The result.
        operands
            What it was computed from, constants included.

        Returns
        -------
        tuple of float
            One local derivative for each differentiable operand.

        Raises
        ------
        ValueError
            Where the derivative is of an order beyond those that are computed.
        """
        try:
            return (self.float_partials or self.partials)(y, *operands)
        except (ZeroDivisionError, OverflowError):
            return tuple(map(float, self.partials(Ieee(y), *map(Ieee, operands))))
        except ValueError as error:
            if not self.whole:
                raise
            raise ValueError(gettext(
                "the derivative of {name} at {operands} is beyond what is computed: {error}",
                name=self.name, operands=operands, error=error,
            )) from None  # fmt: skip

    def rule(self, y: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """Run the rule on nodes or symbols.

        Constants among them divide by IEEE's rules where Python's division or power would raise.

        Parameters
        ----------
        y, operands
            As `local` takes them.

        Returns
        -------
        tuple
            As `local` returns them; nodes or symbols, where such were given.
        """
        try:
            return self.partials(y, *operands)
        except (ZeroDivisionError, OverflowError):
            partials = self.partials(y, *[Ieee(x) if isinstance(x, float) else x for x in operands])
            return tuple(float(p) if p.__class__ is Ieee else p for p in partials)

    def _with_params(self, operands: tuple[Any, ...], given: Mapping[str, Any]) -> tuple[Any, ...]:
        """Fill in the constants that follow the operands, by keyword or by default."""
        by_position = 0 if self.arity == ANY else max(len(operands) - self.arity, 0)
        missing = list(self.params)[by_position:]
        # An order alone: the operand was forgotten.
        if self.params_first and not given and len(operands) == self.arity and operands[0].__class__ is int:
            raise TypeError(gettext(
                "{signature} takes its {names} first, then what it is applied to; got {operands} alone",
                signature=self.signature(), names=' and '.join(self.params), operands=operands[0],
            ))  # fmt: skip
        ours = {name: name if name in self.params else CONSTANTS.get(name, name) for name in given}
        for name, mine in ours.items():
            if mine not in missing or (mine != name and mine in given):
                raise TypeError(gettext(
                    "{name}() takes {names} beside its operands, once each, not {name2}",
                    name=self.name, names=', '.join(self.params), name2=repr(name),
                ))  # fmt: skip
        found = {**self.params, **{mine: given[name] for name, mine in ours.items()}}
        return (*operands, *(found[name] for name in missing))

    def check_params(self, constants: Sequence[Any]) -> None:
        """Check the constants of a call, or of a graph from a file.

        Parameters
        ----------
        constants
            The constants alone, in the row's order; what is no number is passed over.

        Raises
        ------
        ValueError
            Where one that is whole by its nature, such as an order, is not, or lies beyond what is computed.

        Examples
        --------
        >>> from autograd import TABLE
        >>> TABLE["polygamma"].check_params((2.0,))
        >>> TABLE["polygamma"].check_params((-0.5,))
        Traceback (most recent call last):
        ...
        ValueError: polygamma(order, x) takes as its order a whole number from 0 to 1000, got -0.5
        """
        for name, x in zip(self.params, constants, strict=True):
            low, high = self.whole.get(name, REALS)
            if name in self.whole and is_number(x) and not (low <= x <= high and x == math.floor(x)):
                shown = f"{x!r:.40}" if isinstance(x, int) else repr(float(x)).removesuffix(".0")
                raise ValueError(gettext(
                    "{signature} takes as its {name} a whole number from {low} to {high}, got {shown}",
                    signature=self.signature(), name=name, low=f"{low:g}", high=f"{high:g}", shown=shown,
                ))  # fmt: skip

    def written(self, operands: Sequence[Any]) -> Sequence[Any]:
        """Return operands and constants in the order in which a call writes them.

        Parameters
        ----------
        operands
            The operands, then the constants: the order in which nodes, rules and templates have them.
        """
        count = len(operands) - len(self.params)
        return (*operands[count:], *operands[:count]) if self.params_first else operands

    def signature(self) -> str:
        """Return how a call is written, such as ``polygamma(order, x)``."""
        names = ["x"] if self.arity == 1 else [f"x{i}" for i in range(max(self.arity, 0))] or ["*xs"]
        return f"{self.name}({', '.join(self.written([*names, *self.params]))})"

    def check_count(self, count: int) -> None:
        """Check a number of operands.

        Parameters
        ----------
        count
            How many there are, constants included.

        Raises
        ------
        TypeError
            Where the operation takes another number of them.
        """
        wanted = self.arity + len(self.params)
        if self.arity != ANY and count != wanted:
            if wanted == 1:
                said = gettext("{name}() takes one operand, got {count}", name=self.name, count=count)
            else:
                said = gettext(
                    "{name}() takes {wanted} operands, got {count}",
                    name=self.name, wanted=wanted, count=count,
                )  # fmt: skip
            raise TypeError(said + self._instead())

    def _instead(self) -> str:
        """Return what to write for what others' functions of this name take."""
        known = TABLE.get(self.name) is self and self.name in OPERANDS
        return told_instead(f"write {OPERANDS[self.name]}") if known else ""

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return lookup, (self.saved_name(),)

    def __copy__(self) -> Op:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Op:
        return self

    def saved_name(self) -> str:
        """Return the name by which a file or a pickle refers to the row.

        Raises
        ------
        GraphError
            If another operation has been defined by that name since, which would be loaded in its place.
        """
        if (TABLE.get(self.name) or INNER.get(self.name) or CUSTOM.get(self.name, self)) is not self:
            raise GraphError(gettext(
                "another operation has been named {name} since this one, so that it would be loaded in its "
                "place; give each custom_op a name of its own before you save or pickle",
                name=repr(self.name),
            ))  # fmt: skip
        return self.name


class OpOfCall(Op):
    """The row of one result of a function's call, of which nothing is known but what that call gave."""

    __slots__ = ()
    no_copy = marked(
        "this graph holds the result of a checkpointed call, that is, a Python function and not the "
        "operations that it does; call the function itself, without checkpoint(), for a graph that can be "
        "copied, pickled or saved"
    )
    """Why a graph that holds such a node cannot be copied, and what to write instead."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultiOp:
    """An operation with several results, of which each is one of a row: the i-th is ``row(*xs, index=i)``.

    Its nodes share a `Call`, so that time and memory grow with the number of operands and not with its
    square. It has as many results as operands, in each of which its matrix of derivatives is a diagonal
    matrix less a product of two vectors.

    Examples
    --------
    >>> from autograd import ops
    >>> ops.softmaxes(0.0, 0.0)
    [0.5, 0.5]
    """

    name: str
    """Name of the variable in `ops` that holds it, by which files and pickles refer to it."""
    row: Op
    """The row of one result; its last operand is the index."""
    values: Callable[[tuple[float, ...]], Sequence[float]]
    """``values(xs)``: all results."""
    kept: Callable[[tuple[float, ...]], Sequence[float]]
    """``kept(xs)``: the floats, one for each operand, of which the derivatives are made."""
    local: Callable[[Sequence[float], int], Sequence[float]]
    """``local(kept, i)``: the local derivatives of the i-th result."""
    float_pull: Callable[[Sequence[float], Sequence[float]], Sequence[float]]
    """``float_pull(kept, g)``: for each operand the sum over the results of g times the derivative."""
    float_push: Callable[[Sequence[float], Sequence[float]], Sequence[float]]
    """``float_push(kept, t)``: for each result the sum over the operands of the derivative times t."""
    leads: Callable[[Any], Any]
    """``leads(share)``: whether it outweighs all others together, as 1 or 0; at most one of them does."""
    pull: Callable[..., list[Any]]
    """``pull(xs, shares, leading, g)``: as ``float_pull``, on nodes.

    ``leading`` says of each share whether it leads.
    """
    push: Callable[..., list[Any]]
    """``push(xs, shares, leading, t)``: as ``float_push``, on nodes."""
    expand: Callable[..., list[Any] | None] | None = None
    """``expand(*xs)``: all results in other rows, for compiled programs.

    None where these compute results one by one, by the row.
    """
    shares: MultiOp | None = None
    """The operation whose results these rules make the derivatives of; None if its own."""

    def __call__(self, *xs: Any) -> list[Any]:
        """Return all results: numbers of numbers, else nodes."""
        for x in xs:
            if x.__class__ is not float:
                record = getattr(x, "_apply_all", None)
                if record is not None:
                    return record(self, xs)  # type: ignore[no-any-return]
                if hasattr(x, "_apply"):
                    return [self.row(*xs, index=float(i)) for i in range(len(xs))]
        return list(self.values(tuple(map(to_float, xs))))

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return several, (self.name,)


def _ieee(operation: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    """Make a method of `Ieee`, which leaves nodes and symbols to their own methods."""

    def method(self: float, other: Any) -> Any:
        return (
            Ieee(operation(float(self), float(other))) if isinstance(other, (float, int)) else NotImplemented
        )

    return method


class Ieee(float):
    """A float that divides by zero and overflows as IEEE 754 says, for the rules; Python's own raises."""

    __slots__ = ()

    def _apply(self, op: Op, operands: tuple[Any, ...]) -> Any:
        plain = tuple(float(x) if isinstance(x, (float, int)) else x for x in operands)
        return Ieee(op.value(*plain)) if all(x.__class__ is float for x in plain) else op(*plain)

    __add__ = __radd__ = _ieee(lambda a, b: a + b)
    __mul__ = __rmul__ = _ieee(lambda a, b: a * b)
    __sub__, __rsub__ = _ieee(lambda a, b: a - b), _ieee(lambda a, b: b - a)
    __truediv__, __rtruediv__ = _ieee(elementary.div), _ieee(lambda a, b: elementary.div(b, a))
    __pow__ = _ieee(elementary.pow)  # type: ignore[assignment]
    __rpow__ = _ieee(lambda a, b: elementary.pow(b, a))  # type: ignore[assignment]
    __floordiv__, __rfloordiv__ = _ieee(elementary.floordiv), _ieee(lambda a, b: elementary.floordiv(b, a))
    __mod__, __rmod__ = _ieee(elementary.mod), _ieee(lambda a, b: elementary.mod(b, a))

    def __neg__(self) -> Ieee:
        return Ieee(-float(self))

    def __abs__(self) -> Ieee:
        return Ieee(abs(float(self)))


TABLE: dict[str, Op] = {}
# Rows that rules alone write: graphs and files hold them, and nobody else speaks of them.
INNER: dict[str, Op] = {}
SEVERAL: dict[str, MultiOp] = {}
# The users' own rows, apart, so that what reads the table does not depend on who has run.
CUSTOM: dict[str, Op] = {}


def lookup(name: str) -> Op:
    """Return the row of that name."""
    op = TABLE.get(name) or INNER.get(name) or CUSTOM.get(name)
    if op is None:
        raise KeyError(gettext(
            "no operation named {name} in the table; a custom_op must be defined before its graphs are "
            "loaded",
            name=f"{name!r:.60}",
        ))  # fmt: skip
    return op


def several(name: str) -> MultiOp:
    """Return the operation with several results of that name."""
    op = SEVERAL.get(name)
    if op is None:
        raise KeyError(gettext("no operation with several results is named {name}", name=f"{name!r:.60}"))
    return op


def multi(name: str, row: Op, **fields: Any) -> MultiOp:
    """Make an operation with several results and enter it among them."""
    SEVERAL[name] = op = MultiOp(name, row, **fields)
    return op


def row(
    name: str, value: Callable[..., float], partials: Callable[..., tuple[Any, ...]], **fields: Any
) -> Op:
    """Make a row and enter it in the table."""
    if name in TABLE:
        raise ValueError(gettext(
            "the table has an operation {name} already; choose another name",
            name=repr(name),
        ))  # fmt: skip
    fields.setdefault("auxiliary", isinstance(fields.get("form"), Auxiliary))
    TABLE[name] = op = Op(name, value, partials, **fields)
    return op
