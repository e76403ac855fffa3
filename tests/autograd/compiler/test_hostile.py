"""Programs that met the names, shapes and data nobody expects."""

import builtins
import keyword
import math
import random
import re
import shutil
from itertools import product

import numpy as np
import pytest
from profiles import NIGHTLY

import autograd
import nn
from autograd import Value
from autograd.compiler import compile
from autograd.compiler.backends.c import emit, spelling
from autograd.compiler.listing.names import RESERVED

BACKENDS = ["numpy", "python", "auto", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]


def sorted_by_network(xs):
    """Sort 2**k numbers by Batcher's bitonic network of minima and maxima."""
    xs, n = list(xs), len(xs)
    span = 2
    while span <= n:
        distance = span // 2
        while distance:
            for i in range(n):
                j = i ^ distance
                if j > i:
                    low, high = autograd.minimum(xs[i], xs[j]), autograd.maximum(xs[i], xs[j])
                    xs[i], xs[j] = (low, high) if not i & span else (high, low)
            distance //= 2
        span *= 2
    return xs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("lanes", [True, False])
def test_a_sorting_network_of_sixteen(backend, lanes):
    rng = random.Random(0)
    w = [Value(rng.random(), f"w{i}") for i in range(16)]

    def loss(x):
        return autograd.dot(
            sorted_by_network([a * v for a, v in zip(w, x, strict=True)]), [float(i) for i in range(16)]
        )

    data = [[rng.gauss(0, 1) for _ in range(16)] for _ in range(10)]
    assert compile(loss, w, batch=lanes, backend=backend).check(data if lanes else data[0]) < 1e-12


def tensor(rng, shape, name):
    if not shape:
        return Value(rng.gauss(0, 1), name)
    return [tensor(rng, shape[1:], f"{name}[{i}]") for i in range(shape[0])]


def flat(x):
    return [v for row in x for v in flat(row)] if isinstance(x, list) else [x]


SHAPES = [(3, 4, 5, 6), (2, 2, 2, 2), (4, 5, 1, 6), (4, 1, 5, 6), (4, 5, 6, 1), (4, 8, 8, 8)]


@pytest.mark.parametrize(
    "backend, shape, between",
    [
        *product([b for b in BACKENDS if b != "c"], SHAPES, [lambda z: z, autograd.tanh]),
        # 66,000 products
        *product(["numpy", "python", "auto"] if NIGHTLY else ["numpy"], [(8, 16, 16, 16)], [autograd.tanh]),
    ],
)
def test_stacks_of_matrix_products_without_lanes(backend, shape, between):
    rng = random.Random(1)
    count, rows, inner, columns = shape
    a, b, c = (
        tensor(rng, (count, rows, inner), "a"),
        tensor(rng, (count, inner, columns), "b"),
        tensor(rng, (count, columns, rows), "c"),
    )

    def matmul(x, y):
        return [
            [[autograd.dot(row, column) for column in zip(*q, strict=True)] for row in p]
            for p, q in zip(x, y, strict=True)
        ]

    def loss():
        z = [[[between(v) for v in row] for row in p] for p in matmul(a, b)]
        return autograd.sum([v * v for v in flat(matmul(z, c))])

    assert compile(loss, flat(a) + flat(b) + flat(c), backend=backend).check() < 1e-9


