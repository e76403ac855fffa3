"""A library in a child process: tasks go in, numbers come out, and nothing that it does ends us."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograd.errors import UsageError
from autograd.testing.conformance.adapter import BUILT_IN, Adapter
from autograd.words import gettext

__all__ = ["Died", "Failed", "Target"]

WORKER = Path(__file__).parent / "worker.py"


class Died(Exception):  # noqa: N818 - what happened
    """The library took its process along, or did not answer in time: ``kind`` is ``crash`` or ``hang``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Failed(Exception):  # noqa: N818 - what happened
    """The library raised an exception instead of returning a derivative."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(f"{error}: {message}" if message else error)
        self.error = error
        self.message = message


class Target:
    """A library, running.

    Parameters
    ----------
    adapter
        How it is called.
    python
        The interpreter in whose environment it is installed.
    timeout
        How many seconds a task may take.
    """

    def __init__(self, adapter: Adapter, python: str = sys.executable, timeout: float = 60.0) -> None:
        self.adapter, self.python, self.timeout = adapter, python, timeout
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self.version = ""

    def __enter__(self) -> Target:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        fields = asdict(self.adapter)
        path = list(self.adapter.path) + ([] if self.adapter.name in BUILT_IN else [os.getcwd()])
        adapter = {
            name: fields[name] for name in ("setup", "version", "array", "numbers", "derivative", "jit")
        }
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "PYTHONWARNINGS": "ignore"}
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment.setdefault(name, "1")  # the points are few, and the processes several
        try:
            self._process = subprocess.Popen(
                [self.python, "-I", str(WORKER)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=environment, text=True, encoding="utf-8",
            )  # fmt: skip
        except OSError as error:
            raise UsageError(gettext(
                "--python {python}: {error}",
                python=self.python, error=error.strerror,
            )) from error
        self._answers = queue.Queue()
        threading.Thread(target=_read, args=(self._process.stdout, self._answers), daemon=True).start()
        try:
            answer = self._ask({"adapter": adapter, "path": path}, max(self.timeout, 120.0))
        except Died as died:
            raise UsageError(gettext(
                "the adapter of {library} cannot be set up: {said}", library=self.adapter.name, said=died
            )) from died
        if "error" in answer:
            said = f"{answer['error']}: {answer['message']}"
            self.close()
            if answer["absent"]:
                raise UsageError(
                    gettext(
                        "{library} cannot be imported by {python} ({error}); install it with: {command}",
                        library=self.adapter.name, python=self.python, error=answer['message'],
                        command=self.adapter.install,
                    )
                )
            raise UsageError(gettext(
                "the adapter of {library} cannot be set up: {said}",
                library=self.adapter.name, said=said,
            ))
        self.version = answer["version"]

    def run(self, **task: Any) -> list[list[float]]:
        """Return the numbers of each derivative that a task wants.

        The process is started anew where the last one died.

        Raises
        ------
        Failed
            If the library raised an exception.
        Died
            If its process ended, or did not answer in time.
        """
        if self._process is None:
            self._start()
        answer = self._ask(task, self.timeout)
        if "error" in answer:
            raise Failed(answer["error"], gettext(answer["message"], **answer["values"]))
        values: list[list[float]] = answer["values"]
        return values

    def _ask(self, task: dict[str, Any], seconds: float) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            said = gettext("no answer within {seconds} seconds", seconds=f"{seconds:g}")
            raise Died("hang", said) from None
        except OSError:
            line = ""
        if not line:
            code = process.wait()
            self.close()
            raise Died(
                "crash",
                gettext("its process ended with signal {number}", number=-code) if code < 0 else
                gettext("its process ended, {code}", code=code),
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # what was still to be written to a process that has ended


def _read(stream: Any, answers: queue.Queue[str]) -> None:
    """Put each line into the queue, and an empty one at the end."""
    try:
        for line in stream:
            answers.put(line)
    except ValueError:  # closed while it was read
        pass
    answers.put("")


def columns(points: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the points by operand."""
    return [list(column) for column in zip(*points, strict=True)]
