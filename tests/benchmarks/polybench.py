"""PolyBench's thirty kernels (Pouchet and Yuki), a number at a time, as their definitions read.

Each function returns a kernel for a size, and the shapes of the arrays that it takes. Those that PolyBench
runs for a number of time steps run for a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd
from autograd import maximum, minimum, sqrt

__all__ = ["KERNELS", "arrays_of", "numbers_in", "squares_of"]

Kernel = tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]
Matrix = list[list[Any]]


def arrays_of(shapes: tuple[tuple[int, ...], ...]) -> list[Any]:
    """Return arrays for a kernel; square ones are symmetric, and well-conditioned."""
    rng = np.random.default_rng(0)
    made = []
    for shape in shapes:
        x = rng.uniform(0.5, 1.5, shape)
        if len(shape) == 2 and shape[0] == shape[1]:
            x = (x + x.T) / (2.0 * len(x)) + 2.0 * np.eye(len(x))
        made.append(x)
    return made


def numbers_in(made: Any) -> Iterator[Any]:
    """Yield the numbers in nested lists."""
    if isinstance(made, list):
        for one in made:
            yield from numbers_in(one)
    else:
        yield made


def squares_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of one value: the sum of the squares of all that a kernel returns."""
    return lambda *arrays: autograd.sum([x * x for x in numbers_in(f(*arrays))])


def zeros(*shape: int) -> Any:
    """Return nested lists of zeros."""
    return [zeros(*shape[1:]) for _ in range(shape[0])] if shape else 0.0


def substituted_back(U: Any, y: Any) -> Any:
    """Return the solution of a system whose matrix is triangular, above."""
    n = len(y)
    x = zeros(n)
    for i in reversed(range(n)):
        w = y[i]
        for j in range(i + 1, n):
            w = w - U[i][j] * x[j]
        x[i] = w / U[i][i]
    return x


def gemm(n: int) -> Kernel:
    """Return the general product of matrices, alpha A B + beta C."""

    def f(A: Any, B: Any, C: Any) -> Any:
        """Run the kernel."""
        C = [list(r) for r in C]
        for i in range(n):
            for j in range(n):
                C[i][j] = C[i][j] * 1.2
            for k in range(n):
                for j in range(n):
                    C[i][j] = C[i][j] + 1.5 * A[i][k] * B[k][j]
        return C

    return f, ((n, n),) * 3


def gemver(n: int) -> Kernel:
    """Return products of a matrix that four vectors change."""

    def f(A: Any, u1: Any, v1: Any, u2: Any, v2: Any, y: Any, z: Any) -> Any:
        """Run the kernel."""
        A = [[A[i][j] + u1[i] * v1[j] + u2[i] * v2[j] for j in range(n)] for i in range(n)]
        x = zeros(n)
        for i in range(n):
            for j in range(n):
                x[i] = x[i] + 1.2 * A[j][i] * y[j]
        for i in range(n):
            x[i] = x[i] + z[i]
        w = zeros(n)
        for i in range(n):
            for j in range(n):
                w[i] = w[i] + 1.5 * A[i][j] * x[j]
        return w

    return f, ((n, n),) + ((n,),) * 6


def gesummv(n: int) -> Kernel:
    """Return the sum of two matrices' products with a vector."""

    def f(A: Any, B: Any, x: Any) -> Any:
        """Run the kernel."""
        y = zeros(n)
        for i in range(n):
            t = 0.0
            for j in range(n):
                t = A[i][j] * x[j] + t
                y[i] = B[i][j] * x[j] + y[i]
            y[i] = 1.5 * t + 1.2 * y[i]
        return y

    return f, ((n, n), (n, n), (n,))


