"""Primitives that NumPy lacks, over whole arrays, and rows that are written out in others."""

import gc
import itertools
import math
import random
import sys

import numpy as np
import pytest
import reference

import autograd
from autograd import Value, compile, ops
from autograd.compiler.backends import load
from autograd.compiler.backends.numpy import special
from autograd.compiler.backends.numpy.spelling import CODE, FUNCTIONS, function_of, number_by_number
from autograd.compiler.graph.ir import BOUND
from autograd.op import SEVERAL, Op

EDGES = (
    0.0,
    -0.0,
    1.0,
    2.0,
    3.0,
    12.0,
    1e-300,
    5e-324,
    1e10,
    -1e10,
    -0.5,
    -1.0,
    -2.5,
    math.inf,
    -math.inf,
    math.nan,
)


def points(name):
    rng = random.Random(name)
    low, high = (1e-3, 14.0) if name in ("lgamma", "digamma") else (-7.0, 7.0)
    near = [rng.uniform(low, high) for _ in range(600)]
    beside = [
        root + sign * 2.0**-k
        for root in (0.5, 1.0, 2.0, 12.0)
        for k in range(2, 52, 3)
        for sign in (-1.0, 1.0)
    ]
    below = [rng.uniform(-9.0, 0.0) for _ in range(400)] + [rng.uniform(-150.0, -9.0) for _ in range(200)]
    below += [-(10.0 ** rng.uniform(-300.0, 15.0)) for _ in range(100)]
    return [
        *near,
        *beside,
        *below,
        *(10.0 ** rng.uniform(-300.0, 299.0) for _ in range(100)),
        *(rng.uniform(14.0, 40.0) for _ in range(200)),
        *EDGES,
    ]


@pytest.mark.parametrize("name", ["erf", "erfc", "normal_cdf", "lgamma", "digamma"])
@np.errstate(all="ignore")
def test_a_primitive_over_arrays_has_the_value_of_its_row(name):
    xs = points(name)
    out = np.empty(len(xs))
    getattr(special, name)(np.array(xs), out)
    op = ops.TABLE[name]
    for x, got in zip(xs, out.tolist(), strict=True):
        want = op.value(x)
        if got == want or (got != got and want != want):
            continue
        assert math.isfinite(got), (x, got, want)
        # Next to its roots a function is compared with the terms that cancel there, those of the reflection.
        term = 1.0 if name == "digamma" else 0.0
        if x < 0.0 and name in ("digamma", "lgamma"):
            term = 1.0 + abs(op.value(1.0 - x))
        assert reference.ulps(got, reference.value(name, (x,)), term) <= 16.0, (x, got, want)


