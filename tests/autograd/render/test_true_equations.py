"""No derivation prints a false equation: every one is read again, and both sides are evaluated."""

from __future__ import annotations

import json
import math
import random
import re
import xml.etree.ElementTree as ET

import pytest
from profiles import NIGHTLY

import autograd
from autograd import TABLE, Value, custom_op
from autograd.op import ANY
from autograd.render import draw, explain, stepper
from autograd.render.derive.steps import steps, unique_names
from tests.autograd.render.equations import Reader, check_text

ELEMENTWISE = [r for r in TABLE.values() if r.arity in (1, 2, 3)]
COMMON = [
    TABLE[n]
    for n in ("add", "sub", "mul", "div", "square", "pow", "maximum", "where", "tanh", "relu", "exp", "power")
]
REDUCTIONS = [r for r in TABLE.values() if r.arity == ANY]
NUMBERS = (
    0.5,
    2.0,
    -1.5,
    1.0,
    3.0,
    -0.0,
    0.0,
    1.0 / 3.0,
    1.0000001,
    0.99996,
    -7.25,
    1e-9,
    12345.678,
    1e200,
    25.0,
    math.inf,
    -math.inf,
    math.nan,
)
LABELS = (
    "",
    "",
    "a",
    "a",
    "b",
    "x1",
    "x_1",
    "v1",
    "loss",
    "layer1.n0.w0",
    "a + b",
    "2",
    "e2",
    "w[3]",
    "α",
    "alpha",
    "a(2)",
    "dx",
    " ",
    'q"',
    "sin a",
)


def random_graph(seed: int) -> tuple[Value, Value]:
    """A graph of a few nodes with repeated operands, and one of its nodes."""
    source = random.Random(seed)
    tame = source.random() < 0.7
    leaves = [
        Value(source.uniform(-3.0, 3.0) if tame else source.choice(NUMBERS), source.choice(LABELS))
        for _ in range(source.randint(1, 3))
    ]
    nodes = list(leaves)
    for _ in range(source.randint(1, 7)):
        pool = nodes if source.random() < 0.3 else nodes[-3:]
        if source.random() < 0.25:
            row = source.choice(REDUCTIONS)
            count = source.choice((1, 2, 3, 4, 9))
            operands = [source.choice(pool) for _ in range(2 * count if row.name == "dot" else count)]
            params = {"index": float(source.randrange(count))} if row.params else {}
        else:
            row = source.choice(ELEMENTWISE if source.random() < 0.5 else COMMON)
            operands = [source.choice(pool) for _ in range(row.arity)]
            if row.arity > 1 and source.random() < 0.3:
                operands[source.randrange(row.arity)] = source.choice(NUMBERS)
            params = {}
        if not any(isinstance(x, Value) for x in operands):
            continue
        node = row(*operands, **params)
        node.label = source.choice(LABELS)
        nodes.append(node)
    root = nodes[-1]
    return root, source.choice(autograd.toposort(root))


def checked(root: Value, wrt: Value | None, **options: float) -> int:
    explanation = explain(root, wrt, **options)
    return check_text(str(explanation), Reader(explanation.derivation.steps))


@pytest.mark.parametrize("block", range(4))
def test_random_graphs(block):
    count = 0
    for seed in range(40 * block, 40 * block + 40):
        root, wrt = random_graph(seed)
        count += checked(root, None) + checked(root, wrt)
    assert count > 200


@pytest.mark.parametrize("row", [r for r in TABLE.values() if r.arity not in (0, 1)], ids=lambda r: r.name)
@pytest.mark.parametrize("at", [0.75, -2.0, 0.0, math.inf, math.nan])
def test_one_node_as_every_operand(row, at):
    x = Value(at, "x")
    root = row(
        *[x] * (4 if row.arity == ANY else row.arity),
        **({"index": 1.0} if row.params and row.arity == ANY else {}),
    )
    root.label = "y"
    assert checked(root, x)
    for style in ("text", "markdown", "latex", "mathml"):
        text = explain(root, x, style).to(style)
        assert "dy/dx = dy/dx" not in text
        assert text.count(r"\frac{\partial y}{\partial x}") == 0
    captions(root)


