"""R5: the two-layer network of 64 x 1000 x 100 x 10, scalar by scalar: 6.5 million multiply-adds a step."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from systems.networks import assert_near, matrices

import nn

ROOT = Path(__file__).parents[2]
FULL = (64, 1000, 100, 10)
RATE = 1e-6


def build(sizes, seed):
    """Standard normal inputs, targets and weights; no biases."""
    n, d_in, hidden, d_out = sizes
    rng = random.Random(seed)
    x = [[rng.gauss(0.0, 1.0) for _ in range(d_in)] for _ in range(n)]
    y = [[rng.gauss(0.0, 1.0) for _ in range(d_out)] for _ in range(n)]
    return nn.MLP(d_in, [hidden, d_out], bias=False, init="normal", rng=rng), x, y


def closed_form(model, x, y):
    """Loss and gradients as derived by hand, for w1 and w2 with one row for each neuron."""
    (w1, w2), _ = matrices(model)
    h = x @ w1.T
    h_relu = np.maximum(h, 0.0)
    y_pred = h_relu @ w2.T
    grad_y_pred = 2.0 * (y_pred - y)
    grad_h = grad_y_pred @ w2
    grad_h[h < 0] = 0.0
    return ((y_pred - y) ** 2).sum(), [grad_h.T @ x, grad_y_pred.T @ h_relu]


def absolute_terms(model, x, y):
    """The same gradients with every product counted as positive: what rounding is relative to, where errors
    all but cancel."""
    (w1, w2), _ = matrices(model)
    h_relu = np.maximum(x @ w1.T, 0.0)
    terms = 2.0 * (h_relu @ np.abs(w2).T + np.abs(y))
    return [((terms @ np.abs(w2)) * (h_relu > 0)).T @ np.abs(x), terms.T @ h_relu]


def step(model, optimizer, x, y):
    loss = nn.losses.sum_squared_error([model(row) for row in x], y)
    optimizer.zero_grad()
    loss.backward()
    return loss.data


def test_a_small_one_is_the_closed_form_and_trains():
    model, x, y = build((8, 20, 10, 3), 0)
    optimizer = nn.optim.SGD(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(200):
        expected, gradients = closed_form(model, np.array(x), np.array(y))
        losses.append(step(model, optimizer, x, y))
        assert losses[-1] == pytest.approx(expected, rel=1e-12)
        assert_near(matrices(model, "grad")[0], gradients)
        optimizer.step()
    assert losses[-1] < 0.05 * losses[0]


def test_full_size_for_a_few_iterations():
    model, x, y = build(FULL, 1)
    optimizer = nn.optim.SGD(model.parameters(), lr=RATE)
    losses = []
    for iteration in range(3):
        expected, gradients = closed_form(model, np.array(x), np.array(y))
        losses.append(step(model, optimizer, x, y))
        print(f"iteration {iteration}  loss {losses[-1]:.1f}")
        assert losses[-1] == pytest.approx(expected, rel=1e-12)
        assert_near(matrices(model, "grad")[0], gradients)
        optimizer.step()
    assert 5e6 < losses[0] < 2e8
    assert losses[2] < losses[1] < losses[0]


ALONE = """
import resource, sys
sys.path[:0] = sys.argv[1:]
from systems.test_r5_two_layer import FULL, RATE, build, step
import nn
model, x, y = build(FULL, 1)
optimizer = nn.optim.SGD(model.parameters(), lr=RATE)
for _ in range(2):
    step(model, optimizer, x, y)
    optimizer.step()
try:  # on Linux getrusage begins with the peak of the process that started this one
    with open("/proc/self/status") as file:
        print(next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) // 2**10)
except OSError:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit)
"""


@pytest.mark.skipif(os.name != "posix", reason="a process is asked for its peak of memory as POSIX does")
def test_full_size_stays_below_a_gigabyte():
    result = subprocess.run(
        [sys.executable, "-c", ALONE, str(ROOT), str(ROOT / "tests")],
        capture_output=True,
        text=True,
        check=True,
    )
    print(f"{result.stdout.strip()} MB at the peak of a process of its own")
    assert int(result.stdout) < 1024


@pytest.mark.slow
def test_the_full_training():
    model, x, y = build(FULL, 1)
    X, Y = np.array(x), np.array(y)
    (w1, w2), _ = matrices(model)
    optimizer = nn.optim.SGD(model.parameters(), lr=RATE)
    history = nn.fit(
        model,
        (x, y),
        nn.losses.sum_squared_error,
        optimizer,
        epochs=500,
        reduction="sum",
        compile=True,
        progress=False,
    )
    losses = []
    for _ in range(500):
        h = X @ w1.T
        h_relu = np.maximum(h, 0.0)
        errors = h_relu @ w2.T - Y
        losses.append((errors**2).sum())
        grad_h = 2.0 * errors @ w2
        grad_h[h < 0] = 0.0
        w1, w2 = w1 - RATE * grad_h.T @ X, w2 - RATE * 2.0 * errors.T @ h_relu
    for iteration in (0, 100, 200, 300, 400, 499):
        print(
            f"iteration {iteration}: loss {history['loss'][iteration]:.6g}, by hand {losses[iteration]:.6g}"
        )
    assert history["loss"][:20] == pytest.approx(losses[:20], rel=1e-8)
    assert history["loss"][-1] < 1.0
    expected, gradients = closed_form(model, X, Y)
    assert step(model, optimizer, x, y) == pytest.approx(expected, rel=1e-8)
    assert_near(matrices(model, "grad")[0], gradients, terms=absolute_terms(model, X, Y))
