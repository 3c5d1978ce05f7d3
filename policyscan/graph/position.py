"""Where in the source an attribute of a resource is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from policyscan.errors import SourceError
from policyscan.plan.address import Index, InstanceKey, Subject, module_text, parse_reference

if TYPE_CHECKING:
    from policyscan.graph.written import Written
    from policyscan.plan import Resource
    from policyscan.source.model import Span

_PREFIXES = {Subject.MODULE: "module.", Subject.VARIABLE: "var."}


def locate(written: Written, resource: Resource, path: str = "", leads_to: str = "") -> Span | None:
    """The narrowest stretch of source that holds an attribute; None when it is not at hand.

    The file is as `Written.path_of` gives it. `leads_to` is the address that the attribute takes
    its value from: of several elements the one that refers to it is meant. An attribute that is
    not written is at the opening line of the block it belongs in, and a value that comes through
    a variable or a local is at the attribute of the resource itself.
    Example: `tags["Name"]`, `network_configuration[0].subnets` that lead to `aws_subnet.a`.
    """
    if not written.is_at_hand:
        return None
    block = written.block(resource.module_path, resource.config_address)
    if block is None:
        return None
    if not path:
        return replace(block.span, file=written.path_of(block.span.file))
    planned = resource.before if resource.after is None else resource.after
    seen = _seen_from(resource, leads_to)
    try:
        place = block.place.find(path, planned)
        span = (place.referring(*seen) if seen else place).span
    except (SourceError, RecursionError):
        # A rule that needs what cannot be read says so; the others only lose the exact place.
        span = block.place.head
    return replace(span, file=written.path_of(span.file))


def _seen_from(resource: Resource, address: str) -> tuple[str, InstanceKey] | None:
    """What the module of a resource calls an address: a resource or a module call, and its key.

    Example: from module.a, `module.a.module.b["x"].aws_subnet.this` is module.b and "x".
    """
    module = f"{module_text(resource.module)}." if resource.module else ""
    if not address or not address.startswith(module):
        return None
    name = parse_reference(address.removeprefix(module))
    key = None if isinstance(name.key, Index) else name.key
    return f"{_PREFIXES.get(name.subject, '')}{name.name}", key
