"""Loops found in the graph before there are statements: time steps, recurrences, and their gradients."""

import itertools
import random
import re

import numpy as np
import pytest
from benchmarks import scalar_programs

import autograd
from autograd import Value, compile, grad
from autograd.compiler.backends import load
from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.numpy import emit
from autograd.compiler.graph.rounds import LEAST, Stretch, stretches
from autograd.compiler.graph.schedule import mixed
from autograd.compiler.roll.repeats import Rounds, Unrolled, blocks, loops, weighted
from autograd.compiler.roll.verify import verify

BACKENDS = ["numpy", "python"] + ["c"] * bool(toolchain.find_compiler())


# Programs of many time steps, as functions of the number of steps and of numbers.


def logistic(steps, x, r):
    for _ in range(steps):
        x = r * x * (1.0 - x)
    return x


def chain(steps, x, y):
    for _ in range(steps):
        x = autograd.sin(x) * 1.01 + 0.1 * y
    return x


def predators(steps, x, y, a, b):
    def slope(x, y):
        return a * x - b * x * y, 0.1 * x * y - 0.4 * y

    h = 0.01
    for _ in range(steps):
        k = slope(x, y)
        m = slope(x + h / 2 * k[0], y + h / 2 * k[1])
        n = slope(x + h / 2 * m[0], y + h / 2 * m[1])
        o = slope(x + h * n[0], y + h * n[1])
        x = x + h / 6 * (k[0] + 2.0 * m[0] + 2.0 * n[0] + o[0])
        y = y + h / 6 * (k[1] + 2.0 * m[1] + 2.0 * n[1] + o[1])
    return (x - 1.0) ** 2 + (y - 2.0) ** 2


def swinging(steps, angle, speed, length):
    for _ in range(steps):
        speed = speed - 0.05 * (9.8 / length) * autograd.sin(angle)
        angle = angle + 0.05 * speed
    return angle * angle


def filtered(steps, q, r):
    x, p, total = 0.0, 1.0, 0.0
    for _ in range(steps):
        p = p + q
        s = p + r
        error = 0.3 - x
        x = x + p / s * error
        p = (1.0 - p / s) * p
        total = total + autograd.log(s) + error * error / s
    return total


def remembering(steps, w, u):
    h, c = 0.1, 0.2
    for _ in range(steps):
        i, o = autograd.sigmoid(w * h + 0.5), autograd.sigmoid(u * h - 0.2)
        c = i * c + (1.0 - i) * autograd.tanh(w * h + u)
        h = o * autograd.tanh(c)
    return h


def bounded(steps, x, y):
    """Extrema, absolute values and dot products round by round."""
    for _ in range(steps):
        x, y = autograd.maximum(x - 0.1 * y, 0.2 * y), autograd.dot([x, y, 0.3], [y, 0.5, x]) * 0.4
        y = abs(y) + autograd.relu(x - 0.3)
    return x + y


def twice(steps, x, y):
    """Two loops, one after the other."""
    for _ in range(steps):
        x = autograd.sin(x + y)
    for _ in range(steps):
        y = autograd.cos(x * y)
    return x * y


def changing(steps, x, y):
    """A loop in the middle of which something else happens."""
    for t in range(steps):
        x = autograd.sin(x) + 0.1 * y
        if t == steps // 2:
            x = x * x
    return x


DATA = np.random.default_rng(0).normal(size=400).tolist()


def forced(steps, x, v, w):
    """Numbers of their own in each round: coefficients."""
    for t in range(steps):
        v = v - 0.1 * x + 0.1 * autograd.sin(w * (0.7 + 0.013 * t))
        x = x + 0.1 * v
    return x * x


def fitted(steps, x, a, b):
    """Numbers of their own in each round: terms."""
    loss = 0.0
    for t in range(steps):
        x = a * autograd.tanh(x) + DATA[t] * b
        loss = loss + (x - DATA[t]) ** 2
    return loss


def horner(steps, x, a):
    for t in range(steps):
        a = a * x + DATA[t]
    return a


def powers(steps, x, a):
    """Numbers of their own in each round: operands of operations."""
    for t in range(steps):
        x = 0.3 * autograd.hypot(x, 0.1 * t) + a / (1.5 + t + x * x)
    return x


