"""What a picture shows, feature by feature, read back from the parsed SVG, DOT and Mermaid."""

import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from drawings import SVG, chain, elements, needs_dot, network, neuron, parsed_by_dot, texts

import autograd
from autograd import Value
from autograd.errors import GraphError
from autograd.render import draw, draw_dot, trace
from autograd.render.picture.measure import edge_size
from autograd.render.picture.shown import picture_in

graphviz = pytest.importorskip("graphviz")
HERE = Path(__file__).parent


def boxes(picture):
    """Return the texts of each box by its id."""
    return {g.get("data-node"): texts(g) for g in elements(picture.svg(), "node")}


# 1. Value and gradient on each node.
def test_boxes_show_name_operation_value_and_gradient():
    shown = sorted(boxes(draw(neuron(), engine="builtin")).values())
    assert ["w", "value", "0.5000", "grad", "−1.0045"] in shown
    assert ["tanh", "a", "value", "0.6044", "grad", "−0.7913"] in shown


# 2. Local derivatives on the edges.
def test_edges_show_the_local_derivative():
    picture = draw(neuron(), flow=False)
    labels = [texts(g)[0] for g in elements(picture.svg(), "edge")]
    assert sorted(labels) == sorted(["2", "0.5000", "1", "1", "0.6347", "1", "−1", "−0.7913"])


# 3. a * a has two edges.
@pytest.mark.parametrize("engine", ["auto", "builtin"])
def test_a_square_shows_two_edges(engine):
    a = Value(3.0, "a")
    y = a * a
    y.backward()
    picture = draw(y, engine=engine)
    edges = elements(picture.svg(), "edge")
    assert [(e.get("data-tail"), e.get("data-head")) for e in edges] == [("n0", "n1"), ("n0", "n1")]
    lines = [next(e.iter(f"{SVG}path")).get("d") for e in edges]
    assert lines[0] != lines[1]
    assert len(trace(y)[1]) == 2
    assert picture.source.count("n0 -> n1") == 2


# 4, 5. Names and clusters by module.
def test_modules_are_clusters_and_names_lose_the_path_that_the_cluster_shows():
    picture = draw(network())
    scopes = [g.get("data-scope") for g in elements(picture.svg(), "cluster")]
    assert {"layer0", "layer0.n0", "layer0.n2", "layer2.n0"} <= set(scopes)
    names = {node.title for node in picture.graph.nodes if node.scope == "layer0.n2"}
    assert {"w0", "w1", "b"} <= names


@needs_dot
def test_clusters_reach_dot():
    parsed = parsed_by_dot(draw(network()).source)
    clusters = {o["label"] for o in parsed["objects"] if o["name"].startswith("cluster_")}
    assert clusters == {"layer0", "layer1", "layer2", "n0", "n1", "n2"}


# 6. depth= folds modules.
def test_depth_folds_modules():
    loss = network()
    outer = draw(loss, depth=1)
    assert {n.title for n in outer.graph.nodes if n.kind == "group"} == {"layer0", "layer1", "layer2"}
    inner = draw(loss, depth=2)
    assert sum(n.kind == "group" for n in inner.graph.nodes) == 6
    assert "folded" in inner.graph.notices[0]


# 7. Repeats.
def test_repeats_are_folded_and_counted():
    picture = draw(network((2, 8, 1), activation="tanh"), fold=True)
    counts = {(n.operation.split()[0], n.count) for n in picture.graph.nodes if n.operation}
    assert ("tanh", 8) in counts
    assert any("n*  ×8" in t for t in texts(ET.fromstring(picture.svg())))


def test_a_sum_over_samples_folds_to_a_few_boxes():
    w = Value(0.3, "w")
    total = sum(((w * float(i) - 1.0).tanh() ** 2 for i in range(200)), Value(0.0))
    total.backward()
    assert len(draw(total).graph.nodes) < 12


# 8. Big graphs.
def test_too_many_boxes_are_an_error_that_names_the_remedies():
    root = chain(6000)
    with pytest.raises(GraphError, match=r"depth=.*force=True"):
        draw(root, fold=False)


def test_force_draws_them_all_the_same():
    picture = draw(chain(5200), fold=False, force=True)
    assert len(picture.graph.nodes) == 5200


def test_twenty_thousand_nodes_fold():
    from nn import MLP

    model = MLP(2, [16, 16, 1], rng=0)
    total = autograd.sum([(model([0.1 * i, -0.2 * i]) - 1.0) ** 2 for i in range(300)])
    total.backward()
    assert len(autograd.toposort(total)) > 20_000
    assert len(draw(total).graph.nodes) <= 300


