"""The programs of scalar_programs.py over arrays, each for a library `m` with functions of NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["ARRAYS", "jax_library", "torch_library"]


def shaped(v: Any, *shapes: tuple[int, ...]) -> list[Any]:
    """Return arrays of these shapes from the numbers of one, in their order."""
    found, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        found.append(v[at : at + size].reshape(shape))
        at += size
    return found


def rosenbrock(m: Any, v: Any) -> Any:
    return (100.0 * (v[1:] - v[:-1] ** 2) ** 2 + (1.0 - v[:-1]) ** 2).sum()


def small_network(m: Any, v: Any) -> Any:
    r = v[:32].reshape(8, 4)
    h = m.tanh(r[:, 0] * 0.3 - r[:, 1] * 0.7 + r[:, 2])
    return ((h * r[:, 3]).sum() + v[32] - 1.0) ** 2


def quartic(m: Any, v: Any) -> Any:
    return ((v - m.arange(8)) ** 4 + v**2).sum() + 0.1 * (v[:-1] * v[1:]).sum()


def reprojection(m: Any, camera: Any, points: Any) -> Any:
    r, centre, (f, x0, y0, k1, k2) = camera[:3], camera[3:6], camera[6:]
    angle = m.sqrt((r * r).sum())
    c, s, axis, d = m.cos(angle), m.sin(angle), r / angle, points - centre
    turned = d * c + m.cross(axis, d) * s + axis * (d @ axis)[:, None] * (1.0 - c)
    u = turned[:, :2] / turned[:, 2:]
    square = (u * u).sum(1)
    return (f * u * (1.0 + k1 * square + k2 * square * square)[:, None] + m.stack([x0, y0])).reshape(-1)


def network(m: Any, theta: Any, x: Any, y: Any) -> Any:
    for k, w in enumerate(shaped(theta, (16, 3), (16, 17), (1, 17))):
        x = x @ w[:, :-1].T + w[:, -1]
        x = m.relu(x) if k < 2 else x
    return ((x[:, 0] - y) ** 2).mean()


def black_scholes(m: Any, s: Any, k: Any, t: Any, r: Any, sigma: Any) -> Any:
    d1 = (m.log(s / k) + (r + sigma * sigma / 2.0) * t) / (sigma * m.sqrt(t))
    below = lambda d: 0.5 * (1.0 + m.erf(d / 2.0**0.5))
    return s * below(d1) - k * m.exp(-r * t) * below(d1 - sigma * m.sqrt(t))


def factorisation(m: Any, theta: Any) -> Any:
    u, v = shaped(theta, (30, 4), (20, 4))
    return ((u @ v.T - m.array(np.random.default_rng(0).normal(size=(30, 20)))) ** 2).sum()


def mixture(m: Any, theta: Any, x: Any) -> Any:
    means, scales, logits = shaped(theta, (5, 3), (5, 3), (5,))
    squares = (((x[:, None] - means) * m.exp(scales)) ** 2).sum(2)
    return (m.logsumexp(logits, 0) - m.logsumexp(logits + scales.sum(1) - 0.5 * squares, 1)).mean()


def convolution(m: Any, image: Any, kernel: Any) -> Any:
    found = sum(image[a : a + 14, b : b + 14] * kernel[a, b] for a in range(3) for b in range(3))
    return (m.tanh(found) ** 2).sum()


def soft_rank(m: Any, v: Any) -> Any:
    ranks = m.sigmoid((v[:, None] - v) * 3.0).sum(1) - 0.5
    return ((ranks - m.arange(30)) ** 2).sum()


def poisson(m: Any, w: Any, x: Any, k: Any) -> Any:
    rate = x @ w[:3] + w[3]
    return (m.exp(rate) - k * rate + m.lgamma(k + 1.0)).mean()


def logistic(m: Any, w: Any, x: Any, y: Any) -> Any:
    z = x @ w[:50] + w[50]
    return (m.softplus(z) - y * z).mean()


def runge_kutta(m: Any, slope: Any, state: Any, h: float, steps: int) -> Any:
    def step(s: Any, _: Any) -> Any:
        k1 = slope(s)
        k2 = slope(s + h / 2 * k1)
        k3 = slope(s + h / 2 * k2)
        return s + h / 6 * (k1 + 2.0 * k2 + 2.0 * k3 + slope(s + h * k3))

    return m.loop(step, state, steps)


def pendulum(m: Any, angle: Any, speed: Any, length: Any) -> Any:
    slope = lambda s: m.stack([s[1], -9.81 / length * m.sin(s[0])])
    return runge_kutta(m, slope, m.stack([angle, speed]), 0.02, 50)[0]


def springs(m: Any, x: Any) -> Any:
    d = x[1:] - x[:-1]
    return ((m.hypot(d[:, 0], d[:, 1]) - 1.0) ** 2).sum()


def logdet(m: Any, a: Any) -> Any:
    return 2.0 * m.log(m.diagonal(m.cholesky(a))).sum()


def chain(m: Any, x: Any) -> Any:
    return m.loop(lambda x, _: m.sin(x) * 1.01 + 0.1, x, 10_000)


def logistic_map(m: Any, x: Any, r: Any) -> Any:
    return m.loop(lambda x, _: r * x * (1.0 - x), x, 1000)


def predators(m: Any, x: Any, y: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    slope = lambda s: m.stack([a * s[0] - b * s[0] * s[1], c * s[0] * s[1] - d * s[1]])
    u, v = runge_kutta(m, slope, m.stack([x, y]), 0.01, 500)
    return (u - 1.0) ** 2 + (v - 2.0) ** 2


def double_pendulum(m: Any, state: Any) -> Any:
    def slope(s: Any) -> Any:
        p, q, u, v = s
        d = p - q
        below = 3.0 - m.cos(2.0 * d)
        pull = u * u * m.cos(d) + v * v
        first = -29.43 * m.sin(p) - 9.81 * m.sin(p - 2.0 * q) - 2.0 * m.sin(d) * pull
        second = 2.0 * u * u + 19.62 * m.cos(p) + v * v * m.cos(d)
        return m.stack([u, v, first / below, 2.0 * m.sin(d) * second / below])

    p, q, _, _ = runge_kutta(m, slope, state, 0.001, 1000)
    return p * p + q * q


def kalman(m: Any, q: Any, r: Any, seen: Any) -> Any:
    def step(state: Any, z: Any) -> Any:
        x, v, p, c, w, total = state
        x = x + 0.1 * v
        p, c, w = p + 0.2 * c + 0.01 * w + q, c + 0.1 * w, w + q
        s, error = p + r, z - x
        k, n = p / s, c / s
        total = total + m.log(s) + error * error / s
        return m.stack([x + k * error, v + n * error, (1.0 - k) * p, (1.0 - k) * c, w - n * c, total])

    return m.loop(step, m.array([0.0, 0.0, 1.0, 0.0, 1.0, 0.0]), seen)[5]


def planets(m: Any, x: Any, v: Any, mass: Any) -> Any:
    def step(state: Any, _: Any) -> Any:
        x, v = state
        d = x[:, None] - x
        r = (d * d).sum(2) + 0.01
        v = v - (d * (mass * 0.01 / (r * m.sqrt(r)))[:, :, None]).sum(1)
        return m.stack([x + 0.01 * v, v])

    return (m.loop(step, m.stack([x, v]), 50)[0] ** 2).sum()


def lstm(m: Any, theta: Any, sequence: Any, wanted: Any) -> Any:
    w = theta.reshape(32, 13)
    early = sequence @ w[:, :4].T + w[:, 12]

    def step(state: Any, row: Any) -> Any:
        h, c = state
        z = (row + w[:, 4:12] @ h).reshape(4, 8)
        c = m.sigmoid(z[1]) * c + m.sigmoid(z[0]) * m.tanh(z[3])
        return m.stack([m.sigmoid(z[2]) * m.tanh(c), c])

    return ((m.loop(step, m.array(np.zeros((2, 8))), early)[0] - wanted) ** 2).sum()


def gru(m: Any, theta: Any, sequence: Any, wanted: Any) -> Any:
    w = theta.reshape(24, 13)
    early = sequence @ w[:, :4].T + w[:, 12]

    def step(h: Any, row: Any) -> Any:
        z = m.sigmoid((row[:16] + w[:16, 4:12] @ h).reshape(2, 8))
        new = row[16:] + w[16:, 4:12] @ (z[0] * h)
        return z[1] * h + (1.0 - z[1]) * m.tanh(new)

    return ((m.loop(step, m.array(np.zeros(8)), early) - wanted) ** 2).sum()


def hidden_markov(m: Any, moves: Any, shows: Any, first: Any) -> Any:
    seen = np.random.default_rng(0).integers(0, 4, size=100)
    step = lambda alpha, row: m.logsumexp(alpha[:, None] + moves, 0) + row
    return m.logsumexp(m.loop(step, first + shows[:, seen[0]], shows.T[seen[1:]]), 0)


def random_field(m: Any, moves: Any, scores: Any) -> Any:
    step = lambda alpha, row: m.logsumexp(alpha[:, None] + moves, 0) + row
    return m.logsumexp(m.loop(step, scores[0], scores[1:]), 0)


def heat(m: Any, u: Any, k: Any) -> Any:
    def step(u: Any, _: Any) -> Any:
        return m.concatenate([u[:1], u[1:-1] + k * (u[:-2] - 2.0 * u[1:-1] + u[2:]), u[-1:]])

    return (m.loop(step, u, 100) ** 2).sum()


def wave(m: Any, u: Any, k: Any) -> Any:
    def step(state: Any, _: Any) -> Any:
        u, before = state
        inner = 2.0 * u[1:-1] - before[1:-1] + k * k * (u[:-2] - 2.0 * u[1:-1] + u[2:])
        return m.stack([m.concatenate([u[:1], inner, u[-1:]]), u])

    return (m.loop(step, m.stack([u, u]), 100)[0] ** 2).sum()


def soft_warping(m: Any, a: Any, b: Any) -> Any:
    far = m.array(1e10)

    def cell(left: Any, given: Any) -> Any:
        squared, corner, above = given
        return squared - m.logsumexp(-m.stack([corner, left, above]), 0)

    def row(before: Any, x: Any) -> Any:
        given = m.stack([(x - b) ** 2, before[:-1], before[1:]]).T
        return m.concatenate([far[None], m.loop(cell, far, given, keep=True)])

    return m.loop(row, m.concatenate([m.array(np.zeros(1)), m.array(np.full(20, 1e10))]), a)[-1]


ARRAYS: dict[str, tuple[str, Callable[..., Any]]] = {
    "two arguments": ("value", lambda m, x, y: x * y + m.sin(x)),
    "Rosenbrock of 1,000, gradient": ("grad", rosenbrock), "Hessian of a network": ("hessian", small_network),
    "Newton step": ("newton", quartic), "bundle, Jacobian": ("jacobian", reprojection),
    "network, 100 examples": ("loss", network),
    "100,000 parameters": ("loss", lambda m, theta: (theta * theta).sum()),
    "Black-Scholes": ("lanes", black_scholes), "matrix factorisation": ("loss", factorisation),
    "mixture of Gaussians": ("loss", mixture), "convolution": ("grad", convolution),
    "soft ranks": ("grad", soft_rank), "Poisson regression": ("loss", poisson),
    "logistic regression": ("loss", logistic), "pendulum": ("grad", pendulum), "springs": ("grad", springs),
    "Cholesky": ("grad", logdet), "chain of 10,000": ("grad", chain),
    "logistic map, 1,000": ("grad", logistic_map), "Lotka-Volterra, 500 RK4": ("grad", predators),
    "double pendulum, 1,000 RK4": ("grad", double_pendulum), "Kalman filter, 200": ("grad 2", kalman),
    "5 planets, 50": ("grad", planets), "LSTM, 30": ("loss", lstm), "GRU, 30": ("loss", gru),
    "HMM, 100": ("grad", hidden_markov), "CRF, 60": ("grad", random_field),
    "heat equation, 100": ("grad", heat), "wave equation, 100": ("grad", wave),
    "soft-DTW, 20 by 20": ("grad", soft_warping), "Cholesky, 20": ("grad", logdet),
    "Cholesky, 40": ("grad", logdet),
}  # fmt: skip
"""For each program what is taken of a function, and the function over arrays. ``loss``: the value and the
gradient in all parameters, which come first as one array; ``lanes``: values and slopes of many examples;
``grad 2``: in the first two arguments."""


def jax_library() -> Any:
    """Return JAX's functions by NumPy's names."""
    import jax

    n, special = jax.numpy, jax.scipy.special

    def loop(step: Any, state: Any, over: Any, keep: bool = False) -> Any:
        given, length = (None, over) if isinstance(over, int) else (over, None)

        def body(state: Any, x: Any) -> tuple[Any, Any]:
            new = step(state, x)
            return new, new if keep else None

        end, kept = jax.lax.scan(body, state, given, length=length)
        return kept if keep else end

    names = "sin cos tanh sqrt exp log hypot stack concatenate cross arange array diagonal"
    return SimpleNamespace(
        **{name: getattr(n, name) for name in names.split()}, relu=jax.nn.relu, sigmoid=jax.nn.sigmoid,
        softplus=jax.nn.softplus, logsumexp=special.logsumexp, erf=special.erf, lgamma=special.gammaln,
        cholesky=n.linalg.cholesky, loop=loop,
    )  # fmt: skip


def torch_library() -> Any:
    """Return PyTorch's functions by NumPy's names."""
    import torch

    def loop(step: Any, state: Any, over: Any, keep: bool = False) -> Any:
        kept = []
        for x in range(over) if isinstance(over, int) else over:
            state = step(state, x)
            kept.append(state)
        return torch.stack(kept) if keep else state

    names = "sin cos tanh sqrt exp log hypot stack concatenate arange diagonal relu sigmoid"
    return SimpleNamespace(
        **{name: getattr(torch, name) for name in f"{names} logsumexp erf lgamma".split()}, loop=loop,
        cross=lambda a, b: torch.linalg.cross(a[None], b), softplus=torch.nn.functional.softplus,
        cholesky=torch.linalg.cholesky,
        array=lambda x: torch.as_tensor(x, dtype=torch.float64),
    )  # fmt: skip
