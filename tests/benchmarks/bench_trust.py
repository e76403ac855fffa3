"""What has been tried on it: rounds of hostile input.

Each case of a round is made from a seed of its own, and is held to what the last column says; a case that broke its
promise would end the run. ``--with PATH`` tries them under another interpreter as well, and ``--times`` makes the
rounds larger than those of the tests.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = ROOT / "tests" / "hostile" / "rounds.py"
WHAT = (
    "import platform, sys, sysconfig; from autograd.native import engine;"
    "debug = ', a debug build' if hasattr(sys, 'gettotalrefcount') else '';"
    "print(f'CPython {platform.python_version()}{debug},', 'with the C engine' if engine else 'in pure Python')"
)


def main() -> int:
    """Run the rounds under each interpreter in turn, with the C engine and without, and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="*", help="names of rounds; every one by default")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="PATH", help="another interpreter, with what the tests need")
    parser.add_argument("--times", type=int, default=10, help="so many times the size of the tests")
    options = parser.parse_args()
    for python in [sys.executable, *options.others]:
        for pure in ("", "1"):
            environment = os.environ | {"PYTHONPATH": str(ROOT), "CHAINRULE_PURE_PYTHON": pure, "CHAINRULE_ROUNDS": str(options.times)}
            about = subprocess.run([python, "-c", WHAT], env=environment, capture_output=True, text=True, check=True).stdout.strip()
            if not pure and "pure" in about:
                continue  # this one has no C engine: it is tried once, below
            print(f"\n**{about}**\n", flush=True)
            command = [python, str(ROUNDS), *options.rounds]
            subprocess.run(command, env=environment, check=True, stdout=sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
