"""``chainrule demo``: train a classifier on two moons, and draw what it learnt and how."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd import Value
from autograd.errors import UsageError
from autograd.keep.files import check_folder
from autograd.render import draw, stepper
from nn import MLP, Neuron, plot
from nn.arrays import numpy_for
from nn.data import make_moons
from nn.losses import hinge_loss, l2_penalty
from nn.optim import SGD
from nn.progress import Progress


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--seed", type=int, default=1337, help="seed of the data and of the first weights (default 1337)"
    )
    parser.add_argument("--steps", type=int, default=100, help="steps of gradient descent (default 100)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("chainrule-demo"),
        help="folder for the results (default chainrule-demo)",
    )
    parser.add_argument("--quiet", action="store_true", help="print only where the results are")


def run(args: argparse.Namespace) -> int:
    """Train, write the pictures and the weights, and say where they are."""
    if args.steps < 1:
        raise UsageError(f"--steps must be at least 1, got {args.steps}")
    if args.out.exists() and not args.out.is_dir():
        raise UsageError(f"--out {args.out} is a file; it takes a folder")
    numpy_for("the demo")
    args.out.mkdir(parents=True, exist_ok=True)
    check_folder(args.out)
    start = time.perf_counter()
    model, x, y, losses, accuracy = train(args.seed, args.steps, quiet=args.quiet)
    if not args.quiet:
        print(f"a 2-16-16-1 network of {len(model.parameters())} parameters: loss {losses[-1]:.4f}, "
              f"training accuracy {accuracy:.1%}, {len(losses)} steps in "
              f"{time.perf_counter() - start:.1f} s")  # fmt: skip
    without = plot.why_none()
    for name, write in results(model, x, y, losses).items():
        if without and name.endswith(".png"):
            print(f"{name} is left out: {without}", file=sys.stderr)
            continue
        start = time.perf_counter()
        write(args.out / name)
        took = "" if args.quiet else f"  ({time.perf_counter() - start:.1f} s)"
        print(f"{args.out / name}{took}")
    return 0


def train(seed: int, steps: int, *, quiet: bool = True) -> tuple[Any, Any, Any, list[float], float]:
    """Train a 2-16-16-1 network on 100 points of two moons by full-batch gradient descent.

    Returns the model, the points, their labels (-1 and 1), the loss at each step and the accuracy. The
    keyboard's interrupt ends the training early, with what has been learnt by then.
    """
    import random


    x, y = make_moons(100, noise=0.1, rng=seed)
    targets = [2 * int(label) - 1 for label in y]
    model = MLP(2, (16, 16, 1), rng=random.Random(seed))
    optimizer = SGD(model.parameters(), lr=1.0)
    losses: list[float] = []
    accuracy = 0.0
    progress = Progress(steps, style="none" if quiet or sys.stdout is None else None, stream=sys.stdout)
    try:
        for step in range(steps):
            scores = [model(point) for point in x]
            loss = hinge_loss(scores, targets) + l2_penalty(model, 2e-4)
            optimizer.zero_grad()
            loss.backward()
            optimizer.lr = 1.0 - 0.9 * step / steps
            optimizer.step()
            losses.append(loss.data)
            accuracy = sum((s > 0.0) == (t > 0) for s, t in zip(scores, targets, strict=True)) / len(targets)
            progress.update(step + 1, loss=loss.data, accuracy=accuracy)
    except KeyboardInterrupt:
        if not losses:
            raise
    finally:
        progress.close()
    return model, x, targets, losses, accuracy


def results(model: Any, x: Any, y: Any, losses: list[float]) -> dict[str, Callable[[Path], object]]:
    """Return, by file name, what writes each result."""
    neuron = one_neuron(model, x)

    def picture(axes: Callable[[], Any]) -> Callable[[Path], object]:
        def write(path: Path) -> None:
            plot.save_plot(axes(), path)

        return write

    return {
        "loss.png": picture(lambda: plot.plot_loss(losses, title="Training loss")),
        "boundary.png": picture(
            lambda: plot.plot_decision_boundary(model, x, y, title="What the network learnt")
        ),
        "neuron.svg": draw(neuron).save,
        "neuron.html": lambda path: stepper(neuron).save(path),
        "weights.json": model.save,
    }


def one_neuron(model: Any, points: Any) -> Any:
    """Return the output of the first neuron for a point at which it is active, after backward.

    Each product and sum is a node of its own.
    """
    neuron = Neuron(2, granular=True)
    for parameter, learnt in zip(neuron.parameters(), model.layers[0].neurons[0].parameters(), strict=True):
        parameter.data = learnt.data
    point = max(points, key=lambda p: neuron(p).data)
    output = neuron([Value(value, label=f"x{i}") for i, value in enumerate(point)])
    output.label = "out"
    output.backward()
    return output
