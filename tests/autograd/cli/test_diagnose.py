"""The command that says what is wrong with an engine."""

import pytest

from nn.cli import main

WRONG = '''
class Value:
    def __init__(self, data, below=()):
        self.data, self.grad, self.below = data, 0.0, below
    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))
    def backward(self, seed=1.0):
        self.grad = seed
        for node, slope in self.below:
            node.backward(seed * slope)
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "engine.py"
    path.write_text(WRONG, encoding="utf-8")
    return path


def test_it_names_what_is_wrong_and_returns_1(file, capsys):
    assert main(["diagnose", f"{file}:Value"]) == 1
    out = capsys.readouterr().out
    assert "overwritten" in out
    assert "y = a + a" in out


def test_a_second_hint_says_more(file, capsys):
    assert main(["diagnose", f"{file}:Value", "--hint", "2"]) == 1
    assert "sums over paths" in capsys.readouterr().out


def test_it_draws(file, tmp_path, capsys):
    picture = tmp_path / "graph.svg"
    assert main(["diagnose", f"{file}:Value", "-o", str(picture)]) == 1
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert str(picture) in capsys.readouterr().out
    assert main(["diagnose", f"{file}:Value", "-o", "-"]) == 1
    assert capsys.readouterr().out.startswith("<svg")


def test_a_right_engine_returns_0(file, capsys):
    file.write_text(WRONG.replace("self.grad = seed", "self.grad += seed"), encoding="utf-8")
    assert main(["diagnose", f"{file}:Value"]) == 0
    assert "Nothing is wrong" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["nowhere.py:Value"], ["engine.py"], ["engine.py:Nothing"], ["engine.py:Value", "-o", "graph.gif"], []],
)
def test_bad_input_is_one_sentence_and_returns_2(file, arguments, capsys, monkeypatch):
    monkeypatch.chdir(file.parent)
    try:
        code = main(["diagnose", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    err = capsys.readouterr().err
    assert err.startswith("chainrule diagnose: ")
    assert err.count("\n") == 1
