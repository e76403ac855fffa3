"""A verdict on the gradient of any function of numbers or NumPy arrays, without a step to choose.

The function is a black box that may be noisy: a simulation, a solver that stops at a tolerance, a sum in
single precision. Differences over steps from the size of the argument down to nothing each give a slope,
with what truncation and noise may have taken from it; the noise is measured first, from differences of high
order over tiny steps [1]_. A gradient is right if it agrees with a slope that has digits; wrong only if
every slope that has digits excludes it; else nobody can tell, and the reason is said. A complex step, where
the function takes one, may acquit where differences have no digits left. It accuses nobody.

.. [1] J. J. Moré, S. M. Wild: Estimating computational noise. SIAM J. Sci. Comput. 33 (2011).
"""

from __future__ import annotations

import inspect
import math
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from autograd.errors import interrupted
from autograd.testing.report import Entry, Report
from autograd.words import gettext

__all__ = ["check_black_box"]

EPSILON = sys.float_info.epsilon
FEW = 32
"""So many components are checked one by one; of more, some directions are, and as many components."""
DIRECTIONS = 3
SPACINGS = tuple(10.0**-k for k in range(8, 2, -1))
"""Where noise is looked for, relative to the argument."""
SIGMAS = 5.0
"""How many standard deviations of noise a slope may be off."""
DIGITS = 0.004
"""A slope has digits if it is known to this relative uncertainty."""
FAR = 4.0
"""How many times its uncertainty a slope must be away from a gradient that is called wrong."""
ROOM = 65
"""The most halvings of a step."""
NEARER = 24
"""Before a gradient is called wrong, so many smaller steps are looked at, each a sixteenth of the last."""

Numbers = list[float]


class Slope(NamedTuple):
    """A derivative along a direction at one step, and how far it may be off."""

    step: float
    value: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one component."""

    status: str
    numeric: float
    method: str
    note: str = ""


def check_black_box(
    f: Callable[..., Any], inputs: Any, gradient: Any, tangent: Callable[..., Any] | None, rtol: float | None
) -> Report:
    """Hold a gradient against the values of a function; `gradcheck` says what the arguments are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values beside the point, where the function may not be defined
        box = _Box(f, inputs)
        return _checked(box, _Claim(box, gradient), tangent, rtol)


def _checked(box: _Box, claim: _Claim, tangent: Callable[..., Any] | None, rtol: float | None) -> Report:
    noise = [_noise(box, k) for k in range(box.outputs)]
    entries: list[Entry] = []
    if tangent is not None:
        entries += _adjoint_identity(box, claim, tangent)
    lines = [(name, _Line(box, along), claimed) for name, along, claimed in claim.slopes()]
    # An output that changes by jumps along one line does so along the others, however level it is there.
    stairs = [
        min((jump for _, line, _ in lines if (jump := line.stair(k))), default=0.0)
        for k in range(box.outputs)
    ]
    for name, values, claimed in lines:
        for k, slope in enumerate(claimed):
            judged = _judge(values, k, slope, noise[k], stairs[k], rtol or 0.0, claim.size)
            title = name if box.outputs == 1 or claim.adjoint is not None else f"df[{k}]{name[2:]}"
            at = next((x for x, a in zip(box.x, values.along, strict=True) if a), math.nan)
            entries.append(Entry(title, at, slope, judged.numeric, judged.method, judged.status, judged.note))
    return Report(entries)


