"""Rows of any number of operands, as compiled programs spell them, are as accurate as the engine's own."""

import math
from importlib.util import find_spec

import pytest
from mpmath import mp

import autograd
from autograd import ops
from autograd.backward import gradients
from autograd.testing import oracle
from autograd.value import Value

POINTS = [
    (-737.0, 34.3, -4.9, 34.3 - 1e-9),
    (-1e-17, -39.2, -700.3, -60.1),
    (1e8 + 0.3, 1e8, -1e8, 1e8 - 20.7),
    (-300.25, 12.125, 2.5, -0.1),
    (0.7, 0.7, 0.7, 0.7),
    (1e-200, -3e-200, 2e-160, 1e-290),
    (1.5e100, 3.0, -2e60, 1e-90),
]
"""Far apart, next to a root, huge, tiny, equal."""
ROWS = [op for op in ops.TABLE.values() if op.arity == ops.ANY]
BINARY = [ops.exp_difference, ops.logaddexp, ops.share, ops.share_slope, ops.hypot]
XLA = pytest.param(
    "xla", marks=[pytest.mark.slow, pytest.mark.skipif(not find_spec("jax"), reason="needs JAX")]
)
BACKENDS = ["numpy", "c", "python", XLA]
VALUE, SLOPE = 4.0, 8.0


# Compiled, the slope by the operand that leads is a difference of sums, which cancels.
LEADING = {ops.softmax, ops.softmax_rest, ops.log_softmax, ops.direction}


def cases():
    for op in [*ROWS, *BINARY]:
        params = (1.0,) if "index" in op.params else ()
        yield op, params, [xs if op.arity == ops.ANY else xs[:2] for xs in POINTS]


def error(computed, exact, scale=0.0):
    """In units in the last place of the exact number, or of what cancels in it."""
    target = oracle.to_double(exact)
    if not math.isfinite(target) or not math.isfinite(computed):
        return 0.0 if target == computed or (target != target and computed != computed) else math.inf
    return float(abs(mp.mpf(computed) - exact) / mp.mpf(math.ulp(max(abs(target), scale))))


def scale_of(op, xs):
    """What cancels in a value: the products that a sum adds, and the largest operand of a logarithm."""
    if op.terms is not None and not op.extremum:
        return math.fsum(abs(math.prod(term)) for term in op.terms(*xs))
    return max(map(abs, xs)) if op in (ops.logsumexp, ops.logaddexp) else 0.0


@pytest.fixture(scope="module")
def truths():
    """The exact value and slopes of each case, what cancels in them, and the engine's own errors."""
    found = {}
    for op, params, points in cases():
        for xs in points:
            leaves = [Value(x) for x in xs]
            y = op(*leaves, **dict(zip(op.params, params, strict=True)))
            exact = [oracle.value(op, (*xs, *params))]
            exact += [oracle.partial(op, (*xs, *params), (i,)) for i in range(len(xs))]
            scales = [scale_of(op, xs)] + [0.0] * len(xs)
            own = map(error, map(float, [y, *gradients(y, leaves)]), exact, scales)
            found[op, xs] = exact, scales, list(own)
    return found


def failures(truths, backend, wanted):
    """Where a program is worse than the engine and the bounds, of the results that are wanted."""
    wrong = []
    for op, params, points in cases():
        if not (wanted(op, 0) or wanted(op, 1)):
            continue
        leaves = [Value(x) for x in points[0]]
        given = dict(zip(op.params, params, strict=True))

        def called(op=op, given=given, leaves=leaves):
            return op(*leaves, **given)

        program = autograd.compile(called, leaves, backend=backend)
        for xs in points:
            for leaf, x in zip(leaves, xs, strict=True):
                leaf.data, leaf.grad = x, 0.0
            computed = [float(program()), *[x.grad for x in leaves]]
            for i, (z, exact, scale, own) in enumerate(zip(computed, *truths[op, xs], strict=True)):
                found = error(z, exact, scale)
                if wanted(op, i) and found > max(own, SLOPE if i else VALUE):
                    wrong.append((op.name, xs, params, i, z, found, own))
    return wrong


@pytest.mark.parametrize("backend", BACKENDS)
def test_joint_rows_are_as_accurate_as_the_engines(truths, backend):
    wrong = failures(truths, backend, lambda op, i: i == 0 or op not in LEADING)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.xfail(strict=True, reason="compiled, the slope by the leading operand is a difference of sums")
@pytest.mark.parametrize("backend", ["numpy", "c", "python"])
def test_slopes_by_the_leading_operand_are_as_accurate_as_the_engines(truths, backend):
    wrong = failures(truths, backend, lambda op, i: i > 0 and op in LEADING)
    assert not wrong, "\n".join(map(str, wrong))
