"""An optimizer's update as one loop of C: NumPy's operations in NumPy's order, so the same bits."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from autograd.compiler.backends.c.bind import loaded
from autograd.compiler.backends.c.spelling import PRELUDE, literal, spelled
from autograd.compiler.graph.symbol import OPERAND, recorded

__all__ = ["in_c"]


def in_c(update: Callable[..., Any], slots: int) -> Callable[..., Any]:
    """Return an update with so many numbers for each parameter, in C; arrays of doubles only."""
    count, place = 4 + slots, cast("Any", ctypes.c_char.from_buffer)
    known: list[Any] = [(None, OPERAND)] * count
    (theta, state), steps = recorded(
        lambda lr, step, theta, grad, *state: update(theta, grad, state, lr, step), known, (), guards=True
    )
    rows = spelled([op for op, _ in steps[count:]])
    lines = [f"double x{i} = in{i}[i];" for i in range(2, count)]
    for i, (op, given) in enumerate(steps[count:], count):
        texts = [f"x{x}" if x.__class__ is int else literal(x) for x in given]
        lines.append(f"double x{i} = {rows.calls[op].format(*texts)};")
    results = [x.where for x in (theta, *state)]
    lines += [f"out[i + {k} * n] = x{x};" for k, x in enumerate(results)]
    operands = "".join(f", const double *restrict in{i}" for i in range(2, count))
    text = (
        f"{PRELUDE}{rows.text}\nvoid update(long n, double x0, double x1, double *restrict out{operands}) {{ "
        f"SIMD FOR(i, n) {{ {' '.join(lines)} }} }}"
    )
    run = loaded(text, ("-fopenmp-simd", "-Wno-psabi"))["update"]
    run.restype = None
    long, double, number = ctypes.c_long, np.dtype(float), ctypes.c_double

    def updated(theta: Any, grad: Any, state: Any, lr: float, step: int) -> Any:
        """Do what the update does."""
        given = theta, grad, *state
        if any(x.dtype is not double or x.shape != theta.shape or not x.flags.carray for x in given):
            return update(*given[:2], state, lr, step)
        out = np.empty((len(results), len(theta)))
        run(long(len(theta)), number(lr), number(step), *[ctypes.byref(place(x)) for x in (out, *given)])
        new, *own = out
        return new, tuple(own)

    return updated
