"""The directions of imports, what an import loads, and what a file may say."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("autograd", "nn")
    for path in (ROOT / package).rglob("*.py")
}

# From the outside to the inside: a module imports its own layer and those below. The longest name that fits
# counts.
LAYERS = [
    ["nn.cli", "nn.__main__", "autograd.__main__"],
    ["nn"],
    ["autograd.cli"],
    ["autograd.compiler", "autograd.render", "autograd.testing"],
    ["autograd"],  # the public names
    ["autograd.calculus", "autograd.keep", "autograd.many", "autograd.custom"],
    ["autograd.value"],
    ["autograd.backward", "autograd.sweep", "autograd.keep.copying"],
    [
        "autograd.bulk",
        "autograd.node",
        "autograd.joint",
        "autograd.by_hand",
        "autograd.vectors",
        "autograd.blocks",
        "autograd.native.generate",
        "autograd.native.javascript",
        "autograd.operators",
        "autograd.ufuncs",
        "autograd.conversion",
        "autograd.elsewhere",
    ],
    ["autograd.op", "autograd.ops", "autograd.form"],
    ["autograd.floats", "autograd.modes", "autograd.contexts", "autograd.keep.files"],
    [
        "autograd.errors", "autograd.lazy", "autograd.typing", "autograd.native", "autograd.spellings",
        "autograd.versions", "autograd.words",
    ],
]
APART = LAYERS[3]  # none of these knows another
HEAVY = {
    "numpy": ("autograd.compiler", "autograd.calculus.arrays", "nn.sklearn"),
    "sklearn": ("nn.sklearn",),
    "graphviz": ("autograd.render.picture.dot",),
    "hypothesis": ("autograd.testing.strategies",),
    "mpmath": ("autograd.testing",),
    "matplotlib": ("nn.plot",),
}


UPWARDS = {("nn", "nn.cli.clash")}  # what to say where another package stands in the engine's place
# Where an import stands in a function, since what it imports may be absent, or is large, or must wait.
LATE = {
    "autograd.compiler": "without NumPy there is another class",
    "autograd.compiler.compilation": "without NumPy there is another class",
    "autograd.render.picture.draw": "the graphviz package may be absent",
    "autograd.compiler.with_numpy": "the onnx package may be absent",
    "nn.pytest_conform": "which pytest imports at every start",
    "nn.pytest_gradcheck": "which pytest imports at every start",
    "nn": "whose names are imported when they are asked for",
    "nn.cli": "which begins before the engine is imported",
}

# What may hold a statement; an expression holds none.
HOLDERS = ast.stmt | ast.ExceptHandler | ast.match_case


@cache
def read(path):
    """What a file imports as it is imported, and in its functions; its lines that say ``global``."""
    top, late, shared = [], [], []
    pending = [(node, top) for node in ast.parse(path.read_text(encoding="utf-8")).body]
    while pending:
        node, found = pending.pop()
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            base = node.module or ""
            found += [
                f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names
            ]
        elif isinstance(node, ast.Global):
            shared.append(node.lineno)
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            inner = late if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else found
            pending += [(child, inner) for child in ast.iter_child_nodes(node) if isinstance(child, HOLDERS)]
    return frozenset(top), frozenset(late), shared


def within(path):
    """The modules of the project that a file imports, anywhere."""
    top, late, _ = read(path)
    return (top | late) & MODULES.keys()


def test_no_circle_of_imports_is_there_and_none_is_hidden_in_functions():
    everything = {name: within(path) for name, path in MODULES.items()}
    TopologicalSorter(
        {name: found - {name} for name, found in everything.items()}
    ).prepare()  # raises where there is one


@pytest.mark.parametrize("module", MODULES)
def test_imports_of_the_project_stand_at_the_top(module):
    late = {name for name in read(MODULES[module])[1] if name.split(".")[0] in ("autograd", "nn")}
    assert not late or module in LATE


def place(module):
    """The name in `LAYERS` that a module falls under, and the number of its layer."""
    found = [
        (len(name), name, number)
        for number, layer in enumerate(LAYERS)
        for name in layer
        if module == name or (module.startswith(f"{name}.") and name != "autograd")
    ]
    assert found, f"{module} is in no layer"
    return max(found)[1:]


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_in_one_direction(module):
    home, layer = place(module)
    for imported in within(MODULES[module]):
        other, below = place(imported)
        if (module, imported) in UPWARDS:
            continue
        assert below >= layer, f"{module} imports {imported}, of a layer above"
        assert not (home in APART and other in APART and home != other), f"{module} imports {imported}"


@pytest.mark.parametrize("module", MODULES)
def test_what_may_be_absent_or_is_slow_to_load_is_imported_where_it_is_at_home(module):
    for package in {name.split(".")[0] for name in read(MODULES[module])[0]} & HEAVY.keys():
        assert module.startswith(HEAVY[package]), f"{module} imports {package} at its top"


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("nn")])
def test_nn_uses_public_names_only(module):
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "autograd":
            home = importlib.import_module(node.module)
            for alias in node.names:
                assert alias.name in home.__all__ or f"{node.module}.{alias.name}" in MODULES, (
                    f"{module} imports {node.module}.{alias.name}"
                )


def test_importing_autograd_loads_the_standard_library_only():
    program = (
        "import sys; before = set(sys.modules); import autograd; "
        "print(*{m.split('.')[0] for m in set(sys.modules) - before})"
    )
    output = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert set(output.split()) - set(sys.stdlib_module_names) == {"autograd"}
    assert not {"json", "tempfile", "inspect", "re"} - {"inspect", "re"} & set(output.split())


def test_the_package_has_nothing_at_its_top_level_but_what_was_decided():
    if shutil.which("git") is None:
        pytest.skip("no git here")
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    tops = {name.split("/")[0] for name in listing.stdout.splitlines()}
    assert {t for t in tops if not t.startswith(".")} <= {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "autograd",
        "nn",
        "tests",
        "notebooks",
    }


def test_global_state_is_a_context_variable():
    for module, path in MODULES.items():
        assert not read(path)[2], f"{module}: a global statement"


def test_nothing_unfinished_and_no_machine_is_named():
    pattern = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|/(?:home|root|work)/")
    for path in [
        *MODULES.values(),
        *(ROOT / "tests").rglob("*.py"),
        ROOT / "README.md",
        ROOT / "pyproject.toml",
    ]:
        if path != Path(__file__):
            assert not pattern.search(path.read_text(encoding="utf-8")), path
