"""Custom operations in compiled programs: told apart by what they are, not by their names."""

import copy
import math
import pickle
import shutil

import pytest

import autograd
from autograd import GraphError, Value, custom_op
from autograd.compiler import compile
from autograd.compiler.backends.numpy.spelling import function_of, number_by_number

BACKENDS = ["numpy", "python", "auto", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]


def of_one_name(name, count=2):
    """Define operations of one name: multiplication by 2, 3, ..."""
    return [
        custom_op(name, lambda x, k=k: k * x, lambda y, x, k=k: (k,)) for k in (2.0, 3.0, 5.0, 7.0)[:count]
    ]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "name", ["twice_test", "slope", "largest", "smallest", "exponent", "f_", "x0", "lanes", "positive"]
)
@pytest.mark.parametrize("lanes", [True, False])
def test_two_operations_of_one_name_stay_two(backend, name, lanes):
    first, second = of_one_name(name)
    w = Value(1.5, name)

    def loss(x):
        return (first(w * x) + 10.0 * second(w.sigmoid() * x) * second(x)) * autograd.sigmoid(w * x)

    step = compile(loss, [w], batch=lanes, backend=backend)
    assert step.check([1.0, 2.0, -0.5] if lanes else 2.0) < 1e-12
    f = compile(lambda x: [first(x), second(x), first(second(x))], backend=backend)
    assert f(1.0) == [2.0, 3.0, 6.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_alternating_operations_of_one_name_are_no_loop(backend):
    a, b = of_one_name("turn_test")
    w = Value(0.5, "w")

    def loss():
        x = w
        for k in range(12):
            x = (a if k % 3 else b)(x).sin()
        return x

    assert compile(loss, [w], backend=backend).check() < 1e-12


def test_they_have_names_of_their_own_in_print():
    first, second = of_one_name("shown_test")
    f = compile(lambda x: first(x.sin()) + second(x.cos()), backend="numpy")
    f(1.0)
    assert "shown_test(" in f.source
    assert "shown_test_2(" in f.source


def test_defining_anew_records_anew_after_retrace():
    (only,) = of_one_name("anew_test", 1)
    ops = [only]
    f = compile(lambda x: ops[0](x))
    assert f(1.0) == 2.0
    ops[0] = of_one_name("anew_test")[1]
    f.retrace()
    assert f(1.0) == 3.0


def test_what_would_be_loaded_as_another_operation_is_not_saved():
    first, second = of_one_name("saved_test")
    x = Value(1.0)
    for root in (first(x), first(second(x))):
        with pytest.raises(GraphError, match="another operation has been named 'saved_test' since"):
            pickle.dumps(root)
        with pytest.raises(GraphError, match="'saved_test'"):
            autograd.to_json(root)
    with pytest.raises(GraphError, match="'saved_test'"):
        pickle.dumps(first)
    assert pickle.loads(pickle.dumps(second)) is second
    assert pickle.loads(pickle.dumps(second(x))).op is second
    assert copy.copy(first) is copy.deepcopy(first) is first
    assert copy.deepcopy(first(x)).op is first


@pytest.mark.parametrize("result", [True, 2, "3", None, math.nan])
def test_what_a_value_returns_is_checked_in_lanes_as_elsewhere(result):
    odd = custom_op("odd_test", lambda x: result if x > 0.0 else 1.0, lambda y, x: (0.0,))
    w = Value(1.0, "w")
    step = compile(lambda x: w * odd(x), [w], batch=True, backend="numpy")
    if result in ("3", None):
        with pytest.raises(TypeError, match="value of odd_test must return a number"):
            step([-1.0, 1.0])
    else:
        value = step([-1.0, 1.0])
        assert value == (1.0 + float(result)) / 2.0 or value != value


def test_the_rows_that_python_evaluates_number_by_number_have_names():
    mine = of_one_name("mine_test", 1)[0]
    assert number_by_number([mine, autograd.ops.exp, autograd.ops.relu, autograd.ops.erf]) == ["mine_test"]


def test_a_value_is_called_once_for_each_lane_without_a_check_around_it():
    calls = []
    counted = custom_op("counted_test", lambda x: calls.append(x) or 2.0 * x, lambda y, x: (2.0,))
    import numpy as np

    out = np.empty(5)
    function_of(counted)(np.arange(5.0), out)
    assert calls == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert out.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_without_numpy_they_stay_two():
    from autograd.compiler.without_numpy import PlainCompiled

    first, second = of_one_name("plain_test")
    f = PlainCompiled(lambda x: [first(x), second(x), first(second(x))], None, False, "mean", None, "auto")
    assert f(1.0) == [2.0, 3.0, 6.0]


def test_the_report_names_what_runs_number_by_number():
    (mine,) = of_one_name("slow_test", 1)
    f = compile(lambda x: mine(x) + autograd.polygamma(1, x) + x.exp(), backend="numpy")
    f(2.0)
    assert f.report()["number by number"] == "polygamma, slow_test"
    fast = compile(lambda x: x.exp() * x.tanh(), backend="numpy")
    fast(2.0)
    assert "number by number" not in str(fast.report())
