"""Which objects are numbers, and what the others' errors teach."""

import fractions
from decimal import Decimal

import numpy as np
import pytest

from autograd import Value


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (3, 3.0),
        (True, 1.0),
        (2.5, 2.5),
        (fractions.Fraction(1, 4), 0.25),
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.int32(-7), -7.0),
        (np.uint8(200), 200.0),
        (np.bool_(True), 1.0),
        (np.longdouble(0.5), 0.5),
        (10**300, 1e300),
    ],
)
def test_accepted_numbers_are_stored_as_python_floats(given, kept):
    assert type(Value(given).data) is float
    assert Value(given).data == kept
    x = Value(1.0)
    x.data = given
    assert type(x.data) is float
    assert type((x + given).data) is float


@pytest.mark.parametrize(
    ("given", "taught"),
    [
        (1 + 2j, "real"),
        (np.complex128(1j), "real"),
        ("1.0", "float"),
        (None, "returned nothing"),
        (Decimal("1.1"), "float"),
        (np.array([1.0, 2.0]), "Value(x) for x in"),
        (np.array(1.0), "item"),
        ([1.0], "Value(x) for x in xs"),
        ((1.0,), "Value(x) for x in xs"),
        (Value(1.0), "node already"),
        (object(), "float(x)"),
        (b"1", "float"),
    ],
)
def test_anything_else_is_refused_at_construction_and_taught(given, taught):
    with pytest.raises(TypeError, match="expected a real number") as caught:
        Value(given)
    assert taught in str(caught.value)
    x = Value(3.0)
    with pytest.raises(TypeError):
        x.data = given
    assert x.data == 3.0


@pytest.mark.parametrize("given", [10**400, fractions.Fraction(10**400, 3)])
def test_a_number_beyond_the_doubles_is_refused(given):
    with pytest.raises(OverflowError, match="too large for a float"):
        Value(given)


def test_operands_are_checked_alike():
    for bad in ("1", None, 1j, Decimal(1), np.array([1.0, 2.0])):
        with pytest.raises(TypeError):
            Value(1.0) + bad
        with pytest.raises(TypeError):
            bad * Value(1.0)


def test_numpy_scalars_on_either_side_give_a_value():
    v = Value(3.0)
    for product in (np.float64(2) * v, v * np.float64(2), np.int64(2) * v, np.float32(2) * v):
        assert isinstance(product, Value)
        assert product.data == 6.0
    assert (np.float64(1) - v).data == -2.0
    assert (np.float64(1) / v).data == 1 / 3
    assert (np.float64(2) ** v).data == 8.0
    assert (np.float64(5) > v) is True


def test_numpy_arrays_do_not_become_arrays_of_objects():
    for operation in (lambda a, v: a * v, lambda a, v: v * a, lambda a, v: a + v, lambda a, v: a / v):
        with pytest.raises(TypeError, match="ndarray"):
            operation(np.array([1.0, 2.0]), Value(2.0))
