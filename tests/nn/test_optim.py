import copy
import gc
import json
import math
import pickle
import random
import weakref
from importlib import import_module

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from autograd.compiler import training
from autograd.compiler.backends.c.toolchain import find_compiler
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


needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler")


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


# Groups, closures, the schedulers beside PyTorch's, L-BFGS.

GROUPED = [
    ("SGD", "SGD", {"lr": 0.05, "momentum": 0.9}, [{"lr": 0.01}, {"weight_decay": 0.1, "momentum": 0.0}]),
    ("Adam", "Adam", {"lr": 0.01}, [{"betas": (0.5, 0.9)}, {"weight_decay": 0.5}]),
    ("AdamW", "AdamW", {"lr": 0.01}, [{"weight_decay": 0.0}, {"lr": 0.002}]),
    ("RMSprop", "RMSprop", {"lr": 0.01}, [{"momentum": 0.5}, {"centered": True, "alpha": 0.9}]),
    ("Adagrad", "Adagrad", {"lr": 0.1}, [{"lr_decay": 0.1}, {"lr": 0.02}]),
]


def grouped(values, options):
    return [{"params": values[:2], **options[0]}, {"params": values[2:], **options[1]}]


@pytest.mark.parametrize("case", GROUPED, ids=[case[0] for case in GROUPED])
def test_groups_agree_with_pytorch_eagerly_and_on_arrays_and_go_on_from_their_state(case):
    torch = pytest.importorskip("torch")
    name, theirs, shared, options = case
    gradient, start = problem(7)
    params = [Value(x) for x in start]
    optimizer = getattr(optim, name)(grouped(params, options), **shared)
    flat = getattr(optim, name)(grouped([Value(x) for x in start], options), **shared)
    peers = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
    peer = getattr(torch.optim, theirs)(grouped(peers, options), **shared)
    theta = np.array(start)
    for step in range(40):
        for group, other in zip((optimizer, flat), (peer, peer), strict=True):
            if step == 20:  # written as PyTorch's programs write it
                for g in group.param_groups:
                    g["lr"] = g["lr"] * 0.5
                if group is flat:
                    for g in other.param_groups:
                        g["lr"] *= 0.5
        if step == 25:
            state = json.loads(json.dumps(optimizer.state_dict()))
            optimizer = getattr(optim, name)(grouped(params, options), **shared)
            optimizer.load_state_dict(state)
        grads = gradient([p.data for p in params])
        for p, q, g in zip(params, peers, grads, strict=True):
            p.grad, q.grad = g, torch.tensor(g, dtype=torch.float64)
        theta = flat.step_flat(theta, np.array(gradient(theta.tolist())))
        optimizer.step()
        peer.step()
        wanted = [q.item() for q in peers]
        np.testing.assert_allclose([p.data for p in params], wanted, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(theta, wanted, rtol=1e-12, atol=1e-12)
    for ours, its in zip(optimizer.param_groups, peer.param_groups, strict=True):
        assert ours["lr"] == pytest.approx(its["lr"], rel=1e-15)


def test_groups_are_read_written_and_added():
    a, b, c = (Value(1.0) for _ in range(3))
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": b}], lr=0.1)
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.1]
    assert optimizer.params == [a, b]
    optimizer.add_param_group({"params": [c], "momentum": 0.5})
    assert [g["momentum"] for g in optimizer.param_groups] == [0.0, 0.0, 0.5]
    optimizer.weight_decay = 0.25
    assert [g["weight_decay"] for g in optimizer.param_groups] == [0.25] * 3
    optimizer.lr = 0.2
    assert [g["lr"] for g in optimizer.param_groups] == [0.2] * 3
    optimizer.param_groups[2].update(momentum=0.9, nesterov=True)
    assert "momentum=0.9, nesterov=True" in repr(optimizer)
    single = optim.SGD([a], lr=0.1, momentum=0.9)
    a.grad = 1.0
    single.step()
    single.add_param_group({"params": [b]})
    a.grad = b.grad = 1.0
    single.step()
    assert a.data == pytest.approx(1.0 - 0.1 - 0.19)
    assert b.data == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda v: optim.SGD([{"params": [v], "weight_decy": 1.0}], lr=0.1), ValueError, "no 'weight_decy'"),
        (lambda v: optim.SGD([{"lr": 0.1}], lr=0.1), TypeError, "a group is a dict such as"),
        (lambda v: optim.SGD([{"params": [v]}, {"params": [v]}], lr=0.1), ValueError, "occurs twice"),
        (lambda v: optim.SGD([{"params": [v]}, v], lr=0.1), TypeError, "groups alone"),
        (lambda v: optim.SGD([{"params": [v], "lr": -1.0}], lr=0.1), ValueError, "lr must be"),
        (lambda v: optim.SGD([v], lr=0.1).param_groups[0]["momentun"], KeyError, "it has params, lr, mom"),
        (lambda v: optim.SGD([v]).param_groups[0].update(lr=float("nan")), ValueError, "lr must be"),
        (lambda v: optim.SGD([v]).param_groups[0].update(momentum=-1.0), ValueError, "momentum must be"),
        (lambda v: optim.SGD([v]).param_groups[0].pop("lr"), TypeError, "keeps its lr"),
        (lambda v: optim.SGD([v]).param_groups[0].update(params=[]), ValueError, "stay"),
        (lambda v: optim.LBFGS([{"params": [v]}]), ValueError, "not in groups"),
        (lambda v: optim.LBFGS([v], line_search_fn="armijo"), ValueError, "strong_wolfe"),
        (lambda v: optim.LBFGS([v]).step(), TypeError, r"optimizer.step\(closure\)"),
    ],
)
def test_groups_that_cannot_be_are_explained(make, error, said):
    with pytest.raises(error, match=said):
        make(Value(1.0))


