"""The hottest code once more in C, where the installation found a C compiler; see engine.c.

Nothing depends on it: the Python functions that it stands in for are the definition, and give the same bits.
Set the environment variable ``CHAINRULE_PURE_PYTHON`` to do without it: while installing, so that it is not
compiled, or later, so that it is not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

__all__ = ["REPLACED", "engine"]


def _engine_in_c() -> Any:
    """Return the compiled module, or None where it was not compiled, is not wanted, or is another copy's.

    One that is older than its source, or cannot be loaded, is not used either; then a warning says so.
    """
    if os.environ.get("CHAINRULE_PURE_PYTHON"):
        return None
    try:
        module = import_module("autograd.native._engine")
        changed = _newer_source(str(module.__file__))
    except ModuleNotFoundError:
        return None
    except ImportError as error:
        return _without(f"could not be loaded: {error}")
    except OSError:  # a bundler has put the package into one file
        return None
    if changed:
        return _without(f"is older than {changed}")
    return module if module.claim() else None


def _newer_source(compiled: str) -> str:
    """Return the name of a source that was changed after it was compiled, in a source tree.

    It is empty where there is none.
    """
    time = os.stat(compiled).st_mtime
    with os.scandir(os.path.dirname(__file__)) as files:
        return next(
            (file.name for file in files if file.name.endswith((".c", ".h")) and file.stat().st_mtime > time),
            "",
        )


def _without(why: str) -> None:
    """Say that Python runs in the compiled module's place, and how to compile it."""
    import warnings

    message = (
        f"the engine's C {why}; the slower Python runs instead, to the same digits. Compile it again: pip "
        "install -e . (or set CHAINRULE_PURE_PYTHON=1 to do without)"
    )
    warnings.warn_explicit(
        message, RuntimeWarning, os.path.dirname(__file__), 1
    )  # one line: a folder has no source to show


engine: Final = _engine_in_c()
"""The compiled module, or None."""

REPLACED: Final[dict[str, Callable[..., Any]]] = {}
"""The Python functions that C stands in for, by name."""
