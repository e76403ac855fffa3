"""Data sets of two features to learn on, made on the spot from a seed; `nn.data` has their names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.words import gettext
from nn.arrays import numpy_for
from nn.checks import real, whole
from nn.init import Rng, generator

if TYPE_CHECKING:
    import numpy as np

__all__ = ["make_circles", "make_moons", "make_regression", "make_spiral", "make_xor"]

Arrays = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]


def _arrays(points: Sequence[tuple[float, ...]], labels: Sequence[Any], rng: Any, shuffle: bool) -> Arrays:
    np = numpy_for(gettext("a data set of nn.data"))
    order = list(range(len(points)))
    if shuffle:
        rng.shuffle(order)
    return np.array([points[i] for i in order], dtype=float), np.array([labels[i] for i in order])


def _even(start: float, stop: float, count: int) -> list[float]:
    """Return ``count`` numbers evenly spaced from start to stop, both included."""
    return [start + (stop - start) * i / max(count - 1, 1) for i in range(count)]


def make_moons(n_samples: int = 100, noise: float = 0.1, *, shuffle: bool = True, rng: Rng = 0) -> Arrays:
    """Make two interleaved half circles of radius 1, labelled 0 and 1.

    Parameters
    ----------
    n_samples
        How many points, half of them on each moon.
    noise
        Standard deviation of the normal noise on each coordinate.
    shuffle
        Whether the points come in random order.
    rng
        A ``random.Random``, a seed, or None for the module ``random``.

    Returns
    -------
    array (n_samples, 2), array (n_samples,) of int
        Points and labels.

    Raises
    ------
    ValueError
        If there are fewer samples than 2, or ``noise`` is negative or no number.

    Examples
    --------
    >>> points, labels = make_moons(100)
    >>> points.shape, sorted(set(labels.tolist()))
    ((100, 2), [0, 1])
    """
    source, n, noise = generator(rng), whole("n_samples", n_samples, least=2), real("noise", noise, least=0.0)
    outer = [(math.cos(t), math.sin(t)) for t in _even(0.0, math.pi, n // 2)]
    inner = [(1.0 - math.cos(t), 0.5 - math.sin(t)) for t in _even(0.0, math.pi, n - n // 2)]
    points = [(x + source.gauss(0.0, noise), y + source.gauss(0.0, noise)) for x, y in outer + inner]
    return _arrays(points, [0] * len(outer) + [1] * len(inner), source, shuffle)


def make_circles(
    n_samples: int = 100, noise: float = 0.05, *, factor: float = 0.5, shuffle: bool = True, rng: Rng = 0
) -> Arrays:
    """Make a circle of radius 1, labelled 0, around one of radius ``factor``, labelled 1.

    Parameters
    ----------
    n_samples
        How many points, half of them on each circle.
    noise
        Standard deviation of the normal noise on each coordinate.
    factor
        Radius of the inner circle, between 0 and 1.
    shuffle, rng
        As for `make_moons`.

    Returns
    -------
    array (n_samples, 2), array (n_samples,) of int
        Points and labels.

    Raises
    ------
    ValueError
        If there are fewer samples than 2, or ``noise`` or ``factor`` lies outside of its range.

    Examples
    --------
    >>> points, labels = make_circles(40)
    >>> int(labels.sum())
    20
    """
    source, n, noise = generator(rng), whole("n_samples", n_samples, least=2), real("noise", noise, least=0.0)
    factor = real("factor", factor, above=0.0, below=1.0)
    points, labels = [], []
    for label, radius, count in ((0, 1.0, n // 2), (1, factor, n - n // 2)):
        for i in range(count):
            t = 2.0 * math.pi * i / count
            points.append(
                (
                    radius * math.cos(t) + source.gauss(0.0, noise),
                    radius * math.sin(t) + source.gauss(0.0, noise),
                )
            )
            labels.append(label)
    return _arrays(points, labels, source, shuffle)


def make_spiral(
    n_samples: int = 300, noise: float = 0.2, *, arms: int = 3, shuffle: bool = False, rng: Rng = 0
) -> Arrays:
    """Make interleaved spiral arms, labelled 0, 1, ... (the reference system R6).

    Arm j has radius r evenly spaced in [0, 1] and angle t evenly spaced in [4j, 4(j+1)] radians plus normal
    noise; its points are (r sin t, r cos t).

    Parameters
    ----------
    n_samples
        How many points in all; each arm gets an equal share, the first arms one more where it does not
        divide.
    noise
        Standard deviation of the angle's noise, in radians.
    arms
        How many arms.
    shuffle, rng
        As for `make_moons`; by default the arms come one after another.

    Returns
    -------
    array (n_samples, 2), array (n_samples,) of int
        Points and labels.

    Raises
    ------
    ValueError
        If there is no arm, there are fewer samples than arms, or ``noise`` is negative or no number.

    Examples
    --------
    >>> points, labels = make_spiral(9, noise=0.0)
    >>> labels.tolist()
    [0, 0, 0, 1, 1, 1, 2, 2, 2]
    """
    source, noise = generator(rng), real("noise", noise, least=0.0)
    arms = whole("arms", arms)
    n = whole("n_samples", n_samples, least=arms)
    points, labels = [], []
    for j in range(arms):
        count = n // arms + (j < n % arms)
        for r, t in zip(_even(0.0, 1.0, count), _even(4.0 * j, 4.0 * (j + 1), count), strict=True):
            angle = t + source.gauss(0.0, noise)
            points.append((r * math.sin(angle), r * math.cos(angle)))
            labels.append(j)
    return _arrays(points, labels, source, shuffle)


def make_xor(n_samples: int = 100, noise: float = 0.1, *, shuffle: bool = True, rng: Rng = 0) -> Arrays:
    """Make points around the corners of the unit square, labelled by the exclusive or of their coordinates.

    Four samples without noise are the truth table.

    Parameters
    ----------
    n_samples
        How many points, a quarter of them at each corner.
    noise
        Standard deviation of the normal noise on each coordinate.
    shuffle, rng
        As for `make_moons`.

    Returns
    -------
    array (n_samples, 2), array (n_samples,) of int
        Points and labels.

    Raises
    ------
    ValueError
        If there are fewer samples than 4, or ``noise`` is negative or no number.

    Examples
    --------
    >>> points, labels = make_xor(4, noise=0.0, shuffle=False)
    >>> points.tolist(), labels.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    source, n, noise = generator(rng), whole("n_samples", n_samples, least=4), real("noise", noise, least=0.0)
    corners = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
    chosen = [corners[i % 4] for i in range(n)]
    points = [(a + source.gauss(0.0, noise), b + source.gauss(0.0, noise)) for (a, b), _ in chosen]
    return _arrays(points, [label for _, label in chosen], source, shuffle)


