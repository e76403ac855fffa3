"""The tests of programs for XLA, in processes of their own: see `tests/xla/conftest.py`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2] / "xla"
pytestmark = pytest.mark.skipif(find_spec("jax") is None, reason="there is no JAX")


@pytest.mark.parametrize("name", sorted(path.name for path in TESTS.glob("test_*.py")))
def test_on_eight_devices(name):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", TESTS / name],
        env={**os.environ, "CHAINRULE_XLA": "1", "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu")},
        cwd=TESTS.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
