"""Rows say how they are written once; a language draws the shapes and knows no row."""

import ast
import math
from pathlib import Path

import pytest

import autograd
from autograd import Value, custom_op, explain, form, ops
from autograd.render.formula import latex, mathml, notation, text
from autograd.render.formula.formula import Formula
from autograd.render.formula.mathml import LETTERS
from autograd.render.formula.symbols import apply_raw, name
from autograd.render.picture import folding

SHAPES = [kind.__name__.lower() for kind in form.Form.__subclasses__()]


class Lisp(notation.Notation):
    """A language that no part of the project knows: every formula as (name operand ...)."""

    def number(self, x):
        return notation.coefficient_text(x), form.ATOM

    def name(self, text):
        return text

    def brackets(self, text):
        return text

    def add(self, terms):
        return f"(+ {' '.join(f'(- {t})' if negative else t for negative, t in terms)})"

    def product(self, x):
        coefficient, factors = x.parts
        powers = " ".join(f"(expt {self.show(b)[0]} {e:g})" for b, e in factors)
        return f"(* {coefficient:g} {powers})", form.ATOM

    def _list(self, head, operands):
        return f"({head} {' '.join(self.show(x)[0] for x in operands)})", form.ATOM

    def infix(self, shape, _, operands):
        return self._list(shape.sign, operands)

    comparison = prefix = infix

    def power(self, shape, _, operands):
        return self._list(f"expt {shape.base}".strip(), operands)

    def root(self, shape, _, operands):
        return self._list(shape.word, operands)

    def fraction(self, _, __, operands):
        return self._list("/", operands)

    def fence(self, shape, op, operands):
        return self._list(shape.word or op.name, operands)

    def function(self, shape, op, operands):
        return self._list(shape.word, op.written(operands))

    def auxiliary(self, _, op, operands):
        return self._list(op.name, operands)

    def cases(self, _, __, operands):
        return self._list("if", operands)

    def products(self, _, __, operands):
        return self._list("dot", operands)


def formula_of(op):
    count = op.arity if op.arity != ops.ANY else 4
    return apply_raw(op, [*map(name, "abcd"[:count]), *map(float, op.params.values())])


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_a_new_language_draws_every_row(op):
    said = Lisp().show(formula_of(op))[0]
    assert said.count("(") == said.count(")")
    assert all(letter in said for letter in "abcd"[: op.arity if op.arity != ops.ANY else 4])


def test_a_language_has_a_method_for_every_shape():
    for language in (text._Text, latex._Latex, mathml._MathML, Lisp):
        assert all(callable(getattr(language, shape, None)) for shape in SHAPES)


@pytest.mark.parametrize("module", [text, latex, mathml, notation])
def test_a_language_speaks_of_no_row(module):
    words = {
        node.value
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(node, ast.Constant)
    }
    # A function's upright name, such as TeX's \tanh, is a word of the language; "sum" is a kind of formula,
    # "mod" a sign; and Greek letters have names that functions have too.
    assert not (words & ops.TABLE.keys()) - getattr(module, "_NAMED", set()) - {"sum", "mod"} - LETTERS.keys()


@pytest.mark.parametrize(
    "shape",
    [
        None, form.Function("haversine", "hav"), form.Fence("⟨", "⟩", "hav"),
        lambda x: (1.0 - autograd.cos(x)) / 2.0,
    ],
)  # fmt: skip
def test_a_new_row_is_in_every_picture_and_derivation(shape):
    hav = custom_op(
        "hav", lambda x: (1.0 - math.cos(x)) / 2.0, lambda y, x: (autograd.sin(x) / 2.0,), form=shape
    )
    x = Value(0.5, "x")
    y = hav(x * 2.0) + hav(x)
    picture = autograd.draw(y, engine="builtin")
    page = autograd.stepper(y, engine="builtin").html
    for said in (picture.svg(), picture.source, picture.to_mermaid(), picture.listing(), page):
        assert "hav" in said
    for style in ("text", "markdown", "latex", "mathml"):
        assert "1.0812" in str(explain(y, wrt=x, style=style))  # sin 1 + sin(0.5) / 2


