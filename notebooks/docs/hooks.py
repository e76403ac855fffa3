"""What MkDocs calls while it builds: formulas, generated parts of pages, generated pages."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent.parent):  # this site's generators, and the packages they read
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from generator import architecture, commands, operations, pictures, results, style
from generator.mathml import MathML
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

PARTS: dict[str, Callable[[], str]] = {
    "architecture": architecture.picture,
    "modules": architecture.table,
    "operations": operations.table,
    "commands": commands.helps,
    "measurements": results.everything,
    "first-picture": pictures.first,
}
"""What a page may ask for on a line of its own: ``[[generated: operations]]``."""

_TOKEN = re.compile(r"^\[\[generated: ([\w-]+)\]\]$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Let Markdown read formulas, in pages and in docstrings."""
    config["markdown_extensions"].append(MathML())
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what is generated whole."""
    files.append(File.generated(config, "assets/pictures.css", content=style.pictures()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in what a page asks for."""

    def fill(match: re.Match[str]) -> str:
        if match[1] not in PARTS:
            raise PluginError(f"{page.file.src_uri} asks for {match[1]!r}; there are {', '.join(PARTS)}")
        return PARTS[match[1]]()

    return _TOKEN.sub(fill, markdown)
