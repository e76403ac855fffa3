"""Build the notebooks: execute each notebooks/NAME.py (jupytext's percent format) into the .ipynb beside it.

Usage: ``python tests/notebooks/build.py [--to FOLDER] [--lang en|zh] [NAME ...]``, where a lesson's name may
be its number; all without names, in both languages without ``--lang``.

A lesson in Chinese shares code and formulas: ``notebooks/zh/NAME.md`` holds the text of its Markdown cells in
order, with a line ``%%`` between two of them, and a line ``[[1.3]]`` where the formula of that number stands.
It is executed in Chinese too, so that derivations and pictures speak it. A cell with the tag ``folded`` is
shown closed, for who wants to see it.

Of a cell with the tag ``picture`` a picture is kept as it is printed, without what a pointer shows; of a page
there, the picture in its place. Who executes the cell has the page.

The same sources give the same bytes. Cell ids are counted, execution counts too, pictures lose what names
their maker, and nothing of the machine is kept. The outputs are compared with those that
a new execution gives: texts number by number, to one unit of the last printed digit; the reports of gradient
checks (tag ``report``) as `report` says; pictures by their pixels or by all that is written in them; pages of
the stepper byte by byte.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from autograd.render.picture.shown import picture_in

# What validates a notebook would first compile the grammar of addresses, for longer than most lessons run; it
# does without where that is not installed, and no notebook's schema asks for it.
sys.modules.setdefault("rfc3987_syntax", cast("Any", None))

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "notebooks"
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.?\d*(?:e[-+]?\d+)?", re.ASCII)
_SVG_TEXT = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
# A row of a report: derivative and place, analytic, numeric, ulp, relative, method and verdict.
_REPORT_ROW = re.compile(r"^(df/\S+ +\S+) +([-\d.e+]+) +([-\d.e+]+) +\S+ +([-\d.e+]+) +(\S.*)$", re.MULTILINE)
# The graphs of neurons and the labels that a page shows when it is pointed at, and the names of parts.
_SCRIPTED = re.compile(
    r'<defs>.*?</defs>\n?|<g class="edge[^>]*><text class="hid"[^>]*>[^<]*</text></g>\n?'
    r'| data-[-a-z]+="[^"]*"', re.DOTALL
)
_TOOLTIP = re.compile(r"<title>[^<]*</title>")
_TAG_OF = re.compile(r"<[a-z][^>']*>")
_FRAMED = re.compile(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]*)"')
_RULED = re.compile(r" {2,}")


def lessons() -> list[Path]:
    """Return the course's sources in order."""
    return sorted(COURSE.glob("[0-9][0-9]_*.py"))


def sources() -> list[Path]:
    """Return the lessons, and the pages that are notebooks too."""
    return [*lessons(), *(path for path in sorted(COURSE.glob("*.py")) if not path.stem[0].isdigit())]


def chinese(source: Path) -> Path:
    """Return the file with a lesson's text in Chinese."""
    return source.parent / "zh" / f"{source.stem}.md"


def executed(source: Path, lang: str = "en") -> Path:
    """Return the executed notebook of a source."""
    return source.with_suffix(".ipynb") if lang == "en" else chinese(source).with_suffix(".ipynb")


def read(source: Path, lang: str = "en") -> Any:
    """Return a source as a notebook without outputs, in its final form otherwise."""
    import jupytext

    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    if lang != "en":
        _translate(notebook, chinese(source).read_text(encoding="utf-8"))
    for cell in notebook.cells:
        if "folded" in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {"source_hidden": True}
    notebook.metadata = _metadata()
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem[:2]}-{i:03d}"
    return notebook


