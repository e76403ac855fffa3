"""The accuracy of third derivatives, and of compiled programs, against mpmath.

    python tests/benchmarks/bench_accuracy_compiled.py --points 100

For each operation, over points all through the range of doubles: the largest error of the eager engine's
third derivatives, by each operand and by the first two (mixed), and of the value and the first derivatives as
each backend of the compiler computes them; XLA in single precision, over points that single precision holds.
Errors are in units in the last place of the exact result, or, where terms cancel in it, of the largest of
them. A dash says that a backend has no such function, or that no point was left.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from bench_accuracy import HELPERS, error, exact, largest_summand, largest_term, operands, ours, shown
from mpmath import mp

import autograd
from autograd import ops
from autograd.backward import gradients
from autograd.testing import oracle
from autograd.testing.conformance.data import single
from autograd.value import Value

Points = list[tuple[float, ...]]
SMALLEST, LARGEST = 2.0**-100, 2.0**100
"""Between these sizes, single precision has room for a square."""


@cache
def programs() -> dict[str, dict[str, Any]]:
    """Return how each compiled program is asked for."""
    found: dict[str, dict[str, Any]] = {name: {"backend": name} for name in ("numpy", "c", "python")}
    if find_spec("jax") is not None:
        found["xla float32"] = {"backend": "xla", "dtype": "float32"}
    return found


def drawn(op: ops.Op, count: int, seed: int) -> Points:
    """Draw points that lie on no kink."""
    rng = random.Random(f"{op.name} {seed}")
    points: Points = []
    while len(points) < count:
        xs = operands(op, rng)
        if op.kink is None or op.kink(*xs) > 1e-12 * max(1.0, *map(abs, xs)):
            points.append(xs)
    return points


def third(op: ops.Op, points: Points, count: int) -> list[tuple[float, str]]:
    """Return the largest error of the third derivatives by one operand and by two, and where they are."""
    mixed = [(0, 0, 1), (0, 1, 1)] if count > 1 else []
    worst = [(0.0, ""), (0.0, "")]
    for xs in points:
        for path in [*((i, i, i) for i in range(count)), *mixed]:
            leaves = [Value(x) for x in xs[:count]]
            d: Any = op(*leaves, **dict(zip(op.params, xs[count:], strict=True)))
            for i in path:
                (d,) = gradients(d, [leaves[i]], create_graph=True) if isinstance(d, Value) else (0.0,)
            found = error(float(d), oracle.partial(op, xs, path), largest_term(d))
            kind = int(path in mixed)
            worst[kind] = max(worst[kind], (found, f"{op.name}{xs} by operands {path}"))
    return worst


def compiled(
    op: ops.Op, points: Points, count: int, asked: dict[str, Any], truths: list[Any], scales: list[Any]
) -> list[tuple[float, str]]:
    """Return the largest errors of a program's value and first derivatives, and where they are."""
    leaves = [Value(x) for x in points[0][:count]]
    worst = [(0.0, ""), (0.0, "")]
    program, params = None, None
    for xs, (value, firsts, _), (summand, terms) in zip(points, truths, scales, strict=True):
        for leaf, x in zip(leaves, xs, strict=False):
            leaf.data, leaf.grad = x, 0.0
        if program is None or xs[count:] != params:  # constants are part of a program
            params = xs[count:]
            given = dict(zip(op.params, params, strict=True))
            program = autograd.compile(lambda given=given: op(*leaves, **given), leaves, **asked)
        y = float(program())
        measured = [(0, y, value, summand)]
        measured += [(1, x.grad, d, s) for x, d, s in zip(leaves, firsts, terms, strict=True)]
        for order, computed, truth, scale in measured:
            found = (
                error_in_single(computed, truth, scale) if "dtype" in asked else error(computed, truth, scale)
            )
            worst[order] = max(worst[order], (found, f"{op.name}{xs}: {computed}"))
    return worst


def error_in_single(computed: float, truth: Any, scale: float) -> float:
    """Return the error in units in the last place of single precision; 0 where it holds no normal number."""
    target = oracle.to_double(truth)
    size = max(abs(target), scale)
    if not SMALLEST < size < LARGEST:
        return 0.0
    if not math.isfinite(computed):
        return math.inf
    return float(abs(mp.mpf(computed) - truth)) / (math.ulp(size) * 2.0**29)


def measure(name: str, count_points: int, seed: int) -> dict[str, list[tuple[float, str]]]:
    """Return the largest errors of an operation by what computed them, and where they are."""
    op = ops.TABLE[name]
    points = sorted(drawn(op, count_points, seed), key=lambda xs: xs[len(xs) - len(op.params) :])
    count = len(points[0]) - len(op.params)
    singles = [
        xs
        for xs in ((*map(single, xs[:count]), *xs[count:]) for xs in points)
        if all(SMALLEST < abs(x) < LARGEST for x in xs[:count])
        and all(low < x < high for x, (low, high) in zip(xs, _domain(op, count), strict=False))
        and (op.kink is None or op.kink(*xs) > 0.0)
    ]
    worst = {"eager": third(op, points, count)}
    for label, asked in programs().items():
        at = singles if "dtype" in asked else points
        if not at:
            continue
        truths = [exact(op, xs, count) for xs in at]
        scales = [
            (largest_summand(name, xs[:count]), terms)
            for xs, (*_, terms, _second) in zip(at, ours(op, at, count), strict=True)
        ]
        try:
            worst[label] = compiled(op, at, count, asked, truths, scales)
        except autograd.GraphError:  # XLA has no such function
            continue
    return worst


def _domain(op: ops.Op, count: int) -> list[tuple[float, float]]:
    return [op.domain[min(i, len(op.domain) - 1)] for i in range(count)]


def main() -> None:
    """Print the table, and where the largest errors are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="the operations to measure (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at work (default 1)")
    parser.add_argument("--above", type=float, default=math.inf, help="say where errors above so much are")
    args = parser.parse_args()
    names = args.only or [name for name in ops.TABLE if name not in HELPERS]
    print(f"Largest error in ulp over {args.points} points (seed {args.seed})\n")
    columns = " | ".join(f"{name}: value | f'" for name in programs())
    print(f"| operation | eager: f''' | mixed | {columns} |")
    print("|---|---|---|" + "---|---|" * len(programs()))
    places = []
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
        many = [args.points] * len(names), [args.seed] * len(names)
        for name, worst in zip(names, pool.map(measure, names, *many), strict=True):
            several = len(operands(ops.TABLE[name], random.Random(0))) - len(ops.TABLE[name].params) > 1
            cells = [shown(worst["eager"][0][0]), shown(worst["eager"][1][0]) if several else "-"]
            for label in programs():
                cells += [shown(size) for size, _ in worst[label]] if label in worst else ["-", "-"]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
            places += [
                f"{label}: {size:.3g} ulp at {place}"
                for label, found in worst.items()
                for size, place in found
                if size > args.above
            ]
    print(*places, sep="\n")


if __name__ == "__main__":
    main()
