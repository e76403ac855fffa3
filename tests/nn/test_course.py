"""Exercises that are checked at once, and worksheets and slides made from the lessons."""

import math
import re
from pathlib import Path

import pytest

from autograd import words
from nn.cli import main
from nn.course import check_exercise
from nn.course.exercises import EXERCISES, Choice, Function, Number

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
each = pytest.mark.parametrize("number", EXERCISES)


@each
def test_what_is_no_answer_is_told_and_not_right(number):
    assert str(check_exercise(number, ...)) == f"{number}: put your answer in place of the three dots"
    for nonsense in (None, "no", [], math.nan, {}, 1e300, True):
        verdict = check_exercise(number, nonsense)
        assert not verdict
        assert verdict.said


@each
def test_an_answer_that_is_a_little_off_is_not_right(number):
    asked = EXERCISES[number]
    if isinstance(asked, Number):
        right = asked.find()
        assert check_exercise(number, right)
        assert check_exercise(number, right * (1 + asked.tolerance / 2))
        assert not check_exercise(number, right * (1 + 3 * asked.tolerance) + 2e-6)
        assert not check_exercise(number, -right - 3.0)
    elif isinstance(asked, Function):
        assert check_exercise(number, asked.find)
        assert not check_exercise(number, lambda *point: 0.5)
        assert "gives 0.5" in check_exercise(number, lambda *point: 0.5).said
        assert "raises ZeroDivisionError" in check_exercise(number, lambda *point: 1 / 0).said
    else:
        letters = [letter for letter in "abcdefgh" if check_exercise(number, letter)]
        assert len(letters) == 1
        assert check_exercise(number, f" {letters[0].upper()} ")


@each
def test_a_usual_mistake_is_not_the_answer_and_is_told_apart(number):
    asked = EXERCISES[number]
    for wrong, why in getattr(asked, "mistakes", ()):
        verdict = check_exercise(number, wrong())
        assert not verdict
        assert verdict.said == f"not yet: {why}"
        with words.language("zh"):
            assert re.search("[\u4e00-\u9fff]", check_exercise(number, wrong()).said)


def test_no_letter_stands_in_plain_sight():
    assert all(len(asked.digest) == 16 for asked in EXERCISES.values() if isinstance(asked, Choice))


def test_an_exercise_that_there_is_not_is_an_error():
    with pytest.raises(KeyError, match=r"no exercise '1\.9'; they go from 1\.1 to 19\.3"):
        check_exercise("1.9", 0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_worksheets_and_slides_have_every_exercise_and_formula_and_load_nothing(lang, tmp_path, capsys):
    pytest.importorskip("markdown")
    pytest.importorskip("latex2mathml")
    assert main(["--lang", lang, "course", "5", "--out", str(tmp_path)]) == 0
    sheet, slides = (Path(line).read_text(encoding="utf-8") for line in capsys.readouterr().out.splitlines())
    for page in (sheet, slides):
        assert "<math" in page
        assert "$" not in re.sub(
            r"<script.*?</script>|<pre.*?</pre>|<svg.*?</svg>", "", page, flags=re.DOTALL
        )
        assert not re.search(r'(?:src|href)="(?!data:)', page)
        assert not re.search("[\x02\x03\ue000\ue001]", page)
    assert [f"<strong>5.{k}</strong>" in sheet for k in (1, 2, 3)] == [True] * 3
    assert sheet.count('<div class="room') == 4
    assert sheet.index("5.3</strong>") < sheet.index('class="hints"')
    assert "<details" not in sheet + slides
    assert "check_exercise(" not in slides
    assert slides.count("<section>") > 15
    assert slides.count("<svg") >= 2
    assert [f"({n})" in slides for n in ("5.1", "5.4", "5.10")] == [True] * 3


def test_a_lesson_that_there_is_not_and_a_folder_without_lessons_are_told(tmp_path, capsys):
    assert main(["course", "99", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "chainrule course: there is no lesson 99; they go from 1 to 19\n"
    assert main(["course", "--from", str(tmp_path)]) == 2
    assert "--from takes the sources' folder notebooks" in capsys.readouterr().err


def test_without_the_libraries_a_sentence_names_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "markdown", None)
    assert main(["course", "1", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("Install it with: pip install 'chainrule[docs]'\n")
