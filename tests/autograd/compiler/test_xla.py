"""The tests of programs for XLA, in a process of their own: see `tests/xla/conftest.py`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2] / "xla"
ABSENT = """
import sys
sys.modules["jax"] = None
import autograd, nn
f = autograd.compile(lambda x: x * x, backend="numpy", batch=True)
f([1.0, 2.0])
model = nn.MLP(1, [1], rng=1)
optimizer = nn.optim.SGD(model.parameters(), 0.1)
fit = lambda: nn.fit(model, ([[1.0]], [1.0]), nn.losses.mse_loss, optimizer, epochs=1, compile=True,
                     backend="xla", progress=False)
made = lambda: autograd.compile(lambda x: x, backend="xla")
for what in (made, fit, lambda: f.jax_source, lambda: f.export("f")):
    try:
        what()
    except autograd.MissingDependencyError as error:
        print(error)
"""


def test_without_jax_a_sentence_says_how_to_install_it():
    done = subprocess.run([sys.executable, "-c", ABSENT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    texts = done.stdout.splitlines()
    assert len(texts) == 4 and all("JAX" in text and "pip install 'chainrule[xla]'" in text for text in texts)


@pytest.mark.skipif(find_spec("jax") is None, reason="there is no JAX")
def test_on_eight_devices():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--durations=9", TESTS],
        env={**os.environ, "CHAINRULE_XLA": "1", "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu")},
        cwd=TESTS.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout[-1500:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
