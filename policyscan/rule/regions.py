"""Where resources are, and which regions their values speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from policyscan.plan import ABSENT, Absent, Known, Plan, Resource, Template, Unknown, Value

_REGION = r"([a-z]{2}(?:-[a-z]+){1,2}-\d)"
_ZONE = re.compile(rf"{_REGION}(?:-[a-z]+-\d)?[a-z]")
_KINDS = (
    ("an ARN", "arn:aws", re.compile(rf"\barn:aws[a-z-]*:[a-z0-9-]+:{_REGION}:")),
    ("an image", ".dkr.ecr.", re.compile(rf"\.dkr\.ecr\.{_REGION}\.amazonaws\.com")),
    ("a service name", "com.amazonaws.", re.compile(rf"\bcom\.amazonaws\.{_REGION}\.")),
    (
        "an awslogs-region",
        '"awslogs-region"',
        re.compile(rf'"awslogs-region"\s*:\s*"{_REGION}"'),
    ),
)
"""What speaks of a region, what is in every text of the kind, and the form of it."""
_PARTS = tuple(part for _, part, _ in _KINDS)
_ZONES = {"availability_zone": ("-",), "availability_zones": ("-",)}
"""What is in every text that holds a region, in any attribute and in those that hold zones."""
_PROSE = ("description", "name", "region", "tags", "tags_all")
"""Attributes whose text binds nothing."""
_GLOBAL = (
    "aws_budgets_",
    "aws_cloudfront_",
    "aws_globalaccelerator_",
    "aws_iam_",
    "aws_organizations_",
    "aws_route53_",
    "aws_shield_",
    "aws_waf_",
)


class Mention(Struct, frozen=True):
    """A region that an attribute's value speaks of; `kind` is how: an ARN, an image, a zone."""

    attribute: str
    region: str
    kind: str


class Regions:
    """The region of each resource of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @cached_property
    def is_told(self) -> bool:
        """Whether resources say their region themselves, as from version 6 of the provider on."""
        return any(_has_region(each) for each in self._plan.resources if each.mode == "managed")

    def of(self, resource: Resource) -> Value:
        """Where a resource will be; Absent for one that is in no region.

        Unknown where only the credentials of whoever applies will tell.
        """
        if _has_region(resource):
            value = resource.value("region")
            return Unknown("nothing pins it") if isinstance(value, Absent) else value
        if self.is_told or resource.type.startswith(_GLOBAL):
            return ABSENT
        return self._of_provider(resource)

    def _of_provider(self, resource: Resource) -> Value:
        provider = self._plan.providers.get(resource.provider_key)
        given = provider.body.arguments.get("region") if provider else None
        if given is None:
            return Unknown("nothing pins it")
        if isinstance(given.constant, Known):
            return given.constant
        named = [each.text.removeprefix("var.") for each in given.references]
        value = self._plan.variables.get(named[0]) if len(named) == 1 else None
        return value if isinstance(value, Known) else Unknown()


def own_accounts(plan: Plan) -> frozenset[str]:
    """The accounts a plan is made for, as its lookups or its provider blocks tell; none if neither.

    A provider refuses every account but its `allowed_account_ids`.
    """
    found = {
        str(each.value("account_id"))
        for each in plan.resources
        if each.type == "aws_caller_identity" and isinstance(each.value("account_id"), Known)
    }
    for provider in plan.providers.values():
        allowed = provider.body.arguments.get("allowed_account_ids")
        if allowed is not None and isinstance(allowed.constant, Known):
            ids = allowed.constant.value
            found |= {str(each) for each in ids} if isinstance(ids, list) else set()
    return frozenset(found)


def _has_region(resource: Resource) -> bool:
    unknown = resource.after_unknown if isinstance(resource.after_unknown, dict) else {}
    return "region" in (resource.after or {}) or "region" in unknown


def mentions_of(resource: Resource) -> Iterator[Mention]:
    """Every region that the values of a resource bind it to, as far as they are known."""
    after = resource.after or {}
    # Most of a resource is nothing of the kind, and needs no reading.
    found = [
        name
        for name, value in after.items()
        if value and name not in _PROSE and _holds(value, _ZONES.get(name, _PARTS))
    ]
    for attribute in sorted(found):
        for text in (each for leaf in resource.leaves(attribute) for each in _texts(leaf)):
            zone = _ZONE.fullmatch(text) if attribute in _ZONES else None
            if zone:
                yield Mention(attribute, zone[1], "a zone")
            for kind, part, form in _KINDS if "-" in text else ():
                for region in dict.fromkeys(form.findall(text)) if part in text else ():
                    yield Mention(attribute, region, kind)


def _holds(value: Any, parts: tuple[str, ...]) -> bool:
    """Whether a value, as it stands in the plan, has a text that may speak of a region."""
    if isinstance(value, str):
        return "-" in value and any(map(value.__contains__, parts))
    if isinstance(value, dict):
        return any(_holds(each, parts) for each in value.values() if each)
    if isinstance(value, list):
        return any(_holds(each, parts) for each in value if each)
    return isinstance(value, Template)


def _texts(leaf: Value) -> Iterator[str]:
    """What is known of the texts in a value, nothing of one that is sensitive."""
    match leaf:
        case Known(value=str() as text, is_sensitive=False):
            yield text
        case Known(value=list() as members, is_sensitive=False):
            yield from (text for each in members for text in _texts(Known(each)))
        case Known(value=dict() as members, is_sensitive=False):
            yield from (text for each in members.values() for text in _texts(Known(each)))
        case Unknown(template=template) if template is not None and not template.is_sensitive:
            yield template.text
