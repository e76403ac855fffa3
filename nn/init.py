"""First values for weights: functions of a layer's size that return one row of numbers for each neuron.

Each takes ``(nin, nout)`` and a generator, draws row by row, and gives the same bits for the same seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd.words import gettext
from nn.checks import real, refuse, whole

__all__ = [
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

Rng = random.Random | int | None
Initializer = Callable[..., list[list[float]]]


def generator(rng: Rng) -> Any:
    """Return the generator to draw from: the one given, one from a seed, or the module ``random``."""
    if rng is None:
        return random
    if isinstance(rng, int) and not isinstance(rng, bool):
        return random.Random(rng)
    if not hasattr(rng, "random") or not hasattr(rng, "gauss"):
        raise TypeError(gettext(
            "rng must be a random.Random or a whole number as seed, got {kind}; write rng=random.Random(0)",
            kind=type(rng).__name__,
        ))  # fmt: skip
    return rng


def _sizes(nin: Any, nout: Any) -> tuple[int, int]:
    return whole("nin", nin), whole("nout", nout)


def _rows(draw: Callable[[], float], nin: Any, nout: Any) -> list[list[float]]:
    nin, nout = _sizes(nin, nout)
    return [[draw() for _ in range(nin)] for _ in range(nout)]


def uniform(
    nin: int, nout: int = 1, *, low: float = -1.0, high: float = 1.0, rng: Rng = None
) -> list[list[float]]:
    """Draw evenly from [low, high]; the default of every layer, as in micrograd.

    Parameters
    ----------
    nin, nout
        Numbers of inputs and of neurons.
    low, high
        The interval.
    rng
        A ``random.Random``, or a seed; without it the module ``random`` is drawn from.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> uniform(2, rng=random.Random(1))
    [[-0.7312715117751976, 0.6948674738744653]]
    """
    source, low, high = generator(rng), real("low", low), real("high", high)
    return _rows(lambda: source.uniform(low, high), nin, nout)


def normal(
    nin: int, nout: int = 1, *, mean: float = 0.0, std: float = 1.0, rng: Rng = None
) -> list[list[float]]:
    """Draw from the normal distribution.

    Parameters
    ----------
    nin, nout, rng
        As for `uniform`.
    mean, std
        Its mean and its standard deviation.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> [round(w, 4) for w in normal(2, std=0.01, rng=0)[0]]
    [0.0094, -0.014]
    """
    source, mean, std = generator(rng), real("mean", mean), real("std", std, least=0.0)
    return _rows(lambda: source.gauss(mean, std), nin, nout)


def zeros(nin: int, nout: int = 1, *, rng: Rng = None) -> list[list[float]]:  # noqa: ARG001
    """Start at zero: for a single layer; in deeper ones all neurons would stay equal.

    Parameters
    ----------
    nin, nout
        As for `uniform`.
    rng
        Nothing is drawn; taken since all initialisers take it.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> zeros(2)
    [[0.0, 0.0]]
    """
    return _rows(float, nin, nout)


def xavier_uniform(nin: int, nout: int = 1, *, gain: float = 1.0, rng: Rng = None) -> list[list[float]]:
    """Draw evenly from +-gain * sqrt(6 / (nin + nout)) (Glorot and Bengio 2010), for tanh and sigmoid.

    Parameters
    ----------
    nin, nout, rng
        As for `uniform`.
    gain
        Factor, dimensionless: 1 for tanh and sigmoid.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> max(map(abs, xavier_uniform(3, 3, rng=0)[0])) <= 1.0
    True
    """
    bound = real("gain", gain, least=0.0) * math.sqrt(6.0 / sum(_sizes(nin, nout)))
    return uniform(nin, nout, low=-bound, high=bound, rng=rng)


def xavier_normal(nin: int, nout: int = 1, *, gain: float = 1.0, rng: Rng = None) -> list[list[float]]:
    """Draw from the normal distribution of deviation gain * sqrt(2 / (nin + nout)) (Glorot and Bengio 2010).

    Parameters
    ----------
    nin, nout, rng
        As for `uniform`.
    gain
        Factor, dimensionless: 1 for tanh and sigmoid.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> xavier_normal(3, 1, rng=0) == normal(3, 1, std=0.5**0.5, rng=0)
    True
    """
    return normal(
        nin, nout, std=real("gain", gain, least=0.0) * math.sqrt(2.0 / sum(_sizes(nin, nout))), rng=rng
    )


def kaiming_uniform(
    nin: int, nout: int = 1, *, gain: float = math.sqrt(2.0), rng: Rng = None
) -> list[list[float]]:
    """Draw evenly from +-gain * sqrt(3 / nin) (He et al. 2015), for ReLU.

    Parameters
    ----------
    nin, nout, rng
        As for `uniform`.
    gain
        Factor, dimensionless: the square root of 2 for ReLU, which lets half of the square through.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> max(map(abs, kaiming_uniform(6, rng=0)[0])) <= 1.0
    True
    """
    bound = real("gain", gain, least=0.0) * math.sqrt(3.0 / whole("nin", nin))
    return uniform(nin, nout, low=-bound, high=bound, rng=rng)


def kaiming_normal(
    nin: int, nout: int = 1, *, gain: float = math.sqrt(2.0), rng: Rng = None
) -> list[list[float]]:
    """Draw from the normal distribution of deviation gain / sqrt(nin) (He et al. 2015), for ReLU.

    Parameters
    ----------
    nin, nout, rng
        As for `uniform`.
    gain
        Factor, dimensionless: the square root of 2 for ReLU, which lets half of the square through.

    Returns
    -------
    list of list of float
        ``nout`` rows of ``nin`` weights.

    Examples
    --------
    >>> kaiming_normal(8, 2, rng=0) == normal(8, 2, std=0.5, rng=0)
    True
    """
    return normal(nin, nout, std=real("gain", gain, least=0.0) / math.sqrt(whole("nin", nin)), rng=rng)


_NAMED: dict[str, Initializer] = {
    f.__name__: f
    for f in (uniform, normal, zeros, xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal)
}


def initializer(init: str | Initializer) -> Initializer:
    """Return an initialiser by its name, or the function itself."""
    if callable(init):
        return init
    if not isinstance(init, str) or init not in _NAMED:
        raise ValueError(gettext(
            "no initialiser is called {init}; choose one of {names}, or pass a function of (nin, nout, rng=)",
            init=repr(init), names=', '.join(_NAMED),
        ))  # fmt: skip
    return _NAMED[init]


_FILL = "set the data of each Value: for w in model.weights(): w.data = 0.0"
_INSTEAD = {
    **dict.fromkeys(["constant_", "zeros_", "ones_", "constant", "zeros", "ones", "eye_", "dirac_"], _FILL),
    **dict.fromkeys(["orthogonal_", "sparse_", "trunc_normal_", "orthogonal", "sparse", "trunc_normal"],
                    "write a function of nin, nout and rng that returns a row of numbers for each neuron, "
                    "and give it as init="),
    "calculate_gain": "write init=partial(nn.init.xavier_uniform, gain=5.0 / 3.0), the gain of tanh",
    **{name + "_": f"write init={name!r} where a layer is made, as in nn.Layer(2, 1, init={name!r})"
       for name in __all__},
}  # fmt: skip


if not TYPE_CHECKING:  # a name that is not there is an error to checkers

    def __getattr__(name: str) -> Any:
        raise refuse("nn.init", name, _INSTEAD, __all__)
