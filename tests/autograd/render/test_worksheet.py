"""Worksheets, colours and slides of derivations."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

import autograd
import nn
from autograd import GraphError, Value, draw, explain, stepper, tanh
from autograd.cli import main
from autograd.render.colours import FACTORS, of_factor
from autograd.render.labels import MINUS, Blank, number
from autograd.testing.strategies import Expression, expressions

BLANK = re.compile(r"([\u2460-\u2473\u3251-\u325f\u32b1-\u32bf]|\(\d+\))____")


def solved(sheet: autograd.Explanation) -> str:
    """Return the text of a worksheet in which the key was filled in, blanks between words made one."""
    key = dict(line.split(" ", 1) for line in sheet.key.splitlines())
    return re.sub(r" +", " ", BLANK.sub(lambda m: key[m[1]], str(sheet)))


def without_check(explanation: autograd.Explanation) -> str:
    text = re.sub(r"\n\n(?:Check\n|\*Check: ).*", "", str(explanation))
    return re.sub(r" +", " ", text)


def neuron() -> tuple[Value, Value]:
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b")
    y = tanh(w * x + b)
    y.label = "y"
    return y, w


@pytest.mark.parametrize("style", ["text", "markdown"])
@settings(max_examples=25)
@given(expressions())
def test_a_worksheet_filled_in_with_its_key_is_the_derivation(style: str, expression: Expression) -> None:
    root = expression.graph()[0]
    for wrt in (None, autograd.toposort(root)[0]):
        sheet = explain(root, wrt, style, blanks=True)
        assert solved(sheet) == without_check(explain(root, wrt, style))


def test_results_are_blanks_and_what_is_given_is_not() -> None:
    y, w = neuron()
    sheet = explain(y, wrt=w, blanks=True)
    text = str(sheet)
    for result in ("0.7000", "0.6044", "0.6347", "1.2695"):
        assert result not in text
        assert result in sheet.key
    assert "y.grad = 1" in text
    # What has arrived at a node is one blank, wherever it is met.
    assert text.count("⑨____") == 2
    assert explain(y, wrt=w).key == ""


def test_a_hook_s_result_is_a_blank_of_its_own() -> None:
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    y.register_hook(lambda grad: 5.0 * grad)
    sheet = explain(y, wrt=x, blanks=True)
    assert "y.grad: its hook made ②____ of 1" in str(sheet)
    assert solved(sheet).replace("-- they differ", "") == without_check(explain(y, wrt=x))


def test_blanks_of_a_network_s_equations() -> None:
    model = nn.MLP(2, [2, 1])
    loss = (model([1.0, -2.0]) - 1.0) ** 2.0
    sheet = explain(loss, blanks=True)
    assert solved(sheet) == without_check(explain(loss))
    assert "(51)" in sheet.key or len(sheet.derivation.key) <= 50


@pytest.mark.parametrize("style", ["latex", "mathml"])
def test_formulas_show_lines_for_blanks(style: str) -> None:
    y, w = neuron()
    shown = explain(y, wrt=w, style=style, blanks=True)
    line = {"latex": r"\underset{9}{\underline{\hspace{3em}}}", "mathml": "<munder><mtext>_____</mtext><mn>9"}
    assert str(shown).count(line[style]) == 2
    assert "0.6347" not in str(shown)


def test_marks_of_blanks_are_distinct() -> None:
    marks = [Blank(0.0, k).mark for k in range(1, 200)]
    assert len(set(marks)) == 199
    assert number(Blank(1.0, 36)) == "㊱____"


def test_a_factor_has_one_colour_in_the_table_and_in_the_products() -> None:
    x = Value(2.0, "x")
    f = x * tanh(x) * x
    latex = explain(f, wrt=x, style="latex", colors=True)
    table, gradient = str(latex).split("\\end{aligned}", 1)
    partial = r"\\textcolor\{(\w+)\}\{(\\frac\{\\partial.*?\}\{\\partial [^}]*\}+)\}"
    colours = {formula: colour for colour, formula in re.findall(partial, table)}
    assert len(colours) == len(set(colours.values())) == 5
    found = re.findall(partial, gradient)
    assert len(found) == 6
    assert all(colours[formula] == colour for colour, formula in found)
    assert "textcolor" not in str(explain(f, wrt=x, style="latex"))
    mathml = str(explain(f, wrt=x, style="mathml", colors=True))
    for colour in FACTORS[:5]:
        assert mathml.count(f'mathcolor="{colour.light}"') >= 4  # local, accumulation, both products
    assert "prefers-color-scheme" in mathml
    assert "prefers-color-scheme" not in str(explain(f, wrt=x, style="mathml"))


def test_edges_of_pictures_and_steps_of_pages_have_the_colours_of_their_factors() -> None:
    w, x = Value(0.5, "w"), Value(2.0, "x")
    f = (w * x).tanh() * w
    f.backward()
    latex = explain(f, wrt=w, style="latex", colors=True).to("latex")
    picture = draw(f, wrt=w, engine="builtin")
    rows = [row for row in explain(f, wrt=w, colors=True).derivation.rows if row.factor is not None]
    edges = [edge for edge in picture.graph.edges if edge.factor is not None]
    assert {(edge.factor, edge.local) for edge in edges} == {
        (row.factor, number(row.step.local, minus=MINUS)) for row in rows
    }
    page = stepper(f, wrt=w).html
    for edge in edges:
        assert edge.factor is not None
        colour = of_factor(edge.factor)
        assert f"\\textcolor{{{colour.name}}}" in latex
        assert f'class="edge f{edge.factor}" data-edge="{edge.id}"' in picture.svg()
        for made in (picture.svg(), page):
            assert f".ag-auto .f{edge.factor} .wire{{stroke:{colour.light}}}" in made
            assert f".ag-auto .f{edge.factor} .wire{{stroke:{colour.dark}}}" in made
        assert f".say .f{edge.factor}{{color:{colour.light}}}" in page
        assert colour.light in picture.source
    with pytest.raises(GraphError, match="does not depend"):
        draw(f, wrt=Value(1.0))
    for other in (lambda: draw(f, wrt=w, view="network"), lambda: draw(f, wrt=w, versus=f)):
        with pytest.raises(ValueError, match="each node of one graph by itself"):
            other()


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_colours_of_factors_can_be_read_on_both_grounds() -> None:
    for colour in FACTORS:
        assert 1.05 / (luminance(colour.light) + 0.05) >= 4.5  # WCAG 2, 1.4.3
        assert (luminance(colour.dark) + 0.05) / (luminance("#12181f") + 0.05) >= 4.5


def test_a_slide_shows_every_line() -> None:
    pytest.importorskip("ziamath")
    y, w = neuron()
    explanation = explain(y, wrt=w, colors=True)
    tree = ElementTree.fromstring(explanation.svg())
    space = "{http://www.w3.org/2000/svg}"
    words = [text.text for text in tree.iter(f"{space}text")]
    assert words[:5] == ["Forward", "Backward", "0", "seed", "1"]
    assert words[-1] == "finite difference 1.2695, relative difference below 1e-8"
    defined = {symbol.get("id") for symbol in tree.iter(f"{space}symbol")}
    used = {use.get("href", "").removeprefix("#") for use in tree.iter(f"{space}use")}
    assert used
    assert used <= defined
    width, height = float(tree.get("width", 0)), float(tree.get("height", 0))
    for mark in tree.findall(f"{space}g"):
        place = re.fullmatch(r"translate\((.*) (.*)\)", mark.get("transform", ""))
        assert place is not None
        assert 0.0 < float(place[1]) < width
        assert 0.0 < float(place[2]) < height
    bundle = explain(y, wrt=w, style="svg")._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"].startswith("Forward")


def test_a_slide_has_a_ground_in_both_themes_and_room_above_each_formula() -> None:
    pytest.importorskip("ziamath")
    y, w = neuron()
    svg = explain(y, wrt=w).svg()
    grounds = re.findall(r"svg\{color:(#\w+)\}\.paper\{fill:(#\w+)\}", svg)
    assert len(grounds) == 2
    for ink, paper in grounds:
        light, dark = sorted(map(luminance, (ink, paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 7.0
    tree = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    assert [mark.get("class") for mark in tree][2:3] == ["paper"]
    lines = [(float(mark.get("transform", "").split()[1][:-1]), mark) for mark in tree.findall(f"{space}g")]
    title = next(line for line, mark in lines if "".join(mark.itertext()) == "Gradient")
    below, fraction = min((line, i) for i, (line, _) in enumerate(lines) if line > title)
    # The rule of a fraction lies about 5 above the line, and a digit with its gap above that.
    assert lines[fraction][1].find(f"{space}rect") is not None
    assert below - title >= 5 + 20 + 10
    forward = sorted({line for line, _ in lines})[:6]
    assert min(b - a for a, b in itertools.pairwise(forward)) >= 25  # the letters are 20 high


def test_a_slide_takes_any_label_and_any_language() -> None:
    pytest.importorskip("ziamath")
    x, z = Value(2.0, "质量"), Value(5.0, "two  blanks  [0 -> 1]")
    y = tanh(x) / Value(3.0, '<script>"&') * z + z * x
    a, b = Value(0.5, "--> ]]>"), Value(2.0, "-->2")
    ElementTree.fromstring(explain(tanh(a * b), wrt=a).svg())
    svg = explain(y, lang="zh").svg()
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    assert "反向传播" in svg
    assert "质量" in svg


def test_a_long_gradient_is_broken_at_its_equality_signs() -> None:
    pytest.importorskip("ziamath")
    x = Value(2.0, "a_rather_long_name_for_a_variable")
    y = x * tanh(x) * x * tanh(x)
    svg = explain(y, wrt=x).svg()
    width = re.search(r'width="(\d+)"', svg)
    assert width is not None
    assert int(width[1]) < 3000


def test_without_ziamath_a_sentence_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ziamath", None)
    y, w = neuron()
    with pytest.raises(ImportError, match=r"needs ziamath.*pip install 'chainrule\[picture\]'"):
        explain(y, wrt=w).svg()


def test_the_command_prints_a_worksheet_and_then_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "x**2", "--at", "x=3", "--wrt", "x", "--blanks"]) == 0
    sheet, _, key = capsys.readouterr().out.rpartition("\n\n")
    assert "____" in sheet
    assert key.startswith("① 9\n② 6\n")
    assert main(["explain", "x**2", "--at", "x=3", "--wrt", "x", "--colors", "--style", "latex"]) == 0
    assert r"\textcolor{blue}" in capsys.readouterr().out
