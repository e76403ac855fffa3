"""Derivatives of orders 1 to 3, mixed ones too, right *relatively*: near their zeros, symmetric points, kinks
and bounds, and anywhere else."""

import itertools
import math
import pickle

import kept
import mpmath as mp
import pytest
import reference

from autograd import jvp, norm, ops
from autograd.backward import gradients
from autograd.compiler import compile
from autograd.compiler.backends.c.toolchain import find_compiler
from autograd.testing import oracle
from autograd.value import Value

BACKENDS = ["numpy", "python", *(["c"] if find_compiler() else [])]
BOUND = 16.0  # in units of 2**-52, beside the exact derivative

# Where terms of both signs meet at a zero in general position, an error counts beside the larger of the
# terms. For rows of one operand: the zeros, each with how far around it digits are lost.
ZEROS = {
    ("gelu", 1): (-0.7517915246935645,), ("silu", 1): (-1.2784645427610738,),
    ("silu", 2): (2.399357280515468, -2.399357280515468),
    ("silu", 3): (4.19, -4.19), ("atan", 3): (3.0**-0.5, -(3.0**-0.5)), ("asinh", 3): (0.5**0.5, -(0.5**0.5)),
    ("tanh", 3): (0.6584789484624084, -0.6584789484624084),
    ("sech_squared", 2): (0.6584789484624084, -0.6584789484624084),
    ("asech", 2): (0.5**0.5,), ("log1psq", 2): (1.0, -1.0), ("log1psq", 3): (3.0**0.5, -(3.0**0.5)),
    ("sech", 2): (0.8813735870195430, -0.8813735870195430),
    ("sigmoid", 3): (1.3169578969248166, -1.3169578969248166),
    ("sigmoid_slope", 2): (1.3169578969248166, -1.3169578969248166),
}  # fmt: skip
# A weight less the sum of the others: equal to it in general position. The zero vector's directions have no
# slopes.
SUMS = {"softmax", "softmax_rest", "log_softmax", "logsumexp"}
# The difference of the operands decides: its rounding is beside the zeros of the third derivative.
LIMITED = {
    ("share", 3),
    ("share_slope", 2),
    ("share_slope", 3),
    ("scaled_sigmoid_slope", 2),
    ("scaled_sigmoid_slope", 3),
}


def is_pole(op, xs):
    return op.pole is not None and op.pole(*xs) == 0.0


def largest_term(op, order, xs, indices, exact):
    """What an error counts beside: the exact derivative, but near a zero in general position the terms that
    cancel there."""
    size = abs(exact)
    if op.name in reference.TERMS:
        size = max(size, reference.TERMS[op.name](order, tuple(map(mp.mpf, xs))))
    if op.name == "pow_derivative":
        taken = [xs[2 + i] + indices.count(i) for i in (0, 1)]
        size = max(size, reference.power_terms(*map(mp.mpf, xs[:2]), *taken))
    for zero in ZEROS.get((op.name, order), ()):
        if abs(xs[0] - zero) < 0.3 * abs(zero):
            size += abs(exact) * abs(zero) / max(abs(mp.mpf(xs[0]) - mp.mpf(zero)), mp.mpf(2) ** -53)
    if op.name in SUMS and order > 1:
        *numbers, index = xs if op.params else (*xs, 0.0)
        weights = [oracle.value(ops.softmax, (*numbers, float(i))) for i in range(len(numbers))]
        size = max(
            size,
            mp.fprod(sorted(weights)[1:])
            * (1 if op.name in ("logsumexp", "log_softmax") else weights[int(index)]),
        )
    if (op.name, order) in {("hypot", 3), ("norm", 3), ("direction", 2), ("direction", 3)}:
        # A square less other squares, times what is odd in its operand.
        numbers = [mp.mpf(x) for x in (xs[:-1] if op.params else xs)]
        odd = [*indices, *([int(xs[-1])] if op.params else [])]
        length = reference.length(*numbers)
        size = max(
            size,
            mp.fprod(abs(x) / length for i, x in enumerate(numbers) if odd.count(i) % 2)
            / length ** (order if op.params else order - 1),
        )
    if (op.name, order) in LIMITED:
        argument = xs[1] if op.name == "scaled_sigmoid_slope" else mp.mpf(xs[0]) - mp.mpf(xs[1])
        size = max(
            size,
            reference.bump(mp.mpf(argument)) * (abs(xs[0]) if op.name == "scaled_sigmoid_slope" else 1) / 8,
        )
    return size


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    "op", [op for op in ops.TABLE.values() if op is not ops.monomial], ids=lambda op: op.name
)
def test_derivative_is_right_relatively(op, order):
    slow = op.pole is not None
    asked = 0
    for xs in reference.affordable(op, reference.critical(op, 2 if slow else 12)):
        if is_pole(op, xs):
            continue
        for indices in itertools.combinations_with_replacement(range(len(xs) - len(op.params)), order):
            exact = kept.partial(op, xs, indices)
            if mp.isnan(exact):
                continue
            asked += 1
            got, want = reference.partial(op, indices, xs), oracle.to_double(exact)
            term = largest_term(op, order, xs, indices, exact)
            if got == want or term > reference.MAX:  # terms beyond the range may meet as NaN
                continue
            assert math.isfinite(got), (xs, indices, got, want)
            error = abs(mp.mpf(got) - exact)
            assert error <= BOUND * 2.0**-52 * term + 8 * 5e-324, (xs, indices, got, want)
    assert asked


