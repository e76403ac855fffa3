"""One call of a function on nodes of its own: what `grad`, `jvp` and the rest have in common."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from autograd.calculus import trees
from autograd.calculus.linear import InputNote, Linear
from autograd.calculus.sparse import Coordinates
from autograd.modes import MODE, differentiating, is_tracing, mode
from autograd.node import ConstantNote, Note
from autograd.value import Value
from autograd.words import gettext

__all__ = ["Argnums", "Linearization", "check_function", "check_tuple", "refuse_none"]

Argnums = int | Sequence[int]


class Linearization:
    """A call of ``f`` on fresh nodes for the chosen arguments, with its derivative as a `Linear`.

    Parameters
    ----------
    who
        The public function that asks, for messages.
    f, args, kwargs
        The function and what to call it with.
    argnums
        The positional arguments to differentiate with respect to.
    has_aux
        Whether ``f`` returns a pair of which the second is handed through.
    directions
        Numbers or nodes that will be multiplied in; where one is a node, so are the derivatives.
    """

    def __init__(
        self, who: str, f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], *,
        argnums: Argnums, has_aux: bool, directions: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        self._who = who
        self._has_aux = has_aux
        self._single = not isinstance(argnums, Sequence)
        chosen = _check_argnums(argnums, len(args), who)
        refuse_none(args, chosen, who)
        self._arguments = [args[i] for i in chosen]
        given = [x for i in chosen for x in trees.leaves(args[i], f"argument {i} of {who}()'s function")]
        # Inside no_grad the derivative is wanted all the same; only what comes out must not be recorded.
        self._detached = not MODE.get().grad
        with mode(grad=True) if self._detached else nullcontext():
            # A node that is handed in gets one of our own above it (times one), through which it stays in
            # reach.
            mark = InputNote()
            inputs = [x * 1.0 if isinstance(x, Value) else _leaf(x, mark) for x in given]
            called = list(args)
            supply = iter(inputs)
            for i in chosen:
                called[i] = trees.rebuild(args[i], supply)
            try:
                changes = trees.array_mode(self._arguments)
                with differentiating(inputs, **changes):
                    self.result, self._aux = self._split(f(*called, **kwargs))
                    outputs = trees.outputs(self.result, gettext("the result of {who}()'s function", who=who))
                    if changes:
                        self.result, self._aux = trees.map_atoms(trees.as_array, (self.result, self._aux))
            finally:
                mark.live = False
        others = trees.nodes((args, kwargs))
        recorded = any(isinstance(x, Value) for x in (*given, *others, *directions))
        self.linear = Linear(inputs, outputs, others=others, recorded=recorded)

    def _split(self, result: Any) -> tuple[Any, Any]:
        """Return what ``f`` returned as a pair of result and aux; raise where it is not usable."""
        aux = None
        if self._has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(gettext(
                    "{who}(..., has_aux=True) needs a function that returns a pair (result, aux), got "
                    "{described}",
                    who=self._who, described=_described(result),
                ))  # fmt: skip
            result, aux = result
        if result is None:
            raise TypeError(gettext(
                "{who}(): the function returned None; perhaps its return statement is missing",
                who=self._who,
            ))  # fmt: skip
        return result, aux

    # What is computed from the map.

    def gradient(self) -> Any:
        """Return the derivative of the one number that the function returned."""
        if isinstance(self.result, (list, tuple, dict)) or trees.has_axes(self.result):
            raise TypeError(gettext(
                "{who}() needs a function that returns one number, got {described}; use jacobian() for "
                "several, or has_aux=True where only the first of a pair is to be differentiated",
                who=self._who, described=_described(self.result),
            ))  # fmt: skip
        return self._one_or_all(self.rebuild_inputs(self.linear.pull([1.0])))

    # How it is given back.

    def output(self) -> Any:
        """Return the value of the function."""
        return self.rebuild_output(self.linear.outputs)

    def rebuild_output(self, numbers: Sequence[Any]) -> Any:
        """Return the structure of the function's value, holding these numbers."""
        return trees.rebuild(self.result, map(self._finished, numbers))

    def rebuild_inputs(self, numbers: Sequence[Any], *, recorded: bool = False) -> tuple[Any, ...]:
        """Return the structure of each chosen argument, holding these numbers.

        They are nodes where they were recorded.
        """
        supply = (self._finished(x, recorded=recorded) for x in numbers)
        return tuple([trees.rebuild(argument, supply) for argument in self._arguments])

    def rebuild_rows(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Return the structure of the function's value, with that of the arguments at each number's place."""
        finished = [[self._finished(x) for x in row] for row in rows]
        inputs = self._arguments[0] if self._single else tuple(self._arguments)
        return trees.blocks(self.result, inputs, finished)

    def sparse_rows(self) -> Coordinates:
        """Return the derivatives that can differ from zero, with a row for each number of the value."""
        rows: list[int] = []
        columns: list[int] = []
        values: list[Any] = []
        for k, found in self.linear.entries():
            rows += [k] * len(found)
            columns += found
            values += map(self._finished, found.values())
        return Coordinates(rows, columns, values, (len(self.linear.outputs), len(self.linear.inputs)))

    def with_aux(self, result: Any) -> Any:
        """Return ``result``; where ``has_aux`` is set, paired with what the function returned beside."""
        return (result, self.aux) if self._has_aux else result

    @property
    def aux(self) -> Any:
        """What the function returned beside its result."""
        return trees.map_nodes(self._finished, self._aux)

    def _one_or_all(self, results: tuple[Any, ...]) -> Any:
        return results[0] if self._single else results

    def _finished(self, x: Any, *, recorded: bool = False) -> Any:
        """Return a number as the caller shall see it: a float, or a node where nodes took part."""
        if x is None:
            x = 0.0
        if not (recorded or self.linear.recorded):
            return x.data if isinstance(x, Value) else x
        if not isinstance(x, Value):  # the compiler folds a number, and would load a node
            return x if is_tracing() else _leaf(x, ConstantNote())
        return x.detach() if self._detached else x


def _leaf(x: float, mark: Note) -> Value:
    leaf = Value(x)
    leaf.note = mark
    return leaf


def check_function(f: Any, who: str, argnums: Any = 0) -> None:
    """Raise TypeError where ``f`` cannot be called, or ``argnums`` are no positions."""
    if not callable(f):
        of_values = gettext("; of Values, autograd.gradients(y, [x])") if isinstance(f, Value) else ""
        raise TypeError(gettext(
            "{who}() takes a function, got {kind}; write {who}(f), not {who}(f(x)){of_values}",
            who=who, kind=type(f).__name__, of_values=of_values,
        ))  # fmt: skip
    for given in argnums if isinstance(argnums, Sequence) else [argnums]:
        try:
            operator.index(given)
        except TypeError:
            raise TypeError(gettext(
                "argnums of {who}() must be a whole number or a sequence of them, got {given}; write "
                "{who}(f)(x) for a point x",
                who=who, given=repr(given),
            )) from None  # fmt: skip


def check_tuple(arguments: Any, who: str, name: str) -> tuple[Any, ...]:
    """Return the arguments as a tuple; raise TypeError where they are not in one."""
    if not isinstance(arguments, (tuple, list)):
        raise TypeError(gettext(
            "{who}() takes {name} as a tuple, one for each argument of the function; write ({name2},) for "
            "one",
            who=who, name=name, name2=name[:-1],
        ))  # fmt: skip
    return tuple(arguments)


def refuse_none(arguments: Sequence[Any], positions: Iterable[int], who: str) -> None:
    """Raise TypeError where one of the arguments to differentiate with respect to is None as a whole."""
    for i in positions:
        if arguments[i] is None:
            raise TypeError(gettext(
                "argument {i} of {who}()'s function: expected a real number, got None; inside a list, tuple "
                "or dict it stands for nothing",
                i=i, who=who,
            ))  # fmt: skip


def _check_argnums(argnums: Argnums, count: int, who: str) -> list[int]:
    """Return the positions, none negative."""
    positions = []
    for given in argnums if isinstance(argnums, Sequence) else [argnums]:
        i = operator.index(given)
        if not -count <= i < count:
            were = (
                gettext("1 positional argument was") if count == 1
                else gettext("{count} positional arguments were", count=count)
            )  # fmt: skip
            raise ValueError(gettext(
                "argnums={given} of {who}() is out of range: {were} given (counted from 0; keywords are not "
                "differentiated)",
                given=given, who=who, were=were,
            ))  # fmt: skip
        positions.append(i % count)
    if not positions or len(set(positions)) < len(positions):
        raise ValueError(gettext(
            "argnums={argnums} of {who}() must name at least one argument, and none twice",
            argnums=repr(argnums), who=who,
        ))  # fmt: skip
    return positions


def _described(x: Any) -> str:
    if trees.is_array(x):
        return gettext("an array of shape {shape}", shape=x.shape)
    if isinstance(x, (list, tuple, dict)):
        return gettext("a {kind} of {count}", kind=type(x).__name__, count=len(x))
    return type(x).__name__
