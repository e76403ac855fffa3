"""GradBench's evals on our tool and its own: ``python tests/benchmarks/bench_gradbench.py``.

It needs a checkout of https://github.com/gradbench/gradbench, in a folder that the variable
``GRADBENCH`` names, with what its evals and tools import (pydantic, dataclasses-json, PyTorch, JAX), and
the C++ programs of its tool ``manual`` built in it (``make -C cpp && make -C tools/manual``). Each eval
runs as its own process, sends its messages to a tool's process, and judges what comes back. A time is
the least of a function's calls at the largest input, in seconds of a processor; a ratio is ours to the
other's, the tools taking turns. Each tool has one thread and works in double precision, and JAX ends a
call before its clock is read. Where an eval calls a result wrong, or a tool fails, the table says so. Our
determinant writes each minor once, where the others' compute it again each time it occurs. What is
committed was measured on a copy of the suite that lacks LSTM's text: its READMEs stood in the place.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SIZES = {
    "hello": (), "gmm": ("-d", "2", "10", "-k", "5", "10"), "ba": ("--max", "2"),
    "ht": ("--max", "1", "--model", "small"),
    "lstm": ("-l", "2", "-c", "64"), "kmeans": ("-k", "10", "100", "-n", "1000", "-d", "8"),
    "llsq": ("-n", "16", "1024", "-m", "128"), "lse": ("-n", "2500", "20000"),
    "ode": ("-n", "1000", "-s", "1", "10"),
    "det": ("-l", "5", "8"), "particle": (), "saddle": (),
}  # fmt: skip
"""For each eval, the sizes it is asked for: smaller than its own, so that a run takes minutes."""
PEERS = ("manual", "jax", "pytorch")
RUNS = {"hello": 0, "particle": 1, "saddle": 1}
"""Calls at least where it is not five, as JAX's first one compiles; 0 where the eval takes no such wish."""
LIMIT = "1800"
"""Seconds for an eval on a tool; a limit in processor time would make the clock of that time a coarse one."""
Played = tuple[dict[str, dict[str, float]], str]
"""The seconds of each function at its last input, to prepare and to evaluate, and what went wrong."""
ALIKE = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu",
}  # fmt: skip
"""What makes tools comparable: one thread, and double precision."""
CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec *now) {
    return syscall(SYS_clock_gettime, which == CLOCK_MONOTONIC ? CLOCK_PROCESS_CPUTIME_ID : which, now);
}
"""
"""A library that makes C++'s clock count processor time, as ``gradbench/processor.py`` makes Python's."""


def processor_clock(folder: Path) -> str:
    """Build the library."""
    source, built = folder / "clock.c", folder / "clock.so"
    source.write_text(CLOCK)
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", built, source], check=True)
    return str(built)


def command(tool: str, clock: str) -> tuple[list[str], dict[str, str]]:
    """Return what starts a tool, and its environment."""
    if tool == "manual":
        return [sys.executable, "python/gradbench/gradbench/cpp.py", tool], {"LD_PRELOAD": clock}
    script = HERE / "gradbench" / "run.py"
    if tool != "chainrule":
        script = Path(f"python/gradbench/gradbench/tools/{tool}/run.py")
    return [sys.executable, str(HERE / "gradbench" / "processor.py"), str(script)], {}


def answered(sent: dict[str, Any], tool: str, process: Any) -> dict[str, Any]:
    """Return a tool's answer to a message; its programs are built already, so ``manual`` need not do so."""
    if tool == "manual" and sent["kind"] == "define":
        return {"id": sent["id"], "success": Path("tools/manual/bin", sent["module"]).exists()}
    if "module" in sent and tool not in ("chainrule", "manual"):
        sent = {**sent, "module": f"gradbench.tools.{tool}.{sent['module']}"}
    print(json.dumps(sent), file=process.stdin, flush=True)
    line = process.stdout.readline()
    if not line:
        raise EOFError
    found: dict[str, Any] = json.loads(line)
    return found


def known(name: str, tool: str) -> str:
    """Return what the suite says of a tool on an eval: absent, that it ends in an error, or nothing."""
    listed = Path("tools", tool, "evals.txt")
    if not listed.exists():
        return ""
    marks = dict((line + " ").split(" ", 1) for line in listed.read_text().splitlines())
    return "error" if marks.get(name) == "error " else "" if name in marks else "absent"


