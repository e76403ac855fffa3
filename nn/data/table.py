"""Reading data from CSV files, with errors that name the line and the column, and writing such files."""

from __future__ import annotations

import codecs
import csv
import math
import os
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import TYPE_CHECKING, Any

from autograd.keep.files import SIZE, read_bytes
from autograd.spellings import IDLE, options
from autograd.words import gettext
from nn.arrays import numpy_for
from nn.checks import listed, real
from nn.data.packed import unpacked

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Format", "Table", "column_names", "csv_text", "read_csv"]

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

    def __repr__(self) -> str:
        """Say what was read: how many samples, and what the columns and classes are called."""
        kinds = f", of {', '.join(self.classes)}" if self.classes else ""
        target = "" if self.target is None else f"; target {self.target}{kinds}"
        return f"Table({len(self.x)} samples; features {', '.join(self.features)}{target})"


@dataclass(frozen=True)
class Format:
    """How a file spells its cells; what is None is found out from the file.

    Parameters
    ----------
    delimiter
        What stands between cells; ``" "`` for runs of spaces. Without it, that of ``, ; |`` and tabs (or else
        spaces) which divides the lines evenly.
    header
        Whether the first line holds the columns' names. Without it, whether none of its cells is a number.
    encoding
        Name of the text encoding, such as ``"latin-1"`` or ``"utf-16"``. Without it, what the marks at the
        file's beginning say, or else UTF-8.
    comment
        What begins a comment, which goes to the end of the line. Without it, lines that begin with ``#`` are
        left out; ``""`` for no comments.
    decimal
        ``"."`` or ``","``.
    thousands
        What stands between groups of three digits, such as ``","`` in ``1,234.5``; None for nothing.
    missing
        What to do where a cell is empty, or one of ``NA``, ``N/A``, ``NaN``, ``null``, ``None``, ``?``:
        ``"error"`` to refuse it; ``"drop"`` to leave the line out; ``"mean"`` to take the column's mean; a
        number to take that; or a dict of numbers by the columns' names. A target is not filled in.

    Raises
    ------
    ValueError
        If one of them is not as described.
    """

    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    comment: str | None = None
    decimal: str = "."
    thousands: str | None = None
    missing: str | float | Mapping[str, float] = "error"

    def __post_init__(self) -> None:
        one = self.delimiter
        if one is not None and (not isinstance(one, str) or len(one) != 1 or one in '"\r\n'):
            raise ValueError(gettext(
                "delimiter must be one character, such as ';' or '\\t', got {given}",
                given=f"{one!r:.40}",
            ))
        if self.header is not None and not isinstance(self.header, bool):
            raise ValueError(gettext(
                "header must be True, False or None, got {given}",
                given=f"{self.header!r:.40}",
            ))
        if self.decimal not in (".", ","):
            raise ValueError(gettext(
                "decimal must be '.' or ',', got {given}",
                given=f"{self.decimal!r:.40}",
            ))
        if self.thousands is not None and self.thousands not in tuple(".,'_ \u00a0\u202f\u2019"):
            raise ValueError(gettext(
                "thousands must be such as ',' or ' ', got {given}",
                given=f"{self.thousands!r:.40}",
            ))
        if self.thousands == self.decimal:
            raise ValueError(gettext(
                "thousands and decimal cannot both be {given}",
                given=repr(self.decimal),
            ))
        if self.comment is not None and not isinstance(self.comment, str):
            raise ValueError(gettext(
                "comment must be a text such as '#', got {given}",
                given=f"{self.comment!r:.40}",
            ))
        if isinstance(self.missing, str):
            if self.missing not in ("error", "drop", "mean"):
                raise ValueError(
                    gettext(
                        "missing must be 'error', 'drop', 'mean', or a number, got {given}",
                        given=f"{self.missing!r:.40}",
                    )
                )
        else:
            numbers = self.missing if isinstance(self.missing, Mapping) else {"": self.missing}
            for number in numbers.values():
                real("missing", number)
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except (LookupError, TypeError):
                raise ValueError(
                    gettext(
                        "no encoding is called {given}; write one such as 'utf-8' or 'latin-1'",
                        given=f"{self.encoding!r:.40}",
                    )
                ) from None

    def number(self, cell: str) -> float | None:
        """Return the number that a cell spells, or None."""
        found = _number(self._plain(cell))
        return _TRUTHS.get(cell.lower()) if found is None else found

    def _plain(self, cell: str) -> str:
        """Spell a number as Python does."""
        cell = cell.replace("\u2212", "-")  # the minus sign of typesetters
        if self.thousands and self.thousands in cell:
            if not re.fullmatch(_grouped(self.thousands, self.decimal), cell):
                return "not a number"
            cell = cell.replace(self.thousands, "")
        if self.decimal == "," and ("," in cell or "." in cell):
            return "not a number" if "." in cell else cell.replace(",", ".")
        return cell

    def why_not(self, cell: str) -> str:
        """Say why a cell is no number that can be learnt from."""
        if not cell:
            return gettext(
                "the cell is empty; to go on without it, write missing='drop', or a number for it",
            )
        if self.decimal == "." and not self.thousands and _with_comma(cell):
            more = gettext(", or thousands=','") if re.fullmatch(_grouped(",", "."), cell) else ""
            return gettext(
                "{cell} has a decimal comma; write a decimal point, or decimal=','{more}",
                cell=f"{cell!r:.40}", more=more,
            )
        for thousands, decimal in _STYLES:
            if re.fullmatch(_grouped(thousands, decimal), cell):
                more = "" if decimal == "." else gettext(", decimal={decimal}", decimal=repr(decimal))
                return gettext(
                    "{cell} has separators of thousands; write thousands={thousands}{more}",
                    cell=f"{cell!r:.40}", thousands=repr(thousands), more=more,
                )
        if cell in _MISSING:
            return (
                gettext(
                    "{cell} is not a finite number; to go on without it, write missing='drop', or a "
                    "number for it",
                    cell=f"{cell!r:.40}",
                )
            )
        found = _WITH_SIGN.fullmatch(cell)
        sign = "" if found is None else found["before"] or found["behind"]
        if found is not None and sign:
            return gettext(
                "{cell} has {sign} beside its number; write the number alone, {number}: in the file, replace "
                "{sign} by nothing",
                cell=f"{cell!r:.40}", sign=repr(sign), number=found["number"],
            )
        return gettext("{cell} is not a finite number", cell=f"{cell!r:.40}")