def alternating(steps, x, y):
    """Two kinds of rounds in turn, which differ in a number only."""
    for t in range(steps):
        x = autograd.sin(x * (0.4 + 0.3 * (t % 2))) + y
    return x


def forgetting(steps, x, y, z):
    """A sum that only shrinks, which other passes write out."""
    for _ in range(steps):
        u = autograd.tanh(autograd.sin(y))
        x, y = 0.5 * x + 0.4 * u, 0.5 * y + z * u
    return x * x + y * y


PROGRAMS = {
    logistic: (0.3, 2.7), chain: (0.3, 0.2), predators: (1.0, 0.5, 1.1, 0.4), swinging: (1.0, 0.1, 0.9),
    filtered: (0.1, 0.2), remembering: (0.4, 0.7), bounded: (0.4, 0.7), twice: (0.4, 0.7),
    changing: (0.4, 0.7), forced: (0.3, 0.2, 0.7), fitted: (0.3, 0.2, 0.7), horner: (0.3, 0.2),
    powers: (0.3, 0.2), alternating: (0.3, 0.2),
}  # fmt: skip


def program_of(step):
    return step._made()[0].program


def flat(x):
    return [float(z) for z in x] if isinstance(x, (list, tuple)) else [float(x)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", [*PROGRAMS, forgetting])
def test_values_and_gradients_of_time_steps(f, backend):
    steps, args = 26, PROGRAMS.get(f, (0.3, 0.2, 0.7))
    everything = tuple(range(len(args)))
    for g in (lambda *x: f(steps, *x), grad(lambda *x: f(steps, *x), argnums=everything)):
        step = compile(g, backend=backend)
        np.testing.assert_allclose(flat(step(*args)), flat(g(*args)), rtol=1e-11)
        verify(program_of(step))
    params = [Value(x) for x in args]
    step = compile(lambda: f(steps, *params), params, backend=backend)
    step()
    step.check()
    verify(program_of(step))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", [logistic, predators, bounded, remembering, forced, fitted, horner])
def test_time_steps_of_many_examples(f, backend):
    params = [Value(x) for x in PROGRAMS[f][1:]]
    step = compile(lambda x: f(40, x, *params), params, batch=True, backend=backend)
    data = np.linspace(0.1, 0.9, 11)
    step(data)
    step.check(data)
    verify(program_of(step))
    assert isinstance(program_of(step).statements, Unrolled)
    found = compile(lambda x: f(40, x, *PROGRAMS[f][1:]), batch=True, backend=backend)(data)
    np.testing.assert_allclose(found, [f(40, x, *PROGRAMS[f][1:]) for x in data.tolist()], rtol=1e-11)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("f", [swinging, twice, fitted, forgetting])
def test_time_steps_are_loops_of_a_device(f):
    pytest.importorskip("jax")
    params = [Value(x) for x in PROGRAMS.get(f, (0.3, 0.2, 0.7))]
    step = compile(lambda: f(30, *params), params, backend="xla")
    step()
    step.check()
    assert "fori_loop" in load("xla").source(program_of(step))


@pytest.mark.parametrize("f", PROGRAMS)
def test_a_program_is_as_long_whatever_the_number_of_time_steps(f):
    found = []
    for steps in (60, 120, 360):
        args = PROGRAMS[f]
        step = compile(grad(lambda *x: f(steps, *x), argnums=tuple(range(len(args)))), backend="numpy")
        step(*args)
        program = program_of(step)
        assert isinstance(program.statements, Unrolled)
        assert len(program.statements) > steps
        lines = step.source.splitlines()
        assert any(line.startswith("for t in ") for line in lines)
        text = re.sub(r"= \{[^{}]*\};", "", step.c_source)  # without tables
        found.append((len(weighted(program)), len(lines), text.count("\n")))
        assert found[-1] == found[0]
        assert step.report().facts["statements"] == found[-1][0]


@pytest.mark.parametrize("f", PROGRAMS)
def test_a_program_with_parameters_is_as_long_whatever_the_number_of_time_steps(f):
    found = set()
    for steps in (60, 120, 360):
        params = [Value(x) for x in PROGRAMS[f]]
        step = compile(lambda: f(steps, *params), params, backend="numpy")
        step()
        found.add(len(weighted(program_of(step))))
    assert len(found) == 1


def test_the_listing_says_what_a_person_would_write():
    step = compile(lambda x, r: logistic(40, x, r), backend="numpy")
    step(0.3, 2.7)
    lines = step.source.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("for t in "))
    body = list(itertools.takewhile(lambda line: line.startswith("    "), lines[at + 1 :]))
    assert len(body) == 3
    assert "r * " in body[0]
    assert len(lines) < 24


