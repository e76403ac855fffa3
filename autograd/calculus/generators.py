"""The state of generators of random numbers, so that a call can be made again with the same draws."""

from __future__ import annotations

import gc
import pickle
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from autograd.value import Value

__all__ = ["changed", "find_generators", "restored"]

_PLAIN: Final = frozenset(
    (int, float, bool, str, bytes, complex, type(None), range, slice, Value, CodeType, ModuleType)
)
_KNOWN: Final = sys.stdlib_module_names | {"autograd", "nn", "numpy"}
"""Packages that draw from generators of their caller's, from `random`, or from `numpy.random`."""
MOST: Final = 5000
"""So many objects are looked at; those nearest to the roots come first."""


def find_generators(*roots: Any, beyond: Callable[[Any], bool] = lambda _: True) -> list[tuple[Any, Any]]:
    """Return the random generators that can be reached from ``roots``, with their states.

    The global ones of `random` and NumPy always count. The search follows arguments, attributes, elements,
    closures and the globals that a function names; not what lies ``beyond`` a function of which this is
    False, nor long tables of numbers. It looks at no more than `MOST` objects.
    """
    numpy = sys.modules.get("numpy.random")
    found: list[Any] = [random._inst]
    if numpy is not None:
        found.append(numpy.mtrand._rand)
    seen: set[int] = set()
    waiting: deque[Any] = deque(roots)
    while waiting and len(seen) < MOST:
        x = waiting.popleft()
        kind = type(x)
        if kind in _PLAIN or id(x) in seen:
            continue
        seen.add(id(x))
        if issubclass(kind, random.Random) or str(kind.__module__).startswith("numpy.random"):
            found.append(x)
        elif not str(kind.__module__).startswith("autograd.") and not (
            kind is FunctionType and not beyond(x)
        ):
            waiting += _below(x, kind)
    return [(x, state) for x in dict.fromkeys(found) if (state := _state(x)) is not None]


def _below(x: Any, kind: type) -> Iterable[Any]:
    """Return what an object leads to, by asking it nothing: no code of a user's runs."""
    if kind in _ELEMENTS:
        others = _others(x, 10_000)
        return [] if len(others) > 32 and all(_is_table(y) for y in others[:32]) else others
    if kind is FunctionType:
        return _used(x)
    if issubclass(kind, type):
        return [] if _is_known(x) else (*vars(x).values(), *x.__bases__)
    return (*gc.get_referents(x), kind)


_ELEMENTS: Final[dict[type, Callable[[Any], Iterable[Any]]]] = {
    list: iter,
    tuple: iter,
    set: iter,
    frozenset: iter,
    dict: dict.values,
}


def _others(x: Any, most: int) -> list[Any]:
    """Return the elements of a container that are no numbers."""
    return [y for y in list(islice(_ELEMENTS[type(x)](x), most)) if type(y) not in _PLAIN]


def _is_table(x: Any, depth: int = 3) -> bool:
    """Whether a container seems to hold numbers alone, or containers of numbers."""
    return type(x) in _ELEMENTS and all(depth and _is_table(y, depth - 1) for y in _others(x, 100)[:4])


def _is_known(x: Any) -> bool:
    return str(x.__module__).partition(".")[0] in _KNOWN


def _used(f: FunctionType) -> list[Any]:
    """Return what a function closes over, its defaults, attributes, and the globals that it names."""
    used: list[Any] = [f.__defaults__, f.__kwdefaults__, vars(f), *(f.__closure__ or ())]
    if _is_known(f):
        return used
    names: list[str] = []
    codes = [f.__code__]
    for code in codes:  # grows as it goes
        names += code.co_names
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    for name in names:
        x = f.__globals__.get(name)
        used += [vars(x).get(attribute) for attribute in names] if isinstance(x, ModuleType) else [x]
    return used


def _state(generator: Any) -> Any:
    """Return a generator's state, which nothing changes.

    It is None where there is no state, as with the operating system's generator.
    """
    try:
        if type(generator) is random.Random:
            return generator.getstate()
        if isinstance(generator, random.Random):
            return pickle.dumps(generator.getstate())
        if hasattr(generator, "get_state"):
            return pickle.dumps(generator.get_state())
        return pickle.dumps(getattr(generator, "bit_generator", generator).state)
    except (AttributeError, NotImplementedError):
        return None


def _set_state(generator: Any, state: Any) -> None:
    # The pickle was made above, and never leaves this process.
    content = pickle.loads(state) if state.__class__ is bytes else state  # noqa: S301
    if isinstance(generator, random.Random):
        generator.setstate(content)
    elif hasattr(generator, "set_state"):
        generator.set_state(content)
    else:
        getattr(generator, "bit_generator", generator).state = content


def changed(before: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return those of the generators that have moved on since."""
    return [(generator, state) for generator, state in before if _state(generator) != state]


@contextmanager
def restored(states: Sequence[tuple[Any, Any]]) -> Iterator[None]:
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
