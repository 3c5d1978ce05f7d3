"""The user's own checks, loaded as Checkov loads them; what it passes over in silence is told."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from checkov.runner_filter import RunnerFilter

POLICIES = (".json", ".yaml", ".yml")
PARTS_OF_A_POLICY = {"metadata", "definition"}


class Refused:
    """In place of a logger: keeps the errors, each of which names a check and its file."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def error(self, message: str, **_: Any) -> None:
        """Keep it, and what was raised: a check that is loaded has not seen the plan."""
        problem = sys.exc_info()[1]
        why = "" if problem is None else f": {type(problem).__name__}: {problem}"
        self.told.append(" ".join(f"{message}{why}".split()))

    def debug(self, *_: Any, **__: Any) -> None:
        """Of no interest."""

    info = warning = debug


def load_checks(registry: Any, folders: Iterable[str]) -> list[str]:
    """Import the checks written in Python. Returns what could not be: Checkov only logs it."""
    refused, execute = Refused(), registry._exec_check_from_disk
    registry.logger = refused
    for folder in folders:
        files: dict[str, str] = {}

        def surviving(name: str, path: str, files: dict[str, str] = files) -> None:
            files[name] = path
            try:
                execute(name, path)
            except SystemExit:  # Checkov goes on after an exception, but not after this
                raise ImportError("it ends the process") from None

        registry._exec_check_from_disk = surviving
        told, known = len(refused.told), len(registry.get_all_registered_checks())
        registry.load_external_checks(folder)
        refused.told += sorted(_never_made(registry, files))
        is_silent = len(refused.told) == told
        if files and is_silent and len(registry.get_all_registered_checks()) == known:
            refused.told.append(f"{folder}: no .py file in it makes a check")
    return refused.told


def _never_made(registry: Any, files: dict[str, str]) -> Iterator[str]:
    """Checks that are written and that nothing makes, so that Checkov never hears of them."""
    from checkov.common.checks.base_check import BaseCheck

    made = registry.get_all_registered_checks()
    for name, path in files.items():
        for found in vars(sys.modules[name]).values():
            is_check = isinstance(found, type) and issubclass(found, BaseCheck)
            is_own = is_check and found.__module__ == name
            if is_own and not any(isinstance(each, found) for each in made):
                yield f"{path}: nothing makes a check of {found.__name__}"


def load_policies(registry: Any, folders: Iterable[str]) -> list[str]:
    """Parse the policies. Returns what is wrong with those that Checkov would leave out."""
    told = []
    for path in (each for folder in folders for each in sorted(Path(folder).rglob("*"))):
        if path.suffix not in POLICIES or not path.is_file():
            continue
        try:
            raw = _read(path)
            if not (isinstance(raw, dict) and PARTS_OF_A_POLICY & raw.keys()):
                continue  # a file of another sort that lies there
            check = _parsed(registry, raw, path)
        except Exception as problem:  # noqa: BLE001 - Checkov's parser raises anything
            told.append(f"{path} is not loaded: {' '.join(str(problem).split())}")
            continue
        if any(check.id == each.id for each in registry.checks):
            told.append(f"{path} is not loaded: there is a policy {check.id} already")
            continue
        RunnerFilter.notify_external_check(check.id)
        registry.checks.append(check)
    return told


def _read(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    return json.loads(json.dumps(importlib.import_module("yaml").safe_load(text)))


def _parsed(registry: Any, raw: dict[str, Any], path: Path) -> Any:
    if not registry.parser.validate_check_config(file_path=str(path), raw_check=raw):
        raise ValueError("it needs a definition, and of its metadata id, name and category")
    types = registry._get_resource_types(raw)
    return registry.parser.parse_raw_check(raw, resources_types=types, check_path=str(path))
