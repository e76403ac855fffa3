"""``chainrule train`` as a user runs it."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nn.callbacks import History
from nn.cli import main, outcome

pytest.importorskip("matplotlib")
ROOT = Path(__file__).parents[3]
PNG = b"\x89PNG\r\n\x1a\n"


def train(tmp_path, *arguments, pictures=False):
    """Run the command; its pictures, which take most of the time, are drawn only where they are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        if not pictures:
            patch.setattr(outcome, "boundary", lambda task, model: None)
            patch.setattr(outcome, "save_plot", lambda figure, path: path.touch())
            patch.setattr(History, "plot", lambda history, title: None)
        return main(["train", *map(str, arguments), "--out", str(tmp_path / "out")])


@pytest.mark.parametrize("data", ["moons", "circles", "xor"])
def test_built_in_data(tmp_path, capsys, data):
    assert train(tmp_path, data, pictures=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{data}: 100 samples of 2 features, classes 0, 1"
    assert "parameters" in lines[1]
    assert "training 100/100" in lines[-4]
    assert float(lines[-3].partition("accuracy ")[2].partition("%")[0]) > 90.0
    for path in lines[-2:]:
        assert Path(path).read_bytes().startswith(PNG)


def test_spiral_and_two_layer_are_compiled(tmp_path, capsys):
    assert train(tmp_path, "spiral", "--epochs", 1000) == 0
    out = capsys.readouterr().out
    assert "compiled" in out
    assert float(out.partition("accuracy ")[2].partition("%")[0]) > 90.0
    assert train(tmp_path, "two-layer", "--epochs", 30) == 0
    out = capsys.readouterr().out
    assert "1000-100-10 network of 101000 parameters" in out
    assert "boundary" not in out


@pytest.mark.parametrize(
    "options",
    [
        [
            "--hidden",
            "4,4",
            "--activation",
            "tanh",
            "--loss",
            "hinge",
            "--optimizer",
            "momentum",
            "--lr",
            "0.1",
        ],
        [
            "--loss",
            "cross-entropy",
            "--optimizer",
            "adamw",
            "--batch-size",
            "10",
            "--validation",
            "0.2",
            "--penalty",
            "0",
        ],
        ["--hidden", "0", "--optimizer", "rmsprop", "--samples", "40", "--noise", "0.3", "--seed", "5"],
        ["--compile", "--optimizer", "adagrad", "--epochs", "30"],
        ["--optimizer", "lbfgs", "--epochs", "4"],
        ["--compile", "--optimizer", "lbfgs", "--epochs", "20"],
    ],
)
def test_options(tmp_path, capsys, options):
    assert train(tmp_path, "moons", *(["--epochs", 10] if "--epochs" not in options else []), *options) == 0
    out = capsys.readouterr().out
    assert "loss" in out
    assert ("held-out accuracy" in out) == ("--validation" in options)


def write_flowers(path, *, words=True, rows=60):
    rng = random.Random(0)
    lines = ["width,height,kind"]
    for i in range(rows):
        kind = i % 3
        width, height = 100 + 10 * kind + rng.gauss(0, 2), rng.gauss(0.001 * kind, 0.0002)
        lines.append(f"{width:.3f},{height:.6f},{['lily', 'rose', 'tulip'][kind] if words else kind}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("words", [True, False])
def test_a_file_of_classes_and_predictions(tmp_path, capsys, words):
    data = write_flowers(tmp_path / "flowers.csv", words=words)
    new = tmp_path / "new.csv"
    new.write_text("height,width\n0.0,100\n0.002,120\n")
    assert train(tmp_path, data, "--predict", new, "--epochs", 60) == 0
    out = capsys.readouterr().out
    assert ("classes lily, rose, tulip" if words else "classes 0, 1, 2") in out
    lines = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert lines[0] == (
        "class,score lily,score rose,score tulip" if words else "class,score 0,score 1,score 2"
    )
    assert [line.split(",")[0] for line in lines[1:]] == (["lily", "tulip"] if words else ["0", "2"])


def test_a_file_of_numbers(tmp_path, capsys):
    data = tmp_path / "line.csv"
    data.write_text("y,x\n" + "".join(f"{2.5 * i + 1},{i}\n" for i in range(20)))
    new = tmp_path / "new.csv"
    new.write_text("3\n4.5\n")
    assert (
        train(
            tmp_path,
            data,
            "--target",
            "y",
            "--hidden",
            "0",
            "--epochs",
            400,
            "--lr",
            "0.3",
            "--penalty",
            0,
            "--predict",
            new,
        )
        == 0
    )
    assert "numbers to predict" in capsys.readouterr().out
    rows = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert [float(row) for row in rows[1:]] == pytest.approx([8.5, 12.25], rel=0.01)


def test_save_and_resume_give_the_uninterrupted_training(tmp_path, capsys):
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    assert train(tmp_path, "moons", "--epochs", 20, "--batch-size", 16, "--save", whole) == 0
    assert train(tmp_path, "moons", "--epochs", 8, "--batch-size", 16, "--save", part) == 0
    kept = part.read_bytes()
    assert (
        train(
            tmp_path,
            "moons",
            "--epochs",
            20,
            "--batch-size",
            16,
            "--resume",
            part,
            "--save",
            tmp_path / "more.json",
        )
        == 0
    )
    assert part.read_bytes() == kept, "only the file of --save is written"
    assert json.loads((tmp_path / "more.json").read_text()) == json.loads(whole.read_text())
    new = tmp_path / "new.csv"
    new.write_text("0.0,1.0\n1.0,-0.5\n")
    capsys.readouterr()
    assert (
        train(
            tmp_path,
            "moons",
            "--epochs",
            20,
            "--batch-size",
            16,
            "--resume",
            whole,
            "--predict",
            new,
            "--quiet",
        )
        == 0
    )
    assert capsys.readouterr().out.splitlines()[-2:] == [
        str(tmp_path / "out" / "predictions.csv"),
        str(whole),
    ]
    assert [row.split(",")[0] for row in (tmp_path / "out" / "predictions.csv").read_text().splitlines()] == [
        "class",
        "0",
        "1",
    ]


BAD = {
    "an unknown name": (["sun"], "no data set is called 'sun'; choose one of moons, circles"),
    "a missing file": (["{tmp}/absent.csv"], "absent.csv: No such file or directory"),
    "a header alone": (["{tmp}/header.csv"], "header.csv has names of columns, but no line for a sample"),
    "no folder to save in": (
        ["moons", "--save", "{tmp}/absent/run.json"],
        "absent/run.json: there is no folder",
    ),
    "a file for a folder": (["moons", "--out", "{tmp}/good.csv"], "good.csv is a file; it takes a folder"),
    "a bad cell": (["{tmp}/bad.csv"], "bad.csv, line 3, column 1 (a): 'oops' is not a finite number"),
    "one class": (["{tmp}/one.csv"], "holds one class only"),
    "hidden": (["moons", "--hidden", "16,x"], "--hidden takes whole numbers"),
    "negative hidden": (["moons", "--hidden", "-3"], "--hidden takes numbers of neurons"),
    "activation": (["moons", "--activation", "swish"], "no activation is called 'swish'"),
    "epochs": (["moons", "--epochs", "-1"], "--epochs must be at least 0"),
    "lr": (["moons", "--lr", "nan"], "--lr must be at least 0"),
    "batch": (["moons", "--batch-size", "0"], "--batch-size must be at least 1"),
    "validation": (["moons", "--validation", "1.5"], "--validation is a share"),
    "loss for two": (["spiral", "--loss", "hinge"], "--loss hinge is for two classes, and there are 3"),
    "loss for numbers": (["moons", "--loss", "mse"], "these are classes"),
    "loss for classes": (["two-layer", "--loss", "hinge"], "two-layer predicts numbers"),
    "samples": (["moons", "--samples", "1"], "--samples must be a whole number of at least 2"),
    "no samples": (["two-layer", "--samples", "0"], "--samples must be at least 1, got 0"),
    "noise": (["moons", "--noise", "inf"], "--noise must be at least 0.0, and finite, got inf"),
    "foreign noise": (["{tmp}/good.csv", "--noise", "1"], "--noise does not go with"),
    "foreign samples": (["{tmp}/good.csv", "--samples", "9"], "--samples does not go with"),
    "large numbers": (
        ["{tmp}/large.csv"],
        "the numbers of column a are too large to take their mean and deviation",
    ),
    "nothing held out": (
        ["moons", "--validation", "0.001"],
        "--validation 0.001 of 100 samples leaves none to hold out",
    ),
    "nothing to learn": (
        ["moons", "--samples", "2", "--validation", "0.9"],
        "--validation 0.9 of 2 samples leaves none to learn from",
    ),
    "a folder to save to": (["moons", "--save", "{tmp}"], "is a folder; it takes a file"),
    "no state": (
        ["moons", "--resume", "{tmp}/state.json"],
        "cannot be resumed from: it has no learning rate",
    ),
    "target": (["moons", "--target", "y"], "--target does not go with moons"),
    "unknown column": (["{tmp}/good.csv", "--target", "z"], "no column 'z'; its columns are a, b"),
    "nothing to resume": (["moons", "--resume", "{tmp}/absent.json"], "there is no file"),
    "another file": (["moons", "--resume", "{tmp}/good.csv"], "not JSON"),
    "wrong columns": (
        ["moons", "--predict", "{tmp}/bad3.csv"],
        "has 3 columns, but the network takes 2 features",
    ),
    "wrong column": (
        ["{tmp}/good.csv", "--predict", "{tmp}/bad3.csv"],
        "has 3 columns, but the network takes 1 feature (a)",
    ),
    "out": (["moons", "--epochs", "1", "--out", "{tmp}/good.csv/x"], "good.csv"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_and_options_are_one_clear_line(tmp_path, capsys, kind):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\noops,3\n")
    (tmp_path / "bad3.csv").write_text("1,2,3\n")
    (tmp_path / "good.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "one.csv").write_text("a,b,kind\n1,2,rose\n3,4,rose\n")
    (tmp_path / "header.csv").write_text("a,b\n")
    (tmp_path / "large.csv").write_text("a,b\n1e308,1\n-1e308,2\n")
    (tmp_path / "state.json").write_text('{"format": "chainrule-checkpoint", "version": 1}')
    arguments, message = BAD[kind]
    arguments = [a.replace("{tmp}", str(tmp_path)) for a in arguments]
    assert main(["train", "--out", str(tmp_path / "out"), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("chainrule train: ")
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists(), "and before anything is made"


def test_without_matplotlib_the_training_leaves_the_pictures_out_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    save = tmp_path / "weights.json"
    assert train(tmp_path, "moons", "--epochs", 1, "--save", save, "--quiet") == 0
    out, error = capsys.readouterr()
    assert error == (
        "pictures are left out: drawing plots needs matplotlib, which is not installed here. "
        "Install it with: pip install 'chainrule[plot]'\n"
    )
    assert out == f"{save}\n"
    assert not list((tmp_path / "out").iterdir())


def test_predictions_may_be_for_a_file_with_its_targets_and_other_columns(tmp_path):
    data, new = tmp_path / "flowers.csv", tmp_path / "new.csv"
    data.write_text(
        "width,length,kind\n"
        + "".join(f"{i % 2 + 0.01 * i},{i % 2},{('lily', 'rose')[i % 2]}\n" for i in range(12))
    )
    new.write_text("kind,length,note,width\nrose,1,first,1\nlily,0,second,0\n")
    assert train(tmp_path, data, "--epochs", 40, "--predict", new, "--quiet") == 0
    head, *rows = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert head == "class,score rose"
    assert [row.split(",")[0] for row in rows] == ["rose", "lily"]


def test_the_boundary_of_a_file_has_its_names_and_units(tmp_path):
    from nn.cli.outcome import boundary
    from nn.cli.train import Task

    task = Task(
        [[-1.0, 0.0], [1.0, 0.5]],
        [0, 1],
        [0, 1],
        1,
        "logistic",
        ["lily", "rose"],
        ["width", "length"],
        [(10.0, 2.0), (0.0, 1.0)],
    )
    ax = boundary(task, lambda point: point[0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "length")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["lily", "rose"]
    ticks = {
        text.get_text(): place for text, place in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)
    }
    assert {"9", "10", "11"} <= set(ticks)
    assert abs(ticks["11"] - 0.5) < 1e-12


def test_a_resumed_training_must_be_of_the_same_network(tmp_path, capsys):
    save = tmp_path / "run.json"
    assert train(tmp_path, "moons", "--epochs", 1, "--save", save) == 0
    assert train(tmp_path, "moons", "--hidden", "4", "--resume", save) == 2
    assert "cannot be resumed from" in capsys.readouterr().err


def test_a_resumed_training_goes_on_at_its_own_rate(tmp_path, capsys):
    save = tmp_path / "run.json"
    assert train(tmp_path, "moons", "--epochs", 1, "--lr", 0.05, "--save", save) == 0
    kept = save.read_bytes()
    assert train(tmp_path, "moons", "--epochs", 2, "--lr", 0.1, "--resume", save) == 2
    assert "goes on at its own rate, 0.05" in capsys.readouterr().err
    assert save.read_bytes() == kept
    assert train(tmp_path, "moons", "--epochs", 1, "--resume", save) == 0
    assert "after 1 epoch, " in capsys.readouterr().out
    for rate in ([], ["--lr", 0.05]):
        assert train(tmp_path, "moons", "--epochs", 2, *rate, "--resume", save) == 0
        assert "adam at 0.05" in capsys.readouterr().out


def test_a_training_that_explodes_names_the_operation(tmp_path, capsys):
    data = tmp_path / "line.csv"
    data.write_text("".join(f"{i},{2 * i + 0.5}\n" for i in range(20)))
    assert train(tmp_path, data, "--optimizer", "sgd", "--lr", "1e6", "--epochs", 200) == 1
    error = capsys.readouterr().err
    assert "not finite" in error
    assert "Try a smaller learning rate" in error


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that refuses every user")
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "moons", "--out", "/proc/self"],
        ["train", "moons", "--save", "/proc/self/run.json"],
        ["demo", "--out", "/proc/self"],
    ],
)
def test_a_folder_that_cannot_be_written_to_is_noticed_before_training(
    tmp_path, monkeypatch, capsys, arguments
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert error.startswith(f"chainrule {arguments[0]}: /proc/self: ")
    assert error.count("\n") == 1
    assert "training" not in out


def test_an_interrupt_keeps_what_was_learnt_even_before_the_first_tenth(tmp_path):
    save = tmp_path / "run.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd", "train", "moons", "--epochs", "1000000", "--out",
            str(tmp_path / "out"), "--save", str(save)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    next(line for line in process.stdout if line.startswith("training"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "interrupted" in out
    assert (tmp_path / "out" / "boundary.png").exists()
    assert out.splitlines()[-1] == str(save)
    assert json.loads(save.read_text())["history"]["epochs"] >= 1


MOONS = ["moons", "--epochs", 2, "--hidden", "3", "--batch-size", 20]
OTHERS = {
    "seed": 1, "samples": 60, "noise": 0.3, "hidden": "4", "activation": "tanh", "loss": "hinge",
    "optimizer": "sgd", "lr": 0.5,
    "penalty": 0.1, "batch-size": 10, "validation": 0.25,
}  # fmt: skip


@pytest.fixture
def saved(tmp_path, capsys):
    """The file of a training that is to be resumed."""
    file = tmp_path / "run.json"
    assert train(tmp_path, *MOONS, "--seed", 7, "--save", file) == 0
    capsys.readouterr()
    return file


@pytest.mark.parametrize("option", OTHERS)
def test_a_training_is_not_resumed_with_another_option_that_decides_data_or_model(
    saved, tmp_path, capsys, option
):
    kept = saved.read_bytes()
    assert train(tmp_path, "moons", "--epochs", 3, f"--{option}", OTHERS[option], "--resume", saved) == 2
    said = capsys.readouterr().err
    assert f"--{option} {OTHERS[option]}" in said
    assert said.count("\n") == 1
    assert saved.read_bytes() == kept


def test_a_training_is_not_resumed_compiled_where_it_was_not_or_on_another_data_set(saved, tmp_path, capsys):
    assert train(tmp_path, "moons", "--epochs", 3, "--compile", "--resume", saved) == 2
    assert "with --compile True: it was trained with --compile False" in capsys.readouterr().err
    assert train(tmp_path, "circles", "--epochs", 3, "--resume", saved) == 2
    assert "it was trained on moons, not on circles" in capsys.readouterr().err


def test_options_that_are_not_given_are_those_of_the_training_to_resume(saved, tmp_path):
    whole = tmp_path / "whole.json"
    assert train(tmp_path, *MOONS[:1], *MOONS[3:], "--seed", 7, "--epochs", 4, "--save", whole) == 0
    assert train(tmp_path, "moons", "--epochs", 4, "--resume", saved) == 0
    assert json.loads(saved.read_text()) == json.loads(whole.read_text())


def test_a_file_that_changed_since_is_not_resumed_on(tmp_path, capsys):
    data, save = tmp_path / "data.csv", tmp_path / "run.json"
    rows = ["a,b,y", "1,2,0", "2,1,1", "3,5,0", "4,4,1"]
    data.write_text("\n".join(rows))
    assert train(tmp_path, data, "--epochs", 1, "--save", save) == 0
    data.write_text("\n".join([*rows, "9,9,1"]))
    assert train(tmp_path, data, "--epochs", 2, "--resume", save) == 2
    assert "cannot be resumed from: it was trained on other samples or targets" in capsys.readouterr().err


@pytest.mark.parametrize(("content", "message"), [
    ("a,c\n1,2\n", "has no column 'b'; its columns are a, c, and the network takes a, b"),
    ("a\n1\n", "has 1 column, but the network takes 2 features (a, b)"),
    ("1,2,0\n", "has 3 columns, but the network takes 2 features (a, b)"),
    ("b,y,a\n2,0,1\n", ""),
    ("b,a\n2,1\n", ""),
    ("1,2\n", ""),
])  # fmt: skip
def test_samples_to_predict_for_are_matched_by_name(tmp_path, capsys, content, message):
    data, new = tmp_path / "data.csv", tmp_path / "new.csv"
    data.write_text("a,b,y\n1,2,0\n2,1,1\n3,5,0\n4,4,1\n")
    new.write_text("a,b\n1,2\n")
    assert train(tmp_path, data, "--epochs", 2, "--predict", new) == 0
    expected = (tmp_path / "out" / "predictions.csv").read_bytes()
    new.write_text(content)
    assert train(tmp_path, data, "--epochs", 2, "--predict", new) == (2 if message else 0)
    assert message in capsys.readouterr().err
    assert (tmp_path / "out" / "predictions.csv").read_bytes() == expected


@pytest.mark.parametrize(
    ("columns", "names"),
    [(["$a$", "$b_"], ["$x", "y$^"]), (["_a", "b{"], ["_x", "_y"]), ([r"\frac", "$$"], ["$\\oops$", "%"])],
)
def test_text_in_plots_is_text(tmp_path, columns, names):
    data = tmp_path / "$costs_{.csv"
    data.write_text(
        "\n".join([",".join([*columns, "y"]), *(f"{i},{i * i % 5},{names[i % 2]}" for i in range(8))])
    )
    assert train(tmp_path, data, "--epochs", 1, pictures=True) == 0
    assert {"loss.png", "boundary.png"} <= {path.name for path in (tmp_path / "out").iterdir()}


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_whose_name_is_not_utf8_is_trained_on(tmp_path):
    data = tmp_path / os.fsdecode(b"caf\xe9.csv")
    data.write_text("a,b,y\n1,2,0\n2,1,1\n3,5,0\n4,4,1\n")
    command = [
        sys.executable,
        "-m",
        "nn",
        "train",
        str(data),
        "--epochs",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "out" / "boundary.png").exists()


def test_training_ends_with_pictures_where_matplotlibrc_asks_for_latex(tmp_path, capsys):
    import matplotlib as mpl

    with mpl.rc_context({"text.usetex": True}):
        assert train(tmp_path, "moons", "--epochs", 2, "--quiet") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"loss.png", "boundary.png"}


ROWS = "1,20,0\n2,10,1\n0,30,0\n4,10,1\n1,11,0\n3,0,1\n"


@pytest.mark.parametrize(
    ("renamed", "said"),
    [
        ("b,a,y", "the features a, b, and .* has b, a"),
        ("a,c,y", "the features a, b, and .* has a, c"),
        ("a,b,z", "the target y, and .* has z"),
    ],
)
def test_a_resumed_training_must_be_of_the_same_columns(tmp_path, capsys, renamed, said):
    import re

    (tmp_path / "d.csv").write_text("a,b,y\n" + ROWS)
    save = tmp_path / "d.ck"
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 1, "--save", save, "--quiet") == 0
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 1, "--resume", save, "--quiet") == 0
    kept = save.read_bytes()
    (tmp_path / "d.csv").write_text(renamed + "\n" + ROWS)
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 1, "--resume", save, "--quiet") == 2
    assert re.search(f"cannot be resumed from: it was trained with {said}", capsys.readouterr().err)
    assert save.read_bytes() == kept


def test_other_words_for_the_classes_are_other_classes(tmp_path, capsys):
    text = "a,b,y\n" + ROWS.replace(",0\n", ",no\n").replace(",1\n", ",yes\n")
    text = text.replace("3,no", "3,yes") if "3,no" in text else text
    (tmp_path / "d.csv").write_text(text)
    save = tmp_path / "d.ck"
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 1, "--save", save, "--quiet") == 0
    (tmp_path / "d.csv").write_text(text.replace("no", "nay"))
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 1, "--resume", save, "--quiet") == 2
    assert "it was trained with the classes no, yes, and" in capsys.readouterr().err


def test_a_checkpoint_that_does_not_hold_the_columns_is_resumed_from(tmp_path):
    (tmp_path / "d.csv").write_text("a,b,y\n" + ROWS)
    save = tmp_path / "d.ck"
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 1, "--save", save, "--quiet") == 0
    document = json.loads(save.read_text())
    (recipe,) = [other for other in document["others"] if other["kind"] == "Recipe"]
    del recipe["state"]["columns"]
    save.write_text(json.dumps(document))
    assert train(tmp_path, tmp_path / "d.csv", "--epochs", 2, "--resume", save, "--quiet") == 0


