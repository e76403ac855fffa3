"""Reading what is packed: files made by gzip, bzip2 and xz, and zip archives of one file.

What a file begins with tells how it is packed, whatever it is called.
"""

from __future__ import annotations

import importlib
import io
import zlib
from typing import Any

from autograd.words import gettext

__all__ = ["unpacked"]

_MARKS = (
    (b"\x1f\x8b\x08", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "lzma"), (b"PK\x03\x04", "zipfile"),
)  # fmt: skip
"""What packed files begin with, and the module that unpacks them."""


def unpacked(path: str, raw: bytes, limit: int) -> bytes:
    """Return what the bytes of a file are unpacked to; bytes that are not packed are returned as they are.

    Raises
    ------
    ValueError
        If the file is damaged, is an archive of several files or of one with a password, or if there is more
        in it than ``limit`` bytes.
    """
    kind = next((name for mark, name in _MARKS if raw.startswith(mark)), "")
    if not kind or (kind == "bz2" and raw[4:10] != b"1AY&SY"):
        return raw
    module = _module(path, kind)
    broken = (OSError, EOFError, zlib.error, getattr(module, "LZMAError", EOFError))
    try:
        with _opened(module, kind, path, raw) as file:
            found: bytes = file.read(limit + 1)
    except (*broken, getattr(module, "BadZipFile", EOFError), NotImplementedError, RuntimeError) as error:
        raise ValueError(gettext(
            "{path} cannot be unpacked: {error}; unpack it, and read the file that was in it",
            path=path, error=error,
        )) from None  # fmt: skip
    if len(found) > limit:
        raise ValueError(gettext("{name} has more bytes than the limit of {limit}", name=path, limit=limit))
    return found


def _module(path: str, kind: str) -> Any:
    """Return the module of the standard library that unpacks; some Pythons are built without one."""
    try:
        return importlib.import_module(kind)
    except ImportError:
        raise ValueError(gettext(
            "{path} cannot be unpacked: {error}; unpack it, and read the file that was in it",
            path=path, error=f"no module {kind}",
        )) from None  # fmt: skip


def _opened(module: Any, kind: str, path: str, raw: bytes) -> Any:
    """Return what is in a packed file, as a file."""
    if kind != "zipfile":
        return module.open(io.BytesIO(raw))
    archive = module.ZipFile(io.BytesIO(raw))
    members = [
        name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        hint = gettext("unpack it and read one of them; of a spreadsheet, save a sheet as CSV")
        raise ValueError(gettext(
            "{path} is an archive of {count} files; {hint}", path=path, count=len(members), hint=hint
        ))  # fmt: skip
    return archive.open(members[0])
