"""Plots with matplotlib, which is loaded only here and only when something is drawn.

(`chart`, `regions`, `grid` and `beside` draw SVG without matplotlib; they are made in `nn.chart`.)
Each function draws into ``ax`` where one is given, else into a figure of its own, and returns the axes:
``save_plot(plot_loss(history), "loss.png")`` writes a picture; no window is needed.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import autograd
from autograd import Value
from autograd.errors import MissingDependencyError, optional
from autograd.keep.files import write_atomically
from autograd.words import gettext
from nn.activations import activation_function
from nn.chart import Chart, beside, chart, grid, regions
from nn.checks import as_whole, data_of, is_sequence, listed, real, rows_of, whole
from nn.modules.module import Module

__all__ = [
    "Chart",
    "beside",
    "chart",
    "grid",
    "plot_activation",
    "plot_decision_boundary",
    "plot_grad_flow",
    "plot_history",
    "plot_loss",
    "regions",
    "save_plot",
    "why_none",
    "write_text",
]

# Okabe and Ito's colours, which colour-blind readers tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
# What of a user's matplotlibrc would make text a program for LaTeX, or ask for another program. The rest is
# the user's taste.
PLAIN = {
    "text.usetex": False, "text.latex.preamble": "", "text.parse_math": True,
    "axes.formatter.use_mathtext": False, "mathtext.fontset": "dejavusans",
    "ps.usedistiller": None, "ps.useafm": False, "pdf.use14corefonts": False,
}  # fmt: skip

P = ParamSpec("P")
T = TypeVar("T")


# Fonts that have Chinese, of the usual systems, in the order of preference.
CHINESE = (
    "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Hiragino Sans GB", "SimHei",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip


def plain() -> Any:
    """Return a context in which text is text, whatever the user's matplotlibrc says.

    Letters that the user's font lacks come from one that has Chinese, where there is one.
    """
    matplotlib = optional("matplotlib", gettext("drawing plots"), "pip install 'chainrule[plot]'")
    font = _chinese_font()
    # matplotlib's own before it: a font of Chinese alone may lack digits, and the user's may not be here.
    family = [*matplotlib.rcParams["font.family"], *(["DejaVu Sans", font] if font else [])]
    return matplotlib.rc_context({**PLAIN, "font.family": family})


@cache
def _chinese_font() -> str:
    """Return the name of an installed font that has Chinese, or nothing."""
    fonts = optional("matplotlib.font_manager", gettext("drawing plots"), "pip install 'chainrule[plot]'")
    installed = {font.name for font in fonts.fontManager.ttflist}
    return next((name for name in CHINESE if name in installed), "")


def inscription(message: str, **values: object) -> str:
    """Return what a plot says in the language in force, or in English where no font here has its letters."""
    spoken = gettext(message, **values)
    if spoken.isascii() or why_none() or _chinese_font():
        return spoken
    return message.format(**values) if values else message


def _plain(draw: Callable[P, T]) -> Callable[P, T]:
    """Let a function draw in that context."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> T:
        with plain():
            return draw(*args, **kwargs)

    return drawn


def _axes(ax: Any, width: float = 6.4, height: float = 4.4) -> Any:
    """Return the axes to draw into; new ones belong to a figure that needs no window."""
    if ax is not None:
        return ax
    figure = _figures()
    return figure.Figure(figsize=(width, height), dpi=120, layout="constrained").add_subplot()


def _figures() -> Any:
    return optional("matplotlib.figure", gettext("drawing plots"), "pip install 'chainrule[plot]'")


def why_none() -> str:
    """Return why no plots can be drawn here and what changes that, or nothing where they can.

    Returns
    -------
    str
        One sentence, or an empty text.

    Examples
    --------
    >>> why_none() in (
    ...     "",
    ...     "drawing plots needs matplotlib, which is not installed here. "
    ...     "Install it with: pip install 'chainrule[plot]'",
    ... )
    True
    """
    try:
        _figures()
    except MissingDependencyError as error:
        return str(error)
    return ""


