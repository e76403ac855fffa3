"""Arguments of compiled functions that are more than numbers and arrays: trees, names, texts, models."""

import copy
import functools
import math
import pickle
import re
import shutil
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest

import autograd
import nn
from autograd import TracingError, Value, grad
from autograd.calculus.trees import leaves
from autograd.compiler.without_numpy import PlainCompiled

BACKENDS = ["numpy", "python", "auto", *(["c"] if shutil.which("gcc") or shutil.which("cc") else []), "plain"]


class Point(NamedTuple):
    x: float
    y: float


@pytest.fixture(params=BACKENDS)
def made(request):
    """What compiles a function, for each kind of compiled functions."""
    if request.param == "plain":

        def plain(f, params=None, batch=False):
            return PlainCompiled(f, params, batch, "mean", None, "auto")

        return plain
    return functools.partial(autograd.compile, backend=request.param)


def layers(params, x):
    """The loss of a small network whose parameters are pairs of a matrix and a vector."""
    for weights, biases in params:
        x = [autograd.tanh(autograd.dot(row, x) + b) for row, b in zip(weights, biases, strict=True)]
    return x[0]


NETWORK = [([[0.1, -0.2], [0.3, 0.4], [0.5, 0.6]], [0.1, 0.2, 0.3]), ([[0.7, -0.8, 0.9]], [0.05])]
TREES = {
    "a dict": (lambda d: d["a"] * d["b"], ({"a": 2.0, "b": 3.0},)),
    "a dict of a dict": (lambda d: d["a"]["b"] ** 3 + d["c"][0], ({"a": {"b": 2.0}, "c": [1.0]},)),
    "an ordered dict": (lambda d: d["a"] / d["b"], (OrderedDict(a=2.0, b=4.0),)),
    "rows of different lengths": (lambda x: sum(map(sum, x)) * x[1][0], ([[1.0, 2.0], [3.0]],)),
    "an empty row": (lambda x: sum(x[1]) ** 2 + len(x[0]), ([[], [3.0, 1.0]],)),
    "pairs of matrices and vectors": (layers, (NETWORK, [1.0, 2.0])),
    "a named tuple": (lambda p: p.x**2 * p.y, (Point(2.0, 3.0),)),
    "named tuples in a list": (lambda ps: sum(p.x * p.y for p in ps), ([Point(2.0, 3.0), Point(1.0, -1.0)],)),
    "a number beside a list": (lambda x: x[0] * x[1][1], ([2.0, [3.0, 4.0]],)),
    "None in a list": (lambda x: x[0][0] * (1.0 if x[1] is None else x[1]), ([[2.0, 3.0], None],)),
    "None in a dict": (lambda d: d["w"] * (1.0 if d["b"] is None else 0.0), ({"w": 2.0, "b": None},)),
}


@pytest.mark.parametrize("name", TREES)
def test_what_a_function_takes_its_compiled_form_and_the_compiled_form_of_its_gradient_take(made, name):
    f, args = TREES[name]
    assert made(f)(*args) == pytest.approx(f(*args), rel=1e-14)
    expected = autograd.grad(f)(*args)
    found = made(autograd.grad(f))(*args)
    assert type(found) is type(expected)
    assert leaves(found, "found") == pytest.approx(leaves(expected, "expected"), rel=1e-13)


@pytest.mark.parametrize("name", TREES)
def test_gradients_flow_through_a_compiled_function_of_a_tree(made, name):
    f, args = TREES[name]
    compiled = made(f)
    expected = autograd.grad(f)(*args)
    assert leaves(autograd.grad(lambda *a: compiled(*a) ** 2)(*args), "found") == pytest.approx(
        [2.0 * f(*args) * g for g in leaves(expected, "expected")], rel=1e-12
    )


def test_none_in_a_result_stays_none(made):
    f = made(lambda x: {"y": x * x, "aux": None, "rest": [x, None]})
    assert f(3.0) == {"y": 9.0, "aux": None, "rest": [3.0, None]}
    many = made(lambda x: (x * x, None, [x, [None, 2.0 * x]]), batch=True)
    assert many([1.0, 2.0]) == ([1.0, 4.0], None, [[1.0, 2.0], [None, [2.0, 4.0]]])


