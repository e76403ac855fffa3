"""Speed of each operation: ``python tests/benchmarks/bench_operations.py``.

Each row of the table is applied to nodes at an ordinary point, and a backward pass is made through the sum of
1,000 such nodes. The figures are nanoseconds a node, the least of twelve rounds, in C and in pure Python,
each in a process of its own; beside them stand multiples of `a + b` in the same process. Operations over any
number of operands have 1,000, and the figures are for one of them.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import autograd
from autograd import TABLE, Value, native

ROOT = Path(__file__).parents[2]
MANY = 1000
ROUNDS = 12
POINTS = {"acosh": (1.7,), "log_softmax": (0.5,), "restrict": (0.8,)}
SECOND = {"pow": 1.3, "pow_derivative": 1.3, "monomial": 1.3, "div": 1.3}


def operands(op):
    """Return nodes, and constants, at an ordinary point."""
    if op.arity < 0:
        return [Value(math.sin(i)) for i in range(MANY)]
    xs = [Value(x) for x in POINTS.get(op.name, (0.7, SECOND.get(op.name, 0.4), 0.3)[: op.arity])]
    constants = list(op.params.values())
    return [*constants, *xs] if op.params_first else [*xs, *constants]


def calls(work, least=0.01):
    """Return how many calls take so long, in seconds."""
    count = 1
    while True:
        start = time.perf_counter()
        for _ in range(count):
            work()
        spent = time.perf_counter() - start
        if spent > least:
            return count
        count *= 2 if spent > least / 4 else 4


def cases():
    """Yield of each operation its name, the call, the backward pass, and for how many nodes a call counts."""
    for op in TABLE.values():
        if op.auxiliary or op.name in ("softmax", "log_softmax"):
            continue  # what only rules use; one result of many, which are below, all at once
        given = operands(op)
        work = partial(autograd.dot, tuple(given), tuple(given)) if op.vectors else partial(op, *given)
        root = work() if op.arity < 0 else autograd.sum([work() for _ in range(MANY)])
        yield op.name, work, root.backward, MANY if op.arity < 0 else 1
    scores = tuple(Value(math.sin(i)) for i in range(MANY))
    weights = tuple(math.cos(i) for i in range(MANY))
    for function in (autograd.softmax, autograd.log_softmax):
        root = autograd.dot(tuple(function(scores)), weights)
        yield f"{function.__name__}, all", partial(function, scores), root.backward, MANY


def measured():
    """Return for each operation the least times of a call, and of a backward pass, for a node or an operand.

    Every round goes through all operations, so that a machine's slower minute does not fall on one of them.
    """
    found = {}
    for name, forward, backward, share in cases():
        for column, (work, nodes) in enumerate(((forward, share), (backward, MANY))):
            found[name, column] = [work, calls(work), nodes, math.inf]
    for _ in range(ROUNDS):
        for entry in found.values():
            work, count, nodes, best = entry
            start = time.perf_counter()
            for _ in range(count):
                work()
            entry[-1] = min(best, (time.perf_counter() - start) / (count * nodes) * 1e9)
    return {name: (found[name, 0][-1], found[name, 1][-1]) for name, column in found if not column}


def main():
    """Print the table, or act as one of the processes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().worker:
        print(json.dumps(measured()))
        return
    engines = {"C": "", "Python": "1"} if native.engine is not None else {"Python": "1"}
    tables = {
        name: json.loads(subprocess.run(
            [sys.executable, __file__, "--worker"], check=True, capture_output=True, text=True,
            env=os.environ | {"CHAINRULE_PURE_PYTHON": pure, "PYTHONPATH": str(ROOT)},
        ).stdout)
        for name, pure in engines.items()
    }  # fmt: skip
    first = next(iter(tables.values()))
    least = first["add"][0]
    columns = [f"{engine}, {what}" for engine in tables for what in ("forward", "backward")]
    print(f"| operation | {' | '.join(columns)} | of a + b | |")
    print(f"|{'---|' * (len(columns) + 3)}")
    for name, times in sorted(first.items(), key=lambda item: item[1][0]):
        numbers = [
            f"{t:,.1f} ns" if t < 100 else f"{t:,.0f} ns" for table in tables.values() for t in table[name]
        ]
        bar = "█" * max(1, round(4 * math.log2(max(times[0] / least, 1.0)) + 1))
        print(f"| `{name}` | {' | '.join(numbers)} | {times[0] / least:.1f} | {bar} |")


if __name__ == "__main__":
    main()
