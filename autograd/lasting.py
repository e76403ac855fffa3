"""What lasts as long as a ``with`` block and not an instant longer, whatever interrupts it.

``__exit__`` as Python code may never run: an interrupt from the keyboard can strike before its first line. So
nothing here depends on it. The statement ``with`` asks for ``__exit__`` before it calls ``__enter__``, and
keeps what it got on the stack of its frame, and nowhere else, until the block is left in whatever way. What
it gets here is made for this one block and owns a `Life`; all that is in force refers to that weakly.
Python's reference counting does the rest, between two bytecodes.
"""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import ref

__all__ = ["Lasting", "Life", "content"]


class Life:
    """It lasts as long as the block; what is in force inside may be kept in it."""

    __slots__ = ("__weakref__", "content")

    content: Any


def content(life: ref[Life]) -> Any:
    """Return what a life holds, or None where it is over; at no time is it held itself by a variable."""
    return getattr(life(), "content", None)


class _Exit:
    """The attribute ``__exit__``.

    It is made anew each time that it is asked for. ``ExitStack`` asks the class, and calls the function.
    """

    def __get__(self, manager: Lasting | None, owner: type) -> Any:
        return _leave_latest if manager is None else manager._prepare()


class Lasting:
    """A context manager; a subclass says in `_begin` what begins.

    ``__enter__`` and ``__exit__`` may also be called by hand: then it lasts from one to the other.
    """

    __slots__ = ("_by_hand", "_next")

    def __init__(self) -> None:
        self._next: ref[Life] | None = None
        self._by_hand: list[Any] = []

    def _begin(self, life: ref[Life]) -> Any:
        """Put in force what shall last as long as ``life``; no variable (nor traceback) may hold that."""
        raise NotImplementedError

    if TYPE_CHECKING:

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...
    else:
        __exit__ = _Exit()

    def _prepare(self) -> Any:
        """Return what leaves a block that is about to be entered, and owns its life."""
        ends: list[Any] = []
        leave = partial(_leave, self, ends)
        leave.life = life = Life()  # type: ignore[attr-defined]
        self._next = ref(life)
        ends += ref(leave), self._next
        return leave

    def __enter__(self) -> Any:
        if self._next is not None and self._next() is not None:
            life, self._next = self._next, None
            return self._begin(life)
        leave = self._prepare()
        begun, self._next = self._next, None
        result = self._begin(begun)  # type: ignore[arg-type]
        self._by_hand.append(leave)
        return result


def _leave(manager: Lasting, ends: list[Any], *error: Any) -> None:
    """End a block. One that was never entered was asked for by hand, to end the latest that was."""
    leave, life = ends
    if manager._next is life:
        _leave_latest(manager, *error)
    else:
        leave().__dict__.clear()


def _leave_latest(manager: Lasting, *error: Any) -> None:  # noqa: ARG001
    """End the block that was entered last by hand."""
    manager._by_hand.pop()
