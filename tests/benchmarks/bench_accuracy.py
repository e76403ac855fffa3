"""The published accuracy of every operation: largest errors against mpmath, beside PyTorch's and JAX's where
installed.

    python tests/benchmarks/bench_accuracy.py --points 10000 --hips

For each operation, over points all through the range of doubles: the largest error of the value, of the first
derivatives and of the second derivatives, in units in the last place; then a grid of special points, with the
number of wrong derivatives. An error is measured against the exact result, or, where terms cancel in it, the
largest of them. This takes some ten minutes where mpmath finds gmpy2, and an hour where it does not.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import random
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from array_libraries import libraries
from mpmath import mp
from special_points import POINTS, expected, hips_program, is_right

from autograd import ops
from autograd.backward import adjoints, gradients, toposort
from autograd.testing import oracle
from autograd.value import Value

# Rows that others' rules are made of, and steps, which have no derivative to measure.
HELPERS = {
    "sigmoid_slope", "scaled_sigmoid_slope", "one_minus_square_power", "gelu_slope", "share", "share_slope",
    "softmax_rest",
    "restrict", "saturate", "sech", "sech_squared", "scaled_power", "scaled_exp", "scaled_base", "div_slope",
    "monomial", "gaussian", "step", "re_inverse_power", "im_inverse_power", "direction", "normal_cdf",
    "sign", "floor", "ceil", "round", "floordiv", "greater", "greater_equal", "less", "less_equal", "equal",
    "where", "polygamma", "beta_derivative", "pow_derivative",
}  # fmt: skip


# Points.


def operands(op: ops.Op, rng: random.Random) -> tuple[float, ...]:
    """Draw operands from the whole domain, in many orders of magnitude, constants included."""
    count = op.arity if op.arity != ops.ANY else 4 if op.name == "dot" else 3
    together = rng.random() < 0.5  # of one order of magnitude, where it is their proportion that matters
    reach = 150.0 if op.name == "dot" else 300.0  # products that overflow cancel to NaN in any order but one
    exponent = rng.uniform(-reach, reach) if count > 1 and (together or op.name == "dot") else None
    xs = []
    for i in range(count):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        x = math.nan
        while not low < x < high:
            x = number(rng, low, high, exponent)
        xs.append(x)
    params = {
        "exponent": rng.choice([2.0, 3.0, -1.0, 0.5, 1.5, -2.5, 7.0]),
        "index": 1.0,
        "low": -1.0,
        "high": 2.0,
        "order": 1.0,
    }
    return (*xs, *(params.get(name, default) for name, default in op.params.items()))


def number(rng: random.Random, low: float, high: float, exponent: float | None) -> float:
    """Draw one number: ordinary, huge or tiny, or next to a bound."""
    kind = rng.random()
    if exponent is not None:
        return rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 10.0) * 10.0**exponent
    if kind < 0.4:
        return rng.uniform(max(low, -40.0), min(high, 40.0))
    if kind < 0.6:
        return rng.uniform(max(low, -750.0), min(high, 750.0))
    bounds = [b for b in (low, high) if math.isfinite(b) and b != 0.0]
    if kind < 0.8 and bounds:
        bound = rng.choice(bounds)
        return bound + (1.0 if bound == low else -1.0) * 10.0 ** rng.uniform(-15.0, 0.0)
    return rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-307.0, 307.0)


# Exact results.


def exact(op: ops.Op, xs: tuple[float, ...], count: int) -> tuple[Any, list[Any], dict[tuple[int, int], Any]]:
    """Return the exact value, first and second derivatives (the diagonal, and the pairs of the first two
    operands)."""
    if op.name in oracle.WITHOUT_STEPS:
        pairs = [(i, i) for i in range(count)] + ([(0, 1)] if count > 1 else [])
        first = [oracle.partial(op, xs, (i,)) for i in range(count)]
        return oracle.value(op, xs), first, {pair: oracle.partial(op, xs, pair) for pair in pairs}
    # Beside an operand near an end of the range a step's square is that much smaller than the value.
    extreme = 2 * max(abs(int(mp.mag(x))) if x and math.isfinite(x) else 0 for x in xs[:count])
    with oracle.precision(op), mp.extraprec(extreme):
        f = oracle.reference(op)
        at = [mp.mpf(x) for x in xs]
        steps = [oracle.step(op, xs, i) for i in range(count)]

        def moved(*moves: tuple[int, int]) -> Any:
            point = list(at)
            for i, sign in moves:
                point[i] += sign * steps[i]
            return f(*point)

        value = moved()
        first, second = [], {}
        for i in range(count):
            above, below = moved((i, 1)), moved((i, -1))
            first.append((above - below) / (2 * steps[i]))
            second[i, i] = (above - 2 * value + below) / steps[i] ** 2
        for i, j in itertools.combinations(range(min(count, 2)), 2):
            corners = [moved((i, s), (j, t)) * (s * t) for s in (1, -1) for t in (1, -1)]
            second[i, j] = mp.fsum(corners) / (4 * steps[i] * steps[j])
        return value, first, second


def error(computed: float, truth: Any, scale: float = 0.0) -> float:
    """Return the error in units in the last place of the exact result, or of the largest of the terms it is
    the sum of."""
    target = oracle.to_double(truth)
    if math.isnan(target):
        return 0.0  # outside the function's domain
    if computed == target:
        return 0.0
    if not math.isfinite(computed) or not math.isfinite(target):
        return math.inf
    with mp.workprec(200):
        return float(abs(mp.mpf(computed) - truth) / mp.mpf(math.ulp(max(abs(target), scale))))


def largest_term(root: Any) -> float:
    """Return the largest of the terms that a recorded result is the sum of; the result itself, if it is a
    product."""
    if not isinstance(root, Value):
        return abs(root)
    terms: dict[Value, float] = {}
    for node in toposort(root):
        sizes = [terms[x] if isinstance(x, Value) else abs(x) for x in node.operands]
        name = node.op.name if node.op else ""
        if name in ("add", "sub", "sum"):
            terms[node] = max(sizes)
        elif name == "mul":
            terms[node] = math.prod(sizes)
        elif name == "div":
            terms[node] = sizes[0] / abs(float(node.operands[1])) if float(node.operands[1]) else math.inf
        elif name in ("neg", "restrict", "saturate"):
            terms[node] = sizes[0]
        else:
            terms[node] = abs(node.data)
    return terms[root] if math.isfinite(terms[root]) else 0.0


# Ours.

def ours(op: ops.Op, points: list[tuple[float, ...]], count: int) -> Iterator[tuple[Any, ...]]:
    """Yield value, first and second derivatives, and the largest terms of both."""
    for xs in points:
        leaves = [Value(x) for x in xs[:count]]
        y = op(*leaves, **dict(zip(op.params, xs[count:], strict=True)))
        plain = gradients(y, leaves)
        recorded = gradients(y, leaves, create_graph=True)
        second: dict[tuple[int, int], float] = {}
        terms: dict[tuple[int, int], float] = {}
        for i, g in enumerate(recorded):
            wanted = [i, *([1] if i == 0 and count > 1 else [])]
            row = adjoints(g, create_graph=True) if isinstance(g, Value) else {}
            for j in wanted:
                d = row.get(leaves[j])
                second[i, j] = 0.0 if d is None else float(d)
                terms[i, j] = 0.0 if d is None else largest_term(d)
        yield y.data, plain, second, [largest_term(g) for g in recorded], terms


# Tables.


def measure(op_name: str, count_points: int, seed: int) -> dict[str, list[float]]:
    """Return for each library the largest error of value, first and second derivative."""
    op = ops.TABLE[op_name]
    rng = random.Random(f"{op.name} {seed}")
    points = []
    while len(points) < count_points:
        xs = operands(op, rng)
        if op.kink is None or op.kink(*xs) > 1e-12 * max(1.0, *map(abs, xs)):
            points.append(xs)
    count = len(points[0]) - len(op.params)
    truths, scales, largest = [], [], []
    worst = {"chainrule": [0.0, 0.0, 0.0]}
    for xs, (y, first, second, first_terms, second_terms) in zip(
        points, ours(op, points, count), strict=True
    ):
        truth = exact(op, xs, count)
        truths.append(truth)
        scales.append((first_terms, second_terms))
        largest.append(largest_summand(op.name, xs[:count]))
        record(worst["chainrule"], (y, first, second), truth, scales[-1], largest[-1])
    for name, (run, functions) in libraries().items():
        if op.name not in functions:
            continue
        worst[name] = [0.0, 0.0, 0.0]
        results = run(functions[op.name], points, count)
        for result, truth, scale, summand in zip(results, truths, scales, largest, strict=True):
            record(worst[name], result, truth, scale, summand)
    return worst


def largest_summand(name: str, xs: tuple[float, ...]) -> float:
    """Return the largest of the terms that a value is the sum of, where they may cancel."""
    if name == "dot":
        return max(abs(a * b) for a, b in zip(xs[: len(xs) // 2], xs[len(xs) // 2 :], strict=True))
    # The greatest operand, and what the others add to it.
    return abs(max(xs)) if name in ("logsumexp", "logaddexp") else 0.0


def record(worst: list[float], result: Any, truth: Any, scale: Any, largest: float) -> None:
    """Add one point's errors."""
    (y, first, second), (value, firsts, seconds), (first_terms, second_terms) = result, truth, scale
    worst[0] = max(worst[0], error(y, value, largest))
    for d, t, s in zip(first, firsts, first_terms, strict=True):
        worst[1] = max(worst[1], error(d, t, s))
    for key, t in seconds.items():
        worst[2] = max(worst[2], error(second[key], t, second_terms[key]))


