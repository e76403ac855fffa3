"""Programs from elsewhere: PyTorch's and JAX's spellings, Python's own functions, refused names."""

import builtins
import decimal
import fractions
import math
import random
import subprocess
import sys

import pytest

import autograd
from autograd import (
    TABLE,
    Value,
    elsewhere,
    grad,
    gradients,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    value_and_grad,
)
from autograd.elsewhere import Elsewhere
from autograd.operators import Operators


def test_gradients_takes_the_names_of_pytorch():
    x, y, unused = Value(2.0), Value(3.0), Value(1.0)
    out = x * y
    assert gradients(out, [x, y], grad_outputs=10.0) == [30.0, 20.0]
    assert gradients(out, [x, y], [10.0], retain_graph=True) == [30.0, 20.0]
    assert gradients([out], [x]) == [3.0]
    assert gradients([out, x * x], [x, y], grad_outputs=[1.0, 10.0]) == [43.0, 2.0]
    assert gradients((out, x * x), x, grad_outputs=(None, 10.0)) == 43.0
    assert gradients([x, x], x) == 2.0
    assert gradients(out, [x, unused]) == [3.0, 0.0]
    assert gradients(out, [x, unused], allow_unused=True) == [3.0, None]
    assert gradients([out, x], [x, unused], allow_unused=True) == [4.0, None]
    assert gradients(out, unused, allow_unused=True) is None
    assert gradients(autograd.where(0.0, x, y), [x, y], allow_unused=True) == [0.0, 1.0]  # in the graph
    with pytest.raises(autograd.GraphError, match="does not depend on Value.*allow_unused=True gives None"):
        gradients(out, [x, unused], allow_unused=False)
    for wrong in ([1.0, 2.0], []):
        with pytest.raises(ValueError, match="one of grad_outputs for each output: 1 outputs"):
            gradients(out, x, grad_outputs=wrong)
    first, second = gradients([x**3, y * x], [x, y], grad_outputs=[1.0, Value(1.0)], create_graph=True)
    assert gradients(first, [x, y]) == [12.0, 1.0]
    assert gradients(second, x) == 1.0
    assert x.grad == y.grad == 0.0


def test_backward_writes_the_inputs_that_are_named_and_no_others():
    x, y = Value(2.0), Value(3.0)
    between = x * y
    out = between * x
    out.backward(inputs=[x])
    assert (x.grad, y.grad, between.grad, out.grad) == (12.0, 0.0, 0.0, 0.0)
    out.backward(inputs=y)
    out.backward(2.0, inputs=(x, between))
    assert (x.grad, y.grad, between.grad, out.grad) == (36.0, 4.0, 4.0, 0.0)
    out.backward(inputs=[Value(1.0)])
    out.backward(inputs=[])
    assert x.grad == 36.0
    with pytest.raises(TypeError, match="takes a Value"):
        out.backward(inputs=[1.0])


def test_pytorchs_questions_are_answered():
    x = Value(2.0)
    y = x * x
    assert (x.is_leaf, y.is_leaf, y.detach().is_leaf) == (True, False, True)
    assert x.requires_grad is y.requires_grad is True
    seen = []
    grad(lambda x: seen.extend([x.requires_grad, (x * x).requires_grad, x.detach().requires_grad]) or x)(1.0)
    assert seen == [True, True, False]
    for wanted in (True, False):
        with pytest.raises(AttributeError, match=r"x\.detach\(\)"):
            x.requires_grad = wanted
    with pytest.raises(AttributeError):
        x.is_leaf = False
    cube = x.pow(3)
    assert cube.data == 8.0
    assert gradients(cube, x) == 12.0
    assert gradients(x.pow(y), [x, y]) == gradients(x**y, [x, y])


