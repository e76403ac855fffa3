"""What the checker takes, says and forgives."""

import math

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, custom_op, ops
from autograd.cli import main
from autograd.testing import GradcheckError, check_grads, gradcheck, strategies, ulps
from autograd.testing.continuation import Complex, continued
from autograd.testing.numeric import local_derivative, richardson, slopes


def test_it_returns_true_or_raises_its_report():
    assert gradcheck(lambda x, y: x * ag.exp(y), (2.0, 0.5)) is True
    with pytest.raises(GradcheckError, match="1 of 1 derivatives wrong") as caught:
        gradcheck(lambda x: x * math.sin(x), 1.3)
    assert not caught.value.report
    report = gradcheck(lambda x: x * math.sin(x), 1.3, raise_exception=False)
    assert not report
    assert "autograd.sin(x)" in str(report)
    assert report.failures[0].numeric == pytest.approx(math.sin(1.3) + 1.3 * math.cos(1.3), rel=1e-10)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x * float(x), 2.0),
        (lambda x: x * x.data if isinstance(x, Value) else x * x, 2.0),
        (lambda x: x.detach() * x if isinstance(x, Value) else x * x, 3.0),
    ],
    ids=["float", "data", "detach"],
)
def test_a_dropped_gradient_is_found(f, x):
    assert not gradcheck(f, x, raise_exception=False)


@pytest.mark.parametrize(
    ("f", "inputs", "names"),
    [
        (ag.tanh, 0.3, ["df/dx"]),
        (ag.hypot, (3.0, 4.0), ["df/dx0", "df/dx1"]),
        (ag.hypot, [Value(3.0), 4], ["df/dx0", "df/dx1"]),
        (
            lambda p: p["w"][0] * p["w"][1] + p["b"],
            {"w": [1.0, 2.0], "b": 3.0},
            ["df/dw[0]", "df/dw[1]", "df/db"],
        ),
        (
            lambda v: [v[0] * v[1], v[0]],
            ([1.0, 2.0],),
            ["df[0]/dx[0]", "df[0]/dx[1]", "df[1]/dx[0]", "df[1]/dx[1]"],
        ),
        (lambda x: 3.0, 1.0, ["df/dx"]),
    ],
)
def test_inputs_and_the_names_of_derivatives(f, inputs, names):
    report = gradcheck(f, inputs, raise_exception=False)
    assert report
    assert [entry.what for entry in report] == names
    assert all(entry.status == "ok" for entry in report)


@pytest.mark.parametrize("check", [gradcheck, check_grads])
def test_a_list_that_is_meant_as_one_argument_is_told_how_to_be_written(check):
    with pytest.raises(TypeError, match=r"too many positional arguments, .* write \(\[0.5, 2.0\],\)"):
        check(lambda v: v[0] * v[1], [0.5, 2.0])
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        check(lambda x, y: x * y, 0.5)


def test_orders_and_modes():
    report = check_grads(lambda x, y: ag.tanh(x * y), (0.5, 2.0), order=3)
    assert len(report.entries) == 2 * (2 + 4 + 8)
    assert {entry.what for entry in report} >= {"df/dx0 (fwd)", "d²f/dx0 dx1 (rev)", "d³f/dx1 dx1 dx0 (fwd)"}
    assert len(check_grads(ag.exp, 1.0, 1, ("rev",)).entries) == 1
    with pytest.raises(ValueError, match='"fwd", "rev" or both'):
        check_grads(ag.exp, 1.0, modes=("reverse",))
    with pytest.raises(ValueError, match="order is a number of times .*, whole and at least 1, not 0"):
        gradcheck(ag.exp, 1.0, order=0)


def test_a_wrong_second_derivative_is_found():
    # Right as a number, but a constant to whoever differentiates again.
    frozen = custom_op("frozen_square", lambda x: x * x, lambda y, x: (2.0 * float(x),))
    assert gradcheck(frozen, 3.0)
    with pytest.raises(GradcheckError, match="d²f/dx dx"):
        gradcheck(frozen, 3.0, order=2)


