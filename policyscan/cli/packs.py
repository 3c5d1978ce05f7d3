"""Which packs a command works with beside the built-in one: those of --pack, those configured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from policyscan.engine import CONFIG_FILE, packs_of

if TYPE_CHECKING:
    from policyscan.engine.yaml_file import YamlFile


def configuration(config: str | None = None) -> YamlFile | None:
    """The configuration file: the one named, else the one of the working directory, if any.

    Raises ConfigError: it cannot be read.
    """
    if config is None and not Path(CONFIG_FILE).is_file():
        return None
    from policyscan.engine.yaml_file import read_yaml  # noqa: PLC0415 - yaml takes 40 ms

    return read_yaml(Path(config or CONFIG_FILE))


def own_packs(given: Iterable[str], file: YamlFile | None) -> tuple[Path, ...]:
    """Their folders: a flag adds to what is configured. Raises ConfigError: as `packs_of`."""
    return (*(packs_of(file) if file else ()), *map(Path, given))