_WITH_SIGN = re.compile(r"(?P<before>[$€£¥₹]?) ?(?P<number>[+-]?\d[\d.,' ]*?) ?(?P<behind>[%‰°$€£¥₹]?)")
"""A number with what stands for percent, degrees or money."""
_TRUTHS = {"true": 1.0, "false": 0.0}
_MISSING = frozenset(
    ["", "NA", "N/A", "n/a", "na", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "?"]
)
_STYLES = [(mark, point) for mark, point in product(",. '\u00a0\u202f\u2019", ".,") if mark != point]
"""How numbers are grouped and pointed somewhere in the world."""


def _grouped(thousands: str, decimal: str) -> str:
    """Return the pattern of a number with separators between groups of three digits."""
    point = re.escape(decimal)
    return rf"[+-]?\d{{1,3}}({re.escape(thousands)}\d{{3}})+({point}\d*)?([eE][+-]?\d+)?"


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


def _bad(path: str, line: int, column: int, name: str, what: str) -> ValueError:
    return ValueError(gettext(
        "{path}, line {line}, column {column} ({name}): {what}",
        path=path, line=line, column=column + 1, name=name, what=what,
    ))


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def _text(path: str, limit: int, encoding: str | None) -> str:
    """Return what a file says, with lines that end in a newline."""
    raw = unpacked(path, read_bytes(path, limit=limit), limit)
    found = encoding or next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    if encoding is None and found == "utf-8" and b"\0" in raw:
        raise ValueError(
            gettext(
                "{path} is not a CSV file: it holds a zero byte; if it is text in UTF-16, write "
                "encoding='utf-16-le' or encoding='utf-16-be'",
                path=path,
            )
        )
    try:
        text = raw.decode(found)
    except UnicodeDecodeError as error:
        hint = gettext(
            "write the encoding that it was made with, such as encoding='latin-1' or encoding='cp1252'",
        )
        line = raw[: error.start].count(b"\n") + 1
        raise ValueError(
            gettext(
                "{path} is not text in {encoding}: line {line}: {error}; {hint}",
                path=path, encoding=found.upper().removesuffix('-SIG'), line=line, error=error, hint=hint,
            )
        ) from None
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise ValueError(gettext("{path} is not a CSV file: it holds a zero byte", path=path))
    if "\n" not in text.rstrip("\r\n"):  # lines that end as on old Macintoshes
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _lines(path: str, text: str) -> Iterator[str]:
    """Yield the lines of a text, none of them longer than the limit."""
    start, line = 0, 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        line += 1
        if end - start > LINE:
            raise ValueError(gettext(
                "{path}, line {line}: it has more characters than the limit of {limit}",
                path=path, line=line, limit=LINE,
            ))
        yield text[start:end]
        start = end


