"""From C source to a shared object: finding a compiler, calling it, keeping what it made.

Objects are kept in a folder of the user's, under a name made of two hashes: one of everything that went in
(source, headers, compiler, flags, processor), one of what came out. So an object is found without asking the
compiler, a damaged one gives itself away, and two processes that build the same thing cannot disturb each
other: each writes a file of its own and moves it into place in one step. The objects used last are kept.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import hashlib
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from autograd.errors import MissingDependencyError
from autograd.files import write_atomically

__all__ = ["STRICT", "CompilationError", "Compiler", "build", "cache_folder", "find_compiler", "load"]

HEADERS = ("c_runtime.h", "c_special.h", "c_nary.h", "c_wide.h")
# No -ffast-math: it loses NaN, and at link time it changes the rounding of the whole process. What is here instead
# gives up nothing but errno and floating-point traps, which nobody reads, so that loops become vector code.
FLAGS = ("-std=c11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-Wall", "-Wextra")
SANITIZERS = ("-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
KEPT, KEPT_BYTES = 200, 512 * 2**20
"""How many objects the cache keeps, and how much of the disk they may take."""
OBJECT = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}\.(so|dylib|dll|bin|exe)")
STRICT = ("-Werror",)
"""Flags for tests: a newer compiler's new warnings should not stop a user's program."""

INSTALL = {
    "linux": "sudo apt install gcc   (or: sudo dnf install gcc)",
    "darwin": "xcode-select --install",
    "win32": "winget install --id BrechtSanders.WinLibs.POSIX.UCRT",
}


class CompilationError(RuntimeError):
    """The C compiler refused a program, or took too long; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler that answered.

    Attributes
    ----------
    command : tuple of str
        How to call it.
    version : str
        What it says of itself.
    native : tuple of str
        The flag that asks for this very processor's instructions, if it knows one.
    """

    command: tuple[str, ...]
    version: str
    native: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of every build."""
        return FLAGS + self.native


def find_compiler() -> Compiler | None:
    """Return the C compiler to use, or None.

    The environment variable ``CC``, which may hold flags too; without it ``cc``, ``gcc`` or ``clang``, whichever
    comes first on the path. The answer is remembered as long as those variables stay the same.

    Examples
    --------
    >>> compiler = find_compiler()
    >>> compiler is None or bool(compiler.version)
    True
    """
    return _find(os.environ.get("CC", "").strip(), os.environ.get("PATH", ""))


@lru_cache(maxsize=16)
def _find(wanted: str, path: str) -> Compiler | None:
    try:
        commands = [tuple(shlex.split(wanted))] if wanted else [("cc",), ("gcc",), ("clang",)]
    except ValueError:  # a quotation mark without its partner
        return None
    for command in commands:
        program = shutil.which(command[0], path=path)
        if program is None:
            continue
        try:
            code, said = _run((program, *command[1:], "--version"), None, 30.0)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if code == 0 and said.strip():
            full = (program, *command[1:])
            return Compiler(full, said.strip(), _native(full))
    return None


def _native(command: tuple[str, ...]) -> tuple[str, ...]:
    """Ask by preprocessing an empty file: which spelling is known depends on the processor and the version."""
    for flag in ("-march=native", "-mcpu=native"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # then without it
            code, said = _run((*command, flag, "-Werror", "-E", "-x", "c", os.devnull), None, 30.0)
            if code == 0 and "argument unused" not in said:
                return (flag,)
    return ()


def build(
    source: str, *, sanitize: bool = False, executable: bool = False, flags: Sequence[str] = (), timeout: float = 600.0
) -> Path:
    """Compile a program, unless that was done before, and return the file.

    Parameters
    ----------
    source
        C11. ``#include "c_runtime.h"`` finds the run-time library.
    sanitize
        Whether addresses and undefined behaviour are checked while it runs (for tests).
    executable
        Whether to make a program with a ``main`` rather than a shared object.
    flags
        Further flags of the compiler.
    timeout
        Seconds after which the compiler is stopped.

    Raises
    ------
    MissingDependencyError
        If there is no compiler.
    CompilationError
        If it refuses the source, or takes too long.

    Examples
    --------
    >>> if find_compiler():
    ...     library = load(build("double twice(double x) { return 2.0 * x; }"))
    ...     library.twice.restype, library.twice.argtypes = ctypes.c_double, [ctypes.c_double]
    ...     assert library.twice(21.0) == 42.0
    """
    compiler = find_compiler()
    if compiler is None:
        raise MissingDependencyError(_missing(), 'backend="c"', INSTALL.get(sys.platform, "your system's package manager (gcc or clang)"))
    kind = () if executable else ("-shared",) if sys.platform == "win32" else ("-shared", "-fPIC")
    options = (*compiler.flags, *(SANITIZERS if sanitize else ()), *kind, *flags)
    suffix = _suffix(executable)
    key = _key(source, compiler, options, suffix)
    for folder in (cache_folder(), *_made):
        found = _cached(folder, key, suffix)
        if found is not None:
            return found
    return _store(_compile(source, compiler, options, suffix, timeout), key, suffix)


def load(path: Path) -> ctypes.CDLL:
    """Load a shared object that `build` made.

    Raises
    ------
    OSError
        If the system refuses it, for instance because programs may not run from that folder.
    """
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise OSError(f"cannot load compiled code ({error}); set CHAINRULE_CACHE to a folder from which programs may run") from error


def cache_folder() -> Path:
    """Return the folder where compiled objects are kept; it need not exist.

    ``CHAINRULE_CACHE`` where set, else ``chainrule`` in the system's folder for a user's caches.
    """
    given = os.environ.get("CHAINRULE_CACHE")
    if given:
        return Path(given).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chainrule"


def _missing() -> str:
    wanted = os.environ.get("CC", "").strip()
    return f"the C compiler that the environment variable CC names ({wanted})" if wanted else "a C compiler"


def _suffix(executable: bool) -> str:
    if sys.platform == "win32":
        return ".exe" if executable else ".dll"
    return ".bin" if executable else ".dylib" if sys.platform == "darwin" else ".so"


# The cache.


@lru_cache(maxsize=1)
def _headers() -> dict[str, bytes]:
    package = resources.files("autograd.compiler")
    return {name: (package / name).read_bytes() for name in HEADERS}


@lru_cache(maxsize=1)
def _processor() -> str:
    """What -march=native depends on: the model, and the instructions that it has."""
    facts = [sys.platform, platform.machine(), platform.processor()]
    if sys.platform == "darwin":
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # without it, the facts above must do
            facts.append(_run(("sysctl", "-n", "machdep.cpu.brand_string"), None, 10.0)[1])
    with contextlib.suppress(OSError):  # Linux only
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
        telling = ("model name", "flags", "features", "cpu implementer", "cpu part", "isa")
        facts += [line for line in first.splitlines() if line.lower().startswith(telling)]
    return "\n".join(facts)


def _key(source: str, compiler: Compiler, options: tuple[str, ...], suffix: str) -> str:
    digest = hashlib.sha256()
    parts = [source, *compiler.command, compiler.version, *options, suffix, _processor()]
    for part in [*(p.encode("utf-8", "surrogateescape") for p in parts), *_headers().values()]:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:32]