def test_options_that_were_not_given_are_named_as_such(tmp_path, capsys):
    save = tmp_path / "run.json"
    assert train(tmp_path, "moons", "--epochs", 1, "--save", save) == 0
    assert train(tmp_path, "moons", "--batch-size", 4, "--resume", save) == 2
    said = capsys.readouterr().err
    assert "it was trained without --batch-size; leave --batch-size out" in said
    assert "None" not in said


# Files of other programs.

SHEET = """# exported
length;width;kind
1,5;2;1
2,5;2,1;3
1,4;1,9;1
2,6;2,2;3
NA;2,1;2
1,1;0,1;2
0,1;0,2;2
"""


def test_a_file_is_read_as_its_options_say_and_so_is_the_one_to_predict_for(tmp_path, capsys):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(SHEET, encoding="utf-16")
    options = ["--decimal", ",", "--missing", "mean", "--epochs", 40]
    assert train(tmp_path, sheet, *options, "--predict", sheet) == 0
    assert "7 samples of 2 features, classes 1, 2, 3" in capsys.readouterr().out
    rows = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert rows[0] == "class,score 1,score 2,score 3"
    assert len(rows) == 8, "a sample that lacks a cell gets its prediction, too"
    assert train(tmp_path, sheet, "--decimal", ",", "--missing", "drop", "--epochs", 2) == 0
    assert "6 samples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "line 3, column 1 (length): '1,5' has a decimal comma; write a decimal point, or --decimal ','"),
        (["--decimal", ","], "line 7, column 1 (length): 'NA' is not a finite number; to go on without it,"),
        (["--decimal", ","], "write --missing 'drop', or a number for it"),
        (["--decimal", ",", "--missing", "some"], "--missing is error, drop, mean, or a number"),
        (["--delimiter", "tab"], "--delimiter ..."),
        (["--delimiter", ";;"], "delimiter must be one character"),
        (["--encoding", "ascii9"], "no encoding is called 'ascii9'"),
    ],
)  # fmt: skip
def test_what_a_file_lacks_is_said_by_the_options(tmp_path, capsys, options, said):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(SHEET)
    assert train(tmp_path, sheet, *options) == 2
    assert said in capsys.readouterr().err


