"""Triangles as loops: of addresses, in a statement, from level to level; in C, whose bounds may move."""

import math
import random

import pytest

np = pytest.importorskip("numpy")
from benchmarks.scalar_programs import wave
from benchmarks.triangles import PROGRAMS

import autograd
from autograd import Value, compile, grad
from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.c.emit import c_program
from autograd.compiler.roll.affine import Slanted, addresses, slanted, within
from autograd.compiler.roll.nests import Nested
from autograd.compiler.roll.program import Part, Ref
from autograd.compiler.roll.repeats import printed, read, replaced
from autograd.compiler.roll.rolled import _finished, nested
from autograd.compiler.roll.verify import verify

in_c = pytest.mark.skipif(not toolchain.find_compiler(), reason="no C compiler")

# Loops.


def rounds(sizes):
    """The variables of all rounds of loops, one after the other."""
    found = [()]
    for n in sizes:
        found = [
            (*at, k)
            for at in found
            for k in range(n.first + sum(map(math.prod, zip(n.steps, at))) if isinstance(n, Slanted) else n)
        ]
    return np.array(found)


TRIANGLES = [
    (4, Slanted(4, 1, (1,))), (4, Slanted(4, 4, (-1,))), (5, 2, Slanted(9, 1, (2, 0))),
    (3, Slanted(3, 1, (1,)), 2), (2, 4, Slanted(4, 1, (0, 1))),
    (4, Slanted(4, 1, (1,)), Slanted(4, 1, (0, 1))),
]  # fmt: skip


@pytest.mark.parametrize("sizes", TRIANGLES, ids=str)
def test_the_addresses_of_slanted_loops_are_theirs_round_by_round(sizes):
    strides = [100, 10, 1][-len(sizes) :]
    assert (addresses(sizes, strides, 5) == 5 + rounds(sizes) @ strides).all()
    assert within(sizes).sum() == len(rounds(sizes))


@pytest.mark.parametrize("sizes", TRIANGLES, ids=str)
def test_slanted_loops_are_found_in_addresses(sizes):
    generator = np.random.default_rng(0)
    for _ in range(20):
        strides = generator.integers(-50, 50, (3, len(sizes)))
        strides[0] = [1000, 37, 1][-len(sizes) :]  # of what is written
        columns = (rounds(sizes) @ strides.T).T + generator.integers(0, 999, 3)[:, None]
        found, steps = slanted(columns)
        for column, step in zip(columns, steps, strict=True):
            assert (addresses(found, step, int(column[0])).ravel() == column).all()


def test_odd_addresses_are_no_loops():
    for seed in range(20):
        numbers = random.Random(seed).sample(range(10_000), 60)
        assert slanted(np.array([numbers])) is None


@pytest.mark.parametrize("count", [3, 16, 17, 40])
def test_loops_are_looked_for_in_any_number_of_columns(count):
    triangle = rounds((4, Slanted(4, 1, (1,)))) @ [10, 1]
    found = slanted(np.tile(triangle, (count, 1)))
    assert found is None if count > 15 else found[0][0] == 4


def test_the_numbers_of_a_slanted_statement_are_read_and_replaced():
    part = Part((4, Slanted(4, 1, (1,))), Ref(10, (1, 0)), 2.0, Ref(50, (3, 1)), None)
    statement = compile(lambda x: x + 1.0, backend="numpy")
    statement(1.0)
    (s,) = statement._latest[0].program.statements
    s.parts = [part]
    kind, numbers = read(s)
    again = replaced(s, numbers).parts[0]
    assert (again.sizes[1].first, again.sizes[1].steps, int(again.sizes[1])) == (1, (1,), 4)
    assert read(replaced(s, numbers)) == (kind, numbers)
    s.parts = [Part((4, 4), part.result, 2.0, part.a, None)]
    assert read(s)[0] != kind


# Programs.


def made(name, n):
    """A gradient of a program, and arguments."""
    f, data = PROGRAMS[name]
    arguments = data(n, np.random.default_rng(n))
    return grad(f, argnums=tuple(range(len(arguments)))), arguments


def rolled(name, n):
    """A gradient as a program of statements."""
    f, arguments = made(name, n)
    step = compile(f, backend="numpy")
    step(*arguments)
    return step._latest[0].program


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_as_long_whatever_the_size(name):
    few, many = [nested(rolled(name, n)) for n in (14, 28)]
    for program in (few, many):
        verify(program)
        assert not any(s.note for s in program.statements)  # no tables of addresses
    assert printed(few) == printed(many) < 50
    lines = [len([x for x in c_program(p).splitlines() if "FOR(" in x]) for p in (few, many)]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_layouts_of_triangles_are_sound_for_all_sizes(name, apart, n):
    layout = Nested(rolled(name, n).graph, apart=apart)
    layout.run(10**9)
    verify(_finished(layout))


