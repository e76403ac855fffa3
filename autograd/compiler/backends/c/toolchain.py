"""From C source to a shared object: finding a compiler, calling it, keeping what it made.

Objects are kept in a folder of the user's, under a name made of two hashes: one of everything that went in
(source, headers, compiler, flags, processor), one of what came out. So an object is found without asking the
compiler, a damaged one gives itself away, and two processes that build the same thing cannot disturb each
other: each writes a file of its own and moves it into place in one step. The objects used last are kept.

What lies there is run, so a folder that others may write to is not used; what is loaded is a private copy of
the very bytes that were compared with the name, and it is unloaded when nobody uses it any more. A compiler
is given a limit of time and of words, and is stopped with its children when this process ends, however it
ends.
"""

from __future__ import annotations

import _ctypes
import atexit
import contextlib
import ctypes
import hashlib
import os
import platform
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import warnings
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from autograd.compiler.backends.c import probe
from autograd.compiler.backends.c.folders import distrust, own_folder
from autograd.compiler.backends.c.running import run
from autograd.errors import MissingDependencyError
from autograd.keep.files import read_bytes, temporary_file, write_atomically
from autograd.words import gettext, unpacked

__all__ = [
    "STRICT",
    "CompilationError",
    "Compiler",
    "broken",
    "build",
    "cache_folder",
    "examine",
    "find_compiler",
    "load",
    "no_compiler",
]

