"""What compiling programs of many steps takes: ``python tests/benchmarks/bench_rounds.py``.

Nodes are those of the graph with its gradient. Statements count once, and a loop's as those of one round.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from scalar_programs import STEPS

from autograd import compile


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--only", default="", help="a part of the programs' names")
    given = parser.parse_args()
    heads = ("nodes", "statements", "seconds", "us a node", "lines", "C in kB", "call in ms")
    print(f"{'program':<28}" + "".join(f"{head:>11}" for head in heads))
    for name, make in STEPS.items():
        if given.only not in name:
            continue
        options, args = make()
        step = compile(**options, backend=given.backend)
        start = time.perf_counter()
        step(*args)
        seconds = time.perf_counter() - start
        facts = step.report().facts
        calls = []
        for _ in range(7):
            start = time.perf_counter()
            step(*args)
            calls.append(time.perf_counter() - start)
        nodes, lines = facts["nodes with gradient"], step.source.count("\n") + 1
        print(
            f"{name:<28}{nodes:>11,}{facts['statements']:>11,}{seconds:>11.2f}{1e6 * seconds / nodes:>11.1f}"
            f"{lines:>11,}{len(step.c_source) / 1e3:>11.0f}{1e3 * min(calls):>11.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
