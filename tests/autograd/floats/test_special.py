"""Special functions against mpmath: where algorithms change, at the ends of the range, next to poles."""

import math
import os
import random
from functools import cache

import mpmath as mp
import pytest
import reference

import autograd
from autograd import Value, ops
from autograd.backward import gradients

INF = math.inf
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


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


@cache
def _cotangent(order):
    """Give its derivative of that order as a polynomial in the cotangent."""
    polynomial = [1, 0]
    for _ in range(order):
        degree = len(polynomial) - 1
        slope = [-c * (degree - k) for k, c in enumerate(polynomial[:-1])]
        polynomial = [a + b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return polynomial


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5, 12, 40])
def test_polygamma_of_every_order_on_both_sides_of_its_poles(order):
    points = [*around((1e-100, 0.3, 1.0, 7.5, 100.0, 1e15), 1), *(-0.5 - 0.97 * k for k in range(30)), -1e-9]
    points += [-1.0 + 1e-7, -3.0 - 1e-7, -100.25, -5000.75]
    for x in points:
        with mp.workprec(300):
            z = mp.mpf(x)
            exact = mp.psi(order, z if x > 0.0 else 1 - z)
            if x < 0.0:
                exact *= -1 if order % 2 else 1
                exact -= mp.pi ** (order + 1) * mp.polyval(_cotangent(order), mp.cot(mp.pi * z))
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


@cache
def _exact_beta(a, b):
    """Give the logarithm of the beta function and itself, with the bits of both operands and more."""
    with mp.workprec(300 + abs(math.frexp(a)[1]) + abs(math.frexp(b)[1])):
        ln = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(mp.mpf(a) + b)
        return ln, mp.exp(ln)


@pytest.mark.parametrize("name", ["beta", "betaln"])
def test_the_beta_function_at_all_sizes(name):
    rng = random.Random(7)  # the same pairs for both
    pairs = [(a, b) for a in SIZES for b in SIZES]
    pairs += [(rng.uniform(0.0, 60.0), rng.uniform(0.0, 60.0)) for _ in range(100)]
    pairs += [(rng.uniform(50.0, 500.0), 10.0 ** rng.uniform(-3.0, 3.0)) for _ in range(200)]
    for a, b in pairs:
        ln, value = _exact_beta(min(a, b), max(a, b))
        exact = ln if name == "betaln" else value
        error = ulps(ops.TABLE[name](a, b), exact)
        assert error <= 2.0, (a, b, ops.TABLE[name](a, b), float(exact), error)


def _exact_beta_slope(a, b, order):
    """Derivative of the beta function in its first operand, with the bits of both operands and more."""
    x, z = mp.mpf(a), mp.mpf(b)
    with mp.workprec(300 + abs(math.frexp(a)[1]) + abs(math.frexp(b)[1])):
        falls = [mp.psi(k, x) - mp.psi(k, x + z) for k in range(order)]
        value = mp.exp(mp.loggamma(x) + mp.loggamma(z) - mp.loggamma(x + z))
        return value * (falls[0] if order == 1 else falls[0] ** 2 + falls[1])


def test_slopes_of_the_beta_function_over_the_whole_range_of_doubles():
    rng = random.Random(16)
    pairs = [(1e300, 1e-300), (1e-300, 1e300), (1e300, 1e300), (1e-154, 1e-310), (5e-324, 3.0), (2.0, 1e-308)]
    pairs += [(2.0 ** rng.uniform(-1000, 1000), 2.0 ** rng.uniform(-1000, 1000)) for _ in range(10)]
    pairs += [(2.0 ** rng.uniform(-4, 12), 2.0 ** rng.uniform(-4, 12)) for _ in range(10)]
    for a, b in pairs:
        x, z = Value(a), Value(b)
        y = autograd.beta(x, z)
        slope = gradients(y, x, create_graph=True)
        for got, first, second, order in (
            (slope.data, a, b, 1), (gradients(y, z), b, a, 1), (gradients(slope, x), a, b, 2),
        ):  # fmt: skip
            exact = _exact_beta_slope(first, second, order)
            assert ulps(got, exact) <= 4.0, (a, b, order, got, float(exact))
    x = Value(1e300)
    assert gradients(autograd.beta(x, 1e-300), x) == -1e-300


def test_mixed_slopes_of_the_beta_function_next_to_zero():
    """There they are integrals of logarithms (DLMF 5.12.1), which do not change any more."""
    with mp.workprec(200):
        limits = {
            (1.0, 1.0): 2 * mp.zeta(3), (2.0, 1.0): -mp.pi**4 / 36, (1.0, 2.0): -mp.pi**4 / 36,
        }  # fmt: skip
    for (first, second), exact in limits.items():
        for a in (1e-300, 1e-60, 1e-20):
            for b in (1e-310, 1e-59, 1e-18):
                got = ops.TABLE["beta_derivative"](a, b, first=first, second=second)
                assert ulps(got, exact) <= 4.0, (first, second, a, b, got)


