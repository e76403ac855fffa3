"""Arguments of a compiled function that are more than numbers and lists: arrays, trees, names, texts, models.

A recorded function takes numbers and nested lists. A function of trees is compiled as the function of the
numbers in them, once for each form that the arguments come in; to one that is called on arrays of NumPy its
arguments are arrays of nodes, as `grad` hands them in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib import import_module
from inspect import Parameter, Signature
from itertools import chain
from typing import Any, Final

from autograd.calculus.trees import array_mode, is_array, like, map_atoms
from autograd.compiler.record.recording import called
from autograd.errors import TracingError
from autograd.floats.tables import is_table
from autograd.modes import MODE, mode
from autograd.words import gettext

__all__ = ["Form", "form_of_arguments", "lists_around"]

_TEXTS: Final = (str, bytes, type(None))
"""Kinds that may be numbers gone wrong, so they are passed as they are by name alone."""
_NUMBERS: Final = {float, int}


@dataclass(frozen=True)
class Slot:
    """The place of numbers in a form, counted in order.

    Attributes
    ----------
    at
        Its number.
    argument, path
        The argument, by place or by name, and the indices that lead there.
    name
        The expression that leads there.
    lists
        How many lists there are around arrays of NumPy, 0 where it is one itself; None of lists alone.
    kinds
        Of nested lists and tuples with a tuple among them: which they are, from the outermost in.
    """

    at: int
    argument: int | str
    path: str
    name: str
    lists: int | None
    kinds: tuple[type, ...] = ()


@dataclass(frozen=True)
class Static:
    """An argument that is passed as it is, and its name."""

    x: Any
    name: str


@dataclass(frozen=True)
class Form:
    """How the arguments of a call hold their numbers.

    Attributes
    ----------
    f
        The function.
    args, named
        What it is called with, with a `Slot` for each number or array.
    slots
        These, in order.
    """

    f: Callable[..., Any]
    args: tuple[Any, ...]
    named: dict[str, Any]
    slots: list[Slot]

    @property
    def key(self) -> Any:
        """What two calls have in common that one recording is for.

        Raises
        ------
        TypeError
            If an argument that is passed as it is cannot be told from others by its hash.
        """
        return _key((self.args, self.named))

    def flat(self) -> Any:
        """Return the function of the numbers and arrays alone."""
        function: Any = partial(_called, self)
        names = [slot.name for slot in self.slots]
        identifiers = ["".join(c if c.isalnum() else "_" for c in name).strip("_") for name in names]
        if len(set(identifiers)) == len(names) and all(map(str.isidentifier, identifiers)):
            function.__signature__ = Signature([Parameter(n, Parameter.POSITIONAL_ONLY) for n in identifiers])
        return function


def _called(form: Form, *leaves: Any) -> Any:
    """Call a function on arguments of a form."""
    try:
        if any(slot.lists is not None for slot in form.slots):
            return _on_arrays(form, leaves)
        args, named = _given(form, leaves)
        return called(form.f, args, named)
    except (TypeError, AttributeError) as error:
        for kept in (*form.args, *form.named.values()):
            if isinstance(kept, Static):
                error.add_note(gettext(
                    "{name} is {x}, no number, and was passed as it is",
                    name=kept.name, x=f"{kept.x!r:.40}",
                ))  # fmt: skip
        raise


def _given(form: Form, leaves: Sequence[Any]) -> Any:
    """Return the arguments of a form, by place and by name, with these leaves in them."""
    kinds = [_of_kinds(x, slot.kinds) for slot, x in zip(form.slots, leaves, strict=True)]
    return _filled((form.args, form.named), kinds)


def _on_arrays(form: Form, leaves: Sequence[Any]) -> Any:
    """Call a function on arrays of nodes; on nested lists, if it takes these alone.

    Arrays that it returns become nested lists.
    """
    args, named = _given(form, [_arrays(x, slot.lists) for slot, x in zip(form.slots, leaves, strict=True)])
    tape = MODE.get().tape
    before = 0 if tape is None else len(tape)
    try:
        with mode(**array_mode(args, named)):
            return map_atoms(lambda x: x.tolist() if is_array(x) else x, called(form.f, args, named))
    except IndexError as error:
        if "integer" not in str(error):  # only a place that there is not
            raise
        error.add_note(gettext(
            "an index or a mask that is computed from the arguments is not known yet: write np.where(mask, "
            "x, 0.0), or autograd.take(x, i); one that never changes may come from outside the function"
        ))  # fmt: skip
        raise
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, TracingError):  # on lists, what it asks for may be another thing
            raise
        if tape is not None:
            del tape[before:]
        args, named = _given(form, leaves)
        try:
            return called(form.f, args, named)
        except (TypeError, ValueError, AttributeError) as second:
            error.add_note(gettext(
                "on nested lists in place of the arrays it raises {kind}: {error}",
                kind=type(second).__name__, error=second,
            ))  # fmt: skip
            raise error from None


def form_of_arguments(
    f: Callable[..., Any],
    names: Sequence[str],
    args: Sequence[Any],
    named: Mapping[str, Any],
    static: Collection[int | str] = (),
    *,
    batch: bool = False,
) -> tuple[Form, list[Any]] | None:
    """Return the form of the arguments of a call, and the numbers and arrays in it.

    None where each argument is a number or a nested list of numbers. Passed as they are: arguments
    whose place (from the end, where it is negative) or name is ``static``, flags and functions, and what is
    no number and given by name. Of a ``batch``, rows of different lengths are no tree but a mistake.

    Examples
    --------
    >>> form, leaves = form_of_arguments(print, ["w"], [{"a": 1.0, "b": [2.0, 3.0]}], {"mode": "fast"})
    >>> leaves, [slot.name for slot in form.slots]
    ([1.0, [2.0, 3.0]], ["w['a']", "w['b']"])
    """
    if (
        not named
        and not static
        and not any(
            _is_flag(x) or _is_tree(x, batch) or lists_around(x) is not None or _kinds(x, batch) for x in args
        )
    ):
        return None
    places = {i % len(args) for i in static if isinstance(i, int) and -len(args) <= i < len(args)}
    leaves: list[Any] = []
    slots: list[Slot] = []

    def taken(x: Any, argument: int | str, name: str, path: str = "") -> Any:
        """Return what stands for an argument, or a part of it, in the form."""
        if isinstance(x, dict):
            return {key: taken(child, argument, name, f"{path}[{key!r}]") for key, child in x.items()}
        if isinstance(x, (list, tuple)) and _is_tree(x, batch):
            return like(x, [taken(child, argument, name, f"{path}[{i}]") for i, child in enumerate(x)])
        if x is None and path:
            return x
        lists = lists_around(x)
        leaves.append(x)
        lists = max(lists - batch, 0) if lists else lists
        slots.append(Slot(len(leaves) - 1, argument, path, name + path, lists, _kinds(x, batch)))
        return slots[-1]

    def argument(x: Any, name: str, place: int | None = None) -> Any:
        """Return what stands for an argument."""
        by_name = place is None
        fixed = place in places or name in static or _is_flag(x) or (by_name and isinstance(x, _TEXTS))
        return Static(x, name) if fixed else taken(x, name if place is None else place, name)

    whole = tuple(
        [argument(x, names[i] if i < len(names) else f"x{i}", i) for i, x in enumerate(args)]
    )  # fmt: skip
    return Form(f, whole, {name: argument(x, name) for name, x in named.items()}, slots), leaves


def _is_flag(x: Any) -> bool:
    """Tell whether an argument is none of the numbers: true or false, a choice, a function, a model."""
    kind = x.__class__
    return kind is not float and (kind is bool or callable(x) or isinstance(x, Enum))


def lists_around(x: Any) -> int | None:
    """Return how many lists there are around arrays with an axis, or tables; None where there are no such."""
    numpy, lists = sys.modules.get("numpy"), 0
    while isinstance(x, (list, tuple)) and x:
        first: Any = x[0]
        x, lists = first, lists + 1
    if x.__class__ is float or numpy is None:
        return None
    there = isinstance(x, numpy.ndarray) or is_table(x)
    return lists if there and getattr(x, "shape", True) else None


def _kinds(x: Any, batch: bool) -> tuple[type, ...]:
    """Return which nested lists and tuples there are, where one is a tuple; none of many examples."""
    kinds: list[type] = []
    while not batch and isinstance(x, (list, tuple)):
        kinds.append(tuple if isinstance(x, tuple) else list)
        x = x[0] if x else None
    return tuple(kinds) if tuple in kinds else ()


def _of_kinds(rows: Any, kinds: tuple[type, ...]) -> Any:
    """Return nested lists as such kinds."""
    return kinds[0]([_of_kinds(row, kinds[1:]) for row in rows]) if kinds else rows


def _is_tree(x: Any, batch: bool) -> bool:
    """Tell whether an argument is more than a number, an array, or a nested list of numbers."""
    if not isinstance(x, (list, tuple)):
        return isinstance(x, dict)
    rows: Any = [x]
    while True:
        kinds = set(map(type, rows))
        if kinds <= _NUMBERS:
            return False
        if not all(issubclass(kind, (list, tuple)) for kind in kinds):
            break
        if any(hasattr(kind, "_fields") for kind in kinds):
            return True
        if len(set(map(len, rows))) > 1:
            return not batch
        rows = list(chain.from_iterable(rows))
    if any(issubclass(kind, (dict, list, tuple)) for kind in kinds):
        return True
    return any(hasattr(kind, "shape") for kind in kinds) and len({getattr(x, "shape", ()) for x in rows}) > 1


def _filled(form: Any, leaves: Sequence[Any]) -> Any:
    """Return the arguments of a form."""
    if isinstance(form, Slot):
        return leaves[form.at]
    if isinstance(form, Static):
        return form.x
    if isinstance(form, dict):
        return {key: _filled(child, leaves) for key, child in form.items()}
    if isinstance(form, (list, tuple)):
        return like(form, [_filled(child, leaves) for child in form])
    return form


def _arrays(rows: Any, lists: int | None) -> Any:
    """Return nested lists of nodes with an array of nodes in so many lists."""
    if lists is None:
        return rows
    if lists:
        return [_arrays(row, lists - 1) for row in rows]
    shape: list[int] = []
    items, inner = [rows], rows
    while isinstance(inner, list):
        shape.append(len(inner))
        items = list(chain.from_iterable(items))
        inner = inner[0] if inner else None
    return import_module("autograd.calculus.arrays").build(items, tuple(shape)) if shape else rows


def _key(form: Any) -> Any:
    """Return what tells a form from others."""
    if isinstance(form, Slot):
        return Slot, form.lists, form.kinds
    if isinstance(form, dict):
        return dict, tuple([(type(key), key, _key(child)) for key, child in form.items()])
    if isinstance(form, (list, tuple)):
        return type(form), tuple(map(_key, form))
    if isinstance(form, Static):
        try:
            hash(form.x)
        except TypeError as error:
            raise TypeError(gettext(
                "{name} is static, so it must be hashable, such as a tuple in place of a list: {error}",
                name=form.name, error=error,
            )) from None  # fmt: skip
        if isinstance(form.x, tuple):
            return type(form.x), tuple([_key(Static(x, form.name)) for x in form.x])
        return Static, type(form.x), form.x, isinstance(form.x, float) and str(form.x)  # 0.0 is -0.0
    return None
