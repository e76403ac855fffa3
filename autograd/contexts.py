"""Context managers that end with their block even where a keyboard interrupt strikes inside ``__exit__``.

Python may be interrupted before the first line of ``__exit__``, which then does nothing. So the end of a
block is not code here but the end of an object. ``with`` looks up ``__exit__`` before it calls ``__enter__``,
and keeps what it got on the stack of its frame, and nowhere else, until the block is left in whatever way.
Our ``__exit__`` owns a `Token`; everything that is in force refers to the token weakly. When Python drops
``__exit__``, the token dies, and the mode with it.
"""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import ref

__all__ = ["SafeContext", "Token", "value_of"]


class Token:
    """An object that lives as long as a block, and may hold what is in force inside."""

    __slots__ = ("__weakref__", "content")

    content: Any


def value_of(token: ref[Token]) -> Any:
    """Return what a token holds, or None where its block has ended; no variable holds the token itself."""
    return getattr(token(), "content", None)


class _Exit:
    """The attribute ``__exit__``.

    It is made anew each time that it is asked for. ``ExitStack`` asks the class, and calls the function.
    """

    def __get__(self, manager: SafeContext | None, owner: type) -> Any:
        return _leave_latest if manager is None else manager._prepare()


class SafeContext:
    """A context manager; a subclass says in `_begin` what begins.

    ``__enter__`` and ``__exit__`` may also be called by hand: then it lasts from one to the other.
    """

    __slots__ = ("_by_hand", "_next")

    def __init__(self) -> None:
        self._next: ref[Token] | None = None
        self._by_hand: list[Any] = []

    def _begin(self, token: ref[Token]) -> Any:
        """Start what ends when ``token`` dies; no variable and no traceback may hold the token itself."""
        raise NotImplementedError

    if TYPE_CHECKING:

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...
    else:
        __exit__ = _Exit()

    def _prepare(self) -> Any:
        """Return what leaves a block that is about to be entered, and owns its token."""
        ends: list[Any] = []
        leave = partial(_leave, self, ends)
        leave.token = token = Token()  # type: ignore[attr-defined]
        self._next = ref(token)
        ends += ref(leave), self._next
        return leave

    def __enter__(self) -> Any:
        if self._next is not None and self._next() is not None:
            token, self._next = self._next, None
            return self._begin(token)
        leave = self._prepare()
        begun, self._next = self._next, None
        result = self._begin(begun)  # type: ignore[arg-type]
        self._by_hand.append(leave)
        return result


def _leave(manager: SafeContext, ends: list[Any], *error: Any) -> None:
    """End a block; an ``__exit__`` called by hand ends the block that was entered last by hand."""
    leave, token = ends
    if manager._next is token:
        _leave_latest(manager, *error)
    else:
        leave().__dict__.clear()


def _leave_latest(manager: SafeContext, *error: Any) -> None:  # noqa: ARG001
    """End the block that was entered last by hand."""
    manager._by_hand.pop()
