"""Makes the conformance suite's expectations: python tests/benchmarks/conformance_data.py [FUNCTION ...]

For every function and point the derivatives up to order three, from mpmath, rounded once to a double; limits,
ends of domains and kinks from the tables below. With names of functions only those are made anew.
"""

from __future__ import annotations

import json
import lzma
import math
import random
import string
import struct
import sys
from itertools import combinations_with_replacement
from types import SimpleNamespace
from typing import Any

import mpmath

from autograd import ops
from autograd.testing import oracle
from autograd.testing.conformance.data import FILE, stored

mp = mpmath.mp
INF = math.inf
DIGITS = string.digits + string.ascii_lowercase
EVERY = len(DIGITS) - 1
REALS, POSITIVE = (-INF, INF), (0.0, INF)

POWERS = {"cube": 3.0, "inverse_square": -2.0, "power_5_2": 2.5}
oracle.REFERENCE.update({
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "i0": lambda x: mp.besseli(0, x),
    "mish": lambda x: x * mp.tanh(mp.log(1 + mp.exp(x))),
    "log_ndtr": lambda x: mp.log(oracle._erfc(-x / mp.sqrt(2)) / 2),
    "logaddexp2": lambda x, y: mp.log(mp.power(2, x) + mp.power(2, y)) / mp.log(2),
    "power_5_2": lambda x: mp.power(x, mp.mpf(2.5)),
    "cube": lambda x: x**3,
    "inverse_square": lambda x: 1 / (x * x),
})  # fmt: skip
oracle._MANY_BITS.update(dict.fromkeys(("rsqrt", *POWERS), 6000))
oracle._MANY_BITS["logaddexp2"] = 4000
oracle._RELATIVE.update(("rsqrt", "power_5_2", "inverse_square"))

_step = oracle.step


def step(op: Any, operands: Any, i: int) -> Any:
    """As the oracle's; of an operand that is zero, small beside the smallest of the others."""
    others = [abs(x) for x in operands if x and x not in (mp.inf, -mp.inf)]
    if operands[i] or op.arity == 1 or not others or op.name == "pow":
        return _step(op, operands, i)
    return mp.ldexp(min(1, mp.mpf(min(others))), -oracle.STEP)


oracle.step = step


def words(text: str) -> list[str]:
    """Return the names in a text."""
    return text.split()


# Of one operand: where they are defined, if that is not everywhere.
UNARY: dict[str, tuple[float, float]] = {
    **dict.fromkeys(words(
        "reciprocal square cbrt exp exp2 exp10 expm1 sin cos tan atan sinh cosh tanh asinh "
        "sigmoid logsigmoid softplus silu gelu erf erfc normal_cdf relu leaky_relu elu selu relu6 "
        "hardtanh abs sign floor ceil round trunc sinc cube inverse_square i0 mish log_ndtr "
        "lgamma digamma"
    ), REALS),
    **dict.fromkeys(words("sqrt rsqrt log log2 log10 entr power_5_2"), POSITIVE),
    "log1p": (-1.0, INF), "asin": (-1.0, 1.0), "acos": (-1.0, 1.0), "atanh": (-1.0, 1.0), "acosh": (1.0, INF),
    "logit": (0.0, 1.0),
}  # fmt: skip
# Of several: how many, and which row of the table, with what after the operands.
SEVERAL: dict[str, tuple[int, str, tuple[float, ...]]] = {
    "mul": (2, "mul", ()), "div": (2, "div", ()), "pow": (2, "pow", ()), "atan2": (2, "atan2", ()),
    "hypot": (2, "hypot", ()), "logaddexp": (2, "logaddexp", ()), "logaddexp2": (2, "logaddexp2", ()),
    "maximum": (2, "maximum", ()), "minimum": (2, "minimum", ()), "xlogy": (2, "xlogy", ()),
    "xlog1py": (2, "xlog1py", ()), "norm": (2, "norm", ()), "softmax": (2, "softmax", (0.0,)),
    "log_softmax": (2, "log_softmax", (0.0,)), "logsumexp": (2, "logsumexp", ()), "max": (2, "max", ()),
    "prod": (3, "prod", ()),
}  # fmt: skip

