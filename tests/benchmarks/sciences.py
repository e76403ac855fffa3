"""Programs of many time steps from the sciences, a number at a time, as those who need them write them.

Each function returns a program for a number of steps, and numbers at which it is computed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from autograd import exp, grad, log, relu, sigmoid, sin, softplus, tanh

__all__ = ["PROGRAMS", "Program"]

Program = tuple[Callable[..., Any], list[float]]


def normal(seed: int, count: int, scale: float = 1.0) -> list[float]:
    """Return numbers at random."""
    rng = random.Random(seed)
    return [rng.gauss(0.0, scale) for _ in range(count)]


def inner(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Return a scalar product."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def runge_kutta(slope: Callable[[list[Any]], list[Any]], y: list[Any], h: float) -> list[Any]:
    """Return what a system is after a step of the classical method."""
    a = slope(y)
    b = slope([x + h / 2 * d for x, d in zip(y, a, strict=True)])
    c = slope([x + h / 2 * d for x, d in zip(y, b, strict=True)])
    d = slope([x + h * d for x, d in zip(y, c, strict=True)])
    return [x + h / 6 * (p + 2 * q + 2 * r + s) for x, p, q, r, s in zip(y, a, b, c, d, strict=True)]


def lorenz(steps: int) -> Program:
    """Return how far from the origin Lorenz's attractor is."""

    def f(s: Any, r: Any, b: Any) -> Any:
        """Follow it."""
        y: list[Any] = [1.0, 1.0, 1.0]
        for _ in range(steps):
            y = runge_kutta(
                lambda v: [s * (v[1] - v[0]), v[0] * (r - v[2]) - v[1], v[0] * v[1] - b * v[2]], y, 0.01
            )
        return inner(y, y)

    return f, [10.0, 28.0, 8.0 / 3.0]


def observed_oscillator(steps: int) -> Program:
    """Return how well van der Pol's oscillator fits what is measured at every fifth step."""
    measured = normal(1, steps)

    def f(mu: Any, x: Any) -> Any:
        """Follow it."""
        y, total = [x, 0.5], 0.0
        for k in range(steps):
            y = runge_kutta(lambda v: [v[1], mu * (1 - v[0] ** 2) * v[1] - v[0]], y, 0.05)
            if k % 5 == 0:
                total = total + (y[0] - measured[k]) ** 2
        return total

    return f, [1.3, 0.8]


def neuron(steps: int) -> Program:
    """Return the square of the voltage of Hodgkin's and Huxley's neuron."""

    def f(sodium: Any, potassium: Any) -> Any:
        """Follow it."""
        v, m, h, n = -65.0, 0.05, 0.6, 0.32
        for _ in range(steps):
            opening = 0.1 * (v + 40) / (1 - exp(-(v + 40) / 10)), 0.07 * exp(-(v + 65) / 20)
            closing = 4 * exp(-(v + 65) / 18), 1 / (1 + exp(-(v + 35) / 10))
            slow = 0.01 * (v + 55) / (1 - exp(-(v + 55) / 10)), 0.125 * exp(-(v + 65) / 80)
            current = sodium * m**3 * h * (v - 50) + potassium * n**4 * (v + 77) + 0.3 * (v + 54.4)
            v = v + 0.02 * (10 - current)
            m = m + 0.02 * (opening[0] * (1 - m) - closing[0] * m)
            h = h + 0.02 * (opening[1] * (1 - h) - closing[1] * h)
            n = n + 0.02 * (slow[0] * (1 - n) - slow[1] * n)
        return v * v

    return f, [120.0, 36.0]


