"""Operations of one's own."""

import math

import pytest

import autograd
from autograd import Value, custom_op
from autograd.op import lookup


def test_a_custom_operation_has_every_order_when_its_rule_is_written_with_rows():
    gaussian = custom_op("gaussian_test", lambda x: math.exp(-x * x), lambda y, x: (-2.0 * x * y,))
    assert gaussian(0.0) == 1.0
    x = Value(0.5)
    first = autograd.gradients(gaussian(x), x, create_graph=True)
    second = autograd.gradients(first, x)
    assert first.data == pytest.approx(-math.exp(-0.25), rel=1e-15)
    assert second == pytest.approx((4 * 0.25 - 2) * math.exp(-0.25), rel=1e-14)


def test_several_operands_and_any_number():
    area = custom_op("area_test", lambda a, b: a * b / 2, lambda y, a, b: (b / 2, a / 2), arity=2)
    a, b = Value(3.0), Value(4.0)
    area(a, b).backward()
    assert (a.grad, b.grad) == (2.0, 1.5)
    energy = custom_op(
        "energy_test",
        lambda *xs: sum(x * x for x in xs),
        lambda y, *xs: tuple(2.0 * x for x in xs),
        arity=autograd.ANY,
    )
    energy(a, 1.0, b).backward()
    assert (a.grad, b.grad) == (8.0, 9.5)


def test_a_name_is_an_identifier_and_not_one_of_the_tables():
    with pytest.raises(ValueError, match="'tanh' already"):
        custom_op("tanh", abs, lambda y, x: (1.0,))
    with pytest.raises(ValueError, match="identifier"):
        custom_op("my op", abs, lambda y, x: (1.0,))


def test_defining_again_replaces():
    first = custom_op("again_test", lambda x: x, lambda y, x: (1.0,))
    node = first(Value(1.0))
    second = custom_op("again_test", lambda x: 2 * x, lambda y, x: (2.0,))
    assert lookup("again_test") is second
    assert "again_test" not in autograd.TABLE
    assert node.op is first


@pytest.mark.parametrize(
    "partials", [lambda y, x: 1.0, lambda y, x: (1.0, 2.0), lambda y, x: None, lambda y, x: [1.0]]
)
def test_partials_of_the_wrong_shape_are_reported(partials):
    wrong = custom_op("wrong_test", lambda x: x, partials)
    with pytest.raises(TypeError, match=r"partials of wrong_test must return a tuple of 1"):
        wrong(Value(1.0))


def test_numbers_are_divided_by_ieees_rules_in_rules():
    inverse = custom_op("inverse_test", lambda x: 1.0 / x if x else math.inf, lambda y, x: (-1.0 / x / x,))
    x = Value(0.0)
    inverse(x).backward()
    assert x.grad == -math.inf


def test_values_are_floats_and_what_is_no_number_is_reported():
    from fractions import Fraction

    half = autograd.custom_op("review_half", lambda x: Fraction(x) / 2, lambda y, x: (0.5,))
    assert type(half(Value(3.0)).data) is float
    words = autograd.custom_op("review_words", lambda x: "no", lambda y, x: (0.5,))
    with pytest.raises(TypeError, match="value of review_words must return a number"):
        words(Value(3.0))
    with pytest.raises(TypeError, match="must be functions"):
        autograd.custom_op("review_three", 3.0, lambda y, x: (0.5,))
    with pytest.raises(ValueError, match="arity"):
        autograd.custom_op("review_negative", lambda x: x, lambda y, x: (0.5,), arity=-5)
    with pytest.raises(ValueError, match="identifier"):
        autograd.custom_op(3, lambda x: x, lambda y, x: (0.5,))
