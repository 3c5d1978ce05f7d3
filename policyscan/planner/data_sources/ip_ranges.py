"""`aws_ip_ranges`: a choice of the ranges that AWS publishes, of which a user has a copy.

Source: Amazon VPC User Guide, "AWS IP address ranges JSON"; provider documentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from policyscan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TYPE = "aws_ip_ranges"


class _Prefix(msgspec.Struct, frozen=True):
    region: str
    service: str
    ip_prefix: str = ""
    ipv6_prefix: str = ""


class IpRanges(
    msgspec.Struct, frozen=True, rename={"sync_token": "syncToken", "date": "createDate"}
):
    """The file of the ranges, as AWS publishes it."""

    sync_token: str
    date: str
    prefixes: tuple[_Prefix, ...]
    ipv6_prefixes: tuple[_Prefix, ...]

    def found(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What a data source with these arguments finds in it."""
        return {
            "id": self.sync_token,
            "create_date": self.date,
            "sync_token": int(self.sync_token),
            "cidr_blocks": sorted(each.ip_prefix for each in _chosen(self.prefixes, config)),
            "ipv6_cidr_blocks": sorted(
                each.ipv6_prefix for each in _chosen(self.ipv6_prefixes, config)
            ),
        }


def _chosen(prefixes: Sequence[_Prefix], config: Mapping[str, Any]) -> Iterator[_Prefix]:
    regions, services = (
        {str(each).lower() for each in config.get(name) or ()} for name in ("regions", "services")
    )
    for each in prefixes:
        in_region = not regions or each.region.lower() in regions
        if in_region and each.service.lower() in services:
            yield each


def read_ip_ranges(path: Path, place: str) -> IpRanges:
    """The ranges in a file; `place` is where it is named. Raises ConfigError: it holds none."""
    try:
        ranges = msgspec.json.decode(path.read_bytes(), type=IpRanges)
        int(ranges.sync_token)
    except OSError as problem:
        raise ConfigError(f"{place}: {path} cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        reason = " ".join(str(problem).split())
        raise ConfigError(
            f"{place}: {path} is not the ip-ranges.json that AWS publishes: {reason}"
        ) from None
    return ranges
