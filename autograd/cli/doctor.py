"""``chainrule doctor``: say what is installed, which engine runs, and what would bring what is missing."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Final, NamedTuple

from autograd.cli.colour import painted
from autograd.compiler.backends.c.toolchain import INSTALL, find_compiler, no_compiler
from autograd.errors import interrupted
from autograd.native import engine, why
from autograd.words import gettext, marked, padded

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
    Part("numpy", "numpy", marked("compiled programs over arrays"), "pip install numpy", is_needed=True),
    Part(
        "graphviz", "graphviz", marked("drawings as graphviz.Digraph"), "pip install graphviz", is_needed=True
    ),
    Part(
        "matplotlib", "matplotlib", marked("plots of losses and decisions"), "pip install 'chainrule[plot]'"
    ),
    Part(
        "hypothesis", "hypothesis", marked("random graphs for property tests"),
        "pip install 'chainrule[test]'",
    ),
    Part("mpmath", "mpmath", marked("derivatives to hundreds of digits"), "pip install 'chainrule[test]'"),
    Part("jupyterlab", "jupyterlab", marked("the lessons"), "pip install 'chainrule[notebook]'"),
)  # fmt: skip
GRAPHVIZ: Final = Part(
    "dot", "", marked("drawings as png and pdf"),
    marked("pip install 'chainrule[graph]', or your system's graphviz package"),
)


_RUNS = {True: marked("in C ({why})"), False: marked("in pure Python: {why}")}
"""Where the engine runs, by whether it is compiled."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no arguments."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Print what is here and what is not; return 1 where something that is needed is absent or broken."""
    lines = [
        ("chainrule", "", _version("chainrule") or gettext("not installed: it runs from its sources")),
        ("Python", "", f"{platform.python_version()} ({sys.implementation.name}, {platform.platform()})"),
        (gettext("engine"), "", gettext(_RUNS[engine is not None], why=gettext(why))),
        (gettext("C compiler"), *_compiler()),
        ("dot", *_dot()),
    ]
    is_well = True
    for part in PACKAGES:
        kind, problem = _problem(part)
        found = _version(part.name) or gettext("there")
        lines.append((part.name, kind, problem or f"{found}: {gettext(part.purpose)}"))
        is_well = is_well and not (problem and part.is_needed)
    for name, kind, text in lines:
        print(f"{painted(padded(name, 12), 'name', sys.stdout)}{painted(text, kind, sys.stdout)}")
    return 0 if is_well else 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _problem(part: Part) -> tuple[str, str]:
    """Say what is wrong with a package, if anything, of what kind that is, and what to do."""
    try:
        import_module(part.module)
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        if isinstance(error, ModuleNotFoundError) and error.name == part.module:
            return "missing", gettext(
                "missing, for {purpose}: {install}",
                purpose=gettext(part.purpose), install=part.install,
            )
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return "broken", gettext(
            "broken ({said}): pip uninstall {name} && {install}",
            said=f"{said:.200}", name=part.name, install=part.install,
        )
    return "", ""


def _compiler() -> tuple[str, str]:
    compiler = find_compiler()
    if compiler is None:
        command = INSTALL.get(sys.platform, gettext("your system's package manager (gcc or clang)"))
        return "missing", gettext(
            "missing ({why}), for programs compiled to C: {command}", why=no_compiler(), command=command
        )
    found = gettext("{compiler}: programs compiled to C", compiler=compiler.version.splitlines()[0])
    if engine is not None:
        return "", found
    return "", gettext("{found}; for the engine in C: {repair}", found=found, repair=REPAIR)


def _dot() -> tuple[str, str]:
    program = shutil.which("dot")
    if program:
        return "", f"{program}: {gettext(GRAPHVIZ.purpose)}"
    return "missing", gettext(
        "missing, for {purpose} (svg needs none): {install}",
        purpose=gettext(GRAPHVIZ.purpose), install=gettext(GRAPHVIZ.install),
    )
