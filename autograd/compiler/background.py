"""Threads that build in the background, and end before the interpreter does."""

from __future__ import annotations

import atexit
import ctypes
import threading
from collections.abc import Callable
from weakref import WeakSet

__all__ = ["in_background"]

STOPPED = 5.0
"""Seconds that the end of the interpreter waits for what is built in the background to stop."""

_builders: WeakSet[threading.Thread] = WeakSet()


def in_background(build: Callable[[], None]) -> threading.Thread:
    """Return a thread that builds something, and has begun."""
    builder = threading.Thread(target=build, name="chainrule-build", daemon=True)
    _builders.add(builder)
    builder.start()
    return builder


@atexit.register
def _end_of_builds() -> None:
    """Stop what is being built: a thread that is inside NumPy where Python ends may end the process."""
    building = [builder for builder in _builders if builder.is_alive()]
    for builder in building:
        number, ending = ctypes.c_ulong(builder.ident or 0), ctypes.py_object(SystemExit)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ending)
    for builder in building:
        builder.join(STOPPED)
