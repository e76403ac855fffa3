"""Random programs on every backend against the engine: few here, as many as one likes on demand.

``CHAINRULE_FUZZ=5000 pytest tests/autograd/compiler/test_fuzz.py`` tries 5,000 of them on each backend; the
number in a failure's name is the seed.
"""

import itertools
import math
import os
import random
import shutil

import pytest

import autograd
from autograd import Value, custom_op, ops
from autograd.compiler import compile
from autograd.op import ANY

BACKENDS = ["numpy", "python", "auto", *(["c"] if shutil.which("gcc") or shutil.which("cc") else [])]
COUNT = int(os.environ.get("CHAINRULE_FUZZ", "24"))
LABELS = [
    "step", "exp", "for", "lambda", "N", "t", "w[0]", "w[1]", "a b", "", "theta", "s", "x0", "d_w", "loss",
    "nan", "\u00b2", "layer.n0.w1",
]  # fmt: skip
LONG = (
    "lgamma",
    "digamma",
    "polygamma",
    "monomial",
    "pow",
)  # rows whose domain is positive, or whose digits go sooner
CUSTOM = [
    custom_op("fuzzed", lambda x, k=k: math.sin(k * x), lambda y, x, k=k: (k * ops.cos(k * x),))
    for k in (0.5, 1.5)
]
ROWS = [op for op in ops.TABLE.values() if op.name not in (*LONG, "floordiv", "mod")]


def into(x, domain):
    """Bring any number well into an open interval."""
    low, high = domain
    inside = ops.sin(x)
    if math.isinf(low) and math.isinf(high):
        return 2.0 * inside
    if math.isinf(high):
        return inside + (low + 1.5)
    return 0.5 * (low + high) + 0.4 * (high - low) * inside


def applied(rng, pick):
    """Apply a random row of the table to random operands within its domain."""
    op = rng.choice(ROWS)
    count = rng.randint(1, 4) if op.arity == ANY else op.arity
    if op is ops.dot:
        count *= 2
    xs = [into(pick(), op.domain[min(i, len(op.domain) - 1)]) for i in range(count)]
    if op.arity == ANY and op.params:
        return op(*xs, index=float(rng.randrange(count)))
    constants = {
        "clamp": (-0.5, 0.7),
        "power": (rng.choice([2.0, 3.0, 0.5, -1.0, 1.7]),),
        "round": (0.0,),
    }.get(op.name)
    constants = constants or [*op.params.values()]
    return op(*constants, *xs) if op.params_first else op(*xs, *constants)


def scalars(rng, leaves, inputs):
    """Combine leaves and inputs by random rows, custom operations, tables and recurrences."""
    pool = [*leaves, *inputs]

    def pick():
        return rng.choice(pool[-6:]) if rng.random() < 0.6 else rng.choice(pool)

    for _ in range(rng.randint(3, 14)):
        roll = rng.random()
        if roll < 0.55:
            x = applied(rng, pick)
        elif roll < 0.65:
            x = rng.choice(CUSTOM)(pick())
        elif roll < 0.72:
            hot = (
                [ops.equal(ops.floor(2.0 + 2.0 * ops.sin(inputs[0])), float(k)) for k in range(4)]
                if inputs
                else [1.0, 0.0, 0.0, 0.0]
            )
            x = autograd.dot(tuple(hot), tuple(pick() for _ in range(4)))
        elif roll < 0.8:
            x = pick()
            for _ in range(rng.randint(4, 9)):
                x = ops.sin(x * pick() + 0.5 * x)
        else:
            a, b = pick(), pick()
            x = rng.choice(
                [
                    lambda: a + b,
                    lambda: a - b,
                    lambda: a * b,
                    lambda: -a,
                    lambda: a / (1.5 + b * b),
                    lambda: (a > b) * a,
                ]
            )()
        pool.append(x if isinstance(x, Value) else pick())
        if rng.random() < 0.5:
            pool[-1] = ops.tanh(pool[-1])
    return autograd.sum([ops.sin(x) for x in pool[-3:]] + [0.1 * x for x in leaves])


def tensor(rng, shape, name, leaves):
    if not shape:
        leaves.append(Value(rng.gauss(0.0, 1.0), name))
        return leaves[-1]
    return [tensor(rng, shape[1:], f"{name}[{i}]", leaves) for i in range(shape[0])]


def products(rng, leaves):
    """Return a function of a number: a random product of two arrays, as of einsum, once or twice."""
    letters = "ijkl"[: rng.randint(2, 4)]
    size = {c: rng.randint(1, 4) for c in letters}

    def operand(name):
        axes = [c for c in letters if rng.random() < 0.7] or [letters[0]]
        rng.shuffle(axes)
        return axes, tensor(rng, [size[c] for c in axes], name, leaves)

    a, b = operand("a"), operand("b")
    kept = [c for c in letters if (c in a[0] or c in b[0]) and rng.random() < 0.6]
    rng.shuffle(kept)
    summed = [c for c in letters if c not in kept]
    between = rng.choice([ops.tanh, ops.sin, ops.relu, ops.sigmoid, lambda x: x])
    as_dot, twice = rng.random() < 0.5, rng.random() < 0.5

    def at(operand, place):
        x = operand[1]
        for c in operand[0]:
            x = x[place[c]]
        return x

    def layer(p, q, x):
        out = {}
        for where in itertools.product(*[range(size[c]) for c in kept]):
            pairs = []
            for inner in itertools.product(*[range(size[c]) for c in summed]):
                place = dict(zip([*kept, *summed], [*where, *inner], strict=True))
                pairs.append((at(p, place), at(q, place)))
            y = (
                autograd.dot(*map(tuple, zip(*pairs, strict=True)))
                if as_dot
                else autograd.sum([u * v for u, v in pairs])
            )
            out[where] = between(y * x)
        return out

    def nest(found, sizes, where=()):
        return [nest(found, sizes[1:], (*where, i)) for i in range(sizes[0])] if sizes else found[where]

    def f(x):
        found = layer(a, b, x)
        if twice and kept:
            found = layer((kept, nest(found, [size[c] for c in kept])), b, x)
        return autograd.sum([ops.sin(y) for y in found.values()])

    return f


def check(seed, backend):
    rng = random.Random(seed)
    leaves = []
    lanes = rng.random() < 0.5
    data = (
        [[rng.gauss(0.0, 1.0) for _ in range(rng.choice([1, 3, 8, 11]))]] * rng.randint(1, 2)
        if lanes
        else [rng.gauss(0.0, 1.0)]
    )
    penalty = None
    if rng.random() < 0.35:
        f = products(rng, leaves)

        def loss(*xs):
            return f(xs[0])

    else:
        leaves = [Value(rng.gauss(0.0, 1.0), rng.choice(LABELS)) for _ in range(rng.randint(1, 5))]
        inner = rng.randrange(1 << 30)

        def loss(*xs):
            return scalars(random.Random(inner), leaves, list(xs))

        if rng.random() < 0.3:

            def penalty():
                return autograd.sum([ops.square(p) for p in leaves])

    step = compile(
        loss,
        leaves,
        batch=lanes,
        backend=backend,
        penalty=penalty,
        reduction=rng.choice(["mean", "sum"]) if lanes else "mean",
    )
    assert step.check(*data, tolerance=1e-9) < 1e-6
    assert step.source
    assert step.report()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(COUNT))
def test_a_random_program_is_what_the_engine_computes(seed, backend):
    if backend == "c" and COUNT <= 100 and seed % 8:
        pytest.skip("the C compiler takes half a second for each")
    check(seed, backend)