def _translate(notebook: Any, text: str) -> None:
    """Put the Chinese text in place of the English, with the English text's formulas.

    Raises
    ------
    ValueError
        If the two have not as many cells, or not the same formulas.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    parts = [part.strip("\n") for part in re.split(r"^%%$", text, flags=re.MULTILINE)]
    if len(parts) != len(cells):
        raise ValueError(f"{len(cells)} cells of text in English, {len(parts)} in Chinese")
    for cell, part in zip(cells, parts, strict=True):
        formulas = {_TAG.search(f)[1]: f for f in _DISPLAY.findall(cell.source)}  # type: ignore[index]
        asked = _ASKED.findall(part)
        if asked != list(formulas):
            raise ValueError(f"formulas {list(formulas)} in English, {asked} in Chinese: {part:.60}")
        cell.source = _ASKED.sub(lambda match: formulas[match[1]], part)


_DISPLAY = re.compile(r"^\$\$.*?\$\$$", re.DOTALL | re.MULTILINE)
_TAG = re.compile(r"\\tag\{(.*?)\}")
_ASKED = re.compile(r"^\[\[(.*?)\]\]$", re.MULTILINE)


def _metadata() -> Any:
    import nbformat

    return nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    })


def execute(source: Path, lang: str = "en") -> Any:
    """Return a source as an executed notebook, as its reader would execute it."""
    from nbclient import NotebookClient

    notebook = read(source, lang)
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONHASHSEED": "0",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "CHAINRULE_LANG": lang,
    }
    env.pop("MPLBACKEND", None)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=400,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
        )
        client.execute(env=env)
    notebook.metadata = _metadata()  # the kernel has entered its version
    for i, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        _clean(cell, i)
    return notebook


def _clean(cell: Any, count: int) -> None:
    """Number a cell, and keep of its outputs what does not change from run to run."""
    import nbformat

    cell.execution_count = count
    outputs: list[Any] = []
    for output in cell.outputs:
        if (
            output.output_type == "stream"
            and outputs
            and outputs[-1].output_type == "stream"
            and outputs[-1].name == output.name
        ):
            outputs[-1].text += output.text
            continue
        outputs.append(output)
        if output.output_type == "execute_result":
            output.execution_count = count
        data = output.get("data", {})
        if "image/png" in data:
            data["image/png"] = (
                base64.b64encode(plain_png(base64.b64decode(data["image/png"]))).decode() + "\n"
            )
        svg = picture_in(data.get("text/html", ""))
        plain = "picture" in cell.metadata.get("tags", [])
        if plain and (framed := _FRAMED.search(data.get("text/html", ""))):
            svg = base64.b64decode(framed[1]).decode()
        if svg is not None:
            data.pop("text/plain", None)  # says no more than the picture
            data.pop("text/html")  # has buttons for a page that runs; a file is read
            data["image/svg+xml"] = _TOOLTIP.sub("", still(svg)) if plain else still(svg)
    cell.outputs = [nbformat.from_dict(o) for o in outputs]


def still(svg: str) -> str:
    """Return a picture without what only the script of a page reads, in quotes that JSON need not escape.

    Examples
    --------
    >>> still('<svg class="ag"><g class="edge" data-label="e0"><text class="hid">2</text></g></svg>')
    "<svg class='ag'></svg>"
    """
    svg = _SCRIPTED.sub("", svg).replace(">\n<", "><")
    return _TAG_OF.sub(lambda found: found[0].replace('"', "'"), svg)


def plain_png(data: bytes) -> bytes:
    """Return a PNG file without its text, which names the program and its version."""
    out, at = io.BytesIO(), 8
    out.write(data[:8])
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] not in (b"tEXt", b"iTXt", b"zTXt", b"tIME"):
            out.write(data[at : at + 12 + length])
        at += 12 + length
    return out.getvalue()


def write(notebook: Any, target: Path) -> None:
    """Write a notebook file, the same bytes for the same notebook."""
    import nbformat

    nbformat.validate(notebook)
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def differences(old: Any, new: Any) -> list[str]:
    """Say how the outputs of one execution differ from those of another, other than in the last printed
    digit."""
    found = []
    for a, b in zip(old.cells, new.cells, strict=True):
        if a.cell_type != "code":
            continue
        if len(a.outputs) != len(b.outputs):
            found.append(f"{a['id']}: {len(a.outputs)} outputs, now {len(b.outputs)}")
            continue
        for x, y in zip(a.outputs, b.outputs, strict=True):
            found += [
                f"{a['id']}: {text}"
                for text in _unlike(x, y, normal=report if "report" in a.metadata.get("tags", []) else str)
            ]
    return found


def report(text: str) -> str:
    """Return a gradient check's report with nine digits of each derivative, and errors below 1e-9 as
    rounding.

    Examples
    --------
    >>> report("df/dx0  0.5  1.5344646201838332  1.5344646201838334  1  1.4e-16  complex step  ok")
    'df/dx0  0.5  1.53446462  1.53446462  rounding  complex step  ok'
    """

    def row(match: re.Match[str]) -> str:
        error = float(match[4])
        size = "rounding" if error < 1e-9 else f"{error:.3g}"
        return f"{match[1]}  {float(match[2]):.9g}  {float(match[3]):.9g}  {size}  {match[5]}"

    return _RULED.sub("  ", _REPORT_ROW.sub(row, text))


def _unlike(x: Any, y: Any, *, normal: Callable[[str], str]) -> list[str]:
    if x.output_type != y.output_type:
        return [f"{x.output_type}, now {y.output_type}"]
    if x.output_type == "stream":
        return [] if alike(normal(x.text), normal(y.text)) else [f"{x.text!r}, now {y.text!r}"]
    if set(x.data) != set(y.data):
        return [f"{sorted(x.data)}, now {sorted(y.data)}"]
    found = []
    for kind, old in x.data.items():
        new = y.data[kind]
        if kind == "image/png":
            same = _pixels_alike(old, new)
        elif kind == "image/svg+xml":  # places depend on the layout engine at hand; what is written does not
            old, new = ("\n".join(sorted(_SVG_TEXT.findall(still(svg)))) for svg in (old, new))
            same = alike(old, new)
        else:
            same = alike(old, new)
        if not same:
            found.append(f"{kind} differs" if kind.startswith("image") else f"{old!r}, now {new!r}")
    return found


def alike(a: str, b: str) -> bool:
    """Compare two texts, allowing each number one unit in its last printed digit.

    Examples
    --------
    >>> alike("loss 0.1234", "loss 0.1235"), alike("loss 0.1234", "loss 0.1236"), alike("loss 3", "lost 3")
    (True, False, False)
    """
    if _NUMBER.sub("#", a) != _NUMBER.sub("#", b):
        return False
    for x, y in zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True):
        if x != y and abs(float(x) - float(y)) > 1.001 * max(_unit(x), _unit(y)):
            return False
    return True


def _unit(number: str) -> float:
    """Return the worth of a number's last digit; whole numbers are exact."""
    mantissa, _, exponent = number.partition("e")
    digits = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - digits) if "." in mantissa or exponent else 0.0