def played(name: str, tool: str, seconds: float, clock: str) -> Played:
    """Run an eval on a tool."""
    if told := known(name, tool):
        return {}, told
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    runs = RUNS.get(name, 5)
    wishes = ["--min-runs", str(runs), "--min-seconds", str(seconds)] if runs else []
    options = [*SIZES[name], *wishes]
    judge = subprocess.Popen(
        ["timeout", LIMIT, sys.executable, "-m", f"gradbench.evals.{name}.run", *options],
        stderr=subprocess.DEVNULL, **pipes,
    )  # fmt: skip
    starting, wished = command(tool, clock)
    player = subprocess.Popen(
        ["timeout", LIMIT, *starting], stderr=subprocess.DEVNULL, env={**os.environ, **wished}, **pipes
    )
    found: dict[str, dict[str, float]] = {}
    wrong, asked, approved = "", 0, 0
    try:
        for line in judge.stdout or ():
            sent = json.loads(line)
            if sent["kind"] == "analysis":
                approved += sent["valid"]
                wrong = wrong or ("" if sent["valid"] else "wrong")
                back: dict[str, Any] = {"id": sent["id"]}
            else:
                asked += sent["kind"] == "evaluate"
                back = answered(sent, tool, player)
                if not back.get("success", True):
                    wrong = wrong or ("absent" if sent["kind"] == "define" else "failed")
                for kind in ("prepare", "evaluate"):
                    times = [t["nanoseconds"] for t in back.get("timings") or () if t["name"] == kind]
                    if times:
                        found.setdefault(sent["function"], {})[kind] = min(times) * 1e-9
            print(json.dumps(back), file=judge.stdin, flush=True)
        ended = judge.wait() == 0  # else its time was over, or it died
    except (EOFError, BrokenPipeError, KeyError):
        wrong, ended = wrong or "failed", False
    for process in (judge, player):
        process.kill()
        process.communicate()
    return found, wrong or ("" if ended and 0 < asked == approved else "unfinished")


def in_turns(name: str, tools: list[str], rounds: int, seconds: float, clock: str) -> list[Played]:
    """Run an eval on each tool in turn, so many times; return each one's least times and first fault."""
    found: list[Played] = [({}, "") for _ in tools]
    for _ in range(rounds):
        for i, tool in enumerate(tools):
            best, fault = found[i]
            times, wrong = played(name, tool, seconds, clock)
            for function, kinds in times.items():
                known = best.setdefault(function, kinds)
                best[function] = {kind: min(kinds[kind], known[kind]) for kind in kinds}
            found[i] = best, fault or wrong
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="evals, separated by commas")
    parser.add_argument("--seconds", type=float, default=0.3, help="of calls for each function")
    parser.add_argument("--rounds", type=int, default=2, help="how often each tool has its turn")
    parser.add_argument("--jobs", type=int, default=1, help="how many evals at a time")
    parser.add_argument("--peers", default=",".join(PEERS), help="other tools, separated by commas; or none")
    given = parser.parse_args()
    suite = os.environ.get("GRADBENCH")
    if not suite:
        sys.exit(
            "set GRADBENCH to a checkout of https://github.com/gradbench/gradbench, as the docstring says"
        )
    paths = [str(Path(suite, "python", "gradbench").resolve()), os.environ.get("PYTHONPATH", "")]
    os.environ.update(ALIKE, PYTHONPATH=os.pathsep.join(filter(None, paths)))
    os.chdir(suite)
    peers = [*filter(None, given.peers.split(","))]
    valid = dict.fromkeys(["chainrule", *peers], 0)
    heads = ("prepare s", "call ms", *(f"to {peer}" for peer in peers))
    print(f"{'eval':<10}{'function':<11}" + "".join(f"{head:>12}" for head in heads), flush=True)
    names = given.only.split(",") if given.only else [*SIZES]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        clock = processor_clock(Path(folder))
        play = partial(in_turns, tools=[*valid], rounds=given.rounds, seconds=given.seconds, clock=clock)
        for name, found in zip(names, pool.map(play, names), strict=True):
            for tool, (_, fault) in zip(valid, found, strict=True):
                valid[tool] += not fault
            (ours, wrong), *others = found
            for function, times in ours.items():
                row = f"{name:<10}{function:<11}{times['prepare']:>12.3f}{1e3 * times['evaluate']:>12.3f}"
                for theirs, fault in others:
                    there = theirs.get(function, {}).get("evaluate")
                    ratio = f"{times['evaluate'] / there:.2f}" if there and not fault else fault or "-"
                    row += f"{ratio:>12}"
                print(row + (f"   {wrong}" if wrong else ""), flush=True)
            if not ours:
                print(f"{name:<10}{wrong}", flush=True)
    print("evals valid: " + ", ".join(f"{tool} {count}" for tool, count in valid.items()), flush=True)


if __name__ == "__main__":
    main()
