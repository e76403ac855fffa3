"""What runs here: versions, and whether the engine's C does."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from autograd.native import engine, why
from autograd.words import gettext

__all__ = ["show_versions", "version_of"]

_BESIDE = (
    "numpy", "graphviz", "matplotlib", "hypothesis", "mpmath", "scipy", "pandas", "polars", "torch", "jax",
)  # fmt: skip


def version_of(package: str) -> str:
    """Return the version of an installed package, or that it is not installed.

    Examples
    --------
    >>> version_of("no-such-package")
    'not installed'
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return gettext("not installed")


def show_versions() -> None:
    """Print what a report of a fault should say: versions, the machine, and which engine runs, and why.

    Examples
    --------
    >>> show_versions()      # doctest: +ELLIPSIS
    chainrule   ...
    engine      ...
    Python      ...
    """
    lines = {
        "chainrule": version_of("chainrule"),
        "engine": f"in C ({why})" if engine is not None else f"in pure Python, since {why}",
        "Python": f"{platform.python_version()} ({sys.implementation.name}, {platform.platform()})",
        **{package: version_of(package) for package in _BESIDE},
    }
    for name, text in lines.items():
        print(f"{name:<12}{text}")
