"""A reader of the equations that a derivation prints: both sides are evaluated at the graph's numbers."""

from __future__ import annotations

import math
import random
import re
import sys
from collections.abc import Callable

import autograd
from autograd import TABLE
from autograd.floats import elementary
from autograd.form import Function
from autograd.op import Op
from autograd.render.derive.steps import Steps, positioned_edges
from autograd.render.formula.text import plain_name
from autograd.value import Value

Number = Callable[[Callable[[float, float], float]], float]
"""A formula: given how to choose a number within its rounding, it is one."""

_TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d*)?(?:e[+-]\d+)?)'
    r'|(?P<word>"(?:[^"\\]|\\.)*"(?:\.grad)?|[^\W\d_][\w.…\']*'
    r'(?:(?:\[[\w, ]*\]|\(\d+\))+(?:\.grad)?)?|∂[₀-₉]*)'
    r"|(?P<sign>->|>=|<=|==|\.\.\.|.))"
)
_TITLES = {
    **{
        op.form.word: name
        for name, op in TABLE.items()
        if isinstance(op.form, Function) and not op.form.index
    },
    "max": "max",
    "min": "min",
}


class ElidedError(Exception):
    """A formula that is not printed whole."""


class Reader:
    """Reads formulas over the names of one graph."""

    def __init__(self, listed: Steps) -> None:
        self.values = {plain_name(name): node.data for node, name in listed.names.items()}
        self.nodes = {plain_name(name): node for node, name in listed.names.items()}
        # What has arrived at a node is a name of its own.
        self.values |= {
            f"{plain_name(name)}.grad": listed.gradients[node] for node, name in listed.names.items()
        }
        self.totals: dict[Value, dict[Value, float]] = {}

    def total(self, above: str, below: str) -> float:
        """The derivative of one node with respect to another, by a pass of its own."""
        node = self.nodes[above]
        if node not in self.totals:
            self.totals[node] = grads = {node: 1.0}
            for v in reversed(autograd.toposort(node)):
                for parent, local in v.edges() if v in grads else ():
                    if local is not None:
                        grads[parent] = grads.get(parent, 0.0) + grads[v] * local
        return self.totals[node].get(self.nodes[below], 0.0)

    def partial(self, above: str, below: str, place: int) -> float:
        """The derivative of a node in one operand."""
        edges = [
            (i, local)
            for i, parent, local in positioned_edges(self.nodes[above])
            if parent is self.nodes[below]
        ]
        if not place:
            assert len(edges) == 1, f"which operand of {above} is {below}?"
            return edges[0][1] or 0.0
        return dict(edges)[place - 1] or 0.0

    def check(self, equation: str) -> None:
        """Assert that all sides of an equation are the same number, as far as it is printed."""
        sides = equation.split(" = ")
        try:
            ranges = [self.range(side) for side in sides]
        except ElidedError:
            ranges = [self.range(side) for side in sides if "..." not in side and "…" not in side]
        for (low, high), side in zip(ranges, sides, strict=False):
            last_low, last_high = ranges[-1]
            if math.isnan(low) or math.isnan(last_low):
                assert math.isnan(low) and math.isnan(last_low), (
                    f"{equation}: {side} is in {low}..{high}, not {last_low}..{last_high}"
                )
                continue
            slack = 1e-16 + 1e-8 * max(
                (abs(x) for x in (low, high, last_low, last_high) if math.isfinite(x)), default=0.0
            )
            assert low <= last_high + slack and last_low <= high + slack, (
                f"{equation}: {side} is in {low}..{high}, not {last_low}..{last_high}"
            )

    def range(self, text: str) -> tuple[float, float]:
        """The least and the largest number that a formula can stand for, its numbers being rounded."""
        formula = _Parser(text, self).formula()
        source = random.Random(text)
        choices: list[Callable[[float, float], float]] = [
            lambda x, r: x,
            lambda x, r: x + r,
            lambda x, r: x - r,
            lambda x, r: -x if x == 0.0 else x,  # a zero is printed without its sign
        ]
        choices += [lambda x, r: x + source.choice((-r, 0.0, r)) for _ in range(60)]
        found = [formula(choice) for choice in choices]
        return (
            (math.nan, math.nan)
            if math.isnan(found[0])
            else (min(x for x in found if x == x), max(x for x in found if x == x))
        )


