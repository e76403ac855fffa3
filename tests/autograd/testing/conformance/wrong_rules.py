"""Rules that are wrong as libraries' rules were, each in the library's own words: what public reports show.

An adapter's ``D`` of such a function is the wrong rule where there is one for that derivative, and exact
elsewhere.
"""

import math

import numpy as np

import autograd

S = 1.0507009873554805
A = 1.7580993408473766


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, y):
    m = np.maximum(x, y)
    return np.exp(x - m) / (np.exp(x - m) + np.exp(y - m))


# By name: the function, the derivative, and the wrong rule for it.
RULES = {
    "expm1 from its value": ("expm1", (0,), lambda x: np.expm1(x) + 1),
    "exp2 by its value": ("exp2", (0,), lambda x: np.exp2(x) * math.log(2)),
    "sigmoid from its value": ("sigmoid", (0,), lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "sigmoid by a quotient": ("sigmoid", (0,), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "tanh from its value": ("tanh", (0,), lambda x: 1 - np.tanh(x) * np.tanh(x)),
    "tanh by a quotient": ("tanh", (0,), lambda x: 4 * np.exp(2 * x) / (np.exp(2 * x) + 1) ** 2),
    "logsigmoid by differences": ("logsigmoid", (0, 0), lambda x: -sigmoid(x) * (1 - sigmoid(x))),
    "logsigmoid mirrored": ("logsigmoid", (0, 0), lambda x: -sigmoid(-x) * (1 - sigmoid(-x))),
    "logsigmoid at zero": ("logsigmoid", (0,), lambda x: np.where(x == 0, 0.0, sigmoid(-x))),
    "softplus from its slope": ("softplus", (0, 0), lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "silu from its value": (
        "silu", (0, 0), lambda x: sigmoid(x) * (1 - sigmoid(x)) * (2 + x * (1 - 2 * sigmoid(x)))),
    "elu from its value": ("elu", (0,), lambda x: np.where(x > 0, 1.0, np.expm1(x) + 1)),
    "selu from its value": ("selu", (0,), lambda x: np.where(x > 0, S, A * np.expm1(x) + A)),
    "elu by a mask": ("elu", (0,), lambda x: (x > 0) * 1.0 + (x <= 0) * np.exp(x)),
    "selu by a mask": ("selu", (0,), lambda x: (x > 0) * S + (x <= 0) * A * np.exp(x)),
    "i0 by a rounded term": ("i0", (0,), lambda x: (1 + x / 2) - 1 if abs(x) < 1e-10 else i1(x)),
    "sqrt of flushed numbers": ("sqrt", (0,), lambda x: 0.5 / np.sqrt(x * (abs(x) >= 2.0**-1022))),
    "log_softmax from its value": ("log_softmax", (0,), lambda x, y: 1 - softmax(x, y)),
    "softmax from its value": ("softmax", (0,), lambda x, y: softmax(x, y) * (1 - softmax(x, y))),
    "asinh by a square": ("asinh", (0,), lambda x: 1 / np.sqrt(x * x + 1)),
    "acosh by a square": ("acosh", (0,), lambda x: 1 / np.sqrt(x * x - 1)),
    "atan by a square": ("atan", (0,), lambda x: (1 + x * x) / (1 + x * x) / (1 + x * x)),
    "asinh by a sign": ("asinh", (0,), lambda x: np.sign(x) ** 2 / np.hypot(x, 1)),
    "asin by a sign": ("asin", (0,), lambda x: np.sign(x) ** 2 / np.sqrt((1 - x) * (1 + x))),
    "atan2 by a reciprocal": ("atan2", (0,), lambda y, x: x * (1 / (x * x + y * y))),
    "norm by its value": ("norm", (0,), lambda x, y: x / np.sqrt(x * x + y * y)),
    "xlogy by its mask": ("xlogy", (0,), lambda x, y: np.where(x == 0, 0.0, np.log(y))),
    "xlog1py by its mask": ("xlog1py", (0,), lambda x, y: np.where(x == 0, 0.0, np.log1p(y))),
    "prod by a quotient": ("prod", (0,), lambda x, y, z: x * y * z / x),
    "prod twice by quotients": ("prod", (0, 1), lambda x, y, z: x * y * z / x / y),
    "logaddexp by maximum": ("logaddexp", (0,), lambda x, y: np.where(x == y, 1.0, softmax(x, y))),
    "logaddexp by a quotient": (
        "logaddexp", (0, 0), lambda x, y: np.exp(y - x) / (1 + np.exp(y - x)) / (1 + np.exp(y - x))),
    "logsumexp of infinities": ("logsumexp", (0,), lambda x, y: np.exp(x - max(x, y)) / (
        np.exp(x - max(x, y)) + np.exp(y - max(x, y)))),
    "sinc by a quotient": ("sinc", (0,), lambda x: (np.cos(np.pi * x) - np.sinc(x)) / x),
    "sinc twice by quotients": ("sinc", (0, 0), lambda x: -np.pi * np.sin(np.pi * x) / x - 2 * (
        np.cos(np.pi * x) - np.sinc(x)) / x / x),
    "power by a logarithm": ("pow", (1,), lambda x, y: x**y * np.log(x)),
    "power by a quotient": ("pow", (0,), lambda x, y: y * x**y / x),
    "power thrice": ("pow", (0, 0, 0), lambda x, y: y * (y - 1) * (y - 2) * x**y / x / x / x),
    "digamma at its pole": ("lgamma", (0,), lambda x: np.where(x == 0, np.nan, digamma(x))),
}  # fmt: skip


def i1(x):
    return _exact("i0", (0,), x)


def digamma(x):
    return autograd.digamma(float(x))


def _exact(name, path, *x):
    """Our derivatives are right; of what is no row of ours, the expectation at the suite's own points."""
    from autograd.testing.conformance.data import load
    from autograd.testing.conformance.region import _exact as ours

    derivative = ours(name, path)
    if derivative is not None:
        return derivative(*map(float, x))
    function = load()[name]
    point = tuple(map(float, x))
    expectation = function.derivatives[path][function.points.index(point)]
    return math.nan if expectation is None or expectation.value is None else expectation.value


class Probe(float):
    """Stands for an operand, while a function is asked what it is called."""


class D:
    """A derivative: by the wrong rule, if it is the rule's."""

    def __init__(self, f, i):
        self.base, self.path = (f.base, (*f.path, i)) if isinstance(f, D) else (f, (i,))

    def __call__(self, *x):
        name, wrong = self.base(*map(Probe, range(len(x))))
        function, path, rule = RULES[wrong]
        assert function == name
        with np.errstate(all="ignore"):
            return rule(*x) if self.path == path else _exact(name, self.path, *x)
