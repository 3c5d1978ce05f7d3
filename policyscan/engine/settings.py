"""Which rules run, with which parameters, and what makes a scan fail."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from policyscan.engine.contract import PackRule
from policyscan.engine.gate import GATE
from policyscan.errors import ConfigError
from policyscan.rule import Parameters, Severity

FAIL_ON = (*(str(level) for level in Severity), "unknown")
"""What `--fail-on` takes."""

CONFIG_FILE = ".policyscan.yaml"
_KEYS = ("packs", "parameters", "select", "ignore", "fail_on")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a scan is set to; `given` are parameters by (rule id, name), as text or typed.

    `packs` are folders of rules beside the built-in pack.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "high"
    given: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    packs: tuple[Path, ...] = ()

    def chosen(self, pack: tuple[PackRule, ...]) -> tuple[PackRule, ...]:
        """The rules that run. Raises ConfigError: a name that selects or ignores nothing."""
        for name in (*self.select, *self.ignore):
            if name in _names((GATE,)):
                always = f"{GATE.rule.id} runs always and can be neither selected nor ignored"
                raise ConfigError(f"{name}: {always}")
            if not any(_is_named(each, name) for each in pack):
                raise ConfigError(f"no rule or group is called {name!r}{_hint(name, _names(pack))}")
        return tuple(
            each
            for each in pack
            if (not self.select or any(_is_named(each, name) for name in self.select))
            and not any(_is_named(each, name) for name in self.ignore)
        )

    def parameters(self, pack: tuple[PackRule, ...]) -> dict[str, Parameters]:
        """Every rule's parameters by id. Raises ConfigError: an unknown rule, name or value."""
        values: dict[str, dict[str, Any]] = {
            each.rule.id: {one.name: one.default for one in each.rule.parameters} for each in pack
        }
        known = {each.rule.id: {one.name: one for one in each.rule.parameters} for each in pack}
        for (rule, name), value in self.given.items():
            if rule not in known:
                raise ConfigError(f"{rule}.{name}: no rule {rule}{_hint(rule, known)}")
            if name not in known[rule]:
                raise ConfigError(
                    f"{rule}.{name}: {rule} has no parameter {name!r}{_hint(name, known[rule])}"
                )
            values[rule][name] = _typed(f"{rule}.{name}", known[rule][name], value)
        return dict(values)


def _typed(where: str, parameter: Any, value: Any) -> Any:
    try:
        if isinstance(parameter.default, tuple) and isinstance(value, list | tuple):
            return tuple(str(part) for part in value)
        return parameter.parse(str(value))
    except ConfigError as problem:
        raise ConfigError(f"{where.rpartition('.')[0]}.{problem}") from None


def _is_named(rule: PackRule, name: str) -> bool:
    return any(fnmatchcase(each, name) for each in (rule.rule.id, rule.rule.name, rule.rule.group))


def _names(pack: tuple[PackRule, ...]) -> list[str]:
    return [name for each in pack for name in (each.rule.id, each.rule.name, each.rule.group)]


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def parse_assignment(text: str) -> tuple[tuple[str, str], str]:
    """Read `PS303.max=20`. Raises ConfigError: not of that form."""
    where, equals, value = text.partition("=")
    rule, dot, name = where.strip().partition(".")
    if not (equals and dot and rule and name):
        raise ConfigError(f"--set {text}: write it as RULE.PARAMETER=VALUE, such as PS303.max=20")
    return (rule, name), value.strip()


def read_config(path: Path) -> Settings:
    """Read a YAML configuration file.

    Raises ConfigError: not there, not YAML, an unknown key (with the likely one), a wrong type.
    """
    import yaml  # noqa: PLC0415 - costs a cold start 40 ms, and most runs have no file

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        what = getattr(problem, "problem", None) or "it is broken"
        raise ConfigError(f"{path}{line}: not YAML: {what}") from None
    return read_settings(document, str(path))


def read_settings(document: Any, where: str) -> Settings:
    """Settings from a decoded configuration. Raises ConfigError: as `read_config`."""
    if document is None:
        return Settings()
    if not isinstance(document, dict):
        raise ConfigError(f"{where}: a configuration is a map of {', '.join(_KEYS)}")
    for key in document:
        if key not in _KEYS:
            raise ConfigError(f"{where}: unknown key {key!r}{_hint(str(key), _KEYS)}")
    fail_on = str(document.get("fail_on", Settings().fail_on))
    if fail_on not in FAIL_ON:
        raise ConfigError(f"{where}: fail_on is {fail_on!r}, not one of {', '.join(FAIL_ON)}")
    parameters = document.get("parameters") or {}
    if not isinstance(parameters, dict) or not all(
        isinstance(each, dict) for each in parameters.values()
    ):
        raise ConfigError(
            f"{where}: parameters is a map of rule ids to maps, such as PS303: max: 20"
        )
    return Settings(
        select=_texts(document, "select", where),
        ignore=_texts(document, "ignore", where),
        fail_on=fail_on,
        given={
            (str(rule), str(name)): value
            for rule, values in parameters.items()
            for name, value in values.items()
        },
        packs=tuple(
            Path(where).parent / each for each in _texts(document, "packs", where, "folders")
        ),
    )


def _texts(
    document: dict[str, Any], key: str, where: str, of: str = "rule ids, names or groups"
) -> tuple[str, ...]:
    value = document.get(key) or []
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        raise ConfigError(f"{where}: {key} is a list of {of}")
    return tuple(str(each) for each in value)
