"""Where a number may leave the graph, and where that would make a derivative silently zero and raises."""

from __future__ import annotations

import array
import cmath
import copy
import dataclasses
import io
import math
import pickle
import random
import statistics

import pytest

import autograd
from autograd import (
    TracingError,
    Value,
    checkpoint,
    custom_op,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)  # fmt: skip

TRANSFORMS = {
    "grad": lambda f, x: grad(f)(x),
    "value_and_grad": lambda f, x: value_and_grad(f)(x),
    "jvp": lambda f, x: jvp(f, (x,), (1.0,)),
    "vjp": lambda f, x: vjp(f, x)[1](1.0),
    "jacobian": lambda f, x: jacobian(f)(x),
    "jacrev": lambda f, x: jacrev(f)(x),
    "jacfwd": lambda f, x: jacfwd(f)(x),
    "hessian": lambda f, x: hessian(f)(x),
    "hvp": lambda f, x: hvp(f, (x,), (1.0,)),
    "grad of grad": lambda f, x: grad(grad(f))(x),
    "grad within no_grad": lambda f, x: no_grad()(grad(f))(x),
    "grad of checkpoint": lambda f, x: grad(checkpoint(f))(x),
    "checkpoint": lambda f, x: checkpoint(f)(Value(x)),
    "checkpoint of checkpoint": lambda f, x: checkpoint(checkpoint(f))(Value(x)),
    "grad of a list": lambda f, x: grad(lambda xs: f(xs[0]))([x]),
    "grad of a Value": lambda f, x: grad(f)(Value(x)),
    "grad of a labelled argument": lambda f, x: grad(lambda t: f(labelled(t)))(x),
}
WAYS = {
    "float": float, "int": int, "complex": complex, "math.sin": math.sin, "math.sqrt": math.sqrt,
    "math.floor": math.floor,
    "math.ceil": math.ceil, "math.pow": lambda x: math.pow(x, 2), "math.hypot": lambda x: math.hypot(x, 1.0),
    "math.fsum": lambda x: math.fsum([x]),
    "math.isclose": lambda x: math.isclose(x, 1.0), "cmath.exp": cmath.exp,
    "percent": lambda x: float("%.9f".__mod__((x,))),
    "array": lambda x: array.array("d", [x])[0], "after an operation": lambda x: float(2.0 * x + 1.0),
    "deep below": lambda x: float(deep(x)),
    "through an n-ary node": lambda x: float(autograd.sum([1.0, x, 2.0])),
    "through a product of vectors": lambda x: float(autograd.dot([1.0, x], [x, 2.0])),
    "through a checkpointed call": lambda x: float(checkpoint(lambda t: t * t)(x)),
}  # fmt: skip


COPIES = {
    "copy.copy": copy.copy, "copy.deepcopy": copy.deepcopy,
    "deepcopy of a list": lambda x: copy.deepcopy([1.0, x])[1],
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "pickle in a file": lambda x: pickle.dump({"x": x}, io.BytesIO()),
    "dataclasses.asdict": lambda x: dataclasses.asdict(Box(x))["x"],
    "dataclasses.astuple": lambda x: dataclasses.astuple(Box(x))[0],
    "to_json": lambda x: autograd.from_json(autograd.to_json(x)),
    "save": lambda x: autograd.save(x, "/nowhere/at/all.json"),
    "copy of what holds it as a gradient": lambda x: copy.deepcopy(held(x)).grad,
}  # fmt: skip
DERIVATIVES = {
    "gradients": lambda y, x: autograd.gradients(y, x), "gradients of several": lambda y,
    x: autograd.gradients(y, [x])[0],
    "adjoints": lambda y, x: autograd.adjoints(y)[x], "backward": lambda y, x: y.backward() or x.grad,
}  # fmt: skip


@dataclasses.dataclass
class Box:
    x: Value