def _uncommented(line: str, comment: str | None, inside: bool) -> str:
    """Return a line without its comment; ``inside`` tells whether it begins within quotation marks."""
    if comment == "" or inside:
        return line
    if line.lstrip().startswith(comment or "#"):
        return "\n"
    if comment and comment in line:
        for match in re.finditer(re.escape(comment), line):
            if line.count('"', 0, match.start()) % 2 == 0:
                return line[: match.start()] + "\n"
    return line


_QUOTED = re.compile(r'"([^"]*)"')
_SEPARATORS = ",;\t|"


def _divider(path: str, text: str, form: Format) -> str:
    """Return the separator that divides the first lines evenly, and best into numbers."""
    if form.delimiter is not None:
        return form.delimiter
    lines = []
    for line in _lines(path, text):
        bare = _uncommented(line, form.comment, False)
        bare = _QUOTED.sub(lambda match: re.sub(r"[\s,;|]", "_", match[1]), bare).strip(" \r\n")
        if bare:
            lines.append(bare)
        if len(lines) == 20:
            break
    possible = [d for d in _SEPARATORS if d != form.decimal and lines and d in lines[0]]
    even = [d for d in possible if len({line.rstrip(d).count(d) for line in lines}) == 1]

    def numbers(divider: str) -> tuple[float, int]:
        cells = [cell.strip() for line in lines[1:] or lines for cell in line.split(divider)]
        good = sum(form.number(cell) is not None or _with_comma(cell) for cell in cells)
        return good / len(cells), len(cells)

    if even:
        return max(even, key=numbers)
    if possible:
        return max(possible, key=lines[0].count)
    spaced = [len(line.split()) for line in lines]
    return " " if spaced and spaced[0] > 1 and len(set(spaced)) == 1 else ","


_AFTER_QUOTES = re.compile(r'("(?:[^"]|"")*")[ \t]+(?=[,;|\t\r\n]|$)')


