import io
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import autograd
import nn
from autograd import AnomalyError, Value
from nn.callbacks import EarlyStopping, History
from nn.progress import Progress
from nn.train.fit import labelled

ROOT = Path(__file__).parents[2]
BCE = nn.losses.binary_cross_entropy_with_logits


def setup(seed=0, hidden=4, optimizer=nn.optim.Adam, lr=0.05, **options):
    model = nn.MLP(2, [hidden, 1], activation="tanh", rng=seed, **options)
    return model, optimizer(model.parameters(), lr=lr), nn.data.make_moons(30, rng=1)


def fit(model, optimizer, data, loss=BCE, **options):
    return nn.fit(model, data, loss, optimizer, **{"epochs": 5, "progress": False, **options})


@pytest.mark.parametrize("size", [None, 1, 7])
def test_the_loop_is_the_one_that_one_writes_by_hand(size):
    model, optimizer, (x, y) = setup()
    history = fit(
        model,
        optimizer,
        (x, y),
        batch_size=size,
        penalty=lambda: nn.losses.l2_penalty(model, 0.01),
        rng=random.Random(3),
    )
    other, by_hand, _ = setup()
    rng, losses = random.Random(3), []
    for _ in range(5):
        total = 0.0
        for bx, by in nn.data.batches(x.tolist(), y.tolist(), size, size is not None, rng):
            loss = autograd.mean(
                [BCE(other(a), b) for a, b in zip(bx, by, strict=True)]
            ) + nn.losses.l2_penalty(other, 0.01)
            by_hand.zero_grad()
            loss.backward()
            by_hand.step()
            total += loss.data * len(bx)
        losses.append(total / 30)
    assert history["loss"] == losses
    assert model.state_dict() == other.state_dict()
    assert history.epochs == 5
    assert history.stopped == ""
    assert history.seconds > 0.0


def test_sum_reduction():
    model, optimizer, data = setup(lr=0.0)
    mean, total = (
        fit(model, optimizer, data, epochs=1),
        fit(model, optimizer, data, epochs=1, reduction="sum", batch_size=7),
    )
    assert total["loss"][0] == pytest.approx(30 * mean["loss"][0])
    assert nn.evaluate(model, data, BCE, reduction="sum") == pytest.approx(total["loss"][0])


def test_metrics_and_validation():
    model, optimizer, data = setup()
    held_out = nn.data.make_moons(20, rng=9)
    history = fit(model, optimizer, data, metrics=["accuracy"], validation=held_out, epochs=40)
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["accuracy"][-1] > 0.8
    assert history["val_loss"][-1] == nn.evaluate(model, held_out, BCE)
    seen = []
    own = fit(
        model,
        optimizer,
        data,
        metrics={"worst": lambda outputs, targets: seen.append(len(targets)) or 1.5},
        epochs=1,
    )
    assert own["worst"] == [1.5]
    assert seen == [30]
    assert "loss" in repr(history)


def test_dropout_trains_but_is_off_for_figures():
    model = nn.Sequential(nn.Layer(2, 8, rng=0), nn.Dropout(0.5, rng=1), nn.Layer(8, 1, nonlin=False, rng=2))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
    data = nn.data.make_moons(20)
    history = fit(model, optimizer, data, epochs=2, validation=data)
    assert history["loss"][0] != history["loss"][1]
    assert history["val_loss"][0] == history["val_loss"][1]
    assert model.training


def test_a_scheduler_steps_each_epoch():
    model, optimizer, data = setup(lr=0.1)
    fit(model, optimizer, data, scheduler=nn.optim.ExponentialLR(optimizer, 0.5), epochs=3)
    assert optimizer.lr == pytest.approx(0.0125)


def test_callbacks_see_the_training_and_may_stop_it():
    model, optimizer, data = setup()
    seen = []

    def callback(training):
        seen.append((training.epoch, training.history["loss"][-1], training.model is model))
        if training.epoch == 3:
            training.stop("enough")

    history = fit(model, optimizer, data, callbacks=[callback])
    assert [s[0] for s in seen] == [1, 2, 3]
    assert history.stopped == "enough"
    assert all(s[2] for s in seen)


def test_early_stopping_restores_the_best_parameters():
    model, optimizer, data = setup(lr=0.0)
    best = []

    def worsen(training):
        best.append(training.model.state_dict())
        for p in training.model.parameters():
            p.data += 0.1 if training.epoch >= 4 else 0.0
        optimizer.lr = 0.05 if training.epoch < 3 else 0.0

    stopping = EarlyStopping(3, monitor="loss")
    history = fit(model, optimizer, data, callbacks=[stopping, worsen], epochs=60)
    assert history.epochs == stopping.best_epoch + 3
    assert history.stopped == f"no better loss since epoch {stopping.best_epoch}"
    assert model.state_dict() == stopping.best_parameters
    with pytest.raises(ValueError, match="watches 'val_loss', but the figures are loss"):
        fit(model, optimizer, data, callbacks=[EarlyStopping()])
    upwards = EarlyStopping(1, monitor="accuracy", largest=True, restore_best=False)
    fit(model, optimizer, data, callbacks=[upwards], metrics=["accuracy"], epochs=3)
    assert upwards.best is not None


