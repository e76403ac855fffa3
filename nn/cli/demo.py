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
from autograd.keep.files import check_folder, write_atomically
from autograd.render import draw, escape, stepper
from autograd.words import current, gettext, marked
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
        raise UsageError(gettext("--{name} must be at least 1, got {given}", name="steps", given=args.steps))
    if args.out.exists() and not args.out.is_dir():
        raise UsageError(gettext("--out {path} is a file; it takes a folder", path=args.out))
    numpy_for(gettext("the demo"))
    args.out.mkdir(parents=True, exist_ok=True)
    check_folder(args.out)
    start = time.perf_counter()
    model, x, y, losses, accuracy = train(args.seed, args.steps, quiet=args.quiet)
    told = gettext(
        "a 2-16-16-1 network of {count} parameters: loss {loss}, training accuracy {accuracy}, {steps} steps "
        "in {seconds} s",
        count=len(model.parameters()), loss=f"{losses[-1]:.4f}", accuracy=f"{accuracy:.1%}",
        steps=len(losses), seconds=f"{time.perf_counter() - start:.1f}",
    )  # fmt: skip
    if not args.quiet:
        print(told)
    without = plot.why_none()
    made: list[str] = []
    for name, write in results(model, x, y, losses).items():
        if without and name.endswith(".png"):
            print(gettext("{file} is left out: {why}", file=name, why=without), file=sys.stderr)
            continue
        write(args.out / name)
        made.append(name)
    index = args.out / "index.html"
    write_atomically(index, page(made, told))
    print(index if args.quiet else gettext("open in a browser: {file}", file=index))
    return 0


_SHOWN = {
    "boundary.png": marked("What the network learnt: which side of the line a point lies on"),
    "loss.png": marked("How the loss fell from step to step"),
    "neuron.svg": marked("One of its neurons for one point of the data, up to the loss"),
    "neuron.html": marked("The same, played forward and back"),
    "weights.json": marked("The weights, to be loaded with model.load"),
}
"""The results in the order of the page, and what they show."""
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "img{max-width:100%;height:auto}.plot{width:44rem}"
    ".wide{overflow-x:auto}.wide img{max-width:none}"
    "iframe{width:100%;height:40rem;border:1px solid #8888}h2{font-size:1.1rem;margin:2rem 0 .5rem}"
    # Dark for light, and each hue as it is: a plot has the page's ground.
    "@media(prefers-color-scheme:dark){.plot{filter:invert(.93) hue-rotate(180deg)}}"
)


def page(names: list[str], told: str) -> str:
    """Return the page that shows the results.

    Parameters
    ----------
    names
        Of the files that were written beside it.
    told
        How the training went, in a sentence.

    Returns
    -------
    str
        HTML that loads nothing but those files.

    Examples
    --------
    >>> 'src="loss.png"' in page(["loss.png"], "loss 0.1")
    True
    """
    parts = []
    for name, words in _SHOWN.items():
        if name in names:
            parts.append(f"<h2>{escape.xml(gettext(words))}</h2>")
            parts.append(
                f'<iframe src="{name}" title="{escape.xml(gettext(words))}"></iframe>'
                if name.endswith("html")
                else f'<a href="{name}">{name}</a>'
                if name.endswith("json")
                else f'<div class="wide"><img src="{name}" alt="{escape.xml(gettext(words))}"></div>'
                if name.endswith("svg")
                else f'<img class="plot" src="{name}" alt="{escape.xml(gettext(words))}">'
            )
    title = gettext("What two moons taught a small network")
    return (
        f'<!DOCTYPE html>\n<html lang="{current().replace("_", "-")}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>"
        f"<p>{escape.xml(told)}</p>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


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
    neuron = one_neuron(model, x, y)

    def picture(axes: Callable[[], Any]) -> Callable[[Path], object]:
        def write(path: Path) -> None:
            plot.save_plot(axes(), path)

        return write

    return {
        "loss.png": picture(lambda: plot.plot_loss(losses, title=plot.inscription(marked("Training loss")))),
        "boundary.png": picture(
            lambda: plot.plot_decision_boundary(
                model, x, y, title=plot.inscription(marked("What the network learnt"))
            )
        ),
        "neuron.svg": draw(neuron).save,
        "neuron.html": lambda path: stepper(neuron).save(path),
        "weights.json": model.save,
    }


def one_neuron(model: Any, points: Any, targets: Any) -> Any:
    """Return the hinge loss of the first neuron alone at a point where a gradient flows, after backward.

    Each product and sum is a node of its own.
    """
    neuron = Neuron(2, granular=True)
    for parameter, learnt in zip(neuron.parameters(), model.layers[0].neurons[0].parameters(), strict=True):
        parameter.data = learnt.data

    def loss(point: Any, target: int) -> Any:
        output = neuron(point)
        output.label = "out"
        return (1.0 - target * output).relu()

    # Active, and on the wrong side of its margin: the least active such point, so that no number is extreme.
    active = [(neuron(p).data, i) for i, p in enumerate(points)]
    steep = [(a, i) for a, i in active if a > 0.0 and targets[i] * a < 1.0]
    _, chosen = min(steep) if steep else max(active)
    point = [Value(value, label=f"x{i}") for i, value in enumerate(points[chosen])]
    found = loss(point, targets[chosen])
    found.label = "loss"
    found.backward()
    return found