def crank_nicolson(steps: int, places: int = 6) -> Program:
    """Return the energy of heat, by a tridiagonal system for each step."""

    def f(*rates: Any) -> Any:
        """Follow it."""
        u: list[Any] = [math.sin(math.pi * (i + 1) / (places + 1)) for i in range(places)]
        for _ in range(steps):
            beside = [[0.0, *u][i] + [*u, 0.0][i + 1] for i in range(places)]
            right = [x * (1 - s) + 0.5 * s * y for x, s, y in zip(u, rates, beside, strict=True)]
            above, made = [-0.5 * rates[0] / (1 + rates[0])], [right[0] / (1 + rates[0])]
            for s, x in zip(rates[1:], right[1:], strict=True):
                pivot = 1 + s + 0.5 * s * above[-1]
                above.append(-0.5 * s / pivot)
                made.append((x + 0.5 * s * made[-1]) / pivot)
            u = [made[-1]]
            for a, x in zip(above[-2::-1], made[-2::-1], strict=True):
                u.insert(0, x - a * u[0])
        return inner(u, u)

    return f, [0.3 + 0.01 * i for i in range(places)]


def riccati(steps: int) -> Program:
    """Return the cost of the best control of a moving mass."""
    move = [[1.0, 0.1], [0.0, 1.0]]

    def f(*costs: Any) -> Any:
        """Go back through time."""
        p: list[list[Any]] = [[costs[0], 0.0], [0.0, costs[1]]]
        for _ in range(steps):
            pa = [[inner(row, column) for column in zip(*move, strict=True)] for row in p]
            apa = [[inner(a, b) for b in zip(*pa, strict=True)] for a in zip(*move, strict=True)]
            force, weight = [pa[1][0] * 0.1, pa[1][1] * 0.1], costs[2] + p[1][1] * 0.01
            p = [
                [apa[i][j] - force[i] * force[j] / weight + (costs[i] if i == j else 0.0) for j in range(2)]
                for i in range(2)
            ]
        return p[0][0] + p[1][1]

    return f, [1.0, 0.5, 0.1]


def kuramoto(steps: int, count: int = 6) -> Program:
    """Return how much oscillators that pull each other are in step."""
    own = normal(2, count)

    def f(pull: Any, *angles: Any) -> Any:
        """Follow them."""
        for _ in range(steps):
            pulls = [sum(sin(b - a) for b in angles if b is not a) for a in angles]
            angles = tuple(
                [a + 0.05 * (w + pull / count * p) for a, w, p in zip(angles, own, pulls, strict=True)]
            )
        return sum(sin(a) for a in angles) ** 2

    return f, [1.5, *normal(3, count)]


def sinkhorn(steps: int, count: int = 6) -> Program:
    """Return the cost of moving one distribution to another."""
    costs = [[abs(i - j) / count for j in range(count)] for i in range(count)]

    def f(heat: Any, *weights: Any) -> Any:
        """Scale rows and columns in turn."""
        kernel = [[exp(-c / heat) for c in row] for row in costs]
        total, v = sum(weights), [1.0] * count
        for _ in range(steps):
            u = [w / total / inner(row, v) for w, row in zip(weights, kernel, strict=True)]
            v = [1.0 / count / inner(column, u) for column in zip(*kernel, strict=True)]
        pairs = [(i, j) for i in range(count) for j in range(count)]
        return sum(u[i] * kernel[i][j] * v[j] * costs[i][j] for i, j in pairs)

    return f, [0.3, *(0.1 + 0.1 * i for i in range(count))]


def neural_equation(steps: int, units: int = 8) -> Program:
    """Return the loss of a differential equation that is a network."""

    def f(*theta: Any) -> Any:
        """Follow it."""
        first, bias = [theta[2 * i : 2 * i + 2] for i in range(units)], theta[2 * units : 3 * units]
        second = [theta[3 * units : 4 * units], theta[4 * units :]]

        def slope(y: list[Any]) -> list[Any]:
            """Ask the network."""
            hidden = [tanh(inner(row, y) + b) for row, b in zip(first, bias, strict=True)]
            return [inner(row, hidden) for row in second]

        y: list[Any] = [0.5, -0.3]
        for _ in range(steps):
            y = runge_kutta(slope, y, 0.1)
        return y[0] ** 2 + (y[1] - 1) ** 2

    return f, normal(4, 5 * units, 0.5)