@pytest.mark.parametrize(("name", "theirs", "options"), CASES, ids=IDS)
def test_a_step_takes_a_closure_and_returns_its_loss(name, theirs, options):
    w = Value(1.5)
    optimizer = getattr(optim, name)([w], **options)

    def closure():
        optimizer.zero_grad()
        loss = (w - 1.0) * (w - 1.0)
        loss.backward()
        return loss

    assert optimizer.step(closure).data == 0.25
    assert w.data != 1.5
    with pytest.raises(ZeroDivisionError):
        optimizer.step(lambda: 1 // 0)
    assert optimizer.steps == 1


def chained(module, optimizer):
    warm_up = module.LinearLR(optimizer, 0.1, total_iters=4)
    return module.ChainedScheduler([warm_up, module.ExponentialLR(optimizer, 0.9)])


def sequential(module, optimizer):
    warm_up = module.ConstantLR(optimizer, factor=0.1, total_iters=3)
    then = module.CosineAnnealingLR(optimizer, T_max=6)
    return module.SequentialLR(optimizer, [warm_up, then, module.StepLR(optimizer, 2)], milestones=[3, 9])


# What is written here is what a program for PyTorch says; ``module`` is its module, or ours.
PROGRAMS = {
    "annealing": lambda m, o: m.CosineAnnealingLR(o, T_max=7, eta_min=0.01),
    "restarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.01),
    "polynomial": lambda m, o: m.PolynomialLR(o, total_iters=12, power=1.5),
    "milestones": lambda m, o: m.MultiStepLR(o, milestones=[3, 3, 8], gamma=0.5),
    "constant": lambda m, o: m.ConstantLR(o, factor=0.3, total_iters=4),
    "multiplicative": lambda m, o: m.MultiplicativeLR(o, lambda step: 1.0 - 0.02 * step),
    "one function a group": lambda m, o: m.LambdaLR(o, [lambda s: 0.9**s, lambda s: 1 / (1 + s)]),
    "one cycle": lambda m, o: m.OneCycleLR(o, max_lr=0.5, total_steps=30),
    "one cycle, linear": lambda m, o: m.OneCycleLR(
        o, max_lr=[0.5, 1.0], epochs=5, steps_per_epoch=6, anneal_strategy="linear", three_phase=True
    ),
    "chained": chained,
    "sequential": sequential,
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_schedulers_agree_with_pytorch_on_groups(program, kind):
    torch = pytest.importorskip("torch")
    ours = getattr(optim, kind)([{"params": [Value(1.0)], "lr": 0.2}, {"params": [Value(2.0)]}], lr=0.4)
    zero = torch.zeros(1, requires_grad=True)
    groups = [{"params": [zero], "lr": 0.2}, {"params": [torch.zeros(1, requires_grad=True)]}]
    theirs = getattr(torch.optim, kind)(groups, lr=0.4)
    scheduler = PROGRAMS[program](optim.lr_scheduler, ours)
    follower = PROGRAMS[program](torch.optim.lr_scheduler, theirs)
    for step in range(25):
        wanted = [group["lr"] for group in theirs.param_groups]
        np.testing.assert_allclose(scheduler.get_last_lr(), wanted, rtol=1e-12, atol=1e-15)
        for group, other in zip(ours.param_groups, theirs.param_groups, strict=True):
            for name in {"momentum", "betas"} & set(group):
                np.testing.assert_allclose(group[name], other[name], rtol=1e-12)
        theirs.step()
        follower.step()
        scheduler.step()
        if step == 6:  # another takes its place
            state = scheduler.state_dict()
            scheduler = PROGRAMS[program](optim.lr_scheduler, ours)
            scheduler.load_state_dict(state)
        if step == 12:  # another run goes on from the states, as JSON
            states = json.loads(json.dumps([ours.state_dict(), scheduler.state_dict()]))
            ours = getattr(optim, kind)([{"params": [Value(1.0)]}, {"params": [Value(2.0)]}], lr=0.9)
            scheduler = PROGRAMS[program](optim.lr_scheduler, ours)
            ours.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])


