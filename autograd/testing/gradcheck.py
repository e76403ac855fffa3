"""Check gradients against numbers.

Three questions are asked, because each finds what the others cannot. Is each operation's local derivative
that of its value (by complex step, so that an error of 1e-7 or a cancellation shows, and the operation is
named)? Do the local derivatives add up to the gradient? And is the graph's function the function that was
called (do the graph's constants stay where an argument moves, so that a gradient dropped by ``float(x)`` or
``math.sin(x)`` shows, however small it is)? Where the graph's operations change as well, or an operation has
no complex form, differences of values decide, each with an estimate of what truncation and rounding took from
it: right, wrong, or not to be told.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from autograd.backward import adjoints
from autograd.calculus import trees
from autograd.calculus.functional import jacrev
from autograd.calculus.linear import Linear
from autograd.errors import TracingError
from autograd.floats.convert import check_count
from autograd.modes import mode, no_grad
from autograd.testing.blackbox import check_black_box
from autograd.testing.constants import Constants, Graph
from autograd.testing.local import Local, ancestors, between, examine, near, total_derivative
from autograd.testing.numeric import Estimate, jumps, richardson, slopes
from autograd.testing.report import Entry, GradcheckError, Report
from autograd.value import Value
from autograd.words import gettext, marked

if TYPE_CHECKING:
    from autograd.typing import Function

__all__ = ["check_grads", "gradcheck"]

LEFT = marked(
    "the graph does not hold all that the function computes; is there a float(x), .data or math.sin(x) in "
    "it, in place of autograd.sin(x)?"
)


@overload
def gradcheck(
    f: Function, inputs: Any, *, order: int = 1, rtol: float | None = None,
    raise_exception: Literal[True] = True, gradient: Any = None, tangent: Callable[..., Any] | None = None,
) -> bool: ...  # fmt: skip
@overload
def gradcheck(
    f: Function, inputs: Any, *, order: int = 1, rtol: float | None = None, raise_exception: Literal[False],
    gradient: Any = None, tangent: Callable[..., Any] | None = None,
) -> Report: ...
@overload
def gradcheck(
    f: Function, inputs: Any, *, order: int = 1, rtol: float | None = None, raise_exception: bool,
    gradient: Any = None, tangent: Callable[..., Any] | None = None,
) -> bool | Report: ...
def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    order: int = 1,
    rtol: float | None = None,
    raise_exception: bool = True,
    gradient: Any = None,
    tangent: Callable[..., Any] | None = None,
) -> bool | Report:
    """Check the gradient of ``f`` at one point against numbers.

    With ``gradient``, ``f`` may be any function of numbers or NumPy arrays, and no step is to be chosen.

    Parameters
    ----------
    f
        A function of numbers, or nested lists, tuples and dicts of them; it returns such too. A row of the
        table or a `custom_op` will do.
    inputs
        Its arguments, as a tuple or list; or the only argument, if a number or dict.
    order
        The highest order of derivative to check.
    rtol
        The relative error that is forgiven; by default 1e-12 where the complex step applies, else what the
        numbers allow.
    raise_exception
        Whether to raise where a derivative is wrong, as PyTorch does.
    gradient
        What is said to be the gradient of ``f``, which is then a black box: an array (of shape outputs by
        inputs, for several outputs), or a function of the point that returns it. For several outputs it may
        be an adjoint: a function of the point and of weights ``w`` that returns ``w`` times the Jacobian.
    tangent
        For a black box, a function of the point and of a direction ``v``, which returns the product of the
        Jacobian with ``v``; it is held against the adjoint.

    Returns
    -------
    bool or Report
        True; or the report, if ``raise_exception`` is False.

    Raises
    ------
    GradcheckError
        If a derivative is wrong; its text is the report.

    Notes
    -----
    A point without a derivative (a kink or a jump) and one at the edge of an operation's domain are reported
    as such, and are no error.

    The values of a black box may be noisy. Its gradient is wrong only where every slope that has digits
    excludes it; where none has, it is not checked, and the report says why (``report.verdict``).

    Examples
    --------
    >>> from autograd import tanh
    >>> gradcheck(lambda w, x: tanh(w * x), (0.5, 2.0))
    True
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0])
    >>> gradcheck(lambda x: np.sum(np.sin(x)), x, gradient=np.cos)
    True
    >>> report = gradcheck(lambda x: np.sum(np.sin(x)), x, gradient=1.03 * np.cos(x), raise_exception=False)
    >>> report.verdict
    'wrong'
    """
    if gradient is not None:
        if order != 1:
            raise ValueError(gettext(
                "of a black box the first derivatives are checked; got order={order}",
                order=order,
            ))  # fmt: skip
        return _concluded(check_black_box(f, inputs, gradient, tangent, rtol), raise_exception)
    if tangent is not None:
        raise TypeError(gettext("tangent= goes with gradient=, which it is held against"))
    return _concluded(_check(f, _arguments(inputs), order, ("rev",), rtol), raise_exception)


def _concluded(report: Report, raise_exception: bool) -> bool | Report:
    if raise_exception and not report:
        raise GradcheckError(report)
    return True if raise_exception else report


def check_grads(
    f: Function,
    args: Any,
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    *,
    rtol: float | None = None,
) -> Report:
    """Check the derivatives of ``f`` up to some order, by forward and by reverse mode.

    Parameters
    ----------
    f, args, rtol
        As `gradcheck`'s ``f``, ``inputs``, ``rtol``.
    order
        The highest order of derivative.
    modes
        ``"fwd"``, ``"rev"`` or both.

    Returns
    -------
    Report
        Without an error.

    Raises
    ------
    GradcheckError
        If a derivative is wrong; its text is the report.

    Examples
    --------
    >>> from autograd import exp
    >>> len(check_grads(lambda x: x * exp(x), (1.0,)).entries)
    4
    """
    if not set(modes) <= {"fwd", "rev"} or not modes:
        raise ValueError(gettext('modes must be "fwd", "rev" or both, got {modes}', modes=repr(modes)))
    report = _check(f, _arguments(args), order, modes, rtol)
    if not report:
        raise GradcheckError(report)
    return report


def _arguments(inputs: Any) -> tuple[Any, ...]:
    return tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)


def _fit(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Raise TypeError where a function does not take so many arguments: a list may have been meant as one."""
    try:
        of = inspect.signature(f)
    except (TypeError, ValueError):  # a builtin that does not say what it takes
        return
    try:
        of.bind(*args)
    except TypeError as error:
        raise TypeError(gettext(
            "{error}, where the function is called with {count}: inputs are its arguments, as in (0.5, "
            "2.0); where it takes one list, write ([0.5, 2.0],)",
            error=error, count=len(args),
        )) from None  # fmt: skip


