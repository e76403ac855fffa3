"""Finding a compiler, the cache of objects, and what happens when either fails."""

import ctypes
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograd.compiler import toolchain
from autograd.errors import MissingDependencyError

ROOT = Path(__file__).parents[3]
SOURCE = "double twice(double x) { return 2.0 * x; }"
needs_compiler = pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")
posix = pytest.mark.skipif(os.name != "posix", reason="shell scripts stand in for compilers")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(toolchain, "_made", [])
    return tmp_path / "cache"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Make a shell script the compiler, and count its calls in a file."""

    def install(body):
        script = tmp_path / "fakecc"
        script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "fake 1.0" && exit 0\n[ "$2" = -Werror ] && exit 1\necho call >> "{tmp_path}/calls"\n{body}\n')
        script.chmod(0o755)
        monkeypatch.setenv("CC", str(script))
        return lambda: len((tmp_path / "calls").read_text().split()) if (tmp_path / "calls").exists() else 0

    return install


def twice(path):
    f = toolchain.load(path).twice
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double]
    return f(21.0)


def real():
    return " ".join(toolchain._find("", os.environ["PATH"]).command)


@needs_compiler
def test_build_and_load(cache):
    path = toolchain.build(SOURCE, flags=toolchain.STRICT)
    assert twice(path) == 42.0
    assert path.parent == cache and [*cache.iterdir()] == [path]


@needs_compiler
@posix
def test_the_second_build_asks_no_compiler(fake):
    calls = fake(f'exec {real()} "$@"')
    first = toolchain.build(SOURCE)
    assert toolchain.build(SOURCE) == first and calls() == 1
    assert toolchain.build(SOURCE + "\n") != first and calls() == 2
    assert toolchain.build(SOURCE, flags=["-DX=1"]) != first and calls() == 3


@needs_compiler
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:5000] + bytes([b[5000] ^ 1]) + b[5001:], lambda b: b + b"\0"])
def test_a_damaged_object_is_built_again(damage):
    path = toolchain.build(SOURCE)
    content = path.read_bytes()
    path.write_bytes(damage(content))
    again = toolchain.build(SOURCE)
    assert twice(again) == 42.0
    assert [*again.parent.iterdir()] == [again]


@needs_compiler
def test_two_processes_at_once(cache):
    code = f"""
import sys, time
from autograd.compiler import toolchain
toolchain.find_compiler()
print("ready", flush=True)
sys.stdin.readline()
for i in range(8):
    f = toolchain.load(toolchain.build({SOURCE!r} + f"double other(void) {{{{ return {{i}}; }}}}")).other
    f.restype = toolchain.ctypes.c_double
    assert f() == i
