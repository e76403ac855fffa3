"""PyTorch's module of functions, by whose names autograd's and the losses answer."""

import pytest

import autograd
import nn
import nn.functional as F  # noqa: N812
from nn import elsewhere


@pytest.mark.parametrize(
    ("name", "arguments", "home"),
    [("relu", (-1.0,), autograd), ("softmax", ([1.0, 2.0],), autograd),
     ("mse_loss", ([1.0], [3.0]), nn.losses), ("cross_entropy", ([1.0, 2.0], 0), nn.losses)],
)  # fmt: skip
def test_functions_have_the_names_of_pytorchs_module_of_them(name, arguments, home):
    assert getattr(F, name)(*arguments) == getattr(home, name)(*arguments)


def test_formulas_of_activations_are_functions_too_and_other_names_say_what_to_write():
    assert all(callable(getattr(F, name)) for name in elsewhere.FORMULAS)
    assert F.smooth_l1_loss([1.0], [3.0]) == nn.SmoothL1Loss()([1.0], [3.0])
    assert F.gelu(0.5, approximate="tanh") == nn.GELU(approximate="tanh")([0.5])[0]
    with pytest.raises(AttributeError, match=r"nn\.Dropout"):
        F.dropout
