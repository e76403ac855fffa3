"""What a call of a compiled function costs above its kernel: ``python tests/benchmarks/bench_calls.py``.

The kernel is the program alone, its arrays loaded; the call is what a user writes, arguments checked, loaded
and run, results taken out. Both take turns in one process; each figure is the smallest of the rounds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from bench_compiler import medians
from scalar_programs import PROGRAMS

from autograd import compile

CHOSEN = (
    "two arguments", "Rosenbrock of 1,000, gradient", "Hessian of a network", "Newton step",
    "bundle, Jacobian", "network, 100 examples", "100,000 parameters",
)  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="c")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--budget", type=float, default=0.0002, help="seconds of each in each round")
    given = parser.parse_args()
    print(f"{'program':<32} {'kernel us':>10} {'call us':>10} {'above us':>9} {'ratio':>7}")
    for name in CHOSEN:
        options, args = PROGRAMS[name]()
        step = compile(**options, backend=given.backend)
        start = time.perf_counter()
        step(*args)
        seconds = time.perf_counter() - start
        kernel = step._latest[1].bound.run
        times = medians([kernel, lambda step=step, args=args: step(*args)], given.rounds, given.budget, min)
        inside, whole = (t * 1e6 for t in times)
        print(
            f"{name:<32} {inside:>10.2f} {whole:>10.2f} {whole - inside:>9.2f} {whole / inside:>7.2f}"
            f"   compiled in {seconds:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
