"""Time steps of many numbers: of their rounds only a few are laid out, and all others are as these."""

import random
from dataclasses import replace

import pytest

np = pytest.importorskip("numpy")

import autograd
from autograd import Value, compile, grad
from autograd.compiler import structure
from autograd.compiler.backends.c import toolchain
from autograd.compiler.graph import counting, ir, schedule
from autograd.compiler.roll import affine, cells, rolled, steady
from autograd.compiler.roll.repeats import Rounds, blocks
from autograd.compiler.roll.verify import verify

BACKENDS = ["numpy", "python"] + ["c"] * bool(toolchain.find_compiler())
RNG = np.random.default_rng(5)
WIDTH = 6


def dense(u, w, x, t):
    return [autograd.tanh(sum((a * b for a, b in zip(row, u, strict=True)), x[t % len(x)])) for row in w]


def spread(u, w, x, t):
    return [u[0], *[b + 0.1 * (a - 2.0 * b + c) for a, b, c in zip(u, u[1:], u[2:], strict=False)], u[-1]]


def turned(u, w, x, t):
    return [a * w[0][1] + b * x[t % len(x)] for a, b in zip(u, u[1:] + u[:1], strict=True)]


def pairs(u, w, x, t):
    return [
        u[i] + 0.01 * sum((u[j] - u[i]) / (1.0 + (u[j] - u[i]) ** 2) for j in range(len(u)) if j != i)
        for i in range(len(u))
    ]


def gated(u, w, x, t):
    gates = [autograd.sigmoid(a * w[i][0] + x[t % len(x)]) for i, a in enumerate(u)]
    return [
        g * a + (1.0 - g) * autograd.tanh(w[i][1] * a) for i, (a, g) in enumerate(zip(u, gates, strict=True))
    ]


def measured(u, w, x, t):
    return [a + 0.1 * (float(np.sin(3.0 * t + i)) - a) * w[i][2] for i, a in enumerate(u)]


def picked(u, w, x, t):
    return [
        autograd.logsumexp([a + w[i][j] for j, a in enumerate(u)]) * 0.5 + x[7 * t * t % 5]
        for i in range(WIDTH)
    ]


STEPS = {f.__name__: f for f in (dense, spread, turned, pairs, gated, measured, picked)}
DATA = RNG.normal(size=WIDTH), RNG.normal(size=(WIDTH, WIDTH)) * 0.3, RNG.normal(size=7)


def program(kinds, count, special=()):
    """Steps of some kinds, one after the other; in those that are special something else happens, too."""

    def f(u, w, x):
        u = list(u)
        for t in range(count):
            for kind in kinds:
                u = STEPS[kind](u, w, x, t)
            if t in special:
                u = [a * 0.5 if i % 2 else a for i, a in enumerate(u)]
        return autograd.sum([a * a for a in u])

    return f


def agrees(f, backend):
    """Compare value and gradient with the engine's; return the programs."""
    value = f(*[[Value(a) for a in x] if x.ndim == 1 else [[Value(a) for a in r] for r in x] for x in DATA])
    slopes = grad(f, argnums=(0, 1, 2))(*[x.tolist() for x in DATA])
    one, all_of = compile(f, backend=backend), compile(grad(f, argnums=(0, 1, 2)), backend=backend)
    np.testing.assert_allclose(one(*DATA), value.data, rtol=1e-12)
    for found, wanted in zip(all_of(*DATA), slopes, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-13)
    made = [step._made()[0].program for step in (one, all_of)] if backend == "numpy" else []
    for x in made:
        verify(x)
    return made


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", STEPS)
def test_steps_are_rounds_and_compute_what_the_engine_does(kind, backend):
    for made in agrees(program([kind], 30), backend):
        assert any(isinstance(block, Rounds) and block.count > 15 for block in blocks(made))


@pytest.mark.parametrize("kind", STEPS)
def test_there_are_hardly_more_statements_however_many_steps(kind):
    counts = []
    for count in (30, 60):
        made = agrees(program([kind], count), "numpy")
        counts.append([sum(len(b.first) if isinstance(b, Rounds) else 1 for b in blocks(x)) for x in made])
    assert all(more - few <= 2 for few, more in zip(*counts, strict=True))


