"""Compute a part of the graph again during backward instead of storing it: time for memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps
from types import FunctionType
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakSet

from autograd.backward import Pass, sort
from autograd.calculus import trees
from autograd.calculus.calls import check_function
from autograd.calculus.generators import changed, find_generators, restored
from autograd.calculus.linear import Linear
from autograd.errors import GraphError
from autograd.modes import MODE, differentiating, is_tracing, mode
from autograd.node import Bundle, Call, Node
from autograd.op import ANY, OpOfCall
from autograd.value import Value
from autograd.words import gettext

__all__ = ["checkpoint"]

P = ParamSpec("P")
T = TypeVar("T")

_CHECKPOINTED: Final[WeakSet[Callable[..., Any]]] = WeakSet()
"""The functions that `checkpoint` has returned."""


def checkpoint(f: Callable[P, T]) -> Callable[P, T]:
    """Return a function like ``f`` whose operations are not stored, but done again when a gradient is wanted.

    Only a call's results stay, and what they were computed from. A recurrence of n steps that is run in
    chunks of about sqrt(n) steps, each checkpointed, holds some 2 sqrt(n) steps at a time in place of n, for
    one more forward pass.

    Parameters
    ----------
    f
        Returns a number, or a nested structure of them; the same each time it is called with the same
        arguments. (It may draw random numbers, as dropout does: generators of `random` and NumPy that it
        reaches are set back for the second run.) Nodes that it depends on are best passed as arguments, in
        lists, tuples and dicts if need be. (One that it closes over gets its gradient too; but if it is the
        result of a long computation, each backward pass walks through that again.)

    Returns
    -------
    callable
        Of the same arguments.

    Raises
    ------
    GraphError
        In the backward pass, if ``f`` gives another result than before.

    Notes
    -----
    The second run's nodes take the place of the first run's in the backward pass, so each term of a gradient
    is the same to the bit. So is a gradient whose terms are also added in the same order: that of one call
    with one result, and of a recurrence, in which every operation of a call (and every vector of a scalar
    product) depends on the one result of the call before. Elsewhere, as in ``h * tanh(p)``, whose second
    factor depends on a parameter alone, a node that several calls share adds up the same terms call by call,
    which may round the sum differently in the last place.

    Examples
    --------
    >>> from autograd import sin
    >>> x = Value(0.5)
    >>> def ten_steps(x):
    ...     for _ in range(10):
    ...         x = sin(x) + 0.1 * x
    ...     return x
    >>> checkpoint(ten_steps)(x).backward()
    >>> ten_steps(y := Value(0.5)).backward()
    >>> x.grad == y.grad
    True
    """
    check_function(f, "checkpoint")
    given_function: Any = f
    if isinstance(given_function, FunctionType) and given_function in _CHECKPOINTED:
        return f  # twice is once

    @wraps(f)
    def checkpointed(*args: P.args, **kwargs: P.kwargs) -> Any:
        given = dict.fromkeys(trees.nodes((args, kwargs)))
        if not MODE.get().grad or is_tracing():
            with differentiating(given):
                return f(*args, **kwargs)  # nothing is recorded; or all of it is, to be compiled
        around: _CheckpointRun | None = MODE.get().inside
        run = _CheckpointRun(around is not None and around.is_recomputing)
        if around is not None:
            around.forget_latest()
        generators = find_generators(f, args, kwargs, beyond=_is_not_checkpointed)
        with differentiating(given, inside=run):
            result = f(*args, **kwargs)
        run.add_draws(changed(generators))
        outputs = trees.outputs(result, gettext("the result of {who}()'s function", who="checkpoint"))
        order, _ = sort(Bundle(tuple(outputs)), given)
        closed_over = [x for x in order if isinstance(x, Value) and x.op is None]
        call = CheckpointedCall((*given, *closed_over), f, args, kwargs, outputs, run.draws())
        if around is not None:
            around.add(call, outputs)
        made = set(order) - set(closed_over)
        return trees.rebuild(
            result, iter([call.result(i) if y in made else y for i, y in enumerate(outputs)])
        )

    _CHECKPOINTED.add(checkpointed)
    return checkpointed


def _is_not_checkpointed(f: Any) -> bool:
    return f not in _CHECKPOINTED


class _CheckpointRun:
    """One run of a checkpointed function; checkpointed calls inside of it report to it.

    They report the generators that they drew from, so that these need not be searched for again. In a second
    run, the nodes of the latest inner call are kept, since the backward pass wants them next: so each nested
    call runs again once.
    """

    __slots__ = ("_draws", "_latest", "is_recomputing")

    def __init__(self, is_recomputing: bool) -> None:
        self.is_recomputing = is_recomputing
        self._draws: dict[int, tuple[Any, Any]] = {}
        self._latest: CheckpointedCall | None = None

    def add_draws(self, draws: Sequence[tuple[Any, Any]]) -> None:
        """Take note of generators that were drawn from, with their states before.

        The first state of each counts.
        """
        for generator, state in draws:
            self._draws.setdefault(id(generator), (generator, state))

    def draws(self) -> list[tuple[Any, Any]]:
        """Return the generators that were drawn from, with their states before."""
        return list(self._draws.values())

    def add(self, call: CheckpointedCall, outputs: list[Any]) -> None:
        """Take note of a call in it that is over."""
        self.add_draws(call.draws)
        if self.is_recomputing:
            self._latest, call.outputs = call, outputs

    def forget_latest(self) -> None:
        """Drop the nodes of the latest call: another one begins, whose nodes are wanted first."""
        if self._latest is not None:
            self._latest.outputs = None
            self._latest = None


class CheckpointedCall(Call):
    """A call whose nodes were dropped; in a sorted graph between its results and what they depend on."""

    __slots__ = ("_args", "_arrays", "_data", "_f", "_kwargs", "draws", "outputs")
    name = "checkpoint"
    recomputed = runs_others_code = True

    def __init__(
        self, below: tuple[Value, ...], f: Callable[..., Any], args: Any, kwargs: Any, outputs: Sequence[Any],
        draws: Sequence[tuple[Any, Any]] = (),
    ) -> None:  # fmt: skip
        super().__init__(below)
        self.draws = list(draws)
        self.outputs: list[Any] | None = None
        self._f, self._args, self._kwargs, self._arrays = f, args, kwargs, MODE.get().arrays
        self._data = [_number(y) for y in outputs]
        self.count = len(outputs)

    def result(self, index: int) -> Value:
        """Return a node for one of the call's results."""
        node: Value = Node.record_result(_CheckpointOp(self, index), self._data[index], self, index)
        return node

    def operands(self, index: Any) -> tuple[Any, ...]:  # noqa: ARG002
        """Return what the call depends on."""
        return self.elements

    def local(self, index: Any, *, recorded: bool = False) -> Sequence[Any]:
        """Return the local derivatives of one result, None where nothing flows.

        The call is done again for them.
        """
        return Linear(self.elements, [self.recompute()[int(index)]], recorded=recorded).pull([1.0])

    def recompute(self) -> list[Any]:
        """Return the call's results with all their nodes."""
        if self.outputs is not None:
            outputs, self.outputs = self.outputs, None
            return outputs
        with mode(grad=True, inside=_CheckpointRun(True), arrays=self._arrays), restored(self.draws):
            outputs = trees.outputs(
                self._f(*self._args, **self._kwargs),
                gettext("the result of {who}()'s function", who="checkpoint"),
            )
        now = [_number(y) for y in outputs]
        if len(now) != self.count or any(
            a != b and not (math.isnan(a) and math.isnan(b)) for a, b in zip(now, self._data, strict=True)
        ):
            raise GraphError(gettext(
                "checkpoint(): run again, the function returned {now} in place of {data}. Either what it "
                "depends on has changed since, such as the data of its arguments; or it draws from a "
                "generator that checkpoint() does not find (pass it as an argument) or cannot set back, "
                "as that of the operating system",
                now=now[:3], data=self._data[:3],
            ))  # fmt: skip
        return outputs

    def replay(
        self, cotangents: list[Any], grads: dict[Any, Any], recorded: bool  # noqa: ARG002
    ) -> Pass | None:
        """Make the dropped nodes again.

        Return the pass through them that is to be made before the one around goes on.
        """
        pairs = [
            (y, c)
            for y, c in zip(self.recompute(), cotangents, strict=True)
            if c is not None and isinstance(y, Value)
        ]
        root = Bundle(tuple(y for y, _ in pairs))
        order, bundles = sort(root, self.elements)
        inner = dict.fromkeys(order)
        # What the call depends on goes on adding to what it has received from elsewhere.
        inner.update((x, grads[x]) for x in self.elements)
        inner[root] = [c for _, c in pairs]
        return Pass(inner, reversed(order), bundles, self.elements)


class _CheckpointOp(OpOfCall):
    """The row of one result of a checkpointed call."""

    __slots__ = ("call", "index")

    call: CheckpointedCall
    index: int

    def __init__(self, call: CheckpointedCall, index: int) -> None:
        super().__init__(
            call.name, self._value, self._partials, arity=ANY
        )
        # A row cannot be written to.
        object.__setattr__(self, "call", call)
        object.__setattr__(self, "index", index)

    def _value(self, *_: float) -> float:
        """Return what the call returned: it is not computed for other operands than its own."""
        number: float = self.call._data[self.index]
        return number

    def _partials(self, _: Any, *operands: Any) -> tuple[Any, ...]:
        """Return the derivatives at the call's own operands, for readers of the graph.

        `replay` serves backward passes.
        """
        return tuple(
            0.0 if d is None else d
            for d in self.call.local(self.index, recorded=any(isinstance(x, Value) for x in operands))
        )


def _number(y: Any) -> float:
    return y._data if isinstance(y, Value) else y
