"""What public reports found by hand, the suite finds: each kind of fault on a library that has it.

The reports' facts are in a file that does not change: function, point, expected and wrong number. Where a
report is of half precision or of a longer program, the point is the same kind's in double precision, for the
function that is to blame. Each is judged on a rule that is wrong in the same way, and is right elsewhere.
"""

import json
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("numpy")

sys.path.insert(0, str(Path(__file__).parent))

from wrong_rules import RULES

from autograd.testing.conformance import Adapter, Plan, conform
from autograd.testing.conformance.data import Expectation, load
from autograd.testing.conformance.judge import judge

HERE = Path(__file__).parent
REPORTS = json.loads((HERE / "public_reports.json").read_text(encoding="utf-8"))


def adapter(rule):
    function, _, _ = RULES[rule]
    operands = load()[function].operands
    names = ", ".join("xyz"[:operands])
    return Adapter(
        name="wrong",
        install="",
        setup="import numpy as np\nfrom wrong_rules import D",
        version="'1'",
        array="lambda values, dtype: getattr(np, dtype)(values)",
        numbers="float",
        derivative={"reverse": "D"},
        functions={function: f"({function!r}, {rule!r}) if ({names},) else None"},
        shapes=("scalar",),
        path=(str(HERE), str(HERE.parents[3])),
    )


@cache
def found(rule):
    """The kinds that the suite reports of a library with one wrong rule."""
    _, path, _ = RULES[rule]
    outcome = conform(adapter(rule), Plan(order=len(path), regions=False))
    assert not outcome.problems
    kinds = defaultdict(set)
    for fault in [*outcome.faults, *outcome.flushed]:
        kinds[fault.path, fault.dtype].add(fault.symptom)
    return kinds


def is_found(report):
    if not report["rule"]:
        return False  # a function that the suite does not have
    path = tuple(report["derivative"])
    expected, wrong = float(report["expected"]), float(report["wrong"])
    kind = judge(
        Expectation(expected, scale=None if expected else 0.0), wrong, report["dtype"], len(path)
    ).kind
    kinds = found(report["rule"])[path, report["dtype"]]
    return kind in kinds or (float(report["at"][0]) == 5e-324 and "flushed" in kinds)


@pytest.mark.parametrize("rule", RULES)
def test_a_wrong_rule_is_found_and_the_function_is_right_elsewhere(rule):
    _, path, _ = RULES[rule]
    kinds = found(rule)
    assert any(kinds.values())
    assert {p for p, _ in kinds} == {path}


def test_nineteen_of_twenty_public_reports_are_found():
    assert len(REPORTS) >= 30
    missed = [report["source"] for report in REPORTS if not is_found(report)]
    assert len(missed) <= 0.05 * len(REPORTS), missed
    assert missed == ["tensorflow/tensorflow#127244", "tensorflow/tensorflow#119430"]


def test_every_wrong_rule_is_of_a_report():
    assert {report["rule"] for report in REPORTS} - {""} == RULES.keys()
