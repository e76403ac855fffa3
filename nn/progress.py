"""One progress display for every place: a bar on a terminal, one updated line in a notebook, plain lines in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import Any, TextIO

__all__ = ["Progress"]


class Progress:
    """Show how far a loop has come.

    Parameters
    ----------
    total
        Number of steps.
    title
        What is going on.
    quiet
        Show nothing.
    every
        In a pipe, print one line for so many steps; a tenth of the total by default.
    stream
        Where to; standard output by default.

    Examples
    --------
    >>> with Progress(2, title="train", every=1) as progress:
    ...     for step in range(2):
    ...         progress.update(step + 1, loss=0.5 / (step + 1))
    train 1/2  loss 0.5
    train 2/2  loss 0.25
    """

    def __init__(self, total: int, *, title: str = "", quiet: bool = False, every: int | None = None, stream: TextIO | None = None) -> None:
        self.total = total
        self.title = title
        self.stream = sys.stdout if stream is None else stream
        self._every = max(1, total // 10) if every is None else every
        self._shown = 0.0
        self._kind = "quiet" if quiet else _kind(self.stream)
        self._handle: Any = None
        self._dirty = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._dirty:
            self.stream.write("\n")
            self.stream.flush()

    def update(self, step: int, **numbers: float) -> None:
        """Show that ``step`` steps are done, with the latest numbers."""
        if self._kind == "quiet":
            return
        text = "  ".join(f"{name} {value:.4g}" for name, value in numbers.items())
        last = step >= self.total
        if self._kind == "pipe":
            if last or step % self._every == 0:
                print(f"{self.title} {step}/{self.total}  {text}".strip(), file=self.stream, flush=True)
            return
        # Twenty times a second is enough for the eye, and costs nothing.
        now = time.monotonic()
        if not last and now - self._shown < 0.05:
            return
        self._shown = now
        if self._kind == "notebook":
            self._display(f"{self.title} {step}/{self.total}  {text}")
        else:
            self._draw(step, text)

    def _draw(self, step: int, text: str) -> None:
        """Draw the bar over the line that stands there."""
        columns = shutil.get_terminal_size().columns - 1
        head, tail = f"{self.title} ", f" {step}/{self.total}  {text}"
        width = max(min(40, columns - len(head) - len(tail)), 0)
        done = width * step // max(self.total, 1)
        line = f"{head}{'█' * done}{'░' * (width - done)}{tail}"[:columns]
        self.stream.write(f"\r\x1b[K{line}")
        self.stream.flush()
        self._dirty = True

    def _display(self, text: str) -> None:
        """Update one output of the notebook's cell."""
        from IPython.display import Pretty, display

        if self._handle is None:
            self._handle = display(Pretty(text), display_id=True)
        else:
            self._handle.update(Pretty(text))


def _kind(stream: TextIO) -> str:
    """Tell a terminal, a notebook and a pipe apart."""
    if "ipykernel" in sys.modules and type(stream).__module__.startswith("ipykernel"):
        return "notebook"
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return "terminal"
    return "pipe"
