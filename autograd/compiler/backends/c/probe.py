"""Whether what a C compiler makes can be loaded, and keeps the rules of IEEE arithmetic.

Tried by a process of its own.

The variable CC may hold flags, and their names are many: -ffast-math and each of its parts, -Ofast,
-mdaz-ftz, sanitizers. So it is not their names that are looked for, but what they do: to the numbers of a
program, to those of the whole process that loads it, and to that process itself, which a sanitizer ends.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from autograd.compiler.backends.c.running import run
from autograd.words import gettext, marked

__all__ = ["SOURCE", "heard"]

SOURCE = """\
#include "runtime.h"
/* Numbers come from outside, and answers go there, so that nothing is computed by the compiler. */
void probe(const double *x, double *y, long n) {
    double tiny = x[0], nan = x[1], big = x[2], one = x[3], zero = x[4], huge = x[5], s = 0.0;
    y[0] = tiny * 0.5;
    y[1] = nan != nan ? one : zero;
    y[2] = nan > zero ? nan : nan <= zero ? zero : one;
    y[3] = ((big + one) - big) + one;
    for (long i = 6; i < n; i++) s += x[i];
    y[4] = s;
    y[5] = one / (x[9] + 0.0);
    y[6] = (huge * 10.0) / 10.0;
    y[7] = x[6] * x[7] + x[8];
    y[8] = 0.1;
    /* y might be x, for all the compiler knows */
    double a = x[9], b = x[10], c = x[11], d = x[12], divisor = x[7];
    y[9] = a / divisor, y[10] = b / divisor, y[11] = c / divisor, y[12] = d / divisor;
    for (long i = 13; i < n; i++) y[i] = x[i] / divisor;
}
"""

_CHILD = """\
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
n, tiny, third = 64, float("2e-310"), float("0.3333333333333333")
xs = [tiny, float("nan"), 1e16, 1.0, 0.0, 1e308, third, 49.0, -third * 49.0, -0.0, 49.0, 98.0]
xs += [(-1.0) ** i * 1e16 + i for i in range(12, n)]
x, y = (ctypes.c_double * n)(*xs), (ctypes.c_double * n)()
library.probe.argtypes = [ctypes.POINTER(ctypes.c_double)] * 2 + [ctypes.c_long]
library.probe.restype = None
library.probe(x, y, n)
total = 0.0
for v in xs[6:]:
    total += v
wanted = [1e-310, 1.0, 1.0, 1.0, total, float("inf"), float("inf"), 0.0, 0.1, *[v / xs[7] for v in xs[9:]]]
wrong = [i for i in range(n) if y[i] != wanted[i]]
if tiny * 0.5 == 0.0 or wrong[:1] == [0]:
    print("numbers below 2.2e-308 become zero")
elif wrong:
    told = {1: "NaN is taken for a number", 2: "NaN is taken for a number", 3: "sums change their order",
            4: "sums change their order", 5: "zero loses its sign", 6: "infinity is lost",
            7: "products are not rounded", 8: "constants lose digits"}
    print(told.get(wrong[0], "quotients are rounded otherwise"))
print("tried")
"""


_FLAWS = (
    marked("numbers below 2.2e-308 become zero"), marked("NaN is taken for a number"),
    marked("sums change their order"), marked("zero loses its sign"), marked("infinity is lost"),
    marked("products are not rounded"), marked("constants lose digits"),
    marked("quotients are rounded otherwise"),
)  # fmt: skip
"""What the other process may print."""


def heard(path: Path, timeout: float) -> str:
    """Load a shared object of the source above in another process.

    Return what is wrong with it, or an empty text.
    """
    if not sys.executable:  # Python within another program: there is no other process to be had
        return ""
    try:
        code, said = run((sys.executable, "-S", "-c", _CHILD, str(path)), path.parent, timeout)
    except subprocess.TimeoutExpired:
        return gettext("a program of it did not end within {timeout} s", timeout=f"{timeout:g}")
    except OSError:
        return ""
    lines = said.strip().splitlines()
    if code == 0 and lines and lines[-1] == "tried":
        return (len(lines) > 1 and gettext(
            "with its flags {flaw}, where this package keeps the rules of IEEE arithmetic",
            flaw=gettext(lines[0]),
        )) or ""  # fmt: skip
    last = lines[-1] if lines else gettext("exit status {code}", code=code)
    if last.startswith("OSError: "):
        why = last.rpartition(": ")[2][:160]
        return gettext("it makes no shared object that can be loaded: {why}", why=why)
    return gettext("what it makes ends the process that loads it: {why}", why=last[:160])
