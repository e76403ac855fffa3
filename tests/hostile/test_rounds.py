"""Every round of hostile input, at its ordinary size."""

from pathlib import Path

import pytest
from hostile import every
from hostile.rounds import HEAD, ROUNDS, Round, cases, main, row, size

LONG = ("compiles-without-growth",)  # hundreds of compiles


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in sorted(ROUNDS)]
)
def test_what_is_promised_holds_in_every_case(name):
    chosen = ROUNDS[name]
    outcomes = cases(chosen, size(chosen))
    assert outcomes.total() == size(chosen)
    assert row(chosen, outcomes).startswith(f"| {name} | ")


def test_every_module_of_rounds_is_imported():
    modules = {path.stem for path in Path(__file__).parent.glob("*.py")} - {
        "rounds",
        "every",
        "test_rounds",
        "__init__",
    }
    assert modules == set(every.__all__)


def test_a_case_that_fails_says_how_to_try_it_again(monkeypatch, tmp_path):
    def wrong(rng, folder):
        assert rng.random() < 0.0

    with pytest.raises(AssertionError) as caught:
        cases(Round("wrong", "nothing", 1, False, wrong), 1, first=7)
    assert caught.value.__notes__ == ["again: python tests/hostile/rounds.py wrong --seed 7 --count 1"]


def test_the_command_prints_a_table(capsys):
    assert main(["expressions", "--count", "5", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(HEAD)
    assert "| expressions | 5 | " in out
