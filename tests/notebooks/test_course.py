"""The notebooks: sources and executed files agree, everything runs, and the outputs are those that are
stored."""

from __future__ import annotations

import ast
import base64
import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

for _package in ("jupytext", "nbclient", "nbformat", "ipykernel", "matplotlib"):
    pytest.importorskip(_package, reason="the course needs chainrule[notebook] and nbclient")

_spec = importlib.util.spec_from_file_location("course_build", Path(__file__).with_name("build.py"))
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

SOURCES, LESSONS = build.sources(), build.lessons()
# What some notebooks use beside the course's own packages; and what one shows only where it is installed.
NEEDS = {"12_checking": ("hypothesis", "mpmath"), "15_pytorch": ("mpmath",)}
COMPARES_WITH = {"15_pytorch": "torch", "devices": "jax"}
each = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)


def stored(source):
    import nbformat

    return nbformat.read(str(source.with_suffix(".ipynb")), as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def plain(text):
    """Return a cell's source without magics, which are no Python."""
    return re.sub(r"^%.*$", "", text, flags=re.MULTILINE)


def test_fifteen_in_order():
    assert [int(source.stem[:2]) for source in LESSONS] == list(range(1, 16))
    assert [source.stem for source in SOURCES if source not in LESSONS] == ["compiler", "devices", "gallery"]
    for number, source in enumerate(LESSONS, 1):
        assert build.read(source).cells[0].source.startswith(f"# {number}. ")


@each
def test_the_source_survives_a_round_trip_through_a_notebook(source):
    import jupytext

    text = source.read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), fmt="py:percent") == text


@each
def test_the_executed_notebook_has_the_cells_of_its_source(source):
    expected, found = build.read(source), stored(source)
    assert [(c.cell_type, c["id"], c.source, c.metadata) for c in found.cells] == [
        (c.cell_type, c["id"], c.source, c.metadata) for c in expected.cells
    ]
    assert found.metadata == expected.metadata


@each_lesson
def test_asks_shows_and_ends_in_asserts(source):
    notebook = build.read(source)
    assert "**Question.**" in notebook.cells[0].source
    assert notebook.cells[-1].cell_type == "code"
    statements = ast.parse(plain(notebook.cells[-1].source)).body
    assert len(statements) >= 3
    assert all(isinstance(statement, ast.Assert) for statement in statements)
    pictures = [
        kind
        for cell in code(stored(source))
        for o in cell.outputs
        for kind in o.get("data", {})
        if kind.startswith("image/")
    ]
    assert pictures, "a notebook without a picture"


@each_lesson
def test_exercises_have_tested_solutions(source):
    text = "\n".join(cell.source for cell in build.read(source).cells if cell.cell_type == "markdown")
    assert "## Exercises" in text
    solutions = build.solutions(text)
    assert 1 <= len(solutions) == text.count("<details>") == text.count("</details>")
    for solution in solutions:
        assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(solution)))


def test_equations_are_numbered_once_and_those_referred_to_exist():
    tags = [
        tag
        for source in SOURCES
        for tag in re.findall(r"\\tag\{([^}]*)\}", source.read_text(encoding="utf-8"))
    ]
    assert len(tags) == len(set(tags)) > 60
    for source in LESSONS:
        number = int(source.stem[:2])
        text = source.read_text(encoding="utf-8")
        own = re.findall(r"\\tag\{(\d+\.\d+)\}", text)
        assert own == [f"{number}.{k + 1}" for k in range(len(own))]
        assert set(re.findall(r"(?<!\w)\(([1-9]\d?\.[1-9]\d?)\)", text)) <= set(tags)


