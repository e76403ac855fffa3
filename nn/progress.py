"""How far a training is: a bar on a terminal, an updating line in a notebook, plain lines in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import Any, TextIO

from autograd.words import columns, gettext, marked
from nn.checks import whole

__all__ = ["Progress"]

WIDTH = 24
# Seconds between two drawings of a bar; a pipe gets a line at each tenth of the way.
INTERVAL = 0.1


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


class Progress:
    """Report steps of a known number, and figures beside them.

    Parameters
    ----------
    total
        How many steps there will be.
    title
        What stands in front.
    stream
        Where to write; standard error by default, so that a program's output stays clean. Where there is
        none, as under ``pythonw``, nothing is written, and nothing more once it cannot be written to.
    style
        ``"bar"``, ``"notebook"``, ``"lines"`` or ``"none"``; by default the one that suits the stream.

    Examples
    --------
    >>> import sys
    >>> progress = Progress(2, title="training", stream=sys.stdout, style="lines")
    >>> progress.update(1, loss=0.5)
    training 1/2  loss 0.5
    >>> progress.update(2, loss=0.25)
    training 2/2  loss 0.25
    >>> progress.close()
    """

    def __init__(
        self,
        total: int,
        *,
        title: str = marked("training"),
        stream: TextIO | None = None,
        style: str | None = None,
    ) -> None:
        self.total, self.title = max(whole("total", total, least=0), 1), gettext(title)
        self.stream = sys.stderr if stream is None else stream
        if style is None:
            style = "notebook" if _in_notebook() else "bar" if _on_terminal(self.stream) else "lines"
        if style not in ("bar", "notebook", "lines", "none"):
            raise ValueError(gettext(
                "style must be bar, notebook, lines or none, got {style}",
                style=repr(style),
            ))  # fmt: skip
        # A notebook shows its own output; all others need somewhere to write.
        self.style = style if style == "notebook" or _is_open(self.stream) else "none"
        self._start = time.monotonic()
        self._drawn = -1.0
        self._last: tuple[int, dict[str, float]] | None = None
        self._handle: Any = None
        self._width = 0

    def update(self, step: int, **figures: float) -> None:
        """Say that ``step`` steps are done; draws at most every tenth of a second.

        Parameters
        ----------
        step
            How many steps are done.
        **figures
            What to show beside, such as ``loss=0.5``.
        """
        self._last = (step, figures)
        if self.style == "lines":
            if step * 10 // self.total > self._drawn:
                self._drawn = step * 10 // self.total
                self._draw()
        elif self.style != "none":
            now = time.monotonic()
            if now - self._drawn >= INTERVAL or step >= self.total:
                self._drawn = now
                self._draw()

    def close(self) -> None:
        """Draw the last state, and end the line."""
        if self.style in ("bar", "notebook") and self._last:
            self._draw()
        if self.style == "bar" and self._last:
            self._put("\n")

    def _line(self) -> str:
        """Return the state for a pipe."""
        step, figures = self._last or (0, {})
        return f"{self.title} {step}/{self.total}" + "".join(
            f"  {gettext(name)} {_short(value)}" for name, value in figures.items()
        )

    def _bar(self, width: int, full: str = "█", empty: str = "░") -> str:
        """Return the state in at most ``width`` characters.

        The times give way first, then the bar's length, then figures, the last first.
        """
        step, figures = self._last or (0, {})
        spent = time.monotonic() - self._start
        left = _clock(spent / step * (self.total - step) if step else 0.0)
        shown = [f"  {gettext(name)} {_short(value)}" for name, value in figures.items()]
        numbers = "".join(shown)
        tries = [
            (numbers + "  " + gettext("{spent} spent, {left} left", spent=_clock(spent), left=left), WIDTH),
            (numbers + "  " + gettext("{left} left", left=left), WIDTH // 2),
        ]
        tries += [("".join(shown[:n]), WIDTH // 3) for n in range(len(shown), -1, -1)]
        for beside, least in tries:
            size = min(width - columns(f"{self.title}  {step}/{self.total}{beside}"), WIDTH)
            if size >= least:
                done = size * min(step, self.total) // self.total
                return f"{self.title} {full * done}{empty * (size - done)} {step}/{self.total}{beside}"
        return f"{self.title} {step}/{self.total}"[: max(width, 0)]

    def _draw(self) -> None:
        if self.style == "lines":
            self._put(self._line() + "\n")
        elif self.style == "notebook":
            import IPython.display

            display: Any = IPython.display.display
            shown = {"text/plain": self._bar(1000)}
            if self._handle is None:
                self._handle = display(shown, raw=True, display_id=True)
            else:
                self._handle.update(shown, raw=True)
        else:
            # In a terminal's last column, the cursor may already stand in the next line.
            text = self._bar(_columns(self.stream) - 1, *("█░" if _can_write(self.stream, "█░") else "#."))
            # Blanks wipe what a longer line left behind, where the terminal still is as wide.
            self._put("\r" + text + " " * (min(self._width, _columns(self.stream) - 1) - columns(text)))
            self._width = columns(text)

    def _put(self, text: str) -> None:
        """Write, in the letters that the stream has."""
        if self.stream is None:
            return
        if not _can_write(self.stream, text):
            encoding = getattr(self.stream, "encoding", None) or "ascii"
            text = text.encode(encoding, "backslashreplace").decode(encoding)
        try:
            self.stream.write(text)
            flush = getattr(self.stream, "flush", None)
            if flush is not None:
                flush()
        # The terminal is gone, the pipe's reader, the disk's last block: the work goes on without.
        except (OSError, ValueError):
            self.style = "none"


def _is_open(stream: Any) -> bool:
    """Whether there is somewhere to write."""
    return stream is not None and not getattr(stream, "closed", False)


def _on_terminal(stream: Any) -> bool:
    """Whether a line that was written to a stream can be written over."""
    isatty = getattr(stream, "isatty", None)
    try:
        return _is_open(stream) and callable(isatty) and bool(isatty()) and os.environ.get("TERM") != "dumb"
    except (OSError, ValueError):  # it has been closed behind Python's back
        return False


def _columns(stream: Any) -> int:
    """Return a terminal's width: what COLUMNS says, or else the terminal itself, or else 80."""
    usual = shutil.get_terminal_size().columns
    if os.environ.get("COLUMNS"):
        return usual
    try:
        return os.get_terminal_size(stream.fileno()).columns or usual
    except (AttributeError, OSError, ValueError):  # no terminal of the system's
        return usual


def _can_write(stream: Any, text: str) -> bool:
    """Whether a stream's encoding has all letters of a text; one that names none takes any text."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _short(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
