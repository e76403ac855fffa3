"""Reading and writing files: a read has its limits, and a crash leaves the old content or the new."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from typing import TYPE_CHECKING, Any

from autograd.words import gettext, marked

# json, pathlib, re and tempfile are imported where they are needed: they would double the time of ``import
# autograd``.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "DEPTH", "ENTRIES", "NAME", "SECONDS", "SIZE", "check_file", "check_folder", "decode_float",
    "encode_float",
    "entries_within", "lock",
    "parse_json", "read_bytes", "read_text", "temporary_file", "write_atomically",
]  # fmt: skip

SIZE = 1 << 28
"""Bytes of the largest file that is read, where the caller does not say otherwise: 256 MiB."""
SECONDS = 60.0
"""How long a pipe may take to deliver its content."""
SILENCE = 10.0
"""How long a pipe may say nothing at all, or find nobody who reads it."""
ENTRIES = 10_000_000
"""Values in the largest JSON document that is parsed, where the size read does not allow for more."""
BYTES = 16
"""Bytes that are reckoned for a value, where the size that may be read decides how many values may be."""
DEPTH = 200
"""Lists and objects within each other, in the deepest JSON document that is parsed.

In that of a graph, modules within each other too.
"""
NAME = 1 << 16
"""Characters of the longest label or path of a module in a graph's file."""

_SPECIAL = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


# Paths.


def _named(path: str | os.PathLike[str]) -> str:
    """Return a path as text, once it can be one."""
    name = os.fsdecode(path)
    if "\0" in name:
        raise ValueError(gettext("no path holds a zero byte: {name}", name=f"{name!r:.80}"))
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        raise ValueError(gettext("no path holds half a character: {name}", name=f"{name!r:.80}")) from None
    return name


def _failure(number: int, path: str, told: str = "") -> OSError:
    """Return the system's error of that number for a path, as the user gave it."""
    return OSError(number, told or os.strerror(number), path)


def check_file(path: str | os.PathLike[str]) -> None:
    """Raise OSError where a file is to be written and a folder has its name, or it is for reading only."""
    name = _named(path)
    if os.path.isdir(name):
        raise _failure(errno.EISDIR, name)
    try:
        mode = os.stat(name).st_mode
    except OSError:
        return
    if stat.S_ISREG(mode) and not (mode & 0o222 and os.access(name, os.W_OK)):
        raise _failure(errno.EACCES, name, gettext("the file is there for reading only"))


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise OSError where no file can be written in a folder; before long work, whose result goes there."""
    import tempfile

    name = _named(path)
    try:
        tempfile.TemporaryFile(dir=name).close()
    except OSError as error:
        error.filename = name
        raise


# Writing.


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a file whole or not at all.

    The content goes to a hidden temporary file in the same folder, is flushed to the disk and takes the place
    of the old file in one step; then the folder itself is flushed. The old file's permissions are kept, a
    link stays, and what it leads to is replaced. Temporary files that a process left behind when it was
    killed are removed by the next write in their folder. A device or a pipe, such as ``/dev/stdout``, is no
    file to replace, and is written to as it is. Text is written in UTF-8; half a character, which has no
    place there, as its number in Python's spelling.

    Raises
    ------
    OSError
        Where the folder is absent, read-only or full, or the old file is for reading only; it is then as it
        was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(folder + "/weights.json", "[1.0]").read_text()
    '[1.0]'
    """
    from pathlib import Path

    name = _named(path)
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        old = os.stat(name)
    except FileNotFoundError:
        old = None
    descriptor = _standing_for(name)
    if descriptor is not None or (
        old is not None and not stat.S_ISREG(old.st_mode) and not stat.S_ISDIR(old.st_mode)
    ):
        _write_directly(name, descriptor, data)
        return Path(name)
    if not os.path.basename(name):
        raise _failure(errno.EISDIR if name else errno.ENOENT, name)
    check_file(name)
    target = os.path.realpath(name)
    try:
        _replace(target, old, data)
    except OSError as error:
        if error.errno is None:
            raise
        raise _failure(error.errno, name, error.strerror or "") from error  # the name that the user knows
    return Path(name)