# Limits of the first derivative at plus and minus infinity.
AT_INFINITY: dict[str, tuple[float | None, float | None]] = {
    "exp": (INF, 0.0), "exp2": (INF, 0.0), "exp10": (INF, 0.0), "expm1": (INF, 0.0), "log": (0.0, None),
    "log1p": (0.0, None), "log2": (0.0, None), "log10": (0.0, None), "sqrt": (0.0, None),
    "rsqrt": (0.0, None), "square": (INF, -INF), "reciprocal": (0.0, 0.0), "atan": (0.0, 0.0),
    "sinh": (INF, INF), "cosh": (INF, -INF), "tanh": (0.0, 0.0), "asinh": (0.0, 0.0), "acosh": (0.0, None),
    "sigmoid": (0.0, 0.0), "logsigmoid": (0.0, 1.0), "softplus": (1.0, 0.0), "silu": (1.0, 0.0),
    "gelu": (1.0, 0.0), "mish": (1.0, 0.0), "erf": (0.0, 0.0), "erfc": (0.0, 0.0), "normal_cdf": (0.0, 0.0),
    "relu": (1.0, 0.0), "leaky_relu": (1.0, 0.01), "elu": (1.0, 0.0), "relu6": (0.0, 0.0),
    "hardtanh": (0.0, 0.0), "abs": (1.0, -1.0), "cube": (INF, INF), "inverse_square": (0.0, 0.0),
    "lgamma": (INF, None), "digamma": (0.0, None), "cbrt": (0.0, 0.0),
}  # fmt: skip
# Ends of domains: one-sided limits of the first derivative.
AT_ENDS: dict[tuple[str, float], float] = {
    ("log", 0.0): INF, ("log2", 0.0): INF, ("log10", 0.0): INF, ("log1p", -1.0): INF, ("sqrt", 0.0): INF,
    ("asin", 1.0): INF, ("asin", -1.0): INF, ("acos", 1.0): -INF, ("acos", -1.0): -INF, ("acosh", 1.0): INF,
    ("atanh", 1.0): INF, ("atanh", -1.0): INF, ("cbrt", 0.0): INF, ("entr", 0.0): INF, ("logit", 0.0): INF,
    ("logit", 1.0): INF, ("power_5_2", 0.0): 0.0, ("rsqrt", 0.0): -INF, ("elu", 0.0): 1.0,
}  # fmt: skip
# Kinks and jumps: the slopes from the left and the right, between which each library chooses.
SELU = (1.0507009873554805, 1.7580993408473766)
AT_KINKS: dict[tuple[str, float], tuple[float, float]] = {
    ("abs", 0.0): (-1.0, 1.0), ("relu", 0.0): (0.0, 1.0), ("leaky_relu", 0.0): (0.01, 1.0),
    ("selu", 0.0): SELU, ("relu6", 0.0): (0.0, 1.0), ("relu6", 6.0): (0.0, 1.0),
    ("hardtanh", 1.0): (0.0, 1.0), ("hardtanh", -1.0): (0.0, 1.0), ("sign", 0.0): (0.0, 0.0),
}  # fmt: skip
SEVERAL_BY_HAND: dict[tuple[str, tuple[float, ...]], dict[str, Any]] = {
    ("norm", (0.0, 0.0)): {"0": [-1.0, 1.0], "1": [-1.0, 1.0]},
    ("hypot", (0.0, 0.0)): {"0": [-1.0, 1.0], "1": [-1.0, 1.0]},
    ("pow", (0.0, 0.0)): {"0": 0.0}, ("pow", (0.0, 0.5)): {"0": INF, "1": 0.0},
    ("pow", (0.0, 1.0)): {"0": 1.0, "1": 0.0},
    ("pow", (0.0, 2.0)): {"0": 0.0, "1": 0.0, "00": 2.0, "11": 0.0},
    ("pow", (0.0, 3.0)): {"0": 0.0, "1": 0.0, "00": 0.0, "000": 6.0, "11": 0.0},
    ("pow", (0.0, 2.4)): {"0": 0.0, "1": 0.0}, ("pow", (0.0, 0.25)): {"0": INF, "1": 0.0},
    ("pow", (-2.0, 3.0)): {"0": 12.0, "00": -12.0, "000": 6.0}, ("pow", (-2.0, 2.0)): {"0": -4.0, "00": 2.0},
    ("logaddexp", (INF, 0.0)): {"0": 1.0, "1": 0.0}, ("logaddexp", (-INF, 2.0)): {"0": 0.0, "1": 1.0},
    ("logsumexp", (-INF, 2.0)): {"0": 0.0, "1": 1.0}, ("logsumexp", (INF, 0.0)): {"0": 1.0, "1": 0.0},
    ("softmax", (-INF, 2.0)): {"0": 0.0, "1": 0.0}, ("atan2", (INF, 1.0)): {"0": 0.0, "1": 0.0},
    ("hypot", (INF, 1.0)): {"0": 1.0, "1": 0.0}, ("hypot", (1e300, 0.0)): {"0": 1.0, "1": 0.0},
}  # fmt: skip


