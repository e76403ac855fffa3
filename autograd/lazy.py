"""Lazy imports: public names that live in large packages.

They are imported when they are first asked for, so that ``import autograd`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__all__ = ["LAZY", "lazy_import"]

LAZY: Final = {
    "compile": "autograd.compiler",
    "show_versions": "autograd.versions",
    **dict.fromkeys(
        ["draw", "draw_dot", "explain", "from_sympy", "live", "stepper", "to_networkx", "to_sympy", "trace"],
        "autograd.render",
    ),
}
"""The names, and where each is."""


def lazy_import(name: str) -> Any:
    """Return what a name of `LAZY` stands for."""
    return getattr(import_module(LAZY[name]), name)
