"""The command from its first moment: another package in the engine's place, interrupts, encodings, closed and
narrow outputs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nn.cli.clash import problem

ROOT = Path(__file__).parents[3]
START = "import sys; from nn.cli import main; sys.exit(main())"


def environment(**changed):
    return {**os.environ, "PYTHONPATH": str(ROOT), **changed}


def chainrule(*arguments, cwd, **changed):
    command = [sys.executable, "-m", "nn", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(**changed), capture_output=True, check=False, timeout=120
    )


@pytest.fixture
def site(tmp_path):
    """A folder into which both packages are installed, as far as what tells them apart goes."""
    site = tmp_path / "site"
    for package in ("autograd", "nn"):
        shutil.copytree(ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    return site


def install_the_other(site):
    (site / "autograd" / "numpy").mkdir(parents=True, exist_ok=True)
    (site / "autograd" / "numpy" / "__init__.py").write_text("")
    (site / "autograd" / "__init__.py").write_text("from .differential_operators import grad\n")
    (site / "autograd" / "differential_operators.py").write_text("def grad(f): return f\n")


def run_in(site, program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=site.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_autograd_installed_later_is_named_with_the_command_that_repairs_it(site):
    install_the_other(site)
    done = run_in(site, START, "--version")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "chainrule: the unrelated package autograd from PyPI has overwritten chainrule's"
    )
    assert "-m pip uninstall -y autograd && " in done.stderr and "--force-reinstall" in done.stderr
    assert done.stderr.count("\n") == 1
    done = run_in(site, "from nn import MLP")
    assert done.stderr.splitlines()[-1].startswith(
        "ImportError: the unrelated package autograd from PyPI has overwritten"
    )


def test_another_autograd_installed_before_is_warned_of(site):
    ours = (site / "autograd" / "__init__.py").read_text()
    install_the_other(site)
    (site / "autograd" / "__init__.py").write_text(ours)
    done = run_in(site, "import autograd; print(autograd.Value(2.0).data)")
    assert done.stdout == "2.0\n"
    assert "RuntimeWarning: the unrelated package autograd from PyPI lies in" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_gone_after_the_other_was_uninstalled_is_named(site):
    (site / "autograd" / "__init__.py").unlink()
    done = run_in(site, START, "--version")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is gone, as after uninstalling the unrelated package autograd" in done.stderr


def test_another_autograd_that_is_found_first_is_named(site, tmp_path):
    first = tmp_path / "first"
    install_the_other(first)
    done = run_in(site, f"import sys; sys.path.insert(0, {str(first)!r}); {START}", "--version")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"Python finds another package named autograd first, in {first / 'autograd'}" in done.stderr


def test_where_nothing_is_wrong_nothing_is_said():
    assert problem() is None


COMMANDS = [
    ["--help"], ["train", "--help"], ["explain", "sigmoid(w*x)**2", "--at", "w=1,x=2"],
    ["explain", "\u03b3*x", "--at", "\u03b3=1,x=2"],
    ["explain", "sigmoid(x)", "--at", "x=2", "--style", "mathml"], ["check", "x**3", "--at", "x=2"],
    ["draw", "x*\u00e9", "--at", "x=2,\u00e9=1", "-o", "-"],
    ["stepper", "x", "--at", "x=1", "-o", "-"], ["train", "\u00e9.csv"], ["\u00e9"],
]  # fmt: skip
ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp437": {"PYTHONIOENCODING": "cp437"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_encoding_of_a_terminal_will_do(encoding, arguments, tmp_path):
    done = chainrule(*arguments, cwd=tmp_path, **ENCODINGS[encoding])
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 2)
    assert (done.stdout if done.returncode == 0 else done.stderr).strip()


def test_what_is_printed_as_a_file_is_in_utf8(tmp_path):
    done = chainrule(
        "draw", "x*\u03b3", "--at", "x=2,\u03b3=1", "-o", "-", cwd=tmp_path, PYTHONIOENCODING="cp1252"
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "\u03b3" in done.stdout.decode("utf-8")


INTERRUPTED = """
import os, signal, sys
from nn.cli import main
left = int(sys.argv.pop(1))

def strike(event, _):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            signal.raise_signal(signal.SIGINT)

sys.addaudithook(strike)
sys.exit(main())
"""


@pytest.mark.parametrize("imports", [1, 2, 3, 5, 9, 20, 40, 80, 120, 160])
def test_an_interrupt_is_one_line_however_early(imports, tmp_path):
    command = [
        sys.executable,
        "-c",
        INTERRUPTED,
        str(imports),
        "train",
        "moons",
        "--epochs",
        "3",
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr.decode().strip().split(":")[-1]) == (130, " interrupted")
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="shells of POSIX")
@pytest.mark.parametrize("arguments", ["--help", "doctor", "explain 'x**2' --at x=3", "draw x --at x=1 -o -"])
def test_outputs_that_are_closed_or_not_read_to_the_end(arguments, tmp_path):
    command = f"{sys.executable} -m nn {arguments}"
    for redirected in (">&-", "2>&-", "<&-", ">&- 2>&-"):
        done = subprocess.run(
            f"{command} {redirected}",
            shell=True,
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, redirected
        assert b"Traceback" not in done.stderr and b"ignored" not in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command,
        shell=True,
        cwd=tmp_path,
        env=environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


BREAKAGES = {
    "raise ImportError('libgfortran.so.5: cannot open')": "ImportError: libgfortran.so.5: cannot open",
    "import no_such_helper": "ModuleNotFoundError: No module named 'no_such_helper'",
    "raise AttributeError('_ARRAY_API not found')": "AttributeError: _ARRAY_API not found",
}
USERS = {
    "matplotlib": "import nn; nn.plot.plot_loss([1.0])",
    "numpy": "import nn; nn.data.make_moons(10)",
    "mpmath": "import autograd.testing.oracle",
    "hypothesis": "import autograd.testing.strategies",
    "graphviz": "import autograd.render.picture.dot",
}


@pytest.mark.parametrize("package", USERS)
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_what_is_broken_is_not_called_absent(package, breakage, tmp_path):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(breakage)
    (tmp_path / package / "strategies.py").write_text("")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {USERS[package]}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    repair = f"pip uninstall {package} && pip install"
    assert f"is installed here but broken ({BREAKAGES[breakage]}). Repair it with: {repair}" in last


@pytest.mark.parametrize("package", USERS)
def test_what_is_absent_is_called_absent(package):
    program = f"import sys; sys.modules[{package!r}] = None; {USERS[package]}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "which is not installed here. Install it with: pip install" in done.stderr.splitlines()[-1]
