"""What the AWS provider adds to the SDK's plan: regions, tags and normalised documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.planner.change import is_sdk_type
from policyscan.planner.normalise import NORMALISERS, is_same
from policyscan.planner.wire import UNKNOWN, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.planner.change import Versions
    from policyscan.planner.provider import Configuration
    from policyscan.planner.schema import Block, TypeHints


def settle(
    configuration: Configuration,
    block: Block,
    hints: TypeHints,
    versions: Versions,
    planned: dict[str, Any],
) -> dict[str, Any]:
    """The planned object with the provider's region, merged tags and documents as it prints them.

    Source: terraform-provider-aws, provider/sdkv2/region.go, tags_interceptor.go.
    """
    settled = dict(planned)
    if "region" in block.attributes and versions.config.get("region") is None:
        settled["region"] = configuration.region
    if "tags_all" in block.attributes and "tags" in block.attributes:
        settled["tags_all"] = _tags_all(configuration, block, versions, planned)
    for path, form in hints.normalised.items():
        if isinstance(document := settled.get(path), str):
            had = (versions.prior or {}).get(path)
            is_kept = isinstance(had, str) and is_same(had, document)
            settled[path] = had if is_kept else NORMALISERS[form](document)
    return settled


def _tags_all(
    configuration: Configuration, block: Block, versions: Versions, planned: Mapping[str, Any]
) -> Any:
    tags = planned["tags"] or {}
    if not is_wholly_known(tags) or configuration.default_tags is None:
        return UNKNOWN
    merged = {
        key: value
        for key, value in sorted({**configuration.default_tags, **tags}.items())
        if key not in configuration.ignored_keys
        and not key.startswith(configuration.ignored_prefixes or ("\0",))
    }
    if not is_sdk_type(block):
        return merged if is_wholly_known(merged) else UNKNOWN
    had = {} if versions.prior is None else versions.prior.get("tags") or {}
    if tags != had:
        has_empty = "" in tags.values() and "" in merged.values()
        return UNKNOWN if has_empty or not merged else merged
    if "" in merged.values():
        was = versions.prior and versions.prior.get("tags_all")
        return was if was == merged else UNKNOWN
    return merged or planned["tags_all"]
