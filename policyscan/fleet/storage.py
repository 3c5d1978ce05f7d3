"""Wherever plans lie and tables go, by fsspec: local files, object stores, HTTP, archives."""

from __future__ import annotations

import errno
import functools
import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final, TypeVar

import fsspec
from fsspec.registry import known_implementations
from fsspec.utils import get_protocol

from policyscan.errors import FleetError

_T = TypeVar("_T")

CHAIN: Final = "::"
"""Stands between what is in an archive and the archive, as fsspec has it."""
_ARCHIVES: Final = {
    "zip": (".zip",),
    "tar": (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"),
}
_CHUNK: Final = 2**20
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 20.0
_OPEN_ARCHIVES: Final = 4
_LONGEST_REASON: Final = 300
_NO_USE: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""Of what will not change by asking again."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})

_archives = threading.Lock()
"""One archive is one open file: it is read at one place at a time."""


class StorageError(Exception):
    """Storage does not give or take something; the message is why."""


def is_local(name: str) -> bool:
    """Whether a name is a path of this machine."""
    return "://" not in name and CHAIN not in name


def located(name: str, folder: str) -> str:
    """A name as it is seen from anywhere, paths being those of a folder."""
    inside, chain, outside = name.partition(CHAIN)
    if chain:
        return f"{inside}{chain}{located(outside, folder)}"
    return str(PurePath(folder, name)) if is_local(name) else name


def archive_kind(name: str) -> str | None:
    """The protocol that reads an archive, None for what is no archive or is in one."""
    if CHAIN in name:
        return None
    kinds = (kind for kind, ends in _ARCHIVES.items() if name.lower().endswith(ends))
    return next(kinds, None)


def file_system(url: str) -> tuple[Any, str]:
    """What a URL is served by, and its path there.

    Raises FleetError: nothing serves such URLs, or a package is missing for it.
    """
    try:
        if CHAIN in url:
            protocol, _, path = url.partition("://")
            _, _, archive = path.partition(CHAIN)
            inside = path.partition(CHAIN)[0]
            return _archive(f"{protocol}://{CHAIN}{archive}"), inside
        found, path = fsspec.core.url_to_fs(url)
    except ImportError as problem:
        raise _missing(url, problem) from None
    except ValueError as problem:
        raise FleetError(f"{shown(url)}: {reason(problem)}") from None
    return found, path


@functools.lru_cache(maxsize=_OPEN_ARCHIVES)
def _archive(url: str) -> Any:
    # fsspec has one for each thread, and would list the archive once more for each of them.
    return fsspec.core.url_to_fs(url, skip_instance_cache=True)[0]


def _missing(url: str, problem: ImportError) -> FleetError:
    protocol = get_protocol(url)
    package = str(known_implementations.get(protocol, {}).get("class", "")).partition(".")[0]
    if package in {"", "fsspec"}:
        cause = problem if problem.name else problem.__cause__
        package = (getattr(cause, "name", None) or f"for {protocol}").partition(".")[0]
    return FleetError(
        f"{shown(url)}: the package {package} is not installed: pip install {package}"
    )


def shown(url: str) -> str:
    """A URL without the name and password in it, and without what is signed."""
    parts = []
    for part in url.split(CHAIN):
        scheme, separator, rest = part.partition("://")
        if separator and scheme in {"http", "https", "ftp", "sftp", "smb", "webdav"}:
            host, slash, path = rest.partition("/")
            part = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"  # noqa: PLW2901
        parts.append(part)
    return CHAIN.join(parts)


def reason(problem: BaseException) -> str:
    """What is wrong with storage, in a line."""
    said = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    line = " ".join(str(said).split())
    if isinstance(problem, FileNotFoundError):
        line = "no such file"
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."


def is_of_no_use(problem: BaseException) -> bool:
    """Whether asking again would be of no use."""
    return isinstance(problem, _NO_USE) or getattr(problem, "errno", None) in _FULL


def tried(what: Callable[[], _T], retries: int) -> _T:
    """What something gives, asked again after growing pauses while storage fails.

    Raises StorageError: it still fails. Raises FleetError: it cannot be asked at all.
    """
    for attempt in range(retries + 1):
        try:
            return what()
        except (FleetError, StorageError):
            raise
        except ImportError as problem:
            raise FleetError(f"{problem}") from None
        except Exception as problem:  # noqa: BLE001 - each sort of storage raises its own
            if is_of_no_use(problem) or attempt == retries:
                again = f" ({attempt + 1} times)" if attempt else ""
                raise StorageError(f"{reason(problem)}{again}") from None
            # Those that fail together had better not come back together.
            pause = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
    raise StorageError("it was not asked")


def read(url: str, *, size: int | None, limit: int, retries: int) -> bytes:
    """The content of a file. Raises StorageError: it cannot be had, or has more than `limit` bytes.

    `size` is what a listing said; None where it said nothing.
    """
    if size is not None and size > limit:
        raise _too_large(limit)
    return tried(functools.partial(_read, url, size, limit), retries)


def _read(url: str, size: int | None, limit: int) -> bytes:
    found, path = file_system(url)
    if CHAIN in url:
        with _archives:
            content = _some(found, path, limit)
    elif not size or is_local(url):
        content = _some(found, path, limit)
    else:
        # One request, where a file that is opened takes two; of what is empty it could be no part.
        content = found.cat_file(path, start=0, end=limit + 1)
    if len(content) > limit:
        raise _too_large(limit)
    return content


def _some(found: Any, path: str, limit: int) -> bytes:
    # One read of `limit` bytes would set that much memory aside.
    content = bytearray()
    with found.open(path, "rb") as stream:
        while len(content) <= limit and (chunk := stream.read(_CHUNK)):
            content += chunk
    return bytes(content)


def _too_large(limit: int) -> StorageError:
    return StorageError(f"more than {limit} bytes; see --max-plan-bytes")


def write(url: str, content: bytes, retries: int) -> None:
    """Write a file, as a whole or not at all. Raises StorageError: it cannot be written."""
    tried(functools.partial(_write, url, content), retries)


def _write(url: str, content: bytes) -> None:
    found, path = file_system(url)
    if "file" not in _protocols(found):
        # What is written to an object store is there as a whole, or not at all.
        found.pipe_file(path, content)
        return
    folder, _, name = path.rpartition("/")
    found.makedirs(folder, exist_ok=True)
    draft = f"{folder}/.{name}.{uuid.uuid4().hex}"
    try:
        with open(draft, "xb") as stream:  # noqa: PTH123 - one text with the path of fsspec
            stream.write(content)
        os.replace(draft, path)  # noqa: PTH105 - likewise
    except BaseException:
        if os.path.lexists(draft):
            os.unlink(draft)  # noqa: PTH108 - likewise
        raise


def _protocols(found: Any) -> tuple[str, ...]:
    return (found.protocol,) if isinstance(found.protocol, str) else tuple(found.protocol)