def captions(root: Value) -> None:
    """Check what the stepping page says at each step, as its script puts it together."""
    page = stepper(root, engine="builtin")
    data = json.loads(page.html.partition('id="steps">')[2].partition("</script>")[0])
    listed = steps(root)
    reader = Reader(listed)
    for frame in data["frames"]:
        for (name, formula), calc, value in zip(data["nodes"], frame["calc"], frame["value"], strict=True):
            reader.check(
                " = ".join(
                    x
                    for x in (name, *((formula, calc) if calc else ()), value.replace("\N{MINUS SIGN}", "-"))
                    if x
                )
            )
        up = dict(zip(range(len(data["nodes"])), (["0"] * len(data["nodes"])), strict=True))
        up[len(data["nodes"]) - 1] = frame["seed"]
        for k, (consumer, parent, how, *head) in enumerate(data["back"]):
            name, operand = data["nodes"][consumer][0], data["nodes"][parent][0]
            arrived = frame["up"][k] if "up" in frame else up[consumer]
            up[parent] = frame["after"][k]
            reader.check(
                f"{how} = {frame['local'][k]}" if how else f"{frame['local'][k]} = {frame['local'][k]}"
            )
            left = head[0] if head else f"d {name}/d {operand}"
            reader.check(f"{left} = {frame['local'][k]}")
            if frame["add"][k] == "0" and not all(
                x.lstrip("-")[0].isdigit() for x in (arrived, frame["local"][k])
            ):
                continue  # the page says that the branch was not taken
            reader.check(f"{_bracketed(frame['local'][k])} * {_bracketed(arrived)} = {frame['add'][k]}")


def _bracketed(text: str) -> str:
    return f"({text})" if text[0] == "-" else text


@pytest.mark.parametrize("block", range(4))
def test_captions_of_the_stepper(block):
    for seed in range(1000 + 20 * block, 1020 + 20 * block):
        captions(random_graph(seed)[0])


def test_local_and_total_derivatives_have_signs_of_their_own():
    x = Value(1.5, "x")
    y = x * x.sin() * x
    y.label = "f"
    text = str(explain(y, wrt=x))
    y.backward()
    assert f"= {x.grad:.4f}" in text
    assert "∂f/∂x" in text
    assert text.count("df/dx") == 1
    latex = explain(y, wrt=x).to("latex")
    assert latex.count(r"\frac{\mathrm{d} f}{\mathrm{d} x}") >= 1
    assert r"\frac{\partial f}{\partial x}" in latex


def test_a_hook_is_told_and_no_equation_claims_what_it_changed():
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    y.register_hook(lambda g: 10.0 * g)
    z = y + x
    z.label = "z"
    for style in ("text", "markdown", "latex", "mathml"):
        text = explain(z, x, style).to(style)
        assert "61" in text
        assert "hook" in text
    text = str(explain(z, x))
    assert "dz/dx" not in text.partition("Gradient")[2]
    assert "∂₁y/∂x * y.grad" in text
    assert checked(z, x)


@pytest.mark.parametrize("seed", [2.0, -0.5, 0.0, math.inf])
def test_a_seed_is_a_factor_of_the_gradient_not_of_the_derivative(seed):
    x = Value(3.0, "x")
    y = x.sin() - x * x
    y.label = "y"
    text = str(explain(y, x, gradient=seed))
    assert "dy/dx" not in text.partition("Gradient")[2]
    assert checked(y, x, gradient=seed)


def test_data_that_has_changed_since():
    x = Value(3.0, "x")
    y = x * x + 1.0
    y.label = "y"
    x.data = 5.0
    for style in ("text", "markdown", "latex", "mathml"):
        text = explain(y, x, style).to(style)
        assert "another value now" in text
    assert checked(y, x)
    assert "x*x" not in str(explain(y, x))
    captions(y)


def test_no_two_names_look_alike():
    labels = [
        "v1",
        "v2",
        "",
        "",
        "a",
        "a",
        "a(2)",
        "w1",
        "w_1",
        "w_",
        "w",
        "α",
        "alpha",
        "é",
        "e\u0301",
        "a ",
        "a\u200d",
        " ",
        "x\ufe0f",
        "x",
        "a\nb",
        "a↵b",
    ]
    nodes = tuple(Value(0.0, label) for label in labels)
    names = list(unique_names(nodes).values())
    assert len(set(names)) == len(names)
    from autograd.render.formula.latex import latex_name
    from autograd.render.formula.mathml import identifier
    from autograd.render.formula.text import plain_name

    for typeset in (latex_name, identifier, plain_name):
        assert len({typeset(name) for name in names}) == len(names), typeset


def test_many_nodes_of_one_name_are_named_in_little_time():
    names = unique_names(tuple(Value(0.0, "w") for _ in range(20_000)))
    assert len(set(names.values())) == 20_000


SPECIAL = (0.0, -0.0, 1e-170, 5e-324, 1e308, math.inf, -math.inf, math.nan, 1e15, 1.0 / 3.0)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda r: r.name)
def test_special_constants_are_shown_by_every_renderer(row):
    tried = 0
    rng = random.Random(row.name)
    some = sorted(rng.sample(range(len(SPECIAL)), len(SPECIAL) if NIGHTLY else 4))
    for i, constant in [(i, SPECIAL[i]) for i in some]:
        x = Value((0.75, -2.0, math.inf)[i % 3], "x")
        operands: list[Value | float] = (
            [x, constant, x, constant] if row.arity == ANY else [constant] * row.arity
        )
        operands[i % len(operands) if row.arity != ANY else 0] = x
        params = {"index": float(i % 4)} if row.arity == ANY and row.params else {}
        graphs = [lambda operands=operands, params=params: row(*operands, **params)]
        for make in graphs:
            try:
                root = make()
            except (TypeError, ValueError):
                continue  # no such constant can be recorded
            root.backward()
            assert checked(root, x)
            for style in ("markdown", "latex", "mathml"):
                assert explain(root, x, style).to(style)
            ET.fromstring(explain(root, x).to("mathml"))
            picture = draw(root, engine="builtin")
            ET.fromstring(picture.svg())
            assert picture.source
            assert picture.to_mermaid()
            assert picture.listing()
            assert picture._repr_mimebundle_()
            captions(root)
            tried += 1
    assert tried > len(some) / 3


