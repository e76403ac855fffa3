"""The page on adding an operation, followed to the letter in a copy of the project."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from generator import examples

ROOT = Path(__file__).parents[2]
BLOCKS = examples.blocks(
    (ROOT / "notebooks" / "docs" / "pages" / "adding-an-operation.md").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of the project in which the blocks stand where their titles say."""
    copy = tmp_path_factory.mktemp("project")
    # Without the compiled engine: it is not of the table that the page makes.
    ignored = shutil.ignore_patterns("__pycache__", ".*", "site", "_engine.*.so", "_engine.*.pyd")
    for folder in ("autograd", "nn", "tests", "notebooks/docs"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for block in BLOCKS:
        if block.language == "python":
            name, _, below = block.title.partition(", below ")
            path = copy / name
            # A page shows a method and an imported name with their indentation; the parser took it away.
            indent = "    " if name in ("autograd/operators.py", "autograd/__init__.py") else ""
            path.write_text(
                examples.insert(path.read_text(encoding="utf-8"), indent + block.text, below),
                encoding="utf-8",
            )
    return copy


def run(project, *command):
    # The copy and nothing else, even where the project is installed.
    environment = os.environ | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_the_examples_print_what_the_page_says(project, tmp_path):
    texts = [block.text for block in BLOCKS if block.language == "pycon"]
    assert len(texts) >= 6
    script = tmp_path / "guide.txt"
    script.write_text("\n".join(texts), encoding="utf-8")
    done = run(project, sys.executable, "-m", "doctest", "-o", "NORMALIZE_WHITESPACE", str(script))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_table_of_tests_takes_in_the_new_row(project):
    pytest.importorskip("mpmath")
    (command,) = [block.text for block in BLOCKS if block.language == "sh"]
    done = run(
        project,
        *[sys.executable if word == "python" else word for word in shlex.split(command)],
        "-p",
        "no:cacheprovider",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_site_lists_the_new_row(project):
    if importlib.util.find_spec("latex2mathml") is None or importlib.util.find_spec("markdown") is None:
        pytest.skip("the site's tools are not installed")
    program = (
        "import sys; sys.path.insert(0, 'notebooks/docs'); from generator import operations; "
        "print(operations.table())"
    )
    done = run(project, sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    assert 'id="op-rsqrt"' in done.stdout
    assert "x.rsqrt()" in done.stdout


def test_every_block_of_the_page_is_used():
    kinds = {block.language for block in BLOCKS}
    assert kinds == {"python", "pycon", "sh"}
    assert all(", below " in block.title for block in BLOCKS if block.language == "python")


def test_an_operation_is_two_files_and_what_it_should_compute():
    files = [block.title.partition(",")[0] for block in BLOCKS if block.language == "python"]
    assert files == ["autograd/ops.py", "autograd/operators.py", "autograd/testing/oracle.py"]


def test_a_block_without_a_place_is_an_error():
    with pytest.raises(LookupError, match="nothing called 'nowhere'"):
        examples.insert("a = 1\n", "b = 2\n", "nowhere")


# Rows alone, without a method or a public name: one edit of one file each.
ROWS = """
bent: Op = row(  # the bent identity
    "bent", lambda x: 0.5 * (math.hypot(1.0, x) - 1.0) + x, lambda y, x: (0.5 * x / hypot(1.0, x) + 1.0,),
    form=lambda x: 0.5 * (hypot(1.0, x) - 1.0) + x, expand=lambda x: 0.5 * (hypot(1.0, x) - 1.0) + x,
    source="DLMF 1.4.12",
)
sum_of_squares: Op = row(
    "sum_of_squares", lambda *xs: many.total(x * x for x in xs), lambda y, *xs: tuple(2.0 * x for x in xs),
    arity=ANY, form=lambda *xs: sum(*(x**2.0 for x in xs)), source="DLMF 1.4.9",
)


def _negated(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(-x for x in xs)


def _softmin_weights(xs: tuple[float, ...]) -> Any:
    return many.weights(_negated(xs))


softmin: Op = row(
    "softmin", lambda *xs: many.softmax(*_negated(xs[:-1]), xs[-1]),
    lambda y, *xs: _negated(_softmax_partials(y, *_negated(xs[:-1]), xs[-1])),
    arity=ANY, params={"index": 0.0}, form=Function("softmin", index="index"), source="PRML, eq. 4.106",
)
softmins: MultiOp = multi(
    "softmins", softmin, values=_softmin_weights, kept=_softmin_weights,
    local=lambda w, i: _negated(many.softmax_row(w, i)), leads=lambda w: greater(w, 0.5),
    float_pull=lambda w, g: _negated(many.softmax_pull(w, g)),
    float_push=lambda w, g: _negated(many.softmax_pull(w, g)),
    pull=lambda *given: list(_negated(_softmax_pull(*given))),
    push=lambda *given: list(_negated(_softmax_pull(*given))), expand=lambda *xs: softmaxes(*_negated(xs)),
)
"""
EVERYWHERE = """
import copy, math, pickle, sys
import autograd
from autograd import Value, compile, draw, explain, ops, stepper
from autograd.cli.expression import parse_expression
from autograd.op import SEVERAL
from autograd.testing import gradcheck, strategies
from autograd.testing.numeric import local_derivative
from autograd.testing.strategies import Expression, Step
import nn

name = sys.argv[1]
op, kind = ops.TABLE[name], SEVERAL.get(f"{name}s")
f = {
    "rsqrt": lambda a, b: autograd.rsqrt(a * a * b), "bent": lambda a, b: op(a * b - 2.0),
    "sum_of_squares": lambda a, b: op(a, b, a * b), "softmin": lambda a, b: kind(a, b * a, 1.0)[0],
}[name]
point = (1.25, 0.75)
x, y = (Value(t, label) for t, label in zip(point, "xy"))

# Numbers and nodes; every order by every mode, each against differences of the one before.
z = f(x, y)
assert abs(f(*point) - z.data) <= 1e-15
z.backward()
first = [x.grad, y.grad]
h = 1e-5
for i, moved in enumerate(([h, 0.0], [0.0, h])):
    slope = (f(*[p + m for p, m in zip(point, moved)]) - f(*[p - m for p, m in zip(point, moved)])) / (2 * h)
    assert abs(slope - first[i]) < 1e-8, (i, slope, first)
g = f
for order in (1, 2, 3, 4):
    before, g = g, autograd.grad(g)
    slope = (before(point[0] + h, point[1]) - before(point[0] - h, point[1])) / (2 * h)
    assert abs(g(*point) - slope) < 1e-6 * max(1.0, abs(slope)), (order, g(*point), slope)
pushed, pulled = autograd.jvp(f, point, (1.0, 0.0))[1], autograd.vjp(f, *point)[1](1.0)[0]
assert abs(pushed - pulled) < 1e-14, (pushed, pulled)
v = lambda v: f(*v)
H = autograd.hessian(v)(list(point))
assert abs(H[0][1] - H[1][0]) < 1e-12
row = autograd.hvp(v, (list(point),), ([1.0, 0.0],))
assert all(abs(a - b) < 1e-12 for a, b in zip(row, H[0])), (row, H)
for jacobian in (autograd.jacfwd, autograd.jacrev):
    assert all(abs(a - b) < 1e-12 for a, b in zip(jacobian(v)(list(point)), first))
assert all(abs(a - b.data) < 1e-12 for a, b in zip(first, autograd.gradients(z, [x, y], create_graph=True)))
assert autograd.gradients(autograd.checkpoint(f)(x, y), [x, y]) == first
with autograd.no_grad():
    assert f(x, y).op is None
with autograd.detect_anomaly(), autograd.scope("part"), autograd.sources():
    assert autograd.gradients(f(x, y), [x, y]) == first
assert gradcheck(f, point, order=2)

# Copies, files, pictures and derivations.
for twin in (autograd.from_json(autograd.to_json(z)), copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
    assert twin.data == z.data
    assert [n.op for n in autograd.toposort(twin)] == [n.op for n in autograd.toposort(z)]
pictures = draw(z, engine="builtin")
for picture in (pictures.svg(), pictures.source, pictures.to_mermaid(), pictures.listing()):
    assert any(said in picture for said in (op.symbol or name, name, name.replace("_", "#95;"))), picture
assert stepper(z, engine="builtin").html
for style in ("text", "markdown", "latex", "mathml"):
    assert str(explain(z, wrt=x, style=style))

# Every backend, one example and many, gradients and training; the listing is a program.
for backend in ("numpy", "python", "c", "auto"):
    step = compile(lambda t: f(x, y * t), [x, y], batch=True, backend=backend)
    x.grad = y.grad = 0.0
    assert abs(step([1.0, 1.0]) - z.data) < 1e-14, (backend, step([1.0, 1.0]), z.data)
    assert abs(x.grad - first[0]) < 1e-13, (backend, x.grad, first)
    assert step.check([1.0, 0.5]) < 1e-12
    assert compile(f, backend=backend)(*point) is not None
    kept = x.data, y.data
    assert len(step.train([1.0, 0.5], nn.optim.SGD([x, y], 1e-3), 3)) == 3
    x.data, y.data = kept

# Strategies, the checker's complex numbers, expressions on a command line.
assert op in strategies._rows(kinks=False)
count = op.arity if op.arity > 0 else 2
assert Expression((1.5,) * count, (Step(op, (*range(count), *op.params.values())),)).graph()[0].op is op
if name != "softmin":
    assert local_derivative(op, [1.5] * count, 0).method == "complex step"
    typed = parse_expression(f"{name}({', '.join('xy'[:count])})")
    assert typed.evaluate(dict(zip("xy", point[:count]))) == op(*point[:count])
if name == "bent":
    assert nn.Neuron(1, activation=name)([0.5]).op is op
print("everywhere")
"""


@pytest.mark.parametrize("name", ["rsqrt", "bent", "sum_of_squares", "softmin"])
def test_a_row_is_known_everywhere(project, name):
    table = project / "autograd" / "ops.py"
    if "bent: Op" not in table.read_text(encoding="utf-8"):
        with table.open("a", encoding="utf-8") as file:
            file.write(ROWS)
    done = run(project, sys.executable, "-W", "ignore", "-c", EVERYWHERE, name)
    assert done.stdout == "everywhere\n", done.stderr
