"""Programs a number at a time beside what others run: ``python tests/benchmarks/bench_programs.py``.

JAX (under jit) and PyTorch get the same programs over arrays, as one writes them there. CasADi gets the same
operations, number by number, takes their derivatives itself, and writes C, which is built with ``-O3
-march=native`` and given up after 20 seconds of the compiler's time. What each computes is compared first.
Calls from Python stand beside calls; CasADi's C stands beside our kernel, both without what a call costs.
Contestants take turns in one process with one thread; each time is the median over the rounds, as a ratio to
ours: above one, ours is faster.
"""

from __future__ import annotations

import argparse
import ctypes
import inspect
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import numpy as np
from array_programs import ARRAYS, jax_library, torch_library
from bench_compiler import medians
from scalar_programs import PROGRAMS, STEPS

from autograd import Value, compile
from autograd.backward import toposort

PEERS = {"JAX": "JAX, call", "PyTorch": "PyTorch, call", "CasADi": "CasADi's C, kernel"}
LIMIT = 20
"""Seconds after which what a peer prepares is given up."""


def jax_call(kind: str, f: Callable[..., Any], args: list[Any]) -> Callable[[], Any]:
    """Return a call of JAX's compiled program."""
    import jax

    jax.config.update("jax_enable_x64", True)
    bound = lambda *args: f(jax_library(), *args)
    every = tuple(range(2 if kind == "grad 2" else len(args)))

    def lanes(*args: Any) -> Any:
        value, back = jax.vjp(bound, *args)
        return value, back(jax.numpy.ones_like(value))

    def newton(v: Any) -> Any:
        return v - jax.numpy.linalg.solve(jax.hessian(bound)(v), jax.grad(bound)(v))

    made = {
        "value": lambda: bound, "grad": lambda: jax.grad(bound, every), "hessian": lambda: jax.hessian(bound),
        "grad 2": lambda: jax.grad(bound, every), "jacobian": lambda: jax.jacfwd(bound, every),
        "loss": lambda: jax.value_and_grad(bound), "lanes": lambda: lanes, "newton": lambda: newton,
    }[kind]()  # fmt: skip
    program, given = jax.jit(made), list(map(jax.numpy.asarray, args))
    return lambda: jax.block_until_ready(program(*given))


def torch_call(kind: str, f: Callable[..., Any], args: list[Any]) -> Callable[[], Any]:
    """Return a call of the program in PyTorch, which records it anew each time."""
    import torch

    torch.set_num_threads(1)
    m = torch_library()
    given = [torch.as_tensor(np.asarray(x), dtype=torch.float64) for x in args]
    wanted = given[: {"loss": 1, "grad 2": 2}.get(kind, len(given))]
    for x in wanted:
        x.requires_grad_()

    def slopes(value: Any) -> Any:
        return torch.autograd.grad(value.sum(), wanted)

    def hessian(v: Any) -> Any:
        return torch.autograd.functional.hessian(lambda v: f(m, v), v)

    return {
        "value": lambda: f(m, *given), "grad": lambda: slopes(f(m, *given)),
        "grad 2": lambda: slopes(f(m, *given)), "hessian": lambda: hessian(*given),
        "loss": lambda: (value := f(m, *given), slopes(value)),
        "lanes": lambda: (value := f(m, *given), slopes(value)),
        "jacobian": lambda: torch.autograd.functional.jacobian(lambda *args: f(m, *args), tuple(given)),
        "newton": lambda: given[0] - torch.linalg.solve(hessian(*given), slopes(f(m, *given))[0]),
    }[kind]  # fmt: skip


# The same numbers in CasADi.


