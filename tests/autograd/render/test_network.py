"""Neurons as circles and weights as lines: what a model or its loss looks like from afar."""

import re
import xml.etree.ElementTree as ET

import pytest
from drawings import SVG, elements, network, texts

import autograd
import nn
from autograd import Value, draw


def boxes(graph, kind):
    return [box for box in graph.nodes if box.kind.split()[0] == kind]


def test_a_network_has_a_circle_for_each_neuron_and_a_line_for_each_weight():
    loss = network((2, 4, 4, 1))
    graph = draw(loss, view="network").graph
    assert len(boxes(graph, "neuron")) == 9
    lines = [edge for edge in graph.edges if edge.weight is not None]
    assert len(lines) == 2 * 4 + 4 * 4 + 4
    weights = {v.data for v in autograd.toposort(loss) if re.search(r"\.w\d+$", v.label)}
    assert {edge.weight for edge in lines} == weights


def test_inputs_targets_and_constants_are_nodes():
    graph = draw(network(), view="network").graph
    assert sorted(box.value for box in boxes(graph, "data")) == sorted(["−1", "0", "1"])
    assert not any(box.kind == "data" for box in graph.nodes if box.operation)


def test_colour_of_a_line_is_the_sign_and_width_the_size():
    x = Value(1.0, "x")
    model = nn.MLP(2, [1], rng=0)
    model.layers[0].neurons[0].w = [Value(-0.5, "layer0.n0.w0"), Value(2.0, "layer0.n0.w1")]
    svg = draw(model([x, x * 2.0]), view="network").svg()
    bands = {
        p.get("class").split()[-1]: float(p.get("stroke-width"))
        for g in elements(svg, "edge")
        for p in g.iter(f"{SVG}path")
        if "band" in p.get("class").split()
    }
    assert set(bands) == {"s-n4", "s-p4"}
    assert bands["s-p4"] == pytest.approx(5.0)
    assert bands["s-n4"] == pytest.approx(0.8 + 4.2 / 4, abs=0.06)


def test_it_does_not_matter_whether_the_sum_is_one_node_or_many():
    def of(granular):
        model = nn.MLP(2, [3, 1], granular=granular, activation="tanh", rng=1)
        loss = (model([1.0, 2.0]) - 1.0) ** 2
        loss.backward()
        graph = draw(loss, view="network").graph
        return sorted((box.kind, box.title, box.operation, box.value, box.gradient) for box in graph.nodes), {
            (edge.tail, edge.head, edge.weight) for edge in graph.edges
        }

    assert of(granular=True) == of(granular=False)


def test_a_model_is_drawn_without_a_graph():
    picture = draw(nn.MLP(2, [3, 2], rng=0))
    assert [box.title for box in boxes(picture.graph, "data")] == ["x0", "x1"]
    assert len(boxes(picture.graph, "neuron")) == 5
    assert not any(box.value for box in boxes(picture.graph, "neuron"))
    assert "no gradients" not in picture.svg()


@pytest.mark.parametrize(
    ("make", "count"), [(nn.RNN, 2), (nn.GRU, 8), (nn.LSTM, 8)], ids=["RNN", "GRU", "LSTM"]
)
def test_a_recurrent_cell_is_drawn_as_one_step(make, count):
    graph = draw(make(1, 2, rng=0)).graph
    assert len(boxes(graph, "neuron")) == count


def test_layers_beyond_ten_neurons_show_the_first_and_the_last():
    graph = draw(nn.MLP(2, [100, 3], rng=0)).graph
    assert len(boxes(graph, "neuron")) == 5 + 1 + 2 + 3
    (more,) = [box for box in graph.nodes if box.value.endswith("more")]
    assert more.value == "93 more"


def test_samples_share_their_neurons():
    model = nn.MLP(2, [3, 1], rng=0)
    loss = autograd.sum([(model([0.1 * i, -0.2 * i]) - 1.0) ** 2 for i in range(30)])
    loss.backward()
    graph = draw(loss, view="network").graph
    assert {box.count for box in boxes(graph, "neuron")} == {30}
    assert len(graph.nodes) < 14
    assert any("×30" in line for g in elements(draw(loss, view="network").svg(), "node") for line in texts(g))