def test_an_operation_of_the_user_that_raises_does_not_end_the_derivation():
    near_zero = custom_op("log_that_raises", math.log, lambda y, x: (1.0 / x,))
    x = Value(1e-6, "x")
    y = near_zero(x)
    y.label = "y"
    assert "not defined around this point" in str(explain(y, wrt=x))


INNER = {op.name for op in TABLE.values() if op.auxiliary} - {"share", "step"}  # which are words, too


def test_no_derivation_has_a_name_that_only_rules_use():
    for op in TABLE.values():
        for at in (0.0, 40.0) if op.arity == 1 else (0.0,):
            x = Value(at, "x")
            y = op(*[x, *map(Value, (0.7, 0.6, 1.5))][: 4 if op.arity == ANY else max(op.arity, 1)])
            y.label = "y"
            said = [str(explain(y))]
            if at == 0.0 and op.auxiliary:
                said += [explain(y, style="mathml").to("mathml"), draw(y, engine="builtin").svg()]
            words = {word.strip("_0123456789") for text in said for word in re.findall(r"[A-Za-z_]\w*", text)}
            assert not words & INNER, (op.name, at, words & INNER)


@pytest.mark.parametrize(("function", "at", "text", "latex"), [
    (autograd.sinc, 0.0, "dy/dx = sinc'(x) = 0", r"\operatorname{sinc}'(x)"),
    (autograd.sigmoid, 40.0, "dy/dx = sigmoid'(x) = 4.248e-18", r"\sigma'(x)"),
    (autograd.j1, 0.0, "dy/dx = j1'(x) = 0.5000", "J_1'(x)"),
    (lambda x: autograd.jn(3, x), 0.0, "dy/dx = (jn_2(x) - jn_4(x))/2 = 0", r"\operatorname{J}_{2}(x)"),
    (autograd.dawsn, 1e9, "dy/dx = dawsn'(x) = -5.000e-19", r"\operatorname{F}'(x)"),
    (lambda x: autograd.gammainc(200.5, x), 180.0, "= gammainc^(0, 1)(200.5, x) = ", "^{(0, 1)}(200.5, x)"),
    (autograd.gradients, 0.7, "dy/dx = beta^(2, 0)(x, 2) = ", r"B}^{(2, 0)}(x, 2)"),
    (autograd.erf, 0.5, "dy/dx = 1.128*e^(-x^2) = ", "e^{-x^{2}}"),
])  # fmt: skip
def test_what_only_rules_use_is_written_out_or_a_derivative(function, at, text, latex):
    x = Value(at, "x")
    if function is autograd.gradients:  # of a second order
        (y,) = autograd.gradients(autograd.beta(x, 2.0), [x], create_graph=True)
    else:
        y = function(x)
    y.label = "y"
    explanation = explain(y, x)
    assert text in str(explanation)
    assert latex in explanation.to("latex")
    check_text(str(explanation), Reader(explanation.derivation.steps))


@pytest.mark.parametrize(("label", "formula"), [
    ("e", lambda x, v: autograd.exp(x) * v), ("e", lambda x, v: autograd.expm1(x) + v**x),
    ("e", lambda x, v: autograd.erf(x) * v),
    ("ln", lambda x, v: autograd.log(x) * v), ("tanh", lambda x, v: autograd.tanh(x * v)),
    ("if", lambda x, v: autograd.where(x > 0, v, x)),
    ("max", lambda x, v: autograd.maximum(x, v)), ("sqrt", lambda x, v: autograd.sqrt(x) * v),
])  # fmt: skip
def test_a_variable_does_not_look_like_what_formulas_say(label, formula):
    x, v = Value(1.5, "x"), Value(2.5, label)
    text = str(autograd.explain(formula(x, v)))
    assert f"{label}_1.grad" in text
    assert f" {label}.grad" not in text


def test_two_variables_with_the_name_of_a_function_do_not_look_like_its_call():
    text = str(autograd.explain(Value(1.0, "sqrt") * Value(5.0, "sqrt")))
    assert "sqrt_2" in text
    assert "sqrt(2)" not in text
    assert "e.grad" in str(
        autograd.explain(Value(1.0, "e") * 2.0)
    )  # a variable called e where no exponential is
