"""Formulas: they mean what the rules compute, they are simplified, and every format of them can be read."""

import json
import math
import random
import xml.etree.ElementTree as ET

import pytest
from node_tools import katex_objections

from autograd import Value, custom_op, ops
from autograd.op import ANY
from autograd.render import escape
from autograd.render.formula.latex import latex, latex_name
from autograd.render.formula.mathml import equation, mathml
from autograd.render.formula.symbols import Symbol, apply_raw, local_formulas, name
from autograd.render.formula.text import plain

ROWS = list(ops.TABLE.values())


def operands_of(row):
    count = 3 if row.arity == ANY else row.arity
    if row is ops.dot:
        count = 4
    return [f"x{i}" for i in range(count)], list(row.params.values())


def number_of(x, bindings):
    """Evaluate a symbol on floats."""
    if not isinstance(x, Symbol):
        return float(x)
    if x.kind == "name":
        return bindings[x.parts[0]]
    if x.kind == "sum":
        return math.fsum([x.parts[0], *(c * number_of(t, bindings) for c, t in x.parts[1])])
    if x.kind == "product":
        return x.parts[0] * math.prod(number_of(b, bindings) ** e for b, e in x.parts[1])
    op, operands = x.parts
    return op.value(*[number_of(o, bindings) for o in operands])


def point(row, rng):
    """Return operands inside the row's domain, away from kinks."""
    names, params = operands_of(row)
    while True:
        values = []
        for i in range(len(names)):
            low, high = row.domain[min(i, len(row.domain) - 1)]
            values.append(
                rng.uniform(max(low, -2.0) + 0.05, min(high, 2.5) - 0.05)
                if low > -2 or high < 2.5
                else rng.uniform(-2.0, 2.0)
            )
        if row.name in ("acosh",):
            values = [1.0 + abs(v) for v in values]
        if row.kink is None or row.kink(*values, *params) > 0.01:
            return values, params


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_printed_formula_has_the_value_of_the_rule(row):
    rng = random.Random(5)
    names, _ = operands_of(row)
    for _ in range(5):
        values, params = point(row, rng)
        y = row.value(*values, *params)
        exact = row.partials(y, *values, *params)
        formulas = local_formulas(row, name("y"), [*map(name, names), *params])
        assert formulas is not None
        bindings = {"y": y, **dict(zip(names, values, strict=True))}
        for formula, partial in zip(formulas, exact, strict=False):
            assert number_of(formula, bindings) == pytest.approx(partial, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("row", [row for row in ROWS if row.textbook], ids=lambda row: row.name)
def test_the_textbook_form_is_the_rule(row):
    rng = random.Random(6)
    for _ in range(20):
        values, params = point(row, rng)
        y = row.value(*values, *params)
        assert row.textbook(y, *values, *params) == pytest.approx(
            row.partials(y, *values, *params), rel=1e-9, abs=1e-12
        )


def formulas_of_the_table():
    for row in ROWS:
        names, params = operands_of(row)
        operands = [*map(name, names), *params]
        yield apply_raw(row, operands)
        yield from local_formulas(row, name("y"), operands) or ()
        yield apply_raw(row, [*(name(n) + 1.0 for n in names), *params])
        yield apply_raw(ops.power, (apply_raw(row, operands), 2.0))


def test_plain_text_has_balanced_brackets_and_no_noise():
    for formula in formulas_of_the_table():
        text = plain(formula)
        assert text.count("(") == text.count(")")
        assert "1*" not in text.replace("+1*", "").split("(")[0] or not text.startswith("1*")
        assert "* 1" not in text
        assert "--" not in text
        assert "+ -" not in text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (lambda a, b: a * 1.0, "a"), (lambda a, b: 1.0 * (b * 1.0), "b"),
        (lambda a, b: a * 0.0, "0"), (lambda a, b: a - a, "0"),
        (lambda a, b: a * a * a, "a^3"), (lambda a, b: a / a, "1"), (lambda a, b: a * b / a, "b"),
        (lambda a, b: -1.0 * -a, "a"),
        (lambda a, b: a + a, "2a"), (lambda a, b: 1.0 - (1.0 - a), "a"),
        (lambda a, b: 0.5 / a, "1/(2a)"), (lambda a, b: -(a + b), "-a - b"),
        (lambda a, b: (a + b) * a, "(a + b)*a"), (lambda a, b: a / (b * 2.0), "a/(2b)"),
        (lambda a, b: a - (b - a), "2a - b"),
        (lambda a, b: ops.exp(a) * 3.0, "3*e^a"), (lambda a, b: (a * b) ** 2, "a^2*b^2"),
        (lambda a, b: a ** -1.0, "1/a"),
    ],
)  # fmt: skip
def test_simplification(formula, text):
    assert plain(formula(name("a"), name("b"))) in (text, text.replace("2a", "2*a"))


