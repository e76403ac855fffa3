"""Activations by name, or any function of one Value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import Value, ops

__all__ = ["NAMES", "activation_function", "activation_title"]

# Methods of Value, looked up once: this is the hot path.
_METHODS = (
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "sigmoid", "logsigmoid", "tanh",
    "sin", "cos", "exp", "square", "abs", "erf", "atan", "asinh",
)  # fmt: skip
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(Value, name) for name in _METHODS},
    "relu6": ops.relu6,
    "hardtanh": ops.hardtanh,
}
_LINEAR = ("linear", "identity", "none")
_TITLES = {
    "relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU",
    "linear": "Linear", "relu6": "ReLU6", "logsigmoid": "LogSigmoid",
}  # fmt: skip

NAMES: tuple[str, ...] = (*_FUNCTIONS, "linear")
"""The activations that have a name."""

Activation = str | Callable[[Any], Any] | None


def activation_function(activation: Activation) -> tuple[str, Callable[[Any], Any] | None]:
    """Return the name and the function of an activation; None for the function of a linear one.

    Parameters
    ----------
    activation
        A name from `NAMES`, None for linear, or a function of one Value.

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
        if activation.lower() not in _FUNCTIONS:
            raise ValueError(
                f"no activation is called {activation!r}; choose one of {', '.join(NAMES)}, or pass a "
                "function of one Value"
            )
        return activation.lower(), _FUNCTIONS[activation.lower()]
    if not callable(activation):
        raise TypeError(
            f"activation must be a name or a function of one Value, got {type(activation).__name__}"
        )
    return getattr(activation, "__name__", type(activation).__name__), activation


def activation_title(name: str) -> str:
    """Return the name as reprs show it.

    Parameters
    ----------
    name
        As `activation_function` returned it.

    Returns
    -------
    str
        Without underscores, each word with a capital.

    Examples
    --------
    >>> activation_title("leaky_relu"), activation_title("tanh")
    ('LeakyReLU', 'Tanh')
    """
    return _TITLES.get(name, name.replace("_", " ").title().replace(" ", ""))
