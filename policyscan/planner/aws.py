"""What the AWS provider adds to the SDK's plan: regions, tags, documents, names of certificates."""

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
    if {"domain_validation_options", "validation_method"} <= block.attributes.keys():
        settled |= _domains(versions, settled)
    return settled


def _domains(versions: Versions, planned: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a new certificate: they are known, if not how each is validated.

    Source: terraform-provider-aws, acm/certificate.go, CustomizeDiff.
    """
    name, others = planned["domain_name"], versions.config["subject_alternative_names"] or []
    if versions.prior is not None or not name or not is_wholly_known([name, others]):
        return {}
    domains = sorted({name, *others})
    known = {"subject_alternative_names": domains}
    if planned["validation_method"] != "DNS":
        return known
    record = {f"resource_record_{part}": UNKNOWN for part in ("name", "type", "value")}
    options = [{"domain_name": domain.removesuffix("."), **record} for domain in domains]
    return known | {"domain_validation_options": options}


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