def held(x: Value) -> Value:
    """A leaf with that gradient."""
    leaf = Value(1.0)
    leaf.grad = x
    return leaf


def labelled(t: Value) -> Value:
    """Give the argument a label."""
    if isinstance(t, Value):
        t.label = "t"
    return t


def deep(x: Value) -> Value:
    """A chain of ten thousand operations."""
    for _ in range(10_000):
        x = x + 0.001
    return x


def number(x: object) -> float:
    return x.real if isinstance(x, complex) else float(x)  # type: ignore[arg-type]


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_number_does_not_leave_a_function_that_is_differentiated(transform: str) -> None:
    said = r"asks for the number in a Value.*autograd\.sqrt\(x\).*x\.detach\(\) or x\.item\(\)"
    with pytest.raises(TracingError, match=rf"test_leaving.py:\d+ {said}"):
        TRANSFORMS[transform](lambda x: x * float(x), 1.5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("transform", ["grad", "jvp", "grad of grad"])
def test_no_way_out_is_open(way: str, transform: str) -> None:
    with pytest.raises(TracingError):
        TRANSFORMS[transform](lambda x: x * number(WAYS[way](x)), 1.5)
    assert math.isfinite(number(WAYS[way](Value(1.5))))  # outside, a number may leave


@pytest.mark.parametrize(
    "name", ["float64", "asarray", "array", "zeros", "isclose", "allclose", "array_equal"]
)
def test_no_way_out_through_numpy_is_open(name: str) -> None:
    np = pytest.importorskip("numpy")
    ways = {
        "float64": np.float64, "asarray": lambda x: np.asarray(x, float),
        "array": lambda x: np.array([x, x], float)[0],
        "zeros": lambda x: np.zeros(1).__setitem__(0, x) or 1.0, "isclose": lambda x: np.isclose(x, 1.0),
        "allclose": lambda x: np.allclose(1.0, x), "array_equal": lambda x: np.array_equal(a1=x, a2=1.0),
    }  # fmt: skip
    ways[name](Value(1.0))
    with pytest.raises(TracingError):
        grad(lambda x: x * float(ways[name](x)))(1.5)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("transform", ["grad", "jvp", "vjp", "hessian", "grad of grad", "checkpoint"])
def test_a_copy_of_what_depends_on_the_arguments_is_refused(way: str, transform: str) -> None:
    for before in (lambda x: x, lambda x: 2.0 * x, lambda x: autograd.dot([1.0, x], [x, 2.0])):
        said = r"a Value.* while the function is differentiated; .*Write x itself.*x\.detach\(\)"
        with pytest.raises(TracingError, match=rf"test_leaving.py:\d+ .*{said}"):
            TRANSFORMS[transform](lambda x: x * COPIES[way](before(x)), 1.5)


def test_what_does_not_depend_on_the_arguments_is_copied() -> None:
    import nn

    model, c = nn.Neuron(1), Value(3.0)

    def f(x: Value) -> Value:
        twin = copy.deepcopy(model)
        assert twin.parameters()[0].data == model.parameters()[0].data
        pickle.loads(pickle.dumps(twin))
        with no_grad():
            copy.copy(x * 2.0)
        copies = [
            copy.copy(c),
            copy.deepcopy(c * 2.0),
            pickle.loads(pickle.dumps(c)),
            autograd.from_json(autograd.to_json(c)),
            copy.copy(x.detach()),
        ]
        return x * sum(y.data for y in copies)

    assert grad(f)(1.5) == 3.0 + 6.0 + 3.0 + 3.0 + 1.5


@pytest.mark.parametrize("way", DERIVATIVES)
@pytest.mark.parametrize("transform", ["grad", "jvp", "vjp", "hessian", "grad of grad", "checkpoint"])
def test_derivatives_as_numbers_are_refused_where_they_depend_on_the_arguments(
    way: str, transform: str
) -> None:
    said = r"takes derivatives as numbers.*autograd\.grad\(f\)\(x\).*create_graph=True"
    with pytest.raises(TracingError, match=rf"test_leaving.py:\d+ {said}"):
        TRANSFORMS[transform](lambda x: x * DERIVATIVES[way](x**3, x), 1.5)
    assert DERIVATIVES[way]((x := Value(2.0)) ** 3, x) == 12.0


def test_derivatives_that_are_nodes_or_of_something_else_are_taken() -> None:
    assert grad(lambda x: autograd.gradients(x**3, x, create_graph=True))(2.0) == 12.0
    assert grad(lambda x: grad(lambda t: t**3)(x))(2.0) == 12.0
    w = Value(2.0)

    def derived(x: Value) -> Value:
        w.grad = 0.0
        (w**3).backward()
        return x * w.grad

    assert grad(derived)(1.5) == 12.0

    def constant(x: Value) -> Value:
        y = x**3
        with no_grad():  # says that a constant is meant
            return x.detach() * autograd.gradients(y, x) * 1.0 + y

    assert grad(lambda x: x * constant(x).item())(2.0) == 2.0 * 12.0 + 8.0


def test_a_compiled_loss_gives_no_numbers_that_depend_on_the_arguments() -> None:
    import nn

    p = Value(2.0)
    optimizer = nn.optim.SGD([p], lr=0.1)
    ways = {
        "call": lambda x: autograd.compile(lambda: p * x, [p])(),
        "call with x as parameter": lambda x: autograd.compile(lambda: p * x, [x])(),
        "value_and_grad": lambda x: autograd.compile(lambda: p * x, [p]).value_and_grad()[0],
        "what it closes over": lambda x: autograd.compile(lambda y=x * 2.0: p * y, [p])(),
        "train": lambda x: autograd.compile(lambda: p * x, [p]).train(optimizer, 2)[0],
    }  # fmt: skip
    for way in ways.values():
        with pytest.raises(TracingError, match="compiled loss while the function is differentiated"):
            grad(lambda x: x * way(x))(1.5)
    assert (p.data, p.grad) == (2.0, 0.0)
    step = autograd.compile(lambda: p * p, [p])
    assert grad(lambda x: x * step())(1.5) == 4.0  # depends on nothing
    assert grad(lambda x: x * autograd.compile(lambda t: t * t)(x))(2.0) == 12.0


def test_asking_for_many_numbers_visits_each_node_once(monkeypatch: pytest.MonkeyPatch) -> None:
    visited = 0
    parents = Value.parents.fget  # type: ignore[attr-defined]

    def counted(node: Value) -> tuple[Value, ...]:
        nonlocal visited
        visited += 1
        return parents(node)  # type: ignore[no-any-return]

    monkeypatch.setattr(autograd.node.Node, "parents", property(counted))

    def f(x: Value) -> Value:
        c = Value(1.0)
        for _ in range(500):
            c = c * 1.001
            x = x + float(c)
        return x

    for transform in ("grad", "jvp"):
        visited = 0
        TRANSFORMS[transform](f, 1.0)
        assert visited < 10 * 500


def test_what_is_remembered_of_a_call_stays_in_proportion_to_its_graphs() -> None:
    inputs = autograd.modes.Inputs([Value(1.0)])
    inputs._most = 100
    for _ in range(1000):
        y = Value(0.5)
        for _ in range(20):
            y = y * 1.5
        assert not inputs.reach(y)
        assert len(inputs._independent) <= 100
    for _ in range(200):
        y = y * 1.5
    assert not inputs.reach(y)
    assert y.parents[0] in inputs._independent
    assert len(inputs._independent) <= 4 * 222


@pytest.mark.parametrize(
    "ask",
    [
        statistics.fmean,
        copy.deepcopy,
        lambda xs: pickle.dumps(xs),
        lambda xs: random.Random(1).choices([1], [*map(float, xs)]),
    ],
)
def test_an_error_names_the_users_line(ask) -> None:
    with pytest.raises(TracingError, match=r"^\S*test_leaving.py:\d+ "):
        grad(lambda x: ask([x]) and x)(1.0)


def test_the_outer_variable_does_not_leave_an_inner_call() -> None:
    with pytest.raises(TracingError):
        grad(lambda a: grad(lambda t: t * float(a))(1.0) * a)(2.0)
    with pytest.raises(TracingError):
        jvp(lambda a: jvp(lambda t: t * math.sin(a * t), (1.0,), (1.0,))[1], (2.0,), (1.0,))
    with pytest.raises(TracingError):
        grad(lambda a: checkpoint(lambda t: t * float(a))(a))(2.0)


@pytest.mark.parametrize(
    "transform", ["grad", "jvp", "vjp", "jacobian", "hessian", "hvp", "checkpoint", "grad of grad"]
)
def test_what_is_meant_or_does_not_depend_on_the_arguments_leaves(transform: str) -> None:
    c = Value(3.0)
    computed = c * 2.0

    def f(x: Value) -> Value:
        with no_grad():
            y = float(x * 2.0)
        known = (
            float(x.detach())
            + x.item()
            + x.data
            + float(Value(2.0))
            + float(Value(2.0) * 3.0)
            + float(c)
            + math.sin(computed)
        )
        return x * x * (known + y)

    TRANSFORMS[transform](f, 1.5)
    assert grad(f)(1.5) == pytest.approx(3.0 * (4.5 + 2.0 + 6.0 + 3.0 + math.sin(6.0) + 3.0))


def test_printing_comparing_and_branching_stay_possible(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Value) -> Value:
        print(x, f"{x}", f"{x:.3f}", f"{x * 2.0:8.2e}", repr(x), str(x), f"{x!r}")
        if x and x > 1.0 and x == 1.5 and x != 2 and not x < 0.0 and x in [1.5]:
            return x * random.Random(0).gauss(x, 0.0)
        return x

    assert grad(f)(1.5) == pytest.approx(3.0)
    assert hessian(f)(1.5) == pytest.approx(2.0)
    assert "1.500" in capsys.readouterr().out


def test_hooks_and_anomaly_mode_look_at_numbers() -> None:
    seen: list[float] = []

    def f(x: Value) -> Value:
        y = x * x
        y.register_hook(lambda g: seen.append(float(g)))
        return y * x

    assert hessian(f)(3.0) == 18.0
    assert seen == [3.0]
    with autograd.detect_anomaly():
        assert hessian(lambda x: autograd.sin(x) * x)(1.0) == pytest.approx(2 * math.cos(1.0) - math.sin(1.0))
        assert grad(grad(lambda x: x * x * x))(2.0) == 12.0


def test_a_custom_rule_that_drops_the_graph_is_right_to_first_order_and_refused_beyond() -> None:
    sine = custom_op("leaving_sine", math.sin, lambda y, x: (math.cos(x),))
    assert grad(sine)(1.0) == math.cos(1.0)
    for higher in (
        lambda: hessian(sine)(1.0),
        lambda: grad(grad(sine))(1.0),
        lambda: sine(Value(1.0)).backward(create_graph=True),
    ):
        with pytest.raises(TracingError, match=r"autograd\.sqrt"):
            higher()


def test_after_an_error_numbers_leave_again() -> None:
    x = Value(1.0)
    with pytest.raises(TracingError):
        grad(lambda t: t * float(t))(1.0)
    assert float(x) == 1.0
    assert math.exp(x * 0.0) == 1.0
    assert x.grad == 0.0


def test_a_loss_that_refuses_its_input_says_so_within_grad() -> None:
    import nn

    with pytest.raises(ValueError, match=r"probabilities in \[0, 1\], got 1.5"):
        grad(lambda p: nn.losses.binary_cross_entropy([p], [1]))(1.5)
