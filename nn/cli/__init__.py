"""The command ``chainrule``: those of the engine, and those that train.

It starts here, before the engine is imported, so that what goes wrong there is one line.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = (
    False  # as in typing, which takes longer to import than what is to be done before an interrupt is caught
)
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "nn.cli.demo": "train a classifier on two moons, draw what it learnt and how",
    "nn.cli.train": "train a network on a built-in data set or a CSV file",
    "nn.cli.course": "write worksheets and slides of the course's lessons",
    "nn.cli.bench": "measure this engine on this machine",
}
"""The commands beside `autograd.cli.COMMANDS`, in the same form."""

INTERRUPTED = 130
"""What shells take for the exit code of a command that the keyboard ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code; 2 where another package stands in the engine's place.

    Parameters
    ----------
    argv
        The arguments after the program's name; those of this process by default.

    Examples
    --------
    >>> main(["check", "x ** 2", "--at", "x=3", "--quiet"])
    0
    """
    try:
        from nn.cli.clash import problem

        if (said := problem()) is not None:
            print(f"chainrule: {said}", file=sys.stderr)
            return 2
        from autograd import cli
    except KeyboardInterrupt:
        from nn.cli.clash import gettext

        print(f"\nchainrule: {gettext('interrupted')}", file=sys.stderr)
        return INTERRUPTED
    code = cli.main(argv, {**COMMANDS, **cli.COMMANDS})
    if code == INTERRUPTED:
        _leave()
    return code


def _leave() -> None:
    """End the process without finalizing the interpreter.

    That may crash where an extension was interrupted while it loaded.
    """
    import atexit
    import os
    from contextlib import suppress

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or read by nobody
            stream.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