@_plain
def save_plot(ax: Any, path: str | os.PathLike[str]) -> None:
    """Write the figure of some axes, whole or not at all: where that fails, an old picture is as it was.

    Parameters
    ----------
    ax
        Axes, as the functions of this module return them.
    path
        The file; its ending names the format, such as png, svg or pdf.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_plot(plot_loss([3.0, 2.0]), folder + "/loss.png")
    ...     print(os.listdir(folder))
    ['loss.png']
    """
    import io

    picture = io.BytesIO()
    ax.figure.savefig(picture, format=os.path.splitext(os.fsdecode(path))[1][1:].lower() or "png")
    write_atomically(path, picture.getvalue())


def write_text(text: Any, content: str) -> None:
    """Let a text of matplotlib's show just this: no formula, and no character that cannot be drawn.

    Parameters
    ----------
    text
        Such as a title, or an inscription of a legend.
    content
        What it is to show.

    Examples
    --------
    >>> ax = plot_loss([1.0])
    >>> write_text(ax.title, "prices in $ and $$")
    >>> ax.get_title(), ax.title.get_parse_math()
    ('prices in $ and $$', False)
    """
    text.set_usetex(False)
    text.set_parse_math(False)
    text.set_text(str(content).encode("utf-8", "backslashreplace").decode("utf-8"))


def _inscribe(ax: Any, title: str, xlabel: str, ylabel: str) -> None:
    """Write a plot's title, and what its axes are."""
    for text, content in ((ax.title, title), (ax.xaxis.label, xlabel), (ax.yaxis.label, ylabel)):
        write_text(text, content)


def _legend(ax: Any, artists: Sequence[Any], names: Sequence[str]) -> None:
    """Say what is what; matplotlib itself would leave out a name that begins with an underscore."""
    legend = ax.legend(artists, [f"{k}" for k in range(len(names))], loc="best")
    for text, name in zip(legend.get_texts(), names, strict=True):
        write_text(text, name)


@_plain
def plot_loss(
    losses: Any,
    *,
    ax: Any = None,
    title: str = "Loss",
    xlabel: str = "step",
    ylabel: str = "loss",
    log: bool | None = None,
) -> Any:
    """Draw one curve of losses, or several by name.

    Parameters
    ----------
    losses
        Numbers in order, or a dict from name to those.
    ax
        Axes to draw into.
    title, xlabel, ylabel
        The inscriptions.
    log
        Whether the losses' axis is logarithmic; by default it is if they are positive and span a factor of
        20.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> plot_loss([3.0, 2.0, 1.5]).get_title()
    'Loss'
    """
    given: Mapping[str, Sequence[float]] = losses if isinstance(losses, Mapping) else {"": losses}
    curves = {str(name): [data_of(y) for y in listed("losses", ys)] for name, ys in given.items()}
    ax = _axes(ax)
    lines = [
        ax.plot(range(len(ys)), ys, color=colour, label=name or None, linewidth=1.6)[0]
        for (name, ys), colour in zip(curves.items(), _cycle(COLOURS), strict=False)
    ]
    finite = [y for ys in curves.values() for y in ys if math.isfinite(y)]
    if log is None:
        log = bool(finite) and min(finite) > 0.0 and max(finite) > 20.0 * min(finite)
    if log:
        ax.set_yscale("log")
    _inscribe(ax, title, xlabel, ylabel)
    ax.grid(alpha=0.3)
    if any(curves):
        _legend(ax, lines, list(curves))
    return ax


def _cycle(items: Sequence[str]) -> Iterable[str]:
    while True:
        yield from items


