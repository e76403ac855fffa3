"""Explanations: the anchor, running totals, limits, networks, and the engine's numbers in every style."""

import re
import xml.etree.ElementTree as ET

import pytest
from drawings import chain, network, neuron

import autograd
from autograd import Value, custom_op
from autograd.errors import GraphError
from autograd.render import explain, stepper
from autograd.render.derive.network import network_equations
from autograd.render.derive.steps import steps
from autograd.render.labels import number

TEXT = """\
Forward
  m = w*x = 1
  z = m + b = 0.7000
  a = tanh z = 0.6044
  e = a - y = -0.3956
  L = e^2 = 0.1565

Backward
  0  seed      dL/dL = 1                 L.grad = 1
  1  power     dL/de = 2e = -0.7913      e.grad += -0.7913 * 1 = -0.7913
  2  subtract  de/da = 1                 a.grad += 1 * -0.7913 = -0.7913
  3  tanh      da/dz = 1 - a^2 = 0.6347  z.grad += 0.6347 * -0.7913 = -0.5022
  4  add       dz/dm = 1                 m.grad += 1 * -0.5022 = -0.5022
  5  multiply  dm/dw = x = 2             w.grad += 2 * -0.5022 = -1.0045

Gradient
  dL/dw = dL/de * de/da * da/dz * dz/dm * dm/dw
        = 2e * (1 - a^2) * x
        = 2*(tanh(w*x + b) - y)*(1 - tanh(w*x + b)^2)*x
        = -1.0045

Check
  finite difference -1.0045, relative difference below 1e-8"""


def named(root, label):
    return next(v for v in autograd.toposort(root) if v.label == label)


def test_the_derivation_of_a_neuron_as_on_paper():
    loss = neuron()
    assert str(explain(loss, wrt=named(loss, "w"))) == TEXT
    assert str(loss.explain(wrt=named(loss, "w"))) == TEXT


def test_without_a_target_every_edge_has_a_row():
    loss = neuron()
    text = str(explain(loss))
    for label in "wxbyLmzae":
        assert f"{label}.grad" in text
    assert "Check" not in text


def test_each_consumer_has_a_row_and_the_total_runs():
    x = Value(3.0, "x")
    y = x * x + x.sin()
    y.label = "y"
    explanation = explain(y, wrt=x)
    rows = [row for row in explanation.derivation.rows if row.step.parent is x]
    assert len(rows) == 3
    totals = re.findall(r"x\.grad \+= .*\[(\S+) -> (\S+)\]", str(explanation))
    assert [after for _, after in totals][:-1] == [before for before, _ in totals][1:]
    y.backward()
    assert totals[-1][1] == number(x.grad)


def test_no_factor_of_one_is_printed():
    text = str(explain(neuron(), wrt=None))
    assert "1 * 1 *" not in text
    assert " * 1)" not in text


def test_signs_are_collected():
    x, y = Value(2.0, "x"), Value(5.0, "y")
    z = (y - x) * 3.0
    z.label = "z"
    assert "= -3\n" in str(explain(z, wrt=x)) + "\n"


@pytest.mark.parametrize(
    "row", [r for r in autograd.TABLE.values() if r.arity in (1, 2)], ids=lambda r: r.name
)
def test_every_operation_is_explained_and_its_number_is_the_gradient(row):
    operands = [Value(1.3, "x"), Value(1.7, "u")][: row.arity]
    y = row(*operands, **row.params)
    y.label = "y"
    explanation = explain(y, wrt=operands[0])
    y.backward()
    assert explanation.gradient == operands[0].grad or (operands[0].grad != operands[0].grad)
    for style in ("text", "markdown", "latex", "mathml"):
        assert explanation.to(style)


