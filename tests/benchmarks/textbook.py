"""Programs of textbooks on algorithms and numerical methods, a number at a time, as their definitions read.

Each function returns a program for a size, and the shapes of the arrays that it takes, as those of
PolyBench's kernels do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from benchmarks.polybench import Kernel, substituted_back, zeros

from autograd import cos, exp, log, maximum, minimum, sin, sqrt, tanh

__all__ = ["PROGRAMS"]


def softmin(*values: Any) -> Any:
    """Return a smooth minimum."""
    return -log(reduce(lambda total, x: total + exp(-x), values, 0.0))


def edit_distance(n: int, least: Callable[..., Any] = lambda *x: reduce(minimum, x)) -> Kernel:
    """Return how far two sequences are from each other."""

    def f(a: Any, b: Any) -> Any:
        """Fill the table."""
        D = zeros(n + 1, n + 1)
        for i in range(n + 1):
            D[i][0] = 0.7 * i
            D[0][i] = 0.7 * i
        for i in range(1, n + 1):
            for j in range(1, n + 1):
                cost = (a[i - 1] - b[j - 1]) * (a[i - 1] - b[j - 1])
                D[i][j] = least(D[i - 1][j] + 0.7, D[i][j - 1] + 0.7, D[i - 1][j - 1] + cost)
        return D[n][n]

    return f, ((n,), (n,))


def soft_edit_distance(n: int) -> Kernel:
    """Return how far two sequences are from each other, smoothly."""
    return edit_distance(n, softmin)


def time_warping(n: int) -> Kernel:
    """Return the cost of the best warping of one sequence to another, smoothly, with walls of 1e3."""

    def f(a: Any, b: Any) -> Any:
        """Fill the table."""
        R = [[1e3] * (n + 1) for _ in range(n + 1)]
        R[0][0] = 0.0
        for i in range(n):
            for j in range(n):
                R[i + 1][j + 1] = (a[i] - b[j]) ** 2 + softmin(R[i][j], R[i][j + 1], R[i + 1][j])
        return R[n][n]

    return f, ((n,), (n,))


def common_subsequence(n: int) -> Kernel:
    """Return the weight of the heaviest common subsequence."""

    def f(a: Any, b: Any) -> Any:
        """Fill the table."""
        L = zeros(n + 1, n + 1)
        for i in range(n):
            for j in range(n):
                L[i + 1][j + 1] = maximum(maximum(L[i][j + 1], L[i + 1][j]), L[i][j] + a[i] * b[j])
        return L[n][n]

    return f, ((n,), (n,))


def viterbi(n: int) -> Kernel:
    """Return the score of the best path of hidden states."""

    def f(A: Any, E: Any) -> Any:
        """Walk through time."""
        score = list(E[0])
        for t in range(1, n):
            score = [reduce(maximum, [score[i] + A[i][j] for i in range(4)]) + E[t][j] for j in range(4)]
        return reduce(maximum, score)

    return f, ((4, 4), (n, 4))


def forward_backward(n: int) -> Kernel:
    """Return the probabilities of hidden states."""

    def f(A: Any, E: Any) -> Any:
        """Walk through time and back."""
        alpha, beta = [list(E[0])], [[1.0] * 3]
        for t in range(1, n):
            row = [sum(alpha[-1][i] * A[i][j] for i in range(3)) * E[t][j] for j in range(3)]
            scale = sum(row)
            alpha.append([x / scale for x in row])
        for t in reversed(range(n - 1)):
            row = [sum(A[i][j] * E[t + 1][j] * beta[0][j] for j in range(3)) for i in range(3)]
            scale = sum(row)
            beta.insert(0, [x / scale for x in row])
        return [[x * y for x, y in zip(a, b, strict=True)] for a, b in zip(alpha, beta, strict=True)]

    return f, ((3, 3), (n, 3))


def matrix_chain(n: int) -> Kernel:
    """Return the least cost of a chain of products, smoothly."""

    def f(d: Any) -> Any:
        """Fill the triangle, a diagonal at a time."""
        M = zeros(n, n)
        for length in range(1, n):
            for i in range(n - length):
                j = i + length
                M[i][j] = softmin(*[M[i][k] + M[k + 1][j] + d[i] * d[k + 1] * d[j + 1] for k in range(i, j)])
        return M[0][n - 1]

    return f, ((n + 1,),)


def inside(n: int) -> Kernel:
    """Return the probability of a sentence by a grammar of two symbols."""

    def f(words: Any, rules: Any) -> Any:
        """Fill the triangle, a length at a time."""
        P = [[[words[i][s] for s in range(2)] if i == j else [0.0, 0.0] for j in range(n)] for i in range(n)]
        for length in range(1, n):
            for i in range(n - length):
                j = i + length
                for s in range(2):
                    total = 0.0
                    for k in range(i, j):
                        for u in range(2):
                            for v in range(2):
                                total = total + rules[s][2 * u + v] * P[i][k][u] * P[k + 1][j][v]
                    P[i][j][s] = total
        return P[0][n - 1][0]

    return f, ((n, 2), (2, 4))


def knapsack(n: int) -> Kernel:
    """Return the best value of what fits into a knapsack."""

    def f(value: Any) -> Any:
        """Fill the row for each thing, from the end."""
        best = zeros(2 * n)
        for i in range(n):
            weight = 3
            for w in reversed(range(weight, 2 * n)):
                best[w] = maximum(best[w], best[w - weight] + value[i])
        return best[2 * n - 1]

    return f, ((n,),)


def levinson(n: int) -> Kernel:
    """Return the coefficients that predict a signal best."""

    def f(r: Any) -> Any:
        """Add one coefficient at a time."""
        a, error = [1.0], r[0] + 10.0
        for m in range(1, n):
            k = -sum(a[i] * r[m - i] for i in range(m)) / error
            longer = [*a, 0.0]
            a = [longer[i] + k * longer[m - i] for i in range(m + 1)]
            error = error * (1.0 - k * k)
        return a

    return f, ((n,),)


def tridiagonal(n: int) -> Kernel:
    """Return the solution of a tridiagonal system, by Thomas."""

    def f(a: Any, b: Any, c: Any, d: Any) -> Any:
        """Go down and come back."""
        cs, ds = [c[0] / (b[0] + 3.0)], [d[0] / (b[0] + 3.0)]
        for i in range(1, n):
            m = b[i] + 3.0 - a[i] * cs[i - 1]
            cs.append(c[i] / m)
            ds.append((d[i] - a[i] * ds[i - 1]) / m)
        x = [ds[n - 1]]
        for i in reversed(range(n - 1)):
            x.insert(0, ds[i] - cs[i] * x[0])
        return x

    return f, ((n,),) * 4


def gauss(n: int) -> Kernel:
    """Return the solution of a system by elimination."""

    def f(A: Any, b: Any) -> Any:
        """Eliminate, and solve from the end."""
        A, b = [list(r) for r in A], list(b)
        for k in range(n):
            for i in range(k + 1, n):
                factor = A[i][k] / A[k][k]
                for j in range(k, n):
                    A[i][j] = A[i][j] - factor * A[k][j]
                b[i] = b[i] - factor * b[k]
        return substituted_back(A, b)

    return f, ((n, n), (n,))


def gauss_jordan(n: int) -> Kernel:
    """Return the inverse of a matrix."""

    def f(A: Any) -> Any:
        """Eliminate above and below."""
        A = [[*A[i], *[float(i == j) for j in range(n)]] for i in range(n)]
        for k in range(n):
            pivot = A[k][k]
            A[k] = [x / pivot for x in A[k]]
            for i in range(n):
                if i != k:
                    factor = A[i][k]
                    A[i] = [A[i][j] - factor * A[k][j] for j in range(2 * n)]
        return [row[n:] for row in A]

    return f, ((n, n),)


def householder(n: int) -> Kernel:
    """Return the triangle of a matrix by reflections."""

    def f(A: Any) -> Any:
        """Reflect a column at a time."""
        A = [list(r) for r in A]
        for k in range(n - 1):
            norm = sqrt(sum(A[i][k] * A[i][k] for i in range(k, n)))
            v = [A[i][k] for i in range(k, n)]
            v[0] = v[0] + norm
            beta = 2.0 / sum(x * x for x in v)
            for j in range(k, n):
                s = beta * sum(v[i - k] * A[i][j] for i in range(k, n))
                for i in range(k, n):
                    A[i][j] = A[i][j] - s * v[i - k]
        return [A[i][j] for i in range(n) for j in range(i, n)]

    return f, ((n, n),)


def givens(n: int) -> Kernel:
    """Return the triangle of a matrix by rotations."""

    def f(A: Any) -> Any:
        """Rotate two rows at a time."""
        A = [list(r) for r in A]
        for j in range(n):
            for i in range(j + 1, n):
                r = sqrt(A[j][j] * A[j][j] + A[i][j] * A[i][j])
                c, s = A[j][j] / r, A[i][j] / r
                for k in range(j, n):
                    A[j][k], A[i][k] = c * A[j][k] + s * A[i][k], c * A[i][k] - s * A[j][k]
        return [A[i][j] for i in range(n) for j in range(i, n)]

    return f, ((n, n),)


def ldl(n: int) -> Kernel:
    """Return the factors of a symmetric matrix, without roots."""

    def f(A: Any) -> Any:
        """Compute a row at a time."""
        L, D = zeros(n, n), zeros(n)
        for j in range(n):
            D[j] = A[j][j]
            for k in range(j):
                D[j] = D[j] - L[j][k] * L[j][k] * D[k]
            for i in range(j + 1, n):
                s = A[i][j]
                for k in range(j):
                    s = s - L[i][k] * L[j][k] * D[k]
                L[i][j] = s / D[j]
        return [*D, *[L[i][j] for i in range(n) for j in range(i)]]

    return f, ((n, n),)


def triangular_inverse(n: int) -> Kernel:
    """Return the inverse of a lower triangle."""

    def f(L: Any) -> Any:
        """Compute a column at a time."""
        X = zeros(n, n)
        for j in range(n):
            X[j][j] = 1.0 / L[j][j]
            for i in range(j + 1, n):
                s = 0.0
                for k in range(j, i):
                    s = s - L[i][k] * X[k][j]
                X[i][j] = s / L[i][i]
        return [X[i][j] for i in range(n) for j in range(i + 1)]

    return f, ((n, n),)


def prefix_sums(n: int) -> Kernel:
    """Return sums over windows, by prefix sums in two directions."""

    def f(A: Any) -> Any:
        """Fill the table and read its corners."""
        S = zeros(n + 1, n + 1)
        for i in range(n):
            for j in range(n):
                S[i + 1][j + 1] = A[i][j] + S[i][j + 1] + S[i + 1][j] - S[i][j]
        return [
            [S[i + 3][j + 3] - S[i][j + 3] - S[i + 3][j] + S[i][j] for j in range(n - 2)]
            for i in range(n - 2)
        ]

    return f, ((n, n),)


def fourier(n: int) -> Kernel:
    """Return the spectrum of a signal of the next power of two, by halves."""
    import math

    size = 1 << (n - 1).bit_length()

    def halves(re: Any, im: Any) -> Any:
        """Transform what is even and what is odd."""
        m = len(re)
        if m == 1:
            return re, im
        even, odd = halves(re[::2], im[::2]), halves(re[1::2], im[1::2])
        out_re, out_im = zeros(m), zeros(m)
        for k in range(m // 2):
            c, s = math.cos(2 * math.pi * k / m), -math.sin(2 * math.pi * k / m)
            tr, ti = c * odd[0][k] - s * odd[1][k], c * odd[1][k] + s * odd[0][k]
            out_re[k], out_im[k] = even[0][k] + tr, even[1][k] + ti
            out_re[k + m // 2], out_im[k + m // 2] = even[0][k] - tr, even[1][k] - ti
        return out_re, out_im

    def f(re: Any, im: Any) -> Any:
        """Transform."""
        return list(halves(list(re), list(im)))

    return f, ((size,), (size,))


def horner(n: int) -> Kernel:
    """Return a polynomial and its derivative at points."""

    def f(c: Any, x: Any) -> Any:
        """Multiply and add."""
        made = []
        for i in range(n):
            p, d = c[n - 1], 0.0
            for k in reversed(range(n - 1)):
                d = d * x[i] + p
                p = p * x[i] + c[k]
            made += [p, d]
        return made

    return f, ((n,), (n,))


def clenshaw(n: int) -> Kernel:
    """Return a Chebyshev series at points."""

    def f(c: Any, x: Any) -> Any:
        """Sum from the end."""
        made = []
        for i in range(5):
            b1, b2 = 0.0, 0.0
            for k in reversed(range(1, n)):
                b1, b2 = c[k] + 2.0 * x[i] * b1 - b2, b1
            made.append(c[0] + x[i] * b1 - b2)
        return made

    return f, ((n,), (5,))


def newton_differences(n: int) -> Kernel:
    """Return the value at a point of the polynomial through points, by divided differences."""

    def f(x: Any, y: Any, at: Any) -> Any:
        """Fill the triangle in place."""
        d = list(y)
        for k in range(1, n):
            for i in reversed(range(k, n)):
                d[i] = (d[i] - d[i - 1]) / (x[i] - x[i - k] + 3.0 * k)
        p = d[n - 1]
        for k in reversed(range(n - 1)):
            p = p * (at[0] - x[k]) + d[k]
        return p

    return f, ((n,), (n,), (1,))


def neville(n: int) -> Kernel:
    """Return the value at a point of the polynomial through points, by Neville."""

    def f(x: Any, y: Any, at: Any) -> Any:
        """Fill the triangle."""
        p = list(y)
        for k in range(1, n):
            for i in range(n - k):
                p[i] = ((at[0] - x[i + k]) * p[i] + (x[i] - at[0]) * p[i + 1]) / (x[i] - x[i + k] + 3.0)
        return p[0]

    return f, ((n,), (n,), (1,))


def continued_fraction(n: int) -> Kernel:
    """Return continued fractions."""

    def f(a: Any, b: Any) -> Any:
        """Divide from the end, and by the recurrence of convergents."""
        x = b[n - 1]
        for k in reversed(range(n - 1)):
            x = b[k] + a[k] / x
        h, k0, g, l0 = 1.0, 0.0, b[0], 1.0
        for k in range(1, n):
            h, g = g, b[k] * g + a[k] * h
            k0, l0 = l0, b[k] * l0 + a[k] * k0
        return [x, g / l0]

    return f, ((n,), (n,))


def romberg(n: int) -> Kernel:
    """Return an integral by Romberg."""
    rows = min(n // 2, 6)

    def f(p: Any) -> Any:
        """Fill the triangle."""
        R = zeros(rows, rows)
        for i in range(rows):
            count = 2**i
            h = 1.0 / count
            g = [exp(-p[0] * k * h) * sin(p[1] * k * h + 1.0) for k in range(count + 1)]
            R[i][0] = (g[0] + g[count]) * (0.5 * h) + h * sum(g[1:count])
            for j in range(1, i + 1):
                R[i][j] = R[i][j - 1] + (R[i][j - 1] - R[i - 1][j - 1]) / (4.0**j - 1.0)
        return R[rows - 1][rows - 1]

    return f, ((2,),)


def spline(n: int) -> Kernel:
    """Return points of a cubic B-spline, by de Boor."""

    def f(c: Any) -> Any:
        """Mix the control points of each interval."""
        made = []
        for k in range(3, n):
            x = k + 0.3
            d = [c[j + k - 3] for j in range(4)]
            for r in range(1, 4):
                for j in range(3, r - 1, -1):
                    alpha = (x - (j + k - 3)) / (4 - r)
                    d[j] = (1.0 - alpha) * d[j - 1] + alpha * d[j]
            made.append(d[3])
        return made

    return f, ((n,),)


def de_casteljau(n: int) -> Kernel:
    """Return a point of a Bezier curve."""

    def f(c: Any, t: Any) -> Any:
        """Mix neighbours."""
        c = list(c)
        for k in range(1, n):
            for i in range(n - k):
                c[i] = (1.0 - t[0]) * c[i] + t[0] * c[i + 1]
        return c[0]

    return f, ((n,), (1,))


def binomial_tree(n: int) -> Kernel:
    """Return the price of an American option on a tree."""

    def f(p: Any) -> Any:
        """Go back from the end."""
        up = exp(p[0] * 0.1)
        payoff = [maximum(p[1] - up ** (2 * i - n), 0.0) for i in range(n + 1)]
        for step in reversed(range(n)):
            payoff = [
                maximum(0.99 * (0.6 * payoff[i + 1] + 0.4 * payoff[i]), p[1] - up ** (2 * i - step))
                for i in range(step + 1)
            ]
        return payoff[0]

    return f, ((2,),)


def pascal(n: int) -> Kernel:
    """Return the last row of a triangle of probabilities (Poisson and binomial)."""

    def f(p: Any) -> Any:
        """Add a coin at a time."""
        row = [1.0]
        for k in range(n):
            longer = zeros(k + 2)
            for i in range(k + 1):
                longer[i] = longer[i] + row[i] * (1.0 - p[k])
                longer[i + 1] = longer[i + 1] + row[i] * p[k]
            row = longer
        return row

    return f, ((n,),)


def oscillators(n: int) -> Kernel:
    """Return coupled oscillators after some steps of Runge and Kutta."""

    def slope(theta: Any, w: Any) -> Any:
        """Return how phases move."""
        m = len(theta)
        return [w[i] + 0.3 * sum(sin(theta[j] - theta[i]) for j in range(m)) for i in range(m)]

    def f(theta: Any, w: Any) -> Any:
        """Step."""
        theta, h = list(theta), 0.1
        for _ in range(n):
            k1 = slope(theta, w)
            k2 = slope([x + 0.5 * h * k for x, k in zip(theta, k1, strict=True)], w)
            k3 = slope([x + 0.5 * h * k for x, k in zip(theta, k2, strict=True)], w)
            k4 = slope([x + h * k for x, k in zip(theta, k3, strict=True)], w)
            theta = [
                x + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
                for x, a, b, c, d in zip(theta, k1, k2, k3, k4, strict=True)
            ]
        return theta

    return f, ((4,), (4,))


def leapfrog(n: int) -> Kernel:
    """Return bodies after some steps, each pair's force counted once."""

    def f(x: Any, y: Any) -> Any:
        """Step."""
        x, y = list(x), list(y)
        m = len(x)
        vx, vy = zeros(m), zeros(m)
        for _ in range(n):
            ax, ay = zeros(m), zeros(m)
            for i in range(m):
                for j in range(i):
                    dx, dy = x[i] - x[j], y[i] - y[j]
                    r2 = dx * dx + dy * dy + 0.1
                    inv = 1.0 / (r2 * sqrt(r2))
                    ax[i], ay[i] = ax[i] - dx * inv, ay[i] - dy * inv
                    ax[j], ay[j] = ax[j] + dx * inv, ay[j] + dy * inv
            for i in range(m):
                vx[i], vy[i] = vx[i] + 0.01 * ax[i], vy[i] + 0.01 * ay[i]
                x[i], y[i] = x[i] + 0.01 * vx[i], y[i] + 0.01 * vy[i]
        return [x, y]

    return f, ((5,), (5,))


