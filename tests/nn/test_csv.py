"""Tables: what spreadsheets would run, what is long or wide, and files with random damage."""

import csv
import io
import os
import threading
import time

import pytest

import nn
from autograd.keep import files
from nn import state
from nn.data import read_csv, table


def write(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+SUM(1;2)",
    "-2+3",
    "@SUM(A1)",
    "=1,2",
    '=HYPERLINK("x")',
    "'=x",
    "''=x",
    "-",
    "+a",
    "=\n1",
]
WORDS = [
    "rose",
    "'tis",
    "a;b",
    "a\tb",
    'say "x"',
    "two\nlines",
    "\u00e9",
    "x=1",
    "1_0",
    "''",
    "'",
    "#",
    "a,b",
]


@pytest.mark.parametrize("word", FORMULAS + WORDS)
def test_words_come_back_through_a_file_that_no_spreadsheet_takes_for_formulas(tmp_path, word):
    text = table.csv_text([["x", word + "!"], [1.0, word], [-2.5, "other"]])
    raw = list(csv.reader(io.StringIO(text)))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for _, cell in raw)
    assert raw[2][0] == "-2.5", "a negative number is a number"
    for separator in ";\t":  # a spreadsheet of another country divides cells there
        for cells in csv.reader(io.StringIO(text), delimiter=separator):
            assert not any(cell.startswith(("=", "@")) for cell in cells)
    read = read_csv(write(tmp_path, text))
    assert sorted(read.classes) == sorted(["other", word]) and read.target == word + "!"
    assert [read.classes[k] for k in read.y] == [word, "other"]
    assert read.x.tolist() == [[1.0], [-2.5]]


@pytest.mark.parametrize("number", ["-1", "+1", "-1e5", "-.5", "-inf"])
def test_numbers_with_signs_are_not_guarded(number):
    assert table.csv_text([[number, float(number)]]) == f"{number},{float(number)!r}\n"


def test_a_separator_within_quotation_marks_is_none(tmp_path):
    read = read_csv(write(tmp_path, '"a;b;c","d;e"\n1,2\n'))
    assert read.features == ["a;b;c"] and read.target == "d;e"


def test_a_row_of_empty_cells_is_not_dropped(tmp_path):
    with pytest.raises(ValueError, match=r"line 3, column 1 \(a\): the cell is empty"):
        read_csv(write(tmp_path, "a,b\n1,2\n,\n3,4\n"))
    assert len(read_csv(write(tmp_path, "a,b\n1,2\n\n  \n3,4\n")).x) == 2


@pytest.mark.parametrize("target", ["1e300", "-9007199254740994", "3e20"])
def test_targets_beyond_exact_whole_numbers_stay_floats(tmp_path, target):
    read = read_csv(write(tmp_path, f"1,{target}\n2,5\n"))
    assert read.y.dtype == float and read.y.tolist() == [float(target), 5.0]


def test_many_classes_and_many_columns_take_time_in_proportion(tmp_path):
    # Steps are counted, not seconds: comparisons of words.
    class Word(str):
        __slots__ = ()
        compared = 0

        def __eq__(self, other):
            Word.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    n = 3000
    _, classes = table._targets("t", range(n), [Word(f"w{i}") for i in range(n)], 0, "y")
    assert len(classes) == n and Word.compared < 20 * n
    wide = read_csv(
        write(tmp_path, ",".join(f"c{i}" for i in range(20_000)) + "\n" + ",".join("1" * 20_000) + "\n")
    )
    assert wide.x.shape == (1, 19_999)
    some = read_csv(tmp_path / "data.csv", features=[f"c{i}" for i in range(19_999)])
    assert some.features == wide.features
    with pytest.raises(ValueError, match="no column 'd'; its columns are c0, .* and 19980 more") as caught:
        read_csv(tmp_path / "data.csv", target="d")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "text", ["1," * 3_000_000 + "1\n", 'a,"' + "x" * 5_000_000, "a,b\n1," + '"1\n",' * 2_000_000]
)
def test_a_line_without_end_meets_a_limit(tmp_path, text):
    with pytest.raises(ValueError, match=r"data.csv, line \d+: .*limit"):
        read_csv(write(tmp_path, text))


def test_the_size_of_a_file_has_a_limit_that_may_be_raised(tmp_path):
    path = write(tmp_path, "1,2\n" * 100)
    with pytest.raises(ValueError, match="400 bytes, more than the limit of 399"):
        read_csv(path, limit=399)
    assert read_csv(path, limit=400).x.shape == (100, 1)


def test_the_size_of_weights_has_a_limit_that_may_be_raised(tmp_path):
    path, model = tmp_path / "w.json", nn.Neuron(2, rng=0)
    model.save(path)
    size = path.stat().st_size
    with pytest.raises(ValueError, match=f"w.json has {size} bytes, more than the limit of {size - 1}"):
        model.load(path, limit=size - 1)
    model.load(path, limit=size)


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes")
def test_every_reader_refuses_a_device_and_reads_a_pipe(tmp_path, monkeypatch):
    model = nn.Neuron(1, rng=0)
    optimizer = nn.optim.SGD(model.parameters(), 0.1)
    readers = {
        "a table": read_csv,
        "names": table.column_names,
        "weights": model.load,
        "a checkpoint": lambda path: nn.fit(
            model,
            ([[1.0]], [1.0]),
            nn.losses.mse_loss,
            optimizer,
            epochs=1,
            checkpoint=path,
            resume=True,
            progress=False,
        ),
    }
    monkeypatch.setattr(files, "SILENCE", 0.2)
    os.mkfifo(tmp_path / "silent")
    for read in readers.values():
        with pytest.raises(OSError, match="device|directory"):
            read("/dev/zero")
        with pytest.raises(OSError, match="directory"):
            read(tmp_path)
        with pytest.raises(ValueError, match="silent was not read to its end: nothing came from it"):
            read(tmp_path / "silent")
    os.mkfifo(tmp_path / "pipe")
    for text, read in (
        ("1,2\n", read_csv),
        (state.encode({"parameters": model.state_dict()}, kind=state.FORMAT), model.load),
    ):
        writer = threading.Thread(
            target=lambda text=text: (time.sleep(0.05), (tmp_path / "pipe").write_text(text))
        )
        writer.start()
        read(tmp_path / "pipe")
        writer.join()
