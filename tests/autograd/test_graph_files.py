"""Graph files that could not have been recorded are refused with the place; scopes of any kind can be drawn."""

from __future__ import annotations

import json

import pytest

import autograd
from autograd import GraphError, Value
from autograd.files import DEPTH, NAME
from autograd.render import draw, explain, stepper
from autograd.serialize import from_json, to_json
from autograd.value import Note


def written(root: Value) -> dict:
    return json.loads(to_json(root))


def softmax_file(index: object) -> str:
    xs = [Value(0.1 * i, f"x{i}") for i in range(3)]
    document = written(autograd.TABLE["softmax"](*xs, index=1.0))
    document["nodes"][-1]["operands"][-1] = index
    return json.dumps(document)


@pytest.mark.parametrize("index", [3.0, -1.0, 0.5, "nan", "inf", 1e300])
def test_an_index_out_of_range_is_refused(index):
    with pytest.raises(GraphError, match=r"node 3 of the graph: index of softmax is .* there are 3 operands"):
        from_json(softmax_file(index))


def test_a_node_in_place_of_a_constant_is_refused():
    with pytest.raises(GraphError, match="node 3 of the graph"):
        from_json(softmax_file("n0"))


def test_an_order_that_is_no_whole_number_is_refused():
    document = written(autograd.polygamma(1, Value(2.5)))
    document["nodes"][-1]["operands"][-1] = -0.5
    with pytest.raises(GraphError, match="node 1 of the graph: polygamma.* takes as its order a whole number from 0 to 1000, got -0.5"):
        from_json(json.dumps(document))


def test_a_number_beyond_the_doubles_is_refused():
    text = to_json(Value(2.0) * 3.0)
    with pytest.raises(GraphError, match="node 0 of the graph: a number is too large"):
        from_json(text.replace("2.0", "1e999", 1))


SCOPES = [".", "..", "a..b", ".a", "a.", "...." * 500]


@pytest.mark.parametrize("path", SCOPES)
def test_a_path_with_an_empty_step_is_refused_where_it_is_made_and_in_files(path):
    with pytest.raises(ValueError, match="none of them empty"), autograd.scope(path):
        pass
    document = written(Value(2.0) * 3.0)
    document["nodes"][-1]["scope"] = path
    with pytest.raises(GraphError, match="node 1 of the graph: a scope is a path"):
        from_json(json.dumps(document))


@pytest.mark.parametrize("path", [*SCOPES, ".".join(["deep"] * 10_000), "a" * 100_000])
@pytest.mark.parametrize("options", [{}, {"depth": 1}, {"fold": True}, {"depth": 40}])
def test_any_path_can_be_drawn(path, options):
    x = Value(2.0, f"{path}.w")
    y = x * 3.0 + x
    for node in autograd.toposort(y)[1:]:
        node.note = Note("", path)
    picture = draw(y, engine="builtin", **options)
    assert len(picture.svg()) < 1_000_000
    assert len(picture.source) < 1_000_000
    assert picture.to_mermaid()
    assert str(explain(y))
    assert stepper(y, engine="builtin").html


@pytest.mark.parametrize("label", ["]", "]]", "]]>", "a]]", "\ud800", "</script>", "-->", "\\", "\x00", "\u202e", "a\nb", "x" * 100_000, '"' * 100_000, "é" * 100_000])
def test_any_label_gives_files_that_parse(label, tmp_path):
    import shutil
    import subprocess
    import xml.etree.ElementTree as ET

    x = Value(2.0, label)
    y = x * x
    y.label = label
    picture = draw(y, engine="builtin")
    for name in ("a.svg", "a.dot", "a.mmd", "a.txt"):
        picture.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8")
    ET.parse(tmp_path / "a.svg")
    page = stepper(y, engine="builtin").save(tmp_path / "a.html")
    with open(page, encoding="utf-8") as file:
        json.loads(file.read().partition('id="steps">')[2].partition("</script>")[0])
    for style in ("text", "markdown", "latex", "mathml"):
        assert explain(y, x, style).to(style).encode()
    dot = shutil.which("dot")
    if dot is not None:
        done = subprocess.run([dot, "-Tsvg", tmp_path / "a.dot"], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert b"syntax error" not in done.stderr


NAMES = {
    "label": ("a" * (NAME + 1), f"the label has {NAME + 1} characters, more than the limit of {NAME}"),
    "scope": ("s" * (NAME + 1), f"the scope has {NAME + 1} characters, more than the limit of {NAME}"),
    "depth": (".".join("s" * (DEPTH + 1)), f"the scope has {DEPTH + 1} modules within each other, more than the limit of {DEPTH}"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_beyond_the_limits_is_neither_read_nor_saved(kind):
    name, told = NAMES[kind]
    x = Value(1.0)
    document = written(x)
    document["nodes"][0]["label" if kind == "label" else "scope"] = name
    with pytest.raises(GraphError, match=f"^node 0 of the graph: {told}$"):
        from_json(json.dumps(document))
    x.note = Note(name, "") if kind == "label" else Note("", name)
    with pytest.raises(GraphError, match=f"is not saved: {told}$"):
        to_json(x)


def test_names_at_the_limits_are_saved_and_read():
    x = Value(1.0)
    x.note = Note("a" * NAME, ".".join("s" * DEPTH))
    again = from_json(to_json(x))
    assert (again.label, again.scope) == (x.label, x.scope)
