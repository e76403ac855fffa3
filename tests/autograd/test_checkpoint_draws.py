"""Checkpointed calls that draw random numbers, and calls inside one another."""

from __future__ import annotations

import functools
import math
import random
import sys
from typing import Any

import pytest

import autograd
from autograd import GraphError, Value, checkpoint, grad, hessian, jvp, sin

OWN, OTHER = random.Random(3), random.Random(8)
TABLE = {"rngs": [random.Random(4)]}


class Noisy:
    """Draws from its own generator in a method."""

    def __init__(self) -> None:
        self.rng = random.Random(5)

    def __call__(self, x: Value) -> Value:
        return x * self.rng.random()

    def method(self, x: Value) -> Value:
        return self(x) * random.gauss(1.0, 0.1)

    def by_a_global(self, x: Value) -> Value:
        return helper(x)


def helper(x: Value) -> Value:
    """Draws from a global of this file."""
    return x * OWN.random() + TABLE["rngs"][0].gauss(0.0, 1.0) * x


def closure() -> object:
    """Return a function that closes over a generator, by way of another."""
    rng = random.Random(6)
    draw = lambda: rng.uniform(0.5, 1.5)
    return lambda x: x * draw()


def scaled(rng: random.Random, x: Value) -> Value:
    return x * rng.random()


DRAWING = {
    "the module": lambda x: x * random.random(),
    "a choice": lambda x: sin(x) if random.random() < 0.5 else x * random.choice([2.0, 3.0]),
    "a global": lambda x: x * OWN.random(),
    "a function's global": helper,
    "a closure": closure(),
    "an object": Noisy(),
    "a method": Noisy().method,
    "a method's global": Noisy().by_a_global,
    "a partial": functools.partial(scaled, random.Random(7)),
    "a default": lambda x, rng=OTHER: x * rng.random(),
}


def numpy_draws() -> dict[str, object]:
    """Return functions that draw from NumPy's generators."""
    np = pytest.importorskip("numpy")
    generators = [np.random.default_rng(1), np.random.Generator(np.random.MT19937(2))]
    old = np.random.RandomState(3)
    return {
        "numpy's module": lambda x: x * float(np.random.rand()),
        "a generator": lambda x: x * float(generators[0].normal()),
        "a Mersenne twister": lambda x: x * float(generators[1].random()),
        "an old generator": lambda x: x * float(old.rand()),
    }


def check(f: object) -> None:
    """A checkpointed call's gradient is that of its own draw, and afterwards the generators go on as if there were no replay."""
    y = checkpoint(f)(x := Value(0.7))
    between = checkpoint(f)(Value(0.7)).data  # others draw before the replay
    y.backward()
    assert x.grad in (pytest.approx(y.data / 0.7), pytest.approx(math.cos(0.7)))  # x times the draw, or its sine
    for _ in range(3):
        checkpoint(f)(Value(between)).backward()
    y.backward()  # the same draw once more
    first = grad(checkpoint(f))
    assert isinstance(first(0.7), float)
    jvp(checkpoint(f), (0.7,), (1.0,))
    hessian(checkpoint(f))(0.7)
    y.backward(create_graph=True)


@pytest.mark.parametrize("name", DRAWING)
def test_the_draw_belongs_to_the_call(name: str) -> None:
    check(DRAWING[name])


@pytest.mark.parametrize("name", ["numpy's module", "a generator", "a Mersenne twister", "an old generator"])
def test_the_draw_of_numpy_belongs_to_the_call(name: str) -> None:
    check(numpy_draws()[name])


def test_a_replay_leaves_the_generators_where_they_are() -> None:
    def run(through: object) -> list[float]:
        random.seed(1)
        rng = random.Random(2)
        f = through(lambda x: x * rng.random() * random.random())
        out = []
        for _ in range(4):
            f(x := Value(1.0)).backward()
            out += [x.grad, rng.random(), random.random()]
        return out

    assert run(checkpoint) == run(lambda f: f)


@pytest.mark.parametrize("seed", [None, 0])
def test_dropout_can_be_checkpointed(seed: int | None) -> None:
    import nn

    model = nn.Sequential(nn.Layer(3, 8, activation="tanh", rng=0), nn.Dropout(0.5, rng=seed), nn.Layer(8, 1, nonlin=False, rng=1))

    def loss(f: Any) -> list[float]:
        if seed is None:
            random.seed(0)
        else:
            model.stages[1].rng.seed(seed)
        model.zero_grad()
        autograd.sum([f([1.0, 2.0, float(i)]) ** 2 for i in range(5)]).backward()
        return [p.grad for p in model.parameters()]

    assert loss(checkpoint(model)) == pytest.approx(loss(model), rel=1e-12)


def test_what_draws_from_the_operating_system_is_refused_at_the_replay() -> None:
    source = random.SystemRandom()
    y = checkpoint(lambda x: x * source.random())(Value(1.0))
    with pytest.raises(GraphError, match="random numbers from elsewhere"):
        y.backward()


@pytest.mark.parametrize("depth", [1, 2, 10, 300])
def test_calls_inside_one_another_at_any_depth(depth: int) -> None:
    def nested(x: Value, n: int) -> Value:
        return checkpoint(lambda t: nested(sin(t) * 1.01, n - 1))(x) if n else x

    def plain(x: Value, n: int) -> Value:
        for _ in range(n):
            x = sin(x) * 1.01
        return x

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 1000))
    try:
        plain(y := Value(0.5), depth).backward()
        nested(x := Value(0.5), depth).backward()
        assert x.grad == y.grad
        nested(x := Value(0.5), min(depth, 40)).backward(create_graph=True)
        plain(y := Value(0.5), min(depth, 40)).backward(create_graph=True)
        assert x.grad.data == y.grad.data
        with autograd.detect_anomaly():
            nested(x := Value(0.5), min(depth, 40)).backward()
    finally:
        sys.setrecursionlimit(limit)


def test_wrapped_any_number_of_times_is_wrapped_once() -> None:
    f = sin
    g = checkpoint(f)
    assert checkpoint(g) is g
    for _ in range(5000):
        g = checkpoint(g)
    g(x := Value(0.5)).backward()
    assert x.grad == autograd.grad(sin)(0.5)