def _check(
    f: Callable[..., Any], args: tuple[Any, ...], order: int, modes: Sequence[str], rtol: float | None
) -> Report:
    order = check_count("order", order, marked("times that a derivative is taken"))
    _fit(f, args)
    report = Report()
    names: list[tuple[str, ...]] = [("f",)]
    args = trees.map_nodes(lambda x: x.data, args)
    f = _taking_arrays(f, args)
    point: _Point | None = None
    for n in range(1, order + 1):
        try:
            point = _Point(f, args, rtol)
        except TracingError as error:
            # A rule, or the function, drops the graph: to whoever differentiates again it is a constant.
            if point is None:
                raise
            cut = [(name, pair) for name in names for pair in zip(point.names, point.at, strict=True)]
            report.entries += [
                Entry(_title(*name, x), at, math.nan, math.nan, "", "wrong", str(error))
                for name, (x, at) in cut
            ]
            break
        for mode_name in modes:
            # The numbers are found once; each mode's derivatives are held against them.
            report.entries += point.entries(names, mode_name, len(modes) > 1)
        if n < order:
            names = [(*name, x) for name in point.output_names(names) for x in point.names]
            f = _flat_jacobian(f, len(args))
    return report


def _taking_arrays(f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """Return ``f`` as `grad` calls it, where arrays are among the arguments."""
    changes = trees.array_mode(args)
    if not changes:
        return f

    def called(*given: Any) -> Any:
        with mode(**changes):
            return trees.map_atoms(trees.as_array, f(*given))

    return called


def _flat_jacobian(f: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return the function that gives all first derivatives of ``f`` as a list."""
    jacobian = jacrev(f, tuple(range(count)))
    return lambda *args: [leaf for _, leaf in trees.paths(jacobian(*args))]


def _title(f: str, *variables: str) -> str:
    """Return the derivative's name, such as d²f/dx dy."""
    power = (
        ""
        if len(variables) == 1
        else str(len(variables)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    )
    return f"d{power}{f}/{' '.join(f'd{x}' for x in variables)}"


class _Point:
    """A function at one point: its graph, and what its values say of each operation's derivatives."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], rtol: float | None) -> None:
        self.f, self.args, self.rtol = f, args, rtol
        found = [pair for name, arg in _named(args) for pair in trees.paths(arg, name)]
        self.names = [name for name, _ in found]
        self.at = trees.leaves(list(args), "inputs")
        self.inputs = [Value(x, name) for x, name in zip(self.at, self.names, strict=True)]
        with mode(sources=True):
            self.result = f(*trees.rebuild(args, iter(self.inputs)))
        outputs = trees.outputs(self.result, gettext("the result of the function"))
        self.linear = Linear(self.inputs, outputs)
        self.outputs = [y if isinstance(y, Value) else Value(y) for y in outputs]
        active: set[Any] = set(self.inputs)
        self.locals: list[Local] = []
        self.rounding = [self._rounding(y) for y in self.outputs]
        self.constants = Constants(self._graph, self.at)
        self.missing: dict[int, list[Estimate | None]] = {}
        for node in self.linear.nodes():
            if any(x in active for x in node.parents):
                active.add(node)
                self.locals.append(examine(node, active, rtol))

    def _graph(self, numbers: Sequence[float]) -> Graph | None:
        """Record the function with other numbers; None where it cannot be called with them."""
        inputs = [Value(x) for x in numbers]
        try:
            result = self.f(*trees.rebuild(self.args, iter(inputs)))
        # The user's own functions may be defined (and real) here, and not beside.
        except (ArithmeticError, ValueError, TypeError):
            return None
        outputs = trees.leaves(result, gettext("the result of the function"))
        return Graph(inputs, [y if isinstance(y, Value) else Value(y) for y in outputs])

    def _rounding(self, y: Value) -> float:
        """Return how far rounding on the way may have moved an output.

        Half an ulp of each node, times what it weighs.
        """
        if y.op is None:
            return 0.0
        weights = adjoints(y)
        total = sum(
            abs(g) * 0.5 * math.ulp(node.data) for node, g in weights.items() if g and node.op is not None
        )
        return total if math.isfinite(total) else math.inf

    def output_names(self, names: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Return a name for each output of a function of that name, or of those names."""
        if len(names) == len(self.outputs):
            return names
        return [(path,) for path, _ in trees.paths(self.result, names[0][0])]

    def entries(self, names: list[tuple[str, ...]], mode_name: str, tell_mode: bool) -> list[Entry]:
        """Return what was found for each output and input, with derivatives by one mode."""
        rows = self._analytic(mode_name)
        entries = []
        for k, (name, y) in enumerate(zip(self.output_names(names), self.outputs, strict=True)):
            above = ancestors(y, self.locals)
            for i, x in enumerate(self.names):
                what = _title(*name, x) + (f" ({mode_name})" if tell_mode else "")
                entries.append(self._entry(what, k, i, rows[k][i], above))
        return entries

    def _analytic(self, mode_name: str) -> list[list[float]]:
        rows = self.linear.rows_by_reverse() if mode_name == "rev" else self.linear.rows_by_forward()
        return [[0.0 if d is None else float(d) for d in row] for row in rows]

    def _entry(self, what: str, k: int, i: int, analytic: float, above: list[Local]) -> Entry:
        """Judge one derivative."""
        x, y = self.inputs[i], self.outputs[k]
        reached = between(x, above)
        for local in reached:
            if local.kink:
                return Entry(what, self.at[i], analytic, math.nan, "", "kink", local.kink)
        for local in reached:
            if local.edge_of_domain:
                return Entry(what, self.at[i], analytic, math.nan, "", "not checked", local.edge_of_domain)
        total = total_derivative(x, y, reached)
        on_path = {x, *(local.node for local in reached)}
        faults = [fault for local in reached for fault in local.faults if fault.operand in on_path]
        numeric, tolerance = (math.nan, 0.0) if total is None else (total.derivative, total.uncertainty)
        method = "" if total is None else total.method
        entry = partial(Entry, what, self.at[i], analytic, numeric, method)
        if faults:
            return entry("wrong", gettext(
                "suspect {text}",
                text=max(faults, key=lambda fault: fault.size).text,
            ))
        if not math.isfinite(y.data):
            return entry("not checked", gettext("the function is {data} here", data=y.data))
        if total is not None and not near(
            analytic, numeric, max(tolerance, (self.rtol or 0.0) * abs(numeric))
        ):
            return entry("wrong", gettext(
                "the local derivatives are right, but their sum over paths is not",
            ))
        return self._against_function(what, k, i, analytic, total, reached=reached)

    def _against_function(
        self, what: str, k: int, i: int, analytic: float, total: Estimate | None, *, reached: list[Local]
    ) -> Entry:
        """Hold the graph against the function itself, called with other numbers."""
        if not self.constants.steady:
            return Entry(
                what,
                self.at[i],
                analytic,
                math.nan,
                "",
                "not checked",
                gettext("the function does something else when it is called again"),
            )
        if i not in self.missing:
            self.missing[i] = self.constants.missing(i)
        missing = self.missing[i][k]
        if (
            total is not None
            and missing is not None
            and missing.uncertainty <= 1e-2 * max(abs(missing.derivative), abs(analytic))
        ):
            numeric = total.derivative + missing.derivative
            allowed = max(total.uncertainty + missing.uncertainty, (self.rtol or 0.0) * abs(numeric))
            if near(analytic, numeric, allowed):
                return Entry(what, self.at[i], analytic, total.derivative, total.method, "ok")
            return Entry(what, self.at[i], analytic, numeric, missing.method, "wrong", gettext(LEFT))

        def along(t: float) -> float:
            at = [Value(x) for x in (*self.at[:i], t, *self.at[i + 1 :])]
            try:
                with no_grad():  # nodes follow IEEE 754 where Python's numbers raise, or become complex
                    result = self.f(*trees.rebuild(self.args, iter(at)))
            # The user's own functions may be defined (and real) here, and not beside.
            except (ArithmeticError, ValueError, TypeError):
                return math.nan
            return float(trees.leaves(result, gettext("the result of the function"))[k])

        # Differences that would step over a kink close by say nothing.
        crowded = any(local.nearest_kink < 1e-5 for local in reached)
        if not crowded and (jump := jumps(along, self.at[i], analytic)):
            return Entry(what, self.at[i], analytic, math.nan, "", "kink", jump)
        verdict, estimate = (
            ("unknown", None) if crowded else _compare(along, self.at[i], analytic, self.rounding[k])
        )
        numeric, method = (total.derivative, total.method) if total is not None else (math.nan, "")
        if verdict in ("wrong", "kink") and estimate is not None:
            note = (
                gettext("the slopes to the left and to the right differ")
                if verdict == "kink"
                else gettext(LEFT)
            )
            return Entry(what, self.at[i], analytic, estimate.derivative, estimate.method, verdict, note)
        if math.isnan(numeric) and estimate is not None:
            numeric, method = estimate.derivative, estimate.method
        if math.isnan(numeric):
            why = (
                gettext(
                    "no difference of its values says anything here: they are not finite, or rounding "
                    "takes their digits",
                )
            )
            return Entry(what, self.at[i], analytic, numeric, method, "not checked", why)
        return Entry(what, self.at[i], analytic, numeric, method, "ok")


def _named(args: tuple[Any, ...]) -> Iterable[tuple[str, Any]]:
    """Return the arguments with names for them: the keys, of a dict that is the only one."""
    if len(args) != 1:
        return [(f"x{i}", arg) for i, arg in enumerate(args)]
    (arg,) = args
    return [(str(key), value) for key, value in arg.items()] if isinstance(arg, dict) else [("x", arg)]


def _compare(
    f: Callable[[float], float], x: float, analytic: float, rounding: float
) -> tuple[str, Estimate | None]:
    """Say whether differences of ``f`` contradict a derivative: ``ok``, ``wrong``, ``kink`` or ``unknown``.

    They do not where rounding explains them: that of the values, and that on the way to them, which is
    ``rounding``.
    """
    estimate = richardson(f, x, rounding=rounding)
    if not math.isfinite(analytic):
        return "unknown", None
    gap = math.inf if estimate is None else abs(estimate.derivative - analytic)
    if estimate is not None and gap <= estimate.uncertainty <= 1e-3 * abs(analytic):
        return "ok", estimate
    # A step over which the function would change by more than it does anywhere steps over its waves; where
    # neighbouring numbers are further apart than those, no slope is seen.
    h = 1e-5 * (abs(x) or 1.0)
    seen = 2.0 * max(abs(float(f(t))) for t in (x, x - h, x + h)) or math.inf
    if abs(analytic) * math.ulp(x) > seen:
        return "unknown", None
    # One side's slope is that of the branch which was taken, unless the steps are too coarse to see any
    # slope.
    left, right = slopes(f, x, h)
    sides = [abs(side - analytic) <= 0.05 * abs(analytic) + 1e-6 for side in (left, right)]
    if any(sides) and abs(analytic) * h <= seen and _bends(f, x, rounding):
        return "kink", Estimate(0.5 * (left + right), 0.5 * abs(right - left), "differences")
    if estimate is None:
        return "unknown", None
    return ("ok" if gap <= estimate.uncertainty else "wrong"), estimate


def _bends(f: Callable[[float], float], x: float, rounding: float) -> bool:
    """Whether the slopes to the left and to the right of ``x`` go to different limits."""
    sides = [slopes(f, x, h * (abs(x) or 1.0)) for h in (1e-4, 1e-5)]
    if not all(math.isfinite(s) for pair in sides for s in pair):
        return False
    gaps = [abs(right - left) for left, right in sides]
    drift = sum(abs(a - b) for a, b in zip(*sides, strict=True))
    noise = 16.0 * rounding / (1e-5 * (abs(x) or 1.0))
    return min(gaps) > 0.01 * max(abs(s) for s in sides[1]) + noise and (
        drift < 0.2 * min(gaps) or gaps[1] > 2.0 * gaps[0]
    )
