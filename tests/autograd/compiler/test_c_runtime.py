"""Every row of the table in C, against the row's own value; where they differ, mpmath decides."""

import itertools
import math
import random
import subprocess

import numpy as np
import pytest

from autograd import ops
from autograd.compiler import toolchain
from autograd.compiler.runtime import SLOPE
import reference

pytestmark = pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")

ROWS = [op for op in [*ops.TABLE.values(), SLOPE] if op.c]
SPECIAL = (0.0, 1.0, 0.5, 2.0, 3.0, 5e-324, 1e-310, 1e-200, 709.5, 745.5, 1e200, 1.7976931348623157e308, math.inf)
SPECIAL = (*SPECIAL, *(-x for x in SPECIAL), math.nan)
FEW = (0.0, -0.0, 1.0, -2.0, 1e200, -1e-200, math.inf, -math.inf, math.nan)
# Loops of these become vector instructions; that is what they are for.
HOT = ["relu", "sigmoid", "tanh", "exp", "softplus", "greater", "where", "maximum", "minimum", "clamp", "sign", "abs", "square", "reciprocal", "step", "silu"]


def c_name(op):
    return f"row_{op.name}"


def c_loop(op):
    """A C function that applies a row to n tuples of operands."""
    count = (3 if op.name not in reference.COUNTS else reference.COUNTS[op.name]) if op.arity == ops.ANY else op.arity
    width = count + len(op.params)
    if op.arity == ops.ANY:
        constants = "".join(f", x[{i}]" for i in range(count, width))
        call = f"{op.c}(x, {count}, 1{constants})"
    else:
        call = op.c.format(*[f"(x[{i}])" for i in range(width)])
    return f"void {c_name(op)}(const double *x, double *out, ptrdiff_t n) {{ for (ptrdiff_t i = 0; i < n; i++, x += {width}) out[i] = {call}; }}"


def operands_of(op, seed=0):
    """Log-uniform points of the row's domain, and edge points in and out of it."""
    rng = random.Random(f"{op.name} {seed}")
    slow = op.name in ("lgamma", "digamma", "polygamma", "re_inverse_power", "im_inverse_power", "monomial")
    count = 300 if slow else 3000
    if op is SLOPE:
        return [(2.0 ** rng.uniform(-30, 11) * rng.choice((-1.0, 1.0)), k) for _ in range(count) for k in (1.0, 2.0, -1.0)]
    points = list(reference.points(op, count, "in C"))
    n = len(points[0]) - len(op.params)
    edges = SPECIAL if n == 1 else FEW
    params = reference.PARAMS.get(op.name, [tuple(op.params.values())])
    points += [(*xs, *constants) for xs in itertools.product(edges, repeat=n) for constants in params]
    if n == 1:
        points += [(x * 2.0 ** -rng.randrange(3), *constants) for x in np.linspace(-40.0, 40.0, 200).tolist() for constants in params]
    if op.arity in (2, ops.ANY):  # ties and cancellation
        points += [(*[rng.choice((1.5, -1.5, 0.0, 1.5 + 2.0**-52)) for _ in range(n)], *constants) for _ in range(40) for constants in params]
    return points


@pytest.fixture(scope="module")
def library():
    return toolchain.load(toolchain.build("\n".join(['#include "c_runtime.h"', *map(c_loop, ROWS)]), flags=toolchain.STRICT))


def in_c(library, op, points):
    x = np.array(points)
    out = np.empty(len(x))
    getattr(library, c_name(op))(x.ctypes.data_as(toolchain.ctypes.c_void_p), out.ctypes.data_as(toolchain.ctypes.c_void_p), toolchain.ctypes.c_ssize_t(len(x)))
    return out.tolist()


def apart(op, got, want, operands):
    """How many ulp two results are apart, of their largest term where that is larger."""
    if got == want or (got != got and want != want):
        return 0.0
    if not (math.isfinite(got) and math.isfinite(want)):
        return math.inf
    unit = math.ulp(max(abs(want), abs(float(reference.VALUE_SCALE.get(op.name, lambda *_: 0.0)(*operands)))))
    return abs(got - want) / unit


def judged(op, got, operands):
    """Error against the exact value."""
    if op is SLOPE:  # a derivative: 4 ulp rather than 2
        t = reference.mp.mpf(operands[0]) * operands[1]
        return reference.ulps(got, reference.sigmoid(t) * reference.sigmoid(-t)) / 2.0
    exact = reference.value(op.name, operands)
    return reference.ulps(got, exact, reference.VALUE_SCALE.get(op.name, lambda *_: 0.0)(*operands))


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_row_in_c_has_the_value_of_the_row(library, op):
    points = operands_of(op)
    for operands, got in zip(points, in_c(library, op, points), strict=True):
        want = op.value(*operands)
        if apart(op, got, want, operands) > 2.0:
            assert math.isfinite(got), (operands, got, want)
            assert judged(op, got, operands) <= 2.0, (operands, got, want)
