import json
import math
import random

import numpy as np
import pytest

from autograd import Value
from nn import optim

# Each optimizer with PyTorch's name for it, and hyperparameters that both take.
CASES = [
    ("SGD", "SGD", {"lr": 0.05}),
    ("SGD", "SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", "SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    ("AdaGrad", "Adagrad", {"lr": 0.1}),
    ("AdaGrad", "Adagrad", {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.02}),
    ("RMSProp", "RMSprop", {"lr": 0.01}),
    (
        "RMSProp",
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.01},
    ),
    ("Adam", "Adam", {"lr": 0.01}),
    ("Adam", "Adam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.1}),
    ("AdamW", "AdamW", {"lr": 0.01}),
    ("AdamW", "AdamW", {"lr": 0.02, "weight_decay": 0.3}),
]
# First and last parameter after 100 steps on `problem(0)`, as PyTorch 2.13 computed them.
RECORDED = [
    (0.06438380097678305, -0.59752654464329),
    (0.06597808036602, -0.5964155585682015),
    (0.06411669395129571, -0.5948260157800103),
    (0.06438451075629957, -0.6019959520889276),
    (0.06383097468086059, -0.6198744701980168),
    (0.06438473311588118, -0.5986510513735935),
    (0.06411668613130174, -0.5948259784677493),
    (0.06758231779386957, -0.7169751525920642),
    (0.06130565867265264, -0.7261221879120523),
    (0.0674230480717511, -0.710827861214655),
    (0.06375061879325615, -0.5634587069677002),
]
IDS = [f"{name}-{i}" for i, (name, _, _) in enumerate(CASES)]


def problem(seed, size=6):
    """A random quadratic with a wiggle: its gradient as a function of the parameters, and where to start."""
    rng = random.Random(seed)
    scale = [rng.uniform(0.2, 3.0) for _ in range(size)]
    centre = [rng.gauss(0.0, 1.0) for _ in range(size)]
    start = [rng.gauss(0.0, 1.0) for _ in range(size)]

    def gradient(theta):
        return [s * (t - c) + 0.3 * math.cos(3.0 * t) for s, t, c in zip(scale, theta, centre, strict=True)]

    return gradient, start


def train(name, options, seed, steps=100):
    gradient, start = problem(seed)
    params = [Value(x) for x in start]
    optimizer = getattr(optim, name)(params, **options)
    for _ in range(steps):
        for p, g in zip(params, gradient([p.data for p in params]), strict=True):
            p.grad = g
        optimizer.step()
    return [p.data for p in params]


@pytest.mark.parametrize(("name", "theirs", "options"), CASES, ids=IDS)
def test_agrees_with_pytorch_over_100_steps(name, theirs, options):
    torch = pytest.importorskip("torch")
    for seed in range(5):
        gradient, start = problem(seed)
        theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        optimizer = getattr(torch.optim, theirs)([theta], **options)
        for _ in range(100):
            theta.grad = torch.tensor(gradient(theta.tolist()), dtype=torch.float64)
            optimizer.step()
        np.testing.assert_allclose(train(name, options, seed), theta.tolist(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("case", "recorded"), list(zip(CASES, RECORDED, strict=True)), ids=IDS)
def test_agrees_with_recorded_numbers(case, recorded):
    name, _, options = case
    end = train(name, options, 0)
    np.testing.assert_allclose([end[0], end[-1]], recorded, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "theirs", "options"), CASES, ids=IDS)
def test_arrays_go_through_the_same_update(name, theirs, options):
    gradient, start = problem(3)
    params = [Value(x) for x in start]
    optimizer = getattr(optim, name)(params, **options)
    theta = np.array(start)
    for _ in range(100):
        theta = optimizer.step_flat(theta, np.array(gradient(theta)))
    assert [p.data for p in params] == start, "only the array moves"
    np.testing.assert_allclose(theta, train(name, options, 3), rtol=1e-13, atol=1e-13)
    # One more step on the Values continues from the arrays' state.
    for p, x, g in zip(params, theta.tolist(), gradient(theta), strict=True):
        p.data, p.grad = x, float(g)
    optimizer.step()
    np.testing.assert_allclose([p.data for p in params], train(name, options, 3, 101), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("name", "theirs", "options"), CASES, ids=IDS)
def test_state_goes_on_to_the_last_bit_through_json(name, theirs, options):
    gradient, start = problem(1)
    params = [Value(x) for x in start]
    optimizer = getattr(optim, name)(params, **options)
    for step in range(20):
        if step == 10:
            state = json.loads(json.dumps(optimizer.state_dict()))
            optimizer = getattr(optim, name)(params, lr=0.5)
            if set(optimizer.slots) != set(state["state"]):
                optimizer = getattr(optim, name)(params, **{**options, "lr": 0.5})
            optimizer.load_state_dict(state)
        for p, g in zip(params, gradient([p.data for p in params]), strict=True):
            p.grad = g
        optimizer.step()
    assert [p.data for p in params] == train(name, options, 1, 20)


def test_bad_states_are_refused_before_anything_changes():
    optimizer = optim.Adam([Value(1.0), Value(2.0)])
    good = optimizer.state_dict()
    for change, message in [
        ({"kind": "SGD"}, "that of SGD"),
        ({"state": {"mean": [0.0], "square": [0.0, 0.0]}}, "1 numbers of 'mean'"),
        ({"state": {"mean": [0.0, 0.0]}}, "entries of Adam"),
        ({"lr": -1.0}, "lr must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict({**good, **change})
        assert optimizer.state_dict() == good
    with pytest.raises(ValueError, match="no state of an optimizer"):
        optimizer.load_state_dict({})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: optim.SGD([], 0.1), ValueError, "at least one parameter"),
        (lambda: optim.SGD(Value(1.0), 0.1), TypeError, r"write \[v\]"),
        (lambda: optim.SGD([1.0], 0.1), TypeError, "a float is among"),
        (lambda: optim.SGD([Value(1.0) + 1.0], 0.1), TypeError, "the result of add"),
        (lambda: optim.SGD([Value(1.0)] * 2, 0.1), ValueError, "occurs twice"),
        (lambda: optim.SGD([Value(1.0)], -0.1), ValueError, "lr must be a number from 0"),
        (lambda: optim.SGD([Value(1.0)], 0.1, nesterov=True), ValueError, "needs a momentum"),
        (
            lambda: optim.Adam([Value(1.0)], betas=(0.9, 1.0)),
            ValueError,
            "betas must be a number from 0 and below 1",
        ),
    ],
)
def test_bad_hyperparameters_are_explained(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_loop_as_in_pytorch():
    w, b = Value(0.0), Value(0.0)
    optimizer = optim.SGD([w, b], lr=0.1, momentum=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        loss = sum(((w * x + b - (2.0 * x - 1.0)) ** 2 for x in (-1.0, 0.0, 1.0)), Value(0.0))
        loss.backward()
        optimizer.step()
    assert (w.data, b.data) == pytest.approx((2.0, -1.0))
    assert "momentum=0.5" in repr(optimizer)


def test_a_gradient_that_is_a_value_is_read():
    w = Value(3.0)
    optimizer = optim.Adam([w], lr=0.1)
    (w * w).backward(create_graph=True)
    optimizer.step()
    assert w.data == pytest.approx(2.9)


SCHEDULES = [
    ("StepLR", "StepLR", (3, 0.5)),
    ("ExponentialLR", "ExponentialLR", (0.9,)),
    ("CosineLR", "CosineAnnealingLR", (20, 0.01)),
    ("LinearLR", "LinearLR", (0.25, 1.0, 8)),
    ("LambdaLR", "LambdaLR", (lambda step: 1.0 / (1.0 + step),)),
]
# The rate after 7 steps from 0.4.
RATES = [
    0.4 * 0.5**2,
    0.4 * 0.9**7,
    0.01 + 0.39 * (1 + math.cos(math.pi * 7 / 20)) / 2,
    0.4 * (0.25 + 0.75 * 7 / 8),
    0.05,
]


@pytest.mark.parametrize(("schedule", "rate"), list(zip(SCHEDULES, RATES, strict=True)))
def test_schedules_follow_their_formulas(schedule, rate):
    name, _, options = schedule
    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    scheduler = getattr(optim, name)(optimizer, *options)
    for _ in range(7):
        scheduler.step()
    assert optimizer.lr == pytest.approx(rate, rel=1e-13)
    state = scheduler.state_dict()
    again = optim.SGD([Value(1.0)], lr=0.9)
    copy = getattr(optim, name)(again, *options)
    copy.load_state_dict(state)
    assert again.lr == optimizer.lr


@pytest.mark.parametrize(("name", "theirs", "options"), SCHEDULES, ids=[s[0] for s in SCHEDULES])
def test_schedules_agree_with_pytorch(name, theirs, options):
    torch = pytest.importorskip("torch")
    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    scheduler = getattr(optim, name)(optimizer, *options)
    peer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    follower = getattr(torch.optim.lr_scheduler, theirs)(peer, *options)
    for _ in range(20):
        assert optimizer.lr == pytest.approx(peer.param_groups[0]["lr"], rel=1e-12)
        peer.step()
        scheduler.step()
        follower.step()


def test_schedules_refuse_lengths_below_one():
    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    for make in (
        lambda: optim.StepLR(optimizer, 0),
        lambda: optim.CosineLR(optimizer, 0),
        lambda: optim.LinearLR(optimizer, total_iters=0),
    ):
        with pytest.raises(ValueError, match="at least 1"):
            make()


def test_clipping_by_norm_and_value():
    params = [Value(0.0) for _ in range(3)]
    for p, g in zip(params, (3.0, -4.0, 12.0), strict=True):
        p.grad = g
    assert optim.clip_grad_norm_(params, 100.0) == 13.0
    assert [p.grad for p in params] == [3.0, -4.0, 12.0], "a short gradient stays"
    assert optim.clip_grad_norm_(params, 1.3) == 13.0
    assert [p.grad for p in params] == pytest.approx([0.3, -0.4, 1.2], rel=1e-6)
    optim.clip_grad_value_(params, 0.35)
    assert [p.grad for p in params] == pytest.approx([0.3, -0.35, 0.35], rel=1e-6)
    params[0].grad = math.nan
    optim.clip_grad_value_(params, 0.35)
    assert math.isnan(params[0].grad)


def test_adagrad_without_eps_divides_zero_by_zero_as_arrays_do():
    w = Value(1.0)
    optimizer = optim.AdaGrad([w], lr=0.1, eps=0.0)
    w.grad = 0.0
    optimizer.step()
    assert math.isnan(w.data)


def test_a_step_takes_gradients_that_are_nodes_or_none():
    for make in (lambda p: optim.SGD(p, lr=0.1), lambda p: optim.Adam(p, lr=0.1)):
        a, b = Value(1.0), Value(1.0)
        (a * a).backward(create_graph=True)
        b.grad = None
        make([a, b]).step()
        assert (a.data < 1.0, b.data) == (True, 1.0)


def test_a_gradient_that_is_no_number_leaves_all_parameters_and_the_count():
    a, b = Value(1.0), Value(1.0)
    a.grad, b.grad = 1.0, "x"
    optimizer = optim.SGD([a, b], lr=0.1)
    with pytest.raises(ValueError, match="x"):
        optimizer.step()
    assert (a.data, optimizer.steps) == (1.0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": -3}, "steps"), ({"steps": 1.5}, "steps"), ({"steps": True}, "steps"), ({"lr": "a"}, "lr"),
        ({"options": {"betas": [2.0, 3.0], "eps": 1e-8, "weight_decay": 0.0}}, "betas"),
        ({"options": {"betas": [0.9], "eps": 1e-8, "weight_decay": 0.0}}, "betas"),
        ({"options": {"betas": [0.9, 0.9], "eps": "x", "weight_decay": 0.0}}, "eps"),
        ({"state": {"mean": ["a"], "square": [0.0]}}, "number"),
    ],
)  # fmt: skip
def test_a_state_that_cannot_be_is_refused_and_changes_nothing(change, said):
    optimizer = optim.Adam([Value(1.0)])
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=said):
        optimizer.load_state_dict({**before, **change})
    assert optimizer.state_dict() == before


def test_clipping_measures_and_takes_a_single_value():
    w = Value(1.0)
    w.grad = 3.0
    assert optim.clip_grad_norm_([w], math.inf) == 3.0
    assert w.grad == 3.0
    assert optim.clip_grad_norm_(w, 1.0) == 3.0
    optim.clip_grad_value_(w, 0.5)
    assert w.grad == 0.5