def test_a_column_of_words_is_left_out(tmp_path, capsys):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("name,a,b,y\nann,1,2,0\nbob,3,1,1\n")
    assert train(tmp_path, sheet) == 2
    said = "line 2, column 1 (name): 'ann' is not a finite number; to leave the column out, name the others: "
    assert f"{said}--features a,b" in capsys.readouterr().err
    assert train(tmp_path, sheet, "--features", "a, b", "--epochs", 2, "--predict", sheet) == 0
    assert "2 samples of 2 features" in capsys.readouterr().out
    assert train(tmp_path, sheet, "--features", "a,c") == 2
    assert "no column 'c'; its columns are name, a, b, y" in capsys.readouterr().err


def test_options_of_files_do_not_go_with_a_built_in_data_set(tmp_path, capsys):
    assert train(tmp_path, "moons", "--decimal", ",") == 2
    assert "--decimal does not go with moons" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        ("1 2 3 1 2 3", [], "classes 1, 2, 3"), ("-1 1 1 -1", [], "classes -1, 1"),
        ("2 4 4 2", [], "classes 2, 4"), ("0 1 2", [], "classes 0, 1, 2"),
        ("3 5 9 3 5 9", ["--loss", "cross-entropy"], "classes 3, 5, 9"),
        ("-1 1 1 -1", ["--loss", "hinge"], "classes -1, 1"),
        ("3 5 9 3 5 9", [], "numbers to predict"), ("1 2 3 4", [], "numbers to predict"),
        ("1 2", [], "numbers to predict"), ("1.5 2 1.5 2", [], "numbers to predict"),
        ("1 2 3 1 2 3", ["--loss", "mse"], "numbers to predict"),
    ],
)  # fmt: skip
def test_whole_numbers_that_occur_again_are_classes(tmp_path, capsys, labels, options, said):
    sheet = tmp_path / "sheet.csv"
    lines = [f"{k % 5},{k % 3},{label}" for k, label in enumerate(labels.split())]
    sheet.write_text("\n".join(["a,b,y", *lines]))
    assert train(tmp_path, sheet, "--epochs", 3, *options, "--predict", sheet) == 0
    assert said in capsys.readouterr().out
    if "classes" in said:
        rows = (tmp_path / "out" / "predictions.csv").read_text().splitlines()[1:]
        assert {row.split(",")[0] for row in rows} <= set(labels.split())


