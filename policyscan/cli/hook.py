"""`policyscan hook`: judges the root modules that changed files belong to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from policyscan.cli.scan import run_scan
from policyscan.errors import ConfigError, SourceError
from policyscan.source.folder import read_folder

_NOTHING: Final = 3
_SUFFIXES: Final = (".tf", ".tf.json")
_NOT_OURS: Final = ("node_modules",)


def run_hook(files: Iterable[str], options: Mapping[str, Any]) -> int:
    """Judge the root modules of changed files; one that holds nothing to judge stops no commit.

    `options` are the flags of a scan. Raises PolicyscanError: as a scan does.
    """
    given = tuple(map(Path, files))
    for each in given:
        if each.is_dir():
            raise ConfigError(f"{each}: a folder; a hook takes files, `policyscan {each}` folders")
    roots = root_modules(given)
    if not roots:
        return 0
    plans = [str(each) for each in roots]
    code = run_scan(plans=plans, source_dir=None, planfile=None, graph=None, **options)
    return 0 if code == _NOTHING else code


def root_modules(files: Iterable[Path]) -> tuple[Path, ...]:
    """The root modules that files belong to, sorted, as seen from the working directory.

    A root module is a folder of source that no other one below the working directory calls. What
    is called in circles has none above it and stands for itself.
    """
    changed = {folder for each in files if (folder := _module_of(each)) is not None}
    callers = _callers() if changed else {}
    found: set[Path] = set()
    for module in changed:
        above = _above(module, callers)
        found |= {each for each in above if not callers.get(each)} or {module}
    return tuple(sorted(Path(os.path.relpath(each)) for each in found))


def _module_of(file: Path) -> Path | None:
    """The folder of source that a file is in: its own, or the nearest above for values alone."""
    for folder in Path(os.path.realpath(file)).parents:
        if _is_module(folder):
            return folder
        if folder == Path.cwd():
            break
    return None


def _above(module: Path, callers: Mapping[Path, set[Path]]) -> set[Path]:
    """A module and all that call it, directly or by others."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        if (each := waiting.pop()) not in found:
            found.add(each)
            waiting += callers.get(each, ())
    return found


def _callers() -> dict[Path, set[Path]]:
    """Each module that others call by a relative path, and the folders that do."""
    found: dict[Path, set[Path]] = {}
    for folder in _modules(Path.cwd().resolve()):
        try:
            sources = read_folder(folder, folder).sources.values()
        except SourceError:
            # Whose file it is will be told by Terraform, if it is to be planned.
            continue
        for source in sources:
            if source is not None and source.startswith(("./", "../")):
                found.setdefault(Path(os.path.realpath(folder / source)), set()).add(folder)
    return found


def _modules(top: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(top):
        inner[:] = [each for each in inner if each not in _NOT_OURS and not each.startswith(".")]
        if any(each.endswith(_SUFFIXES) for each in names):
            yield Path(folder)


def _is_module(folder: Path) -> bool:
    return folder.is_dir() and any(each.name.endswith(_SUFFIXES) for each in folder.iterdir())
