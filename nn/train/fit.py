"""One loop for batch, stochastic and mini-batch training."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from typing import Any

import autograd
from autograd.floats.tables import as_rows
from autograd.keep.files import check_file, check_folder
from autograd.spellings import IDLE, options
from autograd.words import gettext
from nn import losses
from nn.callbacks import EarlyStopping, History, Training
from nn.checks import data_of, listed, whole
from nn.data import batches
from nn.init import Rng, generator
from nn.metrics import METRICS, Metric, accuracy
from nn.modules.module import Module
from nn.optim.optimizer import Optimizer
from nn.optim.schedulers import Scheduler
from nn.progress import Progress
from nn.train.checkpoint import UnderWay, check_writable, load_checkpoint, made_of, save_checkpoint
from nn.train.reading import Stream, as_arrays, fingerprint, read
from nn.train.step import Compiled, Eager, outputs_of

__all__ = ["evaluate", "fit"]

Callback = Callable[[Training], Any]

_DATA = "the pair of samples and targets as data: nn.fit(model, (x, y), loss, optimizer, epochs=10)"


@options(
    {"criterion": "loss", "loss_fn": "loss", "opt": "optimizer", "n_epochs": "epochs", "num_epochs": "epochs",
     "nb_epoch": "epochs", "max_epochs": "epochs", "validation_data": "validation", "seed": "rng",
     "random_state": "rng", "sched": "scheduler", "lr_scheduler": "scheduler"},
    "nn.fit(model, (x, y), loss, optimizer, epochs=10), such as nn.fit(model, (x, y), nn.losses.mse_loss, "
    "nn.optim.SGD(model.parameters(), lr=0.1), epochs=10)",
    x=((), _DATA), y=((), _DATA), X=((), _DATA),
    lr=(None, "the optimizer's: nn.optim.SGD(model.parameters(), lr=0.1)"),
    learning_rate=(None, "the optimizer's: nn.optim.SGD(model.parameters(), lr=0.1)"),
    verbose=(1, "progress=False for no bar"),
    validation_split=(0.0, "train, test = nn.data.split(...) and validation=test"),
    class_weight=(None, "loss=nn.CrossEntropyLoss(weight=[...])"),
    sample_weight=(None, "a loss that multiplies by the weight, which is part of the target"),
    steps_per_epoch=(None, "batch_size, or data that yields batches"), workers=IDLE, use_multiprocessing=IDLE,
)  # fmt: skip
def fit(
    model: Module, data: Any, loss: Callable[[Any, Any], Any], optimizer: Optimizer, *,
    epochs: int,
    batch_size: int | None = None, penalty: Callable[[], Any] | None = None,
    metrics: Sequence[str] | Mapping[str, Metric] = (), validation: tuple[Any, Any] | None = None,
    compile: bool = False, backend: str = "auto", mesh: Any = None, shard: Any = None, dtype: Any = None,
    callbacks: Sequence[Callback] = (), progress: bool | Progress = True, reduction: str = "mean",
    shuffle: bool = True,
    rng: Rng = 0, scheduler: Scheduler | None = None, checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 1, checkpoint_batches: int | None = None, resume: bool = False,
) -> History:  # fmt: skip
    """Train a model. An interrupt from the keyboard ends the training and keeps what was learnt.

    It ends after the step that is being taken, and ``checkpoint`` is written; of data in memory after the
    epoch. A second interrupt is immediate.

    Parameters
    ----------
    model
        The module whose parameters learn; called with one sample at a time, or where it holds a `BatchNorm`
        with all samples of a batch, a `nn.Batch`.
    data
        Samples and targets, a pair of arrays, sequences or tables (of pandas, polars, ...) of one length. The
        rows of a table are the samples, its columns the features. Labels 1 to n for `cross_entropy` of n
        outputs are taken for the classes that it numbers from 0, and where there are two classes, 0 and 1,
        -1 and 1, or 1 and 2 for those that a loss calls otherwise.

        Or data that does not fit: a pair with a ``numpy.memmap``, of which a batch at a time is read; or what
        yields batches, pairs (x, y): an iterable such as a loader, or a function that returns one, called for
        each epoch, with its number from 0 if it asks for one. An iterator lasts for one epoch. A thread reads
        the next batches while one is computed. Metrics are those of ``validation`` then, and labels are
        taken as they are. With ``backend="xla"`` and a mesh the arrays, those of batches too, may lie on the
        devices of several processes, each of which runs this: see ``jax.make_array_from_process_local_data``.
    loss
        ``loss(model(sample), target)`` is one sample's loss, such as a function of `nn.losses`.
    optimizer
        Moves the parameters after each batch.
    epochs
        How often to go through the data; with ``resume``, those before included.
    batch_size
        Samples for each step: None for all, 1 for stochastic training. Not for data that yields batches.
    penalty
        A function of no arguments whose value is added to the loss of each batch.
    metrics
        Names from `nn.metrics.METRICS`, or functions of (outputs, targets) by name, taken after each epoch.
    validation
        Samples and targets as in ``data``, on which only figures are taken: ``val_loss`` and the metrics.
    compile
        Whether to train with the program that `autograd.compile` makes of the loss.
    backend, mesh, shard, dtype
        What runs that program, as for `autograd.compile`; ``backend="xla"`` runs it on any devices that JAX
        has, or on those of a mesh. A training that is resumed on the same mesh goes on bit for bit.
    callbacks
        Functions called with a `nn.callbacks.Training` after each epoch.
    progress
        Whether to show a bar, or the `nn.progress.Progress` to use.
    reduction
        ``"mean"`` or ``"sum"`` of a batch's losses.
    shuffle
        Whether batches are drawn anew for each epoch.
    rng
        The generator or seed for that.
    scheduler
        Moves the learning rate after each epoch. A `ReduceLROnPlateau` watches ``val_loss``, or ``loss``
        without validation.
    checkpoint
        File for all that the training depends on.
    checkpoint_every
        Epochs from one writing of that file to the next; it is written at the end, too.
    checkpoint_batches
        Batches from one writing to the next within an epoch, or None to write after epochs alone.
    resume
        Whether to go on from that file, bit for bit, if it exists; then ``epochs`` counts those before, and
        may be another number. The file of a training on other data, or of another model, optimizer or size of
        batches, is refused.

    Returns
    -------
    History
        The loss, mean or sum over the epoch's batches, and the metrics of each epoch.

    Raises
    ------
    AnomalyError
        Where a loss or gradient is not finite, naming the first operation whose result was not. The
        parameters are those before that step.
    ValueError, TypeError
        If an argument is not as described; before anything has changed, but for what only shows in the course
        of the training: a sample that the model does not take, a metric that returns no number.

    Examples
    --------
    >>> import nn
    >>> x, y = nn.data.make_moons(60, rng=1)
    >>> model = nn.MLP(2, [8, 1], rng=1)
    >>> optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    >>> history = fit(model, (x, y), nn.losses.binary_cross_entropy_with_logits, optimizer,
    ...               epochs=100, batch_size=20, metrics=["accuracy"], progress=False)
    >>> history["accuracy"][-1] > 0.9, history.epochs
    (True, 100)
    """
    _check_parts(model, loss, optimizer, penalty, scheduler)
    loop = _Loop(
        model,
        data,
        loss,
        optimizer,
        reduction=reduction,
        batch_size=batch_size,
        validation=validation,
        metrics=metrics,
        shuffle=shuffle,
        compiled=compile,
    )
    loop.check_callbacks(callbacks)
    if loop.validation is not None:  # a sample tells whether the model and the loss take it
        evaluate(model, (_few(model, loop.validation[0]), _few(model, loop.validation[1])), loss)
    loop.rng, loop.callbacks, loop.scheduler = generator(rng), callbacks, scheduler
    loop.checkpoint, loop.every = checkpoint, whole("checkpoint_every", checkpoint_every)
    if checkpoint_batches is not None:
        loop.every_batches = whole("checkpoint_batches", checkpoint_batches)
    if (resume or checkpoint_batches is not None) and checkpoint is None:
        what = "resume=True" if resume else "checkpoint_batches"
        raise ValueError(gettext("{what} needs checkpoint=path, the file to go on from", what=what))
    if checkpoint is not None:
        if not isinstance(checkpoint, (str, os.PathLike)):
            raise TypeError(gettext(
                "checkpoint must be a file's path, got {kind}",
                kind=type(checkpoint).__name__,
            ))  # fmt: skip
        check_file(checkpoint)
        check_folder(os.path.dirname(os.path.abspath(checkpoint)))
    where = {"backend": backend, "mesh": mesh, "shard": shard, "dtype": dtype}
    if compile:
        compiled = Compiled(model, loss, optimizer, reduction, penalty, where)
        if loop.reading is None:
            compiled.check_sizes({loop.size, len(loop.x) % loop.size or loop.size})
        loop.step = compiled
    elif where != {"backend": "auto", "mesh": None, "shard": None, "dtype": None}:
        raise ValueError(gettext(
            "backend, mesh, shard and dtype say what runs a program; pass compile=True, too"
        ))  # fmt: skip
    else:
        loop.step = Eager(model, loss, optimizer, reduction, penalty)
    whole("epochs", epochs, least=0)
    if compile:  # a program would take any number for a loss, one that nothing is to be learnt from too
        with _evaluating(model):
            loop.step.total(_few(model, loop.few[0]), _few(model, loop.few[1]))
    if checkpoint is not None:
        check_writable(loop.training, loop.rng, loop.stateful())
        loop.made = made_of(
            loop.described(), model, reduction=reduction, compile=bool(compile), shuffle=bool(shuffle),
            **{"batch size": loop.size},
        )  # fmt: skip
    if resume and checkpoint is not None and os.path.exists(checkpoint):
        loop.begun = load_checkpoint(checkpoint, loop.training, loop.rng, loop.stateful(), loop.made)
        for callback in callbacks:
            if isinstance(callback, EarlyStopping):
                callback.stop_in_vain(loop.training)
    if isinstance(loop.reading, Stream) and loop.reading.once and epochs - loop.training.epoch > 1:
        raise ValueError(gettext(
            "data is an iterator, which lasts for one epoch, and epochs={epochs}; pass the function that "
            "makes it, as in data=batches in place of data=batches(), or epochs=1",
            epochs=epochs,
        ))  # fmt: skip
    return loop.run(
        epochs,
        progress if isinstance(progress, Progress) else Progress(epochs, style=None if progress else "none"),
    )


def _check_parts(model: Any, loss: Any, optimizer: Any, penalty: Any, scheduler: Any) -> None:
    """Check what is to work together, before anything is changed."""
    if not isinstance(model, Module):
        raise TypeError(gettext(
            "model must be a module of nn, got {kind}; write a class with forward(self, x) that derives "
            "from nn.Module",
            kind=type(model).__name__,
        ))  # fmt: skip
    if not callable(loss):
        raise TypeError(gettext(
            "loss must be a function of (output, target), such as nn.losses.mse_loss, got {kind}",
            kind=type(loss).__name__,
        ))  # fmt: skip
    if not isinstance(optimizer, Optimizer):
        raise TypeError(gettext(
            "optimizer must be one of nn.optim made with the parameters, such as "
            "nn.optim.SGD(model.parameters(), lr=0.1)"
        ))  # fmt: skip
    if not set(optimizer.params) & set(model.parameters()):
        raise ValueError(gettext(
            "the optimizer has none of the model's parameters; make it with model.parameters()"
        ))  # fmt: skip
    if penalty is not None and not callable(penalty):
        raise TypeError(gettext(
            "penalty must be a function of no arguments: write penalty=lambda: nn.losses.l2_penalty(model, "
            "1e-3)"
        ))  # fmt: skip
    if scheduler is not None and not isinstance(scheduler, Scheduler):
        raise TypeError(gettext(
            "scheduler must be one of nn.optim, such as nn.optim.StepLR(optimizer, 10), got {kind}",
            kind=type(scheduler).__name__,
        ))  # fmt: skip
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError(gettext(
            "the scheduler changes the rate of another optimizer; make it with the one that fit is given"
        ))  # fmt: skip


class _Loop:
    """What `fit` was asked to do, checked, and the doing of it."""

    rng: Any
    callbacks: Sequence[Callback]
    scheduler: Scheduler | None
    checkpoint: str | os.PathLike[str] | None
    every: int
    made: dict[str, Any]
    step: Eager
    every_batches: int | None = None
    begun: UnderWay | None = None

    def __init__(
        self, model: Module, data: Any, loss: Any, optimizer: Optimizer, *, reduction: str,
        batch_size: int | None,
        validation: Any, metrics: Any, shuffle: bool, compiled: bool,
    ) -> None:  # fmt: skip
        check_reduction(reduction)
        self.shuffle = shuffle
        self.validation = prepared(validation, "validation") if validation is not None else None
        self.metrics = _metrics(metrics)
        self.model, self.loss, self.mean = model, loss, reduction == "mean"
        self.training = Training(model, optimizer, History())
        if batch_size is not None:
            whole("batch_size", batch_size)
        self.reading = read(
            data, batch_size, shuffle, partial(as_arrays, otherwise=prepared) if compiled else prepared
        )
        if self.reading is None:
            self._take(prepared(data, "data"), batch_size)
            self.few = self.x, self.y
        else:
            self.size, self.few = batch_size or 0, self.reading.few()
            if self.metrics and self.validation is None:
                raise ValueError(gettext(
                    "metrics of data that is read batch by batch are those of validation; pass "
                    "validation=(x, y)"
                ))  # fmt: skip
            if self.validation is not None:
                self.validation = (
                    self.validation[0],
                    labelled(model, loss, self.validation[0], [self.validation[1]])[0],
                )
        for known, threshold in _THRESHOLDS:
            if known is _meant(loss) and self.metrics.get("accuracy") is accuracy:
                self.metrics["accuracy"] = partial(accuracy, threshold=threshold)

    def _take(self, data: tuple[list[Any], list[Any]], batch_size: int | None) -> None:
        """Take data into memory, with targets as the loss numbers them."""
        model, loss = self.model, self.loss
        self.x, self.y = data
        labels = labelled(model, loss, self.x, [self.y, *([self.validation[1]] if self.validation else [])])
        self.y = labels[0]
        if self.validation is not None:
            self.validation = self.validation[0], labels[1]
        self.size = len(self.x) if batch_size is None else min(batch_size, len(self.x))
        if model._takes_batches() and len(self.x) % self.size == 1 % self.size and not _nested(self.x[0]):
            raise ValueError(gettext(
                "batches of {size} of {count} samples leave one alone, over which a BatchNorm has no "
                "variance; choose another batch_size",
                size=self.size, count=len(self.x),
            ))  # fmt: skip

    def check_callbacks(self, callbacks: Any) -> None:
        """Check that all callbacks can be called, and that what they watch is measured."""
        if callable(callbacks) or not isinstance(callbacks, Iterable):
            raise TypeError(gettext("callbacks takes a list of functions: write callbacks=[function]"))
        names = ["loss", *self.metrics]
        figures = names if self.reading is None else ["loss"]
        figures = figures + [f"val_{name}" for name in names if self.validation is not None]
        for callback in callbacks:
            if not callable(callback):
                raise TypeError(gettext(
                    "a callback must be a function of a nn.callbacks.Training, got {kind}",
                    kind=type(callback).__name__,
                ))  # fmt: skip
            if isinstance(callback, EarlyStopping):
                callback.check(figures)

    def stateful(self) -> list[Any]:
        """Return the parts that a checkpoint asks for their state."""
        return [*self.callbacks, *([self.scheduler] if self.scheduler is not None else [])]

    def run(self, epochs: int, bar: Progress) -> History:
        """Train up to the given epoch, or to where something stops it."""
        training, started, was_training = self.training, time.perf_counter(), self.model.training
        self.model.train()
        try:
            with _interruptible(training):
                if self.at_once():
                    assert isinstance(self.step, Compiled)
                    self.step.many(
                        self.x, self.y, epochs - training.epoch, lambda losses: self.passed(losses, bar)
                    )
                while training.epoch < epochs and not training.stopping:
                    figures = self.epoch()
                    if figures is None:
                        break
                    bar.update(training.epoch, **figures)
                    last = training.epoch == epochs or bool(training.stopping)
                    if self.checkpoint is not None and (last or training.epoch % self.every == 0):
                        self.save()
        except KeyboardInterrupt:
            training.stopping = "interrupted"
        finally:
            self.model.train(was_training)
            bar.close()
        for callback in self.callbacks:
            finish = getattr(callback, "finish", None)
            if finish is not None:
                finish(training)
        training.history.stopped = training.stopping
        training.history.seconds = time.perf_counter() - started
        return training.history

    def save(self, under_way: UnderWay | None = None) -> None:
        """Write the checkpoint."""
        assert self.checkpoint is not None
        save_checkpoint(self.checkpoint, self.training, self.rng, self.stateful(), self.made, under_way)

    def described(self) -> str:
        """Return what tells the data from other data."""
        return self.reading.made() if self.reading is not None else fingerprint(self.x, self.y)

    def at_once(self) -> bool:
        """Whether epochs are steps of one program, between which nothing is to be done."""
        if not isinstance(self.step, Compiled) or self.reading is not None:
            return False
        return self.size == len(self.x) and not self.watched()

    def watched(self) -> bool:
        """Whether something is to be done after each epoch."""
        return bool(self.metrics or self.validation or self.callbacks or self.scheduler or self.checkpoint)

    def passed(self, losses: list[float], bar: Progress) -> bool:
        """Take note of epochs that consisted of one step each; return whether to stop."""
        for value in losses:
            self.training.history.append({"loss": value})
        bar.update(self.training.epoch, loss=losses[-1])
        return bool(self.training.stopping)

    def epoch(self) -> dict[str, float] | None:
        """Go through the data once, and return the figures; None if it was interrupted on the way."""
        training = self.training
        with closing(self.batches()) as parts:
            at = self.at
            for x, y in parts:
                value = self.step(x, y, training.epoch)
                at.total += value * len(x) if self.mean else value
                at.samples += len(x)
                at.batches += 1
                if training.stopping and self.reading is not None and self.checkpoint is not None:
                    self.save(at)
                    return None
                # Data in memory is gone through to the epoch's end where the training is kept in a file.
                if training.stopping and self.checkpoint is None and at.samples < self.samples():
                    return None
                if self.every_batches and at.batches % self.every_batches == 0:
                    self.save(at)
        figures = {"loss": at.total / at.samples if self.mean else at.total}
        if self.reading is None:
            figures.update(_measured(self.model, self.x, self.y, self.metrics, ""))
        if self.validation is not None:
            figures["val_loss"] = evaluate(
                self.model, self.validation, self.loss, reduction="mean" if self.mean else "sum"
            )
            figures.update(_measured(self.model, *self.validation, self.metrics, "val_"))
        training.history.append(figures)
        if self.scheduler is not None:
            self.scheduler.after_epoch(figures)
        for callback in self.callbacks:
            callback(training)
        if self.callbacks:
            self.step.look_again()
        return figures

    def samples(self) -> float:
        """Return how many samples an epoch has, as far as that is known."""
        return len(self.x) if self.reading is None else math.inf

    def batches(self) -> Generator[tuple[Any, Any], None, None]:
        """Return what is left of the epoch, from its beginning or from where a checkpoint was written."""
        self.at, self.begun = self.begun or UnderWay(), None
        now = None
        if self.at.batches:  # draw the order once more
            now = self.rng.getstate()
            self.rng.setstate(self.at.order)
        elif self.checkpoint is not None:
            self.at.order = self.rng.getstate()
        if self.reading is not None:
            parts = self.reading.epoch(self.training.epoch, self.rng, self.at.batches)
        else:
            shuffle = self.shuffle and self.size < len(self.x)
            parts = _from(self.at.batches, batches(self.x, self.y, self.size, shuffle, self.rng))
        if now is not None:
            self.rng.setstate(now)
        return parts


def _from(count: int, parts: Iterator[Any]) -> Generator[Any, None, None]:
    """Yield the parts but for so many."""
    yield from islice(parts, count, None)


def prepared(data: Any, name: str) -> tuple[list[Any], list[Any]]:
    """Return samples and targets as lists of Python numbers, after checking that every number is finite."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(gettext("{name} must be a pair of samples and targets, (x, y)", name=name))
    x, y = (
        _python_numbers(as_rows(part, f"the {what} of {name}"), f"the {what} of {name}")
        for what, part in zip(("samples", "targets"), data)
    )
    if len(x) != len(y) or not x:
        raise ValueError(gettext(
            "{name} has {count} samples and {count2} targets; each sample needs one target, and there must "
            "be one sample",
            name=name, count=len(x), count2=len(y),
        ))  # fmt: skip
    for i, pair in enumerate(zip(x, y, strict=True)):
        for what, part in zip(("sample", "target"), pair, strict=True):
            for number in part if isinstance(part, (list, tuple)) else (part,):
                if isinstance(number, float) and not math.isfinite(number):
                    raise ValueError(gettext(
                        "{what} {i} of {name} holds {number}; remove it or fill it in",
                        what=what, i=i, name=name, number=number,
                    ))  # fmt: skip
    return x, y