HEADERS = {"runtime.h": "autograd.compiler.backends.c", "arithmetic.h": "autograd.native"}
"""What a program may include, and the packages where it lies."""
# No -ffast-math: it loses NaN, and at link time it changes the rounding of the whole process; a compiler
# whose own flags do such things is found out by `probe`. What is here instead gives up nothing but errno and
# floating-point traps, which nobody reads, so that loops become vector code.
FLAGS = ("-std=c11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-Wall", "-Wextra")
SANITIZERS = (
    "-O0",
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
)
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
        The flags that ask for this very processor's instructions, if it knows some.
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

    The environment variable ``CC``, which may hold flags too; without it ``cc``, ``gcc`` or ``clang``,
    whichever comes first on the path. The answer is remembered as long as those variables stay the same; one
    that `broken` found unable to make anything is none.

    Examples
    --------
    >>> compiler = find_compiler()
    >>> compiler is None or bool(compiler.version)
    True
    """
    compiler = _find(os.environ.get("CC", "").strip(), os.environ.get("PATH", ""))
    return None if compiler in _BROKEN else compiler


_BROKEN: dict[Compiler | None, str] = {}
"""Compilers that cannot make anything, and why: a memory, so that each is tried once."""


def no_compiler() -> str:
    """Say why `find_compiler` has none to offer."""
    compiler = _find(os.environ.get("CC", "").strip(), os.environ.get("PATH", ""))
    if compiler in _BROKEN:
        return gettext(
            "no C compiler works ({command}: {why})",
            command=shlex.join(compiler.command) if compiler else "", why=_BROKEN[compiler],
        )  # fmt: skip
    return gettext("no C compiler was found (gcc, cc, clang, or the one that CC names)")


def broken() -> str:
    """Try the compiler on a program that is known to be right.

    Return what is wrong with it, or an empty text.
    """
    compiler = find_compiler()
    if compiler is None:
        return no_compiler()
    reason = _flaw(compiler)
    if not reason:
        return ""
    _BROKEN[compiler] = reason
    return no_compiler()


def examine() -> None:
    """Try the compiler once, before anything that it made is loaded by this process.

    Raises
    ------
    CompilationError
        If its programs end the process that loads them, or break the rules of IEEE arithmetic.
    """
    if reason := broken():
        raise CompilationError(reason)


def _flaw(compiler: Compiler) -> str:
    """Compile the probe, unless that was done and found right, and run it in a process of its own."""
    suffix, options = _suffix(executable=False), (*compiler.flags, *_shared())
    key = _key(probe.SOURCE, compiler, options, suffix)
    if key in _FOUND_RIGHT or any(_cached(folder, key, suffix) for folder in (cache_folder(), *_made)):
        _FOUND_RIGHT.add(key)
        return ""
    try:
        content = _compile(probe.SOURCE, compiler, options, suffix, 30.0)
        with own_folder(cache_folder) as folder:
            (folder / f"probe{suffix}").write_bytes(content)
            reason = probe.heard(folder / f"probe{suffix}", 30.0)
        if not reason:
            _store(content, key, suffix)
            _FOUND_RIGHT.add(key)
        return reason
    except (CompilationError, OSError) as error:
        lines = str(error).splitlines()
        said = next(
            (line for line in lines[1:] if "error: " in line), lines[0].removeprefix("the C compiler ")
        )
        why = said.rpartition(": ")[2] if isinstance(error, OSError) else said
        return gettext("of a few lines it makes no shared object: {why}", why=why[:200])


_FOUND_RIGHT: set[str] = set()
"""Keys of probes that ran as they should: a memory, so that each is run once."""


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
        program = os.path.abspath(program)  # it is called from another folder
        try:
            code, said = run((program, *command[1:], "--version"), None, 10.0)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if code == 0 and said.strip():
            full = (program, *command[1:])
            return Compiler(full, said.strip(), _native(full))
    return None


def _native(command: tuple[str, ...]) -> tuple[str, ...]:
    """Ask by preprocessing an empty file.

    Which spelling is known depends on the processor and the version.
    """
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # then without it
        for flag in ("-march=native", "-mcpu=native"):
            code, said = run((*command, "-Werror", flag, "-E", "-x", "c", os.devnull), None, 10.0)
            if code == 0 and "argument unused" not in said:
                return (flag,)
    return ()


def build(
    source: str, *, sanitize: bool = False, executable: bool = False, flags: Sequence[str] = (),
    timeout: float | None = None,
) -> Path:
    """Compile a program, unless that was done before, and return the file.

    Parameters
    ----------
    source
        C11. ``#include "runtime.h"`` finds the run-time library.
    sanitize
        Whether addresses and undefined behaviour are checked while it runs (for tests).
    executable
        Whether to make a program with a ``main`` rather than a shared object.
    flags
        Further flags of the compiler.
    timeout
        Seconds after which the compiler is stopped; by default 30 and one more for each thousand characters,
        at most 600.

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
        raise MissingDependencyError(
            _missing(),
            'backend="c"',
            INSTALL.get(sys.platform, gettext("your system's package manager (gcc or clang)")),
        )
    options = (*compiler.flags, *(SANITIZERS if sanitize else ()), *(() if executable else _shared()), *flags)
    suffix = _suffix(executable)
    key = _key(source, compiler, options, suffix)
    for folder in (cache_folder(), *_made):
        found = _cached(folder, key, suffix)
        if found is not None:
            return found
    limit = min(600.0, 30.0 + len(source) / 1000.0) if timeout is None else timeout
    return _store(_compile(source, compiler, options, suffix, limit), key, suffix)


def load(path: Path) -> ctypes.CDLL:
    """Load a shared object that `build` made; it is unloaded when the library and its functions are gone.

    Parameters
    ----------
    path
        The file. Its content is compared with its name, and a private copy of that content is what is loaded.

    Raises
    ------
    OSError
        If the file is not what was built, or the system refuses it, for instance because programs may not run
        from that folder.
    """
    name = path.name
    library = _LOADED.get(name)
    if library is None:
        content = read_bytes(path)
        if OBJECT.fullmatch(name) and name != _name(name.partition("-")[0], content, path.suffix):
            raise OSError(gettext("the compiled code in {path} is not what was put there", path=path))
        try:
            library = _opened(content, path.parent)
        except OSError as error:
            raise OSError(gettext(
                "cannot load compiled code ({error}); set CHAINRULE_CACHE to a folder from which "
                "programs may run",
                error=error,
            )) from error  # fmt: skip
        _LOADED[name] = library
    return library