print("done")
"""
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        for _ in range(2)
    ]
    assert [p.stdout.readline() for p in started] == ["ready\n"] * 2
    assert [p.communicate("go\n", timeout=300)[0] for p in started] == ["done\n"] * 2
    assert not [p for p in cache.iterdir() if p.suffix not in (".so", ".dylib", ".dll")]  # no temporary file is left


@needs_compiler
@pytest.mark.parametrize("writable", ["file in the way", "read-only"])
def test_a_cache_that_cannot_be_written(cache, monkeypatch, writable):
    if writable == "read-only":
        cache.mkdir(mode=0o500)
        if os.access(cache, os.W_OK):  # the superuser may write everywhere

            def refuse(path, content):
                if Path(path).parent == cache:
                    raise PermissionError(13, "Permission denied", str(path))
                return write(path, content)

            write = toolchain.write_atomically
            monkeypatch.setattr(toolchain, "write_atomically", refuse)
    else:
        cache.write_text("not a folder")
    path = toolchain.build(SOURCE)
    assert twice(path) == 42.0 and path.parent != cache
    assert toolchain.build(SOURCE) == path  # found again by this process
    assert os.name != "posix" or stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_compiler(monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.find_compiler() is None
    with pytest.raises(MissingDependencyError, match=r"needs a C compiler.*Install it with"):
        toolchain.build(SOURCE)


def test_a_named_compiler_that_is_absent_is_not_replaced_by_another(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    assert toolchain.find_compiler() is None
    with pytest.raises(MissingDependencyError, match="CC names .no-such-compiler -m64"):
        toolchain.build(SOURCE)


def test_a_malformed_name_of_a_compiler(monkeypatch):
    monkeypatch.setenv("CC", "gcc '")
    assert toolchain.find_compiler() is None


@needs_compiler
def test_the_compilers_words_are_in_the_error(cache):
    with pytest.raises(toolchain.CompilationError, match=r"(?s)failed \(exit status 1\).*program\.c:1:.*nonsense"):
        toolchain.build("double f(void) { return nonsense; }")
    assert not cache.exists()


@posix
def test_a_compiler_that_succeeds_and_writes_nothing(fake):
    fake("exit 0")
    with pytest.raises(toolchain.CompilationError, match="it said nothing"):
        toolchain.build(SOURCE)


@posix
def test_a_compiler_that_never_ends_is_stopped_with_its_children(fake, tmp_path):
    fake(f"sleep 600 & echo $! > {tmp_path}/child\nwait")
    start = time.monotonic()
    with pytest.raises(toolchain.CompilationError, match="more than 1 s"):
        toolchain.build(SOURCE, timeout=1.0)
    assert time.monotonic() - start < 60.0
    child = int((tmp_path / "child").read_text())
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the compiler's child is still running")


@posix
def test_a_broken_compiler_is_passed_over(monkeypatch, tmp_path):
    for name, body in (("cc", "exit 1"), ("gcc", 'echo "good 2.0"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.find_compiler() == toolchain.Compiler((str(tmp_path / "gcc"),), "good 2.0", ("-march=native",))


def test_the_folder_of_the_cache(monkeypatch, tmp_path):
    assert toolchain.cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.setattr(toolchain.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert toolchain.cache_folder() == tmp_path / "xdg" / "chainrule"
    monkeypatch.setattr(toolchain.sys, "platform", "darwin")
    assert toolchain.cache_folder() == Path.home() / "Library" / "Caches" / "chainrule"
    monkeypatch.setattr(toolchain.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert toolchain.cache_folder() == tmp_path / "local" / "chainrule"


def test_loading_what_is_no_library(tmp_path):
    (tmp_path / "x.so").write_bytes(b"not a library")
    with pytest.raises(OSError, match="CHAINRULE_CACHE"):
        toolchain.load(tmp_path / "x.so")


def test_headers_are_all_that_the_package_has():
    folder = Path(toolchain.__file__).parent
    assert sorted(toolchain.HEADERS) == sorted(p.name for p in folder.glob("*.h"))
    assert {name: (folder / name).read_bytes() for name in toolchain.HEADERS} == toolchain._headers()


@needs_compiler
def test_the_cache_keeps_what_was_used_last(cache, monkeypatch):
    monkeypatch.setattr(toolchain, "KEPT", 3)
    cache.mkdir()
    (cache / "notes.so").write_text("not of this cache")
    os.utime(cache / "notes.so", (1.0, 1.0))
    texts = [f"int f{i}(void) {{ return {i}; }}" for i in range(5)]
    paths = []
    for i, text in enumerate(texts):
        paths.append(toolchain.build(text))
        os.utime(paths[-1], (1000.0 + i, 1000.0 + i))
        if i == 3:
            assert toolchain.build(texts[1]) == paths[1]  # used again: not the oldest any more
    assert [path.exists() for path in paths] == [False, True, False, True, True]
    assert (cache / "notes.so").exists()
    monkeypatch.setattr(toolchain, "KEPT_BYTES", 1)
    for path in paths[3:]:
        os.utime(path, (1000.0, 1000.0))
    last = toolchain.build("int g(void) { return 5; }")
    assert last.exists()  # however large, what was made in the last minute stays
    assert not paths[3].exists() and not paths[4].exists() and paths[1].exists()


@needs_compiler
def test_an_object_that_another_process_removes_is_built_again(monkeypatch):
    from autograd.compiler import bind_c

    build = toolchain.build
    removed = []

    def lost(*arguments, **options):
        path = build(*arguments, **options)
        if not removed:
            removed.append(path)
            path.unlink()
        return path

    monkeypatch.setattr(toolchain, "build", lost)
    assert bind_c._loaded(SOURCE, ()).twice is not None
    assert removed
