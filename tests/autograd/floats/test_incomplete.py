"""The incomplete gamma and beta functions for parameters of all sizes, beside series of hundreds of bits."""

from __future__ import annotations

import itertools
import math
import random

import mpmath as mp
import pytest
import reference

import autograd
from autograd import Value, betainc, gammainc, gammaincc, grad, ops
from autograd.testing import oracle

BOUND = 4.0
PARTS = {"small": (-30.0, 1.0), "ordinary": (-2.0, 5.0), "large": (5.0, 10.0)}
TEXT = "must be a number, not a Value: there is no derivative for it"


def gamma_point(rng: random.Random, kind: str) -> tuple[float, float]:
    a = 2.0 ** rng.uniform(*PARTS[kind])
    x = 2.0 ** rng.uniform(-40.0, 4.0) if kind == "small" else a + rng.gauss(0.0, 4.0) * math.sqrt(a)
    return a, max(x, 1e-3 * a)


@pytest.mark.parametrize("kind", PARTS)
def test_parts_of_the_gamma_function(kind: str) -> None:
    rng = random.Random(kind)
    for _ in range(60):
        a, x = gamma_point(rng, kind)
        with mp.workprec(900):
            lower = oracle.REFERENCE["gammainc"](mp.mpf(x), mp.mpf(a))
            density = oracle.REFERENCE["gamma_density"](mp.mpf(x), mp.mpf(a), 0)
            for got, exact in (
                (gammainc(a, x), lower), (gammaincc(a, x), 1 - lower),
                (ops.gamma_density.value(x, a, 0.0), density),
            ):  # fmt: skip
                assert exact < 1e-100 or reference.ulps(got, exact) <= BOUND, (a, x, got)


@pytest.mark.parametrize("kind", PARTS)
def test_parts_of_the_beta_function(kind: str) -> None:
    rng = random.Random(kind)
    for _ in range(60):
        a, b = (2.0 ** rng.uniform(max(PARTS[kind][0], -10.0), min(PARTS[kind][1], 9.0)) for _ in range(2))
        x = min(max(rng.gauss(a / (a + b), 1.0 / math.sqrt(a + b + 1.0)), 1e-6), 1.0 - 1e-6)
        with mp.workprec(900):
            exact = oracle.REFERENCE["betainc"](mp.mpf(x), mp.mpf(a), mp.mpf(b))
            density = oracle.REFERENCE["beta_density"](mp.mpf(x), mp.mpf(a), mp.mpf(b), 0)
            assert exact < 1e-100 or reference.ulps(betainc(a, b, x), exact) <= BOUND, (a, b, x)
            assert reference.ulps(ops.beta_density.value(x, a, b, 0.0), density) <= BOUND, (a, b, x)


def test_ends_and_what_is_beyond_them() -> None:
    assert (gammainc(2.5, 0.0), gammainc(2.5, math.inf)) == (0.0, 1.0)
    assert (gammaincc(2.5, 0.0), gammaincc(2.5, math.inf)) == (1.0, 0.0)
    assert (betainc(2.0, 3.0, 0.0), betainc(2.0, 3.0, 1.0)) == (0.0, 1.0)
    for value in (gammainc(-1.0, 2.0), gammainc(2.0, -1.0), betainc(2.0, 3.0, 1.5), betainc(0.0, 3.0, 0.5)):
        assert math.isnan(value)
    for x in (0.9995e7, 1e7, 1.0005e7):  # where the series ends and the normal law begins
        assert gammainc(1e7, x) == pytest.approx(gammainc(math.nextafter(1e7, 2e7), x), rel=3e-12)
    assert gammainc(1e9, 1e9) == pytest.approx(0.5 + 1.0 / math.sqrt(2e9 * math.pi) / 3.0, rel=1e-12)