def test_schedulers_stepped_side_by_side_multiply_as_in_pytorch():
    torch = pytest.importorskip("torch")
    ours = optim.SGD([Value(1.0)], lr=0.4)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    pairs = []
    for module, optimizer in ((optim.lr_scheduler, ours), (torch.optim.lr_scheduler, theirs)):
        pairs.append([module.ExponentialLR(optimizer, 0.9), module.MultiStepLR(optimizer, [3, 8], gamma=0.1)])
    theirs.step()
    for _ in range(12):
        for scheduler in (*pairs[0], *pairs[1]):
            scheduler.step()
        assert ours.lr == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
    states = [scheduler.state_dict() for scheduler in pairs[0]]
    ours.lr = 0.2
    fresh = [optim.ExponentialLR(ours, 0.9), optim.MultiStepLR(ours, [3, 8], gamma=0.1)]
    for scheduler, state in zip(fresh, states, strict=True):
        scheduler.load_state_dict(state)
    assert ours.lr == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
    ours.lr = 0.7  # written by hand: a new scheduler begins there
    again = optim.StepLR(ours, 1, gamma=0.5)
    assert ours.lr == 0.7
    again.step()
    assert ours.lr == 0.35


@pytest.mark.parametrize(
    "options",
    [
        {"factor": 0.5, "patience": 2},
        {"factor": 0.3, "patience": 0, "cooldown": 2, "min_lr": 0.01},
        {"mode": "max", "factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs"},
        {"mode": "max", "factor": 0.1, "patience": 1, "min_lr": [0.1, 0.0]},
    ],
)
def test_a_plateau_is_seen_as_pytorch_sees_it_and_goes_on_from_its_state(options):
    torch = pytest.importorskip("torch")
    ours = optim.SGD([{"params": [Value(1.0)], "lr": 0.2}, {"params": [Value(2.0)]}], lr=0.4)
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": 0.2},
              {"params": [torch.zeros(1, requires_grad=True)]}]  # fmt: skip
    theirs = torch.optim.SGD(groups, lr=0.4)
    scheduler = optim.ReduceLROnPlateau(ours, **options)
    follower = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    rng = random.Random(3)
    for step in range(40):
        figure = math.nan if step == 5 else 1.0 + rng.gauss(0.0, 0.3) + 3.0 * 0.7**step
        scheduler.step(Value(figure) if step % 2 else figure)
        follower.step(figure)
        wanted = [group["lr"] for group in theirs.param_groups]
        np.testing.assert_allclose(scheduler.get_last_lr(), wanted, rtol=1e-12)
        if step == 20:
            state = json.loads(json.dumps(scheduler.state_dict()))
            scheduler = optim.ReduceLROnPlateau(ours, **options)
            scheduler.load_state_dict(state)
    assert scheduler.get_last_lr() != [0.2, 0.4]