def parts(seed):
    model = nn.Sequential(
        nn.Layer(2, 6, activation="tanh", rng=seed),
        nn.Dropout(0.2, rng=seed),
        nn.Layer(6, 1, nonlin=False, rng=seed),
    )
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    return (
        model,
        optimizer,
        {"scheduler": nn.optim.CosineLR(optimizer, 12), "callbacks": [EarlyStopping(50, monitor="loss")]},
    )


def test_resume_goes_on_bit_for_bit(tmp_path):
    data = nn.data.make_moons(30, rng=2)
    common = {"batch_size": 7, "validation": nn.data.make_moons(10, rng=3), "metrics": ["accuracy"]}
    whole_model, whole_optimizer, rest = parts(0)
    whole = fit(whole_model, whole_optimizer, data, epochs=12, rng=5, **common, **rest)
    path = tmp_path / "training.json"
    model, optimizer, rest = parts(0)
    fit(model, optimizer, data, epochs=5, rng=5, checkpoint=path, **common, **rest)
    # Another process would start from other weights and another seed: everything comes from the file.
    model, optimizer, rest = parts(1)
    history = fit(model, optimizer, data, epochs=12, rng=6, checkpoint=path, resume=True, **common, **rest)
    assert dict(history) == dict(whole)
    assert model.state_dict() == whole_model.state_dict()
    assert optimizer.state_dict() == whole_optimizer.state_dict()
    done = fit(model, optimizer, data, epochs=12, rng=6, checkpoint=path, resume=True, **common, **rest)
    assert done.epochs == 12, "nothing is left to do"


@pytest.mark.parametrize("restore", [False, True])
def test_a_training_that_was_stopped_early_is_not_resumed_but_with_more_patience(tmp_path, restore):
    data, path = nn.data.make_moons(20, rng=2), tmp_path / "c.json"

    def again(patience, seed):
        model = nn.MLP(2, [4, 1], rng=seed)
        stopping = EarlyStopping(patience, monitor="loss", min_delta=0.2, restore_best=restore)
        optimizer = nn.optim.SGD(model.parameters(), lr=0.01)
        return model.state_dict, fit(
            model, optimizer, data, callbacks=[stopping], epochs=20, checkpoint=path, resume=True
        )

    state, first = again(2, 0)
    kept = path.read_bytes()
    later_state, later = again(2, 1)
    assert (
        (first.epochs, first.stopped) == (later.epochs, later.stopped) == (3, "no better loss since epoch 1")
    )
    assert (dict(later), later_state()) == (dict(first), state())
    assert path.read_bytes() == kept
    assert again(4, 2)[1].epochs == 5


def test_resume_without_a_file_starts_afresh_and_needs_a_path(tmp_path):
    model, optimizer, data = setup()
    assert fit(model, optimizer, data, checkpoint=tmp_path / "c.json", resume=True).epochs == 5
    assert (tmp_path / "c.json").exists()
    with pytest.raises(ValueError, match="checkpoint=path"):
        fit(model, optimizer, data, resume=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("optimizer"), "the entry 'optimizer' is missing"),
        (lambda d: d["parameters"].pop("layer0.n0.b"), "lacks 'layer0.n0.b'"),
        (lambda d: d["optimizer"]["state"].update(mean=[0.0]), "1 numbers of 'mean'"),
        (lambda d: d["history"].update(epochs=9), "do not all have 9 entries"),
        (lambda d: d.update(generators=[]), "0 generators"),
        (lambda d: d["generators"][0].__setitem__(1, [1, 2]), "cannot be resumed from"),
        (lambda d: d["history"].update(epochs=-1, columns={}), "whole number of at least 0, got -1"),
        (lambda d: d["history"].update(epochs="3"), "whole number of at least 0, got '3'"),
        (lambda d: d["optimizer"].update(steps=-3), "steps must be a whole number"),
        (lambda d: d["optimizer"]["options"].update(eps="x"), "eps must be a number"),
        (lambda d: d["generators"][0].__setitem__(2, "x"), "expected a number"),
        (
            lambda d: d["others"].append({"kind": "StepLR", "state": {}}),
            r"other callbacks or schedulers \(StepLR\)",
        ),
        (lambda d: d.update(format="chainrule-weights"), "but of 'chainrule-weights'"),
    ],
)
def test_bad_checkpoints_change_nothing(tmp_path, change, message):
    path = tmp_path / "c.json"
    model, optimizer, data = setup()
    fit(model, optimizer, data, checkpoint=path)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    model, optimizer, data = setup(3)
    rng = random.Random(1)
    before = model.state_dict(), optimizer.state_dict(), rng.getstate()
    with pytest.raises(ValueError, match=message):
        fit(model, optimizer, data, checkpoint=path, resume=True, rng=rng)
    assert (model.state_dict(), optimizer.state_dict(), rng.getstate()) == before


