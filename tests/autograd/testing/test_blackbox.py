"""A verdict on the gradient of any function: no right one is accused, and an error of 3 % is found."""

import math

import numpy as np
import pytest
from noisy_functions import MATRIX, cases, in_single_precision, iterated, log_sigmoid, mutated

from autograd import log, sigmoid
from autograd.testing import GradcheckError, gradcheck

CASES = list(cases())
ROOT = math.sqrt(0.5)


def verdict(f, x, gradient, **options):
    return gradcheck(f, x, gradient=gradient, raise_exception=False, **options)


def test_there_are_sixty_functions():
    assert len(CASES) == 60


@pytest.mark.parametrize(("title", "f", "x", "gradient"), CASES, ids=[case[0] for case in CASES])
def test_a_right_gradient_is_not_accused(title, f, x, gradient):
    assert verdict(f, x, gradient).verdict == "right"


def test_an_error_of_three_per_cent_is_found_in_most_noisy_functions():
    found = [verdict(f, x, mutated(g, n)).verdict for n, (_, f, x, g) in enumerate(CASES)]
    assert found.count("wrong") >= 0.95 * len(CASES)


@pytest.mark.parametrize("seed", [101, 202, 303])
def test_at_other_points_with_other_noise_nobody_is_accused_and_the_errors_are_found(seed):
    others = list(cases(seed))
    assert all(verdict(f, x, g).verdict == "right" for _, f, x, g in others)
    found = [verdict(f, x, mutated(g, n + seed)).verdict for n, (_, f, x, g) in enumerate(others)]
    assert found.count("wrong") >= 0.95 * len(others)


def test_it_is_told_where_a_gradient_is_wrong_and_by_how_much():
    quadratic, at = (lambda x: x @ MATRIX @ x), np.array([0.7, -1.2, 2.1])
    report = verdict(quadratic, at, lambda x: (MATRIX + MATRIX.T) @ x * [1, 1.03, 1])
    (wrong,) = report.failures
    assert wrong.what == "df/dx[1]"
    assert "off by 3 %" in wrong.note
    assert wrong.error == pytest.approx(0.03, rel=1e-3)
    with pytest.raises(GradcheckError, match=r"df/dx\[1\] is wrong"):
        gradcheck(lambda x: x @ x, np.array([1.0, 2.0]), gradient=np.array([2.0, 4.2]))


@pytest.mark.parametrize("x", [20.0, 30.0, 34.0, 36.0, 36.5, 37.0, 40.0, 100.0, 600.0])
def test_a_gradient_whose_differences_have_no_digits_is_not_accused(x):
    right = -1.0 / (1.0 + math.exp(x))
    assert verdict(log_sigmoid, x, right).verdict == "right"
    by_floats = verdict(lambda t: -math.log(1.0 / (1.0 + math.exp(-t))), x, right)
    assert by_floats.verdict in ("right", "cannot tell")
    assert by_floats.verdict == "right" or "too few digits" in by_floats.entries[0].note
    assert verdict(log_sigmoid, x, -1.0).verdict == "wrong"
    assert gradcheck(lambda t: -log(sigmoid(t)), x)


@pytest.mark.parametrize(
    ("f", "x", "gradient", "expected"),
    [
        (abs, 0.0, 0.3, "cannot tell"),
        (abs, 0.0, 2.0, "wrong"),
        (abs, 1e-3, 1.0, "right"),
        (lambda x: np.maximum(x, 0.0), -0.3, 0.0, "right"),
        (lambda x: np.maximum(x, 0.0), 0.3, 1.0, "right"),
        (np.floor, 2.5, 0.0, "right"),
        (np.floor, 2.0, 0.0, "cannot tell"),
        (np.sqrt, 0.0, math.inf, "cannot tell"),
        (np.sqrt, 0.0, 0.5, "cannot tell"),
        (lambda x: 3.0, 1.0, 0.0, "right"),
        (lambda x: 3.0, 1.0, 1.0, "wrong"),
        (lambda x: x**3, 0.0, 0.0, "right"),
        (lambda x: x**3, 0.0, 0.1, "wrong"),
        (math.cos, 0.0, 0.0, "right"),
        (lambda x: 1e-30 * math.sin(x), 1.0, 1e-30 * math.cos(1.0), "right"),
        (lambda x: 1e-30 * math.sin(x), 1.0, 1.03e-30 * math.cos(1.0), "wrong"),
        (lambda x: 1e300 * math.sin(x), 1.0, 1e300 * math.cos(1.0), "right"),
        (lambda x: np.abs(x) ** 2, 3.0, 6.0, "right"),
        (lambda x: np.real(x * np.conj(x)), 3.0, 3.0, "wrong"),
        (lambda x: x + 1e-9 * math.sin(1e6 * x), 1.0, 1.0, "right"),
        (lambda x: x + 1e-9 * math.sin(1e6 * x), 1.0, 1.03, "wrong"),
        (lambda x: x + 1e-9 * math.floor(1e3 * x + 0.3), 1.0, 1.0, "right"),
        (iterated, 0.7, 1.0 / (1.0 + 0.5 * math.sin(0.5 * iterated(0.7, 1e-15))), "right"),
        (iterated, 0.7, 1.03 / (1.0 + 0.5 * math.sin(0.5 * iterated(0.7, 1e-15))), "wrong"),
        (in_single_precision, np.array([0.3, 1.2]), np.cos([0.3, 1.2]), "right"),
        (in_single_precision, np.array([0.3, 1.2]), 1.03 * np.cos([0.3, 1.2]), "wrong"),
        (np.exp, 1.0, math.nan, "cannot tell"),
    ],
)
def test_kinks_jumps_edges_and_flat_functions(f, x, gradient, expected):
    report = verdict(f, x, gradient)
    assert report.verdict == expected, str(report)
    assert report.verdict != "cannot tell" or all(entry.note for entry in report if entry.status != "ok")


