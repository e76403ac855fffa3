"""The engine in a browser's Python: Pyodide under Node, beside the Python that runs the tests."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@functools.cache
def module_folders():
    """Return where Node finds packages: those of the pages that run Python, then the usual ones."""
    folders = [ROOT / "notebooks" / "docs" / "browser" / "node_modules", ROOT / "node_modules"]
    folders += [Path(folder) for folder in os.environ.get("NODE_PATH", "").split(os.pathsep) if folder]
    return folders


@functools.cache
def pyodide():
    """Return the package's entry, or None."""
    return next(
        (
            folder / "pyodide" / "pyodide.mjs"
            for folder in module_folders()
            if (folder / "pyodide" / "pyodide.mjs").exists()
        ),
        None,
    )


pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or pyodide() is None,
    reason="npm install --prefix notebooks/docs/browser brings a browser's Python",
)

# What both Pythons run. Numbers are compared as hexadecimal, that is to the last bit.
PROGRAM = """
import json, math, random
import autograd, nn
from autograd import Value, grad

facts = {}

def record(name, *numbers):
    facts[name] = [float(x).hex() for x in numbers]

w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
loss = ((w * x + b) - y) ** 2 / (1.0 + w * w)
loss.backward()
record("neuron", loss.data, w.grad, x.grad, b.grad)
rational = lambda t: t**3 / (1.0 + t * t)
record("three orders", grad(rational)(1.3), grad(grad(rational))(1.3), grad(grad(grad(rational)))(1.3))
record("jvp", *autograd.jvp(lambda a, b: a * b, (2.0, 3.0), (1.0, 0.5)))
record("hessian", *[h for row in autograd.hessian(lambda v: v[0] ** 2 * v[1])([2.0, 3.0]) for h in row])
chain = Value(1.0)
for _ in range(20_000):
    chain = chain + 0.5
chain.backward()
record("depth", chain.data)

names = sorted(set(autograd.TABLE) - {"dot"})
for name in names:
    op = autograd.TABLE[name]
    count = 3 if op.arity == autograd.ANY else op.arity
    at = [0.375, 0.25, 0.5][:count]
    if op.domain[0][0] >= 1.0:
        at[0] = 1.5
    nodes = [Value(t) for t in at]
    out = op(*nodes)
    out.backward()
    facts["op " + name] = [out.data, *[v.grad for v in nodes]]

rng = random.Random(1)
points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(24)]
labels = [(a > 0) != (b > 0) for a, b in points]
model = nn.MLP(2, [4, 1], rng=rng)
optimizer = nn.optim.SGD(model.parameters(), lr=0.05)
losses = []
for _ in range(5):
    loss = nn.losses.hinge_loss([model(p) for p in points], [2 * int(k) - 1 for k in labels])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.data)
facts["training"] = losses
facts["learnt"] = losses[-1] < losses[0]

svg = autograd.draw(((w * x + b).tanh() - y) ** 2).svg()
facts["picture"] = [svg.startswith("<svg"), svg.count('class="node'), "tanh" in svg]
facts["round trip"] = autograd.from_json(autograd.to_json(rational(Value(2.0)))).data
"""
IN_NODE = """
const [entry, root] = process.argv.slice(2);
const { loadPyodide } = await import(entry);
const pyodide = await loadPyodide();
pyodide.FS.mkdir('/project');
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, '/project');
let program = '';
for await (const part of process.stdin) program += part;
pyodide.runPython("import sys; sys.path.insert(0, '/project'); sys.dont_write_bytecode = True");
try {
    pyodide.runPython(program);
    console.log(pyodide.runPython("json.dumps(facts)"));
} catch (error) {
    console.error(error.message);
    process.exit(1);
}
"""


def in_browser(program, tmp_path):
    script = tmp_path / "run.mjs"
    script.write_text(IN_NODE, encoding="utf-8")
    command = ["node", str(script), pyodide().as_uri(), str(ROOT)]
    done = subprocess.run(command, input=program, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_engine_gives_the_same_numbers_in_a_browsers_python(tmp_path):
    theirs = in_browser(PROGRAM, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + "\nprint(json.dumps(facts))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    ours = json.loads(done.stdout)
    assert set(theirs) == set(ours)
    for name, numbers in ours.items():
        if name.startswith(("op ", "training")):
            # Elementary functions come from another C library there: a last digit may differ.
            assert theirs[name] == pytest.approx(numbers, rel=2e-15, abs=1e-300, nan_ok=True), name
        else:
            assert theirs[name] == numbers, name
    assert ours["learnt"]
    assert ours["picture"] == [True, 9, True]


LIMITS = """
import json, sys, threading
import autograd, nn
from autograd.testing import gradcheck

facts = {"platform": sys.platform}
w = autograd.Value(0.5, "w")
y = w.tanh()
y.backward()

def attempt(name, f):
    try:
        facts[name] = str(f())
    except Exception as error:
        facts[name] = f"{type(error).__name__}: {error}"

attempt("explain", lambda: autograd.explain(y, wrt=w))
attempt("stepper", lambda: autograd.stepper(y).html)
attempt("gradcheck", lambda: gradcheck(autograd.tanh, (0.5,)))
attempt("dot", lambda: autograd.draw(y, engine="dot").svg())
attempt("png", lambda: autograd.draw(y).data("png"))
attempt("plot", lambda: nn.plot.plot_loss([1.0, 2.0]))
attempt("compile", lambda: autograd.compile(lambda x: w * x, [w])(3.0))
attempt("data", lambda: nn.data.make_moons(10))
attempt("thread", lambda: threading.Thread(target=y.backward).start())

def trained():
    model = nn.MLP(2, [3, 1], rng=0)
    data = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0]
    optimizer = nn.optim.Adam(model.parameters(), 0.1)
    return nn.fit(model, data, nn.losses.mse_loss, optimizer, epochs=5, batch_size=2, progress=False).epochs

attempt("fit", trained)
"""


def test_what_does_not_work_there_says_so(tmp_path):
    facts = in_browser(LIMITS, tmp_path)
    assert facts["platform"] == "emscripten"
    assert "dv1/dw = 1 - v1^2" in facts["explain"]
    assert facts["stepper"].startswith("<!")
    assert facts["gradcheck"] == "True"
    assert facts["dot"].startswith("<svg")  # by the built-in layout, as there are no programs to start
    assert facts["png"].startswith("MissingDependencyError: ")
    assert facts["plot"].startswith("MissingDependencyError: ")
    assert facts["compile"] == "1.5"  # without NumPy, by straight-line Python
    assert facts["data"].startswith("MissingDependencyError: ")
    assert facts["data"].endswith("pip install numpy")
    assert facts["thread"].startswith("RuntimeError: can't start new thread")
    assert facts["fit"] == "5"
