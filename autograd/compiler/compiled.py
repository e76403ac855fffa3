"""What a call of a compiled function is, whatever runs the program. Needs the standard library only.

A call owns its data: it takes an engine (a program with arrays of its own) out of its structure, and gives it
back when it is done, so calls in several threads or within one another never meet. What the program cannot do
as the engine would, such as hooks on interior nodes, is left to the engine, and `report` says so.
"""

from __future__ import annotations

import copy
import math
import pickle
import types
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from autograd.backward import _hooked, changed
from autograd.compiler.arguments import form_of_arguments
from autograd.compiler.backends import AT_ONCE
from autograd.compiler.cache import Recent
from autograd.compiler.operation import Applied, pullback, reach
from autograd.compiler.record.recording import (
    argument_names,
    called,
    constant,
    flatten,
    nested,
    rebuild,
    stacked,
)
from autograd.compiler.report import ANOMALY, HOOKED_OUTSIDE, NOT_FINITE, Report, eager, worst
from autograd.compiler.training import moves_arrays, training
from autograd.errors import GraphError, TracingError
from autograd.lazy import lazy_import
from autograd.modes import ACTIVE, MODE, refuse_constant, user_line
from autograd.node import HOOKED, ConstantNote
from autograd.sweep import add_floats, add_to_leaves, in_turn
from autograd.value import Value
from autograd.words import gettext, marked

__all__ = ["Arguments", "CompiledFunction", "weight_of"]

_FLOATS = {float}
_OVERRIDABLE = {*dir(Value)} - {"__init__", "__new__", "__repr__", "__str__"}
PATIENCE = 32
"""So many calls are left to the engine before a warning."""


class Loaded(Protocol):
    """A program with the numbers of one call.

    Attributes
    ----------
    fixed : list of bool
        For each result, whether it is the same number in every call.
    """

    fixed: list[bool]

    @abstractmethod
    def load(self, given: Any, captured: list[Any]) -> None:
        """Take the arguments, and the data of the captured leaves."""

    @abstractmethod
    def attempt(self, theta: Any) -> tuple[float, Any] | None:
        """Return the loss and its gradient at these parameters; None where the engine has to evaluate."""

    @abstractmethod
    def run(self) -> bool:
        """Compute the results of a function without parameters; False where the engine has to evaluate."""

    @abstractmethod
    def columns(self) -> list[list[float]]:
        """Return, for each output, the number for each example."""

    @abstractmethod
    def results(self, form: Any, arrays: bool) -> Any:
        """Return the results in the structure that the function returned; ``arrays`` for nested lists."""


class Recorded(Protocol):
    """A function as it was recorded for arguments of some shapes: its program, which it lends to calls.

    Attributes
    ----------
    source : object
        What was recorded: the leaves ``captured``, the nodes ``outside`` that it closes over, the form of the
        result, why the engine has to evaluate (``aside``), if it has to, whether the function itself takes
        derivatives (``pulled``), for which hooks are called, and whether it returns ``arrays``.
    form : object
        The structure of the result, as `Loaded.results` wants it.
    unreached : sequence of int
        Numbers of the parameters that the loss does not depend on.
    """

    source: Any
    form: Any
    unreached: Any

    @property
    @abstractmethod
    def weight(self) -> float:
        """Return roughly how many bytes it takes."""

    @abstractmethod
    def engine(self, lanes: int) -> Any:
        """Return a `Loaded` for a number of examples that no other call uses, until `release`."""

    @abstractmethod
    def release(self, engine: Any) -> None:
        """Take back what was lent."""


class Arguments(ABC):
    """The arguments of a call, of all examples.

    Attributes
    ----------
    shapes
        Of each argument of one example.
    lanes
        How many examples.
    given
        For each argument, if a node is among the arguments, its flat numbers and nodes; else None.
    as_arrays
        Whether an array is among the arguments, so that results are arrays too.
    """

    __slots__ = ("as_arrays", "given", "lanes", "shapes")

    def __init__(self, shapes: Sequence[tuple[int, ...]], lanes: int, given: list[list[Any]] | None) -> None:
        self.shapes, self.lanes, self.given = tuple(shapes), lanes, given
        self.as_arrays = False

    @abstractmethod
    def numbers(self, i: int) -> list[list[float]]:
        """Return, for each argument of an example, its flat numbers."""

    @abstractmethod
    def own(self) -> Arguments:
        """Return the same in arrays that nobody else can change."""

    @abstractmethod
    def part(self, start: int, end: int) -> Arguments:
        """Return some of the examples."""

    def values(self, i: int = 0) -> list[Any]:
        """Return the arguments of an example as nested lists of nodes."""
        flats: list[list[Any]]
        if self.given is None:
            flats = list(self.numbers(i))
        else:
            sizes = list(map(math.prod, self.shapes))
            flats = [flat[i * n : (i + 1) * n] for flat, n in zip(self.given, sizes, strict=True)]
        nodes = [[x if isinstance(x, Value) else constant(x) for x in flat] for flat in flats]
        return [nested(iter(flat), shape) for flat, shape in zip(nodes, self.shapes, strict=True)]


