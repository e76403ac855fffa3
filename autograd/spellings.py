"""Options by the names that other libraries have for them: what each is here, or what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

from autograd.words import gettext

__all__ = ["CONSTANTS", "IDLE", "OPERANDS", "TENSORS", "options", "refuse", "told_instead"]

P = ParamSpec("P")
R = TypeVar("R")

IDLE: Final = (object(), "")
"""For an option that asks for nothing here, whatever its value, such as one of speed or of storage."""
CONSTANTS: Final = {"min": "low", "max": "high", "negative_slope": "slope", "decimals": "ndigits"}
"""The constants of rows."""
OPERANDS: Final = {
    "log": "autograd.log(x) / autograd.log(base)", "pow": "x**y % z", "hypot": "autograd.norm(xs)",
    "atan": "autograd.atan2(y, x)", "logaddexp": "autograd.logsumexp(xs)",
    "maximum": "autograd.max(xs)", "minimum": "autograd.min(xs)",
}  # fmt: skip
"""What to write for rows that Python's or NumPy's functions of the name take more operands than."""
TENSORS: Final = {
    "device": (None, "nothing: numbers are in the memory of the computer"),
    "dtype": (None, "nothing: every number is a float of Python"),
}
"""The options of what is made of tensors."""


def options(
    names: Mapping[str, str] | None = None, usage: str = "", /, **refused: tuple[Any, str]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take its options by the names that other libraries have for them.

    Parameters
    ----------
    names
        Ours for each of theirs.
    usage
        How the function is called: what to write where its arguments do not fit.
    **refused
        For each of theirs that there is not: the value that asks for nothing, and what to write where
        another is given.

    Returns
    -------
    function
        A decorator; the decorated function raises TypeError where it is given a refused option.

    Examples
    --------
    >>> @options({"in_features": "nin"}, device=(None, "nothing: there is one device"))
    ... def size(nin):
    ...     return nin
    >>> size(in_features=2, device=None)
    2
    >>> size(2, device="cuda")
    Traceback (most recent call last):
        ...
    TypeError: size() has no option device='cuda'; write nothing: there is one device
    """
    ours = dict(names or {})
    known = frozenset(ours) | frozenset(refused)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = getattr(function, "__qualname__", "the function").removesuffix(".__init__")

        @wraps(function)
        def spelled(*args: Any, **given: Any) -> R:
            if not known.isdisjoint(given):
                who = type(args[0]).__name__ if function.__name__ == "__init__" else name
                given = _translated(who, given, ours, refused)
            if not usage:
                return function(*args, **given)
            try:
                return function(*args, **given)
            except TypeError as error:
                if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                    raise
                said = f"{error}{told_instead(f'write {usage}')}"
                raise TypeError(said) from None  # it was never entered

        return spelled

    return decorate


def told_instead(remedy: str) -> str:
    """Return what to write instead, as the end of a sentence in the reader's language; nothing for nothing.

    Parameters
    ----------
    remedy
        ``write`` and code, or a message of the catalogues, or ``write`` and such a message.

    Examples
    --------
    >>> told_instead("write model.save(path)")
    '; write model.save(path)'
    """
    said, code = gettext(remedy), remedy.removeprefix("write ")
    if said == remedy != code:
        said = gettext("write {instead}", instead=gettext(code))
    return gettext("; {said}", said=said) if remedy else ""


def refuse(who: str, name: str, x: Any, instead: str) -> NoReturn:
    """Raise TypeError for an option that there is not.

    Parameters
    ----------
    who
        The function.
    name, x
        The option, and what was asked for.
    instead
        What to write.

    Examples
    --------
    >>> refuse("mean", "keepdims", True, "[autograd.mean(xs)]")
    Traceback (most recent call last):
        ...
    TypeError: mean() has no option keepdims=True; write [autograd.mean(xs)]
    """
    raise TypeError(gettext(
        "{who}() has no option {name}={x}; write {instead}",
        who=who, name=name, x=f"{x!r:.40}", instead=gettext(instead),
    ))  # fmt: skip


def _translated(
    who: str, given: Mapping[str, Any], ours: Mapping[str, str], refused: Mapping[str, tuple[Any, str]]
) -> dict[str, Any]:
    """Return the options by our names, without those that ask for nothing."""
    found: dict[str, Any] = {}
    for name, x in given.items():
        usual, instead = refused.get(name, (x, ""))
        same = x is usual or usual is IDLE[0] or (isinstance(x, (int, float, str)) and x == usual)
        if not same:
            refuse(who, name, x, instead)
        if name not in refused:
            mine = ours.get(name, name)
            if mine in found:
                raise TypeError(gettext(
                    "{who}() takes {mine} once: {name} is another name for it",
                    who=who, mine=mine, name=name,
                ))  # fmt: skip
            found[mine] = x
    return found