class _Box:
    """The function, of a list of floats to a list of floats, whatever it takes and returns."""

    def __init__(self, f: Callable[..., Any], inputs: Any) -> None:
        self.f, self.inputs = f, inputs
        self.as_arguments = isinstance(inputs, (tuple, list))
        given = inputs if self.as_arguments else (inputs,)
        self.parts = [_flat(part, gettext("an argument")) for part in given]
        self.shapes = [getattr(part, "shape", None) for part in given]
        self.kinds = [type(part) for part in given]
        self.x: Numbers = [x for part in self.parts for x in part]
        self.names = list(_names(given, self.parts))
        if not self.x or not all(map(math.isfinite, self.x)):
            raise ValueError(gettext(
                "the point must be of finite numbers, got {inputs}",
                inputs=f"{inputs!r:.200}",
            ))  # fmt: skip
        self.weights: list[Numbers] | None = None
        at = self(self.x)
        self.outputs = len(at)
        self.value = at
        if not all(map(math.isfinite, at)):
            raise ValueError(gettext(
                "the function is {given} at this point",
                given=f"{at[0] if len(at) == 1 else at!r:.200}",
            ))  # fmt: skip

    def arguments(self, xs: Sequence[Any]) -> tuple[Any, ...]:
        """Return what to call the function with, in the shapes that were given."""
        made: list[Any] = []
        start = 0
        for part, shape in zip(self.parts, self.shapes, strict=True):
            numbers = list(xs[start : start + len(part)])
            start += len(part)
            if shape is not None:
                made.append(_array(numbers, shape))
            else:
                made.append(numbers if self.kinds[len(made)] in (list, tuple) else numbers[0])
        return tuple(made)

    def __call__(self, xs: Sequence[Any]) -> Numbers:
        """Return the values; NaN where the function refuses a point."""
        return _flat(self.f(*self.arguments(xs)), gettext("the result of the function"))

    def beside(self, xs: Numbers) -> Numbers:
        """Return the values at another point; NaN where there are none."""
        nothing = [math.nan] * self.outputs
        try:
            found = self(xs)
        # The function is somebody's: what it raises beside the point says that it is not defined there.
        except Exception as error:
            if interrupted(error):
                raise
            return nothing
        if len(found) != self.outputs:
            raise ValueError(gettext(
                "the function returned {outputs} numbers, and then {count}",
                outputs=self.outputs, count=len(found),
            ))  # fmt: skip
        return found

    def complex_step(self, along: Numbers, k: int) -> float:
        """Return the slope by a step in the imaginary direction; NaN where the function takes none."""
        h = 1e-30
        try:
            found = self.f(*self.arguments([complex(x, h * a) for x, a in zip(self.x, along, strict=True)]))
            number = list(_leaves(found))[k]
            return float(number.imag) / h
        except Exception as error:  # as above
            if interrupted(error):
                raise
            return math.nan