class CompiledFunction(ABC):
    """A compiled function; made by `compile`.

    Attributes
    ----------
    python_source : str
        The program in straight-line Python over floats.
    """

    _in_arrays = True
    """Whether numbers are kept in arrays of NumPy."""
    _brief = False
    """Whether it is called so seldom that building a program for long is not worth it."""

    def __init__(
        self, f: Callable[..., Any], params: list[Value] | None, batch: bool, reduction: str,
        penalty: Callable[[], Any] | None, backend: str, static: frozenset[int | str] = frozenset(),
    ) -> None:  # fmt: skip
        self._f, self._params, self._batch = f, params, batch
        # Of a tuple the numbers may stay in arrays, see native/pass.c.
        self._nodes: Any = params and tuple(params)
        self._reduction, self._penalty, self._backend = reduction, penalty, backend
        self._names, self._static = argument_names(f), static
        self._traces, self._pulls, self._reaches = Recent(weigh=weight_of), Recent(), Recent()
        self._latest: tuple[Any, Any] | None = None
        self._left: Counter[str] = Counter()
        self._looked = 0
        self._parts: CompiledFunction | None = None
        self._forms, self._whole = Recent(), self
        self._called: list[str] = []

    # What the two kinds of compiled functions do each in its way.

    @abstractmethod
    def _theta(self) -> Any:
        """Return the parameters' numbers, as `_vector` does."""

    @abstractmethod
    def _store(self, theta: Any) -> None:
        """Give the parameters their numbers."""

    @staticmethod
    @abstractmethod
    def _vector(numbers: Iterable[float]) -> Any:
        """Return numbers in the form that `value_and_grad` returns."""

    @abstractmethod
    def _parsed(self, data: Sequence[Any]) -> Any:
        """Check the arguments of a call, and copy them."""

    @abstractmethod
    def _record(self, given: Any) -> Recorded:
        """Record the function for such arguments."""

    @abstractmethod
    def _verify(self, structure: Any) -> None:
        """Raise if a program is not sound."""

    @abstractmethod
    def _facts(self) -> tuple[dict[str, Any], list[str]]:
        """Return what `report` tells of the latest program."""

    def _argument(self, i: int | str) -> str:
        """Return what an error calls an argument, given by place or by name."""
        if isinstance(i, str):
            return gettext("argument {name}", name=i)
        if self._called:
            return self._called[i]
        name = f" ({self._names[i]})" if i < len(self._names) else ""
        return gettext("argument {i}{name}", i=i, name=name)

    def _checked(self, counts: Sequence[int | None], arguments: Sequence[Any]) -> int:
        """Return the number of examples, which is that of each argument."""
        if len(set(counts)) != 1 or None in counts or 0 in counts:
            shown = ", ".join(str(getattr(a, "shape", a)) for a in arguments)
            raise ValueError(gettext(
                "with batch=True every argument needs the same number of examples, at least one, along "
                "its first axis; got shapes {shown}",
                shown=shown,
            ))  # fmt: skip
        return counts[0] or 0

    # A call.

    def _structure(self, given: Any) -> Any:
        """Return the function as recorded for such arguments."""
        return self._traces.recall(given.shapes, lambda: self._record(given))

    def _begin(self, given: Any) -> tuple[Any, Any]:
        """Return the structure for such arguments, and an engine of it, loaded with them, for the caller."""
        structure = self._structure(given)
        if structure.source.outside:
            self._refuse_changed(structure.source.outside)
        engine = structure.engine(given.lanes)
        engine.load(given, structure.source.captured)
        self._latest = self._whole._latest = structure, engine
        return structure, engine

    @staticmethod
    def _refuse_changed(outside: Sequence[Value], moved: Sequence[Value] | None = None) -> None:
        """Raise where nodes computed before were of other numbers than now, or are of what will be moved."""
        moving = set((outside and moved) or ())
        for x in outside:
            if x._call is None and (not moving.isdisjoint(x.operands) or changed(x) is not None):
                raise GraphError(gettext(
                    "the function closes over {name}(...) = {data}, computed before of numbers that have "
                    "changed since, or that train() changes: compute it inside the function; or close over "
                    "its number, c = y.data",
                    name=x.op.name if x.op else "", data=repr(x._data),
                ))  # fmt: skip

    def _of_numbers(
        self, data: Sequence[Any], named: dict[str, Any]
    ) -> tuple[CompiledFunction, Sequence[Any]]:
        """Return the compiled function of the numbers and arrays in the arguments of a call, and these.

        It is this one, where the arguments are nothing else.
        """
        found = form_of_arguments(self._f, self._names, data, named, self._static, batch=self._batch)
        if found is None:
            return self, data
        form, leaves = found

        def made() -> CompiledFunction:
            """Return the function for this form of arguments."""
            twin = type(self)(
                form.flat(), self._params, self._batch, self._reduction, self._penalty, self._backend
            )
            twin._brief, twin._whole, twin._left = self._brief, self, self._left
            twin._called = [self._argument(slot.argument) + slot.path for slot in form.slots]
            return twin

        return self._forms.recall(form.key, made), leaves

    def _prepare(self, data: Sequence[Any]) -> tuple[Any, Any]:
        return self._begin(self._parsed(data))

    def __call__(self, *data: Any, **named: Any) -> Any:
        """Return the loss, and add the gradients to the parameters' ``grad``.

        Without parameters, the function's result.

        An argument is a number, an array or nested lists of numbers, or a tree of these (tuples, dicts, lists
        of rows of different lengths), by place or by name. Flags, functions, models, and by name texts and
        None, are passed as they are, and have a program of their own for each value.

        A function without parameters that is called on Values, or on lists that hold some, returns Values,
        through which gradients flow as through the function itself. Inside `no_grad` no ``grad`` changes.
        """
        function, numbers = self._of_numbers(data, named)
        if self._params is None:
            return function._apply(function._parsed(numbers))
        value, grads, structure, given = function._evaluated(numbers, marked("a call"))
        if not ACTIVE or MODE.get().grad:
            function._add(grads, structure, given)
        return value

    def value_and_grad(self, *data: Any, **named: Any) -> tuple[float, Any]:
        """Return the loss and the gradients, an array in the order of the parameters. Writes no ``grad``."""
        if self._params is None:
            raise TypeError(gettext(
                "this function was compiled without params; compile value_and_grad(f), or pass params"
            ))  # fmt: skip
        function, numbers = self._of_numbers(data, named)
        value, grads, *_ = function._evaluated(numbers, "value_and_grad()")
        return value, self._vector(grads)

    def _evaluated(self, data: Sequence[Any], what: str) -> tuple[float, Any, Any, Any]:
        """Return the loss, the gradients, the structure and the arguments."""
        assert self._params is not None
        if ACTIVE:
            self._refuse_while_tracing(what)
        given = self._numbers(data)
        structure, engine = self._begin(given)
        try:
            self._refuse_cut_off(structure, what)
            return (
                *self._computed(structure, engine, self._theta(), given),
                structure,
                given,
            )
        finally:
            structure.release(engine)

    def _numbers(self, data: Sequence[Any]) -> Any:
        """Check the arguments of a loss."""
        given = self._parsed(data)
        if given.given is not None:
            i = next(i for i, flat in enumerate(given.given) if any(isinstance(x, Value) for x in flat))
            raise TypeError(gettext(
                "{argument} holds a Value: a loss compiled with params is differentiated for these alone. "
                "Pass its number, x.data; for a gradient in the arguments, compile the function without "
                "params",
                argument=self._argument(i),
            ))  # fmt: skip
        return given

    def _computed(self, structure: Any, engine: Any, theta: Any, given: Any) -> tuple[float, Any]:
        """Return the loss and the gradients at ``theta``.

        By the engine itself, where the program steps aside.
        """
        reason = self._aside(structure) if ACTIVE or HOOKED or structure.source.aside else ""
        if not reason:
            found = engine.attempt(theta)
            if found is not None:
                return found if not HOOKED else (found[0], self._hooked(found[1], structure.unreached, given))
            reason = NOT_FINITE
        return self._by_engine(reason, given, theta)

    def _aside(self, structure: Any) -> str:
        """Return why the program would not do what the engine does, or an empty text."""
        if ACTIVE and MODE.get().anomaly:
            return ANOMALY
        source = structure.source
        return source.aside or (
            HOOKED_OUTSIDE if HOOKED and any(map(_hooks, (*source.captured, *source.outside))) else ""
        )

    def _hooked(self, grads: Any, unreached: Sequence[int], given: Any) -> Any:
        """Let the hooks of the parameters that a gradient reaches see it, and change it."""
        assert self._params is not None
        hooked = [
            i for i, p in enumerate(self._params) if _hooks(p) and (i not in unreached or grads[i] != 0.0)
        ]
        absent = self._not_reached([i for i in hooked if grads[i] == 0.0], given)
        for i, p in enumerate(self._params):
            if i in hooked and i not in absent:
                grads[i] = float(_hooked(_hooks(p), float(grads[i])))
        return grads

    def _not_reached(self, some: Sequence[int], given: Any) -> set[int]:
        """Return those of some parameters that no gradient reaches, for these data.

        No branch to them is taken.
        """
        assert self._params is not None
        left = set(some)
        if not left:
            return left
        self._looked += 1
        find = reach(self._f, self._penalty, self._params)
        program = self._reaches.recall(given.shapes, lambda: self._like(find, brief=True))
        for i in range(given.lanes):
            structure, engine = program._begin(
                program._parsed(
                    [
                        nested(iter(flat), shape)
                        for flat, shape in zip(given.numbers(i), given.shapes, strict=True)
                    ]
                )
            )
            try:
                found = engine.results(structure.form, False) if engine.run() else None
            finally:
                structure.release(engine)
            if found is None:
                found = [float(x) for x in find(*given.values(i))]
            left = {k for k in left if found[k] == 0.0}
            if not left:
                break
        return left

    def _unreached(self, structure: Any, given: Any) -> Sequence[int]:  # noqa: ARG002
        """Return the numbers of parameters that no gradient reaches for these data, as far as is known."""
        unreached: Sequence[int] = structure.unreached
        return unreached

    def _add(self, grads: Any, structure: Any, given: Any) -> None:
        """Add to the parameters' ``grad`` as a backward pass does."""
        params = self._nodes
        added = not structure.unreached and bool(in_turn(lambda: add_floats(params, grads)))
        if added:
            return
        unreached = self._unreached(structure, given)
        numbers = list(grads) if grads.__class__ is list else grads.tolist()
        for i in unreached:
            if numbers[i] == 0.0:  # the engine, where it evaluated, may have brought NaN there
                numbers[i] = None
        added = bool(unreached) and bool(in_turn(lambda: add_floats(params, numbers)))
        if added:
            return
        for i in self._not_reached(
            [i for i, (p, g) in enumerate(zip(params, numbers, strict=True)) if g == 0.0 and p.grad is None],
            given,
        ):
            numbers[i] = None
        in_turn(lambda: add_to_leaves(dict(zip(params, numbers, strict=True))))

    def _refuse_while_tracing(self, what: str) -> None:
        """Raise where a function is being recorded, whose program would freeze the numbers."""
        if MODE.get().tape is not None:
            raise TracingError(gettext(
                "{user_line} asks for {what} of a compiled loss while a function is recorded for "
                "compilation; its numbers would be frozen into the program. Call the loss function "
                "itself there, or compile one without params, which may be called on Values",
                user_line=user_line(), what=gettext(what),
            ))  # fmt: skip

    def _refuse_cut_off(self, structure: Any, what: str) -> None:
        """Raise inside a differentiated function whose derivative would be lost here."""
        if MODE.get().differentiating is not None:
            refuse_constant(
                [*(self._params or ()), *structure.source.captured, *structure.source.outside],
                "asks for {what} of a compiled loss", "its numbers",
                "Call the loss function itself there, or compile one without params, which may be called on "
                "Values",
                what=what,
            )  # fmt: skip

    # Functions without parameters.

    def _apply(self, given: Any) -> Any:
        if ACTIVE and MODE.get().tape is not None:
            return self._arranged_nodes(*self._flat_on_nodes(given), given)  # recorded with what calls it
        self._refuse_kinds(given.given or ())
        structure, engine = self._begin(given)
        source = structure.source
        given.as_arrays |= source.arrays
        # Inside a differentiated function, the derivative may be wanted for what the function closes over.
        ends = [*(v for v in source.captured if v.note.__class__ is not ConstantNote), *source.outside]
        recorded = given.given is not None or (ends and MODE.get().differentiating)
        try:
            watched = source.pulled or (ACTIVE and MODE.get().anomaly)
            reason = self._aside(structure) if watched else source.aside if recorded else ""
            found = not reason and engine.run()
            columns = engine.columns() if found and recorded else []
            result = engine.results(structure.form, given.as_arrays) if found and not recorded else None
        finally:
            structure.release(engine)
        if not found:
            self._note(reason or NOT_FINITE, level=4)
            form, leaves = self._flat_on_nodes(given)
            if recorded:
                return self._arranged_nodes(form, leaves, given)
            numbers = [x._data if isinstance(x, Value) else float(x) for x in leaves]
            return self._arranged(rebuild(form, numbers), given)
        if not recorded:
            return result
        outputs: list[float] = []
        if self._batch:
            form = flatten(stacked(source.structure, columns), outputs)
        else:
            form, outputs = source.structure, [column[0] for column in columns]
        call = Applied(self, given.own(), ends, outputs)
        fixed = engine.fixed if not self._batch else [False] * len(outputs)
        nodes = [
            x if known else call.result(i) for i, (x, known) in enumerate(zip(outputs, fixed, strict=True))
        ]
        return self._arranged_nodes(form, nodes, given)

    def _refuse_kinds(self, given: Sequence[list[Any]]) -> None:
        """Raise where arguments are Values that compute otherwise than the plain ones in a program."""
        for i, flat in enumerate(given):
            for kind in {x.__class__ for x in flat if isinstance(x, Value)} - {Value}:
                above = kind.__mro__[: kind.__mro__.index(Value)]
                for own in _OVERRIDABLE & {n for c in above for n, x in vars(c).items() if callable(x)}:
                    raise TypeError(gettext(
                        "{argument} is a {kind}, whose own {own} a compiled function would not call; call "
                        "it there: {kind}.{own}(x, ...)",
                        argument=self._argument(i), kind=kind.__name__, own=own,
                    ))  # fmt: skip

    def _flat_on_nodes(self, given: Any) -> tuple[Any, list[Any]]:
        """Run the function itself on nodes; return the structure of its result, and what is in it."""
        leaves: list[Any] = []
        return flatten(self._on_nodes(given), leaves), leaves

    def _arranged_nodes(self, form: Any, nodes: Sequence[Any], given: Any) -> Any:  # noqa: ARG002
        """Return nodes in the structure of the result."""
        return rebuild(form, nodes)

    def _on_nodes(self, given: Any) -> Any:
        """Run the function itself on nodes, example by example where the arguments hold many."""
        if not self._batch:
            return called(self._f, given.values(), {})
        results = [called(self._f, given.values(i), {}) for i in range(given.lanes)]
        leaves: list[Any] = []
        form = flatten(results[0], leaves)
        columns: list[list[Any]] = [[] for _ in leaves]
        for result in results:
            found: list[Any] = []
            if flatten(result, found) != form:
                raise TypeError(gettext("the function's results are not of one structure for all examples"))
            for column, x in zip(columns, found, strict=True):
                column.append(x)
        return stacked(form, columns)

    @abstractmethod
    def _arranged(self, result: Any, given: Any) -> Any:
        """Return what the engine computed as the program gives it back."""

    def _pulled(self, cotangents: list[float], given: Any, ends: list[Value]) -> Any:
        """Return what pulls back, for each number among the arguments and then each of ``ends``.

        None where it is not finite.
        """
        pull = self._pulls.recall(
            given.shapes, lambda: self._like(pullback(self._f, ends), batch=self._batch)
        )
        structure, engine = pull._begin(pull._parsed(self._pull_arguments(cotangents, given)))
        try:
            return self._pull_sums(engine.results(structure.form, False), given) if engine.run() else None
        finally:
            structure.release(engine)

    def _pull_arguments(self, cotangents: list[float], given: Any) -> list[Any]:
        """Return the arguments of what pulls cotangents back, of each example its own."""
        parts = [
            [nested(iter(flat), shape) for flat, shape in zip(given.numbers(i), given.shapes, strict=True)]
            for i in range(given.lanes)
        ]
        return [self._by_example(cotangents, given), *(zip(*parts, strict=True) if self._batch else parts[0])]

    def _by_example(self, cotangents: list[float], given: Any) -> list[Any]:
        """Return cotangents, given in the order of the results, in that of each example's outputs."""
        if not self._batch:
            return cotangents
        structure, count = self._structure(given).source.structure, len(cotangents) // given.lanes
        columns = [list(range(k, len(cotangents), count)) for k in range(count)]
        order: list[int] = []
        flatten(stacked(structure, columns), order)
        found = dict(zip(order, cotangents, strict=True))
        return [[found[i * count + k] for k in range(count)] for i in range(given.lanes)]

    def _pull_sums(self, pulled: Any, given: Any) -> list[float]:
        """Return what came back for each number among the arguments, and summed for each end."""
        if not self._batch:
            return list(pulled)
        found: list[float] = []
        at = 0
        for size in map(math.prod, given.shapes):
            found += [x for row in pulled for x in row[at : at + size]]
            at += size
        return found + [sum(column) for column in zip(*[row[at:] for row in pulled], strict=True)]

    def _like(
        self, f: Any, params: list[Value] | None = None, *, batch: bool = False, brief: bool = False
    ) -> CompiledFunction:
        """Return another compiled function of this kind; ``brief``: one that is called a few times only."""
        made = type(self)(f, params, batch, "sum", None, "auto" if brief else self._backend)
        made._brief = brief
        return made

    # What the engine does itself.

    def _roots(self, data: Sequence[Any]) -> Iterator[tuple[Any, float]]:
        """Yield the losses of the examples one by one, and the penalty, with their weights, by the engine."""
        return self._roots_of(self._parsed(data))

    def _roots_of(self, given: Any) -> Iterator[tuple[Any, float]]:
        """Yield the same for arguments that have been checked."""
        weight = 1.0 / given.lanes if self._batch and self._reduction == "mean" else 1.0
        for i in range(given.lanes):
            yield self._f(*given.values(i)), weight
        if self._penalty is not None:
            yield self._penalty(), 1.0

    def _exact(self, data: Sequence[Any]) -> tuple[float, Any]:
        """Evaluate with the engine itself, example by example.

        What NaN, infinity and untaken branches do there.
        """
        assert self._params is not None
        value, grads = eager(self._roots(data), self._params)
        return value, self._vector(grads)

    def _by_engine(self, reason: str, given: Any, theta: Any) -> tuple[float, Any]:
        """Return the loss and gradients as the engine computes them, after the program stepped aside."""
        assert self._params is not None
        some = (
            reason is NOT_FINITE
            and given.lanes > 1
            and self._left[reason]
            and all(map(math.isfinite, theta))
            and not HOOKED
        )
        if not some:
            self._note(reason)
            value, grads = eager(self._roots_of(given), self._params)
            return value, self._vector(grads)
        # All examples but few are fine as a rule. So look for these, by halving.
        if self._parts is None:
            self._parts = self._like(self._f, self._params, batch=True)
        weight = 1.0 / given.lanes if self._reduction == "mean" else 1.0
        value, grads, alone = self._parts._sum_of_parts(given, theta, weight)
        if self._penalty is not None:
            more, rest = eager([(self._penalty(), 1.0)], self._params)
            value, grads = value + more, [g + r for g, r in zip(grads, rest, strict=True)]
        self._note(reason, alone, given.lanes)
        return value, self._vector(grads)

    def _sum_of_parts(self, given: Any, theta: Any, weight: float) -> tuple[float, list[float], int]:
        """Return weighted sums of the examples' losses and gradients, and how many the engine evaluated."""
        assert self._params is not None
        value, grads, alone = 0.0, [0.0] * len(theta), 0
        pending = [(0, given.lanes)]
        while pending:
            start, end = pending.pop()
            found = None
            if end - start < given.lanes:  # the whole has been tried
                part = given.part(start, end)
                structure, engine = self._begin(part)
                try:
                    found = engine.attempt(theta)
                finally:
                    structure.release(engine)
                if found is not None:
                    found = weight * found[0], [weight * float(g) for g in found[1]]
                elif end - start == 1:
                    found = eager([(loss, weight) for loss, _ in self._roots_of(part)], self._params)
                    alone += 1
            if found is None:
                half = 1 << (end - start - 1).bit_length() - 1  # few sizes, as each needs arrays of its own
                pending += [(start + half, end), (start, start + half)]
                continue
            value += found[0]
            grads = [s + g for s, g in zip(grads, found[1], strict=True)]
        return value, grads, alone

    def _note(self, reason: str, alone: int = 1, of: int = 1, level: int = 6) -> None:
        """Take note of a call that was left to the engine; give a warning if that goes on."""
        self._left[reason] += 1
        if self._left[reason] == PATIENCE and 2 * alone > of and reason is not ANOMALY:
            warnings.warn(gettext(
                "{count} calls of a compiled function were evaluated by the engine itself, node by "
                "node, which is slow: {reason}. For a branch that was not taken, keep its operand inside "
                "its domain, as in where(x > 0, where(x > 0, x, 1.0).sqrt(), 0.0)",
                count=PATIENCE, reason=gettext(reason),
            ), RuntimeWarning, stacklevel=level)  # fmt: skip

    # Training.

    def train(
        self, *data: Any, callback: Callable[[int, float], Any] | None = None, every: int = 1
    ) -> list[float]:
        """Take optimizer steps on the same data: ``train(X, Y, optimizer, steps)``.

        Parameters and state stay in arrays; the Values get their data at the end, before each call of the
        callback, and if an exception such as an interrupt ends the training.

        Parameters
        ----------
        data
            The function's arguments, then an optimizer of `nn.optim` over the same parameters, then the
            number of steps, then perhaps a callback.
        callback
            Called after each step with its number, from 0, and the loss before it; stops the training if it
            returns True. What it changes holds: the parameters' ``data``, the optimizer's rate and state,
            hooks. It may call the function on other data.
        every
            After how many steps the callback is called, and after the last. With ``backend="xla"`` the steps
            between two calls, up to a thousand or so, are one call of the devices.

        Returns
        -------
        list of float
            The loss before each step.
        """
        args, optimizer, steps, callback = training(data, callback, self._params)
        if isinstance(every, bool) or not hasattr(every, "__index__") or every < 1:
            raise ValueError(gettext(
                "every must be a whole number from 1, got {every}",
                every=f"{every!r:.40}",
            ))  # fmt: skip
        if ACTIVE:
            self._refuse_while_tracing("train()")
        if steps == 1 and callback is None and (loss := self._step(tuple(args), optimizer)) is not None:
            return [loss]
        function, numbers = self._of_numbers(args, {})
        given = function._numbers(numbers)
        if steps > 1 or callback:  # between which others may change what they gave
            given = given.own()
        structure, engine = function._begin(given)
        try:
            function._refuse_cut_off(structure, "train()")
            function._refuse_changed(structure.source.outside, self._params or ())
            return function._trained(structure, engine, given, optimizer, steps, callback, every)
        finally:
            structure.release(engine)

    def _step(self, data: tuple[Any, ...], optimizer: Any) -> float | None:  # noqa: ARG002
        """Take one step; return the loss before it. None, with nothing changed, where that takes more."""
        return None

    def _trained(
        self, structure: Any, engine: Any, given: Any, optimizer: Any, steps: int, callback: Any, every: int
    ) -> list[float]:
        params = self._params
        assert params is not None
        source = structure.source
        watched = bool(ACTIVE or HOOKED or source.aside)
        losses: list[float] = []
        plain = getattr(
            optimizer, "is_plain_descent", False
        )  # also for what has only the shape of an optimizer
        if plain and callback is None and not watched and hasattr(engine, "descend"):
            losses += self._descended(engine, optimizer, steps)
        flat = self._in_arrays and moves_arrays(optimizer)
        fused = flat and hasattr(engine, "optimize")
        theta = self._theta()
        ahead = False  # whether theta is newer than the Values' data
        several = getattr(optimizer, "needs_closure", False)

        def evaluate() -> tuple[float, Any]:
            """Return the loss and the gradients at ``theta``."""
            nonlocal theta, ahead
            if watched or not flat:  # a hook, or the engine, reads the Values
                ahead = self._stored(theta, ahead)
            found = None if watched else engine.attempt(theta)
            if found is None:
                ahead = self._stored(theta, ahead)
                found = self._computed(structure, engine, theta, given)
                theta = self._theta()
            return found

        def closure() -> float:
            """Fill ``grad`` at what the parameters hold now; return the loss."""
            nonlocal theta
            theta = self._theta()
            value, grads = evaluate()
            self._filled(grads)
            return value

        try:
            while (done := len(losses)) < steps:
                most = steps - done if callback is None else min(steps - done, every - done % every)
                taken = self._optimized(engine, optimizer, theta, most) if fused and not watched else None
                fused = fused and (watched or taken is not None)
                if taken:
                    losses += taken
                    theta, ahead = engine.theta.copy(), True
                elif several:  # such a step looks at the loss where it likes
                    losses.append(self._moved(optimizer, closure=closure))
                else:
                    value, grads = evaluate()
                    losses.append(value)
                    if flat:
                        theta, ahead = optimizer.step_flat(theta, grads), True
                    else:
                        self._moved(optimizer, grads)
                if callback is not None and (len(losses) % every == 0 or len(losses) == steps):
                    ahead = self._stored(theta, ahead)
                    if callback(len(losses) - 1, losses[-1]):
                        break
                    watched = bool(ACTIVE or HOOKED or source.aside)
                    engine.load(given, source.captured)
                    theta = self._theta()
                if not flat:
                    theta = self._theta()
        finally:
            self._stored(theta, ahead)
        return losses

    def _descended(self, engine: Any, optimizer: Any, steps: int) -> list[float]:
        """Take plain steps inside the backend, as far as all numbers are finite."""
        assert self._params is not None
        engine.theta[:] = self._theta()
        try:
            losses = [float(x) for x in engine.descend(steps, optimizer.lr)]
            optimizer.steps += len(losses)
        finally:
            self._stored(engine.theta, True)
        return losses

    @staticmethod
    def _optimized(engine: Any, optimizer: Any, theta: Any, steps: int) -> list[float] | None:
        """Take steps inside the backend, as far as all numbers hold; None where they are not for it."""
        engine.theta[:] = theta
        found: list[float] | None = engine.optimize(optimizer, steps)
        return found

    def _stored(self, theta: Any, ahead: bool) -> bool:
        """Give the Values their data; return False, since they are no longer behind."""
        if ahead:
            self._store(theta)
        return False

    def _moved(self, optimizer: Any, grads: Any = None, closure: Any = None) -> Any:
        """Take the optimizer's own step, which reads ``grad``, or has a closure fill it."""
        assert self._params is not None
        before = [p.grad for p in self._params]
        try:
            if closure is not None:
                return optimizer.step(closure)
            self._filled(grads)
            return optimizer.step()
        finally:
            for p, own in zip(self._params, before, strict=True):
                p.grad = own

    def _filled(self, grads: Any) -> None:
        """Give each parameter its gradient."""
        assert self._params is not None
        for p, g in zip(self._params, map(float, grads), strict=True):
            p.grad = g

    # Looking at it.

    def retrace(self) -> None:
        """Record the function anew at the next call.

        Recordings are kept by the shapes of the arguments. Call this after changing anything else that a
        recording goes by: a list or a flag that the function closes over, the structure of a model. Programs
        are kept by a hash of the recorded graph, the last few hundred of them as memory allows: what was
        compiled before is not compiled again.
        """
        self._traces.clear()
        self._pulls.clear()
        self._reaches.clear()
        self._forms.clear()
        self._parts = self._latest = None

    def _made(self) -> tuple[Any, Any]:
        """Return the structure and the engine of the latest call, or of one made now without arguments."""
        latest = self._latest
        if latest is None:
            if self._names or self._batch:
                raise GraphError(gettext(
                    "nothing is compiled yet: call the function on data once, for the shapes of its "
                    "arguments"
                ))  # fmt: skip
            latest = self._prepare(())
            latest[0].release(latest[1])
        return latest

    def report(self) -> Report:
        """Return counts, times, the backend and why it was chosen, and what fell back."""
        structure, _ = self._made()
        facts, notes = self._facts()
        left = dict(self._left)
        count = sum(left.values())
        facts["left to the engine"] = gettext("{count} calls", count=count) if left else gettext("nothing")
        reason = self._aside(structure)
        if reason and reason not in left:
            notes.append(gettext(
                "the engine itself will evaluate the next call: {reason}", reason=gettext(reason)
            ))  # fmt: skip
        if self._looked:
            notes.append(gettext(
                "{count} calls looked, example by example, which branches lead to parameters whose grad was "
                "None or has a hook",
                count=self._looked,
            ))  # fmt: skip
        notes += [
            gettext(
                "the engine itself evaluated {count} calls, in whole or in part: {why}",
                count=count, why=gettext(why),
            )
            for why, count in left.items()
        ]  # fmt: skip
        return Report(facts, notes)

    def check(self, *data: Any, tolerance: float = 1e-12, **named: Any) -> float:
        """Compare with the engine itself on the same data; raise GraphError if a number is off.

        Parameters
        ----------
        data
            As for a call.
        tolerance
            Relative; what rounding may do is allowed besides, as where terms cancel near a perfect fit: each
            operation's rounding error, followed through the graph to the loss and the gradients.

        Returns
        -------
        float
            The largest relative error; of a number far below the terms that cancel in it, relative to these.
        """
        if self._params is None:
            raise TypeError(gettext("check() compares a loss and its gradients; compile with params"))
        function, numbers = self._of_numbers(data, named)
        given = function._numbers(numbers)
        function._verify(function._structure(given))
        value, grads = self.value_and_grad(*data, **named)
        return worst(
            (value, list(map(float, grads))), lambda: function._roots_of(given), self._params, tolerance
        )

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    # Copies.

    def __copy__(self) -> CompiledFunction:
        twin = type(self)(
            self._f, self._params, self._batch, self._reduction, self._penalty, self._backend, self._static
        )
        twin._traces = self._traces.copy()
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledFunction:
        # A function is copied as itself, and goes on using the parameters that it closes over; an object is
        # copied with its own.
        f, penalty = copy.deepcopy(self._f, memo), copy.deepcopy(self._penalty, memo)
        if f is self._f or (penalty is not None and penalty is self._penalty):
            return copy.copy(self)
        params = None if self._params is None else copy.deepcopy(self._params, memo)
        return type(self)(f, params, self._batch, self._reduction, penalty, self._backend, self._static)

    def __reduce__(self) -> tuple[Any, ...]:
        functions = [
            f
            for f in (self._f, self._penalty)
            if isinstance(f, (types.FunctionType, types.BuiltinFunctionType))
        ]
        if self._params is not None and functions:
            raise pickle.PicklingError(gettext(
                "the compiled loss {name}() cannot be pickled: a function is pickled by its name, "
                "apart from the parameters that it uses. Pickle the model and compile at the other end; "
                "or compile a bound method or a functools.partial of an object that holds them",
                name=functions[0].__name__,
            ))  # fmt: skip
        try:
            pickle.dumps(self._f)
        except Exception as error:
            name = getattr(self._f, "__qualname__", repr(self._f))
            raise pickle.PicklingError(gettext(
                "the compiled function {name} cannot be pickled, as {error}; define it with def at the "
                "top level of a module",
                name=name, error=error,
            )) from error  # fmt: skip
        return _unpickled, (
            self._f, self._params, self._batch, self._reduction, self._penalty, self._backend, self._static,
        )  # fmt: skip


def _unpickled(
    f: Any, params: Any, batch: bool, reduction: str, penalty: Any, backend: str, static: frozenset[int | str]
) -> Any:
    """Return what `compile` makes, which compiles at its first call."""
    settled = backend == AT_ONCE
    return lazy_import("compile")(
        f, params, batch=batch, reduction=reduction, penalty=penalty, backend="auto" if settled else backend,
        deterministic=settled, static_argnums=[i for i in static if isinstance(i, int)],
        static_argnames=[name for name in static if isinstance(name, str)],
    )  # fmt: skip


def _hooks(node: Any) -> Any:
    """Return the hooks of a node."""
    return () if node.note is None else node.note.hooks


def weight_of(_: Any, structure: Any) -> float:
    """Return about how many bytes a structure takes."""
    return float(structure.weight)
