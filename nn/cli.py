"""Where the command ``chainrule`` starts: before the engine is imported, so that what goes wrong there is one line."""

from __future__ import annotations

import sys

__all__ = ["main"]

INTERRUPTED = 130
"""What shells take for the exit code of a command that the keyboard ended."""


def main() -> int:
    """Run the command, and return its exit code; 2 where another package stands in the engine's place.

    Examples
    --------
    >>> import sys
    >>> given, sys.argv = sys.argv, ["chainrule", "check", "x ** 2", "--at", "x=3", "--quiet"]
    >>> try:
    ...     main()
    ... finally:
    ...     sys.argv = given
    0
    """
    try:
        from nn.clash import problem

        if (said := problem()) is not None:
            print(f"chainrule: {said}", file=sys.stderr)
            return 2
        from autograd.cli import main as command
    except KeyboardInterrupt:
        print("\nchainrule: interrupted", file=sys.stderr)
        return INTERRUPTED
    code = command()
    if code == INTERRUPTED:
        _leave()
    return code


def _leave() -> None:
    """End the process without finalizing the interpreter, which may crash where an extension was interrupted while it loaded."""
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
