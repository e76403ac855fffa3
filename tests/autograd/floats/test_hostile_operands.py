"""No function of the table raises, whatever floats it is given: it answers NaN or an infinity instead."""

import itertools
import math
import random

import pytest

from autograd import ops

NUMBERS = (0.0, 5e-324, 1e-300, 1e-30, 0.5, 1.0, 2.5, 170.0, 1e15, 1e300, 1.79e308, math.inf)
OPERANDS = (*NUMBERS, *(-x for x in NUMBERS), math.nan)
CONSTANTS = (0.0, 1.0, 2.0, 3.0, 7.0, 40.0, 200.0, 1e300, math.inf, math.nan, 0.5)
COUNT = 150
"""Of so many rows at most are asked, by lot."""


def combinations(op):
    n = 3 if op.arity == ops.ANY else op.arity
    columns = [OPERANDS] * n + [CONSTANTS] * len(op.params)
    if math.prod(map(len, columns)) <= COUNT:
        yield from itertools.product(*columns)
        return
    rng = random.Random(op.name)
    for _ in range(COUNT):
        yield tuple(map(rng.choice, columns))


@pytest.mark.parametrize("name", [name for name, op in ops.TABLE.items() if op.arity != ops.ANY])
def test_a_float_results_from_whatever_floats(name):
    op = ops.TABLE[name]
    for xs in combinations(op):
        assert type(op.value(*xs)) is float, xs


@pytest.mark.parametrize("name", [name for name, op in ops.TABLE.items() if op.arity != ops.ANY])
def test_derivatives_result_from_whatever_floats(name):
    op = ops.TABLE[name]
    n = op.arity
    for xs in combinations(op):
        try:
            op.check_params(tuple(p + 1.0 for p in xs[n:]))
            op.check_params(xs[n:])
        except ValueError:
            continue  # such constants are refused, or those of the derivative
        assert len(op.local(op.value(*xs), xs)) == n, xs


def test_long_rows_of_whatever_floats_do_not_raise_either():
    rng = random.Random(16)
    for op in ops.TABLE.values():
        if op.arity != ops.ANY:
            continue
        for _ in range(40):
            xs = [rng.choice(OPERANDS) for _ in range(4)]
            assert isinstance(op(*xs), float), (op.name, xs)
