"""Labels of every kind are text in every format: none is markup, and all have room."""

import re
import xml.etree.ElementTree as ET

import pytest
from drawings import SVG, elements, needs_dot, network, neuron, parsed_by_dot, texts
from hypothesis import example, given, settings
from hypothesis import strategies as st
from node_tools import mermaid_objections

import autograd
from autograd import Value
from autograd.render import draw
from autograd.render.escape import xml
from autograd.render.picture.measure import title

NASTY = [
    '"',
    "{a|b}",
    "<b>",
    "\\N\\l\\",
    "a\nb",
    "😀👩‍👩‍👧",
    "</script>",
    "x" * 10_000,
    "&amp;",
    "-->",
    "]]>",
    "<!--",
    "%%{init}%%",
    "end",
    "\x00\x1b",
    "\u202eabc",
    "שלום",
    "汉字漢字",
    "`",
    "#quot;",
    "\ud800",
]


def assert_label_in_every_format(label):
    x = Value(2.0, label)
    y = x * 3.0
    y.label = label
    y.backward()
    with autograd.scope(label.replace(".", "") or "s"):
        z = y + 1.0
    picture = draw(z, engine="builtin")
    root = ET.fromstring(picture.svg())
    tags = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert tags <= {"svg", "g", "rect", "path", "text", "title", "style"}
    assert not any(name.startswith("on") for e in root.iter() for name in e.attrib)
    if label:
        assert title(picture.graph.nodes[0]) in [t for g in elements(picture.svg(), "node") for t in texts(g)]
    text = picture.to_mermaid()
    assert len(re.findall(r"^ *n\d+[(\[]", text, re.M)) == 3
    assert len(picture.listing().split("\n")) == 3
    assert "<" not in xml(label)
    return picture


@pytest.mark.parametrize("label", NASTY, ids=range(len(NASTY)))
@needs_dot
def test_nasty_labels_reach_graphviz_as_text(label):
    picture = assert_label_in_every_format(label)
    objects = parsed_by_dot(picture.source)["objects"]
    assert {o["name"] for o in objects if not o["name"].startswith("cluster")} == {"n0", "n1", "n2"}
    assert draw(Value(1.0, label) * 2.0, engine="dot").layout().engine == "dot"


@settings(max_examples=2 * settings.default.max_examples)
@given(st.text(max_size=40))
@example("n0")  # as the boxes themselves are called inside
@example("n1")
def test_any_label_is_text_in_every_format(label):
    assert_label_in_every_format(label)


def test_broad_scripts_have_room():
    from autograd.render.picture.measure import node_size

    def box(label):
        return node_size(draw(Value(1.0, label)).graph.nodes[0])[0]

    assert box("漢字漢字漢字漢字漢字") > box("kanjikanji")
    assert box("漢字漢字漢字漢字漢字") >= 10 * 13 + 20


def test_mermaid_reads_what_is_written_for_it():
    charts = [
        draw(root, rankdir=rankdir, flow=flow).to_mermaid()
        for root in (neuron(), network())
        for rankdir in ("LR", "RL", "TB", "BT")
        for flow in (True, False)
    ]
    charts += [draw(network(), depth=depth, fold=True).to_mermaid() for depth in (1, 2)]
    for label in NASTY:
        with autograd.scope(label.replace(".", "") or "s"):
            charts.append(draw(Value(2.0, label) * 3.0).to_mermaid())
    assert mermaid_objections(charts) == []
