"""Committed measurements: their form, and that they name neither a date nor a place."""

import json
import re

import pytest
from generator import readme, results

NAMES = sorted(path.stem for path in results.FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_can_be_repeated(name):
    record = results.load(name)
    assert record["output"]
    without_c = "CHAINRULE_PURE_PYTHON=1 " if name.endswith("-python") else ""
    assert record["command"].startswith(
        f"{without_c}python tests/benchmarks/bench_{name.removesuffix('-python')}.py"
    )
    assert results.script(name).exists()
    assert {"processor", "cores", "system", "python", "packages"} == set(record["machine"])


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_names_no_date_and_no_folder(name):
    text = (results.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert not re.search(r"\b20\d\d-\d\d|\d\d:\d\d:\d\d|/(?:home|root|tmp|work)/", text)


def test_the_accuracy_that_is_published_keeps_its_promises():
    record = results.load("accuracy")
    assert "--points 10000" in record["command"]
    lines = record["output"]
    others = next(i for i, line in enumerate(lines) if line.startswith("The other operations"))
    rows = {
        row[0]: [float(cell) for cell in row[1:4]]
        for row in map(results_row, lines[:others])
        if len(row) == 10 and row[1][0].isdigit()
    }
    assert len(rows) > 60
    for name, (value, first, second) in rows.items():
        assert value <= 2.0, name
        assert first <= (5.0 if name == "gelu" else 4.0), name
        assert second <= 16.0, name
    assert "| chainrule | 0 | 520 |  |" in record["output"]
    assert any(line.startswith("| HIPS autograd ") for line in record["output"])
    assert " all |" not in "\n".join(lines[others:])


def results_row(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_there_are_measurements():
    assert NAMES


def test_measuring_writes_what_the_page_shows(tmp_path, monkeypatch):
    script = tmp_path / "tests" / "benchmarks" / "bench_toy.py"
    script.parent.mkdir(parents=True)
    script.write_text(
        '"""A toy."""\nprint("Faster: 2x")\nprint("| a | b |")\nprint("|---|---|")\nprint("| 1 | 2 |")\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    assert json.loads(results.measure("toy").read_text(encoding="utf-8"))["output"][0] == "Faster: 2x"
    shown = results.everything()
    assert "Faster: 2x\n\n| a | b |\n|---|---|\n| 1 | 2 |" in shown
    assert shown.startswith("## A toy { #toy }")
    with pytest.raises(FileNotFoundError, match="there are toy"):
        results.measure("speed")


def test_what_is_no_table_is_shown_as_printed(tmp_path, monkeypatch):
    record = {"schema": 1, "command": "python x.py", "machine": results.machine(), "output": ["a  1", "b  2"]}
    (tmp_path / "x.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert "```text\na  1\nb  2\n```" in results.show("x")


def test_a_file_of_another_form_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "old.json").write_text('{"schema": 0}', encoding="utf-8")
    with pytest.raises(ValueError, match="run it again"):
        results.load("old")


def test_the_readme_has_the_figures_of_the_measurements():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.filled(text) == text, "run python notebooks/docs/measure.py --readme"


def test_figures_follow_the_measurements(tmp_path, monkeypatch):
    for path in results.FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    record = results.load("core")
    lines = [
        "steady  chainrule   0.5 s    86.4x" if line.startswith("steady  chainrule") else line
        for line in record["output"]
    ]
    (tmp_path / "core.json").write_text(json.dumps(record | {"output": lines}), encoding="utf-8")
    assert "built and differentiated | micrograd | 86.4 times faster; " in readme.measured()
    (tmp_path / "core.json").write_text(json.dumps(record | {"output": ["nothing"]}), encoding="utf-8")
    with pytest.raises(LookupError, match="core.json has no line like"):
        readme.measured()


def test_a_readme_without_marks_is_refused():
    with pytest.raises(ValueError, match="lost the comments"):
        readme.filled("# chainrule\n")