HOSTILE = [
    "lambda", "for", "None", "match", "exp", "step", "N", "t", "k", "i", "s", "v", "acc", "mask", "tail",
    "run", "theta", "lanes", "inputs", "double", "int", "static", "main", "maximum", "x1", "r", "loss",
    "output0", "nan", "np", "empty", "view", "einsum", "a b", "\u00b2", "\ufb01", "fi", "\u65e5\u672c", "1/N",
    "d_exp", "__import__('os')", "\n", "'''", '"', "sin", "sigmoid", "largest", "f_erf", "zero", "losses",
    "lr", "train", "", "w[0]", "w", "x-y", "x_y", "e5", "cr_pi", "M_PI", "NAN", "FOR", "V", "B", "*/", "\\",
    "//", "{0}", "%s", "\ud800", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("lanes", [True, False])
def test_no_label_is_taken_for_a_word_of_the_program(backend, lanes):
    leaves = [Value(0.1 * i + 0.05, name) for i, name in enumerate(HOSTILE)]

    def loss(x):
        terms = [
            p.tanh().exp() * x.sin() + autograd.maximum(p, x) + p.sigmoid() + p.erf() + (p > x) * p
            for p in leaves
        ]
        return autograd.sum(terms)

    step = compile(loss, leaves, batch=lanes, backend=backend)
    assert step.check([0.1, 0.2, 0.3] if lanes else 0.3) < 1e-12
    names = set(re.findall(r"^([^\W\d]\w*) = ", step.source, flags=re.M))
    assert not names & set(keyword.kwlist)
    assert not names & (RESERVED - {"loss", "gradient"})
    for text in (step.source, step.python_source):
        builtins.compile(text.encode("utf-8", "replace").decode(), "<printed>", "exec")


def test_no_variable_in_c_is_named_as_a_function_that_a_row_calls():
    called = {f for text in spelling.CODE.values() for f in re.findall(r"([A-Za-z_]\w*)\s*\(", text)}
    w = [Value(0.1 * i, f"w{i}") for i in range(16)]
    step = compile(
        lambda x: autograd.dot(sorted_by_network([a * x for a in w]), w), w, batch=True, backend="numpy"
    )
    step([1.0, 2.0])
    program = step.c_source[len(spelling.PRELUDE) :]
    declared = set(
        re.findall(r"\b(?:double|long|int|V|V4)\s+\**(?:restrict\s+)?([A-Za-z_]\w*)\s*[=;\[,)]", program)
    )
    assert "s" in declared
    assert not (declared | {emit.ROUND}) & called


WRONG = {"too large": 3, "negative": -1, "between": 1.5, "nan": math.nan, "infinite": math.inf}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_class_that_is_none_is_the_error_that_eager_raises(backend, wrong):
    w = [Value(0.5, "w0"), Value(-0.2, "w1"), Value(0.1, "w2")]

    def by_scores(x, y):
        return nn.losses.cross_entropy([a * x for a in w], y)

    def by_logarithms(x, y):
        return nn.losses.nll_loss(autograd.log_softmax([a * x for a in w]), y)

    for loss in (by_scores, by_logarithms):
        with pytest.raises(ValueError, match="class") as eager:
            loss(1.0, WRONG[wrong])
        step = compile(loss, w, batch=True, backend=backend)
        step([1.0, 2.0], [0, 2])
        with pytest.raises(ValueError, match="class") as caught:
            step([1.0, 2.0], [0, WRONG[wrong]])
        assert str(caught.value) == str(eager.value).replace("got 3", "got 3.0")
        with pytest.raises(ValueError, match="class"):
            step.train([1.0, 2.0], [0, WRONG[wrong]], nn.optim.SGD(w, lr=0.1), 3)


@pytest.mark.parametrize("wrong", [4, -1, 1.5, math.nan])
def test_a_row_that_an_embedding_lacks_is_an_error(wrong):
    table = nn.Embedding(4, 2, rng=0)
    step = compile(
        lambda i: autograd.sum([v.tanh() for v in table(i)]), table.parameters(), batch=True, backend="numpy"
    )
    assert step.check([0, 3, 1]) < 1e-12
    with pytest.raises((IndexError, TypeError)):
        step([0, wrong])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_norms_of_few_numbers(backend, count, order):
    def f(*xs):
        return autograd.norm(list(xs))

    for _ in range(order):
        f = autograd.grad(f)
    program = compile(f, backend=backend)
    for data in ([0.0] * count, [2.0, -1.0, 3.0, 0.5][:count], [math.nan, 1.0, 2.0, 3.0][:count]):
        np.testing.assert_allclose(program(*data), float(f(*map(Value, data))), rtol=1e-12)