def test_schedulers_take_pytorchs_options_that_ask_for_nothing():
    optimizer = optim.Adam([Value(1.0)], 0.2, decoupled_weight_decay=False)
    assert optim.StepLR(optimizer, 3, last_epoch=-1, verbose=False).get_last_lr() == [0.2]
    with pytest.raises(TypeError, match=r"write nn\.optim\.AdamW"):
        optim.Adam([Value(1.0)], decoupled_weight_decay=True)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda o: optim.ReduceLROnPlateau(o).step(), TypeError, r"scheduler.step\(loss\)"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), ValueError, "below 1"),
        (lambda o: optim.ReduceLROnPlateau(o, mode="best"), ValueError, "'min' or 'max'"),
        (lambda o: optim.OneCycleLR(o, 0.1), ValueError, "total_steps, or epochs"),
        (lambda o: optim.OneCycleLR(o, 0.1, total_steps=0), ValueError, "at least 1"),
        (lambda o: optim.OneCycleLR(optim.AdaGrad([Value(1.0)]), 0.1, 5), ValueError, "cycle_momentum=False"),
        (lambda o: optim.OneCycleLR(o, [0.1, 0.2], 5), ValueError, "2 numbers, and the optimizer 1"),
        (lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)], [3]), ValueError, "0 rising milestones"),
        (lambda o: optim.ChainedScheduler([]), ValueError, "at least one"),
        (lambda o: optim.ChainedScheduler([optim.ReduceLROnPlateau(o)]), ValueError, "knows no figure"),
        (lambda o: optim.LambdaLR(o, [abs, abs]), ValueError, "2 functions"),
        (lambda o: optim.CosineAnnealingLR(o, 0), ValueError, "T_max"),
        (lambda o: optim.StepLR(o, 3, last_epoch=5), TypeError, r"write scheduler\.load_state_dict"),
        (lambda o: optim.ExponentialLR(o, 0.9, verbose=True), TypeError, r"get_last_lr\(\)"),
    ],
)  # fmt: skip
def test_schedulers_that_cannot_be_are_explained(make, error, said):
    with pytest.raises(error, match=said):
        make(optim.SGD([Value(1.0)], lr=0.4))


def test_a_cycle_ends():
    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    scheduler = optim.OneCycleLR(optimizer, 0.1, total_steps=2)
    scheduler.step()
    scheduler.step()
    with pytest.raises(ValueError, match="has 2 steps, and this is number 3"):
        scheduler.step()
    assert scheduler.steps == 2


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("lr", [1.0, 0.5])
def test_lbfgs_takes_pytorchs_steps_and_goes_on_from_its_state(search, lr):
    torch = pytest.importorskip("torch")
    options = {"lr": lr, "max_iter": 4, "history_size": 3, "line_search_fn": search}
    xs = [Value(v) for v in (-1.2, 1.0, 0.5, -0.3)]
    theta = torch.tensor([x.data for x in xs], dtype=torch.float64, requires_grad=True)
    optimizer, peer = optim.LBFGS(xs, **options), torch.optim.LBFGS([theta], **options)

    def ours():
        optimizer.zero_grad()
        terms = [100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(xs, xs[1:], strict=False)]
        loss = sum(terms, Value(0.0))
        loss.backward()
        return loss

    def theirs():
        peer.zero_grad()
        loss = (100.0 * (theta[1:] - theta[:-1] ** 2) ** 2 + (1.0 - theta[:-1]) ** 2).sum()
        loss.backward()
        return loss

    for step in range(12):
        if step == 3:
            state = json.loads(json.dumps(optimizer.state_dict()))
            optimizer = optim.LBFGS(xs)
            optimizer.load_state_dict(state)
        assert optimizer.step(ours).data == pytest.approx(peer.step(theirs).item(), rel=1e-11)
        np.testing.assert_allclose([x.data for x in xs], theta.tolist(), rtol=1e-12, atol=1e-12)


def test_a_line_search_survives_points_without_a_loss_and_a_closure_that_fails():
    w = Value(4.0)
    optimizer = optim.LBFGS([w], lr=10.0, line_search_fn="strong_wolfe")
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = w - w.log()  # NaN where a step leads below 0
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert w.data == pytest.approx(1.0, abs=1e-6)

    def failing():
        if w.data != before:
            raise RuntimeError("no more")
        return closure()

    w.data = before = 4.0
    with pytest.raises(RuntimeError, match="no more"):
        optimizer.step(failing)
    assert w.data == 4.0


# Compiled training moves the parameters as eager training does.

