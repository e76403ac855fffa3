"""Two graphs in one picture: what is in both and equal, in both and different, or in one alone."""

import xml.etree.ElementTree as ET

import pytest
from drawings import elements, neuron

from autograd import Value, draw
from autograd.render.picture.palette import DARK, LIGHT


def line(squash):
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b")
    y = squash(w * x + b)
    y.label = "y"
    y.backward()
    return y


def marks(graph):
    return {box.title or box.operation: box.mark for box in graph.nodes}


def test_equal_graphs_have_no_mark():
    graph = draw(neuron(), versus=neuron()).graph
    assert set(marks(graph).values()) == set(marks(graph.inset).values()) == {""}
    assert "0 boxes with another value" in graph.notices[0]


def test_another_function_is_alone_and_what_it_changes_differs():
    graph = draw(line(lambda z: z.tanh()), versus=line(lambda z: z.sin().sqrt())).graph
    assert [box.operation for box in graph.nodes if box.mark == "alone"] == ["tanh"]
    assert sorted(box.operation for box in graph.inset.nodes if box.mark == "alone") == ["sin", "√"]
    assert [marks(graph)[name] for name in "wxb"] == ["differs"] * 3


def test_marks_are_frames_of_their_own_in_both_themes():
    pictures = [line(lambda z: z.tanh()), line(lambda z: z.sin())]
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        svg = draw(pictures[0], versus=pictures[1], theme=theme).svg()
        ET.fromstring(svg)
        assert f".frame{{stroke:{palette['saved']}}}" in svg
        assert len(elements(svg, "differs")) > len(elements(svg, "alone")) >= 2
    assert "frame" not in draw(pictures[0]).svg()


def test_boxes_of_both_have_identifiers_of_their_own():
    graph = draw(neuron(), versus=neuron()).graph
    names = [box.id for box in (*graph.nodes, *graph.inset.nodes)]
    assert len(set(names)) == len(names) == 18
    assert len(elements(draw(neuron(), versus=neuron()).svg(), "node")) == 18


def test_what_is_no_graph_is_an_error():
    with pytest.raises(TypeError, match="versus is a Value, .* got float"):
        draw(neuron(), versus=1.0)


def test_a_neuron_is_not_unfolded_where_the_other_graph_is_to_stand():
    with pytest.raises(ValueError, match="unfold= or for versus=; pass one"):
        draw(neuron(), versus=neuron(), unfold="n0")
