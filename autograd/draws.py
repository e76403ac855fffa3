"""The state of generators of random numbers, so that a call that draws can be made again with the same draws."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["drawn_from", "reached", "rewound"]

_PLAIN = (int, float, str, bytes, complex, type(None))
_OURS = ("autograd", "nn")  # these draw from generators that modules hold, or from the module `random`


def reached(*roots: Any) -> list[tuple[Any, bytes]]:
    """Return the generators that the roots lead to, with their states: of `random`, of NumPy, and those of the global ones.

    Followed are arguments, attributes, containers, what a function closes over, and the global names that it uses.
    """
    numpy = sys.modules.get("numpy.random")
    found: list[Any] = [random._inst]
    if numpy is not None:
        found.append(numpy.mtrand._rand)
    seen: set[int] = set()
    stack: list[Any] = list(roots)
    while stack:
        x = stack.pop()
        kind = type(x)
        if kind in _PLAIN or kind.__module__.startswith("autograd.") or id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, random.Random) or kind.__module__.startswith("numpy.random"):
            found.append(x)
        else:
            stack += _below(x)
    return [(x, state) for x in dict.fromkeys(found) if (state := _state(x)) is not None]


def _below(x: Any) -> Iterable[Any]:
    """Return what an object leads to."""
    if isinstance(x, (list, tuple, set, frozenset)):
        return x
    if isinstance(x, dict):
        return x.values()
    if isinstance(x, FunctionType):
        return [] if _is_ours(x) else _used(x)
    if isinstance(x, MethodType):
        return x.__self__, x.__func__
    if isinstance(x, partial):
        return x.func, x.args, x.keywords
    if isinstance(x, (ModuleType, type)):
        return []
    methods = [f for c in type(x).__mro__ if not _is_ours(c) for f in vars(c).values() if isinstance(f, FunctionType)]
    return [*getattr(x, "__dict__", {}).values(), *methods]


def _is_ours(x: Any) -> bool:
    return str(x.__module__).partition(".")[0] in _OURS


def _used(f: FunctionType) -> list[Any]:
    """Return what a function closes over, its defaults, and the globals that it names, through modules too."""
    used: list[Any] = [f.__defaults__, f.__kwdefaults__, vars(f)]
    for cell in f.__closure__ or ():
        try:
            used.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    names: list[str] = []
    codes = [f.__code__]
    for code in codes:  # grows as it goes
        names += code.co_names
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    for name in names:
        x = f.__globals__.get(name)
        used += [vars(x).get(attribute) for attribute in names] if isinstance(x, ModuleType) else [x]
    return used


def _state(generator: Any) -> bytes | None:
    """Return a generator's state; None of one that has none, such as the operating system's."""
    try:
        if isinstance(generator, random.Random):
            return pickle.dumps(generator.getstate())
        if hasattr(generator, "get_state"):
            return pickle.dumps(generator.get_state())
        return pickle.dumps(getattr(generator, "bit_generator", generator).state)
    except (AttributeError, NotImplementedError):
        return None


def _set_state(generator: Any, state: bytes) -> None:
    content = pickle.loads(state)  # noqa: S301 - made above, and never outside of this process
    if isinstance(generator, random.Random):
        generator.setstate(content)
    elif hasattr(generator, "set_state"):
        generator.set_state(content)
    else:
        getattr(generator, "bit_generator", generator).state = content


def drawn_from(before: list[tuple[Any, bytes]]) -> list[tuple[Any, bytes]]:
    """Return those of the generators that have moved on since."""
    return [(generator, state) for generator, state in before if _state(generator) != state]


@contextmanager
def rewound(states: list[tuple[Any, bytes]]) -> Iterator[None]:
    """Set generators back to earlier states, for a while."""
    now = [(generator, _state(generator)) for generator, _ in states]
    try:
        for generator, state in states:
            _set_state(generator, state)
        yield
    finally:
        for generator, current in now:
            if current is not None:
                _set_state(generator, current)
