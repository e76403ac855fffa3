"""What a scientist would want derivatives for, from Newton's method to the greeks."""

import math
import random

import pytest

from autograd import Value, dot, erfc, exp, log, sin, sqrt
from autograd.calculus.functional import grad, hessian, jacfwd, jvp, value_and_grad


def solve(matrix, right):
    """Solve a small linear system by Gauss's elimination."""
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    x = [0.0] * n
    for k in reversed(range(n)):
        x[k] = (rows[k][n] - sum(a * b for a, b in zip(rows[k][k + 1 : n], x[k + 1 :], strict=True))) / rows[
            k
        ][k]
    return x


# Newton's method.


def newton(f, x, steps=8):
    """Find a root of f near x, each step with the exact slope."""
    for _ in range(steps):
        value, slope = value_and_grad(f)(x)
        x = x - value / slope
    return x


def test_newton_finds_a_root():
    assert newton(lambda x: x**3 - 2.0, 1.0) == pytest.approx(2.0 ** (1 / 3), rel=1e-15)
    assert newton(lambda x: x * exp(x) - 1.0, 0.5) == pytest.approx(0.5671432904097838, rel=1e-15)


def test_newton_finds_a_minimum():
    def rosenbrock(v):
        return (1.0 - v[0]) ** 2 + 100.0 * (v[1] - v[0] ** 2) ** 2

    v = [-1.2, 1.0]
    for _ in range(10):
        step = solve(hessian(rosenbrock)(v), grad(rosenbrock)(v))
        v = [a - s for a, s in zip(v, step, strict=True)]
    assert v == pytest.approx([1.0, 1.0], abs=1e-12)


# A pendulum, integrated by the classical Runge-Kutta method and differentiated through every step.


def pendulum(angle, speed, g_over_l, *, steps, dt):
    """Swing without friction; return the angle and speed at the end."""

    def slope(angle, speed):
        return speed, -g_over_l * sin(angle)

    for _ in range(steps):
        a1, s1 = slope(angle, speed)
        a2, s2 = slope(angle + 0.5 * dt * a1, speed + 0.5 * dt * s1)
        a3, s3 = slope(angle + 0.5 * dt * a2, speed + 0.5 * dt * s2)
        a4, s4 = slope(angle + dt * a3, speed + dt * s3)
        angle = angle + dt / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        speed = speed + dt / 6.0 * (s1 + 2.0 * s2 + 2.0 * s3 + s4)
    return angle, speed


def test_a_pendulum_is_differentiated_through_ten_thousand_steps():
    def energy(angle, speed):
        return 0.5 * speed * speed + 9.81 * (1.0 - math.cos(angle))

    def end(angle):
        return pendulum(angle, 0.0, 9.81, steps=10_000, dt=1e-3)[0]

    final, slope = value_and_grad(end)(0.5)
    angle, speed = pendulum(0.5, 0.0, 9.81, steps=10_000, dt=1e-3)
    assert final == angle
    assert energy(angle, speed) == pytest.approx(energy(0.5, 0.0), rel=1e-10)
    # By central differences of the same integration, extrapolated once.
    wide, narrow = ((end(0.5 + h) - end(0.5 - h)) / (2.0 * h) for h in (2e-4, 1e-4))
    assert slope == pytest.approx((4.0 * narrow - wide) / 3.0, rel=1e-8)


def test_forward_and_reverse_mode_agree_on_the_pendulum_and_area_is_kept():
    # Liouville: the flow of a frictionless pendulum keeps areas of (angle, speed), so its Jacobian has
    # determinant 1.
    (a, b), (c, d) = jacfwd(lambda v: list(pendulum(v[0], v[1], 9.81, steps=1000, dt=1e-3)))([0.5, 0.2])
    assert a * d - b * c == pytest.approx(1.0, rel=1e-12)
    row = grad(lambda v: pendulum(v[0], v[1], 9.81, steps=1000, dt=1e-3)[0])([0.5, 0.2])
    assert row == pytest.approx([a, b], rel=1e-12)


