"""Run a function of the table once, on symbols, to see what it does. Needs the standard library only."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from autograd.op import Op
from autograd.operators import Operators

__all__ = ["OPERAND", "Step", "Steps", "Symbol", "Total", "recorded", "total_of"]

Step = tuple[Op, tuple[Any, ...]]
"""An operation, and its operands and constants: a whole number is an earlier result, a float itself."""
OPERAND = ("operand",)
"""Stands in place of what an operand was made of."""


class Steps:
    """What was done, each step once.

    Attributes
    ----------
    list
        The steps, in order.
    guards
        Whether steps that only tell where a result is NaN are taken too.
    """

    def __init__(self, known: list[Step], *, guards: bool) -> None:
        self.list = list(known)
        self.guards = guards
        taken = [(self._key(step), i) for i, step in enumerate(known) if step[1] is not OPERAND]
        self._places: dict[Any, int] = dict(reversed(taken))

    @staticmethod
    def _key(step: Step) -> Any:
        """Tell the number 1.0 from result 1, and 0.0 from -0.0."""
        op, given = step
        return op, tuple([x.hex() if x.__class__ is float else x for x in given])

    def place(self, step: Step) -> int:
        """Return which step this is; it is taken now if it has not been."""
        i = self._places.setdefault(self._key(step), len(self.list))
        if i == len(self.list):
            self.list.append(step)
        return i


class Symbol(Operators):
    """Stands for an operand or an intermediate result."""

    __slots__ = ("steps", "where")

    def __init__(self, where: int, steps: Steps) -> None:
        self.where, self.steps = where, steps

    def _apply(self, op: Op, operands: tuple[Any, ...]) -> Any:  # type: ignore[override]
        if op.guard and not self.steps.guards:  # where it matters the engine itself has the last word
            return operands[0]
        step = op, tuple([x.where if isinstance(x, Symbol) else float(x) for x in operands])
        return Symbol(self.steps.place(step), self.steps)


def recorded(
    rule: Callable[..., Any], known: list[Step], params: tuple[float, ...], *, guards: bool
) -> tuple[Any, list[Step]]:
    """Return what a rule gives for symbols, one for each step that is known, and its constants.

    And all steps.

    ``guards`` says whether it matters where a result is NaN: not for a derivative, since the value is NaN
    too.
    """
    steps = Steps(known, guards=guards)
    return rule(*[Symbol(i, steps) for i in range(len(known))], *params), steps.list


class Total(NamedTuple):
    """A row as the sum, or the extremum, of products of its operands: what `Op.terms` says of it.

    A factor is the number of an operand; or from the number of operands on that of a step, whose result is a
    number where its operands are: as in a / b, the sum of the one product of a and 1 / b.
    """

    terms: list[tuple[float, tuple[int, ...]]]
    """Of each product its coefficient and its factors."""
    steps: list[Step]

    def is_linear(self) -> bool:
        """Tell whether each product is a number times one operand."""
        return all(len(factors) == 1 for _, factors in self.terms)


@lru_cache(maxsize=1024)
def total_of(op: Op, params: tuple[float, ...], count: int) -> Total | None:
    """Return a row, with its constants and a number of operands, as a sum of products; None if it is none."""
    if op.terms is None:
        return None
    known: list[Step] = [(op, OPERAND)] * count
    found, steps = recorded(op.terms, known, params, guards=True)
    if found is None:
        return None
    terms = []
    for product in found:
        coef, factors = 1.0, []
        for x in product:
            if isinstance(x, Symbol):
                factors.append(x.where)
            else:
                coef *= x
        terms.append((coef, tuple(factors)))
    return Total(terms, steps)
