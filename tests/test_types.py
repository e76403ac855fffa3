"""A user's programs are typed precisely, and truly: checkers read them, and their values are looked at."""

import subprocess
import sys
import types
import typing
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAMS = [Path(__file__).with_name(name) for name in ("typed_program.py", "typed_training.py")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["mypy", "--strict"], ["pyright", "--pythonpath", sys.executable]],
    ids=lambda c: c[0],
)
def test_a_users_programs_have_the_types_that_they_say(command):
    if find_spec(command[0]) is None:
        pytest.skip(f"pip install {command[0]}")
    done = subprocess.run(
        [sys.executable, "-m", *command, *map(str, PROGRAMS)],
        cwd=PROGRAMS[0].parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def is_of(value, kind):
    """Whether a value is what an annotation says, down to the elements of lists, tuples and dicts."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any or getattr(kind, "_is_protocol", False):
        return True
    if kind is None:
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(is_of(value, one) for one in inner)
    if origin is tuple:
        kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return type(value) is tuple and len(value) == len(kinds) and all(map(is_of, value, kinds))
    if origin is list:
        return type(value) is list and all(is_of(x, inner[0]) for x in value)
    if origin is dict:
        return type(value) is dict and all(
            is_of(k, inner[0]) and is_of(x, inner[1]) for k, x in value.items()
        )
    return isinstance(value, kind)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of graphviz, where it is broken
def test_values_have_the_types_that_type_checkers_say(monkeypatch, capsys):
    wrong, asserted = [], []

    def look(value, kind):
        asserted.append(kind)
        if not is_of(value, kind):
            wrong.append((sys._getframe(1).f_lineno, value, kind))
        return value

    monkeypatch.setattr(typing, "assert_type", look)
    exec(compile(PROGRAMS[0].read_text(encoding="utf-8"), PROGRAMS[0], "exec"), {"__name__": "typed_program"})
    assert not wrong
    assert len(asserted) > 150


def test_the_look_at_values_sees_what_is_wrong():
    assert is_of({"a": [1.0]}, dict[str, list[float]]) and is_of((1.0, None), tuple[float, float | None])
    assert not is_of({"a": [1]}, dict[str, list[float]])
    assert not is_of((1.0, 2.0), tuple[float, str]) and not is_of([1.0], tuple[float, ...])


def test_a_users_training_runs(capsys):
    exec(compile(PROGRAMS[1].read_text(encoding="utf-8"), PROGRAMS[1], "exec"), {"__name__": "__main__"})
    assert "functional" in capsys.readouterr().out
