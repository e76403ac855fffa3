"""Every row of the table against mpmath: values, derivatives of orders 1 to 3, special points, kinks."""

import copy
import math
import pickle
import random
from typing import Any

import mpmath as mp
import pytest
import reference
from reference import nth_derivative

from autograd import ops
from autograd.backward import gradients
from autograd.testing import oracle
from autograd.value import Value

INF, NAN = math.inf, math.nan
ROWS = [pytest.param(op, id=name) for name, op in ops.TABLE.items()]
COUNT = 100
# Largest errors of value and first derivative in ulp. Rows that are others' derivatives have theirs.
BOUNDS = {"": (2.0, 4.0), "gelu": (2.0, 5.0), "gelu_slope": (5.0, 16.0)} | dict.fromkeys(
    [
        "sech_squared",
        "sigmoid_slope",
        "scaled_sigmoid_slope",
        "one_minus_square_power",
        "share",
        "share_slope",
        "softmax_rest",
        "sinc_derivative",
        "erfinv_slope",
        "erfcinv_slope",
        "normal_quantile_slope",
        "polygamma_fall",
        "gamma_density",
        "beta_density",
        "ine",
        "dawsn_derivative",
        "erfcx_derivative",
        "logerfc_derivative",
        "sine_quotient",
    ],
    (4.0, 16.0),
) | dict.fromkeys(["gammainc", "gammaincc", "betainc"], (4.0, 4.0)) | {"beta_derivative": (16.0, 16.0)}


def at_pole(op: ops.Op, xs: tuple[float, ...]) -> bool:
    return op.pole is not None and op.pole(*xs) == 0.0


def smooth(op: ops.Op, xs: tuple[float, ...]) -> bool:
    return op.kink is None or op.kink(*xs) > 0.0


@pytest.mark.parametrize("op", ROWS)
def test_row_is_complete(op: ops.Op) -> None:
    assert oracle.reference(op)
    assert getattr(ops, op.name) is op
    assert op.source


@pytest.mark.parametrize("op", ROWS)
def test_value(op: ops.Op) -> None:
    scale = reference.VALUE_SCALE.get(op.name)
    for xs in reference.affordable(op, reference.points(op, COUNT, "value")):
        if at_pole(op, xs):
            continue
        exact = reference.value(op.name, xs)
        error = reference.ulps(op.value(*xs), exact, scale(*map(mp.mpf, xs)) if scale else 0.0)
        assert error <= BOUNDS.get(op.name, BOUNDS[""])[0], (xs, op.value(*xs), float(exact), error)


@pytest.mark.parametrize("op", ROWS)
def test_first_derivative(op: ops.Op) -> None:
    scale = reference.FIRST_SCALE.get(op.name)
    bound = BOUNDS.get(op.name, BOUNDS[""])[1]
    for xs in reference.affordable(op, reference.points(op, COUNT, "first")):
        if at_pole(op, xs) or not smooth(op, xs):
            continue
        local = op.local(op.value(*xs), xs)
        assert len(local) == len(xs) - len(op.params)
        for i, got in enumerate(local):
            exact = reference.derivative(op.name, i, xs, 1)
            error = reference.ulps(got, exact, scale(i, tuple(map(mp.mpf, xs))) if scale else 0.0)
            assert error <= bound, (i, xs, got, float(exact), error)


@pytest.mark.parametrize("name", ["erfc", "normal_cdf", "gelu"])
def test_tail_of_the_normal_law(name: str) -> None:
    """Next to the seams of the algorithm, and all the way to underflow."""
    op, sign = ops.TABLE[name], 1.0 if name == "erfc" else -1.0
    seams = [1.0, 2.0, 24.49489742783178, 34.64101615137755, 26.5, 27.2, 37.5, 38.4, 38.6, 40.5]
    for x in [*(0.9 + 0.19 * k for k in range(200)), *seams, *(math.nextafter(x, 99.0) for x in seams)]:
        exact = reference.value(name, (sign * x,))
        assert reference.ulps(op.value(sign * x), exact) <= 2.0, x
        exact = reference.derivative(name, 0, (sign * x,), 1)
        assert reference.ulps(op.local(op.value(sign * x), (sign * x,))[0], exact) <= 5.0, x


