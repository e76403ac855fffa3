"""Run a tool of GradBench by a clock of processor time: ``python processor.py TOOL.py [OPTION ...]``.

The suite's tools read ``time.perf_counter_ns``, which counts what other processes take as well. Here it
counts what this process and those that it started, such as a compiler, have taken of a processor; and JAX
ends a call before it returns, so that none goes on behind the clock.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import time
from collections.abc import Callable
from typing import Any


def taken() -> int:
    """Return the nanoseconds of this process, its threads, and its ended children."""
    children = os.times()[2:4]
    return time.process_time_ns() + round(1e9 * sum(children))


def blocked(decorator: Callable[..., Any]) -> Callable[..., Any]:
    """Return the suite's decorator of a tool's function, with JAX's results awaited."""
    import jax

    ready: Callable[[Any], Any] = jax.block_until_ready
    return lambda **how: lambda f: decorator(**how)(lambda given: ready(f(given)))


if __name__ == "__main__":
    time.perf_counter_ns = taken
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(sys.argv[0])
    if os.path.basename(sys.path[0]) == "jax":
        import jax

        wrap = importlib.import_module("gradbench.wrap")
        jax.config.update("jax_cpu_enable_async_dispatch", False)  # type: ignore[no-untyped-call]
        for name in ("function", "multiple_runs"):
            setattr(wrap, name, blocked(getattr(wrap, name)))
    runpy.run_path(sys.argv[0], run_name="__main__")
