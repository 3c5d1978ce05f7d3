"""HCL to paste: what a fix writes, in the block of the very resource it mends.

A word in capitals stands for what only the reader knows, such as `aws_subnet.PRIVATE_A.id`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from policyscan.plan import Known, Resource, Value
from policyscan.rule.settings import in_module


def edit(resource: Resource, *body: str) -> str:
    """What to write in a resource's own block; the rest of the block stays as it is.

    `body` are lines or whole blocks of HCL. Example: `edit(group, 'target_type = "ip"')`.
    """
    keyword = "data" if resource.mode == "data" else "resource"
    return block(f'{keyword} "{resource.type}" "{resource.name}"', *body)


def new(kind: str, name: str, *body: str) -> str:
    """A resource to write beside the others. Example: `new("aws_eip", "nat", 'domain = "vpc"')`."""
    return block(f'resource "{kind}" "{name}"', *body)


def block(header: str, *body: str) -> str:
    """A block as `terraform fmt` leaves it, as long as no two arguments follow each other.

    Example: `block("lifecycle", "ignore_changes = [desired_count]")`.
    """
    return f"{header} {{\n{_indented(body)}}}"


def _indented(body: Iterable[str]) -> str:
    lines = [line for part in body for line in part.splitlines() or [""]]
    return "".join(f"  {line}\n" if line else "\n" for line in lines)


def reference(there: Resource, attribute: str, here: Resource) -> str:
    """An attribute as the module of another resource writes it; a variable across modules.

    Example: `aws_vpc.main.id`, or `var.MAIN_ID` where only the reader knows how it gets there.
    """
    if there.module == here.module:
        return f"{in_module(there.address)}.{attribute}"
    return f"var.{there.name}_{attribute}".upper().replace("VAR.", "var.", 1)


def arguments(**values: str) -> str:
    """Arguments below each other, their equals signs in line; values are HCL, see `quoted`."""
    width = max(map(len, values), default=0)
    return "\n".join(f"{name:<{width}} = {value}" for name, value in values.items())


def together(*snippets: str) -> str:
    """Several snippets below one another, each once, those that say nothing left out."""
    return "\n\n".join(dict.fromkeys(filter(None, snippets)))


def quoted(text: str) -> str:
    """A text as an HCL string that means just this text."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped.replace("${", "$${").replace("%{", "%%{")


def hcl(value: Value) -> str:
    """A planned text, number or truth value as HCL; a word in capitals where it is not known."""
    if not isinstance(value, Known) or value.is_sensitive:
        return "VALUE"
    return quoted(value.value) if isinstance(value.value, str) else json.dumps(value.value)
