"""The twelve evals of GradBench, written a number at a time as their definitions read.

What an eval calls is made by a function of its input and a backend: all that a first call needs, recording
and compiling included, is done there, and what it returns is timed. `EVALS` says what each result becomes in
JSON.
Sources: the definitions in the folder ``evals`` of https://github.com/gradbench/gradbench; its C++ programs
where a definition leaves something open, such as the two that LSTM's logarithm adds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Value, compile, cos, dot, exp, grad, jacfwd, jacobian, log, sigmoid, sin, sqrt, tanh

__all__ = ["EVALS", "PLAIN"]

Call = Callable[[], Any]


def leaves(rows: Any) -> Any:
    """Return nested lists of numbers as Values in the same lists."""
    return [leaves(row) for row in rows] if isinstance(rows, list) else Value(rows)


def flat(rows: Any) -> list[Any]:
    """Return what nested lists hold, in order."""
    return [x for row in rows for x in flat(row)] if isinstance(rows, list) else [rows]


def listed(found: Any) -> Any:
    """Return arrays as lists."""
    return np.asarray(found, float).tolist()


# hello: a square and its derivative


def square(x: Any) -> Any:
    """Return a number's square."""
    return x * x


def hello_square(given: float, backend: str) -> Call:
    """Return the square."""
    step = compile(square, backend=backend)
    return lambda: step(given)


def hello_double(given: float, backend: str) -> Call:
    """Return its derivative."""
    step = compile(grad(square), backend=backend)
    return lambda: step(given)


# lse: the logarithm of a sum of exponentials


def log_sum_exp(x: Sequence[Any]) -> Any:
    """Return log(sum(exp(x))), the largest taken out."""
    top = autograd.max(x)
    return top + log(autograd.sum([exp(v - top) for v in x]))


def lse_primal(given: dict[str, Any], backend: str) -> Call:
    """Return the function's value."""
    step, x = compile(log_sum_exp, backend=backend), np.array(given["x"])
    return lambda: step(x)


def lse_gradient(given: dict[str, Any], backend: str) -> Call:
    """Return the function's gradient."""
    step, x = compile(grad(log_sum_exp), backend=backend), np.array(given["x"])
    return lambda: step(x)


# llsq: a polynomial's squared distance from the sign, its points being lanes


def llsq_loss(given: dict[str, Any], coefficients: list[Value]) -> Callable[[Any], Any]:
    """Return half the squared distance at the i-th point."""

    def loss(i: Any) -> Any:
        t = -1.0 + i * 2.0 / (given["n"] - 1.0)
        rest, power = autograd.sign(t), 1.0
        for x in coefficients:
            rest, power = rest - x * power, power * t
        return rest * rest / 2.0

    return loss


def llsq_primal(given: dict[str, Any], backend: str) -> Call:
    """Return the sum over the points."""
    loss = llsq_loss(given, leaves(given["x"]))
    step = compile(loss, [], batch=True, reduction="sum", backend=backend)
    i = np.arange(given["n"], dtype=float)
    return lambda: step(i)


def llsq_gradient(given: dict[str, Any], backend: str) -> Call:
    """Return its gradient in the coefficients."""
    x = leaves(given["x"])
    step = compile(llsq_loss(given, x), x, batch=True, reduction="sum", backend=backend)
    i = np.arange(given["n"], dtype=float)
    return lambda: step.value_and_grad(i)[1]


# ode: a chain of equations by Runge and Kutta's method


def ode_end(x: Sequence[Any], steps: int) -> list[Any]:
    """Return the state after the time 2: y0' = x0, yi' = xi y(i-1), from 0."""

    def slope(y: list[Any]) -> list[Any]:
        return [x[0], *(a * b for a, b in zip(x[1:], y, strict=False))]

    def ahead(y: list[Any], h: float, k: list[Any]) -> list[Any]:
        return [a + h * b for a, b in zip(y, k, strict=True)]

    y, h = [0.0 * a for a in x], 2.0 / steps
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(ahead(y, h / 2.0, k1))
        k3 = slope(ahead(y, h / 2.0, k2))
        k4 = slope(ahead(y, h, k3))
        y = [
            v + h * (a + 2.0 * b + 2.0 * c + d) / 6.0 for v, a, b, c, d in zip(y, k1, k2, k3, k4, strict=True)
        ]
    return y


def ode_primal(given: dict[str, Any], backend: str) -> Call:
    """Return the state at the end."""
    step, x = compile(lambda x: ode_end(x, given["s"]), backend=backend), np.array(given["x"])
    return lambda: step(x)


