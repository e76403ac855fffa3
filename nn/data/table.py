"""Reading data from CSV files, with errors that name the line and the column, and writing such files."""

from __future__ import annotations

import csv
import math
import os
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from autograd.keep.files import SIZE, read_text
from nn.arrays import numpy_for
from nn.checks import listed

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Table", "column_names", "csv_text", "read_csv"]

LINE = 1 << 22
"""Characters of the longest line of a file, or of the longest sample that goes over several."""
_WHOLE = 2.0**53
"""Up to here a float tells neighbouring whole numbers apart."""


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

    def __init__(
        self, x: np.ndarray[Any, Any], y: Any, features: list[str], target: str | None, classes: list[str]
    ) -> None:
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


def _lines(path: str, text: str) -> Iterator[str]:
    """Yield the lines of a text, none of them longer than the limit."""
    start, line = 0, 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        line += 1
        if end - start > LINE:
            raise ValueError(f"{path}, line {line}: it has more characters than the limit of {LINE}")
        yield text[start:end]
        start = end


def _records(path: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbered rows of cells, all of one width; an empty line is none."""
    first = next((line for line in _lines(path, text) if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    since = width = 0

    def lines() -> Iterator[str]:
        nonlocal since
        for line in _lines(path, text):
            since += len(line)
            if since > LINE:
                raise ValueError(
                    f"{path}, line {reader.line_num}: a sample has more characters than the limit of {LINE}"
                )
            yield line

    reader = csv.reader(lines(), delimiter=max(",;\t", key=bare.count), strict=True)
    try:
        for raw in reader:
            since = 0
            cells = [_unescaped(cell.strip()) for cell in raw]
            if not any(cells) and len(cells) <= 1:
                continue
            width = width or len(cells)
            if len(cells) != width:
                raise ValueError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells, but the first line has {width}"
                )
            yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None


def _rows(path: str, limit: int) -> tuple[Iterator[tuple[int, list[str]]], list[str]]:
    """Return the numbered rows of cells, and the columns' names or numbers."""
    text = read_text(path, limit=limit).removeprefix("\ufeff")
    if "\0" in text:
        raise ValueError(f"{path} is not a CSV file: it holds a zero byte")
    records = _records(path, text)
    first = next(records, None)
    if first is None:
        raise ValueError(f"{path} is empty; it needs one line for each sample")
    # A line of words above lines of numbers is a header; one of words above words is, too, if no cell is a
    # number.
    if any(_number(cell) is not None for cell in first[1]):
        return chain([first], records), [f"column {i + 1}" for i in range(len(first[1]))]
    names = first[1]
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"{path}, line 1: two columns are called {twice!r:.60}")
    second = next(records, None)
    if second is None:
        raise ValueError(f"{path} has names of columns, but no line for a sample")
    return chain([second], records), names


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
    return _rows(os.fspath(path), SIZE)[1]


