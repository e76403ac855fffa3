"""``chainrule train``: train a network on a built-in data set or a CSV file."""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import autograd
from autograd.compiler.backends import BACKENDS, ON_DEVICES
from autograd.errors import AnomalyError, UsageError, optional
from autograd.keep.files import check_folder, read_bytes, write_atomically
from autograd.words import gettext, marked
from nn import MLP, data, init, losses, optim, state
from nn.cli.outcome import summary, written
from nn.cli.playback import Playback
from nn.cli.task import Task, counted
from nn.data.table import column_names, read_csv
from nn.progress import Progress
from nn.train import checkpoint
from nn.train.fit import fit as train

OPTIMIZERS: dict[str, tuple[str, dict[str, Any], float]] = {
    "sgd": ("SGD", {}, 0.1), "momentum": ("SGD", {"momentum": 0.9}, 0.05), "adagrad": ("AdaGrad", {}, 0.1),
    "rmsprop": ("RMSProp", {}, 0.01), "adam": ("Adam", {}, 0.02), "adamw": ("AdamW", {}, 0.02),
    "lbfgs": ("LBFGS", {"line_search_fn": "strong_wolfe"}, 1.0),
}  # fmt: skip
MANY = 100_000
"""From so many samples and epochs on, a training node by node is told that it might be compiled."""
CLASSES = ("logistic", "hinge", "cross-entropy")
LOSSES = ("auto", "logistic", "hinge", "cross-entropy", "mse", "sum-squared")
# What each data set is trained with, where the command line says nothing else.
DEFAULTS: dict[str, dict[str, Any]] = {
    "moons": {"hidden": [16, 16], "samples": 100, "noise": 0.1},
    "circles": {"hidden": [16], "samples": 100, "noise": 0.05},
    "xor": {"hidden": [8], "samples": 100, "noise": 0.1, "activation": "tanh"},
    "spiral": {
        "hidden": [100], "samples": 300, "noise": 0.2, "optimizer": "sgd", "lr": 1.0, "penalty": 1e-3,
        "epochs": 2000, "compile": True, "init": "small",
    },
    "two-layer": {
        "hidden": [100], "samples": 64, "optimizer": "sgd", "lr": 1e-6, "epochs": 500, "compile": True,
        "loss": "sum-squared", "init": "normal", "bias": False,
    },
    "csv": {"hidden": [16, 16]},
}  # fmt: skip
COMMON: dict[str, Any] = {
    "optimizer": "adam", "penalty": 1e-4, "epochs": 100, "compile": False, "loss": "auto",
    "activation": "relu",
    "init": "kaiming_uniform", "bias": True, "noise": 0.0, "samples": 0, "seed": 0, "validation": 0.0,
    "batch_size": None,
    "target": None,
}  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add(
        "data",
        metavar="moons|spiral|circles|xor|two-layer|FILE.csv",
        help="a built-in data set, or a file with a line for each sample",
    )
    add("--hidden", metavar="N,N", help="neurons of the hidden layers, such as 16,16; 0 for none")
    add("--activation", help="of the hidden layers (default relu)")
    add(
        "--loss",
        choices=LOSSES,
        help="default: logistic for two classes, cross-entropy for more, mse for numbers",
    )
    add("--optimizer", choices=OPTIMIZERS, help="default adam")
    add("--lr", type=float, help="learning rate")
    add(
        "--penalty",
        type=float,
        metavar="STRENGTH",
        help="of the sum of squares of the weights, halved (default 1e-4)",
    )
    add("--epochs", type=int, help="passes over the data, those before --resume included (default 100)")
    add("--batch-size", type=int, metavar="N", help="samples for each step (default: all)")
    add("--samples", type=int, metavar="N", help="size of a built-in data set")
    add("--noise", type=float, help="of a built-in data set")
    add("--delimiter", metavar="CHARACTER", help="between a file's cells, such as tab (default: found)")
    add(
        "--header",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether the first line of a file names its columns (default: found)",
    )
    add("--encoding", metavar="NAME", help="of a file, such as latin-1 (default: by its marks, or utf-8)")
    add("--comment", metavar="SIGN", help="begins a comment in a file (default: # at a line's beginning)")
    add("--decimal", metavar="SIGN", help="of a file's numbers: . or , (default .)")
    add("--thousands", metavar="SIGN", help="between groups of three digits in a file, such as ,")
    add(
        "--missing",
        metavar="error|drop|mean|NUMBER",
        help="what to do where a cell of a file is empty or NA (default error)",
    )
    add("--target", metavar="COLUMN", help="column of a file that is to be predicted (default: the last)")
    add("--features", metavar="COLUMN,COLUMN", help="columns of a file to learn from (default: all others)")
    add("--validation", type=float, metavar="SHARE", help="share of the samples that is held out (default 0)")
    add("--seed", type=int, help="of data, first weights and batches (default 0)")
    add(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="train with a program of matrices made from the scalar network",
    )
    add(
        "--backend",
        choices=["auto", *BACKENDS, *ON_DEVICES],
        help="what runs that program (default auto); xla takes all devices that JAX has",
    )
    add(
        "--out",
        type=Path,
        metavar="FOLDER",
        help=(
            "where pictures go (default: the first of chainrule-train, chainrule-train-2, ... not yet there)"
        ),
    )
    add(
        "--live",
        action="store_true",
        help="also write training.html: the training as a page, played back epoch by epoch",
    )
    add(
        "--save",
        type=Path,
        metavar="FILE.json",
        help="write the training's state after each tenth of it, and at the end",
    )
    add(
        "--resume",
        type=Path,
        metavar="FILE.json",
        help="go on from such a file, bit for bit, with the options that it was saved with",
    )
    add(
        "--predict",
        type=Path,
        metavar="FILE.csv",
        help="predict for the samples of this file, into predictions.csv",
    )
    add("--quiet", action="store_true", help="print only where the results are")


