"""Functions as black boxes, with gradients by hand, and noise of several kinds."""

import math

import numpy as np

MATRIX = np.array([[2.0, -1.0, 0.3], [0.5, 1.5, -0.2], [-0.7, 0.1, 3.0]])
TIMES = np.linspace(0.0, 2.0, 21)
DATA = np.exp(-0.7 * TIMES) * np.cos(1.9 * TIMES) + 0.01 * np.sin(37.0 * TIMES)


def _decay(x):
    return x[0] * np.exp(-x[1] * TIMES) * np.cos(x[2] * TIMES)


def _decay_gradient(x):
    rest = _decay(x) - DATA
    waves = np.exp(-x[1] * TIMES)
    by_x0 = waves * np.cos(x[2] * TIMES)
    return 2.0 * np.array([
        rest @ by_x0, rest @ (-TIMES * _decay(x)), rest @ (-TIMES * x[0] * waves * np.sin(x[2] * TIMES)),
    ])  # fmt: skip


def _sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


SMOOTH = {
    "quadratic": (lambda x: x @ MATRIX @ x, lambda x: (MATRIX + MATRIX.T) @ x, [0.7, -1.2, 2.1]),
    "rosenbrock": (
        lambda x: 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2,
        lambda x: (
            200.0 * (x[1] - x[0] ** 2) * np.array([-2.0 * x[0], 1.0]) - np.array([2.0 * (1.0 - x[0]), 0.0])
        ),
        [-1.2, 1.0],
    ),
    "logistic loss": (
        lambda x: np.sum(np.logaddexp(0.0, -(MATRIX @ x))),
        lambda x: -MATRIX.T @ _sigmoid(-(MATRIX @ x)), [0.3, -0.8, 0.5],
    ),
    "least squares of a damped wave": (
        lambda x: np.sum((_decay(x) - DATA) ** 2), _decay_gradient, [1.1, 0.6, 2.0],
    ),
    "log det": (
        lambda x: np.sum(np.log(x)) + x[0] * x[1],
        lambda x: 1.0 / x + np.array([x[1], x[0], 0.0]), [0.2, 3.0, 40.0],
    ),
    "sines": (
        lambda x: np.sin(3.0 * x[0]) * np.cos(x[1]),
        lambda x: np.array([3.0 * np.cos(3.0 * x[0]) * np.cos(x[1]), -np.sin(3.0 * x[0]) * np.sin(x[1])]),
        [0.4, 1.3],
    ),
    "far from zero": (lambda x: np.sin(x[0] / 1e5) * 1e3, lambda x: np.cos(x / 1e5) * 1e-2, [3.3e5]),
    "near zero": (lambda x: np.exp(x[0]) + x[0], lambda x: np.exp(x) + 1.0, [1e-7]),
    "steep": (lambda x: np.tanh(50.0 * x[0]), lambda x: 50.0 / np.cosh(50.0 * x) ** 2, [0.013]),
    "energy": (
        lambda x: np.sum(np.cosh(x[:-1] - x[1:])),
        lambda x: np.append(np.sinh(x[:-1] - x[1:]), 0.0) - np.append(0.0, np.sinh(x[:-1] - x[1:])),
        [0.1, 0.9, -0.4, 1.7],
    ),
}  # fmt: skip


def _hashed(x):
    """Return noise that is a function of the point: its last bits, between -1 and 1."""
    bits = 0
    for number in np.atleast_1d(np.real(x)):
        bits = (bits * 6364136223846793005 + int(np.float64(number).view(np.int64))) & (2**64 - 1)
        bits = ((bits ^ (bits >> 29)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        bits ^= bits >> 32
    return bits / 2.0**63 - 1.0


def _at_random():
    rng = np.random.default_rng(0)
    return lambda f, x: f(x) + 1e-9 * rng.standard_normal()


NOISE = {
    "none": lambda: lambda f, x: f(x),
    "1e-12 of the point": lambda: lambda f, x: f(x) + 1e-12 * _hashed(x),
    "1e-9 of the point": lambda: lambda f, x: f(x) + 1e-9 * _hashed(x),
    "1e-9 at random": _at_random,
    "1e-9 relative": lambda: lambda f, x: f(x) * (1.0 + 1e-9 * _hashed(x)),
    "rounded to 1e-9": lambda: lambda f, x: np.round(f(x), 9),
}
"""What is done to a smooth function: as a tolerance, a random number or a table does it."""


def cases(seed=None):
    """Yield a title, a noisy function, the point and the right gradient: sixty; with a seed, nearby."""
    rng = np.random.default_rng(seed)
    for title, (f, gradient, at) in SMOOTH.items():
        x = np.array(at) * (1.0 if seed is None else rng.uniform(0.9, 1.1, len(at)))
        for kind, make in NOISE.items():
            noisy = make()
            yield f"{title}, {kind}", (lambda x, f=f, noisy=noisy: noisy(f, x)), x, gradient(x)


def mutated(gradient, number):
    """Return a gradient with an error of 3 %: in its largest component, in all, or mixed into another."""
    wrong = gradient.copy()
    largest = int(np.argmax(np.abs(gradient)))
    if number % 3 == 0:
        wrong[largest] *= 1.03
    elif number % 3 == 1:
        wrong *= 0.97
    else:
        wrong[(largest + 1) % len(wrong)] += 0.03 * gradient[largest]
    return wrong


def log_sigmoid(x):
    """A loss that has no digits left at 40: its value rounds to 0."""
    return -np.log(1.0 / (1.0 + np.exp(-x)))


def in_single_precision(x):
    """A sum in floats of 32 bits."""
    return float(np.sum(np.sin(np.asarray(x, np.float32)), dtype=np.float32))


def iterated(x, tolerance=1e-9):
    """A solver that stops at a tolerance: the fixed point of cos(y) + x."""
    y = 0.0
    while abs(step := math.cos(0.5 * y) + float(x) - y) > tolerance:
        y += step
    return y
