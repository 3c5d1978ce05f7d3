"""`aws_iam_policy_document`, printed as the AWS provider prints it.

Source: terraform-provider-aws, service/iam/policy_document_data_source.go and policy_model.go.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError
from policyscan.planner.normalise import go_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DEFAULT_VERSION = "2012-10-17"
_OLD_VERSION = "2008-10-17"
_ORDER = (
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
    "Principal", "NotPrincipal", "Condition",
)  # fmt: skip

Statement = dict[str, Any]
Policy = dict[str, Any]


def policy_document(config: Mapping[str, Any]) -> dict[str, Any]:
    """The data source's whole object. Raises PlannerError: a Sid stands twice, or no JSON."""
    version = config.get("version") or _DEFAULT_VERSION
    merged: Policy = {"Version": "", "Id": "", "Statement": []}
    seen: set[str] = set()
    for text in config.get("source_policy_documents") or ():
        source = _parsed(text)
        _refuse_duplicates(source["Statement"], seen)
        _merge(merged, source)
    statements = [_statement(each, version) for each in config.get("statement") or ()]
    _refuse_duplicates(statements, set())
    _merge(
        merged, {"Version": version, "Id": config.get("policy_id") or "", "Statement": statements}
    )
    for text in config.get("override_policy_documents") or ():
        _merge(merged, _parsed(text))
    printed = {name: value for name, value in merged.items() if value}
    document = go_json(printed, indent=2)
    return {
        **config,
        "version": version,
        "statement": [_as_read(each) for each in config.get("statement") or ()],
        "json": document,
        "minified_json": go_json(printed),
        "id": str(zlib.crc32(document.encode())),
    }


def _as_read(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A configured statement as state holds it: no nulls."""
    empty = {"effect": "Allow", "sid": ""}
    return {
        name: (empty.get(name, []) if value is None else value) for name, value in statement.items()
    }


def _parsed(text: str | None) -> Policy:
    """A policy in JSON, its statements in the provider's order of members."""
    try:
        policy = json.loads(text or "{}")
        statements = policy.get("Statement") or []
        if isinstance(statements, dict):
            statements = [statements]
        return {
            "Version": policy.get("Version") or "",
            "Id": policy.get("Id") or "",
            "Statement": [_reprinted(statement) for statement in statements],
        }
    except (ValueError, AttributeError) as error:
        raise PlannerError(
            f"aws_iam_policy_document: a merged document is no policy: {error}"
        ) from error


def _reprinted(statement: Statement) -> Statement:
    kept = {name: statement[name] for name in _ORDER if statement.get(name)}
    for name in ("Principal", "NotPrincipal"):
        if name in kept:
            kept[name] = _reprinted_principal(kept[name])
    if "Condition" in kept:
        kept["Condition"] = _printed_conditions(
            (test, variable, values)
            for test, variables in kept["Condition"].items()
            for variable, values in variables.items()
        )
    return kept


def _reprinted_principal(principal: Any) -> Any:
    if isinstance(principal, str):
        return "*"
    return {
        kind: sorted(names, reverse=True) if isinstance(names, list) else names
        for kind, names in sorted(principal.items())
    }


def _merge(policy: Policy, other: Policy) -> None:
    """Lay `other` over `policy`: its Id wins, the later version wins, equal Sids are replaced."""
    policy["Id"] = other["Id"] or policy["Id"]
    policy["Version"] = max(policy["Version"], other["Version"])
    places = {each["Sid"]: index for index, each in enumerate(policy["Statement"]) if "Sid" in each}
    for statement in other["Statement"]:
        place = places.get(statement.get("Sid"))
        if place is None:
            if "Sid" in statement:
                places[statement["Sid"]] = len(policy["Statement"])
            policy["Statement"].append(statement)
        else:
            policy["Statement"][place] = statement


def _refuse_duplicates(statements: Iterable[Statement], seen: set[str]) -> None:
    for statement in statements:
        if (sid := statement.get("Sid")) in seen:
            raise PlannerError(
                f"aws_iam_policy_document: the Sid {sid!r} stands twice; make it unique"
            )
        if sid:
            seen.add(sid)


def _statement(config: Mapping[str, Any], version: str) -> Statement:
    members = {
        "Sid": config.get("sid"),
        "Effect": config.get("effect") or "Allow",
        "Action": _strings(config.get("actions")),
        "NotAction": _strings(config.get("not_actions")),
        "Resource": _variables(_strings(config.get("resources")), version),
        "NotResource": _variables(_strings(config.get("not_resources")), version),
        "Principal": _principals(config.get("principals"), version),
        "NotPrincipal": _principals(config.get("not_principals"), version),
        "Condition": _printed_conditions(
            (each["test"], each["variable"], _variables(each["values"], version))
            for each in config.get("condition") or ()
        ),
    }
    return {name: members[name] for name in _ORDER if members[name]}


def _strings(values: list[str] | None) -> Any:
    """One string alone, several in falling order, as the provider decodes a set."""
    if not values:
        return None
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def _variables(values: Any, version: str) -> Any:
    """`&{aws:username}` stands for an IAM variable, because `${` would be Terraform's."""
    if isinstance(values, list):
        return [_variables(value, version) for value in values]
    if not isinstance(values, str) or "&{" not in values:
        return values
    if version == _OLD_VERSION:
        raise PlannerError(
            f"aws_iam_policy_document: {values!r} holds &{{, which version {_OLD_VERSION} lacks"
        )
    return values.replace("&{", "${")


def _principals(configured: list[Mapping[str, Any]] | None, version: str) -> Any:
    if not configured:
        return None
    merged: dict[str, Any] = {}
    for principal in configured:
        kind = principal["type"]
        identifiers = _variables(_strings(principal["identifiers"]) or [], version)
        if kind in merged:
            merged[kind] = [*_listed(merged[kind]), *_listed(identifiers)]
        else:
            merged[kind] = identifiers
    return "*" if merged == {"*": "*"} else dict(sorted(merged.items()))


def _printed_conditions(conditions: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    """Test -> variable -> values, both sorted; a single value stands alone."""
    merged: dict[str, dict[str, list[str]]] = {}
    for test, variable, values in conditions:
        texts = [_boolean(value) for value in _listed(values)]
        merged.setdefault(test, {}).setdefault(variable, []).extend(texts)
    return {
        test: {
            variable: values[0] if len(values) == 1 else values
            for variable, values in sorted(variables.items())
        }
        for test, variables in sorted(merged.items())
    }


def _boolean(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]
