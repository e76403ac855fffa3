"""Calls of NumPy on short arrays, which the engine's C makes in a row."""

import itertools
import weakref

import numpy as np
import pytest

from autograd.compiler.backends.numpy import contract
from autograd.compiler.backends.numpy.contract import Calls, Moving, _named
from autograd.compiler.backends.numpy.spelling import positive, restrict, where
from autograd.native import engine

native = pytest.mark.skipif(engine is None, reason="the engine's C is not there")
G = np.random.default_rng(0)
ROOM = np.concatenate([G.normal(size=4000), [np.inf, -np.inf, np.nan, 0.0, -0.0] * 20])
G.shuffle(ROOM)


def views(shape):
    """Return arrays of a shape that stand in memory in different ways."""
    n = int(np.prod(shape))
    yield ROOM[7 : 7 + n].reshape(shape)
    yield ROOM[: 3 * n : 3].reshape(shape[::-1]).T
    yield ROOM[n + 5 : 5 : -1].reshape(shape)
    yield np.broadcast_to(ROOM[9 : 9 + (shape or (1,))[-1]], shape) if shape else ROOM[3, ...]


def cases():
    """Yield functions and their operands, the result last or third."""
    for shape in [(), (1,), (5,), (3, 4), (1, 7), (2, 3, 4), (2, 1, 3, 2)]:
        pairs = list(itertools.product(views(shape), repeat=2))
        for f in (np.multiply, np.add, np.subtract, np.divide, np.maximum, np.minimum):
            yield from ((f, (a, b, np.empty(shape))) for a, b in pairs)
        yield from ((np.copyto, (np.empty(shape), a)) for a in views(shape))
        yield from ((np.copyto, (np.empty(shape), a > 0.0)) for a in views(shape))
        yield from ((np.copyto, (np.empty(shape), (a > 0.0).view(np.int8))) for a in views(shape))
        for f in (np.negative, np.sqrt, restrict, np.exp, np.log, np.log1p, np.tanh, np.sin, np.cos):
            yield from ((f, (a, np.empty(shape))) for a in views(shape))
        yield from ((positive, (a, np.zeros(shape), np.empty(shape))) for a in views(shape))
        for f in (np.less, np.less_equal, np.greater, np.greater_equal):
            yield from ((f, (a, b, np.empty(shape, bool))) for a, b in pairs)
        yield from ((where, (np.sign(a), a, b, np.empty(shape))) for a, b in pairs)
        yield from ((np.vecdot, (a, b, np.empty(shape[:-1]))) for a, b in pairs if shape)
        for ufunc in (np.add, np.maximum, np.minimum):
            for a in views(shape):
                yield ufunc.reduce, (a, (), None, np.empty(shape))
                for k in range(len(shape)):
                    yield ufunc.reduce, (a, (k,), None, np.empty((*shape[:k], *shape[k + 1 :])))
    for m, k, n in itertools.product((1, 2, 5), repeat=3):
        for a, b in itertools.product(views((m, k)), views((k, n))):
            yield np.dot, (a, b, np.empty((m, n)))
            yield np.matmul, (a, b, np.empty((n, m)).T)
            yield np.matmul, (np.stack([a, a + 1.0]), np.stack([b, b * 2.0]), np.empty((2, m, n)))
            yield np.dot, (a, b[:, 0], np.empty(m))
            yield np.matmul, (a[0], b, np.empty(2 * n)[::2])
            yield np.dot, (a[0], b[:, 0], np.empty(()))
    yield ROOM.take, (np.array([5, 4020, 0, 5]), None, np.empty(4), "clip")


def close(found, wanted):
    """Compare numbers, of which sums may be rounded otherwise."""
    np.testing.assert_allclose(found.astype(float), wanted, rtol=1e-13, atol=1e-13)