def test_what_does_not_wait_for_the_round_before_is_computed_for_all_rounds_at_once():
    step = compile(grad(lambda x, y: chain(50, x, y)), backend="numpy")
    step(0.3, 0.2)
    assert "cos(z1[" in step.source
    assert sum("cos(" in line for line in step.source.splitlines() if line.startswith("    ")) == 0


def test_what_differs_in_a_number_only_from_round_to_round_reads_it_from_a_table():
    step = compile(lambda x, a: horner(100, x, a), backend="numpy")
    step(0.3, 0.2)
    program = program_of(step)
    ((base, shape),) = program.tables
    assert "const0[t" in step.source
    first = len(program.constants) - program.shared + base
    assert program.constants[first : first + shape[0]].tolist() == DATA[100 - shape[0] : 100]
    # Of two kinds in turn two rounds are one, without a table.
    step = compile(lambda x, y: alternating(60, x, y), backend="numpy")
    step(0.3, 0.2)
    assert not program_of(step).tables
    assert "const" not in step.source


def test_statements_of_rounds_are_read_as_those_of_a_list():
    step = compile(grad(lambda *x: predators(30, *x), argnums=(0, 1, 2, 3)), backend="numpy")
    step(*PROGRAMS[predators])
    program = program_of(step)
    made = program.statements
    every = list(made)
    assert len(every) == len(made)
    assert list(map(repr, every)) == [repr(made[i]) for i in range(len(made))]
    assert repr(made[-1]) == repr(every[-1])
    assert list(map(repr, made[3:20:5])) == list(map(repr, every[3:20:5]))
    with pytest.raises(IndexError):
        made[len(made)]
    known = [block for block in blocks(program) if isinstance(block, Rounds)]
    found = loops(program)
    assert len(known) == 2
    assert [(len(x.first), x.count) for x in known] == [(x.period, x.count) for x in found if x.count > 20]
    assert sum(times for _, times in weighted(program)) == len(made)


def test_wide_time_steps_are_rounds_of_matrices():
    g = np.random.default_rng(0)
    rows = [[Value(x) for x in row] for row in g.normal(size=(12, 12)).tolist()]

    def loss(h):
        for _ in range(20):
            h = [autograd.tanh(autograd.dot(row, h)) for row in rows]
        return autograd.sum(h)

    step = compile(loss, [x for row in rows for x in row], backend="numpy")
    data = g.normal(size=12)
    step(data)
    step.check(data)
    found = [block for block in blocks(program_of(step)) if isinstance(block, Rounds)]
    assert len(found) == 2
    assert not any(block.is_narrow for block in found)
    assert " @ " in step.source


# Finding rounds in a sequence.


@pytest.mark.parametrize("before", [0, 5])
@pytest.mark.parametrize("after", [0, 7])
@pytest.mark.parametrize("period", [1, 2, 7, 40])
def test_rounds_are_found_in_a_sequence(period, before, after):
    count = 40
    items = [
        *range(1000, 1000 + before),
        *[k for _ in range(count) for k in range(period)],
        *range(2000, 2000 + after),
    ]
    (found,) = stretches(mixed(np.array(items)))
    assert (found.start, found.period, found.count) == (before, period, count)


def test_rounds_of_rounds_are_found_as_the_longer_ones():
    one_round = [1, 2] * 25 + [3, 4, 5]
    (found,) = stretches(mixed(np.array(one_round * 12)))
    assert found.period == len(one_round)
    assert found.count * found.period > 11 * len(one_round)