@pytest.mark.parametrize("stop", [autograd.stop_gradient, autograd.detach])
def test_a_constant_of_nodes_and_of_numbers(stop):
    f = lambda x: x * stop(x)
    assert (f(3.0), grad(f)(3.0), autograd.checkpoint(f)(3.0)) == (9.0, 3.0, 9.0)
    x = Value(2.0)
    held = stop({"a": [x, 1.0], "b": None, "c": (x * x,)})
    assert held["a"][0] is not x
    assert (held["a"][0].data, held["a"][1], held["b"], held["c"][0].data) == (2.0, 1.0, None, 4.0)
    assert gradients(x * held["c"][0], x) == 4.0
    np = pytest.importorskip("numpy")
    assert grad(lambda x: (x * stop(x)).sum())(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_a_hook_on_a_number_does_nothing():
    seen = []

    def f(x):
        autograd.register_hook(x, lambda g: seen.append(g) or 10.0 * g)
        return x * x

    assert f(3.0) == 9.0
    assert not seen
    assert grad(f)(3.0) == 60.0
    assert autograd.checkpoint(f)(3.0) == 9.0
    x = Value(3.0)
    handle = autograd.register_hook(x, lambda g: 0.0)
    handle.remove()
    assert gradients(x * x, x) == 6.0
    autograd.register_hook(2, seen.append).remove()
    with pytest.raises(TypeError, match="a hook is a function"):
        autograd.register_hook(2.0, 3.0)


@pytest.mark.parametrize("derivative", [grad, jacobian, jacrev, jacfwd, hessian, value_and_grad])
def test_argnum_is_argnums(derivative):
    f = lambda x, y: x * x * y
    assert (
        derivative(f, argnum=1)(2.0, 3.0) == derivative(f, argnums=1)(2.0, 3.0) == derivative(f, 1)(2.0, 3.0)
    )
    assert derivative(f, argnum=0)(2.0, 3.0) == derivative(f)(2.0, 3.0)
    assert derivative(f, argnum=(0, 1))(2.0, 3.0) == derivative(f, argnums=(0, 1))(2.0, 3.0)
    with pytest.raises(TypeError, match="write one of them"):
        derivative(f, argnums=1, argnum=0)


# Python's own functions under ``from autograd import *``.

FRACTION = fractions.Fraction(-7, 3)
CALLS = {
    "max": [
        ((1, 2), {}),
        (([3, 1, 2],), {}),
        ((["b", "a"],), {}),
        (("abc",), {}),
        (([],), {"default": 7}),
        (([],), {"default": None}),
        (([-3, 2],), {"key": builtins.abs}),
        ((1, -2), {"key": builtins.abs}),
        (({"x": 1, "y": 2},), {}),
        (([(1, "a"), (1, "b")],), {}),
        (([decimal.Decimal(1), decimal.Decimal(2)],), {}),
        (([1.5, 2],), {}),
        ((2, 1.5), {}),
        (([True, 0],), {}),
        (({3, 1},), {"key": None}),
        ((range(4),), {}),
        (([[1], [2]],), {}),
        ((10**400, 1), {}),
    ],
    "sum": [
        (([1, 2, 3],), {}),
        (([],), {}),
        ((range(5),), {"start": 2}),
        (([[1], [2]], []), {}),
        (([1, 2], 10), {}),
        (([0.5, 2],), {}),
        (([0.5], 1), {}),
        (([True, True],), {}),
        (([(1,), (2,)], ()), {}),
        (([decimal.Decimal(1)],), {}),
        (([1, 2], 0.5), {}),
        (([10**400, 1],), {}),
        (([1j, 2],), {}),
        (([], 1.5), {}),
    ],
    "round": [
        ((2.7,), {}),
        ((2.5,), {}),
        ((-0.5,), {}),
        ((2.567, 2), {}),
        ((2.567,), {"ndigits": 1}),
        ((2.5, None), {}),
        ((12345, -2), {}),
        ((7,), {}),
        ((FRACTION,), {}),
        ((FRACTION, 1), {}),
        ((decimal.Decimal("2.5"),), {}),
        ((), {"number": 2.5}),
        ((1e300,), {}),
        ((True,), {}),
        ((decimal.Decimal("2.55"), 1), {}),
        ((10**400,), {}),
    ],
    "abs": [
        ((-3,), {}),
        ((-2.5,), {}),
        ((3 - 4j,), {}),
        ((True,), {}),
        ((decimal.Decimal(-1),), {}),
        ((FRACTION,), {}),
        ((-(10**400),), {}),
    ],
    "pow": [
        ((2, 3), {}),
        ((2, -1), {}),
        ((2.0, 0.5), {}),
        ((2, 3, 5), {}),
        ((), {"base": 2, "exp": 3, "mod": 5}),
        ((2.0,), {"exp": 3}),
        ((1j, 2), {}),
        ((3, -1, 7), {}),
        ((10, 400), {}),
        ((True, 2), {}),
    ],
}
CALLS["min"] = CALLS["max"]


@pytest.mark.parametrize(("name", "call"), [(name, call) for name, calls in CALLS.items() for call in calls])
def test_pythons_own_functions_are_not_hidden(name, call):
    args, keywords = call
    wanted = getattr(builtins, name)(*args, **keywords)
    found = getattr(autograd, name)(*args, **keywords)
    assert found == wanted
    assert type(found) is type(wanted) or type(found) is float  # of floats and whole numbers


@pytest.mark.parametrize("name", ["max", "min", "sum"])
def test_iterators_are_taken(name):
    assert getattr(autograd, name)(len(word) for word in ("a", "bc")) == getattr(builtins, name)([1, 2])


def test_pythons_own_functions_take_values_with_their_arguments():
    a, b = Value(-3.0), Value(2.0)
    assert autograd.max(a, b) == 2.0
    assert autograd.max([a, b], key=abs) is a
    assert autograd.min(a, b, key=lambda v: v.data) is a
    assert autograd.max([], default=a) is a
    assert autograd.max(1, b).data == autograd.max([1, b]).data == 2.0
    assert gradients(autograd.sum([a, b], 10.0), [a, b]) == [1.0, 1.0]
    assert gradients(autograd.sum([1.0, 2], a), a) == 1.0
    assert autograd.sum([1, 2], start=a).data == 0.0
    assert autograd.round(a * 1.23456, 2).data == autograd.round(a * 1.23456, ndigits=2).data == -3.7
    assert type(autograd.round(a)) is Value
    assert autograd.pow(b, 3).data == autograd.pow(base=b, exp=3).data == 8.0
    assert autograd.abs(a).data == 3.0


def test_floats_keep_ieees_ways():
    nan = float("nan")
    assert math.isnan(autograd.max([1.0, nan]))
    assert math.isnan(autograd.max(1, nan))
    assert math.isnan(autograd.round(nan))
    assert autograd.round(math.inf) == math.inf
    assert math.isnan(autograd.pow(-8.0, 1 / 3))
    assert autograd.pow(0, -1) == autograd.pow(0.0, -1.0) == math.inf
    assert autograd.sum([0.1] * 10) == 1.0
    assert autograd.max([], default=0.0) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: autograd.sum(["1", "2"]), r"got str '1'; convert it first: float\(text\)"),
        (lambda: autograd.max([Value(1.0), "2"]), "got str '2'"),
        (lambda: autograd.round("2"), "got str '2'"),
        (lambda: autograd.max(1.0), "takes one iterable"),
        (lambda: autograd.max([1.0], key=3), "not callable"),
        (lambda: autograd.abs(None), "got NoneType"),
        (lambda: autograd.pow(2.0, 3.0, 5), "takes 2 operands"),
        (lambda: autograd.max([1, None]), "got NoneType"),
        (lambda: autograd.max(), "argument"),
    ],
)
def test_bad_arguments_say_what_was_wrong(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_star_import_hides_no_argument_of_pythons_functions():
    program = (
        "from autograd import *\n"
        "print(max('a', 'b'), max([], default=1), sum(range(4)), round(2.5), round(1.25, 1), "
        "range(round(2.7)),"
        " abs(-3), pow(2, 5, 7), min({'k': 1}), sum(1 for x in 'abc' if x > 'a'), sorted([3, 1], key=abs))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.split("\n")[0] == "b 1 6 2 1.2 range(0, 3) 3 4 k 2 [1, 3]"


def test_rounding_of_floats_to_digits_is_pythons():
    rng = random.Random(1)
    for _ in range(2000):
        x, digits = rng.uniform(-1e3, 1e3), rng.randrange(-3, 12)
        assert autograd.round(x, digits) == builtins.round(x, digits)


# Names.


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("unsqueeze", "x itself"),
        ("numpy", r"x\.data"),
        ("shape", "x itself"),
        ("add", r"x \+ y"),
        ("clone", "x itself"),
        ("requires_grad_", "every Value"),
        ("zero_grad", r"autograd\.zero_grad"),
        ("atan2", r"autograd\.atan2\(x0, x1\)"),
        ("polygamma", r"autograd\.polygamma\(order, x\)"),
        ("softmax", r"autograd\.s"),
        ("mean", r"autograd\.mean"),
        ("T", "x itself"),
        ("astype", "x itself"),
        ("grad_fn", r"x\.op"),
        ("children", r"x\.parents"),
        ("add_", r"x\.data \+= number"),
        ("eq", r"x\.data == y\.data"),
    ],
)
def test_a_method_from_elsewhere_says_what_to_write(name, instead):
    x = Value(1.0)
    assert not hasattr(x, name)
    with pytest.raises(AttributeError, match=f"a Value has no '{name}'; write .*{instead}") as caught:
        getattr(x, name)
    assert caught.value.name == name
    assert caught.value.obj is x


