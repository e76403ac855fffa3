"""Graph files that could not have been recorded are refused with the place; scopes of any kind can be drawn.
"""

from __future__ import annotations

import json
import math
import tracemalloc

import pytest

import autograd
from autograd import GraphError, Value
from autograd.keep.files import DEPTH, NAME
from autograd.keep.json import from_json, to_json
from autograd.render import draw, explain, stepper
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
    with pytest.raises(
        GraphError,
        match="node 1 of the graph: polygamma.* takes as its order a whole number from 0 to 1000, got -0.5",
    ):
        from_json(json.dumps(document))


def test_a_number_beyond_the_doubles_is_refused():
    text = to_json(Value(2.0) * 3.0)
    with pytest.raises(GraphError, match="node 0 of the graph: a number is too large"):
        from_json(text.replace("2.0", "1e999", 1))


def single(op: str, operands: list, local: list, data: float, **fields: object) -> str:
    """Return the file of one operation on a leaf of 2.0, and of vectors where they are given."""
    vectors = fields.pop("vectors", [])
    rows = [
        {"data": 2.0, "grad": 0.0, "label": "x"},
        {"data": data, "grad": 0.0, "op": op, "operands": operands, "local": local, **fields},
    ]
    return json.dumps({"format": "chainrule.graph", "version": 1, "vectors": vectors, "nodes": rows})


NOT_RECORDED = {
    "null of a product": (("mul", ["n0", 3.0], [None], 6.0), "null.* mul has no branches"),
    "null of an exponential": (("exp", ["n0"], [None], 7.38905609893065), "null.* exp has no branches"),
    "null of a sum": (("add", ["n0", "n0"], [1.0, None], 4.0), "null.* add has no branches"),
    "null of a maximum": (
        ("max", ["n0", 3.0, "n0"], [0.0, None], 3.0),
        "local derivative 0 of max is 0, and the operation has null there",
    ),
    "null of the branch taken": (
        ("relu", ["n0"], [None], 2.0),
        "local derivative 0 of relu is null, and the operation has 1 there",
    ),
    "zero of a branch not taken": (
        ("clamp", ["n0", 3.0, 4.0], [0.0], 3.0),
        "local derivative 0 of clamp is 0, and the operation has null there",
    ),
    "a number of a product": (
        ("mul", ["n0", 3.0], [100.0], 6.0),
        "local derivative 0 of mul is 100, and the operation has 3 there",
    ),
    "a number of a product that is wrong, too": (
        ("mul", ["n0", 3.0], [100.0], 7.0),
        "local derivative 0 of mul is 100",
    ),
    "a number said to be of other operands": (
        ("mul", ["n0", 3.0], [100.0], 6.0, {"assigned": True}),
        "local derivative 0 of mul is 100",
    ),
    "the other operand's": (
        ("sub", ["n0", "n0"], [1.0, 1.0], 0.0),
        "local derivative 1 of sub is 1, and the operation has -1 there",
    ),
    "a square's": (
        ("square", ["n0"], [4.001], 4.0),
        "local derivative 0 of square is 4.001, and the operation has 4 there",
    ),
    "NaN": (("square", ["n0"], ["nan"], 4.0), "local derivative 0 of square is nan"),
    "null of a scalar product": (
        ("dot", ["v0", "v1"], [None], 6.0, {"vectors": [["n0"], [3.0]]}),
        "null.* dot has no branches",
    ),
    "a number of a scalar product": (
        ("dot", ["v0", "v1"], [3.5], 6.0, {"vectors": [["n0"], [3.0]]}),
        "local derivative 0 of dot is 3.5, and the operation has 3",
    ),
    "words for assigned": (
        ("square", ["n0"], [4.0], 4.0, {"assigned": "yes"}),
        "assigned must be true or false",
    ),
}


@pytest.mark.parametrize(("row", "said"), NOT_RECORDED.values(), ids=NOT_RECORDED)
def test_local_derivatives_that_no_recording_gives_are_refused(row, said):
    op, operands, local, data, *fields = row
    with pytest.raises(GraphError, match=f"node 1 of the graph: .*{said}"):
        from_json(single(op, operands, local, data, **(fields[0] if fields else {})))


def test_local_derivatives_of_another_version_or_platform_are_taken():
    x = from_json(single("exp", ["n0"], [7.389056098930651], 7.38905609893065)).parents[0]
    assert x.data == 2.0


def rows_of(op):
    for number in (0.3, -1.7, 2.0, 25.0):
        operands = [
            Value(number + 0.25 * i, f"x{i}") for i in range(4 if op.arity == autograd.ANY else op.arity)
        ]
        if op.name == "dot":
            yield operands, autograd.dot(operands[:2], operands[2:])
        else:
            yield operands, op(*operands, **op.params)


