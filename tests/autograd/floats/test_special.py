"""Special functions against mpmath: where algorithms change, at the ends of the range, next to poles."""

import math
import random

import mpmath as mp
import pytest
import reference

import autograd
from autograd import Value, ops
from autograd.backward import gradients

INF = math.inf


def around(points, count=3):
    """Each point, its neighbours, and points nearer and nearer to it on both sides."""
    rng = random.Random(1)
    for x in points:
        yield from (x, math.nextafter(x, INF), math.nextafter(x, -INF))
        yield from (x * (1.0 + way * 2.0 ** -rng.uniform(2, 50)) for way in (1.0, -1.0) for _ in range(count))


def ulps(got, exact):
    return reference.ulps(got, exact)


SEAMS = (
    5e-324, 1e-310, 1e-300, 3e-300, 1e-160, 1e-17, 0.5, 1.0, 1.4616321449683622, 1.5, 2.0, 2.5, 3.0, 16.0,
    20.0, 100.0, 139.0, 140.0, 171.0, 171.62,
)  # fmt: skip
POLES = (-1.0, -2.0, -3.0, -20.0, -100.0, -150.0, -170.0, -177.0, -184.0)


@pytest.mark.parametrize("name", ["gamma", "trigamma", "digamma"])
def test_the_gamma_function_and_its_kin(name):
    op = ops.TABLE[name]
    points = [*around(SEAMS), *(-x for x in around(SEAMS)), *around(POLES), *around([x - 0.5 for x in POLES])]
    for x in points:
        if x <= 0.0 and x == math.floor(x):
            continue
        with mp.workprec(400):
            exact = {
                "gamma": mp.gamma, "digamma": mp.digamma, "trigamma": lambda t: mp.psi(1, t)
            }[name](mp.mpf(x))  # fmt: skip
        error = ulps(op(x), exact)
        assert error <= 2.0, (x, op(x), float(exact), error)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5, 12, 40])
def test_polygamma_of_every_order_on_both_sides_of_its_poles(order):
    points = [*around((1e-100, 0.3, 1.0, 7.5, 100.0, 1e15), 1), *(-0.5 - 0.97 * k for k in range(30)), -1e-9]
    points += [-1.0 + 1e-7, -3.0 - 1e-7, -100.25, -5000.75]
    for x in points:
        with mp.workprec(600):
            z = mp.mpf(x)
            exact = mp.psi(order, z if x > 0.0 else 1 - z)
            if x < 0.0:
                exact *= -1 if order % 2 else 1
                exact -= mp.pi * mp.diff(lambda t: mp.cot(mp.pi * t), z, order)
        error = ulps(autograd.polygamma(order, x), exact)
        assert error <= 2.0, (x, autograd.polygamma(order, x), float(exact), error)


def test_special_values_of_the_gamma_function():
    assert [autograd.gamma(float(n)) for n in range(1, 24)] == [
        float(math.factorial(n - 1)) for n in range(1, 24)
    ]
    assert autograd.gamma(171.7) == autograd.gamma(INF) == autograd.gamma(0.0) == INF
    assert autograd.gamma(-0.0) == -INF
    assert all(math.isnan(autograd.gamma(x)) for x in (-1.0, -170.0, -1e300, -INF, math.nan))
    assert autograd.gamma(-200.5) == 0.0
    assert math.copysign(1.0, autograd.gamma(-201.5)) == 1.0
    assert math.copysign(1.0, autograd.gamma(-200.5)) == -1.0


SIZES = (
    5e-324, 1e-300, 1e-150, 1e-20, 0.01, 0.5, 1.0, 1.5, 9.0, 10.0, 29.9, 30.1, 70.0, 99.5, 400.0, 1e5, 1e13,
    1e100, 1e300,
)  # fmt: skip


@pytest.mark.parametrize("name", ["beta", "betaln"])
def test_the_beta_function_at_all_sizes(name):
    rng = random.Random(name)
    pairs = [(a, b) for a in SIZES for b in SIZES]
    pairs += [(rng.uniform(0.0, 60.0), rng.uniform(0.0, 60.0)) for _ in range(100)]
    pairs += [(rng.uniform(50.0, 500.0), 10.0 ** rng.uniform(-3.0, 3.0)) for _ in range(200)]
    for a, b in pairs:
        with mp.workprec(4000 if max(a, b) > 1e50 or min(a, b) < 1e-50 else 400):
            ln = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(mp.mpf(a) + b)
            exact = ln if name == "betaln" else mp.exp(ln)
        error = ulps(ops.TABLE[name](a, b), exact)
        assert error <= 2.0, (a, b, ops.TABLE[name](a, b), float(exact), error)


def test_the_beta_function_has_no_value_but_for_positive_numbers():
    assert autograd.beta(0.0, 1.0) == autograd.beta(2.0, 0.0) == autograd.betaln(0.0, 3.0) == INF
    assert autograd.beta(INF, 1.0) == 0.0
    assert autograd.betaln(INF, 1.0) == -INF
    assert all(math.isnan(f(-0.5, 2.0)) for f in (autograd.beta, autograd.betaln))


INSIDE = (5e-324, 1e-310, 1e-300, 1e-200, 1e-20, 1e-3, 0.1, 0.3, 0.5, 0.7)


@pytest.mark.parametrize("name", ["erfinv", "erfcinv", "normal_quantile"])
def test_the_inverses_of_the_error_functions(name):
    op, end = ops.TABLE[name], 2.0 if name == "erfcinv" else 1.0
    points = [x for x in around(INSIDE) if 0.0 < x < 1.0]
    points += [end - x for x in points if end - x < end]
    points += [-x for x in points] if name == "erfinv" else []
    for x in points:
        exact = reference.value(name, (x,))
        error = ulps(op(x), exact)
        assert error <= 2.0, (x, op(x), float(exact), error)
        (slope,) = op.local(op(x), (x,))
        exact = reference.derivative(name, 0, (x,), 1)
        assert ulps(slope, exact) <= 4.0, (x, slope, float(exact))


def test_inverses_undo_the_functions():
    for k in range(1, 60):
        p = k / 60.0
        assert math.erf(autograd.erfinv(p)) == pytest.approx(p, rel=1e-15)
        assert autograd.normal_cdf(autograd.normal_quantile(p)) == pytest.approx(p, rel=1e-15)
        x = Value(p)
        assert gradients(x.erfinv().erf(), x) == pytest.approx(1.0, rel=1e-14)
        assert gradients(autograd.normal_cdf(x.normal_quantile()), x) == pytest.approx(1.0, rel=1e-14)
