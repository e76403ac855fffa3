"""Every code example of the site's pages runs and prints what the page says, the compared libraries' too."""

import doctest
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from generator import examples

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "notebooks" / "docs" / "pages"
GUIDE = PAGES / "adding-an-operation.md"
LIBRARIES = {
    "micrograd": "micrograd", "PyTorch": "torch", "JAX": "jax", "SciPy": "scipy", "scikit-learn": "sklearn",
    "XLA": "jax",
    "SymPy": "sympy", "NetworkX": "networkx", "safetensors": "safetensors",
}  # fmt: skip
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def page_names():
    return [path.relative_to(PAGES).as_posix() for path in sorted(PAGES.rglob("*.md")) if path != GUIDE]


@pytest.mark.parametrize("page", page_names())
def test_examples_of_a_page_run_in_order(page):
    ours = []
    for block in examples.blocks((PAGES / page).read_text(encoding="utf-8")):
        if block.title in LIBRARIES:
            continue
        if block.language == "pycon":
            ours.append(block.text)
        else:
            assert block.language in {"text", "sh", "js"}, (
                f"{page} shows code that no test runs: {block.text:.60}"
            )
    example = doctest.DocTestParser().get_doctest("\n".join(ours), {}, page, None, None)
    report = []
    doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_said_of_other_libraries_is_true(library, tmp_path):
    if importlib.util.find_spec(LIBRARIES[library]) is None:
        pytest.skip(f"{LIBRARIES[library]} is not installed")
    texts = [
        block.text
        for page in ("coming-from.md", "with-numpy.md", "with-others.md", "devices.md")
        for block in examples.blocks((PAGES / page).read_text(encoding="utf-8"))
        if block.title == library
    ]
    assert texts
    # In a process of its own: JAX's precision is a switch for the whole process.
    script = tmp_path / f"{library}.txt"
    script.write_text("\n".join(texts), encoding="utf-8")
    command = [sys.executable, "-m", "doctest", "-o", "ELLIPSIS", "-o", "NORMALIZE_WHITESPACE", str(script)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_modules_of_javascript_on_a_page_run(tmp_path):
    import autograd
    import nn

    (block,) = [
        block
        for page in page_names()
        for block in examples.blocks((PAGES / page).read_text(encoding="utf-8"))
        if block.language == "js"
    ]
    model = nn.MLP(2, [3, 2], rng=0)
    step = autograd.compile(lambda x, y: nn.losses.cross_entropy(model(x), y), model.parameters(), batch=True)
    loss, gradient = step.value_and_grad([[0.5, 1.0], [2.0, -1.0]], [0, 1])
    step.export(tmp_path / "step.js")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "main.js").write_text(block.text + "console.log(JSON.stringify([loss, ...gradient]));")
    run = subprocess.run(["node", "main.js"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == pytest.approx([loss, *gradient], rel=1e-12)


def test_the_parser_of_blocks_sees_every_fence():
    for path in PAGES.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert text.count("```") == 2 * len(examples.blocks(text)), path
