"""Work done again and again in one process: what it needed once it must not need twice."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.rounds import TIMES, hostile_round

from autograd.compiler.backends.c.toolchain import find_compiler

ROOT = Path(__file__).parents[2]
STEPS = 100_000
COMPILES = 25 * TIMES

MEASURE = """
import gc, os, random, re, sys
from autograd import Value, compile, no_grad, softmax
import nn

def size():
    gc.collect()
    text = open("/proc/self/smaps_rollup").read()
    return int(re.search(r"Pss_Anon: *(\\d+)", text)[1])  # kilobytes that are this process's own

def maps():
    return len(open("/proc/self/maps").readlines())
"""
EAGER = """
w = [Value(0.1 * i) for i in range(4)]
optimizer = nn.optim.Adam(w, lr=1e-3)
def step(i):
    x = i % 7 - 3.0
    loss = ((w[0] * x + w[1]).tanh() * w[2] - x).square() + softmax(w)[1]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for i in range(STEPS // 10):
    step(i)
before = size()
for i in range(STEPS):
    step(i)
print(size() - before)
"""
COMPILED = """
w = [Value(0.5 * i) for i in range(3)]
def one(i):  # a constant of its own makes each program another one
    step = compile(lambda x: (w[0] * x + w[1] + 1.0 / (i + 3)).tanh() * w[2], w, batch=True, backend=BACKEND)
    step([1.0, 2.0, 3.0])
for i in range(10):
    one(i)
before, mapped = size(), maps()
for i in range(10, 10 + COMPILES):
    one(i)
print(size() - before, maps() - mapped)
"""


def measured(program: str, folder: Path, **settings: object) -> list[int]:
    """Run a program in a process of its own, and return the whole numbers that it prints."""
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("needs Linux, which tells how much memory a process has of its own")
    names = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CHAINRULE_CACHE": str(folder),
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", MEASURE + names + program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


@hostile_round("memory of the process grows by less than half a megabyte over 100,000 steps", 1, whole=True)
def steps_without_growth(rng: random.Random, folder: Path) -> str:
    """Take steps of an optimizer, each with a graph of its own."""
    (grown,) = measured(EAGER, folder, STEPS=STEPS)
    assert grown < 512, f"{grown} kB more"
    return f"times {STEPS:,} steps"


@hostile_round(
    "memory grows by less than 4 kB, and mapped files by none, for each program compiled and dropped",
    2,
    whole=True,
)
def compiles_without_growth(rng: random.Random, folder: Path) -> str:
    """Compile functions and drop them, with NumPy and with C by turns."""
    backend = "c" if find_compiler() is not None and folder.name.endswith(tuple("02468")) else "numpy"
    grown, mapped = measured(COMPILED, folder, COMPILES=COMPILES, BACKEND=backend)
    assert mapped < 20, f"{mapped} mappings more"
    assert grown < 1024 + 4 * COMPILES, f"{grown} kB more"
    return f"times {COMPILES:,} compiles ({backend})"
