"""Speed of training against PyPI's micrograd, and against a plain class in a small GPT.

Run ``python tests/benchmarks/bench_nn.py``. The peers take turns in one process, each a few steps in a loop,
with the garbage collector on, as users have it; each figure is the median over the rounds, in processor time.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import nn
from autograd.native import engine


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


def alternate(
    steps: dict[str, Callable[[], object]], rounds: int, *, repeat: int = 3
) -> dict[str, list[float]]:
    """Time a loop of ``repeat`` steps of each once a round, in turn; return processor seconds per step.

    The garbage that one peer leaves behind is collected before the next one's turn, not in it.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            gc.collect()
            start = time.process_time()
            for _ in range(repeat):
                step()
            times[name].append((time.process_time() - start) / repeat)
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
            "granular=True, micrograd's program": lambda: micrograd_step(
                granular, autograd.Value, points, labels, 0.1
            ),
            "granular=True, nn's losses": lambda: our_step(granular, points, labels, 0.1),
            "dot nodes, micrograd's program": lambda: micrograd_step(
                fused, autograd.Value, points, labels, 0.1
            ),
            "dot nodes, nn's losses": lambda: our_step(fused, points, labels, 0.1),
        },
        rounds,
    )
    table("moons, 2-16-16-1, 100 points, one full-batch step", times)


def bench_gpt(rounds: int) -> None:
    """Print the table for a step of a one-file GPT: embeddings 16, 4 heads, one layer, Adam."""
    from systems.names import Alphabet, make_names
    from systems.scalar_gpt import PlainValue, ScalarGPT
    from systems.tiny_gpt import TinyGPT

    import autograd

    names = make_names(100)
    alphabet = Alphabet(names)
    tokens = [alphabet.encode(name) for name in names]
    plain, ours = ScalarGPT(PlainValue, alphabet.size), ScalarGPT(autograd.Value, alphabet.size)
    model = TinyGPT(alphabet.size)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))

    def step() -> None:
        sample = next(turns["nn"])
        loss = nn.losses.cross_entropy(model(sample[:-1]), sample[1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    turns = {name: itertools.cycle(tokens) for name in ("plain", "ours", "nn")}
    times = alternate(
        {
            "one file, its own class": lambda: plain.train(next(turns["plain"])),
            "one file, our class in its place": lambda: ours.train(next(turns["ours"])),
            "the same network in nn": step,
        },
        rounds,
        repeat=10,
    )
    table("a GPT's training step on one name", times)


def bench_systems(rounds: int) -> None:
    """Print seconds for a full-batch step of the two large reference systems, node by node."""
    rng = random.Random(1)
    x, y = nn.data.make_spiral(300, rng=0)
    spiral = nn.MLP(
        2, [100, 3], init=lambda nin, nout, rng: nn.init.normal(nin, nout, std=0.01, rng=rng), rng=0
    )
    inputs = [[rng.gauss(0.0, 1.0) for _ in range(1000)] for _ in range(64)]
    targets = [[rng.gauss(0.0, 1.0) for _ in range(10)] for _ in range(64)]
    two_layer = nn.MLP(1000, [100, 10], bias=False, init="normal", rng=2)
    runs = {
        "R6, spiral 2-100-3, 300 points": lambda: nn.fit(
            spiral, (x, y), nn.losses.cross_entropy, nn.optim.SGD(spiral.parameters(), 1.0), epochs=3,
            penalty=lambda: nn.losses.l2_penalty(spiral, 1e-3), progress=False,
        ),
        "R5, two layers 64 x 1000-100-10": lambda: nn.fit(
            two_layer, (inputs, targets), nn.losses.sum_squared_error,
            nn.optim.SGD(two_layer.parameters(), 1e-6), epochs=3,
            reduction="sum", progress=False,
        ),
    }  # fmt: skip
    for name, own in alternate(runs, rounds, repeat=1).items():
        print(f"  {name:40} {statistics.median(own) / 3 * 1e3:8.1f} ms a step")


def table(title: str, times: dict[str, list[float]]) -> None:
    """Print medians, and ratios to the first row: the median over the rounds of the ratio within a round."""
    print(f"{title}\n  {'':40} {'median':>10} {'faster':>8}")
    first = next(iter(times.values()))
    for name, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(first, own, strict=True))
        print(f"  {name:40} {statistics.median(own) * 1e3:8.1f} ms {ratio:7.1f}x")


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"the engine's hottest code runs in {'Python' if engine is None else 'C'}")
    bench_moons(rounds)
    bench_gpt(rounds)
    bench_systems(rounds)


if __name__ == "__main__":
    main()