def symm(n: int) -> Kernel:
    """Return the product of a symmetric matrix, of which one half is read."""

    def f(A: Any, B: Any, C: Any) -> Any:
        """Run the kernel."""
        C = [list(r) for r in C]
        for i in range(n):
            for j in range(n):
                t = 0.0
                for k in range(i):
                    C[k][j] = C[k][j] + 1.5 * B[i][j] * A[i][k]
                    t = t + B[k][j] * A[i][k]
                C[i][j] = 1.2 * C[i][j] + 1.5 * B[i][j] * A[i][i] + 1.5 * t
        return C

    return f, ((n, n),) * 3


def syr2k(n: int) -> Kernel:
    """Return the lower half of a symmetric update of rank 2 n."""

    def f(A: Any, B: Any, C: Any) -> Any:
        """Run the kernel."""
        C = [list(r) for r in C]
        for i in range(n):
            for j in range(i + 1):
                C[i][j] = C[i][j] * 1.2
            for k in range(n):
                for j in range(i + 1):
                    C[i][j] = C[i][j] + A[j][k] * 1.5 * B[i][k] + B[j][k] * 1.5 * A[i][k]
        return [r[: i + 1] for i, r in enumerate(C)]

    return f, ((n, n),) * 3


def syrk(n: int) -> Kernel:
    """Return the lower half of a symmetric update of rank n."""

    def f(A: Any, C: Any) -> Any:
        """Run the kernel."""
        C = [list(r) for r in C]
        for i in range(n):
            for j in range(i + 1):
                C[i][j] = C[i][j] * 1.2
            for k in range(n):
                for j in range(i + 1):
                    C[i][j] = C[i][j] + 1.5 * A[i][k] * A[j][k]
        return [r[: i + 1] for i, r in enumerate(C)]

    return f, ((n, n),) * 2


def trmm(n: int) -> Kernel:
    """Return the product of a triangular matrix."""

    def f(A: Any, B: Any) -> Any:
        """Run the kernel."""
        B = [list(r) for r in B]
        for i in range(n):
            for j in range(n):
                for k in range(i + 1, n):
                    B[i][j] = B[i][j] + A[k][i] * B[k][j]
                B[i][j] = 1.5 * B[i][j]
        return B

    return f, ((n, n),) * 2


def product(A: Matrix, B: Matrix) -> Any:
    """Return the product of two matrices."""
    n, m, p = len(A), len(B), len(B[0])
    C = zeros(n, p)
    for i in range(n):
        for j in range(p):
            for k in range(m):
                C[i][j] = C[i][j] + A[i][k] * B[k][j]
    return C


def two_products(n: int) -> Kernel:
    """Return a product of three matrices, and a fourth added."""

    def f(A: Any, B: Any, C: Any, D: Any) -> Any:
        """Run the kernel."""
        T = product(A, B)
        E = product(T, C)
        return [[E[i][j] + 1.2 * D[i][j] for j in range(n)] for i in range(n)]

    return f, ((n, n),) * 4


def three_products(n: int) -> Kernel:
    """Return a product of two products of matrices."""
    return (lambda A, B, C, D: product(product(A, B), product(C, D))), ((n, n),) * 4


def atax(n: int) -> Kernel:
    """Return the product of a matrix's transpose, itself and a vector."""

    def f(A: Any, x: Any) -> Any:
        """Run the kernel."""
        y = zeros(n)
        for i in range(n):
            t = 0.0
            for j in range(n):
                t = t + A[i][j] * x[j]
            for j in range(n):
                y[j] = y[j] + A[i][j] * t
        return y

    return f, ((n, n), (n,))


def bicg(n: int) -> Kernel:
    """Return both products of the biconjugate gradients."""

    def f(A: Any, p: Any, r: Any) -> Any:
        """Run the kernel."""
        s, q = zeros(n), zeros(n)
        for i in range(n):
            for j in range(n):
                s[j] = s[j] + r[i] * A[i][j]
                q[i] = q[i] + A[i][j] * p[j]
        return s + q

    return f, ((n, n), (n,), (n,))


