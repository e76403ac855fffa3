"""Tables: what spreadsheets would run, what is long or wide, and files with random damage."""

import bz2
import csv
import gzip
import io
import lzma
import os
import re
import threading
import time
import zipfile

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


# What files of other programs look like.

X, Y = [[1.0, 2.0], [3.0, 4.0]], [0.5, 2.5]
HABITS = [
    ("a|b|y\n1|2|0.5\n3|4|2.5\n", {}),
    ("1 2 0.5\n3 4 2.5\n", {}),
    ("  a   b  y\n  1   2  0.5  \n  3   4  2.5\n", {}),
    ("1:2:0.5\n3:4:2.5\n", {"delimiter": ":"}),
    ("a, b, y\n1, 2, 0.5\n3, 4, 2.5\n", {}),
    ('"a", "b", "y"\n"1", "2", "0.5"\n"3" , "4" ,"2.5"  \n', {}),
    ("# made by hand\n#\na,b,y\n1,2,0.5\n# between\n3,4,2.5\n# end", {}),
    ("a,b,y\n1,2,0.5 % good\n% bad\n3,4,2.5\n", {"comment": "%"}),
    ("a;b;y\n1;2;0,5\n3;4;2,5\n", {"decimal": ","}),
    ("1;2;0,5\n3,0;4;2,5\n", {"decimal": ","}),
    ("1,0;2,0;0,5\n3,0;4,0;2,5\n", {"decimal": ","}),
    ("a,b,y,\n1,2,0.5,\n3,4,2.5,\n", {}),
    ("a,b,y\n1,2,0.5,\n3,4,2.5,\n", {}),
    ("1;2;0.5;\n3;4;2.5;\n", {}),
    ("a,b,y\r1,2,0.5\r3,4,2.5\r", {}),
    ("a,b,y\r\n1,2,0.5\r\n\r\n3,4,2.5\r\n", {}),
    ("sep=;\na;b;y\n1;2;0.5\n3;4;2.5\n", {}),
    ("2019,2020,2021\n1,2,0.5\n3,4,2.5\n", {"header": True}),
    ("+1.,2E+00,.5\n3e0,4.0,25e-1\n", {"header": False}),
    ("a,b,y\n1,2,0.5\n,4,2\n3,4,2.5\n", {"missing": "drop"}),
    ("a,b,y\n1,2,0.5\n7,4,NA\n3,4,2.5\n", {"missing": "drop"}),
    ("a,b,y\n1,2,0.5\n3,N/A,2.5\n", {"missing": 4}),
    ("a,b,y\n1,2,0.5\n3,?,2.5\n", {"missing": {"b": 4.0}}),
    ("a,b,y\n1,2,0.5\nNaN,4,2.5\n5,nan,1\n", {"missing": "mean"}),
    ("a,b,y\ntrue,2,0.5\n3,4,2.5\n", {}),
]