def test_every_method_that_computes_in_place_elsewhere_says_what_to_write():
    x = Value(1.0)
    for name in (*vars(Operators), "clip", "pow", "true_divide", "copy", "fill"):
        op = TABLE.get(name)
        if name.startswith("_") or (op and op.arity != 1):
            continue
        if op or not hasattr(x, name):
            with pytest.raises(AttributeError, match=rf"a Value has no '{name}_'; write x"):
                getattr(x, f"{name}_")


@pytest.mark.parametrize("kind", ["torch.Tensor", "numpy.ndarray", "jax.Array"])
def test_everyday_methods_of_arrays_say_what_to_write(kind):
    module, _, name = kind.rpartition(".")
    there = dir(getattr(pytest.importorskip(module), name))
    everyday = """all any argsort clamp_max clamp_min conj cumprod cumsum diagonal flip gather inner itemsize
    logical_not masked_fill median nbytes outer ravel repeat roll sort split swapaxes take tile topk trace
    unique nonzero mT fmax sgn addcmul amax isclose mm"""
    for method in set(everyday.split()) & set(there):
        with pytest.raises(AttributeError, match=rf"a Value has no '{method}'; write "):
            getattr(Value(1.0), method)


def test_names_from_elsewhere_hide_nothing_and_are_not_offered():
    own = {name for kind in Value.__mro__[:-2] for name in vars(kind)}
    assert not {name for name in vars(Elsewhere) if not name.startswith("_")} & vars(Operators).keys()
    offered = dir(Value(1.0))
    assert {"exp", "backward", "data", "pow"} <= set(offered) & own
    assert not {"numpy", "unsqueeze", "arcsin", "shape"} & set(offered)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        Value(1.0).nonsense


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("tensor", r"autograd\.Value\(number\)"),
        ("rsqrt", r"1\.0 / autograd\.sqrt"),
        ("add", r"a \+ b"),
        ("numpy", "import numpy"),
        ("vmap", r"batch=True"),
        ("script", r"autograd\.compile"),
        ("custom_vjp", r"autograd\.custom_op"),
        ("hessian_vector_product", r"autograd\.hvp"),
        ("elementwise_grad", r"autograd\.grad"),
        ("gradcheck", r"autograd\.testing\.gradcheck"),
        ("Function", r"autograd\.custom_op"),
        ("MLP", "import nn"),
        ("SGD", r"nn\.optim\.SGD"),
        ("pi", r"math\.pi"),
        ("linearize", r"autograd\.jvp"),
        ("laplacian", r"autograd\.hessian"),
        ("zeros", "a list of Values"),
        ("median", "sorted"),
        ("nanmean", r"autograd\.mean"),
        ("meshgrid", "a list of Values"),
        ("convolve", r"autograd\.dot"),
        ("interp", "neighbours"),
        ("randint", "Random"),
    ],
)
def test_a_function_from_elsewhere_says_what_to_write(name, instead):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; write .*{instead}"):
        getattr(autograd, name)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("arcsin", "asin"), ("gammaln", "lgamma"), ("power", "pow"), ("swish", "silu"), ("remat", "checkpoint"),
     ("jit", "compile"), ("inference_mode", "no_grad")],
)  # fmt: skip
def test_what_is_the_same_by_another_name_works_and_is_not_offered(name, ours):
    assert getattr(autograd, name) is getattr(autograd, ours)
    assert name not in dir(autograd)
    names = {}
    exec(f"from autograd import {name}", names)
    assert names[name] is getattr(autograd, ours)


