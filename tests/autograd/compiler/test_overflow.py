"""Sums in another order than the engine's: where a number overflows there, the compiled result says so."""

import math
import random
import shutil

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.compiler import compile
from autograd.compiler.backends import load
from autograd.compiler.backends.c.sizes import few_to_look_at
from autograd.compiler.graph.bounds import watched
from autograd.compiler.graph.ir import BOUND, LEAVES
from autograd.compiler.without_numpy import PlainCompiled
from autograd.floats import many

BACKENDS = ["numpy", "python", "plain", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]
HUGE = [
    1e308, -1e308, 1.7e308, 9e307, -9e307, 1.0, -1.0, 1e-300, 2.0, 0.5, 1e200, -1e200, 1e160, 0.0, 3.0,
    1e154, math.inf,
]  # fmt: skip


def made(f, params, backend, **options):
    if backend == "plain":
        return PlainCompiled(
            f, params, options.get("batch", False), options.get("reduction", "mean"), None, "python"
        )
    return compile(f, params, backend=backend, **options)


def kind(x):
    return "nan" if x != x else float(x) if math.isinf(x) else "finite"


def node(x):
    return x if isinstance(x, Value) else x + Value(0.0)


def expression(rng, xs, depth=0):
    """Return a random chain of sums and products."""
    if depth > 4 or rng.random() < 0.15:
        return (
            rng.choice(xs) if rng.random() < 0.9 else rng.choice([2.0, 0.5, -1.0, 3.0, 1e200, 1e-200, 1e308])
        )

    def e():
        return expression(rng, xs, depth + 1)

    return rng.choices(
        [
            lambda: e() + e(), lambda: e() - e(), lambda: e() * e(), lambda: -node(e()),
            lambda: autograd.sum([e() for _ in range(3)]), lambda: autograd.mean([e(), e()]),
            lambda: autograd.dot([e(), e()], [e(), e()]), lambda: node(e()) ** 2,
            lambda: e() / rng.choice([2.0, 0.5, 1e-200, 1e10]), lambda: autograd.tanh(e()),
            lambda: autograd.prod([e() for _ in range(3)]), lambda: autograd.exp(-node(e())),
        ],
        [30, 15, 17, 4, 6, 4, 10, 4, 4, 3, 2, 2],
    )[0]()  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(24))
def test_what_is_not_finite_is_the_same_as_in_the_engine(backend, seed):
    if backend == "c" and seed > 5:
        pytest.skip("each takes the C compiler's time")
    rng = random.Random(seed)
    params = [Value(1.0, f"p{i}") for i in range(4)]
    batch = seed % 3 == 0

    def loss(x):
        return params[0] * expression(random.Random(seed), [*params, *x])

    def outputs(x):
        return expression(random.Random(seed + 1000), x)

    step, function = made(loss, params, backend, batch=batch), made(outputs, None, backend)
    for _ in range(6):
        for p in params:
            p.data = rng.choice(HUGE)
        x = [[rng.choice(HUGE) for _ in range(2)] for _ in range(2 if batch else 1)]
        data = (x if batch else x[0],)
        (value, grads), (right, wanted) = step.value_and_grad(*data), step._exact(data)
        assert [kind(value), *map(kind, grads)] == [kind(right), *map(kind, wanted)]
        xs = [rng.choice(HUGE) for _ in range(3)]
        assert kind(function(xs)) == kind(float(outputs([Value(v) for v in xs])))


CHAINS = {
    "a sum from the right": (lambda a, b, c: a + (b + c), (1e308, 1e308, -1e308)),
    "a difference of sums": (lambda a, b, c: (a - c) - (a - b), (1e308, 1.0, -1e308)),
    "a fused product and sum": (lambda a, b, c: a * b + c, (1e200, 1.2e108, -1e308)),
    "coefficients that make one": (lambda a, b, c: 0.5 * (2.0 * a) + b + c, (1e308, 1.0, 1.0)),
    "large coefficients that make one": (lambda a, b, c: (a * 1e200) * 1e-200 + b * c, (1e150, 1.0, 1.0)),
    "a double that is taken back": (lambda a, b, c: ((a + a) - a) + b * c, (1e308, 1.0, 1.0)),
    "an infinity of both signs": (lambda a, b, c: autograd.exp(-(2.0 * a - a + b * c)), (math.inf, 1.0, 1.0)),
    "a long chain of constants": (lambda a, b, c: doubled(a, 600) + b * c, (1e200, 1.0, 1.0)),
    "a quotient by a small number": (lambda a, b, c: (a / 1e-200) * 1e-200 + b + c, (1e150, 1.0, 1.0)),
    "a square's slope": (lambda a, b, c: 0.5 * (a * b) ** 2 * c, (1e200, 1.0, 1e-300)),
}  # fmt: skip


