"""What NumPy's functions and operators say to a node: its scalars are numbers, and its functions name what
to write instead."""

from __future__ import annotations

import math
import operator

import pytest

import autograd
from autograd import Value

np = pytest.importorskip("numpy")
special = pytest.importorskip("scipy.special")

FLOATS = np.array([1.0, 2.0])
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


UNARY = [
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "square", "reciprocal", "sin",
    "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh", "floor", "ceil",
    "rint", "sign", "absolute", "fabs", "negative", "positive", "conjugate",
]  # fmt: skip
BINARY = [
    "add", "subtract", "multiply", "divide", "power", "float_power", "floor_divide", "remainder", "arctan2",
    "hypot", "logaddexp", "maximum", "minimum", "fmax", "fmin",
]  # fmt: skip


@pytest.mark.parametrize("name", [*UNARY, "arccosh"])
def test_a_function_of_numpys_with_a_row_of_ours_makes_a_node(name):
    f, number = getattr(np, name), 0.7 if name != "arccosh" else 1.7
    x = Value(number)
    y = f(x)
    assert type(y) is Value
    assert y.data == pytest.approx(f(number), rel=1e-15)
    slope = (f(number + 1e-6) - f(number - 1e-6)) / 2e-6
    assert autograd.gradients(y, x) == pytest.approx(slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_numbers_takes_nodes_on_either_side(name):
    f, a, b = getattr(np, name), 1.7, 0.6
    for x, y in (
        (Value(a), Value(b)), (Value(a), b), (a, Value(b)), (np.float64(a), Value(b)), (Value(a), 1)
    ):  # fmt: skip
        numbers = [float(part) for part in (x, y)]
        made = f(x, y)
        assert type(made) is Value
        assert made.data == pytest.approx(f(*numbers), rel=1e-15)
        for i, part in enumerate((x, y)):
            if isinstance(part, Value):
                ahead, behind = [[n + h * (k == i) for k, n in enumerate(numbers)] for h in (1e-6, -1e-6)]
                slope = (f(*ahead) - f(*behind)) / 2e-6
                assert autograd.gradients(made, part) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_functions_of_numpys_that_are_no_universal_ones_compute_by_rows():
    x = Value(0.5)
    y = np.sinc(x)
    y.backward()
    assert (y.data, x.grad) == (2 / math.pi, pytest.approx(-4 / math.pi))
    assert np.where(x > 0, 3.0 * x, -x).data == 1.5
    assert np.clip(x, 0, 0.25).data == 0.25


def test_two_results_and_comparisons_of_numpys():
    x = Value(7.0)
    assert [type(y) for y in np.divmod(x, 2.0)] == [Value, Value]
    for f in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal):
        assert f(x, 3.0) == f(7.0, 3.0)
        assert f(3.0, x) == f(3.0, 7.0)


@pytest.mark.parametrize("f", [np.sin, np.arctan], ids=lambda f: f.__name__)
def test_an_array_of_nodes_that_was_made_by_hand_is_taken_by_numpys_loops(f):
    xs = [Value(0.3), Value(0.5)]
    ys = f(np.array(xs))
    assert [y.data for y in ys] == pytest.approx(list(f([0.3, 0.5])), rel=1e-15)


@pytest.mark.parametrize("f", [np.arctan2, np.maximum, np.add, np.hypot], ids=lambda f: f.__name__)
def test_an_array_of_numbers_and_a_node_are_refused_by_functions_too(f):
    for operands in ((FLOATS, Value(1.0)), (Value(1.0), FLOATS)):
        with pytest.raises(TypeError, match="got ndarray; make one Value for each element"):
            f(*operands)


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


OBJECTS = np.array([Value(1.0)], dtype=object)


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
        (lambda x: np.sin(x, where=False), "autograd.sin, or x.data"),
        (lambda x: np.arctan2.outer(x, 1.0), "autograd.atan2, or x.data"),
        (lambda x: np.isnan(x), "write math.isnan(x.data), or x.data"),
        (lambda x: np.heaviside(x, 0.5), "write autograd.where(x > 0.0, 1.0, 0.0), or x.data"),
        (lambda x: np.spacing(x), "write x.data"), (lambda x: np.add.reduce(x), "x.data"),
        (lambda x: operator.iadd(np.ones(2), x), "x.data"), (lambda x: np.ones(2) @ x, "x.data"),
    ],
)  # fmt: skip
def test_a_function_of_numpys_says_what_to_write(call, instead):
    with pytest.raises(TypeError, match="takes no Value; write") as caught:
        call(Value(3.0))
    assert instead in str(caught.value)


@pytest.mark.parametrize(
    ("call", "want"),
    [
        (lambda x: special.jv(2, x), autograd.jn(2, 3.0)), (lambda x: special.yv(1, x), autograd.yn(1, 3.0)),
        (lambda x: special.iv(2, x), autograd.bessel_i(2, 3.0)),
        (lambda x: special.zeta(2, x), autograd.zeta(2, 3.0)),
        (lambda x: special.kv(0, x), autograd.kn(0, 3.0)),
    ],
)  # fmt: skip
def test_scipys_functions_of_any_order_are_ours_of_whole_ones(call, want):
    x = Value(3.0)
    assert call(x).data == pytest.approx(want, rel=1e-15)
    with pytest.raises(TypeError, match=r"write -2\.0 \* autograd\.sin"):
        special.cosm1(x)


def test_a_gradient_passes_through_numpys_bessel_function():
    got = autograd.grad(lambda x: np.i0(x).sum())(np.array([0.5, 2.0]))
    assert got == pytest.approx(special.i1([0.5, 2.0]), rel=1e-15)


def test_what_compares_a_node_with_a_number():
    x = Value(3.0)
    assert np.isclose(x, 3.0)
    assert np.allclose(3.0, x)
    assert x == pytest.approx(3.0)
    np.testing.assert_equal(x, 3.0)
    np.testing.assert_almost_equal(x, 3.0)
    np.testing.assert_allclose(x.data, 3.0)


def test_a_value_between_the_points_of_a_table_is_told_the_line():
    with pytest.raises(TypeError, match=r"interp takes no Values; write y0 \+ \(x - x0\)"):
        np.interp(autograd.Value(1.5), [1.0, 2.0], [4.0, 5.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.interp(x, [1.0, 2.0], [4.0, 5.0]).sum(), lambda x: np.linalg.inv(np.diag(x)).sum(),
        lambda x: np.linalg.det(np.outer(x, x) + np.eye(2)),
    ],
)  # fmt: skip
def test_functions_of_numpy_without_a_derivative_say_what_to_write(f):
    with pytest.raises(TypeError, match="takes no Values; write .*(custom_op|neighbours|elimination)"):
        autograd.grad(f)(np.array([0.5, 1.5]))
