"""Trainings inside one call of the devices: those of the other backends, for every optimizer."""

import itertools
import math

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, compile

DATA = np.random.RandomState(0).randn(40, 2)
LABELS = (DATA.sum(1) > 0.0) * 1.0

KINDS = [
    lambda p: nn.optim.SGD(p, lr=0.1),
    lambda p: nn.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda p: nn.optim.AdaGrad(p, lr=0.1, lr_decay=0.01),
    lambda p: nn.optim.RMSProp(p, lr=0.01, centered=True, momentum=0.5),
    lambda p: nn.optim.Adam(p, lr=0.02),
    lambda p: nn.optim.AdamW(p, lr=0.02, betas=(0.5, 0.9)),
]


def several(params):
    """Return an optimizer of each kind, for some of the parameters each: one program has all updates."""
    ends = np.linspace(0, len(params), len(KINDS) + 1).astype(int).tolist()
    made = nn.optim.Adam([{"params": params[a:b]} for a, b in itertools.pairwise(ends)])
    made._parts = tuple(make(part.params) for make, part in zip(KINDS, made._parts, strict=True))
    return made


OPTIMIZERS = {
    "momentum": KINDS[1], "adam": KINDS[4], "several": several,
    "lbfgs": lambda p: nn.optim.LBFGS(p, lr=0.1, max_iter=3),
}  # fmt: skip


def trained(make, train, backend, **options):
    model = nn.MLP(2, [3, 1], rng=1)
    params = model.parameters()
    step = compile(
        lambda x, y: nn.losses.binary_cross_entropy_with_logits(model(x), y), params, batch=True,
        backend=backend, penalty=lambda: nn.losses.l2_penalty(model, 1e-3), **options,
    )  # fmt: skip
    optimizer = make(params)
    losses = train(step, optimizer)
    return losses, [p.data for p in params], optimizer.steps, optimizer.state_dict(), step


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("several", {}), ("several", {"shard": None}), ("several", {"shard": "parameters"}),
        ("adam", {"shard": "parameters"}), ("lbfgs", {}),  # its steps are Python's
    ],
)  # fmt: skip
def test_a_training_on_devices(mesh, name, options):
    options = {"mesh": mesh, **options} if options else {}
    runs = [
        trained(
            OPTIMIZERS[name],
            lambda step, optimizer: step.train(DATA, LABELS, optimizer, 25),
            backend,
            **given,
        )
        for backend, given in (("numpy", {}), ("xla", options))
    ]
    np.testing.assert_allclose(runs[1][0], runs[0][0], rtol=1e-10)
    np.testing.assert_allclose(runs[1][1], runs[0][1], rtol=1e-9, atol=1e-12)
    assert runs[1][2] == runs[0][2] == 25
    states = [state.get("groups", [state]) for *_, state, _ in runs]
    for mine, other in zip(*states, strict=True):
        assert mine["steps"] == other["steps"] == 25
        for slot, numbers in other.get("state", {}).items():
            np.testing.assert_allclose(mine["state"][slot], numbers, rtol=1e-8, atol=1e-12)
    assert runs[1][4].report()["backend"] == "xla"


def test_steps_are_one_call_of_the_devices_between_callbacks(monkeypatch):
    calls, seen = [], []

    def train(step, optimizer):
        step(DATA, LABELS)
        bound = step._latest[1].bound
        own = bound.optimize
        step._latest[1].optimize = lambda o, n: calls.append(n) or own(o, n)
        found = step.train(DATA, LABELS, optimizer, 25, callback=lambda i, v: seen.append(i), every=10)
        assert [found[i] for i in (9, 19, 24)]
        return found

    trained(OPTIMIZERS["adam"], train, "xla")
    assert calls == [10, 10, 5]
    assert seen == [9, 19, 24]


@pytest.mark.parametrize("backend", ["numpy", "xla"])
def test_what_a_callback_changes_holds(backend):
    def train(step, optimizer):
        def callback(i, value):
            optimizer.lr *= 0.5
            if i == 5:
                step._params[0].data = 0.25
                step._params[1].grad = 3.0
            return i == 11

        return step.train(DATA, LABELS, optimizer, 25, callback=callback, every=3)

    losses, numbers, steps, *_ = trained(OPTIMIZERS["momentum"], train, backend)
    assert (len(losses), steps) == (12, 12)
    want = trained(OPTIMIZERS["momentum"], train, "numpy")
    np.testing.assert_allclose(numbers, want[1], rtol=1e-10)


