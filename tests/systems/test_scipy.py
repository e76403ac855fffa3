"""SciPy's solvers on derivatives of this package: ten standard problems, written for NumPy."""

import pytest

from autograd import grad, hessian, hvp, jacobian, value_and_grad

np = pytest.importorskip("numpy")
optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")


def beale(x):
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def powell(x):
    return (x[0] + 10 * x[1]) ** 2 + 5 * (x[2] - x[3]) ** 2 + (x[1] - 2 * x[2]) ** 4 + 10 * (x[0] - x[3]) ** 4


def wood(x):
    a, b, c, d = x
    squares = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    return squares + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)


def booth(x):
    return np.sum((np.array([[1.0, 2.0], [2.0, 1.0]]) @ x - np.array([7.0, 5.0])) ** 2)


def dixon_price(x):
    i = np.arange(2, len(x) + 1)
    return (x[0] - 1) ** 2 + np.sum(i * (2 * x[1:] ** 2 - x[:-1]) ** 2)


def trigonometric(x):
    n, i = len(x), np.arange(1, len(x) + 1)
    return np.sum((n - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)) ** 2)


def penalty(x):
    return 1e-5 * ((x - 1) @ (x - 1)) + (x @ x - 0.25) ** 2


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def helical_valley(x):
    theta = np.arctan2(x[1], x[0]) / (2 * np.pi)
    return 100 * ((x[2] - 10 * theta) ** 2 + (np.hypot(x[0], x[1]) - 1) ** 2) + x[2] ** 2


