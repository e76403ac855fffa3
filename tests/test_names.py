"""No place outside the table knows a row by its name.

What tells rows apart by name is a place that somebody must find and edit who adds a row. So this test looks
through the syntax trees of both packages for

- strings that are the name of a row, and
- rows (``ops.exp``, or ``exp`` imported from the table) that are compared, or are keys or elements of a
  display: in short, rows that are anything but called or handed on.

A place that *uses* a function, as a loss that calls ``ops.exp(x)``, knows mathematics and not a row, and does
not count. Exempt are `HOMES`, where names are what the file is about, and `WORDS`, where a string is a word
of something else that a row happens to be called too.

``python tests/test_names.py`` prints each place with its line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from autograd.op import TABLE

ROOT = Path(__file__).parent.parent
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("autograd", "nn")
    for path in (ROOT / package).rglob("*.py")
)

HOMES = {
    "autograd/ops.py": "the table",
    "autograd/operators.py": "the operators and methods, one line each",
    "autograd/value.py": "the hottest operators once more",
    "autograd/vectors.py": "the nodes of scalar products",
    "autograd/floats/*": "the functions of floats, which name themselves in errors",
    "autograd/many.py": "the public functions over any number of operands",
    "autograd/__init__.py": "the public names",
    "autograd/testing/diagnosis/*": "what students call their own operations",
    "autograd/testing/oracle.py": "what each row is, in mpmath's words",
    "autograd/testing/conformance/adapters.py": "what libraries call the functions",
    "nn/activations.py": "the usual activations, by their public names",
    "nn/elsewhere.py": "what PyTorch calls the activations",
    # Languages: each spells the few primitives, or what another calls the functions.
    "autograd/ufuncs.py": "NumPy's names",
    "autograd/conversion.py": "the names of functions of NumPy's and others' that take no nodes",
    "autograd/elsewhere.py": "the names of other libraries",
    "autograd/calculus/arrays.py": "NumPy's functions of arrays",
    "autograd/cli/expression.py": "the operators of a typed expression",
    "autograd/testing/continuation.py": "complex numbers",
    "autograd/render/formula/latex.py": "the functions that LaTeX has a command for",
    "autograd/render/formula/sympy.py": "SymPy's functions",
    "autograd/native/generate.py": "the functions of C's library",
    "autograd/native/javascript.py": "the functions that JavaScript has",
    "autograd/compiler/backends/*/spelling.py": "the primitives in NumPy, C, Python ...",
    "autograd/compiler/backends/numpy/special.py": "primitives that NumPy lacks",
}

# (files, words): what they mean there.
WORDS = {
    ("autograd/spellings.py", "min max"): "PyTorch's names of the bounds of clamp",
    ("autograd/spellings.py", "atan hypot log logaddexp maximum minimum pow"): "others take more operands",
    ("nn/losses.py", "kl_div"): "PyTorch's name of a loss",
    ("nn/losses.py", "beta"): "PyTorch's name of the threshold of Huber's loss",
    ("nn/*", "mean sum"): "how a loss makes one number of many",
    ("autograd/compiler/*", "mean sum"): "how the losses of a batch become one; NumPy's method in a listing",
    ("autograd/compiler/*", "max min"): "`Op.extremum`",
    ("autograd/compiler/graph/symbol.py", "where"): "an attribute: where a node is in the graph",
    ("autograd/compiler/roll/repeats.py", "step"): "an attribute: how far an index moves",
    ("autograd/compiler/training.py", "step"): "an optimizer's method",
    ("autograd/compiler/backends/onnx/exporting.py", "add"): "what ONNX does with gradients",
    ("autograd/compiler/listing/names.py", "add"): "a function of NumPy's that a listing calls",
    ("autograd/testing/conformance/judge.py", "sign"): "a symptom of a fault",
    ("autograd/cli/*", "dot"): "Graphviz's program and its language",
    ("autograd/render/*", "dot"): "Graphviz's program and its language",
    ("autograd/render/*", "sum"): "a kind of formula",
    ("autograd/render/derive/derivation.py", "add power"): "words of a step's title, for shapes",
    ("autograd/render/derive/*", "step"): "the head of a table's column",
    ("autograd/render/page/stepper.py", "add"): "a field of what the page is told",
    ("autograd/render/picture/folding.py", "max min"): "words of shapes",
    ("nn/cli/bench.py", "tanh"): "a method that every engine has that is compared",
    ("nn/cli/train.py", "relu tanh"): "a choice of activation, by its public name",
    ("nn/sklearn.py", "tanh"): "a choice of activation, by its public name",
    ("nn/modules/*", "relu sigmoid tanh"): "a choice of activation, by its public name",
    ("nn/optim/*", "direction square step"): "fields of an optimizer's state, and its method",
    ("nn/optim/*", "abs cos gamma max min power"): "options of schedulers, in PyTorch's words",
    ("nn/plot.py", "log step"): "the scale of an axis, and its label",
    ("nn/chart.py", "step"): "the label of an axis",
    ("nn/course/exercises.py", "relu"): "an activation, by its public name",
}


def mentions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each row that is told from others."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("autograd", "autograd.ops")
        for alias in node.names
        if alias.name in TABLE
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in TABLE:
            yield node.lineno, node.value
        elif isinstance(node, ast.Attribute) and node.attr in TABLE:
            if getattr(node.value, "id", "") in ("ops", "autograd", "ag") and _is_told_apart(node, parents):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Name) and node.id in imported and _is_told_apart(node, parents):
            yield node.lineno, imported[node.id]


def _is_told_apart(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents[node]
    return isinstance(parent, ast.Compare | ast.Dict | ast.Set | ast.List | ast.Tuple | ast.MatchValue)


def places() -> Iterator[tuple[str, int, str]]:
    """Yield each place outside of the homes: its file, its line and the name."""
    for name in FILES:
        if not any(fnmatch(name, home) for home in HOMES):
            for line, word in mentions(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
                if not any(fnmatch(name, files) and word in words.split() for files, words in WORDS):
                    yield name, line, word


def test_no_place_outside_the_table_knows_a_row_by_its_name() -> None:
    found = [f"{name}:{line}: {word}" for name, line, word in places()]
    assert not found, "ask a field of the row, or say above what the word means there:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "program",
    [
        "if op.name == 'tanh': pass", "special = {'tanh': 1}", "x = getattr(y, 'tanh')", "op is ops.tanh",
        "op in (ops.tanh, ops.exp)", "from autograd.ops import tanh as t\nop is t", "f = {ops.tanh: 1}",
        "match name:\n  case 'tanh': pass",
    ],
)  # fmt: skip
def test_a_place_that_knows_a_row_is_found(program: str) -> None:
    assert ("tanh" in {word for _, word in mentions(ast.parse(program))}) is True


@pytest.mark.parametrize(
    "program",
    [
        "y = ops.tanh(x)", "from autograd import tanh\ny = tanh(x)", "y = map(ops.tanh, xs)", "x.tanh()",
        "y = [ops.tanh(x) for x in xs]", "s = 'the tanh of x'", "math.tanh == f",
    ],
)  # fmt: skip
def test_a_place_that_uses_a_function_is_not(program: str) -> None:
    assert not list(mentions(ast.parse(program)))


def test_what_is_exempt_is_there() -> None:
    for home in HOMES:
        assert any(fnmatch(name, home) for name in FILES), home
    every = [
        (name, word)
        for name in FILES
        for _, word in mentions(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    ]
    for files, words in WORDS:
        for word in words.split():
            assert any(fnmatch(name, files) and word == found for name, found in every), (files, word)


if __name__ == "__main__":
    for name, line, word in places():
        print(f"{name}:{line}: {word}")