def page_rank(steps: int, pages: int = 10) -> Program:
    """Return how unevenly pages are ranked."""
    rng = random.Random(5)
    links = [sorted(rng.sample(range(pages), 3)) for _ in range(pages)]

    def f(follow: Any, *start: Any) -> Any:
        """Iterate."""
        rank: list[Any] = [1.0 / pages] * pages
        for _ in range(steps):
            new = [(1 - follow) * s for s in start]
            for here, there in enumerate(links):
                for k in there:
                    new[k] = new[k] + follow * rank[here] / 3
            rank = new
        return inner(rank, rank)

    return f, [0.85, *[0.1] * pages]


def both_ways(steps: int, units: int = 4) -> Program:
    """Return the loss of gated recurrent units that read a sequence from both ends."""
    data = normal(6, steps)

    def read(sequence: list[float], theta: Sequence[Any]) -> list[list[Any]]:
        """Return the states."""
        size = units * (units + 1)
        gates = [theta[i * size : (i + 1) * size] for i in range(3)]

        def net(gate: Sequence[Any], x: float, h: list[Any]) -> list[Any]:
            """Return the weighted inputs of a gate."""
            return [gate[i] * x + inner(gate[units * (i + 1) : units * (i + 2)], h) for i in range(units)]

        states: list[list[Any]] = [[0.0] * units]
        for x in sequence:
            h = states[-1]
            keep, reset = ([sigmoid(z) for z in net(gate, x, h)] for gate in gates[:2])
            new = [tanh(z) for z in net(gates[2], x, [r * y for r, y in zip(reset, h, strict=True)])]
            states.append([(1 - k) * y + k * z for k, y, z in zip(keep, h, new, strict=True)])
        return states[1:]

    def f(*theta: Any) -> Any:
        """Compare what both say with the next number."""
        half = len(theta) // 2
        there, back = read(data, theta[:half]), read(data[::-1], theta[half:])[::-1]
        pairs = zip(there, back, data[1:] + data[:1], strict=True)
        return sum((sum(u) + sum(v) - x) ** 2 for u, v, x in pairs)

    return f, normal(7, 6 * units * (units + 1), 0.4)


def descent(steps: int) -> Program:
    """Return the loss of a line after gradient descent, as a function of its rate and start."""
    xs, ys = normal(8, 6), normal(9, 6)

    def f(rate: Any, w: Any, b: Any) -> Any:
        """Descend."""
        for _ in range(steps):
            errors = [w * x + b - y for x, y in zip(xs, ys, strict=True)]
            w, b = w - rate * 2 * inner(errors, xs) / 6, b - rate * 2 * sum(errors) / 6
        return sum((w * x + b - y) ** 2 for x, y in zip(xs, ys, strict=True))

    return f, [0.05, 0.1, 0.2]


def learning_to_learn(steps: int) -> Program:
    """Return the same of a neuron, whose gradient the engine takes."""
    xs, ys = normal(8, 5), normal(9, 5)

    def loss(w: Any, b: Any) -> Any:
        """Return the neuron's."""
        return sum((tanh(w * x + b) - y) ** 2 for x, y in zip(xs, ys, strict=True))

    def f(rate: Any, w: Any, b: Any) -> Any:
        """Descend."""
        for _ in range(steps):
            slope: Any = grad(loss, argnums=(0, 1))(w, b)
            w, b = w - rate * slope[0], b - rate * slope[1]
        return loss(w, b)

    return f, [0.05, 0.1, 0.2]


def drum(steps: int, size: int = 6) -> Program:
    """Return the energy of a wave on a square."""

    def f(speed: Any, *start: Any) -> Any:
        """Follow it."""
        now = [list(start[size * i : size * (i + 1)]) for i in range(size)]
        before = now

        def at(i: int, j: int) -> Any:
            """Return how high the wave is."""
            return now[i][j] if 0 <= i < size and 0 <= j < size else 0.0

        for _ in range(steps):
            around = [
                [at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1) for j in range(size)]
                for i in range(size)
            ]
            now, before = (
                [
                    [
                        2 * now[i][j] - before[i][j] + speed * (around[i][j] - 4 * now[i][j])
                        for j in range(size)
                    ]
                    for i in range(size)
                ],
                now,
            )
        return sum(inner(row, row) for row in now)

    return f, [0.2, *normal(10, size * size)]


