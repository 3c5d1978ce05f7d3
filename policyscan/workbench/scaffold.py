"""Starts a new rule: its file, and a fixture for each verdict it has to show."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Final

from msgspec import Struct

from policyscan.engine import PackRule, built_in_pack, load_pack
from policyscan.engine.contract import GROUP, RESOURCE_TYPE, RULE_ID, RULE_NAME
from policyscan.errors import ConfigError
from policyscan.rule import Severity
from policyscan.workbench.expected import EXPECTED_FILE
from policyscan.workbench.fixture import MAIN_FILE, fixtures_folder
from policyscan.workbench.templates import CASES, LATER, MAIN, PROVIDER, RULE

_DIGITS: Final = 3
_BUILT_IN: Final = "PS"
_PREFIX: Final = "OWN"
"""Of the ids of a pack whose author chose none."""


class Draft(Struct, frozen=True):
    """A rule that somebody wants to write.

    `id` is a whole one, or the letters it starts with; "" for those of the pack. `group` "" is
    those letters.
    """

    name: str
    id: str = ""
    group: str = ""
    type: str = "aws_s3_bucket"
    severity: Severity = Severity.MEDIUM

    def check(self) -> None:
        """Raises ConfigError: something is not written as a rule has it."""
        for value, pattern, what in (
            (
                self.name,
                RULE_NAME,
                "a name that says what is wrong, like open-bucket",
            ),
            (self.type, RESOURCE_TYPE, "--type like aws_s3_bucket"),
            (self.group or _PREFIX, GROUP, "--group like NET"),
        ):
            if pattern.fullmatch(value) is None:
                raise ConfigError(f"{value!r} will not do: give {what}")


def scaffold(draft: Draft, pack: Path, *others: Path) -> tuple[str, tuple[Path, ...]]:
    """Write the files of a new rule into a pack. Returns its id and the files.

    Nothing that exists is touched. `others` are the packs whose ids and names are taken too.
    Raises ConfigError: the id, the name or a file is taken. Raises PackError: the pack is broken.
    """
    draft.check()
    if pack.exists() and not pack.is_dir():
        raise ConfigError(f"{pack}: no folder, so no pack of rules")
    own = [pack] if pack.exists() else []
    known = load_pack(built_in_pack(), *others, *own, may_be_empty=True)
    if taken := [each for each in known if each.rule.name == draft.name]:
        raise ConfigError(f"{draft.name} is already the name of {taken[0].path}")
    chosen = _chosen_id(draft.id, pack, known)
    files = _files(draft, chosen, pack)
    if existing := [file for file in files if file.exists()]:
        raise ConfigError(f"{existing[0]}: is there already, and nothing was written")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    return chosen, tuple(files)


def _chosen_id(wanted: str, pack: Path, known: Iterable[PackRule]) -> str:
    inside = pack.resolve()
    own = [each.rule.id for each in known if each.path.resolve().is_relative_to(inside)]
    prefix = wanted.rstrip("0123456789") or (own[-1].rstrip("0123456789") if own else _PREFIX)
    if not RULE_ID.fullmatch(prefix + "0" * _DIGITS):
        raise ConfigError(f"--id {wanted}: an id is capitals and three digits, such as ACME001")
    if prefix == _BUILT_IN and inside != built_in_pack().resolve():
        raise ConfigError(f"--id {wanted}: {_BUILT_IN} is policyscan's own; choose your team's")
    owners = {each.rule.id: str(each.path) for each in known}
    tested = {folder.name: str(folder) for folder in fixtures_folder(pack).glob(f"{prefix}*")}
    taken = tested | owners
    free = _free(prefix, taken)
    if wanted in {"", prefix}:
        return free
    if not RULE_ID.fullmatch(wanted):
        raise ConfigError(f"--id {wanted}: an id is capitals and three digits, such as {free}")
    if wanted in taken:
        raise ConfigError(f"--id {wanted}: taken by {taken[wanted]}; {free} is free")
    return wanted


def _free(prefix: str, taken: Iterable[str]) -> str:
    numbers = [
        int(found[2]) for each in taken if (found := RULE_ID.fullmatch(each)) and found[1] == prefix
    ]
    return f"{prefix}{max(numbers, default=0) + 1:0{_DIGITS}}"


def _files(draft: Draft, chosen: str, pack: Path) -> dict[Path, str]:
    """The text of each file of a new rule."""
    group = draft.group or chosen.rstrip("0123456789")
    words = {
        "id": chosen,
        "name": draft.name,
        "group": group,
        "type": draft.type,
        "severity": draft.severity.name,
    }
    rule = pack / group.lower() / f"{draft.name.replace('-', '_')}.py"
    files = {rule: RULE.substitute(words)}
    for case, (name, task) in CASES.items():
        folder = fixtures_folder(pack) / chosen / case
        provider = PROVIDER if draft.type.startswith("aws_") else ""
        main = {
            **words,
            "name": name,
            "task": Template(task).substitute(words),
            "provider": provider + (LATER if case == "unknown" else ""),
        }
        files[folder / MAIN_FILE] = MAIN.substitute(main)
        wanted = {chosen: {f"{draft.type}.{name}": case}}
        files[folder / EXPECTED_FILE] = f"{json.dumps(wanted, indent=2)}\n"
    return files
