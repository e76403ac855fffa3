"""The modes: what recording an operation means right now; context managers set them, and nothing else does.

They live in a context variable, so threads and asyncio tasks do not disturb one another. The set ``ACTIVE``
answers the hot path's question "could any mode be on, anywhere?". A mode ends with its ``with`` block, even
where an interrupt strikes in the middle of entering or leaving it: see `contexts`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final, ParamSpec
from weakref import ref

from autograd.contexts import SafeContext, Token, value_of
from autograd.errors import TracingError
from autograd.words import gettext

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
    tape: Any = None
    """While the compiler traces: every node, in order of creation; see `compiler.record.recording.Tape`."""
    differentiating: Inputs | None = None
    """The inputs of the calls of `grad`, `jvp` and the like that are running; None outside of such calls.

    What their function detaches is a constant, and a number that depends on the inputs may not leave the
    graph.
    """
    inside: Any = None
    """The run of a checkpointed function that is going on; see `checkpointing`."""
    arrays: Any = None
    """`calculus.arrays.Array` while a function runs that was called with NumPy's arrays, else None.

    Then a node and an array make an array of nodes.
    """


class Inputs:
    """The inputs of one differentiated call and, through ``around``, of the calls that enclose it.

    Parameters
    ----------
    nodes
        Those of this call.
    around
        The call around it.
    """

    __slots__ = ("_all", "_around", "_independent", "_most", "_nodes")

    def __init__(self, nodes: Iterable[Any], around: Inputs | None = None) -> None:
        self._nodes = tuple(nodes)
        self._around = around
        self._all: frozenset[Any] | None = None
        self._independent: set[Any] = set()
        self._most = 100_000

    def reach(self, node: Any) -> bool:
        """Whether a node is one of these, or depends on one.

        Nodes that were found not to are remembered, so that many questions about one graph take one walk
        through it. But of graphs that come and go, no more is kept alive than a few times the largest.
        """
        inputs = self._all
        if inputs is None:
            inputs = self._all = self._of_all_calls()
        independent = self._independent
        walked: set[Any] = set()
        stack = [node] if inputs else []
        while stack:
            node = stack.pop()
            if node in inputs:
                return True
            if node not in walked and node not in independent:
                walked.add(node)
                stack += [x for x in node._predecessors() if x is not None and x.__class__ is not float]
        self._most = max(self._most, 4 * len(walked))
        if len(independent) + len(walked) > self._most:
            self._independent = walked
        else:
            independent |= walked
        return False

    def _of_all_calls(self) -> frozenset[Any]:
        nodes: list[Any] = []
        call: Inputs | None = self
        while call is not None:
            nodes += call._nodes
            call = call._around
        return frozenset(nodes)


class _Modes:
    """The modes that were switched on in the present context and have not ended."""

    def __init__(self) -> None:
        self.tokens: ContextVar[tuple[ref[Token], ...]] = ContextVar("autograd_modes", default=())

    def get(self) -> Mode:
        """Return how operations are recorded now."""
        tokens = self.tokens.get()
        if not tokens:
            return _USUAL
        if len(tokens) == 1 and (only := value_of(tokens[0])) is not None:  # as while a function is recorded
            alone: Mode = only[1]
            return alone
        switched = list(map(value_of, tokens))
        if switched[-1] is None:  # as a rule the modes that have ended are those entered last
            while switched and switched[-1] is None:
                switched.pop()
            self.tokens.set(tokens[: len(switched)])
        if None not in switched:
            last = switched[-1] if switched else None
            return _USUAL if last is None else last[1]
        # A mode may end before one that was entered later, as a generator can do: those that live are applied
        # anew.
        now = _USUAL
        for changes, _ in filter(None, switched):
            now = _changed(now, changes)
        return now

    def add(self, token: ref[Token], changes: dict[str, Any]) -> None:
        """Switch fields of the present `Mode` for as long as ``token`` lasts."""
        token().content = changes, _changed(self.get(), changes)  # type: ignore[union-attr]
        self.tokens.set((*[weak for weak in self.tokens.get() if weak() is not None], token))


def _changed(mode: Mode, changes: dict[str, Any]) -> Mode:
    if "scope" in changes and mode.scope:
        changes = {**changes, "scope": f"{mode.scope}.{changes['scope']}"}
    return replace(mode, **changes)


_USUAL: Final = Mode()
MODE: Final = _Modes()
ACTIVE: Final[set[ref[Token]]] = set()


class ModeContext(SafeContext):
    """A mode, for a ``with`` statement or as the decorator of a function, around each of its calls.

    A generator may be suspended inside, and be closed after modes around it have ended or others have begun,
    or in another context: each mode ends for itself.
    """

    __slots__ = ("changes", "name")

    def __init__(self, name: str, changes: dict[str, Any]) -> None:
        super().__init__()
        self.name, self.changes = name, changes

    def _begin(self, token: ref[Token]) -> None:
        # No name for what `token()` returns, and no variable for the reference that removes itself from the
        # set.
        if not self.changes.keys() <= {"differentiating", "inside", "arrays"}:
            ACTIVE.add(ref(token(), ACTIVE.discard))  # type: ignore[arg-type]
        MODE.add(token, self.changes)

    def __call__(self, function: Callable[..., Any]) -> Any:
        """Decorate a function."""
        if not callable(function):
            raise TypeError(gettext(
                "{name}() decorates functions, got {kind}",
                name=self.name, kind=type(function).__name__,
            ))  # fmt: skip
        # A call of these computes nothing yet, so that a mode around the call alone would silently do
        # nothing.
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(gettext(
                "@{name}() would end before the generator {kind}() takes its first step; write `with "
                "{name}():` inside it, around what it computes from one yield to the next",
                name=self.name, kind=function.__name__,
            ))  # fmt: skip
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: Any, **keywords: Any) -> Any:
                with ModeContext(self.name, self.changes):
                    return await function(*args, **keywords)

            return awaited

        @wraps(function)
        def called(*args: Any, **keywords: Any) -> Any:
            with ModeContext(self.name, self.changes):
                return function(*args, **keywords)

        return called


def mode(**changes: Any) -> ModeContext:
    """Switch fields of the present `Mode`."""
    return ModeContext("mode", changes)


def differentiating(inputs: Iterable[Any] = (), *, within: bool = True, **changes: Any) -> ModeContext:
    """Say that what is called inside is called for its derivative with respect to these nodes.

    The nodes of the calls around count too, unless ``within`` is False.
    """
    return ModeContext(
        "differentiating",
        {"differentiating": Inputs(inputs, MODE.get().differentiating if within else None), **changes},
    )


Arguments = ParamSpec("Arguments")


def public_mode(change: Callable[Arguments, dict[str, Any]]) -> Callable[Arguments, ModeContext]:
    """Make a public mode of a function that says which fields of `Mode` it changes."""

    @wraps(change)
    def made(*args: Arguments.args, **keywords: Arguments.kwargs) -> ModeContext:
        if args and callable(args[0]):
            raise TypeError(gettext(
                "a decorator takes its parentheses along: write @{kind}(...) above {kind2}",
                kind=change.__name__, kind2=f'{getattr(args[0], "__name__", args[0])!s:.40}',
            ))  # fmt: skip
        return ModeContext(change.__name__, change(*args, **keywords))

    return made


def is_tracing() -> bool:
    """Whether the compiler is recording a function in this context."""
    return bool(ACTIVE) and MODE.get().tape is not None


def refuse_constant(
    nodes: Iterable[Any], what: str, result: str, instead: str, /, **values: str
) -> None:
    """Refuse what would be a constant and depends on the arguments of a function that is differentiated.

    Nothing happens outside of such a function, nor inside `no_grad`, where constants are wanted. The texts
    are messages of the catalogues, and so are the values that go into them.
    """
    now = MODE.get()
    if now.differentiating is not None and now.grad and any(map(now.differentiating.reach, nodes)):
        raise TracingError(gettext(
            "{user_line} {what} while the function is differentiated; {result} would have a derivative "
            "of 0. {instead}.",
            user_line=user_line(), what=_said(what, values), result=_said(result, values),
            instead=_said(instead, values),
        ))  # fmt: skip


def refuse_while_tracing(what: str, instead: str, /, **values: str) -> None:
    """Raise TracingError while the compiler records: the program would repeat today's answer for ever."""
    if is_tracing():
        remedy = _said(instead, values)
        raise TracingError(gettext(
            "{user_line} {what} while the function is recorded for compilation, which would be frozen "
            "into the program. {instead}.",
            user_line=user_line(), what=_said(what, values), instead=remedy[:1].upper() + remedy[1:],
        ))  # fmt: skip


