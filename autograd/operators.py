"""Every operator and method of a node, by hand, one typed line each, so that editors and readers see them.

A test proves that these and the rows of the table agree. `Value` overrides the hottest few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsFloat, Union

from autograd import ops
from autograd.op import INF
from autograd.spellings import options

if TYPE_CHECKING:
    from autograd.value import Value

__all__ = ["Number", "Operators"]

Number = Union["Value", SupportsFloat]


class Operators:
    """The operations of the table, as operators and methods."""

    __slots__ = ()

    # fmt: off
    def __add__(self, other: Number) -> Value: return ops.add(self, other)
    def __radd__(self, other: Number) -> Value:  # the built-in sum() starts from the int 0: the short path
        return self + 0.0 if other.__class__ is int and not other else ops.add(other, self)
    def __sub__(self, other: Number) -> Value: return ops.sub(self, other)
    def __rsub__(self, other: Number) -> Value: return ops.sub(other, self)
    def __mul__(self, other: Number) -> Value: return ops.mul(self, other)
    def __rmul__(self, other: Number) -> Value: return ops.mul(other, self)
    def __truediv__(self, other: Number) -> Value: return ops.div(self, other)
    def __rtruediv__(self, other: Number) -> Value: return ops.div(other, self)
    def __floordiv__(self, other: Number) -> Value: return ops.floordiv(self, other)
    def __rfloordiv__(self, other: Number) -> Value: return ops.floordiv(other, self)
    def __mod__(self, other: Number) -> Value: return ops.mod(self, other)
    def __rmod__(self, other: Number) -> Value: return ops.mod(other, self)
    def __divmod__(self, other: Number) -> tuple[Value, Value]:
        return ops.floordiv(self, other), ops.mod(self, other)
    def __rdivmod__(self, other: Number) -> tuple[Value, Value]:
        return ops.floordiv(other, self), ops.mod(other, self)
    def __pow__(self, other: Number) -> Value:
        return (ops.pow if isinstance(other, Operators) else ops.power)(self, other)
    def __rpow__(self, other: Number) -> Value: return ops.pow(other, self)
    def __neg__(self) -> Value: return ops.neg(self)
    def __abs__(self) -> Value: return ops.abs(self)
    def __round__(self, ndigits: int = 0) -> Value: return ops.round(self, ndigits)

    def exp(self) -> Value: """Exponential."""; return ops.exp(self)
    def log(self) -> Value: """Natural logarithm."""; return ops.log(self)
    def log1p(self) -> Value: """log(1 + x), accurate near 0."""; return ops.log1p(self)
    def expm1(self) -> Value: """exp(x) - 1, accurate near 0."""; return ops.expm1(self)
    def log2(self) -> Value: """Logarithm to base 2."""; return ops.log2(self)
    def log10(self) -> Value: """Logarithm to base 10."""; return ops.log10(self)
    def exp2(self) -> Value: """2 ** x."""; return ops.exp2(self)
    def sqrt(self) -> Value: """Square root."""; return ops.sqrt(self)
    def cbrt(self) -> Value: """Cube root, of negative numbers too."""; return ops.cbrt(self)
    def square(self) -> Value: """x * x."""; return ops.square(self)
    def reciprocal(self) -> Value: """1 / x."""; return ops.reciprocal(self)
    def sin(self) -> Value: """Sine of an angle in radians."""; return ops.sin(self)
    def cos(self) -> Value: """Cosine of an angle in radians."""; return ops.cos(self)
    def tan(self) -> Value: """Tangent of an angle in radians."""; return ops.tan(self)
    def asin(self) -> Value: """Arc sine, in radians."""; return ops.asin(self)
    def acos(self) -> Value: """Arc cosine, in radians."""; return ops.acos(self)
    def atan(self) -> Value: """Arc tangent, in radians."""; return ops.atan(self)
    def sinh(self) -> Value: """Hyperbolic sine."""; return ops.sinh(self)
    def cosh(self) -> Value: """Hyperbolic cosine."""; return ops.cosh(self)
    def tanh(self) -> Value: """Hyperbolic tangent."""; return ops.tanh(self)
    def asinh(self) -> Value: """Inverse hyperbolic sine."""; return ops.asinh(self)
    def acosh(self) -> Value: """Inverse hyperbolic cosine."""; return ops.acosh(self)
    def atanh(self) -> Value: """Inverse hyperbolic tangent."""; return ops.atanh(self)
    def sigmoid(self) -> Value: """Logistic function, 1 / (1 + exp(-x))."""; return ops.sigmoid(self)
    def logsigmoid(self) -> Value: """log(sigmoid(x)), accurate in both tails."""; return ops.logsigmoid(self)
    def relu(self) -> Value: """max(0, x); the derivative at 0 is 0."""; return ops.relu(self)
    def leaky_relu(self, slope: float = 0.01) -> Value:
        """x where positive, else slope * x."""
        return ops.leaky_relu(self, slope)
    def elu(self, alpha: float = 1.0) -> Value:
        """x where positive, else alpha * expm1(x)."""
        return ops.elu(self, alpha)
    def selu(self) -> Value: """Self-normalising ELU (Klambauer et al. 2017)."""; return ops.selu(self)
    def softplus(self) -> Value: """log(1 + exp(x)), accurate in both tails."""; return ops.softplus(self)
    def gelu(self) -> Value: """x times the normal distribution function of x."""; return ops.gelu(self)
    def silu(self) -> Value: """x * sigmoid(x)."""; return ops.silu(self)
    def erf(self) -> Value: """Error function."""; return ops.erf(self)
    def erfc(self) -> Value: """Complementary error function, 1 - erf(x)."""; return ops.erfc(self)
    def lgamma(self) -> Value:
        """Logarithm of the absolute value of the gamma function."""
        return ops.lgamma(self)
    def exp10(self) -> Value: """10 ** x."""; return ops.exp10(self)
    def sec(self) -> Value: """Secant, 1 / cos(x)."""; return ops.sec(self)
    def csc(self) -> Value: """Cosecant, 1 / sin(x)."""; return ops.csc(self)
    def cot(self) -> Value: """Cotangent, 1 / tan(x)."""; return ops.cot(self)
    def sech(self) -> Value: """Hyperbolic secant, 1 / cosh(x)."""; return ops.sech(self)
    def csch(self) -> Value: """Hyperbolic cosecant, 1 / sinh(x)."""; return ops.csch(self)
    def coth(self) -> Value: """Hyperbolic cotangent, 1 / tanh(x)."""; return ops.coth(self)
    def sind(self) -> Value: """Sine of an angle in degrees, exact at 90."""; return ops.sind(self)
    def cosd(self) -> Value: """Cosine of an angle in degrees, exact at 90."""; return ops.cosd(self)
    def tand(self) -> Value: """Tangent of an angle in degrees, exact at 45."""; return ops.tand(self)
    def asec(self) -> Value: """Inverse secant, from 0 to pi."""; return ops.asec(self)
    def acsc(self) -> Value: """Inverse cosecant, from -pi / 2 to pi / 2."""; return ops.acsc(self)
    def acot(self) -> Value: """Inverse cotangent, the arc tangent of 1 / x."""; return ops.acot(self)
    def asech(self) -> Value: """Inverse hyperbolic secant."""; return ops.asech(self)
    def acsch(self) -> Value: """Inverse hyperbolic cosecant."""; return ops.acsch(self)
    def acoth(self) -> Value: """Inverse hyperbolic cotangent."""; return ops.acoth(self)
    def sinpi(self) -> Value: """sin(pi * x), exact at whole numbers and halves."""; return ops.sinpi(self)
    def cospi(self) -> Value: """cos(pi * x), exact at whole numbers and halves."""; return ops.cospi(self)
    def sinc(self) -> Value:
        """sin(pi * x) / (pi * x), as in NumPy and PyTorch; 1 at 0."""
        return ops.sinc(self)
    def degrees(self) -> Value: """Radians to degrees."""; return ops.degrees(self)
    def radians(self) -> Value: """Degrees to radians."""; return ops.radians(self)
    def trunc(self) -> Value: """The whole part, towards zero; the derivative is 0."""; return ops.trunc(self)
    def logit(self) -> Value: """log(x / (1 - x)), the inverse of the sigmoid."""; return ops.logit(self)
    def log1mexp(self) -> Value:
        """log(1 - exp(x)) for x below 0, accurate at both ends."""
        return ops.log1mexp(self)
    def log2mexp(self) -> Value:
        """log(2 - exp(x)) for x below log(2), accurate at both ends."""
        return ops.log2mexp(self)
    def logexpm1(self) -> Value:
        """log(exp(x) - 1), the inverse of softplus."""
        return ops.logexpm1(self)
    def log1psq(self) -> Value: """log(1 + x**2), without overflow."""; return ops.log1psq(self)
    def logmxp1(self) -> Value: """log(x) - x + 1, accurate near 1."""; return ops.logmxp1(self)
    def log1pmx(self) -> Value: """log(1 + x) - x, accurate near 0."""; return ops.log1pmx(self)
    def entr(self) -> Value: """Entropy, -x * log(x); 0 at 0."""; return ops.entr(self)
    def normal_cdf(self) -> Value:
        """Distribution function of the standard normal law."""
        return ops.normal_cdf(self)
    def digamma(self) -> Value: """Derivative of lgamma."""; return ops.digamma(self)
    def gamma(self) -> Value: """Gamma function; x! at x + 1."""; return ops.gamma(self)
    def invdigamma(self) -> Value: """Positive number whose digamma it is."""; return ops.invdigamma(self)
    def sinint(self) -> Value: """Sine integral, of sin(t) / t from 0 on."""; return ops.sinint(self)
    def cosint(self) -> Value: """Cosine integral, of -cos(t) / t from x on."""; return ops.cosint(self)
    def ellipk(self) -> Value:
        """Complete elliptic integral of the first kind of the parameter m = k**2."""
        return ops.ellipk(self)
    def ellipe(self) -> Value:
        """Complete elliptic integral of the second kind of the parameter m = k**2."""
        return ops.ellipe(self)
    def trigamma(self) -> Value: """Derivative of digamma."""; return ops.trigamma(self)
    def erfinv(self) -> Value: """Inverse of the error function."""; return ops.erfinv(self)
    def erfcx(self) -> Value: """exp(x**2) * erfc(x)."""; return ops.erfcx(self)
    def erfi(self) -> Value: """Imaginary error function -i erf(i x)."""; return ops.erfi(self)
    def logerfc(self) -> Value: """Logarithm of the complementary error function."""; return ops.logerfc(self)
    def logerfcx(self) -> Value: """x**2 + log(erfc(x))."""; return ops.logerfcx(self)
    def dawsn(self) -> Value: """Dawson's integral of exp(t**2 - x**2)."""; return ops.dawsn(self)
    def erfcinv(self) -> Value: """Inverse of the complementary error function."""; return ops.erfcinv(self)
    def normal_quantile(self) -> Value:
        """Inverse of the distribution function of the standard normal law."""
        return ops.normal_quantile(self)
    def j0(self) -> Value: """Bessel function J of order 0."""; return ops.j0(self)
    def j1(self) -> Value: """Bessel function J of order 1."""; return ops.j1(self)
    def y0(self) -> Value: """Bessel function Y of order 0."""; return ops.y0(self)
    def y1(self) -> Value: """Bessel function Y of order 1."""; return ops.y1(self)
    def i0(self) -> Value: """Modified Bessel function I of order 0."""; return ops.i0(self)
    def i1(self) -> Value: """Modified Bessel function I of order 1."""; return ops.i1(self)
    def i0e(self) -> Value: """exp(-abs(x)) * i0(x)."""; return ops.i0e(self)
    def i1e(self) -> Value: """exp(-abs(x)) * i1(x)."""; return ops.i1e(self)
    def abs(self) -> Value: """Absolute value; the derivative at 0 is 0."""; return ops.abs(self)
    def sign(self) -> Value: """-1, 0 or 1; the derivative is 0."""; return ops.sign(self)
    def floor(self) -> Value:
        """Largest whole number not above x; the derivative is 0."""
        return ops.floor(self)
    def ceil(self) -> Value:
        """Smallest whole number not below x; the derivative is 0."""
        return ops.ceil(self)
    @options({"decimals": "ndigits"})
    def round(self, ndigits: int = 0) -> Value:
        """Round half to even; the derivative is 0."""
        return ops.round(self, ndigits)
    def maximum(self, other: Number) -> Value:
        """The larger of two; a tie splits the gradient."""
        return ops.maximum(self, other)
    def minimum(self, other: Number) -> Value:
        """The smaller of two; a tie splits the gradient."""
        return ops.minimum(self, other)
    # fmt: on

    @options({"min": "low", "max": "high"})
    def clamp(self, low: float = -INF, high: float = INF) -> Value:
        """Limit to the interval [low, high]; the derivative at a bound is 1."""
        return ops.clamp(self, low, high)

    if TYPE_CHECKING:
        # What a node provides to the rows' generic call.
        @staticmethod
        def _apply(op: Any, operands: tuple[Any, ...]) -> Value: ...