def places(x, path=()):
    """Every place in nested dicts and lists, of long lists the ends."""
    yield path
    keys = (
        list(x)
        if isinstance(x, dict)
        else sorted({*range(len(x))[:3], *range(len(x))[-1:]})
        if isinstance(x, list)
        else []
    )
    for key in keys:
        yield from places(x[key], (*path, key))


def test_a_damaged_checkpoint_is_resumed_from_or_refused_and_then_nothing_has_changed(tmp_path):
    path, data = tmp_path / "c.json", nn.data.make_moons(8, rng=2)

    def again(seed):
        model, optimizer, rest = parts(seed)
        rng, modules = random.Random(seed), [*model.modules(), *rest["callbacks"], rest["scheduler"]]
        draws = [rng, *[m.rng for m in modules if hasattr(m, "rng")]]

        def now():
            return repr(
                [
                    *[m.state_dict() for m in modules if hasattr(m, "state_dict")],
                    optimizer.state_dict(),
                    *[g.getstate() for g in draws],
                ]
            )

        return now, lambda: fit(
            model, optimizer, data, epochs=3, batch_size=4, rng=rng, checkpoint=path, resume=True, **rest
        )

    again(0)[1]()
    whole = path.read_text()
    rng, refused = random.Random(0), 0
    for _ in range(300):
        document = json.loads(whole)
        *outer, last = rng.choice([place for place in places(document) if place])
        at = document
        for key in outer:
            at = at[key]
        if rng.random() < 0.3:
            del at[last]
        else:
            at[last] = rng.choice(
                [None, True, 0, -1, 1.5, "x", "nan", "inf", [], {}, [1], {"a": 1}, 10**400, "", [[1]]]
            )
        path.write_text(json.dumps(document))
        now, resume = again(5)
        before = now()
        try:
            resume()
        except ValueError:
            refused += 1
            assert now() == before, (outer, last)
    assert refused > 200


class Odd:
    """A callback whose state is no JSON."""

    def __call__(self, training):
        pass

    def state_dict(self):
        return {"seen": {1, 2}}

    def load_state_dict(self, state):
        pass


@pytest.mark.parametrize("odd", [{"rng": random.SystemRandom()}, {"callbacks": [Odd()]}])
def test_what_no_checkpoint_can_keep_is_told_before_the_training(tmp_path, odd):
    model, optimizer, data = setup()
    before = model.state_dict()
    with pytest.raises(TypeError, match="this training cannot be kept in a checkpoint"):
        fit(model, optimizer, data, checkpoint=tmp_path / "c.json", **odd)
    assert model.state_dict() == before
    assert not list(tmp_path.iterdir())
    assert fit(model, optimizer, data, **odd).epochs == 5


def test_a_scheduler_of_another_optimizer_is_refused():
    model, optimizer, data = setup()
    other = nn.optim.StepLR(nn.optim.SGD(model.parameters(), 0.1), 1)
    with pytest.raises(ValueError, match="the rate of another optimizer"):
        fit(model, optimizer, data, scheduler=other)


def test_nan_names_the_first_bad_operation():
    model, optimizer, data = setup()
    before = model.state_dict()

    def loss(output, target):
        return (output * 0.0 - 1.0).log() + target

    with pytest.raises(AnomalyError, match=r"log\(-1.0\) = nan") as caught:
        fit(model, optimizer, data, loss)
    assert "epoch 1: the loss is nan" in caught.value.__notes__[0]
    assert model.state_dict() == before


def test_an_infinite_gradient_is_found_though_the_loss_is_finite():
    model, optimizer, data = setup()
    with pytest.raises(AnomalyError, match=r"sqrt\(0.0\)") as caught:
        fit(model, optimizer, data, lambda output, target: (output * 0.0).sqrt())
    assert "gradient is not finite" in caught.value.__notes__[0]


