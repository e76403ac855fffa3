"""The site's generators are beside its pages, outside of the packages; what is built of it is built once."""

import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks" / "docs"))


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return what makes a folder for all workers: the first that asks makes it, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name, make):
        target, said = shared / name, shared / f"{name}.txt"
        try:
            target.mkdir()
        except FileExistsError:
            while not said.exists():
                time.sleep(0.2)
        else:
            whole = said.with_suffix(".part")
            try:
                whole.write_text(make(target), encoding="utf-8")
            except BaseException as error:
                whole.write_text(repr(error), encoding="utf-8")
                raise
            finally:
                whole.rename(said)
        assert said.read_text(encoding="utf-8") == "", name
        return target

    return folder
