"""Loops over lanes in C: those of as many rounds are one, and what all lanes share is multiplied later."""

import math
import re
from typing import Any

import pytest

np = pytest.importorskip("numpy")

import autograd
from autograd import Value, compile, cos, dot, sin
from autograd.compiler.backends.c import toolchain
from autograd.compiler.graph.ir import ONE
from autograd.compiler.roll.verify import verify

in_c = pytest.mark.skipif(not toolchain.find_compiler(), reason="no C compiler")
X = np.random.default_rng(0).normal(size=(21, 3))


def nearest(centres):
    return lambda x: autograd.min(
        [autograd.sum([(a - b) ** 2 for a, b in zip(x, c, strict=True)]) for c in centres]
    )


def centres(n=5):
    return [[Value(v) for v in row] for row in np.random.default_rng(1).normal(size=(n, 3)).tolist()]


def lane_loops(step):
    """Return what a block of lanes is told to do, a loop or a number in a line."""
    (inside,) = re.findall(r"void inside0\([^{]*\{\n(.*?)\n\}", step.c_source, re.DOTALL)
    return [line for line in inside.split("\n") if "(void)" not in line]


@in_c
def test_differences_their_squares_and_the_least_of_them_are_one_loop():
    step = compile(nearest(centres()), [], batch=True, reduction="sum", backend="c")
    squares = ((X[:, None] - np.array([[v.data for v in c] for c in centres()])) ** 2).sum(2)
    assert step(X) == pytest.approx(squares.min(1).sum(), rel=1e-13)
    assert sum("FOR(i0" in line for line in lane_loops(step)) == 1


@in_c
def test_a_loop_waits_for_one_that_it_reads_ahead_of():
    # The second loop reads in each round what the first makes in another.
    rows = [Value(v) for v in (0.5, -1.0, 2.0, 1.5)]

    def f(x):
        y = [sin(w * x[0]) for w in rows]
        return autograd.sum([a * sin(b) for a, b in zip(y, y[::-1], strict=True)])

    step = compile(f, rows, batch=True, reduction="sum", backend="c")
    y = np.sin(X[:, :1] * np.array([w.data for w in rows]))
    assert step(X) == pytest.approx((y * np.sin(y[:, ::-1])).sum(), rel=1e-12)
    step.check(X)


@in_c
@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("kind", [autograd.min, autograd.max])
def test_loops_in_one_have_the_engines_gradients(kind, count):
    cs = centres(count)
    weights = [Value(0.5 + k) for k in range(3 * count)]

    def f(x):
        kept = [[a - b for a, b in zip(x, c, strict=True)] for c in cs]
        far = [dot(row, row) for row in kept]
        return kind(far) + dot(weights, [sin(v) for row in kept for v in row]) / autograd.sum(far)

    compile(f, [*weights, *[v for c in cs for v in c]], batch=True, backend="c").check(X)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("c", marks=in_c)])
def test_what_lanes_share_is_multiplied_after_their_sum(backend):
    cs = centres()
    params = [v for c in cs for v in c]
    weights = [Value(1.0) for _ in params]

    def slope(x):
        found: Any = nearest(cs)(x)
        return dot(weights, autograd.gradients(found, params, create_graph=True))

    step = compile(slope, [*weights, *params], batch=True, reduction="sum", backend=backend)
    step.check(X)
    assert step._latest
    program = step._latest[0].program
    verify(program)
    lane, t = program.graph.lane(), program.graph.terms.take(program.graph.terms.over)
    assert lane[t.a].all() and (lane | (np.arange(len(lane)) == ONE))[t.b].all()
    assert len(t) == len(params) + len(cs)
    assert (t.b != ONE).sum() == len(params)  # products of lanes are added up where they are made


@in_c
@pytest.mark.parametrize("f", [sin, cos])
def test_sines_of_lanes_are_right_to_an_ulp_near_zeros_and_far_away(f):
    halves = [k * math.pi / 2.0 for k in (*range(-9, 10), 1001, 650000, 2**40)]
    x = np.array([0.0, -0.0, 5e-324, 1e-8, 2.0**20, 2.0**20 + 1.0, 1e22, 1e300, *halves, *X.ravel()])
    got = compile(lambda x: f(x), batch=True, backend="c")(x)
    wanted = np.array([getattr(math, f.name)(v) for v in x])
    assert (np.abs(got - wanted) <= 1.01 * np.spacing(np.abs(wanted))).all()
    assert (np.signbit(got) == np.signbit(wanted)).all()


@in_c
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("at", [0, 11, 36])
def test_the_largest_of_many_numbers_keeps_nan_and_infinity(bad, at):
    x = np.linspace(-3.0, 4.0, 37)
    least, most = (compile(kind, backend="c") for kind in (autograd.min, autograd.max))
    assert (least(x), most(x)) == (-3.0, 4.0)
    x[at] = bad
    np.testing.assert_array_equal([least(x), most(x)], [np.min(x), np.max(x)])
