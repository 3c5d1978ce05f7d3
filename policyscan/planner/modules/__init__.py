"""Modules that `terraform init` would download, found on this disk and put where core looks."""

from __future__ import annotations

import json
import os.path
import re
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from policyscan.errors import PlannerError
from policyscan.planner.modules.calls import module_calls
from policyscan.planner.modules.source import read_remote
from policyscan.planner.modules.store import Cache, Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.modules.calls import Call
    from policyscan.planner.modules.source import Remote
    from policyscan.planner.modules.store import Found, Store
    from policyscan.planner.refusal import Place

__all__ = ["install_modules", "stores"]

MOST_CALLS = 20_000
"""Terraform itself is slow at a tenth; modules that call each other twice double."""
_FOLDER = ".terraform/modules"
_INIT = f"run `terraform init` in the folder first, its {_FOLDER} is then used"


def stores(root: Path, data_folder: str, cache: Path | None, within: Path | None) -> list[Store]:
    """Where modules are looked for: what `terraform init` left for a root module, then a cache.

    Nothing outside of the folder `within` is taken, where it is given.
    Raises PlannerError: a list of modules cannot be read.
    """
    found: list[Store] = [Manifest.of(root / data_folder / "modules", root)]
    if cache is not None:
        found += [Manifest.of(cache), Cache(cache)]
    return [each.within(within) for each in found] if within else found


def install_modules(place: Place, known: list[Store]) -> Mapping[str, Path]:
    """Copy every module that would be downloaded into the root module's copy, and list it there.

    Core then finds each by its key, and checks that it is the source and version asked for.
    Returns where each was found, by its key. Example: {"network.vpc": Path("cache/vpc/5.1.0")}.
    Raises PlannerError: a module is at hand nowhere, or calls a module that it is part of.
    """
    installation = _Installation(place, known)
    installation.run()
    if installation.records:
        root = {"Key": "", "Source": "", "Dir": "."}
        file = place.root_module / _FOLDER / "modules.json"
        file.write_text(json.dumps({"Modules": [root, *installation.records]}))
    return installation.found


class _Installation(Struct):
    """The walk from the root module to all it calls."""

    place: Place
    stores: list[Store]
    records: list[dict[str, str]] = field(default_factory=list)
    found: dict[str, Path] = field(default_factory=dict)

    def run(self) -> None:
        """Find every module. Raises PlannerError: one is missing, or part of itself."""
        waiting: list[tuple[str, tuple[Path, ...]]] = [("", (self.place.root_module,))]
        calls_of = cache(module_calls)
        walked = 0
        while waiting:
            above, folders = waiting.pop()
            for call in calls_of(folders[-1]):
                key = f"{above}.{call.name}".removeprefix(".")
                folder = self._folder_of(call, key, folders[-1])
                if folder is None:
                    continue
                if problem := _problem(call, folder, folders):
                    raise PlannerError(f"{self._where(call)}: module {call.name!r} {problem}")
                waiting.append((key, (*folders, folder)))
            walked += 1
            if walked > MOST_CALLS:
                raise PlannerError(
                    f"{self.place.named}: calls more than {MOST_CALLS} modules; give fewer"
                )

    def _folder_of(self, call: Call, key: str, caller: Path) -> Path | None:
        """Where a call leads in the copy; None is left for Terraform to complain of."""
        if call.is_local:
            return Path(os.path.normpath(caller / call.source))
        remote = read_remote(call.source)
        if remote is None:
            return None
        for store in self.stores:
            if (found := store.find(remote, call.version, key)) is not None:
                return self._installed(key, remote, found)
        raise PlannerError(f"{self._where(call)}: {self._missing(call, remote)}")

    def _installed(self, key: str, remote: Remote, found: Found) -> Path:
        target = self.place.root_module / _FOLDER / key
        if not target.exists():
            ignored = shutil.ignore_patterns(".git", ".terraform", "*.tfstate", "*.tfstate.backup")
            shutil.copytree(found.package, target, ignore=ignored, ignore_dangling_symlinks=True)
        record = {"Key": key, "Source": found.source, "Dir": f"{_FOLDER}/{key}"}
        if remote.inner:
            record["Dir"] += f"/{remote.inner}"
        if found.version:
            record["Version"] = found.version
        self.records.append(record)
        self.found[key] = found.package / remote.inner
        return self.place.root_module / record["Dir"]

    def _where(self, call: Call) -> str:
        file = os.path.relpath(call.file, self.place.root_module)
        return f"{os.path.normpath(self.place.named / file)}:{call.line}"

    def _missing(self, call: Call, remote: Remote) -> str:
        # The address of a repository may carry a password.
        named = re.sub(r"//[^/@]*@", "//", call.source)
        wanted = f"{named}, {call.version}" if call.version else named
        at_hand = sorted({each for store in self.stores for each in store.versions(remote)})
        others = f" (at hand: {', '.join(at_hand)})" if at_hand else ""
        hints = (store.hint(remote) for store in self.stores)
        put = next(filter(None, hints), "name a folder that holds it with --module-cache")
        return (
            f"module {call.name!r} ({wanted}) is not installed{others}, and offline nothing is "
            f"downloaded; {_INIT}, or {put}"
        )


def _problem(call: Call, folder: Path, above: tuple[Path, ...]) -> str:
    """What is wrong with the folder a call leads to, "" when nothing is."""
    if folder in above:
        return "calls a module that it is part of; give it another source"
    if not folder.is_dir():
        return f"is not there: {call.source} is no folder; mend it, or give the whole checkout"
    return ""
