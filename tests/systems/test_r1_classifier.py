"""R1: ReLU classifier with softmax, cross-entropy and an L2 penalty; ReLU also on the scores before the
softmax.

C = -sum_k y_k ln p_k + (lambda/2) sum W**2,  p = softmax(a3). The biases carry no penalty.
"""

import random

import numpy as np
import pytest
from systems.networks import assert_near, matrices, softmax

import nn

LAMBDA = 0.01
SIZES = [4, 6, 3]


def build(seed):
    model = nn.MLP(SIZES[0], SIZES[1:], activation="relu", output="relu", rng=seed)
    rng = random.Random(seed + 1000)
    for p in model.parameters():
        if p.label.endswith("b"):
            p.data = rng.uniform(-0.5, 0.5)
    return model


def cost(model, x, target):
    return nn.losses.cross_entropy(model(x), target) + nn.losses.l2_penalty(model, LAMBDA)


def closed_form(weights, biases, x, target):
    """Cost and gradients as derived by hand."""
    (W1, W2), (b1, b2) = weights, biases
    a1, y = np.array(x), np.eye(SIZES[-1])[target]
    z2 = W1 @ a1 + b1
    a2 = np.maximum(z2, 0.0)
    z3 = W2 @ a2 + b2
    p = softmax(np.maximum(z3, 0.0))
    delta3 = (p - y) * (z3 > 0)
    delta2 = (W2.T @ delta3) * (z2 > 0)
    value = -np.log(p[target]) + LAMBDA / 2 * ((W1**2).sum() + (W2**2).sum())
    return value, [np.outer(delta2, a1) + LAMBDA * W1, np.outer(delta3, a2) + LAMBDA * W2], [delta2, delta3]


def assert_closed_forms(model, x, target):
    value, d_weights, d_biases = closed_form(*matrices(model), x, target)
    model.zero_grad()
    loss = cost(model, x, target)
    loss.backward()
    assert loss.data == pytest.approx(value, rel=1e-12)
    own_weights, own_biases = matrices(model, "grad")
    assert_near(own_weights, d_weights)
    assert_near(own_biases, d_biases)


def sample(seed):
    rng = random.Random(seed)
    return [rng.gauss(0.0, 1.0) for _ in range(SIZES[0])], rng.randrange(SIZES[-1])


@pytest.mark.parametrize("seed", range(20))
def test_gradients_are_the_closed_forms(seed):
    assert_closed_forms(build(seed), *sample(seed))


def test_gradients_are_the_closed_forms_at_the_trained_end():
    model, data = build(1), [sample(seed) for seed in range(30)]
    x, y = [list(part) for part in zip(*data, strict=True)]
    optimizer = nn.optim.SGD(model.parameters(), lr=0.2)
    history = nn.fit(
        model,
        (x, y),
        nn.losses.cross_entropy,
        optimizer,
        epochs=60,
        penalty=lambda: nn.losses.l2_penalty(model, LAMBDA),
        progress=False,
    )
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    for x, target in data:
        assert_closed_forms(model, x, target)


def test_the_derivative_of_relu_at_zero_is_zero():
    model = nn.MLP(1, [1, 2], output="relu", init="zeros")
    cost(model, [1.0], 0).backward()
    assert not any(p.grad for p in model.parameters())
