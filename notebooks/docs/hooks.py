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
from mkdocs.structure.nav import Navigation

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
    "commands-zh": lambda: commands.helps("zh"),
    "lessons": lambda: course.contents(list(_course.values())),
    "lessons-zh": lambda: course.contents(list(_chinese.values()), "| 课 | 问题 |"),
    "measurements": results.everything,
    "trust": lambda: results.show("trust"),
    "conformance": conformance.found,
    "first-picture": pictures.first,
    "first-picture-zh": lambda: pictures.first("zh"),
    "live-page": lambda: live.embedded("en"),
    "live-page-zh": lambda: live.embedded("zh"),
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
    chinese = next(entry["中文"] for entry in config["nav"] if "中文" in entry)
    place = next(entry for entry in chinese if "课程" in entry)
    place["课程"] = ["course/zh/index.md", *({page.title: name} for name, page in _chinese.items())]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what is generated whole."""
    files.append(File.generated(config, "assets/pictures.css", content=style.pictures()))
    for lang, name in live.NAMES.items():
        files.append(File.generated(config, name, content=live.whole(lang)))
    for name, page in _executed.items():
        # Links to this site's pages start at the notebooks' folder there, and here at the page.
        markdown = page.markdown.replace("](docs/pages/", "](" + "../" * name.count("/"))
        files.append(File.generated(config, name, content=markdown))
        drawn = {f"{page.name}.svg": page.emblem.encode()} if page.emblem else {}
        for picture, data in (page.pictures | drawn).items():
            files.append(File.generated(config, str(PurePosixPath(name).with_name(picture)), content=data))
    return files


def on_nav(nav: Navigation, config: Any, files: Files) -> Navigation:  # noqa: ARG001
    """Part the contents by language: each page sees those of its own, and leads to its twin."""
    chinese = next(item for item in nav.items if item.title == "中文")
    of_zh = [page for page in nav.pages if is_chinese(page)]
    rest = [page for page in nav.pages if not is_chinese(page)]
    _contents["zh"] = Navigation(list(chinese.children or []), of_zh)
    _contents["en"] = Navigation([item for item in nav.items if item is not chinese], rest)
    _contents["zh"].homepage = of_zh[0]
    for pages in (of_zh, rest):
        pages[0].previous_page = pages[-1].next_page = None
    for item in chinese.children or []:
        item.parent = None
    return nav


_contents: dict[str, Navigation] = {}
# Words of the theme that its own translations lack.
_TOGGLES = {"en": ("Dark", "Light"), "zh": ("深色", "浅色")}


def is_chinese(page: Any) -> bool:
    """Whether a page is written in Chinese."""
    return "zh" in PurePosixPath(page.file.src_uri).parts


def twin(page: Any) -> str:
    """Return the source of the same page in the other language, or of that language's first page."""
    parts = PurePosixPath(page.file.src_uri).parts
    if is_chinese(page):
        other = PurePosixPath(*(part for part in parts if part != "zh"))
        if other.name == "commands.md":
            other = PurePosixPath("api/cli.md")
    elif parts == ("api", "cli.md"):
        other = PurePosixPath("zh/commands.md")
    else:
        other = PurePosixPath(*parts[:-1], "zh", parts[-1])
    known = {found.file.src_uri for nav in _contents.values() for found in nav.pages}
    first = "index.md" if is_chinese(page) else "zh/index.md"
    return str(other) if str(other) in known else first


def on_page_context(context: Any, page: Any, config: Any, nav: Any) -> Any:  # noqa: ARG001
    """Give a page the contents and the theme's words in its own language, and the way to its twin."""
    lang = "zh" if is_chinese(page) else "en"
    context["nav"] = _contents[lang]
    config.theme["language"] = lang
    for scheme, name in zip(config.theme["palette"], _TOGGLES[lang], strict=True):
        scheme["toggle"]["name"] = name
    own = {lang: page.file.src_uri, "en" if lang == "zh" else "zh": twin(page)}
    for choice in config["extra"]["alternate"]:
        choice["link"] = own[choice["lang"]].removesuffix(".md") + ".html"
    return context


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
