"""PNG and PDF show what the SVG shows: the same boxes, colours, legend and texts, at the same places."""

import io
import xml.etree.ElementTree as ET

import pytest
from drawings import SVG, elements, needs_dot, network, neuron, parsed_by_dot, texts

from autograd import Value
from autograd.render import draw
from autograd.render.page.jupyter import picture_size
from autograd.render.picture.measure import BOX
from autograd.render.picture.painted import painted_source
from autograd.render.picture.palette import DARK, LIGHT

pytestmark = needs_dot


@pytest.fixture(autouse=True)
def by_graphviz(monkeypatch):
    """Let no library draw what Graphviz is to draw here."""
    monkeypatch.setattr("autograd.render.picture.raster.find_spec", lambda name: None)


def flagged():
    """Return a graph with gradients of both signs, zero, not finite, and a branch not taken."""
    p, q, r = Value(2.0, "p"), Value(-1.0, "q"), Value(0.0, "r")
    root = p * 5.0 - p.sin() + q.relu() + r * 0.0 + (r - 1.0).log() * 0.5
    root.label = "root"
    root.backward()
    return root


def pixels(picture):
    """Return the picture as PNG: a function from a place in the SVG to the colour there."""
    image = pytest.importorskip("matplotlib.image").imread(io.BytesIO(picture.data("png")))
    height = picture_size(picture.svg())[1]
    scale = image.shape[0] / height

    def colour(x, y):
        r, g, b = (round(255 * float(c)) for c in image[int(y * scale), int(x * scale)][:3])
        return r, g, b

    return colour


def near(colour, wanted, slack=6):
    return all(abs(a - int(wanted[i : i + 2], 16)) <= slack for a, i in zip(colour, (1, 3, 5), strict=True))


@pytest.mark.parametrize("engine", ["dot", "builtin"])
@pytest.mark.parametrize(("theme", "palette"), [("auto", LIGHT), ("dark", DARK)])
@pytest.mark.parametrize("make", [neuron, network, flagged])
def test_cards_have_their_colours_and_round_corners(make, theme, palette, engine):
    picture = draw(make(), theme=theme, engine=engine, legend=False, flow=False)
    colour, placed = pixels(picture), picture.layout()
    shift = (picture_size(picture.svg())[0] - placed.width) / 2
    for node in picture.graph.nodes:
        r = placed.nodes[node.id]
        x = r.x + shift
        assert near(colour(x + 5, r.y + BOX.head / 2), palette["leaf" if "leaf" in node.kind else "head"])
        assert near(colour(x + 5, r.y + BOX.head + BOX.row / 2), palette["card"])
        assert near(colour(x + 5, r.y + BOX.head + 1.4 * BOX.row), palette[node.tone])
        assert near(colour(x + 0.3, r.y + 0.3), palette["cluster" if node.scope else "paper"], 12)


def test_the_legend_is_there():
    picture = draw(flagged())
    colour = pixels(picture)
    entries = elements(picture.svg(), "legend")
    swatches = 0
    for entry in entries:
        x, y = (float(v) for v in entry.get("transform").removeprefix("translate(").rstrip(")").split())
        for cell in entry.iter(f"{SVG}path"):
            tones = [name[2:] for name in cell.get("class").split() if name.startswith("t-")]
            if tones and tones != ["zero"]:
                left = float(cell.get("d")[1:].split()[0])
                assert near(colour(x + left + 7, y - 4), LIGHT[tones[0]]), tones
                swatches += 1
    assert swatches == 9


def test_every_text_stands_where_it_does_in_the_svg():
    picture = draw(network(), saved=True)
    svg = picture.svg()
    height = picture_size(svg)[1]
    parsed = parsed_by_dot(painted_source(svg), "-Kneato", "-n2")
    drawn = [op for o in parsed["objects"] for op in o.get("_ldraw_", ()) if op["op"] == "T"]
    wanted = [t for t in texts(ET.fromstring(svg)) if t.strip()]
    assert [op["text"] for op in drawn] == wanted
    assert [float(x) for x in parsed["bb"].split(",")] == pytest.approx(
        [0.0, 0.0, *picture_size(svg)], abs=0.3
    )
    captions = {op["text"]: height - op["pt"][1] for op in drawn}
    for cluster in elements(svg, "cluster"):
        label = next(cluster.iter(f"{SVG}text"))
        assert captions[label.text] == pytest.approx(
            float(label.get("y")), abs=400 if label.text.startswith("n") else 3
        )


def test_text_ends_where_it_shall_end():
    picture = draw(neuron())
    svg = picture.svg()
    parsed = parsed_by_dot(painted_source(svg), "-Kneato", "-n2")
    drawn = [
        op
        for o in parsed["objects"]
        for op in o.get("_ldraw_", ())
        if op["op"] == "T" and op["text"] == "grad"
    ]
    placed = picture.layout()
    shift = (picture_size(svg)[0] - placed.width) / 2
    # What is aligned left begins ten pixels inside its card.
    begins = sorted(op["pt"][0] - (op["width"] / 2 if op["align"] == "c" else 0) for op in drawn)
    assert begins == pytest.approx(sorted(r.x + shift + BOX.pad for r in placed.nodes.values()), abs=2.5)


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_a_picture_of_many_marks_is_written_too(form):
    x = Value(0.5, "x")
    y = x
    for _ in range(120):  # more marks than Graphviz reads in one string
        y = (y * x).tanh()
    y.backward()
    assert len(painted_source(draw(y).svg())) > 100_000
    assert draw(y).data(form)[:4] in (b"\x89PNG", b"%PDF")
