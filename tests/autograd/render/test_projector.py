"""Graphs of lectures at 1280 x 720, read from their SVG: text large enough, all in its place."""

import itertools
import math
import random
import re
import xml.etree.ElementTree as ET

import pytest
from drawings import SVG, network

import autograd
import nn
from autograd import Value, draw
from autograd.render.labels import width

FONTS = re.compile(r"((?:\.ag[^{},]*,?)+)\{font-size:([\d.]+)px\}")
TOKENS = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)")


def perceptron():
    return network((2, 4, 4, 1))


def lstm_cell():
    cell = nn.LSTM(1, 1, rng=3)
    (h,), (c,) = cell.step([Value(0.5, "x")], ([Value(0.1, "h")], [Value(0.2, "c")]))
    h.label, c.label = "h'", "c'"
    h.backward()
    return h


def attention():
    rng = random.Random(1)
    q = Value(0.5, "q")
    keys, values = ([Value(rng.uniform(-1, 1), f"{name}{i}") for i in range(3)] for name in "kv")
    out = autograd.dot(autograd.softmax([q * k for k in keys]), values)
    out.label = "out"
    out.backward()
    return out


def recurrence():
    w, u, b, h = Value(0.5, "w"), Value(-0.7, "u"), Value(0.1, "b"), Value(0.0, "h0")
    for t in range(6):
        h = (w * h + u * Value(0.3 * t - 0.5, f"x{t}") + b).tanh()
    loss = (h - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def cross_entropy():
    scores = [Value(x, f"z{i}") for i, x in enumerate((0.5, -1.0, 2.0, 0.1))]
    shares = autograd.softmax(scores)
    loss = -autograd.sum([t * p.log() for t, p in zip((0.0, 0.0, 1.0, 0.0), shares, strict=True)])
    loss.label = "loss"
    loss.backward()
    return loss


def gru_cell():
    (h,) = nn.GRU(1, 1, rng=3).step([Value(0.5, "x")], [Value(0.1, "h")])
    return labelled(h, "h'")


def convolution_with_pooling():
    rng = random.Random(2)
    kernel, x = (
        [Value(rng.uniform(-1, 1), f"{name}{i}") for i in range(n)] for name, n in (("k", 3), ("x", 6))
    )
    offset = Value(0.1, "b")
    maps = [(autograd.dot(kernel, x[i : i + 3]) + offset).relu() for i in range(4)]
    return labelled(autograd.sum([autograd.max(*maps[i : i + 2]) for i in (0, 2)]) * 0.5, "out")


def residual_network():
    x = [Value(0.5, "x0"), Value(-1.0, "x1")]
    first, second = [a + b for a, b in zip(nn.MLP(2, [3, 2], activation="tanh", rng=1)(x), x, strict=True)]
    return labelled((first - 1.0) ** 2 + (second + 1.0) ** 2, "loss")


def kalman_step():
    x, p, a, q, r, z = (
        Value(v, name)
        for v, name in ((0.2, "x"), (1.0, "P"), (0.9, "a"), (0.1, "q"), (0.5, "r"), (0.7, "z"))
    )
    expected, spread = a * x, a * p * a + q
    gain = spread / (spread + r)
    updated, left = expected + gain * (z - expected), (1.0 - gain) * spread
    for node, label in ((expected, "x-"), (spread, "P-"), (gain, "K"), (updated, "x+"), (left, "P+")):
        node.label = label
    return labelled(updated**2 + left, "loss")


def batch_norm():
    xs = [Value(v, f"x{i}") for i, v in enumerate((0.5, -1.0, 2.0))]
    gamma, beta = Value(1.2, "gamma"), Value(-0.1, "beta")
    mean = autograd.sum(xs) / 3.0
    var = autograd.sum([(x - mean) ** 2 for x in xs]) / 3.0
    sigma = (var + 1e-5).sqrt()
    mean.label, var.label, sigma.label = "mean", "var", "sigma"
    ys = [gamma * (x - mean) / sigma + beta for x in xs]
    return labelled(autograd.sum([y * t for y, t in zip(ys, (1.0, -1.0, 0.5), strict=True)]), "out")


def attention_head():
    rng = random.Random(1)
    tokens = [Value(rng.uniform(-1, 1), f"t{i}") for i in range(3)]
    query, key, value = (Value(rng.uniform(-1, 1), name) for name in ("Wq", "Wk", "Wv"))
    q = query * tokens[-1]
    q.label = "q"
    return labelled(
        autograd.dot(autograd.softmax([q * (key * t) for t in tokens]), [value * t for t in tokens]), "out"
    )


def softmax_classifier():
    scores = nn.MLP(2, [3], activation="linear", rng=1)([Value(0.5, "x0"), Value(-1.0, "x1")])
    return labelled(-autograd.softmax(scores)[1].log(), "loss")


def labelled(root, label):
    """Return an output after backward()."""
    root.label = label
    root.backward()
    return root


def wide_network():
    return network((1, 16, 1))


def tangle():
    rng = random.Random(0)
    values = [Value(rng.uniform(0.5, 1.5), f"a{i}") for i in range(4)]
    for _ in range(16):
        a, b = rng.choice(values[-9:]), rng.choice(values)
        values.append(rng.choice([lambda: a * b, lambda: a + b, lambda: (a * 0.1).tanh(), lambda: a - b])())
    used = {parent for v in values for parent in v.parents}
    return labelled(autograd.sum([v for v in values if v not in used]), "L")


GRAPHS = [
    perceptron, lstm_cell, attention, recurrence, cross_entropy, gru_cell, convolution_with_pooling,
    residual_network, kalman_step, batch_norm, attention_head, softmax_classifier,
    wide_network, tangle,
]  # fmt: skip


class Page:
    """What a reader of an SVG file sees, in pixels of the page."""

    def __init__(self, svg):
        root = ET.fromstring(svg)
        _, _, breadth, height = map(float, root.get("viewBox").split())
        self.size = float(root.get("width")), float(root.get("height"))
        self.zoom = self.size[0] / breadth
        assert self.zoom == pytest.approx(self.size[1] / height, rel=1e-3)
        self.fonts = {}
        for selectors, size in FONTS.findall(root.findtext(f"{SVG}style")):
            for selector in selectors.split(","):
                self.fonts[selector.removeprefix(".ag ").removeprefix(".")] = float(size)
        self.texts, self.boxes, self.edges = [], {}, {}
        self._walk(root, 0.0, 0.0, None)

    def _walk(self, element, dx, dy, owner):
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        if moved:
            dx, dy = dx + float(moved[1]), dy + float(moved[2])
        classes = (element.get("class") or "").split()
        if "node" in classes:
            owner = element.get("data-node")
            card = element.findall(f"{SVG}rect")[-1]
            self.boxes[owner] = (dx, dy, dx + float(card.get("width")), dy + float(card.get("height")))
        if element.get("data-label"):
            owner = element.get("data-label")
        elif "edge" in classes:
            owner = element.get("data-edge")
            paths = element.iter(f"{SVG}path")
            line = next(p for p in paths if {"wire", "band"} & set(p.get("class").split()))
            ends = element.get("data-tail"), element.get("data-head")
            self.edges[owner] = (*ends, [(x + dx, y + dy) for x, y in points_of(line.get("d"))])
        if element.tag == f"{SVG}text" and "".join(element.itertext()).strip():
            names = classes or ["edge text"]
            size = next(self.fonts[name] for name in names if name in self.fonts)
            x, y = float(element.get("x")) + dx, float(element.get("y")) + dy
            self.texts.append((owner, "".join(element.itertext()), x, y, size))
        for child in element:
            self._walk(child, dx, dy, owner)


def points_of(path):
    """Return points along a path of cubic segments and horizontal lines."""
    tokens = TOKENS.findall(path)
    points, at, command = [], 0, ""
    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
        count = {"M": 2, "C": 6, "H": 1}[command]
        v = [float(t) for t in tokens[at : at + count]]
        at += count
        if command == "M":
            points.append((v[0], v[1]))
            continue
        x, y = points[-1]
        a, b, c = [(v[i], v[i + 1]) for i in (0, 2, 4)] if command == "C" else [(x, y), (v[0], y), (v[0], y)]
        for t in (i / 24 for i in range(1, 25)):
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            corners = list(zip(weights, ((x, y), a, b, c), strict=True))
            points.append(tuple(sum(w * p[k] for w, p in corners) for k in (0, 1)))
    return points


@pytest.fixture(scope="module", params=GRAPHS, ids=lambda make: make.__name__)
def page(request):
    return Page(draw(request.param(), size=(1280, 720)).svg())


def test_the_picture_has_the_size_asked_for_and_all_text_twelve_pixels(page):
    assert page.size == (1280.0, 720.0)
    assert page.texts
    assert min(size for *_, size in page.texts) * page.zoom >= 12.0


def test_everything_is_within_the_picture(page):
    for left, top, right, bottom in page.boxes.values():
        assert left >= 0
        assert top >= 0
        assert right * page.zoom <= 1280
        assert bottom * page.zoom <= 720


def test_no_edge_passes_through_a_box_that_is_not_its_own(page):
    for tail, head, points in page.edges.values():
        for name, (left, top, right, bottom) in page.boxes.items():
            if name not in (tail, head):
                assert not any(left + 1 < x < right - 1 and top + 1 < y < bottom - 1 for x, y in points), name


def labels(page):
    """The rectangles of the texts that stand at edges, with the edge that each belongs to."""
    found = []
    for owner, words, x, y, size in page.texts:
        if owner in page.edges:
            half = width(words, size) / 2
            found.append((owner, (x - half, y - 0.8 * size, x + half, y + 0.2 * size)))
    return found


def test_no_two_labels_touch_and_none_lies_on_a_box(page):
    found = labels(page)

    def apart(a, b):
        return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]

    assert all(apart(a, b) for (_, a), (_, b) in itertools.combinations(found, 2))
    assert all(apart(a, box) for _, a in found for box in page.boxes.values())


