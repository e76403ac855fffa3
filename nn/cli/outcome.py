"""What ``chainrule train`` says and writes at the end: a summary, pictures, predictions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from autograd.keep.files import write_atomically
from autograd.modes import no_grad
from autograd.words import gettext, marked
from nn.cli.task import Task, counted
from nn.data.table import csv_text
from nn.metrics import accuracy, predicted_classes
from nn.plot import inscription, plain, plot_decision_boundary, save_plot, why_none, write_text


def summary(history: Any, task: Task, model: Any) -> str:
    """Say how the training went."""
    names = {
        "loss": gettext("loss"),
        "accuracy": gettext("accuracy"),
        "val_loss": gettext("held-out loss"),
        "val_accuracy": gettext("held-out accuracy"),
    }
    last = {name: column[-1] for name, column in history.items() if column}
    if task.labels and "accuracy" not in last:
        with no_grad():
            last["accuracy"] = accuracy([model(sample) for sample in task.x], task.labels, threshold=0.0)
    figures = [
        f"{names[n]} {value:.1%}" if n.endswith("accuracy") else f"{names[n]} {value:.5g}"
        for n, value in last.items()
    ]
    ending = f", {history.stopped}" if history.stopped else ""
    how = gettext(
        "{figures} after {epochs}, {seconds} s{ending}",
        figures=gettext(", ").join(figures), epochs=counted(history.epochs, "epoch"),
        seconds=f"{history.seconds:.1f}", ending=ending,
    )  # fmt: skip
    first, now = (history["loss"][0], history["loss"][-1]) if history.epochs else (0.0, 0.0)
    if now > max(first, 0.0):
        how += "\n" + gettext(
            "the training diverged: its loss grew from {first} to {last}; try a smaller --lr",
            first=f"{first:.4g}", last=f"{now:.4g}",
        )  # fmt: skip
    return how


def written(
    args: argparse.Namespace, task: Task, model: Any, history: Any, rows: list[list[float]]
) -> list[Path]:
    """Write the predictions and the pictures; return where they are."""
    if args.predict is not None:
        # Which no picture that cannot be drawn may cost.
        predict(task, model, rows, args.out / "predictions.csv")

    paths = []
    without = why_none()
    if without:
        print(gettext("pictures are left out: {why}", why=without), file=sys.stderr)
    if history.epochs and not without:
        paths.append(args.out / "loss.png")
        title = inscription(marked("Training on {data}"), data=Path(args.data).name)
        save_plot(history.plot(title=title), paths[-1])
    if task.labels and len(task.x[0]) == 2 and not without:
        paths.append(args.out / "boundary.png")
        save_plot(boundary(task, model), paths[-1])
    if args.live:
        paths.append(args.out / "training.html")
    if args.predict is not None:
        paths.append(args.out / "predictions.csv")
    state = args.save or args.resume
    return [*paths, *([state] if state and state.exists() else [])]


def boundary(task: Task, model: Any) -> Any:
    """Draw what the network learnt; of a file, with its columns' names, units and classes."""
    from matplotlib.ticker import MaxNLocator


    ax = plot_decision_boundary(model, task.x, task.labels)
    for axis, name, (mean, spread) in zip((ax.xaxis, ax.yaxis), task.features, task.scale, strict=False):
        low, high = axis.get_view_interval()
        inside = [
            t
            for t in MaxNLocator(6).tick_values(mean + spread * low, mean + spread * high)
            if low <= (t - mean) / spread <= high
        ]
        with plain():
            axis.set_ticks([(t - mean) / spread for t in inside], [f"{t:.6g}" for t in inside])
        write_text(axis.label, name)
    for text, name in zip(ax.get_legend().get_texts(), task.classes, strict=False):
        write_text(text, name)
    return ax


def predict(task: Task, model: Any, rows: list[list[float]], path: Path) -> None:
    """Write a line for each sample: the class with its scores, or the number."""
    # A single score speaks for the second of two classes.
    scored = task.classes if task.outputs > 1 else task.classes[-1:]
    lines: list[list[str | float]] = [
        ["class", *(f"score {name}" for name in scored)] if task.labels else ["prediction"]
    ]
    with no_grad():
        for row in task.standardised(rows):
            y = model(row)
            scores = [float(v) for v in y] if isinstance(y, list) else [float(y)]
            lines.append([*([task.classes[predicted_classes([scores])[0]]] if task.labels else []), *scores])
    write_atomically(path, csv_text(lines))
