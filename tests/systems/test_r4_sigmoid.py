# ruff: noqa: E741 (l is what the field calls a layer)
"""R4: the 2-3-3-1 sigmoid network, its trajectory, its three regimes, and the optimizers."""

import random

import numpy as np
import pytest
from systems.networks import assert_near, matrices, sigmoid

import nn
from autograd import Value

X, TARGET, RATE = [5.0, 7.0], 0.6, 0.1
PRINTED = (0, 20, 40, 60, 80, 99)


def build(seed):
    """Weights and biases uniform in [0, 1)."""
    rng = random.Random(seed)
    model = nn.MLP(2, [3, 3, 1], activation="sigmoid", output="sigmoid", rng=rng)
    for p in model.parameters():
        p.data = rng.random()
    return model


def passes(weights, biases, x, target):
    """By hand: prediction, gradients by layer, and the gradient of the input, of one sample's loss."""
    a = [np.array(x)]
    for W, b in zip(weights, biases, strict=True):
        a.append(sigmoid(W @ a[-1] + b))
    delta = 2 * (a[-1] - target) * a[-1] * (1 - a[-1])
    d_weights, d_biases = [], []
    for l in reversed(range(len(weights))):
        d_weights.insert(0, np.outer(delta, a[l]))
        d_biases.insert(0, delta)
        below = weights[l].T @ delta
        delta = below * a[l] * (1 - a[l])
    return a[-1][0], d_weights, d_biases, below


@pytest.mark.parametrize("seed", range(10))
def test_gradients_are_the_closed_forms_down_to_the_input(seed):
    model, x = build(seed), [Value(v) for v in X]
    prediction = model(x)
    nn.losses.mse_loss(prediction, TARGET).backward()
    by_hand = passes(*matrices(model), X, TARGET)
    assert prediction.data == pytest.approx(by_hand[0], rel=1e-14)
    assert prediction.grad == pytest.approx(2 * (prediction.data - TARGET), rel=1e-14)
    own = matrices(model, "grad")
    assert_near(own[0], by_hand[1])
    assert_near(own[1], by_hand[2])
    assert_near([[v.grad for v in x]], [by_hand[3]])


@pytest.mark.parametrize("seed", range(6))
def test_the_trajectory_is_that_of_the_handwritten_loop(seed, capsys):
    model = build(seed)
    weights, biases = matrices(model)
    for iteration in range(100):
        prediction = model(X)
        loss = nn.losses.mse_loss(prediction, TARGET)
        if iteration in PRINTED:
            print(f"iteration {iteration:3}  prediction {prediction.data:.6f}  loss {loss.data:.6f}")
        expected, d_weights, d_biases, _ = passes(weights, biases, X, TARGET)
        assert prediction.data == pytest.approx(expected, rel=1e-10)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        weights = [w - RATE * d for w, d in zip(weights, d_weights, strict=True)]
        biases = [b - RATE * d for b, d in zip(biases, d_biases, strict=True)]
        assert_near(matrices(model)[0], weights, 1e-10)
        assert_near(matrices(model)[1], biases, 1e-10)
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[1]) for line in lines] == list(PRINTED)


def test_every_draw_ends_below_its_start_and_most_below_a_thousandth():
    ends = []
    for seed in range(40):
        model = build(seed)
        optimizer = nn.optim.SGD(model.parameters(), lr=RATE)
        history = nn.fit(model, ([X], [TARGET]), nn.losses.mse_loss, optimizer, epochs=100, progress=False)
        assert history["loss"][-1] < history["loss"][0]
        ends.append(history["loss"][-1])
    assert sum(end < 1e-3 for end in ends) > 20


def samples(n=12):
    rng = random.Random(4)
    x = [[rng.random(), rng.random()] for _ in range(n)]
    return x, [0.2 + 0.6 * a * b for a, b in x]


@pytest.mark.parametrize("size", [None, 1, 5], ids=["batch", "stochastic", "mini-batch"])
def test_the_three_regimes_are_one_loop(size):
    x, y = samples()
    model = build(7)
    weights, biases = matrices(model)
    history = nn.fit(
        model,
        (x, y),
        nn.losses.mse_loss,
        nn.optim.SGD(model.parameters(), lr=0.5),
        epochs=20,
        batch_size=size,
        rng=3,
        progress=False,
    )
    rng = random.Random(3)
    for _ in range(20):
        for bx, by in nn.data.batches(x, y, size, size is not None, rng):
            # dL/dw = (2/n) sum_i (yhat_i - y_i) dyhat_i/dw
            each = [passes(weights, biases, a, b) for a, b in zip(bx, by, strict=True)]
            weights = [w - 0.5 * sum(e[1][l] for e in each) / len(each) for l, w in enumerate(weights)]
            biases = [b - 0.5 * sum(e[2][l] for e in each) / len(each) for l, b in enumerate(biases)]
    assert_near(matrices(model)[0], weights, 1e-10)
    assert_near(matrices(model)[1], biases, 1e-10)
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize(
    ("name", "options"),
    [("SGD", {"momentum": 0.9}), ("AdaGrad", {}), ("RMSProp", {"alpha": 0.9}), ("Adam", {})],
)
def test_the_optimizers_descend(name, options):
    model = build(0)
    optimizer = getattr(nn.optim, name)(model.parameters(), lr=0.05, **options)
    history = nn.fit(model, ([X], [TARGET]), nn.losses.mse_loss, optimizer, epochs=100, progress=False)
    assert history["loss"][-1] < 0.05 * history["loss"][0]
