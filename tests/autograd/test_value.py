"""The node: operators, notes, comparison, conversion, and the shape of what it records."""

import gc
import math
import operator
import re
import weakref

import pytest

import autograd
from autograd import TABLE, Value, native, ops
from autograd.operators import Operators

POINTS = [-3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 40.0, math.inf, -math.inf, math.nan, 5e-324, 1e308]


def same(a, b):
    return a == b or (a is not None and b is not None and math.isnan(a) and math.isnan(b))


def test_a_leaf_has_no_history():
    x = Value(2, label="x")
    assert (x.data, x.grad, x.op, x.parents, x.operands, x.local_grads, x.label) == (
        2.0,
        0.0,
        None,
        (),
        (),
        (),
        "x",
    )
    assert repr(x) == "Value(data=2.0, grad=0.0, label='x')"
    assert repr(Value(2.0)) == "Value(data=2.0, grad=0.0)"
    assert x.item() == 2.0


def test_a_node_holds_its_row_operands_and_local_derivatives():
    x, y = Value(3.0), Value(4.0)
    z = x * y
    assert z.op is ops.mul
    assert z.parents == (x, y)
    assert z.local_grads == (4.0, 3.0)
    assert z._prev == (x, y)
    assert z._op == "*"
    square = x * x
    assert square.parents == (x, x)


def test_constants_are_floats_and_not_nodes():
    x = Value(3.0)
    assert (x + 2).operands == (x, 2.0)
    assert (2 - x).operands == (2.0, x)
    assert (x**3).operands == (x, 3.0)
    assert (x**3).parents == (x,)
    assert (2.0 * x).local_grads == (2.0,)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "tanh", "relu"])
@pytest.mark.parametrize("a", POINTS)
@pytest.mark.parametrize("b", POINTS)
def test_the_inline_rules_equal_their_rows_to_the_bit(name, a, b):
    row = TABLE[name]
    inline = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "tanh": Value.tanh,
        "relu": Value.relu,
    }[name]
    numbers = (a, b)[: row.arity]
    for operands in [tuple(map(Value, numbers)), (Value(a), b)[: row.arity]]:
        short, general = inline(*operands), Value._apply(row, operands)
        assert same(short.data, general.data)
        assert math.copysign(1.0, short.data) == math.copysign(1.0, general.data)
        assert short.op is general.op
        assert short.operands == general.operands
        assert all(same(s, g) for (_, s), (_, g) in zip(short.edges(), general.edges(), strict=True))


def test_methods_and_rows_agree():
    methods = {name for name in vars(Operators) if not name.startswith("_")}
    assert methods <= set(TABLE)
    for name in methods:
        x = Value(0.5)
        arguments = (0.25,) if name in ("maximum", "minimum") else ()
        assert getattr(x, name)(*arguments).op is TABLE[name]
    functions = {name for name in dir(autograd) if getattr(autograd, name) is TABLE.get(name)}
    assert methods <= functions


@pytest.mark.parametrize(
    ("python", "row"),
    [
        (operator.add, "add"), (operator.sub, "sub"), (operator.mul, "mul"), (operator.truediv, "div"),
        (operator.floordiv, "floordiv"), (operator.mod, "mod"), (operator.pow, "pow"),
    ],
)  # fmt: skip
def test_operators_on_both_sides(python, row):
    a, b = 7.5, 2.0
    expected = python(a, b)
    assert python(Value(a), Value(b)).data == expected
    assert python(Value(a), b).data == expected
    assert python(a, Value(b)).data == expected
    assert python(Value(a), 2).data == expected
    assert python(Value(a), Value(b)).op is TABLE[row]


def test_unary_operators_round_and_divmod():
    x = Value(-2.5)
    assert (-x).data == 2.5
    assert +x is x
    assert abs(x).data == 2.5
    assert round(x).data == -2.0
    assert round(Value(2.675), 2).data == round(2.675, 2)
    quotient, remainder = divmod(x, 2)
    assert (quotient.data, remainder.data) == divmod(-2.5, 2)
    quotient, remainder = divmod(7, Value(2.0))
    assert (quotient.data, remainder.data) == (3.0, 1.0)


def test_division_is_pythons_to_the_bit():
    for a in range(1, 40):
        for b in range(1, 40):
            assert (Value(a) / Value(b)).data == a / b


def test_a_constant_exponent_is_not_a_node_and_differentiates_at_zero_and_below():
    for at in (0.0, -2.0):
        x = Value(at)
        first = autograd.gradients(x**3, x, create_graph=True)
        second = autograd.gradients(first, x, create_graph=True)
        third = autograd.gradients(second, x, create_graph=True)
        fourth = autograd.gradients(third, x) if isinstance(third, Value) else 0.0
        assert (first.data, second.data, float(third), fourth) == (3 * at**2, 6 * at, 6.0, 0.0)


def test_comparison_is_by_data_and_equality_by_identity():
    a, b = Value(1.0), Value(1.0)
    assert a != b
    assert a == a
    assert len({a, b}) == 2
    assert {a: 1}[a] == 1
    assert a <= b
    assert a >= 1
    assert not a < b
    assert not a > 1.0
    assert a < 2 < Value(3.0)
    assert sorted([Value(3.0), Value(1.0)], key=float)[0].data == 1.0
    assert max(Value(1.0), Value(2.0)).data == 2.0
    with pytest.raises(TypeError):
        a < "1"
    assert not Value(math.nan) < 1.0


def test_truth_and_conversion():
    assert not Value(0.0)
    assert Value(-1.0)
    assert Value(math.nan)
    assert float(Value(1.5)) == 1.5
    assert int(Value(-1.5)) == -1
    assert math.sqrt(Value(4.0)) == 2.0


