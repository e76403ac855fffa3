"""Programs of many time steps from the sciences, compiled."""

import numpy as np
import pytest
from benchmarks.sciences import PROGRAMS

import autograd
from autograd import Value
from autograd.compiler.backends.c import toolchain

BACKENDS = ["python", "numpy", *["c"] * (toolchain.find_compiler() is not None)]
GROW = {"option", "family_tree"}
"""Of each row of a tree the statements are its own."""


def compiled(name, steps, backend):
    """A program with its parameters and its step."""
    f, numbers = PROGRAMS[name](steps)
    params = [Value(x) for x in numbers]
    return params, autograd.compile(lambda: f(*params), params, backend=backend)


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_gradients_are_the_engines_on_all_backends(name):
    f, numbers = PROGRAMS[name](20)
    inputs = [Value(x) for x in numbers]
    loss = f(*inputs)
    loss.backward()
    wanted = np.array([x.grad for x in inputs])
    for backend in BACKENDS:
        params, step = compiled(name, 20, backend)
        assert step() == pytest.approx(loss.data, rel=1e-12), backend
        assert np.abs([p.grad for p in params] - wanted).max() <= 1e-12 * np.abs(wanted).max(), backend


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - GROW))
def test_statements_and_listings_are_as_long_whatever_the_number_of_steps(name):
    found = set()
    for steps in (60, 80):
        _, step = compiled(name, steps, "numpy")
        step()
        found.add((step.report().facts["statements"], step.source.count("\n")))
    assert len(found) == 1


def test_a_network_in_time_steps_is_matrices_in_one_loop():
    _, step = compiled("neural_equation", 30, "numpy")
    step()
    body = [line for line in step.source.splitlines() if line.startswith("    ")]
    assert any(" @ tanh_" in line for line in body)
    assert len(body) < 80
    assert sum(line.startswith("for t in ") for line in step.source.splitlines()) == 2
