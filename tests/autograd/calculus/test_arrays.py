"""NumPy's arrays as arguments and results of functions that are differentiated."""

import math

import pytest

import autograd
from autograd import Value, grad, hessian, hvp, jacfwd, jacobian, jacrev, jvp, value_and_grad, vjp

np = pytest.importorskip("numpy")

V = np.array([0.3, 0.7, 0.6])
M = np.array([[1.0, 2.0, 0.5], [0.0, 1.5, -1.0]])
T = np.linspace(0.0, 1.0, 4)


def slopes(f, x, h=1e-6):
    """The Jacobian of a function of an array by differences, with the axes of the result in front."""
    x = np.asarray(x, float)
    columns = []
    for place in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        columns.append((np.asarray(f(x + step), float) - np.asarray(f(x - step), float)) / (2 * h))
    return np.moveaxis(np.array(columns), 0, -1).reshape(np.shape(columns[0]) + x.shape)


SCALAR = {
    "a sum": lambda x: (x * x).sum(),
    "slices": lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0),
    "as an array": lambda x: np.sum(np.asarray(x)[1:] * np.asarray(x)[0]),
    "the method": lambda x: x.dot(x) + x.prod() + x.mean() + x.max() - x.min() + x.std() + x.var(),
    "the function": lambda x: np.dot(x, x) + np.prod(x) + np.mean(x) + np.max(x) - np.min(x) + np.std(x),
    "a quadratic form": lambda x: x @ (M.T @ M) @ x,
    "an outer product": lambda x: np.trace(np.outer(x, np.exp(x))),
    "an outer sum": lambda x: np.add.outer(x, x * x).prod(),
    "einsum": lambda x: np.einsum("i,ij,j", x, M.T @ M, x),
    "norms": lambda x: sum(np.linalg.norm(x, order) for order in (None, 1, 2, 3, np.inf)),
    "the norm of a matrix": lambda x: np.linalg.norm(np.outer(x, x)) + np.linalg.norm(np.outer(x, x), "fro"),
    "norms of rows": lambda x: np.linalg.norm(np.outer(x, x) + 1.0, axis=1, keepdims=True).sum(),
    "where": lambda x: np.where(x > 0.5, x**2, np.sin(x)).sum(),
    "our where": lambda x: autograd.where(x > 0.5, x**2, 0.0).sum(),
    "clip": lambda x: (np.clip(x, 0.4, 0.65) ** 2).sum() + x.clip(0.4, None)[0],
    "ours": lambda x: autograd.sum(autograd.tanh(x)) + autograd.dot(x, x) + autograd.logsumexp(x),
    "softmax": lambda x: np.log(autograd.softmax(x)).sum() + autograd.max(x),
    "running sums": lambda x: (np.cumsum(x) * np.cumprod(x)).sum() + np.diff(x)[0],
    "iteration": lambda x: sum(e * e * len(x) * x.shape[0] for e in x),
    "in place": lambda x: _in_place(x),
    "put together": lambda x: np.concatenate([x, x[::-1], [1.0]]).reshape(7, 1).T.sum() ** 2,
    "stacked": lambda x: np.stack([x, 2.0 * x]).sum(axis=0, keepdims=True)[0, 1] + np.append(x, x)[0] ** 2,
    "data": lambda x: (x[0] * np.exp(-x[1] * T) - T).sum() ** 2,
    "data in front": lambda x: ((T * x[0] - T) ** 2).mean(),
    "a matrix product": lambda x: ((M * x) @ M.T).sum() + (M @ x).sum() + (x @ M.T)[1] ** 2,
    "a stack of matrices": lambda x: (np.stack([M * x[0], M]) @ np.stack([M.T, M.T * x[1]])).sum() ** 2,
    "polyval": lambda x: np.polyval(x, 1.5),
    "the area": lambda x: np.trapezoid(np.sqrt(x), T[:3]),
    "sinc and hypot": lambda x: np.sinc(x).sum() + np.hypot(x, 2.0).sum() + np.logaddexp.reduce(x),
    "loops over objects": lambda x: (np.arctan2(np.array(list(x)), 2.0) + np.arcsin(np.asarray(x))).sum(),
    "numbers are looked at": lambda x: (x * np.isfinite(x) * ~np.isnan(x) * np.isclose(x, x)).sum(),
    "a largest": lambda x: x[np.argmax(x)] ** 2 + np.sort(x)[0] + (x == x.max()).sum() * x[2],
    "of one's own": lambda x: np.array([x[0] * x[1], np.sin(x[2])]).sum(),
    "checkpointed": lambda x: autograd.checkpoint(lambda z: (np.sin(z) * T[:3]).sum() * z[0])(x),
    "several axes": lambda x: np.sum(np.multiply.outer(M, x), axis=(0, 2)).max() + np.max(M * x, -1).sum(),
}  # fmt: skip


