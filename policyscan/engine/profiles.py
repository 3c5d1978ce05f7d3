"""Profiles: policies by name, and the files that hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from policyscan.engine.form import Table
from policyscan.engine.layer import (
    Layer,
    Level,
    Origin,
    configuration_form,
    flaws_of,
    layer_of,
    profile_form,
)
from policyscan.engine.pack import PackRule
from policyscan.errors import ConfigError

REFERENCE = "reference"
"""The profile of every scan that names none: what the rules' own defaults come to."""

CONFIG_FILE = ".policyscan.yaml"
_SUFFIXES = (".yaml", ".yml")


def profile_files(pack_folder: Path) -> dict[str, Path]:
    """The profiles that come with a pack, by name."""
    return {path.stem: path for path in sorted((pack_folder / "profiles").glob("*.yaml"))}


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


def read_configuration(path: Path, pack: tuple[PackRule, ...]) -> tuple[Layer, str]:
    """What a configuration file sets, and the profile it names, "" when it names none.

    Raises ConfigError: not there, not YAML; or, together, everything in it that is wrong.
    """
    content = _read(path, configuration_form(pack))
    return layer_of(content, pack, Origin(Level.FILE, str(path))), content.get("profile", "")


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


def _read(path: Path, form: Table) -> dict[str, Any]:
    from policyscan.engine.yaml_file import read_yaml  # noqa: PLC0415 - yaml takes 40 ms

    file = read_yaml(path)
    problems = [
        ": ".join(filter(None, (file.place(flaw.path), ".".join(flaw.path), flaw.text)))
        for flaw in flaws_of(form, file.content)
    ]
    if problems:
        raise ConfigError(*problems)
    return file.content or {}