def _replace(target: str, old: os.stat_result | None, data: bytes) -> None:
    """Write a temporary file beside the target, and move it there."""
    folder = os.path.dirname(target)
    for entry in _left_behind(folder):
        with contextlib.suppress(OSError):  # another process was first
            os.unlink(entry)
    handle, temporary = _temporary(folder, 0o666 if old is None else 0o600)
    try:
        try:
            if old is not None and os.name == "posix":
                with contextlib.suppress(OSError):  # only the superuser gives files away
                    os.fchown(handle, old.st_uid, old.st_gid)
                os.fchmod(handle, old.st_mode & 0o777)
            _write_all(handle, data)
            os.fsync(handle)
            if os.name == "posix":  # as long as it is open, it is locked
                os.replace(temporary, target)
        finally:
            os.close(handle)
        if os.name != "posix":  # which moves no open file
            os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        # A folder that may not be read, or a file system that cannot do that.
        with contextlib.suppress(OSError):
            opened = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _temporary(folder: str, mode: int) -> tuple[int, str]:
    """Create a file in a folder under a short name of its own, locked as long as it is open."""
    import secrets

    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    for _ in range(100):
        path = os.path.join(folder, f".chainrule-{secrets.token_hex(8)}.tmp")
        try:
            handle = os.open(path, flags, mode)
        except FileExistsError:
            continue
        lock(handle, wait=True)
        if os.name != "posix" or os.fstat(handle).st_nlink:
            return handle, path
        os.close(handle)  # taken for one left behind, between the two lines above
    raise _failure(errno.EEXIST, folder, gettext("no temporary file can be made"))


def lock(handle: int, *, wait: bool) -> bool:
    """Lock an open file, until it is closed or its process is gone; tell whether that was possible."""
    if os.name != "posix":
        return False
    try:
        import fcntl  # which Python in a browser lacks

        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (ImportError, OSError):
        return False
    return True


@contextlib.contextmanager
def temporary_file(folder: str | os.PathLike[str], data: bytes) -> Iterator[str]:
    """Write a hidden file of this process's own into a folder, yield its path, and remove it."""
    handle, path = _temporary(os.fspath(folder), 0o600)
    try:
        _write_all(handle, data)
        yield path
    finally:
        os.close(handle)
        os.unlink(path)


def _left_behind(folder: str) -> Iterator[str]:
    """Yield the temporary files in a folder whose processes are gone: those that nobody has locked."""
    import re

    ours = re.compile(r"\.chainrule-[0-9a-f]{16}\.tmp")
    try:
        with os.scandir(folder) as entries:
            found = [
                entry.path
                for entry in entries
                if ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
            ]
    except OSError:  # a folder that may not be listed
        return
    for path in found:
        try:
            if os.name != "posix":  # where nobody can remove what another has open
                if time.time() - os.stat(path).st_mtime > 60.0:
                    yield path
                continue
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if lock(handle, wait=False):
                yield path  # is removed while the lock is held
        finally:
            os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest[: 1 << 24]) :]


def _standing_for(name: str) -> int | None:
    """Return the descriptor of this process that a path such as ``/dev/stdout`` stands for, or None."""
    head, _, tail = os.path.normpath(name).rpartition("/")
    if head == "/dev" and tail in ("stdin", "stdout", "stderr"):
        return ("stdin", "stdout", "stderr").index(tail)
    return int(tail) if head in ("/dev/fd", "/proc/self/fd") and tail.isdecimal() and tail.isascii() else None


def _write_directly(name: str, descriptor: int | None, data: bytes) -> None:
    """Write to a device, to a pipe, or to what is open already, after what was printed there before."""
    if descriptor is not None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        handle = os.dup(descriptor)
    else:
        handle = _opened_for_writing(name)
    try:
        _write_all(handle, data)
    except OSError as error:
        error.filename = name
        raise
    finally:
        os.close(handle)


