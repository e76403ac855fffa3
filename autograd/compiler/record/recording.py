"""What recording a function takes, whatever is made of the recording. Needs the standard library only."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from numbers import Real
from operator import attrgetter
from types import FunctionType
from typing import Any, Protocol, TypeVar

from autograd.backward import toposort
from autograd.blocks import collector_paused
from autograd.calculus.generators import changed, find_generators
from autograd.calculus.lookup import Lookup
from autograd.calculus.sparse import Coordinates
from autograd.calculus.trees import is_ndarray, like, map_atoms, map_leaves
from autograd.errors import TracingError
from autograd.floats.convert import to_float
from autograd.form import Comparison
from autograd.modes import mode, refuse_while_tracing
from autograd.native import engine
from autograd.node import Call, ConstantNote, Node
from autograd.value import Value
from autograd.words import gettext

__all__ = [
    "Tape", "argument_names", "called", "constant", "flatten", "nested", "only_numbers", "rebuild", "record",
    "rectangle", "refuse_no_grad", "resting_on", "stacked", "with_outside", "without_draws",
]  # fmt: skip

BYTES_PER_TERM = 800
"""Memory that recording and compiling take for each operation or product, at most."""
LOOK_EVERY = 4096


def available_memory() -> float:
    """Return the bytes that are free, or infinity where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * float(line.split()[1])
    except OSError:
        return math.inf
    return math.inf


class Tape(list[Any]):
    """The nodes of a recording, which stops before memory runs out.

    Parameters
    ----------
    looks_up
        Whether what is made of it can look up numbers in tables; products stand for that where not.

    Attributes
    ----------
    tables : dict
        The tables that were looked at so far, by their identity.
    visits : list
        Of passes back, past the hooks of nodes: how long the tape was at each node, then the node; at the end
        of a pass, in place of a node the gradients of all.
    """

    def __init__(self, *, looks_up: bool = False) -> None:
        super().__init__()
        self.looks_up = looks_up
        self.tables: dict[int, Any] = {}
        self.visits: list[Any] = []
        self.terms = 0
        self.free = math.inf
        self.told = False

    def append(self, node: Any) -> None:
        """Add a node; every so often, look how much there is."""
        list.append(self, node)
        if len(self) % LOOK_EVERY == 0:
            self._look()

    def _look(self) -> None:
        if not self.terms:
            self.free = available_memory()
        first = len(self) - LOOK_EVERY
        self.terms += LOOK_EVERY + (
            sum([len(node._a[0]) for node in self[first:] if node._vectors])
            if engine is None
            else engine.products(self, first)
        )
        needed = BYTES_PER_TERM * self.terms
        if needed > 0.25 * self.free and not self.told:
            self.told = True
            print(gettext(
                "compile: recorded {terms} operations so far; about {needed} GB will be needed",
                terms=f"{self.terms:,}", needed=f"{needed / 1e9:.1f}",
            ), file=sys.stderr)  # fmt: skip
        if needed > 0.8 * self.free:
            raise MemoryError(gettext(
                "{terms} operations recorded and no end: compiling them takes more than the {free} GB "
                "that are free. Compile one example, with batch=True, and pass the data as arrays: each "
                "example then is a lane, and the graph does not grow with the data.",
                terms=f"{self.terms:,}", free=f"{self.free / 1e9:.1f}",
            ))  # fmt: skip


_SLOT: Any = Value.__dict__["grad"]


def _read(node: Any) -> Any:
    refuse_while_tracing(
        "reads the gradient in a Value",
        "write autograd.grad(f)(x), whose result is a Value; or pass the number as an argument",
    )
    return _SLOT.__get__(node)


_WATCHED = property(_read, _SLOT.__set__)
"""`grad` while functions are recorded: in front of the slot just then, so that that is as fast as ever."""
_GRAD = "grad"
_RECORDINGS: list[None] = []
"""One for each recording that is going on."""


@contextmanager
def _grads_watched() -> Iterator[None]:
    """Refuse to read `grad` in a function that is recorded."""
    _RECORDINGS.append(None)
    setattr(Value, _GRAD, _WATCHED)
    try:
        yield
    finally:
        _RECORDINGS.pop()
        if not _RECORDINGS:
            setattr(Value, _GRAD, _SLOT)