def _in_place(x):
    total = np.zeros_like(x)
    total[1:] += x[:-1] * 2.0
    total -= x**2
    return np.sum(total * x)


@pytest.mark.parametrize("case", SCALAR)
def test_a_function_written_for_numpy_is_differentiated(case):
    f = SCALAR[case]
    found = grad(f)(V)
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    assert found.shape == V.shape
    plain = (lambda x: sum(map(float, _with_floats(f)(x)))) if "our" in case or case == "softmax" else f
    np.testing.assert_allclose(found, slopes(plain, V), rtol=2e-6, atol=1e-7)
    value, gradient = value_and_grad(f)(V)
    assert type(value) is float
    assert value == pytest.approx(float(plain(V)), rel=1e-13)
    assert (gradient == found).all()


def _with_floats(f):
    """The function called with nodes, for what takes no arrays of floats."""
    return lambda x: [jvp(f, (x,), (np.zeros_like(x),))[0]]


@pytest.mark.parametrize("case", ["slices", "data", "a matrix product", "norms", "softmax", "checkpointed"])
def test_second_derivatives_are_arrays_too(case):
    f = SCALAR[case]
    wanted = slopes(grad(f), V)
    found = hessian(f)(V)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    product = hvp(f, (V,), (T[1:],))
    assert type(product) is np.ndarray
    np.testing.assert_allclose(product, wanted @ T[1:], rtol=1e-6, atol=1e-6)


VECTOR = {
    "an array": lambda x: M @ np.sin(x),
    "a matrix": lambda x: np.outer(x, x)[:2],
    "of one's own": lambda x: np.array([x[0] * x[1], 1.0]),
    "of floats": lambda x: np.array([1.0, 2.0]),
    "data": lambda p: p[0] * np.exp(-p[1] * T) - p[2],
    "whole numbers": lambda x: np.zeros(2, int),
}


@pytest.mark.parametrize("derivative", [jacobian, jacrev, jacfwd])
@pytest.mark.parametrize("case", VECTOR)
def test_a_jacobian_has_the_axes_of_the_result_then_those_of_the_argument(derivative, case):
    f = VECTOR[case]
    found = derivative(f)(V)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, slopes(f, V), rtol=1e-6, atol=1e-8)
    value, push = jvp(f, (V,), (T[1:],))
    assert value.shape == push.shape == np.shape(f(V))
    np.testing.assert_allclose(push, found @ T[1:], rtol=1e-12)
    value, pull = vjp(f, V)
    cotangent = np.ones(value.shape)
    np.testing.assert_allclose(pull(cotangent)[0], found.reshape(-1, 3).sum(axis=0), rtol=1e-12, atol=1e-12)


def test_arrays_and_numbers_mix_as_in_jax():
    f = lambda p: [p["a"] * np.exp(-p["b"] * T), p["a"] ** 2]
    found = jacobian(f)({"a": 2.0, "b": np.array([3.0]), "none": None})
    assert [type(part) for part in (found[0]["a"], found[0]["b"], found[1]["a"], found[1]["b"])] == [
        np.ndarray, np.ndarray, float, np.ndarray,
    ]  # fmt: skip
    assert (found[0]["a"].shape, found[0]["b"].shape, found[1]["b"].shape) == ((4,), (4, 1), (1,))
    assert found[1]["a"] == 4.0
    assert found[1]["none"] is None
    w, b = grad(lambda w, b: (w @ w) * b, argnums=(0, 1))(V, 2.0)
    assert (w == 4.0 * V).all()
    assert b == pytest.approx(V @ V)
    x, y = vjp(lambda x, y: x * y, V, 2.0)[1](np.ones(3))
    assert (x == 2.0).all()
    assert y == pytest.approx(V.sum())