def _opened_for_writing(name: str) -> int:
    """Open a device or a pipe, waiting a while for somebody who reads."""
    end = time.monotonic() + SILENCE
    while True:
        try:
            handle = os.open(name, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.stat(name).st_mode):
                raise
            if time.monotonic() > end:
                raise _failure(
                    errno.ENXIO, name, gettext(
                        "nobody has read from this pipe for {silence} s",
                        silence=f"{SILENCE:g}",
                    )
                ) from None
            time.sleep(0.02)
        else:
            if os.name == "posix":
                os.set_blocking(handle, True)
            return handle


# Reading.


def read_bytes(path: str | os.PathLike[str], *, limit: int = SIZE, seconds: float = SECONDS) -> bytes:
    """Read a file, or what comes through a pipe, of at most ``limit`` bytes.

    Raises
    ------
    ValueError
        If it is larger, or a pipe takes longer than ``seconds``.
    OSError
        If it is absent, a folder or a device, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_bytes(write_atomically(folder + "/notes", "four"), limit=3)
    Traceback (most recent call last):
    ...
    ValueError: .../notes has 4 bytes, more than the limit of 3
    """
    name = _named(path)
    # A pipe is opened though nobody writes into it yet.
    flags = (
        "O_NONBLOCK",
        "O_NOCTTY",
        "O_CLOEXEC",
        "O_BINARY",
    )
    handle = os.open(name, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in flags))
    try:
        facts = os.fstat(handle)
        if stat.S_ISDIR(facts.st_mode):
            raise _failure(errno.EISDIR, name)
        if stat.S_ISCHR(facts.st_mode) or stat.S_ISBLK(facts.st_mode):
            raise _failure(errno.EINVAL, name, gettext("this is a device; a file or a pipe can be read"))
        if stat.S_ISREG(facts.st_mode) and facts.st_size > limit:
            raise ValueError(gettext(
                "{name} has {size} bytes, more than the limit of {limit}",
                name=name, size=facts.st_size, limit=limit,
            ))
        parts, size = [], 0
        for part in _parts(handle, name, waiting=not stat.S_ISREG(facts.st_mode), seconds=seconds):
            parts.append(part)
            size += len(part)
            if size > limit:  # a file that grows, or says nothing of its size
                raise ValueError(gettext(
                    "{name} has more bytes than the limit of {limit}",
                    name=name, limit=limit,
                ))
        return b"".join(parts)
    except OSError as error:
        error.filename = name
        raise
    finally:
        os.close(handle)


def _parts(handle: int, name: str, *, waiting: bool, seconds: float) -> Iterator[bytes]:
    """Yield what an open file holds, piece by piece."""
    import select

    end = time.monotonic() + seconds
    while True:
        if waiting and os.name == "posix":
            left = min(end - time.monotonic(), SILENCE)
            watch = select.poll()
            watch.register(handle, select.POLLIN)
            if left <= 0.0 or not watch.poll(left * 1000.0):
                told = (
                    gettext("nothing came from it for {seconds} s", seconds=f"{SILENCE:g}")
                    if left == SILENCE
                    else gettext("it took more than the limit of {seconds} s", seconds=f"{seconds:g}")
                )
                raise ValueError(gettext("{name} was not read to its end: {told}", name=name, told=told))
        part = os.read(handle, 1 << 20)
        if not part:
            return
        yield part


def read_text(path: str | os.PathLike[str], *, limit: int = SIZE, seconds: float = SECONDS) -> str:
    """Read a UTF-8 file of at most ``limit`` bytes, as `read_bytes` does.

    Raises
    ------
    ValueError
        If the file is larger, slower, or not UTF-8.
    OSError
        If it is absent, a folder or a device, or cannot be read.
    """
    data = read_bytes(path, limit=limit, seconds=seconds)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(gettext(
            "{path} is not text in UTF-8: {error}",
            path=os.fsdecode(path), error=error,
        )) from None