def run(args: argparse.Namespace) -> int:
    """Train, say how it went, and write what was asked for."""
    try:
        options = settings(args)
        task = load(args, options)
        held_out = round(args.validation * len(task.x))
        if args.validation and not 0 < held_out < len(task.x):
            raise UsageError(
                gettext(
                    "--validation {share} of {count} leaves none to learn from"
                    if held_out else "--validation {share} of {count} leaves none to hold out",
                    share=f"{args.validation:g}", count=counted(len(task.x), "sample"),
                )
            )
        same_columns(args, task)
        network = build(args, options, task)
        rows = prediction_rows(args, task)
        playback = Playback(network[0], network[1], options["epochs"]) if args.live else None
    except ValueError as error:
        raise UsageError(as_options(str(error).replace("n_samples", "--samples"))) from None
    if args.out is None:
        args.out = unused(Path("chainrule-train"))
    args.out.mkdir(parents=True, exist_ok=True)
    for path in (args.out / "loss.png", args.save or args.resume):
        if path is not None:
            check_folder(path.absolute().parent)
    if not args.quiet:
        print(described(args, options, task, network[0]))
        if not options["compile"] and options["epochs"] * len(task.x) >= MANY:
            print(gettext("node by node this takes a while; --compile makes a program of matrices out of it"))
    try:
        history = fit(args, options, task, network, [playback] if playback is not None else [])
    except AnomalyError as error:
        print("chainrule train: " + str(error), *getattr(error, "__notes__", []), sep="\n  ", file=sys.stderr)
        return 1
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not args.quiet:
        print(summary(history, task, network[0]))
    if playback is not None:
        write_atomically(args.out / "training.html", playback.page(
            task, [len(task.x[0]), *options["hidden"], task.outputs], options["activation"],
            gettext("Training on {name}", name=Path(args.data).name),
        ))  # fmt: skip
    for path in written(args, task, network[0], history, rows):
        print(path)
    return 0


