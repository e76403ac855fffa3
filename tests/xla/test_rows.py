"""Rows of the table over arrays of JAX."""

import math
import random

import jax
import numpy as np
import pytest
import reference

from autograd import compile, custom_op, ops
from autograd.compiler.backends.numpy.spelling import number_by_number
from autograd.compiler.backends.xla import functions
from autograd.compiler.backends.xla.spelling import definitions, spelled, unspelled
from autograd.errors import GraphError
from autograd.op import ANY

PLAIN = [op for op in ops.TABLE.values() if op.arity != ANY and not unspelled(op)]
ENDS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 3.0, 1e-200, 1e100, -1e100, math.inf, -math.inf, math.nan)
REFUSED = {"sinc_derivative", "gamma", "beta", "beta_derivative", "betaln", "polygamma_fall"}


def over_arrays(op, constants, columns):
    names = [f"x{i}" for i in range(op.arity)]
    text = spelled(op, constants, names)
    space = {**vars(jax.numpy), **vars(functions)}
    with jax.enable_x64(True):
        run = jax.jit(eval(f"lambda {', '.join(names)}: {text}", space))
        return np.broadcast_to(np.asarray(run(*columns)), columns[0].shape).tolist()


def points(op, constants, count=300):
    rng = random.Random(op.name)
    columns = []
    for i in range(op.arity):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        low, high = max(low, -6.0), min(high, 6.0)
        columns.append([rng.uniform(low, high) for _ in range(count)])
    return [np.array(c) for c in columns]


@pytest.mark.parametrize("op", PLAIN, ids=lambda op: op.name)
def test_a_row_over_arrays_has_the_value_of_the_table(op):
    for constants in [*reference.PARAMS.get(op.name, []), tuple(op.params.values())]:
        columns = points(op, constants)
        got = over_arrays(op, constants, columns)
        for y, *xs in zip(got, *map(np.ndarray.tolist, columns), strict=True):
            want = op.value(*xs, *constants)
            assert y == pytest.approx(want, rel=4e-13, abs=4e-14), (op.name, xs, constants)


@pytest.mark.parametrize("op", PLAIN, ids=lambda op: op.name)
def test_at_the_ends_a_row_is_right_or_not_finite(op):
    """What is not finite the engine evaluates again."""
    constants = tuple(op.params.values())
    mesh = np.meshgrid(*[np.array(ENDS)] * op.arity)
    columns = [c.ravel() for c in mesh]
    got = over_arrays(op, constants, columns)
    for y, *xs in zip(got, *map(np.ndarray.tolist, columns), strict=True):
        want = op.value(*xs, *constants)
        if math.isfinite(y) and not (math.isfinite(want) and abs(want) > 1e90):
            assert y == pytest.approx(want, rel=1e-12, abs=1e-14), (op.name, xs)


def test_a_row_that_no_device_computes_is_refused_by_name():
    step = compile(lambda x: ops.sinc_derivative(x, 2.0), backend="xla")
    with pytest.raises(
        GraphError, match="sinc_derivative.. has no function over arrays for XLA; compile with"
    ):
        step(0.5)

@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_what_numpy_computes_over_arrays_is_spelled_here_too(op):
    assert number_by_number([op]) or not unspelled(op)


def test_a_custom_operation_is_refused_by_name():
    cubed = custom_op("cubed", lambda x: x**3, lambda y, x: (3.0 * x * x,))
    step = compile(cubed, backend="xla")
    with pytest.raises(
        GraphError, match="^cubed.. is a custom operation, which .*; write it with operations"
    ):
        step(2.0)


def test_definitions_hold_what_they_call():
    assert {definitions({"sinc"}).split("def ")[k].partition("(")[0] for k in (1, 2, 3)} == {
        "sine_and_cosine_of_pi", "sinpi", "sinc",
    }  # fmt: skip
