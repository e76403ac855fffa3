"""Data sets to learn on, CSV files, and what prepares data for training.

Every data set is a pair of NumPy arrays: the features, one row for each sample, and the labels.
Batches, splits and one-hot rows take any sequences and do without NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from autograd.floats.tables import as_rows
from autograd.words import gettext
from nn.checks import as_whole, check_list, real, refuse, rows_of, whole
from nn.data.datasets import make_circles, make_moons, make_regression, make_spiral, make_xor
from nn.data.table import read_csv
from nn.init import Rng, generator

__all__ = [
    "batches", "make_circles", "make_moons", "make_regression", "make_spiral", "make_xor", "one_hot",
    "read_csv", "train_test_split",
]  # fmt: skip

_INSTEAD = {
    **dict.fromkeys(["load_csv", "from_csv", "loadtxt", "genfromtxt", "read_table", "csv", "CSV"],
                    "write nn.data.read_csv(path)"),
    **dict.fromkeys(["DataLoader", "BatchSampler"],
                    "write nn.data.batches(x, y, batch_size=32), or nn.fit(..., batch_size=32)"),
    **dict.fromkeys(["TensorDataset", "Dataset", "ArrayDataset"],
                    "write the pair (x, y) of lists, arrays or tables"),
    "random_split": "write nn.data.train_test_split(x, y)",
    **dict.fromkeys(["standardize", "normalize", "StandardScaler", "MinMaxScaler"],
                    "write nn.BatchNorm(n) as the first module, or (x - x.mean(0)) / x.std(0) of an array"),
}  # fmt: skip


if not TYPE_CHECKING:  # a name that is not there is an error to checkers

    def __getattr__(name: str) -> Any:
        raise refuse("nn.data", name, _INSTEAD, __all__)


def _picker(data: Any) -> Callable[[list[int]], Any]:
    """Return the function that picks rows by number, from an array or from any sequence."""
    if hasattr(data, "shape"):
        return lambda rows: data[rows]
    return lambda rows: [data[i] for i in rows]


def _lengths(x: Any, y: Any) -> int:
    for name, part in (("x", x), ("y", y)):
        check_list(name, part, "__len__", "__getitem__")
    if len(x) != len(y):
        raise ValueError(gettext(
            "{x} samples but {y} targets; each sample needs one target",
            x=len(x), y=len(y),
        ))
    if len(x) == 0:
        raise ValueError(gettext("the data set is empty; it needs at least one sample"))
    return len(x)


def batches(
    x: Any, y: Any, batch_size: int | None = None, shuffle: bool = True, rng: Rng = None
) -> Iterator[tuple[Any, Any]]:
    """Return the data in batches, each sample once; the last batch may be smaller.

    The order is drawn at once, the batches are picked one by one.

    Parameters
    ----------
    x, y
        Samples and targets: sequences, arrays or tables of one length; a table's rows are the samples.
    batch_size
        Samples in a batch; None for all in one.
    shuffle
        Whether to draw a new order.
    rng
        A ``random.Random``, a seed, or None for the module ``random``.

    Returns
    -------
    iterator
        Of pairs, the samples of a batch and their targets: arrays of arrays and tables, lists of other
        sequences.

    Raises
    ------
    ValueError
        If there is no sample, the lengths differ, or ``batch_size`` is no whole number of at least 1.

    Examples
    --------
    >>> list(batches([1, 2, 3], [10, 20, 30], 2, shuffle=False))
    [([1, 2], [10, 20]), ([3], [30])]
    """
    x, y = as_rows(x, "x"), as_rows(y, "y")
    n = _lengths(x, y)
    size = n if batch_size is None else whole("batch_size", batch_size)
    order = list(range(n))
    if shuffle:
        generator(rng).shuffle(order)
    pick_x, pick_y = _picker(x), _picker(y)
    parts = (order[start : start + size] for start in range(0, n, size))
    return ((pick_x(rows), pick_y(rows)) for rows in parts)


def train_test_split(x: Any, y: Any, test_size: float = 0.25, *, rng: Rng = 0) -> tuple[Any, Any, Any, Any]:
    """Split into parts for training and testing, at random.

    Parameters
    ----------
    x, y
        Samples and targets: sequences, arrays or tables of one length; a table's rows are the samples.
    test_size
        Share of the samples for testing (below 1), or their number.
    rng
        A ``random.Random``, a seed, or None for the module ``random``.

    Returns
    -------
    tuple
        ``x_train, x_test, y_train, y_test``.

    Raises
    ------
    ValueError
        If the lengths differ, if ``test_size`` is no number from 0, or if one of the parts would be empty.

    Examples
    --------
    >>> x_train, x_test, y_train, y_test = train_test_split([1, 2, 3, 4], [1, 2, 3, 4])
    >>> x_train == y_train, len(x_test)
    (True, 1)
    """
    x, y = as_rows(x, "x"), as_rows(y, "y")
    n = _lengths(x, y)
    if hasattr(test_size, "__index__"):
        count = whole("test_size", test_size, least=0)
    else:
        count = round(n * min(real("test_size", test_size, least=0.0), 1.0))
    if not 0 < count < n:
        raise ValueError(
            gettext(
                "test_size {test_size} of {n} samples leaves nothing for one of the parts; give a "
                "share between 0 and 1, or a number below {n}",
                test_size=repr(test_size), n=n,
            )
        )
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

    Returns
    -------
    list of list of float
        One row for each label, one entry for each class; for a single label its row.

    Raises
    ------
    ValueError
        If a label is no whole number from 0, or is not below ``classes``.

    Examples
    --------
    >>> one_hot([0, 2])
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    >>> one_hot(1, 2)
    [0.0, 1.0]
    """
    single = not hasattr(labels, "__iter__")
    numbers = []
    for label in [labels] if single else rows_of("labels", labels):
        number = as_whole(label)
        if number is None or number < 0:
            raise ValueError(gettext(
                "a label must be a whole number from 0, got {label}",
                label=f"{label!r:.60}",
            ))  # fmt: skip
        numbers.append(number)
    count = max(numbers, default=-1) + 1 if classes is None else whole("classes", classes)
    if numbers and max(numbers) >= count:
        raise ValueError(gettext(
            "label {which} is not one of the classes 0 to {count}",
            which=max(numbers), count=count - 1,
        ))  # fmt: skip
    rows = [[float(k == number) for k in range(count)] for number in numbers]
    return rows[0] if single else rows
