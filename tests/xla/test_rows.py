"""Rows of the table over arrays of JAX."""

import math
import random
import re
from types import SimpleNamespace

import jax
import numpy as np
import pytest
import reference
from jax import lax
from jax.scipy import special

from autograd import compile, custom_op, ops
from autograd.compiler.backends.xla.spelling import CODE, definitions, functions, spelled, unspelled
from autograd.errors import GraphError
from autograd.op import ANY
from autograd.testing import oracle
from autograd.testing.conformance.data import single
from autograd.value import Value

PLAIN = [op for op in ops.TABLE.values() if op.arity != ANY]
BY_HAND = [op for op in PLAIN if op.name in CODE or op.name in functions]
TRANSLATED = [op for op in PLAIN if op not in BY_HAND and not op.expand]
ENDS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 3.0, 1e-200, 1e100, -1e100, math.inf, -math.inf, math.nan)
GROUPS = 6
"""So many functions of JAX compute all rows: each has its price beside that of its rows."""


def constants_of(op):
    """Return the constants with which a row is asked."""
    return list(dict.fromkeys(map(tuple, [*reference.PARAMS.get(op.name, []), tuple(op.params.values())])))


def points(op, count=40):
    """Return numbers within a row's domain, and then its special ones."""
    rng = random.Random(op.name)
    ends = [c.ravel() for c in np.meshgrid(*[np.array(ENDS)] * op.arity)]
    columns = []
    for i in range(op.arity):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        low, high = max(low, -6.0), min(high, 6.0)
        columns.append(np.array([*[rng.uniform(low, high) for _ in range(count)], *ends[i]]))
    return columns


def text_of(op, constants, names):
    """Return a row of names as text, and the text of what that calls."""
    text = spelled(op, constants, names)
    return text, definitions(set(re.findall(r"\w+", text)))


def check(op, constants, columns, got, count=40):
    """Within its domain a row has the value of the table; at the ends it is right or not finite.

    What is not finite the engine evaluates again.
    """
    got = np.broadcast_to(np.asarray(got), columns[0].shape).tolist()
    for k, (y, *xs) in enumerate(zip(got, *map(np.ndarray.tolist, columns), strict=True)):
        want = op.value(*xs, *constants)
        if k < count and op in BY_HAND:
            assert y == pytest.approx(want, rel=4e-13, abs=4e-14), (op.name, xs, constants)
        elif math.isfinite(y) and not (math.isfinite(want) and abs(want) > 1e90):
            assert y == pytest.approx(want, rel=1e-12, abs=1e-14), (op.name, xs, constants)


def on_xla(rows):
    """Compute rows, as operations with their constants, by one function of JAX."""
    space = {**vars(jax.numpy), "jax": jax, "jnp": jax.numpy, "lax": lax, "special": special}
    texts, columns, at = [], [], 0
    for op, constants in rows:
        columns.append(points(op))
        text, own = text_of(op, constants, [f"x[{at + i}]" for i in range(op.arity)])
        exec(own, space)
        texts.append(text)
        at += op.arity
    with jax.enable_x64(True):
        run = jax.jit(eval(f"lambda x: [{', '.join(texts)}]", space))
        found = run([x for group in columns for x in group])
    for (op, constants), own, y in zip(rows, columns, found, strict=True):
        check(op, constants, own, y)


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_row_over_arrays_has_the_value_of_the_table(group):
    on_xla([(op, constants) for op in BY_HAND[group::GROUPS] for constants in constants_of(op)])


def test_rows_that_are_translated_on_xla_itself():
    names = {"gamma": (), "jn": (2.0,), "polygamma_fall": (1.0,), "gamma_density": (3.0, 1.0)}
    on_xla([(ops.TABLE[name], constants) for name, constants in names.items()])


def while_loop(goes_on, one_round, state):
    """Turn as `lax.while_loop` does where `vectorize` makes arrays of its numbers."""
    state = tuple([np.asarray(x)[()] for x in state])
    for _ in range(10**6):
        going = np.asarray(goes_on(state))
        if not going.any():
            return state
        state = tuple([np.where(going, new, old) for new, old in zip(one_round(state), state, strict=True)])
    raise AssertionError("a loop that does not end")


@pytest.mark.parametrize("op", TRANSLATED, ids=lambda op: op.name)
def test_the_text_of_a_row_that_is_translated_has_the_value_of_the_table(op):
    """Each operation is NumPy's here, since XLA takes seconds to compile such a row."""
    scipy = pytest.importorskip("scipy.special")
    names = {name: getattr(np, name) for name in dir(np)} | {"asarray": np.asarray}
    space = {
        "jnp": SimpleNamespace(**names), "lax": SimpleNamespace(while_loop=while_loop), "special": scipy,
    }  # fmt: skip
    columns = points(op)
    for constants in constants_of(op):
        text, own = text_of(op, constants, [f"x{i}" for i in range(op.arity)])
        exec(own, space)
        space["over_arrays"] = lambda f, *xs: f(*xs)
        with np.errstate(all="ignore"):
            got = eval(text, space | {f"x{i}": x for i, x in enumerate(columns)})
        check(op, constants, columns, got)
        inside = np.broadcast_to(got, columns[0].shape)[:40]
        assert np.isfinite(inside).mean() > 0.5, (op.name, constants)


def test_every_row_has_a_function_over_arrays():
    assert [op.name for op in PLAIN if not op.expand and unspelled(op)] == []


def test_a_translated_row_in_a_program():
    for dtype, near in (("float64", 1e-12), ("float32", 1e-6)):
        f = compile(lambda x: ops.expn(0.0, x) + x, batch=True, backend="xla", dtype=dtype)
        x = np.array([0.5, 2.5, 5.0])
        np.testing.assert_allclose(f(x), np.exp(-x) / x + x, rtol=near)
        assert f.report()["left to the engine"] == "nothing"
    space = {}
    exec(f.jax_source, space)
    with jax.enable_x64(True):
        np.testing.assert_allclose(space["program"](np.zeros(0), np.zeros(0), x[None])[0], f(x), rtol=1e-6)


def test_a_custom_operation_is_refused_by_name():
    cubed = custom_op("cubed", lambda x: x**3, lambda y, x: (3.0 * x * x,))
    step = compile(cubed, backend="xla")
    with pytest.raises(
        GraphError, match="^cubed.. is a custom operation, which .*; write it with operations"
    ):
        step(2.0)


def test_definitions_hold_what_they_call():
    assert {definitions({"sinc"}).split("def ")[k].partition("(")[0] for k in (1, 2, 3)} == {
        "sine_and_cosine", "sinpi", "sinc",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "xs"),
    [
        ("log2mexp", (0.6931456, 0.693, 0.3)), ("log2mexp_slope", (0.6931456, 0.693, 0.3)),
        ("logexpm1", (0.6931487, 0.6931456, 0.7)), ("erfinv", (0.9999, -0.99999, 0.3)),
        ("erfinv_slope", (0.9999, -0.99999, 0.3)),
    ],
)  # fmt: skip
def test_single_precision_has_its_digits_next_to_zeros_and_ends(name, xs):
    op, leaf = ops.TABLE[name], Value(0.25)
    program = compile(lambda: op(leaf), [leaf], backend="xla", dtype="float32")
    for x in map(single, xs):
        leaf.data = x
        want = oracle.value(op, (x,))
        assert abs(float(program()) - want) <= 16.0 * 2.0**-24 * abs(want), x