def test_each_label_is_nearest_to_its_own_edge(page):
    for owner, (left, top, right, bottom) in labels(page):
        centre = (left + right) / 2, (top + bottom) / 2
        distances = {
            name: min(math.dist(centre, p) for p in points) for name, (*_, points) in page.edges.items()
        }
        assert min(distances, key=distances.__getitem__) == owner


def test_where_edges_are_dense_labels_are_left_out_and_can_be_forced():
    few, all_ = draw(cross_entropy()), draw(cross_entropy(), edges="all")
    assert sum(edge.shown for edge in few.graph.edges) == 29 - 16
    assert all(edge.shown for edge in all_.graph.edges)
    assert "16 labels are left out" in few.svg()
    assert len(all_.layout().labels) == 29


def test_labels_of_weights_lie_over_all_lines_and_touch_neither_each_other_nor_a_neuron():
    svg = draw(nn.MLP(2, [4, 4, 1], rng=1), edges="all").svg()
    assert svg.rindex('data-tail="') < svg.index('data-label="')
    page = Page(svg)
    assert len(labels(page)) == len(page.edges) == 28
    test_no_two_labels_touch_and_none_lies_on_a_box(page)
    test_each_label_is_nearest_to_its_own_edge(page)


def test_a_part_of_a_graph_is_what_is_nearest_to_the_output_and_dots_mark_what_is_left_out():
    x = Value(0.5, "x")
    y = labelled((x.sin() * x.exp()).tanh(), "y")
    graph = draw(y, nearest=4).graph
    assert [box.operation.partition(" ")[0] for box in graph.nodes] == ["…", "…", "×", "tanh"]
    assert [(edge.tail, edge.head) for edge in graph.edges] == [("n2", "n3"), ("n1", "n3"), ("n3", "n4")]
    assert "the 4 of 5 nodes nearest" in draw(y, nearest=4).svg()
    assert not draw(y, nearest=5).graph.notices
    for options in ({"depth": 1}, {"fold": True}, {"view": "network"}, {"unfold": "n0"}):
        with pytest.raises(ValueError, match="nearest= counts the nodes of a graph"):
            draw(y, nearest=4, **options)
    with pytest.raises(ValueError, match="nearest"):
        draw(y, nearest=0)


def test_a_size_in_which_nothing_can_be_read_is_an_error():
    with pytest.raises(ValueError, match=r"in 300 x 200 pixels .* of 12 that can be read"):
        draw(perceptron(), size=(300, 200))
    with pytest.raises(ValueError, match="width and height in pixels"):
        draw(perceptron(), size=(1280, 7))
    with pytest.raises(ValueError, match="edges is room or all"):
        draw(perceptron(), edges="some")


@pytest.mark.parametrize(
    "size", [720, "1280x720", ("1280", "720"), (math.nan, 720), (math.inf, 720), (1280, 720, 1)], ids=str
)
def test_what_is_no_size_is_an_error_that_shows_one(size):
    with pytest.raises(ValueError, match=r"size is width and height in pixels, .* as \(1280, 720\), not"):
        draw(Value(1.0), size=size)