def test_parameters_that_were_not_finite_are_told():
    model, optimizer, data = setup()
    model.parameters()[0].data = float("nan")
    with pytest.raises(AnomalyError, match="some parameter was not finite"):
        fit(model, optimizer, data)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": -1}, ValueError, "epochs must be"),
        ({"batch_size": 0}, ValueError, "batch_size must be"),
        ({"reduction": "none"}, ValueError, "reduction must be"),
        ({"metrics": ["f1"]}, ValueError, "no metric is called 'f1'"),
        ({"metrics": "accuracy"}, TypeError, r"metrics=\['accuracy'\]"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every"),
        ({"validation": ([], [])}, ValueError, "validation has 0 samples"),
    ],
)
def test_bad_options_are_explained_before_anything_happens(options, error, message):
    model, optimizer, data = setup()
    with pytest.raises(error, match=message):
        fit(model, optimizer, data, **options)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (([[1.0, 2.0]], [1, 2]), ValueError, "1 samples and 2 targets"),
        (([[1.0, float("nan")]], [1]), ValueError, "sample 0 of data holds nan"),
        (([[1.0, 2.0]], [float("inf")]), ValueError, "target 0 of data holds inf"),
        ([1, 2, 3], TypeError, r"pair of samples and targets, \(x, y\)"),
    ],
)
def test_bad_data_is_explained(data, error, message):
    model, optimizer, _ = setup()
    with pytest.raises(error, match=message):
        fit(model, optimizer, data)


def test_a_loss_that_is_no_value_is_explained():
    model, optimizer, data = setup()
    with pytest.raises(TypeError, match="one Value for each sample, got float"):
        fit(model, optimizer, data, lambda output, target: 1.0)


def test_an_interrupt_ends_the_epoch_and_keeps_what_was_learnt():
    model, optimizer, data = setup()
    start = model.state_dict()

    def interrupt(training):
        if training.epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    history = fit(model, optimizer, data, callbacks=[interrupt], epochs=50)
    assert history.stopped == "interrupted"
    assert history.epochs == 2
    assert model.state_dict() != start
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_python_raises_keeps_what_was_learnt_too():
    model, optimizer, data = setup()

    def interrupt(training):
        raise KeyboardInterrupt

    assert fit(model, optimizer, data, callbacks=[interrupt]).stopped == "interrupted"


@pytest.mark.parametrize(("wrong", "error", "message"), [
    ({"loss": "mse"}, TypeError, r"loss must be a function of \(output, target\)"),
    ({"model": lambda x: x}, TypeError, "model must be a module of nn, got function"),
    ({"optimizer": nn.optim.SGD}, TypeError, "optimizer must be one of nn.optim made with the parameters"),
    ({"optimizer": nn.optim.SGD([Value(1.0)], 0.1)}, ValueError, "none of the model's parameters"),
    ({"penalty": 1e-3}, TypeError, "penalty must be a function of no arguments"),
    ({"scheduler": 0.9}, TypeError, "scheduler must be one of nn.optim, such as .*, got float"),
    ({"callbacks": print}, TypeError, r"write callbacks=\[function\]"),
    ({"callbacks": 3}, TypeError, r"write callbacks=\[function\]"),
    ({"callbacks": [3]}, TypeError, "a callback must be a function of a nn.callbacks.Training, got int"),
    ({"callbacks": [EarlyStopping()]}, ValueError,
     "watches 'val_loss', but the figures are loss; give fit a validation set"),
    ({"checkpoint": "/no/such/folder/run.json"}, FileNotFoundError, "/no/such/folder"),
])  # fmt: skip
def test_what_cannot_work_is_said_before_anything_has_changed(wrong, error, message):
    model, optimizer, data = setup()
    before = model.state_dict()
    arguments = {
        "model": model,
        "data": data,
        "loss": BCE,
        "optimizer": optimizer,
        "epochs": 2,
        "progress": False,
        **wrong,
    }
    with pytest.raises(error, match=message):
        nn.fit(**arguments)
    assert model.state_dict() == before
    assert optimizer.steps == 0


@pytest.mark.parametrize("size", [4, None])
def test_an_interrupt_with_a_checkpoint_ends_the_epoch_and_goes_on_bit_for_bit(tmp_path, size):
    calls = []

    def interrupting(output, target):
        calls.append(target)
        if len(calls) == 2 + 2 * len(setup()[2][0]):  # in the third epoch
            signal.raise_signal(signal.SIGINT)
        return nn.losses.mse_loss(output, target)

    file = tmp_path / "run.json"
    model, optimizer, data = setup()
    options = {"checkpoint": file, "checkpoint_every": 100, "batch_size": size}
    history = fit(model, optimizer, data, interrupting, epochs=6, **options)
    assert (history.stopped, history.epochs) == ("interrupted", 3)
    model, optimizer, data = setup()
    history = fit(model, optimizer, data, nn.losses.mse_loss, epochs=6, resume=True, **options)
    whole, optimizer, data = setup()
    expected = fit(whole, optimizer, data, nn.losses.mse_loss, epochs=6, batch_size=size)
    assert model.state_dict() == whole.state_dict()
    assert dict(history) == dict(expected)


