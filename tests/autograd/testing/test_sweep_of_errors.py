"""Sixty functions at seventeen magnitudes: right gradients are never accused, and wrong ones are found
wherever values can tell."""

from __future__ import annotations

import math

import pytest

import autograd as ag
from autograd import custom_op, ops
from autograd.testing import gradcheck

ROWS = [
    "exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "softplus", "erf", "erfc", "sqrt", "cbrt", "atan",
    "asinh", "expm1", "log1p",
    "sinh", "cosh", "sech", "silu", "gelu", "normal_cdf", "logsigmoid", "square", "reciprocal", "asin",
    "acosh", "lgamma", "exp2", "log10",
]  # fmt: skip
TERMS = {
    **{name: (ops.TABLE[name], lambda t: 0.5 * t) for name in ROWS},
    "x**3": (lambda t: t * t * t, ops.sin), "x**0.5": (lambda t: ops.pow(t, 0.5), lambda t: t),
    "x**-2": (lambda t: 1.0 / (t * t), ops.exp),
    "sin(100 x)": (lambda t: ops.sin(100.0 * t), lambda t: t),
    "exp(-x)": (lambda t: ops.exp(-t), lambda t: t * t),
    "1e8 + x": (lambda t: 1e8 + t, lambda t: 0.5 * t),
    "1 - cos(x)": (lambda t: 1.0 - ops.cos(t), lambda t: t * t),
    "sqrt(1 + x**2) - 1": (lambda t: ops.sqrt(1.0 + t * t) - 1.0, ops.sin),
    "-log(sigmoid(x))": (lambda t: -ops.log(ops.sigmoid(t)), ops.tanh),
    "x log(x)": (lambda t: t * ops.log(t), lambda t: t), "x exp(-x)": (lambda t: t * ops.exp(-t), ops.atan),
    "1/(1 + x**2)": (lambda t: 1.0 / (1.0 + t * t), lambda t: t),
    "exp(-x**2)": (lambda t: ops.exp(-t * t), lambda t: t),
    "log(1 + exp(x))": (lambda t: ops.log(1.0 + ops.exp(t)), lambda t: t),
    "x sin(x)": (lambda t: ops.sin(t) * t, lambda t: t),
    "1e-20 sin(x)": (lambda t: 1e-20 * ops.sin(t), lambda t: 1e-20 * t),
    "1e20 x**2": (lambda t: 1e20 * t * t, lambda t: 1e20 * t),
    "x - sin(x)": (lambda t: t - ops.sin(t), lambda t: t),
    "tanh(1000 x)": (lambda t: ops.tanh(1000.0 * t), lambda t: t),
    "exp(sin(x))": (lambda t: ops.exp(ops.sin(t)), lambda t: t),
    "sin(x**2)": (lambda t: ops.sin(t * t), lambda t: t),
    "sin(x) + 1e3": (lambda t: ops.sin(t) + 1e3, lambda t: t), "x**7": (lambda t: t**7, lambda t: t**5),
    "(x - 1)**3": (lambda t: (t - 1.0) * (t - 1.0) * (t - 1.0), lambda t: t),
    "atan(1e4 x)": (lambda t: ops.atan(1e4 * t), ops.sin),
    "log(x)**2": (lambda t: ops.log(t) * ops.log(t), lambda t: t),
    "hypot(x, 1)": (lambda t: ops.hypot(t, 1.0), lambda t: t),
    "x/(1 + |x|)": (lambda t: t / (1.0 + abs(t)), lambda t: t),
    "exp(x) - 1": (lambda t: ops.exp(t) - 1.0, ops.sin),
    "erfc(x) exp(x)": (lambda t: ops.erfc(t) * ops.exp(t), lambda t: t),
}  # fmt: skip
POINTS = [sign * 0.5 * math.pi * 10.0**k for k in range(-8, 9) for sign in (1.0, -1.0)]


def cases(name):
    """Points at which both terms have a finite value and slope, with these."""
    f, g = TERMS[name]
    for x in POINTS:
        a, b = (ag.grad(h)(x) if math.isfinite(h(x)) else math.nan for h in (f, g))
        if math.isfinite(a) and math.isfinite(b) and abs(a + b) > 1e-250:
            yield x, a, b


def verdict(name, slope, x):
    """The report on an operation with the values of both terms, whose rule gives one number."""
    f, g = TERMS[name]
    op = custom_op("swept", lambda t: f(t) + g(t), lambda y, t: (slope,))
    return gradcheck(op, x, raise_exception=False)


@pytest.mark.parametrize("name", TERMS)
def test_a_right_gradient_is_never_accused(name):
    f, g = TERMS[name]
    for x, a, b in cases(name):
        assert verdict(name, a + b, x), (x, str(verdict(name, a + b, x)))
        for h in (f, g, lambda t: f(t) + g(t), lambda t: f(t) * g(t), lambda t: f(t) - g(t) + float(t) * 0.0):
            report = gradcheck(h, x, raise_exception=False)
            assert report, (x, str(report))


def test_wrong_gradients_are_found():
    found, missed = 0, []
    for name in TERMS:
        for x, a, b in cases(name):
            slope = a + b
            for what, wrong in (("3 %", 1.03 * slope), ("a term", a), ("the sign", -slope)):
                if abs(wrong - slope) < 0.01 * abs(slope):
                    continue
                if verdict(name, wrong, x):
                    missed.append((name, x, what))
                else:
                    found += 1
    assert found > 2000
    assert len(missed) <= 0.05 * found, (found, len(missed), missed)


def test_a_term_that_left_the_graph_is_found_however_small():
    found, missed = 0, []
    for name, (f, g) in TERMS.items():
        for x, a, b in cases(name):
            if abs(b) < 1e-9 * abs(a + b) or (a == 0.0 and abs(b) < 1e-300):
                continue
            report = gradcheck(lambda t, f=f, g=g: f(t) + g(float(t)), x, raise_exception=False)
            found, missed = (found, [*missed, (name, x, str(report))]) if report else (found + 1, missed)
    assert found > 1000
    assert len(missed) <= 0.05 * found, (found, len(missed), missed)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda t: ops.exp(-t) + float(t) * t, 1e-3),
        (lambda t: ops.sin(t) * float(t), 1e5),
        (lambda t: ops.exp(-t) + float(t) * t, 1e-7),
        (lambda t: t ** float(t), 3.0),
    ],
)
def test_a_dropped_factor_is_found_where_large_steps_agree_with_what_is_left(f, x):
    report = gradcheck(f, x, raise_exception=False)
    assert [entry.status for entry in report] == ["wrong"]
    assert "is there a float(x)" in str(report)


def test_a_function_that_does_something_else_each_time_is_not_judged():
    calls = []

    def f(t):
        calls.append(t)
        return t * float(len(calls))

    (entry,) = gradcheck(f, 1.0, raise_exception=False)
    assert entry.status == "not checked"
    assert "called again" in entry.note


def test_constants_that_cancel_are_no_error():
    def logsumexp(x, y):
        top = max(float(x), float(y))
        return top + ops.log(ops.exp(x - top) + ops.exp(y - top))

    report = gradcheck(logsumexp, (3.0, 5.0), raise_exception=False)
    assert [entry.status for entry in report] == ["ok", "ok"]