def _python_numbers(part: Any, name: str) -> list[Any]:
    return listed(name, part.tolist() if hasattr(part, "tolist") else part)


# Above which a single output means the class 1, by the loss that it was trained with.
_THRESHOLDS: tuple[tuple[Any, float], ...] = (
    (losses.binary_cross_entropy, 0.5), (losses.binary_cross_entropy_with_logits, 0.0),
    (losses.hinge_loss, 0.0),
)  # fmt: skip
_PAIRS = ((0, 1), (-1, 1), (1, 2))
"""How two classes are called."""
_OWN_PAIRS = {
    losses.binary_cross_entropy: (0, 1), losses.binary_cross_entropy_with_logits: (0, 1),
    losses.hinge_loss: (-1, 1), losses.cross_entropy: (0, 1), losses.nll_loss: (0, 1),
}  # fmt: skip
"""How losses call two classes."""


def _meant(loss: Any) -> Any:
    """Return the function of a loss that is bound to options, as by ``nn.CrossEntropyLoss()``."""
    return getattr(loss, "func", loss)


def labelled(
    model: Module, loss: Any, x: Sequence[Any], parts: Sequence[list[Any]]
) -> list[list[Any]]:  # fmt: skip
    """Return targets that name classes otherwise than the loss does, in its own way.

    Labels from 1 to n are the n outputs for `cross_entropy` and `nll_loss`; and the two classes of those of
    two outputs, of the binary ones and of `hinge_loss` are called 0 and 1, -1 and 1, or 1 and 2. As they
    stand, these losses would refuse them.
    """
    kind = _meant(loss)
    found = {label for part in parts for label in part if isinstance(label, (int, float))}
    found.discard(getattr(loss, "keywords", {}).get("ignore_index"))
    if kind not in _OWN_PAIRS or not found:
        return list(parts)
    if any(not isinstance(label, (int, float)) for part in parts for label in part):
        return list(parts)
    own = _OWN_PAIRS[kind]
    pair = next((pair for pair in _PAIRS if found <= set(pair)), own)
    renamed: dict[float, int] = dict(zip(pair, own, strict=True)) if not found <= set(own) else {}
    if kind in (losses.cross_entropy, losses.nll_loss):
        count = found == set(range(1, len(found) + 1)) and len(found)
        if renamed or count:
            output = _outputs(model, _few(model, x))[0]
            outputs = len(output) if hasattr(output, "__len__") else 1
            if count and outputs == count:
                renamed = {k: int(k) - 1 for k in found}
            elif outputs != 2:
                renamed = {}
    return [[renamed.get(label, label) for label in part] for part in parts] if renamed else list(parts)


