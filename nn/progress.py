"""Showing how far a training is: a bar on a terminal, one updating line in a notebook, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

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
        Where to write; standard error by default, so that a program's output stays clean.
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

    def __init__(self, total: int, *, title: str = "training", stream: TextIO | None = None, style: str | None = None) -> None:
        self.total, self.title = max(whole("total", total, least=0), 1), title
        self.stream = sys.stderr if stream is None else stream
        if style is None:
            style = "notebook" if _in_notebook() else "bar" if self.stream.isatty() else "lines"
        if style not in ("bar", "notebook", "lines", "none"):
            raise ValueError(f"style must be bar, notebook, lines or none, got {style!r}")
        self.style = style
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
            self.stream.write("\n")
            self.stream.flush()

    def _text(self) -> str:
        step, figures = self._last or (0, {})
        numbers = "".join(f"  {name} {_short(value)}" for name, value in figures.items())
        if self.style == "lines":
            return f"{self.title} {step}/{self.total}{numbers}"
        done = WIDTH * min(step, self.total) // self.total
        spent = time.monotonic() - self._start
        left = spent / step * (self.total - step) if step else 0.0
        bar = "█" * done + "░" * (WIDTH - done)
        return f"{self.title} {bar} {step}/{self.total}{numbers}  {_clock(spent)} spent, {_clock(left)} left"

    def _draw(self) -> None:
        text = self._text()
        if self.style == "lines":
            print(text, file=self.stream, flush=True)
        elif self.style == "notebook":
            import IPython.display

            display: Any = IPython.display.display
            shown = {"text/plain": text}
            if self._handle is None:
                self._handle = display(shown, raw=True, display_id=True)
            else:
                self._handle.update(shown, raw=True)
        else:
            encoding = self.stream.encoding or "ascii"
            if "utf" not in encoding.lower():
                text = text.replace("█", "#").replace("░", ".")
            # Blanks wipe what a longer line left behind.
            self.stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
            self.stream.flush()


def _short(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
