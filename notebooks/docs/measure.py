"""Measure again what the site shows.

``python notebooks/docs/measure.py`` runs every script ``tests/benchmarks/bench_NAME.py``, and keeps what it
prints in ``results/NAME.json``, which is committed. ``python notebooks/docs/measure.py NAME [OPTION ...]``
runs one, with options of its own; ``nn-python`` does so without the engine's C. Do so on a machine that does
nothing else; ``gradbench`` is left out where no variable ``GRADBENCH`` says where that suite is. The README's
figures follow; ``python notebooks/docs/measure.py --readme`` only enters them.
"""

from __future__ import annotations

import os
import sys

from generator import readme, results


def main(arguments: list[str]) -> int:
    """Run the benchmarks, and say where the results are."""
    names, options = arguments[:1], arguments[1:]
    if names != ["--readme"]:
        scripts = results.script("core").parent.glob("bench_*.py")
        every = sorted([*(path.stem.removeprefix("bench_") for path in scripts), f"nn{results.PURE}"])
        if "GRADBENCH" not in os.environ:
            every.remove("gradbench")
        for name in names or every:
            print(results.measure(name, options).relative_to(results.ROOT), flush=True)
    readme.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
