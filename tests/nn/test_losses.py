import math
import random

import mpmath
import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from nn import losses

RNG = random.Random(5)
P = [RNG.gauss(0.0, 1.0) for _ in range(4)]
T = [RNG.gauss(0.0, 1.0) for _ in range(4)]
SIGNS = [1, -1, -1, 1]
PROBABILITIES = [0.2, 0.9, 0.5, 0.7]
SOFT = [0.0, 1.0, 0.25, 1.0]

ELEMENTWISE = {
    "mse_loss": (P, T, lambda p, t: (p - t) ** 2),
    "l1_loss": (P, T, lambda p, t: abs(p - t)),
    "huber_loss": (
        [3 * p for p in P],
        T,
        lambda p, t: 0.5 * (p - t) ** 2 if abs(p - t) <= 1 else abs(p - t) - 0.5,
    ),
    "hinge_loss": (P, SIGNS, lambda p, t: max(0.0, 1 - t * p)),
    "binary_cross_entropy": (
        PROBABILITIES,
        SOFT,
        lambda p, t: -(t * math.log(p) + (1 - t) * math.log(1 - p)),
    ),
    "binary_cross_entropy_with_logits": (P, SOFT, lambda s, t: math.log1p(math.exp(s)) - t * s),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_losses_follow_their_formulas(name):
    predictions, targets, formula = ELEMENTWISE[name]
    loss = getattr(losses, name)
    each = [formula(p, t) for p, t in zip(predictions, targets, strict=True)]
    assert loss(predictions, targets, reduction="none") == pytest.approx(each, rel=1e-13)
    assert loss(predictions, targets, reduction="sum") == pytest.approx(math.fsum(each), rel=1e-13)
    assert loss(predictions, targets) == pytest.approx(math.fsum(each) / 4, rel=1e-13)
    assert loss(predictions[0], targets[0]) == pytest.approx(each[0], rel=1e-13)
    nested = loss([predictions[:2], predictions[2:]], np.array(targets).reshape(2, 2))
    assert nested == pytest.approx(math.fsum(each) / 4, rel=1e-13)
    values = [Value(p) for p in predictions]
    loss(values, targets).backward()
    h = 1e-6
    for v, p, t in zip(values, predictions, targets, strict=True):
        slope = (formula(p + h, t) - formula(p - h, t)) / (2 * h) / 4
        assert v.grad == pytest.approx(slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "name", [name for name in ELEMENTWISE if name != "hinge_loss"]
)  # which PyTorch does not have
def test_elementwise_losses_agree_with_pytorch(name):
    torch = pytest.importorskip("torch")
    predictions, targets, _ = ELEMENTWISE[name]
    theirs = torch.tensor(predictions, dtype=torch.float64, requires_grad=True)
    peer = getattr(torch.nn.functional, name)(theirs, torch.tensor(targets, dtype=torch.float64))
    peer.backward()
    values = [Value(p) for p in predictions]
    own = getattr(losses, name)(values, targets)
    own.backward()
    assert own.data == pytest.approx(peer.item(), rel=1e-13)
    assert [v.grad for v in values] == pytest.approx(theirs.grad.tolist(), rel=1e-12)


def test_squared_errors_and_penalties_are_single_dot_nodes():
    values = [Value(p) for p in P]
    assert [v.op.name for v in autograd.toposort(losses.sum_squared_error(values, T)) if v.op].count(
        "dot"
    ) == 1
    assert losses.half_squared_error(values, T).data == pytest.approx(
        0.5 * sum((p - t) ** 2 for p, t in zip(P, T, strict=True))
    )
    losses.half_squared_error(values, T).backward()
    assert [v.grad for v in values] == pytest.approx([p - t for p, t in zip(P, T, strict=True)])
    model = nn.MLP(2, [3, 1], rng=0)
    penalty = losses.l2_penalty(model, 0.1)
    assert [v.op.name for v in autograd.toposort(penalty) if v.op] == ["dot", "mul"]
    penalty.backward()
    for neuron in (n for layer in model.layers for n in layer.neurons):
        assert [w.grad for w in neuron.w] == pytest.approx([0.1 * w.data for w in neuron.w])
        assert neuron.b.grad == 0.0
    everything = losses.l2_penalty(model.parameters(), 2.0)
    assert everything.data == pytest.approx(sum(p.data**2 for p in model.parameters()))
    assert losses.l1_penalty(model, 0.5).data == pytest.approx(
        0.5 * sum(abs(w.data) for w in model.weights())
    )


@pytest.mark.parametrize("target", [2, [0, 0, 1], [0.0, 0.0, 1.0], np.int64(2), 2.0, [0.2, 0.3, 0.5]])
def test_cross_entropy_of_one_example(target):
    scores = [Value(x) for x in (0.3, -1.2, 2.0)]
    loss = losses.cross_entropy(scores, target)
    weights = target if isinstance(target, list) else [0.0, 0.0, 1.0]
    p = np.exp([0.3, -1.2, 2.0]) / np.exp([0.3, -1.2, 2.0]).sum()
    assert loss.data == pytest.approx(-(np.array(weights) * np.log(p)).sum(), rel=1e-13)
    loss.backward()
    assert [s.grad for s in scores] == pytest.approx(list(p - np.array(weights)), rel=1e-12)


def test_cross_entropy_of_a_batch():
    rows = [[1.0, 2.0], [0.5, -0.5], [3.0, 3.0]]
    each = losses.cross_entropy(rows, [0, 1, 1], reduction="none")
    assert each == pytest.approx([math.log1p(math.e), math.log1p(math.e), math.log(2)])
    assert losses.cross_entropy(np.array(rows), np.array([0, 1, 1])) == pytest.approx(sum(each) / 3)
    assert losses.cross_entropy(rows, [[1, 0], [0, 1], [0, 1]], reduction="sum") == pytest.approx(sum(each))
    logs = [autograd.log_softmax(row) for row in rows]
    assert losses.nll_loss(logs, [0, 1, 1]) == pytest.approx(sum(each) / 3)
    assert losses.nll_loss(logs[0], [0.5, 0.5]) == pytest.approx(-sum(logs[0]) / 2)


@pytest.mark.parametrize("gap", [1e-3, 30.0, 40.0, 800.0, 1e300])
def test_losses_from_scores_are_accurate_in_both_tails(gap):
    with mpmath.workprec(300):
        right = mpmath.log1p(mpmath.exp(-mpmath.mpf(gap)))
        wrong = right + mpmath.mpf(gap)
        weight = mpmath.exp(-mpmath.mpf(gap)) / (1 + mpmath.exp(-mpmath.mpf(gap)))
    for target, value in ((1, right), (0, wrong)):
        scores = [Value(0.0), Value(gap)]
        loss = losses.cross_entropy(scores, target)
        assert loss.data == pytest.approx(float(value), rel=1e-15, abs=0)
        loss.backward()
        expected = float(weight) if target == 1 else -float(1 - weight)
        assert scores[0].grad == pytest.approx(expected, rel=2e-15, abs=0)
        score = Value(gap)
        loss = losses.binary_cross_entropy_with_logits(score, target)
        assert loss.data == pytest.approx(float(value), rel=1e-15, abs=0)
        loss.backward()
        assert score.grad == pytest.approx(-expected, rel=2e-15, abs=0)


def test_binary_cross_entropy_at_certainty_costs_nothing():
    p = Value(1.0)
    loss = losses.binary_cross_entropy(p, 1)
    loss.backward()
    assert (loss.data, p.grad) == (0.0, -1.0)
    sure = losses.binary_cross_entropy(Value(0.0), Value(0.0))
    assert sure.data == 0.0


def test_targets_may_be_values():
    t = Value(1.0)
    scores = [Value(0.5), Value(1.5)]
    assert losses.cross_entropy(scores, t).data == losses.cross_entropy(scores, 1).data
    assert losses.hinge_loss(scores[0], t).data == 0.5
    assert losses.binary_cross_entropy_with_logits(scores[0], t).data == pytest.approx(
        math.log1p(math.exp(-0.5))
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: losses.mse_loss([1.0, 2.0], [1.0]), ValueError, "2 predictions but 1 targets"),
        (lambda: losses.mse_loss(1.0, [1.0, 2.0]), ValueError, "one prediction but 2 targets"),
        (lambda: losses.mse_loss([], []), ValueError, "of nothing"),
        (lambda: losses.mse_loss([1.0], [1.0], reduction="max"), ValueError, "mean, sum, none, got 'max'"),
        (lambda: losses.hinge_loss(1.0, 0), ValueError, r"write 2 \* y - 1"),
        (lambda: losses.huber_loss(1.0, 0.0, delta=0.0), ValueError, "delta must be a number above 0"),
        (lambda: losses.binary_cross_entropy(0.5, -1), ValueError, r"\(y \+ 1\) / 2"),
        (lambda: losses.binary_cross_entropy_with_logits(0.5, -1), ValueError, r"\(y \+ 1\) / 2"),
        (
            lambda: losses.cross_entropy([1.0, 2.0], 2),
            ValueError,
            "target 2 is not one of the classes 0 to 1",
        ),
        (lambda: losses.cross_entropy([1.0, 2.0], 0.5), ValueError, "whole number"),
        (lambda: losses.cross_entropy([1.0, 2.0], [1, 0, 0]), ValueError, "2 scores but a target of 3"),
        (lambda: losses.cross_entropy([[1.0, 2.0]], [1, 0]), ValueError, "1 examples but 2 targets"),
        (lambda: losses.cross_entropy(Value(1.0), 0), TypeError, "binary_cross_entropy_with_logits"),
        (lambda: losses.cross_entropy([], 0), ValueError, "of nothing"),
    ],
)
def test_what_does_not_fit_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("backend", ["numpy", "python", "c", "eager"])
@pytest.mark.parametrize(("loss", "wrong", "right", "said"), [
    (nn.losses.binary_cross_entropy_with_logits, (2.0, -0.5, math.nan), (0.0, 0.25, 1.0),
        "targets in .0, 1., got {}"),
    (nn.losses.binary_cross_entropy, (2.0, -1.0, math.nan), (0.0, 0.25, 1.0), "targets in .0, 1., got {}"),
    (nn.losses.hinge_loss, (0.0, 2.0, math.nan), (-1.0, 1.0), "targets -1 and 1, got {}"),
])  # fmt: skip
def test_a_target_that_is_none_is_refused_where_it_is_an_argument_of_a_compiled_loss(
    backend, loss, wrong, right, said
):
    w = Value(0.7)
    if backend == "eager":
        step = lambda xs, ts: [loss(w * x, Value(t)) for x, t in zip(xs, ts)]
    else:
        step = autograd.compile(lambda x, t: loss(w * x, t), [w], batch=True, backend=backend)
        for t in right:
            assert step([0.5], [t]) == pytest.approx(loss(0.35, t))
    for t in wrong:
        w.grad = 0.0
        with pytest.raises(ValueError, match=said.format(t)):
            step([1.0, 0.5], [right[0], t])
        assert w.grad == 0.0


