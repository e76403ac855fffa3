"""Normalisation: over the samples of a batch, and over the numbers of one sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import autograd
from autograd import TracingError, Value, modes
from autograd.spellings import TENSORS, options
from autograd.words import gettext
from nn.checks import is_sequence, real, rows_of, whole
from nn.modules.module import Batch, Module

__all__ = ["BatchNorm", "LayerNorm", "RMSNorm"]


def _mean(xs: Sequence[Any]) -> Any:
    return autograd.mean(xs)


def _variance(xs: Sequence[Any], mean: Any) -> Any:
    """Return the mean square of the deviations, which divides by n and not by n - 1."""
    deviations = [x - mean for x in xs]
    return autograd.dot(deviations, deviations) / len(xs)


def _flat(x: Any) -> list[Any]:
    """Return all numbers of a nested sequence."""
    return list(chain.from_iterable(map(_flat, x))) if is_sequence(x) else [x]


def _mapped(f: Any, x: Any) -> Any:
    """Apply a function to each number of a nested sequence."""
    return [_mapped(f, element) for element in x] if is_sequence(x) else f(x)


class LayerNorm(Module):
    """Bring the numbers of a sample to mean 0 and variance 1, then scale and shift each.

    y = w (x - mean) / sqrt(var + eps) + b, where the variance divides by n (Ba, Kiros and Hinton 2016).

    Parameters
    ----------
    size
        How many numbers a sample has; or the shape of it, a list of that number.
    eps
        Keeps the quotient finite; in units of the variance.
    affine
        Whether there are the parameters w and b.

    Attributes
    ----------
    w, b : list of Value
        Scales, which start at 1, and shifts, which start at 0; empty without ``affine``.

    Examples
    --------
    >>> norm = LayerNorm(3)
    >>> [round(y.data, 4) for y in norm([1.0, 2.0, 6.0])]
    [-0.9258, -0.4629, 1.3887]
    >>> norm
    LayerNorm(3)
    """

    @options(
        {"normalized_shape": "size", "elementwise_affine": "affine"},
        bias=(True, "norm.b = [] after norm = nn.LayerNorm(size)"), **TENSORS,
    )  # fmt: skip
    def __init__(self, size: int | Sequence[int], eps: float = 1e-5, *, affine: bool = True) -> None:
        if isinstance(size, Sequence) and len(size) == 1:  # PyTorch's shape of a vector
            size = size[0]
        self.size, self.eps = whole("size", size), real("eps", eps, least=0.0)
        self.w = [Value(1.0) for _ in range(self.size)] if affine else []
        self.b = [Value(0.0) for _ in range(self.size)] if affine else []

    def forward(self, x: Any) -> list[Any]:
        """Return the normalised numbers; of a list of samples, those of each.

        Parameters
        ----------
        x
            A sample: ``size`` numbers or Values; or a list of samples.

        Raises
        ------
        ValueError
            If a sample has another size.
        """
        numbers = rows_of("x", x)
        if numbers and is_sequence(numbers[0]):
            return [self.forward(sample) for sample in numbers]
        if len(numbers) != self.size:
            raise ValueError(gettext(
                "{given} takes samples of {size} numbers, got {count}",
                given=repr(self), size=self.size, count=len(numbers),
            ))  # fmt: skip
        return self._scaled(self._normalised(numbers))

    def _normalised(self, x: list[Any]) -> list[Any]:
        mean = _mean(x)
        spread = autograd.sqrt(_variance(x, mean) + self.eps)
        return [(xi - mean) / spread for xi in x]

    def _scaled(self, x: list[Any]) -> list[Any]:
        x = [w * xi for w, xi in zip(self.w, x, strict=True)] if self.w else x
        return [xi + b for xi, b in zip(x, self.b, strict=True)] if self.b else x

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.size})"

    def _kind(self) -> str:
        return repr(self)


class RMSNorm(LayerNorm):
    """Divide the numbers of a sample by the root of their mean square, then scale each.

    y = w x / sqrt(mean(x**2) + eps) (Zhang and Sennrich 2019).

    Parameters
    ----------
    size, eps, affine
        As for `LayerNorm`; there is no shift.

    Examples
    --------
    >>> [round(y.data, 4) for y in RMSNorm(2)([3.0, 4.0])]
    [0.8485, 1.1314]
    """

    @options({"normalized_shape": "size", "elementwise_affine": "affine"}, **TENSORS)
    def __init__(self, size: int | Sequence[int], eps: float = 1e-5, *, affine: bool = True) -> None:
        super().__init__(size, eps, affine=affine)
        self.b = []

    def _normalised(self, x: list[Any]) -> list[Any]:
        root = autograd.sqrt(autograd.dot(x, x) / len(x) + self.eps)
        return [xi / root for xi in x]


class BatchNorm(LayerNorm):
    """Bring each feature to mean 0 and variance 1 over the samples of a batch, then scale and shift it.

    y = w (x - mean) / sqrt(var + eps) + b (Ioffe and Szegedy 2015). In training, mean and variance are those
    of the batch, and the running ones move towards them: running = (1 - momentum) running + momentum batch,
    with the variance that divides by n - 1. In evaluation the running ones are used.

    It takes a batch, a list of samples, since one sample has no variance. So does a model that holds one:
    `nn.fit` calls it with a `nn.Batch`, of which the modules before and after take one sample at a time.

    Parameters
    ----------
    size
        How many features (or channels) a sample has. A channel may be a number or a nested list of them, such
        as the rows of an image, over all of which its mean is taken.
    eps
        Keeps the quotient finite; in units of the variance.
    momentum
        Share of the batch in the running numbers.
    affine
        Whether there are the parameters w and b.
    track_running_stats
        Whether there are running numbers; without them those of the batch are used in evaluation, too.

    Attributes
    ----------
    w, b : list of Value
        As for `LayerNorm`, one for each feature.
    running_mean, running_var : tuple of Value
        Kept with the parameters by ``save`` and ``state_dict``, but not trained.

    Raises
    ------
    ValueError
        Called in training with a batch that has one number for each feature.
    TracingError
        While a program is compiled that would move the running numbers; that which `nn.fit` compiles does.

    Examples
    --------
    >>> norm = BatchNorm(2)
    >>> [[round(y.data, 3) for y in row] for row in norm([[1.0, 10.0], [3.0, 30.0]])]
    [[-1.0, -1.0], [1.0, 1.0]]
    >>> [round(m.data, 3) for m in norm.running_mean]
    [0.2, 2.0]
    >>> [round(y.data, 3) for y in norm.eval()([2.0, 20.0])]
    [1.716, 3.937]
    """

    _joins_samples = True

    @options({"num_features": "size"}, **TENSORS)
    def __init__(
        self, size: int, eps: float = 1e-5, momentum: float = 0.1, *, affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(size, eps, affine=affine)
        self.momentum = real("momentum", momentum, least=0.0, below=1.0 + 1e-15)
        kept = self.size if track_running_stats else 0
        self._running = _Running([Value(0.0) for _ in range(kept)], [Value(1.0) for _ in range(kept)])

    @property
    def running_mean(self) -> tuple[Value, ...]:
        """The running means, one for each feature."""
        return tuple(self._running.mean)

    @property
    def running_var(self) -> tuple[Value, ...]:
        """The running variances, one for each feature."""
        return tuple(self._running.var)

    def _buffers(self) -> Iterator[tuple[str, Value]]:
        for name, values in (("running_mean", self.running_mean), ("running_var", self.running_var)):
            yield from ((f"{name}{i}", value) for i, value in enumerate(values))

    def forward(self, x: Any) -> list[Any]:
        """Return the normalised batch; in evaluation a single sample of plain features, too.

        Parameters
        ----------
        x
            A list of samples, each of ``size`` numbers, Values, or nested lists of such.
        """
        batch = rows_of("x", x)
        if not batch or not is_sequence(batch[0]):
            if self.training or not self.running_mean:
                raise ValueError(gettext(
                    "{given} in training takes a batch, a list of samples: one sample has no variance; "
                    "collect the samples, or use nn.LayerNorm, which needs one only",
                    given=repr(self),
                ))  # fmt: skip
            return self.forward([batch])[0]  # type: ignore[no-any-return]
        samples = [list(sample) for sample in batch]
        for sample in samples:
            if len(sample) != self.size:
                raise ValueError(gettext(
                    "{given} takes samples of {size} features, got {count}",
                    given=repr(self), size=self.size, count=len(sample),
                ))  # fmt: skip
        columns = [self._column(i, [sample[i] for sample in samples]) for i in range(self.size)]
        normalised = [list(sample) for sample in zip(*columns, strict=True)]
        return Batch(normalised) if x.__class__ is Batch else normalised

    def _column(self, i: int, column: list[Any]) -> list[Any]:
        """Normalise one feature of all samples."""
        if self.training or not self.running_mean:
            numbers = _flat(column)
            mean = _mean(numbers)
            variance = _variance(numbers, mean)
            self._follow(i, mean, variance, len(numbers))
        else:
            mean, variance = self.running_mean[i], self.running_var[i]
        spread = autograd.sqrt(variance + self.eps)
        w, b = (self.w[i], self.b[i]) if self.w else (None, None)

        def one(x: Any) -> Any:
            y = (x - mean) / spread
            return y if w is None else w * y + b

        normalised: list[Any] = _mapped(one, column)
        return normalised

    def _follow(self, i: int, mean: Any, variance: Any, count: int) -> None:
        """Move the running numbers of a feature."""
        if count < 2:
            raise ValueError(gettext(
                "{given} in training needs more than one number for each feature, got a batch of {count}; "
                "pass more samples, or call eval()",
                given=repr(self), count=count,
            ))  # fmt: skip
        if not self.running_mean:
            return
        now = mean, variance * count / (count - 1)
        if not modes.is_tracing():
            self._move(i, *[x.data if isinstance(x, Value) else x for x in now])
        elif self._running.told is None or i in self._running.told:
            raise TracingError(gettext(
                "BatchNorm moves its running means at each call, which a compiled program does not; train "
                "with nn.fit, without compile, call model.eval() first, or make it with "
                "track_running_stats=False"
            ))  # fmt: skip
        else:
            self._running.told[i] = now

    def _move(self, i: int, mean: float, variance: float) -> None:
        """Move the running numbers of a feature towards those of a batch."""
        for running, now in ((self.running_mean[i], mean), (self.running_var[i], variance)):
            running.data = (1.0 - self.momentum) * running.data + self.momentum * now


class _Running:
    """The running numbers; kept apart, since they are no parameters."""

    def __init__(self, mean: list[Value], var: list[Value]) -> None:
        self.mean, self.var = mean, var
        self.told: dict[int, tuple[Any, Any]] | None = None
        """While a program is recorded that tells them: by feature, the mean and variance of the batch."""
        for name, values in (("running_mean", mean), ("running_var", var)):
            for i, value in enumerate(values):
                value.label = f"{name}{i}"


class Told:
    """What a compiled program tells of the batches of some `BatchNorm`, which it does not move itself.

    To the loss is added the product of each mean and variance and a parameter that is zero: that product's
    slope is the number itself.

    Parameters
    ----------
    model
        Whose running numbers are to move.
    """

    def __init__(self, model: Module) -> None:
        self.norms = [m for m in model.modules() if isinstance(m, BatchNorm) and m.running_mean]
        self.zeros = [[(Value(0.0), Value(0.0)) for _ in norm.running_mean] for norm in self.norms]
        self.params = list(chain.from_iterable(chain.from_iterable(self.zeros)))

    def added_to(self, loss: Callable[[], Any]) -> Any:
        """Return the loss that a program is recorded of, with those products added."""
        for norm in self.norms:
            norm._running.told = {}
        try:
            total = loss()
            for norm, zeros in zip(self.norms, self.zeros, strict=True):
                for i, now in (norm._running.told or {}).items():
                    total = total + autograd.dot(zeros[i], now)
            return total
        finally:
            for norm in self.norms:
                norm._running.told = None

    def take(self, slopes: Sequence[float]) -> None:
        """Move the running numbers by the slopes of `params`."""
        numbers = iter(slopes)
        for norm in self.norms:
            for i in range(norm.size):
                mean, variance = float(next(numbers)), float(next(numbers))
                if norm.training:
                    norm._move(i, mean, variance)