def doitgen(n: int) -> Kernel:
    """Return a product over the last axis of an array of three."""

    def f(A: Any, C: Any) -> Any:
        """Run the kernel."""
        A = [[list(r) for r in m] for m in A]
        for r in range(n):
            for q in range(n):
                s = zeros(n)
                for p in range(n):
                    for k in range(n):
                        s[p] = s[p] + A[r][q][k] * C[k][p]
                for p in range(n):
                    A[r][q][p] = s[p]
        return A

    return f, ((n, n, n), (n, n))


def mvt(n: int) -> Kernel:
    """Return a matrix's product and its transpose's, added to vectors."""

    def f(A: Any, x1: Any, x2: Any, y1: Any, y2: Any) -> Any:
        """Run the kernel."""
        x1, x2 = list(x1), list(x2)
        for i in range(n):
            for j in range(n):
                x1[i] = x1[i] + A[i][j] * y1[j]
        for i in range(n):
            for j in range(n):
                x2[i] = x2[i] + A[j][i] * y2[j]
        return x1 + x2

    return f, ((n, n),) + ((n,),) * 4


def covariance(n: int) -> Kernel:
    """Return the covariances of columns."""

    def f(D: Any) -> Any:
        """Run the kernel."""
        D = [list(r) for r in D]
        m = zeros(n)
        for j in range(n):
            for i in range(n):
                m[j] = m[j] + D[i][j]
            m[j] = m[j] / n
        for i in range(n):
            for j in range(n):
                D[i][j] = D[i][j] - m[j]
        C = zeros(n, n)
        for i in range(n):
            for j in range(i, n):
                for k in range(n):
                    C[i][j] = C[i][j] + D[k][i] * D[k][j]
                C[i][j] = C[i][j] / (n - 1.0)
                C[j][i] = C[i][j]
        return C

    return f, ((n, n),)


def correlation(n: int) -> Kernel:
    """Return the correlations of columns."""

    def f(D: Any) -> Any:
        """Run the kernel."""
        D = [list(r) for r in D]
        m, s = zeros(n), zeros(n)
        for j in range(n):
            for i in range(n):
                m[j] = m[j] + D[i][j]
            m[j] = m[j] / n
        for j in range(n):
            for i in range(n):
                s[j] = s[j] + (D[i][j] - m[j]) * (D[i][j] - m[j])
            s[j] = sqrt(s[j] / n)
        for i in range(n):
            for j in range(n):
                D[i][j] = (D[i][j] - m[j]) / (float(n) ** 0.5 * s[j])
        C = zeros(n, n)
        for i in range(n - 1):
            C[i][i] = 1.0
            for j in range(i + 1, n):
                for k in range(n):
                    C[i][j] = C[i][j] + D[k][i] * D[k][j]
                C[j][i] = C[i][j]
        C[n - 1][n - 1] = 1.0
        return C

    return f, ((n, n),)


def cholesky(n: int) -> Kernel:
    """Return the Cholesky factor, in place of the matrix."""

    def f(A: Any) -> Any:
        """Run the kernel."""
        A = [list(r) for r in A]
        for i in range(n):
            for j in range(i):
                for k in range(j):
                    A[i][j] = A[i][j] - A[i][k] * A[j][k]
                A[i][j] = A[i][j] / A[j][j]
            for k in range(i):
                A[i][i] = A[i][i] - A[i][k] * A[i][k]
            A[i][i] = sqrt(A[i][i])
        return [r[: i + 1] for i, r in enumerate(A)]

    return f, ((n, n),)


def durbin(n: int) -> Kernel:
    """Return the solution of Yule and Walker's equations."""

    def f(r: Any) -> Any:
        """Run the kernel."""
        y = [-r[0]]
        beta, alpha = 1.0, -r[0]
        for k in range(1, n):
            beta = (1.0 - alpha * alpha) * beta
            s = 0.0
            for i in range(k):
                s = s + r[k - i - 1] * y[i]
            alpha = -(r[k] + s) / beta
            z = [y[i] + alpha * y[k - i - 1] for i in range(k)]
            y = [*z, alpha]
        return y

    return f, ((n,),)


