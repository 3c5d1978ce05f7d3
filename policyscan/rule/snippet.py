"""HCL to paste: what a fix writes, in the block of the very resource it mends.

A word in capitals stands for what only the reader knows, such as `aws_subnet.PRIVATE_A.id`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from policyscan.plan import Known, Resource, Value
from policyscan.plan.address import module_text
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


def call(module: str, *body: str) -> str:
    """What to write in the call of a module. Example: `call("net", "depends_on = [aws_eip.nat]")`.

    The rest of the call stays as it is.
    """
    return block(f'module "{module}"', *body)


def in_container(definition: Resource, name: str, *body: str) -> str:
    """What to write in one container of a task definition; the rest of it stays as it is.

    `name` "" is the one container there is, or any. Example:
    `in_container(task, "app", "portMappings = [{ containerPort = 80 }]")`.
    """
    called = (arguments(name=quoted(name)), "") if name else ()
    inside = _indented((*called, *body))
    return edit(definition, f"container_definitions = jsonencode([{{\n{inside}}}])")


def name_of(container: Container | None) -> str:
    """A container's name for `in_container`: "" where it cannot be told, or is not to be."""
    return "" if container is None or container.is_sensitive else container.name


def removed(resource: Resource) -> str:
    """What stands in the place of a resource's block so that Terraform destroys it."""
    gone = block("lifecycle", "destroy = true")
    return block("removed", f"from = {resource.config_address}", "", gone)


def block(header: str, *body: str) -> str:
    """A block as `terraform fmt` leaves it, as long as no two arguments follow each other.

    Example: `block("lifecycle", "ignore_changes = [desired_count]")`.
    """
    return f"{header} {{\n{_indented(body)}}}"


def _indented(body: Iterable[str]) -> str:
    lines = [line for part in body for line in part.splitlines() or [""]]
    return "".join(f"  {line}\n" if line else "\n" for line in lines)


def reference(there: Resource, attribute: str, here: Resource) -> str:
    """An attribute as the module of another resource writes it.

    Modules do not see each other's resources: across them it is a variable in capitals, for
    whatever leads there. Example: `aws_subnet.a["x"].id`, `var.MAIN_ID`.
    """
    if there.module != here.module:
        return "var." + f"{there.name}_{attribute}".upper()
    own = there.address.removeprefix(module_text(there.module)).lstrip(".")
    return f"{own}.{attribute}"


def for_each_of(resource: Resource) -> tuple[str, tuple[str, ...]]:
    """How a block beside a resource's names the instance it is for, and what makes one for each.

    Example: `each.value` and `for_each = aws_ecs_service.app`.
    """
    every = resource.config_address
    if isinstance(resource.key, int):
        return f"{every}[count.index]", (f"count = length({every})", "")
    return ("each.value", (f"for_each = {every}", "")) if resource.key is not None else (every, ())


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
