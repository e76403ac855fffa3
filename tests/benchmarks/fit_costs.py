"""Fit what backends take, by which ``auto`` chooses: ``python tests/benchmarks/fit_costs.py``.

Measures each program of the benchmarks on each backend into ``costs.json`` beside this file, fits, and writes
``autograd/compiler/backends/costs.py``; with ``--refit`` from the figures that are there. Prints for each
program what the choice takes beside the best.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import numpy as np
from rolled_systems import SYSTEMS
from scalar_programs import PROGRAMS, STEPS

from autograd.compiler import compile
from autograd.compiler.backends import BACKENDS, Work, load
from autograd.compiler.choose import work_of
from autograd.compiler.engine import Engine

MEASURED = Path(__file__).with_name("costs.json")
WRITTEN = Path(__file__).parents[2] / "autograd" / "compiler" / "backends" / "costs.py"
LONG = 50_000
"""Programs of more lines are not tried in Python."""
KINDS = {
    "numpy": (("once", "calls", "terms", "rows", "slow_rows", "gathered"), ()),
    "python": (("once", "terms", "lane_terms", "rows", "lane_rows"), ("lines",)),
    "c": (("once", "statements", "terms", "lane_terms", "rows", "lane_rows", "gathered"),
          ("once", "written", "lines")),
}  # fmt: skip
"""What the time of a call rests on, and that of building."""


def programs() -> Iterator[tuple[str, dict[str, Any], tuple[Any, ...]]]:
    """Yield names, what to compile, and data."""
    for name, make in {**PROGRAMS, **STEPS}.items():
        yield name, *make()
    for name, system in SYSTEMS.items():
        s = system()
        options = {"f": s.loss, "params": s.params, "batch": s.batch, "reduction": s.reduction}
        yield name, {**options, "penalty": s.penalty}, s.data


def fastest(run: Any, budget: float) -> float:
    """Return the microseconds of the fastest of many runs."""
    run()
    found, end = [], time.perf_counter() + budget
    while time.perf_counter() < end or len(found) < 3:
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return 1e6 * min(found)


def worked() -> float:
    """Return the seconds of work that this process and its compilers have done: others' do not count."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measured(budget: float) -> dict[str, Any]:
    """Return, for each program, what there is to do in it and what each backend takes."""
    found: dict[str, Any] = {}
    for name, options, args in programs():
        structure, engine = compile(**options, backend="numpy")._prepare(args)
        entry: dict[str, Any] = {"work": work_of(structure.program, engine.lanes)._asdict()}
        for backend in BACKENDS:
            if entry["work"]["lines"] > LONG and backend == "python":
                continue
            before = worked()
            Engine(structure.program, structure.source, backend, engine.lanes)
            seconds = worked() - before
            step = compile(**options, backend=backend)
            step(*args)
            entry[backend] = {"us": fastest(step._latest[1].run, budget), "seconds": seconds}
        found[name] = entry
        print(name, {b: f"{entry[b]['us']:.1f} us" for b in BACKENDS if b in entry}, flush=True)
    return found


def fitted(rows: list[list[float]], wanted: list[float]) -> list[float]:
    """Return the weights, none negative, with the least sum of estimate / measured + measured / estimate.

    So twice as much is as bad as half of it.
    """
    a = np.array(rows) / np.array(wanted)[:, None]
    scale = np.abs(a).max(axis=0)
    scale[scale == 0.0] = 1.0
    a, x = a / scale, np.full(a.shape[1], 1.0)
    for _ in range(20_000):  # multiplicative updates keep the weights positive
        x *= np.sqrt(a.T @ (a @ x) ** -2.0 / np.maximum(a.sum(axis=0), 1e-300))
    return (x / scale).tolist()


def costs_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the weights for each backend."""
    costs = {}
    for backend, kinds in KINDS.items():
        there = [entry for entry in found.values() if backend in entry]
        tables = []
        for kind, unit in zip(kinds, ("us", "seconds"), strict=True):
            rows = [[{"once": 1.0, **entry["work"]}[of] for of in kind] for entry in there]
            weights = fitted(rows, [entry[backend][unit] for entry in there]) if kind else []
            tables.append({of: float(f"{w:.3g}") for of, w in zip(kind, weights, strict=True) if w > 1e-12})
        costs[backend] = tuple(tables)
    return costs


def write(costs: dict[str, Any]) -> None:
    """Write them where the package reads them."""
    text = WRITTEN.read_text()
    head = text[: text.index("= {\n")]
    lines = [
        f'    "{backend}": ({json.dumps(call)},\n          {json.dumps(building)}),'
        for backend, (call, building) in costs.items()
    ]
    WRITTEN.write_text(head + "= {\n" + "\n".join(lines) + "\n}  # fmt: skip\n")


def main() -> None:
    """Measure, fit, write, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refit", action="store_true", help="from the figures that are there")
    parser.add_argument("--budget", type=float, default=0.3, help="seconds for each program and backend")
    given = parser.parse_args()
    if given.refit:
        found = json.loads(MEASURED.read_text())
    else:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["CHAINRULE_CACHE"] = folder  # so that compilers are timed too
            found = measured(given.budget)
        MEASURED.write_text(json.dumps(found, indent=1) + "\n")
    costs = costs_of(found)
    write(costs)
    from autograd.compiler.backends import costs as module

    module.COSTS.update(costs)
    for name, entry in found.items():
        took = {b: entry[b]["us"] for b in BACKENDS if b in entry}
        thought = {b: load(b).cost(Work(**entry["work"])).microseconds for b in took}
        best = min(took.values())
        start = min((b for b in took if b != "c"), key=thought.__getitem__)
        chosen = min(took, key=thought.__getitem__)
        shown = "  ".join(f"{b} {thought[b]:.1f} of {took[b]:.1f}" for b in took)
        begins, ends = took[start] / best, took[chosen] / best
        print(f"{name:<32} begins {begins:6.2f}, ends {ends:5.2f} of the best  {shown}")


if __name__ == "__main__":
    main()