def gramschmidt(n: int) -> Kernel:
    """Return an orthogonal basis of a matrix's columns, and the triangle."""

    def f(A: Any) -> Any:
        """Run the kernel."""
        A = [list(r) for r in A]
        Q, R = zeros(n, n), zeros(n, n)
        for k in range(n):
            t = 0.0
            for i in range(n):
                t = t + A[i][k] * A[i][k]
            R[k][k] = sqrt(t)
            for i in range(n):
                Q[i][k] = A[i][k] / R[k][k]
            for j in range(k + 1, n):
                for i in range(n):
                    R[k][j] = R[k][j] + Q[i][k] * A[i][j]
                for i in range(n):
                    A[i][j] = A[i][j] - Q[i][k] * R[k][j]
        return [Q, [r[i:] for i, r in enumerate(R)]]

    return f, ((n, n),)


def lu_in_place(A: Matrix, n: int) -> Matrix:
    """Return both triangles of a matrix."""
    A = [list(r) for r in A]
    for i in range(n):
        for j in range(i):
            for k in range(j):
                A[i][j] = A[i][j] - A[i][k] * A[k][j]
            A[i][j] = A[i][j] / A[j][j]
        for j in range(i, n):
            for k in range(i):
                A[i][j] = A[i][j] - A[i][k] * A[k][j]
    return A


def lu(n: int) -> Kernel:
    """Return both triangles of a matrix, in its place."""
    return (lambda A: lu_in_place(A, n)), ((n, n),)


def ludcmp(n: int) -> Kernel:
    """Return the solution of a system of equations by its two triangles."""

    def f(A: Any, b: Any) -> Any:
        """Run the kernel."""
        A = lu_in_place(A, n)
        y = zeros(n)
        for i in range(n):
            w = b[i]
            for j in range(i):
                w = w - A[i][j] * y[j]
            y[i] = w
        return substituted_back(A, y)

    return f, ((n, n), (n,))


def trisolv(n: int) -> Kernel:
    """Return the solution of a triangular system."""

    def f(L: Any, b: Any) -> Any:
        """Run the kernel."""
        x = zeros(n)
        for i in range(n):
            x[i] = b[i]
            for j in range(i):
                x[i] = x[i] - L[i][j] * x[j]
            x[i] = x[i] / L[i][i]
        return x

    return f, ((n, n), (n,))


def deriche(n: int) -> Kernel:
    """Return an image smoothed along rows and columns, forward and back."""

    def f(image: Any) -> Any:
        """Run the kernel."""
        alpha = 0.25
        k = (1 - np.exp(-alpha)) ** 2 / (1 + 2 * alpha * np.exp(-alpha) - np.exp(2 * alpha))
        a1 = a5 = float(k)
        a2 = a6 = float(k * np.exp(-alpha) * (alpha - 1))
        a3 = a7 = float(k * np.exp(-alpha) * (alpha + 1))
        a4 = a8 = float(-k * np.exp(-2 * alpha))
        b1, b2, c = float(2**-alpha), float(-np.exp(-2 * alpha)), 1.0
        w = h = n
        y1, y2 = zeros(w, h), zeros(w, h)
        for i in range(w):
            ym1 = ym2 = xm1 = 0.0
            for j in range(h):
                y1[i][j] = a1 * image[i][j] + a2 * xm1 + b1 * ym1 + b2 * ym2
                xm1, ym2, ym1 = image[i][j], ym1, y1[i][j]
        for i in range(w):
            yp1 = yp2 = xp1 = xp2 = 0.0
            for j in reversed(range(h)):
                y2[i][j] = a3 * xp1 + a4 * xp2 + b1 * yp1 + b2 * yp2
                xp2, xp1, yp2, yp1 = xp1, image[i][j], yp1, y2[i][j]
        out = [[c * (y1[i][j] + y2[i][j]) for j in range(h)] for i in range(w)]
        for j in range(h):
            tm1 = ym1 = ym2 = 0.0
            for i in range(w):
                y1[i][j] = a5 * out[i][j] + a6 * tm1 + b1 * ym1 + b2 * ym2
                tm1, ym2, ym1 = out[i][j], ym1, y1[i][j]
        for j in range(h):
            tp1 = tp2 = yp1 = yp2 = 0.0
            for i in reversed(range(w)):
                y2[i][j] = a7 * tp1 + a8 * tp2 + b1 * yp1 + b2 * yp2
                tp2, tp1, yp2, yp1 = tp1, out[i][j], yp1, y2[i][j]
        return [[c * (y1[i][j] + y2[i][j]) for j in range(h)] for i in range(w)]

    return f, ((n, n),)