@pytest.mark.parametrize("ending", ["", "\n"])
@pytest.mark.parametrize("encoding", [None, "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(("text", "options"), HABITS, ids=range(len(HABITS)))
def test_files_of_other_programs_are_read(tmp_path, text, options, encoding, ending):
    path = write(tmp_path, (text + ending).encode(encoding or "utf-8"))
    read = read_csv(path, **options)
    wanted_x, wanted_y = X, Y
    if options.get("missing") == "mean":
        wanted_x, wanted_y = [[1.0, 2.0], [3.0, 4.0], [5.0, 3.0]], [0.5, 2.5, 1.0]
    assert read.x.tolist() == wanted_x
    assert read.y.tolist() == wanted_y
    assert table.column_names(path, **options) == [*read.features, read.target]


@pytest.mark.parametrize(
    ("text", "options", "x"),
    [
        ('a;y\n"1,234.5";1\n-12,345;2\n1;3\n', {"thousands": ","}, [1234.5, -12345.0, 1.0]),
        ('a,y\n"1,234.5",1\n"2,000",2\n', {"thousands": ","}, [1234.5, 2000.0]),
        ("a;y\n1.234,5;1\n2.000;2\n", {"thousands": ".", "decimal": ","}, [1234.5, 2000.0]),
        ("a;y\n1 234;1\n12 000 000;2\n", {"thousands": " "}, [1234.0, 12e6]),
        ("a;y\n1'234;1\n5;2\n", {"thousands": "'"}, [1234.0, 5.0]),
        ("a;y\n1_234;1\n5;2\n", {"thousands": "_"}, [1234.0, 5.0]),
    ],
)
def test_separators_of_thousands(tmp_path, text, options, x):
    assert read_csv(write(tmp_path, text), **options).x[:, 0].tolist() == x


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-16-be", "shift_jis"])
def test_an_encoding_that_is_named_is_used(tmp_path, encoding):
    word = "\u30a2" if encoding == "shift_jis" else "\u00e9"
    path = write(tmp_path, f"a,y\n1,{word}\n2,b\n".encode(encoding))
    assert read_csv(path, encoding=encoding).classes == ["b", word]
    with pytest.raises(ValueError, match=r"data.csv is not .*encoding="):
        read_csv(path)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\n1,2\n,3\n", {}, r"line 3, column 1 \(a\): the cell is empty.*missing='drop'"),
        ("a,b\n1,2\nNA,3\n", {}, r"line 3, column 1 \(a\): 'NA' is not a finite number.*missing='drop'"),
        ("# note\na,b\n1,2\nx,3\n", {}, r"line 4, column 1 \(a\): 'x'"),
        ("a,b\n1,2\n1,\n", {"missing": 5}, r"line 3, column 2 \(b\): the target is empty.*missing='drop'"),
        ("a,b\n1,2\n1,?\n", {}, r"line 3, column 2 \(b\): '\?' is not .*missing='drop'"),
        ("a;b\n1,5;2\n2;3\n", {}, r"'1,5' has a decimal comma; write a decimal point, or decimal=','"),
        ('a;b\n"1,234.5";2\n2;3\n', {}, r"'1,234.5' has separators of thousands; write thousands=','"),
        ("a;b\n1.234,5;2\n2;3\n", {}, r"separators of thousands; write thousands='.', decimal=','"),
        ("a;b\n1 234,5;2\n2;3\n", {}, r"separators of thousands; write thousands=' ', decimal=','"),
        ('a;b\n"12,34";2\n2;3\n', {"thousands": ","}, "'12,34' is not a finite number"),
        ("2019,x\n1,2\n", {}, r"line 1, column 2 \(column 2\): 'x'|though other targets"),
        ("x,2019\n1,2\n", {}, r"line 1, column 1 \(column 1\): 'x'.*names the columns, write header=True"),
        ("a,b\n,\n", {"missing": "drop"}, "every line lacks a cell; write missing='mean'"),
        ("a,b,y\n,1,2\nNA,2,3\n", {"missing": "mean"}, "the column a is empty; leave it out"),
        ("a:b\n1:2\n", {}, "needs at least two columns.*delimiter="),
        ("a,b\n1,2\n1,2,3\n", {}, "line 3: 3 cells, but the first line has 2.*quotation marks"),
        ("1,2,\n3,4,\n5,6,7\n", {}, "line 3: '7' stands in a column that is empty in the first lines"),
        ('a,b\n1,"' + "x" * 200_000 + '"\n', {}, "line 2: field larger than field limit"),
        ("a,b\n1,2\n", {"delimiter": ";;"}, "delimiter must be one character"),
        ("a,b\n1,2\n", {"delimiter": '"'}, "delimiter must be one character"),
        ("a,b\n1,2\n", {"decimal": ";"}, "decimal must be"),
        ("a,b\n1,2\n", {"decimal": ",", "thousands": ","}, "cannot both be"),
        ("a,b\n1,2\n", {"thousands": "x"}, "thousands must be such as"),
        ("a,b\n1,2\n", {"missing": "mode"}, "missing must be 'error', 'drop', 'mean'"),
        ("n,a,y\nann,1,2\n", {}, r"\(n\): 'ann' is not .* number; to leave the column out.*features="),
        ("a,b\n1,2\n", {"missing": {"c": 1.0}}, "no column 'c'; its columns are a, b"),
        ("a,b\n1,2\n", {"missing": float("nan")}, "missing must be a finite number"),
        ("a,b\n1,2\n", {"encoding": "utf8000"}, "no encoding is called 'utf8000'"),
        ("a,b\n1,2\n", {"header": "yes"}, "header must be True, False or None"),
    ],
)
def test_what_a_file_lacks_is_said_with_what_to_write(tmp_path, text, options, said):
    with pytest.raises(ValueError, match=said):
        read_csv(write(tmp_path, text), **options)


