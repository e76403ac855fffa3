"""What a derivation prints as MathML, and draws as SVG from it, is read as a reader sees it, and is true."""

import math
import random
import re
import xml.etree.ElementTree as ET

import pytest

import autograd
from autograd import TABLE, Value, explain
from autograd.floats import elementary
from autograd.form import Function
from autograd.render.derive.steps import steps
from autograd.render.formula.mathml import identifier
from autograd.render.formula.text import plain_name
from tests.autograd.render.equations import Reader

NS = "{http://www.w3.org/1998/Math/MathML}"
FUNCTIONS = [op for op in TABLE.values() if isinstance(op.form, Function) and not op.form.index]
ROWS = {**{op.form.letter or op.form.word: op for op in FUNCTIONS}, **TABLE}
TIMES = {("sign", "·"), ("sign", "\u2062"), ("sign", "×")}
OPEN, CLOSE, APPLY = ("sign", "("), ("sign", ")"), ("sign", "\u2061")


def shape(element):
    """What an element looks like, whatever the rows in it."""
    tag, text = element.tag.removeprefix(NS), (element.text or "").strip()
    return f"{tag}({text}{','.join(map(shape, element))})"


class MathML:
    """Reads formulas over the names of one graph: rows are invisible, and only signs and places count."""

    def __init__(self, root):
        listed = steps(root)
        self.reader = Reader(listed)
        self.names = {shape(ET.fromstring(identifier(s))): (v, s) for v, s in listed.names.items()}

    def value(self, *elements):
        return self.sum([token for element in elements for token in self.tokens(element)])

    def tokens(self, element):
        if shape(element) in self.names:
            return [("number", self.names[shape(element)][0].data)]
        kind, parts = element.tag.removeprefix(NS), list(element)
        if kind == "mrow":
            return [token for part in parts for token in self.tokens(part)]
        if kind == "mspace":
            return []
        if kind == "mo":
            return [("sign", element.text)]
        if kind == "mi" and element.text != "e":
            return [("function", (element.text, None, 1.0))]
        if kind in ("msub", "msubsup"):
            return [("function", (parts[0].text, *map(self.value, parts[1:]), *[1.0] * (len(parts) == 2)))]
        if kind == "msup":
            base = self.tokens(parts[0])
            if base[-1][0] == "function":  # sin² x
                return [("function", (*base[-1][1][:2], self.value(parts[1])))]
            start = len(base) - 1
            if base[-1] == CLOSE:
                depth = 0
                for start in range(len(base) - 1, -1, -1):
                    depth += (base[start] == CLOSE) - (base[start] == OPEN)
                    if depth == 0:
                        break
                start -= 2 * (start > 1 and base[start - 1] == APPLY)
            power = TABLE["pow"].value(self.sum(base[start:]), self.value(parts[1]))
            return [*base[:start], ("number", power)]
        return [("number", self.number(kind, element, parts))]

    def number(self, kind, element, parts):
        if kind == "mn":
            return float(element.text)
        if kind == "mi":
            return math.e
        if kind == "msqrt":
            return math.sqrt(self.value(*parts))
        if kind == "mover":
            return self.names[shape(parts[0])][0].grad
        assert kind == "mfrac", shape(element)
        slope = self.slope(*parts)
        return elementary.div(*map(self.value, parts)) if slope is None else slope

    def slope(self, above, below):
        """A derivative, total or partial, which looks like a fraction."""
        if len(above) != 2 or len(below) != 2 or {shape(above[1]), shape(below[1])} - self.names.keys():
            return None
        ends = [plain_name(self.names[shape(part[1])][1]) for part in (above, below)]
        if above[0].text == "d":
            return self.reader.total(*ends)
        return self.reader.partial(*ends, int(above[0][1].text) if len(above[0]) else 0)

    def sum(self, tokens):
        left = list(reversed(tokens))  # the next one at the end

        def terms():
            x = product()
            while left and left[-1][1] in ("+", "−"):
                x = x + product() if left.pop()[1] == "+" else x - product()
            return x

        def product():
            if left[-1] == ("sign", "−"):
                left.pop()
                return -product()
            x = atom()
            while left and (left[-1] in TIMES or left[-1][0] != "sign" or left[-1] == OPEN):
                if left[-1] in TIMES:
                    left.pop()
                x *= atom()
            return x

        def atom():
            kind, what = left.pop()
            if kind == "number":
                return what
            if kind == "function":
                assert left.pop() == APPLY
                word, index, power = what
                assert power > 0.0  # a negative one would look like an inverse function
                operands = bracketed() if left[-1] == OPEN else [atom()]
                found = ROWS[word].value(*operands, *([] if index is None else [index]))
                return TABLE["pow"].value(found, power)
            left.append((kind, what))
            (x,) = bracketed()
            return x

        def bracketed():
            assert left.pop() == OPEN
            found = [terms()]
            while left[-1] == ("sign", ","):
                left.pop()
                found.append(terms())
            assert left.pop() == CLOSE
            return found

        x = terms()
        assert not left
        return x


def graph(seed):
    rng = random.Random(seed)
    values = [Value(x, label) for x, label in zip((0.5, 2.0, -1.5), ("x", "theta1", "w"), strict=True)]
    one = [autograd.sin, autograd.tanh, autograd.exp, autograd.sigmoid, autograd.softplus, autograd.erf]
    for _ in range(6):
        a, b = rng.choice(values), rng.choice(values)
        make = rng.choice([
            *(lambda f=f: f(a) for f in one), lambda: a * b, lambda: a + b, lambda: a - b, lambda: a / b,
            lambda: a**2, lambda: 1.0 - a, lambda: -a, lambda: autograd.softmax([a, b])[1],
            lambda: autograd.logsumexp([a, b]), lambda: (a * a + 1.0) ** 0.5,
        ])  # fmt: skip
        made = make()
        if abs(made.data) < 100.0:
            values.append(made)
    root = (values[-1] + values[-2] * values[0]) / 3.0
    root.label = "L"
    root.backward()
    return root


@pytest.mark.parametrize("seed", range(6))
def test_each_equation_in_mathml_is_true(seed):
    root = graph(seed)
    reader, count = MathML(root), 0
    texts = [str(explain(root, wrt, style="mathml")) for wrt in (None, *root_leaves(root))]
    for source in re.findall(r"<math.*?</math>", "".join(texts), re.DOTALL):
        row, sides = ET.fromstring(source)[0], [[]]
        if "→" in source or "⋯" in source:
            continue
        for part in row:
            if part.tag == f"{NS}mo" and part.text == "=":
                sides.append([])
            else:
                sides[-1].append(part)
        if "+=" in source:  # what is added is the product of two numbers
            sides[0] = list(sides[0][0])[2:]
        values = [reader.value(*side) for side in sides]
        # Numbers are printed with four decimals, and products of two such are compared.
        assert values == pytest.approx([values[-1]] * len(values), rel=1e-2, abs=1e-3), source
        count += len(values) > 1
    assert count > 20


def root_leaves(root):
    return [v for v in autograd.toposort(root) if v.op is None][:2]