COMPILED = [
    *[(f"{name}-{i}", lambda ps, n=name, o=options: getattr(optim, n)(ps, **o))
      for i, (name, _, options) in enumerate(CASES)],
    ("groups", lambda ps: optim.Adam([{"params": ps[:3], "lr": 0.01}, {"params": ps[3:]}], lr=0.1)),
    ("searched", lambda ps: optim.LBFGS(ps, max_iter=3, line_search_fn="strong_wolfe")),
    ("unsearched", lambda ps: optim.LBFGS(ps, lr=0.3, max_iter=3)),
]  # fmt: skip
SCHEDULED = [
    None,
    lambda o: optim.OneCycleLR(o, 0.05, total_steps=20),
    lambda o: optim.ReduceLROnPlateau(o, factor=0.5, patience=1),
    lambda o: optim.SequentialLR(o, [optim.ConstantLR(o, 0.1, 2), optim.ExponentialLR(o, 0.9)], [3]),
]
POINTS = [[math.sin(k), math.cos(2.0 * k)] for k in range(12)]
GOALS = [0.5 * math.sin(k) - 0.3 * math.cos(2.0 * k) + 0.1 for k in range(12)]


def trained(make, schedule, compile, batch_size):
    model = nn.MLP(2, [3, 1], activation="tanh", rng=4)
    optimizer = make(model.parameters())
    scheduler = schedule and schedule(optimizer)
    history = nn.fit(
        model, (POINTS, GOALS), nn.losses.mse_loss, optimizer, epochs=8, batch_size=batch_size,
        scheduler=scheduler, compile=compile, progress=False,
    )  # fmt: skip
    return [p.data for p in model.parameters()], history["loss"], optimizer.lr


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("schedule", SCHEDULED, ids=["fixed", "cycle", "plateau", "sequence"])
@pytest.mark.parametrize("make", [c[1] for c in COMPILED], ids=[c[0] for c in COMPILED])
def test_a_compiled_training_is_the_eager_one(make, schedule, batch_size):
    try:
        eager = trained(make, schedule, False, batch_size)
    except ValueError as error:
        assert "cycle_momentum=False" in str(error)
        return
    compiled = trained(make, schedule, True, batch_size)
    for one, other in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("backend", ["numpy", "python", "c"])