@each
def test_nothing_of_the_machine_is_stored(source):
    text = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    outputs = [str(o) for cell in code(stored(source)) for o in cell.outputs]
    for pattern in (
        r"ipykernel_\d",
        r" at 0x[0-9a-f]{6,}",
        "site-packages",
        r"/[t]mp/",
        r"/[h]ome/",
        r"\bWarning\b",
        "Traceback",
    ):
        assert not [o for o in outputs if re.search(pattern, o)], pattern
    assert '"execution"' not in text
    for cell in code(stored(source)):
        assert not (cell.outputs and "timing" in cell.metadata.get("tags", []))


@pytest.mark.slow
@each
def test_runs_and_gives_the_stored_outputs(source, tmp_path):
    import nbformat

    for package in NEEDS.get(source.stem, ()):
        pytest.importorskip(package)
    script = str(Path(__file__).with_name("build.py"))
    # In a process of its own, since Jupyter's own machinery has warnings, which are errors here.
    done = subprocess.run(
        [sys.executable, script, "--to", str(tmp_path), source.stem],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    new = nbformat.read(str(tmp_path / f"{source.stem}.ipynb"), as_version=4)
    if importlib.util.find_spec(COMPARES_WITH.get(source.stem, "pytest")):
        assert build.differences(stored(source), new) == []


def test_the_comparison_sees_a_changed_number_and_forgives_a_rounding():
    assert build.alike("error 1.2e-16, 3 of 4", "error 1.3e-16, 3 of 4")
    assert not build.alike("3 of 4", "4 of 4")
    assert not build.alike("loss 0.125", "loss 0.127")
    assert not build.alike("true", "false")


def test_nothing_is_left_out_of_the_comparison():
    """The tags are known, and each output that is stored is one that a difference is found in."""
    tags = {
        tag for source in SOURCES for cell in code(stored(source)) for tag in cell.metadata.get("tags", [])
    }
    assert tags == {"timing", "report"}
    for source in SOURCES:
        for cell in code(stored(source)):
            for output in cell.outputs:
                assert output.output_type in ("stream", "display_data", "execute_result")
                assert set(output.get("data", {})) <= {
                    "text/plain",
                    "text/markdown",
                    "text/latex",
                    "text/html",
                    "image/png",
                    "image/svg+xml",
                }


def test_the_comparison_of_reports_forgives_rounding_only():
    row = (
        "df/dx0       0.7  -0.3821840060255348   -0.764368012051634   3.44241e+15  0.5       Richardson    "
        "wrong"
    )
    same = row.replace("051634", "051639").replace("3.44241e+15", "3.4e+15")
    fine = "df/dx1  2  0.3836161550459583  0.3836161550459584  1  1.4e-16  complex step  ok"
    assert (
        build.report(row)
        == build.report(same)
        == "df/dx0       0.7  -0.382184006  -0.764368012  0.5  Richardson  wrong".replace("      ", " ")
    )
    assert build.report(fine) == build.report(fine.replace("4584  1  1.4e-16", "4583  0  0"))
    for changed in (
        row.replace("-0.3821", "-0.3822"),
        row.replace("0.5 ", "0.3 "),
        row.replace("wrong", "ok"),
    ):
        assert not build.alike(build.report(row), build.report(changed))


def picture(curve, size=10):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6.4, 3.4))
    ax.plot(curve)
    ax.set(xlabel="step", ylabel="loss", ylim=(0, 1))
    ax.tick_params(labelsize=size)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    plt.close(figure)
    return base64.b64encode(file.getvalue()).decode()


def test_the_comparison_of_pictures_sees_another_curve_and_forgives_another_font_size():
    falling = [1 / (1 + k / 10) for k in range(100)]
    first = picture(falling)
    assert build._pixels_alike(first, picture(falling, 10.2))
    assert not build._pixels_alike(first, picture([y + 0.05 for y in falling]))
    assert not build._pixels_alike(first, picture(falling[:80]))


def test_a_solution_is_found_inside_its_block_only():
    solution = "<details><summary>Solution</summary>\n\n```python\nassert 1\n```\n\n</details>"
    text = f"```python\nno = 1\n```\n{solution}"
    assert build.solutions(text) == ["assert 1\n"]