SEED = 5


@pytest.mark.parametrize("noise", [0.0, 1e-7, 1e-6, 1e-5, 1e-4])
@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (lambda x: x + 1e-3 * math.sin(1e5 * x), 0.3, 1.0 + 1e2 * math.cos(3e4)),
        (lambda x: math.sin(1e7 * x), 0.3, 1e7 * math.cos(3e6)),
        (lambda x: np.interp(x, [0.0, 1.0, 2.0, 3.0], [0.0, 2.0, 1.0, 5.0]), 2.0, 4.0),
        (lambda x: 1.0 / (x - 1.0), 1.0 + 1e-7, -1.0 / (1.0 + 1e-7 - 1.0) ** 2),
        (lambda x: max(x, 0.0), 1e-9, 1.0),
        (lambda x: math.floor(x * 1e7), 1.5e-7, 0.0),
        (lambda x: math.lgamma(x) if x > 0.0 else math.nan, 1e-9, -1e9 - 0.57721566490),
        (lambda x: math.sqrt(1.0 - x * x), 1.0 - 1e-12, -7.0710678e5),
        (lambda x: 1e7 * x * x * math.sin(1e-7 / x) if x else 0.0, 0.0, 0.0),
        (lambda x: 1e12 * x * x * math.sin(1e-12 / x) if x else 0.0, 0.0, 0.0),
    ],
    ids=[
        "short waves", "waves", "knot", "pole", "near a kink", "stairs", "logarithmic pole", "edge",
        "waves that end", "waves that end nearby",
    ],
)
def test_noise_that_hides_what_is_short_makes_no_right_gradient_wrong(f, x, gradient, noise):
    rng = np.random.default_rng(SEED)
    assert verdict(lambda t: f(t) * (1.0 + noise * rng.standard_normal()), x, gradient).verdict != "wrong"


def test_what_is_level_in_half_precision_does_not_make_a_steep_gradient_wrong():
    half = lambda f: lambda x: float(np.float16(f(float(np.float16(x)))))
    root = half(lambda x: math.sqrt(x) if x >= 0.0 else math.nan)
    assert verdict(root, 1e-15, 0.5 * 1e15**0.5).verdict == "cannot tell"


def test_an_output_that_jumps_along_one_argument_is_not_taken_for_level_along_another():
    rng = np.random.default_rng(SEED)
    drawn = rng.standard_normal(20_000)
    f = lambda x: float(np.mean(drawn < x[0] + 1e-6 * x[1]))
    density = math.exp(-0.5 * 0.3**2) / math.sqrt(2.0 * math.pi)
    report = verdict(f, np.array([0.3, 0.0]), np.array([density, 1e-6 * density]))
    assert not report.failures, str(report)


def test_a_line_that_is_level_from_afar_and_steep_nearby_is_not_held_against_its_slope():
    rng = np.random.default_rng(SEED)
    drawn = np.sort(rng.standard_normal(20_000))
    f = lambda x: float(np.searchsorted(drawn, math.tanh(200.0 * x))) / len(drawn)
    report = verdict(f, 0.0, 200.0 / math.sqrt(2.0 * math.pi))
    assert report.verdict != "wrong", str(report)


def test_a_function_that_bends_far_away_has_its_gradient_held_against_nearby_slopes():
    f = lambda x: math.exp(math.tanh(50.0 * x + 0.4))
    right = 50.0 * math.exp(math.tanh(0.4 - 0.7)) / math.cosh(0.4 - 0.7) ** 2
    assert verdict(f, -0.014, right).verdict == "right"
    assert verdict(f, -0.014, 1.03 * right).verdict == "wrong"


def test_one_output_that_rounding_leaves_level_is_not_held_against_a_small_gradient():
    f = lambda x: np.array([1e16 * math.sin(x), round(math.exp(x) * 1e-13, 9)])
    report = verdict(f, 0.5, np.array([1e16 * math.cos(0.5), 1e-13 * math.exp(0.5)]))
    assert not report.failures, str(report)
    assert report.entries[0].status == "ok"


