"""The hottest code once more in C, where the installation found a C compiler; see engine.c.

Nothing depends on it: the Python functions that it stands in for are the definition, and give the same bits. Set the environment
variable ``CHAINRULE_PURE_PYTHON`` to do without it: while installing, so that it is not compiled, or later, so that it is not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

__all__ = ["REPLACED", "engine"]


def _engine_in_c() -> Any:
    """Return the compiled module, or None where it was not compiled, is not wanted, is older than its source, or is another copy's."""
    if os.environ.get("CHAINRULE_PURE_PYTHON"):
        return None
    try:
        from autograd.native import _engine

        compiled = os.stat(str(_engine.__file__)).st_mtime
        with os.scandir(os.path.dirname(__file__)) as files:
            if any(file.name.endswith((".c", ".h")) and file.stat().st_mtime > compiled for file in files):
                return None  # a source tree that was changed since; installing it again compiles it
    except (ImportError, OSError):  # the latter where a bundler has put the package into one file
        return None
    return _engine if _engine.claim() else None


engine: Final = _engine_in_c()
"""The compiled module, or None."""

REPLACED: Final[dict[str, Callable[..., Any]]] = {}
"""The Python functions that C stands in for, by name."""
