"""Whether the results of a run hold: for all backends but those that tell by themselves.

They do not where the loss, a gradient or an output is not finite, or a number is beyond `BOUND`: then the
engine has the last word.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from autograd.compiler.graph.counting import places
from autograd.compiler.graph.ir import BOUND, CONST, Graph
from autograd.compiler.roll.program import LANES, Program

__all__ = ["Finite", "quiet"]

ALONE = 8192
"""A BLAS splits longer sums of squares over threads, which wait for one another on a busy machine."""


class Finite:
    """Looks at the numbers of a bound program after a run.

    Parameters
    ----------
    program
        What runs.
    shared, lanes
        Its arrays.
    inner
        Whether the numbers on the way to the results stand there too, and are looked at.
    """

    def __init__(self, program: Program, shared: Any, lanes: Any, *, inner: bool) -> None:
        count, graph = program.parameters, program.graph
        self._graph, self._shared, self._gradient = graph, shared, shared[count : 2 * count]
        at = places(np.unique(program.address[graph.outputs[graph.kind[graph.outputs] != CONST]]))
        self._outputs = at[at < LANES]
        self._rows = [(lanes, at[at >= LANES] - LANES)] if (at >= LANES).any() else []
        self._numbers = [self._gradient]
        if inner:
            stretches = program.looked_at(8, (4096, 1 + 1024 // lanes.shape[1]))
            for a, found in zip((shared, lanes), stretches, strict=True):
                self._numbers += [a[start:end].ravel() for start, end in found]
        self._numbers = [a[i : i + ALONE] for a in self._numbers for i in range(0, len(a), ALONE)]

    def __call__(self) -> bool:
        """Tell whether the results hold. As a rule the sum of squares shows that no number is too large."""
        if sum([float(a.dot(a)) for a in self._numbers]) < BOUND * BOUND:
            return self._finite_outputs()
        # Of x - x NumPy adds up the coefficients first, so that infinities do not meet.
        limit = math.inf if cancels(self._graph) else sys.float_info.max
        sizes = [np.abs(a) for a in self._numbers]
        large = any(bool(((x >= BOUND) & (x <= limit)).any()) for x in sizes)
        return not large and bool(np.isfinite(self._gradient).all()) and self._finite_outputs()

    def _finite_outputs(self) -> bool:
        found = [self._shared.take(self._outputs), *[lanes.take(rows, axis=0) for lanes, rows in self._rows]]
        # A sum of squares takes less; it may be too large.
        return all(float(x.dot(x)) < math.inf or bool(np.isfinite(x).all()) for x in map(np.ravel, found))


def cancels(graph: Graph) -> bool:
    """Tell whether a sum holds one term with both signs."""
    t = graph.terms
    order = np.lexsort((t.b, t.a, t.node))
    same = np.ones(max(len(t) - 1, 0), bool)
    for column in (t.node, t.a, t.b):
        same &= column[order][1:] == column[order][:-1]
    return bool((same & (np.diff(np.sign(t.coef[order])) != 0)).any())


def quiet() -> Any:
    """Return a context without NumPy's warnings: the engine gives none for infinity and NaN either."""
    return np.errstate(all="ignore")