def test_a_users_rule_that_needs_numbers_has_no_formula_and_does_no_harm():
    row = custom_op("odd_thing", math.sin, lambda y, x: (math.cos(x),))
    assert local_formulas(row, name("y"), [name("x")]) is None
    x = Value(2.0, "x")
    assert str(row(x).explain(wrt=x)).count("odd_thing") >= 2


def test_a_users_rule_in_the_packages_terms_has_one():
    row = custom_op("cube", lambda x: x**3, lambda y, x: (3.0 * x * x,), form=lambda x: x**3.0)
    assert plain(local_formulas(row, name("y"), [name("x")])[0]) == "3x^2"
    assert latex(apply_raw(row, [name("x")])) == "x^{3}"


def test_mathml_is_well_formed():
    for formula in formulas_of_the_table():
        root = ET.fromstring(equation(mathml(formula)))
        assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
        for fraction in root.iter("{http://www.w3.org/1998/Math/MathML}mfrac"):
            assert len(fraction) == 2
        for power in root.iter("{http://www.w3.org/1998/Math/MathML}msup"):
            assert len(power) == 2


def test_what_stands_alone_above_or_below_a_fraction_line_needs_no_brackets():
    x, y = name("x"), name("y")
    assert "(" not in mathml((x + 1.0) / (y - 1.0))
    assert mathml((x + 1.0) / (y - 1.0)).count("mfrac") == 2
    assert mathml(2.0 * (x + 1.0) / y).count("<mo>(</mo>") == 1
    assert mathml(-1.0 / (x + 1.0)).startswith("<mrow><mo>−</mo><mfrac>")


def test_latex_is_read_by_matplotlib():
    pytest.importorskip("matplotlib")
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    for formula in formulas_of_the_table():
        text = latex(formula)
        if "cases" not in text:  # an environment, which mathtext does not know
            assert (
                parser.parse(
                    f"${text}$".replace(r"\bmod", r"\mathrm{mod}").replace(r"\text", r"\mathrm")
                ).width
                > 0
            )


def test_latex_is_read_by_katex():
    names = [latex_name(n) for n in ("w", "theta_1", "layer1.n2.w0", "50% & #1 {x} ^~\\ $", "日本", "a\nb")]
    assert katex_objections([*map(latex, formulas_of_the_table()), *names]) == []


def test_any_label_is_read_by_katex():
    rng = random.Random(8)
    ranges = [
        (0x20, 0x7F),
        (0x20, 0x7F),
        (0x00, 0x250),
        (0x370, 0x600),
        (0x2000, 0x2C00),
        (0x3000, 0xA000),
        (0xD700, 0x10000),
        (0x1F300, 0x1FA00),
    ]
    labels = [
        "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(12)))
        for _ in range(1000)
    ]
    objections = katex_objections([latex_name(label) for label in labels])
    assert [
        text for text in objections if "corner" not in text
    ] == []  # for U+231C to U+231F KaTeX lacks a command of its own


def explained(row):
    """Return the derivation of an operation of the table at a point of its domain."""
    values, params = point(row, random.Random(7))
    operands = [Value(v, f"x{i}") for i, v in enumerate(values)]
    root = row(*operands, **dict(zip(row.params, params))) * 3.0
    return [root.explain(wrt=x).to("latex") for x in operands]


def test_explanations_in_latex_are_read_by_katex():
    from nn import MLP

    model = MLP(2, [3, 2, 1], activation="tanh", rng=0)
    cost = (model([1.0, 2.0]) - 1.0) ** 2
    x = Value(0.3, "x_1 {odd} label")
    other = (x * x + x.relu()).tanh() * 1e-9
    texts = [text for row in ROWS for text in explained(row)]
    assert len(texts) > len(ROWS)
    assert (
        katex_objections(
            [*texts, cost.explain(wrt=model.parameters()[0]).to("latex"), other.explain(wrt=x).to("latex")]
        )
        == []
    )


def test_escapes_are_complete():
    nasty = "\\ { } $ & # % _ ^ ~ < > \" ' ` | \n \x00 \u202e ]]> </script> <!-- é 漢 😀"
    assert "<" not in escape.xml(nasty)
    assert ET.fromstring(f'<a b="{escape.xml(nasty)}">{escape.xml(nasty)}</a>').text == ET.fromstring(
        f'<a b="{escape.xml(nasty)}"/>'
    ).get("b")
    assert json.loads(escape.script(nasty)) == nasty
    assert "</" not in escape.script(nasty)