def doubled(x, times):
    for _ in range(times):
        x = 2.0 * x
    for _ in range(times):
        x = 0.5 * x
    return x


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CHAINS)
def test_chains_overflow_as_in_the_engine(backend, name):
    f, at = CHAINS[name]
    want = float(f(*map(Value, at)))
    assert kind(made(f, None, backend)(*at)) == kind(want)
    params = [Value(x) for x in at]
    step = made(lambda: f(*params), params, backend)
    (value, grads), (right, wanted) = step.value_and_grad(), step._exact(())
    assert [kind(value), *map(kind, grads)] == [kind(right), *map(kind, wanted)]
    lanes = made(lambda k: f(*params) * k, params, backend, batch=True, reduction="sum")
    (value, grads), (right, wanted) = lanes.value_and_grad([1.0, 0.5]), lanes._exact(([1.0, 0.5],))
    assert [kind(value), *map(kind, grads)] == [kind(right), *map(kind, wanted)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_dot_product_of_many_terms_overflows_on_the_way_as_in_the_engine(backend):
    ones = [1.0] * 200
    xs = [1e308 if i in (3, 150) else -1e308 if i == 199 else 0.5 for i in range(200)]
    assert made(lambda x: autograd.dot(ones, x), None, backend)(xs) == math.inf


@pytest.mark.parametrize("backend", BACKENDS)
def test_infinities_and_ordinary_numbers_stay_compiled(backend):
    mask = [0.0, -math.inf, 0.0]
    w = [Value(0.3), Value(-1.0), Value(2.0)]

    def loss(m):
        return (
            autograd.sum([autograd.exp(v + x) for v, x in zip(w, m, strict=True)]).log() + 1e24 * w[0] * 1e-12
        )

    step = made(loss, w, backend)
    assert step.check(mask) < 1e-14
    assert step.report()["left to the engine"] == "nothing"


@pytest.mark.parametrize("backend", BACKENDS)
def test_training_stops_at_what_only_the_engine_knows(backend):
    from nn.optim import SGD

    p, q = Value(1e308), Value(1.0)
    step = made(lambda: autograd.tanh((p + p) - p) * q, [p, q], backend)
    assert step.train(SGD([p, q], lr=0.5), 3) == [1.0, 0.5, 0.0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("f", [
    lambda x, p, q: p * x + q * p, lambda x, p, q: (p * x + q * p) * q + p * q * q, lambda x, p,
    q: autograd.sin(q * p) + p * x - q * q,
])  # fmt: skip
def test_what_all_lanes_share_is_computed_before_it_is_read(backend, reduction, f):
    p, q = Value(2.0), Value(3.0)
    step = made(lambda x: f(x, p, q), [p, q], backend, batch=True, reduction=reduction)
    value, grads = step.value_and_grad(
        [1.0, 2.0, 5.0]
    )  # the first call: no number of an earlier one is there
    right, wanted = step._exact(([1.0, 2.0, 5.0],))
    assert value == pytest.approx(right, rel=1e-13)
    assert list(grads) == pytest.approx(list(wanted), rel=1e-13)


def test_a_sum_that_overflows_on_the_way_to_infinities_of_both_signs_is_nan():
    assert math.isnan(many.sum(1e308, 1e308, math.inf, -math.inf))
    assert many.sum(1e308, 1e308, -math.inf) == -math.inf
    assert many.sum(1e308, 1e308, -1e308) == 1e308


UNDERFLOWING = {
    "products": lambda x: x * 1e-200 * 1e-200 * 1e300, "quotients": lambda x: x / 1e200 / 1e200 * 1e300,
    "a square": lambda x: (x * 1e-200) ** 2 * 1e300,
    "a sum": lambda x: (x * 1e-200 + x * 2e-200) * 1e-200 * 1e300,
    "within reach": lambda x: x * 1e-30 * 3e-30 * 1e40,
    "a product of many": lambda x: autograd.prod([x * 1e-200, 1e-200, 1e300]),
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", UNDERFLOWING)
def test_constants_underflow_where_the_engine_lets_them(backend, name):
    f = UNDERFLOWING[name]
    assert made(f, None, backend)(1.5) == pytest.approx(f(Value(1.5)).data, rel=1e-12)


CONSTANTS = {
    "a sum": lambda x: x + 1e308 + 1e308, "a product": lambda x: x * 1e200 * 1e200,
    "zero times infinity": lambda x: x * 0.0 * math.inf,
    "a dot product": lambda x: autograd.dot([x, x], [1e200, 1e300]) * 1e200,
    "bounds": lambda x: autograd.clamp(x, -1.0, math.inf) * 1e308 * 1e10,
    "subnormals": lambda x: x * 5e-324 / 1e300, "NaN": lambda x: x * math.nan + 1.0,
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_that_leave_the_range_make_no_noise(backend, name):
    f, x = CONSTANTS[name], Value(1.0)
    assert made(lambda: f(x), [x], backend)() == pytest.approx(f(x).data, nan_ok=True)


w_ = Value(0.5, "w")


@pytest.mark.skipif(bool(load("c").absent()), reason="no C compiler")
@pytest.mark.parametrize("function", [
    lambda x: (x * w_ + x) * x - w_ * x, lambda x: (x * w_ + 1.0) * (x - w_),
    lambda x: (x - w_ + 3.0) * (1e6 * x + w_) * (x + w_).tanh(),
])  # fmt: skip
def test_below_the_limit_of_a_few_numbers_all_others_stay_below_the_bound(function):
    step = compile(function, [w_], backend="c")
    step(1.0)
    program, bound = step._latest[0].program, step._latest[1].bound
    few = few_to_look_at(program)
    assert few.limit >= 2.0**40
    leaves = program.address[np.isin(program.graph.kind, LEAVES)]
    looked_at = program.address[watched(program.graph)]
    for size in (0.99 * few.limit, -0.99 * few.limit):
        bound.shared[leaves[leaves >= 0]] = size
        assert bound.run()
        assert np.abs(bound.shared[looked_at[looked_at >= 0]]).max() < BOUND


@pytest.mark.skipif(bool(load("c").absent()), reason="no C compiler")
@pytest.mark.parametrize("size", [1e20, 1e80, 1e100, 1e200])
@pytest.mark.parametrize("lanes", [False, True])
def test_beyond_the_limit_all_are_looked_at(size, lanes):
    step = compile(lambda x: (x * w_) * (x * w_) * (x * w_) - x, [w_], batch=lanes, backend="c")
    xs = [1.0, -size, 2.0] if lanes else size
    assert step.check(xs) < 1e-12