@pytest.mark.parametrize("length", [5e-324, 1e-320, 1e-200, 1.5e308])
@pytest.mark.parametrize("mode", ["reverse", "forward", *BACKENDS])
def test_derivatives_of_a_length_are_right_at_the_ends_of_the_range(length, mode):
    """Terms beyond the range do not meet as NaN: the sum, or its infinity with its sign, is returned."""
    for shape in ((0.6, 0.8), (-1e-12, 1.0), (1.0, 0.0)):
        xs = [length * x for x in shape]
        a, b = map(mp.mpf, xs)
        with mp.workdps(700):
            r = mp.sqrt(a * a + b * b)
            want = {
                (0,): a / r, (1,): b / r, (0, 0): b * b / r**3, (0, 1): -a * b / r**3,
                (0, 0, 0): -3 * a * b * b / r**5, (0, 0, 1): b * (2 * a * a - b * b) / r**5,
                (0, 1, 1): a * (2 * b * b - a * a) / r**5,
            }  # fmt: skip
        for indices, exact in want.items():
            for f in (lambda a, b: ops.hypot(a, b), lambda a, b: norm([a, b])):
                got, right = taken(f, xs, indices, mode), float(exact)
                assert got == right or abs(got - right) <= 1e-13 * abs(right) + 5e-323, (xs, indices)


def taken(f, xs, indices, mode):
    """The derivative by one operand after the other."""
    if mode == "forward":
        for i in indices:
            f = tangent(f, i)
        return float(f(*xs))
    leaves = list(map(Value, xs))

    def derivative():
        y = f(*leaves)
        for i in indices:
            (y,) = gradients(y, [leaves[i]], create_graph=True)
        return y

    return float((derivative if mode == "reverse" else compile(derivative, leaves, backend=mode))())


def tangent(f, i):
    """The derivative by one operand, in forward mode."""
    return lambda *xs: jvp(lambda x: f(*xs[:i], x, *xs[i + 1 :]), [xs[i]], [1.0])[1]


@pytest.mark.parametrize("op", [ops.acsch, ops.cosint], ids=lambda op: op.name)
def test_derivatives_of_what_has_a_pole_keep_the_sign_of_their_infinity(op):
    x = Value(1e-310)
    y, found = op(x), []
    for _ in range(3):
        (y,) = gradients(y, [x], create_graph=True)
        found.append(float(y))
    assert found == [s * math.inf for s in ((-1, 1, -1) if op is ops.acsch else (1, -1, 1))]