def floyd_warshall(n: int) -> Kernel:
    """Return the lengths of shortest paths."""

    def f(P: Any) -> Any:
        """Run the kernel."""
        P = [list(r) for r in P]
        for k in range(n):
            for i in range(n):
                for j in range(n):
                    P[i][j] = minimum(P[i][j], P[i][k] + P[k][j])
        return P

    return f, ((n, n),)


def nussinov(n: int) -> Kernel:
    """Return the best score of a folded sequence."""

    def f(score: Any) -> Any:
        """Run the kernel."""
        T = zeros(n, n)
        for i in reversed(range(n)):
            for j in range(i + 1, n):
                T[i][j] = maximum(T[i][j], T[i][j - 1])
                T[i][j] = maximum(T[i][j], T[i + 1][j])
                if i < j - 1:
                    T[i][j] = maximum(T[i][j], T[i + 1][j - 1] + score[i] * score[j])
                else:
                    T[i][j] = maximum(T[i][j], T[i + 1][j - 1])
                for k in range(i + 1, j):
                    T[i][j] = maximum(T[i][j], T[i][k] + T[k + 1][j])
        return T[0][n - 1]

    return f, ((n,),)


def adi(n: int) -> Kernel:
    """Return a heat equation's end by alternating directions."""

    def f(u: Any) -> Any:
        """Run the kernel."""
        u = [list(r) for r in u]
        v, p, q = zeros(n, n), zeros(n, n), zeros(n, n)
        a, b, c, d, e, g = -0.3, 1.6, -0.3, -0.2, 1.4, -0.2
        for _ in range(4):
            for i in range(1, n - 1):
                v[0][i], p[i][0], q[i][0] = 1.0, 0.0, 1.0
                for j in range(1, n - 1):
                    p[i][j] = -c / (a * p[i][j - 1] + b)
                    q[i][j] = (
                        -d * u[j][i - 1] + (1.0 + 2.0 * d) * u[j][i] - g * u[j][i + 1] - a * q[i][j - 1]
                    ) / (a * p[i][j - 1] + b)
                v[n - 1][i] = 1.0
                for j in reversed(range(1, n - 1)):
                    v[j][i] = p[i][j] * v[j + 1][i] + q[i][j]
            for i in range(1, n - 1):
                u[i][0], p[i][0], q[i][0] = 1.0, 0.0, 1.0
                for j in range(1, n - 1):
                    p[i][j] = -g / (d * p[i][j - 1] + e)
                    q[i][j] = (
                        -a * v[i - 1][j] + (1.0 + 2.0 * a) * v[i][j] - c * v[i + 1][j] - d * q[i][j - 1]
                    ) / (d * p[i][j - 1] + e)
                u[i][n - 1] = 1.0
                for j in reversed(range(1, n - 1)):
                    u[i][j] = p[i][j] * u[i][j + 1] + q[i][j]
        return [r[1:-1] for r in u[1:-1]]

    return f, ((n, n),)