@pytest.mark.parametrize("make", [c[1] for c in COMPILED], ids=[c[0] for c in COMPILED])
def test_train_of_a_compiled_function_takes_every_optimizer(make, backend):
    if backend == "c" and find_compiler() is None:
        pytest.skip("there is no C compiler")

    def moved(by_hand):
        params = [Value(0.3 * k - 0.7) for k in range(5)]

        def loss():
            return autograd.sum([(p - k) ** 2 + 0.1 * (3.0 * p).cos() for k, p in enumerate(params)])

        optimizer = make(params)
        if not by_hand:
            step = autograd.compile(loss, params, backend=backend)
            losses = step.train(optimizer, 6)
            assert [p.grad for p in params] == [0.0] * 5
            return losses, [p.data for p in params]

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        return [optimizer.step(closure).data for _ in range(6)], [p.data for p in params]

    for one, other in zip(moved(True), moved(False), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def on_arrays(name, options, count):
    """An optimizer of some parameters, and its update over arrays."""
    optimizer = getattr(optim, name)([Value(0.5) for _ in range(count)], **options)
    return optimizer, optimizer._of_arrays()


@needs_compiler
@pytest.mark.parametrize(("name", "_", "options"), [*CASES, ("Adam", "", {"eps": 0.0, "betas": (0.0, 0.9)})])
def test_an_update_in_c_has_the_bits_of_numpys(name, _, options):
    count, rng = 37, np.random.default_rng(3)
    optimizer = on_arrays(name, options, count)[0]
    in_c = import_module("autograd.compiler.backends.c.update").in_c(optimizer.update, len(optimizer.slots))
    theta = rng.normal(size=count)
    ours, state = theta, tuple(np.zeros(count) for _ in optimizer.slots)
    for step in range(1, 12):
        grad = rng.normal(size=count) * 10.0 ** rng.integers(-200, 200, size=count)
        if step > 8:
            grad[:6] = math.inf, -math.inf, math.nan, 0.0, -0.0, 5e-324
        with np.errstate(all="ignore"):
            wanted = optimizer.update(ours, grad, state, optimizer.lr, step)
        found = in_c(ours, grad, state, optimizer.lr, step)
        for x, y in zip((found[0], *found[1]), (wanted[0], *wanted[1]), strict=True):
            np.testing.assert_array_equal(x, y)
            np.testing.assert_array_equal(np.signbit(x[x == x]), np.signbit(y[y == y]))
        assert not any(np.shares_memory(x, y) for x in (found[0], *found[1]) for y in (ours, grad, *state))
        ours, state = found
    for grad in (np.ones(4)[::2], np.ones(2, np.float32), np.ones((2, 1)), np.ones((1, 2))):  # by NumPy
        flat = in_c(np.ones(2), grad, tuple(np.zeros(2) for _ in state), 0.5, 1)[0]
        wanted = optimizer.update(np.ones(2), grad, (np.zeros(2),) * len(state), 0.5, 1)[0]
        np.testing.assert_array_equal(flat, wanted)


@needs_compiler
def test_steps_go_on_in_c_once_that_is_built(monkeypatch):
    monkeypatch.setattr(training, "BUILDING", 1e-9)
    monkeypatch.setattr(training, "CALLING", -1.0)
    built = []
    monkeypatch.setattr(training, "in_background", lambda build: built.append(build()))
    losses = []
    for once in (True, False):
        w = [Value(0.1 * k) for k in range(5)]
        step = autograd.compile(lambda x, w=w: autograd.sum([(a - x) ** 4 for a in w]), w, backend="numpy")
        optimizer = optim.Adam(w, lr=0.0123, betas=(0.81, 0.97))
        if once:
            monkeypatch.setattr(optimizer, "update", optimizer.update)
        losses.append(step.train(1.0, optimizer, 20))
        assert len(built) == (not once)
    assert losses[0] == losses[1]
    optimizer.betas = (0.5, 0.6)  # which holds at once
    assert optimizer._of_arrays().update.__self__.betas == (0.5, 0.6)
    w[0].data = math.nan  # the engine evaluates
    assert math.isnan(step.train(1.0, optimizer, 1)[0])
    json.dumps(optimizer.state_dict())
    copy.deepcopy(optimizer), pickle.dumps(optimizer.state)


def test_numpy_goes_on_where_an_update_cannot_be_built(monkeypatch):
    monkeypatch.setattr(training, "import_module", lambda _: 1 / 0)
    _, update = on_arrays("SGD", {"lr": 0.1234}, 2)
    update.left = 0.0
    update._build()
    np.testing.assert_array_equal(update(np.ones(2), np.ones(2), (), 0.5, 1)[0], [0.5, 0.5])


class Keeping(optim.Optimizer):
    """Momentum over what it was given, whose arrays it keeps."""

    slots = ("last", "place")

    def update(self, theta, grad, state, lr, step):
        return theta - lr * (grad + state[0] + (state[1] - theta)), (grad, theta)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, Keeping, lambda w, lr: optim.SGD(
    [{"params": w[:1], "momentum": 0.5}, {"params": w[1:], "lr": 0.1}], lr)])  # fmt: skip
@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_steps_one_by_one_are_those_of_one_training(make, backend):
    X, Y = np.random.default_rng(0).normal(size=(2, 9))
    found = []
    for sizes in ([6], [1] * 6, [2, 1, 1, 1, 1]):
        w = [Value(0.3), Value(-0.2), Value(1.0), Value(2.0)]  # of which the loss uses three
        step = autograd.compile(
            lambda x, y, w=w: (w[0] * x + w[1] + w[2] ** 2 - y) ** 2, w, batch=True, backend=backend
        )
        optimizer = make(w, 0.05)
        w[1].grad = 7.0
        losses = [x for size in sizes for x in step.train(X, Y, optimizer, size)]
        assert (w[1].grad, w[0].grad, optimizer.steps) == (7.0, 0.0, 6)
        state = optimizer.state_dict()
        found.append([*losses, *[p.data for p in w], *np.ravel([*state.get("state", {}).values()])])
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-12)
    with pytest.raises(ValueError, match="the same order"):
        step.train(X, Y, make(w[::-1], 0.05), 1)
    w[0].data = math.nan
    assert math.isnan(step.train(X, Y, optimizer, 1)[0])
    assert w[3].data == pytest.approx(found[0][9])


def test_an_update_of_another_class_stays_as_it_is():
    class Own(optim.Adam):
        def _move(self, theta, grad, state, lr, step):
            return theta - 1.0, state

    optimizer = Own([Value(1.0)])
    assert optimizer._of_arrays() == optimizer.update
    assert optimizer.step_flat(np.ones(1), np.ones(1)) == [0.0]
    memory = weakref.ref(on_arrays("AdamW", {"lr": 0.0321}, 1)[0])
    gc.collect()
    assert memory() is None