def ode_gradient(given: dict[str, Any], backend: str) -> Call:
    """Return the gradient of its last number."""
    step, x = compile(grad(lambda x: ode_end(x, given["s"])[-1]), backend=backend), np.array(given["x"])
    return lambda: step(x)


# det: a determinant by expansion by minors, each minor written once


def determinant(a: Sequence[Any], size: int) -> Any:
    """Return the determinant of a matrix in a row-major list."""
    known: dict[tuple[int, ...], Any] = {(): 1.0}

    def minor(columns: tuple[int, ...]) -> Any:
        """Return that of these columns of the last rows."""
        if columns not in known:
            row = size - len(columns)
            terms = [
                (-1.0) ** k * a[row * size + j] * minor((*columns[:k], *columns[k + 1 :]))
                for k, j in enumerate(columns)
            ]
            known[columns] = autograd.sum(terms)
        return known[columns]

    return minor(tuple(range(size)))


def det_primal(given: dict[str, Any], backend: str) -> Call:
    """Return the determinant."""
    step, a = compile(lambda a: determinant(a, given["ell"]), backend=backend), np.array(given["A"])
    return lambda: step(a)


def det_gradient(given: dict[str, Any], backend: str) -> Call:
    """Return its gradient."""
    step, a = compile(grad(lambda a: determinant(a, given["ell"])), backend=backend), np.array(given["A"])
    return lambda: step(a)


# kmeans: distances from the nearest of some centroids, the points being lanes


def kmeans_loss(centroids: list[list[Value]]) -> Callable[[Any], Any]:
    """Return a point's squared distance from the nearest centroid."""

    def loss(point: Any) -> Any:
        return autograd.min(
            [autograd.sum([(a - b) ** 2 for a, b in zip(point, c, strict=True)]) for c in centroids]
        )

    return loss


def kmeans_cost(given: dict[str, Any], backend: str) -> Call:
    """Return the sum over the points."""
    loss = kmeans_loss(leaves(given["centroids"]))
    step = compile(loss, [], batch=True, reduction="sum", backend=backend)
    points = np.array(given["points"])
    return lambda: step(points)


def kmeans_dir(given: dict[str, Any], backend: str) -> Call:
    """Return Newton's direction: the gradient over the Hessian, which is diagonal, so that its product with
    ones is its diagonal. Of the gradient's product with some weights, here ones, the derivatives in the
    weights are the gradient, and those in the centroids the Hessian's product with the weights.
    """
    centroids, points = leaves(given["centroids"]), np.array(given["points"])
    loss, params = kmeans_loss(centroids), flat(centroids)
    weights = [Value(1.0) for _ in params]

    def slope(point: Any) -> Any:
        return dot(weights, autograd.gradients(loss(point), params, create_graph=True))

    step = compile(slope, [*weights, *params], batch=True, reduction="sum", backend=backend)

    def call() -> Any:
        first, second = np.reshape(step.value_and_grad(points)[1], (2, len(centroids), -1))
        return first / second

    return call


# gmm: a mixture of Gaussians with a Wishart prior, the points being lanes


class Mixture:
    """A mixture's parameters, the logarithms of a point's likelihood and of the prior."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.alpha, self.mu, self.q, self.l = (leaves(given[key]) for key in ("alpha", "mu", "q", "l"))
        self.params = flat([self.alpha, self.mu, self.q, self.l])

    def rows(self, k: int) -> list[list[Any]]:
        """Return the rows of the k-th lower triangular matrix, filled column by column."""
        d, below = self.given["d"], iter(self.l[k])
        columns = [[exp(self.q[k][j]), *(next(below) for _ in range(j + 1, d))] for j in range(d)]
        return [[columns[j][i - j] for j in range(i + 1)] for i in range(d)]

    def likelihood(self, x: Any) -> Any:
        """Return a point's."""
        terms = []
        for k, alpha in enumerate(self.alpha):
            centred = [a - b for a, b in zip(x, self.mu[k], strict=True)]
            scaled = [dot(row, centred[: len(row)]) for row in self.rows(k)]
            terms.append(alpha + autograd.sum(self.q[k]) - 0.5 * autograd.sum([s * s for s in scaled]))
        total = log_sum_exp(terms) - log_sum_exp(self.alpha)
        return total - 0.5 * self.given["d"] * math.log(2.0 * math.pi)

    def prior(self) -> Any:
        """Return the logarithm of the prior."""
        d, m, gamma, count = self.given["d"], self.given["m"], self.given["gamma"], self.given["k"]
        n = d + m + 1
        gammas = d * (d - 1) / 4.0 * math.log(math.pi) + sum(math.lgamma((n - j) / 2.0) for j in range(d))
        constant = count * (n * d * math.log(gamma / math.sqrt(2.0)) - gammas)
        squares = [x * x for k in range(count) for row in self.rows(k) for x in row]
        return constant - 0.5 * gamma * gamma * autograd.sum(squares) + float(m) * autograd.sum(flat(self.q))

    def step(self, params: list[Value], backend: str) -> Any:
        """Return the compiled logarithm of the posterior, with its gradient in some parameters."""
        return compile(
            self.likelihood, params, batch=True, reduction="sum", penalty=self.prior, backend=backend
        )


