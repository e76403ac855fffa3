"""The command line: exit codes, one clear line for bad usage, and the demo as a newcomer runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import autograd
import autograd.cli
import nn.cli
from nn.cli import demo, main

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    "command", [module.rpartition(".")[2] for module in {**nn.cli.COMMANDS, **autograd.cli.COMMANDS}]
)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"chainrule {command}" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "message"), [
    (["no-such-command"], "chainrule: argument COMMAND: invalid choice: 'no-such-command'"),
    (["demo", "--steps", "many"],
     "chainrule demo: argument --steps: invalid int value: 'many'; see chainrule demo --help"),
    (["demo", "--no-such-option"],
     "chainrule: unrecognized arguments: --no-such-option; see chainrule --help"),
])  # fmt: skip
def test_bad_usage_is_one_clear_line_and_exits_with_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


@pytest.mark.parametrize("columns", ["40", "80"])
def test_choices_that_do_not_fit_into_a_line_are_listed_after_what_they_are_for(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) < (70 if columns == "40" else 81)
    assert "--optimizer OPTIMIZER" in printed
    assert "one of sgd, momentum, adagrad, rmsprop, adam, adamw, lbfgs" in " ".join(printed.split())


@pytest.mark.skipif(sys.version_info < (3, 14), reason="argparse suggests from Python 3.14 on")
@pytest.mark.parametrize(
    ("language", "said"), [("en", "maybe you meant 'train'?"), ("zh", "是不是 'train'？")]
)
def test_a_misspelt_command_is_guessed(language, said, capsys):
    with pytest.raises(SystemExit):
        main(["trian", "--lang", language])
    assert said in capsys.readouterr().err


def test_the_name_alone_prints_help(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: chainrule")
    assert "train a network on" in printed


def test_the_version_is_named(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("chainrule")


def test_an_impossible_number_of_steps_is_one_clear_line(capsys, tmp_path):
    assert main(["demo", "--steps", "0", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "chainrule demo: --steps must be at least 1, got 0\n"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_line(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--steps", "1", "--out", str(tmp_path / "file" / "out")]) == 2
    assert capsys.readouterr().err == f"chainrule demo: {tmp_path / 'file' / 'out'}: Not a directory\n"


def test_the_demo_learns_and_writes_its_results(tmp_path, capsys):
    out = tmp_path / "results"
    assert main(["demo", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "training 100/100" in printed
    assert "accuracy 100.0%" in printed or "accuracy 99.0%" in printed or "accuracy 98.0%" in printed
    assert printed.splitlines()[-1] == f"open in a browser: {out / 'index.html'}"
    page = (out / "index.html").read_text(encoding="utf-8")
    for name in ("loss.png", "boundary.png"):
        assert (out / name).read_bytes().startswith(PNG)
    # Of the page and not of its body: the ground is dark where the words are light.
    assert ":root{color-scheme:light dark}" in page
    named = re.findall(r'(?:src|href)="(\w[^":]*)"', page)
    assert sorted(named) == sorted(path.name for path in out.iterdir() if path.name != "index.html")
    picture = ET.parse(out / "neuron.svg").getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    shown = " ".join(picture.itertext())
    assert all(name in shown for name in ("w0", "x0", "b", "out", "loss"))
    assert json.loads((out / "weights.json").read_text())
    assert "<html" in (out / "neuron.html").read_text().lower()


def test_without_matplotlib_the_demo_leaves_its_plots_out_and_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["demo", "--steps", "2", "--out", str(tmp_path), "--quiet"]) == 0
    out, error = capsys.readouterr()
    written = ["index.html", "neuron.html", "neuron.svg", "weights.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == written
    assert out == f"{tmp_path / 'index.html'}\n"
    assert ".png" not in (tmp_path / "index.html").read_text(encoding="utf-8")
    for line, name in zip(error.splitlines(), ("loss.png", "boundary.png"), strict=True):
        assert line.startswith(f"{name} is left out: drawing plots needs matplotlib")
        assert line.endswith("pip install 'chainrule[plot]'")


@pytest.mark.parametrize("seed", range(3))
def test_the_demo_reaches_98_percent_from_any_seed(seed):
    _, _, _, losses, accuracy = demo.train(seed, 100)
    assert accuracy >= 0.98
    assert losses[-1] < losses[0]


def test_the_demo_is_the_same_for_the_same_seed():
    assert demo.train(5, 3)[3] == demo.train(5, 3)[3] != demo.train(6, 3)[3]


def test_quiet_prints_where_the_results_are_and_nothing_else(tmp_path, capsys):
    assert main(["demo", "--steps", "2", "--out", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'index.html'}\n"


@pytest.mark.parametrize("steps", [1, 100])
def test_the_demos_neuron_is_one_through_which_the_losss_gradient_flows(steps):
    model, x, targets, _, _ = demo.train(1337, steps)
    loss = demo.one_neuron(model, x, targets)
    assert loss.label == "loss"
    assert loss.grad == 1.0
    grads = {node.label: node.grad for node in autograd.trace(loss)[0] if node.label in ("w0", "w1", "b")}
    assert len(grads) == 3
    assert all(grads.values())


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interrupt_stops_cleanly_with_what_was_learnt(tmp_path):
    command = [
        sys.executable,
        "-u",
        "-m",
        "autograd",
        "demo",
        "--steps",
        "100000",
        "--out",
        str(tmp_path / "out"),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout.readline().startswith("training")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "steps in" in output
    assert (tmp_path / "out" / "loss.png").exists()
    assert "Traceback" not in errors


@pytest.mark.parametrize("option", ["--rounds", "--nodes"])
def test_bench_refuses_to_measure_nothing(option, capsys):
    assert main(["bench", option, "0"]) == 2
    assert f"{option} must be at least 1, got 0" in capsys.readouterr().err


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
def test_a_full_disk_is_one_clear_line_and_a_closed_output_none(unbuffered):
    command = f"{sys.executable} -m autograd check x --at x=1"
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONUNBUFFERED": unbuffered
    }  # fmt: skip
    for where, code, message in (
        ("> /dev/full", 2, "chainrule check: No space left on device\n"),
        (">&-", 0, ""),
    ):
        done = subprocess.run(
            f"{command} {where}", shell=True, stderr=subprocess.PIPE, text=True, check=False, env=environment
        )
        assert (done.returncode, done.stderr) == (code, message)


def test_a_reader_that_has_seen_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "explain", "tanh(x)", "--at", "x=1"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_expression_that_begins_with_a_minus(capsys):
    for command in ("check", "draw", "explain", "stepper"):
        with pytest.raises(SystemExit):
            main([command, "-x*y", "--at", "x=1,y=2"])
        assert (
            "one that begins with a minus comes last, after --, as in: --at x=1 -- -x; see chainrule"
            in capsys.readouterr().err
        )
    assert main(["explain", "--at", "x=1,y=2", "--", "-x*y"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "polygamma(999,x)", "--at", "x=2.5"),
        ("check", "im_inverse_power(x,999,999)", "--at", "x=-2.5"),
        ("draw", "polygamma(1000,x)", "--at", "x=2.5"),
        ("explain", "polygamma(1000,x)", "--at", "x=2.5"), ("stepper", "gelu_slope(x,1000)", "--at", "x=2.5"),
        ("check", "gaussian(x,1000,2)", "--at", "x=0.5"),
    ],
)  # fmt: skip
def test_a_derivative_of_an_order_beyond_the_largest_is_one_sentence(
    arguments, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert "the derivative of " in said
    assert "is beyond what is computed" in said
    assert "Traceback" not in said
