"""The README's figures, from the committed measurements, so that neither can drift from the other."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from pathlib import Path

from generator import results

README = results.ROOT / "README.md"
SPECIAL = "overflow, underflow, kinks, domains' ends"
_MEASURED = re.compile(r"(<!-- measured: .*? -->\n).*?(\n<!-- end of what is measured -->)", re.DOTALL)


def _find(name: str, pattern: str) -> re.Match[str]:
    """Find a figure in what a benchmark printed."""
    found = re.search(pattern, "\n".join(results.load(name)["output"]), re.MULTILINE)
    if found is None:
        raise LookupError(
            f"results/{name}.json has no line like {pattern!r}; has its benchmark changed what it prints?"
        )
    return found


def _digits(number: str | float, count: int = 2) -> str:
    """Round to so many digits, without an exponent.

    Examples
    --------
    >>> _digits("0.2702"), _digits(1186.9), _digits("0.011"), _digits(0.996)
    ('0.27', '1,187', '0.011', '1.00')
    """
    x = float(number)
    if abs(x) >= 10 ** (count - 1):
        return f"{x:,.{1 if abs(x) < 100 else 0}f}"
    places = count - 1 - int(f"{x:e}".partition("e")[2])
    return f"{x:.{max(places, 2)}f}"


def _faster(result: str, line: str) -> str:
    """Return how many times faster than its peer a benchmark found us."""
    return _digits(_find(result, line)[1])


def _beside_peers() -> Iterator[tuple[str, str, str]]:
    """Yield what was measured, beside whom, and with which outcome: the engine."""
    steady, step = r"^steady +{} +[\d.]+ s +([\d.]+)x", r"^ *{} +[\d.]+ ms +([\d.]+)x"
    for title, peer, compiled, plain in (
        (
            "graph of 100,000 `+ * tanh`, built and differentiated", "micrograd",
            ("core", steady.format("chainrule")), ("core", steady.format("in pure Python")),
        ),
        (
            "a training step of micrograd's own demo", "micrograd",
            ("nn", step.format("granular=True, micrograd's program")),
            ("nn-python", step.format("granular=True, micrograd's program")),
        ),
        (
            "a one-file GPT, its `Value` replaced by ours", "its own class",
            ("nn", step.format("one file, our class in its place")),
            ("nn-python", step.format("one file, our class in its place")),
        ),
    ):  # fmt: skip
        yield title, peer, f"{_faster(*compiled)} times faster; {_faster(*plain)} without a C compiler"
    ours, theirs = (
        _find("core", rf"^bytes +{name} +([\d.]+) bytes a node")[1] for name in ("chainrule", "micrograd")
    )
    yield "memory of a node", "micrograd", f"{float(ours):.0f} bytes; {float(theirs):.0f}"


def _compiled() -> Iterator[tuple[str, str, str]]:
    """Yield the same of the compiler: times of a training step, hand-written NumPy's being 1."""
    for title, system in (
        ("spiral of 300 samples, compiled", "R6 spiral, batch lane"),
        ("recurrent net of 100 steps, compiled", "RNN, 100 steps of 16 units"),
    ):
        line = _find("compiler", rf"^{system} +(.*)")[1]
        ours, torch, jax = (
            _digits(re.search(rf"\b{name}: ([\d.]+)", line)[1])  # type: ignore[index]
            for name in ("c", "PyTorch", "JAX jit")
        )
        yield title, "NumPy by hand = 1", f"{ours}; JAX {jax}, PyTorch {torch}"


def _called() -> Iterator[tuple[str, str, str]]:
    """Yield the same of calls of scalar programs."""
    rows = [line.strip("| ").split(" | ") for line in results.load("programs")["output"][2:]]
    ratios = [float(row[3]) for row in rows]
    fewer = sum(ratio > 1.0 for ratio in ratios)
    yield (
        f"calls of {len(rows)} scalar programs with their derivatives, compiled", "JAX jit, over arrays",
        f"{fewer} faster, {statistics.median(ratios):.1f} times in the median",
    )  # fmt: skip


def _validated() -> Iterator[tuple[str, str, str]]:
    """Yield the same of a public suite of differentiable programs."""
    ours, jax, torch = (
        _find("gradbench", rf"^evals valid:.*\b{tool} (\d+)")[1] for tool in ("chainrule", "jax", "pytorch")
    )
    yield "of GradBench's twelve evals, by its own judges", "JAX, PyTorch", f"{ours} valid; {jax} and {torch}"


def _accurate() -> Iterator[tuple[str, str, str]]:
    """Yield the same of accuracy."""
    special = {
        library: _find("accuracy", rf"^\| {library} \| (\d+) \| (\d+) \|")
        for library in ("chainrule", "PyTorch", "JAX")
    }
    wrong = int(special["chainrule"][1])
    first = _find("accuracy", r"^chainrule's largest: value [\d.]+, first ([\d.]+)")[1]
    for column in (6, 9):  # of first derivatives, PyTorch's and JAX's
        _find("accuracy", rf"^\|(?:[^|\n]*\|){{{column - 1}}} all \|")
    theirs = f"{special['PyTorch'][1]} and {special['JAX'][1]} wrong"
    yield (
        f"derivatives at {special['chainrule'][2]} special points ({SPECIAL})", "PyTorch, JAX",
        f"{f'all but {wrong}' if wrong else 'all'} right; {theirs}",
    )  # fmt: skip
    yield (
        "largest error of a first derivative, over all doubles", "PyTorch, JAX",
        f"{first} ulp; they lose all digits somewhere",
    )  # fmt: skip


def measured() -> str:
    """Return what stands in the README between its two marks."""
    machine = results.load("compiler")["machine"]
    python = machine["python"].rpartition(".")[0].replace("CPython", "Python")
    shared = f"{machine['cores']} shared cores of an {machine['processor']}"
    rows = [*_beside_peers(), *_compiled(), *_called(), *_validated(), *_accurate()]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"""| | beside | measured |
|---|---|---|
{table}

Medians, side by side, on {shared} with {python}. Each output with its command is in
[`notebooks/docs/results`](notebooks/docs/results), and more of them on the site's page of measurements."""


def filled(text: str) -> str:
    """Return a README with its figures as they were last measured."""
    if not _MEASURED.search(text):
        raise ValueError("the README has lost the comments that mark what is measured")
    return _MEASURED.sub(lambda marks: f"{marks[1]}{measured()}{marks[2]}", text)


def write(path: Path = README) -> None:
    """Enter the figures into the README."""
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
