"""What recording an operation means right now: the only global state, and only as context managers.

Each mode lives in a context variable, so threads and asyncio tasks do not disturb one another. The
list ``ACTIVE`` is the hot path's cheap question "could any mode be on, anywhere?".
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial, wraps
from types import TracebackType
from typing import Any, ParamSpec

from autograd.errors import TracingError

__all__ = ["detect_anomaly", "no_grad", "scope", "sources"]


@dataclass(frozen=True, slots=True)
class Mode:
    """How operations are recorded in the present context."""

    grad: bool = True
    """False inside `no_grad`: results are leaves."""
    anomaly: bool = False
    """True inside `detect_anomaly`: NaN and infinity raise."""
    sources: bool = False
    """Whether each node notes the user's source line."""
    scope: str = ""
    """Path of the module that makes the nodes, such as ``layer1.n2``."""
    tape: list[Any] | None = None
    """While the compiler traces: every node, in order of creation."""


MODE: ContextVar[Mode] = ContextVar("autograd_mode", default=Mode())
ACTIVE: list[bool] = []
# With respect to what the functions that are being called are differentiated, outermost first; empty outside of such calls.
# What such a function cuts off from the graph is a constant to everyone, and a number that depends on these may not leave it.
DIFFERENTIATING: ContextVar[tuple[frozenset[Any], ...]] = ContextVar("autograd_differentiating", default=())


@contextmanager
def differentiating(inputs: Iterable[Any] = (), *, within: bool = True) -> Iterator[None]:
    """Say that what is called inside is called for its derivative, with respect to these nodes beside those around, or to these alone."""
    token = DIFFERENTIATING.set((*(DIFFERENTIATING.get() if within else ()), frozenset(inputs)))
    try:
        yield
    finally:
        DIFFERENTIATING.reset(token)


@contextmanager
def mode(**changes: Any) -> Iterator[Mode]:
    """Switch fields of the present `Mode`, and restore these on the way out, whatever happens.

    Not by a token of the context variable: a generator may be suspended inside, and be closed after modes around it have
    ended or others have begun, or in another context. What those changed is theirs.
    """
    before = MODE.get()
    changed = replace(before, **changes)
    MODE.set(changed)
    ACTIVE.append(True)
    try:
        yield changed
    finally:
        ACTIVE.pop()
        MODE.set(replace(MODE.get(), **{name: getattr(before, name) for name in changes}))


Arguments = ParamSpec("Arguments")


class Switch:
    """What a public mode returns: for ``with``, or as the decorator of a function, around each of its calls."""

    def __init__(self, name: str, make: Callable[[], AbstractContextManager[Any]]) -> None:
        self.name, self.make = name, make
        self.entered: list[AbstractContextManager[Any]] = []

    def __enter__(self) -> None:
        manager = self.make()
        manager.__enter__()
        self.entered.append(manager)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.entered.pop().__exit__(kind, error, trace)

    def __call__(self, function: Callable[..., Any]) -> Any:
        """Decorate a function."""
        if not callable(function):
            raise TypeError(f"{self.name}() decorates functions, got {type(function).__name__}")
        # A call of these computes nothing yet, so that a mode around the call alone would silently do nothing.
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@{self.name}() would end before the generator {function.__name__}() takes its first step; "
                f"write `with {self.name}():` inside it, around what it computes from one yield to the next"
            )
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: Any, **keywords: Any) -> Any:
                with self.make():
                    return await function(*args, **keywords)

            return awaited

        @wraps(function)
        def called(*args: Any, **keywords: Any) -> Any:
            with self.make():
                return function(*args, **keywords)

        return called


def switch(change: Callable[Arguments, Iterator[None]]) -> Callable[Arguments, Switch]:
    """Make a public mode of a generator function that switches it on, yields, and switches it off."""
    make = contextmanager(change)

    @wraps(change)
    def made(*args: Arguments.args, **keywords: Arguments.kwargs) -> Switch:
        if args and callable(args[0]):
            raise TypeError(f"a decorator takes its parentheses along: write @{change.__name__}(...) above {getattr(args[0], '__name__', args[0])!s:.40}")
        change(*args, **keywords)  # says what is wrong with the arguments; nothing runs yet
        return Switch(change.__name__, partial(make, *args, **keywords))

    return made


def is_tracing() -> bool:
    """Whether the compiler is recording a function in this context."""
    return bool(ACTIVE) and MODE.get().tape is not None


def wanted() -> tuple[frozenset[Any], ...]:
    """Return the nodes by which the calls going on are differentiated; none inside `no_grad`, where nothing depends on them."""
    inputs = DIFFERENTIATING.get()
    return inputs if inputs and not (ACTIVE and not MODE.get().grad) else ()


def frozen(what: str, instead: str) -> None:
    """Refuse what a recorded program could only repeat as it was at recording; nothing happens while nothing is recorded."""
    if is_tracing():
        raise TracingError(
            f"{user_line()} {what} while the function is recorded for compilation, "
            f"which would be frozen into the program. {instead[:1].upper()}{instead[1:]}."
        )


@switch
def no_grad() -> Iterator[None]:
    """Compute without recording: results are leaves, and no gradient flows through them.

    Also a decorator of functions, ``async`` ones too. Local to the thread or asyncio task, and undone by an exception.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(3.0)
    >>> with autograd.no_grad():
    ...     y = x * x
    >>> y, y.parents
    (Value(data=9.0, grad=0.0), ())
    """
    with mode(grad=False):
        yield


@switch
def detect_anomaly() -> Iterator[None]:
    """Raise at the first operation, forward or backward, that makes NaN or infinity of finite numbers.

    Raises
    ------
    AnomalyError
        Naming the operation, its operands, and the source line that created the node.

    Examples
    --------
    >>> import autograd
    >>> with autograd.detect_anomaly():
    ...     autograd.Value(0.0).log()
    Traceback (most recent call last):
    ...
    autograd.errors.AnomalyError: log(0.0) = -inf: not finite although its operand is. Recorded at ...
    """
    with mode(anomaly=True, sources=True):
        yield


@switch
def scope(name: str) -> Iterator[None]:
    """Give the nodes made inside a module path, which pictures show as a cluster.

    Parameters
    ----------
    name
        One step of the path; nested scopes are joined by dots.

    Raises
    ------
    TypeError
        If ``name`` is no text.
    ValueError
        If a step of the path is empty, as in ``a..b``.

    Examples
    --------
    >>> import autograd
    >>> with autograd.scope("encoder"), autograd.scope("n0"):
    ...     y = autograd.Value(1.0) + 1.0
    >>> y.scope
    'encoder.n0'
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a scope is text, got {type(name).__name__} {name!r:.40}")
    check_path(name)
    outer = MODE.get().scope
    with mode(scope=f"{outer}.{name}" if outer else name):
        yield


@switch
def sources() -> Iterator[None]:
    """Note with each node made inside the line of your program that made it, which pictures show to a pointer.

    Examples
    --------
    >>> import autograd
    >>> with autograd.sources():
    ...     y = autograd.Value(1.0) + 1.0
    >>> file, line = y.source.rsplit(":", 1)
    """
    with mode(sources=True):
        yield


def check_path(path: str) -> None:
    """Raise ValueError where a step of a module path is empty."""
    if not all(path.split(".")):
        raise ValueError(f"a scope is a path of names such as 'encoder.n0', none of them empty, not {path!r:.60}")


def user_line() -> str:
    """Return ``file:line`` of the innermost frame that is not this project's own code."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("autograd", "nn"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
