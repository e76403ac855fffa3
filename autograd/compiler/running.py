"""Running another program within limits of time and words, and never longer than this process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["run"]

SAID = 4 * 2**20
"""How many bytes a program may say before it is stopped."""


def run(command: tuple[str, ...], folder: Path | None, timeout: float) -> tuple[int, str]:
    """Run a program and return its exit status and all it said; at the end stop what it left running."""
    environment = {**os.environ, "LC_ALL": "C"}  # messages as everybody can look them up
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=os.name == "posix",
    ) as process:  # fmt: skip
        try:
            with _guarded(process.pid, folder):
                said = _heard(process, timeout) if os.name == "posix" else process.communicate(timeout=timeout)[0]
        finally:
            # gcc is a driver of other programs, which would go on without it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.name == "posix":
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
    return process.returncode, said.decode("utf-8", "replace")


def _heard(process: subprocess.Popen[bytes], timeout: float) -> bytes:
    """Wait for a program and return what it said; a child that keeps its output open is not waited for."""
    import select

    assert process.stdout is not None
    handle, parts, end = process.stdout.fileno(), [b""], time.monotonic() + timeout
    os.set_blocking(handle, False)
    watch = select.poll()
    watch.register(handle, select.POLLIN)
    while True:
        if time.monotonic() > end:
            raise subprocess.TimeoutExpired(process.args, timeout)
        gone = process.poll() is not None
        if watch.poll(0 if gone else 50):
            part = os.read(handle, 1 << 16)
            if not part:
                process.wait(max(end - time.monotonic(), 0.0))
                return b"".join(parts)
            parts.append(part)
            if sum(map(len, parts)) > SAID:
                raise OSError(f"it said more than {SAID} bytes")
        elif gone:
            return b"".join(parts)


GUARD = 'read -r _; kill -s KILL -- "-$1"; [ -z "$2" ] || rm -rf -- "$2"'


@contextlib.contextmanager
def _guarded(group: int, folder: Path | None) -> Iterator[None]:
    """Have a shell wait beside us that stops a program and its children when this process is killed.

    It reads from a pipe whose other end only this process has, so it wakes when that is gone, however it went.
    """
    if os.name != "posix":
        yield
        return
    ours, theirs = None, None
    guard = None
    try:
        theirs, ours = os.pipe()
        with contextlib.suppress(OSError):  # no shell: then without it
            guard = subprocess.Popen(
                ("/bin/sh", "-c", GUARD, "sh", str(group), str(folder or "")), stdin=theirs, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
            )  # fmt: skip
        yield
    finally:
        if guard is not None:
            guard.kill()
            guard.wait()
        for handle in (ours, theirs):
            if handle is not None:
                os.close(handle)
