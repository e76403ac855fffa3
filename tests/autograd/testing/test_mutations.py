"""The checker is itself checked: rules that are wrong on purpose must fail, the table's own never."""

import dataclasses
import itertools
import math

import pytest
import reference
from hypothesis import find, given, settings
from profiles import NIGHTLY

from autograd import TABLE, custom_op, ops
from autograd.testing import GradcheckError, gradcheck, oracle, strategies, ulps

NUMBERS = (
    -700.0,
    -40.0,
    -20.0,
    -5.0,
    -1.3,
    -0.7,
    -1e-9,
    1e-9,
    0.3,
    1.0 - 1e-9,
    1.3,
    2.0,
    5.0,
    18.0,
    40.0,
    700.0,
    1e150,
)
PAIRED = (-5.0, -0.7, 1e-9, 0.3, 2.0, 40.0)


def mutant(op, rule):
    """Return the row with another rule, on floats too."""
    return dataclasses.replace(op, partials=rule, float_partials=None)


def points(op):
    """Operands all over the domain, constants included; none at a kink."""
    count = op.arity if op.arity != ops.ANY else 4 if op.name == "dot" else 3
    pool = NUMBERS if count == 1 else PAIRED if count == 2 else (0.3, 2.0, 5.0)
    domain = [op.domain[min(i, len(op.domain) - 1)] for i in range(count)]
    params = tuple({"low": -1.0, "high": 2.5, "order": 1.0}.get(k, v) for k, v in op.params.items())
    for xs in itertools.product(*([x for x in pool if low < x < high] for low, high in domain)):
        numbers = (*xs, *params)
        if op.kink is None or op.name == "where" or op.kink(*numbers) > 0.0:
            yield numbers


def call(op, numbers):
    """Return the function of the operands alone, the constants being held."""
    split = len(numbers) - len(op.params)
    constants = dict(zip(op.params, numbers[split:], strict=True))
    return lambda *xs: op(*xs, **constants), numbers[:split]


# Each: the row, what is wrong, and the wrong rule.
MUTANTS = [
    ("exp", "a scale of 1 + 1e-7", lambda y, x: (y * (1.0 + 1e-7),)),
    ("log", "a scale of 1 - 1e-7", lambda y, x: ((1.0 - 1e-7) / x,)),
    ("sin", "a scale of 1 + 1e-7", lambda y, x: (ops.cos(x) * (1.0 + 1e-7),)),
    ("lgamma", "a scale of 1 + 1e-7", lambda y, x: (ops.digamma(x) * (1.0 + 1e-7),)),
    ("erf", "a scale of 1 + 1e-7", lambda y, x: (1.1283792 * ops.gaussian(x, 0.0, 1.0),)),
    ("tanh", "a form that cancels", lambda y, x: (1.0 - y * y,)),
    ("sigmoid", "a form that cancels", lambda y, x: (y * (1.0 - y),)),
    ("expm1", "a form that cancels", lambda y, x: (y + 1.0,)),
    ("softplus", "a form that cancels", lambda y, x: (1.0 - ops.exp(-y),)),
    ("asin", "a form that cancels", lambda y, x: (1.0 / ops.sqrt(1.0 - x * x),)),
    ("atanh", "a form that cancels", lambda y, x: (1.0 / (1.0 - x * x),)),
    (
        "hypot",
        "a form that overflows and underflows",
        lambda y, a, b: (a / ops.sqrt(a * a + b * b), b / ops.sqrt(a * a + b * b) * 1.0000001),
    ),
    ("relu", "the wrong branch", lambda y, x: (ops.step(0.0, x, 0.0),)),
    ("abs", "the wrong branch", lambda y, x: (-ops.sign(x),)),
    (
        "leaky_relu",
        "the wrong branch",
        lambda y, x, slope: (ops.step(0.0, x, 0.0) + slope * ops.step(x, 0.0, 0.0),),
    ),
    ("maximum", "the wrong branch", lambda y, a, b: (ops.step(b, a, 0.5), ops.step(a, b, 0.5))),
    (
        "elu",
        "a branch without its factor",
        lambda y, x, alpha: (ops.where(ops.greater(x, 0.0), 1.0, 0.5 * alpha * ops.exp(x)),),
    ),
    ("sub", "partials swapped", lambda y, a, b: (-1.0, 1.0)),
    ("mul", "partials swapped", lambda y, a, b: (a, b)),
    ("div", "partials swapped", lambda y, a, b: (-y / b, 1.0 / b)),
    (
        "atan2",
        "partials swapped",
        lambda y, a, b: (ops.im_inverse_power(b, a, 1.0), ops.re_inverse_power(b, a, 1.0)),
    ),
    ("square", "a missing factor of 2", lambda y, x: (x,)),
    ("log2", "a missing factor of 1 / ln 2", lambda y, x: (1.0 / x,)),
    ("sqrt", "a missing factor of 1/2", lambda y, x: (1.0 / y,)),
    ("power", "a missing exponent", lambda y, x, c: (ops.power(x, c - 1.0),)),
    ("gelu", "a missing term", lambda y, x: (ops.normal_cdf(x),)),
    ("sinh", "wrong at one edge", lambda y, x: (ops.cosh(x) * (1.0 + 1e-7 * ops.step(x, 100.0, 0.0)),)),
    (
        "sigmoid",
        "wrong at one edge",
        lambda y, x: (ops.sigmoid(x) * ops.sigmoid(-x) * ops.step(30.0, x, 0.0),),
    ),
    (
        "logaddexp",
        "wrong where one operand is far below",
        lambda y, a, b: (1.0 - ops.sigmoid(b - a), ops.sigmoid(b - a)),
    ),
    (
        "softmax",
        "the diagonal's term missing",
        lambda y, *xs: tuple(-y * ops.softmax(*xs[:-1], index=float(i)) for i in range(len(xs) - 1)),
    ),
]
NAMES = [f"{name}: {what}" for name, what, _ in MUTANTS]


