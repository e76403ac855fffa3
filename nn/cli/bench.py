"""``chainrule bench``: the speed and memory of the engine on this machine, beside micrograd's.

Each engine runs in a process of its own, in turn, several times over, with the garbage collector on as users
have it; the table shows medians and how many times micrograd's speed they are. Where the engine's C was
compiled, it runs a second time without.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import math
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from operator import methodcaller
from typing import Any

from autograd.errors import UsageError
from autograd.native import engine
from autograd.value import Value
from autograd.words import gettext, marked, padded

PURE = marked("in pure Python")
"""The engine without its C, as the table calls it."""
Plan = list[tuple[int, int, int]]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--nodes", type=int, default=100_000, help="operations in the random graph (default 100000)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="processes for each engine, in turn (default 5)"
    )
    parser.add_argument("--worker", choices=("autograd", "micrograd"), help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Measure and print the table, or act as one of the measuring processes."""
    if args.worker:
        work = memory if args.memory else measure
        print(json.dumps(_with_deep_stack(lambda: work(args.worker, args.nodes))))
        return 0
    for name in ("nodes", "rounds"):
        if getattr(args, name) < 1:
            raise UsageError(
                gettext("--{name} must be at least 1, got {given}", name=name, given=getattr(args, name))
            )
    ours = ["chainrule", PURE] if engine is not None else [PURE]
    engines = ours + ["micrograd"] * (importlib.util.find_spec("micrograd") is not None)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
    for _ in range(args.rounds):
        for name in engines:
            worker = "micrograd" if name == "micrograd" else "autograd"
            command = [
                sys.executable,
                "-m",
                "autograd",
                "bench",
                "--worker",
                worker,
                "--nodes",
                str(args.nodes),
            ]
            environment = os.environ | {"CHAINRULE_PURE_PYTHON": "1" if name == PURE else ""}
            found: dict[str, float] = {}
            for more in ([], ["--memory"]):  # each in a process that has not made a graph before
                output = subprocess.run(
                    [*command, *more], check=True, capture_output=True, text=True, env=environment
                ).stdout
                found |= json.loads(output)
            results[name].append(found)
    print(gettext(
        "random graph of {nodes} additions, products and tanh; medians of {rounds} processes",
        nodes=f"{args.nodes:,}", rounds=args.rounds,
    ))
    for quantity, unit in (
        (marked("first"), marked("s")), (marked("steady"), marked("s")),
        (marked("bytes"), marked("bytes a node")),
    ):  # fmt: skip
        row = {name: statistics.median(r[quantity] for r in runs) for name, runs in results.items()}
        for name, x in row.items():
            ratio = f"   {row['micrograd'] / x:6.1f}x" if "micrograd" in row and name != "micrograd" else ""
            called = f"{padded(gettext(quantity), 7)} {padded(gettext(name), 15)}"
            print(f"{called} {x:10.4g} {gettext(unit)}{ratio}")
    if "micrograd" not in engines:
        print(gettext("micrograd is not installed here; pip install micrograd puts it beside"))
    return 0


def plan(nodes: int, seed: int) -> Plan:
    """Choose for each node an operation and two earlier nodes, among the latest fifty."""
    rng = random.Random(seed)
    window = [min(10 + i, 50) for i in range(nodes)]
    return [
        (rng.randrange(3), 10 + i - 1 - rng.randrange(w), 10 + i - 1 - rng.randrange(w))
        for i, w in enumerate(window)
    ]


def build(value: Any, chosen: Plan) -> Any:
    """Build the graph, and sum its last fifty nodes."""
    return nodes_of(leaves_of(value), chosen)[-1]


def leaves_of(value: Any) -> list[Any]:
    """Make the leaves of the graph."""
    return [value(0.1 * i - 0.5) for i in range(10)]


def nodes_of(leaves: list[Any], chosen: Plan, tanh: Callable[[Any], Any] = methodcaller("tanh")) -> list[Any]:
    """Build the graph; return all its nodes, the sum of the last fifty at the end."""
    nodes = list(leaves)
    push = nodes.append
    for kind, i, j in chosen:
        if kind == 0:
            push(nodes[i] + nodes[j])
        elif kind == 1:
            push(nodes[i] * nodes[j])
        else:
            push(tanh(nodes[i]))
    root = nodes[-1]
    for node in nodes[-50:-1]:
        root = root + node
        push(root)
    return nodes


def engine_class(name: str) -> Any:
    """Return the engine's Value; micrograd's gets a tanh, written as its own relu is."""
    if name == "autograd":
        return Value
    Micro = import_module("micrograd.engine").Value

    def tanh(self: Any) -> Any:
        t = math.tanh(self.data)
        out = Micro(t, (self,), "tanh")

        def _backward() -> None:
            self.grad += (1 - t * t) * out.grad

        out._backward = _backward
        return out

    micro: Any = Micro
    micro.tanh = tanh
    return micro


def measure(name: str, nodes: int, repeats: int = 5) -> dict[str, float]:
    """Time build and backward, first and in a steady loop, in seconds."""
    value = engine_class(name)
    chosen = plan(nodes, 0)
    times = []
    root: Any = None  # the graph of the round before lives on while the next is built, as in a training loop
    for _ in range(repeats):
        start = time.perf_counter()
        root = build(value, chosen)
        root.backward()
        times.append(time.perf_counter() - start)
    return {"first": times[0], "steady": statistics.median(times[1:])}


def memory(name: str, nodes: int) -> dict[str, float]:
    """Count bytes a node after backward, with all nodes alive, and without the list that holds them."""
    value = engine_class(name)
    chosen = plan(nodes, 0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = nodes_of(leaves_of(value), chosen)
    kept[-1].backward()
    gc.collect()  # micrograd's backward leaves cycles
    used = tracemalloc.get_traced_memory()[0] - before - sys.getsizeof(kept)
    tracemalloc.stop()
    return {"bytes": used / len(kept)}


def _with_deep_stack(work: Callable[[], Any]) -> Any:
    """Run in a thread whose stack is deep enough for micrograd's recursive sort."""
    results: list[Any] = []
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    threading.stack_size(0)
    return results[0]