@pytest.mark.parametrize("dtype", ["f4", "f2", "i8", "u1", "?", "longdouble"])
def test_other_dtypes_become_doubles(dtype):
    x = np.array([0, 1, 3], dtype)
    found = grad(lambda x: (x**2).sum())(x)
    assert found.dtype == np.float64
    assert (found == 2.0 * x.astype(float)).all()


@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0), (2, 3), (1, 2, 1)])
def test_shapes_are_kept(shape):
    x = np.full(shape, 3.0)
    assert grad(lambda x: np.sum(x * x))(x).shape == shape
    assert (grad(lambda x: np.sum(x * x))(x) == 6.0).all()
    value, _ = vjp(lambda x: x * 2.0, x)
    assert np.shape(value) == shape
    assert jacobian(lambda x: x * 2.0)(x).shape == shape * 2
    assert hessian(lambda x: np.sum(x * x))(x).shape == shape * 2
    assert x.dtype == np.float64
    assert (x == 3.0).all()


def test_a_function_may_change_what_it_is_given():
    def f(x):
        x *= 2.0
        x[0] = 0.0
        return x.sum()

    given = V.copy()
    assert grad(f)(given).tolist() == [0.0, 2.0, 2.0]
    assert (given == V).all()


def test_arrays_that_are_not_differentiated_are_handed_through():
    def f(x, data, *, weights):
        assert data is M
        assert weights is T
        return (data @ x).sum() * weights[1]

    np.testing.assert_allclose(grad(f)(V, M, weights=T), M.sum(axis=0) * T[1])


def test_derivatives_nest():
    inner = lambda x: grad(lambda y: (y**3).sum())(x)
    np.testing.assert_allclose(grad(lambda x: inner(x).sum())(V), 6.0 * V)
    np.testing.assert_allclose(grad(lambda x: inner(np.array([x[0], x[1]])).sum())(V), [1.8, 4.2, 0.0])
    np.testing.assert_allclose(grad(lambda x: inner(x[0]) if 0 else inner([x[0]] and x).sum())(V), 6.0 * V)
    third = jacobian(jacobian(jacobian(lambda x: (x**3).sum())))(V)
    assert third.shape == (3, 3, 3)
    assert third[0, 0, 0] == pytest.approx(6.0)
    a = Value(2.0)
    found = grad(lambda x: (a * x**2).sum())(V)
    assert all(type(x) is Value for x in found)
    assert autograd.gradients(found[1], a) == pytest.approx(1.4)


def test_aux_is_given_back_in_floats():
    def f(x):
        return x.sum(), {"x": x, "own": np.array([x[0]]), "text": np.array(["a"], object)}

    value, aux = grad(f, has_aux=True)(V)
    assert value.tolist() == [1.0, 1.0, 1.0]
    assert (aux["x"] == V).all()
    assert aux["x"].dtype == aux["own"].dtype == np.float64
    assert aux["text"].tolist() == ["a"]