def _pixels_alike(old: str, new: str) -> bool:
    """Compare pictures by their pixels: another version of the plotting library moves some by a shade."""
    if old == new:
        return True
    import numpy as np
    from matplotlib.image import imread

    a, b = (imread(io.BytesIO(base64.b64decode(data)))[..., :3].mean(axis=2) for data in (old, new))
    if max(abs(p - q) for p, q in zip(a.shape, b.shape, strict=True)) > 8:
        return False
    # In means of blocks a letter that another version sets by a pixel elsewhere is no difference, and a curve
    # in another place is one.
    high, wide = (min(p, q) // 8 * 8 for p, q in zip(a.shape, b.shape, strict=True))
    blocks = [c[:high, :wide].reshape(high // 8, 8, wide // 8, 8).mean(axis=(1, 3)) for c in (a, b)]
    return bool((np.abs(blocks[0] - blocks[1]) > 0.08).mean() < 0.01)


def main(arguments: list[str] | None = None) -> int:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="such as 3, 03_order or gallery; all without")
    parser.add_argument("--to", type=Path, help="folder for the executed notebooks")
    parser.add_argument("--lang", choices=("en", "zh"), help="one language only")
    options = parser.parse_args(arguments)
    wanted = {name.zfill(2) if name.isdigit() else name for name in options.names}
    for source in sources():
        if not wanted or {source.stem, source.stem[:2]} & wanted:
            for lang in ("en", "zh"):
                if options.lang in (None, lang) and (lang == "en" or chinese(source).exists()):
                    target = executed(source, lang)
                    write(execute(source, lang), options.to / target.name if options.to else target)
                    print(f"built {source.stem} in {lang}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
