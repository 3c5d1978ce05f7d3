"""Which packs a command works with beside the built-in one: those of --pack, those configured."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from policyscan.engine import CONFIG_FILE, PROJECT_FILE, Written, packs_of
from policyscan.errors import ConfigError


def configuration(config: str | None = None) -> Written | None:
    """The configuration file: the one named, else the first of the working directory, if any.

    No other folder is searched: what stands above the working directory is somebody else's, and
    could name packs to run. Raises ConfigError: it cannot be read.
    """
    here = (name for name in (CONFIG_FILE, PROJECT_FILE) if os.path.lexists(name))
    name = config if config is not None else next(here, None)
    if name is None:
        return None
    if not name.endswith(".toml"):
        from policyscan.engine.yaml_file import read_yaml  # noqa: PLC0415 - yaml takes 40 ms

        return read_yaml(Path(name))
    from policyscan.engine.toml_file import read_toml  # noqa: PLC0415 - few projects have one

    found = read_toml(Path(name))
    if found is None and config is not None:
        raise ConfigError(f"{name}: has no table [tool.policyscan]")
    return found


def own_packs(given: Iterable[str], file: Written | None) -> tuple[Path, ...]:
    """Their folders: a flag adds to what is configured. Raises ConfigError: as `packs_of`."""
    return (*(packs_of(file) if file else ()), *map(Path, given))
