"""Exceptions that say what was wrong and what to write instead."""

from __future__ import annotations

__all__ = ["AnomalyError", "GraphError", "MissingDependencyError", "TracingError", "UsageError"]


class GraphError(ValueError):
    """A graph cannot be used as asked: malformed file, changed data, a gradient of the wrong kind.

    Examples
    --------
    >>> import autograd
    >>> autograd.from_json("[]")
    Traceback (most recent call last):
    ...
    autograd.errors.GraphError: not a graph: expected an object with "format": "chainrule.graph"
    """


class AnomalyError(ArithmeticError):
    """An operation made NaN or infinity out of finite operands while ``detect_anomaly`` was on.

    Examples
    --------
    >>> import autograd
    >>> with autograd.detect_anomaly():
    ...     autograd.Value(0.0).log()
    Traceback (most recent call last):
    ...
    autograd.errors.AnomalyError: log(0.0) = -inf: not finite although its operand is. Recorded at ...
    """


class TracingError(TypeError):
    """Python asked for the number of a `Value` while the compiler recorded a function, or while one was differentiated.

    Such a number would be frozen into the program, or have a derivative of 0. While the compiler records, the truth of a Value
    is refused as well.

    Examples
    --------
    >>> import autograd
    >>> w = autograd.Value(1.0)
    >>> step = autograd.compile(lambda x: w * x if x > 0 else w, [w])
    >>> step(1.0)
    Traceback (most recent call last):
    ...
    autograd.errors.TracingError: ...
    >>> import math
    >>> autograd.grad(lambda x: x * math.sin(x))(1.0)
    Traceback (most recent call last):
    ...
    autograd.errors.TracingError: ...
    """


class MissingDependencyError(ImportError):
    """An optional package or program is absent; the message holds the command that installs it.

    Parameters
    ----------
    what
        What is absent.
    purpose
        What it is wanted for.
    install
        The command that brings it.

    Examples
    --------
    >>> print(MissingDependencyError("matplotlib", "drawing plots", "pip install matplotlib"))
    drawing plots needs matplotlib, which is not installed here. Install it with: pip install matplotlib
    """

    def __init__(self, what: str, purpose: str, install: str) -> None:
        super().__init__(f"{purpose} needs {what}, which is not installed here. Install it with: {install}")


class UsageError(ValueError):
    """A command line cannot be carried out as typed; the command prints the message and exits with 2."""