def test_arrays_of_different_shapes_are_one_tree_and_gradients_are_arrays_of_these_shapes():
    params = [(np.array(w), np.array(b)) for w, b in NETWORK]
    found = autograd.compile(autograd.grad(layers))(params, [1.0, 2.0])
    expected = autograd.grad(layers)(params, [1.0, 2.0])
    for pair, other in zip(found, expected, strict=True):
        for a, b in zip(pair, other, strict=True):
            assert isinstance(a, np.ndarray)
            np.testing.assert_allclose(a, b, rtol=1e-13)


def test_each_leaf_of_a_tree_has_the_examples_along_its_first_axis(made):
    w = Value(2.0)
    step = made(lambda d: (w * d["x"][1] - d["y"]) ** 2, [w], batch=True)
    data = {"x": [[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]], "y": [1.0, 1.0, 2.0]}
    assert step(data) == pytest.approx((1.0 + 9.0 + 16.0) / 3.0)
    assert w.grad == pytest.approx(2.0 * (1.0 + 3.0 * 2.0 + 4.0 * 3.0) / 3.0)
    assert step.value_and_grad(data)[0] == pytest.approx(26.0 / 3.0)
    assert step.check(data) <= 1e-12
    with pytest.raises(ValueError, match=r"same number of examples.*got shapes \(3, 2\), \(2,\)"):
        step({"x": data["x"], "y": [1.0, 2.0]})


def test_training_on_a_tree_is_training_on_its_arrays(made):
    data, ends = {"x": [0.0, 1.0, 2.0], "y": [1.0, 1.0, 3.0]}, []
    for tree in (True, False):
        w = Value(0.5)
        loss = (lambda d: (w * d["x"] - d["y"]) ** 2) if tree else (lambda x, y: (w * x - y) ** 2)
        args = (data,) if tree else (data["x"], data["y"])
        losses = made(loss, [w], batch=True).train(*args, nn.optim.Adam([w], lr=0.1), 20)
        ends.append((losses, w.data))
    assert ends[0] == ends[1]


