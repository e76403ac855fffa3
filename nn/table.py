"""Reading data from CSV files, with errors that name the line and the column."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.files import read_text
from nn.arrays import numpy_for
from nn.checks import listed

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Table", "column_names", "read_csv"]


class Table:
    """What `read_csv` returns: features, targets, and what the columns and classes are called.

    Attributes
    ----------
    x : array (samples, features)
        The features.
    y : array (samples,)
        The targets: numbers; or, where the target column holds words, their places in ``classes``.
        None where the file was read without a target.
    features : list of str
        Names of the features' columns.
    target : str or None
        Name of the target's column.
    classes : list of str
        The words of the target column in order of the alphabet; empty where it holds numbers.
    """

    def __init__(self, x: np.ndarray[Any, Any], y: Any, features: list[str], target: str | None, classes: list[str]) -> None:
        self.x, self.y, self.features, self.target, self.classes = x, y, features, target, classes


def _number(cell: str) -> float | None:
    if "_" in cell:  # which Python takes for a separator of thousands; here it makes a word
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _with_comma(cell: str) -> bool:
    """Whether a cell would be a number, were its comma a point."""
    return cell.count(",") == 1 and _number(cell.replace(",", ".")) is not None


def _no_number(cell: str) -> str:
    """Say why a cell is no number that can be learnt from."""
    if _with_comma(cell):
        return f"{cell!r:.40} has a decimal comma; write a decimal point"
    return f"{cell!r:.40} is not a finite number" if cell else "the cell is empty"


def _bad(path: str, line: int, column: int, name: str, what: str) -> ValueError:
    return ValueError(f"{path}, line {line}, column {column + 1} ({name}): {what}")


def _rows(path: str) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return the numbered rows of cells, and the columns' names, or their numbers where the file gives none."""
    text = read_text(path).removeprefix("\ufeff")
    if "\0" in text:
        raise ValueError(f"{path} is not a CSV file: it holds a zero byte")
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        rows.extend((reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells)))
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
    if not rows:
        raise ValueError(f"{path} is empty; it needs one line for each sample")
    width = len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width:
            raise ValueError(f"{path}, line {line}: {len(cells)} cells, but the first line has {width}")
    # A line of words above lines of numbers is a header; one of words above words is, too, if no cell is a number.
    header = all(_number(cell) is None for cell in rows[0][1])
    if header and len(rows) == 1:
        raise ValueError(f"{path} has names of columns, but no line for a sample")
    names = rows.pop(0)[1] if header else [f"column {i + 1}" for i in range(width)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{path}, line 1: two columns are called {twice!r}")
    return rows, names


def column_names(path: str | os.PathLike[str]) -> list[str]:
    r"""Return the names of a file's columns: those of its first line, or else ``column 1``, ``column 2``, ...

    Parameters
    ----------
    path
        The file, as for `read_csv`.

    Returns
    -------
    list of str
        One for each column.

    Raises
    ------
    ValueError
        Where the file is no table.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/iris.csv", "w") as file:
    ...         _ = file.write("width,length\n1.0,2.5\n")
    ...     column_names(folder + "/iris.csv")
    ['width', 'length']
    """
    return _rows(os.fspath(path))[1]


def read_csv(path: str | os.PathLike[str], *, target: str | int | None = -1, features: Sequence[str] | None = None) -> Table:
    r"""Read samples from a CSV file: one line each, a column for each feature and one for the target.

    Commas, semicolons or tabs separate; a first line without a number gives the columns' names. The target
    column may hold numbers or words; all other cells must be finite numbers.

    Parameters
    ----------
    path
        The file, in UTF-8.
    target
        Name or place of the target's column; the last by default, None for a file of features only.
    features
        Names of the columns to take as features, in this order; all but the target's by default.

    Returns
    -------
    Table
        ``x`` (samples, features), ``y`` (samples,), and what the columns and classes are called.

    Raises
    ------
    ValueError
        Naming line and column of what is wrong.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/iris.csv", "w") as file:
    ...         _ = file.write("width,length,kind\n1.0,2.5,rose\n3.0,4.5,lily\n")
    ...     table = read_csv(folder + "/iris.csv")
    >>> table.x.tolist(), table.y.tolist(), table.classes
    ([[1.0, 2.5], [3.0, 4.5]], [1, 0], ['lily', 'rose'])
    """
    np = numpy_for("nn.data.read_csv")
    name = os.fspath(path)
    rows, names = _rows(name)
    place = None if target is None else _place(name, names, target)
    wanted = [i for i in range(len(names)) if i != place] if features is None else listed("features", features)
    chosen = [_place(name, names, feature) for feature in wanted]
    if not chosen:
        raise ValueError(f"{name} has no column of features beside the target; it needs at least two columns")
    x = []
    for line, cells in rows:
        sample = []
        for i in chosen:
            number = _number(cells[i])
            if number is None or not math.isfinite(number):
                raise _bad(name, line, i, names[i], _no_number(cells[i]))
            sample.append(number)
        x.append(sample)
    labels = [names[i] for i in chosen]
    if place is None:
        return Table(np.array(x), None, labels, None, [])
    y, classes = _targets(name, rows, place, names[place])
    return Table(np.array(x), np.array(y), labels, names[place], classes)


def _place(path: str, names: list[str], target: Any) -> int:
    """Return the place of a column."""
    if isinstance(target, str):
        if target not in names:
            raise ValueError(f"{path} has no column {target!r}; its columns are {', '.join(names)}")
        return names.index(target)
    if isinstance(target, bool) or not hasattr(target, "__index__"):
        raise TypeError(f"a column is its name or its place, a whole number, got {target!r:.60}")
    if not -len(names) <= target < len(names):
        raise ValueError(f"{path} has {len(names)} columns; there is none at place {target}")
    return int(target.__index__()) % len(names)


def _targets(path: str, rows: list[tuple[int, list[str]]], place: int, name: str) -> tuple[list[Any], list[str]]:
    """Return the targets as numbers, and the words that they stand for."""
    cells = [(line, row[place]) for line, row in rows]
    for line, cell in cells:
        if not cell:
            raise _bad(path, line, place, name, "the target is empty")
    numbers = [_number(cell) for _, cell in cells]
    if all(_with_comma(cell) for _, cell in cells):
        raise _bad(path, cells[0][0], place, name, _no_number(cells[0][1]))
    if all(number is None for number in numbers):
        classes = sorted({cell for _, cell in cells})
        return [classes.index(cell) for _, cell in cells], classes
    for (line, cell), number in zip(cells, numbers, strict=True):
        if number is None or not math.isfinite(number):
            raise _bad(path, line, place, name, f"{cell!r:.40} is not a finite number, though other targets are")
    whole = all(number == int(number) for number in numbers if number is not None)
    return [int(number) if whole else number for number in numbers if number is not None], []
