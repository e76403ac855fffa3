"""Programs beyond one process: files that JAX alone runs, trainings that go on, several processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, compile
from nn import cli

ALONE = """
import sys, jax, json, numpy as np
from jax import export
sys.modules["autograd"] = sys.modules["nn"] = None
for path, dtype, given in json.load(sys.stdin):
    with jax.enable_x64(dtype == "float64"):
        call = export.deserialize(bytearray(open(path, "rb").read())).call
        found = call(*[np.array(x, dtype) for x in given])
    several = isinstance(found, (list, tuple))
    print(json.dumps([np.asarray(x).tolist() for x in found] if several else np.asarray(found).tolist()))
"""


def test_exported_files_run_with_jax_alone_on_any_number_of_examples(tmp_path):
    calls, wanted = [], []

    def exported(f, dtype, given, want, near):
        path = tmp_path / f"{len(calls)}.stablehlo"
        assert f.export(path) == path
        calls.append([str(path), dtype, [np.asarray(x).tolist() for x in given]])
        wanted.append((want, near))

    x, y = np.random.RandomState(0).randn(7, 2), np.arange(7) % 3
    model = nn.MLP(2, [2, 3], rng=1)
    params = model.parameters()
    for dtype, near in (("float64", 1e-14), ("float32", 1e-5)):
        step = compile(
            lambda x, y: nn.losses.cross_entropy(model(x), y), params, batch=True, backend="xla", dtype=dtype
        )
        step(x[:5], y[:5])
        value, grads = compile(step._f, params, batch=True, backend="numpy").value_and_grad(x, y)
        exported(step, dtype, ([p.data for p in params], x, y), [value, *grads], near)
    k, w = Value(3.0, "k"), Value(0.5, "w")
    for backend, batch, data in (("numpy", False, (0.5, 2.0)), ("xla", True, ([0.5, 1.0], [2.0, 3.0]))):
        f = compile(lambda x, y: [k * x * y, x.sin()], backend=backend, batch=batch)
        exported(f, "float64", ([], *data), f(*map(np.array, data)), 1e-15)

    def loss(x):
        h = 0.0
        for _ in range(50):
            h = (w * h + x).tanh()
        return h

    step = compile(loss, [w], backend="numpy")
    value, grads = step.value_and_grad(0.3)
    exported(step, "float64", ([0.5], 0.3), [value, *grads], 1e-13)
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False, cwd=tmp_path,
        input=json.dumps(calls),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line, (want, near) in zip(done.stdout.splitlines(), wanted, strict=True):
        found = np.concatenate([np.ravel(x) for x in json.loads(line)])
        np.testing.assert_allclose(found, np.ravel(want), rtol=near, atol=near if near > 1e-10 else 0.0)


def fitted(epochs, data=None, **options):
    data = data or nn.data.make_moons(32, rng=1)
    model = nn.MLP(2, [2, 1], rng=1)
    history = nn.fit(
        model, data, nn.losses.binary_cross_entropy_with_logits,
        nn.optim.Adam(model.parameters(), lr=0.05), epochs=epochs, compile=True, progress=False, **options,
    )  # fmt: skip
    return [p.data for p in model.parameters()], history["loss"]


def test_batches_that_are_read_go_on_in_the_middle_of_an_epoch_bit_for_bit(tmp_path, mesh):
    x, y = nn.data.make_moons(40, rng=1)

    def parts(epoch, end=3):
        for k in range(3):
            if (epoch, k) == (1, end):
                raise OSError("the disk is gone")
            yield np.roll(x, epoch, 0)[k : k + 16], np.roll(y, epoch)[k : k + 16]

    def broken(epoch):
        return parts(epoch, 2)

    options = {"backend": "xla", "mesh": mesh, "checkpoint": tmp_path / "file", "checkpoint_batches": 1}
    want = fitted(2, data=parts, backend="xla", mesh=mesh)
    with pytest.raises(OSError, match="the disk is gone"):
        fitted(2, data=broken, **options)
    assert fitted(2, data=parts, resume=True, **options) == want
    with pytest.raises(ValueError, match="a batch of 4 is smaller than the mesh, which has 8 devices"):
        fitted(1, data=lambda: iter([(x[:4], y[:4])]), backend="xla", mesh=mesh)


@pytest.mark.parametrize("size", [None, 16])
def test_a_training_on_a_mesh_goes_on_bit_for_bit(tmp_path, mesh, size):
    options = {"batch_size": size, "backend": "xla", "mesh": mesh}
    whole = fitted(6, checkpoint=tmp_path / "whole", **options)
    fitted(3, checkpoint=tmp_path / "half", **options)
    assert fitted(6, checkpoint=tmp_path / "half", resume=True, **options) == whole
    fitted(3, checkpoint=tmp_path / "other", **options)
    options = {"batch_size": size, "backend": "xla"}
    other = fitted(6, checkpoint=tmp_path / "other", resume=True, **options)
    np.testing.assert_allclose(other[0], whole[0], rtol=1e-12)
    np.testing.assert_allclose(fitted(6, **options)[0], whole[0], rtol=1e-11)


def test_a_fit_on_devices_that_cannot_be_is_refused_before_it_begins(mesh):
    with pytest.raises(ValueError, match="a batch of 4 is smaller than the mesh, which has 8 devices"):
        fitted(1, batch_size=14, backend="xla", mesh=mesh)
    model = nn.MLP(1, [1])
    with pytest.raises(ValueError, match="say what runs a program; pass compile=True, too"):
        nn.fit(
            model, ([[1.0]], [1.0]), nn.losses.mse_loss, nn.optim.SGD(model.parameters(), 0.1), epochs=1,
            backend="xla",
        )  # fmt: skip


def test_the_command_line_trains_on_all_devices(tmp_path, monkeypatch, capsys):
    asked = []
    own = autograd.compile
    monkeypatch.setattr(autograd, "compile", lambda *a, **k: asked.append(k) or own(*a, **k))
    arguments = ["train", "moons", "--samples", "40", "--epochs", "3", "--backend", "xla", "--quiet"]
    assert cli.main([*arguments, "--out", str(tmp_path)]) == 0
    assert asked[0]["backend"] == "xla" and asked[0]["mesh"].size == 8
    capsys.readouterr()
    assert cli.main([*arguments, "--no-compile"]) != 0
    assert "leave out --no-compile" in capsys.readouterr().err


def test_two_processes_train_together():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, Path(__file__).with_name("process.py")]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    running = [
        subprocess.Popen(
            [*command, str(k), str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment,
        )
        for k in range(2)
    ]  # fmt: skip
    outputs = [p.communicate(timeout=500) for p in running]
    assert [p.returncode for p in running] == [0, 0], outputs
    results = [json.loads(out.splitlines()[-1]) for out, _ in outputs]
    assert results[0] == results[1]
    devices, found, texts = results[0]
    assert devices == 4
    rs = np.random.RandomState(0)
    x = rs.randn(20, 2)
    y = (x.sum(1) > 0.0) * 1.0
    for count, mine in zip((19, 20), found[:2], strict=True):  # the second time each had its own ten alone
        model = nn.MLP(2, [2, 1], rng=1)
        params = model.parameters()
        step = compile(
            lambda x, y, model=model: nn.losses.binary_cross_entropy_with_logits(model(x), y), params,
            batch=True, backend="numpy",
        )  # fmt: skip
        losses = step.train(x[:count], y[:count], nn.optim.Adam(params, lr=0.05), 5)
        np.testing.assert_allclose(mine[0], losses, rtol=1e-12)
        np.testing.assert_allclose(mine[1], [p.data for p in params], rtol=1e-10)
    halves = [np.r_[k : min(k + 4, 10), 10 + k : 10 + min(k + 4, 10)] for k in range(0, 10, 4)]
    for data, mine in zip(((x, y), lambda: ((x[part], y[part]) for part in halves)), found[2:], strict=True):
        weights, losses = fitted(3, data)
        np.testing.assert_allclose(mine[0], losses, rtol=1e-12)
        np.testing.assert_allclose(mine[1], weights, rtol=1e-10)
    starts = [
        "pass a function that yields batches", "compile with batch=True, backend=",
        "is spread over the devices otherwise", "node by node",
    ]  # fmt: skip
    assert all(start in text for start, text in zip(starts, texts, strict=True)), texts
