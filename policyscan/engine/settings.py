"""Which rules run, with which parameters and severities, and what makes a scan fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from policyscan.engine.checkov import CHECKOV, CheckovSettings, checkov_settings
from policyscan.engine.contract import PackRule
from policyscan.engine.form import hint
from policyscan.engine.gate import ALWAYS
from policyscan.engine.layer import Layer, Origin
from policyscan.errors import ConfigError
from policyscan.rule import Finding, Parameters, Rule, Setting, Severity

_DEFAULT = Origin()


class Settings(Struct, frozen=True):
    """What a scan is set to.

    `given` are parameters by (rule id, name), `severities` those set for rules, by id. `origins`
    tell where each setting comes from: a parameter by (rule id, name), a severity by (rule id,
    "severity"), the others by their name alone.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unwaivable: tuple[str, ...] = ()
    fail_on: str = "high"
    changed_only: bool = False
    given: Mapping[tuple[str, str], Setting] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    origins: Mapping[tuple[str, ...], Origin] = field(default_factory=dict)
    checkov: CheckovSettings = field(default_factory=CheckovSettings)

    def chosen(self, pack: tuple[PackRule, ...]) -> tuple[PackRule, ...]:
        """The rules that run. Raises ConfigError: a name that selects or ignores nothing."""
        for name in (*self.select, *self.ignore):
            if name in ALWAYS:
                raise ConfigError(f"{name}: {ALWAYS[name]}")
            if not fnmatchcase(CHECKOV, name) and not any(_is_named(each, name) for each in pack):
                names = [CHECKOV, *(one for each in pack for one in _names(each))]
                raise ConfigError(f"no rule or group is called {name!r}{hint(name, names)}")
        return tuple(
            each
            for each in pack
            if (not self.select or any(_is_named(each, name) for name in self.select))
            and not any(_is_named(each, name) for name in self.ignore)
        )

    @property
    def chooses_checkov(self) -> bool:
        """Whether what is selected and ignored leaves Checkov in, as a group beside the others."""
        return (not self.select or any(fnmatchcase(CHECKOV, name) for name in self.select)) and (
            not any(fnmatchcase(CHECKOV, name) for name in self.ignore)
        )

    def parameters(self, rule: Rule) -> Parameters:
        """What a rule is set by, each parameter by its name."""
        return {
            one.name: self.given.get((rule.id, one.name), one.default) for one in rule.parameters
        }

    def severity(self, rule: Rule) -> Severity:
        """How bad it is where a rule fails, unless its finding says otherwise."""
        return self.severities.get(rule.id, rule.severity)

    def weighed(self, rule: Rule, finding: Finding) -> Finding:
        """A finding as bad as it counts.

        Set milder, no finding of the rule is worse than that. Set worse, a finding that the rule
        itself calls milder or worse than it mostly is stays as it calls it.
        """
        wanted, own = self.severities.get(rule.id), finding.severity or rule.severity
        if wanted is None:
            return finding
        is_capped = rule.severity.reaches(wanted) and own.reaches(wanted)
        return replace(finding, severity=wanted) if is_capped or own is rule.severity else finding

    def origin(self, *setting: str) -> Origin:
        """Where a setting comes from."""
        return self.origins.get(setting, _DEFAULT)


def settled(layers: Iterable[Layer]) -> Settings:
    """What layers come to, each winning over those before it.

    A layer that selects replaces what was selected; what one ignores is ignored for good, and what
    one says is unwaivable stays so.
    """
    found = Settings()
    checkov: dict[str, Any] = {}
    for layer in layers:
        severities = {**checkov.get("severity", {}), **layer.checkov.get("severity", {})}
        checkov |= {**layer.checkov, "severity": severities}
        told: list[tuple[str, ...]] = [*layer.parameters]
        told += [(rule, "severity") for rule in layer.severities]
        told += [(name,) for name in ("select", "ignore", "fail_on") if getattr(layer, name)]
        told += [("changed_only",)] if layer.changed_only is not None else []
        found = Settings(
            select=layer.select or found.select,
            ignore=tuple(dict.fromkeys((*found.ignore, *layer.ignore))),
            unwaivable=tuple(dict.fromkeys((*found.unwaivable, *layer.unwaivable))),
            fail_on=layer.fail_on or found.fail_on,
            changed_only=(found.changed_only if layer.changed_only is None else layer.changed_only),
            given={**found.given, **layer.parameters},
            severities={**found.severities, **layer.severities},
            origins={**found.origins, **dict.fromkeys(told, layer.origin)},
            checkov=checkov_settings(checkov),
        )
    return found


def _is_named(rule: PackRule, name: str) -> bool:
    return any(fnmatchcase(each, name) for each in _names(rule))


def _names(rule: PackRule) -> tuple[str, str, str]:
    return (rule.rule.id, rule.rule.name, rule.rule.group)
