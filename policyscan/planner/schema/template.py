"""Templates for values a simulated apply has to make up: ids, ARNs, host names.

A template is text with placeholders in braces:

    {name}, {arn}       an attribute of the same instance, itself possibly from a template
    {account}           always 123456789012; {partition} is always aws
    {hex17}, {upper21}, {digit12}    that many made-up characters, fixed for one instance
    {uuid}, {ipv4}      a made-up UUID, an address of the range kept for benchmarks; fixed likewise

and at most one filter behind a bar:

    {cluster|last}               what follows the last "/" or ":"
    {listener_arn|after:listener/}    what follows the first "listener/"
    {load_balancer_type|first:3} the first three characters
    {name_prefix|or:terraform-}  the text given when the attribute is null or ""
    {name|without:/}             without that text at its start

A template that names a null attribute without `or` is null itself: nothing is made up around it.
Example: "arn:aws:ec2:{region}:{account}:vpc/{id}".
"""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
PARTITION = "aws"
PLACEHOLDER = re.compile(r"\{(?P<name>\w+)(?:\|(?P<filter>\w+)(?::(?P<operand>[^}]*))?)?\}")
FILTERS = ("after", "first", "last", "or", "without")
MADE_UP = re.compile(r"(?P<alphabet>hex|upper|digit)(?P<length>\d+)|uuid|ipv4")
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "digit": "0123456789",
}


def render(
    template: Any,
    *,
    seed: str,
    attributes: Mapping[str, Any],
    region: str,
    templates: Mapping[str, Any],
) -> Any:
    """The value of `template`; in a list or map every string is a template of its own.

    attributes: the instance's top-level values; what is not text, number or bool counts as null.
    templates: `TypeHints.applied`, by which an attribute that is null there gets its value.
    seed: a text unlike that of any other instance, from which made-up characters follow.
    Example: render("vpc-{hex4}", seed="aws_vpc.main", attributes={}, region="", templates={})
    is "vpc-" and four hexadecimal digits, the same each time.
    """
    known = {
        name: str(value)
        for name, value in attributes.items()
        if isinstance(value, str | int | float)
    }
    return _Instance(templates, {"region": region, **known}, seed).render(template)


class _Instance(Struct, frozen=True):
    templates: Mapping[str, Any]
    known: Mapping[str, str]
    seed: str

    def render(self, template: Any) -> Any:
        match template:
            case str():
                return self._text(template)
            case list():
                return [self.render(element) for element in template]
            case dict():
                return {name: self.render(element) for name, element in template.items()}
            case _:
                return template

    def _text(self, template: str) -> str | None:
        parts = [self._part(found) for found in PLACEHOLDER.finditer(template)]
        if None in parts:
            return None
        remaining = iter(parts)
        return PLACEHOLDER.sub(lambda _: next(remaining) or "", template)

    def _part(self, placeholder: re.Match[str]) -> str | None:
        value = self._value(placeholder["name"])
        if placeholder["filter"] == "or":
            return value or placeholder["operand"]
        if value is None or placeholder["filter"] is None:
            return value
        return _filtered(value, placeholder["filter"], placeholder["operand"])

    def _value(self, name: str) -> str | None:
        if made_up := MADE_UP.fullmatch(name):
            return self._make_up(made_up)
        if name in {"account", "partition"}:
            return ACCOUNT if name == "account" else PARTITION
        if name in self.known:
            return self.known[name]
        value = self.render(self.templates.get(name))
        return None if value is None else str(value)

    def _make_up(self, placeholder: re.Match[str]) -> str:
        digest = hashlib.sha256(f"{self.seed}\0{placeholder[0]}".encode()).digest()
        if placeholder[0] == "ipv4":
            return f"198.18.{digest[0]}.{digest[1]}"
        if placeholder[0] == "uuid":
            return str(uuid.UUID(bytes=digest[:16], version=4))
        alphabet = _ALPHABETS[placeholder["alphabet"]]
        return "".join(
            alphabet[byte % len(alphabet)] for byte in digest[: int(placeholder["length"])]
        )


def _filtered(value: str, name: str, operand: str | None) -> str:
    match name:
        case "after":
            return value.partition(operand or "")[2] or value
        case "first":
            return value[: int(operand or 0)]
        case "without":
            return value.removeprefix(operand or "")
        case _:
            return re.split(r"[/:]", value)[-1]
