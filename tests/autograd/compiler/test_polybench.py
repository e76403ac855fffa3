"""PolyBench's kernels, compiled."""

import numpy as np
import pytest
from benchmarks.bench_polybench import lines_and_tables
from benchmarks.polybench import KERNELS, arrays_of, numbers_in, squares_of

import autograd
from autograd import grad
from autograd.compiler.backends.c import toolchain

BACKENDS = ["python", "numpy", *["c"] * (toolchain.find_compiler() is not None)]
WITH_TABLES = {
    "value": {"nussinov"},
    "gradient": {"ludcmp", "nussinov"},
}
"""The kernels, and the gradients, of which loops in C read some operands by tables of addresses."""


def parts(name, n):
    """A kernel's function, its gradient, and arrays."""
    f, shapes = KERNELS[name](n)
    return f, grad(squares_of(f), argnums=tuple(range(len(shapes)))), arrays_of(shapes)


def floats(made):
    """All numbers of a result."""
    made = [made] if isinstance(made, np.ndarray) else made
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in made])


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_and_their_gradients_are_the_same_on_all_backends(name):
    f, slope, arrays = parts(name, 5)
    values = floats([list(numbers_in(f(*[x.tolist() for x in arrays])))])
    slopes = floats(slope(*arrays))
    for backend in BACKENDS:
        got = floats(
            [list(numbers_in(autograd.compile(lambda *a: list(numbers_in(f(*a))), backend=backend)(*arrays)))]
        )
        assert got == pytest.approx(values, rel=1e-12, abs=1e-14), backend
        assert floats(autograd.compile(slope, backend=backend)(*arrays)) == pytest.approx(
            slopes, rel=1e-11, abs=1e-12
        ), backend


def test_kernels_compute_what_their_names_say():
    matrix = arrays_of(((6, 6),))[0]
    f, _ = KERNELS["cholesky"](6)
    rows = f(matrix.tolist())
    lower = np.array([row + [0.0] * (6 - len(row)) for row in rows])
    assert np.allclose(lower, np.linalg.cholesky(matrix), rtol=1e-13)
    f, _ = KERNELS["lu"](6)
    both = np.array(f(matrix.tolist()))
    assert np.allclose((np.tril(both, -1) + np.eye(6)) @ np.triu(both), matrix, rtol=1e-13)
    f, _ = KERNELS["ludcmp"](6)
    right = np.arange(1.0, 7.0)
    assert np.allclose(f(matrix.tolist(), right.tolist()), np.linalg.solve(matrix, right), rtol=1e-13)
    f, _ = KERNELS["gramschmidt"](6)
    basis, triangle = f(matrix.tolist())
    upper = np.array([[0.0] * (6 - len(row)) + row for row in triangle])
    assert np.allclose(np.array(basis) @ upper, matrix, rtol=1e-13)
    f, _ = KERNELS["covariance"](6)
    assert np.allclose(f(matrix.tolist()), np.cov(matrix.T), rtol=1e-12)


@pytest.mark.parametrize("what", WITH_TABLES)
def test_no_more_kernels_read_tables_than_those_that_are_known_to(what):
    found = set()
    for name in KERNELS:
        f, slope, arrays = parts(name, 8)
        if lines_and_tables(f if what == "value" else slope, arrays)[1]:
            found.add(name)
    assert found <= WITH_TABLES[what]


@pytest.mark.parametrize(
    "name",
    ["correlation", "cholesky", "lu", "ludcmp", "gramschmidt", "deriche", "seidel_2d", "floyd_warshall"],
)
def test_gradients_are_as_long_whatever_the_size_and_read_no_tables(name):
    found = []
    for n in (12, 14, 16):
        _, slope, arrays = parts(name, n)
        found.append(lines_and_tables(slope, arrays))
    assert found == [(found[0][0], 0)] * 3


@pytest.mark.parametrize("n", [7, 12])
@pytest.mark.parametrize("name", ["correlation", "cholesky", "lu", "gramschmidt", "durbin"])
def test_decompositions_as_loops_are_the_engines(name, n):
    f, slope, arrays = parts(name, n)
    if name == "durbin":
        arrays = [arrays[0] / 8.0]  # correlations near 1 make a system that is nearly singular
    for g in (lambda *a: list(numbers_in(f(*a))), slope):
        wanted = floats([g(*arrays)] if g is not slope else g(*arrays))
        for backend in BACKENDS:
            got = autograd.compile(g, backend=backend)(*arrays)
            got = floats([got] if g is not slope else got)
            assert got == pytest.approx(wanted, rel=1e-12, abs=1e-12 * np.abs(wanted).max()), backend
