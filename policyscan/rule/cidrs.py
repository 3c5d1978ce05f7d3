"""CIDR blocks as they are written: each text read once, and what several cover together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TypeVar

_N = TypeVar("_N", IPv4Network, IPv6Network)


@lru_cache(maxsize=4096)
def read_network(cidr: str) -> IPv4Network | IPv6Network | None:
    """The network of a text, host bits or not; None where it is none. Example: "10.0.0.7/24"."""
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def read_range(cidr: str) -> IPv4Network | None:
    """The IPv4 network of a text without host bits, as AWS takes it; None where it is none."""
    try:
        return IPv4Network(cidr)
    except ValueError:
        return None


def is_whole(kind: type[_N], cidrs: Iterable[str]) -> bool:
    """Whether blocks together are every address of an IP version."""
    return any(whole.prefixlen == 0 for whole in _wholes(kind, cidrs))


def cover(cidrs: Iterable[str], networks: tuple[IPv4Network, ...]) -> bool:
    """Whether blocks together hold every network."""
    wholes = _wholes(IPv4Network, cidrs)
    return all(any(network.subnet_of(whole) for whole in wholes) for network in networks)


def _wholes(kind: type[_N], cidrs: Iterable[str]) -> list[_N]:
    """What blocks of one IP version come to when neighbours are joined."""
    found = (read_network(cidr) for cidr in cidrs)
    return list(collapse_addresses([each for each in found if isinstance(each, kind)]))
