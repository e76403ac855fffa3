"""What training a compiled function asks of an optimizer. Needs the standard library only."""

from __future__ import annotations

import atexit
import ctypes
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any
from weakref import WeakSet

from autograd.value import Value
from autograd.words import gettext

__all__ = ["Update", "in_background", "moves_arrays", "training"]

BUILDING, CALLING = 0.1, 8e-6
"""Seconds that building an update in C takes, and a call of a short one."""
STOPPED = 5.0
"""Seconds that the end of the interpreter waits for what is built in the background to stop."""


def training(
    data: Sequence[Any], callback: Any, params: list[Value] | None
) -> tuple[list[Any], Any, int, Callable[..., Any] | None]:
    """Take the arguments of ``train`` apart.

    The function's, an optimizer over the parameters, the number of steps, a callback.
    """
    if params is None:
        raise TypeError(gettext("this function was compiled without params; there is nothing to train"))
    data = list(data)
    if (
        callback is None
        and data
        and (data[-1] is None or (callable(data[-1]) and not isinstance(data[-1], int)))
    ):
        callback = data.pop()
    if len(data) < 2 or not hasattr(data[-2], "params"):
        raise TypeError(gettext(
            "train() takes the function's arguments, then an optimizer of nn.optim, then the number of "
            "steps: train(X, Y, optimizer, 100)"
        ))  # fmt: skip
    *args, optimizer, steps = data
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(gettext(
            "the number of steps must be a whole number, got {kind} {steps}",
            kind=type(steps).__name__, steps=f"{steps!r:.40}",
        ))  # fmt: skip
    if callback is not None and not callable(callback):
        raise TypeError(gettext(
            "a callback must be a function of the step's number and the loss, got {kind}",
            kind=type(callback).__name__,
        ))  # fmt: skip
    if optimizer.params != params and list(optimizer.params) != params:
        raise ValueError(gettext(
            "the optimizer must hold the parameters that the function was compiled for, in the same order"
        ))  # fmt: skip
    return args, optimizer, steps.__index__(), callback


def moves_arrays(optimizer: Any) -> bool:
    """Tell whether an optimizer's ``step_flat`` does what its ``step`` does.

    Nobody has redefined this one alone.
    """
    kind = type(optimizer)
    own = next((x for x in kind.__mro__ if "step_flat" in vars(x)), None)
    step = getattr(own, "step", None)
    return step is not None and step is kind.step and "step" not in vars(optimizer)


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


class Update:
    """An optimizer's update over arrays; in C once it has lost the time that building that takes.

    What it does rests on what it is given alone. It keeps ``slots`` numbers for each parameter.
    """

    def __init__(self, update: Callable[..., Any], slots: int) -> None:
        self.update, self.slots, self.left = update, slots, BUILDING

    def __call__(self, *given: Any) -> Any:
        """Return what the update does."""
        if self.left <= 0.0:
            return self.update(*given)
        start = time.perf_counter()
        found = self.update(*given)
        self.left -= time.perf_counter() - start - CALLING
        if self.left <= 0.0:
            in_background(self._build)
        return found

    def _build(self) -> None:
        with suppress(Exception):  # as without a compiler: NumPy goes on
            self.update = import_module("autograd.compiler.backends.c.update").in_c(self.update, self.slots)
