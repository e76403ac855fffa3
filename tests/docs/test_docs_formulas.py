"""Formulas between dollar signs, and the words for domains and kinks."""

import pytest

pytest.importorskip("latex2mathml")
markdown = pytest.importorskip("markdown")

from generator.mathml import MathML


def html(text):
    return markdown.markdown(text, extensions=[MathML(), "fenced_code"])


@pytest.mark.parametrize(
    "text", ["`$x$`", "it costs $5 or $6", r"\$x$ is text", "```\n$$\nx\n$$\n```", "a $ b $ c"]
)
def test_what_is_no_formula_stays(text):
    assert "<math" not in html(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("$x$", 1), ("$x^2$ and $y$", 2), ("$$x$$", 1), ("$$\n\\frac{a}{b}\n$$", 1), ("- item $x_1$", 1)],
)
def test_formulas_become_mathml(text, count):
    assert html(text).count("<math") == count
    assert "$" not in html(text)


def test_lines_of_a_derivation_are_aligned():
    assert html(r"$$\begin{aligned} a &= b \\ c &= d \end{aligned}$$").count("<mtr>") == 2


@pytest.mark.parametrize("text", [r"$\begin{unheard} a & b \end{unheard}$", r"$\unheardof{x}$"])
def test_what_cannot_be_converted_is_an_error(text):
    with pytest.raises(ValueError, match="cannot be converted"):
        html(text)


def test_a_formula_without_an_end_is_an_error():
    with pytest.raises(ValueError, match="has no end"):
        html("$$ x\n\nand so on")


def test_domains_and_kinks_are_asked_of_the_rows():
    from generator import operations

    from autograd import TABLE

    assert operations.kinks(TABLE["relu6"]) == "x = 0, x = 6: 0"
    assert operations.kinks(TABLE["clamp"]) == "x = low, x = high: 1"
    assert operations.kinks(TABLE["floor"]) == "whole x: 0"
    assert operations.kinks(TABLE["round"]) == "x half way between: 0"
    assert operations.kinks(TABLE["maximum"]) == "a = b: 0.5, 0.5"
    assert operations.kinks(TABLE["exp"]) == ""
    assert operations.domain(TABLE["acosh"]) == "x &gt; 1"


def test_the_architecture_is_a_picture_of_the_imports():
    from generator import architecture

    edges = architecture.graph()
    assert "copying" in edges["Value"]
    assert "form, op, ops" in edges["node"]
    assert not {"Value", "backward", "node", "calculus"} & edges["form, op, ops"]
    assert "nn" not in {target for targets in edges.values() for target in targets}
    assert "autograd" not in edges
    assert architecture.picture().count("<rect") == len(edges)


def test_limits_stand_below_where_there_is_room_and_beside_in_a_line():
    assert "<munder><mo>lim</mo><mrow><mi>h</mi>" in html(r"$$\lim_{h \to 0} f$$")
    assert "<munder><mo>max</mo><mi>m</mi></munder>" in html(r"$$\max_m s_m$$")
    assert "<munder>" not in html(r"$\max_m s_m$")


def test_an_accumulation_is_one_sign():
    assert "<mo>+=</mo>" in html(r"$$g \mathrel{+}= d$$")
