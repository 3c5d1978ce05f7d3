"""What one place sets: a profile, a file, the environment or the flags; and how they add up."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from policyscan.engine.checkov import CHECKOV, checkov_form, configured_checkov_form
from policyscan.engine.contract import PackRule
from policyscan.engine.form import Flaw, Form, Names, Table, Text, Texts, Truth, Value, Word
from policyscan.engine.gate import ALWAYS
from policyscan.rule import Setting, Severity

CHECKOVS = r"^(CKV2?(_[A-Z0-9_*]+|\*)|CHECKOV)$"
"""Names of Checkov's checks, patterns of them, and their group."""

FAIL_ON = (*(str(level) for level in Severity), "unknown")
"""What `--fail-on` takes."""


class Level(StrEnum):
    """The kinds of places, each of which wins over those before it."""

    DEFAULT = "default"
    PROFILE = "profile"
    FILE = "file"
    ENVIRONMENT = "environment"
    FLAG = "flag"


class Origin(Struct, frozen=True):
    """Where a setting comes from: a profile's or a file's name, a variable, a flag."""

    level: Level = Level.DEFAULT
    name: str = ""

    def __str__(self) -> str:
        """Example: `profile production`."""
        if self.level is Level.PROFILE:
            return f"profile {self.name}"
        return self.name or str(self.level)


class Layer(Struct, frozen=True):
    """What one place sets, all of it checked; what it does not set is empty.

    `parameters` are by rule id and name, `severities` by rule id, `checkov` by the names of
    `CheckovSettings`.
    """

    origin: Origin
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unwaivable: tuple[str, ...] = ()
    fail_on: str = ""
    changed_only: bool | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    parameters: Mapping[tuple[str, str], Setting] = field(default_factory=dict)
    checkov: Mapping[str, Any] = field(default_factory=dict)


def profile_form(pack: tuple[PackRule, ...]) -> Table:
    """What a profile may hold."""
    own: dict[str, Form] = {
        "description": Text("What the profile is for, in a sentence."),
        "extends": Text("The profile this one starts from: its name, or the path of its file."),
    }
    return Table("A profile: a policy by its name.", own | _settings(pack))


PACKS = Texts("Folders of rules beside the built-in ones, seen from this file.", "rules")


def configuration_form(pack: tuple[PackRule, ...]) -> Table:
    """What a configuration file may hold."""
    own: dict[str, Form] = {
        "packs": PACKS,
        "profile": Text("The profile it starts from: its name, or the path of its file."),
        "waivers": Text("The file of waivers, seen from this file.", may_be_blank=False),
    }
    settings = {**_settings(pack), "checkov": configured_checkov_form()}
    return Table("How policyscan judges the plans of a project.", own | settings)


def _settings(pack: tuple[PackRule, ...]) -> dict[str, Form]:
    names = tuple(
        dict.fromkeys(
            name for each in pack for name in (each.rule.id, each.rule.name, each.rule.group)
        )
    )
    selectable = (*names, CHECKOV)
    remarks = {each.rule.name: f"write {each.rule.id}" for each in pack}
    remarks |= dict.fromkeys(ALWAYS, "the check of the plan itself cannot be set")
    words = tuple(map(str, Severity))
    severities = {each.rule.id: Word(each.rule.title, words) for each in pack}
    parameters = {
        each.rule.id: Table(
            each.rule.title,
            {one.name: Value(one) for one in each.rule.parameters},
            f"parameter of {each.rule.id}",
        )
        for each in pack
    }
    return {
        "select": Names("Rules, by id, name or group: these run, no others.", selectable, ALWAYS),
        "ignore": Names("Rules, by id, name or group, that do not run.", selectable, ALWAYS),
        "unwaivable": Names(
            "Rules, by id, name or group, that no waiver counts for.",
            selectable,
            dict.fromkeys(ALWAYS, "the check of the plan itself is never waived"),
            CHECKOVS,
        ),
        "severity": Table(
            "How bad it is where a rule fails, by its id.", severities, "rule", remarks
        ),
        "parameters": Table("What rules are set by, by their ids.", parameters, "rule", remarks),
        "checkov": checkov_form(),
        "fail_on": Word("The least severity that fails a scan, or unknown.", FAIL_ON),
        "changed_only": Truth("Only what a plan brings fails a scan, not what stood before it."),
    }


def flaws_of(form: Form, content: object) -> tuple[Flaw, ...]:
    """What is wrong with a decoded file; an empty one sets nothing."""
    return () if content is None else tuple(form.flaws(content))


def layer_of(
    content: Mapping[str, Any] | None, pack: tuple[PackRule, ...], origin: Origin
) -> Layer:
    """The layer that a decoded file without flaws makes."""
    content = content or {}
    known = {
        (each.rule.id, parameter.name): parameter
        for each in pack
        for parameter in each.rule.parameters
    }
    return Layer(
        origin,
        select=tuple(content.get("select", ())),
        ignore=tuple(content.get("ignore", ())),
        unwaivable=tuple(content.get("unwaivable", ())),
        fail_on=content.get("fail_on", ""),
        changed_only=content.get("changed_only"),
        severities={rule: Severity(word) for rule, word in content.get("severity", {}).items()},
        parameters={
            (rule, name): known[rule, name].checked(value)
            for rule, values in content.get("parameters", {}).items()
            for name, value in values.items()
        },
        checkov=content.get("checkov", {}),
    )
