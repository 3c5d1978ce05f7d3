"""The schemas of the providers that `terraform init` installed in the user's folder.

They are asked of the providers by Terraform, in a folder of our own, and kept in the user's cache:
a provider of hundreds of megabytes takes seconds to say what it knows.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.folders import user_cache
from policyscan.planner.git import ask_git
from policyscan.planner.refusal import Place
from policyscan.planner.schema import known_address, mark_known
from policyscan.planner.schema.document import read_document, single_documents
from policyscan.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyscan.planner.schema import ProviderSchema
    from policyscan.planner.terraform import AtWork

_LOCK = ".terraform.lock.hcl"
_LOCKED = re.compile(
    r'^provider "(?P<address>[\w.-]+(?::\d+)?/[\w-]+/[\w-]+)" \{\r?\n(?P<body>.*?)^\}',
    re.MULTILINE | re.DOTALL,
)
_VERSION = re.compile(r'^\s*version\s*=\s*"([\w.+-]+)"', re.MULTILINE)
_HASH = re.compile(r'"((?:h1|zh):[^"\s]+)"')
_FRAME = re.compile(r"[│╷╵]")
_SYSTEM = {"win32": "windows"}.get(sys.platform, sys.platform)
_FORMAT = "1"
"""Raised when what is kept changes its form."""
_LARGEST_KEPT = 256 << 20


class _Package(Struct, frozen=True):
    """One installed provider: `folder` holds its program, `key` is unlike that of any other."""

    address: str
    version: str
    folder: Path
    key: str

    @property
    def kept(self) -> Path:
        """Where its schema is kept once it was asked for."""
        name = self.address.rpartition("/")[2]
        return user_cache() / "schemas" / f"{name}-{self.version}-{self.key}.json.gz"


def installed_schemas(
    directory: Path,
    words: frozenset[str],
    *,
    data_folder: str,
    without: frozenset[str],
    at_work: AtWork,
) -> Iterator[ProviderSchema]:
    """What the providers installed in `directory` say of themselves, cut down to `words`.

    data_folder: where they are, as `Request` has it. without: addresses nobody asks for.
    Raises PlannerError: a provider does not answer, or is not the one that was locked.
    """
    asked = {word.partition("_")[0] for word in words}
    packages = [
        each
        for each in _packages(directory, directory / data_folder / "providers")
        if each.address.rpartition("/")[2] in asked and known_address(each.address) not in without
    ]
    schemas = {each.address: _kept(each, words) for each in packages}
    if unknown := [each for each in packages if schemas[each.address] is None]:
        answer = _ask(directory, unknown, at_work)
        try:
            documents = single_documents(answer, {each.address: each.version for each in unknown})
        except msgspec.MsgspecError as error:
            raise PlannerError(f"{directory}: what its providers answer: {error}") from error
        for each in unknown:
            _keep(each.kept, documents[each.address])
            (schemas[each.address],) = read_document(documents[each.address], words)
    return (mark_known(each) for each in schemas.values() if each is not None)


def _packages(directory: Path, place: Path) -> Iterator[_Package]:
    """The locked providers that are installed for this system, by address."""
    lock = directory / _LOCK
    if not place.is_dir() or not lock.is_file() or _came_with_the_code(place):
        return
    found = _LOCKED.finditer(lock.read_text(encoding="utf-8", errors="replace"))
    for entry in sorted(found, key=lambda entry: entry["address"]):
        if (version := _VERSION.search(entry["body"])) is None:
            continue
        for folder in sorted((place / entry["address"] / version[1]).glob(f"{_SYSTEM}_*")):
            hashes = sorted(_HASH.findall(entry["body"]))
            what = (_FORMAT, entry["address"], version[1], folder.name, *hashes)
            key = hashlib.sha256("\0".join(what).encode()).hexdigest()[:32]
            yield _Package(entry["address"], version[1], folder.resolve(), key)
            break


def _came_with_the_code(place: Path) -> bool:
    """Whether git tracks what lies there, or may: a program somebody committed is not run."""
    holder = place.parent.parent
    # The folder may be a link that was committed, so the one that holds it is looked through.
    done = ask_git(holder, "ls-files", "-z", "--", place.parent.name)
    if done is None:
        return _is_in_repository(holder)
    return bool(done.stdout) or (done.returncode != 0 and _is_in_repository(holder))


def _is_in_repository(folder: Path) -> bool:
    """Whether a repository is around a folder, even one that git refuses to look into."""
    here = folder.resolve()
    return any((each / ".git").exists() for each in (here, *here.parents))


def _ask(directory: Path, packages: Sequence[_Package], at_work: AtWork) -> bytes:
    """What `terraform providers schema -json` prints of these providers, and no others."""
    with private_folder() as scratch:
        folder = scratch / "providers"
        folder.mkdir()
        required = "".join(
            f'    provider{number} = {{ source = "{each.address}", version = "{each.version}" }}\n'
            for number, each in enumerate(packages)
        )
        (folder / "main.tf").write_text(
            f"terraform {{\n  required_providers {{\n{required}  }}\n}}\n"
        )
        (folder / _LOCK).write_bytes((directory / _LOCK).read_bytes())
        for each in packages:
            link = folder / ".terraform" / "providers" / each.address / each.version
            link.mkdir(parents=True)
            (link / each.folder.name).symlink_to(each.folder, target_is_directory=True)
        terraform = at_work.at(Place(folder, directory), scratch)
        try:
            return terraform.output("providers", "schema", "-json", "-no-color")
        except PlannerError as error:
            told = " ".join(_FRAME.sub("", str(error)).split())
            raise PlannerError(
                f"{told}: its installed providers were asked for their schemas; run `terraform "
                "init` there again, or remove .terraform/providers to plan with the schemas kept "
                "here"
            ) from error


def _kept(package: _Package, words: frozenset[str]) -> ProviderSchema | None:
    """The schema in the cache, None when nothing of use is there."""
    try:
        with gzip.open(package.kept) as file:
            content = file.read(_LARGEST_KEPT)
        (schema,) = read_document(content, words)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        # It can be made again, so it does not matter why.
        return None
    return schema if schema.address == package.address else None


def _keep(place: Path, document: bytes) -> None:
    """Write to the cache, at once or not at all."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            file.write(gzip.compress(document, compresslevel=6, mtime=0))
        Path(file.name).replace(place)
    except OSError:
        # A cache that cannot be written to costs seconds the next time, no more.
        return
