"""What the engine finds for each exercise of the course: the answers are computed when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import autograd
from autograd import Value, cos, exp, grad, log, sigmoid, softmax, sqrt, tanh, toposort
from autograd.words import marked
from nn import MLP, Conv2d, Neuron, losses, optim

__all__ = ["EXERCISES", "Choice", "Function", "Number"]


@dataclass(frozen=True)
class Number:
    """The answer is a number.

    Attributes
    ----------
    find : callable
        Computes it.
    mistakes : tuple
        Pairs of what computes a usual wrong answer, and what was thought.
    tolerance : float
        The relative error that is let pass.
    """

    find: Callable[[], Any]
    mistakes: tuple[tuple[Callable[[], Any], str], ...] = ()
    tolerance: float = 1e-3


@dataclass(frozen=True)
class Function:
    """The answer is a function, compared at a few points."""

    find: Callable[..., Any]
    points: Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Choice:
    """The answer is a letter; what is kept of it tells whether a letter is the right one, and no more."""

    digest: str


def _slope(f: Callable[..., Any], *at: float, of: int = 0) -> float:
    """Return a derivative of a function of several numbers."""
    nodes = [Value(a) for a in at]
    return float(autograd.gradients(f(*nodes), nodes[of]))


def _cubic(x: Any) -> Any:
    return x**3 - 2.0 * x


def _neuron(w: Any, x: Any, b: Any, y: Any) -> Any:
    return (tanh(w * x + b) - y) ** 2


def _overwritten() -> float:
    """Return x.grad where every consumer overwrites: of x*x*x at 2."""
    x = Value(2.0)
    root = (x * x) * x
    grads = {root: 1.0}
    for node in reversed(toposort(root)):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            grads[parent] = local * grads[node]
    return grads[x]


def _doubled(count: int) -> Value:
    v = Value(1.0)
    for _ in range(count):
        v = v + v
    return v


def _switched_off() -> float:
    neuron = Neuron(2, activation="relu")
    for parameter, value in zip(neuron.parameters(), (0.8, -0.6, -2.0), strict=True):
        parameter.data = value
    neuron([1.0, -0.5]).backward()
    return float(neuron.w[0].grad)


def _entropy(scores: Sequence[float], right: int, of: int) -> float:
    nodes = [Value(s) for s in scores]
    return float(autograd.gradients(losses.cross_entropy(nodes, right), nodes[of]))


def _long_run() -> float:
    """Return the step that momentum tends to under a constant gradient of 1."""
    w = Value(0.0)
    optimizer, before = optim.SGD([w], lr=0.01, momentum=0.9), 0.0
    for _ in range(300):
        w.grad, before = 1.0, w.data
        optimizer.step()
    return before - w.data


def _first_step() -> float:
    w = Value(0.0)
    w.grad = 0.001
    optim.Adam([w], lr=0.02).step()
    return -w.data


def _ada(w: float, g: float, s: float, eta: float) -> float:
    return w - eta * g / (math.sqrt(s + g * g))


def _products(*widths: int) -> int:
    return sum(m * n for m, n in pairwise(widths))


def _recurrent(w: Any, h: Any, x1: Any, x2: Any) -> Any:
    return w * (w * h + x1) + x2


def _filtered() -> float:
    """Return the gradient of a filter's first weight, where all outputs' sum is the loss."""
    a, b = Value(0.3), Value(-0.2)
    row = [1.0, 2.0, 3.0, 4.0]
    out = [a * row[i] + b * row[i + 1] for i in range(3)]
    return float(autograd.gradients(out[0] + out[1] + out[2], a))


def _growth(x: Any, r: Any) -> Any:
    return r * x * (1.0 - x)


def _attended() -> float:
    u = [Value(v) for v in (0.0, 0.0)]
    w = softmax(u)
    return float(autograd.gradients(w[0] * 2.0 + w[1] * -1.0, u[0]))


def _curvature(x: float) -> float:
    def circle(t: Any) -> Any:
        return sqrt(4.0 - t * t)

    first, second = grad(circle)(x), grad(grad(circle))(x)
    return float(second / (1.0 + first * first) ** 1.5)


def _bowl(x: Any) -> Any:
    return exp(x) - 2.0 * x


_VALUE = marked("this is the value of the function, not its slope")
_LAST = marked("this is what only the last backward gives; the others were added before")
_PATHS = marked("this counts paths; each edge is used once")
_NO_BIAS = marked("each neuron has a bias too")
_OFF = marked("look at the sign of z first: is the neuron switched on?")
_TARGET = marked("this is the class that is right; which class was asked for?")
_QUADRATIC = marked("this is for the quadratic cost; here the slope of the logistic function cancels")
_ONE = marked("this is for one example; how many are there?")
_POSITIONS = marked("the same few weights are used at every position")
_ONE_SIDED = marked("this is the one-sided difference; take both sides")

EXERCISES: dict[str, Number | Function | Choice] = {
    "1.1": Number(lambda: grad(_cubic)(2.0), ((lambda: _cubic(2.0), _VALUE),)),
    "1.2": Number(lambda: 2.0 / grad(grad(lambda x: 3.0 * x * x))(1.0), tolerance=0.02),
    "1.3": Function(
        lambda f, x, h: (f(x + h) - f(x - h)) / (2.0 * h), [(math.sin, 0.7, 0.1), (math.exp, 0.0, 0.01)]
    ),
    "2.1": Number(lambda: grad(lambda x: exp(x) * x)(1.0)),
    "2.2": Number(
        lambda: _slope(_neuron, 0.5, 2.0, -0.3, 1.0, of=2),
        (
            (
                lambda: _slope(_neuron, 0.5, 2.0, -0.3, 1.0),
                marked("this is the derivative in w; b has no factor x"),
            ),
        ),
    ),
    "2.3": Function(
        lambda a, b: [_slope(lambda s, t: s / t, a, b), _slope(lambda s, t: s / t, a, b, of=1)],
        [(3.0, 2.0), (-1.0, 4.0)],
    ),
    "3.1": Number(
        lambda: grad(lambda x: 3.0 * x * x + 5.0 * x * x)(2.0),
        ((lambda: grad(lambda x: 5.0 * x * x)(2.0), _LAST),),
    ),
    "3.2": Number(
        _overwritten,
        ((lambda: grad(lambda x: x**3)(2.0), marked("this is the right gradient; what does the bug give?")),),
    ),
    "3.3": Number(
        lambda: sum(len(node.parents) for node in toposort(_doubled(20))), ((lambda: 2.0**20, _PATHS),)
    ),
    "4.1": Number(lambda: len(MLP(3, [5, 2]).parameters()), ((lambda: _products(3, 5, 2), _NO_BIAS),)),
    "4.2": Number(_switched_off, ((lambda: 1.0, _OFF),)),
    "4.3": Function(
        lambda w1, b1, w2, b2: [_slope(lambda x: w2 * (w1 * x + b1) + b2, 1.0), w2 * b1 + b2],
        [(2.0, 1.0, -3.0, 0.5), (0.5, -1.0, 4.0, 2.0)],
    ),
    "5.1": Number(lambda: losses.cross_entropy([0.0] * 10, 3)),
    "5.2": Function(lambda s0, s1: softmax([s0, s1])[1], [(0.3, -0.8), (2.0, 5.0)]),
    "5.3": Number(
        lambda: _entropy((2.0, 1.0, 0.1), 0, 1), ((lambda: _entropy((2.0, 1.0, 0.1), 1, 1), _TARGET),)
    ),
    "6.1": Number(
        lambda: _slope(lambda z: -log(1.0 - sigmoid(z)), 4.0),
        ((lambda: _slope(lambda z: 0.5 * sigmoid(z) ** 2, 4.0), _QUADRATIC),),
    ),
    "6.2": Function(
        lambda W, d: [sum(W[j][k] * d[j] for j in range(len(d))) for k in range(len(W[0]))],
        [([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -1.0]), ([[2.0], [0.5]], [1.0, 4.0])],
    ),
    "6.3": Number(lambda: 0.3 * -0.2),
    "7.1": Number(
        _long_run, ((lambda: 0.01, marked("this is the first step; the velocity goes on growing")),)
    ),
    "7.2": Number(
        _first_step,
        (
            (
                lambda: 0.02 * 0.001,
                marked("this is gradient descent; Adam divides by the size of the gradient"),
            ),
        ),
    ),
    "7.3": Function(_ada, [(1.0, 2.0, 0.0, 0.1), (0.5, -1.0, 8.0, 0.3)]),
    "8.1": Number(
        lambda: _products(1000, 100, 10),
        ((lambda: _products(1000, 100, 10) + 110, marked("this net has no biases")),),
    ),
    "8.2": Choice("d46fd15ec54087de"),
    "8.3": Number(
        lambda: 64 * _products(1000, 100, 10), ((lambda: _products(1000, 100, 10), _ONE),), tolerance=1e-6
    ),
    "9.1": Number(lambda: 3),
    "9.2": Choice("bece48f577faa485"),
    "9.3": Number(lambda: 500 * 2000, ((lambda: 2000, marked("this is one sweep; how many are needed?")),)),
    "10.1": Number(lambda: losses.cross_entropy([0.0] * 3, 0)),
    "10.2": Number(
        lambda: _entropy((math.log(0.2), math.log(0.8)), 0, 0) / 300,
        (
            (
                lambda: _entropy((math.log(0.2), math.log(0.8)), 0, 0),
                marked("the cost is a mean over 300 points"),
            ),
        ),
    ),
    "10.3": Number(
        lambda: _slope(lambda w: 1e-3 / 2.0 * w * w, 3.0),
        ((lambda: 1e-3 / 2.0 * 9.0, marked("this is the penalty itself, not its derivative")),),
    ),
    "11.1": Number(lambda: 0.0, tolerance=1e-3),
    "11.2": Number(
        lambda: min(range(7), key=lambda k: (0.9, 0.6, 0.45, 0.41, 0.44, 0.52, 0.7)[k]), tolerance=1e-9
    ),
    "11.3": Choice("3b094b8ab3184eb5"),
    "12.1": Number(lambda: _slope(sigmoid, 0.0) ** 10),
    "12.2": Number(
        lambda: math.sqrt(2.0 / 64.0),
        (
            (lambda: 2.0 / 64.0, marked("this is the variance; the deviation is its root")),
            (lambda: 1.0 / 8.0, marked("this is for tanh; relu throws half of the square away")),
        ),
    ),
    "12.3": Choice("7d4384eb344a208d"),
    "13.1": Number(lambda: 0.9**50),
    "13.2": Function(
        lambda w, h, x1, x2: _slope(lambda v: _recurrent(v, h, x1, x2), w),
        [(0.5, 1.0, 2.0, 3.0), (-1.0, 0.3, 0.7, 0.0)],
    ),
    "13.3": Number(lambda: 0.98**50),
    "14.1": Number(
        lambda: len(Conv2d(1, 1, (1, 3), rng=0)([[0.0] * 8])[0][0]),
        ((lambda: 8, marked("without padding the window stops at the edge")),),
        tolerance=1e-9,
    ),
    "14.2": Number(
        lambda: 3 * 3 + 1, ((lambda: 26 * 26 * 10, _POSITIONS), (lambda: 9, _NO_BIAS)), tolerance=1e-9
    ),
    "14.3": Number(
        _filtered, ((lambda: 1.0, marked("this is the first position only; the weight is used at three")),)
    ),
    "15.1": Number(
        lambda: (1.1**3 - 0.9**3) / 0.2, ((lambda: (1.1**3 - 1.0) / 0.1, _ONE_SIDED),), tolerance=1e-4
    ),
    "15.2": Function(
        lambda f, x: f(complex(x, 1e-20)).imag / 1e-20, [(lambda z: z * z * z, 1.3), (lambda z: 1.0 / z, 2.0)]
    ),
    "15.3": Function(
        lambda x, r: [_slope(_growth, x, r), _slope(_growth, x, r, of=1)], [(0.3, 3.7), (0.8, 2.0)]
    ),
    "16.1": Number(lambda: grad(grad(grad(grad(cos))))(1.0)),
    "16.2": Number(lambda: 2.0 - grad(_bowl)(2.0) / grad(grad(_bowl))(2.0)),
    "16.3": Number(
        lambda: _curvature(0.3), ((lambda: -_curvature(0.3), marked("the upper half bends downwards")),)
    ),
    "17.1": Number(lambda: (400.0 - 350.0) / 25.0),
    "17.2": Function(
        lambda w, sx, sy: _slope(lambda x: w * x / sx * sy, 1.0), [(0.9, 20.0, 30.0), (1.0, 5.0, 2.0)]
    ),
    "17.3": Choice("947df73f9bf5b7d2"),
    "18.1": Number(lambda: 4 * 16 * 16),
    "18.2": Number(lambda: softmax([0.7] * 5)[2]),
    "18.3": Number(_attended),
    "19.1": Number(lambda: _slope(autograd.relu, 0.0)),
    "19.2": Choice("4c742a6d670fcb04"),
    "19.3": Number(lambda: _slope(autograd.maximum, 2.0, 2.0)),
}
"""By number, in the order of the lessons."""
