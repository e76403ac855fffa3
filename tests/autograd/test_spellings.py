"""Options by the names that other libraries have for them."""

import pytest

import autograd
from autograd import Value, gradients
from autograd.spellings import IDLE, options


@options({"inputs": "count"}, fused=IDLE, device=(None, "nothing"))
def twice(count):
    return 2 * count


def test_an_option_is_taken_by_another_name_and_one_that_asks_for_nothing_is_dropped():
    assert twice(inputs=2, fused=True, device=None) == twice(2) == 4


def test_an_option_that_there_is_not_says_what_to_write():
    with pytest.raises(TypeError, match=r"twice\(\) has no option device='cuda'; write nothing"):
        twice(2, device="cuda")
    with pytest.raises(TypeError, match="takes count once: count is another name|takes count once"):
        twice(inputs=2, count=3)


def test_gradients_takes_the_names_of_pytorchs_grad():
    x = Value(3.0)
    y = x * x
    assert gradients(outputs=y, inputs=[x], only_inputs=True, materialize_grads=True) == [6.0]
    with pytest.raises(TypeError, match="a call for each of grad_outputs"):
        gradients(y, [x], is_grads_batched=True)


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (lambda x: autograd.grad(x * x, [x]), r"autograd.gradients\(y, \[x\]\)"),
        (lambda x: autograd.grad(x * x, [x], create_graph=True), r"gradients\(y, \[x\], create_graph=True"),
        (lambda x: autograd.jacobian(abs, holomorphic=True), "the real and the imaginary part"),
        (lambda x: autograd.hessian(abs, argnames="x"), "argnums"),
    ],
)
def test_derivatives_of_functions_name_what_to_write_for_what_others_take(wrong, remedy):
    with pytest.raises(TypeError, match=remedy):
        wrong(Value(2.0))
    assert autograd.grad(abs, allow_int=True)(2) == 1.0


@pytest.mark.parametrize(
    ("option", "remedy"),
    [("requires_grad", "nothing: every Value"), ("name", "label="), ("children", r"\(x,\), 'name'"),
     ("dtype", "one float")],
)  # fmt: skip
def test_a_value_names_what_to_write_for_what_others_give_it(option, remedy):
    with pytest.raises(TypeError, match=remedy):
        Value(2.0, **{option: False})
    with pytest.raises(TypeError, match="no option 'colour'$"):
        Value(2.0, colour=3)


def test_a_value_takes_options_that_ask_for_nothing():
    x = Value(2.0, requires_grad=True, dtype=float, device="cpu", label="x")
    assert (x.data, x.label) == (2.0, "x")
    with pytest.raises(TypeError, match="requires_grad"):
        Value(2.0, dtype=None, requires_grad=False)


def test_a_value_takes_no_attributes_but_those_of_a_class_derived_from_it():
    x = Value(1.0)
    for name, said in (("momentum", "no attribute 'momentum'"), ("value", "value")):
        with pytest.raises(AttributeError, match=said):
            setattr(x, name, 0.0)

    class V(Value):
        pass

    v = V(1.0)
    v.momentum, v.name = 0.5, "weight"
    object.__setattr__(v, "momentum", 0.75)  # as a class with a __setattr__ of its own does
    assert (v.momentum, v.name) == (0.75, "weight")
