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


def test_a_block_without_a_place_is_an_error():
    with pytest.raises(LookupError, match="nothing called 'nowhere'"):
        examples.insert("a = 1\n", "b = 2\n", "nowhere")


NARY = """
sum_of_squares: Op = row(
    "sum_of_squares", lambda *xs: many.total(x * x for x in xs), lambda y, *xs: tuple(2.0 * x for x in xs),
    arity=ANY, form=lambda *xs: sum(*(x**2.0 for x in xs)), source="DLMF 1.4.9",
)
"""
EVERYWHERE = """
import copy, pickle
import autograd
from autograd import Value, compile, draw, explain, from_json, grad, hessian, jvp, ops, stepper, to_json
from autograd.testing import gradcheck

op = ops.sum_of_squares
x, y = Value(3.0, "x"), Value(4.0, "y")
z = op(x, y, 2.0)
z.backward()
assert (z.data, x.grad, y.grad, op(3.0, 4.0)) == (29.0, 6.0, 8.0, 25.0)
assert grad(grad(lambda t: op(t, 2.0 * t)))(1.5) == 10.0
assert hessian(lambda v: op(*v))([1.0, 2.0]) == [[2.0, 0.0], [0.0, 2.0]]
assert jvp(lambda a, b: op(a, b), (1.0, 2.0), (1.0, 0.0)) == (5.0, 2.0)
assert gradcheck(lambda a, b: op(a, b, b), [1.3, 0.2], order=2)
for twin in (from_json(to_json(z)), copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
    assert twin.data == 29.0 and twin.op is op
assert "x^2 + y^2 + 4" in str(explain(z, wrt=x))
assert "x^{2} + y^{2}" in explain(z, wrt=x).to("latex")
assert "<msup>" in explain(z, wrt=x).to("mathml")
assert "sum_of_squares 3" in draw(z).svg() and stepper(z)
for backend in ("numpy", "python", "c", "auto"):
    step = compile(lambda t: op(x, t * y), [x, y], batch=True, backend=backend)
    assert step([1.0, 2.0]) == 49.0 and step.check([1.0, 2.0]) < 1e-12
print("everywhere")
"""


def test_an_operation_over_any_number_of_operands_is_a_row_too(project, tmp_path):
    table = project / "autograd" / "ops.py"
    before = table.read_text(encoding="utf-8")
    try:
        table.write_text(before + NARY, encoding="utf-8")
        done = run(project, sys.executable, "-W", "ignore", "-c", EVERYWHERE)
    finally:
        table.write_text(before, encoding="utf-8")
    assert done.stdout == "everywhere\n", done.stderr
