"""Two graphs in one picture: what is in both and equal, in both and different, or in one alone."""

import xml.etree.ElementTree as ET

import pytest
from drawings import elements, network, neuron, texts

from autograd import Value, draw
from autograd.render.picture.palette import DARK, LIGHT


def line(squash):
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b")
    y = squash(w * x + b)
    y.label = "y"
    y.backward()
    return y


def marks(graph, side):
    boxes = [box for box in graph.nodes if box.scope.startswith(f"#{side}")]
    return {box.title or box.operation: box.mark for box in boxes}


def test_equal_graphs_have_no_mark():
    graph = draw(neuron(), versus=neuron()).graph
    assert set(marks(graph, "a").values()) == set(marks(graph, "b").values()) == {""}
    assert "0 boxes with another value" in graph.notices[0]


def test_another_function_is_alone_and_what_it_changes_differs():
    graph = draw(line(lambda z: z.tanh()), versus=line(lambda z: z.sin().sqrt())).graph
    alone = [(box.scope, box.operation) for box in graph.nodes if box.mark == "alone"]
    assert sorted(alone) == [("#a", "tanh"), ("#b", "sin"), ("#b", "√")]
    assert [marks(graph, "a")[name] for name in "wxb"] == ["differs grad"] * 3


@pytest.mark.parametrize("view", ["graph", "network"])
def test_they_stand_in_columns_of_which_the_first_is_the_graph(view):
    placed = draw(network(rng=1), versus=network((2, 2, 1)), view=view).layout()
    one, two = placed.clusters["#a"], placed.clusters["#b"]
    assert one.y == two.y
    assert one.x + one.width < two.x
    placed = draw(network(rng=1), versus=network((2, 2, 1)), view=view, rankdir="LR").layout()
    one, two = placed.clusters["#a"], placed.clusters["#b"]
    assert one.x == two.x
    assert one.y + one.height < two.y


def test_the_row_that_differs_says_so():
    svg = draw(line(lambda z: z.tanh()), versus=line(lambda z: z.sin())).svg()
    assert [line.strip() for g in elements(svg, "differs") for line in texts(g)].count("≠ grad") == 10
    assert "≠ value" not in svg


def test_both_have_one_scale_of_colours():
    one, two = line(lambda z: z.tanh()), line(lambda z: 100.0 * z)
    graph = draw(one, versus=two).graph
    assert graph.scale == 200.0
    tones = {box.title: box.tone for box in graph.nodes if box.scope == "#a"}
    assert tones["w"] == "p1"


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
    names = [box.id for box in graph.nodes]
    assert len(set(names)) == len(names) == 18
    assert len(elements(draw(neuron(), versus=neuron()).svg(), "node")) == 18


def test_in_a_given_size_the_direction_is_chosen_in_which_there_is_room():
    pair = {"root": line(lambda z: z.tanh()), "versus": line(lambda z: z.sin())}
    assert draw(**pair, size=(1280, 720)).graph.rankdir == "TB"
    assert draw(**pair, size=(900, 1300)).graph.rankdir == "TB"
    assert draw(neuron(), versus=neuron(), size=(1700, 800)).graph.rankdir == "LR"


def test_what_is_no_graph_is_an_error():
    with pytest.raises(TypeError, match="versus is a Value, .* got float"):
        draw(neuron(), versus=1.0)


def test_a_neuron_is_not_unfolded_where_the_other_graph_is_to_stand():
    with pytest.raises(ValueError, match="pass unfold= or versus="):
        draw(neuron(), versus=neuron(), unfold="n0")
