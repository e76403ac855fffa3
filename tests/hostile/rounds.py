"""Rounds of hostile input: each case is made from a seed of its own, so that one that fails can be tried
again alone.

    python tests/hostile/rounds.py                                      every round at its ordinary size
    CHAINRULE_ROUNDS=100 python tests/hostile/rounds.py expressions     a hundred times as many cases
    python tests/hostile/rounds.py expressions --seed 4711 --count 1    one case again

A case returns what came of it in a word or two, such as "refused", and raises AssertionError where something
is wrong. `test_rounds.py` runs every round at its ordinary size, which takes seconds.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROUNDS", "Round", "cases", "hostile_round"]


@dataclass(frozen=True)
class Round:
    """One kind of hostile input, and what is asked of the package when it meets it."""

    name: str
    promise: str
    """What holds of every case."""
    count: int
    """Cases of an ordinary run."""
    whole: bool
    """Whether a case itself is larger in a larger run, such as one long process, rather than one of more
    cases."""
    case: Callable[[random.Random, Path], str]
    """One case, from random numbers of its own and an empty folder; returns what came of it."""


ROUNDS: dict[str, Round] = {}
Case = Callable[[random.Random, Path], str]


TIMES = int(os.environ.get("CHAINRULE_ROUNDS", "1"))
"""How many times the ordinary size a run has: 100 for a night."""


def hostile_round(promise: str, count: int, whole: bool = False) -> Callable[[Case], Case]:
    """Enter a function as a round under its own name."""

    def enter(case: Case) -> Case:
        name = case.__name__.replace("_", "-")
        ROUNDS[name] = Round(name, promise, count, whole, case)
        return case

    return enter


def size(round: Round) -> int:
    """Return how many cases a run has."""
    return round.count if round.whole else round.count * TIMES


def cases(round: Round, count: int, first: int = 0) -> Counter[str]:
    """Run cases of consecutive seeds, and count what came of them."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            room = Path(folder, str(seed))
            room.mkdir()
            try:
                outcomes[round.case(random.Random(seed), room)] += 1
            except BaseException as error:
                error.add_note(f"again: python tests/hostile/rounds.py {round.name} --seed {seed} --count 1")
                raise
    return outcomes


def row(round: Round, outcomes: Counter[str]) -> str:
    """Return one line of the table in Markdown."""
    came = ", ".join(f"{number:,} {word}" for word, number in sorted(outcomes.items()))
    return f"| {round.name} | {sum(outcomes.values()):,} | {came} | {round.promise} |"


HEAD = "| round | cases | what came of them | what held in each |\n|---|---|---|---|"


def main(arguments: list[str] | None = None) -> int:
    """Run rounds, and print a table of what came of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="ROUND", help=f"of {', '.join(ROUNDS)}; every one by default"
    )
    parser.add_argument(
        "--count", type=int, help="so many cases; by default, the ordinary number times CHAINRULE_ROUNDS"
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first case")
    options = parser.parse_args(arguments)
    print(HEAD, flush=True)
    for name in options.names or ROUNDS:
        chosen = ROUNDS[name]
        print(row(chosen, cases(chosen, options.count or size(chosen), options.seed)), flush=True)
    return 0


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    from hostile import every  # noqa: F401 - importing them enters the rounds
    from hostile.rounds import main as run

    sys.exit(run())