def _cached(folder: Path, key: str, suffix: str) -> Path | None:
    """Return the object of that key if its content is what its name says; remove it otherwise."""
    try:
        candidates = sorted(folder.glob(f"{key}-*{suffix}"))
    except OSError:
        return None
    for path in candidates:
        with contextlib.suppress(OSError):  # taken away by another process, or not ours to remove: build anew
            if path.name == _name(key, path.read_bytes(), suffix):
                with contextlib.suppress(OSError):  # a cache for reading only
                    os.utime(path)  # in use: the last to be pruned
                return path
            path.unlink()
    return None


def _name(key: str, content: bytes, suffix: str) -> str:
    return f"{key}-{hashlib.sha256(content).hexdigest()[:32]}{suffix}"


def _store(content: bytes, key: str, suffix: str) -> Path:
    """Write an object into the cache, or where that cannot be written, into a folder of this process."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = write_atomically(folder / _name(key, content, suffix), content)
        _prune(folder)
    except OSError:
        path = write_atomically(_private() / _name(key, content, suffix), content)
    if suffix in (".bin", ".exe"):
        path.chmod(0o700)
    return path


def _prune(folder: Path) -> None:
    """Remove the objects that were not used for the longest time, where there are too many.

    Only files with names of this cache, and none of the last minute: another process may be about to load it.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if OBJECT.fullmatch(entry.name):
                with contextlib.suppress(OSError):  # gone already: another process prunes too
                    facts = entry.stat()
                    found.append((facts.st_mtime, facts.st_size, Path(entry.path)))
    total = 0
    for rank, (used, size, path) in enumerate(sorted(found, key=lambda f: -f[0])):
        total += size
        if (rank >= KEPT or total > KEPT_BYTES) and time.time() - used > 60.0:
            with contextlib.suppress(OSError):  # gone, used by a program on a system that locks it, or used just now
                if path.stat().st_mtime == used:
                    path.unlink()


_made: list[Path] = []


def _private() -> Path:
    """Return this process's own folder for objects, which goes when the process ends."""
    if not _made:
        _made.append(Path(tempfile.mkdtemp(prefix="chainrule-")))
        atexit.register(shutil.rmtree, _made[0], ignore_errors=True)
    return _made[0]


# The compiler.


def _compile(source: str, compiler: Compiler, options: tuple[str, ...], suffix: str, timeout: float) -> bytes:
    with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for header, content in _headers().items():
            (folder / header).write_bytes(content)
        (folder / "program.c").write_text(source, encoding="utf-8")
        command = (*compiler.command, *options, "program.c", "-o", f"program{suffix}", "-lm")
        try:
            code, said = _run(command, folder, timeout)
        except subprocess.TimeoutExpired:
            message = f'the C compiler needed more than {timeout:g} s for this program; use backend="numpy", or batch=True to trace one example only'
            raise CompilationError(message) from None
        except OSError as error:
            raise CompilationError(f"the C compiler cannot be started: {error}") from error
        made = folder / f"program{suffix}"
        if code != 0 or not made.is_file():
            lines = said.strip().splitlines() or ["(it said nothing)"]
            shown = "\n".join(lines[:30]) + (f"\n... and {len(lines) - 30} lines more" if len(lines) > 30 else "")
            raise CompilationError(f"the C compiler failed (exit status {code}): {shlex.join(command)}\n{shown}")
        return made.read_bytes()


def _run(command: tuple[str, ...], folder: Path | None, timeout: float) -> tuple[int, str]:
    """Run a program and return its exit status and all it said; after ``timeout`` stop it and its children."""
    environment = {**os.environ, "LC_ALL": "C"}  # messages as everybody can look them up
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=os.name == "posix",
    ) as process:  # fmt: skip
        try:
            said = process.communicate(timeout=timeout)[0]
        except BaseException:
            # gcc is a driver of other programs, which would go on without it.
            with contextlib.suppress(ProcessLookupError):
                if os.name == "posix":
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
            raise
    return process.returncode, said.decode("utf-8", "replace")
