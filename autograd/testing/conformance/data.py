"""The suite's expectations: points, and derivatives rounded once, as a file that comes along."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from autograd.errors import MissingDependencyError
from autograd.words import gettext

__all__ = ["Expectation", "Function", "load", "single", "stored"]

FILE = Path(__file__).parent / "expected.xz"
"""Packed: a line of JSON, in which each float is 0, and after it these floats as 64 bits each."""
INSTALL = "apt install liblzma-dev && pyenv install --force 3"


class Expectation(NamedTuple):
    """What one derivative should be."""

    value: float | None = None
    """Rounded once; None where a choice is left to the library."""
    loss: int = 0
    """How many bits one rounding of the operands may cost: the derivative's condition number; 35 if all."""
    scale: float | None = None
    """Of a derivative that is zero, and not merely rounded to it: how much it changes as the operands do."""
    slopes: tuple[float, float] | None = None
    """At a kink, the slopes from both sides."""
    outside: bool = False
    """Whether the point is outside the function's domain."""


@dataclass(frozen=True)
class Function:
    """One of the suite's functions: points, and the derivatives there by what they are taken by."""

    name: str
    operands: int
    points: tuple[tuple[float, ...], ...]
    derivatives: dict[tuple[int, ...], tuple[Expectation | None, ...]]
    """None where nothing is asked: a higher derivative at a kink, for one."""


@cache
def load() -> dict[str, Function]:
    """Return the functions by name.

    Examples
    --------
    >>> tanh = load()["tanh"]
    >>> i = tanh.points.index((20.5,))
    >>> tanh.derivatives[0,][i].value
    6.251528757339955e-18
    """
    return {
        name: Function(
            name,
            given["operands"],
            tuple(tuple(map(float, point)) for point in given["points"]),
            {
                tuple(map(int, path)): tuple(map(_expectation, rows["expected"], rows["loss"]))
                for path, rows in given["derivatives"].items()
            },
        )
        for name, given in stored()["functions"].items()
    }


def stored() -> Any:
    """Return what is in the file, as what JSON can say.

    Examples
    --------
    >>> stored()["functions"]["tanh"]["points"][8:10]
    [[1e-200], [1e-160]]
    """
    try:
        import lzma
    except ImportError:  # Python was built where its library was not
        raise MissingDependencyError("lzma", gettext("The conformance suite"), INSTALL) from None
    text, _, numbers = lzma.decompress(FILE.read_bytes()).partition(b"\n")
    return _filled(json.loads(text), iter(struct.unpack(f"<{len(numbers) // 8}d", numbers)))


def _filled(tree: Any, numbers: Iterator[float]) -> Any:
    """Return what JSON said, with the numbers where it says 0."""
    if isinstance(tree, dict):
        return {key: _filled(x, numbers) for key, x in tree.items()}
    if isinstance(tree, list):
        return [_filled(x, numbers) for x in tree]
    return next(numbers) if tree == 0 else tree


def _expectation(given: Any, loss: str) -> Expectation | None:
    """Read one."""
    if given is None:
        return None
    if given == "outside":
        return Expectation(outside=True)
    if isinstance(given, list):
        return Expectation(slopes=(given[0], given[1]))
    if isinstance(given, str):  # 0~2.5e-01
        return Expectation(0.0, scale=float(given[2:]))
    return Expectation(float(given), int(loss, 36))


def single(x: float) -> float:
    """Round to a float32.

    Examples
    --------
    >>> single(0.1), single(1e39), single(1e-46)
    (0.10000000149011612, inf, 0.0)
    """
    try:
        return float(struct.unpack("f", struct.pack("f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)
