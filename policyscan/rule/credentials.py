"""Credentials in plain text: by the name of a variable, its value, or where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self

from msgspec import Struct

from policyscan.graph import Confidence, ResourceGraph, Target
from policyscan.plan import Known, Template
from policyscan.rule.containers import Container
from policyscan.rule.settings import mappings_in

# Long ones are compiled when they are first needed, which in most plans some are not.
_NAME = (
    r"(?i)(?:(?<![a-z])|db)pass(?![a-z])|passw(?:or)?d|passphrase|secret|token(?!iz|s(?![a-z]))|"
    r"api_?key|private_?key|access_?key|credential"
)
_CONNECTION = r"(?i)conn(?:ection)?_?str|(?:database|db|redis|amqp|mongo)\w*_ur[il]"
_ABOUT = (
    r"(?i)(?:^|_)(?:arns?|names?|ids?|files?|paths?|dirs?|ttl|expir\w*|ur[il]s?|endpoints?|hosts?|"
    r"regions?|lengths?|min|max|size|limits?|count|enabled|required|type|algorithm|issuer|"
    r"audience|headers?|prefix|seconds|minutes|hours|days|age|timeout|interval|policy|version|"
    r"provider|store|manager|backend|key_id|rotation|cache|field)$"
)
_ACCESS_KEY = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Z0-9])")
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")
_PASSWORD_IN = r"(?i)(?:password|pwd|accountkey|sharedaccesskey)\s*=\s*[^;\s]+"  # noqa: S105 - a pattern
_HARMLESS = r"(?i)(?:true|false|none|null|disabled|enabled)?|arn:\S+|/\S*|[a-z][a-z0-9+.-]*://\S+"
_EXACT = Confidence.EXACT
_HOLDERS = {
    "aws_db_instance": ("password",),
    "aws_docdb_cluster": ("master_password",),
    "aws_elasticache_replication_group": ("auth_token",),
    "aws_iam_access_key": ("secret", "ses_smtp_password_v4"),
    "aws_rds_cluster": ("master_password",),
    "aws_secretsmanager_secret_version": ("secret_string", "secret_binary"),
    "aws_secretsmanager_random_password": ("random_password",),
    "aws_ssm_parameter": ("value", "insecure_value"),
    "random_password": ("result", "bcrypt_hash"),
    "tls_private_key": ("private_key_pem", "private_key_openssh", "private_key_pem_pkcs8"),
}
"""The attributes that hold a credential, by resource and data source type."""


class Credential(Struct, frozen=True):
    """A credential in plain text; `name` is the variable's, "" when not told or not to be said.

    `why` says how it is known, without its value; `address` and `attribute` where it comes from.
    """

    why: str
    name: str = ""
    address: str = ""
    attribute: str = ""

    @classmethod
    def of(cls, target: Target, graph: ResourceGraph) -> Self | None:
        """The credential a reference leads to, None when it leads to none."""
        resource = graph.resource(target.address)
        name = target.attribute.partition("[")[0].partition(".")[0]
        if resource is None or name not in _HOLDERS.get(resource.type, ()):
            return None
        if resource.type == "aws_ssm_parameter" and resource.value("type") != Known("SecureString"):
            return None
        why = f"it holds {target.address}.{target.attribute}"
        return cls(why, "", target.address, target.attribute)


def credentials_in(container: Container, graph: ResourceGraph) -> Iterator[Credential]:
    """The credentials among the environment variables of a container, and keys anywhere in it."""
    for entry in mappings_in(container.settings, "environment"):
        name = "" if container.is_sensitive else str(entry.get("name") or "")
        called = f"environment variable {name}" if name else "an environment variable"
        why = _told(str(entry.get("name") or ""), entry.get("value"), graph)
        if isinstance(why, Credential):
            yield Credential(f"{called}: {why.why}", name, why.address, why.attribute)
        elif why:
            yield Credential(f"{called} {why}", name)
    if any(_ACCESS_KEY.search(text) for text in _texts(container.settings)):
        yield Credential("an access key of AWS stands in a container's settings")


def _told(name: str, value: Any, graph: ResourceGraph) -> Credential | str:
    """Why a variable is a credential, "" when it is none."""
    if isinstance(value, Template):
        for part in value.taken:
            target = Target(part.address, part.attribute, _EXACT)
            if (found := Credential.of(target, graph)) is not None:
                return found
    text = value.filled(lambda _: "x") if isinstance(value, Template) else value
    if not isinstance(text, str):
        return ""
    if _ACCESS_KEY.search(text):
        return "holds an access key of AWS"
    if _USER_INFO.search(text) or (re.search(_CONNECTION, name) and re.search(_PASSWORD_IN, text)):
        return "holds an address with a password in it"
    is_secret = re.search(_NAME, name) and not re.search(_ABOUT, name)
    if is_secret and isinstance(value, str) and not re.fullmatch(_HARMLESS, text.strip()):
        return "is called as a credential is, and is no reference to one"
    return ""


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Template():
            yield value.text
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