def unused(folder: Path) -> Path:
    """Return a folder's name, with the first number behind it that makes it one that does not exist."""
    found, count = folder, 1
    while found.exists():
        count += 1
        found = folder.with_name(f"{folder.name}-{count}")
    return found


FORMAT = ("delimiter", "header", "encoding", "comment", "decimal", "thousands", "missing")
"""The options of a file's format, named as those of `nn.data.read_csv`."""
_CHARACTERS = {
    "tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|",
}  # fmt: skip


def file_format(args: argparse.Namespace) -> dict[str, Any]:
    """Return how the file is written, as `nn.data.read_csv` takes it."""
    given: dict[str, Any] = {name: getattr(args, name) for name in FORMAT if getattr(args, name) is not None}
    for name in ("delimiter", "thousands"):
        if name in given:
            given[name] = _CHARACTERS.get(given[name], given[name])
    if "missing" in given and given["missing"] not in ("error", "drop", "mean"):
        try:
            given["missing"] = float(given["missing"])
        except ValueError:
            raise UsageError(
                gettext(
                    "--missing is error, drop, mean, or a number to take instead, got {given}",
                    given=f"{given['missing']!r:.40}",
                )
            ) from None
    return given


def as_options(text: str) -> str:
    """Return an error of `nn.data.read_csv` with the command's options in place of its arguments."""
    text = text.replace("header=True", "--header").replace("features=[...]", "--features a,b")
    return re.sub(rf"\b({'|'.join(FORMAT)})=('[^']*'|\.\.\.)", r"--\1 \2", text)


def settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the command line, filled in by what suits the data, and checked."""
    kind = args.data if args.data in DEFAULTS else "csv"
    if (
        kind == "csv"
        and not args.data.lower().endswith((".csv", ".tsv", ".txt"))
        and not Path(args.data).is_file()
    ):
        raise UsageError(
            gettext(
                "no data set is called {name}; choose one of {known}, or a file that ends in .csv",
                name=repr(args.data),
                known=", ".join(k for k in DEFAULTS if k != "csv"),
            )
        )
    options: dict[str, Any] = {**COMMON, **DEFAULTS[kind], "data": kind}
    for name in (
        "activation",
        "loss",
        "optimizer",
        "lr",
        "penalty",
        "epochs",
        "samples",
        "noise",
        "compile",
        "seed",
        "validation",
        "batch_size",
        "target",
    ):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    if args.hidden is not None:
        try:
            options["hidden"] = [] if args.hidden == "0" else [int(part) for part in args.hidden.split(",")]
        except ValueError:
            raise UsageError(
                gettext(
                    "--hidden takes whole numbers separated by commas, such as 16,16, got {given}",
                    given=repr(args.hidden),
                )
            ) from None
        if any(n < 1 for n in options["hidden"]):
            raise UsageError(
                gettext(
                    "--hidden takes numbers of neurons, at least 1 each, or 0 alone for no hidden layer, "
                    "got {given}",
                    given=repr(args.hidden),
                )
            )
    if args.backend is not None:
        if args.compile is False:
            raise UsageError(gettext("--backend says what runs a compiled program; leave out --no-compile"))
        options["compile"] = True
    options.setdefault("lr", OPTIMIZERS[options["optimizer"]][2])
    if args.optimizer is not None and args.lr is None:
        options["lr"] = OPTIMIZERS[args.optimizer][2]
    for name, low in (("epochs", 0), ("penalty", 0.0), ("lr", 0.0), ("noise", 0.0)):
        if not low <= options[name] < float("inf"):
            raise UsageError(
                gettext(
                    "--{name} must be at least {low}, and finite, got {given}",
                    name=name,
                    low=low,
                    given=options[name],
                )
            )
    if args.batch_size is not None and args.batch_size < 1:
        raise UsageError(
            gettext("--{name} must be at least 1, got {given}", name="batch-size", given=args.batch_size)
        )
    if not 0.0 <= options["validation"] < 1.0:
        raise UsageError(
            gettext("--validation is a share from 0 to below 1, got {given}", given=options["validation"])
        )
    if args.resume is not None and not args.resume.exists():
        raise UsageError(gettext("there is no file {path} to resume from", path=args.resume))
    if args.save is not None and not args.save.absolute().parent.is_dir():
        raise UsageError(
            gettext("--save {path}: there is no folder {folder}", path=args.save, folder=args.save.parent)
        )
    if args.out is not None and args.out.exists() and not args.out.is_dir():
        raise UsageError(gettext("--out {path} is a file; it takes a folder", path=args.out))
    if args.save is not None and args.save.is_dir():
        raise UsageError(gettext("--save {path} is a folder; it takes a file", path=args.save))
    foreign = {
        "csv": ("samples", "noise"),
        "two-layer": ("target", "features", "noise", *FORMAT, "predict"),
    }.get(kind, ("target", "features", *(() if args.predict else FORMAT)))
    for name in foreign:
        if getattr(args, name) is not None:
            raise UsageError(gettext("--{name} does not go with {data}", name=name, data=args.data))
    if args.resume is not None:
        options = resumed(args, options)
    vars(args).update({name: options[name] for name in ("seed", "validation", "batch_size", "target")})
    return options


@dataclass
class Recipe:
    """The options that a training began with and the names of its columns, which its checkpoint keeps.

    A callback that does nothing else.
    """

    options: dict[str, Any]
    columns: dict[str, Any] = field(default_factory=dict)

    def __call__(self, training: Any) -> None:
        """Take no part in the training."""

    def state_dict(self) -> dict[str, Any]:
        """Return the options that decide what is learnt from which data, and what its columns are called."""
        kept = {name: value for name, value in self.options.items() if name not in ("epochs", "lr")}
        return {**kept, "columns": self.columns} if self.columns else kept

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Do nothing: `resumed` has compared them already."""


