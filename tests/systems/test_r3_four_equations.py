# ruff: noqa: E741 (l is what the field calls a layer)
"""R3: the four equations of backpropagation, read off the interior nodes.

C = 1/2 ||y - a[L]||**2 with the logistic function in every layer.
"""

import random

import numpy as np
import pytest
from systems.networks import assert_near, matrices, sigmoid

import nn


def forward(model, x):
    """Return the nodes of every layer: weighted sums z and activations a."""
    zs, activations = [], [list(x)]
    for layer in model.layers:
        a = layer.outputs(activations[-1])
        zs.append([node.parents[0] for node in a])
        activations.append(a)
    return zs, activations


def numbers(nodes, attribute="data"):
    return np.array([getattr(v, attribute) if hasattr(v, attribute) else v for v in nodes])


def slope(z):
    return sigmoid(z) * (1.0 - sigmoid(z))


@pytest.mark.parametrize("granular", [False, True])
@pytest.mark.parametrize("shape", [[2, 3, 1], [3, 4, 4, 2], [5, 6]], ids=str)
def test_bp1_to_bp4(shape, granular):
    for seed in range(5):
        rng = random.Random(seed)
        model = nn.MLP(
            shape[0], shape[1:], activation="sigmoid", output="sigmoid", granular=granular, rng=rng
        )
        x, y = [rng.random() for _ in range(shape[0])], [rng.random() for _ in range(shape[-1])]
        zs, activations = forward(model, x)
        nn.losses.half_squared_error(activations[-1], y).backward()
        deltas = [numbers(z, "grad") for z in zs]
        z = [numbers(nodes) for nodes in zs]
        a = [numbers(nodes) for nodes in activations]
        W, _ = matrices(model)
        dW, db = matrices(model, "grad")
        # BP1: delta[L] = (a[L] - y) * sigma'(z[L])
        assert_near([deltas[-1]], [(a[-1] - np.array(y)) * slope(z[-1])])
        # BP2: delta[l] = (W[l+1].T delta[l+1]) * sigma'(z[l])
        for l in range(len(deltas) - 1):
            assert_near([deltas[l]], [(W[l + 1].T @ deltas[l + 1]) * slope(z[l])])
        # BP3: dC/db[l] = delta[l]
        assert_near(db, deltas)
        # BP4: dC/dW[l][j][k] = a[l-1][k] * delta[l][j]
        assert_near(dW, [np.outer(delta, below) for delta, below in zip(deltas, a[:-1], strict=True)])


def test_the_deltas_are_those_of_the_latest_pass():
    model = nn.MLP(2, [2, 1], activation="sigmoid", output="sigmoid", rng=0)
    zs, activations = forward(model, [0.1, 0.9])
    cost = nn.losses.half_squared_error(activations[-1], [0.5])
    cost.backward()
    first = [numbers(z, "grad") for z in zs]
    cost.backward()
    assert all((numbers(z, "grad") == d).all() for z, d in zip(zs, first, strict=True)), (
        "interior nodes do not accumulate"
    )
    assert (matrices(model, "grad")[1][0] == 2 * first[0]).all(), "leaves do"
