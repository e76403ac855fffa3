"""Finding a compiler, the cache of objects, and what happens when either fails."""

import contextlib
import ctypes
import gc
import itertools
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import strikes

from autograd.compiler.backends.c import folders, toolchain
from autograd.errors import MissingDependencyError

ROOT = Path(__file__).parents[3]
SOURCE = "double twice(double x) { return 2.0 * x; }"
needs_compiler = pytest.mark.skipif(toolchain.find_compiler() is None, reason="no C compiler")
posix = pytest.mark.skipif(os.name != "posix", reason="shell scripts stand in for compilers")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(toolchain, "_made", [])
    monkeypatch.setattr(toolchain, "_NOTICED", [])
    monkeypatch.setattr(toolchain, "_BROKEN", {})
    return tmp_path / "cache"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Make a shell script the compiler, and count its calls in a file."""

    def install(body):
        script = tmp_path / "fakecc"
        script.write_text(
            '#!/bin/sh\n[ "$1" = --version ] && echo "fake 1.0" && exit 0\n[ "$1" = -Werror ] && exit 1\n'
            f'echo call >> "{tmp_path}/calls"\n{body}\n'
        )
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
@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b"",
        lambda b: b[:5000] + bytes([b[5000] ^ 1]) + b[5001:],
        lambda b: b + b"\0",
    ],
)
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
from autograd.compiler.backends.c import toolchain
from autograd.compiler.backends.c.bind import FLAGS
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
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    assert [p.stdout.readline() for p in started] == ["ready\n"] * 2
    assert [p.communicate("go\n", timeout=300)[0] for p in started] == ["done\n"] * 2
    assert not [
        p for p in cache.iterdir() if p.suffix not in (".so", ".dylib", ".dll")
    ]  # no temporary file is left


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
    with pytest.raises(
        toolchain.CompilationError, match=r"(?s)failed \(exit status 1\).*program\.c:1:.*nonsense"
    ):
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
    assert gone(int((tmp_path / "child").read_text()))


@posix
def test_a_broken_compiler_is_passed_over(monkeypatch, tmp_path):
    for name, body in (("cc", "exit 1"), ("gcc", 'echo "good 2.0"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.find_compiler() == toolchain.Compiler(
        (str(tmp_path / "gcc"),), "good 2.0", ("-march=native",)
    )


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
    assert sorted(p.name for p in folder.glob("*.h")) == ["runtime.h"]
    # What translations need lies beside the engine's C, and in a wheel too, which has nothing else of that.
    beside = folder.parents[2] / "native" / "arithmetic.h"
    wanted = {"runtime.h": (folder / "runtime.h").read_bytes(), "arithmetic.h": beside.read_bytes()}
    assert toolchain._headers() == wanted
    if (project := folder.parents[3] / "pyproject.toml").exists():
        packed = tomllib.loads(project.read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
        assert not any(fnmatch("autograd/native/arithmetic.h", pattern) for pattern in packed["exclude"])


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
    from autograd.compiler.backends.c import bind

    build = toolchain.build
    removed = []

    def lost(*arguments, **options):
        path = build(*arguments, **options)
        if not removed:
            removed.append(path)
            path.unlink()
        return path

    monkeypatch.setattr(toolchain, "build", lost)
    assert bind.loaded(SOURCE, ()).twice is not None
    assert removed


# What others may have put there.

PLANTED = "__attribute__((constructor)) static void planted(void) { abort(); }"
UNSAFE = {
    "written by all": lambda cache: cache.chmod(0o777),
    "written by all, sticky": lambda cache: cache.chmod(0o1777),
    "written by its group": lambda cache: cache.chmod(0o770),
    "in a folder written by all": lambda cache: cache.parent.chmod(0o777),
    "behind a link to one written by all": lambda cache: (
        cache.chmod(0o777),
        cache.rename(cache.parent / "real"),
        cache.symlink_to("real"),
    ),
    "of another user": lambda cache: os.chown(cache, 65534, 65534),
    "in a folder of another user": lambda cache: os.chown(cache.parent, 65534, 65534),
}


@posix
@needs_compiler
@pytest.mark.parametrize("kind", UNSAFE)
def test_a_cache_that_others_may_write_is_not_used(tmp_path, monkeypatch, kind):
    cache = tmp_path / "home" / "cache"
    cache.mkdir(parents=True)
    monkeypatch.setenv("CHAINRULE_CACHE", str(cache))
    good = toolchain.build(SOURCE)
    evil = toolchain.build(f"#include <stdlib.h>\n{PLANTED}\n{SOURCE}").read_bytes()
    key = good.name.partition("-")[0]
    good.unlink()
    planted = cache / toolchain._name(key, evil, good.suffix)
    planted.write_bytes(evil)  # its name is right: it is what lies there
    try:
        UNSAFE[kind](cache)
    except PermissionError:
        pytest.skip("only the superuser gives folders away")
    with pytest.warns(RuntimeWarning, match="not kept in .*cache: .*set CHAINRULE_CACHE"):
        path = toolchain.build(SOURCE)
    assert twice(path) == 42.0 and path.parent != cache
    assert toolchain.build(SOURCE + "//") != path  # and says so once
    assert (cache / planted.name).exists()
    if os.geteuid() == 0:
        os.chown(cache, 0, 0)


@posix
@needs_compiler
def test_an_object_of_another_user_is_not_loaded(cache):
    path = toolchain.build(SOURCE)
    try:
        os.chown(path, 65534, 65534)
    except PermissionError:
        pytest.skip("only the superuser gives files away")
    again = toolchain.build(SOURCE)
    assert again.stat().st_uid == os.geteuid() and twice(again) == 42.0


@posix
@needs_compiler
def test_a_link_in_the_place_of_an_object_is_not_followed(cache, tmp_path):
    path = toolchain.build(SOURCE)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not toolchain.build(SOURCE).is_symlink() and twice(path) == 42.0


@needs_compiler
def test_what_was_compared_is_what_is_loaded(cache, monkeypatch):
    from autograd.compiler.backends.c import bind

    gc.collect()
    path = toolchain.build(SOURCE)
    other = toolchain.build("double twice(double x) { return 3.0 * x; }")
    content = other.read_bytes()
    path.write_bytes(content)  # between building and loading
    with pytest.raises(OSError, match="not what was put there"):
        toolchain.load(path)
    assert twice(toolchain.build(SOURCE)) == 42.0
    opened = ctypes.CDLL

    def swap(name, *arguments):  # between comparing and loading
        path.write_bytes(content)
        return opened(name, *arguments)

    gc.collect()
    monkeypatch.setattr(toolchain.ctypes, "CDLL", swap)
    f = bind.loaded(SOURCE, ())["twice"]
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double]
    assert f(21.0) == 42.0
    assert [p.name for p in cache.iterdir() if p.name.startswith(".")] == []


# Unloading.


@needs_compiler
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux lists what is loaded")
def test_objects_are_unloaded_when_the_last_program_that_uses_them_is_gone():
    def mappings():
        return Path("/proc/self/maps").read_text().count("\n")

    path = toolchain.build(SOURCE)
    assert twice(path) == 42.0
    gc.collect()
    before = mappings()
    for _ in range(100):
        assert twice(path) == 42.0
        gc.collect(0)
    gc.collect()
    assert mappings() <= before + 20  # of the interpreter's own
    library = toolchain.load(path)
    f = library["twice"]
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double]
    assert toolchain.load(path) is library  # programs of the same code share it
    del library
    gc.collect()
    assert f(21.0) == 42.0  # a function keeps it


# A user's surroundings.

PROGRAM = """
import math, sys
from autograd import compile
for backend in sys.argv[1:]:
    f = compile(lambda x, y: x * y + x.sin(), backend=backend)
    assert abs(float(f(1.0, 2.0)) - 2.0 - math.sin(1.0)) < 1e-12
    g = compile(lambda x, y: x * y + x.cos(), backend=backend)
    assert abs(float(g(1.0, 2.0)) - 2.0 - math.cos(1.0)) < 1e-12
    print(f.report()["backend"], g.report()["backend"])
    print("Warning: the end of", backend, file=sys.stderr)
