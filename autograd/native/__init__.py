"""The hottest code once more in C, where the installation found a C compiler; see engine.c.

Nothing depends on it: the Python functions that it stands in for are the definition, and give the same bits. Set the environment
variable ``CHAINRULE_PURE_PYTHON`` to do without it: while installing, so that it is not compiled, or later, so that it is not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

__all__ = ["REPLACED", "engine"]

engine: Any = None
"""The compiled module, or None."""

if not os.environ.get("CHAINRULE_PURE_PYTHON"):
    try:
        from autograd.native import _engine
    except ImportError:
        pass  # not compiled here: all there is to know
    else:
        if _engine.claim():
            engine = _engine

REPLACED: Final[dict[str, Callable[..., Any]]] = {}
"""The Python functions that C stands in for, by name."""