class _Parser:
    """Recursive descent over the text of one formula."""

    def __init__(self, text: str, reader: Reader) -> None:
        if "…" in text:
            raise ElidedError
        self.reader, self.text = reader, text
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            assert match is not None and match.lastgroup is not None, text
            word = match[match.lastgroup]
            if word in ("...", "…"):
                raise ElidedError
            at = match.end()
            call = (
                re.search(r"\([0-9]+\)\Z", word)
                if match.lastgroup == "word" and word not in reader.values
                else None
            )
            if call and not word.startswith('"'):  # sin(2), which is no name
                word, at = word[: call.start()], at - len(call[0])
            self.tokens.append((match.lastgroup, word))
        self.at = 0

    def formula(self) -> Number:
        """The whole text."""
        found = self.sum()
        assert self.at == len(self.tokens), f"{self.text!r} goes on after {self.tokens[: self.at]}"
        return found

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        assert token and (not wanted or token == wanted), f"{self.text!r}: {token!r} in place of {wanted!r}"
        self.at += 1
        return token

    def sum(self) -> Number:
        left = self.product()
        while self.peek() in ("+", "-"):
            sign, a, b = self.take(), left, self.product()
            left = (lambda c, a=a, b=b: a(c) + b(c)) if sign == "+" else (lambda c, a=a, b=b: a(c) - b(c))
        return left

    def product(self) -> Number:
        left = self.negated()
        while True:
            sign, a = self.peek(), left
            if sign in ("*", "/", "mod"):
                self.take()
                b = self.negated()
                rule = {"*": lambda x, y: x * y, "/": elementary.div, "mod": TABLE["mod"].value}[sign]
                left = lambda c, a=a, b=b, rule=rule: rule(a(c), b(c))
            else:
                return left

    def negated(self) -> Number:
        if self.peek() == "-":
            self.take()
            inner = self.negated()
            return lambda c: -inner(c)
        return self.juxtaposed()

    def juxtaposed(self) -> Number:
        number = self.at < len(self.tokens) and self.tokens[self.at][0] == "number"
        left = self.power()
        # 2e, 2(a + b): only what follows a number without a sign between them.
        if (
            number
            and self.at < len(self.tokens)
            and (
                (self.tokens[self.at][0] == "word" and self.peek() not in ("mod", "if", "else"))
                or self.peek() == "("
            )
        ):
            a, b = left, self.juxtaposed()
            return lambda c: a(c) * b(c)
        return left

    def power(self) -> Number:
        base = self.atom()
        if self.peek() == "^":
            self.take()
            negative = self.peek() == "-"
            if negative:
                self.take()
            exponent = self.atom()
            return lambda c: TABLE["pow"].value(base(c), -exponent(c) if negative else exponent(c))
        return base

    def atom(self) -> Number:
        kind, word = self.tokens[self.at]
        if kind == "number":
            self.take()
            x, rounding = min(float(word), sys.float_info.max), _rounding(word)
            return lambda c: c(x, rounding)
        if word == "(":
            self.take()
            first = self.sum()
            if self.peek() == "if":
                self.take()
                condition = self.sum()
                self.take("else")
                second = self.sum()
                self.take(")")
                return lambda c: first(c) if condition(c) else second(c)
            self.take(")")
            return first
        if word == "|":
            self.take()
            inside = self.sum()
            self.take("|")
            return lambda c: abs(inside(c))
        if word == "[":
            self.take()
            a = self.sum()
            sign = self.take()
            b = self.sum()
            self.take("]")
            rule = {">": "greater", ">=": "greater_equal", "<": "less", "<=": "less_equal", "==": "equal"}[
                sign
            ]
            return lambda c: TABLE[rule].value(a(c), b(c))
        return self.word()

    def word(self) -> Number:
        word = self.take()
        found = self.derivative(word)
        if found is not None:
            return lambda c: found
        if word in self.reader.values:
            x = self.reader.values[word]
            return lambda c: x
        if word in ("inf", "NaN"):
            return lambda c: float(word)
        if word == "e" and self.peek() == "^":
            return lambda c: math.e
        return self.function(word)

    def function(self, word: str) -> Number:
        named = word.rstrip("'")
        orders: list[int] = [len(word) - len(named)] if named != word else []
        if self.peek() == "^":  # f^(1, 2)(a, b)
            self.take()
            self.take("(")
            orders.append(int(self.take()))
            while self.peek() == ",":
                self.take()
                orders.append(int(self.take()))
            self.take(")")
        word = named
        stem, _, index = word.rpartition("_")
        row = TABLE[_TITLES.get(word, word)] if _TITLES.get(word, word) in TABLE else TABLE[stem]
        if self.peek() != "(":
            operand = self.word()
            return lambda c: row.value(operand(c))
        self.take()
        operands = [self.sum()]
        while self.peek() == ",":
            self.take()
            operands.append(self.sum())
        self.take(")")
        last = [] if row.name == _TITLES.get(word, word) else [float(index)]
        if row.name in ("max", "min") and word in ("max", "min") and len(operands) == 2:
            row = TABLE[f"{word}imum"]
        if row.params_first and not last:
            operands = [*operands[len(row.params) :], *operands[: len(row.params)]]
            orders = [*orders[len(row.params) :], *orders[: len(row.params)]]
        if orders:
            return lambda c: _derivative(row, [*[x(c) for x in operands], *last], orders)
        return lambda c: row.value(*[x(c) for x in operands], *last)

    def derivative(self, word: str) -> float | None:
        """dy/dx, d loss/d w, ∂₂y/∂x: a number of the graph."""
        start = self.at
        curly = word[0] == "∂"
        sign = "∂" if curly else "d"
        place = (
            int(word[1:].translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")))
            if curly and len(word) > 1
            else 0
        )
        try:
            if not curly and word != "d":  # dy/dx in one word each
                above = word[1:]
                if word[0] != "d" or above not in self.reader.nodes or self.peek() != "/":
                    return None
                self.take()
                below = self.take()
                if below[:1] != "d" or below[1:] not in self.reader.nodes:
                    self.at = start
                    return None
                below = below[1:]
            else:
                above = self.take()
                self.take("/")
                assert self.take() == sign
                below = self.take()
            if above not in self.reader.nodes or below not in self.reader.nodes:
                self.at = start
                return None
        except AssertionError:
            self.at = start
            return None
        return self.reader.partial(above, below, place) if curly else self.reader.total(above, below)


def _derivative(row: Op, operands: list[float], orders: list[int]) -> float:
    """The derivative of a row in its operands, so many times in each, by the engine."""
    leaves = [Value(x) for x in operands[: row.arity]]
    y = row(*row.written([*leaves, *operands[row.arity :]]))
    for leaf, order in zip(leaves, orders, strict=False):
        for _ in range(order):
            (y,) = autograd.gradients(y, [leaf], create_graph=True)
    return float(y)


def _rounding(text: str) -> float:
    """Half a unit of the last digit of a number that shows decimals; whole numbers are exact."""
    mantissa, _, exponent = text.partition("e")
    digits = len(mantissa.partition(".")[2])
    return 0.5000001 * 10.0 ** (int(exponent or 0) - digits) if "." in mantissa or exponent else 0.0


_ADDED = re.compile(
    r"(?P<name>\S.*)\.grad \+= (?P<product>.*?) = (?P<number>\S+)"
    r"(?:  \[(?P<before>\S+) -> (?P<after>\S+)\])?\Z"
)


def check_text(text: str, reader: Reader) -> int:
    """Assert every equation of a derivation as text; return how many there were."""
    count = 0
    section, left = "", ""
    running: dict[str, str] = {}
    for line in text.split("\n"):
        if line and line[0] != " ":
            section = line
            continue
        body = line.strip()
        if not body or body[0] == "(" or "..." in body[:3] or ": its hook" in body:
            continue
        if section == "Forward":
            reader.check(body)
            count += 1
        elif section == "Backward":
            cells = re.split(r"\s{2,}(?!\[)", body, maxsplit=3)
            assert len(cells) == 4, body
            reader.check(cells[2])
            count += 2
            match = _ADDED.match(cells[3])
            if match is None:
                name, _, seed = cells[3].rpartition(".grad = ")
                running[name] = seed
                continue
            reader.check(f"{match['product']} = {match['number']}")
            if match["before"]:
                assert running.get(match["name"], "0") == match["before"], line
                reader.check(
                    f"{_bracketed(match['before'])} + {_bracketed(match['number'])} = {match['after']}"
                )
            running[match["name"]] = match["after"] or match["number"]
        elif section == "Gradient":
            head, _, rest = body.partition("= ")
            left = head.strip() or left
            grad = left.endswith(".grad")
            reader.check(f"{rest} = {_last_number(text)}" if grad else f"{left} = {rest}")
            count += 1
    return count


def _bracketed(number: str) -> str:
    return f"({number})" if number[0] == "-" else number


def _last_number(text: str) -> str:
    lines = text.partition("\nGradient\n")[2].partition("\n\n")[0].split("\n")
    return lines[-1].rpartition("= ")[2]
