"""Where packages of modules lie: a list that `terraform init` left, or folders by their source."""

from __future__ import annotations

import json
import os.path
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from msgspec import Struct
from msgspec.structs import replace

from policyscan.errors import PlannerError
from policyscan.planner.modules.source import read_remote
from policyscan.planner.modules.versions import is_accepted, order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyscan.planner.modules.source import Remote

_LIST = "modules.json"
_LARGEST_LIST = 16 << 20


class Found(Struct, frozen=True):
    """A package on this disk; `source` and `version` are what Terraform writes down of it."""

    package: Path
    source: str
    version: str


class Store(Protocol):
    """Somewhere packages are looked for."""

    def find(self, remote: Remote, constraint: str, key: str) -> Found | None:
        """The package for a call, whose key is such as `network.vpc`, with the highest version."""

    def versions(self, remote: Remote) -> tuple[str, ...]:
        """Every version of a package that lies here."""

    def hint(self, remote: Remote) -> str:
        """Where to put the package, "" where that is not for the user to do."""

    def within(self, folder: Path) -> Self:
        """The same with nothing outside of a folder."""


class _Entry(Struct, frozen=True):
    """One module of a list; `folder` is where it lies."""

    key: str
    source: str
    version: str
    folder: Path

    @property
    def remote(self) -> Remote | None:
        return read_remote(self.source)

    def found(self) -> Found:
        """The module with its package: the folder without the part inside it."""
        inner = remote.inner if (remote := self.remote) else ""
        text = str(self.folder)
        return Found(
            Path(text.removesuffix(f"/{inner}") if inner else text), self.source, self.version
        )


class Manifest(Struct, frozen=True):
    """The modules that a `modules.json` lists. Source: internal/modsdir/manifest.go."""

    entries: tuple[_Entry, ...] = ()

    @classmethod
    def of(cls, folder: Path, root: Path | None = None) -> Self:
        """Read the list of `folder`; its places are seen from the root module.

        A list that was copied from elsewhere, `root` None, is taken to have its modules beside it.
        Raises PlannerError: it is no list of modules.
        """
        file = folder / _LIST
        try:
            with file.open("rb") as stream:
                listed = json.loads(stream.read(_LARGEST_LIST))["Modules"]
            return cls(tuple(_entries(listed, folder, root)))
        except (FileNotFoundError, NotADirectoryError):
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise PlannerError(
                f"{file}: is no list of modules; write it anew with `terraform init`"
            ) from None

    def find(self, remote: Remote, constraint: str, key: str) -> Found | None:
        """The module of this key, else another call of the same package."""
        own = (each for each in self.entries if each.key == key)
        others = sorted(self._of(remote), key=lambda each: order(each.version) or (), reverse=True)
        for each in (*own, *others):
            same = (there := each.remote) is not None and there.package == remote.package
            if remote.is_registry and not (same and is_accepted(each.version, constraint)):
                continue
            # Core itself compares what it wrote down of sources that are no registry's.
            found = each.found()
            return (
                found
                if each.key == key and not remote.is_registry
                else replace(found, source=remote.recorded)
            )
        return None

    def versions(self, remote: Remote) -> tuple[str, ...]:
        """Every version of a package that lies here."""
        return tuple(each.version for each in self._of(remote) if each.version)

    def hint(self, _remote: Remote) -> str:
        """Nothing: `terraform init` writes lists."""
        return ""

    def within(self, folder: Path) -> Self:
        """The same with nothing outside of a folder."""
        top = os.path.realpath(folder)
        return replace(
            self,
            entries=tuple(
                each
                for each in self.entries
                if Path(os.path.realpath(each.folder)).is_relative_to(top)
            ),
        )

    def _of(self, remote: Remote) -> Iterable[_Entry]:
        return (
            each
            for each in self.entries
            if (there := each.remote) is not None and there.package == remote.package
        )


def _entries(listed: list[dict[str, str]], folder: Path, root: Path | None) -> Iterable[_Entry]:
    for each in listed:
        place = each["Dir"]
        if root is not None:
            path = root / place
        else:
            _, found, beside = place.rpartition("modules/" + each["Key"])
            path = folder / f"{each['Key']}{beside}" if found else folder / place
        if each["Key"] and path.is_dir():
            yield _Entry(each["Key"], each["Source"], each.get("Version", ""), path)


class Cache(Struct, frozen=True):
    """Packages by their source: `terraform-aws-modules/vpc/aws/5.1.0`, `example.com/vpc/v1`.

    The version of a registry's package, or the `ref` of a repository, is a folder of its own.
    """

    folder: Path

    def find(self, remote: Remote, constraint: str, key: str) -> Found | None:  # noqa: ARG002
        """The package for a call, with the highest version."""
        home = self.folder / remote.path
        if not remote.is_registry:
            package = Path(os.path.normpath(home / remote.ref))
            top = os.path.normpath(self.folder)
            is_here = package.is_relative_to(top) and package.is_dir()
            return Found(package, remote.recorded, "") if is_here else None
        fitting = [each for each in self.versions(remote) if is_accepted(each, constraint)]
        if not fitting:
            return None
        best = max(fitting, key=lambda each: order(each) or ())
        return Found(home / best, remote.recorded, best.removeprefix("v"))

    def versions(self, remote: Remote) -> tuple[str, ...]:
        """Every version of a package that lies here."""
        home = self.folder / remote.path
        if not remote.is_registry or not home.is_dir():
            return ()
        return tuple(sorted(each.name for each in home.iterdir() if order(each.name)))

    def hint(self, remote: Remote) -> str:
        """Where to put the package."""
        version = "VERSION" if remote.is_registry else remote.ref
        return f"put it into {self.folder / remote.path / version}"

    def within(self, folder: Path) -> Self:
        """The same: whoever names a cache means it."""
        del folder
        return self