@pytest.mark.parametrize(
    "op", [op for op in ops.TABLE.values() if op.arity == ops.ANY], ids=lambda op: op.name
)
def test_thirty_operands(op: ops.Op) -> None:
    rng = random.Random(op.name)
    scale = reference.VALUE_SCALE.get(op.name)
    for spread in (1.0, 9.0):
        xs = (*(rng.gauss(0.0, spread) for _ in range(30)), *(7.0 for _ in op.params))
        y = op.value(*xs)
        assert (
            reference.ulps(y, reference.value(op.name, xs), scale(*map(mp.mpf, xs)) if scale else 0.0) <= 2.0
        )
        for i, got in enumerate(op.local(y, xs)):
            assert reference.ulps(got, reference.derivative(op.name, i, xs, 1)) <= 4.0, i


@pytest.mark.parametrize("op", [op for op in ops.TABLE.values() if op.float_partials], ids=lambda op: op.name)
def test_float_partials_are_the_rule(op: ops.Op) -> None:
    for xs in reference.points(op, COUNT, "short", low=-120, high=120):
        if at_pole(op, xs):
            continue
        y = op.value(*xs)
        assert op.float_partials(y, *xs) == op.partials(y, *xs), xs
    if op.arity == ops.ANY:
        xs = (*(0.1 * k - 0.7 for k in range(25)), *(3.0 for _ in op.params))
        assert op.local(op.value(*xs), xs) == op.partials(op.value(*xs), *xs)


def test_slope_of_a_quotient_that_is_subnormal() -> None:
    """By way of a / b, whose digits are lost, -(a / b) / b would be wrong from the first digit on."""
    rng = random.Random("quotient")
    for _ in range(400):
        xs = (
            rng.choice((-1.0, 1.0)) * 2.0 ** rng.uniform(-1074, -960),
            rng.choice((-1.0, 1.0)) * 2.0 ** rng.uniform(-110, 8),
        )
        leaves = [Value(x) for x in xs]
        on_values = gradients(leaves[0] / leaves[1], leaves, create_graph=True)
        for i, got in enumerate(ops.div.local(ops.div.value(*xs), xs)):
            assert reference.ulps(got, reference.derivative("div", i, xs, 1)) <= 4.0, (i, xs)
            assert float(on_values[i]) == got, (i, xs)
    assert ops.div.local(1.5e-323, (5e-324, 0.3))[1] == -5.4e-323


def second_scale(op: ops.Op, i: int, xs: tuple[float, ...]) -> Any:
    scale = reference.SECOND_SCALE.get(op.name)
    return scale(i, tuple(map(mp.mpf, xs))) if scale else 0.0


