"""Numbers that were measured, one for each round, leave the rounds a loop."""

import random
from importlib.util import find_spec

import pytest

import autograd
from autograd import Value
from autograd.compiler.roll.repeats import length

XLA = pytest.param(
    "xla", marks=[pytest.mark.slow, pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")]
)
BACKENDS = ["python", "numpy", "c", XLA]
STATES = 4


def drawn(count, seed):
    made = random.Random(seed)
    return [made.uniform(-1.0, 1.0) for _ in range(count)]


def emissions(theta, steps):
    """The likelihood of a hidden Markov model whose emissions are given."""
    seen = [drawn(STATES, t) for t in range(steps)]
    moves = [autograd.log_softmax(theta[i * STATES : (i + 1) * STATES]) for i in range(STATES)]
    now = seen[0]
    for row in seen[1:]:
        now = [
            autograd.logsumexp([now[i] + moves[i][j] for i in range(STATES)]) + row[j] for j in range(STATES)
        ]
    return autograd.logsumexp(now)


def network(theta, steps):
    """A recurrent network that reads given inputs."""
    h = [0.0] * STATES
    for t in range(steps):
        x = drawn(STATES, t)
        h = [
            sum(theta[i * STATES + j] * h[j] for j in range(STATES)).__add__(theta[i] * x[i]).tanh()
            if t
            else (theta[i] * x[i]).tanh()
            for i in range(STATES)
        ]
    return sum(h)


def programs(f, steps, backend):
    theta = [Value(x) for x in drawn(STATES * STATES, 1000)]
    step = autograd.compile(lambda: f(theta, steps), theta, backend=backend)
    loss = float(step())
    return step, theta, loss


@pytest.mark.parametrize("f", [emissions, network])
@pytest.mark.parametrize("backend", BACKENDS)
def test_values_and_slopes_are_the_engines(f, backend):
    _, theta, loss = programs(f, 14, backend)
    slopes = [p.grad for p in theta]
    for p in theta:
        p.grad = 0.0
    eager = f(theta, 14)
    eager.backward()
    assert loss == pytest.approx(float(eager), rel=1e-13)
    assert slopes == pytest.approx([p.grad for p in theta], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("f", [emissions, network])
def test_programs_do_not_grow_with_the_rounds(f):
    lengths = {length(programs(f, steps, "numpy")[0]._made()[0].program) for steps in (14, 20)}
    assert len(lengths) == 1
    assert lengths.pop() < 64  # with what comes before and after
