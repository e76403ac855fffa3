"""Convolution and pooling of images: lists of channels, each a list of rows of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
from autograd.spellings import TENSORS, options
from autograd.words import gettext
from nn.activations import Activation
from nn.checks import is_sequence, listed, whole
from nn.init import Initializer, Rng
from nn.modules.layers import Layer
from nn.modules.module import Module

__all__ = ["AvgPool2d", "Conv2d", "MaxPool2d"]

Pair = int | tuple[int, int]


def _pair(name: str, given: Any, *, least: int = 1) -> tuple[int, int]:
    """Return the numbers of rows and of columns, from one for both or a pair of them."""
    both = listed(name, given) if hasattr(given, "__iter__") else [given, given]
    if len(both) != 2:
        raise ValueError(gettext(
            "{name} is a whole number, or a pair for rows and columns, got {given}",
            name=name, given=f"{given!r:.60}",
        ))  # fmt: skip
    return whole(name, both[0], least=least), whole(name, both[1], least=least)


def _margins(padding: Any, window: tuple[int, int], stride: tuple[int, int]) -> tuple[int, int]:
    """Return how many zeros go around an image, from numbers or PyTorch's "same" and "valid"."""
    if padding == "same":
        if stride != (1, 1) or not window[0] % 2 == window[1] % 2 == 1:
            raise ValueError(gettext(
                'padding="same" takes a stride of 1 and a kernel_size of odd numbers, got the stride '
                "{stride} and the kernel_size {window}; write the padding as a number",
                stride=stride, window=window,
            ))  # fmt: skip
        return window[0] // 2, window[1] // 2
    if isinstance(padding, str) and padding != "valid":
        raise ValueError(gettext(
            "padding is a number, a pair, 'same' or 'valid', got {padding}",
            padding=f"{padding!r:.40}",
        ))  # fmt: skip
    return _pair("padding", 0 if isinstance(padding, str) else padding, least=0)


def _channels(image: Any, who: str) -> tuple[list[list[list[Any]]], bool]:
    """Return an image as channels of rows, and whether it was a single channel, a list of rows."""
    def depth(x: Any) -> int:
        return 1 + depth(x[0]) if is_sequence(x) and len(x) else 0

    found = depth(image)
    if found not in (2, 3):
        raise ValueError(gettext(
            "{who} takes one image: a list of rows of numbers, or a list of channels, each a list of rows; "
            "got a nested list of depth {found}",
            who=who, found=found,
        ))  # fmt: skip
    single = found == 2
    channels = [[list(row) for row in channel] for channel in ([image] if single else image)]
    rows, columns = len(channels[0]), len(channels[0][0])
    for channel in channels:
        if len(channel) != rows or any(len(row) != columns for row in channel):
            raise ValueError(gettext(
                "{who}: the rows of an image must have one length, and its channels one size",
                who=who,
            ))  # fmt: skip
    return channels, single


def _places(size: int, window: int, stride: int, who: str) -> range:
    """Return where the windows begin in a row, or in a column."""
    if window > size:
        raise ValueError(gettext(
            "{who}: an image of {size} has no room for a window of {window}",
            who=who, size=size, window=window,
        ))  # fmt: skip
    return range(0, size - window + 1, stride)


