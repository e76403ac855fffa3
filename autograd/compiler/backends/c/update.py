"""An optimizer's update as one loop of C: NumPy's operations in NumPy's order, so the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.compiler.backends.c.bind import code, loaded
from autograd.compiler.backends.c.spelling import PRELUDE, literal, spelled
from autograd.compiler.graph.symbol import OPERAND, recorded
from autograd.native import engine

__all__ = ["in_c"]


def in_c(update: Callable[..., Any], slots: int) -> Callable[..., Any]:
    """Return an update with so many numbers for each parameter, in C; arrays of doubles only."""
    count = 4 + slots
    known: list[Any] = [(None, OPERAND)] * count
    (theta, state), steps = recorded(
        lambda lr, step, theta, grad, *state: update(theta, grad, state, lr, step), known, (), guards=True
    )
    rows = spelled([op for op, _ in steps[count:]])
    lines = [f"double x{i} = in[{i - 2}][i];" for i in range(2, count)]
    for i, (op, given) in enumerate(steps[count:], count):
        texts = [f"x{x}" if x.__class__ is int else literal(x) for x in given]
        lines.append(f"double x{i} = {rows.calls[op].format(*texts)};")
    results = [x.where for x in (theta, *state)]
    lines += [f"out[i + {k} * n] = x{x};" for k, x in enumerate(results)]
    text = (
        f"{PRELUDE}{rows.text}\nvoid update(long n, double x0, double x1, double *restrict out, "
        f"const double *const *in) {{ SIMD FOR(i, n) {{ {' '.join(lines)} }} }}"
    )
    function = loaded(text, ("-fopenmp-simd", "-Wno-psabi"))["update"]
    run, apply = code(function), engine.apply

    def updated(theta: Any, grad: Any, state: Any, lr: float, step: int) -> Any:
        """Do what the update does."""
        out = np.empty((len(results), len(theta)))
        if not apply(run, lr, step, out, theta, grad, *state):
            return update(theta, grad, state, lr, step)
        new, *own = out
        return new, tuple(own)

    vars(updated)["function"] = function  # whose library stays loaded as long
    return updated
