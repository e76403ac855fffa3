"""The commands draw, explain and stepper: what they write, and how they refuse."""

import xml.etree.ElementTree as ET

import pytest

from autograd.cli import main

NEURON = ["(tanh(w*x+b)-y)**2", "--at", "w=0.5,x=2,b=-0.3,y=1"]


def test_draw_writes_a_picture_and_says_where(tmp_path, capsys):
    path = tmp_path / "g.svg"
    assert main(["draw", *NEURON, "-o", str(path), "--saved", "--rankdir", "TB"]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    assert sum(g.get("class", "").startswith("node") for g in root.iter("{http://www.w3.org/2000/svg}g")) == 9


@pytest.mark.parametrize("suffix", ["dot", "mmd", "txt"])
def test_draw_writes_text_formats(tmp_path, suffix):
    path = tmp_path / f"g.{suffix}"
    assert main(["draw", *NEURON, "-o", str(path)]) == 0
    assert "0.1565" in path.read_text(encoding="utf-8")


def test_a_dash_is_the_standard_output(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *NEURON, "-o", "-"]) == 0
    assert ET.fromstring(capsys.readouterr().out).tag == "{http://www.w3.org/2000/svg}svg"
    assert main(["stepper", *NEURON, "-o", "-"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert not list(tmp_path.iterdir())


def test_values_may_be_given_one_by_one(capsys):
    assert main(["explain", "w*x", "--at", "w=2", "--at", "x=3"]) == 0
    assert "= 6\n" in capsys.readouterr().out
    for command in ("check", "draw", "explain", "stepper"):
        assert main([command, "x", "--at", "x=1", "--at", "x=2"]) == 2
        assert "x has two values; give one" in capsys.readouterr().err


def test_explain_prints_the_derivation(capsys):
    assert main(["explain", *NEURON, "--wrt", "w"]) == 0
    out = capsys.readouterr().out
    assert "= 2*v4 * (1 - v3^2) * x" in out
    assert "= -1.0045" in out


@pytest.mark.parametrize("style", ["markdown", "latex", "mathml"])
def test_explain_has_styles(style, capsys):
    assert main(["explain", *NEURON, "--style", style]) == 0
    assert "0.7913" in capsys.readouterr().out


def test_stepper_writes_a_page(tmp_path, capsys):
    path = tmp_path / "page.html"
    assert main(["stepper", "x*exp(-x**2)", "--at", "x=1.3", "-o", str(path), "--title", "<b>"]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "<h1>&lt;b&gt;</h1>" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["draw", "x.real", "--at", "x=1"], "^^^^^^"),
        (["draw", "x*y", "--at", "x=1"], "y has no value"),
        (["draw", "x", "--at", "x=1,z=2"], "z has a value"),
        (["draw", "2 + 3"], "no variable"),
        (["draw", "x", "--at", "x=1", "-o", "g.bmp"], "formats"),
        (["draw", "x*x", "--at", "x=1e400"], "1e400 is inf as a double; write inf itself"),
        (["stepper", "x*x", "--at", "x=1", "-o", ""], "-o is empty"),
        (["explain", "x*y", "--at", "x=1,y=2", "--wrt", "z"], "no such variable"),
        (["explain", "x*y", "--at", "x=1,y=2", "--depth", "0"], "at least 1"),
        (["stepper", "__import__('os').system('true')"], "plain name"),
    ],
)
def test_bad_usage_exits_with_2_and_one_clear_message(arguments, words, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert "Traceback" not in captured.err
