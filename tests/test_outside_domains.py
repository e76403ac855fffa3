"""Where a row's value is NaN its slope is NaN too, on floats and recorded; the exceptions are listed, with
their reasons."""

from __future__ import annotations

import itertools
import math

import pytest

import autograd
from autograd import Value, custom_op, gradients, ops

INF = math.inf
NUMBERS = (
    -INF,
    -1e308,
    -3.7,
    -2.5,
    -2.0,
    -1.0,
    -0.5,
    -1e-320,
    -0.0,
    0.0,
    0.5,
    1.0,
    1.5,
    2.0,
    3.7,
    1e308,
    INF,
)
EXPONENTS = (-1e300, -3.0, -1.5, -0.5, 0.0, 1e-3, 0.5, 1.5, 2.0, 1e300)
CONSTANTS = {
    "power": [(c,) for c in EXPONENTS],
    "scaled_power": [(2.0, c) for c in EXPONENTS],
    "one_minus_square_power": [(c,) for c in (-2.0, -1.0, -0.5, 0.5, 1.5)],
}
# Sums and products pass on what their other operands are, as in PyTorch, and so do remainders, whose slope in
# their first operand is 1, and quotients that are undecided and their logarithms; `restrict` is the identity,
# which marks the domain for the rule that it stands in; both sides of a pole agree in the slope of digamma.
EXCEPT = {
    "add", "sub", "mul", "sum", "mean", "prod", "dot", "mod", "restrict", "digamma", "monomial",
    "fmod", "remainder", "xlogy", "xlog1py", "log_ratio", "shortfall",
}  # fmt: skip


def outside(op):
    """Operands and constants at which the value is NaN though none of them is."""
    count = op.arity if op.arity != ops.ANY else 2
    for constants in CONSTANTS.get(op.name, [tuple(op.params.values())]):
        for xs in itertools.product(NUMBERS, repeat=count):
            if math.isnan(op.value(*xs, *constants)):
                yield xs, constants


@pytest.mark.parametrize("name", [name for name in ops.TABLE if name not in EXCEPT])
def test_a_value_of_nan_has_a_slope_of_nan(name):
    op = ops.TABLE[name]
    for xs, constants in outside(op):
        slopes = op.local(math.nan, (*xs, *constants))
        assert any(map(math.isnan, slopes)), (xs, constants, slopes)
        assert op.arity != 1 or math.isnan(slopes[0])
        leaves = [Value(x) for x in xs]
        y = op(*leaves, **dict(zip(op.params, constants, strict=True)))
        recorded = gradients(y, leaves, create_graph=True)
        for plain, again in zip(gradients(y, leaves), recorded, strict=True):
            assert plain == again.data or (math.isnan(plain) and math.isnan(again.data)), (
                xs,
                constants,
                plain,
                again,
            )


def test_a_power_outside_its_domain_has_no_slope_however_small_it_would_be():
    for base, exponent in ((-1e308, -1.5), (-1e308, -3.7), (-1e-320, 3.7), (-1e-200, 2.5), (-2.0, 0.5)):
        x, c = Value(base), Value(exponent)
        for y in (x**exponent, x**c, ops.scaled_power(x, factor=2.0, exponent=exponent)):
            assert math.isnan(y.data)
            assert math.isnan(gradients(y, x)), (base, exponent)
        assert math.isnan(gradients(x**c, c))


RULES = {
    "1 / b": lambda y, a, b: (1.0 / b, -a / (b * b)),
    "b ** -1": lambda y, a, b: (b**-1, -y * b**-1),
    "log(1 / b)": lambda y, a, b: (autograd.log(1.0 / b), -y / b),
    "hypot(1 / b, a)": lambda y, a, b: (autograd.hypot(1.0 / b, a), -y / b),
    "1 / abs(-b)": lambda y, a, b: (1.0 / abs(-b), -y / b),
    "(1 + b - 1) // b": lambda y, a, b: (1.0 / (1.0 + b - 1.0) + a // b, a % b),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_divides_by_a_constant_zero_follows_ieee_when_it_is_recorded(name):
    op = custom_op("outside_ratio", lambda a, b: ops.div(a, b), RULES[name], arity=2)
    x = Value(2.0)
    y = op(x, 0.0)
    assert gradients(y, x) == gradients(y, x, create_graph=True).data == INF
    assert (
        autograd.grad(lambda t: op(t, 0.0))(2.0)
        == autograd.jvp(lambda t: op(t, 0.0), (2.0,), (1.0,))[1]
        == INF
    )
    second = autograd.grad(autograd.grad(lambda t: op(t, 0.0)))(2.0)
    assert isinstance(second, float)
    assert gradients(op(x, 4.0), x, create_graph=True).data == pytest.approx(RULES[name](0.5, 2.0, 4.0)[0])


def test_a_rule_that_overflows_follows_ieee_too():
    op = custom_op("outside_power", lambda a, b: a * b, lambda y, a, b: (b**400 * 1.0, a), arity=2)
    x = Value(2.0)
    y = op(x, 10.0)
    assert gradients(y, x) == gradients(y, x, create_graph=True).data == INF
