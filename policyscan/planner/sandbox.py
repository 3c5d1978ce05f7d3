"""A private copy of a configuration, free of backends, locks and state.

Everything the configuration names by a relative path outside its folder comes along, at the same
place relative to it, so that `../modules/vpc` still means what it meant.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policyscan.errors import PlannerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TYPE = re.compile(r'"((?:archive|aws|local|null|random|time|tls)_[a-z0-9_]+)"')
_OUTSIDE = re.compile(r'"(?:\$\{path\.(?:module|root)\}/)?(\.\.?/[^"$*?{}\n]*)"')
_SKIPPED = (".git", ".terraform", ".terraform.lock.hcl", ".venv", "node_modules")
_PROVISIONER = re.compile(r'provisioner[ \t]+"local-exec"[ \t]*\{[ \t]*\r?\n')
_HARMLESS = 'interpreter = ["true"]\n'
"""Makes a local-exec run `true` with its command as an argument that nobody reads."""
_STATE = (".tfstate", ".tfstate.backup", ".tfplan")
# Overrides are merged in the order of their names: this one has the last word.
OVERRIDE = "zzz_policyscan_override.tf"
_LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A copied configuration: `top` holds everything, `root_module` is inside it."""

    top: Path
    root_module: Path

    @property
    def state(self) -> Path:
        """Where the local backend keeps the simulated state."""
        return self.root_module / "terraform.tfstate"

    def mentioned_types(self) -> frozenset[str]:
        """Every type name in quotes in the configuration and its installed modules."""
        return frozenset(
            name
            for file in _configuration_files(self.top, hidden=True)
            for name in _TYPE.findall(file.read_text(encoding="utf-8", errors="replace"))
        )

    @contextmanager
    def without_commands(self) -> Iterator[None]:
        """Keep an apply from running commands of the configuration, and put it back after.

        Raises PlannerError: a provisioner stands here in a form that cannot be made harmless.
        """
        written = {}
        for file in _configuration_files(self.top, hidden=True):
            text = file.read_text(encoding="utf-8", errors="replace")
            if not (mentioned := len(re.findall(r"\bprovisioner\b", text))):
                continue
            harmless, count = _PROVISIONER.subn(lambda match: match[0] + _HARMLESS, text)
            if count != mentioned:
                raise PlannerError(
                    f"{file.relative_to(self.top)}: a simulated apply runs no provisioner, and "
                    "this file holds one that cannot be switched off; plan without it"
                )
            written[file] = (file.read_bytes(), harmless)
        for file, (_, harmless) in written.items():
            file.write_text(harmless, encoding="utf-8")
        try:
            yield
        finally:
            for file, (content, _) in written.items():
                file.write_bytes(content)


def copy_configuration(directory: Path, top: Path) -> Sandbox:
    """Copy the root module in `directory`, and what it needs, below `top`.

    Raises PlannerError: there is no configuration in `directory`, or a file cannot be read.
    """
    root = directory.resolve()
    if not root.is_dir():
        raise PlannerError(f"{directory}: not a folder; name the folder of the root module")
    if not any(_configuration_files(root, deep=False)):
        raise PlannerError(
            f"{directory}: holds no .tf or .tf.json file; name the root module's folder"
        )
    sources = sorted(_needed(root))
    common = Path(*_common_parts(sources))
    sandbox = Sandbox(top=top, root_module=top / root.relative_to(common))
    try:
        for source in sources:
            _copy(source, top / source.relative_to(common))
        if (root / ".terraform" / "modules").is_dir():
            _copy(root / ".terraform" / "modules", sandbox.root_module / ".terraform" / "modules")
    except (OSError, shutil.Error) as error:
        raise PlannerError(f"{directory}: cannot be copied to plan in: {error}") from error
    (sandbox.root_module / OVERRIDE).write_text(_LOCAL_BACKEND)
    return sandbox


def _needed(root: Path) -> set[Path]:
    """The root module, and every existing path outside what is already needed, again and again."""
    needed = {root}
    waiting = [root]
    while waiting:
        for file in _configuration_files(waiting.pop()):
            for written in _OUTSIDE.findall(file.read_text(encoding="utf-8", errors="replace")):
                path = _named(file.parent, root, written)
                if path is None or any(path.is_relative_to(known) for known in needed):
                    continue
                needed = {known for known in needed if not known.is_relative_to(path)} | {path}
                waiting.append(path)
    return needed


def _named(module: Path, root: Path, written: str) -> Path | None:
    """Where a relative path leads: from the module (sources) or the root module (file paths)."""
    for base in (module, root):
        path = (base / written).resolve()
        # A path so high up that it holds the root module would copy half of the disk.
        if path.exists() and not root.is_relative_to(path):
            return path
    return None


def _configuration_files(place: Path, *, deep: bool = True, hidden: bool = False) -> Iterator[Path]:
    if place.is_file():
        return
    for path in sorted(place.iterdir()):
        if path.is_file() and path.name.endswith((".tf", ".tf.json")):
            yield path
        elif deep and path.is_dir() and (hidden or path.name not in _SKIPPED):
            yield from _configuration_files(path, hidden=hidden)


def _common_parts(paths: Iterable[Path]) -> Iterator[str]:
    for parts in zip(*(path.parts for path in paths), strict=False):
        if len(set(parts)) > 1:
            return
        yield parts[0]


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return
    shutil.copytree(source, target, ignore=_ignored, dirs_exist_ok=True)


def _ignored(folder: str, names: list[str]) -> set[str]:
    """What stays behind; links are followed, so those that lead nowhere stay too."""
    return {
        name
        for name in names
        if name in _SKIPPED or name.endswith(_STATE) or not Path(folder, name).exists()
    }