def _records(path: str, text: str, form: Format) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbered rows of cells, all of one width; an empty line is none."""
    since = width = 0
    words = False
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):  # a spreadsheet's own line
        form = form if form.delimiter else replace(form, delimiter=text[4])
        text = text[5:]
    divider = _divider(path, text, form)

    def lines() -> Iterator[str]:
        nonlocal since
        inside = False
        for line in _lines(path, text):
            since += len(line)
            if since > LINE:
                raise ValueError(
                    gettext(
                        "{path}, line {line}: a sample has more characters than the limit of {limit}",
                        path=path, line=reader.line_num, limit=LINE,
                    )
                )
            said = _uncommented(line, form.comment, inside)
            inside ^= said.count('"') % 2 == 1
            if not inside and '"' in said:
                said = _AFTER_QUOTES.sub(r"\1", said)
            yield said.rstrip(" \r\n") + "\n" if divider == " " and not inside else said

    reader = csv.reader(lines(), delimiter=divider, strict=True, skipinitialspace=divider != "\t")
    more: int | None = None  # whether each line but the names' ends in a separator
    try:
        for raw in reader:
            since = 0
            cells = [_unescaped(cell.strip()) for cell in raw]
            if not any(cells) and len(cells) <= 1:
                continue
            if not width:
                width, words = len(cells), all(form.number(cell) is None for cell in cells)
            elif more is None:
                more = int(words and len(cells) == width + 1 and not cells[-1])
            if more and len(cells) == width + 1 and not cells[-1]:
                cells.pop()
            if len(cells) != width:
                raise ValueError(
                    gettext(
                        "{path}, line {line}: {count} cells, but the first line has {width}; put a "
                        "cell that holds a separator in quotation marks, or say what separates cells: "
                        "delimiter=';'",
                        path=path, line=reader.line_num, count=len(cells), width=width,
                    )
                )
            yield reader.line_num, cells
    except csv.Error as error:
        if str(error).startswith("unexpected end") or "expected after" in str(error):
            raise ValueError(gettext(
                "{path}, line {line}: the quotation marks of a cell do not pair; write two for each that is "
                "meant inside of a cell in quotation marks",
                path=path, line=reader.line_num,
            )) from None  # fmt: skip
        raise ValueError(gettext(
            "{path}, line {line}: {error}",
            path=path, line=reader.line_num, error=error,
        )) from None


def _rows(path: str, limit: int, form: Format) -> tuple[Iterator[tuple[int, list[str]]], list[str], bool]:
    """Return the numbered rows of cells, the columns' names or numbers, and whether a line names them."""
    records = _records(path, _text(path, limit, form.encoding), form)
    first = next(records, None)
    if first is None:
        raise ValueError(gettext("{path} is empty; it needs one line for each sample", path=path))
    second = next(records, None)
    ahead = [row for row in (first, second) if row is not None]
    if all(len(cells) > 1 and not cells[-1] for _, cells in ahead) and second is not None:
        # Every line ends in a separator, behind which there is no column.
        last = len(first[1]) - 1
        for _, cells in ahead:
            cells.pop()
        records = _shortened(path, records, last)
    # A line of words above lines of numbers is a header; one of words above words is, too, if no cell is a
    # number.
    named = form.header
    if named is None:
        named = all(form.number(cell) is None or cell.lower() in _TRUTHS for cell in first[1])
    if not named:
        return chain(ahead, records), [f"column {i + 1}" for i in range(len(first[1]))], False
    names = [name or f"column {i + 1}" for i, name in enumerate(first[1])]
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(gettext(
            "{path}, line {line}: two columns are called {twice}",
            path=path, line=first[0], twice=f"{twice!r:.60}",
        ))
    if second is None:
        raise ValueError(gettext("{path} has names of columns, but no line for a sample", path=path))
    return chain([second], records), names, True


