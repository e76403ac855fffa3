"""``chainrule doctor``, ``help``, ``-V`` and ``completion``."""

import shutil
import subprocess
import sys

import pytest

from autograd import cli, native
from autograd.cli import colour, completion, doctor


@pytest.fixture(autouse=True)
def no_wish_for_colour(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"):
        monkeypatch.delenv(name, raising=False)


def told(capsys, *arguments):
    code = cli.main(arguments)
    return code, dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_the_doctor_says_what_is_here_and_which_engine_runs(capsys):
    code, lines = told(capsys, "doctor")
    assert code == 0
    assert lines["engine"].startswith("in C" if native.engine else "in pure Python: ")
    assert lines["numpy"].endswith(": compiled programs over arrays")
    assert sys.version.split()[0] in lines["Python"]


@pytest.mark.parametrize("part", doctor.PACKAGES, ids=lambda part: part.name)
def test_what_is_missing_comes_with_the_command_that_brings_it(part, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, part.module, None)
    code, lines = told(capsys, "doctor")
    assert code == (1 if part.is_needed else 0)
    assert lines[part.name] == f"missing, for {part.purpose}: {part.install}"


def test_a_package_that_cannot_be_imported_is_called_broken(capsys, monkeypatch, tmp_path):
    (tmp_path / "mpmath.py").write_text("import no_such_module_of_this_package")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mpmath", raising=False)
    code, lines = told(capsys, "doctor")
    assert code == 0
    assert lines["mpmath"].startswith("broken (ModuleNotFoundError: No module named 'no_such_module")
    assert lines["mpmath"].endswith("pip uninstall mpmath && pip install 'chainrule[test]'")


def test_without_programs_the_doctor_names_what_brings_them(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    _, lines = told(capsys, "doctor")
    assert lines["dot"].startswith("missing, for drawings as png and pdf (svg needs none): pip install")
    assert lines["C"].startswith("compiler  missing (")


@pytest.mark.parametrize(
    ("asked", "is_coloured"),
    [
        ({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "0"}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ],
)  # fmt: skip
def test_the_doctor_is_coloured_where_its_reader_says_so(asked, is_coloured, capsys, monkeypatch):
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "mpmath", None)
    cli.main(["doctor"])
    text = capsys.readouterr().out
    assert ("\033[33mmissing, for derivatives" in text) is is_coloured
    assert ("\033[" in text) is is_coloured


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_a_terminal_is_coloured_unless_it_is_dumb_or_asked_not_to_be(environment, expected, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert colour.is_wanted(sys.stdout) is expected


def test_help_is_a_word_too(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["help", "draw"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: chainrule draw")
    with pytest.raises(SystemExit) as end:
        cli.main(["help"])
    assert end.value.code == 0
    assert "doctor" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        cli.main(["help", "nothing"])
    assert end.value.code == 2


def test_the_version_has_a_short_option(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["-V"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("chainrule")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["dr"], ["draw"]), (["dra", "--th"], []), (["draw", "--th"], ["--theme"]),
        (["draw", "--theme", "d"], ["dark"]), (["draw", "--engine", "d"], ["dot"]),
        (["explain", "x", "--style", "ma"], ["markdown", "mathml"]), (["explain", "x", "ma"], []),
        (["help", "dr"], ["draw"]), (["--v"], ["--version"]), (["completion", "f"], ["fish"]),
    ],
)  # fmt: skip
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_options_and_choices(typed, offered, capsys):
    assert cli.main(["completion", "bash"]) == 0
    program = capsys.readouterr().out
    words = " ".join(f"'{word}'" for word in ("chainrule", *typed))
    asked = f"COMP_WORDS=({words}); COMP_CWORD={len(typed)}; _chainrule; echo \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", f"{program}\n{asked}"], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted(offered)
    assert not done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_their_program(shell):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    text = completion.script(shell, {"": {"": ["draw"]}, "draw": {"": ["--to"], "--to": ["svg"]}})
    subprocess.run([program, "-n", "-c", text], check=True)


def test_no_options_that_help_hides_are_completed(capsys):
    assert cli.main(["completion", "bash"]) == 0
    assert "--worker" not in capsys.readouterr().out
