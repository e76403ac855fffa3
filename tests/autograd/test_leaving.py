"""Where a number may leave the graph, and where that would make a derivative silently zero and raises."""

from __future__ import annotations

import array
import cmath
import math
import random

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
    "float": float, "int": int, "complex": complex, "math.sin": math.sin, "math.sqrt": math.sqrt, "math.floor": math.floor,
    "math.ceil": math.ceil, "math.pow": lambda x: math.pow(x, 2), "math.hypot": lambda x: math.hypot(x, 1.0), "math.fsum": lambda x: math.fsum([x]),
    "math.isclose": lambda x: math.isclose(x, 1.0), "cmath.exp": cmath.exp, "percent": lambda x: float("%.9f".__mod__((x,))),
    "array": lambda x: array.array("d", [x])[0], "after an operation": lambda x: float(2.0 * x + 1.0),
    "deep below": lambda x: float(deep(x)), "through an n-ary node": lambda x: float(autograd.sum([1.0, x, 2.0])),
    "through a product of vectors": lambda x: float(autograd.dot([1.0, x], [x, 2.0])),
    "through a checkpointed call": lambda x: float(checkpoint(lambda t: t * t)(x)),
}  # fmt: skip


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
    with pytest.raises(TracingError, match=r"test_leaving.py:\d+ asks for the number in a Value.*autograd\.sqrt\(x\).*x\.detach\(\) or x\.item\(\)"):
        TRANSFORMS[transform](lambda x: x * float(x), 1.5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("transform", ["grad", "jvp", "grad of grad"])
def test_no_way_out_is_open(way: str, transform: str) -> None:
    with pytest.raises(TracingError):
        TRANSFORMS[transform](lambda x: x * number(WAYS[way](x)), 1.5)
    assert math.isfinite(number(WAYS[way](Value(1.5))))  # outside, a number may leave


@pytest.mark.parametrize("name", ["float64", "asarray", "array", "zeros", "isclose", "allclose", "array_equal"])
def test_no_way_out_through_numpy_is_open(name: str) -> None:
    np = pytest.importorskip("numpy")
    ways = {
        "float64": np.float64, "asarray": lambda x: np.asarray(x, float), "array": lambda x: np.array([x, x], float)[0],
        "zeros": lambda x: np.zeros(1).__setitem__(0, x) or 1.0, "isclose": lambda x: np.isclose(x, 1.0),
        "allclose": lambda x: np.allclose(1.0, x), "array_equal": lambda x: np.array_equal(a1=x, a2=1.0),
    }  # fmt: skip
    ways[name](Value(1.0))
    with pytest.raises(TracingError):
        grad(lambda x: x * float(ways[name](x)))(1.5)


def test_the_outer_variable_does_not_leave_an_inner_call() -> None:
    with pytest.raises(TracingError):
        grad(lambda a: grad(lambda t: t * float(a))(1.0) * a)(2.0)
    with pytest.raises(TracingError):
        jvp(lambda a: jvp(lambda t: t * math.sin(a * t), (1.0,), (1.0,))[1], (2.0,), (1.0,))
    with pytest.raises(TracingError):
        grad(lambda a: checkpoint(lambda t: t * float(a))(a))(2.0)


@pytest.mark.parametrize("transform", ["grad", "jvp", "vjp", "jacobian", "hessian", "hvp", "checkpoint", "grad of grad"])
def test_what_is_meant_or_does_not_depend_on_the_arguments_leaves(transform: str) -> None:
    c = Value(3.0)
    computed = c * 2.0

    def f(x: Value) -> Value:
        with no_grad():
            y = float(x * 2.0)
        known = float(x.detach()) + x.item() + x.data + float(Value(2.0)) + float(Value(2.0) * 3.0) + float(c) + math.sin(computed)
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
    for higher in (lambda: hessian(sine)(1.0), lambda: grad(grad(sine))(1.0), lambda: sine(Value(1.0)).backward(create_graph=True)):
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