def pair_energy(n: int) -> Kernel:
    """Return the energy of particles, each pair once."""

    def f(x: Any, y: Any) -> Any:
        """Add up."""
        total = 0.0
        for i in range(n):
            for j in range(i + 1, n):
                r2 = (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 + 0.5
                s = 1.0 / (r2 * r2 * r2)
                total = total + 4.0 * (s * s - s)
        return total

    return f, ((n,), (n,))


def filtered(n: int) -> Kernel:
    """Return a signal through two sections of a filter."""

    def f(x: Any, b: Any, a: Any) -> Any:
        """Run forward."""
        for s in range(2):
            y = []
            for t in range(n):
                v = b[3 * s] * x[t]
                if t >= 1:
                    v = v + b[3 * s + 1] * x[t - 1] - a[2 * s] * y[t - 1]
                if t >= 2:
                    v = v + b[3 * s + 2] * x[t - 2] - a[2 * s + 1] * y[t - 2]
                y.append(v)
            x = y
        return x

    return f, ((n,), (6,), (4,))


def convolution(n: int) -> Kernel:
    """Return an image through a filter of 3 x 3, with zeros around it."""

    def f(A: Any, k: Any) -> Any:
        """Add what is inside."""
        out = zeros(n, n)
        for i in range(n):
            for j in range(n):
                for u in range(3):
                    for v in range(3):
                        if 0 <= i + u - 1 < n and 0 <= j + v - 1 < n:
                            out[i][j] = out[i][j] + A[i + u - 1][j + v - 1] * k[u][v]
                out[i][j] = tanh(out[i][j])
        return out

    return f, ((n, n), (3, 3))


def upsampled(n: int) -> Kernel:
    """Return an image of twice the size, bilinear, borders held."""

    def f(A: Any) -> Any:
        """Mix four neighbours."""
        out = zeros(2 * n, 2 * n)
        for i in range(2 * n):
            for j in range(2 * n):
                y, x = (i + 0.5) / 2 - 0.5, (j + 0.5) / 2 - 0.5
                y, x = min(max(y, 0.0), n - 1.0), min(max(x, 0.0), n - 1.0)
                r, c = min(int(y), n - 2), min(int(x), n - 2)
                u, v = y - r, x - c
                top = (1.0 - v) * A[r][c] + v * A[r][c + 1]
                low = (1.0 - v) * A[r + 1][c] + v * A[r + 1][c + 1]
                out[i][j] = (1.0 - u) * top + u * low
        return out

    return f, ((n, n),)


def red_black(n: int) -> Kernel:
    """Return a plate after sweeps over its red and its black points."""

    def f(u: Any, b: Any) -> Any:
        """Sweep."""
        u = [list(r) for r in u]
        for _ in range(3):
            for color in range(2):
                for i in range(1, n - 1):
                    for j in range(1, n - 1):
                        if (i + j) % 2 == color:
                            u[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1] - b[i][j])
        return u

    return f, ((n, n), (n, n))


