"""Run a rule of the table once, on symbols, to see what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.op import Op
from autograd.operators import Operators

__all__ = ["Step", "Symbol", "recorded"]

Step = tuple[Op, tuple[Any, ...]]
"""An operation, and its operands and constants: a whole number is an earlier result, a float itself."""


class Symbol(Operators):
    """Stands for an operand or an intermediate result."""

    __slots__ = ("guards", "steps", "where")

    def __init__(self, where: int, steps: list[Step], guards: bool) -> None:
        self.where = where
        self.steps = steps
        self.guards = guards

    def _apply(self, op: Op, operands: tuple[Any, ...]) -> Any:  # type: ignore[override]
        if op.guard and not self.guards:  # where it matters the engine itself has the last word
            return operands[0]
        # A step that was taken already is not repeated.
        step = (op, tuple([x.where if isinstance(x, Symbol) else float(x) for x in operands]))
        if step not in self.steps:
            self.steps.append(step)
        return Symbol(self.steps.index(step), self.steps, self.guards)


def recorded(
    rule: Callable[..., Any], known: list[Step], params: tuple[float, ...], *, guards: bool
) -> tuple[Any, list[Step]]:
    """Return what a rule gives for symbols, one for each step that is known, and its constants.

    And all steps.

    ``guards`` says whether it matters where a result is NaN: not for a derivative, since the value is NaN
    too.
    """
    steps = list(known)
    return rule(*[Symbol(i, steps, guards) for i in range(len(known))], *params), steps
