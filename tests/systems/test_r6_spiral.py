"""R6: the spiral classifier, 300 points in three arms, 2-100-3, on the whole batch."""

import numpy as np
import pytest
from systems.networks import assert_near, matrices

import nn

REG = 1e-3


def small_normal(nin, nout, *, rng=None):
    return nn.init.normal(nin, nout, std=0.01, rng=rng)


def build(seed):
    return nn.MLP(2, [100, 3], init=small_normal, rng=seed)


def loss(model, x, y):
    return nn.losses.cross_entropy([model(row) for row in x], y) + nn.losses.l2_penalty(model, REG)


def closed_form(weights, biases, X, y):
    """Loss and gradients as derived by hand."""
    (W1, W2), (b1, b2) = weights, biases
    hidden = np.maximum(X @ W1.T + b1, 0.0)
    scores = hidden @ W2.T + b2
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    value = -np.log(p[range(len(y)), y]).mean() + 0.5 * REG * ((W1**2).sum() + (W2**2).sum())
    dscores = (p - np.eye(3)[y]) / len(y)
    dhidden = dscores @ W2
    dhidden[hidden <= 0] = 0.0
    gradients = [dhidden.T @ X + REG * W1, dscores.T @ hidden + REG * W2], [dhidden.sum(0), dscores.sum(0)]
    # Over a balanced batch the classes' errors cancel: what the sums of the biases' gradients are made of.
    return value, *gradients, [np.abs(dhidden).sum(0), np.abs(dscores).sum(0)]


def by_hand(model, X, y, steps):
    """The handwritten loop from the model's present weights: losses, and the weights at the end."""
    weights, biases = matrices(model)
    losses = []
    for _ in range(steps):
        value, d_weights, d_biases, _ = closed_form(weights, biases, X, y)
        losses.append(value)
        weights = [w - d for w, d in zip(weights, d_weights, strict=True)]
        biases = [b - d for b, d in zip(biases, d_biases, strict=True)]
    return losses, weights, biases


def assert_closed_forms(model, X, y):
    value, d_weights, d_biases, terms = closed_form(*matrices(model), X, y)
    model.zero_grad()
    own = loss(model, X.tolist(), y.tolist())
    own.backward()
    assert own.data == pytest.approx(value, rel=1e-12)
    assert_near(matrices(model, "grad")[0], d_weights)
    assert_near(matrices(model, "grad")[1], d_biases, terms=terms)


def test_gradients_are_the_closed_forms_at_the_start_and_at_a_trained_point():
    X, y = nn.data.make_spiral(300, rng=0)
    model = build(0)
    assert_closed_forms(model, X, y)
    _, weights, biases = by_hand(model, X, y, 3000)
    for layer, W, b in zip(model.layers, weights, biases, strict=True):
        for neuron, row, offset in zip(layer.neurons, W, b, strict=True):
            neuron.load_state_dict({**{f"w{k}": w for k, w in enumerate(row)}, "b": offset})
    assert_closed_forms(model, X, y)


def test_a_few_iterations_at_full_size():
    X, y = nn.data.make_spiral(300, rng=1)
    model = build(1)
    losses, _, _ = by_hand(model, X, y, 4)
    assert losses[0] == pytest.approx(np.log(3), rel=1e-3)
    history = train(model, X, y, 4)
    assert history["loss"] == pytest.approx(losses, rel=1e-10)


def train(model, X, y, steps, **options):
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    penalty = {"penalty": lambda: nn.losses.l2_penalty(model, REG)}
    return nn.fit(
        model, (X, y), nn.losses.cross_entropy, optimizer, epochs=steps, progress=False, **penalty, **options
    )


@pytest.mark.slow
def test_two_hundred_iterations_follow_the_handwritten_loop():
    X, y = nn.data.make_spiral(300, rng=2)
    model = build(2)
    losses, weights, _ = by_hand(model, X, y, 200)
    history = train(model, X, y, 200)
    for iteration in range(0, 200, 20):
        print(
            f"iteration {iteration}: loss {history['loss'][iteration]:.6f}, by hand {losses[iteration]:.6f}"
        )
    assert history["loss"] == pytest.approx(losses, rel=1e-6)
    assert_near(matrices(model)[0], weights, 1e-4)


@pytest.mark.slow
def test_the_full_training_ends_where_the_handwritten_loop_ends():
    X, y = nn.data.make_spiral(300, rng=0)
    model = build(0)
    losses, (W1, W2), (b1, b2) = by_hand(model, X, y, 10_000)
    history = train(model, X, y, 10_000, compile=True)
    for iteration in (*range(0, 10_000, 1000), 9_999):
        print(
            f"iteration {iteration}: loss {history['loss'][iteration]:.6f}, by hand {losses[iteration]:.6f}"
        )
    assert history["loss"][-1] == pytest.approx(losses[-1], rel=0.05)
    right = ((np.maximum(X @ W1.T + b1, 0.0) @ W2.T + b2).argmax(1) == y).mean()
    own = nn.metrics.accuracy([model(row) for row in X.tolist()], y.tolist())
    print(f"accuracy {own:.3f}, by hand {right:.3f}")
    assert own == pytest.approx(right, abs=0.03)
    assert own > 0.9
    assert_closed_forms(model, X, y)
