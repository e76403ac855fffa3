"""The course: each executed notebook as a page, with its outputs, so that it reads without Jupyter."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd.render.picture.shown import picture_in
from generator import pictures

NOTEBOOKS = Path(__file__).resolve().parents[2]
_BREADTH = re.compile(r"viewBox=['\"]\S+ \S+ (\S+)")


@dataclass
class Page:
    """A notebook as Markdown; pictures and ready-made HTML stand apart."""

    name: str
    title: str = ""
    markdown: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)
    html: dict[str, str] = field(default_factory=dict)
    """From a placeholder, which stands in the Markdown, to HTML that Markdown must not touch."""
    drawn: list[str] = field(default_factory=list)
    """Its pictures as SVG."""

    @property
    def emblem(self) -> str:
        """The picture that stands for the page in a list: the richest of those that are legible there."""
        small = [svg for svg in self.drawn if float(_BREADTH.search(svg)[1]) <= 900]  # type: ignore[index]
        return max(small or self.drawn, key=len, default="")


def notebooks(lang: str = "en") -> list[Path]:
    """Return the executed notebooks in the order of the course."""
    folder = NOTEBOOKS if lang == "en" else NOTEBOOKS / lang
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def page(path: Path) -> Page:
    """Turn a notebook into a page."""
    result = Page(path.stem)
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            # Solutions are folded; Markdown inside of HTML must be asked for.
            parts.append(source.replace("<details>", '<details markdown="1">'))
        elif cell["cell_type"] == "code" and source.strip():
            shown = _fenced(_without_magic(source), "python")
            if "folded" in cell["metadata"].get("tags", []):
                shown = f'<details markdown="1"><summary>Python</summary>\n\n{shown}\n\n</details>'
            parts.append(shown)
            parts += [_output(output, result) for output in cell["outputs"]]
    result.markdown = "\n\n".join(part for part in parts if part)
    result.title = next(
        (line.removeprefix("# ") for line in result.markdown.splitlines() if line.startswith("# ")), path.stem
    )
    return result


def _without_magic(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.startswith("%")).strip("\n")


def _fenced(text: str, language: str) -> str:
    """Return a block of code; its fence is longer than any run of backticks inside."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _output(output: dict[str, Any], result: Page) -> str:
    """Return one output as Markdown, in the richest form that it has."""
    if output["output_type"] == "stream":
        return _fenced("".join(output["text"]), "text")
    if output["output_type"] == "error":
        raise ValueError(f"{result.name} was saved with an error: {output['ename']}: {output['evalue']}")
    data = {
        kind: "".join(content) if isinstance(content, list) else content
        for kind, content in output["data"].items()
    }
    svg = data.get("image/svg+xml") or picture_in(data.get("text/html", ""))
    if svg:
        if _BREADTH.search(svg):
            result.drawn.append(svg)
        return _verbatim(f'<figure class="wide">{pictures.legible(svg)}</figure>', result)
    if "image/png" in data:
        name = f"{result.name}-{len(result.pictures)}.png"
        result.pictures[name] = base64.b64decode(data["image/png"])
        return f"![What the cell above draws]({name}){{ .output }}"
    if "text/html" in data:
        return _verbatim(data["text/html"], result)
    if "text/markdown" in data:
        return data["text/markdown"]
    if "text/latex" in data:
        return f"$$\n{data['text/latex'].strip('$')}\n$$"
    return _fenced(data["text/plain"], "text")


def _verbatim(html: str, result: Page) -> str:
    token = f"notebook-output-{len(result.html)}"
    result.html[token] = html
    return f'<div id="{token}"></div>'


def contents(pages: list[Page], head: str = "| lesson | question |") -> str:
    """Return the lessons as a table: title and picture, and the question that each poses."""
    rows = [head, "|---|---|"]
    for lesson in pages:
        question = re.search(r"\*\*(?:Question\.|问题。)\*\*\s*(.+?)\n\n", lesson.markdown, re.DOTALL)
        asked = " ".join(question[1].split()).replace("|", r"\|") if question else ""
        picture = f"<br>![]({lesson.name}.svg){{ .emblem }}" if lesson.emblem else ""
        rows.append(f"| [{lesson.title}]({lesson.name}.md){picture} | {asked} |")
    return "\n".join(rows)
