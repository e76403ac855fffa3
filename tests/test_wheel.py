"""The wheel: the same bytes each time, small, clean, and of use without NumPy."""

import bz2
import compileall
import gzip
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILDERS = ("build", "hatchling", "hatch_vcs", "hatch_fancy_pypi_readme", "setuptools")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(tool) is None for tool in BUILDERS),
        reason="pip install '.[dev]' brings what builds a wheel",
    ),
]
MEGABYTE = 2**20


def built(sources, folder, **environment):
    """Return the wheel of sources, built with what is installed here."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", str(folder), str(sources)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Copy what is packed, without a history, as a tarball of a code host has it."""
    folder = tmp_path_factory.mktemp("sources") / "chainrule"
    folder.mkdir()
    for name in ("README.md", "LICENSE", "pyproject.toml", ".hatch_build.py"):
        shutil.copy(ROOT / name, folder / name)
    leave = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    for name in ("autograd", "nn"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    return folder


@pytest.fixture(scope="module")
def wheel(sources, once):
    (path,) = once("wheel", lambda folder: built(sources, folder) and "").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def pure(sources, once):
    made = once("pure", lambda folder: built(sources, folder, CHAINRULE_PURE_PYTHON="1") and "")
    (path,) = made.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(pure):
    with zipfile.ZipFile(pure) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def test_a_wheel_is_the_same_to_the_last_byte_when_it_is_built_again_elsewhere(sources, wheel, tmp_path):
    elsewhere = shutil.copytree(sources, tmp_path / "a folder of a longer name" / "b")
    assert built(elsewhere, tmp_path / "wheel").read_bytes() == wheel.read_bytes()


def test_sources_without_a_history_have_a_version(metadata):
    assert metadata["Version"] == "0.1.0.dev0"


def test_a_wheel_without_a_compiler_is_for_every_machine(pure):
    assert pure.name.endswith("-py3-none-any.whl")


def test_an_index_shows_a_readme_whose_links_lead_somewhere(metadata):
    text = metadata.get_payload(decode=True).decode()
    assert metadata["Description-Content-Type"] == "text/markdown"
    links = re.findall(r"\]\(([^)]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    assert all(link.startswith(("https://", "#")) for link in links)
    assert "## Quick start" in text
    assert "The graph of (tanh(w x + b) - y)²" in text


def test_a_release_tells_the_addresses_of_its_sources_and_authors_and_is_rated_10_of_10(
    sources, monkeypatch
):
    projectdata, ratings = (pytest.importorskip(f"pyroma.{name}") for name in ("projectdata", "ratings"))
    for name, value in {"SERVER_URL": "https://host.example", "REPOSITORY": "some/where"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.setenv("CHAINRULE_CONTACT", "us@host.example")
    data = projectdata.get_data(str(sources))
    assert ratings.rate(data) == (10, [])
    assert data["author-email"] == "The chainrule developers <us@host.example>"
    assert "Source, https://host.example/some/where" in data["project-url"]
    address = "https://host.example/some/where"
    assert f"]({address}/raw/HEAD/notebooks/pictures/neuron.svg)" in data["description"]
    assert f"[a slope]({address}/blob/HEAD/notebooks/01_slope.ipynb)" in data["description"]
    assert "SOURCES" not in data["description"]


@pytest.mark.parametrize(
    ("module", "command"),
    [("twine", ["twine", "check", "--strict"]), ("check_wheel_contents", ["check_wheel_contents"])],
)
def test_what_judges_wheels_finds_nothing(module, command, wheel, pure):
    pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, "-m", *command, str(wheel), str(pure)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


WITHOUT_NUMPY = """
import math, sys
import autograd, nn
from autograd import Value
w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
loss = ((w * x + b).tanh() - y) ** 2
loss.backward()
assert round(w.grad, 4) == -1.0045, w.grad
assert autograd.grad(autograd.grad(lambda t: t**3))(2.0) == 12.0
assert "-1.0045" in str(autograd.explain(loss, wrt=w))
picture = autograd.draw(loss)
assert "<svg" in picture.svg()
w = Value(0.5)
step = autograd.compile(lambda u, v: (u * w + v).tanh(), [w])
value = step(2.0, -0.3)
assert round(value, 4) == 0.6044, value
assert abs(w.grad - 2.0 * (1.0 - math.tanh(0.7) ** 2)) < 1e-15, w.grad
assert autograd.words.catalogue("zh_CN")["Backward"] == "反向传播"
assert "numpy" not in sys.modules and "graphviz" not in sys.modules
"""


def test_without_dependencies_it_is_below_5_megabytes_and_differentiates_draws_explains_and_compiles(
    wheel, tmp_path
):
    venv.create(tmp_path / "room", with_pip=False)
    folder = tmp_path / "room" / ("Scripts" if os.name == "nt" else "bin")
    python = folder / ("python.exe" if os.name == "nt" else "python")
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    with zipfile.ZipFile(wheel) as archive:  # which is what an installer does with a wheel
        archive.extractall(packages)
    assert sum(path.stat().st_size for path in packages.rglob("*") if path.is_file()) < 5 * MEGABYTE
    command = [python, "-I", "-W", "ignore::RuntimeWarning", "-c", WITHOUT_NUMPY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_with_the_bytecode_of_everything_which_pip_writes_it_is_below_10_megabytes(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert compileall.compile_dir(tmp_path, quiet=1)
    weights = [path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()]  # not what folders take
    assert sum(weights) < 10 * MEGABYTE


def test_a_wheel_has_its_catalogues_pages_and_headers_compressed_and_they_say_the_same(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        held = {
            name.removesuffix(suffix): unpack(archive.read(name))
            for suffix, unpack in ((".gz", gzip.decompress), (".bz2", bz2.decompress))
            for name in names
            if name.endswith(suffix)
        }
    assert not [name for name in names if name.endswith((".po", ".js", ".css", ".html", ".h"))]
    patterns = ("locale/*.po", "assets/*.*", "runtime.h", "arithmetic.h")
    written = [x for top in ("autograd", "nn") for name in patterns for x in ROOT.glob(f"{top}/**/{name}")]
    places = [re.sub("/(locale|assets)/", "/", path.relative_to(ROOT).as_posix()) for path in written]
    origins = re.compile(rb"^#:.*\n", re.MULTILINE)  # of messages
    assert held == {
        place: origins.sub(b"", path.read_bytes()) for place, path in zip(places, written, strict=True)
    }


def test_what_the_core_installs_is_below_80_megabytes(wheel):
    from importlib.metadata import files

    with zipfile.ZipFile(wheel) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    for name in ("numpy", "graphviz"):
        size += sum(path.locate().stat().st_size for path in files(name) or () if path.suffix != ".pyc")
    assert size < 80 * MEGABYTE