def make_regression(
    n_samples: int = 100, n_features: int = 1, noise: float = 0.1, *, shuffle: bool = True, rng: Rng = 0
) -> Arrays:
    """Make samples of a random linear function: standard normal features, targets x . w + b plus noise.

    Parameters
    ----------
    n_samples, n_features
        How many samples, and features of each.
    noise
        Standard deviation of the targets' noise.
    shuffle, rng
        As for `make_moons`.

    Returns
    -------
    array (n_samples, n_features), array (n_samples,) of float
        Features and targets.

    Raises
    ------
    ValueError
        If there are fewer samples than 1, or no feature, or ``noise`` is negative or no number.

    Examples
    --------
    >>> x, y = make_regression(50, 3)
    >>> x.shape, y.shape
    ((50, 3), (50,))
    """
    source, n, noise = generator(rng), whole("n_samples", n_samples), real("noise", noise, least=0.0)
    weights = [source.gauss(0.0, 1.0) for _ in range(whole("n_features", n_features))]
    offset = source.gauss(0.0, 1.0)
    points = [tuple(source.gauss(0.0, 1.0) for _ in weights) for _ in range(n)]
    targets = [
        math.fsum(w * x for w, x in zip(weights, point, strict=True)) + offset + source.gauss(0.0, noise)
        for point in points
    ]
    return _arrays(points, targets, source, shuffle)
