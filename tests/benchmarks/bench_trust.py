"""What has been tried on it: rounds of hostile input.

Each case of a round is made from a seed of its own, and is held to what the last column says; a case that
broke its promise would end the run. ``--with PATH`` tries them under another interpreter as well, with a
tenth of the cases; ``--share`` says how much of a night's work is done.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = "| round | cases | what came of them | what held in each |\n|---|---|---|---|"
ROUNDS = ROOT / "tests" / "hostile" / "rounds.py"
NIGHT = {
    "programs": 30_000, "failing-allocations": 500, "kills-while-saving": 330, "kills-while-training": 120,
    "mutated-files": 30_000,
    "expressions": 24_000, "names": 22_500, "graph-files": 30_000, "steps-without-growth": 1,
    "compiles-without-growth": 2,
}  # fmt: skip
"""Cases of each round; those of the last two are one long process each, with 500 compiles a backend."""
COMPILES = 20  # times as many as in an ordinary run
WHAT = (
    "import platform, sys, sysconfig; from autograd.native import engine;"
    "debug = ', a debug build' if hasattr(sys, 'gettotalrefcount') else '';"
    "print(f'CPython {platform.python_version()}{debug},', 'with the C engine' if engine else 'in pure "
    "Python')"
)


def main() -> int:
    """Run the rounds under each interpreter in turn, with the C engine and without, and print their tables.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rounds", nargs="*", help="names of rounds; every one by default")
    parser.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        metavar="PATH",
        help="another interpreter, with what the tests need",
    )
    parser.add_argument(
        "--share", type=float, default=0.01, help="of the cases of a night (default: %(default)s)"
    )
    options = parser.parse_args()
    for python in [sys.executable, *options.others]:
        share = options.share / (1 if python == sys.executable else 10)
        for pure in ("", "1"):
            environment = os.environ | {
                "PYTHONPATH": str(ROOT),
                "CHAINRULE_PURE_PYTHON": pure,
                "CHAINRULE_ROUNDS": str(max(1, round(COMPILES * share))),
            }
            about = subprocess.run(
                [python, "-c", WHAT], env=environment, capture_output=True, text=True, check=True
            ).stdout.strip()
            if not pure and "pure" in about:
                continue  # this one has no C engine: it is tried once, below
            print(f"\n**{about}**\n\n{HEAD}", flush=True)
            for name in options.rounds or NIGHT:
                count = (
                    NIGHT[name]
                    if "growth" in name
                    else max(1, round(NIGHT[name] * share / (10 if pure else 1)))
                )
                done = subprocess.run(
                    [python, str(ROUNDS), name, "--count", str(count)],
                    env=environment,
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                print(done.stdout.removeprefix(HEAD).strip(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
