"""A child process with limits, in which somebody else's class runs.

It may hang, crash, print, ask for input, take all memory or end the interpreter: one line in JSON goes back
for each graph, and where none comes that is an answer too. Then another child goes on with the next graph.

``python -m autograd.testing.diagnosis FILE NAME FIRST`` is such a child, with its lines on standard
output; where the system can, `fork` makes one of a class that stands in no file.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib.util
import io
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from autograd.testing.diagnosis.graphs import Graph, catalogue
from autograd.testing.diagnosis.student import HALT, Student, UnusableError
from autograd.words import current, gettext

__all__ = ["Forked", "Spawned", "here", "inside", "observations", "serve"]

MEMORY = 1 << 30
"""How many bytes a student's class may take beyond what is there."""
CPU_SECONDS = 0.2
"""How long one graph may compute, where the system has timers of a process's own time."""
DEEP = 3000
"""Operations in the chain that shows where recursion ends."""
LOST = 2
"""After so many children that were lost, no more are started."""
GLANCE = 0.1
"""How often a child that says nothing is looked at, in seconds."""
ASLEEP = 3
"""After so many glances at a child that sleeps, it waits for something that will not come."""
BEYOND = 3
"""Trials that are no graphs: zeroing, a second pass, and the chain."""
inside: ContextVar[bool] = ContextVar("inside", default=False)
"""Whether this process is such a child."""


def _child(load: Callable[[], Any], spelling: Mapping[str, Any], first: int, out: int) -> None:
    """Run all graphs from the first on, and write a line for each."""
    inside.set(True)
    warnings.simplefilter("ignore")
    for line in _work(load, spelling, first, limited=True):
        os.write(out, (json.dumps(line) + "\n").encode())


def here(make: Callable[..., Any], spelling: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a class answers in this very process, without limits, where the system has no others."""
    nowhere = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        token = inside.set(True)
        try:
            lines = list(_work(lambda: make, spelling, 0, limited=False))
        finally:
            inside.reset(token)
    return [line for line in lines if "start" not in line]


def _work(
    load: Callable[[], Any], spelling: Mapping[str, Any], first: int, *, limited: bool
) -> Iterator[dict[str, Any]]:
    """Yield a line before each graph from the first on, and one with what was seen."""
    try:
        student = Student(load(), spelling)
    except UnusableError as error:
        yield {"unusable": str(error)}
        return
    except HALT as error:
        yield {"unusable": f"{type(error).__name__}: {error}"}
        return
    if limited:
        _limit_memory()
    yield {
        "spelling": {"data": student.data_name, "backward": student.backward_name},
        "title": student.title, "whole": student.whole,
    }  # fmt: skip
    graphs = catalogue(whole=student.whole)
    trials: list[Callable[[], dict[str, Any]]] = [partial(_observe, student, graph) for graph in graphs]
    trials += [student.zeroing, student.again, lambda: student.deep(DEEP)]
    for k, trial in enumerate(trials):
        if k < first:
            continue
        yield {"start": k}
        if limited:
            _limit_time(CPU_SECONDS if k < len(graphs) else 10.0 * CPU_SECONDS)
        try:
            seen = trial()
        except HALT as error:  # such as a property that raises where a number is read
            seen = {"seen": [{"raised": ["reading", type(error).__name__, str(error)[:200]]}]}
        if limited:
            _limit_time(0.0)
        yield {"end": k, **seen}


def _observe(student: Student, graph: Graph) -> dict[str, Any]:
    """Run a graph at its points, and at the first once more: what an earlier pass left shows there."""
    return {
        "seen": [student.observe(graph, point) for point in (*graph.points, graph.points[0])],
        "seeded": student.observe(graph, graph.points[0], seed=True) if graph.question == "rule" else {},
    }


def _limit_memory() -> None:
    """Set the limit of memory, where the system has one."""
    with contextlib.suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Let the system end this process after so much time of its own; no handler of Python's is asked."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def _silence() -> None:
    """Send what is printed nowhere, and let who asks for input hear nothing."""
    faulthandler.disable()  # a test runner's writes to a stream of its own
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # Somebody, such as a notebook, may have put other streams in place of the system's.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", closefd=False)


class Forked:
    """A child that is a copy of this process: any class will do."""

    def __init__(self, make: Callable[..., Any], spelling: Mapping[str, Any], first: int) -> None:
        self.lines, out = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads that others may have
            self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                os.close(self.lines)
                out = os.dup2(out, 200, inheritable=False)
                _silence()
                gc.freeze()  # what this process holds is no garbage of theirs; looking at it takes time
                _child(lambda: make, spelling, first, out)
            finally:
                os._exit(0)
        os.close(out)

    def end(self) -> int:
        """End it, whatever it is at, and return the signal that it ended by; 0 if by itself."""
        for _ in range(20):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.005)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def close(self) -> None:
        """Close its lines, once nobody reads them."""
        os.close(self.lines)


class Spawned:
    """A child of its own interpreter, which imports the class from a file."""

    def __init__(self, file: str, name: str, spelling: Mapping[str, Any], first: int) -> None:
        command = [sys.executable, "-m", __package__, file, name, str(first), json.dumps(dict(spelling))]
        here = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "CHAINRULE_LANG": current()}, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.pid = self.process.pid
        self.lines = self.process.stdout.fileno()

    def end(self) -> int:
        """End it, whatever it is at, and return the signal that it ended by; 0 if by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.1)
        if self.process.returncode is None:
            self.process.kill()
        return max(0, -self.process.wait())

    def close(self) -> None:
        """Close its lines, once nobody reads them."""
        if self.process.stdout is not None:
            self.process.stdout.close()


