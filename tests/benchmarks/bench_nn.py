"""Speed of training against PyPI's micrograd, and against a plain class in a small GPT.

Run ``python tests/benchmarks/bench_nn.py``. The peers take turns in one process with the garbage collector
on, as users have it; each figure is the median over the rounds.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import nn


def moons(seed: int = 1) -> tuple[list[list[float]], list[int]]:
    """Return micrograd's demo data: 100 points, labels -1 and 1."""
    points, labels = nn.data.make_moons(100, 0.1, rng=seed)
    return points.tolist(), [2 * int(label) - 1 for label in labels]


def micrograd_step(model, value, points, labels, lr):
    """One full-batch step as micrograd's demo writes it, for any library of its names."""
    inputs = [list(map(value, row)) for row in points]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum(p * p for p in model.parameters())
    total_loss = data_loss + reg_loss
    model.zero_grad()
    total_loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    return total_loss.data


def our_step(model, points, labels, lr):
    """One full-batch step as this library's users write it."""
    loss = nn.losses.hinge_loss([model(x) for x in points], labels) + nn.losses.l2_penalty(model, 2e-4)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    return loss.data


def alternate(steps: dict[str, Callable[[], object]], rounds: int, *, repeat: int = 3) -> dict[str, list[float]]:
    """Time a loop of ``repeat`` steps of each once a round, in turn; return seconds per step.

    The garbage that one peer leaves behind is collected before the next one's turn, not in it.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(repeat):
                step()
            times[name].append((time.perf_counter() - start) / repeat)
    return times


def bench_moons(rounds: int) -> None:
    """Print the table for a full-batch step of micrograd's moons demo."""
    import micrograd.engine
    import micrograd.nn

    import autograd

    points, labels = moons()
    random.seed(1)
    theirs = micrograd.nn.MLP(2, [16, 16, 1])
    random.seed(1)
    fused = nn.MLP(2, [16, 16, 1])
    random.seed(1)
    granular = nn.MLP(2, [16, 16, 1], granular=True)
    times = alternate(
        {
            "micrograd": lambda: micrograd_step(theirs, micrograd.engine.Value, points, labels, 0.1),
            "granular=True, micrograd's program": lambda: micrograd_step(granular, autograd.Value, points, labels, 0.1),
            "granular=True, nn's losses": lambda: our_step(granular, points, labels, 0.1),
            "dot nodes, micrograd's program": lambda: micrograd_step(fused, autograd.Value, points, labels, 0.1),
            "dot nodes, nn's losses": lambda: our_step(fused, points, labels, 0.1),
        },
        rounds,
    )
    table("moons, 2-16-16-1, 100 points, one full-batch step", times)


def table(title: str, times: dict[str, list[float]]) -> None:
    """Print medians, and ratios to the first row: the median over the rounds of the ratio within a round."""
    print(f"{title}\n  {'':40} {'median':>10} {'faster':>8}")
    first = next(iter(times.values()))
    for name, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(first, own, strict=True))
        print(f"  {name:40} {statistics.median(own) * 1e3:8.1f} ms {ratio:7.1f}x")


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    bench_moons(rounds)


if __name__ == "__main__":
    main()