@pytest.mark.parametrize("every", [0, -1, True, 2.5, "2"])
def test_every_is_a_whole_number(every):
    with pytest.raises(ValueError, match="every must be a whole number from 1"):
        trained(OPTIMIZERS["adam"], lambda s, o: s.train(DATA, LABELS, o, 5, every=every), "numpy")


def test_a_step_that_is_not_finite_is_left_to_the_engine_and_the_others_are_not():
    w = Value(8.0, "w")
    step = compile(lambda: (w + 1.0 - 1.0).sqrt() * 0.5 + (w - 1.0) ** 2, [w], backend="xla")
    losses = step.train(nn.optim.SGD([w], lr=0.6), 6)
    v = Value(8.0, "w")
    optimizer, want = nn.optim.SGD([v], lr=0.6), []
    for _ in range(6):
        v.grad = None
        loss = (v + 1.0 - 1.0).sqrt() * 0.5 + (v - 1.0) ** 2
        loss.backward()
        want.append(loss.data)
        optimizer.step()
    assert losses == pytest.approx(want, rel=1e-12, nan_ok=True)
    assert any(map(math.isnan, want)) and w.data == pytest.approx(v.data, nan_ok=True)


class Signed(nn.optim.Optimizer):
    """An update with a branch, which no device takes."""

    def update(self, theta, grad, state, lr, step):
        if float(step) < 3:
            return theta - lr * grad, state
        return theta - 0.5 * lr * grad, state


class Halved(nn.optim.SGD):
    """A step of its own."""

    def step(self, closure=None):
        for p in self.params:
            p.data = 0.5 * p.data
        self.steps += 1


@pytest.mark.parametrize("kind", [Signed, Halved])
def test_optimizers_whose_steps_are_pythons(kind):
    runs = [
        trained(lambda p: kind(p, 0.1), lambda s, o: s.train(DATA, LABELS, o, 6), backend)
        for backend in ("numpy", "xla")
    ]
    np.testing.assert_allclose(runs[1][1], runs[0][1], rtol=1e-12)


def test_more_steps_than_one_call_takes():
    losses, _, steps, *_ = trained(
        KINDS[0], lambda s, o: s.train(DATA, LABELS, o, 1500), "xla"
    )
    assert (len(losses), steps) == (1500, 1500) and losses[-1] < losses[0]


def driven(backend, make, loss, start, steps=60):
    w = Value(start, "w")
    step = compile(lambda: loss(w), [w], backend=backend)
    optimizer = make([w])
    losses = step.train(optimizer, steps)
    return losses, w.data, optimizer.steps, step


@pytest.mark.parametrize(("kind", "lr"), [(nn.optim.SGD, 3.0), (nn.optim.Adam, 3e5)])
def test_a_parameter_that_grows_beyond_every_bound_is_followed_to_its_end(kind, lr):
    runs = [
        driven(backend, lambda p: kind(p, lr=lr), lambda w: w * w, 1.0, 145)[:3]
        for backend in ("xla", "numpy")
    ]
    assert len(runs[0][0]) == 145 == runs[0][2]
    assert runs[0][0] == pytest.approx(runs[1][0], rel=1e-12, nan_ok=True)
    assert runs[0][1:] == pytest.approx(runs[1][1:], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("steps", [1, 2, 7, 60])
def test_a_parameter_that_was_too_large_and_came_back_is_noticed(steps):
    def loss(w):
        return abs(w - 1.0) * 1e9

    runs = [
        driven(backend, lambda p: nn.optim.SGD(p, lr=1.0), loss, 0.0, steps) for backend in ("xla", "numpy")
    ]
    assert runs[0][:3] == runs[1][:3]
    assert runs[0][3]._latest[1].bound.judged.closely == (steps > 1)


def test_a_step_that_does_not_hold_is_found_among_many():
    # The logarithm of what falls by a third in each step: below 0 it is NaN, which is the engine's to say.
    def loss(w):
        return autograd.log(w) * 0.0 + w

    runs = [
        driven(backend, lambda p: nn.optim.SGD(p, lr=1.0), loss, 37.5, 37) for backend in ("xla", "numpy")
    ]
    assert runs[0][:3] == runs[1][:3]