def _said(message: str, values: Mapping[str, str]) -> str:
    """Return a message with its values, all in the reader's language."""
    return gettext(message, **{name: gettext(text) for name, text in values.items()})


@public_mode
def no_grad() -> dict[str, Any]:
    """Compute without recording: results are leaves, and no gradient flows through them.

    Also a decorator of functions, ``async`` ones too. Local to the thread or asyncio task, and undone by an
    exception.

    Returns
    -------
    ModeContext
        For ``with``, or as the decorator of a function.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(3.0)
    >>> with autograd.no_grad():
    ...     y = x * x
    >>> y, y.parents
    (Value(data=9.0, grad=0.0), ())
    """
    return {"grad": False}


@public_mode
def detect_anomaly() -> dict[str, Any]:
    """Raise at the first operation, forward or backward, that makes NaN or infinity of finite numbers.

    Returns
    -------
    ModeContext
        For ``with``, or as the decorator of a function.

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
    return {"anomaly": True, "sources": True}


@public_mode
def scope(name: str) -> dict[str, Any]:
    """Give the nodes made inside a module path, which pictures show as a cluster.

    Parameters
    ----------
    name
        One step of the path; nested scopes are joined by dots.

    Returns
    -------
    ModeContext
        For ``with``, or as the decorator of a function.

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
        raise TypeError(gettext(
            "the name of a scope is text, got {kind} {name}",
            kind=type(name).__name__, name=f"{name!r:.40}",
        ))  # fmt: skip
    check_path(name)
    return {"scope": name}


@public_mode
def sources() -> dict[str, Any]:
    """Note with each node made inside the line of your program that made it; pictures show it to a pointer.

    Returns
    -------
    ModeContext
        For ``with``, or as the decorator of a function.

    Examples
    --------
    >>> import autograd
    >>> with autograd.sources():
    ...     y = autograd.Value(1.0) + 1.0
    >>> file, line = y.source.rsplit(":", 1)
    """
    return {"sources": True}


def check_path(path: str) -> None:
    """Raise ValueError where a step of a module path is empty."""
    if not all(path.split(".")):
        raise ValueError(gettext(
            "a scope is a path of names such as 'encoder.n0', none of them empty, not {path}",
            path=f"{path!r:.60}",
        ))  # fmt: skip


_LIBRARIES: Final = frozenset([
    "autograd", "nn", "numpy", "copy", "pickle", "dataclasses", "functools", "statistics", "random",
    "fractions",
])  # fmt: skip
"""Packages that `user_line` skips: this project's own, and those that call it on a user's behalf."""


def user_line() -> str:
    """Return ``file:line`` of the innermost frame that is a user's code."""
    frame = sys._getframe(1)
    while (
        frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES
    ):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
