"""Loops over statements that repeat: found in the program, printed with numbers that move."""

import random
import re

import pytest

import autograd
from autograd import Value, compile
from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.c.emit import ROUND, whole
from autograd.compiler.roll.program import Part, Ref, Statement
from autograd.compiler.roll.repeats import FEWEST, LONGEST, Moving, UnevenError, read, repeats, replaced


def test_a_moving_number_is_computed_with_round_by_round():
    for first, step, other, count in ((3, 2, 5, 4), (-3, 1, -2, 3), (0, -4, 7, 2)):
        x = Moving(first, step)
        found = [x + other, other + x, x - other, other - x, x * other, other * x, -x, x + x, x - x]
        for k in range(count):
            now = first + k * step
            want = [now + other, now + other, now - other, other - now, now * other, now * other, -now]
            got = [int(y) + k * y.step for y in found]
            assert got == [*want, 2 * now, 0]


def test_a_moving_number_is_not_printed_as_if_it_stood():
    with pytest.raises(UnevenError):
        f"{Moving(3, 2)}"
    with pytest.raises(UnevenError):
        Moving(3, 2) * Moving(3, 2)


@pytest.mark.parametrize("first", [0, 3, -3])
@pytest.mark.parametrize("step", [1, -1, 8, -8])
def test_a_moving_number_in_c_is_an_expression_of_the_loops_variable(first, step):
    text = whole(Moving(first, step))
    assert [eval(text, {ROUND: k}) for k in range(4)] == [first + k * step for k in range(4)]


def test_a_statement_is_what_it_is_and_its_numbers():
    part = Part((4, 3), Ref(10, (1, 0)), 2.0, Ref(50, (3, 1)), Ref(90, (0, 1)))
    s = Statement(nodes=None, lane=False, parts=[part], result=Ref(10))
    kind, numbers = read(s)
    again = replaced(s, numbers)
    assert (read(again), again.parts) == ((kind, numbers), s.parts)
    more = tuple(n + 1 if n else 0 for n in numbers)
    assert read(replaced(s, more)) == (kind, more)
    for other in (
        Part((4, 1), part.result, 2.0, part.a, part.b),  # no loop
        Part((4, 3), part.result, 3.0, part.a, part.b),
        Part((4, 3), part.result, 2.0, Ref(50, (3, 0)), part.b),  # does not move
        Part((4, 3), part.result, 2.0, Ref(50, (3, -1)), part.b),  # backwards
        Part((4, 3), part.result, 2.0, part.a, None),
    ):
        assert read(Statement(nodes=None, lane=False, parts=[other], result=Ref(10)))[0] != kind


def slowly(items, longest):
    """Find loops as `repeats` does, trying everything."""
    found, i = [], 0
    while i < len(items):
        best = (0, 0, 0)
        for period in range(1, min(longest, len(items) - i - 1) + 1):
            end = i + period
            while end < len(items) and items[end][0] == items[end - period][0] and (
                end < i + 2 * period
                or items[end][1][0] - items[end - period][1][0]
                == items[end - period][1][0] - items[end - 2 * period][1][0]
            ):  # fmt: skip
                end += 1
            count = (end - i) // period
            if count >= FEWEST and count * period > best[0] * best[1]:
                best = (count, period, end)
        count, period, end = best
        if not count:
            i += 1
            continue
        start = max(k for k in range(i, i + period) if (end - k) // period == count)
        found.append((start, period, count))
        i = start + period * count
    return found


@pytest.mark.parametrize("seed", range(60))
def test_repeats_are_those_that_trying_everything_finds(seed):
    rng = random.Random(seed)
    items = []
    while len(items) < 120:
        body = [
            (rng.randrange(3), rng.randrange(50), rng.randrange(-2, 3)) for _ in range(rng.randrange(1, 8))
        ]
        for k in range(rng.randrange(1, 12)):
            items += [(kind, (first + k * step,)) for kind, first, step in body]
        items += [(rng.randrange(3), (rng.randrange(5),)) for _ in range(rng.randrange(3))]
    found = [(loop.start, loop.period, loop.count) for loop in repeats(items)]
    assert found == slowly(items, LONGEST)


def test_a_round_may_have_hundreds_of_statements():
    body = [(rng.randrange(9), (rng.randrange(99),)) for rng in [random.Random(5)] for _ in range(300)]
    items = [(kind, (first + 7 * k,)) for k in range(6) for kind, (first,) in body]
    assert [(loop.start, loop.period, loop.count) for loop in repeats(items)] == [(0, 300, 6)]


def numbers(name, count):
    rng = random.Random(name)
    return [Value(rng.uniform(0.2, 1.0), f"{name}[{i}]") for i in range(count)]


def prefixes(count):
    """Each number rests on all before it."""
    w = numbers("w", count)

    def loss():
        h = [w[0].tanh()]
        for i in range(1, count):
            h.append((autograd.dot(w[:i], h) * 0.3 + w[i]).sin())
        return h[-1] + h[2]

    return loss, w, ()


def prefixes_of_lanes(count):
    """The same for many examples, whose gradients are summed."""
    w = numbers("w", count)

    def loss(x):
        h = [(w[0] * x[0]).sin()]
        for i in range(1, count):
            h.append((w[i] * x[i] + autograd.dot(w[:i], h) * 0.1).sin())
        return autograd.sum([v * v for v in h])

    rng = random.Random(count)
    return loss, w, ([[rng.gauss(0.0, 1.0) for _ in range(count)] for _ in range(11)],)


def time_steps(count):
    """A recurrence with extrema, quotients, and reads of three steps back."""
    w = numbers("w", 4)

    def loss():
        h = [0.3, 0.2, 0.1]
        for _ in range(count):
            h.append((w[0] * h[-1] / (1.0 + w[1] * h[-3] ** 2)).tanh() + autograd.max([w[2] * h[-2], w[3]]))
        return h[-1]

    return loss, w, ()


def gathers(count):
    """Neighbours in an odd order, the same one a row further in each round."""
    w = [numbers(f"w{i}", 5) for i in range(count)]

    def loss():
        h = [0.1] * 5
        for row in w:
            h = [(h[(d * 2) % 5] * row[d] + row[(d * d) % 5]).tanh() for d in range(5)]
        return autograd.sum(h)

    return loss, [x for row in w for x in row], ()


@pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("make", [prefixes, prefixes_of_lanes, time_steps, gathers])
@pytest.mark.parametrize("count", [3, 9, 24])
def test_loops_in_c_do_what_their_rounds_did(make, count):
    loss, params, data = make(count)
    step = compile(loss, params, batch=bool(data), backend="c")
    assert step.check(*data) < 1e-12
    if count > 4 * 4:
        # Sums that grow are loops in the order of recording, all else are rounds.
        loop = r"FOR\(i0, \d+\) \{ \{ double t" if make is prefixes else f"{ROUND} = 0;"
        assert re.search(loop, step.c_source)


@pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("make", [prefixes_of_lanes, time_steps])
def test_the_c_of_many_rounds_is_as_long_as_that_of_few(make):
    lengths = []
    for count in (24, 48):
        loss, params, data = make(count)
        step = compile(loss, params, batch=bool(data), backend="numpy")
        step(*data)
        lengths.append(step.c_source.count("\n"))
    assert lengths[1] < 1.2 * lengths[0]