def test_a_row_says_by_its_form_whether_its_operands_may_be_swapped():
    one_way = [op.name for op in ops.TABLE.values() if op.arity == 2 and not folding._symmetric(op)]
    assert {"sub", "div", "pow", "mod", "floordiv", "atan2", "greater", "less_equal"} <= set(one_way)
    assert not {"add", "mul", "maximum", "minimum"} & set(one_way)


def test_a_row_that_says_nothing_is_a_function_of_its_name():
    op = custom_op("bump", lambda x: x, lambda y, x: (1.0,))
    made = apply_raw(op, [name("z")])
    assert (text.plain(made), latex.latex(made)) == ("bump z", r"\operatorname{bump} z")


@pytest.mark.parametrize(("shape", "plain", "tex"), [
    (form.Function("arcsec"), "arcsec z", r"\operatorname{arcsec} z"),
    (form.Function("si", "Σ"), "si z", r"\Sigma(z)"),
    (form.Root("root4", 4), "root4 z", r"\sqrt[4]{z}"),
    (form.Power("10"), "10^z", "10^{z}"),
    (form.Fence("|", "|"), "|z|", r"\left|z\right|"),
    (lambda x: 1.0 / (1.0 + x * x), "1/(1 + z*z)", r"\frac{1}{1 + z \, z}"),
    (lambda x: autograd.exp(x) - 1.0, "e^z - 1", "e^{z} - 1"),
])  # fmt: skip
def test_a_users_row_is_written_as_its_form_says(shape, plain, tex):
    op = custom_op("own", lambda x: x, lambda y, x: (1.0,), form=shape)
    made = apply_raw(op, [name("z")])
    assert (text.plain(made), latex.latex(made)) == (plain, tex)
    assert "<" in mathml.mathml(made)
    x = Value(2.0, "x")
    for style in ("text", "markdown", "latex", "mathml"):
        assert explain(op(x), wrt=x, style=style)


def test_a_form_that_fails_is_written_as_a_function():
    op = custom_op("odd", lambda x: x, lambda y, x: (1.0,), form=lambda x: float(x))
    assert text.plain(apply_raw(op, [name("z")])) == "odd z"


def test_what_was_called_differently_is_refused_with_its_name():
    with pytest.raises(TypeError, match=r"'latex' is none; how it is written is its form"):
        custom_op("own", lambda x: x, lambda y, x: (1.0,), latex="{0}")


def test_a_formula_keeps_what_was_written():
    x = name("x")
    assert isinstance(x, Formula)
    assert text.plain(apply_raw(ops.reciprocal, [apply_raw(ops.square, [x])])) == "1/x^2"
    assert text.plain(apply_raw(ops.mul, [1.0, x])) == "1*x"


@pytest.mark.parametrize(("make", "tex"), [
    (lambda a, b: ops.tanh(a) ** 2.0, r"\tanh^{2} a"),
    (lambda a, b: apply_raw(ops.power, [ops.sin(a + b), 3.0]), r"\sin^{3} \left(a + b\right)"),
    (lambda a, b: ops.log2(a) ** 2.0, r"\log_{2}^{2} a"),
    (lambda a, b: 1.0 / ops.sigmoid(a) ** 2.0, r"\frac{1}{\sigma^{2}(a)}"),
    (lambda a, b: apply_raw(ops.power, [ops.tanh(a), -1.0]), r"\left(\tanh a\right)^{-1}"),
    (lambda a, b: ops.tanh(a) ** 1.5, r"\left(\tanh a\right)^{1.5}"),
    (lambda a, b: ops.tanh(a) ** b, r"\left(\tanh a\right)^{b}"),
    (lambda a, b: ops.maximum(a, b) ** 2.0, r"\left(\max(a, b)\right)^{2}"),
    (lambda a, b: ops.lgamma(a) ** 2.0, r"\left(\ln |\Gamma|(a)\right)^{2}"),
    (lambda a, b: ops.tanh(ops.tanh(a + b)), r"\tanh \left(\tanh \left(a + b\right)\right)"),
])  # fmt: skip
def test_a_power_of_a_function_stands_at_its_name_unless_it_would_mislead(make, tex):
    formula = make(name("a"), name("b"))
    assert latex.latex(formula) == tex
    shown = mathml.mathml(formula)
    assert ("<msup><mrow><mo>(</mo>" in shown) == (r"\right)^" in tex)