def mixture(steps: int) -> Program:
    """Return the spread of two clusters after expectation and maximisation in turn."""
    xs = normal(11, 20, 2.0)

    def f(left: Any, right: Any, spread: Any) -> Any:
        """Iterate."""
        for _ in range(steps):
            part = [1 / (1 + exp(((x - left) ** 2 - (x - right) ** 2) / (2 * spread))) for x in xs]
            total = sum(part)
            left = inner(part, xs) / total
            right = inner([1 - p for p in part], xs) / (len(xs) - total)
        return sum((x - left) ** 2 * p + (x - right) ** 2 * (1 - p) for p, x in zip(part, xs, strict=True))

    return f, [-1.0, 1.0, 1.5]


def volatility(steps: int) -> Program:
    """Return the likelihood of returns whose variance follows them (GARCH)."""
    returns = normal(12, steps)

    def f(base: Any, shock: Any, stay: Any, phi: Any) -> Any:
        """Add up the logarithms."""
        variance, before, total = 1.0, 0.0, 0.0
        for x in returns:
            rest = x - phi * before
            variance = base + shock * rest * rest + stay * variance
            total, before = total + log(variance) + rest * rest / variance, x
        return total

    return f, [0.1, 0.1, 0.8, 0.2]


def option(steps: int) -> Program:
    """Return the price of an option by a binomial tree."""

    def f(spot: Any, strike: Any, spread: Any, rate: Any) -> Any:
        """Go back through the tree."""
        up, growth = exp(spread * math.sqrt(1.0 / steps)), exp(rate / steps)
        chance = (growth - 1 / up) / (up - 1 / up)
        price = [relu(spot * up ** (steps - 2 * i) - strike) for i in range(steps + 1)]
        for _ in range(steps):
            pairs = zip(price, price[1:], strict=False)
            price = [(chance * x + (1 - chance) * y) / growth for x, y in pairs]
        return price[0]

    return f, [100.0, 95.0, 0.2, 0.05]