def test_the_beta_function_has_no_value_but_for_positive_numbers():
    assert autograd.beta(0.0, 1.0) == autograd.beta(2.0, 0.0) == autograd.betaln(0.0, 3.0) == INF
    assert autograd.beta(INF, 1.0) == 0.0
    assert autograd.betaln(INF, 1.0) == -INF
    assert all(math.isnan(f(-0.5, 2.0)) for f in (autograd.beta, autograd.betaln))


INSIDE = (5e-324, 1e-310, 1e-300, 1e-200, 1e-20, 1e-3, 0.1, 0.3, 0.5, 0.7)


@pytest.mark.parametrize("name", ["erfinv", "erfcinv", "normal_quantile"])
def test_the_inverses_of_the_error_functions(name):
    op, end = ops.TABLE[name], 2.0 if name == "erfcinv" else 1.0
    points = [x for x in around(INSIDE, 3 if NIGHTLY else 1) if 0.0 < x < 1.0]
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


# Bessel functions.


@cache
def _bessel(kind, order, x):
    """Bessel function, whose values several derivatives share."""
    return kind(order, mp.mpf(x))


def bessel(kind, order, slope, x):
    """Derivative of a Bessel function as a sum of functions of other orders (DLMF 10.6.7)."""
    with mp.workprec(300):
        total = mp.mpf(0)
        for k in range(slope + 1):
            n = order - slope + 2 * k
            sign = (-1) ** k * ((-1) ** n if n < 0 else 1)
            total += sign * mp.binomial(slope, k) * _bessel(kind, abs(n), x)
        return total / 2**slope


J_ZEROS = (
    2.404825557695773,
    3.8317059702075125,
    5.520078110286311,
    7.015586669815619,
    8.653727912911013,
    24.352471530749302,
)
Y_ZEROS = (
    0.8935769662791675,
    2.197141326031017,
    3.957678419314858,
    5.429681040794135,
    7.086051060301773,
    24.3,
)
NEAR = (5e-324, 1e-310, 1e-300, 1e-160, 1e-155, 1e-100, 9.9e-11, 1.1e-10, 9.9e-9, 1.1e-8, 1e-3)
FAR = (24.99, 25.0, 26.7, 99.0, 1e3, 1e5)


@pytest.mark.parametrize(("order", "slope"), [(0, 0), (1, 0), (1, 1), (0, 2), (1, 2), (1, 3), (3, 0), (2, 4)])
@pytest.mark.parametrize("name", ["jn_derivative", "yn_derivative"])
def test_bessel_functions_are_right_next_to_their_zeros_and_at_the_ends(name, order, slope):
    """Up to 25 relatively, but for 1e-15; beyond, of the amplitude of the waves."""
    op = ops.TABLE[name]
    zeros = J_ZEROS if name[0] == "j" else Y_ZEROS
    points = [*around(zeros, 2), *around(FAR, 1), *(NEAR if name[0] == "j" else NEAR[6:])]
    for x in points:
        exact = bessel(mp.besselj if name[0] == "j" else mp.bessely, order, slope, x)
        got = op(x, order=float(order), slope=float(slope))
        scale = mp.sqrt(2 / (mp.pi * x)) if x >= 25.0 else 1e-15
        assert reference.ulps(got, exact, scale) <= 2.0, (x, got, float(exact))


@pytest.mark.parametrize("name", ["y0", "y1"])
def test_derivatives_of_y_next_to_zero_are_infinities_of_their_signs(name):
    for start in (1e-300, 1e-310, 5e-324):
        x = Value(start)
        y = ops.TABLE[name](x)
        for n in range(1, 5):
            y = gradients(y, x, create_graph=True)
            want = (1.0 if n % 2 else -1.0) * (INF if n > 1 or name == "y1" or start < 3e-309 else 1.0)
            assert y.data == want or (want == 1.0 and y.data == pytest.approx(2.0 / math.pi / start)), (
                n,
                start,
            )
    for start in (1e-60, 1e-70):
        x = Value(start)
        y = ops.TABLE[name](x)
        for n in range(1, 4):
            y = gradients(y, x, create_graph=True)
            power = n if name == "y0" else n + 1
            want = -2.0 / math.pi * math.factorial(power - 1) * (-1.0) ** power * start**-power
            want *= 1.0 if name == "y0" else -1.0
            assert y.data == pytest.approx(want, rel=1e-14)


