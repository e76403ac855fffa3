"""Hypothesis strategies for numbers, nodes, functions of the table and whole expressions.

A project that defines an operation tests it in five lines::

    from hypothesis import given
    from autograd.testing import gradcheck, strategies
    @given(strategies.floats(0.0, 10.0))
    def test_my_operation(x):
        assert gradcheck(my_operation, x)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import ops
from autograd.backward import toposort
from autograd.errors import optional
from autograd.form import Cases
from autograd.value import Value
from autograd.words import gettext

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:
    st = optional(
        "hypothesis.strategies", "autograd.testing.strategies", "pip install hypothesis", what="Hypothesis"
    )

__all__ = ["Expression", "Function", "Step", "expressions", "floats", "functions", "values"]

_MARGIN = 1e-3


class Function(NamedTuple):
    """A row of the table, as a function to test."""

    name: str
    call: Any
    """Of as many operands as ``domain`` has intervals."""
    domain: tuple[tuple[float, float], ...]
    """For each operand the open interval where the value and all derivatives exist."""


def floats(low: float = -math.inf, high: float = math.inf) -> st.SearchStrategy[float]:
    """Return a strategy for numbers in the open interval (low, high).

    Ordinary numbers come often, huge and tiny ones now and then; failures shrink towards 1, 2, 0.5 or a
    bound.

    Parameters
    ----------
    low, high
        The bounds, neither of which is drawn.

    Examples
    --------
    >>> floats(0.0, 1.0).example()  # doctest: +SKIP
    0.5
    """
    if not low < high:
        raise ValueError(gettext(
            "the interval ({low}, {high}) holds no number; low must be below high",
            low=low, high=high,
        ))  # fmt: skip
    simple = [x for x in (1.0, 2.0, 0.5, -1.0, -2.0, -0.5, 3.0, 0.0) if low < x < high]
    near_low, near_high = max(low, -30.0), min(high, 30.0)
    choices = [st.sampled_from(simple)] if simple else []
    if near_low < near_high:
        choices.append(_open(near_low, near_high))
    choices.append(_open(low, high))
    return st.one_of(choices)


def _open(low: float, high: float) -> st.SearchStrategy[float]:
    bounds: dict[str, Any] = {}
    if math.isfinite(low):
        bounds |= {"min_value": low, "exclude_min": True}
    if math.isfinite(high):
        bounds |= {"max_value": high, "exclude_max": True}
    return st.floats(allow_nan=False, allow_infinity=False, **bounds)


def values(low: float = -math.inf, high: float = math.inf) -> st.SearchStrategy[Value]:
    """Return a strategy for leaves with data in the open interval (low, high)."""
    return st.builds(Value, floats(low, high))


def functions(*, kinks: bool = True, arity: int | None = None) -> st.SearchStrategy[Function]:
    """Return a strategy for the table's functions, each with its domain.

    Parameters
    ----------
    kinks
        Whether functions with a kink or jump are among them.
    arity
        Only those of so many operands; functions over any number of them are drawn with two or three.
    """
    rows = [op for op in _rows(kinks=kinks) if arity is None or op.arity in (arity, ops.ANY)]
    return st.sampled_from(rows).flatmap(lambda op: _function(op, arity))


def _function(op: ops.Op, arity: int | None) -> st.SearchStrategy[Function]:
    if op.arity != ops.ANY:
        call = partial(op, *op.params.values()) if op.params_first else op
        return st.just(Function(op.name, call, _domain(op, op.arity)))
    counts = [arity] if arity is not None else [2, 4] if op.vectors else [2, 3]
    return st.sampled_from(counts).map(lambda n: Function(op.name, op, _domain(op, n)))


def _domain(op: ops.Op, count: int) -> tuple[tuple[float, float], ...]:
    return tuple(op.domain[min(i, len(op.domain) - 1)] for i in range(count))


def _rows(*, kinks: bool) -> list[ops.Op]:
    """Return the rows to draw from, plain arithmetic first: failures shrink towards it."""
    return [op for op in ops.TABLE.values() if not op.auxiliary and (kinks or op.kink is None)]


@dataclass(frozen=True)
class Step:
    """One operation of an expression."""

    op: ops.Op
    operands: tuple[int | float, ...]
    """Positions of inputs and earlier steps, inputs first; or constants."""

    def __str__(self) -> str:
        operands = (f"v{x}" if isinstance(x, int) else repr(x) for x in self.op.written(self.operands))
        return f"{self.op.name}({', '.join(operands)})"


@dataclass(frozen=True)
class Expression:
    """A computation in which results may be used more than once: its inputs' numbers, and its steps.

    Examples
    --------
    >>> from autograd import ops
    >>> e = Expression((3.0,), (Step(ops.mul, (0, 0)), Step(ops.add, (1, 0))))
    >>> print(e)
    v0 = 3.0; v1 = mul(v0, v0); v2 = add(v1, v0)
    >>> e(3.0), e.operations
    (12.0, 2)
    """

    inputs: tuple[float, ...]
    steps: tuple[Step, ...]

    def __call__(self, *inputs: Any) -> Any:
        """Compute the result for these numbers or nodes."""
        if len(inputs) != len(self.inputs):
            raise TypeError(gettext(
                "the expression takes {count} inputs, got {given}",
                count=len(self.inputs), given=len(inputs),
            ))  # fmt: skip
        results = list(inputs)
        for step in self.steps:
            operands = [results[x] if isinstance(x, int) else x for x in step.operands]
            split = len(operands) - len(step.op.params)
            results.append(
                step.op(*operands[:split], **dict(zip(step.op.params, operands[split:], strict=True)))
            )
        return results[-1]

    def graph(self) -> tuple[Value, list[Value]]:
        """Return the result as a node, and the leaves that are its inputs."""
        leaves = [Value(x, f"v{i}") for i, x in enumerate(self.inputs)]
        root = self(*leaves)
        return (root if isinstance(root, Value) else Value(root)), leaves

    @property
    def operations(self) -> int:
        """How many operations the result depends on."""
        return sum(node.op is not None for node in toposort(self.graph()[0]))

    def __str__(self) -> str:
        lines = [f"v{i} = {x!r}" for i, x in enumerate(self.inputs)]
        lines += [f"v{len(self.inputs) + k} = {step}" for k, step in enumerate(self.steps)]
        return "; ".join(lines)

    __repr__ = __str__


@st.composite
def expressions(
    draw: st.DrawFn, *, kinks: bool = False, max_inputs: int = 3, max_operations: int = 8, bound: float = 1e4,
    rows: Sequence[ops.Op] | None = None,
) -> Expression:  # fmt: skip
    """Return a strategy for expressions over the table's rows: graphs with sharing, inside every domain.

    Parameters
    ----------
    kinks
        Whether functions with kinks or jumps are among the operations; operands stay away from them.
    max_inputs, max_operations
        The largest numbers of inputs and operations.
    bound
        No intermediate result is larger in magnitude.
    rows
        The operations to draw from; all that are fit for use by default.

    Examples
    --------
    >>> expressions(max_operations=3).example()  # doctest: +SKIP
    v0 = 1.0; v1 = tanh(v0)
    """
    table = list(rows) if rows is not None else _rows(kinks=kinks)
    # Inputs, and operands below, differ from one another at their simplest: equal ones hide swapped partials.
    inputs = [x + 0.5 * i for i, x in enumerate(draw(st.tuples(*[floats(-3.0, 3.0)] * max_inputs)))]
    results = list(inputs)
    steps: list[Step] = []
    # Each step has its own fixed place among the choices, and shrinks to no step at all.
    for op, backs, count, constant in draw(st.tuples(*[_plans(table)] * max_operations)):
        if op is None or (step := _fit(op, backs, count, constant, results)) is None:
            continue
        numbers = [results[x] if isinstance(x, int) else x for x in step.operands]
        y = op.value(*numbers)
        local = op.local(y, tuple(numbers))
        if all(math.isfinite(v) and abs(v) <= bound for v in (y, *local)):
            results.append(y)
            steps.append(step)
    if not steps:
        steps.append(Step(ops.neg, (len(inputs) - 1,)))
    return _pruned(tuple(inputs), steps)


def _pruned(inputs: tuple[float, ...], steps: list[Step]) -> Expression:
    """Return the expression without what its result does not depend on."""
    wanted = {len(inputs) + len(steps) - 1}
    for k in range(len(steps) - 1, -1, -1):
        if len(inputs) + k in wanted:
            wanted.update(x for x in steps[k].operands if isinstance(x, int))
    new = {old: place for place, old in enumerate(sorted(wanted))}
    kept = [step for k, step in enumerate(steps) if len(inputs) + k in wanted]
    return Expression(
        tuple(x for k, x in enumerate(inputs) if k in wanted),
        tuple(
            Step(step.op, tuple(new[x] if isinstance(x, int) else x for x in step.operands)) for step in kept
        ),
    )


def _plans(table: list[ops.Op]) -> st.SearchStrategy[tuple[ops.Op | None, tuple[int, ...], int, float]]:
    return st.tuples(
        st.sampled_from([None] * (len(table) // 2) + table),
        st.tuples(*[st.integers(0, 11)] * 4),
        st.integers(1, 4),
        st.sampled_from([2.0, 3.0, 0.5, -1.0, 1.5, -2.0]),
    )


def _fit(
    op: ops.Op, backs: tuple[int, ...], count: int, constant: float, results: list[float]
) -> Step | None:
    """Choose operands inside the operation's domain among the results so far, the latest first.

    None if there are none.
    """
    count = op.arity if op.arity != ops.ANY else 2 * max(count // 2, 1) if op.vectors else count
    params = _params(op, count, constant)
    operands: list[int] = []
    for i, (low, high) in enumerate(_domain(op, count)):
        start = len(results) - 1 - (backs[i] + i) % len(results)
        order = [(start - k) % len(results) for k in range(len(results))]
        fitting = [k for k in order if low + _MARGIN < results[k] < high - _MARGIN]
        if not fitting:
            return None
        operands.append(fitting[0])
    numbers = [*(results[k] for k in operands), *params]
    if op.kink is not None and not op.kink(*numbers) > _MARGIN and not isinstance(op.form, Cases):
        return None
    return Step(op, (*operands, *params))


def _params(op: ops.Op, count: int, constant: float) -> tuple[float, ...]:
    """Return the constants that follow the operands."""
    chosen = {
        "exponent": constant,
        "index": float(int(abs(constant)) % count),
        "low": -1.0,
        "high": 1.0,
        "order": 1.0,
    }
    return tuple(chosen.get(name, default) for name, default in op.params.items())
