"""The graphs that an engine is tried on, from the smallest to those of three operations.

A graph is a program of a few lines: each names its result, its operation and its operands. It is data, so
that the same graph runs with anybody's class, with this package's, and as text.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograd import ops

__all__ = ["OPERATIONS", "Graph", "Operation", "Step", "catalogue"]

Operand = str | int
Step = tuple[str, str, tuple[Operand, ...]]
"""The result's name, the operation, and its operands: names, and constants."""
Point = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Operation:
    """What may stand in a graph: how it is written, its special method or names, and what it computes."""

    text: str
    run: Callable[..., Any]
    """Of this package's nodes, and of floats."""
    names: tuple[str, ...] = ()
    """Of methods, or of functions beside the class."""
    special: str = ""
    """Python's method for the operator; that of a constant on the left is its reflection."""

    @property
    def reflected(self) -> str:
        """Python's method for the operator where the left operand is a number."""
        return self.special.replace("__", "__r", 1)



OPERATIONS: dict[str, Operation] = {
    "add": Operation("{} + {}", operator.add, ("add", "plus"), "__add__"),
    "sub": Operation("{} - {}", operator.sub, ("sub", "subtract", "minus"), "__sub__"),
    "mul": Operation("{} * {}", operator.mul, ("mul", "multiply", "times"), "__mul__"),
    "div": Operation("{} / {}", operator.truediv, ("div", "divide", "truediv"), "__truediv__"),
    "pow": Operation("{} ** {}", operator.pow, ("pow", "power"), "__pow__"),
    "power": Operation("{} ** {}", operator.pow, ("pow", "power"), "__pow__"),
    "iadd": Operation("{}; {} += {}", operator.add, (), "__iadd__"),
    "isub": Operation("{}; {} -= {}", operator.sub, (), "__isub__"),
    "imul": Operation("{}; {} *= {}", operator.mul, (), "__imul__"),
    "neg": Operation("-{}", operator.neg, ("neg", "negative"), "__neg__"),
    "abs": Operation("abs({})", abs, ("abs",), "__abs__"),
    "relu": Operation("relu({})", ops.relu, ("relu", "ReLU", "Relu")),
    "tanh": Operation("tanh({})", ops.tanh, ("tanh", "Tanh")),
    "sigmoid": Operation("sigmoid({})", ops.sigmoid, ("sigmoid", "Sigmoid", "logistic", "sig")),
    "exp": Operation("exp({})", ops.exp, ("exp",)),
    "log": Operation("log({})", ops.log, ("log", "ln")),
    "sqrt": Operation("sqrt({})", ops.sqrt, ("sqrt",)),
    "sin": Operation("sin({})", ops.sin, ("sin",)),
    "cos": Operation("cos({})", ops.cos, ("cos",)),
}
IN_PLACE = ("iadd", "isub", "imul")