@pytest.mark.parametrize("op", ROWS)
def test_second_derivative(op: ops.Op) -> None:
    # A free factor of any size, which no derivative of a power has, can overflow times b before the power
    # lets it.
    low, high = (-40, 40) if op is ops.monomial else (-1074, 1023)
    for xs in reference.affordable(op, reference.points(op, COUNT // 3, "second", low=low, high=high)):
        if at_pole(op, xs) or not smooth(op, xs):
            continue
        for i in range(len(xs) - len(op.params)):
            got, exact = nth_derivative(op, i, xs, 2), reference.derivative(op.name, i, xs, 2)
            error = reference.ulps(got, exact, second_scale(op, i, xs))
            assert error <= 16.0, (i, xs, got, float(exact), error)


# Where the exponential is subnormal, and a little further, to where it is zero.
TAILS = {
    "exp": (-746.0, -706.0), "exp2": (-1076.0, -1020.0), "elu": (-746.0, -706.0), "selu": (-746.0, -706.0),
    "expm1": (-746.0, -706.0),
    "sigmoid": (706.0, 754.0), "logsigmoid": (706.0, 754.0), "softplus": (706.0, 754.0),
    "silu": (706.0, 754.0),
    "tanh": (353.0, 374.0), "gelu": (37.4, 39.0), "erf": (26.5, 27.6), "erfc": (26.5, 27.6),
    "normal_cdf": (37.4, 39.0),
}  # fmt: skip


@pytest.mark.parametrize("name", TAILS)
def test_tails_are_right_down_to_the_last_subnormal(name: str) -> None:
    op, rng = ops.TABLE[name], random.Random(name)
    params = tuple(op.params.values())
    for _ in range(40):
        x = rng.uniform(*TAILS[name])
        for xs in ((x, *params), (-x, *params)) if x > 0.0 else ((x, *params),):
            y = op.value(*xs)
            for n, got, bound in (
                (0, y, 2.0),
                (1, op.local(y, xs)[0], 4.0),
                (2, nth_derivative(op, 0, xs, 2), 16.0),
            ):
                exact = reference.derivative(name, 0, xs, n) if n else reference.value(name, xs)
                assert reference.ulps(got, exact, second_scale(op, 0, xs) if n == 2 else 0.0) <= bound, (
                    n,
                    xs,
                    got,
                    float(exact),
                )


@pytest.mark.parametrize("op", [op for op in ops.TABLE.values() if op.arity == 1], ids=lambda op: op.name)
def test_derivatives_of_values_to_the_ends_of_the_range(op: ops.Op) -> None:
    """Where numbers, their roots or their exponentials leave the doubles: no zero, infinity or NaN but where
    it is the result."""
    for xs in reference.affordable(op, reference.ends(op, 2)):
        if at_pole(op, xs) or not smooth(op, xs):
            continue
        x = Value(xs[0])
        first: Any = gradients(op(x, **dict(zip(op.params, xs[1:]))), x, create_graph=True)
        second = gradients(first, x) if isinstance(first, Value) else 0.0
        scale = reference.FIRST_SCALE.get(op.name)
        scales = (scale(0, tuple(map(mp.mpf, xs))) if scale else 0.0, second_scale(op, 0, xs))
        for n, got, bound in ((1, float(first), BOUNDS.get(op.name, BOUNDS[""])[1]), (2, second, 16.0)):
            exact = reference.derivative(op.name, 0, xs, n)
            error = reference.ulps(got, exact, scales[n - 1])
            assert error <= bound, (n, xs, got, float(exact), error)
            assert got or error <= 0.5 or not oracle.to_double(exact), (n, xs, float(exact))


@pytest.mark.parametrize("op", ROWS)
def test_rules_on_values_keep_their_digits(op: ops.Op) -> None:
    scale = reference.FIRST_SCALE.get(op.name)
    for xs in reference.affordable(op, reference.points(op, 15, "digits")):
        if at_pole(op, xs) or not smooth(op, xs):
            continue
        n = len(xs) - len(op.params)
        partials = op.partials(Value(op.value(*xs)), *map(Value, xs[:n]), *xs[n:])
        for i, got in enumerate(map(float, partials)):
            exact = reference.derivative(op.name, i, xs, 1)
            error = reference.ulps(got, exact, scale(i, tuple(map(mp.mpf, xs))) if scale else 0.0)
            assert error <= BOUNDS.get(op.name, BOUNDS[""])[1], (i, xs, got, float(exact), error)


@pytest.mark.parametrize(
    "name",
    [
        "cbrt",
        "acosh",
        "sqrt",
        "log",
        "asinh",
        "atan",
        "tanh",
        "sech",
        "sigmoid",
        "reciprocal",
        "gelu",
        "silu",
    ],
)
def test_slopes_vanish_at_infinity_twice(name: str) -> None:
    x = Value(INF)
    first: Any = gradients(ops.TABLE[name](x), x, create_graph=True)
    assert float(first) == (1.0 if name in ("gelu", "silu") else 0.0)
    assert gradients(first, x) == 0.0


def test_the_slope_of_tanh_ends_with_the_smallest_number() -> None:
    for x in (372.8, 373.0, 373.25):
        assert ops.tanh.local(1.0, (x,)) == (5e-324,) == Value(-x).tanh().local_grads
    assert ops.tanh.local(1.0, (373.3,)) == (0.0,)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_tanh_ends_alike_at_every_order_and_on_values(sign: float) -> None:
    """The derivatives are 4 exp(-2x) times 1, -2 and 4; four times an exponential that is zero need not be.
    """
    for k in range(160):
        x = Value(sign * (372.4 + 0.01 * k))
        derivative: Any = x.tanh()
        for n in (1, 2, 3):
            derivative = gradients(derivative, x, create_graph=True)
            exact = oracle.to_double(reference.derivative("tanh", 0, (x.data,), n))
            assert abs(float(derivative) - exact) <= (5e-324 if n == 3 else 0.0), (n, x.data)


@pytest.mark.parametrize("op", [ops.hypot, ops.norm, ops.atan2], ids=lambda op: op.name)
def test_length_beyond_the_range(op: ops.Op) -> None:
    """The length, its square, its inverse or a cosine overflows or is subnormal; the derivatives need not be.
    """
    rng = random.Random(op.name)
    for e in (1024, 1023, 900, -900, -1022, -1030, -1060, -1073):
        for apart in (0, 0, 1, 30, 60, 300, 900, 2000):
            xs = tuple(
                rng.choice((-1.0, 1.0)) * math.ldexp(rng.uniform(0.5, 1.0), max(k, -1073))
                for k in (e, e - apart)
            )
            for i in (0, 1):
                for n, bound in ((1, 4.0), (2, 16.0)):
                    got, exact = nth_derivative(op, i, xs, n), reference.derivative(op.name, i, xs, n)
                    assert reference.ulps(got, exact) <= bound, (n, i, xs, got, float(exact))


@pytest.mark.parametrize("op", ROWS)
def test_third_derivative(op: ops.Op) -> None:
    """To nine digits of the largest of f''', f'' / x, f' / x**2: third orders may cancel."""
    for xs in reference.affordable(op, reference.points(op, 12, "third", low=-6, high=6, edges=False)):
        if at_pole(op, xs) or not smooth(op, xs):
            continue
        for i in range(len(xs) - len(op.params)):
            got = nth_derivative(op, i, xs, 3)
            exact = [reference.derivative(op.name, i, xs, n) for n in (1, 2, 3)]
            if math.isinf(got):
                assert reference.ulps(got, exact[2]) == 0.0, (i, xs, got, float(exact[2]))
                continue
            unit = min(abs(xs[i]), 1.0)
            for end in op.domain[min(i, len(op.domain) - 1)]:
                unit = min(unit, abs(xs[i] - end))
            largest = max(abs(exact[2]), abs(exact[1]) / unit, abs(exact[0]) / unit**2)
            assert abs(got - exact[2]) <= 1e-9 * largest + 1e-300, (i, xs, got, float(exact[2]))


SPECIAL = [
    ("sqrt", (0.0,), 0.0, (INF,)), ("sqrt", (-0.0,), 0.0, (INF,)), ("sqrt", (-1.0,), NAN, (NAN,)),
    ("log", (0.0,), -INF, (INF,)), ("log", (-0.0,), -INF, (INF,)), ("log", (-1.0,), NAN, (NAN,)),
    ("log1p", (-1.0,), -INF, (INF,)), ("log1p", (-2.0,), NAN, (NAN,)), ("log2", (-1.0,), NAN, (NAN,)),
    ("log10", (0.0,), -INF, (INF,)), ("exp", (1000.0,), INF, (INF,)), ("exp", (-INF,), 0.0, (0.0,)),
    ("asin", (1.0,), math.pi / 2, (INF,)), ("asin", (-1.0,), -math.pi / 2, (INF,)),
    ("asin", (1.5,), NAN, (NAN,)),
    ("acos", (1.0,), 0.0, (-INF,)), ("acos", (-1.0,), math.pi, (-INF,)), ("acos", (2.0,), NAN, (NAN,)),
    ("acosh", (1.0,), 0.0, (INF,)), ("acosh", (0.5,), NAN, (NAN,)), ("acosh", (-3.0,), NAN, (NAN,)),
    ("atanh", (1.0,), INF, (INF,)), ("atanh", (-1.0,), -INF, (INF,)), ("atanh", (2.0,), NAN, (NAN,)),
    ("asinh", (1e200,), math.asinh(1e200), (1e-200,)), ("cbrt", (0.0,), 0.0, (INF,)),
    ("sin", (INF,), NAN, (NAN,)),
    ("gelu", (INF,), INF, (1.0,)), ("gelu", (-INF,), -0.0, (0.0,)), ("silu", (INF,), INF, (1.0,)),
    ("silu", (-INF,), -0.0, (0.0,)), ("sigmoid", (INF,), 1.0, (0.0,)), ("tanh", (-INF,), -1.0, (0.0,)),
    ("softplus", (INF,), INF, (1.0,)), ("softplus", (-INF,), 0.0, (0.0,)), ("erf", (INF,), 1.0, (0.0,)),
    ("atan", (INF,), math.pi / 2, (0.0,)), ("erfc", (INF,), 0.0, (-0.0,)),
    ("reciprocal", (0.0,), INF, (-INF,)),
    ("atan2", (0.0, 0.0), 0.0, (NAN, NAN)), ("atan2", (1e-200, 1e-200), math.pi / 4, (5e199, -5e199)),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("hypot", (1e200, 1e200), math.hypot(1e200, 1e200), (0.5**0.5,) * 2),
    ("hypot", (5e-324, 5e-324), 5e-324, (0.5**0.5,) * 2), ("hypot", (INF, 1.0), INF, (1.0, 0.0)),
    ("div", (1e-200, 1e-200), 1.0, (1e200, -1e200)), ("div", (1.0, 0.0), INF, (INF, -INF)),
    ("div", (0.0, 0.0), NAN, (INF, NAN)),
    ("logaddexp", (1e308, 1e308), 1e308, (0.5, 0.5)), ("logaddexp", (INF, 0.0), INF, (1.0, 0.0)),
    ("lgamma", (0.0,), INF, (-INF,)), ("lgamma", (1.0,), 0.0, (-0.5772156649015329,)),
    ("lgamma", (-1.0,), INF, (NAN,)),
    ("mod", (5.0, 0.0), NAN, (1.0, -INF)), ("mod", (-5.0, 3.0), 1.0, (1.0, 2.0)),
    ("floordiv", (-5.0, 3.0), -2.0, (0.0, 0.0)),
    ("exp2", (1024.2,), INF, (float(mp.log(2) * mp.mpf(2) ** mp.mpf(1024.2)),)),
    ("maximum", (INF, INF), INF, (0.5, 0.5)),
    ("floor", (INF,), INF, (0.0,)), ("floor", (-0.5,), -1.0, (0.0,)), ("ceil", (-0.5,), -0.0, (0.0,)),
    # Powers.
    ("pow", (0.0, 0.0), 1.0, (0.0, 0.0)), ("pow", (0.0, -1.0), INF, (-INF, -INF)),
    ("pow", (0.0, 0.5), 0.0, (INF, 0.0)),
    ("pow", (-2.0, 3.0), -8.0, (12.0, NAN)), ("pow", (-2.0, 0.5), NAN, (NAN, NAN)),
    ("pow", (NAN, 0.0), 1.0, (0.0, NAN)),
    ("pow", (1e308, 2.0), INF, (INF, INF)), ("power", (0.0, 0.0), 1.0, (0.0,)),
    ("power", (0.0, 3.0), 0.0, (0.0,)),
    ("power", (-2.0, 3.0), -8.0, (12.0,)), ("power", (-8.0, 1 / 3), NAN, (NAN,)),
    ("power", (NAN, 0.0), 1.0, (0.0,)),
    ("power", (0.0, 0.5), 0.0, (INF,)), ("power", (0.0, -1.0), INF, (-INF,)),
    ("power", (0.0, 1.0), 0.0, (1.0,)),
    ("power", (0.0, -0.3), INF, (-INF,)), ("power", (1e-162, 3.0), 0.0, (5e-324,)),
    ("power", (0.9e108, -2.0), 1 / 0.81e216, (-5e-324,)),
    ("selu", (-745.5,), -1.7580993408473768, (5e-324,)), ("elu", (-745.5, 2.5), -2.5, (5e-324,)),
    ("elu", (-750.0, 1e3), -1e3, (1000 * math.exp(-375.0) * math.exp(-375.0),)),
    ("elu", (-1400.0, 1e300), -1e300, (1e300 * math.exp(-700.0) * math.exp(-700.0),)),
    # Kinks.
    ("relu", (0.0,), 0.0, (0.0,)), ("leaky_relu", (0.0, 0.01), 0.0, (0.01,)), ("abs", (0.0,), 0.0, (0.0,)),
    ("sign", (0.0,), 0.0, (0.0,)), ("sign", (-3.0,), -1.0, (0.0,)), ("maximum", (2.0, 2.0), 2.0, (0.5, 0.5)),
    ("minimum", (2.0, 2.0), 2.0, (0.5, 0.5)), ("max", (1.0, 3.0, 3.0, 3.0), 3.0, (0.0, 1 / 3, 1 / 3, 1 / 3)),
    ("min", (1.0, 1.0, 3.0), 1.0, (0.5, 0.5, 0.0)), ("clamp", (1.0, -1.0, 1.0), 1.0, (1.0,)),
    ("clamp", (-1.0, -1.0, 1.0), -1.0, (1.0,)),
    ("clamp", (2.0, -1.0, 1.0), 1.0, (0.0,)), ("clamp", (INF, -INF, INF), INF, (1.0,)),
    ("relu6", (6.0,), 6.0, (0.0,)),
    ("relu6", (0.0,), 0.0, (0.0,)), ("hardtanh", (1.0,), 1.0, (0.0,)), ("hardtanh", (-1.0,), -1.0, (0.0,)),
    ("elu", (0.0, 1.0), 0.0, (1.0,)), ("elu", (0.0, 0.5), 0.0, (1.0,)),
    ("selu", (0.0,), 0.0, (1.7580993408473766,)),
    ("floor", (2.0,), 2.0, (0.0,)), ("ceil", (2.0,), 2.0, (0.0,)), ("round", (2.5, 0.0), 2.0, (0.0,)),
    ("round", (3.5, 0.0), 4.0, (0.0,)),
    ("where", (0.0, INF, 2.0), 2.0, (0.0, 0.0, 1.0)), ("where", (NAN, 1.0, 2.0), 1.0, (0.0, 1.0, 0.0)),
    ("greater", (NAN, 1.0), 0.0, (0.0, 0.0)), ("equal", (NAN, NAN), 0.0, (0.0, 0.0)),
    ("less_equal", (1.0, 1.0), 1.0, (0.0, 0.0)),
    # Sums.
    ("sum", (1e308, 1e308, -1e308), 1e308, (1.0, 1.0, 1.0)), ("sum", (INF, -INF), NAN, (1.0, 1.0)),
    ("sum", (1.7e308, 1.7e308), INF, (1.0, 1.0)),
    ("mean", (1.7e308, 1.7e308), 1.7e308, (0.5, 0.5)),
    ("prod", (1e200, 1e200, 1e-300), 1e100, (1e-100, 1e-100, INF)),
    ("prod", (0.0, 2.0, 3.0), 0.0, (6.0, 0.0, 0.0)), ("logsumexp", (-INF, 0.0), 0.0, (0.0, 1.0)),
    ("logsumexp", (1000.0,), 1000.0, (1.0,)),
    ("softmax", (1000.0, 0.0, 0.0), 1.0, (0.0, -0.0)),
    ("log_softmax", (-1000.0, 0.0, 0.0), -1000.0, (1.0, -1.0)),
    ("norm", (0.0, 0.0, 0.0), 0.0, (0.0, 0.0, 0.0)), ("norm", (3.0, 4.0), 5.0, (0.6, 0.8)),
]  # fmt: skip


def agrees(got: float, expected: float) -> bool:
    return (
        got != got
        if expected != expected
        else got == expected or abs(got - expected) <= 4.0 * math.ulp(expected)
    )


@pytest.mark.parametrize(("name", "xs", "value", "partials"), SPECIAL)
def test_special_point(name: str, xs: tuple[float, ...], value: float, partials: tuple[float, ...]) -> None:
    op = ops.TABLE[name]
    y = op.value(*xs)
    assert agrees(y, value)
    assert math.copysign(1.0, value) == math.copysign(1.0, y) or value != value or name == "sqrt"
    local = op.local(y, xs)
    assert len(local) == len(partials)
    assert all(map(agrees, local, partials)), local


@pytest.mark.parametrize(("name", "x", "expected"), [
    ("sigmoid", 40.0, 4.248354255291589e-18), ("tanh", 20.5, 6.250e-18),
    ("expm1", -40.0, 4.248354255291589e-18),
])  # fmt: skip
def test_tail_is_not_lost(name: str, x: float, expected: float) -> None:
    assert ops.TABLE[name].local(ops.TABLE[name](x), (x,))[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("n", range(4))
@pytest.mark.parametrize("x", [0.0, -2.0])
def test_cube_has_every_derivative(x: float, n: int) -> None:
    assert nth_derivative(ops.power, 0, (x, 3.0), n + 1) == (3.0 * x * x, 6.0 * x, 6.0, 0.0)[n]


NOT_SWALLOWED = [op for op in ops.TABLE.values() if not op.source.startswith("Iverson")]


@pytest.mark.parametrize("op", NOT_SWALLOWED, ids=lambda op: op.name)
def test_nan_is_not_swallowed(op: ops.Op) -> None:
    n = 4 if op.arity == ops.ANY else op.arity
    params = tuple(op.params.values())
    for i in range(n):
        if (op.name == "where" and i != 1) or (op.name == "copysign" and i == 1):
            continue  # a condition that is NaN is true, and NaN has a sign
        xs = (*(NAN if j == i else 0.75 for j in range(n)), *params)
        y = op.value(*xs)
        assert y != y
        linear = op.name in (
            "add",
            "sub",
            "neg",
            "where",
            "sum",
            "mean",
            "restrict",
            "saturate",
            "mod",
            "mul",
            "div",
            "div_slope",
            "dot",
            "prod",
            "monomial",
            "scaled_sigmoid_slope",
            "fmod",
            "remainder",
            "degrees",
            "radians",
            "xlogy",
            "xlog1py",
            "xdivy",
            "copysign",
            "log_ratio",
            "shortfall",
        )
        assert linear or op.local(y, xs)[i] != op.local(y, xs)[i]


@pytest.mark.parametrize("op", ROWS)
def test_never_raises(op: ops.Op) -> None:
    corners = (
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        3.0,
        INF,
        -INF,
        NAN,
        5e-324,
        -5e-324,
        1.7976931348623157e308,
        -1.7976931348623157e308,
    )
    n = 2 if op.arity == ops.ANY else op.arity
    for params in reference.PARAMS.get(op.name, [tuple(op.params.values())]):
        if op.arity == ops.ANY and params:
            params = (1.0,)
        for k in range(len(corners) ** n):
            xs = (*(corners[k // len(corners) ** j % len(corners)] for j in range(n)), *params)
            y = op.value(*xs)
            local = op.local(y, xs)
            assert type(y) is float
            assert all(type(d) is float for d in local)


@pytest.mark.parametrize("op", ROWS)
def test_singleton(op: ops.Op) -> None:
    assert copy.copy(op) is copy.deepcopy(op) is pickle.loads(pickle.dumps(op)) is op
    assert repr(op) == f"<operation {op.name}>"


class Symbol:
    """A name for an expression, and nothing else: no number to branch on."""

    def __init__(self, text: str) -> None:
        self.text = text

    @staticmethod
    def _apply(op: ops.Op, operands: tuple[Any, ...]) -> "Symbol":
        return Symbol(
            f"{op.name}({', '.join(x.text if isinstance(x, Symbol) else repr(x) for x in operands)})"
        )

    __add__ = lambda self, other: ops.add(self, other)
    __radd__ = lambda self, other: ops.add(other, self)
    __sub__ = lambda self, other: ops.sub(self, other)
    __rsub__ = lambda self, other: ops.sub(other, self)
    __mul__ = lambda self, other: ops.mul(self, other)
    __rmul__ = lambda self, other: ops.mul(other, self)
    __truediv__ = lambda self, other: ops.div(self, other)
    __rtruediv__ = lambda self, other: ops.div(other, self)
    __neg__ = lambda self: ops.neg(self)
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise AssertionError("a rule asks for the truth of an operand")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("a rule compares an operand")

    def __float__(self) -> float:
        raise AssertionError("a rule asks for the number of an operand")


@pytest.mark.parametrize("op", ROWS)
def test_rule_runs_on_symbols(op: ops.Op) -> None:
    n = 4 if op.arity == ops.ANY else op.arity
    for params in reference.PARAMS.get(op.name, [tuple(op.params.values())]):
        partials = op.partials(Symbol("y"), *(Symbol(f"x{i}") for i in range(n)), *params)
        assert len(partials) == n
        assert all(isinstance(d, (Symbol, float)) for d in partials)


@pytest.mark.parametrize("op", ROWS)
def test_rule_on_values_is_the_rule_on_floats(op: ops.Op) -> None:
    for xs in reference.affordable(op, reference.points(op, 10, "values", low=-6, high=6, edges=False)):
        n = len(xs) - len(op.params)
        nodes = [Value(x) for x in xs[:n]]
        y = op.value(*xs)
        partials = op.partials(Value(y), *nodes, *xs[n:])
        assert [float(d) for d in partials] == list(op.local(y, xs))


@pytest.mark.parametrize("x", [-800.0, -373.2, -20.5, -1.0, -0.0, 0.0, 0.3, 19.0, 355.0, 372.9, INF, NAN])
def test_inline_rules_are_the_rows(x: float) -> None:
    node, other = Value(x), Value(0.7)
    for made, op, xs in (
        (node.tanh(), ops.tanh, (x,)), (node.relu(), ops.relu, (x,)), (node + other, ops.add, (x, 0.7)),
        (node - other, ops.sub, (x, 0.7)), (node * other, ops.mul, (x, 0.7)),
    ):  # fmt: skip
        assert made.op is op
        expected = op.value(*xs)
        assert repr((made.data, *made.local_grads)) == repr((expected, *op.local(expected, xs)))


def test_counts_and_constants() -> None:
    assert ops.leaky_relu(-1.0) == -0.01
    assert ops.leaky_relu(-1.0, 0.5) == ops.leaky_relu(-1.0, slope=0.5) == -0.5
    assert ops.softmax(1.0, 1.0, index=1) == 0.5
    assert ops.sum() == 0.0
    assert ops.prod() == 1.0
    assert ops.logsumexp() == -INF
    for call in (
        lambda: ops.exp(), lambda: ops.exp(1.0, 2.0), lambda: ops.exp(1.0, base=2.0), lambda: ops.add(1.0),
        lambda: ops.leaky_relu(1.0, alpha=2.0), lambda: ops.leaky_relu(1.0, 0.1, slope=2.0),
        lambda: ops.leaky_relu(1.0, 0.1, 0.2),
        lambda: ops.softmax(1.0, 2.0, axis=0), lambda: ops.exp("1"), lambda: ops.exp(1j), lambda: ops.max(),
        lambda: ops.min(),
        lambda: ops.mean(), lambda: ops.dot(1.0, 2.0, 3.0), lambda: ops.leaky_relu(Value(1.0), Value(0.1)),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            call()
    with pytest.raises(IndexError, match="whole index from 0 to 1"):
        ops.softmax(1.0, 2.0, index=2.0)
    with pytest.raises(ValueError, match="already"):
        ops.row("exp", math.exp, lambda y, x: (y,))
    with pytest.raises(KeyError, match="no operation named"):
        ops.lookup("nothing")


@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_log_gamma_next_to_the_seams_of_its_algorithm(name: str) -> None:
    op, rng = ops.TABLE[name], random.Random(name)
    seams = (0.5, 1.0, 1.5, 2.0, 2.5, 3.5, 8.5, 9.0, 10.0, 1e17, 1e305)
    zeros = (1.4616321449683622,)
    points = [
        s * (1.0 + way * 2.0 ** -rng.uniform(3, 53))
        for s in (*seams, *zeros)
        for way in (1.0, -1.0)
        for _ in range(12)
    ]
    for x in (*points, *seams, *(rng.uniform(0.0, 12.0) for _ in range(300))):
        assert reference.ulps(op.value(x), reference.value(name, (x,))) <= 2.0, x


def test_a_product_is_rounded_once_in_whatever_order() -> None:
    assert ops.prod(1e200, 1e200, 1e-300) == ops.prod(1e-300, 1e200, 1e200) == 1e100
    assert ops.prod(1e-200, 1e-200, 1e300) == 1e-100
