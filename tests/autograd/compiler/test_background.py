"""`auto` begins with what is at hand, and has C built in the background."""

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import Value, compile, grad
from autograd.compiler.backends.c import bind, toolchain
from autograd.compiler.backends.c.toolchain import find_compiler

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler")
ROOT = Path(__file__).parents[3]


def long_sum(v):
    """A function of many numbers, for which C is worth building."""
    return autograd.sum([(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2) * autograd.exp(-a * a * 0.01)
                         for a, b in zip(v, v[1:], strict=False)])  # fmt: skip


V = np.linspace(-1.0, 1.0, 60)


def engines_of(step):
    return step._latest[0].engines


def run_until_built(step, *args, most=100_000):
    """Call a step until it begins to have C built; wait for that; return the results."""
    results = []
    for _ in range(most):
        results.append(step(*args))
        builder = engines_of(step).builder
        if builder is not None:
            builder.join()
            return results
    raise AssertionError("C was never built")


@needs_compiler
def test_c_is_built_in_the_background_and_runs_the_calls_after_that():
    f = compile(grad(long_sum))
    first = f(V)
    begun = f.report()["backend"]
    assert begun in ("numpy", "python") and "in the background" in f.report()["because"]
    assert engines_of(f).builder is None  # a single call starts no compiler
    run_until_built(f, V)
    assert f.report()["backend"] == "c" and "so C was" in f.report()["because"]
    last = f(V)
    assert f._latest[1].backend == begun or f._latest[1].backend == "c"
    np.testing.assert_allclose(last, first, rtol=1e-12)
    np.testing.assert_allclose(f(V[::-1].copy()), grad(long_sum)(V[::-1].tolist()), rtol=1e-12)
    assert f._plans and all(plan.engines.take(1).backend == "c" for plan in f._plans.values())


@needs_compiler
def test_a_loss_over_many_examples_goes_on_in_c():
    w, b = Value(0.5, "w"), Value(0.1, "b")

    def loss(x, y):
        return (autograd.tanh(w * x + b) - autograd.sin(w * y)) ** 2

    x, y = np.linspace(0.0, 1.0, 50), np.linspace(1.0, 2.0, 50)
    step = compile(loss, [w, b], batch=True)
    results = run_until_built(step, x, y)
    w.grad = b.grad = 0.0
    results.append(step(x, y))
    assert np.ptp(results) < 1e-14 and step.report()["backend"] == "c"
    assert step.check(x, y) < 1e-12
    assert step(x[:7], y[:7]) == pytest.approx(
        compile(loss, [w, b], batch=True, backend="numpy")(x[:7], y[:7]), rel=1e-13
    )
    assert step._latest[1].backend == "c"


@needs_compiler
def test_a_compiler_that_fails_in_the_background_is_told_of_and_raises_nothing(monkeypatch):
    def fail(*_, **__):
        raise toolchain.CompilationError("the compiler is out of order")

    raised = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    monkeypatch.setattr(toolchain, "build", fail)
    f = compile(grad(long_sum))
    results = run_until_built(f, V)
    assert not raised
    assert "out of order" in f.report()["because"] and f.report()["backend"] != "c"
    builder = engines_of(f).builder
    for _ in range(200):
        assert (f(V) == results[0]).all()
    assert engines_of(f).builder is builder  # which is not tried again


@needs_compiler
def test_what_turns_out_to_take_longer_is_given_up(monkeypatch):
    whole = bind.BoundC.run

    def slow(self):
        time.sleep(0.02)
        return whole(self)

    monkeypatch.setattr(bind.BoundC, "run", slow)
    f = compile(grad(long_sum))
    first = run_until_built(f, V)[0]
    begun = engines_of(f).before
    assert f.report()["backend"] == "c"
    for _ in range(12):
        np.testing.assert_allclose(f(V), first, rtol=1e-12)
    assert f.report()["backend"] == begun != "c" and "took longer" in f.report()["because"]
    assert (f(V) == first).all()


@needs_compiler
def test_a_deterministic_choice_never_changes():
    f = compile(grad(long_sum), deterministic=True)
    bits = {f(V).tobytes() for _ in range(1500)}
    assert len(bits) == 1 and engines_of(f).builder is None
    assert "background" not in f.report()["because"]
    named = compile(abs, deterministic=True)
    twin = pickle.loads(pickle.dumps(named))
    assert twin(-2.0) == 2.0 and twin._backend == named._backend


@needs_compiler
def test_calls_in_threads_while_c_is_being_built():
    f = compile(grad(long_sum))
    wanted = {k: np.array(grad(long_sum)((V + k).tolist())) for k in range(4)}
    failures = []

    def work(k):
        for _ in range(3000):
            if not np.allclose(f(V + k), wanted[k], rtol=1e-11):
                failures.append(k)
                return

    threads = [threading.Thread(target=work, args=(k,)) for k in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    builder = engines_of(f).builder
    if builder is not None:
        builder.join()


SLEEPER = """
import sys
sys.path.insert(0, {root!r})
import autograd
from autograd import compile, grad
f = compile(grad(lambda v: autograd.sum([a * a * b for a, b in zip(v, v[1:])])))
v = [0.1 * i for i in range(100)]
while True:
    f(v)
    if f._latest[0].engines.builder is not None:
        break
print("leaves", f._latest[0].engines.builder.is_alive())
"""


@needs_compiler
@pytest.mark.skipif(os.name != "posix", reason="the compiler is a shell script")
def test_the_interpreter_ends_while_the_compiler_works(tmp_path):
    real = find_compiler()
    slow = tmp_path / "cc"
    # Quick for the small programs by which a compiler is tried, for ever for others.
    slow.write_text(
        '#!/bin/sh\nfor x in "$@"; do case $x in *.c) test $(wc -c < "$x") -gt 20000 && sleep 600;; esac\n'
        f"done\nexec {' '.join(real.command)} \"$@\"\n"
    )
    slow.chmod(0o755)
    program = tmp_path / "program.py"
    program.write_text(SLEEPER.format(root=str(ROOT)))
    environment = {**os.environ, "CC": str(slow), "CHAINRULE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, str(program)]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["leaves", "True"], result.stdout + result.stderr
