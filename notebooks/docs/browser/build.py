"""Put the course into a built site as pages that run in the reader's browser.

Usage: ``python notebooks/docs/browser/build.py SITE``, after ``mkdocs build``. Python is Pyodide's,
and NumPy is built for it, both from npm (``npm install --prefix notebooks/docs/browser``); Hypothesis and
mpmath are their pure wheels, which pip brings once. All of them are copied into the site: nothing is fetched
from elsewhere.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
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
        "about": "Python runs in this page: nothing to install, and nothing leaves your machine. "
        "Shift and Enter run a cell. What is compiled runs as NumPy here, not as C: "
        "most lessons take seconds, 8, 10, 11 and 18 a minute or two.",
    },
    "zh": {
        "title": "在浏览器里学", "index": "全部课程", "all": "全部运行", "run": "运行",
        "loading": "正在载入 Python……", "running": "正在运行……", "ready": "准备好了", "code": "Python 代码",
        "about": "Python 就在这个网页里运行：无需安装，也没有任何东西离开你的电脑。"
        "按 Shift 和回车运行一个单元。"
        "编译后的程序在这里由 NumPy 执行，而不是 C：多数课只需几秒，第 8、10、11、18 课要一两分钟。",
    },
}  # fmt: skip
GLUE = "pyodide.asm.js"
CORE = ("pyodide.mjs", GLUE, "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
# NumPy asks who called it, to use a temporary array again; without an answer it takes a new one.
LINKED = ("wasmImports={", "wasmImports={backtrace:()=>0,")
NUMPY = Path("@emscripten-forge/numpy/pkg")
# What of NumPy no program needs: its tests, the headers, and what compiles with them.
UNUSED = re.compile(r"/(?:tests|include|lib/pkgconfig|f2py|distutils|_pyinstaller|doc)/|\.(?:pyi|pxd|a|h)$")
WHEELS = {"hypothesis": ("hypothesis==6.155.7", "sortedcontainers==2.4.0"), "mpmath": ("mpmath==1.3.0",)}


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
            parts.append(f'<li><a href="{path.stem}.{lang}.html">{title}</a></li>')
        parts.append("</ol>")
    style = (
        f":root{{color-scheme:light dark}}body{{font:17px/1.6 {paper.FONT};max-width:46rem;margin:2rem auto;"
        "padding:0 1rem}h1{font-size:1.6rem;line-height:1.25;margin:2.5rem 0 .6rem}"
        "ol{columns:2 18rem;column-gap:3rem}"
        "li{break-inside:avoid;margin:.15rem 0}@media(prefers-color-scheme:dark){body{background:#16191f;"
        "color:#e4e7eb}a{color:#7db8f0}a:visited{color:#b9a3ee}}"
    )
    return paper.page(SPOKEN["en"]["title"], style, "\n".join(parts))


def pack(target: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write an archive that is the same whenever its members are."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)


def ours() -> Iterable[tuple[str, bytes]]:
    """Yield both packages' files, as an installer without a compiler would have them."""
    for package in ("autograd", "nn"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".po", ".js", ".css", ".json", ".typed") and path.is_file():
                yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def numpy(modules: Path) -> Iterable[tuple[str, bytes]]:
    """Yield NumPy's files, as they lie in a folder of packages."""
    (source,) = (modules / NUMPY).glob("numpy-*.tar.gz")
    with tarfile.open(source) as archive:
        for member in archive:
            inside, _, name = member.name.partition("/site-packages/")
            content = archive.extractfile(member) if inside and name and member.isfile() else None
            if content and not UNUSED.search(name):
                yield name, content.read()


def wheels(folder: Path, wanted: tuple[str, ...]) -> Iterable[tuple[str, bytes]]:
    """Yield the files of pure wheels, which pip brings where they are not there yet."""
    names = [wheel.replace("==", "-") for wheel in wanted]
    if not all(list(folder.glob(f"{name}-*none-any.whl")) for name in names):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--platform", "any", "--dest", str(folder), *wanted], check=True)
    for name in names:
        with zipfile.ZipFile(next(folder.glob(f"{name}-*none-any.whl"))) as archive:
            yield from ((member, archive.read(member)) for member in archive.namelist())


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, and say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("site", type=Path, help="folder of the built site")
    default = HERE / "node_modules"
    parser.add_argument("--modules", type=Path, default=default, help="folder into which npm installed")
    options = parser.parse_args(arguments)
    pyodide = options.modules / "pyodide"
    absent = [path for path in (pyodide / CORE[1], options.modules / NUMPY) if not path.exists()]
    if absent:
        print(f"no {absent[0]}; npm install --prefix notebooks/docs/browser brings it", file=sys.stderr)
        return 2
    target = options.site / "try"
    (target / "pyodide").mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copyfile(pyodide / name, target / "pyodide" / name)
    glue = (pyodide / GLUE).read_text(encoding="utf-8")
    (target / "pyodide" / GLUE).write_text(glue.replace(*LINKED), encoding="utf-8")
    for name in ("worker.mjs", "cells.py"):
        shutil.copyfile(HERE / name, target / name)
    pack(target / "packages.zip", ours())
    pack(target / "numpy.zip", numpy(options.modules))
    for package, wanted in WHEELS.items():
        pack(target / f"{package}.zip", wheels(HERE / "wheels", wanted))
    notebooks = ROOT / "notebooks"
    lessons = {
        "en": sorted(notebooks.glob("[0-9][0-9]_*.ipynb")),
        "zh": sorted(notebooks.glob("zh/[0-9][0-9]_*.ipynb")),
    }
    for lang, paths in lessons.items():
        with words.language(lang):
            for path in paths:
                (target / f"{path.stem}.{lang}.html").write_text(lesson(path, lang), encoding="utf-8")
    (target / "index.html").write_text(index(lessons), encoding="utf-8")
    links = {
        "index.html":
            '<a href="try/index.html">try the course in your browser</a>, with nothing to install.',
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