@pytest.mark.skipif(cells.engine is None, reason="not built")
@pytest.mark.parametrize("kind", STEPS)
def test_the_engine_lays_out_what_python_does(kind, monkeypatch):
    made = []
    monkeypatch.setattr(structure, "roll", lambda graph: made.append(graph) or rolled.roll(graph))
    x = agrees(program([kind], 20, special=(9,)), "numpy")
    for module in (affine, cells, counting, ir, schedule, steady):
        monkeypatch.setattr(module, "engine", None)
    assert len(made) == len(x) == 2
    for graph, found in zip(made, x, strict=True):
        again = rolled.roll(replace(graph))
        assert list(map(repr, blocks(again))) == list(map(repr, blocks(found)))
        assert again.address.tolist() == found.address.tolist()


@pytest.mark.skipif(cells.engine is None, reason="not built")
@pytest.mark.parametrize(("place", "wrong"), [
    (0, [5]), (0, [-1]), (1, [0, 1, 2, 3]), (1, [0, 0, 3, 2, 3]), (1, [0, 0, 0, -1, 9]), (2, [0, 1, 7]),
    (2, [0, -1, 1]), (3, [0, 1, 4]), (4, [-1, 0, 0]), (4, [0, 0]), (7, [0, 0, 0]),
])  # fmt: skip
def test_the_engine_refuses_terms_of_no_graph(place, wrong):
    nodes, start, order = np.array([2, 3]), np.array([0, 0, 0, 1, 3]), np.arange(3)
    factors = np.array([0, 1, 1]), np.array([0, 0, 1]), np.ones(3), np.zeros(3, bool)
    given = [nodes, start, order, *factors, np.array([-1, 0, 1, 2]), np.zeros(4, bool)]
    _, count, offset = cells.engine.terms(*given)
    assert (count, np.frombuffer(offset).tolist()) == (2, [1.0, 0.0])
    given[place] = np.array(wrong)
    with pytest.raises(ValueError, match="these are no"):
        cells.engine.terms(*given)


@pytest.mark.skipif(cells.engine is None, reason="not built")
def test_the_engine_refuses_factors_and_rounds_that_are_none():
    few, none = np.arange(2), np.zeros(0, np.int64)
    for given in (
        (few, few, few[:1], few, none),
        (few, few - 1, few, few, none),
        (few, few, few, few, few[:1]),
    ):
        with pytest.raises(ValueError, match="no factors"):
            cells.engine.classes(*given)
    ends, flags = np.zeros(3, np.int64), np.zeros(2, bool)
    for columns in (0, 2, -1):
        with pytest.raises(ValueError, match="no rounds"):
            cells.engine.evenly(few, ends, *5 * [none], few, flags, none, np.zeros(2), columns)


@pytest.mark.parametrize("seed", range(24))
def test_steps_of_several_kinds_that_something_comes_between_are_right(seed):
    rng = random.Random(seed)
    kinds = rng.choices(list(STEPS), k=rng.randint(1, 3))
    count = rng.randint(9, 26)
    special = rng.sample(range(count), rng.randint(0, 3))
    agrees(program(kinds, count, special), BACKENDS[-1] if seed % 4 == 0 else "numpy")


def test_parameters_of_each_step_have_gradients_in_their_places():
    count = 20
    params = [[Value(x) for x in row] for row in RNG.normal(size=(count, WIDTH)) * 0.3]

    def loss(u):
        for row in params:
            u = [autograd.tanh(a * b + c) for a, b, c in zip(row, u, u[1:] + u[:1], strict=True)]
        return autograd.sum(u)

    step = compile(loss, [p for row in params for p in row], backend="numpy")
    assert step.check(DATA[0]) < 1e-12
    verify(step._made()[0].program)


def test_steps_of_a_batch_are_rounds_of_rows():
    w = [[Value(x) for x in row] for row in DATA[1]]

    def loss(*u):
        u = list(u)
        for _ in range(20):
            u = [autograd.tanh(autograd.dot(row, u)) for row in w]
        return autograd.sum(u)

    step = compile(loss, [p for row in w for p in row], batch=True, backend="numpy")
    assert step.check(*RNG.normal(size=(WIDTH, 9))) < 1e-12
    made = step._made()[0].program
    assert any(isinstance(block, Rounds) for block in blocks(made))
    verify(made)


def test_only_the_first_few_rounds_are_laid_out(monkeypatch):
    placed = []
    place = steady.Layout.place
    monkeypatch.setattr(steady.Layout, "place", lambda self, group: placed.append(1) or place(self, group))
    counts = []
    for count in (40, 80):
        placed.clear()
        compile(grad(program(["dense"], count)), backend="numpy")(*DATA)
        counts.append(len(placed))
    assert counts[0] == counts[1]