def single(x: float) -> float:
    """Round to a float32."""
    return struct.unpack("f", struct.pack("f", x))[0]


MAGNITUDES = [
    5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-200, 1e-160, 1e-100, 1e-50, single(1e-45),
    single(1e-40), 2.0**-126, *map(single, (1e-30, 1e-22, 1e-20, 1e-19, 1e-15)), *[2.0**-k for k in (
        52, 46, 40, 33, 30, 27, 26, 24, 23, 20, 17, 13, 12, 10, 7, 6, 5)],
    single(0.1), 0.25, 0.375, 0.5, single(0.6), 0.75, 0.875, 1 - 2.0**-10, 1 - 2.0**-24, 1 - 2.0**-53, 1.0,
    1 + 2.0**-52, 1 + 2.0**-23, 1 + 2.0**-10, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0,
    8.0, 8.75, 9.010913848876953, 9.5, 10.0, 12.0, 13.0, 14.5, 15.0, 16.0, 16.75, 17.5, 18.5,
    19.061547465398498, 20.0, 20.5, 22.0, 25.0, 27.0, 30.0, 35.0, 37.42994775023705, 38.5, 40.0,
    40.410841513445845, 45.0, 50.0, 60.0, 70.0, 80.0, 87.0, 88.0, 88.75, 89.25, 90.0, 95.0, 100.0, 103.5,
    104.0, 110.0, 127.5, 128.0, 150.0, 190.0, 200.0, 300.0, 350.0, 355.5, 400.0, 500.0, 600.0, 700.0, 708.5,
    709.5, 709.75, 710.0, 710.25, 711.0, 720.0, 740.0, 745.0, 746.0, 750.0, 800.0, 1000.0, 1022.5, 1023.5,
    1024.0, 1024.25, 1075.0, 1100.0, 2000.0,
    4096.0, 5793.0, 65536.0, 1e5, 2.0**24, 1e8, 1e10, single(1e15), 2.0**53, 2.0**60, 2.0**65,
    *map(single, (1e22, 1e25, 1e30, 3e38)), 1e40, 1e77, 1e100, 1e103, 1e154, 1.5e154, 1e160, 1e200, 1e300,
    1.7e308, 1.7976931348623157e308,
]  # fmt: skip


def _bits(x: float) -> bytes:
    return struct.pack("d", x)