@_plain
def plot_decision_boundary(
    model: Callable[[list[float]], Any], x: Any, y: Any, *, ax: Any = None, steps: int = 60,
    margin: float = 0.3,
    threshold: float = 0.0, title: str = "Decision boundary",
) -> Any:  # fmt: skip
    """Colour the plane by the class that the model gives each point, and draw the samples on it.

    Parameters
    ----------
    model
        Takes a point of two numbers; returns one score (classes 0 and 1) or one for each class.
    x, y
        Samples of two features, and their labels: 0 and 1, -1 and 1, or 0, 1, 2, ...
    ax, title
        Axes to draw into, and what stands above.
    steps, margin
        Points of the grid along each axis, and the space around the samples in their units.
    threshold
        Above which a single score means class 1; 0.5 for a probability.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from nn.data import make_moons
    >>> ax = plot_decision_boundary(lambda p: p[1] - 0.25, *make_moons(20), steps=5)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x0', 'x1')
    """
    points = [[data_of(a) for a in listed(gettext("a sample"), row)] for row in rows_of("x", x)]
    classes = [as_whole(label) for label in rows_of("y", y)]
    labels = [label for label in classes if label is not None and label >= -1]
    if not points or len(points) != len(classes) or any(len(p) != 2 for p in points):
        raise ValueError(gettext(
            "plot_decision_boundary takes samples of two features, one label for each; choose two columns: "
            "x[:, [0, 1]]"
        ))  # fmt: skip
    if len(labels) < len(classes) or (-1 in labels and max(labels) > 1):
        raise ValueError(gettext(
            "plot_decision_boundary takes labels 0 and 1, -1 and 1, or 0, 1, 2, ..., got {y}",
            y=f"{y!r:.60}",
        ))  # fmt: skip
    if not callable(model):
        raise TypeError(gettext(
            "model must be a function of a point, such as a module of nn, got {kind}",
            kind=type(model).__name__,
        ))  # fmt: skip
    steps, margin, threshold = (
        whole("steps", steps, least=2),
        real("margin", margin, least=0.0),
        real("threshold", threshold),
    )
    if set(labels) <= {-1, 1}:
        labels = [int(label > 0) for label in labels]
    ax = _axes(ax, 6.0, 5.0)
    across, up = (_grid([p[i] for p in points], margin, steps) for i in (0, 1))
    with autograd.no_grad():
        outputs = [model([a, b]) for b in up for a in across]
    margins = _margins(outputs, threshold)
    count = max(*labels, len(margins) - 1) + 1
    colours = [COLOURS[k % len(COLOURS)] for k in range(count)]
    for margin_of_class, colour in zip(margins, colours, strict=False):
        rows = [margin_of_class[i * steps : (i + 1) * steps] for i in range(steps)]
        top = max(map(max, rows))
        if top > 0.0:
            ax.contourf(across, up, rows, levels=[0.0, 2.0 * top], colors=[colour], alpha=0.25)
            if min(map(min, rows)) < 0.0:
                ax.contour(across, up, rows, levels=[0.0], colors="black", linewidths=1.0)
    for k in range(count):
        own = [p for p, label in zip(points, labels, strict=True) if label == k]
        ax.scatter(
            [p[0] for p in own], [p[1] for p in own], c=colours[k], marker=MARKERS[k % len(MARKERS)],
            edgecolors="white", linewidths=0.6, s=34, label=f"class {k}",
        )  # fmt: skip
    _inscribe(ax, title, "x0", "x1")
    ax.legend(loc="best")
    return ax


def _margins(outputs: Sequence[Any], threshold: float) -> list[list[float]]:
    """Return for each class by how much each output prefers it to every other."""
    table = [[data_of(s) for s in (o if is_sequence(o) else [o])] for o in outputs]
    counts = {len(row) for row in table}
    if len(counts) > 1 or not table[0]:
        raise ValueError(gettext(
            "the model must return as many scores for each point, at least one; it returned {names}",
            names=', '.join(map(str, sorted(counts))),
        ))  # fmt: skip
    if len(table[0]) == 1:
        scores = [row[0] - threshold for row in table]
        return [[-s for s in scores], scores]
    return [[row[k] - max(row[:k] + row[k + 1 :]) for row in table] for k in range(len(table[0]))]


def _grid(values: Sequence[float], margin: float, steps: int) -> list[float]:
    low, high = min(values) - margin, max(values) + margin
    return [low + (high - low) * i / (steps - 1) for i in range(steps)]


@_plain
def plot_activation(
    activation: Any, *, ax: Any = None, low: float = -5.0, high: float = 5.0, steps: int = 401
) -> Any:
    """Draw an activation and its derivative.

    Parameters
    ----------
    activation
        A name, or a function of one Value.
    ax
        Axes to draw into.
    low, high, steps
        The interval, and the number of points on it.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> [line.get_label() for line in plot_activation("tanh", steps=5).lines[:2]]
    ['tanh', 'derivative']
    """
    name, function = activation_function(activation)
    low, high, steps = real("low", low), real("high", high), whole("steps", steps, least=2)
    xs = [Value(low + (high - low) * i / (steps - 1)) for i in range(steps)]
    ys = [x if function is None else function(x) for x in xs]
    slopes = [autograd.gradients(y, x) for x, y in zip(xs, ys, strict=True)]
    ax = _axes(ax)
    lines = ax.plot([x.data for x in xs], [y.data for y in ys], color=COLOURS[0], label=name)
    lines += ax.plot([x.data for x in xs], slopes, color=COLOURS[1], linestyle="--", label="derivative")
    ax.axhline(0.0, color="black", linewidth=0.6)
    ax.axvline(0.0, color="black", linewidth=0.6)
    _inscribe(ax, name, "x", "y")
    ax.grid(alpha=0.3)
    _legend(ax, lines, [name, "derivative"])
    return ax