def test_a_recurrence_leads_back_to_itself():
    outputs, _ = nn.RNN(1, 1, rng=0)([[0.1 * i] for i in range(50)])
    loss = outputs[-1][0] ** 2
    loss.backward()
    graph = draw(loss, view="network").graph
    (neuron,) = boxes(graph, "neuron")
    assert neuron.count == 50
    (loop,) = [edge for edge in graph.edges if edge.back]
    assert loop.tail == loop.head == neuron.id
    placed = draw(loss, view="network").layout()
    bottom = placed.nodes[neuron.id].y + placed.nodes[neuron.id].height
    assert max(y for _, y in placed.curves[loop.id]) > bottom


def test_one_neuron_unfolds_into_its_own_graph():
    loss = network((2, 4, 4, 1))
    graph = draw(loss, unfold="layer1.n2").graph
    assert graph.inset is not None
    inside = {box.title: box for box in graph.inset.nodes}
    assert {"w0", "w1", "w2", "w3", "b"} < set(inside)
    assert {f"layer0.n{i}" for i in range(4)} < set(inside)
    by_label = {v.label: v for v in autograd.toposort(loss)}
    assert inside["w1"].value == f"{by_label['layer1.n2.w1'].data:.4f}".replace("-", "−")
    svg = draw(loss, unfold="layer1.n2").svg()
    assert len(elements(svg, "node")) == len(graph.nodes) + len(graph.inset.nodes)


def test_an_unknown_neuron_and_an_unknown_view_are_errors_that_say_what_there_is():
    with pytest.raises(ValueError, match=r"no neuron 'layer9.n0' to unfold; the graph has layer0.n0"):
        draw(network(), unfold="layer9.n0")
    with pytest.raises(ValueError, match="view is graph or network, not 'net'"):
        draw(network(), view="net")
    with pytest.raises(TypeError, match="got int"):
        draw(3)
    with pytest.raises(TypeError, match=r"draw\(model\(x\), view='network'\)"):
        draw(nn.Activate("tanh"))


def test_neurons_in_a_scope_of_the_user_are_found():
    model = nn.MLP(2, [2, 1], rng=0)
    with autograd.scope("encoder"):
        out = model([1.0, 2.0])
    assert len(boxes(draw(out, view="network").graph, "neuron")) == 3


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_hostile_labels_stay_text(theme):
    x = Value(1.0, "</svg><script>alert(1)</script>")
    svg = draw(nn.MLP(1, [1], rng=0)([x]), view="network", theme=theme).svg()
    assert "<script" not in svg
    ET.fromstring(svg)


def test_text_in_neurons_stays_centred_beside_other_pictures_in_a_page():
    sheet = draw(network(), view="network").svg().split("</style>")[0]
    assert ".ag text.m{text-anchor:middle}" in sheet
    assert ".ag .v{text-anchor:end}" in draw(network()).svg()


def test_what_is_no_more_than_a_leaf_is_drawn():
    (box,) = draw(Value(1.5, "x"), view="network").graph.nodes
    assert (box.title, box.value, box.kind) == ("x", "1.50", "data")


@pytest.mark.parametrize("model", [nn.MLP(2, [12, 12], rng=0), nn.LSTM(2, 3, rng=0)], ids=["MLP", "LSTM"])
def test_repeats_of_a_model_of_several_outputs_are_drawn_once(model):
    whole, folded = draw(model), draw(model, fold=True)
    assert len(folded.graph.nodes) <= len(whole.graph.nodes)
    assert {box.title for box in boxes(folded.graph, "neuron")} == {
        box.title for box in boxes(whole.graph, "neuron")
    }
    assert not [edge for edge in folded.graph.edges if edge.back]  # one step, in which there is no loop
    ET.fromstring(folded.svg())


def test_the_picture_is_told_by_the_output_and_not_by_what_stands_last():
    w, x = Value(3.0, "w"), Value(2.0, "x")
    y = (w * x - 1.0).exp()
    y.label = "y"
    spoken = ET.fromstring(draw(y, view="network").svg()).get("aria-label")
    assert spoken.startswith("Computation graph of y = 148: ")
    assert " = :" not in draw(nn.MLP(2, [2, 1], rng=0)).svg()


def test_a_class_is_told_from_a_model():
    with pytest.raises(TypeError, match="got the class MLP"):
        draw(nn.MLP)