"""


def surroundings(tmp_path, *asked, **environment):
    """Run a program; return the backends it used, and the warnings for each that was asked for."""
    env = {k: v for k, v in {**os.environ, "PYTHONPATH": str(ROOT), **environment}.items() if v is not None}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *asked],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    warned = [line for line in result.stderr.splitlines() if "Warning: " in line]
    ends = [0, *(i for i, line in enumerate(warned, 1) if "the end of" in line)]
    return set(result.stdout.split()), [warned[i : j - 1] for i, j in itertools.pairwise(ends)]


FOLDERS = {
    "the working folder": ({"CHAINRULE_CACHE": "."}, 0),
    "a relative one": ({"CHAINRULE_CACHE": "a/b"}, 0),
    "a line break": ({"CHAINRULE_CACHE": "a\nb"}, 0),
    "no UTF-8": ({"CHAINRULE_CACHE": "a\udcffb"}, 0),
    "nobody's home": ({"CHAINRULE_CACHE": "~no-such-user/x"}, 1),
    "a device": ({"CHAINRULE_CACHE": os.devnull}, 1),
    "below a file": ({"CHAINRULE_CACHE": __file__ + "/x"}, 0),
    "a long name": ({"CHAINRULE_CACHE": "n" * 300}, 0),
    "no home": ({"CHAINRULE_CACHE": None, "XDG_CACHE_HOME": None, "HOME": None}, 0),
    "an empty home": ({"CHAINRULE_CACHE": None, "XDG_CACHE_HOME": None, "HOME": ""}, 0),
    "a relative home": ({"CHAINRULE_CACHE": None, "XDG_CACHE_HOME": "", "HOME": "here"}, 0),
}


@posix
@needs_compiler
@pytest.mark.parametrize("kind", FOLDERS)
def test_whatever_the_folder_of_the_cache_is_called_programs_run(tmp_path, kind):
    environment, sentences = FOLDERS[kind]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    backends, [warned] = surroundings(tmp_path, "c", TMPDIR=str(temporary), **environment)
    assert backends == {"c"} and len(warned) == sentences
    assert [name for name in os.listdir(temporary) if name.startswith("chainrule-build")] == []


@posix
def test_a_user_without_home_or_name_has_a_folder_among_the_temporary_ones(monkeypatch, tmp_path):
    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.setattr(toolchain.sys, "platform", "linux")
    monkeypatch.setattr(toolchain.tempfile, "gettempdir", lambda: str(tmp_path))
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(_):
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert toolchain.cache_folder() == tmp_path / f"chainrule-{os.getuid()}"


COMPILERS = [
    "gcc -c", "true", "false", "cat", "yes", "sh -c", sys.executable, "gcc -fsyntax-only",
    "no-such-compiler", "gcc '",
]  # fmt: skip


@posix
@pytest.mark.parametrize("command", COMPILERS)
def test_whatever_is_called_a_compiler_programs_run(tmp_path, command):
    if shutil.which(command.split()[0]) is None and command != "no-such-compiler":
        pytest.skip("not on this system")
    backends, [silent, warned] = surroundings(tmp_path, "auto", "c", CC=command)
    assert "c" not in backends
    assert silent == [] and len(warned) == 1  # one sentence for all programs
    assert all("no C compiler" in line and "using NumPy" in line and len(line) < 600 for line in warned)


BAD_COMPILERS = {
    "says without end what it is": ("yes", "echo never reached", "no C compiler was found"),
    "never says what it is": ("sleep 600", "", "no C compiler was found"),
    "talks without end": ('echo "fake 1.0"', "yes", "said more than"),
    "makes an empty file": ('echo "fake 1.0"', ': > "$out"', "makes no shared object"),
    "makes a folder": ('echo "fake 1.0"', 'mkdir "$out"', "failed (exit status 0)"),
    "makes a file without end": ('echo "fake 1.0"', 'truncate -s 1G "$out"', "made too much"),
}


@posix
@pytest.mark.parametrize("kind", BAD_COMPILERS)
def test_a_compiler_that_does_harm_is_stopped_and_named_in_one_sentence(tmp_path, monkeypatch, kind):
    from autograd.compiler import choose, compile

    version, body, told = BAD_COMPILERS[kind]
    script = tmp_path / "cc"
    find = 'for word; do [ "$next" ] && out=$word && next=; [ "$word" = -o ] && next=1; done'
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *--version*) {version}; exit 0;; *-E*) exit 1;; esac\n{find}\n{body}\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setattr(choose, "_NOTICED", [])
    run = toolchain.run
    monkeypatch.setattr(
        toolchain, "run", lambda command, folder, timeout: run(command, folder, min(timeout, 5.0))
    )
    f = compile(lambda x: x * x + x, backend="c")
    with pytest.warns(RuntimeWarning, match="no C compiler.*using NumPy") as caught:
        assert float(f(3.0)) == 12.0
    assert len(caught) == 1
    assert told in f.report()["because"]
    assert f.report()["backend"] == "numpy"


@posix
@needs_compiler
def test_a_child_that_keeps_the_compilers_output_open_is_not_waited_for(fake, tmp_path):
    fake(f'sleep 600 & echo $! > {tmp_path}/child\nexec {real()} "$@"')
    assert twice(toolchain.build(SOURCE)) == 42.0
    assert gone(int((tmp_path / "child").read_text()))


def gone(pid):
    """Wait until a process has ended; tell whether it has."""
    for _ in range(400):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


@posix
@pytest.mark.parametrize("kill", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_killed_compile_leaves_no_compiler_running_and_no_folder(fake, tmp_path, kill):
    fake(f"sleep 600 & echo $! > {tmp_path}/child; mv {tmp_path}/child {tmp_path}/pid\nwait")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from autograd.compiler.backends.c import toolchain; toolchain.build({SOURCE!r})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stderr=subprocess.DEVNULL,
    ) as process:
        while not (tmp_path / "pid").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(getattr(signal, kill))
    assert gone(int((tmp_path / "pid").read_text()))
    assert wait_for(lambda: not os.listdir(temporary))  # the shell beside it removes the folder


@posix
@needs_compiler
def test_folders_of_killed_processes_are_removed_by_the_next_compile_and_those_of_living_ones_are_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(folders.tempfile, "gettempdir", lambda: str(tmp_path))
    left, kept = tmp_path / f"chainrule-build-{'0' * 16}", tmp_path / "chainrule-build-notes"
    unlocked, orphan = (
        tmp_path / f"chainrule-build-{'1' * 16}",
        tmp_path / f"chainrule-build-{'2' * 16}{folders.LOCK}",
    )
    for folder in (left, kept, unlocked):
        folder.mkdir()
        (folder / "program.c").touch()
    for file in (left, kept):
        file.with_name(file.name + folders.LOCK).touch()
    orphan.touch()
    with folders.own_folder(toolchain.cache_folder) as living:
        toolchain.build(SOURCE)
        assert kept.exists() and living.exists()
        assert not left.exists() and not unlocked.exists() and not orphan.exists()
    assert sorted(os.listdir(tmp_path)) == ["cache", kept.name, kept.name + folders.LOCK]


def children():
    """Return the command lines of running processes that this one or the shells beside it started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"STRUCK={os.getpid()}".encode() in path.read_bytes().split(b"\0"):
                found.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def wait_for(done):
    """Wait until something is so; tell whether it is."""
    for _ in range(2000):
        if done():
            return True
        time.sleep(0.01)
    return False