@pytest.mark.parametrize(
    ("f", "x", "status"),
    [
        (ag.relu, 0.0, "kink"), (ag.abs, 0.0, "kink"), (lambda x: ag.maximum(x, 2.0), 2.0, "kink"),
        (ag.floor, 3.0, "kink"),
        (lambda x: x if x > 0 else 3.0 * x, 0.0, "kink"), (lambda x: x if x < 1 else 2.0 - x, 1.0, "kink"),
        (lambda x: 1.0 * x if x > 0 else x + 5, 0.0, "kink"), (lambda x: x if x < 2 else x * x, 2.0, "kink"),
        (lambda x: 7.0 if 1 <= x <= 1 else 3.0 * x, 1.0, "kink"),
        (lambda x: x if x >= 1e8 else x + 0.5, 1e8, "kink"),
        (lambda x: x * x if x > 0 else -x * x, 0.0, "ok"), (lambda x: x if x > 1e-9 else x + 5, 0.0, "ok"),
        (ag.sqrt, 0.0, "not checked"), (ag.log, 0.0, "not checked"), (ag.log, -1.0, "not checked"),
        (ag.acos, 1.0, "not checked"),
        (ag.relu, 1e-12, "ok"), (lambda x: ag.relu(x - 1.0) * ag.relu(1.0 - x), 1.5, "ok"),
        (lambda x: ag.where(x > 0.0, x, -x), 2.0, "ok"),
        (lambda x: ag.sin(1e5 * x), 1.0, "ok"), (lambda x: ag.exp(-1e4 * x * x), 0.3, "ok"),
        (ag.lgamma, 1.4616321449683622, "ok"),
        (lambda x: ag.tanh(1e12 * x), 0.0, "ok"), (lambda x: x**0.5, 1e-12, "ok"),
        (lambda x: (x - 1.0) ** 7, 1.0, "ok"), (lambda x: x**3, 0.0, "ok"),
        (lambda x: x * x + 0.0 * math.log(x), 1e-9, "ok"),
    ],
)  # fmt: skip
def test_kinks_and_edges_are_told_from_errors(f, x, status):
    report = gradcheck(f, x, raise_exception=False)
    assert [entry.status for entry in report] == [status]
    if status != "ok":
        assert report.entries[0].note in str(report)


def test_a_tolerance_can_be_given():
    rough = custom_op("rough_exp", ops.exp.value, lambda y, x: (y * (1.0 + 1e-6),))
    assert not gradcheck(rough, 1.0, raise_exception=False)
    assert gradcheck(rough, 1.0, rtol=1e-5)


def is_continued(op, xs):
    """Python has no complex ones of some functions; their derivatives are found by extrapolation."""
    try:
        continued(op, *map(Complex, xs[: len(xs) - len(op.params)]), *xs[len(xs) - len(op.params) :])
    except LookupError:
        return False
    except (ArithmeticError, ValueError):
        pass
    return True


def test_what_python_has_complex_functions_for_is_continued():
    for op in (ops.exp, ops.tanh, ops.log1p, ops.sigmoid, ops.silu, ops.pow, ops.softmax, ops.sec):
        assert is_continued(op, next(reference.points(op, 1, "continued", low=-4, high=4)))


@pytest.mark.parametrize("name", ops.TABLE)
def test_rows_continued_to_complex_numbers_have_their_derivatives(name):
    op, methods, continued_ones = ops.TABLE[name], set(), set()
    for xs in reference.affordable(op, reference.points(op, 6, "continued", low=-40, high=40)):
        if op.kink is not None and not op.kink(*xs) > 0.0:
            continue
        if max(map(abs, xs)) > 2.0**52 and not is_continued(op, xs):
            continue  # what turns between neighbouring numbers has no differences to tell
        for i in range(len(xs) - len(op.params)):
            estimate = local_derivative(op, xs, i)
            if estimate is None:
                continue
            methods.add(estimate.method)
            continued_ones.add(is_continued(op, xs))
            exact = reference.derivative(name, i, xs, 1)
            assert abs(estimate.derivative - exact) <= estimate.uncertainty + 5e-324, (xs, i, float(exact))
    assert ("complex step" in methods) == (True in continued_ones)


def test_a_wave_that_rounding_hides_between_whole_numbers_is_no_error():
    # sin(x)/x, which no difference of values at whole numbers shows.
    assert gradcheck(ops.sinint, 1e150)


