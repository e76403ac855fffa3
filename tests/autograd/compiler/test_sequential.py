"""Loops in the order of recording in C: sweeps along rows and back, in place, dynamic programs."""

from dataclasses import replace

import pytest

np = pytest.importorskip("numpy")

import autograd
from autograd import Value, compile, exp, grad, log, minimum
from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.c.emit import c_program
from autograd.compiler.roll.affine import Slanted
from autograd.compiler.roll.repeats import printed
from autograd.compiler.roll.rolled import _finished, nested
from autograd.compiler.roll.sequential import Sequential
from autograd.compiler.roll.verify import verify

in_c = pytest.mark.skipif(not toolchain.find_compiler(), reason="no C compiler")
STEPS = 5


def there_and_back(u, v):
    """Solve tridiagonal systems, from left to right and back."""
    for _ in range(STEPS):
        p, q = [0.3], [u[0]]
        for i in range(1, len(u)):
            pivot = 1.5 + v[i] - 0.3 * p[i - 1]
            p.append(0.3 / pivot)
            q.append((u[i] + 0.3 * q[i - 1]) / pivot)
        u = [*u[:-1], q[-1]]
        for i in reversed(range(len(u) - 1)):
            u[i] = p[i] * u[i + 1] + q[i]
    return u


def in_place(u, v):
    """Average neighbours in place, row by row."""
    a = [[x + y for y in v] for x in u]
    for _ in range(STEPS):
        for i in range(1, len(u) - 1):
            for j in range(1, len(v) - 1):
                a[i][j] = 0.25 * (a[i - 1][j] + a[i][j - 1] + a[i + 1][j] + a[i][j + 1])
    return [x for row in a for x in row]


def edits(u, v):
    """Return the least cost of changing one row of numbers into another."""
    above = [0.5 * j for j in range(len(v) + 1)]
    for i in range(len(u)):
        row = [0.5 * (i + 1)]
        for j in range(len(v)):
            changed = above[j] + (u[i] - v[j]) ** 2
            row.append(minimum(minimum(row[j], above[j + 1]) + 0.5, changed))
        above = row
    return above


def soft_edits(u, v):
    """Do so with a soft minimum."""
    above = [0.5 * j for j in range(len(v) + 1)]
    for i in range(len(u)):
        row = [0.5 * (i + 1)]
        for j in range(len(v)):
            ways = row[j] + 0.5, above[j + 1] + 0.5, above[j] + (u[i] - v[j]) ** 2
            row.append(-log(autograd.sum([exp(-x) for x in ways])))
        above = row
    return above


def all_pairs(u, v):
    """Return the lengths of shortest paths."""
    a = [[x + y for y in v] for x in u]
    for k in range(len(u)):
        for i in range(len(u)):
            for j in range(len(u)):
                a[i][j] = minimum(a[i][j], a[i][k] + a[k][j])
    return [x for row in a for x in row]


def triangles(u, v):
    """Return a matrix's two triangles, in its place."""
    a = [[x + y + 9.0 * (i == j) for j, y in enumerate(v)] for i, x in enumerate(u)]
    for i in range(len(u)):
        for j in range(len(v)):
            for k in range(min(i, j)):
                a[i][j] = a[i][j] - a[i][k] * a[k][j]
            if j < i:
                a[i][j] = a[i][j] / a[j][j]
    return [x for row in a for x in row]


PROGRAMS = {f.__name__: f for f in (there_and_back, in_place, edits, soft_edits, all_pairs, triangles)}
WHOLE = [(name, "value") for name in PROGRAMS]
WHOLE += [(name, "gradient") for name in ("there_and_back", "in_place", "all_pairs", "triangles")]


def made(name, n, what):
    """A program or its gradient, and arguments."""
    f, arguments = PROGRAMS[name], tuple(np.random.default_rng(n).uniform(0.5, 1.5, (2, n)))
    if what == "value":
        return f, arguments
    return grad(lambda *a: autograd.sum([x * x for x in f(*a)]), argnums=(0, 1)), arguments


def rolled(name, n, what):
    """A program of statements."""
    f, arguments = made(name, n, what)
    step = compile(f, backend="numpy")
    step(*arguments)
    assert step._latest is not None
    return step._latest[0].program


