"""What NumPy's functions and operators say to a node: its scalars are numbers, and its functions name what
to write instead."""

from __future__ import annotations

import operator

import pytest

import autograd
from autograd import Value

np = pytest.importorskip("numpy")

ARITHMETIC = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.mod,
    operator.floordiv,
]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("number", [np.float64(2.0), np.float32(2.0), np.int64(2)])
@pytest.mark.parametrize("f", ARITHMETIC + COMPARISONS, ids=lambda f: f.__name__)
def test_numpys_scalars_are_numbers_on_either_side(f, number):
    x = Value(3.0)
    left, right = f(number, x), f(x, number)
    assert left == f(2.0, 3.0) if f in COMPARISONS else left.data == f(2.0, 3.0)
    assert right == f(3.0, 2.0) if f in COMPARISONS else right.data == f(3.0, 2.0)
    if f not in COMPARISONS:
        assert autograd.gradients(left, x) == autograd.gradients(f(2.0, x), x)


def test_divmod_and_equality():
    x = Value(3.0)
    assert [y.data for y in divmod(np.float64(7.0), x)] == [2.0, 1.0]
    assert (np.float64(3.0) == x) is (x == np.float64(3.0)) is (x == 3.0)
    assert (np.float64(3.0) != x) is (x != 3.0)
    assert (np.array([x], object) == x) is (x == np.array([x], object)) is (x == np.array(["3.0"])) is False
    assert (np.array([x], object) != x) is True


@pytest.mark.parametrize("f", [*COMPARISONS, operator.eq, operator.ne], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", "?"])
def test_an_array_of_numbers_is_compared_element_by_element_with_the_data(f, dtype):
    x = Value(1.0)
    for array in (
        np.array([0, 1, 1], dtype),
        np.array([[0, 1]], dtype),
        np.array(1, dtype),
        np.zeros(0, dtype),
    ):
        for found, wanted in ((f(x, array), f(1.0, array)), (f(array, x), f(array, 1.0))):
            assert np.asarray(found).dtype == bool
            assert np.array_equal(found, wanted)
    assert not np.any(Value(0.1) == np.array([0.1], np.float32))  # no digits are lost
    with pytest.raises(autograd.TracingError, match="one number at a time"):
        autograd.compile(lambda t: autograd.where(t == np.array([1.0, 2.0]), t, 0.0))(1.0)


@pytest.mark.parametrize("f", [*COMPARISONS, operator.eq, operator.ne], ids=lambda f: f.__name__)
def test_numpys_scalars_are_compared_exactly(f):
    big = Value(2.0**53)
    for x in (big, Value(0.1), Value(float("nan")), Value(float("inf"))):
        for number in (
            np.int64(2**53 + 1),
            np.uint64(2**53 + 1),
            np.float32(0.1),
            np.float16(0.1),
            np.float64(0.1),
            np.float32("inf"),
            np.float64("nan"),
        ):
            exact = number.item()  # a number of Python
            assert f(x, number) == f(x.data, exact)
            assert f(number, x) == f(exact, x.data)


FLOATS, OBJECTS = np.array([1.0, 2.0]), np.array([Value(1.0)], dtype=object)


@pytest.mark.parametrize(
    ("f", "array"), [(f, FLOATS) for f in ARITHMETIC] + [(f, OBJECTS) for f in ARITHMETIC + COMPARISONS]
)
def test_an_array_beside_a_node_is_refused(f, array):
    x = Value(3.0)
    for operands in ((array, x), (x, array)):
        with pytest.raises(TypeError, match=r"got ndarray; make one Value for each element"):
            f(*operands)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda x: np.sin(x), "autograd.sin, or x.data"),
        (lambda x: np.arctan2(x, 1.0), "autograd.atan2, or x.data"),
        (lambda x: np.absolute(x), "autograd.abs, or x.data"),
        (lambda x: np.maximum(x, 0.0), "autograd.maximum, or x.data"),
        (lambda x: np.add(x, 1.0), "write a + b, or x.data"),
        (lambda x: np.negative(x), "write -x, or x.data"),
        (lambda x: np.power(x, 2.0), "write a ** b, or x.data"),
        (lambda x: np.isnan(x), "write x.data"), (lambda x: np.add.reduce(x), "x.data"),
        (lambda x: np.testing.assert_allclose(x, 3.0), "x.data"),
        (lambda x: np.testing.assert_allclose(3.0, x), "x.data"),
        (lambda x: np.testing.assert_allclose(x, x), "x.data"),
        (lambda x: operator.iadd(np.ones(2), x), "x.data"), (lambda x: np.ones(2) @ x, "x.data"),
    ],
)  # fmt: skip
def test_a_function_of_numpys_says_what_to_write(call, instead):
    with pytest.raises(TypeError, match="takes no Value; write") as caught:
        call(Value(3.0))
    assert instead in str(caught.value)


def test_what_compares_a_node_with_a_number():
    x = Value(3.0)
    assert np.isclose(x, 3.0)
    assert np.allclose(3.0, x)
    assert x == pytest.approx(3.0)
    np.testing.assert_equal(x, 3.0)
    np.testing.assert_almost_equal(x, 3.0)
    np.testing.assert_allclose(x.data, 3.0)