@pytest.mark.parametrize(
    "name",
    ["exp10", "logit", "xlogy", "xlog1py", "xdivy", "entr", "log1psq", "log1mexp", "remainder", "sinpi",
     "cospi", "sinc", "logexpm1", "csch", "sech", "log1pmx", "log_ratio", "rel_entr", "kl_div"],
)  # fmt: skip
@np.errstate(all="ignore")
def test_a_function_over_arrays_has_the_value_of_its_row(name):
    op, rng = ops.TABLE[name], random.Random(name)
    ends = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, -2.5, 1e300, -1e300, 1e-300, 5e-324, math.nan]
    rows = list(itertools.product(ends, repeat=op.arity))
    draws = (
        lambda: rng.uniform(-5.0, 5.0), lambda: rng.uniform(0.0, 1.0),
        lambda: 10.0 ** rng.uniform(-12.0, 5.0), lambda: -(10.0 ** rng.uniform(-12.0, 5.0)),
    )  # fmt: skip
    rows += [tuple([rng.choice(draws)() for _ in range(op.arity)]) for _ in range(3000)]
    columns, out = [np.array(column) for column in zip(*rows, strict=True)], np.empty(len(rows))
    function_of(op)(*columns, out)
    for xs, got in zip(rows, out.tolist(), strict=True):
        want = op.value(*xs)
        if got != want and (got == got or want == want):
            assert abs(got - want) <= 4.0 * math.ulp(want), (xs, got, want)
    alone = np.empty(())
    function_of(op)(*[np.float64(0.7)] * op.arity, alone)
    assert alone[()] == pytest.approx(op.value(*[0.7] * op.arity), rel=1e-14, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    "name",
    ["tand", "betaln", "erfinv_slope", "dawsn_derivative", "sinc_derivative", "bessel_i", "polygamma"],
)
def test_a_row_that_numpy_lacks_has_the_bits_of_its_value_in_every_layout(name):
    op, rng = ops.TABLE[name], np.random.default_rng(1)
    grid = rng.uniform(-3.0, 30.0, (op.arity, 6, 4))
    params = tuple(op.params.values())
    for given, out in (
        (list(grid), np.empty((6, 4))), ([x.T for x in grid], np.empty((6, 4)).T),
        (list(grid), np.empty((6, 8))[:, ::2]),
        ([grid[0], *[1.5] * (op.arity - 1)], np.empty((6, 4))), ([x[0, 0] for x in grid], np.empty(())),
        ([x[:0] for x in grid], np.empty((0, 4))),
    ):  # fmt: skip
        function_of(op)(*given, *params, out)
        columns = [np.broadcast_to(x, out.shape).ravel() for x in given]
        want = [op.value(*map(float, xs), *params) for xs in zip(*columns, strict=True)]
        np.testing.assert_array_equal(out.ravel(), want)


OVER_ARRAYS = [op for op in ops.TABLE.values() if op.name in CODE or op.name in FUNCTIONS]
ENDS = (0.0, -0.0, -1.0, -2.5, 1e300, 1e-300, math.inf, -math.inf, math.nan)


@pytest.mark.parametrize("op", OVER_ARRAYS, ids=lambda op: op.name)
@np.errstate(all="ignore")
def test_a_primitive_over_arrays_calls_no_python_for_each_number(op):
    assert not number_by_number([op])
    params = [*reference.PARAMS.get(op.name, []), tuple(op.params.values())]

    def count_of_calls(repeated, constants):
        """Count Python's calls, at ordinary points and at the ends of the range."""
        calls = []
        count = 2 if op.arity == ops.ANY else op.arity
        numbers = np.array([*np.linspace(-30.0, 30.0, 40), *ENDS] * repeated)
        columns = [np.roll(numbers, i) for i in range(count)]
        out = np.empty_like(columns[0])
        f = function_of(op)
        keywords = {"out": out} if isinstance(f, np.ufunc) else {}
        given = [*columns, *constants, *([] if keywords else [out])]
        f(*given, **keywords)
        gc.disable()  # what others hang onto a collection would be counted, too
        sys.setprofile(lambda frame, event, arg: calls.append(event))
        try:
            f(*given, **keywords)
        finally:
            sys.setprofile(None)
            gc.enable()
        return len(calls)

    for constants in params:
        assert count_of_calls(1, constants) == count_of_calls(5, constants)


ENDS_OF_TWO = [(x, y) for x in (0.0, -1.5, 2.0, 1e-200, 1e80) for y in (0.0, 3.0, -0.5, 1e80, -1e-200)]