def game_of_life(n: int) -> Kernel:
    """Return a smooth game of life on a torus."""

    def f(u: Any) -> Any:
        """Step."""
        for _ in range(2):
            u = [
                [
                    1.0
                    / (
                        1.0
                        + exp(
                            3.0
                            - sum(
                                u[(i + a) % n][(j + b) % n] for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b
                            )
                            - 0.5 * u[i][j]
                        )
                    )
                    for j in range(n)
                ]
                for i in range(n)
            ]
        return u

    return f, ((n, n),)


def causal_attention(n: int) -> Kernel:
    """Return attention to what came before."""

    def f(q: Any, k: Any, v: Any) -> Any:
        """Mix values."""
        out = []
        for i in range(n):
            w = [exp(sum(q[i][c] * k[j][c] for c in range(3))) for j in range(i + 1)]
            total = sum(w)
            out.append([sum(w[j] * v[j][c] for j in range(i + 1)) / total for c in range(3)])
        return out

    return f, ((n, 3),) * 3


def kinematics(n: int) -> Kernel:
    """Return the joints of an arm."""

    def f(angle: Any, length: Any) -> Any:
        """Add up angles and steps."""
        a, x, y, made = 0.0, 0.0, 0.0, []
        for i in range(n):
            a = a + angle[i]
            x, y = x + length[i] * cos(a), y + length[i] * sin(a)
            made += [x, y]
        return made

    return f, ((n,), (n,))


