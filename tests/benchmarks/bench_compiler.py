"""The compiler against NumPy written by hand: ``python tests/benchmarks/bench_compiler.py [systems]``.

For each system the whole step is timed: loss, all gradients, update. The contestants take turns in one
process with one BLAS thread; each figure is the median over the rounds, as a ratio to the hand-written step.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import numpy as np
from peers import LIMIT, STRAIGHT, jax_apart, jax_step, torch_step
from rolled_systems import LR, SYSTEMS, System, descent

from autograd.compiler import compile
from autograd.compiler.choose import choose

MANY = 20


def medians(
    contestants: list[Callable[[], Any]], rounds: int, budget: float,
    chosen: Callable[[list[float]], float] = statistics.median,
) -> list[float]:  # fmt: skip
    """Return the median seconds of one call of each, or what is ``chosen``, the contestants taking turns."""
    counts = []
    for f in contestants:
        f()
        start = time.perf_counter()
        f()
        counts.append(max(1, int(budget / max(time.perf_counter() - start, 1e-7))))
    times: list[list[float]] = [[] for _ in contestants]
    for _ in range(rounds):
        for f, n, seen in zip(contestants, counts, times, strict=True):
            start = time.perf_counter()
            for _ in range(n):
                f()
            seen.append((time.perf_counter() - start) / n)
    return list(map(chosen, times))


def stepper(system: System, backend: str) -> tuple[Callable[[], Any], Any, float]:
    """Return the compiled step with its update, the compiled object, and the seconds that compiling took."""
    step = compile(
        system.loss,
        system.params,
        batch=system.batch,
        reduction=system.reduction,
        penalty=system.penalty,
        backend=backend,
    )
    start = time.perf_counter()
    _, engine = step._prepare(system.data)
    seconds = time.perf_counter() - start
    run = descent(engine, [p.data for p in system.params], LR)
    if engine.backend in ("c", "python"):
        # As `step.train` does with plain gradient descent: many steps in one call.
        engine.theta[:] = [p.data for p in system.params]
        engine.bound.descend(2, LR)

        def run() -> Any:
            return engine.bound.descend(MANY, LR)

    return run, step, seconds


def error_of(step: Any, system: System) -> float:
    """Return the largest error of a gradient relative to the engine's largest gradient."""
    got = np.asarray(step.value_and_grad(*system.data)[1])
    want = np.asarray(step._exact(system.data)[1])
    return float(np.abs(got - want).max() / np.abs(want).max())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("systems", nargs="*", default=list(SYSTEMS), help=f"of {', '.join(SYSTEMS)}")
    parser.add_argument("--backends", default="numpy,c,python")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--budget", type=float, default=0.05, help="seconds for each contestant in each round"
    )
    parser.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="time PyTorch and JAX too, where they are installed",
    )
    given = parser.parse_args()
    print(
        f"{'system':<36} {'nodes':>8} {'hand us':>9}  backend: ratio (target), compile seconds, gradient "
        "error"
    )
    for name in given.systems:
        system = SYSTEMS[name]()
        runs, labels = [system.hand()], []
        for backend in given.backends.split(","):
            if backend == "python" and name in ("spiral-traced", "r5", "spiral", "moons", "gpt", "rnn"):
                continue
            run, step, seconds = stepper(system, backend)
            runs.append(run)
            labels.append((backend, step, seconds))
        makers = [("PyTorch", torch_step), *([] if name in STRAIGHT else [("JAX jit", jax_step)])]
        peers = (
            [(label, made) for label, make in makers if (made := make(system, name))] if given.peers else []
        )
        times = medians([*runs, *(made for _, made in peers)], given.rounds, given.budget)
        nodes = labels[0][1].report()["nodes with gradient"]
        print(f"{system.name:<36} {nodes:>8} {times[0] * 1e6:>9.1f}", end="")
        for (backend, step, seconds), t in zip(labels, times[1:], strict=False):
            if step.report()["backend"] in ("c", "python"):
                t /= MANY
            target = system.targets.get(backend)
            shown = f" ({target:g})" if target else ""
            print(
                f"  {backend}: {t / times[0]:.3f}{shown}, {seconds:.2f} s, {error_of(step, system):.0e}",
                end="",
                flush=True,
            )
        print(f"  auto takes {choose('auto', labels[0][1]._latest[0].program)[0]}", end="")
        for (label, _), t in zip(peers, times[len(runs) :], strict=True):
            print(f"  {label}: {t / times[0]:.3f}", end="")
        if given.peers and name in STRAIGHT and find_spec("jax"):
            t = jax_apart(name)
            print(
                f"  JAX jit: {f'did not finish in {LIMIT:.0f} s' if t is None else f'{t / times[0]:.3f}'}",
                end="",
            )
        print(flush=True)


if __name__ == "__main__":
    main()