def test_parts_of_parameters_beyond_thousands_and_far_from_the_middle() -> None:
    for a, x in ((3e3, 2.2e3), (8e3, 1.1e4), (1e5, 9.2e4), (3e5, 3.004e5)):
        with mp.workprec(900):
            exact = oracle.REFERENCE["gammainc"](mp.mpf(x), mp.mpf(a))
            assert reference.ulps(gammainc(a, x), exact) <= BOUND, (a, x)
            assert reference.ulps(gammaincc(a, x), 1 - exact) <= BOUND, (a, x)
    for a, b, x in ((5e3, 40.0, 0.985), (4e3, 9e3, 0.28), (2e4, 2e4, 0.51)):
        with mp.workprec(900):
            exact = oracle.REFERENCE["betainc"](mp.mpf(x), mp.mpf(a), mp.mpf(b))
            assert reference.ulps(betainc(a, b, x), exact) <= BOUND, (a, b, x)


def test_parts_of_the_beta_function_of_huge_parameters() -> None:
    for a, b in ((1e7, 1e7), (1e7, 3e8)):  # where the series ends and the normal law begins
        middle, deviation = a / (a + b), math.sqrt(a * b / (a + b) ** 3)
        for k in (-9.0, -2.0, -0.1, 0.0, 1.5):
            x = middle + k * deviation
            beyond = betainc(math.nextafter(a, math.inf), math.nextafter(b, math.inf), x)
            assert betainc(a, b, x) == pytest.approx(beyond, rel=1e-8), (a, b, k)
    for a in (3.0, 1e6):  # and the gamma function
        x = a / 1e15
        assert betainc(a, 1e15, x) == pytest.approx(betainc(a, 1.0000001e15, x / 1.0000001), rel=1e-12)
        assert betainc(a, 1e200, a / 1e200) == pytest.approx(gammainc(a, a), rel=1e-12)
        assert betainc(1e17, a, 1.0 - 1e-15 * a) == pytest.approx(gammaincc(a, 100.0 * a), abs=1e-15)
    assert betainc(1e300, 1e300, 0.5) == 0.5
    assert (betainc(1e300, 1e300, 0.49), betainc(0.5, 1e300, 1e-30)) == (0.0, 1.0)


@pytest.mark.parametrize("order", range(1, 7))
def test_derivatives_in_x_of_every_order(order: int) -> None:
    functions = {
        "gammainc": (lambda x: gammainc(2.5, x), (2.5,), 1.7),
        "gammaincc": (lambda x: gammaincc(3.0, x), (3.0,), 0.6),
        "betainc": (lambda x: betainc(2.0, 0.7, x), (2.0, 0.7), 0.3),
    }
    for name, (f, constants, x) in functions.items():
        derivative = f
        for _ in range(order):
            derivative = grad(derivative)
        with mp.workdps(80):
            exact = mp.diff(lambda t, n=name, c=constants: oracle.REFERENCE[n](t, *c), mp.mpf(x), order)
        assert derivative(x) == pytest.approx(float(exact), rel=1e-12), name


@pytest.mark.parametrize("call", [
    lambda v: gammainc(v, 2.0), lambda v: gammaincc(v, v), lambda v: betainc(v, 1.0, 0.5),
    lambda v: betainc(1.0, v, v),
])  # fmt: skip
def test_a_parameter_is_a_number(call) -> None:
    with pytest.raises(TypeError, match=TEXT):
        call(Value(0.5))
    with pytest.raises(TypeError, match=TEXT):
        autograd.grad(call)(0.5)


@pytest.mark.parametrize("order", [1.0, 3.0])
def test_derivatives_of_densities_whose_parameters_reach_the_ends_of_the_range(order: float) -> None:
    for x, pair in itertools.product((1e-300, 0.5), itertools.combinations([0.5, 1e15, 1e300], 2)):
        for a, b in (pair, pair[::-1], (pair[1], pair[1])):
            got = ops.beta_density.value(x, a, b, order)
            with mp.workprec(4500):
                exact = oracle.REFERENCE["beta_density"](mp.mpf(x), mp.mpf(a), mp.mpf(b), order)
            assert reference.ulps(got, exact) <= BOUND, (x, a, b, got)
