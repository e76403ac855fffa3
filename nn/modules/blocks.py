"""Modules that are not made of neurons, or that hold others: Sequential, Embedding, Dropout, Activate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any, SupportsIndex, TypeVar, overload

import autograd
from autograd import TracingError, Value, modes
from autograd.calculus.lookup import entries
from autograd.spellings import IDLE, TENSORS, options
from autograd.words import gettext
from nn.activations import Activation, activation_function, activation_title
from nn.checks import as_whole, is_sequence, real, whole
from nn.init import Initializer, Rng, generator, initializer
from nn.modules.module import Batch, Module

__all__ = ["Activate", "Dropout", "Embedding", "Flatten", "Sequential"]

T = TypeVar("T")


class Sequential(Module):
    """Modules and functions one after another, each applied to the output of the one before.

    Parameters
    ----------
    *stages
        Modules, or functions such as `autograd.softmax`.

    Examples
    --------
    >>> import autograd, nn
    >>> hidden, scores = nn.Layer(2, 3, activation="tanh", rng=0), nn.Layer(3, 2, nonlin=False, rng=1)
    >>> model = Sequential(hidden, scores, autograd.softmax)
    >>> round(sum(p.data for p in model([1.0, 2.0])), 12)
    1.0
    >>> model.parameters()[0].label
    'stage0.n0.w0'
    """

    _element_names = MappingProxyType({"stages": "stage"})

    def __init__(self, *stages: Callable[[Any], Any]) -> None:
        self.stages: list[Any] = [_stage(stage) for stage in stages]

    def append(self, stage: Callable[[Any], Any]) -> Sequential:
        """Add a stage at the end; return the module.

        Parameters
        ----------
        stage
            A module, or a function.
        """
        self.stages = [*self.stages, _stage(stage)]
        return self

    def __len__(self) -> int:
        return len(self.stages)

    def __getitem__(self, place: int) -> Any:
        return self.stages[place]

    def forward(self, x: Any) -> Any:
        """Return what the last stage makes of it.

        Parameters
        ----------
        x
            What the first stage takes.
        """
        for stage in self.stages:
            together = x.__class__ is Batch and not isinstance(stage, Module)
            x = Batch(map(stage, x)) if together else stage(x)
        return x

    def __repr__(self) -> str:
        return (
            f"Sequential({', '.join(s.__name__ if hasattr(s, '__name__') else repr(s) for s in self.stages)})"
        )


def _stage(stage: Any) -> Any:
    if not callable(stage):
        raise TypeError(gettext(
            "Sequential takes modules and functions, got {kind}; write Sequential(a, b), not a list",
            kind=type(stage).__name__,
        ))  # fmt: skip
    return stage


class Embedding(Module):
    """A vector of parameters for each of a number of things, looked up by number.

    Parameters
    ----------
    count
        How many things, such as the characters of an alphabet.
    size
        Length of each vector.
    init
        Name of a function in `nn.init`, or such a function; standard normal by default.
    rng
        A ``random.Random`` or a seed; without it the module ``random`` is drawn from.

    Attributes
    ----------
    w : list of tuple of Value
        The vectors: ``count`` rows of ``size`` numbers.

    Examples
    --------
    >>> table = Embedding(27, 4, rng=0)
    >>> len(table(5)), table(5)[0].label
    (4, 'w5_0')
    """

    @options(
        {"num_embeddings": "count", "embedding_dim": "size"}, padding_idx=(None, "0.0 into that row of w"),
        max_norm=(None, "the row divided by its autograd.norm"), scale_grad_by_freq=(False, "nothing"),
        sparse=IDLE, **TENSORS,
    )  # fmt: skip
    def __init__(self, count: int, size: int, *, init: str | Initializer = "normal", rng: Rng = None) -> None:
        rows = initializer(init)(whole("size", size), whole("count", count), rng=rng)
        self.w: list[tuple[Value, ...]] = [tuple([Value(x) for x in row]) for row in rows]

    @overload
    def __call__(self, index: Iterable[SupportsIndex]) -> list[list[Value]]: ...
    @overload
    def __call__(self, index: SupportsIndex) -> list[Value]: ...
    @overload
    def __call__(self, index: Any) -> Any: ...
    def __call__(self, index: Any) -> Any:
        """Return what `forward` does."""
        return self.forward(index)

    def forward(self, index: Any) -> Any:
        """Return the vector of a whole number; for a sequence of them, the list of theirs.

        Parameters
        ----------
        index
            From 0 to below the number of vectors, or a sequence of such.

        Raises
        ------
        IndexError
            If there is no such vector.
        TypeError
            If it is no whole number.
        """
        if is_sequence(index):
            return [self.forward(i) for i in index]
        if isinstance(index, Value) and modes.is_tracing():
            return entries(self.w, index)  # the number is not known while a program is compiled
        if isinstance(index, Value) and as_whole(index.data) is not None:
            index = int(index.data)
        if isinstance(index, Value) or not hasattr(index, "__index__"):
            raise TypeError(gettext(
                "Embedding looks up whole numbers, got {kind}",
                kind=type(index).__name__,
            ))  # fmt: skip
        place = index.__index__()
        if not 0 <= place < len(self.w):
            raise IndexError(gettext(
                "Embedding has the rows 0 to {count}, got {place}",
                count=len(self.w) - 1, place=place,
            ))  # fmt: skip
        return list(self.w[place])

    def parameters(self) -> list[Value]:
        """Return the rows one after another."""
        return [x for row in self.w for x in row]

    def __repr__(self) -> str:
        return f"Embedding({len(self.w)}, {len(self.w[0])})"

    def _kind(self) -> str:
        return repr(self)


class Dropout(Module):
    """In training, zero each number with probability ``p`` and divide the others by 1 - p.

    Srivastava et al. 2014. Outside of training, all numbers pass.

    Parameters
    ----------
    p
        Probability, below 1.
    rng
        A ``random.Random`` or a seed; without it the module ``random`` is drawn from.

    Raises
    ------
    ValueError
        If ``p`` is no probability below 1.

    Examples
    --------
    >>> drop = Dropout(0.5, rng=0)
    >>> drop([1.0, 1.0, 1.0])
    [2.0, 2.0, 0.0]
    >>> drop.eval()([1.0, 1.0, 1.0])
    [1.0, 1.0, 1.0]
    """

    @options(inplace=IDLE)
    def __init__(self, p: float = 0.5, *, rng: Rng = None) -> None:
        self.p = real("p, a probability,", p, least=0.0, below=1.0)
        self.rng = generator(rng)

    def __call__(self, x: T) -> T:
        """Return what `forward` does."""
        passed: T = self.forward(x)
        return passed

    def forward(self, x: Any) -> Any:
        """Return a number, or a list of numbers, with some of them replaced by zero.

        Parameters
        ----------
        x
            A number or Value, or a nested sequence of them.

        Raises
        ------
        TracingError
            Where a program is being compiled, which would repeat one draw.
        """
        if not self.training or not self.p:
            return x
        if modes.is_tracing():
            raise TracingError(gettext(
                "Dropout draws anew at each call, and a compiled program would repeat one draw for ever; "
                "train without compile, or call model.eval() first"
            ))  # fmt: skip
        if is_sequence(x):
            return [self.forward(element) for element in x]
        if not hasattr(x, "__mul__") or isinstance(x, str):
            raise TypeError(gettext(
                "Dropout takes numbers and Values, and lists of them, got {kind}",
                kind=type(x).__name__,
            ))  # fmt: skip
        return x * (1.0 / (1.0 - self.p)) if self.rng.random() >= self.p else x * 0.0

    def __repr__(self) -> str:
        return f"Dropout({self.p})"

    def _kind(self) -> str:
        return repr(self)


class Activate(Module):
    """An activation as a module: a function of each number.

    In a `Layer` it is an argument, ``activation="tanh"``; by itself it may stand in a `Sequential`.

    Parameters
    ----------
    activation
        A name from `nn.activations.NAMES`, or a function of one Value.
    **options
        What the function takes beside, such as ``slope=0.2`` of ``"leaky_relu"``.

    Examples
    --------
    >>> Activate("relu")([1.0, -2.0]), Activate("tanh")
    ([1.0, 0.0], Activate('tanh'))
    """

    def __init__(self, activation: Activation, **options: Any) -> None:
        self.activation, function = activation_function(activation)
        public = getattr(autograd, self.activation, None) if isinstance(activation, str) else None
        self._function: Any = public or function
        self.options = options
        if options:
            self.forward(0.0)  # an option that there is not is found here

    def forward(self, x: Any) -> Any:
        """Return the function of a number, or of each in a nested sequence.

        Parameters
        ----------
        x
            A number or Value, or a nested sequence of them.
        """
        if is_sequence(x):
            return [self.forward(element) for element in x]
        return x if self._function is None else self._function(x, **self.options)

    def __repr__(self) -> str:
        more = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"Activate({self.activation!r}{more})"

    def _kind(self) -> str:
        return activation_title(self.activation)


class Flatten(Module):
    """All numbers of a nested sequence in one list, such as those of the channels of an image.

    Parameters
    ----------
    start_dim, end_dim
        As PyTorch has them, for whom the first dimension is that of the batch; no others are taken.

    Examples
    --------
    >>> Flatten()([[[1.0, 2.0]], [[3.0, 4.0]]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        if (start_dim, end_dim) != (1, -1):
            raise ValueError(gettext(
                "Flatten makes one list of all numbers of a sample, got start_dim={start_dim} and "
                "end_dim={end_dim}; write [Flatten()(part) for part in x] for lists inside",
                start_dim=f"{start_dim!r:.40}", end_dim=f"{end_dim!r:.40}",
            ))  # fmt: skip

    def forward(self, x: Any) -> list[Any]:
        """Return the numbers, row by row.

        Parameters
        ----------
        x
            A nested sequence of numbers or Values.
        """
        return [leaf for element in x for leaf in self.forward(element)] if is_sequence(x) else [x]
