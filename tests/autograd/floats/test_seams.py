"""Special functions where one way of computing them ends and another begins, and far out."""

import math

import mpmath as mp
import pytest
from expansions import dawson_rows, i_rows, j_rows, y_rows
from reference import ulps

from autograd import Value, ops
from autograd.backward import gradients
from autograd.floats import expansions
from autograd.testing import oracle

# Of each row: its constants, the seams, and how many units in the last place are allowed.
SEAMS = {
    "erfcx": ((), (-26.7, -26.4, 0.36, 30.0, 1e150), 2.0),
    "erfcx_derivative": ((3.0,), (-20.0, 0.25, 0.6), 4.0),
    "logerfc": ((), (-5.9, 0.36, 1e150), 2.0),
    "logerfcx": ((), (-1e-300, 1e-9, 0.36, 30.0), 2.0),
    "logerfc_derivative": ((2.0, 0.0), (-26.5, -3.0, 0.0, 3.0, 1e5), 4.0),
    "erfi": ((), (1e-150, 7.0, 26.4, 26.64), 2.0),
    "exp_square": ((), (26.4, 26.64), 2.0),
    "jn": ((1.0,), (1e-8, 0.8, 0.5 * math.pi, math.pi, 20.0), 2.0),
    "jn_derivative": ((1.0, 1.0), (1.0, 1.9, 5.3314427735250325, 20.0), 2.0),
    "yn": ((1.0,), (1e-10, 0.6, 1.15, 0.5 * math.pi, math.pi, 20.0), 2.0),
    "yn_derivative": ((1.0, 1.0), (0.6, 3.683, 20.0), 2.0),
    "dawsn": ((), (1e-150, 0.5, 1.5, 7.0), 2.0),
    "dawsn_derivative": ((1.0,), (1e-300, 0.5, 0.9241388730045917, 7.0, 8.6), 2.0),
    "sinint": ((), (1e-8, 20.0, 1e9), 2.0),
    "kn": ((2.0,), (1e-10, 1.0, 20.0, 699.9), 2.0),
    "ellipk": ((), (-1e300, -0.5, 0.5, 1.0 - 2.0**-53), 2.0),
    "ellipe": ((), (-1e300, -0.5, 0.5, 1.0 - 2.0**-53), 2.0),
    "ellip_derivative": ((2.0, 1.0), (-1e39, -0.5, 0.5, 1.0 - 2.0**-53), 4.0),
    "zeta": ((3.5,), (1e-80, 11.9, 14.2), 2.0),
    "invdigamma": ((), (-1e17, -2.2, 0.0, 3.0, 9.0), 2.0),
    "airyai": ((0.0,), (2.0, 10.0, 103.0), 2.0),
    "airybi": ((1.0,), (2.0, 10.0, 103.0), 2.0),
}


@pytest.mark.parametrize("name", SEAMS)
def test_on_both_sides_of_a_seam(name):
    constants, seams, bound = SEAMS[name]
    for seam in seams:
        for x in (math.nextafter(seam, -math.inf), seam, math.nextafter(seam, math.inf)):
            if x < ops.TABLE[name].domain[0][1]:
                with mp.workprec(1500):
                    exact = oracle.REFERENCE[name](mp.mpf(x), *map(mp.mpf, constants))
                got = ops.TABLE[name].value(x, *constants)
                assert ulps(got, exact) <= bound, (x, got, float(exact))


def test_waves_of_airy_functions_far_below_zero():
    """Their phase is a number of as many digits as 2/3 abs(x)**1.5 has, less whole turns."""
    for x in (1e4, 9.9e10, 1.1e11, 1.234e12, 7.7e20, 3e100, 1e300, 1.7e308):
        with mp.workprec(2500):
            phase = 2 * mp.sqrt(mp.mpf(x) ** 3) / 3
            size = 1 / (mp.sqrt(mp.pi) * mp.mpf(x) ** 0.25)
            sine, cosine = mp.sin(phase + mp.pi / 4), mp.cos(phase + mp.pi / 4)
            rest = 5 / (72 * phase)  # the next term, DLMF 9.7.9
            ai, bi = size * (sine - rest * cosine), size * (cosine + rest * sine)
            bound = 1e-10 if x < 1e9 else 1e-15
            assert abs(ops.airyai(-x) - ai) <= bound * size
            assert abs(ops.airybi(-x) - bi) <= bound * size
            assert math.isfinite(ops.airyai(-x, 1.0))
            assert math.isfinite(ops.airybi(-x, 1.0))


def test_relations_between_orders_hold_for_higher_ones():
    for x in (-7.3, -0.4, 0.9, 5.5):
        for order in (2.0, 3.0, 7.0):
            for f in (ops.airyai, ops.airybi):
                expected = x * f(x, order - 2.0) + (order - 2.0) * f(x, max(order - 3.0, 0.0))
                assert f(x, order) == pytest.approx(expected, rel=1e-12)
    # 2 n K(n) / x = K(n + 1) - K(n - 1)
    for x in (0.01, 1.5, 30.0):
        assert ops.kn(41, x) - ops.kn(39, x) == pytest.approx(80.0 / x * ops.kn(40, x), rel=1e-13)
    assert ops.kn(1000, 800.0) == pytest.approx(float(_kn_of_a_thousand()), rel=1e-13)


def _kn_of_a_thousand():
    """K of order 1000 at 800, by the recurrence in 200 bits."""
    with mp.workprec(200):
        x = mp.mpf(800)
        before, y = mp.besselk(0, x), mp.besselk(1, x)
        for k in range(1, 1000):
            before, y = y, before + 2 * k / x * y
        return y


def test_tables_of_polynomials_are_what_their_script_computes():
    for rows, table in (
        (j_rows(), expansions.BESSEL_J), (y_rows(), expansions.BESSEL_Y), (i_rows(), expansions.BESSEL_I),
        (dawson_rows(), expansions.DAWSON),
    ):  # fmt: skip
        first, second = next(rows), next(rows)
        assert (*first, *second) == table[: 2 * len(first)]


def test_derivatives_of_the_inverse_of_digamma_are_its_value_far_out_and_infinite_where_that_is():
    for start in (300.0, 600.0, 709.7, 709.79, 1e300):
        x = Value(start)
        y = ops.invdigamma(x)
        value = y.data
        for _ in range(4):
            y = gradients(y, x, create_graph=True)
            assert y.data == value
    assert value == math.inf
