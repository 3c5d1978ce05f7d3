"""HCL to paste: what a fix writes, in the block of the very resource it mends.

A word in capitals stands for what only the reader knows, such as `aws_subnet.PRIVATE_A.id`.
"""

from __future__ import annotations

import json
from itertools import takewhile

from policyscan.plan import Resource
from policyscan.rule.containers import Container


def edit(resource: Resource, *body: str) -> str:
    """What to write in a resource's own block; the rest of the block stays as it is.

    `body` are lines or whole blocks of HCL. Example: `edit(group, 'target_type = "ip"')`.
    """
    keyword = "data" if resource.mode == "data" else "resource"
    return block(f'{keyword} "{resource.type}" "{resource.name}"', *body)


def new(kind: str, name: str, *body: str) -> str:
    """A resource to write beside the others. Example: `new("aws_eip", "nat", 'domain = "vpc"')`."""
    return block(f'resource "{kind}" "{name}"', *body)


def edit_container(definition: Resource, container: Container | None, **values: str) -> str:
    """Arguments of one line each to write in a container; the rest of its task definition stays.

    None: which container it is cannot be told.
    """
    name = "CONTAINER" if container is None or container.is_sensitive else container.name
    lines = arguments(name=quoted(name), **values)
    return edit(definition, f"container_definitions = jsonencode([{{\n{_indented(lines)}}}])")


def removed(resource: Resource) -> str:
    """What stands in the place of a resource's block so that Terraform destroys it."""
    gone = block("lifecycle", "destroy = true")
    return block("removed", f"from = {resource.config_address}", "", gone)


def wait_for(waiter: Resource, other: Resource) -> str:
    """`depends_on` where it has to stand: in the waiter's block, or in the call of its module."""
    depth = sum(
        1
        for _ in takewhile(
            lambda pair: pair[0] == pair[1], zip(waiter.module, other.module, strict=False)
        )
    )
    ends = other.config_address
    if len(other.module) > depth:
        ends = f"module.{other.module[depth].name}"
    line = f"depends_on = [{ends}]"
    if len(waiter.module) > depth:
        return block(f'module "{waiter.module[depth].name}"', line)
    return edit(waiter, line)


def block(header: str, *body: str) -> str:
    """A block as `terraform fmt` leaves it, as long as no two arguments follow each other.

    Example: `block("lifecycle", "ignore_changes = [desired_count]")`.
    """
    return f"{header} {{\n{_indented(*body)}}}"


def arguments(**values: str) -> str:
    """Arguments below each other, their equals signs in line; values are HCL, see `quoted`."""
    width = max(map(len, values), default=0)
    return "\n".join(f"{name:<{width}} = {value}" for name, value in values.items())


def _indented(*body: str) -> str:
    lines = [line for part in body for line in part.splitlines() or [""]]
    return "".join(f"  {line}\n" if line else "\n" for line in lines)


def quoted(text: str) -> str:
    """A text as an HCL string that means just this text."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped.replace("${", "$${").replace("%{", "%%{")
