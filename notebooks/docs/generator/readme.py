"""The README's figures, from the committed measurements, so that neither can drift from the other."""

from __future__ import annotations

import re
from pathlib import Path

from generator import results

README = results.ROOT / "README.md"
_MEASURED = re.compile(r"(<!-- measured: .*? -->\n).*?(\n<!-- end of what is measured -->)", re.DOTALL)


def _find(name: str, pattern: str) -> re.Match[str]:
    """Find a figure in what a benchmark printed."""
    found = re.search(pattern, "\n".join(results.load(name)["output"]), re.MULTILINE)
    if found is None:
        raise LookupError(f"results/{name}.json has no line like {pattern!r}; has its benchmark changed what it prints?")
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
    time = _find("core", r"^steady +chainrule ([\d.]+) s +micrograd ([\d.]+) s +ratio ([\d.]+)")
    memory = _find("core", r"^bytes +chainrule ([\d.]+) bytes a node +micrograd ([\d.]+) bytes")
    step = r"^ *{} +([\d.]+) ms +([\d.]+)x"
    micrograd, dots = _find("nn", step.format("micrograd")), _find("nn", step.format("dot nodes, nn's losses"))
    granular = _find("nn", step.format("granular=True, micrograd's program"))
    special = {library: _find("accuracy", rf"^\| {library} \| (\d+) \| (\d+) \|") for library in ("chainrule", "PyTorch", "JAX")}
    wrong = int(special["chainrule"][1])
    first = _find("accuracy", r"^chainrule's largest: value [\d.]+, first ([\d.]+)")[1]
    for column in (6, 9):  # of first derivatives, PyTorch's and JAX's
        _find("accuracy", rf"^\|(?:[^|\n]*\|){{{column - 1}}} all \|")
    rows = [
        ("random graph of 100,000 `+ * tanh`, build and backward, again and again", f"{_digits(time[1])} s", f"{_digits(time[2])} s, micrograd ({time[3]} times)"),
        ("memory of a node after backward", f"{float(memory[1]):.0f} bytes", f"{_digits(memory[2])} bytes, micrograd"),
        ("a full-batch step of micrograd's moons demo, `dot` nodes", f"{_digits(dots[1])} ms", f"{_digits(micrograd[1])} ms, micrograd ({dots[2]} times)"),
        ("the same, one node per product and sum", f"{_digits(granular[1])} ms", f"micrograd ({granular[2]} times)"),
        (f"derivatives right at {special['chainrule'][2]} special points (overflow, underflow, kinks, domains' ends)", "all" if not wrong else f"all but {wrong}", f"PyTorch misses {special['PyTorch'][1]}, JAX {special['JAX'][1]}"),
        ("largest error of a first derivative over the whole range of doubles", f"{first} ulp", "PyTorch and JAX lose all digits somewhere"),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _compiled() -> str:
    """Return the rows of the second table: ratios by backend and of other libraries, and the largest error of a gradient."""
    rows = []
    for line in results.load("compiler")["output"]:
        system = re.match(r"(.*?\S) {2,}\d+ +[\d.]+ +(.*)", line)
        parts = dict(re.findall(r"\b(numpy|c|python): ([\d.]+)", system[2])) if system else {}
        if system is None or not parts:
            continue
        numpy = _digits(parts["numpy"])
        if float(parts["numpy"]) > 2.0 and "python" in parts:
            numpy = f"{_digits(parts['python'])} (in plain Python)"
        beside = {name: took if took.startswith("did") else _digits(took) for name, took in re.findall(r"\b(PyTorch|JAX jit): ([\d.]+|did not finish in \d+ s)", system[2])}
        errors = re.findall(r"\b(\d+(?:\.\d+)?e-\d+)\b", system[2])
        rows.append(f"| {system[1]} | {numpy} | {_digits(parts['c']) if 'c' in parts else '-'} | {beside.get('PyTorch', '-')} | {beside.get('JAX jit', '-')} | {max(map(float, errors)):.0e} |")
    if not rows:
        raise LookupError("results/compiler.json has no system; has its benchmark changed what it prints?")
    return "\n".join(rows)


def measured() -> str:
    """Return what stands in the README between its two marks."""
    machine = results.load("compiler")["machine"]
    python = machine["python"].rpartition(".")[0].replace("CPython", "Python")
    replaced, rewritten = (_find("nn", rf"^ *{line} +[\d.]+ ms +([\d.]+)x")[1] for line in ("one file, our class in its place", "the same network in nn"))
    return f"""Measured side by side, medians, on {machine["cores"]} shared cores of an {machine["processor"]} with {python}; the files under
[`notebooks/docs/results`](notebooks/docs/results) hold each output with its command, so that you can repeat it.

| | chainrule | beside |
|---|---|---|
{_beside_peers()}

Compiled, as a ratio to hand-written NumPy of the same training step (loss, all gradients, update; below 1 is faster); the
last two rows, which have no matrices, beside straight-line Python floats:

| | NumPy backend | C backend | PyTorch | JAX jit | gradient error |
|---|---|---|---|---|---|
{_compiled()}

In place of its own plain `Value`, a one-file GPT runs {replaced} times as fast with ours; written in `nn`, {rewritten} times."""


def filled(text: str) -> str:
    """Return a README with its figures as they were last measured."""
    if not _MEASURED.search(text):
        raise ValueError("the README has lost the comments that mark what is measured")
    return _MEASURED.sub(lambda marks: f"{marks[1]}{measured()}{marks[2]}", text)


def write(path: Path = README) -> None:
    """Enter the figures into the README."""
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
