"""Reads a policy in Checkov's YAML language: metadata, and a definition that becomes a check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from policyscan.engine.contract import PackRule, Problem
from policyscan.engine.gate import PLAN_ADDRESS
from policyscan.engine.policy_language.conditions import Condition, Types, groups_of
from policyscan.engine.policy_language.evaluate import judge
from policyscan.engine.policy_language.read import PREFIXES, DefinitionReader
from policyscan.engine.policy_language.scene import Scene
from policyscan.engine.policy_language.truth import Ground, Truth
from policyscan.engine.policy_language.written import Written, read_written
from policyscan.rule import (
    Finding,
    Parameters,
    Platform,
    Rule,
    Severity,
    fail,
    not_applicable,
    passed,
    undetermined,
)

_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*")
_SEVERITIES: Final = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.LOW,
    "none": Severity.LOW,
}
_OFF: Final = "off"
_BLOCKS: Final = frozenset({"module", "provider"})


class Policy(Struct, frozen=True):
    """A policy: the rule it stands for, the condition that decides, and where it came from."""

    rule: Rule
    condition: Condition
    guideline: str
    page: str
    path: Path

    def check(self, platform: Platform, _: Parameters) -> Iterator[Finding]:
        """The verdict on each resource the policy is about."""
        for address, (truth, ground) in judge(self.condition, Scene(platform.graph)).items():
            yield _finding(address, truth, ground, self)
        kinds = {name.partition(".")[0] for name in self.rule.types}
        if kinds and kinds <= _BLOCKS:
            blocks = " and ".join(sorted(kinds))
            yield not_applicable(PLAN_ADDRESS, f"{blocks} blocks are not judged, only resources")


def read_policy(path: Path) -> tuple[PackRule | None, tuple[Problem, ...]]:
    """The rule a policy file stands for, and all that is wrong with it."""
    policy, problems = parse_policy(path)
    if policy is None:
        return None, problems
    return PackRule(policy.rule, policy.check, policy.page, path), problems


def parse_policy(path: Path) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in a file, and all that is wrong with it.

    A YAML file with neither metadata nor a definition is no policy, and no fault. A policy whose
    severity is OFF is none either.
    """
    written, problems = read_written(path)
    if problems or written is None or not {"metadata", "definition"} & written.entries.keys():
        return None, problems
    reader = _PolicyReader(path, written)
    policy = reader.policy()
    return (None if reader.is_off else policy), tuple(sorted(reader.problems))


class _PolicyReader:
    """Takes a policy's document apart."""

    def __init__(self, path: Path, written: Written) -> None:
        self._path = path
        self._written = written
        self._metadata = written.entries.get("metadata", Written({}, written.line))
        self.problems: list[Problem] = []

    @property
    def is_off(self) -> bool:
        """Whether its author has switched it off."""
        return self._said("severity").lower() == _OFF

    def policy(self) -> Policy | None:
        """The policy; None when something is wrong with it."""
        identity, name, category = map(self._required, ("id", "name", "category"))
        if identity and not _ID.fullmatch(identity):
            text = f"{identity!r} is no policy id, such as CKV2_CUSTOM_1"
            self._wrong(self._metadata.entries["id"], text)
        severity = self._severity()
        condition = self._condition()
        if condition is None or self.problems:
            return None
        rule = Rule(
            id=identity,
            name=identity.lower().replace("_", "-"),
            group=re.sub(r"\W+", "_", category.upper()),
            severity=severity,
            title=" ".join(name.split()),
            types=tuple(_names(condition)),
        )
        guideline = self._said("guideline") or self._said("guidelines")
        return Policy(rule, condition, guideline, self._page(guideline), self._path)

    def _condition(self) -> Condition | None:
        definition = self._written.entries.get("definition")
        if definition is None:
            self._wrong(self._written, "definition is missing: what the policy asks for")
            return None
        # Checkov takes a definition that is a list of one for that one.
        single = isinstance(definition.value, tuple) and len(definition.value) == 1
        reader = DefinitionReader(self._path, self._prefixes())
        condition = reader.read(definition.value[0] if single else definition)
        self.problems += reader.problems
        return condition

    def _prefixes(self) -> tuple[str, ...]:
        scope = self._written.entries.get("scope")
        provider = scope.entries.get("provider") if scope else None
        names = (
            [str(one.value).lower() for one in provider.members if one.value] if provider else []
        )
        return tuple(PREFIXES.get(name, f"{name}_") for name in names)

    def _severity(self) -> Severity:
        said = self._said("severity")
        if not said or said.lower() == _OFF:
            return Severity.MEDIUM
        if said.lower() not in _SEVERITIES:
            known = ", ".join([*_SEVERITIES, _OFF]).upper()
            text = f"{said!r} is no severity; there are {known}"
            self._wrong(self._metadata.entries["severity"], text)
        return _SEVERITIES.get(said.lower(), Severity.MEDIUM)

    def _required(self, key: str) -> str:
        said = self._said(key)
        if not said:
            self._wrong(self._metadata, f"metadata.{key} is missing")
        return said

    def _said(self, key: str) -> str:
        found = self._metadata.entries.get(key)
        return "" if found is None or found.value is None else str(found.value).strip()

    def _page(self, guideline: str) -> str:
        said = (
            (self._said("name"), ""),
            (self._said("category"), "Category: "),
            (guideline, "Guideline: "),
            (self._path.name, "Policy: "),
        )
        return "\n".join(f"{label}{text}" for text, label in said if text)

    def _wrong(self, written: Written, text: str) -> None:
        self.problems.append(Problem(self._path, written.line, text))


def _names(condition: Condition) -> Iterator[str]:
    found: dict[str, None] = {}
    for types in groups_of(condition):
        found.update(dict.fromkeys(_patterns(types)))
    yield from found


def _patterns(types: Types) -> tuple[str, ...]:
    """Resource types, or `aws_*` for all of a provider."""
    if types.is_all or types.is_taggable:
        return tuple(f"{prefix}*" for prefix in types.prefixes) or ("*",)
    return types.names


def _finding(address: str, truth: Truth, ground: Ground, policy: Policy) -> Finding:
    is_own = bool(ground.path) and ground.path[0].address == address
    details = {
        "path": ground.path,
        "certainty": ground.certainty,
        "at": ground.at if is_own else "",
    }
    match truth:
        case Truth.HOLDS:
            return passed(address, ground.text, **details)
        case Truth.OPEN:
            return undetermined(address, ground.text, **details)
        case Truth.FAILS:
            see = f" See {policy.guideline}" if policy.guideline else ""
            fix = f"{policy.rule.title}.{see}"
            return fail(address, ground.text, fix=fix, **details)