def test_few_rounds_are_none():
    assert stretches(mixed(np.array([1, 2, 3] * (LEAST - 1)))) == []
    assert Stretch(3, 4, 5).end == 23


# Programs at random.

ONE = [
    autograd.sin, autograd.tanh, lambda x: autograd.exp(-x * x), lambda x: autograd.sqrt(x * x + 1.0),
    lambda x: autograd.log(x * x + 1.5), autograd.sigmoid, lambda x: autograd.maximum(x, 0.1), abs,
    autograd.relu, lambda x: 1.0 / (x * x + 1.0), lambda x: 0.1 * x**3,
]  # fmt: skip
TWO = [lambda a, b: a + 0.7 * b, lambda a, b: a - b, lambda a, b: 0.5 * a * b, lambda a, b: a / (1.0 + b * b)]


def at_random(seed):
    """Return a function of a state, of data for each of some steps, and of parameters."""
    rng = random.Random(seed)
    states, data, params = rng.randint(1, 4), rng.randint(0, 2), rng.randint(0, 3)
    steps = rng.choice([3, 9, 12, 17, 30])

    def body(size):
        plan = [(rng.random() < 0.45, rng.random(), rng.random(), rng.random()) for _ in range(size)]
        ends = [rng.random() for _ in range(states)]

        def step(state, x, p, t):
            pool = [*state, *x, *p, 0.3 + 0.01 * t] if numbered else [*state, *x, *p]
            first = len(pool)
            for alone, which, a, b in plan:
                one, other = (pool[int(k * len(pool))] for k in (a, b))
                made = ONE[int(which * len(ONE))](one) if alone else TWO[int(which * len(TWO))](one, other)
                pool.append(made)
            new = pool[first:]
            return [
                0.5 * s + 0.4 * autograd.tanh(new[int(k * len(new))])
                for s, k in zip(state, ends, strict=True)
            ]

        return step

    bodies = [body(rng.randint(2, 14)), body(rng.randint(2, 6))]
    in_turn, summed, numbered = rng.random() < 0.2, rng.random() < 0.4, rng.random() < 0.4

    def run(state, xs, p):
        state, total = list(state), 0.0
        for t in range(steps):
            state = bodies[0](state, xs[t] if data else [], p, t)
            if in_turn and t % 2:
                state = bodies[1](state, xs[t] if data else [], p, t)
            if summed:
                total = total + state[0] * state[-1]
        return total + autograd.sum([s * s for s in state])

    g = np.random.default_rng(seed)
    return run, [g.normal(size=n) for n in (states, (steps, max(data, 1)), max(params, 1))]


@pytest.mark.parametrize("seed", range(30))
def test_recurrences_at_random(seed):
    run, (state, xs, p) = at_random(seed)
    backend = ["numpy", "python"][seed % 2]
    f = grad(run, argnums=(0, 1, 2))
    step = compile(f, backend=backend)
    for got, want in zip(step(state, xs, p), f(state.tolist(), xs.tolist(), p.tolist()), strict=True):
        np.testing.assert_allclose(got, np.array(want), rtol=1e-9, atol=1e-12)
    verify(program_of(step))
    params = [[Value(x) for x in v.tolist()] for v in (state, p)]
    train = compile(
        lambda x: run(params[0], x, params[1]), [*params[0], *params[1]], batch=seed % 3 == 0, backend=backend
    )
    data = np.stack([xs, xs[::-1]]) if seed % 3 == 0 else xs
    train(data)
    train.check(data)
    verify(program_of(train))
    assert train.source
    assert step.source


@pytest.mark.parametrize("program", ["heat", "planets", "recurrent", "wave"])
def test_loops_that_gather_are_as_their_rounds_one_after_the_other(program, monkeypatch):
    engines = []
    for folds in (True, False):
        options, args = getattr(scalar_programs, program)(12)
        step = compile(**options, backend="numpy")
        step(*args)
        engines.append(step._latest[1])
        assert bool(engines[-1].bound.calls.repeats) == folds
        monkeypatch.setattr(emit, "alike", lambda *_: False)
    np.testing.assert_array_equal(engines[0].shared, engines[1].shared)
