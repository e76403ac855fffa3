"""The engine once more in C, where the installation found a C compiler; see engine.c.

Nothing depends on it: the Python that it stands in for is the definition, and gives the same bits. Set the
environment variable ``CHAINRULE_PURE_PYTHON`` to do without it: while installing, so that it is not compiled,
or later, so that it is not used.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final

from autograd.words import gettext, marked

__all__ = ["engine", "sources", "why"]


def sources(package: str | os.PathLike[str]) -> list[str]:
    """Return the files that the compiled module is made of, of the package in that folder."""
    native, floats = os.path.join(package, "native"), os.path.join(package, "floats")
    of_c = [name for name in os.listdir(native) if name.endswith((".c", ".h"))]
    return [
        *[os.path.join(native, name) for name in sorted([*of_c, "generate.py"])],
        *[os.path.join(package, name) for name in ("ops.py", "form.py", "op.py")],
        *[os.path.join(floats, name) for name in sorted(os.listdir(floats)) if name.endswith(".py")],
    ]


def digest(package: str | os.PathLike[str]) -> str:
    """Return what tells these files from others."""
    import hashlib

    made = hashlib.sha256()
    for file in sources(package):
        with open(file, "rb") as source:
            made.update(source.read().replace(b"\r\n", b"\n"))
    return made.hexdigest()[:32]


def _engine_in_c() -> tuple[Any, str]:
    """Return the compiled module, and why it is used; or None, and why not.

    One that is not of its sources, or cannot be loaded, is not used; then a warning says so.
    """
    if os.environ.get("CHAINRULE_PURE_PYTHON"):
        return None, marked("CHAINRULE_PURE_PYTHON is set")
    try:
        module = import_module("autograd.native._engine")
        changed = _is_of_other_sources(module)
    except ModuleNotFoundError:
        return None, _why_not_compiled()
    except ImportError as error:
        if "subinterpreter" in str(error):
            return None, marked("C serves the main interpreter of a process, and this is another one")
        return None, _without(gettext("could not be loaded: {error}", error=error))
    except OSError:  # a bundler has put the package into one file
        return None, marked("its file cannot be looked at")
    if changed:
        return None, _without(gettext("is not of the sources beside it, which were changed since"))
    return (
        (module, marked("compiled"))
        if module.claim()
        else (None, marked("another copy of the package in this process has it"))
    )


def _why_not_compiled() -> str:
    if "free-threading" in sys.version:
        return marked("its C relies on the interpreter's lock, which a free-threaded Python is without")
    return marked("it was not compiled: no C compiler was found when the package was installed")


def _is_of_other_sources(module: Any) -> bool:
    """Tell, in a source tree, whether a source was changed after the module was compiled."""
    package = os.path.dirname(os.path.dirname(__file__))
    if not os.path.exists(os.path.join(package, "native", "engine.c")):
        return False
    time = os.stat(str(module.__file__)).st_mtime
    newer = any(os.stat(file).st_mtime > time for file in sources(package))
    return newer and digest(package) != getattr(module, "digest", None)  # of an older one there is none


def _without(why: str) -> str:
    """Say that Python runs in the compiled module's place, and how to compile it."""
    import warnings

    message = gettext(
        "the engine's C {why}; the slower Python runs instead, to the same digits. Compile it again: pip "
        "install -e . (or set CHAINRULE_PURE_PYTHON=1 to do without)",
        why=why,
    )
    # One line: a folder has no source to show.
    warnings.warn_explicit(message, RuntimeWarning, os.path.dirname(__file__), 1)
    return why


_found: Final = _engine_in_c()
engine: Final = _found[0]
"""The compiled module, or None."""
why: Final = _found[1]
"""Why it is used, or is not."""
