"""Measurements in files that are committed: what was run, on what machine, and what it printed."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "notebooks" / "docs" / "results"
PEERS = ("numpy", "mpmath", "micrograd", "xad", "torch", "jax", "casadi")
SCHEMA = 1
PURE = "-python"
OWN_PAGES = ("trust",)
"""Measurements that have a page of their own."""


def machine(packages: Sequence[str] = PEERS) -> dict[str, Any]:
    """Describe this machine as far as a measurement depends on it; no names, no dates."""
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": versions,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def script(name: str) -> Path:
    """Return the benchmark of that name; one that ends in ``-python`` runs without the engine's C."""
    return ROOT / "tests" / "benchmarks" / f"bench_{name.removesuffix(PURE)}.py"


def measure(name: str, arguments: Sequence[str] = ()) -> Path:
    """Run a benchmark, and keep what it printed with a description of the machine.

    Parameters
    ----------
    name
        ``nn`` for ``tests/benchmarks/bench_nn.py``; ``nn-python`` for the same in pure Python.
    arguments
        Passed on to it.

    Returns
    -------
    Path
        The file written, ``results/NAME.json``.
    """
    path = script(name)
    if not path.exists():
        known = ", ".join(sorted(p.stem.removeprefix("bench_") for p in path.parent.glob("bench_*.py")))
        raise FileNotFoundError(f"there is no benchmark {name!r}; there are {known}")
    settings = {"CHAINRULE_PURE_PYTHON": "1"} if name.endswith(PURE) else {}
    environment = (
        os.environ | settings | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    )
    done = subprocess.run(
        [sys.executable, str(path), *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    record = {
        "schema": SCHEMA,
        "command": " ".join(
            [
                *(f"{variable}={value}" for variable, value in settings.items()),
                "python",
                path.relative_to(ROOT).as_posix(),
                *arguments,
            ]
        ),
        "machine": machine(),
        "output": done.stdout.rstrip().splitlines(),
    }
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{name}.json"
    target.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def load(name: str) -> dict[str, Any]:
    """Return a committed measurement; raise ValueError where it has not the form that `measure` writes."""
    path = FOLDER / f"{name}.json"
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if record.get("schema") != SCHEMA or set(record) != {"schema", "command", "machine", "output"}:
        raise ValueError(f"{path.name} has not the form that notebooks/docs/measure.py writes; run it again")
    return record


def show(name: str) -> str:
    """Return a measurement as Markdown: the command, what it printed, the machine.

    A benchmark that prints a table with bars speaks Markdown, as it stands; anything else is shown as
    printed.
    """
    record = load(name)
    output = "\n".join(record["output"])
    speaks_markdown = any(line.startswith("|") for line in record["output"])
    # A line right above a table would be taken for its first row.
    printed = (
        re.sub(r"^([^|\n].*)\n(?=\|)", r"\1\n\n", output, flags=re.MULTILINE)
        if speaks_markdown
        else f"```text\n{output}\n```"
    )
    out = [f"`{record['command']}` printed:", "", printed]
    about = record["machine"]
    packages = ", ".join(f"{package} {version}" for package, version in about["packages"].items())
    machine = (
        f"{about['processor']}, {about['cores']} cores, {about['system']}, {about['python']}, {packages}"
    )
    out += ["", f"Measured on: {machine}.", "{ .machine }"]
    return "\n".join(out)


def everything() -> str:
    """Return each committed measurement under the first line of what its benchmark says of itself."""
    import ast

    out = []
    for path in sorted(path for path in FOLDER.glob("*.json") if path.stem not in OWN_PAGES):
        document = ast.get_docstring(ast.parse(script(path.stem).read_text(encoding="utf-8"))) or ""
        title, _, rest = document.partition("\n\n")
        heading = title.partition(":")[0].strip().rstrip(".") + ", in pure Python" * path.stem.endswith(PURE)
        out += [
            f"## {heading} {{ #{path.stem} }}",
            "",
            rest.replace("``", "`").strip("\n"),
            "",
            show(path.stem),
            "",
        ]
    return "\n".join(out)
