"""The plugin of pytest, in a pytest of its own."""

import os
import subprocess
import sys
import textwrap
import tomllib
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]

TESTS = """
    import pytest
    import autograd
    from autograd import Value, custom_op, sin

    wrong = custom_op("wrong", lambda x: x * x, lambda y, x: (x,))

    def test_right(gradcheck):
        assert gradcheck(lambda x, y: sin(x * y), (0.5, 2.0))
        with pytest.raises(TypeError, match="one tuple: write gradcheck"):
            gradcheck(lambda x, y: sin(x * y), 0.5, 2.0)

    def test_wrong(gradcheck):
        gradcheck(lambda x, y: wrong(x) * y, (0.5, 2.0))

    def test_wrong_in_a_list(gradcheck):
        def two(x):
            return [wrong(x[0]), x[1] + 1.0]
        gradcheck(two, ([0.5, 2.0],))

    def test_reported(gradcheck):
        assert not gradcheck(wrong, (3.0,), raise_exception=False)

    def test_of_values():
        x = Value(3.0, "x")
        y = x * x
        z = y + 1.0
        z.backward()
        assert x.grad == 5.0

    @pytest.mark.parametrize("x", ["a/b", "../c"])
    def test_without_a_graph(x):
        number = 1
        assert number == 2
"""


def run(tmp_path, *options, text=TESTS):
    (tmp_path / "test_it.py").write_text(textwrap.dedent(text), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-q", *options]
    # Where the package is installed, pytest finds the plugin by itself.
    if "chainrule-gradcheck" not in {found.name for found in entry_points(group="pytest11")}:
        command += ["-p", "nn.pytest_gradcheck"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [*command, "test_it.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )


def test_a_failure_comes_with_the_table_and_the_drawn_graph(tmp_path):
    ran = run(tmp_path, "--chainrule-artifacts", "art/pictures", "--junitxml", "report.xml")
    assert "2 passed" in ran.stdout and "5 failed" in ran.stdout, ran.stdout + ran.stderr
    assert "complex step" in ran.stdout or "wrong" in ran.stdout
    pictures = {path.name: path for path in (tmp_path / "art" / "pictures").iterdir()}
    assert sorted(pictures) == [
        "test_it.py_test_of_values-z.svg",
        "test_it.py_test_wrong-_lambda_.svg",
        "test_it.py_test_wrong_in_a_list-two0.svg",
        "test_it.py_test_wrong_in_a_list-two1.svg",
    ]
    for path in pictures.values():
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert path.name in ran.stdout
    assert "wrong" in pictures["test_it.py_test_wrong-_lambda_.svg"].read_text(encoding="utf-8")
    report = ElementTree.parse(tmp_path / "report.xml")
    named = [p.get("value") for p in report.iter("property") if p.get("name") == "chainrule-graph"]
    assert sorted(Path(place).name for place in named) == sorted(pictures)


def test_without_the_option_nothing_is_written(tmp_path):
    ran = run(tmp_path)
    assert "5 failed" in ran.stdout
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".pyc"] == ["test_it.py"] or not list(
        tmp_path.rglob("*.svg")
    )


def test_a_folder_that_cannot_be_made_is_refused_before_any_test(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = run(tmp_path, "--chainrule-artifacts", "file/below")
    assert ran.returncode == 4
    assert "--chainrule-artifacts: file/below is no folder" in ran.stderr


def test_tests_without_the_engine_do_not_load_it(tmp_path):
    text = """
        import sys
        def test_that():
            assert "autograd" not in sys.modules
    """
    assert "1 passed" in run(tmp_path, "--chainrule-artifacts", "art", text=text).stdout


def test_the_entry_point_names_the_plugin():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = project["entry-points"]["pytest11"]["chainrule-gradcheck"]
    assert callable(import_module(named).pytest_addoption)
