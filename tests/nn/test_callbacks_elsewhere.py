"""Callbacks that write for other libraries."""

import io
import json
import subprocess
import sys
import textwrap

import pytest

import nn
from autograd import MissingDependencyError


def trained(*callbacks, epochs=3, **options):
    model = nn.MLP(1, [1], rng=0)
    data = nn.data.make_regression(10, rng=0) if not options.get("data") else options.pop("data")
    optimizer = nn.optim.SGD(model.parameters(), lr=0.25)
    return nn.fit(
        model, data, nn.losses.mse_loss, optimizer, epochs=epochs, callbacks=callbacks, progress=False,
        validation=data, **options,
    )  # fmt: skip


def test_a_bar_of_tqdm_counts_epochs_and_shows_figures():
    pytest.importorskip("tqdm")
    shown = io.StringIO()
    bar = nn.callbacks.Tqdm(3, file=shown, desc="fit", ascii=True, ncols=120)
    history = trained(bar)
    last = shown.getvalue().rstrip().splitlines()[-1].split("\r")[-1]
    assert "fit: 100%" in last
    assert "3/3" in last
    assert f"loss={history['loss'][-1]:.4g}" in last
    assert f"val_loss={history['val_loss'][-1]:.4g}" in last
    assert bar.bar is None


def test_a_bar_of_a_training_that_goes_on_begins_where_it_stopped(tmp_path):
    pytest.importorskip("tqdm")
    path = tmp_path / "training.json"
    trained(nn.callbacks.Tqdm(2, file=io.StringIO()), epochs=2, checkpoint=path)
    shown = io.StringIO()
    trained(nn.callbacks.Tqdm(4, file=shown, ascii=True), epochs=4, checkpoint=path, resume=True)
    assert "2/4" in shown.getvalue()
    assert "4/4" in shown.getvalue()
    assert "1/4" not in shown.getvalue()


def test_tensorboard_reads_each_figure_of_each_epoch(tmp_path):
    pytest.importorskip("tensorboard")
    # In a process of its own, where TensorBoard's warnings are its own.
    program = """
        import json, sys
        import nn
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        data = nn.data.make_regression(10, rng=0)
        model = nn.MLP(1, [1], rng=0)
        optimizer = nn.optim.SGD(model.parameters(), lr=0.25)
        folder = sys.argv[1]
        history = nn.fit(
            model, data, nn.losses.mse_loss, optimizer, epochs=3, validation=data, progress=False,
            callbacks=[nn.callbacks.TensorBoard(folder)],
        )
        found = EventAccumulator(folder)
        found.Reload()
        read = {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
        print(json.dumps([read, dict(history)]))
    """
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), str(tmp_path / "runs" / "first")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    read, history = json.loads(ran.stdout.splitlines()[-1])
    assert read.keys() == {"loss", "val_loss", "lr"}
    assert [x for _, x in read.pop("lr")] == [0.25] * 3
    for name, events in read.items():
        assert [step for step, _ in events] == [1, 2, 3]
        assert [x for _, x in events] == pytest.approx(history[name], rel=1e-6)


@pytest.mark.parametrize(
    "name, make",
    [("tqdm", lambda: nn.callbacks.Tqdm(3)), ("tensorboard", lambda: nn.callbacks.TensorBoard("runs"))],
)
def test_an_absent_library_is_named_with_the_command_that_brings_it(monkeypatch, name, make):
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=f"pip install {name}"):
        make()
