"""Whatever a row's constants are, its value ends after a bounded number of steps, and a call refuses what is
none with a sentence."""

import math
import sys

import pytest

from autograd import ops
from autograd.value import Value

HOSTILE = (
    math.nan,
    math.inf,
    -math.inf,
    1e308,
    -1e308,
    1e9,
    -1e9,
    1001.0,
    -1.0,
    -0.5,
    0.5,
    0.0,
    5e-324,
    400.0,
)
ROWS = [op for op in ops.TABLE.values() if op.params]
STEPS = 3_000_000


def steps_of(call):
    """Lines of Python that a call runs, up to the bound; a call is stopped there."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        if count > STEPS:
            raise AssertionError(f"more than {STEPS} steps")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("constant", HOSTILE)
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_value_ends_soon(op, constant):
    count = 3 if op.arity == ops.ANY else op.arity
    for place in range(len(op.params)):
        constants = [*op.params.values()]
        constants[place] = constant
        for x in (0.75, -2.5, 1e9, math.inf):
            def call(x=x, constants=constants):
                try:
                    assert isinstance(op.value(*[x] * count, *constants), float)
                except (IndexError, ValueError, OverflowError):
                    assert op.arity == ops.ANY  # an index, which says so

            steps_of(call)


@pytest.mark.parametrize("op", [op for op in ROWS if op.whole], ids=lambda op: op.name)
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 0.5, -1001.0, 1e9, 1e308])
def test_a_constant_that_is_none_is_refused_at_recording(op, wrong):
    for name in op.whole:
        constants = {**op.params, name: wrong}
        for operand in (0.5, Value(0.5)):
            with pytest.raises(ValueError, match=f"takes as its {name} a whole number from"):
                op(*[operand] * op.arity, **constants)
        with pytest.raises(ValueError, match="a whole number"):
            op.check_params(tuple(constants.values()))
        op.check_params(tuple(op.params.values()))