@posix
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux tells which processes there are")
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)  # what is struck is not closed
@pytest.mark.parametrize("second", [0, 1, 4])
def test_a_compile_struck_at_any_bytecode_leaves_no_process_and_no_folder_after_the_next(
    monkeypatch, tmp_path, second
):
    from autograd.compiler.backends.c import running

    monkeypatch.setenv("STRUCK", str(os.getpid()))
    monkeypatch.setattr(folders.tempfile, "gettempdir", lambda: str(tmp_path))
    where = (running.__file__, folders.__file__, subprocess.__file__)

    def work():
        with folders.own_folder(toolchain.cache_folder) as folder:
            running.run(("sleep", "600"), folder, -1.0)  # which it stops at once, after it has started

    def until_stopped():
        with contextlib.suppress(subprocess.TimeoutExpired):
            work()

    with pytest.raises(subprocess.TimeoutExpired):
        work()

    for strike in strikes.all_strikes(until_stopped, (second,), some=5, where=where):
        strike.kept = None
        gc.collect()
        assert wait_for(lambda: not children()), children()
        subprocess._cleanup()  # type: ignore[attr-defined]  # of what was struck, which the next run would do, taking more bytecodes
        with folders.own_folder(toolchain.cache_folder) as folder:
            assert {path.name for path in tmp_path.glob("chainrule-build-*")} == {
                folder.name,
                folder.name + folders.LOCK,
            }


