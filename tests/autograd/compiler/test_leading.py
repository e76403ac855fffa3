"""Where one operand leads by more than the digits of a number, compiled shares and logarithms keep theirs."""

from importlib.util import find_spec

import numpy as np
import pytest
from mpmath import mp, mpf

import autograd
import nn
from autograd import Value

XLA = pytest.param(
    "xla", marks=[pytest.mark.slow, pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")]
)
BACKENDS = ["python", "numpy", "c", XLA]
POINTS = [
    (0.0, -38.5, -41.25, -700.0),
    (-40.0, 3.0, -37.5, -36.0),
    (1e8, 1e8 - 40.5, 1e8 - 38.0, -1e8),
    (2.5, 2.5, -37.0, -39.0),
    (0.7, 0.7, 0.7, 0.7),
    (1.0, 0.25, -0.5, 0.99),
]
"""One that leads, two that share the lead, all equal, none far from the others."""
COEFFICIENTS = (0.5, -1.25, 2.0, 1.0)


def log_softmaxes(xs):
    return sum(c * y for c, y in zip(COEFFICIENTS, autograd.log_softmax(list(xs)), strict=True))


def softmaxes(xs):
    return sum(c * y for c, y in zip(COEFFICIENTS, autograd.softmax(list(xs)), strict=True))


def first_logarithm(xs):
    return nn.losses.cross_entropy(list(xs), 1)


def exact(f, xs):
    """The value, and a slope by each operand, in many digits."""
    x = [mpf(v) for v in xs]
    total = mp.fsum(map(mp.exp, x))
    w = [mp.exp(v) / total for v in x]
    others = [mp.fsum(mp.exp(u) for j, u in enumerate(x) if j != i) / total for i in range(len(x))]
    if f is autograd.logsumexp:
        return [mp.log(total), *w]
    g = [mpf(c) for c in (COEFFICIENTS if f is not first_logarithm else (0, -1, 0, 0))]
    if f is softmaxes:
        mean = mp.fdot(g, w)
        return [mean, *[v * (c - mean) for v, c in zip(w, g, strict=True)]]
    value = mp.fsum(c * (v - mp.log(total)) for c, v in zip(g, x, strict=True))
    rest = [c * o - v * (mp.fsum(g) - c) for c, v, o in zip(g, w, others, strict=True)]
    return [value, *rest]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", [autograd.logsumexp, softmaxes, log_softmaxes, first_logarithm])
def test_slopes_and_values_keep_their_digits(f, backend):
    leaves = [Value(x) for x in POINTS[0]]
    program = autograd.compile(lambda: f(leaves), leaves, backend=backend)
    with mp.workdps(400):
        for xs in POINTS:
            for leaf, x in zip(leaves, xs, strict=True):
                leaf.data, leaf.grad = x, 0.0
            found, wanted = [float(program()), *[x.grad for x in leaves]], exact(f, xs)
            assert found == pytest.approx([float(v) for v in wanted], rel=2e-13, abs=1e-320)


@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_lanes_keep_their_digits(backend):
    w = [Value(1.0) for _ in range(4)]
    step = autograd.compile(
        lambda x, y: nn.losses.cross_entropy([a * b for a, b in zip(w, x, strict=True)], y),
        w, batch=True, reduction="sum", backend=backend,
    )  # fmt: skip
    lanes = np.array(POINTS)[[0, 1, 3]]
    assert step(lanes, np.array([0, 1, 2])) == pytest.approx(39.5 + np.log1p(1 + np.exp(-39.5)), rel=1e-13)
    for x, y in zip(lanes, [0, 1, 0], strict=True):
        for p in w:
            p.grad = 0.0
        loss = step(x[None], np.array([y]))
        slopes = [p.grad for p in w]
        for p in w:
            p.grad = 0.0
        eager = nn.losses.cross_entropy([a * b for a, b in zip(w, x.tolist(), strict=True)], int(y))
        eager.backward()
        assert loss == pytest.approx(float(eager), rel=1e-13)
        assert slopes == pytest.approx([p.grad for p in w], rel=2e-13, abs=1e-320)


@pytest.mark.parametrize("count", [1, 300])
def test_any_number_of_operands_does(count):
    xs = [Value(-40.0 - 0.01 * i if i else 0.0) for i in range(count)]
    step = autograd.compile(lambda: nn.losses.cross_entropy(xs, 0), xs, backend="numpy")
    loss = float(step())
    rest = np.exp([x.data for x in xs[1:]])
    assert loss == pytest.approx(np.log1p(rest.sum()), rel=1e-13)
    assert [x.grad for x in xs] == pytest.approx([-rest.sum(), *rest], rel=1e-12)
