"""Programs as scientists write them, a number at a time: on which backends and calls are measured.

Each function returns what `autograd.compile` is called with beside the backend, and data to call that on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Value, grad, hessian, jacobian

Program = tuple[dict[str, Any], tuple[Any, ...]]


def scalar() -> Program:
    """Return a function of two numbers."""
    return {"f": lambda x, y: x * y + autograd.sin(x)}, (1.5, 2.0)


def rosenbrock() -> Program:
    """Return the gradient of Rosenbrock's function of 1,000 unknowns."""

    def f(v: Any) -> Any:
        return autograd.sum(
            [100.0 * (v[i + 1] - v[i] ** 2) ** 2 + (1.0 - v[i]) ** 2 for i in range(len(v) - 1)]
        )

    return {"f": grad(f)}, (np.random.default_rng(0).normal(size=1000),)


def hessian_of_network() -> Program:
    """Return the Hessian of a network's loss in its 33 weights."""

    def loss(v: Any) -> Any:
        hidden = [autograd.tanh(v[4 * j] * 0.3 - v[4 * j + 1] * 0.7 + v[4 * j + 2]) for j in range(8)]
        return (autograd.sum([h * v[4 * j + 3] for j, h in enumerate(hidden)]) + v[32] - 1.0) ** 2

    return {"f": hessian(loss)}, (np.random.default_rng(0).normal(size=33),)


