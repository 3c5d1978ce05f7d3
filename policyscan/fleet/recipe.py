"""How the plans of a fleet are judged: all that a worker has to know, wherever it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from policyscan import __version__
from policyscan.engine import PackRule, Settings, Waiver, Waivers
from policyscan.engine.baseline import Baseline
from policyscan.errors import FleetError

MIB: Final = 2**20

Files = Mapping[str, bytes]
"""The files of a folder, by their path in it."""


class Limits(Struct, frozen=True):
    """What one plan may take: bytes, unpacked too; seconds; bytes of memory, None for any."""

    largest: int = 256 * MIB
    seconds: float = 300.0
    memory: int | None = None


class Recipe(Struct, frozen=True):
    """What plans are judged by.

    `packs` are the folders of rules beside the built-in one. `checkov` is the version of the
    Checkov that runs, "" where none does, and `unheard` why. `rules` is the fingerprint of all
    this: verdicts of the same plan by the same rules are the same. `keeps_all`: passes and na too.
    """

    settings: Settings
    packs: tuple[Files, ...] = ()
    waivers: Waivers = field(default_factory=Waivers)
    today: date = date.min
    baseline: Baseline | None = None
    checkov: str = ""
    unheard: str = ""
    keeps_all: bool = False
    limits: Limits = field(default_factory=Limits)
    rules: str = ""
    policyscan: str = __version__


def fingerprint(recipe: Recipe, pack: tuple[PackRule, ...]) -> str:
    """A digest of what decides verdicts, and which of them are kept."""
    digest = hashlib.sha256()
    for part in _decisive(recipe, pack):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:32]


def _decisive(recipe: Recipe, pack: tuple[PackRule, ...]) -> Iterator[str]:
    settings = recipe.settings
    yield recipe.policyscan
    for each in settings.chosen(pack):
        yield each.rule.id
        yield hashlib.sha256(each.path.read_bytes()).hexdigest()
        yield repr(sorted(settings.parameters(each.rule).items()))
        yield str(settings.severity(each.rule))
    yield repr((settings.fail_on, settings.changed_only, settings.unwaivable, recipe.keeps_all))
    # What is past waives no more, and the same plan gets other verdicts.
    yield repr([(each, _counts(each, recipe.today)) for each in recipe.waivers.given])
    yield repr(sorted(recipe.baseline.entries) if recipe.baseline else None)
    yield recipe.checkov
    if recipe.checkov:
        asked = settings.checkov
        yield repr((asked.edges, asked.check, asked.skip, sorted(asked.severity.items())))
        yield repr([sorted(files_of(Path(each)).items()) for each in asked.external_checks_dir])


def _counts(waiver: Waiver, today: date) -> bool:
    return waiver.expires is None or waiver.expires >= today


def files_of(folder: Path) -> Files:
    """The files of a folder that is to go with the plans. Raises FleetError: it cannot be read."""
    try:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    except OSError as problem:
        raise FleetError(f"{folder}: cannot be read: {problem.strerror}") from None


def unpacked(files: Files, folder: Path) -> Path:
    """A folder with these files in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
