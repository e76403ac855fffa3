"""Writing and reading files so that a crash at any moment leaves the old content or the new."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# json, pathlib and tempfile are imported where they are needed: they would double the time of ``import autograd``.
if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_file", "check_folder", "decode_float", "encode_float", "parse_json", "read_text", "write_atomically"]

_SPECIAL = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a file whole or not at all.

    The content goes to a temporary file in the same folder, is flushed to the disk and takes the place of
    the old file in one step; then the folder itself is flushed. A link stays, and what it leads to is replaced; a device
    such as ``/dev/stdout`` is no file to replace, and is written to as it is.

    Raises
    ------
    OSError
        Where the folder is absent, read-only or full; an old file is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(folder + "/weights.json", "[1.0]").read_text()
    '[1.0]'
    """
    import tempfile
    from pathlib import Path

    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    check_file(path)
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return path
    path, given = Path(os.path.realpath(path)), path
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        error.filename = str(given)  # which the reader knows, and not the temporary file's
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return given


def check_file(path: str | os.PathLike[str]) -> None:
    """Raise OSError where a file is to be written and a folder has its name."""
    import errno

    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise OSError where no file can be written in a folder, before long work whose result would go there."""
    import tempfile

    try:
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        error.filename = os.fspath(path)
        raise


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def read_text(path: str | os.PathLike[str], *, limit: int = 1 << 30) -> str:
    """Read a UTF-8 file of at most ``limit`` bytes.

    Raises
    ------
    ValueError
        If the file is larger, or not UTF-8.
    """
    from pathlib import Path

    size = Path(path).stat().st_size
    if size > limit:
        raise ValueError(f"{path} has {size} bytes, more than the limit of {limit}")
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8: {error}") from None


def parse_json(text: str) -> Any:
    """Parse JSON strictly: no key twice, no bare NaN, bounded depth.

    Raises
    ------
    ValueError
        Saying what is wrong.

    Examples
    --------
    >>> parse_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ValueError: the key 'a' stands twice in one object
    """
    import json

    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    except RecursionError:
        raise ValueError("not accepted: JSON nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} stands twice in one object")
        result[key] = value
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f'a bare {name} is not JSON; write "nan", "inf" or "-inf"')


def encode_float(x: float) -> float | str:
    """Return what stands for a float in JSON: itself, which round-trips, or "nan", "inf", "-inf"."""
    return x if x - x == 0.0 else repr(x)


def decode_float(x: Any) -> float:
    """Return the float that `encode_float` wrote.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(x, str) and x in _SPECIAL:
        return _SPECIAL[x]
    if isinstance(x, bool) or not isinstance(x, int | float):
        raise ValueError(f'expected a number, "nan", "inf" or "-inf", got {x!r:.40}')
    try:
        return float(x)
    except OverflowError:
        raise ValueError(f"the number {str(x)[:20]}... is too large for a float") from None
