"""A user's program is typed precisely: both type checkers read one, where they are installed."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("typed_program.py")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["mypy", "--strict", "--no-incremental"], ["pyright", "--pythonpath", sys.executable]],
    ids=lambda c: c[0],
)
def test_a_users_program_has_the_types_that_it_says(command):
    if find_spec(command[0]) is None:
        pytest.skip(f"pip install {command[0]}")
    done = subprocess.run(
        [sys.executable, "-m", *command, str(PROGRAM)],
        cwd=PROGRAM.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