def unary_points(name: str) -> list[float]:
    """The points of a function: both signs of the magnitudes, ordinary ones, and others at random."""
    rng = random.Random(name)
    low, high = UNARY[name]
    points = [0.0, -0.0, INF, -INF, *MAGNITUDES, *[-x for x in MAGNITUDES]]
    points += [single(rng.uniform(max(low, -6.0), min(high, 6.0))) for _ in range(16)]
    for _ in range(16):
        points.append(rng.choice((1, -1)) * single(2.0 ** rng.uniform(-120, 120)))
    for _ in range(10):
        points.append(rng.choice((1, -1)) * 2.0 ** rng.uniform(-1020, 1020))
    if name in ("asin", "acos", "atanh", "logit", "log1p", "acosh"):
        for k in (10, 20, 24, 30, 40, 50, 52):
            points += [1 - 2.0**-k, 2.0**-k - 1, 1 + 2.0**-k]
    outside = 0
    chosen = []
    for x in dict.fromkeys(map(_bits, points)):
        x = struct.unpack("d", x)[0]
        if not (low <= x <= high or math.isinf(x)) or (math.isinf(x) and not low <= x <= high):
            outside += 1
            if outside > 3:
                continue
        if name in ("lgamma", "digamma") and (abs(x) > 1e15 or (x < 0 and (x == round(x) or x < -300))):
            continue
        if name == "i0" and abs(x) > 1e6:
            continue
        if name in ("floor", "ceil", "round", "trunc") and abs(x) > 1e6:
            continue
        chosen.append(x)
    return chosen


def pairs(name: str) -> list[tuple[float, ...]]:
    """The points of a function of two operands: equal ones, opposite ones, far apart ones, and others."""
    rng = random.Random(name)
    few = [1e-300, 1e-200, 1e-160, single(1e-30), single(1e-20), 2.0**-20, 0.5, 1.0, 1.5, 2.0, 3.0, 40.0,
           800.0, single(1e10), 2.0**65, single(1e30), 1e160, 1e200, 1e300]  # fmt: skip
    found: list[tuple[float, float]] = (
        [(x, x) for x in few] + [(x, -x) for x in few] + [(-x, -x) for x in few]
    )
    found += [(x, y) for x in few[::3] for y in few[1::3]] + [(y, -x) for x in few[::3] for y in few[1::3]]
    found += [(0.0, x) for x in few] + [(x, 0.0) for x in few]
    found += [(single(rng.uniform(-4, 4)), single(rng.uniform(-4, 4))) for _ in range(12)]
    found += [(single(rng.uniform(0, 4)), single(rng.uniform(0, 4))) for _ in range(12)]
    found += [(single(rng.uniform(-60, 60)), single(rng.uniform(-60, 60))) for _ in range(12)]
    found += [(37.42994775023705, 0.0), (0.0, 37.42994775023705), (20.0, -20.0), (-4.0, -4.0), (5.0, -4.0),
              (-800.0, 800.0), (800.0, -800.0), (-798.0, 803.0), (1600.0, -401.0), (90.0, 0.0), (0.0, 90.0),
              (2e-3, 2e-3), (0.002, 0.002), (90.0, -90.0), (0.0, 2.0), (0.0, 1.0), (100.0, 0.0)]  # fmt: skip
    found += [point for function, point in SEVERAL_BY_HAND if function == name]
    return [p for p in dict.fromkeys(found) if _inside(name, p) or (name, p) in SEVERAL_BY_HAND]


def _inside(name: str, p: tuple[float, ...]) -> bool:
    """Whether a function is defined about a point, and its oracle knows it."""
    x, y = p
    small = max(map(abs, p)) < 1e4
    inside = {
        "div": y != 0.0, "pow": x > 0.0 and abs(y) < 1e4, "xlogy": y > 0.0, "xlog1py": y > -1.0,
        "atan2": (x, y) != (0.0, 0.0) and not (x == 0.0 and y < 0.0),
        "hypot": (x, y) != (0.0, 0.0) and x >= 0.0, "norm": (x, y) != (0.0, 0.0) and x >= 0.0,
        "logaddexp2": small,
    }  # fmt: skip
    return inside.get(name, True)


def op_of(name: str) -> Any:
    """The row of the table, or what stands for one of a function that the table lacks."""
    if name in ops.TABLE and name not in POWERS:
        return ops.TABLE[name]
    low, high = UNARY.get(name, REALS)
    domain = ((0.0 if name in oracle._RELATIVE else low, high),)
    return SimpleNamespace(name=name, domain=domain, kink=None, arity=1 if name in UNARY else 2, params={})


