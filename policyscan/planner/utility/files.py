"""Archives and local files, read where configuration says and written in the private copy alone."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOMENT = (1980, 1, 1, 0, 0, 0)
Attributes = dict[str, Any]


def hashes(content: bytes, prefix: str) -> Attributes:
    """Digests under the names both providers use. Example: `content_sha256`."""
    sha256, sha512 = hashlib.sha256(content), hashlib.sha512(content)
    return {
        f"{prefix}_md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        f"{prefix}_sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        f"{prefix}_sha256": sha256.hexdigest(),
        f"{prefix}_sha512": sha512.hexdigest(),
        f"{prefix}_base64sha256": base64.b64encode(sha256.digest()).decode(),
        f"{prefix}_base64sha512": base64.b64encode(sha512.digest()).decode(),
    }


def resource_content(planned: Attributes) -> bytes:
    """What a `local_file` resource would write."""
    if isinstance(encoded := planned.get("content_base64"), str):
        return base64.b64decode(encoded)
    text = planned.get("content") or planned.get("sensitive_content") or planned.get("source")
    return str(text or "").encode()


def file_contents(root_module: Path, filename: str) -> Attributes:
    """The computed attributes of the data source `local_file`. Raises PlannerError: no file."""
    content = _read(root_module, filename)
    digests = hashes(content, "content")
    return {
        **digests,
        "id": digests["content_sha1"],
        "content": content.decode(errors="replace"),
        "content_base64": base64.b64encode(content).decode(),
    }


def archive(root_module: Path, config: Attributes) -> Attributes:
    """Write the archive and say its digests. Raises PlannerError: a source is missing.

    The bytes differ from the real provider's, whose compression is Go's; that they follow from
    the archived files alone is what plans depend on.
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in sorted(_members(root_module, config)):
            zipped.writestr(zipfile.ZipInfo(name, _MOMENT), content)
    content = buffer.getvalue()
    _write(root_module, config["output_path"], content)
    digests = hashes(content, "output")
    sha = digests.pop("output_sha1")
    return {**digests, "output_sha": sha, "id": sha, "output_size": len(content)}


def _members(root_module: Path, config: Attributes) -> Iterator[tuple[str, bytes]]:
    if config.get("source_content_filename"):
        yield config["source_content_filename"], str(config.get("source_content") or "").encode()
    if config.get("source_file"):
        yield Path(config["source_file"]).name, _read(root_module, config["source_file"])
    for source in config.get("source") or ():
        yield source["filename"], str(source.get("content") or "").encode()
    if config.get("source_dir"):
        folder = root_module / config["source_dir"]
        if not folder.is_dir():
            raise PlannerError(f"archive_file: {config['source_dir']}: no such folder")
        excluded = set(config.get("excludes") or ())
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if file.is_file() and name not in excluded and Path(name).parts[0] not in excluded:
                yield name, file.read_bytes()


def _read(root_module: Path, filename: str) -> bytes:
    try:
        return (root_module / filename).read_bytes()
    except OSError as error:
        raise PlannerError(
            f"{filename}: {error.strerror}; it must exist to plan offline"
        ) from error


def _write(root_module: Path, filename: str, content: bytes) -> None:
    """Write inside the private copy; a path that leads out of it is left alone."""
    target = (root_module / filename).resolve()
    if target.is_relative_to(root_module.resolve()):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
