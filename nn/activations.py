"""Activations by name, or any function of one Value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import TABLE, Value
from autograd.op import REALS
from autograd.words import gettext

__all__ = ["NAMES", "activation_function", "activation_title"]

NAMES = (
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "sigmoid", "logsigmoid", "tanh", "sin",
    "cos", "exp", "square", "abs", "erf", "atan", "asinh", "relu6", "hardtanh", "linear",
)  # fmt: skip
"""The usual activations, by the names of autograd's functions."""
_LINEAR = ("linear", "identity", "none")
_TITLES = {"logsigmoid": "LogSigmoid"}  # of two words, and its picture shows a formula

Activation = str | Callable[[Any], Any] | None


def activation_function(activation: Activation) -> tuple[str, Callable[[Any], Any] | None]:
    """Return the name and the function of an activation; None for the function of a linear one.

    Parameters
    ----------
    activation
        A name from `NAMES`, or of another function of the table that takes any one number; None for
        linear; or a function of one Value.

    Returns
    -------
    str, function or None
        Its name, and what to apply.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither a name nor a function.

    Examples
    --------
    >>> activation_function("linear")
    ('linear', None)
    """
    if activation is None or (isinstance(activation, str) and activation.lower() in _LINEAR):
        return "linear", None
    if isinstance(activation, str):
        function = _named(activation.lower())
        if function is None:
            raise ValueError(
                gettext(
                    "no activation is called {activation}; choose one of {names}, or pass a function "
                    "of one Value",
                    activation=repr(activation), names=', '.join(NAMES),
                )
            )
        return activation.lower(), function
    if not callable(activation):
        raise TypeError(
            gettext(
                "activation must be a name or a function of one Value, got {name}",
                name=type(activation).__name__,
            )
        )
    return getattr(activation, "__name__", type(activation).__name__), activation


def _named(name: str) -> Any:
    """Return the table's function of that name; None where there is none that takes any one number."""
    op = TABLE.get(name)
    if op is None or op.auxiliary or op.arity != 1 or op.domain != (REALS,):
        return None
    return getattr(Value, name, op)  # the method, which is quicker than the row


def activation_title(name: str) -> str:
    """Return the name as reprs show it.

    Parameters
    ----------
    name
        As `activation_function` returned it.

    Returns
    -------
    str
        As pictures show it where that is a name with capitals; else without underscores, each word with one.

    Examples
    --------
    >>> activation_title("leaky_relu"), activation_title("tanh")
    ('LeakyReLU', 'Tanh')
    """
    symbol = TABLE[name].symbol if name in TABLE else ""
    if symbol.isascii() and symbol.isalnum() and not symbol.islower():
        return symbol
    return _TITLES.get(name, name.replace("_", " ").title().replace(" ", ""))
