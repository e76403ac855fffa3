"""The live page: how a graph is written as text, what a page holds, and how large it is."""

import json
import re

import pytest

import autograd
import nn
from autograd import Value
from autograd.cli import main
from autograd.cli.arguments import build
from autograd.errors import GraphError
from autograd.render import live
from autograd.render.derive.steps import steps

NEURON = ["w=0.5,x=2,b=-0.3"]


def data(page):
    """What the page is told."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)[1])


@pytest.mark.parametrize(
    "expression",
    [
        "tanh(w*x + b)", "w - (x - b)", "w/(x/b)", "w/x/b", "-(w*x)", "(-w)*x - b", "-w**2 + (-x)**b",
        "(w**2)**3", "w**-1", "2 - w*(3 - x)**0.5", "(w > x)*b",
        "leaky_relu(w, 0.1)*elu(x) - clamp(b, low=-1, high=2)", "logsumexp(w, x, b) + max(w, 1, x)",
        "w//x + b % 2", "hypot(w, x) - 1e-7*b", "where(w < x, b, -3)",
    ],
)  # fmt: skip
def test_a_graph_is_written_as_it_would_be_typed(expression):
    names = {"w": 0.5, "x": 2.0, "b": 0.25}
    given = [f"{k}={v}" for k, v in names.items() if re.search(rf"\b{k}\b", expression)]
    root, _ = build(expression, given)
    root.label = ""
    again, _ = build(live(root).source, given)
    first, second = steps(root), steps(again)
    assert repr([f.value for f in first.forward]) == repr([f.value for f in second.forward])
    found, expected = ([(b.local, b.after) for b in s.backward] for s in (second, first))
    assert repr(found) == repr(expected)


def test_labels_and_nodes_that_are_used_twice_have_lines_of_their_own():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = w * x
    z.label = "z"
    shared = z + 1
    loss = shared * shared
    loss.label = "L"
    assert live(loss).source == "z = w*x\nv1 = z + 1\nL = v1*v1"


def test_labels_that_cannot_be_typed_become_names_that_can():
    first, second = Value(1.0, "</script>") * Value(2.0, "a b"), Value(3.0, "2") * Value(4.0, "pi")
    page = live(first + second - Value(5.0, "δ1"))
    assert page.source == "script*a_b + v_2*pi_2 - δ1"
    assert data(page)["at"] == {"script": 1.0, "a_b": 2.0, "v_2": 3.0, "pi_2": 4.0, "δ1": 5.0}
    assert page.html.count("</script>") == 2


def test_a_page_of_thirty_nodes_is_at_most_150_kb_and_asks_for_nothing_elsewhere():
    model = nn.MLP(2, [4, 1], rng=0)
    loss = (model([1.0, 2.0]) - 1.0) ** 2
    assert 26 <= len(steps(loss).nodes) <= 32
    page = live(loss)
    assert len(page.html.encode()) <= 150_000
    addresses = re.findall(r"https?://[^'\" ]+", page.html)
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page.html
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", page.html)


def test_a_row_that_is_long_in_javascript_comes_with_the_graphs_that_have_it():
    x = Value(2.5, "x")
    assert "lgamma" not in data(live(x * x))["rows"]
    page = live(autograd.lgamma(x))
    assert data(page)["rows"]["lgamma"]["u"] == 1
    assert "lgamma:[" in page.html


def test_in_a_notebook_there_is_a_frame_and_a_picture_for_where_frames_are_stripped():
    page = live(build("tanh(w*x + b)", NEURON)[0])
    html = page._repr_html_()
    assert 'sandbox="allow-scripts"' in html
    assert "data:image/svg+xml;base64," in html


def test_what_cannot_be_shown_is_said():
    x = Value(1.0, "x")
    with pytest.raises(TypeError, match=r"live\(\) takes a Value, got float"):
        live(1.0)
    y = x
    for _ in range(160):
        y = autograd.sin(y)
    with pytest.raises(GraphError, match="161 nodes"):
        live(y)
    own = autograd.custom_op("own_square", lambda x: x * x, lambda y, x: (2.0 * x,))
    with pytest.raises(GraphError, match="own_square"):
        live(own(x))
    with pytest.raises(GraphError, match="constant inf"):
        live(x + float("inf"))


def test_the_command_writes_the_page_with_the_expression_as_it_was_typed(tmp_path, capsys):
    path = tmp_path / "live.html"
    assert main(["live", "tanh(w*x+b)", "--at", *NEURON, "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    told = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)[1])
    assert (told["source"], told["at"]) == ("tanh(w*x+b)", {"w": 0.5, "x": 2.0, "b": -0.3})
    assert main(["live", "x*x", "--at", "x=1", "-o", ""]) == 2
