"""A backward pass that plays by itself, as SVG without a script and as GIF."""

import io
import re
import sys
import xml.etree.ElementTree as ET

import pytest
from drawings import SVG, elements, network, neuron

from autograd import Value, draw
from autograd.errors import MissingDependencyError
from autograd.render.picture.animated import moments


def test_edges_appear_in_the_order_of_the_backward_pass():
    loss = neuron()
    picture = draw(loss, engine="builtin")
    found = moments(picture.graph, loss)
    titles = {box.id: box.title for box in picture.graph.nodes}
    passed = sorted((found[edge.id], titles[edge.head], titles[edge.tail]) for edge in picture.graph.edges)
    assert [step for step, *_ in passed] == list(range(1, 9))
    assert passed[0] == (1, "L", "e")
    assert {passed[-1][1], passed[-2][1]} == {"m"}


def test_a_gradient_appears_when_its_last_part_has_arrived():
    x = Value(3.0, "x")
    y = x * x + x
    y.backward()
    picture = draw(y, engine="builtin")
    found = moments(picture.graph, y)
    (leaf,) = [box.id for box in picture.graph.nodes if box.title == "x"]
    assert found[leaf] == max(found[edge.id] for edge in picture.graph.edges if edge.tail == leaf) == 4


def test_the_file_moves_by_its_style_sheet_alone_and_rests_where_that_is_asked_for():
    svg = draw(neuron(), engine="builtin").animate(seconds=0.5).decode()
    ET.fromstring(svg)
    assert "<script" not in svg
    assert svg.count("@keyframes") == 8
    assert "prefers-reduced-motion:reduce" in svg
    durations = {float(x) for x in re.findall(r"([\d.]+)s linear infinite", svg)}
    assert durations == {0.5 * (8 + 1 + 3)}


def test_what_flows_back_keeps_its_colour_while_it_appears():
    # The first text of its kind in a group has the colour of a local derivative.
    labels = elements(draw(neuron(), engine="builtin").animate().decode(), "edge")
    for label in labels:
        local, flow = label.findall(f"{SVG}text")
        assert local.get("class") is None
        assert flow.get("class").startswith("m8-")


def test_the_still_picture_is_not_changed_by_having_moved():
    picture = draw(neuron(), engine="builtin")
    before = picture.svg()
    picture.animate()
    assert picture.svg() == before


def test_what_is_not_taken_never_appears():
    q = Value(-1.0, "q")
    y = q.relu() + q
    y.backward()
    picture = draw(y, engine="builtin")
    found = moments(picture.graph, y)
    assert [edge.id in found for edge in picture.graph.edges if not edge.taken] == [False]


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (lambda: draw(network(), fold=True), "fold=False"),
        (lambda: draw(network(), view="network"), "each node by itself"),
        (lambda: draw(Value(1.0) * 2.0), r"call backward\(\) first"),
    ],
    ids=["folded", "network", "no gradients"],
)
def test_what_cannot_be_played_is_an_error_that_says_why(picture, words):
    with pytest.raises(ValueError, match=words):
        picture().animate()
    with pytest.raises(ValueError, match="svg or gif, not 'mp4'"):
        draw(neuron()).animate("mp4")


def test_a_gif_has_a_picture_for_each_step():
    pytest.importorskip("resvg_py")
    images = pytest.importorskip("PIL.Image")
    data = draw(neuron(), engine="builtin").animate("gif", seconds=0.2)
    with images.open(io.BytesIO(data)) as image:
        assert image.n_frames == 9
        assert image.info["loop"] == 0


def test_without_a_library_that_draws_a_gif_the_message_names_it(monkeypatch):
    pytest.importorskip("PIL")
    monkeypatch.setattr("autograd.render.picture.raster.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingDependencyError, match=r"chainrule\[picture\]"):
        draw(neuron(), engine="builtin").animate("gif")


def test_png_is_drawn_without_graphviz(monkeypatch, tmp_path):
    pytest.importorskip("resvg_py")
    images = pytest.importorskip("PIL.Image")
    monkeypatch.setenv("PATH", str(tmp_path))
    picture = draw(neuron(), engine="builtin")
    with images.open(io.BytesIO(picture.data("png"))) as image:
        root = ET.fromstring(picture.svg())
        assert list(image.size) == pytest.approx(
            [2 * float(root.get(side)) for side in ("width", "height")], abs=1
        )
        assert len(image.convert("RGB").getcolors(1_000_000)) > 20
    assert len(elements(picture.svg(), "node")) == 9
    assert root.tag == f"{SVG}svg"


def test_pdf_is_drawn_without_graphviz(monkeypatch, tmp_path):
    try:
        import cairosvg  # noqa: F401 - it may be there, and the system's Cairo not
    except (ImportError, OSError):
        pytest.skip("no CairoSVG")
    monkeypatch.setenv("PATH", str(tmp_path))
    data = draw(neuron(), engine="builtin").data("pdf")
    assert data.startswith(b"%PDF")
    assert len(data) > 5_000


def test_a_broken_library_is_passed_over(monkeypatch):
    from autograd.render.picture import raster

    monkeypatch.setattr(raster, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    assert raster.rastered(draw(neuron(), engine="builtin").svg(), "png") is None
    assert raster.rastered(draw(neuron(), engine="builtin").svg(), "pdf") is None


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), "1", None])
def test_what_is_no_time_for_a_step_is_an_error(seconds):
    y = Value(2.0).exp()
    y.backward()
    with pytest.raises(ValueError, match="seconds, for a step, is a number above 0"):
        draw(y).animate(seconds=seconds)
