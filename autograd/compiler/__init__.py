"""The compiler: from a scalar graph to a short program of matrix operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.compiler.compilation import compile
from autograd.compiler.report import Report
from autograd.words import gettext

if TYPE_CHECKING:
    from autograd.compiler.with_numpy import Compiled

__all__ = ["Compiled", "Report", "compile"]


def __getattr__(name: str) -> Any:
    if name != "Compiled":
        raise AttributeError(gettext(
            "module {module} has no attribute {name}", module=repr(__name__), name=repr(name)
        ))  # fmt: skip
    # Imported when it is asked for: without NumPy there is another.
    from autograd.compiler.with_numpy import Compiled

    return Compiled
