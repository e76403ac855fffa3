"""What may happen at the end of each epoch of `nn.fit`: history, early stopping, bars, files of events."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from autograd.errors import optional
from autograd.keep.files import decode_float
from autograd.words import gettext
from nn.checks import data_of, entries, real, whole
from nn.modules.module import Module
from nn.optim.optimizer import Optimizer
from nn.plot import plot_history

__all__ = ["EarlyStopping", "History", "TensorBoard", "Tqdm", "Training"]


class History(Mapping[str, list[float]]):
    """The figures of each epoch by name, such as ``loss`` and ``val_accuracy``.

    Attributes
    ----------
    epochs : int
        How many epochs were completed, those before a resumption included.
    stopped : str
        Why the training ended before its last epoch; empty where it did not.
    seconds : float
        How long it took, without what came before a resumption.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": 0.5})
    >>> history.append({"loss": 0.25})
    >>> history["loss"], history.epochs
    ([0.5, 0.25], 2)
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[float]] = {}
        self.epochs = 0
        self.stopped = ""
        self.seconds = 0.0

    def append(self, figures: Mapping[str, float]) -> None:
        """Add one epoch.

        Parameters
        ----------
        figures
            Numbers by name. A name that is new gets NaN for the epochs before.
        """
        numbers = {str(name): data_of(figure) for name, figure in dict(figures).items()}
        for name, number in numbers.items():
            # A figure that is new in this epoch has no value for those before.
            self._columns.setdefault(name, [math.nan] * self.epochs).append(number)
        self.epochs += 1

    def __getitem__(self, name: str) -> list[float]:
        if name not in self._columns:
            raise KeyError(gettext(
                "no figure is called {name}; there are {given}",
                name=repr(name), given=', '.join(self) or 'none yet',
            ))  # fmt: skip
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        last = "".join(f", {name} {column[-1]:.4g}" for name, column in self.items() if column)
        stopped = f", {self.stopped}" if self.stopped else ""
        return f"History({self.epochs} epoch{'' if self.epochs == 1 else 's'}{last}{stopped})"

    def plot(self, *, ax: Any = None, title: str = "Training") -> Any:
        """Draw the losses, and beside them the metrics if there are any; return the axes of the losses.

        Parameters
        ----------
        ax
            Axes to draw the losses into; without it a figure is made, for the metrics too.
        title
            The inscription.

        Returns
        -------
        matplotlib Axes
            ``history.plot().figure.savefig("history.png")`` writes a picture.
        """
        return plot_history(self, ax=ax, title=title)

    def state_dict(self) -> dict[str, Any]:
        """Return the figures, for a checkpoint."""
        return {"epochs": self.epochs, "columns": {name: list(column) for name, column in self.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Parameters
        ----------
        state
            What `state_dict` of a history returned.

        Raises
        ------
        ValueError
            If its columns are not all as long as it says.
        """
        epochs, saved = entries(state, ("epochs", "columns"), gettext("a history"))
        epochs = whole(gettext("the number of epochs"), epochs, least=0)
        columns = {str(name): [decode_float(x) for x in column] for name, column in saved.items()}
        if any(len(column) != epochs for column in columns.values()):
            raise ValueError(gettext("the history's columns do not all have {epochs} entries", epochs=epochs))
        self.epochs, self._columns = epochs, columns


class Training:
    """A training that is under way, as callbacks see it.

    Parameters
    ----------
    model, optimizer
        What was given to `nn.fit`.
    history
        The figures so far, those of the epoch that has just ended included.

    Attributes
    ----------
    epoch : int
        How many epochs have ended.

    Examples
    --------
    >>> import nn
    >>> def until_good(training):
    ...     if training.history["loss"][-1] < 0.1:
    ...         training.stop("good enough")
    >>> data = nn.data.make_regression(20, rng=1)
    >>> model = nn.MLP(1, [1], rng=1)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    >>> loss = nn.losses.mse_loss
    >>> nn.fit(model, data, loss, optimizer, epochs=500, callbacks=[until_good], progress=False).stopped
    'good enough'
    """

    def __init__(self, model: Module, optimizer: Optimizer, history: History) -> None:
        self.model, self.optimizer, self.history = model, optimizer, history
        self.stopping = ""

    @property
    def epoch(self) -> int:
        """How many epochs have ended."""
        return self.history.epochs

    def stop(self, reason: str) -> None:
        """End the training after this epoch.

        Parameters
        ----------
        reason
            What ``history.stopped`` shall say.
        """
        self.stopping = reason


class EarlyStopping:
    """Stop once a figure has not improved for some epochs, and go back to the best parameters.

    Parameters
    ----------
    patience
        How many epochs to wait for an improvement.
    monitor
        Name of the figure; smaller is better, unless ``largest``.
    min_delta
        By how much a figure must be better to count.
    largest
        Whether larger is better, as for an accuracy.
    restore_best
        Whether the parameters of the best epoch are restored at the end.

    Examples
    --------
    >>> import nn
    >>> stopping = EarlyStopping(patience=2, monitor="loss", min_delta=0.1)
    >>> data = nn.data.make_regression(10, noise=0.0)
    >>> model = nn.MLP(1, [1], init="zeros")
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=1e-6)
    >>> loss = nn.losses.mse_loss
    >>> nn.fit(model, data, loss, optimizer, epochs=50, callbacks=[stopping], progress=False).stopped
    'no better loss since epoch 1'
    """

    def __init__(
        self,
        patience: int = 10,
        *,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        largest: bool = False,
        restore_best: bool = True,
    ) -> None:
        self.patience, self.monitor, self.min_delta = (
            whole("patience", patience),
            monitor,
            real("min_delta", min_delta),
        )
        self.largest, self.restore_best = largest, restore_best
        self.best: float | None = None
        self.best_epoch = 0
        self.best_parameters: dict[str, float] = {}

    def check(self, figures: list[str]) -> None:
        """Check that what is watched will be measured.

        Parameters
        ----------
        figures
            The names of what is measured.

        Raises
        ------
        ValueError
            If the watched one is not among them.
        """
        if self.monitor not in figures:
            raise ValueError(gettext(
                "EarlyStopping watches {monitor}, but the figures are {names}; give fit a validation set, "
                "or monitor another",
                monitor=repr(self.monitor), names=', '.join(figures),
            ))  # fmt: skip

    def __call__(self, training: Training) -> None:
        """Look at the epoch that has ended."""
        self.check(list(training.history))
        figure = training.history[self.monitor][-1]
        gain = math.inf if self.best is None else (figure - self.best if self.largest else self.best - figure)
        if gain > self.min_delta and figure == figure:  # NaN is no best to compare with
            self.best, self.best_epoch = figure, training.epoch
            if self.restore_best:
                self.best_parameters = training.model.state_dict()
        self.stop_in_vain(training)

    def stop_in_vain(self, training: Training) -> None:
        """Stop where the patience is over, also when a training that ended so is resumed.

        Parameters
        ----------
        training
            The training.
        """
        if training.epoch - self.best_epoch >= self.patience:
            training.stop(gettext(
                "no better {monitor} since epoch {epoch}", monitor=self.monitor, epoch=self.best_epoch
            ))  # fmt: skip

    def finish(self, training: Training) -> None:
        """Restore the best parameters, at the training's end.

        Parameters
        ----------
        training
            The training that has ended.
        """
        if self.restore_best and self.best_parameters:
            training.model.load_state_dict(self.best_parameters)

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered, for a checkpoint."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_parameters": dict(self.best_parameters),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Parameters
        ----------
        state
            What `state_dict` of an early stopping returned.
        """
        best, epoch, parameters = entries(
            state, ("best", "best_epoch", "best_parameters"), gettext("an early stopping")
        )
        best, epoch = None if best is None else decode_float(best), whole("best_epoch", epoch, least=0)
        parameters = {str(name): decode_float(x) for name, x in parameters.items()}
        self.best, self.best_epoch, self.best_parameters = best, epoch, parameters


class Tqdm:
    """A bar of the library tqdm for the epochs of `nn.fit`, beside the figures of the last one.

    Parameters
    ----------
    epochs
        How many there will be, as `nn.fit` is told.
    **options
        For ``tqdm.auto.tqdm``, such as ``desc``, ``leave`` or ``file``.

    Raises
    ------
    MissingDependencyError
        If tqdm is not installed.

    Examples
    --------
    With ``progress=False``, so that there is one bar::

        nn.fit(model, data, loss, optimizer, epochs=50, callbacks=[nn.callbacks.Tqdm(50)], progress=False)

    >>> from nn.callbacks import Tqdm
    >>> Tqdm.__name__
    'Tqdm'
    """

    def __init__(self, epochs: int, **options: Any) -> None:
        self._bar_of = optional("tqdm.auto", "nn.callbacks.Tqdm", "pip install tqdm", what="tqdm").tqdm
        self.epochs, self.options = whole("epochs", epochs), options
        self.bar: Any = None

    def __call__(self, training: Training) -> None:
        """Show the epoch that has ended."""
        if self.bar is None:
            given = {"desc": "training", "unit": "epoch", **self.options}
            self.bar = self._bar_of(total=self.epochs, initial=training.epoch - 1, **given)
        self.bar.set_postfix(
            {name: f"{column[-1]:.4g}" for name, column in training.history.items()}, refresh=False
        )
        self.bar.update(training.epoch - self.bar.n)

    def finish(self, training: Training) -> None:  # noqa: ARG002
        """End the bar.

        Parameters
        ----------
        training
            The training that has ended.
        """
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class TensorBoard:
    """Write the figures of each epoch of `nn.fit` for TensorBoard, and the learning rate.

    Parameters
    ----------
    folder
        Where the file of events goes; ``tensorboard --logdir`` with it, or with the one above, shows it.

    Raises
    ------
    MissingDependencyError
        If TensorBoard is not installed.

    Examples
    --------
    One folder for each training::

        nn.fit(model, data, loss, optimizer, epochs=50, callbacks=[nn.callbacks.TensorBoard("runs/first")])

    >>> from nn.callbacks import TensorBoard
    >>> TensorBoard.__name__
    'TensorBoard'
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        purpose, install = "nn.callbacks.TensorBoard", "pip install tensorboard"
        self._events = optional(
            "tensorboard.summary.writer.event_file_writer", purpose, install, what="TensorBoard"
        )
        self._event = optional("tensorboard.compat.proto.event_pb2", purpose, install).Event
        self._summary = optional("tensorboard.compat.proto.summary_pb2", purpose, install).Summary
        self.folder = os.fspath(folder)
        self._writer: Any = None

    def __call__(self, training: Training) -> None:
        """Write the figures of the epoch that has ended."""
        if self._writer is None:
            self._writer = self._events.EventFileWriter(self.folder)
        figures = {name: column[-1] for name, column in training.history.items()}
        values = [
            self._summary.Value(tag=name, simple_value=x)
            for name, x in {**figures, "lr": training.optimizer.lr}.items()
        ]
        event = self._event(wall_time=time.time(), step=training.epoch, summary=self._summary(value=values))
        self._writer.add_event(event)
        self._writer.flush()

    def finish(self, training: Training) -> None:  # noqa: ARG002
        """Close the file.

        Parameters
        ----------
        training
            The training that has ended.
        """
        if self._writer is not None:
            self._writer.close()
            self._writer = None
