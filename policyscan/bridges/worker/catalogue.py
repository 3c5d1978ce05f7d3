"""Which checks Checkov has for which types of resources; made once, at setup."""

from __future__ import annotations

import fnmatch
import importlib
from collections.abc import Collection, Iterator
from typing import Any

KINDS = ("resource", "data", "provider")
PYTHON_CHECKS = "checks"
GRAPH_CHECKS = "policies"
CONSTANTS = "constants"
NOT_FOR_PLANS = "not_for_plans"


def registry(kind: str) -> Any:
    """Checkov's registry of checks for one kind of block."""
    module = importlib.import_module(f"checkov.terraform.checks.{kind}.registry")
    return getattr(module, f"{kind}_registry")


def made() -> dict[str, Any]:
    """The catalogue of the Checkov that runs this. Loads everything it has; takes a second or two.

    `checks`: [kind, module, [type or pattern, ...]] in the order Checkov loads them, which is the
    order they run in. `policies`: [file, its content as JSON, [type, ...] or null for any type].
    """
    from checkov.common.checks_infra.registry import (
        get_graph_checks_registry,
    )
    from checkov.terraform import plan_parser, plan_runner

    policies = get_graph_checks_registry("terraform")
    raw = _kept_raw(policies)
    policies.load_checks()
    return {
        PYTHON_CHECKS: list(_modules()),
        GRAPH_CHECKS: [
            [each.check_path, raw[each.check_path], _types(each)] for each in policies.checks
        ],
        CONSTANTS: {"START_LINE": plan_parser.start_line, "END_LINE": plan_parser.end_line},
        NOT_FOR_PLANS: sorted(plan_runner.TF_LIFECYCLE_CHECK_IDS),
    }


def _modules() -> Iterator[list[Any]]:
    found: dict[tuple[str, str], list[str]] = {}
    order = registry(KINDS[0]).get_all_registered_checks()
    members = {
        (kind, id(check)): entity for kind in KINDS for entity, check in registry(kind).all_checks()
    }
    for check in order:
        for kind in KINDS:
            if (kind, id(check)) in members:
                types = found.setdefault((kind, type(check).__module__), [])
                types += [each for each in check.supported_entities if each not in types]
    for (kind, module), types in found.items():
        yield [kind, module, types]


def _kept_raw(policies: Any) -> dict[str, Any]:
    """Filled with each policy as it stands in its file, when the policies are loaded."""
    kept: dict[str, Any] = {}
    parse = policies.parser.parse_raw_check

    def parse_and_keep(raw: Any, **options: Any) -> Any:
        kept[options["check_path"]] = raw
        return parse(raw, **options)

    policies.parser.parse_raw_check = parse_and_keep
    return kept


def _types(check: Any) -> list[str] | None:
    """Every type a policy speaks of; None where it may speak of any."""
    if not check.sub_checks:
        return _types_of_condition(check)
    # A filter leaves out some of what the other conditions find, and finds nothing itself.
    parts = [_types(each) for each in check.sub_checks if _kind(each) != "FILTER"]
    known = [part for part in parts if part is not None]
    return sorted({each for part in known for each in part}) if parts and known == parts else None


def _types_of_condition(check: Any) -> list[str] | None:
    connected = check.connected_resources_types
    # Without types, or types to connect to, Checkov takes all there are.
    if not check.resource_types or (_kind(check) == "CONNECTION" and not connected):
        return None
    if _kind(check) not in {"ATTRIBUTE", "CONNECTION"} or len(check.resource_types) > MANY:
        return None
    named = (check.resource_types, connected)
    return sorted({each for part in named for each in ([part] if isinstance(part, str) else part)})


def _kind(check: Any) -> str:
    return str(getattr(check.type, "name", ""))


MANY = 200
"""A policy on more types than this is on all of a provider; naming them saves nothing."""


def wanted_modules(catalogue: dict[str, Any], kind: str, types: Collection[str]) -> Iterator[str]:
    """The modules of checks that look at blocks of these types."""
    for its_kind, module, patterns in catalogue[PYTHON_CHECKS]:
        if its_kind == kind and any(_fits(pattern, types) for pattern in patterns):
            yield module


def _fits(pattern: str, types: Collection[str]) -> bool:
    if pattern in types:
        return True
    wild = any(letter in pattern for letter in "*?[")
    return wild and any(fnmatch.fnmatchcase(each, pattern) for each in types)


def wanted_policies(
    catalogue: dict[str, Any], types: Collection[str]
) -> Iterator[tuple[str, Any, list[str] | None]]:
    """File, content and types of the policies that may speak of one of these types."""
    for path, raw, spoken_of in catalogue[GRAPH_CHECKS]:
        if spoken_of is None or any(each in types for each in spoken_of):
            yield path, raw, spoken_of