def newton() -> Program:
    """Return a step of Newton's method in eight unknowns, its linear system solved by elimination."""

    def f(v: Any) -> Any:
        quartic = autograd.sum([(x - i) ** 4 + x**2 for i, x in enumerate(v)])
        return quartic + 0.1 * autograd.sum([a * b for a, b in zip(v, v[1:], strict=False)])

    def step(v: Any) -> Any:
        rows = [[*row, g] for row, g in zip(hessian(f)(v), grad(f)(v), strict=True)]
        n = len(rows)
        for i in range(n):
            for j in range(i + 1, n):
                factor = rows[j][i] / rows[i][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
        found: list[Any] = [0.0] * n
        for i in reversed(range(n)):
            known = [rows[i][k] * found[k] for k in range(i + 1, n)]
            found[i] = (rows[i][n] - (autograd.sum(known) if known else 0.0)) / rows[i][i]
        return [x - d for x, d in zip(v, found, strict=True)]

    return {"f": step}, (np.random.default_rng(0).normal(size=8),)


def reprojected(camera: Any, point: Any) -> list[Any]:
    """Return where a camera of 11 parameters sees a point: rotation, centre, focal length, distortion."""
    rx, ry, rz, cx, cy, cz, f, x0, y0, k1, k2 = camera
    angle = autograd.sqrt(rx * rx + ry * ry + rz * rz)
    c, s = autograd.cos(angle), autograd.sin(angle)
    ax, ay, az = rx / angle, ry / angle, rz / angle
    x, y, z = point[0] - cx, point[1] - cy, point[2] - cz
    dot = (ax * x + ay * y + az * z) * (1.0 - c)
    u = x * c + (ay * z - az * y) * s + ax * dot
    v = y * c + (az * x - ax * z) * s + ay * dot
    w = z * c + (ax * y - ay * x) * s + az * dot
    u, v = u / w, v / w
    r = u * u + v * v
    scale = 1.0 + k1 * r + k2 * r * r
    return [f * u * scale + x0, f * v * scale + y0]


def bundle() -> Program:
    """Return the Jacobian of a camera's reprojection errors of 16 points."""

    def errors(camera: Any, points: Any) -> Any:
        return [x for point in points for x in reprojected(camera, point)]

    g = np.random.default_rng(0)
    camera, points = g.normal(size=11), g.normal(size=(16, 3)) + np.array([0.0, 0.0, 5.0])
    return {"f": jacobian(errors, argnums=(0, 1))}, (camera, points)


def network() -> Program:
    """Return the training step of 337 weights on 100 examples."""
    g, model = np.random.default_rng(0), nn.MLP(2, [16, 16, 1], rng=0)
    options = {"f": lambda x, y: nn.losses.mse_loss(model(x), y), "params": model.parameters()}
    return {**options, "batch": True}, (g.normal(size=(100, 2)), g.normal(size=100))


def many_parameters() -> Program:
    """Return a loss of 100,000 parameters."""
    params = [Value(x) for x in np.random.default_rng(0).normal(size=100_000).tolist()]
    return {"f": lambda: autograd.sum([p * p for p in params]), "params": params}, ()


def black_scholes() -> Program:
    """Return prices of call options and their sensitivities, 1,000 at a time."""

    def price(s: Any, k: Any, t: Any, r: Any, sigma: Any) -> Any:
        d1 = (autograd.log(s / k) + (r + sigma * sigma / 2.0) * t) / (sigma * autograd.sqrt(t))
        d2 = d1 - sigma * autograd.sqrt(t)
        below = lambda d: 0.5 * (1.0 + autograd.erf(d / math.sqrt(2.0)))
        return s * below(d1) - k * autograd.exp(-r * t) * below(d2)

    g = np.random.default_rng(0)
    columns = g.uniform(0.5, 1.5, size=(5, 1000))
    return {"f": autograd.value_and_grad(price, argnums=(0, 1, 2, 3, 4)), "batch": True}, tuple(columns)


def factorisation() -> Program:
    """Return the loss and gradient of a 30 by 20 matrix of rank 4, one entry after the other."""
    g = np.random.default_rng(0)
    wanted = g.normal(size=(30, 20)).tolist()
    u = [[Value(x) for x in row] for row in g.normal(size=(30, 4)).tolist()]
    v = [[Value(x) for x in row] for row in g.normal(size=(20, 4)).tolist()]

    def loss() -> Any:
        return autograd.sum(
            [(autograd.dot(a, b) - w) ** 2 for a, row in zip(u, wanted, strict=True)
             for b, w in zip(v, row, strict=True)]
        )  # fmt: skip

    return {"f": loss, "params": [x for row in (*u, *v) for x in row]}, ()


def mixture() -> Program:
    """Return the likelihood of 200 points in three dimensions under five Gaussians, and its gradient."""
    g = np.random.default_rng(0)
    means = [[Value(x) for x in row] for row in g.normal(size=(5, 3)).tolist()]
    scales = [[Value(x) for x in row] for row in g.normal(size=(5, 3)).tolist()]
    logits = [Value(x) for x in g.normal(size=5).tolist()]

    def loss(x: Any) -> Any:
        terms = []
        for m, s, a in zip(means, scales, logits, strict=True):
            squares = [((xi - mi) * autograd.exp(si)) ** 2 for xi, mi, si in zip(x, m, s, strict=True)]
            terms.append(a + autograd.sum(s) - 0.5 * autograd.sum(squares))
        return autograd.logsumexp(logits) - autograd.logsumexp(terms)

    params = [*[x for row in (*means, *scales) for x in row], *logits]
    return {"f": loss, "params": params, "batch": True}, (g.normal(size=(200, 3)),)


def convolution() -> Program:
    """Return the loss of an image of 16 by 16 under a kernel of 3 by 3, and its gradient in both."""
    g = np.random.default_rng(0)

    def loss(image: Any, kernel: Any) -> Any:
        n = len(image) - 2
        found = [
            autograd.sum([image[i + a][j + b] * kernel[a][b] for a in range(3) for b in range(3)])
            for i in range(n) for j in range(n)
        ]  # fmt: skip
        return autograd.sum([autograd.tanh(x) ** 2 for x in found])

    return {"f": grad(loss, argnums=(0, 1))}, (g.normal(size=(16, 16)), g.normal(size=(3, 3)))


def soft_rank() -> Program:
    """Return soft ranks of 30 numbers, as sums of logistic functions, and the gradient of their squares."""

    def loss(v: Any) -> Any:
        ranks = [autograd.sum([((a - b) * 3.0).sigmoid() for b in v if b is not a]) for a in v]
        return autograd.sum([(r - i) ** 2 for i, r in enumerate(ranks)])

    return {"f": grad(loss)}, (np.random.default_rng(0).normal(size=30),)


def poisson() -> Program:
    """Return a Poisson regression's likelihood of 500 counts, with its gradient in four coefficients."""
    g = np.random.default_rng(0)
    w = [Value(x) for x in (0.1, -0.2, 0.3, 0.0)]

    def loss(x: Any, k: Any) -> Any:
        rate = autograd.dot(w[:3], x) + w[3]
        return autograd.exp(rate) - k * rate + autograd.lgamma(k + 1.0)

    return {"f": loss, "params": w, "batch": True}, (g.normal(size=(500, 3)), g.poisson(2.0, size=500))


def logistic() -> Program:
    """Return a logistic regression's loss of 200 examples of 50 features."""
    g = np.random.default_rng(0)
    w = [Value(x) for x in g.normal(size=51).tolist()]

    def loss(x: Any, y: Any) -> Any:
        z = autograd.dot(w[:50], x) + w[50]
        return autograd.softplus(z) - y * z

    return {"f": loss, "params": w, "batch": True}, (g.normal(size=(200, 50)), g.integers(0, 2, size=200))


def pendulum() -> Program:
    """Return the end of a pendulum after 50 steps of RK4, and its derivatives in angle, speed and length."""

    def end(angle: Any, speed: Any, length: Any) -> Any:
        def slope(a: Any, s: Any) -> tuple[Any, Any]:
            return s, -9.81 / length * autograd.sin(a)

        h = 0.02
        for _ in range(50):
            k1 = slope(angle, speed)
            k2 = slope(angle + h / 2 * k1[0], speed + h / 2 * k1[1])
            k3 = slope(angle + h / 2 * k2[0], speed + h / 2 * k2[1])
            k4 = slope(angle + h * k3[0], speed + h * k3[1])
            angle = angle + h / 6 * (k1[0] + 2.0 * k2[0] + 2.0 * k3[0] + k4[0])
            speed = speed + h / 6 * (k1[1] + 2.0 * k2[1] + 2.0 * k3[1] + k4[1])
        return angle

    return {"f": grad(end, argnums=(0, 1, 2))}, (0.5, 0.0, 1.0)


def springs() -> Program:
    """Return the forces between 40 masses on a chain of springs."""

    def energy(x: Any) -> Any:
        return autograd.sum(
            [(autograd.hypot(b[0] - a[0], b[1] - a[1]) - 1.0) ** 2 for a, b in zip(x, x[1:], strict=False)]
        )

    return {"f": grad(energy)}, (np.random.default_rng(0).normal(size=(40, 2)),)


def cholesky(size: int = 10) -> Program:
    """Return the logarithm of the determinant of a matrix by Cholesky, and its gradient."""

    def logdet(a: Any) -> Any:
        n = len(a)
        low = [[0.0] * n for _ in range(n)]
        for i in range(n):
            for j in range(i + 1):
                rest = a[i][j] - autograd.sum([low[i][k] * low[j][k] for k in range(j)]) if j else a[i][j]
                low[i][j] = autograd.sqrt(rest) if i == j else rest / low[j][j]
        return 2.0 * autograd.sum([autograd.log(low[i][i]) for i in range(n)])

    m = np.random.default_rng(0).normal(size=(size, size))
    return {"f": grad(logdet)}, (m @ m.T + size * np.eye(size),)


# Programs of many steps, each resting on the one before.


def chain(steps: int = 10_000) -> Program:
    """Return the derivative of a number after so many sines."""

    def end(x: Any) -> Any:
        for _ in range(steps):
            x = autograd.sin(x) * 1.01 + 0.1
        return x

    return {"f": grad(end)}, (0.3,)


def logistic_map(steps: int = 1000) -> Program:
    """Return the derivatives of the logistic map after so many steps."""

    def end(x: Any, r: Any) -> Any:
        for _ in range(steps):
            x = r * x * (1.0 - x)
        return x

    return {"f": grad(end, argnums=(0, 1))}, (0.3, 2.7)


def runge_kutta(slope: Callable[[list[Any]], list[Any]], state: list[Any], h: float, steps: int) -> list[Any]:
    """Return the state of a system of equations after some steps of the classical method."""
    for _ in range(steps):
        k1 = slope(state)
        k2 = slope([x + h / 2 * k for x, k in zip(state, k1, strict=True)])
        k3 = slope([x + h / 2 * k for x, k in zip(state, k2, strict=True)])
        k4 = slope([x + h * k for x, k in zip(state, k3, strict=True)])
        state = [
            x + h / 6 * (a + 2.0 * b + 2.0 * c + d)
            for x, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)
        ]
    return state


