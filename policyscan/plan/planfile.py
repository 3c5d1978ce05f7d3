"""The saved plan file of `terraform plan -out`: a zip archive, read without trusting it.

Its members: `tfplan` (first), `tfstate`, `tfstate-prev`, `tfconfig/...`, `.terraform.lock.hcl`.
Source: hashicorp/terraform, internal/plans/planfile/writer.go.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from policyscan.errors import PlanError
from policyscan.plan.decode import LARGEST_INPUT, printable_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

MOST_MEMBERS: Final = 20_000
"""A stack of a thousand module calls holds some 6,000; far beyond is a mistake or an attack."""

_LONGEST_NAME: Final = 1024
_LARGEST_DIRECTORY: Final = 8 * 2**20
_CHUNK: Final = 2**20
_SHOWN: Final = 60

# A local header: 26 bytes of which the first four tell the format, then two lengths, the name.
_LOCAL_HEADER: Final = b"PK\x03\x04"
_FIRST_MEMBER: Final = b"tfplan"
_FIRST_NAME: Final = slice(30, 36)
_FIRST_NAME_LENGTH: Final = slice(26, 28)

# The end record: no comment, as Terraform writes it, so that its place is certain.
_END: Final = struct.Struct("<4s8xL4x2x")
_END_SIGNATURE: Final = b"PK\x05\x06"
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_SIZE: Final = 20
_ENCRYPTED: Final = 0x1

# NotImplementedError: a flag of the format that Python does not know, and Terraform never sets.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    struct.error,
)
_DAMAGED: Final = "is damaged or cut off; write it again with `terraform plan -out FILE`"


def is_planfile(content: bytes) -> bool:
    """Tell a saved plan by its first bytes: a zip archive whose first member is `tfplan`."""
    return (
        content.startswith(_LOCAL_HEADER)
        and content[_FIRST_NAME_LENGTH] == len(_FIRST_MEMBER).to_bytes(2, "little")
        and content[_FIRST_NAME] == _FIRST_MEMBER
    )


def read_members(
    path: Path, prefix: str = "", *, named: str | None = None, limit: int = LARGEST_INPUT
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every member whose name starts with `prefix`, in archive order.

    `named` is how messages call the file. Names are checked of all members, before the first one
    is unpacked; sizes are counted while unpacking, never believed.
    Raises PlanError: no such archive, damaged, encrypted, more than `limit` bytes unpacked or
    MOST_MEMBERS members, or a member no Terraform writes: a link, a folder, a name given twice,
    absolute, too long or with `..` in it.
    """
    shown = printable_name(named or str(path))
    try:
        with path.open("rb") as stream:
            _check_directory(stream, shown)
            with zipfile.ZipFile(stream) as archive:
                _check_members(archive, shown)
                for member in archive.infolist():
                    if member.filename.startswith(prefix):
                        content = _content(archive, member, limit, shown)
                        limit -= len(content)
                        yield member.filename, content
    except _DAMAGE:
        raise PlanError(f"{shown}: the saved plan {_DAMAGED}") from None
    except OSError as error:
        reason = error.strerror or "input error"
        raise PlanError(f"{shown}: cannot be read ({reason}); check the file") from None


def _check_directory(stream: BinaryIO, shown: str) -> None:
    """Bound the list of members before it is read: each entry costs far more than its bytes."""
    size = stream.seek(0, 2)
    tail_size = min(size, _END.size + _ZIP64_LOCATOR_SIZE)
    stream.seek(size - tail_size)
    tail = stream.read(tail_size)
    if len(tail) < _END.size:
        raise zipfile.BadZipFile
    signature, directory_size = _END.unpack(tail[-_END.size :])
    if signature != _END_SIGNATURE or not tail.endswith(b"\x00\x00"):
        raise zipfile.BadZipFile
    if directory_size > _LARGEST_DIRECTORY or tail.startswith(_ZIP64_LOCATOR):
        raise PlanError(f"{shown}: more members than a saved plan has; make it anew")


def _check_members(archive: zipfile.ZipFile, shown: str) -> None:
    names: set[str] = set()
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise PlanError(f"{shown}: more members than a saved plan has; make it anew")
    for member in members:
        why = "it is there twice" if member.filename in names else _oddity(member)
        if why:
            raise PlanError(f"{shown}: member {_cut(member.filename)}: {why}; make the plan anew")
        names.add(member.filename)


def _oddity(member: zipfile.ZipInfo) -> str:
    """What no Terraform writes about this member, "" when it is plain."""
    name = member.filename
    mode = member.external_attr >> 16
    if len(name) > _LONGEST_NAME:
        return "its name is too long"
    # zipfile cuts a name at its first NUL; orig_filename is what the archive says.
    if name != member.orig_filename or "\\" in name or PurePosixPath(name).is_absolute():
        return "its name is no relative path"
    if any(part in {"", ".", ".."} for part in name.split("/")):
        return "its name is no plain path to a file"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return "it is no regular file"
    if member.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "it is packed in another way than deflate"
    return ""


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, shown: str) -> bytes:
    chunks = []
    length = 0
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            length += len(chunk)
            if length > limit:
                raise PlanError(
                    f"{shown}: member {_cut(member.filename)}: unpacks to more than a saved plan "
                    "holds; make the plan anew"
                )
            chunks.append(chunk)
    return b"".join(chunks)


def _cut(name: str) -> str:
    return printable_name(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}...")