def test_arguments_by_name_are_those_by_place(made):
    f = made(lambda x, y=2.0, *, z=1.0: x**y * z)
    assert f(3.0, 2.0) == f(x=3.0, y=2.0) == f(3.0, y=2.0) == f(3.0)
    assert f(3.0, z=5.0) == pytest.approx(45.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'w'"):
        f(3.0, w=1.0)


def rounds(x, n):
    """Return x sin'ed n times."""
    for _ in range(n):
        x = autograd.sin(x)
    return x


def test_static_arguments_are_recorded_for_each_value():
    for options in ({"static_argnums": 1}, {"static_argnums": (-1,)}, {"static_argnames": "n"}):
        f = autograd.compile(rounds, **options)
        assert [f(1.0, n) for n in (1, 3, 1)] == pytest.approx([rounds(1.0, n) for n in (1, 3, 1)])
    assert autograd.compile(rounds, static_argnames=["n"])(1.0, n=2) == pytest.approx(math.sin(math.sin(1.0)))


def test_what_is_no_number_is_passed_as_it_is_and_has_a_program_of_its_own(made):
    def f(x, flag, mode="square", last=None):
        y = x * x if mode == "square" else mode(x)
        return -y if flag else (y if last is None else y + last)

    compiled = made(f)
    for rest in [(True,), (False,), (False, autograd.exp), (False, autograd.sin, 3.0)]:
        assert compiled(2.0, *rest) == pytest.approx(float(f(2.0, *rest)), rel=1e-15)
    for named in [
        {"mode": autograd.tanh},
        {"mode": "square"},
        {"last": None},
        {"last": 3.0},
        {"flag": False},
    ]:
        assert compiled(2.0, **{"flag": True, **named}) == pytest.approx(
            float(f(2.0, **{"flag": True, **named}))
        )


def test_a_model_may_be_an_argument_and_its_numbers_are_those_of_the_call(made):
    model, other = nn.MLP(2, [3, 1]), nn.MLP(2, [3, 1])
    f = made(lambda model, x: model(x))
    for _ in range(2):
        for each in (model, other):
            assert f(each, [1.0, 2.0]) == pytest.approx(each([1.0, 2.0]).data, rel=1e-13)
        for p in model.parameters():
            p.data *= 0.5


def test_a_text_where_a_number_belongs_is_told_by_name():
    with pytest.raises(TypeError, match=r"got str 'a'; convert it first") as error:
        autograd.compile(lambda x, y: autograd.sin(x) + y)(1.0, y="a")
    assert error.value.__notes__ == ["y is 'a', no number, and was passed as it is"]
    with pytest.raises(TypeError, match=r"argument 0 \(d\)\['b'\]\[0\]: expected a real number, got str '1'"):
        autograd.compile(lambda d: d["a"])({"a": 1.0, "b": ["1"]})


def test_what_is_equal_but_not_the_same_has_a_program_of_its_own():
    def told(x, n):
        return x * (2.0 if n[0] is True else math.copysign(3.0, n[0]))

    step = autograd.compile(told, static_argnums=1)
    for n in ((1,), (True,), (0.0,), (-0.0,), (-1.0,)):
        assert step(1.0, n) == told(1.0, n)
    flags = autograd.compile(lambda d: sum(x * (1.0 + isinstance(key, bool)) for key, x in d.items()))
    assert [flags({1: 1.0}), flags({True: 1.0}), flags({1: 3.0})] == [1.0, 2.0, 3.0]


def swapped(v):
    v[0], v[1] = v[1], v[0]
    return v[0]


def stored(v):
    v[0] *= 2.0
    return v[0] + v[1]


def popped(v):
    return v.pop()


def filled(v, out):
    np.multiply(v, 2.0, out=out)
    return out.sum()


def renamed(d):
    d["c"] = d.pop("a")
    return d["c"]


@pytest.mark.parametrize("backend", ["numpy", "python"])
@pytest.mark.parametrize(
    ("f", "args", "name"),
    [
        (swapped, ([1.0, 2.0],), "v"), (swapped, (np.ones(2),), "v"), (stored, ([1.0, 2.0],), "v"),
        (stored, (np.ones(2),), "v"), (popped, ([1.0, 2.0],), "v"), (popped, ([[1.0], [2.0]],), "v"),
        (filled, (np.ones(2), np.zeros(2)), "out"), (renamed, ({"a": 1.0, "b": 2.0},), "d"),
        (lambda *vs: popped(vs[1]), ([1.0], [2.0]), "1"),
    ],
)  # fmt: skip
def test_an_argument_that_is_changed_in_place_is_refused(f, args, name, backend):
    given = copy.deepcopy(args)
    for step in (autograd.compile(f, backend=backend), autograd.compile(lambda *a: autograd.compile(f)(*a))):
        with pytest.raises(TracingError, match=f"changes its argument {name} in place"):
            step(*args)
    assert repr(args) == repr(given)


def test_a_copy_of_an_argument_may_be_changed():
    for v in ([1.0, 2.0], np.array([1.0, 2.0])):
        assert autograd.compile(lambda v: stored(v.copy()))(v) == 4.0 and list(v) == [1.0, 2.0]
        assert list(autograd.compile(grad(stored))(v)) == [2.0, 1.0]  # which hands in copies


def test_static_arguments_that_cannot_be_are_refused():
    with pytest.raises(TypeError, match="n is static, so it must be hashable, such as a tuple"):
        autograd.compile(lambda x, n: x * len(n), static_argnums=1)(1.0, [1, 2])
    with pytest.raises(TypeError, match="static_argnums takes int or a list of such, got 'n'"):
        autograd.compile(rounds, static_argnums="n")
    with pytest.raises(TypeError, match="static_argnames takes str or a list of such, got 1"):
        autograd.compile(rounds, static_argnames=[1])


def test_compile_stands_above_a_definition_with_options_and_without():
    @autograd.compile
    def square(x):
        return x * x

    @autograd.compile(batch=True, backend="numpy")
    def cube(x):
        return x**3

    assert square(3.0) == 9.0
    assert cube([1.0, 2.0]) == [1.0, 8.0]


def test_the_program_and_the_report_are_those_of_the_latest_form():
    f = autograd.compile(lambda d, scale=1.0: d["gain"] * d["x"] * scale)
    f({"gain": 2.0, "x": 3.0}, scale=4.0)
    assert all(name in f.source for name in ("gain", "x", "scale"))
    assert f.report()["recorded nodes"] == 2
    f.retrace()
    assert f({"x": 3.0, "gain": 2.0}) == 6.0


def test_static_arguments_survive_a_pickle():
    f = pickle.loads(pickle.dumps(autograd.compile(rounds, static_argnums=1)))
    assert f(1.0, 2) == pytest.approx(math.sin(math.sin(1.0)))


# Arrays.

OVER_ARRAYS = {
    "Rosenbrock's valley": (
        lambda x: (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum(),
        (np.linspace(0.5, 1.5, 6),),
    ),
    "a quadratic form": (lambda x, A: x @ A @ x, (np.array([1.0, -2.0]), np.array([[2.0, 1.0], [0.0, 3.0]]))),
    "NumPy's functions": (lambda x: np.sum(np.sin(x) * np.exp(-x)), (np.array([0.5, 1.5, 2.0]),)),
    "a scaled array": (lambda x: (x * 2).sum() * x[0], (np.array([3.0, 1.0]),)),
    "arrays in a dict": (
        lambda d: np.tanh(d["w"] @ d["x"] + d["b"]).sum(),
        ({"w": np.array([[0.1, 0.2], [0.3, 0.4]]), "x": np.array([1.0, 2.0]), "b": np.array([0.5, -0.5])},),
    ),
}
NUMPYS = [backend for backend in BACKENDS if backend != "plain"]


@pytest.mark.parametrize("backend", NUMPYS)
@pytest.mark.parametrize("name", OVER_ARRAYS)
def test_a_function_over_arrays_is_compiled_as_it_runs_on_arrays(name, backend):
    f, args = OVER_ARRAYS[name]
    compiled, gradient = (autograd.compile(g, backend=backend) for g in (f, autograd.grad(f)))
    for _ in range(3):
        assert compiled(*args) == pytest.approx(float(f(*args)), rel=1e-14)
        found, expected = gradient(*args), autograd.grad(f)(*args)
        assert type(found) is type(expected)
        np.testing.assert_allclose(
            np.hstack([np.ravel(x) for x in (found.values() if isinstance(found, dict) else [found])]),
            np.hstack(
                [np.ravel(x) for x in (expected.values() if isinstance(expected, dict) else [expected])]
            ),
            rtol=1e-13,
        )


@pytest.mark.parametrize("backend", NUMPYS)
def test_results_are_those_of_the_function_on_arrays_and_on_lists_alike(backend):
    double = autograd.compile(lambda x: x * 2, backend=backend)
    join = autograd.compile(lambda x, y: x + y, backend=backend)
    x = np.array([1.0, 2.0])
    assert double(x).tolist() == [2.0, 4.0] and double([1.0, 2.0]) == [1.0, 2.0, 1.0, 2.0]
    assert join(x, x).tolist() == [2.0, 4.0] and join([1.0], [2.0]) == [1.0, 2.0]
    pair = autograd.compile(lambda p: p[0] + p[1] * 2, backend=backend)
    assert pair([x, x]).tolist() == pair((x, x)).tolist() == [3.0, 6.0]
    assert pair([[1.0], [2.0]]) == [1.0, 2.0, 2.0]
    assert autograd.compile(lambda p: p[0][1] * 2, backend=backend)([[x, x]]).tolist() == [2.0, 4.0]
    assert double(np.array(3.0)) == 6.0
    assert autograd.compile(lambda A: A @ A.T, backend=backend)(np.ones((2, 3))).tolist() == [[3.0, 3.0]] * 2


@pytest.mark.parametrize("backend", NUMPYS)
def test_each_example_of_a_batch_of_arrays_is_an_array(backend):
    w = Value(3.0)
    step = autograd.compile(lambda x, y: ((w * x - y) ** 2).sum(), [w], batch=True, backend=backend)
    X, Y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 1.0], [2.0, 2.0]])
    assert step(X, Y) == pytest.approx(
        np.mean([((3.0 * x - y) ** 2).sum() for x, y in zip(X, Y, strict=True)])
    )
    assert step.check(X, Y) <= 1e-12
    losses = step.train(X, Y, nn.optim.SGD([w], lr=0.01), 3)
    assert losses[0] > losses[-1]
    assert (
        autograd.compile(lambda x: x * 2, batch=True, backend=backend)(list(X)).tolist() == (2 * X).tolist()
    )
    assert autograd.compile(lambda x: x / x.sum(), batch=True, backend=backend)(X).tolist() == (
        (X / X.sum(1, keepdims=True)).tolist()
    )


