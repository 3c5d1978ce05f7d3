"""Data sources that AWS, or the provider alone, computes from the account and the region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyscan.planner.provider import Configuration

ACCOUNT = "123456789012"
_ZONE_LETTERS = "abc"
_WIDE_ZONE_LETTERS = {"us-east-1": "abcdef", "us-west-2": "abcd", "ap-northeast-1": "acd"}
_ZONE_ID_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
    "northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw",
}  # fmt: skip

_PARTITIONS = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
}
"""What the regions of a partition begin with -> its name and DNS suffix; "aws" has all others.

Source: aws-sdk-go-base, endpoints/endpoints_gen.go.
"""

Answer = dict[str, Any]


def partition(region: str) -> tuple[str, str]:
    """The partition of a region and its DNS suffix. Example: aws-cn and amazonaws.com.cn."""
    found = (each for prefix, each in _PARTITIONS.items() if region.startswith(prefix))
    return next(found, ("aws", "amazonaws.com"))


def _reversed(name: str) -> str:
    return ".".join(reversed(name.split(".")))


def _region(configuration: Configuration, config: Mapping[str, Any]) -> Answer:
    region = config.get("name") or config.get("region") or configuration.known_region
    return {
        "id": region,
        "name": region,
        "region": region,
        "endpoint": f"ec2.{region}.{partition(region)[1]}",
        "description": region,
    }


def _partition(configuration: Configuration, _config: Mapping[str, Any]) -> Answer:
    name, suffix = partition(configuration.known_region)
    return {
        "id": name,
        "partition": name,
        "dns_suffix": suffix,
        "reverse_dns_prefix": _reversed(suffix),
    }


def _service(configuration: Configuration, config: Mapping[str, Any]) -> Answer:
    """Source: terraform-provider-aws, service/meta/service_data_source.go."""
    region = config.get("region") or configuration.known_region
    given = config.get("reverse_dns_name") or _reversed(config.get("dns_name") or "")
    if given:
        *_, region, service = given.split(".")[-3:]
    else:
        service = config.get("service_id") or ""
    name, suffix = partition(region)
    reverse = f"{_reversed(suffix)}.{region}.{service}"
    return {
        "id": reverse,
        "dns_name": _reversed(reverse),
        "partition": name,
        "region": region,
        "reverse_dns_name": reverse,
        "reverse_dns_prefix": _reversed(suffix),
        "service_id": service,
        "supported": True,
    }


def _caller_identity(configuration: Configuration, _config: Mapping[str, Any]) -> Answer:
    name, _ = partition(configuration.known_region)
    return {
        "id": ACCOUNT,
        "account_id": ACCOUNT,
        "arn": f"arn:{name}:sts::{ACCOUNT}:assumed-role/offline/offline",
        "user_id": "AROAOFFLINEOFFLINEOFF:offline",
    }


def zone_names(region: str) -> list[str]:
    """The availability zones open to every account. Example: us-east-1a to us-east-1f."""
    return [region + letter for letter in _WIDE_ZONE_LETTERS.get(region, _ZONE_LETTERS)]


def zone_id(zone: str) -> str:
    """The id of a zone, as if accounts saw zones in order. Example: us-east-1a is use1-az1."""
    area, *directions, last = zone.split("-")
    short = "".join(_ZONE_ID_DIRECTIONS.get(part, part[:1]) for part in directions)
    return f"{area}{short}{last[:-1]}-az{ord(last[-1]) - ord('a') + 1}"


def _availability_zones(configuration: Configuration, config: Mapping[str, Any]) -> Answer:
    region = config.get("region") or configuration.known_region
    is_open = config.get("state") in {None, "available"} and _filters_admit(config)
    excluded = {*(config.get("exclude_names") or ()), *(config.get("exclude_zone_ids") or ())}
    names = [
        zone
        for zone in (zone_names(region) if is_open else ())
        if zone not in excluded and zone_id(zone) not in excluded
    ]
    return {
        "id": region,
        "names": names,
        "zone_ids": [zone_id(zone) for zone in names],
        "group_names": [region] if names else [],
    }


def _filters_admit(config: Mapping[str, Any]) -> bool:
    """Whether ordinary zones, open without asking, pass the filters that tell zones apart."""
    ordinary = {
        "opt-in-status": "opt-in-not-required",
        "zone-type": "availability-zone",
        "state": "available",
    }
    return all(
        ordinary.get(filtering["name"]) in {None, *filtering["values"]}
        for filtering in config.get("filter") or ()
    )


def _service_principal(configuration: Configuration, config: Mapping[str, Any]) -> Answer:
    region = config.get("region") or configuration.known_region
    service = config["service_name"]
    return {
        "id": f"{service}.{region}.amazonaws.com",
        "name": f"{service}.amazonaws.com",
        "region": region,
        "suffix": "amazonaws.com",
    }


def _default_tags(configuration: Configuration, _config: Mapping[str, Any]) -> Answer:
    return {"id": "aws", "tags": dict(configuration.default_tags or {})}


def _arn(_configuration: Configuration, config: Mapping[str, Any]) -> Answer:
    parts = config["arn"].split(":", 5)
    names = ("", "partition", "service", "region", "account", "resource")
    if len(parts) != len(names) or parts[0] != "arn":
        raise PlannerError(f"aws_arn: {config['arn']!r} is not an ARN; write arn:aws:...")
    return {"id": config["arn"], **dict(zip(names[1:], parts[1:], strict=True))}


ACCOUNT_ANSWERS: Mapping[str, Callable[[Configuration, Mapping[str, Any]], Answer]] = {
    "aws_arn": _arn,
    "aws_availability_zones": _availability_zones,
    "aws_caller_identity": _caller_identity,
    "aws_default_tags": _default_tags,
    "aws_partition": _partition,
    "aws_region": _region,
    "aws_service": _service,
    "aws_service_principal": _service_principal,
}
