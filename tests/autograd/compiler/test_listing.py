"""The listing of triangles: loops around slices with moving ends, which run by themselves."""

import numpy as np
import pytest
from benchmarks.polybench import KERNELS, arrays_of, numbers_in, squares_of
from benchmarks.scalar_programs import heat
from benchmarks.triangles import PROGRAMS
from listings import run_source

import autograd
from autograd import Value, compile, grad
from autograd.compiler.backends.c import toolchain
from autograd.compiler.listing.nests import NestWriter, listed
from autograd.compiler.listing.short import apart
from autograd.compiler.roll.rolled import nested
from autograd.compiler.roll.verify import verify

TRIANGLES = [
    ("syrk", "value"), ("syrk", "gradient"), ("syr2k", "gradient"), ("trmm", "value"), ("trmm", "gradient"),
    ("cholesky", "value"), ("lu", "value"), ("ludcmp", "value"), ("trisolv", "value"),
    ("trisolv", "gradient"),
]  # fmt: skip
"""PolyBench's kernels whose listing is as long whatever the size."""


def numbers(result):
    """All numbers of a result."""
    results = result if isinstance(result, (tuple, list)) else [result]
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in results])


def kernel(name, what, n):
    """A compiled kernel of PolyBench, called once, and what it returned."""
    f, shapes = KERNELS[name](n)
    if what == "gradient":
        g = grad(squares_of(f), argnums=tuple(range(len(shapes))))
    else:
        g = lambda *a: list(numbers_in(f(*a)))
    step = compile(g, backend="numpy")
    return step, numbers(step(*arrays_of(shapes)))


def program(name, what, n):
    """A compiled program with triangles, called once, and what it returned."""
    f, data = PROGRAMS[name]
    arguments = data(n, np.random.default_rng(n))
    g = f if what == "value" else grad(f, argnums=tuple(range(len(arguments))))
    step = compile(g, backend="numpy")
    return step, numbers(step(*arguments))


def agrees(step, wanted):
    """Run the listing of a function; compare it."""
    names, writer = run_source(step)
    got = names[writer.output or "output"]
    np.testing.assert_allclose(np.ravel(got), wanted, rtol=1e-10, atol=1e-12 * np.abs(wanted).max())
    return writer


@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_listing_of_triangles_runs_and_is_as_long_whatever_the_size(name, what):
    lengths = []
    for n in (12, 18):
        step, wanted = program(name, what, n)
        assert isinstance(agrees(step, wanted), NestWriter)
        source = step.source
        assert "for i in" in source
        assert "view(" not in source
        assert "shared" not in source
        lengths.append(len(source.splitlines()))
    assert lengths[0] == lengths[1]


@pytest.mark.parametrize(("name", "what"), TRIANGLES)
def test_the_listing_of_kernels_runs_and_is_as_long_whatever_the_size(name, what):
    lengths = []
    for n in (12, 16):
        step, wanted = kernel(name, what, n)
        assert isinstance(agrees(step, wanted), NestWriter)
        lengths.append(len(step.source.splitlines()))
    assert lengths[0] == lengths[1]


@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", KERNELS)
def test_the_listing_of_every_kernel_runs(name, what):
    agrees(*kernel(name, what, 6))


@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_the_listing_of_small_triangles_runs(name, what, n):
    agrees(*program(name, what, n))


def test_the_listing_of_triangles_is_what_a_person_would_write():
    step, _ = program("product", "value", 14)
    assert step.source.splitlines() == [
        "z1 = empty((14, 14))",
        "for i in range(14):",
        "    z1[i] = a[i, :i + 1] @ b[:i + 1]",
        "output = (z1 * z1).sum()",
    ]
    step, _ = program("cholesky", "value", 20)
    body = [line.strip() for line in step.source.splitlines() if line.startswith("    ")]
    assert body == [
        "ratio_a[i, i:] = z1[i - 1, i:] / sqrt_a[i]",
        "log_sqrt_a[i, 0] = log(sqrt_a[i])",
        "z1[i, i:] = a[i + 1:, i + 1] - ratio_a[:i + 1, i] @ ratio_a[:i + 1, i:]",
        "sqrt_a[i + 1] = sqrt(z1[i, i])",
    ]
    step, _ = program("attention", "value", 12)
    assert step.source.splitlines()[4:9] == [
        "for i in range(12):",
        "    z1[i, :i + 1] = queries[i] @ keys[:i + 1].T",
        "    max_z1[i] = z1[i, :i + 1].max()",
        "    z2[i, :i + 1] = z1[i, :i + 1] - max_z1[i]",
        "    exp_z2[i, :i + 1] = exp(z2[i, :i + 1])",
    ]


def test_a_loop_whose_sizes_grow_is_printed_as_one_though_nothing_is_laid_out_anew():
    step, wanted = program("substitution", "value", 30)
    plain = step._latest[0].program
    assert nested(plain) is plain
    agrees(step, wanted)
    assert "    z1[i] = b[i + 1] - a[i + 1, :i + 1] @ ratio_b[:i + 1]" in step.source.splitlines()
    assert len(step.source.splitlines()) < 16


@pytest.mark.parametrize("name", PROGRAMS)
def test_examples_and_parameters_are_in_the_listing_of_triangles(name):
    f, data = PROGRAMS[name]
    generator = np.random.default_rng(0)
    examples = [data(12, generator) for _ in range(5)]
    columns = [np.stack(column) for column in zip(*examples, strict=True)]
    first, *rest = columns
    weights = [Value(x, f"w[{i}][{j}]") for i, row in enumerate(first[0]) for j, x in enumerate(row)]

    def loss(*others):
        """Return the program's result, of its first argument as parameters."""
        left = iter(weights)
        return f([[next(left) for _ in row] for row in first[0]], *others)

    step = compile(loss, weights, batch=bool(rest), backend="numpy")
    value, slopes = step.value_and_grad(*rest)
    names, _ = run_source(step)
    assert names["loss"] == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(names["gradient"], slopes, rtol=1e-9, atol=1e-11 * np.abs(slopes).max())