def test_bessel_functions_at_both_infinities_at_zero_and_below():
    for f in (autograd.j0, autograd.j1, autograd.y0, autograd.y1, autograd.i0e, autograd.i1e):
        assert f(INF) == 0.0
        assert math.isnan(f(math.nan))
    assert (autograd.j0(0.0), autograd.j1(0.0), autograd.i0(0.0), autograd.i1(0.0)) == (1.0, 0.0, 1.0, 0.0)
    assert autograd.y0(0.0) == autograd.y1(0.0) == autograd.yn(4, 0.0) == -INF
    assert all(math.isnan(f(-1.0)) for f in (autograd.y0, autograd.y1))
    assert autograd.j0(-2.5) == autograd.j0(2.5)
    assert autograd.j1(-2.5) == -autograd.j1(2.5)
    assert autograd.jn(3, -2.5) == -autograd.jn(3, 2.5)
    assert autograd.i1(-2.5) == -autograd.i1(2.5)
    assert autograd.bessel_i(2, -2.5) == autograd.bessel_i(2, 2.5)
    assert autograd.i0(800.0) == autograd.i0(-INF) == INF
    assert autograd.i1(-INF) == -INF
    assert abs(autograd.j0(1.7e308)) < 1e-153


def test_modified_bessel_functions_at_all_sizes():
    points = [
        *around((1e-3, 0.5, 1.0, 5.0, 29.9, 30.5, 36.0, 100.0, 699.0), 2),
        1e-300,
        5e-324,
        1e-160,
        1e4,
        1e300,
    ]
    for x in points:
        for order, plain, scaled in ((0, autograd.i0, autograd.i0e), (1, autograd.i1, autograd.i1e)):
            with mp.workprec(200):
                exact = mp.besseli(order, mp.mpf(x)) if x < 1e5 else 0
                damped = exact * mp.exp(-mp.mpf(x)) if x < 1e5 else 1 / mp.sqrt(2 * mp.pi * mp.mpf(x))
            assert ulps(scaled(x), damped) <= 2.0, (x, order)
            if x < 700.0:
                assert ulps(plain(x), exact) <= 2.0, (x, order)


def test_both_modes_agree_on_bessel_functions():
    for f in (
        autograd.j0,
        autograd.j1,
        autograd.y0,
        autograd.y1,
        autograd.i0,
        autograd.i1,
        autograd.i0e,
        autograd.i1e,
    ):
        for x in (0.3, 2.4, 9.7, 31.0):
            forward = autograd.jvp(f, (x,), (1.0,))[1]
            assert forward == autograd.grad(f)(x)
            second = autograd.jvp(autograd.grad(f), (x,), (1.0,))[1]
            assert second == pytest.approx(autograd.grad(autograd.grad(f))(x), rel=1e-14)
    x = 1.7
    assert autograd.grad(autograd.grad(autograd.y1))(x) == pytest.approx(
        -autograd.grad(autograd.y1)(x) / x - (1.0 - 1.0 / x**2) * autograd.y1(x), rel=1e-14
    )  # Bessel's equation


@pytest.mark.parametrize("order", [0, 1, 2, 5, 8, 9, 10, 12, 13, 20, 40, 99, 200])
def test_derivatives_of_dawson_s_integral_of_high_orders_whose_terms_cancel(order):
    rng = random.Random(order)
    seam = 7.0 + 1.5 * math.sqrt(order)
    points = [0.0, 5e-324, 1e-170, 1e-20, 1e-5, 1.0, -3.0, 9.0, 12.0, -15.0, 23.9, 24.1]
    points += [seam, math.nextafter(seam, INF), *(rng.uniform(0.0, seam + 2.0) for _ in range(8))]
    for x in points:
        with mp.workdps(100 + int(order * math.log10(2.0 * (abs(x) + order) + 1.0)) + int(x * x)):
            t = mp.mpf(x)
            y, before = mp.sqrt(mp.pi) / 2 * mp.exp(-t * t) * mp.erfi(t), mp.mpf(-0.5)
            for k in range(order):
                before, y = y, (1 if k == 0 else 0) - 2 * (t * y + k * before)
            assert ulps(ops.dawsn_derivative(x, order=float(order)), y) <= 2 + 0.2 * order, (x, order)


@pytest.mark.parametrize(
    ("order", "x"),
    [(300, 21.798262731211025), (299, -21.5), (700, 200.0), (100, 0.06)],
)
def test_modified_bessel_functions_keep_their_digits_down_to_the_smallest_normal_numbers(order, x):
    want = float(mp.besseli(order, mp.mpf(x)))
    assert 0.0 < abs(want) < 1e-100
    assert autograd.bessel_i(order, x) == pytest.approx(want, rel=4e-16, abs=0.0)


@pytest.mark.parametrize(("order", "x"), [(300, 19.44), (1000, 355.0)])
def test_modified_bessel_functions_keep_their_digits_down_to_the_smallest_numbers(order, x):
    want = mp.besseli(order, mp.mpf(x))
    assert 0.0 < abs(want) < 1e-100
    assert ulps(autograd.bessel_i(order, x), want) <= 2