@posix
@needs_compiler
def test_processes_killed_at_random_moments_of_a_compile_leave_no_process_and_no_folder_after_the_next(
    monkeypatch, tmp_path
):
    rng = random.Random(1)
    program = (
        "from autograd.compiler.backends.c import toolchain\n"
        f"for i in range(10**6): toolchain._compile({SOURCE!r}, toolchain.find_compiler(), "
        "('-shared',), '.so', 30.0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "STRUCK": str(os.getpid())}
    monkeypatch.setattr(folders.tempfile, "gettempdir", lambda: str(tmp_path))
    for _ in range(100 if strikes.EVERY else 8):
        with subprocess.Popen([sys.executable, "-c", program], env=environment) as process:
            assert wait_for(lambda: [*tmp_path.glob("chainrule-build-*")])
            time.sleep(rng.uniform(0.0, 0.05))
            process.kill()
        assert wait_for(lambda: not children()), children()
        with folders.own_folder(toolchain.cache_folder) as folder:
            assert {path.name for path in tmp_path.glob("chainrule-build-*")} == {
                folder.name,
                folder.name + folders.LOCK,
            }


FLAGS_THAT_BREAK = {
    # From version 13 on gcc leaves the processor's mode as it is where it links a shared object.
    "-funsafe-math-optimizations": r"numbers below 2\.2e-308 become zero|sums change their order",
    "-ffinite-math-only": "NaN is taken for a number",
    "-fassociative-math -fno-signed-zeros": "sums change their order",
    "-freciprocal-math": "quotients are rounded otherwise",
    "-fno-signed-zeros": "zero loses its sign",
    "-ffast-math": "compile without -ffast-math",
    "-fsanitize=address": "ends the process that loads it",
}
TINY = """
import sys
from autograd import Value, compile
x = Value(3.0)
f = compile(lambda: x.tanh() * x, [x], backend=sys.argv[1])
assert abs(f() - 2.98516442) < 1e-6
print(f.report()["backend"], float("1e-310") * x.data / 3.0)
"""


@posix
@pytest.mark.parametrize("flags", FLAGS_THAT_BREAK)
@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_a_compiler_whose_flags_break_arithmetic_or_the_process_is_passed_over_in_one_sentence(
    tmp_path, name, flags
):
    if shutil.which(name) is None:
        pytest.skip("not on this system")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CC": f"{name} {flags}"}
    result = subprocess.run(
        [sys.executable, "-c", TINY, "c"], capture_output=True, text=True, env=env, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["numpy", "1e-310"]
    (said,) = [line for line in result.stderr.splitlines() if "Warning: " in line]
    assert "using NumPy" in said
    assert re.search(FLAGS_THAT_BREAK[flags], said) or "makes no shared object" in said


@needs_compiler
def test_the_probe_is_compiled_and_run_once_for_a_cache(cache, monkeypatch):
    monkeypatch.setattr(toolchain, "_FOUND_RIGHT", set())
    toolchain.examine()
    toolchain._FOUND_RIGHT.clear()
    monkeypatch.setattr(toolchain, "_compile", lambda *_: pytest.fail("compiled again"))
    toolchain.examine()


@posix
@needs_compiler
def test_what_a_compiler_writes_for_itself_goes_with_its_folder(fake, tmp_path, monkeypatch):
    places = tmp_path / "places"
    fake(f'echo "$TMPDIR" "$TMP" "$TEMP" "$PWD" >> "{places}"; touch "$TMPDIR/ccXXXX.s"; exec {real()} "$@"')
    toolchain.build(SOURCE)
    (line,) = places.read_text().splitlines()
    assert len({os.path.realpath(place) for place in line.split()}) == 1
    assert not os.path.exists(line.split()[0])


@posix
@needs_compiler
def test_a_forked_child_that_ends_leaves_its_parents_folder(tmp_path):
    program = """
import os, sys
from autograd import Value, compile
def run(k):
    x = Value(2.0)
    f = compile(lambda: (x * k).tanh(), [x], backend="c")
    f()
    return f.report()["backend"]
backends = [run(1.0)]
child = os.fork()
if child == 0:
    assert run(2.0) == "c"
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
print(*backends, run(3.0))
"""
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    (tmp_path / "temporary").mkdir()
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CHAINRULE_CACHE": str(open_to_all),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=300, check=False
    )
    assert result.stdout.split() == ["c", "c"], result.stderr
    assert os.listdir(tmp_path / "temporary") == []
