"""Settings for every test: Hypothesis profiles, one BLAS thread, matplotlib without a screen, interrupts that
arrive."""

import gc
import os
import signal
import sys
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import none

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["CHAINRULE_LANG"] = "en"  # whatever the locale of whoever runs them

# Whoever runs the tests in the background of a script has them ignore Ctrl-C, and so would every process that
# they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
    "print_blob": True,
    "phases": [p for p in Phase if p is not Phase.explain],  # that one traces every line of every example
}
settings.register_profile("ci", max_examples=100, derandomize=True, database=None, **_COMMON)
settings.register_profile("nightly", max_examples=20_000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_finish():
    # Twenty thousand tests stay to the end: each full collection of garbage would look through them again.
    # Hypothesis looks, with its first example, who refers to its random numbers: not among what is frozen.
    given(none())(lambda _: None)()
    gc.collect()
    gc.freeze()


def pytest_runtest_setup():
    # What the compiler kept in one test, perhaps under other settings, is nothing to the next.
    if (structure := sys.modules.get("autograd.compiler.structure")) is not None:
        structure.KNOWN.clear()


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return what makes a folder for all workers: the first that asks makes it, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name, make):
        target, said = shared / name, shared / f"{name}.txt"
        try:
            target.mkdir()
        except FileExistsError:
            while not said.exists():
                time.sleep(0.2)
        else:
            whole = said.with_suffix(".part")
            try:
                whole.write_text(make(target), encoding="utf-8")
            except BaseException as error:
                whole.write_text(repr(error), encoding="utf-8")
                raise
            finally:
                whole.rename(said)
        assert said.read_text(encoding="utf-8") == "", name
        return target

    return folder