def read_csv(
    path: str | os.PathLike[str],
    *,
    target: str | int | None = -1,
    features: Sequence[str] | None = None,
    limit: int = SIZE,
) -> Table:
    r"""Read samples from a CSV file: one line each, a column for each feature and one for the target.

    Commas, semicolons or tabs separate; a first line without a number gives the columns' names. The target
    column may hold numbers or words; all other cells must be finite numbers. A word that `csv_text` guards
    with an apostrophe, so that no spreadsheet takes it for a formula, is read without it.

    Parameters
    ----------
    path
        The file, in UTF-8.
    target
        Name or place of the target's column; the last by default, None for a file of features only.
    features
        Names of the columns to take as features, in this order; all but the target's by default.
    limit
        Bytes of the largest file that is read; 256 MiB by default.

    Returns
    -------
    Table
        ``x`` (samples, features), ``y`` (samples,), and what the columns and classes are called.

    Raises
    ------
    ValueError
        Naming line and column of what is wrong, or the limit that the file, or a line of it, is beyond.
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
    rows, names = _rows(name, limit)
    places = {column: i for i, column in enumerate(names)}
    place = None if target is None else _place(name, names, places, target)
    wanted = (
        [i for i in range(len(names)) if i != place] if features is None else listed("features", features)
    )
    chosen = [_place(name, names, places, feature) for feature in wanted]
    if not chosen:
        raise ValueError(f"{name} has no column of features beside the target; it needs at least two columns")
    numbers, lines = array("d"), array("q")
    targets: list[str] = []
    words: dict[str, str] = {}
    for line, cells in rows:
        for i in chosen:
            number = _number(cells[i])
            if number is None or not math.isfinite(number):
                raise _bad(name, line, i, names[i], _no_number(cells[i]))
            numbers.append(number)
        lines.append(line)
        if place is not None:
            targets.append(words.setdefault(cells[place], cells[place]))  # a word is kept once
    x = np.array(numbers).reshape(len(lines), len(chosen))
    labels = [names[i] for i in chosen]
    if place is None:
        return Table(x, None, labels, None, [])
    y, classes = _targets(name, lines, targets, place, names[place])
    return Table(x, np.array(y), labels, names[place], classes)


def _place(path: str, names: list[str], places: dict[str, int], target: Any) -> int:
    """Return the place of a column."""
    if isinstance(target, str):
        if target not in places:
            more = f" and {len(names) - 20} more" if len(names) > 20 else ""
            raise ValueError(
                f"{path} has no column {target!r}; its columns are {', '.join(names[:20])}{more}"
            )
        return places[target]
    if isinstance(target, bool) or not hasattr(target, "__index__"):
        raise TypeError(f"a column is its name or its place, a whole number, got {target!r:.60}")
    if not -len(names) <= target < len(names):
        raise ValueError(f"{path} has {len(names)} columns; there is none at place {target}")
    return int(target.__index__()) % len(names)


def _targets(
    path: str, lines: Sequence[int], cells: list[str], place: int, name: str
) -> tuple[list[Any], list[str]]:
    """Return the targets as numbers, and the words that they stand for."""
    for line, cell in zip(lines, cells, strict=True):
        if not cell:
            raise _bad(path, line, place, name, "the target is empty")
    found = {cell: _number(cell) for cell in cells}
    if all(_with_comma(cell) for cell in found):
        raise _bad(path, lines[0], place, name, _no_number(cells[0]))
    if all(number is None for number in found.values()):
        classes = sorted(found)
        order = {word: k for k, word in enumerate(classes)}
        return [order[cell] for cell in cells], classes
    numbers = []
    for line, cell in zip(lines, cells, strict=True):
        number = found[cell]
        if number is None or not math.isfinite(number):
            raise _bad(
                path, line, place, name, f"{cell!r:.40} is not a finite number, though other targets are"
            )
        numbers.append(number)
    whole = all(number == int(number) and abs(number) <= _WHOLE for number in numbers)
    return [int(number) for number in numbers] if whole else numbers, []


# What a spreadsheet would take for a formula is guarded by an apostrophe, and so is what looks guarded
# already.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def _guarded(word: str) -> bool:
    """Tell whether a word needs the apostrophe: numbers, signs included, are no formulas."""
    return _FORMULA.match(word) is not None and _number(word.lstrip("'")) is None


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _guarded(cell) else cell


def csv_text(rows: Iterable[Sequence[str | float]]) -> str:
    r"""Return the text of a CSV file, which `read_csv` and spreadsheets read.

    A word that begins as a formula does (``=``, ``+``, ``-``, ``@``, a tab, a line break) gets an apostrophe
    before it, as the OWASP Foundation recommends, so that a spreadsheet shows it and runs nothing; numbers,
    negative ones too, stay numbers.

    Parameters
    ----------
    rows
        The cells of each line.

    Returns
    -------
    str
        One line for each row.

    Examples
    --------
    >>> print(csv_text([["class", "score"], ["=1+1", -0.5], ["a,b", 2.0]]), end="")
    class,score
    '=1+1,-0.5
    "a,b",2.0
    """
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: str | float) -> str:
    """Spell a cell; in quotation marks where any of the usual separators is in it."""
    if not isinstance(value, str):
        return repr(value)
    word = f"'{value}" if _guarded(value) else value
    return (
        '"' + word.replace('"', '""') + '"'
        if re.search(r'[,;\t"\r\n]', word) or word != word.strip()
        else word
    )