@pytest.mark.parametrize("op", autograd.TABLE.values(), ids=lambda op: op.name)
def test_a_graph_is_loaded_whatever_became_of_its_leaves(op):
    for operands, y in rows_of(op):
        for factor in (1.0, -1.0, 1.5, 2.0):
            for x in operands:
                x.data *= factor
            twin = from_json(to_json(y))
            assert repr(twin.edges()) == repr(y.edges())


@pytest.mark.parametrize(
    "op", [op for op in autograd.TABLE.values() if not op.gated and op.name != "dot"], ids=lambda op: op.name
)
def test_a_rule_that_makes_a_number_of_nan_looks_at_no_node(op):
    params = tuple(op.params.values())
    for nodes in ((True, False), (False, True), (True, True)):
        for constant in (0.0, 1.0, -3.0, 0.5, math.inf):
            count = 3 if op.arity == autograd.ANY else op.arity
            is_node = [nodes[i % 2] for i in range(count)]
            unknown = op.local(math.nan, (*[math.nan if node else constant for node in is_node], *params))
            for number in (0.3, -1.7, 2.0, 25.0):
                numbers = (
                    *[number * (i + 1) if node else constant for i, node in enumerate(is_node)],
                    *params,
                )
                for place, (d, p) in enumerate(
                    zip(op.local(op.value(*numbers), numbers), unknown, strict=True)
                ):
                    if is_node[place] and not math.isnan(p):
                        assert d == p or math.isnan(d), (op, constant, number, place)


def test_a_result_that_is_the_same_for_other_operands_is_saved_as_such():
    for value, other, function in (
        (2.0, -2.0, lambda x: x * x),
        (25.0, 30.0, autograd.tanh),
        (40.0, 41.0, autograd.sigmoid),
    ):
        x = Value(value)
        y = function(x)
        y.backward()
        x.data = other
        assert from_json(to_json(y)).edges()[0][1] == y.edges()[0][1]


def shared_dots(count: int, length: int) -> str:
    rows = [{"data": 1.0, "grad": 0.0}]
    rows += [
        {"data": float(length), "grad": 0.0, "op": "dot", "operands": ["v0", "v1"], "local": [1.0]}
    ] * count
    vectors = [["n0", *[1.0] * (length - 1)], [1.0] * length]
    return json.dumps({"format": "chainrule.graph", "version": 1, "vectors": vectors, "nodes": rows})


def test_vectors_that_dot_products_share_are_one_in_memory():
    text = shared_dots(100, 5_000)
    tracemalloc.start()
    root = from_json(text)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000  # a list each would be 4 MB
    root.backward()
    assert root.parents[0].grad == 1.0


def test_products_of_shared_vectors_have_a_limit(monkeypatch):
    from autograd.keep import files

    monkeypatch.setattr(files, "ENTRIES", 40_000)
    text = shared_dots(100, 500)
    beyond = r"dot products of more numbers than the limit of 40000, .*; limit=1280000 accepts twice as many"
    with pytest.raises(GraphError, match=beyond):
        from_json(text, limit=640_000)
    assert from_json(text, limit=1_280_000).data == 500.0


def test_what_save_writes_load_reads_with_a_limit_that_the_message_names(tmp_path, monkeypatch):
    from autograd.keep import files

    x = Value(0.5)
    for _ in range(200):
        x = x * 1.0001
    autograd.save(x, tmp_path / "g.json")
    monkeypatch.setattr(files, "ENTRIES", 100)
    with pytest.raises(
        GraphError, match=r"values, more than the limit of 1562; limit=\d+ accepts so many"
    ) as caught:
        autograd.load(tmp_path / "g.json", limit=25_000)
    named = int(str(caught.value).partition("limit=")[2].split()[0])
    assert autograd.load(tmp_path / "g.json", limit=named).data == x.data
    with pytest.raises(GraphError, match="bytes, more than the limit of 10"):
        autograd.load(tmp_path / "g.json", limit=10)


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


@pytest.mark.parametrize(
    "label",
    [
        "]",
        "]]",
        "]]>",
        "a]]",
        "\ud800",
        "</script>",
        "-->",
        "\\",
        "\x00",
        "\u202e",
        "a\nb",
        "x" * 100_000,
        '"' * 100_000,
        "é" * 100_000,
    ],
)
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
    "depth": (
        ".".join("s" * (DEPTH + 1)),
        f"the scope has {DEPTH + 1} modules within each other, more than the limit of {DEPTH}",
    ),
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