@pytest.mark.parametrize("name", PROGRAMS)
def test_short_loops_by_themselves_are_the_same_program(name):
    for n in (3, 9):
        step, _ = program(name, "gradient", n)
        verify(apart(nested(step._latest[0].program)))


CLOSED = [Value(0.3 * i - 0.4) for i in range(6)]
ORDER = (0, 3, 1, 5, 2, 4, 0, 0, 3)
OF_LANES = {
    "one array": lambda x: [a * a for a in x + x],
    "two arrays": lambda x: [*[a * a for a in x], *[(a * 2.0).sin() for a in x[::-1]]],
    "zeros and numbers": lambda x: [*[a * a for a in x], 0.0, 2.0, *[x[0]] * 3, 2.0],
    "some of no lane": lambda x: [*[a.sin() for a in x], *[w * w for w in CLOSED]],
    "a matrix": lambda x: [a * b for a in x for b in x],
    "a matrix of no lane": lambda x: [*[a * b for a in CLOSED for b in CLOSED[:5]], *x],
    "in another order": lambda x: [(x[i * 5 % 6] * x[i * i % 6]).tanh() for i in ORDER],
    "of no lane, too": lambda x: [x[0], *[(CLOSED[5 * i % 6] * CLOSED[i]).tanh() for i in ORDER * 3]],
    "gradient": grad(lambda x: autograd.sum([a.sin() * b for a, b in zip(x, x[1:] + x[:1], strict=True)])),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_LANES)
@pytest.mark.parametrize("size", [6, 11])
def test_the_listing_of_results_over_lanes_runs(name, size):
    step = compile(lambda x: OF_LANES[name](list(x)), backend="numpy", batch=True)
    data = np.random.default_rng(0).normal(size=(4, size))
    found = step(data)
    wanted = [np.broadcast_to(x, 4) for x in (found.T if isinstance(found, np.ndarray) else found)]
    got = [np.broadcast_to(x, 4) for x in run_source(step)[0]["output"]]
    np.testing.assert_allclose(np.stack(got), np.stack(wanted), rtol=1e-14)


def shared_in_part(a, b):
    """What lanes share and what they do not, in one sum over them."""
    d, n = [0.0] * len(a), len(a)
    for _ in range(3):
        for i in range(n - 1, -1, -1):
            d[i] = d[i] + 0.1 * (a[i] - a[(i - 1) % n] + a[(i + 1) % n])
            a[i] = 0.5 * a[i] + 0.3 * b[n - 1 - i]
    return d[-1] + d[0] * a[0]


@pytest.mark.parametrize("n", [2, 3])
def test_what_all_lanes_share_is_added_for_each_of_them(n):
    x = np.random.default_rng(0).normal(size=(4, 2 * n - 1))

    def loss(x, w):
        return shared_in_part(list(x[:n]), [w, *x[n:]])

    w = Value(-0.4)
    want = autograd.sum([loss(row, w) for row in x.tolist()]) / 4.0
    (wanted,) = autograd.gradients(want, [w])
    for backend in ["numpy", "python", *["c"] * bool(toolchain.find_compiler())]:
        step = compile(lambda x: loss(x, w), [w], backend=backend, batch=True)
        found = [step.value_and_grad(x)]
        if backend == "numpy":
            names, _ = run_source(step)
            found.append((names["loss"], names["gradient"]))
        for value, (slope,) in found:
            assert (value, slope) == pytest.approx((want.data, wanted), rel=1e-12)


def test_what_a_listing_needs_to_be_longer_for_stays_as_it_was():
    step = compile(lambda x, y: autograd.sin(x) * y + autograd.exp(x), backend="numpy")
    step(1.0, 2.0)
    writer, _ = listed(step._latest[0].program)
    assert not isinstance(writer, NestWriter)


def test_boxes_of_what_is_returned_are_written_in_it():
    def inner(x):
        """Return a matrix, of which the inside is doubled."""
        return [[2.0 * x[i][j] if 0 < i < 8 and 0 < j < 8 else x[i][j] for j in range(9)] for i in range(9)]

    x = np.random.default_rng(0).normal(size=(9, 9))
    step = compile(lambda x: inner(x), backend="numpy")
    agrees(step, numbers(step(x)))


def test_sums_over_more_loops_than_eight_have_letters():
    step, wanted = kernel("syr2k", "gradient", 9)
    agrees(step, wanted)


@pytest.mark.parametrize("what", [lambda f: f, grad], ids=["value", "gradient"])
def test_a_sum_of_thousands_of_terms_in_no_order_is_a_short_line_that_runs(what):
    pairs = np.random.default_rng(0).integers(0, 200, (3000, 2)).tolist()
    step = compile(what(lambda x, y: autograd.sum([x[i] * y[j] for i, j in pairs])), backend="numpy")
    x, y = np.random.default_rng(1).normal(size=(2, 200))
    wanted = step(x, y)
    assert max(map(len, step.source.splitlines())) < 300
    agrees(step, wanted)


def test_steps_of_heat_run_as_they_are_listed():
    options, args = heat(30, 16)
    step = compile(**options, backend="numpy")
    wanted = numbers(step(*args))
    assert len(step.source.splitlines()) < 60
    agrees(step, wanted)
