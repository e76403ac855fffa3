"""`nn` where NumPy is missing: what needs it says so and how to get it, all else works."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEFORE = """
import sys
sys.modules["numpy"] = None  # as if it were not installed
import autograd, nn
model = nn.MLP(2, [3, 1], rng=0)
optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
data = [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0]
"""


NEEDS_NUMPY = "needs NumPy, which is not installed here. Install it with: pip install numpy"


def run(program, folder):
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{BEFORE}{program}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("program", "purpose"), [
    ("nn.data.make_moons(10)", "a data set of nn.data"),
    ("nn.data.make_circles(10)", "a data set of nn.data"),
    ("nn.data.make_spiral(10)", "a data set of nn.data"),
    ("nn.data.make_xor(10)", "a data set of nn.data"),
    ("nn.data.make_regression(10)", "a data set of nn.data"),
    ("nn.data.read_csv('x.csv')", "nn.data.read_csv"),
    ("nn.fit(model, data, nn.losses.mse_loss, optimizer, epochs=1, compile=True)",
        "nn.fit with compile=True"),
    ("optimizer.step_flat([1.0], [1.0])", "a step on arrays"),
])  # fmt: skip
def test_what_needs_numpy_says_how_to_install_it(program, purpose, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = run(program, tmp_path)
    last = done.stderr.splitlines()[-1]
    assert last == f"autograd.errors.MissingDependencyError: {purpose} {NEEDS_NUMPY}"


def test_all_else_works(tmp_path):
    done = run(
        """
history = nn.fit(model, data, nn.losses.mse_loss, optimizer, epochs=3, batch_size=1,
metrics=["mean_squared_error"],
                 validation=data, checkpoint="c.json", progress=False)
assert history.epochs == 3 and len(history["val_loss"]) == 3
model.save("m.json"); model.load("m.json")
assert nn.data.one_hot([0, 1]) == [[1.0, 0.0], [0.0, 1.0]]
assert len(nn.data.train_test_split([1, 2, 3, 4], [1, 2, 3, 4])) == 4
assert [x for x, _ in nn.data.batches([1, 2, 3], [1, 2, 3], 2, shuffle=False)] == [[1, 2], [3]]
assert autograd.draw(model([1.0, 2.0]), engine="builtin").svg().startswith("<svg")
assert autograd.stepper(model([1.0, 2.0]), engine="builtin").html
assert sys.modules["numpy"] is None
""",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_says_so_in_one_line_and_leaves_nothing_behind(tmp_path):
    for command, purpose in ((["train", "moons"], "a data set of nn.data"), (["demo"], "the demo")):
        done = run(f"from nn.cli import main; sys.exit(main({command!r}))", tmp_path)
        assert done.returncode == 2
        assert done.stderr == f"chainrule {command[0]}: {purpose} {NEEDS_NUMPY}\n"
        assert list(tmp_path.iterdir()) == []