@options({"criterion": "loss", "loss_fn": "loss"}, "nn.evaluate(model, (x, y), loss)")
def evaluate(
    model: Module, data: tuple[Any, Any], loss: Callable[[Any, Any], Any], *, reduction: str = "mean"
) -> float:
    """Return the loss over a data set, without recording and with the model in evaluation.

    Parameters
    ----------
    model, loss
        As for `fit`.
    data
        Samples and targets, a pair of arrays or sequences of one length.
    reduction
        ``"mean"`` or ``"sum"`` over the samples.

    Returns
    -------
    float
        The loss, without a penalty.

    Raises
    ------
    ValueError, TypeError
        If ``data`` is no pair of equally many samples and targets, or holds a number that is not finite.

    Examples
    --------
    >>> import nn
    >>> evaluate(nn.Neuron(1, init="zeros"), ([[1.0]], [2.0]), nn.losses.mse_loss)
    4.0
    """
    if not isinstance(model, Module) or not callable(loss):
        raise TypeError(gettext(
            "evaluate takes a module of nn and a function of (output, target), got {kind} and {kind2}",
            kind=type(model).__name__, kind2=type(loss).__name__,
        ))  # fmt: skip
    check_reduction(reduction)
    x, y = prepared(data, "data")
    y = labelled(model, loss, x, [y])[0]
    total = math.fsum(data_of(loss(output, t)) for output, t in zip(_outputs(model, x), y, strict=True))
    return total / len(x) if reduction == "mean" else total