@_plain
def plot_grad_flow(model: Module, *, ax: Any = None) -> Any:
    """Draw the mean and the largest absolute gradient of each layer.

    Bars that shrink towards the input are gradients that vanish.

    Parameters
    ----------
    model
        A module after ``backward``.
    ax
        Axes to draw into.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import nn
    >>> model = nn.MLP(2, [3, 1], rng=0)
    >>> model([1.0, 2.0]).backward()
    >>> [label.get_text() for label in plot_grad_flow(model).get_xticklabels()]
    ['layer0', 'layer1']
    """
    if not isinstance(model, Module):
        raise TypeError(gettext(
            "plot_grad_flow takes a module after backward(), got {kind}",
            kind=type(model).__name__,
        ))  # fmt: skip
    groups: dict[str, list[float]] = {}
    for path, parameter in model.named_parameters():
        parts = path.split(".")
        # A neuron belongs to its layer.
        layer = (
            parts[:-2]
            if len(parts) > 1 and parts[-2].startswith("n") and parts[-2][1:].isdigit()
            else parts[:-1]
        )
        groups.setdefault(".".join(layer) or parts[-1], []).append(abs(float(parameter.grad or 0.0)))
    if not groups:
        raise ValueError(gettext(
            "{kind} has no parameters whose gradients could be drawn",
            kind=type(model).__name__,
        ))  # fmt: skip
    ax = _axes(ax)
    places = range(len(groups))
    ax.bar(places, [max(gs) for gs in groups.values()], color=COLOURS[5], label="largest")
    ax.bar(
        places, [math.fsum(gs) / len(gs) for gs in groups.values()], color=COLOURS[0], width=0.5, label="mean"
    )
    ax.set_xticks(list(places), list(groups), rotation=30 if len(groups) > 6 else 0, parse_math=False)
    if all(max(gs) > 0.0 for gs in groups.values()):
        ax.set_yscale("log")
    ax.set(title="Gradient flow", ylabel="absolute gradient")
    ax.grid(axis="y", alpha=0.3)
    ax.legend()
    return ax


@_plain
def plot_history(history: Mapping[str, Sequence[float]], *, ax: Any = None, title: str = "Training") -> Any:
    """Draw the losses of a history, and its metrics beside them; return the axes of the losses.

    Parameters
    ----------
    history
        What `nn.fit` returned, or a dict from names to figures by epoch; ``loss`` and ``val_loss`` are
        losses.
    ax
        Axes to draw the losses into; without it a figure is made, for the metrics too.
    title
        What stands above.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there is no loss in it.

    Examples
    --------
    >>> plot_history({"loss": [0.7, 0.3], "accuracy": [0.5, 0.9]}).get_xlabel()
    'epoch'
    """
    if not isinstance(history, Mapping):
        raise TypeError(gettext(
            "plot_history takes what nn.fit returned, got {kind}; plot_loss draws a list of numbers",
            kind=type(history).__name__,
        ))  # fmt: skip
    losses = {name: column for name, column in history.items() if name in ("loss", "val_loss")}
    metrics = {name: column for name, column in history.items() if name not in losses}
    if not losses:
        raise ValueError(gettext("the history is empty: no epoch was completed"))
    if ax is None and metrics:
        figure = _axes(None, 10.0, 4.2).figure
        figure.clear()
        left, right = figure.subplots(1, 2)
        plot_loss(metrics, ax=right, title="Metrics", xlabel="epoch", ylabel="", log=False)
        return plot_loss(losses, ax=left, title=title, xlabel="epoch")
    return plot_loss(losses, ax=ax, title=title, xlabel="epoch")