def test_comparisons_are_nodes_while_a_function_is_traced():
    x = Value(2.0)
    with autograd.modes.mode(tape=[]):
        for mask, expected in ((x > 1.0, 1.0), (x < 1.0, 0.0), (x >= 2.0, 1.0), (x <= 1.0, 0.0)):
            assert isinstance(mask, Value)
            assert mask._data == expected  # of the recording itself: to the function it has none
        for ask in (lambda: bool(x > 1.0), lambda: bool(x), lambda: max(x, Value(3.0))):
            with pytest.raises(autograd.TracingError, match="autograd.where") as caught:
                ask()
            assert "test_value.py" in str(caught.value)
        for ask in (lambda: float(x), lambda: math.sqrt(x), lambda: int(x)):
            with pytest.raises(autograd.TracingError, match="recorded for compilation"):
                ask()


def test_detach_makes_a_fresh_leaf():
    x = Value(2.0, label="x")
    y = (x * x).detach()
    assert y.op is None
    (y * x).backward()
    assert x.grad == 4.0


def test_labels_may_be_set_later_and_do_not_leak_to_the_scope_siblings():
    with autograd.scope("layer1"):
        a, b = Value(1.0) + 1.0, Value(2.0) + 1.0
    b.note = a.note
    b.label = "b"
    assert (a.label, a.scope, b.label, b.scope) == ("", "layer1", "b", "layer1")


def test_numbers_may_be_changed_after_the_forward_pass():
    x, y = Value(3.0), Value(4.0)
    z = x * y
    x.data, y.data = 100.0, 200.0
    z.backward()
    assert (x.grad, y.grad) == (4.0, 3.0)


def test_a_graph_has_no_reference_cycles():
    gc.disable()
    try:
        died = []

        class Witness:
            pass

        witness = Witness()
        weakref.finalize(witness, died.append, True)
        x = Value(2.0)
        x.register_hook(lambda g, w=witness: None)
        del witness
        y = autograd.softmax([x * x, x.tanh(), autograd.dot([x, x], [1.0, x])])
        y[0].backward()
        del x, y
        assert died == [True]
    finally:
        gc.enable()


def test_operand_counts_and_parameters_are_checked():
    x = Value(1.0)
    with pytest.raises(TypeError, match="takes one operand, got 2"):
        autograd.exp(x, x)
    with pytest.raises(TypeError, match="must be a number"):
        x.leaky_relu(Value(0.1))
    with pytest.raises(TypeError, match="no keyword"):
        autograd.exp(x, base=2.0)
    with pytest.raises(TypeError, match="slope"):
        autograd.leaky_relu(x, steepness=0.1)
    assert autograd.leaky_relu(-1.0) == -0.01
    assert autograd.leaky_relu(-1.0, slope=0.5) == -0.5
    assert autograd.leaky_relu(Value(-1.0), slope=0.5).data == -0.5


@pytest.mark.parametrize(
    ("name", "operands", "instead"),
    [
        ("log", (8.0, 2.0), "autograd.log(x) / autograd.log(base)"), ("pow", (2.0, 3.0, 5.0), "x**y % z"),
        ("hypot", (1.0, 2.0, 2.0), "autograd.norm(xs)"), ("atan", (1.0, 2.0), "autograd.atan2(y, x)"),
        ("maximum", (1.0,), "autograd.max(xs)"), ("logaddexp", (1.0, 2.0, 3.0), "autograd.logsumexp(xs)"),
    ],
)  # fmt: skip
def test_of_more_operands_than_a_row_takes_it_is_told_what_to_write(name, operands, instead):
    for given in (operands, tuple(map(Value, operands))):
        with pytest.raises(TypeError, match=re.escape(f"; write {instead}")):
            getattr(autograd, name)(*given)


@pytest.mark.skipif(native.engine is None, reason="Python tells it of the methods itself")
def test_a_method_that_is_given_too_much_says_what_its_function_says():
    x = Value(0.5)
    for name in [name for name in vars(Operators) if not name.startswith("_")]:
        for given, named in (((1.0, 2.0, 3.0), {}), ((), {"base": 2.0})):
            with pytest.raises(TypeError) as method:
                getattr(x, name)(*given, **named)
            with pytest.raises(TypeError) as function:
                getattr(autograd, name)(x, *given, **named)
            assert str(method.value) == str(function.value)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Value.log()


def test_the_base_of_a_logarithm_is_written_as_a_quotient():
    with pytest.raises(
        TypeError, match=r"no keyword 'base'; write autograd\.log\(x\) / autograd\.log\(base\)"
    ):
        autograd.log(Value(8.0), base=2)
    with pytest.raises(TypeError, match=r"write autograd\.prod\(\[start, \*xs\]\)"):
        autograd.prod([Value(8.0)], start=2.0)


def test_functions_take_floats_as_well_as_nodes():
    assert autograd.exp(0.0) == 1.0
    assert type(autograd.sqrt(4)) is float
    assert autograd.log(0.0) == -math.inf
    with pytest.raises(TypeError, match="expected a real number"):
        autograd.exp("1")


def test_a_label_is_text():
    with pytest.raises(TypeError, match="a label is text, got int 5"):
        Value(1.0, label=5)
    x = Value(1.0)
    with pytest.raises(TypeError, match="a label is text"):
        x.label = None
    assert x.label == ""


def test_format_takes_a_floats_specifications():
    assert f"{Value(1.25):.1f} {Value(2.0)}" == "1.2 Value(data=2.0, grad=0.0)"
