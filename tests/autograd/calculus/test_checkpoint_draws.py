"""Checkpointed calls that draw random numbers, and calls inside one another."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import itertools
import math
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autograd
from autograd import GraphError, Value, checkpoint, grad, hessian, jvp, sin
from autograd.calculus import generators

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


class Holder:
    """Keeps a generator in the class."""

    rng = random.Random(9)

    @property
    def drawn(self) -> float:
        return OWN.random()

    @classmethod
    def by_class(cls, x: Value) -> Value:
        return x * cls.rng.random()

    @staticmethod
    def static(x: Value) -> Value:
        return x * OWN.random()

    def __call__(self, x: Value) -> Value:
        return x * self.rng.random()


class Heir(Holder):
    """Inherits it."""


class Slotted:
    """Keeps one in a slot."""

    __slots__ = ("rng",)

    def __init__(self) -> None:
        self.rng = random.Random(10)

    def __call__(self, x: Value) -> Value:
        return x * self.rng.random()


@dataclasses.dataclass(slots=True)
class SlottedData:
    rng: random.Random

    def __call__(self, x: Value) -> Value:
        return x * self.rng.random()


class Chosen(enum.Enum):
    FIRST = random.Random(11)


class Own(random.Random):
    """A generator of another class."""


class Attributed(list[float]):
    """A list with attributes."""


def stream(rng: random.Random) -> Iterator[float]:
    while True:
        yield rng.random()


@functools.lru_cache
def remembered() -> random.Random:
    return OTHER


def wrapping(f: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(f)
    def wrapper(*args: Any) -> Any:
        return f(*args)

    return wrapper


def attributed() -> Attributed:
    found = Attributed([1.0] * 100)
    found.rng = random.Random(12)  # type: ignore[attr-defined]
    return found


HELD = {
    "bound": random.Random(13).random, "bound in Python": random.Random(14).gauss,
    "deque": collections.deque([random.Random(15)]),
    "mapping": types.MappingProxyType({"rng": random.Random(16)}), "stream": stream(random.Random(17)),
    "namespace": types.SimpleNamespace(rng=random.Random(18)),
    "user dict": collections.UserDict(rng=random.Random(19)),
    "default dict": collections.defaultdict(None, rng=random.Random(20)),
    "iterator": itertools.cycle([random.Random(21)]), "list": attributed(), "own": Own(22),
    "many": [random.Random(i) for i in range(500)],
    "holder": Holder(),
    "settings": {**{f"setting {i}": float(i) for i in range(500)}, "rng": random.Random(23)},
}  # fmt: skip
DRAWING = {
    "a class attribute": lambda x: x * Holder.rng.random(),
    "an inherited one": Heir(),
    "a property": lambda x, held=HELD["holder"]: x * held.drawn,
    "a class method": Holder.by_class,
    "a static method": Holder.static,
    "a slot": Slotted(),
    "a slot of a dataclass": SlottedData(random.Random(24)),
    "an enumeration": lambda x: x * Chosen.FIRST.value.random(),
    "a cached function": lambda x: x * remembered().random(),
    "a wrapped function": wrapping(helper),
    "what wraps a cached function": wrapping(functools.lru_cache(lambda x: x * OWN.random())),
    "a bound method": lambda x, draw=HELD["bound"]: x * draw(),
    "a bound method in Python": lambda x, draw=HELD["bound in Python"]: x * draw(1.0, 0.1),
    "a deque": lambda x: x * HELD["deque"][0].random(),
    "a read-only dict": lambda x, held=HELD["mapping"]: x * held["rng"].random(),
    "a generator function's frame": lambda x, held=HELD["stream"]: x * next(held),
    "a namespace": lambda x, held=HELD["namespace"]: x * held.rng.random(),
    "a user's dict": lambda x, held=HELD["user dict"]: x * held["rng"].random(),
    "a dict with defaults": lambda x, held=HELD["default dict"]: x * held["rng"].random(),
    "an iterator": lambda x, held=HELD["iterator"]: x * next(held).random(),
    "a list's attribute": lambda x, held=HELD["list"]: x * held.rng.random(),
    "a class of one's own": lambda x, held=HELD["own"]: x * held.random(),
    "one of many": lambda x, held=HELD["many"]: x * held[333].random(),
    "one among settings": lambda x, held=HELD["settings"]: x * held["rng"].random(),
    "a call in it": lambda x: checkpoint(helper)(x) * 1.0,
    "a call in a call in it": lambda x: checkpoint(lambda t: checkpoint(helper)(t) * 1.0)(x) * OWN.random(),
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
    """A checkpointed call's gradient is that of its own draw, and afterwards the generators go on as if there
    were no replay."""
    y = checkpoint(f)(x := Value(0.7))
    between = checkpoint(f)(Value(0.7)).data  # others draw before the replay
    y.backward()
    assert x.grad in (
        pytest.approx(y.data / 0.7),
        pytest.approx(math.cos(0.7)),
    )  # x times the draw, or its sine
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

    model = nn.Sequential(
        nn.Layer(3, 8, activation="tanh", rng=0),
        nn.Dropout(0.5, rng=seed),
        nn.Layer(8, 1, nonlin=False, rng=1),
    )

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
    with pytest.raises(
        GraphError, match=r"pass it as an argument\) or cannot set back, as that of the operating system"
    ):
        y.backward()


def test_tables_of_numbers_are_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {
        "a list": [0.5] * 200_000, "rows": [[0.5] * 100] * 1000,
        "a cube": [[[0.5] * 10 for _ in range(50)] for _ in range(100)],
        "pairs": [(float(i), i) for i in range(50_000)], "a dict": {i: float(i) for i in range(50_000)},
        "nodes": [[Value(1.0)] * 100] * 100,
        "objects": [Slotted() for _ in range(20_000)],
    }  # fmt: skip
    asked = 0
    below = generators._below

    def counted(x: Any, kind: type) -> Any:
        nonlocal asked
        asked += 1
        return below(x, kind)

    monkeypatch.setattr(generators, "_below", counted)
    for name, table in tables.items():
        asked = 0
        checkpoint(lambda x, table=table: x * (table is not None))(Value(1.0))
        assert asked < (generators.MOST + 1 if name == "objects" else 100), name


@pytest.mark.parametrize("depth", [20, 100])
def test_calls_inside_one_another_run_twice_each(depth: int) -> None:
    runs = 0

    def inside(g: Callable[[Value], Value]) -> Callable[[Value], Value]:
        def f(x: Value) -> Value:
            nonlocal runs
            runs += 1
            return g(x) * 1.01

        return checkpoint(f)

    f: Callable[[Value], Value] = sin
    for _ in range(depth):
        f = inside(f)
    y = f(x := Value(0.5))
    assert runs == depth
    y.backward()
    assert runs == 2 * depth
    first = x.grad
    y.backward()  # once more, by itself
    assert runs == 3 * depth
    assert x.grad == 2 * first


def test_of_the_calls_in_a_call_the_nodes_of_one_at_a_time_are_kept() -> None:
    alive = peak = 0

    class Witness:
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def inner(x: Value) -> Value:
        nonlocal alive, peak
        alive += 1
        peak = max(peak, alive)
        y = sin(x) * 1.01
        y.register_hook(functools.partial(lambda _witness, _gradient: None, Witness()))
        return y * 1.01

    def outer(x: Value) -> Value:
        for _ in range(10):
            x = checkpoint(inner)(x)
        return x

    checkpoint(outer)(x := Value(0.5)).backward()
    outer(y := Value(0.5)).backward()
    assert x.grad == y.grad
    assert (alive, peak) == (0, 1)


def test_inner_calls_draw_as_they_drew_whatever_order_they_are_wanted_in() -> None:
    rng = random.Random(1)

    def gradient(inside: Callable[..., Any], outside: Callable[..., Any]) -> float:
        def f(x: Value) -> Value:
            factors = [inside(lambda t: t * rng.random() * sin(t))(x) for _ in range(3)]
            own = x * rng.random()
            return factors[2] * factors[0] + own * factors[1]

        rng.seed(5)
        y = outside(f)(x := Value(0.7))
        rng.random()
        y.backward()
        return x.grad

    stored = lambda f: f
    assert gradient(checkpoint, checkpoint) == pytest.approx(gradient(stored, stored), rel=1e-14)
    assert gradient(stored, checkpoint) == pytest.approx(gradient(checkpoint, stored), rel=1e-14)


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
