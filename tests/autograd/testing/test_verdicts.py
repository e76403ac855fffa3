"""Right, wrong, or not to be told: what the checker says where differences have no digits, and where it could
check nothing."""

from __future__ import annotations

import math
import random

import pytest

import autograd as ag
from autograd import custom_op, ops
from autograd.cli import main
from autograd.testing import gradcheck

NO_DIGITS = {
    "-log(sigmoid(x))": (lambda x: -ag.log(ag.sigmoid(x)), 40.0),
    "1 - sigmoid(x)": (lambda x: 1.0 - ag.sigmoid(x), 38.0),
    "log(1 + exp(x))": (lambda x: ag.log(1.0 + ag.exp(x)), -40.0),
    "1 - tanh(x)": (lambda x: 1.0 - ag.tanh(x), 20.0),
    "x + 1e17 - 1e17": (lambda x: (x + 1e17) - 1e17, 1.0),
    "(1 + x) - 1": (lambda x: (1.0 + x) - 1.0, 1e-17),
    "sqrt(1 + x*x) - 1": (lambda x: ag.sqrt(1.0 + x * x) - 1.0, 1e-9),
    "1 - cos(x)": (lambda x: 1.0 - ag.cos(x), 1e-9),
    "1 - erf(x)": (lambda x: 1.0 - ag.erf(x), 6.5),
    "exp(log(x)) - x": (lambda x: ag.exp(ag.log(x)) - x, 3.0),
}


@pytest.mark.parametrize("name", NO_DIGITS)
def test_a_right_gradient_is_not_accused_where_rounding_explains_the_differences(name: str) -> None:
    f, x = NO_DIGITS[name]
    for scale in (1.0, 1.01, 0.97):
        report = gradcheck(f, x * scale, raise_exception=False)
        assert report, report


def test_a_value_that_hides_its_digits_cannot_be_told() -> None:
    op = custom_op(
        "verdict_loss", lambda x: -math.log(1.0 / (1.0 + math.exp(-x))), lambda y, x: (-ag.sigmoid(-x),)
    )
    report = gradcheck(op, 40.0, raise_exception=False)
    assert [entry.status for entry in report] == ["not checked"]
    assert "rounding takes their digits" in str(report)
    assert str(report).startswith("nothing could be checked: none of 1 derivatives")
    assert gradcheck(op, 1.0)


@pytest.mark.parametrize("x", [1e-3, 0.5, 4.0, 1e5])
def test_what_left_the_graph_is_still_found(x: float) -> None:
    for f in (lambda t: t * math.sqrt(t), lambda t: t * t.data, lambda t: ag.sqrt(t) * float(t)):
        report = gradcheck(f, x, raise_exception=False)
        assert not report, report
        assert "is there a float(x)" in str(report)


def test_sums_and_products_at_random_points_are_not_accused() -> None:
    rng = random.Random(11)
    rows = [
        ag.sigmoid,
        ag.tanh,
        ag.softplus,
        ag.exp,
        ag.erf,
        ag.sin,
        ag.atan,
        ag.expm1,
        ag.logsigmoid,
        ag.gelu,
        ag.silu,
    ]
    for _ in range(150):
        f, g = rng.choice(rows), rng.choice(rows)
        c = rng.choice([0.0, 1.0, -1.0])
        x = rng.choice([-1.0, 1.0]) * 2.0 ** rng.uniform(-60, 6)
        report = gradcheck(lambda t: f(c + g(t)) - c * g(t), x, raise_exception=False)
        assert report, (f, g, c, x, str(report))


@pytest.mark.parametrize(
    ("expression", "at", "order", "code", "verdict"),
    [
        ("sqrt(x)", "x=0", "2", 1, "nothing could be checked: none of 2 derivatives"),
        ("log(x)", "x=-1", "1", 1,
         "nothing could be checked: none of 1 derivatives"),
        ("exp(x)", "x=1000", "1", 1, "nothing could be checked"),
        ("x*x", "x=3", "2", 0, "no error in 2 derivatives"),
        ("abs(x)", "x=0", "1", 1, "nothing could be checked: none of 1 derivatives, 1 at a kink"),
        ("abs(x)", "x=0", "2", 1, "nothing could be checked: none of 2 derivatives, 2 at a kink"),
        ("relu(x)", "x=0", "1", 1, "nothing could be checked: none of 1 derivatives, 1 at a kink"),
        ("maximum(x, y)", "x=1,y=1", "1", 1,
         "nothing could be checked: none of 2 derivatives, 2 at a kink"),
        ("x + sqrt(y)", "x=1,y=0", "1", 0, "no error in 1 of 2 derivatives, 1 not checked"),
        ("abs(x) + y", "x=0,y=1", "1", 0, "no error in 1 of 2 derivatives, 1 at a kink"),
    ],
)  # fmt: skip
def test_the_command_says_what_was_checked(
    expression: str, at: str, order: str, code: int, verdict: str, capsys
) -> None:
    assert main(["check", expression, "--at", at, "--order", order]) == code
    assert verdict in capsys.readouterr().out
    assert main(["check", expression, "--at", at, "--order", order, "--quiet"]) == code


INNER = {op.name for op in ag.TABLE.values() if op.auxiliary}


@pytest.mark.parametrize(
    "op", [op for op in ag.TABLE.values() if op.arity == 1 and op.domain], ids=lambda op: op.name
)
def test_outside_a_domain_and_at_its_edge_nothing_is_named_that_nobody_has_written(op: ops.Op) -> None:
    for x in (-2.5, -1.0, 0.0, 1.0, 2.5):
        for entry in gradcheck(ag.grad(op), x, raise_exception=False).entries:
            assert entry.note.partition("(")[0] not in INNER - {op.name}


def test_where_an_operand_is_nan_no_operation_is_suspected(capsys: pytest.CaptureFixture[str]) -> None:
    for expression in ("softmax(x, 1)", "log_softmax(x, 1)", "invdigamma(x)"):
        assert main(["check", expression, "--at", "x=nan", "--order", "2"]) == 1
    assert "suspect" not in capsys.readouterr().out