def shown(x: float) -> str:
    """Return an error for the table; all digits lost from 2**52 ulp on."""
    return "all" if x >= 2.0**52 else f"{x:.1f}" if x < 1000.0 else f"{x:.0e}"


def accuracy_table(names: list[str], points: int, seed: int, jobs: int) -> None:
    """Print the largest errors as a Markdown table."""
    shown_libraries = ["chainrule", *libraries()]
    print(
        f"Largest error in ulp over {points} points (seed {seed}): value, first derivatives, second "
        "derivatives\n"
    )
    print("| operation | " + " | ".join(f"{name}: value | f' | f''" for name in shown_libraries) + " |")
    print("|---|" + "---|" * (3 * len(shown_libraries)))
    total = [0.0, 0.0, 0.0]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for name, worst in zip(
            names, pool.map(measure, names, [points] * len(names), [seed] * len(names)), strict=True
        ):
            cells = [
                " | ".join(map(shown, worst[lib])) if lib in worst else "- | - | -" for lib in shown_libraries
            ]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
            total = [max(a, b) for a, b in zip(total, worst["chainrule"], strict=True)]
    print(
        f"\nchainrule's largest: value {shown(total[0])}, first {shown(total[1])}, second {shown(total[2])}\n"
    )


def hips_derivatives() -> tuple[str, dict[tuple[str, float], float]]:
    """Return the version of HIPS autograd, and its derivatives at the special points.

    It has our import name, so it is installed for the purpose, in an environment of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "Scripts" if os.name == "nt" else "bin", "python"))
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "autograd", "scipy"], check=True, stdout=sys.stderr
        )
        # Isolated (-I), lest the folder we are in, or PYTHONPATH, put our package in its place.
        version, *lines = subprocess.run(
            [python, "-I", "-c", hips_program()], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    rows = [line.split() for line in lines]
    return version, {(name, x_key(float(x))): float(d) for name, x, d in rows}


def special_table(*, hips: bool) -> None:
    """Print how many derivatives at special points are wrong."""
    grids: dict[str, dict[tuple[str, float], float]] = {}
    names = list(expected())
    grids["chainrule"] = {}
    for name in names:
        for x in POINTS:
            leaf = Value(x)
            grids["chainrule"][name, x_key(x)] = gradients(ops.TABLE[name](leaf), leaf)
    for library, (run, functions) in libraries().items():
        grids[library] = {
            (name, x_key(x)): first[0]
            for name in names if name in functions
            for x, (_, first, _) in zip(POINTS, run(functions[name], [(x,) for x in POINTS], 1), strict=True)
        }  # fmt: skip
    if hips:
        version, grid = hips_derivatives()
        grids[f"HIPS autograd {version}"] = grid
    print("Derivatives at special points\n\n| library | wrong | of | where |\n|---|---|---|---|")
    for library, grid in grids.items():
        wrong = [(name, x) for name, truths in expected().items() for x, d in zip(POINTS, truths, strict=True)
                 if (name, x_key(x)) in grid and not is_right(grid[name, x_key(x)], d)]  # fmt: skip
        where = ", ".join(f"{name}({x!r})" for name, x in wrong[:6]) + (", ..." if len(wrong) > 6 else "")
        print(f"| {library} | {len(wrong)} | {len(grid)} | {where} |")


def x_key(x: float) -> Any:
    """Return a key that tells 0.0 from -0.0."""
    return repr(x)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="the operations to measure (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at work (default 1)")
    parser.add_argument(
        "--hips",
        action="store_true",
        help="install HIPS autograd in a temporary environment, for the special points",
    )
    args = parser.parse_args()
    names = args.only or [name for name in ops.TABLE if name not in HELPERS]
    accuracy_table(names, args.points, args.seed, args.jobs)
    special_table(hips=args.hips)


if __name__ == "__main__":
    main()
