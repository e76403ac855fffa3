"""Log gamma and its derivatives against mpmath on the whole axis, and how rarely they fall back on decimal
numbers."""

from __future__ import annotations

import math
import random

import pytest
import reference

from autograd import ops
from autograd.calculus.functional import grad
from autograd.floats import gamma

ORDERS = (1, 2, 3, 4, 7, 12, 20)


def exact(n: int, x: float) -> object:
    """Log gamma for n = -1, digamma for 0, and polygamma."""
    return reference.value("lgamma", (x,)) if n < 0 else reference.value("polygamma", (x, float(n)))


def computed(n: int, x: float) -> float:
    return gamma.lgamma(x) if n < 0 else gamma.digamma(x) if n == 0 else gamma.polygamma(x, float(n))


def points(seed: str, count: int):
    """Numbers of every size and of both signs, many of them next to whole numbers and to zeros."""
    rng = random.Random(seed)
    for _ in range(count):
        yield rng.uniform(-12.0, 12.0)
        yield rng.uniform(-40.0, 40.0)
        yield rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(-14, 14)
        yield rng.randrange(-33, 3) + rng.choice((-1.0, 1.0)) * 2.0 ** -rng.uniform(1, 45)
        yield rng.choice(
            (
                1.4616321449683622,
                -0.504083008264455,
                -1.573498473162391,
                -2.4570247382208006,
                -2.7476826467274127,
                -3.14358088834998,
                -3.955294284858598,
            )
        ) * (1.0 + rng.choice((-1.0, 1.0)) * 2.0 ** -rng.uniform(3, 52))


@pytest.mark.parametrize("n", (-1, 0, *ORDERS))
def test_values_are_right_to_two_units_in_the_last_place(n: int) -> None:
    bound = 2.0 if n < 5 else 3.0
    for x in points(f"gamma {n}", 60 if n < 2 else 25):
        if x > 0.0 or x != math.floor(x):
            assert reference.ulps(computed(n, x), exact(n, x)) <= bound, x


@pytest.mark.parametrize("x", [-30.5, -12.25, -7.3, -2.6, -1.5, -0.3, -1e-9, 1e-9, 0.7, 2.5, 9.75, 40.0, 1e6])
def test_each_is_the_derivative_of_the_one_before(x: float) -> None:
    slope = ops.lgamma
    for n in range(4):
        slope = grad(slope)
        assert reference.ulps(slope(x), exact(n, x)) <= 2.0, n


@pytest.mark.parametrize("n", (-1, 0, *ORDERS))
def test_poles_and_ends_have_their_limits(n: int) -> None:
    odd = n % 2 == 1
    for pole in (0.0, -0.0, -1.0, -2.0, -40.0, -1e300):
        y = computed(n, pole)
        assert (
            y == math.inf if odd else y == -math.copysign(math.inf, pole) if pole == 0.0 else math.isnan(y)
        ), (pole, y)
    assert computed(n, math.inf) == (math.inf if n < 1 else 0.0)
    assert math.isnan(computed(n, math.nan))
    for x in (1e-300, -1e-300, 1e300, 5e-324):
        got, want = computed(n, x), exact(n, x)
        assert got == want or reference.ulps(got, want) <= 1.0 or abs(got) == math.inf, (x, got)


def test_few_numbers_need_decimals(monkeypatch) -> None:
    slow = []
    monkeypatch.setattr(
        gamma,
        "localcontext",
        lambda digits: slow.append(digits) or __import__("decimal").localcontext(digits),
    )
    rng = random.Random(7)
    for n, share in ((-1, 0.1), (0, 0.1), (1, 0.0), (2, 0.3), (3, 0.0), (5, 0.0)):
        xs = [rng.uniform(-10.0, 40.0) for _ in range(600)]
        slow.clear()
        for x in xs:
            computed(n, x)
        assert len(slow) <= share * len(xs), n