def test_other_threads_train_too():
    results = []
    thread = threading.Thread(target=lambda: results.append(fit(*setup(), epochs=2).epochs))
    thread.start()
    thread.join()
    assert results == [2]


INTERRUPTED = """
import sys
sys.path.insert(0, sys.argv[1])
import nn
x, y = nn.data.make_moons(100)
model = nn.MLP(2, [8, 1], rng=0)
print("ready", flush=True)
loss = nn.losses.binary_cross_entropy_with_logits
history = nn.fit(model, (x, y), loss, nn.optim.SGD(model.parameters(), 0.1),
                 epochs=10**6, batch_size=10, progress=False, checkpoint=sys.argv[2], checkpoint_every=1)
print(history.stopped, history.epochs)
"""


def test_ctrl_c_in_a_real_process(tmp_path):
    path = tmp_path / "c.json"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(ROOT), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    while not path.exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    word, epochs = out.split()
    assert word == "interrupted"
    assert json.loads(path.read_text())["history"]["epochs"] == int(epochs)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_progress_in_a_pipe_is_ten_plain_lines():
    stream = io.StringIO()
    progress = Progress(100, stream=stream)
    for step in range(1, 101):
        progress.update(step, loss=1.0 / step)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "training 1/100  loss 1"
    assert lines[-1] == "training 100/100  loss 0.01"
    assert len(lines) == 11


def test_progress_on_a_terminal_is_one_line_that_is_overwritten():
    stream = Terminal()
    progress = Progress(3, title="fitting", stream=stream)
    for step in (1, 2, 3):
        progress.update(step, loss=0.5, accuracy=1.0)
    progress.close()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "█" * 24 + " 3/3  loss 0.5  accuracy 1" in text
    ascii_only = Terminal()
    ascii_only.encoding = "latin-1"
    Progress(1, stream=ascii_only).update(1)
    assert "#" * 24 in ascii_only.getvalue()


@pytest.mark.parametrize("columns", [200, 120, 80, 60, 40, 20, 10, 3])
def test_progress_fits_into_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    progress = Progress(100, stream=stream)
    for step in (1, 50, 100):
        progress.update(step, loss=0.123456, accuracy=0.987654)
        progress.close()
    drawn = stream.getvalue().replace("\n", "\r").split("\r")
    assert max(map(len, drawn)) < columns
    assert columns < 20 or any("100/100" in line for line in drawn)


def test_progress_needs_no_terminal_no_encoding_and_no_stream_at_all(monkeypatch):
    written = []

    class Bare:
        def write(self, text):
            written.append(text)

    Progress(1, stream=Bare()).update(1, loss=0.5)
    assert written == ["training 1/1  loss 0.5\n"]
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", None)
    for stream in (None, closed):
        progress = Progress(1, stream=stream)
        progress.update(1)
        progress.close()
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Progress(1, title="\u00e9tude", stream=narrow).update(1)
    assert narrow.buffer.getvalue() == b"\\xe9tude 1/1\n"


def test_progress_on_a_terminal_that_cannot_go_back_is_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert Progress(3, stream=Terminal()).style == "lines"


@pytest.mark.parametrize(("change", "message"), [
    ({"batch_size": 5}, "another batch size"), ({"shuffle": False}, "another shuffle"),
    ({"reduction": "sum"}, "another reduction"),
    ({"data": 4}, "other samples or targets"), ({"activation": "tanh"}, "another model"),
])  # fmt: skip
def test_a_training_on_other_data_or_of_another_model_is_not_resumed(change, message, tmp_path):
    path, before = tmp_path / "c.json", {}

    def again(data=3, activation="relu", **options):
        model = nn.MLP(2, [3, 1], activation=activation, rng=1)
        before.update(model.state_dict())
        arguments = {
            "epochs": 2,
            "rng": 5,
            "batch_size": 4,
            "checkpoint": path,
            "resume": True,
            "progress": False,
            **options,
        }
        optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
        return model, lambda: nn.fit(
            model,
            nn.data.make_moons(12, rng=data),
            nn.losses.binary_cross_entropy_with_logits,
            optimizer,
            **arguments,
        )

    again()[1]()
    kept = path.read_bytes()
    model, resume = again(**change)
    with pytest.raises(ValueError, match=f"cannot be resumed from: it was trained .*{message}"):
        resume()
    assert model.state_dict() == before
    assert path.read_bytes() == kept
    assert again(epochs=3)[1]().epochs == 3


def test_progress_in_a_notebook_updates_one_output(monkeypatch):
    IPython = pytest.importorskip("IPython")
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data["text/plain"])

    monkeypatch.setattr(
        IPython.display, "display", lambda data, **_: shown.append(data["text/plain"]) or Handle()
    )
    progress = Progress(2, style="notebook")
    progress.update(1, loss=0.5)
    progress.update(2, loss=0.25)
    progress.close()
    assert len(shown) >= 2
    assert "2/2  loss 0.25" in shown[-1]


