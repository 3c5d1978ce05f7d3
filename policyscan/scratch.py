"""Private folders, which go with the process that made them, or with the next one.

A process that is killed removes nothing. But the lock of its folder is free from then on, so that
the next one can tell the folder from those in use, and removes it.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from policyscan.errors import PolicyscanError

if sys.platform != "win32":
    import fcntl

_PREFIX: Final = "policyscan-"
_LOCK: Final = ".policyscan-lock"
"""A folder without this file is none of these, whatever it is called."""
_MOST_LOOKED_AT: Final = 1000
_MOST_REMOVED: Final = 10
"""By one process, which has work of its own."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder that nobody else may enter, gone with all it holds when the context is left.

    Raises PolicyscanError: there is no place for one.
    """
    try:
        _remove_abandoned(Path(tempfile.gettempdir()))
        folder, lock = _made()
    except OSError as problem:
        raise PolicyscanError(
            f"{problem.filename or 'TMPDIR'}: no private folder can be made to work in: "
            f"{problem.strerror}; let TMPDIR name one where there is room"
        ) from None
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def _made() -> tuple[Path, int]:
    """A new folder and its lock, which is held until the descriptor is closed."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            is_ours = _is_taken(lock)
        except OSError:
            # This file system knows no locks: nobody will take the folder for an abandoned one.
            is_ours = True
        if is_ours:
            return folder, lock
        # Before it was locked somebody took it for one.
        os.close(lock)


def _is_taken(lock: int) -> bool:
    """Take a lock, unless it is another's or was removed."""
    if sys.platform != "win32":
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return os.fstat(lock).st_nlink > 0


def _remove_abandoned(place: Path) -> None:
    """Remove folders of ours whose makers are dead."""
    if sys.platform == "win32":
        return
    # Half of what pathlib takes, where there are ten thousand.
    names = [each for each in os.listdir(place) if each.startswith(_PREFIX)]  # noqa: PTH208
    removed = 0
    for name in names[:_MOST_LOOKED_AT]:
        with suppress(OSError), _opened(place / name) as folder, _opened(_LOCK, folder) as lock:
            if _is_private(folder) and _is_taken(lock):
                _remove(place / name)
                removed += 1
        if removed == _MOST_REMOVED:
            return


def _remove(folder: Path) -> None:
    with suppress(OSError):
        # What is only to be read may hold what is only to be read.
        for each, _, _ in os.walk(folder):
            Path(each).chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(path: str | Path, folder: int | None = None) -> Iterator[int]:
    """A descriptor of a file or folder, never of what a link leads to."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_private(folder: int) -> bool:
    status = os.fstat(folder)
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and stat.S_IMODE(status.st_mode) == stat.S_IRWXU
    )
