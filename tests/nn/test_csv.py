"""Tables: what spreadsheets would run, what is long or wide, and files with random damage."""

import csv
import io
import math
import os
import random
import threading
import time

import pytest

import nn
from autograd import files
from nn import state, table
from nn.data import read_csv

ROUNDS = 300 * int(os.environ.get("CHAINRULE_ROUNDS", "1"))
"""How many damaged files of each kind are tried; CHAINRULE_ROUNDS=10 for a long run."""


def write(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


FORMULAS = ["=cmd|' /C calc'!A0", "+SUM(1;2)", "-2+3", "@SUM(A1)", "=1,2", '=HYPERLINK("x")', "'=x", "''=x", "-", "+a", "=\n1"]
WORDS = ["rose", "'tis", "a;b", "a\tb", 'say "x"', "two\nlines", "\u00e9", "x=1", "1_0", "''", "'", "#", "a,b"]


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
    wide = read_csv(write(tmp_path, ",".join(f"c{i}" for i in range(20_000)) + "\n" + ",".join("1" * 20_000) + "\n"))
    assert wide.x.shape == (1, 19_999)
    some = read_csv(tmp_path / "data.csv", features=[f"c{i}" for i in range(19_999)])
    assert some.features == wide.features
    with pytest.raises(ValueError, match="no column 'd'; its columns are c0, .* and 19980 more") as caught:
        read_csv(tmp_path / "data.csv", target="d")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["1," * 3_000_000 + "1\n", 'a,"' + "x" * 5_000_000, "a,b\n1," + '"1\n",' * 2_000_000])
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
        "a checkpoint": lambda path: nn.fit(model, ([[1.0]], [1.0]), nn.losses.mse_loss, optimizer, epochs=1, checkpoint=path, resume=True, progress=False),
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
    for text, read in (("1,2\n", read_csv), (state.encode({"parameters": model.state_dict()}, kind=state.FORMAT), model.load)):
        writer = threading.Thread(target=lambda text=text: (time.sleep(0.05), (tmp_path / "pipe").write_text(text)))
        writer.start()
        read(tmp_path / "pipe")
        writer.join()


# Damage.


def damaged(rng, data):
    """Return bytes with one to three changes: some overwritten, removed, repeated, moved, or cut off."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        a = rng.randrange(len(data) + 1)
        b = min(len(data), a + rng.choice([1, 1, 2, 5, 40]))
        change = rng.randrange(6)
        if change == 0:
            data[a:b] = bytes(rng.randrange(256) for _ in range(b - a))
        elif change == 1:
            del data[a:b]
        elif change == 2:
            data[a:a] = data[a:b] * rng.choice([1, 2, 50])
        elif change == 3:
            data[a:a] = rng.choice([b",", b'"', b"\n", b"\r", b"\0", b";", b"\t", b"'", b"=", b"1e999", b"nan", b"-", b"\xff", b"[", b"{", b"}", b"\\", b":", b"null"])
        elif change == 4:
            del data[a:]
        else:
            data[a:a] = data[rng.randrange(len(data) + 1) :][:30]
    return bytes(data)


def plainly(text, delimiter):
    """The rows of a table as the standard library reads them."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="\n"), delimiter=delimiter)
    return [cells for cells in ([cell.strip() for cell in row] for row in rows) if len(cells) > 1 or any(cells)]


TABLES = [
    "width,height,kind\n1.5,2,rose\n-3,4e2,lily\n5,6,rose\n7,8,'=x\n",
    'a;"b;c";y\r\n1;2;0\r\n3;4;1\r\n\r\n5;6;0\r\n',
    "1\t2\t3.5\n4\t5\t6.25\n",
]


@pytest.mark.parametrize("source", TABLES)
def test_a_damaged_table_is_read_as_it_stands_or_refused_by_name(tmp_path, source):
    rng, path = random.Random(0), tmp_path / "data.csv"
    read = 0
    for _ in range(ROUNDS):
        data = damaged(rng, source.encode())
        path.write_bytes(data)
        try:
            result = read_csv(path)
        except ValueError as error:
            assert str(error).startswith(str(path)), error
            continue
        read += 1
        fits = []
        for delimiter in ",;\t":
            try:
                rows = plainly(data.decode(), delimiter)
            except csv.Error:
                continue
            rows = rows[len(rows) - len(result.x) :] if len(rows) - len(result.x) in (0, 1) else []
            width = len(result.features) + 1
            if rows and all(len(row) == width for row in rows):
                with_numbers = [[float(cell) if cell.replace("_", "!") == cell and is_number(cell) else math.nan for cell in row[:-1]] for row in rows]
                fits.append(with_numbers == result.x.tolist())
        assert any(fits), data
    assert read > ROUNDS / 30


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_damaged_weights_are_loaded_as_they_stand_or_refused_and_then_nothing_has_changed(tmp_path):
    path, model = tmp_path / "w.json", nn.MLP(2, [3, 1], rng=0)
    model.save(path)
    whole, rng, loaded = path.read_bytes(), random.Random(1), 0
    other = nn.MLP(2, [3, 1], rng=1)
    for _ in range(ROUNDS):
        path.write_bytes(damaged(rng, whole))
        before = other.state_dict()
        try:
            other.load(path)
        except ValueError as error:
            assert str(error).startswith(str(path)), error
            assert other.state_dict() == before
        else:
            loaded += 1
            found = state.read(path, kind=state.FORMAT)["parameters"]
            assert {k: repr(v) for k, v in other.state_dict().items()} == {k: repr(files.decode_float(v)) for k, v in found.items()}
    assert 0 < loaded < ROUNDS / 2


def test_damaged_checkpoints_are_resumed_from_or_refused_and_then_nothing_has_changed(tmp_path):
    path, data = tmp_path / "c.json", ([[0.0], [1.0]], [0.0, 1.0])

    def parts(seed):
        model = nn.Neuron(1, rng=seed)
        return model, nn.optim.Adam(model.parameters(), 0.1), random.Random(seed)

    def go(model, optimizer, rng):
        nn.fit(model, data, nn.losses.mse_loss, optimizer, epochs=2, rng=rng, checkpoint=path, resume=True, progress=False)

    go(*parts(0))
    whole, rng, refused = path.read_bytes(), random.Random(2), 0
    for _ in range(ROUNDS // 2):
        path.write_bytes(damaged(rng, whole))
        model, optimizer, draws = parts(1)
        before = repr((model.state_dict(), optimizer.state_dict(), draws.getstate()))
        try:
            go(model, optimizer, draws)
        except ValueError as error:
            refused += 1
            assert str(error).startswith(str(path)), error
            assert repr((model.state_dict(), optimizer.state_dict(), draws.getstate())) == before
    assert refused > ROUNDS / 4