@dataclass(frozen=True, slots=True)
class Graph:
    """A program of one to three operations, the question that it asks, and the numbers it is asked at.

    Examples
    --------
    >>> graph = Graph("visited", "mul", (("b", "mul", ("a", "c")), ("y", "mul", ("b", "b"))))
    >>> print(graph)
    b = a * c
    y = b * b
    >>> graph.leaves
    ['a', 'c']
    """

    question: str
    subject: str
    """The operation that the question is about."""
    steps: tuple[Step, ...]
    points: tuple[Point, ...] = ()

    @property
    def leaves(self) -> list[str]:
        """The names that no line defines, in order of appearance."""
        made = {name for name, _, _ in self.steps}
        used = [x for _, _, operands in self.steps for x in operands if isinstance(x, str)]
        return [x for x in dict.fromkeys(used) if x not in made]

    @property
    def operations(self) -> set[str]:
        """The operations in it."""
        return {operation for _, operation, _ in self.steps}

    @property
    def output(self) -> str:
        """The name of the last line."""
        return self.steps[-1][0]

    def lines(self) -> list[str]:
        """Return the program, as one writes it."""
        return [
            f"{name} = {OPERATIONS[operation].text.format(*_written(name, operation, operands))}"
            for name, operation, operands in self.steps
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run the program with this package's nodes or with floats, and return all that has a name."""
        found = dict(given)
        for name, operation, operands in self.steps:
            numbers = [found[x] if isinstance(x, str) else float(x) for x in operands]
            found[name] = OPERATIONS[operation].run(*numbers)
        return found


def _written(name: str, operation: str, operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
    return (operands[0], name, operands[1]) if operation in IN_PLACE else operands


POINTS: tuple[Point, ...] = ({"a": 1.3, "b": -0.7, "c": 2.1}, {"a": 0.6, "b": 1.7, "c": -1.9})
"""Numbers that do not happen to agree: 2 * 2 is 2 + 2."""
EITHER_SIGN: tuple[Point, ...] = ({"a": 0.8, "b": -0.7, "c": 2.1}, {"a": -1.2, "b": 1.7, "c": -1.9})
NEGATIVE: tuple[Point, ...] = ({"a": -1.3}, {"a": -0.6})
EQUAL: tuple[Point, ...] = (
    {"a": 1.3, "b": 1.3, "c": 1.3}, {"a": 0.6, "b": 0.6, "c": 0.6},
)  # fmt: skip
WHOLE: tuple[Point, ...] = ({"a": 3.0, "b": -2.0, "c": 5.0}, {"a": 2.0, "b": 4.0, "c": -3.0})
"""For a class that keeps whole numbers only."""
ARITHMETIC = ("add", "sub", "mul", "div")
POSITIVE_ONLY = ("log", "sqrt")
UNARY = ("neg", "abs", "relu", "tanh", "sigmoid", "exp", "log", "sqrt", "sin", "cos")
WHOLE_OPERATIONS = frozenset({"add", "sub", "mul", "neg", *IN_PLACE})


def catalogue(*, whole: bool = False) -> list[Graph]:
    """Return the graphs, by the number of operations.

    Examples
    --------
    >>> print(catalogue()[0])
    y = a * b
    """
    graphs = [*_of_one(), *_of_two(), *_of_three()]
    if whole:
        graphs = [
            Graph(g.question, g.subject, g.steps, WHOLE)
            for g in graphs
            if g.operations <= WHOLE_OPERATIONS and g.question != "equal"
        ]
    return graphs


def _one(question: str, operation: str, *operands: Operand, points: tuple[Point, ...] = POINTS) -> Graph:
    return Graph(question, operation, (("y", operation, operands),), points)


def _single(operation: str) -> tuple[tuple[Operand, ...], tuple[Point, ...]]:
    """Return operands for an operation, and numbers within its domain."""
    if operation not in UNARY:
        return ("a", "b"), POINTS
    return ("a",), POINTS if operation in POSITIVE_ONLY else EITHER_SIGN


def _of_one() -> Iterator[Graph]:
    for operation in ("mul", "add", "sub", "div", "pow", *UNARY):
        operands, points = _single(operation)
        yield _one("rule", operation, *operands, points=points)
    for n in (2, 3):
        yield _one("power", "power", "a", n)
    for n in (2, 3):
        yield _one("negative base", "power", "a", n, points=NEGATIVE)
    for operation in ("add", "mul"):
        yield _one("equal", operation, "a", "b", points=EQUAL)
    for operation in ARITHMETIC:
        yield _one("constant", operation, "a", 3)
    for operation in ARITHMETIC:
        yield _one("reflected", operation, 3, "a")
    for operation in IN_PLACE:
        yield _one("in place", operation, "a", "b")
    for operation in ("add", "mul", "sub", "div"):
        yield _one("shared", operation, "a", "a")


def _of_two() -> Iterator[Graph]:
    for first in ("add", "mul"):
        yield Graph("depth", first, (("b1", first, ("a", "c")), ("y", "add", ("b1", "b"))), POINTS)
    for operation in ("mul", "add", "sub", "div", *UNARY):
        operands, points = _single(operation)
        yield Graph(
            "chain", operation, (("b1", operation, operands), ("y", "mul", ("b1", "c"))), points
        )
    yield Graph("chain", "power", (("b1", "power", ("a", 3)), ("y", "mul", ("b1", "c"))), POINTS)
    for operation in ("sub", "div", *UNARY):
        operands, points = _single(operation)
        yield Graph(
            "shared", operation, (("b1", operation, operands), ("y", "mul", ("b1", "a"))), points
        )
    yield Graph("shared", "power", (("b1", "power", ("a", 3)), ("y", "mul", ("b1", "a"))), POINTS)
    for first, last in (("mul", "mul"), ("add", "add"), ("mul", "add"), ("add", "mul")):
        yield Graph("visited", last, (("b1", first, ("a", "c")), ("y", last, ("b1", "b1"))), POINTS)


def _of_three() -> Iterator[Graph]:
    for first, second, last in (("mul", "mul", "add"), ("add", "add", "add"), ("mul", "mul", "mul")):
        steps: tuple[Step, ...] = (("b1", first, ("a", "c")), ("b2", second, ("b1", "c")))
        yield Graph("order", last, (*steps, ("y", last, ("b1", "b2"))), POINTS)
        yield Graph("order", last, (*steps, ("y", last, ("b2", "b1"))), POINTS)
    steps = (("b1", "mul", ("a", "b")), ("b2", "mul", ("a", "c")))
    yield Graph("equal", "add", (*steps, ("y", "add", ("b1", "b2"))), EQUAL)
    yield Graph("order", "add", (*steps, ("y", "add", ("b1", "b2"))), POINTS)


def is_close(got: float | None, right: float) -> bool:
    """Whether a number is the right one, for somebody who counts in floats of 32 bits too."""
    return got is not None and abs(got - right) <= 3e-5 * max(1.0, abs(right)) and math.isfinite(got)
