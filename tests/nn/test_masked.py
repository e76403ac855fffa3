"""Masked scores, certain probabilities and branches that were not taken: zero times infinity is zero where
the weight is a zero."""

import math

import pytest

import autograd
from autograd import Value, compile, gradients, hessian, jvp, ops
from nn.losses import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, nll_loss

INF = math.inf
BACKENDS = ["numpy", "python"]


@pytest.mark.parametrize("weights", [(0.0, 0.25, 0.75), (0, 1, 0), (0.0, 0.0, 1.0)])
@pytest.mark.parametrize("as_values", [False, True])
def test_a_masked_class_of_weight_zero_costs_nothing(weights, as_values):
    free = [Value(0.3), Value(-1.2)]
    scores = [Value(-INF), *free]
    target = [Value(float(w)) for w in weights] if as_values else list(weights)
    loss, without = cross_entropy(scores, target), cross_entropy(free, list(weights[1:]))
    assert loss.data == pytest.approx(without.data, rel=1e-15)
    assert gradients(loss, scores) == pytest.approx([0.0, *gradients(without, free)], abs=1e-16)
    logs = autograd.log_softmax(scores)
    assert float(nll_loss(logs, target)) == pytest.approx(without.data, rel=1e-15)


def test_a_masked_class_that_is_wanted_costs_infinitely_much():
    assert cross_entropy([Value(-INF), Value(0.0)], [0.5, 0.5]).data == INF
    assert cross_entropy([Value(-INF), Value(0.0)], 0).data == INF
    assert math.isnan(cross_entropy([Value(-INF), Value(-INF)], [0.5, 0.5]).data)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("target", [1.0, 2.0])
def test_masked_classes_compiled(backend, target):
    w = Value(0.5)
    step = compile(
        lambda x, t: cross_entropy([w * x[0], w * x[1], w * x[2]], t), [w], batch=True, backend=backend
    )
    got = step([[-INF, 1.0, 2.0]] * 4, [target] * 4)
    want = cross_entropy([Value(-INF), w * 1.0, w * 2.0], int(target))
    assert got == pytest.approx(want.data, rel=1e-14)


@pytest.mark.parametrize(("score", "target"), [(-INF, 0.0), (INF, 1.0), (-800.0, 0.0), (800.0, 1.0)])
def test_certain_scores_of_certain_targets_cost_nothing(score, target):
    s = Value(score)
    for t in (target, Value(target)):
        loss = binary_cross_entropy_with_logits(s, t)
        assert loss.data == 0.0
        assert gradients(loss, s) == 0.0
    for t in (target, Value(target)):
        assert binary_cross_entropy(Value(target), t).data == 0.0


@pytest.mark.parametrize("name", ["logaddexp", "logsumexp", "softmax", "log_softmax"])
def test_of_minus_infinity_alone_there_is_no_gradient(name):
    """The weights have no limit there: NaN, at every order."""
    op, xs = ops.TABLE[name], [Value(-INF), Value(-INF)]
    y = op(*xs, **op.params)
    assert y.data == -INF if name.startswith("log") and name != "log_softmax" else math.isnan(y.data)
    first = gradients(y, xs, create_graph=True)
    assert all(math.isnan(float(d)) for d in first)
    assert math.isnan(gradients(first[0], xs[0]))
    one = [Value(-INF), Value(0.0)]
    wanted = {"softmax": [0.0, 0.0], "log_softmax": [1.0, -1.0]}.get(name, [0.0, 1.0])
    assert [float(d) for d in gradients(op(*one, **op.params), one)] == wanted


UNTAKEN = {
    "where a constant is zero": lambda x: autograd.where(0.0, x / 0.0, x * x),
    "where a constant is not": lambda x: autograd.where(1.0, x * x, x / 0.0),
    "where a condition fails": lambda x: autograd.where(x > 5.0, x / 0.0, x * x),
    "a root": lambda x: autograd.where(x > 5.0, autograd.sqrt(x - 2.0), x * x),
    "max": lambda x: ops.max(x * x, -1.0 * abs(x) / 0.0),
    "maximum": lambda x: ops.maximum(x * x, -1.0 * abs(x) / 0.0),
    "minimum": lambda x: ops.minimum(x * x, abs(x) / 0.0),
    "min": lambda x: ops.min(x * x, abs(x) / 0.0),
    "relu": lambda x: ops.relu(-1.0 * abs(x) / 0.0) + x * x,
    "clamp": lambda x: ops.clamp(abs(x) / 0.0, -1.0, 1.0) + x * x - 1.0,
    "relu6": lambda x: ops.relu6(abs(x) / 0.0) + x * x - 6.0,
    "hardtanh": lambda x: ops.hardtanh(abs(x) / 0.0) + x * x - 1.0,
    "sign": lambda x: ops.sign(abs(x) / 0.0) + x * x - 1.0,
}


@pytest.mark.parametrize("name", UNTAKEN)
def test_a_branch_not_taken_poisons_no_order_and_no_mode(name):
    f, x = UNTAKEN[name], Value(2.0)
    first = gradients(f(x), x, create_graph=True)
    assert float(first) == 4.0
    assert gradients(first, x) == 2.0
    assert jvp(f, (2.0,), (1.0,))[1] == 4.0
    assert jvp(lambda t: jvp(f, (t,), (1.0,))[1], (2.0,), (1.0,))[1] == 2.0
    assert jvp(autograd.grad(f), (2.0,), (1.0,))[1] == 2.0
    assert autograd.grad(lambda t: jvp(f, (t,), (1.0,))[1])(2.0) == 2.0
    assert hessian(f)(2.0) == 2.0
