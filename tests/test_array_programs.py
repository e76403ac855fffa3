"""The programs that benchmarks compile compute what PyTorch computes of the same programs over arrays."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from array_programs import ARRAYS
from bench_programs import checked, flat, given_to_peers, torch_call
from scalar_programs import PROGRAMS, STEPS

from autograd import compile


def test_every_program_is_there_over_arrays():
    assert list(ARRAYS) == [*PROGRAMS, *STEPS]


def test_results_that_differ_are_refused():
    with pytest.raises(AssertionError, match="springs"):
        checked(lambda: np.array([1.0, 2.0]), np.array([1.0, 2.001]), "springs")


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("torch"), reason="needs PyTorch")
@pytest.mark.parametrize("name", ARRAYS)
def test_a_compiled_program_computes_what_pytorch_does(name):
    options, args = {**PROGRAMS, **STEPS}[name]()
    step = compile(**options)
    wanted = flat(step.value_and_grad(*args) if options.get("params") else step(*args))
    kind, f = ARRAYS[name]
    checked(torch_call(kind, f, given_to_peers(options, args)), wanted, name)
