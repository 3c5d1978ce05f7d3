"""What a command is set to: the profile, then the configuration file, environment and flags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from policyscan.cli.packs import configuration, own_packs
from policyscan.engine import (
    REFERENCE,
    Layer,
    Level,
    Origin,
    PackRule,
    Settings,
    built_in_pack,
    configuration_form,
    flaws_of,
    layer_of,
    load_pack,
    read_configuration,
    read_profile,
    settled,
)
from policyscan.errors import ConfigError

_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class SettingFlags(Struct, frozen=True):
    """The flags of these names; `assignments` are those of `--set`.

    `checkov` is what flags or their variables say of Checkov, by the names of `CheckovSettings`.
    """

    profile: str | None = None
    config: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    assignments: tuple[str, ...] = ()
    fail_on: str | None = None
    changed_only: bool | None = None
    packs: tuple[str, ...] = ()
    checkov: Mapping[str, Any] = field(default_factory=dict)
    waivers: str | None = None


class ChosenSettings(Struct, frozen=True):
    """All rules there are, what a command is set to, and the profile that it starts from.

    `waivers` is the file of waivers, None where none is named.
    """

    pack: tuple[PackRule, ...]
    settings: Settings
    profile: str
    waivers: Path | None = None


def chosen_settings(flags: SettingFlags) -> ChosenSettings:
    """The settings that flags, environment, file and profile come to.

    Raises PackError: a pack cannot be loaded. Raises ConfigError: what is wrong in one of the
    others, all of it together.
    """
    file = configuration(flags.config)
    pack = load_pack(built_in_pack(), *own_packs(flags.packs, file))
    layers: list[Layer] = []
    profile, beside = flags.profile or REFERENCE, None
    waivers = None if flags.waivers is None else Path(flags.waivers)
    if file is not None:
        layer, named = read_configuration(file, pack)
        layers.append(layer)
        if named and not flags.profile:
            profile, beside = named, file.path.parent
        if waivers is None and "waivers" in (file.content or {}):
            waivers = file.path.parent / file.content["waivers"]
    layers += _said(Level.ENVIRONMENT, _environment(os.environ), pack)
    layers += _said(
        Level.FLAG,
        {
            "--select": flags.select,
            "--ignore": flags.ignore,
            "--fail-on": (flags.fail_on,) if flags.fail_on else (),
            "--changed-only": () if flags.changed_only is None else (str(flags.changed_only),),
            "--set": flags.assignments,
        },
        pack,
    )
    layers.append(Layer(Origin(Level.FLAG, "--checkov"), checkov=flags.checkov))
    layers[:0] = read_profile(profile, pack, built_in_pack(), beside)
    return ChosenSettings(pack, settled(layers), profile, waivers)


def _environment(variables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(variables.get(name, "").split())
        for name in (
            "POLICYSCAN_SELECT",
            "POLICYSCAN_IGNORE",
            "POLICYSCAN_FAIL_ON",
            "POLICYSCAN_CHANGED_ONLY",
            "POLICYSCAN_SET",
        )
    }


def _said(
    level: Level, said: Mapping[str, tuple[str, ...]], pack: tuple[PackRule, ...]
) -> Iterator[Layer]:
    """A layer for each flag or variable that says something, by its name.

    Raises ConfigError: everything in them that is wrong.
    """
    problems: list[str] = []
    layers: list[Layer] = []
    for name, words in said.items():
        if not words:
            continue
        key = name.lower().replace("-", "_").removeprefix("policyscan_").strip("_")
        content: dict[str, object] = {}
        match key:
            case "set":
                content = {"parameters": _assigned(words, name, pack, problems)}
            case "changed_only":
                # What is no truth is left as it is: the form says so.
                content = {key: _TRUTHS.get(words[-1].lower(), words[-1])}
            case "fail_on":
                content = {key: words[-1]}
            case _:
                content = {key: list(words)}
        flaws = flaws_of(configuration_form(pack), content)
        problems += [
            f"{' '.join(filter(None, (name, '.'.join(flaw.path[1:]))))}: {flaw.text}"
            for flaw in flaws
        ]
        if not problems:
            layers.append(layer_of(content, pack, Origin(level, name)))
    if problems:
        raise ConfigError(*problems)
    yield from layers


def _assigned(
    texts: Iterable[str], flag: str, pack: tuple[PackRule, ...], problems: list[str]
) -> dict[str, dict[str, object]]:
    """Read texts such as `PS303.max=20`; what cannot be read is a problem more."""
    rules = {each.rule.id: each.rule for each in pack}
    found: dict[str, dict[str, object]] = {}
    for text in texts:
        where, equals, value = text.partition("=")
        rule, dot, name = where.strip().partition(".")
        if not (equals and dot and rule and name):
            problems.append(
                f"{flag} {text}: write it as RULE.PARAMETER=VALUE, such as PS303.max=20"
            )
            continue
        parameters = {one.name: one for one in rules[rule].parameters} if rule in rules else {}
        try:
            # What is not known is left as it is: the form says so.
            read = parameters[name].read(value.strip()) if name in parameters else value
        except ConfigError as problem:
            problems.append(f"{flag} {text}: {problem}")
            continue
        found.setdefault(rule, {})[name] = read
    return found