# Each with a start, and the minimum from there (Moré, Garbow and Hillstrom 1981; Surjanovic and Bingham).
PROBLEMS = {
    "Rosenbrock": (optimize.rosen, [1.3, 0.7, 0.8, 1.9, 1.2], 0.0),
    "Beale": (beale, [1.0, 0.8], 0.0),
    "Powell": (powell, [3.0, -1.0, 0.0, 1.0], 0.0),
    "Wood": (wood, [1.5, 2.0, 0.5, 0.5], 0.0),
    "Booth": (booth, [0.0, 0.0], 0.0),
    "Dixon and Price": (dixon_price, [1.0, 0.8, 0.6], 0.0),
    "trigonometric": (trigonometric, [0.05, 0.05, 0.05], 0.0),
    "penalty I": (penalty, [1.0, 2.0, 3.0, 4.0], 2.24997e-5),
    "Himmelblau": (himmelblau, [1.0, 1.0], 0.0),
    "helical valley": (helical_valley, [-1.0, 0.5, 0.0], 0.0),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_are_those_that_differences_approach(name):
    f, start, _ = PROBLEMS[name]
    x = np.array(start)
    np.testing.assert_allclose(grad(f)(x), optimize.approx_fprime(x, f, 1e-7), rtol=2e-5, atol=2e-4)
    assert optimize.check_grad(f, grad(f), x, epsilon=1e-7) < 1e-3


@pytest.mark.parametrize("method", ["BFGS", "both at once", "Newton-CG", "hessp", "trust-exact", "trust-ncg"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_minimize(name, method):
    f, start, least = PROBLEMS[name]
    how = {
        "BFGS": {"jac": grad(f), "method": "BFGS"},
        "both at once": {"jac": True, "method": "L-BFGS-B", "options": {"ftol": 1e-15, "gtol": 1e-10}},
        "Newton-CG": {"jac": grad(f), "hess": hessian(f), "method": "Newton-CG", "options": {"xtol": 1e-10}},
        "hessp": {
            "jac": grad(f),
            "hessp": lambda x, p: hvp(f, (x,), (p,)),
            "method": "Newton-CG",
            "options": {"xtol": 1e-10},
        },
        "trust-exact": {"jac": grad(f), "hess": hessian(f), "method": "trust-exact"},
        "trust-ncg": {"jac": grad(f), "hessp": lambda x, p: hvp(f, (x,), (p,)), "method": "trust-ncg"},
    }[method]
    found = optimize.minimize(value_and_grad(f) if how["jac"] is True else f, np.array(start), **how)
    assert found.fun == pytest.approx(least, abs=1e-6)
    assert np.linalg.norm(grad(f)(found.x)) < 1e-3


SYSTEMS = {
    "SciPy's example": (
        lambda x: [x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]],
        [0, 0],
    ),
    "Broyden": (
        lambda x: (3 - 2 * x) * x - np.append(0.0, x[:-1]) - 2 * np.append(x[1:], 0.0) + 1,
        [-1, -1, -1, -1, -1],
    ),
    "Powell, badly scaled": (lambda x: np.array([1e4 * x[0] * x[1] - 1, np.exp(-x).sum() - 1.0001]), [0, 1]),
    "a circle and a line": (lambda x: np.array([x @ x - 4.0, x[0] - x[1]]), [1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("method", ["hybr", "lm"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_root(name, method):
    f, start = SYSTEMS[name]
    found = optimize.root(f, np.array(start, float), jac=jacobian(f), method=method)
    assert found.success
    np.testing.assert_allclose(f(found.x), 0.0, atol=1e-7)


def test_newtons_method_in_one_dimension():
    f = lambda x: np.cos(x) - x**3
    found = optimize.root_scalar(f, x0=1.0, fprime=grad(f), fprime2=grad(grad(f)), method="halley")
    assert found.root == pytest.approx(0.8654740331016144, abs=1e-14)


T = np.linspace(0.0, 4.0, 25)
CURVES = {
    "decay": (lambda p: p[0] * np.exp(-p[1] * T) + p[2], [2.5, 1.3, 0.5], [1.0, 1.0, 0.0]),
    "growth": (lambda p: p[0] / (1 + np.exp(p[1] - p[2] * T)), [3.0, 2.0, 1.5], [1.0, 1.0, 1.0]),
    "a wave": (lambda p: p[0] * np.sin(p[1] * T + p[2]), [1.5, 2.0, 0.3], [1.0, 1.9, 0.0]),
    "a peak": (lambda p: p[0] * np.exp(-(((T - p[1]) / p[2]) ** 2)), [2.0, 1.5, 0.7], [1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("method", ["trf", "lm", "dogbox"])
@pytest.mark.parametrize("name", CURVES)
def test_least_squares(name, method):
    curve, true, start = CURVES[name]
    y = curve(np.array(true))
    residuals = lambda p: curve(p) - y
    found = optimize.least_squares(residuals, start, jac=jacobian(residuals), method=method, xtol=1e-14)
    np.testing.assert_allclose(found.x, true, rtol=1e-7)
    assert found.jac.shape == (25, 3)


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_a_stiff_equation_gets_its_jacobian(method):
    def robertson(t, y):
        slow, fast = 0.04 * y[0], 1e4 * y[1] * y[2]
        burnt = 3e7 * y[1] ** 2
        return np.array([fast - slow, slow - fast - burnt, burnt])

    found = integrate.solve_ivp(
        robertson,
        (0.0, 40.0),
        [1.0, 0.0, 0.0],
        method,
        jac=jacobian(robertson, argnums=1),
        rtol=1e-8,
        atol=1e-12,
    )
    assert found.success
    np.testing.assert_allclose(
        found.y[:, -1], [0.7158271, 9.1855e-06, 0.2841637], rtol=1e-4
    )  # Hairer, Wanner


def test_constraints_have_derivatives():
    on_circle = lambda x: x @ x - 2.0
    found = optimize.minimize(
        lambda x: x.sum(),
        np.array([-1.5, -0.5]),
        jac=grad(lambda x: x.sum()),
        constraints={"type": "eq", "fun": on_circle, "jac": grad(on_circle)},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    np.testing.assert_allclose(found.x, [-1.0, -1.0], rtol=1e-5)


def test_scipys_special_functions_have_rows():
    special = pytest.importorskip("scipy.special")
    x = np.array([0.5, 1.5])
    for f in (special.erf, special.erfc, special.expit, special.log_expit, special.gammaln, special.psi):
        exact = grad(lambda x, f=f: f(x).sum())(x)
        np.testing.assert_allclose(exact, (f(x + 1e-6) - f(x - 1e-6)) / 2e-6, rtol=1e-7)