def in_sequence(program):
    """A program laid out as it was recorded."""
    layout = Sequential(program.graph)
    assert layout.run(10**6)
    return _finished(layout)


@pytest.mark.parametrize(("name", "what"), WHOLE)
def test_loops_are_as_long_whatever_the_size_and_read_no_tables(name, what):
    found = []
    for n in (12, 15, 19):
        program = in_sequence(rolled(name, n, what))
        verify(program)
        assert not any(s.note for s in program.statements)
        found.append((printed(program), c_program(program).count("FOR(")))
    assert len(set(found)) == 1


@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [1, 3, 4, 7])
def test_layouts_in_the_order_of_recording_are_sound_for_all_sizes(name, what, n):
    program = rolled(name, n, what)
    verify(in_sequence(program))
    verify(nested(program, in_order=True))


@in_c
@pytest.mark.parametrize("what", ["value", "gradient"])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [4, 12])
def test_loops_in_the_order_of_recording_compute_what_the_engine_does(name, what, n, monkeypatch):
    monkeypatch.setattr(
        "autograd.compiler.backends.c.backend.nested", lambda program, **_: in_sequence(program)
    )
    f, arguments = made(name, n, what)
    got, want = [np.ravel(g(*arguments)).astype(float) for g in (compile(f, backend="c"), f)]
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@in_c
@pytest.mark.parametrize("text", [30000, 1000])
def test_gradients_of_parameters_are_the_same_in_a_text_of_any_length(text, monkeypatch):
    monkeypatch.setattr("autograd.compiler.backends.c.emit.TEXT", text)
    gradients = []
    for backend in ("numpy", "c"):
        if backend == "c":
            monkeypatch.setattr(
                "autograd.compiler.backends.c.backend.nested", lambda program, **_: in_sequence(program)
            )
        params = [Value(x) for x in np.random.default_rng(0).uniform(0.5, 1.5, 20).tolist()]
        compile(
            lambda p=params: autograd.sum([x * x for x in in_place(p[:10], p[10:])]), params, backend=backend
        )()
        gradients.append([p.grad for p in params])
    np.testing.assert_allclose(*gradients, rtol=1e-12)


def test_only_backends_that_can_compute_in_order_are_given_such_loops():
    program = rolled("in_place", 12, "value")
    assert any(s.shared >= 0 for s in nested(program, in_order=True).statements)
    assert not any(s.shared >= 0 for s in nested(program).statements)


def test_statements_in_another_order_than_they_can_be_computed_are_no_sound_program():
    program = in_sequence(rolled("there_and_back", 12, "value"))
    statements = list(program.statements)
    first = next(i for i, s in enumerate(statements) if s.shared > 0) - 1
    pivots, sums, quotients, rest = statements[first : first + 4]
    assert [s.shared for s in (pivots, sums, quotients, rest)] == [0, 1, 1, 1]
    swapped = [pivots, quotients, sums, rest]
    apart = [replace(s, shared=0) for s in (pivots, sums, quotients, rest)]
    for wrong in (swapped, apart):
        made = [*statements[:first], *wrong, *statements[first + 4 :]]
        with pytest.raises(AssertionError, match="not sound"):
            verify(replace(program, statements=made))


def test_rounds_of_loops_that_are_too_short_to_be_loops_are_rounds_all_the_same():
    program = in_sequence(rolled("triangles", 14, "value"))
    sizes = [n for s in program.statements for part in s.parts for n in part.sizes if isinstance(n, Slanted)]
    assert {n.first for n in sizes} > {0}
    assert printed(program) < 14


def test_nodes_of_gradients_come_in_the_opposite_order_of_those_that_they_are_for():
    def slope(x):
        return grad(lambda x: exp(x[0]) * log(x[1]) + exp(x[1]))(x)

    step = compile(slope, backend="numpy")
    step([0.5, 0.7])
    assert step._latest is not None
    graph = step._latest[0].program.graph
    turns = graph.turn[[i for i in range(graph.size) if graph.row(i) is not None]]
    assert len(set(turns.tolist())) == len(turns)
    first, second = graph.turn[graph.outputs]
    assert first > second or first > turns.max()


def test_what_would_be_too_long_is_given_up():
    assert not Sequential(rolled("in_place", 12, "value").graph).run(3)
