"""The exact derivatives at the ends of the range: steps and bits suffice, so that no derivative is lost."""

import mpmath as mp
import pytest

from autograd import ops
from autograd.testing import oracle

EXACT = {
    ("jn", (1e-310, 0.0), (0,)): -0.5e-310, ("jn", (-5e-324, 0.0), (0, 0)): -0.5,
    ("jn_derivative", (1e-310, 0.0, 1.0), (0, 0)): 0.375e-310,
    ("bessel_i", (1e-310, 0.0), (0,)): 0.5e-310, ("bessel_i", (1e-310, 0.0), (0, 0)): 0.5,
    ("ine", (5e-324, 0.0, 0.0), (0,)): -1.0, ("ine", (5e-324, 0.0, 0.0), (0, 0)): 1.5,
    ("logerfcx", (-1e300,), (0,)): -2e300, ("logerfcx", (-1e300,), (0, 0)): 2.0,
    ("hypot", (1e-200, 0.0), (1, 1)): 1e200, ("norm", (0.0, -1e-310), (0, 0)): 1e310,
    ("direction", (0.0, 1e-200, 0.0), (0,)): 1e200, ("direction", (1e-100, 0.0, 0.0), (1, 1)): -1e200,
    ("atan2", (0.0, 1e-200), (0,)): 1e200, ("re_inverse_power", (1e-100, 0.0, 1.0), (1, 1)): -2e300,
}  # fmt: skip


@pytest.mark.parametrize("asked", EXACT, ids=lambda asked: f"{asked[0]} {asked[1]} by {asked[2]}")
def test_a_derivative_at_the_ends_of_the_range_is_not_lost(asked):
    name, operands, indices = asked
    exact = oracle.to_double(oracle.partial(ops.TABLE[name], operands, indices))
    assert exact == pytest.approx(EXACT[asked], rel=1e-14, abs=5e-324)


@pytest.mark.parametrize("x", [-1e-310, -0.7, -30.0])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_a_scaled_bessel_function_is_even_with_its_scale(x, order):
    here, there = (oracle.partial(ops.ine, [s * x, 0.0, 0.0], (0,) * order) for s in (1, -1))
    if not order:
        here, there = (oracle.value(ops.ine, [s * x, 0.0, 0.0]) for s in (1, -1))
    assert float(here) == float((-1) ** order * there)
    assert float(ops.ine(x, order=0.0, slope=float(order))) == pytest.approx(float(here), rel=1e-14)


@pytest.mark.parametrize("name", ["csc", "cot"])
def test_a_wave_is_moved_by_less_than_its_length_however_far_out(name):
    for x in (1e100, -1e300):
        with mp.workprec(4000):
            csc, cot = mp.csc(mp.mpf(x)), mp.cot(mp.mpf(x))
            want = float(-csc * (cot if name == "csc" else csc))
        assert float(oracle.partial(ops.TABLE[name], [x], (0,))) == pytest.approx(want, rel=1e-14)
