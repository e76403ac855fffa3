"""Expressions as nobody should type them: wild numbers, missing pieces, words of Python, letters of every
script."""

import math
import random
from pathlib import Path

from hostile.rounds import hostile_round

from autograd import TABLE, Value, explain
from autograd.cli.expression import parse_expression
from autograd.errors import UsageError

NUMBERS = [
    "0",
    "-0.0",
    "1",
    "2",
    "0.5",
    "1e9",
    "-1e9",
    "1e308",
    "5e-324",
    "1e999",
    "0x1p3",
    "1_000",
    "1e-170",
    "3.7",
    "1j",
    "nan",
    "inf",
    "pi",
]
PIECES = ["x", "y", "_", "__class__", "λ", "ﬁ", "x.real", "x[0]", "'a'", "lambda: 0", "x if y else 1", "[x]",
    "{x}", "*x", "**x", "x:=1", "f'{x}'", "...",
          "\x00", "\ud800", "\u202e", "#", "\\", "\n", "()", "await x", "yield", "not x", "x and y", "x in y",
          "~x", "x@y", "x==y", "x!=y", "x<y<1"]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "**", "%", "//", "<", "<=", ">", ">=", "^", "&", ",", " ", "**-", "==", "!="]
FUNCTIONS = [
    *TABLE,
    "sum",
    "mean",
    "max",
    "min",
    "softmax",
    "dot",
    "eval",
    "exec",
    "open",
    "print",
    "__import__",
    "range",
]


def expression(rng: random.Random, depth: int) -> str:
    """Return a random text that looks like an expression, most of the time."""
    kind = rng.random()
    if depth == 0 or kind < 0.2:
        return rng.choice(PIECES if rng.random() < 0.03 else ["x", "y", rng.choice(NUMBERS)])
    if kind < 0.55:
        return f"{expression(rng, depth - 1)}{rng.choice(OPERATORS)}{expression(rng, depth - 1)}"
    if kind < 0.7:
        return f"({expression(rng, depth - 1)})"
    if kind < 0.75:
        return f"-{expression(rng, depth - 1)}"
    arguments = ", ".join(expression(rng, depth - 1) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 4])))
    keyword = rng.choice(
        [
            "",
            "",
            "",
            "",
            f", slope={rng.choice(NUMBERS)}",
            f", index={rng.choice(NUMBERS)}",
            f", order={rng.choice(NUMBERS)}",
        ]
    )
    return f"{rng.choice(FUNCTIONS)}({arguments}{keyword})"


def damaged(text: str, rng: random.Random) -> str:
    """Return a text with a character or two of it changed, taken away or doubled."""
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2])):
        place = rng.randrange(len(text) + 1)
        text = (
            text[:place]
            + rng.choice(["", "(", ")", rng.choice(PIECES), rng.choice(OPERATORS), text[place : place + 9]])
            + text[place + rng.choice([0, 1]) :]
        )
    return text


@hostile_round(
    "a graph whose gradients are numbers and which can be derived step by step, or one sentence that "
    "underlines the place", 300,
)
def expressions(rng: random.Random, folder: Path) -> str:
    """Parse, evaluate, differentiate and explain one random expression."""
    text = damaged(expression(rng, rng.choice([1, 2, 3, 4, 6])), rng)
    try:
        parsed = parse_expression(text)
        leaves = {
            name: Value(rng.choice([0.0, 1.0, -2.5, 1e200, 5e-324, rng.gauss(0.0, 1.0)]), name)
            for name in parsed.names
        }
        root = parsed.evaluate(leaves)
    except UsageError as error:
        message = str(error)
        assert message, text
        assert "Traceback" not in message, text
        return "refused"
    if not isinstance(root, Value):
        assert isinstance(root, float), text
        return "a number"
    root.backward()
    assert all(type(x.grad) is float for x in leaves.values()), text
    if rng.random() < 0.1:
        assert str(explain(root)), text
    return "a graph" if math.isfinite(root.data) else "a graph of no finite value"
