"""Finding out whether the package ``autograd`` that Python imports is this project's.

An unrelated package of the same import name is on PyPI. Installed into one environment, the later of the two
overwrites ``autograd/__init__.py``, and uninstalling either removes it from both. This module imports nothing
of the engine's, so that it can still say what is wrong and which command repairs it.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location

__all__ = ["gettext", "problem"]

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OWN = b'"Value"'  # stands in this project's autograd/__init__.py, and not in the other's
# Lies in the other's folder autograd, and never in this project's.
FOREIGN = os.path.join("numpy", "__init__.py")


def gettext(message: str, **values: object) -> str:
    """Return a message in the language of the command line, from a file that needs no engine.

    Parameters
    ----------
    message
        In English; places for values are named.
    **values
        What stands in those places.

    Returns
    -------
    str
        In English where that file is gone.

    Examples
    --------
    >>> gettext("there is no file {path}", path="a.py")
    'there is no file a.py'
    """
    file = os.path.join(_ROOT, "autograd", "words.py")
    spec = spec_from_file_location("chainrule_words", file)
    if spec is None or spec.loader is None or not os.path.exists(file):
        return message.format(**values) if values else message
    words = module_from_spec(spec)
    spec.loader.exec_module(words)
    with words.language(words.asked(sys.argv[1:])):
        said: str = words.gettext(message, **values)
    return said


def problem(root: str | None = None) -> str | None:
    """Say in a sentence why ``import autograd`` does not bring this project's package, and how to repair it.

    Parameters
    ----------
    root
        The folder that holds this project's packages; by default the one that this module lies in.

    Returns
    -------
    str or None
        None where nothing is wrong.

    Examples
    --------
    >>> problem() is None
    True
    """
    root = _ROOT if root is None else root
    own = os.path.join(root, "autograd")
    intact, mixed = _is_own(os.path.join(own, "__init__.py")), os.path.exists(os.path.join(own, FOREIGN))
    if intact is None:  # not in a folder, but in an archive: no installer can have mixed anything
        return None
    origin = _origin()
    if intact and origin is not None and os.path.realpath(os.path.dirname(origin)) != os.path.realpath(own):
        return (
            gettext(
                "Python finds another package named autograd first, in {folder}; it is not part of "
                "chainrule. Remove it with: {command} (or use a fresh environment)",
                folder=os.path.dirname(origin), command=_pip('uninstall', 'autograd'),
            )
        )
    if intact:
        return None
    if mixed or (origin is not None and not _is_own(origin)):
        return (
            gettext(
                "the unrelated package autograd from PyPI has overwritten chainrule's {file}. Repair "
                "it with: {first} && {second} (or use a fresh environment)",
                file=os.path.join(own, '__init__.py'), first=_pip('uninstall', '-y', 'autograd'),
                second=_reinstall(),
            )
        )
    return (
        gettext(
            "chainrule's {file} is gone, as after uninstalling the unrelated package autograd from "
            "PyPI. Repair it with: {second}",
            file=os.path.join(own, '__init__.py'), second=_reinstall(),
        )
    )


def _is_own(path: str) -> bool | None:
    """Whether a file is this project's ``autograd/__init__.py``.

    None where its folder is no folder of the system's.
    """
    try:
        with open(path, "rb") as file:
            return OWN in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return None


def _origin() -> str | None:
    """Return the file that ``import autograd`` reads, where there is one."""
    try:
        spec = find_spec("autograd")
    except (ImportError, ValueError):
        return None
    return spec.origin if spec is not None else None


def _pip(*arguments: str) -> str:
    """Return the command that calls this environment's pip."""
    return " ".join([_quoted(sys.executable or "python"), "-m", "pip", *arguments])


def _reinstall() -> str:
    """Return the command that installs this project once more, from where it was installed."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    what = ["chainrule"]
    try:
        source = json.loads(distribution("chainrule").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        source = {}
    url = source.get("url")
    if isinstance(url, str):
        what = ["-e"] if source.get("dir_info", {}).get("editable") else []
        what.append(_quoted(url.removeprefix("file://")))
    return _pip("install", "--force-reinstall", "--no-deps", *what)


def _quoted(word: str) -> str:
    """Return a word as a shell takes it."""
    if os.name == "nt":
        return f'"{word}"' if " " in word else word
    import shlex

    return shlex.quote(word)
