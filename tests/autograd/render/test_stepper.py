"""The stepper's page as a document: self-contained, small, with the engine's numbers, safe for any label."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from drawings import SVG, chain, elements, neuron, texts

from autograd import Value
from autograd.errors import GraphError
from autograd.render import stepper
from autograd.render.derive.steps import steps
from autograd.render.labels import number


class Page(HTMLParser):
    """Collect the elements of a page, and the text of its scripts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.scripts, self._script = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "script":
            self.scripts.append("")
            self._script = True

    def handle_endtag(self, tag):
        self._script = self._script and tag != "script"

    def handle_data(self, data):
        if self._script:
            self.scripts[-1] += data


def data_of(page):
    return json.loads(Page(page.html).scripts[0])


def thirty_nodes():
    """Return (sum of three tanh neurons - y)^2, of 30 nodes."""
    total, count = Value(0.5, "b"), 1
    for i in range(5):
        w, x = Value(0.3 * i - 0.5, f"w{i}"), Value(1.0 - 0.4 * i, f"x{i}")
        total = total + (w * x).tanh()
        count += 5
    root = (total - Value(1.0, "y")) ** 2
    root.label = "L"
    assert len(steps(root).nodes) in (29, 30)
    return root + 1.0 if len(steps(root).nodes) == 29 else root


@pytest.mark.parametrize("engine", ["auto", "builtin"])
def test_thirty_nodes_fit_in_forty_kilobytes(engine):
    assert len(stepper(thirty_nodes(), engine=engine).html.encode()) <= 40_000


def test_the_page_loads_nothing():
    html = stepper(neuron()).html
    for tag, attributes in Page(html).elements:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form")
        for key in ("src", "href", "xlink:href", "action", "data"):
            assert attributes.get(key, "data:,") in ("data:,",), (tag, attributes)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(|WebSocket", html)


def test_every_number_is_the_engines():
    listed = steps(neuron())
    data = data_of(stepper(neuron()))
    frame = data["frames"][0]
    assert frame["value"] == [number(v.data, minus="−") for v in listed.nodes]
    index = {v: i for i, v in enumerate(listed.nodes)}
    assert [(b[0], b[1]) for b in data["back"]] == [(index[s.node], index[s.parent]) for s in listed.backward]
    assert frame["local"] == [number(s.local) for s in listed.backward]
    assert frame["add"] == [number(s.contribution) for s in listed.backward]
    assert frame["after"] == [number(s.after) for s in listed.backward]
    assert data["back"][2][2] == "" and "1 - a^2" in [b[2] for b in data["back"]]


def test_the_static_picture_has_the_final_numbers():
    page = stepper(neuron())
    shown = [texts(g) for g in elements(page.svg, "node")]
    assert ["w", "value", "0.5000", "grad", "−1.0045"] in shown


def test_gradients_are_those_of_the_pass_though_none_was_run():
    x = Value(3.0, "x")
    assert ["x", "value", "3", "grad", "6"] in [texts(g) for g in elements(stepper(x * x).svg, "node")]
    assert x.grad == 0.0


def test_a_hook_on_the_way_is_shown():
    x = Value(3.0, "x")
    y = x * 2.0
    y.register_hook(lambda g: 10.0 * g)
    frame = data_of(stepper(y * 1.0))["frames"][0]
    assert frame["up"] == ["1", "10"]
    assert frame["after"] == ["1", "20"]


def test_controls_have_names():
    elements_ = Page(stepper(neuron()).html).elements
    buttons = [a for tag, a in elements_ if tag == "button"]
    assert [b["aria-label"] for b in buttons] == [
        "First step",
        "Previous step",
        "Play",
        "Next step",
        "Last step",
    ]
    assert all(a.get("aria-label") for tag, a in elements_ if tag == "input")
    assert any(a.get("role") == "status" and a.get("aria-live") == "polite" for _, a in elements_)
    assert any(tag == "html" and a.get("lang") == "en" for tag, a in elements_)


def test_training_playback_holds_a_frame_for_each_step():
    w = Value(2.0, "w")

    def training():
        for _ in range(12):
            loss = (w - 1.0) ** 2
            yield loss
            loss.backward()
            w.data -= 0.1 * w.grad
            w.grad = 0.0

    page = stepper(training())
    data = data_of(page)
    losses = [frame["loss"] for frame in data["frames"]]
    assert len(losses) == 12
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == 1.0
    assert "Play training" in page.html


def test_bad_input():
    with pytest.raises(ValueError, match="no graph"):
        stepper([])
    with pytest.raises(GraphError, match="nobody steps through"):
        stepper(chain(301))
    x = Value(1.0)
    with pytest.raises(GraphError, match="graph 2 .* built differently"):
        stepper([x * 2.0, x + 2.0])


NASTY = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\nb",
    "\u2028",
    "{{x}}",
    "漢字",
    "\ud800",
    "x" * 10_000,
    "&lt;b&gt;",
    "`${1}`",
]


@pytest.mark.parametrize("label", NASTY, ids=range(len(NASTY)))
def test_no_label_reaches_the_page_as_markup(label):
    x = Value(2.0, label)
    y = x * 3.0
    y.label = label
    page = stepper(y, title=label)
    parsed = Page(page.html)
    assert sum(tag == "script" for tag, _ in parsed.elements) == 2
    assert not any(key.startswith("on") for _, attributes in parsed.elements for key in attributes)
    assert len(data_of(page)["nodes"]) == 2
    ET.fromstring(page.svg)
    page.html.encode()


def test_notebooks_get_a_page_and_a_picture_for_where_pages_are_stripped(tmp_path):
    page = stepper(neuron())
    parsed = Page(page._repr_html_())
    frame = next(a for tag, a in parsed.elements if tag == "iframe")
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"] == page.html
    image = next(a for tag, a in parsed.elements if tag == "img")
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert page._repr_html_().startswith("<style>.ag-live+img{display:none}</style>")
    page.save(tmp_path / "deep" / "x.html")
    assert (tmp_path / "deep" / "x.html").read_text(encoding="utf-8") == page.html


def test_equal_graphs_give_equal_pages():
    assert stepper(neuron()).html == stepper(neuron()).html


def test_every_box_has_room_for_its_widest_number():
    x = Value(1.0, "x")

    def training():
        for k in range(4):
            x.data = 10.0 ** (-3 * k)
            yield x * 1.2345

    root = ET.fromstring(stepper(training()).svg)
    widths = [float(r.get("width")) for r in root.iter(f"{SVG}rect") if r.get("class") == "card"]
    assert min(widths) > 110
