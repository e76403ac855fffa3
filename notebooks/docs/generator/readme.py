"""The README's figures, from the committed measurements, so that neither can drift from the other."""

from __future__ import annotations

import re
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


def _beside_peers() -> str:
    """Return the rows of the first table."""
    steady = r"^steady +{} +([\d.]+) s(?: +([\d.]+)x)?"
    ours, plain, micrograd = (
        _find("core", steady.format(name)) for name in ("chainrule", "in pure Python", "micrograd")
    )
    memory = [
        _find("core", rf"^bytes +{name} +([\d.]+) bytes a node")
        for name in ("chainrule", "in pure Python", "micrograd")
    ]
    step = r"^ *{} +([\d.]+) ms(?: +([\d.]+)x)?"

    def timed(title: str, line: str, peer: str, slowest: str) -> tuple[str, ...]:
        """Return a row of times, and how many times the peer's speed each is."""
        cells = [_find(result, step.format(line)) for result in ("nn", "nn-python")]
        return (
            title,
            *(f"{_digits(cell[1])} ms ({cell[2]} times)" for cell in cells),
            f"{_digits(_find('nn', step.format(slowest))[1])} ms, {peer}",
        )

    special = {
        library: _find("accuracy", rf"^\| {library} \| (\d+) \| (\d+) \|")
        for library in ("chainrule", "PyTorch", "JAX")
    }
    wrong = int(special["chainrule"][1])
    first = _find("accuracy", r"^chainrule's largest: value [\d.]+, first ([\d.]+)")[1]
    for column in (6, 9):  # of first derivatives, PyTorch's and JAX's
        _find("accuracy", rf"^\|(?:[^|\n]*\|){{{column - 1}}} all \|")
    rows = [
        (
            "random graph of 100,000 `+ * tanh`, build and backward, again and again",
            *(f"{_digits(time[1])} s ({time[2]} times)" for time in (ours, plain)),
            f"{_digits(micrograd[1])} s, micrograd",
        ),
        (
            "memory of a node after backward",
            *(f"{float(m[1]):.0f} bytes" for m in memory[:2]),
            f"{_digits(memory[2][1])} bytes, micrograd",
        ),
        timed(
            "a full-batch step of micrograd's moons demo, `dot` nodes",
            "dot nodes, nn's losses",
            "micrograd",
            "micrograd",
        ),
        timed(
            "the same, one node per product and sum",
            "granular=True, micrograd's program",
            "micrograd",
            "micrograd",
        ),
        timed(
            "a step of a one-file GPT, our class in place of its own",
            "one file, our class in its place",
            "its own plain `Value`",
            "one file, its own class",
        ),
        timed(
            "the same network written in `nn`",
            "the same network in nn",
            "its own plain `Value`",
            "one file, its own class",
        ),
        (
            f"derivatives right at {special['chainrule'][2]} special points ({SPECIAL})",
            *["all" if not wrong else f"all but {wrong}"] * 2,
            f"PyTorch misses {special['PyTorch'][1]}, JAX {special['JAX'][1]}",
        ),
        (
            "largest error of a first derivative, 10,000 points an operation over the range of doubles",
            *[f"{first} ulp"] * 2,
            "PyTorch and JAX lose all digits somewhere",
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _compiled() -> str:
    """Return the rows of the second table: ratios by backend, and the largest error of a gradient."""
    rows = []
    for line in results.load("compiler")["output"]:
        system = re.match(r"(.*?\S) {2,}\d+ +[\d.]+ +(.*)", line)
        parts = dict(re.findall(r"\b(numpy|c|python): ([\d.]+)", system[2])) if system else {}
        if system is None or not parts:
            continue
        numpy = _digits(parts["numpy"])
        if float(parts["numpy"]) > 2.0 and "python" in parts:
            numpy = f"{_digits(parts['python'])} (in plain Python)"
        beside = {
            name: took if took.startswith("did") else _digits(took)
            for name, took in re.findall(r"\b(PyTorch|JAX jit): ([\d.]+|did not finish in \d+ s)", system[2])
        }
        errors = re.findall(r"\b(\d+(?:\.\d+)?e-\d+)\b", system[2])
        rows.append(
            f"| {system[1]} | {numpy} | {_digits(parts['c']) if 'c' in parts else '-'} | "
            f"{beside.get('PyTorch', '-')} | {beside.get('JAX jit', '-')} | {max(map(float, errors)):.0e} |"
        )
    if not rows:
        raise LookupError("results/compiler.json has no system; has its benchmark changed what it prints?")
    return "\n".join(rows)


def measured() -> str:
    """Return what stands in the README between its two marks."""
    machine = results.load("compiler")["machine"]
    python = machine["python"].rpartition(".")[0].replace("CPython", "Python")
    shared = f"{machine['cores']} shared cores of an {machine['processor']}"
    return f"""Measured side by side, medians, on {shared} with {python}; the files under
[`notebooks/docs/results`](notebooks/docs/results) hold each output with its command, so that you can repeat
it.

| | chainrule | without a C compiler | beside |
|---|---|---|---|
{_beside_peers()}

Compiled, as a ratio to hand-written NumPy of the same training step (loss, all gradients, update; below 1 is
faster); the
last two rows, which have no matrices, beside straight-line Python floats:

| | NumPy backend | C backend | PyTorch | JAX jit | gradient error |
|---|---|---|---|---|---|
{_compiled()}"""


def filled(text: str) -> str:
    """Return a README with its figures as they were last measured."""
    if not _MEASURED.search(text):
        raise ValueError("the README has lost the comments that mark what is measured")
    return _MEASURED.sub(lambda marks: f"{marks[1]}{measured()}{marks[2]}", text)


def write(path: Path = README) -> None:
    """Enter the figures into the README."""
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
