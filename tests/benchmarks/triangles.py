"""Programs whose loops are triangles, a number at a time, and arguments for them."""

import numpy as np

import autograd

__all__ = ["PROGRAMS"]


def cholesky(a):
    low = [[0.0] * len(a) for _ in a]
    for i, row in enumerate(a):
        for j in range(i + 1):
            rest = row[j] - autograd.sum([low[i][k] * low[j][k] for k in range(j)]) if j else row[j]
            low[i][j] = autograd.sqrt(rest) if i == j else rest / low[j][j]
    return autograd.sum([autograd.log(low[i][i]) for i in range(len(a))])


def substitution(a, b):
    x = []
    for row, known in zip(a, b, strict=True):
        rest = known - autograd.dot(row[: len(x)], x) if x else known
        x.append(rest / row[len(x)])
    return autograd.dot(x, x)


def triangular_product(a, b):
    n = range(len(a))
    product = [autograd.sum([a[i][k] * b[k][j] for k in range(i + 1)]) for i in n for j in n]
    return autograd.dot(product, product)


def causal_attention(queries, keys, values):
    outputs = []
    for t, query in enumerate(queries):
        weights = autograd.softmax([autograd.dot(query, key) for key in keys[: t + 1]])
        outputs += [autograd.dot(weights, column) for column in zip(*values[: t + 1], strict=True)]
    return autograd.dot(outputs, outputs)


def definite(n, generator):
    m = generator.normal(size=(n, n))
    return (m @ m.T + n * np.eye(n),)


def well_conditioned(n, generator):
    return generator.normal(size=(n, n)) / n + 2.0 * np.eye(n), generator.normal(size=n)


def two(n, generator):
    return generator.normal(size=(n, n)), generator.normal(size=(n, n))


def three(n, generator):
    return tuple(generator.normal(size=(3, n, 3)))


PROGRAMS = {
    "cholesky": (cholesky, definite), "substitution": (substitution, well_conditioned),
    "product": (triangular_product, two), "attention": (causal_attention, three),
}  # fmt: skip
