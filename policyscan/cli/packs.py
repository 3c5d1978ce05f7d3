"""Which packs a command works with: the built-in one, those of --pack, those configured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from policyscan.engine import (
    CONFIG_FILE,
    PackRule,
    Settings,
    built_in_pack,
    load_pack,
    read_config,
)


def configured(config: str | None = None) -> Settings:
    """What a configuration file says: the one named, else the one of the working directory."""
    if config is not None:
        return read_config(Path(config))
    if Path(CONFIG_FILE).is_file():
        return read_config(Path(CONFIG_FILE))
    return Settings()


def own_packs(given: Iterable[str], settings: Settings) -> tuple[Path, ...]:
    """The folders beside the built-in pack: a flag adds to what is configured."""
    return (*settings.packs, *map(Path, given))


def all_rules(given: Iterable[str], settings: Settings) -> tuple[PackRule, ...]:
    """Every rule of every pack. Raises PackError."""
    return load_pack(built_in_pack(), *own_packs(given, settings))
