"""The table's functions continued to complex numbers: one more language, of shapes and a few primitives.

A row that is a sum of products, is expanded into other rows or is a formula of them is continued as those
are. An elementary function is that of its name in `cmath`; a shape of notation, such as a fraction or a
root, says what it computes. `PRIMITIVES` has the few that are left, in forms that lose no digits.

>>> from autograd import ops
>>> ops.silu(Complex(0.5 + 1e-200j)).imaginary / 1e-200
0.73996118...
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd import ops
from autograd.form import Cases, Comparison, Fence, Form, Fraction, Function, Infix, Power, Root
from autograd.operators import Operators
from autograd.words import gettext

__all__ = ["Complex", "continued"]


class Complex(Operators):
    """A complex number that the rows can be applied to.

    Parameters
    ----------
    z
        The number.
    terms
        The sizes of all terms of which its imaginary part is the sum, added up: what its rounding is
        measured by. By default there is one term.
    """

    __slots__ = ("terms", "z")

    def __init__(self, z: complex, terms: float | None = None) -> None:
        self.z = z
        self.terms = abs(z.imag) if terms is None else terms

    @property
    def imaginary(self) -> float:
        """The imaginary part."""
        return self.z.imag

    @staticmethod
    def _apply(op: ops.Op, operands: tuple[Any, ...]) -> Any:
        return continued(op, *operands)


def continued(op: ops.Op, *operands: Any) -> Any:
    """Apply a row to complex numbers, and to floats, the constants included.

    Raises
    ------
    LookupError
        If it, or a row that it is written with, is none of those that are continued.

    Examples
    --------
    >>> continued(ops.softmax, Complex(1e-200j), 0.0, 0.0).imaginary
    2.5e-201
    """
    if op.extremum:
        return _EXTREMA[op.extremum](operands, key=_real)
    if op.guard:
        return operands[0]
    if isinstance(op.form, Fraction):
        return _quotient(*operands)
    if isinstance(op.form, Comparison) or op.name in STEPS:
        return op.value(*map(_real, operands))
    primitive = PRIMITIVES.get(op.name) or getattr(cmath, op.name, None) or _of_shape(op.form)
    if primitive is not None:
        return _of_primitive(primitive, operands)
    products = op.terms(*operands) if op.terms is not None else None
    if products is not None:
        return _sum_of_products(products)
    for formula in (op.expand, FORMULAS.get(op.name), op.form):  # one may have none for some constants
        if callable(formula) and (written := formula(*operands)) is not None:
            return written
    raise LookupError(gettext("{name} is not continued to complex numbers", name=op.name))


def _of_primitive(f: Callable[..., complex], operands: Sequence[Any]) -> Complex:
    z = complex(f(*[_number(x) for x in operands]))
    inputs = [x for x in operands if isinstance(x, Complex) and x.z.imag]
    return Complex(z, abs(z.imag) * max([1.0, *(x.terms / abs(x.z.imag) for x in inputs)]))


def _sum_of_products(products: Sequence[tuple[Any, ...]]) -> Complex:
    total, terms = 0.0j, 0.0
    for factors in products:
        total += math.prod(map(_number, factors), start=1.0 + 0.0j)
        for i, x in enumerate(factors):
            if isinstance(x, Complex):
                terms += x.terms * math.prod(abs(_real(y)) for k, y in enumerate(factors) if k != i)
    return Complex(total, terms)


def _quotient(a: Any, b: Any) -> Complex:
    z, size = _number(a) / _number(b), abs(_real(b))
    above, below = (x.terms if isinstance(x, Complex) else 0.0 for x in (a, b))
    return Complex(z, above / size + abs(_real(a)) / size * (below / size))


def _number(x: Any) -> complex:
    return x.z if isinstance(x, Complex) else complex(x)


def _real(x: Any) -> float:
    return _number(x).real


_EXTREMA: dict[str, Any] = {"max": max, "min": min}


def _of_shape(form: Form | Callable[..., Any] | None) -> Callable[..., complex] | None:
    """Return what a shape of notation computes."""
    match form:
        case Cases():
            return lambda condition, a, b: a if condition.real != 0.0 else b
        case Power(base=""):
            return _power
        case Power(base=base) if base.isdecimal():
            return lambda z: cmath.exp(z * math.log(float(base)))
        case Root(degree=3):
            return _cbrt
        case Fence(left="|"):
            return lambda z: z if z.real > 0.0 else -z
        case Fence(left="‖"):
            return _norm
        case Infix(sign="mod"):
            return lambda a, b: a - b * (a.real // b.real)
        case Function(word=("max" | "min") as word):
            return lambda *zs: _EXTREMA[word](zs, key=_real)
        case Function(index=index) if index.isdecimal():
            return lambda z: cmath.log(z) / math.log(float(index))
    return None


def _power(z: complex, w: complex) -> complex:
    if w.imag == 0.0 and w.real == math.floor(w.real) and abs(w.real) <= 64.0:
        # By repeated squaring, for a negative base too.
        result, base, n = 1.0 + 0.0j, z, int(abs(w.real))
        while n:
            result, base, n = result * base if n & 1 else result, base * base if n > 1 else base, n >> 1
        return result if w.real >= 0.0 else 1.0 / result
    if z.real <= 0.0:
        raise ValueError(gettext("a power of a negative number with a broken exponent"))
    return cmath.exp(w * cmath.log(z))


def _cbrt(z: complex) -> complex:
    return cmath.exp(cmath.log(z) / 3.0) if z.real > 0.0 else -cmath.exp(cmath.log(-z) / 3.0)


def _acosh(z: complex) -> complex:
    # cmath's own loses the imaginary part of a real number beside a tiny one.
    return cmath.log(z + cmath.sqrt(z - 1.0) * cmath.sqrt(z + 1.0) if z.real < 1e150 else z)


def _sigmoid(z: complex) -> complex:
    if z.real < 0.0:
        e = cmath.exp(z)
        return e / (1.0 + e)
    return 1.0 / (1.0 + cmath.exp(-z))


def _softplus(z: complex) -> complex:
    return z + cmath.log(1.0 + cmath.exp(-z)) if z.real > 0.0 else cmath.log(1.0 + cmath.exp(z))


def _one_minus_square_power(z: complex, c: complex) -> complex:
    return _power(complex((1.0 - z.real) * (1.0 + z.real), -2.0 * z.real * z.imag), c)


def _alike(f: Callable[..., complex]) -> Callable[..., complex]:
    """Refuse operands so far apart that squares or products of them leave the range of doubles."""

    def checked(*zs: complex) -> complex:
        sizes = [abs(z.real) for z in zs if z.real]
        if sizes and max(sizes) > 1e60 * min(sizes):
            raise ArithmeticError(gettext("operands too far apart"))
        return f(*zs)

    return checked


@_alike
def _norm(*zs: complex) -> complex:
    scale = max(abs(z) for z in zs)
    return scale * cmath.sqrt(sum((z / scale) ** 2 for z in zs))


@_alike
def _atan2(y: complex, x: complex) -> complex:
    # Up to a constant, which has no derivative; by the smaller of the two quotients.
    return cmath.atan(y / x) if abs(y) <= abs(x) else -cmath.atan(x / y)


def _logsumexp(*zs: complex) -> complex:
    top = max(z.real for z in zs)
    return top + cmath.log(sum(cmath.exp(z - top) for z in zs))


def _softmax(*zs_index: complex) -> complex:
    *zs, index = zs_index
    return 1.0 / sum(cmath.exp(z - zs[int(index.real)]) for z in zs)


def _log_softmax(*zs_index: complex) -> complex:
    *zs, index = zs_index
    z = zs[int(index.real)]
    # The others' differences from the largest are kept, and those from a smaller one would swallow them.
    return (
        -_logsumexp(*[other - z for other in zs])
        if z.real == max(other.real for other in zs)
        else z - _logsumexp(*zs)
    )


def _expm1(z: complex) -> complex:
    return complex(math.expm1(z.real), math.exp(z.real) * math.sin(z.imag))  # the imaginary part is tiny


def _sinpi(z: complex) -> complex:
    return complex(ops.sinpi(z.real), ops.cospi(z.real) * math.sinh(math.pi * z.imag))


def _cospi(z: complex) -> complex:
    return complex(ops.cospi(z.real), -ops.sinpi(z.real) * math.sinh(math.pi * z.imag))


def _multiple(a: Any, b: Any, rest: Callable[[float, float], float]) -> float:
    """Return how often b was taken from a; the rounded quotient may be one off."""
    return float(round((_real(a) - rest(_real(a), _real(b))) / _real(b)))


def _sinc_derivative(x: Any, order: float) -> Any:
    """Derive x sinc(x) = sin(pi x) / pi ``order`` times, and solve for the last derivative."""
    wave = (ops.cospi if order % 2.0 else ops.sinpi)(x) * math.pi ** (order - 1.0)
    signed = -wave if order % 4.0 >= 2.0 else wave
    return (signed - order * _sinc_derivative(x, order - 1.0) if order else signed) / x


PRIMITIVES: dict[str, Callable[..., complex]] = {
    "expm1": _expm1, "sinpi": _sinpi, "cospi": _cospi,
    "acosh": _acosh, "sech": lambda z: 1.0 / cmath.cosh(z), "sech_squared": lambda z: cmath.cosh(z) ** -2.0,
    "one_minus_square_power": _one_minus_square_power, "hypot": _norm, "atan2": _atan2,
    "prod": _alike(lambda *zs: math.prod(zs, start=1.0 + 0.0j)),
    "sigmoid": _sigmoid, "softplus": _softplus,
    "sigmoid_slope": lambda z: 0.25 * cmath.cosh(0.5 * z) ** -2.0,
    "leaky_relu": lambda z, slope: z if z.real > 0.0 else slope * z,
    "elu": lambda z, alpha: z if z.real > 0.0 else alpha * (cmath.exp(z) - 1.0),
    "logaddexp": _logsumexp, "logsumexp": _logsumexp, "softmax": _softmax, "log_softmax": _log_softmax,
}  # fmt: skip
"""What no shape of notation and no other row says."""
FORMULAS: dict[str, Callable[..., Any]] = {
    "direction": lambda *xs_index: xs_index[int(xs_index[-1])] / ops.norm(*xs_index[:-1]),
    "xlogy": lambda a, b: a * ops.log(b), "xlog1py": lambda a, b: a * ops.log1p(b),
    "xdivy": lambda a, b: a / b, "csch": lambda x: 1.0 / ops.sinh(x),
    "remainder": lambda a, b: a - b * _multiple(a, b, math.remainder),
    "fmod": lambda a, b: a - b * _multiple(a, b, math.fmod),
    "logexpm1": lambda x: ops.log(ops.expm1(x)),
    "sinc": lambda x: _sinc_derivative(x, 0.0), "sinc_derivative": _sinc_derivative,
}  # fmt: skip
"""Of rows without an expansion, formulas of other rows."""
STEPS = frozenset(["sign", "floor", "ceil", "trunc", "round"])
"""Those without a slope, beside the comparisons."""