REFUSED = {
    "several results": (lambda: grad(lambda x: x)(V), r"one number, got an array of shape \(3,\)"),
    "one result with an axis": (lambda: grad(lambda x: x[:1])(V), r"got an array of shape \(1,\)"),
    "comparisons": (lambda: grad(lambda x: x > 0.5)(V), r"result of grad\(\)'s function\[0\].*no derivative"),
    "a comparison": (lambda: grad(lambda x: x[0] > 0.5)(V), "bool False, which has no derivative"),
    "complex": (lambda: grad(lambda x: x.sum())(V + 1j), r"argument 0 of grad\(\)'s function\[0\].*complex"),
    "text": (lambda: grad(lambda x: x.sum())(np.array(["a"])), "got str 'a'"),
    "made by hand": (lambda: grad(lambda x: x[0])(np.array([Value(1.0)])), "make one Value for each element"),
    "masked": (lambda: grad(lambda x: x.sum())(np.ma.array(V, mask=[1, 0, 0])), r"masked; fill in"),
    "in an array of floats": (lambda: grad(lambda x: np.zeros(3).__setitem__(0, x[0]))(V), r"np\.zeros_like"),
    "as single floats": (lambda: grad(lambda x: x.astype(np.float32).sum())(V), r"np\.zeros_like"),
    "added to floats": (lambda: grad(lambda x: np.zeros(3).__iadd__(x).sum())(V), r"np\.zeros_like\(x\)"),
    "linear algebra": (lambda: grad(lambda x: np.linalg.solve(M.T, x)[0])(V), "NumPy's solve takes no Value"),
    "no row": (lambda: grad(lambda x: np.spacing(x).sum())(V), "NumPy's spacing takes no Value"),
    "other lengths": (lambda: grad(lambda x: x @ T)(V), "rows as long as the columns"),
    "a number": (lambda: grad(lambda x: (x @ x[0]))(V), r"@ takes vectors"),
    "another structure": (lambda: jvp(np.sin, (V,), ([1.0, 1.0, 1.0],)), r"an array of shape \(3,\) at tang"),
    "another shape": (lambda: jvp(np.sin, (V,), (T,)), r"of shape \(3,\) at .*an array of shape \(4,\)"),
    "lists": (lambda: grad(lambda x: (x[0] * T).sum())([1.0]), "make one Value for each element"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_differentiated_says_what_to_write(case):
    call, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_function_called_with_arrays_is_left_behind_when_it_ends():
    kept = []
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: kept.append(x) or 1 / 0)(V)
    with pytest.raises(TypeError, match="make one Value for each element"):
        kept[0][0] * T
    found = []
    grad(lambda x: (x[0].register_hook(lambda g: found.append(g)), x.sum())[1])(V)
    assert found == [1.0]


def test_structure_can_be_none_in_part():
    assert grad(lambda p: p["a"] ** 2)({"a": 3.0, "b": None}) == {"a": 6.0, "b": None}
    assert jacobian(lambda x: [x, None])(2.0) == [1.0, None]
    assert jvp(lambda p: p[0] * 2.0, ([1.0, None],), ([3.0, None],)) == (2.0, 6.0)
    with pytest.raises(ValueError, match="expected None at"):
        jvp(lambda p: p[0], ([1.0, None],), ([3.0, 1.0],))
    with pytest.raises(TypeError, match="argument 0 of grad.*got None"):
        grad(lambda p: 1.0)(None)


@pytest.mark.parametrize("bad", [True, np.bool_(True), "a", 1j, b"a", {1}], ids=repr)
@pytest.mark.parametrize("derivative", [grad, value_and_grad, jacobian, jacfwd, hessian])
def test_what_a_function_returns_must_be_a_number(derivative, bad):
    for result in (lambda x: bad, lambda x: [bad]) if derivative in (jacobian, jacfwd) else (lambda x: bad,):
        with pytest.raises(TypeError, match=r"the result of \w+\(\)'s function.*expected a real number"):
            derivative(result)(1.0)


def test_gradcheck_takes_arrays():
    assert autograd.testing.gradcheck(lambda x: (np.sin(x) * x[0]).sum(), [V])
    assert autograd.testing.check_grads(lambda x: np.sin(x) * x[0], (V,))
    with pytest.raises(autograd.testing.GradcheckError, match=r"d.\[0\]"):
        autograd.testing.gradcheck(lambda x: (x * x.copy()[0].detach()).sum(), [V])


def test_numbers_keep_their_meaning_where_numpy_is_loaded():
    assert grad(lambda x: x**3)(np.float64(2.0)) == 12.0
    assert type(grad(lambda x: x**3)(np.float64(2.0))) is float
    assert math.isnan(grad(lambda x: np.log(x))(-1.0))


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_a_number_is_compared_with_an_array_from_either_side(sign):
    s, b = 0.5, np.array([0.2, 0.5, 0.9])
    for condition in (f"s {sign} b", f"b {sign} s"):
        f = eval(f"lambda s, b: np.where({condition}, b * s, b).sum()", {"np": np})
        chosen = eval(condition, {"s": s, "b": b})
        found = grad(f, (0, 1))(s, b)
        assert found[0] == pytest.approx(b[chosen].sum())
        assert found[1].tolist() == np.where(chosen, s, 1.0).tolist()
        assert autograd.compile(f)(s, b) == pytest.approx(f(s, b))