def test_the_second_derivative_of_an_elliptic_integral_far_out_is_no_zero():
    x = Value(-3e201)
    (slope,) = gradients(ops.ellipe(x), [x], create_graph=True)
    assert float(gradients(slope, [x])[0]) == pytest.approx(-0.25 * 3e201**-1.5, rel=1e-15, abs=0.0)


@pytest.mark.parametrize("mode", ["reverse", "forward", *BACKENDS])
@pytest.mark.parametrize("base", [5e-324, 1e-308, 1e-261, 1e-200, 0.5, 1e200])
def test_a_derivative_of_a_power_whose_terms_leave_the_range_is_its_limit(base, mode):
    """Terms of both signs do not meet as NaN: the sum, or its infinity with its sign, is returned."""
    for exponent in (0.5, 1e-5, 0.01, 1.0 + 1e-7, 1e-300, -2.0, 3.0):
        for indices in ((0, 1), (1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
            exact = oracle.partial(ops.pow, [base, exponent], sorted(indices))
            got, want = taken(ops.pow, [base, exponent], indices, mode), oracle.to_double(exact)
            term = reference.power_terms(
                mp.mpf(base), mp.mpf(exponent), indices.count(0), indices.count(1)
            )
            error = abs(mp.mpf(got) - exact) if math.isfinite(want) else 0.0
            # A program has the power's exponent rounded once.
            bound = BOUND if mode in ("reverse", "forward") else BOUND * max(1.0, abs(math.log(base)))
            assert got == want or error <= bound * 2.0**-52 * term + 8 * 5e-324, (exponent, indices, got)


@pytest.mark.parametrize("op", [ops.sinc, ops.log1psq], ids=lambda op: op.name)
def test_a_third_derivative_of_a_subnormal_number_keeps_its_digits(op):
    for x in (5e-324, -5e-324, 1.5e-323, -1e-320, 1e-310):
        want = oracle.to_double(oracle.partial(op, [x], (0, 0, 0)))
        for mode in ("reverse", "forward"):
            assert abs(taken(op, [x], (0, 0, 0), mode) - want) <= 1e-14 * abs(want) + 2e-323, x


def test_a_second_derivative_of_a_tiny_length_is_pickled():
    xs = [Value(3e-200), Value(4e-200)]
    (slope,) = gradients(gradients(norm(xs), xs[:1], create_graph=True)[0], xs[:1], create_graph=True)
    again = pickle.loads(pickle.dumps(slope))
    assert float(again) == float(slope) == pytest.approx(1.28e199, rel=1e-15)


COMPILED = [
    "sigmoid",
    "softplus",
    "logsigmoid",
    "silu",
    "gelu",
    "asin",
    "acos",
    "atanh",
    "tanh",
    "erf",
    "normal_cdf",
    "logaddexp",
    "softmax",
    "log_softmax",
    "logsumexp",
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", COMPILED)
def test_derivatives_of_every_order_compile(name, backend):
    op, leaves = ops.TABLE[name], [Value(0.37), Value(-0.21)]
    given = leaves[: 1 if op.arity == 1 else 2]

    def derivative(order):
        y = op(*given, **op.params)
        for _ in range(order):
            y = gradients(y, leaves[0], create_graph=True)
        return y

    for order in (0, 1, 2):
        step = compile(lambda order=order: derivative(order), given, backend=backend)
        for leaf in leaves:
            leaf.grad = 0.0
        assert step() == pytest.approx(float(derivative(order)), rel=1e-13)
        want = gradients(derivative(order), given)
        assert [leaf.grad for leaf in given] == pytest.approx([float(d) for d in want], rel=1e-12, abs=1e-15)


def test_derivatives_of_a_value_that_overflowed_are_infinite():
    for x in (172.0, 208.5, 1e265):
        leaf, orders = Value(x), []
        d = ops.gamma(leaf)
        for _ in range(3):
            (d,) = gradients(d, [leaf], create_graph=True)
            orders.append(float(d))
        assert orders == [math.inf] * 3
