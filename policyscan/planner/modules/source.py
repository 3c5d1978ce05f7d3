"""What a module's source means: a registry address, or a package that go-getter would fetch.

Source: hashicorp/terraform, internal/addrs/module_source.go and internal/getmodules/moduleaddrs.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from msgspec import Struct

_PUBLIC = "registry.terraform.io"
_PART = r"[0-9A-Za-z](?:[0-9A-Za-z_-]*[0-9A-Za-z])?"
_REGISTRY = re.compile(rf"(?:([\w-]+(?:\.[\w-]+)+(?::\d+)?)/)?({_PART}/{_PART}/[0-9a-z]+)")
_HOSTS = ("github.com", "bitbucket.org")
_SCP = re.compile(r"(?:git::)?([\w.-]+@[\w.-]+):(?!//)(.*)")
_SCHEME = re.compile(r"^(?:[a-z0-9]+::)?(?:[a-z0-9+]+://)?(?:[^/@]*@)?")
_ARCHIVE = re.compile(r"\.(?:git|zip|tar|tar\.gz|tgz|tar\.bz2|tbz2|tar\.xz|txz)$")
_REF = re.compile(r"(?:^|&)ref=([^&]*)")


class Remote(Struct, frozen=True):
    """A source that is downloaded: a package, and the module's folder `inner` in it ("": itself).

    `package` is how Terraform spells the package, as in its list of installed modules.
    """

    package: str
    inner: str
    is_registry: bool

    @property
    def recorded(self) -> str:
        """The whole source as Terraform writes it down."""
        if not self.inner:
            return self.package
        before, mark, query = self.package.partition("?")
        return f"{before}//{self.inner}{mark}{query}"

    @property
    def ref(self) -> str:
        """The branch, tag or commit of a repository that is asked for, "" for none."""
        found = _REF.search(self.package.partition("?")[2])
        return found[1] if found else ""

    @property
    def path(self) -> str:
        """Where a cache keeps the package: its address with no scheme, user, suffix or query.

        Example: `git::https://example.com/network/vpc.git?ref=v1` -> `example.com/network/vpc`.
        """
        address = _SCHEME.sub("", self.package.partition("?")[0])
        return _ARCHIVE.sub("", address).removeprefix(f"{_PUBLIC}/").strip("/")


def read_remote(source: str) -> Remote | None:
    """What a source means; None for one that Terraform itself has to judge.

    That is a path on this disk, what is no address, and a folder outside of its package.
    """
    address, _, query = source.partition("?")
    head, inner = _split(address)
    if inner.startswith("/") or ".." in PurePosixPath(inner).parts:
        return None
    registry = _REGISTRY.fullmatch(head)
    if registry and not query and (registry[1] or head).split("/")[0] not in _HOSTS:
        host = registry[1] or _PUBLIC
        return Remote(f"{host}/{registry[2]}", inner, is_registry=True)
    package = _fetched(head)
    if "/" not in package or package.startswith(("/", "file:")):
        return None
    if package != head and not inner:
        package, inner = _split(package)
    return Remote(f"{package}?{query}" if query else package, inner, is_registry=False)


def _split(address: str) -> tuple[str, str]:
    """The package and the folder in it, which follows a `//` that belongs to no scheme."""
    scheme = address.find("://")
    begin = scheme + 3 if scheme >= 0 else 0
    place = address.find("//", begin)
    if place < 0:
        return address, ""
    return address[:place], address[place + 2 :].strip("/")


def _fetched(head: str) -> str:
    """The address that go-getter makes of a shorthand."""
    host, _, path = head.partition("/")
    if host in _HOSTS:
        owner, _, rest = path.partition("/")
        name, _, deeper = rest.partition("/")
        whole = f"git::https://{host}/{owner}/{name.removesuffix('.git')}.git"
        return f"{whole}//{deeper}" if deeper else whole
    if (scp := _SCP.fullmatch(head)) and "://" not in head:
        return f"git::ssh://{scp[1]}/{scp[2].lstrip('/')}"
    return head
