"""The compiler: from a scalar graph to a short program of matrix operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.compiler.compilation import compile
from autograd.compiler.report import Report

if TYPE_CHECKING:
    from autograd.compiler.with_numpy import Compiled

__all__ = ["Compiled", "Report", "compile"]


def __getattr__(name: str) -> Any:
    if name != "Compiled":
        raise AttributeError(f"module 'autograd.compiler' has no attribute {name!r}")
    # Imported when it is asked for: without NumPy there is another.
    from autograd.compiler.with_numpy import Compiled

    return Compiled
