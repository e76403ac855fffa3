"""Sums that are alike but for how many terms they have, as one statement whose shorter ones are filled up."""

import random

import pytest

np = pytest.importorskip("numpy")

import autograd
from autograd import Value, compile
from autograd.compiler.roll.rolled import length, padded
from autograd.compiler.roll.verify import verify

N = 9


def attention(x, w):
    """Causal attention of one head: each row looks at those before it."""
    found = []
    for i in range(N):
        scores = [(w[i] * x[j]).sin() for j in range(i + 1)]
        weights = autograd.softmax(scores) if i else [Value(1.0)]
        found.append(sum((a * x[j] for j, a in enumerate(weights)), Value(0.0)))
    return autograd.sum([v * v for v in found])


def prefixes(x, w):
    """Sums of what lies before, each with weights that go on evenly."""
    return autograd.sum([autograd.dot(w[: i + 1], x[: i + 1]).tanh() for i in range(N)])


def suffixes(x, w):
    """The same of what lies behind."""
    return autograd.sum([autograd.dot(w[i:], x[i:]).tanh() for i in range(N)])


def largest(x, w):
    """The largest number so far."""
    numbers = [(a * b).exp() for a, b in zip(x, w, strict=True)]
    return autograd.sum([autograd.max(numbers[: i + 1]).sqrt() for i in range(N)])


def counted(x, w):
    """Rows of a table, some of which are read several times."""
    read = [0, 1, 2, 1, 3, 1, 5, 6, 5, 7, 4, 8]
    return autograd.sum([(x[k] * w[i % N]).cos() * x[i % N] for i, k in enumerate(read)])


def odd(x, w):
    """Sums of any terms."""
    rng = random.Random(0)
    rows = [sorted(rng.sample(range(N), 3 + i % 4)) for i in range(N)]
    return autograd.sum([autograd.dot([w[k] for k in row], [x[-1 - k] for k in row]).tanh() for row in rows])


def programs(f, batch):
    """The program of a function as it is, and with shorter sums filled up, which must be sound."""
    rs = np.random.RandomState(0)
    w = [Value(a, f"w[{i}]") for i, a in enumerate(rs.randn(N).tolist())]
    x = rs.randn(4, N) if batch else rs.randn(N)
    step = compile(lambda x: f(x, w), w, batch=batch, backend="numpy")
    step(x)
    program = step._latest[0].program
    found = padded(program)
    verify(found)
    return step, x, program, found


FUNCTIONS = [attention, prefixes, suffixes, largest, counted, odd]


@pytest.mark.parametrize("batch", [False, True], ids=["alone", "lanes"])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_filled_up_sums_are_sound_and_come_to_the_same(f, batch, monkeypatch):
    monkeypatch.setattr("autograd.compiler.roll.rolled.FEWER", 10.0)  # whether or not it is shorter
    monkeypatch.setattr("autograd.compiler.roll.rolled.LONG", 1)
    step, x, program, found = programs(f, batch)
    assert found is not program
    want = step.value_and_grad(x)
    monkeypatch.setattr(step._latest[0], "program", found)
    other = type(step._latest[1])(found, step._latest[0].source, "numpy", 4 if batch else 1)
    other.load(step._parsed([x]), step._latest[0].source.captured)
    value, gradient = other.attempt(step._theta())
    np.testing.assert_allclose(value, want[0], rtol=1e-13)
    np.testing.assert_allclose(gradient, want[1], rtol=1e-12, atol=1e-14)


def test_a_triangle_is_a_few_statements_whatever_its_size():
    _, _, program, found = programs(attention, False)
    assert length(found) < 0.7 * length(program)


def test_rounds_and_short_programs_stay_as_they_are():
    step = compile(lambda x: x * x + 1.0, backend="numpy")
    step(2.0)
    program = step._latest[0].program
    assert padded(program) is program


def test_one_long_sum_among_short_ones_is_not_worth_filling_up(monkeypatch):
    monkeypatch.setattr("autograd.compiler.roll.rolled.FEWER", 10.0)
    monkeypatch.setattr("autograd.compiler.roll.rolled.LONG", 1)

    def f(x, w):
        rows = [range(9), *[range(i, i + 1) for i in range(8)]]
        return autograd.sum([autograd.dot([w[k] for k in r], [x[k] for k in r]).tanh() for r in rows])

    *_, found = programs(f, False)
    terms = [p.sizes for s in found.statements for p in s.parts if p.b is not None]
    assert all(np.prod(sizes) <= 3 * 17 for sizes in terms)
