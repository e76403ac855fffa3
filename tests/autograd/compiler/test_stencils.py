"""Stencils as loops in C: grids that are computed anew, whose borders are fixed, or left out."""

import pytest

np = pytest.importorskip("numpy")

import autograd
from autograd import Value, compile, grad, sin
from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.c.emit import c_program
from autograd.compiler.roll.repeats import printed
from autograd.compiler.roll.rolled import _finished, nested
from autograd.compiler.roll.stencils import Stencils
from autograd.compiler.roll.verify import verify

in_c = pytest.mark.skipif(not toolchain.find_compiler(), reason="no C compiler")
STEPS = 6


def heated_rod(u):
    for _ in range(STEPS):
        u = [u[0], *[0.25 * x + 0.5 * y + 0.25 * z for x, y, z in zip(u, u[1:], u[2:])], u[-1]]
    return u


def heated_ring(u):
    for _ in range(STEPS):
        u = [0.25 * u[i - 1] + 0.5 * u[i] + 0.25 * u[(i + 1) % len(u)] for i in range(len(u))]
    return u


def smoothed_plate(u):
    inside = range(1, len(u) - 1)
    for _ in range(STEPS):
        u = [
            [
                0.2 * (u[i][j] + u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1])
                if i in inside and j in inside
                else u[i][j]
                for j in range(len(u))
            ]
            for i in range(len(u))
        ]
    return [x for row in u for x in row]


def waves(u, v):
    u, v = list(u), list(v)
    for _ in range(STEPS):
        v = [v[0], *[y + 0.3 * (z - 2.0 * x + w) for w, x, z, y in zip(u, u[1:], u[2:], v[1:-1])], v[-1]]
        u = [x + 0.5 * y for x, y in zip(u, v)]
    return u


def reaction(u):
    inside = range(1, len(u) - 1)
    for _ in range(STEPS):
        u = [
            u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) + 0.05 * sin(u[i]) if i in inside else u[i]
            for i in range(len(u))
        ]
    return u


PROGRAMS = {
    "rod": (heated_rod, 1, 1), "ring": (heated_ring, 1, 1), "plate": (smoothed_plate, 1, 2),
    "waves": (waves, 2, 1), "reaction": (reaction, 1, 1),
}  # fmt: skip


def made(name, n, what="gradient"):
    """A program or its gradient, and arguments."""
    f, count, axes = PROGRAMS[name]
    generator = np.random.default_rng(n)
    arguments = tuple(generator.normal(size=(count, *[n] * axes)))
    if what == "value":
        return f, arguments
    return grad(lambda *a: autograd.sum([x * x for x in f(*a)]), argnums=tuple(range(count))), arguments


def rolled(name, n, what):
    """A program of statements."""
    f, arguments = made(name, n, what)
    step = compile(f, backend="numpy")
    step(*arguments)
    return step._latest[0].program


@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "ring"])
def test_a_stencil_is_as_long_whatever_the_size_and_reads_no_tables(name, what):
    found = []
    for n in (13, 20, 27):
        layout = Stencils(rolled(name, n, what).graph)
        assert layout.run()
        program = _finished(layout)
        verify(program)
        assert not any(s.note for s in program.statements)
        found.append((printed(program), len([x for x in c_program(program).splitlines() if "FOR(" in x])))
    assert len(set(found)) == 1


@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [3, 4, 5, 7, 10])
def test_layouts_of_stencils_are_sound_for_all_sizes(name, what, n):
    program = rolled(name, n, what)
    layout = Stencils(program.graph)
    if layout.run():
        verify(_finished(layout))
    verify(nested(program))


def test_parts_over_the_same_loops_are_computed_in_one_pass():
    layout = Stencils(rolled("plate", 20, "value").graph)
    assert layout.run()
    inside = [x for x in c_program(_finished(layout)).splitlines() if "FOR(i0, 16) { SIMD FOR(i1, 16)" in x]
    assert len(inside) == 1
    assert inside[0].count("0.2 * s[") == 5


@in_c
@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [3, 6, 13])
def test_stencils_in_c_compute_what_the_engine_does(name, what, n):
    f, arguments = made(name, n, what)
    got, want = [np.ravel(g(*arguments)).astype(float) for g in (compile(f, backend="c"), f)]
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@in_c
@pytest.mark.parametrize("name", PROGRAMS)
def test_examples_and_parameters_of_stencils_in_c_are_as_in_numpy(name):
    f, _ = made(name, 9)
    columns = [np.stack(x) for x in zip(*[made(name, 9)[1] for _ in range(5)], strict=True)]
    columns = [x * np.arange(1.0, 6.0).reshape(-1, *[1] * (x.ndim - 1)) for x in columns]
    got, want = [compile(f, batch=True, backend=b)(*columns) for b in ("c", "numpy")]
    np.testing.assert_allclose(np.ravel(got), np.ravel(want), rtol=1e-12, atol=1e-12)

    g, count, axes = PROGRAMS[name]
    gradients = []
    for backend in ("numpy", "c"):
        params = [Value(float(x)) for a in made(name, 9)[1] for x in np.ravel(a)]
        left = iter(params)
        arguments = [
            [[next(left) for _ in range(9)] if axes == 2 else next(left) for _ in range(9)]
            for _ in range(count)
        ]
        compile(lambda a=arguments: autograd.sum([x * x for x in g(*a)]), params, backend=backend)()
        gradients.append([p.grad for p in params])
    np.testing.assert_allclose(*gradients, rtol=1e-12, atol=1e-12)


def test_what_is_no_stencil_is_left_as_it_is():
    f, arguments = lambda x, w: [autograd.dot(row, x) for row in w], (np.ones(9), np.ones((9, 9)))
    step = compile(f, backend="numpy")
    step(*arguments)
    program = step._latest[0].program
    assert nested(program) is program
