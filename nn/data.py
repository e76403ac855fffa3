"""Data sets of two features to learn on, made on the spot from a seed, and what prepares data for training.

Every data set is a pair of NumPy arrays: the features, one row for each sample, and the labels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nn.init import Rng, generator
from nn.table import read_csv

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "batches", "make_circles", "make_moons", "make_regression", "make_spiral", "make_xor", "one_hot",
    "read_csv", "train_test_split",
]  # fmt: skip

Arrays = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]


def _arrays(points: Sequence[tuple[float, ...]], labels: Sequence[Any], rng: Any, shuffle: bool) -> Arrays:
    import numpy as np

    order = list(range(len(points)))
    if shuffle:
        rng.shuffle(order)
    return np.array([points[i] for i in order], dtype=float), np.array([labels[i] for i in order])


def _count(n: Any, *, least: int = 2) -> int:
    if isinstance(n, bool) or not hasattr(n, "__index__") or n.__index__() < least:
        raise ValueError(f"a data set needs a whole number of at least {least} samples, got {n!r}")
    return int(n.__index__())


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
        Whether the points come in random order, or moon by moon.
    rng
        A ``random.Random``, a seed, or None for the module ``random``.

    Returns
    -------
    array (n_samples, 2), array (n_samples,) of int
        Points and labels.

    Examples
    --------
    >>> points, labels = make_moons(100)
    >>> points.shape, sorted(set(labels.tolist()))
    ((100, 2), [0, 1])
    """
    source, n = generator(rng), _count(n_samples)
    outer = [(math.cos(t), math.sin(t)) for t in _even(0.0, math.pi, n // 2)]
    inner = [(1.0 - math.cos(t), 0.5 - math.sin(t)) for t in _even(0.0, math.pi, n - n // 2)]
    points = [(x + source.gauss(0.0, noise), y + source.gauss(0.0, noise)) for x, y in outer + inner]
    return _arrays(points, [0] * len(outer) + [1] * len(inner), source, shuffle)


def make_circles(
    n_samples: int = 100, noise: float = 0.05, *, factor: float = 0.5, shuffle: bool = True, rng: Rng = 0
) -> Arrays:
    """Make a circle of radius 1, labelled 0, around one of radius ``factor``, labelled 1.

    Parameters as for `make_moons`.

    Examples
    --------
    >>> points, labels = make_circles(40)
    >>> int(labels.sum())
    20
    """
    source, n = generator(rng), _count(n_samples)
    if not 0.0 < factor < 1.0:
        raise ValueError(f"factor, the inner radius, must lie between 0 and 1, got {factor!r}")
    points, labels = [], []
    for label, radius, count in ((0, 1.0, n // 2), (1, factor, n - n // 2)):
        for i in range(count):
            t = 2.0 * math.pi * i / count
            points.append((radius * math.cos(t) + source.gauss(0.0, noise), radius * math.sin(t) + source.gauss(0.0, noise)))
            labels.append(label)
    return _arrays(points, labels, source, shuffle)


def make_spiral(n_samples: int = 300, noise: float = 0.2, *, arms: int = 3, shuffle: bool = False, rng: Rng = 0) -> Arrays:
    """Make interleaved spiral arms, labelled 0, 1, ... (the reference system R6).

    Arm j has radius r evenly spaced in [0, 1] and angle t evenly spaced in [4j, 4(j+1)] radians plus normal
    noise; its points are (r sin t, r cos t).

    Parameters
    ----------
    n_samples
        How many points in all; each arm gets an equal share, the first arms one more where it does not divide.
    noise
        Standard deviation of the angle's noise, in radians.
    arms
        How many arms.
    shuffle, rng
        As for `make_moons`; the arms come one after another by default.

    Examples
    --------
    >>> points, labels = make_spiral(9, noise=0.0)
    >>> labels.tolist()
    [0, 0, 0, 1, 1, 1, 2, 2, 2]
    """
    source, n = generator(rng), _count(n_samples, least=arms)
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

    Parameters as for `make_moons`; four samples without noise are the truth table.

    Examples
    --------
    >>> points, labels = make_xor(4, noise=0.0, shuffle=False)
    >>> points.tolist(), labels.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    source, n = generator(rng), _count(n_samples, least=4)
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

    Examples
    --------
    >>> x, y = make_regression(50, 3)
    >>> x.shape, y.shape
    ((50, 3), (50,))
    """
    source, n = generator(rng), _count(n_samples, least=1)
    weights = [source.gauss(0.0, 1.0) for _ in range(_count(n_features, least=1))]
    offset = source.gauss(0.0, 1.0)
    points = [tuple(source.gauss(0.0, 1.0) for _ in weights) for _ in range(n)]
    targets = [math.fsum(w * x for w, x in zip(weights, point, strict=True)) + offset + source.gauss(0.0, noise) for point in points]
    return _arrays(points, targets, source, shuffle)


def _picker(data: Any) -> Callable[[list[int]], Any]:
    """Return the function that picks rows by number, from an array or from any sequence."""
    if hasattr(data, "shape"):
        return lambda rows: data[rows]
    return lambda rows: [data[i] for i in rows]


def _lengths(x: Any, y: Any) -> int:
    if len(x) != len(y):
        raise ValueError(f"{len(x)} samples but {len(y)} targets; each sample needs one target")
    if len(x) == 0:
        raise ValueError("the data set is empty; it needs at least one sample")
    return len(x)


def batches(x: Any, y: Any, batch_size: int | None = None, shuffle: bool = True, rng: Rng = None) -> Iterator[tuple[Any, Any]]:
    """Yield the data in batches, each sample once; the last batch may be smaller.

    Parameters
    ----------
    x, y
        Samples and targets: sequences or arrays of one length.
    batch_size
        Samples in a batch; None for all in one.
    shuffle
        Whether to draw a new order.
    rng
        A ``random.Random``, a seed, or None for the module ``random``.

    Examples
    --------
    >>> list(batches([1, 2, 3], [10, 20, 30], 2, shuffle=False))
    [([1, 2], [10, 20]), ([3], [30])]
    """
    n = _lengths(x, y)
    size = n if batch_size is None else batch_size
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"batch_size must be a whole number of at least 1, or None for all samples, got {batch_size!r}")
    order = list(range(n))
    if shuffle:
        generator(rng).shuffle(order)
    pick_x, pick_y = _picker(x), _picker(y)
    for start in range(0, n, size):
        rows = order[start : start + size]
        yield pick_x(rows), pick_y(rows)


def train_test_split(x: Any, y: Any, test_size: float = 0.25, *, rng: Rng = 0) -> tuple[Any, Any, Any, Any]:
    """Split into parts for training and testing, at random.

    Parameters
    ----------
    x, y
        Samples and targets.
    test_size
        Share of the samples for testing (below 1), or their number.
    rng
        A ``random.Random``, a seed, or None for the module ``random``.

    Returns
    -------
    tuple
        ``x_train, x_test, y_train, y_test``.

    Examples
    --------
    >>> x_train, x_test, y_train, y_test = train_test_split([1, 2, 3, 4], [1, 2, 3, 4])
    >>> x_train == y_train, len(x_test)
    (True, 1)
    """
    n = _lengths(x, y)
    count = round(n * test_size) if isinstance(test_size, float) else test_size
    if not 0 < count < n:
        raise ValueError(f"test_size {test_size!r} of {n} samples leaves nothing for one of the parts; give a share between 0 and 1, or a number below {n}")
    order = list(range(n))
    generator(rng).shuffle(order)
    pick_x, pick_y = _picker(x), _picker(y)
    return pick_x(order[count:]), pick_x(order[:count]), pick_y(order[count:]), pick_y(order[:count])


def one_hot(labels: Any, classes: int | None = None) -> Any:
    """Return for each label the list that is 1 at the label and 0 elsewhere; for a single label, one list.

    Parameters
    ----------
    labels
        A whole number from 0, or a sequence of them.
    classes
        How many classes there are; without it, one more than the largest label.

    Examples
    --------
    >>> one_hot([0, 2])
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    >>> one_hot(1, 2)
    [0.0, 1.0]
    """
    single = not hasattr(labels, "__iter__")
    wanted: Sequence[Any] = [labels] if single else list(labels)
    numbers = [int(label) for label in wanted]
    for label, number in zip(wanted, numbers, strict=True):
        if number != label or number < 0:
            raise ValueError(f"a label must be a whole number from 0, got {label!r}")
    count = max(numbers, default=-1) + 1 if classes is None else classes
    if numbers and max(numbers) >= count:
        raise ValueError(f"label {max(numbers)} is not one of the classes 0 to {count - 1}")
    rows = [[float(k == number) for k in range(count)] for number in numbers]
    return rows[0] if single else rows
