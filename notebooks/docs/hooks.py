"""What MkDocs calls while it builds: formulas, generated parts of pages, generated pages."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent.parent):  # this site's generators, and the packages they read
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from generator import architecture, commands, conformance, course, live, operations, pictures, results, style
from generator.mathml import MathML
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

_course: dict[str, course.Page] = {}
_chinese: dict[str, course.Page] = {}
# The course, and the pages that are notebooks too.
_executed: dict[str, course.Page] = {}
PAGES = {
    "gallery.md": "gallery", "how-it-compiles.md": "compiler", "listings.md": "listings",
    "spiral-on-devices.md": "devices", "course/teachers.md": "teacher",
}  # fmt: skip
PARTS: dict[str, Callable[[], str]] = {
    "architecture": architecture.picture,
    "modules": architecture.table,
    "operations": operations.table,
    "commands": commands.helps,
    "lessons": lambda: course.contents(list(_course.values())),
    "lessons-zh": lambda: course.contents(list(_chinese.values())),
    "measurements": results.everything,
    "trust": lambda: results.show("trust"),
    "conformance": conformance.found,
    "first-picture": pictures.first,
    "live-page": live.embedded,
}
"""What a page may ask for on a line of its own: ``[[generated: operations]]``."""

_TOKEN = re.compile(r"^\[\[generated: ([\w-]+)\]\]$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Let Markdown read formulas, in pages and in docstrings; enter the course into the contents."""
    config["markdown_extensions"].append(MathML())
    _course.update({f"course/{path.stem}.md": course.page(path) for path in course.notebooks()})
    _chinese.update({f"course/zh/{path.stem}.md": course.page(path) for path in course.notebooks("zh")})
    _executed.update(_course | _chinese)
    for name, notebook in PAGES.items():
        _executed[name] = course.page(course.NOTEBOOKS / f"{notebook}.ipynb")
    lessons = [{page.title: name} for name, page in _course.items()]
    place = next(entry for entry in config["nav"] if "The course" in entry)
    place["The course"] = ["course/index.md", *lessons, {"For teachers": "course/teachers.md"}]
    place = next(entry for entry in config["nav"] if "课程（中文）" in entry)
    place["课程（中文）"] = ["course/zh/index.md", *({page.title: name} for name, page in _chinese.items())]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what is generated whole."""
    files.append(File.generated(config, "assets/pictures.css", content=style.pictures()))
    files.append(File.generated(config, live.NAME, content=live.whole()))
    for name, page in _executed.items():
        # Links to this site's pages start at the notebooks' folder there, and here at the page.
        markdown = page.markdown.replace("](docs/pages/", "](" + "../" * name.count("/"))
        files.append(File.generated(config, name, content=markdown))
        for picture, data in page.pictures.items():
            files.append(File.generated(config, str(PurePosixPath(name).with_name(picture)), content=data))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in what a page asks for."""

    def fill(match: re.Match[str]) -> str:
        if match[1] not in PARTS:
            raise PluginError(f"{page.file.src_uri} asks for {match[1]!r}; there are {', '.join(PARTS)}")
        return PARTS[match[1]]()

    return _TOKEN.sub(fill, markdown)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Put the outputs of a notebook in their places, as they are."""
    notebook = _executed.get(page.file.src_uri)
    for token, output in notebook.html.items() if notebook else ():
        place = f'<div id="{token}"></div>'
        if html.count(place) != 1:
            raise PluginError(f"{page.file.src_uri} lost the place of an output, {token}")
        html = html.replace(place, output)
    return html
