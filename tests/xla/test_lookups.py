"""Tables in which a number of each example looks something up, on one device and on several."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import autograd

LOOKUPS = runpy.run_path(str(Path(__file__).parents[1] / "autograd/compiler/test_lookups.py"))


@pytest.mark.parametrize("program", LOOKUPS["PROGRAMS"])
def test_lookups_agree_with_the_engine(program):
    loss, params, data = program()
    step = autograd.compile(loss, params, batch=True, backend="xla")
    step.check(*data)
    step.check(*[x[:1] for x in data])


@pytest.mark.parametrize("name", ["word2vec", "tied"])
def test_examples_over_several_devices_scatter_their_gradients(name, mesh):
    loss, params, data = LOOKUPS[name]()
    data = [np.concatenate([x, x])[:9] for x in data]  # one example more than there are devices
    step = autograd.compile(loss, params, batch=True, backend="xla", mesh=mesh)
    step.check(*data)


@pytest.mark.parametrize(
    "name",
    [
        "test_without_a_batch_places_are_arguments",
        "test_a_function_without_parameters_looks_up",
        "test_steps_inside_a_backend_scatter_anew_each_time",
        "test_a_row_that_nothing_looks_up_gets_no_gradient",
    ],
)
def test_what_holds_elsewhere_holds_here(name):
    LOOKUPS[name]("xla")


@pytest.mark.parametrize(("bad", "error"), [(6.0, IndexError), (-1.0, IndexError), (1.5, TypeError)])
def test_a_place_that_there_is_not_is_refused_as_ever(bad, error):
    LOOKUPS["test_a_place_that_there_is_not_is_refused_as_ever"]("xla", bad, error)
