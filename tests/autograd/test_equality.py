"""Equality: by data with a number, by identity with another node."""

from __future__ import annotations

import decimal
import math
import numbers
import operator
from fractions import Fraction

import pytest

import autograd
from autograd import TracingError, Value, ops

NUMBERS = [1, 1.0, True, Fraction(1), Fraction(2, 2)]


@pytest.mark.parametrize("one", NUMBERS, ids=repr)
def test_a_number_is_compared_with_the_data_from_either_side(one: object) -> None:
    v, w = Value(1.0), Value(1.5)
    assert (v == one) is True
    assert (one == v) is True
    assert (v != one) is False
    assert (one != v) is False
    assert (w == one) is False
    assert (one == w) is False
    assert (w != one) is True
    assert (one != w) is True


def test_numpy_scalars_are_numbers() -> None:
    np = pytest.importorskip("numpy")
    v = Value(1.0)
    for one in (np.float64(1), np.float32(1), np.int64(1), np.uint8(1), np.bool_(True)):
        assert (v == one) is True
        assert one == v
        assert (one != v) == False  # noqa: E712
        assert (v != one) is False
        assert v != one + 1
    assert np.isclose(v, 1.0)
    assert np.isclose(1.0, v)
    assert not np.isclose(v, 1.1)
    assert np.isclose(a=v, b=v * 1.0)
    assert np.allclose(v, [1.0, 1.0])
    assert np.array_equal(v, 1.0)
    assert np.isclose(v, np.array([1.0, 2.0])).tolist() == [True, False]
    # Its other functions see an object: vectors of nodes keep their graph.
    assert (np.array([v, v]) @ np.array([v, 2.0])).parents
    with pytest.raises(TypeError):
        np.spacing(v)


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.0])
@pytest.mark.parametrize(
    "y", [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.0, 0, 1, 10**400, -(10**400)]
)
def test_equality_is_that_of_floats(x: float, y: float) -> None:
    assert (Value(x) == y) is (x == y)
    assert (Value(x) != y) is (x != y)
    assert (Value(x) == y) is not (Value(x) != y)


@pytest.mark.parametrize(
    "f",
    [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize(
    "other",
    [
        Fraction(1, 10), Fraction(10**400), 2**53 + 1, -(2**53) - 1, 10**400, -(10**400), True, 0.1, math.nan,
        math.inf, decimal.Decimal("0.1"),
        decimal.Decimal(1), decimal.Decimal("NaN"), decimal.Decimal("Infinity"), 1 + 0j, 1j,
        complex(math.nan, 0.0),
    ],
)  # fmt: skip
def test_nothing_is_rounded_before_it_is_compared(f, other) -> None:
    for x in (0.1, 1.0, 2.0**53, -(2.0**53), math.inf, -math.inf, math.nan, 0.0, 5e-324, 1.7e308):
        for pair, floats in (((Value(x), other), (x, other)), ((other, Value(x)), (other, x))):
            try:
                wanted = f(*floats)
            except (TypeError, decimal.InvalidOperation) as error:
                with pytest.raises(type(error)):
                    f(*pair)
            else:
                assert f(*pair) is wanted


def test_two_nodes_are_equal_where_they_are_one() -> None:
    v, w = Value(1.0), Value(1.0)
    assert v == v
    assert (v != v) is False
    assert v != w
    assert (v == w) is False
    assert hash(v) != hash(w)
    nan = Value(math.nan)
    assert nan == nan
    assert {v: 1, w: 2} == {w: 2, v: 1}
    assert len({v, w, 1.0}) == 3


@pytest.mark.parametrize("other", [None, "1", b"1", 1j, [1.0], (1.0,), {}, object(), decimal.Decimal(2)])
def test_what_is_no_such_number_is_different(other: object) -> None:
    v = Value(1.0)
    assert (v == other) is False
    assert (other == v) is False
    assert (v != other) is True
    assert (other != v) is True


def test_lists_and_sets() -> None:
    v, w = Value(1.0), Value(1.0)
    # A list compares: nodes by identity, numbers by data.
    assert [v, w].index(w) == 1
    assert w not in [v]
    assert [v, w].count(v) == 1
    assert 1.0 in [v]
    assert v in [1]
    assert [v, w].count(1) == 2
    numbers_ = [w, v]
    numbers_.remove(v)
    assert numbers_[0] is w
    assert (v, 2.0) == (v, 2)
    assert [v, w] == [1.0, 1.0]
    # A set asks for the hash first, which is the node's own.
    assert 1.0 not in {v}
    assert v not in {1.0}


def test_approx_takes_nodes_on_either_side() -> None:
    v, w = Value(1.0 + 1e-9), Value(1.1)
    approx = pytest.approx
    assert v == approx(1.0)
    assert approx(1.0) == v
    assert w != approx(1.0)
    assert approx(1.0) != w
    assert (w == approx(1.0)) is False
    assert [v, 2.0] == approx([1.0, 2.0])
    assert approx([1.0, 2.0]) == [v, 2.0]
    assert [w] != approx([1.0])
    assert {"a": v} == approx({"a": 1.0})
    assert approx(v) == 1.0
    assert v == approx(Value(1.0))
    assert math.isclose(v, 1.0, rel_tol=1e-6)
    assert isinstance(v, numbers.Number)
    assert not isinstance(v, numbers.Real)
    assert v.real is v
    assert v.conjugate() is v
    assert v.imag == 0.0


def test_while_the_compiler_records_equality_is_a_node() -> None:
    w = Value(2.0)
    step = autograd.compile(
        lambda x: autograd.where(x == 0.0, w, autograd.where(x != 1, w * w, w * 3.0)), [w], backend="python"
    )
    for x, wanted in ((0.0, 2.0), (-0.0, 2.0), (1.0, 6.0), (5.0, 4.0), (math.nan, 4.0)):
        assert float(step(x)) == wanted, x
    for question in (
        lambda x: w if x == 0.0 else w * x,
        lambda x: w if x != 0 else x,
        lambda x: w * float(x in [0.0, 1.0]),
        lambda x: w * [0.0].index(x),
        lambda x: w * float(x == w),
        lambda x: x if w != x else w,
        lambda x: w * [x].index(w),
    ):
        with pytest.raises(TracingError):
            autograd.compile(question, [w], backend="python")(1.0)
    same = autograd.compile(lambda x: w * x if x == x and x is not w else w, [w], backend="python")
    assert float(same(3.0)) == 6.0


def test_equality_in_a_differentiated_function_is_by_data() -> None:
    assert autograd.grad(lambda x: x * x if x == 3 else x)(3.0) == 6.0
    assert autograd.grad(lambda x: ops.where(x != 3.0, x * x, x))(3.0) == 1.0
