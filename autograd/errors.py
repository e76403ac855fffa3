"""Exceptions that say what was wrong and what to write instead."""

from __future__ import annotations

__all__ = ["AnomalyError", "GraphError", "MissingDependencyError", "TracingError", "UsageError"]


class GraphError(ValueError):
    """A graph cannot be used as asked: malformed file, changed data, a gradient of the wrong kind."""


class AnomalyError(ArithmeticError):
    """An operation made NaN or infinity out of finite operands while ``detect_anomaly`` was on."""


class TracingError(TypeError):
    """Python asked for the number or the truth of a `Value` while the compiler recorded a function."""


class MissingDependencyError(ImportError):
    """An optional package or program is absent; the message holds the command that installs it."""

    def __init__(self, what: str, purpose: str, install: str) -> None:
        super().__init__(f"{purpose} needs {what}, which is not installed here. Install it with: {install}")


class UsageError(ValueError):
    """A command line cannot be carried out as typed; the command prints the message and exits with 2."""