def predators(steps: int = 500) -> Program:
    """Return the gradient of Lotka and Volterra's equations' end in the state and the four rates."""

    def loss(x: Any, y: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        def slope(state: list[Any]) -> list[Any]:
            u, v = state
            return [a * u - b * u * v, c * u * v - d * v]

        u, v = runge_kutta(slope, [x, y], 0.01, steps)
        return (u - 1.0) ** 2 + (v - 2.0) ** 2

    return {"f": grad(loss, argnums=tuple(range(6)))}, (1.0, 0.5, 1.1, 0.4, 0.1, 0.4)


def double_pendulum(steps: int = 1000) -> Program:
    """Return the gradient of a double pendulum's end in its beginning."""

    def slope(state: list[Any]) -> list[Any]:
        p, q, u, v = state
        d = p - q
        below = 3.0 - autograd.cos(2.0 * d)
        pull = u * u * autograd.cos(d) + v * v
        first = -29.43 * autograd.sin(p) - 9.81 * autograd.sin(p - 2.0 * q) - 2.0 * autograd.sin(d) * pull
        second = 2.0 * u * u + 19.62 * autograd.cos(p) + v * v * autograd.cos(d)
        return [u, v, first / below, 2.0 * autograd.sin(d) * second / below]

    def loss(state: Any) -> Any:
        p, q, _, _ = runge_kutta(slope, list(state), 0.001, steps)
        return p * p + q * q

    return {"f": grad(loss)}, (np.array([1.0, 0.5, 0.1, 0.2]),)


def kalman(steps: int = 200) -> Program:
    """Return the derivatives of a Kalman filter's likelihood in its two variances."""

    def likelihood(q: Any, r: Any, seen: Any) -> Any:
        x, v, p, c, w, total = 0.0, 0.0, 1.0, 0.0, 1.0, 0.0
        for z in seen:
            x = x + 0.1 * v
            p, c, w = p + 0.2 * c + 0.01 * w + q, c + 0.1 * w, w + q
            s, error = p + r, z - x
            k, m = p / s, c / s
            x, v = x + k * error, v + m * error
            p, c, w = (1.0 - k) * p, (1.0 - k) * c, w - m * c
            total = total + autograd.log(s) + error * error / s
        return total

    return {"f": grad(likelihood, argnums=(0, 1))}, (0.1, 0.2, np.random.default_rng(0).normal(size=steps))


def planets(steps: int = 50, count: int = 5) -> Program:
    """Return the gradient of where bodies are after some steps in places, speeds and masses."""
    g = np.random.default_rng(0)

    def loss(x: Any, v: Any, mass: Any) -> Any:
        x, v = [list(row) for row in x], [list(row) for row in v]
        for _ in range(steps):
            for i in range(count):
                for j in range(i + 1, count):
                    d = [a - b for a, b in zip(x[i], x[j], strict=True)]
                    r = autograd.dot(d, d) + 0.01
                    pull = 0.01 / (r * autograd.sqrt(r))
                    v[i] = [a - b * mass[j] * pull for a, b in zip(v[i], d, strict=True)]
                    v[j] = [a + b * mass[i] * pull for a, b in zip(v[j], d, strict=True)]
            x = [[a + 0.01 * b for a, b in zip(*rows, strict=True)] for rows in zip(x, v, strict=True)]
        return autograd.sum([a * a for row in x for a in row])

    args = g.normal(size=(count, 3)), g.normal(size=(count, 3)), g.uniform(1.0, 2.0, size=count)
    return {"f": grad(loss, argnums=(0, 1, 2))}, args


def recurrent(steps: int = 30, units: int = 8, inputs: int = 4, *, gates: int = 4) -> Program:
    """Return the training loss of an LSTM, or with three gates of a GRU, after a sequence."""
    g = np.random.default_rng(0)
    shape = gates, units, inputs + units + 1
    weights = [[[Value(x) for x in row] for row in m] for m in (0.3 * g.normal(size=shape)).tolist()]

    def gate(k: int, v: list[Any]) -> list[Any]:
        return [autograd.dot(row[:-1], v) + row[-1] for row in weights[k]]

    def loss(sequence: Any, wanted: Any) -> Any:
        h: list[Any] = [0.0] * units
        c: list[Any] = [0.0] * units
        for x in sequence:
            open_, keep = ([z.sigmoid() for z in gate(k, [*x, *h])] for k in (0, 1))
            if gates == 3:
                new = gate(2, [*x, *(a * b for a, b in zip(open_, h, strict=True))])
                h = [a * b + (1.0 - a) * autograd.tanh(z) for a, b, z in zip(keep, h, new, strict=True)]
                continue
            shown, new = [z.sigmoid() for z in gate(2, [*x, *h])], gate(3, [*x, *h])
            c = [a * b + o * autograd.tanh(z) for a, b, o, z in zip(keep, c, open_, new, strict=True)]
            h = [a * autograd.tanh(b) for a, b in zip(shown, c, strict=True)]
        return autograd.sum([(a - b) ** 2 for a, b in zip(h, wanted, strict=True)])

    params = [x for m in weights for row in m for x in row]
    return {"f": loss, "params": params}, (g.normal(size=(steps, inputs)), g.normal(size=units))


def hidden_markov(steps: int = 100, states: int = 6) -> Program:
    """Return the gradient of a hidden Markov model's likelihood of observed symbols."""
    g = np.random.default_rng(0)
    seen = g.integers(0, 4, size=steps).tolist()

    def likelihood(moves: Any, shows: Any, first: Any) -> Any:
        alpha = [first[i] + shows[i][seen[0]] for i in range(states)]
        for k in seen[1:]:
            alpha = [
                autograd.logsumexp([alpha[j] + moves[j][i] for j in range(states)]) + shows[i][k]
                for i in range(states)
            ]
        return autograd.logsumexp(alpha)

    args = g.normal(size=(states, states)), g.normal(size=(states, 4)), g.normal(size=states)
    return {"f": grad(likelihood, argnums=(0, 1, 2))}, args


def random_field(steps: int = 60, states: int = 6) -> Program:
    """Return the gradient of a conditional random field's partition function."""
    g = np.random.default_rng(0)

    def partition(moves: Any, scores: Any) -> Any:
        alpha = list(scores[0])
        for row in scores[1:]:
            alpha = [
                autograd.logsumexp([alpha[j] + moves[j][i] for j in range(states)]) + row[i]
                for i in range(states)
            ]
        return autograd.logsumexp(alpha)

    return {"f": grad(partition, argnums=(0, 1))}, (
        g.normal(size=(states, states)),
        g.normal(size=(steps, states)),
    )


def heat(steps: int = 100, cells: int = 64) -> Program:
    """Return the gradient of a rod's heat after some steps in what it was and in the conductivity."""

    def loss(u: Any, k: Any) -> Any:
        u = list(u)
        for _ in range(steps):
            inner = [b + k * (a - 2.0 * b + c) for a, b, c in zip(u, u[1:], u[2:], strict=False)]
            u = [u[0], *inner, u[-1]]
        return autograd.sum([x * x for x in u])

    return {"f": grad(loss, argnums=(0, 1))}, (np.random.default_rng(0).normal(size=cells), 0.1)


def wave(steps: int = 100, cells: int = 64) -> Program:
    """Return the gradient of a string's squares after some steps in what it was and in the wave's speed."""

    def loss(u: Any, k: Any) -> Any:
        u, before = list(u), list(u)
        for _ in range(steps):
            inner = [
                2.0 * b - p + k * k * (a - 2.0 * b + c)
                for a, b, c, p in zip(u, u[1:], u[2:], before[1:], strict=False)
            ]
            u, before = [u[0], *inner, u[-1]], u
        return autograd.sum([x * x for x in u])

    return {"f": grad(loss, argnums=(0, 1))}, (np.random.default_rng(0).normal(size=cells), 0.1)


def soft_warping(length: int = 20) -> Program:
    """Return the gradient of soft dynamic time warping of two sequences."""
    g = np.random.default_rng(0)

    def cost(a: Any, b: Any) -> Any:
        rows: list[list[Any]] = [[0.0] + [1e10] * length]
        for x in a:
            row: list[Any] = [1e10]
            for j, y in enumerate(b):
                ways = rows[-1][j], row[j], rows[-1][j + 1]
                row.append((x - y) ** 2 - autograd.logsumexp([-1.0 * way for way in ways]))
            rows.append(row)
        return rows[-1][-1]

    return {"f": grad(cost, argnums=(0, 1))}, (g.normal(size=length), g.normal(size=length))


STEPS: dict[str, Callable[[], Program]] = {
    "chain of 10,000": chain, "logistic map, 1,000": logistic_map, "Lotka-Volterra, 500 RK4": predators,
    "double pendulum, 1,000 RK4": double_pendulum, "Kalman filter, 200": kalman,
    "5 planets, 50": planets, "LSTM, 30": recurrent, "GRU, 30": partial(recurrent, gates=3),
    "HMM, 100": hidden_markov, "CRF, 60": random_field, "heat equation, 100": heat,
    "wave equation, 100": wave, "soft-DTW, 20 by 20": soft_warping, "Cholesky, 20": partial(cholesky, 20),
    "Cholesky, 40": partial(cholesky, 40),
}  # fmt: skip
"""Programs whose steps are loops; bench_rounds.py tells what compiling them takes."""

PROGRAMS: dict[str, Callable[[], Program]] = {
    "two arguments": scalar, "Rosenbrock of 1,000, gradient": rosenbrock,
    "Hessian of a network": hessian_of_network, "Newton step": newton, "bundle, Jacobian": bundle,
    "network, 100 examples": network, "100,000 parameters": many_parameters,
    "Black-Scholes": black_scholes, "matrix factorisation": factorisation, "mixture of Gaussians": mixture,
    "convolution": convolution, "soft ranks": soft_rank, "Poisson regression": poisson,
    "logistic regression": logistic, "pendulum": pendulum, "springs": springs, "Cholesky": cholesky,
}  # fmt: skip
