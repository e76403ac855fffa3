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
from profiles import NIGHTLY

# Looked for and not imported, which would take each worker seconds while it collects.
if not all(map(importlib.util.find_spec, ("jupytext", "nbclient", "nbformat", "ipykernel", "matplotlib"))):
    pytest.skip("the course needs chainrule[notebook] and nbclient", allow_module_level=True)

_spec = importlib.util.spec_from_file_location("course_build", Path(__file__).with_name("build.py"))
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

# By day the English lessons are executed; the Chinese ones have the same code, which another test compares.
SOURCES, LESSONS = build.sources(), build.lessons()
# What some notebooks use beside the course's own packages; and what one shows only where it is installed.
NEEDS = {"15_checking": ("hypothesis", "mpmath"), "19_pytorch": ("mpmath",)}
COMPARES_WITH = {"19_pytorch": "torch", "devices": "jax"}
WORDS, LINES = 700, 60  # of a lesson, as it is shown: 10 to 20 minutes
each = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)


def stored(source, lang="en"):
    import nbformat

    return nbformat.read(str(build.executed(source, lang)), as_version=4)


def languages(source):
    return ("en", "zh") if build.chinese(source).exists() else ("en",)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def plain(text):
    """Return a cell's source without magics, which are no Python."""
    return re.sub(r"^%.*$", "", text, flags=re.MULTILINE)


def test_nineteen_in_order_in_two_languages():
    assert [int(source.stem[:2]) for source in LESSONS] == list(range(1, 20))
    pages = ["compiler", "devices", "gallery", "listings", "teacher"]
    assert [source.stem for source in SOURCES if source not in LESSONS] == pages
    for number, source in enumerate(LESSONS, 1):
        for lang in ("en", "zh"):
            assert build.read(source, lang).cells[0].source.startswith(f"# {number}. ")


@each_lesson
def test_a_lesson_takes_ten_to_twenty_minutes(source):
    notebook = build.read(source)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = re.sub(r"<details>.*?</details>|\$\$.*?\$\$", "", prose, flags=re.DOTALL)
    words = len(re.findall(r"[\w'’-]+", re.sub(r"\$.*?\$", "x", prose, flags=re.DOTALL)))
    hidden = {"folded", "exercise"}
    shown = [cell.source for cell in code(notebook) if not hidden & set(cell.metadata.get("tags", []))]
    stripped = [line.strip() for text in shown for line in text.splitlines()]
    lines = sum(bool(line) and not line.startswith("#") for line in stripped)
    assert words <= WORDS
    assert lines <= LINES


@each_lesson
def test_names_of_ours_and_of_later_lessons_do_not_occur(source):
    text = source.read_text(encoding="utf-8")
    number = int(source.stem[:2])
    assert not re.findall(r"\bR[1-6]\b(?!\w)", text)
    assert number >= 6 or not re.findall(r"\bBP[1-4]\b", text)
    for chapter in re.findall(r"(?<!\w)\((\d+)\.\d+\)", text):
        assert int(chapter) <= number
    assert "plt." not in text


@each_lesson
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_lesson_predicts_asks_three_exercises_with_hints_and_sums_up(source, lang):
    cells = build.read(source, lang).cells
    number = int(source.stem[:2])
    predict, summary, hint = {
        "en": ("**Predict.**", "## Summary", "Hint"), "zh": ("**先猜。**", "## 小结", "提示")
    }[lang]  # fmt: skip
    places = [i for i, cell in enumerate(cells) if predict in cell.source]
    assert len(places) == 1
    assert any(cell.cell_type == "code" for cell in cells[places[0] + 1 : places[0] + 3])
    asked = [i for i, cell in enumerate(cells) if "exercise" in cell.metadata.get("tags", [])]
    assert len(asked) == 3
    for k, i in enumerate(asked, 1):
        assert f"**{number}.{k}**" in cells[i - 1].source
        assert f"<summary>{hint} 1</summary>" in cells[i - 1].source
        assert cells[i].source == f'answer = ...\ncheck_exercise("{number}.{k}", answer)'
    assert cells[-2].source.startswith(summary)
    assert cells[-2].source.count("\n- ") >= 3


