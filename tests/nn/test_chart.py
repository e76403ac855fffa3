"""Charts: what is written and drawn where, as numbers of the SVG tell."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from autograd import Value, words
from nn.chart import BOTTOM, LEFT, RIGHT, TOP, beside, chart, grid, regions

SVG = "{http://www.w3.org/2000/svg}"


def marks(picture, tag):
    return [
        element
        for element in ET.fromstring(picture.svg).iter(f"{SVG}{tag}")
        if tag != "rect" or element.get("x")
    ]


def places(line):
    return [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]


def test_a_line_is_where_its_numbers_say():
    picture = chart({"f": ([0.0, 1.0, 2.0], [0.0, 5.0, 10.0])}, span=(0.0, 10.0), size=(560.0, 300.0))
    (line,) = marks(picture, "polyline")
    expected = [
        (LEFT, 300.0 - BOTTOM),
        ((LEFT + 560.0 - RIGHT) / 2, (TOP + 300.0 - BOTTOM) / 2),
        (560.0 - RIGHT, TOP),
    ]
    for got, wanted in zip(places(line), expected, strict=True):
        assert got == pytest.approx(wanted, abs=0.06)


def test_a_logarithmic_axis_makes_powers_equidistant_and_leaves_out_what_is_not_positive():
    picture = chart({"f": ([0, 1, 2, 3, 4], [0.0, 1.0, 10.0, 100.0, -1.0])}, log="y")
    (line,) = marks(picture, "polyline")
    heights = [y for _, y in places(line)]
    assert len(heights) == 3
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.11)


def test_names_are_in_the_legend_but_not_those_with_an_underscore_and_values_are_taken():
    picture = chart(
        {"loss": ([0, 1], [Value(1.0), Value(2.0)]), "_help": ([0, 1], [1, 1])}, {"p": ([0], [1])}
    )
    shown = [text.text for text in marks(picture, "text")]
    assert "loss" in shown
    assert "p" in shown
    assert "_help" not in shown


def test_text_is_text_in_any_script_and_words_of_charts_are_translated():
    picture = chart({"<&> 损失": ([0, 1], [0, 1]), "loss": ([0, 1], [1, 0])}, title='"x" < y')
    assert "<&> 损失" in [text.text for text in marks(picture, "text")]
    with words.language("zh"):
        spoken = chart({"loss": ([0, 1], [1, 0])}, x="step", title="after training")
    assert {"损失", "步", "训练后"} <= {text.text for text in marks(spoken, "text")}


@pytest.mark.parametrize("numbers", [[], [math.nan], [math.inf]])
def test_nothing_to_draw_is_an_error(numbers):
    with pytest.raises(ValueError, match="nothing to draw"):
        chart({"f": (range(len(numbers)), numbers)})


def test_ticks_are_round_numbers_inside():
    picture = chart({"f": ([0.0, 7.3], [-3.0, 11.0])})
    shown = [text.text.replace("\N{MINUS SIGN}", "-") for text in marks(picture, "text")]
    numbers = [float(text) for text in shown if re.fullmatch(r"-?[\d.]+", text)]
    assert {0.0, 2.0, 4.0, 6.0} <= set(numbers)
    assert max(numbers) <= 11.7


def test_regions_have_the_colours_of_the_classes_and_a_mark_for_each_sample():
    points, labels = [[-1.0, 0.0], [1.0, 0.0], [0.9, 0.5]], [0, 1, 1]
    picture = regions(lambda p: p[0], points, labels, steps=10, margin=0.0)
    (shade,) = [group for group in marks(picture, "g") if group.get("opacity")]
    cells = list(shade)
    assert {rect.get("fill") for rect in cells} == {"#0072B2", "#D55E00"}
    left = [float(rect.get("x")) for rect in cells if rect.get("fill") == "#0072B2"]
    assert set(left) == {LEFT}
    assert len(marks(picture, "circle")) == 2  # the sample of class 0, and the legend
    by_scores = regions(lambda p: [0.0, p[0], -9.0], points, labels, steps=10, margin=0.0)
    assert [r.get("fill") for r in marks(by_scores, "rect")] == [
        r.get("fill") for r in marks(picture, "rect")
    ]


def test_a_grid_is_dark_where_numbers_are_large_and_orange_below_zero():
    cells = [rect for rect in marks(grid([[0.0, 2.0], [-1.0, 1.0]]), "rect") if rect.get("fill-opacity")]
    assert [float(rect.get("fill-opacity")) for rect in cells] == [0.0, 1.0, 0.5, 0.5]
    assert [rect.get("fill") == "#D55E00" for rect in cells] == [False, False, True, False]


def test_pictures_side_by_side_are_as_wide_as_their_sum_and_keep_their_clips():
    one = chart({"f": ([0, 1], [0, 1])}, size=(300.0, 200.0))
    both = ET.fromstring(beside(one, one).svg)
    assert float(both.get("width")) == 600.0
    clips = [clip.get("id") for clip in both.iter(f"{SVG}clipPath")]
    assert clips == ["c0", "c1"]
    used = [line.get("clip-path") for line in both.iter(f"{SVG}polyline")]
    assert used == ["url(#c0)", "url(#c1)"]


def test_a_notebook_shows_it_and_it_is_saved(tmp_path):
    picture = grid([[1.0]])
    assert picture._repr_mimebundle_()["image/svg+xml"] == picture.svg
    path = picture.save(tmp_path / "grid.svg")
    assert (tmp_path / "grid.svg").read_text(encoding="utf-8") == picture.svg
    assert path == str(tmp_path / "grid.svg")
