"""Measure again what the site shows: ``python notebooks/docs/measure.py [NAME ...]``, all by default.

Each NAME is a script ``tests/benchmarks/bench_NAME.py``; what it prints goes into ``results/NAME.json``, which
is committed. Do so on a machine that does nothing else.
"""

from __future__ import annotations

import sys

from generator import results


def main(names: list[str]) -> int:
    """Run the benchmarks, and say where the results are."""
    for name in names or sorted(path.stem.removeprefix("bench_") for path in results.script("core").parent.glob("bench_*.py")):
        print(results.measure(name).relative_to(results.ROOT), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
