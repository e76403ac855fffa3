"""How many of PolyBench's kernels are loops in C, read by no table of addresses.

``python tests/benchmarks/bench_polybench.py`` compiles each kernel, and the gradient of the sum of its
results' squares, in two sizes, and prints how many lines their loops have and how many of these read a table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from polybench import KERNELS, arrays_of, squares_of

from autograd import compile, grad
from autograd.compiler.roll.repeats import printed
from autograd.compiler.roll.rolled import nested

__all__ = ["lines_and_tables"]


def lines_and_tables(f: Callable[..., Any], arrays: list[Any]) -> tuple[int, int]:
    """Return how many lines a compiled function's loops have, and how many of them read a table."""
    step = compile(f, backend="numpy")
    step(*arrays)
    bound = step._latest
    assert bound is not None
    program = nested(bound[0].program, in_order=True)
    return printed(program), sum(bool(s.note) for s in program.statements)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="12,16")
    parser.add_argument("--only", default="", help="a part of the kernels' names")
    given = parser.parse_args()
    sizes = [int(n) for n in given.sizes.split(",")]
    free = {"value": 0, "gradient": 0}
    names = [name for name in KERNELS if given.only in name]
    print(f"{'kernel':<20}{'lines (those with tables) at sizes ' + given.sizes}")
    for name in names:
        row = f"{name:<20}"
        for what in free:
            found = []
            for n in sizes:
                f, shapes = KERNELS[name](n)
                whole = f if what == "value" else grad(squares_of(f), argnums=tuple(range(len(shapes))))
                found.append(lines_and_tables(whole, arrays_of(shapes)))
            free[what] += not any(tables for _, tables in found)
            row += f"{what:>12}" + "".join(f"{f'{lines} ({tables})':>12}" for lines, tables in found)
        print(row, flush=True)
    print(f"without tables, of {len(names)}: " + ", ".join(f"{what} {n}" for what, n in free.items()))


if __name__ == "__main__":
    main()
