"""The command line: a table of commands, each in a module of its own that is imported when it is asked for.

Here are the commands that need no network; `nn.cli` adds those that train, and is where the console script
starts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

from autograd import words
from autograd.errors import MissingDependencyError, UsageError, interrupted
from autograd.words import gettext, marked

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "autograd.cli.draw": marked("draw the computation graph of an expression"),
    "autograd.cli.explain": marked("derive a gradient step by step, with symbols and numbers"),
    "autograd.cli.check": marked("check the gradient of an expression against finite differences"),
    "autograd.cli.diagnose": marked(
        "find the smallest graph on which your own Value class is wrong, and say why"
    ),
    "autograd.cli.conform": marked("hold another library's derivatives against correctly rounded ones"),
    "autograd.cli.stepper": marked("write a page that plays backpropagation step by step"),
    "autograd.cli.live": marked(
        "write a page in which an expression is edited, dragged and asked about"
    ),
    "autograd.cli.doctor": marked(
        "say what is installed, which engine runs, and what brings what is missing"
    ),
    "autograd.cli.completion": marked("print what makes a shell complete commands and options"),
}
"""The module of each command, and what ``--help`` says of it.

A command is called by the last part of its module's name.
"""


_WIDEST = 30


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, in the reader's language; the options are what ``--help`` is for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.suggest_on_error = True  # which Python does from 3.14 on

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument, whose help is in the catalogues and names choices too long for a line."""
        if isinstance(options.get("help"), str):
            options["help"] = gettext(options["help"])
        choices = ", ".join(map(str, options.get("choices") or ()))
        if len(choices) > _WIDEST:
            options |= {"metavar": names[-1].strip("-").upper(), "help": gettext(
                "{what}; one of {choices}", what=options["help"], choices=choices,
            )}  # fmt: skip
        return super().add_argument(*names, **options)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with the exit code 2."""
        hint = (
            gettext("; one that begins with a minus comes last, after --, as in: --at x=1 -- -x")
            if message.endswith("expression")
            else ""
        )
        see = gettext("{problem}; see {command} --help", problem=f"{message}{hint}", command=self.prog)
        self.exit(2, f"{self.prog}: {see}\n")


def _parser(command: str, commands: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser; the command's own module alone is imported, or all for what is said of all."""
    parser = _Parser(
        prog="chainrule", description=gettext("Scalar automatic differentiation that shows its work.")
    )
    parser.add_argument(
        "-V", "--version", action="version", version=_version(), help="say which version this is"
    )
    _add_language(parser)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made: dict[str, argparse.ArgumentParser] = {}
    for module, summary in commands.items():
        name = module.rpartition(".")[2]
        said = gettext(summary)
        made[name] = subparsers.add_parser(
            name, help=said, description=gettext("{sentence}.", sentence=f"{said[0].upper()}{said[1:]}")
        )
        if command in (name, "completion"):
            command_module = import_module(module)
            command_module.configure(made[name])
            _add_language(made[name])
            made[name].set_defaults(run=command_module.run)
    if command == "completion":
        made["completion"].set_defaults(words=import_module("autograd.cli.completion").words(made))
    return parser


def _add_language(parser: argparse.ArgumentParser) -> None:
    """Add the option that `_language` has read by then: help and complaints are in that language too."""
    parser.add_argument("--lang", metavar="en|zh", help=(
        "language of what is said (default: what CHAINRULE_LANG or else the locale names)"
    ))


def _language(arguments: list[str]) -> tuple[str, list[str]]:
    """Return the language that the arguments ask for, or else the environment, or the locale; and the rest.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    rest = []
    given = iter(arguments)
    for argument in given:
        name, is_joined, tag = argument.partition("=")
        if argument == "--":
            rest += [argument, *given]
        elif name == "--lang":
            asked = tag if is_joined else next(given, "")
            if not words.named(asked):
                with words.language(words.asked([])):
                    said = gettext("--lang takes en or zh, got {asked}", asked=f"{asked!r:.40}")
                raise UsageError(said)
        else:
            rest.append(argument)
    return words.asked(arguments), rest


@contextmanager
def _spoken(tag: str) -> Iterator[None]:
    """Speak a language, in what argparse says too, which asks functions of its own module."""
    names = {"_": gettext, "ngettext": lambda one, several, n: gettext(one if n == 1 else several)}
    before = {name: getattr(argparse, name) for name in names}

    def say(with_what: dict[str, Any]) -> None:
        for name, function in with_what.items():
            setattr(argparse, name, function)

    with words.language(tag):
        try:
            say(names)
            yield
        finally:
            say(before)


def _without_help(arguments: list[str]) -> list[str]:
    """Return the arguments with ``help COMMAND`` in the words of an option."""
    return [*arguments[1:2], "--help"] if arguments[:1] == ["help"] else arguments


def _version() -> str:
    """Name the installed version, or that there is none: a checkout also runs as it is."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"chainrule {version('chainrule')}"
    except PackageNotFoundError:
        return gettext("chainrule, not installed")


def _said(error: Exception) -> str:
    """Return an error's message; the system's without its number, and with the file first."""
    if isinstance(error, OSError) and error.strerror:
        why = gettext(error.strerror)
        return why if error.filename is None else f"{error.filename}: {why}"
    return str(error)


SYSTEM = (
    marked("Address already in use"), marked("Device or resource busy"), marked("Directory not empty"),
    marked("File exists"), marked("File name too long"), marked("File too large"),
    marked("Input/output error"), marked("Invalid argument"), marked("Is a directory"),
    marked("No space left on device"), marked("No such device or address"),
    marked("No such file or directory"),
    marked("Not a directory"), marked("Operation not permitted"), marked("Permission denied"),
    marked("Read-only file system"), marked("Too many levels of symbolic links"),
    marked("Too many open files"), marked("Text file busy"),
)  # fmt: skip
"""What a system says of files, in its own English words; others stay as they come."""


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
    name, tag = "chainrule", words.asked([])
    try:
        _accept_any_text()
        tag, arguments = _language(list(sys.argv[1:] if argv is None else argv))
        arguments = _without_help(arguments)
        try:
            with _spoken(tag):
                parser = _parser(arguments[0] if arguments else "", commands)
                if not arguments:
                    parser.print_help()
                    return 0
                args = parser.parse_args(arguments)
                name = f"chainrule {args.command}"
                code: int = args.run(args)
        finally:  # what is put out where the interpreter ends could not be caught
            print(end="", flush=True)  # unlike a method of standard output, not put out where that is closed
    except BrokenPipeError:  # who reads, `head` for one, has seen enough
        _discard_output()
        return 0
    except (UsageError, MissingDependencyError, OSError) as error:
        with words.language(tag):
            _complain(f"{name}: {_said(error)}")
        try:
            print(end="", flush=True)
        except OSError:  # a full disk, which would be met once more where the interpreter ends
            _discard_output()
        return 2
    except (KeyboardInterrupt, Exception) as error:
        if not interrupted(error):
            raise
        with words.language(tag):
            _complain(f"\n{name}: {gettext('interrupted')}")
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
