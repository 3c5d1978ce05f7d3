"""Whatever file was given -> the plan document, or one line saying what the file is instead."""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from policyscan.errors import PlanError
from policyscan.plan import lookalike
from policyscan.plan.text import (
    NotAPlanError,
    check_rest,
    find_object,
    parse_object,
    read_text,
)

if TYPE_CHECKING:
    import gzip
    from contextlib import AbstractContextManager

LARGEST_INPUT: Final = 512 * 2**20
"""Bytes, unpacked. Plans of tens of MiB exist; far beyond them is a mistake or an attack."""

_CHUNK: Final = 2**20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_FORMAT_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")
_PLAIN: Final = re.compile(rb'\s*\{\s*"format_version"')
"""How what `terraform show -json` prints begins, unchanged."""
_OLDEST_FORMAT: Final = (0, 1)
_REFUSED_FORMAT: Final = (2, 0)

# HCP Terraform hands a policy {"plan": .., "run": ..}; other platforms say "tfplan".
_ENVELOPE_KEYS: Final = ("plan", "tfplan")


def read_bytes(path: str, *, limit: int = LARGEST_INPUT) -> bytes:
    """Read a file, or standard input for "-", and unpack it if it is gzip.

    Raises PlanError: no such file, a folder, unreadable, broken gzip, or more than `limit` bytes.
    """
    shown = "standard input" if path == "-" else printable_name(path)
    try:
        with _open(path) as stream:
            content = _read(stream, limit)
    except NotAPlanError as error:
        raise PlanError(f"{shown}: {error}") from None
    except FileNotFoundError:
        raise PlanError(f"{shown}: no such file; check the path") from None
    except IsADirectoryError:
        raise PlanError(f"{shown}: a folder, not a plan; give the plan file in it") from None
    except OSError as error:
        reason = error.strerror or "input error"
        raise PlanError(f"{shown}: cannot be read ({reason}); check the file") from None
    except ValueError:
        # What open() says of a NUL in a path, and a stream of being closed.
        raise PlanError(f"{shown}: cannot be opened; check the path") from None
    return unpacked(content, path, limit=limit)


def unpacked(content: bytes, name: str, *, limit: int = LARGEST_INPUT) -> bytes:
    """What was read of a file, unpacked if it is gzip.

    Raises PlanError: broken gzip, or more than `limit` bytes.
    """
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return _unpack(content, limit)
    except NotAPlanError as error:
        shown = "standard input" if name == "-" else printable_name(name)
        raise PlanError(f"{shown}: {error}") from None


def decode(content: bytes, name: str) -> dict[str, Any]:
    """Find the plan document: the JSON object `terraform show -json` prints for a plan.

    UTF-8 or UTF-16, log lines around the JSON, and the envelope {"plan": ..} are allowed for.
    A key given twice is refused wherever it stands. format_version is "0.1" to "1.x".
    Raises PlanError: anything else, as one line "NAME: what it is; what to do" that shows nothing
    of the file. Source: internal/command/jsonplan/plan.go, FormatVersion.
    """
    try:
        return _plan_document(content)
    except NotAPlanError as error:
        raise PlanError(f"{printable_name(name)}: {error}") from None


def plain_json(content: bytes, name: str) -> bytes:
    """The plan document alone, in UTF-8, as programs expect it that know of nothing else.

    Raises PlanError: as `decode`.
    """
    if _PLAIN.match(content) and content.rstrip().endswith(b"}"):
        return content
    return json.dumps(decode(content, name)).encode()


def printable_name(name: str) -> str:
    r"""Escape what a terminal would obey or hide. Example: "a<escape>[2J" -> r"a\x1b[2J"."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in name
    )


def _open(path: str) -> AbstractContextManager[BinaryIO]:
    if path != "-":
        return Path(path).open("rb")
    if sys.stdin is None:
        raise NotAPlanError("closed; give the path of the plan")
    # Not ours to close.
    return nullcontext(sys.stdin.buffer)


def _read(stream: BinaryIO | gzip.GzipFile, limit: int) -> bytes:
    """Read all, in chunks: one read of `limit` bytes would set that much memory aside."""
    content = io.BytesIO()
    while chunk := stream.read(_CHUNK):
        if content.tell() + len(chunk) > limit:
            raise NotAPlanError(f"more than {limit} bytes, unpacked; no plan is that large")
        content.write(chunk)
    # What was written is handed over, not copied.
    return content.getvalue()


def _unpack(content: bytes, limit: int) -> bytes:
    import gzip  # noqa: PLC0415 - most plans are not packed
    import zlib  # noqa: PLC0415 - as above

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return _read(stream, limit)
    except EOFError:
        raise NotAPlanError("the gzip file is cut off; write or fetch it again") from None
    except (gzip.BadGzipFile, zlib.error):
        raise NotAPlanError("the gzip file is damaged; write or fetch it again") from None


def _plan_document(content: bytes) -> dict[str, Any]:
    binary = lookalike.of_bytes(content)
    if binary:
        raise NotAPlanError(binary)
    text = read_text(content)
    start = find_object(text)
    document, end = parse_object(text, start)
    plan = _find_plan(document)
    if plan is None:
        # Text for people, or HCL, may quote a whole JSON document.
        preamble = text.characters[:start]
        raise NotAPlanError(
            (lookalike.of_text(preamble) if preamble.strip() else None)
            or lookalike.of_document(document)
            or _missing(document)
        )
    check_rest(text, end)
    check_format_version(plan["format_version"])
    return plan


def _find_plan(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return the document itself, or the only plan in its envelope."""
    if _is_plan(document):
        return document
    enclosed = [document[key] for key in _ENVELOPE_KEYS if _is_plan(document.get(key))]
    return enclosed[0] if len(enclosed) == 1 else None


def _is_plan(candidate: Any) -> bool:
    return (
        isinstance(candidate, dict)
        and "format_version" in candidate
        and ("planned_values" in candidate or "resource_changes" in candidate)
    )


def _missing(document: dict[str, Any]) -> str:
    if "format_version" in document:
        return (
            "a JSON object with neither planned_values nor resource_changes, not plan JSON; "
            + lookalike.EXPORT
        )
    return f"format_version is missing, so this is no plan Terraform wrote; {lookalike.EXPORT}"


def check_format_version(version: Any) -> None:
    """Raises NotAPlanError: not one of those that are read."""
    numbers = _FORMAT_VERSION.fullmatch(version) if isinstance(version, str) else None
    if not numbers:
        raise NotAPlanError(f'format_version is not a string such as "1.2"; {lookalike.EXPORT}')
    if not _OLDEST_FORMAT <= (int(numbers[1]), int(numbers[2])) < _REFUSED_FORMAT:
        raise NotAPlanError(
            f"format_version {numbers[0]} is not supported, 0.1 to 1.x are; make the plan with "
            "another Terraform, or update policyscan"
        )