@pytest.mark.parametrize("name", elsewhere.MODULES)
def test_a_module_whose_functions_are_here_is_the_package_itself(name):
    assert getattr(autograd, name) is autograd
    assert name not in dir(autograd)


def test_every_other_name_of_a_function_leads_to_one_that_there_is():
    for name in elsewhere._FUNCTIONS:
        assert not (ours := elsewhere.synonym(name)) or ours in autograd.__all__


def test_a_misspelt_name_is_guessed():
    with pytest.raises(AttributeError, match=r"did you mean autograd\.sigmoid\?"):
        autograd.sigmod
    with pytest.raises(AttributeError, match="no attribute 'qqqq'$"):
        autograd.qqqq
    assert not hasattr(autograd, "__wrapped__")


def test_what_is_named_in_their_place_is_there():
    for name in (
        "Value",
        "asin",
        "pow",
        "custom_op",
        "hvp",
        "grad",
        "jvp",
        "vjp",
        "dots",
        "compile",
        "checkpoint",
    ):
        assert callable(getattr(autograd, name))


def test_the_version_is_known(capsys):
    assert autograd.__version__[0].isdigit()
    autograd.show_versions()
    printed = capsys.readouterr().out
    assert autograd.__version__ in printed
    assert "scipy" in printed


def test_importing_does_not_import_numpy():
    program = "import sys, autograd; autograd.grad(lambda x: [x, 1.0][0])(2.0); print('numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import autograd.numpy as np", "there is no autograd.numpy; write import numpy"),
        ("from autograd import numpy as np", "there is no autograd.numpy; write import numpy"),
        ("import autograd.numpy.random as npr", "there is no autograd.numpy; write import numpy"),
        ("import autograd.scipy.stats", "there is no autograd.scipy; write import scipy"),
        (
            "from autograd.engine import Value",
            "there is no autograd.engine; write from autograd import Value",
        ),
        ("from autograd import elementwise_grad as egrad", "write autograd.grad\\(f\\)\\(x\\)"),
        ("from autograd import rsqrt", "there is no autograd.rsqrt; write 1.0 / autograd.sqrt"),
        ("from nn.utils import clip_grad_norm_", "clip_grad_norm_ and clip_grad_value_ are in nn.optim"),
        ("from nn import Parameter", "write autograd.Value"),
    ],
)
def test_an_import_of_what_other_libraries_have_says_what_to_write(line, said):
    with pytest.raises(ModuleNotFoundError, match=said):
        exec(line, {})


@pytest.mark.parametrize(
    "line", ["import autograd.nothing", "import nn.nothing", "from autograd import nothing"]
)
def test_an_import_of_what_nobody_has_fails_as_usual(line):
    with pytest.raises(ImportError, match=r"No module named '\w+.nothing'|cannot import name 'nothing'"):
        exec(line, {})


def test_asking_for_a_foreign_name_is_no_error():
    assert not hasattr(autograd, "numpy")
    assert not hasattr(__import__("nn"), "utils")


def test_clamp_knows_the_names_of_pytorch():
    x = Value(2.0)
    assert x.clamp(min=3.0).data == 3.0
    assert x.clamp(max=1.0).data == 1.0
    assert x.clamp(min=0.0, max=5.0).data == 2.0
    assert x.clamp(0.0, max=1.5).data == 1.5
    with pytest.raises(TypeError, match="minimum"):
        x.clamp(minimum=1.0)
