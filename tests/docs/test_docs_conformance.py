"""The page of what was found in other libraries is made of files of real runs, and holds nothing else."""

import json

import pytest

pytest.importorskip("mkdocs")

from generator import conformance

from autograd.testing.conformance import BUILT_IN


def test_each_run_has_a_section_with_its_version_and_its_faults():
    runs = conformance.runs()
    assert len(runs) >= 3
    page = conformance.found()
    for run in runs:
        assert run["library"] in BUILT_IN
        assert f"## {run['library']} {run['version']}\n" in page
        assert run["command"].startswith(f"chainrule conform {run['library']}")
        assert run["derivatives"] > 1000
        assert not run["problems"]
        assert {fault["symptom"] for fault in run["faults"]} <= conformance.SYMPTOMS.keys()
    first = [f for run in runs for f in run["faults"] if f["order"] == 1 and f["dtype"] == "float64"]
    assert sum(line.startswith("| `") for line in page.splitlines()) == len(first)


def test_a_run_is_kept_without_its_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(conformance, "FOLDER", tmp_path / "kept")
    fault = {
        "derivative": "tanh'", "order": 1, "dtype": "float64", "symptom": "zero", "region": "x from 1 to 2",
        "ways": "reverse", "at": ["20.0"], "expected": "1.7e-17", "got": "0.0", "script": "import mine",
    }  # fmt: skip
    run = {
        "library": "mine", "version": "1", "derivatives": 2000, "functions": 1, "faults": [fault],
        "policies": [], "flushed": [], "problems": [],
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(run), encoding="utf-8")
    kept = conformance.keep(tmp_path / "run.json", "chainrule conform mine")
    assert "import mine" not in kept.read_text(encoding="utf-8")
    page = conformance.found()
    assert "## mine 1\n" in page
    assert "judged 2,000 derivatives of 1 functions and found 1 kinds of faults (1 of order 1)" in page
    assert "| `tanh'` | zero, or digits lost until zero | x from 1 to 2 | 20.0 | 1.7e-17 | 0 |" in page
