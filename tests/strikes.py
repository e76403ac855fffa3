"""Interrupts at a chosen bytecode: what an interrupt from the keyboard does at a moment of chance, at every
moment in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import autograd

__all__ = ["PACKAGE", "Interrupt", "Strike", "all_strikes", "moments"]

PACKAGE = (str(Path(autograd.__file__).parent) + os.sep,)
EVERY = int(os.environ.get("CHAINRULE_ROUNDS", "1")) > 1
"""Whether to strike at every bytecode rather than at some of them."""
_TOOL = 4  # of `sys.monitoring`, from Python 3.12 on


class Interrupt(BaseException):
    """What is raised."""


class Strike:
    """Raise at the ``first`` bytecode that runs in files below ``where``, and again at the ``second`` one
    after it.

    With Python 3.11 the counting up to the second begins at the call or return that follows the first: there
    an exception out of a trace function ends the tracing.
    """

    def __init__(self, first: int, second: int = 0, where: tuple[str, ...] = PACKAGE) -> None:
        self.left, self.second, self.where = first, second, where
        self.places: list[tuple[CodeType, int]] = []
        """Each bytecode, in the order in which they ran."""
        self.struck: list[tuple[CodeType, int]] = []
        """Those where it struck."""

    def _reach(self, code: CodeType, offset: int) -> None:
        self.places.append((code, offset))
        self.left -= 1
        if self.left == 0:
            self.struck.append((code, offset))
            if len(self.struck) == 1:
                self.left = self.second
                if self.second and sys.version_info < (3, 12):
                    sys.setprofile(self._profile)
            raise Interrupt

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(self.where):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            self._reach(frame.f_code, frame.f_lasti)
        return self._trace

    def _profile(self, frame: FrameType | None, event: str, _: Any) -> None:
        """Trace again."""
        sys.setprofile(None)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.where):
                frame.f_trace, frame.f_trace_opcodes, frame.f_trace_lines = self._trace, True, False
            frame = frame.f_back
        sys.settrace(self._trace)

    def _monitor(self, code: CodeType, offset: int) -> Any:
        if not code.co_filename.startswith(self.where):
            return sys.monitoring.DISABLE  # type: ignore[attr-defined]
        return self._reach(code, offset)

    def during(self, work: Callable[[], Any]) -> bool:
        """Whether it struck; what escaped from ``work`` is kept until then, as a notebook keeps the last
        error."""
        if sys.version_info < (3, 12):
            before = sys.gettrace()
            sys.settrace(self._trace)
            try:
                work()
            except Interrupt as interrupt:
                self.kept: Any = interrupt
            finally:
                sys.settrace(before)
                sys.setprofile(None)
            return bool(self.struck)
        monitoring = sys.monitoring
        monitoring.use_tool_id(_TOOL, "strikes")
        monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, self._monitor)
        monitoring.restart_events()
        try:
            monitoring.set_events(_TOOL, monitoring.events.INSTRUCTION)
            work()
        except Interrupt as interrupt:
            self.kept = interrupt
        finally:
            monitoring.set_events(_TOOL, 0)
            monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, None)
            monitoring.free_tool_id(_TOOL)
        return bool(self.struck)


def moments(work: Callable[[], Any], where: tuple[str, ...] = PACKAGE) -> int:
    """Return how many bytecodes run in those files during ``work``."""
    strike = Strike(0, where=where)
    strike.during(work)
    return len(strike.places)


def all_strikes(
    work: Callable[[], Any], seconds: tuple[int, ...] = (0,), some: int = 40, where: tuple[str, ...] = PACKAGE
) -> Iterator[Strike]:
    """Yield after each run of ``work`` that was struck: at every bytecode, or at ``some`` evenly spread in
    the ordinary run.

    After each, the caller must put things back as they were: there are exactly as many strikes as that makes.
    """
    work()  # what is done once for all, such as filling caches, is not of interest
    count = moments(work, where)
    assert count > 0
    step = 1 if EVERY else -(-count // some)
    for second in seconds:
        for first in range(step, count + 1, step):
            strike = Strike(first, second, where)
            assert strike.during(work), f"not struck at bytecode {first} of {count}"
            yield strike
            strike.kept = None  # lest what the error holds goes in the middle of the next run
    assert not Strike(count + 1, where=where).during(work), "it takes more bytecodes than it took"
