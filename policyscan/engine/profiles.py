"""Profiles: policies by name, and the files that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from policyscan.engine.contract import PackRule
from policyscan.engine.form import Flaw, Form
from policyscan.engine.layer import (
    PACKS,
    Layer,
    Level,
    Origin,
    configuration_form,
    flaws_of,
    layer_of,
    profile_form,
)
from policyscan.engine.pack import PROFILES
from policyscan.errors import ConfigError

REFERENCE = "reference"
"""The profile of every scan that names none: what the rules' own defaults come to."""

CONFIG_FILE = ".policyscan.yaml"
PROJECT_FILE = "pyproject.toml"
"""Its table `[tool.policyscan]` is read where there is no configuration file of our own."""

_SUFFIXES = (".yaml", ".yml")
_CHECKS = "external_checks_dir"


class Written(Protocol):
    """A decoded file, which knows where what it holds is written."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def content(self) -> Any:
        """All of it, None when it is empty."""
        ...

    def place(self, keys: Sequence[str]) -> str:
        """`file:line` of what keys lead to, as far as they lead."""
        ...


def profile_files(pack_folder: Path) -> dict[str, Path]:
    """The profiles that come with a pack, by name."""
    return {path.stem: path for path in sorted((pack_folder / PROFILES).glob("*.yaml"))}


def read_profile(
    name: str, pack: tuple[PackRule, ...], pack_folder: Path, beside: Path | None = None
) -> tuple[Layer, ...]:
    """The layers of a profile, what it extends first.

    `name` is one of the pack's, or the path of a file, as seen from the folder `beside`.
    Raises ConfigError: there is none, it extends itself, or what is wrong in its file.
    """
    layers: list[Layer] = []
    passed: list[Path] = []
    wanted: str | None = name
    while wanted not in {None, REFERENCE}:
        path = _found(str(wanted), pack_folder, beside)
        if path.resolve() in passed:
            raise ConfigError(f"{passed[-1]}: extends {wanted!r}, which extends this one")
        passed.append(path.resolve())
        content = _read(path, profile_form(pack))
        origin = Origin(Level.PROFILE, path.stem if path.parent.parent == pack_folder else wanted)
        layers.append(layer_of(content, pack, origin))
        wanted, beside = content.get("extends"), path.parent
    return tuple(reversed(layers))


def packs_of(file: Written) -> tuple[Path, ...]:
    """The folders of rules that a configuration file names, on which depends what else it may hold.

    Raises ConfigError: it is no list of texts.
    """
    named = file.content.get("packs", []) if isinstance(file.content, dict) else []
    _refuse(file, (Flaw(("packs",), flaw.text) for flaw in flaws_of(PACKS, named)))
    return tuple(file.path.parent / each for each in named)


def read_configuration(file: Written, pack: tuple[PackRule, ...]) -> tuple[Layer, str]:
    """What a configuration file sets, and the profile it names, "" when it names none.

    Raises ConfigError: everything in it that is wrong, together.
    """
    _refuse(file, flaws_of(configuration_form(pack), file.content))
    layer = layer_of(file.content, pack, Origin(Level.FILE, str(file.path)))
    checks = [str(file.path.parent / each) for each in layer.checkov.get(_CHECKS, ())]
    if checks:
        layer = replace(layer, checkov={**layer.checkov, _CHECKS: checks})
    return layer, (file.content or {}).get("profile", "")


def _found(name: str, pack_folder: Path, beside: Path | None) -> Path:
    """The file of a profile. Raises ConfigError: a name that none of the pack has."""
    if "/" in name or "\\" in name or name.endswith(_SUFFIXES):
        return (beside or Path()) / name
    known = profile_files(pack_folder)
    if name not in known:
        raise ConfigError(
            f"no profile is called {name!r}; there are {', '.join(known)}, or give the path of a "
            ".yaml file"
        )
    return known[name]


def _read(path: Path, form: Form) -> dict[str, Any]:
    from policyscan.engine.yaml_file import read_yaml  # noqa: PLC0415 - yaml takes 40 ms

    file = read_yaml(path)
    _refuse(file, flaws_of(form, file.content))
    return file.content or {}


def _refuse(file: Written, flaws: Iterable[Flaw]) -> None:
    """Raises ConfigError: a line for each flaw, if there is any."""
    if problems := [
        ": ".join(filter(None, (file.place(flaw.path), ".".join(flaw.path), flaw.text)))
        for flaw in flaws
    ]:
        raise ConfigError(*problems)
