"""What NumPy counts, repeats and takes by a graph's numbers, which have 64 bits everywhere.

NumPy itself takes only numbers as wide as an address, which in a browser's Python has 32 bits.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.native import engine

__all__ = ["bincount", "mixed", "numbered", "places", "repeated", "runs"]


def places(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as wide as an address."""
    return numbers.astype(np.intp, copy=False)


def bincount(keys: NDArray[Any], weights: NDArray[Any] | None = None, *, minlength: int = 0) -> NDArray[Any]:
    """Count how often each key is there, or add the weights of each."""
    found = np.bincount(places(keys), weights, minlength)
    return found.astype(np.int64, copy=False) if weights is None else found


def mixed(keys: Any) -> Any:
    """Return well-spread 64-bit hashes of whole numbers (splitmix64), the same in every process."""
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def numbered(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return for each key its place among the distinct ones, in order of their 64 bits without a sign."""
    keys = keys.view(np.uint64)
    if engine is None:
        return np.unique(keys, return_inverse=True)[1].ravel().astype(np.int64, copy=False)
    return np.frombuffer(engine.numbered(keys), np.int64)


def repeated(items: NDArray[Any], counts: NDArray[Any] | int) -> NDArray[Any]:
    """Return each item as often as its count says."""
    return np.repeat(items, places(np.asarray(counts)))


def runs(keys: NDArray[Any], items: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the items of each run of equal keys, without what `numpy.split` takes for each."""
    if not len(items):
        return []
    ends = ((keys[1:] != keys[:-1]).nonzero()[0] + 1).tolist()
    return [items[i:j] for i, j in pairwise([0, *ends, len(items)])]
