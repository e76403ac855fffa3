"""Notebooks as pages: every kind of cell and output, without touching what is ready-made."""

import base64
import json

import pytest
from generator import course

from autograd.render.picture.shown import output


def write(tmp_path, *cells):
    path = tmp_path / "01_toy.ipynb"
    path.write_text(json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return course.page(path)


def markdown(text):
    return {"cell_type": "markdown", "source": text.splitlines(keepends=True)}


def code(text, *outputs):
    return {"cell_type": "code", "metadata": {}, "source": text, "outputs": list(outputs)}


def shown(**data):
    return {
        "output_type": "display_data",
        "data": {kind.replace("_", "/"): content for kind, content in data.items()},
    }


def test_text_code_and_what_it_printed(tmp_path):
    page = write(
        tmp_path,
        markdown("# 1. Toy\n\n**Question.** Why\nnot?\n\nText."),
        code(
            "%matplotlib inline\nprint(1)",
            {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]},
        ),
    )
    assert page.title == "1. Toy"
    assert page.markdown.endswith("```python\nprint(1)\n```\n\n```text\n1\n2\n```")
    assert course.contents([page]).splitlines()[2] == "| [1. Toy](01_toy.md) | Why not? |"


def test_pictures_and_html_stand_apart(tmp_path):
    png = base64.b64encode(b"picture").decode()
    svg = '<svg class="ag" width="1000" height="9" style="max-width:100%"></svg>'
    page = write(
        tmp_path,
        code(
            "draw()",
            shown(image_png=png),
            shown(text_html=output(svg, "a graph")),
            shown(text_html="<b>\n\n</b>"),
        ),
    )
    assert page.pictures == {"01_toy-0.png": b"picture"}
    picture, html = page.html.values()
    style = "min-width:900px;max-width:100%"
    drawn = f'<svg class="ag" width="1000" height="9" style="{style}"></svg>'
    assert picture == f'<figure class="wide">{drawn}</figure>'
    assert html == "<b>\n\n</b>"
    assert all(f'<div id="{token}"></div>' in page.markdown for token in page.html)


def test_code_with_backticks_gets_a_longer_fence(tmp_path):
    assert write(tmp_path, code("text = '```'")).markdown == "````python\ntext = '```'\n````"


def test_solutions_stay_folded_and_are_formatted(tmp_path):
    assert write(
        tmp_path, markdown("<details><summary>Solution</summary>\n\n$x$\n\n</details>")
    ).markdown.startswith('<details markdown="1">')


def test_a_notebook_saved_with_an_error_is_refused(tmp_path):
    with pytest.raises(ValueError, match="saved with an error: ValueError: no"):
        write(
            tmp_path,
            code("f()", {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}),
        )


def test_a_folded_cell_is_folded_and_read_as_markdown(tmp_path):
    cell = code("long = 1") | {"metadata": {"tags": ["folded"]}}
    folded = '<details markdown="1"><summary>Python</summary>\n\n```python\nlong = 1\n```\n\n</details>'
    assert write(tmp_path, cell).markdown == folded


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_lesson_becomes_a_page(lang):
    for path in course.notebooks(lang):
        page = course.page(path)
        assert page.title[0].isdigit()
        assert {"en": "**Question.**", "zh": "**问题。**"}[lang] in page.markdown
        assert "xmlns=" in page.emblem[:200]
        assert f"]({page.name}.svg)" in course.contents([page])
    assert len(course.notebooks(lang)) == 19