_LOADED: weakref.WeakValueDictionary[str, ctypes.CDLL] = weakref.WeakValueDictionary()
"""The libraries in use: programs of the same code share one."""


def _opened(content: bytes, folder: Path) -> ctypes.CDLL:
    """Load a copy of the content that nobody else knows of."""
    try:
        return _from_copy(content, folder)
    except OSError:
        if folder in _made:
            raise
        return _from_copy(
            content, _private()
        )  # the folder is for reading only, or programs may not run from it


def _from_copy(content: bytes, folder: Path) -> ctypes.CDLL:
    if os.name == "posix":
        with temporary_file(folder, content) as path:
            return _library(path)
    name = hashlib.sha256(content).hexdigest()[:32] + _suffix(executable=False)
    return _library(
        str(write_atomically(_private() / name, content))
    )  # what is loaded cannot be removed there


def _library(path: str) -> ctypes.CDLL:
    library = ctypes.CDLL(path)
    # A function keeps its library, so nothing of it is running then. When the process ends there is no need.
    weakref.finalize(library, _unload, library._handle).atexit = False
    return library


def _unload(handle: int) -> None:
    release: Any = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary  # type: ignore[attr-defined]
    release(handle)


def cache_folder() -> Path:
    """Return the folder where compiled objects are kept; it need not exist.

    ``CHAINRULE_CACHE`` where set, else ``chainrule`` in the system's folder for a user's caches, or, for a
    user without a home, a folder of that user's among the temporary ones.
    """
    try:
        return Path(os.path.abspath(_wanted_folder()))
    except RuntimeError as error:  # no home
        if os.environ.get("CHAINRULE_CACHE"):
            _notice(gettext(
                "CHAINRULE_CACHE={given} names no folder ({error})",
                given=os.environ["CHAINRULE_CACHE"], error=error,
            ))  # fmt: skip
        return Path(tempfile.gettempdir()) / f"chainrule-{os.getuid() if os.name == 'posix' else 'cache'}"


def _wanted_folder() -> Path:
    given = os.environ.get("CHAINRULE_CACHE")
    if given:
        if given.startswith("~") and not (home := Path(Path(given).parts[0]).expanduser()).is_dir():
            raise RuntimeError(gettext("there is no folder {home}", home=home))
        return Path(given).expanduser()
    base: str | Path | None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        base = (
            base if base and os.path.isabs(base) else Path.home() / ".cache"
        )  # as the standard for that variable has it
    if not os.path.isabs(base):
        raise RuntimeError(gettext("this user has no home"))
    return Path(base) / "chainrule"


def _missing() -> str:
    if _find(os.environ.get("CC", "").strip(), os.environ.get("PATH", "")) in _BROKEN:
        return gettext("a C compiler that works ({why})", why=no_compiler())
    wanted = os.environ.get("CC", "").strip()
    if wanted:
        return gettext("the C compiler that the environment variable CC names ({name})", name=wanted)
    return gettext("a C compiler")


def _shared() -> tuple[str, ...]:
    return ("-shared",) if sys.platform == "win32" else ("-shared", "-fPIC")


def _suffix(executable: bool) -> str:
    if sys.platform == "win32":
        return ".exe" if executable else ".dll"
    return ".bin" if executable else ".dylib" if sys.platform == "darwin" else ".so"


# The cache.


@lru_cache(maxsize=1)
def _headers() -> dict[str, bytes]:
    found = {name: unpacked(resources.files(package), name) for name, package in HEADERS.items()}
    return {name: text.encode() for name, text in found.items()}


@lru_cache(maxsize=1)
def _processor() -> str:
    """What -march=native depends on: the model, and the instructions that it has."""
    facts = [sys.platform, platform.machine(), platform.processor()]
    if sys.platform == "darwin":
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # without it, the facts above must do
            facts.append(run(("sysctl", "-n", "machdep.cpu.brand_string"), None, 10.0)[1])
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