def family_tree(steps: int, kinds: int = 3) -> Program:
    """Return the likelihood of what is seen at the leaves of a tree, as many as steps."""

    def f(*theta: Any) -> Any:
        """Go up."""
        change = [[exp(theta[kinds * i + j]) for j in range(kinds)] for i in range(kinds)]
        own = [exp(x) for x in theta[kinds * kinds :]]

        def up(low: int, high: int) -> list[Any]:
            """Return how likely the leaves of a branch are, for each kind of its root."""
            if high - low == 1:
                return [own[(low + k) % kinds] for k in range(kinds)]
            left, right = up(low, (low + high) // 2), up((low + high) // 2, high)
            return [inner(row, left) * inner(row, right) * 0.2 for row in change]

        return log(sum(up(0, steps)))

    return f, normal(15, kinds * (kinds + 1), 0.3)


def convolved(steps: int) -> Program:
    """Return what two layers of convolutions make of a signal."""
    data = normal(16, steps)

    def f(*theta: Any) -> Any:
        """Convolve, pool, convolve."""
        first, second = [theta[5 * c : 5 * c + 5] for c in range(4)], theta[20:]
        hidden = [[relu(inner(row, data[i : i + 5])) for i in range(steps - 4)] for row in first]
        pooled = [[(a + b) / 2 for a, b in zip(row[::2], row[1::2], strict=True)] for row in hidden]
        made = [
            tanh(sum(inner(second[12 * d + 3 * c :][:3], pooled[c][i : i + 3]) for c in range(4)))
            for d in range(2)
            for i in range(len(pooled[0]) - 2)
        ]
        return inner(made, made)

    return f, normal(17, 44, 0.4)


def springs(steps: int, count: int = 8) -> Program:
    """Return the energy of masses in a row, by Verlet's method."""

    def f(stiffness: Any, *places: Any) -> Any:
        """Follow them."""

        def forces(x: list[Any]) -> list[Any]:
            """Return the forces."""
            pulls = [0.0, *(b - a - 1 for a, b in zip(x, x[1:], strict=False)), 0.0]
            return [stiffness * (b - a) for a, b in zip(pulls, pulls[1:], strict=False)]

        x, v, a = list(places), [0.0] * count, forces(list(places))
        for _ in range(steps):
            x = [p + 0.1 * q + 0.005 * r for p, q, r in zip(x, v, a, strict=True)]
            b = forces(x)
            v = [q + 0.05 * (r + s) for q, r, s in zip(v, a, b, strict=True)]
            a = b
        return inner(v, v) + inner(x, x)

    return f, [1.0, *(i + 0.1 * (i % 3) for i in range(count))]


def selective_states(steps: int, count: int = 4) -> Program:
    """Return how well states that choose what to forget predict a number, as those of Mamba."""
    data = [normal(200 + t, count) for t in range(steps)]

    def f(*theta: Any) -> Any:
        """Follow the states."""
        gain, bias, decay, read = [theta[i : i + count] for i in range(0, 4 * count, count)]
        state, loss = [0.0] * count, 0.0
        for x in data:
            lasting = [softplus(a * b + c) for a, b, c in zip(gain, x, bias, strict=True)]
            state = [
                exp(-d * c * c) * h + d * b for d, c, h, b in zip(lasting, decay, state, x, strict=True)
            ]
            loss = loss + (inner(read, state) - x[0]) ** 2
        return loss

    return f, normal(23, 4 * count, 0.5)


def reaction(steps: int, size: int = 6) -> Program:
    """Return how much there is of the second of two substances that diffuse and react (Gray and Scott)."""
    rng = random.Random(1)
    first = [[1.0 - 0.3 * rng.random() for _ in range(size)] for _ in range(size)]
    second = [[0.3 * rng.random() for _ in range(size)] for _ in range(size)]

    def f(feed: Any, kill: Any) -> Any:
        """Let them react."""

        def spread(a: Any, i: int, j: int) -> Any:
            """Return the Laplacian on a torus."""
            return a[(i + 1) % size][j] + a[i - 1][j] + a[i][(j + 1) % size] + a[i][j - 1] - 4 * a[i][j]

        u, v, places = first, second, range(size)
        for _ in range(steps):
            made = [[u[i][j] * v[i][j] ** 2 for j in places] for i in places]
            u, v = (
                [
                    [u[i][j] + 0.16 * spread(u, i, j) - made[i][j] + feed * (1 - u[i][j]) for j in places]
                    for i in places
                ],
                [
                    [v[i][j] + 0.08 * spread(v, i, j) + made[i][j] - (feed + kill) * v[i][j] for j in places]
                    for i in places
                ],
            )
        return sum(x * x for row in v for x in row)

    return f, [0.035, 0.06]


def implicit_steps(steps: int) -> Program:
    """Return where a stiff reaction is after backward Euler's steps, each solved by Newton's method."""

    def f(rate: Any, feed: Any) -> Any:
        """Take them."""
        y = 1.0
        for _ in range(steps):
            z = y
            for _ in range(4):
                z = z - (z - y - 0.1 * (feed - rate * z * z)) / (1 + 0.2 * rate * z)
            y = z
        return y * y

    return f, [3.0, 0.5]


PROGRAMS: dict[str, Callable[[int], Program]] = {
    f.__name__: f
    for f in (
        lorenz, observed_oscillator, neuron, crank_nicolson, riccati, kuramoto, sinkhorn, neural_equation,
        page_rank, both_ways, descent, learning_to_learn, drum, mixture, volatility, option, family_tree,
        convolved, springs, selective_states, reaction, implicit_steps,
    )
}  # fmt: skip
