"""Compiled shared objects on disk, keyed by their content."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from autograd.errors import MissingDependencyError

__all__ = ["compiler", "directory", "load"]

FLAGS = ("-O3", "-march=native", "-std=gnu11", "-fPIC", "-shared", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra", "-Werror")
DIGEST = 32


@lru_cache(maxsize=1)
def compiler() -> str | None:
    """Return the C compiler: ``$CC``, gcc, cc or clang, whichever is found first; None without one."""
    for name in (os.environ.get("CC", ""), "gcc", "cc", "clang"):
        if name and shutil.which(name):
            return shutil.which(name)
    return None


@lru_cache(maxsize=1)
def _identity() -> str:
    """Return what the machine code depends on beside the source."""
    found = compiler()
    version = subprocess.run([str(found), "--version"], capture_output=True, text=True, check=False).stdout
    cpu = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((line for line in info.read_text(errors="replace").splitlines() if line.startswith("flags")), "")
    return "\n".join([str(found), version, platform.machine(), cpu])


def directory() -> Path:
    """Return where shared objects are kept: ``$CHAINRULE_CACHE``, or a folder in the user's cache."""
    given = os.environ.get("CHAINRULE_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chainrule"


def load(source: str) -> ctypes.CDLL:
    """Compile C source, or find it compiled, and load it.

    Files are written whole and then moved into place, so several processes may do this at once. Each ends
    with a digest of itself: a damaged file is compiled again.

    Raises
    ------
    MissingDependencyError
        Without a C compiler.
    """
    found = compiler()
    if found is None:
        raise MissingDependencyError("a C compiler", "the C backend of compile()", "apt-get install gcc  (or set CC)")
    key = hashlib.sha256("\0".join([source, _identity(), *FLAGS]).encode()).hexdigest()
    folder = directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{key[:40]}.so"
        if not _sound(path):
            _build(found, source, path)
    except OSError:  # an unwritable cache: a folder for this process
        path = Path(tempfile.mkdtemp(prefix="chainrule-")) / f"{key[:40]}.so"
        _build(found, source, path)
    return ctypes.CDLL(str(path))


def _sound(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    return len(data) > DIGEST and hashlib.sha256(data[:-DIGEST]).digest() == data[-DIGEST:]


def _build(found: str, source: str, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="build-") as folder:
        text, made = Path(folder) / "program.c", Path(folder) / "program.so"
        text.write_text(source)
        # With the vectorised libm where the system has one.
        attempts = [["-DVECTOR_LIBM", "-lmvec", "-lm"], ["-lm"]]
        for libraries in attempts:
            defines = [x for x in libraries if x.startswith("-D")]
            command = [found, *FLAGS, *defines, str(text), "-o", str(made), *[x for x in libraries if not x.startswith("-D")]]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
        else:
            raise RuntimeError(f"{found} refused a compiled program:\n{done.stderr[:2000]}")
        data = made.read_bytes()
        made.write_bytes(data + hashlib.sha256(data).digest())
        os.replace(made, path)