def translated(root: Value, leaves: list[Value]) -> tuple[Any, Any]:
    """Return CasADi's expression of a graph, and the symbols that stand for the leaves."""
    import casadi as ca

    symbols = ca.SX.sym("x", len(leaves))
    known = {id(leaf): symbols[i] for i, leaf in enumerate(leaves)}
    largest = lambda xs: ca.mmax(ca.vertcat(*xs))
    rows = {
        "sum": lambda *xs: ca.sum1(ca.vertcat(*xs)),
        "dot": lambda *xs: ca.dot(ca.vertcat(*xs[: len(xs) // 2]), ca.vertcat(*xs[len(xs) // 2 :])),
        "logsumexp": lambda *xs: ca.log(sum(ca.exp(x - largest(xs)) for x in xs)) + largest(xs),
        "sigmoid": lambda x: 1.0 / (1.0 + ca.exp(-x)),
        "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y, "power": lambda x, y: x**y, "neg": lambda x: -x, "square": lambda x: x * x,
    }  # fmt: skip
    for node in toposort(root):
        if id(node) in known:
            continue
        name = node.op.name
        operands = [known.get(id(x), getattr(x, "data", x)) for x in node.operands]
        known[id(node)] = (rows.get(name) or getattr(ca, name))(*operands)
    return known[id(root)], symbols


class TooLongError(Exception):
    """What a peer prepares takes longer than it may."""


def casadi_call(kind: str, f: Callable[..., Any], args: list[Any], folder: str) -> Callable[[], Any]:
    """Return a call of the C that CasADi writes, of the gradient in all numbers that are arguments."""
    import casadi as ca

    shapes = [np.shape(x) for x in args]
    numbers = np.concatenate([np.ravel(x) for x in args]).astype(float)
    leaves = list(map(Value, numbers.tolist()))
    given, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        block = leaves[at : at + size]
        at += size
        given.append(block[0] if not shape else np.array(block, object).reshape(shape).tolist())
    expression, symbols = translated(f(*given), leaves)
    wanted = 2 if kind == "grad 2" else len(leaves)
    result = {
        "value": lambda: expression, "grad": lambda: ca.gradient(expression, symbols),
        "grad 2": lambda: ca.gradient(expression, symbols)[:wanted],
        "hessian": lambda: ca.hessian(expression, symbols)[0],
    }[kind]()  # fmt: skip
    function = ca.Function("program", [symbols], [ca.densify(result)])
    here = Path.cwd()
    os.chdir(folder)
    try:
        function.generate("program.c")
    finally:
        os.chdir(here)
    flags = ["-O3", "-march=native", "-ffp-contract=fast", "-fPIC", "-shared", "-lm"]
    source, library = Path(folder, "program.c"), Path(folder, "program.so")
    command = shlex.join(["cc", str(source), *flags, "-o", str(library)])
    subprocess.run(f"ulimit -t {LIMIT}; exec {command}", shell=True, check=True, stderr=subprocess.DEVNULL)
    program = ctypes.CDLL(str(library)).program
    found, work = np.zeros(result.shape), np.zeros(max(1, function.sz_w()))
    pointers = [(ctypes.c_void_p * 8)(a.ctypes.data) for a in (numbers, found)]
    kept = numbers, work  # while their addresses are used

    def call() -> Any:
        program(*pointers, None, ctypes.c_void_p(kept[1].ctypes.data), 0)
        return found

    return call


# The table.


def given_to_peers(options: dict[str, Any], args: tuple[Any, ...]) -> list[Any]:
    """Return the arguments, after all parameters as one array, where there are."""
    params = options.get("params")
    return [*([np.array([p.data for p in params])] if params else []), *args]


def flat(found: Any) -> Any:
    """Return all numbers of a result, in order."""
    if isinstance(found, tuple | list):
        return np.concatenate([flat(x) for x in found])
    return np.ravel(np.asarray(found.detach() if hasattr(found, "detach") else found, float))


def checked(call: Callable[[], Any], wanted: Any, name: str) -> Callable[[], Any]:
    """Return the call, if it computes the same."""
    found = call()
    if name.endswith("Jacobian"):  # all of an argument before the next one, or of a row before the next row
        found = np.hstack([flat(x).reshape(32, -1) for x in found])
    found = flat(found)
    if name.startswith("Cholesky"):  # one half of the matrix is read by one, both by another
        n = int(len(found) ** 0.5)
        found, wanted = (a.reshape(n, n) + a.reshape(n, n).T for a in (found, wanted))
    assert np.allclose(found, wanted, rtol=1e-7, atol=1e-9 * np.abs(wanted).max() + 1e-300), name
    return call


def prepared(make: Callable[[], Callable[[], Any]], wanted: Any, name: str) -> Callable[[], Any] | None:
    """Return a peer's call; None where it takes too long to prepare, or cannot be had."""

    def stop(*_: Any) -> None:
        raise TooLongError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(2 * LIMIT)  # of which a compiler may take half
    try:
        return checked(make(), wanted, name)
    except (TooLongError, subprocess.CalledProcessError):
        return None
    finally:
        signal.alarm(0)


def row(name: str, given: argparse.Namespace) -> list[str]:
    """Return a program's row of the table."""
    options, args = {**PROGRAMS, **STEPS}[name]()
    kind, f = ARRAYS[name]
    step = compile(**options, backend=given.backend)
    wanted = flat(step.value_and_grad(*args) if options.get("params") else step(*args))
    arrays = given_to_peers(options, args)
    call, kernel = lambda: step(*args), step._latest[1].run
    calls: dict[str, Callable[[], Any] | None] = {}
    if find_spec("jax"):
        calls["JAX"] = prepared(lambda: jax_call(kind, f, arrays), wanted, name)
    if find_spec("torch"):
        calls["PyTorch"] = prepared(lambda: torch_call(kind, f, arrays), wanted, name)
    with tempfile.TemporaryDirectory() as folder:
        if find_spec("casadi") and kind in ("value", "grad", "grad 2", "hessian"):
            primal = inspect.unwrap(options["f"])
            calls["CasADi"] = prepared(lambda: casadi_call(kind, primal, arrays, folder), wanted, name)
        there = {peer: run for peer, run in calls.items() if run is not None}
        times = medians([call, kernel, *there.values()], given.rounds, given.budget)
    cells = dict.fromkeys(PEERS, "") | dict.fromkeys(calls, "too long")
    for peer, took in zip(there, times[2:], strict=True):
        cells[peer] = f"{took / times[peer == 'CasADi']:.2f}"
    return [name, f"{times[0] * 1e6:.1f}", f"{times[1] * 1e6:.1f}", *cells.values()]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the programs' names")
    parser.add_argument("--backend", default="c")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--budget", type=float, default=0.03, help="seconds of each in a round")
    given = parser.parse_args()
    heads = ("program", "call, µs", "kernel, µs", *PEERS.values())
    print("| " + " | ".join(heads) + " |")
    print("| :-- " + "| --: " * (len(heads) - 1) + "|")
    for name in ARRAYS:
        if given.only in name:
            print("| " + " | ".join(row(name, given)) + " |", flush=True)


if __name__ == "__main__":
    main()
