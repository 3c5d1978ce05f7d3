"""Container image references: the grammar, and which registry one names."""

from __future__ import annotations

import re

from msgspec import Struct

_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_PATH = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ECR_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr(?P<dual>-|\.)ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)"
    r"\.(?:amazonaws\.com(?:\.cn)?|on\.aws)"
)
_AWS_HOST = re.compile(r"\d{12}\.dkr[.-]ecr.*|.*\.amazonaws\.com(?:\.cn)?")
_ECR_PUBLIC = ("public.ecr.aws", "ecr-public.aws.com")
_LEFT_OVER = re.compile(r"\$\{|%\{|\bTODO\b|REPLACE_ME|<[^>]*>")
_HEX_ID = re.compile(r"[0-9a-f]{64}")
_LONGEST = 255
"""Characters ECS takes before the digest. Source: RegisterTaskDefinition, ContainerDefinition."""


class ImageError(ValueError):
    """Why a text is no image reference ECS accepts, as the end of a sentence."""


class Image(Struct, frozen=True):
    """A parsed reference. `domain` is "docker.io" where none was written."""

    text: str
    domain: str
    repository: str
    tag: str
    digest: str

    @property
    def is_private_ecr(self) -> bool:
        """Whether it lives in an account's own registry."""
        return _ECR_HOST.fullmatch(self.domain) is not None

    @property
    def has_ipv6(self) -> bool:
        """Whether its private ECR host has IPv6 addresses: no VPC endpoint leads to such a one.

        Source: Amazon ECR User Guide, "Making requests to Amazon ECR registries".
        """
        return self.is_private_ecr and self.domain.endswith(".on.aws")

    @property
    def is_public_ecr(self) -> bool:
        """Whether it lives in ECR Public, which no VPC endpoint reaches."""
        return self.domain in _ECR_PUBLIC

    @property
    def account(self) -> str:
        """The account of a private ECR registry, else ""."""
        match = _ECR_HOST.fullmatch(self.domain)
        return match["account"] if match else ""

    @property
    def region(self) -> str:
        """The region of a private ECR registry, else ""."""
        match = _ECR_HOST.fullmatch(self.domain)
        return match["region"] if match else ""


def parse_image(text: str) -> Image:
    """Take `[domain/]path[:tag][@digest]` apart.

    Raises ImageError: ECS or its image puller would not accept it.
    Source: the distribution project's reference grammar and ECS's narrower limits.
    """
    _check_not_something_else(text)
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ImageError("its digest is not sha256: and 64 lower-case hex digits")
    if len(name) > _LONGEST:
        raise ImageError(f"it has {len(name)} characters, ECS takes {_LONGEST}")
    head, slash, rest = name.partition("/")
    has_domain = bool(slash) and (
        "." in head or ":" in head or head == "localhost" or head != head.lower()
    )
    domain, remainder = (head, rest) if has_domain else ("docker.io", name)
    path, colon, tag = remainder.partition(":")
    if has_domain and not _DOMAIN.fullmatch(domain):
        raise ImageError(f"{domain!r} is no registry host")
    if not path:
        raise ImageError("it names no repository")
    if not has_domain and _AWS_HOST.fullmatch(path):
        raise ImageError("it is a registry host without a repository")
    if path != path.lower():
        raise ImageError("a repository is written in lower case")
    if not _PATH.fullmatch(path):
        raise ImageError(f"{path!r} is no repository name")
    if colon and not _TAG.fullmatch(tag):
        raise ImageError("it has two tags" if ":" in tag else f"{tag!r} is no tag")
    if not has_domain and "/" not in path:
        path = f"library/{path}"
    return Image(text, domain, path, tag or ("" if at else "latest"), digest)


def _check_not_something_else(text: str) -> None:
    if not text:
        raise ImageError("it is empty")
    if text != text.strip() or " " in text:
        raise ImageError("it holds a space")
    if _LEFT_OVER.search(text):
        raise ImageError("a placeholder in it was never filled in")
    if "://" in text:
        raise ImageError("it starts with a scheme; an image has none")
    if text.startswith("arn:"):
        raise ImageError("it is an ARN; an image starts with the repository's URL")
    if _HEX_ID.fullmatch(text):
        raise ImageError("it is a bare image id")


def looks_like_image(text: str) -> bool:
    """Whether a text that could be anything is likely an image: it parses, with a tag or host."""
    try:
        image = parse_image(text)
    except ImageError:
        return False
    named = image.domain != "docker.io" or ":" in text or "@" in text
    own = image.repository.removeprefix("library/")
    return named and any(letter.isalpha() for letter in own)
