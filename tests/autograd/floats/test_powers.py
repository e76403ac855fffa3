"""Powers and what their derivatives are made of."""

import math
import random
import subprocess
import sys

import mpmath

from autograd.floats import elementary


def test_powers_whose_exponent_is_rounded_on_the_way_to_a_derivative_keep_their_digits():
    rng = random.Random(3)
    for _ in range(200):
        a, b = 2.0 ** rng.uniform(-60.0, 60.0), rng.uniform(-0.3, 0.9)
        for order, logs in [(1.0, 0.0), (1.0, 1.0), (2.0, 1.0)]:
            with mpmath.workdps(40):
                exact = mpmath.mpf(a) ** (mpmath.mpf(b) - order) * mpmath.log(a) ** int(logs)
                error = abs(elementary.monomial(1.0, a, b, order, logs) - exact) / math.ulp(float(exact))
            assert error < 2.0


def test_the_first_power_of_a_process_is_that_of_zero():
    program = "import autograd; x = autograd.Value(0.0); print((x**x).data, (0.0**x).data, (x**0.0).data)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["1.0", "1.0", "1.0"]