def power_iteration(n: int) -> Kernel:
    """Return the largest eigenvalue after some steps."""

    def f(A: Any, x: Any) -> Any:
        """Multiply and scale."""
        x = list(x)
        for _ in range(5):
            y = [sum(A[i][j] * x[j] for j in range(n)) for i in range(n)]
            norm = sqrt(sum(v * v for v in y))
            x = [v / norm for v in y]
        return sum(x[i] * A[i][j] * x[j] for i in range(n) for j in range(n))

    return f, ((n, n), (n,))


def conjugate_gradient(n: int) -> Kernel:
    """Return the solution of a system after some steps."""

    def f(A: Any, b: Any) -> Any:
        """Step."""
        x, r, p = zeros(n), list(b), list(b)
        rr = sum(v * v for v in r)
        for _ in range(4):
            q = [sum(A[i][j] * p[j] for j in range(n)) for i in range(n)]
            alpha = rr / sum(p[i] * q[i] for i in range(n))
            x = [x[i] + alpha * p[i] for i in range(n)]
            r = [r[i] - alpha * q[i] for i in range(n)]
            new = sum(v * v for v in r)
            p = [r[i] + new / rr * p[i] for i in range(n)]
            rr = new
        return x

    return f, ((n, n), (n,))


def kalman(n: int) -> Kernel:
    """Return Kalman's filter of a position and a speed."""

    def f(z: Any, q: Any) -> Any:
        """Predict and correct."""
        x, v, p, c, s = 0.0, 0.0, 1.0, 0.0, 1.0
        made = []
        for t in range(n):
            x = x + 0.1 * v
            p, c = p + 0.2 * c + 0.01 * s + q[0], c + 0.1 * s
            s = s + q[1]
            k, g = p / (p + 0.5), c / (p + 0.5)
            e = z[t] - x
            x, v = x + k * e, v + g * e
            s = s - g * c
            p, c = (1.0 - k) * p, (1.0 - k) * c
            made.append(x)
        return made

    return f, ((n,), (2,))


PROGRAMS: dict[str, Callable[[int], Kernel]] = {
    f.__name__: f
    for f in (
        edit_distance,
        soft_edit_distance,
        time_warping,
        common_subsequence,
        viterbi,
        forward_backward,
        matrix_chain,
        inside,
        knapsack,
        levinson,
        tridiagonal,
        gauss,
        gauss_jordan,
        householder,
        givens,
        ldl,
        triangular_inverse,
        prefix_sums,
        fourier,
        horner,
        clenshaw,
        newton_differences,
        neville,
        continued_fraction,
        romberg,
        spline,
        de_casteljau,
        binomial_tree,
        pascal,
        oscillators,
        leapfrog,
        pair_energy,
        filtered,
        convolution,
        upsampled,
        red_black,
        game_of_life,
        causal_attention,
        kinematics,
        power_iteration,
        conjugate_gradient,
        kalman,
    )
}
"""All programs by name."""
