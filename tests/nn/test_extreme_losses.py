"""Every loss at infinite, huge, tiny and NaN predictions and targets, of one example and of several, with
weights of zero."""

from __future__ import annotations

import inspect
import itertools
import math

import pytest
from mpmath import mp

import nn.losses
from autograd import Value, gradients
from nn.losses import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, nll_loss

INF, NAN = math.inf, math.nan
EXTREME = (INF, -INF, 1e308, -1e308, 1e154, 1.0, 0.0, 1e-300, 5e-324)


def sign(x: float) -> float:
    return math.copysign(1.0, x) if x else 0.0


# Each: the loss, its value and its slope as functions of error or score and target, and the targets.
REGRESSION = {
    "mse_loss": (lambda e: e * e, lambda e: 2.0 * e),
    "sum_squared_error": (lambda e: e * e, lambda e: 2.0 * e),
    "half_squared_error": (lambda e: 0.5 * (e * e), lambda e: e),
    "l1_loss": (abs, sign),
    "huber_loss": (
        lambda e: 0.5 * e * e if abs(e) <= 1.0 else abs(e) - 0.5,
        lambda e: e if abs(e) <= 1.0 else sign(e),
    ),
}
SCORED = {
    "hinge_loss": ((1.0, -1.0), lambda s, t: max(0.0, 1.0 - t * s), lambda s,
        t: -t if 1.0 - t * s > 0.0 else 0.0),
    "binary_cross_entropy_with_logits": (
        (0.0, 1.0, 0.25),
        lambda s,
        t: (1.0 - t) * s if s == INF and t < 1.0
        else -t * s if s == -INF and t > 0.0
        else 0.0 if math.isinf(s)
        else float(mp.log1p(mp.exp(-abs(mp.mpf(s)))) + max(s, 0.0) - mp.mpf(t) * s),
        lambda s,
        t: (0.0 if s < 0.0 else 1.0) - t if abs(s) > 1e3 else float(1 / (1 + mp.exp(-mp.mpf(s))) - t),
    ),
}  # fmt: skip
OTHERS = {"binary_cross_entropy", "cross_entropy", "nll_loss", "l1_penalty", "l2_penalty"}


def same(got: float, want: float) -> bool:
    return (
        got == want
        or (got != got and want != want)
        or abs(got - want) <= 4e-16 * max(abs(want), 0.5 if abs(want) > 1e-3 else 1e-300)
    )


def test_every_loss_is_swept():
    assert {*REGRESSION, *SCORED, *OTHERS} == set(nn.losses.__all__)


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize(("p", "t"), list(itertools.product((*EXTREME, NAN), (*EXTREME, NAN))))
def test_regression_at_extremes(name, p, t):
    value, slope = REGRESSION[name]
    loss, error = getattr(nn.losses, name), p - t
    for prediction, target in ((p, t), ([p], [t]), (p, Value(t))):
        x = Value(p)
        y = loss([x] if isinstance(prediction, list) else x, target)
        assert same(y.data, value(error)), y
        # The slope's own limit, infinite or NaN as the error is.
        got = gradients(y, x)
        assert same(got, NAN if error != error else slope(error)) or (
            math.isinf(y.data) and got == sign(error) * abs(slope(error))
        ), got


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize("s", [*EXTREME, NAN])
def test_scores_at_extremes(name, s):
    targets, value, slope = SCORED[name]
    for t in targets:
        for given in (t, Value(t)):
            x = Value(s)
            y = getattr(nn.losses, name)(x, given)
            if s != s:
                assert math.isnan(y.data)
                assert math.isnan(gradients(y, x))
                continue
            assert same(y.data, value(s, t)), (t, y)
            assert same(gradients(y, x), slope(s, t)), (t, gradients(y, x))


@pytest.mark.parametrize("p", [0.0, 5e-324, 1e-300, 0.25, 0.5, 1.0 - 2.0**-53, 1.0, NAN])
@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 1.0])
def test_probabilities_at_the_ends(p, t):
    for given in (t, Value(t)):
        x = Value(p)
        y = binary_cross_entropy(x, given)
        if p != p:
            assert math.isnan(y.data)
            continue
        terms = [-t * float(mp.log(p)) if p else INF] if t else []
        terms += [-(1.0 - t) * float(mp.log1p(-mp.mpf(p))) if p < 1.0 else INF] if t < 1.0 else []
        assert same(y.data, sum(terms))
        exact = (mp.mpf(1 - t) / (1 - mp.mpf(p)) if p < 1.0 else mp.mpf(INF)) if t < 1.0 else mp.mpf(0)
        exact -= (t / mp.mpf(p) if p else mp.mpf(INF)) if t else mp.mpf(0)
        assert same(gradients(y, x), float(exact)), (given, gradients(y, x), exact)


@pytest.mark.parametrize("p", [0.3, 1e-9, 0.5, 1.0 - 2.0**-30])
def test_the_slope_of_a_probability_next_to_its_target_is_right_beside_its_terms(p):
    for step in (0.0, 1e-3, 1e-8, 1e-15):
        t = p * (1.0 - step)
        x = Value(p)
        exact = (mp.mpf(p) - mp.mpf(t)) / (mp.mpf(p) * (1 - mp.mpf(p)))
        assert abs(gradients(binary_cross_entropy(x, t), x) - exact) <= 4e-16 * (
            t / p + (1.0 - t) / (1.0 - p)
        )
        s = math.log(p) - math.log1p(-p)
        y = Value(s)
        exact = 1 / (1 + mp.exp(-mp.mpf(s))) - mp.mpf(t)
        assert abs(gradients(binary_cross_entropy_with_logits(y, t), y) - exact) <= 4e-16 * t


@pytest.mark.parametrize("loss", [cross_entropy, nll_loss])
@pytest.mark.parametrize(
    "scores", [(-INF, 0.0, 1.0), (-INF, -INF, 2.0), (0.0, -1e308, 1e308), (-INF, 1e308, 1e308)]
)
def test_a_weight_of_zero_masks_any_score(loss, scores):
    for weights in ([0.0, 0.0, 1.0], [0, 0, 1], [Value(0.0), Value(0.0), Value(1.0)]):
        xs = [Value(s) for s in scores]
        y = loss(xs, weights)
        assert math.isfinite(y.data)
        assert all(map(math.isfinite, gradients(y, xs)))
        assert same(y.data, loss(xs, 2).data)


@pytest.mark.parametrize(
    "name", sorted({*REGRESSION, *SCORED, "binary_cross_entropy", "cross_entropy", "nll_loss"})
)
def test_of_nothing_there_is_no_loss_and_of_one_it_is_its_own_mean(name):
    loss = getattr(nn.losses, name)
    rows = name in ("cross_entropy", "nll_loss")
    one, target = ([-0.5, -1.0], 1) if rows else (0.5, 1.0)
    with pytest.raises(ValueError, match="of nothing is not defined"):
        loss([], [])
    single = loss(one, target)
    assert loss([one], [target]) == single
    if "reduction" in inspect.signature(loss).parameters:
        assert {
            loss([one], [target], reduction=r) if r != "none" else loss([one], [target], reduction=r)[0]
            for r in ("mean", "sum", "none")
        } == {single}