class Recording(Protocol):
    """What is made of a function."""

    def fixed(self) -> Any:
        """Return what recording the function once more would repeat."""


R = TypeVar("R", bound=Recording)


def without_draws(make: Callable[[], R], *functions: Any) -> R:
    """Return what ``make`` makes by recording functions.

    Raises
    ------
    TracingError
        If they draw random numbers, which the program would repeat for ever: from generators that the
        functions lead to, or those of `random` and NumPy. Another thread may have drawn them: so what is
        compared is a second recording.
    """
    before = find_generators(*functions)
    made = make()
    if changed(before) and made.fixed() != make().fixed():
        raise TracingError(gettext(
            "the function draws random numbers, and a compiled program would repeat one draw for ever; "
            "draw them before the call and pass them as an argument"
        ))  # fmt: skip
    return made


def called(f: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> Any:
    """Call a function, which has to leave its arguments as they are: the caller's own would stay so."""
    given = [*args, *named.values()]
    before = [map_atoms(_identity, x) for x in given]
    result = f(*args, **named)
    for i, (x, held) in enumerate(zip(given, before, strict=True)):
        if map_atoms(_identity, x) != held:
            own = argument_names(f)[: len(args)]
            raise TracingError(gettext(
                "the function changes its argument {name} in place, which compiled is a copy, so the "
                "caller's would stay as it is; write x = x.copy() first, and return what is new",
                name=[*own, *range(len(own), len(args)), *named][i],
            ))  # fmt: skip
    return result


def _identity(x: Any) -> Any:
    return (x.shape, x.tobytes()) if is_ndarray(x) else id(x)


def record(f: Callable[..., Any], args: Sequence[Any], tape: list[Value]) -> Any:
    """Call ``f(*args)`` while every node goes onto ``tape``, in order of creation."""
    try:
        with collector_paused(), mode(tape=tape, grad=True, anomaly=False), _grads_watched():
            return called(f, args, {})
    except SystemError as error:  # some of NumPy's functions go on after an error, which is the cause then
        cause: BaseException | None = error
        while not (cause is None or isinstance(cause, TracingError)):
            cause = cause.__cause__
        raise cause or error from None


def refuse_no_grad(tape: list[Value]) -> None:
    """Raise TracingError if a node that was recorded is a leaf."""
    if None in map(attrgetter("_row"), tape):
        raise TracingError(gettext(
            "the function uses no_grad(), whose results would be frozen into the program; compile "
            "the part with a gradient only"
        ))  # fmt: skip


def resting_on(read: Iterable[Any]) -> Iterator[Any]:
    """Return what was read, and what the calls there rest on."""
    calls = [x for x in read if isinstance(x, Call)]
    lookups = [call for call in calls if isinstance(call, Lookup)]
    return chain(
        read, *[call.elements for call in calls if not isinstance(call, Lookup)],
        [call.index for call in lookups],
        *[call.nodes() for call in {id(call.rows): call for call in lookups}.values()],
    )  # fmt: skip


def with_outside(tape: list[Value], known: Collection[Any]) -> list[Value]:
    """Put nodes that were computed before the recording, but are used in it, in front.

    ``known`` are left out.
    """
    inside: set[Any] = set(tape)

    def foreign(read: Iterable[Any]) -> list[Value]:
        """Return the nodes among what was read, or among the elements of a call there, that are elsewhere."""
        nodes = [x for x in resting_on(read) if isinstance(x, Value) and x.op is not None]
        return [x for x in nodes if not (x in inside or x in known)]

    # Sets are made much faster than a loop looks at everything that was read, and as a rule nothing is left.
    if not foreign(set(chain.from_iterable(map(Node._predecessors, tape))) - inside):
        return tape
    outside: dict[Value, None] = {}
    for x in foreign(dict.fromkeys(chain.from_iterable(map(Node._predecessors, tape)))):
        if x not in outside:
            outside.update(dict.fromkeys([other for other in toposort(x) if other.op is not None]))
    return [*outside, *tape]


def constant(x: float) -> Value:
    """Return a leaf with respect to which nobody wants a derivative."""
    leaf = Value(x)
    leaf.note = ConstantNote()
    return leaf


def nested(flat: Iterator[Any], shape: tuple[int, ...]) -> Any:
    """Arrange values as nested lists of a shape."""
    return next(flat) if not shape else [nested(flat, shape[1:]) for _ in range(shape[0])]


def flatten(result: Any, leaves: list[Any]) -> Any:
    """Replace each number or Value in nested lists, tuples, dicts, sparse matrices by its position.

    Arrays become nested lists.
    """

    def position(leaf: Any) -> Any:
        """Keep a leaf, and return where."""
        if leaf.__class__ is Coordinates:
            return leaf.of(list(map(position, leaf.values)))
        if is_ndarray(leaf):
            return map_atoms(position, leaf.tolist())
        leaves.append(leaf)
        return len(leaves) - 1

    return position(None) if result is None else map_atoms(position, result)


def rebuild(structure: Any, values: Sequence[Any]) -> Any:
    """Put numbers, or nodes, back where `flatten` found them."""

    def value(leaf: Any) -> Any:
        """Return what belongs in the place of a position, or of the positions in a sparse matrix."""
        return leaf.of(list(map(value, leaf.values))) if leaf.__class__ is Coordinates else values[leaf]

    return map_leaves(value, structure)


def rectangle(structure: Any) -> tuple[int, ...] | None:
    """Return the shape of nested lists, () of a number; None where they are not rectangular.

    Examples
    --------
    >>> rectangle([[0, 1, 2], [3, 4, 5]]), rectangle(0), rectangle([0, [1]])
    ((2, 3), (), None)
    """
    if not isinstance(structure, list):
        return None if structure is None or isinstance(structure, (tuple, dict, Coordinates)) else ()
    shapes = {rectangle(child) for child in structure}
    if len(shapes) > 1 or None in shapes:
        return None
    inner = shapes.pop() if shapes else ()
    return None if inner is None else (len(structure), *inner)


def stacked(structure: Any, columns: Sequence[Sequence[Any]]) -> Any:
    """Put the results of many examples together.

    Each number, or rectangular nested list of numbers, in the structure of one example becomes a list of as
    many as there are examples.

    Examples
    --------
    >>> stacked({"y": 0, "z": [1, 2]}, [[10, 20], [11, 21], [12, 22]])
    {'y': [10, 20], 'z': [[11, 12], [21, 22]]}
    """
    shape = rectangle(structure)
    if shape is not None:
        positions: list[int] = []
        flatten(structure, positions)
        count = len(columns[0]) if columns else 0
        return [nested(iter([columns[k][i] for k in positions]), shape) for i in range(count)]
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {key: stacked(child, columns) for key, child in structure.items()}
    if isinstance(structure, Coordinates):
        count = len(columns[0]) if columns else 0
        return [structure.of([columns[k][i] for k in structure.values]) for i in range(count)]
    return like(structure, [stacked(child, columns) for child in structure])


def only_numbers(results: Sequence[Any], structure: Any, result: Any, *, loss: bool) -> None:
    """Raise TypeError unless a function returned numbers or Values; a single one where it is a loss."""
    if loss and structure != 0:
        raise TypeError(gettext(
            "the function to compile must return one number, the loss, got {kind}; return a single "
            "Value",
            kind=type(result).__name__,
        ))  # fmt: skip
    for x in results:
        form = getattr(x.op, "form", None) if isinstance(x, Value) else None
        if isinstance(x, bool) or (loss and isinstance(form, Comparison)):
            raise TypeError(gettext(
                "the function to compile returned a condition, which has no derivative; return the "
                "number that was compared, or autograd.where(condition, a, b)"
            ))  # fmt: skip
        if not isinstance(x, (Value, Real)):
            raise TypeError(gettext(
                "the function to compile returned {kind}; return numbers or Values, or lists of them",
                kind=type(x).__name__,
            ))  # fmt: skip
        if not isinstance(x, Value):
            to_float(x)  # which says what is wrong with it


def argument_names(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional arguments, for the printed source."""
    if f.__class__ is FunctionType and not f.__dict__ and not f.__defaults__:  # it takes no signature
        return [*f.__code__.co_varnames[: f.__code__.co_argcount]]
    try:
        given = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [
        p.name
        for p in given
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
