"""JSON documents as the AWS provider writes them into a plan.

Source: terraform-provider-aws, verify/json.go and ecs/container_definitions.go. A document that
is not JSON stays as it is: the real provider refuses it, which is for validation to say.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ROOT = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):root")
# Go's encoder escapes these in strings, and nowhere else can they stand in JSON.
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def go_json(value: Any, *, indent: int | None = None) -> str:
    """JSON as Go's encoding/json prints it; keys stay in the order given."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return text.translate(_ESCAPED)


def json_document(text: str) -> str:
    """Compact, keys sorted."""
    return _rewritten(text, _sorted)


def iam_policy(text: str) -> str:
    """Compact, keys sorted, but `Version` first when it is the one of 2012."""

    def version_first(policy: Any) -> Any:
        if not isinstance(policy, dict) or policy.get("Version") != "2012-10-17":
            return _sorted(policy)
        return {"Version": policy["Version"], **_sorted(policy)}

    return _rewritten(text, version_first)


def container_definitions(text: str) -> str:
    """Compact, keys sorted, `environment` and `secrets` by name, nulls and `cpu` 0 left out."""

    def ordered(containers: Any) -> Any:
        if not isinstance(containers, list):
            return containers
        return _sorted([_container(each) for each in containers])

    return _rewritten(text, ordered)


NORMALISERS: Mapping[str, Callable[[str], str]] = {
    "json": json_document,
    "iam_policy": iam_policy,
    "container_definitions": container_definitions,
}


def is_same(one: str, other: str) -> bool:
    """Whether two documents say the same, so that the provider plans no change.

    Source: hashicorp/awspolicyequivalence; verify/json.go; ecs/container_definitions.go.
    """
    try:
        return bool(_meaning(json.loads(one)) == _meaning(json.loads(other)))
    except ValueError:
        return one == other


def _meaning(document: Any) -> Any:
    if isinstance(document, dict) and "Statement" in document:
        return _policy_meaning(document)
    if isinstance(document, list):
        return sorted(json.dumps(_container_meaning(each)) for each in document)
    return _sorted(document)


def _policy_meaning(value: Any) -> Any:
    """Lists of a policy have no order, and one element is as good as a list of it."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if (key, each) != ("Sid", "")}
        return {key: _policy_meaning(kept[key]) for key in sorted(kept)}
    if isinstance(value, list):
        members = sorted({json.dumps(_policy_meaning(each)) for each in value})
        return json.loads(members[0]) if len(members) == 1 else members
    if isinstance(value, str) and (account := _ROOT.fullmatch(value)):
        return account[1]
    return str(value).lower() if isinstance(value, bool | int) else value


def _container_meaning(container: Any) -> Any:
    """What is left out and what is filled in by default are the same."""
    if not isinstance(container, dict):
        return container
    kept = _without_empty(_container({"essential": True, **container}))
    for mapping in kept.get("portMappings", ()):
        if mapping.get("hostPort") in {0, mapping.get("containerPort")}:
            mapping.pop("hostPort", None)
        if mapping.get("protocol") == "tcp":
            del mapping["protocol"]
    return _sorted(kept)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: _without_empty(each) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each not in (None, [], {})}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


def _rewritten(text: str, change: Callable[[Any], Any]) -> str:
    try:
        return go_json(change(json.loads(text)))
    except ValueError:
        return text


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(element) for element in value] if isinstance(value, list) else value


def _container(container: Any) -> Any:
    if not isinstance(container, dict):
        return container
    kept = _without_nulls(container)
    if kept.get("cpu") == 0:
        del kept["cpu"]
    for name in ("environment", "secrets"):
        if isinstance(kept.get(name), list):
            kept[name] = sorted(kept[name], key=_name)
    return kept


def _name(pair: Any) -> str:
    return str(pair.get("name", "")) if isinstance(pair, dict) else ""