# 9. rankdir.
@pytest.mark.parametrize("engine", ["auto", "builtin"])
@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_values_flow_in_the_direction_asked_for(rankdir, engine):
    loss = network((2, 2, 1)) if engine == "builtin" else neuron()
    placed = draw(loss, rankdir=rankdir, engine=engine).layout()
    picture = draw(loss, rankdir=rankdir, engine=engine)
    for edge in picture.graph.edges:
        tail, head = placed.nodes[edge.tail], placed.nodes[edge.head]
        gap = {
            "LR": head.x - (tail.x + tail.width), "RL": tail.x - (head.x + head.width),
            "TB": head.y - (tail.y + tail.height), "BT": tail.y - (head.y + head.height),
        }[rankdir]  # fmt: skip
        assert gap > 0


# 10. Colours by gradient, with a legend; zero and NaN flagged.
def test_colour_is_signed_and_zero_and_nan_are_flagged():
    x, y, z = Value(2.0, "x"), Value(-3.0, "y"), Value(1.0, "z")
    root = x * 5.0 - y * 1.0 + z.relu() * 0.0 + Value(float("inf"), "inf") * 0.0
    root.backward(float("nan"))
    x.grad, y.grad, z.grad = 5.0, -1.0, 0.0
    picture = draw(root)
    tones = {node.title: node.tone for node in picture.graph.nodes if node.title}
    assert (tones["x"], tones["y"][0], tones["z"], tones["inf"]) == ("p4", "n", "zero", "nan")
    shown = boxes(picture)
    assert any("○ 0" in t for t in shown.values())
    assert any("⚠ NaN" in t for t in shown.values())
    legend = [line for g in elements(picture.svg(), "legend") for line in texts(g)]
    assert "gradient" in legend
    assert "⚠ not finite" in legend


def test_the_broadest_band_passes_between_the_two_texts_of_its_label():
    picture = draw(neuron(), engine="builtin")
    placed, found = picture.layout(), elements(picture.svg(), "edge")
    for label in found:
        at = placed.labels[label.get("data-edge")]
        line, (local, flow) = at.y + at.height / 2, [float(t.get("y")) for t in label.iter(f"{SVG}text")]
        # Digits of 11 pixels are 8 high, the halo around them 2.5 broad, and half of the band 3.5.
        assert local + 2.5 < line - 3.5
        assert flow - 8 - 2.5 > line + 3.5 - 0.5  # places of texts are whole
        assert flow + 2.5 <= at.y + at.height + 0.5


@needs_dot
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_beside_a_line_of_graphviz_a_label_is_clear_of_the_band(rankdir):
    picture = draw(neuron(), engine="dot", rankdir=rankdir)
    placed, found = picture.layout(), elements(picture.svg(), "edge")
    assert not [label for label in found if label.find(f"{SVG}rect") is not None]  # no plate on the band
    for label in found:
        at = placed.labels[label.get("data-edge")]
        places = [float(t.get("y")) for t in label.iter(f"{SVG}text")]
        assert places[0] - 8 - at.y >= 3  # from the ink of the digits
        assert at.y + at.height - places[-1] >= 3
        edge = next(e for e in picture.graph.edges if e.id == label.get("data-edge"))
        assert at.width >= edge_size(edge, flow=True)[0] + 6 - 0.5


def test_where_all_gradients_are_zero_there_is_no_scale():
    x = Value(3.0, "x")
    y = (x - 3.0) ** 2 * 0.0
    y.backward()
    (entry, *_) = elements(draw(y, engine="builtin").svg(), "legend")
    assert texts(entry) == ["○", "gradient 0"]


def test_the_legend_explains_only_what_is_there():
    legend = [line for g in elements(draw(neuron()).svg(), "legend") for line in texts(g)]
    assert "⚠ not finite" not in legend
    assert not any("not taken" in line for line in legend)
    assert elements(draw(neuron(), legend=False).svg(), "legend") == []
    assert "operand, with local derivative" in legend
    bare = [line for g in elements(draw(neuron(), labels=False).svg(), "legend") for line in texts(g)]
    assert "operand" in bare
    assert not any("local" in line for line in bare)


# 11. The backward flow.
def test_what_flows_back_is_laid_over_the_edges():
    picture = draw(neuron(), flow=True)
    bands = [p for p in ET.fromstring(picture.svg()).iter(f"{SVG}path") if p.get("data-band")]
    assert len(bands) == len(picture.graph.edges)
    assert {texts(g)[1] for g in elements(picture.svg(), "edge")} >= {"← −0.7913", "← −1.0045"}
    assert not [
        p for p in ET.fromstring(draw(neuron(), flow=False).svg()).iter(f"{SVG}path") if p.get("data-band")
    ]


def test_a_branch_not_taken_is_drawn_and_said():
    x = Value(-1.0, "x")
    y = x.relu() + x
    y.backward()
    picture = draw(y)
    cut = [g for g in elements(picture.svg(), "edge") if "not taken" in texts(g)]
    assert len(cut) == 1
    assert "cut" in next(cut[0].iter(f"{SVG}path")).get("class")