class _Claim:
    """What is said to be the gradient: numbers, or a function of the point, and of weights of the outputs."""

    def __init__(self, box: _Box, gradient: Any) -> None:
        self.box = box
        self.adjoint: Callable[[Numbers], Numbers] | None = None
        n, m = len(box.x), box.outputs
        if callable(gradient) and m > 1 and _required(gradient) > len(box.parts):
            def adjoint(weights: Numbers) -> Numbers:
                found = _flat(gradient(*box.arguments(box.x), _array(weights, (m,))), gettext("the gradient"))
                return self._of_length(found, n)

            self.adjoint = adjoint
            rng = random.Random(1)
            self.weights = [[rng.uniform(0.5, 1.5) for _ in range(m)] for _ in range(2)]
            self.rows = [adjoint(w) for w in self.weights]
            self._combine()
        else:
            given = gradient(*box.arguments(box.x)) if callable(gradient) else gradient
            found = self._of_length(_flat(given, gettext("the gradient")), n * m)
            self.rows = [found[k * n : (k + 1) * n] for k in range(m)]
        self.size = max((abs(d) for row in self.rows for d in row if math.isfinite(d)), default=0.0)

    @staticmethod
    def _of_length(found: Numbers, count: int) -> Numbers:
        if len(found) != count:
            raise ValueError(gettext(
                "the gradient has {count} numbers; there should be {count2}",
                count=len(found), count2=count,
            ))  # fmt: skip
        return found

    def _combine(self) -> None:
        """Let the box return sums of its outputs, with the weights that the adjoint is asked for."""
        inner, weights = self.box.f, self.weights

        def combined(*xs: Any) -> list[Any]:
            ys = list(_leaves(inner(*xs)))
            return [sum(w * y for w, y in zip(row, ys, strict=True)) for row in weights]

        self.box.f = combined
        self.box.outputs = len(weights)
        self.box.value = self.box(self.box.x)

    def slopes(self) -> Iterator[tuple[str, Numbers, Numbers]]:
        """Yield a name, a direction, and what the claim says of the slope of each output along it."""
        n = len(self.box.x)
        if n <= FEW:
            for i in range(n):
                yield self._along([float(i == j) for j in range(n)], f"df/d{self.box.names[i]}")
            return
        rng = random.Random(2)
        for _ in range(DIRECTIONS):
            signs = [rng.choice([-1.0, 1.0]) * max(abs(x), 1e-3) for x in self.box.x]
            largest = max(map(abs, signs))
            direction = [s / largest for s in signs]
            yield self._along(direction, gettext("df along a random direction"))
        # The components that the claim makes most of.
        order = sorted(range(n), key=lambda i: -max(abs(row[i]) for row in self.rows))
        for i in order[: FEW // 2] + rng.sample(order, FEW // 2):
            yield self._along([float(i == j) for j in range(n)], f"df/d{self.box.names[i]}")

    def _along(self, along: Numbers, name: str) -> tuple[str, Numbers, Numbers]:
        def slope(row: Numbers) -> float:
            return math.fsum(d * a for d, a in zip(row, along, strict=True) if a)

        return name, along, [slope(row) for row in self.rows]


class _Line:
    """The function's values along a direction, each computed once."""

    def __init__(self, box: _Box, along: Numbers) -> None:
        self.box, self.along = box, along
        self.seen: dict[float, Numbers] = {0.0: box.value}
        sizes = [abs(x) for x, a in zip(box.x, along, strict=True) if a]
        self.largest = max(1.0, *sizes)
        self.least = min([s for s in sizes if s] or [1.0])

    def at(self, t: float, k: int) -> float:
        """Return one output at a distance."""
        if t not in self.seen:
            self.seen[t] = self.box.beside(self.point(t))
        return self.seen[t][k]

    def point(self, t: float) -> Numbers:
        """Return the point at a distance."""
        return [x + t * a if a else x for x, a in zip(self.box.x, self.along, strict=True)]

    def steps(self) -> list[float]:
        """Return the steps, each half of the one before; no power of two, so that they round as others do."""
        top, low = 0.47 * self.largest, 0.47 * min(1.0, self.least)
        count = math.ceil(math.log2(top) - math.log2(low)) + 29
        if count <= ROOM:
            return [top * 0.5**j for j in range(count)]
        return [start * 0.5**j for start in (top, low) for j in range(29)]

    def is_level(self, k: int, steps: Sequence[float]) -> bool:
        """Whether the values at the smallest steps are all the same."""
        return all(self.at(t, k) == self.at(0.0, k) for h in steps[-8:] for t in (h, -h))

    def stair(self, k: int) -> float:
        """Return the least change of a value that changes by jumps only, as a rounded one does; else 0."""
        steps = self.steps()
        for h in steps:
            for t in (h, -h):
                self.at(t, k)
        if not self.is_level(k, steps):
            return 0.0
        jumps = [abs(v[k] - self.at(0.0, k)) for v in self.seen.values()]
        return min((jump for jump in jumps if math.isfinite(jump) and jump), default=0.0)

    def quantum(self, k: int) -> float:
        """Return the unit that all values are multiples of, where it is coarser than their rounding."""
        numbers = [v[k] for v in self.seen.values() if math.isfinite(v[k]) and v[k]]
        if not numbers:
            return EPSILON
        unit = min(_last_bit(x) for x in numbers)
        # Values that all are the same, or a few, show no unit of their own.
        return unit if unit > 4.0 * math.ulp(max(map(abs, numbers))) and len(set(numbers)) > 1 else 0.0


def _last_bit(x: float) -> float:
    """Return the value of the last bit of a number that is set."""
    mantissa, exponent = math.frexp(x)
    whole = int(abs(mantissa) * 2.0**53)
    return math.ldexp(float(whole & -whole), exponent - 53)


class Noise(NamedTuple):
    """What is not smooth: the standard deviation that is seen at each distance of points, and the least."""

    levels: Sequence[tuple[float, float]]
    least: float
    nearest: float
    """The smallest distance that was looked at."""

    def within(self, step: float) -> float:
        """Return what is seen of it in steps of a size; in smaller ones than any, what the smallest show."""
        reach = max(2.0 * step, self.nearest)
        return max([self.least, *(level for distance, level in self.levels if distance <= reach)])

    @property
    def most(self) -> float:
        """What is seen of it at any distance; fast waves look like noise from afar."""
        return max([self.least, *(level for _, level in self.levels)])

    def of_waves(self, grain: float, reach: float) -> float:
        """Return how steep waves may be that look like noise from afar, and like nothing from nearby.

        ``grain`` is the unit that values are rounded to: its jumps are no waves. Longer waves than ``reach``
        would be seen.
        """
        usual, steepest = max(self.least, 2.0 * grain), 0.0
        for distance, level in self.levels:
            # A few values tell the size of noise to a factor of some three: what is no more is as nearby.
            if level > usual and distance <= reach and distance > self.levels[0][0]:
                steepest = max(steepest, level / distance)
            usual = max(usual, 5.0 * level)
        return steepest

    def and_at_least(self, least: float) -> Noise:
        """Return noise that is no less than a number."""
        return self._replace(least=max(self.least, least))


def _noise(box: _Box, k: int) -> Noise:
    """Measure what is not smooth in an output, by Moré and Wild's differences."""
    own = [max(abs(x), 1e-3 * max(map(abs, box.x)) or 1.0) for x in box.x]
    levels = _levels(box, k, own)
    if max(own) < 0.1:
        levels = sorted(levels + _levels(box, k, [1.0] * len(own)))
    return Noise(levels, 0.5 * math.ulp(box.value[k]), SPACINGS[0] * max(own))


def _levels(box: _Box, k: int, scale: Numbers) -> list[tuple[float, float]]:
    """Return distances of points, and what differences of orders three to six say where they agree."""
    rng = random.Random(3)
    along = [rng.uniform(0.5, 1.0) * s for s in scale]
    found: list[tuple[float, float]] = []
    for spacing in SPACINGS:
        row = [
            box.beside([x + (j - 4) * spacing * a for x, a in zip(box.x, along, strict=True)])[k]
            for j in range(9)
        ]
        if not all(map(math.isfinite, row)):
            continue
        levels = _difference_levels(row)
        top, low = max(levels[2:]), min(levels[2:])
        # Noise is as large in differences of any order; what is smooth is not.
        if top <= 5.0 * low:
            found.append((spacing * max(along), top))
    # At a kink the differences are of one size too, but grow with the distance.
    grow = [b / a for (_, a), (_, b) in pairwise(found) if a]
    is_kink = len(grow) >= 3 and all(4.0 < ratio < 25.0 for ratio in grow[-3:])
    return found[:1] if is_kink else found


def _difference_levels(row: Numbers) -> Numbers:
    """Return the standard deviation of noise in values at equal distances by differences of each order."""
    levels = []
    for order in range(1, 7):
        row = [b - a for a, b in pairwise(row)]
        factor = math.factorial(order) ** 2 / math.factorial(2 * order)
        levels.append(math.hypot(*row) * math.sqrt(factor / len(row)))
    return levels


def _judge(
    line: _Line, k: int, claimed: float, noise: Noise, stair: float, rtol: float, size: float
) -> Judgement:
    """Say whether a slope is right, wrong, or not to be told."""
    if not math.isfinite(claimed):
        note = gettext("the gradient is {claimed}, which nothing compares to", claimed=claimed)
        return Judgement("not checked", math.nan, "", note)
    steps = line.steps()
    values = [v[k] for v in line.seen.values() if math.isfinite(v[k])]
    is_flat = len(set(values)) == 1
    if is_flat:
        noise = noise.and_at_least(EPSILON * max(1.0, *map(abs, line.box.value)))
    grain = max(line.quantum(k), line.stair(k), stair if is_flat else 0.0)
    noise = noise.and_at_least(grain)
    kink = _kink(line, k, steps, noise)
    if kink is not None:
        low, high, lost = kink
        room = 0.05 * max(abs(low), abs(high), high - low) + lost
        if low - room <= claimed <= high + room or high - low == math.inf:
            note = (
                gettext("the function jumps here, or gives another value each time it is called")
                if high - low == math.inf
                else gettext(
                    "the slopes to the left and to the right differ: {low} to {high}",
                    low=f"{low:.6g}", high=f"{high:.6g}",
                )
            )
            return Judgement("kink", math.nan, "", note)
        note = gettext(
            "the slopes on both sides of a kink are {low} to {high}", low=f"{low:.6g}", high=f"{high:.6g}"
        )
        return Judgement("wrong", 0.5 * (low + high), "differences", note)
    slopes = _slopes(line, k, steps, lambda _: noise.most)
    by_complex = line.box.complex_step(line.along, k)
    acquitted = abs(by_complex - claimed) <= max(1e-9, rtol) * abs(claimed)
    best = min(slopes, key=lambda s: s.uncertainty, default=None)
    if best is None:
        if acquitted:
            return Judgement("ok", by_complex, "complex step")
        note = gettext("the function has no values on both sides of the point")
        return Judgement("not checked", math.nan, "", note)
    scale = max(abs(claimed), abs(best.value))
    fine = _slopes(line, k, steps, noise.within)
    for s in [*slopes, *fine]:
        allowed = max(2.0 * s.uncertainty, rtol * abs(claimed))
        if abs(s.value - claimed) <= allowed and s.uncertainty <= DIGITS * scale:
            return Judgement("ok", s.value, "differences")
    if acquitted and claimed:
        return Judgement("ok", by_complex, "complex step")
    spread = max((abs(line.at(h, k) - line.at(0.0, k)) / h for h in steps[:6] if
                  math.isfinite(line.at(h, k))), default=0.0)  # fmt: skip
    if abs(best.value - claimed) <= 2.0 * best.uncertainty:
        # Nothing contradicts it; what is nothing beside the others, or along a level line, is right.
        beside = max(size, spread) if claimed == 0.0 else size
        if best.uncertainty <= 1e-4 * beside or (claimed == 0.0 and line.is_level(k, steps)):
            return Judgement("ok", best.value, "differences")
        return Judgement("not checked", best.value, "differences", _no_digits(best, noise.most))
    is_level = claimed == 0.0 and line.is_level(k, steps)
    is_all_noise = noise.most > 0.05 * (max(values) - min(values)) and not is_flat
    gap = abs(best.value - claimed)
    # What looks like noise from afar only may be waves, and a slope of theirs be meant; so may a slope that
    # is seen over steps too small to have many digits.
    telling = [s for s in fine if s.uncertainty <= 0.25 * gap]
    reach = 4.0 * min((s.step for s in telling), default=math.inf)
    may_be_meant = (
        gap <= 3.0 * noise.of_waves(grain, reach)
        or sum(abs(s.value - claimed) <= 0.5 * gap for s in telling) > 1
    )
    # A slope that nearer ones exclude is no slope at the point: the line bends in between.
    is_bent = any(
        s.step < best.step
        and abs(s.value - best.value) > max(0.5 * gap, FAR * s.uncertainty + best.uncertainty)
        for s in fine
    )
    is_unsure = is_level or is_all_noise or may_be_meant or is_bent
    is_excluded = not is_unsure and _is_excluded(line, k, slopes, best, claimed, rtol, noise.most)
    if is_excluded and not _is_seen_nearer(line, k, claimed, gap, grain):
        note = gettext(
            "the slope is {slope}, to about {error}",
            slope=f"{best.value:.6g}", error=f"{best.uncertainty:.1g}",
        )  # fmt: skip
        if scale and claimed:
            off = abs(claimed - best.value) / abs(best.value or claimed)
            percent = f"{100.0 * off:.3g}"
            note += gettext(": the gradient is off by {percent} %", percent=percent) if off < 10.0 else ""
        orders = _order(line, k, steps, claimed, best.step)
        if math.isfinite(orders):
            note += gettext(
                "; its Taylor remainder falls like h^{order}, not h^3", order=f"{orders:.1f}"
            )
        return Judgement("wrong", best.value, "differences", note)
    return Judgement("not checked", best.value, "differences", _no_digits(best, noise.most))


def _no_digits(best: Slope, noise: float) -> str:
    return gettext(
        "the differences have too few digits here: {slope}, to about {error}, with noise of {noise} in the "
        "values",
        slope=f"{best.value:.3g}", error=f"{best.uncertainty:.1g}", noise=f"{noise:.1g}",
    )  # fmt: skip


def _slopes(line: _Line, k: int, steps: list[float], noise: Callable[[float], float]) -> list[Slope]:
    """Return the central differences, extrapolated once, at all steps where there are values."""
    central = [(line.at(h, k) - line.at(-h, k)) / (2.0 * h) for h in steps]
    second = [(4.0 * b - a) / 3.0 for a, b in pairwise(central)]
    found = []
    for j in range(1, len(second) - 1):
        if steps[j - 1] > 9.0 * steps[j + 2]:
            continue  # not halves of one another
        gap = max(abs(second[j] - second[j - 1]) / 4.0, abs(second[j] - second[j + 1]))
        # Where the step is rounded into the argument, it is not the step that was meant.
        rounding = abs(second[j]) * EPSILON * line.largest / steps[j + 1]
        uncertainty = gap + SIGMAS * noise(steps[j + 1]) / steps[j + 1] + rounding
        if math.isfinite(uncertainty) and math.isfinite(second[j]):
            found.append(Slope(steps[j + 1], second[j], uncertainty))
    return found


def _is_excluded(
    line: _Line, k: int, slopes: list[Slope], best: Slope, claimed: float, rtol: float, noise: float
) -> bool:
    """Whether all slopes that have digits exclude a claim, agree, and are of a line that is smooth here."""
    gap = abs(best.value - claimed)
    if gap <= max(FAR * best.uncertainty, rtol * abs(claimed)):
        return False
    close = [s for s in slopes if s.uncertainty <= 0.25 * gap]
    # What is level over a step, and jumps farther away, shows nothing of how it bends in between.
    seen = {line.at(h, k) for s in close for h in (s.step, -s.step)}
    if seen == {line.at(0.0, k)} and any(v[k] not in seen for v in line.seen.values()):
        return False
    # A kink between the point and the smallest of the steps would make slopes of their own on either side.
    h = min((s.step for s in close), default=math.inf)
    bend = abs(line.at(h, k) - 2.0 * line.at(0.0, k) + line.at(-h, k)) / h if close else math.inf
    if not bend <= 0.1 * gap + SIGMAS * noise / h:
        return False
    # Beyond a step that has no digits, the line has bent; what is seen from there may acquit, and no more.
    bent = min((s.step for s in slopes if s not in close and s.step > best.step), default=math.inf)
    near = [s for s in close if s.step < bent]
    return (
        len(near) >= 2
        and all(abs(s.value - claimed) > 0.5 * gap for s in close)
        and all(abs(s.value - best.value) <= 0.5 * gap for s in near)
    )


def _is_seen_nearer(line: _Line, k: int, claimed: float, gap: float, grain: float) -> bool:
    """Whether a slope about as claimed is seen over smaller steps, down to the rounding of the argument.

    Each has noise of its own, which may be less than what is seen from afar: of waves, or beside a zero.
    """
    size = max((abs(x) for x, a in zip(line.box.x, line.along, strict=True) if a), default=0.0)
    h, seen = 16.0 * SPACINGS[0] * line.largest, 0
    for _ in range(NEARER):
        if h < 64.0 * math.ulp(size):
            break
        row = [line.box.beside(line.point(0.25 * j * h))[k] for j in range(-4, 5)]
        slope = (row[8] - row[0]) / (2.0 * h)
        levels = _difference_levels(row)[2:] if all(map(math.isfinite, row)) else [math.inf]
        noise = max(*levels, grain, 0.5 * math.ulp(row[4]) if math.isfinite(row[4]) else math.inf)
        uncertainty = (SIGMAS * noise + abs(slope) * math.ulp(size)) / h
        seen += uncertainty <= 0.25 * gap and abs(slope - claimed) <= 0.5 * gap
        h /= 16.0
    return seen > 1


def _order(line: _Line, k: int, steps: list[float], claimed: float, best: float) -> float:
    """Return the power of the step by which the odd part of the Taylor remainder falls, above the best."""
    rest = [
        (h, abs(0.5 * (line.at(h, k) - line.at(-h, k)) - h * claimed))
        for h in steps
        if best <= h <= 16.0 * best
    ]
    if len(rest) < 2 or not all(math.isfinite(r) and r > 0.0 for _, r in rest):
        return math.nan
    (large, top), (small, low) = rest[0], rest[-1]
    return math.log(top / low) / math.log(large / small)


def _kink(line: _Line, k: int, steps: list[float], noise: Noise) -> tuple[float, float, float] | None:
    """Return the least and the largest one-sided slope of a kink, infinite ones of a jump; None if smooth.

    The third number is what noise may have taken from them.
    """
    sides = []
    for h in steps:
        left = (line.at(0.0, k) - line.at(-h, k)) / h
        right = (line.at(h, k) - line.at(0.0, k)) / h
        gap = abs(right - left)
        if math.isfinite(gap) and gap > 4.0 * SIGMAS * noise.within(h) / h:
            sides.append((h, left, right, gap))
    # The smallest steps whose gap is no noise, over a factor of at least 64: it stays, or it grows.
    if len(sides) < 7:
        return None
    tail = sides[-7:]
    if tail[0][0] / tail[-1][0] > 100.0 or tail[-1][0] > 1e-4 * line.largest:
        return None  # steps between, or smaller ones, saw nothing
    gaps = [gap for *_, gap in tail]
    _, left, right, gap = tail[-1]
    if any(4.0 * SIGMAS * noise.within(h) / h < 0.3 * gap for h in steps if h < tail[-1][0]):
        return None  # smaller steps would show it, and do not
    if gap < 0.05 * max(abs(left), abs(right)) or min(gaps) < 0.6 * gaps[0]:
        return None
    if gaps[-1] > 3.0 * gaps[0]:
        return -math.inf, math.inf, 0.0
    return min(left, right), max(left, right), 2.0 * SIGMAS * noise.within(tail[-1][0]) / tail[-1][0]


def _adjoint_identity(box: _Box, claim: _Claim, tangent: Callable[..., Any]) -> list[Entry]:
    """Hold the two products with the Jacobian against each other: w (J v) is (w J) v."""
    entries = []
    rng = random.Random(4)
    for number in range(2):
        v = [rng.uniform(-1.0, 1.0) * max(1.0, abs(x)) for x in box.x]
        shaped = box.arguments(v)
        forward = _flat(tangent(*box.arguments(box.x), *shaped), gettext("the tangent"))
        weights = claim.weights[number % 2] if claim.adjoint is not None else [1.0] * len(forward)
        if claim.adjoint is None and len(forward) != box.outputs:
            raise ValueError(gettext(
                "the tangent has {count} numbers; there should be {outputs}",
                count=len(forward), outputs=box.outputs,
            ))  # fmt: skip
        row = claim.rows[number % 2] if claim.adjoint is not None else [
            math.fsum(r[i] for r in claim.rows) for i in range(len(box.x))
        ]  # fmt: skip
        terms = [w * y for w, y in zip(weights, forward, strict=True)]
        others = [d * x for d, x in zip(row, v, strict=True)]
        one, other = math.fsum(terms), math.fsum(others)
        size = sum(map(abs, terms)) + sum(map(abs, others))
        is_right = abs(one - other) <= 1e4 * EPSILON * size
        note = (
            "" if is_right else
            gettext("the tangent and the adjoint are not of one Jacobian: w (J v) is not (w J) v")
        )
        entries.append(
            Entry("w·J·v", math.nan, other, one, "adjoint identity", "ok" if is_right else "wrong", note)
        )
    return entries


def _names(given: Sequence[Any], parts: Sequence[Numbers]) -> Iterator[str]:
    for i, (arg, numbers) in enumerate(zip(given, parts, strict=True)):
        name = "x" if len(given) == 1 else f"x{i}"
        shape = getattr(arg, "shape", None)
        is_number = shape == () or (shape is None and not isinstance(arg, (list, tuple)))
        for j in range(len(numbers)):
            yield name if is_number else f"{name}[{', '.join(map(str, _place(j, shape or (len(numbers),))))}]"


def _place(j: int, shape: Sequence[int]) -> list[int]:
    place: list[int] = []
    for size in reversed(shape):
        place.insert(0, j % size)
        j //= size
    return place


def _leaves(x: Any) -> Iterator[Any]:
    """Yield the numbers in nested lists, tuples or an array."""
    if hasattr(x, "tolist"):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        for part in x:
            yield from _leaves(part)
    else:
        yield x


def _required(f: Callable[..., Any]) -> int:
    """Return how many arguments a function must be given; 0 where nobody knows."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters
    )


def _flat(x: Any, what: str) -> Numbers:
    """Return numbers as a list of floats."""
    try:
        return [float(leaf) for leaf in _leaves(x)]
    except (TypeError, ValueError) as error:
        raise TypeError(gettext(
            "{what} must be numbers, an array or a list of them, got {x}",
            what=what, x=f"{x!r:.200}",
        )) from error  # fmt: skip


def _array(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Return an array of NumPy, which whoever gave one has imported; a list where nobody has."""
    numpy = sys.modules.get("numpy")
    return list(numbers) if numpy is None else numpy.array(numbers).reshape(shape)
