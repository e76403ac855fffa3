"""Put the course into a built site as pages that run in the reader's browser.

Usage: ``python notebooks/docs/browser/build.py SITE [--pyodide FOLDER]``, after ``mkdocs build``. Python is
Pyodide's, from npm (``npm install --prefix .ci pyodide``), copied into the site: nothing is fetched from
elsewhere. It has no NumPy, so the lessons that need it are there for reading only, which their entry says.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import zipfile
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT)]

from autograd import words
from nn.course import paper

SPOKEN = {
    "en": {
        "title": "The course in your browser", "index": "All lessons", "all": "Run all", "run": "Run",
        "loading": "Python is loading ...", "running": "running ...", "ready": "ready", "code": "Python",
        "read": "needs NumPy: to read, and to run on your own machine",
        "about": "Python runs in this page: nothing to install, and nothing leaves your machine. "
        "Shift and Enter run a cell.",
    },
    "zh": {
        "title": "在浏览器里学", "index": "全部课程", "all": "全部运行", "run": "运行",
        "loading": "正在载入 Python……", "running": "正在运行……", "ready": "准备好了", "code": "Python 代码",
        "read": "需要 NumPy：这里供阅读，请在自己的电脑上运行",
        "about": "Python 就在这个网页里运行：无需安装，也没有任何东西离开你的电脑。"
        "按 Shift 和回车运行一个单元。",
    },
}  # fmt: skip
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
# What Pyodide's core has not.
ABSENT = re.compile(
    r"import numpy|make_(?:moons|circles|spiral|xor|regression)|from hypothesis|import torch|"
    r"from autograd import .*\bcompile\b|testing import oracle"
)


def runs(notebook: Path) -> bool:
    """Whether a lesson runs with nothing but Python."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return not any(cell["cell_type"] == "code" and ABSENT.search("".join(cell["source"])) for cell in cells)


def lesson(notebook: Path, lang: str) -> str:
    """Return a lesson's page."""
    said, parts = SPOKEN[lang], []
    for cell in paper.cells(notebook):
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown":
            folds = [(summary, paper.html(text)) for summary, text in paper.DETAILS.findall(cell["source"])]
            parts.append(paper.html(paper.DETAILS.sub("", cell["source"])))
            parts += [f"<details><summary>{summary}</summary>{text}</details>" for summary, text in folds]
            continue
        rows = cell["source"].count("\n") + 1
        area = f'<textarea spellcheck="false" rows="{rows}">{escape(cell["source"])}</textarea>'
        if "folded" in tags:
            area = f"<details><summary>{said['code']}</summary>{area}</details>"
        button = f"<button disabled>{said['run']}</button>"
        parts.append(f'<div class="cell">{area}{button}<div class="out"></div></div>')
    page = (HERE / "page.html").read_text(encoding="utf-8")
    title = paper.cells(notebook)[0]["source"].splitlines()[0].removeprefix("# ")
    filled = {
        "LANG": lang, "TITLE": escape(title), "INDEX": said["index"], "RUNALL": said["all"],
        "LOADING": said["loading"], "CELLS": "\n".join(parts),
        "WORDS": json.dumps({key: said[key] for key in ("loading", "running", "ready")}, ensure_ascii=False),
    }  # fmt: skip
    return re.sub("|".join(filled), lambda match: filled[match[0]], page)


def index(lessons: dict[str, list[Path]]) -> str:
    """Return the page that lists the lessons in both languages."""
    parts = []
    for lang, notebooks in lessons.items():
        said = SPOKEN[lang]
        parts.append(f"<h1>{said['title']}</h1><p>{said['about']}</p><ol>")
        for path in notebooks:
            heading = paper.cells(path)[0]["source"].splitlines()[0]
            title = escape(heading.removeprefix("# ").split(" ", 1)[1])
            there = f"../course/{path.stem}.html" if lang == "en" else f"../course/{lang}/{path.stem}.html"
            if runs(path):
                parts.append(f'<li><a href="{path.stem}.{lang}.html">{title}</a></li>')
            else:
                parts.append(f'<li><a href="{there}">{title}</a> ({said["read"]})</li>')
        parts.append("</ol>")
    style = f"body{{font:17px/1.6 {paper.FONT};max-width:46rem;margin:2rem auto;padding:0 1rem}}"
    return paper.page(SPOKEN["en"]["title"], style, "\n".join(parts))


def packages(target: Path) -> None:
    """Pack both packages, as an installer without a compiler would have them."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in ("autograd", "nn"):
            for path in sorted((ROOT / package).rglob("*")):
                if path.suffix in (".py", ".po", ".js", ".css", ".json", ".typed") and path.is_file():
                    info = zipfile.ZipInfo(path.relative_to(ROOT).as_posix(), (1980, 1, 1, 0, 0, 0))
                    archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, and say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("site", type=Path, help="folder of the built site")
    default = ROOT / ".ci" / "node_modules" / "pyodide"
    parser.add_argument("--pyodide", type=Path, default=default, help="folder of the npm package pyodide")
    options = parser.parse_args(arguments)
    if not (options.pyodide / CORE[0]).is_file():
        print(f"no {CORE[0]} in {options.pyodide}; npm install --prefix .ci pyodide", file=sys.stderr)
        return 2
    target = options.site / "try"
    (target / "pyodide").mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copyfile(options.pyodide / name, target / "pyodide" / name)
    for name in ("worker.mjs", "cells.py"):
        shutil.copyfile(HERE / name, target / name)
    packages(target / "packages.zip")
    notebooks = ROOT / "notebooks"
    lessons = {
        "en": sorted(notebooks.glob("[0-9][0-9]_*.ipynb")),
        "zh": sorted(notebooks.glob("zh/[0-9][0-9]_*.ipynb")),
    }
    for lang, paths in lessons.items():
        with words.language(lang):
            for path in paths:
                if runs(path):
                    (target / f"{path.stem}.{lang}.html").write_text(lesson(path, lang), encoding="utf-8")
    (target / "index.html").write_text(index(lessons), encoding="utf-8")
    links = {
        "index.html":
            '<a href="try/index.html">try the course in your browser</a>, with nothing to install',
        "zh/index.html": '<a href="../try/index.html">在浏览器里上课</a>，什么也不用安装。',
    }  # fmt: skip
    for name, link in links.items():
        start = options.site / name
        if start.is_file():
            shown = start.read_text(encoding="utf-8").replace('<span id="try"></span>', link)
            start.write_text(shown, encoding="utf-8")
    print(target / "index.html")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("CHAINRULE_LANG", "en")
    sys.exit(main())
