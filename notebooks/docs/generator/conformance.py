"""What ``chainrule conform`` found in other libraries: a page made of the files of real runs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "results" / "conformance"
SYMPTOMS = {
    "nan": "NaN", "infinite": "infinite", "zero": "zero, or digits lost until zero", "finite": "finite",
    "sign": "wrong sign", "digits": "digits lost", "crash": "crash", "hang": "hang",
}  # fmt: skip
SHOWN = ("derivative", "order", "dtype", "symptom", "region", "at", "expected", "got")


def keep(source: Path, command: str) -> Path:
    """Keep a run's JSON under its library's name: what the page shows of it, and how it was made."""
    run = json.loads(source.read_text(encoding="utf-8"))
    for kind in ("faults", "policies", "flushed"):
        run[kind] = [{name: row[name] for name in SHOWN} for row in run[kind]]
    run["command"] = command
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / f"{run['library']}.json"
    lines = [f" {json.dumps(name)}: {_rows(value)}" for name, value in run.items()]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return target


def _rows(value: Any) -> str:
    """Write a list of rows with one row a line."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in value) + "\n ]"
    return json.dumps(value)


def runs() -> list[dict[str, Any]]:
    """Return the runs that are kept, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def found() -> str:
    """Return a section for each library."""
    return "\n".join(line for run in runs() for line in _section(run))


def _section(run: dict[str, Any]) -> list[str]:
    faults = run["faults"]
    orders = Counter(fault["order"] for fault in faults)
    counts = ", ".join(f"{orders[k]} of order {k}" for k in sorted(orders))
    first = [fault for fault in faults if fault["order"] == 1 and fault["dtype"] == "float64"]
    said = (
        f"`{run['command']}` judged {run['derivatives']:,} derivatives of {run['functions']} functions and "
        f"found {len(faults)} kinds of faults{f' ({counts})' if counts else ''}; {len(run['policies'])} "
        f"derivatives follow a choice of the library's own at kinks or outside of the domain, "
        f"{len(run['flushed'])} take subnormal numbers for zero."
    )
    lines = [f"## {run['library']} {run['version']}", "", said, ""]
    if first:
        lines += [
            "First derivatives in double precision:", "",
            "| derivative | symptom | where | worst at | exact | got |", "|---|---|---|---|---|---|",
        ]  # fmt: skip
        lines += map(_row, first)
        lines.append("")
    return lines


def _row(fault: dict[str, Any]) -> str:
    cells = [
        f"`{fault['derivative']}`", SYMPTOMS[fault["symptom"]], fault["region"], ", ".join(fault["at"]),
        _short(fault["expected"]), _short(fault["got"]),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _short(number: str) -> str:
    return f"{float(number):.9g}"
