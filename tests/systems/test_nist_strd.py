"""NIST's nonlinear regressions, from both starting points, to nine digits and more."""

import pytest

pytest.importorskip("numpy")

from tests.systems import nist_strd


@pytest.mark.parametrize("name", nist_strd.DATA)
def test_the_certified_parameters_are_found_from_both_starting_points(name):
    found = [nist_strd.digits(name, start) for start in (0, 1)]
    assert min(found) >= 9.0
    (line,) = [x for x in nist_strd.PAGE.read_text().splitlines() if x.startswith(f"| {name} |")]
    assert [float(x) for x in line.split("|")[-3:-1]] == pytest.approx(found, abs=1.0)


def test_there_are_27_data_sets_and_a_line_for_each():
    assert len(nist_strd.DATA) == len(nist_strd.MODELS) == 27
    assert nist_strd.TABLE.search(nist_strd.PAGE.read_text()).group().count("\n") == 29
