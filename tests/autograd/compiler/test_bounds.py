"""What is known of the sizes of a program's numbers, so that few are looked at."""

import math
import random

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, compile
from autograd.compiler.graph.bounds import CLOSE, NEAR, rooted, watched
from autograd.compiler.graph.ir import BOUND, CONST, INPUT, LANE, PARAM
from autograd.compiler.roll.program import LANES


def compiled(loss, params, *data, batch=False):
    step = compile(loss, params, batch=batch, backend="numpy")
    step(*data)
    return step


def graph_of(*arguments, **options):
    return compiled(*arguments, **options)._latest[1].program.graph


def some(n):
    return [Value(0.1 * k + 0.1, f"w{k}") for k in range(n)]


def norm(xs):
    return [x * (autograd.sum([y * y for y in xs]) / len(xs) + 1e-5) ** -0.5 for x in xs]


def attention(w, _):
    weights = [autograd.softmax(norm(w[: k + 1])) for k in range(len(w))]
    return autograd.sum([autograd.dot(row, w[: len(row)]) for row in weights])


MODELS = {
    "softmax": lambda w, _: autograd.dot(autograd.softmax(w), w),
    "log_softmax": lambda w, _: autograd.sum(autograd.log_softmax(w)),
    "logsumexp": lambda w, x: autograd.logsumexp([a * b for a, b in zip(w, x, strict=True)]),
    "norm": lambda w, _: autograd.sum(norm(w)),
    "attention": attention,
    "sigmoids": lambda w, x: autograd.sum([(a * b).sigmoid().tanh() for a, b in zip(w, x, strict=True)]),
    "relu": lambda w, x: autograd.dot(w, [(a * b).relu() for a, b in zip(w, x, strict=True)]),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_is_bounded_by_nature_is_not_looked_at(name):
    w = some(4)
    found = rooted(graph_of(lambda x: MODELS[name](w, x), w, [1.0, -2.0, 0.5, 3.0]))
    assert not found.any()


def partial_softmax(w):
    top = autograd.max(w[:3])  # which may be that of the third
    return w[0] * w[1] / ((w[0] - top).exp() + (w[1] - top).exp()) * w[2]


UNBOUNDED = {
    "exp": lambda w: w[0].exp() * w[1],
    "division": lambda w: w[0] / w[1] * w[0],
    "tiny": lambda w: (w[0] * w[0] + 1e-300) ** -0.5 * w[1],
    "the maximum of others": lambda w: (w[0] - autograd.maximum(w[1], w[2])).exp() * w[1],
    "partial softmax": partial_softmax,
    "a long product": lambda w: math.prod([a**4 for a in w]),
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_what_may_be_of_any_size_is_looked_at(name):
    w = some(4)
    assert rooted(graph_of(lambda: UNBOUNDED[name](w), w)).any()


def numbers(engine):
    """Return the largest size that each node's number has in any lane."""
    at = engine.program.address
    bound = engine.bound
    one = np.abs(bound.shared[np.where(at < LANES, np.maximum(at, 0), 0)])
    rows = np.abs(bound.lanes).max(1) if bound.lanes.size else np.zeros(1)
    return np.where(at >= LANES, rows[np.where(at >= LANES, at - LANES, 0)], one)


def sizes_hold(engine):
    """Check that no number is large where those that are looked at are small; tell whether they are."""
    graph, found = engine.program.graph, rooted(engine.program.graph)
    sizes = numbers(engine)
    known = graph.kind != CONST
    leaves = (graph.kind == INPUT) | (graph.kind == LANE)
    small = (sizes[leaves] <= NEAR).all() and (sizes[found | (graph.kind == PARAM)] <= CLOSE).all()
    if small:
        large = (sizes >= BOUND) & (sizes < math.inf)
        assert not (large & watched(graph) & known).any()
    return small


@pytest.mark.filterwarnings("ignore:.*evaluated by the engine:RuntimeWarning")
@pytest.mark.parametrize("name", MODELS)
def test_no_number_is_large_where_those_that_are_looked_at_are_small(name):
    rng, held = random.Random(name), 0
    w = some(4)
    step = compiled(lambda x: MODELS[name](w, x), w, [1.0, -2.0, 0.5, 3.0])
    engine = step._latest[1]
    for _ in range(60):
        theta = [rng.choice([-1.0, 1.0]) * 2.0 ** rng.choice([-300.0, -1.0, 0.0, 12.0, 24.0]) for _ in w]
        data = [rng.choice([-1.0, 1.0]) * 2.0 ** rng.choice([-300.0, 0.0, 40.0]) for _ in w]
        for p, x in zip(w, theta, strict=True):
            p.data = x
        step(data)
        held += sizes_hold(engine)
    assert held == 60  # all sizes follow


@pytest.mark.parametrize("seed", range(4))
def test_the_same_holds_in_networks(seed):
    rng = np.random.RandomState(seed)
    model = nn.MLP(3, [4, 5, 3], rng=seed)
    x, y = rng.randn(6, 3) * 2.0**38, np.arange(6) % 3
    step = compiled(lambda a, b: nn.losses.cross_entropy(model(a), b), model.parameters(), x, y, batch=True)
    for scale in (1.0, 2.0**10, 2.0**22):
        for p in model.parameters():
            p.data = float(rng.uniform(-1.0, 1.0)) * scale
        step(x, y)
        assert sizes_hold(step._latest[1])