def _notice(sentence: str) -> None:
    """Warn once."""
    if sentence not in _NOTICED:
        _NOTICED.append(sentence)
        warnings.warn(sentence, RuntimeWarning, stacklevel=2)


_NOTICED: list[str] = []


def _usable(folder: Path) -> bool:
    """Tell whether objects may be taken from a folder, and say once if not."""
    reason = distrust(folder)
    if reason:
        _notice(gettext(
            "compiled programs are not kept in {folder}: {reason}; set CHAINRULE_CACHE to a folder that only "
            "you can write to",
            folder=folder, reason=reason,
        ))  # fmt: skip
    return not reason


def _cached(folder: Path, key: str, suffix: str) -> Path | None:
    """Return the object of that key if its content is what its name says; remove it otherwise."""
    try:
        candidates = sorted(folder.glob(f"{key}-*{suffix}")) if folder.is_dir() and _usable(folder) else []
    except OSError:
        return None
    for path in candidates:
        with contextlib.suppress(
            OSError, ValueError
        ):  # taken away by another process, or not ours to remove: build anew
            facts = os.lstat(path)
            ours = os.name != "posix" or (stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid())
            if ours and path.name == _name(key, read_bytes(path), suffix):
                with contextlib.suppress(OSError):  # a cache for reading only
                    os.utime(path)  # in use: the last to be pruned
                return path
            path.unlink()
    return None


def _name(key: str, content: bytes, suffix: str) -> str:
    return f"{key}-{hashlib.sha256(content).hexdigest()[:32]}{suffix}"


def _store(content: bytes, key: str, suffix: str) -> Path:
    """Write an object into the cache, or where that cannot be used, into a folder of this process."""
    folder = cache_folder()
    try:
        if not _usable(folder):
            raise OSError
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
            with contextlib.suppress(
                OSError
            ):  # gone, used by a program on a system that locks it, or used just now
                if path.stat().st_mtime == used:
                    path.unlink()


_made: list[Path] = []


def _private() -> Path:
    """Return this process's own folder for objects, which goes when the process ends."""
    if not _made:
        folder = contextlib.ExitStack()
        _made.append(folder.enter_context(own_folder(cache_folder)))
        atexit.register(folder.close)
    return _made[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_made.clear)  # a child makes a folder of its own


# The compiler.


def _compile(source: str, compiler: Compiler, options: tuple[str, ...], suffix: str, timeout: float) -> bytes:
    with own_folder(cache_folder) as folder:
        for header, content in _headers().items():
            (folder / header).write_bytes(content)
        (folder / "program.c").write_text(source, encoding="utf-8")
        command = (*compiler.command, *options, "program.c", "-o", f"program{suffix}", "-lm")
        try:
            code, said = run(command, folder, timeout)
        except subprocess.TimeoutExpired:
            raise CompilationError(gettext(
                'the C compiler needed more than {timeout} s for this program; use backend="numpy", or '
                "batch=True to trace one example only",
                timeout=f"{timeout:g}",
            )) from None  # fmt: skip
        except OSError as error:
            raise CompilationError(gettext("the C compiler cannot be used: {error}", error=error)) from error
        made = folder / f"program{suffix}"
        if code != 0 or not made.is_file():
            lines = said.strip().splitlines() or [gettext("(it said nothing)")]
            more = [gettext("... and {count} lines more", count=len(lines) - 30)] if len(lines) > 30 else []
            shown = "\n".join([*lines[:30], *more])
            raise CompilationError(gettext(
                "the C compiler failed (exit status {code}): {command}\n{shown}",
                code=code, command=shlex.join(command), shown=shown,
            ))  # fmt: skip
        try:
            return read_bytes(made)
        except ValueError as error:
            raise CompilationError(gettext("the C compiler made too much: {error}", error=error)) from None