def _read(descriptor: int, into: queue.Queue[str | None]) -> None:
    """Put each line that comes into a queue, and None at the end."""
    rest = b""
    with contextlib.suppress(OSError):
        while block := os.read(descriptor, 1 << 16):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                into.put(line.decode(errors="replace"))
    into.put(None)


def observations(start: Callable[[int], Forked | Spawned], timeout: float) -> Iterator[dict[str, Any]]:
    """Yield what a class answers, as the lines of its children; ``lost`` says how one of them ended.

    Parameters
    ----------
    start
        Makes a child that begins with the graph of that number.
    timeout
        How many seconds one graph may take; the import may take ten times as long.
    """
    first, lost, total = 0, 0, 1
    while first < total and lost < LOST:
        child = start(first)
        lines: queue.Queue[str | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(child.lines, lines), daemon=True)
        reader.start()
        at: int | None = None
        allowed, room, is_late = 10.0 * timeout, math.inf, False
        try:
            while (text := _next(lines, allowed, child.pid if at is not None else None, room)) is not None:
                line = _told(text)
                if line is None:
                    continue
                allowed, at = timeout, line.get("start")
                room = 2.5 * (1.0 if at is not None and at < total - BEYOND else 10.0) * CPU_SECONDS
                if "whole" in line:
                    total = len(catalogue(whole=line["whole"])) + BEYOND
                    if first:
                        continue
                first = line.get("end", first - 1) + 1
                if "start" not in line:
                    yield line
                if "unusable" in line:
                    return
        except queue.Empty:
            is_late = True
        finally:
            number = child.end()
            reader.join(1.0)
            child.close()
        if first >= total > 1:
            return
        lost += 1
        why = "hang" if is_late or number == getattr(signal, "SIGVTALRM", -1) else f"crash {number}"
        if total == 1:
            yield {"unusable": _never_started(why, timeout)}
            return
        yield {"end": first, "lost": why}
        first += 1


def _told(text: str) -> dict[str, Any] | None:
    """Return what a line tells; None if it is not of this module's writing."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and line.keys() & {"start", "end", "unusable", "spelling"} else None


def _next(lines: queue.Queue[str | None], allowed: float, pid: int | None, room: float) -> str | None:
    """Return the next line; raise `queue.Empty` after a time, or where the process only sleeps.

    One that computes for longer than ``room`` has put its own timer off.
    """
    until, asleep, before = time.monotonic() + allowed, 0, math.inf
    while True:
        try:
            return lines.get(timeout=min(GLANCE, allowed))
        except queue.Empty:
            asleep = asleep + 1 if pid is not None and _sleeps(pid) else 0
            computed = _computed(pid)
            before = min(before, computed)
            is_busy = computed - before > room
            if asleep >= ASLEEP or is_busy or time.monotonic() > until:
                raise


def _computed(pid: int | None) -> float:
    """Return how many seconds a process has computed, for itself and in the system; 0 if nobody tells."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    user, system = status.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / float(os.sysconf("SC_CLK_TCK"))


def _sleeps(pid: int) -> bool:
    """Whether a process waits, where the system tells; one that has no processor is ready, not asleep."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "S"


def _never_started(why: str, timeout: float) -> str:
    if why == "hang":
        return (
            gettext(
                "it could not be made within {seconds} s; what trains or asks for input belongs under "
                'if __name__ == "__main__"',
                seconds=f"{10.0 * timeout:g}",
            )
        )
    return gettext("the process ended before a leaf was made")


def _load(file: str, name: str) -> Any:
    """Import a file, and return what stands there under a name."""
    path = Path(file).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UnusableError(gettext("{file} is not a file of Python", file=file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.argv = [str(path)]
    try:
        spec.loader.exec_module(module)
    except HALT as error:
        raise UnusableError(
            gettext(
                "{file} cannot be imported: {kind}: {error}",
                file=file, kind=type(error).__name__, error=' '.join(str(error).split()),
            )
        ) from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        there = [x for x, y in vars(module).items() if isinstance(y, type) and y.__module__ == path.stem]
        raise UnusableError(
            gettext(
                "{file} has no class {name}; it has {known}", file=file, name=name, known=", ".join(there)
            )
            if there
            else gettext("{file} has no class {name}; it has no class", file=file, name=name)
        )
    return found


def serve(file: str, name: str, first: str, spelling: str) -> None:
    """Be the child."""
    out = os.dup(1)
    _silence()
    _child(lambda: _load(file, name), json.loads(spelling), int(first), out)
    os._exit(0)
