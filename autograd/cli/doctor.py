"""``chainrule doctor``: say what is installed, which engine runs, and what would bring what is missing."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Final, NamedTuple

from autograd.compiler.backends.c.toolchain import INSTALL, find_compiler, no_compiler
from autograd.errors import interrupted
from autograd.native import engine, why

__all__ = ["configure", "run"]

REPAIR: Final = "pip install --force-reinstall chainrule"
"""What compiles the engine anew."""


class Part(NamedTuple):
    """A package, what it is imported as, what it is for, and the command that brings it."""

    name: str
    module: str
    purpose: str
    install: str
    is_needed: bool = False


PACKAGES: Final = (
    Part("numpy", "numpy", "compiled programs over arrays", "pip install numpy", is_needed=True),
    Part("graphviz", "graphviz", "drawings as graphviz.Digraph", "pip install graphviz", is_needed=True),
    Part("matplotlib", "matplotlib", "plots of losses and decisions", "pip install 'chainrule[plot]'"),
    Part("hypothesis", "hypothesis", "random graphs for property tests", "pip install 'chainrule[test]'"),
    Part("mpmath", "mpmath", "derivatives to hundreds of digits", "pip install 'chainrule[test]'"),
    Part("jupyterlab", "jupyterlab", "the lessons", "pip install 'chainrule[notebook]'"),
)
GRAPHVIZ: Final = Part(
    "dot", "", "drawings as png and pdf", "pip install 'chainrule[graph]', or your system's graphviz package"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no arguments."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Print what is here and what is not; return 1 where something that is needed is absent or broken."""
    lines = [
        ("chainrule", _version("chainrule") or "not installed: it runs from its sources"),
        ("Python", f"{platform.python_version()} ({sys.implementation.name}, {platform.platform()})"),
        ("engine", f"in C ({why})" if engine is not None else f"in pure Python: {why}"),
        ("C compiler", _compiler()),
        ("dot", _dot()),
    ]
    is_well = True
    for part in PACKAGES:
        problem = _problem(part)
        lines.append((part.name, problem or f"{_version(part.name) or 'there'}: {part.purpose}"))
        is_well = is_well and not (problem and part.is_needed)
    for name, text in lines:
        print(f"{name:<12}{text}")
    return 0 if is_well else 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _problem(part: Part) -> str:
    """Say what is wrong with a package, if anything, and what to do."""
    try:
        import_module(part.module)
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        if isinstance(error, ModuleNotFoundError) and error.name == part.module:
            return f"missing, for {part.purpose}: {part.install}"
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return f"broken ({said:.200}): pip uninstall {part.name} && {part.install}"
    return ""


def _compiler() -> str:
    compiler = find_compiler()
    if compiler is None:
        command = INSTALL.get(sys.platform, "your system's package manager (gcc or clang)")
        return f"missing ({no_compiler()}), for programs compiled to C: {command}"
    found = f"{compiler.version.splitlines()[0]}: programs compiled to C"
    return found if engine is not None else f"{found}; for the engine in C: {REPAIR}"


def _dot() -> str:
    program = shutil.which("dot")
    found = f"{program}: {GRAPHVIZ.purpose}" if program else ""
    return found or f"missing, for {GRAPHVIZ.purpose} (svg needs none): {GRAPHVIZ.install}"