@pytest.mark.parametrize(
    "function",
    [autograd.sum, autograd.mean, autograd.prod, autograd.max, autograd.logsumexp, autograd.norm],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("count", [2, 5, 60])
def test_n_ary_nodes(function, count):
    xs = [Value(0.1 + 0.01 * i, f"x{i}") for i in range(count)]
    y = function(xs)
    y.label = "y"
    explanation = explain(y, wrt=xs[1])
    y.backward()
    assert explanation.gradient == xs[1].grad
    assert max(map(len, str(explanation).split("\n"))) < 400


def test_a_users_operation():
    sinc = custom_op("sinc_test", lambda x: autograd.sin(x) / x, lambda y, x: (autograd.cos(x) / x - y / x,))
    x = Value(2.0, "x")
    y = sinc(x)
    y.label = "y"
    assert "cos x/x - y/x" in str(explain(y, wrt=x))


def test_many_paths_are_not_enumerated():
    x = y = Value(0.5, "x")
    for _ in range(40):  # 2**40 paths
        y = (y + y.sin()) * 0.5
    y.label = "y"
    text = str(explain(y, wrt=x))
    assert "dy/dx = ∂v2/∂x * dy/dv2 + dv1/dx * dy/dv1" in text
    assert len(text) < 40_000


def test_the_limit_names_the_remedies_and_depth_is_one():
    root = chain(400)
    x = autograd.toposort(root)[0]
    with pytest.raises(GraphError, match=r"depth=5.*limit="):
        explain(root, wrt=x)
    short = explain(root, wrt=x, depth=5)
    assert 5 <= len(short.derivation.rows) <= 10
    assert "more steps lie deeper" in str(short)
    root.backward()
    assert short.gradient == x.grad
    assert str(explain(root, wrt=x, limit=5000)).count("\n") > 400


def test_a_target_outside_the_graph_is_an_error():
    with pytest.raises(GraphError, match="does not depend on q"):
        explain(neuron(), wrt=Value(1.0, "q"))


@pytest.mark.parametrize(("keyword", "value"), [("style", "html"), ("depth", 0)])
def test_bad_options(keyword, value):
    with pytest.raises(ValueError, match=keyword if keyword == "depth" else value):
        explain(neuron(), **{keyword: value})


def test_a_kink_is_noticed_by_the_check():
    x = Value(0.0, "x")
    y = abs(x) + (x - 1e-4).relu()
    y.label = "y"
    assert "they differ" in str(explain(y, wrt=x))


def test_markdown_is_a_table():
    lines = explain(neuron(), style="markdown").to("markdown").split("\n")
    rows = [line for line in lines if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert "| 3 | tanh | `da/dz = 1 - a^2 = 0.6347` | `z.grad += 0.6347 * -0.7913 = -0.5022` |" in [
        r.replace("| 4 | tanh", "| 3 | tanh") for r in rows
    ]


def test_latex_numbers_equal_the_gradients():
    loss = neuron()
    latex = explain(loss).to("latex")
    for label in "wxbymzae":
        totals = re.findall(rf"\\overline{{{label}}} \\mathrel{{\+}}= .* = (-?[\d.]+)", latex)
        assert totals[-1] == number(named(loss, label).grad)
    assert latex.count("{") == latex.count("}")


def test_mathml_is_well_formed_and_holds_the_gradient():
    loss = neuron()
    page = explain(loss, wrt=named(loss, "w"), style="mathml")
    root = ET.fromstring(str(page))
    numbers = ["".join(n.itertext()) for n in root.iter("{http://www.w3.org/1998/Math/MathML}mn")]
    assert "1.0045" in numbers
    assert len(list(root.iter("tr"))) == 7


def test_nasty_labels_stay_text_in_every_style():
    x = Value(2.0, "</script>|`$\\\n{")
    y = x * x
    assert ET.fromstring(explain(y, wrt=x).to("mathml")) is not None
    assert "\\text{" in explain(y, wrt=x).to("latex")
    assert len(explain(y, wrt=x).to("text").split("\n")) == 16


def test_jupyter_gets_the_style_that_was_asked_for():
    assert set(explain(neuron(), style="latex")._repr_mimebundle_()) == {"text/plain", "text/latex"}
    assert set(explain(neuron())._repr_mimebundle_()) == {"text/plain"}


# Networks.


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_the_four_equations_hold_with_the_engines_numbers(activation):
    loss = network((3, 4, 2, 1), rng=5, activation=activation)
    found = network_equations(steps(loss))
    assert [(e.name, e.layer) for e in found] == [
        (n, k) for k in (3, 2, 1) for n in (("BP1" if k == 3 else "BP2"), "BP3", "BP4")
    ]
    leaves = {v.label: v for v in autograd.toposort(loss) if v.op is None}
    for e in found:
        for j, row in enumerate(e.value):
            for k, x in enumerate(row):
                if e.name == "BP3":
                    assert x == pytest.approx(leaves[f"{e.path}.n{j}.b"].grad, rel=1e-12)
                if e.name == "BP4":
                    assert x == pytest.approx(leaves[f"{e.path}.n{j}.w{k}"].grad, rel=1e-12)


def test_the_errors_are_named_in_text_and_latex():
    explanation = explain(network())
    text = str(explanation)
    for name in ("BP1", "BP2", "BP3", "BP4", "delta[1]", "W[2]^T"):
        assert name in text
    assert r"\delta^{1}" in explanation.to("latex")


def test_granular_neurons_have_the_same_equations():
    from nn import MLP

    found = []
    for granular in (False, True):
        model = MLP(2, [3, 1], activation="tanh", granular=granular, rng=1)
        found.append(network_equations(steps((model([0.5, -1.0]) - 1.0) ** 2)))
    assert len(found[1]) == 6
    for a, b in zip(*found, strict=True):
        assert [x for row in a.value for x in row] == pytest.approx(
            [x for row in b.value for x in row], rel=1e-12
        )


def test_a_graph_that_is_no_plain_network_has_none():
    from nn import MLP

    model = MLP(2, [2, 1], activation="tanh", rng=0)
    batch = (model([1.0, 2.0]) - 1.0) ** 2 + (model([0.5, 0.1]) - 1.0) ** 2
    assert network_equations(steps(batch)) == []
    assert network_equations(steps(neuron())) == []


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "mathml"])
def test_what_is_not_derived_still_has_its_number(style):
    x, z = Value(2.0, "x"), Value(3.0, "z")
    beside = z.sin()
    beside.label = "s"
    root = autograd.where(x > 0.0, x * beside, x)
    shown = explain(root, wrt=x)
    numbers = {name: (formula, value) for name, formula, value in shown.derivation.forward}
    assert numbers["s"] == (None, beside.data)
    printed = {
        symbol.parts[0]
        for formula, _ in numbers.values()
        if formula is not None
        for symbol in formula.parts[1]
        if getattr(symbol, "kind", "") == "name"
    }
    assert printed <= {*numbers, "x", "z"}
    assert number(beside.data) in shown.to(style)