@pytest.mark.parametrize("order", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("op", [ops.re_inverse_power, ops.im_inverse_power], ids=lambda op: op.name)
@np.errstate(all="ignore")
def test_inverse_powers_over_arrays(op, order):
    rng = random.Random(op.name)
    xs = [(rng.uniform(-3.0, 3.0), rng.uniform(-3.0, 3.0)) for _ in range(300)] + ENDS_OF_TWO
    out = np.empty(len(xs))
    FUNCTIONS[op.name](*np.array(xs).T, order, out)
    for (x, y), got in zip(xs, out.tolist(), strict=True):
        if math.isfinite(got):  # else the engine evaluates
            want, size = op.value(x, y, order), ops.pow.value(math.hypot(x, y), -order)
            assert got == pytest.approx(want, rel=1e-14, abs=1e-14 * size), (x, y)


@np.errstate(all="ignore")
@pytest.mark.parametrize("digits", [-22.0, -3.0, -1.0, 0.0, 1.0, 2.0, 9.0, 22.0])
def test_rounding_over_arrays_is_that_of_the_row(digits):
    rng = random.Random(digits)
    unit = 10.0**-digits
    xs = [rng.randrange(-99, 99) * 0.5 * unit for _ in range(200)]  # ties, and beside ties
    xs += [rng.uniform(-1.0, 1.0) * unit * 10.0 ** rng.randrange(-3, 12) for _ in range(500)]
    xs += [0.0, -0.0, 5e-324, 1e300, -1e300]
    out = np.empty(len(xs))
    FUNCTIONS["round"](np.array(xs), digits, out)
    assert out.tolist() == [ops.round.value(x, digits) for x in xs]


@pytest.mark.parametrize(("order", "logs"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, 2.0), (0.0, 3.0)])
@np.errstate(all="ignore")
def test_products_of_a_power_over_arrays(order, logs):
    rng = random.Random(order + logs)
    ends = (0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, 1e-200, 1e80, math.inf)
    xs = list(itertools.product(ends, ends, (0.0, 1.0, -1.0, 3.0, 2.5, 1e80)))
    xs += [(rng.uniform(-3, 3), 10.0 ** rng.uniform(-300, 80), rng.uniform(-4, 4)) for _ in range(500)]
    out = np.empty(len(xs))
    FUNCTIONS["monomial"](*np.array(xs).T, order, logs, out)
    for x, got in zip(xs, out.tolist(), strict=True):
        if math.isfinite(got):  # else the engine evaluates
            assert got == pytest.approx(ops.monomial.value(*x, order, logs), rel=1e-13, abs=1e-303), x


WRITTEN_OUT = [op for op in ops.TABLE.values() if op.expand is not None]


@pytest.mark.parametrize("op", WRITTEN_OUT, ids=lambda op: op.name)
def test_no_backend_knows_a_row_that_is_written_out(op):
    assert op.name not in CODE
    assert op.name not in FUNCTIONS


@pytest.mark.parametrize("op", WRITTEN_OUT, ids=lambda op: op.name)
def test_an_expansion_has_the_value_of_its_row(op):
    # What crosses zero is compared with the two terms that cancel there.
    lost = 1e-15 if op in (ops.gelu_slope, ops.logsumexp) else 1e-200
    found = 0
    for xs in reference.points(op, 300, "expanded"):
        want, got = op.value(*xs), op.expand(*xs)
        if got is None:  # of these constants it is the row itself
            continue
        found += 1
        if max(map(abs, xs)) < BOUND and abs(want) < BOUND:  # else the engine evaluates
            assert got == pytest.approx(want, rel=1e-12, abs=lost), xs
    assert found > 0


@pytest.mark.parametrize("backend", ["numpy", "python", "c"])
@pytest.mark.parametrize("op", [op for op in WRITTEN_OUT if op.arity == 1], ids=lambda op: op.name)
def test_an_expansion_keeps_its_digits_next_to_the_ends_when_it_is_compiled(op, backend):
    """Where a rest is taken off a difference, and a compiler that adds up a sum's constants would lose it."""
    lost = 1e-15 if op is ops.gelu_slope else 1e-300
    step = compile(lambda x: op(x), backend=backend)
    ends = {0.0, 1.0, *[end for end in op.domain[0] if math.isfinite(end)]}
    apart = [side * 2.0**-k for k in (3, 20, 36, 51) for side in (-1, 1)]
    points = [end + (end or 1.0) * d for end in ends for d in apart]
    for x in points:
        if op.domain[0][0] < x < op.domain[0][1] and math.isfinite(want := op(x)):
            assert step(x) == pytest.approx(want, rel=1e-12, abs=lost), x


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("several", SEVERAL.values(), ids=lambda several: several.name)
def test_all_results_written_out_have_the_values_of_the_operation(several, count):
    rng = random.Random(count)
    for size in (1.0, 1e-3, 300.0):
        xs = [rng.uniform(-size, size) for _ in range(count)]
        found = several.expand(*xs)
        if found is None:
            assert (several.name, count) == ("directions", 2)
            continue
        assert found == pytest.approx(list(several.values(tuple(xs))), rel=1e-12, abs=1e-14 * size)


