"""Sparse Jacobians and Hessians: the entries of the dense ones, no others, at their price."""

import importlib.util
import shutil

import numpy as np
import pytest
from benchmarks.scalar_programs import reprojected

import autograd
from autograd import Value, compile, hessian, jacobian
from autograd.calculus import sparse
from autograd.calculus.sparse import Coordinates
from autograd.compiler.without_numpy import PlainCompiled

scipy = pytest.importorskip("scipy.sparse")
BACKENDS = ["numpy", "python", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]

FUNCTIONS = {
    "differences": lambda v: [b - a * a for a, b in zip(v, v[1:], strict=False)],
    "shared parts": lambda v: [(s := autograd.exp(v[0] * v[1])) * v[2], s + v[3], s],
    "an argument itself": lambda v: [v[2], v[0], v[2]],
    "constants": lambda v: [1.0, v[1] * 2.0, 0.0],
    "dot products": lambda v: [autograd.dot(tuple(v[:2]), tuple(v[1:3])),
                               autograd.dot((1.0, 2.0), (v[0], v[3]))],
    "several results": lambda v: [*autograd.softmax(v[:3]), v[3] ** 2],
    "checkpointed": lambda v: [autograd.checkpoint(lambda a: a * a)(v[0]),
                               autograd.checkpoint(autograd.sin)(v[3])],
    "branches": lambda v: [autograd.where(v[0] > 0.0, v[0], v[1]), v[2].relu() * v[3]],
    "a structure": lambda v: {"a": v[0] * v[1], "b": (v[3], [v[2]])},
    "nothing of them": lambda v: [2.0, 3.0],
}  # fmt: skip
POINT = [0.5, -1.0, 2.0, 0.25]


def rows_of(tree):
    """The numbers of a Jacobian, a row for each output."""
    return np.array(tree, float).reshape(-1, len(POINT))


def flat(result):
    if not isinstance(result, (dict, list, tuple)):
        return [result]
    return [x for child in (result.values() if isinstance(result, dict) else result) for x in flat(child)]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("backend", ["eager", *BACKENDS])
def test_a_sparse_jacobian_holds_the_entries_of_the_dense_one(name, backend):
    f = FUNCTIONS[name]
    dense = rows_of(flat(jacobian(f)(POINT)))
    g = jacobian(f, sparse=True)
    g = g if backend == "eager" else compile(g, backend=backend)
    for _ in range(2):
        found = g(POINT)
        assert isinstance(found, scipy.csr_array) and found.shape == dense.shape and found.has_sorted_indices
        np.testing.assert_allclose(found.todense(), dense, rtol=1e-14, atol=1e-15)
    if backend != "eager":
        for _ in range(2):
            np.testing.assert_allclose(g(np.array(POINT)).todense(), dense, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("backend", ["eager", *BACKENDS])
def test_what_is_zero_by_structure_is_not_there(backend):
    g = jacobian(FUNCTIONS["differences"], sparse=True)
    g = g if backend == "eager" else compile(g, backend=backend)
    found = g([0.0] * 50)
    assert found.nnz == 2 * 49
    assert found.indices.tolist() == [j for i in range(49) for j in (i, i + 1)]


def chain(v):
    return autograd.sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(v, v[1:], strict=False)])


@pytest.mark.parametrize("backend", ["eager", *BACKENDS])
def test_the_hessian_of_a_chain_is_a_band(backend):
    g = hessian(chain, sparse=True)
    g = g if backend == "eager" else compile(g, backend=backend)
    v = np.linspace(-1.0, 1.0, 20)
    np.testing.assert_allclose(g(v.tolist()).todense(), np.array(hessian(chain)(v.tolist())), atol=1e-10)
    assert g(v.tolist()).nnz == 3 * 20 - 2


def passed(f, v, monkeypatch):
    """How many nodes the passes of a sparse derivative go through."""
    from autograd.calculus import linear

    counted, accumulate = [], (linear._accumulate, linear._accumulate_recorded)
    for name, whole in zip(("_accumulate", "_accumulate_recorded"), accumulate, strict=True):
        monkeypatch.setattr(linear, name, lambda grads, order, *rest, whole=whole: (
            counted.append(len(order)), whole(grads, order, *rest))[1])  # fmt: skip
    f(v)
    monkeypatch.undo()
    return sum(counted)


