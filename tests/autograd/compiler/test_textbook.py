"""Programs of textbooks, compiled."""

import numpy as np
import pytest
from benchmarks.bench_polybench import lines_and_tables
from benchmarks.polybench import arrays_of, squares_of
from benchmarks.textbook import PROGRAMS

import autograd
from autograd import grad
from autograd.compiler.backends.c import toolchain

BACKENDS = ["python", "numpy", *["c"] * (toolchain.find_compiler() is not None)]


def slope_of(name, n):
    """A program's gradient, and arrays."""
    f, shapes = PROGRAMS[name](n)
    whole = squares_of(lambda *arrays: [f(*arrays)])
    return grad(whole, argnums=tuple(range(len(shapes)))), arrays_of(shapes)


def floats(made):
    """All numbers of a result."""
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in made])


@pytest.mark.parametrize("name", ["householder", "levinson", "newton_differences", "oscillators", "neville"])
def test_gradients_of_programs_in_books_are_the_engines_on_all_backends(name):
    slope, arrays = slope_of(name, 10)
    wanted = floats(slope(*arrays))
    for backend in BACKENDS:
        got = floats(autograd.compile(slope, backend=backend)(*arrays))
        assert got == pytest.approx(wanted, rel=1e-10, abs=1e-12 * np.abs(wanted).max()), backend


@pytest.mark.parametrize("name", ["householder", "levinson", "edit_distance", "causal_attention", "gauss"])
def test_gradients_of_programs_in_books_are_as_long_whatever_the_size_and_read_no_tables(name):
    found = [lines_and_tables(*slope_of(name, n)) for n in (12, 16)]
    assert found == [(found[0][0], 0)] * 2
