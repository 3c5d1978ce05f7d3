"""Loads rule packs: folders of rule files, each read by the reader of its suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from policyscan.engine.contract import PackRule, Problem, line_of
from policyscan.engine.gate import GATE
from policyscan.engine.python_rule import read_python_rule
from policyscan.errors import PackError
from policyscan.patterns import is_hidden

PROFILES: Final = "profiles"
"""The folder of a pack that holds profiles, and no rules."""

HOSTED: Final = "checkov_pack"
"""The folder of a pack that holds what Checkov runs its rules with, and no rules."""

_Read = tuple[PackRule | None, tuple[Problem, ...]]
_Reader = Callable[[Path], _Read]


def _read_policy(path: Path) -> _Read:
    # Most packs have none, and a scan should not wait for what reads them.
    from policyscan.engine.policy_language import read_policy  # noqa: PLC0415

    return read_policy(path)


_NO_RULE: Final[_Read] = (None, ())
_READERS: Final[Mapping[str, _Reader]] = {
    ".py": read_python_rule,
    ".yaml": _read_policy,
    ".yml": _read_policy,
}
"""What reads a rule file, by the file's suffix; other files of a pack are no rules."""


def load_pack(*folders: Path, may_be_empty: bool = False) -> tuple[PackRule, ...]:
    """Load every rule below some folders, in order of id; a file met twice is loaded once.

    `may_be_empty`: a folder without a rule is none to complain of, for one is about to be written.
    Raises PackError, with everything that is wrong in all of them: no such folder, no rule in it,
    a file that cannot be run, a rule that does not keep the contract, an id or a name given twice.
    """
    read: dict[Path, _Read] = {}
    problems: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(f"{folder}: no such folder of rules")
            continue
        files = _by_real_path(_rule_files(folder))
        for real, path in files.items():
            if real not in read:
                read[real] = _READERS[path.suffix](path)
        if not may_be_empty and all(read[real] == _NO_RULE for real in files):
            problems.append(
                f"{folder}: no rule in this folder: a rule file has a RULE and a check()"
            )
    rules = [rule for rule, _ in read.values() if rule is not None]
    found = [problem for _, wrong in read.values() for problem in wrong]
    problems += map(str, (*found, *_given_twice(rules)))
    if problems:
        raise PackError(*problems)
    return tuple(sorted(rules, key=lambda each: each.rule.id))


def _rule_files(folder: Path) -> tuple[Path, ...]:
    """The files of a pack that may hold a rule, sorted; what starts with a dot is none."""
    found: list[Path] = []
    for where, folders, files in os.walk(folder):
        here = Path(where)
        beside = {PROFILES, HOSTED} if here == folder else ()
        folders[:] = [each for each in folders if not is_hidden(each) and each not in beside]
        found += (here / each for each in files if not is_hidden(each))
    return tuple(sorted(path for path in found if path.suffix in _READERS and path.is_file()))


def _by_real_path(paths: Iterable[Path]) -> dict[Path, Path]:
    """Files by where they really are; each folder on the way is looked at once."""
    folders: dict[Path, Path] = {}
    found: dict[Path, Path] = {}
    for path in paths:
        folder = path.parent
        if folder not in folders:
            folders[folder] = folder.resolve()
        real = path.resolve() if path.is_symlink() else folders[folder] / path.name
        found[real] = path
    return found


def _given_twice(rules: Iterable[PackRule]) -> Iterator[Problem]:
    """Ids and names that another rule has: that which was loaded first may keep them."""
    ids: dict[str, str] = {GATE.rule.id: "the check of the plan itself"}
    names: dict[str, str] = {GATE.rule.name: "the check of the plan itself"}
    for each in rules:
        for word, value, owners in (
            ("id", str(each.rule.id), ids),
            ("name", str(each.rule.name), names),
        ):
            if value in owners:
                text = f"{value} is already the {word} of {owners[value]}"
                yield Problem(each.path, line_of(each.path, word), text)
            owners.setdefault(value, str(each.path))