def _shortened(
    path: str, records: Iterator[tuple[int, list[str]]], width: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield rows without the empty cell behind their last separator."""
    for line, cells in records:
        if len(cells) > width and cells[-1]:
            raise ValueError(
                gettext(
                    "{path}, line {line}: {cell} stands in a column that is empty in the first lines",
                    path=path, line=line, cell=f"{cells[-1]!r:.40}",
                )
            )
        yield line, cells[:width]


def column_names(path: str | os.PathLike[str], **form: Any) -> list[str]:
    r"""Return the names of a file's columns: those of its first line, or else ``column 1``, ``column 2``, ...

    Parameters
    ----------
    path
        The file, as for `read_csv`.
    **form
        How it is written: ``delimiter``, ``header`` and the others of `read_csv`.

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
    return _rows(os.fspath(path), SIZE, Format(**form))[1]


@options(
    {"sep": "delimiter", "filepath_or_buffer": "path", "fname": "path"},
    skiprows=(None, "comment='...' where those lines begin so, or the file without them"),
    skip_header=(0, "comment='...' where those lines begin so, or the file without them"),
    names=(None, "header=False: the columns are called column 1, column 2, ..."),
    usecols=(None, "features=[...] and target=..."), index_col=(None, "features=[...] without that column"),
    quotechar=('"', "the file with double quotation marks"), nrows=(None, "the file with fewer lines"),
    na_values=(None, "missing='drop', 'mean' or a number, and NA or nothing in the cells"),
    delim_whitespace=(False, "delimiter=' '"), dtype=IDLE, engine=IDLE, low_memory=IDLE,
)  # fmt: skip
def read_csv(
    path: str | os.PathLike[str], *, target: str | int | None = -1, features: Sequence[str] | None = None,
    limit: int = SIZE,
    delimiter: str | None = None, header: bool | None = None, encoding: str | None = None,
    comment: str | None = None, decimal: str = ".", thousands: str | None = None,
    missing: str | float | Mapping[str, float] = "error",
) -> Table:  # fmt: skip
    r"""Read samples from a CSV file: one line each, a column for each feature and one for the target.

    Commas, semicolons, tabs, bars or spaces separate; a first line without a number gives the columns' names.
    The target column may hold numbers or words; all other cells must be finite numbers (``true`` and
    ``false`` are 1 and 0). Lines that begin with ``#`` are comments. A word that `csv_text` guards with an
    apostrophe, so that no spreadsheet takes it for a formula, is read without it.

    Parameters
    ----------
    path
        The file; one that gzip, bzip2 or xz packed, or a zip archive of one file, is unpacked.
    target
        Name or place of the target's column; the last by default, None for a file of features only.
    features
        Names of the columns to take as features, in this order; all but the target's by default.
    limit
        Bytes of the largest file that is read, and of what is in a packed one; 256 MiB by default.
    delimiter
        What stands between cells; ``" "`` for runs of spaces. Found out where it is not given.
    header
        Whether the first line holds the columns' names. Found out where it is not given.
    encoding
        Such as ``"latin-1"``; by default what the marks at the file's beginning say, or else UTF-8.
    comment
        What begins a comment, which goes to the end of the line; ``""`` for no comments.
    decimal
        ``"."`` or ``","``.
    thousands
        What stands between groups of three digits, such as ``","`` in ``1,234.5``.
    missing
        What to do where a cell is empty, ``NA``, ``NaN``, ``null``, ``None`` or ``?``: ``"error"`` refuses
        it, ``"drop"`` leaves the line out, ``"mean"`` takes the column's mean; a number is taken itself; so
        is, by the column's name, one of a dict. A missing target is dropped or refused.

    Returns
    -------
    Table
        ``x`` (samples, features), ``y`` (samples,), and what the columns and classes are called.

    Raises
    ------
    ValueError
        Naming line and column of what is wrong and what to write, or the limit that the file, or a line of
        it, is beyond.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/iris.csv", "w") as file:
    ...         _ = file.write("width,length,kind\n1.0,2.5,rose\n3.0,4.5,lily\n")
    ...     table = read_csv(folder + "/iris.csv")
    >>> table
    Table(2 samples; features width, length; target kind, of lily, rose)
    >>> table.x.tolist(), table.y.tolist(), table.classes
    ([[1.0, 2.5], [3.0, 4.5]], [1, 0], ['lily', 'rose'])
    """
    np = numpy_for("nn.data.read_csv")
    form = Format(delimiter, header, encoding, comment, decimal, thousands, missing)
    name = os.fspath(path)
    rows, names, named = _rows(name, limit, form)
    places = {column: i for i, column in enumerate(names)}
    place = None if target is None else _place(name, names, places, target)
    wanted = (
        [i for i in range(len(names)) if i != place] if features is None else listed("features", features)
    )
    chosen = [_place(name, names, places, feature) for feature in wanted]
    if not chosen:
        raise ValueError(
            gettext(
                "{name} has no column of features beside the target; it needs at least two columns: if "
                "cells are separated by something else than commas, semicolons, tabs, bars or spaces, "
                "write delimiter=...",
                name=name,
            )
        )
    if isinstance(form.missing, Mapping):
        for column in form.missing:
            _place(name, names, places, str(column))
    fill = {i: _filling(form.missing, names[i]) for i in chosen}
    drop = form.missing == "drop"
    numbers, lines = array("d"), array("q")
    targets: list[str] = []
    words: dict[str, str] = {}
    for line, cells in rows:
        if drop and any(cells[i] in _MISSING for i in (*chosen, *(() if place is None else (place,)))):
            continue
        for i in chosen:
            number, filler = form.number(cells[i]), fill[i]
            if filler is not None and cells[i] in _MISSING:
                number = filler
            elif number is None or not math.isfinite(number):
                why = form.why_not(cells[i])
                if features is None and cells[i] and not any(map(str.isdigit, cells[i])):
                    why += gettext("; to leave the column out, name the others: features=[...]")
                if not lines and not named and header is None:
                    why += gettext("; if this line names the columns, write header=True")
                raise _bad(name, line, i, names[i], why)
            numbers.append(number)
        lines.append(line)
        if place is not None:
            targets.append(words.setdefault(cells[place], cells[place]))  # a word is kept once
    if not lines:
        raise ValueError(gettext(
            "{name}: every line lacks a cell; write missing='mean' or a number",
            name=name,
        ))
    x = np.array(numbers).reshape(len(lines), len(chosen))
    _put_means(np, name, x, [names[i] for i in chosen])
    labels = [names[i] for i in chosen]
    if place is None:
        return Table(x, None, labels, None, [])
    y, classes = _targets(name, lines, targets, place, names[place], form)
    return Table(x, np.array(y), labels, names[place], classes)


def _filling(missing: Any, column: str) -> float | None:
    """Return what stands for a missing cell of a column: a number, NaN for the mean to come, or None."""
    if isinstance(missing, str):
        return math.nan if missing == "mean" else None
    number = missing.get(column) if isinstance(missing, Mapping) else missing
    return None if number is None else float(number)


def _put_means(np: Any, path: str, x: Any, names: list[str]) -> None:
    """Put a column's mean where it has a NaN."""
    holes = np.isnan(x)
    for j in np.flatnonzero(holes.any(axis=0)).tolist():
        if holes[:, j].all():
            raise ValueError(gettext(
                "{path}: the column {column} is empty; leave it out: features=[...]",
                path=path, column=names[j],
            ))
        x[holes[:, j], j] = x[~holes[:, j], j].mean()


def _place(path: str, names: list[str], places: dict[str, int], target: Any) -> int:
    """Return the place of a column."""
    if isinstance(target, str):
        if target not in places:
            more = gettext(" and {count} more", count=len(names) - 20) if len(names) > 20 else ""
            raise ValueError(
                gettext(
                    "{path} has no column {target}; its columns are {known}{more}",
                    path=path, target=repr(target), known=', '.join(names[:20]), more=more,
                )
            )
        return places[target]
    if isinstance(target, bool) or not hasattr(target, "__index__"):
        raise TypeError(gettext(
            "a column is its name or its place, a whole number, got {target}",
            target=f"{target!r:.60}",
        ))
    if not -len(names) <= target < len(names):
        raise ValueError(gettext(
            "{path} has {count} columns; there is none at place {target}",
            path=path, count=len(names), target=target,
        ))
    return int(target.__index__()) % len(names)


def _targets(
    path: str, lines: Sequence[int], cells: list[str], place: int, name: str, form: Format = Format()
) -> tuple[list[Any], list[str]]:
    """Return the targets as numbers, and the words that they stand for."""
    for line, cell in zip(lines, cells, strict=True):
        if not cell:
            raise _bad(
                path, line, place, name, gettext(
                    "the target is empty; to leave such lines out, write missing='drop'",
                )
            )
    found = {cell: None if cell.lower() in _TRUTHS else form.number(cell) for cell in cells}
    if form.decimal == "." and all(_with_comma(cell) for cell in found):
        raise _bad(path, lines[0], place, name, form.why_not(cells[0]))
    if all(number is None for number in found.values()):
        classes = sorted(found)
        order = {word: k for k, word in enumerate(classes)}
        return [order[cell] for cell in cells], classes
    numbers = []
    for line, cell in zip(lines, cells, strict=True):
        number = found[cell]
        if number is None or not math.isfinite(number):
            more = gettext("; to leave such lines out, write missing='drop'") if cell in _MISSING else ""
            why = gettext(
                "{cell} is not a finite number, though other targets are{more}",
                cell=f"{cell!r:.40}", more=more,
            )
            raise _bad(path, line, place, name, why)
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
        if re.search(r'[,;|\t"\r\n#]', word) or word != word.strip()
        else word
    )