def test_progress_styles():
    stream = io.StringIO()
    Progress(2, stream=stream, style="none").update(1)
    assert stream.getvalue() == ""
    with pytest.raises(ValueError, match="style must be"):
        Progress(2, style="fancy")


def test_history_keeps_its_columns_of_one_length():
    history = History()
    history.append({"loss": 1.0})
    history.append({"loss": 0.5, "late": 2.0})
    assert history["late"][1] == 2.0
    assert len(history["late"]) == 2
    assert len(history) == 2


def test_a_single_value_can_be_trained_on_anything_iterable():
    class Constant(nn.Module):
        def __init__(self):
            self.c = Value(0.0)

        def forward(self, x):
            return self.c * x

    model = Constant()
    fit(
        model, nn.optim.SGD(model.parameters(), 0.1), ((1.0, 2.0), (3.0, 6.0)), nn.losses.mse_loss, epochs=100
    )
    assert model.c.data == pytest.approx(3.0)


COMPILED = {
    "logits": (1, BCE, lambda y: y),
    "classes": (2, nn.losses.cross_entropy, lambda y: y),
    "hinge": (1, nn.losses.hinge_loss, lambda y: 2 * y - 1),
    "squares": (1, nn.losses.mse_loss, lambda y: y),
}


@pytest.mark.parametrize("size", [None, 10])
@pytest.mark.parametrize("kind", COMPILED)
def test_the_compiled_training_is_the_eager_one(kind, size):
    outputs, loss, labels = COMPILED[kind]
    x, y = nn.data.make_moons(30, rng=1)
    ends = []
    for compiled in (False, True):
        model = nn.MLP(2, [6, outputs], activation="tanh", rng=0)
        optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
        history = nn.fit(
            model,
            (x, labels(y)),
            loss,
            optimizer,
            epochs=15,
            batch_size=size,
            compile=compiled,
            progress=False,
            penalty=lambda model=model: nn.losses.l2_penalty(model, 1e-3),
            metrics=["accuracy"] if size else (),
        )
        ends.append((history["loss"], [p.data for p in model.parameters()], optimizer.state_dict()["steps"]))
    assert ends[1][0] == pytest.approx(ends[0][0], rel=1e-9)
    assert ends[1][1] == pytest.approx(ends[0][1], rel=1e-7, abs=1e-9)
    assert ends[1][2] == ends[0][2] == (15 if size is None else 45)


@pytest.mark.parametrize("size", [None, 10])
def test_a_compiled_training_names_the_bad_operation_too(size):
    model, optimizer, data = setup(optimizer=nn.optim.SGD, lr=1.0)

    def loss(output, target):
        return (1.0 - output.square()).log()

    with pytest.raises(AnomalyError) as caught:
        fit(model, optimizer, data, loss, compile=True, batch_size=size, epochs=500)
    assert "the loss is" in caught.value.__notes__[0]
    assert all(abs(p.data) < 1e300 for p in model.parameters())


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"callbacks": [3]}, TypeError), ({"penalty": 0.1}, TypeError), ({"loss": "mse"}, TypeError),
        ({"checkpoint": "no/such/folder/c.json"}, FileNotFoundError),
    ],
)  # fmt: skip
def test_what_would_fail_after_an_epoch_is_refused_before_it(options, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, optimizer, data = setup()
    before = model.state_dict(), optimizer.state_dict()
    given = {"loss": nn.losses.mse_loss, **options}
    with pytest.raises(error):
        nn.fit(model, data, optimizer=optimizer, epochs=3, progress=False, **given)
    assert (model.state_dict(), optimizer.state_dict()) == before


def test_early_stopping_takes_nan_for_no_best():
    model, optimizer, _ = setup()
    training = nn.callbacks.Training(model, optimizer, History())
    stopping = EarlyStopping(2, monitor="loss")
    for figure in (float("nan"), 3.0, float("nan"), 2.0, 2.5):
        training.history.append({"loss": figure})
        stopping(training)
    assert (stopping.best, stopping.best_epoch, training.stopping) == (2.0, 4, "")


def test_metrics_take_arrays_as_they_take_lists():
    np = pytest.importorskip("numpy")
    scores, classes = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), np.array([1, 0, 0])
    assert (
        nn.metrics.accuracy(scores, classes)
        == nn.metrics.accuracy(scores.tolist(), classes.tolist())
        == 2 / 3
    )
    assert nn.metrics.accuracy(scores, np.array([[0, 1], [1, 0], [1, 0]])) == 2 / 3
    assert nn.metrics.mean_squared_error(scores, scores + 0.5) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="accuracy of nothing"):
        nn.metrics.accuracy([], [])