def test_estimates():
    assert local_derivative(ops.tanh, [20.5], 0).derivative == pytest.approx(6.251528757339955e-18, rel=1e-14)
    assert local_derivative(ops.tanh, [-300.0], 0).derivative == pytest.approx(
        4.0 * math.exp(-600.0), rel=1e-12
    )
    estimate = local_derivative(ops.erf, [0.5], 0)
    assert (
        abs(estimate.derivative - 2.0 / math.sqrt(math.pi) * math.exp(-0.25)) <= estimate.uncertainty < 1e-10
    )
    assert richardson(lambda x: math.nan, 1.0) is None
    left, right = slopes(abs, 0.0, 1e-4)
    assert (left, right) == (-1.0, 1.0)


def test_ulps():
    assert ulps(1.0, 1.0) == ulps(math.nan, math.nan) == ulps(math.inf, math.inf) == 0.0
    assert ulps(0.0, 5e-324) == 1.0
    assert ulps(math.inf, 1.0) == ulps(1.0, math.nan) == math.inf


# Strategies.


@given(strategies.floats(0.0, 1.0), strategies.floats(-math.inf, -1e300), strategies.values(2.0, 3.0))
def test_numbers_lie_inside_open_intervals(a, b, v):
    assert 0.0 < a < 1.0
    assert b < -1e300
    assert 2.0 < v.data < 3.0
    assert isinstance(v, Value)


def test_an_empty_interval_is_an_error():
    with pytest.raises(ValueError, match="holds no number"):
        strategies.floats(1.0, 1.0)


@given(strategies.functions(), strategies.functions(kinks=False, arity=2), st.data())
def test_functions_can_be_called_inside_their_domain(f, g, data):
    xs = [data.draw(strategies.floats(max(low, -50.0), min(high, 50.0))) for low, high in f.domain]
    assert isinstance(f.call(*xs), float | int), f.name  # round() of a number is Python's own
    assert len(g.domain) == 2
    assert ops.TABLE[g.name].kink is None


@settings(max_examples=settings.default.max_examples)
@given(strategies.expressions(kinks=True, max_operations=6, max_inputs=2, bound=50.0))
def test_expressions_stay_inside_domains_and_bounds(expression):
    root, leaves = expression.graph()
    assert 1 <= expression.operations <= 6
    assert 1 <= len(leaves) <= 2
    assert root.data == expression(*expression.inputs)
    for node in ag.toposort(root):
        assert abs(node.data) <= 50.0
        assert all(abs(d) <= 50.0 for d in node.local_grads)
    assert str(expression).count("; ") == len(leaves) + expression.operations - 1


def test_expressions_share_results():
    seen = []

    @settings(max_examples=200, database=None, derandomize=True)
    @given(strategies.expressions())
    def collect(expression):
        uses = [x for step in expression.steps for x in step.operands if isinstance(x, int)]
        seen.append(len(uses) > len(set(uses)))

    collect()
    assert any(seen)


# The command.


def test_the_command_prints_the_report(capsys):
    assert main(["check", "x*exp(-x**2)*w", "--at", "x=1.3,w=2", "--modes", "both"]) == 0
    out = capsys.readouterr().out
    assert "no error in 12 derivatives" in out
    assert "df/dx (fwd)" in out
    assert "d²f/dx dw (rev)" in out
    assert main(["check", "relu(x)", "--at", "x=0", "--order", "1"]) == 1
    assert "df/dx is a kink: relu(0.0)" in capsys.readouterr().out
    assert main(["check", "x ** 2", "--at", "x=3", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_the_command_fails_where_a_derivative_is_wrong(capsys, monkeypatch):
    import dataclasses

    monkeypatch.setitem(
        ops.TABLE,
        "tanh",
        dataclasses.replace(ops.tanh, partials=lambda y, x: (1.0 - 0.99 * y * y,), float_partials=None),
    )
    assert main(["check", "tanh(x)", "--at", "x=1", "--order", "1"]) == 1
    assert "suspect tanh(1.0)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["x*y", "--at", "x=1"], "y has no value"),
        (["3"], "no variable"),
        (["x+", "--at", "x=1"], "not an expression"),
        (["x", "--at", "x=1", "--order", "9"], "from 1 to 4"),
    ],
)
def test_bad_usage_of_the_command(capsys, argv, message):
    assert main(["check", *argv]) == 2
    assert message in capsys.readouterr().err