def test_mathml_has_the_four_equations_as_matrices():
    loss = network((2, 3, 2, 1))
    namespace = "{http://www.w3.org/1998/Math/MathML}"
    root = ET.fromstring(explain(loss, wrt=named(loss, "layer0.n0.w0")).to("mathml"))
    rows = [
        row
        for row in root.iter("tr")
        if (row.find("td[2]") is not None and (row.find("td[2]").text or "").startswith("BP"))
    ]
    found = network_equations(steps(loss))
    assert [(row.find("td[1]").text, row.find("td[2]").text) for row in rows] == [
        (f"layer {e.layer}", e.name) for e in found
    ]
    for row, e in zip(rows, found, strict=True):
        lines = [
            ["".join(cell.itertext()) for cell in line.iter(f"{namespace}mtd")]
            for line in row.iter(f"{namespace}mtr")
        ]
        assert lines == [[number(x).replace("-", "\N{MINUS SIGN}") for x in line] for line in e.value]


@pytest.mark.parametrize("wrt", [3, "x", [Value(1.0)]])
def test_what_is_no_node_is_named(wrt):
    x = Value(2.0, "x")
    with pytest.raises(
        TypeError, match=f"wrt is the Value to differentiate with respect to, got {type(wrt).__name__}"
    ):
        explain(x * x, wrt)
    with pytest.raises(TypeError, match="takes a Value, or an iterable of those, got int"):
        stepper(3)


@pytest.mark.parametrize("depth", [2, 10**20, 2**63])
def test_a_depth_beyond_the_leaves_is_the_whole_derivation(depth):
    x = Value(2.0, "x")
    assert str(autograd.explain(x * x, depth=depth)) == str(autograd.explain(x * x))
    assert autograd.draw(x * x, depth=depth, engine="builtin").svg()


@pytest.mark.parametrize(
    ("depth", "error"),
    [(2.5, TypeError), ("2", TypeError), (True, TypeError), (0, ValueError), (-(10**30), ValueError)],
)
def test_a_depth_is_a_whole_number_from_1(depth, error):
    x = Value(2.0, "x")
    for shown in (autograd.explain, autograd.draw):
        with pytest.raises(error, match="depth is a number of .*, whole and at least 1, not"):
            shown(x * x, depth=depth)
