"""The order of polygamma's arguments, wherever it is called, written or read: order first, as in SciPy and
PyTorch."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import pytest

import autograd
from autograd import Value, ops
from autograd.cli.expression import parse_expression
from autograd.errors import UsageError
from autograd.testing import check_grads
from autograd.testing.oracle import derivative, value

CASES = [(n, x) for n in (0, 1, 2, 3, 5) for x in (0.1, 1.0, 2.5, 30.0, -0.3)]


def exact(n: int, x: float) -> float:
    """The polygamma function by mpmath."""
    return float(mpmath.re(mpmath.psi(n, mpmath.mpf(x))))


@pytest.mark.parametrize(("n", "x"), CASES)
def test_the_order_comes_first_in_every_call(n: int, x: float) -> None:
    wanted, slope = pytest.approx(exact(n, x), rel=1e-12), pytest.approx(exact(n + 1, x), rel=1e-12)
    assert autograd.polygamma is ops.polygamma is ops.TABLE["polygamma"]
    assert ops.polygamma(n, x) == ops.polygamma(float(n), x) == ops.polygamma(x, order=n) == wanted
    node = Value(x)
    for y in (ops.polygamma(n, node), ops.polygamma(node, order=n)):
        assert y.data == wanted
        assert y.local_grads[0] == slope
    assert autograd.grad(lambda t: ops.polygamma(n, t))(x) == slope
    assert autograd.jvp(lambda t: ops.polygamma(n, t), (x,), (1.0,))[1] == slope
    assert autograd.hessian(lambda t: ops.polygamma(n, t))(x) == pytest.approx(exact(n + 2, x), rel=1e-11)
    assert parse_expression(f"polygamma({n}, x)").evaluate({"x": x}) == wanted


def test_it_agrees_with_scipy_and_torch() -> None:
    special = pytest.importorskip("scipy.special")
    for n, x in CASES:
        if n and x > 0.0:
            assert ops.polygamma(n, x) == pytest.approx(float(special.polygamma(n, x)), rel=1e-9)


def test_it_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    for n, x in CASES:
        if n and x > 0.0:
            assert ops.polygamma(n, x) == pytest.approx(
                float(torch.polygamma(n, torch.tensor(x, dtype=torch.float64))), rel=1e-6
            )


@pytest.mark.parametrize("backend", ["numpy", "c", "python"])
def test_it_compiles(backend: str) -> None:
    if backend != "python":
        pytest.importorskip("numpy")
    if backend == "c":
        from autograd.compiler.backends.c.toolchain import find_compiler

        if find_compiler() is None:
            pytest.skip("no C compiler")
    w = Value(2.5)
    step = autograd.compile(lambda: 1.0 * ops.polygamma(2, w), [w], backend=backend)
    assert float(step()) == pytest.approx(exact(2, 2.5), rel=1e-12)
    assert w.grad == pytest.approx(exact(3, 2.5), rel=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.polygamma(x, 1), lambda x: ops.polygamma(x, 1.0), lambda x: ops.polygamma(x, x),
        lambda x: ops.polygamma(x, order=x),
        lambda x: autograd.grad(lambda t: ops.polygamma(t, 1))(0.5),
        lambda x: autograd.jvp(lambda t: ops.polygamma(t, 2), (2.0,), (1.0,)),
        lambda x: ops.polygamma(1, 2, x), lambda x: ops.polygamma(1, x, order=1), lambda x: ops.polygamma(),
    ],
)  # fmt: skip
def test_a_node_as_order_and_a_wrong_count_raise(call) -> None:
    with pytest.raises(TypeError, match=r"polygamma\("):
        call(Value(2.0))


@pytest.mark.parametrize(
    "wrong", [0.5, -1, -1.0, 2.5, math.inf, math.nan, 1e-300, Fraction(5, 2), 10**400, 1.0000000001]
)
def test_an_order_that_is_none_raises(wrong: float) -> None:
    for x in (1.0, Value(1.0)):
        with pytest.raises(
            ValueError, match=r"polygamma\(order, x\) takes as its order a whole number from 0"
        ):
            ops.polygamma(wrong, x)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int64"])
def test_orders_of_numpy_are_checked_alike(kind: str) -> None:
    number = getattr(pytest.importorskip("numpy"), kind)
    for x in (1.0, Value(1.0)):
        assert ops.polygamma(number(3), x) == ops.polygamma(3, 1.0)
        for f, wrong in (
            (ops.polygamma, -1),
            (ops.polygamma, 2.5),
            (lambda n, x: ops.round(x, n), 2.5),
            (lambda n, x: ops.round(x, n), 500),
        ):
            if number(wrong) == wrong:
                with pytest.raises(ValueError, match=f"a whole number from .* to .*, got {wrong}"):
                    f(number(wrong), x)


def test_a_forgotten_operand_is_not_taken_for_an_order() -> None:
    with pytest.raises(
        TypeError,
        match=r"polygamma\(order, x\) takes its order first, then what it is applied to; got 3 alone",
    ):
        ops.polygamma(3)
    for call in (lambda: ops.polygamma(order=3), lambda: ops.polygamma()):
        with pytest.raises(TypeError, match=r"polygamma\(\) takes 2 operands, got 1"):
            call()
    assert ops.polygamma(Value(2.5)).data == ops.polygamma(2.5) == ops.polygamma(1, 2.5)



def test_the_command_line_says_where_the_order_belongs() -> None:
    with pytest.raises(UsageError, match=r"the order of polygamma\(order, x\) must be a number"):
        parse_expression("polygamma(x, 1)").evaluate({"x": Value(2.0)})


def test_every_language_writes_the_order_first() -> None:
    x = Value(2.0, label="x")
    y = ops.polygamma(3, x)
    assert "polygamma(3, x)" in y.explain(wrt=x, style="text").to("text")
    assert r"\psi^{(3)}(x)" in y.explain(wrt=x).to("latex")
    with pytest.raises(autograd.AnomalyError, match=r"polygamma\(3.0, 0.0\)"), autograd.detect_anomaly():
        ops.polygamma(3, Value(0.0))


def test_its_derivatives_are_right_by_the_oracle() -> None:
    rng = random.Random(5)
    for _ in range(20):
        n, x = rng.randrange(4), rng.uniform(0.1, 9.0)
        assert ops.polygamma(n, x) == pytest.approx(float(value(ops.polygamma, [x, float(n)])), rel=1e-13)
        assert ops.polygamma(n + 1, x) == pytest.approx(
            float(derivative(ops.polygamma, [x, float(n)], 0)), rel=1e-12
        )
    assert check_grads(lambda t: ops.polygamma(2, t), (1.7,), order=2)
