"""GradBench's tool: ``python tests/benchmarks/gradbench/run.py [--backend c]``.

It reads messages from standard input and answers each, a line of JSON for each line, by the protocol that
https://github.com/gradbench/gradbench describes. Times are named ``prepare``, what records and compiles, the
first call included, and ``evaluate``, each call after that.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]

from programs import EVALS, PLAIN


def evaluate(message: dict[str, Any], backend: str) -> dict[str, Any]:
    """Return the result of a function of an eval, and how long it took."""
    given = message["input"]
    prepare, shown = EVALS[message["module"]][message["function"]]
    runs, seconds = (
        (given.get(key, 0) for key in ("min_runs", "min_seconds")) if type(given) is dict else (0, 0)
    )
    start = time.perf_counter_ns()
    call = prepare(given, backend)
    found = None if message["module"] in PLAIN else call()
    timings: list[dict[str, Any]] = [{"name": "prepare", "nanoseconds": time.perf_counter_ns() - start}]
    spent = 0
    while len(timings) < 1 + max(runs, 1) or spent < seconds * 1e9:
        start = time.perf_counter_ns()
        found = call()
        timings.append({"name": "evaluate", "nanoseconds": time.perf_counter_ns() - start})
        spent += timings[-1]["nanoseconds"]
    return {"success": True, "output": shown(found), "timings": timings}


def answer(message: dict[str, Any], backend: str) -> dict[str, Any]:
    """Return what is answered to a message, beside its number."""
    if message["kind"] == "start":
        return {"tool": "chainrule"}
    if message["kind"] == "define":
        known = message["module"] in EVALS
        return {"success": known, **({} if known else {"error": f"there is no eval {message['module']!r}"})}
    if message["kind"] == "evaluate":
        try:
            return evaluate(message, backend)
        except Exception:  # whatever it is, the protocol wants it told and the tool to go on
            return {"success": False, "error": traceback.format_exc()}
    return {}


def main() -> None:
    """Answer until there are no more messages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="c")
    given = parser.parse_args()
    for line in sys.stdin:
        message = json.loads(line)
        print(json.dumps({"id": message["id"], **answer(message, given.backend)}), flush=True)


if __name__ == "__main__":
    main()