def once(exact: Any) -> float | None:
    """Round to a double; None where rounding that to a float32 would round twice to another number."""
    d = oracle.to_double(exact)
    if math.isfinite(d) and d and 2.0**-126 < abs(d) < 3e38:
        mantissa = struct.unpack("Q", struct.pack("d", d))[0] & (2**29 - 1)
        if mantissa == 2**28 and d != exact:
            return None
    return d


def zero(op: Any, operands: tuple[float, ...], params: tuple[float, ...], path: tuple[int, ...]) -> str:
    """A derivative that is zero, with its change as operands do by their size: what rounding may leave.

    Of small operands both by their size and by 1: one matters where the function is homogeneous, the other
    where it has terms of order 1 that cancel.
    """
    scale = mp.mpf(0)
    for j, x in enumerate(operands):
        changes = [mp.mpf(0)]
        for size in {max(abs(x), 1), abs(x)} - {0}:
            moved = [mp.mpf(v) for v in operands]
            moved[j] += size * mp.ldexp(1, -60)
            changes.append(abs(oracle.partial(op, [*moved, *params], path)))
        scale += max(changes)
    return f"0~{float(mp.ldexp(scale, 60)):.1e}"


def entry(op: Any, operands: tuple[float, ...], params: tuple[float, ...], path: tuple[int, ...]) -> Any:
    """The expected derivative, and the bits that one rounding of the operands may cost."""
    exact = oracle.partial(op, [*operands, *params], path)
    if mp.isnan(exact):
        return None, 0
    rounded = once(exact)
    if exact == 0:
        return zero(op, operands, params, path), 0
    if rounded is None:
        return None, 0
    if not math.isfinite(rounded) or not rounded:
        return rounded, 0
    change = mp.mpf(0)
    for j, x in enumerate(operands):
        if x:
            moved = [mp.mpf(v) for v in operands]
            moved[j] *= 1 + mp.ldexp(1, -60)
            change += abs(oracle.partial(op, [*moved, *params], path) - exact)
    loss = change / abs(exact) * mp.ldexp(1, 60)
    return rounded, bits(int(mp.ceil(mp.log(loss, 2)))) if loss > 1 else 0


def bits(lost: int) -> int:
    """How many bits are lost, as one digit of base 36: 35 where none of a double is left to be judged."""
    return EVERY if lost >= 43 else min(EVERY - 1, max(0, lost))


def unary(name: str) -> dict[str, Any]:
    """All expectations of a function of one operand."""
    op = op_of(name)
    low, high = UNARY[name]
    params = tuple(op.params.values())
    points = unary_points(name)
    steps = name in ("floor", "ceil", "round", "trunc", "sign")
    rows: dict[str, tuple[list[Any], list[int]]] = {p: ([], []) for p in ("0", "00", "000")}
    for x in points:
        for path, (expected, losses) in rows.items():
            order, value, loss = len(path), None, 0
            if math.isinf(x):
                limits = AT_INFINITY.get(name, (None, None))
                value = limits[x < 0] if order == 1 else None
            elif (name, x) in AT_ENDS:
                end = AT_ENDS[name, x]
                # Of the wrong zero, some libraries take the slope of the other side.
                end = "outside" if math.isinf(end) and _bits(x) == _bits(-0.0) and name != "cbrt" else end
                value = end if order == 1 else None
            elif (name, x) in AT_KINKS:
                value = list(AT_KINKS[name, x]) if order == 1 else None
            elif not low < x < high:
                value = "outside" if order == 1 else None
            elif steps:
                jump = x == math.floor(x) if name in ("floor", "ceil") else x == math.trunc(x) and x != 0
                jump = abs(x - math.trunc(x)) == 0.5 if name == "round" else jump and name != "sign"
                value = [0.0, 0.0] if jump and order == 1 else None if jump else "0~0"
            elif name in ("reciprocal", "inverse_square", "lgamma", "digamma") and x == 0:
                pole = {"reciprocal": -INF, "lgamma": -INF}
                value = pole.get(name) if order == 1 and math.copysign(1.0, x) > 0 else None
            else:
                value, loss = entry(op, (x,), params, (0,) * order)
            expected.append(value)
            losses.append(loss)
    return {"operands": 1, "points": [[x] for x in points], "derivatives": _packed(rows)}