def test_the_price_of_a_band_is_linear(monkeypatch):
    for f in (hessian(chain, sparse=True), jacobian(FUNCTIONS["differences"], sparse=True)):
        small, large = [passed(f, [0.1] * n, monkeypatch) for n in (100, 400)]
        assert large < 4.2 * small


def test_code_does_not_grow_with_the_observations():
    def statements(count):
        g = np.random.default_rng(0)
        points = g.normal(size=(count, 3)) + np.array([0.0, 0.0, 5.0])
        errors = lambda camera, points: [x for p in points for x in reprojected(camera, p)]
        f = jacobian(errors, argnums=(0, 1), sparse=True)
        step = compile(f, backend="numpy")
        camera = g.normal(size=11)
        found = step(camera, points)
        assert found.shape == (2 * count, 11 + 3 * count) and found.nnz <= 2 * count * 14
        dense = f(camera.tolist(), points.tolist()).todense()
        np.testing.assert_allclose(found.todense(), dense, rtol=1e-10, atol=1e-10)
        return step.report()["statements"]

    assert statements(24) == statements(12)


def test_several_arguments_have_their_columns_side_by_side_and_aux_stays():
    f = lambda a, v: ([a * v[0], v[1]], "aux")
    found, aux = jacobian(f, argnums=(0, 1), has_aux=True, sparse=True)(2.0, [3.0, 4.0])
    assert aux == "aux" and found.todense().tolist() == [[3.0, 2.0, 0.0], [0.0, 0.0, 1.0]]
    found = jacobian(lambda p: p["a"] * p["b"][1], sparse=True)({"a": 2.0, "b": [3.0, 4.0]})
    assert found.todense().tolist() == [[4.0, 0.0, 2.0]]


@pytest.mark.parametrize("backend", ["eager", *BACKENDS, "plain"])
def test_entries_that_are_nodes_are_differentiated_again(backend):
    f = jacobian(lambda v: [a * a * b for a, b in zip(v, v[1:], strict=False)], sparse=True)
    if backend == "plain":
        g = PlainCompiled(f, None, False, "mean", None, "auto")
    else:
        g = f if backend == "eager" else compile(f, backend=backend)
    x = [Value(t) for t in (1.0, 2.0, 3.0)]
    found = g(x)
    rows, columns, values = found
    assert (list(rows), list(columns)) == ([0, 0, 1, 1], [0, 1, 1, 2])
    assert [v.data for v in values] == [4.0, 1.0, 12.0, 4.0]
    autograd.sum(values).backward()
    assert [v.grad for v in x] == [2 * 2 + 2 * 1, 2 * 1 + 2 * 3 + 2 * 2, 2 * 2]


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_examples_have_a_matrix_each(backend):
    f = jacobian(FUNCTIONS["differences"], sparse=True)
    found = compile(f, batch=True, backend=backend)(np.array([POINT, POINT[::-1]]))
    for one, v in zip(found, (POINT, POINT[::-1]), strict=True):
        np.testing.assert_allclose(one.todense(), f(v).todense())


def test_without_scipy_rows_columns_and_values_come_back(monkeypatch):
    whole = importlib.util.find_spec
    for module in (sparse, __import__("autograd.compiler.results", fromlist=["x"])):
        monkeypatch.setattr(module, "find_spec", lambda name: None if name == "scipy" else whole(name))
    f = jacobian(FUNCTIONS["differences"], sparse=True)
    for g in (f, compile(f, backend="numpy"), compile(f, backend="python")):
        found = g([1.0, 2.0, 3.0])
        assert found == Coordinates([0, 0, 1, 1], [0, 1, 1, 2], [-2.0, 1.0, -4.0, 1.0], (2, 3))
        assert found.to_lists() == [[-2.0, 1.0, 0.0], [0.0, -4.0, 1.0]]
    assert PlainCompiled(f, None, False, "mean", None, "auto")([1.0, 2.0, 3.0]) == found


def test_what_is_not_finite_is_what_the_engine_says():
    f = jacobian(lambda v: [1.0 / a for a in v], sparse=True)
    assert compile(f)([0.0, 2.0]).todense().tolist() == f([0.0, 2.0]).todense().tolist()