def test_it_is_told_that_a_function_gives_another_value_each_time():
    calls = iter(range(10**6))
    report = verdict(lambda x: math.sin(x) + 1e-8 * next(calls), 0.4, math.cos(0.4))
    assert report.verdict == "cannot tell"
    assert "another value each time" in report.entries[0].note


def test_a_function_of_several_arguments_has_a_gradient_for_each():
    f = lambda a, b: np.sum(a) * b**2
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), 0.5
    assert gradcheck(f, (a, b), gradient=(np.full((2, 2), 0.25), 10.0))
    assert gradcheck(f, (a, b), gradient=lambda a, b: (np.full((2, 2), b * b), 2.0 * b * np.sum(a)))
    report = verdict(f, (a, b), (np.full((2, 2), 0.25), 11.0))
    assert [entry.what for entry in report.failures] == ["df/dx1"]
    assert [entry.what for entry in report][2] == "df/dx0[1, 0]"


def field(x):
    return np.array([x[0] * x[1], np.sin(x[2]), x[0] ** 2 + x[2]])


def jacobian(x):
    return np.array([[x[1], x[0], 0.0], [0.0, 0.0, np.cos(x[2])], [2.0 * x[0], 0.0, 1.0]])


AT = np.array([0.8, -1.7, 0.6])


def test_a_jacobian_is_checked_output_by_output():
    assert gradcheck(field, AT, gradient=jacobian)
    wrong = jacobian(AT)
    wrong[1, 2] *= 1.03
    assert [entry.what for entry in verdict(field, AT, wrong).failures] == ["df[1]/dx[2]"]


def test_an_adjoint_is_checked_with_weights():
    assert gradcheck(field, AT, gradient=lambda x, w: w @ jacobian(x))
    wrong = verdict(field, AT, lambda x, w: w @ jacobian(x) * [1.0, 1.03, 1.0])
    assert {entry.what for entry in wrong.failures} == {"df/dx[1]"}


def test_a_tangent_and_an_adjoint_are_of_one_jacobian():
    adjoint, tangent = (lambda x, w: w @ jacobian(x)), (lambda x, v: jacobian(x) @ v)
    assert gradcheck(field, AT, gradient=adjoint, tangent=tangent)
    report = verdict(field, AT, adjoint, tangent=lambda x, v: jacobian(x) @ v * (1.0 + 1e-6))
    assert {entry.what for entry in report.failures} == {"w·J·v"}
    assert gradcheck(field, AT, gradient=jacobian, tangent=tangent)
    with pytest.raises(TypeError, match="goes with gradient="):
        gradcheck(field, AT, tangent=tangent)


def test_of_many_components_directions_and_the_largest_are_checked():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return np.sum(np.sin(x) * weights)

    x, weights = np.linspace(-2.0, 3.0, 500), np.linspace(1.0, 2.0, 500)
    right = np.cos(x) * weights
    assert verdict(f, x, right).verdict == "right"
    assert calls < 5000
    wrong = right.copy()
    wrong[int(np.argmax(np.abs(right)))] *= 1.03
    report = verdict(f, x, wrong)
    assert report.verdict == "wrong"
    assert any(entry.what == f"df/dx[{int(np.argmax(np.abs(right)))}]" for entry in report.failures)
    assert verdict(f, x, 1.03 * right).verdict == "wrong"


@pytest.mark.parametrize(
    ("f", "x", "gradient", "message"),
    [
        (np.sin, np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0]), "3 numbers; there should be 4"),
        (np.sum, np.array([1.0, 2.0]), np.array([1.0]), "1 numbers; there should be 2"),
        (np.sum, np.array([1.0, math.nan]), np.array([1.0, 1.0]), "finite numbers"),
        (np.log, 0.0, 1.0, "is -inf at this point"),
        (lambda x: "text", 1.0, 1.0, "must be numbers"),
        (np.sin, "text", 1.0, "must be numbers"),
        (np.sin, 1.0, "text", "must be numbers"),
        (lambda x: np.ones(2 + (x != 1.0)), 1.0, np.zeros(2), "returned 2 numbers, and then 3"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_a_sentence(f, x, gradient, message):
    with pytest.raises((ValueError, TypeError), match=message):
        gradcheck(f, x, gradient=gradient)


def test_an_order_is_refused():
    with pytest.raises(ValueError, match="first derivatives"):
        gradcheck(np.sin, 1.0, gradient=np.cos, order=2)


def test_it_works_with_functions_of_floats_and_without_numpy():
    assert gradcheck(lambda x, y: math.hypot(x, y), (1.0, 1.0), gradient=(ROOT, ROOT))
    assert gradcheck(lambda xs: sum(x * x for x in xs), ([1.0, 2.0],), gradient=[2.0, 4.0])
