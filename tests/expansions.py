"""Computes the tables of `autograd.floats.expansions`: run ``python tests/expansions.py``.

Each row is a polynomial about a point, found by interpolation of the derivative at Chebyshev's points of an
interval and integrated, so that both the function and its derivative are right.
"""

from itertools import pairwise
from pathlib import Path

import mpmath as mp

import autograd.floats.expansions as written

BITS = 300


def parts(x):
    """Give a number in two parts."""
    return float(x), float(x - mp.mpf(float(x)))


def row(value, slope, center, low, high, degree):
    """Point, coefficients and what the point and the first ones lack, of a polynomial for low to high."""
    with mp.workprec(BITS):
        n, z = degree, mp.mpf(center)
        middle, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
        nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
        at = [slope(middle + half * t) for t in nodes]
        # Newton's divided differences, and their polynomial in x - z.
        points, differences = [middle + half * t - z for t in nodes], list(at)
        for k in range(1, n):
            for i in range(n - 1, k - 1, -1):
                differences[i] = (differences[i] - differences[i - 1]) / (points[i] - points[i - k])
        polynomial = [mp.mpf(0)] * n
        for d, p in zip(reversed(differences), reversed(points), strict=True):
            polynomial = [d - p * polynomial[0]] + [before - p * c for before, c in pairwise(polynomial)]
        exact = [value(z), slope(z)]
        whole = exact + [c / (k + 1) for k, c in enumerate(polynomial) if k > 0]
        whole = [c if abs(c) > mp.mpf(2) ** (30 - BITS) else mp.mpf(0) for c in whole]
        lead = [parts(z), *(parts(c) for c in whole[: written.LEAD])]
        return (
            *(x for pair in lead for x in pair),
            *(float(c) for c in whole[written.LEAD :]),
        )


def bessel_rows(zero_of, first):
    """Rows of order 0: those of other intervals, and for k pi / 2 to (k + 1) pi / 2 about a zero."""
    yield from first
    with mp.workprec(BITS):
        for k in range(1, 16):
            # Zeros of orders 0 and 1 take turns.
            yield zero_of(k), k * mp.pi / 2 - mp.mpf(2) ** -40, (k + 1) * mp.pi / 2 + mp.mpf(2) ** -40


def j_rows():
    """Rows of J of order 0."""

    def zero(k):
        return mp.besseljzero(k % 2 ^ 1, (k + 1) // 2)

    for z, low, high in bessel_rows(zero, [(0, -0.8, 0.8), (1.2, 0.8, 1.5708)]):
        yield row(lambda x: mp.besselj(0, x), lambda x: -mp.besselj(1, x), z, low, high, written.J_DEGREE)


def y_rows():
    """Rows of Y of order 0, the first of what it is beside 2 / pi J0 (log(x / 2) + Euler's constant)."""

    def zero(k):
        return mp.besselyzero(k % 2, k // 2 + 1 if k % 2 == 0 else (k + 1) // 2)

    def smooth(x):
        t, term, total, harmonic = x * x / 4, mp.mpf(1), mp.mpf(0), mp.mpf(0)
        for k in range(1, 60):
            term *= -t / (k * k)
            harmonic += mp.mpf(1) / k
            total -= harmonic * term
        return total * 2 / mp.pi

    def slope(x):
        t, term, total, harmonic = x * x / 4, mp.mpf(1), mp.mpf(0), mp.mpf(0)
        for k in range(1, 60):
            term *= -t / (k * k)
            harmonic += mp.mpf(1) / k
            total -= harmonic * term * 2 * k / x if x else 0
        return total * 2 / mp.pi

    yield row(smooth, slope, 0, -0.6, 0.6, written.Y_DEGREE)
    with mp.workprec(BITS):
        first = [(mp.besselyzero(0, 1), 0.6, 1.15), (1.36, 1.15, 1.5708)]
    for z, low, high in bessel_rows(zero, first):
        yield row(lambda x: mp.bessely(0, x), lambda x: -mp.bessely(1, x), z, low, high, written.Y_DEGREE)


def i_rows():
    """Rows of I of order 0 about multiples of 13 / 8."""
    for k in range(20):
        z, half = 1.625 * k, 0.8125 + 2.0**-40
        low, high = z - half, z + half
        yield row(lambda x: mp.besseli(0, x), lambda x: mp.besseli(1, x), z, low, high, written.I_DEGREE)


def k_rows():
    """Rows of exp(x) K of order 0 about the middles of halves of octaves, from 1/8 to 32."""

    def value(x):
        return mp.exp(x) * mp.besselk(0, x)

    for octave in range(-3, 5):
        for low, high in ((1.0, 1.5), (1.5, 2.0)):
            a, b = low * 2.0**octave, high * 2.0**octave
            yield row(
                value, lambda x: value(x) - mp.exp(x) * mp.besselk(1, x), (a + b) / 2, a, b, written.K_DEGREE
            )


def dawson_rows():
    """Rows of Dawson's integral about whole numbers, but for 1 about the zero of its slope."""

    def value(x):
        return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)

    def slope(x):
        return 1 - 2 * x * value(x)

    with mp.workprec(BITS):
        zero = mp.findroot(slope, 0.9241388730045917)
    for k in range(8):
        z = zero if k == 1 else k
        yield row(value, slope, z, k - 0.5, k + 0.5, written.DAWSON_DEGREE)


TABLES = {
    "BESSEL_J": j_rows, "BESSEL_Y": y_rows, "BESSEL_I": i_rows, "BESSEL_K": k_rows, "DAWSON": dawson_rows,
}  # fmt: skip


def text(rows):
    """Lines of a table's numbers."""
    lines = []
    for numbers in rows:
        line = "   "
        for x in numbers:
            word = f" {x!r},"
            if len(line) + len(word) > 110:
                lines.append(line)
                line = "   "
            line += word
        lines.append(line)
    return "\n".join(lines)


def main():
    """Write the tables into the module."""
    path = Path(written.__file__)
    head = path.read_text(encoding="utf-8").split("\n# The tables.\n")[0]
    tables = [f"{name} = (\n{text(make())}\n)  # fmt: skip\n" for name, make in TABLES.items()]
    path.write_text(head + "\n# The tables.\n\n" + "\n".join(tables), encoding="utf-8")


if __name__ == "__main__":
    main()