@in_c
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("n", [2, 5, 12])
def test_gradients_in_c_are_the_engines(name, n):
    f, arguments = made(name, n)
    want = f(*arguments)
    got = compile(f, backend="c")(*arguments)
    for x, y in zip(*[r if isinstance(r, tuple) else (r,) for r in (got, want)], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12 * np.abs(y).max())


@in_c
@pytest.mark.parametrize("name", PROGRAMS)
def test_examples_and_parameters_in_c_are_as_in_numpy(name):
    f, data = PROGRAMS[name]
    generator = np.random.default_rng(0)
    examples = [data(7, generator) for _ in range(9)]
    columns = [np.stack(column) for column in zip(*examples, strict=True)]
    wanted = autograd.value_and_grad(f, argnums=tuple(range(len(columns))))
    one, other = [compile(wanted, batch=True, backend=b)(*columns) for b in ("numpy", "c")]
    for x, y in zip([one[0], *one[1]], [other[0], *other[1]], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)

    gradients = []
    for backend in ("numpy", "c"):
        params = [Value(x) for array in examples[0] for x in array.ravel()]
        left = iter(params)
        arguments = [
            [[next(left) for _ in row] for row in a] if a.ndim > 1 else [next(left) for _ in a]
            for a in examples[0]
        ]
        compile(lambda given=arguments: f(*given), params, backend=backend)()
        gradients.append([p.grad for p in params])
    np.testing.assert_allclose(*gradients, rtol=1e-11, atol=1e-12)


def test_what_is_gained_by_no_loop_stays_as_it_was():
    step = compile(lambda x, y: autograd.sin(x) * y + autograd.exp(x), backend="numpy")
    step(1.0, 2.0)
    program = step._latest[0].program
    assert nested(program) is program


def test_loops_that_come_to_a_result_twice_are_not_sound():
    program = nested(rolled("product", 12))
    parts = [part for s in program.statements for part in s.parts]
    slant = next(part for part in parts if any(isinstance(n, Slanted) for n in part.sizes))
    slant.result.strides = (*slant.result.strides[:-1], 1)
    with pytest.raises(AssertionError, match="not sound"):
        verify(program)


@in_c
def test_files_are_written_of_a_program_that_c_has_laid_out_anew(tmp_path):
    f, arguments = made("product", 9)
    step = compile(f, backend="c")
    step(*arguments)
    assert step._latest[1].program is not step._latest[0].program
    header, module = step.export(tmp_path / "step.h"), step.export(tmp_path / "step.mjs")
    assert "1 + i0" in header.read_text()
    assert "export" in module.read_text()


@pytest.mark.parametrize("steps", [12, 40])
def test_a_group_that_is_much_wider_than_its_family_does_not_stand_in_its_grid(steps):
    options, args = wave(steps, 20)
    step = compile(**options, backend="numpy")
    step(*args)
    program = step._latest[0].program
    assert nested(program).shared <= 3 * program.shared
    in_c = compile(**options, backend="c" if toolchain.find_compiler() else "python")
    for found, wanted in zip(in_c(*args), step(*args), strict=True):
        assert np.allclose(found, wanted, rtol=1e-12, atol=0.0)


def test_a_group_of_sums_without_terms_stands_beside_triangles():
    """Such as gradients that are all 0.0."""
    n = 5
    b = [Value(0.1 * i - 0.3) for i in range(n)]
    M = [[Value(0.05 * (i - j)) for i in range(n)] for j in range(n)]

    def f():
        c, d = [0.0] * n, 0.0
        for i in range(1, n):
            for j in range(n - 1, i, -1):
                c[j] = 0.5 * c[j] + 0.3 * b[j - 2] * b[i - 1]
            chosen = autograd.where(M[i][i] > 0.1, M[i][n - 1 - i], 0.0)
            d = d + 0.1 * (b[i] * b[n - 1 - i] + chosen)
        return sum(c) * 0.7 + d * 0.3 + 0.2 * sum(x for row in M for x in row) + sum(b)

    step = compile(f, [*b, *(x for row in M for x in row)], backend="numpy")
    step.check()
    verify(nested(step._latest[1].program, in_order=True))