# JSON.


def entries_within(limit: int) -> int:
    """Return how many values a document may hold where ``limit`` is the size in bytes that may be read."""
    return max(ENTRIES, limit // BYTES)


def parse_json(text: str, *, limit: int = SIZE, entries: int | None = None, depth: int = DEPTH) -> Any:
    """Parse JSON strictly: no key twice, no NaN, at most ``entries`` values, ``depth`` within each other.

    Where ``entries`` is not given, as many as `entries_within` says of the ``limit`` in bytes that a user may
    raise.

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
    >>> parse_json("[[1]]", depth=1)
    Traceback (most recent call last):
    ...
    ValueError: not accepted: JSON nested too deeply, more than the limit of 1
    """
    import json

    # Each value but the first of a list or an object stands behind a comma.
    brackets = text.count("[") + text.count("{")
    count = text.count(",") + brackets + 1
    if count > (entries_within(limit) if entries is None else entries):
        raise ValueError(
            gettext("not accepted: JSON of more values than the limit of {limit}", limit=entries)
            if entries is not None else
            gettext(
                "not accepted: JSON of {count} values, more than the limit of {limit}; limit={bytes} "
                "accepts so many",
                count=count, limit=entries_within(limit), bytes=count * BYTES,
            )
        )  # fmt: skip
    if brackets > depth and _depth(text) > depth:
        raise ValueError(gettext(
            "not accepted: JSON nested too deeply, more than the limit of {depth}",
            depth=depth,
        ))
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(gettext(
            "not JSON: {error}: line {line} column {column} (char {place})",
            error=gettext(error.msg), line=error.lineno, column=error.colno, place=error.pos,
        )) from None  # fmt: skip
    except RecursionError:
        raise ValueError(gettext("not accepted: JSON nested too deeply")) from None
    except ValueError as error:
        if "integer string conversion" in str(error):
            raise ValueError(gettext("not accepted: a whole number of thousands of digits")) from None
        raise


_OF_PYTHON = (
    marked("Expecting value"), marked("Extra data"), marked("Expecting ',' delimiter"),
    marked("Expecting ':' delimiter"), marked("Expecting property name enclosed in double quotes"),
    marked("Illegal trailing comma before end of array"),
    marked("Illegal trailing comma before end of object"), marked("Invalid control character at"),
    marked("Invalid \\escape"), marked("Invalid \\uXXXX escape"),
    marked("Unterminated string starting at"), marked("Unexpected UTF-8 BOM (decode using utf-8-sig)"),
)  # fmt: skip
"""What Python's reader of JSON says."""


def _depth(text: str) -> int:
    """Return how many lists and objects stand within each other, at most, by one look at each character."""
    from itertools import accumulate

    bare = text.replace("\\\\", "").replace('\\"', "").encode("utf-8", "replace")
    marks = bare.translate(None, bytes(set(range(256)) - set(b'[]{}"')))
    depth = deepest = inside = 0  # the last one: whether a text begins before the piece and ends in it
    for at in range(0, len(marks), 1 << 20):
        pieces = marks[at : at + (1 << 20)].split(b'"')
        *depths, depth = accumulate(
            (1 if b in b"[{" else -1 for b in b"".join(pieces[inside::2])), initial=depth
        )
        deepest = max(deepest, depth, *depths)
        inside ^= len(pieces) - 1 & 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(gettext("the key {key} stands twice in one object", key=repr(key)))
        result[key] = value
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(gettext('a bare {name} is not JSON; write "nan", "inf" or "-inf"', name=name))


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
        raise ValueError(gettext('expected a number, "nan", "inf" or "-inf", got {x}', x=f"{x!r:.40}"))
    try:
        return float(x)
    except OverflowError:
        said = gettext("the number {digits}... is too large for a float", digits=str(x)[:20])
        raise ValueError(said) from None