# A root as a function of its parameters: f(x(p), p) = 0, hence dx/dp = -(df/dp) / (df/dx).


def implicit_root(f, guess):
    """Return p -> x with f(x, p) = 0, differentiable to any order although the iteration is not recorded."""

    def root(p):
        x = guess
        number = p.data if isinstance(p, Value) else p
        for _ in range(50):
            x = x - f(x, number) / grad(f)(x, number)
        # Steps of Newton from the root itself: they do not move it, and each carries one order of derivative.
        for _ in range(2):
            x = x - f(x, p) / grad(f)(x, p)
        return x

    return root


def test_implicit_differentiation_of_a_root():
    kepler = implicit_root(lambda anomaly, e: anomaly - e * sin(anomaly) - 1.0, 1.0)
    x = kepler(0.3)
    assert x - 0.3 * math.sin(x) == pytest.approx(1.0, rel=1e-15)
    first = math.sin(x) / (1.0 - 0.3 * math.cos(x))
    assert grad(kepler)(0.3) == pytest.approx(first, rel=1e-14)
    # Differentiate (1 - e cos x) x' = sin x once more.
    second = (2.0 * math.cos(x) * first - 0.3 * math.sin(x) * first**2) / (1.0 - 0.3 * math.cos(x))
    assert grad(grad(kepler))(0.3) == pytest.approx(second, rel=1e-13)


# Curve fitting by Gauss and Newton.


def test_gauss_newton_fits_a_decay():
    rng = random.Random(7)
    times = [0.25 * k for k in range(30)]
    truth = [2.5, 0.8, 0.3]

    def model(p, t):
        return p[0] * exp(-p[1] * t) + p[2]

    data = [model(truth, t) + rng.gauss(0.0, 1e-3) for t in times]

    def residuals(p):
        return [model(p, t) - y for t, y in zip(times, data, strict=True)]

    p = [1.0, 1.0, 0.0]
    for _ in range(10):
        jacobian, r = jacfwd(residuals)(p), residuals(p)
        columns = list(zip(*jacobian, strict=True))
        normal = [[dot(a, b) for b in columns] for a in columns]
        step = solve(normal, [dot(a, tuple(r)) for a in columns])
        p = [a - s for a, s in zip(p, step, strict=True)]
    assert p == pytest.approx(truth, abs=2e-3)
    # At the best fit the gradient of the sum of squares vanishes.
    assert grad(lambda p: sum(e * e for e in residuals(p)))(p) == pytest.approx([0.0] * 3, abs=1e-9)


# Mechanics from a Lagrangian alone: M a = dL/dq - (d2L/dv dq) v, with the mass matrix M = d2L/dv2.


def accelerations(lagrangian, q, v):
    """Return the accelerations by the Euler-Lagrange equations."""
    mass = hessian(lagrangian, 1)(q, v)
    force = grad(lagrangian, 0)(q, v)
    # d/dq (dL/dv) along v, without the matrix.
    drift = jvp(lambda q: grad(lagrangian, 1)(q, v), (q,), (v,))[1]
    return solve(mass, [f - d for f, d in zip(force, drift, strict=True)])


