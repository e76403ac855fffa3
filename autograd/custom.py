"""`custom_op`: define an operation of your own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from autograd import ops
from autograd.floats.convert import to_float
from autograd.modes import differentiating
from autograd.node import Node
from autograd.op import CUSTOM, INNER
from autograd.words import gettext

__all__ = ["custom_op"]


def custom_op(
    name: str,
    value: Callable[..., float],
    partials: Callable[..., tuple[Any, ...]],
    *,
    arity: int = 1,
    **fields: Any,
) -> ops.Op:
    r"""Define an operation, as the table's own rows are defined.

    Parameters
    ----------
    name
        An identifier that is not the name of an operation of the table. Defining a custom operation anew
        replaces it for graphs that are recorded from then on.
    value
        ``value(*operands) -> float``, on floats.
    partials
        ``partials(y, *operands) -> tuple``: the local derivative for each operand, ``y`` being the output.
        Written with operators and functions of this package, it gives every higher order too.
    arity
        Number of operands, or `autograd.ANY`.
    **fields
        Further fields of `autograd.Op`: ``symbol``, ``form``, ``domain``, ``kink``, ``source``, ...

    Returns
    -------
    Op
        A function of Values and numbers.

    Raises
    ------
    ValueError
        If the name is taken by the table or is no identifier.
    TypeError
        If ``value`` or ``partials`` is no function, or a field is none; at a call, if one returns something
        else than it should.

    Examples
    --------
    >>> import math
    >>> from autograd import Value, cos, custom_op
    >>> ratio = custom_op("sine_ratio", lambda x: math.sin(x) / x, lambda y, x: (cos(x) / x - y / x,))
    >>> x = Value(2.0)
    >>> ratio(x).backward()
    >>> round(x.grad, 6)
    -0.435398
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(gettext(
            "the name of an operation is an identifier such as 'sinc', not {name}",
            name=repr(name),
        ))  # fmt: skip
    if name in ops.TABLE or name in INNER:
        raise ValueError(gettext(
            "the table has an operation {name} already; choose another name",
            name=repr(name),
        ))  # fmt: skip

    if not callable(value) or not callable(partials):
        raise TypeError(gettext(
            "value and partials of {name} must be functions: value(*operands) and partials(y, *operands)",
            name=name,
        ))  # fmt: skip
    if arity < 1 and arity != ops.ANY:
        raise ValueError(gettext(
            "arity is a number of operands from 1, or autograd.ANY, not {arity}",
            arity=repr(arity),
        ))  # fmt: skip
    if unknown := fields.keys() - {field.name for field in dataclasses.fields(ops.Op)}:
        instead = gettext("; how it is written is its form") if unknown & {"latex", "precedence"} else ""
        raise TypeError(gettext(
            "custom_op() takes fields of autograd.Op, and {which} is none{instead}",
            which=repr(min(unknown)), instead=instead,
        ))  # fmt: skip
    op = CUSTOM[name] = ops.Op(
        name, _returning_float(name, value), _checking_shape(name, arity, partials), arity=arity, **fields
    )
    return op


def _returning_float(name: str, value: Callable[..., Any]) -> Callable[..., float]:
    """Wrap ``value`` so that each result is a float; one that is no number is reported where it arises."""

    def number(*operands: Any) -> float:
        result = value(*operands)
        try:
            return to_float(result)
        except TypeError as error:
            raise TypeError(gettext(
                "value of {name} must return a number: {error}",
                name=name, error=error,
            )) from None  # fmt: skip

    number.bare = value  # type: ignore[attr-defined]
    return number


def _checking_shape(name: str, arity: int, partials: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """Wrap ``partials`` so that a result of the wrong shape is reported where it arises."""

    def checked(y: Any, *operands: Any) -> tuple[Any, ...]:
        # Of nodes, it must be possible to differentiate the derivative again.
        nodes = [x for x in (y, *operands) if isinstance(x, Node)]
        with differentiating(nodes) if nodes else nullcontext():
            result = partials(y, *operands)
        wanted = len(operands) if arity == ops.ANY else arity
        if not isinstance(result, tuple) or len(result) != wanted:
            raise TypeError(gettext(
                "partials of {name} must return a tuple of {wanted} local derivative(s), got {result}",
                name=name, wanted=wanted, result=f"{result!r:.60}",
            ))  # fmt: skip
        return tuple([d if d.__class__ is float else _derivative(name, d) for d in result])

    return checked


def _derivative(name: str, d: Any) -> Any:
    """Return a number of any type as a float; nodes, symbols and None stay as they are."""
    if d is None or hasattr(d, "_apply"):
        return d
    try:
        return to_float(d)
    except TypeError as error:
        raise TypeError(gettext(
            "a partial of {name} is no number: {error}",
            name=name, error=error,
        )) from None  # fmt: skip
