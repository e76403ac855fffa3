"""The gallery runs, its outputs are what the code gives today, and it survives jupytext's round trip."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "notebooks" / "gallery.py"


def test_round_trip():
    jupytext = pytest.importorskip("jupytext")
    text = SOURCE.read_text(encoding="utf-8")
    again = jupytext.writes(jupytext.reads(text, fmt="py:percent"), fmt="py:percent")
    cells = [re.sub(r"^# (?:---|    ?.*)\n", "", cell).strip() for cell in re.split(r"^# %%.*\n", text, flags=re.MULTILINE)]
    assert [c for c in cells if c] == [c.strip() for c in re.split(r"^# %%.*\n", again, flags=re.MULTILINE)[1:] if c.strip()]


@pytest.mark.slow
def test_its_outputs_are_those_of_the_file_beside_it():
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    pytest.importorskip("jupytext")
    spec = importlib.util.spec_from_file_location("course_build", ROOT / "tests" / "notebooks" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    fresh = build.execute(SOURCE)
    stored = nbformat.read(SOURCE.with_suffix(".ipynb"), as_version=4)
    assert [cell.source for cell in fresh.cells] == [cell.source for cell in stored.cells]
    for new, old in zip(fresh.cells, stored.cells, strict=True):
        assert new.get("outputs") == old.get("outputs"), new.source
