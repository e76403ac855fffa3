"""The command line: a table of commands, each in a module of its own that is imported when it is asked for.

Here are the commands that need no network; `nn.cli` adds those that train, and is where the console script
starts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

from autograd.errors import MissingDependencyError, UsageError, interrupted

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "autograd.cli.draw": "draw the computation graph of an expression",
    "autograd.cli.explain": "derive a gradient step by step, with symbols and numbers",
    "autograd.cli.check": "check the gradient of an expression against finite differences",
    "autograd.cli.diagnose": "find the smallest graph on which your own Value class is wrong, and say why",
    "autograd.cli.conform": "hold another library's derivatives against correctly rounded ones",
    "autograd.cli.stepper": "write a page that plays backpropagation step by step",
    "autograd.cli.live": "write a page in which an expression is edited, dragged and asked about",
    "autograd.cli.doctor": "say what is installed, which engine runs, and what brings what is missing",
    "autograd.cli.completion": "print what makes a shell complete commands and options",
}
"""The module of each command, and what ``--help`` says of it.

A command is called by the last part of its module's name.
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; the options are what ``--help`` is for."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with the exit code 2."""
        hint = (
            "; one that begins with a minus comes last, after --, as in: --at x=1 -- -x"
            if "required: expression" in message
            else ""
        )
        self.exit(2, f"{self.prog}: {message}{hint}; see {self.prog} --help\n")


def _parser(command: str, commands: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser; the command's own module alone is imported, or all for what is said of all."""
    parser = _Parser(prog="chainrule", description="Scalar automatic differentiation that shows its work.")
    parser.add_argument("-V", "--version", action="version", version=_version())
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made: dict[str, argparse.ArgumentParser] = {}
    for module, summary in commands.items():
        name = module.rpartition(".")[2]
        made[name] = subparsers.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        if command in (name, "completion"):
            command_module = import_module(module)
            command_module.configure(made[name])
            made[name].set_defaults(run=command_module.run)
    if command == "completion":
        made["completion"].set_defaults(words=import_module("autograd.cli.completion").words(made))
    return parser


def _without_help(arguments: list[str]) -> list[str]:
    """Return the arguments with ``help COMMAND`` in the words of an option."""
    return [*arguments[1:2], "--help"] if arguments[:1] == ["help"] else arguments


def _version() -> str:
    """Name the installed version, or that there is none: a checkout also runs as it is."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"chainrule {version('chainrule')}"
    except PackageNotFoundError:
        return "chainrule, not installed"


def _said(error: Exception) -> str:
    """Return an error's message; the system's without its number, and with the file first."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def main(argv: Sequence[str] | None = None, commands: Mapping[str, str] = COMMANDS) -> int:
    """Run one command, and return its exit code: 0, 1 for a failed check, 2 for bad usage.

    Parameters
    ----------
    argv
        The arguments after the program's name; those of this process by default.
    commands
        The modules of the commands to choose from, each with its summary.

    Examples
    --------
    >>> main(["check", "x ** 2", "--at", "x=3", "--quiet"])
    0
    """
    name = "chainrule"
    try:
        _accept_any_text()
        arguments = _without_help(list(sys.argv[1:] if argv is None else argv))
        try:
            args = _parser(arguments[0] if arguments else "", commands).parse_args(arguments)
            name = f"chainrule {args.command}"
            code: int = args.run(args)
        finally:  # what is put out where the interpreter ends could not be caught
            print(end="", flush=True)  # unlike a method of standard output, not put out where that is closed
    except BrokenPipeError:  # who reads, `head` for one, has seen enough
        _discard_output()
        return 0
    except (UsageError, MissingDependencyError, OSError) as error:
        _complain(f"{name}: {_said(error)}")
        try:
            print(end="", flush=True)
        except OSError:  # a full disk, which would be met once more where the interpreter ends
            _discard_output()
        return 2
    except (KeyboardInterrupt, Exception) as error:
        if not interrupted(error):
            raise
        _complain(f"\n{name}: interrupted")
        return 130
    return code


def _accept_any_text() -> None:
    """Let what the terminal's encoding has no letter for be spelt out, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")


def _complain(line: str) -> None:
    """Print to standard error, where somebody listens; nowhere else."""
    with suppress(OSError):
        if sys.stderr is not None:
            print(line, file=sys.stderr, flush=True)


def _discard_output() -> None:
    """Send what is still to be written nowhere."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
