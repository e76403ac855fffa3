"""Damaged files of data, weights and trainings: what is read is what stands there, or the file is refused by
name."""

import csv
import io
import math
import random
from pathlib import Path

from hostile.rounds import hostile_round

import nn
from autograd.keep import files
from nn import state
from nn.data import read_csv


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
            data[a:a] = rng.choice(
                [
                    b",",
                    b'"',
                    b"\n",
                    b"\r",
                    b"\0",
                    b";",
                    b"\t",
                    b"'",
                    b"=",
                    b"1e999",
                    b"nan",
                    b"-",
                    b"\xff",
                    b"[",
                    b"{",
                    b"}",
                    b"\\",
                    b":",
                    b"null",
                ]
            )
        elif change == 4:
            del data[a:]
        else:
            data[a:a] = data[rng.randrange(len(data) + 1) :][:30]
    return bytes(data)


def plainly(text, delimiter):
    """The rows of a table as the standard library reads them."""
    lines = text.removeprefix("\ufeff").split("\n")
    said = "\n".join(["" if line.lstrip().startswith("#") else line for line in lines])
    rows = csv.reader(io.StringIO(said, newline="\n"), delimiter=delimiter)
    return [
        cells for cells in ([cell.strip() for cell in row] for row in rows) if len(cells) > 1 or any(cells)
    ]


TABLES = [
    "width,height,kind\n1.5,2,rose\n-3,4e2,lily\n5,6,rose\n7,8,'=x\n",
    'a;"b;c";y\r\n1;2;0\r\n3;4;1\r\n\r\n5;6;0\r\n',
    "1\t2\t3.5\n4\t5\t6.25\n",
]


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def table(rng: random.Random, path: Path) -> str:
    """Read a damaged table."""
    data = damaged(rng, rng.choice(TABLES).encode())
    path.write_bytes(data)
    try:
        result = read_csv(path)
    except ValueError as error:
        assert str(error).startswith(str(path)), error
        return "tables refused"
    fits = []
    for delimiter in ",;\t":
        try:
            rows = plainly(data.decode(), delimiter)
        except csv.Error:
            continue
        rows = rows[len(rows) - len(result.x) :] if len(rows) - len(result.x) in (0, 1) else []
        width = len(result.features) + 1
        # Behind the names, each line may end in a separator.
        rows = [row[:width] if not any(row[width:]) and len(row) == width + 1 else row for row in rows]
        if rows and all(len(row) == width for row in rows):
            with_numbers = [
                [
                    float(cell) if cell.replace("_", "!") == cell and is_number(cell) else math.nan
                    for cell in row[:-1]
                ]
                for row in rows
            ]
            fits.append(with_numbers == result.x.tolist())
    assert any(fits), data
    return "tables read"


def weights(rng: random.Random, path: Path) -> str:
    """Load damaged weights."""
    nn.MLP(2, [3, 1], rng=0).save(path)
    path.write_bytes(damaged(rng, path.read_bytes()))
    model = nn.MLP(2, [3, 1], rng=1)
    before = model.state_dict()
    try:
        model.load(path)
    except ValueError as error:
        assert str(error).startswith(str(path)), error
        assert model.state_dict() == before
        return "weights refused"
    found = state.read(path, kind=state.FORMAT)["parameters"]
    assert {k: repr(v) for k, v in model.state_dict().items()} == {
        k: repr(files.decode_float(v)) for k, v in found.items()
    }
    return "weights read"


def checkpoint(rng: random.Random, path: Path) -> str:
    """Go on with a training from a damaged checkpoint."""

    def parts(seed):
        model = nn.Neuron(1, rng=seed)
        return model, nn.optim.Adam(model.parameters(), 0.1), random.Random(seed)

    def go(model, optimizer, draws):
        data = [[0.0], [1.0]], [0.0, 1.0]
        nn.fit(
            model,
            data,
            nn.losses.mse_loss,
            optimizer,
            epochs=2,
            rng=draws,
            checkpoint=path,
            resume=True,
            progress=False,
        )

    go(*parts(0))
    path.write_bytes(damaged(rng, path.read_bytes()))
    model, optimizer, draws = parts(1)
    before = repr((model.state_dict(), optimizer.state_dict(), draws.getstate()))
    try:
        go(model, optimizer, draws)
    except ValueError as error:
        assert str(error).startswith(str(path)), error
        assert repr((model.state_dict(), optimizer.state_dict(), draws.getstate())) == before
        return "checkpoints refused"
    return "checkpoints read"


@hostile_round("read as it stands, or refused by the file's name, and then nothing has changed", 1000)
def mutated_files(rng: random.Random, folder: Path) -> str:
    """Read one damaged file."""
    return rng.choice([table, table, table, weights, weights, checkpoint])(rng, folder / "file")
