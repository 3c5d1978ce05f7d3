"""Which URLs of a request may be asked: it must not send us anywhere else, token in hand."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

import httpx
from msgspec import Struct

from policyscan.errors import RunTaskError

HCP_TERRAFORM: Final = ("app.terraform.io", "archivist.terraform.io")
"""Where callbacks go and plans are asked for, and where plans are then to be had."""
_HTTPS: Final = 443
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_HOST: Final = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
"""A name or an address; what else stands for a host, others may read otherwise."""


class Hosts(Struct, frozen=True):
    """The hosts that may be asked, by https.

    A pattern is a host with `*` where anything may stand, and a port unless it is 443.
    `plain_loopback` also allows http on this machine, for tests.
    """

    patterns: tuple[str, ...] = HCP_TERRAFORM
    plain_loopback: bool = False

    def checked(self, url: str | httpx.URL, what: str) -> httpx.URL:
        """The URL, read as it will be asked. Raises RunTaskError: it is none, or not allowed."""
        try:
            read = httpx.URL(url)
        except httpx.InvalidURL:
            raise RunTaskError(f"{what} is no URL") from None
        host = read.raw_host.decode("ascii", "replace").lower()
        if _HOST.fullmatch(host) is None:
            raise RunTaskError(f"{what} names no host")
        if read.userinfo:
            raise RunTaskError(f"{what} names a user; give the host alone")
        if read.scheme == "http" and self.plain_loopback and host in _LOOPBACK:
            return read
        if read.scheme != "https":
            raise RunTaskError(f"{what} is not https")
        if not any(_matches(pattern, host, read.port or _HTTPS) for pattern in self.patterns):
            raise RunTaskError(
                f"{what} is at {host[:100]}, which is not allowed; --allow-callback-host allows it"
            )
        return read


def _matches(pattern: str, host: str, port: int) -> bool:
    name, colon, wanted = pattern.lower().rpartition(":")
    if not colon:
        name, wanted = pattern.lower(), str(_HTTPS)
    return fnmatchcase(host, name) and str(port) == wanted