def test_a_probability_that_is_none_is_refused_and_nan_stays_nan():
    for call in (nn.losses.binary_cross_entropy, autograd.compile(nn.losses.binary_cross_entropy)):
        with pytest.raises(ValueError, match="probabilities in .0, 1., got 2.0"):
            call(2.0, 1.0)
        assert math.isnan(call(math.nan, 0.5))


# Weights of classes, smoothing, targets that are left out.

SCORES = [[0.3, -1.2, 2.0], [1.5, 0.2, -0.7], [-0.4, 0.9, 0.1], [0.0, 0.5, -2.0]]
OPTIONS = [
    {"label_smoothing": 0.2},
    {"weight": [0.5, 2.0, 1.0]},
    {"weight": [0.5, 2.0, 1.0], "label_smoothing": 0.3},
    {"ignore_index": 1},
    {"ignore_index": 1, "weight": [0.5, 2.0, 1.0], "label_smoothing": 0.1},
    {"label_smoothing": 1.0},
    {"weight": [0.0, 2.0, 1.0]},
]
TARGETS = [
    [2, 0, 1, 1],
    [2, -100, 1, -100],
    [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.4, 0.4, 0.2]],
]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_weights_smoothing_and_left_out_targets_agree_with_pytorch(name, options, target, reduction):
    torch = pytest.importorskip("torch")
    if "ignore_index" in options and -100 in target:
        target = [1 if t == -100 else t for t in target]
    if name == "nll_loss" and ("label_smoothing" in options or isinstance(target[0], list)):
        return
    if "ignore_index" in options and isinstance(target[0], list):
        options = {key: option for key, option in options.items() if key != "ignore_index"}
    own = [[Value(s) for s in row] for row in SCORES]
    loss = getattr(losses, name)(own, target, reduction=reduction, **options)
    tensor = torch.tensor(SCORES, dtype=torch.float64, requires_grad=True)
    theirs = {key: torch.tensor(x, dtype=torch.float64) if key == "weight" else x
              for key, x in options.items()}  # fmt: skip
    goal = torch.tensor(target, dtype=torch.float64 if isinstance(target[0], list) else torch.long)
    wanted = getattr(torch.nn.functional, name)(tensor, goal, reduction=reduction, **theirs)
    got = [float(x) for x in loss] if reduction == "none" else loss.data
    np.testing.assert_allclose(got, wanted.tolist(), rtol=1e-12, atol=1e-14)
    (autograd.sum(loss) if reduction == "none" else loss).backward()
    wanted.sum().backward()
    grads = [[s.grad for s in row] for row in own]
    np.testing.assert_allclose(grads, tensor.grad.tolist(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", "python"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("options", OPTIONS)
def test_weights_and_smoothing_are_compiled_as_they_are_evaluated(options, reduction, backend):
    bias = [Value(0.1), Value(-0.2), Value(0.3)]

    def loss(scores, target):
        own = [s + b for s, b in zip(scores, bias, strict=True)]
        return losses.cross_entropy(own, target, reduction=reduction, **options)

    step = autograd.compile(loss, bias, batch=True, backend=backend)
    targets = [2, 0, 2, 0] if reduction == "mean" else [2, 0, 1, 1]
    if reduction == "mean" and 0.0 in options.get("weight", ()):
        targets = [2, 1, 2, 1]
    value, grads = step.value_and_grad(SCORES, targets)
    total = autograd.mean([loss(row, t) for row, t in zip(SCORES, targets, strict=True)])
    total.backward()
    assert value == pytest.approx(total.data, rel=1e-12)
    np.testing.assert_allclose(list(grads), [b.grad for b in bias], rtol=1e-11, atol=1e-14)


def test_the_weight_of_the_positive_class_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    scores, targets = [-1.2, 0.3, 2.0, -0.4], [1.0, 0.0, 1.0, 0.3]
    own = [Value(s) for s in scores]
    loss = losses.binary_cross_entropy_with_logits(own, targets, pos_weight=3.0)
    loss.backward()
    tensor = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(
        tensor, torch.tensor(targets, dtype=torch.float64), pos_weight=torch.tensor(3.0, dtype=torch.float64)
    )
    wanted.backward()
    assert loss.data == pytest.approx(wanted.item(), rel=1e-13)
    np.testing.assert_allclose([s.grad for s in own], tensor.grad.tolist(), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weight": [1.0, 2.0]}, "2 weights of classes, but 3 scores"),
        ({"weight": [1.0, 2.0, -1.0]}, "a class's weight must be"),
        ({"label_smoothing": 1.5}, "label_smoothing must be"),
        ({"ignore_index": 0.5}, "ignore_index must be a whole number"),
    ],
)
def test_options_of_cross_entropy_are_checked(options, said):
    with pytest.raises(ValueError, match=said):
        losses.cross_entropy(SCORES, [0, 1, 2, 0], **options)


def test_where_all_targets_are_left_out_the_mean_is_nan():
    assert math.isnan(losses.cross_entropy(SCORES, [-100] * 4))
    assert losses.cross_entropy(SCORES, [-100] * 4, reduction="sum") == 0.0