class Gone(io.StringIO):
    """A stream that fails after a number of writes, or when it is flushed or asked what it is."""

    def __init__(self, error, writes=0, asked=False):
        super().__init__()
        self.error, self.writes, self.asked = error, writes, asked

    def write(self, text):
        self.writes -= 1
        if self.writes < 0:
            raise self.error
        return len(text)

    def flush(self):
        if self.writes <= 0:
            raise self.error

    def isatty(self):
        if self.asked:
            raise self.error
        return True


@pytest.mark.parametrize("writes", [0, 1, 3])
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"),
        BrokenPipeError(32, "Broken pipe"),
        ValueError("I/O operation on closed file"),
    ],
    ids=repr,
)
def test_a_training_goes_on_where_its_progress_can_no_longer_be_written(monkeypatch, error, writes, asked):
    monkeypatch.setattr(sys, "stderr", Gone(error, writes, asked))
    model = nn.MLP(1, [1], rng=0)
    history = nn.fit(
        model,
        ([[0.0], [1.0]], [0.0, 1.0]),
        nn.losses.mse_loss,
        nn.optim.SGD(model.parameters(), lr=0.1),
        epochs=20,
        progress=True,
    )
    assert history.epochs == 20


# Labels and accuracies.

CLOUD = [[math.sin(3.0 * k), math.cos(5.0 * k)] for k in range(30)]
SIDE = [int(a + b > 0.0) for a, b in CLOUD]
THIRD = [0 if a < -0.5 else 1 if a < 0.5 else 2 for a, _ in CLOUD]


def fitted(loss, labels, output, size, **options):
    model = nn.Sequential(nn.MLP(2, [6, size], rng=2), output) if output else nn.MLP(2, [6, size], rng=2)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    names, middle = sorted(set(labels)), 0.5 if output is not None and size == 1 else 0.0
    history = nn.fit(
        model, (CLOUD, labels), loss, optimizer, epochs=40, metrics=["accuracy"], progress=False, **options
    )
    right = 0
    with autograd.no_grad():
        for x, label in zip(CLOUD, labels, strict=True):
            y = model(x)
            own = max(range(size), key=[float(v) for v in y].__getitem__) if size > 1 else int(y > middle)
            right += names[own] == label
    return history, right / len(CLOUD)


SIGMOID, SOFTMAX = nn.Activate("sigmoid"), autograd.softmax
LABELLED = [
    (nn.losses.binary_cross_entropy_with_logits, SIDE, None, 1),
    (nn.losses.binary_cross_entropy_with_logits, [2 * s - 1 for s in SIDE], None, 1),
    (nn.losses.binary_cross_entropy, SIDE, SIGMOID, 1),
    (nn.losses.binary_cross_entropy, [2 * s - 1 for s in SIDE], SIGMOID, 1),
    (nn.losses.binary_cross_entropy, [s + 1 for s in SIDE], SIGMOID, 1),
    (lambda p, t: nn.losses.binary_cross_entropy(p, t), SIDE, SIGMOID, 1),
    (nn.losses.mse_loss, SIDE, SIGMOID, 1),
    (nn.losses.hinge_loss, SIDE, None, 1),
    (nn.losses.hinge_loss, [2 * s - 1 for s in SIDE], None, 1),
    (nn.losses.hinge_loss, [s + 1 for s in SIDE], None, 1),
    (nn.losses.cross_entropy, [2 * s - 1 for s in SIDE], None, 2),
    (nn.losses.cross_entropy, THIRD, None, 3),
    (nn.losses.cross_entropy, [t + 1 for t in THIRD], None, 3),
    (nn.CrossEntropyLoss(label_smoothing=0.1), [t + 1 for t in THIRD], None, 3),
    (nn.losses.nll_loss, [t + 1 for t in THIRD], autograd.log_softmax, 3),
    (lambda p, t: nn.losses.nll_loss([autograd.log(x) for x in p], t), THIRD, SOFTMAX, 3),
]


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("case", range(len(LABELLED)))
def test_labels_are_classes_and_probabilities_are_counted_as_such(case, compile):
    loss, labels, output, size = LABELLED[case]
    held = {"validation": (CLOUD[:10], labels[:10])}
    history, right = fitted(loss, labels, output, size, compile=compile, **held)
    assert history["accuracy"][-1] == pytest.approx(right)
    assert right > 0.85
    assert history["loss"][-1] < history["loss"][0]
    assert math.isfinite(history["val_loss"][-1]) and history["val_accuracy"][-1] > 0.7


def test_a_loss_that_numbers_classes_otherwise_says_so():
    with pytest.raises(ValueError, match="number the classes from 0"):
        nn.fit(
            model := nn.MLP(2, [3], rng=0), (CLOUD, [t + 2 for t in THIRD]), nn.losses.cross_entropy,
            nn.optim.SGD(model.parameters(), lr=0.1), epochs=1, progress=False,
        )  # fmt: skip


