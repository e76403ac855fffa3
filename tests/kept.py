"""What the oracle answered, kept beside the tests, since asking it takes nine of ten seconds of the table's.

An answer is kept with more bits than the tests look at, under the question. Whatever is not kept is asked.
If the oracle's own text has changed, nothing that is kept counts, until ``python tests/kept.py`` asks all of
it again.
"""

import gzip
import os
import sys
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import mpmath
from profiles import NIGHTLY

from autograd import ops
from autograd.testing import oracle

FILE = Path(__file__).with_name("kept.txt.gz")
BITS = 128
"""Of each answer's mantissa: errors are told in parts of its 53rd."""
DEAR = 1e-3
"""Seconds of processor time from which an answer is worth its place."""
SOURCES = "oracle.py", "../floats/zeta.py"  # which the oracle takes a first guess from
TESTS = "test_table.py", "test_higher_derivatives.py", "autograd/compiler/test_c_runtime.py"


def partial(op: ops.Op, operands: Sequence[float], indices: Sequence[int]) -> Any:
    """Return what `oracle.partial` returns, or for no index `oracle.value`."""
    question = f"{op.name} {' '.join(map(str, indices))};{' '.join(float(x).hex() for x in operands)}"
    if (answer := _KEPT.get(question)) is not None:
        return read(answer)
    start = time.process_time()
    found = asked(op, operands, indices)
    if time.process_time() - start > DEAR:
        _DEAR[question] = found
    return found


def asked(op: ops.Op, operands: Sequence[float], indices: Sequence[int]) -> Any:
    """Return the oracle's answer."""
    return oracle.partial(op, operands, indices) if indices else oracle.value(op, operands)


def digest() -> str:
    """Return what changes with the oracle's text."""
    folder = Path(oracle.__file__).parent
    return blake2b(b"".join((folder / name).read_bytes() for name in SOURCES), digest_size=8).hexdigest()


def written(x: Any) -> str:
    """Return a number of mpmath as text, rounded to some bits."""
    if not mpmath.isfinite(x):
        return str(float(x))
    with mpmath.workprec(BITS):
        sign, mantissa, exponent, _ = (+x)._mpf_
    return f"{'-' * sign}{int(mantissa):x} {exponent}"


def read(text: str) -> Any:
    """Return the number that was written."""
    mantissa, _, exponent = text.partition(" ")
    if not exponent:
        return mpmath.mpf(mantissa)
    with mpmath.workprec(BITS):
        return mpmath.ldexp(int(mantissa, 16), int(exponent))


def kept() -> dict[str, str]:
    """Return the answers of this oracle, under the questions."""
    if NIGHTLY or not FILE.exists():
        return {}
    lines = gzip.decompress(FILE.read_bytes()).decode().splitlines()
    if lines[0] != digest():
        return {}
    return dict(line.split("=") for line in lines[1:])


_DEAR: dict[str, Any] = {}
_KEPT = kept()

if __name__ == "__main__":  # ask for everything anew
    import pytest

    FILE.unlink(missing_ok=True)
    sys.modules["kept"] = sys.modules["__main__"]
    _KEPT.clear()
    os.chdir(Path(__file__).parent)
    if failed := pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *TESTS]):
        sys.exit(int(failed))
    lines = [digest(), *sorted(f"{question}={written(x)}" for question, x in _DEAR.items())]
    FILE.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
