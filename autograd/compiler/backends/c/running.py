"""Running another program within limits of time and words, and never longer than this process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from autograd.compiler.backends.c.folders import LOCK
from autograd.words import gettext

__all__ = ["run"]

SAID = 4 * 2**20
"""How many bytes a program may say before it is stopped."""

PACT = f"""
exec 3<&0
(read -r _ <&3; rm -rf -- "$0" "$0{LOCK}"; kill -s KILL 0) >/dev/null 2>&1 &
beside=$!
"$@" </dev/null 3<&- &
wait $!
status=$?
exec 2>/dev/null
kill -s KILL $beside
wait $beside
exit $status
"""
"""A shell that runs the program, and beside it one that waits for the end of its input, to stop them all.

That input is a pipe whose other end this process alone has, and which is made before any of them. So whatever
happens to this process, and be it an interrupt before it has noted which process it started, the program ends
and its folder goes.
"""


def run(command: tuple[str, ...], folder: Path | None, timeout: float) -> tuple[int, str]:
    """Run a program and return its exit status and all it said; at the end stop what it left running."""
    environment = {**os.environ, "LC_ALL": "C"}  # messages as everybody can look them up
    if folder is not None:  # what it writes for itself goes with its folder
        environment |= dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))
    pact = os.name == "posix" and os.access("/bin/sh", os.X_OK)
    if pact:
        command = ("/bin/sh", "-c", PACT, str(folder or ""), *command)
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE if pact else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=os.name == "posix",
    ) as process:  # fmt: skip
        try:
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
                raise OSError(gettext("it said more than {limit} bytes", limit=SAID))
        elif gone:
            return b"".join(parts)