def resumed(args: argparse.Namespace, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the training to go on with.

    Those of the command line must not contradict them.
    """
    document = state.read(args.resume, kind=checkpoint.FORMAT)
    options["lr"] = resumed_rate(args, document)
    others = document.get("others")
    recipes = (
        [
            other.get("state")
            for other in others
            if isinstance(other, dict) and other.get("kind") == Recipe.__name__
        ]
        if isinstance(others, list)
        else []
    )
    then = recipes[0] if recipes else None
    now = Recipe(options).state_dict()
    # Checkpoints of older releases do not hold them.
    args.columns = then.pop("columns", None) if isinstance(then, dict) else None
    if not isinstance(then, dict) or set(then) != set(now):
        raise UsageError(
            gettext(
                "{path} cannot be resumed from: it does not say what it was trained on and how; it was "
                "not saved by this release's chainrule train",
                path=args.resume,
            )
        )
    if then["data"] != now["data"]:
        raise UsageError(
            gettext(
                "{path} cannot be resumed from: it was trained on {then}, not on {now}",
                path=args.resume, then=then["data"], now=now["data"],
            )
        )
    for name, value in then.items():
        if getattr(args, name, None) is not None and name != "data" and value != now[name]:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                gettext(
                    "{path} cannot be resumed from with {option} {given}: it was trained {how}; leave "
                    "{option} out",
                    path=args.resume, option=option, given=_typed(now[name]),
                    how=gettext("without {option}", option=option) if value is None
                    else gettext("with {option} {given}", option=option, given=_typed(value)),
                )
            )
        if (
            type(value) is not type(now[name])
            and None not in (value, now[name])
            and not isinstance(value, (int, float))
        ):
            raise UsageError(gettext(
                "{path} cannot be resumed from: its {name} is {then}",
                path=args.resume, name=name, then=f"{value!r:.40}",
            ))
    return {**options, **then}


_NAMED = {"features": marked("features"), "target": marked("target"), "classes": marked("classes")}


def same_columns(args: argparse.Namespace, task: Task) -> None:
    """Refuse to go on with a file whose columns or classes have other names.

    By them, predictions find their numbers.
    """
    then, now = getattr(args, "columns", None), task.columns()
    for what in now:
        if isinstance(then, dict) and then.get(what, now[what]) != now[what]:
            saved, found = (
                ", ".join(map(str, names)) if isinstance(names, list) else str(names)
                for names in (then[what], now[what])
            )
            raise UsageError(
                gettext(
                    "{path} cannot be resumed from: it was trained with the {what} {saved}, and {data} "
                    "has {found}",
                    path=args.resume, what=gettext(_NAMED[what]), saved=f"{saved:.200}", data=args.data,
                    found=f"{found:.200}",
                )
            )


def _typed(value: Any) -> str:
    """Return an option's value as it is typed."""
    return ",".join(map(str, value)) or "0" if isinstance(value, list) else str(value)


def load(args: argparse.Namespace, options: dict[str, Any]) -> Task:
    """Make or read the data."""
    rng = random.Random(args.seed)
    if options["data"] == "two-layer":
        if options["loss"] not in ("sum-squared", "mse"):
            raise UsageError(
                gettext(
                    "--loss {loss} is for classes; two-layer predicts numbers: sum-squared or mse",
                    loss=options['loss'],
                )
            )
        n = options["samples"]
        if n < 1:
            raise UsageError(gettext("--{name} must be at least 1, got {given}", name="samples", given=n))
        x = [[rng.gauss(0.0, 1.0) for _ in range(1000)] for _ in range(n)]
        return Task(x, [[rng.gauss(0.0, 1.0) for _ in range(10)] for _ in range(n)], [], 10, options["loss"])
    if options["data"] != "csv":
        make = getattr(data, f"make_{options['data']}")
        x, y = make(options["samples"], options["noise"], rng=rng)
        return classified(x.tolist(), y.tolist(), options["loss"])
    target = -1 if args.target is None else args.target
    chosen = None if args.features is None else [name.strip() for name in args.features.split(",")]
    table = data.read_csv(args.data, target=target, features=chosen, **file_format(args))
    x, y = table.x.tolist(), table.y.tolist()
    names, distinct = table.classes, sorted(set(y))
    numbered = not names and are_classes(y, distinct, asked=options["loss"] in CLASSES)
    if options["loss"] == "auto" and not names and not numbered:
        options["loss"] = "mse"
    if options["loss"] in ("mse", "sum-squared"):
        if names:
            raise UsageError(gettext(
                "--loss {loss} predicts numbers, but the target column holds words",
                loss=options['loss'],
            ))
        task = Task(x, y, [], 1, options["loss"])
    else:
        if not names and not numbered:
            raise UsageError(
                gettext(
                    "--loss {loss} is for classes, but the target column holds other numbers than 0, "
                    "1, 2, ..., or more than twenty",
                    loss=options['loss'],
                )
            )
        if numbered and distinct != list(range(len(distinct))):
            names = [str(label) for label in distinct]
            y = [distinct.index(label) for label in y]
        task = classified(x, y, options["loss"], names)
    task.features, task.target = table.features, table.target or ""
    task.scale = [
        scale(column, name) for column, name in zip(zip(*x, strict=True), table.features, strict=True)
    ]
    task.x = task.standardised(x)
    return task


def are_classes(labels: Sequence[Any], distinct: Sequence[Any], *, asked: bool) -> bool:
    """Tell whether numbers are names of classes.

    Whole ones: counted from 0 or 1, or only two of them, most of which occur again; or any, where a loss for
    classes is asked for. At most twenty.
    """
    count = len(distinct)
    if not 1 < count <= 20 or not all(isinstance(label, int) for label in distinct):
        return False
    counted_up = [first for first in (0, 1) if list(distinct) == list(range(first, first + count))]
    return asked or counted_up == [0] or (len(labels) >= 2 * count and bool(counted_up or count == 2))


def scale(column: Sequence[float], name: str) -> tuple[float, float]:
    """Return a column's mean, and its deviation, or 1 where all is one number."""
    mean = autograd.sum(column) / len(column)
    try:
        spread = (autograd.sum((v - mean) ** 2 for v in column) / len(column)) ** 0.5
    except OverflowError:
        spread = math.inf
    if not math.isfinite(spread):
        raise UsageError(
            gettext(
                "the numbers of column {name} are too large to take their mean and deviation; divide "
                "them all by a power of ten",
                name=name,
            )
        )
    return mean, spread or 1.0


def classified(x: list[Any], labels: list[int], loss: str, classes: list[str] | None = None) -> Task:
    """Return the task of telling classes apart."""
    count = max(len(classes or []), max(labels) + 1)
    if count < 2:
        raise UsageError(gettext("the target column holds one class only; there is nothing to tell apart"))
    kind = ("logistic" if count == 2 else "cross-entropy") if loss == "auto" else loss
    if kind in ("logistic", "hinge") and count > 2:
        raise UsageError(
            gettext(
                "--loss {kind} is for two classes, and there are {count}; use cross-entropy",
                kind=kind,
                count=count,
            )
        )
    if kind in ("mse", "sum-squared"):
        raise UsageError(
            gettext(
                "--loss {kind} predicts numbers, and these are classes; use logistic, hinge or cross-entropy",
                kind=kind,
            )
        )
    y = [2 * label - 1 for label in labels] if kind == "hinge" else list(labels)
    return Task(
        x, y, labels, count if kind == "cross-entropy" else 1, kind, classes or [str(k) for k in range(count)]
    )


def build(args: argparse.Namespace, options: dict[str, Any], task: Task) -> tuple[Any, Any, Any]:
    """Make the network, its optimizer and its loss."""
    def small(nin: int, nout: int, *, rng: Any = None) -> list[list[float]]:
        return init.normal(nin, nout, std=0.01, rng=rng)

    model = MLP(
        len(task.x[0]), [*options["hidden"], task.outputs], activation=options["activation"],
        bias=options["bias"],
        init=small if options["init"] == "small" else options["init"], rng=random.Random(args.seed + 1),
    )  # fmt: skip
    name, extra, _ = OPTIMIZERS[options["optimizer"]]
    optimizer = getattr(optim, name)(model.parameters(), lr=options["lr"], **extra)
    loss = {
        "logistic": losses.binary_cross_entropy_with_logits, "hinge": losses.hinge_loss,
        "mse": losses.mse_loss,
        "cross-entropy": losses.cross_entropy, "sum-squared": losses.sum_squared_error,
    }[task.kind]  # fmt: skip
    return model, optimizer, loss


def fit(
    args: argparse.Namespace, options: dict[str, Any], task: Task, network: tuple[Any, Any, Any],
    watching: list[Any],
) -> Any:  # fmt: skip
    """Train, from the file to resume from on, and save as asked."""
    model, optimizer, loss = network
    x, y, held_out = task.x, task.y, None
    if args.validation:
        x, x_out, y, y_out = data.train_test_split(x, y, args.validation, rng=random.Random(args.seed + 2))
        held_out = x_out, y_out
    save = args.save or args.resume
    if args.save and args.resume and args.save != args.resume:
        write_atomically(args.save, read_bytes(args.resume))
    strength = options["penalty"]
    return train(
        model, (x, y), loss, optimizer, epochs=options["epochs"], batch_size=args.batch_size,
        compile=options["compile"], backend=args.backend or "auto", mesh=mesh_of(args.backend),
        penalty=(lambda: losses.l2_penalty(model, strength))
        if strength and task.kind != "sum-squared" else None,
        reduction="sum" if task.kind == "sum-squared" else "mean",
        metrics=["accuracy"] if task.labels and not options["compile"] else [], validation=held_out,
        rng=random.Random(args.seed + 3), checkpoint=save, checkpoint_every=max(1, options["epochs"] // 10),
        resume=args.resume is not None,
        callbacks=[*([Recipe(options, task.columns())] if save is not None else []), *watching],
        progress=Progress(
            options["epochs"], stream=sys.stdout, style="none" if args.quiet or sys.stdout is None else None
        ),
    )  # fmt: skip


def mesh_of(backend: str | None) -> Any:
    """Return a mesh of all devices where a backend has several."""
    if backend not in ON_DEVICES:
        return None
    jax = optional("jax", "--backend xla", "pip install 'chainrule[xla]'", what="JAX")
    return jax.make_mesh((len(jax.devices()),), ("examples",)) if len(jax.devices()) > 1 else None


def resumed_rate(args: argparse.Namespace, document: dict[str, Any]) -> float:
    """Return the learning rate that the training to go on with was saved with."""
    optimizer = document.get("optimizer")
    rate = optimizer.get("lr") if isinstance(optimizer, dict) else None
    if not isinstance(rate, float):
        raise UsageError(gettext(
            "{path} cannot be resumed from: it has no learning rate",
            path=args.resume,
        ))
    if args.lr is not None and args.lr != rate:
        raise UsageError(
            gettext(
                "--lr {lr} does not go with --resume: the training in {path} goes on at its own rate, "
                "{rate}",
                lr=f"{args.lr:g}", path=args.resume, rate=f"{rate:g}",
            )
        )
    return rate


def described(args: argparse.Namespace, options: dict[str, Any], task: Task, model: Any) -> str:
    """Say what is going to be trained on what."""
    what = (
        gettext("classes {names}", names=", ".join(task.classes))
        if task.labels
        else gettext("numbers to predict")
    )
    shape = "-".join(map(str, [len(task.x[0]), *options["hidden"], task.outputs]))
    return gettext(
        "{data}: {count} samples of {features}, {what}\n"
        "{shape} network of {parameters} parameters, {activation}; {kind} loss; {optimizer} at {lr}, {how}",
        data=args.data, count=len(task.x), features=counted(len(task.x[0]), "feature"), what=what,
        shape=shape, parameters=len(model.parameters()), activation=options["activation"], kind=task.kind,
        optimizer=options["optimizer"], lr=f"{options['lr']:g}",
        how=gettext("compiled") if options["compile"] else gettext("node by node"),
    )  # fmt: skip


def prediction_rows(args: argparse.Namespace, task: Task) -> list[list[float]]:
    """Read the samples to predict for, by the features' names or column by column.

    Before anything is trained, so that a mistake costs nothing.
    """
    if args.predict is None:
        return []

    form = file_format(args)
    policy: Any = form.pop("missing", "error")
    names, wanted = column_names(args.predict, **form), len(task.x[0])
    unnamed, by_name = (
        all(name.startswith("column ") for name in names),
        bool(task.features) and set(task.features) <= set(names),
    )
    if unnamed and len(names) > wanted + 1:  # one more may be the target, as in the file that was learnt from
        by_name = False
    missing = [name for name in task.features if name not in names and not name.startswith("column ")]
    if not by_name and len(names) == wanted and missing and not unnamed:
        raise UsageError(
            gettext(
                "{path} has no column {column}; its columns are {known}, and the network takes "
                "{features}",
                path=args.predict, column=repr(missing[0]), known=', '.join(names),
                features=', '.join(task.features),
            )
        )
    if not by_name and len(names) != wanted:
        named = f" ({', '.join(task.features)})" if task.features else ""
        raise UsageError(
            gettext(
                "{path} has {columns}, but the network takes {features}{named}",
                path=args.predict, columns=counted(len(names), 'column'),
                features=counted(wanted, 'feature'), named=named,
            )
        )
    if policy == "mean":  # those of the samples that were learnt from
        means = [mean for mean, _ in task.scale]
        policy = dict(zip(task.features if by_name else names, means, strict=False))
    elif policy == "drop":  # each sample gets its prediction
        policy = "error"
    rows: list[list[float]] = read_csv(
        args.predict, target=None, features=task.features if by_name else None, missing=policy, **form
    ).x.tolist()
    return rows