def test_a_second_training_does_not_overwrite_the_first(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = ("chainrule-train", "chainrule-train-2", "chainrule-train-3")
    for seed, folder in enumerate(folders):
        assert main(["train", "xor", "--epochs", "1", "--samples", "8", "--seed", str(seed), "--quiet"]) == 0
        assert capsys.readouterr().out.splitlines()[0] == str(Path(folder, "loss.png"))
    assert len({Path(folder, "boundary.png").read_bytes() for folder in folders}) == 3


def test_a_training_that_diverges_says_so(tmp_path, capsys):
    options = ("moons", "--samples", 12, "--optimizer", "sgd", "--epochs", 4)
    assert train(tmp_path, *options, "--lr", 100) == 0
    line = capsys.readouterr().out.splitlines()[-3]
    assert line.startswith("the training diverged: its loss grew from 0.")
    assert line.endswith("; try a smaller --lr")
    assert train(tmp_path, *options, "--lr", 0.1) == 0
    assert "diverged" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"), [((), True), (("--compile",), False), (("--epochs", 10), False)]
)
def test_a_long_training_node_by_node_mentions_compile(tmp_path, capsys, options, told, monkeypatch):
    monkeypatch.setattr("nn.cli.train.MANY", 300)  # what 3,000 epochs of 100 samples are a thousand times of
    assert train(tmp_path, "moons", "--samples", 10, "--epochs", 30, *options) == 0
    assert ("node by node this takes a while; --compile" in capsys.readouterr().out) is told