@native
def test_each_call_on_short_arrays_finds_what_numpys_does():
    count = 0
    with np.errstate(all="ignore"):
        for f, operands in cases():
            which = 0 if f is np.copyto else 2 if f == ROOM.take else -1
            calls, out = Calls(), operands[which]
            calls.add(f, *operands)
            out[...] = 9.0
            run = calls.function()
            run()
            found = out.copy()
            out[...] = 0.0
            _named([(f, operands)])[0][0](*operands)
            close(found, out)
            count += contract._short(f, operands) is not None
            if f in (np.multiply, np.add, np.subtract, np.divide, np.copyto, np.negative):
                np.testing.assert_array_equal(np.signbit(found), np.signbit(out))
    assert count > 2500


@native
def test_calls_in_a_row_see_what_those_before_them_found():
    x, y, z = np.arange(6.0), np.empty(6), np.empty(2)
    calls = Calls()
    calls.add(np.multiply, x, x, y)
    calls.add(np.add.reduce, y.reshape(2, 3), (1,), None, z)
    calls.add(np.exp, z, z)
    calls.add(np.add, y, y, y)
    run = calls.function()
    for _ in range(2):
        run()
        np.testing.assert_allclose(z, np.exp([5.0, 50.0]))
        np.testing.assert_array_equal(y, 2.0 * x * x)


@native
@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("alone", [True, False])
def test_rounds_move_their_short_calls_on(times, alone):
    table = np.zeros((times + 1, 4))
    table[0] = 1.0, 2.0, 3.0, 4.0
    rate, kept = np.full(4, 0.5), np.zeros((times + 1, 4))
    here, there = Moving(table[:-1]), Moving(table[1:])
    calls = Calls()
    body = [
        (np.multiply, [here, rate, there]), (np.exp, [there, Moving(kept[1:])]),
        (np.add, [there, here, there]),
    ]  # fmt: skip
    calls.repeat(body[::2] if alone else body, times)
    calls.function()()
    np.testing.assert_allclose(table, [1.5**k * table[0] for k in range(times + 1)])
    np.testing.assert_allclose(kept[1:], 0.0 if alone else np.exp(0.5 * table[:-1]))


@native
def test_calls_that_are_not_short_or_not_of_doubles_are_numpys():
    long, single = np.ones(4096), np.ones(3, np.float32)
    for f, operands in [
        (np.multiply, (long, long, np.empty(4096))), (np.vecdot, (long, long, np.empty(()))),
        (np.multiply, (single, single, np.empty(3, np.float32))), (np.exp, (long[:199], np.empty(199))),
        (np.add, (np.ones(3), np.ones((2, 3)), np.empty(3))), (np.copyto, (np.empty(3), 2.0)),
        (np.multiply, (np.ones(0), np.ones(0), np.empty(0))),
        (np.add.reduce, (np.ones((2, 2)), (0, 1), None, np.empty(()))),
    ]:  # fmt: skip
        assert contract._short(f, operands) is None


@native
def test_only_calls_that_are_alike_are_made():
    a, b, c = (contract._short(np.add, (np.ones(n), np.ones(n), np.empty(n))) for n in (3, 3, 4))
    for first, last, times in [((a,), (c,), 2), ((a,), (a, a), 2), ((), (), 2), ((a,), (b,), 1),
                               ((a,), (a,), 0), ((a,), (a,), 2**62), ((3,), (a,), 2),
                                ((a,), (3,), 2)]:  # fmt: skip
        with pytest.raises(ValueError, match="alike|as many|Capsule|kind"):
            engine.short_rounds(first, last, times, False)
    for junk in (3, b"x" * 999, None, (a,)):
        with pytest.raises(ValueError, match="alike|as many|Capsule|kind"):
            engine.short_round(junk)
    with pytest.raises(ValueError, match="kind"):
        engine.short_call(99, np.ones(3), np.ones(3), np.ones(3), np.ones(3))


@native
def test_arrays_of_short_calls_stay_as_long_as_these():
    x = np.ones(1000)
    memory = weakref.ref(x)
    one = contract._short(np.add, (x[:3], x[3:6], x[6:9]))
    run = engine.short_rounds((one,), (one,), 1, True)
    del x, one
    engine.short_round(run)
    assert memory() is not None
    del run
    assert memory() is None