def fdtd_2d(n: int) -> Kernel:
    """Return Maxwell's equations' end in two dimensions."""

    def f(ex: Any, ey: Any, hz: Any, fict: Any) -> Any:
        """Run the kernel."""
        ex, ey, hz = [list(r) for r in ex], [list(r) for r in ey], [list(r) for r in hz]
        for t in range(4):
            for j in range(n):
                ey[0][j] = fict[t]
            for i in range(1, n):
                for j in range(n):
                    ey[i][j] = ey[i][j] - 0.5 * (hz[i][j] - hz[i - 1][j])
            for i in range(n):
                for j in range(1, n):
                    ex[i][j] = ex[i][j] - 0.5 * (hz[i][j] - hz[i][j - 1])
            for i in range(n - 1):
                for j in range(n - 1):
                    hz[i][j] = hz[i][j] - 0.7 * (ex[i][j + 1] - ex[i][j] + ey[i + 1][j] - ey[i][j])
        return [ex, ey, hz]

    return f, ((n, n),) * 3 + ((4,),)


def heat_3d(n: int) -> Kernel:
    """Return a cube's heat after some steps."""

    def f(A: Any) -> Any:
        """Run the kernel."""
        A = [[list(r) for r in m] for m in A]
        B = [[list(r) for r in m] for m in A]
        R = range(1, n - 1)
        for _ in range(4):
            for X, Y in ((A, B), (B, A)):
                for i in R:
                    for j in R:
                        for k in R:
                            Y[i][j][k] = (
                                0.125 * (X[i + 1][j][k] - 2.0 * X[i][j][k] + X[i - 1][j][k])
                                + 0.125 * (X[i][j + 1][k] - 2.0 * X[i][j][k] + X[i][j - 1][k])
                                + 0.125 * (X[i][j][k + 1] - 2.0 * X[i][j][k] + X[i][j][k - 1])
                                + X[i][j][k]
                            )
        return A

    return f, ((n, n, n),)


def jacobi_1d(n: int) -> Kernel:
    """Return a row after some sweeps of averages."""

    def f(A: Any) -> Any:
        """Run the kernel."""
        A, B = list(A), list(A)
        for _ in range(6):
            for X, Y in ((A, B), (B, A)):
                for i in range(1, n - 1):
                    Y[i] = 0.33333 * (X[i - 1] + X[i] + X[i + 1])
        return A

    return f, ((n,),)


def jacobi_2d(n: int) -> Kernel:
    """Return a plate after some sweeps of averages."""

    def f(A: Any) -> Any:
        """Run the kernel."""
        A = [list(r) for r in A]
        B = [list(r) for r in A]
        for _ in range(4):
            for X, Y in ((A, B), (B, A)):
                for i in range(1, n - 1):
                    for j in range(1, n - 1):
                        Y[i][j] = 0.2 * (X[i][j] + X[i][j - 1] + X[i][j + 1] + X[i + 1][j] + X[i - 1][j])
        return A

    return f, ((n, n),)


def seidel_2d(n: int) -> Kernel:
    """Return a plate after some sweeps in place."""

    def f(A: Any) -> Any:
        """Run the kernel."""
        A = [list(r) for r in A]
        for _ in range(4):
            for i in range(1, n - 1):
                for j in range(1, n - 1):
                    A[i][j] = (
                        A[i - 1][j - 1]
                        + A[i - 1][j]
                        + A[i - 1][j + 1]
                        + A[i][j - 1]
                        + A[i][j]
                        + A[i][j + 1]
                        + A[i + 1][j - 1]
                        + A[i + 1][j]
                        + A[i + 1][j + 1]
                    ) / 9.0
        return A

    return f, ((n, n),)


KERNELS: dict[str, Callable[[int], Kernel]] = {
    f.__name__: f
    for f in (
        gemm,
        gemver,
        gesummv,
        symm,
        syr2k,
        syrk,
        trmm,
        two_products,
        three_products,
        atax,
        bicg,
        doitgen,
        mvt,
        covariance,
        correlation,
        cholesky,
        durbin,
        gramschmidt,
        lu,
        ludcmp,
        trisolv,
        deriche,
        floyd_warshall,
        nussinov,
        adi,
        fdtd_2d,
        heat_3d,
        jacobi_1d,
        jacobi_2d,
        seidel_2d,
    )
}
"""All kernels by name."""