@pytest.mark.parametrize(
    "op", [op for op in ops.TABLE.values() if op.terms is not None], ids=lambda op: op.name
)
def test_the_terms_of_a_row_add_up_to_its_value(op):
    combine = {"max": max, "min": min, "": math.fsum}[op.extremum]
    for xs in reference.points(op, 300, "terms", low=-200, high=200):
        found = op.terms(*xs)
        if found is not None:
            products = [math.prod(factors) for factors in found]
            lost = 1e-13 * math.fsum(map(abs, products))
            assert combine(products) == pytest.approx(op.value(*xs), rel=1e-12, abs=lost), xs


@pytest.mark.parametrize("backend", ["numpy", "python", "c"])
def test_a_number_in_a_rule_is_not_taken_for_an_operand(backend):
    # In the rule of one operand, 0 and 1 number the operand and the result; 0.0 and 1.0 are themselves.
    odd = Op("odd_of_a_test", lambda x: 0.5 * x * x, lambda y, x: (y * x + 1.0 * x + 0.0 * y + x * y,))
    w = Value(0.7, "w")
    step = compile(lambda: odd(w) * 2.0, [w], backend=backend)
    assert step.check() < 1e-12


def calls(step):
    return [s.op.name for s in step._latest[0].program.statements if s.op is not None]


@pytest.mark.parametrize(("name", "shared"), [("gelu", "normal_cdf"), ("silu", "sigmoid")])
def test_what_value_and_derivative_have_in_common_is_computed_once(name, shared):
    w = Value(0.5, "w")
    step = compile(lambda x: getattr(w * x, name)(), [w], batch=True, backend="numpy")
    step([1.0, -2.0])
    assert calls(step).count(shared) == 1
    assert name not in calls(step)
    assert step.check([1.0, -2.0]) < 1e-12


@pytest.mark.parametrize("lanes", [False, True])
@pytest.mark.parametrize(
    "op", [op for op in WRITTEN_OUT if op.arity == 1 and not op.params], ids=lambda op: op.name
)
def test_derivatives_of_higher_order_of_what_is_written_out(op, lanes):
    w = Value(0.3, "w")
    second = autograd.grad(autograd.grad(lambda t: op(t) * t))
    step = compile(lambda x: second(w * x), [w], batch=lanes, backend="numpy")
    assert step.check([0.7, -0.2, 2.0] if lanes else 0.7) < 1e-11


def left_to_the_engine(step):
    return step.report()["left to the engine"] != "nothing"


@pytest.mark.parametrize("backend", ["python", "c"])
@pytest.mark.parametrize("x", [-1000.0, -740.0, -300.0, 300.0, 1000.0])
def test_a_logistic_function_and_its_slope_stay_in_the_program_far_out(backend, x):
    if load(backend).absent():
        pytest.skip(load(backend).absent())
    w = Value(1.0, "w")
    step = compile(lambda x: (w * x).sigmoid() * 3.0, [w], backend=backend)
    assert step.check(x) < 1e-12
    step(x)
    assert not left_to_the_engine(step)


def test_a_logistic_function_and_its_slope_share_their_exponential():
    w = Value(1.0, "w")
    step = compile(lambda x: (w * x).sigmoid() * 3.0, [w], backend="python")
    step(0.5)
    assert step.python_source.partition("def train")[0].count("exp(") == 1
    step = compile(lambda x: (w * x).sigmoid().square(), [w], batch=True, backend="numpy")
    step([0.5, -2.0])
    functions = [f for f, _ in step._latest[1].bound.calls.list]
    assert calls(step) == ["sigmoid", "sigmoid_slope"]
    assert functions.count(np.exp) == 1
    assert step.check([0.5, -2.0]) < 1e-12