def test_a_label_that_is_ignored_is_no_class():
    loss = nn.CrossEntropyLoss(ignore_index=-1)
    model = nn.MLP(2, [2], rng=0)
    assert labelled(model, loss, CLOUD[:3], [[-1, 1, 1]]) == [[-1, 1, 1]]
    assert labelled(model, nn.losses.cross_entropy, CLOUD[:3], [[-1, 1, 1]]) == [[0, 1, 1]]


@pytest.mark.parametrize("loss", [nn.losses.cross_entropy, nn.losses.hinge_loss])
def test_words_as_labels_are_to_be_numbered(loss):
    with pytest.raises((TypeError, ValueError), match=r"number the words first, names = sorted\(set\(labels"):
        nn.fit(
            model := nn.MLP(2, [3 if loss is nn.losses.cross_entropy else 1], rng=0), (CLOUD[:2], ["a", "b"]),
            loss, nn.optim.SGD(model.parameters(), lr=0.1), epochs=1, progress=False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m, **k: nn.fit(m, [[1.0, 2.0]], [1.0], **k), r"'loss'; write nn\.fit\(model, \(x, y\), loss"),
        (lambda m, **k: nn.fit(m, x=[[1.0, 2.0]], y=[1.0], **k), "the pair of samples and targets as data"),
        (lambda m, **k: nn.fit(m, ([[1.0, 2.0]], [1.0]), lr=0.1, **k), "nn.optim.SGD"),
        (lambda m, **k: nn.fit(m, ([[1.0, 2.0]], [1.0]), **k), r"'optimizer'; write nn\.fit"),
    ],
)
def test_fit_called_as_elsewhere_says_how_it_is_called(call, said):
    with pytest.raises(TypeError, match=said):
        call(nn.MLP(2, [1]), loss=nn.losses.mse_loss, epochs=1)


def test_fit_takes_the_names_of_options_elsewhere():
    model, data = nn.MLP(2, [1], rng=0), (CLOUD[:4], SIDE[:4])
    opt = nn.optim.SGD(model.parameters(), lr=0.1)
    options = {"criterion": nn.losses.mse_loss, "num_epochs": 2, "validation_data": data, "verbose": 1}
    history = nn.fit(model, data, opt=opt, progress=False, **options)
    assert history.epochs == 2 and len(history["val_loss"]) == 2


def test_a_plateau_watches_the_validation():
    model = nn.Neuron(1, nonlin=False, init="zeros")
    optimizer = nn.optim.SGD(model.parameters(), lr=1e-9)
    scheduler = nn.optim.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, eps=0.0)
    nn.fit(
        model, ([[1.0]], [1.0]), nn.losses.mse_loss, optimizer, epochs=3, scheduler=scheduler,
        validation=([[1.0]], [2.0]), progress=False,
    )  # fmt: skip
    assert scheduler.best == pytest.approx(4.0)
    assert optimizer.lr == 0.25e-9


KEPT = {
    "groups": lambda ps: nn.optim.Adam([{"params": ps[:3], "lr": 0.01}, {"params": ps[3:]}], lr=0.1),
    "searched": lambda ps: nn.optim.LBFGS(ps, max_iter=3, line_search_fn="strong_wolfe"),
    "plain": lambda ps: nn.optim.SGD(ps, lr=0.1, momentum=0.5),
}
SCHEDULED = {
    "cycle": lambda o: nn.optim.OneCycleLR(o, 0.05, 20, cycle_momentum=not o.needs_closure),
    "plateau": lambda o: nn.optim.ReduceLROnPlateau(o, factor=0.5, patience=0),
    "sequence": lambda o: nn.optim.SequentialLR(
        o, [nn.optim.ConstantLR(o, 0.1, 2), nn.optim.ExponentialLR(o, 0.9)], [3]
    ),
}


@pytest.mark.parametrize("schedule", SCHEDULED)
@pytest.mark.parametrize("kind", KEPT)
def test_groups_line_searches_and_schedules_go_on_from_a_checkpoint_to_the_last_bit(tmp_path, kind, schedule):
    ends = []
    for parts in ([9], [4, 9]):
        path = tmp_path / f"{len(parts)}.json"
        for epochs in parts:
            model = nn.MLP(2, [3, 1], rng=3)
            optimizer = KEPT[kind](model.parameters())
            history = fit(
                model, optimizer, (CLOUD[:12], SIDE[:12]), scheduler=SCHEDULED[schedule](optimizer),
                epochs=epochs, batch_size=5, checkpoint=path, resume=True,
            )  # fmt: skip
        ends.append(([p.data for p in model.parameters()], history["loss"], optimizer.lr))
    assert ends[0] == ends[1]