def check_reduction(reduction: Any) -> None:
    """Check how the losses of samples are put together."""
    if reduction not in ("mean", "sum"):
        raise ValueError(gettext(
            "reduction must be mean or sum, got {reduction}",
            reduction=f"{reduction!r:.60}",
        ))  # fmt: skip


def _nested(sample: Any) -> bool:
    return isinstance(sample, (list, tuple)) and any(isinstance(part, (list, tuple)) for part in sample)


def _few(model: Module, xs: Sequence[Any]) -> Sequence[Any]:
    """Return as few samples as the model can be tried on: where it needs a batch, two."""
    return xs[: 2 if model._takes_batches() else 1]


def _outputs(model: Module, x: Sequence[Any]) -> list[Any]:
    with _evaluating(model):
        return outputs_of(model, x)


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    """Switch a module to evaluation, and record nothing."""
    was_training = model.training
    model.eval()
    try:
        with autograd.no_grad():
            yield
    finally:
        model.train(was_training)


def _metrics(metrics: Sequence[str] | Mapping[str, Metric]) -> dict[str, Metric]:
    if isinstance(metrics, str):
        raise TypeError(gettext(
            "metrics takes a list of names: write metrics=[{metrics}]",
            metrics=repr(metrics),
        ))  # fmt: skip
    if isinstance(metrics, Mapping):
        for name, metric in metrics.items():
            if not callable(metric):
                raise TypeError(gettext(
                    "the metric {name} must be a function of (outputs, targets), got {kind}",
                    name=repr(name), kind=type(metric).__name__,
                ))  # fmt: skip
        return {str(name): metric for name, metric in metrics.items()}
    metrics = listed("metrics", metrics)
    for name in metrics:
        if not isinstance(name, str) or name not in METRICS:
            raise ValueError(gettext(
                "no metric is called {name}; choose from {names}, or pass a dict of functions",
                name=repr(name), names=', '.join(METRICS),
            ))  # fmt: skip
    return {name: METRICS[name] for name in metrics}


def _measured(
    model: Module, x: list[Any], y: list[Any], metrics: Mapping[str, Metric], prefix: str
) -> dict[str, float]:
    if not metrics:
        return {}
    outputs = _outputs(model, x)
    figures = {prefix + name: metric(outputs, y) for name, metric in metrics.items()}
    for name, figure in figures.items():
        if not hasattr(figure, "__float__"):
            raise TypeError(gettext(
                "the metric {name} must return a number, got {kind}",
                name=repr(name), kind=type(figure).__name__,
            ))  # fmt: skip
    return {name: float(figure) for name, figure in figures.items()}


@contextmanager
def _interruptible(training: Training) -> Iterator[None]:
    """Take a first interrupt from the keyboard as a request to stop after the present step.

    A second one is immediate.
    """

    def request(*_: Any) -> None:
        training.stop("interrupted")
        signal.signal(signal.SIGINT, signal.default_int_handler)

    usual = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if usual:
        signal.signal(signal.SIGINT, request)
    try:
        yield
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)