def test_a_comment_sign_within_quotation_marks_or_a_word_is_none(tmp_path):
    read = read_csv(write(tmp_path, 'a,y\n1,"x\n# no comment"\n2,"#b"\n3,c#\n'))
    assert read.classes == ["#b", "c#", "x\n# no comment"]
    read = read_csv(write(tmp_path, 'a,y\n1,"x # 1" # said\n2,b# said\n'), comment="#")
    assert read.classes == ["b", "x # 1"]
    assert read_csv(write(tmp_path, "#a,y\n1,2\n"), comment="").features == ["#a"]


def packed(name, data):
    """Give bytes as a packed file of that name has them."""
    if name.endswith(".zip"):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("folder/data.csv", data)
        return made.getvalue()
    return {"gz": gzip, "bz2": bz2, "xz": lzma}[name.split(".")[-1]].compress(data)


@pytest.mark.parametrize("name", ["data.csv.gz", "data.csv.bz2", "data.csv.xz", "data.zip"])
def test_packed_files_are_read_and_damaged_and_large_ones_refused(tmp_path, name):
    path, raw = tmp_path / name, packed(name, b"a,b\n1,2\n3,4\n")
    path.write_bytes(raw)
    assert read_csv(path).x.tolist() == [[1.0], [3.0]]
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ValueError, match="cannot be unpacked: .*; unpack it, and read the file"):
        read_csv(path)
    path.write_bytes(packed(name, b"a,b\n" + b"1,2\n" * 5000))
    with pytest.raises(ValueError, match="more .*than the limit of 15000"):
        read_csv(path, limit=15000)


def test_an_archive_of_several_files_is_refused(tmp_path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "1,2\n")
        archive.writestr("b.csv", "1,2\n")
    with pytest.raises(ValueError, match="is an archive of 2 files; unpack it and read one of them"):
        read_csv(path)


@pytest.mark.parametrize(
    ("cell", "sign", "number"),
    [
        ("10%", "%", "10"), ("$10", "$", "10"), ("-1.5 %", "%", "-1.5"), ("$1,234.5", "$", "1,234.5"),
        ("5 €", "€", "5"),
    ],
)
def test_a_sign_beside_a_number_is_named_with_what_to_write(tmp_path, cell, sign, number):
    says = f"{cell!r} has {sign!r} beside its number; write the number alone, {number}: in the file"
    with pytest.raises(ValueError, match=re.escape(says)):
        read_csv(write(tmp_path, f'a,b\n"{cell}",2\n'))


def test_a_minus_sign_of_typesetters_is_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,y\n1,\u22124.5,0\n2,3,1\n", encoding="utf-8")
    assert read_csv(path).x.tolist() == [[1.0, -4.5], [2.0, 3.0]]


@pytest.mark.parametrize("text", ['a,b,y\n1,"2,0\n3,4,1\n', 'a,b,y\n1,"2" x,0\n3,4,1\n'])
def test_quotation_marks_that_do_not_pair_are_said(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"line \d: the quotation marks of a cell do not pair; write two"):
        read_csv(path)