def gmm_objective(given: dict[str, Any], backend: str) -> Call:
    """Return the logarithm of the posterior."""
    step, x = Mixture(given).step([], backend), np.array(given["x"])
    return lambda: step(x)


def gmm_jacobian(given: dict[str, Any], backend: str) -> Call:
    """Return its gradient, as arrays by the parameters' names."""
    mixture, x = Mixture(given), np.array(given["x"])
    step, shapes = mixture.step(mixture.params, backend), [np.shape(given[key]) for key in GMM]
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]

    def call() -> Any:
        parts = np.split(np.asarray(step.value_and_grad(x)[1]), ends)
        return {key: part.reshape(s) for key, part, s in zip(GMM, parts, shapes, strict=True)}

    return call


GMM = ("alpha", "mu", "q", "l")


# lstm: a recurrent network whose matrices are diagonal


def lstm_loss(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    """Return the loss of predicting each row of a sequence by those before it."""
    hidden, cell = [list(row) for row in state[::2]], [list(row) for row in state[1::2]]
    size, total = len(extra[0]), []
    for given, wanted in zip(sequence, sequence[1:], strict=False):
        x = [a * w for a, w in zip(given, extra[0], strict=True)]
        for layer, (weight, bias) in enumerate(zip(main[::2], main[1::2], strict=True)):
            h, c = hidden[layer], cell[layer]
            gates = [
                [v[i] * weight[k * size + i] + bias[k * size + i] for i in range(size)]
                for k, v in enumerate((x, h, x, h))
            ]
            forget, enter, leave = ([sigmoid(z) for z in gate] for gate in gates[:3])
            change = [tanh(z) for z in gates[3]]
            c = [a * f + i * g for a, f, i, g in zip(c, forget, enter, change, strict=True)]
            x = [o * tanh(a) for o, a in zip(leave, c, strict=True)]
            hidden[layer], cell[layer] = x, c
        found = [a * w + b for a, w, b in zip(x, extra[1], extra[2], strict=True)]
        scale = log(autograd.sum([exp(a) for a in found]) + 2.0)
        total += [w * (a - scale) for w, a in zip(wanted, found, strict=True)]
    return -1.0 * autograd.sum(total) / len(total)


def lstm_arrays(given: dict[str, Any]) -> list[Any]:
    """Return the arguments of the loss."""
    return [np.array(given[key]) for key in ("main_params", "extra_params", "state", "sequence")]


def lstm_objective(given: dict[str, Any], backend: str) -> Call:
    """Return the loss."""
    step, arrays = compile(lstm_loss, backend=backend), lstm_arrays(given)
    return lambda: step(*arrays)


def lstm_jacobian(given: dict[str, Any], backend: str) -> Call:
    """Return its gradient in the parameters, in a row."""
    step, arrays = compile(grad(lstm_loss, argnums=(0, 1)), backend=backend), lstm_arrays(given)
    return lambda: np.concatenate([np.ravel(part) for part in step(*arrays)])


# ba: bundle adjustment, the observations being lanes


def projected(camera: Any, point: Any) -> list[Any]:
    """Return where a camera of 11 parameters sees a point: rotation, centre, focal length, principal point,
    distortion.
    """
    rotation, centre, focal, middle, bend = camera[:3], camera[3:6], camera[6], camera[7:9], camera[9:]
    angle = sqrt(dot(rotation, rotation))
    c, s = cos(angle), sin(angle)
    a, b, d = (r / angle for r in rotation)
    x, y, z = (p - q for p, q in zip(point, centre, strict=True))
    along = (a * x + b * y + d * z) * (1.0 - c)
    depth = z * c + (a * y - b * x) * s + d * along
    seen = [
        (x * c + (b * z - d * y) * s + a * along) / depth,
        (y * c + (d * x - a * z) * s + b * along) / depth,
    ]
    square = dot(seen, seen)
    scale = focal * (1.0 + bend[0] * square + bend[1] * square * square)
    return [v * scale + m for v, m in zip(seen, middle, strict=True)]


def ba_errors(camera: Any, point: Any, weight: Any, feature: Any) -> list[Any]:
    """Return the two errors of an observation, and its weight's."""
    seen = projected(camera, point)
    return [*(weight * (v - f) for v, f in zip(seen, feature, strict=True)), 1.0 - weight * weight]


def ba_arrays(given: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return cameras, points, features and weights, in columns, and what each observation sees of the first
    two.
    """
    counts = [given[key] for key in "nmp"]
    keys = zip(("cam", "x", "feat", "w"), (*counts, given["p"]), strict=True)
    columns = [np.repeat(np.atleast_1d(given[key])[:, None], n, axis=1) for key, n in keys]
    seen = tuple(np.arange(counts[2]) % n for n in counts[:2])
    return tuple(columns), seen


def ba_derivatives(camera: Any, point: Any, weight: Any, feature: Any) -> list[Any]:
    """Return what is not 0 of an observation's three rows of the Jacobian: fifteen, fifteen, and one."""
    rows = jacobian(ba_errors, argnums=(0, 1, 2))(camera, point, weight, feature)
    pairs = [[*camera, *point, weight] for camera, point, weight in rows[:2]]
    return [*pairs[0], *pairs[1], rows[2][2]]


def ba_call(f: Any, given: dict[str, Any], backend: str) -> Call:
    """Return a function of an observation over all of them."""
    step = compile(f, batch=True, backend=backend)
    (cameras, points, features, weights), (i, j) = ba_arrays(given)
    return lambda: step(cameras.take(i, 1).T, points.take(j, 1).T, weights[0], features.T)


def ba_objective(given: dict[str, Any], backend: str) -> Call:
    """Return the errors, three a row."""
    return ba_call(ba_errors, given, backend)


def ba_jacobian(given: dict[str, Any], backend: str) -> Call:
    """Return the Jacobian of all errors: where rows begin, the columns, and the numbers."""
    derivatives = ba_call(ba_derivatives, given, backend)
    (i, j), p = ba_arrays(given)[1], given["p"]
    own = 11 * given["n"] + 3 * given["m"] + np.arange(p)[:, None]
    pair = np.hstack([11 * i[:, None] + np.arange(11), 11 * given["n"] + 3 * j[:, None] + np.arange(3), own])
    columns = np.concatenate([np.repeat(pair, 2, axis=0).ravel(), own.ravel()])
    rows = np.concatenate([15 * np.arange(2 * p + 1), 30 * p + 1 + np.arange(p)])

    def call() -> Any:
        found = derivatives()
        return rows, columns, np.concatenate([found[:, :30].ravel(), found[:, 30]])

    return call


def ba_errors_shown(found: Any) -> Any:
    """Return the errors of the first observation, as often as there are others like it."""
    errors, p = np.asarray(found), len(found)
    return {
        "reproj_error": {"elements": errors[0, :2].tolist(), "repeated": p},
        "w_err": {"element": float(errors[0, 2]), "repeated": p},
    }


def ba_jacobian_shown(found: Any) -> Any:
    """Return the first thirty and the last of each array."""
    kinds = zip(("rows", "cols", "vals"), found, strict=True)
    return {key: [*part[:30].tolist(), part[-1].item()] for key, part in kinds}


# ht: hand tracking, errors between seen points and a posed hand's surface


def product(a: Any, b: Any) -> list[list[Any]]:
    """Return a matrix product, without terms that are 0 whatever the pose."""
    columns = list(zip(*b, strict=True))
    return [[terms([*zip(row, column, strict=True)]) for column in columns] for row in a]


def terms(pairs: list[tuple[Any, Any]]) -> Any:
    """Return the sum of the products of pairs, without those with a constant 0."""
    kept = [a * b for a, b in pairs if not any(type(x) is float and x == 0.0 for x in (a, b))]
    return autograd.sum(kept) if kept else 0.0


def turned(x: Any, z: Any) -> list[list[Any]]:
    """Return the rotation about the first axis, then about the third; no joint turns about the second."""
    (a, b), (c, d) = ((cos(t), sin(t)) for t in (x, z))
    return product([[c, -d, 0.0], [d, c, 0.0], [0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, a, -b], [0.0, b, a]])


def about(axis: Any) -> list[list[Any]]:
    """Return the rotation about an axis by its length."""
    angle = sqrt(dot(axis, axis))
    x, y, z = (a / angle for a in axis)
    s, c = sin(angle), cos(angle)
    rest = 1.0 - c
    return [
        [x * x + (1.0 - x * x) * c, x * y * rest - z * s, x * z * rest + y * s],
        [x * y * rest + z * s, y * y + (1.0 - y * y) * c, y * z * rest - x * s],
        [x * z * rest - y * s, z * y * rest + x * s, z * z + (1.0 - z * z) * c],
    ]


def bones(theta: Any, model: dict[str, Any]) -> list[list[list[Any]]]:
    """Return what each bone does to a point of the hand at rest: three rows of four."""
    turns: dict[int, list[list[Any]]] = {}
    for finger in range(5):
        at, bone = 6 + 4 * finger, 2 + 4 * finger
        for joint, angles in enumerate(
            ([theta[at], theta[at + 1]], [theta[at + 2], 0.0], [theta[at + 3], 0.0])
        ):
            rows = turned(*angles)
            turns[bone + joint] = [*([*row, 0.0] for row in rows), [0.0, 0.0, 0.0, 1.0]]
    found: list[list[list[Any]]] = []
    for bone, (parent, base) in enumerate(zip(model["parents"], model["base_relatives"], strict=True)):
        own = product(base, turns[bone]) if bone in turns else base
        found.append(own if parent < 0 else product(found[parent], own))
    return [product(a[:3], b) for a, b in zip(found, model["inverse_base_absolutes"], strict=True)]


def ht_errors(theta: Any, us: Any, data: dict[str, Any]) -> list[Any]:
    """Return three errors a point; it is a vertex, or with ``us`` in between a triangle's."""
    model = data["model"]
    rest, moves = model["base_positions"], bones(theta, model)
    globally = about(theta[:3])
    known: dict[int, list[Any]] = {}

    def vertex(v: int) -> list[Any]:
        if v not in known:
            shares = [(b, w) for b, w in enumerate(model["weights"][v]) if w]
            place = [
                autograd.sum([dot(moves[b][i], [w * x for x in rest[v]]) for b, w in shares])
                for i in range(3)
            ]
            place[0] = -place[0] if model["is_mirrored"] else place[0]
            known[v] = [dot(row, place) + t for row, t in zip(globally, theta[3:6], strict=True)]
        return known[v]

    errors = []
    for n, (point, which) in enumerate(zip(data["points"], data["correspondences"], strict=True)):
        if us:
            u, v = us[n]
            corners = [vertex(c) for c in model["triangles"][which]]
            found = [u * a + v * b + (1.0 - u - v) * c for a, b, c in zip(*corners, strict=True)]
        else:
            found = vertex(which)
        errors += [p - x for p, x in zip(point, found, strict=True)]
    return errors


def ht_arrays(given: dict[str, Any]) -> list[Any]:
    """Return the arguments: the pose, and where on its triangle each point is."""
    return [np.array(given["theta"]), *([np.array(given["us"])] if len(given["us"]) else [])]


def ht_objective(given: dict[str, Any], backend: str) -> Call:
    """Return the errors."""
    step = compile(lambda theta, us=(): ht_errors(theta, us, given["data"]), backend=backend)
    arrays = ht_arrays(given)
    return lambda: step(*arrays)


def ht_jacobian(given: dict[str, Any], backend: str) -> Call:
    """Return their Jacobian: a point's own two columns, where it has any, then those of the pose.

    An error rests on no other point's two, so that moving all points' at once has the same derivative.
    """
    theta, *us = ht_arrays(given)
    start = np.concatenate([np.zeros(2 * len(us)), theta])

    def errors(moved: Any, us: Any = ()) -> Any:
        own = [[u + moved[0], v + moved[1]] for u, v in us]
        return ht_errors(moved[2 if len(us) else 0 :], own, given["data"])

    step = compile(jacobian(errors), backend=backend)
    return lambda: step(start, *us)


# saddle and particle: derivatives of programs that descend along derivatives


SLOPES: dict[str, Callable[[Any], Callable[[Any], Any]]] = {"f": jacfwd, "r": grad}
"""The gradient of a function by forward and by reverse mode."""


def squares(v: Sequence[Any]) -> Any:
    """Return a vector's squared length."""
    return autograd.sum([x * x for x in v])


def lowest(f: Callable[[Any], Any], slope: Callable[[Any], Any], x: Sequence[Any]) -> list[Any]:
    """Return where a function is least, by descent with a step that doubles after ten that were good, and
    halves after each that was not.
    """
    x, eta, good = list(x), 1e-5, 0
    value, gradient = f(x), slope(x)
    while squares(gradient) > 1e-10:
        if good == 10:
            eta, good = 2.0 * eta, 0
            continue
        new = [a - eta * g for a, g in zip(x, gradient, strict=True)]
        if squares([a - b for a, b in zip(x, new, strict=True)]) <= 1e-10:
            break
        there = f(new)
        if there < value:
            x, value, gradient, good = new, there, slope(new), good + 1
        else:
            eta, good = eta / 2.0, 0
    return x


def saddle(modes: str) -> Callable[[dict[str, Any], str], Call]:
    """Return the eval with these modes, the outer first: min over x of max over y of |x|^2 - |y|^2."""
    outer, inner = (SLOPES[mode] for mode in modes)

    def prepare(given: dict[str, Any], backend: str) -> Call:
        start = given["start"]

        def height(x: Any, y: Any) -> Any:
            return squares(x) - squares(y)

        def highest(x: Any, mode: Any) -> list[Any]:
            below = lambda y: -1.0 * height(x, y)
            return lowest(below, mode(below), start)

        def ridge(x: Any) -> Any:
            return height(x, highest(x, inner))

        def call() -> list[float]:
            x = lowest(ridge, outer(ridge), start)
            return [*x, *highest(x, outer)]

        return call

    return prepare


def missed(inner: Callable[[Any], Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Return the function of where a charge meets the axis, squared; its force is found with a mode."""

    def square_at_axis(v: Any) -> Any:
        charges = (10.0, 10.0 - v[0]), (10.0, 0.0)

        def potential(at: Any) -> Any:
            distances = [sqrt(squares([p - q for p, q in zip(c, at, strict=True)])) for c in charges]
            return autograd.sum([1.0 / r for r in distances])

        place, speed = [0.0, 8.0], [0.75, 0.0]
        while True:
            force = inner(potential)(place)
            place = [a + 0.1 * b for a, b in zip(place, speed, strict=True)]
            if place[1] <= 0.0:
                return (place[0] - place[1] / speed[1] * speed[0]) ** 2
            speed = [a - 0.1 * b for a, b in zip(speed, force, strict=True)]

    return square_at_axis


def particle(modes: str) -> Callable[[dict[str, Any], str], Call]:
    """Return the eval with these modes, the outer first: the place of a charge for a path that meets 0."""
    outer, inner = (SLOPES[mode] for mode in modes)
    distance = missed(inner)

    def prepare(given: dict[str, Any], backend: str) -> Call:
        return lambda: lowest(distance, outer(distance), [given["w"]])[0]

    return prepare


MODES = ("ff", "fr", "rf", "rr")
EVALS: dict[str, dict[str, tuple[Callable[[Any, str], Call], Callable[[Any], Any]]]] = {
    "hello": {"square": (hello_square, float), "double": (hello_double, float)},
    "gmm": {
        "objective": (gmm_objective, float),
        "jacobian": (gmm_jacobian, lambda found: {key: listed(part) for key, part in found.items()}),
    },
    "ba": {"objective": (ba_objective, ba_errors_shown), "jacobian": (ba_jacobian, ba_jacobian_shown)},
    "ht": {"objective": (ht_objective, listed), "jacobian": (ht_jacobian, listed)},
    "lstm": {"objective": (lstm_objective, float), "jacobian": (lstm_jacobian, listed)},
    "kmeans": {"cost": (kmeans_cost, float), "dir": (kmeans_dir, listed)},
    "llsq": {"primal": (llsq_primal, float), "gradient": (llsq_gradient, listed)},
    "lse": {"primal": (lse_primal, float), "gradient": (lse_gradient, listed)},
    "ode": {"primal": (ode_primal, listed), "gradient": (ode_gradient, listed)},
    "det": {"primal": (det_primal, float), "gradient": (det_gradient, listed)},
    "saddle": {modes: (saddle(modes), listed) for modes in MODES},
    "particle": {modes: (particle(modes), float) for modes in MODES},
}
"""For each eval and function: what prepares it, and what its result is in JSON."""
PLAIN = ("particle", "saddle")
"""The evals that compile nothing, as their numbers decide how long they run: no call of theirs prepares."""