# 12. Saved operands.
def test_values_that_the_backward_pass_reads_are_marked():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = (a + b).tanh() * a
    y.backward()
    saved = {node.title or node.operation for node in draw(y, saved=True).graph.nodes if node.saved}
    assert saved == {"a", "tanh"}
    assert not any(node.saved for node in draw(y).graph.nodes)


# 15. Hover.
def test_pointing_tells_formula_contributions_and_source_line():
    with autograd.sources():
        x = Value(3.0, "x")
        y = x * x + x
    y.label = "y"
    y.backward()
    tips = {g.get("data-node"): g.find(f"{SVG}title").text for g in elements(draw(y).svg(), "node")}
    assert "y = v1 + x" in tips["n2"]
    assert "test_drawing.py:" in tips["n2"]
    assert tips["n0"].count("from ") == 3
    assert "∂₁v1/∂x = x = 3" in elements(draw(y).svg(), "edge")[0].find(f"{SVG}title").text


# 16. Mathematical labels.
def test_operations_are_written_as_mathematics():
    x = Value(3.0, "x")
    shown = {
        n.operation
        for n in draw(autograd.sum([x * x, x / 2.0, x - 1.0, x**2, x.sqrt(), x.log(), x**3])).graph.nodes
    }
    assert {"×", "÷ 2", "− 1", "( )²", "√", "ln", "( )³", "Σ 7"} <= shown


# 17. Formats.
@needs_dot
@pytest.mark.parametrize(
    ("suffix", "magic"),
    [
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF"),
        ("svg", b"<svg"),
        ("dot", b"digraph"),
        ("mmd", b"flowchart"),
        ("txt", b"w"),
    ],
)
def test_formats(tmp_path, suffix, magic):
    path = draw(neuron()).save(tmp_path / f"g.{suffix}")
    with open(path, "rb") as file:
        assert magic in file.read(200)


def test_an_unknown_format_is_an_error_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="bmp"):
        draw(neuron()).save(tmp_path / "g.bmp")
    assert list(tmp_path.iterdir()) == []


def test_mermaid_has_every_node_edge_and_cluster():
    text = draw(network()).to_mermaid()
    graph = draw(network()).graph
    assert len(re.findall(r"^ *n\d+[(\[]", text, re.M)) == len(graph.nodes)
    assert text.count(" -->|") == len(graph.edges)
    assert text.count("subgraph") == text.count("\n" + "    end") + len(re.findall(r"^  end$", text, re.M))


def test_the_listing_has_a_line_for_each_node():
    lines = draw(neuron()).listing().split("\n")
    assert len(lines) == 9
    assert any(line.startswith("a = tanh(z)") for line in lines)


# 19. Deterministic bytes; several pictures in one page.
def test_equal_graphs_have_equal_bytes():
    assert draw(network()).svg() == draw(network()).svg()
    assert draw(network()).source == draw(network()).source
    assert draw(network()).to_mermaid() == draw(network()).to_mermaid()


def test_bytes_do_not_depend_on_the_seed_of_hashes():
    program = (
        f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[2])!r}]; from drawings import *; from "
        "autograd import draw, explain, stepper; from hashlib import sha256\n"
        "loss = network((2, 5, 3, 1))\n"
        "out = [draw(loss, engine='builtin', **o).svg() for o in ({}, {'fold': True}, {'depth': 1}, "
        "{'depth': 2, 'fold': True, 'saved': True})]\n"
        "out += [draw(loss).source, draw(loss, fold=True).to_mermaid(), draw(loss).listing(), "
        "str(explain(loss)), stepper(loss, engine='builtin').html]\n"
        "print(sha256(''.join(out).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(seen) == 1


def test_pictures_in_one_page_cannot_collide():
    svg = draw(network()).svg() + draw(neuron(), theme="dark").svg()
    assert not re.search(r'\sid="|url\(#|href="#', svg)
    sheets = re.findall(r"<style>(.*?)</style>", svg, re.S)
    colours = [set(re.findall(r"\.ag-(\w+) ", sheet)) for sheet in sheets]
    assert colours == [{"auto"}, {"dark"}]


# A Digraph, and micrograd's names.
def test_it_is_a_digraph(tmp_path):
    picture = draw_dot(neuron(), format="svg", rankdir="TB")
    assert isinstance(picture, graphviz.Digraph)
    assert picture.pipe().startswith(b"<svg")
    assert picture.pipe(format="svg", encoding="utf-8").startswith("<svg")
    path = picture.render(str(tmp_path / "gout"))
    assert path.endswith("gout.svg")
    assert (tmp_path / "gout.gv").read_text().startswith("digraph")


