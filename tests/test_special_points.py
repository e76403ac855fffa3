"""The grid of special points: ours are right, and the program that asks HIPS autograd runs."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mpmath")
pytest.importorskip("numpy")
sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from special_points import POINTS, expected, hips_program, is_right

from autograd import TABLE, Value, gradients

# A stand-in, whose derivatives are all 7: the library has our import name.
STAND_IN = """
import importlib.metadata, sys, types
import numpy
package = types.ModuleType("autograd")
package.grad = lambda f: lambda x: numpy.float64(7.0) + 0.0 * len(f.__name__)
package.numpy = numpy
special = types.ModuleType("autograd.scipy.special")
special.erf = special.erfc = numpy.exp
package.scipy = types.ModuleType("autograd.scipy")
package.scipy.special = special
sys.modules.update({"autograd": package, "autograd.numpy": numpy})
sys.modules.update({"autograd.scipy": package.scipy, "autograd.scipy.special": special})
importlib.metadata.version = lambda name: "0"
"""


@pytest.mark.parametrize("name", expected())
def test_every_derivative_is_right(name):
    for x, exact in zip(POINTS, expected()[name], strict=True):
        leaf = Value(x)
        assert is_right(gradients(TABLE[name](leaf), leaf), exact), x


def test_the_grid_is_26_by_20():
    assert (len(expected()), len(POINTS)) == (26, 20)
    assert not is_right(0.0, 4e-18)
    assert not is_right(-1.0, float("nan"))


def test_the_program_for_hips_autograd_asks_for_every_point():
    done = subprocess.run(
        [sys.executable, "-I", "-c", STAND_IN + hips_program()], capture_output=True, text=True, check=True
    )
    version, *lines = done.stdout.splitlines()
    assert version == "0"
    assert len(lines) == 24 * 20
    name, x, d = lines[-1].split()
    assert (name, float(x), float(d)) == ("erfc", float("-inf"), 7.0)