class Conv2d(Module):
    """A convolution: one neuron for each channel of the output, over a window that moves across the image.

    ``y[o][r][c] = b[o] + sum of w[o][i][m][n] x[i][r s + m][c s + n]`` over channels i and window places
    (m, n), with the stride s (LeCun et al. 1989; strictly a cross-correlation, as in PyTorch).

    Parameters
    ----------
    nin, nout
        Numbers of channels of the input and the output.
    kernel_size
        Rows and columns of the window; one number for both.
    stride
        By how many rows and columns the window moves.
    padding
        Rows and columns of zeros around the image; or ``"same"``, for an output of the image's size, or
        ``"valid"``, for none.
    activation
        Of the neurons; none by default.
    bias, init, rng
        As for `Layer`.

    Attributes
    ----------
    kernels : Layer
        The neurons. The weights of each are those of its window, channel by channel and row by row.

    Examples
    --------
    >>> edges = Conv2d(1, 1, (1, 2), init="zeros")
    >>> edges.kernels.neurons[0].w = [-1.0, 1.0]
    >>> [[y.data for y in row] for row in edges([[0.0, 0.0, 5.0], [1.0, 1.0, 1.0]])[0]]
    [[0.0, 5.0], [0.0, 0.0]]
    >>> edges
    Conv2d(1, 1, (1, 2))
    """

    @options(
        {"in_channels": "nin", "out_channels": "nout"},
        dilation=(1, "a class that derives from nn.Module, whose forward() takes every other number"),
        groups=(1, "a nn.Conv2d for each group of channels"),
        padding_mode=("zeros", "the image with its margin, and padding=0"), **TENSORS,
    )  # fmt: skip
    def __init__(
        self, nin: int, nout: int, kernel_size: Pair, stride: Pair = 1, padding: Pair | str = 0, *,
        activation: Activation = None, bias: bool = True, init: str | Initializer = "kaiming_uniform",
        rng: Rng = None,
    ) -> None:  # fmt: skip
        self.nin, self.nout = whole("nin", nin), whole("nout", nout)
        self.kernel_size, self.stride = _pair("kernel_size", kernel_size), _pair("stride", stride)
        self.padding = _margins(padding, self.kernel_size, self.stride)
        weights = self.nin * self.kernel_size[0] * self.kernel_size[1]
        self.kernels: Layer[Any] = Layer(
            weights, self.nout, activation="linear" if activation is None else activation,
            nonlin=activation is not None, bias=bias, init=init, rng=rng,
        )  # fmt: skip

    def forward(self, image: Any) -> list[list[list[Any]]]:
        """Return the channels of the output, each a list of rows.

        Parameters
        ----------
        image
            A list of ``nin`` channels, each a list of rows of numbers or Values; or a channel's rows.

        Raises
        ------
        ValueError
            If it is no image of as many channels, or smaller than the window.
        """
        channels, _ = _channels(image, repr(self))
        if len(channels) != self.nin:
            raise ValueError(gettext(
                "{given} takes images of {nin} channels, got {count}",
                given=repr(self), nin=self.nin, count=len(channels),
            ))  # fmt: skip
        (high, wide), (down, across) = self.kernel_size, self.padding
        padded = []
        for channel in channels:
            empty = [0.0] * (len(channel[0]) + 2 * across)
            rows = [[0.0] * across + row + [0.0] * across for row in channel]
            padded.append([empty] * down + rows + [empty] * down)
        rows_at = _places(len(padded[0]), high, self.stride[0], repr(self))
        columns_at = _places(len(padded[0][0]), wide, self.stride[1], repr(self))
        made = [
            [
                self.kernels.outputs(
                    [x for channel in padded for row in channel[r : r + high] for x in row[c : c + wide]]
                )
                for c in columns_at
            ]
            for r in rows_at
        ]
        return [[[place[o] for place in row] for row in made] for o in range(self.nout)]

    def __repr__(self) -> str:
        window = self.kernel_size[0] if self.kernel_size[0] == self.kernel_size[1] else self.kernel_size
        more = f", stride={self.stride}" if self.stride != (1, 1) else ""
        more += f", padding={self.padding}" if self.padding != (0, 0) else ""
        return f"Conv2d({self.nin}, {self.nout}, {window}{more})"

    def _kind(self) -> str:
        return repr(self)


class MaxPool2d(Module):
    """The largest number of each window of an image, channel by channel.

    Parameters
    ----------
    kernel_size
        Rows and columns of the window; one number for both.
    stride
        By how many rows and columns the window moves; as large as the window by default.

    Examples
    --------
    >>> MaxPool2d(2)([[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 8.0, 7.0]])
    [[4.0, 8.0]]
    """

    pooled: Callable[[list[Any]], Any] = staticmethod(autograd.max)
    """What is made of the numbers of a window."""

    @options(
        padding=(0, "an image with a margin"), dilation=(1, "every other number of the image"),
        ceil_mode=(False, "an image with a margin"), count_include_pad=(True, "an image without a margin"),
        return_indices=(False, "max(range(len(window)), key=window.__getitem__)"),
        divisor_override=(None, "the mean times a number"),
    )  # fmt: skip
    def __init__(self, kernel_size: Pair, stride: Pair | None = None) -> None:
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else _pair("stride", stride)

    def forward(self, image: Any) -> list[Any]:
        """Return the image with one number for each window: rows for rows, channels for channels.

        Parameters
        ----------
        image
            A list of channels, each a list of rows; or a single list of rows.

        Raises
        ------
        ValueError
            If it is no image, or smaller than the window.
        """
        channels, single = _channels(image, repr(self))
        (high, wide), (down, across) = self.kernel_size, self.stride
        rows_at = _places(len(channels[0]), high, down, repr(self))
        columns_at = _places(len(channels[0][0]), wide, across, repr(self))

        def window(channel: list[list[Any]], r: int, c: int) -> list[Any]:
            return [x for row in channel[r : r + high] for x in row[c : c + wide]]

        pooled = [
            [[self.pooled(window(channel, r, c)) for c in columns_at] for r in rows_at]
            for channel in channels
        ]
        return pooled[0] if single else pooled

    def __repr__(self) -> str:
        high, wide = self.kernel_size
        more = f", stride={self.stride}" if self.stride != self.kernel_size else ""
        return f"{type(self).__name__}({high if high == wide else self.kernel_size}{more})"

    def _kind(self) -> str:
        return repr(self)


class AvgPool2d(MaxPool2d):
    """The mean of each window of an image, channel by channel.

    Parameters
    ----------
    kernel_size, stride
        As for `MaxPool2d`.

    Examples
    --------
    >>> AvgPool2d((1, 2))([[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 8.0, 7.0]])
    [[1.5, 5.5], [3.5, 7.5]]
    """

    pooled = staticmethod(autograd.mean)
