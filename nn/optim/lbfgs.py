"""L-BFGS: steps along a model of the curvature that is made of the last gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import mul
from typing import Any, NamedTuple

from autograd.keep.files import decode_float
from autograd.words import gettext
from nn.checks import data_of, entries, listed, real, whole
from nn.optim.optimizer import Optimizer, Params, number_of

__all__ = ["LBFGS"]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return float(sum(map(mul, a, b)))


def _plus(a: Sequence[float], factor: float, b: Sequence[float]) -> list[float]:
    """Return a + factor * b."""
    return [x + factor * y for x, y in zip(a, b, strict=True)]


def _largest(a: Sequence[float]) -> float:
    return max(map(abs, a))


class _Point(NamedTuple):
    """Where a line search has been: how far, the loss, its gradient, its slope along the line."""

    t: float
    loss: float
    gradient: list[float]
    slope: float


class LBFGS(Optimizer):
    """L-BFGS (Nocedal 1980; Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.5).

    A step goes along d = -H g, where H is made of the last ``history_size`` pairs of moves s and changes y of
    the gradient, by the two-loop recursion; it does so up to ``max_iter`` times. With
    ``line_search_fn="strong_wolfe"`` each move is as long as loss and slope ask for, else ``lr`` times d.

    It needs the loss of all the data rather than of a batch, evaluates it several times in a step, and so
    takes a function that does: ``optimizer.step(closure)``. `nn.fit` and ``train`` of a compiled function
    hand it one.

    Parameters
    ----------
    params, lr
        As for `Optimizer`, without groups.
    max_iter
        Moves in a step, at most.
    max_eval
        Evaluations of the loss in a step; 5/4 of ``max_iter`` by default.
    tolerance_grad
        The largest gradient that counts as none.
    tolerance_change
        The smallest move, or change of the loss, that a step goes on from.
    history_size
        How many pairs are kept.
    line_search_fn
        ``"strong_wolfe"``, or None for a fixed length.

    Raises
    ------
    ValueError
        If a number is out of its range, or there are groups.

    Examples
    --------
    >>> from autograd import Value
    >>> x, y = Value(-1.2), Value(1.0)
    >>> optimizer = LBFGS([x, y], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     loss = optimizer.step(closure)
    >>> round(x.data, 3), round(y.data, 3)
    (1.0, 1.0)
    """

    slots = ("direction", "gradient")
    options = (
        "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "line_search_fn",
    )  # fmt: skip
    needs_closure = True

    def __init__(
        self, params: Params, lr: float = 1.0, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        self.max_iter = whole("max_iter", max_iter)
        self.max_eval = self.max_iter * 5 // 4 if max_eval is None else whole("max_eval", max_eval)
        self.tolerance_grad = real("tolerance_grad", tolerance_grad, least=0.0)
        self.tolerance_change = real("tolerance_change", tolerance_change, least=0.0)
        self.history_size = whole("history_size", history_size)
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(gettext(
                "line_search_fn must be 'strong_wolfe' or None, got {line_search_fn}",
                line_search_fn=f"{line_search_fn!r:.40}",
            ))  # fmt: skip
        self.line_search_fn = line_search_fn
        super().__init__(params, lr)
        if self._parts:
            raise ValueError(gettext(
                "LBFGS moves all parameters along one line; pass one list, not in groups"
            ))  # fmt: skip
        self.pairs: list[tuple[list[float], list[float]]] = []
        self.moves, self.length, self.scale = 0, 0.0, 1.0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters several times.

        Parameters
        ----------
        closure
            A function that computes the loss and its gradients anew, and returns the loss.

        Returns
        -------
        Value or float
            The loss before the step, as the closure returned it.

        Raises
        ------
        TypeError
            Without a closure.
        """
        if closure is None:
            raise TypeError(gettext(
                "LBFGS evaluates the loss several times in a step; write optimizer.step(closure), where "
                "closure() calls optimizer.zero_grad(), takes the loss, calls its backward(), and returns it"
            ))  # fmt: skip
        before = closure()
        loss, gradient, evaluations = data_of(before), self._gradient(), 1
        self.steps += 1
        if _largest(gradient) <= self.tolerance_grad:
            return before
        for move in range(1, self.max_iter + 1):
            direction = self._direction(gradient)
            self.moves += 1
            first = min(1.0, 1.0 / sum(map(abs, gradient))) if self.moves == 1 else 1.0
            self.state = {"direction": direction, "gradient": gradient}
            self.length = self._lr * first
            slope, old = _dot(gradient, direction), loss
            if slope > -self.tolerance_change:
                break
            start = [p.data for p in self.params]
            if self.line_search_fn:
                here = _Point(0.0, loss, gradient, slope)

                def look(t: float, start: Any = start, direction: Any = direction) -> _Point:
                    return self._look(closure, start, t, direction)

                reached, count = _strong_wolfe(
                    look, here, self.length, _largest(direction), self.tolerance_change,
                    self.max_eval - evaluations,
                )  # fmt: skip
                self.length, loss, gradient, _ = reached
                self._put(_plus(start, self.length, direction))
                evaluations += count
            else:
                self._put(_plus(start, self.length, direction))
                if move < self.max_iter:  # with a batch, what comes after the last move is of no use
                    loss, gradient = data_of(closure()), self._gradient()
                    evaluations += 1
            if (
                evaluations >= self.max_eval
                or _largest(gradient) <= self.tolerance_grad
                or _largest(direction) * abs(self.length) <= self.tolerance_change
                or abs(loss - old) < self.tolerance_change
            ):
                break
        return before

    def _gradient(self) -> list[float]:
        return [number_of(p.grad) for p in self.params]

    def _put(self, numbers: Sequence[float]) -> None:
        for p, x in zip(self.params, numbers, strict=True):
            p.data = x

    def _look(self, closure: Any, start: list[float], t: float, direction: list[float]) -> _Point:
        """Evaluate at a point of the line, and come back."""
        try:
            self._put(_plus(start, t, direction))
            loss = data_of(closure())
            gradient = self._gradient()
        finally:
            self._put(start)
        return _Point(t, math.inf if loss != loss else loss, gradient, _dot(gradient, direction))

    def _direction(self, gradient: list[float]) -> list[float]:
        """Take note of the last move, and return -H g by the two-loop recursion."""
        if not self.moves:
            return [-g for g in gradient]
        y = _plus(gradient, -1.0, self.state["gradient"])
        s = [d * self.length for d in self.state["direction"]]
        curvature = _dot(y, s)
        if curvature > 1e-10:
            self.pairs = [*self.pairs, (y, s)][-self.history_size :]
            self.scale = curvature / _dot(y, y)
        q = [-g for g in gradient]
        factors = []
        for y, s in reversed(self.pairs):
            factors.append(_dot(s, q) * (1.0 / _dot(y, s)))
            q = _plus(q, -factors[-1], y)
        r = [x * self.scale for x in q]
        for (y, s), factor in zip(self.pairs, reversed(factors), strict=True):
            r = _plus(r, factor - _dot(y, r) * (1.0 / _dot(y, s)), s)
        return r

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on beside the parameters."""
        pairs = [[list(y), list(s)] for y, s in self.pairs]
        kept = {"pairs": pairs, "moves": self.moves, "length": self.length, "scale": self.scale}
        return {**super().state_dict(), **kept}

    def _checked(self, state: Any) -> tuple[Any, ...]:
        pairs, moves, length, scale = entries(state, ("pairs", "moves", "length", "scale"), "LBFGS")
        given = state.get("options")
        if isinstance(given, dict) and set(given) == set(self.options):
            made = type(self)(self.params, **given)  # checks them
            found = super(LBFGS, made)._checked(state)
        else:
            found = super()._checked(state)
        own = []
        for pair in listed(gettext("the state's {name}", name="pairs"), pairs):
            name = gettext("a pair")
            both = [[decode_float(x) for x in listed(name, column)] for column in listed(name, pair)]
            if [len(column) for column in both] != [len(self.params)] * 2:
                raise ValueError(gettext(
                    "a pair of the state does not have {count} numbers each",
                    count=len(self.params),
                ))  # fmt: skip
            own.append((both[0], both[1]))
        return *found, own, whole("moves", moves, least=0), decode_float(length), decode_float(scale)

    def _take(self, found: tuple[Any, ...]) -> None:
        *usual, self.pairs, self.moves, self.length, self.scale = found
        super()._take(tuple(usual))


def _strong_wolfe(
    look: Callable[[float], _Point], start: _Point, t: float, size: float, smallest: float, limit: int
) -> tuple[_Point, int]:
    """Return a point that meets the strong Wolfe conditions, or the best one found, and how often it looked.

    The loss has fallen by 1e-4 of what the first slope promised, and the slope by a tenth; a bracket around
    such a point is found by going on, and narrowed by cubic interpolation, as PyTorch does.
    """

    def too_high(point: _Point) -> bool:
        return point.loss > start.loss + 1e-4 * point.t * start.slope

    def flat(point: _Point) -> bool:
        return abs(point.slope) <= -0.9 * start.slope

    before, point, looked = start, look(t), 1
    bracket: list[_Point] = []
    rounds = 0
    while rounds < limit and not bracket:
        if too_high(point) or (rounds > 1 and point.loss >= before.loss):
            bracket = [before, point]
        elif flat(point):
            return point, looked
        elif point.slope >= 0.0:
            bracket = [before, point]
        else:
            t = _cubic(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10.0)
            before, point = point, look(t)
            looked, rounds = looked + 1, rounds + 1
    bracket = bracket or [start, point]
    low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
    slow = False
    while rounds < limit and abs(bracket[1].t - bracket[0].t) * size >= smallest:
        left, right = sorted((bracket[0].t, bracket[1].t))
        t, margin = _cubic(bracket[0], bracket[1], left, right), 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (slow or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            near = False
        slow = near
        point = look(t)
        looked, rounds = looked + 1, rounds + 1
        if too_high(point) or point.loss >= bracket[low].loss:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
            continue
        done = flat(point)
        if not done and point.slope * (bracket[high].t - bracket[low].t) >= 0.0:
            bracket[high] = bracket[low]
        bracket[low] = point
        if done:
            break
    return bracket[low], looked


def _cubic(a: _Point, b: _Point, least: float, most: float) -> float:
    """Return where the cubic through two points with their slopes is least, or the middle."""
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square >= 0.0 and math.isfinite(square):
        d2 = math.sqrt(square)
        below = b.slope - a.slope + 2.0 * d2
        if below:
            return min(max(b.t - (b.t - a.t) * ((b.slope + d2 - d1) / below), least), most)
    return (least + most) / 2.0