@needs_dot
def test_statements_can_be_added_as_to_any_digraph():
    picture = draw(neuron())
    picture.node("note", "mine")
    picture.edge("note", "n0")
    names = {o["name"] for o in parsed_by_dot(picture.source)["objects"]}
    assert "note" in names
    assert "note" in picture.copy().source
    assert picture.pipe(format="png").startswith(b"\x89PNG")


def test_trace_gives_nodes_and_edges():
    loss = neuron()
    nodes, edges = trace(loss)
    assert len(nodes) == 9
    assert len(edges) == 8
    assert all(parent in child.parents for parent, child in edges)


def test_notebooks_get_the_picture_once():
    bundle = draw(neuron())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].startswith("<Computation graph of L = 0.1565: 9 nodes, 8 edges")
    assert "a = tanh(z)" in bundle["text/plain"]
    assert len(elements(picture_in(bundle["text/html"]), "node")) == 9


def test_a_picture_of_megabytes_is_given_once():
    assert set(draw(chain(1400), fold=False)._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


def test_the_node_draws_itself():
    assert neuron().draw(rankdir="TB").graph.rankdir == "TB"


@pytest.mark.parametrize("options", [{"rankdir": "XX"}, {"theme": "blue"}, {"depth": 0}, {"engine": "neato"}])
def test_bad_options_are_errors(options):
    with pytest.raises(ValueError, match=str(next(iter(options.values())))):
        draw(neuron(), **options).svg()


def test_without_a_backward_pass_the_picture_says_so():
    x = Value(3.0, "x")
    picture = draw(x * x)
    assert "no gradients yet" in picture.graph.notices[0]
    assert all(node.gradient == "" for node in picture.graph.nodes)


def test_a_single_node_has_a_picture():
    for engine in ("auto", "builtin"):
        assert len(elements(draw(Value(3.0, "x"), engine=engine).svg(), "node")) == 1


def test_nothing_flows_below_a_branch_that_was_not_taken():
    x = Value(-1.0, "x")
    y = autograd.where(x > 0.0, x.sqrt(), 2.0 * x)
    y.backward()
    picture = draw(y)
    root = picture.graph.nodes[[node.operation for node in picture.graph.nodes].index("√")]
    below = [edge for edge in picture.graph.edges if root.id in (edge.head, edge.tail)]
    assert len(below) == 2
    assert all(edge.contribution == "" and not edge.taken for edge in below)
    assert "nan" not in picture.graph.tones
    assert x.grad == 2.0


def test_names_are_typeset():
    alpha, w = Value(1.0, "alpha_1"), Value(2.0, "w_12")
    shown = {line for g in elements(draw(alpha * w).svg(), "node") for line in texts(g)}
    assert {"α₁", "w₁₂"} <= shown


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda x: x / 0.0, "÷ 0"), (lambda x: x**math.inf, "^ inf"), (lambda x: x - math.inf, "− inf"),
        (lambda x: x * math.nan, "× NaN"), (lambda x: x**1e300, "^ 1e+300"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("view", ["graph", "network"])
def test_extreme_constants_are_drawn(make, words, view):
    y = make(Value(2.0, "x"))
    y.backward()
    svg = draw(y, view=view).svg()
    assert all(part in svg for part in (words.split() if view == "network" else [words]))


# 21. Weights, data and results are told apart by shape and header, gradients by the band.
def test_weights_data_and_results_differ_in_shape_and_header():
    from nn import MLP

    loss = MLP(2, [2, 1], rng=0)([Value(1.0, "x0"), Value(-2.0)]) ** 2
    loss.backward()
    picture = draw(loss)
    shapes = {}
    for g in elements(picture.svg(), "node"):
        kind = " ".join(g.get("class").split()[1:])
        head = texts(g)[:2] if "leaf" in kind else []
        shapes.setdefault(kind, set()).add((g.find(f"{SVG}rect").get("rx"), *head[-1:]))
    assert shapes["leaf parameter"] == {("18", "weight")}
    assert shapes["leaf data"] == {("0", "data"), ("0", "value")}  # one without a name says data in its place
    assert shapes["operation"] == shapes["output"] == {("5",)}


def test_without_modules_a_leaf_is_a_leaf():
    assert {box.kind for box in draw(neuron()).graph.nodes if not box.operation} == {"leaf"}


def test_the_gradient_that_the_pass_began_with_has_no_colour_and_sets_no_scale():
    graph = draw(neuron()).graph
    (root,) = [box for box in graph.nodes if box.kind == "output"]
    assert (root.gradient, root.tone) == ("1", "seed")
    assert graph.scale == max(abs(v.grad) for v in autograd.toposort(neuron())[:-1])
    part = neuron().parents[0]  # its gradient came from above, and is no seed
    assert draw(part).graph.nodes[-1].tone == "n4"