def several(name: str) -> dict[str, Any]:
    """All expectations of a function of two or three operands."""
    count, row, params = SEVERAL[name]
    op = op_of(row)
    if count == 3:
        few = (0.0, 2.0, 3.0, -1.5, 0.5, single(1e-30), single(1e30), 1e-200, 1e200, 1e300)
        points = [(x, y, z) for x in few for y in few[::2] for z in few[1::3]]
        paths = [(0,), (1,), (2,), (0, 0), (0, 1), (1, 2), (0, 1, 2), (0, 0, 1)]
    else:
        points = pairs(name)
        paths = [p for n in (1, 2, 3) for p in combinations_with_replacement((0, 1), n)]
    rows: dict[str, tuple[list[Any], list[int]]] = {"".join(map(str, p)): ([], []) for p in paths}
    for point in points:
        by_hand = SEVERAL_BY_HAND.get((name, point))
        for path, (expected, losses) in rows.items():
            value, loss = None, 0
            if by_hand is not None:
                value = by_hand.get(path)
            elif name in ("maximum", "minimum", "max") and point[0] == point[1]:
                value = [0.0, 1.0] if len(path) == 1 else None
            elif name == "mul" and len(path) == 3:
                value = "0~0"
            elif len(path) == 1 or _asked(name, point, len(path)):
                value, loss = entry(op, point, params, tuple(map(int, path)))
                if len(path) > 1 and value in (INF, -INF, "0~inf"):  # terms of both signs overflow
                    value = None
            expected.append(value)
            losses.append(loss)
    return {"operands": count, "points": [list(p) for p in points], "derivatives": _packed(rows)}


def _asked(name: str, point: tuple[float, ...], order: int) -> bool:
    """Whether a higher derivative is asked for: not where each of its terms is out of range.

    And not of shares of nearly equal logits, whose difference no formula for many logits has a form for.
    """
    if name in ("hypot", "norm") and order == 3:
        return math.hypot(*point) > 1e-150
    if name in ("softmax", "log_softmax", "logsumexp"):
        apart = abs(point[0] - point[1])
        return apart == 0.0 or apart > 2.0**-6
    return True


def _packed(rows: dict[str, tuple[list[Any], list[int]]]) -> dict[str, Any]:
    return {
        path: {"expected": expected, "loss": "".join(DIGITS[n] for n in losses)}
        for path, (expected, losses) in rows.items()
    }


def write(data: Any) -> None:
    """Write the file: what JSON says of data with each float 0, and the floats."""
    numbers: list[float] = []

    def emptied(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: emptied(x) for key, x in tree.items()}
        if isinstance(tree, list):
            return [emptied(x) for x in tree]
        if isinstance(tree, float):
            numbers.append(tree)
        return 0 if isinstance(tree, float) else tree

    text = json.dumps(emptied(data), separators=(",", ":"))
    packed = struct.pack(f"<{len(numbers)}d", *numbers)
    best = 9 | lzma.PRESET_EXTREME
    doubles = {"id": lzma.FILTER_LZMA2, "preset": best, "lc": 0, "lp": 3, "pb": 3}
    FILE.write_bytes(lzma.compress(f"{text}\n".encode() + packed, filters=[doubles]))


def main() -> None:
    """Make the functions named, or all, and write the file."""
    names = sys.argv[1:] or [*UNARY, *SEVERAL]
    mp.prec = 2000  # moved operands have more digits than a double
    data = stored()["functions"] if sys.argv[1:] else {}
    for name in names:
        data[name] = unary(name) if name in UNARY else several(name)
        print(name, len(data[name]["points"]), flush=True)
    ordered = {name: data[name] for name in [*UNARY, *SEVERAL] if name in data}
    write({"format": "chainrule.conformance", "version": 1, "functions": ordered})
    print(FILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
