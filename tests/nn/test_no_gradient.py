"""A parameter without a gradient: no step moves it, and nothing that reads gradients trips over it."""

from __future__ import annotations

import copy
import json

import pytest

import autograd
from autograd import Value
from nn import optim

KINDS = {
    "SGD": lambda ps: optim.SGD(ps, 0.1), "momentum": lambda ps: optim.SGD(ps, 0.1, momentum=0.9),
    "nesterov": lambda ps: optim.SGD(ps, 0.1, momentum=0.9, nesterov=True),
    "decay": lambda ps: optim.SGD(ps, 0.1, weight_decay=0.5),
    "momentum and decay": lambda ps: optim.SGD(ps, 0.1, momentum=0.9, weight_decay=0.5),
    "AdaGrad": lambda ps: optim.AdaGrad(ps, 0.1, lr_decay=0.5),
    "RMSProp": lambda ps: optim.RMSProp(ps, 0.1),
    "RMSProp, all": lambda ps: optim.RMSProp(ps, 0.1, momentum=0.9, centered=True, weight_decay=0.1),
    "Adam": lambda ps: optim.Adam(ps, 0.1), "Adam, decay": lambda ps: optim.Adam(ps, 0.1, weight_decay=0.5),
    "AdamW": lambda ps: optim.AdamW(ps, 0.1, weight_decay=0.5),
}  # fmt: skip
# The gradients of three parameters, step by step.
GRADS = [
    (1.0, 2.0, None),
    (0.5, None, None),
    (-1.0, 3.0, 0.0),
    (0.25, 0.0, -2.0),
    (None, None, None),
    (1.0, 1.0, 1.0),
]
TORCH = {
    "SGD": lambda t, p: t.SGD(p, 0.1), "momentum": lambda t, p: t.SGD(p, 0.1, momentum=0.9),
    "nesterov": lambda t, p: t.SGD(p, 0.1, momentum=0.9, nesterov=True), "decay": lambda t,
    p: t.SGD(p, 0.1, weight_decay=0.5),
    "momentum and decay": lambda t, p: t.SGD(p, 0.1, momentum=0.9, weight_decay=0.5), "AdaGrad": lambda t,
    p: t.Adagrad(p, 0.1, lr_decay=0.5),
    "RMSProp": lambda t, p: t.RMSprop(p, 0.1), "RMSProp, all": lambda t,
    p: t.RMSprop(p, 0.1, momentum=0.9, centered=True, weight_decay=0.1),
    "Adam": lambda t, p: t.Adam(p, 0.1), "Adam, decay": lambda t, p: t.Adam(p, 0.1, weight_decay=0.5),
    "AdamW": lambda t, p: t.AdamW(p, 0.1, weight_decay=0.5),
}  # fmt: skip


def alone(make, grads):
    """Train a parameter by itself, leaving out the steps in which it has no gradient."""
    p = Value(1.5)
    optimizer = make([p])
    data = []
    for g in grads:
        if g is not None:
            p.grad = g
            optimizer.step()
        data.append(p.data)
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_takes_part_only_in_the_steps_in_which_it_has_a_gradient(kind: str) -> None:
    params = [Value(1.5) for _ in range(3)]
    optimizer = KINDS[kind](params)
    wanted = list(zip(*[alone(KINDS[kind], column) for column in zip(*GRADS, strict=True)], strict=True))
    for grads, after in zip(GRADS, wanted, strict=True):
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        optimizer.step()
        assert tuple(p.data for p in params) == after


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_does_on_arrays(kind: str) -> None:
    np = pytest.importorskip("numpy")
    optimizer = KINDS[kind]([Value(1.5) for _ in range(3)])
    theta = np.full(3, 1.5)
    wanted = list(zip(*[alone(KINDS[kind], column) for column in zip(*GRADS, strict=True)], strict=True))
    for grads, after in zip(GRADS, wanted, strict=True):
        given = list(grads) if None in grads else np.array(grads)
        before = theta.copy()
        moved = optimizer.step_flat(theta, given)
        assert (theta == before).all()
        theta = moved
        assert theta.tolist() == pytest.approx(list(after), rel=1e-14)


@pytest.mark.parametrize("kind", TORCH)
def test_it_is_as_in_pytorch(kind: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = [torch.nn.Parameter(torch.tensor(1.5, dtype=torch.float64)) for _ in range(3)]
    ours = [Value(1.5) for _ in range(3)]
    one, two = TORCH[kind](torch.optim, theirs), KINDS[kind](ours)
    for grads in GRADS:
        for p, q, g in zip(theirs, ours, grads, strict=True):
            p.grad, q.grad = None if g is None else torch.tensor(g, dtype=torch.float64), g
        one.step()
        two.step()
        assert [q.data for q in ours] == pytest.approx([p.item() for p in theirs], rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_goes_on_where_it_was(kind: str) -> None:
    params = [Value(1.5) for _ in range(3)]
    optimizer = KINDS[kind](params)
    for i, grads in enumerate(GRADS):
        if i == 3:
            fresh = KINDS[kind](params)
            fresh.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
            assert fresh.state_dict() == optimizer.state_dict()
            optimizer = fresh
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        optimizer.step()
    straight = [alone(KINDS[kind], column)[-1] for column in zip(*GRADS, strict=True)]
    assert [p.data for p in params] == straight


def test_a_state_that_cannot_be_is_refused() -> None:
    params = [Value(1.0), Value(2.0)]
    optimizer = optim.Adam(params, 0.1)
    params[0].grad = None
    optimizer.step()
    good = optimizer.state_dict()
    assert good["missed"] == [1, 0]
    for wrong in ([1], [2, 0], [-1, 0], ["1", 0], 1, None):
        with pytest.raises((ValueError, TypeError)):
            optimizer.load_state_dict({**copy.deepcopy(good), "missed": wrong})
        assert optimizer.state_dict() == good


def test_clipping_and_zeroing_and_passes_take_it() -> None:
    a, b = Value(1.0), Value(2.0)
    a.grad, b.grad = None, 10.0
    assert optim.clip_grad_norm_([a, b], 1.0) == 10.0
    assert a.grad is None
    assert b.grad == pytest.approx(1.0)
    optim.clip_grad_value_([a, b], 0.5)
    assert (a.grad, b.grad) == (None, 0.5)
    (a * b).backward()
    assert (a.grad, b.grad) == (2.0, 1.5)
    a.grad = b.grad = None
    with autograd.detect_anomaly():
        (a * b).backward()
    assert (a.grad, b.grad) == (2.0, 1.0)
    a.grad = None
    (a * b).backward(create_graph=True)
    assert a.grad.data == 2.0
    for clear in (lambda: autograd.zero_grad([a, b]), lambda: optim.SGD([a, b], 0.1).zero_grad()):
        a.grad = None
        clear()
        assert a.grad == 0.0
    a.grad = None
    y = a * b
    assert str(y.draw())
    assert copy.deepcopy(y).parents[0].grad is None
    autograd.to_json(y)
