# ruff: noqa: E741 (l is what the field calls a layer)
"""R2: backpropagation for a network of any depth, by elements and by matrices, and why it is fast."""

import random

import numpy as np
import pytest
from systems.networks import assert_near, matrices, sigmoid, softmax

import autograd
import nn

HIDDEN = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z > 0) * 1.0),
}
# The last layer: the loss on its scores, what turns scores into outputs, and whether the target is a class.
OUTPUTS = {
    "logistic": (lambda s, y: nn.losses.binary_cross_entropy_with_logits(s, y, reduction="sum"), sigmoid),
    "softmax": (nn.losses.cross_entropy, softmax),
    # delta = a - y is that of half the squared error
    "identity": (nn.losses.half_squared_error, lambda z: z),
}
SHAPES = [[3, 1], [3, 4, 2], [2, 5, 5, 3], [4, 3, 6, 2, 4, 2]]


def build(shape, hidden, seed):
    rng = random.Random(seed)
    model = nn.MLP(shape[0], shape[1:], activation=hidden, rng=rng)
    for p in model.parameters():
        p.data = rng.uniform(-1.0, 1.0)
    x = [rng.gauss(0.0, 1.0) for _ in range(shape[0])]
    y = [float(k == rng.randrange(shape[-1])) for k in range(shape[-1])]
    if sum(y) != 1.0:
        y = [1.0] + [0.0] * (shape[-1] - 1)
    return model, x, y


def by_matrices(weights, biases, x, y, hidden, out):
    """Gradients by the matrix form: delta[L] = a[L] - y, delta[l] = W[l+1].T delta[l+1] * f'(z[l])."""
    f, slope = HIDDEN[hidden]
    a, zs = [np.array(x)], []
    for l, (W, b) in enumerate(zip(weights, biases, strict=True)):
        zs.append(W @ a[-1] + b)
        a.append(out(zs[-1]) if l == len(weights) - 1 else f(zs[-1]))
    delta = a[-1] - np.array(y)
    d_weights, d_biases = [], []
    for l in reversed(range(len(weights))):
        d_weights.insert(0, np.outer(delta, a[l]))
        d_biases.insert(0, delta)
        if l:
            delta = (weights[l].T @ delta) * slope(zs[l - 1])
    return d_weights, d_biases


def by_elements(weights, biases, x, y, hidden, out):
    """The same, one neuron and one weight at a time."""
    f, slope = HIDDEN[hidden]
    a, zs = [list(x)], []
    for l, (W, b) in enumerate(zip(weights, biases, strict=True)):
        z = [sum(W[j][k] * a[l][k] for k in range(len(a[l]))) + b[j] for j in range(len(b))]
        zs.append(z)
        a.append(list(out(np.array(z))) if l == len(weights) - 1 else [float(f(np.array(v))) for v in z])
    deltas = [[p - t for p, t in zip(a[-1], y, strict=True)]]
    for l in reversed(range(1, len(weights))):
        above = deltas[0]
        deltas.insert(
            0,
            [
                sum(weights[l][k][j] * above[k] for k in range(len(above))) * slope(np.array(zs[l - 1][j]))
                for j in range(len(zs[l - 1]))
            ],
        )
    d_weights = [
        [[deltas[l][j] * a[l][k] for k in range(len(a[l]))] for j in range(len(deltas[l]))]
        for l in range(len(weights))
    ]
    return d_weights, deltas


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("output", OUTPUTS)
def test_gradients_are_both_closed_forms(shape, hidden, output):
    if output == "softmax" and shape[-1] == 1:
        shape = [*shape[:-1], 2]
    loss, out = OUTPUTS[output]
    for seed in range(3):
        model, x, y = build(shape, hidden, seed)
        optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):  # at a random point, and along w <- w - lr * dC/dw
            scores = model.layers[-1].outputs(inner(model, x))
            model.zero_grad()
            loss(scores, y).backward()
            own = matrices(model, "grad")
            for form in (by_matrices, by_elements):
                expected = form(*matrices(model), x, y, hidden, out)
                assert_near(own[0], expected[0])
                assert_near(own[1], expected[1])
            before = matrices(model)
            optimizer.step()
            assert_near(
                matrices(model)[0], [w - 0.1 * g for w, g in zip(before[0], own[0], strict=True)], 1e-15
            )


def inner(model, x):
    for layer in model.layers[:-1]:
        x = layer.outputs(x)
    return x


class Counted:
    """Counts multiplications while it carries derivatives along the edges of a graph."""

    def __init__(self):
        self.products = 0

    def forward(self, order, seed):
        """One sweep of forward accumulation: the derivative of every node with respect to one weight."""
        tangent = {seed: 1.0}
        for node in order:
            for parent, local in node.edges():
                self.products += 1
                tangent[node] = tangent.get(node, 0.0) + (local or 0.0) * tangent.get(parent, 0.0)
        return tangent[order[-1]]

    def backward(self, order):
        """One sweep of reverse accumulation: the derivative of the last node with respect to every node."""
        adjoint = {order[-1]: 1.0}
        for node in reversed(order):
            for parent, local in node.edges():
                self.products += 1
                adjoint[parent] = adjoint.get(parent, 0.0) + (local or 0.0) * adjoint.get(node, 0.0)
        return adjoint


def count(width):
    model, x, y = build([4, width, width, 3], "tanh", width)
    loss = nn.losses.cross_entropy(model(x), y)
    order, weights = autograd.toposort(loss), model.parameters()
    once, each = Counted(), Counted()
    adjoint = once.backward(order)
    some = weights[:: max(1, len(weights) // 12)]
    tangents = [each.forward(order, w) for w in some]
    loss.backward()
    assert_near([[w.grad for w in some]], [tangents])
    assert_near([[w.grad for w in weights]], [[adjoint[w] for w in weights]])
    passes = sum(len(node.edges()) for node in order)
    # Each sweep costs the same: count them all from the few that were run.
    return len(weights), passes, once.products, each.products // len(some) * len(weights)


def table(widths):
    """Rows of (weights, products of the forward pass, of one backward pass, of forward accumulation)."""
    rows = [count(width) for width in widths]
    lines = [f"{'weights':>8} {'edges':>8} {'backward':>9} {'jvp per weight':>15} {'ratio':>7}"]
    lines += [f"{w:8} {f:8} {b:9} {j:15,} {j // b:7}" for w, f, b, j in rows]
    return rows, "\n".join(lines)


def test_one_backward_pass_costs_a_constant_and_forward_accumulation_a_sweep_for_each_weight():
    rows, text = table([2, 4, 8, 16, 32])
    print(text)
    for weights, edges, backward, forward in rows:
        assert backward == edges, "one product an edge, however many weights there are"
        assert forward == weights * edges
    assert rows[-1][3] / rows[-1][2] == rows[-1][0] > 1000


def test_jvp_gives_the_same_derivative_for_each_weight():
    model, x, y = build([3, 4, 2], "tanh", 5)
    params = model.parameters()
    start = [p.data for p in params]

    def f(*numbers):
        net = nn.MLP(3, [4, 2], activation="tanh", init="zeros")
        place = iter(numbers)
        for layer in net.layers:
            for neuron in layer.neurons:
                neuron.w = [next(place) for _ in neuron.w]
                neuron.b = next(place)
        return nn.losses.cross_entropy(net(x), y)

    nn.losses.cross_entropy(model(x), y).backward()
    for i, p in enumerate(params):
        unit = [float(i == k) for k in range(len(params))]
        _, derivative = autograd.jvp(f, start, unit)
        assert float(derivative) == pytest.approx(p.grad, rel=1e-12, abs=1e-15)