def caught_by_gradcheck(op):
    for numbers in points(op):
        f, xs = call(op, numbers)
        if not gradcheck(f, xs, raise_exception=False):
            return True
    return False


def caught_by_oracle(op):
    for numbers in points(op):
        y = op.value(*numbers)
        for i, d in enumerate(op.local(y, numbers)):
            exact = oracle.to_double(oracle.derivative(op, numbers, i))
            if ulps(d, exact) > 64.0:
                return True
    return False


@pytest.mark.parametrize(("name", "rule"), [(name, rule) for name, _, rule in MUTANTS], ids=NAMES)
def test_the_oracle_catches_every_wrong_rule(name, rule):
    assert caught_by_oracle(mutant(TABLE[name], rule))


def test_gradcheck_catches_nearly_every_wrong_rule():
    missed = [
        f"{name}: {what}"
        for name, what, rule in MUTANTS
        if not caught_by_gradcheck(mutant(TABLE[name], rule))
    ]
    assert len(MUTANTS) >= 20
    assert len(missed) <= len(MUTANTS) // 20, missed


@pytest.mark.parametrize("name", TABLE)
def test_gradcheck_never_blames_a_right_rule(name):
    for numbers in points(TABLE[name]):
        f, xs = call(TABLE[name], numbers)
        gradcheck(f, xs)


@pytest.mark.parametrize("name", TABLE)
def test_gradcheck_never_blames_a_right_rule_anywhere(name):
    """From the smallest subnormal number to the largest, operands of any proportion."""
    op = TABLE[name]
    for numbers in reference.affordable(op, reference.points(op, 16, "anywhere", low=-300, high=300)):
        f, xs = call(op, numbers)
        report = gradcheck(f, xs, raise_exception=False)
        assert report, report
        assert op.kink is not None or all(entry.status != "kink" for entry in report), report


@settings(max_examples=2 * settings.default.max_examples)
@given(strategies.expressions(kinks=True, max_operations=5))
def test_gradcheck_never_blames_a_right_expression(expression):
    report = gradcheck(expression, expression.inputs, raise_exception=False)
    assert report
    # Its operands stay away from the kinks of its rows (but for a condition of `where`): no others may be
    # seen.
    assert all(entry.status != "kink" or entry.note.startswith("where(") for entry in report), report


def test_the_report_names_the_suspect_and_where_it_was_called():
    wrong = mutant(TABLE["tanh"], lambda y, x: (1.0 - y * y,))
    with pytest.raises(GradcheckError, match=r"suspect tanh\(18\.0\).*test_mutations\.py:\d+") as caught:
        gradcheck(lambda x: 3.0 * wrong(x) + ops.exp(x), 18.0)
    (entry,) = caught.value.report.failures
    assert entry.what == "df/dx"
    assert entry.method == "complex step"


SLOWLY = ("sin", "div", "exp") if NIGHTLY else ("div",)


@pytest.mark.parametrize("name", ["mul", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOWLY)])
def test_a_bug_shrinks_to_a_few_operations(name):
    rules = {n: rule for n, _, rule in MUTANTS if n in ("mul", "sin", "div", "exp")}
    wrong = mutant(TABLE[name], rules[name])
    rows = [
        wrong if op is TABLE[name] else op for op in TABLE.values() if op.kink is None and op.name in SMOOTH
    ]

    def fails(expression):
        return not gradcheck(expression, expression.inputs, raise_exception=False)

    smallest = find(
        strategies.expressions(rows=rows, max_operations=12),
        fails,
        settings=settings(max_examples=2000, database=None),
    )
    assert smallest.operations <= 3, smallest


SMOOTH = {
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "square",
    "exp",
    "log",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "sqrt",
    "softplus",
    "logsumexp",
    "prod",
}


def test_a_custom_operation_is_tested_in_five_lines():
    right = custom_op(
        "swish",
        lambda x: x * ops.sigmoid(1.702 * x),
        lambda y, x: (ops.sigmoid(1.702 * x) * (1.0 + 1.702 * x * ops.sigmoid(-1.702 * x)),),
    )
    wrong = custom_op(
        "swish_without_a_factor",
        right.value,
        lambda y, x: (ops.sigmoid(1.702 * x) * (1.0 + x * ops.sigmoid(-1.702 * x)),),
    )

    def test_of(operation):
        @settings(max_examples=50)
        @given(strategies.floats(-20.0, 20.0))
        def test_my_operation(x):
            assert gradcheck(operation, x, order=2)

        return test_my_operation

    test_of(right)()
    with pytest.raises(GradcheckError, match="suspect swish_without_a_factor"):
        test_of(wrong)()


def test_points_cover_both_tails():
    assert min(points(TABLE["tanh"]))[0] == -700.0
    assert math.isclose(max(points(TABLE["asin"]))[0], 1.0)
