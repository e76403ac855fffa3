"""The words of this project in the reader's language, from the catalogues under ``locale``.

A sentence that a reader sees is written in English where it is used, as ``gettext("Forward")``. Where another
language is asked for, its catalogue, a file of gettext's, says what stands in its place; what it does not say
stays English. The language is the one that `language` was told for a block, else what the environment's
``CHAINRULE_LANG`` names, else English; the command line also asks the locale.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = [
    "LANGUAGES",
    "asked",
    "catalogue",
    "columns",
    "current",
    "gettext",
    "language",
    "marked",
    "named",
    "padded",
    "read_catalogue",
    "unpacked",
]

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
"""The languages by their names in gettext, each in its own words."""
LOCALE = Path(__file__).parent / "locale"
_asked: ContextVar[str] = ContextVar("language", default="")


@cache
def named(tag: str) -> str:
    """Return the language that a tag names, as a locale or a browser writes it; nothing where there is none.

    Parameters
    ----------
    tag
        Such as ``zh``, ``zh-Hans``, ``zh_CN.UTF-8`` or ``en_GB``; ``C`` is English.

    Returns
    -------
    str
        A key of ``LANGUAGES``, or an empty text.

    Examples
    --------
    >>> named("zh_CN.UTF-8"), named("zh-Hans"), named("en_GB"), named("C.UTF-8"), named("tlh")
    ('zh_CN', 'zh_CN', 'en', 'en', '')
    """
    first = tag.split(".", maxsplit=1)[0].replace("-", "_").split("_")[0].lower()
    first = "en" if first in ("c", "posix") else first
    return next((name for name in LANGUAGES if first and name.split("_")[0] == first), "")


def current() -> str:
    """Return the language in force, a key of ``LANGUAGES``.

    Returns
    -------
    str

    Examples
    --------
    >>> with language("zh"):
    ...     current()
    'zh_CN'
    """
    return _asked.get() or named(os.environ.get("CHAINRULE_LANG", "")) or "en"


def asked(arguments: Sequence[str]) -> str:
    """Return the language that a command line asks for: by its option, the environment, or the locale.

    Parameters
    ----------
    arguments
        After the program's name; ``--lang TAG`` or ``--lang=TAG`` is looked for, the last one counts.

    Returns
    -------
    str
        A key of ``LANGUAGES``.

    Examples
    --------
    >>> asked(["explain", "x", "--lang", "zh"]), asked(["--lang=en"])
    ('zh_CN', 'en')
    """
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    typed = [
        tag if joined else next(iter(before[k + 1 : k + 2]), "")
        for k, (name, joined, tag) in enumerate(argument.partition("=") for argument in before)
        if name == "--lang"
    ]
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    told = (*typed[-1:], os.environ.get("CHAINRULE_LANG", ""), locale)
    return next(filter(None, map(named, told)), "en")


@contextmanager
def language(tag: str | None) -> Iterator[None]:
    """Speak a language within a block.

    Parameters
    ----------
    tag
        Such as ``"zh"`` or ``"en"``; None changes nothing.

    Raises
    ------
    ValueError
        If there is no catalogue for it.

    Examples
    --------
    >>> with language("zh"):
    ...     print(gettext("Forward"))
    前向传播
    """
    if tag is None:
        yield
        return
    name = named(tag)
    if not name:
        raise ValueError(gettext(
            "there are no words in the language {tag}; there are {known}",
            tag=f"{tag!r:.40}", known=", ".join(LANGUAGES),
        ))  # fmt: skip
    token = _asked.set(name)
    try:
        yield
    finally:
        _asked.reset(token)


def gettext(message: str, **values: object) -> str:
    """Return a message in the language in force, itself where its catalogue has none.

    Parameters
    ----------
    message
        In English; places for values are named, as in ``"{count} more steps"``.
    **values
        What stands in those places; without any, the message is not looked through for them.

    Returns
    -------
    str

    Examples
    --------
    >>> gettext("{count} more neurons", count=3)
    '3 more neurons'
    """
    name = current()
    spoken = message if name == "en" else catalogue(name).get(message, message)
    return spoken.format(**values) if values else spoken


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two.

    Parameters
    ----------
    text
        One line.

    Returns
    -------
    int

    Examples
    --------
    >>> columns("ab"), columns("梯度")
    (2, 4)
    """
    return len(text) if text.isascii() else sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def padded(text: str, width: int) -> str:
    """Return a text with spaces behind it, so that it takes so many columns of a terminal.

    Parameters
    ----------
    text
        One line.
    width
        In columns; a longer text stays as it is.

    Returns
    -------
    str

    Examples
    --------
    >>> padded("ab", 4), padded("梯度", 6)
    ('ab  ', '梯度  ')
    """
    return text + " " * (width - columns(text))


def marked(message: str) -> str:
    """Return a message as it is, for a table whose reader calls `gettext`: the catalogues' test finds it.

    Parameters
    ----------
    message
        In English.

    Returns
    -------
    str

    Examples
    --------
    >>> marked("seed")
    'seed'
    """
    return message


@cache
def catalogue(name: str) -> Mapping[str, str]:
    """Return a language's messages.

    Parameters
    ----------
    name
        A key of ``LANGUAGES``.

    Returns
    -------
    dict
        From the English message to the language's own.

    Examples
    --------
    >>> catalogue("zh_CN")["Backward"]
    '反向传播'
    """
    try:
        return read_catalogue(unpacked(Path(__file__).parent, f"{LOCALE.name}/{name}.po"))
    except ModuleNotFoundError:  # a Python that was built without bzip2, whose user reads English
        return {}


def unpacked(package: Traversable, place: str) -> str:
    """Return the text of a file of a package, which wheels have compressed, and in no folder of its own.

    Parameters
    ----------
    package
        The package's folder: a path, or what `importlib.resources.files` returns.
    place
        Where the file is in the source tree, from there.

    Returns
    -------
    str
        What is written there.

    Examples
    --------
    >>> unpacked(LOCALE.parent, "locale/zh_CN.po").startswith("#")
    True
    """
    name = place.rpartition("/")[2]
    for suffix, module in (("gz", "gzip"), ("bz2", "bz2")):
        if (packed := package / f"{name}.{suffix}").is_file():
            return import_module(module).decompress(packed.read_bytes()).decode()  # type: ignore[no-any-return]
    return package.joinpath(*place.split("/")).read_text(encoding="utf-8")


def read_catalogue(text: str) -> dict[str, str]:
    r"""Read a catalogue in gettext's text format, without its header and what is marked as unsure.

    Parameters
    ----------
    text
        The content of a ``.po`` file: ``msgid`` and ``msgstr``, each a quoted text that may go on in the next
        lines.

    Returns
    -------
    dict
        From message to translation.

    Examples
    --------
    >>> read_catalogue('msgid "seed"\nmsgstr ""\n"种子"\n')
    {'seed': '种子'}
    """
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        parts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                if line.startswith("#,") and "fuzzy" in line:
                    break
                continue
            word, quote, rest = line.partition('"')
            key = word.strip() or key
            parts[key] = parts.get(key, "") + ast.literal_eval(quote + rest)
        if parts.get("msgid") and parts.get("msgstr"):
            found[parts["msgid"]] = parts["msgstr"]
    return found