@pytest.mark.parametrize("backend", NUMPYS)
def test_gradients_flow_through_compiled_functions_of_arrays(backend):
    f = autograd.compile(lambda x: (x**2).sum(), backend=backend)
    assert autograd.grad(f)(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    assert autograd.grad(lambda a: f(np.array([a, 2.0 * a])))(1.5) == pytest.approx(15.0)
    assert autograd.hessian(f)(np.array([1.0, 2.0])).tolist() == [[2.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize("backend", NUMPYS)
def test_where_the_engine_evaluates_it_gets_arrays_too(backend):
    f = autograd.compile(lambda x: (x / x.sum()).max(), backend=backend)
    assert f(np.array([1.0, 3.0])) == 0.75
    assert math.isnan(f(np.array([1.0, -1.0, 0.0]))) or math.isinf(f(np.array([1.0, -1.0, 0.0])))
    w = Value(2.0)
    step = autograd.compile(lambda x: autograd.where(x.sum() > 0.0, (w * x).sum(), 0.0), [w], backend=backend)
    assert step(np.array([1e200, 1e200])) == 4e200


def test_a_function_that_takes_lists_alone_gets_lists_and_one_that_takes_neither_says_why():
    f = autograd.compile(lambda x, y=(): autograd.sum([*x, *y]) if y else x[0] * 3.0)
    assert f(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 10.0
    assert f.report()["recorded nodes"] == 1
    with pytest.raises(ValueError, match="truth value of an array"):
        autograd.compile(lambda x: x.sum() if x else x + 1)(np.array([1.0, 2.0]))


CONDITIONS = {
    "where": lambda a, b: np.where(a > 0.0, a * a, b),
    "of two arrays": lambda a, b: np.where(a >= b, a, b * 3.0),
    "equal": lambda a, b: np.where(a == b, a * 5.0, b),
    "not equal to a number": lambda a, b: np.where(a != 3.0, a, b),
    "as a factor": lambda a, b: a * (a < b) + b * (b <= 2.0),
    "and, or, not": lambda a, b: np.where((a > 0.0) & ~(b > 4.0) | (a == b), a, -b),
    "logical": lambda a, b: np.where(np.logical_and(a, np.logical_not(b > 2.0)), a, b),
    "is not a number": lambda a, b: np.where(np.isnan(a), b, a * b),
    "greater": lambda a, b: np.where(np.greater(a[:, None], b), 1.0, 0.0) @ a,
    "sum": lambda a, b: ((a > 0.0) * b).sum(),
}


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("backend", NUMPYS)
def test_conditions_on_arrays_are_those_of_their_elements_at_each_call(backend, name):
    f = CONDITIONS[name]
    step, slopes = (autograd.compile(g, backend=backend) for g in (f, autograd.jacobian(f)))
    for a, b in (([1.0, -2.0, 3.0], [1.0, 5.0, -3.0]), ([-1.0, 2.0, 0.5], [4.5, 2.0, 3.0])):
        args = np.array(a), np.array(b)
        np.testing.assert_allclose(step(*args), f(*args), rtol=1e-13)
        np.testing.assert_allclose(slopes(*args), autograd.jacobian(f)(*args), rtol=1e-13)


@pytest.mark.parametrize("backend", NUMPYS)
def test_what_a_function_asks_of_an_array_is_not_asked_of_a_list(backend):
    # A list is not equal to 3.0, so on lists this is another function.
    for f in (lambda a: (2.0 if (a == 3.0).any() else 1.0) * a[0], lambda a: a[0] * len(a[a == 3.0])):
        with pytest.raises((autograd.TracingError, IndexError)):
            autograd.compile(f, backend=backend)(np.array([1.0, 3.0]))
    chosen = autograd.compile(lambda a, b: np.where(a == 3.0, a, b).sum(), backend=backend)
    assert chosen(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0])) == 33.0


def test_what_no_program_can_do_with_an_array_says_so():
    x = np.eye(2)
    with pytest.raises(autograd.TracingError, match="asks for the truth of a Value"):
        autograd.compile(lambda a: a * np.argmax(a, axis=0))(x)
    with pytest.raises(IndexError) as caught:
        autograd.compile(lambda a: a[a > 0.0].sum())(x)
    assert "np.where(mask" in caught.value.__notes__[0]
    for call in (autograd.compile(lambda a: a * a), autograd.grad(lambda a: (a * a).sum())):
        with pytest.raises(TypeError, match=r"np\.matrix, whose \* is the product"):
            call(np.ones((2, 2)).view(np.matrix))
    assert autograd.compile(lambda a: a.astype(float) * 2.0)(x).tolist() == (2.0 * x).tolist()
    for f in (lambda a: np.sum(a, where=a > 0.0), lambda a: np.max(a, where=a > 0.0, initial=0.0), put):
        with pytest.raises((TypeError, autograd.TracingError)) as caught:
            autograd.compile(f)(x)
        assert re.search(r"np\.where\(condition, a, b\)|np\.zeros_like\(x\) or", str(caught.value))


def put(a):
    """Put a node into an array of floats."""
    made = np.zeros(2)
    made[0] = a[0, 1] * 2.0
    return made.sum()


@pytest.mark.parametrize("f", [np.sort, np.argsort, np.median, np.unique, sorted])
def test_a_function_that_sorts_is_told_to_exchange(f):
    with pytest.raises(autograd.TracingError, match=r"to sort, for each j and each i < j, a\[i\], a\[j\] = "):
        autograd.compile(f)(np.array([3.0, 1.0, 2.0]))

    def exchanged(x):
        a = list(x)
        for j in range(len(a)):
            for i in range(j):
                a[i], a[j] = autograd.minimum(a[i], a[j]), autograd.maximum(a[i], a[j])
        return a

    numbers = [3.0, 1.0, 2.0, -1.0, 1.0]
    assert list(autograd.compile(exchanged)(np.array(numbers))) == sorted(numbers)


def test_an_argument_that_is_no_number_says_how_it_is_passed():
    for given in ("sin", None, object(), slice(2), ["a"]):
        with pytest.raises(TypeError) as caught:
            autograd.compile(lambda x, how: x)(1.0, given)
        assert "static_argnames" in caught.value.__notes__[0]
    taken = autograd.compile(lambda v, how: v[0] if how == "first" else v[1], static_argnames="how")
    assert (taken([1.0, 2.0], "first"), taken([1.0, 2.0], "last")) == (1.0, 2.0)


def test_a_model_in_place_of_its_parameters_says_what_to_write():
    with pytest.raises(TypeError, match=r"model\.parameters\(\), not the MLP"):
        autograd.compile(lambda x: x, nn.MLP(1, [1]))


def test_a_method_is_compiled_as_a_function_that_gets_its_object():
    class Scale:
        def __init__(self, w):
            self.w = Value(w)

        @autograd.compile(static_argnums=0)
        def of(self, x):
            return self.w * x

        @autograd.compile
        def untold(self, x):
            return self.w * x

        @staticmethod
        @autograd.compile
        def twice(x):
            return x * 2.0

    class Neuron(nn.Neuron):
        @autograd.compile
        def forward(self, x):
            return autograd.dot(self.w, x) + self.b

    one, other = Scale(2.0), Scale(5.0)
    assert (one.of(3.0), other.of(3.0), Scale.of(one, 3.0), one.twice(3.0)) == (6.0, 15.0, 6.0, 6.0)
    one.w.data = 4.0
    assert (one.of(3.0), other.of(3.0)) == (12.0, 15.0)
    assert "output" in one.of.source
    with pytest.raises(TypeError, match="argument 0 .self.") as caught:
        one.untold(3.0)
    assert "static_argnums" in caught.value.__notes__[0]
    neuron = Neuron(2, rng=0)
    assert neuron.forward([1.0, 2.0]) == pytest.approx(
        neuron.w[0].data + 2.0 * neuron.w[1].data + neuron.b.data
    )


def test_tuples_stay_tuples(made):
    pair = (2.0, 3.0)
    assert made(lambda p: p + p)(pair) == (2.0, 3.0, 2.0, 3.0)
    assert made(lambda p: p)(((1.0, 2.0), (3.0, 4.0))) == ((1.0, 2.0), (3.0, 4.0))
    assert made(lambda p: p)([(1.0, 2.0), (3.0, 4.0)]) == [(1.0, 2.0), (3.0, 4.0)]
    assert made(lambda p: p)(()) == ()
    assert made(autograd.grad(lambda p: p[0] * p[1]))(pair) == (3.0, 2.0)
    assert made(lambda p: p[0] * p[1], batch=True)((pair, pair)) == [6.0, 6.0]
    x = np.array([1.0, 2.0])
    found = autograd.compile(autograd.grad(lambda p: (p[0] * p[1]).sum()))((x, 2.0 * x))
    assert type(found) is tuple and [a.tolist() for a in found] == [[2.0, 4.0], [1.0, 2.0]]


@pytest.mark.parametrize("backend", NUMPYS)
def test_an_array_that_a_function_of_numbers_returns_is_an_array(backend):
    for f in (lambda x: np.array([x, 2.0 * x]), lambda _: np.array([1.0, 2.0])):
        found = autograd.compile(f, backend=backend)(3.0)
        assert (found * 2.0).tolist() == (f(3.0) * 2.0).tolist()
    found = autograd.compile(lambda x: (np.int64(3), np.float32(0.5), x), backend=backend)(2.0)
    assert found == (3.0, 0.5, 2.0)
    assert np.isnan(autograd.compile(lambda x: np.array([x / x]), backend=backend)(0.0)).tolist() == [True]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("backend", NUMPYS)
def test_a_compiled_function_returns_arrays_of_nodes_where_it_is_called_on_such(backend, batch):
    def inner(x):
        return {"y": x * x, "more": (x + 1.0, None)}

    def outer(g):
        return lambda x: g(x)["y"] * 2.0 + g(x)["more"][0] * 3

    x, compiled = np.array([1.0, 2.0, 3.0]), autograd.compile(inner, batch=batch, backend=backend)
    for use in (lambda f: f, autograd.jacobian, lambda f: lambda v: autograd.jvp(f, (v,), (v,))[1]):
        expected = use(outer(inner))(x)
        np.testing.assert_allclose(use(outer(compiled))(x), expected, rtol=1e-13)
        np.testing.assert_allclose(
            autograd.compile(use(outer(compiled)), backend=backend)(x), expected, rtol=1e-13
        )
    twice = autograd.compile(autograd.hessian(lambda v: (compiled(v)["y"] * v).sum()), backend=backend)
    np.testing.assert_allclose(twice(x), np.diag(6.0 * x), rtol=1e-13)


def test_a_place_that_an_array_has_not_is_an_error_without_more_words():
    f = autograd.compile(lambda x: x[len(x)] * 2.0, backend="numpy")
    with pytest.raises(IndexError, match="out of bounds") as raised:
        f(np.ones(3))
    assert not hasattr(raised.value, "__notes__")
