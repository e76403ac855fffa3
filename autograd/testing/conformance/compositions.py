"""Random compositions of a library's functions, and the smallest of which it gets the gradient wrong.

Only functions that are right by themselves are drawn: what is found here comes of their meeting.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from autograd.backward import gradients
from autograd.errors import optional
from autograd.op import TABLE, Op
from autograd.testing import oracle, strategies
from autograd.testing.conformance.adapter import Adapter
from autograd.testing.conformance.run import Alarm, Fault, Way
from autograd.testing.conformance.target import Died, Failed, Target
from autograd.words import gettext

__all__ = ["smallest_wrong"]

hypothesis = optional("hypothesis", "--random", "pip install hypothesis", what="Hypothesis")


def smallest_wrong(
    target: Target, faulty: Sequence[str], count: int, *, seed: int = 0, operations: int = 5
) -> tuple[Fault | None, int]:
    """Try compositions, and shrink one that is wrong.

    Parameters
    ----------
    target
        The library, running.
    faulty
        The functions that are wrong by themselves.
    count
        How many compositions to try.
    seed
        Another one gives others.
    operations
        At most so many are composed.

    Returns
    -------
    tuple
        The fault of the smallest composition found, or None; and how many compositions were judged.
    """
    adapter = target.adapter
    rows = [row for row in TABLE.values() if _fits(row, adapter) and row.name not in faulty]
    if not rows:
        return None, 0
    judged = 0

    def wrong(expression: strategies.Expression) -> bool:
        nonlocal judged
        judged += 1
        return _fault(target, expression) is not None

    settings = hypothesis.settings(
        max_examples=count, database=None, deadline=None, derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    import random

    try:
        found = hypothesis.find(
            strategies.expressions(rows=rows, max_operations=operations),
            wrong,
            settings=settings,
            random=random.Random(seed),
        )
    except hypothesis.errors.NoSuchExample:
        return None, judged
    return _fault(target, found), judged


def _fits(row: Op, adapter: Adapter) -> bool:
    return row.name in adapter.functions and row.arity in (1, 2)


def _steps(expression: strategies.Expression, adapter: Adapter) -> list[str]:
    """Return the steps in the library's words."""
    steps = []
    for step in expression.steps:
        names = dict(zip("xy", (f"v{k}" for k in step.operands[: step.op.arity]), strict=False))
        text = adapter.functions.get(
            step.op.name, "-x"
        )  # what strategies shrink to, if not even that is drawn
        steps.append(re.sub(r"\b[xy]\b", lambda match, names=names: names[match[0]], text))  # type: ignore[misc]
    return steps


def _fault(target: Target, expression: strategies.Expression) -> Fault | None:
    """Return the fault of the first input by which the library's gradient is wrong, and ours is right."""
    root, leaves = expression.graph()
    ours = gradients(root, leaves)
    adapter = target.adapter
    steps = _steps(expression, adapter)
    shape = adapter.shapes[-1]
    mode = next(iter(adapter.derivative))
    for i, right in enumerate(ours):
        if not math.isfinite(right) or not 1e-100 < abs(right) < 1e100:
            continue
        task: dict[str, Any] = {
            "steps": steps, "wanted": [((i,), mode)], "dtype": "float64", "shape": shape, "jit": False,
            "columns": [[x] for x in expression.inputs],
        }  # fmt: skip
        try:
            ((got,),) = target.run(**task)
        except (Failed, Died):
            continue
        if abs(got - right) <= 1e-3 * abs(right):
            continue
        exact = float(oracle.gradient(root, leaves)[i])
        # Rounding explains what it explains in our own program too.
        if abs(right - exact) <= 1e-9 * abs(exact):
            way = Way(mode, "float64", shape, jit=False)
            symptom = (
                "nan"
                if math.isnan(got)
                else "infinite"
                if math.isinf(got)
                else "zero"
                if not got
                else "digits"
            )
            alarm = Alarm(way, expression.inputs, exact, got, abs(got - exact) / math.ulp(exact))
            what = gettext("d/dv{place} of {steps}", place=i, steps="; ".join(steps))
            fault = Fault(what, (), "float64", symptom, [alarm])
            fault.region = gettext("at {point}", point=expression.inputs)
            fault.script = _script(adapter, steps, i, way, expression.inputs, exact)
            return fault
    return None


def _script(
    adapter: Adapter, steps: Sequence[str], place: int, way: Way, inputs: tuple[float, ...], expected: float
) -> str:
    names = [f"v{k}" for k in range(len(inputs))]
    lines = [f"    v{len(inputs) + k} = {step}" for k, step in enumerate(steps)]
    given = [f"[{x!r}]" if way.shape == "array" else repr(x) for x in inputs]
    operands = "; ".join(
        f"{v} = ({adapter.array})({x}, 'float64')" for v, x in zip(names, given, strict=True)
    )
    return "\n".join([
        adapter.setup.rstrip(),
        f"D = {adapter.derivative[way.mode]}",
        f"def f({', '.join(names)}):",
        *lines,
        f"    return v{len(inputs) + len(steps) - 1}",
        operands,
        f'print(({adapter.numbers})(D(f, {place})({", ".join(names)})), "expected", {expected!r})',
    ])  # fmt: skip