def test_a_double_pendulum_from_its_lagrangian():
    from autograd import cos

    m1, m2, l1, l2, g = 1.0, 2.0, 1.5, 0.7, 9.81

    def lagrangian(q, v):
        kinetic = (
            0.5 * (m1 + m2) * (l1 * v[0]) ** 2
            + 0.5 * m2 * (l2 * v[1]) ** 2
            + m2 * l1 * l2 * v[0] * v[1] * cos(q[0] - q[1])
        )
        potential = -(m1 + m2) * g * l1 * cos(q[0]) - m2 * g * l2 * cos(q[1])
        return kinetic - potential

    q, v = [0.4, -0.9], [1.1, 0.6]
    # The closed form, as in textbooks.
    d = q[0] - q[1]
    below = 2.0 * m1 + m2 - m2 * math.cos(2.0 * d)
    first = (
        -g * (2.0 * m1 + m2) * math.sin(q[0]) - m2 * g * math.sin(q[0] - 2.0 * q[1])
        - 2.0 * math.sin(d) * m2 * (v[1] ** 2 * l2 + v[0] ** 2 * l1 * math.cos(d))
    ) / (l1 * below)  # fmt: skip
    second = (
        2.0 * math.sin(d)
        * (v[0] ** 2 * l1 * (m1 + m2) + g * (m1 + m2) * math.cos(q[0]) + v[1] ** 2 * l2 * m2 * math.cos(d))
    ) / (l2 * below)  # fmt: skip
    assert accelerations(lagrangian, q, v) == pytest.approx([first, second], rel=1e-13)


def test_a_planet_keeps_its_angular_momentum():
    def lagrangian(q, v):
        return 0.5 * (v[0] ** 2 + v[1] ** 2) + 1.0 / sqrt(q[0] ** 2 + q[1] ** 2)

    q, v, dt = [1.0, 0.0], [0.0, 1.0], 0.01
    for _ in range(100):  # leapfrog
        v = [a + 0.5 * dt * b for a, b in zip(v, accelerations(lagrangian, q, v), strict=True)]
        q = [a + dt * b for a, b in zip(q, v, strict=True)]
        v = [a + 0.5 * dt * b for a, b in zip(v, accelerations(lagrangian, q, v), strict=True)]
    assert q[0] * v[1] - q[1] * v[0] == pytest.approx(1.0, rel=1e-12)
    assert q == pytest.approx([math.cos(1.0), math.sin(1.0)], abs=1e-4)


# The price of a European call by Black and Scholes, and its derivatives to third order.


def call_price(spot, strike, rate, volatility, years):
    """Black and Scholes 1973."""

    def normal(x):
        return 0.5 * erfc(-x / math.sqrt(2.0))

    deviation = volatility * sqrt(years)
    d1 = (log(spot / strike) + (rate + 0.5 * volatility**2) * years) / deviation
    return spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - deviation)


def test_the_greeks_to_third_order():
    s, k, r, v, t = 105.0, 100.0, 0.03, 0.25, 0.75
    root = math.sqrt(t)
    d1 = (math.log(s / k) + (r + 0.5 * v * v) * t) / (v * root)
    d2 = d1 - v * root
    density = math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    cumulative = lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0))
    gamma, vega = density / (s * v * root), s * density * root
    closed = {
        "delta": cumulative(d1), "vega": vega, "rho": k * t * math.exp(-r * t) * cumulative(d2),
        "theta": s * density * v / (2.0 * root) + r * k * math.exp(-r * t) * cumulative(d2),
        "gamma": gamma, "vanna": -density * d2 / v, "volga": vega * d1 * d2 / v,
        "speed": -gamma / s * (d1 / (v * root) + 1.0), "zomma": gamma * (d1 * d2 - 1.0) / v,
        "ultima": -vega / v**2 * (d1 * d2 * (1.0 - d1 * d2) + d1 * d1 + d2 * d2),
    }  # fmt: skip

    def greek(*argnums):
        f = call_price
        for i in argnums:
            f = grad(f, i)
        return f(s, k, r, v, t)

    found = {
        "delta": greek(0), "rho": greek(2), "vega": greek(3), "theta": greek(4),
        "gamma": greek(0, 0), "vanna": greek(0, 3), "volga": greek(3, 3),
        "speed": greek(0, 0, 0), "zomma": greek(0, 0, 3), "ultima": greek(3, 3, 3),
    }  # fmt: skip
    for name, number in closed.items():
        assert found[name] == pytest.approx(number, rel=1e-11), name
    assert greek(3, 0) == pytest.approx(greek(0, 3), rel=1e-13)
