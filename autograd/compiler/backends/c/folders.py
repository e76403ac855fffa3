"""Folders in which nobody else can put anything: which to trust, and one of a process's own for a while."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

from autograd.keep.files import lock
from autograd.words import gettext

__all__ = ["distrust", "own_folder"]

LOCK = ".lock"
"""What follows the folder's name in that of the locked file beside it, which is there before and after it."""
OURS = re.compile(rf"(chainrule-build-[0-9a-f]{{16}})({re.escape(LOCK)})?")


def distrust(folder: Path) -> str:
    """Return why what lies in a folder may have been put there by somebody else, or an empty text.

    The folder must be this user's and nobody else's to write; and those above it the user's or the system's,
    and such that others cannot put another folder in its place.
    """
    if os.name != "posix":
        return ""
    me, real = os.geteuid(), Path(os.path.realpath(folder))
    owners = {0, me, os.stat("/").st_uid}  # in a container, the system's folders may seem to be nobody's
    for path in (real, *real.parents):
        try:
            facts = os.lstat(path)
        except FileNotFoundError:
            continue  # it is still to be made
        if path == real and facts.st_uid != me:
            return gettext("it belongs to another user")
        if facts.st_uid not in owners:
            return gettext("{path} belongs to another user", path=path)
        if facts.st_mode & 0o002 or (
            facts.st_mode & 0o020 and not (path != real and _alone(me, facts.st_gid))
        ):
            if path == real:
                return gettext("others may write to it")
            if not facts.st_mode & stat.S_ISVTX:
                return gettext("others may write to {path}", path=path)
    return ""


def _alone(user: int, group: int) -> bool:
    """Tell whether a group is that of one user alone, who has its name, as many systems make one for each."""
    import grp
    import pwd

    try:
        facts, members = pwd.getpwuid(user), grp.getgrgid(group)
    except KeyError:
        return False
    return (
        user != 0
        and facts.pw_gid == group
        and members.gr_name == facts.pw_name
        and set(members.gr_mem) <= {facts.pw_name}
    )


@contextlib.contextmanager
def own_folder(other: Callable[[], Path]) -> Iterator[Path]:
    """Make a folder for a while, after removing those of processes that are gone: whose lock is free.

    It is among the system's temporary ones, or, where others may change those, in the ``other``.
    """
    base, owner = _base(other), os.getpid()
    _sweep(base)
    folder, locked = _locked(base)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        if os.getpid() == owner:  # a child that was forked meanwhile comes here, too, when it ends
            shutil.rmtree(folder, ignore_errors=True)
            locked.close()
            _beside(folder).unlink(missing_ok=True)


def _beside(folder: Path) -> Path:
    return folder.with_name(folder.name + LOCK)


def _locked(base: Path) -> tuple[Path, FileIO]:
    """Name a folder that is to be made, and lock the file beside it."""
    while True:
        folder = base / f"chainrule-build-{secrets.token_hex(8)}"
        # An object, not a number, so that it is closed whatever strikes.
        locked = FileIO(_beside(folder), "xb", opener=lambda path, flags: os.open(path, flags, 0o600))
        lock(locked.fileno(), wait=True)
        if os.name != "posix" or os.fstat(locked.fileno()).st_nlink:
            return folder, locked
        locked.close()  # taken for one left behind before it was locked


def _base(other: Callable[[], Path]) -> Path:
    """Return a folder in which others cannot change a folder of ours."""
    reasons = []
    finders: tuple[Callable[[], str | Path], ...] = (tempfile.gettempdir, other)
    for find in finders:
        try:
            base = Path(find())
        except OSError as error:  # there is no folder for temporary files
            reasons.append(str(error))
            continue
        reason = distrust(base / f"chainrule-build-{secrets.token_hex(8)}")
        if not reason and os.access(base, os.W_OK):
            return base
        reasons.append(reason or gettext("{base} cannot be written to", base=base))
    raise OSError(gettext(
        "there is no folder to compile in ({reasons}); set TMPDIR to one that only you can write to",
        reasons="; ".join(reasons),
    ))  # fmt: skip


def _sweep(base: Path) -> None:
    """Remove the folders that processes of this user left in a folder when they were killed."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError), os.scandir(base) as entries:  # a folder that may not be listed
        for entry in entries:
            found = OURS.fullmatch(entry.name)
            if found is None:
                continue
            folder = base / found[1]
            with contextlib.suppress(OSError):  # another process sweeps too
                facts = entry.stat(follow_symlinks=False)
                if facts.st_uid != os.geteuid() or not (stat.S_ISREG if found[2] else stat.S_ISDIR)(
                    facts.st_mode
                ):
                    continue
                try:
                    handle = os.open(_beside(folder), os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                except FileNotFoundError:
                    shutil.rmtree(folder, ignore_errors=True)
                    continue
                try:
                    if lock(handle, wait=False):
                        shutil.rmtree(folder, ignore_errors=True)
                        _beside(folder).unlink()
                finally:
                    os.close(handle)
