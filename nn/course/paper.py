"""Worksheets and slides of a lesson, made from its executed notebook: pages of HTML that load nothing.

A worksheet has the lesson's question, its prediction and its exercises with room to write, the hints on a
page of their own. Slides have all text, the code that is shown and what it draws, one heading a slide; they
turn by arrow keys, and print one to a page.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from autograd.errors import optional
from autograd.words import current, gettext

__all__ = ["cells", "html", "page", "slides", "worksheet"]

INSTALL = "pip install 'chainrule[docs]'"
FONT = (
    "system-ui,'Segoe UI',Roboto,Helvetica,Arial,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',"
    "sans-serif"
)
DETAILS = re.compile(r"<details><summary>(.*?)</summary>\s*(.*?)\s*</details>", re.DOTALL)
_MATH = re.compile(r"\$\$\s*(.*?)\s*\$\$|\$(.+?)\$", re.DOTALL)
_IMPORTS = re.compile(r"(?:(?:import|from) .*|\s)+")  # what a listing needs and a slide does not
_LINES = 25  # of code, on a slide
_PAPER = (
    f"body{{font:11pt/1.45 {FONT};max-width:19cm;margin:1cm auto;padding:0 1cm}}"
    "h1{font-size:18pt}h2{font-size:14pt}.room{height:3.5cm;border:1px solid #999;border-radius:4px;"
    "margin:.2cm 0 .5cm}.low{height:1.8cm}.name{float:right}.exercise,.room{break-inside:avoid}"
    ".hints{break-before:page}code{font-family:ui-monospace,Consolas,monospace}"
    "@page{size:A4;margin:1.5cm}@media print{body{margin:0;padding:0;max-width:none}}"
)
_SLIDES = (
    f"html{{scroll-snap-type:y mandatory}}body{{font:23px/1.45 {FONT};margin:0;color:#111;background:#fff}}"
    "section{box-sizing:border-box;min-height:100vh;padding:5vh 7vw;scroll-snap-align:start;"
    "border-bottom:1px solid #ddd;display:flex;flex-direction:column;justify-content:center}"
    "h1{font-size:48px}h2{font-size:36px}h3{font-size:28px}"
    "pre{font:17px/1.35 ui-monospace,Consolas,monospace;background:#f5f5f5;"
    "padding:12px;border-radius:6px;overflow:auto}pre.out{background:none;color:#444}"
    "img,svg{max-width:100%;max-height:70vh}pre+svg{max-height:48vh;margin:auto}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;"
    "padding:4px 10px}math{font-size:105%}"
    "@page{size:1280px 720px;margin:0}@media print{section{break-after:page;min-height:720px;border:0}}"
)
_TURN = (
    "addEventListener('keydown',e=>{const d={ArrowRight:1,ArrowDown:1,PageDown:1,' ':1,ArrowLeft:-1,"
    "ArrowUp:-1,PageUp:-1}[e.key];if(!d)return;e.preventDefault();"
    "const s=[...document.querySelectorAll('section')];"
    "const i=s.findIndex(x=>x.getBoundingClientRect().bottom>innerHeight/2);"
    "s[Math.max(0,Math.min(s.length-1,i+d))].scrollIntoView()})"
)


def worksheet(path: Path) -> str:
    """Return a lesson's worksheet.

    Parameters
    ----------
    path
        An executed notebook of the course.

    Returns
    -------
    str
        A page of HTML, for printing.

    Raises
    ------
    MissingDependencyError
        If there is nothing here that reads Markdown and formulas.
    """
    texts = [cell["source"] for cell in cells(path) if cell["cell_type"] == "markdown"]
    first = texts[0]
    title = first.splitlines()[0].removeprefix("# ")
    predict, ask = gettext("**Predict.**"), re.compile(r"^\*\*\d+\.\d+\*\*", re.MULTILINE)
    parts = [f'<p class="name">{gettext("Name")}: ______________________</p>', html(first)]
    for text in texts:
        if predict in text:
            parts += [html(text[text.index(predict) :].split("\n\n")[0]), '<div class="room low"></div>']
    parts.append(f"<h2>{gettext('Exercises')}</h2>")
    hints = []
    for text in texts:
        match = ask.search(text)
        if match:
            own = text[match.start() :]
            parts.append(
                f'<div class="exercise">{html(DETAILS.sub("", own))}<div class="room"></div></div>'
            )
            number = match[0].strip("*")
            hints += [
                f"<p><b>{number}</b> {html(hint, inline=True)}</p>" for _, hint in DETAILS.findall(own)
            ]
    parts.append(f'<div class="hints"><h2>{gettext("Hints")}</h2>{"".join(hints)}</div>')
    return page(title, _PAPER, "\n".join(parts))


def slides(path: Path) -> str:
    """Return a lesson's slides.

    Parameters
    ----------
    path
        An executed notebook of the course.

    Returns
    -------
    str
        A page of HTML, a section for each slide.

    Raises
    ------
    MissingDependencyError
        If there is nothing here that reads Markdown and formulas.
    """
    lesson = cells(path)
    title = lesson[0]["source"].splitlines()[0].removeprefix("# ")
    sections: list[str] = []
    for cell in lesson:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown":
            # A heading, or a third formula, begins another slide.
            for text in re.split(r"\n(?=## )", DETAILS.sub("", cell["source"])):
                sections += [html(part) for part in _split(text)]
        elif "exercise" not in tags:
            code = "" if "folded" in tags else _code(cell["source"])
            if not _IMPORTS.fullmatch(code):
                sections += _fitted(code, cell["outputs"])
    body = "\n".join(f"<section>{section}</section>" for section in sections)
    return page(title, _SLIDES, f"{body}<script>{_TURN}</script>")


def cells(path: Path) -> list[dict[str, Any]]:
    """Return a notebook's cells with their texts whole.

    Parameters
    ----------
    path
        The notebook's file.

    Returns
    -------
    list of dict
    """
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in found:
        cell["source"] = "".join(cell["source"])
    return found


def _split(text: str) -> list[str]:
    """Return a text in parts of at most about 110 words or three formulas, broken between paragraphs."""
    parts: list[str] = []
    held: list[str] = []
    weight = 0
    for paragraph in text.split("\n\n"):
        # A Chinese character weighs as half a word, a formula as forty.
        own = len(paragraph.split()) + len(re.findall("[\u4e00-\u9fff]", paragraph)) // 2
        own += 40 * paragraph.count("$$") // 2
        if held and weight + own > 110 and not held[-1].startswith("#"):
            parts.append("\n\n".join(held))
            held, weight = [], 0
        held.append(paragraph)
        weight += own
    return [*parts, "\n\n".join(held)] if any(part.strip() for part in held) else parts


def _fitted(code: str, outputs: list[dict[str, Any]]) -> list[str]:
    """Return the slides of a cell: code with what it gives where both fit, else each on slides of its own."""
    # A picture takes the room of half a slide's lines.
    height = sum(len(_printed(output).splitlines()) or _LINES // 2 + 1 for output in outputs)
    results = "".join(map(_output, outputs))
    if len(code.splitlines()) + height <= _LINES - 4:
        return [_listing(code) + results] if code or results else []
    parts = [_listing(part) for part in _chunks(code)]
    if height <= _LINES:
        return [*parts, results] if results else parts
    for output in outputs:
        texts = [f'<pre class="out">{escape(part)}</pre>' for part in _chunks(_printed(output))]
        parts += texts or [_output(output)]
    return parts


def _listing(code: str) -> str:
    return f"<pre>{escape(code)}</pre>" if code else ""


def _chunks(text: str) -> list[str]:
    """Return a text in parts of as many lines as a slide has, broken at empty lines where there are some."""
    parts: list[list[str]] = []
    for block in text.strip("\n").split("\n\n") if text.strip() else []:
        lines = block.splitlines()
        if parts and len(parts[-1]) + 1 + len(lines) <= _LINES:
            parts[-1] += ["", *lines]
        else:
            parts += [lines[k : k + _LINES] for k in range(0, len(lines), _LINES)]
    return ["\n".join(part) for part in parts]


def _code(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.startswith(("%", "# fmt:")))


def _printed(output: dict[str, Any]) -> str:
    """Return what an output is as text, empty where it is shown as a picture or a page."""
    data = output.get("data", {})
    if output["output_type"] != "stream" and {"image/svg+xml", "image/png", "text/html"} & set(data):
        return ""
    return "".join(output.get("text") or data["text/plain"])


def _output(output: dict[str, Any]) -> str:
    if text := _printed(output):
        return f'<pre class="out">{escape(text)}</pre>'
    data = {kind: "".join(content) for kind, content in output.get("data", {}).items()}
    if "image/svg+xml" in data:
        return data["image/svg+xml"]
    if "image/png" in data:
        return f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">'
    return data.get("text/html", "")


def html(text: str, *, inline: bool = False) -> str:
    """Return Markdown as HTML, its formulas as MathML.

    Parameters
    ----------
    text
        Markdown with formulas of LaTeX between dollar signs.
    inline
        Whether it goes into a paragraph.

    Returns
    -------
    str

    Raises
    ------
    MissingDependencyError
        If there is nothing here that reads Markdown and formulas.
    """
    purpose = gettext("Making worksheets and slides")
    markdown = optional("markdown", purpose, INSTALL, what="Markdown")
    latex = optional("latex2mathml.converter", purpose, INSTALL, what="latex2mathml")
    formulas: list[str] = []

    def keep(match: re.Match[str]) -> str:
        shown = match[1] is not None
        source, tag = (match[1] or match[2]), ""
        if shown and (numbered := re.search(r"\s*\\tag\{(.*?)\}", source)):
            source, tag = source.replace(numbered[0], ""), f" \\qquad \\text{{({numbered[1]})}}"
        formulas.append(latex.convert(source + tag, display="block" if shown else "inline"))
        return f"\ue000{len(formulas) - 1}\ue001"

    made: str = markdown.markdown(_MATH.sub(keep, text), extensions=["tables"])
    made = re.sub("\ue000(\\d+)\ue001", lambda match: formulas[int(match[1])], made)
    return made.removeprefix("<p>").removesuffix("</p>") if inline else made


def page(title: str, style: str, body: str) -> str:
    """Return a page of HTML in the language in force.

    Parameters
    ----------
    title, style, body
        Its title as text, its style sheet, and what it shows as HTML.

    Returns
    -------
    str
    """
    return (
        f'<!DOCTYPE html>\n<html lang="{current().replace("_", "-")}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n<body>{body}</body></html>\n"
    )