@each_lesson
def test_the_chinese_lesson_has_the_cells_code_formulas_and_numbers_of_the_english(source):
    english, chinese = build.read(source), build.read(source, "zh")
    assert [c.cell_type for c in english.cells] == [c.cell_type for c in chinese.cells]
    for a, b in zip(english.cells, chinese.cells, strict=True):
        if a.cell_type == "code":
            assert a.source == b.source
            continue
        formulas = [sorted(re.findall(r"\$\$.*?\$\$", c.source, re.DOTALL)) for c in (a, b)]
        assert formulas[0] == formulas[1]
        titles = [len(re.findall(r"^#+ ", c.source, re.MULTILINE)) for c in (a, b)]
        assert titles[0] == titles[1]
        assert a.source.count("<details>") == b.source.count("<details>")
        cited = [sorted(set(re.findall(r"\((\d+\.\d+)\)", c.source))) for c in (a, b)]
        assert cited[0] == cited[1]
        assert re.search("[\u4e00-\u9fff]", b.source)


def test_the_teachers_page_answers_every_exercise():
    from nn.course.exercises import EXERCISES

    text = (build.COURSE / "teacher.py").read_text(encoding="utf-8")
    answered = re.findall(r'^    "(\d+\.\d)": ', text, re.MULTILINE)
    assert answered == list(EXERCISES) == [f"{lesson}.{k}" for lesson in range(1, 20) for k in (1, 2, 3)]


@each
def test_the_source_survives_a_round_trip_through_a_notebook(source):
    import jupytext

    text = source.read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), fmt="py:percent") == text


@each
def test_the_executed_notebook_has_the_cells_of_its_source(source):
    for lang in languages(source):
        expected, found = build.read(source, lang), stored(source, lang)
        assert [(c.cell_type, c["id"], c.source, c.metadata) for c in found.cells] == [
            (c.cell_type, c["id"], c.source, c.metadata) for c in expected.cells
        ]
        assert found.metadata == expected.metadata
        assert build.executed(source, lang).stat().st_size < 200_000


@each_lesson
def test_asks_shows_and_ends_in_asserts(source):
    notebook = build.read(source)
    assert "**Question.**" in notebook.cells[0].source
    assert notebook.cells[-1].cell_type == "code"
    statements = ast.parse(plain(notebook.cells[-1].source)).body
    assert len(statements) >= 3
    assert all(isinstance(statement, ast.Assert) for statement in statements[-3:])
    pictures = [
        kind
        for cell in code(stored(source))
        for o in cell.outputs
        for kind, content in o.get("data", {}).items()
        if kind.startswith("image/") or (kind == "text/html" and build.picture_in(content))
    ]
    assert pictures, "a notebook without a picture"


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
    text = "".join(build.executed(source, lang).read_text(encoding="utf-8") for lang in languages(source))
    cells = [cell for lang in languages(source) for cell in code(stored(source, lang))]
    outputs = [str(o) for cell in cells for o in cell.outputs]
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "lang"),
    [(source, lang) for source in SOURCES for lang in languages(source) if lang == "en" or NIGHTLY],
    ids=lambda part: getattr(part, "stem", part),
)  # fmt: skip
def test_runs_and_gives_the_stored_outputs(source, lang, tmp_path):
    import nbformat

    for package in NEEDS.get(source.stem, ()):
        pytest.importorskip(package)
    script = str(Path(__file__).with_name("build.py"))
    # In a process of its own, since Jupyter's own machinery has warnings, which are errors here.
    done = subprocess.run(
        [sys.executable, script, "--to", str(tmp_path), "--lang", lang, source.stem],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    new = nbformat.read(str(tmp_path / f"{source.stem}.ipynb"), as_version=4)
    if importlib.util.find_spec(COMPARES_WITH.get(source.stem, "pytest")):
        assert build.differences(stored(source, lang), new) == []


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
    assert tags == {"report", "folded", "exercise", "picture"}
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
