"""What training a compiled function asks of an optimizer. Needs the standard library only."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from autograd.compiler.background import in_background
from autograd.value import Value
from autograd.words import gettext

__all__ = ["Update", "moves_arrays", "training"]


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
    return "step" not in vars(optimizer) and _in_step(kind, *[getattr(kind, x, None) for x in _STEPS])


_STEPS = "step_flat", "step"


@lru_cache(maxsize=64)
def _in_step(kind: type, *_: Any) -> bool:
    """Tell whether the first class that defines a step defines one on arrays too, or one below it does."""
    owners = [next((own for own in kind.__mro__ if name in vars(own)), None) for name in _STEPS]
    flat, step = owners
    return flat is not None and step is not None and issubclass(flat, step)


BUILDING, CALLING = 0.1, 8e-6
"""Seconds that building an update in C takes, and a call of a short one."""


class Update:
    """An optimizer's update over arrays; in C once it has lost the time that building that takes.

    Parameters
    ----------
    update
        A formula: what it does rests on what it is given alone.
    slots
        How many numbers it keeps for each parameter.
    """

    def __init__(self, update: Callable[..., Any], slots: int) -> None:
        self.update, self.plain, self.slots = update, update, slots
        self.left = BUILDING

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
        """Build it; NumPy goes on where that cannot be."""
        try:
            self.update = import_module("autograd.compiler.backends.c.update").in_c(self.plain, self.slots)
        except Exception:  # noqa: BLE001 - without a compiler, such as
            return
