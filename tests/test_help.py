"""What help() says of an operation is made from its row."""

import pydoc

import pytest

import autograd
from autograd import Value, custom_op, ops
from autograd.render.formula.describe import describe


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_every_operation_describes_itself(op):
    said = describe(op)
    assert said.startswith(op.signature())
    assert op.source in said
    assert op.arity == ops.ANY or "dy/dx" in said


def test_help_shows_the_sine_and_not_the_class_of_operations():
    said = pydoc.plain(pydoc.render_doc(autograd.sin))
    assert "dy/dx = cos x" in said
    assert "DLMF 4.20.1" in said


def test_the_class_keeps_its_own_description():
    assert ops.Op.__doc__.startswith("One row of the table")


def test_a_users_operation_is_described_too():
    op = custom_op("cube", lambda x: x**3, lambda y, x: (3.0 * x * x,), form=lambda x: x**3.0)
    assert "y = x^3\ndy/dx = 3x^2" in op.__doc__
    odd = custom_op("odd_rule", lambda x: x, lambda y, x: (float(x),))
    assert "y = odd_rule x" in odd.__doc__
    assert odd(Value(2.0)).data == 2.0
